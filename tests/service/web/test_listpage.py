"""The phone list: small, safe, callable, navigable, without a script."""

from __future__ import annotations

import datetime as dt
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from gis.errors import NotFoundError
from gis.gcj02 import gcj02_to_wgs84
from gis.times import to_beijing
from service.web.listpage import (
    MAX_BYTES,
    ROWS_PER_PAGE,
    View,
    gcj02_link,
    geo_link,
    page_policy,
    person,
    render_list,
    render_login,
    style,
)
from tests.service.web.lists import DAY, fire_list, row

TODAY = dt.date(2023, 10, 30)


def page(*rows: object, view: View | None = None, **changed: object) -> str:
    return render_list(fire_list(*rows, **changed), view or View(DAY), today=TODAY, nonce="n0nce")  # type: ignore[arg-type]


class Tags(HTMLParser):
    """Collects the start tags and the links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_a_row_says_where_when_and_whom_to_call() -> None:
    text = page(row())
    assert "农安县 · 农安镇" in text
    assert "10-29 12:51 北京时间" in text
    assert "未核查" in text
    assert 'href="tel:13800001234"' in text
    assert "呼叫 网格长 张三" in text
    assert 'href="geo:44.654321,125.123456?q=44.654321,125.123456(' in text


def test_english_on_request_and_every_link_keeps_it() -> None:
    text = page(row(), view=View(DAY, lang="en"))
    assert "Navigate" in text
    assert "导航" not in text
    inner = [link for link in Tags(text).links if link.startswith("/m")]
    assert inner
    assert sum("lang=en" not in link for link in inner) == 1, "only the switch back to Chinese drops it"
    assert f"/?date={DAY}&lang=en" in Tags(text).links, "the map speaks on in English"


def test_the_page_has_no_script_and_loads_nothing() -> None:
    tags = Tags(page(row()))
    assert not {"script", "img", "iframe", "object"} & set(tags.names)
    assert not tags.handlers
    assert not [link for link in tags.links if "//" in link]


def test_names_from_outside_stay_text() -> None:
    nasty = '"><script>alert(1)</script>'
    text = page(row(county=nasty, township=nasty, duty=(nasty,), satellites=(nasty,), fire_point_id=nasty))
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_page_of_the_longest_names_stays_small() -> None:
    """Real rows are short; a page must not depend on it."""
    wide = {
        "county": "&" * 40,
        "township": "前郭尔罗斯蒙古族自治县" * 4,
        "grid": "四级网格" * 12,
        "duty": tuple(f"{'某某屯网格员' * 6} 1380000{n:04d}" for n in range(9)),
        "satellites": ("NOAA-20", "SNPP", "NOAA-21", "Terra", "Aqua", "Landsat-8", "Himawari-9"),
        "boundary_case": dict.fromkeys(("county", "grid", "township", "zone"), True),
        "change": "changed",
        "screen": "zone_unknown",
    }
    rows = [row(number, **wide) for number in range(ROWS_PER_PAGE * 3)]
    for lang in ("zh", "en"):
        text = page(*rows, view=View(DAY, lang=lang, page=2))
        assert len(text.encode()) < MAX_BYTES


def test_pages_hold_every_row_once_and_in_order() -> None:
    rows = [row(number) for number in range(ROWS_PER_PAGE * 2 + 3)]
    seen: list[str] = []
    for number in (1, 2, 3):
        seen += re.findall(r"F\d{15}", page(*rows, view=View(DAY, page=number)))
    assert seen == [one.fire_point_id for one in rows]
    with pytest.raises(NotFoundError, match="4"):
        page(*rows, view=View(DAY, page=4))


def test_the_next_day_is_offered_only_until_today() -> None:
    assert "2023-10-30" in page(row())
    today = render_list(fire_list(), View(DAY), today=DAY, nonce="n")
    assert "2023-10-28" in today
    assert "2023-10-30" not in today


def test_an_empty_day_is_not_called_fire_free() -> None:
    text = page()
    assert "未列出不等于没有焚烧" in text
    assert "未到：Aqua" in text


def test_informal_data_is_marked() -> None:
    assert "非正式：合成数据" in page(row(), status="synthetic")
    assert 'class="mark"' not in page(row(), status="official")


def test_a_withdrawn_row_sends_nobody_anywhere() -> None:
    text = page(row(change="withdrawn"))
    assert "撤销" in text
    assert "geo:" not in text
    assert "tel:" not in text


def test_doubt_and_recurrence_are_said() -> None:
    text = page(row(boundary_case={"county": True, "township": False}))
    assert "交界：县" in text
    assert "乡镇</span>" not in text


def test_a_span_of_overpasses_shows_both_ends() -> None:
    later = to_beijing(dt.datetime(2023, 10, 29, 6, 30, tzinfo=dt.UTC))
    assert "10-29 12:51–14:30 北京时间" in page(row(last_seen=later))


def test_the_phone_map_link_is_shifted_as_chinese_maps_expect() -> None:
    link = gcj02_link(125.123456, 44.654321, "农安镇")
    lat, lon = (float(part) for part in link.removeprefix("geo:").split("?")[0].split(","))
    assert abs(lon - 125.123456) > 0.003, "GCJ-02 is some 500 m away here"
    back_lon, back_lat = gcj02_to_wgs84([lon], [lat])
    assert abs(back_lon[0] - 125.123456) < 2e-6
    assert abs(back_lat[0] - 44.654321) < 2e-6


def test_the_geo_link_is_latitude_first() -> None:
    link = geo_link(125.5, 44.25, "a)b&c")
    assert link.startswith("geo:44.250000,125.500000?q=44.250000,125.500000(")
    assert unquote(link).endswith("(a)b&c)")


@pytest.mark.parametrize(
    ("text", "name", "tel"),
    [
        ("网格长 张三 13800001234", "网格长 张三", "13800001234"),
        ("李四（包片）+86 13800001234", "李四（包片）", "13800001234"),
        ("值班室 0431-88901234", "值班室", "043188901234"),
        ("王五", "王五", ""),
        ("编号 1234567890123456789", "编号 1234567890123456789", ""),
    ],
)
def test_a_phone_number_is_found_in_a_duty_text(text: str, name: str, tel: str) -> None:
    assert person(text) == {"text": name, "tel": tel}


def test_links_of_a_view() -> None:
    view = View(DAY, lang="en", page=3, unit="220122")
    assert view.link(page=4) == "/m?date=2023-10-29&unit=220122&lang=en&page=4"
    assert view.link(date="2023-10-30") == "/m?date=2023-10-30&unit=220122&lang=en"
    assert View(None).link() == "/m"


def _luminance(colour: str) -> float:
    full = colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])
    parts = [int(full[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_reach_contrast_aa() -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text, on every ground it stands on."""
    grounds = {"#f3f3f0", "#fff"}
    dark = {"#1a1a1a", "#4a4a4a", "#004a8f"}
    pairs = [(text, ground) for text in dark for ground in grounds] + [
        ("#fff", ground) for ground in ("#7a1f00", "#004a8f", "#175c1b")
    ]
    used = set(re.findall(r"(?<![-\w])color:(#[0-9a-f]{3,6})", style()))
    assert used <= dark | {"#fff"}
    for text, ground in pairs:
        light, deep = sorted((_luminance(text), _luminance(ground)), reverse=True)
        assert (light + 0.05) / (deep + 0.05) >= 4.5, (text, ground)


def test_the_sign_in_page_never_repeats_what_was_typed() -> None:
    text = render_login(nonce="n", fault={"zh": "令牌无效", "en": "not valid"})
    assert 'type="password"' in text
    assert "value=" not in text.replace('name="leave" value="1"', "")
    assert "not valid" in text


def test_policy_of_pages() -> None:
    plain, scripted = page_policy("abc"), page_policy("abc", script=True)
    assert "script-src" not in plain
    assert "default-src 'none'" in plain
    assert "'unsafe-inline'" not in scripted.split("script-src", 1)[1].split(";", 1)[0]
    assert "frame-ancestors 'none'" in scripted
