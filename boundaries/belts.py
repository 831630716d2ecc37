"""Belts: metric buffers of roads, railways, airports and forest edges (一公里, 林缘 100 米, 国家规定 2 公里, 15 公里).

Each feature is buffered in an azimuthal equidistant plane centred on it, in pieces no longer than `MAX_SPAN_M`, so that
lengths stay true wherever it lies. The errors are stated and tested against the geodesic: the plane adds
less than 0.02 % of the width within the span, the arc of a corner (16 segments a quarter) takes away at
most 0.12 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from boundaries.zones import ALWAYS, Zone, ZoneKind, kind_of
from gis.errors import RefusedInputError
from gis.features import read_features
from gis.plane import distance_m
from gis.types import DataStatus, Validity

MAX_SPAN_M = 60_000.0
"""Longest piece projected at once; at half of it from the centre the scale across is off by 4e-6."""

MAX_STEP_M = 5_000.0
"""A straight line in degrees is not straight in the plane: edges longer than this are divided (sagitta below 1 m)."""

QUARTER_SEGMENTS = 16
MAX_WIDTH_M = 50_000.0

WIDTHS_M = {
    "road": 1_000.0,
    "railway": 1_000.0,
    "expressway": 1_000.0,
    "forest_edge": 100.0,
    "airport": 15_000.0,
}
"""Jilin after 2021: 一公里 and 100 m of the forest edge (S). Airport: the national rule of 1999/2003, 15 km (Q)."""


def belt(geometry: BaseGeometry, width_m: float) -> MultiPolygon:
    """Return the belt of `width_m` to each side of a geometry in CGCS2000 degrees.

    Parameters
    ----------
    geometry
        Points, lines or areas; of an area the ground itself belongs to the belt.
    width_m
        Distance to each side in metres, above 0 and at most 50 km.

    Raises
    ------
    RefusedInputError
        ``bad_belt``: no width, or nothing to draw it around.
    """
    if not math.isfinite(width_m) or not 0 < width_m <= MAX_WIDTH_M:
        raise _refused(
            f"带宽 {width_m} 不在 0 到 {MAX_WIDTH_M} 米之间",
            f"a width of {width_m} m is not in 0 to {MAX_WIDTH_M}",
        )
    if geometry.is_empty:
        raise _refused("几何为空", "the geometry is empty")
    pieces = [_buffer(piece, width_m) for part in shapely.get_parts(geometry) for piece in _pieces(part)]
    whole = shapely.union_all(pieces)
    if isinstance(whole, Polygon):
        return MultiPolygon([whole])
    return MultiPolygon([part for part in shapely.get_parts(whole) if isinstance(part, Polygon)])


def edge_belt(area: BaseGeometry, width_m: float) -> MultiPolygon:
    """Return the belt on both sides of the edge of an area (forest edge): the area's inside is not part of it."""
    return belt(area.boundary, width_m)


def belt_zones(
    source: Path | bytes,
    /,
    *,
    kind: ZoneKind | str,
    width_m: float,
    datum: str | int | None,
    status: DataStatus | str,
    name: str = "belts",
    edge: bool = False,
    validity: Validity = ALWAYS,
) -> tuple[Zone, ...]:
    """Read lines, points or areas (GeoJSON) and return one belt zone per feature.

    Parameters
    ----------
    kind, width_m
        What the zones are and how far they reach to each side.
    edge
        Whether only the edge of an area is meant (forest edge).

    Raises
    ------
    RefusedInputError
        A broken file, an unknown kind, a width that is none.
    """
    raw, label = (source.read_bytes(), source.name) if isinstance(source, Path) else (source, name)
    zone_kind = kind_of(str(kind))
    if zone_kind is None:
        raise _refused(f"未知的区类 {kind}", f"{kind!r} is not a kind of zone")
    found: list[Zone] = []
    for feature in read_features(raw, datum=datum, name=label):
        if feature.geometry is None:
            continue
        drawn = edge_belt(feature.geometry, width_m) if edge else belt(feature.geometry, width_m)
        code = feature.text("code", "编码", "id") or f"{zone_kind.value}-{feature.number}"
        title = feature.text("name", "名称") or code
        how = f"{label}, {width_m:g} m"
        found.append(Zone(code, title, zone_kind, drawn, (), validity, DataStatus(status), how))
    return tuple(found)


def _pieces(part: BaseGeometry) -> Iterator[BaseGeometry]:
    """Cut a line into pieces short enough for one plane; points and areas pass whole."""
    if part.geom_type not in ("LineString", "LinearRing"):
        yield part
        return
    coordinates = _densified(np.asarray(part.coords, dtype=np.float64)[:, :2])
    steps = distance_m(coordinates[:-1, 0], coordinates[:-1, 1], coordinates[1:, 0], coordinates[1:, 1])
    begin, length = 0, 0.0
    for at, step in enumerate(steps, 1):
        length += float(step)
        if length >= MAX_SPAN_M or at == len(steps):
            yield LineString(coordinates[begin : at + 1])
            begin, length = at, 0.0


def _densified(coordinates: Any) -> Any:
    steps = distance_m(coordinates[:-1, 0], coordinates[:-1, 1], coordinates[1:, 0], coordinates[1:, 1])
    rows: list[Any] = [coordinates[:1]]
    for at, step in enumerate(steps):
        count = max(1, math.ceil(float(step) / MAX_STEP_M))
        shares = (np.arange(1, count + 1) / count)[:, None]
        rows.append(coordinates[at] + shares * (coordinates[at + 1] - coordinates[at]))
    return np.concatenate(rows)


def _buffer(piece: BaseGeometry, width_m: float) -> BaseGeometry:
    from pyproj import Transformer

    west, south, east, north = piece.bounds
    plane = f"+proj=aeqd +lon_0={(west + east) / 2!r} +lat_0={(south + north) / 2!r} +ellps=GRS80 +units=m +no_defs"
    forward = Transformer.from_crs("EPSG:4490", plane, always_xy=True)
    back = Transformer.from_crs(plane, "EPSG:4490", always_xy=True)

    def there(pairs: Any) -> Any:
        return np.column_stack(forward.transform(pairs[:, 0], pairs[:, 1]))

    def home(pairs: Any) -> Any:
        return np.column_stack(back.transform(pairs[:, 0], pairs[:, 1]))

    drawn = shapely.buffer(shapely.transform(piece, there), width_m, quad_segs=QUARTER_SEGMENTS)
    return shapely.transform(shapely.segmentize(drawn, MAX_STEP_M), home)


def merge_belts(zones: Iterable[Zone], *, code: str, name: str) -> Zone | None:
    """Return one zone made of several of one kind (all roads of a county), or None when there are none."""
    every = list(zones)
    shapes = [zone.geometry for zone in every if zone.geometry is not None]
    if not every or not shapes:
        return None
    whole = shapely.union_all(shapes)
    merged = MultiPolygon([part for part in shapely.get_parts(whole) if isinstance(part, Polygon)])
    first = every[0]
    return Zone(code, name, first.kind, merged, (), first.validity, first.status, first.source)


def _refused(zh: str, en: str) -> RefusedInputError:
    return RefusedInputError(
        "bad_belt",
        f"无法生成缓冲带：{zh}。请改正后重试。",
        f"The belt cannot be drawn: {en}. Correct it and try again.",
    )
