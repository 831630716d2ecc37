"""Only what changed is done again, with the same result as from scratch."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa
from shapely.geometry import box

from boundaries.builtin import builtin
from boundaries.model import BoundarySet
from gis.cluster import ClusterParams
from gis.errors import RefusedInputError
from gis.types import Level
from service.billing.context import contexts
from service.pipeline.assess import assess
from service.pipeline.boundary_store import store_set, use_set
from service.pipeline.load_grid import load_grid_file
from service.pipeline.load_units import load_units
from service.pipeline.pending import pending
from service.pipeline.states import live_states
from service.reads import fire_points, resolve_id
from service.scope import whole
from service.store import Store
from service.store.models import Clustering, DetectionState, FirePoint, Revision
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.test_histories import products
from tests.service.pipeline.world import World, picture, ready
from tests.shared import DATA

FIRE = Row(at("2023-10-29 04:30"), "126.55000", "44.85000")
NEXT_DAY = FIRE.moved(0, 0, 24 * 60)


def _pin(world: World, version: str, start: str, **params: object) -> None:
    with world.store.writer("test", "cluster") as writer:
        writer.insert(
            Clustering,
            version=version,
            from_date=dt.date.fromisoformat(start),
            params=ClusterParams(**params).as_dict(),  # type: ignore[arg-type]
            reason="test",
        )


def _grid(world: World, code: str, east: float, parent: str | None = None) -> None:
    ring = [[126.4, 44.8], [east, 44.8], [east, 44.9], [126.4, 44.9], [126.4, 44.8]]
    feature = {
        "type": "Feature",
        "properties": {"code": code, "name": f"网格{code}", "level": "township", "parent": parent},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    data = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    load_grid_file(
        world.store, data, file="g.geojson", name="g", status="sample", datum="cgcs2000", actor="test"
    )


def test_only_the_day_that_changed_is_done_again(world: World) -> None:
    world.ingest(world.feed("two.csv", [FIRE, NEXT_DAY]))
    assert world.assess().redone == ("2023-10-29", "2023-10-30")
    world.ingest(world.feed("late.csv", [FIRE.moved(5000, 0, 3)]))
    report = world.assess()
    assert report.redone == ("2023-10-29",)
    assert (report.begun, report.ended) == (1, 0), "the neighbour's row is not written again"
    assert not world.assess().redone


def test_a_stretch_of_days_can_be_assessed_alone(world: World) -> None:
    world.ingest(world.feed("two.csv", [FIRE, NEXT_DAY]))
    day = dt.date(2023, 10, 30)
    assert assess(world.store, actor="test", start=day, end=day).redone == ("2023-10-30",)
    assert [point.fire_day for point in world.points()] == [day]
    assert world.assess().redone == ("2023-10-29",)
    assert len(world.points()) == 2


def test_an_assessment_is_one_revision_and_nothing_new_is_none(world: World) -> None:
    world.ingest(world.feed("two.csv", [FIRE, NEXT_DAY]))
    before = world.revision
    world.assess()
    assert world.revision == before + 1
    world.assess()
    assert world.revision == before + 1
    with world.store.reader() as reader:
        last = reader.rows(sa.select(Revision.command).order_by(Revision.id.desc()).limit(1))
    assert last[0].command == "assess"


def test_without_layers_the_refusal_names_the_next_step(store: Store) -> None:
    with pytest.raises(RefusedInputError) as refused:
        assess(store, actor="test")
    assert refused.value.code == "no_service_area"
    assert "load boundaries" in refused.value.en


def test_a_new_layer_redoes_the_days_it_holds_for_and_an_old_read_keeps_the_old_one(world: World) -> None:
    world.ingest(world.feed("day.csv", [FIRE]))
    world.assess()
    before = world.revision
    _grid(world, "220182100", 126.7)
    assert world.assess().redone == ("2023-10-29",)
    (point,) = world.points()
    assert (point.grid_code, point.township_code) == ("220182100", "220182100")
    assert point.layers["grid"]["status"] == "sample"
    with world.store.reader(before) as reader:
        (old,) = fire_points(reader, whole("test"))
    assert old.grid_code is None
    assert "grid" not in old.layers


def test_other_county_lines_give_the_same_as_from_scratch(
    world: World, store_home: str, new_store_url: Callable[..., str], tmp_path: Path
) -> None:
    """A county without one of its neighbours: points move, ids stay, and nothing depends on the way there."""
    counties = builtin(Level.COUNTY, province="220000")
    fewer = BoundarySet(
        name="fewer",
        version="1",
        level=counties.level,
        status=counties.status,
        accuracy_m=counties.accuracy_m,
        source="test",
        datum=counties.datum,
        units=tuple(unit for unit in counties.units if unit.code != "220581"),
    )

    def put_in_force(one: World) -> None:
        with one.store.writer("test", "boundaries.use") as writer:
            stored = store_set(writer, fewer)
            use_set(writer, stored.set_id, "county", dt.date(2023, 10, 29))

    path = world.feed("day.csv", products()["nrt"])
    world.ingest(path)
    world.assess()
    ids = {point.fire_point_id for point in world.points()}
    put_in_force(world)
    assert "2023-10-28" not in world.assess().redone
    with ready(store_home, new_store_url, tmp_path / "scratch") as other:
        put_in_force(other)
        other.ingest(path)
        other.assess()
        assert picture(world.store) == picture(other.store)
    assert {point.fire_point_id for point in world.points()} == ids
    assert not any(point.county_code == "220581" for point in world.points(start=dt.date(2023, 10, 29)))
    assert any(point.county_code == "220581" for point in world.points(end=dt.date(2023, 10, 28)))


@pytest.mark.parametrize(
    "pinned",
    [
        {"cut": "17:00"},
        {"distance_m": 400, "max_extent_m": 900},
        {"distance_m": 2000, "max_extent_m": 6000},
        {"gap_minutes": 5},
    ],
)
def test_a_pinned_clustering_gives_the_same_as_from_scratch(
    world: World,
    store_home: str,
    new_store_url: Callable[..., str],
    tmp_path: Path,
    pinned: dict[str, object],
) -> None:
    path = world.feed("day.csv", products()["nrt"])
    world.ingest(path)
    world.assess()
    issued = {point.fire_point_id for point in world.points()}
    _pin(world, "v2", "2023-10-29", **pinned)
    world.assess()
    with ready(store_home, new_store_url, tmp_path / "scratch") as other:
        _pin(other, "v2", "2023-10-29", **pinned)
        other.ingest(path)
        other.assess()
        assert picture(world.store) == picture(other.store)
    points = world.points()
    assert sum(point.pixels for point in points) == len(products()["nrt"])
    assert {(point.fire_day >= dt.date(2023, 10, 29), point.clustering) for point in points} == {
        (False, "v1"),
        (True, "v2"),
    }
    with world.store.reader() as reader:
        live = {point.fire_point_id for point in points}
        assert all(resolve_id(reader, name) in live for name in issued)
        assert len(reader.rows(sa.select(FirePoint.id))) >= len(live)


def test_a_later_cut_moves_the_evening_to_the_next_list(world: World) -> None:
    evening = Row(at("2023-10-29 10:00"), "126.55000", "44.85000")
    world.ingest(world.feed("day.csv", [evening, FIRE.moved(4000, 0, 0)]))
    world.assess()
    assert {point.fire_day for point in world.points()} == {dt.date(2023, 10, 29)}
    ids = {(point.lon, point.fire_point_id) for point in world.points()}
    _pin(world, "v2", "2023-10-20", cut="17:00")
    world.assess()
    days = {point.lon: (point.fire_day, point.cut) for point in world.points()}
    assert days[126.55] == (dt.date(2023, 10, 30), "17:00")
    assert sorted(day for day, _ in days.values()) == [dt.date(2023, 10, 29), dt.date(2023, 10, 30)]
    assert {(point.lon, point.fire_point_id) for point in world.points()} == ids, "a moved day keeps its ids"


def test_the_footprint_of_a_fire_point_is_the_union_of_its_pixels(world: World) -> None:
    """The line between two counties runs past the representative; only another pixel of the fire reaches over it."""
    counties = builtin(Level.COUNTY, province="220000")
    west, east = (next(unit for unit in counties.units if unit.code == code) for code in ("220182", "220122"))
    halves = {west.code: box(126.0, 44.5, 126.5564, 45.2), east.code: box(126.5564, 44.5, 127.2, 45.2)}
    drawn = tuple(replace(unit, geometry=halves[unit.code]) for unit in (west, east))
    with world.store.writer("test", "boundaries.use") as writer:
        stored = store_set(writer, replace(counties, name="drawn", accuracy_m=0.0, units=drawn))
        use_set(writer, stored.set_id, "county", dt.date(2023, 1, 1))
    world.ingest(world.feed("day.csv", [FIRE, FIRE.moved(400, 0, 1)]))
    world.assess()
    (point,) = world.points()
    assert (point.pixels, point.county_code) == (2, "220182")
    assert point.boundary_case["county"]
    assert point.neighbours["county"] == ["220122"]
    # Two pixels of 400 m in a row, side by side: 800 m, the line about 505 m east of the first centre.
    assert point.county_share == pytest.approx((200 + 505) / 800, abs=0.01)
    with world.store.reader() as reader:
        told = contexts(reader, {row.fire_point_id: row for row in live_states(reader)})[point.fire_point_id]
    shares = {one["code"]: float(one["share"]) for one in told["shares"]}
    assert shares["220182"] == pytest.approx(point.county_share, abs=1e-4)
    assert sum(shares.values()) == pytest.approx(1, abs=2e-4)


def test_what_lies_beyond_the_province_is_named(world: World) -> None:
    """A pixel on the line to the next province: the neighbour has the rest; a set without neighbours leaves it open."""
    lon, lat = _on_the_province_line()
    world.ingest(world.feed("day.csv", [Row(at("2023-10-29 04:30"), f"{lon:.5f}", f"{lat:.5f}")]))
    world.assess()
    with world.store.reader() as reader:
        rows = {row.fire_point_id: row for row in live_states(reader)}
        ((name, told),) = contexts(reader, rows).items()
    beyond = [one for one in told["shares"] if one.get("outside")]
    assert beyond
    assert all(not one["code"].startswith("22") for one in beyond)
    assert sum(float(one["share"]) for one in told["shares"]) == pytest.approx(1, abs=3e-4)
    own = [float(one["share"]) for one in told["shares"] if one["code"] == rows[name].county_code]
    assert own == [pytest.approx(rows[name].county_share, abs=1e-4)]


def _on_the_province_line() -> tuple[float, float]:
    """Return a place 100 m inside the province's land border to Liaoning."""
    outline = builtin(Level.PROVINCE, province="220000").units[0].geometry
    line = shapely.intersection(outline.boundary, box(123.5, 42.5, 124.5, 43.5))
    place = shapely.line_interpolate_point(shapely.get_parts(line)[0], 0.5, normalized=True)
    inside = shapely.intersection(outline, place.buffer(0.0012))
    near = inside.representative_point()
    return float(near.x), float(near.y)


def test_a_cell_of_another_county_than_the_ground_goes_to_a_person(world: World) -> None:
    world.ingest(world.feed("day.csv", [FIRE]))
    _grid(world, "G1", 126.7, parent="220122")
    world.assess()
    (point,) = world.points()
    assert (point.county_code, point.grid_code) == ("220182", "G1")
    assert {"code": "grid_boundary_disagree", "grid": "G1", "counties": ["220122"]} in point.reasons
    with world.store.reader() as reader:
        assert "grid_boundary_disagree" in [case.what for case in pending(reader, whole("test"))]
    _grid(world, "G1", 126.7, parent="220182")
    world.assess()
    (point,) = world.points()
    assert point.grid_code == "G1"
    assert not any(one["code"] == "grid_boundary_disagree" for one in point.reasons)


def test_a_township_registered_after_its_polygon_scopes_its_pixels_too(world: World) -> None:
    """The lists of townships may come after their polygons: whoever sees the fire point sees its pixels."""
    counties = builtin(Level.COUNTY, province="220000")
    county = next(unit for unit in counties.units if unit.code == "220182")
    drawn = replace(county, code="220182001", name="华昌街道", geometry=box(126.4, 44.7, 126.7, 45.0))
    townships = replace(counties, name="townships", level=Level.TOWNSHIP, units=(drawn,))
    with world.store.writer("test", "boundaries.use") as writer:
        use_set(writer, store_set(writer, townships).set_id, "township", dt.date(2023, 1, 1))
    streets = DATA / "codes" / "china_division_2.7.0_stats2023_jilin_streets.csv"
    load_units(world.store, [streets], archive=world.archive, actor="test")
    world.ingest(world.feed("day.csv", [FIRE]))
    world.assess()
    with world.store.reader() as reader:
        (state,) = live_states(reader)
        (pixel,) = reader.rows(sa.select(DetectionState.township_unit_id).where(reader.live(DetectionState)))
    assert state.township_code == "220182001"
    assert pixel.township_unit_id == state.township_unit_id is not None
