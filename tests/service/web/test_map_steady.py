"""The web map in Chromium when things do not go smoothly: news while somebody types, midnight, back."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from service.reports.model import COLUMNS
from tests.service.api.client import client
from tests.service.api.conftest import RealStore
from tests.service.api.test_browser import DESK, PHONE
from tests.service.web.map_visit import DAY, MapVisit
from tests.service.web.test_map_browser import CONTRAST, YUSHU, points_of

pytestmark = [pytest.mark.web, pytest.mark.parametrize("real_template", ["sqlite"], indirect=True)]
"""One home is enough: what differs between the homes ends below the routes."""

Enter = Callable[..., MapVisit]


def find(real: RealStore, point: str, key: str) -> None:
    """Record a finding, as a colleague would from somewhere else."""
    with client(real.store, real.tokens["patrol"]) as web:
        body = {"finding": "straw", "level": "local", "found_at": f"{DAY}T15:00:00+08:00"}
        path = f"/api/v1/firepoints/{point}/verifications"
        assert web.post(path, json=body, headers={"Idempotency-Key": key}).status_code == 201


# --- news while somebody is at work --------------------------------------------------------------------------------


def test_news_leave_whoever_types_reads_or_searches_in_peace(real: RealStore, enter: Enter) -> None:
    rows = points_of(real, "yushu")
    visit = enter("yushu", DESK, f"?date={DAY}&point={rows[0]['fire_point_id']}")
    page = visit.page
    visit.card()
    page.click(".reporting > summary")
    page.focus(".report [name=note]")
    page.keyboard.type("路边三")
    page.evaluate("window.field = document.activeElement")
    news(visit, real, rows[1]["fire_point_id"], "k1")
    page.keyboard.type("亩地")
    assert page.input_value(".report [name=note]") == "路边三亩地"
    assert page.evaluate("window.field === document.activeElement"), (
        "an input method would lose what it composes"
    )

    page.evaluate("document.querySelector('#part-list').scrollTop = 1500")
    top = "document.elementFromPoint(100, document.querySelector('#part-list').getBoundingClientRect().top + 20)"
    before = page.evaluate(f"{top}.closest('.row').dataset.key")
    page.evaluate("document.querySelector('#card').scrollTop = 60")
    page.focus(".finder input")
    page.keyboard.type("榆")
    news(visit, real, rows[2]["fire_point_id"], "k2")
    page.keyboard.type("树")
    assert page.input_value(".finder input") == "榆树"
    assert page.evaluate(f"{top}.closest('.row').dataset.key") == before, "the list stays where it was read"
    assert page.evaluate("document.querySelector('#card').scrollTop") == 60

    page.focus(".days input")
    page.fill(".days input", "2023-10")
    news(visit, real, rows[3]["fire_point_id"], "k3")
    assert page.input_value(".days input") == "2023-10"
    visit.check()


def news(visit: MapVisit, real: RealStore, point: str, key: str) -> None:
    """Let a finding come in, and wait until the page and its card have read again."""
    pulse = visit.page.evaluate("huodian.data.get().pulse")
    with visit.page.expect_response("**/card"):
        find(real, point, key)
        visit.until(f"huodian.data.get().pulse > {pulse}")
    visit.page.wait_for_timeout(150)


def test_a_filter_far_down_stays_under_the_finger(enter: Enter, real: RealStore) -> None:
    visit = enter("admin", PHONE)
    visit.filter()
    box = "document.querySelector('.choose')"
    visit.page.evaluate(f"{box}.scrollTop = 200")
    down = visit.page.evaluate(f"{box}.scrollTop")
    assert down > 0
    visit.page.locator("[data-key^=confidence-]").first.evaluate("one => one.click()")
    assert visit.page.evaluate(f"{box}.scrollTop") == down
    visit.check()


# --- days ----------------------------------------------------------------------------------------------------------


def at_2358(page: Page, days: list[str]) -> None:
    """Set the page's clock to two minutes before midnight in Beijing; the last of `days` is what the service says."""
    page.clock.install(time="2023-10-30T15:58:00Z")

    def session(route: Route) -> None:
        answer = route.fetch()
        document = answer.json()
        document["data"].update(today=days[-1], fire_day=days[-1])
        route.fulfill(response=answer, json=document)

    page.route("**/api/v1/session", session)


def test_a_page_left_open_goes_along_into_the_new_day(
    real: RealStore, address: str, browser: Browser
) -> None:
    visit = MapVisit(browser, address, DESK, real.tokens["yushu"])
    days = ["2023-10-30"]
    at_2358(visit.page, days)
    visit.enter("")
    assert visit.page.input_value(".days input") == "2023-10-30"
    visit.page.clock.run_for(180_000)  # the clock here is ahead of the service's: its day is what counts
    visit.page.wait_for_timeout(300)
    assert visit.page.input_value(".days input") == "2023-10-30"
    days.append("2023-10-31")
    visit.page.clock.run_for(60_000)
    visit.until("huodian.data.get().list?.fire_day === '2023-10-31'")
    assert visit.page.input_value(".days input") == "2023-10-31"
    assert visit.page.get_attribute(".days [data-key=today]", "aria-pressed") == "true"
    assert visit.page.locator(".days [data-key=after]").is_disabled()
    assert "date=" not in visit.page.url, "it still follows today"
    visit.check()


def test_at_midnight_an_open_card_keeps_its_day(real: RealStore, address: str, browser: Browser) -> None:
    visit = MapVisit(browser, address, DESK, real.tokens["admin"])
    days = ["2023-10-30"]
    at_2358(visit.page, days)
    visit.enter("")
    visit.rows().first.click()
    visit.card()
    days.append("2023-10-31")
    visit.page.clock.run_for(180_000)
    visit.until("huodian.data.get().today === '2023-10-31'")
    assert "date=2023-10-30" in visit.page.url
    assert visit.page.input_value(".days input") == "2023-10-30"
    assert visit.page.locator(".days [data-key=after]").is_enabled()
    visit.check()


def test_a_link_to_a_point_opens_its_day_and_back_returns_to_the_place(real: RealStore, enter: Enter) -> None:
    point = points_of(real, "yushu")[0]
    visit = enter("yushu", DESK, f"?point={point['fire_point_id']}")
    page = visit.page
    visit.until(f"huodian.data.get().list?.fire_day === '{DAY}'")
    assert page.input_value(".days input") == DAY
    assert visit.count().startswith("101 处火点")
    page.wait_for_timeout(600)
    here = page.evaluate("huodian.map.place()")
    visit.rows().nth(60).click()
    visit.card()
    page.wait_for_timeout(600)
    assert moved(here, page.evaluate("huodian.map.place()"))
    page.click("[data-key=lang]")
    page.go_back()
    visit.until(f"huodian.view.get().point === '{point['fire_point_id']}'")
    page.wait_for_timeout(200)
    assert not moved(here, page.evaluate("huodian.map.place()")), "the map is where the address says"
    assert page.get_attribute("html", "lang") == "en", "a language is no step to go back by"
    assert "lang=en" in page.url
    visit.check()


def moved(one: dict[str, float], two: dict[str, float]) -> bool:
    return abs(one["lon"] - two["lon"]) + abs(one["lat"] - two["lat"]) > 1e-3


# --- counts and filters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "",
        f"&county={YUSHU}",
        "&screen=outside",
        "&screen=outside,counted",
        "&satellite=Terra,SNPP",
        "&confidence=low",
    ],
)
def test_calendar_and_heading_count_the_same_under_every_filter(
    enter: Enter, real: RealStore, query: str
) -> None:
    visit = enter("admin", DESK, f"?date={DAY}&panel=season{query}")
    visit.page.wait_for_selector(f".day[data-key='{DAY}'] .n")
    visit.until(
        "!huodian.view.get().screen.includes('outside') || huodian.data.get().extra.outside !== undefined"
    )
    heading = visit.count()
    points, pixels = (int(one.replace(",", "")) for one in re.findall(r"[\d,]+", heading))
    said = visit.page.get_attribute(f".day[data-key='{DAY}']", "aria-label") or ""
    assert said == f"{DAY}：{points:,} 处火点，{pixels:,} 像元"
    visit.check()


def test_days_to_come_are_not_days_without_a_feed(enter: Enter, real: RealStore) -> None:
    visit = enter("admin", DESK, f"?date={DAY}&panel=season")
    visit.page.wait_for_selector(f".day[data-key='{DAY}'] .n")
    assert "unseen" in (visit.page.get_attribute(".day[data-key='2023-10-02']", "class") or "")
    tomorrow = visit.page.locator(".day[data-key='2023-10-31']")
    assert "unseen" not in (tomorrow.get_attribute("class") or "")
    assert tomorrow.get_attribute("aria-label") == "2023-10-31"
    visit.check()


def test_a_county_keeps_its_name_on_a_day_without_its_fires(enter: Enter, real: RealStore) -> None:
    visit = enter("admin", DESK, f"?date=2023-10-02&county={YUSHU}")
    visit.page.wait_for_selector(".choose summary >> text=榆树市")
    assert visit.count() == "0 处火点 · 0 像元"
    assert "没有任何数据源到达" in visit.page.inner_text("#part-list")
    assert f"unit={YUSHU}" in (visit.page.get_attribute(".links a", "href") or "")
    visit.check()


def test_a_reason_not_read_yet_has_no_count_beside_other_filters(enter: Enter, real: RealStore) -> None:
    visit = enter("admin")
    visit.filter()
    chip = visit.page.locator("label.chip", has=visit.page.locator("[data-key=screen-outside]"))
    whole = points_left_out(real)
    assert chip.inner_text().strip() == f"界外 {whole}"
    visit.page.select_option("[data-key=county]", YUSHU)
    assert chip.inner_text().strip() == "界外", f"{whole} are those of every county"
    visit.check()


def points_left_out(real: RealStore) -> int:
    with client(real.store, real.tokens["admin"]) as web:
        counts = web.get("/api/v1/firelist", params={"date": DAY}).json()["data"]["counts"]
        return int(counts["left_out"]["outside"])


def test_the_filtered_export_has_the_columns_of_the_service(
    enter: Enter, real: RealStore, tmp_path: Path
) -> None:
    visit = enter("yushu", DESK, f"?date={DAY}&confidence=low")
    with visit.page.expect_download() as waiting:
        visit.page.click("[data-key=export]")
    waiting.value.save_as(tmp_path / "list.csv")
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == tuple(COLUMNS)
    assert [one["confidence"] for one in table] == ["low", "low"]
    visit.check()


# --- hands and eyes ------------------------------------------------------------------------------------------------

SMALL = """[...document.querySelectorAll('button, a[href], select, summary, label.line, label.chip, input, textarea')]
  .filter(one => one.offsetParent !== null && !one.closest('.skip'))
  .filter(one => one.tagName !== 'INPUT' || !['checkbox', 'radio'].includes(one.type))
  .filter(one => one.checkVisibility({ contentVisibilityAuto: false }) && one.getBoundingClientRect().height < 43.5)
  .map(one => one.outerHTML.slice(0, 100))"""

COVERED = """[...document.querySelectorAll('#footer span')].filter(one => one.offsetParent !== null)
  .filter(one => one.textContent.trim()).filter(one => { const box = one.getClientRects()[0];
    return !document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)?.closest('#footer'); })
  .map(one => one.textContent)"""


def test_a_thumb_hits_everything_and_the_foot_of_the_page_stays_in_sight(
    enter: Enter, real: RealStore
) -> None:
    visit = enter("yushu", PHONE)
    page = visit.page

    def sound(where: str) -> None:
        assert page.evaluate(SMALL) == [], where
        assert page.evaluate(COVERED) == [], where
        assert visit.fits(), where

    sound("map")
    for name in ("list", "season", "standing", "layers"):
        visit.tab(name)
        page.wait_for_timeout(300)
        sound(name)
    visit.filter()
    sound("filters")
    visit.tab("list")
    visit.rows().first.click()
    visit.card()
    page.click(".reporting > summary")
    sound("card")
    said = page.inner_text("#footer")
    for what in ("非正式", "审图号", "NASA FIRMS", "疑似"):
        assert what in said
    visit.shoot("webmap-report-360.png")
    visit.check()


def test_each_language_is_spoken_alone(enter: Enter, real: RealStore) -> None:
    """What is left of Chinese in English are names and sources, which are data."""
    visit = enter("admin", DESK, f"?date={DAY}&lang=en&screen=outside,counted&confidence=low,nominal")
    page = visit.page
    visit.filter()
    visit.rows().first.click()
    visit.card()
    page.click(".reporting > summary")
    for name in ("list", "season", "standing", "layers"):
        visit.tab(name)
        page.wait_for_timeout(300)
        text = page.evaluate(SAID)
        assert [
            line
            for line in text
            if re.search("[、；：（）！？]|非正式|像元|火点", line) and "PyPI" not in line
        ] == []
    page.click("[data-key=lang]")
    page.wait_for_selector("#card >> text=归属")
    for name in ("list", "season", "standing", "layers"):
        visit.tab(name)
        page.wait_for_timeout(300)
        assert [
            line for line in page.evaluate(SAID) if re.search("[a-z]{3}", line) and not NAMES.search(line)
        ] == []
    visit.check()


SAID = """[...document.querySelectorAll('body *')].filter(one => one.checkVisibility() && !one.closest('.skip'))
  .flatMap(one => [...[...one.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent),
    one.getAttribute('aria-label'), one.title, one.placeholder]).filter(text => text && text.trim())"""
NAMES = re.compile(
    r"English|huodian|NOAA|PyPI|tianditu|screening|GCJ|WGS|CSV|XLSX|KML|GeoJSON|^[\d-]+[0-9a-f]{12}$|km|8000m2"
)
"""Names, formats, datums, ids, units and commands."""


def test_a_base_map_that_is_not_there_leaves_the_plain_one(
    real: RealStore, address: str, browser: Browser
) -> None:
    visit = MapVisit(browser, address, DESK, real.tokens["yushu"])
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url) if "/base/" in request.url else None)
    visit.enter(f"?date={DAY}&base=vec")
    assert asked == [], "no key, no question"
    assert visit.page.evaluate("huodian.map.map.getLayoutProperty('counties-fill', 'visibility')") != "none"
    visit.check()


def test_a_base_map_that_does_not_come_says_so(real: RealStore, address: str, browser: Browser) -> None:
    visit = MapVisit(browser, address, DESK, real.tokens["yushu"])

    def configured(route: Route) -> None:
        answer = route.fetch()
        document: dict[str, Any] = answer.json()
        document["data"]["tianditu"] = True
        route.fulfill(response=answer, json=document)

    visit.page.route("**/api/v1/session", configured)
    visit.page.route("**/base/tianditu/**", lambda route: route.fulfill(status=503))
    visit.enter(f"?date={DAY}&base=vec&panel=layers")
    visit.page.wait_for_selector("#notes >> text=天地图底图暂时取不到")
    visit.page.check("[data-key=base-plain]")
    visit.page.wait_for_selector("#notes >> text=天地图底图", state="detached")
    visit.forget("503")
    visit.check()


def test_maplibre_decodes_the_points_that_the_service_answers(real: RealStore, enter: Enter) -> None:
    visit = enter("yushu")
    visit.page.evaluate("huodian.map.map.setLayoutProperty('tile-points', 'visibility', 'visible')")
    visit.until("huodian.map.map.isSourceLoaded('fire_points') && huodian.map.map.areTilesLoaded()")
    visit.page.wait_for_timeout(300)
    drawn = {name: rest for name, *rest in visit.page.evaluate(DECODED)}
    with client(real.store, real.tokens["yushu"]) as web:
        rows = web.get("/api/v1/firepoints", params={"date": DAY, "limit": 1000}).json()["data"]["rows"]
    assert drawn.keys() == {row["fire_point_id"] for row in rows}
    for row in rows:
        *said, lon, lat = drawn[row["fire_point_id"]]
        assert said == [row[name] for name in ("status", "screen", "confidence", "county_code", "pixels")]
        assert abs(lon - row["lon"]) + abs(lat - row["lat"]) < 1e-3
    names = visit.page.evaluate(
        "huodian.map.map.querySourceFeatures('counties', { sourceLayer: 'counties' }).map(one => one.properties.name)"
    )
    assert {"榆树市", "德惠市", "舒兰市"} <= set(names), "borders are public"
    visit.check()


DECODED = """huodian.map.map.querySourceFeatures('fire_points', { sourceLayer: 'fire_points' }).map(one => {
  const { fire_point_id, status, screen, confidence, county_code, pixels } = one.properties;
  return [fire_point_id, status, screen, confidence, county_code, pixels, ...one.geometry.coordinates]; })"""


def test_words_stay_legible_under_the_pointer_and_beside_what_is_typed(real: RealStore, enter: Enter) -> None:
    visit = enter("yushu", PHONE)
    page = visit.page
    visit.tab("standing")
    page.wait_for_selector("#part-standing td")
    page.hover("[data-key=level-county]")
    assert page.evaluate(CONTRAST) == []
    page.fill(".finder input", "没有这个地方")
    said = page.locator(".finder [role=status]")
    said.filter(has_text="没有找到").wait_for()
    field, note = page.locator(".finder input").bounding_box(), said.bounding_box()
    assert field is not None
    assert note is not None
    assert note["y"] >= field["y"] + field["height"] - 1, "not over what was typed"
    assert visit.fits()
    visit.check()


def test_under_a_filter_the_pixels_are_those_of_its_points(real: RealStore, enter: Enter) -> None:
    place = "at=127.0200,44.5800,11.00"
    visit = enter("admin", DESK, f"?date={DAY}&{place}")
    visit.until(f"{PIXELS}.size > 20")
    assert visit.page.evaluate(f"[...{PIXELS}].some(id => huodian.row(id)?.county_code !== '{YUSHU}')")
    visit.filter()
    visit.page.select_option("[data-key=county]", YUSHU)
    visit.page.wait_for_timeout(600)
    visit.page.evaluate("huodian.map.jump({ lon: 127.02, lat: 44.58, zoom: 11 })")
    visit.until(f"{PIXELS}.size > 5")
    visit.until(f"[...{PIXELS}].every(id => huodian.row(id)?.county_code === '{YUSHU}')")
    visit.tab("layers")
    visit.page.uncheck("[data-key=layer-footprints]")
    visit.page.check("[data-key=layer-footprints]")
    visit.until(f"{PIXELS}.size > 5")
    assert visit.page.evaluate(f"[...{PIXELS}].every(id => huodian.row(id)?.county_code === '{YUSHU}')")
    visit.page.click("[data-key=clear]")
    visit.until(f"[...{PIXELS}].some(id => huodian.row(id)?.county_code !== '{YUSHU}')")
    visit.check()


PIXELS = """new Set(huodian.map.map.queryRenderedFeatures({ layers: ['footprints-fill'] })
  .map(one => one.properties.fire_point_id))"""
