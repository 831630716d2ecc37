"""Styles for MapLibre and QGIS: version 8, absolute addresses, colours that colour-blind readers tell apart.

No glyphs and no sprites are named: a style must not make a client ask another host, so it draws no labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gis.errors import NotFoundError
from gis.tiles import MAX_ZOOM
from service.layers.model import LayerInfo
from service.ogc import parameters as given
from service.ogc.links import link
from service.ogc.operation import JSON, STYLE, Answer, Asked, Operation, of_json
from service.ogc.source import extent_of, seam, settled
from service.ogc.tiles import tile_address

MAP = "map"
"""Name of the style that shows the layers of the web map together."""

_ON_MAP = ("counties", "zones", "planned_burns", "footprints", "fire_points")
_STATUS: Mapping[str, str] = {
    "unverified": "#d55e00",
    "confirmed": "#1a1a1a",
    "denied": "#0072b2",
    "denial_unreviewed": "#56b4e9",
    "unreachable": "#6b6b6b",
}
_ZONES: Mapping[str, str] = {"ban": "#cc79a7", "restricted": "#b8a800", "belt": "#7a5cc0"}
_COUNTS = ((1, "#fbe3c0"), (10, "#f5bd72"), (30, "#e38a35"), (100, "#a8510e"))
_GROUND = {"id": "ground", "type": "background", "paint": {"background-color": "#f4f5f6"}}
_JSON = {"json": JSON}


def styles(asked: Asked) -> Answer:
    """Answer the styles there are."""
    with seam(asked) as (source, _):
        infos = [info for info in source.layers() if info.geometry is not None]
    named = [(MAP, "火点图 Map"), *((info.id, f"{info.title_zh} {info.title_en}") for info in infos)]
    found = [
        {
            "id": name,
            "title": title,
            "links": [link(asked.links.to("styles", f"{name}.json"), "stylesheet", STYLE, title)],
        }
        for name, title in named
    ]
    return of_json({"default": MAP, "styles": found, "links": [link(asked.links.to("styles"), "self", JSON)]})


def style(asked: Asked) -> Answer:
    """Answer one style; day, filter and time go on into the tiles' addresses."""
    name = str(asked.path["styleId"]).removesuffix(".json")
    with seam(asked) as (_, reader):
        source = settled(asked, reader)
        known = {info.id: info for info in source.layers() if info.geometry is not None}
        if name != MAP and name not in known:
            raise NotFoundError(
                "unknown_style",
                f"没有样式 {name[:80]!r}：可用 {'、'.join((MAP, *known))}",
                f"there is no style {name[:80]!r}: there are {', '.join((MAP, *known))}",
                value=name[:80],
            )
        shown = [known[one] for one in (_ON_MAP if name == MAP else (name,))]
        box = extent_of(source, shown[0])
        credit = asked.context.settings.map_attribution
    sources = {
        info.id: {
            "type": "vector",
            "tiles": [tile_address(asked, info.id, asked.raw)],
            "minzoom": 0,
            "maxzoom": MAX_ZOOM,
            **({"attribution": credit} if credit else {}),
        }
        for info in shown
    }
    # QGIS draws a background with each vector tile layer, over the layers below: one layer's style has none.
    ground = [_GROUND] if name == MAP else []
    document: dict[str, Any] = {
        "version": 8,
        "name": name,
        "sources": sources,
        "layers": [*ground, *(layer for info in shown for layer in _drawn(info))],
    }
    if box is not None:
        document["center"] = [(box.min_lon + box.max_lon) / 2, (box.min_lat + box.max_lat) / 2]
        document["zoom"] = 6
    return of_json(document, STYLE)


def _drawn(info: LayerInfo) -> list[dict[str, Any]]:
    if info.geometry == "Point":
        return [_layer(info, "circle", "circle", _point(info.id))]
    fill, opacity, line, width = _area(info.id)
    drawn = [_layer(info, "fill", "fill", {"fill-color": fill, "fill-opacity": opacity})] if opacity else []
    return [*drawn, _layer(info, "line", "line", {"line-color": line, "line-width": width})]


def _point(layer: str) -> dict[str, Any]:
    colour: Any = {"heat_sources": "#5f3b8c", "pending": "#0b3d63"}.get(layer, "#d55e00")
    if layer == "fire_points":
        colour = ["match", ["get", "status"], *_pairs(_STATUS), "#d55e00"]
    return {
        "circle-color": colour,
        "circle-radius": 4 if layer == "detections" else 5,
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 1,
    }


def _area(layer: str) -> tuple[Any, float, Any, float]:
    """Return colour and opacity of a fill, colour and width of a line."""
    if layer == "zones":
        colour = ["match", ["get", "kind"], *_pairs(_ZONES), "#9aa0a6"]
        return colour, 0.22, colour, 1.2
    if layer == "standing":
        steps = [part for step in _COUNTS for part in step]
        return ["step", ["coalesce", ["get", "listed"], 0], "#f7f5ef", *steps], 0.75, "#6f7a86", 0.8
    plain: Mapping[str, tuple[str, float, str, float]] = {
        "footprints": ("#d55e00", 0.12, "#a04600", 1.0),
        "planned_burns": ("#009e73", 0.3, "#00684c", 1.5),
        "heat_cells": ("#5f3b8c", 0.3, "#5f3b8c", 1.0),
        "counties": ("#ffffff", 0.0, "#6f7a86", 1.4),
        "townships": ("#ffffff", 0.0, "#7d8794", 0.8),
    }
    return plain.get(layer, ("#ffffff", 0.0, "#5b7089", 0.7))


def _pairs(colours: Mapping[str, str]) -> list[str]:
    return [part for pair in colours.items() for part in pair]


def _layer(info: LayerInfo, part: str, kind: str, paint: dict[str, Any]) -> dict[str, Any]:
    name = f"{info.id}-{part}"
    return {"id": name, "type": kind, "source": info.id, "source-layer": info.id, "paint": paint}


OPERATIONS = (
    Operation("/styles", "getStyles", "Styles for MapLibre and QGIS", "Styles", _JSON, styles),
    Operation(
        "/styles/{styleId}",
        "getStyle",
        "A style for MapLibre and QGIS",
        "Styles",
        {"json": STYLE},
        style,
        (given.DAY, given.AS_OF),
        negotiates=False,
    ),
)
