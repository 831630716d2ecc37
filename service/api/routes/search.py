"""One box to search in: units and fire points within what the reader may see."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api.answers import Answer, Found
from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.map_queries import SearchParameters

router = APIRouter(tags=["map"])


@router.get("/search", response_model=Answer[Found])
def search(context: ContextOf, scope: ScopeOf, query: Annotated[SearchParameters, Query()]) -> dict[str, Any]:
    """Return units by name or code and fire points by number; what is not the reader's is not found."""
    from service.map.search import search as read

    with context.open_store().reader(query.as_of) as reader:
        found = read(reader, scope, query.q, context.civil_today(), limit=query.limit)
        return envelope("search", found, reader=reader, as_of=query.as_of)
