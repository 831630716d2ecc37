"""SQLite's own check of the tree after every way of filling it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.store import rtree
from service.store.engine import Store
from tests.service.store import points

TREE = "rtree_probe_geom"
SIZES = st.one_of(
    st.integers(1, 120),
    st.integers(rtree.CELLS - 2, rtree.CELLS + 2),
    st.integers(rtree.CELLS**2 - 2, rtree.CELLS**2 + 2),
    st.just(2 * rtree.CELLS),
)


@pytest.fixture
def memory() -> Iterator[Any]:
    """A connection that looks like SQLAlchemy's to `rtree.add`, with an empty tree."""
    raw = sqlite3.connect(":memory:")
    raw.execute(f'CREATE VIRTUAL TABLE "{TREE}" USING rtree(id, minx, maxx, miny, maxy)')
    yield SimpleNamespace(connection=raw)
    raw.close()


def empty(connection: Any) -> None:
    connection.connection.execute(f'DROP TABLE "{TREE}"')
    connection.connection.execute(f'CREATE VIRTUAL TABLE "{TREE}" USING rtree(id, minx, maxx, miny, maxy)')


def check(connection: Any, tree: str = TREE) -> None:
    assert connection.connection.execute(f"SELECT rtreecheck('{tree}')").fetchone()[0] == "ok"


def boxes_of(rng: np.random.Generator, count: int) -> Any:
    """Return bounds of points and boxes mixed, some equal."""
    low = np.column_stack([rng.uniform(-180, 179, count), rng.uniform(-90, 89, count)])
    size = rng.uniform(0, 1, (count, 2)) * rng.integers(0, 2, (count, 1))
    low[::5] = low[0]
    return np.hstack([low, low + size])


def found(connection: Any, west: float, south: float, east: float, north: float) -> set[int]:
    rows = connection.connection.execute(
        f'SELECT id FROM "{TREE}" WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?',
        (east, west, north, south),
    )
    return {row[0] for row in rows}


def compare(connection: Any, ids: Any, bounds: Any, rng: np.random.Generator) -> None:
    """Nothing that numpy finds is missing, and nothing farther than single precision is too much."""
    for _ in range(5):
        row = bounds[rng.integers(len(bounds))]
        box = np.sort(np.array([[row[0], row[1]], row[2:] + rng.uniform(-20, 20, 2)]), axis=0).ravel()
        for slack, compare_sets in ((0.0, set.issuperset), (1e-4, set.issubset)):
            hit = (
                (bounds[:, 0] <= box[2] + slack)
                & (bounds[:, 2] >= box[0] - slack)
                & (bounds[:, 1] <= box[3] + slack)
                & (bounds[:, 3] >= box[1] - slack)
            )
            assert compare_sets(found(connection, *box), set(ids[hit].tolist()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(SIZES, min_size=1, max_size=4),
    pack_from=st.sampled_from([1, 40, 51, 5000]),
    seed=st.integers(0, 999),
)
def test_any_mix_of_packed_and_single_inserts_is_a_sound_tree(
    memory: Any, batches: list[int], pack_from: int, seed: int
) -> None:
    empty(memory)
    rng = np.random.default_rng(seed)
    everything = rng.permutation(np.arange(1, sum(batches) + 1)) * 3
    bounds = boxes_of(rng, sum(batches))
    usual, rtree.PACK_FROM = rtree.PACK_FROM, pack_from
    try:
        start = 0
        for size in batches:
            rtree.add(memory, TREE, everything[start : start + size], bounds[start : start + size])
            start += size
            check(memory)
    finally:
        rtree.PACK_FROM = usual
    compare(memory, everything, bounds, rng)


def test_sqlite_goes_on_with_a_packed_tree(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deletes and inserts by SQLite itself, through many splits and merges of nodes that were packed here."""
    monkeypatch.setattr(rtree, "PACK_FROM", 1)
    rng = np.random.default_rng(3)
    ids, bounds = np.arange(1, 3001), boxes_of(rng, 3000)
    rtree.add(memory, TREE, ids, bounds)
    raw = memory.connection
    gone = ids[rng.random(3000) < 0.6]
    raw.executemany(f'DELETE FROM "{TREE}" WHERE id = ?', [(int(one),) for one in gone])
    check(memory)
    back = boxes_of(rng, len(gone))
    rows = zip(gone.tolist(), *back[:, [0, 2, 1, 3]].T.tolist(), strict=True)
    raw.executemany(f'INSERT INTO "{TREE}" VALUES (?,?,?,?,?)', rows)
    check(memory)
    bounds[gone - 1] = back
    compare(memory, ids, bounds, rng)


def test_the_largest_key_keeps_every_bit(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtree, "PACK_FROM", 1)
    ids = np.array([1, 2**31, 2**53 - 1])
    bounds = np.array([[n, n, n, n] for n in (1.0, 2.0, 3.0)])
    rtree.add(memory, TREE, ids[:1], bounds[:1])
    rtree.add(memory, TREE, ids[1:], bounds[1:])
    check(memory)
    assert found(memory, 0, 0, 9, 9) == set(ids.tolist())


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=30))
def test_single_precision_always_encloses_the_point(pairs: list[tuple[float, float]]) -> None:
    at = np.array(pairs)
    boxes = rtree._outwards(np.hstack([at, at])).astype(np.float64)
    assert (boxes[:, 0] <= at[:, 0]).all()
    assert (boxes[:, 1] >= at[:, 0]).all()
    assert (boxes[:, 2] <= at[:, 1]).all()
    assert (boxes[:, 3] >= at[:, 1]).all()


def test_a_rolled_back_load_leaves_the_tree_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtree, "PACK_FROM", 100)
    lon, lat = points.scatter(300)
    points.add(store, lon[:200], lat[:200])

    def fail() -> None:
        with store.writer("test", "points") as writer:
            writer.bulk(points.Detection, points.columns(writer, lon, lat))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    points.add(store, lon[200:], lat[200:])
    with store.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM detection")).scalar_one() == 300
        if store.dialect == "sqlite":
            check(connection, "rtree_detection_geom")
            in_tree = connection.exec_driver_sql("SELECT count(*) FROM rtree_detection_geom").scalar_one()
            assert in_tree == 300


def test_loads_of_every_size_through_one_open_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtree, "PACK_FROM", 60)
    lon, lat = points.scatter(900)
    start = 0
    for size in (1, 59, 60, 51, 130, 7, 500, 92):
        points.add(store, lon[start : start + size], lat[start : start + size])
        start += size
        if store.dialect == "sqlite":
            with store.engine.connect() as connection:
                check(connection, "rtree_detection_geom")
                in_tree = connection.exec_driver_sql("SELECT count(*) FROM rtree_detection_geom").scalar_one()
                assert in_tree == start
    assert start == 900
