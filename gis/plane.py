"""Metres on the CGCS2000 ellipsoid in a small neighbourhood.

Distances here are short (pixels, belts, borders: below 50 km), so the local scale of the ellipsoid at the mean latitude
is enough: its error against the geodesic is below 1e-4 of the length at Jilin's latitudes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257222101
_E2 = FLATTENING * (2 - FLATTENING)

Floats = npt.NDArray[np.float64]


def metres_per_degree(lat: Any) -> tuple[Any, Any]:
    """Return the metres of one degree of longitude and of latitude at `lat` (degrees).

    The radii of curvature of the ellipsoid: prime vertical N times cos(lat), and meridian M.
    """
    phi = np.radians(lat)
    w2 = 1 - _E2 * np.sin(phi) ** 2
    prime_vertical = SEMI_MAJOR_M / np.sqrt(w2)
    meridian = SEMI_MAJOR_M * (1 - _E2) / w2**1.5
    return np.radians(prime_vertical * np.cos(phi)), np.radians(meridian)


def distance_m(lon_a: Any, lat_a: Any, lon_b: Any, lat_b: Any) -> Any:
    """Return the distance in metres between near points, scaled at their mean latitude."""
    per_lon, per_lat = metres_per_degree((np.asarray(lat_a) + lat_b) / 2)
    return np.hypot((np.asarray(lon_a) - lon_b) * per_lon, (np.asarray(lat_a) - lat_b) * per_lat)


def degrees_of(metres: Any, lat: Any) -> tuple[Any, Any]:
    """Return how many degrees of longitude and latitude `metres` are at `lat`."""
    per_lon, per_lat = metres_per_degree(lat)
    return metres / per_lon, metres / per_lat
