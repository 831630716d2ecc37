"""A filter means the same on PostGIS, on the embedded store, over rows in memory and to GeoPandas."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import hypothesis
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import strategies as st

from service.layers.filters import parse_cql2_json, parse_cql2_text
from service.layers.logic import TRUE, truth
from service.layers.model import LayerInfo, Query
from service.layers.source import FeatureSource
from service.reads import fire_points
from tests.service.layers.conftest import Home
from tests.service.layers.generated import filters, json_of, passing, text_of

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")

_DTYPES = {
    "string": "string",
    "integer": "Int64",
    "number": "Float64",
    "boolean": "boolean",
    "datetime": "datetime64[ms, UTC]",
    "date": "object",
}


def frame_of(columns: dict[str, list[Any]], geometry: Any, info: LayerInfo) -> gpd.GeoDataFrame:
    """Return columns with nullable types, so that an unknown stays unknown."""
    kinds = {one.name: one.kind for one in info.properties}
    typed = {name: pd.Series(values, dtype=_DTYPES[kinds[name]]) for name, values in columns.items()}
    return gpd.GeoDataFrame(typed, geometry=list(geometry), crs=4490)


def fire_points_of_file(home: Home, info: LayerInfo) -> gpd.GeoDataFrame:
    """Read the fire points from the GeoPackage with GDAL, past every query of ours; findings as the list has them.

    From a copy: GDAL has an SQLite of its own, and two of them in one process undo each other's locks on one file.
    """
    path = Path(str(home.store.engine.url.database))
    copy = path.with_name("copy.gpkg")
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(copy)) as taken:
        live.backup(taken)
    raw = pyogrio.read_dataframe(copy, layer="fire_point_state", where="rev_to IS NULL", use_arrow=False)
    with home.store.reader() as reader:
        status = {one.fire_point_id: one.status for one in fire_points(reader, home.scope(reader, None))}

    def known(values: Any) -> list[Any]:
        return [None if pd.isna(one) else one for one in values]

    given = {
        **{name: known(raw[name]) for name in info.names() if name in raw.columns},
        "first_seen": list(pd.to_datetime(raw["first_at"], utc=True)),
        "last_seen": list(pd.to_datetime(raw["last_at"], utc=True)),
        "satellites": [";".join(json.loads(one)) for one in raw["satellites"]],
        "sources": [";".join(json.loads(one)) for one in raw["sources"]],
        "status": [status[name] for name in raw["fire_point_id"]],
        "informal": [bool(one) for one in raw["informal"]],
        "fire_day": [pd.Timestamp(one).date() for one in raw["fire_day"]],
    }
    cases = [json.loads(one) for one in raw["boundary_case"]]
    for level in ("county", "township", "grid", "zone"):
        given[f"boundary_{level}"] = [one.get(level) for one in cases]
    return frame_of({name: given[name] for name in info.names()}, raw.geometry, info)


def ids_of(source: FeatureSource, info: LayerInfo, tree: Any) -> set[str]:
    page = source.query(
        info.id, Query(filter=tree, limit=50_000, properties=(info.id_property,), geometry=False)
    )
    assert page.next is None
    return set(page.ids())


def agree(layer: str, homes: dict[str, Home], frame: gpd.GeoDataFrame, examples: int) -> None:
    """Hold generated filters to the same ids everywhere."""
    with homes["sqlite"].store.reader() as embedded, homes["postgis"].store.reader() as server:
        sources = [homes["sqlite"].source(embedded), homes["postgis"].source(server)]
        info = sources[0].describe(layer)
        whole = sources[0].query(layer, Query(limit=50_000))
        rows = pd.RangeIndex(len(whole)).to_numpy()
        told: list[int] = []

        @hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(filters(frame, {one.name: one.kind for one in info.properties}), st.booleans())
        def check(node: Any, as_text: bool) -> None:
            text = text_of(node)
            written = as_text and "\\'" not in text  # which the standard reads as an escaped quote
            tree = (
                parse_cql2_text(text, info) if written else parse_cql2_json(json.dumps(json_of(node)), info)
            )
            wanted = passing(node, frame, info.id_property)
            found = [ids_of(source, info, tree) for source in sources]
            memory = truth(tree, whole.columns, whole.geometry, rows) == TRUE
            assert found[0] == wanted
            assert found[1] == wanted
            assert {name for name, kept in zip(whole.ids(), memory, strict=True) if kept} == wanted
            told.append(len(wanted))

        check()
        assert len(told) >= examples
        assert sum(0 < one < len(whole) for one in told) > examples / 8, "many filters say something"


def test_500_filters_of_fire_points(homes: dict[str, Home]) -> None:
    with homes["sqlite"].store.reader() as reader:
        info = homes["sqlite"].source(reader).describe("fire_points")
    agree("fire_points", homes, fire_points_of_file(homes["sqlite"], info), 500)


@pytest.mark.parametrize("layer", ["grid_cells", "footprints"])
def test_filters_of_other_geometries(homes: dict[str, Home], layer: str) -> None:
    """Cells without a polygon: what is said of their ground is unknown; footprints: rectangles that no table has."""
    with homes["sqlite"].store.reader() as reader:
        source = homes["sqlite"].source(reader)
        page = source.query(layer, Query(limit=50_000))
        frame = frame_of(page.columns, page.geometry, source.describe(layer))
    if layer == "grid_cells":
        assert shapely.is_missing(page.geometry).any()
    agree(layer, homes, frame, 60)
