"""Who is looking, and what every map must say."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api.answers import Answer, Session
from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.queries import ReadParameters

router = APIRouter(tags=["map"])


@router.get("/session", response_model=Answer[Session])
def session(context: ContextOf, scope: ScopeOf, query: Annotated[ReadParameters, Query()]) -> dict[str, Any]:
    """Return the reader's name, role, unit and permissions, today in Beijing, and the words every map carries."""
    from service.map.session import session as read

    with context.open_store().reader(query.as_of) as reader:
        found = read(
            reader,
            scope,
            context.settings,
            today=context.civil_today(),
            fire_today=context.today(),
        )
        return envelope("session", found, reader=reader, as_of=query.as_of)
