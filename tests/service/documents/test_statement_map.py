"""The map of a statement: one file that opens offline, amounts and marks on it, nothing in it runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from playwright.sync_api import Browser, sync_playwright

from service.documents.statement_map import statement_map
from service.reports.mappage import Outline
from tests import components
from tests.service.documents import sample

AROUND = (Outline("220322", "梨树县", shapely.box(123.8, 43, 124.8, 43.6)),)
HOSTILE = "\"><script>document.title = 'ran'</script>{{7*7}}{% raw %}</span>"


def shown(**changed: Any) -> dict[str, Any]:
    return {"state": "issued", "sha256": "ab" * 32, "document": sample.statement(**changed)}


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r"drawDay\(map_day, (\{.*\})\);", page)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_every_charge_stands_where_it_burnt_with_its_amount() -> None:
    points = data_of(statement_map(shown(), AROUND))["points"]
    lines = sample.statement()["lines"]
    assert [one["at"] for one in points] == [[float(one["lat"]), float(one["lon"])] for one in lines]
    facts = [dict(one["facts"]) for one in points]
    assert [one["金额"] for one in facts] == ["500,000.00 元", "300,000.00 元"]
    assert [one["编号"] for one in facts] == [one["fire_point_id"] for one in lines]
    assert all(one["links"][0][1].startswith("geo:") for one in points)


def test_the_page_says_what_the_paper_says() -> None:
    page = statement_map(shown(), AROUND, source="测试界线", approval="吉S（2024）001号")
    for said in (
        "双辽市",
        "2023-2024 考核期",
        "非正式：样例数据",
        "800,000.00",
        "已下达",
        "审图号：吉S（2024）001号",
        "测试界线",
        "ab" * 32,
    ):
        assert said in page, said
    official = statement_map(shown(mark="", status="official"), AROUND)
    assert "非正式" not in official


def test_equal_statements_are_equal_pages() -> None:
    assert statement_map(shown(), AROUND) == statement_map(shown(), AROUND)


def test_a_charge_under_objection_and_one_of_nothing_look_different() -> None:
    lines = [
        sample.line(1, "500000.00", objection={"state": "open", "instance": 1}),
        sample.line(2, "0.00"),
        sample.line(3, "300000.00", objection={"state": "rejected", "instance": 1}),
        sample.line(4, "300000.00", lon=None, lat=None),
    ]
    page = statement_map(shown(lines=lines), AROUND)
    points = data_of(page)["points"]
    assert len({one["colour"] for one in points}) == 3
    assert dict(points[0]["facts"])["异议"].startswith("异议处理中")
    assert "1 个扣款火点没有坐标" in page


def test_without_borders_the_payer_s_own_ground_is_drawn() -> None:
    names = [one["properties"]["name"] for one in data_of(statement_map(shown()))["outlines"]["features"]]
    assert names == [one["name"] for one in sample.statement()["map"]["outlines"]]
    assert data_of(statement_map(shown(map=None, lines=[])))["bounds"] == [[40.8, 121.6], [46.4, 131.4]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=components.chromium(), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 360, "height": 740}])
def test_the_file_opens_offline_and_shows_a_charge(browser: Browser, tmp_path: Path, size: Any) -> None:
    lines = [sample.line(1, "500000.00", county=HOSTILE, reason_zh=HOSTILE), sample.line(2, "300000.00")]
    path = tmp_path / "statement.html"
    path.write_text(statement_map(shown(lines=lines), AROUND), encoding="utf-8")
    context = browser.new_context(viewport=size, offline=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("request", lambda one: None if one.url.startswith(("file:", "data:")) else wrong.append(one.url))
    page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda one: wrong.append(str(one)))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready=yes]")
    assert page.title() != "ran"
    page.evaluate(
        "(lon) => map_day.eachLayer((one) => { if (one.getPopup && one.getPopup()"
        " && Math.abs(one.getLatLng().lng - lon) < 1e-6) one.openPopup(); })",
        float(lines[0]["lon"]),
    )
    popup = page.locator(".leaflet-popup-content")
    popup.wait_for()
    assert "500,000.00 元" in popup.inner_text()
    assert HOSTILE in popup.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert wrong == []
    context.close()
