"""Compiled kernels that ask the index: the units of points, their distances to borders.

Arguments shared by the kernels
-------------------------------
geo
    west, south, cells per degree east and north, cell width and height in degrees, the reference point's place inside
    a cell (two fractions), east, north.
shape
    Columns and rows.
cells
    For a cell that no edge crosses its owner: a unit's number plus one, 0 for none; else -(k + 1) for head k.
heads
    (heads + 1, 2): where the entries of such a cell begin, and the owner of its reference point, -(k + 1) for list k
    of several.
entries
    Edge number * 2 + whether the reference point lies left of the edge. An edge has the number of its first vertex.
xy, own
    Vertices of all rings, and the two owners (unit + 1, 0 for none) of the edge that begins at each vertex.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gis.location.jit import helper, kernel
from gis.location.robust import SLOP, clamp, in_box, quick_side, reference_at, side_of, toggle

TINY = 1e-120
"""Coordinates nearer to zero (but not zero) leave no room for exact products; the numpy side answers those."""

BUFFER = 64
"""Units that one point can have inside a kernel; the numpy side answers for more."""

AHEAD = 256
"""Points whose cells and edges are fetched together before they are asked."""

_GRID = (
    "Tuple((float64[::1], int64[::1], int32[::1], int32[:, ::1], int32[::1], float64[:, ::1], int32[:, ::1],"
    " int32[::1], int32[::1]))"
)
"""geo, shape, cells, heads, entries, xy, own, and the lists' starts and owners."""

NOWHERE, UNRESOLVED = -1, -2


@helper
def _cell_of(px: Any, py: Any, geo: Any, shape: Any) -> Any:
    column = min(int((px - geo[0]) * geo[2]), shape[0] - 1)
    row = min(int((py - geo[1]) * geo[3]), shape[1] - 1)
    return column, row


@helper
def _collect(px: Any, py: Any, column: Any, row: Any, grid: Any, found: Any) -> Any:
    """Write every unit (+ 1) that holds or touches a point; return how many, -1 if they do not fit.

    The owners of the reference point, less and plus the owners of every edge between it and the point.
    """
    geo, shape, cells, heads, entries, xy, own, list_start, list_owner = grid
    head = -cells[row * shape[0] + column] - 1
    rx, ry = reference_at(column, geo, 0), reference_at(row, geo, 1)
    half = BUFFER // 2
    count, touching = 0, 0
    reference = heads[head, 1]
    if reference > 0:
        found[0] = reference
        count = 1
    elif reference < 0:
        for k in range(list_start[-reference - 1], list_start[-reference]):
            if count > half - 3:
                return -1
            found[count] = list_owner[k]
            count += 1
    for k in range(heads[head, 0], heads[head + 1, 0]):
        v = entries[k] >> 1
        ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
        at = side_of(ax, ay, bx, by, px, py)
        if count > half - 3 or touching > half - 3:
            return -1
        if at == 0:
            if in_box(ax, ay, bx, by, px, py):
                found[half + touching] = own[v, 0]
                found[half + touching + 1] = own[v, 1]
                touching += 2
        elif (at > 0) != (entries[k] & 1 == 1) and (
            (side_of(rx, ry, px, py, ax, ay) >= 0) != (side_of(rx, ry, px, py, bx, by) >= 0)
        ):
            count = toggle(found, count, own[v, 0])
            count = toggle(found, count, own[v, 1])
    return _merge(found, count, touching)


@helper
def _merge(found: Any, count: Any, touching: Any) -> Any:
    """Join the units that hold and those that touch, sorted, each once."""
    for i in range(touching):
        one = found[BUFFER // 2 + i]
        new = one != 0
        for j in range(count):
            if found[j] == one:
                new = False
        if new:
            found[count] = one
            count += 1
    for i in range(1, count):
        one = found[i]
        j = i - 1
        while j >= 0 and found[j] > one:
            found[j + 1] = found[j]
            j -= 1
        found[j + 1] = one
    return count


@helper
def _simple(px: Any, py: Any, head: Any, grid: Any) -> Any:
    """Return the unit (+ 1) of a point at most one edge away from a reference point of one owner, else -1.

    Most points are answered here: plain floats with their error bound, and no branch that depends on a sign.
    """
    geo, shape, _, heads, entries, xy, own, _, _ = grid
    column, row = _cell_of(px, py, geo, shape)
    reference = heads[head, 1]
    rx, ry = reference_at(column, geo, 0), reference_at(row, geo, 1)
    crossed, edge, doubtful = 0, 0, False
    for k in range(heads[head, 0], heads[head + 1, 0]):
        v = entries[k] >> 1
        ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
        at, sure = quick_side(ax, ay, bx, by, px, py)
        if at != (entries[k] & 1 == 1):
            one, sure_one = quick_side(rx, ry, px, py, ax, ay)
            other, sure_other = quick_side(rx, ry, px, py, bx, by)
            sure &= sure_one & sure_other
            crossed += one != other
            edge = v if one != other else edge
        doubtful |= not sure
    if doubtful:
        return -1
    if crossed == 0:
        return reference
    one, other = own[edge, 0], own[edge, 1]
    if crossed == 1 and reference in (one, other):
        return one ^ other ^ reference
    return -1


@helper
def _easy(
    lon: Any,
    lat: Any,
    start: Any,
    stop: Any,
    geo: Any,
    shape: Any,
    cells: Any,
    out: Any,
    hits: Any,
    hard: Any,
) -> Any:
    """Answer the points of cells that no edge crosses and list the others: a loop without a branch that can miss.

    For the listed ones `out` holds the cell's number less one, -(head + 2).
    """
    count = 0
    east, north = shape[0] - 1.0, shape[1] - 1.0
    counted = len(hits) > 0
    for i in range(start, stop):
        px, py = lon[i], lat[i]
        inside = (px >= geo[0]) & (px <= geo[8]) & (py >= geo[1]) & (py <= geo[9])
        column = int(clamp((px - geo[0]) * geo[2], 0.0, east)) if inside else 0
        row = int(clamp((py - geo[1]) * geo[3], 0.0, north)) if inside else 0
        reference = cells[row * shape[0] + column]
        out[i] = reference - 1 if inside else NOWHERE
        if counted:
            hits[i] = 1 if inside and reference > 0 else 0
        hard[count] = i
        count += inside & (reference < 0)
    return count


@helper
def _touch(hard: Any, out: Any, start: Any, stop: Any, grid: Any) -> Any:
    """Read what the next points need, all at once: the processor waits for many lines together, not for each."""
    _, _, _, heads, entries, xy, own, _, _ = grid
    seen = 0
    for j in range(start, stop):
        k = heads[-out[hard[j]] - 2, 0]
        v = entries[min(k, len(entries) - 1)] >> 1
        w = entries[min(k + 1, len(entries) - 1)] >> 1
        seen += int(xy[v, 0] > xy[v + 1, 1]) + own[v, 0] + int(xy[w, 0] > xy[w + 1, 1])
    return seen


@kernel("int64(float64[::1], float64[::1], int64, int64, " + _GRID + ", int32[::1], int32[::1])")
def locate(lon: Any, lat: Any, start: Any, stop: Any, grid: Any, out: Any, hits: Any) -> Any:
    """Write the first unit and the number of units of points `start` to `stop`; return how many stay unresolved.

    `hits` may be empty when nobody asks for the numbers.
    """
    geo, shape, cells, heads, _, _, _, _, _ = grid
    found = np.empty(BUFFER, dtype=np.int32)
    hard = np.empty(stop - start + 1, dtype=np.int32)
    unresolved = 0
    left = _easy(lon, lat, start, stop, geo, shape, cells, out, hits, hard)
    for j in range(left):
        if j % AHEAD == 0:
            found[0] = _touch(hard, out, j, min(j + AHEAD, left), grid)
        i = hard[j]
        px, py = lon[i], lat[i]
        head = -out[i] - 2
        tiny = (abs(px) < TINY and px != 0.0) or (abs(py) < TINY and py != 0.0)
        one = -1
        if heads[head, 1] >= 0 and not tiny:
            one = _simple(px, py, head, grid)
        count = 1 if one > 0 else 0
        if one < 0:
            count = -1
            if not tiny:
                column, row = _cell_of(px, py, geo, shape)
                count = _collect(px, py, column, row, grid, found)
            one = found[0] if count > 0 else 0
        if len(hits) > 0:
            hits[i] = count
        out[i] = one - 1
        if count < 0:
            unresolved += 1
            out[i] = UNRESOLVED
    return unresolved


@kernel("void(float64[::1], float64[::1], int64[::1], int64[::1], " + _GRID + ", int64[::1])")
def collect(lon: Any, lat: Any, rows: Any, place: Any, grid: Any, out: Any) -> Any:
    """Write all units of the points `rows` (whose numbers `locate` has told) from `place` on, in order."""
    geo, shape, _, _, _, _, _, _, _ = grid
    found = np.empty(BUFFER, dtype=np.int32)
    for i in range(len(rows)):
        px, py = lon[rows[i]], lat[rows[i]]
        column, row = _cell_of(px, py, geo, shape)
        count = _collect(px, py, column, row, grid, found)
        for k in range(count):
            out[place[i] + k] = found[k] - 1


@helper
def _squared(px: Any, py: Any, ax: Any, ay: Any, bx: Any, by: Any, sx: Any, sy: Any) -> Any:
    """Return the squared distance of a point to an edge in the plane scaled by sx, sy; as `borders` sums it."""
    if ax > bx or (ax == bx and ay > by):
        ax, ay, bx, by = bx, by, ax, ay
    dx, dy = (bx - ax) * sx, (by - ay) * sy
    qx, qy = (px - ax) * sx, (py - ay) * sy
    t = clamp((qx * dx + qy * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    ex, ey = qx - t * dx, qy - t * dy
    return ex * ex + ey * ey


@helper
def _nearest_in(cell: Any, unit: Any, px: Any, py: Any, sx: Any, sy: Any, best: Any, grid: Any) -> Any:
    _, _, cells, heads, entries, xy, own, _, _ = grid
    head = -cells[cell] - 1
    if head < 0:
        return best
    for k in range(heads[head, 0], heads[head + 1, 0]):
        v = entries[k] >> 1
        if own[v, 0] == unit or own[v, 1] == unit:
            best = min(best, _squared(px, py, xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1], sx, sy))
    return best


@helper
def _reach(px: Any, py: Any, column: Any, row: Any, k: Any, sx: Any, sy: Any, geo: Any, shape: Any) -> Any:
    """Return how near an edge outside the block of k cells around a cell can be, in metres; infinite if none is."""
    near = np.inf
    if column - k > 0:
        near = min(near, (px - geo[0] - (column - k + SLOP) * geo[4]) * sx)
    if column + k < shape[0] - 1:
        near = min(near, (geo[0] + (column + k + 1 - SLOP) * geo[4] - px) * sx)
    if row - k > 0:
        near = min(near, (py - geo[1] - (row - k + SLOP) * geo[5]) * sy)
    if row + k < shape[1] - 1:
        near = min(near, (geo[1] + (row + k + 1 - SLOP) * geo[5] - py) * sy)
    return near


@kernel(
    "void(float64[::1], float64[::1], int64[::1], float64[::1], float64[::1], int64, int64, "
    + _GRID
    + ", float64[::1])"
)
def border(
    lon: Any, lat: Any, unit: Any, scale_x: Any, scale_y: Any, start: Any, stop: Any, grid: Any, out: Any
) -> Any:
    """Write the distance of points `start` to `stop` to the border of their units: cells in growing rings."""
    geo, shape, _, _, _, _, _, _, _ = grid
    for i in range(start, stop):
        px, py, sx, sy = lon[i], lat[i], scale_x[i], scale_y[i]
        column = int(clamp((px - geo[0]) * geo[2], 0.0, shape[0] - 1.0))
        row = int(clamp((py - geo[1]) * geo[3], 0.0, shape[1] - 1.0))
        best, k = np.inf, 0
        while True:
            for r in range(max(row - k, 0), min(row + k, shape[1] - 1) + 1):
                step = 1 if abs(r - row) == k else max(2 * k, 1)
                for c in range(column - k, column + k + 1, step):
                    if 0 <= c < shape[0]:
                        best = _nearest_in(r * shape[0] + c, unit[i] + 1, px, py, sx, sy, best, grid)
            near = _reach(px, py, column, row, k, sx, sy, geo, shape)
            if near == np.inf or (near > 0.0 and best <= near * near):
                break
            k += 1
        out[i] = math.sqrt(best)
