"""Zones in force on a day with the regime of that day; a zone given as a list of units has their ground."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from boundaries.regime import RegimeBook
from gis.types import Validity
from grids.units import Purpose
from service.layers.catalogue import CATALOGUE
from service.layers.ground import locate, polygons_of
from service.layers.rows import Rows
from service.pipeline.regime_store import load_regimes
from service.pipeline.register_store import StoredRegister, load_register
from service.store.engine import Reader
from service.store.models import Zone, ZoneSet


def zones(reader: Reader, day: dt.date) -> Rows:
    """Return the zones that hold on `day`, of the newest version of every set that is valid then."""
    info = CATALOGUE["zones"]
    found = [row for row in _rows(reader, day) if Validity(row.valid_from, row.valid_to).holds(day)]
    shapes = [_ground(reader, day, row) for row in found]
    chains = _chains(reader, day, found, shapes)
    regimes: RegimeBook = load_regimes(reader)[0]
    answers = [regimes.on(chain, day) for chain in chains]
    columns: dict[str, list[Any]] = {
        "zone_id": [f"{row.set_name}.{row.code}" for row in found],
        **{name: [getattr(row, name) for row in found] for name in ("code", "name", "kind")},
        "unit_codes": [";".join(row.unit_codes) if row.unit_codes else None for row in found],
        "regime": [str(one.regime) for one in answers],
        "regime_zh": [one.zh for one in answers],
        "regime_en": [one.en for one in answers],
        **{
            name: [getattr(row, name) for row in found]
            for name in ("valid_from", "valid_to", "set_name", "set_version", "set_status")
        },
    }
    geometry = np.empty(len(found), dtype=object)
    geometry[:] = shapes
    return Rows(info, columns, geometry)


def _rows(reader: Reader, day: dt.date) -> Sequence[Any]:
    heads = reader.rows(
        sa.select(ZoneSet.id, ZoneSet.name, ZoneSet.valid_from, ZoneSet.valid_to)
        .where(reader.known(ZoneSet))
        .order_by(ZoneSet.rev, ZoneSet.id)
    )
    newest: Mapping[str, int] = {
        row.name: row.id for row in heads if Validity(row.valid_from, row.valid_to).holds(day)
    }
    zone, kept = Zone.__table__, ZoneSet.__table__
    return reader.rows(
        sa.select(
            zone,
            kept.c.name.label("set_name"),
            kept.c.version.label("set_version"),
            kept.c.status.label("set_status"),
        )
        .join(kept, kept.c.id == zone.c.set_id)
        .where(zone.c.set_id.in_(sorted(newest.values())))
        .order_by(zone.c.set_id, zone.c.code, zone.c.id)
    )


def _ground(reader: Reader, day: dt.date, row: Any) -> Any:
    if row.geom is not None or not row.unit_codes:
        return row.geom
    shapes = polygons_of(reader, day, row.unit_codes)
    whole = shapely.union_all(shapes) if shapes else None
    if whole is None or whole.geom_type == "MultiPolygon":
        return whole
    return shapely.multipolygons([whole]) if whole.geom_type == "Polygon" else None


def _chains(
    reader: Reader, day: dt.date, rows: Sequence[Any], shapes: Sequence[Any]
) -> list[tuple[str, ...]]:
    """Return the codes of the units a zone lies in, narrow to wide: of those it lists, or of a place inside it."""
    stored = load_register(reader)
    inside = [shapely.point_on_surface(shape) if shape is not None else shapely.Point() for shape in shapes]
    known = [number for number, point in enumerate(inside) if not point.is_empty]
    lon = np.array([inside[number].x for number in known], dtype=float)
    lat = np.array([inside[number].y for number in known], dtype=float)
    places = locate(reader, day, lon, lat)
    uids = {number: uid for uid, number in stored.ids.items()}
    units = {
        number: uids.get(township or county or -1)
        for number, township, county in zip(known, places.townships, places.counties, strict=True)
    }
    found = []
    for number, row in enumerate(rows):
        uid = next((_uid(stored, code, day) for code in row.unit_codes or ()), None) or units.get(number)
        found.append(_codes(stored, uid, day))
    return found


def _uid(stored: StoredRegister, code: str, day: dt.date) -> str | None:
    unit = stored.register.find(code, day)
    return None if unit is None else unit.uid


def _codes(stored: StoredRegister, uid: str | None, day: dt.date) -> tuple[str, ...]:
    if uid is None or uid not in stored.register:
        return ()
    chain = stored.register.chain(uid, Purpose.LEGAL, day)
    return tuple(code for one in chain if (code := stored.register[one].code(day)) is not None)
