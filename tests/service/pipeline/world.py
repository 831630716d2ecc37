"""A store ready for feeds, and a picture of its contents that two histories can be compared by."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.pipeline.archive import Archive
from service.pipeline.assess import AssessReport, assess
from service.pipeline.ingest import IngestReport, Options, ingest
from service.pipeline.init import initialise
from service.pipeline.states import live_states
from service.reads import FirePointView, fire_points
from service.scope import whole
from service.settings import Settings
from service.store import Store, open_store
from service.store.models import Detection, DetectionState, FeedFile, LayerStack, Observation, Supersession
from tests import components
from tests.service.pipeline import feeds

HISTORIES = int(os.environ.get("HUODIAN_HISTORIES", "15"))
"""Examples of each property per home; `make soak` asks for more."""

_KEYS = {
    "id",
    "fire_point_id",
    "representative_id",
    "rev_from",
    "rev_to",
    "layer_stack_id",
    "ruling_ids",
    "geom",
}
"""Columns of a state that count how it came about, not what it says."""


@dataclass(frozen=True)
class World:
    """One store and its archive."""

    store: Store
    url: str
    archive: Archive
    folder: Path

    def feed(self, name: str, rows: Sequence[feeds.Row], extra: Sequence[str] = ()) -> Path:
        """Write a feed file into the world's folder."""
        return feeds.write(self.folder / name, rows, extra)

    def ingest(self, *paths: Path, area: str | None = None) -> IngestReport:
        """Ingest files."""
        return ingest(self.store, self.archive, paths, actor="test", options=Options(area=area))

    def assess(self) -> AssessReport:
        """Assess every day."""
        return assess(self.store, actor="test")

    def points(self, **filters: Any) -> list[FirePointView]:
        """Return the fire points the operator sees."""
        with self.store.reader() as reader:
            return fire_points(reader, whole("test"), **filters)

    @property
    def revision(self) -> int:
        """The newest revision."""
        with self.store.reader() as reader:
            return reader.rev


@cache
def initialised(home: str) -> str:
    """Return the URL of an initialised store, made once per process; the run's end removes it."""
    folder = Path(os.environ[components.RUN_DIRECTORY])
    if home == "sqlite":
        url = f"sqlite:///{folder / f'ready{os.getpid()}.gpkg'}"
    else:
        cluster = components.cluster()
        url = cluster.url(cluster.clone("migrated"))
    store = open_store(url, must_exist=False)
    initialise(store, Settings(db=url, archive=str(folder / f"ready{os.getpid()}.archive")), actor="test")
    store.close()
    return url


@contextmanager
def opened(url: str, folder: Path) -> Iterator[World]:
    """Open the store behind a URL, with an archive of its own."""
    store = open_store(url)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        store.archive = folder / "archive"
        yield World(store, url, Archive(store.archive), folder)
    finally:
        store.close()


@contextmanager
def ready(home: str, new_store_url: Callable[..., str], folder: Path) -> Iterator[World]:
    """Open a fresh copy of an initialised store."""
    with opened(new_store_url(home, like=initialised(home)), folder) as world:
        yield world


def picture(store: Store) -> dict[str, Any]:
    """Return what a user would see of the fire points, free of keys and ids: equal stores, equal pictures."""
    with store.reader() as reader:
        pixel = {
            row.id: (row.satellite, row.acq_at.isoformat(), row.lon, row.lat)
            for row in reader.rows(sa.select(Detection.__table__))
        }
        layers = {row.id: row.stack_hash for row in reader.rows(sa.select(LayerStack.__table__))}
        members: dict[str, list[Any]] = defaultdict(list)
        for row in reader.rows(sa.select(DetectionState.__table__).where(reader.live(DetectionState))):
            place = (row.fire_day, row.county_unit_id, row.township_unit_id)
            members[row.fire_point_id].append((*pixel[row.detection_id], *place))
        points = {}
        for state in live_states(reader):
            told = {name: value for name, value in state._mapping.items() if name not in _KEYS}
            told["layers"] = layers[state.layer_stack_id]
            told["members"] = sorted(members.pop(state.fire_point_id))
            points[pixel[state.representative_id]] = told
        assert not members, "every live pixel belongs to a live fire point"
        replaced = {
            pixel[row.older_id]: pixel[row.newer_id]
            for row in reader.rows(sa.select(Supersession.__table__).where(reader.live(Supersession)))
        }
    return {"points": points, "pixels": sorted(pixel.values()), "replaced": replaced}


def contents(store: Store) -> dict[str, Any]:
    """Return the picture with ids, files and observations: what a crash must not change."""
    found = picture(store)
    with store.reader() as reader:
        found["ids"] = [row.fire_point_id for row in live_states(reader)]
        found["observations"] = sorted(
            reader.rows(sa.select(Observation.detection_id, Observation.rank, Observation.line))
        )
        names = ("sha256", "member", "area_key", "read", "accepted", "duplicate", "outside", "superseded")
        table = FeedFile.__table__
        found["files"] = sorted(tuple(row) for row in reader.rows(sa.select(*(table.c[n] for n in names))))
    return found


def conserved(report: IngestReport) -> None:
    """Hold every file to the conservation law of DESIGN section 6."""
    for file in report.files:
        assert file.read == file.accepted + file.duplicate + file.outside + file.rejected, file
