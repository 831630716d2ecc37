"""Seeded coverages for measurement: bricks with shifted corners, whose shared edges are wriggling lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely


def bricks(
    columns: int,
    rows: int,
    pieces: int,
    seed: int,
    box: tuple[float, float, float, float],
    stray: float = 0.22,
) -> Any:
    """Return `columns` * `rows` polygons of 6 * `pieces` vertices that share every inner edge bit for bit.

    A brick wall: each brick has six neighbours and six sides; each side is one line of `pieces` segments, a random
    bridge, that both owners use. At a `stray` of 0.22 a few lines in a thousand cross; at 0.1 none does.
    """
    rng = np.random.default_rng(seed)
    west, south, east, north = box
    i, j = np.meshgrid(np.arange(2 * columns + 2), np.arange(rows + 1))
    shift = rng.uniform(-0.16, 0.16, (2, *i.shape))
    corner = np.stack([i / 2 + shift[0] / 2, j + shift[1]], axis=-1)
    across = _lines(rng, corner[:, :-1], corner[:, 1:], pieces, stray)
    up = _lines(rng, corner[:-1], corner[1:], pieces, stray)
    scale = np.array([(east - west) / (columns + 0.5), (north - south) / rows])
    size = 6 * pieces + 1
    xy = np.empty((rows, columns, size, 2))
    for row in range(rows):
        first = 2 * np.arange(columns) + row % 2
        sides = [
            across[row, first],
            across[row, first + 1],
            up[row, first + 2],
            across[row + 1, first + 1][:, ::-1],
            across[row + 1, first][:, ::-1],
            up[row, first][:, ::-1],
        ]
        ring = np.concatenate([side[:, :-1] for side in sides], axis=1)
        xy[row] = np.concatenate([ring, ring[:, :1]], axis=1)
    xy = np.array([west, south]) + xy * scale
    return shapely.polygons(xy.reshape(-1, size, 2))


def _lines(rng: np.random.Generator, start: Any, stop: Any, pieces: int, stray: float) -> Any:
    """Return a line of `pieces` segments between corners, shape (..., pieces + 1, 2), that strays sideways."""
    steps = rng.normal(size=(*start.shape[:-1], pieces)) * (stray / pieces**0.5)
    walk = np.concatenate([np.zeros((*start.shape[:-1], 1)), np.cumsum(steps, axis=-1)], axis=-1)
    t = np.linspace(0, 1, pieces + 1)
    bridge = np.clip(walk - t * walk[..., -1:], -0.2, 0.2) * np.minimum(1, 5 * t * (1 - t))
    along = (stop - start)[..., None, :]
    aside = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    points = start[..., None, :] + along * t[:, None] + aside * bridge[..., None]
    points[..., 0, :], points[..., -1, :] = start, stop
    return points
