"""The ground a pixel covers, and what of it lies in which unit.

`scan` is the full extent across the track, `track` along it, in kilometres. The azimuth of the overpass is in no feed,
so the rectangle is laid along the axes, scan east-west: the satellites fly nearly polar orbits, whose ground track
crosses Jilin within 15 degrees of the meridian. This is an assumption and is said in every explanation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.locate import NOWHERE, Layer
from gis.plane import degrees_of

Floats = npt.NDArray[np.float64]

NOMINAL_KM = {"VIIRS": 0.375, "MODIS": 1.0, "OLI": 0.03, "OLI_TIRS": 0.03}
"""Full pixel extent at nadir, used where a feed gives none (FIRMS attribute pages of each product)."""

FALLBACK_KM = 1.0

_SCALE_SLACK = 1.01
"""Border distances are measured at the scale of a latitude band (0.3 %), pixels at their own: none may be missed."""


@dataclass(frozen=True, slots=True)
class Footprints:
    """What footprints touch in one layer.

    Attributes
    ----------
    share
        Part of the footprint's area inside the unit that holds its centre, 0 to 1; NaN where it has none.
    boundary_case
        Whether the footprint, widened by the layer's accuracy, touches another unit or leaves the layer.
    neighbours
        Codes of the other units touched, nearest information a person needs to rule.
    distance_m
        Distance of the centre to the border of its unit, NaN where it has none.
    """

    share: Floats
    boundary_case: npt.NDArray[np.bool_]
    neighbours: list[tuple[str, ...]]
    distance_m: Floats


def extents_km(scan: Floats, track: Floats, instrument: Sequence[str | None]) -> tuple[Floats, Floats]:
    """Return the full extents, nominal where a feed gives none or zero."""
    nominal = np.array([NOMINAL_KM.get(name or "", FALLBACK_KM) for name in instrument], dtype=np.float64)
    good_scan, good_track = np.nan_to_num(scan) > 0, np.nan_to_num(track) > 0
    return np.where(good_scan, scan, nominal), np.where(good_track, track, nominal)


def rectangles(lon: Floats, lat: Floats, width_m: Floats, height_m: Floats) -> Any:
    """Return axis-parallel rectangles of full extents in metres, as polygons in degrees; shape (n,)."""
    half_lon, _ = degrees_of(width_m / 2, lat)
    _, half_lat = degrees_of(height_m / 2, lat)
    return shapely.box(lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat)


def measure(
    layer: Layer,
    lon: Floats,
    lat: Floats,
    unit: npt.NDArray[Any],
    scan_m: Floats,
    track_m: Floats,
    accuracy_m: float,
) -> Footprints:
    """Measure pixels against a layer: exact overlay only for those that can reach a border.

    Parameters
    ----------
    unit
        Index of the unit holding each centre (`Layer.locate`).
    scan_m, track_m
        Full extents of the pixels in metres.
    accuracy_m
        Positional accuracy of the layer, which widens the test on every side.
    """
    distance = layer.border_distance_m(lon, lat, unit)
    reach = _SCALE_SLACK * np.hypot(scan_m / 2 + accuracy_m, track_m / 2 + accuracy_m)
    share = np.where(unit == NOWHERE, np.nan, 1.0)
    case = np.zeros(len(lon), dtype=bool)
    neighbours: list[tuple[str, ...]] = [()] * len(lon)
    close = np.flatnonzero((unit == NOWHERE) | (distance <= reach))
    if not len(close):
        return Footprints(share, case, neighbours, distance)
    wide = rectangles(lon[close], lat[close], scan_m[close] + 2 * accuracy_m, track_m[close] + 2 * accuracy_m)
    touched: list[list[int]] = [[] for _ in close]
    for row, other in zip(*(part.tolist() for part in layer.touched(wide)), strict=True):
        if other != unit[close[row]]:
            touched[row].append(other)
    inside = np.flatnonzero(unit[close] != NOWHERE)
    rows = close[inside]
    pixels = rectangles(lon[rows], lat[rows], scan_m[rows], track_m[rows])
    own = layer.geometries[unit[rows]]
    share[rows] = shapely.area(shapely.intersection(pixels, own)) / shapely.area(pixels)
    escapes = ~shapely.covers(own, wide[inside])
    case[rows] = escapes
    for row, others in enumerate(touched):
        if others:
            case[close[row]] = True
            neighbours[close[row]] = tuple(layer.codes[other] for other in others)
    return Footprints(share, case, neighbours, distance)
