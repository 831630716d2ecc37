"""The zone that speaks for a place is the strictest of its day, and doubt is told wherever another would speak."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box, mapping

from boundaries.builtin import builtin
from gis.footprint import Pixels
from gis.times import BEIJING
from gis.types import Level, Validity
from grids.registerfile import builtin_register_file
from service.pipeline.attribute import Names
from service.pipeline.layers_store import ZoneEntry, ZoneLayer
from service.pipeline.load_grid import load_grid_file
from service.pipeline.load_zones import load_zone_file
from service.pipeline.pending import pending
from service.pipeline.zoning import Asked, Zoned, zones_at
from service.scope import whole
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.world import World

LON, LAT = 126.55, 44.85
"""In 榆树 (220182), far from every county line."""

DAY = dt.date(2019, 10, 29)
BEFORE = dt.datetime(2018, 1, 1, tzinfo=BEIJING)
ROW = 100 / 111_200
"""A hundred metres from north to south, in degrees."""


def names() -> Names:
    file = builtin_register_file()
    return Names(file.register(), {unit.uid: number for number, unit in enumerate(file.units, 1)})


def entry(
    kind: str,
    ground: Any = None,
    units: Sequence[str] = (),
    days: tuple[dt.date | None, dt.date | None] = (None, None),
    code: str | None = None,
) -> ZoneEntry:
    return ZoneEntry(code or kind, kind, kind, Validity(*days), tuple(units), ground, BEFORE, "zones")


def zoned(
    entries: Iterable[ZoneEntry],
    codes: Sequence[str] = ("220182",),
    beside: dict[str, list[str]] | None = None,
    accuracy_m: float = 0.0,
    day: dt.date = DAY,
) -> Zoned:
    """Ask for one pixel of 400 m."""
    size = np.array([400.0])
    lon, lat = np.array([LON]), np.array([LAT])
    pixels = Pixels(lon, lat, size, size, np.array([0]))
    asked = [Asked(tuple(codes), day, day, beside or {})]
    (found,) = zones_at(ZoneLayer((), tuple(entries), accuracy_m), names(), lon, lat, pixels, asked)
    return found


def kind_of(found: Zoned) -> str | None:
    return None if found.zone is None else found.zone.kind


def around(south: float = 100.0, north: float = 100.0) -> Any:
    """Return a zone that reaches so many hundred metres south and north of the place, and far to the sides."""
    return box(LON - 0.2, LAT - south * ROW, LON + 0.2, LAT + north * ROW)


def north_of(hundred_metres: float) -> Any:
    return box(LON - 0.1, LAT + hundred_metres * ROW, LON + 0.1, LAT + 0.05)


def test_a_list_that_is_over_hides_none_that_holds() -> None:
    over = entry("ban", units=["220182"], days=(None, dt.date(2018, 12, 31)))
    coming = entry("belt_1km", units=["220182"], days=(dt.date(2020, 1, 1), None))
    assert kind_of(zoned([over, coming, entry("restricted", units=["220182"])])) == "restricted"
    assert kind_of(zoned([over, coming])) is None


@pytest.mark.parametrize("drawn", ["ban", "restricted"])
def test_the_strictest_speaks_whether_it_is_drawn_or_listed(drawn: str) -> None:
    listed = "restricted" if drawn == "ban" else "ban"
    assert kind_of(zoned([entry(drawn, around()), entry(listed, units=["220182"])])) == "ban"


@pytest.mark.parametrize("named", ["220381", "220184"])
@pytest.mark.parametrize("day", [DAY, dt.date(2023, 10, 29)])
def test_a_list_names_a_county_by_any_code_it_had(named: str, day: dt.date) -> None:
    """公主岭 moved from Siping to Changchun in 2020; a list of before is a list of it still."""
    own = "220381" if day == DAY else "220184"
    assert kind_of(zoned([entry("ban", units=[named])], (own,), day=day)) == "ban"
    lists = [entry("ban", units=[named]), entry("restricted", units=["220182"])]
    assert zoned(lists, ("220182",), {"county": [own]}, day=day).doubt
    both = entry("restricted", units=["220182", named])
    assert not zoned([both], ("220182",), {"county": [own]}, day=day).doubt


def test_a_drawn_zone_that_names_its_township_is_no_list_of_it() -> None:
    """Exports of a GIS carry the township's code beside the ground: a town's ban area is not its whole township."""
    here = ("220182100", "220182")
    ban = entry("ban", north_of(20), units=["220182100"])
    found = zoned([ban, entry("restricted", around(north=15), units=["220182100"])], here)
    assert (kind_of(found), found.doubt) == ("restricted", False)
    assert zoned([ban], here).zone is None


def test_a_pixel_that_reaches_a_stricter_zone_drawn_on_top_is_in_doubt() -> None:
    """Far from the border of its own zone, 150 m from that of a town's ban area inside it."""
    found = zoned([entry("restricted", around()), entry("ban", north_of(1.5))])
    assert (kind_of(found), found.doubt) == ("restricted", True)
    assert not zoned([entry("restricted", around()), entry("ban", north_of(2.5))]).doubt
    assert zoned([entry("restricted", around()), entry("ban", north_of(2.5))], accuracy_m=100).doubt


def test_a_belt_through_a_ban_area_leaves_no_doubt_in_it() -> None:
    found = zoned([entry("ban", around()), entry("belt_1km", north_of(1.5))])
    assert (kind_of(found), found.doubt) == ("ban", False)


def test_a_pixel_that_leaves_its_zone_is_in_doubt() -> None:
    assert zoned([entry("ban", around(north=1.5))]).doubt
    assert not zoned([entry("ban", around(north=2.5))]).doubt
    assert zoned([entry("ban", north_of(1.5))]).doubt, "nothing speaks at the centre, a ban at the edge"


def test_two_drawn_zones_of_one_kind_are_two_and_a_listed_one_is_the_same_ban() -> None:
    beside = entry("ban", north_of(1.5), code="other")
    assert zoned([entry("ban", around(north=1.5)), beside]).doubt
    assert not zoned([entry("ban", units=["220182"], code="list"), beside]).doubt


def test_zones_of_another_day_make_no_doubt_and_take_none_away() -> None:
    over = (None, DAY - dt.timedelta(days=1))
    assert not zoned([entry("restricted", around()), entry("ban", north_of(1.5), days=over)]).doubt
    found = zoned([entry("ban", around(), days=over), entry("restricted", around(north=1.5))])
    assert (kind_of(found), found.doubt) == ("restricted", True)


def test_where_zones_are_lists_the_lines_between_their_units_are_edges() -> None:
    ban, restricted = entry("ban", units=["220182100"]), entry("restricted", units=["220182"])
    here = ("220182200", "220182")
    assert zoned([ban, restricted], here, {"township": ["220182100"]}).doubt
    assert not zoned([restricted], here, {"township": ["220182100"]}).doubt
    assert not zoned([ban, restricted], here, {"village": ["220182200003"]}).doubt
    assert zoned([restricted], ("220182",), {"county": ["220122"]}).doubt, "no zone on the other side"
    both = entry("restricted", units=["220182", "220122"])
    assert not zoned([both], ("220182",), {"county": ["220122"]}).doubt
    own, other = ("222426999", "222426"), entry("ban", units=["220122"])
    beside = {"county": ["220122"], "township": ["222426120"]}
    here_too = entry("restricted", units=["222426"])
    assert zoned([other, here_too], own, beside).doubt, "townships are known of the own county alone"
    assert not zoned([here_too, entry("restricted", units=["220122"])], own, beside).doubt
    covered = entry("ban", around(), code="drawn")
    assert not zoned([covered, ban, restricted], here, {"township": ["220182100"]}).doubt


# --- through the store -----------------------------------------------------------------------------------------------


FIRE = Row(at("2019-10-29 04:30"), f"{LON:.5f}", f"{LAT:.5f}")


def grid(world: World, *cells: tuple[str, str, str | None, Any], accuracy_m: float = 0.0) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": f"网格{code}", "level": level, "parent": parent},
            "geometry": None if ground is None else mapping(ground),
        }
        for code, level, parent, ground in cells
    ]
    load_grid_file(
        world.store,
        json.dumps({"type": "FeatureCollection", "features": features}).encode(),
        file="g.geojson",
        name="g",
        status="sample",
        datum="cgcs2000",
        accuracy_m=accuracy_m,
        actor="test",
    )


def townships(world: World) -> None:
    """Two townships of two villages each: the line between the first two villages runs 150 m north of the place."""
    south, middle, north = LAT - 0.05, LAT + 1.5 * ROW, LAT + 0.05
    halves = (box(LON - 0.1, south, LON + 0.1, middle), box(LON - 0.1, middle, LON + 0.1, north))
    cells: list[tuple[str, str, str | None, Any]] = []
    for code, ground in zip(("220182100", "220182200"), halves, strict=True):
        cells += [(code, "township", None, ground), (f"{code}001", "village", code, ground)]
    grid(world, *cells)


def test_a_pixel_in_two_villages_of_two_townships_is_a_case_of_both_levels(world: World) -> None:
    townships(world)
    world.ingest(world.feed("day.csv", [FIRE, FIRE.moved(0, -2000, 1)]))
    world.assess()
    deep, near = sorted(world.points(), key=lambda point: point.lat)
    assert near.grid_code == "220182100001"
    assert (near.boundary_case["village"], near.boundary_case["township"]) == (True, True)
    assert near.neighbours == {"village": ["220182200001"], "township": ["220182200"]}
    assert deep.boundary_case == {"county": False, "village": False, "township": False}


def test_a_published_list_of_ban_townships_puts_the_pixels_between_them_in_the_queue(world: World) -> None:
    townships(world)
    table = "名称,类别,乡镇代码\n禁烧乡镇,禁烧区,220182200\n限烧乡镇,限烧区,220182100\n".encode()
    load_zone_file(world.store, table, file="z.csv", name="z", status="sample", actor="test")
    world.ingest(world.feed("day.csv", [FIRE, FIRE.moved(0, -2000, 1)]))
    world.assess()
    deep, near = sorted(world.points(), key=lambda point: point.lat)
    assert {deep.zone, near.zone} == {"限烧乡镇"}
    assert (deep.boundary_case["zone"], near.boundary_case["zone"]) == (False, True)
    with world.store.reader() as reader:
        waiting = [
            case.fire_point_id for case in pending(reader, whole("test")) if case.what == "boundary_zone"
        ]
    assert waiting == [near.fire_point_id]


def test_the_grids_own_county_takes_no_doubt_about_the_payer_away(world: World) -> None:
    county = next(unit for unit in builtin(Level.COUNTY, province="220000").units if unit.code == "220182")
    edge = county.geometry.boundary.interpolate(0.3, normalized=True)
    fire = replace(FIRE, lon=f"{edge.x:.5f}", lat=f"{edge.y:.5f}")
    grid(world, ("220182", "county", None, box(edge.x - 0.3, edge.y - 0.3, edge.x + 0.3, edge.y + 0.3)))
    world.ingest(world.feed("day.csv", [fire]))
    world.assess()
    (point,) = world.points(screen=("counted", "outside"))
    assert point.grid_code == "220182"
    assert point.boundary_case["county"]
