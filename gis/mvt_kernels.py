"""Compiled kernels of the vector tile encoder: projection, clipping, cleaning on the tile's grid, bytes.

Everything a kernel calls stands in this file, because numba's cache on disk watches only the file of the kernel. Rings
are cleaned and judged in whole numbers, so that what is called valid here is valid for every reader.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gis.location.jit import helper, kernel

MOVE_TO, LINE_TO, CLOSE_PATH = 1, 2, 15
"""Commands of the tile specification 2.1, clause 4.3.1; CLOSE_PATH with its count of one."""


@kernel("void(f8[:,::1], i8, i8, i8, i8, f8[:,::1])")
def project(lonlat: Any, zoom: int, column: int, row: int, extent: int, out: Any) -> None:
    """Write the positions of degrees on the grid of a WebMercatorQuad tile, y downwards."""
    scale = float(extent) * 2.0**zoom
    left, top = float(column) * extent, float(row) * extent
    for number in range(lonlat.shape[0]):
        sine = math.sin(lonlat[number, 1] * (math.pi / 180.0))
        sine = min(max(sine, -0.9999999999), 0.9999999999)
        out[number, 0] = (lonlat[number, 0] / 360.0 + 0.5) * scale - left
        out[number, 1] = (0.5 - math.log((1.0 + sine) / (1.0 - sine)) / (4.0 * math.pi)) * scale - top


# --- bytes ------------------------------------------------------------------------------------------


@helper
def _length(value: Any) -> int:
    """Bytes of a varint."""
    count = 1
    rest = np.uint64(value) >> np.uint64(7)
    while rest != np.uint64(0):
        rest >>= np.uint64(7)
        count += 1
    return count


@helper
def _put(out: Any, at: int, value: Any) -> int:
    """Write a varint and return the place behind it."""
    rest = np.uint64(value)
    while rest > np.uint64(127):
        out[at] = np.uint8((rest & np.uint64(127)) | np.uint64(128))
        rest >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(rest)
    return at + 1


@helper
def _zigzag(value: int) -> Any:
    return np.uint64((value << 1) ^ (value >> 63))


@helper
def _room(out: Any, needed: int) -> Any:
    """Return the buffer, or a larger copy where it is too short."""
    if needed <= out.shape[0]:
        return out
    larger = np.empty(max(needed, out.shape[0] * 2), out.dtype)
    larger[: out.shape[0]] = out
    return larger


# --- points -----------------------------------------------------------------------------------------


@kernel("Tuple((u1[::1],i8[::1]))(f8[:,::1], i8[::1], i8, i8)")
def points(xy: Any, starts: Any, low: int, high: int) -> Any:
    """Return the commands of (multi)points, and where those of each feature start; a feature outside has none."""
    count = starts.shape[0] - 1
    out = np.empty(xy.shape[0] * 20 + count * 10 + 16, np.uint8)
    begins = np.zeros(count + 1, np.int64)
    at = 0
    for feature in range(count):
        inside = 0
        for number in range(starts[feature], starts[feature + 1]):
            column, row = np.rint(xy[number, 0]), np.rint(xy[number, 1])
            inside += low <= column <= high and low <= row <= high
        if inside:
            at = _put(out, at, (inside << 3) | MOVE_TO)
            last_x, last_y = 0, 0
            for number in range(starts[feature], starts[feature + 1]):
                column, row = np.rint(xy[number, 0]), np.rint(xy[number, 1])
                if low <= column <= high and low <= row <= high:
                    x, y = int(column), int(row)
                    at = _put(out, at, _zigzag(x - last_x))
                    at = _put(out, at, _zigzag(y - last_y))
                    last_x, last_y = x, y
        begins[feature + 1] = at
    return out[:at].copy(), begins


# --- lines ------------------------------------------------------------------------------------------


@helper
def _entry(a: float, delta: float, low: float, high: float) -> Any:
    """Return the stretch of a segment that lies between two parallel lines, as parameters."""
    if delta == 0.0:
        return (0.0, 1.0) if low <= a <= high else (1.0, 0.0)
    first, second = (low - a) / delta, (high - a) / delta
    return (first, second) if first < second else (second, first)


@helper
def _emit_line(out: Any, at: int, line: Any, size: int, pen: Any) -> int:
    """Write one line of at least two points, after the pen of the feature."""
    at = _put(out, at, (1 << 3) | MOVE_TO)
    for number in range(size):
        if number == 1:
            at = _put(out, at, ((size - 1) << 3) | LINE_TO)
        at = _put(out, at, _zigzag(line[number, 0] - pen[0]))
        at = _put(out, at, _zigzag(line[number, 1] - pen[1]))
        pen[0], pen[1] = line[number, 0], line[number, 1]
    return at


@kernel("Tuple((u1[::1],i8[::1]))(f8[:,::1], i8[::1], i8[::1], i8, i8)")
def lines(xy: Any, line_starts: Any, starts: Any, low: int, high: int) -> Any:
    """Return the commands of (multi)lines clipped to the buffered tile, and where those of each feature start."""
    count = starts.shape[0] - 1
    out = np.empty(xy.shape[0] * 10 + 1024, np.uint8)
    begins = np.zeros(count + 1, np.int64)
    longest = 0
    for line in range(line_starts.shape[0] - 1):
        longest = max(longest, line_starts[line + 1] - line_starts[line])
    drawn = np.empty((longest + 2, 2), np.int64)
    pen = np.zeros(2, np.int64)
    at = 0
    for feature in range(count):
        pen[:] = 0
        for line in range(starts[feature], starts[feature + 1]):
            size = 0
            for number in range(line_starts[line], line_starts[line + 1] - 1):
                ax, ay = xy[number, 0], xy[number, 1]
                dx, dy = xy[number + 1, 0] - ax, xy[number + 1, 1] - ay
                from_x, to_x = _entry(ax, dx, float(low), float(high))
                from_y, to_y = _entry(ay, dy, float(low), float(high))
                begin, end = max(0.0, from_x, from_y), min(1.0, to_x, to_y)
                if begin > end:
                    continue
                if begin > 0.0 and size > 0:  # it came back in: what was drawn before is a line of its own
                    out = _room(out, at + size * 20 + 64)
                    at = _emit_line(out, at, drawn, size, pen) if size > 1 else at
                    size = 0
                for part in range(2):
                    if part == 0 and size > 0:
                        continue
                    t = begin if part == 0 else end
                    x = int(np.rint(ax + t * dx if t < 1.0 else xy[number + 1, 0]))
                    y = int(np.rint(ay + t * dy if t < 1.0 else xy[number + 1, 1]))
                    if size == 0 or drawn[size - 1, 0] != x or drawn[size - 1, 1] != y:
                        drawn[size, 0], drawn[size, 1] = x, y
                        size += 1
                if end < 1.0:
                    out = _room(out, at + size * 20 + 64)
                    at = _emit_line(out, at, drawn, size, pen) if size > 1 else at
                    size = 0
            out = _room(out, at + size * 20 + 64)
            at = _emit_line(out, at, drawn, size, pen) if size > 1 else at
        begins[feature + 1] = at
    return out[:at].copy(), begins


# --- polygons: clipped, put on the grid, cleaned ------------------------------------------------------


@helper
def _cross(ax: float, ay: float, bx: float, by: float, axis: int, line: float) -> Any:
    """Return where a segment meets a line parallel to an axis, the same from both of its ends."""
    if ax > bx or (ax == bx and ay > by):
        ax, ay, bx, by = bx, by, ax, ay
    if axis == 0:
        return line, ay + (line - ax) / (bx - ax) * (by - ay)
    return ax + (line - ay) / (by - ay) * (bx - ax), line


@helper
def _clip(ring: Any, size: int, spare: Any, axis: int, line: float, sign: float) -> int:
    """Write to `spare` what of a ring (not closed) lies on one side of a line; return its size."""
    kept = 0
    for number in range(size):
        last = number - 1 if number else size - 1
        ax, ay, bx, by = ring[last, 0], ring[last, 1], ring[number, 0], ring[number, 1]
        a_in = (ring[last, axis] - line) * sign >= 0.0
        b_in = (ring[number, axis] - line) * sign >= 0.0
        if a_in != b_in:
            spare[kept, 0], spare[kept, 1] = _cross(ax, ay, bx, by, axis, line)
            kept += 1
        if b_in:
            spare[kept, 0], spare[kept, 1] = bx, by
            kept += 1
    return kept


@helper
def _straight(ring: Any, a: int, b: int, c: int) -> bool:
    """Whether b adds nothing between a and c: on their line, a spike, or one of them again."""
    turn = (ring[b, 0] - ring[a, 0]) * (ring[c, 1] - ring[b, 1]) - (ring[b, 1] - ring[a, 1]) * (
        ring[c, 0] - ring[b, 0]
    )
    return bool(turn == 0)


@helper
def _cleaned(ring: Any, size: int) -> int:
    """Drop, in place, repeated points, points on straight lines and spikes; return the new size, 0 for nothing."""
    kept = 0
    for number in range(size):
        ring[kept, 0], ring[kept, 1] = ring[number, 0], ring[number, 1]
        kept += 1
        while kept >= 3 and _straight(ring, kept - 3, kept - 2, kept - 1):
            ring[kept - 2, 0], ring[kept - 2, 1] = ring[kept - 1, 0], ring[kept - 1, 1]
            kept -= 1
            if ring[kept - 1, 0] == ring[kept - 2, 0] and ring[kept - 1, 1] == ring[kept - 2, 1]:
                kept -= 1
        if kept == 2 and ring[0, 0] == ring[1, 0] and ring[0, 1] == ring[1, 1]:
            kept = 1
    first = 0
    while kept - first >= 3:
        if _straight(ring, kept - 2, kept - 1, first):
            kept -= 1
        elif _straight(ring, kept - 1, first, first + 1):
            first += 1
        else:
            break
    size = kept - first
    if size < 3:
        return 0
    for number in range(size):
        ring[number, 0], ring[number, 1] = ring[first + number, 0], ring[first + number, 1]
    return size


@helper
def _doubled_area(ring: Any, size: int) -> int:
    """Twice the signed area; positive is an exterior ring of the specification (clockwise on the screen)."""
    total = 0
    for number in range(size):
        following = number + 1 if number + 1 < size else 0
        total += ring[number, 0] * ring[following, 1] - ring[following, 0] * ring[number, 1]
    return total


@helper
def _reverse(ring: Any, size: int) -> None:
    for number in range(size // 2):
        other = size - 1 - number
        x, y = ring[number, 0], ring[number, 1]
        ring[number, 0], ring[number, 1] = ring[other, 0], ring[other, 1]
        ring[other, 0], ring[other, 1] = x, y


@helper
def _drawn(xy: Any, start: int, stop: int, low: int, high: int, one: Any, other: Any, drawn: Any) -> int:
    """Write one ring, clipped and cleaned, to `drawn`; return its size, 0 for nothing."""
    size = stop - start
    if size > 1 and xy[start, 0] == xy[stop - 1, 0] and xy[start, 1] == xy[stop - 1, 1]:
        size -= 1
    if size < 3:
        return 0
    left, right, top, bottom = np.inf, -np.inf, np.inf, -np.inf
    for number in range(start, start + size):
        left, right = min(left, xy[number, 0]), max(right, xy[number, 0])
        top, bottom = min(top, xy[number, 1]), max(bottom, xy[number, 1])
    if right <= low or left >= high or bottom <= low or top >= high:
        return 0
    for number in range(size):
        one[number, 0], one[number, 1] = xy[start + number, 0], xy[start + number, 1]
    if left < low:
        size = _clip(one, size, other, 0, float(low), 1.0)
        one, other = other, one
    if right > high:
        size = _clip(one, size, other, 0, float(high), -1.0)
        one, other = other, one
    if top < low:
        size = _clip(one, size, other, 1, float(low), 1.0)
        one, other = other, one
    if bottom > high:
        size = _clip(one, size, other, 1, float(high), -1.0)
        one, other = other, one
    for number in range(size):
        drawn[number, 0], drawn[number, 1] = int(np.rint(one[number, 0])), int(np.rint(one[number, 1]))
    size = _cleaned(drawn, size)
    return size if size and _doubled_area(drawn, size) != 0 else 0


@kernel("Tuple((i8[:,::1],i8[::1],i8[::1],i8[::1]))(f8[:,::1], i8[::1], i8[::1], i8[::1], i8, i8)")
def rings(xy: Any, ring_starts: Any, polygon_starts: Any, starts: Any, low: int, high: int) -> Any:
    """Clip (multi)polygons to the buffered tile and put them on its grid.

    Returns
    -------
    coordinates (n, 2), starts of rings, 1 for a shell and 0 for a hole, starts of features among the rings.
    Rings are not closed; a feature of which nothing is left has none.
    """
    count, ring_count = starts.shape[0] - 1, ring_starts.shape[0] - 1
    longest = 0
    for number in range(ring_count):
        longest = max(longest, ring_starts[number + 1] - ring_starts[number])
    one, other = np.empty((longest * 6 + 16, 2)), np.empty((longest * 6 + 16, 2))
    drawn = np.empty((longest * 6 + 16, 2), np.int64)
    out = np.empty((xy.shape[0] + 64, 2), np.int64)
    out_rings, roles = np.zeros(ring_count + 1, np.int64), np.zeros(ring_count, np.int64)
    out_features = np.zeros(count + 1, np.int64)
    at, made = 0, 0
    for feature in range(count):
        for polygon in range(starts[feature], starts[feature + 1]):
            for number in range(polygon_starts[polygon], polygon_starts[polygon + 1]):
                shell = number == polygon_starts[polygon]
                size = _drawn(xy, ring_starts[number], ring_starts[number + 1], low, high, one, other, drawn)
                if size == 0:
                    if shell:
                        break
                    continue
                if (_doubled_area(drawn, size) > 0) != shell:
                    _reverse(drawn, size)
                if at + size > out.shape[0]:
                    larger = np.empty((max(at + size, out.shape[0] * 2), 2), np.int64)
                    larger[:at] = out[:at]
                    out = larger
                out[at : at + size] = drawn[:size]
                at += size
                roles[made] = 1 if shell else 0
                made += 1
                out_rings[made] = at
        out_features[feature + 1] = made
    return out[:at].copy(), out_rings[: made + 1].copy(), roles[:made].copy(), out_features


# --- polygons: judged ---------------------------------------------------------------------------------


@helper
def _side(xy: Any, a: int, b: int, c: int) -> int:
    turn = (xy[b, 0] - xy[a, 0]) * (xy[c, 1] - xy[a, 1]) - (xy[b, 1] - xy[a, 1]) * (xy[c, 0] - xy[a, 0])
    return 1 if turn > 0 else (-1 if turn < 0 else 0)


@helper
def _meet(xy: Any, a: int, b: int, c: int, d: int) -> bool:
    """Whether two segments, given by the numbers of their ends, have a point in common, exactly."""
    for axis in (1, 0):
        if min(xy[a, axis], xy[b, axis]) > max(xy[c, axis], xy[d, axis]):
            return False
        if min(xy[c, axis], xy[d, axis]) > max(xy[a, axis], xy[b, axis]):
            return False
    return bool(_side(xy, a, b, c) * _side(xy, a, b, d) <= 0 and _side(xy, c, d, a) * _side(xy, c, d, b) <= 0)


@helper
def _holds(xy: Any, start: int, stop: int, x: int, y: int) -> bool:
    """Whether a ring holds a point, which is not on it."""
    inside = False
    before = stop - 1
    for number in range(start, stop):
        ay, by = xy[before, 1], xy[number, 1]
        if (ay > y) != (by > y):
            turn = (xy[number, 0] - xy[before, 0]) * (y - ay) - (by - ay) * (x - xy[before, 0])
            if (turn < 0) == (by > ay):
                inside = not inside
        before = number
    return inside


@helper
def _crosses(xy: Any, begin: int, after: Any, lefts: Any, order: Any) -> bool:
    """Whether two edges that do not follow each other meet; `order` sorts them by their left ends."""
    count = order.shape[0]
    if count == 3:
        return False
    for i in range(count):
        edge = order[i]
        a, b = begin + edge, after[edge]
        right = max(xy[a, 0], xy[b, 0])
        for j in range(i + 1, count):
            other = order[j]
            if lefts[other] > right:
                break
            c, d = begin + other, after[other]
            if b != c and a != d and _meet(xy, a, b, c, d):
                return True
    return False


@kernel("b1[::1](i8[:,::1], i8[::1], i8[::1], i8[::1])")
def doubtful(xy: Any, ring_starts: Any, roles: Any, starts: Any) -> Any:
    """Return which features may be invalid: edges that meet where they are not neighbours, a hole outside its shell.

    What passes is valid; a feature that touches itself only in a point does not pass, although it may be valid.
    """
    count = starts.shape[0] - 1
    found = np.zeros(count, np.bool_)
    for feature in range(count):
        first, last = starts[feature], starts[feature + 1]
        if first == last:
            continue
        begin, end = ring_starts[first], ring_starts[last]
        after = np.empty(end - begin, np.int64)  # the other end of each edge
        for ring in range(first, last):
            for number in range(ring_starts[ring], ring_starts[ring + 1]):
                after[number - begin] = number + 1
            after[ring_starts[ring + 1] - 1 - begin] = ring_starts[ring]
        lefts = np.empty(end - begin, np.int64)
        for edge in range(end - begin):
            lefts[edge] = min(xy[begin + edge, 0], xy[after[edge], 0])
        order = np.argsort(lefts) if end - begin > 3 else np.arange(end - begin)
        found[feature] = _crosses(xy, begin, after, lefts, order)
        shell = first
        for ring in range(first, last):
            if roles[ring] == 1:
                shell = ring
            elif not found[feature]:
                corner = ring_starts[ring]
                found[feature] = not _holds(
                    xy, ring_starts[shell], ring_starts[shell + 1], xy[corner, 0], xy[corner, 1]
                )
    return found


@kernel("Tuple((u1[::1],i8[::1]))(i8[:,::1], i8[::1], i8[::1])")
def polygons(xy: Any, ring_starts: Any, starts: Any) -> Any:
    """Return the commands of polygons that are on the grid, and where those of each feature start."""
    count = starts.shape[0] - 1
    out = np.empty(xy.shape[0] * 20 + (ring_starts.shape[0]) * 16 + 16, np.uint8)
    begins = np.zeros(count + 1, np.int64)
    at = 0
    for feature in range(count):
        last_x, last_y = 0, 0
        for ring in range(starts[feature], starts[feature + 1]):
            start, stop = ring_starts[ring], ring_starts[ring + 1]
            at = _put(out, at, (1 << 3) | MOVE_TO)
            for number in range(start, stop):
                if number == start + 1:
                    at = _put(out, at, ((stop - start - 1) << 3) | LINE_TO)
                x, y = xy[number, 0], xy[number, 1]
                at = _put(out, at, _zigzag(x - last_x))
                at = _put(out, at, _zigzag(y - last_y))
                last_x, last_y = x, y
            at = _put(out, at, CLOSE_PATH)
        begins[feature + 1] = at
    return out[:at].copy(), begins


# --- features and values ------------------------------------------------------------------------------


@kernel("u1[::1](u1[::1], i8[::1], i8[::1], i8[::1], i8[::1], b1, i8[:,::1])")
def features(commands: Any, begins: Any, ends: Any, kinds: Any, ids: Any, with_ids: bool, tags: Any) -> Any:
    """Return the feature messages (field 2 of a layer) of features that have commands.

    Parameters
    ----------
    commands, begins, ends
        Geometry bytes, and where those of a feature lie.
    kinds
        1 point, 2 line, 3 polygon.
    tags
        Number of the value of each feature (rows) and key (columns), -1 for none.
    """
    count, width = tags.shape[0], tags.shape[1]
    sizes = np.zeros(count, np.int64)
    total = 0
    for feature in range(count):
        size = 0
        for key in range(width):
            if tags[feature, key] >= 0:
                size += _length(key) + _length(tags[feature, key])
        sizes[feature] = size
        total += size + ends[feature] - begins[feature] + 48
    out = np.empty(total + 16, np.uint8)
    at = 0
    for feature in range(count):
        drawn = ends[feature] - begins[feature]
        if drawn == 0:
            continue
        size = 2 + 1 + _length(drawn) + drawn
        if with_ids:
            size += 1 + _length(ids[feature])
        if sizes[feature]:
            size += 1 + _length(sizes[feature]) + sizes[feature]
        out[at] = 0x12
        at = _put(out, at + 1, size)
        if with_ids:
            out[at] = 0x08
            at = _put(out, at + 1, ids[feature])
        if sizes[feature]:
            out[at] = 0x12
            at = _put(out, at + 1, sizes[feature])
            for key in range(width):
                if tags[feature, key] >= 0:
                    at = _put(out, at, key)
                    at = _put(out, at, tags[feature, key])
        out[at] = 0x18
        at = _put(out, at + 1, kinds[feature])
        out[at] = 0x22
        at = _put(out, at + 1, drawn)
        out[at : at + drawn] = commands[begins[feature] : ends[feature]]
        at += drawn
    return out[:at].copy()


@kernel("u1[::1](u1[::1], i8[::1])")
def texts(data: Any, sizes: Any) -> Any:
    """Return the value messages of strings given as UTF-8 end to end and their lengths."""
    out = np.empty(data.shape[0] + sizes.shape[0] * 12, np.uint8)
    at, start = 0, 0
    for number in range(sizes.shape[0]):
        size = sizes[number]
        out[at] = 0x22
        at = _put(out, at + 1, 1 + _length(size) + size)
        out[at] = 0x0A
        at = _put(out, at + 1, size)
        out[at : at + size] = data[start : start + size]
        at += size
        start += size
    return out[:at].copy()


@kernel("u1[::1](i8[::1])")
def integers(values: Any) -> Any:
    """Return the value messages of signed integers."""
    out = np.empty(values.shape[0] * 14, np.uint8)
    at = 0
    for number in range(values.shape[0]):
        packed = _zigzag(values[number])
        out[at] = 0x22
        at = _put(out, at + 1, 1 + _length(packed))
        out[at] = 0x30
        at = _put(out, at + 1, packed)
    return out[:at].copy()


# --- numbers that stand for ids -----------------------------------------------------------------------
