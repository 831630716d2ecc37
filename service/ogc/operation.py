"""One operation of the interface: its address, parameters, formats and handler, declared in one place.

Routing, refusing of parameters, choice of the format, ETag, compression and the OpenAPI document all come from it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from service.api.deps import Context
from service.api.middleware import reader_scope
from service.ogc.links import Links, links_under
from service.ogc.parameters import Parameter, choice, read_parameters
from service.packing import SMALLEST, packed, takes_gzip
from service.scope import Scope

JSON = "application/json"
GEOJSON = "application/geo+json"
SCHEMA_JSON = "application/schema+json"
HTML = "text/html"
CSV = "text/csv"
FGB = "application/vnd.flatgeobuf"
MVT = "application/vnd.mapbox-vector-tile"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
STYLE = "application/vnd.mapbox.style+json"

_ALIASES: Mapping[str, tuple[str, ...]] = {
    GEOJSON: (JSON,),
    SCHEMA_JSON: (JSON,),
    STYLE: (JSON,),
    OPENAPI: (JSON, "application/vnd.oai.openapi+json", "application/openapi+json"),
    MVT: ("application/x-protobuf",),
}
"""Other names by which a client may accept a media type."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, read.

    Attributes
    ----------
    values
        Query parameters that were given, by name, as their readers made them.
    path
        Path parameters.
    form
        Name of the format of the answer.
    raw
        The query as it was written, for links to the same answer.
    """

    context: Context
    scope: Scope
    links: Links
    values: Mapping[str, Any]
    path: Mapping[str, Any]
    form: str
    raw: Mapping[str, str]
    if_none_match: str = ""

    def unchanged(self, tag: str) -> bool:
        """Whether the client holds the answer of this tag."""
        held = {one.strip().removeprefix("W/") for one in self.if_none_match.split(",")}
        return "*" in held or f'"{tag}"' in held


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back.

    Attributes
    ----------
    body
        Bytes, or a document that is sent as JSON.
    tag
        What names this answer; made of the body where it is empty.
    encoded
        Whether the bytes are gzip already.
    """

    body: bytes | Mapping[str, Any]
    media: str
    tag: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    encoded: bool = False


class Unchanged(Exception):  # noqa: N818 - no error: the client already has the answer
    """Raised by a handler that knows the tag before it has made the answer."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


Handler = Callable[[Asked], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One GET.

    Attributes
    ----------
    path
        Template as OpenAPI writes it.
    formats
        Format name to media type; the first is sent where the client does not choose.
    handler
        Makes the answer.
    schema
        Name of the JSON answer's schema in the description.
    negotiates
        Whether ``f`` and the Accept header choose among `formats`.
    route
        The path for the router, where it differs (an id that may hold a slash).
    empty
        Whether 204 is an answer.
    """

    path: str
    name: str
    summary: str
    tag: str
    formats: Mapping[str, str]
    handler: Handler
    parameters: tuple[Parameter, ...] = ()
    schema: str = "document"
    negotiates: bool = True
    route: str = ""
    empty: bool = False

    @property
    def known(self) -> tuple[Parameter, ...]:
        """Every query parameter, the format's included."""
        if not self.negotiates:
            return self.parameters
        return (*self.parameters, choice("f", self.formats, "format; the Accept header decides without it"))

    def endpoint(self, context: Context) -> Callable[[Request], Response]:
        """Return what the router calls, in a thread."""

        def answer(request: Request) -> Response:
            asked = self._read(request, context)
            try:
                made = self.handler(asked)
            except Unchanged as known:
                return Response(status_code=304, headers=_cache_headers(known.tag))
            return _response(request, asked, made)

        answer.__name__ = answer.__qualname__ = self.name
        return answer

    def _read(self, request: Request, context: Context) -> Asked:
        values = read_parameters(request, self.known)
        form = values.pop("f", None) or self._accepted(request.headers.get("accept", ""))
        return Asked(
            context,
            reader_scope(request),
            links_under(context.settings.public_url),
            values,
            dict(request.path_params),
            form,
            {name: text for name, text in request.query_params.items() if name != "f"},
            request.headers.get("if-none-match", ""),
        )

    def _accepted(self, header: str) -> str:
        """Return the format that the client likes best; the first one where none of its likes is offered."""
        first = next(iter(self.formats))
        if not self.negotiates:
            return first
        for wanted in _likes(header):
            for name, media in self.formats.items():
                if wanted in (_bare(media), *_ALIASES.get(media, ())):
                    return name
            if wanted in ("*/*", "application/*"):
                return first
        return first


def of_json(document: Mapping[str, Any], media: str = JSON, **more: Any) -> Answer:
    """Return a document as an answer."""
    return Answer(document, media, **more)


def tag_of(*parts: object) -> str:
    """Return a tag made of what decides an answer."""
    return hashlib.sha256("\n".join(str(one) for one in parts).encode()).hexdigest()[:32]


def _response(request: Request, asked: Asked, made: Answer) -> Response:
    body = made.body if isinstance(made.body, bytes) else dumped(made.body)
    tag = made.tag or hashlib.sha256(body).hexdigest()[:32]
    headers = {**_cache_headers(tag), **made.headers}
    if made.status == 200 and asked.unchanged(tag):
        return Response(status_code=304, headers=headers)
    if made.status == 204:
        return Response(status_code=204, headers=headers)
    wanted = takes_gzip(request.headers.get("accept-encoding", ""))
    if made.encoded:
        if wanted:
            headers["Content-Encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
    elif wanted and len(body) >= SMALLEST and made.media != FGB:
        body = packed(body)
        headers["Content-Encoding"] = "gzip"
    response = Response(body, made.status, headers)
    response.headers["Content-Type"] = (
        f"{made.media}; charset=utf-8" if made.media.startswith("text/") else made.media
    )
    return response


def _cache_headers(tag: str) -> dict[str, str]:
    # Weak: the bytes differ by compression and by the time stamp inside, what they say does not.
    return {"ETag": f'W/"{tag}"', "Cache-Control": "private, no-cache", "Vary": "Accept, Accept-Encoding"}


def dumped(document: Any) -> bytes:
    """Return a document as JSON bytes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _likes(header: str) -> list[str]:
    """Return the media types of an Accept header, best first."""
    found = []
    for place, one in enumerate(header.split(",")[:50]):
        media, _, rest = one.partition(";")
        quality = 1.0
        for part in rest.split(";"):
            name, _, value = part.partition("=")
            if name.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        if media.strip() and quality > 0:
            found.append((-quality, place, media.strip().lower()))
    return [media for _, _, media in sorted(found)]


def _bare(media: str) -> str:
    return media.partition(";")[0]
