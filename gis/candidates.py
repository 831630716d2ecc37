"""Which units a footprint may belong to: one pure function over Arrow tables, for engines that split the points.

Where one machine is outgrown, the same function runs per partition of the points (Apache Sedona, Dask, a plain loop
over chunks) with the whole table of units broadcast: a row of the answer depends on its point and the units only, so
the answers of the parts, joined, are the answer of the whole, to the last bit.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from gis.errors import RefusedInputError
from gis.footprint import FALLBACK_KM, shares
from gis.locate import NOWHERE, Layer

Floats = npt.NDArray[np.float64]

POINT_COLUMNS = ("point_id", "lon", "lat")
"""What points must have; ``scan_m`` and ``track_m`` (full extents in metres) may be missing or null: 1 km."""
UNIT_COLUMNS = ("unit_id", "layer_version", "geometry")
"""What units must have: WKB in degrees (EPSG:4490); ``valid_from`` and ``valid_to`` (both included) may be missing."""

_LAYERS_KEPT = 4


def candidates(points: pa.Table, units: pa.Table, as_of: dt.date | None = None) -> pa.Table:
    """Return every unit that a footprint has a share in, or whose ground holds its centre.

    Parameters
    ----------
    points
        `POINT_COLUMNS`; (lon, lat) in degrees, EPSG:4490.
    units
        `UNIT_COLUMNS`. Several layers may stand in one table: each ``layer_version`` is a layer by itself.
    as_of
        Only units valid on this day; all when None.

    Returns
    -------
    pyarrow.Table
        ``point_id``, ``unit_id``, ``layer_version``, ``share`` (of the footprint's area inside the unit, 0 to 1) and
        ``border_distance_m`` (of the centre to the unit's border, null where it lies in another unit or in none), in
        the order of points, layer versions and shares, largest first. What lies in no unit of a layer has the
        ``unit_id`` null.

    Raises
    ------
    RefusedInputError
        A column is missing.
    """
    _require(points, POINT_COLUMNS, "points")
    _require(units, UNIT_COLUMNS, "units")
    units = _valid(units, as_of)
    lon, lat = (np.asarray(points[name].cast(pa.float64()), dtype=np.float64) for name in ("lon", "lat"))
    scan, track = (_extent(points, name) for name in ("scan_m", "track_m"))
    versions = sorted(set(units["layer_version"].to_pylist()), key=str)
    found = [
        _of_layer(units, version, number, lon, lat, scan, track) for number, version in enumerate(versions)
    ]
    parts = [np.concatenate([one[at] for one in found]) if found else np.empty(0) for at in range(5)]
    point, version, unit, share, distance = parts
    order = np.lexsort((unit, -share, version, point))
    point, version, unit = (part[order].astype(np.int64) for part in (point, version, unit))
    return pa.table(
        {
            "point_id": points["point_id"].combine_chunks().take(pa.array(point)),
            "unit_id": units["unit_id"].combine_chunks().take(pa.array(unit, mask=unit < 0)),
            "layer_version": pa.array(versions, units.schema.field("layer_version").type).take(
                pa.array(version)
            ),
            "share": share[order],
            "border_distance_m": pa.array(distance[order], mask=np.isnan(distance[order])),
        }
    )


def _require(table: pa.Table, columns: tuple[str, ...], what: str) -> None:
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise RefusedInputError(
            "candidates_columns",
            f"{what} 表缺少列：{'、'.join(missing)}；须有 {'、'.join(columns)}",
            f"the table of {what} lacks the columns {', '.join(missing)}; it needs {', '.join(columns)}",
            missing=missing,
        )


def _valid(units: pa.Table, as_of: dt.date | None) -> pa.Table:
    if as_of is None:
        return units
    day = pa.scalar(as_of, pa.date32())
    for name, holds in (("valid_from", pc.less_equal), ("valid_to", pc.greater_equal)):
        if name in units.column_names:
            column = units[name].cast(pa.date32())
            units = units.filter(pc.or_(pc.is_null(column), pc.fill_null(holds(column, day), False)))
    return units


def _extent(points: pa.Table, name: str) -> Floats:
    if name not in points.column_names:
        return np.full(len(points), FALLBACK_KM * 1000)
    given = np.asarray(points[name].cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    return np.where(np.nan_to_num(given) > 0, given, FALLBACK_KM * 1000)


def _of_layer(
    units: pa.Table, version: Any, number: int, lon: Floats, lat: Floats, scan: Floats, track: Floats
) -> tuple[npt.NDArray[Any], ...]:
    """Return point, layer, unit (its row, -1 for the outside), share and distance of one layer's candidates."""
    rows = np.flatnonzero(np.array([one == version for one in units["layer_version"].to_pylist()]))
    chosen = units.take(pa.array(rows))
    layer = _layer(tuple(map(str, chosen["unit_id"].to_pylist())), tuple(chosen["geometry"].to_pylist()))
    source = rows[np.array(layer.source_index, dtype=np.int64)]
    centre = layer.locate(lon, lat)
    distance = layer.border_distance_m(lon, lat, centre)
    told = shares(layer, lon, lat, scan, track)
    held = np.flatnonzero(centre != NOWHERE)
    # A centre on a corner of its unit may have no share to speak of: it is a candidate all the same.
    bare = held[told.of(np.where(centre == NOWHERE, 0, centre))[held] == 0]
    beyond = np.flatnonzero(told.outside > 0)
    point = np.concatenate([told.point, bare, beyond])
    index = np.concatenate([told.unit, centre[bare], np.full(len(beyond), NOWHERE)])
    share = np.concatenate([told.share, np.zeros(len(bare)), told.outside[beyond]])
    own = (index == centre[point]) & (index != NOWHERE)
    unit = np.where(index == NOWHERE, -1, source[index] if len(source) else -1)
    return point, np.full(len(point), number), unit, share, np.where(own, distance[point], np.nan)


@lru_cache(maxsize=_LAYERS_KEPT)
def _layer(codes: tuple[str, ...], wkb: tuple[bytes, ...]) -> Layer:
    """Return the layer of some units, kept for the next partition of the points."""
    return Layer(codes, shapely.from_wkb(list(wkb)))
