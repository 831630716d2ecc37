"""A running service over the busiest real day, and readers who open its web map in Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from service.web.mapfiles import MAP
from tests.service.api.conftest import RealStore, real, real_template
from tests.service.api.test_browser import DESK, browser
from tests.service.web.map_visit import DAY, MapVisit, serving

__all__ = ["address", "browser", "enter", "real", "real_template"]


@pytest.fixture
def address(real: RealStore) -> Iterator[str]:
    """Where the service runs."""
    assert (MAP / "index.html").is_file(), "the web map is not built: run `make assets`"
    with serving(real) as found:
        yield found


@pytest.fixture
def enter(
    real: RealStore,
    address: str,
    browser: Browser,
) -> Iterator[Callable[..., MapVisit]]:
    """Return a function that opens the map as a reader."""
    visits: list[MapVisit] = []

    def opened(who: str, size: Any = DESK, query: str = f"?date={DAY}", **options: Any) -> MapVisit:
        visits.append(MapVisit(browser, address, size, real.tokens[who], **options))
        visits[-1].enter(query)
        return visits[-1]

    yield opened
    for visit in visits:
        visit.context.close()  # a stream that is still open would hold the server up
