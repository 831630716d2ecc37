"""The coordinates of a layer as flat arrays: what the index stands on, what a file holds, what shapes are made of."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Array = npt.NDArray[Any]

POLYGON, MULTIPOLYGON, COLLECTION = 3, 6, 7
_SMALLEST, _LARGEST = 1e-120, 1e100
"""Outside these magnitudes (zero apart) products of coordinates are not exact; GEOS answers such layers."""


@dataclass(frozen=True, slots=True)
class Rings:
    """Polygons as rings.

    Attributes
    ----------
    xy
        Vertices, degrees, shape (v, 2); every ring is closed.
    rings
        Where each ring begins in `xy`, and the end; shape (r + 1,).
    parts
        Where each polygon begins in `rings` (its shell first), and the end; shape (p + 1,).
    units
        First polygon of each unit and the one behind its last; shape (u, 2).
    single
        Whether a unit is a Polygon and not a MultiPolygon of one; shape (u,).
    """

    xy: Array
    rings: Array
    parts: Array
    units: Array
    single: Array

    def __len__(self) -> int:
        return len(self.units)

    def ring_units(self) -> npt.NDArray[np.int32]:
        """Return the unit of each ring."""
        part_unit = np.empty(len(self.parts) - 1, dtype=np.int32)
        order = np.argsort(self.units[:, 0], kind="stable")
        lengths = self.units[order, 1] - self.units[order, 0]
        part_unit[:] = np.repeat(order.astype(np.int32), lengths)
        return np.repeat(part_unit, np.diff(self.parts))

    def vertices_of(self, unit: int) -> npt.NDArray[np.int64]:
        """Return the first vertex of every edge of a unit."""
        first, last = self.parts[self.units[unit]]
        starts, ends = self.rings[first:last], self.rings[first + 1 : last + 1]
        runs = [np.arange(a, b - 1, dtype=np.int64) for a, b in zip(starts, ends, strict=True)]
        return np.concatenate(runs) if runs else np.empty(0, dtype=np.int64)

    def boxes(self) -> npt.NDArray[np.object_]:
        """Return the box of each unit, over all of its rings (a broken unit's holes may lie outside its shell)."""
        ends = self.parts[self.units]
        starts, stops = self.rings[ends[:, 0]], self.rings[ends[:, 1]]
        found = np.full(len(self), shapely.Point(), dtype=object)
        held = np.flatnonzero(stops > starts)
        spans = np.column_stack([starts[held], stops[held]]).ravel()
        padded = np.concatenate([self.xy, self.xy[-1:]])
        low = np.minimum.reduceat(padded, spans)[::2]
        high = np.maximum.reduceat(padded, spans)[::2]
        found[held] = shapely.box(*low.T, *high.T)
        return found

    def shapes(self, units: Sequence[int] | Array) -> npt.NDArray[np.object_]:
        """Make the geometries of some units."""
        wanted = np.asarray(units, dtype=np.int64)
        found = np.empty(len(wanted), dtype=object)
        for place, unit in enumerate(wanted.tolist()):
            begin, end = self.units[unit].tolist()
            polygons = [self._polygon(part) for part in range(begin, end)]
            found[place] = polygons[0] if self.single[unit] else shapely.MultiPolygon(polygons)
        return found

    def _polygon(self, part: int) -> Any:
        if self.parts[part] == self.parts[part + 1]:
            return shapely.Polygon()
        edges = self.rings[self.parts[part] : self.parts[part + 1] + 1].tolist()
        loops = [self.xy[a:b] for a, b in itertools.pairwise(edges)]
        return shapely.Polygon(loops[0], loops[1:])

    def content_hash(self, codes: Sequence[str]) -> str:
        """Return the SHA-256 of codes and coordinates, the same on every machine."""
        digest = hashlib.sha256("\0".join(codes).encode())
        for array, kind in (
            (self.xy, "<f8"),
            (self.rings, "<i8"),
            (self.parts, "<i8"),
            (self.units, "<i8"),
            (self.single, "<u1"),
        ):
            digest.update(b"|" + str(array.shape).encode())
            digest.update(np.ascontiguousarray(array, dtype=kind).data)
        return digest.hexdigest()


def ground_of(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Reduce collections, as `shapely.make_valid` returns for polygons with spikes, to their polygons, in place."""
    for row in np.flatnonzero(shapely.get_type_id(shapes) == COLLECTION).tolist():
        parts = shapely.get_parts(shapely.get_parts(shapes[row]))
        polygons = parts[shapely.get_type_id(parts) == POLYGON]
        if len(polygons):
            shapes[row] = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(list(polygons))
    return shapes


def rings_of(shapes: npt.NDArray[np.object_]) -> Rings | None:
    """Take geometries apart; None where a layer is not of polygons with ordinary coordinates alone."""
    kinds = shapely.get_type_id(shapes)
    empty = shapely.is_empty(shapes) | (kinds == -1)
    if not np.isin(kinds[~empty], (POLYGON, MULTIPOLYGON)).all():
        return None
    kept = np.flatnonzero(~empty)
    if not len(kept):
        return None
    # One multipolygon of no consequence makes the answer ragged in three levels whatever the layer holds.
    levels = np.append(shapes[kept], shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]))
    _, xy, (rings, parts, units) = shapely.to_ragged_array(levels, include_z=False)
    rings, parts, units = rings[:-1], parts[:-1], units[:-1]
    xy = np.ascontiguousarray(xy[: rings[-1]]) + 0.0  # -0.0 becomes 0.0: equal coordinates have equal bits
    if not ordinary(xy):
        return None
    spans = np.zeros((len(shapes), 2), dtype=np.int64)
    spans[kept, 0], spans[kept, 1] = units[:-1], units[1:]
    single = np.zeros(len(shapes), dtype=np.uint8)
    single[kept] = (kinds[kept] == POLYGON) & (spans[kept, 1] - spans[kept, 0] == 1)
    return Rings(xy, rings.astype(np.int64), parts.astype(np.int64), spans, single)


def ordinary(xy: Array) -> bool:
    """Return whether exact products of these coordinates neither overflow nor vanish."""
    size = np.abs(xy)
    return bool(((size <= _LARGEST) & ((size >= _SMALLEST) | (size == 0))).all())


def joined(chunks: list[Rings], order: Array) -> Rings:
    """Join layers read in pieces and put their units in `order`; empties the list, so that memory is freed."""
    xy = np.empty((sum(len(chunk.xy) for chunk in chunks), 2))
    rings, parts, units, single = [np.zeros(1, np.int64)], [np.zeros(1, np.int64)], [], []
    at, ring_at, part_at = 0, 0, 0
    chunks.reverse()
    while chunks:
        chunk = chunks.pop()
        xy[at : at + len(chunk.xy)] = chunk.xy
        rings.append(chunk.rings[1:] + at)
        parts.append(chunk.parts[1:] + ring_at)
        units.append(chunk.units + part_at)
        single.append(chunk.single)
        at += len(chunk.xy)
        ring_at += len(chunk.rings) - 1
        part_at += len(chunk.parts) - 1
    return Rings(
        xy,
        np.concatenate(rings),
        np.concatenate(parts),
        np.concatenate(units)[order],
        np.concatenate(single)[order],
    )
