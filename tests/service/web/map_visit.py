"""A visit to the web map in Chromium, with everything but the service cut off, and what an inspector does there."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Locator

from service.api.app import create_app
from service.cli.serve import bind
from service.settings import Settings
from tests.service.api.client import NOW
from tests.service.api.conftest import RealStore
from tests.service.api.test_browser import Visit

DAY = "2023-10-29"


class MapVisit(Visit):
    """A signed-in reader at the web map."""

    def __init__(self, browser: Browser, address: str, size: Any, token: str, **options: Any) -> None:
        super().__init__(browser, address, size, **options)
        self.context.add_cookies(
            [
                {
                    "name": "huodian_token",
                    "value": token,
                    "url": address,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )

    def enter(self, query: str = f"?date={DAY}") -> None:
        """Open the map and wait until it has drawn and the list is there."""
        self.open(f"/{query}")
        self.ready()
        self.until("huodian.data.get().list !== null")

    def until(self, said: str, seconds: float = 15) -> None:
        """Wait until an expression is true; the page's policy lets nobody evaluate a text within it."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(said):
            assert time.monotonic() < end, said
            self.page.wait_for_timeout(50)

    def forget(self, *expected: str) -> None:
        """Forget what the browser itself says of lines that the test cut."""
        self.complaints = [line for line in self.complaints if not any(one in line for one in expected)]

    def count(self) -> str:
        """Return the count that the page shows."""
        return self.page.inner_text(".count strong")

    def tab(self, name: str) -> None:
        """Bring a part of the panel to the front, on a phone too."""
        tab = self.page.locator(f"#tab-{name}")
        if not self.page.locator(f"#part-{name}").is_visible():
            tab.click()
        self.page.locator(f"#part-{name}").wait_for()

    def filter(self) -> None:
        """Open the filters."""
        if not self.page.locator(".choose[open]").count():
            self.page.click("[data-key=filters]")

    def rows(self) -> Locator:
        """Return the rows of the list."""
        return self.page.locator("#part-list .row")

    def card(self) -> str:
        """Return the text of the card once it is there."""
        self.page.wait_for_selector("#card dl")
        return self.page.inner_text("#card")

    def report(self, finding: str, found_at: str = f"{DAY}T15:00") -> None:
        """Fill in the report of the open card and send it."""
        if not self.page.locator(".reporting[open]").count():
            self.page.click(".reporting > summary")
        self.page.select_option(".report [name=finding]", finding)
        self.page.fill(".report [name=foundAt]", found_at)
        self.page.click(".report button[type=submit]")


@contextmanager
def serving(real: RealStore, **settings: Any) -> Iterator[str]:
    """Run the service over a store; yield its address."""
    listener = bind("127.0.0.1", 0)
    with open(os.devnull, "w", encoding="utf-8") as quiet:  # noqa: PTH123 - not a file
        effective = Settings(archive=str(real.archive), **settings)
        app = create_app(effective, real.store, clock=lambda: NOW, log_stream=quiet)
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=3)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)
