"""Tiles, TileJSON and styles over HTTP: GDAL draws them, every address is absolute, what is not there is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyogrio
import pytest
import shapely
from starlette.testclient import TestClient

from service.ogc.styles import MAP
from tests.gis.mvt_decode import decode
from tests.service.api.client import problem_of
from tests.service.ogc.conftest import LAYERS

GRID = "tiles/WebMercatorQuad"
YUSHU = (7, 46, 108)
"""Zoom, row and column of a tile in which the places of 榆树 lie."""


def tile(web: TestClient, layer: str, z: int, row: int, column: int, **params: str) -> Any:
    return web.get(f"/ogc/collections/{layer}/{GRID}/{z}/{row}/{column}", params=params)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_tile_has_the_features_of_its_layer_with_what_tilejson_promises(
    web: TestClient, layer: str
) -> None:
    day = {"day": "2023-10-29"}
    answer = tile(web, layer, *YUSHU, **day)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert answer.headers["cache-control"].startswith("private")
    drawn = decode(answer.content)[layer].features
    assert drawn
    promised = web.get(f"/ogc/collections/{layer}/{GRID}/tilejson.json").json()["vector_layers"][0]
    assert promised["id"] == layer
    assert {name for one in drawn for name in one.properties} <= set(promised["fields"])


def test_filter_and_time_choose_what_a_tile_has(web: TestClient) -> None:
    def count(**params: str) -> int:
        answer = tile(web, "fire_points", *YUSHU, **params)
        return len(decode(answer.content)["fire_points"].features) if answer.status_code == 200 else 0

    everything = count()
    some = count(filter="county_code = '220182'")
    assert 0 < some < everything
    as_json = '{"op":"=","args":[{"property":"county_code"},"220182"]}'
    assert count(filter=as_json, **{"filter-lang": "cql2-json"}) == some
    assert 0 < count(datetime="2023-10-29") < everything
    assert count(filter="county_code = 'none'") == 0
    assert tile(web, "fire_points", *YUSHU, filter="county_code = 'none'").status_code == 204
    assert (
        problem_of(tile(web, "fire_points", *YUSHU, filter="nothing = 1"), 400)["code"] == "unknown_property"
    )


@pytest.mark.parametrize(
    "place", ["23/0/0", "2/4/0", "2/0/4", "-1/0/0", "1/0/x", "1/0/0.mvt", "٣/0/0", "99999999999/0/0"]
)
def test_a_tile_that_does_not_exist_is_not_found(embedded: TestClient, place: str) -> None:
    problem_of(embedded.get(f"/ogc/collections/counties/{GRID}/{place}"), 404)


def test_other_grids_layers_and_styles_are_not_found(embedded: TestClient) -> None:
    for path in (
        *("collections/counties/tiles/WorldCRS84Quad/0/0/0", "collections/counties/tiles/WorldCRS84Quad"),
        *("collections/nothing/tiles", f"collections/nothing/{GRID}/tilejson.json"),
        *("tileMatrixSets/WorldCRS84Quad", "styles/nothing.json"),
    ):
        problem_of(embedded.get(f"/ogc/{path}"), 404)


def test_tilejson_carries_its_question_into_the_tiles(embedded: TestClient) -> None:
    asked = {"filter": "county_code = '220182' AND pixels > 1", "day": "2023-10-29"}
    document = embedded.get(f"/ogc/collections/fire_points/{GRID}/tilejson.json", params=asked).json()
    assert document["tilejson"] == "3.0.0"
    west, south, east, north = document["bounds"]
    assert 121 < west < east < 132
    assert 40 < south < north < 47
    template = document["tiles"][0]
    assert {name: value[0] for name, value in parse_qs(urlsplit(template).query).items()} == {
        **asked,
        "f": "mvt",
    }
    z, row, column = YUSHU
    address = urlsplit(template.replace("{z}", str(z)).replace("{y}", str(row)).replace("{x}", str(column)))
    found = embedded.get(f"{address.path}?{address.query}")
    assert decode(found.content)["fire_points"].features
    problem_of(
        embedded.get(f"/ogc/collections/fire_points/{GRID}/tilejson.json", params={"filter": "x ="}), 400
    )


def test_the_grid_is_the_registered_one(embedded: TestClient) -> None:
    """Numbers of OGC 17-083r4 (Two Dimensional Tile Matrix Set), annex D.1."""
    found = embedded.get("/ogc/tileMatrixSets/WebMercatorQuad").json()
    assert found["uri"] == "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
    assert found["wellKnownScaleSet"].endswith("/GoogleMapsCompatible")
    for number, one in enumerate(found["tileMatrices"]):
        assert one["id"] == str(number)
        assert one["cellSize"] == pytest.approx(156543.033928041 / 2**number, rel=1e-12)
        assert one["scaleDenominator"] == pytest.approx(559082264.028717 / 2**number, rel=1e-12)
        assert (one["matrixWidth"], one["matrixHeight"]) == (2**number, 2**number)
        assert one["pointOfOrigin"] == pytest.approx([-20037508.3427892, 20037508.3427892], rel=1e-12)


def test_every_style_draws_layers_that_its_tiles_have_and_asks_no_other_host(embedded: TestClient) -> None:
    listed = embedded.get("/ogc/styles").json()["styles"]
    assert {one["id"] for one in listed} == {MAP, *LAYERS}
    for one in listed:
        style = embedded.get(urlsplit(one["links"][0]["href"]).path).json()
        assert style["version"] == 8
        assert "glyphs" not in style
        assert "sprite" not in style
        drawn = [layer for layer in style["layers"] if layer["type"] != "background"]
        # QGIS lays one layer's style over those below: a background would hide them.
        assert len(style["layers"]) - len(drawn) == (1 if one["id"] == MAP else 0)
        for layer in drawn:
            assert layer["source"] == layer["source-layer"] in style["sources"]
        for source in style["sources"].values():
            assert source["tiles"][0].startswith("http://127.0.0.1:8080/ogc/collections/")
    dated = embedded.get("/ogc/styles/zones.json", params={"day": "2023-10-29"}).json()
    assert "day=2023-10-29" in dated["sources"]["zones"]["tiles"][0]


def test_gdal_reads_what_a_tile_answers(web: TestClient, tmp_path: Path) -> None:
    z, row, column = YUSHU
    saved = tmp_path / "tile.mvt"
    saved.write_bytes(tile(web, "counties", z, row, column).content)
    frame = pyogrio.read_dataframe(saved, layer="counties", X=column, Y=row, Z=z)
    assert "220182" in set(frame["code"])
    assert frame.geometry.is_valid.all()
    shown = frame[frame["code"] == "220182"].to_crs(4490).union_all()
    whole = web.get("/ogc/collections/counties/items/220182").json()["geometry"]
    pixel = 360 / 2**z / 4096
    assert shapely.from_geojson(json.dumps(whole)).buffer(2 * pixel).contains(shown)
