"""Layers for the tests of location: seeded tangles of every degenerate kind, and a judge that counts in fractions."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from hypothesis import strategies as st

from gis.location import index, plain
from gis.location.rings import rings_of

Pair = tuple[int, int]


def lattice_ring(rnd: random.Random, side: int, step: float, west: float) -> list[tuple[float, float]]:
    """Return a closed ring of lattice points: spikes, repeated points and crossings included."""
    ring = [
        (west + rnd.randint(0, side) * step, rnd.randint(0, side) * step) for _ in range(rnd.randint(3, 7))
    ]
    return [*ring, ring[0]]


def tangle(rnd: random.Random) -> tuple[list[Any], Any, Any]:
    """Return a few polygons on a small lattice, mostly broken, and points on and off the lattice."""
    side, step, west = rnd.choice([3, 5, 9]), rnd.choice([1.0, 0.1, 0.3, 1 / 7]), rnd.choice([0, 126.0, -3.3])
    shapes = []
    for _ in range(rnd.randint(1, 6)):
        parts = []
        for _ in range(rnd.choice([1, 1, 2])):
            rings = [lattice_ring(rnd, side, step, west) for _ in range(rnd.choice([1, 1, 2]))]
            parts.append(shapely.Polygon(rings[0], rings[1:]))
        shapes.append(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))
    nodes = [
        (west + rnd.randint(0, 2 * side) * step / 2, rnd.randint(0, 2 * side) * step / 2) for _ in range(30)
    ]
    free = [(west + rnd.random() * side * step, rnd.random() * side * step) for _ in range(15)]
    lon, lat = np.array(nodes + free).T.copy()
    return shapes, lon, lat


@st.composite
def strips(draw: st.DrawFn) -> tuple[list[Any], Any, Any]:
    """Return a coverage with slivers, T-junctions, holes that touch and islands in holes; and its own vertices."""
    cuts = sorted(draw(st.sets(st.floats(0.001, 3.999), min_size=1, max_size=6)) | {0.0, 4.0})
    shapes = [shapely.box(126 + a, 43, 126 + b, 44) for a, b in pairwise(cuts)]
    tops = sorted(draw(st.sets(st.floats(0.001, 3.999), min_size=1, max_size=6)) | {0.0, 4.0})
    shapes += [shapely.box(126 + a, 44, 126 + b, 45) for a, b in pairwise(tops)]
    a, b, c = sorted(draw(st.lists(st.floats(0.1, 0.9), min_size=3, max_size=3, unique=True)))
    diamond = shapely.Polygon([(130 + a, 44), (130 + b, 43 + a), (130 + c, 44), (130 + b, 44 + c)])
    kite = shapely.Polygon(
        [(130 + c, 44), (130.95, 43 + b), (130.95, 44 + b)]
    )  # meets the diamond in one point
    frame = shapely.Polygon(
        [(130, 43), (131, 43), (131, 45), (130, 45)], [diamond.exterior.coords, kite.exterior.coords]
    )
    shapes += [frame, diamond, kite]
    vertices = np.unique(shapely.get_coordinates(shapes), axis=0)
    t = draw(st.lists(st.floats(0, 1), min_size=len(vertices), max_size=len(vertices)))
    along = vertices + np.array(t)[:, None] * (np.roll(vertices, 1, axis=0) - vertices)
    lon, lat = np.concatenate([vertices, along]).T.copy()
    return shapes, lon, lat


def rings(shape: Any) -> list[Any]:
    """Return the rings of a polygon or multipolygon as lists of pairs."""
    return [
        list(ring.coords) for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)
    ]


def judged(shapes: list[Any], lon: Any, lat: Any) -> list[Pair]:
    """Return what must be found: even and odd in fractions, edges included."""
    told = [rings(shape) for shape in shapes]
    return [
        (row, unit)
        for row, at in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))
        for unit, loops in enumerate(told)
        if _holds(loops, *at)
    ]


def _holds(loops: list[Any], lon: float, lat: float) -> bool:
    if not any(min(p[0] for p in loop) <= lon <= max(p[0] for p in loop) for loop in loops if loop):
        return False
    x, y = Fraction(lon), Fraction(lat)
    odd = False
    for loop in loops:
        for one, other in pairwise(loop):
            if one == other:
                continue
            if max(one[1], other[1]) < lat or min(one[1], other[1]) > lat:  # neither on it nor level with it
                continue
            (ax, ay), (bx, by) = (tuple(map(Fraction, each)) for each in (one, other))
            turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            if turn == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
                return True
            odd ^= (ay > y) != (by > y) and (turn > 0) == (by > ay)
    return odd


def pairs(found: tuple[Any, Any]) -> list[Pair]:
    """Return hits as a list of (point, unit)."""
    return list(zip(found[0].tolist(), found[1].tolist(), strict=True))


def indexed(shapes: list[Any]) -> index.Index:
    """Return the index of some shapes."""
    source = rings_of(np.array([*shapes, None], dtype=object)[:-1])
    assert source is not None
    built = index.build(source)
    assert built is not None
    return built


def by_numpy(built: index.Index, lon: Any, lat: Any) -> list[Pair]:
    """Ask the index without compiled kernels."""
    return pairs(plain.hits(built, lon, lat))
