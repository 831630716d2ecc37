"""The pages in a real browser: offline, at a desk and on a phone, under the content policy that is sent."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Route, sync_playwright

from service.api.app import create_app
from service.cli.serve import bind
from service.settings import Settings
from service.web.listpage import MAX_BYTES
from tests import components
from tests.service.api.client import NOW, client
from tests.service.api.conftest import RealStore
from tests.service.api.test_firepoints import rows_of

pytestmark = [pytest.mark.web, pytest.mark.parametrize("real_template", ["sqlite"], indirect=True)]
"""One home is enough here: what differs between the homes ends below the routes."""

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
SHOTS = os.environ.get("HUODIAN_SHOTS")
DRIVER_NOISE = "GPU stall due to ReadPixels"
"""What Chromium's software renderer says of itself while a map is on the page; nothing of ours."""


@pytest.fixture
def address(real: RealStore) -> Iterator[str]:
    """A running server over the real store."""
    listener = bind("127.0.0.1", 0)
    with open(os.devnull, "w", encoding="utf-8") as quiet:  # noqa: PTH123 - not a file
        app = create_app(Settings(), real.store, clock=lambda: NOW, log_stream=quiet)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=components.chromium(), args=["--no-sandbox"])
        yield started
        started.close()


class Visit:
    """A page that may only talk to the server, and everything it complained about."""

    def __init__(self, browser: Browser, address: str, size: Any, **options: Any) -> None:
        self.outside: list[str] = []
        self.complaints: list[str] = []
        self.address = address
        self.context = browser.new_context(viewport=size, locale="zh-CN", **options)
        self.context.route("**/*", self._only_local)
        self.page: Page = self.context.new_page()
        self.page.on(
            "console",
            lambda line: (
                self.complaints.append(line.text)
                if line.type in ("error", "warning") and DRIVER_NOISE not in line.text
                else None
            ),
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _only_local(self, route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(self.address).netloc:
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def sign_in(self, token: str) -> None:
        self.page.goto(f"{self.address}/login")
        self.page.fill("input[name=token]", token)
        self.page.click("button")
        self.page.wait_for_url(lambda url: "/login" not in url)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def ready(self) -> None:
        self.page.wait_for_selector("html[data-ready=yes]", state="attached")

    def fits(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def shoot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=Path(SHOTS) / name)

    def check(self) -> None:
        assert self.outside == []
        assert self.complaints == []
        self.context.close()


@pytest.mark.parametrize(("size", "name"), [(DESK, "map-desktop.png"), (PHONE, "map-phone.png")])
def test_the_map_draws_offline_under_its_policy(
    real: RealStore, address: str, browser: Browser, size: dict[str, int], name: str
) -> None:
    visit = Visit(browser, address, size)
    visit.sign_in(real.tokens["admin"])
    visit.open("/day?date=2023-10-29")
    visit.ready()
    assert visit.fits()
    assert "吉林省 2023-10-29" in visit.page.inner_text("h1")
    drawn = visit.page.evaluate(
        "(() => { let n = 0; map_day.eachLayer(one => { if (one instanceof L.CircleMarker) n++ }); return n })()"
    )
    assert drawn == 715
    visit.page.wait_for_timeout(300)
    visit.shoot(name)
    visit.page.click("nav.days a[rel=prev]")
    visit.page.wait_for_url("**/day?date=2023-10-28")
    visit.ready()
    visit.page.click("nav.days a[rel=next]")
    visit.page.wait_for_url("**/day?date=2023-10-29")
    visit.page.click("nav.days a[href='/day']")
    visit.page.wait_for_url("**/day")
    visit.ready()
    assert "2023-10-30" in visit.page.inner_text("h1"), "today in Beijing"
    assert visit.page.query_selector("nav.days a[rel=next]") is None, "no list of tomorrow"
    visit.check()


def test_a_fire_point_on_the_map_opens(real: RealStore, address: str, browser: Browser) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        row = rows_of(web)[0]
    visit = Visit(browser, address, DESK)
    visit.sign_in(real.tokens["yushu"])
    visit.open("/day?date=2023-10-29")
    visit.ready()
    visit.page.wait_for_timeout(600)  # the opening zoom would end where it was going
    visit.page.evaluate(f"void map_day.setView([{row['lat']}, {row['lon']}], 15, {{animate: false}})")
    box = visit.page.locator(".folium-map").bounding_box()
    assert box is not None
    visit.page.wait_for_timeout(300)  # the canvas is drawn in the next frame
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    popup = visit.page.wait_for_selector(".leaflet-popup-content")
    assert popup is not None
    text = popup.inner_text()
    assert "榆树市" in text
    assert "13802201820" in text
    link = popup.query_selector("a")
    assert link is not None
    assert str(link.get_attribute("href")).startswith("geo:")
    visit.shoot("map-popup.png")
    visit.check()


def test_the_phone_list_without_a_script(real: RealStore, address: str, browser: Browser) -> None:
    visit = Visit(browser, address, PHONE, java_script_enabled=True, device_scale_factor=2, is_mobile=True)
    visit.sign_in(real.tokens["yushu"])
    bare = Visit(browser, address, PHONE, java_script_enabled=False, is_mobile=True)
    bare.context.add_cookies(visit.context.cookies())  # type: ignore[arg-type]
    answer = bare.page.goto(f"{address}/m?date=2023-10-29")
    assert answer is not None
    assert len(answer.body()) < MAX_BYTES
    assert bare.page.locator("li").count() == 20
    visit.open("/m?date=2023-10-29")
    assert visit.fits()
    visit.shoot("m-phone.png")
    smallest = visit.page.evaluate(
        "Math.min(...[...document.querySelectorAll('a.b')].map(one => one.getBoundingClientRect().height))"
    )
    assert smallest >= 44, "a thumb has to hit it"
    assert visit.page.locator("a[href='tel:13802201820']").first.is_visible()
    seen: list[str] = []
    while True:
        seen += visit.page.locator("li h2").all_inner_texts()
        following = visit.page.locator("a[rel=next]")
        if following.count() == 0:
            break
        with visit.page.expect_navigation():
            following.click()
    assert len(seen) == len(set(seen)) == 101
    visit.open("/m?date=2023-10-29&lang=en")
    assert "Navigate" in visit.page.inner_text("main")
    visit.shoot("m-phone-en.png")
    visit.check()
    bare.check()


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_signing_in_with_a_wrong_token_and_out_again(
    real: RealStore, address: str, browser: Browser, size: dict[str, int]
) -> None:
    visit = Visit(browser, address, size)
    visit.open("/m")
    assert visit.page.url.endswith("/login"), "a reader without token is asked for one"
    visit.shoot(f"login-{size['width']}.png")
    visit.page.fill("input[name=token]", "hd_wrong")
    visit.page.click("button")
    assert "令牌无效" in visit.page.inner_text("[role=alert]")
    assert visit.fits()
    visit.complaints.clear()  # the browser itself reports the 401
    visit.sign_in(real.tokens["yushu"])
    visit.open("/login")
    with visit.page.expect_navigation():
        visit.page.click("text=退出")
    visit.open("/m")
    assert visit.page.url.endswith("/login")
    visit.check()
