"""What waits for a person: one queue."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.queries import PendingParameters
from service.api.routes.firepoints import plain

router = APIRouter(tags=["pending"])


@router.get("/pending")
def pending(
    context: ContextOf, scope: ScopeOf, query: Annotated[PendingParameters, Query()]
) -> dict[str, Any]:
    """Return what waits: rulings, findings, reviews, ties and objections, each with what settles it and by when."""
    from service.billing.pending_money import queue

    with context.open_store().reader(query.as_of) as reader:
        found = queue(reader, scope, unit=query.unit, at=context.clock())
        return envelope("pending", plain(found), reader=reader, as_of=query.as_of)
