"""Parts of rectangles in units: of single rectangles, of unions of rectangles, of rectangles laid askew.

The local plane of a rectangle is the ellipsoid's scale at its centre (`gis.plane`), so a rectangle along the axes is
one in degrees too, and the ratio of two areas is the same in both; within one union, some kilometres across, every part
is taken at one scale.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.locate import Layer
from gis.location.areas_plain import GRID
from gis.plane import metres_per_degree

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

LEAST = 1e-12
"""Parts below this are rounding and not named."""
_OVERLAP = 1e-9
_VANISHING = 1e-120
"""Products of smaller coordinates vanish, and what a side cuts off with them: such a side lies at 0."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Who has which part of each footprint, sorted by point and unit.

    Attributes
    ----------
    point, unit
        Index of the footprint and of the unit; shape (m,).
    share
        Part of the footprint's area inside the unit, above 0, at most 1; shape (m,).
    outside
        Part of each footprint in no unit; shape (n,). Where units do not overlap, shares and `outside` sum to 1.
    """

    point: Longs
    unit: Longs
    share: Floats
    outside: Floats

    def of(self, unit: npt.NDArray[Any]) -> Floats:
        """Return the share of one unit per footprint, 0 where it has none of it; shape (n,)."""
        found = np.zeros(len(self.outside))
        own = self.unit == np.asarray(unit)[self.point]
        found[self.point[own]] = self.share[own]
        return found

    def beside(self, other: Shares, mine: Longs, theirs: Longs) -> Shares:
        """Return these and other shares as those of one sequence of footprints, of which each has its places."""
        point = np.concatenate([mine[self.point], theirs[other.point]])
        unit, share = np.concatenate([self.unit, other.unit]), np.concatenate([self.share, other.share])
        outside = np.empty(len(mine) + len(theirs))
        outside[mine], outside[theirs] = self.outside, other.outside
        order = np.lexsort((unit, point))
        return Shares(point[order], unit[order], share[order], outside)


def box_shares(layer: Layer, boxes: Floats, group: Longs | None = None) -> Shares:
    """Return the shares of boxes, or of groups of disjoint boxes.

    Parameters
    ----------
    boxes
        West, south, east, north in degrees; shape (n, 4).
    group
        Number of the group of each box, in order and without gaps; each box by itself when None.
    """
    boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    boxes[np.abs(boxes) < _VANISHING] = 0.0
    whole = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    box, unit, area, unsure = layer.box_areas(boxes)
    pairs = unit
    total: Floats = whole
    point = box
    if group is not None:
        total = np.bincount(group, weights=whole).astype(np.float64)
        key, place = np.unique(group[box] * len(layer) + unit, return_inverse=True)
        area = np.bincount(place, weights=area, minlength=len(key)).astype(np.float64)
        point, unit = np.divmod(key, max(len(layer), 1))
    share = area / total[point]
    kept = share > LEAST
    point, unit, share = point[kept], unit[kept], np.minimum(share[kept], 1.0)
    covered = np.bincount(point, weights=share, minlength=len(total))
    outside: Floats = np.where(covered > 1.0 - LEAST, 0.0, 1.0 - covered)
    several = np.bincount(point, minlength=len(total)) > 1
    unsure = unsure if group is None else group[unsure]
    doubtful = np.unique(unsure[several[unsure]])
    if len(doubtful) and not layer.overlaps_not(len(doubtful)):
        of = np.arange(len(boxes)) if group is None else group
        rows = np.flatnonzero(np.isin(of[box], doubtful))
        union = _union_areas(layer, boxes, box[rows], pairs[rows])
        union = np.bincount(of, weights=union, minlength=len(total)) / total
        twice = doubtful[covered[doubtful] - union[doubtful] > _OVERLAP]
        outside[twice] = np.maximum(1.0 - union[twice], 0.0)
    return Shares(point, unit, share, outside)


def _union_areas(layer: Layer, boxes: Floats, box: Longs, unit: Longs) -> Floats:
    """Return the area of each box that some unit has: ground that two units have is not covered twice; 0 if unasked."""
    parts = shapely.intersection(shapely.box(*boxes[box].T), layer.sound(unit))
    starts = np.flatnonzero(np.diff(box, prepend=-1))
    found = np.zeros(len(boxes))
    for a, b in itertools.pairwise([*starts.tolist(), len(box)]):
        found[box[a]] = shapely.area(shapely.union_all(parts[a:b], grid_size=GRID))
    return found


def union_boxes(boxes: Floats, group: Longs) -> tuple[Floats, Longs]:
    """Cut the union of each group of boxes into disjoint boxes.

    Every south and north side of a group's boxes cuts the ground into strips; in a strip the boxes are intervals, and
    intervals that meet are joined. A group of one box stays that box.

    Parameters
    ----------
    boxes
        West, south, east, north; shape (n, 4).
    group
        Number of the group of each box, from 0, in order; shape (n,).

    Returns
    -------
    tuple
        The boxes and their groups, in order.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    size = np.bincount(group)
    alone = size[group] == 1
    if alone.all():
        return boxes, group
    strip_group, south, north = _strips(boxes[~alone], group[~alone])
    strip, west, east = _intervals(boxes[~alone], group[~alone], strip_group, south, north)
    found = np.concatenate([boxes[alone], np.column_stack([west, south[strip], east, north[strip]])])
    of = np.concatenate([group[alone], strip_group[strip]])
    order = np.argsort(of, kind="stable")
    return found[order], of[order]


def _strips(boxes: Floats, group: Longs) -> tuple[Longs, Floats, Floats]:
    """Return group, south and north of the strips between neighbouring heights of each group."""
    of, height = np.concatenate([group, group]), np.concatenate([boxes[:, 1], boxes[:, 3]])
    order = np.lexsort((height, of))
    of, height = of[order], height[order]
    between = (of[1:] == of[:-1]) & (height[1:] > height[:-1])
    return of[:-1][between], height[:-1][between], height[1:][between]


def _intervals(
    boxes: Floats, group: Longs, strip_group: Longs, south: Floats, north: Floats
) -> tuple[Longs, Floats, Floats]:
    """Return the strip, west and east of the joined intervals of every strip, from west to east."""
    first, last = (np.searchsorted(group, strip_group, side=side) for side in ("left", "right"))
    strip = np.repeat(np.arange(len(strip_group)), last - first)
    box = np.arange(len(strip)) - np.repeat(np.cumsum(last - first) - (last - first), last - first)
    box += first[strip]
    through = (boxes[box, 1] <= south[strip]) & (boxes[box, 3] >= north[strip])
    strip, box = strip[through], box[through]
    order = np.lexsort((boxes[box, 0], strip))
    strip, west, east = strip[order], boxes[box[order], 0], boxes[box[order], 2]
    # The farthest east so far within a strip: as many rounds as a strip has intervals.
    rank = np.arange(len(strip)) - np.searchsorted(strip, strip)
    far = east.copy()
    for step in range(1, int(rank.max(initial=0)) + 1):
        rows = np.flatnonzero(rank == step)
        far[rows] = np.maximum(far[rows], far[rows - 1])
    begins = np.ones(len(strip), dtype=bool)
    begins[1:] = (strip[1:] != strip[:-1]) | (west[1:] > far[:-1])
    starts = np.flatnonzero(begins)
    return strip[starts], west[starts], far[np.append(starts[1:], len(strip)) - 1]


def oriented(lon: Floats, lat: Floats, scan_m: Floats, track_m: Floats, azimuth: Floats) -> Any:
    """Return rectangles whose track runs along an azimuth (degrees from north to east), as polygons in degrees."""
    per_lon, per_lat = metres_per_degree(lat)
    turn = np.radians(azimuth)
    along, across = (
        np.stack([np.sin(turn), np.cos(turn)], axis=-1),
        np.stack([np.cos(turn), -np.sin(turn)], axis=-1),
    )
    half_track, half_scan = along * (track_m / 2)[:, None], across * (scan_m / 2)[:, None]
    corners = np.stack(
        [half_scan - half_track, half_scan + half_track, half_track - half_scan, -half_scan - half_track],
        axis=1,
    )
    scale = np.stack([1 / per_lon, 1 / per_lat], axis=-1)
    ring = np.stack([lon, lat], axis=-1)[:, None, :] + corners * scale[:, None, :]
    return shapely.polygons(np.concatenate([ring, ring[:, :1]], axis=1))


def polygon_shares(layer: Layer, polygons: Any) -> Shares:
    """Return the shares of any polygons in degrees: those whose box lies in one unit at once, the rest by GEOS."""
    count = len(polygons)
    around = box_shares(layer, shapely.bounds(polygons))
    full = around.share >= 1.0
    done = np.zeros(count, dtype=bool)
    done[around.point[full]] = True
    done |= around.outside >= 1.0
    point, unit, share = around.point[full], around.unit[full], around.share[full]
    rest = np.flatnonzero(~done)
    at, other = layer.touched(polygons[rest])
    at = rest[at]
    parts = shapely.intersection(polygons[at], layer.sound(other))
    part = np.minimum(shapely.area(parts) / shapely.area(polygons[at]), 1.0)
    kept = part > LEAST
    point, unit, share = (
        np.concatenate(pair) for pair in ((point, at[kept]), (unit, other[kept]), (share, part[kept]))
    )
    order = np.lexsort((unit, point))
    covered = np.bincount(point, weights=share, minlength=count)
    outside = np.where(covered > 1.0 - LEAST, 0.0, 1.0 - covered)
    for row in rest[np.bincount(at[kept], minlength=count)[rest] > 1].tolist():
        union = float(shapely.area(shapely.union_all(parts[at == row])) / shapely.area(polygons[row]))
        if covered[row] - union > _OVERLAP:
            outside[row] = max(1.0 - union, 0.0)
    return Shares(point[order], unit[order], share[order], outside)
