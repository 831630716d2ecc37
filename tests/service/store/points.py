"""Detections for the tests of the store."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.store.engine import Store, Writer
from service.store.models import Detection

MINUTE = 28_309_251
"""2023-10-29T04:51Z."""


def scatter(count: int, seed: int = 1) -> tuple[Any, Any]:
    """Return positions with five decimals, as feeds write them, some of them equal."""
    rng = np.random.default_rng(seed)
    lon = np.round(rng.uniform(121, 132, count), 5)
    lat = np.round(rng.uniform(40, 47, count), 5)
    lon[::7], lat[::7] = 126.0, 43.5
    return lon, lat


def columns(writer: Writer, lon: Any, lat: Any) -> dict[str, Any]:
    """Return the columns of detections at these positions, each with its own minute."""
    first = writer.allocate(Detection, len(lon))
    ids = np.arange(first, first + len(lon))
    return {
        "id": ids,
        "rev": writer.revision,
        "satellite": "NOAA-20",
        "acq_at": MINUTE + ids,
        "lon": lon,
        "lat": lat,
        "source_kind": "satellite",
        "geom": (lon, lat),
    }


def add(store: Store, lon: Any, lat: Any) -> None:
    """Write detections in one transaction."""
    with store.writer("test", "points") as writer:
        writer.bulk(Detection, columns(writer, lon, lat))
