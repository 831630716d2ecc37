"""Streams of events: told of what is theirs, silent about the rest, and ended when they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest

from gis.errors import BusyError
from service.map import events as module
from service.map.events import Events
from service.map.touched import touched
from service.pipeline.rulings import rule
from service.scope import Scope, scope_of, whole
from service.store.models import Duty, FeedFile
from service.users import add_user, disable_user
from service.verification import verify
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.world import World, ready

YUSHU, SHULAN = ("126.55669", "44.85764"), ("126.95271", "44.40385")


@pytest.fixture
def world(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[World]:
    """One fire point in 榆树 and one in 舒兰."""
    with ready(store_home, new_store_url, tmp_path / "world") as opened:
        rows = [Row(at("2023-10-29 04:30"), *place) for place in (YUSHU, SHULAN)]
        opened.ingest(opened.feed("day.csv", rows))
        opened.assess()
        yield opened


def scope(world: World, code: str, role: str = "county") -> Scope:
    with world.store.reader() as reader:
        return scope_of(reader, f"{role}{code}", role, f"u{code}")


def rev(world: World) -> int:
    with world.store.reader() as reader:
        return reader.rev


def seen_by(world: World, since: int) -> dict[str, bool]:
    """Return who is told of what happened after a revision."""
    found = {}
    for code in ("220182", "220283", "220100"):
        own = scope(world, code, "city" if code.endswith("00") else "county")
        with world.store.reader() as reader:
            found[code] = touched(reader, own, since).changed
    return found


def point(world: World, county: str) -> str:
    return next(one.fire_point_id for one in world.points() if one.county == county)


def find_straw(world: World, county: str) -> None:
    verify(
        world.store,
        point(world, county),
        finding="straw",
        level="local",
        found_at=next(one.first_at for one in world.points() if one.county == county),
        person="王某",
        actor="test",
        scope=whole("test"),
        archive=world.archive,
    )


def test_nothing_happened_between_a_revision_and_itself(world: World) -> None:
    with world.store.reader() as reader:
        for since in (reader.rev, reader.rev + 5):
            found = touched(reader, whole("a"), since)
            assert (found.changed, found.identities) == (False, False)
        assert touched(reader, whole("a"), 0).identities


def test_a_finding_is_told_to_those_who_may_see_the_point(world: World) -> None:
    before = rev(world)
    find_straw(world, "榆树市")
    assert seen_by(world, before) == {"220182": True, "220283": False, "220100": True}
    before = rev(world)
    find_straw(world, "舒兰市")
    assert seen_by(world, before) == {"220182": False, "220283": True, "220100": False}


def test_a_point_given_away_is_told_to_both(world: World) -> None:
    before = rev(world)
    rule(
        world.store,
        point(world, "榆树市"),
        kind="unit",
        value="220283",
        reason="现场核实",
        evidence_sha256=None,
        actor="judge",
        scope=whole("judge"),
    )
    world.assess()
    assert seen_by(world, before) == {"220182": True, "220283": True, "220100": True}


def test_a_duty_holder_is_told_to_the_unit_and_a_feed_to_everybody(world: World) -> None:
    before = rev(world)
    with world.store.writer("test", "load.duties", {}) as writer:
        writer.insert(
            Duty,
            target_code="220182",
            role="duty_phone",
            person="值班员",
            phone=None,
            title=None,
            source="test",
            valid_from=None,
            valid_to=None,
            withdrawn_rev=None,
        )
    assert seen_by(world, before) == {"220182": True, "220283": False, "220100": True}
    before = rev(world)
    world.ingest(world.feed("more.csv", [Row(at("2023-10-29 16:30"), *YUSHU)]))
    assert hasattr(FeedFile, "rev")
    assert set(seen_by(world, before).values()) == {True}


async def _read(events: Events, of: Scope, since: int | None = None, wait: float | None = 0) -> str:
    return b"".join([part async for part in events.stream(of, since, wait=wait)]).decode()


def test_a_stream_says_a_revision_and_nothing_else(world: World) -> None:
    before = rev(world)
    find_straw(world, "榆树市")
    events = Events(lambda: world.store, every=0.01)
    told = anyio.run(_read, events, scope(world, "220182"), before)
    assert told == f'retry: 3000\n\nid: {before + 1}\nevent: revision\ndata: {{"revision":{before + 1}}}\n\n'
    assert anyio.run(_read, events, scope(world, "220283"), before) == "retry: 3000\n\n"
    assert anyio.run(_read, events, scope(world, "220182"), before + 1) == "retry: 3000\n\n"
    assert anyio.run(_read, events, scope(world, "220182"), None) == "retry: 3000\n\n"
    assert anyio.run(_read, events, scope(world, "220182"), 10**9) == "retry: 3000\n\n"


def test_an_open_stream_is_told_while_it_waits_and_gives_signs_of_life(world: World) -> None:
    events = Events(lambda: world.store, every=0.01, heartbeat=0.03)
    own, other = scope(world, "220182"), scope(world, "220283")
    told: dict[str, str] = {}

    async def listen(name: str, of: Scope) -> None:
        told[name] = await _read(events, of, None, 1.5)

    async def both() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(listen, "own", own)
            group.start_soon(listen, "other", other)
            await anyio.sleep(0.2)
            await anyio.to_thread.run_sync(find_straw, world, "榆树市")

    anyio.run(both)
    assert told["own"].count("event: revision") == 1
    assert "event" not in told["other"]
    assert "\n\n: \n\n" in told["own"]
    assert "\n\n: \n\n" in told["other"]


def test_a_stream_ends_when_accounts_change_and_when_the_service_stops(world: World) -> None:
    add_user(world.store, "a", "county", "220182", actor="test")
    events = Events(lambda: world.store, every=0.01)
    ended: list[str] = []

    async def listen() -> None:
        ended.append(await _read(events, scope(world, "220182"), None, None))

    async def while_something(happens: Callable[[], object]) -> None:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(listen)
                await anyio.sleep(0.1)
                await anyio.to_thread.run_sync(happens)

    anyio.run(while_something, lambda: disable_user(world.store, "a", actor="test"))
    assert "event: revision" in ended[-1]
    stopping: list[bool] = []
    events.stops_when(lambda: bool(stopping))
    anyio.run(while_something, lambda: stopping.append(True))
    events.stops_when(lambda: False)
    anyio.run(while_something, events.close)
    assert len(ended) == 3


def test_the_store_is_asked_once_for_all_listeners(world: World) -> None:
    opened: list[int] = []

    def store() -> object:
        opened.append(1)
        return world.store

    events = Events(store, every=0.2)  # type: ignore[arg-type]

    async def crowd() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(30):
                group.start_soon(_read, events, whole("a"), None, 0.5)

    anyio.run(crowd)
    assert len(opened) < 15


def test_places_are_limited_and_given_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    events = Events(lambda: world.store)
    own, other = scope(world, "220182"), scope(world, "220283")
    for _ in range(module.MOST_OF_ONE):
        events.enter(own)
    with pytest.raises(BusyError) as refused:
        events.enter(own)
    assert refused.value.code == "too_many_listeners"
    monkeypatch.setattr(module, "MOST", module.MOST_OF_ONE)
    with pytest.raises(BusyError):
        events.enter(other)
    events.leave(own)
    events.enter(other)
    assert events.listeners == module.MOST_OF_ONE
