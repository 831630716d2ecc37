"""The cell index: compiled, with numpy alone and GEOS give one answer, that of fractions, whatever the polygons are."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.coverage import bricks
from gis.locate import NOWHERE, Layer
from gis.location import index, plain
from gis.location.robust import side_of
from tests.gis.coverages import Pair, by_numpy, indexed, judged, pairs, strips, tangle

EXAMPLES = int(os.environ.get("HUODIAN_FUZZ_EXAMPLES", "60"))

Ask = Callable[[index.Index, Any, Any], list[Pair]]


@pytest.fixture(scope="module")
def by_kernels() -> Ask:
    """Ask the index through compiled kernels, however few the points."""

    def ask(built: index.Index, lon: Any, lat: Any) -> list[Pair]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(index, "compiled_worth", lambda _: True)
            found = pairs(built.hits(lon, lat))
            first = built.locate(lon, lat)
        told = dict(reversed(found))
        assert first.tolist() == [told.get(row, NOWHERE) for row in range(len(lon))]
        return found

    return ask


def by_geos(shapes: list[Any], lon: Any, lat: Any) -> list[Pair]:
    """Ask a layer that has no index and finds no reason to build one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "kernels_loaded", lambda: False)
        return pairs(Layer([f"{n:04d}" for n in range(len(shapes))], shapes).hits(lon, lat))


def agree(by_kernels: Ask, shapes: list[Any], lon: Any, lat: Any) -> list[Pair]:
    """Ask everyone, and return the one answer."""
    built = indexed(shapes)
    expected = judged(shapes, lon, lat)
    assert by_numpy(built, lon, lat) == expected
    assert by_kernels(built, lon, lat) == expected
    assert by_geos(shapes, lon, lat) == expected
    return expected


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.randoms(use_true_random=True))
def test_tangles_of_broken_rings_are_answered_by_even_and_odd(by_kernels: Ask, rnd: random.Random) -> None:
    agree(by_kernels, *tangle(rnd))


def test_a_ring_that_is_one_point_holds_nothing(by_kernels: Ask) -> None:
    point = shapely.Polygon([(-3.2, 0.1)] * 4)
    around = shapely.Polygon([(-3.1, 0.0), (-3.2, 0.2), (-3.0, 0.2), (-3.2, 0.2), (-3.0, 0.0)])
    lon, lat = np.array([-3.2, -3.2, -3.1]), np.array([0.1, 0.0, 0.0])
    assert agree(by_kernels, [point, around, shapely.MultiPolygon([point, around])], lon, lat) == [
        (2, 1),
        (2, 2),
    ]


def test_a_point_on_many_edges_of_few_units_has_those_units(by_kernels: Ask) -> None:
    """The edges have no room in a kernel; the units would."""
    turn = np.arange(16) * (np.pi / 8)

    def star(reach: float) -> Any:
        ends = np.column_stack([1.5 + reach * np.cos(turn), 1.5 + reach * np.sin(turn)]).tolist()
        return shapely.Polygon([point for end in ends for point in ((1.5, 1.5), end)] + [(1.5, 1.5)])

    shapes = [star(1.0), star(2.0), shapely.box(1, 1, 2, 2)]
    lon, lat = np.array([1.5, 1.5, 1.0]), np.array([1.5, 0.9, 1.0])
    assert agree(by_kernels, shapes, lon, lat)[:3] == [(0, 0), (0, 1), (0, 2)]


@settings(max_examples=EXAMPLES, deadline=None)
@given(strips())
def test_slivers_t_junctions_and_touching_holes(by_kernels: Ask, case: tuple[list[Any], Any, Any]) -> None:
    shapes, lon, lat = case
    found = agree(by_kernels, shapes, lon, lat)
    vertices = len(lon) // 2
    assert {row for row, _ in found} >= set(range(vertices)), "a vertex belongs to somebody"


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.tuples(*[st.floats(-180, 180)] * 4),
    st.floats(0, 1),
    st.tuples(*[st.integers(-3, 3)] * 2),
)
def test_the_side_of_a_line_is_exact_next_to_it(
    ends: tuple[float, ...], t: float, ulps: tuple[int, int]
) -> None:
    ends = tuple(each if abs(each) >= 1e-100 else 0.0 for each in ends)
    ax, ay, bx, by = ends
    px, py = ax + t * (bx - ax), ay + t * (by - ay)
    for _ in range(abs(ulps[0])):
        px = float(np.nextafter(px, np.inf * ulps[0]))
    for _ in range(abs(ulps[1])):
        py = float(np.nextafter(py, np.inf * ulps[1]))
    if min((abs(each) for each in (px, py) if each), default=1.0) < 1e-100:
        return
    expected = plain.exact_side(ax, ay, bx, by, px, py)
    assert side_of(ax, ay, bx, by, px, py) == expected
    a, b, p = (np.array([each]) for each in ((ax, ay), (bx, by), (px, py)))
    assert plain.sides(a, b, p)[0] == expected


def test_a_grid_of_boxes_and_its_corners(by_kernels: Ask) -> None:
    """Village cells on round hundredths: edges along the cells of the index, points on every corner and side."""
    steps = np.round(np.arange(126, 126.2, 0.01), 2)
    ticks = np.round(np.arange(43, 43.12, 0.01), 2)
    shapes = [
        shapely.box(west, south, east, north)
        for west, east in pairwise(steps)
        for south, north in pairwise(ticks)
    ]
    lon, lat = (each.ravel() for each in np.meshgrid(np.linspace(126, 126.19, 77), np.append(ticks, 43.005)))
    found = agree(by_kernels, shapes, lon, lat)
    corners = np.meshgrid(steps[1:-1], ticks[1:-1])
    assert len(by_numpy(indexed(shapes), *(each.ravel() for each in corners))) == 4 * corners[0].size
    assert {row for row, _ in found} == set(np.flatnonzero((lon <= steps[-1]) & (lat <= ticks[-1])).tolist())


def test_more_units_over_one_point_than_a_kernel_holds(by_kernels: Ask) -> None:
    shapes = [shapely.box(120 - n / 10, 40 - n / 10, 121 + n / 10, 41 + n / 10) for n in range(100)]
    lon = np.array([120.5, 120.0, 111.0, 130.9, 120.5, 115.05])
    lat = np.array([40.5, 40.0, 31.0, 50.9, 60.0, 40.0])
    found = agree(by_kernels, shapes, lon, lat)
    assert sum(row == 0 for row, _ in found) == 100


def test_overlapping_coverages_tell_all_units(by_kernels: Ask) -> None:
    first = list(bricks(6, 5, 9, 1, (121.0, 40.0, 122.0, 41.0)))
    second = list(bricks(5, 4, 9, 2, (121.1, 40.2, 121.9, 41.2)))
    rng = np.random.default_rng(4)
    corners = shapely.get_coordinates(first + second)
    lon = np.concatenate([rng.uniform(121, 122.1, 400), corners[::9, 0]])
    lat = np.concatenate([rng.uniform(40, 41.2, 400), corners[::9, 1]])
    found = agree(by_kernels, first + second, lon, lat)
    assert np.bincount([row for row, _ in found]).max() >= 4


def test_coordinates_too_small_for_exact_products_are_still_answered(by_kernels: Ask) -> None:
    shapes = [
        shapely.box(-1, -1, 0, 1),
        shapely.box(0, -1, 1, 1),
        shapely.Polygon([(-1, -1), (1, 1), (-1, 1)]),
    ]
    tiny = np.array([1e-300, -1e-300, 5e-324, 0.0, -0.0, 1e-130])
    agree(by_kernels, shapes, tiny, tiny[::-1].copy())
    agree(by_kernels, shapes, tiny, np.full(6, 0.5))


def test_a_layer_of_tiny_or_mixed_geometries_is_left_to_geos() -> None:
    lon, lat = np.array([126.5, 126.0, 3.0]), np.array([43.5, 43.0, 3.0])
    layer = Layer(["a", "b"], [shapely.box(126, 43, 127, 44), shapely.Point(126.5, 43.5)])
    assert pairs(layer.hits(lon, lat)) == [(0, 0), (0, 1), (1, 0)]
    small = Layer(["a"], [shapely.box(0, 0, 1e-200, 1)])
    assert small.locate(np.array([0.0, 1e-201, 1e-199]), np.full(3, 0.5)).tolist() == [0, 0, NOWHERE]
    assert layer.content_hash is None


def test_of_a_collection_only_the_polygons_are_ground() -> None:
    spiked = shapely.make_valid(shapely.Polygon([(0, 0), (2, 0), (2, 1), (2, 5), (2, 1), (0, 1)]))
    assert spiked.geom_type == "GeometryCollection"
    layer = Layer(
        ["a", "b"], [spiked, shapely.MultiPolygon([shapely.box(3, 0, 4, 1), shapely.box(5, 0, 6, 1)])]
    )
    assert layer.locate(np.array([1.0, 2.0, 3.5]), np.array([0.5, 4.0, 0.5])).tolist() == [0, NOWHERE, 1]
    assert layer.content_hash is not None


def test_units_without_ground_and_layers_of_one_point_do_no_harm(by_kernels: Ask) -> None:
    shapes = [shapely.Polygon(), shapely.box(126, 43, 127, 44), shapely.MultiPolygon()]
    agree(by_kernels, shapes, np.array([126.5, 127.0, 128.0]), np.array([43.5, 44.0, 43.5]))
    layer = Layer(["a", "b"], [None, shapely.box(126, 43, 127, 44)])
    assert layer.locate(np.array([126.5]), np.array([43.5])).tolist() == [1]


def test_nan_infinity_and_read_only_strided_arrays(by_kernels: Ask) -> None:
    shapes = [*bricks(4, 4, 5, 3, (121.0, 40.0, 122.0, 41.0)), shapely.box(121.2, 40.2, 121.8, 40.8)]
    both = np.random.default_rng(5).uniform([121, 40], [122, 41], (600, 2))
    both[:6, 0] = [np.nan, np.inf, -np.inf, 121.5, 1e300, -1e300]
    both[3, 1] = np.nan
    both.flags.writeable = False
    built = indexed(shapes)
    found = by_kernels(built, both[:, 0], both[:, 1])
    assert found == by_numpy(built, both[:, 0], both[:, 1])
    assert min(row for row, _ in found) == 6


def test_large_questions_build_the_index_and_change_no_answer() -> None:
    shapes = list(bricks(12, 9, 11, 8, (121.0, 40.0, 123.0, 42.0)))
    codes = [f"{n:03d}" for n in range(len(shapes))]
    rng = np.random.default_rng(6)
    lon, lat = rng.uniform(121, 123, 300_000), rng.uniform(40, 42, 300_000)
    layer = Layer(codes, shapes)
    large = layer.locate(lon, lat)
    few = np.concatenate(
        [Layer(codes, shapes).locate(lon[a : a + 50], lat[a : a + 50]) for a in range(0, 500, 50)]
    )
    assert np.array_equal(large[:500], few)
    assert np.array_equal(layer.locate(lon[:500], lat[:500]), few)
    assert len(np.unique(large)) == len(shapes) + 1
