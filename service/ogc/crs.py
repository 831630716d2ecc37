"""Coordinate reference systems of answers and questions: three, whose only difference is the order of the axes.

WGS 84 and CGCS2000 are taken as equal (see `gis.datum`), so no coordinate ever changes by a transformation. CRS84 is
(lon, lat); EPSG:4326 and EPSG:4490 are (lat, lon) as EPSG defines them, which OGC API Features Part 2 asks for.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import shapely

from gis.errors import UsageError
from gis.types import BBox

CONFORMANCE = ("http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",)

_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
_SHORT = re.compile(
    r"\[?(?:(?:urn:ogc:def:crs:)?EPSG:(?:[\d.]*:)?|https?://www\.opengis\.net/def/crs/EPSG/[\d.]+/)(\d{4})\]?"
)
_CRS84 = re.compile(
    r"\[?(?:(?:urn:ogc:def:crs:)?OGC:(?:1\.3:|:)?|https?://www\.opengis\.net/def/crs/OGC/1\.3/)CRS84\]?"
)
_WIDEST_LON, _TALLEST_LAT = 540.0, 180.0
"""A window that is wider than the world (QGIS zoomed out) is cut to it; what lies farther is no longitude at all."""


@dataclass(frozen=True, slots=True)
class Crs:
    """One reference system.

    Attributes
    ----------
    lat_first
        Whether coordinates are written latitude first.
    code
        As GDAL understands it.
    """

    uri: str
    code: str
    lat_first: bool

    def written(self, geometry: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return geometries of (lon, lat) in this system's own order."""
        if not self.lat_first or not len(geometry):
            return geometry
        found: npt.NDArray[Any] = shapely.transform(geometry, lambda xy: xy[:, ::-1])
        return found


CRS84 = Crs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "OGC:CRS84", False)
EPSG4326 = Crs(f"{_EPSG}4326", "EPSG:4326", True)
EPSG4490 = Crs(f"{_EPSG}4490", "EPSG:4490", True)
SUPPORTED = (CRS84, EPSG4326, EPSG4490)
STORAGE = EPSG4490
"""What geometries are kept in (there always lon, lat)."""


def crs_of(text: str) -> Crs:
    """Return a reference system by its URI, URN or short name.

    Raises
    ------
    UsageError
        ``unknown_crs``.
    """
    if _CRS84.fullmatch(text):
        return CRS84
    short = _SHORT.fullmatch(text)
    found = next((one for one in SUPPORTED if short and one.code == f"EPSG:{short[1]}"), None)
    if found is None:
        known = ", ".join(one.uri for one in SUPPORTED)
        raise UsageError(
            "unknown_crs",
            f"没有坐标系 {text[:120]!r}：可用 {known}",
            f"there is no reference system {text[:120]!r}: there are {known}",
            value=text[:120],
        )
    return found


def box_of(text: str, crs: Crs = CRS84) -> BBox:
    """Return the box of four numbers, or of six with heights, in the order of `crs`; its west may lie east.

    Raises
    ------
    UsageError
        ``bad_bbox``.
    """
    try:
        numbers = [float(one) for one in text.split(",")]
    except ValueError as error:
        raise _bad_box(text, "应为逗号分隔的 4 个数字", "four numbers with commas between them") from error
    if len(numbers) not in (4, 6) or not all(math.isfinite(one) for one in numbers):
        raise _bad_box(text, "应为逗号分隔的 4 个数字", "four numbers with commas between them")
    half = len(numbers) // 2
    low, high = numbers[:2], numbers[half : half + 2]
    if crs.lat_first:
        low, high = low[::-1], high[::-1]
    if max(abs(low[0]), abs(high[0])) > _WIDEST_LON or max(abs(low[1]), abs(high[1])) > _TALLEST_LAT:
        order = "纬度,经度" if crs.lat_first else "经度,纬度"
        in_order = "latitude,longitude" if crs.lat_first else "longitude,latitude"
        raise _bad_box(text, f"单位为度，次序 {order}", f"degrees, in the order {in_order}")
    if low[1] > high[1]:
        raise _bad_box(text, "南界在北界之北", "its south edge lies north of its north edge")
    west, east = (max(-180.0, min(180.0, one)) for one in (low[0], high[0]))
    south, north = (max(-90.0, min(90.0, one)) for one in (low[1], high[1]))
    return BBox(west, south, east, north)


def _bad_box(text: str, zh: str, en: str) -> UsageError:
    return UsageError(
        "bad_bbox",
        f"范围框 {text[:80]!r} 不可用：{zh}",
        f"the box {text[:80]!r} is not usable: {en}",
        value=text[:80],
    )
