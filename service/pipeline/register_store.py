"""The unit register in the store: rebuilt as it was at a revision, and written as the difference to it.

Facts are never changed. All names, codes and parents of a unit are written together, and those of its
newest revision are what is known of it; a unit whose newest facts name no parent (and that is no
province) was withdrawn.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gis.types import DataStatus, Level, Validity
from grids import units as records
from grids.register import Register
from service.store.engine import Reader, Writer
from service.store.models import Unit, UnitCode, UnitName, UnitParent, UnitSuccession

KEEP = 4
"""Registers kept in memory: the newest of a store or two, and an earlier one that is being read."""

_built: dict[tuple[str, int], StoredRegister] = {}
_building = threading.Lock()
"""Routes run in threads: one builds, the others wait for what it built."""


@dataclass(frozen=True)
class StoredRegister:
    """The register at a revision.

    Attributes
    ----------
    ids
        Integer id of each unit, by uid.
    revision
        The newest revision that changed the register at or before the reader's: equal numbers, equal registers.
    """

    register: Register
    ids: dict[str, int]
    revision: int


def load_register(reader: Reader) -> StoredRegister:
    """Return the register as it was known at the reader's revision; kept in memory by that revision."""
    revision = _revision(reader)
    key = (str(reader.connection.engine.url), revision)
    with _building:
        stored = _built.get(key)
        if stored is None:
            stored = _read(reader, revision)
            while len(_built) >= KEEP:
                _built.pop(next(iter(_built)))
            _built[key] = stored
        return stored


def _revision(reader: Reader) -> int:
    newest = 0
    for table in (Unit, UnitName, UnitCode, UnitParent, UnitSuccession):
        found = reader.connection.execute(
            sa.select(sa.func.max(table.rev)).where(reader.known(table))
        ).scalar()
        newest = max(newest, int(found or 0))
    return newest


def _read(reader: Reader, revision: int) -> StoredRegister:
    heads = reader.rows(sa.select(Unit.__table__).where(reader.known(Unit)).order_by(Unit.id))
    uids = {row.id: row.uid for row in heads}
    facts = {table: _rows(reader, table) for table in (UnitName, UnitCode, UnitParent)}
    newest: dict[int, int] = defaultdict(int)
    for rows in facts.values():
        for row in rows:
            newest[row.unit_id] = max(newest[row.unit_id], row.rev)
    of_unit: dict[Any, dict[int, list[Any]]] = {}
    for table, rows in facts.items():
        of_unit[table] = defaultdict(list)
        for row in rows:
            if row.rev == newest[row.unit_id]:
                of_unit[table][row.unit_id].append(row)
    units = [
        unit
        for head in heads
        if (unit := _unit(head, uids, *(of_unit[t][head.id] for t in (UnitName, UnitCode, UnitParent))))
        is not None
    ]
    alive = {unit.uid for unit in units}
    steps = reader.rows(
        sa.select(UnitSuccession.__table__).where(reader.known(UnitSuccession)).order_by(UnitSuccession.id)
    )
    successions = [step for row in steps if (step := _step(row, uids, alive)) is not None]
    return StoredRegister(
        Register(units, successions), {uid: number for number, uid in uids.items()}, revision
    )


def _rows(reader: Reader, table: Any) -> list[Any]:
    return list(reader.rows(sa.select(table.__table__).where(reader.known(table)).order_by(table.id)))


def _unit(
    head: Any, uids: dict[int, str], names: list[Any], codes: list[Any], parents: list[Any]
) -> records.Unit | None:
    level = Level(head.level)
    if not parents and level is not Level.PROVINCE:
        return None
    return records.Unit(
        uid=head.uid,
        level=level,
        kind=head.kind,
        names=tuple(
            records.UnitName(row.name, _held(row), row.alias, row.source, row.confidence) for row in names
        ),
        codes=tuple(_code(row) for row in codes),
        parents=tuple(
            records.UnitParent(
                uids[row.parent_id], records.Purpose(row.purpose), _held(row), row.source, row.confidence
            )
            for row in parents
        ),
        validity=_lifetime([_held(row) for row in parents]),
        source=head.source,
        confidence=head.confidence,
        note=head.note,
    )


def _held(row: Any) -> Validity:
    return Validity(row.valid_from, row.valid_to)


def _lifetime(links: list[Validity]) -> Validity:
    """Return the days from a unit's first parent to its last: it stands in some tree as long as it exists."""
    starts, ends = [link.start for link in links], [link.end for link in links]
    return Validity(
        min((day for day in starts if day), default=None) if None not in starts else None,
        max((day for day in ends if day), default=None) if None not in ends else None,
    )


def _code(row: Any) -> records.UnitCode:
    facts = (row.scheme, row.list_name, row.vintage, row.source, row.confidence)
    return records.UnitCode(row.code, _held(row), *facts)


def _step(row: Any, uids: dict[int, str], alive: set[str]) -> records.Succession | None:
    before, after = uids[row.predecessor_id], uids[row.successor_id]
    if before not in alive or after not in alive:
        return None
    kind = records.SuccessionKind(row.kind)
    return records.Succession(kind, (before,), (after,), row.on_date, "", row.source, row.confidence)


# -- writing ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """What writing a register changed: counts of units."""

    added: int
    changed: int
    withdrawn: int
    same: int

    @property
    def any(self) -> bool:
        """Whether something was written."""
        return bool(self.added or self.changed or self.withdrawn)


def write_register(writer: Writer, register: Register) -> RegisterChange:
    """Make `register` what is known from this revision on; only units that differ are written."""
    stored = load_register(writer)
    ids = dict(stored.ids)
    new = [unit for unit in register if unit.uid not in ids]
    changed = [
        unit
        for unit in register
        if unit.uid in ids
        and (unit.uid not in stored.register or _facts(stored.register[unit.uid]) != _facts(unit))
    ]
    gone = [unit for unit in stored.register if unit.uid not in register]
    if new:
        first = writer.allocate(Unit, len(new))
        ids.update({unit.uid: first + at for at, unit in enumerate(new)})
        _write_heads(writer, register, new, ids)
    _write_names(writer, [*new, *changed, *gone], ids)
    _write_codes(writer, [*new, *changed], ids)
    _write_parents(writer, [*new, *changed], ids)
    _write_steps(writer, register, stored.register, ids)
    return RegisterChange(len(new), len(changed), len(gone), len(register) - len(new) - len(changed))


def _facts(unit: records.Unit) -> tuple[Any, ...]:
    return unit.level, unit.names, unit.codes, unit.parents


def _write_heads(writer: Writer, register: Register, units: list[records.Unit], ids: dict[str, int]) -> None:
    """Write what a unit was when it was first recorded; what holds now follows from its newest facts."""
    writer.bulk(
        Unit,
        {
            "id": [ids[unit.uid] for unit in units],
            "rev": writer.revision,
            "uid": [unit.uid for unit in units],
            "kind": [unit.kind for unit in units],
            "level": [unit.level.value for unit in units],
            "name": [unit.names[0].text for unit in units],
            "detailed": [register.detailed(unit.uid) for unit in units],
            "note": [unit.note for unit in units],
            "valid_from": [unit.validity.start for unit in units],
            "valid_to": [unit.validity.end for unit in units],
            "status": DataStatus.REFERENCE.value,
            "source": [unit.source for unit in units],
            "confidence": [unit.confidence for unit in units],
        },
    )


def _write_facts(
    writer: Writer,
    table: Any,
    pairs: list[tuple[int, Any]],
    columns: Mapping[str, Sequence[Any]],
) -> None:
    if not pairs:
        return
    first = writer.allocate(table, len(pairs))
    writer.bulk(
        table,
        {
            "id": list(range(first, first + len(pairs))),
            "rev": writer.revision,
            "unit_id": [number for number, _ in pairs],
            "valid_from": [fact.validity.start for _, fact in pairs],
            "valid_to": [fact.validity.end for _, fact in pairs],
            "source": [fact.source for _, fact in pairs],
            "confidence": [fact.confidence for _, fact in pairs],
            **columns,
        },
    )


def _write_names(writer: Writer, units: list[records.Unit], ids: dict[str, int]) -> None:
    pairs = [(ids[unit.uid], name) for unit in units for name in unit.names]
    columns: dict[str, list[Any]] = {"name": [n.text for _, n in pairs], "alias": [n.alias for _, n in pairs]}
    _write_facts(writer, UnitName, pairs, columns)


def _write_codes(writer: Writer, units: list[records.Unit], ids: dict[str, int]) -> None:
    pairs = [(ids[unit.uid], code) for unit in units for code in unit.codes]
    columns: dict[str, list[Any]] = {
        "code": [c.code for _, c in pairs],
        "scheme": [c.scheme for _, c in pairs],
        "list_name": [c.list_name for _, c in pairs],
        "vintage": [c.vintage for _, c in pairs],
    }
    _write_facts(writer, UnitCode, pairs, columns)


def _write_parents(writer: Writer, units: list[records.Unit], ids: dict[str, int]) -> None:
    pairs = [(ids[unit.uid], link) for unit in units for link in unit.parents]
    columns: dict[str, list[Any]] = {
        "parent_id": [ids[link.parent] for _, link in pairs],
        "purpose": [link.purpose.value for _, link in pairs],
    }
    _write_facts(writer, UnitParent, pairs, columns)


def _write_steps(writer: Writer, register: Register, stored: Register, ids: dict[str, int]) -> None:
    known = set(_pairs(stored.successions))
    for kind, before, after, day, source, confidence in _pairs(register.successions):
        if (kind, before, after, day, source, confidence) in known:
            continue
        writer.insert(
            UnitSuccession,
            predecessor_id=ids[before],
            successor_id=ids[after],
            kind=kind.value,
            on_date=day,
            source=source,
            confidence=confidence,
        )


def _pairs(
    steps: Iterable[records.Succession],
) -> list[tuple[records.SuccessionKind, str, str, dt.date, str, str]]:
    return [
        (step.kind, before, after, step.day, step.source, step.confidence)
        for step in steps
        for before in step.before
        for after in step.after
    ]
