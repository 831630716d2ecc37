"""A fire inside an approved planned burn is no offence, but only where the service knew of it before the satellite."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from shapely.geometry import box, mapping

from gis.times import BEIJING, instant_of
from service.pipeline.load_grid import load_grid_file
from service.pipeline.load_periods import load_period_file, load_regime_file
from service.pipeline.load_plans import load_plan_file
from service.pipeline.load_zones import load_zone_file
from service.pipeline.pending import PendingCase, pending
from service.pipeline.rulings import rule
from service.reads import FirePointView, fire_points
from service.scope import whole
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.world import World

SOON = at("2090-10-29 04:30")
"""After every plan that a test loads: the service knows of them before the satellite passes."""
PAST = at("2023-10-29 04:30")
LON, LAT = 126.55, 44.85
"""In 榆树 (220182) of 长春, far from every county line."""


def fire(minute: int = SOON, lon: float = LON, lat: float = LAT) -> Row:
    return Row(minute, f"{lon:.5f}", f"{lat:.5f}")


def plan(world: World, minute: int = SOON, *, code: str = "P1", ground: Any = None, **changes: Any) -> None:
    """Load one plan around a minute: on a polygon, or in the unit of 榆树."""
    noon = instant_of(minute).astimezone(BEIJING)
    told = {
        "code": code,
        "starts_at": (noon - dt.timedelta(hours=2)).isoformat(),
        "ends_at": (noon + dt.timedelta(hours=2)).isoformat(),
        "person": "张三",
        "approver": "县办",
        "approved_at": (noon - dt.timedelta(days=1)).isoformat(),
        "state": "approved",
        **({} if ground is not None else {"unit_code": "220182"}),
        **changes,
    }
    feature = {
        "type": "Feature",
        "properties": told,
        "geometry": None if ground is None else mapping(ground),
    }
    raw = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    load_plan_file(world.store, raw, name="p.geojson", status="official", datum="cgcs2000", actor="test")


def seen(world: World, *rows: Row) -> list[FirePointView]:
    if rows:
        world.ingest(world.feed(f"{len(list(world.folder.iterdir()))}.csv", rows))
    world.assess()
    return sorted(world.points(), key=lambda one: one.lon)


def queue(world: World) -> list[PendingCase]:
    with world.store.reader() as reader:
        return pending(reader, whole("test"))


def about_plans(point: FirePointView) -> list[dict[str, Any]]:
    return [one for one in point.reasons if "plan" in one]


def test_only_place_and_time_of_an_approved_plan_exempt(world: World) -> None:
    plan(world, ground=box(LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01))
    yesterday, elsewhere = fire(SOON - 24 * 60, LON + 0.001), fire(lon=LON + 0.1)
    exempt, late, far = seen(world, fire(), yesterday, elsewhere)
    assert [one.screen for one in (exempt, late, far)] == ["planned_burn", "counted", "counted"]
    assert about_plans(exempt) == [{"code": "planned_burn", "plan": "P1", "recorded_later": False}]
    assert about_plans(late) == about_plans(far) == []
    assert queue(world) == []
    assert exempt.layers["plans"]["plans"] == 1
    assert not world.assess().redone


def test_a_plan_of_a_unit_holds_for_its_whole_ground_whatever_code_names_it(world: World) -> None:
    plan(world, unit_code="220381", code="G")
    plan(world, code="Y")
    gongzhuling, yushu, shulan = seen(
        world, fire(lon=124.82636, lat=43.50191), fire(), fire(lon=126.95271, lat=44.40385)
    )
    assert [one.screen for one in (gongzhuling, yushu, shulan)] == [
        "planned_burn",
        "planned_burn",
        "counted",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"approved_at": ""},
        {"approved_at": "2090-10-29 12:31"},
    ],
)
def test_a_plan_without_approval_before_the_overpass_goes_to_a_person(
    world: World, changes: dict[str, str]
) -> None:
    plan(world, **changes)
    (point,) = seen(world, fire())
    assert point.screen == "counted"
    assert about_plans(point) == [{"code": "planned_burn", "plan": "P1", "recorded_later": True}]
    assert [case.what for case in queue(world)] == ["plan_recorded_later"]


def test_a_fire_that_burnt_on_after_its_window_is_not_exempt_by_itself(world: World) -> None:
    plan(world)
    (point,) = seen(world, fire(), fire(SOON + 300, LON + 0.001))
    assert (point.screen, about_plans(point)) == ("counted", [{"code": "plan_exceeded", "plan": "P1"}])
    assert [case.what for case in queue(world)] == ["plan_exceeded"]


def test_a_fire_that_burnt_beyond_its_ground_is_not_exempt_by_itself(world: World) -> None:
    """The place of a fire point is that of one pixel: the others must reach the ground too, by their own footprints."""
    plan(world, ground=box(LON - 0.01, LAT - 0.01, LON + 0.001, LAT + 0.01))
    touching, beyond = fire(lon=LON + 0.003), fire(lon=LON + 0.008)
    (point,) = seen(world, fire(), touching)
    assert (point.pixels, point.screen) == (2, "planned_burn")
    (point,) = seen(world, beyond)
    assert point.pixels == 3
    assert (point.screen, about_plans(point)) == ("counted", [{"code": "plan_exceeded", "plan": "P1"}])
    assert [case.what for case in queue(world)] == ["plan_exceeded"]


def test_a_fire_over_two_parcels_that_both_have_leave_is_exempt(world: World) -> None:
    plan(world, code="A", ground=box(LON - 0.01, LAT - 0.01, LON + 0.001, LAT + 0.01))
    plan(world, code="B", ground=box(LON + 0.001, LAT - 0.01, LON + 0.02, LAT + 0.01))
    plan(world, code="C", ground=box(LON + 0.02, LAT - 0.01, LON + 0.03, LAT + 0.01), approved_at="")
    (point,) = seen(world, fire(), fire(lon=LON + 0.004), fire(lon=LON + 0.008))
    assert (point.pixels, point.screen) == (3, "planned_burn")


def test_a_parcel_whose_plan_was_not_approved_allows_no_pixel(world: World) -> None:
    plan(world, code="A", ground=box(LON - 0.01, LAT - 0.01, LON + 0.001, LAT + 0.01))
    plan(world, code="B", ground=box(LON + 0.001, LAT - 0.01, LON + 0.02, LAT + 0.01), approved_at="")
    (point,) = seen(world, fire(), fire(lon=LON + 0.004), fire(lon=LON + 0.008))
    assert (point.pixels, point.screen) == (3, "counted")
    assert "plan_exceeded" in {one["code"] for one in about_plans(point)}


def test_a_fire_that_burnt_beyond_the_village_of_its_plan_is_not_exempt_by_itself(world: World) -> None:
    """The village's line runs 220 m north of the first pixel; the last pixel lies wholly in the next village."""
    line, town = LAT + 0.002, "220182100"
    villages = (
        (f"{town}001", box(LON - 0.1, LAT - 0.05, LON + 0.1, line)),
        (f"{town}002", box(LON - 0.1, line, LON + 0.1, LAT + 0.05)),
    )
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": code, "level": "village"},
            "geometry": mapping(ground),
        }
        for code, ground in villages
    ]
    cells = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    load_grid_file(
        world.store, cells, file="g.geojson", name="g", status="sample", datum="cgcs2000", actor="test"
    )
    plan(world, unit_code=f"{town}001")
    (point,) = seen(world, fire(), fire(lat=LAT + 0.0015))
    assert (point.pixels, point.screen) == (2, "planned_burn")
    (point,) = seen(world, fire(lat=LAT + 0.0055))
    assert point.pixels == 3
    assert (point.screen, about_plans(point)) == ("counted", [{"code": "plan_exceeded", "plan": "P1"}])
    plan(world, unit_code=f"{town}002", code="P2")
    (point,) = seen(world)
    assert point.screen == "planned_burn", "both villages have leave"


def test_a_county_whose_plan_holds_everywhere_exempts_its_fires_of_many_pixels(world: World) -> None:
    plan(world, unit_code="220381")
    far = {"lon": 124.82636, "lat": 43.50191}
    (point,) = seen(world, fire(**far), fire(lon=far["lon"] + 0.004, lat=far["lat"]))
    assert (point.pixels, point.screen) == (2, "planned_burn")


def test_a_cancelled_plan_says_nothing(world: World) -> None:
    plan(world, state="cancelled")
    (point,) = seen(world, fire())
    assert (point.screen, about_plans(point), queue(world)) == ("counted", [], [])


def test_a_plan_recorded_after_the_overpass_reassesses_its_day_and_changes_no_screen(world: World) -> None:
    other = fire(PAST + 3 * 24 * 60, LON + 0.2)
    (point, _) = seen(world, fire(PAST), other)
    before = world.revision
    plan(world, PAST)
    report = world.assess()
    assert report.redone == ("2023-10-29",), "only the days the plan touches"
    with world.store.reader() as reader:
        (now,) = fire_points(reader, whole("test"), ids=[point.fire_point_id])
    assert (now.screen, about_plans(now)) == (
        "counted",
        [{"code": "planned_burn", "plan": "P1", "recorded_later": True}],
    )
    (case,) = queue(world)
    assert (case.what, case.fire_point_id) == ("plan_recorded_later", point.fire_point_id)
    with world.store.reader(before) as reader:
        (then,) = fire_points(reader, whole("test"), ids=[point.fire_point_id])
        assert about_plans(then) == []
        assert pending(reader, whole("test")) == []
    rule(
        world.store,
        point.fire_point_id,
        kind="screen",
        value="planned_burn",
        reason="批文核实属实",
        evidence_sha256=None,
        actor="judge",
        scope=whole("judge"),
    )
    world.assess()
    assert queue(world) == []
    assert world.points(ids=[point.fire_point_id])[0].screen == "planned_burn"


def test_the_report_that_a_plan_was_carried_out_leaves_it_in_force(world: World) -> None:
    plan(world)
    plan(world, state="executed")
    (point,) = seen(world, fire())
    assert point.screen == "planned_burn"
    assert len(about_plans(point)) == 1


def test_a_plan_that_moved_before_the_overpass_holds_as_it_was_last_known(world: World) -> None:
    ground = box(LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01)
    moved = box(LON + 0.09, LAT - 0.01, LON + 0.11, LAT + 0.01)
    plan(world, ground=ground)
    plan(world, ground=moved)
    one, other = seen(world, fire(), fire(lon=LON + 0.1))
    assert (one.screen, other.screen) == ("counted", "planned_burn")
    assert queue(world) == []


def test_a_footprint_that_touches_a_plan_from_outside_is_said_and_counts(world: World) -> None:
    plan(world, ground=box(LON + 0.001, LAT - 0.01, LON + 0.02, LAT + 0.01))
    (point,) = seen(world, fire())
    assert (point.screen, about_plans(point)) == ("counted", [{"code": "plan_edge", "plan": "P1"}])
    assert [case.what for case in queue(world)] == ["plan_edge"]


def test_a_plan_is_touched_by_any_pixel_of_the_fire(world: World) -> None:
    """Its strongest pixel stands for it; another reaches the ground of the plan."""
    plan(world, ground=box(LON + 0.006, LAT - 0.01, LON + 0.02, LAT + 0.01))
    strong = Row(SOON, f"{LON:.5f}", f"{LAT:.5f}", frp="50.0")
    (point,) = seen(world, strong, fire(lon=LON + 0.0045))
    assert (point.pixels, point.lon) == (2, LON)
    assert (point.screen, about_plans(point)) == ("counted", [{"code": "plan_edge", "plan": "P1"}])
    assert [case.what for case in queue(world)] == ["plan_edge"]


def test_within_a_special_period_no_plan_exempts(world: World) -> None:
    plan(world)
    period = "名称,起始日期,截止日期,来源\n两会,2090-10-28,2090-10-30,通知\n"
    load_period_file(world.store, period.encode(), name="t.csv", status="reference", actor="test")
    (point,) = seen(world, fire())
    assert point.screen == "counted"
    assert about_plans(point) == [{"code": "plan_in_special_period", "plan": "P1", "period": "两会"}]


def test_in_a_restricted_zone_under_two_zones_the_screen_says_so(world: World) -> None:
    regime = 'regimes:\n  - {unit: "220182", regime: two_zone, source: s, confidence: R}\n'
    load_regime_file(world.store, regime.encode(), name="r.yaml", actor="test")
    zones = "乡镇代码,类别\n220182,限烧区\n"
    load_zone_file(world.store, zones.encode(), file="z.csv", name="z", status="reference", actor="test")
    plan(world)
    (point,) = seen(world, fire())
    assert (point.screen, point.regime) == ("restricted_within_plan", "two_zone")
    assert about_plans(point)[0]["recorded_later"] is False


def test_when_feed_and_plan_arrive_does_not_matter_once_both_are_known_before(world: World) -> None:
    """The overpass lies ahead of both: first the plan or first the rows, the fire is the same."""
    (counted,) = seen(world, fire())
    assert counted.screen == "counted"
    plan(world)
    (exempt,) = seen(world)
    assert (exempt.fire_point_id, exempt.screen) == (counted.fire_point_id, "planned_burn")
