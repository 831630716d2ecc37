"""Literals of a filter: numbers, instants, intervals and geometries, with the caps on what one filter may hold."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from pygeofilter.values import Interval
from shapely.geometry.base import BaseGeometry

from gis.types import BBox
from service.layers.complaints import bad_filter, shown, too_large
from service.layers.spatial import parts, shape_of

MAX_BYTES = 8 * 1024
"""Of a filter without the coordinates of its geometries, in UTF-8."""

MAX_DEPTH = 32
MAX_VERTICES = 10_000
MAX_TERMS = 500
"""Comparisons and predicates of one filter: SQLite's expressions are at most 1,000 deep."""

MAX_WILDCARDS = 6
"""Of ``%`` in one pattern: each may try every length, and their number is the exponent."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)
_MAX_DIGITS = 40
_MAX_INTEGER = 2**63 - 1
_TYPES = frozenset(("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"))
OPEN = ".."


@dataclass(frozen=True, slots=True)
class Instant:
    """The text of a date or an instant whose kind only the property tells."""

    text: str

    def date(self) -> dt.date:
        """Return it as a civil date."""
        if _DATE.fullmatch(self.text):
            try:
                return dt.date.fromisoformat(self.text)
            except ValueError:
                pass
        raise bad_filter(
            f"{shown(self.text)!r} 不是日期：写作 DATE('2023-10-29')",
            f"{shown(self.text)!r} is no date: write DATE('2023-10-29')",
            self.text,
        )

    def datetime(self) -> dt.datetime:
        """Return it as an aware instant of whole milliseconds, which is what the store keeps."""
        if _INSTANT.fullmatch(self.text):
            try:
                found = dt.datetime.fromisoformat(self.text.upper()).astimezone(dt.UTC)
            except (ValueError, OverflowError):
                pass
            else:
                if found.microsecond % 1000 == 0:
                    return found
        raise bad_filter(
            f"{shown(self.text)!r} 不是带时区、精确到毫秒以内的时间：写作 TIMESTAMP('2023-10-29T04:30:00Z')",
            f"{shown(self.text)!r} is no instant with a zone and at most milliseconds: "
            "write TIMESTAMP('2023-10-29T04:30:00Z')",
            self.text,
        )


def interval_of(ends: Sequence[Any]) -> Interval:
    """Return an interval of two ends; ``..`` is open and becomes None."""
    if len(ends) != 2:
        raise bad_filter("INTERVAL 要有两个端点", "an interval has two ends")
    start, end = (None if isinstance(one, Instant) and one.text in (OPEN, "") else one for one in ends)
    return Interval(start, end)


def number_of(text: str) -> int | float:
    """Return a number as written: an integer stays one."""
    if len(text) > _MAX_DIGITS:
        raise too_large(
            f"数字 {shown(text)} 长于 {_MAX_DIGITS} 位", f"{shown(text)} is longer than {_MAX_DIGITS} digits"
        )
    return checked_number(float(text) if re.search(r"[.eE]", text) else int(text))


def checked_number(value: float) -> int | float:
    """Return a number that both homes can hold."""
    fits = abs(value) <= _MAX_INTEGER if isinstance(value, int) else math.isfinite(value)
    if fits:
        return value
    raise bad_filter(
        f"数字 {shown(value)} 超出范围", f"the number {shown(value)} is out of range", str(value)[:80]
    )


def storable(text: str) -> bool:
    """Whether both homes can hold a text: Unicode without NUL."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def checked_text(text: str) -> str:
    """Return a text that both homes can hold."""
    if storable(text):
        return text
    raise bad_filter("文字含有无法存储的字符", "a text has a sign that cannot be stored", text)


def box_of(numbers: Sequence[float], *, lat_first: bool = False) -> BaseGeometry:
    """Return the geometry of a box of four numbers, or of six with heights, which do not count."""
    if len(numbers) not in (4, 6):
        raise bad_filter("BBOX 要有 4 个或 6 个数字", "a BBOX has four or six numbers")
    half = len(numbers) // 2
    low, high = list(numbers[:2]), list(numbers[half : half + 2])
    if lat_first:
        low, high = low[::-1], high[::-1]
    box = BBox(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    _in_degrees([box.min_lon, box.max_lon], [box.min_lat, box.max_lat])
    if box.min_lat > box.max_lat:
        raise bad_filter("BBOX 的南界在北界之北", "the south edge of a BBOX lies north of its north edge")
    shapes = [shape_of(one) for one in parts(box)]
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)


def geometry_of_wkt(text: str, *, lat_first: bool = False) -> BaseGeometry:
    """Return a geometry of well-known text."""
    if text.count(",") >= MAX_VERTICES:
        raise _too_many()
    try:
        found = shapely.from_wkt(text)
    except shapely.errors.GEOSException as error:
        raise bad_filter("几何的写法有误", f"a geometry cannot be read ({str(error)[:80]})", text) from error
    return _checked(found, lat_first)


def geometry_of_json(document: Mapping[str, Any], *, lat_first: bool = False) -> BaseGeometry:
    """Return a geometry of GeoJSON."""
    kind = document.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise _unusable(shown(kind))
    try:
        found = shapely.from_geojson(
            json.dumps({name: document.get(name) for name in ("type", "coordinates")})
        )
    except (shapely.errors.GEOSException, ValueError, TypeError) as error:
        raise bad_filter("几何的写法有误", f"a geometry cannot be read ({str(error)[:80]})") from error
    return _checked(found, lat_first)


def _checked(geometry: Any, lat_first: bool) -> BaseGeometry:
    if geometry is None or geometry.geom_type not in _TYPES:
        raise _unusable("" if geometry is None else geometry.geom_type)
    if geometry.is_empty:
        raise bad_filter("几何为空", "a geometry is empty")
    flat = shapely.force_2d(geometry)
    coordinates = shapely.get_coordinates(flat)
    if len(coordinates) > MAX_VERTICES:
        raise _too_many()
    if lat_first:
        flat = shapely.transform(flat, lambda xy: xy[:, ::-1])
        coordinates = coordinates[:, ::-1]
    _in_degrees(coordinates[:, 0], coordinates[:, 1])
    if not flat.is_valid:
        reason = shapely.is_valid_reason(flat)
        raise bad_filter(f"几何无效（{reason}）", f"a geometry is not valid ({reason})")
    shape: BaseGeometry = flat
    return shape


def _in_degrees(lon: Any, lat: Any) -> None:
    if not all(-180 <= one <= 180 for one in lon) or not all(-90 <= one <= 90 for one in lat):
        raise bad_filter(
            "坐标超出经纬度范围：应为（经度, 纬度），单位度",
            "coordinates are out of range: they are (longitude, latitude) in degrees",
        )


def _unusable(kind: str) -> Exception:
    return bad_filter(
        f"几何类型 {kind!r} 不能用于过滤：可用 {'、'.join(sorted(_TYPES))}",
        f"a geometry of type {kind!r} cannot stand in a filter: use {', '.join(sorted(_TYPES))}",
        kind,
    )


def _too_many() -> Exception:
    return too_large(
        f"几何多于 {MAX_VERTICES} 个顶点", f"geometries have more than {MAX_VERTICES:,} vertices"
    )
