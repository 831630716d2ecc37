"""Writing and reading many rows at once, around the ORM, the same way in both homes.

On SQLite the R*Tree is filled here, because a GeoPackage's triggers would call a Python function per row; the file is
written by Huodian only and opened by GDAL and QGIS for reading.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import repeat
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gis.types import STORED_EPSG, BBox
from service.store import rtree
from service.store.models import INDEXED_GEOMETRY, Base
from service.store.types import CanonicalJson, Geometry, UtcDateTime, encode_gpkg_points, utc_texts

CONSTANT_FROM = 1_000
"""Columns shorter than this are not looked through for one repeated value."""


def bulk_insert(
    connection: Connection, table: type[Base], columns: Mapping[str, Any], *, index: Any = True
) -> None:
    """Insert rows given as columns.

    Parameters
    ----------
    columns
        Column name to a sequence of values, or to one scalar for all rows. An instant column takes int64 minutes since
        the epoch (numpy array) or aware datetimes; a point column takes a ``(lon, lat)`` pair of arrays or geometries;
        NaN is NULL.
    index
        Whether rows enter the R*Tree on SQLite: True, False, or a boolean mask of shape (n,).
    """
    count = _row_count(columns)
    if count == 0:
        return
    dialect = connection.dialect
    schema = table.__table__
    names = list(columns)
    _require_length(columns, count)
    values = [_prepare(schema.c[name].type, columns[name], dialect) for name in names]
    if dialect.name == "postgresql":
        _copy(connection, schema.name, names, values, [schema.c[name].type for name in names])
        return
    # Binding is what a bulk insert costs, so what all rows say alike is bound once, as a literal.
    literals = [_literal(value) for value in values]
    marks = ",".join(literal or "?" for literal in literals)
    bound = [value for value, literal in zip(values, literals, strict=True) if literal is None]
    quoted = ",".join(f'"{name}"' for name in names)
    cursor: Any = connection.connection.cursor()
    cursor.executemany(f'INSERT INTO "{schema.name}" ({quoted}) VALUES ({marks})', zip(*bound, strict=False))  # noqa: S608
    if schema.name in INDEXED_GEOMETRY and "geom" in columns and index is not False:
        _index_rows(connection, schema.name, np.asarray(columns["id"]), columns["geom"], index)


def _literal(values: Any) -> str | None:
    """Return the SQL literal of a column that is the same in every row; None where it is not, or is no plain value."""
    if isinstance(values, repeat):
        value = next(values)
    elif isinstance(values, list) and len(values) >= CONSTANT_FROM and values.count(values[0]) == len(values):
        value = values[0]
    else:
        return None
    if value is None:
        return "NULL"
    if isinstance(value, str) and "\0" not in value:
        return "'" + value.replace("'", "''") + "'"
    return str(int(value)) if isinstance(value, int) else None


def _row_count(columns: Mapping[str, Any]) -> int:
    for value in columns.values():
        if _is_pair(value):
            return len(value[0])
        if not _is_scalar(value):
            return len(value)
    raise ValueError("bulk_insert needs at least one column given as a sequence")


def _require_length(columns: Mapping[str, Any], count: int) -> None:
    """Refuse columns of different lengths: `zip` would drop the longer ones' rows without a word."""
    for name, value in columns.items():
        if _is_scalar(value):
            continue
        found = {len(part) for part in value} if _is_pair(value) else {len(value)}
        if found != {count}:
            raise ValueError(f"column {name} has {sorted(found)} rows, expected {count}")


def _is_pair(value: Any) -> bool:
    """Whether `value` is a (lon, lat) pair of arrays."""
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], np.ndarray)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bytes | int | float | Decimal | dt.date | dict)


def _prepare(kind: sa.types.TypeEngine[Any], value: Any, dialect: sa.Dialect) -> Any:
    """Return an iterable of driver values of one column."""
    convert = _converter(kind, dialect)
    if _is_scalar(value):
        return repeat(convert(value) if convert else value)
    if isinstance(kind, Geometry) and (isinstance(value, tuple) or dialect.name == "postgresql"):
        return _geometries(value, dialect)
    if isinstance(kind, UtcDateTime) and isinstance(value, np.ndarray) and value.dtype.kind == "i":
        return utc_texts(value)
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            plain = value.tolist()
            return [None if item != item else item for item in plain] if np.isnan(value).any() else plain  # noqa: PLR0124
        value = value.tolist()
    if isinstance(kind, sa.Float):  # SQLite binds NaN as NULL by itself, PostgreSQL would keep it
        return [None if item != item else item for item in value]  # noqa: PLR0124
    return [None if item is None else convert(item) for item in value] if convert else value


def _geometries(value: Any, dialect: sa.Dialect) -> Any:
    """Return driver values of points given as a (lon, lat) pair, or of shapes for PostgreSQL."""
    if dialect.name != "postgresql":
        return encode_gpkg_points(*value)
    shapes = shapely.points(*value) if isinstance(value, tuple) else np.asarray(value, dtype=object)
    return shapely.to_wkb(
        shapely.set_srid(shapes, STORED_EPSG), hex=True, output_dimension=2, include_srid=True
    ).tolist()


def _converter(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    if not isinstance(kind, sa.types.TypeDecorator):
        return None
    if isinstance(kind, CanonicalJson):
        return _remembered(kind, dialect)
    return lambda item: kind.process_bind_param(item, dialect)


def _remembered(kind: CanonicalJson, dialect: sa.Dialect) -> Callable[[Any], Any]:
    """Return a converter that serialises each distinct value once: most rows of a column say the same."""
    known: dict[str, Any] = {}

    def convert(item: Any) -> Any:
        key = repr(item)
        if key not in known:
            known[key] = kind.process_bind_param(item, dialect)
        return known[key]

    return convert


def _copy(
    connection: Connection, table: str, names: Sequence[str], values: Sequence[Any], kinds: Sequence[Any]
) -> None:
    """COPY rows into PostgreSQL; text instants and hex EWKB are parsed by the server."""
    quoted = ",".join(f'"{name}"' for name in names)
    raw = connection.connection.driver_connection
    if raw is None:
        raise RuntimeError("no driver connection")
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table}" ({quoted}) FROM STDIN') as copy:
        for row in zip(*values, strict=False):
            copy.write_row(row)


def _index_rows(connection: Connection, table: str, ids: Any, geometry: Any, mask: Any) -> None:
    if isinstance(geometry, tuple):
        lon, lat = geometry
        bounds = np.column_stack([lon, lat, lon, lat])
    else:
        bounds = shapely.bounds(np.asarray(geometry, dtype=object))
    keep = ~np.isnan(bounds[:, 0])
    if mask is not True:
        keep &= np.asarray(mask, dtype=bool)
    if keep.any():
        rtree.add(connection, f"rtree_{table}_geom", ids[keep], bounds[keep])


def index_points(connection: Connection, table: type[Base], ids: Any, lon: Any, lat: Any) -> None:
    """Enter points into the R*Tree of `table` on SQLite; PostGIS indexes by itself."""
    if connection.dialect.name == "sqlite":
        _index_rows(connection, table.__table__.name, np.asarray(ids), (lon, lat), True)


def within_bbox(table: type[Base], box: BBox, dialect: str) -> sa.ColumnElement[bool]:
    """Return the indexed condition that a row's geometry meets `box` (SQLite never uses its R*Tree by itself).

    Both indexes keep single precision rounded outwards, each in its own way, so the box is generous by about a metre;
    where the row has its `lon` and `lat` they decide exactly.
    """
    schema = table.__table__
    near = _index_condition(schema, box, dialect)
    if not {"lon", "lat"} <= set(schema.c.keys()):
        return near
    return sa.and_(
        near,
        schema.c.lon.between(box.min_lon, box.max_lon),
        schema.c.lat.between(box.min_lat, box.max_lat),
    )


def _index_condition(schema: sa.Table, box: BBox, dialect: str) -> sa.ColumnElement[bool]:
    if dialect == "postgresql":
        envelope = sa.func.ST_MakeEnvelope(box.min_lon, box.min_lat, box.max_lon, box.max_lat, STORED_EPSG)
        return sa.type_coerce(schema.c.geom, sa.types.NullType()).op("&&")(envelope)
    tree = sa.table(
        f"rtree_{schema.name}_geom",
        sa.column("id", sa.Integer),
        sa.column("minx", sa.Float),
        sa.column("maxx", sa.Float),
        sa.column("miny", sa.Float),
        sa.column("maxy", sa.Float),
    )
    hits = sa.select(tree.c.id).where(
        tree.c.minx <= box.max_lon,
        tree.c.maxx >= box.min_lon,
        tree.c.miny <= box.max_lat,
        tree.c.maxy >= box.min_lat,
    )
    return schema.c.id.in_(hits)
