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
from service.layers.borders import set_in_force
from service.scope import Members, Scope
from service.store.engine import Reader
from service.store.models import BoundaryUnit

Floats = npt.NDArray[np.float64]

_built: dict[tuple[str, int], _Set] = {}
"""Sets are immutable: what was built from one is kept for the life of the process."""


@dataclass(frozen=True, slots=True)
class _Set:
    layer: Layer
    unit_ids: dict[str, int | None]
    names: dict[str, str]


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
    townships = _units(reader, Level.TOWNSHIP, day, lon, lat)
    return Located(
        [code for code, _ in counties], [one for _, one in counties], [one for _, one in townships]
    )


def polygons_of(reader: Reader, day: dt.date, codes: Sequence[str]) -> list[Any]:
    """Return the polygons in force on `day` of some county or township codes; codes without one are left out."""
    found = []
    for level in (Level.TOWNSHIP, Level.COUNTY):
        kept = _set(reader, level, day)
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
    kept = _set(reader, level, day)
    if kept is None or not len(lon):
        return [(None, None)] * len(lon)
    found: list[tuple[str | None, int | None]] = []
    for place in kept.layer.locate(lon, lat).tolist():
        code = None if place == NOWHERE else str(kept.layer.codes[place])
        found.append((code, None if code is None else kept.unit_ids[code]))
    return found


def _set(reader: Reader, level: Level, day: dt.date) -> _Set | None:
    set_id = set_in_force(reader, level, day)
    if set_id is None:
        return None
    key = (str(reader.connection.engine.url), set_id)
    if key not in _built:
        _built[key] = _read(reader, set_id)
    return _built[key]


def _read(reader: Reader, set_id: int) -> _Set:
    table = BoundaryUnit.__table__
    rows = reader.rows(
        sa.select(table.c.code, table.c.name, table.c.unit_id, table.c.geom).where(table.c.set_id == set_id)
    )
    return _Set(
        Layer([row.code for row in rows], [row.geom for row in rows]),
        {row.code: row.unit_id for row in rows},
        {row.code: row.name for row in rows},
    )
