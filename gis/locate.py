"""Points to polygons: which unit holds a point, by one stated rule on edges, and how far its border is.

Rule: polygons are closed; a point on an edge or vertex belongs to the touching unit whose code sorts first. In a clean
coverage no point is therefore in zero or two units. The predicate is GEOS's exact one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.plane import metres_per_degree

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]

NOWHERE = -1
_BAND_DEGREES = 0.25
"""Latitude bands in which one local scale serves; the scale error inside a band is below 0.3 %."""


class Layer:
    """An immutable layer of polygons, ready to answer.

    Parameters
    ----------
    codes
        One code per polygon; the layer keeps them in sorted order, which is the order of precedence on edges.
    geometries
        Polygons or multipolygons, EPSG:4490, (lon, lat).
    """

    def __init__(self, codes: Sequence[str], geometries: Sequence[Any]) -> None:
        order = sorted(range(len(codes)), key=lambda i: codes[i])
        self.codes: tuple[str, ...] = tuple(codes[i] for i in order)
        self.source_index: tuple[int, ...] = tuple(order)
        self.geometries = np.array([geometries[i] for i in order], dtype=object)
        shapely.prepare(self.geometries)
        self._tree = shapely.STRtree(self.geometries)
        self._borders: dict[int, Any] = {}
        self.bounds = shapely.total_bounds(self.geometries) if len(self.codes) else np.full(4, np.nan)

    def __len__(self) -> int:
        return len(self.codes)

    def hits(self, lon: Floats, lat: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return every (point index, unit index) pair, sorted by point and unit; overlaps give several.

        Parameters
        ----------
        lon, lat
            Degrees, shape (n,).
        """
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        empty = np.empty(0, dtype=np.int64)
        if not len(self):
            return empty, empty
        west, south, east, north = self.bounds
        near = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
        if not len(near):
            return empty, empty
        point, unit = self._tree.query(shapely.points(lon[near], lat[near]), predicate="intersects")
        order = np.lexsort((unit, point))
        return near[point[order]], unit[order]

    def locate(self, lon: Floats, lat: Floats) -> Indices:
        """Return the index of the unit that holds each point, `NOWHERE` for none; shape (n,)."""
        found = np.full(len(lon), NOWHERE, dtype=np.int32)
        point, unit = self.hits(lon, lat)
        found[point[::-1]] = unit[::-1]
        return found

    def touched(self, shapes: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return every (shape index, unit index) pair whose interiors or edges meet."""
        if not len(self):
            empty = np.empty(0, dtype=np.int64)
            return empty, empty
        shape, unit = self._tree.query(shapes, predicate="intersects")
        order = np.lexsort((unit, shape))
        return shape[order], unit[order]

    def border_distance_m(self, lon: Floats, lat: Floats, unit: npt.NDArray[Any]) -> Floats:
        """Return the distance in metres from each point to the border of its unit; NaN where it has none."""
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        distance = np.full(len(lon), np.nan)
        known = np.flatnonzero(unit != NOWHERE)
        bands = np.floor(lat[known] / _BAND_DEGREES).astype(np.int64)
        for band in np.unique(bands):
            inside = known[bands == band]
            per_lon, per_lat = metres_per_degree((band + 0.5) * _BAND_DEGREES)
            for one in np.unique(unit[inside]):
                members = inside[unit[inside] == one]
                scale = np.array([per_lon, per_lat])
                border = shapely.transform(self._border(int(one)), lambda xy, s=scale: xy * s)
                points = shapely.points(lon[members] * per_lon, lat[members] * per_lat)
                distance[members] = shapely.distance(points, border)
        return distance

    def _border(self, unit: int) -> Any:
        if unit not in self._borders:
            self._borders[unit] = shapely.boundary(self.geometries[unit])
        return self._borders[unit]
