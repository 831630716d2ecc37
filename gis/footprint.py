"""The ground a pixel covers, and what of it lies in which unit.

`scan` is the full extent across the track, `track` along it, in kilometres. The azimuth of the overpass is in no feed,
so the rectangle is laid along the axes, scan east-west: the satellites fly nearly polar orbits, whose ground track
crosses Jilin within 15 degrees of the meridian. This is an assumption and is said in every explanation. Where a source
does know the azimuth, the rectangle is laid along it.

The footprint of a fire point is the union of the rectangles of its pixels: ground that two pixels cover counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.locate import NOWHERE, Layer
from gis.plane import degrees_of, metres_per_degree
from gis.shares import Shares, box_shares, oriented, polygon_shares, union_boxes
from gis.types import SourceKind

__all__ = [
    "FALLBACK_KM",
    "NOMINAL_KM",
    "REPORTED_KM",
    "Footprints",
    "Pixels",
    "Shares",
    "extents_km",
    "measure",
    "rectangles",
    "shares",
    "union_shares",
]

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

NOMINAL_KM = {"VIIRS": 0.375, "MODIS": 1.0, "OLI": 0.03, "OLI_TIRS": 0.03}
"""Full pixel extent at nadir, used where a feed gives none (FIRMS attribute pages of each product)."""

FALLBACK_KM = 1.0

REPORTED_KM = {
    SourceKind.PATROL: 0.05,
    SourceKind.DRONE: 0.05,
    SourceKind.CAMERA: 0.2,
    SourceKind.PUBLIC_REPORT: 0.5,
}
"""Full extent of the place that a person or a camera names, where the feed says none: our judgement of how well each
knows it. Somebody who stood there saw no square kilometre burn."""

_SCALE_SLACK = 1.01
"""Border distances are measured at the scale of a latitude band (0.3 %), pixels at their own: none may be missed."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """The pixels of which footprints are made; shape (m,) each.

    Attributes
    ----------
    lon, lat
        Centres in degrees.
    scan_m, track_m
        Full extents in metres.
    point
        Number of the footprint that each belongs to, in order, none left out.
    """

    lon: Floats
    lat: Floats
    scan_m: Floats
    track_m: Floats
    point: Longs

    def boxes(self, rows: Any = slice(None), wider_m: float = 0.0) -> Floats:
        """Return west, south, east, north in degrees of some pixels, widened on every side; shape (k, 4)."""
        lon, lat, add = self.lon[rows], self.lat[rows], 2 * wider_m
        return _boxes(lon, lat, self.scan_m[rows] + add, self.track_m[rows] + add)

    def take(self, points: Longs, count: int) -> Pixels:
        """Return the pixels of some of `count` footprints, given in ascending order and numbered anew."""
        number = np.full(count, -1, dtype=np.int64)
        number[points] = np.arange(len(points))
        rows = np.flatnonzero(number[self.point] >= 0)
        own = (self.lon[rows], self.lat[rows], self.scan_m[rows], self.track_m[rows])
        return Pixels(*own, number[self.point[rows]])


@dataclass(frozen=True, slots=True)
class Footprints:
    """What footprints touch in one layer.

    Attributes
    ----------
    share
        Part of the footprint's area inside the unit that holds its position, 0 to 1; NaN where it has none.
    boundary_case
        Whether the footprint, widened by the layer's accuracy, touches another unit or leaves the layer.
    neighbours
        Codes of the other units touched, nearest information a person needs to rule.
    distance_m
        Distance of the position to the border of its unit, NaN where it has none.
    """

    share: Floats
    boundary_case: npt.NDArray[np.bool_]
    neighbours: list[tuple[str, ...]]
    distance_m: Floats


def extents_km(
    scan: Floats, track: Floats, instrument: Sequence[str | None], kind: Sequence[str]
) -> tuple[Floats, Floats]:
    """Return the full extents in kilometres, nominal where a feed gives none or zero.

    Parameters
    ----------
    instrument, kind
        Instrument and `SourceKind` of each detection; people's reports have the second alone.
    """
    nominal = np.array(
        [
            NOMINAL_KM.get(name or "", REPORTED_KM.get(SourceKind(source), FALLBACK_KM))
            for name, source in zip(instrument, kind, strict=True)
        ],
        dtype=np.float64,
    )
    good_scan, good_track = np.nan_to_num(scan) > 0, np.nan_to_num(track) > 0
    return np.where(good_scan, scan, nominal), np.where(good_track, track, nominal)


def rectangles(lon: Floats, lat: Floats, width_m: Floats, height_m: Floats) -> Any:
    """Return axis-parallel rectangles of full extents in metres, as polygons in degrees; shape (n,)."""
    return shapely.box(*_boxes(lon, lat, width_m, height_m).T)


def _boxes(lon: Floats, lat: Floats, width_m: Floats, height_m: Floats) -> Floats:
    half_lon, _ = degrees_of(width_m / 2, lat)
    _, half_lat = degrees_of(height_m / 2, lat)
    return np.column_stack([lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat])


def shares(
    layer: Layer,
    lon: Floats,
    lat: Floats,
    scan_m: Floats,
    track_m: Floats,
    azimuth: Floats | None = None,
) -> Shares:
    """Return which part of each pixel lies in which unit, and what lies in none.

    Parameters
    ----------
    lon, lat
        Centres in degrees, shape (n,).
    scan_m, track_m
        Full extents in metres, shape (n,).
    azimuth
        Direction of the overpass in degrees from north to east, along which `track` is laid; NaN or None where it is
        not known, and the rectangle lies along the axes.
    """
    lon, lat, scan_m, track_m = (np.asarray(each, dtype=np.float64) for each in (lon, lat, scan_m, track_m))
    known = np.zeros(len(lon), dtype=bool) if azimuth is None else ~np.isnan(azimuth)
    if azimuth is None or not known.any():
        return box_shares(layer, _boxes(lon, lat, scan_m, track_m))
    straight = box_shares(layer, _boxes(lon, lat, scan_m, track_m)[~known])
    laid = oriented(*(np.asarray(each)[known] for each in (lon, lat, scan_m, track_m, azimuth)))
    return straight.beside(polygon_shares(layer, laid), np.flatnonzero(~known), np.flatnonzero(known))


def union_shares(layer: Layer, pixels: Pixels) -> Shares:
    """Return which part of the union of each footprint's pixels lies in which unit, and what lies in none."""
    return box_shares(layer, *union_boxes(pixels.boxes(), pixels.point))


def measure(
    layer: Layer,
    lon: Floats,
    lat: Floats,
    unit: npt.NDArray[Any],
    scan_m: Floats,
    track_m: Floats,
    accuracy_m: float,
    pixels: Pixels | None = None,
) -> Footprints:
    """Measure footprints against a layer: exact overlay only for those that can reach a border.

    Parameters
    ----------
    unit
        Index of the unit holding each position (`Layer.locate`).
    scan_m, track_m
        Full extents of the pixels at the positions, in metres.
    accuracy_m
        Positional accuracy of the layer, which widens the test on every side.
    pixels
        The pixels of each footprint, that at the position among them; by default that one alone.
    """
    if pixels is None:
        pixels = Pixels(lon, lat, scan_m, track_m, np.arange(len(lon)))
    distance = layer.border_distance_m(lon, lat, unit)
    share = np.where(unit == NOWHERE, np.nan, 1.0)
    case = np.zeros(len(lon), dtype=bool)
    neighbours: list[tuple[str, ...]] = [()] * len(lon)
    close = (unit == NOWHERE) | (distance <= _reach_m(lon, lat, pixels, accuracy_m))
    if not close.any():
        return Footprints(share, case, neighbours, distance)
    rows = np.flatnonzero(close[pixels.point])
    point = pixels.point[rows]
    wide = shapely.box(*pixels.boxes(rows, accuracy_m).T)
    at, other = layer.touched(wide)
    foreign = np.flatnonzero(other != unit[point[at]])
    for one, beside in np.unique(np.stack([point[at[foreign]], other[foreign]]), axis=1).T.tolist():
        case[one] = True
        neighbours[one] = (*neighbours[one], layer.codes[beside])
    inside = np.flatnonzero(unit[point] != NOWHERE)
    escapes = ~layer.covers(unit[point[inside]], wide[inside])
    case[point[inside[escapes]]] = True
    asked, group = np.unique(point, return_inverse=True)
    found = box_shares(layer, *union_boxes(pixels.boxes(rows), group))
    share[asked] = np.where(unit[asked] == NOWHERE, np.nan, found.of(unit[asked]))
    return Footprints(share, case, neighbours, distance)


def _reach_m(lon: Floats, lat: Floats, pixels: Pixels, accuracy_m: float) -> Floats:
    """Return how far from its position each footprint reaches, not less than it does."""
    west, south, east, north = pixels.boxes(wider_m=accuracy_m).T
    x, y = lon[pixels.point], lat[pixels.point]
    per_lon, per_lat = metres_per_degree(
        np.minimum(south, y)
    )  # a degree of longitude is longest in the south
    _, north_per_lat = metres_per_degree(np.maximum(north, y))
    far = np.hypot(
        np.maximum(x - west, east - x) * per_lon,
        np.maximum(y - south, north - y) * np.maximum(per_lat, north_per_lat),
    )
    reach = np.zeros(len(lon))
    np.maximum.at(reach, pixels.point, far)
    return _SCALE_SLACK * reach
