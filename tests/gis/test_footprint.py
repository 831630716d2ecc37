"""Pixels on the ground: shares, boundary cases, and which way the scan goes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.footprint import extents_km, measure, rectangles
from gis.locate import NOWHERE, Layer
from gis.plane import distance_m, metres_per_degree
from tests.gis import jilin

LAT = 43.9


def one(
    layer: Layer, lon: float, lat: float, scan_m: float, track_m: float, accuracy_m: float = 0.0
) -> tuple[float, bool, tuple[str, ...]]:
    at = np.array([lon]), np.array([lat])
    found = measure(
        layer, *at, layer.locate(*at), np.array([scan_m]), np.array([track_m]), accuracy_m=accuracy_m
    )
    return float(found.share[0]), bool(found.boundary_case[0]), found.neighbours[0]


def east_and_west() -> Layer:
    return Layer(["east", "west"], [shapely.box(126, 43, 127, 45), shapely.box(125, 43, 126, 45)])


def metres_east(metres: float) -> float:
    return metres / float(distance_m(126, LAT, 127, LAT))


def test_nominal_extents_stand_in_for_what_a_feed_does_not_say() -> None:
    scan = np.array([0.5, np.nan, 0.0, np.nan, np.nan, -1.0])
    track = np.array([np.nan, 0.4, 0.0, np.nan, np.nan, 2.0])
    instrument = ["VIIRS", "VIIRS", "MODIS", "MODIS", None, "AHI"]
    got_scan, got_track = extents_km(scan, track, instrument, ["satellite"] * 6)
    assert got_scan.tolist() == [0.5, 0.375, 1.0, 1.0, 1.0, 1.0]
    assert got_track.tolist() == [0.375, 0.4, 1.0, 1.0, 1.0, 2.0]


def test_who_stood_there_saw_no_square_kilometre_burn() -> None:
    nothing = np.full(5, np.nan)
    kinds = ["satellite", "patrol", "drone", "camera", "public_report"]
    got, _ = extents_km(nothing, nothing, [None] * 5, kinds)
    assert got.tolist() == [1.0, 0.05, 0.05, 0.2, 0.5]
    assert extents_km(np.array([0.1]), nothing[:1], [None], ["patrol"])[0].tolist() == [0.1]


def test_the_scan_runs_east_west_and_the_track_north_south() -> None:
    box = rectangles(*(np.array([v]) for v in (126.0, LAT, 800.0, 400.0)))[0]
    west, south, east, north = box.bounds
    assert distance_m(west, LAT, east, LAT) == pytest.approx(800, rel=1e-6)
    assert distance_m(126, south, 126, north) == pytest.approx(400, rel=1e-6)


def test_a_long_scan_reaches_over_a_meridian_border_and_a_long_track_does_not() -> None:
    lon = 126 + metres_east(300)
    share, case, neighbours = one(east_and_west(), lon, LAT, scan_m=800, track_m=400)
    assert (case, neighbours) == (True, ("west",))
    assert share == pytest.approx(700 / 800, rel=1e-3)
    assert one(east_and_west(), lon, LAT, scan_m=400, track_m=800) == (1.0, False, ())


def test_the_accuracy_of_a_set_widens_the_test_but_not_the_share() -> None:
    lon = 126 + metres_east(300)
    assert one(east_and_west(), lon, LAT, 400, 400, accuracy_m=50) == (1.0, False, ())
    assert one(east_and_west(), lon, LAT, 400, 400, accuracy_m=150) == (1.0, True, ("west",))


def test_leaving_the_layer_is_a_boundary_case_without_a_neighbour() -> None:
    layer = Layer(["east"], [shapely.box(126, 43, 127, 45)])
    share, case, neighbours = one(layer, 126 + metres_east(100), LAT, 400, 400)
    assert (case, neighbours) == (True, ())
    assert share == pytest.approx(0.75, rel=1e-3)


def test_a_centre_outside_every_unit_names_the_unit_its_pixel_touches() -> None:
    layer = Layer(["east"], [shapely.box(126, 43, 127, 45)])
    share, case, neighbours = one(layer, 126 - metres_east(100), LAT, 400, 400)
    assert np.isnan(share)
    assert (case, neighbours) == (True, ("east",))
    share, case, neighbours = one(layer, 120.0, LAT, 400, 400)
    assert np.isnan(share)
    assert (case, neighbours) == (False, ())


def shares_in_every_unit(layer: Layer, lon: Any, lat: Any, scan: Any, track: Any) -> Any:
    """Ask for the share in each unit that the pixel touches, and add up."""
    total = np.zeros(len(lon))
    for unit in range(len(layer)):
        near = shapely.intersects(layer.geometries[unit], rectangles(lon, lat, scan, track))
        rows = np.flatnonzero(near)
        found = measure(
            layer, lon[rows], lat[rows], np.full(len(rows), unit), scan[rows], track[rows], accuracy_m=0.0
        )
        # A centre in another unit is farther from this border than a pixel reaches only when nothing is shared.
        total[rows] += np.where(found.distance_m <= np.hypot(scan[rows], track[rows]), found.share, 1.0)
    return total


def test_shares_of_real_pixels_add_up_to_one_inside_the_province() -> None:
    points = jilin.noaa20_autumn_2023().take(slice(0, 900))
    codes, shapes = jilin.counties("tianditu")
    layer = Layer(codes, shapes)
    scan, track = np.full(len(points), 800.0), np.full(len(points), 780.0)
    total = shares_in_every_unit(layer, points.lon, points.lat, scan, track)
    whole = shapely.covers(jilin.province(), rectangles(points.lon, points.lat, scan, track))
    assert whole.sum() > 500
    assert total[whole] == pytest.approx(1, abs=1e-9)
    assert (total <= 1 + 1e-9).all()


def test_four_percent_of_real_pixels_touch_two_counties() -> None:
    points = jilin.noaa20_autumn_2023()
    codes, shapes = jilin.counties("tianditu")
    layer = Layer(codes, shapes)
    unit = layer.locate(points.lon, points.lat)
    size = np.full(len(points), 500.0)
    found = measure(layer, points.lon, points.lat, unit, size, size, accuracy_m=0.0)
    assert 0.02 < found.boundary_case.mean() < 0.08
    assert all(layer.codes[u] not in n for u, n in zip(unit.tolist(), found.neighbours, strict=True))


@st.composite
def borders(draw: st.DrawFn) -> Layer:
    """Two units divided by a line in any direction through the middle."""
    angle = draw(st.floats(0, np.pi))
    far = np.array([np.cos(angle), np.sin(angle)])
    side = np.array([-far[1], far[0]])
    middle = np.array([126.0, draw(st.floats(43.7, 44.1))])
    half = [middle - far, middle + far, middle + far + side, middle - far + side]
    other = [middle - far, middle + far, middle + far - side, middle - far - side]
    return Layer(["a", "b"], [shapely.Polygon(half), shapely.Polygon(other)])


@settings(max_examples=150, deadline=None)
@given(
    borders(),
    st.floats(-0.03, 0.03),
    st.floats(-0.02, 0.02),
    st.floats(30, 4000),
    st.floats(30, 4000),
    st.floats(0, 500),
)
def test_no_boundary_case_is_missed_for_speed(
    layer: Layer, east: float, north: float, scan: float, track: float, accuracy: float
) -> None:
    """What is skipped as far from any border is never one that the exact overlay would find."""
    lon, lat = np.array([126 + east]), np.array([LAT + north])
    unit = layer.locate(lon, lat)
    if unit[0] == NOWHERE:
        return
    share, case, neighbours = one(layer, lon[0], lat[0], scan, track, accuracy)
    wide = rectangles(lon, lat, np.array([scan + 2 * accuracy]), np.array([track + 2 * accuracy]))[0]
    exact = rectangles(lon, lat, np.array([scan]), np.array([track]))[0]
    own, other = layer.geometries[unit[0]], 1 - int(unit[0])
    assert case == bool(not own.covers(wide) or layer.geometries[other].intersects(wide))
    assert neighbours == ((layer.codes[other],) if layer.geometries[other].intersects(wide) else ())
    assert share == pytest.approx(exact.intersection(own).area / exact.area, abs=1e-9)
    assert 0 <= share <= 1 + 1e-12


@pytest.mark.parametrize("lat", [43.76, 43.98])
@pytest.mark.parametrize("east", [1, -1])
def test_a_corner_that_just_reaches_a_slanting_border_is_found(lat: float, east: int) -> None:
    """Borders are measured at the scale of a latitude band (0.3 %): that must not hide a corner that crosses."""
    per_lon, per_lat = metres_per_degree(lat)
    along = np.array([-1 / per_lon, east / per_lat]) * 50_000
    away = np.array([-east / per_lon, -1 / per_lat])
    centre = np.array([126.0, lat])
    box = rectangles(*(np.array([v]) for v in (126.0, lat, 4000.0, 4000.0)))[0]

    def halves(metres: float) -> list[Any]:
        """Cut the ground by a line at `metres` from the centre, square to the pixel's diagonal."""
        middle = centre + away * metres / np.sqrt(2)
        near, far = -away * 50_000, away * 50_000
        return [
            shapely.Polygon([middle - along, middle + along, middle + along + side, middle - along + side])
            for side in (near, far)
        ]

    low, high = 2700.0, 2900.0
    while high - low > 0.2:
        metres = (low + high) / 2
        low, high = (low, metres) if halves(metres)[0].covers(box) else (metres, high)
    crossed, clear = Layer(["a", "b"], halves(low)), Layer(["a", "b"], halves(high))
    assert one(crossed, 126.0, lat, 4000, 4000)[1:] == (True, ("b",))
    assert one(clear, 126.0, lat, 4000, 4000) == (1.0, False, ())
