"""What there is: landing page, conformance, collections, and the schema of each layer and of its filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.layers.model import GEOMETRY, LayerInfo, Property
from service.ogc import parameters as given
from service.ogc.crs import STORAGE, SUPPORTED
from service.ogc.encode import plain
from service.ogc.features import FORMATS
from service.ogc.links import link
from service.ogc.operation import GEOJSON, HTML, JSON, OPENAPI, SCHEMA_JSON, Answer, Asked, Operation, of_json
from service.ogc.pages import Cell, PageText, Table, html
from service.ogc.source import extent_of, layer_of, seam, settled, times_of

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
)

TITLE = "火点图层 Huodian layers"
_REL = "http://www.opengis.net/def/rel/ogc/1.0/"
_JSON_HTML: Mapping[str, str] = {"json": JSON, "html": HTML}
_SCHEMA_HTML: Mapping[str, str] = {"json": SCHEMA_JSON, "html": HTML}
_KINDS: Mapping[str, Mapping[str, str]] = {
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}


def landing(asked: Asked) -> Answer:
    """Answer the landing page."""
    to = asked.links.to
    links = [
        *_both(asked, (), "首页 Landing page"),
        link(to("api", query={"f": "json"}), "service-desc", OPENAPI, "接口说明 OpenAPI 3.0"),
        link(to("api", query={"f": "html"}), "service-doc", HTML, "接口说明 Operations"),
        link(to("conformance"), "conformance", JSON, "符合性 Conformance"),
        link(to("collections"), "data", JSON, "图层 Collections"),
        link(to("tileMatrixSets"), f"{_REL}tiling-schemes", JSON, "瓦片方案 Tile matrix sets"),
        link(to("styles"), f"{_REL}styles", JSON, "样式 Styles"),
    ]
    description = (
        "火点、像元、行政界线、分区、计划烧除和热源，按各人权限范围。"
        "Fire points, pixels, borders, zones, planned burns and heat sources, each within the reader's scope."
    )
    if asked.form == "html":
        return html(PageText(TITLE, (description,), (), links))
    return of_json({"title": TITLE, "description": description, "links": links})


def conformance(asked: Asked, classes: Sequence[str]) -> Answer:
    """Answer the conformance classes."""
    if asked.form == "html":
        table = Table("类 Classes", ["URI"], [[Cell(one)] for one in classes])
        links = _both(asked, ("conformance",), "符合性 Conformance")
        return html(PageText("符合性 Conformance", (), (table,), links, crumbs=_crumbs(asked)))
    return of_json({"conformsTo": list(classes)})


def collections(asked: Asked) -> Answer:
    """Answer every layer."""
    to = asked.links.to
    with seam(asked) as (_, reader):
        source = settled(asked, reader)
        found = [_collection(asked, source, info) for info in source.layers()]
    links = _both(asked, ("collections",), "图层 Collections")
    if asked.form == "html":
        rows = [
            [Cell(one["title"], to("collections", one["id"])), Cell(one["description"]), Cell(one["id"])]
            for one in found
        ]
        table = Table("图层 Collections", ["名称 Title", "说明 Description", "id"], rows)
        return html(PageText("图层 Collections", (), (table,), links, crumbs=_crumbs(asked)))
    return of_json({"links": links, "crs": [one.uri for one in SUPPORTED], "collections": found})


def collection(asked: Asked) -> Answer:
    """Answer one layer."""
    with seam(asked) as (_, reader):
        source = settled(asked, reader)
        info = layer_of(asked, source)
        found = _collection(asked, source, info)
    if asked.form == "html":
        rows = [
            [Cell(name), Cell(str(found.get(name, "")))] for name in ("id", "extent", "crs", "storageCrs")
        ]
        table = Table("说明 Description", ["", ""], rows)
        page = PageText(found["title"], (found["description"],), (table,), found["links"], _crumbs(asked))
        return html(page)
    return of_json(found)


def queryables(asked: Asked) -> Answer:
    """Answer what may stand in a filter of a layer, as JSON Schema."""
    with seam(asked) as (source, _):
        info = layer_of(asked, source)
    properties = [one for one in info.properties if one.filterable]
    document = _schema(asked, info, "queryables", properties)
    return _schema_answer(asked, info, document, "过滤属性 Queryables")


def schema(asked: Asked) -> Answer:
    """Answer the shape of a layer's features, as JSON Schema."""
    with seam(asked) as (source, _):
        info = layer_of(asked, source)
    document = _schema(asked, info, "schema", info.properties)
    return _schema_answer(asked, info, document, "属性 Schema")


def _collection(asked: Asked, source: Any, info: LayerInfo) -> dict[str, Any]:
    to = asked.links.to
    at = ("collections", info.id)
    found: dict[str, Any] = {
        "id": info.id,
        "title": f"{info.title_zh} {info.title_en}",
        "description": f"{info.description_zh}。{info.description_en}.",
        "itemType": "feature",
        "crs": [one.uri for one in SUPPORTED],
        "storageCrs": STORAGE.uri,
    }
    extent: dict[str, Any] = {}
    box = extent_of(source, info)
    if box is not None:
        extent["spatial"] = {
            "bbox": [[box.min_lon, box.min_lat, box.max_lon, box.max_lat]],
            "crs": SUPPORTED[0].uri,
        }
    times = times_of(source, info)
    if times is not None:
        prop = info.get(info.time_property or "")
        day = "T00:00:00+08:00" if prop is not None and prop.kind == "date" else ""
        extent["temporal"] = {"interval": [[None if one is None else f"{plain(one)}{day}" for one in times]]}
    if extent:
        found["extent"] = extent
    found["links"] = [
        *_both(asked, at, found["title"]),
        *(
            # The first without a query: GDAL puts the id of a feature right behind it.
            link(
                to(*at, "items", query={"f": form} if media != GEOJSON else None),
                "items",
                media,
                f"要素 Features ({form})",
            )
            for form, media in FORMATS.items()
        ),
        link(to(*at, "queryables"), f"{_REL}queryables", SCHEMA_JSON, "过滤属性 Queryables"),
        link(to(*at, "schema"), f"{_REL}schema", SCHEMA_JSON, "属性 Schema"),
    ]
    if info.geometry is not None:
        tiles = (*at, "tiles")
        found["links"] += [
            link(to(*tiles), f"{_REL}tilesets-vector", JSON, "矢量瓦片 Vector tiles"),
            link(to(*tiles, "WebMercatorQuad", "tilejson.json"), "describedby", JSON, "TileJSON"),
            link(to("styles", f"{info.id}.json"), f"{_REL}stylesheet", JSON, "MapLibre / QGIS style"),
        ]
    return found


def _schema(asked: Asked, info: LayerInfo, what: str, properties: Sequence[Property]) -> dict[str, Any]:
    described = {one.name: _property(info, one, roles=what == "schema") for one in properties}
    if info.geometry is not None:
        # No "type" beside it: QGIS takes the property for a geometry only by this reference.
        described[GEOMETRY] = {
            "title": "几何 geometry",
            "$ref": f"https://geojson.org/schema/{info.geometry}.json",
            "format": f"geometry-{info.geometry.lower()}",
            "x-ogc-role": "primary-geometry",
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": asked.links.to("collections", info.id, what),
        "type": "object",
        "title": f"{info.title_zh} {info.title_en}",
        "description": info.description_en,
        "properties": described,
        "additionalProperties": False,
    }


def _property(info: LayerInfo, prop: Property, *, roles: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": f"{prop.title_zh} {prop.title_en}",
        **_KINDS.get(prop.kind, {"type": prop.kind}),
    }
    if prop.unit is not None:
        found["x-ogc-unit"] = prop.unit
    if roles and prop.name == info.id_property:
        found["x-ogc-role"] = "id"
    if roles and prop.name == info.time_property:
        found["x-ogc-role"] = "primary-instant"
    return found


def _schema_answer(asked: Asked, info: LayerInfo, document: dict[str, Any], title: str) -> Answer:
    if asked.form != "html":
        return of_json(document, SCHEMA_JSON)
    rows = [
        [
            Cell(name),
            Cell(one["title"]),
            Cell(one.get("format") or one.get("type")),
            Cell(one.get("x-ogc-unit", "")),
        ]
        for name, one in document["properties"].items()
    ]
    table = Table(title, ["名称 Name", "含义 Meaning", "类型 Type", "单位 Unit"], rows)
    to = asked.links.to
    crumbs = (
        *_crumbs(asked),
        Cell("图层 Collections", to("collections")),
        Cell(document["title"], to("collections", info.id)),
    )
    links = [link(document["$id"], "self", SCHEMA_JSON, "JSON Schema")]
    return html(PageText(f"{document['title']} · {title}", (), (table,), links, crumbs))


def _both(asked: Asked, path: tuple[str, ...], title: str) -> list[dict[str, Any]]:
    return [
        link(
            asked.links.to(*path, query={"f": form}),
            "self" if form == asked.form else "alternate",
            media,
            title,
        )
        for form, media in _JSON_HTML.items()
    ]


def _crumbs(asked: Asked) -> tuple[Cell, ...]:
    return (Cell("OGC API", asked.links.to()),)


_READ = (given.AS_OF,)

OPERATIONS = (
    Operation("/", "getLandingPage", "Landing page", "Capabilities", _JSON_HTML, landing, schema="landing"),
    Operation(
        "/collections",
        "getCollections",
        "Layers",
        "Capabilities",
        _JSON_HTML,
        collections,
        _READ,
        "collections",
    ),
    Operation(
        "/collections/{collectionId}",
        "getCollection",
        "One layer",
        "Capabilities",
        _JSON_HTML,
        collection,
        _READ,
        "collection",
    ),
    Operation(
        "/collections/{collectionId}/queryables",
        "getQueryables",
        "What may stand in a filter",
        "Schemas",
        _SCHEMA_HTML,
        queryables,
        schema="schema",
    ),
    Operation(
        "/collections/{collectionId}/schema",
        "getSchema",
        "The shape of a layer's features",
        "Schemas",
        _SCHEMA_HTML,
        schema,
        schema="schema",
    ),
)
