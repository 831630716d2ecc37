"""Is there a blind area? The part of a unit that no cell covers, the points in none, the cells that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.strtree import STRtree

from gis.types import Level
from grids.cells import GridCell, GridSet, area_km2, areas_km2

SLIVER_KM2 = 0.01
"""Overlaps below one hectare are the width of a drawn border and are not reported one by one."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two cells of one level on the same ground."""

    one: str
    other: str
    area_km2: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How well the cells of one level cover an area.

    Parameters
    ----------
    area_km2, uncovered_km2
        Of the area asked about, and of its part that no cell covers.
    uncovered
        That part, CGCS2000.
    blind_points
        Positions (in the arrays given) of points inside the area that lie in no cell.
    points
        How many points lie inside the area.
    overlaps
        Pairs of cells that share more than a hectare.
    without_geometry
        Codes of cells of the level that have no polygon: they may be what is missing.
    """

    level: Level
    cells: int
    area_km2: float
    uncovered_km2: float
    uncovered: BaseGeometry
    points: int
    blind_points: npt.NDArray[np.int64]
    overlaps: tuple[Overlap, ...]
    without_geometry: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-representable data (no geometry)."""
        return {
            "level": self.level.value,
            "cells": self.cells,
            "area_km2": round(self.area_km2, 3),
            "uncovered_km2": round(self.uncovered_km2, 3),
            "points": self.points,
            "blind_points": [int(at) for at in self.blind_points],
            "overlaps": [
                {"one": pair.one, "other": pair.other, "area_km2": round(pair.area_km2, 3)}
                for pair in self.overlaps
            ],
            "without_geometry": list(self.without_geometry),
        }


def coverage(
    area: BaseGeometry,
    grid: GridSet,
    level: Level,
    *,
    lon: npt.ArrayLike = (),
    lat: npt.ArrayLike = (),
) -> Coverage:
    """Return what of `area` the cells of `level` leave uncovered, and which points lie in no cell.

    Parameters
    ----------
    area
        A county or any polygon, CGCS2000 (lon, lat).
    grid
        The grid set.
    level
        The level whose cells are asked to cover the area.
    lon, lat
        Fire points; a point on the edge of a cell lies in it.
    """
    cells = [cell for cell in grid.at(level) if cell.geometry is not None]
    shapes = [cell.geometry for cell in cells]
    # Cells drawn as one coverage overlap nowhere, and their union is made of the borders that nobody shares.
    clean = bool(shapes) and bool(shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes))
    union = shapely.coverage_union_all(shapes) if clean else shapely.union_all(shapes)
    rest = area.difference(union) if shapes else area
    inside, blind = _blind(area, shapes, np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    return Coverage(
        level,
        len(cells),
        area_km2(area),
        area_km2(rest),
        rest,
        inside,
        blind,
        () if clean else _overlaps(cells),
        tuple(cell.code for cell in grid.at(level) if cell.geometry is None),
    )


def _blind(
    area: BaseGeometry, shapes: Sequence[Any], lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> tuple[int, npt.NDArray[np.int64]]:
    if lon.size == 0:
        return 0, np.empty(0, dtype=np.int64)
    points = shapely.points(lon, lat)
    shapely.prepare(area)
    inside = shapely.intersects(area, points)
    covered = np.zeros(lon.size, dtype=bool)
    if shapes:
        hits = STRtree(shapes).query(points, predicate="intersects")
        covered[hits[0]] = True
    return int(inside.sum()), np.flatnonzero(inside & ~covered).astype(np.int64)


def _overlaps(cells: Sequence[GridCell]) -> tuple[Overlap, ...]:
    shapes = [cell.geometry for cell in cells]
    if len(shapes) < 2:
        return ()
    left, right = STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    ground = np.array(shapes, dtype=object)
    shared = areas_km2(shapely.intersection(ground[left], ground[right]))
    large = np.flatnonzero(shared > SLIVER_KM2)
    found = [Overlap(cells[left[k]].code, cells[right[k]].code, float(shared[k])) for k in large.tolist()]
    return tuple(sorted(found, key=lambda pair: (-pair.area_km2, pair.one, pair.other)))
