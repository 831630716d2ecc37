"""Seals of revisions: each is hashed with the seal before it, so that none can be edited or taken out unseen.

A statement's document covers what it rests on. Who wrote a revision, with which command and words, what people ruled,
found or made public at points that left long ago, and what became of objections, no document covers: the seal does. It
is written in the revision's own transaction by the one writer there is. Revisions of before the first seal are
unsealed, and said to be.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from service.store.models import (
    Objection,
    ObjectionEvent,
    Publication,
    Revision,
    RevisionSeal,
    Ruling,
    StatementEvent,
    Verification,
)
from service.store.types import canonical_json, utc_text

SEALED: tuple[Any, ...] = (Ruling, Verification, Publication, Objection, ObjectionEvent, StatementEvent)
"""Tables of what people said, whose rows are never changed."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A revision that is not as it was sealed.

    Attributes
    ----------
    rev
        Its number.
    what
        ``altered`` (it, its seal, or what somebody said in it), ``unsealed`` or ``missing``.
    expected, found
        The seal on record and the seal of what stands there now; empty where there is none.
    """

    rev: int
    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """The state of all seals.

    Attributes
    ----------
    first, last
        The first and the newest sealed revision; 0 where none is.
    sha256
        The newest seal: whoever keeps it can tell later that nothing before it was edited or taken out.
    seals
        Every seal on record.
    broken
        What does not hold, by number.
    """

    first: int
    last: int
    sha256: str
    seals: frozenset[str]
    broken: tuple[Broken, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what an answer says of it."""
        return {"first": self.first, "last": self.last, "sha256": self.sha256}


def seal(connection: Connection, rev: int, first: Mapping[str, int] | None = None) -> None:
    """Seal the newest revision, within its own transaction.

    Parameters
    ----------
    first
        First key that the transaction took of each table it wrote: a table that is not among them is not asked.
    """
    table, seals = Revision.__table__, RevisionSeal.__table__
    row = connection.execute(sa.select(table).where(table.c.id == rev)).one()
    before = connection.execute(sa.select(seals.c.sha256).where(seals.c.rev == rev - 1)).scalar()
    said: dict[str, list[Any]] = {}
    for one in SEALED:
        recorded = one.__table__
        if first is not None and recorded.name not in first:
            continue
        query = sa.select(recorded).where(recorded.c.rev == rev).order_by(recorded.c.id)
        if first is not None:
            query = query.where(recorded.c.id >= first[recorded.name])
        said[recorded.name] = list(connection.execute(query))
    connection.execute(sa.insert(seals).values(rev=rev, sha256=_hash(before or "", row, said)))


def check(connection: Connection) -> Sealed:
    """Hash every sealed revision again and return what does not hold."""
    table, seals = Revision.__table__, RevisionSeal.__table__
    kept = {row.rev: row.sha256 for row in connection.execute(sa.select(seals).order_by(seals.c.rev)).all()}
    if not kept:
        return Sealed(0, 0, "", frozenset(), ())
    first, last = min(kept), max(kept)
    said = {one.__table__.name: _by_revision(connection, one.__table__) for one in SEALED}
    rows = {
        row.id: row
        for row in connection.execute(sa.select(table).where(table.c.id >= first).order_by(table.c.id))
    }
    broken = []
    for rev in range(first, max(last, *rows) + 1 if rows else last + 1):
        if rev not in rows:
            broken.append(Broken(rev, "missing", kept.get(rev, ""), ""))
            continue
        parts = {name: found[rev] for name, found in said.items() if rev in found}
        now = _hash(kept.get(rev - 1, ""), rows[rev], parts)
        if rev not in kept:
            broken.append(Broken(rev, "unsealed", "", now))
        elif kept[rev] != now:
            broken.append(Broken(rev, "altered", kept[rev], now))
    return Sealed(first, last, kept[last], frozenset(kept.values()), tuple(broken))


def _by_revision(connection: Connection, table: sa.Table) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(sa.select(table).order_by(table.c.id)):
        found[row.rev].append(row)
    return found


def _hash(before: str, row: Any, said: Mapping[str, Sequence[Any]]) -> str:
    text = canonical_json(
        {
            "before": before,
            "id": row.id,
            "at": utc_text(row.at),
            "actor": row.actor,
            "command": row.command,
            "params": row.params,
            "said": {name: [dict(_plain(one)) for one in rows] for name, rows in said.items() if rows},
        }
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(row: Any) -> Iterator[tuple[str, Any]]:
    for name, value in row._mapping.items():
        if isinstance(value, dt.datetime):
            yield name, utc_text(value)
        else:
            yield name, value.isoformat() if isinstance(value, dt.date) else value
