"""A layer or table whose loading is killed at either side of its commit is there whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import sqlalchemy as sa
from rasterio.transform import from_origin
from shapely.geometry import mapping

from boundaries.builtin import builtin
from service.store.engine import open_store
from service.store.models import Base
from tests.service.test_crash import KILLED, Run

WHEN = {"revision", "revision_seal", "lease"}
"""Tables that say when and by whom: a death leaves none of the words, or all of them."""


def _square(west: float, south: float, **properties: str) -> dict[str, Any]:
    ring = [[west, south], [west + 0.4, south], [west + 0.4, south + 0.3], [west, south + 0.3], [west, south]]
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def _collection(path: Path, *features: dict[str, Any]) -> str:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return str(path)


def _table(path: Path, *lines: str) -> str:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def _raster(path: Path) -> str:
    classes = np.full((40, 40), 12, dtype=np.uint8)
    shape: dict[str, Any] = {"driver": "GTiff", "width": 40, "height": 40, "count": 1, "dtype": "uint8"}
    with rasterio.open(
        path, "w", crs="EPSG:4326", transform=from_origin(125.4, 43, 0.01, 0.01), **shape
    ) as file:
        file.write(classes, 1)
    return str(path)


def _loads(at: Path) -> dict[str, list[str]]:
    """Return the commands that load layers and tables, and the one that puts a set in force, by their failpoints."""
    at.mkdir(exist_ok=True)
    grid = _collection(
        at / "grid.geojson", _square(125.4, 42.4, code="220421100", name="某镇", level="township")
    )
    own = builtin("province", province="220000").units[0]
    province = {
        "type": "Feature",
        "properties": {"code": own.code, "name": own.name},
        "geometry": mapping(own.geometry),
    }
    borders = _collection(at / "borders.geojson", province)
    zones = _collection(at / "zones.geojson", _square(125.5, 42.5, code="Z1", name="禁烧一区", kind="ban"))
    plans = _table(
        at / "plans.csv",
        "code,unit_code,starts_at,ends_at",
        "P1,220421,2023-10-20 08:00,2023-10-20 16:00",
    )
    periods = _table(at / "periods.csv", "name,start,end", "两会,2024-03-04,2024-03-11")
    regimes = _table(
        at / "own.yaml", "regimes:", '  - {unit: "220421", regime: two_zone, source: s, confidence: R}'
    )
    duties = _table(at / "duties.csv", "target,person,role", "220421100,张三,网格员")
    figures = _table(
        at / "figures.csv", "unit_code,name,value,measure,source", "220421,耕地面积,90,万亩,年鉴"
    )
    heat = _table(at / "heat.csv", "code,name,lon,lat,radius_m,source", "H1,水泥厂,125.6,42.6,500,名录")
    words = {
        "load.grid": f"load grid {grid} --datum cgcs2000",
        "load.boundaries": f"load boundaries {borders} --level province --name own --datum cgcs2000",
        "boundaries.use": "boundaries use own --level province --from 2020-01-01",
        "load.zones": f"load zones {zones} --datum cgcs2000",
        "load.periods": f"load periods {periods}",
        "load.regimes": f"load regimes {regimes}",
        "load.plans": f"load plans {plans}",
        "load.duties": f"load duties {duties}",
        "load.indicators": f"load indicators {figures}",
        "load.heat-sources": f"load heat-sources {heat} --datum cgcs2000",
        "load.landcover": f"load landcover {_raster(at / 'cover.tif')} --classes mcd12_igbp --source MCD12",
    }
    return {name: text.split() for name, text in words.items()}


def _contents(url: str) -> dict[str, list[str]]:
    """Return every row of every table, without the revision that wrote it."""
    store = open_store(url)
    try:
        with store.engine.connect() as connection:
            return {
                table.name: sorted(_plain(row._mapping) for row in connection.execute(sa.select(table)))
                for table in Base.metadata.sorted_tables
                if table.name not in WHEN
            }
    finally:
        store.close()


def _plain(row: Mapping[Any, Any]) -> str:
    return repr([(name, value) for name, value in row.items() if name not in ("rev", "recorded_at")])


def test_a_load_that_dies_leaves_the_store_as_before_or_after(
    store_home: str, new_store_url: Callable[..., str], tmp_path: Path
) -> None:
    twin, run = (Run(new_store_url(store_home), tmp_path) for _ in range(2))
    before = _contents(run.url)
    for name, command in _loads(tmp_path / "files").items():
        assert twin.finish(command) == 0
        after = _contents(twin.url)
        assert after != before, name
        assert run.finish(command, f"{name}.before_commit") == KILLED
        assert _contents(run.url) == before, f"{name} left something"
        assert run.finish(command, f"{name}.after_commit") == KILLED
        assert _contents(run.url) == after, f"{name} was not whole"
        assert run.finish(command) == 0, "given again"
        assert _contents(run.url) == after, f"{name} came twice"
        before = after
