"""Readers, rulings and writers at the same time, on both homes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gis.errors import BusyError
from service.pipeline.assess import assess
from service.pipeline.detections import write as write_detections
from service.pipeline.ingest import ingest
from service.pipeline.rulings import rule
from service.scope import whole
from service.store import engine, open_store
from service.store.models import Clustering
from tests.service.pipeline import feeds
from tests.service.pipeline.test_histories import products
from tests.service.pipeline.world import World, conserved, picture, ready


@pytest.fixture
def world(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[World]:
    with ready(store_home, new_store_url, tmp_path / "world") as opened:
        yield opened


def _note(world: World, name: str, entered: threading.Event, leave: threading.Event) -> int:
    """Write something, and hold the store until told to leave."""
    with world.store.writer(name, "note") as writer:
        writer.insert(
            Clustering, version=name, from_date=writer.now.date(), params={"cut": "00:00"}, reason=name
        )
        entered.set()
        leave.wait(20)
        return writer.revision


def test_two_writers_wait_for_each_other(world: World) -> None:
    before = world.revision
    entered, leave, second = threading.Event(), threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(_note, world, "one", entered, leave)
        assert entered.wait(20)
        two = pool.submit(_note, world, "two", second, leave)
        assert not second.wait(0.5), "the second writer must not enter while the first holds the store"
        with world.store.reader() as reader:
            assert reader.rev == before, "a reader sees nothing of a write that is not committed"
        leave.set()
        assert [one.result(), two.result()] == [before + 1, before + 2]


def test_a_writer_that_waits_too_long_is_told_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.3)
    impatient = open_store(world.url)
    entered, leave = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(_note, world, "one", entered, leave)
        assert entered.wait(20)
        try:
            with pytest.raises(BusyError) as busy, impatient.writer("two", "note"):
                pass
            assert busy.value.code == "store_busy"
        finally:
            leave.set()
        holding.result()
    with impatient.writer("two", "note") as writer:
        assert writer.revision == world.revision + 1, "after that it gets in"
    impatient.close()


def test_two_ingests_of_overlapping_feeds_at_once_lose_and_repeat_nothing(world: World) -> None:
    rows = products()["nrt"]
    paths = [world.feed(f"{number}.csv", rows[number * 20 : number * 20 + 60]) for number in range(8)]
    stores = [open_store(world.url) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(
            lambda pair: ingest(pair[0], world.archive, pair[1], actor="test"),
            [(stores[0], paths), (stores[1], paths[::-1])],
        )
    for store in stores:
        store.close()
    conserved(one)
    conserved(two)
    accepted = sum(file.accepted for report in (one, two) for file in report.files)
    assert accepted == len(set(rows[:200])), "every row once, whoever came first"
    assert len(picture(world.store)["pixels"]) == accepted


def test_two_assessments_at_once_are_one(world: World) -> None:
    world.ingest(world.feed("day.csv", products()["nrt"]))
    stores = [open_store(world.url) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda store: assess(store, actor="test"), stores))
    for store in stores:
        store.close()
    assert sorted(bool(report.redone) for report in reports) == [False, True]
    points = world.points()
    assert len({point.fire_point_id for point in points}) == len(points)


def test_reads_and_a_ruling_go_on_while_a_large_ingest_runs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ingest stands still twice, before its transaction and inside it, while others read and rule."""
    world.ingest(world.feed("first.csv", products()["nrt"]))
    world.assess()
    before = world.points()
    inside, go_on = threading.Event(), threading.Event()

    def held(*arguments: object) -> object:
        outcome = write_detections(*arguments)  # type: ignore[arg-type]
        inside.set()
        go_on.wait(20)
        return outcome

    monkeypatch.setattr("service.pipeline.detections.write", held)
    large = feeds.SERIES / "2023-10-29.csv.gz"
    with ThreadPoolExecutor(2) as pool:
        ingesting = pool.submit(world.ingest, large)
        assert inside.wait(60)
        assert world.points() == before, "readers see the last committed state, at once"
        ruling = pool.submit(
            rule,
            world.store,
            before[0].fire_point_id,
            kind="screen",
            value="not_cropland",
            reason="现场核实",
            evidence_sha256=None,
            actor="judge",
            scope=whole("judge"),
        )
        assert not ruling.done()
        assert world.points() == before, "and while a ruling waits its turn"
        go_on.set()
        conserved(ingesting.result())
        ruled = ruling.result()
    world.assess()
    point = next(one for one in world.points() if one.fire_point_id == ruled["fire_point_id"])
    assert point.screen == "not_cropland"


def test_an_assessment_overtaken_by_an_ingest_takes_the_new_rows_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between computing and writing somebody else writes: the assessment must not store what is no longer true."""
    rows = products()["nrt"]
    world.ingest(world.feed("first.csv", rows[:100]))
    from service.pipeline import assess as module

    computed, late = module.plan, iter([world.feed("late.csv", rows[100:])])

    def overtaken(*arguments: Any, **named: Any) -> object:
        plan = computed(*arguments, **named)
        for path in late:
            other = open_store(world.url)
            ingest(other, world.archive, [path], actor="other")
            other.close()
        return plan

    monkeypatch.setattr(module, "plan", overtaken)
    world.assess()
    assert sum(point.pixels for point in world.points()) == len(rows)
    monkeypatch.setattr(module, "plan", computed)
    assert not world.assess().redone
