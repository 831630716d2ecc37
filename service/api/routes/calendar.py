"""The season calendar: what was counted on each day."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api.answers import Answer, Calendar
from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.map_queries import CalendarParameters, words_of

router = APIRouter(tags=["map"])


@router.get("/calendar", response_model=Answer[Calendar])
def calendar(
    context: ContextOf, scope: ScopeOf, query: Annotated[CalendarParameters, Query()]
) -> dict[str, Any]:
    """Return pixels, fire points and what became of them per fire day, with the filters of the map's layers."""
    from service.map.calendar import Filters
    from service.map.calendar import calendar as read

    start, end = query.days(context.today())
    filters = Filters(
        query.unit,
        words_of(query.screen),
        words_of(query.status),
        words_of(query.confidence),
        words_of(query.satellite),
        query.filter,
    )
    with context.open_store().reader(query.as_of) as reader:
        found = read(reader, scope, start, end, filters, cut=context.settings.cut)
        return envelope("calendar", found, reader=reader, as_of=query.as_of)
