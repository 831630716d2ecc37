"""Large layers read in pieces: the same layer as read at once, and files that are something else refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from bench.coverage import bricks
from gis.errors import RefusedInputError, UnknownDatumError
from gis.locate import Layer
from gis.location.stream import read_layer
from tests.gis import jilin
from tests.gis.coverages import pairs


def written(path: Path, codes: list[str], shapes: Any, crs: int | None = 4490, **options: Any) -> Path:
    gpd.GeoDataFrame({"code": codes}, geometry=list(shapes), crs=crs).to_parquet(path, **options)
    return path


@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
def test_a_streamed_layer_is_the_layer(tmp_path: Path, batch_rows: int) -> None:
    codes, shapes = jilin.counties("tianditu")
    path = written(tmp_path / "counties.parquet", codes[::-1], shapes[::-1])
    streamed, whole = read_layer(path, batch_rows=batch_rows), Layer(codes, shapes)
    points = jilin.north_east()
    corners = np.unique(shapely.get_coordinates(shapes), axis=0)
    lon, lat = np.append(points.lon, corners[:, 0]), np.append(points.lat, corners[:, 1])
    assert streamed.codes == whole.codes
    assert streamed.bounds.tolist() == whole.bounds.tolist()
    assert pairs(streamed.hits(lon, lat)) == pairs(whole.hits(lon, lat))
    assert shapely.equals_exact(streamed.geometries, whole.geometries, 0).all()
    unit = whole.locate(lon, lat)
    one, other = (each.border_distance_m(lon, lat, unit) for each in (streamed, whole))
    assert np.array_equal(one, other, equal_nan=True)


def test_a_streamed_layer_can_be_saved_and_opened(tmp_path: Path) -> None:
    shapes = bricks(30, 20, 5, 2, (121.0, 40.0, 123.0, 42.0))
    codes = [f"{n * 7919 % 600:04d}" for n in range(600)]
    streamed = read_layer(written(tmp_path / "villages.parquet", codes, shapes), batch_rows=50)
    streamed.save(tmp_path / "villages.idx")
    opened = Layer.open(tmp_path / "villages.idx", verify=True)
    lon, lat = np.random.default_rng(1).uniform([[121], [40]], [[123], [42]], (2, 2000))
    expected = pairs(Layer(codes, list(shapes)).hits(lon, lat))
    assert pairs(opened.hits(lon, lat)) == pairs(streamed.hits(lon, lat)) == expected


def test_a_file_without_crs_is_in_the_default_of_the_format(tmp_path: Path) -> None:
    path = written(tmp_path / "plain.parquet", ["a"], [shapely.box(126, 43, 127, 44)])
    table = pq.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    del geo["columns"]["geometry"]["crs"]
    pq.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), path)
    assert read_layer(path).locate(np.array([126.5]), np.array([43.5])).tolist() == [0]


def test_another_crs_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "metres.parquet", ["a"], [shapely.box(0, 0, 1, 1)], crs=4526)
    with pytest.raises(UnknownDatumError):
        read_layer(path)


@pytest.mark.parametrize(
    ("shape", "options"),
    [(shapely.Point(126, 43), {}), (shapely.box(126, 43, 127, 44), {"geometry_encoding": "geoarrow"})],
)
def test_what_is_no_layer_of_polygons_in_wkb_is_refused(
    tmp_path: Path, shape: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(RefusedInputError) as told:
        read_layer(written(tmp_path / "odd.parquet", ["a"], [shape], **options))
    assert told.value.code == "layer_file_refused"


def test_a_plain_parquet_file_or_another_column_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"code": ["a"]}), tmp_path / "table.parquet")
    with pytest.raises(RefusedInputError, match="no GeoParquet"):
        read_layer(tmp_path / "table.parquet")
    path = written(tmp_path / "layer.parquet", ["a"], [shapely.box(126, 43, 127, 44)])
    with pytest.raises(RefusedInputError, match="'name'"):
        read_layer(path, code="name")


def test_an_empty_file_is_an_empty_layer(tmp_path: Path) -> None:
    layer = read_layer(written(tmp_path / "none.parquet", [], []))
    assert layer.locate(np.array([126.0]), np.array([43.0])).tolist() == [-1]
