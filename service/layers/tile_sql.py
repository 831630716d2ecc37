"""A layer's tile made by PostGIS: the layer's own select, scope and filter in it, under ``ST_AsMVT``."""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from gis.tiles import BUFFER, EXTENT
from service.layers import ordering
from service.layers.limits import timed
from service.layers.model import Property, Query
from service.layers.relation import Relation
from service.store.engine import Reader

_HALF_WORLD_M = math.pi * 6_378_137.0
_GEOMETRY, _ID = "tile_geometry_", "tile_feature_"


def tile_of(relation: Relation, reader: Reader, query: Query, z: int, x: int, y: int) -> tuple[bytes, int]:
    """Return the tile (not compressed) and how many features were put in: the first `query.limit` by their id.

    Raises
    ------
    TooSlowError
        ``query_too_slow``.
    """
    info = relation.info
    keys = ((info.id_property, False),)
    shape = relation.shape.value
    names = query.properties or info.names()
    features = (
        sa.select(
            _on_tile(shape, z, x, y).label(_GEOMETRY),
            _number(relation.columns[info.id_property], info.get(info.id_property)).label(_ID),
            *(_written(relation.columns[name], info.get(name)).label(name) for name in names),
        )
        .select_from(relation.source)
        .where(*relation.conditions(reader, query))
        .order_by(*ordering.by(relation.columns, info, keys, "postgresql"))
        .limit(query.limit)
        .subquery("features")
    )
    row: sa.ColumnElement[Any] = sa.literal_column("features")
    statement = sa.select(
        sa.func.ST_AsMVT(row, info.id, EXTENT, _GEOMETRY, _ID, type_=sa.LargeBinary()), sa.func.count()
    ).select_from(features)
    data, count = timed(reader, statement)[0]
    return bytes(data) if data is not None else b"", int(count)


def _on_tile(shape: Any, z: int, x: int, y: int) -> sa.ColumnElement[Any]:
    """Return the geometry on the tile's grid, clipped to its buffer."""
    side = 2 * _HALF_WORLD_M / (1 << z)
    west, north = x * side - _HALF_WORLD_M, _HALF_WORLD_M - y * side
    bounds = sa.func.ST_MakeEnvelope(west, north - side, west + side, north, 3857)
    box = sa.cast(bounds, _Box2D())
    return sa.func.ST_AsMVTGeom(sa.func.ST_Transform(shape, 3857), box, EXTENT, BUFFER, sa.true())


class _Box2D(sa.types.UserDefinedType[Any]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "box2d"


def _number(column: Any, prop: Property | None) -> sa.ColumnElement[Any]:
    """Return `gis.tiles.feature_ids` of an id."""
    if prop is not None and prop.kind == "integer":
        return sa.cast(column, sa.BigInteger())
    digits = sa.literal("x", sa.Text()) + sa.func.substr(sa.func.md5(column), 1, 13, type_=sa.Text())
    return sa.cast(sa.cast(digits, postgresql.BIT(52)), sa.BigInteger())


def _written(column: Any, prop: Property | None) -> sa.ColumnElement[Any]:
    """Return a value as the tile has it: days and instants as ISO text."""
    kind = None if prop is None else prop.kind
    if kind == "date":
        return sa.func.to_char(column, "YYYY-MM-DD", type_=sa.Text())
    if kind == "datetime":
        utc = sa.func.timezone("UTC", column)
        return sa.func.to_char(utc, 'YYYY-MM-DD"T"HH24:MI:SS"Z"', type_=sa.Text())
    if kind == "number":
        return sa.cast(column, sa.Double())
    return sa.cast(column, sa.BigInteger()) if kind == "integer" else column
