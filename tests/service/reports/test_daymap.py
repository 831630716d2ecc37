"""The day's map: nothing from elsewhere, nothing that data could run, and it opens on what the list is about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
from playwright.sync_api import Browser, sync_playwright

from gis.errors import HuodianError
from service.reports.build import build
from service.reports.daymap import day_map
from service.reports.mappage import Outline, _check_sealed
from service.reports.outlines import county_borders
from service.store import Store
from tests import components
from tests.service.reports.lists import DAY, a_list, a_row, small
from tests.service.reports.test_build import EVERYONE

NONGAN = Outline("220122", "农安县", shapely.box(124.5, 44, 125.5, 45))
YUSHU = Outline("220182", "榆树市", shapely.box(126, 44.5, 127, 45))
SIZES = ({"width": 1280, "height": 800}, {"width": 360, "height": 740})


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r"drawDay\(map_day, (\{.*\})\);", page)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_equal_lists_are_equal_pages() -> None:
    assert day_map(small(), [NONGAN]) == day_map(small(), [NONGAN])


def test_one_file_has_everything_inside_and_a_served_page_links_to_this_server_only() -> None:
    served, single = day_map(small()), day_map(small(), inline=True)
    assert re.findall(r'(?:src|href)="([^"]+)"', served) == [
        "/static/vendor/leaflet/leaflet.js",
        "/static/vendor/leaflet/leaflet.css",
        "data:,",
    ]
    assert "/static/" not in single
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=", single)


@pytest.mark.parametrize(
    "bad",
    [
        '<script src="https://x/y.js">',
        "<link href=//x/y.css>",
        "<style>a{background:url(http://x/y.png)}</style>",
        "<style>@import 'x'</style>",
    ],
)
def test_a_page_that_would_fetch_from_elsewhere_is_refused(bad: str) -> None:
    with pytest.raises(HuodianError) as caught:
        _check_sealed(f"<html>{bad}</html>")
    assert caught.value.code == "remote_asset"


def test_text_from_data_cannot_end_the_script_or_become_markup() -> None:
    hostile = "</script><img src=//x onerror=alert(1)>{{ 7*7 }}{% raw %}{#{{{<!--"
    made = a_list(a_row(county=hostile, duty=(hostile,)))
    page = day_map(replace(made, header=replace(made.header, unit=hostile)), [replace(NONGAN, name=hostile)])
    assert "<img" not in page
    assert "{{ 7*7 }}" in page.split("<header")[1].split("</header>")[0]
    assert page.count("</script>") == day_map(a_list(a_row())).count("</script>")
    assert data_of(page)["points"][0]["title"].startswith(hostile)


def test_the_page_says_that_data_are_informal_and_whether_the_map_is_approved() -> None:
    assert "非正式：参考数据" in day_map(small())
    assert "未设置审图号" in day_map(small())
    assert "审图号：吉S(2026)001号" in day_map(small(), approval="吉S(2026)001号")


def test_a_province_opens_on_the_province_and_a_county_on_the_county() -> None:
    made = a_list(a_row())
    county = replace(made, header=replace(made.header, unit_code="220122"))
    assert data_of(day_map(made, [NONGAN, YUSHU]))["bounds"] == [[44.0, 124.5], [45.0, 127.0]]
    assert data_of(day_map(county, [NONGAN, YUSHU]))["bounds"] == [[44.0, 124.5], [45.0, 125.5]]
    assert data_of(day_map(made))["bounds"][0] == [44.5199, 124.8221]


def test_a_point_leads_there_in_both_datums() -> None:
    (wgs84, gcj02) = (link for _, link in data_of(day_map(a_list(a_row())))["points"][0]["links"])
    assert wgs84 == "geo:44.519870,124.822130?q=44.519870,124.822130"
    lat, lon = (float(one) for one in gcj02[4:].split("?")[0].split(","))
    assert 0.001 < abs(lon - 124.82213) + abs(lat - 44.51987) < 0.02


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=components.chromium(), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.web
@pytest.mark.parametrize("early_template", ["sqlite"], indirect=True)
@pytest.mark.parametrize("size", SIZES)
def test_the_real_day_opens_from_a_file_without_a_network(
    full: Store, browser: Browser, size: Any, tmp_path: Path
) -> None:
    with full.reader() as reader:
        made, borders = build(reader, EVERYONE, DAY), county_borders(reader, DAY)
    file = tmp_path / "map.html"
    file.write_text(day_map(made, borders.outlines, source=borders.source, inline=True), encoding="utf-8")
    context = browser.new_context(viewport=size, offline=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type in ("error", "warning") else None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready=yes]")
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert f"列入 {len(made.rows)}" in page.inner_text("header")
    page.evaluate(
        "map_day.eachLayer(one => { if (one.getPopup && one.getPopup()) last = one; }); last.openPopup(); 1"
    )
    assert made.rows[0].fire_point_id in page.inner_text(".leaflet-popup-content")
    assert wrong == []
    assert [one for one in asked if not one.startswith(("file:", "data:", "blob:"))] == []
    context.close()
