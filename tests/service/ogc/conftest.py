"""A store with every layer in both homes, read over HTTP: in process, and by real clients from a running server."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import uvicorn
from starlette.testclient import TestClient

from service.api.app import create_app
from service.cli.serve import bind
from service.settings import Settings
from service.store import Store, open_store
from service.store.models import GridCell
from service.users import add_user
from tests import components
from tests.service.api.client import NOW, client
from tests.service.conftest import HOMES
from tests.service.layers.conftest import fill

LAYERS = (
    *("fire_points", "detections", "footprints", "pending", "standing", "counties", "townships"),
    *("grid_cells", "zones", "planned_burns", "heat_sources", "heat_cells"),
)
READERS = {"admin": ("admin", None), "yushu": ("county", "220182"), "shulan": ("county", "220283")}


@dataclass(frozen=True)
class Made:
    """A store, and the tokens of its readers (none where it has no users)."""

    home: str
    store: Store
    tokens: dict[str, str]

    def web(self, reader: str | None = None, **options: Any) -> TestClient:
        """Return a client in this process."""
        return client(self.store, None if reader is None else self.tokens[reader], **options)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """URLs of the built stores, to be copied."""
    found, made = {}, []
    for home in HOMES:
        folder = tmp_path_factory.mktemp(f"ogc-{home}")
        if home == "sqlite":
            url = f"sqlite:///{folder / 'ogc.gpkg'}"
        else:
            made.append(components.cluster().clone("migrated"))
            url = components.cluster().url(made[-1])
        fill(url, folder).close()
        found[home] = url
    yield found
    for name in made:
        components.cluster().drop(name)


def opened(home: str, templates: dict[str, str], folder: Path) -> tuple[Store, str | None]:
    """Open a copy of a built store; the second value names the database to drop."""
    if home == "sqlite":
        path = folder / f"copy{time.monotonic_ns()}.gpkg"
        shutil.copyfile(str(sa.make_url(templates[home]).database), path)
        return open_store(f"sqlite:///{path}"), None
    cluster = components.cluster()
    name = cluster.clone(str(sa.make_url(templates[home]).database))
    return open_store(cluster.url(name)), name


@pytest.fixture(scope="module")
def homes(templates: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Made]]:
    """A store without users in both homes: this machine reads everything. Tests only read."""
    folder = tmp_path_factory.mktemp("ogc-open")
    found, names = {}, []
    for home in HOMES:
        store, name = opened(home, templates, folder)
        names.append(name)
        found[home] = Made(home, store, {})
    yield found
    for made, name in zip(found.values(), names, strict=True):
        made.store.close()
        if name:
            components.cluster().drop(name)


@pytest.fixture(params=HOMES)
def made(request: pytest.FixtureRequest, homes: dict[str, Made]) -> Made:
    """The store without users, once per home."""
    return homes[str(request.param)]


@pytest.fixture
def web(made: Made) -> Iterator[TestClient]:
    """A client of the store without users, once per home."""
    with made.web() as found:
        yield found


@pytest.fixture
def embedded(homes: dict[str, Made]) -> Iterator[TestClient]:
    """A client of the embedded store, where what is tested ends above the stores."""
    with homes["sqlite"].web() as found:
        yield found


@pytest.fixture(params=HOMES)
def peopled(request: pytest.FixtureRequest, templates: dict[str, str], tmp_path: Path) -> Iterator[Made]:
    """A copy with the readers of `READERS`, once per home."""
    store, name = opened(str(request.param), templates, tmp_path)
    tokens = {who: add_user(store, who, role, unit, actor="test")[1] for who, (role, unit) in READERS.items()}
    yield Made(str(request.param), store, tokens)
    store.close()
    if name:
        components.cluster().drop(name)


Serve = Callable[..., Any]


@contextmanager
def served(store: Store, *, now: dt.datetime = NOW, **settings: Any) -> Iterator[str]:
    """Run a server over a store and yield its address; links it sends point to itself."""
    listener = bind("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with open(os.devnull, "w", encoding="utf-8") as quiet:  # noqa: PTH123 - not a file
        effective = Settings(**{"public_url": address, **settings})
        app = create_app(effective, store, clock=lambda: now, log_stream=quiet)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture(scope="module")
def drawn(templates: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The embedded store without the grid cells that have no polygon.

    The schema that ogctests ships does not allow the ``null`` geometry that RFC 7946, 3.2 defines.
    """
    store, _ = opened("sqlite", templates, tmp_path_factory.mktemp("ogc-drawn"))
    with store.engine.begin() as connection:
        connection.execute(sa.delete(GridCell).where(GridCell.__table__.c.geom.is_(None)))
    yield store
    store.close()
