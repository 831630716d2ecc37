"""Compiled kernels that build the index: pairing edges, laying them into cells, owning the cells.

The arguments are those of `gis.location.kernels`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gis.location.jit import helper, kernel
from gis.location.robust import SLOP, clamp, in_box, reference_at, side_of, toggle


@helper
def _hash(bits: Any, v: Any, w: Any) -> Any:
    h = np.uint64(bits[v, 0]) * np.uint64(0x9E3779B97F4A7C15)
    h = (h ^ (h >> np.uint64(29))) + np.uint64(bits[v, 1])
    h *= np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(32))) + np.uint64(bits[w, 0])
    h *= np.uint64(0x94D049BB133111EB)
    h = (h ^ (h >> np.uint64(29))) + np.uint64(bits[w, 1])
    h *= np.uint64(0x9E3779B97F4A7C15)
    return h ^ (h >> np.uint64(32))


@helper
def _first(bits: Any, v: Any) -> Any:
    """Of an edge's two ends the one that both its owners name first."""
    if bits[v, 0] != bits[v + 1, 0]:
        return v if bits[v, 0] < bits[v + 1, 0] else v + 1
    return v if bits[v, 1] < bits[v + 1, 1] else v + 1


@kernel("int64(int64[:, ::1], int64[::1], int32[::1], int32[:, ::1], int32[::1])")
def pair(bits: Any, rings: Any, ring_unit: Any, own: Any, table: Any) -> Any:
    """Find the edges that two rings share, by the bits of their coordinates; return how many edges there are.

    The first of the two gets both owners in `own`, the second none. `table` is a hash table of a power of two slots.
    """
    mask = np.uint64(len(table) - 1)
    edges = 0
    for ring in range(len(ring_unit)):
        owner = ring_unit[ring] + 1
        for v in range(rings[ring], rings[ring + 1] - 1):
            one = _first(bits, v)
            other = 2 * v + 1 - one
            if bits[one, 0] == bits[other, 0] and bits[one, 1] == bits[other, 1]:
                continue
            slot = _hash(bits, one, other) & mask
            while True:
                known = table[slot]
                if known < 0:
                    table[slot] = v
                    own[v, 0] = owner
                    edges += 1
                    break
                if own[known, 1] == 0:
                    a = _first(bits, known)
                    b = 2 * known + 1 - a
                    if (
                        bits[a, 0] == bits[one, 0]
                        and bits[a, 1] == bits[one, 1]
                        and bits[b, 0] == bits[other, 0]
                        and bits[b, 1] == bits[other, 1]
                    ):
                        own[known, 1] = owner
                        break
                slot = (slot + np.uint64(1)) & mask
    return edges


@helper
def _columns(u0: Any, v0: Any, u1: Any, v1: Any, row: Any, columns: Any) -> Any:
    """Return the first and last column of a row that an edge (in cell units) can touch."""
    start, stop = 0.0, 1.0
    if v0 != v1:
        one = (row - SLOP - v0) / (v1 - v0)
        other = (row + 1 + SLOP - v0) / (v1 - v0)
        start = clamp(min(one, other), 0.0, 1.0)
        stop = clamp(max(one, other), 0.0, 1.0)
    a = u0 + start * (u1 - u0)
    b = u0 + stop * (u1 - u0)
    low = math.floor(min(a, b) - SLOP)
    high = math.floor(max(a, b) + SLOP)
    return clamp(low, 0, columns - 1), clamp(high, 0, columns - 1)


@helper
def _rows(v0: Any, v1: Any, rows: Any) -> Any:
    low = math.floor(min(v0, v1) - SLOP)
    high = math.floor(max(v0, v1) + SLOP)
    return clamp(low, 0, rows - 1), clamp(high, 0, rows - 1)


@helper
def _in_cells(xy: Any, v: Any, geo: Any) -> Any:
    return (
        (xy[v, 0] - geo[0]) * geo[2],
        (xy[v, 1] - geo[1]) * geo[3],
        (xy[v + 1, 0] - geo[0]) * geo[2],
        (xy[v + 1, 1] - geo[1]) * geo[3],
    )


@kernel("int64(float64[:, ::1], int32[:, ::1], float64[::1], int64[::1], int32[::1], int64)")
def count_entries(xy: Any, own: Any, geo: Any, shape: Any, counts: Any, most: Any) -> Any:
    """Count the edges of each cell; -1 as soon as there are more than `most` in all."""
    total = 0
    for v in range(len(own)):
        if own[v, 0] == 0:
            continue
        u0, v0, u1, v1 = _in_cells(xy, v, geo)
        low, high = _rows(v0, v1, shape[1])
        for row in range(low, high + 1):
            first, last = _columns(u0, v0, u1, v1, row, shape[0])
            total += last - first + 1
            for cell in range(row * shape[0] + first, row * shape[0] + last + 1):
                counts[cell] += 1
        if total > most:
            return -1
    return total


@kernel("int64(float64[:, ::1], int32[:, ::1], float64[::1], int64[::1], int32[::1], int32[::1])")
def fill_entries(xy: Any, own: Any, geo: Any, shape: Any, place: Any, entries: Any) -> Any:
    """Write the entries of each cell from `place` on; return how many reference points lie on an edge."""
    awkward = 0
    for v in range(len(own)):
        if own[v, 0] == 0:
            continue
        u0, v0, u1, v1 = _in_cells(xy, v, geo)
        ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
        low, high = _rows(v0, v1, shape[1])
        for row in range(low, high + 1):
            ry = reference_at(row, geo, 1)
            first, last = _columns(u0, v0, u1, v1, row, shape[0])
            for column in range(first, last + 1):
                rx = reference_at(column, geo, 0)
                at = side_of(ax, ay, bx, by, rx, ry)
                if at == 0 and in_box(ax, ay, bx, by, rx, ry):
                    awkward += 1
                cell = row * shape[0] + column
                entries[place[cell]] = 2 * v + (1 if at > 0 else 0)
                place[cell] += 1
    return awkward


@helper
def _crossing(ax: Any, ay: Any, bx: Any, by: Any, column: Any, ry: Any, geo: Any, columns: Any) -> Any:
    """Return the first column whose reference point lies right of an edge that goes up through the row's line."""
    while column > 0 and side_of(ax, ay, bx, by, reference_at(column - 1, geo, 0), ry) < 0:
        column -= 1
    while column < columns and side_of(ax, ay, bx, by, reference_at(column, geo, 0), ry) >= 0:
        column += 1
    return column


@kernel("int64(float64[:, ::1], int32[:, ::1], float64[::1], int64[::1], int32[::1], int32[::1], boolean)")
def cross_lines(xy: Any, own: Any, geo: Any, shape: Any, place: Any, events: Any, fill: Any) -> Any:
    """Count (then write) at which cells of each row's line of reference points an edge has been crossed."""
    total = 0
    for v in range(len(own)):
        if own[v, 0] == 0:
            continue
        ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        low, high = _rows((ay - geo[1]) * geo[3], (by - geo[1]) * geo[3], shape[1])
        for row in range(low, high + 1):
            ry = reference_at(row, geo, 1)
            if ay > ry or by <= ry:
                continue
            guess = (ax + (ry - ay) / (by - ay) * (bx - ax) - geo[0]) * geo[2] - geo[6]
            column = clamp(math.ceil(guess), 0, shape[0])
            column = _crossing(ax, ay, bx, by, column, ry, geo, shape[0])
            if column == shape[0]:
                continue
            cell = row * shape[0] + column
            if fill:
                events[place[cell]] = v
            place[cell] += 1
            total += 1
    return total


@kernel(
    "UniTuple(int64, 2)(int32[::1], int32[::1], int32[:, ::1], int64[::1], int32[:, ::1], int32[::1], int32[::1],"
    " int32[::1], boolean)"
)
def sweep(
    starts: Any,
    events: Any,
    own: Any,
    shape: Any,
    cells: Any,
    held: Any,
    list_start: Any,
    list_owner: Any,
    fill: Any,
) -> Any:
    """Walk every row from outside and note the owners of each reference point; return lists and their length."""
    lists, length = 0, 0
    for row in range(shape[1]):
        count, reference = 0, 0
        for cell in range(row * shape[0], (row + 1) * shape[0]):
            if starts[cell] != starts[cell + 1]:
                for k in range(starts[cell], starts[cell + 1]):
                    count = toggle(held, count, own[events[k], 0])
                    count = toggle(held, count, own[events[k], 1])
                if count <= 1:
                    reference = held[0] if count else 0
                else:
                    if fill:
                        list_start[lists] = length
                        list_owner[length : length + count] = held[:count]
                    lists += 1
                    length += count
                    reference = -lists
            cells[cell, 1] = reference
    if fill:
        list_start[lists] = length
    return lists, length
