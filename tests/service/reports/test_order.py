from __future__ import annotations

import datetime as dt
import random

from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from service.reports.model import FireListRow
from service.reports.order import RECURRENCE_M, EarlierPlace, in_patrol_order, recurring_places
from tests.service.reports.lists import a_row, at

PLAIN = {"boundary_case": {"county": False}}
GEOD = Geod(ellps="GRS80")


def test_unverified_then_boundary_then_recurring_then_place_then_time() -> None:
    wanted = [
        a_row("doubt", boundary_case={"township": True}, county_code="220999"),
        a_row("again", **PLAIN, county_code="220999"),
        a_row("a", **PLAIN, county_code="220102", township_code="220102002"),
        a_row("c", **PLAIN, county_code="220122", township_code="220122101", first_seen=at(2)),
        a_row("b", **PLAIN, county_code="220122", township_code="220122101", first_seen=at(13)),
        a_row("no township", **PLAIN, county_code="220122", township_code=None, first_seen=at(1)),
        a_row("no county", **PLAIN, county_code=None, township_code=None, first_seen=at(1)),
        a_row("seen", boundary_case={"county": True}, county_code="220102", status="confirmed"),
        a_row("gone", boundary_case={"county": True}, county_code="220102", change="withdrawn"),
    ]
    mixed = wanted.copy()
    random.Random(3).shuffle(mixed)  # noqa: S311 - a test
    assert [row.fire_point_id for row in in_patrol_order(mixed, {"again": {}})] == [
        row.fire_point_id for row in wanted
    ]


@settings(max_examples=30)
@given(st.permutations([a_row(f"fp{n}", first_seen=at(n % 3), **PLAIN) for n in range(8)]))
def test_the_order_is_total(rows: list[FireListRow]) -> None:
    assert in_patrol_order(rows, {}) == in_patrol_order(rows[::-1], {})


def test_a_place_recurs_within_500_m_and_names_the_nearest_and_the_days() -> None:
    here = a_row("here", lon=125.0, lat=44.0)
    elsewhere = a_row("elsewhere", lon=129.0, lat=41.5)

    def place(name: str, azimuth: float, metres: float, day: int) -> EarlierPlace:
        lon, lat, _ = GEOD.fwd(125.0, 44.0, azimuth, metres)
        return EarlierPlace(name, dt.date(2023, 10, day), lon, lat)

    found = recurring_places(
        [here, elsewhere],
        [place("p1", 90, 480, 3), place("p2", 0, 200, 5), place("p3", 200, 300, 5), place("far", 90, 520, 7)],
    )
    assert set(found) == {"here"}
    assert found["here"]["fire_point_id"] == "p2"
    assert found["here"]["fire_day"] == "2023-10-05"
    assert abs(found["here"]["distance_m"] - 200) < 1
    assert found["here"]["days"] == 2


@settings(max_examples=40)
@given(
    st.floats(122, 131),
    st.floats(41, 46),
    st.floats(0, 360),
    st.floats(0, 1000).filter(lambda metres: abs(metres - RECURRENCE_M) > 5),
)
def test_the_distance_holds_anywhere_in_the_province(
    lon: float, lat: float, azimuth: float, metres: float
) -> None:
    there_lon, there_lat, _ = GEOD.fwd(lon, lat, azimuth, metres)
    found = recurring_places(
        [a_row("x", lon=lon, lat=lat), a_row("y", lon=126.5, lat=43.5)],
        [EarlierPlace("old", dt.date(2023, 10, 1), there_lon, there_lat)],
    )
    assert ("x" in found) is (metres < RECURRENCE_M)


def test_nothing_earlier_is_nothing_recurring() -> None:
    assert recurring_places([a_row()], []) == {}
    assert recurring_places([], [EarlierPlace("old", dt.date(2023, 10, 1), 125, 44)]) == {}
