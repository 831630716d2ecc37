"""What a person decided stays decided: through recomputation, merges, splits and better products."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa

from gis.errors import ConflictError, ForbiddenError, NotFoundError, RefusedInputError, UsageError
from service.pipeline.area import refresh_area
from service.pipeline.load_units import load_units
from service.pipeline.load_zones import load_zone_file
from service.pipeline.pending import PendingCase, pending
from service.pipeline.rulings import rule, rulings_in_force
from service.reads import FirePointView, fire_points, resolve_id, rulings_of
from service.scope import scope_of, whole
from service.store.models import FirePoint
from tests.service.pipeline.feeds import STANDARD, Row, at
from tests.service.pipeline.test_histories import products
from tests.service.pipeline.world import World
from tests.service.registers import paid_by_the_city

NOON = at("2023-10-29 04:30")
FIRE = Row(NOON, "126.55000", "44.85000", scan="0.8", track="0.8")
"""In 榆树 of 长春, far from every county line."""


def _decide(world: World, point: str, kind: str, value: str) -> dict[str, object]:
    done = rule(
        world.store,
        point,
        kind=kind,
        value=value,
        reason="现场核实",
        evidence_sha256=None,
        actor="judge",
        scope=whole("judge"),
    )
    world.assess()
    return done


def _queue(world: World) -> list[PendingCase]:
    with world.store.reader() as reader:
        return pending(reader, whole("test"))


def _ready(world: World, *rows: Row, name: str = "day.csv") -> list[FirePointView]:
    world.ingest(world.feed(name, rows))
    world.assess()
    return world.points()


def _point(world: World, name: str) -> FirePointView:
    with world.store.reader() as reader:
        live = resolve_id(reader, name)
        assert live is not None
        (found,) = fire_points(reader, whole("test"), ids=[live])
    return found


def _border_case(world: World) -> PendingCase:
    _ready(world, *products()["nrt"])
    return next(case for case in _queue(world) if case.what == "boundary_county" and case.candidates)


# --- each kind of ruling --------------------------------------------------------------------------


def test_a_pixel_across_a_county_line_waits_until_a_person_rules(world: World) -> None:
    case = _border_case(world)
    assert case.county_share is not None
    assert 0 < case.county_share < 1
    assert case.border_distance_m is not None
    before = world.revision
    _decide(world, case.fire_point_id, "unit", case.candidates[0])
    point = _point(world, case.fire_point_id)
    assert point.county_code == case.candidates[0] != case.county_code
    assert point.county_share is None, "the share measured was that of the other county"
    assert point.boundary_case["county"], "the measured doubt stays on record"
    assert point.screen == "counted"
    assert case.fire_point_id not in {other.fire_point_id for other in _queue(world)}
    with world.store.reader(before) as reader:
        (old,) = fire_points(reader, whole("test"), ids=[case.fire_point_id])
        assert old.county_code == case.county_code
        assert old.ruling_ids == ()
        assert case in pending(reader, whole("test"))
        assert rulings_of(reader, whole("test"), case.fire_point_id) == []


def test_confirming_the_measured_county_settles_the_case_and_keeps_the_share(world: World) -> None:
    case = _border_case(world)
    assert case.county_code
    _decide(world, case.fire_point_id, "unit", case.county_code)
    assert _point(world, case.fire_point_id).county_share == case.county_share
    assert case.fire_point_id not in {other.fire_point_id for other in _queue(world)}


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("screen", "not_cropland", {"screen": "not_cropland"}),
        ("screen", "other", {"screen": "other"}),
        ("zone", "BAN-1|禁烧区", {"zone_code": "BAN-1", "zone": "禁烧区", "screen": "counted"}),
        ("zone", "BAN-2", {"zone_code": "BAN-2", "zone": "BAN-2"}),
        ("zone", "none", {"zone_code": None, "zone": None}),
    ],
)
def test_a_ruling_shows_and_the_newest_of_a_kind_decides(
    world: World, kind: str, value: str, shown: dict[str, str]
) -> None:
    (point,) = _ready(world, FIRE)
    earlier = {"screen": "fixed_heat_source", "zone": "OLD|旧区"}[kind]
    first = _decide(world, point.fire_point_id, kind, earlier)
    second = _decide(world, point.fire_point_id, kind, value)
    assert second["supersedes"] == first["ruling_id"]
    found = _point(world, point.fire_point_id)
    assert {name: getattr(found, name) for name in shown} == shown
    assert found.ruling_ids == (second["ruling_id"],)
    with world.store.reader() as reader:
        history = rulings_of(reader, whole("test"), point.fire_point_id)
    assert [one["value"] for one in history] == [earlier, value], "nothing is overwritten"
    assert all(one["reason"] == "现场核实" and one["actor"] == "judge" for one in history)


def test_a_duplicate_names_the_fire_point_it_repeats(world: World) -> None:
    points = _ready(world, FIRE, FIRE.moved(5000, 0, 0))
    one, other = (point.fire_point_id for point in points)
    _decide(world, one, "duplicate", other)
    found = _point(world, one)
    assert found.screen == "duplicate"
    assert {"code": "duplicate", "of": other, "ruling": found.ruling_ids[0]} in found.reasons
    with pytest.raises(ConflictError):
        _decide(world, other, "duplicate", other)


def test_rulings_of_different_kinds_stand_together(world: World) -> None:
    (point,) = _ready(world, FIRE)
    _decide(world, point.fire_point_id, "zone", "BAN-1|禁烧区")
    _decide(world, point.fire_point_id, "unit", "220122")
    found = _point(world, point.fire_point_id)
    assert (found.zone_code, found.county, len(found.ruling_ids)) == ("BAN-1", "农安县", 2)


def test_what_lies_outside_names_the_neighbour_and_can_be_ruled_inside(world: World) -> None:
    liaoning = Row(NOON, "124.20000", "42.75000")
    korea = Row(NOON, "126.20000", "41.05000")
    points = {point.lon: point for point in _ready(world, liaoning, korea)}
    assert [point.screen for point in points.values()] == ["outside", "outside"]
    inland, abroad = points[124.2], points[126.2]
    assert inland.reasons[0]["code"] == "outside"
    assert inland.reasons[0]["neighbour"].startswith("21")
    assert inland.reasons[0]["name"]
    assert abroad.reasons[0] == {"code": "outside", "neighbour": None}
    assert inland.county is None
    _decide(world, inland.fire_point_id, "unit", "220382")
    ruled = _point(world, inland.fire_point_id)
    assert (ruled.screen, ruled.county) == ("counted", "双辽市")


def test_a_layer_that_is_not_official_marks_every_point(world: World) -> None:
    assert all(point.informal for point in _ready(world, FIRE, FIRE.moved(5000, 0, 0)))


def _zone_file(world: World, valid_from: str) -> None:
    west, south, east, north = 126.4, 44.8, 126.7, 44.9
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    feature = {
        "type": "Feature",
        "properties": {"code": "Z1", "name": "城区禁烧区", "kind": "ban", "valid_from": valid_from},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    data = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    load_zone_file(
        world.store,
        data,
        file="zones.geojson",
        name="zones",
        status="reference",
        kind="ban",
        datum="cgcs2000",
        actor="test",
    )


def test_a_zone_recorded_after_the_overpass_goes_to_a_person(world: World) -> None:
    (point,) = _ready(world, FIRE)
    assert point.zone_code is None
    _zone_file(world, "2023-01-01")
    world.assess()
    point = _point(world, point.fire_point_id)
    assert point.zone_code == "Z1"
    assert point.screen == "counted", "it never exempts by itself"
    assert [case.what for case in _queue(world)] == ["recorded_later"]
    _decide(world, point.fire_point_id, "zone", "Z1")
    assert _queue(world) == []


# --- survival -------------------------------------------------------------------------------------


def test_a_ruling_survives_new_rows_and_better_products(world: World) -> None:
    (point,) = _ready(world, FIRE)
    _decide(world, point.fire_point_id, "screen", "not_cropland")
    world.ingest(world.feed("more.csv", [FIRE.moved(300, 0, 0), FIRE.moved(9000, 0, 2)]))
    world.assess()
    assert _point(world, point.fire_point_id).screen == "not_cropland"
    better = [
        row.moved(80, 60, 2, version=STANDARD)
        for row in (FIRE, FIRE.moved(300, 0, 0), FIRE.moved(9000, 0, 2))
    ]
    world.ingest(world.feed("standard.csv", better))
    world.assess()
    found = _point(world, point.fire_point_id)
    assert found.fire_point_id == point.fire_point_id, "whatever replaced the founder inherits its id"
    assert (found.lon, found.screen) == (float(better[0].lon), "not_cropland")
    assert {one.screen for one in world.points()} == {"not_cropland", "counted"}


def test_after_a_merge_the_ruling_belongs_to_the_id_that_lives(world: World) -> None:
    east = FIRE.moved(1000, 0, 0)
    points = {point.lon: point.fire_point_id for point in _ready(world, FIRE, east)}
    west_id, east_id = points[float(FIRE.lon)], points[float(east.lon)]
    _decide(world, west_id, "screen", "not_cropland")
    last = _decide(world, east_id, "screen", "fixed_heat_source")
    (merged,) = _ready(world, FIRE.moved(500, 0, -10), name="bridge.csv")
    assert merged.pixels == 3
    assert merged.fire_point_id == min((west_id, east_id), key=lambda name: _order(world, name))
    assert _point(world, west_id) == _point(world, east_id) == merged
    assert merged.screen == "fixed_heat_source", "of two the newest decides"
    assert merged.ruling_ids == (last["ruling_id"],)
    with world.store.reader() as reader:
        assert len(rulings_of(reader, whole("test"), east_id)) == 2


def test_a_point_that_merges_with_the_one_it_repeated_repeats_nothing(world: World) -> None:
    points = _ready(world, FIRE, FIRE.moved(1000, 0, 0))
    one, other = (point.fire_point_id for point in points)
    _decide(world, one, "duplicate", other)
    (merged,) = _ready(world, FIRE.moved(500, 0, -10), name="bridge.csv")
    assert merged.screen == "counted", "one fire is left, and it counts once"


def _order(world: World, name: str) -> int:
    with world.store.reader() as reader:
        return int(reader.rows(sa.select(FirePoint.id).where(FirePoint.fire_point_id == name))[0].id)


def test_after_a_split_the_ruling_follows_the_founder(world: World) -> None:
    founder = FIRE.moved(0, 0, -10)
    west, east = FIRE.moved(-500, 0, 0), FIRE.moved(500, 0, 0)
    (whole_point,) = _ready(world, founder, west, east)
    assert whole_point.pixels == 3
    _decide(world, whole_point.fire_point_id, "screen", "not_cropland")
    moved = founder.moved(390, 0, 0, version=STANDARD)
    points = {point.pixels: point for point in _ready(world, moved, name="standard.csv")}
    assert points[2].fire_point_id == whole_point.fire_point_id
    assert points[2].screen == "not_cropland"
    assert points[1].fire_point_id != whole_point.fire_point_id
    assert points[1].screen == "counted"
    assert points[1].ruling_ids == ()


def test_an_id_whose_pixels_vanish_and_come_back_lives_again_with_its_ruling(world: World) -> None:
    """A wrong service area put in force and taken back must not cost what people decided and published."""
    (point,) = _ready(world, FIRE)
    _decide(world, point.fire_point_id, "screen", "not_cropland")
    with world.store.writer("test", "area") as writer:
        assert refresh_area(writer, "222400", 5)
    assert world.assess().withdrawn == 1
    assert world.points() == []
    with world.store.reader() as reader:
        assert resolve_id(reader, point.fire_point_id) is None
    gone = world.revision
    with world.store.writer("test", "area") as writer:
        assert refresh_area(writer, "220000", 20)
    report = world.assess()
    assert (report.withdrawn, report.merged, report.begun) == (0, 0, 1)
    (back,) = world.points()
    assert (back.fire_point_id, back.screen) == (point.fire_point_id, "not_cropland")
    assert _point(world, point.fire_point_id) == back
    with world.store.reader(gone) as reader:
        assert resolve_id(reader, point.fire_point_id) is None, "as of then it was gone"
    assert not world.assess().redone


def test_a_ruling_without_reassessment_is_applied_by_the_next(world: World) -> None:
    (point,) = _ready(world, FIRE)
    rule(
        world.store,
        point.fire_point_id,
        kind="screen",
        value="other",
        reason="现场核实",
        evidence_sha256=None,
        actor="judge",
        scope=whole("judge"),
    )
    assert _point(world, point.fire_point_id).screen == "counted"
    assert world.assess().redone == ("2023-10-29",)
    assert _point(world, point.fire_point_id).screen == "other"
    assert not world.assess().redone


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "reason", "error", "code"),
    [
        ("weather", "rain", "现场核实", UsageError, "bad_ruling"),
        ("screen", "counted", "好", UsageError, "reason_missing"),
        ("screen", "nonsense", "现场核实", UsageError, "bad_screen"),
        ("unit", "229999", "现场核实", NotFoundError, "unknown_unit"),
        ("unit", "220100", "现场核实", RefusedInputError, "ruling_level"),
        ("zone", " | ", "现场核实", UsageError, "bad_zone"),
        ("duplicate", "20231029-000000000000", "现场核实", NotFoundError, "unknown_fire_point"),
    ],
)
def test_a_ruling_that_cannot_stand_is_refused_and_writes_nothing(
    world: World, kind: str, value: str, reason: str, error: type[Exception], code: str
) -> None:
    (point,) = _ready(world, FIRE)
    before = world.revision
    with pytest.raises(error) as refused:
        rule(
            world.store,
            point.fire_point_id,
            kind=kind,
            value=value,
            reason=reason,
            evidence_sha256=None,
            actor="judge",
            scope=whole("judge"),
        )
    assert getattr(refused.value, "code") == code  # noqa: B009
    assert world.revision == before


def test_nobody_rules_outside_the_own_scope(world: World) -> None:
    points: Sequence[FirePointView] = _ready(world, FIRE, Row(NOON, "126.50000", "43.90000"))
    jilin_city = next(point for point in points if point.city_code == "220200")
    changchun = next(point for point in points if point.city_code == "220100")
    with world.store.reader() as reader:
        scope = scope_of(reader, "city", "city", "u220100")
    common = {"reason": "现场核实", "evidence_sha256": None, "actor": "city", "scope": scope}
    with pytest.raises(NotFoundError):
        rule(world.store, jilin_city.fire_point_id, kind="unit", value="220122", **common)  # type: ignore[arg-type]
    with pytest.raises(ForbiddenError):
        rule(world.store, changchun.fire_point_id, kind="unit", value="220281", **common)  # type: ignore[arg-type]
    rule(world.store, changchun.fire_point_id, kind="unit", value="220122", **common)  # type: ignore[arg-type]
    assert dt.date(2023, 10, 29) == changchun.fire_day


# --- rulings that only money reads ----------------------------------------------------------------


def _standing(world: World, point: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with world.store.reader() as reader:
        for row in rulings_in_force(reader).of(point):
            found.setdefault(row.kind, []).append(row.value)
    return found


def test_rulings_about_money_change_no_state_and_stand_beside_the_others(world: World) -> None:
    points = _ready(world, FIRE, FIRE.moved(5000, 0, 0))
    one, other = (point.fire_point_id for point in points)
    before = world.revision
    for kind, value in (
        ("order", "002"),
        ("exempt", "wind_damage"),
        ("payer", "FARM-7"),
        ("distinct", other),
    ):
        _decide(world, one, kind, value)
    assert world.revision == before + 4, "nothing was assessed again"
    assert world.points() == points
    wanted = {"order": ["2"], "exempt": ["wind_damage"], "payer": ["FARM-7"], "distinct": [other]}
    assert _standing(world, one) == wanted
    _decide(world, one, "zone", "BAN-1|禁烧区")
    assert _standing(world, one) == {**wanted, "zone": ["BAN-1|禁烧区"]}
    assert len(_point(world, one).ruling_ids) == 1


def test_an_exemption_or_a_payer_is_taken_back_and_an_order_ruled_again(world: World) -> None:
    (point,) = _ready(world, FIRE)
    name = point.fire_point_id
    for kind, values in (("exempt", ("storm", "none")), ("payer", ("FARM-7", "none")), ("order", ("1", "3"))):
        first, second = (_decide(world, name, kind, value) for value in values)
        assert second["supersedes"] == first["ruling_id"]
    assert _standing(world, name) == {"order": ["3"]}


def test_of_repeats_and_differs_the_later_stands_for_each_pair(world: World) -> None:
    points = _ready(world, FIRE, FIRE.moved(5000, 0, 0), FIRE.moved(0, 5000, 0))
    one, second, third = (point.fire_point_id for point in points)
    _decide(world, one, "distinct", second)
    _decide(world, one, "distinct", third)
    assert sorted(_standing(world, one)["distinct"]) == sorted([second, third])
    _decide(world, one, "duplicate", second)
    assert _standing(world, one) == {"distinct": [third], "duplicate": [second]}
    assert _point(world, one).screen == "duplicate"
    _decide(world, one, "distinct", second)
    assert sorted(_standing(world, one)["distinct"]) == sorted([second, third])
    assert _point(world, one).screen == "counted", "the ruling that it repeats has been lifted"
    with pytest.raises(ConflictError) as caught:
        _decide(world, one, "distinct", one)
    assert caught.value.code == "distinct_of_itself"


def test_points_that_merged_are_no_longer_ruled_to_differ(world: World) -> None:
    points = _ready(world, FIRE, FIRE.moved(1000, 0, 0))
    one, other = (point.fire_point_id for point in points)
    _decide(world, one, "distinct", other)
    _decide(world, one, "order", "1")
    (merged,) = _ready(world, FIRE.moved(500, 0, -10), name="bridge.csv")
    assert _standing(world, merged.fire_point_id) == {"order": ["1"]}


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        *(
            ("order", value, "bad_order")
            for value in ("0", "-1", "first", "1.5", "", "²", "100001", "9" * 40)
        ),
        *(("exempt", value, "bad_exempt") for value in ("", "大风", "a b", "x" * 65)),
        *(("payer", value, "bad_payer") for value in ("", "农场", "-7")),
    ],
)
def test_a_ruling_about_money_in_no_known_form_is_refused(
    world: World, kind: str, value: str, code: str
) -> None:
    (point,) = _ready(world, FIRE)
    with pytest.raises(UsageError) as caught:
        _decide(world, point.fire_point_id, kind, value)
    assert caught.value.code == code


def test_a_city_may_not_rule_its_own_bill_down(world: World) -> None:
    points = _ready(world, FIRE, FIRE.moved(5000, 0, 0))
    one, other = (point.fire_point_id for point in points)

    def decide(uid: str, role: str, kind: str, value: str) -> dict[str, object]:
        with world.store.reader() as reader:
            scope = scope_of(reader, role, role, uid)
        return rule(
            world.store,
            one,
            kind=kind,
            value=value,
            reason="现场核实",
            evidence_sha256="0" * 64,
            actor=role,
            scope=scope,
        )

    for kind, value in (("order", "2"), ("exempt", "storm"), ("payer", "FARM-7")):
        with pytest.raises(ForbiddenError) as caught:
            decide("u220100", "city", kind, value)
        assert caught.value.code == "own_bill"
        assert decide("u220000", "province", kind, value)["kind"] == kind
    assert decide("u220100", "city", "distinct", other)["value"] == other
    with pytest.raises(ForbiddenError):
        decide("u220182", "county", "distinct", other)


def test_a_city_that_pays_for_its_districts_rules_none_of_their_fires_away(world: World) -> None:
    register = world.folder / "register.yaml"
    register.write_text(paid_by_the_city("220204", "220211"), encoding="utf-8")
    load_units(world.store, [register], archive=world.archive, actor="test")
    here = replace(FIRE, lon="126.45000", lat="43.86000")
    points = _ready(world, here, here.moved(5000, 0, 0))
    one, other = (point.fire_point_id for point in points)
    assert {point.county_code for point in points} == {"220204"}

    def decide(uid: str, role: str, kind: str, value: str, point: str = one) -> dict[str, object]:
        with world.store.reader() as reader:
            scope = scope_of(reader, role, role, uid)
        return rule(
            world.store,
            point,
            kind=kind,
            value=value,
            reason="现场核实",
            evidence_sha256="0" * 64,
            actor=role,
            scope=scope,
        )

    lowering = (("unit", "220283"), ("zone", "none"), ("screen", "fixed_heat_source"), ("duplicate", other))
    for role, kind, value in [*(("city", *one) for one in lowering), ("admin", "exempt", "storm")]:
        with pytest.raises(ForbiddenError) as caught:
            decide("u220200", role, kind, value)
        assert (caught.value.code, "吉林市" in caught.value.zh, "吉林市" in caught.value.en) == (
            "own_bill",
            True,
            True,
        )
        assert decide("u220000", "province", kind, value)["kind"] == kind
    assert decide("u220200", "city", "unit", "220211", other)["kind"] == "unit", "it pays for both districts"
    assert decide("u220200", "city", "screen", "counted")["value"] == "counted", "against itself"
