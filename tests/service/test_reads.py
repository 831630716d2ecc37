"""Reading fire points: filters, paging, status, duty-holders, feeds of a day, and what was known when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gis.errors import NotFoundError
from gis.types import BBox
from service.reads import feeds_of_day, fire_points, resolve_id
from service.scope import whole
from service.store.models import Duty, Verification
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.test_histories import products
from tests.service.pipeline.world import World, ready

EVERYTHING = whole("test")
DAY = dt.date(2023, 10, 29)
FIRE = Row(at("2023-10-29 04:30"), "126.55000", "44.85000")


@pytest.fixture
def world(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[World]:
    with ready(store_home, new_store_url, tmp_path / "world") as opened:
        yield opened


@pytest.fixture
def busy(world: World) -> World:
    world.ingest(world.feed("day.csv", products()["nrt"]))
    world.assess()
    return world


def test_paging_meets_every_point_once(busy: World) -> None:
    wanted = [point.fire_point_id for point in busy.points()]
    found: list[str] = []
    while page := busy.points(after=found[-1] if found else None, limit=7):
        assert len(page) <= 7
        found += [point.fire_point_id for point in page]
    assert found == wanted == sorted(wanted)


def test_filters_narrow_and_agree(busy: World) -> None:
    everything = busy.points()
    assert busy.points(day=DAY) == [point for point in everything if point.fire_day == DAY]
    assert busy.points(start=DAY) == [point for point in everything if point.fire_day >= DAY]
    assert busy.points(end=DAY) == [point for point in everything if point.fire_day <= DAY]
    assert busy.points(screen=["counted"]) == [point for point in everything if point.screen == "counted"]
    assert busy.points(screen=[]) == busy.points(ids=[]) == []
    box = BBox(125.6, 42.6, 125.8, 42.8)
    inside = [point for point in everything if 125.6 <= point.lon <= 125.8 and 42.6 <= point.lat <= 42.8]
    assert inside
    assert busy.points(bbox=box) == inside
    assert busy.points(unit="220581") == [point for point in everything if point.county_code == "220581"]
    assert busy.points(unit="220581", day=dt.date(2001, 1, 1)) == []


def test_what_stands_is_the_status_and_an_earlier_read_does_not_know_it(world: World) -> None:
    world.ingest(world.feed("day.csv", [FIRE]))
    world.assess()
    (point,) = world.points()
    assert point.status == "unverified"
    before = world.revision
    for finding, level, status in (
        ("straw", "local", "confirmed"),
        ("nothing_found", "local", "denial_unreviewed"),
        ("nothing_found", "province", "denial_unreviewed"),
        ("straw", "province", "confirmed"),
    ):
        with world.store.writer("test", "verify") as writer:
            writer.insert(
                Verification,
                fire_point_id=point.fire_point_id,
                level=level,
                finding=finding,
                found_at=dt.datetime(2023, 10, 29, 9, tzinfo=dt.UTC),
                person="test",
                note=None,
                evidence_sha256=None,
                area_mu=None,
                lon=None,
                lat=None,
            )
        assert world.points()[0].status == status, "the newest finding of the highest level decides"
    with world.store.reader(before) as reader:
        assert fire_points(reader, EVERYTHING)[0].status == "unverified"


def test_the_narrowest_unit_that_names_somebody_answers(world: World) -> None:
    world.ingest(world.feed("day.csv", [FIRE]))
    world.assess()
    assert world.points()[0].duties == ()
    with world.store.writer("test", "load.duties") as writer:
        for person, start, end in (
            ("旧任", None, dt.date(2022, 12, 31)),
            ("现任", dt.date(2023, 1, 1), None),
        ):
            writer.insert(
                Duty,
                target_code="220182",
                role="county_head",
                person=person,
                phone="13800000000",
                title=None,
                source="test",
                valid_from=start,
                valid_to=end,
                withdrawn_rev=None,
            )
    (holder,) = world.points()[0].duties
    assert (holder.person, holder.phone) == ("现任", "13800000000")
    assert "138" not in repr(holder), "a telephone number does not get into a log"


def test_the_feeds_of_a_day_tell_arrived_from_missing(world: World) -> None:
    with world.store.reader() as reader:
        nothing = feeds_of_day(reader, DAY)
    assert (nothing.arrived, nothing.missing, nothing.last_ingest) == ((), (), None)
    abroad = Row(FIRE.minute, "100.00000", "20.00000")
    other = Row(at("2023-10-27 04:30"), "126.55000", "44.85000", satellite="N")
    world.ingest(world.feed("far.csv", [abroad]), world.feed("snpp.csv", [other]))
    with world.store.reader() as reader:
        feeds = feeds_of_day(reader, DAY)
        next_week = feeds_of_day(reader, DAY + dt.timedelta(days=20))
    (arrived,) = feeds.arrived
    assert arrived["satellite"] == "NOAA-20", "a feed without a fire here has arrived all the same"
    assert arrived["files"] == 1
    assert feeds.missing == ("SNPP",)
    assert feeds.last_ingest is not None
    assert (next_week.arrived, next_week.missing) == ((), ())


def test_a_moment_before_the_first_record_is_no_moment(world: World) -> None:
    with pytest.raises(NotFoundError), world.store.reader(dt.datetime(2000, 1, 1, tzinfo=dt.UTC)):
        pass
    with pytest.raises(NotFoundError), world.store.reader(10**6):
        pass


def test_an_id_never_issued_is_told_so(busy: World) -> None:
    with busy.store.reader() as reader:
        with pytest.raises(NotFoundError):
            resolve_id(reader, "20231029-000000000000")
        name = busy.points()[0].fire_point_id
        assert resolve_id(reader, name) == name
    with busy.store.reader(1) as reader, pytest.raises(NotFoundError):
        resolve_id(reader, name)
