"""One busy day with every kind of layer, built once per home: NULLs, boundary cases, findings, carved ground."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa

from service.layers.source import FeatureSource
from service.pipeline.archive import Archive
from service.pipeline.assess import assess
from service.pipeline.ingest import ingest
from service.pipeline.init import initialise
from service.pipeline.register_store import load_register
from service.scope import Scope, scope_of, whole
from service.settings import Settings
from service.store import Store, open_store
from service.store.engine import Reader, Writer
from service.store.models import (
    BoundarySet,
    BoundaryUnit,
    BoundaryUse,
    FirePointState,
    GridCell,
    GridSet,
    HeatCell,
    HeatSource,
    HeatTable,
    PlannedBurn,
    Verification,
    Zone,
    ZoneSet,
)
from tests import components
from tests.service.conftest import HOMES
from tests.shared import DATA

__all__ = ["DAY", "HOMES", "NOON", "SHULAN", "YUSHU", "Home", "fill"]

DAY = dt.date(2023, 10, 29)
NOON = dt.datetime(2023, 10, 29, 4, tzinfo=dt.UTC)
YUSHU, SHULAN = "220182", "220283"
SERIES = DATA / "fires" / "viirs_noaa20_nrt_c2_russia_asia_24h"

TOWNSHIPS = {
    "220182100": ("榆树甲镇", "220182", shapely.box(126.4, 44.6, 126.7, 44.9)),
    "220182101": ("榆树乙镇", "220182", shapely.box(126.7, 44.6, 127.0, 44.9)),
    "220283100": ("舒兰甲镇", "220283", shapely.box(126.9, 44.2, 127.2, 44.5)),
}
SITES = {"220182": (126.55, 44.75), "220283": (127.05, 44.35)}
"""A place inside 榆树 and one inside 舒兰."""

_REFERENCE: dict[str, Any] = {"status": "reference", "accuracy_m": 100.0, "source": "test", "version": 1}
_ALWAYS: dict[str, Any] = {"valid_from": None, "valid_to": None}


@dataclass(frozen=True)
class Home:
    """One home's store."""

    name: str
    store: Store

    def source(self, reader: Reader, unit: str | None = None, **more: Any) -> FeatureSource:
        """Return the layers as the operator, or a reader of `unit`, sees them."""
        return FeatureSource(reader, self.scope(reader, unit), **{"today": DAY, **more})

    def scope(self, reader: Reader, unit: str | None) -> Scope:
        """Return the scope of a county or township by its code on the day."""
        if unit is None:
            return whole("test")
        found = load_register(reader).register.find(unit, DAY)
        assert found is not None
        return scope_of(reader, unit, "county", found.uid)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Home]]:
    """The same contents in both homes; tests read only."""
    found = {}
    for name in HOMES:
        folder = tmp_path_factory.mktemp(f"layers-{name}")
        if name == "sqlite":
            url = f"sqlite:///{folder / 'layers.gpkg'}"
        else:
            cluster = components.cluster()
            url = cluster.url(cluster.clone("migrated"))
        found[name] = Home(name, fill(url, folder))
    yield found
    for home in found.values():
        home.store.close()


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, homes: dict[str, Home]) -> Home:
    """The contents in one home."""
    return homes[str(request.param)]


def fill(url: str, folder: Path) -> Store:
    """Build the store."""
    store = open_store(url, must_exist=False)
    initialise(store, Settings(db=url, archive=str(folder / "archive")), actor="test")
    with store.writer("test", "load.layers", {}) as writer:
        _ground(writer)
        _sites(writer)
    ingest(store, Archive(folder / "archive"), [SERIES / "2023-10-29.csv.gz"], actor="test")
    assess(store, actor="test")
    with store.writer("test", "verify", {}) as writer:
        _findings(writer)
    if store.dialect == "sqlite":
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return store


def _ground(writer: Writer) -> None:
    stored = load_register(writer)

    def unit_id(code: str) -> int | None:
        unit = stored.register.find(code, DAY)
        return None if unit is None else stored.ids[unit.uid]

    boundaries = writer.insert(
        BoundarySet,
        name="乡镇",
        level="township",
        datum="CGCS2000",
        content_hash="townships",
        source_sha256=None,
        replaces_id=None,
        **_REFERENCE,
        **_ALWAYS,
    )
    grid = writer.insert(GridSet, name="网格", content_hash="grid", **_REFERENCE, **_ALWAYS)
    zones = writer.insert(ZoneSet, name="分区", content_hash="zones", **_REFERENCE, **_ALWAYS)
    writer.insert(BoundaryUse, set_id=boundaries, level="township", from_date=dt.date(2000, 1, 1))
    for code, (name, county, box) in TOWNSHIPS.items():
        shape = shapely.multipolygons([box])
        own = {"code": code, "name": name, "parent_code": county, "unit_id": unit_id(code)}
        writer.insert(BoundaryUnit, set_id=boundaries, geom=shape, **own)
        more = {"level": "township", "unit_code": code, **own}
        writer.insert(GridCell, set_id=grid, geom=shape, **more)
        bare = {
            **more,
            "code": f"{code}001",
            "name": f"{name}无图村",
            "level": "village",
            "parent_code": code,
        }
        writer.insert(GridCell, set_id=grid, geom=None, **bare)
    ring = shapely.multipolygons([shapely.box(126.5, 44.5, 126.8, 44.8)])
    writer.insert(
        Zone, set_id=zones, code="J1", name="禁烧区", kind="ban", unit_codes=None, geom=ring, **_ALWAYS
    )
    listed = {"code": "J2", "name": "限烧乡镇", "kind": "restricted", "unit_codes": ["220182101"]}
    writer.insert(Zone, set_id=zones, geom=None, **listed, **_ALWAYS)
    past = {"valid_from": dt.date(2020, 1, 1), "valid_to": dt.date(2022, 12, 31)}
    writer.insert(Zone, set_id=zones, code="J3", name="旧区", kind="ban", unit_codes=None, geom=ring, **past)


def _sites(writer: Writer) -> None:
    table = writer.insert(
        HeatTable,
        before=dt.date(2023, 1, 1),
        params={"cell_deg": 0.01},
        detections=10,
        cells=2,
        content_hash="heat",
    )
    for number, (code, (lon, lat)) in enumerate(SITES.items()):
        writer.insert(
            HeatSource,
            code=f"热源{code}",
            name=f"砖厂{code}",
            kind="kiln",
            lon=lon,
            lat=lat,
            radius_m=500.0,
            status="reference",
            source="test",
            withdrawn_rev=None,
            geom=shapely.Point(lon, lat),
            **_ALWAYS,
        )
        writer.insert(
            HeatCell,
            table_id=table,
            cell_column=number,
            cell_row=number,
            kind="fixed",
            hot_days=30,
            detections=40,
            months=9,
            night_share=0.5,
            first_day=dt.date(2020, 1, 1),
            last_day=dt.date(2022, 12, 1 + number),
            lon=lon,
            lat=lat,
        )
        for what, unit in (("u", code), ("g", None)):
            writer.insert(
                PlannedBurn,
                code=f"计划{what}{code}",
                unit_code=unit,
                starts_at=NOON,
                ends_at=NOON + dt.timedelta(hours=3),
                area_mu=12.5,
                person="张三",
                approver="李四",
                approved_at=None,
                state="approved",
                status="reference",
                source="test",
                geom=shapely.multipolygons([shapely.box(lon, lat, lon + 0.01, lat + 0.01)]),
            )


def _findings(writer: Writer) -> None:
    """Every third fire point has a finding: confirmed, denied with evidence, denied by the payer, unreachable."""
    kinds = [
        ("straw", "city", None),
        ("nothing_found", "city", "e" * 64),
        ("nothing_found", "local", None),
        ("unreachable", "local", None),
    ]
    ids = [
        row.fire_point_id
        for row in writer.rows(
            sa.select(FirePointState.fire_point_id)
            .where(writer.live(FirePointState))
            .order_by(FirePointState.fire_point_id)
        )
    ]
    for number, name in enumerate(ids[::3]):
        finding, level, evidence = kinds[number % len(kinds)]
        writer.insert(
            Verification,
            fire_point_id=name,
            level=level,
            finding=finding,
            found_at=NOON,
            person="王五",
            note=None,
            evidence_sha256=evidence,
            area_mu=None,
            lon=None,
            lat=None,
            area_exact=None,
            actor=None,
            unit_uid=None,
            source_kind=None,
            row_key=None,
        )
