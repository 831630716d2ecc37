"""The day's map: the fire list on county borders, as a served page or as one file that opens without any network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from gis.codes import level_of_code
from gis.times import to_beijing
from gis.types import Level
from service.reports import geo, words
from service.reports.mappage import Outline, bounds_of, drawn_outlines, footer, links_to, map_page, text_of
from service.reports.model import COUNTED, FireList, FireListRow

VIEW_TOLERANCE_M = 200
NEAR_TOLERANCE_M = 50
"""Borders are simplified for the view, less so where it opens on a county; attribution never reads them."""

_ZONED = frozenset({"two_zone", "unknown"})
"""Regimes under which a point without a zone lacks something."""

_CAVEAT = (
    "疑似火点，未经现场核实；未列出不等于没有焚烧。",
    "Suspected fires, not verified on site.",
)


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
    return map_page(
        title=words.title(fire_list),
        panel=_panel(fire_list),
        data=_data(fire_list, outlines),
        # The foot stands after the map, to be read after it.
        foot=_legend(fire_list)
        + footer(source, approval, _tolerance_m(fire_list) if outlines else None, _CAVEAT),
        inline=inline,
    )


def _data(fire_list: FireList, outlines: Sequence[Outline]) -> dict[str, Any]:
    shown = (_focus(fire_list, outlines) or outlines) if outlines else ()
    return {
        "points": [_point(row, fire_list) for row in fire_list.rows],
        "outlines": drawn_outlines(outlines, _tolerance_m(fire_list)),
        "bounds": bounds_of([one.geometry for one in shown], [(row.lon, row.lat) for row in fire_list.rows]),
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


def _point(row: FireListRow, fire_list: FireList) -> dict[str, Any]:
    return {
        "at": [row.lat, row.lon],
        "colour": geo.colour(row),
        "doubt": bool(row.in_doubt),
        "change": row.change,
        "title": geo.place_name(row),
        "facts": _facts(row, fire_list),
        "links": links_to(row.lon, row.lat),
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


def _panel(fire_list: FireList) -> str:
    header = fire_list.header
    counts = fire_list.counts
    mark = words.DATA_WORDS[fire_list.status]
    badges = []
    if fire_list.informal:
        badges.append(f'<strong class="badge informal">{text_of(mark.zh)}</strong>')
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
    listed = "".join(
        f'<li>{text_of(one.zh)}<br><span lang="en">{text_of(one.en)}</span></li>' for one in notes
    )
    return (
        f'<header class="top"><h1>{text_of(header.unit)} {fire_list.fire_day.isoformat()} 疑似火点</h1>'
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
