"""Shares of footprints: equal to GEOS, to the last bit whoever answers, summing to one."""

from __future__ import annotations

import os
import random
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gis.footprint import Pixels, rectangles, shares, union_shares
from gis.locate import Layer
from gis.location.areas_plain import GRID
from gis.plane import metres_per_degree
from gis.shares import Shares, box_shares, union_boxes
from tests.gis import jilin
from tests.gis.coverages import rings, strips, tangle
from tests.shared import DATA

EXAMPLES = int(os.environ.get("HUODIAN_FUZZ_EXAMPLES", "150"))


def compiled(codes: Any, shapes: Any) -> Layer:
    """Return a layer that answers by its index with compiled kernels."""
    from gis.location import areas  # noqa: F401

    layer = Layer(codes, shapes)
    layer._source()
    layer._build()
    assert layer._index is not None
    return layer


def plain(codes: Any, shapes: Any) -> Layer:
    """Return a layer that never builds an index."""
    layer = Layer(codes, shapes)
    layer._indexed = lambda _: None  # type: ignore[method-assign]
    return layer


def by_geos(layer: Layer, boxes: Any) -> dict[tuple[int, int], float]:
    pixels, ground = shapely.box(*boxes.T), shapely.make_valid(layer.geometries)
    found = {}
    for row, pixel in enumerate(pixels):
        parts = shapely.area(shapely.intersection(ground, pixel)) / pixel.area
        found.update({(row, unit): float(part) for unit, part in enumerate(parts) if part > 1e-12})
    return found


def by_slabs(shapes: Any, boxes: Any) -> tuple[dict[tuple[int, int], float], list[float]]:
    """Return the shares by even and odd, and what lies in no unit: boxes cut into slabs in which no two edges cross."""
    loops = [np.array(pair) for shape in shapes for ring in rings(shape) for pair in pairwise(ring)]
    unit = np.array([n for n, shape in enumerate(shapes) for ring in rings(shape) for _ in pairwise(ring)])
    a, b = (np.array([pair[end] for pair in loops]) for end in (0, 1))
    sloped = a[:, 0] != b[:, 0]
    a, b, unit = a[sloped], b[sloped], unit[sloped]
    slope = (b[:, 1] - a[:, 1]) / (b[:, 0] - a[:, 0])
    foot = a[:, 1] - slope * a[:, 0]
    with np.errstate(all="ignore"):
        cross = ((foot[:, None] - foot) / (slope - slope[:, None])).ravel()
    found: dict[tuple[int, int], float] = {}
    outside = []
    for row, (west, south, east, north) in enumerate(boxes.tolist()):
        with np.errstate(all="ignore"):
            sides = np.concatenate([(south - foot) / slope, (north - foot) / slope])
        cuts = np.concatenate([[west, east], a[:, 0], b[:, 0], cross, sides])
        cuts = np.unique(cuts[(cuts >= west) & (cuts <= east)])
        whole, held = (east - west) * (north - south), 0.0
        for left, right in pairwise(cuts.tolist()):
            if right - left < 1e-12:  # its middle may be its end
                continue
            middle, strips = (left + right) / 2, []
            over = (np.minimum(a[:, 0], b[:, 0]) < middle) & (np.maximum(a[:, 0], b[:, 0]) > middle)
            for one in np.unique(unit[over]).tolist():
                mine = over & (unit == one)
                y = np.sort((slope[mine] * middle + foot[mine]).clip(south, north))
                part = (right - left) * float((y[1::2] - y[::2]).sum()) / whole
                found[row, one] = found.get((row, one), 0.0) + part
                strips += zip(y[::2].tolist(), y[1::2].tolist(), strict=True)
            top = south
            for low, high in sorted(strips):
                held += (right - left) * max(0.0, high - max(low, top))
                top = max(top, high)
        outside.append(1 - held / whole)
    return {key: part for key, part in found.items() if part > 1e-12}, outside


class Drawn:
    """What `data` would draw, for an example."""

    def __init__(self, boxes: Any) -> None:
        self.boxes = np.array(boxes)

    def draw(self, _: Any) -> Any:
        return self.boxes


def told(found: Shares) -> dict[tuple[int, int], float]:
    keys = zip(found.point.tolist(), found.unit.tolist(), strict=True)
    return dict(zip(keys, found.share.tolist(), strict=True))


def apart(one: dict[tuple[int, int], float], other: dict[tuple[int, int], float]) -> float:
    return max(
        (abs(one.get(key, 0.0) - other.get(key, 0.0)) for key in one.keys() | other.keys()), default=0.0
    )


def close(boxes: Any) -> float:
    """Return how near shares must be that GEOS nodes on a grid: 1e-9, and what that moves the sides of a thin box."""
    return 1e-9 + float(8 * GRID / (boxes[:, 2:] - boxes[:, :2]).min(initial=1.0))


def same(one: Shares, other: Shares) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Shares.__slots__)


def real_pixels(count: int) -> tuple[Any, Any, Any, Any]:
    """Return real extents, re-placed by seed in and around Jilin."""
    files = sorted((DATA / "fires").glob("viirs_noaa20*/2023-10-0*.csv.gz"))
    table = pd.concat([pd.read_csv(path, usecols=["scan", "track"]) for path in files])
    dice = np.random.default_rng(5)
    rows = dice.integers(0, len(table), count)
    scan, track = (1000 * table[name].to_numpy(float)[rows] for name in ("scan", "track"))
    return dice.uniform(121.5, 131.5, count), dice.uniform(40.8, 46.4, count), scan, track


@pytest.mark.parametrize("name", ["tianditu", "amap_wgs84"])
def test_real_pixels_in_real_counties_have_the_shares_of_geos(name: str) -> None:
    codes, shapes = jilin.counties(name)
    layer, at = compiled(codes, shapes), real_pixels(4000)
    found = shares(layer, *at)
    pixels = rectangles(*at)
    row, unit = layer.touched(pixels)
    part = shapely.area(shapely.intersection(pixels[row], layer.geometries[unit])) / shapely.area(pixels[row])
    wanted = {(int(a), int(b)): float(c) for a, b, c in zip(row, unit, part, strict=True) if c > 1e-12}
    assert apart(told(found), wanted) < 1e-9
    total = np.bincount(found.point, weights=found.share, minlength=len(pixels)) + found.outside
    assert total == pytest.approx(1, abs=1e-9)
    assert 0.004 < (np.bincount(found.point, minlength=len(pixels)) > 1).mean() < 0.2
    assert same(found, shares(plain(codes, shapes), *at)), "numpy and the kernels sum the same"
    some = slice(1000, 1050)
    few = shares(plain(codes, shapes), *(each[some] for each in at))
    assert told(few) == {(a - 1000, b): c for (a, b), c in told(found).items() if 1000 <= a < 1050}


def lattice_boxes(draw: st.DrawFn, x: Any, y: Any) -> Any:
    """Return boxes with sides on the layer's own coordinates and off them."""

    def sides(values: Any) -> tuple[float, float]:
        low, high = float(values.min()), float(values.max())
        place = st.one_of(st.sampled_from(values.tolist()), st.floats(low - 0.2, high + 0.2))
        one, other = draw(place), draw(place)
        return min(one, other), max(one, other)

    found = []
    for _ in range(draw(st.integers(1, 8))):
        (west, east), (south, north) = sides(x), sides(y)
        if east - west > 1e-5 and north - south > 1e-5:
            found.append((west, south, east, north))
    return np.array(found).reshape(-1, 4)


@st.composite
def boxed_strips(draw: st.DrawFn) -> tuple[list[Any], Any]:
    shapes, lon, lat = draw(strips())
    return shapes, lattice_boxes(draw, np.unique(lon), np.unique(lat))


@settings(max_examples=EXAMPLES, deadline=None)
@given(boxed_strips())
def test_degenerate_coverages_have_the_shares_of_geos_and_sum_to_one(case: tuple[list[Any], Any]) -> None:
    shapes, boxes = case
    codes = [f"{number:02d}" for number in range(len(shapes))]
    layer = compiled(codes, shapes)
    found = box_shares(layer, boxes)
    assert apart(told(found), by_geos(layer, boxes)) < 1e-9
    total = np.bincount(found.point, weights=found.share, minlength=len(boxes)) + found.outside
    assert np.abs(total - 1).max(initial=0.0) < close(boxes)
    assert same(found, box_shares(plain(codes, shapes), boxes))
    assert ((found.share > 0) & (found.share <= 1)).all()


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 10**9), st.data())
@example(seed=2, data=Drawn([(0.28761583, 0.0, 0.30614732, 0.38260939)]))
@example(seed=21448475, data=Drawn([(-3.3, 0.252970485, 2.22507386e-308, 5.99912792)]))
@example(seed=3, data=Drawn([(126.0, 5e-324, 126.215178, 0.0625)]))  # sides that all but vanish
@example(seed=11405141, data=Drawn([(-3.3, 0.0, -3.09333112, 0.3)]))  # three edges an ulp apart
@example(seed=590760285, data=Drawn([(1.0, 0.07356970247025385, 2.9079763056896653, 0.9918497924077103)]))
@example(seed=21765801, data=Drawn([(126.0, 0.0, 126.75, 3 / 7)]))  # two edges an ulp apart
def test_broken_and_overlapping_units_have_their_shares_by_even_and_odd(seed: int, data: Any) -> None:
    """A hole that shares a stretch of its shell is empty; GEOS would fill it (`shapely.make_valid`)."""
    shapes, lon, lat = tangle(random.Random(seed))  # noqa: S311
    layer = compiled([f"{number:02d}" for number in range(len(shapes))], shapes)
    boxes = data.draw(st.composite(lattice_boxes)(np.unique(lon), np.unique(lat)))
    found = box_shares(layer, boxes)
    wanted, outside = by_slabs(shapes, boxes)
    near = close(boxes)
    assert apart(told(found), wanted) < near
    assert apart(told(box_shares(plain(layer.codes, shapes), boxes)), wanted) < near
    assert found.outside == pytest.approx(outside, abs=2 * near)


def test_a_pixel_inside_a_unit_has_exactly_the_whole_of_it() -> None:
    codes, shapes = jilin.counties("tianditu")
    lon, lat = np.array([125.3]), np.array([44.4])
    found = shares(compiled(codes, shapes), lon, lat, np.array([400.0]), np.array([400.0]))
    assert found.share.tolist() == [1.0]
    assert found.outside.tolist() == [0.0]


def test_pixels_beyond_the_layer_are_outside() -> None:
    layer = compiled(["a"], [shapely.box(126, 43, 127, 44)])
    lon, lat, size = np.array([120.0, 126.0, 127.0]), np.array([43.5, 43.5, 44.0]), np.full(3, 400.0)
    found = shares(layer, lon, lat, size, size)
    assert found.outside == pytest.approx([1, 0.5, 0.75], abs=1e-9)
    assert found.of(np.zeros(3, dtype=int)) == pytest.approx([0, 0.5, 0.25], abs=1e-9)


def test_an_empty_layer_and_no_pixels() -> None:
    none = np.empty(0)
    assert shares(Layer([], []), *(np.ones(1) * 9,) * 4).outside.tolist() == [1.0]
    assert len(shares(compiled(["a"], [shapely.box(0, 0, 1, 1)]), none, none, none, none).outside) == 0


@st.composite
def clumps(draw: st.DrawFn) -> tuple[Any, Any]:
    """Return groups of boxes that overlap, touch, repeat and lie apart."""
    step = draw(st.sampled_from([1.0, 0.1, 1 / 3]))
    boxes, group = [], []
    for number in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(1, 7))):
            west, south = draw(st.integers(0, 8)) * step, draw(st.integers(0, 8)) * step
            boxes.append(
                (west, south, west + draw(st.integers(1, 4)) * step, south + draw(st.integers(1, 4)) * step)
            )
            group.append(number)
    return np.array(boxes) + np.array([126, 43, 126, 43]), np.array(group)


@settings(max_examples=200, deadline=None)
@given(clumps())
def test_a_union_is_cut_into_disjoint_boxes(case: tuple[Any, Any]) -> None:
    boxes, group = case
    cut, of = union_boxes(boxes, group)
    assert (np.diff(of) >= 0).all()
    for number in range(int(group.max()) + 1):
        union, pieces = (
            shapely.union_all(shapely.box(*boxes[group == number].T)),
            shapely.box(*cut[of == number].T),
        )
        assert shapely.area(pieces).sum() == pytest.approx(union.area, abs=1e-9)
        assert shapely.area(shapely.union_all(pieces)) == pytest.approx(union.area, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(clumps(), st.floats(126, 130), st.floats(0.1, 3))
def test_the_shares_of_a_union_are_those_of_geos(case: tuple[Any, Any], line: float, slant: float) -> None:
    boxes, group = case
    west = shapely.Polygon([(120, 30), (line, 30), (line + slant, 60), (120, 60)])
    east = shapely.Polygon([(line, 30), (128 + line, 30), (128 + line, 60), (line + slant, 60)])
    layer = compiled(["east", "west"], [east, west])
    found = box_shares(layer, *union_boxes(boxes, group))
    for number in range(int(group.max()) + 1):
        union = shapely.union_all(shapely.box(*boxes[group == number].T))
        for unit in range(2):
            part = union.intersection(layer.geometries[unit]).area / union.area
            assert told(found).get((number, unit), 0.0) == pytest.approx(part, abs=1e-9)
    assert found.outside == pytest.approx(0, abs=1e-9)


def test_a_union_of_pixels_counts_shared_ground_once() -> None:
    layer = compiled(["east", "west"], [shapely.box(126, 43, 127, 45), shapely.box(125, 43, 126, 45)])
    per_lon, _ = metres_per_degree(44.0)
    lon = 126 + np.array([-100.0, -100.0, 300.0]) / per_lon
    pixels = Pixels(lon, np.full(3, 44.0), np.full(3, 400.0), np.full(3, 400.0), np.array([0, 0, 0]))
    found = union_shares(layer, pixels)  # from -300 m to 500 m
    assert found.share == pytest.approx([5 / 8, 3 / 8], abs=1e-6)
    assert found.point.tolist() == [0, 0]


def test_ground_that_two_units_claim_is_covered_once() -> None:
    shapes = [shapely.box(126, 43, 126.006, 44), shapely.box(126.004, 43, 126.008, 44)]
    for layer in (compiled(["a", "b"], shapes), plain(["a", "b"], shapes)):
        found = box_shares(layer, np.array([[126.0, 43.5, 126.01, 43.6]]))
        assert found.share == pytest.approx([0.6, 0.4], abs=1e-9)
        assert found.outside == pytest.approx([0.2], abs=1e-9)


def test_a_known_azimuth_turns_the_pixel() -> None:
    layer = compiled(["east", "west"], [shapely.box(126, 43, 127, 45), shapely.box(125, 43, 126, 45)])
    per_lon, _ = metres_per_degree(44.0)
    lon, lat = np.full(4, 126 + 300 / per_lon), np.full(4, 44.0)
    azimuth = np.array([np.nan, 0.0, 90.0, 45.0])
    found = shares(layer, lon, lat, np.full(4, 800.0), np.full(4, 400.0), azimuth)
    half = 600 / np.sqrt(2)  # how far a pixel turned by 45 degrees reaches from its centre
    corner = (half - 300) ** 2 / (800 * 400)  # the rectangular corner that reaches over the line
    assert found.of(np.ones(4, dtype=int)) == pytest.approx([1 / 8, 1 / 8, 0, corner], abs=1e-6)
    assert found.outside == pytest.approx(0, abs=1e-9)
    whole = np.bincount(found.point, weights=found.share)
    assert whole == pytest.approx(1, abs=1e-9)
