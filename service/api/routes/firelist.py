"""The day's fire list in every format."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.files import CSV, GEOJSON, KML, XLSX, also_files
from service.api.queries import FireListParameters
from service.reports.render import render

router = APIRouter(tags=["firelist"])


@router.get("/firelist", response_model=None, responses=also_files(CSV, XLSX, KML, GEOJSON))
def firelist(
    context: ContextOf, scope: ScopeOf, query: Annotated[FireListParameters, Query()]
) -> Response | dict[str, Any]:
    """Answer the list of a fire day, in patrol order: JSON in the usual envelope, other formats as a file."""
    from service.reports.build import build
    from service.reports.tables import warnings

    day = query.date or context.today()
    with context.open_store().reader(query.as_of) as reader:
        fire_list = build(reader, scope, day, unit=query.unit, since=query.since)
        if query.format == "json":
            said = warnings(fire_list)
            return envelope("firelist", fire_list.as_dict(), reader=reader, as_of=query.as_of, warnings=said)
    rendered = render(fire_list, query.format)
    name = f"firelist-{day.isoformat()}{rendered.suffix}"
    return Response(
        rendered.data,
        media_type=rendered.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
