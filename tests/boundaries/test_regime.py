from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundaries.plans import SpecialPeriod
from boundaries.regime import Regime, RegimeBook, RegimeRule, builtin_regimes, read_regimes
from gis.errors import RefusedInputError
from gis.times import BEIJING
from gis.types import DataStatus, Validity

PLACE = ["220381100", "220381", "220100", "220000"]
SPRING = SpecialPeriod("2020年春节", ("220000",), dt.date(2020, 1, 24), dt.date(2020, 2, 2), "seed 000", "Q")


def beijing(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def book(*periods: SpecialPeriod) -> RegimeBook:
    return RegimeBook(builtin_regimes(), periods)


@pytest.mark.parametrize(
    ("instant", "regime"),
    [
        ("2018-09-20 23:59", Regime.UNKNOWN),
        ("2018-09-21 00:00", Regime.TWO_ZONE),
        ("2020-11-11 12:00", Regime.TWO_ZONE),
        ("2021-09-26 23:59", Regime.TWO_ZONE),
        ("2021-09-27 00:00", Regime.WHOLE_AREA),
        ("2023-10-29 12:51", Regime.WHOLE_AREA),
        ("2024-04-11 13:00", Regime.WHOLE_AREA_BELTS),
        ("2030-01-01 00:00", Regime.WHOLE_AREA_BELTS),
    ],
)
def test_the_three_regimes_of_jilin_by_beijing_date(instant: str, regime: Regime) -> None:
    answer = book().at(PLACE, beijing(instant))
    assert answer.regime is regime
    assert answer.zh
    assert answer.en
    assert answer.known == (regime is not Regime.UNKNOWN)


def test_the_night_overpass_belongs_to_the_next_beijing_day() -> None:
    utc = dt.datetime(2021, 9, 26, 17, 30, tzinfo=dt.UTC)
    assert book().at(PLACE, utc).regime is Regime.WHOLE_AREA
    assert book().at(PLACE, utc - dt.timedelta(hours=2)).regime is Regime.TWO_ZONE


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        book().at(PLACE, dt.datetime(2021, 9, 27))  # noqa: DTZ001 - that is what is tested


def test_the_shipped_rules_state_source_and_are_never_official() -> None:
    rules = builtin_regimes()
    assert [rule.regime for rule in rules] == [Regime.TWO_ZONE, Regime.WHOLE_AREA, Regime.WHOLE_AREA_BELTS]
    for rule in rules:
        assert rule.status is DataStatus.REFERENCE
        assert rule.source
        assert rule.confidence in {"S", "I"}
    answer = book().at(PLACE, beijing("2023-10-29 12:00"))
    assert (answer.confidence, answer.status, answer.unit_code) == ("S", DataStatus.REFERENCE, "220000")
    assert "2021-09-27" in answer.zh


def test_a_special_period_overrides_to_its_last_minute() -> None:
    rules = book(SPRING)
    inside = rules.at(PLACE, beijing("2020-02-02 23:59"))
    assert inside.regime is Regime.WHOLE_AREA
    assert inside.period == "2020年春节"
    assert "2020年春节" in inside.zh
    assert inside.confidence == "Q"
    assert rules.at(PLACE, beijing("2020-02-03 00:00")).regime is Regime.TWO_ZONE
    assert rules.at(PLACE, beijing("2020-01-23 23:59")).period is None
    assert RegimeBook((), [SPRING]).at(PLACE, beijing("2020-01-24 00:00")).regime is Regime.WHOLE_AREA


def test_a_county_rule_beats_the_province_and_ends_with_its_day() -> None:
    own = RegimeRule(
        *("220381", Regime.WHOLE_AREA, Validity(dt.date(2020, 10, 1), dt.date(2020, 10, 31))),
        *("notice", "S", DataStatus.SAMPLE),
    )
    rules = RegimeBook([*builtin_regimes(), own])
    assert rules.at(PLACE, beijing("2020-10-31 23:59")).unit_code == "220381"
    assert rules.at(PLACE, beijing("2020-11-01 00:00")).regime is Regime.TWO_ZONE
    assert rules.at(["220182", "220100", "220000"], beijing("2020-10-31 12:00")).regime is Regime.TWO_ZONE


def test_nothing_loaded_is_unknown_and_says_that_nothing_is_billed() -> None:
    answer = RegimeBook().at(PLACE, beijing("2023-10-29 12:00"))
    assert answer.regime == "unknown"
    assert "不计费" in answer.zh
    assert "nothing is billed" in answer.en
    assert book().at(["210000"], beijing("2023-10-29 12:00")).regime is Regime.UNKNOWN


def test_two_rules_of_one_unit_on_one_day_are_refused() -> None:
    rules = builtin_regimes()
    with pytest.raises(RefusedInputError) as caught:
        RegimeBook([*rules, rules[0]])
    assert caught.value.code == "overlapping_regimes"


GOOD = 'regimes:\n  - {unit: "220000", regime: two_zone, from: 2019-01-01, to: 2019-12-31, source: s, confidence: S}\n'


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("two_zone", "three_zone", "regimes.0.regime"),
        ("two_zone", "unknown", "regimes.0.regime"),
        ('"220000"', '"22000"', "regimes.0.unit"),
        ("confidence: S", "confidence: sure", "regimes.0.confidence"),
        ("to: 2019-12-31", "to: 2018-12-31", "regimes.0.to"),
        ("source: s", "origin: s", "regimes.0.origin"),
        ("source: s", "source: s, status: final", "regimes.0.status"),
    ],
)
def test_a_wrong_rule_names_its_line_and_field(old: str, new: str, field: str) -> None:
    assert len(read_regimes(GOOD)) == 1
    with pytest.raises(RefusedInputError) as caught:
        read_regimes(GOOD.replace(old, new))
    errors = caught.value.context["errors"]
    assert (2, field) in [(error["line"], error["field"]) for error in errors]


@pytest.mark.parametrize("text", ["", "regimes: 3", "[]", "regimes: [3]"])
def test_another_shape_is_refused(text: str) -> None:
    with pytest.raises(RefusedInputError):
        read_regimes(text)


@given(st.integers(946_684_800, 4_102_444_800))
def test_every_instant_has_exactly_one_answer(seconds: int) -> None:
    instant = dt.datetime.fromtimestamp(seconds, dt.UTC)
    answer = book(SPRING).at(PLACE, instant)
    assert answer.regime in set(Regime)
    assert answer == book(SPRING).at(PLACE, instant.astimezone(BEIJING))
