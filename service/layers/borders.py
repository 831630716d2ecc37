"""County and township borders and grid cells: the sets in force on a day, public to every reader."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from gis.types import Level, Validity
from service.layers.catalogue import CATALOGUE
from service.layers.relation import Relation
from service.layers.spatial import PolygonShape
from service.store.engine import Reader
from service.store.models import BoundarySet, BoundaryUnit, BoundaryUse, GridCell, GridSet

_LEVELS = {"counties": Level.COUNTY, "townships": Level.TOWNSHIP}


def borders(reader: Reader, layer: str, day: dt.date) -> tuple[Relation, str]:
    """Return the borders of a layer in force on `day`, and what the answer depends on."""
    level = _LEVELS[layer]
    set_id = set_in_force(reader, level, day)
    unit, kept = BoundaryUnit.__table__, BoundarySet.__table__
    columns = {
        **{name: unit.c[name] for name in ("code", "name", "parent_code")},
        "level": kept.c.level,
        **_of_set(kept),
    }
    where = (unit.c.set_id == (-1 if set_id is None else set_id),)
    source = unit.join(kept, kept.c.id == unit.c.set_id)
    relation = Relation(CATALOGUE[layer], source, columns, where, PolygonShape(BoundaryUnit, reader))
    return relation, f"set:{set_id}"


def grid_cells(reader: Reader, day: dt.date) -> tuple[Relation, str]:
    """Return the cells of the grid in force on `day`, and what the answer depends on."""
    set_id = grid_in_force(reader, day)
    cell, kept = GridCell.__table__, GridSet.__table__
    columns = {
        **{name: cell.c[name] for name in ("code", "name", "level", "parent_code", "unit_code")},
        **_of_set(kept),
    }
    where = (cell.c.set_id == (-1 if set_id is None else set_id),)
    source = cell.join(kept, kept.c.id == cell.c.set_id)
    relation = Relation(CATALOGUE["grid_cells"], source, columns, where, PolygonShape(GridCell, reader))
    return relation, f"grid:{set_id}"


def set_in_force(reader: Reader, level: Level, day: dt.date) -> int | None:
    """Return the boundary set of a level in force on a day: the last use that began, the later row among equals."""
    table = BoundaryUse.__table__
    rows = reader.rows(
        sa.select(table.c.set_id)
        .where(reader.known(BoundaryUse), table.c.level == str(level), table.c.from_date <= day)
        .order_by(table.c.from_date.desc(), table.c.rev.desc(), table.c.id.desc())
        .limit(1)
    )
    return rows[0][0] if rows else None


def grid_in_force(reader: Reader, day: dt.date) -> int | None:
    """Return the grid set in force on a day: the newest one that is valid."""
    rows = reader.rows(
        sa.select(GridSet.id, GridSet.valid_from, GridSet.valid_to)
        .where(reader.known(GridSet))
        .order_by(GridSet.rev.desc(), GridSet.id.desc())
    )
    return next((row.id for row in rows if Validity(row.valid_from, row.valid_to).holds(day)), None)


def _of_set(kept: Any) -> dict[str, Any]:
    return {
        "set_name": kept.c.name,
        "set_version": kept.c.version,
        "set_status": kept.c.status,
        "accuracy_m": kept.c.accuracy_m,
    }
