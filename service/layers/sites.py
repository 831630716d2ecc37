"""Planned burns and sources of heat: places of their own, shown where they lie within the reader's scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import sqlalchemy as sa

from gis.times import BEIJING
from gis.types import Validity
from grids.units import Purpose
from service.layers.catalogue import CATALOGUE
from service.layers.ground import locate
from service.layers.model import LayerInfo
from service.layers.rows import Rows
from service.pipeline.load_heat_sources import stored_heat_sources
from service.pipeline.register_store import load_register
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import HeatCell, HeatTable, PlannedBurn


def planned_burns(reader: Reader, scope: Scope, day: dt.date, *, whole: bool) -> Rows:
    """Return the newest version of every plan of the reader's units; names of people are no part of a layer.

    Parameters
    ----------
    whole
        Every plan, for an interval of time to choose from; else those that touch `day`.
    """
    table = PlannedBurn.__table__
    rows = reader.rows(sa.select(table).where(reader.known(PlannedBurn)).order_by(table.c.rev, table.c.id))
    newest = {row.code: row for row in rows}
    start = dt.datetime.combine(day, dt.time(), BEIJING)
    end = start + dt.timedelta(days=1)
    found = [row for row in newest.values() if whole or (row.starts_at < end and row.ends_at >= start)]
    seen = _burns_seen(reader, scope, found)
    found = [row for row, mine in zip(found, seen, strict=True) if mine]
    columns: dict[str, list[Any]] = {
        **{
            name: [getattr(row, name) for row in found]
            for name in ("code", "unit_code", "starts_at", "ends_at", "area_mu", "state")
        },
        "approved": [row.approved_at is not None for row in found],
        "set_status": [row.status for row in found],
    }
    return _made(CATALOGUE["planned_burns"], columns, [row.geom for row in found])


def _burns_seen(reader: Reader, scope: Scope, rows: Sequence[Any]) -> list[bool]:
    """Return which plans are the reader's: by the unit a plan names, else by the ground it has."""
    if scope.everything:
        return [True] * len(rows)
    register = load_register(reader).register
    found = []
    for row in rows:
        day = row.starts_at.astimezone(BEIJING).date()
        unit = None if row.unit_code is None else register.find(row.unit_code, day)
        if unit is not None:
            found.append(scope.unit_uid in register.chain(unit.uid, Purpose.ASSESSMENT, day))
        elif row.geom is not None and row.unit_code is None:
            point = shapely.point_on_surface(row.geom)
            places = locate(reader, day, np.array([point.x]), np.array([point.y]))
            found.append(bool(places.within(scope, day)[0]))
        else:
            found.append(False)
    return found


def heat_sources(reader: Reader, scope: Scope, day: dt.date) -> Rows:
    """Return the fixed heat sources listed on `day` within the scope."""
    info = CATALOGUE["heat_sources"]
    listed = [one for one in stored_heat_sources(reader).values() if one.validity.holds(day)]
    lon, lat = np.array([one.lon for one in listed], float), np.array([one.lat for one in listed], float)
    places = locate(reader, day, lon, lat)
    seen = places.within(scope, day)
    columns: dict[str, list[Any]] = {
        **{
            name: [getattr(one, name) for one in listed]
            for name in ("code", "name", "kind", "lon", "lat", "radius_m")
        },
        "county_code": places.county_codes,
        "valid_from": [one.validity.start for one in listed],
        "valid_to": [one.validity.end for one in listed],
        "set_status": [one.status for one in listed],
    }
    return _seen(_made(info, columns, shapely.points(lon, lat)), seen)


def heat_cells(reader: Reader, scope: Scope, day: dt.date) -> Rows:
    """Return the squares of the table of learned heat sources in force on `day` whose middle lies in the scope."""
    info = CATALOGUE["heat_cells"]
    table, cell = HeatTable.__table__, HeatCell.__table__
    heads = reader.rows(
        sa.select(table.c.id, table.c.before, table.c.params)
        .where(reader.known(HeatTable), table.c.before <= day)
        .order_by(table.c.before.desc(), table.c.rev.desc(), table.c.id.desc())
        .limit(1)
    )
    rows = reader.rows(sa.select(cell).where(cell.c.table_id == heads[0].id)) if heads else ()
    half = heads[0].params["cell_deg"] / 2 if heads else 0.0
    lon, lat = np.array([row.lon for row in rows], float), np.array([row.lat for row in rows], float)
    places = locate(reader, day, lon, lat)
    columns: dict[str, list[Any]] = {
        "cell_id": [f"{row.cell_column}_{row.cell_row}" for row in rows],
        **{
            name: [getattr(row, name) for row in rows]
            for name in ("kind", "hot_days", "detections", "months", "night_share", "first_day", "last_day")
        },
        "county_code": places.county_codes,
        "before": [heads[0].before for _ in rows],
    }
    boxes = shapely.box(lon - half, lat - half, lon + half, lat + half)
    return _seen(_made(info, columns, boxes), places.within(scope, day))


def valid_on(row: Any, day: dt.date) -> bool:
    """Whether a fact holds on `day`."""
    return Validity(row.valid_from, row.valid_to).holds(day)


def _made(info: LayerInfo, columns: dict[str, list[Any]], shapes: Any) -> Rows:
    geometry = np.empty(len(shapes), dtype=object)
    geometry[:] = list(shapes)
    return Rows(info, columns, geometry)


def _seen(rows: Rows, seen: npt.NDArray[np.bool_]) -> Rows:
    kept: list[int] = np.flatnonzero(seen).tolist()
    columns = {name: [values[row] for row in kept] for name, values in rows.columns.items()}
    return Rows(rows.info, columns, rows.geometry[kept])
