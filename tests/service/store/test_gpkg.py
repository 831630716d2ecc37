"""The embedded store is a GeoPackage that GDAL and QGIS open."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
import sqlalchemy as sa
from pyproj import CRS

from service.store.engine import open_store
from service.store.models import INDEXED_GEOMETRY, Base, BoundaryUnit
from service.store.types import Geometry
from tests.gis import jilin
from tests.service.store import points


@pytest.fixture
def path(new_store_url: Callable[..., str]) -> str:
    """Path of an embedded store with real detections and counties."""
    url = new_store_url("sqlite")
    store = open_store(url)
    real = jilin.north_east()
    points.add(store, real.lon, real.lat)
    codes, shapes = jilin.counties("tianditu")
    with store.writer("test", "counties") as writer:
        multi = [shapely.MultiPolygon([s]) if s.geom_type == "Polygon" else s for s in shapes]
        ids = np.arange(1, len(codes) + 1)
        writer.bulk(
            BoundaryUnit, {"id": ids, "set_id": 1, "code": codes, "name": ["县"] * len(codes), "geom": multi}
        )
    store.close()
    return str(sa.make_url(url).database)


def test_every_layer_opens_with_its_system_and_kind(path: str) -> None:
    layers = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    kinds = {"POINT": "Point", "MULTIPOLYGON": "MultiPolygon"}
    for name, table in Base.metadata.tables.items():
        column = next((c for c in table.columns if isinstance(c.type, Geometry)), None)
        if column is None:
            assert layers.get(name) is None
            continue
        info = pyogrio.read_info(path, layer=name)
        assert info["geometry_type"] == kinds[column.type.kind]
        assert CRS.from_user_input(info["crs"]).to_epsg() == 4490


def test_fields_arrive_with_their_types(path: str) -> None:
    info = pyogrio.read_info(path, layer="detection")
    fields = dict(zip(info["fields"].tolist(), info["dtypes"].tolist(), strict=True))
    assert fields["satellite"] == "object"
    assert fields["lon"] == fields["lat"] == "float64"
    assert str(fields["acq_at"]).startswith("datetime64")
    frame = pyogrio.read_dataframe(path, layer="boundary_unit", max_features=1)
    assert frame.code[0] == "220102"
    assert frame["name"].tolist() == ["县"]


def test_points_are_where_they_were_and_time_is_utc(path: str) -> None:
    frame = pyogrio.read_dataframe(path, layer="detection")
    real = jilin.north_east()
    assert len(frame) == len(real)
    assert np.array_equal(shapely.get_x(frame.geometry.values), real.lon)
    assert np.array_equal(shapely.get_y(frame.geometry.values), real.lat)
    assert str(frame.acq_at.iloc[0].tz_convert("UTC")) == "2023-10-29 04:52:00+00:00"


@pytest.mark.parametrize(
    "box", [(125.0, 43.0, 126.0, 44.0), (121, 40, 132, 47), (124.12345, 44.5, 124.2, 46.0), (10, 10, 11, 11)]
)
def test_gdals_box_filter_finds_the_rows_that_numpy_finds(path: str, box: Any) -> None:
    real = jilin.north_east()
    west, south, east, north = box
    hit = (real.lon >= west) & (real.lon <= east) & (real.lat >= south) & (real.lat <= north)
    _, fids, _, _ = pyogrio.raw.read(path, layer="detection", bbox=box, return_fids=True)
    assert sorted(fids.tolist()) == (np.flatnonzero(hit) + 1).tolist()


def test_gdal_believes_the_index(path: str) -> None:
    """What is taken out of the R*Tree is not found by a box: GDAL reads the tree and not every row."""
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM rtree_detection_geom WHERE id <= 100")
    raw.close()
    _, fids, _, _ = pyogrio.raw.read(path, layer="detection", bbox=(121, 40, 131.99, 47), return_fids=True)
    assert fids.min() > 100


def test_the_file_says_what_it_is(path: str) -> None:
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA application_id").fetchone()[0] == 0x47504B47
    assert raw.execute("PRAGMA user_version").fetchone()[0] == 10400
    assert raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert raw.execute("PRAGMA foreign_key_check(gpkg_contents)").fetchall() == []
    assert raw.execute("PRAGMA foreign_key_check(gpkg_geometry_columns)").fetchall() == []
    indexed = {row[0] for row in raw.execute("SELECT table_name FROM gpkg_extensions")}
    assert indexed == set(INDEXED_GEOMETRY)
    for table in indexed:
        assert raw.execute(f"SELECT rtreecheck('rtree_{table}_geom')").fetchone()[0] == "ok"
    wrong = raw.execute("SELECT count(*) FROM gpkg_geometry_columns WHERE srs_id <> 4490 OR z <> 0 OR m <> 0")
    assert wrong.fetchone()[0] == 0
    raw.close()
