"""Outlines for the map: of the set in force on the day, shared borders simplified once, one text per polygon."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import shapely

from boundaries.builtin import builtin
from gis.types import Level
from service.documents.outline import outlines
from service.pipeline.init import initialise
from service.settings import Settings
from service.store.engine import Store
from service.store.models import BoundarySet, BoundaryUnit, BoundaryUse

DAY = dt.date(2023, 10, 29)
SHUANGLIAO, LISHU = "220382", "220322"


@pytest.fixture
def jilin(store: Store, tmp_path: Path) -> Store:
    initialise(store, Settings(db=str(store.engine.url), archive=str(tmp_path / "archive")), actor="test")
    return store


def polygon(found: dict[str, object]) -> shapely.Polygon:
    rings = [[(float(lon), float(lat)) for lon, lat in ring] for ring in found["rings"]]  # type: ignore[attr-defined]
    return shapely.union_all([shapely.Polygon(ring) for ring in rings])


def test_real_counties_keep_their_shape_and_share_their_border(jilin: Store) -> None:
    with jilin.reader() as reader:
        found = outlines(reader, [SHUANGLIAO, LISHU, SHUANGLIAO, "999999"], DAY)
    assert [(one["code"], one["name"]) for one in found] == [(LISHU, "梨树县"), (SHUANGLIAO, "双辽市")]
    real = {unit.code: unit.geometry for unit in builtin(Level.COUNTY, province="220000").units}
    for one in found:
        drawn = polygon(one)
        assert drawn.symmetric_difference(real[one["code"]]).area < 0.01 * drawn.area
        assert drawn.hausdorff_distance(real[one["code"]]) < 0.02
        assert sum(map(len, one["rings"])) < 400
        for ring in one["rings"]:
            assert ring[0] == ring[-1] == min(ring)
            assert all(len(axis.split(".")[1]) == 4 for pair in ring for axis in pair)
    lishu, shuangliao = map(polygon, found)
    assert lishu.intersection(shuangliao).area < 1e-6


def test_a_citys_code_gives_the_citys_outline(jilin: Store) -> None:
    with jilin.reader() as reader:
        (found,) = outlines(reader, ["220300"], DAY)
    assert found["name"] == "四平市"


def square(west: float, *, backwards: bool = False) -> shapely.MultiPolygon:
    corners = [(west, 43.0), (west + 1, 43.0), (west + 1, 44.0), (west, 44.0)]
    hole = [(west + 0.4, 43.4), (west + 0.6, 43.4), (west + 0.6, 43.6), (west + 0.4, 43.6)]
    if backwards:
        corners = corners[2:] + corners[:2]
        corners.reverse()
    return shapely.MultiPolygon([shapely.Polygon(corners, [hole])])


def put(store: Store, name: str, geometry: shapely.MultiPolygon, from_date: dt.date) -> None:
    with store.writer("test", "load") as writer:
        row = {"name": name, "version": 1, "level": "county", "status": "sample", "accuracy_m": 0.0}
        head = writer.insert(BoundarySet, **row, datum="cgcs2000", source="test", content_hash=name)
        writer.insert(BoundaryUnit, set_id=head, code="220001", name=name, geom=geometry)
        writer.insert(BoundaryUse, set_id=head, level="county", from_date=from_date)


def test_the_set_in_force_on_the_day_is_drawn_as_it_was_known(store: Store) -> None:
    put(store, "old", square(124.0), dt.date(2000, 1, 1))
    with store.reader() as before:
        put(store, "new", square(125.0), dt.date(2023, 1, 1))
        (known,) = outlines(before, ["220001"], DAY)
    with store.reader() as reader:
        names = [outlines(reader, ["220001"], day)[0]["name"] for day in (dt.date(2022, 12, 31), DAY)]
        assert outlines(reader, ["220001"], dt.date(1999, 1, 1)) == outlines(reader, [], DAY) == []
    assert names == ["old", "new"]
    assert known["name"] == "old"


def test_one_polygon_gives_one_text_wherever_its_rings_begin(store: Store) -> None:
    put(store, "a", square(124.0), dt.date(2000, 1, 1))
    put(store, "b", square(124.0, backwards=True), dt.date(2001, 1, 1))
    with store.reader() as reader:
        (a,) = outlines(reader, ["220001"], dt.date(2000, 6, 1))
        (b,) = outlines(reader, ["220001"], DAY)
    assert a["rings"] == b["rings"]
    assert len(a["rings"]) == 2, "the hole is drawn"
    assert a["rings"][0][0] == ["124.0000", "43.0000"]
