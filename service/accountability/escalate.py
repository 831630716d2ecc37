"""Escalations: by count, in a sliding window, by density and rank, by the share of children."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext

from service.accountability.eligibility import Counted, fits
from service.accountability.facts import SeasonUnit
from service.accountability.findings import Raised
from service.accountability.measures import (
    CountEscalation,
    DensityEscalation,
    ShareEscalation,
    WindowEscalation,
)
from service.accountability.rulebook import Rulebook
from service.accountability.words import plain

_DIGITS = 28


def escalate(book: Rulebook, counted: Sequence[Counted], units: Sequence[SeasonUnit]) -> tuple[Raised, ...]:
    """Return every escalation that a unit reached, in a total order."""
    found: list[Raised] = []
    for one in book.escalations:
        about = [fact for fact in counted if fits(one.when, fact)]
        if isinstance(one, CountEscalation):
            found += _by_count(book, one, about)
        elif isinstance(one, WindowEscalation):
            found += _in_window(book, one, about)
        elif isinstance(one, DensityEscalation):
            found += _by_density(book, one, about, units)
    for one in book.escalations:
        if isinstance(one, ShareEscalation):
            found += _by_share(one, found, units)
    return tuple(sorted(found, key=lambda one: (one.id, one.period, one.level, one.unit)))


def _groups(
    book: Rulebook, about: Iterable[Counted], level: str, reset: str
) -> dict[tuple[str, str], list[Counted]]:
    """Return facts by (unit, stretch); a unit that is in doubt escalates nothing."""
    found: dict[tuple[str, str], list[Counted]] = {}
    for one in about:
        unit = one.fact.unit(level)
        if unit is not None and level not in one.fact.doubts:
            found.setdefault((unit.payer, book.period(reset, one.day)), []).append(one)
    return {key: found[key] for key in sorted(found)}


def _ids(about: Iterable[Counted]) -> tuple[str, ...]:
    return tuple(sorted(one.fact.fire_point_id for one in about))


def _size(book: Rulebook, about: Iterable[Counted]) -> int:
    return sum(one.fact.pixels if book.counts.unit == "pixel" else 1 for one in about)


def _by_count(book: Rulebook, rule: CountEscalation, about: list[Counted]) -> Iterable[Raised]:
    for (unit, period), members in _groups(book, about, rule.level, rule.reset).items():
        count = _size(book, members)
        reached = [step for step in rule.steps if count >= step.from_]
        if reached:
            text = reached[-1].measure
            detail = {"step": str(len(reached)), "from": str(reached[-1].from_)}
            base = (rule.id, rule.clause, rule.kind, rule.level, unit, period, count)
            yield Raised(*base, text.zh, text.en, detail, _ids(members))


def _in_window(book: Rulebook, rule: WindowEscalation, about: list[Counted]) -> Iterable[Raised]:
    """Yield the first stretch of N successive days, in each season, that holds enough."""
    span = dt.timedelta(days=rule.days - 1)
    for (unit, _ever), members in _groups(book, about, rule.level, "never").items():
        done: set[str] = set()
        for start in sorted({one.day for one in members}):
            inside = [one for one in members if start <= one.day <= start + span]
            count = _size(book, inside)
            period = book.season(start)
            if count < rule.at_least or period in done:
                continue
            done.add(period)
            detail = {"from": start.isoformat(), "to": (start + span).isoformat()}
            base = (rule.id, rule.clause, rule.kind, rule.level, unit, period, count)
            yield Raised(*base, rule.measure.zh, rule.measure.en, detail, _ids(inside))


def _by_density(
    book: Rulebook, rule: DensityEscalation, about: list[Counted], units: Sequence[SeasonUnit]
) -> Iterable[Raised]:
    for at in rule.at:
        groups = _groups(book, about, at.level, "season")
        for season in sorted({one.season for one in units}):
            densities = {
                one.code: _density(rule, one, _size(book, groups.get((one.code, season), ())))
                for one in units
                if one.season == season and one.level == at.level and one.indicators.get(rule.indicator)
            }
            for code, density in densities.items():
                rank = 1 + sum(other > density for other in densities.values())
                if density <= rule.above or (at.worst is not None and rank > at.worst):
                    continue
                members = groups.get((code, season), [])
                detail = {"density": plain(density.quantize(Decimal("0.0001"))), "rank": str(rank)}
                base = (rule.id, rule.clause, rule.kind, at.level, code, season, _size(book, members))
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
