"""Escalations: by count, in a sliding window, by density and rank, by the share of children."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from itertools import accumulate
from operator import attrgetter

from service.accountability.eligibility import Judged
from service.accountability.facts import SeasonUnit
from service.accountability.findings import Raised
from service.accountability.measures import (
    CountEscalation,
    DensityEscalation,
    ParentShareEscalation,
    ShareEscalation,
    WindowEscalation,
)
from service.accountability.rulebook import Rulebook
from service.accountability.words import LEVELS, plain

_DIGITS = 28

Groups = dict[str, dict[str, list[Judged]]]
"""Fire points by stretch and unit."""


def escalate(book: Rulebook, counted: Sequence[Judged], units: Sequence[SeasonUnit]) -> tuple[Raised, ...]:
    """Return every escalation that a unit reached, in a total order; `counted` comes in order of id."""
    found: list[Raised] = []
    for index, one in enumerate(book.escalations):
        about = counted if one.when is None else [fact for fact in counted if fact.verdict.raises[index]]
        if isinstance(one, CountEscalation):
            found += _by_count(book, one, about)
        elif isinstance(one, WindowEscalation):
            found += _in_window(book, one, about)
        elif isinstance(one, DensityEscalation):
            found += _by_density(book, one, about, units)
        elif isinstance(one, ParentShareEscalation):
            found += _by_part(book, one, about, units)
    for one in book.escalations:
        if isinstance(one, ShareEscalation):
            found += _by_share(one, found, units)
    return tuple(sorted(found, key=attrgetter("id", "period", "level", "unit")))


def groups(about: Iterable[Judged], level: str, reset: str) -> Groups:
    """Return facts by stretch and unit; a unit that is in doubt escalates nothing."""
    found: Groups = {}
    for one in about:
        fact = one.fact
        unit = fact.unit(level)
        if unit is None or (fact.doubts and level in fact.doubts):
            continue
        label = one.when.season if reset == "season" else one.when.period(reset)
        period = found.get(label)
        if period is None:
            period = found[label] = {}
        members = period.get(unit.payer)
        if members is None:
            period[unit.payer] = [one]  # most villages have one fire point: no list is made in vain
        else:
            members.append(one)
    return found


def _ids(about: Sequence[Judged]) -> tuple[str, ...]:
    if len(about) == 1:
        return (about[0].fact.fire_point_id,)
    return tuple(sorted([one.fact.fire_point_id for one in about]))


def size(book: Rulebook, about: Sequence[Judged]) -> int:
    """Return how many they are, in what the rulebook counts: fire points or pixels."""
    return sum(one.fact.pixels for one in about) if book.counts.unit == "pixel" else len(about)


def _by_count(book: Rulebook, rule: CountEscalation, about: Iterable[Judged]) -> Iterable[Raised]:
    details = [{"step": str(number), "from": str(step.from_)} for number, step in enumerate(rule.steps, 1)]
    starts = [step.from_ for step in rule.steps]
    texts = [step.measure for step in rule.steps]
    for period, units in groups(about, rule.level, rule.reset).items():
        for unit in sorted(units):  # so that the sort of all has little left to do
            members = units[unit]
            count = size(book, members)
            reached = bisect_right(starts, count) - 1
            if reached >= 0:
                yield Raised(
                    rule.id,
                    rule.clause,
                    rule.kind,
                    rule.level,
                    unit,
                    period,
                    count,
                    texts[reached].zh,
                    texts[reached].en,
                    details[reached],
                    _ids(members),
                )


def _in_window(book: Rulebook, rule: WindowEscalation, about: Iterable[Judged]) -> Iterable[Raised]:
    """Yield the first stretch of N successive days, in each season, that holds enough."""
    span = dt.timedelta(days=rule.days - 1)
    by_pixel = book.counts.unit == "pixel"
    for unit, members in groups(about, rule.level, "never").get("ever", {}).items():
        members.sort(key=lambda one: one.when.day)
        days = [one.when.day for one in members]
        upto = [0, *accumulate(one.fact.pixels if by_pixel else 1 for one in members)]
        done: set[str] = set()
        for first, start in enumerate(days):
            period = members[first].when.season
            if period in done or (first and days[first - 1] == start):
                continue
            end = bisect_right(days, start + span)
            count = upto[end] - upto[first]
            if count < rule.at_least:
                continue
            done.add(period)
            detail = {"from": start.isoformat(), "to": (start + span).isoformat()}
            base = (rule.id, rule.clause, rule.kind, rule.level, unit, period, count)
            yield Raised(*base, rule.measure.zh, rule.measure.en, detail, _ids(members[first:end]))


def _by_density(
    book: Rulebook, rule: DensityEscalation, about: Iterable[Judged], units: Sequence[SeasonUnit]
) -> Iterable[Raised]:
    known: dict[tuple[str, str], list[SeasonUnit]] = {}
    levels = {at.level for at in rule.at}
    for unit in units:
        if unit.level in levels and unit.indicators.get(rule.indicator):
            known.setdefault((unit.level, unit.season), []).append(unit)
    by_level = {level: groups(about, level, "season") for level in sorted(levels)}
    for at in rule.at:
        for season in sorted({one.season for one in units}):
            burnt = by_level[at.level].get(season, {})
            densities = {
                one.code: _density(rule, one, size(book, burnt.get(one.code, [])))
                for one in known.get((at.level, season), [])
            }
            ranking = sorted(densities.values())
            for code, density in densities.items():
                rank = 1 + len(ranking) - bisect_right(ranking, density)
                if density <= rule.above or (at.worst is not None and rank > at.worst):
                    continue
                members = burnt.get(code, [])
                detail = {"density": plain(density.quantize(Decimal("0.0001"))), "rank": str(rank)}
                base = (rule.id, rule.clause, rule.kind, at.level, code, season, size(book, members))
                yield Raised(*base, rule.measure.zh, rule.measure.en, detail, _ids(members))


def _density(rule: DensityEscalation, unit: SeasonUnit, count: int) -> Decimal:
    with localcontext() as context:
        context.prec = _DIGITS
        return Decimal(count) * rule.per / unit.indicators[rule.indicator]


def _by_share(rule: ShareEscalation, raised: list[Raised], units: Sequence[SeasonUnit]) -> Iterable[Raised]:
    reached = {(one.level, one.unit, one.period) for one in raised if one.id == rule.of}
    level = next((one.level for one in raised if one.id == rule.of), None)
    children: dict[tuple[str, str], list[str]] = {}
    for unit in units:
        if unit.parent is not None and unit.level == level:
            children.setdefault((unit.parent, unit.season), []).append(unit.code)
    for (parent, season), codes in sorted(children.items()):
        hit = [code for code in codes if (level, code, season) in reached]
        if len(hit) * 100 > rule.above_percent * len(codes):
            detail = {"reached": str(len(hit)), "children": str(len(codes))}
            base = (rule.id, rule.clause, rule.kind, rule.level, parent, season, len(hit))
            yield Raised(*base, rule.measure.zh, rule.measure.en, detail, ())


def _by_part(
    book: Rulebook, rule: ParentShareEscalation, about: Sequence[Judged], units: Sequence[SeasonUnit]
) -> Iterable[Raised]:
    """Yield the units whose part of their parent's fire points exceeds their due part; unknown parts raise nothing."""
    families: dict[tuple[str, str], list[SeasonUnit]] = {}
    for unit in units:
        if unit.level == rule.level and unit.parent is not None:
            families.setdefault((unit.parent, unit.season), []).append(unit)
    own = groups(about, rule.level, "season")
    above = groups(about, LEVELS[LEVELS.index(rule.level) - 1], "season")
    for (parent, season), family in sorted(families.items(), key=lambda one: one[0]):
        dues = [unit.indicators.get(rule.indicator) if rule.indicator else Decimal(1) for unit in family]
        known = [due for due in dues if due is not None]
        if len(known) < len(family) or not sum(known):
            continue
        burnt = [own.get(season, {}).get(unit.code, []) for unit in family]
        counts = [size(book, members) for members in burnt]
        # One whose unit is in doubt is none of theirs yet, but it is the parent's: nobody's part looks larger by it.
        whole = max(sum(counts), size(book, above.get(season, {}).get(parent, [])))
        for unit, due, count, members in zip(family, known, counts, burnt, strict=True):
            if count >= rule.at_least and count * sum(known) > whole * due:
                detail = {"count": str(count), "of": str(whole), "units": str(len(family))}
                if rule.indicator:
                    detail |= {"due": plain(due), "due_of": plain(sum(known, Decimal(0)))}
                base = (rule.id, rule.clause, rule.kind, rule.level, unit.code, season, count)
                yield Raised(*base, rule.measure.zh, rule.measure.en, detail, _ids(members))
