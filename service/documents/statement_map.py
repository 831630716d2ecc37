"""The map of a statement as one HTML file for mailing: its charges where they burnt, in the words of the paper.

Everything but the borders around comes from the statement as it was frozen; beside it stands what became of it since.
Whoever may see the statement may see its amounts, and nobody else gets the page: `show_statement` has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import shapely

from service.documents import paper, terms
from service.documents.terms import word
from service.reports.mappage import (
    Outline,
    bounds_of,
    drawn_outlines,
    footer,
    links_to,
    map_page,
    text_of,
)

TOLERANCE_M = 50
"""As the map of a county's day: borders are simplified for the view only."""

STATES = {
    "charged": ("#d7301f", "扣款火点", "charged"),
    "objected": ("#e08214", "异议处理中", "objection open"),
    "nothing": ("#6b7280", "计零元", "nothing to pay"),
}
"""Colour and words of a charge; each differs in lightness too."""

_CAVEAT = (
    "点位为卫星像元中心，不是地块；金额以通知单原文为准。",
    "Points are centres of satellite pixels, not fields; the statement itself decides.",
)


def statement_map(
    shown: Mapping[str, Any],
    around: Sequence[Outline] = (),
    *,
    source: str = "",
    approval: str = "",
) -> str:
    """Return the page; equal input gives equal bytes.

    Parameters
    ----------
    shown
        What `service.billing.issued.show_statement` returned.
    around
        County polygons, stored CRS, drawn around the payer's own ground.
    source
        Whose borders they are.
    approval
        Map approval number (审图号); empty says that none is set.

    Raises
    ------
    NotFoundError
        When the vendored assets were not built.
    """
    document = shown["document"]
    lines = document.get("lines") or ()
    told = paper.lines(document)
    placed = [
        _point(one, words)
        for one, words in zip(lines, told, strict=True)
        if one.get("lon") is not None and one.get("lat") is not None
    ]
    own = _own(document)
    outlines = [*around] or own
    places = [(one["at"][1], one["at"][0]) for one in placed]
    shapes = [*(one.geometry for one in own), *(shapely.Point(place) for place in places)]
    return map_page(
        title=paper.file_title(document),
        panel=_panel(shown, placed),
        data={
            "points": placed,
            "outlines": drawn_outlines(outlines, TOLERANCE_M),
            "bounds": bounds_of(shapes, places),
        },
        foot=_legend(lines) + footer(source, approval, TOLERANCE_M if outlines else None, _CAVEAT),
        inline=True,
    )


def _own(document: Mapping[str, Any]) -> list[Outline]:
    """Return the payer's ground as the statement froze it."""
    found = []
    for unit in (document.get("map") or {}).get("outlines") or ():
        rings = [
            shapely.Polygon([(float(lon), float(lat)) for lon, lat in ring])
            for ring in unit.get("rings") or ()
            if len(ring) > 3
        ]
        if rings:
            found.append(
                Outline(str(unit.get("code")), str(unit.get("name")), shapely.multipolygons([rings])[0])
            )
    return found


def state_of(line: Mapping[str, Any]) -> str:
    """Return the code of a charge's colour in `STATES`."""
    if (line.get("objection") or {}).get("state") in ("open", "unanswered"):
        return "objected"
    return "charged" if Decimal(line["amount"]) else "nothing"


def _point(line: Mapping[str, Any], told: paper.Line) -> dict[str, Any]:
    lon, lat = float(line["lon"]), float(line["lat"])
    return {
        "at": [lat, lon],
        "colour": STATES[state_of(line)][0],
        "doubt": False,
        "change": None,
        "title": f"{told.no}. {told.place}",
        "facts": [[label, value] for label, value in _facts(told) if value],
        "links": links_to(lon, lat),
    }


def _facts(told: paper.Line) -> list[tuple[str, str]]:
    return [
        ("金额", f"{told.amount} 元"),
        ("编号", told.fire_point_id),
        ("本期", told.change),
        ("过境（北京）", f"{told.overpass} {told.satellite}"),
        ("认定", told.finding),
        ("核查", told.verified),
        ("面积", told.area),
        ("分区", told.zone),
        ("管控方式", told.regime),
        ("条款", f"{told.clause}，{told.ordinal}"),
        ("理由", told.reason),
        ("关联", told.linked),
        ("裁定", told.rulings),
        ("异议", told.objection),
        ("坐标", told.position),
    ]


def _panel(shown: Mapping[str, Any], placed: Sequence[Any]) -> str:
    document = shown["document"]
    badges = []
    if document.get("mark"):
        status = word(terms.STATUSES, document.get("status"))
        badges.append(f'<strong class="badge informal">{text_of(document["mark"])}：{status}数据</strong>')
    badges.append(f'<span class="badge">{text_of(word(terms.STATES, shown.get("state")))}</span>')
    lines, held = document.get("lines") or (), document.get("held") or ()
    due = paper.sums(document)[0]
    notes: list[tuple[str, str]] = [paper.INFORMAL] if document.get("mark") else []
    notes += [(f"{one.label} {one.yuan} 元（{one.upper}）", one.en) for one in paper.sums(document)]
    notes += [(f"{label}：{value}", "") for label, value in paper.parties(document)]
    notes.append((f"异议截止：{paper.deadline(document)}", "last day to object, Beijing time"))
    if len(placed) < len(lines):
        notes.append((f"{len(lines) - len(placed)} 个扣款火点没有坐标，不在图上", "charges without a place"))
    if held:
        notes.append((f"另有 {len(held)} 个火点待定，未计入本单", "fire points held, not in this statement"))
    notes.append((f"通知单校验值 SHA-256：{shown['sha256']}", "check it with huodian statement verify --sha"))
    listed = "".join(
        f"<li>{text_of(zh)}" + (f'<br><span lang="en">{text_of(en)}</span>' if en else "") + "</li>"
        for zh, en in notes
    )
    payer = document.get("payer") or {}
    return (
        f'<header class="top"><h1>{text_of(str(payer.get("name")))} '
        f"{text_of(paper.subtitle(document).replace('　', ' '))} {text_of(paper.title(document))}</h1>"
        f'<p class="badges">{"".join(badges)}</p>'
        f'<p class="counts">扣款火点 <b>{len(lines)}</b> · {text_of(due.label)} <b>{text_of(due.yuan)}</b> 元</p>'
        f'<details class="notes"><summary>说明 Notes</summary><ul>{listed}</ul></details></header>'
    )


def _legend(lines: Sequence[Mapping[str, Any]]) -> str:
    states = [state_of(one) for one in lines]
    rows = [
        f'<li><i class="dot" style="--c:{colour}"></i>{zh} <span lang="en">{en}</span> <b>{states.count(code)}</b></li>'
        for code, (colour, zh, en) in STATES.items()
        if code in states
    ]
    rows.append('<li><i class="line"></i>县界 <span lang="en">county border</span></li>')
    return f'<details class="legend" open><summary>图例 Legend</summary><ul>{"".join(rows)}</ul></details>'
