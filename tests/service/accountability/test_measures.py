"""What follows besides money: a county's part of its city's fire points, and scores with caps and floors."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.accountability.adjudicate import adjudicate
from service.accountability.facts import Fact, SeasonUnit, UnitAt
from service.accountability.findings import Scored
from service.accountability.rulebook import Rulebook
from service.accountability.successive import adjudicate_all
from service.rulebooks import shipped_rulebook
from tests.service.accountability.facts import fire, fires

SHARE = shipped_rulebook("HA-1-SHARE")
SCORE = shipped_rulebook("SCORE-100")
ZHOUKOU = ["411621", "411622", "411623", "411627"]


def _changed(book: Rulebook, **more: Any) -> Rulebook:
    return Rulebook.model_validate(book.canonical() | more)


# --- a county's part of its city --------------------------------------------------------------------


def _counties(**figures: str) -> list[SeasonUnit]:
    return [
        SeasonUnit(
            "2015",
            "county",
            code,
            parent="411600",
            indicators={"cropland_mu": Decimal(figures.get("c" + code, "100"))} if figures else {},
        )
        for code in ZHOUKOU
    ]


def _burnt(*counts: int) -> list[Fact]:
    return [
        one
        for code, count in zip(ZHOUKOU, counts, strict=False)
        for one in fires(count, "2015-10-01", code, state="publicised")
    ]


@pytest.mark.parametrize(
    ("counts", "reached"),
    [
        ((24, 6, 5, 5), ["411621"]),
        ((9, 1, 0, 0), []),  # a large part, of few
        ((10, 10, 10, 10), []),  # many, but exactly its part
        ((11, 10, 10, 10), ["411621"]),
        ((20, 20, 1, 0), ["411621", "411622"]),
        ((10,), ["411621"]),
    ],
)
def test_ten_or_more_and_more_than_its_part_of_the_city(counts: tuple[int, ...], reached: list[str]) -> None:
    found = adjudicate(SHARE, _burnt(*counts), _counties()).escalations
    assert [one.unit for one in found] == reached
    assert all(one.detail["of"] == str(sum(counts)) and one.detail["units"] == "4" for one in found)
    assert all(len(one.fire_point_ids) == one.count >= 10 for one in found)


def test_the_part_may_be_that_of_an_indicator_and_an_unknown_one_raises_nothing() -> None:
    rule = SHARE.canonical()["escalations"][0] | {"indicator": "cropland_mu"}
    book = _changed(SHARE, escalations=[rule])
    facts = _burnt(20, 10, 5, 5)
    (raised,) = adjudicate(book, facts, _counties(c411621="200", c411622="200")).escalations
    assert (raised.unit, raised.detail) == (
        "411621",
        {"count": "20", "of": "40", "units": "4", "due": "200", "due_of": "600"},
    )
    assert adjudicate(book, facts, _counties(c411621="200", c411622="200")[:1]).escalations == ()
    assert adjudicate(book, facts, _counties()).escalations == (), "nobody supplied the cropland"


def test_a_fire_point_in_doubt_between_counties_makes_no_part_larger() -> None:
    unsure = [
        fire(f"d{n}", "2015-10-02T12:00", "411627", state="publicised", doubts=("county",)) for n in range(4)
    ]
    assert adjudicate(SHARE, _burnt(11, 10, 10, 10), _counties()).escalations
    assert adjudicate(SHARE, [*_burnt(11, 10, 10, 10), *unsure], _counties()).escalations == ()


# --- scores -----------------------------------------------------------------------------------------


def _county(code: str, handled: str | None = "96") -> SeasonUnit:
    return SeasonUnit(
        "2019", "county", code, indicators={"handled_percent": Decimal(handled)} if handled else {}
    )


def _score(facts: list[Fact], handled: str | None = "96") -> Scored:
    (found,) = adjudicate(SCORE, facts, [_county("220281", handled)]).scores
    return found


@pytest.mark.parametrize(
    ("count", "straw", "points"),
    [(0, "60", 100), (1, "55", 95), (9, "15", 55), (10, "10", 50), (11, "10", 50)],
)
def test_each_fire_point_lowers_its_item_to_the_floor_and_no_further(
    count: int, straw: str, points: int
) -> None:
    found = _score(fires(count, "2019-10-10", "220281"))
    assert (found.points, found.items) == (points, {"straw": straw, "key_area": "20", "handling": "20"})
    assert (found.count, found.reason, found.season) == (count, "complete", "2019")


def test_one_fire_point_sets_an_item_to_zero_and_findings_have_items_of_their_own() -> None:
    weeds = fire("w", "2019-10-10T12:00", "220281", finding="weeds", areas=("key",))
    assert _score([weeds]).items == {"straw": "60", "key_area": "0", "handling": "20"}


@pytest.mark.parametrize(("handled", "points"), [("95", 20), ("94.99", 10), ("80", 10), ("79", 0)])
def test_an_indicator_earns_points_by_tier(handled: str, points: int) -> None:
    assert _score([], handled).points == 80 + points


def test_an_unknown_indicator_leaves_the_sum_unsaid() -> None:
    found = _score([], None)
    assert (found.points, found.reason, found.items["handling"]) == (None, "indicator_unknown", "")


@pytest.mark.parametrize(
    "told",
    [
        {"state": "listed", "finding": None},
        {"doubts": ("county",)},
        {"county": "220382", "candidates": (UnitAt("county", "220281", "220281"),)},
    ],
)
def test_a_score_that_may_still_fall_says_so(told: dict[str, Any]) -> None:
    county = told.get("county", "220281")
    more = {name: value for name, value in told.items() if name != "county"}
    found = _score([fire("a", "2019-10-10T12:00", county, **more)])
    assert (found.points, found.reason) == (100, "open")


def test_the_whole_score_may_have_a_floor_of_its_own() -> None:
    rule = SCORE.canonical()["scores"][0] | {"floor": "60"}
    book = _changed(SCORE, scores=[rule])
    (found,) = adjudicate(book, fires(30, "2019-10-10", "220281"), [_county("220281", "10")]).scores
    assert (found.points, found.items["straw"]) == (60, "10")


def test_only_a_document_with_scores_has_the_list() -> None:
    document = json.loads(adjudicate(SCORE, [], [_county("220281")]).to_bytes())
    assert [(one["unit"], one["points"]) for one in document["scores"]] == [("220281", "100")]
    assert document["mark"] == "非正式"
    assert "scores" not in adjudicate(shipped_rulebook("JL-1"), []).as_document()


def test_only_the_kinds_of_unit_that_are_named_are_scored() -> None:
    rule = SCORE.canonical()["scores"][0] | {"unit_kinds": ["district"]}
    book = _changed(SCORE, scores=[rule])
    units = [SeasonUnit("2019", "county", code, kind=kind) for code, kind in (("a", "district"), ("b", ""))]
    assert [one.unit for one in adjudicate(book, [], units).scores] == ["a"]


def test_a_rule_replaced_mid_season_scores_the_whole_season_once() -> None:
    old = _changed(SCORE, id="OLD", validity={"from": "2012-01-01", "to": "2019-06-30"})
    new = _changed(SCORE, id="NEW", validity={"from": "2019-07-01", "to": None})
    facts = [*fires(3, "2019-05-01", "220281"), *fires(2, "2019-10-10", "220281")]
    first, second = adjudicate_all([old, new], facts, [_county("220281")])
    assert first.scores == ()
    assert [one.points for one in second.scores] == [75]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["straw", "stubble", "weeds", "rubbish"]), max_size=30), st.integers(0, 100))
def test_a_score_lies_between_its_floors_and_its_caps_and_more_fire_never_raises_it(
    findings: list[str], handled: int
) -> None:
    facts = [
        fire(f"f{n:02}", f"2019-10-10T12:{n:02}", "220281", finding=finding, areas=("key",) * (n % 7 == 6))
        for n, finding in enumerate(findings)
    ]
    last = Decimal(100)
    for count in range(0, len(facts) + 1, 5):
        found = _score(facts[:count], str(handled))
        assert found.points is not None
        assert 10 <= found.points <= last
        assert found.points == sum(Decimal(one) for one in found.items.values())
        last = found.points
