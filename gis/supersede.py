"""Which detections a product of higher rank replaces (DESIGN section 3, "Detection").

One to one, mutual nearest, never two rows of one file, same satellite, at most six minutes apart (some NRT times are
rounded to 5 or 6 minutes), no farther than half the larger pixel. What finds no partner stays live. Two detections that
one product reported are two pixels, in whatever files they came: where scans overlap they lie closer than half a pixel.
The answer is a function of the set of detections alone: no order of arrival changes it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from gis.plane import distance_m, metres_per_degree

MAX_MINUTES = 6

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def superseded_by(
    satellite: Ints,
    minute: Ints,
    lon: Floats,
    lat: Floats,
    rank: Ints,
    pixel_m: Floats,
    files: Sequence[frozenset[int]],
    products: Sequence[frozenset[int]],
) -> Ints:
    """Return for each detection the index of the one that replaces it, -1 where it is live.

    Parameters
    ----------
    satellite
        Integer code of the satellite, shape (n,).
    minute
        Acquisition minute, UTC.
    rank
        Product rank, the highest of the detection's observations.
    pixel_m
        Larger extent of the pixel in metres.
    files
        Files that reported each detection; a pair that shares one is two pixels, never one.
    products
        Ranks of all products that reported each detection; what holds of a shared file holds of a shared product.
    """
    newer = np.full(len(minute), -1, dtype=np.int64)
    for one in np.unique(satellite):
        members = np.flatnonzero(satellite == one)
        if len(np.unique(rank[members])) > 1:
            _match_levels(members, minute, lon, lat, rank, pixel_m, files, products, newer)
    return newer


def _match_levels(
    members: Ints,
    minute: Ints,
    lon: Floats,
    lat: Floats,
    rank: Ints,
    pixel_m: Floats,
    files: Sequence[frozenset[int]],
    products: Sequence[frozenset[int]],
    newer: Ints,
) -> None:
    """Match each rank, from high to low, with what is live above it."""
    live = np.empty(0, dtype=np.int64)
    for level in np.unique(rank[members])[::-1]:
        lower = members[rank[members] == level]
        if len(live):
            older, by = _mutual_nearest(lower, live, minute, lon, lat, pixel_m, files, products)
            newer[older] = by
        live = np.concatenate([live, lower[newer[lower] < 0]])


def _mutual_nearest(
    lower: Ints,
    live: Ints,
    minute: Ints,
    lon: Floats,
    lat: Floats,
    pixel_m: Floats,
    files: Sequence[frozenset[int]],
    products: Sequence[frozenset[int]],
) -> tuple[Ints, Ints]:
    a, b = _near_pairs(lower, live, lon, lat, pixel_m)
    apart = np.abs(minute[a] - minute[b])
    metres = distance_m(lon[a], lat[a], lon[b], lat[b])
    keep = (apart <= MAX_MINUTES) & (metres <= np.maximum(pixel_m[a], pixel_m[b]) / 2)
    a, b, apart, metres = a[keep], b[keep], apart[keep], metres[keep]
    own = np.array(
        [
            not (files[i] & files[j] or products[i] & products[j])
            for i, j in zip(a.tolist(), b.tolist(), strict=True)
        ],
        dtype=bool,
    )
    a, b, apart, metres = a[own], b[own], apart[own], metres[own]
    # Ties are settled by position and time, never by row number: rows have no order of their own.
    order = np.lexsort((lat[b], lon[b], minute[b], lat[a], lon[a], minute[a], apart, metres))
    a, b = a[order], b[order]
    first_of_a = _first_position(a)
    first_of_b = _first_position(b)
    mutual = first_of_a & first_of_b
    return a[mutual], b[mutual]


def _first_position(values: Ints) -> npt.NDArray[np.bool_]:
    first = np.zeros(len(values), dtype=bool)
    if len(values):
        first[np.unique(values, return_index=True)[1]] = True
    return first


def _near_pairs(lower: Ints, live: Ints, lon: Floats, lat: Floats, pixel_m: Floats) -> tuple[Ints, Ints]:
    """Return candidate pairs from an index over degrees; the box is generous, the caller measures."""
    reach_m = float(max(pixel_m[lower].max(), pixel_m[live].max())) / 2
    per_lon, per_lat = metres_per_degree(lat[lower])
    half_lon, half_lat = 1.01 * reach_m / np.maximum(per_lon, 1.0), 1.01 * reach_m / per_lat
    boxes = shapely.box(
        lon[lower] - half_lon, lat[lower] - half_lat, lon[lower] + half_lon, lat[lower] + half_lat
    )
    tree = shapely.STRtree(shapely.points(lon[live], lat[live]))
    box, point = tree.query(boxes)
    return lower[box], live[point]
