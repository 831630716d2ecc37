"""Instants, the Beijing civil date and the fire day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis import times

CUTS = st.sampled_from(["00:00", "17:00"]) | st.times().map(lambda t: t.strftime("%H:%M"))
INSTANTS = st.datetimes(
    dt.datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    dt.datetime(2039, 12, 31),  # noqa: DTZ001
    timezones=st.timezones() | st.just(dt.UTC),
)
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2039, 12, 31))


def beijing(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text + "+08:00")


@pytest.mark.parametrize(
    ("moment", "at_midnight", "at_17"),
    [
        ("2023-10-28T16:59:00", "2023-10-28", "2023-10-28"),
        ("2023-10-28T17:00:00", "2023-10-28", "2023-10-29"),
        ("2023-10-28T23:59:00", "2023-10-28", "2023-10-29"),
        ("2023-10-29T00:00:00", "2023-10-29", "2023-10-29"),
        ("2023-10-29T12:51:00", "2023-10-29", "2023-10-29"),
        ("2023-10-29T16:59:59", "2023-10-29", "2023-10-29"),
        ("2023-10-29T17:00:00", "2023-10-29", "2023-10-30"),
        ("2023-12-31T17:00:00", "2023-12-31", "2024-01-01"),
        ("2024-02-28T17:30:00", "2024-02-28", "2024-02-29"),
    ],
)
def test_the_fire_day_at_its_boundaries(moment: str, at_midnight: str, at_17: str) -> None:
    assert times.fire_day(beijing(moment)).isoformat() == at_midnight
    assert times.fire_day(beijing(moment), "17:00").isoformat() == at_17


def test_a_day_of_the_real_feed_is_a_beijing_day_not_a_utc_day() -> None:
    night = dt.datetime(2023, 10, 28, 17, 20, tzinfo=dt.UTC)
    assert night.date() == dt.date(2023, 10, 28)
    assert times.beijing_date(night) == times.fire_day(night) == dt.date(2023, 10, 29)


@given(INSTANTS, CUTS)
def test_every_instant_is_in_exactly_its_own_day(instant: dt.datetime, cut: str) -> None:
    day = times.fire_day(instant, cut)
    start, end = times.fire_day_bounds(day, cut)
    assert start <= instant < end
    assert end - start == dt.timedelta(days=1)
    assert end == times.fire_day_bounds(day + dt.timedelta(days=1), cut)[0]


@given(INSTANTS)
def test_with_a_cut_at_midnight_the_fire_day_is_the_beijing_date(instant: dt.datetime) -> None:
    assert (
        times.fire_day(instant)
        == times.beijing_date(instant)
        == (instant.astimezone(ZoneInfo("Asia/Shanghai")).date())
    )


@given(DAYS, CUTS)
def test_a_fire_day_ends_at_the_cut_of_its_own_date(day: dt.date, cut: str) -> None:
    start, end = times.fire_day_bounds(day, cut)
    local = end.astimezone(times.BEIJING)
    assert local.strftime("%H:%M") == cut
    assert local.date() == (day + dt.timedelta(days=1) if cut == "00:00" else day)
    assert start.utcoffset() == dt.timedelta(0)


@given(st.lists(INSTANTS, max_size=30), CUTS)
def test_the_vector_says_what_the_scalar_says(instants: list[dt.datetime], cut: str) -> None:
    minutes = np.array([times.minutes_of(one) for one in instants], dtype=np.int64)
    numbers = times.fire_day_numbers(minutes, cut)
    assert [times.day_of(n) for n in numbers] == [times.fire_day(one, cut) for one in instants]


@given(INSTANTS)
def test_minutes_and_back_drop_seconds_only(instant: dt.datetime) -> None:
    whole = times.instant_of(times.minutes_of(instant))
    assert whole.tzinfo is dt.UTC
    assert dt.timedelta(0) <= instant - whole < dt.timedelta(minutes=1)


@given(DAYS)
def test_day_numbers_count_from_1970(day: dt.date) -> None:
    assert times.day_number(day) == (day - dt.date(1970, 1, 1)).days
    assert times.day_of(times.day_number(day)) == day


@pytest.mark.parametrize(
    "function",
    [
        times.require_aware,
        times.to_beijing,
        times.beijing_date,
        times.minutes_of,
        times.fire_day,
        times.iso_utc,
        times.iso_beijing,
    ],
)
def test_a_naive_datetime_is_refused_everywhere(function: Callable[[dt.datetime], Any]) -> None:
    with pytest.raises(ValueError, match="naive"):
        function(dt.datetime(2023, 10, 29, 12, 51))  # noqa: DTZ001


def test_a_zone_without_an_offset_is_naive_too() -> None:
    class Silent(dt.tzinfo):
        def utcoffset(self, _moment: dt.datetime | None) -> None:
            return None

    with pytest.raises(ValueError, match="naive"):
        times.require_aware(dt.datetime(2023, 10, 29, tzinfo=Silent()))


@pytest.mark.parametrize("cut", ["", "17", "17:00:00", "24:00", "25:00", "17:60", "-1:00", "１７:00", "5 pm"])
def test_a_cut_that_is_no_clock_time_is_refused(cut: str) -> None:
    with pytest.raises(ValueError, match="clock"):
        times.cut_minutes(cut)


def test_texts_name_their_zone() -> None:
    moment = dt.datetime(2023, 10, 29, 4, 51, tzinfo=dt.UTC)
    assert times.iso_utc(moment) == "2023-10-29T04:51:00Z"
    assert times.iso_beijing(moment) == "2023-10-29T12:51:00+08:00"
