"""One finding: who may record it, at which level and time, and what stands of several."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from gis.errors import ForbiddenError, NotFoundError, RefusedInputError, UsageError
from service.pipeline.load_units import load_units
from service.store.engine import Writer
from service.store.models import User
from service.verification import FINDINGS, standings
from service.verification.entry import CLOCK_SLACK
from tests.service.pipeline.world import World
from tests.service.registers import paid_by_the_city
from tests.service.verification.findings import (
    LATER,
    NOW,
    OPERATOR,
    OVERPASS,
    PHOTO,
    SHULAN,
    YUSHU,
    found,
    identity,
    last_command,
    point_in,
    standing,
)


def test_a_finding_is_recorded_as_it_was_said(world: World) -> None:
    point = point_in(world)
    inspector = identity(world, "inspector", "u220182")
    done = found(
        world,
        point.fire_point_id,
        "straw",
        scope=inspector,
        note="地块西侧\n已灭",
        evidence_sha256=PHOTO,
        area="8000m2",
        source_kind="patrol",
        lon=126.5501,
        lat=44.8502,
    )
    assert (done["fire_point_id"], done["fire_day"]) == (point.fire_point_id, "2023-10-29")
    assert (done["status"], done["repeated"], done["contradicted"]) == ("confirmed", False, False)
    assert done["area_mu"] == "12"
    assert done["found_at"] == "2023-10-29T15:00:00+08:00"
    kept = standing(world, point.fire_point_id)
    assert kept is not None
    (record,) = kept.records
    assert (record.level, record.finding, record.person) == ("local", "straw", "王某")
    assert (record.found_at, record.recorded_at.utcoffset()) == (LATER, dt.timedelta())
    assert (record.note, record.evidence_sha256, record.source_kind) == ("地块西侧\n已灭", PHOTO, "patrol")
    assert (record.area_mu, record.lon, record.lat) == (Decimal(12), 126.5501, 44.8502)
    assert (record.actor, record.unit_uid) == ("inspector-u220182", "u220182")
    assert record.rev == done["revision"] == world.revision
    assert "王某" not in repr(record)
    assert kept.area_mu == Decimal(12)
    assert kept.sources == ("patrol",)
    assert point_in(world).status == "confirmed"
    assert last_command(world) == ("inspector-u220182", "verify")


@pytest.mark.parametrize(
    ("role", "uid", "highest"),
    [
        ("patrol", "u220182", "local"),
        ("inspector", "u220182", "local"),
        ("county", "u220182", "local"),
        ("city", "u220100", "city"),
        ("inspector", "u220100", "city"),
        ("province", "u220000", "province"),
        ("inspector", "u220000", "province"),
        ("admin", "u220000", "province"),
        ("admin", "u220182", "local"),
    ],
)
def test_the_level_is_limited_by_who_says_it(world: World, role: str, uid: str, highest: str) -> None:
    point, scope = point_in(world).fire_point_id, identity(world, role, uid)
    levels = ("local", "city", "province")
    for number, level in enumerate(levels):
        if number <= levels.index(highest):
            assert found(world, point, "straw", level, scope)["level"] == level
        else:
            with pytest.raises(ForbiddenError) as caught:
                found(world, point, "straw", level, scope)
            assert caught.value.code == "level_too_high"


def test_a_level_that_is_too_high_is_refused_in_the_words_of_the_paper(world: World) -> None:
    with pytest.raises(ForbiddenError) as caught:
        found(world, point_in(world).fire_point_id, "straw", "province", identity(world, "county", "u220182"))
    assert "最高可登记属地（县、乡）核实，不能登记省级核实" in caught.value.zh


def test_the_operator_of_the_machine_records_at_every_level(world: World) -> None:
    for level in ("local", "city", "province"):
        assert found(world, point_in(world).fire_point_id, "weeds", level)["level"] == level


def test_another_units_point_looks_like_one_that_never_was(world: World) -> None:
    point = point_in(world).fire_point_id
    before = world.revision
    with pytest.raises(NotFoundError) as foreign:
        found(world, point, "nothing_found", scope=identity(world, "county", "u220283"))
    with pytest.raises(NotFoundError) as never:
        found(world, "20231029-000000000000", "nothing_found")
    assert foreign.value.code == never.value.code == "unknown_fire_point"
    assert foreign.value.zh.replace(point, "") == never.value.zh.replace("20231029-000000000000", "")
    assert world.revision == before


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"found_at": OVERPASS - dt.timedelta(seconds=1)}, "found_before_overpass"),
        ({"found_at": NOW + CLOCK_SLACK + dt.timedelta(seconds=1)}, "found_in_future"),
    ],
)
def test_a_finding_is_neither_older_than_the_fire_nor_of_the_future(
    world: World, said: dict[str, Any], code: str
) -> None:
    with pytest.raises(RefusedInputError) as caught:
        found(world, point_in(world).fire_point_id, "straw", **said)
    assert caught.value.code == code
    assert standing(world, point_in(world).fire_point_id) is None


def test_the_minute_of_the_overpass_and_of_now_are_taken(world: World) -> None:
    point = point_in(world).fire_point_id
    found(world, point, "straw", found_at=OVERPASS)
    found(world, point, "straw", found_at=NOW.astimezone(dt.UTC))
    kept = standing(world, point)
    assert kept is not None
    assert [record.found_at for record in kept.records] == [OVERPASS, NOW]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"finding": "fire"}, "bad_finding"),
        ({"level": "county"}, "bad_level"),
        ({"person": "  "}, "bad_person"),
        ({"person": "王\x00某"}, "bad_person"),
        ({"person": "王\u202e某"}, "bad_person"),
        ({"person": "王" * 65}, "bad_person"),
        ({"note": "字" * 2001}, "bad_note"),
        ({"note": "\ud800"}, "bad_note"),
        ({"evidence_sha256": "abc"}, "bad_evidence"),
        ({"area": "12"}, "bad_area"),
        ({"area": Decimal("-1")}, "bad_area"),
        ({"source_kind": "satellite"}, "bad_source_kind"),
        ({"lon": 126.5}, "bad_place"),
        ({"lon": 44.8, "lat": 126.5}, "bad_place"),
        ({"lon": float("nan"), "lat": 44.0}, "bad_place"),
        ({"found_at": dt.datetime(2023, 10, 29, 15)}, "bad_found_at"),  # noqa: DTZ001
        ({"found_at": dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=8)))}, "bad_found_at"),
    ],
)
def test_what_is_in_no_closed_list_or_no_value_is_refused(
    world: World, said: dict[str, Any], code: str
) -> None:
    filled = {"finding": "straw", "level": "local", **said}
    with pytest.raises(UsageError) as caught:
        found(world, point_in(world).fire_point_id, **filled)
    assert caught.value.code == code
    assert caught.value.zh != caught.value.en


def test_a_name_padded_with_a_wide_space_is_a_name(world: World) -> None:
    said = {"person": "张　三", "note": "东南角　已扑灭\n无复燃\xa0"}
    done = found(world, point_in(world).fire_point_id, "straw", "local", **said)
    assert done["person"] == "张　三"


@pytest.mark.parametrize("finding", FINDINGS)
def test_every_finding_of_the_domain_is_known(world: World, finding: str) -> None:
    done = found(world, point_in(world).fire_point_id, finding, "province")
    confirmed = {"straw", "stubble", "weeds", "rubbish", "grave_paper", "forest_grass"}
    wanted = "confirmed" if finding in confirmed else "unreachable" if finding == "unreachable" else "denied"
    assert done["status"] == wanted


def test_the_same_submission_key_changes_nothing(world: World) -> None:
    point = point_in(world).fire_point_id
    first = found(world, point, "straw", row_key="phone-1")
    before = world.revision
    again = found(world, point, "straw", row_key="phone-1")
    assert (again["verification_id"], again["repeated"]) == (first["verification_id"], True)
    assert again["revision"] is None
    assert world.revision == before


def test_what_goes_with_a_finding_stands_or_falls_with_it(world: World) -> None:
    def fail(writer: Writer, done: dict[str, Any]) -> None:
        assert done["finding"] == "straw"
        writer.insert(User, name="ghost", role="admin", unit_uid=None, token_hash="x", disabled_rev=None)  # noqa: S106
        raise RuntimeError("the line broke")

    before = world.revision
    with pytest.raises(RuntimeError):
        found(world, point_in(world).fire_point_id, "straw", also=fail)
    assert world.revision == before
    assert standing(world, point_in(world).fire_point_id) is None


# --- what stands ------------------------------------------------------------------------------------


def test_the_newest_of_the_highest_level_decides_and_the_rest_is_kept(world: World) -> None:
    point = point_in(world).fire_point_id
    told = []
    for finding, level, status, contradicted in (
        ("unreachable", "local", "unreachable", False),
        ("straw", "local", "confirmed", False),
        ("unreachable", "local", "confirmed", False),
        ("weeds", "city", "confirmed", False),
        ("nothing_found", "local", "confirmed", True),
        ("weeds", "local", "confirmed", False),
        ("straw", "province", "confirmed", False),
        ("weeds", "city", "confirmed", True),
        ("unreachable", "province", "confirmed", True),
        ("weeds", "province", "confirmed", False),
    ):
        done = found(world, point, finding, level)
        assert (done["status"], done["contradicted"]) == (status, contradicted), (finding, level)
        told.append((finding, level))
    kept = standing(world, point)
    assert kept is not None
    assert [(one.finding, one.level) for one in kept.records] == told, "nothing is overwritten"
    assert kept.deciding == kept.records[-1]


def test_a_finding_recorded_later_stands_though_its_visit_was_earlier(world: World) -> None:
    point = point_in(world).fire_point_id
    found(world, point, "straw", found_at=NOW)
    found(world, point, "weeds", found_at=LATER)
    kept = standing(world, point)
    assert kept is not None
    assert kept.deciding is not None
    assert kept.deciding.finding == "weeds", "a wrong time can be put right"


def test_a_lower_level_does_not_change_the_area_either(world: World) -> None:
    point = point_in(world).fire_point_id
    found(world, point, "straw", "local", area="5亩")
    assert (kept := standing(world, point)) is not None
    assert kept.area_mu == Decimal(5)
    found(world, point, "straw", "province", area="12.5亩")
    found(world, point, "straw", "province")
    found(world, point, "straw", "local", area="1亩")
    assert (kept := standing(world, point)) is not None
    assert kept.area_mu == Decimal("12.5")


def test_an_earlier_read_knows_what_was_known_then(world: World) -> None:
    point = point_in(world).fire_point_id
    nothing = world.revision
    first = found(world, point, "straw")["revision"]
    found(world, point, "nothing_found", "province")
    assert standing(world, point, nothing) is None
    before = standing(world, point, first)
    assert before is not None
    assert [one.finding for one in before.records] == ["straw"]


def test_a_merged_id_lands_on_the_point_that_lives_and_brings_its_records(world: World) -> None:
    east = YUSHU.moved(1000, 0, 0)
    world.ingest(world.feed("east.csv", [east]))
    world.assess()
    ids = sorted(point.fire_point_id for point in world.points() if point.county_code == "220182")
    for name in ids:
        found(world, name, "straw", source_kind="patrol" if name == ids[0] else "drone")
    before = world.revision
    world.ingest(world.feed("bridge.csv", [YUSHU.moved(500, 0, -10)]))
    world.assess()
    merged = point_in(world)
    assert merged.pixels == 3
    (gone,) = set(ids) - {merged.fire_point_id}
    done = found(world, gone, "weeds")
    assert done["fire_point_id"] == merged.fire_point_id
    with world.store.reader() as reader:
        assert set(standings(reader)) == {merged.fire_point_id}
        kept = standings(reader, [merged.fire_point_id])[merged.fire_point_id]
        assert standings(reader, [gone]) == standings(reader, []) == {}
    assert [one.finding for one in kept.records] == ["straw", "straw", "weeds"]
    assert kept.sources == ("drone", "patrol")
    with world.store.reader(before) as reader:
        assert set(standings(reader)) == set(ids)


# --- denials ----------------------------------------------------------------------------------------


_DISTRICT = replace(SHULAN, lon="126.45000", lat="43.86000")
"""In 船营区 of 吉林市."""


def _status(world: World, county: str = "220182") -> str:
    return point_in(world, county).status


def test_a_payers_own_denial_needs_evidence_and_somebody_else(world: World) -> None:
    point = point_in(world).fire_point_id
    county, city = identity(world, "county", "u220182"), identity(world, "city", "u220100")
    found(world, point, "nothing_found", scope=county)
    assert _status(world) == "denial_unreviewed"
    found(world, point, "nothing_found", "city", city)
    assert _status(world) == "denial_unreviewed", "nobody has shown anything"
    found(world, point, "nothing_found", scope=county, evidence_sha256=PHOTO)
    assert _status(world) == "denied"
    found(world, point, "straw", "province")
    assert _status(world) == "confirmed", "the province has the last word"


def test_evidence_without_a_review_is_no_acquittal(world: World) -> None:
    point = point_in(world).fire_point_id
    found(world, point, "industrial", evidence_sha256=PHOTO)
    found(world, point, "industrial", evidence_sha256=PHOTO, scope=identity(world, "inspector", "u220182"))
    assert _status(world) == "denial_unreviewed"


def test_a_denial_of_somebody_else_is_its_own_review(world: World) -> None:
    found(world, point_in(world).fire_point_id, "nothing_found", "city", identity(world, "city", "u220100"))
    assert _status(world) == "denied"


def test_a_city_that_pays_for_its_district_does_not_review_itself(world: World) -> None:
    register = world.folder / "register.yaml"
    register.write_text(paid_by_the_city("220204"), encoding="utf-8")
    load_units(world.store, [register], archive=world.archive, actor="test")
    world.ingest(world.feed("district.csv", [_DISTRICT]))
    world.assess()
    point = next(one for one in world.points() if one.county_code == "220204").fire_point_id
    city = identity(world, "city", "u220200")
    found(world, point, "nothing_found", "city", city, evidence_sha256=PHOTO)
    assert _status(world, "220204") == "denial_unreviewed"
    for finding, status in (("nothing_found", "denied"), ("straw", "confirmed")):
        found(world, point, finding, "city")
        assert _status(world, "220204") == status, "somebody else of the city's level"
    found(world, point, "nothing_found", "city", city)
    assert _status(world, "220204") == "denial_unreviewed", "who reviewed it has changed their mind"
    found(world, point, "nothing_found", "province")
    assert _status(world, "220204") == "denied"


def test_statuses_of_many_points_are_each_their_own(world: World) -> None:
    one, other = point_in(world), point_in(world, "220283")
    found(world, one.fire_point_id, "nothing_found")
    found(world, other.fire_point_id, "straw")
    assert (_status(world), _status(world, "220283")) == ("denial_unreviewed", "confirmed")
    with world.store.reader() as reader:
        count = reader.connection.execute(sa.text("SELECT count(*) FROM verification")).scalar()
    assert count == 2
    assert OPERATOR.everything
