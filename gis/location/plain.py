"""The same answers with numpy alone: for batches too small to load compiled kernels for, and for the rarest points.

Float orientation with Shewchuk's error bound; what it leaves open is decided with fractions, one by one.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from gis.location.index import Index
    from gis.location.rings import Rings

Array = npt.NDArray[Any]
Longs = npt.NDArray[np.int64]

_FILTER = 3.3306690738754716e-16
_UNDERFLOW = 1e-250
_BLOCK = 1 << 16
"""Points asked at once; intermediate arrays stay in the processor's cache."""


def exact_side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return 1 where p lies left of a to b, -1 right, 0 on the line."""
    left = (Fraction(ax) - Fraction(px)) * (Fraction(by) - Fraction(py))
    right = (Fraction(ay) - Fraction(py)) * (Fraction(bx) - Fraction(px))
    return (left > right) - (left < right)


def sides(a: Array, b: Array, p: Array) -> npt.NDArray[np.int8]:
    """Return the side of p of each line a to b (arrays of shape (n, 2)), exact."""
    left = (a[:, 0] - p[:, 0]) * (b[:, 1] - p[:, 1])
    right = (a[:, 1] - p[:, 1]) * (b[:, 0] - p[:, 0])
    det = left - right
    found: npt.NDArray[np.int8] = np.sign(det).astype(np.int8)
    open_ = np.abs(det) <= _FILTER * (np.abs(left) + np.abs(right)) + _UNDERFLOW
    for row in np.flatnonzero(open_).tolist():
        found[row] = exact_side(*a[row].tolist(), *b[row].tolist(), *p[row].tolist())
    return found


def on_edge(a: Array, b: Array, p: Array, side: Array) -> npt.NDArray[np.bool_]:
    """Return whether p lies on the closed edge a to b, its side known."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    boxed: npt.NDArray[np.bool_] = (side == 0) & ((p >= low) & (p <= high)).all(axis=1)
    return boxed


def hits(index: Index, lon: Array, lat: Array) -> tuple[Longs, Longs]:
    """Return every (point, unit) pair, sorted: what `kernels.locate` and `kernels.collect` return."""
    blocks = []
    for start in range(0, max(len(lon), 1), _BLOCK):
        point, unit = _hits(index, lon[start : start + _BLOCK], lat[start : start + _BLOCK])
        blocks.append((point + start, unit))
    points, units = zip(*blocks, strict=True)
    return np.concatenate(points), np.concatenate(units)


def _hits(index: Index, lon: Array, lat: Array) -> tuple[Longs, Longs]:
    geo, (columns, rows) = index.geo, index.shape.tolist()
    inside = (lon >= geo[0]) & (lon <= geo[8]) & (lat >= geo[1]) & (lat <= geo[9])
    near = np.flatnonzero(inside)
    p = np.column_stack([lon[near], lat[near]])
    column = np.minimum(((p[:, 0] - geo[0]) * geo[2]).astype(np.int64), columns - 1)
    row = np.minimum(((p[:, 1] - geo[1]) * geo[3]).astype(np.int64), rows - 1)
    cell = row * columns + column
    reference = index.cells[cell]
    crossed = np.flatnonzero(reference < 0)
    head = -reference[crossed] - 1
    reference[crossed] = index.heads[head, 1]
    of, entry = _runs(index.heads[head, 0], index.heads[head + 1, 0])
    of = crossed[of]
    entry = index.entries[entry]
    edge, left = entry >> 1, (entry & 1).astype(bool)
    a, b, q = index.source.xy[edge], index.source.xy[edge + 1], p[of]
    side = sides(a, b, q)
    touching = on_edge(a, b, q, side)
    apart = np.flatnonzero((side != 0) & ((side > 0) != left))
    r = np.column_stack(
        [geo[0] + (column[of[apart]] + geo[6]) * geo[4], geo[1] + (row[of[apart]] + geo[7]) * geo[5]]
    )
    between = (sides(r, q[apart], a[apart]) >= 0) != (sides(r, q[apart], b[apart]) >= 0)
    passed = apart[between]
    held_of, held = _references(index, reference)
    base = len(index.source) + 1  # one number per pair: numpy sorts numbers much faster than rows
    toggled = [held_of * base + held, *(of[passed] * base + owner for owner in index.own[edge[passed]].T)]
    pairs, count = _distinct(np.concatenate(toggled))
    met = [pairs[count % 2 == 1], *(of[touching] * base + owner for owner in index.own[edge[touching]].T)]
    point, unit = np.divmod(_distinct(np.concatenate(met))[0], base)
    return near[point[unit > 0]].astype(np.int64), unit[unit > 0] - 1


def parities(source: Rings, unit: Array, p: Array) -> npt.NDArray[np.bool_]:
    """Return whether each point lies in or on its unit, by even and odd."""
    held = np.zeros(len(p), dtype=bool)
    for one in np.unique(unit).tolist():
        mine = unit == one
        held[mine] = parity(source.xy, source.vertices_of(one), p[mine])
    return held


def parity(xy: Array, first: Array, p: Array) -> npt.NDArray[np.bool_]:
    """Return whether points lie in or on one unit, by even and odd over its edges (`first`: their first vertices).

    The rule of the index for rings that cross themselves, where GEOS has no single answer.
    """
    found = np.zeros(len(p), dtype=bool)
    a, b = xy[first], xy[first + 1]
    apart = (a != b).any(axis=1)  # a ring that is one point holds nothing, not even that point
    a, b = a[apart], b[apart]
    for row, one in enumerate(p):
        reach = (np.maximum(a[:, 0], b[:, 0]) >= one[0]) & (
            (np.minimum(a[:, 1], b[:, 1]) <= one[1]) & (np.maximum(a[:, 1], b[:, 1]) >= one[1])
        )
        low, high = a[reach], b[reach]
        q = np.broadcast_to(one, low.shape)
        side = sides(low, high, q)
        up = high[:, 1] > low[:, 1]
        straddles = (low[:, 1] > one[1]) != (high[:, 1] > one[1])
        crossed = int((straddles & ((side > 0) == up) & (side != 0)).sum())
        found[row] = crossed % 2 == 1 or bool(on_edge(low, high, q, side).any())
    return found


def _distinct(keys: Longs) -> tuple[Longs, Longs]:
    """Return the sorted distinct keys and how often each occurs; `np.unique` imports 40 ms of masked arrays."""
    keys = np.sort(keys)
    first = np.flatnonzero(np.append(keys[1:] != keys[:-1], True)) if len(keys) else keys
    return keys[first], np.diff(first, prepend=-1)


def _runs(start: Array, stop: Array) -> tuple[Longs, Longs]:
    """Return, for runs of numbers, which run each number is of and the number."""
    length = (stop - start).astype(np.int64)
    of = np.repeat(np.arange(len(start), dtype=np.int64), length)
    behind = np.cumsum(length) - length
    return of, np.arange(len(of), dtype=np.int64) - behind[of] + start[of]


def _references(index: Index, reference: Array) -> tuple[Array, Array]:
    """Return the owners of reference points: (point, unit + 1) pairs."""
    one = np.flatnonzero(reference > 0)
    several = np.flatnonzero(reference < 0)
    which = -reference[several].astype(np.int64) - 1
    of, place = _runs(index.list_start[which], index.list_start[which + 1])
    return np.concatenate([one, several[of]]), np.concatenate([reference[one], index.list_owner[place]])
