"""Areas of boxes in units without compiled kernels: the same terms as `gis.location.areas`, summed in the same order.

Each unit is asked by itself, by its own rings, so units may overlap; GEOS measures what this cannot: units that are
not valid polygons, of which it is given the ground by even and odd, and boxes whose upper right corner lies on an edge.
Which way a box is measured depends on the box and the layer, never on how many boxes are asked about at once.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.location.plain import on_edge, parities, sides
from gis.location.rings import Rings

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

GRID = 1e-12
"""Degrees, a tenth of a micrometre: what GEOS nodes lines on that run over one another to the last bits."""
_AT_ONCE = 1 << 20
"""Box and edge pairs held in memory at once."""


def _edges(source: Rings, unit: int) -> tuple[Array, Array, Bools]:
    """Return the edges of a unit from west to east (straight up where they are upright), and whether it lies left."""
    starts, stops, on_left = [], [], []
    for part in range(*source.units[unit].tolist()):
        for ring in range(*source.parts[part : part + 2].tolist()):
            loop = source.xy[source.rings[ring] : source.rings[ring + 1]]
            loop = loop[np.append((loop[1:] != loop[:-1]).any(axis=1), True)]
            starts.append(loop[:-1])
            stops.append(loop[1:])
            shell = ring == source.parts[part]
            on_left.append(np.full(len(loop) - 1, _counter_clockwise(loop) == shell))
    a, b, left = np.concatenate(starts), np.concatenate(stops), np.concatenate(on_left)
    turned = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    swap = turned[:, None]
    return np.where(swap, b, a), np.where(swap, a, b), left != turned


def even_odd(source: Rings, unit: int) -> Any:
    """Return the ground of a unit that is no valid polygon: where a ray crosses its rings an odd number of times.

    `shapely.make_valid` is no help: it counts an edge that a unit has twice once, and so fills a hole that shares a
    stretch of its shell, which by even and odd is empty.
    """
    first, last = source.parts[source.units[unit]].tolist()
    ends = source.rings[first : last + 1].tolist()
    loops = [shapely.LineString(source.xy[a:b]) for a, b in itertools.pairwise(ends)]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(loops, grid_size=GRID)]))
    # Well inside: between edges that run over one another to the last bit but one, a face is no wider than that.
    inner = shapely.get_coordinates(shapely.get_point(shapely.maximum_inscribed_circle(faces), 0))
    return shapely.union_all(faces[parities(source, np.full(len(faces), unit), inner)])


def _counter_clockwise(loop: Array) -> bool:
    """Return which way a closed ring of a valid polygon runs: the turn at its first vertex by (lon, lat), exact."""
    low = np.flatnonzero(loop[:-1, 0] == loop[:-1, 0].min())
    at = int(low[np.argmin(loop[low, 1])])
    before, after = (at or len(loop) - 1) - 1, at + 1
    return bool(sides(loop[before, None], loop[at, None], loop[after, None])[0] > 0)


def areas(
    source: Rings, boxes: Floats, box: npt.NDArray[np.int64], unit: npt.NDArray[np.int64]
) -> tuple[Floats, Bools]:
    """Return the area in squared degrees of each (box, unit) pair, and whether the box's corner lies on an edge.

    Parameters
    ----------
    boxes
        West, south, east, north; shape (n, 4).
    box, unit
        The pairs; the units are valid polygons.
    """
    area = np.zeros(len(box))
    cornered = np.zeros(len(box), dtype=bool)
    for one in np.unique(unit).tolist():
        a, b, on_left = _edges(source, one)
        pairs = np.flatnonzero(unit == one)
        size = max(1, _AT_ONCE // max(len(a), 1))
        for start in range(0, len(pairs), size):
            some = pairs[start : start + size]
            area[some], cornered[some] = _measured(a, b, on_left, boxes[box[some]])
    return area, cornered


def _measured(a: Array, b: Array, left: Bools, boxes: Floats) -> tuple[Floats, Bools]:
    """Return area and whether the corner lies on an edge, for some boxes and one unit."""
    x0, y0, x1, y1 = boxes.T
    inside, cornered = _corners(a, b, x1, y1)
    row, edge = np.nonzero(
        (b[None, :, 0] >= x0[:, None])
        & (a[None, :, 0] <= x1[:, None])
        & (np.maximum(a[:, 1], b[:, 1])[None, :] >= y0[:, None])
        & (np.minimum(a[:, 1], b[:, 1])[None, :] <= y1[:, None])
    )
    under, top = _terms(a[edge], b[edge], boxes[row])
    sign = np.where(left[edge], 1.0, -1.0)
    value, of = np.concatenate([sign * under, sign * top]), np.concatenate([row, row])
    order = np.lexsort((value, of))
    total = np.bincount(of[order], weights=value[order], minlength=len(boxes))
    return np.where(inside, total + (x1 - x0) * (y1 - y0), total), cornered


def _corners(a: Array, b: Array, x: Floats, y: Floats) -> tuple[Bools, Bools]:
    """Return whether corners lie in the unit, by even and odd, and whether they lie on an edge."""
    low, high = np.minimum(a[:, 1], b[:, 1]), np.maximum(a[:, 1], b[:, 1])
    row, edge = np.nonzero((low <= y[:, None]) & (high >= y[:, None]) & (a[:, 0] <= x[:, None]))
    one, other = a[edge], b[edge]
    p = np.column_stack([x[row], y[row]])
    side = sides(one, other, p)
    touched = np.zeros(len(x), dtype=bool)
    touched[row[on_edge(one, other, p, side)]] = True
    straddles = (one[:, 1] > p[:, 1]) != (other[:, 1] > p[:, 1])
    left_of_it = straddles & ((side < 0) == (other[:, 1] > one[:, 1])) & (side != 0)
    return np.bincount(row[left_of_it], minlength=len(x)) % 2 == 1, touched


def _terms(a: Array, b: Array, boxes: Floats) -> tuple[Floats, Floats]:
    """Return the two terms of edges for a unit on their left: `areas._terms`, operation by operation."""
    x0, y0, x1, y1 = boxes.T
    w, h = x1 - x0, y1 - y0
    ax, ay, bx, by = a[:, 0] - x0, a[:, 1] - y0, b[:, 0] - x0, b[:, 1] - y0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        crossing = np.where(ay != by, ax + (h - ay) / (by - ay) * (bx - ax), 0.0)
        low, high = np.maximum(ax, 0.0), np.minimum(bx, w)
        crossing = np.maximum(np.minimum(np.maximum(crossing, low), high), 0.0)
        under = _under(ax, ay, bx, by, w, h, crossing)
    up = b[:, 1] > a[:, 1]
    crosses = np.flatnonzero((a[:, 1] > y1) != (b[:, 1] > y1))
    side = sides(a[crosses], b[crosses], np.column_stack([x1[crosses], y1[crosses]]))
    west = crosses[(side < 0) == up[crosses]]
    top = np.zeros(len(a))
    top[west] = np.where(up[west], h[west] * crossing[west], -(h[west] * crossing[west]))
    return -under, top


def _under(ax: Floats, ay: Floats, bx: Floats, by: Floats, w: Floats, h: Floats, crossing: Floats) -> Floats:
    left, right = np.maximum(ax, 0.0), np.minimum(bx, w)
    slope = (by - ay) / (bx - ax)
    yl = np.where(ax < 0.0, ay - ax * slope, ay)
    yr = np.where(bx > w, ay + (w - ax) * slope, by)
    none = ~(left < right) | ((yl > h) & (yr > h)) | ((yl <= 0.0) & (yr <= 0.0))
    over_left = yl > h
    over_right = ~over_left & (yr > h)
    left, yl = np.where(over_left, crossing, left), np.where(over_left, h, yl)
    right, yr = np.where(over_right, crossing, right), np.where(over_right, h, yr)
    floor = np.minimum(np.maximum(ax - ay / slope, left), right)
    under_left = yl < 0.0
    under_right = ~under_left & (yr < 0.0)
    left, yl = np.where(under_left, floor, left), np.where(under_left, 0.0, yl)
    right, yr = np.where(under_right, floor, right), np.where(under_right, 0.0, yr)
    found: Floats = np.where(none, 0.0, (right - left) * (yl + yr) * 0.5)
    return found
