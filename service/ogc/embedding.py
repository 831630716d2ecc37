"""Pages of other sites that may read ``/ogc``: exact origins from a setting, by token and never by cookie.

Without the setting nothing here does anything, and a browser keeps every answer from a page that lives elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.ogc.links import MOUNT

_METHODS = "GET, HEAD"
_ASKED = "Authorization, If-None-Match"
_TOLD = "ETag, Content-Crs, X-Request-ID"
_MAX_AGE_S = 7200
"""How long a browser may keep the answer to its question beforehand; none keeps it longer."""


class Embedding:
    """Says which pages may read; outside of the gate, so that a page is told of a missing token too.

    Parameters
    ----------
    app
        The next layer.
    origins
        Scheme, host and port of the sites, as a browser writes them.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http" or not self.origins or not _within(scope["path"]):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        known = origin in self.origins

        async def send_with_origin(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                answered.add_vary_header("Origin")
                if known:
                    answered["Access-Control-Allow-Origin"] = origin
                    answered["Access-Control-Expose-Headers"] = _TOLD
            await send(message)

        if known and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            allowed = {
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _ASKED,
                "Access-Control-Max-Age": str(_MAX_AGE_S),
            }
            await Response(status_code=204, headers=allowed)(scope, receive, send_with_origin)
            return
        if known:  # the sign-in of a reader who has our own pages open is not for another site's page
            kept = [(name, value) for name, value in scope["headers"] if name.lower() != b"cookie"]
            scope = {**scope, "headers": kept}
        await self.app(scope, receive, send_with_origin)


def _within(path: str) -> bool:
    return path == MOUNT or path.startswith(f"{MOUNT}/")
