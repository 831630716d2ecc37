"""What kernels share: grid arithmetic, small sets, and which side of a line a point lies on.

Sides are floats with an error bound, then exact expansions (Shewchuk 1997).

Exact while coordinates are zero or between 1e-120 and 1e100; `rings.ordinary` and the kernels see to that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gis.location.jit import helper

SLOP = 1e-6
"""By how many cells an edge is laid wider than computed: 10^5 times the rounding error of a cell number."""

_FILTER = 3.3306690738754716e-16  # (3 + 16 eps) eps of Shewchuk's orient2d
_SPLIT = 134217729.0  # 2^27 + 1


@helper
def _sum(a: Any, b: Any) -> Any:
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


@helper
def _product(a: Any, b: Any) -> Any:
    p = a * b
    c = _SPLIT * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = _SPLIT * b
    b_high = c - (c - b)
    b_low = b - b_high
    return p, a_low * b_low - (((p - a_high * b_high) - a_low * b_high) - a_high * b_low)


@helper
def _grow(parts: Any, count: Any, value: Any) -> Any:
    """Add a number to an expansion (Shewchuk's GROW-EXPANSION); the last part that is not zero has its sign."""
    for i in range(count):
        value, parts[i] = _sum(value, parts[i])
    parts[count] = value
    return count + 1


@helper
def _exact_side(ax: Any, ay: Any, bx: Any, by: Any, px: Any, py: Any) -> Any:
    parts = np.zeros(12)
    count = 0
    for a, b in ((bx, py), (-bx, ay), (-ax, py), (-by, px), (by, ax), (ay, px)):
        high, low = _product(a, b)
        count = _grow(parts, count, low)
        count = _grow(parts, count, high)
    for i in range(count - 1, -1, -1):
        if parts[i] != 0.0:
            return 1 if parts[i] > 0.0 else -1
    return 0


@helper
def side_of(ax: Any, ay: Any, bx: Any, by: Any, px: Any, py: Any) -> Any:
    """Return 1 where p lies left of a to b, -1 right, 0 on the line; exact."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    det = left - right
    bound = _FILTER * (abs(left) + abs(right))
    if det > bound:
        return 1
    if det < -bound:
        return -1
    if (ax == px or by == py) and (ay == py or bx == px):
        return 0
    return _exact_side(ax, ay, bx, by, px, py)


@helper
def quick_side(ax: Any, ay: Any, bx: Any, by: Any, px: Any, py: Any) -> Any:
    """Return whether p lies left of a to b, and whether that is sure; no branch."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    det = left - right
    return det > 0.0, abs(det) > _FILTER * (abs(left) + abs(right))


@helper
def in_box(ax: Any, ay: Any, bx: Any, by: Any, px: Any, py: Any) -> Any:
    """Return whether p lies in the box of a and b."""
    return min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by)


@helper
def clamp(value: Any, low: Any, high: Any) -> Any:
    """Return the nearest value between two others."""
    return min(max(value, low), high)


@helper
def reference_at(cell: Any, geo: Any, of: Any) -> Any:
    """Return the coordinate of a column's (`of` 0) or row's (1) reference points."""
    return geo[of] + (cell + geo[6 + of]) * geo[4 + of]


@helper
def toggle(units: Any, count: Any, one: Any) -> Any:
    """Put a unit into a set, or take it out if it is in."""
    if one == 0:
        return count
    for i in range(count):
        if units[i] == one:
            units[i] = units[count - 1]
            return count - 1
    units[count] = one
    return count + 1
