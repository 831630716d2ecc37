"""Vector tiles of a layer: one question, one contract, made by our encoder or by ``ST_AsMVT`` (see `tile_sql`).

The contract: the MVT layer is called as the layer; a feature's id is `gis.tiles.feature_ids` of its id; its attributes
are those of `shown_properties`, dates and instants as ISO text; geometries are clipped to the tile and its buffer.
Where more features meet the tile than a tile may have, the first by their ids are drawn and a layer ``_capped`` with
one feature in the middle of the tile says how many of how many.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import shapely

from gis.tiles import BUFFER, TileLayer, compress, encode, feature_ids, require_tile, tile_bounds
from gis.types import BBox
from service.layers.model import MAX_LIMIT, LayerInfo, Query
from service.layers.source import FeatureSource

CAP = 40_000
"""Features of one tile: more than a season's points of a province, fewer than make a telephone stop."""

CAPPED = "_capped"
"""Name of the MVT layer that says what was left out."""

STYLE = "1"
"""Version of what tiles look like: it is part of the cache's key, so raise it when attributes or encoding change."""

_PIXEL = (
    "detection_id",
    "fire_point_id",
    "fire_day",
    "acquired",
    "satellite",
    "frp_mw",
    "confidence",
    "daynight",
)
_BORDER = ("code", "name", "level", "parent_code", "set_status")

SHOWN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "fire_points": (
            *("fire_point_id", "fire_day", "first_seen", "pixels", "frp_mw", "confidence", "county_code"),
            *("county", "township", "regime", "screen", "status", "boundary_county", "informal"),
        ),
        "detections": _PIXEL,
        "footprints": _PIXEL,
        "counties": _BORDER,
        "townships": _BORDER,
        "grid_cells": (*_BORDER, "unit_code"),
        "zones": ("zone_id", "code", "name", "kind", "regime", "regime_zh", "regime_en", "set_status"),
        "planned_burns": ("code", "unit_code", "starts_at", "ends_at", "state", "approved", "set_status"),
        "heat_sources": ("code", "name", "kind", "radius_m", "set_status"),
        "heat_cells": ("cell_id", "kind", "hot_days", "detections", "night_share"),
    }
)
"""Attributes in the tiles of a layer, for styling and for finding the feature again; all of them elsewhere."""


@dataclass(frozen=True, slots=True)
class TileAnswer:
    """One tile.

    Attributes
    ----------
    data
        Mapbox Vector Tile 2.1, gzip; empty when nothing is in the tile.
    etag
        Digest of the tile before compression.
    capped
        Whether features were left out.
    shown, total
        Features in the answer, and those that meet the tile and its buffer.
    """

    data: bytes
    etag: str
    capped: bool
    shown: int
    total: int

    def raw(self) -> bytes:
        """Return the tile as it was before compression."""
        import gzip

        return gzip.decompress(self.data) if self.data else b""


def shown_properties(info: LayerInfo) -> tuple[str, ...]:
    """Return the attributes that a layer's tiles have, in the order of the layer; the id is always among them."""
    wanted = {*SHOWN.get(info.id, info.names()), info.id_property}
    return tuple(name for name in info.names() if name in wanted)


def vector_layer(info: LayerInfo) -> dict[str, object]:
    """Return the member of ``vector_layers`` that TileJSON 3 asks of a layer."""
    titles = {one.name: one.title_en for one in info.properties}
    return {
        "id": info.id,
        "description": info.description_en,
        "fields": {name: titles[name] for name in shown_properties(info)},
    }


def tile(
    source: FeatureSource, layer: str, z: int, x: int, y: int, query: Query | None = None, *, cap: int = CAP
) -> TileAnswer:
    """Return one WebMercatorQuad tile of a layer as the reader of `source` may see it.

    Parameters
    ----------
    z, x, y
        Zoom, column and row.
    query
        Filter, day, time, ids and box as of any question; its sort, page and geometry do not matter.
    cap
        Most features of the tile.

    Raises
    ------
    UsageError
        ``bad_tile``, and what `FeatureSource.query` raises.
    NotFoundError
        ``unknown_layer``.
    TooSlowError
        ``query_too_slow``.
    """
    require_tile(z, x, y)
    info = source.describe(layer)
    asked = _asked(info, query or Query(), tile_bounds(z, x, y, buffer=BUFFER), min(cap, MAX_LIMIT))
    if info.geometry is None or asked is None:
        return _answer(b"", 0, 0, z, x, y)
    relation = source.relation(layer, asked)
    if relation is not None:
        from service.layers.tile_sql import tile_of

        data, shown, more = tile_of(relation, source.reader, asked, z, x, y)
        return _answer(data, shown, source.count(layer, asked) if more else shown, z, x, y)
    page = source.query(layer, asked)
    ids = feature_ids(page.columns[info.id_property])
    columns = {name: page.columns[name] for name in asked.properties or ()}
    data = encode([TileLayer(info.id, page.geometry, columns, ids)], z, x, y)
    total = len(page) if page.next is None else source.count(layer, asked)
    return _answer(data, len(page), total, z, x, y)


def _asked(info: LayerInfo, query: Query, box: BBox, cap: int) -> Query | None:
    """Return the question of a tile; None where its own box lies elsewhere."""
    given = query.bbox
    if given is not None:
        if given.min_lon > given.max_lon:  # across the date line, where no layer of ours reaches
            given = replace(given, min_lon=-180.0, max_lon=180.0)
        box = BBox(
            max(box.min_lon, given.min_lon),
            max(box.min_lat, given.min_lat),
            min(box.max_lon, given.max_lon),
            min(box.max_lat, given.max_lat),
        )
        if box.min_lon > box.max_lon or box.min_lat > box.max_lat:
            return None
    asked = shown_properties(info) if query.properties is None else query.properties
    wanted = {*asked, info.id_property}
    unknown = [name for name in asked if info.get(name) is None]  # refused by the source
    return replace(
        query,
        bbox=box,
        sort=((info.id_property, False),),
        limit=cap,
        after=None,
        properties=(*(name for name in info.names() if name in wanted), *unknown),
        geometry=True,
    )


def _answer(data: bytes, shown: int, total: int, z: int, x: int, y: int) -> TileAnswer:
    if total > shown:
        data += _notice(shown, total, z, x, y)
    etag = hashlib.sha256(data).hexdigest()[:32]
    return TileAnswer(compress(data) if data else b"", etag, total > shown, shown, total)


def _notice(shown: int, total: int, z: int, x: int, y: int) -> bytes:
    """Return the layer that says what was left out: one point in the middle of the tile."""
    quarter = tile_bounds(z + 1, 2 * x + 1, 2 * y + 1)
    middle = shapely.Point(quarter.min_lon, quarter.max_lat)
    columns = {"shown": [shown], "total": [total]}
    return encode([TileLayer(CAPPED, np.array([middle], dtype=object), columns)], z, x, y)
