"""What a tile asks of the database: a layer's own select, scope and filter in it, past the ORM's types.

Points on PostGIS are put on the tile's grid by arithmetic and encoded by ``ST_AsMVT``. Everything else comes as rows
for our encoder: on the embedded store there is no other, and polygons of PostGIS too, because ``ST_AsMVTGeom``
simplifies each by itself, so that a border of two no longer is one, and takes longer (`bench.tiles`). `polygons_of`
draws them by ``ST_AsMVTGeom`` all the same, as the measure of the tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from gis.tiles import BUFFER, EXTENT, TileLayer, encode, feature_ids
from gis.types import BBox
from service.layers import ordering, spatial
from service.layers.limits import STATEMENT_S, limited
from service.layers.model import Property, Query
from service.layers.relation import Relation
from service.store.engine import Reader
from service.store.types import decode_gpkg

_HALF_WORLD_M = math.pi * 6_378_137.0
_GEOMETRY, _ID = "tile_geometry_", "tile_feature_"
_ID_BITS = (1 << 53) - 1
_ON_POSTGIS = "postgresql"
_BLOB = "blob"


def tile_of(
    relation: Relation, reader: Reader, query: Query, z: int, x: int, y: int
) -> tuple[bytes, int, bool]:
    """Return the tile (not compressed), how many features were put in, and whether there are more than the limit.

    The features are all that match, or the first `query.limit` by their id where more do.

    Raises
    ------
    TooSlowError
        ``query_too_slow``.
    """
    by_database = _dialect(reader) == _ON_POSTGIS and spatial.needed_for(relation.shape) == ("lon", "lat")
    make = _by_database if by_database else _by_encoder
    data, read, shown = make(relation, reader, query, (z, x, y), query.limit + 1, ordered=False)
    if read <= query.limit:
        return data, shown, False
    data, read, shown = make(relation, reader, query, (z, x, y), query.limit, ordered=True)
    return data, shown, True


def polygons_of(relation: Relation, reader: Reader, query: Query, z: int, x: int, y: int) -> bytes:
    """Return the tile as PostGIS alone would draw it, by ``ST_Transform``, ``ST_AsMVTGeom`` and ``ST_AsMVT``."""
    side = 2 * _HALF_WORLD_M / (1 << z)
    west, north = x * side - _HALF_WORLD_M, _HALF_WORLD_M - y * side
    bounds = sa.cast(sa.func.ST_MakeEnvelope(west, north - side, west + side, north, 3857), _Box2D())
    mercator = sa.func.ST_Transform(relation.shape.value, 3857)
    shape = sa.func.ST_AsMVTGeom(mercator, bounds, EXTENT, BUFFER, sa.true())
    return _as_mvt(relation, reader, query, shape, query.limit, ordered=False)[0]


Tile = tuple[int, int, int]


def _by_database(
    relation: Relation, reader: Reader, query: Query, tile: Tile, limit: int, *, ordered: bool
) -> tuple[bytes, int, int]:
    z, x, y = tile
    scale = float(EXTENT << z)
    lon: sa.ColumnElement[float] = sa.type_coerce(relation.columns["lon"], sa.Double())
    lat: sa.ColumnElement[float] = sa.type_coerce(relation.columns["lat"], sa.Double())
    sine: sa.ColumnElement[float] = sa.func.sin(lat * (math.pi / 180), type_=sa.Double())
    down = 0.5 - sa.func.ln((1 + sine) / (1 - sine), type_=sa.Double()) / (4 * math.pi)
    column: sa.ColumnElement[float] = sa.func.round(
        (lon / 360 + 0.5) * scale - float(x * EXTENT), type_=sa.Double()
    )
    row: sa.ColumnElement[float] = sa.func.round(down * scale - float(y * EXTENT), type_=sa.Double())
    data, count = _as_mvt(relation, reader, query, sa.func.ST_MakePoint(column, row), limit, ordered=ordered)
    return data, count, count


def _as_mvt(
    relation: Relation, reader: Reader, query: Query, shape: Any, limit: int, *, ordered: bool
) -> tuple[bytes, int]:
    info = relation.info
    names = query.properties or info.names()
    number = _number(relation, info.get(info.id_property)).label(_ID)
    features = _rows(
        relation,
        [shape.label(_GEOMETRY), number, *_values(relation, names, _ON_POSTGIS)],
        limit,
        by=_by_id(relation, _ON_POSTGIS) if ordered else [number],
        where=relation.conditions(reader, query),
    ).subquery("features")
    whole: sa.ColumnElement[Any] = sa.literal_column("features")
    made = sa.func.ST_AsMVT(whole, info.id, EXTENT, _GEOMETRY, _ID, type_=sa.LargeBinary())
    ((data, count),) = _fetched(reader, sa.select(made, sa.func.count()).select_from(features))
    return bytes(data) if data is not None else b"", int(count)


def _by_encoder(
    relation: Relation, reader: Reader, query: Query, tile: Tile, limit: int, *, ordered: bool
) -> tuple[bytes, int, int]:
    """Return the tile, the rows read, and those that meet the box.

    Without an order the index chooses the rows and their shapes are looked at here, all at once: the embedded store
    would call a Python function for each. In order of the ids the limit counts, so that the query itself must be exact.
    """
    info, dialect = relation.info, _dialect(reader)
    names = query.properties or info.names()
    needs = spatial.needed_for(relation.shape)
    shape = [relation.columns[name].label(f"needs_{name}") for name in needs] or [
        spatial.readable(relation.shape.value, reader).label(_GEOMETRY)
    ]
    where = relation.conditions(reader, query if ordered else replace(query, bbox=None))
    if not ordered and query.bbox is not None:
        where.append(relation.shape.near(query.bbox))
    by = _by_id(relation, dialect) if ordered else []
    statement = _rows(relation, [*_values(relation, names, dialect), *shape], limit, by=by, where=where)
    kinds = [*(_kind(info.get(name)) for name in (*names, *needs)), *([] if needs else [_BLOB])]
    packed = None if dialect == _ON_POSTGIS else _in_one_step(reader, statement, kinds)
    values: list[Any] = packed if packed is not None else list(zip(*_fetched(reader, statement), strict=True))
    count = len(values[0]) if values else 0
    if not count or (count == limit and not ordered):
        return b"", count, 0
    geometry = _geometry(relation, dict(zip(needs, values[len(names) :], strict=False)), values[-1], dialect)
    if not isinstance(geometry, tuple) and not ordered:
        meets = _meets(geometry, query.bbox)
        if not meets.all():
            geometry = geometry[meets]
            values = [list(compress(one, meets)) for one in values]
    columns = {name: _column(one, info.get(name)) for name, one in zip(names, values, strict=False)}
    ids = feature_ids(columns[info.id_property])
    data = encode([TileLayer(info.id, geometry, columns, ids)], *tile) if len(ids) else b""
    return data, count, len(ids)


def _meets(geometry: Any, box: BBox | None) -> Any:
    if box is None:
        return np.ones(len(geometry), dtype=bool)
    frame = shapely.box(box.min_lon, box.min_lat, box.max_lon, box.max_lat)
    shapely.prepare(frame)
    return shapely.intersects(frame, geometry)


def _geometry(relation: Relation, needs: dict[str, Sequence[Any]], raw: Sequence[Any], dialect: str) -> Any:
    """Return what `gis.tiles.TileLayer` takes."""
    if tuple(needs) == ("lon", "lat"):
        return np.array(needs["lon"], dtype=np.float64), np.array(needs["lat"], dtype=np.float64)
    if isinstance(relation.shape, spatial.MadeShape):
        return np.asarray(relation.shape.build(needs), dtype=object)
    shapes = shapely.from_wkb(np.array(raw, dtype=object)) if dialect == _ON_POSTGIS else decode_gpkg(raw)
    found = np.empty(len(raw), dtype=object)
    found[:] = shapes
    return found


def _rows(
    relation: Relation, selected: list[Any], limit: int, *, by: list[Any], where: list[Any]
) -> sa.Select[Any]:
    return sa.select(*selected).select_from(relation.source).where(*where).order_by(*by).limit(limit)


def _fetched(reader: Reader, statement: sa.Executable) -> Sequence[Any]:
    """Return the driver's own rows within the time limit: ten thousand rows through result types cost 40 ms."""
    with limited(reader, STATEMENT_S):
        if _dialect(reader) == _ON_POSTGIS:  # a short query never earns back what compiling it costs
            reader.connection.execute(sa.select(sa.func.set_config("jit", "off", True)))
        result: Any = reader.connection.execute(statement)
        rows: Sequence[Any] = result.cursor.fetchall()
        result.close()
    return rows


def _in_one_step(
    reader: Reader, statement: sa.Select[Any], kinds: Sequence[str | None]
) -> list[Sequence[Any]] | None:
    """Return the columns of a select on SQLite, each as one text that is split here; None where that is not safe.

    The driver lets go of the interpreter's lock at every row: with four requests at once, ten thousand rows cost twice
    as long in waiting for it as in being read.
    """
    inner = statement.subquery()
    none, between = sa.func.char(30), sa.func.char(31)
    texts = [
        sa.func.group_concat(
            sa.case((column.is_(None), none), else_=_as_text(column, kind)),
            between,
        )
        for column, kind in zip(inner.c, kinds, strict=True)
    ]
    ((count, *packed),) = _fetched(reader, sa.select(sa.func.count(), *texts).select_from(inner))
    if not count:
        return []
    columns = [text.split("\x1f") for text in packed]
    if any(len(one) != count for one in columns):  # somebody's name holds the mark between two
        return None
    return [_parsed(one, kind) for one, kind in zip(columns, kinds, strict=True)]


def _as_text(column: Any, kind: str | None) -> sa.ColumnElement[Any]:
    if kind == _BLOB:
        return sa.func.hex(column)
    return sa.func.printf("%!.17g", column) if kind == "number" else sa.cast(column, sa.Text())


def _parsed(words: list[str], kind: str | None) -> Sequence[Any]:
    make: Any = {"number": float, "integer": int, "boolean": int, _BLOB: bytes.fromhex}.get(kind or "")
    if make is None:
        return [None if one == "\x1e" else one for one in words] if "\x1e" in words else words
    if "\x1e" in words:
        return [None if one == "\x1e" else make(one) for one in words]
    return list(map(make, words))


def _kind(prop: Property | None) -> str | None:
    return None if prop is None else prop.kind


def _dialect(reader: Reader) -> str:
    return reader.connection.dialect.name


def _by_id(relation: Relation, dialect: str) -> list[Any]:
    info = relation.info
    return ordering.by(relation.columns, info, ((info.id_property, False),), dialect)


class _Box2D(sa.types.UserDefinedType[Any]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "box2d"


# --- values as a tile has them ------------------------------------------------------------------------


def _number(relation: Relation, prop: Property | None) -> sa.ColumnElement[Any]:
    """Return `gis.tiles.feature_ids` of an id."""
    column = relation.columns[relation.info.id_property]
    if prop is not None and prop.kind == "integer":
        return sa.cast(column, sa.BigInteger())
    return sa.func.hashtextextended(column, 0, type_=sa.BigInteger()).bitwise_and(_ID_BITS)


def _values(relation: Relation, names: Sequence[str], dialect: str) -> list[sa.ColumnElement[Any]]:
    return [_written(relation.columns[name], relation.info.get(name), dialect).label(name) for name in names]


def _written(column: Any, prop: Property | None, dialect: str) -> sa.ColumnElement[Any]:
    """Return a value as the driver is to give it: days and instants as ISO text."""
    kind = _kind(prop)
    if dialect != _ON_POSTGIS:
        text: sa.ColumnElement[Any] = sa.type_coerce(column, sa.Text())
        return sa.func.substr(text, 1, 19, type_=sa.Text()) + "Z" if kind == "datetime" else text
    if kind == "date":
        return sa.func.to_char(column, "YYYY-MM-DD", type_=sa.Text())
    if kind == "datetime":
        utc = sa.func.timezone("UTC", column)
        return sa.func.to_char(utc, 'YYYY-MM-DD"T"HH24:MI:SS"Z"', type_=sa.Text())
    if kind == "number":
        return sa.cast(column, sa.Double())
    return sa.cast(column, sa.BigInteger()) if kind == "integer" else column


def _column(values: Sequence[Any], prop: Property | None) -> Any:
    """Return the values of a column in the type of its property, whatever the driver gave."""
    kind = _kind(prop)
    if kind == "number":
        return np.array(values, dtype=np.float64)
    if kind == "boolean":
        return [None if one is None else bool(one) for one in values]
    return values
