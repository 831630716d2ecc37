"""Boundary sets into the store, and which of them is in force from when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import shapely
import sqlalchemy as sa

from boundaries.model import BoundarySet
from service.pipeline.register_store import load_register
from service.store import models
from service.store.engine import Reader, Writer


@dataclass(frozen=True, slots=True)
class StoredSet:
    """A stored version of a set."""

    set_id: int
    name: str
    version: int
    level: str
    unchanged: bool


def store_set(
    writer: Writer,
    boundaries: BoundarySet,
    *,
    level: str | None = None,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
    source_sha256: str | None = None,
    replaces_id: int | None = None,
) -> StoredSet:
    """Store a set as the next version of its name and level; equal content writes nothing.

    Parameters
    ----------
    level
        Level to store it under, where that is not the set's own (the counties around the province).
    valid_from, valid_to
        Dates between which the set describes the ground.
    """
    level = level or str(boundaries.level)
    latest = latest_set(writer, boundaries.name, level)
    if latest is not None and _same(latest, boundaries, valid_from, valid_to):
        return StoredSet(latest.id, latest.name, latest.version, level, True)
    version = latest.version + 1 if latest is not None else 1
    set_id = writer.insert(
        models.BoundarySet,
        name=boundaries.name,
        version=version,
        level=level,
        status=str(boundaries.status),
        accuracy_m=float(boundaries.accuracy_m),
        datum=str(boundaries.datum),
        source=boundaries.source,
        content_hash=boundaries.content_hash,
        source_sha256=source_sha256,
        replaces_id=replaces_id,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    _store_units(writer, boundaries, set_id, valid_from)
    return StoredSet(set_id, boundaries.name, version, level, False)


def _same(stored: Any, new: BoundarySet, valid_from: dt.date | None, valid_to: dt.date | None) -> bool:
    """Whether a stored version says all that the new one does: borders, standing, accuracy and days."""
    return (stored.content_hash, stored.status, stored.accuracy_m, stored.valid_from, stored.valid_to) == (
        new.content_hash,
        str(new.status),
        float(new.accuracy_m),
        valid_from,
        valid_to,
    )


def _store_units(writer: Writer, boundaries: BoundarySet, set_id: int, day: dt.date | None) -> None:
    stored = load_register(writer)
    units = sorted(boundaries.units, key=lambda unit: unit.code)
    first = writer.allocate(models.BoundaryUnit, len(units))
    found = [stored.register.find(unit.code, day) if unit.code else None for unit in units]
    writer.bulk(
        models.BoundaryUnit,
        {
            "id": list(range(first, first + len(units))),
            "set_id": set_id,
            "code": [unit.code for unit in units],
            "name": [unit.name for unit in units],
            "parent_code": [unit.parent_code for unit in units],
            "unit_id": [None if unit is None else stored.ids.get(unit.uid) for unit in found],
            "geom": [
                unit.geometry
                if unit.geometry.geom_type == "MultiPolygon"
                else shapely.MultiPolygon([unit.geometry])
                for unit in units
            ],
        },
    )


def latest_set(reader: Reader, name: str, level: str) -> Any | None:
    """Return the newest version of a set known at the reader's revision."""
    table = models.BoundarySet.__table__
    return reader.connection.execute(
        sa.select(table)
        .where(table.c.name == name, table.c.level == level, reader.known(models.BoundarySet))
        .order_by(table.c.version.desc())
        .limit(1)
    ).first()


def use_set(writer: Writer, set_id: int, level: str, from_date: dt.date) -> bool:
    """Put a set in force for its level from a date; return whether that is news."""
    table = models.BoundaryUse.__table__
    current = writer.connection.execute(
        sa.select(table.c.set_id)
        .where(table.c.level == level, table.c.from_date == from_date)
        .order_by(table.c.rev.desc(), table.c.id.desc())
        .limit(1)
    ).scalar()
    if current == set_id:
        return False
    writer.insert(models.BoundaryUse, set_id=set_id, level=level, from_date=from_date)
    return True
