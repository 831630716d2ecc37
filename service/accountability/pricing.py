"""What each candidate of a clause is charged: the amount of its place, area or base, weighed, with its trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.accountability.amounts import of_area, scaled, to_fen
from service.accountability.clauses import (
    AreaCharge,
    Clause,
    FlatCharge,
    LadderCharge,
    OrdinalCharge,
    PercentCharge,
)
from service.accountability.eligibility import Judged
from service.accountability.facts import SeasonUnit
from service.accountability.findings import Charge, Line, Terms
from service.accountability.ordering import Candidate, Placed, place
from service.accountability.rulebook import Rulebook
from service.accountability.words import plain

_HUNDRED = Decimal(100)
_LATER = 2
"""The ordinal whose tier a fire outside the windows is charged by, where the rule says so."""

_Extra = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A candidate that a person has to look at: not charged, or, of a tie, not charged all that is `at_stake`."""

    judged: Judged
    reason: str
    at_stake: Decimal | None = None
    among: int = 1


class Pricer:
    """Prices the candidates of one clause; those of one price in one scope share a line."""

    def __init__(self, book: Rulebook, clause: Clause, units: Sequence[SeasonUnit]) -> None:
        self._clause = clause
        head = {
            "rulebook": book.id,
            "rulebook_hash": book.content_hash,
            "status": book.status,
            "clause": clause.clause,
            "kind": clause.kind,
        }
        self._terms = Terms(book.payer.collector if book.payer else "", clause.clause, head)
        self._scope: _Extra = ()
        self._lines: dict[tuple[_Extra, Decimal, int, int], Line] = {}
        self._bases: dict[tuple[str, str], Decimal] = {}
        if isinstance(clause, PercentCharge) and book.payer:
            self._bases = {
                (one.season, one.code): one.indicators[clause.base]
                for one in units
                if one.level == book.payer.level and clause.base in one.indicators
            }

    def price(self, stretch: tuple[str, str], candidates: Sequence[Candidate]) -> list[Charge | Waiting]:
        """Return the charges of the candidates of one scope unit and period, and what waits for a person.

        Candidates come, and are answered, in order of their id.
        """
        self._lines.clear()
        clause = self._clause
        if not isinstance(clause, OrdinalCharge | LadderCharge):
            return [self._alone(clause, one) for one in candidates]
        order = clause.order
        self._scope = (
            ("ordinal", None),
            ("basis", order.basis),
            ("scope", order.scope),
            ("scope_unit", stretch[0]),
            ("reset", order.reset),
            ("period", stretch[1]),
        )
        within = [one for one in candidates if not one.judged.as_later]
        found: list[Charge | Waiting] = []
        for placed in place(clause, within):
            self._placed(clause, placed, found)
        if isinstance(clause, OrdinalCharge) and len(within) < len(candidates):
            each = next(tier.each.value for tier in clause.tiers if tier.to is None or tier.to >= _LATER)
            outside = (("outside_windows", "as_later"),)
            later = [one for one in candidates if one.judged.as_later]
            found += [self._charge(one, each * one.places, outside) for one in later]
        return found

    def _placed(
        self, clause: OrdinalCharge | LadderCharge, placed: Placed, found: list[Charge | Waiting]
    ) -> None:
        one, ordinal, amount, tied, open_amount = placed
        more: _Extra = ()
        area = one.judged.fact.area_mu
        if area is not None and isinstance(clause, OrdinalCharge):
            by_area = clause.area_as_first
            if by_area and by_area.holds(
                area
            ):  # it costs the first's amount whoever is first: no tie is left
                amount, tied, open_amount = clause.tiers[0].each.value * one.places, 0, None
                more = (("as_first_by_area", plain(area)),)
        if tied:
            more = (("tied", tied), ("tie", clause.order.tie))
        if open_amount:
            found.append(Waiting(one.judged, "tie", to_fen(open_amount), tied))
        found.append(self._charge(one, amount, more, ordinal))

    def _alone(self, clause: Clause, one: Candidate) -> Charge | Waiting:
        if isinstance(clause, FlatCharge):
            return self._charge(one, clause.each.value * one.places)
        if isinstance(clause, AreaCharge):
            area = one.judged.fact.area_mu
            if area is None:
                return Waiting(one.judged, "area_unknown")
            return self._charge(one, of_area(clause, area), (("area_mu", plain(area)),))
        if isinstance(clause, PercentCharge):
            return self._percent(clause, one)
        raise TypeError(f"{clause.kind} is priced in order")

    def _percent(self, clause: PercentCharge, one: Candidate) -> Charge | Waiting:
        base = self._bases.get((one.judged.when.season, one.payer))
        if base is None:
            return Waiting(one.judged, "base_unknown")
        rate = clause.rates[one.judged.verdict.rate or 0]
        extra = (("base", clause.base), ("base_amount", plain(base)), ("percent", plain(rate.percent)))
        return self._charge(one, base * rate.percent / _HUNDRED * one.places, extra)

    def _charge(
        self, one: Candidate, amount: Decimal, more: _Extra = (), ordinal: int | None = None
    ) -> Charge:
        judged = one.judged
        weighing = judged.verdict.weighing
        key = (
            more,
            amount,
            id(weighing),
            one.places,
        )  # by identity: a verdict outlives the pricing, and hashing is dear
        line = self._lines.get(key)
        if line is None:
            due = scaled(amount, weighing.weight, weighing.kept_percent / _HUNDRED)
            extra = (*self._scope, *more)
            line = self._lines[key] = Line(self._terms, due, amount, weighing, one.places, extra)
        return Charge(judged.fact, one.payer, judged.when.season, line, ordinal)
