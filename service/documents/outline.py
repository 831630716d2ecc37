"""County outlines as a statement's map draws them: simplified, as text, never used to place a point."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gis.types import Level
from service.store.engine import Reader
from service.store.models import BoundarySet, BoundaryUnit, BoundaryUse

TOLERANCE_M = 150.0
"""Under half a millimetre on paper for a county of 60 km drawn 160 mm wide."""
_METRES_PER_DEGREE = 111_320.0
_GRID = 1e-4
_SMALLEST_DEGREES2 = 1e-4
"""Holes and islets under about 1 km2 are not drawn, unless they are all there is."""


def outlines(reader: Reader, codes: Sequence[str], day: dt.date) -> list[dict[str, Any]]:
    """Return the outlines of units in the boundary sets in force on a day.

    Parameters
    ----------
    reader
        The store at a revision. County borders are public: no scope is asked.
    codes
        Codes of counties, or of prefectures and the province where no county polygon has that code.
    day
        The Beijing civil day whose sets are meant.

    Returns
    -------
    list of dict
        ``{code, name, rings}``, by code; a code without a polygon is left out. `rings` are closed, exterior and holes
        alike (even-odd), of ``[lon, lat]`` as text with four decimals (degrees, the datum of the store), each from its
        least point on, so that one polygon always gives one text.
    """
    wanted = sorted(set(codes))
    found: dict[str, tuple[str, Any]] = {}
    for level in (Level.COUNTY, Level.CITY, Level.PROVINCE):
        missing = [code for code in wanted if code not in found]
        set_id = _set_in_force(reader, level, day) if missing else None
        if set_id is None:
            continue
        table = BoundaryUnit.__table__
        rows = reader.rows(
            sa.select(table.c.code, table.c.name, table.c.geom)
            .where(table.c.set_id == set_id, table.c.code.in_(missing))
            .order_by(table.c.code)
        )
        found.update((row.code, (row.name, row.geom)) for row in rows)
    shapes = _simplified([found[code][1] for code in sorted(found)])
    return [
        {"code": code, "name": found[code][0], "rings": _rings(shape)}
        for code, shape in zip(sorted(found), shapes, strict=True)
    ]


def _set_in_force(reader: Reader, level: Level, day: dt.date) -> int | None:
    use, head = BoundaryUse.__table__, BoundarySet.__table__
    row = reader.connection.execute(
        sa.select(head.c.id)
        .join(use, use.c.set_id == head.c.id)
        .where(use.c.level == str(level), use.c.from_date <= day, reader.known(BoundaryUse))
        .order_by(use.c.from_date.desc(), use.c.rev.desc(), use.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else int(row.id)


def _simplified(geometries: list[Any]) -> list[Any]:
    import numpy as np
    import shapely

    if not geometries:
        return []
    # A border two counties share is simplified once, so that no gap opens between them.
    shapes = np.array(geometries, dtype=object)
    return list(shapely.coverage_simplify(shapes, TOLERANCE_M / _METRES_PER_DEGREE))


def _rings(shape: Any) -> list[list[list[str]]]:
    import shapely

    rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
    areas = [abs(shapely.area(shapely.polygons(ring))) for ring in rings]
    least = min(_SMALLEST_DEGREES2, max(areas, default=0.0))
    drawn = [_ring(ring) for ring, area in zip(rings, areas, strict=True) if area >= least]
    return sorted(ring for ring in drawn if len(ring) > 3)


def _ring(ring: Any) -> list[list[str]]:
    """Return a closed ring, rounded, without repeated points, counter-clockwise from its least point."""
    cells: list[tuple[int, int]] = []
    for x, y in list(ring.coords)[:-1]:
        cell = (round(x / _GRID), round(y / _GRID))
        if not cells or cells[-1] != cell:
            cells.append(cell)
    while len(cells) > 1 and cells[0] == cells[-1]:
        cells.pop()
    double_area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(cells, cells[1:] + cells[:1], strict=True))
    if double_area < 0:
        cells.reverse()
    start = cells.index(min(cells))
    turned = cells[start:] + cells[: start + 1]
    return [[f"{x * _GRID:.4f}", f"{y * _GRID:.4f}"] for x, y in turned]
