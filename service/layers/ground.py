"""Whose ground a place is on a day, for layers whose rows carry no unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from gis.locate import NOWHERE, Layer
from gis.types import Level
from service.layers.borders import grid_in_force, set_in_force
from service.scope import Members, Scope
from service.store.engine import Reader
from service.store.models import BoundaryUnit, GridCell

Floats = npt.NDArray[np.float64]

_built: dict[tuple[str, str, int], _Set] = {}
"""Sets are immutable: what was built from one is kept for the life of the process."""


@dataclass(frozen=True, slots=True)
class _Set:
    layer: Layer
    unit_ids: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Located:
    """Where places lie: county codes and the ids of county and township, None where nothing holds them."""

    county_codes: list[str | None]
    counties: list[int | None]
    townships: list[int | None]

    def within(self, scope: Scope, day: dt.date) -> npt.NDArray[np.bool_]:
        """Return which places a reader may see on `day`: the dated members of its scope, as every query has them."""
        if scope.everything:
            return np.ones(len(self.counties), dtype=bool)
        pairs = zip(self.counties, self.townships, strict=True)
        members = [one for one in scope.members if _holds(one, day)]
        return np.array([any(_inside(one, *pair) for one in members) for pair in pairs], dtype=bool)


def locate(reader: Reader, day: dt.date, lon: Floats, lat: Floats) -> Located:
    """Return the units in force on `day` that hold some positions."""
    counties = _units(reader, Level.COUNTY, day, lon, lat)
    townships = [unit for _, unit in _units(reader, Level.TOWNSHIP, day, lon, lat)]
    return Located([code for code, _ in counties], [one for _, one in counties], townships)


def polygons_of(reader: Reader, day: dt.date, codes: Sequence[str]) -> list[Any]:
    """Return the polygons in force on `day` of some county or township codes; codes without one are left out."""
    found = []
    for level in (Level.TOWNSHIP, Level.COUNTY):
        kept = _in_force(reader, level, day)
        if kept is not None:
            wanted = set(codes)
            found += [
                shape
                for code, shape in zip(kept.layer.codes, kept.layer.geometries, strict=True)
                if code in wanted
            ]
    return found


def _holds(members: Members, day: dt.date) -> bool:
    return members.start <= day and (members.end is None or day < members.end)


def _inside(members: Members, county: int | None, township: int | None) -> bool:
    if township is not None and township in members.townships:
        return True
    return county is not None and county in members.counties and township not in members.carved


def _units(
    reader: Reader, level: Level, day: dt.date, lon: Floats, lat: Floats
) -> list[tuple[str | None, int | None]]:
    kept = _in_force(reader, level, day)
    if kept is None or not len(lon):
        return [(None, None)] * len(lon)
    found: list[tuple[str | None, int | None]] = []
    for place in kept.layer.locate(lon, lat).tolist():
        code = None if place == NOWHERE else str(kept.layer.codes[place])
        found.append((code, None if code is None else kept.unit_ids[code]))
    return found


def _in_force(reader: Reader, level: Level, day: dt.date) -> _Set | None:
    """Return the units of a level; where no township borders are in force the grid's townships stand in.

    Detections are scoped by the same rule (`service.pipeline.attribute.units_of`).
    """
    set_id = set_in_force(reader, level, day)
    if set_id is not None:
        return _kept(reader, "boundary", set_id, BoundaryUnit.__table__)
    grid_id = grid_in_force(reader, day) if level is Level.TOWNSHIP else None
    return None if grid_id is None else _kept(reader, "grid", grid_id, GridCell.__table__, str(level))


def _kept(reader: Reader, kind: str, set_id: int, table: sa.Table, level: str | None = None) -> _Set:
    key = (str(reader.connection.engine.url), kind, set_id)
    if key not in _built:
        conditions = [table.c.set_id == set_id, table.c.geom.is_not(None)]
        conditions += [] if level is None else [table.c.level == level]
        rows = reader.rows(sa.select(table.c.code, table.c.unit_id, table.c.geom).where(*conditions))
        layer = Layer([row.code for row in rows], [row.geom for row in rows])
        _built[key] = _Set(layer, {row.code: row.unit_id for row in rows})
    return _built[key]
