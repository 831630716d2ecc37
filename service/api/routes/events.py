"""Server-sent events: that something changed for the reader, never what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from service.api.deps import ScopeOf
from service.api.map_queries import EventParameters
from service.map.events import Events
from service.scope import Scope as ReaderScope

router = APIRouter(tags=["map"])


class _Stream(StreamingResponse):
    """A stream that gives its place back however it ends."""

    media_type = "text/event-stream"

    def __init__(self, events: Events, reader: ReaderScope, body: AsyncIterator[bytes]) -> None:
        super().__init__(body, headers={"X-Accel-Buffering": "no"})
        self._events, self._reader = events, reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream until either side ends it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._events.leave(self._reader)


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": 'events `revision` with `{"revision": n}`; comments as signs of life',
            "content": {"text/event-stream": {"schema": {}}},
        }
    },
)
async def events(
    request: Request,
    scope: ScopeOf,
    query: Annotated[EventParameters, Query()],
    last_event_id: Annotated[str | None, Header(max_length=32)] = None,
) -> StreamingResponse:
    """Tell the reader that something within its scope changed, as a revision number to read the map at."""
    source: Events = request.app.state.events
    source.enter(scope)
    body = source.stream(scope, _seen(last_event_id, query.since), wait=query.wait)
    return _Stream(source, scope, body)


def _seen(last_event_id: str | None, since: int | None) -> int | None:
    """Return where the listener stands: what a browser says when it connects again goes before the address."""
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
        return int(last_event_id)
    return since
