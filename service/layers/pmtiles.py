"""PMTiles version 3: every tile of a public layer in one file, for maps that have no server.

Written from the specification (PMTiles 3, public domain): a header of 127 bytes, a root directory and leaf directories
of varints, metadata as JSON, tiles in the order of their Hilbert numbers, each distinct tile once. Equal features give
equal bytes.
"""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gis.errors import ForbiddenError, NotFoundError, UsageError
from gis.mvt import varint
from gis.tiles import BUFFER, TileLayer, compress, encode, feature_ids, tile_bounds, tiles_over
from gis.types import BBox
from service.layers.model import MAX_LIMIT, LayerInfo, Query
from service.layers.source import FeatureSource
from service.layers.tiles import shown_properties, vector_layer

MOST_ZOOM = 14
_ROOT_BYTES = 16_384 - 127
"""The header and the root directory stand in the first 16 kB, which a client fetches first."""

_LEAF_ENTRIES = 4_096
_HEADER = "<7sBQQQQQQQQQQQBBBBBBiiiiBii"
_GZIP, _MVT = 2, 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch of tiles with the same bytes: first number, how many, where the bytes lie and how long they are."""

    tile: int
    offset: int
    length: int
    run: int


@dataclass(frozen=True, slots=True)
class Archive:
    """A PMTiles file and what it holds.

    Attributes
    ----------
    tiles, distinct
        Tiles that can be asked for, and those that are stored.
    """

    data: bytes
    features: int
    tiles: int
    distinct: int
    bounds: BBox


def archive(
    source: FeatureSource, layer: str, query: Query | None = None, *, min_zoom: int = 0, max_zoom: int = 12
) -> Archive:
    """Return the tiles of a public layer from `min_zoom` to `max_zoom`.

    Raises
    ------
    NotFoundError
        ``unknown_layer``, or ``empty_layer``: nothing with a geometry is in force on the day.
    ForbiddenError
        ``private_layer``: its rows depend on the reader, and a file is handed on.
    UsageError
        ``bad_zooms``.
    """
    info = source.describe(layer)
    _check(info, min_zoom, max_zoom)
    geometry, columns = _features(source, info, query or Query())
    if not len(geometry):
        raise NotFoundError(
            "empty_layer",
            f"图层 {info.id} 当日没有带图形的要素：请先载入数据，或用 --day 换一天",
            f"layer {info.id} has no feature with a shape on that day: load some, or choose another --day",
            value=info.id,
        )
    bounds = BBox(*(float(one) for one in shapely.total_bounds(geometry)))
    stored: dict[bytes, tuple[int, int]] = {}
    bodies: list[bytes] = []
    entries: list[Entry] = []
    size = count = 0
    for number, data in _pyramid(info, geometry, columns, bounds, min_zoom, max_zoom):
        packed = compress(data)
        place = stored.get(packed)
        if place is None:
            place = stored[packed] = (size, len(packed))
            bodies.append(packed)
            size += len(packed)
        count += 1
        last = entries[-1] if entries else None
        if last is not None and (last.offset, last.length, last.tile + last.run) == (*place, number):
            entries[-1] = Entry(last.tile, *place, last.run + 1)
        else:
            entries.append(Entry(number, *place, 1))
    data = _assembled(info, source, bounds, entries, b"".join(bodies), count, len(bodies), min_zoom, max_zoom)
    return Archive(data, len(geometry), count, len(bodies), bounds)


def _check(info: LayerInfo, min_zoom: int, max_zoom: int) -> None:
    if info.private or info.geometry is None:
        raise ForbiddenError(
            "private_layer",
            f"图层 {info.id} 的内容因读者而异，不能导出为瓦片文件：只有界线、网格与分区图层可以",
            f"what layer {info.id} shows depends on the reader, so it is not written to a tile file: borders, grid "
            "and zones are",
            value=info.id,
        )
    if not 0 <= min_zoom <= max_zoom <= MOST_ZOOM:
        raise UsageError(
            "bad_zooms",
            f"层级 {min_zoom} 至 {max_zoom} 有误：应为 0 至 {MOST_ZOOM}，且不倒置",
            f"zooms {min_zoom} to {max_zoom} are wrong: from 0 to {MOST_ZOOM}, the lower first",
            value=f"{min_zoom}-{max_zoom}",
        )


def _features(source: FeatureSource, info: LayerInfo, query: Query) -> tuple[Any, dict[str, list[Any]]]:
    """Return all shapes of a layer and their attributes, page by page."""
    names = shown_properties(info)
    shapes: list[Any] = []
    columns: dict[str, list[Any]] = {name: [] for name in names}
    after = None
    while True:
        page = source.query(
            info.id,
            Query(
                day=query.day,
                time=query.time,
                filter=query.filter,
                properties=names,
                limit=MAX_LIMIT,
                after=after,
            ),
        )
        kept = np.flatnonzero(~shapely.is_missing(page.geometry))
        shapes += page.geometry[kept].tolist()
        for name in names:
            columns[name] += [page.columns[name][row] for row in kept]
        after = page.next
        if after is None:
            found = np.empty(len(shapes), dtype=object)
            found[:] = shapes
            return found, columns


def _pyramid(
    info: LayerInfo, geometry: Any, columns: dict[str, list[Any]], bounds: BBox, min_zoom: int, max_zoom: int
) -> Iterator[tuple[int, bytes]]:
    """Yield the number and bytes of every tile that has something in it, in the order of the numbers."""
    tree = shapely.STRtree(geometry)
    ids = feature_ids(columns[info.id_property])
    arrays = {name: _array(values) for name, values in columns.items()}
    for z in range(min_zoom, max_zoom + 1):
        across, down = tiles_over(bounds, z)
        for number, x, y in sorted((tile_number(z, x, y), x, y) for x in across for y in down):
            box = tile_bounds(z, x, y, buffer=BUFFER)
            frame = shapely.box(box.min_lon, box.min_lat, box.max_lon, box.max_lat)
            rows = np.sort(tree.query(frame, predicate="intersects"))
            if not len(rows):
                continue
            near = {name: array[rows] for name, array in arrays.items()}
            data = encode([TileLayer(info.id, geometry[rows], near, ids[rows])], z, x, y)
            if data:
                yield number, data


def _array(values: Sequence[Any]) -> Any:
    if all(type(one) is float for one in values):
        return np.array(values)
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


# --- the file ---------------------------------------------------------------------------------------


def tile_number(z: int, x: int, y: int) -> int:
    """Return the number of a tile: those of lower zooms first, then along the Hilbert curve."""
    number = ((1 << 2 * z) - 1) // 3
    half = 1 << z >> 1
    while half:
        right, below = int(bool(x & half)), int(bool(y & half))
        number += half * half * ((3 * right) ^ below)
        if not below:
            if right:
                x, y = half - 1 - x, half - 1 - y
            x, y = y, x
        x, y = x & (half - 1), y & (half - 1)
        half >>= 1
    return number


def _assembled(
    info: LayerInfo,
    source: FeatureSource,
    bounds: BBox,
    entries: list[Entry],
    body: bytes,
    tiles: int,
    distinct: int,
    min_zoom: int,
    max_zoom: int,
) -> bytes:
    root, leaves = _directories(entries)
    metadata = _gzip(json.dumps(_metadata(info, source, min_zoom, max_zoom), ensure_ascii=False).encode())
    starts = [127]
    for part in (root, metadata, leaves):
        starts.append(starts[-1] + len(part))
    middle = ((bounds.min_lon + bounds.max_lon) / 2, (bounds.min_lat + bounds.max_lat) / 2)
    corners = (bounds.min_lon, bounds.min_lat, bounds.max_lon, bounds.max_lat)
    header = struct.pack(
        _HEADER,
        b"PMTiles",
        3,
        *(starts[0], len(root), starts[1], len(metadata), starts[2], len(leaves), starts[3], len(body)),
        *(tiles, len(entries), distinct),
        *(1, _GZIP, _GZIP, _MVT, min_zoom, max_zoom),
        *(_e7(one) for one in corners),
        min_zoom,
        *(_e7(one) for one in middle),
    )
    return b"".join((header, root, metadata, leaves, body))


def _metadata(info: LayerInfo, source: FeatureSource, min_zoom: int, max_zoom: int) -> dict[str, Any]:
    return {
        "name": f"{info.title_zh} {info.title_en}",
        "description": info.description_zh,
        "type": "overlay",
        "version": str(source.rev),
        "generator": "huodian",
        "vector_layers": [{**vector_layer(info), "minzoom": min_zoom, "maxzoom": max_zoom}],
    }


def _directories(entries: Sequence[Entry]) -> tuple[bytes, bytes]:
    """Return the root directory and the leaves; there are leaves only where the root would be too long."""
    root = _directory(entries)
    if len(root) <= _ROOT_BYTES:
        return root, b""
    size = _LEAF_ENTRIES
    while True:
        leaves = [_directory(entries[start : start + size]) for start in range(0, len(entries), size)]
        heads, at = [], 0
        for number, leaf in enumerate(leaves):
            heads.append(Entry(entries[number * size].tile, at, len(leaf), 0))
            at += len(leaf)
        root = _directory(heads)
        if len(root) <= _ROOT_BYTES:
            return root, b"".join(leaves)
        size *= 2


def _directory(entries: Sequence[Entry]) -> bytes:
    parts = [varint(len(entries))]
    last = 0
    for one in entries:
        parts.append(varint(one.tile - last))
        last = one.tile
    parts += [varint(one.run) for one in entries]
    parts += [varint(one.length) for one in entries]
    behind = None
    for one in entries:
        parts.append(varint(0 if one.offset == behind else one.offset + 1))
        behind = one.offset + one.length
    return _gzip(b"".join(parts))


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


def _e7(degrees: float) -> int:
    return round(degrees * 10_000_000)
