"""A grid out of GeoParquet is the grid that its GeoJSON gives; what is broken or undeclared is refused."""

from __future__ import annotations

import io
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import Polygon, box

from gis.errors import RefusedInputError, UnknownDatumError
from grids.cells import GridSet, read_grid

ROWS = {
    "网格编码": ["220182101", "220182101201", "220182101201-01"],
    "级别": ["乡镇级", "村级", "屯"],
    "名称": ["试验乡", "一村", "一屯"],
    "上级编码": [None, "220182101", "220182101201"],
}
SHAPES = [box(126.0, 44.0, 126.2, 44.2), box(126.0, 44.0, 126.1, 44.1), None]


def frame(shapes: Any = SHAPES, crs: Any = 4490) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(ROWS, geometry=list(shapes), crs=crs)


def parquet(data: gpd.GeoDataFrame) -> bytes:
    buffer = io.BytesIO()
    data.to_parquet(buffer, write_covering_bbox=False)
    return buffer.getvalue()


def read(raw: bytes, **how: Any) -> GridSet:
    return read_grid(raw, name="grid", version="1", status="sample", **how)


def test_geoparquet_and_geojson_give_one_grid() -> None:
    one = read(parquet(frame()))
    two = read(frame().to_json(drop_id=True).encode(), datum="cgcs2000")
    assert one.content_hash == two.content_hash
    assert [cell.level for cell in one.cells] == ["township", "village", "hamlet"]
    assert one.cells[2].geometry is None


def test_a_declared_datum_is_applied() -> None:
    moved = read(parquet(frame(crs=None)), datum="gcj02")
    assert moved.cells[0].geometry is not None
    west = moved.cells[0].geometry.bounds[0]
    assert 0.003 < 126.0 - west < 0.01


def test_a_datum_that_nobody_states_is_refused() -> None:
    with pytest.raises(UnknownDatumError):
        read(parquet(frame(crs=None)))


def test_a_file_that_contradicts_the_declaration_is_refused() -> None:
    with pytest.raises(UnknownDatumError) as caught:
        read(parquet(frame()), datum="EPSG:4526")
    assert caught.value.code == "datum_mismatch"


@pytest.mark.parametrize("cut", [b"PAR1PAR1", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_broken_file_is_refused(cut: bytes) -> None:
    with pytest.raises(RefusedInputError) as caught:
        read(cut)
    assert caught.value.code == "bad_geoparquet"


def test_a_geometry_that_is_not_valid_is_named() -> None:
    bow = Polygon([(126, 44), (126.1, 44.1), (126.1, 44), (126, 44.1)])
    with pytest.raises(RefusedInputError) as caught:
        read(parquet(frame([SHAPES[0], bow, None])))
    assert "2" in caught.value.en
