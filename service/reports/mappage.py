"""A map page made by folium whose every asset is local.

The page is used in two ways: served, with links to ``/static/vendor``, and as one file with everything inside, which
opens without any network. There are no base tiles, since none can be had offline: borders, simplified for the view
only, and points.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folium
import numpy as np
import shapely
from branca.element import Element, MacroElement
from folium.template import Template
from shapely.geometry.base import BaseGeometry

from gis.errors import HuodianError
from gis.gcj02 import wgs84_to_gcj02
from service.web.vendor import VENDOR_URL, vendor_path

LEAFLET_JS, LEAFLET_CSS = "leaflet/leaflet.js", "leaflet/leaflet.css"
_PAGE = Path(__file__).parent / "page"
_JILIN = (126.2, 43.7)
_MAX_ZOOM = 17
_METRES_PER_DEGREE = 100_000
"""Between a degree of latitude and one of longitude at 44° N: a tolerance of the view needs no better."""

_REMOTE_TAG = re.compile(r"""<[a-z][^>]*\s(?:src|href)\s*=\s*["']?\s*(?:[a-z]+:)?//""", re.IGNORECASE)
_REMOTE_STYLE = re.compile(r"""url\(\s*["']?\s*(?:https?:)?//|@import""", re.IGNORECASE)
_STYLE = re.compile(r"<style[^>]*>.*?</style>", re.IGNORECASE | re.DOTALL)
_JINJA = re.compile(r"\{(?=[{%#])")
_RELATIVE_URL = re.compile(r"""url\(\s*["']?(images/[\w.-]+)["']?\s*\)""")


@dataclass(frozen=True, slots=True)
class Outline:
    """A unit's polygon to draw under the points."""

    code: str
    name: str
    geometry: BaseGeometry


def map_page(*, title: str, panel: str, data: dict[str, Any], foot: str, inline: bool) -> str:
    """Return an HTML page with a map; equal input gives equal bytes.

    Parameters
    ----------
    title
        Text.
    panel, foot
        Markup above the map, and after it (a legend moves into the map).
    data
        What `daymap.js` draws: points, outlines, bounds.
    inline
        Whether to put every asset into the page instead of linking to ``/static/vendor``.

    Raises
    ------
    NotFoundError
        When the vendored assets were not built.
    HuodianError
        ``remote_asset``: the page would fetch something from elsewhere.
    """
    page = folium.Map(
        location=[_JILIN[1], _JILIN[0]], zoom_start=7, tiles=None, zoom_control=False, font_size="13px"
    )
    page._id = "day"
    page.options["max_zoom"] = _MAX_ZOOM
    page.options["zoom_snap"] = 0.25
    page.options["attribution_control"] = False
    page.default_js = [("leaflet", f"{VENDOR_URL}/{LEAFLET_JS}")]
    page.default_css = [("leaflet_css", f"{VENDOR_URL}/{LEAFLET_CSS}")]
    root: Any = page.get_root()
    root.title = html.escape(title)
    root.html.add_child(_Raw(panel), name="page_panel")
    layer = _Points(data)
    layer._id = "points"
    page.add_child(layer)
    text: str = root.render()
    # The style comes last, to overrule Leaflet's.
    icon = "" if inline else '<link rel="icon" href="data:,">\n'  # or every browser asks for one and gets 404
    for mark, put in (
        ("</head>", f"{icon}<style>{_page_file('daymap.css')}</style>\n</head>"),
        ("</body>", f"{foot}\n</body>"),
        ("<html>", '<html lang="zh-CN">'),
    ):
        text = text.replace(mark, put, 1)
    for name in (LEAFLET_JS, LEAFLET_CSS):
        vendor_path(name)
    text = _inlined(text) if inline else text
    _check_sealed(text)
    return text


def bounds_of(shapes: Sequence[BaseGeometry], places: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Return south-west and north-east corner (lat, lon) of shapes, of places (lon, lat) without any, else of Jilin."""
    if shapes:
        bounds = shapely.total_bounds(np.array(shapes, dtype=object))
    elif places:
        lon, lat = zip(*places, strict=True)
        bounds = (min(lon), min(lat), max(lon), max(lat))
    else:
        bounds = (121.6, 40.8, 131.4, 46.4)
    west, south, east, north = (round(float(value), 4) for value in bounds)
    return [[south, west], [north, east]]


def links_to(lon: float, lat: float) -> list[list[str]]:
    """Return addresses that open a phone's navigation, in either datum."""
    there = (float(value) for value in np.ravel(wgs84_to_gcj02(lon, lat)))
    return [["导航 WGS84", _geo_uri(lon, lat)], ["导航 GCJ-02（高德、腾讯）", _geo_uri(*there)]]


def footer(source: str, approval: str, tolerance_m: int | None, caveat: tuple[str, str]) -> str:
    """Return what stands under every map: approval number, whose borders, and what the points are not."""
    number = f"审图号：{text_of(approval)}" if approval else "未设置审图号（no map approval number set）"
    borders = (
        f"界线：{text_of(source or '未注明来源')}，仅作显示简化（约{tolerance_m}米），归属按原始界线计算。"
        if tolerance_m is not None
        else ""
    )
    return (
        f'<footer class="foot"><b>{number}</b>。{borders}{caveat[0]}'
        f'<span lang="en">Borders simplified for the view only. {caveat[1]}</span>'
        " 绘图 Leaflet、folium。</footer>"
    )


def drawn_outlines(outlines: Sequence[Outline], tolerance_m: int) -> dict[str, Any]:
    """Return the outlines as GeoJSON, simplified together so that neighbours keep one border."""
    shapes = np.array([one.geometry for one in outlines], dtype=object)
    if len(shapes):
        shapes = shapely.set_precision(
            shapely.coverage_simplify(shapes, tolerance_m / _METRES_PER_DEGREE), 1e-4, mode="pointwise"
        )
    features = []
    for one, shape in zip(outlines, shapes, strict=True):
        label = one.geometry.representative_point()
        properties = {"name": one.name, "at": [round(label.y, 4), round(label.x, 4)]}
        features.append(
            {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(shape)}
        )
    return {"type": "FeatureCollection", "features": features}


def _geo_uri(lon: float, lat: float) -> str:
    """Return an RFC 5870 address; the query is what Android's map applications put a pin at."""
    place = f"{lat:.6f},{lon:.6f}"
    return f"geo:{place}?q={place}"


class _Raw(Element):
    """Markup of ours, as it is: no template, so that braces in a name mean nothing."""

    _template = Template("{{ this.markup }}")

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.markup = markup


class _Points(MacroElement):
    """The borders and points, drawn by `daymap.js` from one JSON value."""

    _template = Template(
        "{% macro script(this, kwargs) %}{{ this.code }}"
        "drawDay({{ this._parent.get_name() }}, {{ this.data }});{% endmacro %}"
    )

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "points"
        self.code = _page_file("daymap.js")
        self.data = _script_json(data)


def _inlined(page: str) -> str:
    """Put the vendored script and style into the page."""
    script = vendor_path(LEAFLET_JS).read_text(encoding="utf-8")
    # Its only address is the link behind the attribution's prefix, which this page does not show.
    script = script.replace("https://leafletjs.com", "#").replace("//# sourceMappingURL=leaflet.js.map", "")
    style = _RELATIVE_URL.sub(_data_url, vendor_path(LEAFLET_CSS).read_text(encoding="utf-8"))
    page = page.replace(
        f'<script src="{VENDOR_URL}/{LEAFLET_JS}"></script>',
        f"<script>{_closed(script, 'script')}</script>",
        1,
    )
    return page.replace(
        f'<link rel="stylesheet" href="{VENDOR_URL}/{LEAFLET_CSS}"/>',
        f"<style>{_closed(style, 'style')}</style>",
        1,
    )


def _data_url(match: re.Match[str]) -> str:
    data = vendor_path(f"leaflet/{match[1]}").read_bytes()
    return f"url(data:image/png;base64,{base64.b64encode(data).decode()})"


def _closed(code: str, tag: str) -> str:
    if f"</{tag}" in code.lower():
        raise _not_local(f"</{tag} inside a vendored file")
    return code


def _check_sealed(page: str) -> None:
    """Refuse a page whose markup or style would fetch anything from elsewhere; text that looks so is only text."""
    found = _REMOTE_TAG.search(page)
    for style in _STYLE.findall(page):
        found = found or _REMOTE_STYLE.search(style)
    if found:
        raise _not_local(found[0][-120:])


def _not_local(value: str) -> HuodianError:
    return HuodianError(
        "remote_asset",
        f"地图页面含有非本地资源：{value}；请检查 folium 与前端资源版本",
        f"the map page would fetch something from elsewhere: {value}; check the versions of folium and the assets",
        value=value,
    )


def _script_json(value: Any) -> str:
    """Return JSON that can stand in a script element of a template: nothing in it can end or run anything."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for one in "<>&\u2028\u2029":
        text = text.replace(one, f"\\u{ord(one):04x}")
    # folium compiles the script as a template once more: nothing from data may open a tag of Jinja. Outside its
    # strings JSON never has such a pair.
    return _JINJA.sub(r"\\u007b", text)


def text_of(value: str) -> str:
    """Return a text as markup that says just that."""
    return html.escape(value, quote=True)


def _page_file(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
