"""A fire point as the map's card shows it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api.answers import Answer, Card
from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.queries import ReadParameters

router = APIRouter(tags=["map"])


@router.get("/firepoints/{fire_point_id}/card", response_model=Answer[Card])
def card(
    fire_point_id: str, context: ContextOf, scope: ScopeOf, query: Annotated[ReadParameters, Query()]
) -> dict[str, Any]:
    """Return where, whose, why, who answers, what was found and, for roles that may see it, what it costs."""
    from service.billing.explain import read_at
    from service.map.card import card as read

    with context.open_store().reader(query.as_of) as reader:
        at = read_at(reader, query.as_of, None)
        found = read(reader, scope, fire_point_id, at=at, now=context.clock())
        return envelope("card", found, reader=reader, as_of=query.as_of)
