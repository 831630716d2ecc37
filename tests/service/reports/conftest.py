"""Stores with real fire points of late October 2023 (NOAA-20), built once per home and copied for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.pipeline.archive import Archive
from service.pipeline.assess import assess
from service.pipeline.ingest import ingest
from service.pipeline.init import initialise
from service.settings import Settings
from service.store import Store, open_store
from tests import components
from tests.service.conftest import HOMES
from tests.shared import DATA

SERIES = DATA / "fires" / "viirs_noaa20_nrt_c2_russia_asia_24h"


def arrive(store: Store, archive: Path, *days: str) -> None:
    """Ingest the files of some days and assess."""
    ingest(store, Archive(archive), [SERIES / f"{day}.csv.gz" for day in days], actor="test")
    assess(store, actor="test")


@pytest.fixture(scope="session", params=HOMES)
def early_template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Home and URL of a store with the file of 27 October, which has the first pass of the 28th only."""
    home = str(request.param)
    folder = tmp_path_factory.mktemp(f"early-{home}")
    if home == "sqlite":
        url = f"sqlite:///{folder / 'early.gpkg'}"
    else:
        cluster = components.cluster()
        name = cluster.clone("migrated")
        url = cluster.url(name)
    store = open_store(url, must_exist=False)
    initialise(store, Settings(db=url, archive=str(folder / "archive")), actor="test")
    arrive(store, folder / "archive", "2023-10-27")
    store.close()
    yield home, url
    if home != "sqlite":
        components.cluster().drop(name)


@pytest.fixture(scope="session")
def full_template(
    early_template: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Home and URL of the same store after the files of 28 and 29 October."""
    from tests.service.conftest import copy_embedded

    home, source = early_template
    folder = tmp_path_factory.mktemp(f"full-{home}")
    if home == "sqlite":
        copy_embedded(source, folder / "full.gpkg")
        url = f"sqlite:///{folder / 'full.gpkg'}"
    else:
        cluster = components.cluster()
        name = cluster.clone(str(sa.make_url(source).database))
        url = cluster.url(name)
    store = open_store(url)
    arrive(store, folder / "archive", "2023-10-28", "2023-10-29")
    store.close()
    yield home, url
    if home != "sqlite":
        components.cluster().drop(name)


@pytest.fixture
def early(early_template: tuple[str, str], new_store_url: Callable[..., str]) -> Iterator[Store]:
    """A copy of the store in which most of 28 October has not arrived."""
    home, url = early_template
    opened = open_store(new_store_url(home, like=url))
    yield opened
    opened.close()


@pytest.fixture
def full_url(full_template: tuple[str, str], new_store_url: Callable[..., str]) -> str:
    """URL of a copy of the store with every file."""
    home, url = full_template
    return new_store_url(home, like=url)


@pytest.fixture
def full(full_url: str) -> Iterator[Store]:
    """A copy of the store with every file."""
    opened = open_store(full_url)
    yield opened
    opened.close()
