"""Any history of arrival gives the same fire points (DESIGN section 3: the live partition is a pure function)."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.reads import resolve_id
from service.store.models import FirePoint, FirePointState
from tests.service.pipeline import feeds
from tests.service.pipeline.feeds import LATER_STANDARD, STANDARD, Row
from tests.service.pipeline.world import HISTORIES, World, conserved, picture, ready

_FOLDERS = itertools.count()
AREA = (125.45, 42.5, 126.0, 43.0)
"""Where 东丰, 东辽, 伊通 and 梅河口 meet; the fires of those two days were dense there."""

examples = settings(
    max_examples=HISTORIES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@cache
def products() -> dict[str, tuple[Row, ...]]:
    """Return the rows of each product: near real time, standard, and a later version of the standard product.

    The standard product moves most pixels by less than half their extent and a few minutes, keeps some exactly where
    they were, misses every fifth and adds some of its own.
    """
    west, south, east, north = AREA
    near = [
        row
        for row in feeds.real_rows("2023-10-28", "2023-10-29")
        if west <= float(row.lon) <= east and south <= float(row.lat) <= north
    ]
    standard, later = [], []
    for number, row in enumerate(near):
        if number % 5 == 4:
            continue
        if number % 5 == 3:
            standard.append(row.moved(0, 0, 0, version=STANDARD, frp=f"{float(row.frp) + 1:.2f}"))
            continue
        east_m, north_m = 60 * (number % 4 - 1.5), 50 * (number % 3 - 1)
        moved = row.moved(east_m, north_m, number % 7 - 3, version=STANDARD)
        standard.append(moved)
        if number % 3 == 0:
            later.append(moved.moved(30, -20, 1, version=LATER_STANDARD, confidence="high"))
    # Where two scans overlap at the edge of the swath, two pixels of one product lie closer than half a pixel.
    near += [near[number].moved(110, 40, 0) for number in range(3, len(near), 10)]
    standard += [row.moved(1500, 900, 0, version=STANDARD) for row in near[::17]]
    return {"nrt": tuple(near), "standard": tuple(standard), "later": tuple(later)}


@dataclass(frozen=True)
class History:
    """How the products arrive: in how many parts, cut by time or shuffled, with assessments in between."""

    parts: tuple[int, int, int]
    by_time: bool
    seed: int
    overlap: int
    assess_every: int

    def files(self) -> list[list[Row]]:
        """Return the files in their order of arrival."""
        dice = random.Random(self.seed)  # noqa: S311
        files: list[list[Row]] = []
        for parts, rows in zip(self.parts, products().values(), strict=True):
            shuffled = list(rows)
            if not self.by_time:
                dice.shuffle(shuffled)
            size = -(-len(shuffled) // parts)
            # Rolling files repeat the end of the one before.
            files += [shuffled[max(0, n * size - self.overlap) : (n + 1) * size] for n in range(parts)]
        dice.shuffle(files)
        return files


parts = st.integers(1, 8)
histories = st.builds(
    History,
    parts=st.tuples(parts, parts, parts),
    by_time=st.booleans(),
    seed=st.integers(0, 9999),
    overlap=st.integers(0, 9),
    assess_every=st.integers(1, 9),
)


def _canonical(world: World) -> None:
    for name, rows in products().items():
        conserved(world.ingest(world.feed(f"{name}.csv", sorted(rows))))
    world.assess()


_references: dict[str, dict[str, Any]] = {}


def _reference(home: str, new_store_url: Callable[..., str], folder: Path) -> dict[str, Any]:
    if home not in _references:
        with ready(home, new_store_url, folder) as world:
            _canonical(world)
            _references[home] = picture(world.store)
    return _references[home]


def _all_resolve(world: World) -> None:
    with world.store.reader() as reader:
        live = {
            row.fire_point_id
            for row in reader.rows(sa.select(FirePointState.fire_point_id).where(reader.live(FirePointState)))
        }
        for row in reader.rows(sa.select(FirePoint.fire_point_id)):
            assert resolve_id(reader, row.fire_point_id) in live


def test_the_sample_has_every_kind_of_row(world: World) -> None:
    """The property below would prove little on rows that never supersede or cluster."""
    _canonical(world)
    found = picture(world.store)
    assert len(found["replaced"]) > 100
    states = found["points"].values()
    assert any(state["pixels"] > 3 for state in states)
    assert len({state["county_code"] for state in states}) >= 3
    assert len({state["fire_day"] for state in states}) > 1
    assert {state["confidence"] for state in states} >= {"nominal", "high"}


@examples
@given(history=histories)
def test_any_history_gives_the_same_fire_points(
    store_home: str,
    new_store_url: Callable[..., str],
    tmp_path: Path,
    history: History,
) -> None:
    wanted = _reference(store_home, new_store_url, tmp_path / "reference")
    with ready(store_home, new_store_url, tmp_path / f"history{next(_FOLDERS)}") as world:
        for number, rows in enumerate(history.files(), 1):
            conserved(world.ingest(world.feed(f"{number}.csv", rows)))
            if number % history.assess_every == 0:
                world.assess()
                _all_resolve(world)
        world.assess()
        _all_resolve(world)
        found = picture(world.store)
        assert found["pixels"] == wanted["pixels"]
        assert found["replaced"] == wanted["replaced"]
        assert found["points"] == wanted["points"]
        assert not world.assess().redone, "a second assessment finds nothing to do"


@examples
@given(order=st.permutations(["nrt", "standard", "later"]), seed=st.integers(0, 9999))
def test_within_one_assessment_any_order_gives_the_same_ids(
    store_home: str, new_store_url: Callable[..., str], tmp_path: Path, order: list[str], seed: int
) -> None:
    ids = []
    for shuffled in (False, True):
        with ready(store_home, new_store_url, tmp_path / f"order{next(_FOLDERS)}") as world:
            for name in order if shuffled else sorted(order):
                rows = sorted(products()[name])
                if shuffled:
                    random.Random(seed).shuffle(rows)  # noqa: S311
                world.ingest(world.feed(f"{name}.csv", rows))
            world.assess()
            ids.append([(point.fire_point_id, point.lon, point.lat) for point in world.points()])
    assert ids[0] == ids[1]
