"""The order that makes a "first": a total one within each scope and stretch, with same-minute ties made visible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from service.accountability.amounts import of_ordinals, share
from service.accountability.clauses import LadderCharge, Order, OrdinalCharge
from service.accountability.eligibility import Counted
from service.accountability.facts import Fact

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UNRANKED = 1 << 30


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fire point that will be charged, with who pays it, where it is ordered and how many places it takes."""

    counted: Counted
    payer: str
    scope_unit: str
    period: str
    places: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A candidate with its ordinal and its amount before weights.

    Attributes
    ----------
    tied
        How many share its minute where that matters for who pays what; 0 where it does not.
    open_amount
        What the tie still leaves open for it, while a ruling is awaited.
    """

    candidate: Candidate
    ordinal: int
    amount: Decimal
    tied: int = 0
    open_amount: Decimal | None = None


def instant_of(fact: Fact, order: Order) -> dt.datetime | None:
    """Return the instant that orders it."""
    if order.basis == "overpass":
        return fact.overpass
    return fact.confirmed_at if order.basis == "confirmation" else fact.published_at


def minute_of(fact: Fact, order: Order) -> int:
    """Return the UTC minute that orders it; seconds are no order between satellites."""
    instant = instant_of(fact, order)
    return 0 if instant is None else (instant - _EPOCH) // dt.timedelta(minutes=1)


def place(clause: OrdinalCharge | LadderCharge, candidates: Iterable[Candidate]) -> Iterator[Placed]:
    """Yield each candidate with its ordinal and amount: by scope and stretch, then minute, ruling, satellite, id."""
    order = clause.order

    def key(one: Candidate) -> tuple[str, str, int, int, str, str]:
        fact = one.counted.fact
        rank = _UNRANKED if fact.tie_rank is None else fact.tie_rank
        minute = minute_of(fact, order)
        return one.scope_unit, one.period, minute, rank, fact.satellite, fact.fire_point_id

    ordered = sorted(candidates, key=key)
    for _stretch, members in groupby(ordered, key=lambda one: (one.scope_unit, one.period)):
        ordinal = 1
        for _minute, group in groupby(members, key=lambda one: key(one)[2:4]):
            tied = list(group)
            yield from _tie(clause, tied, ordinal)
            ordinal += sum(one.places for one in tied)


def _tie(clause: OrdinalCharge | LadderCharge, tied: Sequence[Candidate], first: int) -> Iterator[Placed]:
    ordinals: list[int] = []
    for one in tied:
        ordinals.append(first)
        first += one.places
    amounts = [of_ordinals(clause, ordinal, one.places) for ordinal, one in zip(ordinals, tied, strict=True)]
    rates = {of_ordinals(clause, ordinals[0] + step, 1) for step in range(first - ordinals[0])}
    if len({one.payer for one in tied}) == 1 or len(rates) == 1:
        # One payer, or one price: whoever is first, nobody pays another sum.
        for one, ordinal, amount in zip(tied, ordinals, amounts, strict=True):
            yield Placed(one, ordinal, amount)
        return
    least = min(rates)
    surcharge = sum(amounts, Decimal(0)) - least * (first - ordinals[0])
    if clause.order.tie == "shared":
        parts = share(surcharge, [one.places for one in tied])
        for one, part in zip(tied, parts, strict=True):
            yield Placed(one, ordinals[0], least * one.places + part, len(tied))
        return
    for one in tied:
        yield Placed(one, ordinals[0], least * one.places, len(tied), surcharge)
