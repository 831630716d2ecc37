"""Distances to borders: the same metres to the last bit from one point or a million, and GEOS's up to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.coverage import bricks
from gis.locate import NOWHERE, Layer
from gis.location import borders
from gis.plane import metres_per_degree
from tests.gis import jilin
from tests.gis.coverages import indexed


def in_geos(shapes: list[Any], lon: Any, lat: Any, unit: Any) -> Any:
    per_lon, per_lat = metres_per_degree((np.floor(lat / 0.25) + 0.5) * 0.25)
    return borders.by_geos(np.array(shapes, dtype=object), lon, lat, unit, per_lon, per_lat)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6))
def test_compiled_and_plain_distances_are_the_same_bits(seed: int, columns: int, rows: int) -> None:
    shapes = list(bricks(columns, rows, 6, seed, (121.0, 40.0, 123.0, 41.5)))
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(120, 124, 200), rng.uniform(39.5, 42, 200)  # some far outside their unit
    unit = rng.integers(0, len(shapes), 200)
    scales = np.full(200, 85_000.0), np.full(200, 111_000.0)
    built = indexed(shapes)
    compiled = built.border_distance_m(lon, lat, unit, *scales)
    assert np.array_equal(compiled, borders.plain(built.source, lon, lat, unit, *scales))
    geos = borders.by_geos(np.array(shapes, dtype=object), lon, lat, unit, *scales)
    assert compiled == pytest.approx(geos, rel=1e-9, abs=1e-6)


def test_distances_of_real_points_are_geoss_in_the_same_plane() -> None:
    points = jilin.north_east()
    codes, shapes = jilin.counties("amap_wgs84")
    layer = Layer(codes, shapes)
    unit = layer.locate(points.lon, points.lat)
    metres = layer.border_distance_m(points.lon, points.lat, unit)
    held = unit != NOWHERE
    expected = in_geos(list(layer.geometries), points.lon[held], points.lat[held], unit[held])
    assert metres[held] == pytest.approx(expected, rel=1e-9, abs=1e-6)
    assert np.isnan(metres[~held]).all()
    alone = [
        Layer(codes, shapes).border_distance_m(points.lon[[row]], points.lat[[row]], unit[[row]])[0]
        for row in np.flatnonzero(held)[:5]
    ]
    assert alone == metres[held][:5].tolist()


def test_a_point_on_the_border_is_at_zero_and_a_hole_has_a_border() -> None:
    ring = shapely.box(126, 43, 129, 46).difference(shapely.box(127, 44, 128, 45))
    layer = Layer(["a"], [ring])
    lon, lat = np.array([127.0, 126.0, 126.9]), np.array([44.5, 43.0, 44.5])
    metres = layer.border_distance_m(lon, lat, layer.locate(lon, lat))
    assert metres[:2].tolist() == [0, 0]
    assert metres[2] == pytest.approx(0.1 * metres_per_degree(44.625)[0])


def test_a_unit_that_is_no_polygon_is_measured_by_geos() -> None:
    layer = Layer(["a", "b"], [shapely.box(126, 43, 127, 44), shapely.LineString([(125, 43), (125, 44)])])
    metres = layer.border_distance_m(np.array([126.5]), np.array([43.9]), np.array([0]))
    assert metres[0] == pytest.approx(11_111, rel=0.001)
