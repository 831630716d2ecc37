"""Compiled kernels that measure boxes: how much of an axis-parallel rectangle lies in which unit.

Green's theorem, edge by edge. On a vertical line through a box the length in a unit is, over the edges crossed from the
bottom to the top, their heights where the unit lies below less those where it lies above, and the whole height if the
unit is the one at the top. Summed over the box: the area under each edge inside it, to its two owners with opposite
signs; for each edge that crosses the top side the area of the box to the left of the crossing; and the box itself to
the owner of its upper right corner. `areas_plain` sums the same terms in the same order.

Which owner lies on which side of an edge, and that the layer is a plain coverage there (edges meet in common vertices
only, no two units overlap), is found out cell by cell, where boxes come to lie, and kept in two arrays that begin as
zeros: `sides`, one byte per entry, and `cells_told`, one byte per head. An edge that others cross elsewhere may have
another side there; within the cells of a box, all of them plain, it has one. Threads may find out the same at once:
they write the same. Boxes over ground that is not plain are left to `areas_plain`.

The other arguments are those of `gis.location.kernels`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gis.location.jit import helper, kernel
from gis.location.kernels import _GRID, BUFFER, TINY, _cell_of
from gis.location.robust import SLOP, clamp, in_box, reference_at, side_of, toggle

OPEN = -2
"""Unit in the answer of a box that is not measured here: not plain ground, or its upper right corner on an edge."""

_LEFT, _RIGHT, _ODD, _ABSENT = 1, 2, 3, 4
_PLAIN, _TANGLED = 1, 2
_ROUNDING = 1e-14
"""Many times the relative error of the middle of a part of an edge: 2e-12 degrees in China."""


@helper
def _overlap(ax: Any, ay: Any, bx: Any, by: Any, cx: Any, cy: Any, dx: Any, dy: Any) -> Any:
    """Return whether two edges on one line, whose boxes meet, do more than meet end to end."""
    along = (bx - ax) * (dx - cx) + (by - ay) * (dy - cy)
    if (ax == cx and ay == cy) or (bx == dx and by == dy):
        return along >= 0
    if (ax == dx and ay == dy) or (bx == cx and by == cy):
        return along <= 0
    return True


@helper
def _meet(xy: Any, v: Any, w: Any) -> Any:
    """Return whether two edges have more in common than one end of each."""
    ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
    cx, cy, dx, dy = xy[w, 0], xy[w, 1], xy[w + 1, 0], xy[w + 1, 1]
    apart = max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx)
    if apart or max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    c, d = side_of(ax, ay, bx, by, cx, cy), side_of(ax, ay, bx, by, dx, dy)
    if c == 0 and d == 0:
        return _overlap(ax, ay, bx, by, cx, cy, dx, dy)
    if c != 0 and d != 0:
        return c != d and side_of(cx, cy, dx, dy, ax, ay) * side_of(cx, cy, dx, dy, bx, by) <= 0
    tx, ty = (cx, cy) if c == 0 else (dx, dy)
    end = (tx == ax and ty == ay) or (tx == bx and ty == by)
    return not end and in_box(ax, ay, bx, by, tx, ty)


@helper
def _tangled(head: Any, grid: Any, cells_told: Any) -> Any:
    """Return whether edges of a cell cross, overlap or touch but at their ends, or units overlap at its reference."""
    _, _, _, heads, entries, xy, _, _, _ = grid
    if cells_told[head] == 0:
        told = _TANGLED if heads[head, 1] < 0 else _PLAIN
        for i in range(heads[head, 0], heads[head + 1, 0]):
            if told == _TANGLED:
                break
            for j in range(i + 1, heads[head + 1, 0]):
                if _meet(xy, entries[i] >> 1, entries[j] >> 1):
                    told = _TANGLED
                    break
        cells_told[head] = told
    return cells_told[head] == _TANGLED


@helper
def _within(v: Any, column: Any, row: Any, geo: Any, xy: Any) -> Any:
    """Return the middle of the part of an edge inside a cell, and whether there is such a part."""
    u0, v0 = (xy[v, 0] - geo[0]) * geo[2] - column, (xy[v, 1] - geo[1]) * geo[3] - row
    u1, v1 = (xy[v + 1, 0] - geo[0]) * geo[2] - column, (xy[v + 1, 1] - geo[1]) * geo[3] - row
    start, stop = 0.0, 1.0
    for low, high in ((u0, u1), (v0, v1)):
        if low == high:
            if low < -SLOP / 2 or low > 1 + SLOP / 2:
                return 0.0, 0.0, False
            continue
        one, other = (-SLOP / 2 - low) / (high - low), (1 + SLOP / 2 - low) / (high - low)
        start, stop = max(start, min(one, other)), min(stop, max(one, other))
    t = (start + stop) / 2
    return xy[v, 0] + t * (xy[v + 1, 0] - xy[v, 0]), xy[v, 1] + t * (xy[v + 1, 1] - xy[v, 1]), start <= stop


@helper
def _grazed(ax: Any, ay: Any, bx: Any, by: Any, px: Any, py: Any) -> Any:
    """Return whether an edge runs so near a computed point that rounding may have put it on the other side."""
    near = _ROUNDING * (abs(px) + abs(py))
    if (
        px < min(ax, bx) - near
        or px > max(ax, bx) + near
        or py < min(ay, by) - near
        or py > max(ay, by) + near
    ):
        return False
    return abs((ax - px) * (by - py) - (ay - py) * (bx - px)) <= near * (abs(bx - ax) + abs(by - ay))


@helper
def _owners(px: Any, py: Any, head: Any, column: Any, row: Any, but: Any, grid: Any, found: Any) -> Any:
    """Write the owners of a point of a cell; return how many, -1 where it lies on an edge or they do not fit.

    Those of the reference point, less and plus the owners of every edge between the two. An edge `but`, on which the
    point lies but for rounding, is not asked; -1 then too where another runs as near.
    """
    geo, _, _, heads, entries, xy, own, _, _ = grid
    rx, ry = reference_at(column, geo, 0), reference_at(row, geo, 1)
    count = 0
    if heads[head, 1] > 0:
        found[0] = heads[head, 1]
        count = 1
    for k in range(heads[head, 0], heads[head + 1, 0]):
        v = entries[k] >> 1
        if v == but:
            continue
        ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
        if but >= 0 and _grazed(ax, ay, bx, by, px, py):
            return -1
        at = side_of(ax, ay, bx, by, px, py)
        if at == 0:
            if in_box(ax, ay, bx, by, px, py):
                return -1
        elif (at > 0) != (entries[k] & 1 == 1) and (
            (side_of(rx, ry, px, py, ax, ay) >= 0) != (side_of(rx, ry, px, py, bx, by) >= 0)
        ):
            count = toggle(found, count, own[v, 0])
            count = toggle(found, count, own[v, 1])
            if count > BUFFER - 3:
                return -1
    return count


@helper
def _beside(v: Any, head: Any, column: Any, row: Any, px: Any, py: Any, grid: Any, found: Any) -> Any:
    """Return the owner beside a point of an edge on the side of the cell's reference point; -1 for no single one."""
    count = _owners(px, py, head, column, row, v, grid, found)
    if count < 0 or count > 1:
        return -1
    return found[0] if count else 0


@helper
def _side(k: Any, head: Any, column: Any, row: Any, grid: Any, sides: Any, found: Any) -> Any:
    """Return on which side of an edge its first owner lies in a cell: odd where it does not part two units, or one.

    Absent where the edge only passes by the cell.
    """
    if sides[k] == 0:
        geo, _, _, _, entries, xy, own, _, _ = grid
        v = entries[k] >> 1
        px, py, inside = _within(v, column, row, geo, xy)
        told = _ABSENT
        if inside:
            near = _beside(v, head, column, row, px, py, grid, found)
            told = _LEFT if (near == own[v, 0]) == (entries[k] & 1 == 1) else _RIGHT
            if own[v, 0] == own[v, 1] or (near != own[v, 0] and near != own[v, 1]):
                told = _ODD
        sides[k] = told
    return sides[k]


@helper
def _corner(px: Any, py: Any, grid: Any, found: Any) -> Any:
    """Return the owner (+ 1) of a point, 0 for none, -1 where it lies on an edge."""
    geo, shape, cells, _, _, _, _, _, _ = grid
    if px < geo[0] or py < geo[1] or px > geo[8] or py > geo[9]:
        return 0
    column, row = _cell_of(px, py, geo, shape)
    cell = cells[row * shape[0] + column]
    if cell >= 0:
        return cell
    count = _owners(px, py, -cell - 1, column, row, -1, grid, found)
    if count < 0:
        return -1
    return found[0] if count else 0


@helper
def _under(ax: Any, ay: Any, bx: Any, by: Any, w: Any, h: Any, crossing: Any) -> Any:
    """Return the area under the part of an edge (ax <= bx) inside a box of width w and height h at the origin."""
    low, high = max(ax, 0.0), min(bx, w)
    if not low < high:
        return 0.0
    slope = (by - ay) / (bx - ax)
    yl = ay - ax * slope if ax < 0.0 else ay
    yr = ay + (w - ax) * slope if bx > w else by
    if (yl > h and yr > h) or (yl <= 0.0 and yr <= 0.0):
        return 0.0
    left, right = low, high
    if yl > h:
        left, yl = crossing, h
    elif yr > h:
        right, yr = crossing, h
    if yl < 0.0:
        left, yl = clamp(ax - ay / slope, left, right), 0.0
    elif yr < 0.0:
        right, yr = clamp(ax - ay / slope, left, right), 0.0
    return (right - left) * (yl + yr) * 0.5


@helper
def _terms(xy: Any, v: Any, x0: Any, y0: Any, x1: Any, y1: Any) -> Any:
    """Return the two terms of an edge for the unit on its left, taken from west to east; and whether it was turned."""
    turned = xy[v, 0] > xy[v + 1, 0] or (xy[v, 0] == xy[v + 1, 0] and xy[v, 1] > xy[v + 1, 1])
    a, b = (v + 1, v) if turned else (v, v + 1)
    w, h = x1 - x0, y1 - y0
    ax, ay, bx, by = xy[a, 0] - x0, xy[a, 1] - y0, xy[b, 0] - x0, xy[b, 1] - y0
    crossing = 0.0
    if ay != by:
        crossing = ax + (h - ay) / (by - ay) * (bx - ax)
    crossing = max(min(max(crossing, ax, 0.0), bx, w), 0.0)
    top = 0.0
    if (xy[a, 1] > y1) != (xy[b, 1] > y1):
        up = xy[b, 1] > xy[a, 1]
        side = side_of(xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1], x1, y1)
        if (side < 0) == up:
            top = h * crossing if up else -(h * crossing)
    return -_under(ax, ay, bx, by, w, h, crossing), top, turned


@helper
def _near(box: Any, grid: Any, sides: Any, cells_told: Any, near: Any, found: Any) -> Any:
    """List the edges whose box meets a box, each once, as 4 * edge + side; return how many, and the list.

    -1 where the ground is not plain; the list may have grown.
    """
    geo, shape, cells, heads, _, _, _, _, _ = grid
    x0, y0, x1, y1 = box
    c0 = int(clamp(math.floor((x0 - geo[0]) * geo[2] - SLOP), 0.0, shape[0] - 1.0))
    c1 = int(clamp(math.floor((x1 - geo[0]) * geo[2] + SLOP), 0.0, shape[0] - 1.0))
    r0 = int(clamp(math.floor((y0 - geo[1]) * geo[3] - SLOP), 0.0, shape[1] - 1.0))
    r1 = int(clamp(math.floor((y1 - geo[1]) * geo[3] + SLOP), 0.0, shape[1] - 1.0))
    count = 0
    for row in range(r0, r1 + 1):
        for column in range(c0, c1 + 1):
            head = -cells[row * shape[0] + column] - 1
            if head < 0:
                continue
            length = heads[head + 1, 0] - heads[head, 0]
            if count + length > len(near):
                more = np.empty(2 * (count + length), dtype=np.int64)
                more[:count] = near[:count]
                near = more
            count = _list(box, head, column, row, grid, sides, cells_told, near, count, found)
            if count < 0:
                return -1, near
    return _once(near, count), near


@helper
def _list(
    box: Any,
    head: Any,
    column: Any,
    row: Any,
    grid: Any,
    sides: Any,
    cells_told: Any,
    near: Any,
    count: Any,
    found: Any,
) -> Any:
    """Add one cell's edges to the list of `_near`; return how many are in it, -1 where the ground is not plain."""
    _, _, _, heads, entries, xy, _, _, _ = grid
    x0, y0, x1, y1 = box
    if _tangled(head, grid, cells_told):
        return -1
    for k in range(heads[head, 0], heads[head + 1, 0]):
        v = entries[k] >> 1
        ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
        if max(ax, bx) >= x0 and min(ax, bx) <= x1 and max(ay, by) >= y0 and min(ay, by) <= y1:
            side = _side(k, head, column, row, grid, sides, found)
            if side == _ODD:
                return -1
            near[count] = 4 * np.int64(v) + side
            count += 0 if side == _ABSENT else 1
    return count


@helper
def _once(near: Any, count: Any) -> Any:
    """Drop what is listed twice; return how many are left, -1 if one edge has two sides."""
    if count < 2:
        return count
    near[:count].sort()
    kept = 1
    for i in range(1, count):
        if near[i] != near[kept - 1]:
            if near[i] >> 2 == near[kept - 1] >> 2:
                return -1
            near[kept] = near[i]
            kept += 1
    return kept


@helper
def _add(owner: Any, value: Any, count: Any, owners: Any, values: Any) -> Any:
    if owner == 0 or value == 0.0:
        return count
    owners[count], values[count] = owner, value
    return count + 1


@helper
def _all_terms(box: Any, near: Any, edges: Any, grid: Any, owners: Any, values: Any) -> Any:
    """Write the terms of some edges to their owners; return how many there are."""
    xy, own = grid[5], grid[6]
    count = 0
    for j in range(edges):
        v = near[j] >> 2
        under, top, turned = _terms(xy, v, *box)
        one, other = own[v, 0], own[v, 1]
        if (near[j] & 3 == _LEFT) == turned:
            one, other = other, one
        count = _add(one, under, count, owners, values)
        count = _add(one, top, count, owners, values)
        count = _add(other, -under, count, owners, values)
        count = _add(other, -top, count, owners, values)
    return count


@helper
def _take(owner: Any, count: Any, owners: Any, values: Any, mine: Any) -> Any:
    """Return the sum of one owner's terms by their order, and how many of the others are left, which close ranks."""
    terms, rest = 0, 0
    for j in range(count):
        if owners[j] == owner:
            mine[terms] = values[j]
            terms += 1
        else:
            owners[rest], values[rest] = owners[j], values[j]
            rest += 1
    mine[:terms].sort()
    total = 0.0
    for j in range(terms):
        total += mine[j]
    return total, rest


@helper
def _longer(boxes: Any, units: Any, areas: Any, told: Any, size: Any) -> Any:
    """Return the answer's arrays with room for more."""
    more = np.empty(size, np.int64), np.empty(size, np.int32), np.empty(size)
    more[0][:told], more[1][:told], more[2][:told] = boxes[:told], units[:told], areas[:told]
    return more


_ANSWER = "Tuple((int64, int64[::1], int32[::1], float64[::1]))"


@kernel(_ANSWER + "(float64[:, ::1], int64, int64, " + _GRID + ", uint8[::1], uint8[::1])")
def areas(boxes: Any, start: Any, stop: Any, grid: Any, sides: Any, cells_told: Any) -> Any:
    """Return how many answers there are, and (box, unit, area in squared degrees) of the boxes `start` to `stop`.

    `boxes` are west, south, east, north; shape (n, 4). The sum of each unit's terms is taken in their order of size,
    which does not depend on how the index lists the edges.
    """
    found = np.empty(BUFFER, dtype=np.int32)
    near, owners, values, mine = (
        np.empty(256, np.int64),
        np.empty(1024, np.int32),
        np.empty(1024),
        np.empty(1024),
    )
    size = 4 * (stop - start) + 16
    box_out, unit_out, area_out = np.empty(size, np.int64), np.empty(size, np.int32), np.empty(size)
    told = 0
    for i in range(start, stop):
        box = (boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3])
        edges, near = _near(box, grid, sides, cells_told, near, found)
        if 4 * edges > len(owners):
            owners, values, mine = np.empty(8 * edges, np.int32), np.empty(8 * edges), np.empty(8 * edges)
        tiny = (abs(box[2]) < TINY and box[2] != 0.0) or (abs(box[3]) < TINY and box[3] != 0.0)
        corner = -1 if tiny or edges < 0 else _corner(box[2], box[3], grid, found)
        count = -1 if corner < 0 else _all_terms(box, near, edges, grid, owners, values)
        if told + count + 1 >= len(box_out):
            box_out, unit_out, area_out = _longer(box_out, unit_out, area_out, told, 2 * (told + count + 1))
        if count < 0:
            box_out[told], unit_out[told], area_out[told] = i, OPEN, 0.0
            told += 1
            continue
        owner = corner if corner > 0 or count == 0 else owners[0]
        while owner > 0:
            total, count = _take(owner, count, owners, values, mine)
            if owner == corner:
                total += (box[2] - box[0]) * (box[3] - box[1])
            box_out[told], unit_out[told], area_out[told] = i, owner - 1, total
            told += 1
            owner = owners[0] if count > 0 else 0
    return told, box_out, unit_out, area_out
