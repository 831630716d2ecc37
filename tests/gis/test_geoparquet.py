"""What a GeoParquet file says of its geometry is read in one way, whoever reads the rest."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from gis.geoparquet import geometry_column


def schema(geo: Any, *names: str) -> pa.Schema:
    raw = geo if isinstance(geo, bytes) else json.dumps(geo).encode()
    fields = [pa.field(name, pa.binary()) for name in names or ("shape",)]
    return pa.schema(fields, metadata={b"geo": raw})


def about(**column: Any) -> dict[str, Any]:
    return {"primary_column": "shape", "columns": {"shape": {"encoding": "WKB", **column}}}


def test_the_primary_column_is_found_by_its_name() -> None:
    found = geometry_column(schema(about(geometry_types=["Polygon"]), "code", "shape"))
    assert found is not None
    assert (found.name, found.about["geometry_types"]) == ("shape", ["Polygon"])


@pytest.mark.parametrize(
    "geo",
    [
        b"{",
        b"\xff",
        [],
        {},
        {"primary_column": "shape"},
        {"primary_column": "shape", "columns": []},
        {"primary_column": ["shape"], "columns": {"shape": {"encoding": "WKB"}}},
        {"primary_column": "shape", "columns": {"shape": "WKB"}},
        {"primary_column": "shape", "columns": {"shape": {"encoding": "polygon"}}},
        {"primary_column": "gone", "columns": {"gone": {"encoding": "WKB"}}},
    ],
)
def test_a_file_that_names_no_geometry_in_wkb_has_none(geo: Any) -> None:
    assert geometry_column(schema(geo)) is None


def test_a_file_without_the_metadata_has_none() -> None:
    assert geometry_column(pa.schema([pa.field("shape", pa.binary())])) is None


@pytest.mark.parametrize(
    ("crs", "datum"),
    [
        ({"id": {"authority": "OGC", "code": "CRS84"}}, "wgs84"),
        ({"id": {"authority": "EPSG", "code": 4490}}, "cgcs2000"),
        ({"id": {"authority": "EPSG", "code": "4326"}}, "wgs84"),
        ({"id": {"authority": "EPSG", "code": 4526}}, "epsg:4526"),
        ({"id": {"authority": "ESRI", "code": 1}}, None),
        ({"id": "EPSG:4490"}, None),
        ({"name": "somewhere"}, None),
        (None, None),
    ],
)
def test_the_datum_is_that_of_the_crs_and_an_unknown_one_is_no_datum(crs: Any, datum: str | None) -> None:
    found = geometry_column(schema(about(crs=crs)))
    assert found is not None
    assert (None if found.stated is None else found.stated.key) == datum


def test_without_a_crs_geoparquet_means_degrees_of_wgs84() -> None:
    found = geometry_column(schema(about()))
    assert found is not None
    assert found.stated is not None
    assert found.stated.key == "wgs84"
