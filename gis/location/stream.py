"""Large layers from GeoParquet, in pieces: never all geometries as objects at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely

from gis.errors import RefusedInputError, UnknownDatumError
from gis.geoparquet import geometry_column
from gis.locate import Layer
from gis.location.rings import Rings, joined, rings_of

BATCH_ROWS = 20_000

_DEGREES = ("cgcs2000", "wgs84")


def read_layer(path: Path, *, code: str = "code", batch_rows: int = BATCH_ROWS) -> Layer:
    """Read and index a layer of polygons.

    Parameters
    ----------
    path
        GeoParquet, geometry as WKB in degrees (EPSG:4490, or EPSG:4326 and OGC:CRS84, which it equals below 1 m).
    code
        Column of the codes.
    batch_rows
        Rows held as objects at once.

    Raises
    ------
    RefusedInputError
        No GeoParquet, no such column, or a geometry that is no polygon.
    UnknownDatumError
        Another CRS.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as source:
        geometry = _geometry_column(path, source.schema_arrow, code)
        codes: list[str] = []
        chunks: list[Rings] = []
        for batch in source.iter_batches(batch_rows, columns=[code, geometry]):
            codes += [str(each) for each in batch.column(0).to_pylist()]
            chunks.append(_chunk(path, batch.column(1)))
    order = sorted(range(len(codes)), key=codes.__getitem__)
    if not chunks:
        return Layer([], [])
    return Layer.from_rings([codes[i] for i in order], joined(chunks, np.array(order)))


def _geometry_column(path: Path, schema: Any, code: str) -> str:
    """Return the name of the geometry column, its encoding and CRS checked."""
    column = geometry_column(schema)
    if column is None or code not in schema.names:
        raise RefusedInputError(
            "layer_file_refused",
            f"{path.name} 不是以 WKB 存储几何、含“{code}”列的 GeoParquet 文件；请转换后重试。",
            f"{path.name} is no GeoParquet file with WKB geometry and a column {code!r}; convert it first.",
            path=str(path),
            column=code,
        )
    stated = column.stated
    if stated is None or stated.key not in _DEGREES:
        raise UnknownDatumError(
            "layer_datum",
            f"{path.name} 的坐标系不是 CGCS2000 或 WGS84 经纬度；请先转换。",
            f"{path.name} is not in degrees of CGCS2000 or WGS84; transform it first.",
            path=str(path),
            stated=None if stated is None else stated.key,
        )
    return column.name


def _chunk(path: Path, column: Any) -> Rings:
    shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
    rings = rings_of(shapes)
    if rings is None:
        raise RefusedInputError(
            "layer_file_refused",
            f"{path.name} 含有多边形以外的几何或无效坐标；请先修复。",
            f"{path.name} holds geometries other than polygons, or coordinates that are none; repair it first.",
            path=str(path),
        )
    return rings
