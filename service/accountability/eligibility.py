"""Which fire points a rulebook counts, and the reason code of each that it does not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from service.accountability.facts import Fact, narrower
from service.accountability.findings import Held, LeftOut
from service.accountability.rulebook import Place, Rulebook
from service.accountability.windows import civil_day
from service.accountability.words import Match

_REACHED = {"listed": 0, "overdue": 0, "confirmed": 1, "publicised": 2}

_SAID: dict[str, tuple[str, str]] = {
    "out_of_season": ("不在考核时段内", "outside the windows"),
    "source_not_accepted": ("发现来源不被采信", "no source that the rule accepts"),
    "finding_not_counted": ("核实结论不在扣款范围", "the finding does not count"),
    "restricted_within_plan": ("限烧区计划烧除时段内", "restricted area, within an approved plan"),
    "planned_burn": ("计划烧除时段内", "within an approved planned burn"),
    "zone_not_counted": ("所在区域不计", "the zone does not count under this regime"),
    "denied": ("核实否定且已复核", "denied, and the denial reviewed"),
    "zone_unknown": ("无区划图层，区域未知", "no zone layer there: the zone is unknown"),
    "not_verified": ("尚未核实", "not verified yet"),
    "overdue": ("逾期未核实", "verification is overdue"),
    "denial_unreviewed": ("否定意见尚未复核", "a denial that nobody above has reviewed"),
    "not_publicised": ("尚未公布", "confirmed, not publicised yet"),
    "instant_unknown": ("排序所依据的时刻缺失", "the instant that orders it is missing"),
    "finding_unknown": ("缺少核实结论", "no finding yet"),
    "no_clause": ("没有适用的扣款条款", "no clause is about it"),
    "exempt": ("免责", "exempt"),
    "payer_unknown": ("付款方未知", "the payer is not known"),
    "payer_in_doubt": ("付款方存疑，待裁定", "the payer is in doubt until a person rules"),
    "scope_in_doubt": (
        "排序范围单位存疑，待裁定",
        "the unit that orders it is in doubt until a person rules",
    ),
    "zone_in_doubt": ("区域存疑，待裁定", "the zone is in doubt until a person rules"),
    "area_unknown": ("过火面积未知", "the burnt area is not known"),
    "base_unknown": ("计算基数未提供", "the base amount was not supplied"),
    "tie": ("同一分钟，首个火点待裁定", "same minute: which is first waits for a ruling"),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """A fire point that counts, and how it came to."""

    fact: Fact
    day: dt.date
    windows: tuple[str, ...]
    as_later: bool


def left_out(fact: Fact, reason: str) -> LeftOut:
    """Return that a fire point does not count, with the sentence of the reason."""
    zh, en = _SAID[reason]
    return LeftOut(fact.fire_point_id, reason, zh, en)


def held(fact: Fact, reason: str) -> Held:
    """Return that a fire point waits for a person, with the sentence of the reason."""
    zh, en = _SAID[reason]
    return Held(fact.fire_point_id, reason, zh, en)


def said(reason: str) -> tuple[str, str]:
    """Return the sentence of a reason in Chinese and English."""
    return _SAID[reason]


def judge(book: Rulebook, fact: Fact) -> Counted | Held | LeftOut:
    """Return whether `fact` counts: window, source, place, then state, then finding; the first that fails says why."""
    day = civil_day(fact.overpass)
    windows = tuple(one.name for one in book.windows if one.holds(day))
    everywhere = any(one.everywhere and one.holds(day) for one in book.windows)
    if not windows and book.counts.outside_windows == "not_counted":
        return left_out(fact, "out_of_season")
    failed = (
        _source(book, fact)
        or (_denied(book, fact) if fact.state == "denied" else None)
        or (None if everywhere else _place(book, fact))
        or _state(book, fact)
        or _finding(book, fact)
    )
    return failed or Counted(fact, day, windows, not windows)


def _source(book: Rulebook, fact: Fact) -> LeftOut | None:
    if set(fact.sources) & set(book.counts.evidence):
        return None
    return left_out(fact, "source_not_accepted")


def _finding(book: Rulebook, fact: Fact) -> Held | LeftOut | None:
    if fact.finding is not None:
        return None if fact.finding in book.counts.findings else left_out(fact, "finding_not_counted")
    if book.counts.state == "listed" or fact.state == "overdue":
        return None
    return held(fact, "finding_unknown")


def _denied(book: Rulebook, fact: Fact) -> Held | LeftOut:
    reviewer = fact.denial_reviewed_by
    if reviewer is None or narrower(reviewer, book.counts.verification.denial_review):
        return held(fact, "denial_unreviewed")
    return left_out(fact, "denied")


def _place(book: Rulebook, fact: Fact) -> Held | LeftOut | None:
    under = [one for one in book.counts.places if one.regime in {"any", fact.regime}]
    asks_zone = under and not any("any" in one.zones for one in under)
    if asks_zone and "zone" in fact.doubts:
        return held(fact, "zone_in_doubt")
    fitting = [one for one in under if _fits(one, fact)]
    if not fitting:
        unknown = (asks_zone and fact.zone == "unknown") or (
            fact.regime == "unknown" and any(one.regime != "any" for one in book.counts.places)
        )
        return held(fact, "zone_unknown") if unknown else left_out(fact, "zone_not_counted")
    if fact.within_plan and not any(one.within_plan == "counts" for one in fitting):
        return left_out(fact, "restricted_within_plan" if fact.zone == "restricted" else "planned_burn")
    return None


def _fits(place: Place, fact: Fact) -> bool:
    return "any" in place.zones or fact.zone in place.zones


def _state(book: Rulebook, fact: Fact) -> Held | None:
    wanted = _REACHED[book.counts.state]
    reached = _REACHED[fact.state]
    if fact.state == "overdue" and book.counts.verification.overdue == "counts" and wanted == 1:
        return None
    if reached >= wanted:
        return None
    if fact.state == "overdue":
        return held(fact, "overdue")
    return held(fact, "not_verified" if reached == 0 else "not_publicised")


def fits(match: Match | None, counted: Counted) -> bool:
    """Whether a clause, a rate or an escalation is about this fire point."""
    if match is None:
        return True
    fact = counted.fact
    return (
        (match.findings is None or fact.finding in match.findings)
        and (match.zones is None or fact.zone in match.zones)
        and (match.areas is None or bool(set(match.areas) & set(fact.areas)))
        and (match.windows is None or bool(set(match.windows) & set(counted.windows)))
    )
