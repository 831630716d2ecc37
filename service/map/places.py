"""Where a unit lies: the box a map opens on, from the county and township borders in force on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import shapely
import sqlalchemy as sa

from gis.types import BBox, Level
from grids.register import Register
from grids.units import Purpose
from service.kept import Kept
from service.layers.borders import set_in_force
from service.pipeline.register_store import load_register
from service.store.engine import Reader
from service.store.models import BoundaryUnit

_boxes: Kept[Mapping[str, BBox]] = Kept(8)


def box_of(reader: Reader, uid: str, day: dt.date) -> BBox | None:
    """Return the box of a unit's own ground, degrees; that of the ground around it where it has no polygon.

    Parameters
    ----------
    uid
        A unit of the register. Its ground is that of its members in the assessment tree, so the box of 通化 is without
        梅河口.
    """
    register = load_register(reader).register
    if uid not in register:
        return None
    counties = _named(register, _level_boxes(reader, Level.COUNTY, day), day)
    townships = _named(register, _level_boxes(reader, Level.TOWNSHIP, day), day)
    for boxes in (counties, townships):
        if uid in boxes:
            return boxes[uid]
    for boxes in (counties, townships):
        own = [box for one, box in boxes.items() if uid in register.chain(one, Purpose.ASSESSMENT, day)]
        if own:
            return _around(own)
    above = [box for one in _around_it(register, uid, day) if (box := counties.get(one)) is not None]
    return _around(above) if above else None


def _around_it(register: Register, uid: str, day: dt.date) -> set[str]:
    """Return the units in which a unit, or what it is made of, lies by law."""
    members = {uid, *register.children(uid, Purpose.ASSESSMENT, day)}
    return {above for one in members for above in register.chain(one, Purpose.LEGAL, day)}


def _level_boxes(reader: Reader, level: Level, day: dt.date) -> Mapping[str, BBox]:
    """Return the box of every polygon of the set in force, by code; kept in memory, as sets never change."""
    set_id = set_in_force(reader, level, day)
    if set_id is None:
        return {}
    return _boxes.get((str(reader.connection.engine.url), set_id), lambda: _read(reader, set_id))


def _read(reader: Reader, set_id: int) -> Mapping[str, BBox]:
    table = BoundaryUnit.__table__
    rows = reader.rows(sa.select(table.c.code, table.c.geom).where(table.c.set_id == set_id))
    bounds = shapely.bounds([row.geom for row in rows]).tolist() if rows else []
    return {row.code: BBox(*box) for row, box in zip(rows, bounds, strict=True) if row.code}


def _named(register: Register, boxes: Mapping[str, BBox], day: dt.date) -> dict[str, BBox]:
    found = ((register.find(code, day), box) for code, box in boxes.items())
    return {unit.uid: box for unit, box in found if unit is not None and unit.validity.holds(day)}


def _around(boxes: Iterable[BBox]) -> BBox:
    each = list(boxes)
    return BBox(
        min(one.min_lon for one in each),
        min(one.min_lat for one in each),
        max(one.max_lon for one in each),
        max(one.max_lat for one in each),
    )
