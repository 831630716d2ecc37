"""The list for a weak phone (``/m``): server-rendered, no script, no picture, under 40 kB a page."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gis.errors import NotFoundError
from gis.times import to_beijing
from service.reports import words
from service.reports.model import FireList, FireListRow

ROWS_PER_PAGE = 20
"""So that a page of the longest names stays under `MAX_BYTES`."""

MAX_BYTES = 40_000
_NAME, _PERSON, _PERSONS, _LABEL = 24, 24, 3, 10
_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1\d{10}|0\d{2,3}[- ]?\d{7,8})(?!\d)")
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class View:
    """What the reader asked for: it goes into every link of the page.

    Attributes
    ----------
    day
        Day shown; None is today's.
    """

    day: dt.date | None
    lang: str = "zh"
    page: int = 1
    unit: str | None = None

    def link(self, path: str = "/m", **changed: Any) -> str:
        """Return the address of this view with some of it `changed`; a change of day or unit starts at page 1."""
        values: dict[str, Any] = {
            "date": self.day and self.day.isoformat(),
            "unit": self.unit,
            "lang": None if self.lang == "zh" else self.lang,
            "page": self.page if {"date", "unit"}.isdisjoint(changed) else 1,
            **changed,
        }
        if values["lang"] == "zh":
            values["lang"] = None
        if values["page"] == 1:
            values["page"] = None
        query = urlencode({name: str(value) for name, value in values.items() if value is not None})
        return f"{path}?{query}" if query else path


def nonce() -> str:
    """Return a fresh nonce for a page's inline style or script."""
    return secrets.token_urlsafe(16)


def page_policy(nonce: str, *, script: bool = False) -> str:
    """Return the Content-Security-Policy of a page: nothing from anywhere else, inline only under the nonce.

    Leaflet and folium set ``style`` attributes, so a page with a script (the map) admits inline style; inline script
    needs the nonce on every page.
    """
    scripts = (
        f"script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
        if script
        else (f"style-src 'nonce-{nonce}'; ")
    )
    return (
        f"default-src 'none'; {scripts}img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def render_list(fire_list: FireList, view: View, *, today: dt.date, nonce: str) -> str:
    """Return one page of the list, in patrol order.

    Raises
    ------
    NotFoundError
        When the list has no such page.
    """
    chinese = view.lang == "zh"
    pages = max(1, -(-len(fire_list.rows) // ROWS_PER_PAGE))
    if view.page > pages:
        raise NotFoundError(
            "no_such_page",
            f"没有第 {view.page} 页：共 {pages} 页",
            f"there is no page {view.page}: the list has {pages}",
            value=view.page,
        )
    first = (view.page - 1) * ROWS_PER_PAGE
    say = _picker(chinese)
    day = fire_list.fire_day
    return (
        _templates()
        .get_template("list.html")
        .render(
            zh=chinese,
            title=_title(fire_list, chinese),
            mark=say(words.DATA_WORDS[fire_list.status]) if fire_list.informal else "",
            counts=say(words.counts_line(fire_list)),
            feeds=say(words.feeds_line(fire_list)),
            known=_known(fire_list, chinese),
            rows=[
                _row(row, number, chinese, fire_list)
                for number, row in enumerate(fire_list.rows[first : first + ROWS_PER_PAGE], first + 1)
            ],
            first=first + 1,
            before=day - dt.timedelta(days=1),
            after=day + dt.timedelta(days=1) if day < today else None,
            page=view.page,
            pages=pages,
            caveats=[say(line) for line in words.CAVEATS],
            link=view.link,
            map_link=f"/?date={day.isoformat()}{'' if chinese else '&lang=en'}",
            css=style(),
            nonce=nonce,
        )
    )


def render_login(*, nonce: str, fault: Any = None, signed_in: bool = False) -> str:
    """Return the sign-in page."""
    return (
        _templates()
        .get_template("login.html")
        .render(nonce=nonce, css=style(), fault=fault, signed_in=signed_in)
    )


@cache
def style() -> str:
    """Return the style that the server-rendered pages share, inline because one request is what a weak line has."""
    return (TEMPLATES / "base.css").read_text(encoding="utf-8").replace("\n", "")


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _picker(chinese: bool) -> Callable[[words.Words], str]:
    return lambda one: one.zh if chinese else one.en


def _title(fire_list: FireList, chinese: bool) -> str:
    """Return the heading; the data status stands in the mark below it."""
    issue = (
        "" if fire_list.issue is None else f" 第{fire_list.issue}期" if chinese else f" No. {fire_list.issue}"
    )
    what = "疑似火点清单" if chinese else "suspected fire points"
    return f"{fire_list.header.unit} {fire_list.fire_day} {what}{issue}"


def _known(fire_list: FireList, chinese: bool) -> str:
    moment = fire_list.header.last_ingest
    if moment is None:
        return "尚未接收任何数据" if chinese else "no feed has arrived yet"
    text = to_beijing(moment).strftime("%m-%d %H:%M")
    return f"最近接收数据：{text}（北京时间）" if chinese else f"last feed received: {text}, Beijing time"


def _row(row: FireListRow, number: int, chinese: bool, fire_list: FireList) -> dict[str, Any]:
    names = [_short(name, _NAME) for name in (row.county, row.township, row.grid) if name]
    place = " · ".join(names) or ("未定位到县" if chinese else "no county found")
    label = (
        _short(names[-1], _LABEL) if names else row.fire_point_id
    )  # percent-encoded, a character is nine bytes
    first, last = to_beijing(row.first_seen), to_beijing(row.last_seen)
    times = first.strftime("%m-%d %H:%M") + (f"–{last:%H:%M}" if last != first else "")
    satellites = _short("、".join(row.satellites) if chinese else ", ".join(row.satellites), 60)
    frp = "" if row.frp_mw is None else f" · {row.frp_mw:.1f} MW"
    return {
        "number": number,
        "id": row.fire_point_id,
        "place": place,
        "gone": row.withdrawn,
        "tags": _tags(row, chinese, fire_list),
        "when": f"{times} {'北京时间' if chinese else 'Beijing time'}",
        "seen": f"{satellites} · {row.pixels} {'像元' if chinese else 'pixels'}{frp}",
        "position": f"{row.lon:.5f}, {row.lat:.5f}",
        "geo": geo_link(row.lon, row.lat, label),
        "gcj02": gcj02_link(row.lon, row.lat, label),
        "duty": [person(text) for text in row.duty[:_PERSONS]],
    }


def _tags(row: FireListRow, chinese: bool, fire_list: FireList) -> list[dict[str, Any]]:
    word = words.zh if chinese else words.en
    tags = [(word(words.CHANGE_WORDS, row.change), row.change is not None)]
    tags.append((word(words.STATUS_WORDS, row.status), row.status == "unverified"))
    if row.in_doubt:
        levels = [word(words.LEVEL_WORDS, level) for level in row.in_doubt]
        said = f"交界：{'、'.join(levels)}" if chinese else f"border case: {', '.join(levels)}"
        tags.append((said, True))
    if row.fire_point_id in fire_list.header.recurring:
        tags.append(("近30日多发" if chinese else "recurring place", True))
    if row.screen != "counted":
        tags.append((word(words.SCREEN_WORDS, row.screen), False))
    confidence = word(words.CONFIDENCE_WORDS, row.confidence)
    tags.append((f"可信度{confidence}" if chinese else f"confidence {confidence}", False))
    return [{"text": text, "hot": hot} for text, hot in tags if text]


def geo_link(lon: float, lat: float, label: str) -> str:
    """Return a ``geo:`` link (RFC 5870, WGS84), which a phone opens in its map."""
    at = f"{lat:.6f},{lon:.6f}"
    return f"geo:{at}?q={at}({quote(label, safe='')})"


def gcj02_link(lon: float, lat: float, label: str) -> str:
    """Return the same link in GCJ-02, which is how Amap and Tencent's map on a Chinese phone read it."""
    from gis.gcj02 import wgs84_to_gcj02

    (shifted_lon,), (shifted_lat,) = wgs84_to_gcj02([lon], [lat])
    return geo_link(float(shifted_lon), float(shifted_lat), label)


def person(text: str) -> dict[str, str]:
    """Return a duty-holder's text and the telephone number in it, ready for a ``tel:`` link."""
    found = _PHONE.search(text)
    digits = re.sub(r"[^\d]", "", found.group(1)) if found else ""
    name = " ".join(text.replace(found.group(0), " ").split()) if found else text
    return {"text": _short(name, _PERSON), "tel": digits}


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
