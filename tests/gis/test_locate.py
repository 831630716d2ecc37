"""Points to polygons: the same answer as GEOS, one rule on edges, distances to the border."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from gis.locate import NOWHERE, Layer
from tests.gis import jilin


def real_layer(name: str) -> Layer:
    codes, shapes = jilin.counties(name)
    return Layer(codes, shapely.make_valid(np.array(shapes, dtype=object)))


def by_geos(codes: list[str], shapes: list[Any], lon: Any, lat: Any) -> list[str | None]:
    """Ask GEOS about every pair, and apply the stated rule: of several the code that sorts first."""
    found: list[str | None] = [None] * len(lon)
    for code, one in sorted(zip(codes, shapes, strict=True), key=lambda pair: pair[0], reverse=True):
        for row in np.flatnonzero(shapely.intersects_xy(one, lon, lat)):
            found[row] = code
    return found


def names(layer: Layer, index: Any) -> list[str | None]:
    return [None if one == NOWHERE else layer.codes[one] for one in index]


@pytest.mark.parametrize("name", jilin.COUNTY_SETS)
def test_every_real_point_is_where_geos_puts_it(name: str) -> None:
    points = jilin.north_east()
    layer = real_layer(name)
    codes, _ = jilin.counties(name)
    expected = by_geos(codes, list(layer.geometries[np.argsort(layer.source_index)]), points.lon, points.lat)
    assert names(layer, layer.locate(points.lon, points.lat)) == expected
    assert sum(one is not None for one in expected) > 1000


def test_the_real_counties_leave_no_point_of_the_province_out() -> None:
    points = jilin.north_east()
    inside = shapely.intersects_xy(jilin.province(), points.lon, points.lat)
    assert np.array_equal(real_layer("tianditu").locate(points.lon, points.lat) != NOWHERE, inside)


def test_each_vertex_of_the_real_counties_belongs_to_the_first_code_that_touches_it() -> None:
    codes, shapes = jilin.counties("tianditu")
    layer = Layer(codes, shapes)
    vertices = np.unique(shapely.get_coordinates(shapes), axis=0)
    lon, lat = vertices.T
    assert names(layer, layer.locate(lon, lat)) == by_geos(codes, shapes, lon, lat)
    point, _ = layer.hits(lon, lat)
    assert np.bincount(point).max() >= 3, "a real set has corners where three counties meet"


def test_no_point_of_a_real_county_line_is_lost() -> None:
    codes, shapes = jilin.counties("tianditu")
    layer = Layer(codes, shapes)
    outline = shapely.boundary(jilin.province())
    shapely.prepare(outline)
    checked = 0
    for part in shapely.get_parts(shapely.boundary(shapes)):
        corners = shapely.get_coordinates(part)
        middle = (corners[1:] + corners[:-1]) / 2
        inner = middle[~shapely.dwithin(outline, shapely.points(middle), 1e-9)]
        assert (layer.locate(*inner.T) != NOWHERE).all()
        checked += len(inner)
    assert checked > 8_000


def test_the_order_in_which_units_are_given_does_not_matter() -> None:
    codes, shapes = jilin.counties("tianditu")
    vertices = np.unique(shapely.get_coordinates(shapes), axis=0)[:500]
    forward, backward = Layer(codes, shapes), Layer(codes[::-1], shapes[::-1])
    assert forward.codes == backward.codes
    assert np.array_equal(forward.locate(*vertices.T), backward.locate(*vertices.T))
    assert [codes[i] for i in forward.source_index] == list(forward.codes)


@st.composite
def coverage(draw: st.DrawFn) -> tuple[list[str], list[Any]]:
    """A square cut into quadrilaterals at shared, shifted corners; some pairs are joined into multipolygons."""
    side = draw(st.integers(1, 5))
    shift = st.integers(-40, 40).map(lambda n: n / 100)
    corner = {}
    for i in range(side + 1):
        for j in range(side + 1):
            dx = 0 if i in {0, side} else draw(shift)
            dy = 0 if j in {0, side} else draw(shift)
            corner[i, j] = (126 + (i + dx) / 10, 43 + (j + dy) / 10)
    cells = []
    for i in range(side):
        for j in range(side):
            ring = [corner[i, j], corner[i + 1, j], corner[i + 1, j + 1], corner[i, j + 1]]
            half = shapely.Polygon([ring[0], ring[1], ring[2]]), shapely.Polygon([ring[0], ring[2], ring[3]])
            whole = shapely.Polygon(ring)
            cells.append(
                whole if whole.is_valid and whole.area > max(h.area for h in half) else half[0].union(half[1])
            )
    order = draw(st.permutations(range(len(cells))))
    return [f"22{number:04d}" for number in order], cells


@settings(max_examples=60, deadline=None)
@given(
    coverage(),
    st.lists(st.tuples(st.floats(126, 126.5), st.floats(43, 43.5)), max_size=40),
    st.integers(0, 10**6),
)
def test_a_point_of_a_clean_coverage_is_in_exactly_one_unit(
    cover: tuple[list[str], list[Any]], drawn: list[tuple[float, float]], seed: int
) -> None:
    codes, shapes = cover
    layer = Layer(codes, shapes)
    corners = shapely.get_coordinates(shapes)
    rng = np.random.default_rng(seed)
    along = corners[:-1] + rng.random((len(corners) - 1, 1)) * np.diff(corners, axis=0)
    lon, lat = np.concatenate([corners, along, np.reshape(drawn, (-1, 2))]).T
    found = layer.locate(lon, lat)
    assert names(layer, found) == by_geos(codes, shapes, lon, lat)
    if shapely.coverage_is_valid(np.array(shapes, dtype=object)):
        side = np.sqrt(len(shapes)) / 10
        inside = (lon >= 126) & (lon <= 126 + side) & (lat >= 43) & (lat <= 43 + side)
        on_the_rim = np.isclose(lon, 126 + side) | np.isclose(lat, 43 + side)
        assert (found[inside & ~on_the_rim] != NOWHERE).all()


def test_overlapping_units_are_all_told_in_order() -> None:
    layer = Layer(["b", "a"], [shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)])
    point, unit = layer.hits(np.array([9.0, 1.5, 0.5]), np.array([9.0, 1.5, 0.5]))
    assert [(int(p), layer.codes[u]) for p, u in zip(point, unit, strict=True)] == [
        (1, "a"),
        (1, "b"),
        (2, "b"),
    ]


def test_holes_and_nothing_and_nan_are_nowhere() -> None:
    ring = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))
    layer = Layer(["a"], [ring])
    lon = np.array([1.5, 1.0, 0.5, np.nan, 7.0])
    assert layer.locate(lon, lon).tolist() == [NOWHERE, 0, 0, NOWHERE, NOWHERE]
    empty = Layer([], [])
    assert empty.locate(lon, lon).tolist() == [NOWHERE] * 5
    assert np.isnan(empty.border_distance_m(lon, lon, empty.locate(lon, lon))).all()
    assert layer.locate(np.empty(0), np.empty(0)).shape == (0,)


def test_border_distances_of_real_points_agree_with_the_ellipsoid() -> None:
    points = jilin.noaa20_autumn_2023()
    layer = real_layer("tianditu")
    unit = layer.locate(points.lon, points.lat)
    metres = layer.border_distance_m(points.lon, points.lat, unit)
    far_and_near = np.argsort(metres)[np.linspace(0, len(points) - 1, 150).astype(int)]
    for row in far_and_near:
        lon, lat = float(points.lon[row]), float(points.lat[row])
        assert metres[row] == pytest.approx(on_ellipsoid(layer, int(unit[row]), lon, lat), rel=0.005, abs=0.5)


def on_ellipsoid(layer: Layer, unit: int, lon: float, lat: float) -> float:
    """Measure in an azimuthal equidistant plane about the point: distances from its centre are the geodesic's."""
    plane = f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=GRS80 +units=m"
    project = Transformer.from_crs("EPSG:4490", plane, always_xy=True)
    border = shapely.segmentize(shapely.boundary(layer.geometries[unit]), 0.01)
    flat = shapely.transform(border, lambda xy: np.column_stack(project.transform(*xy.T)))
    return float(shapely.distance(shapely.Point(0, 0), flat))


def test_a_point_in_no_unit_has_no_border() -> None:
    layer = Layer(["a"], [shapely.box(126, 43, 127, 44)])
    lon, lat = np.array([126.5, 130.0]), np.array([43.9, 43.5])
    metres = layer.border_distance_m(lon, lat, layer.locate(lon, lat))
    assert metres[0] == pytest.approx(11_111, rel=0.001)
    assert np.isnan(metres[1])
