"""The store in both homes: every test that takes `store` or `store_url` runs on SQLite and on PostGIS."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.store.engine import Store, open_store
from tests import components

HOMES = ("sqlite", "postgis")


@pytest.fixture(params=HOMES)
def store_home(request: pytest.FixtureRequest) -> str:
    """The home of this test's store: ``sqlite`` or ``postgis``."""
    return str(request.param)


@pytest.fixture
def new_store_url(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Return ``new_store_url(home, like=None, empty=False)``: the URL of a fresh store.

    `like` is the URL of a store to copy, with what was loaded into it; `empty` asks for a store before its
    migration. Stores are dropped when the test ends.
    """
    made: list[tuple[components.Cluster, str]] = []
    numbers = iter(range(1000))

    def new(home: str, *, like: str | None = None, empty: bool = False) -> str:
        if home == "sqlite":
            path = tmp_path / f"store{next(numbers)}.gpkg"
            if like is not None:
                copy_embedded(like, path)
            elif not empty:
                shutil.copyfile(components.embedded_template(), path)
            return f"sqlite:///{path}"
        cluster = components.cluster()
        source = str(sa.make_url(like).database) if like else "empty" if empty else "migrated"
        name = cluster.clone(source)
        made.append((cluster, name))
        return cluster.url(name)

    yield new
    for cluster, name in made:
        cluster.drop(name)


def copy_embedded(url: str, target: Path) -> None:
    """Copy an embedded store, what still stands in its write-ahead log included."""
    source = open_store(url)
    try:
        with source.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        source.close()
    shutil.copyfile(str(sa.make_url(url).database), target)


@pytest.fixture
def store_url(store_home: str, new_store_url: Callable[..., str]) -> str:
    """URL of a fresh migrated store, once per home."""
    return new_store_url(store_home)


@pytest.fixture
def empty_store_url(store_home: str, new_store_url: Callable[..., str]) -> str:
    """URL of a store before its first migration, once per home."""
    return new_store_url(store_home, empty=True)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A fresh migrated store, once per home."""
    opened = open_store(store_url)
    yield opened
    opened.close()
