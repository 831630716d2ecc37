"""Vector tiles of the layers on the WebMercatorQuad grid (OGC API Tiles Part 1), and TileJSON 3 of each."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from gis.errors import NotFoundError
from gis.tiles import MAX_ZOOM
from service.layers.model import LayerInfo
from service.layers.tile_cache import TileCache, tile_key
from service.layers.tiles import shown_properties, vector_layer
from service.ogc import parameters as given
from service.ogc.links import link
from service.ogc.operation import JSON, MVT, Answer, Asked, Operation, Unchanged, of_json, tag_of
from service.ogc.source import extent_of, layer_of, query_of, seam, settled

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/datetime",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
)

MATRIX_SET = "WebMercatorQuad"
_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{MATRIX_SET}"
_CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
_REL = "http://www.opengis.net/def/rel/ogc/1.0/"
_HALF = math.pi * 6378137.0
_PIXEL_M = 0.00028
_JSON = {"json": JSON}
_WIDTH = 256


def tilesets(asked: Asked) -> Answer:
    """Answer the tilesets of a layer: one."""
    with seam(asked) as (source, _):
        info = _with_tiles(layer_of(asked, source))
    at = ("collections", info.id, "tiles")
    head = _head(asked, info)
    head["links"] = [
        link(asked.links.to(*at, MATRIX_SET), "self", JSON, head["title"]),
        *_tile_links(asked, info),
    ]
    here = link(asked.links.to(*at), "self", JSON, "矢量瓦片 Vector tiles")
    return of_json({"links": [here], "tilesets": [head]})


def tileset(asked: Asked) -> Answer:
    """Answer what a tileset is."""
    _matrix_set(asked)
    with seam(asked) as (_, reader):
        source = settled(asked, reader)
        info = _with_tiles(layer_of(asked, source))
        box = extent_of(source, info)
    at = ("collections", info.id, "tiles", MATRIX_SET)
    document = _head(asked, info)
    if box is not None:
        document["boundingBox"] = {
            "lowerLeft": [box.min_lon, box.min_lat],
            "upperRight": [box.max_lon, box.max_lat],
            "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        }
    document["layers"] = [
        {
            "id": info.id,
            "title": f"{info.title_zh} {info.title_en}",
            "dataType": "vector",
            "geometryDimension": 0 if info.geometry == "Point" else 2,
            "propertiesSchema": {
                "type": "object",
                "properties": {name: {"title": name} for name in shown_properties(info)},
            },
        }
    ]
    document["links"] = [
        link(asked.links.to(*at), "self", JSON, document["title"]),
        *_tile_links(asked, info),
        link(asked.links.to("collections", info.id), f"{_REL}geodata", JSON, info.title_zh),
    ]
    return of_json(document)


def tilejson(asked: Asked) -> Answer:
    """Answer TileJSON 3 of a layer; the parameters go on into the tiles' address."""
    _matrix_set(asked)
    with seam(asked) as (_, reader):
        source = settled(asked, reader)
        info = _with_tiles(layer_of(asked, source))
        query_of(asked, info)  # refused here, not tile by tile
        box = extent_of(source, info)
    document: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": f"{info.title_zh} {info.title_en}",
        "description": info.description_zh,
        "scheme": "xyz",
        "tiles": [tile_address(asked, info.id, asked.raw)],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "vector_layers": [{**vector_layer(info), "minzoom": 0, "maxzoom": MAX_ZOOM}],
    }
    if box is not None:
        document["bounds"] = [box.min_lon, box.min_lat, box.max_lon, box.max_lat]
    return of_json(document)


def tile_address(asked: Asked, layer: str, query: Any) -> str:
    """Return the template of a layer's tiles as MapLibre and QGIS take it."""
    at = asked.links.to("collections", layer, "tiles", MATRIX_SET)
    tail = asked.links.to(query={**query, "f": "mvt"}).partition("?")[2]
    return f"{at}/{{z}}/{{y}}/{{x}}?{tail}"


def matrix_sets(asked: Asked) -> Answer:
    """Answer the grids there are: one."""
    to = asked.links.to
    one = {
        "id": MATRIX_SET,
        "title": "Google Maps Compatible for the World",
        "uri": _URI,
        "crs": _CRS,
        "links": [link(to("tileMatrixSets", MATRIX_SET), "self", JSON, MATRIX_SET)],
    }
    return of_json({"links": [link(to("tileMatrixSets"), "self", JSON)], "tileMatrixSets": [one]})


def matrix_set(asked: Asked) -> Answer:
    """Answer the grid, all its zooms."""
    _matrix_set(asked)
    matrices = []
    for zoom in range(MAX_ZOOM + 1):
        cell = 2 * _HALF / (_WIDTH * 2**zoom)
        matrices.append(
            {
                "id": str(zoom),
                "scaleDenominator": cell / _PIXEL_M,
                "cellSize": cell,
                "pointOfOrigin": [-_HALF, _HALF],
                "tileWidth": _WIDTH,
                "tileHeight": _WIDTH,
                "matrixWidth": 2**zoom,
                "matrixHeight": 2**zoom,
            }
        )
    return of_json(
        {
            "id": MATRIX_SET,
            "title": "Google Maps Compatible for the World",
            "uri": _URI,
            "crs": _CRS,
            "orderedAxes": ["X", "Y"],
            "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
            "tileMatrices": matrices,
        }
    )


def operations(cache: TileCache) -> tuple[Operation, ...]:
    """Return the operations of tiles; `cache` keeps the tiles of one application."""

    def tile(asked: Asked) -> Answer:
        return _tile(asked, cache)

    read = (given.DATETIME, given.FILTER, given.FILTER_LANG, given.FILTER_CRS, given.DAY, given.AS_OF)
    at = "/collections/{collectionId}/tiles"
    return (
        Operation(at, "getTilesets", "Tilesets of a layer", "Tiles", _JSON, tilesets),
        Operation(
            f"{at}/{{tileMatrixSetId}}", "getTileset", "A tileset", "Tiles", _JSON, tileset, (given.AS_OF,)
        ),
        Operation(
            f"{at}/{{tileMatrixSetId}}/tilejson.json",
            "getTileJSON",
            "TileJSON of a layer",
            "Tiles",
            _JSON,
            tilejson,
            read,
            negotiates=False,
        ),
        Operation(
            f"{at}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}",
            "getTile",
            "A vector tile",
            "Tiles",
            {"mvt": MVT},
            tile,
            (*read, given.PROPERTIES, given.BBOX),
            empty=True,
        ),
        Operation("/tileMatrixSets", "getTileMatrixSets", "Grids of tiles", "Tiles", _JSON, matrix_sets),
        Operation(
            "/tileMatrixSets/{tileMatrixSetId}",
            "getTileMatrixSet",
            "A grid of tiles",
            "Tiles",
            _JSON,
            matrix_set,
        ),
    )


def _tile(asked: Asked, cache: TileCache) -> Answer:
    _matrix_set(asked)
    z, y, x = (_number(asked, name) for name in ("tileMatrix", "tileRow", "tileCol"))
    if z > MAX_ZOOM or y >= 2**z or x >= 2**z:
        raise _no_such_tile(asked)
    with seam(asked) as (source, _):
        info = _with_tiles(layer_of(asked, source))
        query = replace(query_of(asked, info), limit=1)
        tag = tag_of(tile_key(source, info.id, z, x, y, query))
        if asked.unchanged(tag):
            raise Unchanged(tag)
        made = cache.tile(source, info.id, z, x, y, query)
    if not made.data:
        return Answer(b"", MVT, tag, status=204)
    return Answer(made.data, MVT, tag, encoded=True)


def _head(asked: Asked, info: LayerInfo) -> dict[str, Any]:
    return {
        "title": f"{info.title_zh} {info.title_en}",
        "dataType": "vector",
        "crs": _CRS,
        "tileMatrixSetURI": _URI,
    }


def _tile_links(asked: Asked, info: LayerInfo) -> list[dict[str, Any]]:
    to = asked.links.to
    at = to("collections", info.id, "tiles", MATRIX_SET)
    tile = f"{at}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f=mvt"
    return [
        link(tile, "item", MVT, "瓦片 Tiles", templated=True),
        link(f"{at}/tilejson.json", "describedby", JSON, "TileJSON"),
        link(to("tileMatrixSets", MATRIX_SET), f"{_REL}tiling-scheme", JSON, MATRIX_SET),
    ]


def _number(asked: Asked, name: str) -> int:
    text = str(asked.path[name])
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _no_such_tile(asked)
    return int(text)


def _matrix_set(asked: Asked) -> None:
    wanted = str(asked.path["tileMatrixSetId"])
    if wanted != MATRIX_SET:
        raise NotFoundError(
            "unknown_tile_matrix_set",
            f"没有瓦片方案 {wanted[:80]!r}：可用 {MATRIX_SET}",
            f"there is no tile matrix set {wanted[:80]!r}: there is {MATRIX_SET}",
            value=wanted[:80],
        )


def _with_tiles(info: LayerInfo) -> LayerInfo:
    if info.geometry is None:
        raise NotFoundError(
            "no_tiles",
            f"图层 {info.id} 没有几何，因此没有瓦片",
            f"the layer {info.id} has no geometry, so no tiles",
        )
    return info


def _no_such_tile(asked: Asked) -> NotFoundError:
    place = "/".join(str(asked.path[name])[:20] for name in ("tileMatrix", "tileRow", "tileCol"))
    return NotFoundError(
        "no_such_tile",
        f"没有瓦片 {place}：级别 0 至 {MAX_ZOOM}，行列为该级别内的整数",
        f"there is no tile {place}: zooms are 0 to {MAX_ZOOM}, row and column whole numbers within the zoom",
        value=place,
    )
