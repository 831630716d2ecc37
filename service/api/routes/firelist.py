"""The day's fire list in every format."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Hashable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.files import CSV, GEOJSON, KML, XLSX, also_files
from service.api.queries import FireListParameters
from service.kept import Kept
from service.packing import packed, packed_response
from service.scope import Scope
from service.store.engine import Reader

if TYPE_CHECKING:
    from service.reports.model import FireList

router = APIRouter(tags=["firelist"])
_kept: Kept[bytes] = Kept(64)
"""What the map asks for first and everybody of a unit asks alike: 20,000 rows are 11 MB, packed 0.6 MB."""


@router.get("/firelist", response_model=None, responses=also_files(CSV, XLSX, KML, GEOJSON))
def firelist(
    request: Request, context: ContextOf, scope: ScopeOf, query: Annotated[FireListParameters, Query()]
) -> Response | dict[str, Any]:
    """Answer the list of a fire day, in patrol order: JSON in the usual envelope, other formats as a file."""
    from service.reports.render import render

    day = query.date or context.today()
    with context.open_store().reader(query.as_of) as reader:
        if query.format == "json":
            found = _kept.get(_key(reader, scope, day, query), lambda: _json(reader, scope, day, query))
            return packed_response(request, found, "application/json")
        fire_list = _built(reader, scope, day, query)
    rendered = render(fire_list, query.format)
    name = f"firelist-{day.isoformat()}{rendered.suffix}"
    return Response(
        rendered.data,
        media_type=rendered.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _key(reader: Reader, scope: Scope, day: dt.date, query: FireListParameters) -> Hashable:
    home = str(reader.connection.engine.url)
    asked = (day, query.unit, query.since, query.as_of)
    return (home, scope.key(), scope.role, reader.rev, reader.horizon, *asked)


def _built(reader: Reader, scope: Scope, day: dt.date, query: FireListParameters) -> FireList:
    from service.reports.build import build

    return build(reader, scope, day, unit=query.unit, since=query.since)


def _json(reader: Reader, scope: Scope, day: dt.date, query: FireListParameters) -> bytes:
    """Return the packed answer, written straight from the rows: the framework would walk through each of them."""
    from service.reports.tables import warnings

    fire_list = _built(reader, scope, day, query)
    said = warnings(fire_list)
    document = envelope("firelist", fire_list.as_dict(), reader=reader, as_of=query.as_of, warnings=said)
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return packed(text.encode())
