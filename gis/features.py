"""A small GeoJSON reader for the layers people draw: any geometry type, a declared datum, stored coordinates out.

Administrative boundaries have their own reader with more formats (`boundaries.read`); this one serves
grid cells, zones, belts and burn plans, whose features may be points and lines and may have no geometry
at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry

from gis.datum import Datum, contradicts, datum_of, to_stored
from gis.errors import HuodianError, RefusedInputError, UnknownDatumError
from gis.reasons import reason_of, ring_reason

MAX_BYTES = 256 * 2**20
MAX_VERTICES = 5_000_000
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: 1-based position in the file, its properties, its geometry in CGCS2000 (lon, lat) or None."""

    number: int
    properties: Mapping[str, Any]
    geometry: BaseGeometry | None

    def text(self, *keys: str) -> str:
        """Return the first of the properties that is there, as text; empty when none is."""
        for key in keys:
            value = self.properties.get(key)
            if value is not None and str(value).strip():
                return str(value).strip()
        return ""


def looks_like_json(raw: bytes) -> bool:
    """Whether the bytes begin like a JSON object."""
    return raw[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def read_features(raw: bytes, /, *, datum: str | int | None, name: str = "layer") -> list[Feature]:
    """Read a GeoJSON feature collection.

    Parameters
    ----------
    raw
        The bytes, UTF-8.
    datum
        What the coordinates are given in (``cgcs2000``, ``gcj02``, ``EPSG:4526``); needed as soon as one feature has a
        geometry, because degrees alone do not tell WGS84 from GCJ-02.
    name
        What to call the file in a message.

    Raises
    ------
    RefusedInputError
        ``bad_geojson``: not a feature collection, too large, a geometry that is broken or not valid.
    UnknownDatumError
        The datum is not declared, not known, or contradicted by the file.
    """
    document = _parse(raw, name)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise _bad(name, "不是 FeatureCollection", "it is not a FeatureCollection")
    shapes = [_shape(feature, name, number) for number, feature in enumerate(features, 1)]
    stored = _to_stored(shapes, datum, document, name)
    return [
        Feature(number, dict(feature.get("properties") or {}), geometry)
        for number, (feature, geometry) in enumerate(zip(features, stored, strict=True), 1)
    ]


def polygons(feature: Feature, name: str = "layer") -> MultiPolygon | None:
    """Return the feature's geometry as a MultiPolygon, or None when it has none.

    Raises
    ------
    RefusedInputError
        ``not_a_polygon``: points or lines where an area is meant.
    """
    geometry = feature.geometry
    if geometry is None:
        return None
    if isinstance(geometry, Polygon):
        return MultiPolygon([geometry])
    if isinstance(geometry, MultiPolygon):
        return geometry
    raise RefusedInputError(
        "not_a_polygon",
        f"{name} 第 {feature.number} 个要素是 {geometry.geom_type}，需要面。请导出面，或用带宽生成缓冲带。",
        f"Feature {feature.number} of {name} is a {geometry.geom_type}; an area is needed. Export areas, or make a "
        "belt of it with a width.",
        file=name,
        number=feature.number,
    )


def _parse(raw: bytes, name: str) -> Any:
    if len(raw) > MAX_BYTES:
        raise _bad(name, f"文件超过 {MAX_BYTES} 字节", f"more than {MAX_BYTES} bytes")
    try:
        text = raw.decode("utf-8-sig")
        return json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise _bad(name, "不是 UTF-8", "it is not UTF-8") from error
    except RecursionError as error:
        raise _bad(name, "嵌套过深", "it is nested too deeply") from error
    except ValueError as error:
        raise _bad(
            name, f"不是有效的 JSON（{reason_of(error)[1]}）", f"it is not valid JSON: {error}"
        ) from error


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _shape(feature: Any, name: str, number: int) -> BaseGeometry | None:
    if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
        raise _bad(name, f"第 {number} 个要素不是对象", f"feature {number} is not an object")
    geometry = feature.get("geometry")
    if geometry is None:
        return None
    try:
        made = shapely.force_2d(shape(geometry))
    except Exception as error:  # shapely raises many kinds for malformed members; each is bad input here
        reason = f"{type(error).__name__}: {error}"
        raise _bad(name, f"第 {number} 个要素的几何损坏", f"feature {number} is broken ({reason})") from error
    if made.is_empty:
        return None
    if not bool(np.isfinite(shapely.get_coordinates(made)).all()):
        raise _bad(
            name, f"第 {number} 个要素的坐标无效", f"feature {number} has coordinates that are no numbers"
        )
    return made


def _to_stored(
    shapes: list[BaseGeometry | None], datum: str | int | None, document: Any, name: str
) -> list[BaseGeometry | None]:
    given = [geometry for geometry in shapes if geometry is not None]
    if not given:
        return shapes
    declared = agreed_datum(datum, _stated(document), name)
    count = int(shapely.get_num_coordinates(given).sum())
    if count > MAX_VERTICES:
        raise _bad(name, f"顶点超过 {MAX_VERTICES}", f"more than {MAX_VERTICES} vertices")

    def move(pairs: Any) -> Any:
        return np.column_stack(to_stored(pairs[:, 0], pairs[:, 1], declared))

    moved = iter(shapely.transform(np.array(given, dtype=object), move))
    out = [None if geometry is None else next(moved) for geometry in shapes]
    for number, geometry in enumerate(out, 1):
        if geometry is not None and not geometry.is_valid:
            en, zh = ring_reason(shapely.is_valid_reason(geometry))
            raise _bad(name, f"第 {number} 个要素的几何无效（{zh}）", f"feature {number} is not valid ({en})")
    return out


def agreed_datum(datum: str | int | None, stated: Datum | None, name: str) -> Datum:
    """Return the datum that is declared for a file.

    Parameters
    ----------
    stated
        What the file says itself, None where it says nothing that is understood.

    Raises
    ------
    UnknownDatumError
        Nothing declared or nothing known (`datum_of`); ``datum_mismatch``: the file contradicts the declaration.
    """
    declared = datum_of(datum)
    if stated is not None and contradicts(declared, stated):
        raise UnknownDatumError(
            "datum_mismatch",
            f"{name} 自述坐标系为 {stated.zh}，与声明的 {declared.zh} 不符。请核对声明。",
            f"{name} says its datum is {stated.en}, not {declared.en} as declared. Check the declaration.",
            file=name,
            declared=declared.key,
            stated=stated.key,
        )
    return declared


def _stated(document: Any) -> Datum | None:
    crs = document.get("crs") if isinstance(document, dict) else None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    word = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(word, str) or not word:
        return None
    try:
        return datum_of("wgs84" if "CRS84" in word else word)
    except HuodianError:
        return None


def _bad(name: str, zh: str, en: str) -> RefusedInputError:
    return RefusedInputError(
        "bad_geojson",
        f"{name} 无法读取：{zh}。请改正后重新加载。",
        f"{name} cannot be read: {en}. Correct it and load it again.",
        file=name,
    )
