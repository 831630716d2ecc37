"""What adjudication answers: charges with their trace, what is held or left out, escalations and rewards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from service.accountability.facts import Fact, told
from service.accountability.rulebook import canonical
from service.accountability.words import plain

_TOGETHER = 512
"""Entries that are written at once: a few hundred kilobytes."""


class Sink(Protocol):
    """Whatever takes bytes: a file, a socket, a hash with a method of that name."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""
        ...


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
class Terms:
    """What all charges of a clause have in common: who collects, and the head of their trace."""

    collector: str
    clause: str
    head: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Weighing:
    """What makes of an amount the money that is due: the finding's weight and what a mitigation keeps."""

    weight: Decimal
    kept_percent: Decimal
    eased_by: str | None
    windows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What charges of one price in one scope share; a nation's season has a million charges and few lines.

    Attributes
    ----------
    extra
        What the kind of clause adds to the trace. An ``ordinal`` in it is None: each charge has its own.
    """

    terms: Terms
    amount: Decimal
    before: Decimal
    weighing: Weighing
    places: int
    extra: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of money: `basis` says under which clause and in which place, `fact` what it rests on."""

    fact: Fact
    payer: str
    season: str
    line: Line
    ordinal: int | None = None

    @property
    def fire_point_id(self) -> str:
        """Of the fire point that is charged."""
        return self.fact.fire_point_id

    @property
    def collector(self) -> str:
        """Who collects it."""
        return self.line.terms.collector

    @property
    def clause(self) -> str:
        """The clause that it is charged under."""
        return self.line.terms.clause

    @property
    def amount(self) -> Decimal:
        """The money, in yuan, in whole fen."""
        return self.line.amount

    @property
    def basis(self) -> dict[str, Any]:
        """Under which clause and in which place it is this much; made when it is read."""
        line, weighing = self.line, self.line.weighing
        found: dict[str, Any] = {**line.terms.head, **dict(line.extra)}
        if self.ordinal is not None:
            found["ordinal"] = self.ordinal
        found["amount_before"] = plain(line.before)
        found["weight"] = plain(weighing.weight)
        found["kept_percent"] = plain(weighing.kept_percent)
        found["eased_by"] = weighing.eased_by
        found["windows"] = weighing.windows
        found["places"] = line.places
        return found

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
class Scored:
    """The points of a unit in a season.

    Attributes
    ----------
    points
        The sum; None where an indicator is unknown.
    items
        Points of each item by its id, as text; empty where its indicator is unknown.
    reason
        ``complete``; ``open`` while a fire point that may lower it waits for a person; ``indicator_unknown``.
    """

    id: str
    clause: str
    level: str
    unit: str
    season: str
    points: Decimal | None
    items: Mapping[str, str]
    count: int
    reason: str
    zh: str
    en: str


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
    scores: tuple[Scored, ...] = ()

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
        return {**self._head(), **{name: list(lines) for name, lines in self._lists()}}

    def chunks(self) -> Iterator[bytes]:
        """Yield the document as canonical JSON, a list's entry at a time: nobody has to hold all of it."""
        parts: dict[str, Any] = {**self._head(), **dict(self._lists())}
        before = b"{"
        for name in sorted(parts):
            yield before + canonical(name) + b":"
            value = parts[name]
            if isinstance(value, Iterator):
                yield from _list_of(value)
            else:
                yield canonical(value)
            before = b","
        yield b"}"

    def write(self, stream: Sink) -> None:
        """Write the document as canonical JSON to a binary stream, without holding all of it."""
        waiting: list[bytes] = []
        for number, chunk in enumerate(self.chunks(), start=1):
            waiting.append(chunk)
            if number % _TOGETHER == 0:
                stream.write(b"".join(waiting))
                waiting.clear()
        stream.write(b"".join(waiting))

    def to_bytes(self) -> bytes:
        """Return the document as canonical JSON."""
        return b"".join(self.chunks())

    def _head(self) -> dict[str, Any]:
        return {
            "rulebook": self.rulebook,
            "rulebook_hash": self.rulebook_hash,
            "status": self.status,
            "mark": "非正式" if self.informal else "",
            "total": str(self.total),
            "by_payer": {payer: str(amount) for payer, amount in self.by_payer().items()},
        }

    def _lists(self) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        yield "charges", map(_line, self.charges)
        for name in ("held", "left_out", "escalations", "rewards", "deposits"):
            yield name, map(_plain, getattr(self, name))
        if self.scores:  # only few rules score; the documents of all others stay as they were
            yield "scores", map(_plain, self.scores)


def _list_of(entries: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    before = b"["
    for one in entries:
        yield before + canonical(one)
        before = b","
    yield b"[]" if before == b"[" else b"]"


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
