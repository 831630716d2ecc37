"""The web map in Chromium over lines that break or crawl: what is kept, what is said, and who may send it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Route

from service.users import rotate_user
from tests.service.api.client import client
from tests.service.api.conftest import RealStore
from tests.service.api.test_browser import DESK, PHONE
from tests.service.web.map_visit import DAY, MapVisit
from tests.service.web.test_map_browser import points_of

pytestmark = [pytest.mark.web, pytest.mark.parametrize("real_template", ["sqlite"], indirect=True)]
"""One home is enough: what differs between the homes ends below the routes."""

Enter = Callable[..., MapVisit]


def no_line(route: Route) -> None:
    route.abort()


def test_what_could_not_be_read_says_so_and_is_read_again(real: RealStore, enter: Enter) -> None:
    visit = enter("admin")
    page = visit.page
    page.route("**/card", no_line)
    visit.tab("list")
    visit.rows().first.click()
    page.wait_for_selector("#card .warn >> text=没有网络")
    page.unroute("**/card")
    page.click("#card [data-key=again]")
    page.wait_for_selector("#card >> text=吉林省")
    assert page.locator("#card .warn").count() == 0

    for name, path in (("season", "**/calendar?*"), ("standing", "**/standing?*")):
        page.route(path, no_line)
        visit.tab(name)
        page.wait_for_selector(f"#part-{name} .warn >> text=网络不通")
        assert page.locator(f"#part-{name} .day.unseen").count() == 0, (
            "nothing was read, so no day is without a feed"
        )
        page.unroute(path)
        page.click("#notes button >> text=重试")
        page.wait_for_selector("#part-season .day .n" if name == "season" else "#part-standing td")
        assert page.locator("#notes .bad").count() == 0
    visit.forget("ERR_FAILED")
    visit.check()


def test_at_a_field_without_a_network_the_list_still_opens_calls_and_reports(
    real: RealStore, enter: Enter
) -> None:
    point = points_of(real, "patrol")[2]["fire_point_id"]
    visit = enter("patrol", PHONE)
    page = visit.page
    page.route("**/api/v1/firepoints/**", no_line)
    visit.tab("list")
    visit.rows().nth(2).click()
    text = visit.card()
    for said in ("没有网络", "榆树市", "全域禁烧", "非正式", "未核查"):
        assert said in text
    assert page.locator("#card a[href='tel:13802201820']").count() == 1
    assert page.locator("#card a[href^='geo:']").count() == 1
    visit.report("stubble")
    page.wait_for_selector(".kept >> text=已保存在本机")
    page.unroute("**/api/v1/firepoints/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    visit.until("huodian.data.get().reports.length === 0")
    with client(real.store, real.tokens["admin"]) as web:
        records = web.get(f"/api/v1/firepoints/{point}/verifications").json()["data"]["records"]
    assert [one["finding"] for one in records] == ["stubble"]
    visit.forget("ERR_FAILED")
    visit.check()


def test_nobody_reports_without_a_name_and_no_draft_is_read_by_another(
    real: RealStore, address: str, browser: Browser
) -> None:
    point = points_of(real, "yushu")[0]["fire_point_id"]
    visit = MapVisit(browser, address, DESK, real.tokens["patrol"])
    page = visit.page
    page.route("**/api/v1/session", no_line)
    visit.enter(f"?date={DAY}&point={point}")
    visit.card()
    assert page.locator(".reporting").count() == 0, "kept under no name it would never be sent"
    page.unroute("**/api/v1/session")
    page.evaluate("huodian.refresh()")
    page.click(".reporting > summary")
    page.fill(".report [name=note]", "只给我自己看")
    visit.context.add_cookies(
        [{"name": "huodian_token", "value": real.tokens["yushu"], "url": address, "httpOnly": True}]
    )
    page.reload()
    visit.ready()
    visit.card()
    page.click(".reporting > summary")
    assert page.input_value(".report [name=note]") == ""
    visit.forget("ERR_FAILED")
    visit.check()


def test_a_refusal_that_comes_later_is_said_and_leads_to_the_report(real: RealStore, enter: Enter) -> None:
    point = points_of(real, "yushu")[0]["fire_point_id"]
    visit = enter("yushu", PHONE, f"?date={DAY}&point={point}")
    page = visit.page
    visit.card()
    page.route("**/verifications", no_line)
    visit.report("straw", "2023-10-28T09:00")  # before the fire: the service will not take it
    page.wait_for_selector(".kept >> text=已保存在本机")
    page.evaluate("huodian.choose(null)")
    page.unroute("**/verifications")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_selector("#notes .bad >> text=未被接受")
    assert visit.fits()
    page.click("#notes .bad button >> text=修改")
    visit.card()
    page.wait_for_selector(".kept.bad")
    assert page.locator("#notes .bad").count() == 0, "said once: the card says it now"
    visit.forget("ERR_FAILED", "422")
    visit.check()


def test_who_signed_in_elsewhere_neither_reports_nor_reads_for_this_one(
    real: RealStore, address: str, browser: Browser
) -> None:
    rows = points_of(real, "yushu")
    visit = MapVisit(browser, address, DESK, real.tokens["patrol"])
    visit.enter(f"?date={DAY}&point={rows[0]['fire_point_id']}")
    visit.card()
    page = visit.page
    visit.context.add_cookies(
        [{"name": "huodian_token", "value": real.tokens["yushu"], "url": address, "httpOnly": True}]
    )
    visit.report("straw")
    page.wait_for_selector(".kept >> text=已保存在本机")
    with client(real.store, real.tokens["admin"]) as web:
        path = f"/api/v1/firepoints/{rows[0]['fire_point_id']}/verifications"
        assert web.get(path).json()["data"]["records"] == [], "no finding of the one under the other's name"
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new Event('focus'))")
    visit.ready()
    visit.until("huodian.data.get().session?.name === 'yushu'")
    assert page.locator("#notes .wait >> text=上报").count() == 0, "what waits is the other's"
    visit.check()


def test_a_cut_line_mends_by_itself_and_a_card_changes_its_language_without_one(
    real: RealStore, enter: Enter
) -> None:
    visit = enter("yushu", PHONE)
    page = visit.page
    visit.tab("list")
    visit.rows().first.click()
    assert "归属" in visit.card()
    page.route("**/api/v1/**", no_line)
    page.click("[data-key=lang]")
    page.wait_for_selector("#card dl dt >> text=Whose")
    page.evaluate("huodian.refresh()")
    page.wait_for_selector("#notes .bad")
    page.unroute("**/api/v1/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_selector("#notes .bad", state="detached")
    visit.forget("ERR_FAILED")
    visit.check()


def test_a_printed_sheet_never_says_none_where_nothing_was_read(real: RealStore, enter: Enter) -> None:
    visit = enter("yushu")
    visit.page.route("**/firelist?*", no_line)
    visit.page.click(".days [data-key=before]")
    visit.page.wait_for_selector("#notes .bad")
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    sheet = visit.page.text_content("#print") or ""
    assert "读取失败" in sheet
    assert "0 处火点" not in sheet
    assert "经度，纬度" in sheet
    assert "lon" not in sheet
    visit.forget("ERR_FAILED")
    visit.check()


def test_a_replaced_token_is_noticed_without_a_click(real: RealStore, enter: Enter) -> None:
    visit = enter("yushu")
    rotate_user(real.store, "yushu", actor="test")
    visit.page.wait_for_selector("#notes a[href='/login']", timeout=20_000)
    visit.forget("401", "MIME type")
    visit.check()


def test_the_list_for_phones_comes_over_a_weak_line(real: RealStore, address: str, browser: Browser) -> None:
    """The line is what takes the time here (400 kbit/s, 400 ms), whatever machine runs this."""
    visit = MapVisit(browser, address, PHONE, real.tokens["admin"])
    line = visit.context.new_cdp_session(visit.page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    line.send("Network.emulateNetworkConditions", slow)
    began = time.monotonic()
    visit.page.goto(f"{address}/m?date={DAY}", wait_until="commit")
    visit.page.locator("li h2").nth(19).wait_for()
    spent = time.monotonic() - began
    assert 0.4 < spent < 5, "the line was slow, and the list is there"
    assert visit.page.evaluate("performance.getEntriesByType('resource').length") == 0, (
        "one request is all it takes"
    )
    visit.check()
