"""Adjudication: facts and a rulebook in, charges, escalations and rewards out (DESIGN section 3, "Charge").

Pure and exact: `Decimal` only, one total order, no clock. The same facts in any order give the same bytes. A date that
the rulebook does not cover is refused; money that a person has to decide about first is held, and says how much.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal, localcontext
from typing import Any

from service.accountability.amounts import of_area, scaled, to_fen
from service.accountability.clauses import (
    AreaCharge,
    Clause,
    FlatCharge,
    LadderCharge,
    OrdinalCharge,
    PercentCharge,
    Rate,
)
from service.accountability.eligibility import Counted, fits, held, judge, left_out, said
from service.accountability.escalate import escalate
from service.accountability.facts import Fact, SeasonUnit
from service.accountability.findings import Adjudication, Charge, Held, LeftOut, UncoveredError
from service.accountability.ordering import Candidate, Placed, instant_of, place
from service.accountability.reward import deposits, reward
from service.accountability.rulebook import Rulebook, matches
from service.accountability.windows import civil_day
from service.accountability.words import plain

_HUNDRED = Decimal(100)
_DIGITS = 60
"""Far beyond any sum of money; the caller's own precision must not reach a bill."""
_LATER = 2
"""The ordinal whose tier a fire outside the windows is charged by, where the rule says so."""


def choose(books: Sequence[Rulebook], day: dt.date) -> Rulebook:
    """Return the one rulebook that is in force on `day`.

    Raises
    ------
    UncoveredError
        ``no_rulebook`` or ``several_rulebooks``: no number can be given.
    """
    found = sorted((book for book in books if book.validity.holds(day)), key=lambda book: book.id)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UncoveredError(
            "no_rulebook",
            f"{day} 没有任何规则生效，不能计算金额；请提供该日有效的规则",
            f"no rulebook is in force on {day}, so no amount can be given; supply the rule of that date",
        )
    names = ", ".join(book.id for book in found)
    raise UncoveredError(
        "several_rulebooks",
        f"{day} 有多份规则同时生效({names});请指定一份",
        f"several rulebooks are in force on {day} ({names}); name one",
    )


def adjudicate(book: Rulebook, facts: Iterable[Fact], units: Iterable[SeasonUnit] = ()) -> Adjudication:
    """Return what `book` makes of the facts.

    Parameters
    ----------
    book
        The rule.
    facts
        Every fire point of the seasons in question, each once; an order of "first" needs them all.
    units
        The units of those seasons: for rewards, densities, shares, bases and deposits.

    Raises
    ------
    UncoveredError
        ``no_rulebook``: a fact's date is outside the rulebook's validity.
    ValueError
        When a fire point or a unit is given twice with different facts.
    """
    with localcontext(Context(prec=_DIGITS)):
        return _adjudicate(book, _once(facts), _units(units))


def _adjudicate(
    book: Rulebook, known: list[Fact], units: dict[tuple[str, str, str], SeasonUnit]
) -> Adjudication:
    _require_covered(book, known)
    run = _Run(book, units)
    for fact in known:
        run.take(fact)
    run.charge()
    everyone = tuple(run.units.values())
    charges = tuple(sorted(run.charges, key=lambda one: (one.payer, one.season, one.fire_point_id)))
    return Adjudication(
        rulebook=book.id,
        rulebook_hash=run.hash,
        status=book.status,
        charges=charges,
        held=tuple(sorted(run.held, key=lambda one: (one.fire_point_id, one.reason))),
        left_out=tuple(sorted(run.left_out, key=lambda one: (one.fire_point_id, one.reason))),
        escalations=escalate(book, run.counted, everyone),
        rewards=reward(book, [*run.counted, *run.lifted], run.open_facts, everyone),
        deposits=deposits(book, charges, everyone),
    )


def _once(facts: Iterable[Fact]) -> list[Fact]:
    found: dict[str, Fact] = {}
    for fact in facts:
        if found.setdefault(fact.fire_point_id, fact) != fact:
            raise ValueError(f"{fact.fire_point_id} is given twice with different facts")
    return [found[name] for name in sorted(found)]


def _units(units: Iterable[SeasonUnit]) -> dict[tuple[str, str, str], SeasonUnit]:
    found: dict[tuple[str, str, str], SeasonUnit] = {}
    for unit in units:
        if found.setdefault((unit.season, unit.level, unit.code), unit) != unit:
            raise ValueError(f"{unit.code} is given twice for {unit.season}")
    return {key: found[key] for key in sorted(found)}


def _require_covered(book: Rulebook, facts: Iterable[Fact]) -> None:
    days = sorted({civil_day(fact.overpass) for fact in facts})
    for day in days:
        if not book.validity.holds(day):
            raise UncoveredError(
                "no_rulebook",
                f"规则 {book.id} 不适用于 {day}(有效期自 {book.validity.from_} 起),不能计算金额；请换用该日有效的规则",
                f"rulebook {book.id} does not cover {day} (in force from {book.validity.from_}), "
                "so no amount can be given; use the rule of that date",
            )


class _Run:
    """One adjudication under way: facts sorted into counted, held and left out, then priced clause by clause."""

    def __init__(self, book: Rulebook, units: dict[tuple[str, str, str], SeasonUnit]) -> None:
        self.book = book
        self.hash = book.content_hash
        self.units = units
        self.mitigations = {one.reason: one for one in book.exemptions}
        self.weights: dict[str, Decimal] = {one.finding: one.weight for one in book.counts.weights}
        self.asks_zone, self.asks_area = _asks(book)
        self.counted: list[Counted] = []
        self.lifted: list[Counted] = []
        self.open_facts: list[Fact] = []
        self.charges: list[Charge] = []
        self.held: list[Held] = []
        self.left_out: list[LeftOut] = []
        self._by_clause: dict[int, list[Counted]] = {}

    def take(self, fact: Fact) -> None:
        """Sort one fact: counted under a clause, held, or left out with its reason."""
        found = judge(self.book, fact)
        if isinstance(found, LeftOut):
            self.left_out.append(found)
        elif isinstance(found, Held):
            self.held.append(found)
            self.open_facts.append(fact)
        elif self._lifted(fact):
            self.left_out.append(left_out(fact, "exempt"))
            self.lifted.append(found)
        else:
            self.counted.append(found)
            if self.book.charges:
                self._assign(found)

    def _lifted(self, fact: Fact) -> bool:
        kept = [self.mitigations[one].keeps_percent for one in fact.exemptions if one in self.mitigations]
        return Decimal(0) in kept

    def _assign(self, counted: Counted) -> None:
        fact = counted.fact
        if (self.asks_zone or self.asks_area) and "zone" in fact.doubts:
            self._hold(fact, "zone_in_doubt")
            return
        if self.asks_zone and fact.zone == "unknown":
            self._hold(fact, "zone_unknown")
            return
        for index, clause in enumerate(self.book.charges):
            if fits(clause.when, counted):
                self._by_clause.setdefault(index, []).append(counted)
                return
        self.left_out.append(left_out(counted.fact, "no_clause"))

    def charge(self) -> None:
        """Price every counted fact under its clause."""
        for index, clause in enumerate(self.book.charges):
            candidates = [
                found for one in self._by_clause.get(index, ()) if (found := self._candidate(clause, one))
            ]
            if isinstance(clause, OrdinalCharge | LadderCharge):
                self._in_order(clause, candidates)
            else:
                for one in candidates:
                    self._alone(clause, one)

    def _candidate(self, clause: Clause, counted: Counted) -> Candidate | None:
        """Return who pays and where it is ordered; None, and held, while that is not certain."""
        fact = counted.fact
        payer_rule = self.book.payer
        if payer_rule is None:  # a rulebook with charges has one: checked when it was read
            return None
        payer, doubtful = self._payer(fact)
        order = clause.order if isinstance(clause, OrdinalCharge | LadderCharge) else None
        unit = fact.unit(order.scope) if order else None
        reason = ""
        if doubtful:
            reason = "payer_in_doubt"
        elif payer is None or (order and unit is None):
            reason = "payer_unknown"
        elif order and order.scope != payer_rule.level and order.scope in fact.doubts:
            reason = "scope_in_doubt"
        elif order and instant_of(fact, order) is None:
            reason = "instant_unknown"
        if reason or payer is None:
            self._hold(fact, reason)
            return None
        scope_unit = payer if order is None or order.scope == payer_rule.level or unit is None else unit.payer
        period = self.book.period(order.reset, counted.day) if order else self.book.season(counted.day)
        places = fact.pixels if self.book.counts.unit == "pixel" else 1
        return Candidate(counted, payer, scope_unit, period, places)

    def _payer(self, fact: Fact) -> tuple[str | None, bool]:
        rule = self.book.payer
        if rule is None:
            return None, False
        if fact.special_payer is not None:
            codes = {one.code for one in rule.special}
            if fact.special_payer in codes:
                return fact.special_payer, False
        unit = fact.unit(rule.level)
        return (unit.payer if unit else None), rule.level in fact.doubts

    def _hold(self, fact: Fact, reason: str) -> None:
        self.held.append(held(fact, reason))
        self.open_facts.append(fact)

    def _in_order(self, clause: OrdinalCharge | LadderCharge, candidates: list[Candidate]) -> None:
        first_tier: list[Candidate] = []
        later: list[Candidate] = []
        for one in candidates:
            (later if one.counted.as_later else first_tier).append(one)
        for placed in place(clause, first_tier):
            self._placed(clause, placed)
        for one in later:
            if isinstance(clause, OrdinalCharge):
                self._later(clause, one)

    def _placed(self, clause: OrdinalCharge | LadderCharge, placed: Placed) -> None:
        one = placed.candidate
        amount = placed.amount
        trace: dict[str, Any] = {"ordinal": placed.ordinal, **_scope(clause, one)}
        area = one.counted.fact.area_mu
        first_by_area = clause.area_as_first if isinstance(clause, OrdinalCharge) else None
        if (
            isinstance(clause, OrdinalCharge)
            and first_by_area
            and area is not None
            and first_by_area.holds(area)
        ):
            amount = clause.tiers[0].each.value * one.places
            trace["as_first_by_area"] = plain(area)
            placed = Placed(one, placed.ordinal, amount)
        if placed.tied:
            trace["tied"] = placed.tied
            trace["tie"] = clause.order.tie
        if placed.open_amount:
            zh, en = said("tie")
            name, stake = one.counted.fact.fire_point_id, to_fen(placed.open_amount)
            self.held.append(Held(name, "tie", zh, en, stake, placed.tied))
        self._write(clause, one, amount, trace)

    def _later(self, clause: OrdinalCharge, one: Candidate) -> None:
        tier = next(tier for tier in clause.tiers if tier.to is None or tier.to >= _LATER)
        trace = {"ordinal": None, **_scope(clause, one), "outside_windows": "as_later"}
        self._write(clause, one, tier.each.value * one.places, trace)

    def _alone(self, clause: Clause, one: Candidate) -> None:
        fact = one.counted.fact
        if isinstance(clause, FlatCharge):
            self._write(clause, one, clause.each.value * one.places, {})
        elif isinstance(clause, AreaCharge):
            if fact.area_mu is None:
                self._hold(fact, "area_unknown")
            else:
                self._write(clause, one, of_area(clause, fact.area_mu), {"area_mu": plain(fact.area_mu)})
        elif isinstance(clause, PercentCharge):
            self._percent(clause, one)

    def _percent(self, clause: PercentCharge, one: Candidate) -> None:
        base = self._base(clause, one)
        if base is None:
            self._hold(one.counted.fact, "base_unknown")
            return
        rate: Rate = next(rate for rate in clause.rates if fits(rate.when, one.counted))
        trace = {"base": clause.base, "base_amount": plain(base), "percent": plain(rate.percent)}
        self._write(clause, one, base * rate.percent / _HUNDRED * one.places, trace)

    def _base(self, clause: PercentCharge, one: Candidate) -> Decimal | None:
        rule = self.book.payer
        unit = self.units.get((self.book.season(one.counted.day), rule.level if rule else "", one.payer))
        return unit.indicators.get(clause.base) if unit else None

    def _write(self, clause: Clause, one: Candidate, amount: Decimal, extra: Mapping[str, Any]) -> None:
        fact = one.counted.fact
        weight = self.weights.get(fact.finding, Decimal(1)) if fact.finding else Decimal(1)
        eased = sorted(
            (self.mitigations[name] for name in set(fact.exemptions) if name in self.mitigations),
            key=lambda found: (found.keeps_percent, found.reason),
        )
        kept = eased[0].keeps_percent if eased else _HUNDRED
        basis: dict[str, Any] = {
            **self._header(clause),
            **extra,
            "amount_before": plain(amount),
            "weight": plain(weight),
            "kept_percent": plain(kept),
            "eased_by": eased[0].reason if eased else None,
            "windows": one.counted.windows,
            "places": one.places,
        }
        self.charges.append(
            Charge(
                fact.fire_point_id,
                one.payer,
                self.book.season(one.counted.day),
                self.book.payer.collector if self.book.payer else "",
                clause.clause,
                scaled(amount, weight, kept / _HUNDRED),
                basis,
                fact,
            )
        )

    def _header(self, clause: Clause) -> dict[str, Any]:
        return {
            "rulebook": self.book.id,
            "rulebook_hash": self.hash,
            "status": self.book.status,
            "clause": clause.clause,
            "kind": clause.kind,
        }


def _asks(book: Rulebook) -> tuple[bool, bool]:
    """Return whether any charge depends on the zone, and on the area, of a fire point."""
    found = [match for path, match in matches(book) if path[0] == "charges" and match is not None]
    return any(match.zones for match in found), any(match.areas for match in found)


def _scope(clause: OrdinalCharge | LadderCharge, one: Candidate) -> dict[str, str]:
    order = clause.order
    return {
        "basis": order.basis,
        "scope": order.scope,
        "scope_unit": one.scope_unit,
        "reset": order.reset,
        "period": one.period,
    }
