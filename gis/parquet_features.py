"""Features out of GeoParquet: the form in which a national grid travels, read by columns."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import numpy as np
import shapely

from gis.datum import Datum, contradicts, datum_of, to_stored
from gis.errors import HuodianError, RefusedInputError, UnknownDatumError
from gis.features import Feature

MAX_VERTICES = 100_000_000
_MAGIC = b"PAR1"


def looks_like_parquet(raw: bytes) -> bool:
    """Whether the bytes begin and end like a Parquet file."""
    return raw[:4] == _MAGIC and raw[-4:] == _MAGIC


def read_parquet_features(raw: bytes, /, *, datum: str | int | None, name: str = "layer") -> list[Feature]:
    """Read GeoParquet with WKB geometry.

    Parameters
    ----------
    datum
        What the coordinates are given in; without it the file has to state a CRS itself.

    Raises
    ------
    RefusedInputError
        ``bad_geoparquet``: not readable, no geometry column in WKB, too many vertices, a geometry that is not valid.
    UnknownDatumError
        ``datum_unknown`` or ``datum_mismatch``.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(raw))
        told = json.loads((table.schema.metadata or {}).get(b"geo") or b"{}")
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _bad(
            name, f"不是可读的 GeoParquet（{error}）", f"it is no GeoParquet that can be read ({error})"
        ) from error
    column = str(told.get("primary_column", "")) if isinstance(told, dict) else ""
    about = told.get("columns", {}).get(column, {}) if column else {}
    if column not in table.column_names or about.get("encoding") != "WKB":
        _refuse(name, "没有 WKB 几何列", "it has no geometry column in WKB")
    declared = _declared(about, datum, name)
    shapes = _shapes(table.column(column).to_pylist(), declared, name)
    properties = table.drop_columns([column]).to_pylist()
    return [
        Feature(number, row, shape)
        for number, (row, shape) in enumerate(zip(properties, shapes, strict=True), 1)
    ]


def _shapes(blobs: list[Any], declared: Datum, name: str) -> list[Any]:
    try:
        found = shapely.force_2d(shapely.from_wkb(np.array(blobs, dtype=object)))
    except (shapely.errors.GEOSException, TypeError) as error:
        raise _bad(name, f"几何损坏（{error}）", f"a geometry is broken ({error})") from error
    known = np.array([shape is not None and not shape.is_empty for shape in found], dtype=bool)
    part = found[known]
    pairs = shapely.get_coordinates(part)
    if len(pairs) > MAX_VERTICES:
        _refuse(name, f"顶点超过 {MAX_VERTICES}", f"more than {MAX_VERTICES} vertices")
    if not bool(np.isfinite(pairs).all()):
        _refuse(name, "坐标中有非数值", "coordinates that are no numbers")
    moved = np.column_stack(to_stored(pairs[:, 0], pairs[:, 1], declared))
    found[known] = shapely.set_coordinates(part, moved)
    valid = shapely.is_valid(found[known])
    if not bool(valid.all()):
        number = int(np.flatnonzero(known)[np.flatnonzero(~valid)[0]])
        reason = shapely.is_valid_reason(found[number])
        _refuse(
            name,
            f"第 {number + 1} 个要素的几何无效（{reason}）",
            f"feature {number + 1} is not valid ({reason})",
        )
    return [shape if keep else None for shape, keep in zip(found.tolist(), known.tolist(), strict=True)]


def _declared(about: dict[str, Any], datum: str | int | None, name: str) -> Datum:
    """Return the datum as declared, or as the file states it; a file that contradicts the declaration is refused."""
    stated = _stated(about)
    if datum is None and stated is not None:
        return stated
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


def _stated(about: dict[str, Any]) -> Datum | None:
    """Return the datum of a column's CRS: PROJJSON with an id. Without one GeoParquet means OGC:CRS84."""
    if "crs" not in about:
        return datum_of("wgs84")
    crs = about["crs"]
    ident = crs.get("id") if isinstance(crs, dict) else None
    if not isinstance(ident, dict):
        return None
    if ident.get("authority") == "OGC" and ident.get("code") == "CRS84":
        return datum_of("wgs84")
    try:
        return datum_of(f"{ident.get('authority')}:{ident.get('code')}")
    except HuodianError:
        return None


def _refuse(name: str, zh: str, en: str) -> NoReturn:
    raise _bad(name, zh, en)


def _bad(name: str, zh: str, en: str) -> RefusedInputError:
    return RefusedInputError(
        "bad_geoparquet",
        f"{name} 无法读取：{zh}。请改正后重新加载。",
        f"{name} cannot be read: {en}. Correct it and load it again.",
        file=name,
    )
