"""What stands beside a line: counted and measured here again by hand, on real rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from shapely.geometry import MultiPolygon, box

from gis.footprint import rectangles
from gis.locate import Layer
from gis.plane import distance_m
from gis.times import beijing_date, instant_of
from service.billing.context import HOT_RADIUS_M, contexts, footprint_shares
from service.pipeline.load_heat_sources import load_heat_source_file
from service.pipeline.states import live_states
from service.store.models import BoundarySet, BoundaryUnit
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.test_histories import products
from tests.service.pipeline.world import World, ready

LON, LAT = 126.55, 44.85
NOON = at("2090-10-29 04:30")
DAY = 24 * 60


@pytest.fixture
def world(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[World]:
    with ready(store_home, new_store_url, tmp_path / "world") as opened:
        yield opened


def told(world: World) -> dict[str, dict[str, Any]]:
    with world.store.reader() as reader:
        return contexts(reader, {row.fire_point_id: row for row in live_states(reader)})


def fire(minute: int, east_m: float = 0.0) -> Row:
    return Row(minute, f"{LON:.5f}", f"{LAT:.5f}").moved(east_m, 0, 0)


def test_hot_days_are_distinct_earlier_days_of_the_same_place_within_a_year(world: World) -> None:
    rows = [
        fire(NOON),
        fire(NOON - 1, 400),  # the same fire, the same day: not a day before
        fire(NOON - DAY, 300),
        fire(NOON - DAY + 90, -300),  # the same day again
        fire(NOON - 365 * DAY, 100),
        fire(NOON - 366 * DAY, 100),  # too long ago
        fire(NOON - 2 * DAY, 2000),  # too far
        fire(NOON + DAY),  # later
    ]
    world.ingest(world.feed("day.csv", rows))
    world.assess()
    found = told(world)
    today = next(one for one in world.points() if one.fire_day == beijing_date(instant_of(NOON)))
    assert found[today.fire_point_id]["hot_days_365"] == 2
    assert "2 天" in found[today.fire_point_id]["threshold_note_zh"]
    assert found[today.fire_point_id]["hot_radius_m"] == "783"  # 500 m and half the diagonal of 0.4 by 0.4 km


def test_a_pixel_that_was_superseded_is_no_hot_day_of_its_own(world: World) -> None:
    old = fire(NOON - DAY)
    world.ingest(world.feed("day.csv", [fire(NOON), old]))
    world.ingest(world.feed("standard.csv", [old.moved(40, 0, 1, version="2")]))
    world.assess()
    assert sorted(one["hot_days_365"] for one in told(world).values()) == [0, 1]


def test_the_counts_of_real_rows_are_those_of_a_plain_loop(world: World) -> None:
    world.ingest(world.feed("nrt.csv", products()["nrt"]))
    world.assess()
    found = told(world)
    rows = products()["nrt"]
    lon, lat = np.array([float(r.lon) for r in rows]), np.array([float(r.lat) for r in rows])
    days = [beijing_date(instant_of(r.minute)) for r in rows]
    pixel = {(float(r.lon), float(r.lat)): r for r in rows}
    checked = 0
    for point in world.points():
        own = pixel[point.lon, point.lat]
        radius = HOT_RADIUS_M + np.hypot(float(own.scan), float(own.track)) * 500
        near = distance_m(point.lon, point.lat, lon, lat) <= radius
        hot = {day for day, close in zip(days, near, strict=True) if close and day < point.fire_day}
        assert found[point.fire_point_id]["hot_days_365"] == len(hot)
        checked += len(hot)
    assert checked > 5


def test_shares_of_a_footprint_across_a_line_add_up_and_match_what_was_attributed(world: World) -> None:
    world.ingest(world.feed("nrt.csv", products()["nrt"]))
    world.assess()
    found = told(world)
    shared = 0
    for point in world.points(screen=["counted"]):
        parts = found[point.fire_point_id]["shares"]
        by_code = {one["code"]: float(one["share"]) for one in parts}
        assert sum(by_code.values()) == pytest.approx(1, abs=4e-4)
        assert point.county_share is not None
        assert by_code[point.county_code or ""] == pytest.approx(point.county_share, abs=1e-4)
        ours = {one["code"] for one in parts if not one.get("outside")}
        assert ours <= {point.county_code, *point.neighbours.get("county", ())}
        shared += len(by_code) > 1
        assert found[point.fire_point_id]["border_distance_m"] == f"{point.border_distance_m:.1f}"
    assert shared > 3


def test_every_other_set_answers_with_its_status(world: World) -> None:
    with world.store.writer("test", "sets") as writer:
        number = writer.insert(
            BoundarySet, name="old", version=7, level="county", status="sample", accuracy_m=0.0, datum="cgcs2000",
            source="t", content_hash="h", source_sha256=None, replaces_id=None,
            valid_from=None, valid_to=dt.date(2000, 1, 1),
        )  # fmt: skip
        writer.insert(
            BoundaryUnit, set_id=number, code="220122", name="农安县", parent_code=None, unit_id=None,
            geom=MultiPolygon([box(LON - 1, LAT - 1, LON + 1, LAT + 1)]),
        )  # fmt: skip
    world.ingest(world.feed("day.csv", [fire(NOON)]))
    world.assess()
    (one,) = told(world).values()
    old = next(answer for answer in one["other_sets"] if answer["set"] == "old")
    assert old == {
        "set": "old", "version": "7", "status": "sample", "county_code": "220122", "county": "农安县",
    }  # fmt: skip
    with world.store.reader() as reader:
        sets = reader.rows(sa.select(BoundarySet.id).where(BoundarySet.level == "county"))
    assert len(one["other_sets"]) == len(sets) - 1


def test_the_nearest_heat_source_is_one_on_record_before_the_overpass(world: World) -> None:
    past = at("2023-10-29 04:30")
    world.ingest(world.feed("day.csv", [fire(NOON), fire(past)]))
    world.assess()
    table = (
        "编号,名称,类别,经度,纬度,半径,来源,截止日期\n"
        f"NEAR,砖厂,砖窑,{LON + 0.002},{LAT},100,台账,2050-01-01\n"
        f"H1,热电厂,电厂,{LON + 0.005},{LAT},500,台账,\nH2,水泥厂,水泥,{LON + 0.1},{LAT},500,台账,\n"
    )
    load_heat_source_file(
        world.store, table.encode(), file="h.csv", datum="cgcs2000", status="reference", actor="test"
    )
    by_day = {point.fire_day.year: told(world)[point.fire_point_id] for point in world.points()}
    assert by_day[2023]["heat_source"] is None
    assert by_day[2090]["heat_source"] == {
        "code": "H1", "name": "热电厂", "kind": "电厂", "distance_m": "395", "within": True,
    }  # fmt: skip


def test_shares_against_areas_measured_one_by_one() -> None:
    layer = Layer(["a", "b", "c"], [box(124, 43, 125, 44), box(125, 43, 126, 44), box(124, 44, 126, 45)])
    dice = np.random.default_rng(7)
    lon, lat = 125 + dice.normal(0, 0.004, 200), 44 + dice.normal(0, 0.004, 200)
    scan, track = dice.uniform(300, 900, 200), dice.uniform(300, 900, 200)
    pixels = rectangles(lon, lat, scan, track)
    for pixel, found in zip(pixels, footprint_shares(layer, lon, lat, scan, track), strict=True):
        for share, index in found:
            assert share == pytest.approx(pixel.intersection(layer.geometries[index]).area / pixel.area)
        assert sum(share for share, _ in found) == pytest.approx(1)
        assert [share for share, _ in found] == sorted((share for share, _ in found), reverse=True)
