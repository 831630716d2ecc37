"""The cell index: edges in cells, an owner per cell, and the questions asked of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.location import plain
from gis.location.rings import Rings

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

_REFERENCES = ((0.4871, 0.5273), (0.5417, 0.4639), (0.4507, 0.4483), (0.5619, 0.5501), (0.4253, 0.5743))
"""Where reference points stand in their cells; the next pair is tried when one of them lies on an edge."""
_ENTRIES_PER_EDGE = 8
"""A grid so fine that edges lie in more cells than this on average is made coarser."""
_CELLS_PER_EDGE = 4
_LEAST_CELLS, _MOST_CELLS = 1 << 8, 1 << 26
_LOADING_WORTH = 2_000_000
"""Points from which on loading the compiled kernels (most of a second) is sooner done than asking with numpy."""
_LOADED_WORTH = 500
"""The same when they are loaded already."""


@dataclass(frozen=True, slots=True)
class Index:
    """Arrays of the index, described in `gis.location.kernels`, over the rings of a layer."""

    source: Rings
    geo: Array
    shape: Array
    cells: Array
    heads: Array
    entries: Array
    own: Array
    list_start: Array
    list_owner: Array

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, coordinates included."""
        arrays = [getattr(self, field.name) for field in fields(self) if field.name != "source"]
        arrays += [getattr(self.source, field.name) for field in fields(self.source)]
        return sum(int(array.nbytes) for array in arrays)

    def locate(self, lon: Floats, lat: Floats) -> npt.NDArray[np.int32]:
        """Return the first unit of each point, -1 for none."""
        if not compiled_worth(len(lon)):
            found = np.full(len(lon), -1, dtype=np.int32)
            point, unit = plain.hits(self, lon, lat)
            found[point[::-1]] = unit[::-1]
            return found
        return self._scan(_usable(lon), _usable(lat), counted=False)[0]

    def hits(self, lon: Floats, lat: Floats) -> tuple[Longs, Longs]:
        """Return every (point, unit) pair, sorted."""
        if not compiled_worth(len(lon)):
            return plain.hits(self, lon, lat)
        lon, lat = _usable(lon), _usable(lat)
        first, count, left = self._scan(lon, lat, counted=True)
        place = np.cumsum(count, dtype=np.int64) - count
        unit = np.empty(int(count.sum()), dtype=np.int64)
        unit[place[count > 0]] = first[count > 0]
        many = np.flatnonzero(count > 1)
        point = np.repeat(np.arange(len(lon), dtype=np.int64), count)
        self._several(lon, lat, many, left, place, unit)
        return point, unit

    def _several(self, lon: Floats, lat: Floats, many: Longs, left: Longs, place: Longs, unit: Longs) -> None:
        """Write all units of points that have more than one, those that kernels left to numpy by numpy again."""
        from gis.location import jit, kernels

        # Of few units but many edges a point has no room in a kernel either, so that is not told by the count.
        few = np.setdiff1d(many, left, assume_unique=True)
        rest = np.setdiff1d(many, few, assume_unique=True)
        jit.in_blocks(
            lambda a, b: kernels.collect(lon, lat, few[a:b], place[few[a:b]], self._grid(), unit), len(few)
        )
        if len(rest):
            within, found = plain.hits(self, lon[rest], lat[rest])
            rank = np.arange(len(within)) - np.searchsorted(within, within)
            unit[place[rest[within]] + rank] = found

    def _scan(
        self, lon: Floats, lat: Floats, *, counted: bool
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Longs]:
        """Return the first unit and (where asked for) the number of units of each point; and whom numpy told."""
        from gis.location import jit, kernels

        first, count = np.empty(len(lon), np.int32), np.empty(len(lon) if counted else 0, np.int32)
        grid = self._grid()
        hard = jit.in_blocks(lambda a, b: kernels.locate(lon, lat, a, b, grid, first, count), len(lon))
        rows = np.flatnonzero(first == kernels.UNRESOLVED) if sum(hard) else np.empty(0, np.int64)
        if len(rows):
            first[rows] = -1
            within, found = plain.hits(self, lon[rows], lat[rows])
            first[rows[within[::-1]]] = found[::-1]
            if counted:
                count[rows] = np.bincount(within, minlength=len(rows))
        return first, count, rows

    def border_distance_m(
        self, lon: Floats, lat: Floats, unit: Longs, scale_x: Floats, scale_y: Floats
    ) -> Floats:
        """Return metres from points to the borders of their units, degrees scaled by `scale_x`, `scale_y`."""
        from gis.location import jit, kernels

        lon, lat, scale_x, scale_y = (_usable(each) for each in (lon, lat, scale_x, scale_y))
        unit = np.require(unit, np.int64, ("C", "W"))
        out = np.empty(len(lon))
        grid = self._grid()
        jit.in_blocks(
            lambda a, b: kernels.border(lon, lat, unit, scale_x, scale_y, a, b, grid, out), len(lon)
        )
        return out

    def blank(self) -> tuple[Array, Array]:
        """Return what `areas` remembers of edges and cells, nothing known yet."""
        return np.zeros(len(self.entries), np.uint8), np.zeros(len(self.heads), np.uint8)

    def areas(self, boxes: Floats, told: tuple[Array, Array]) -> tuple[Longs, npt.NDArray[np.int32], Floats]:
        """Return (box, unit, area in squared degrees), compiled; the unit is `areas.OPEN` where it is not measured.

        Parameters
        ----------
        boxes
            West, south, east, north; shape (n, 4).
        told
            `blank` at first, then as the last call left it.
        """
        from gis.location import areas, jit

        boxes, grid = np.require(boxes, np.float64, ("C", "W")), self._grid()
        found = jit.in_blocks(lambda a, b: areas.areas(boxes, a, b, grid, *told), len(boxes))
        box, unit, area = (
            np.concatenate([block[1 + of][: block[0]] for block in found]) if found else np.empty(0, kind)
            for of, kind in enumerate((np.int64, np.int32, np.float64))
        )
        return box, unit, area

    def _grid(self) -> tuple[Array, ...]:
        return (
            self.geo,
            self.shape,
            self.cells,
            self.heads,
            self.entries,
            self.source.xy,
            self.own,
            self.list_start,
            self.list_owner,
        )


def _usable(values: Floats) -> Floats:
    """Return values as kernels take them: in one piece and writable, copied only where they are not."""
    return np.require(values, np.float64, ("C", "W"))


def kernels_loaded() -> bool:
    """Return whether this process has the compiled kernels already."""
    return "gis.location.kernels" in sys.modules


def compiled_worth(points: int) -> bool:
    """Return whether compiled kernels answer so many points sooner than numpy, loading them included."""
    return points >= (_LOADED_WORTH if kernels_loaded() else _LOADING_WORTH)


def build(source: Rings) -> Index | None:
    """Index a layer; None where reference points cannot be placed off the edges (no real layer is known)."""
    from gis.location import building, kernels  # noqa: F401 - who builds has paid for the compiler, and will ask

    xy = source.xy
    own = np.zeros((len(xy), 2), dtype=np.int32)
    slots = 1 << max(int(len(xy) * 1.25).bit_length(), 4)
    table = np.full(slots, -1, dtype=np.int32)
    edges = building.pair(xy.view(np.int64), source.rings, source.ring_units(), own, table)
    del table
    for fractions in _REFERENCES:
        laid = _lay(xy, own, edges, fractions)
        if laid is not None:
            geo, shape, cells, entries = laid
            lists = _own_cells(xy, own, geo, shape, cells, len(source))
            return Index(source, geo, shape, *_compact(cells), entries, own, *lists)
    return None


def _square_grid(xy: Array, wanted: int, fractions: tuple[float, float]) -> tuple[Floats, Longs]:
    """Return a grid of about `wanted` square cells over the layer."""
    (west, south), (east, north) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
    least = 1e-9 * max(east - west, north - south, 1e-9)
    width, height = max(east - west, least), max(north - south, least)
    columns = int(np.clip(round((wanted * width / height) ** 0.5), 1, wanted))
    rows = int(np.clip(wanted // columns, 1, wanted))
    geo = [
        west,
        south,
        columns / width,
        rows / height,
        width / columns,
        height / rows,
        *fractions,
        east,
        north,
    ]
    return np.array(geo), np.array([columns, rows], dtype=np.int64)


def _lay(
    xy: Array, own: Array, edges: int, fractions: tuple[float, float]
) -> tuple[Floats, Longs, Array, Array] | None:
    """Lay the edges into cells; None where a reference point lies on an edge."""
    from gis.location import building

    wanted = min(max(min(_CELLS_PER_EDGE * edges, 2 * len(xy)), _LEAST_CELLS), _MOST_CELLS)
    while True:
        geo, shape = _square_grid(xy, wanted, fractions)
        size = int(shape.prod())
        place = np.zeros(size + 1, dtype=np.int32)
        total = building.count_entries(xy, own, geo, shape, place[1:], _ENTRIES_PER_EDGE * edges + 4 * size)
        if total >= 0 or size <= _LEAST_CELLS // 4:
            break
        wanted = size // 4
    if total < 0:
        place[:] = 0
        total = building.count_entries(xy, own, geo, shape, place[1:], np.iinfo(np.int64).max)
    np.cumsum(place, out=place)
    cells = np.zeros((size + 1, 2), dtype=np.int32)
    cells[:, 0] = place
    entries = np.empty(total, dtype=np.int32)
    awkward = building.fill_entries(xy, own, geo, shape, place, entries)
    return None if awkward else (geo, shape, cells, entries)


def _own_cells(
    xy: Array, own: Array, geo: Floats, shape: Longs, cells: Array, units: int
) -> tuple[Array, Array]:
    """Write the owner of every reference point into `cells`; return the lists of those that have several."""
    from gis.location import building

    none = np.empty(0, dtype=np.int32)
    starts = np.zeros(int(shape.prod()) + 2, dtype=np.int32)
    total = building.cross_lines(xy, own, geo, shape, starts[2:], none, False)
    np.cumsum(starts, out=starts)
    events = np.empty(total, dtype=np.int32)
    building.cross_lines(xy, own, geo, shape, starts[1:], events, True)
    held = np.empty(units + 2, dtype=np.int32)
    lists, length = building.sweep(starts, events, own, shape, cells, held, none, none, False)
    list_start, list_owner = np.zeros(lists + 1, np.int32), np.zeros(length, np.int32)
    if lists:
        building.sweep(starts, events, own, shape, cells, held, list_start, list_owner, True)
    return list_start, list_owner


def _compact(cells: Array) -> tuple[Array, Array]:
    """Keep one number for each cell, and where entries begin only for cells that have some or several owners."""
    crossed = np.flatnonzero((cells[1:, 0] != cells[:-1, 0]) | (cells[:-1, 1] < 0))
    heads = np.concatenate([cells[crossed], cells[-1:]])
    single = np.ascontiguousarray(cells[:-1, 1])
    single[crossed] = -np.arange(1, len(crossed) + 1, dtype=np.int32)
    return single, heads
