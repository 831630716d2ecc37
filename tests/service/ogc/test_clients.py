"""Real clients over HTTP: GDAL's OAPIF driver, QGIS's own requests, OWSLib.

GDAL runs in a process of its own: it holds the interpreter's lock while it waits for the server in this one.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import shapely
import sqlalchemy as sa

from service.layers.model import Query
from service.layers.source import FeatureSource
from service.store import Store
from service.store.models import GridCell, GridSet
from tests.service.layers.conftest import NOON
from tests.service.ogc.conftest import LAYERS, Made, opened, served

EPSG_4490 = "http://www.opengis.net/def/crs/EPSG/0/4490"

_READ_ALL = """
import json, sys, pyogrio
place, layers = "OAPIF:" + sys.argv[1] + "/ogc", json.loads(sys.argv[2])
found = {}
for name, options in layers:
    frame = pyogrio.read_dataframe(place, layer=name, fid_as_index=True, **options)
    ids = frame["id"] if "id" in frame else frame.index  # whole numbers are GDAL's own ids
    found[name] = {
        "count": len(frame),
        "ids": sorted(map(str, ids)),
        "crs": frame.crs.to_string(),
        "bounds": list(map(float, frame.total_bounds)),
        "types": sorted(set(frame.geom_type.dropna())),
    }
found["layers"] = [name for name, _ in pyogrio.list_layers(place).tolist()]
print(json.dumps(found))
"""


def gdal(address: str, *layers: tuple[str, dict[str, Any]], token: str | None = None) -> dict[str, Any]:
    """Return what GDAL reads of layers."""
    environment = {"PYTHONPATH": "", "PATH": "", "GDAL_HTTP_TIMEOUT": "60", "CPL_DEBUG": "OFF"}
    if token is not None:
        # GDAL_HTTP_HEADERS has no effect on this driver, which sends headers of its own.
        environment |= {"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": token}
    done = subprocess.run(
        [sys.executable, "-c", _READ_ALL, address, json.dumps(layers)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_gdal_reads_every_collection(made: Made) -> None:
    with made.web(now=NOON) as web:
        counts = {
            name: web.get(f"/ogc/collections/{name}/items?limit=1").json()["numberMatched"] for name in LAYERS
        }
    with served(made.store, now=NOON) as address:
        found = gdal(address, *((name, {}) for name in LAYERS))
    assert sorted(found.pop("layers")) == sorted(LAYERS)
    assert {name: one["count"] for name, one in found.items()} == counts
    assert min(counts.values()) > 0
    for name, one in found.items():
        assert len(set(one["ids"])) == one["count"], name
        # What the layer is kept in is what GDAL asks for, in EPSG's order of the axes, and turns round again.
        assert one["crs"] == "EPSG:4490", name
        west, south, east, north = one["bounds"]
        assert 121 < west <= east < 132, name
        assert 40 < south <= north < 47, name


def test_gdal_gets_the_reference_system_it_asks_for(homes: dict[str, Made]) -> None:
    with served(homes["sqlite"].store) as address:
        asked = {"where": "county_code = '220182'"}
        found = {
            code: gdal(address, ("fire_points", {**asked, "CRS": code}))["fire_points"]
            for code in ("EPSG:4490", "EPSG:4326")
        }
    assert found["EPSG:4490"]["crs"] == "EPSG:4490"
    assert len({tuple(one["bounds"]) for one in found.values()}) == 1
    assert len({tuple(one["ids"]) for one in found.values()}) == 1


def test_gdal_asks_for_one_feature_by_its_id_and_for_a_time_as_datetime(homes: dict[str, Made]) -> None:
    with homes["sqlite"].web() as web:
        day = web.get("/ogc/collections/fire_points/items?datetime=2023-10-29&limit=10000").json()
    name = day["features"][0]["id"]
    within = "first_seen >= '2023-10-28T16:00:00Z' AND first_seen < '2023-10-29T16:00:00Z'"
    with served(homes["sqlite"].store) as address:
        assert gdal(address, ("fire_points", {"where": f"id = '{name}'"}))["fire_points"]["ids"] == [name]
        found = gdal(address, ("fire_points", {"where": within}))["fire_points"]["ids"]
        assert found == sorted(one["id"] for one in day["features"])


def test_gdal_reads_only_what_its_token_may_see(peopled: Made) -> None:
    with served(peopled.store) as address:
        mine = gdal(address, ("fire_points", {}), token=peopled.tokens["yushu"])["fire_points"]
        theirs = gdal(address, ("fire_points", {}), token=peopled.tokens["shulan"])["fire_points"]
    assert mine["count"] > 0
    assert theirs["count"] > 0
    assert not set(mine["ids"]) & set(theirs["ids"])


# --- a hundred thousand features -----------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgis"])
def village_grid(
    request: pytest.FixtureRequest, templates: dict[str, str], tmp_path: Path
) -> Iterator[Store]:
    """A store whose grid has 100,000 cells."""
    from tests import components

    store, name = opened(str(request.param), templates, tmp_path)
    columns, rows = (part.ravel() for part in np.meshgrid(np.arange(400), np.arange(250)))
    west, south = 122.0 + columns * 0.02, 41.0 + rows * 0.02
    cells = shapely.multipolygons(shapely.box(west, south, west + 0.02, south + 0.02)[:, None])
    count = len(cells)
    with store.writer("test", "load.grid", {}) as writer:
        grid = writer.insert(
            GridSet,
            name="网格",
            version=2,
            status="synthetic",
            source="test",
            accuracy_m=10.0,
            content_hash="villages",
            valid_from=None,
            valid_to=None,
        )
        writer.bulk(
            GridCell,
            {
                "id": writer.allocate(GridCell, count) + np.arange(count),
                "set_id": grid,
                "code": [f"{number:06d}" for number in range(count)],
                "level": "village",
                "name": "村",
                "parent_code": None,
                "unit_code": None,
                "unit_id": None,
                "geom": cells,
            },
        )
    yield store
    store.close()
    if name:
        components.cluster().drop(name)


def test_gdal_pages_through_a_hundred_thousand_features(village_grid: Store) -> None:
    with served(village_grid) as address:
        found = gdal(address, ("grid_cells", {"PAGE_SIZE": "10000", "columns": ["id"]}))["grid_cells"]
    assert found["count"] == 100_000
    assert found["ids"] == [f"{number:06d}" for number in range(100_000)]
    assert found["crs"] == "EPSG:4490"
    assert np.allclose(found["bounds"], [122.0, 41.0, 130.0, 46.0])


# --- QGIS ----------------------------------------------------------------------------------------------------------


def test_qgis_finds_what_it_needs_to_send_its_filter(made: Made) -> None:
    """As `QgsOapifProvider::init` looks for it: the classes, the queryables, the size of a page."""
    with made.web() as web:
        classes = web.get("/ogc/conformance", headers={"Accept": "application/json"}).json()["conformsTo"]
        for one in (
            "ogcapi-features-3/1.0/conf/filter",
            "ogcapi-features-3/1.0/conf/features-filter",
            "cql2/1.0/conf/cql2-text",
            "cql2/1.0/conf/basic-cql2",
            "cql2/1.0/conf/advanced-comparison-operators",
            "cql2/1.0/conf/basic-spatial-functions",
            "ogcapi-features-2/1.0/conf/crs",
        ):
            assert f"http://www.opengis.net/spec/{one}" in classes
        for layer in LAYERS:
            assert "." not in layer
            answer = web.get(
                f"/ogc/collections/{layer}/queryables", headers={"Accept": "application/schema+json"}
            )
            assert answer.headers["content-type"] == "application/schema+json"
            properties = answer.json()["properties"]
            # A geometry is known by a reference alone; "type" beside it makes it an attribute.
            assert properties["geometry"]["$ref"].startswith("https://geojson.org/schema/")
            assert "type" not in properties["geometry"]
            assert all("type" in one for name, one in properties.items() if name != "geometry")


# What QGIS makes of expressions and of the window (QgsOapifCql2TextExpressionCompiler, QgsOapifFeatureDownloaderImpl).
QGIS_FILTERS = {
    "\"county_code\" = '220182'": "(\"county_code\" = '220182')",
    '"pixels" >= 2 and "frp_mw" < 50': '(("pixels" >= 2) AND ("frp_mw" < 50))',
    "\"status\" in ('confirmed','denied')": "\"status\" IN ('confirmed','denied')",
    "\"county\" like '榆%'": "(\"county\" LIKE '榆%')",
    "\"first_seen\" >= '2023-10-29T00:00:00'": "(\"first_seen\" >= TIMESTAMP('2023-10-28T16:00:00.000Z'))",
    "\"fire_day\" = '2023-10-29'": "(\"fire_day\" = DATE('2023-10-29'))",
    "intersects_bbox($geometry, ...)": "S_INTERSECTS(geometry,BBOX(44.5,126.3,45.1,127))",
}


@pytest.mark.parametrize("name", QGIS_FILTERS)
def test_a_filter_of_qgis_is_the_question_the_database_gets(
    made: Made, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Query] = []
    statements: list[str] = []
    read = FeatureSource.query

    def watched(self: FeatureSource, layer: str, query: Query) -> Any:
        asked.append(query)
        return read(self, layer, query)

    def said(_c: Any, _k: Any, statement: str, _p: Any, _x: Any, _m: bool) -> None:
        statements.append(statement)

    monkeypatch.setattr(FeatureSource, "query", watched)
    everything = {"limit": 10_000, "crs": EPSG_4490}
    with made.web() as web:
        whole = web.get("/ogc/collections/fire_points/items", params=everything).json()["features"]
        sa.event.listen(made.store.engine, "before_cursor_execute", said)
        try:
            answer = web.get(
                "/ogc/collections/fire_points/items",
                params={
                    **everything,
                    "filter": QGIS_FILTERS[name],
                    "filter-lang": "cql2-text",
                    "filter-crs": EPSG_4490,
                    "bbox": "40,120,47,132",
                    "bbox-crs": EPSG_4490,
                },
            )
        finally:
            sa.event.remove(made.store.engine, "before_cursor_execute", said)
    kept = answer.json()["features"]
    assert 0 < len(kept) < len(whole)
    assert {one["id"] for one in kept} == {one["id"] for one in whole if PYTHON[name](one)}
    assert answer.json()["numberMatched"] == len(kept)
    # The seam was asked with the filter, and the rows that came back from the database were these and no others.
    assert asked[-1].filter is not None
    assert (asked[-1].bbox.min_lon, asked[-1].bbox.max_lat) == (120, 47)  # type: ignore[union-attr]
    selects = [one for one in statements if "fire_point_state" in one and "ORDER BY" in one]
    where = selects[-1].partition("WHERE")[2]
    column = re.match(r'"?(\w+)"?', QGIS_FILTERS[name].lstrip('("'))[1]  # type: ignore[index]
    column = {"first_seen": "first_at", "status": "fire_point_id IN", "S_INTERSECTS": "ntersects"}.get(
        column, column
    )
    assert column in where or ("hd_relate" in where and column == "ntersects"), where


PYTHON: dict[str, Any] = {
    "\"county_code\" = '220182'": lambda one: one["properties"]["county_code"] == "220182",
    '"pixels" >= 2 and "frp_mw" < 50': lambda one: (
        one["properties"]["pixels"] >= 2
        and one["properties"]["frp_mw"] is not None
        and one["properties"]["frp_mw"] < 50
    ),
    "\"status\" in ('confirmed','denied')": lambda one: (
        one["properties"]["status"] in ("confirmed", "denied")
    ),
    "\"county\" like '榆%'": lambda one: (one["properties"]["county"] or "").startswith("榆"),
    "\"first_seen\" >= '2023-10-29T00:00:00'": lambda one: (
        one["properties"]["first_seen"] >= "2023-10-29T00:00:00+08:00"
    ),
    "\"fire_day\" = '2023-10-29'": lambda one: one["properties"]["fire_day"] == "2023-10-29",
    "intersects_bbox($geometry, ...)": lambda one: (
        44.5 <= one["geometry"]["coordinates"][0] <= 45.1
        and 126.3 <= one["geometry"]["coordinates"][1] <= 127
    ),
}
"""The same questions of the whole layer, whose coordinates come latitude first."""


# --- OWSLib --------------------------------------------------------------------------------------------------------


def test_owslib_reads_filters_and_pages(homes: dict[str, Made]) -> None:
    from owslib.ogcapi.features import Features

    with served(homes["sqlite"].store) as address:
        server = Features(f"{address}/ogc")
        assert server.links[0]["href"].startswith(address)
        assert (
            "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
            in server.conformance()["conformsTo"]
        )
        assert sorted(server.feature_collections()) == sorted(LAYERS)
        assert "geometry" in server.collection_queryables("fire_points")["properties"]
        page = server.collection_items("fire_points", limit=3, filter="county_code='220182'")
        assert page["numberReturned"] == 3
        assert {one["properties"]["county_code"] for one in page["features"]} == {"220182"}
        one = server.collection_item("fire_points", quote(page["features"][0]["id"]))
        assert one["id"] == page["features"][0]["id"]
        assert server.api()["openapi"] == "3.0.3"
