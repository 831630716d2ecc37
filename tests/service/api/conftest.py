"""A store with the busiest real day (2023-10-29, NOAA-20), built once per home and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.pipeline.archive import Archive
from service.pipeline.assess import assess
from service.pipeline.ingest import ingest
from service.pipeline.init import initialise
from service.settings import Settings
from service.store import Store, open_store
from service.store.models import Duty
from service.users import add_user
from tests import components
from tests.service.conftest import HOMES
from tests.shared import DATA

SERIES = DATA / "fires" / "viirs_noaa20_nrt_c2_russia_asia_24h"
READERS = {
    "admin": ("admin", None),
    "jilin": ("province", "220000"),
    "tonghua": ("city", "220500"),
    "meihekou": ("city", "220581"),
    "yushu": ("county", "220182"),
    "shulan": ("county", "220283"),
    "inspector": ("inspector", "220182"),
    "patrol": ("patrol", "220182"),
}
"""Name, role and unit of the readers; 榆树 and 舒兰 are neighbours, 梅河口 lies in 通化 but is assessed apart."""


@dataclass(frozen=True)
class RealStore:
    """A store of real fire points, and the token of each reader."""

    store: Store
    tokens: dict[str, str]
    archive: Path


@pytest.fixture(scope="session", params=HOMES)
def real_template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str, Path]]:
    """Return home, URL and archive of the built store."""
    home = str(request.param)
    folder = tmp_path_factory.mktemp(f"real-{home}")
    if home == "sqlite":
        url = f"sqlite:///{folder / 'real.gpkg'}"
    else:
        cluster = components.cluster()
        name = cluster.clone("migrated")
        url = cluster.url(name)
    settings = Settings(db=url, archive=str(folder / "archive"))
    store = open_store(url, must_exist=False)
    initialise(store, settings, actor="test")
    ingest(store, Archive(folder / "archive"), [SERIES / "2023-10-29.csv.gz"], actor="test")
    with store.writer("test", "load.duties", {}) as writer:
        for code, person in (("220182", "榆树值班员"), ("220283", "舒兰值班员"), ("220581", "梅河口值班员")):
            writer.insert(
                Duty,
                target_code=code,
                role="duty_phone",
                person=person,
                phone=f"1380{code}0",
                title=None,
                source="test",
                valid_from=None,
                valid_to=None,
                withdrawn_rev=None,
            )
    assess(store, actor="test")
    if home == "sqlite":
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    yield home, url, folder
    if home != "sqlite":
        components.cluster().drop(name)


@pytest.fixture
def real(
    real_template: tuple[str, str, Path], new_store_url: Callable[..., str], tmp_path: Path
) -> Iterator[RealStore]:
    """A copy of the built store with the readers of `READERS`."""
    home, url, folder = real_template
    store = open_store(new_store_url(home, like=url))
    archive = tmp_path / "archive"
    shutil.copytree(folder / "archive", archive)
    tokens = {
        name: add_user(store, name, role, unit, actor="test")[1] for name, (role, unit) in READERS.items()
    }
    yield RealStore(store, tokens, archive)
    store.close()
