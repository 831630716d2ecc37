"""The day's map: a folium page whose every asset is local.

The page is used in two ways: served, with links to ``/static/vendor``, and as one file with everything inside, which
opens without any network. There are no base tiles, since none can be had offline: county borders, simplified for the
view only, and the fire points.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections import Counter
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

from gis.codes import level_of_code
from gis.errors import HuodianError
from gis.gcj02 import wgs84_to_gcj02
from gis.times import to_beijing
from gis.types import Level
from service.reports import geo, words
from service.reports.model import COUNTED, FireList, FireListRow
from service.web.vendor import VENDOR_URL, vendor_path

VIEW_TOLERANCE_M = 200
NEAR_TOLERANCE_M = 50
"""Borders are simplified for the view, less so where it opens on a county; attribution never reads them."""

LEAFLET_JS, LEAFLET_CSS = "leaflet/leaflet.js", "leaflet/leaflet.css"
_PAGE = Path(__file__).parent / "page"
_JILIN = (126.2, 43.7)
_MAX_ZOOM = 17
_METRES_PER_DEGREE = 100_000
"""Between a degree of latitude and one of longitude at 44° N: a tolerance of the view needs no better."""

_ZONED = frozenset({"two_zone", "unknown"})
"""Regimes under which a point without a zone lacks something."""

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


def day_map(
    fire_list: FireList,
    outlines: Sequence[Outline] = (),
    *,
    source: str = "",
    approval: str = "",
    inline: bool = False,
) -> str:
    """Return the HTML page of a fire list's map; equal input gives equal bytes.

    Parameters
    ----------
    outlines
        County polygons, stored CRS; the page opens on their extent, or on the points where there are none.
    source
        Whose borders they are, for the attribution.
    approval
        Map approval number (审图号); empty says that none is set.
    inline
        Whether to put every asset into the page instead of linking to ``/static/vendor``.

    Raises
    ------
    NotFoundError
        When the vendored assets were not built.
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
    root.title = html.escape(words.title(fire_list))
    root.html.add_child(_Raw(_panel(fire_list)), name="page_panel")
    layer = _Points(_data(fire_list, outlines))
    layer._id = "points"
    page.add_child(layer)
    text: str = root.render()
    # The style comes last, to overrule Leaflet's; the foot after the map, to be read after it.
    foot = _legend(fire_list) + _footer(source, approval, _tolerance_m(fire_list) if outlines else None)
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


def _data(fire_list: FireList, outlines: Sequence[Outline]) -> dict[str, Any]:
    points = [_point(row, fire_list) for row in fire_list.rows]
    if outlines:
        shown = _focus(fire_list, outlines) or outlines
        bounds = shapely.total_bounds(np.array([one.geometry for one in shown], dtype=object))
    elif points:
        lon, lat = ([row.lon for row in fire_list.rows], [row.lat for row in fire_list.rows])
        bounds = (min(lon), min(lat), max(lon), max(lat))
    else:
        bounds = (121.6, 40.8, 131.4, 46.4)
    west, south, east, north = (round(float(value), 4) for value in bounds)
    return {
        "points": points,
        "outlines": _outlines(outlines, _tolerance_m(fire_list)),
        "bounds": [[south, west], [north, east]],
    }


def _is_near(fire_list: FireList) -> bool:
    return level_of_code(fire_list.header.unit_code) is not Level.PROVINCE


def _tolerance_m(fire_list: FireList) -> int:
    return NEAR_TOLERANCE_M if _is_near(fire_list) else VIEW_TOLERANCE_M


def _focus(fire_list: FireList, outlines: Sequence[Outline]) -> list[Outline]:
    """Return the counties a list below the province is about: its unit and where its points lie."""
    if not _is_near(fire_list):
        return []
    codes = {fire_list.header.unit_code, *(row.county_code for row in fire_list.rows)}
    return [one for one in outlines if one.code in codes]


def _outlines(outlines: Sequence[Outline], tolerance_m: int) -> dict[str, Any]:
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


def _point(row: FireListRow, fire_list: FireList) -> dict[str, Any]:
    lon, lat = (float(value) for value in np.ravel(wgs84_to_gcj02(row.lon, row.lat)))
    return {
        "at": [row.lat, row.lon],
        "colour": geo.colour(row),
        "doubt": bool(row.in_doubt),
        "change": row.change,
        "title": geo.place_name(row),
        "facts": _facts(row, fire_list),
        "links": [
            ["导航 WGS84", _geo_uri(row.lon, row.lat)],
            ["导航 GCJ-02（高德、腾讯）", _geo_uri(lon, lat)],
        ],
    }


def _facts(row: FireListRow, fire_list: FireList) -> list[list[str]]:
    first, last = to_beijing(row.first_seen), to_beijing(row.last_seen)
    span = first.strftime("%Y-%m-%d %H:%M") + ("" if first == last else last.strftime(" – %H:%M"))
    seen_before = fire_list.header.recurring.get(row.fire_point_id)
    gone = fire_list.header.withdrawn.get(row.fire_point_id, {})
    facts = [
        ("编号", row.fire_point_id),
        ("变化", words.zh(words.CHANGE_WORDS, row.change)),
        ("撤销原因", f"{words.zh(words.WITHDRAWN_WORDS, gone.get('cause'))} {gone.get('now') or ''}".strip()),
        ("核查", words.zh(words.STATUS_WORDS, row.status)),
        ("时间（北京）", span),
        ("像元", f"{row.pixels}（{'、'.join(row.satellites)}）"),
        ("可信度", words.zh(words.CONFIDENCE_WORDS, row.confidence)),
        ("辐射功率", "" if row.frp_mw is None else f"{row.frp_mw:.1f} MW"),
        ("分区", row.zone or ("未知" if row.regime in _ZONED else "")),
        ("管控方式", words.zh(words.REGIME_WORDS, row.regime)),
        ("筛查", "" if row.screen == COUNTED else words.zh(words.SCREEN_WORDS, row.screen)),
        ("交界存疑", "、".join(words.zh(words.LEVEL_WORDS, level) for level in row.in_doubt)),
        (
            "近30日多发",
            ""
            if seen_before is None
            else f"{seen_before['fire_day']}，相距 {seen_before['distance_m']:.0f} 米",
        ),
        ("责任人", "；".join(row.duty)),
        ("坐标", f"{row.lon:.5f}°E {row.lat:.5f}°N（WGS84）"),
    ]
    return [[label, value] for label, value in facts if value]


def _geo_uri(lon: float, lat: float) -> str:
    """Return an RFC 5870 address; the query is what Android's map applications put a pin at."""
    place = f"{lat:.6f},{lon:.6f}"
    return f"geo:{place}?q={place}"


def _panel(fire_list: FireList) -> str:
    header = fire_list.header
    counts = fire_list.counts
    mark = words.DATA_WORDS[fire_list.status]
    badges = []
    if fire_list.informal:
        badges.append(f'<strong class="badge informal">{_text(mark.zh)}</strong>')
    if fire_list.issue is not None:
        badges.append(f'<span class="badge">第{fire_list.issue}期</span>')
    changes = Counter(row.change for row in fire_list.rows if row.change)
    badges += [
        f'<span class="badge">{said.zh} {changes[one]}</span>'
        for one, said in words.CHANGE_WORDS.items()
        if changes[one]
    ]
    day, feeds, said = (
        words.interval_line(fire_list),
        words.feeds_line(fire_list),
        words.counts_line(fire_list),
    )
    asof = "—" if header.last_ingest is None else to_beijing(header.last_ingest).strftime("%Y-%m-%d %H:%M")
    notes = [
        said,
        day,
        feeds,
        words.Words(f"最后入库 {asof}（北京时间）", f"last ingest {asof} (Beijing time)"),
    ]
    notes += [mark, *words.CAVEATS]
    listed = "".join(f'<li>{_text(one.zh)}<br><span lang="en">{_text(one.en)}</span></li>' for one in notes)
    return (
        f'<header class="top"><h1>{_text(header.unit)} {fire_list.fire_day.isoformat()} 疑似火点</h1>'
        f'<p class="badges">{"".join(badges)}</p>'
        f'<p class="counts">像元 <b>{counts["pixels"]}</b> / 火点 <b>{counts["fire_points"]}</b>'
        f" · 列入 <b>{counts['listed']}</b> · 未列入 <b>{sum(counts['left_out'].values())}</b></p>"
        f'<details class="notes"><summary>说明 Notes</summary><ul>{listed}</ul></details></header>'
    )


def _legend(fire_list: FireList) -> str:
    states = Counter("withdrawn" if row.withdrawn else row.status for row in fire_list.rows)
    lines = []
    for state, number in sorted(states.items(), key=lambda item: list(geo.STATUS_COLOURS).index(item[0])):
        said = words.CHANGE_WORDS.get(state) or words.STATUS_WORDS[state]
        dot = f'<i class="dot{" gone" if state == "withdrawn" else ""}" style="--c:{geo.STATUS_COLOURS[state]}"></i>'
        lines.append(f'<li>{dot}{said.zh} <span lang="en">{said.en}</span> <b>{number}</b></li>')
    doubtful = sum(bool(row.in_doubt) for row in fire_list.listed)
    lines.append(
        f'<li><i class="dot doubt"></i>交界火点 <span lang="en">boundary case</span> <b>{doubtful}</b></li>'
    )
    if fire_list.header.since is not None:
        fresh = sum(row.change in ("new", "changed") for row in fire_list.rows)
        lines.append(
            f'<li><i class="dot fresh"></i>新增或变更 <span lang="en">new or changed</span> <b>{fresh}</b></li>'
        )
    lines.append('<li><i class="line"></i>县界 <span lang="en">county border</span></li>')
    return f'<details class="legend" open><summary>图例 Legend</summary><ul>{"".join(lines)}</ul></details>'


def _footer(source: str, approval: str, tolerance_m: int | None) -> str:
    number = f"审图号：{_text(approval)}" if approval else "未设置审图号（no map approval number set）"
    borders = (
        f"界线：{_text(source or '未注明来源')}，仅作显示简化（约{tolerance_m}米），归属按原始界线计算。"
        if tolerance_m is not None
        else ""
    )
    return (
        f'<footer class="foot"><b>{number}</b>。{borders}疑似火点，未经现场核实；未列出不等于没有焚烧。'
        '<span lang="en">Borders simplified for the view only. Suspected fires, not verified on site.</span>'
        " 绘图 Leaflet、folium。</footer>"
    )


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


def _text(value: str) -> str:
    return html.escape(value, quote=True)


def _page_file(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
