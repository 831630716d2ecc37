"""How units stand in a season, within the reader's scope."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.files import CSV, also_files
from service.api.queries import StandingParameters

router = APIRouter(tags=["standing"])


@router.get("/standing", response_model=None, responses=also_files(CSV))
def standing(
    context: ContextOf, scope: ScopeOf, query: Annotated[StandingParameters, Query()]
) -> Response | dict[str, Any]:
    """Answer counts, verification rates, ranks and the zero-fire list: JSON in the usual envelope, or CSV."""
    from service.billing.standing import standing as stand
    from service.billing.standing_table import csv_bytes

    with context.open_store().reader(query.as_of) as reader:
        data = stand(
            reader,
            scope,
            query.season,
            rulebook=query.rulebook,
            at=query.at or context.clock(),
            level=query.level,
        )
        if query.format == "json":
            said = [f"{one['zh']} {one['en']}" for one in data["notes"]]
            return envelope("standing", data, reader=reader, as_of=query.as_of, warnings=said)
    name = f"standing-{query.season}-{query.level}.csv"
    return Response(
        csv_bytes(data),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
