"""The sub-application under ``/ogc``: a router of its own, whose errors are answered as everywhere in the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from service.api.deps import Context
from service.layers.catalogue import CATALOGUE
from service.layers.tile_cache import TileCache
from service.ogc import crs, describe, features, openapi, source, styles, tiles
from service.ogc.links import MOUNT
from service.ogc.operation import HTML, JSON, OPENAPI, Answer, Asked, Operation, of_json
from service.ogc.pages import Cell, PageText, Table, html

CONFORMANCE: tuple[str, ...] = tuple(
    one for part in (describe, openapi, features, crs, source, tiles) for one in part.CONFORMANCE
)
"""Each class stands beside the code that fulfils it."""


class OgcApp:
    """The sub-application; `operations` are all there is.

    Parameters
    ----------
    context
        What requests work with.
    """

    def __init__(self, context: Context) -> None:
        self.operations: tuple[Operation, ...] = (
            *describe.OPERATIONS[:1],
            Operation("/api", "getApi", "This description", "Capabilities", _API, self._api),
            Operation(
                "/conformance",
                "getConformance",
                "Conformance classes",
                "Capabilities",
                {"json": JSON, "html": HTML},
                _conformance,
                schema="conformance",
            ),
            *describe.OPERATIONS[1:],
            *features.OPERATIONS,
            *tiles.operations(TileCache()),
            *styles.OPERATIONS,
        )
        endpoints = [(one, one.endpoint(context)) for one in self.operations]
        routes = [Route(one.route or one.path, call, methods=["GET"]) for one, call in endpoints]
        self.paths: Mapping[Any, str] = {call: f"{MOUNT}{one.path}" for one, call in endpoints}
        self.router = Router(routes, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the mount's own address, without a slash, is the landing page too."""
        if scope["type"] == "http" and scope["path"] == MOUNT:
            scope = {**scope, "path": f"{MOUNT}/", "root_path": MOUNT}
        await self.router(scope, receive, send)

    def _api(self, asked: Asked) -> Answer:
        document = openapi.document_of(self.operations, asked.links, tuple(CATALOGUE))
        if asked.form == "json":
            return of_json(document, OPENAPI)
        rows = []
        for one in self.operations:
            names = ", ".join(parameter.name for parameter in one.known)
            rows.append([Cell(one.path), Cell(one.summary), Cell(names)])
        table = Table("GET", ["地址 Path", "说明 Summary", "参数 Parameters"], rows)
        crumbs = (Cell("OGC API", asked.links.to()),)
        return html(PageText("接口说明 Operations", (), (table,), [], crumbs))


_API: Mapping[str, str] = {"json": OPENAPI, "html": HTML}


def _conformance(asked: Asked) -> Answer:
    return describe.conformance(asked, CONFORMANCE)
