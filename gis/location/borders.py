"""Distances to borders without compiled kernels: the same sums in the same order, so the same metres to the last bit.

A distance must not depend on how many points were asked about at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.location.rings import Rings

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

_PAIR_S = 25e-9
"""Seconds per point and edge."""
_AT_ONCE = 1 << 20
"""Point and edge pairs held in memory at once."""


def seconds(source: Rings, unit: Longs) -> float:
    """Return about how long `plain` takes."""
    ends = source.rings[source.parts[source.units]]
    return _PAIR_S * float((ends[:, 1] - ends[:, 0])[unit].sum())


def plain(source: Rings, lon: Floats, lat: Floats, unit: Longs, scale_x: Floats, scale_y: Floats) -> Floats:
    """Return metres to the borders of the units, degrees scaled by `scale_x`, `scale_y`; every edge is tried."""
    distance = np.empty(len(lon))
    for one in np.unique(unit).tolist():
        members = np.flatnonzero(unit == one)
        first = source.vertices_of(one)
        a, b = source.xy[first], source.xy[first + 1]
        apart = (a != b).any(axis=1)
        a, b = _ordered(a[apart], b[apart])
        size = max(1, _AT_ONCE // max(len(a), 1))
        for start in range(0, len(members), size):
            rows = members[start : start + size]
            px, py, sx, sy = (each[rows, None] for each in (lon, lat, scale_x, scale_y))
            distance[rows] = np.sqrt(_squared(px, py, sx, sy, a, b).min(axis=1, initial=np.inf))
    return distance


def _ordered(a: Array, b: Array) -> tuple[Array, Array]:
    """Give both owners of an edge the same direction."""
    swap = ((a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1])))[:, None]
    return np.where(swap, b, a), np.where(swap, a, b)


def _squared(px: Floats, py: Floats, sx: Floats, sy: Floats, a: Array, b: Array) -> Floats:
    """Return squared distances, points by edges: the sums of `kernels._squared`."""
    dx, dy = (b[:, 0] - a[:, 0]) * sx, (b[:, 1] - a[:, 1]) * sy
    qx, qy = (px - a[:, 0]) * sx, (py - a[:, 1]) * sy
    t = np.clip((qx * dx + qy * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    ex, ey = qx - t * dx, qy - t * dy
    squared: Floats = ex * ex + ey * ey
    return squared


def by_geos(
    shapes: npt.NDArray[np.object_], lon: Floats, lat: Floats, unit: Longs, scale_x: Floats, scale_y: Floats
) -> Floats:
    """Return the same for layers that are not of polygons alone."""
    distance = np.empty(len(lon))
    scales, band = np.unique(np.column_stack([scale_x, scale_y]), axis=0, return_inverse=True)
    for number, scale in enumerate(scales):
        for one in np.unique(unit[band == number]):
            members = np.flatnonzero((band == number) & (unit == one))
            border = shapely.transform(shapely.boundary(shapes[one]), lambda xy, s=scale: xy * s)
            points = shapely.points(lon[members] * scale[0], lat[members] * scale[1])
            distance[members] = shapely.distance(points, border)
    return distance
