"""A county's web site embeds the layers: listed sites only, by token only, ``/ogc`` only."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from pydantic import ValidationError

from service.settings import Settings
from service.users import add_user
from service.web.vendor import vendor_path
from tests import components
from tests.service.ogc.conftest import READERS, Made, opened, served

SITE = "https://www.yushu.example"
ITEMS = "/ogc/collections/counties/items?limit=1"
TILE = "/ogc/collections/counties/tiles/WebMercatorQuad/6/22/54?f=mvt"


@pytest.fixture(scope="module")
def made(templates: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A store with readers; what is tested ends above the stores."""
    store, _ = opened("sqlite", templates, tmp_path_factory.mktemp("embedded"))
    tokens = {who: add_user(store, who, role, unit, actor="test")[1] for who, (role, unit) in READERS.items()}
    yield Made("sqlite", store, tokens)
    store.close()


def listed(made: Made, reader: str | None = None) -> Any:
    return made.web(reader, settings={"cors_origins": (SITE,)})


def test_nothing_is_said_where_nobody_asked_for_it(made: Made) -> None:
    with made.web("admin") as web:
        answer = web.get(ITEMS, headers={"Origin": SITE})
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert web.options(ITEMS, headers=asking(SITE)).status_code in (404, 405)


def asking(origin: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }


def test_a_listed_site_reads_with_its_token(made: Made) -> None:
    with listed(made, "yushu") as web:
        for address in (ITEMS, TILE, "/ogc/styles/map.json", "/ogc"):
            answer = web.get(address, headers={"Origin": SITE})
            assert answer.status_code == 200, address
            assert answer.headers["access-control-allow-origin"] == SITE
            assert "access-control-allow-credentials" not in answer.headers
            assert "Origin" in answer.headers["vary"]
        before = web.options(TILE, headers=asking(SITE))
        assert before.status_code == 204
        assert "Authorization" in before.headers["access-control-allow-headers"]
        assert before.headers["access-control-allow-methods"] == "GET, HEAD"


@pytest.mark.parametrize(
    "origin",
    [
        "https://elsewhere.example",
        f"{SITE}.elsewhere.example",
        f"{SITE}:8443",
        "http://www.yushu.example",
        "null",
        SITE.upper(),
    ],
)
def test_another_site_is_told_nothing(made: Made, origin: str) -> None:
    with listed(made, "yushu") as web:
        for answer in (
            web.get(ITEMS, headers={"Origin": origin}),
            web.options(ITEMS, headers=asking(origin)),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert "Origin" in answer.headers["vary"]


def test_only_the_layers_are_for_other_sites(made: Made) -> None:
    with listed(made, "yushu") as web:
        for address in ("/api/v1/session", "/api/v1/firelist?date=2023-10-29", "/", "/ogcx"):
            answer = web.get(address, headers={"Origin": SITE})
            assert not [name for name in answer.headers if name.startswith("access-control")], address


def test_the_sign_in_of_a_reader_is_not_for_another_site(made: Made) -> None:
    with listed(made) as web:
        cookie = {"Cookie": f"huodian_token={made.tokens['admin']}"}
        assert web.get(ITEMS, headers=cookie).status_code == 200
        refused = web.get(ITEMS, headers={**cookie, "Origin": SITE})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == SITE  # the page may read why


@pytest.mark.parametrize(
    "wrong",
    ["*", "https://*.example.cn", "https://a.cn/", "https://a.cn/map", "a.cn", "null", "https://A.cn", ""],
)
def test_the_setting_takes_exact_origins_only(wrong: str) -> None:
    with pytest.raises(ValidationError, match="HUODIAN_CORS_ORIGINS"):
        Settings(cors_origins=(wrong,))
    assert Settings(cors_origins=("https://a.cn", "http://10.0.0.7:8081", "http://[::1]:80")).cors_origins


PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="leaflet.css">
<script src="leaflet.js"></script>
<div id="map" style="height: 400px"></div>
<script>
  const map = L.map('map').setView([44.8, 126.5], 8);
  const drawn = [];
  (async () => {
    const answer = await fetch('HOME/ogc/collections/fire_points/items?f=json&limit=1000', {
      headers: { Authorization: 'Bearer TOKEN' },
    });
    if (!answer.ok) throw new Error((await answer.json()).code);
    L.geoJSON(await answer.json(), {
      pointToLayer: (feature, at) => L.circleMarker(at, { radius: 5 }),
      onEachFeature: (feature, layer) => drawn.push(feature.properties.county),
    }).addTo(map);
    document.title = 'drawn ' + [...new Set(drawn)].join(' ');
  })().catch((error) => (document.title = String(error)));
</script>"""


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """Serve a folder as another web site."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.mark.parametrize(
    ("reader", "allowed", "title"),
    [
        ("yushu", True, "drawn 榆树市"),
        ("yushu", False, "TypeError: Failed to fetch"),
        (None, True, "Error: bad_token"),
    ],
)
def test_a_page_of_another_site_draws_what_its_token_may_see(
    made: Made, tmp_path: Path, reader: str | None, allowed: bool, title: str
) -> None:
    for name in ("leaflet.js", "leaflet.css"):
        (tmp_path / name).write_bytes(vendor_path(f"leaflet/{name}").read_bytes())
    token = "wrong" if reader is None else made.tokens[reader]
    with site(tmp_path) as other, served(made.store, cors_origins=(other,) if allowed else ()) as home:
        (tmp_path / "index.html").write_text(
            PAGE.replace("HOME", home).replace("TOKEN", token), encoding="utf-8"
        )
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=components.chromium(), args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"{other}/index.html")
            page.wait_for_function("document.title !== ''", timeout=30_000)
            assert page.title() == title
            browser.close()
