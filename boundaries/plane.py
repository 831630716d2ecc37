"""Borders in metres: one equal-area plane per comparison, and the matching of units that a comparison starts from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from boundaries.model import BoundarySet, BoundaryUnit
from gis.types import LEVELS, Level

Array = npt.NDArray[np.float64]


class Plane:
    """Lambert's equal-area plane around a place: areas are true, distances within 0.1 % over a province."""

    def __init__(self, lon: float, lat: float) -> None:
        from pyproj import Transformer

        self._forward = Transformer.from_crs(
            4490, f"+proj=laea +lon_0={lon:.6f} +lat_0={lat:.6f} +ellps=GRS80 +units=m", always_xy=True
        )

    @classmethod
    def around(cls, boundary_set: BoundarySet) -> Plane:
        """Return the plane centred on a set."""
        box = boundary_set.bounds
        return cls((box.min_lon + box.max_lon) / 2, (box.min_lat + box.max_lat) / 2)

    def points(self, lon: Array, lat: Array) -> Array:
        """Return positions in metres, shape (n, 2)."""
        return np.column_stack(self._forward.transform(lon, lat))

    def shapes(self, geometries: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        """Return geometries in metres."""
        flat = shapely.get_coordinates(geometries)
        moved: npt.NDArray[np.object_] = shapely.set_coordinates(
            np.asarray(geometries, dtype=object).copy(), self.points(flat[:, 0], flat[:, 1])
        )
        return moved


@dataclass(frozen=True, slots=True)
class Pair:
    """A unit and its counterpart in another set, and by what they were matched (``code`` or ``name``)."""

    new: BoundaryUnit
    reference: BoundaryUnit
    by: str


def pair_units(new: BoundarySet, reference: BoundarySet) -> tuple[Pair, ...]:
    """Match units of the same level by code, else by a name that is unique on both sides."""
    if new.level is not reference.level:
        return ()
    pairs, taken = [], set()
    for unit in new.units:
        other = reference.by_code.get(unit.code) if unit.code else None
        if other is not None:
            pairs.append(Pair(unit, other, "code"))
            taken.add(other.code)
    matched = {id(pair.new) for pair in pairs}
    mine = _unique(unit for unit in new.units if id(unit) not in matched)
    theirs = _unique(unit for unit in reference.units if unit.code not in taken)
    pairs += [Pair(unit, theirs[name], "name") for name, unit in mine.items() if name in theirs]
    return tuple(pairs)


def _unique(units: Iterable[BoundaryUnit]) -> dict[str, BoundaryUnit]:
    """Return units by name, leaving out names that occur twice (铁西区 does)."""
    found: dict[str, list[BoundaryUnit]] = {}
    for unit in units:
        found.setdefault(unit.name, []).append(unit)
    return {name: group[0] for name, group in found.items() if len(group) == 1}


class Borders:
    """Border segments in a plane, with the nearest one to each point found quickly."""

    def __init__(self, lines: npt.NDArray[np.object_]) -> None:
        coordinates, owner = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
        same = owner[1:] == owner[:-1]
        self.start: Array = coordinates[:-1][same]
        self.end: Array = coordinates[1:][same]
        self._tree = shapely.STRtree(shapely.linestrings(np.stack([self.start, self.end], axis=1)))

    def nearest(self, points: Array) -> tuple[Array, Array]:
        """Return the nearest border point to each point, and the unit normal of its segment."""
        index = self._tree.nearest(shapely.points(points))
        a, along = self.start[index], self.end[index] - self.start[index]
        length2 = np.maximum((along**2).sum(axis=1), 1e-12)
        share = np.clip(((points - a) * along).sum(axis=1) / length2, 0.0, 1.0)
        closest = a + share[:, None] * along
        normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.sqrt(length2)[:, None]
        return closest, normal

    def distances(self, points: Array) -> Array:
        """Return the distance of each point to the nearest border."""
        closest, _ = self.nearest(points)
        gap: Array = points - closest
        return np.asarray(np.hypot(gap[:, 0], gap[:, 1]), dtype=np.float64)


def sample_borders(geometries: npt.NDArray[np.object_], count: int) -> Array:
    """Return about `count` points at equal steps along the borders of polygons, in their own coordinates."""
    lines = shapely.get_parts(shapely.boundary(geometries))
    lengths = shapely.length(lines)
    ends = np.cumsum(lengths)
    places = (np.arange(count) + 0.5) * (ends[-1] / count)
    owner = np.searchsorted(ends, places, side="right").clip(max=len(lines) - 1)
    found = shapely.line_interpolate_point(lines[owner], places - (ends[owner] - lengths[owner]))
    return np.asarray(shapely.get_coordinates(found), dtype=np.float64)


def finer(level: Level, other: Level) -> bool:
    """Whether `level` is narrower than `other`."""
    return LEVELS.index(level) > LEVELS.index(other)


def as_objects(geometries: Iterable[Any]) -> npt.NDArray[np.object_]:
    """Return geometries as an object array."""
    items = list(geometries)
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array
