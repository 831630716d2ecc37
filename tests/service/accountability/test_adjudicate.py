"""Adjudication: each shape's money, ties, what is held, the trace, and the same bytes from any order."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gc
import json
from collections.abc import Iterator
from decimal import Decimal, getcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.accountability.adjudicate import adjudicate, choose
from service.accountability.amounts import share
from service.accountability.facts import Fact, SeasonUnit, UnitAt
from service.accountability.findings import UncoveredError
from service.accountability.rulebook import Rulebook, canonical
from service.rulebooks import check_rulebook, shipped_rulebook, shipped_rulebooks
from tests.service.accountability.facts import beijing, fire, fires
from tests.service.accountability.test_rulebooks import BOOKS as BOOKS_DIR
from tests.service.accountability.test_rulebooks import JILIN

JL, HA6, AH1, SD1, LN3 = (shipped_rulebook(name) for name in ("JL-1", "HA-6", "AH-1", "SD-1", "LN-3"))


def _changed(before: str, after: str) -> Rulebook:
    assert before in JILIN
    found = check_rulebook(JILIN.replace(before, after))
    assert isinstance(found, Rulebook), found
    return found


def _reasons(book: Rulebook, *facts: Fact) -> dict[str, str]:
    found = adjudicate(book, facts)
    return {one.fire_point_id: one.reason for one in (*found.held, *found.left_out)}


# --- what counts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"state": "listed", "finding": None}, "not_verified"),
        ({"state": "overdue", "finding": None}, "overdue"),
        ({"state": "denied", "finding": "nothing_found"}, "denial_unreviewed"),
        (
            {"state": "denied", "finding": "nothing_found", "denial_reviewed_by": "county"},
            "denial_unreviewed",
        ),
        ({"state": "denied", "finding": "nothing_found", "denial_reviewed_by": "province"}, "denied"),
        ({"finding": "grave_paper"}, "finding_not_counted"),
        ({"finding": None}, "finding_unknown"),
        ({"sources": ("public_report",)}, "source_not_accepted"),
        ({"zone": "none"}, "zone_not_counted"),
        ({"zone": "unknown"}, "zone_unknown"),
        ({"regime": "unknown"}, "zone_unknown"),
        ({"regime": "whole_area", "zone": "none", "within_plan": True}, "planned_burn"),
        ({"doubts": ("county",)}, "payer_in_doubt"),
        ({"doubts": ("zone",)}, "zone_in_doubt"),
    ],
)
def test_what_is_not_billed_says_why(told: dict[str, Any], reason: str) -> None:
    assert _reasons(JL, fire("a", "2020-11-11T12:00", "220281", **told)) == {"a": reason}


def test_silence_counts_only_where_the_rule_says_so() -> None:
    silent = fire("a", "2020-11-11T12:00", "220281", state="overdue", finding=None, confirmed_at=None)
    assert _reasons(JL, silent) == {"a": "overdue"}
    assert adjudicate(_changed("overdue: waits", "overdue: counts"), [silent]).total == 500_000


@pytest.mark.parametrize(
    "told",
    [{"doubts": ("conty",)}, {"zone": "forbidden"}, {"regime": "two zone"}, {"state": "done"}, {"pixels": 0}],
)
def test_a_fact_of_unknown_words_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a"):
        fire("a", "2020-11-11T12:00", "220281", **told)


def test_a_farm_that_the_rule_does_not_name_leaves_the_county_to_pay() -> None:
    point = fire("a", "2019-10-10T12:00", "230230", special_payer="OTHER")
    assert adjudicate(shipped_rulebook("HL-1"), [point]).by_payer() == {"230230": Decimal(500_000)}


def test_a_ladder_may_have_a_ceiling_and_never_outgrows_exactness() -> None:
    source = (BOOKS_DIR / "ha-2-double.yaml").read_text(encoding="utf-8")
    capped = check_rulebook(
        source.replace("growth: double", 'growth: double\n    ceiling: {wan_yuan: "300"}')
    )
    assert isinstance(capped, Rulebook), capped
    facts = fires(3, "2017-09-10", "410122")
    assert [one.amount for one in adjudicate(capped, facts).charges] == [1_000_000, 2_000_000, 3_000_000]
    many = adjudicate(shipped_rulebook("HA-2-DOUBLE"), fires(50, "2017-09-10", "410122"))
    assert many.charges[-1].amount == 1_000_000 * 2**49


@pytest.mark.parametrize("regime", ["whole_area", "whole_area_belts"])
def test_under_a_ban_of_the_whole_area_nobody_asks_for_the_zone(regime: str) -> None:
    point = fire("a", "2023-10-29T12:00", "220281", regime=regime, zone="unknown", doubts=("zone",))
    assert adjudicate(JL, [point]).total == 500_000


def test_a_rate_by_area_waits_while_the_zone_is_in_doubt() -> None:
    award = SeasonUnit("2020", "county", "340121", indicators={"award_yuan": Decimal(100)})
    point = fire("a", "2020-06-01T12:00", "340121", areas=("key",), doubts=("zone",))
    assert [one.reason for one in adjudicate(AH1, [point], [award]).held] == ["zone_in_doubt"]


def test_doubt_between_villages_or_townships_of_one_payer_holds_nothing_up_unless_it_orders() -> None:
    point = fire("a", "2017-11-11T12:00", "410122", doubts=("village", "township"))
    later = fire("a", "2020-11-11T12:00", "220281", doubts=("village", "township"))
    assert _reasons(JL, later) == {}
    assert _reasons(shipped_rulebook("HA-2-DOUBLE"), point) == {"a": "scope_in_doubt"}


@pytest.mark.parametrize(
    ("when", "counts"),
    [
        ("2019-09-30T23:59", False),
        ("2019-10-01T00:00", True),
        ("2019-12-31T23:59", True),
        ("2020-05-01T23:59", True),
        ("2020-05-02T00:00", False),
    ],
)
def test_a_window_crosses_new_year_and_includes_both_beijing_days(when: str, counts: bool) -> None:
    assert bool(adjudicate(JL, [fire("a", when, "220281")]).charges) is counts


def test_in_a_calendar_window_every_place_counts() -> None:
    inside = fire("a", "2020-01-25T12:00", "220281", zone="none")
    outside = fire("b", "2020-02-25T12:00", "220281", zone="none")
    assert _reasons(JL, inside, outside) == {"b": "zone_not_counted"}


def test_a_season_runs_through_new_year_and_the_next_has_a_first_of_its_own() -> None:
    days = ["2019-10-20", "2020-04-20", "2020-10-20"]
    found = adjudicate(JL, [fire(day, f"{day}T12:00", "220281") for day in days])
    assert [(one.season, one.amount) for one in found.charges] == [
        ("2019-2020", 500_000),
        ("2019-2020", 300_000),
        ("2020-2021", 500_000),
    ]


def test_a_season_may_begin_on_a_day_of_its_own() -> None:
    book = _changed("counts:", 'season_starts: "01-01"\ncounts:')
    found = adjudicate(book, [fire(day, f"{day}T12:00", "220281") for day in ("2019-10-20", "2020-04-20")])
    assert [(one.season, one.amount) for one in found.charges] == [("2019", 500_000), ("2020", 500_000)]


def test_billing_waits_for_the_public_notice_where_the_rule_says_so() -> None:
    confirmed = fire("a", "2017-10-10T12:00", "211282")
    publicised = fire("b", "2017-10-10T12:01", "211282", state="publicised")
    found = adjudicate(LN3, [confirmed, publicised])
    assert [(one.fire_point_id, one.amount) for one in found.charges] == [("b", 200_000)]
    assert [one.reason for one in found.held] == ["not_publicised"]
    other = fire("c", "2017-10-10T12:02", "211282", state="publicised", sources=("drone",))
    assert _reasons(LN3, other) == {"c": "source_not_accepted"}


# --- a date without a rule --------------------------------------------------------------------------


def test_a_date_no_rulebook_covers_is_refused() -> None:
    with pytest.raises(UncoveredError) as caught:
        adjudicate(JL, [fire("a", "2018-09-20T12:00", "220281")])
    assert caught.value.code == "no_rulebook"
    assert "2018-09-20" in caught.value.zh
    with pytest.raises(UncoveredError, match="no rulebook"):
        choose([JL], dt.date(2017, 10, 1))
    with pytest.raises(UncoveredError, match="several"):
        choose(shipped_rulebooks(), dt.date(2019, 10, 1))
    assert choose([JL, shipped_rulebook("HA-1")], dt.date(2019, 10, 1)) is JL


def test_anything_but_official_is_marked() -> None:
    document = adjudicate(JL, []).as_document()
    assert (document["status"], document["mark"]) == ("sample", "非正式")
    official = _changed("status: sample", "status: official")
    assert adjudicate(official, []).as_document()["mark"] == ""


# --- shapes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("area", "amount"), [("29.99", 100_000), ("30", 200_000), ("100", 200_000), ("100.01", 300_000)]
)
def test_tiers_by_burnt_area(area: str, amount: int) -> None:
    found = adjudicate(HA6, [fire("a", "2020-06-01T12:00", "410122", area_mu=Decimal(area))])
    assert found.total == amount


def test_an_area_that_nobody_measured_is_held() -> None:
    assert _reasons(HA6, fire("a", "2020-06-01T12:00", "410122")) == {"a": "area_unknown"}


def test_an_area_of_500_mu_counts_as_a_first() -> None:
    facts = fires(2, "2014-06-01", "411002", township="t")
    big = fire("z", "2014-06-02T12:00", "411002", township="t", area_mu=Decimal(500))
    found = adjudicate(shipped_rulebook("HA-5"), [*facts, big])
    assert [one.amount for one in found.charges] == [100_000, 10_000, 100_000]
    assert found.charges[2].trace["as_first_by_area"] == "500"


def test_percent_of_the_award_by_zone_and_nothing_without_the_base() -> None:
    key = fire("a", "2020-06-01T12:00", "340121", areas=("key",))
    other = fire("b", "2020-06-02T12:00", "340121")
    award = SeasonUnit("2020", "county", "340121", indicators={"award_yuan": Decimal("1234567.89")})
    found = adjudicate(AH1, [key, other], [award])
    assert [str(one.amount) for one in found.charges] == ["61728.39", "24691.36"]
    assert {one.reason for one in adjudicate(AH1, [key, other]).held} == {"base_unknown"}


def test_five_within_two_days_in_key_areas_reach_the_city() -> None:
    book = shipped_rulebook("LN-2")
    spread = [fire(f"a{n}", f"2019-04-0{n + 1}T12:00", "211002", areas=("key",)) for n in range(5)]
    assert adjudicate(book, spread).escalations == ()
    night = [
        fire(
            f"b{n}", ("2019-04-20T23:59", "2019-04-21T00:01")[n % 2], "211002", areas=("key",), state="listed"
        )
        for n in range(5)
    ]
    elsewhere = fires(9, "2019-04-20", "211102")
    (raised,) = adjudicate(book, [*spread, *night, *elsewhere]).escalations
    assert (raised.unit, raised.count, raised.detail["from"]) == ("211000", 5, "2019-04-20")
    assert adjudicate(book, night).charges == ()


def test_density_needs_the_rank_too_and_30_needs_none() -> None:
    land = {"cropland_mu": Decimal(1_000_000)}
    counts = {
        "340121": 31,
        "340122": 30,
        "340123": 15,
        "340124": 14,
        "340125": 13,
        "340126": 12,
        "340127": 10,
    }
    units = [SeasonUnit("2020", "county", code, indicators=land) for code in counts]
    facts = [one for code, count in counts.items() for one in fires(count, "2020-06-01", code)]
    found = adjudicate(AH1, facts, units).escalations
    assert [one.unit for one in found if one.id == "interview"] == list(counts)[:5]
    assert [(one.unit, one.detail["density"]) for one in found if one.id == "eia-halt"] == [("340121", "31")]


def test_a_city_is_reached_when_more_than_half_of_its_counties_were() -> None:
    book = shipped_rulebook("JX-1")
    counties = ["360121", "360122", "360123", "360124"]
    units = [SeasonUnit("2019", "county", code, parent="360100") for code in counties]
    facts = [one for code in counties[:2] for one in fires(4, "2019-06-01", code)]
    assert {one.id for one in adjudicate(book, facts, units).escalations} == {"county"}
    more = [*facts, *fires(4, "2019-06-01", counties[2])]
    (city,) = [one for one in adjudicate(book, more, units).escalations if one.id == "city"]
    assert (city.unit, city.count, city.detail["children"]) == ("360100", 3, "4")


def test_steps_by_count_reach_the_highest_only() -> None:
    facts = fires(2, "2020-06-01", "410122", area_mu=Decimal(1))
    (step,) = adjudicate(HA6, facts).escalations
    assert (step.level, step.count, step.en) == ("township", 2, "removing the mayor is proposed")


@pytest.mark.parametrize(
    ("kind", "mu", "amount"),
    [
        ("district", "49999", 300_000),
        ("district", "50000", 400_000),
        ("district", "100000", 500_000),
        ("county", "899999.9", 800_000),
        ("county", "900000", 900_000),
        ("county", "1000000", 1_000_000),
    ],
)
def test_rewards_for_none_by_cropland(kind: str, mu: str, amount: int) -> None:
    unit = SeasonUnit("2017", "county", "410122", kind, None, {"cropland_mu": Decimal(mu)}, observed=True)
    (found,) = adjudicate(shipped_rulebook("HA-2-DOUBLE"), [], [unit]).rewards
    assert (found.amount, found.reason) == (amount, "earned")


def test_a_reward_needs_proof_of_observation_and_no_open_question() -> None:
    units = [
        SeasonUnit("2019", "county", "370202", observed=True),
        SeasonUnit("2019", "county", "370203"),
        SeasonUnit("2019", "county", "370211", observed=True),
        SeasonUnit("2019", "county", "370212", observed=True),
    ]
    waits = fire("w", "2019-06-01T12:00", "370211", state="listed", finding=None)
    burnt = fire("b", "2019-06-01T12:00", "370212")
    doubtful = fire("d", "2019-06-01T12:09", "370212", candidates=(UnitAt("county", "370214", "370214"),))
    units.append(SeasonUnit("2019", "county", "370214", observed=True))
    found = adjudicate(SD1, [waits, burnt, doubtful], units).rewards
    assert {one.unit: one.reason for one in found} == {
        "370202": "earned",
        "370203": "not_observed",
        "370211": "open",
        "370214": "open",
    }
    assert [one.amount for one in found] == [500_000, None, None, None]


def test_a_pool_is_shared_to_the_fen() -> None:
    units = [SeasonUnit("2017-2018", "county", f"21122{n}", observed=True) for n in range(7)]
    found = adjudicate(LN3, [], units).rewards
    assert sum(one.amount or 0 for one in found) == 3_000_000
    assert {one.amount for one in found} == {Decimal("428571.42"), Decimal("428571.43")}


def test_charges_are_taken_from_the_deposit_and_outside_the_season_cost_as_a_later_one() -> None:
    book = shipped_rulebook("AH-2")
    outside = fire("o", "2022-03-01T12:00", "341302")
    inside = fires(4, "2021-06-01", "341302")
    unit = SeasonUnit("2021-2022", "county", "341302")
    found = adjudicate(book, [outside, *inside], [unit])
    assert found.total == 600_000
    assert next(one for one in found.charges if one.fire_point_id == "o").amount == 100_000
    (state,) = found.deposits
    assert (state.used, state.balance, state.beyond) == (500_000, 0, 100_000)


def test_weights_exemption_and_mitigation() -> None:
    book = shipped_rulebook("CLASS-WEIGHTS")
    told: list[dict[str, Any]] = [
        {},
        {"finding": "stubble"},
        {"finding": "weeds", "exemptions": ("actively_stopped",)},
        {"exemptions": ("natural_cause",)},
    ]
    facts = [fire(str(n), f"2020-06-01T12:0{n}", "220281", **one) for n, one in enumerate(told)]
    found = adjudicate(book, facts)
    assert [one.amount for one in found.charges] == [100_000, 50_000, 12_500]
    assert found.charges[2].trace["eased_by"] == "actively_stopped"
    assert [(one.fire_point_id, one.reason) for one in found.left_out] == [("3", "exempt")]


def test_a_village_pays_200_for_a_patrol_find() -> None:
    patrol = fire("a", "2020-06-01T12:00", "220281", village="v1", sources=("patrol",))
    camera = fire("b", "2020-06-01T12:00", "220281", village="v1", sources=("camera",))
    found = adjudicate(shipped_rulebook("XX-2"), [patrol, camera])
    assert found.by_payer() == {"v1": Decimal(200)}


def test_where_pixels_are_the_unit_one_fire_takes_several_places_and_one_charge() -> None:
    book = _changed("unit: fire_point", "unit: pixel")
    found = adjudicate(
        book,
        [
            fire("a", "2020-11-11T12:00", "220281", pixels=3),
            fire("b", "2020-11-11T12:09", "220281", pixels=2),
        ],
    )
    assert [(one.amount, one.trace["ordinal"]) for one in found.charges] == [(1_100_000, 1), (600_000, 4)]


# --- order and ties ---------------------------------------------------------------------------------

PROVINCE = shipped_rulebook("JL-1-PROVINCE")
SHARED = _changed("scope: county, reset: season, tie: ruling", "scope: province, reset: season, tie: shared")
MINUTE = "2023-10-29T12:30"
COUNTIES = ["220281", "220382", "220182"]


def test_a_same_minute_first_of_several_payers_waits_for_a_ruling_and_says_what_is_at_stake() -> None:
    facts = [fire(code, MINUTE, code) for code in COUNTIES]
    found = adjudicate(PROVINCE, facts)
    assert [one.amount for one in found.charges] == [300_000] * 3
    assert {(one.reason, one.at_stake, one.among) for one in found.held} == {("tie", Decimal(200_000), 3)}
    ruled = [*facts[1:], fire(COUNTIES[0], MINUTE, COUNTIES[0], tie_rank=1)]
    settled = adjudicate(PROVINCE, ruled)
    assert settled.held == ()
    assert settled.by_payer()[COUNTIES[0]] == 500_000
    assert settled.total == 1_100_000


def test_a_shared_surcharge_sums_to_the_fen() -> None:
    found = adjudicate(SHARED, [fire(code, MINUTE, code) for code in COUNTIES])
    assert [str(one.amount) for one in found.charges] == ["366666.67", "366666.67", "366666.66"]
    assert found.total == 1_100_000
    assert found.held == ()
    assert found.charges[0].trace["tied"] == 3


def test_a_tie_of_one_payer_or_far_from_the_first_needs_nobody() -> None:
    one_payer = [fire(f"a{n}", MINUTE, "220281") for n in range(3)]
    assert adjudicate(PROVINCE, one_payer).held == ()
    before = fire("before", "2023-10-20T12:00", "220182")
    later = adjudicate(PROVINCE, [before, *(fire(code, MINUTE, code) for code in COUNTIES)])
    assert later.held == ()
    assert later.total == 1_400_000


def test_the_order_follows_the_basis() -> None:
    first = fire("a", "2020-11-11T10:00", "220281", confirmed_at=beijing("2020-11-12T10:00"))
    second = fire("b", "2020-11-11T12:00", "220281", confirmed_at=beijing("2020-11-11T15:00"))
    book = _changed("basis: overpass", "basis: confirmation")
    assert [one.amount for one in adjudicate(JL, [first, second]).charges] == [500_000, 300_000]
    assert [one.amount for one in adjudicate(book, [first, second]).charges] == [300_000, 500_000]
    missing = fire("c", "2020-11-11T12:00", "220281", confirmed_at=None)
    assert _reasons(book, missing) == {"c": "instant_unknown"}


def test_a_trace_tells_the_clause_the_ordinal_the_scope_the_facts_and_the_layers() -> None:
    trace = adjudicate(JL, fires(2, "2018-10-15", "220382")).charges[1].trace
    assert (trace["rulebook"], trace["rulebook_hash"]) == ("JL-1", JL.content_hash)
    assert (trace["ordinal"], trace["scope"], trace["scope_unit"]) == (2, "county", "220382")
    assert trace["period"] == "2018-2019"
    assert trace["facts"]["overpass"] == "2018-10-15T02:01:00+00:00"
    assert trace["layers"] == [["county", "v1"], ["zone", "v3"]]
    assert "220382-2018-10-15-000" not in str(trace), "a trace shows ordinals, not others' points"


def test_a_fire_point_given_twice_is_charged_once_and_contradictions_are_refused() -> None:
    one = fire("a", "2020-11-11T12:00", "220281")
    assert len(adjudicate(JL, [one, one]).charges) == 1
    with pytest.raises(ValueError, match="twice"):
        adjudicate(JL, [one, fire("a", "2020-11-11T12:01", "220281")])


# --- properties -------------------------------------------------------------------------------------

STATES = st.sampled_from(["listed", "overdue", "confirmed", "confirmed", "confirmed", "publicised", "denied"])


@st.composite
def seasons(draw: st.DrawFn) -> list[Fact]:
    """A random season: few minutes, so that many tie; few counties, two of which pay as one."""
    found = []
    for number in range(draw(st.integers(0, 25))):
        county = draw(st.sampled_from(["220281", "220382", "220202", "220203"]))
        minute = draw(st.integers(0, 5))
        found.append(
            fire(
                f"f{number:02}",
                f"2020-11-11T12:0{minute}",
                county,
                payer="220200" if county.startswith("22020") else None,
                state=draw(STATES),
                finding=draw(st.sampled_from(["straw", "stubble", "rubbish", None])),
                zone=draw(st.sampled_from(["ban", "restricted", "none", "unknown"])),
                satellite=draw(st.sampled_from(["NOAA-20", "SNPP"])),
                area_mu=draw(st.sampled_from([None, Decimal("12.5"), Decimal(600)])),
                pixels=draw(st.integers(1, 3)),
            )
        )
    return found


BOOKS = [JL, PROVINCE, SHARED, HA6, SD1, shipped_rulebook("HA-2-DOUBLE"), shipped_rulebook("CLASS-WEIGHTS")]


@settings(max_examples=60, deadline=None)
@given(seasons(), st.sampled_from(BOOKS), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_bytes_and_no_fire_is_charged_twice(
    facts: list[Fact], book: Rulebook, dice: Any
) -> None:
    units = [SeasonUnit("2020", "county", code, observed=True) for code in ("220281", "220382", "220200")]
    found = adjudicate(book, facts, units)
    shuffled, shuffled_units = list(facts), list(units)
    dice.shuffle(shuffled)
    dice.shuffle(shuffled_units)
    old = getcontext().prec
    getcontext().prec = 5  # a caller's own precision must not reach a bill
    try:
        again = adjudicate(book, shuffled, shuffled_units)
    finally:
        getcontext().prec = old
    assert found.to_bytes() == again.to_bytes()
    charged = [one.fire_point_id for one in found.charges]
    assert len(charged) == len(set(charged))
    by_id = {fact.fire_point_id: fact for fact in facts}
    assert all(by_id[name].state in {"confirmed", "publicised"} for name in charged)
    named = {*charged, *(one.fire_point_id for one in (*found.held, *found.left_out))}
    assert named == set(by_id), "no fire point is lost"


@settings(max_examples=60, deadline=None)
@given(seasons())
def test_a_shared_tie_changes_who_pays_and_never_the_sum(facts: list[Fact]) -> None:
    shared = adjudicate(SHARED, facts)
    count = len(shared.charges)
    assert shared.total == (500_000 + 300_000 * (count - 1) if count else 0)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 10**14).map(lambda fen: Decimal(fen) / 100),
    st.lists(st.integers(1, 1000), min_size=1, max_size=40),
)
def test_shares_by_largest_remainder_sum_exactly_and_are_fair_to_the_fen(
    total: Decimal, weights: list[int]
) -> None:
    parts = share(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / sum(weights)) < Decimal("0.01")


# --- the document, and what adjudicating leaves behind ----------------------------------------------


class _Pieces:
    """A stream that keeps the pieces it was given."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(data)
        return len(data)


def test_a_long_document_is_written_in_pieces_that_are_the_document() -> None:
    found = adjudicate(JL, fires(700, "2020-11-11", "220281"))
    stream = _Pieces()
    found.write(stream)
    assert b"".join(stream.pieces) == found.to_bytes() == canonical(found.as_document())
    assert max(map(len, stream.pieces)) < len(found.to_bytes())
    empty, nothing = _Pieces(), adjudicate(JL, [])
    nothing.write(empty)
    assert b"".join(empty.pieces) == canonical(nothing.as_document())
    assert json.loads(nothing.to_bytes())["charges"] == []


@settings(max_examples=30, deadline=None)
@given(seasons(), st.sampled_from(BOOKS))
def test_the_written_document_is_the_canonical_form_of_the_plain_one(
    facts: list[Fact], book: Rulebook
) -> None:
    units = [SeasonUnit("2020", "county", code, observed=True) for code in ("220281", "220382", "220200")]
    found = adjudicate(book, facts, units)
    assert found.to_bytes() == canonical(found.as_document())
    assert found == adjudicate(book, facts, units)


def test_facts_may_come_from_a_generator_and_the_collector_works_as_before() -> None:
    facts = fires(3, "2020-11-11", "220281")

    def broken() -> Iterator[Fact]:
        yield facts[0]
        raise OSError("the store is gone")

    assert gc.isenabled()
    assert adjudicate(JL, iter(facts)).total == 1_100_000
    with pytest.raises(OSError, match="gone"):
        adjudicate(JL, broken())
    assert gc.isenabled()
    gc.disable()
    try:
        adjudicate(JL, facts)
        assert not gc.isenabled(), "whoever has it off keeps it off"
    finally:
        gc.enable()


def test_units_may_stand_in_any_order_and_some_may_be_missing() -> None:
    point = fire("a", "2020-11-11T12:00", "220281")
    turned = dataclasses.replace(point, units=tuple(reversed(point.units)))
    assert [turned.unit(one.level) for one in point.units] == list(point.units)
    alone = dataclasses.replace(point, units=(UnitAt("county", "220281", "220281"),))
    assert alone.unit("province") is None
    assert alone.unit("nowhere") is None
    assert adjudicate(JL, [alone]).by_payer() == adjudicate(JL, [turned]).by_payer() == {"220281": 500_000}
    assert _reasons(JL, dataclasses.replace(point, units=())) == {"a": "payer_unknown"}


def test_a_sliding_window_finds_the_first_stretch_of_each_season_and_counts_pixels_where_they_are_the_unit() -> (
    None
):
    book = shipped_rulebook("LN-2")
    days = ["2019-04-01", "2019-04-03", "2019-04-04", "2019-04-20"]
    points = [
        fire(f"{day}-{n}", f"{day}T12:0{n}", "211002", areas=("key",), pixels=2)
        for day, count in zip(days, (4, 2, 3, 6), strict=True)
        for n in range(count)
    ]
    (raised,) = adjudicate(book, points).escalations
    assert (raised.count, raised.detail) == (5, {"from": "2019-04-03", "to": "2019-04-04"})
    assert raised.fire_point_ids == tuple(sorted(one.fire_point_id for one in points[4:9]))
    data = book.canonical()
    data["counts"]["unit"] = "pixel"
    (raised,) = adjudicate(Rulebook.model_validate(data), points).escalations
    assert (raised.count, raised.detail["from"]) == (8, "2019-04-01")
