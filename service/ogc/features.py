"""Features of a layer: pages of them and one by its id, in every format (Part 1, clauses 7.15 and 7.16)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gis.times import iso_utc
from service.layers.model import LayerInfo, Page
from service.ogc import parameters as given
from service.ogc.crs import CRS84, Crs
from service.ogc.encode import csv_bytes, feature_collection, feature_id, features, flatgeobuf, plain
from service.ogc.links import link
from service.ogc.operation import CSV, FGB, GEOJSON, HTML, Answer, Asked, Operation, Unchanged, tag_of
from service.ogc.pages import Cell, PageText, Table, html
from service.ogc.source import beijing_day, layer_of, matched, no_such_feature, query_of, seam

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
)

FORMATS: Mapping[str, str] = {"json": GEOJSON, "html": HTML, "csv": CSV, "fgb": FGB}
_TITLES = {"json": "GeoJSON", "html": "网页 HTML", "csv": "CSV", "fgb": "FlatGeobuf"}
_HTML_ROWS = 50


def items(asked: Asked) -> Answer:
    """Answer a page of features."""
    crs: Crs = asked.values.get("crs", CRS84)
    with seam(asked) as (source, reader):
        info = layer_of(asked, source)
        query = query_of(asked, info)
        if asked.form == "html" and "limit" not in asked.values:
            query = replace(query, limit=_HTML_ROWS)
        # The day stands in the tag and in `next`: today's default must not change between two pages.
        query = replace(query, day=beijing_day(asked))
        tag = tag_of(
            source.key(info.id, query), asked.form, crs.uri, asked.links.root, sorted(asked.raw.items())
        )
        if asked.unchanged(tag):
            raise Unchanged(tag)
        page = source.query(info.id, query)
        total = page.matched
        if total is None:
            total = matched(asked, source, reader, page.rev, query)
    links = _links(asked, info, page)
    headers = {
        "Content-Crs": f"<{crs.uri}>",
        "OGC-NumberReturned": str(len(page)),
        "OGC-NumberMatched": str(total),
        "Link": ", ".join(f'<{one["href"]}>; rel="{one["rel"]}"; type="{one["type"]}"' for one in links),
    }
    if asked.form == "csv":
        headers["Content-Disposition"] = f'attachment; filename="{info.id}.csv"'
        return Answer(csv_bytes(page, crs), CSV, tag, headers=headers)
    if asked.form == "fgb":
        headers["Content-Disposition"] = f'attachment; filename="{info.id}.fgb"'
        return Answer(flatgeobuf(page, crs), FGB, tag, headers=headers)
    if asked.form == "html":
        return html(_items_page(asked, info, page, total, links), tag, headers)
    head = {
        # When the answer was made, whatever day it is about: never the clock that decides days and deadlines.
        "timeStamp": iso_utc(dt.datetime.now(dt.UTC)),
        "numberMatched": total,
        "numberReturned": len(page),
        "links": links,
    }
    return Answer(feature_collection(page, crs, head), GEOJSON, tag, headers=headers)


def item(asked: Asked) -> Answer:
    """Answer one feature; another reader's is not found, exactly as what does not exist."""
    crs: Crs = asked.values.get("crs", CRS84)
    wanted = str(asked.path["featureId"])
    with seam(asked) as (source, _reader):
        info = layer_of(asked, source)
        query = replace(query_of(asked, info), ids=(wanted,), limit=1, day=beijing_day(asked))
        tag = tag_of(
            source.key(info.id, query), asked.form, crs.uri, asked.links.root, sorted(asked.raw.items())
        )
        page = source.query(info.id, query)
    if not len(page):
        raise no_such_feature(info, wanted)
    if asked.unchanged(tag):
        raise Unchanged(tag)
    to, media = asked.links.to, dict(list(FORMATS.items())[:2])
    name = feature_id(info, page.columns[info.id_property][0])
    here = {key: text for key, text in asked.raw.items() if key != "f"}
    links = [
        link(
            to("collections", info.id, "items", name, query={**here, "f": form}),
            "self" if form == asked.form else "alternate",
            kind,
            _TITLES[form],
        )
        for form, kind in media.items()
    ]
    links.append(link(to("collections", info.id), "collection", "application/json", _title(info)))
    headers = {"Content-Crs": f"<{crs.uri}>"}
    if asked.form == "html":
        return html(_item_page(asked, info, page, links), tag, headers)
    return Answer(next(iter(features(page, crs, [links]))).encode(), GEOJSON, tag, headers=headers)


def _links(asked: Asked, info: LayerInfo, page: Page) -> list[dict[str, Any]]:
    to = asked.links.to
    here = {key: text for key, text in asked.raw.items() if key != "f"}
    links = [
        link(
            to("collections", info.id, "items", query={**here, "f": form}),
            "self" if form == asked.form else "alternate",
            media,
            _TITLES[form],
        )
        for form, media in FORMATS.items()
    ]
    if page.next is not None:
        query = {**here, "day": beijing_day(asked).isoformat(), "cursor": page.next, "f": asked.form}
        links.append(
            link(
                to("collections", info.id, "items", query=query),
                "next",
                FORMATS[asked.form],
                "下一页 Next page",
            )
        )
    links.append(link(to("collections", info.id), "collection", "application/json", _title(info)))
    return links


def _title(info: LayerInfo) -> str:
    return f"{info.title_zh} {info.title_en}"


def _items_page(
    asked: Asked, info: LayerInfo, page: Page, total: int, links: list[dict[str, Any]]
) -> PageText:
    to = asked.links.to
    names = list(page.columns)
    heads = [f"{prop.title_zh} {prop.title_en}" for name in names if (prop := info.get(name)) is not None]
    rows = [
        [
            Cell(
                plain(value), to("collections", info.id, "items", value) if name == info.id_property else None
            )
            for name, value in zip(names, values, strict=True)
        ]
        for values in zip(*page.columns.values(), strict=True)
    ]
    said = f"{len(page)} / {total} 条。{info.description_zh}"
    return PageText(
        _title(info),
        (said, f"{len(page)} of {total}. {info.description_en}"),
        (Table("要素 Features", heads, rows),),
        links,
        crumbs=_crumbs(asked, info),
    )


def _item_page(asked: Asked, info: LayerInfo, page: Page, links: list[dict[str, Any]]) -> PageText:
    rows = []
    for name, values in page.columns.items():
        prop = info.get(name)
        shown = name if prop is None else f"{prop.title_zh} {prop.title_en}"
        rows.append([Cell(shown), Cell(plain(values[0])), Cell((prop and prop.unit) or "")])
    name = str(page.columns[info.id_property][0])
    table = Table("属性 Properties", ["名称 Name", "值 Value", "单位 Unit"], rows)
    return PageText(f"{_title(info)} {name}", (), (table,), links, crumbs=_crumbs(asked, info))


def _crumbs(asked: Asked, info: LayerInfo) -> tuple[Cell, ...]:
    to = asked.links.to
    return (
        Cell("OGC API", to()),
        Cell("图层 Collections", to("collections")),
        Cell(_title(info), to("collections", info.id)),
    )


_READ = (given.CRS, given.DAY, given.AS_OF)

OPERATIONS = (
    Operation(
        "/collections/{collectionId}/items",
        "getFeatures",
        "Features of a layer, in pages",
        "Features",
        FORMATS,
        items,
        (
            *(given.BBOX, given.BBOX_CRS, given.DATETIME, given.LIMIT, given.CURSOR),
            *(given.FILTER, given.FILTER_LANG, given.FILTER_CRS, given.SORTBY, given.PROPERTIES, *_READ),
        ),
        "featureCollection",
    ),
    Operation(
        "/collections/{collectionId}/items/{featureId}",
        "getFeature",
        "One feature",
        "Features",
        {"json": GEOJSON, "html": HTML},
        item,
        (given.PROPERTIES, *_READ),
        "feature",
        route="/collections/{collectionId}/items/{featureId:path}",
    ),
)
