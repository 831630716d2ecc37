"""Which fire points a rulebook counts, and the reason code of each that it does not.

Fire points that are alike in all that a rulebook asks (window, sources, state, place, finding, …) get one verdict,
reached once: a season of a million has a few thousand kinds of them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from service.accountability.facts import Fact, narrower
from service.accountability.findings import Held, LeftOut, Weighing
from service.accountability.rulebook import Place, Rulebook, matches
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


_WAITS = frozenset(
    {
        *("zone_unknown", "zone_in_doubt", "not_verified", "overdue", "denial_unreviewed", "not_publicised"),
        *("finding_unknown", "instant_unknown", "payer_unknown", "payer_in_doubt", "scope_in_doubt"),
        *("area_unknown", "base_unknown", "tie"),
    }
)
"""The reasons for which a fire point is held until a person acts; for all others it is left out."""

_ONE = Decimal(1)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class When:
    """A Beijing day as a rulebook sees it."""

    day: dt.date
    windows: tuple[str, ...]
    everywhere: bool
    season: str

    def period(self, reset: str) -> str:
        """Return the label of the stretch in which ordinals and counts run on."""
        if reset == "season":
            return self.season
        return str(self.day.year) if reset == "year" else "ever"


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a rulebook makes of fire points that are alike in all that it asks.

    Attributes
    ----------
    counts
        Whether they count: for escalations, and against a reward for no fire.
    reason
        Why they are held or left out, or empty; some that count are held as well (the zone is in doubt).
    lifted
        Whether an exemption lifts their charge: they were fires all the same.
    clause, rate
        Position of the first clause, and of its first rate, that is about them.
    raises
        For each escalation, whether it is about them.
    """

    counts: bool
    reason: str
    lifted: bool
    clause: int | None
    rate: int | None
    raises: tuple[bool, ...]
    weighing: Weighing

    @property
    def waits(self) -> bool:
        """Whether a person has to act before it is left out or charged."""
        return self.reason in _WAITS


@dataclass(frozen=True, slots=True)
class Judged:
    """A fire point with its day and its verdict."""

    fact: Fact
    when: When
    verdict: Verdict

    @property
    def as_later(self) -> bool:
        """Whether it lies outside all windows, where the rule charges that as a later one."""
        return not self.when.windows


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


class Judge:
    """Says of each fire point whether it counts, under which clause and with what weight; it remembers its verdicts.

    Attributes
    ----------
    days
        What it knows of every day it was asked about.
    """

    def __init__(self, book: Rulebook) -> None:
        self.days: dict[dt.date, When] = {}
        self._book = book
        self._seen: dict[tuple[object, ...], Verdict] = {}
        self._weighings: dict[Weighing, Weighing] = {}
        self._weights = {str(one.finding): one.weight for one in book.counts.weights}
        self._mitigations = {one.reason: one.keeps_percent for one in book.exemptions}
        asked = [match for path, match in matches(book) if path[0] == "charges" and match is not None]
        self._asks_zone = any(match.zones for match in asked)
        self._asks_area = any(match.areas for match in asked)

    def __call__(self, fact: Fact) -> Judged:
        """Return the fact with its verdict."""
        when = self.when(civil_day(fact.overpass))
        # All that a verdict reads of a fact; `_reach` must read nothing else.
        key = (
            when.windows,
            fact.sources,
            fact.state,
            fact.finding,
            fact.regime,
            fact.zone,
            fact.within_plan,
            fact.doubts,
            fact.areas,
            fact.exemptions,
            fact.denial_reviewed_by,
        )
        verdict = self._seen.get(key)
        if verdict is None:
            verdict = self._seen[key] = self._reach(fact, when)
        return Judged(fact, when, verdict)

    def when(self, day: dt.date) -> When:
        """Return the day as the rulebook sees it."""
        found = self.days.get(day)
        if found is None:
            held_by = [one for one in self._book.windows if one.holds(day)]
            names = tuple(one.name for one in held_by)
            everywhere = any(one.everywhere for one in held_by)
            found = self.days[day] = When(day, names, everywhere, self._book.season(day))
        return found

    def _reach(self, fact: Fact, when: When) -> Verdict:
        book = self._book
        reason = _failing(book, fact, when)
        lifted = not reason and any(self._mitigations.get(one) == 0 for one in fact.exemptions)
        counts = not reason and not lifted
        clause: int | None = None
        if lifted:
            reason = "exempt"
        elif counts and book.charges:
            reason, clause = self._assign(fact, when)
        return Verdict(
            counts=counts,
            reason=reason,
            lifted=lifted,
            clause=clause,
            rate=_rate(book, clause, fact, when),
            raises=tuple(fits(one.when, fact, when) for one in book.escalations),
            weighing=self._weigh(fact, when),
        )

    def _assign(self, fact: Fact, when: When) -> tuple[str, int | None]:
        if (self._asks_zone or self._asks_area) and "zone" in fact.doubts:
            return "zone_in_doubt", None
        if self._asks_zone and fact.zone == "unknown":
            return "zone_unknown", None
        for index, clause in enumerate(self._book.charges):
            if fits(clause.when, fact, when):
                return "", index
        return "no_clause", None

    def _weigh(self, fact: Fact, when: When) -> Weighing:
        weight = self._weights.get(fact.finding, _ONE) if fact.finding else _ONE
        known = self._mitigations
        kept, eased_by = min(
            ((known[name], name) for name in set(fact.exemptions) if name in known), default=(_HUNDRED, None)
        )
        found = Weighing(weight, kept, eased_by, when.windows)
        return self._weighings.setdefault(found, found)


def _failing(book: Rulebook, fact: Fact, when: When) -> str:
    """Return why it does not count: window, source, place, state, finding; the first that fails says."""
    if not when.windows and book.counts.outside_windows == "not_counted":
        return "out_of_season"
    if set(book.counts.evidence).isdisjoint(fact.sources):
        return "source_not_accepted"
    if fact.state == "denied":
        return _denied(book, fact)
    return ("" if when.everywhere else _place(book, fact)) or _state(book, fact) or _finding(book, fact)


def _finding(book: Rulebook, fact: Fact) -> str:
    if fact.finding is not None:
        return "" if fact.finding in book.counts.findings else "finding_not_counted"
    if book.counts.state == "listed" or fact.state == "overdue":
        return ""
    return "finding_unknown"


def _denied(book: Rulebook, fact: Fact) -> str:
    reviewer = fact.denial_reviewed_by
    if reviewer is None or narrower(reviewer, book.counts.verification.denial_review):
        return "denial_unreviewed"
    return "denied"


def _place(book: Rulebook, fact: Fact) -> str:
    under = [one for one in book.counts.places if one.regime in {"any", fact.regime}]
    asks_zone = under and not any("any" in one.zones for one in under)
    if asks_zone and "zone" in fact.doubts:
        return "zone_in_doubt"
    fitting = [one for one in under if _fits(one, fact)]
    if not fitting:
        unknown = (asks_zone and fact.zone == "unknown") or (
            fact.regime == "unknown" and any(one.regime != "any" for one in book.counts.places)
        )
        return "zone_unknown" if unknown else "zone_not_counted"
    if fact.within_plan and not any(one.within_plan == "counts" for one in fitting):
        return "restricted_within_plan" if fact.zone == "restricted" else "planned_burn"
    return ""


def _fits(place: Place, fact: Fact) -> bool:
    return "any" in place.zones or fact.zone in place.zones


def _state(book: Rulebook, fact: Fact) -> str:
    wanted = _REACHED[book.counts.state]
    reached = _REACHED[fact.state]
    if fact.state == "overdue" and book.counts.verification.overdue == "counts" and wanted == 1:
        return ""
    if reached >= wanted:
        return ""
    if fact.state == "overdue":
        return "overdue"
    return "not_verified" if reached == 0 else "not_publicised"


def fits(match: Match | None, fact: Fact, when: When) -> bool:
    """Whether a clause, a rate or an escalation is about this fire point."""
    if match is None:
        return True
    return (
        (match.findings is None or fact.finding in match.findings)
        and (match.zones is None or fact.zone in match.zones)
        and (match.areas is None or bool(set(match.areas) & set(fact.areas)))
        and (match.windows is None or bool(set(match.windows) & set(when.windows)))
    )


def _rate(book: Rulebook, clause: int | None, fact: Fact, when: When) -> int | None:
    charge = None if clause is None else book.charges[clause]
    if charge is None or charge.kind != "percent":
        return None
    return next(index for index, one in enumerate(charge.rates) if fits(one.when, fact, when))
