"""The order that makes a "first": a total one within each scope and stretch, with same-minute ties made visible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from service.accountability.amounts import Prices, share
from service.accountability.clauses import LadderCharge, Order, OrdinalCharge
from service.accountability.eligibility import Judged
from service.accountability.facts import Fact

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MINUTE = dt.timedelta(minutes=1)
_UNRANKED = 1 << 30


class Candidate(NamedTuple):
    """A fire point that will be charged, who pays it, and how many places it takes: a tuple, a million are made."""

    judged: Judged
    payer: str
    places: int


class Placed(NamedTuple):
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
    return 0 if instant is None else (instant - _EPOCH) // _MINUTE


def place(clause: OrdinalCharge | LadderCharge, candidates: Sequence[Candidate]) -> list[Placed]:
    """Return the candidates of one scope and stretch with ordinals: by minute, ruling, satellite, id.

    Candidates come, and are answered, in order of their id.
    """
    order = clause.order
    keyed: list[tuple[int, int, str, int]] = []
    for index, one in enumerate(candidates):
        fact = one.judged.fact
        rank = _UNRANKED if fact.tie_rank is None else fact.tie_rank
        keyed.append((minute_of(fact, order), rank, fact.satellite, index))
    keyed.sort()
    prices = Prices(clause)
    found: list[Placed | None] = [None] * len(keyed)
    ordinal = 1
    if len({one.payer for one in candidates}) == 1:
        # One payer: whoever is first of a minute, nobody pays another sum.
        for key in keyed:
            one = candidates[key[3]]
            found[key[3]] = Placed(one, ordinal, prices.of(ordinal, one.places))
            ordinal += one.places
    else:
        for _minute, group in groupby(keyed, key=lambda key: key[:2]):
            places = [key[3] for key in group]
            tied = [candidates[at] for at in places]
            for at, placed in zip(places, _tie(clause, prices, tied, ordinal), strict=True):
                found[at] = placed
            ordinal += sum(one.places for one in tied)
    return [one for one in found if one is not None]


def _tie(
    clause: OrdinalCharge | LadderCharge, prices: Prices, tied: Sequence[Candidate], first: int
) -> Iterator[Placed]:
    ordinals: list[int] = []
    for one in tied:
        ordinals.append(first)
        first += one.places
    amounts = [prices.of(ordinal, one.places) for ordinal, one in zip(ordinals, tied, strict=True)]
    one_payer = len({one.payer for one in tied}) == 1
    rates = set() if one_payer else {prices.of(step, 1) for step in range(ordinals[0], first)}
    if one_payer or len(rates) == 1:
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
