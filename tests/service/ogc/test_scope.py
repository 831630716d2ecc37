"""Two counties that are neighbours: whatever /ogc answers, neither sees anything of the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

import pytest
from starlette.testclient import TestClient

from service.ogc.app import OgcApp
from tests.gis.mvt_decode import decode
from tests.service.api.client import problem_of
from tests.service.ogc.conftest import LAYERS, Made

NAMES = {"yushu": ("220182", "榆树"), "shulan": ("220283", "舒兰")}
PUBLIC = ("counties", "townships", "grid_cells", "zones")
"""Borders, the grid and the zones are everybody's; what depends on the reader is all the rest."""

PRIVATE = tuple(one for one in LAYERS if one not in PUBLIC)
FIRE_POINT = re.compile(r"\d{8}-[0-9a-f]{12}")
DAY = "day=2023-10-29"
ITEMS = (
    *(f"{DAY}&limit=10000&f={form}" for form in ("json", "html", "csv", "fgb")),
    f"{DAY}&limit=10000&bbox=120,40,132,47",
    f"{DAY}&limit=10000&filter=S_INTERSECTS(geometry,BBOX(120,40,132,47))",
    "datetime=2023-10-01/2023-10-31&limit=10000",
    f"{DAY}&as_of=2035-01-01&limit=10000",
)
TILES = ((8, 91, 218), (8, 92, 218), (8, 92, 217), (5, 11, 27), (0, 0, 0))


def operations(web: TestClient) -> list[str]:
    """Return every path template of the sub-application."""
    apps = [getattr(route, "app", None) for route in web.app.routes]  # type: ignore[attr-defined]
    found = next(one for one in apps if isinstance(one, OgcApp))
    return [one.path for one in found.operations]


def filled(path: str, ids: dict[str, list[str]]) -> Iterator[str]:
    """Yield addresses of a template for every private layer."""
    if "{collectionId}" not in path:
        names = ["map", *(f"{one}.json" for one in PRIVATE)]
        yield from (f"/ogc{path.format(styleId=one, tileMatrixSetId='WebMercatorQuad')}" for one in names)
        return
    for layer in PRIVATE:
        base = f"/ogc{path.replace('{collectionId}', layer).replace('{tileMatrixSetId}', 'WebMercatorQuad')}"
        if "{featureId}" in base:
            yield from (base.replace("{featureId}", quote(one)) + f"?{DAY}" for one in ids[layer][:4])
        elif base.endswith("/items"):
            yield from (f"{base}?{query}" for query in ITEMS)
        elif "{tileMatrix}" in base:
            for z, row, column in TILES:
                yield base.format(tileMatrix=z, tileRow=row, tileCol=column) + f"?{DAY}"
        else:
            yield base


def text_of(answer: Any) -> str:
    """Return everything an answer says, a tile's attributes included."""
    if answer.headers.get("content-type") == "application/vnd.mapbox-vector-tile":
        body = str([one.properties for layer in decode(answer.content).values() for one in layer.features])
    else:
        body = answer.content.decode("utf-8", "replace")
    return f"{dict(answer.headers)}\n{body}"


@pytest.mark.parametrize(("reader", "other"), [("yushu", "shulan"), ("shulan", "yushu")])
def test_nothing_of_the_other_county_is_answered_anywhere(peopled: Made, reader: str, other: str) -> None:
    with peopled.web(other) as web:
        ids = {
            layer: [
                str(one["id"]) for one in web.get(f"/ogc/collections/{layer}/items?{DAY}").json()["features"]
            ]
            for layer in PRIVATE
        }
        assert all(ids.values()), "the other county has something in every layer"
        # What one reader asked before must not be what another is answered: every cache is warm with it.
        for path in operations(web):
            for address in filled(path, ids):
                web.get(address)
    theirs = {one for name in ("fire_points", "detections") for one in ids[name]}
    walked = 0
    with peopled.web(reader) as web:
        for path in operations(web):
            for address in filled(path, ids):
                answer = web.get(address)
                assert answer.status_code in (200, 204, 404), address
                if "/items/" in address:
                    assert problem_of(answer, 404)
                said = text_of(answer)
                # What stood in the question may stand in the refusal.
                for word in NAMES[other]:
                    assert word in unquote(address) or word not in said, (address, word)
                found = set(FIRE_POINT.findall(said)) & theirs - set(FIRE_POINT.findall(address))
                assert not found, (address, found)
                if answer.status_code == 200:
                    assert answer.headers["cache-control"].startswith("private")
                    assert "Authorization" in answer.headers["vary"]
                walked += 1
    assert walked > 150


def test_counts_and_extents_are_those_of_the_reader(peopled: Made) -> None:
    found: dict[str, dict[str, Any]] = {}
    for reader in ("admin", "yushu", "shulan"):
        with peopled.web(reader) as web:
            page = web.get(f"/ogc/collections/fire_points/items?{DAY}&limit=10000").json()
            extent = web.get("/ogc/collections/fire_points").json()["extent"]["spatial"]["bbox"][0]
            found[reader] = {"count": page["numberMatched"], "extent": extent}
            lon = [one["geometry"]["coordinates"][0] for one in page["features"]]
            assert page["numberMatched"] == len(lon)
            assert extent[0] == min(lon)
            assert extent[2] == max(lon)
    assert found["admin"]["count"] > found["yushu"]["count"] + found["shulan"]["count"]
    assert found["yushu"]["extent"] != found["shulan"]["extent"]


def test_a_held_answer_of_one_reader_is_not_confirmed_to_another(peopled: Made) -> None:
    path = f"/ogc/collections/fire_points/items?{DAY}"
    tags = {}
    for reader in ("yushu", "shulan"):
        with peopled.web(reader) as web:
            tags[reader] = web.get(path).headers["etag"]
            assert web.get(path, headers={"If-None-Match": tags[reader]}).status_code == 304
    with peopled.web("shulan") as web:
        assert web.get(path, headers={"If-None-Match": tags["yushu"]}).status_code == 200


def test_without_a_token_nothing_is_answered(peopled: Made) -> None:
    with peopled.web() as web:
        for path in operations(web):
            for address in filled(path, {layer: ["1"] for layer in LAYERS}):
                problem_of(web.get(address), 401)
        answer = web.get("/ogc/collections", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        web.cookies.set("huodian_token", peopled.tokens["yushu"])
        assert web.get("/ogc/collections").status_code == 200
