"""One layer of a Mapbox Vector Tile 2.1: geometry commands and attribute dictionaries from arrays.

The rules are those of the Mapbox Vector Tile Specification 2.1 (CC BY 3.0): whole numbers on the tile's grid, shells
clockwise on the screen, no ring without area, and polygons that are valid by the simple features rules. Rings are put
on the grid vertex by vertex, so that a border two polygons share stays shared; what is invalid there is repaired.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from gis import mvt_kernels as kernels
from gis.times import iso_utc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Commands = tuple[Bytes, Ints]
"""Geometry bytes of features end to end, and where each starts (one more than features)."""

POINT, LINE, POLYGON = 1, 2, 3
_KIND_OF = np.array([POINT, LINE, LINE, POLYGON, POINT, LINE, POLYGON, 0])
"""Geometry type of the specification by shapely's type id; 0 for a collection."""
_NONE = np.zeros(1, np.int64)


def layer_bytes(
    name: str,
    parts: Sequence[tuple[npt.NDArray[np.intp], int, Commands]],
    ids: Ints | None,
    columns: Mapping[str, Any],
    count: int,
    extent: int,
) -> bytes:
    """Return a layer as a field of a tile message, nothing when no feature has a geometry.

    Parameters
    ----------
    parts
        Rows, geometry type and commands of the features of one kind.
    columns
        Property name to `count` values; which kind a column is, its values say.
    """
    data = np.concatenate([commands for _, _, (commands, _) in parts]) if parts else np.empty(0, np.uint8)
    if not len(data):
        return b""
    begins, ends, kinds = (np.zeros(count, np.int64) for _ in range(3))
    base = 0
    for rows, kind, (commands, starts) in parts:
        begins[rows], ends[rows], kinds[rows] = starts[:-1] + base, starts[1:] + base, kind
        base += len(commands)
    drawn = ends > begins
    tags = np.full((count, len(columns)), -1, np.int64)
    values: list[bytes] = []
    before = 0
    for key, column in enumerate(columns.values()):
        codes, table, size = dictionary(column, drawn)
        tags[:, key] = np.where(codes >= 0, codes + before, -1)
        values.append(table)
        before += size
    features = kernels.features(
        data,
        begins,
        ends,
        kinds,
        _NONE if ids is None else np.ascontiguousarray(ids, np.int64),
        ids is not None,
        tags,
    )
    body = b"".join(
        (
            b"\x78\x02",
            _field(0x0A, name.encode()),
            features.tobytes(),
            *(_field(0x1A, key.encode()) for key in columns),
            *values,
            b"\x28" + varint(extent),
        )
    )
    return _field(0x1A, body)


def varint(value: int) -> bytes:
    """Return a base 128 varint."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _field(tag: int, data: bytes) -> bytes:
    return bytes([tag]) + varint(len(data)) + data


# --- attributes -------------------------------------------------------------------------------------


def dictionary(column: Any, drawn: npt.NDArray[np.bool_]) -> tuple[Ints, bytes, int]:
    """Return the number of each row's value (-1 for none), the value messages, and how many there are.

    Only values of rows in `drawn` enter. Instants become ``2023-10-29T04:51:00Z``, dates ISO text; NaN, infinities,
    None and NaT are no value.
    """
    array = column if isinstance(column, np.ndarray) else _typed(column)
    if array.dtype.kind == "f":
        array = np.where(np.isfinite(array), array, np.nan)
    everything = bool(drawn.all())
    codes, found = pd.factorize(array if everything else array[drawn])
    table, size = _messages(np.asarray(found))
    if everything:
        return codes.astype(np.int64), table, size
    full = np.full(len(drawn), -1, np.int64)
    full[drawn] = codes
    return full, table, size


def _typed(column: Sequence[Any]) -> npt.NDArray[Any]:
    """Return a list as an array of its own type: whole numbers and numbers with gaps stay what they are."""
    first = next((one for one in column if one is not None), None)
    if type(first) is float:
        return np.array([np.nan if one is None else one for one in column], dtype=np.float64)
    if type(first) in (int, bool) and None not in column:
        return np.asarray(column)
    array = np.empty(len(column), dtype=object)
    array[:] = column
    return array


def _messages(found: npt.NDArray[Any]) -> tuple[bytes, int]:
    """Return the value messages of distinct values of one type."""
    if not len(found):
        return b"", 0
    kind = found.dtype.kind
    first = found[0] if kind == "O" else None
    if kind == "b" or isinstance(first, bool):
        return b"".join(b"\x22\x02\x38\x01" if one else b"\x22\x02\x38\x00" for one in found), len(found)
    if kind in "iu" or (isinstance(first, int) and not isinstance(first, bool)):
        return kernels.integers(found.astype(np.int64)).tobytes(), len(found)
    if kind == "f" or isinstance(first, float):
        rows = np.zeros(len(found), dtype=[("head", "u1", 3), ("value", "<f8")])
        rows["head"], rows["value"] = (0x22, 9, 0x19), found
        return rows.tobytes(), len(found)
    data, sizes = end_to_end(found if isinstance(first, str) else [_text(one) for one in found])
    return kernels.texts(data, sizes).tobytes(), len(found)


def end_to_end(words: Any) -> tuple[Bytes, Ints]:
    """Return words as UTF-8 end to end, and their lengths in bytes."""
    joined = "".join(words)
    data = bytearray(joined, "utf-8")
    lengths = map(len, words) if joined.isascii() else (len(one.encode()) for one in words)
    return np.frombuffer(data, np.uint8), np.fromiter(lengths, np.int64, len(words))


def _text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return iso_utc(value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


# --- geometry ---------------------------------------------------------------------------------------


def commands_of(
    geometry: npt.NDArray[np.object_], zoom: int, column: int, row: int, extent: int, buffer: int
) -> list[tuple[npt.NDArray[np.intp], int, Commands]]:
    """Return rows, type and commands of shapely geometries (degrees) on one tile, type by type.

    Empty and missing geometries have no rows; of a collection the parts of the highest dimension are drawn.
    """
    types = shapely.get_type_id(geometry)
    if np.isin(types, (shapely.GeometryType.GEOMETRYCOLLECTION, shapely.GeometryType.LINEARRING)).any():
        geometry = np.array([_plain(one) for one in geometry], dtype=object)
        types = shapely.get_type_id(geometry)
    types = np.where(shapely.is_empty(geometry), -1, types)
    kinds = np.where(types >= 0, _KIND_OF[types], 0)
    low, high = -buffer, extent + buffer
    found = []
    for kind in (POINT, LINE, POLYGON):
        rows = np.flatnonzero(kinds == kind)
        if not len(rows):
            continue
        _, lonlat, offsets = shapely.to_ragged_array(geometry[rows], include_z=False)
        xy = on_grid(lonlat, zoom, column, row, extent)
        starts = [np.ascontiguousarray(one, dtype=np.int64) for one in offsets]
        drawn: Commands
        if kind == POINT:
            drawn = kernels.points(xy, starts[0] if starts else np.arange(len(rows) + 1), low, high)
        elif kind == LINE:
            ends = starts[1] if len(starts) > 1 else np.arange(len(rows) + 1)
            drawn = kernels.lines(xy, starts[0], ends, low, high)
        else:
            ends = starts[2] if len(starts) > 2 else np.arange(len(rows) + 1)
            drawn = _polygons(xy, starts[0], starts[1], ends, low, high)
        found.append((rows, kind, drawn))
    return found


def on_grid(lonlat: Floats, zoom: int, column: int, row: int, extent: int) -> Floats:
    """Return positions on the grid of a WebMercatorQuad tile, shape (n, 2), y downwards; not rounded."""
    out = np.empty((len(lonlat), 2))
    kernels.project(np.ascontiguousarray(lonlat, dtype=np.float64), zoom, column, row, extent, out)
    return out


def point_commands(xy: Floats, low: int, high: int) -> Commands:
    """Return the commands of single points on the grid."""
    drawn: Commands = kernels.points(xy, np.arange(len(xy) + 1), low, high)
    return drawn


def _polygons(xy: Floats, rings: Ints, polygons: Ints, starts: Ints, low: int, high: int) -> Commands:
    grid, ring_starts, roles, features = kernels.rings(xy, rings, polygons, starts, low, high)
    doubtful = kernels.doubtful(grid, ring_starts, roles, features)
    data, begins = kernels.polygons(grid, ring_starts, features)
    rows = np.flatnonzero(doubtful)
    if not len(rows):
        return data, begins
    mended = [_mended(grid, ring_starts, roles, features[row], features[row + 1]) for row in rows]
    pieces: list[Bytes] = []
    sizes = np.diff(begins)
    last = 0
    for row, one in zip(rows.tolist(), mended, strict=True):
        pieces += [data[begins[last] : begins[row]], one]
        sizes[row] = len(one)
        last = row + 1
    pieces.append(data[begins[last] :])
    return np.concatenate(pieces), np.concatenate([[0], np.cumsum(sizes)])


def _mended(grid: Ints, ring_starts: Ints, roles: Ints, first: int, last: int) -> Bytes:
    """Return the commands of one feature whose rings meet on the grid, made valid and put on the grid again."""
    shells: list[list[Any]] = []
    for ring in range(first, last):
        points = grid[ring_starts[ring] : ring_starts[ring + 1]]
        if roles[ring]:
            shells.append([points])
        else:
            shells[-1].append(points)
    drawn = shapely.multipolygons([shapely.Polygon(shell, holes) for shell, *holes in shells])
    if not shapely.is_valid(drawn):
        drawn = _valid_on_grid(drawn)
    parts = [one for one in shapely.get_parts(drawn) if one.geom_type == "Polygon" and not one.is_empty]
    if not parts:
        return np.empty(0, np.uint8)
    _, xy, offsets = shapely.to_ragged_array(np.array([shapely.multipolygons(parts)], dtype=object))
    rings, polygons, features = (np.ascontiguousarray(one, dtype=np.int64) for one in offsets)
    wide = 1 << 30  # clipped before
    clean, starts, _, ends = kernels.rings(np.ascontiguousarray(xy), rings, polygons, features, -wide, wide)
    data: Bytes = kernels.polygons(clean, starts, ends)[0]
    return data


def _valid_on_grid(drawn: Any) -> Any:
    """Return the nearest valid polygons with whole coordinates; rounding what was made valid may undo it once."""
    for _ in range(4):
        drawn = shapely.make_valid(drawn, method="structure", keep_collapsed=False)
        drawn = shapely.set_precision(drawn, 1.0)
        if shapely.is_valid(drawn):
            return drawn
    return shapely.Polygon()


def _plain(geometry: Any) -> Any:
    """Return a geometry of one kind: a ring as a line, of a collection the parts of the highest dimension."""
    if geometry is not None and geometry.geom_type == "LinearRing":
        return shapely.LineString(geometry)
    if geometry is None or geometry.geom_type != "GeometryCollection":
        return geometry
    flat = [_plain(one) for one in shapely.get_parts(geometry) if not one.is_empty]
    parts = [part for one in flat for part in shapely.get_parts(one)]
    if not parts:
        return None
    top = max(shapely.get_dimensions(parts))
    kept = [one for one in parts if shapely.get_dimensions(one) == top]
    made = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[top]
    return made(kept)
