"""Public notices: only what is confirmed, all of a notice or none, and the first one counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gis.errors import ConflictError, ForbiddenError, NotFoundError, RefusedInputError, UsageError
from gis.times import BEIJING
from service.scope import Scope
from service.verification import publications, publicise
from tests.service.pipeline.world import World
from tests.service.verification.findings import (
    NOW,
    OPERATOR,
    OVERPASS,
    YUSHU,
    found,
    identity,
    point_in,
)

AT = dt.datetime(2023, 10, 30, 9, 0, tzinfo=BEIJING)


def notice(world: World, *ids: str, scope: Scope = OPERATOR, **said: Any) -> dict[str, Any]:
    """Make fire points public."""
    filled: dict[str, Any] = {"published_at": AT, "notice": "公示〔2023〕1号", "now": NOW, **said}
    return publicise(world.store, ids, actor=scope.actor, scope=scope, **filled)


def published(world: World) -> dict[str, dt.datetime]:
    with world.store.reader() as reader:
        return publications(reader)


def test_only_a_confirmed_point_is_made_public_and_all_of_a_notice_or_none(world: World) -> None:
    one, other = point_in(world).fire_point_id, point_in(world, "220283").fire_point_id
    found(world, one, "straw")
    for finding in (None, "unreachable", "nothing_found"):
        if finding:
            found(world, other, finding, "province")
        with pytest.raises(ConflictError) as caught:
            notice(world, one, other)
        assert caught.value.code == "not_confirmed"
        assert caught.value.context["fire_points"] == [other]
        assert published(world) == {}
    found(world, other, "straw", "province")
    done = notice(world, one, other, one)
    assert (sorted(done["published"]), done["repeated"]) == (sorted([one, other]), [])
    assert published(world) == {one: AT, other: AT}


def test_the_same_notice_again_changes_nothing_and_a_wrong_time_is_put_right(world: World) -> None:
    point = point_in(world).fire_point_id
    found(world, point, "straw")
    first = notice(world, point)
    before = world.revision
    again = notice(world, point, published_at=AT.astimezone(dt.UTC), notice="公示〔2023〕1号 ")
    assert (again["repeated"], again["revision"], world.revision) == ([point], None, before)
    hour = dt.timedelta(hours=1)
    notice(world, point, published_at=AT + hour)
    assert published(world) == {point: AT + hour}, "the newest row of one notice stands"
    notice(world, point, published_at=AT + 5 * hour, notice="公示〔2023〕2号")
    assert published(world) == {point: AT + hour}, "a later notice makes it no younger"
    with world.store.reader(first["revision"]) as reader:
        assert publications(reader) == {point: AT}


def test_a_merged_point_is_public_since_the_earliest_of_its_ids(world: World) -> None:
    world.ingest(world.feed("east.csv", [YUSHU.moved(1000, 0, 0)]))
    world.assess()
    ids = [point.fire_point_id for point in world.points() if point.county_code == "220182"]
    for number, name in enumerate(ids):
        found(world, name, "straw")
        notice(world, name, published_at=AT + dt.timedelta(hours=number))
    world.ingest(world.feed("bridge.csv", [YUSHU.moved(500, 0, -10)]))
    world.assess()
    assert published(world) == {point_in(world).fire_point_id: AT}
    assert notice(world, *ids, published_at=AT)["published"] in ([], [point_in(world).fire_point_id])


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"published_at": OVERPASS - dt.timedelta(minutes=1)}, RefusedInputError),
        ({"published_at": NOW + dt.timedelta(minutes=1)}, RefusedInputError),
        ({"notice": "  "}, UsageError),
        ({"notice": "字" * 501}, UsageError),
        ({"published_at": dt.datetime(1, 1, 1, tzinfo=BEIJING)}, RefusedInputError),
        ({"published_at": dt.datetime(9999, 12, 31, 23, tzinfo=dt.UTC)}, RefusedInputError),
    ],
)
def test_an_impossible_notice_is_refused(world: World, said: dict[str, Any], kind: type[Exception]) -> None:
    point = point_in(world).fire_point_id
    found(world, point, "straw")
    with pytest.raises(kind):
        notice(world, point, **said)
    assert published(world) == {}


def test_who_may_make_public_and_what(world: World) -> None:
    mine, other = point_in(world).fire_point_id, point_in(world, "220283").fire_point_id
    for name in (mine, other):
        found(world, name, "straw")
    for role, uid in (("county", "u220182"), ("inspector", "u220182"), ("patrol", "u220182")):
        with pytest.raises(ForbiddenError):
            notice(world, mine, scope=identity(world, role, uid))
    city = identity(world, "city", "u220100")
    with pytest.raises(NotFoundError):
        notice(world, mine, other, scope=city)
    with pytest.raises(UsageError):
        notice(world, scope=city)
    assert notice(world, mine, scope=city)["published"] == [mine]
