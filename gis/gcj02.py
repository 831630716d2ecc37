"""GCJ-02 and BD-09, the obfuscated coordinates of Chinese web maps, forward and back, vectorised.

GCJ-02 moves WGS84 positions by about 300 to 700 m with a published, smooth formula and has no exact inverse
in closed form; the one-step inverse of most libraries is up to 4 m off. Here the inverse iterates to the
fixed point: the displacement changes by less than 0.1 % of a step, so each iteration gains about three
digits.

Outside a rectangle around China (72.004 to 137.8347 E, 0.8293 to 55.8271 N, edges excluded) the formula
leaves a position unchanged. Within about 1 km of the rectangle's edge two WGS84 positions can share one
GCJ-02 position; the inverse then returns the one inside. No land of China lies there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

CHINA_RECTANGLE = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north: GCJ-02 displaces inside it (the rule of every public implementation)."""

_A = 6378245.0
_EE = 0.00669342162296594323
_BD_PI = np.pi * 3000.0 / 180.0
_BD_LON, _BD_LAT = 0.0065, 0.006
_TOLERANCE_DEG = 1e-13
_MAX_ITERATIONS = 30


def _displacement(lon: Array, lat: Array) -> tuple[Array, Array]:
    """Return the GCJ-02 displacement (degrees) at WGS84 positions, whether inside China or not."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    d_lat += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    d_lat += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    d_lon += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    d_lon += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _EE * np.sin(phi) ** 2
    root_magic = np.sqrt(magic)
    d_lat = (d_lat * 180.0) / ((_A * (1.0 - _EE)) / (magic * root_magic) * np.pi)
    d_lon = (d_lon * 180.0) / (_A / root_magic * np.cos(phi) * np.pi)
    return d_lon, d_lat


def in_rectangle(lon: Any, lat: Any) -> npt.NDArray[np.bool_]:
    """Whether positions lie strictly inside the rectangle in which GCJ-02 displaces."""
    west, south, east, north = CHINA_RECTANGLE
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    return (x > west) & (x < east) & (y > south) & (y < north)


def wgs84_to_gcj02(lon: Any, lat: Any) -> tuple[Array, Array]:
    """Return GCJ-02 positions of WGS84 positions; those outside the rectangle are unchanged."""
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    d_lon, d_lat = _displacement(x, y)
    inside = in_rectangle(x, y)
    return np.where(inside, x + d_lon, x), np.where(inside, y + d_lat, y)


def gcj02_to_wgs84(lon: Any, lat: Any) -> tuple[Array, Array]:
    """Return the WGS84 positions whose GCJ-02 position is given, to about 1e-9 m.

    Parameters
    ----------
    lon, lat
        GCJ-02 degrees, any shape.

    Notes
    -----
    Where no WGS84 position inside the rectangle maps to the given one, it is returned unchanged.
    """
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    guess_x, guess_y = x.copy(), y.copy()
    for _ in range(_MAX_ITERATIONS):
        d_lon, d_lat = _displacement(guess_x, guess_y)
        next_x, next_y = x - d_lon, y - d_lat
        step = max(_largest(next_x - guess_x), _largest(next_y - guess_y))
        guess_x, guess_y = next_x, next_y
        if step < _TOLERANCE_DEG:
            break
    inside = in_rectangle(guess_x, guess_y)
    return np.where(inside, guess_x, x), np.where(inside, guess_y, y)


def gcj02_to_bd09(lon: Any, lat: Any) -> tuple[Array, Array]:
    """Return BD-09 positions (Baidu's second displacement) of GCJ-02 positions."""
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_PI)
    theta = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_PI)
    return radius * np.cos(theta) + _BD_LON, radius * np.sin(theta) + _BD_LAT


def bd09_to_gcj02(lon: Any, lat: Any) -> tuple[Array, Array]:
    """Return the GCJ-02 positions whose BD-09 position is given, by the same fixed-point iteration."""
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    guess_x, guess_y = x - _BD_LON, y - _BD_LAT
    for _ in range(_MAX_ITERATIONS):
        there_x, there_y = gcj02_to_bd09(guess_x, guess_y)
        step_x, step_y = x - there_x, y - there_y
        guess_x, guess_y = guess_x + step_x, guess_y + step_y
        if max(_largest(step_x), _largest(step_y)) < _TOLERANCE_DEG:
            break
    return guess_x, guess_y


def _largest(values: Array) -> float:
    """Return the largest magnitude, 0 for none."""
    return float(np.abs(values).max()) if values.size else 0.0
