"""Readers that ask the same question at once, which SQLite's functions answer with one geometry, end no process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely

from service.layers import spatial
from service.store.types import encode_gpkg

RELATIONS = ("within", "contains", "intersects", "disjoint", "touches", "overlaps")


def test_threads_that_ask_the_same_relation_first_hear_what_one_hears() -> None:
    turn = np.linspace(0, 2 * np.pi, 5_001)
    dice = np.random.default_rng(1)
    lon, lat = dice.uniform(125, 127, 40), dice.uniform(43, 45, 40)
    blobs = encode_gpkg(shapely.box(lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1))
    for again in range(20):
        ring = np.column_stack([126 + np.cos(turn) + again * 1e-6, 44 + np.sin(turn)])
        wkb = shapely.to_wkb(shapely.Polygon(ring))
        gate = threading.Barrier(6)

        def asked(_: int, wkb: bytes = wkb, gate: threading.Barrier = gate) -> list[int | None]:
            gate.wait()
            return [spatial._relate(relation, blob, wkb) for blob in blobs for relation in RELATIONS]

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(asked, range(6)))
        assert all(each == answers[0] for each in answers)
        assert sum(one or 0 for one in answers[0][:: len(RELATIONS)]) > 10, "some boxes lie within"
