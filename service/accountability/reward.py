"""Rewards for no fire point, and what becomes of a deposit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import attrgetter

from service.accountability.amounts import share, to_fen
from service.accountability.eligibility import Judged
from service.accountability.facts import SeasonUnit, UnitAt
from service.accountability.findings import Charge, DepositState, Rewarded
from service.accountability.measures import PoolReward, Reward, ZeroReward
from service.accountability.rulebook import Rulebook

_SAID = {
    "earned": ("本季无火点", "no fire point in the season"),
    "open": ("有待核实或待裁定的火点", "a fire point still waits for a person"),
    "not_observed": (
        "观测不足，不能证明无火点",
        "observation not proven: no fire was seen, but not enough was",
    ),
    "indicator_unknown": ("指标未提供", "the indicator was not supplied"),
}


def reward(
    book: Rulebook, counted: Iterable[Judged], waiting: Iterable[Judged], units: Sequence[SeasonUnit]
) -> tuple[Rewarded, ...]:
    """Return what each unit without a fire point earns, or what is lacking; a unit with one is not named."""
    if not book.rewards:
        return ()
    levels = sorted({rule.level for rule in book.rewards})
    burnt, unsure = _Places(levels), _Places(levels)
    for one in counted:
        fact, season = one.fact, one.when.season
        for level in levels:
            unit = fact.unit(level)
            if unit is not None:
                (unsure if level in fact.doubts else burnt).add(unit, season)
        if fact.candidates:
            unsure.take(fact.candidates, season)
    for one in waiting:
        unsure.take(one.fact.units, one.when.season)
        unsure.take(one.fact.candidates, one.when.season)
    found: list[Rewarded] = []
    for rule in book.rewards:
        zero = [
            unit
            for unit in units
            if unit.level == rule.level
            and (rule.unit_kinds is None or unit.kind in rule.unit_kinds)
            and unit not in burnt
        ]
        found += _of_rule(rule, zero, unsure)
    return tuple(sorted(found, key=attrgetter("id", "season", "unit")))


class _Places:
    """Units in a season, of the levels that are asked about."""

    def __init__(self, levels: Iterable[str]) -> None:
        self._codes: dict[str, defaultdict[str, set[str]]] = {level: defaultdict(set) for level in levels}

    def add(self, unit: UnitAt, season: str) -> None:
        codes = self._codes.get(unit.level)
        if codes is not None:
            codes[season].add(unit.payer)

    def take(self, units: Iterable[UnitAt], season: str) -> None:
        for unit in units:
            self.add(unit, season)

    def __contains__(self, unit: SeasonUnit) -> bool:
        return unit.code in self._codes[unit.level].get(unit.season, ())


def _of_rule(rule: Reward, zero: list[SeasonUnit], unsure: _Places) -> Iterable[Rewarded]:
    earning: dict[str, list[SeasonUnit]] = {}
    for unit in zero:
        if unit in unsure:
            yield _rewarded(rule, unit, None, "open")
        elif not unit.observed:
            yield _rewarded(rule, unit, None, "not_observed")
        else:
            earning.setdefault(unit.season, []).append(unit)
    for members in earning.values():
        if isinstance(rule, PoolReward):
            parts = share(rule.pool.value, [1] * len(members))
            for unit, part in zip(members, parts, strict=True):
                yield _rewarded(rule, unit, part, "earned")
        else:
            yield from (_zero(rule, unit) for unit in members)


def _zero(rule: ZeroReward, unit: SeasonUnit) -> Rewarded:
    if rule.amount is not None:
        return _rewarded(rule, unit, rule.amount.value, "earned")
    value = unit.indicators.get(rule.indicator or "")
    if value is None:
        return _rewarded(rule, unit, None, "indicator_unknown")
    amount = next(tier.amount.value for tier in rule.tiers if tier.holds(value))
    return _rewarded(rule, unit, amount, "earned")


def _rewarded(rule: Reward, unit: SeasonUnit, amount: Decimal | None, reason: str) -> Rewarded:
    zh, en = _SAID[reason]
    exact = None if amount is None else to_fen(amount)
    return Rewarded(rule.id, rule.clause, rule.level, unit.code, unit.season, exact, reason, zh, en)


def deposits(
    book: Rulebook, charges: Iterable[tuple[str, Charge]], units: Iterable[SeasonUnit]
) -> tuple[DepositState, ...]:
    """Return each payer's deposit after its charges, each with its season: used, left, and what goes beyond it."""
    rule = book.deposit
    if rule is None:
        return ()
    paid = to_fen(rule.amount.value)
    due = {(unit.season, unit.code): Decimal("0.00") for unit in units if unit.level == rule.level}
    for season, one in charges:
        sum_ = due.get((season, one.payer))
        if sum_ is not None:
            due[season, one.payer] = sum_ + one.line.amount
    return tuple(
        DepositState(payer, season, paid, min(paid, sum_), paid - min(paid, sum_), sum_ - min(paid, sum_))
        for (season, payer), sum_ in sorted(due.items())
    )
