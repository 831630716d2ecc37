"""Features out of GeoParquet: the form in which a national grid travels, read by columns."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import shapely

from gis.datum import Datum, to_stored
from gis.errors import RefusedInputError
from gis.features import Feature, agreed_datum
from gis.geoparquet import geometry_column
from gis.reasons import ring_reason

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
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _bad(
            name, "不是可读的 GeoParquet", f"it is no GeoParquet that can be read ({error})"
        ) from error
    column = geometry_column(table.schema)
    if column is None:
        _refuse(name, "没有 WKB 几何列", "it has no geometry column in WKB")
    stated = column.stated
    declared = stated if datum is None and stated is not None else agreed_datum(datum, stated, name)
    shapes = _shapes(table.column(column.name).to_pylist(), declared, name)
    properties = table.drop_columns([column.name]).to_pylist()
    return [
        Feature(number, row, shape)
        for number, (row, shape) in enumerate(zip(properties, shapes, strict=True), 1)
    ]


def _shapes(blobs: list[Any], declared: Datum, name: str) -> list[Any]:
    try:
        found = shapely.force_2d(shapely.from_wkb(np.array(blobs, dtype=object)))
    except (shapely.errors.GEOSException, TypeError) as error:
        raise _bad(name, "几何损坏", f"a geometry is broken ({error})") from error
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
        en, zh = ring_reason(shapely.is_valid_reason(found[number]))
        _refuse(
            name,
            f"第 {number + 1} 个要素的几何无效（{zh}）",
            f"feature {number + 1} is not valid ({en})",
        )
    return [shape if keep else None for shape, keep in zip(found.tolist(), known.tolist(), strict=True)]


def _refuse(name: str, zh: str, en: str) -> NoReturn:
    raise _bad(name, zh, en)


def _bad(name: str, zh: str, en: str) -> RefusedInputError:
    return RefusedInputError(
        "bad_geoparquet",
        f"{name} 无法读取：{zh}。请改正后重新加载。",
        f"{name} cannot be read: {en}. Correct it and load it again.",
        file=name,
    )
