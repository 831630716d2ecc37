"""What adjudication answers: charges with their trace, what is held or left out, escalations and rewards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.accountability.facts import Fact, told
from service.accountability.rulebook import canonical


class UncoveredError(Exception):
    """No rulebook, or more than one, covers a date: no number can be given.

    Attributes
    ----------
    code, zh, en
        As for every error of the service, which wraps this one: the room knows no other.
    """

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of money: `basis` says under which clause and in which place, `fact` what it rests on."""

    fire_point_id: str
    payer: str
    season: str
    collector: str
    clause: str
    amount: Decimal
    basis: Mapping[str, Any]
    fact: Fact

    @property
    def trace(self) -> dict[str, Any]:
        """Why it is this much, in plain data with every amount as text."""
        layers = [list(pair) for pair in sorted(self.fact.layers)]
        return {**self.basis, "facts": told(self.fact), "layers": layers}


@dataclass(frozen=True, slots=True)
class Held:
    """A fire point whose money, or a part of it, waits for a person.

    Of a tie, `at_stake` is the whole surcharge that waits, `among` how many candidates wait for it.
    """

    fire_point_id: str
    reason: str
    zh: str
    en: str
    at_stake: Decimal | None = None
    among: int = 1


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A fire point that does not count under this rulebook, with its reason code."""

    fire_point_id: str
    reason: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Raised:
    """An escalation that a unit reached, and the fire points that it reached it with."""

    id: str
    clause: str
    kind: str
    level: str
    unit: str
    period: str
    count: int
    zh: str
    en: str
    detail: Mapping[str, str]
    fire_point_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rewarded:
    """A reward of a unit; without an amount, `reason` says what is lacking."""

    id: str
    clause: str
    level: str
    unit: str
    season: str
    amount: Decimal | None
    reason: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class DepositState:
    """What became of a payer's deposit in a season."""

    payer: str
    season: str
    paid: Decimal
    used: Decimal
    balance: Decimal
    beyond: Decimal


@dataclass(frozen=True, slots=True)
class Adjudication:
    """The whole answer; `to_bytes` is the same for any order of the same facts."""

    rulebook: str
    rulebook_hash: str
    status: str
    charges: tuple[Charge, ...] = ()
    held: tuple[Held, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    escalations: tuple[Raised, ...] = ()
    rewards: tuple[Rewarded, ...] = ()
    deposits: tuple[DepositState, ...] = ()

    @property
    def informal(self) -> bool:
        """Whether it must say 非正式."""
        return self.status != "official"

    @property
    def total(self) -> Decimal:
        """The sum of all charges, in yuan."""
        return sum((one.amount for one in self.charges), Decimal("0.00"))

    def by_payer(self) -> dict[str, Decimal]:
        """Return the sum of charges of each payer, in yuan."""
        found: dict[str, Decimal] = {}
        for one in self.charges:
            found[one.payer] = found.get(one.payer, Decimal("0.00")) + one.amount
        return dict(sorted(found.items()))

    def as_document(self) -> dict[str, Any]:
        """Return it as plain data; every amount is a text in yuan, and what is not official says so."""
        return {
            "rulebook": self.rulebook,
            "rulebook_hash": self.rulebook_hash,
            "status": self.status,
            "mark": "非正式" if self.informal else "",
            "total": str(self.total),
            "by_payer": {payer: str(amount) for payer, amount in self.by_payer().items()},
            "charges": [_line(one) for one in self.charges],
            "held": [_plain(one) for one in self.held],
            "left_out": [_plain(one) for one in self.left_out],
            "escalations": [_plain(one) for one in self.escalations],
            "rewards": [_plain(one) for one in self.rewards],
            "deposits": [_plain(one) for one in self.deposits],
        }

    def to_bytes(self) -> bytes:
        """Return the document as canonical JSON."""
        return canonical(self.as_document())


def _line(one: Charge) -> dict[str, Any]:
    return {
        "fire_point_id": one.fire_point_id,
        "payer": one.payer,
        "season": one.season,
        "collector": one.collector,
        "clause": one.clause,
        "amount": str(one.amount),
        "trace": one.trace,
    }


def _plain(one: Any) -> dict[str, Any]:
    return {name: _value(getattr(one, name)) for name in one.__slots__}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _value(one) for key, one in value.items()}
    return value
