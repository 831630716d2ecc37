"""Exact money: what an ordinal, an area or a base costs, and sums shared without losing a fen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache

from service.accountability.clauses import AreaCharge, LadderCharge, OrdinalCharge, OrdinalTier

FEN = Decimal("0.01")
_DIGITS = 60
_TOP_STEP = 64
"""A ladder that doubles is past any budget long before; beyond, the step no longer grows."""


@lru_cache(maxsize=4096)
def to_fen(amount: Decimal) -> Decimal:
    """Return an amount in whole fen, half up."""
    with localcontext() as context:
        context.prec = _DIGITS
        return amount.quantize(FEN, rounding=ROUND_HALF_UP)


class Prices:
    """What the ordinals of a clause cost."""

    def __init__(self, clause: OrdinalCharge | LadderCharge) -> None:
        self._clause = clause
        self._open: OrdinalTier | None = clause.tiers[-1] if isinstance(clause, OrdinalCharge) else None

    def of(self, first: int, count: int) -> Decimal:
        """Return what the ordinals `first`, `first + 1`, … cost together; a pixel count can take several."""
        last = self._open
        if last is not None and first >= last.from_:  # all but a few fire points of a season
            return last.each.value if count == 1 else last.each.value * count
        if count == 1:
            return _of_ordinal(self._clause, first)
        return sum((_of_ordinal(self._clause, first + step) for step in range(count)), Decimal(0))


def _of_ordinal(clause: OrdinalCharge | LadderCharge, ordinal: int) -> Decimal:
    if isinstance(clause, OrdinalCharge):
        return next(one.each.value for one in clause.tiers if one.to is None or ordinal <= one.to)
    steps = 2 ** (min(ordinal, _TOP_STEP) - 1) if clause.growth == "double" else ordinal
    amount = clause.base.value * steps
    return min(amount, clause.ceiling.value) if clause.ceiling else amount


def of_area(clause: AreaCharge, area_mu: Decimal) -> Decimal:
    """Return what a fire of this burnt area costs."""
    return next(one.each.value for one in clause.tiers if one.holds(area_mu))


def scaled(amount: Decimal, *factors: Decimal) -> Decimal:
    """Return the amount times its factors, in whole fen, rounded once."""
    with localcontext() as context:
        context.prec = _DIGITS
        for factor in factors:
            amount *= factor
    return to_fen(amount)


def share(total: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """Return `total` shared by `weights` to the fen by largest remainder; the parts sum to it exactly.

    Equal remainders are settled by place: whoever calls has put the places in a total order.
    """
    fen = int(to_fen(total) * 100)
    whole = sum(weights)
    parts = [fen * weight // whole for weight in weights]
    left = fen - sum(parts)
    order = sorted(range(len(weights)), key=lambda place: (-(fen * weights[place] % whole), place))
    for place in order[:left]:
        parts[place] += 1
    return [Decimal(part) * FEN for part in parts]
