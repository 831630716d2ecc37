"""Scores: the points of each unit in a season, item by item, with caps and floors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from service.accountability.eligibility import Judged, fits
from service.accountability.escalate import Groups, groups, size
from service.accountability.facts import SeasonUnit, UnitAt
from service.accountability.findings import Scored
from service.accountability.measures import FireItem, IndicatorItem, Score
from service.accountability.rulebook import Rulebook
from service.accountability.words import plain

_SAID = {
    "complete": ("评分完整", "the score is complete"),
    "open": ("有待核实或待裁定的火点", "a fire point that may lower it still waits for a person"),
    "indicator_unknown": ("指标未提供", "an indicator was not supplied"),
}


def score(
    book: Rulebook, counted: Sequence[Judged], waiting: Iterable[Judged], units: Sequence[SeasonUnit]
) -> tuple[Scored, ...]:
    """Return the points of every unit that is scored, with or without a fire point, in a total order."""
    if not book.scores:
        return ()
    unsure = _unsure(counted, waiting)
    found: list[Scored] = []
    for rule in book.scores:
        burnt = groups(counted, rule.level, "season")
        found += [
            _of_unit(book, rule, unit, burnt, unsure)
            for unit in units
            if unit.level == rule.level and (rule.unit_kinds is None or unit.kind in rule.unit_kinds)
        ]
    return tuple(sorted(found, key=lambda one: (one.id, one.season, one.unit)))


def _unsure(counted: Iterable[Judged], waiting: Iterable[Judged]) -> set[tuple[str, str, str]]:
    """Return the units, with their season, to which a fire point may still be added."""
    found: set[tuple[str, str, str]] = set()

    def may_be(places: Iterable[UnitAt], season: str) -> None:
        found.update((place.level, place.payer, season) for place in places)

    for one in counted:
        if one.fact.doubts:
            may_be((unit for unit in one.fact.units if unit.level in one.fact.doubts), one.when.season)
        may_be(one.fact.candidates, one.when.season)
    for one in waiting:
        may_be((*one.fact.units, *one.fact.candidates), one.when.season)
    return found


def _of_unit(
    book: Rulebook, rule: Score, unit: SeasonUnit, burnt: Groups, unsure: set[tuple[str, str, str]]
) -> Scored:
    members = burnt.get(unit.season, {}).get(unit.code, [])
    points = {
        item.id: _of_fires(book, item, members) if isinstance(item, FireItem) else _of_indicator(item, unit)
        for item in rule.items
    }
    known = [one for one in points.values() if one is not None]
    whole = max(rule.floor, sum(known, Decimal(0))) if len(known) == len(points) else None
    reason = "complete"
    if whole is None:
        reason = "indicator_unknown"
    elif (unit.level, unit.code, unit.season) in unsure:
        reason = "open"
    items = {name: "" if one is None else plain(one) for name, one in points.items()}
    count = size(book, members)
    base = (rule.id, rule.clause, rule.level, unit.code, unit.season, whole, items, count, reason)
    return Scored(*base, *_SAID[reason])


def _of_fires(book: Rulebook, item: FireItem, members: Sequence[Judged]) -> Decimal:
    about = [one for one in members if fits(item.when, one.fact, one.when)]
    return max(item.floor, item.cap - item.each * size(book, about))


def _of_indicator(item: IndicatorItem, unit: SeasonUnit) -> Decimal | None:
    value = unit.indicators.get(item.indicator)
    return None if value is None else next(tier.points for tier in item.tiers if tier.holds(value))
