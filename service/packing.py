"""Answers in gzip for those who take it: one rule for what is packed, and one middleware for what nobody packed yet."""

from __future__ import annotations

import gzip

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST = 1_000
"""Bytes below which compressing costs more than it saves."""

TEXTS = frozenset(
    {
        "application/json",
        "application/geo+json",
        "application/problem+json",
        "application/vnd.google-earth.kml+xml",
        "text/csv",
        "text/html",
        "text/plain",
    }
)
"""What is worth it; workbooks, PDFs and tiles are compressed already, and a stream of events must not be held back."""

_LEVEL = 1


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an ``Accept-Encoding`` header allows gzip (RFC 9110, 12.5.3: a weight of nought forbids)."""
    weights: dict[str, float] = {}
    for one in accept_encoding.split(","):
        name, _, weight = one.partition(";")
        try:
            weights[name.strip().lower()] = float(weight.partition("=")[2]) if weight.strip() else 1.0
        except ValueError:
            weights[name.strip().lower()] = 0.0
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def packed(body: bytes) -> bytes:
    """Return gzip bytes, the same for the same body."""
    from isal import igzip

    found: bytes = igzip.compress(body, _LEVEL, mtime=0)
    return found


def packed_response(request: Request, body: bytes, media: str) -> Response:
    """Answer with gzip bytes, unpacked for a client that does not take them."""
    headers = {"Vary": "Accept-Encoding"}
    if takes_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, media_type=media, headers=headers)


class Packing:
    """Packs answers that are texts, whole and long enough, and not packed by whoever made them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = takes_gzip(Headers(scope=scope).get("accept-encoding", ""))
        held: Message | None = None

        async def send_packed(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if _packable(headers):
                    headers.add_vary_header("Accept-Encoding")
                    if wanted:
                        held = message
                        return
            elif held is not None and message["type"] == "http.response.body":
                start, held = held, None
                body = message.get("body", b"")
                if not message.get("more_body") and len(body) >= SMALLEST:
                    message = {**message, "body": packed(body)}
                    headers = MutableHeaders(scope=start)
                    headers["Content-Encoding"] = "gzip"
                    headers["Content-Length"] = str(len(message["body"]))
                await send(start)
            await send(message)

        await self.app(scope, receive, send_packed)


def _packable(headers: MutableHeaders) -> bool:
    media = headers.get("content-type", "").partition(";")[0].strip()
    return media in TEXTS and "content-encoding" not in headers
