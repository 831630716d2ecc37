"""Local metres against the geodesic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gis.plane import degrees_of, distance_m, metres_per_degree

GEOD = Geod(a=6378137.0, rf=298.257222101)
LON = st.floats(73, 135)
LAT = st.floats(18, 54)


@given(LON, LAT, st.floats(0, 360), st.floats(1, 20_000))
def test_distances_agree_with_the_geodesic(lon: float, lat: float, azimuth: float, metres: float) -> None:
    far_lon, far_lat, _ = GEOD.fwd(lon, lat, azimuth, metres)
    assert distance_m(lon, lat, far_lon, far_lat) == pytest.approx(metres, rel=1e-4, abs=1e-3)


@given(LON, LAT, LON, LAT)
def test_distance_is_symmetric(a: float, b: float, c: float, d: float) -> None:
    assert distance_m(a, b, c, d) == distance_m(c, d, a, b)
    assert distance_m(a, b, a, b) == 0


def test_a_degree_of_latitude_is_longer_than_one_of_longitude_in_jilin() -> None:
    per_lon, per_lat = metres_per_degree(43.9)
    _, _, east = GEOD.inv(126, 43.9, 126.01, 43.9)
    _, _, north = GEOD.inv(126, 43.895, 126, 43.905)
    assert per_lon == pytest.approx(east * 100, rel=1e-6)
    assert per_lat == pytest.approx(north * 100, rel=1e-6)


@given(LAT, st.floats(1, 50_000))
def test_degrees_undo_metres(lat: float, metres: float) -> None:
    lon, north = degrees_of(metres, lat)
    per_lon, per_lat = metres_per_degree(lat)
    assert np.allclose([lon * per_lon, north * per_lat], metres)
