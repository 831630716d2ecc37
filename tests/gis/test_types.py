"""Value objects: dated validity, boxes, the mark 非正式."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.types import BBox, DataStatus, Level, LonLat, Screen, Validity, any_informal

DAYS = st.dates(dt.date(2015, 1, 1), dt.date(2015, 1, 20))
ENDS = st.none() | DAYS


def validity(start: dt.date | None, end: dt.date | None) -> Validity:
    if start and end and end < start:
        start, end = end, start
    return Validity(start, end)


def test_both_ends_belong_to_a_validity() -> None:
    season = Validity(dt.date(2023, 10, 1), dt.date(2023, 11, 30))
    assert season.holds(dt.date(2023, 10, 1))
    assert season.holds(dt.date(2023, 11, 30))
    assert not season.holds(dt.date(2023, 9, 30))
    assert not season.holds(dt.date(2023, 12, 1))


def test_a_single_day_is_a_validity_and_a_reversed_one_is_not() -> None:
    day = dt.date(2023, 10, 29)
    assert Validity(day, day).holds(day)
    with pytest.raises(ValueError, match=r"2023-10-28.*2023-10-29"):
        Validity(day, dt.date(2023, 10, 28))


@given(ENDS, ENDS, DAYS)
def test_open_ends_hold_for_ever(start: dt.date | None, end: dt.date | None, day: dt.date) -> None:
    fact = validity(start, end)
    low, high = fact.start or dt.date.min, fact.end or dt.date.max
    assert fact.holds(day) == (low <= day <= high)


@given(ENDS, ENDS, ENDS, ENDS)
def test_overlap_means_a_common_day(
    a: dt.date | None, b: dt.date | None, c: dt.date | None, d: dt.date | None
) -> None:
    one, other = validity(a, b), validity(c, d)
    span = [dt.date(2014, 12, 1) + dt.timedelta(days=n) for n in range(90)]
    common = any(one.holds(day) and other.holds(day) for day in span)
    assert one.overlaps(other) == other.overlaps(one) == common


def test_anything_but_official_marks_what_used_it() -> None:
    assert not any_informal([])
    assert not any_informal([DataStatus.OFFICIAL, "official"])
    for status in ("reference", "sample", "synthetic"):
        assert any_informal(["official", status])


def test_an_unknown_status_is_not_taken_for_official() -> None:
    with pytest.raises(ValueError, match="oficial"):
        any_informal(["oficial"])


def test_axis_order_is_lon_lat() -> None:
    place = LonLat(126.5, 43.8)
    assert (place.lon, place.lat) == (126.5, 43.8)
    assert BBox(121, 40, 132, 47).grown(1, 0.5) == BBox(120, 39.5, 133, 47.5)


def test_the_closed_lists_hold_the_words_of_the_design() -> None:
    assert [level.value for level in Level] == ["province", "city", "county", "township", "village", "hamlet"]
    assert set(Screen) == {
        "counted",
        "outside",
        "not_cropland",
        "fixed_heat_source",
        "low_confidence",
        "duplicate",
        "planned_burn",
        "out_of_season",
        "restricted_within_plan",
        "zone_unknown",
        "denied",
        "other",
    }
