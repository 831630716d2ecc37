"""A rule that is replaced mid-season: each day its own rulebook, and the season's rewards and deposits counted once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.accountability.adjudicate import adjudicate, choose
from service.accountability.facts import Fact, SeasonUnit
from service.accountability.findings import UncoveredError
from service.accountability.rulebook import Rulebook
from service.accountability.successive import adjudicate_all
from service.accountability.windows import civil_day, season_days, season_of
from service.rulebooks import shipped_rulebook
from tests.service.accountability.facts import fire, fires

SEASON = "2019-2020"
REWARD = {"kind": "zero", "id": "zero", "clause": "x", "level": "county", "amount": {"yuan": "1000"}}
DEPOSIT = {"clause": "x", "level": "county", "amount": {"yuan": "1000000"}}


def _book(name: str, first: str, last: str | None, **more: Any) -> Rulebook:
    """JL-1 in force from a day to a day."""
    data = shipped_rulebook("JL-1").canonical() | {"id": name, "validity": {"from": first, "to": last}} | more
    return Rulebook.model_validate(data)


def _each(yuan: str) -> dict[str, Any]:
    return {"kind": "flat", "clause": "x", "each": {"yuan": yuan}}


OLD = _book("OLD", "2018-09-21", "2020-03-31")
NEW = _book("NEW", "2020-04-01", None)


def test_each_day_is_charged_by_the_rule_of_that_day_and_a_new_rule_has_a_first_of_its_own() -> None:
    facts = [
        fire(day, f"{day}T12:00", "220281")
        for day in ("2020-03-30", "2020-03-31", "2020-04-01", "2020-04-02")
    ]
    found = adjudicate_all([NEW, OLD], reversed(facts))
    assert [one.rulebook for one in found] == ["OLD", "NEW"]
    assert [(one.fire_point_id, one.amount) for answer in found for one in answer.charges] == [
        ("2020-03-30", 500_000),
        ("2020-03-31", 300_000),
        ("2020-04-01", 500_000),
        ("2020-04-02", 300_000),
    ]


def test_the_day_is_beijings() -> None:
    late = fire("late", "2020-03-31T23:59", "220281")
    early = fire("early", "2020-04-01T00:00", "220281")
    old, new = adjudicate_all([OLD, NEW], [late, early])
    assert [one.fire_point_id for one in old.charges] == ["late"]
    assert [one.fire_point_id for one in new.charges] == ["early"]


def test_one_rulebook_answers_as_adjudicate_does() -> None:
    book = _book("OLD", "2018-09-21", None, rewards=[REWARD], deposit=DEPOSIT)
    facts = [*fires(5, "2019-10-10", "220281"), fire("w", "2019-10-11T12:00", "220382", doubts=("county",))]
    units = [SeasonUnit(SEASON, "county", code, observed=True) for code in ("220281", "220382", "220183")]
    (found,) = adjudicate_all([book, shipped_rulebook("HA-1")], facts, units)
    assert found.to_bytes() == adjudicate(book, facts, units).to_bytes()


def test_nothing_gives_nothing() -> None:
    assert adjudicate_all([OLD, NEW], []) == ()
    assert adjudicate_all([], []) == ()


@pytest.mark.parametrize("day", ["2018-09-20", "2020-03-31"])
def test_a_day_that_no_rulebook_covers_is_refused_by_name(day: str) -> None:
    earlier = _book("OLD", "2018-09-21", "2020-03-30")
    facts = [fire("a", "2020-04-20T12:00", "220281"), fire("b", f"{day}T12:00", "220281")]
    with pytest.raises(UncoveredError) as caught:
        adjudicate_all([earlier, NEW], facts)
    assert caught.value.code == "no_rulebook"
    assert day in caught.value.zh
    assert day in caught.value.en


def test_a_day_of_two_rulebooks_is_refused_by_name() -> None:
    with pytest.raises(UncoveredError, match="2020-04-01") as caught:
        adjudicate_all([OLD, _book("B", "2020-01-01", None), NEW], [fire("a", "2020-04-01T12:00", "220281")])
    assert caught.value.code == "several_rulebooks"


# --- rewards, deposits and bases of the season ------------------------------------------------------


def _rewarding() -> list[Rulebook]:
    more: dict[str, Any] = {"rewards": [REWARD], "deposit": DEPOSIT}
    return [_book("OLD", "2018-09-21", "2020-03-31", **more), _book("NEW", "2020-04-01", None, **more)]


def test_the_rule_of_the_last_day_rewards_and_knows_of_the_fires_before_it() -> None:
    units = [
        SeasonUnit(SEASON, "county", code, observed=True)
        for code in ("220281", "220382", "220183", "220184", "220882")
    ]
    facts = [
        fire("before", "2019-10-10T12:00", "220281"),
        fire("after", "2020-04-10T12:00", "220382"),
        fire("waits", "2019-10-10T12:00", "220183", state="listed", finding=None),
        fire("rubbish", "2019-10-10T12:00", "220184", finding="rubbish"),
    ]
    old, new = adjudicate_all(_rewarding(), facts, units)
    assert old.rewards == ()
    assert {one.unit: one.reason for one in new.rewards} == {
        "220183": "open",
        "220184": "earned",
        "220882": "earned",
    }


def test_charges_under_both_rules_are_taken_from_one_deposit() -> None:
    facts = [*fires(2, "2019-10-10", "220281"), *fires(1, "2020-04-10", "220281")]
    old, new = adjudicate_all(_rewarding(), facts, [SeasonUnit(SEASON, "county", "220281")])
    assert old.deposits == ()
    (state,) = new.deposits
    assert (state.used, state.balance, state.beyond) == (1_000_000, 0, 300_000)
    assert old.total + new.total == 1_300_000


def test_a_season_that_ended_before_the_new_rule_keeps_the_rule_it_ended_under() -> None:
    """JL-1's windows end on 1 May; its next season begins in October."""
    more: dict[str, Any] = {"rewards": [REWARD]}
    books = [_book("OLD", "2018-09-21", "2020-06-30", **more), _book("NEW", "2020-07-01", None, **more)]
    units = [SeasonUnit(season, "county", "220281", observed=True) for season in (SEASON, "2020-2021")]
    found = adjudicate_all(books, [], units)
    assert [(one.rulebook, [reward.season for reward in one.rewards]) for one in found] == [
        ("OLD", [SEASON]),
        ("NEW", ["2020-2021"]),
    ]


def test_a_base_serves_the_rule_of_each_day() -> None:
    percent = [{"kind": "percent", "clause": "x", "base": "award_yuan", "rates": [{"percent": "5"}]}]
    books = [_book("OLD", "2018-09-21", "2020-03-31", charges=percent), NEW]
    award = SeasonUnit(SEASON, "county", "220281", indicators={"award_yuan": Decimal(1000)})
    facts = [fire("a", "2019-10-10T12:00", "220281"), fire("b", "2020-04-10T12:00", "220281")]
    old, new = adjudicate_all(books, facts, [award])
    assert [one.amount for one in (*old.charges, *new.charges)] == [50, 500_000]


@pytest.mark.parametrize(
    ("season", "code", "said"),
    [
        ("2016-2017", "no_rulebook", "2017-05-01"),
        ("2019", "unknown_season", "2019"),
        ("2019-2021", "unknown_season", "2019-2021"),
        ("autumn", "unknown_season", "autumn"),
        ("9999-10000", "unknown_season", "9999"),
        ("0000-0001", "unknown_season", "0000"),
    ],
)
def test_a_season_without_a_rule_is_refused(season: str, code: str, said: str) -> None:
    with pytest.raises(UncoveredError) as caught:
        adjudicate_all([OLD, NEW], [], [SeasonUnit(season, "county", "220281")])
    assert caught.value.code == code
    assert said in caught.value.zh
    assert said in caught.value.en


def test_contradictions_are_refused_across_rulebooks() -> None:
    with pytest.raises(ValueError, match="twice"):
        adjudicate_all(
            [OLD, NEW], [fire("a", "2020-03-31T12:00", "220281"), fire("a", "2020-04-01T12:00", "220281")]
        )


# --- properties -------------------------------------------------------------------------------------

BOOKS = [
    _book("A", "2018-09-21", "2019-11-30", charges=[_each("1")]),
    _book("B", "2019-12-01", "2020-03-31"),
    _book("C", "2020-04-01", None, charges=[_each("3")]),
]


@st.composite
def seasons(draw: st.DrawFn) -> list[Fact]:
    days = draw(st.lists(st.integers(0, 400), max_size=20))
    first = dt.date(2019, 9, 1)
    return [
        fire(
            f"f{number:02}",
            f"{first + dt.timedelta(days=day)}T12:00",
            draw(st.sampled_from(["220281", "220382"])),
            state=draw(st.sampled_from(["confirmed", "listed", "denied"])),
        )
        for number, day in enumerate(days)
    ]


@settings(max_examples=60, deadline=None)
@given(seasons(), st.randoms(use_true_random=False))
def test_every_fact_falls_to_the_rule_of_its_day_once_and_any_order_gives_the_same_bytes(
    facts: list[Fact], dice: Any
) -> None:
    shuffled, books = list(facts), list(BOOKS)
    dice.shuffle(shuffled)
    dice.shuffle(books)
    found = adjudicate_all(BOOKS, facts)
    assert [one.to_bytes() for one in found] == [one.to_bytes() for one in adjudicate_all(books, shuffled)]
    named = {
        (answer.rulebook, one.fire_point_id)
        for answer in found
        for one in (*answer.charges, *answer.held, *answer.left_out)
    }
    assert named == {(choose(BOOKS, civil_day(one.overpass)).id, one.fire_point_id) for one in facts}
    apart = [
        adjudicate(book, [one for one in facts if book.validity.holds(civil_day(one.overpass))])
        for book in BOOKS
    ]
    assert sum(one.total for one in found) == sum(one.total for one in apart)


@given(
    st.dates(dt.date(1900, 1, 1), dt.date(9997, 12, 31)),
    st.sampled_from(["01-01", "02-29", "03-01", "10-01", "12-31"]),
)
def test_a_season_is_the_days_that_are_called_so(day: dt.date, start: str) -> None:
    label = season_of(day, start)
    days = season_days(label, start)
    assert days is not None
    first, last = days
    assert first <= day <= last
    assert season_of(first, start) == season_of(last, start) == label
    assert season_of(first - dt.timedelta(days=1), start) != label
    assert season_of(last + dt.timedelta(days=1), start) != label
