"""Rates, changes and intensities are exact and rounded half up; days are told in stretches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.billing.observation import stretches
from service.billing.standing import change, intensity, rate
from service.billing.tally import OUTCOMES, Point, Tally

DAY = dt.date(2023, 10, 1)


def half_up(value: Fraction, digits: int) -> Fraction:
    """Round half away from zero, in whole numbers."""
    scaled = abs(value) * 10**digits
    rounded = Fraction((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), 10**digits)
    return rounded if value >= 0 else -rounded


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (38, 44, "86.36"),
        (33, 37, "89.19"),
        (178, 213, "83.57"),
        (17, 19, "89.47"),
        (119, 123, "96.75"),
        (8, 9, "88.89"),
        (0, 7, "0.00"),
        (7, 7, "100.00"),
        (0, 0, None),
    ],
)
def test_published_rates(part: int, whole: int, expected: str | None) -> None:
    assert rate(part, whole) == expected


def test_published_changes_and_intensity() -> None:
    assert change(49, 3) == "-93.88"
    assert change(468, 47) == "-89.96"
    assert change(808, 862) == "6.68"
    assert change(0, 5) is None
    assert intensity(23, Decimal(7_700_000) * 15) == "0.0030"
    assert intensity(5, Decimal(0)) is None


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_rate_is_the_fraction_rounded_half_up(part: int, whole: int) -> None:
    assert Fraction(rate(part, whole) or "") == half_up(Fraction(part * 100, whole), 2)


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_change_is_on_the_base_and_rounded_half_away_from_zero(before: int, now: int) -> None:
    assert Fraction(change(before, now) or "") == half_up(Fraction((now - before) * 100, before), 2)


@given(st.lists(st.integers(0, 60), unique=True))
def test_stretches_name_exactly_the_days(numbers: list[int]) -> None:
    days = [DAY + dt.timedelta(days=n) for n in sorted(numbers)]
    found: list[dt.date] = []
    for one in stretches(days):
        first, _, last = one.partition("/")
        day, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last or first)
        while day <= end:
            found.append(day)
            day += dt.timedelta(days=1)
    assert found == days


points = st.builds(
    Point,
    fire_point_id=st.uuids().map(str),
    day=st.just(DAY),
    county_unit_id=st.integers(1, 4),
    township_unit_id=st.none(),
    outcome=st.sampled_from(OUTCOMES),
    listed=st.booleans(),
    pushed=st.booleans(),
    amount=st.none() | st.integers(0, 10**9).map(lambda fen: Decimal(fen) / 100),
    held=st.booleans(),
)


@given(st.lists(points, max_size=60))
def test_units_sum_to_the_whole_and_every_point_is_counted_once(found: Sequence[Point]) -> None:
    tallies = Tally.by_unit(found, lambda point: str(point.county_unit_id))
    whole = Tally.sum(tallies.values())
    assert whole.listed + whole.out_of_season == len(found)
    assert whole.listed == sum(whole[name] for name in OUTCOMES)
    assert whole.confirmed_pushed <= min(whole["verified"], whole.pushed)
    listed = [point for point in found if point.listed]
    assert whole.amount == sum((point.amount or Decimal(0) for point in listed), Decimal(0))
    assert whole.charged == sum(point.amount is not None for point in listed)
