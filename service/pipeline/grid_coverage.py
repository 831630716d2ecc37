"""Is there a blind area? The grid in force against the county polygons in force and the live fire points."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from shapely.geometry import MultiPolygon

from gis.types import LEVELS, DataStatus, Level
from grids.cells import GridCell, GridSet
from grids.coverage import coverage
from service.store import models
from service.store.engine import Reader


def grid_coverage(reader: Reader, set_id: int, day: dt.date) -> list[dict[str, Any]]:
    """Return for each county that the set touches how well its narrowest drawn level covers it.

    Parameters
    ----------
    set_id
        The grid set.
    day
        Which county boundaries are asked: those in force on this date.

    Returns
    -------
    list of dict
        `grids.coverage.Coverage.as_dict` with ``county_code``, ``county`` and the ids of the blind fire points; empty
        when no cell has a polygon or no county boundary is in force.
    """
    grid = _stored_grid(reader, set_id)
    level = _narrowest_drawn(grid)
    counties = _counties(reader, day) if level is not None else []
    if level is None or not counties:
        return []
    cells = [cell for cell in grid.at(level) if cell.geometry is not None]
    tree = shapely.STRtree([cell.geometry for cell in cells])
    points = _fire_points(reader)
    lon = np.array([row.lon for row in points], dtype=np.float64)
    lat = np.array([row.lat for row in points], dtype=np.float64)
    report: list[dict[str, Any]] = []
    for county in counties:
        near = tree.query(county.geom, predicate="intersects")
        if not near.size:
            continue
        part = GridSet(grid.name, "", grid.status, tuple(cells[at] for at in near.tolist()))
        found = coverage(county.geom, part, level, lon=lon, lat=lat)
        if found.area_km2 - found.uncovered_km2 < TOUCH_KM2:
            continue  # a neighbour whose border the drawing only grazes
        blind = [points[row].fire_point_id for row in found.blind_points.tolist()]
        entry = {"county_code": county.code, "county": county.name, **found.as_dict()}
        report.append({**entry, "blind_points": sorted(blind)})
    return sorted(report, key=lambda entry: (-entry["uncovered_km2"], entry["county_code"]))


TOUCH_KM2 = 1.0
"""Cells that share less than this with a county are those of its neighbour."""


def _stored_grid(reader: Reader, set_id: int) -> GridSet:
    table = models.GridCell
    rows = reader.rows(
        sa.select(table.code, table.level, table.name, table.geom).where(table.set_id == set_id)
    )
    cells = tuple(
        GridCell(row.code, Level(row.level), row.name, None, None, _areas(row.geom)) for row in rows
    )
    return GridSet(str(set_id), "", DataStatus.SAMPLE, cells)


def _areas(geometry: Any) -> MultiPolygon | None:
    if geometry is None or isinstance(geometry, MultiPolygon):
        return geometry
    return MultiPolygon([geometry])


def _narrowest_drawn(grid: GridSet) -> Level | None:
    for level in reversed(LEVELS):
        if any(cell.geometry is not None for cell in grid.at(level)):
            return level
    return None


def _counties(reader: Reader, day: dt.date) -> list[Any]:
    use, unit = models.BoundaryUse, models.BoundaryUnit
    set_id = reader.connection.execute(
        sa.select(use.set_id)
        .where(use.level == Level.COUNTY.value, use.from_date <= day, reader.known(use))
        .order_by(use.from_date.desc(), use.rev.desc(), use.id.desc())
        .limit(1)
    ).scalar()
    if set_id is None:
        return []
    return list(reader.rows(sa.select(unit.code, unit.name, unit.geom).where(unit.set_id == set_id)))


def _fire_points(reader: Reader) -> list[Any]:
    table = models.FirePointState
    return list(reader.rows(sa.select(table.fire_point_id, table.lon, table.lat).where(reader.live(table))))
