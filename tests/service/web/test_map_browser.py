"""The web map in Chromium, offline but for the service: what an inspector does in a day, at a desk and on a phone."""

from __future__ import annotations

import base64
import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from service.pipeline.archive import Archive
from service.pipeline.assess import assess
from service.pipeline.ingest import ingest
from tests.service.api.client import client
from tests.service.api.conftest import SERIES, RealStore
from tests.service.api.test_browser import DESK, PHONE
from tests.service.web.map_visit import DAY, MapVisit

pytestmark = [pytest.mark.web, pytest.mark.parametrize("real_template", ["sqlite"], indirect=True)]
"""One home is enough: what differs between the homes ends below the routes."""

YUSHU = "220182"
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
Enter = Callable[..., MapVisit]


def points_of(store: RealStore, who: str, **query: str) -> list[dict[str, Any]]:
    with client(store.store, store.tokens[who]) as web:
        answer = web.get("/api/v1/firelist", params={"date": DAY, **query})
        rows: list[dict[str, Any]] = answer.json()["data"]["rows"]
        return rows


def records_of(store: RealStore, point: str) -> list[dict[str, Any]]:
    with client(store.store, store.tokens["admin"]) as web:
        found: list[dict[str, Any]] = web.get(f"/api/v1/firepoints/{point}/verifications").json()["data"][
            "records"
        ]
        return found


@SIZES
def test_a_day_of_an_inspector(real: RealStore, enter: Enter, size: dict[str, int], tmp_path: Path) -> None:
    listed = points_of(real, "admin")
    visit = enter("admin", size, "")
    page = visit.page
    assert page.input_value(".days input") == "2023-10-30", "it opens on today in Beijing"
    page.fill(".days input", DAY)
    page.press(".days input", "Enter")
    visit.until("huodian.data.get().list?.fire_day === '2023-10-29'")
    assert visit.count() == f"{len(listed)} 处火点 · {sum(one['pixels'] for one in listed):,} 像元"
    assert visit.fits()
    visit.shoot(f"webmap-{size['width']}.png")

    visit.filter()
    page.select_option("[data-key=county]", YUSHU)
    mine = [one for one in listed if one["county_code"] == YUSHU]
    assert visit.count().startswith(f"{len(mine)} 处火点")
    assert "榆树市" in page.inner_text(".choose summary"), "the filter stands beside the count"

    visit.tab("list")
    visit.rows().first.click()
    text = visit.card()
    for said in ("榆树市", "NOAA-20", "全域禁烧", "计入", "非正式", "值班电话"):
        assert said in text
    links = page.locator("#card .acts a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert any(link == "tel:13802201820" for link in links)
    assert any(link.startswith("geo:") for link in links)
    assert visit.fits()
    visit.shoot(f"webmap-card-{size['width']}.png")
    page.click("#card .x")

    visit.tab("list")
    with page.expect_download() as waiting:
        page.click("[data-key=export]")
    waiting.value.save_as(tmp_path / "list.csv")
    table = list(csv.DictReader(io.StringIO((tmp_path / "list.csv").read_text(encoding="utf-8-sig"))))
    assert [one["fire_point_id"] for one in table] == [one["fire_point_id"] for one in mine], (
        "in patrol order"
    )

    page.click("[data-key=lang]")
    assert visit.count().startswith(f"{len(mine)} fire points")
    assert page.get_attribute("html", "lang") == "en"
    assert "informal" in page.inner_text("#footer")
    page.click("[data-key=lang]")

    visit.tab("list")
    visit.rows().nth(1).click()
    visit.card()
    visit.report("straw")
    point = mine[1]["fire_point_id"]
    page.wait_for_selector("#notes >> text=已上报")
    assert [one["finding"] for one in records_of(real, point)] == ["straw"]
    visit.until("document.querySelector('#card').innerText.includes('秸秆焚烧')")
    visit.check()


def test_why_a_point_was_left_out_is_read_on_its_card(real: RealStore, enter: Enter) -> None:
    visit = enter("admin")
    visit.filter()
    before = visit.count()
    visit.page.check("[data-key=screen-outside]")
    visit.until("Object.keys(huodian.data.get().extra).length === 1")
    assert visit.count() != before
    visit.rows().first.click()
    text = visit.card()
    assert "界外" in text
    assert any(name in text for name in ("县", "市", "旗", "区")), "which neighbour"
    visit.check()


@SIZES
def test_a_report_that_failed_survives_and_is_written_once(
    real: RealStore,
    enter: Enter,
    size: dict[str, int],
) -> None:
    point = points_of(real, "yushu")[0]["fire_point_id"]
    visit = enter("patrol", size, f"?date={DAY}&point={point}")
    visit.card()
    sent: list[str] = []

    def no_line(route: Route) -> None:
        sent.append(route.request.headers["idempotency-key"])
        route.abort()

    def answer_lost(route: Route) -> None:
        sent.append(route.request.headers["idempotency-key"])
        assert route.fetch().status == 201
        route.abort()

    pattern = "**/verifications"
    visit.page.route(pattern, no_line)
    visit.report("stubble")
    visit.page.wait_for_selector(".kept >> text=已保存在本机")
    assert records_of(real, point) == []
    visit.page.reload()
    visit.ready()
    visit.page.wait_for_selector("#notes >> text=1 条上报待提交")
    visit.page.unroute(pattern)
    visit.page.route(pattern, answer_lost)
    visit.page.evaluate("dispatchEvent(new Event('online'))")
    visit.until("huodian.data.get().reports.length === 1")
    visit.page.wait_for_timeout(500)
    assert len(records_of(real, point)) == 1, "written, though the phone does not know"
    visit.page.unroute(pattern)
    visit.page.evaluate("dispatchEvent(new Event('online'))")
    visit.until("huodian.data.get().reports.length === 0")
    assert [one["finding"] for one in records_of(real, point)] == ["stubble"]
    assert len(set(sent)) == 1, "one key for all attempts"
    visit.complaints = [
        line for line in visit.complaints if "ERR_FAILED" not in line
    ]  # the lines that were cut
    visit.check()


def test_what_was_typed_is_there_again_and_a_refusal_says_why(real: RealStore, enter: Enter) -> None:
    point = points_of(real, "yushu")[0]["fire_point_id"]
    visit = enter("yushu", DESK, f"?date={DAY}&point={point}")
    visit.card()
    visit.page.click(".reporting > summary")
    visit.page.fill(".report [name=note]", "路边三亩地")
    visit.page.reload()
    visit.ready()
    visit.card()
    visit.page.click(".reporting > summary")
    assert visit.page.input_value(".report [name=note]") == "路边三亩地"
    visit.report("straw", "2023-10-28T09:00")
    refused = visit.page.wait_for_selector(".kept.bad")
    assert refused is not None
    assert "未被接受" in refused.inner_text()
    assert records_of(real, point) == []
    visit.page.click(".kept button >> text=修改")
    assert visit.page.input_value(".report [name=note]") == "路边三亩地"
    visit.report("straw")
    visit.page.wait_for_selector("#notes >> text=已上报")
    assert [one["note"] for one in records_of(real, point)] == ["路边三亩地"]
    visit.complaints = [line for line in visit.complaints if "422" not in line]  # the browser's own line
    visit.check()


def test_new_fire_points_and_findings_appear_without_a_reload(
    real: RealStore,
    enter: Enter,
    tmp_path: Path,
) -> None:
    visit = enter("yushu")
    visit.page.evaluate("window.untouched = true")
    before = points_of(real, "yushu")
    with client(real.store, real.tokens["patrol"]) as web:
        body = {"finding": "straw", "level": "local", "found_at": f"{DAY}T15:00:00+08:00"}
        path = f"/api/v1/firepoints/{before[0]['fire_point_id']}/verifications"
        assert web.post(path, json=body, headers={"Idempotency-Key": "k1"}).status_code == 201
    found = f"huodian.data.get().list.rows.find(row => row.fire_point_id === '{before[0]['fire_point_id']}')?.status"
    visit.until(f"{found} === 'confirmed'")
    visit.page.wait_for_selector("#part-list .row .tag >> text=已核实", state="attached")
    feed = later_overpass(tmp_path, 126.5, 45.05)
    assert ingest(real.store, Archive(real.archive), [feed], actor="test").files[0].accepted == 1
    assess(real.store, actor="test")
    after = points_of(real, "yushu")
    assert len(after) == len(before) + 1
    visit.until(f"huodian.data.get().list?.rows.length === {len(after)}")
    assert visit.count().startswith(f"{len(after)} 处火点")
    assert visit.page.locator(".row .tag.hot >> text=新增").count() == 1
    assert visit.page.evaluate("window.untouched"), "the page was not loaded again"
    visit.check()


def later_overpass(folder: Path, lon: float, lat: float) -> Path:
    """Write a feed file with one more detection, an hour after the first overpass of noon."""
    lines = io.StringIO(gzip.decompress((SERIES / f"{DAY}.csv.gz").read_bytes()).decode())
    one = next(csv.DictReader(lines))
    one.update(
        latitude=f"{lat:.5f}", longitude=f"{lon:.5f}", acq_date=DAY, acq_time="536", confidence="nominal"
    )
    path = folder / "later.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(one), quoting=csv.QUOTE_NONNUMERIC)
        writer.writeheader()
        writer.writerow(one)
    return path


def test_the_address_keeps_the_view(enter: Enter, real: RealStore) -> None:
    query = f"?date={DAY}&lang=en&county={YUSHU}&status=unverified&at=126.6000,44.9000,9.50&panel=season"
    visit = enter("admin", DESK, query)
    page = visit.page
    assert visit.count().startswith("101 fire points")
    place = page.evaluate("huodian.map.place()")
    assert (round(place["lon"], 3), round(place["lat"], 3), round(place["zoom"], 2)) == (126.6, 44.9, 9.5)
    assert page.get_attribute("#tab-season", "aria-selected") == "true"
    page.wait_for_selector(f".day[data-key='{DAY}'] .n >> text=101")
    visit.shoot("webmap-season.png")
    page.click(".days [data-key=before]")
    page.wait_for_url("**date=2023-10-28**")
    page.go_back()
    visit.until(f"huodian.data.get().list?.fire_day === '{DAY}'")
    assert visit.count().startswith("101 fire points")
    visit.check()


@SIZES
def test_the_keyboard_reaches_everything_and_everything_has_a_name(
    enter: Enter,
    size: dict[str, int],
    real: RealStore,
) -> None:
    visit = enter("yushu", size)
    page = visit.page
    visit.tab("list")
    row = visit.rows().first
    row.focus()
    page.keyboard.press("Enter")
    visit.card()
    assert page.evaluate("document.activeElement.closest('#card') !== null"), "the card takes the focus"
    page.keyboard.press("Escape")
    page.wait_for_selector("#card", state="hidden")
    page.focus("#tab-list")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-season"
    for name in ("list", "season", "standing", "layers"):
        visit.tab(name)
        page.wait_for_timeout(200)
        nameless = page.evaluate(NAMELESS)
        assert nameless == [], name
        assert visit.fits(), name
    visit.check()


NAMELESS = """[...document.querySelectorAll('button, a[href], input, select, textarea')]
  .filter(one => one.offsetParent !== null)
  .filter(one => !(one.getAttribute('aria-label') || one.title || one.textContent.trim() || one.closest('label')))
  .map(one => one.outerHTML.slice(0, 120))"""


def test_colours_are_far_enough_apart(enter: Enter, real: RealStore) -> None:
    """Text on its ground, WCAG AA: 4.5 to 1, measured on what the page computes."""
    visit = enter("yushu")
    visit.filter()
    visit.rows().first.click()
    visit.card()
    for name in ("list", "season", "standing", "layers"):
        visit.tab(name)
        visit.page.wait_for_timeout(150)
        assert visit.page.evaluate(CONTRAST) == [], name
    visit.check()


CONTRAST = """(() => {
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return [n[0], n[1], n[2], n[3] ?? 1]; };
  const light = ([r, g, b]) => { const f = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const ground = one => { for (let at = one; at; at = at.parentElement) {
    const c = parse(getComputedStyle(at).backgroundColor); if (c[3] > 0.9) return c; } return [255, 255, 255, 1]; };
  const found = [];
  for (const one of document.querySelectorAll('body *')) {
    if (one.offsetParent === null || one.closest('#map') || one.disabled) continue;
    if (![...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(ground(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${one.tagName}.${one.className} ${one.textContent.slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return found;
})()"""


def test_without_tiles_the_fire_points_are_still_on_the_map(
    real: RealStore,
    address: str,
    browser: Browser,
) -> None:
    visit = MapVisit(browser, address, DESK, real.tokens["yushu"])

    def bare(route: Route) -> None:
        answer = route.fetch()
        text = answer.text().replace(" tiles", "").replace("search ", "").replace("card ", "")
        route.fulfill(response=answer, body=text)

    visit.page.route(f"**/?date={DAY}", bare)
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.enter()
    visit.until("huodian.map.map.querySourceFeatures('points').length > 0")
    visit.rows().first.click()
    assert "榆树市" in visit.card()
    assert not any("/ogc/" in url or "/search" in url or "/card" in url for url in asked)
    visit.check()


def test_borders_that_are_late_are_not_taken_for_none(
    real: RealStore, address: str, browser: Browser
) -> None:
    visit = MapVisit(browser, address, PHONE, real.tokens["admin"])
    held: list[Route] = []

    late = True

    def hold(route: Route) -> None:
        if late:
            held.append(route)
        else:
            route.continue_()

    visit.page.route("**/ogc/collections/counties/tiles/**", hold)
    visit.open(f"/?date={DAY}")
    note = visit.page.locator("#notes .note", has_text="地图正在加载")
    note.wait_for()
    assert visit.fits()
    visit.shoot("webmap-loading-360.png")
    late = False
    for one in held:
        one.continue_()
    visit.ready()
    note.wait_for(state="detached")
    visit.check()


def test_the_printed_sheet_has_the_map_every_row_and_the_marks(real: RealStore, enter: Enter) -> None:
    visit = enter("yushu")
    visit.page.emulate_media(media="print")
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert visit.page.locator("#print tbody tr").count() == 101
    assert visit.page.locator("#print img").evaluate("one => one.src.length") > 10_000
    sheet = visit.page.inner_text("#print")
    assert "榆树市" in sheet
    assert "非正式" in sheet
    assert visit.page.locator("#footer").is_visible()
    assert not visit.page.locator("#map").is_visible()
    visit.check()


def test_a_tianditu_base_comes_through_our_own_server(
    real: RealStore, address: str, browser: Browser
) -> None:
    visit = MapVisit(browser, address, DESK, real.tokens["yushu"])
    asked: list[str] = []

    def configured(route: Route) -> None:
        answer = route.fetch()
        document = answer.json()
        document["data"]["tianditu"] = True
        route.fulfill(response=answer, json=document)

    def picture(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=200, content_type="image/png", body=PIXEL)

    visit.page.route("**/api/v1/session", configured)
    visit.page.route("**/base/tianditu/**", picture)
    visit.enter(f"?date={DAY}&panel=layers")
    visit.page.check("[data-key=base-img]")
    visit.until("huodian.map.map.areTilesLoaded() && huodian.map.map.getLayer('base-cia') !== undefined")
    assert {url.split("/")[5] for url in asked} == {"img", "cia"}
    assert all(part.isdigit() for url in asked for part in url.split("/")[6:])
    assert "base=img" in visit.page.url
    visit.page.check("[data-key=base-plain]")
    assert visit.page.evaluate("huodian.map.map.getLayer('base-img') === undefined")
    visit.check()


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_lost_sign_in_is_said(real: RealStore, enter: Enter) -> None:
    visit = enter("yushu")
    visit.context.clear_cookies()
    visit.page.click(".days [data-key=before]")
    visit.page.wait_for_selector("#notes a[href='/login']")
    visit.complaints = [line for line in visit.complaints if "401" not in line]
    visit.check()


def test_a_scope_shows_its_own_ground_alone(real: RealStore, enter: Enter) -> None:
    visit = enter("yushu")
    counties = visit.page.evaluate("[...new Set(huodian.rows().map(row => row.county_code))]")
    assert counties == [YUSHU]
    visit.page.fill(".finder input", "舒兰")
    visit.page.wait_for_selector(".finder [role=status] >> text=没有找到")
    visit.page.fill(".finder input", "榆树")
    visit.page.wait_for_selector("#found li")
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("huodian.view.get().county") == YUSHU
    visit.check()


def test_the_cookie_writes_only_from_our_own_page(real: RealStore) -> None:
    point = points_of(real, "yushu")[0]["fire_point_id"]
    body = {"finding": "straw", "level": "local", "found_at": f"{DAY}T15:00:00+08:00"}
    path = f"/api/v1/firepoints/{point}/verifications"
    ours = {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin", "Idempotency-Key": "k1"}
    with client(real.store) as web:
        web.cookies.set("huodian_token", real.tokens["yushu"])
        for change in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            assert web.post(path, json=body, headers={**ours, **change}).status_code == 401, change
        assert web.post(path, json=body, headers={"Idempotency-Key": "k1"}).status_code == 401, "no browser"
        assert records_of(real, point) == []
        assert web.post(path, json=body, headers=ours).status_code == 201
    assert len(records_of(real, point)) == 1
