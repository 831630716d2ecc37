"""Assembly of the HTTP service; settings come in, nothing is read at import."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TextIO

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from gis.errors import HuodianError
from service.api.deps import Context
from service.api.middleware import Envelope, Gate, make_log
from service.api.problems import MEDIA_TYPE, PROBLEM_SCHEMA, of_exception, respond
from service.api.routes import (
    calendar,
    card,
    charges,
    events,
    explain,
    firelist,
    firepoints,
    health,
    objections,
    pages,
    pending,
    rulings,
    search,
    session,
    standing,
    statements,
    tianditu,
    units,
    verifications,
)
from service.map.events import Events
from service.map.tianditu import Tianditu
from service.ogc.app import OgcApp
from service.ogc.embedding import Embedding
from service.ogc.links import MOUNT
from service.packing import Packing
from service.settings import Settings
from service.store import Store, open_store
from service.web.mapfiles import MAP_URL, MapFiles
from service.web.vendor import VENDOR, VENDOR_URL

API = "/api/v1"


def create_app(
    settings: Settings,
    store: Store | None = None,
    *,
    clock: Callable[[], dt.datetime] | None = None,
    log_stream: TextIO | None = None,
) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings
        Effective settings.
    store
        An open store; without it the one of the settings is opened at the first request.
    clock
        Now, for tests.
    log_stream
        Where log lines go; stderr without it.
    """
    opened = _Opened(settings, store)
    paths: dict[Any, str] = {}
    log = make_log(log_stream)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        log.info("start", db=settings.db.split(":", 1)[0], public_url=settings.public_url)
        yield
        app.state.events.close()
        opened.close()
        log.info("stop")

    app = FastAPI(
        title="Huodian 火点",
        version="1",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # both pages load their script from a CDN; the description itself is local
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        middleware=[
            Middleware(Envelope, log=log, paths=paths, https=settings.public_url.startswith("https://")),
            Middleware(Embedding, origins=settings.cors_origins),
            Middleware(Gate, store=opened, settings=settings),
            Middleware(Packing),
        ],
        exception_handlers={
            HuodianError: _answer,
            RequestValidationError: _answer,
            HTTPException: _answer,
        },
        responses={
            "default": {
                "description": "RFC 9457 problem document in Chinese and English",
                "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}},
            }
        },
    )
    app.state.events = Events(opened)
    app.state.tianditu = Tianditu(settings)
    app.state.context = Context(settings, opened, clock or (lambda: dt.datetime.now(dt.UTC)))
    api = APIRouter(prefix=API)
    for module in (
        health,
        units,
        firepoints,
        firelist,
        pending,
        rulings,
        verifications,
        charges,
        explain,
        standing,
        statements,
        objections,
        session,
        calendar,
        card,
        search,
        events,
    ):
        api.include_router(module.router)
    app.include_router(api)
    app.include_router(tianditu.router)
    app.include_router(pages.router)
    paths.update({route.endpoint: route.path or "" for route in iter_route_contexts(app.routes)})
    ogc = OgcApp(app.state.context)
    paths.update(ogc.paths)
    app.router.routes.append(Route(MOUNT, ogc))  # QGIS users leave the slash at the end away
    app.mount(MOUNT, ogc, name="ogc")
    app.mount(VENDOR_URL, StaticFiles(directory=VENDOR, check_dir=False), name="vendor")
    app.mount(MAP_URL, MapFiles(), name="map")
    return app


class _Opened:
    """The store, opened once, at the first request that needs it."""

    def __init__(self, settings: Settings, store: Store | None) -> None:
        self._settings = settings
        self._store = store
        self._ours = store is None
        self._lock = threading.Lock()

    def __call__(self) -> Store:
        with self._lock:
            if self._store is None:
                self._store = open_store(self._settings.db, archive=self._settings.archive)
            return self._store

    def close(self) -> None:
        """Close a store that was opened here."""
        if self._ours and self._store is not None:
            self._store.close()
            self._store = None


async def _answer(request: Request, error: Any) -> Response:
    return respond(request, of_exception(error))
