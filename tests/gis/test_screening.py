"""What screening decides, what it only flags, and that the first reason of the order decides."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gis.recurrence import CLASSES
from gis.screening import ORDER, Evidence, Screened, ScreenParams, by_reason, decide, screen
from gis.types import Confidence, Screen

PARAMS = ScreenParams()
LISTED = {"heat_source": "P1", "name": "热电厂", "kind": "coal", "distance_m": "120.0"}


def learned(kind: str) -> dict[str, Any]:
    return {"kind": kind, "hot_days": 40, "night_share": 0.9, "table": "2023-10-01"}


def judged(**evidence: Any) -> Screened:
    return screen(PARAMS, Evidence(**evidence))


def codes(found: Screened) -> list[tuple[str, bool]]:
    return [(reason["code"], reason["flag"]) for reason in found.reasons]


def test_a_fire_of_which_nothing_is_known_counts_without_a_reason() -> None:
    assert judged() == Screened(Screen.COUNTED)


def test_ground_without_cropland_is_left_out_and_handed_to_forestry_where_it_is_green() -> None:
    found = judged(cropland=0.0, vegetation=0.9, ground_known=1.0, raster="r1")
    assert found.screen == Screen.NOT_CROPLAND
    assert found.forestry
    assert found.reasons[0]["cropland"] == 0.0
    built = judged(cropland=0.0, vegetation=0.1, ground_known=1.0)
    assert built.screen == Screen.NOT_CROPLAND
    assert not built.forestry


def test_cropland_at_the_threshold_counts() -> None:
    assert judged(cropland=PARAMS.cropland_least, ground_known=1.0).screen == Screen.COUNTED


@pytest.mark.parametrize("weak", [{"coarse": True, "ground_known": 1.0}, {"ground_known": 0.4}])
def test_a_raster_coarser_than_the_footprint_or_ignorant_of_it_only_flags(weak: dict[str, Any]) -> None:
    found = judged(cropland=0.0, vegetation=1.0, **weak)
    assert found.screen == Screen.COUNTED
    assert codes(found) == [("not_cropland", True)]


def test_a_listed_heat_source_decides_and_the_ground_stays_beside_it() -> None:
    found = judged(listed=LISTED, cropland=0.0, ground_known=1.0)
    assert found.screen == Screen.FIXED_HEAT_SOURCE
    assert codes(found) == [("fixed_heat_source", False), ("not_cropland", False)]
    assert found.reasons[0]["name"] == "热电厂"


@pytest.mark.parametrize("kind", CLASSES)
def test_a_leaning_heat_source_flags_and_a_fixed_or_likely_one_decides(kind: str) -> None:
    found = judged(learned=learned(kind))
    decides = kind != "leaning"
    assert (found.screen == Screen.FIXED_HEAT_SOURCE) is decides
    assert codes(found) == [("fixed_heat_source", not decides)]


def test_a_product_type_decides_unless_a_vegetation_pixel_lies_beside_it() -> None:
    assert judged(fire_types=frozenset({2})).screen == Screen.FIXED_HEAT_SOURCE
    mixed = judged(fire_types=frozenset({0, 2}))
    assert mixed.screen == Screen.COUNTED
    assert mixed.reasons[0]["types"] == ["static_land_source"]
    assert judged(fire_types=frozenset({0})).reasons == ()


def test_a_lone_weak_pixel_at_noon_is_glint_and_one_at_night_is_only_flagged() -> None:
    weak = {"confidence": Confidence.LOW, "pixels": 1}
    assert judged(**weak, daylight=True, hour=12).screen == Screen.LOW_CONFIDENCE
    for other in ({"daylight": False, "hour": 1}, {"daylight": True, "hour": 15}):
        found = judged(**weak, **other)
        assert found.screen == Screen.COUNTED
        assert codes(found) == [("low_confidence", True)]
    assert (
        judged(confidence=Confidence.LOW, pixels=2, alone=False, daylight=True, hour=12).screen
        == Screen.COUNTED
    )


@pytest.mark.parametrize(("rule", "out"), [("all", True), ("none", False)])
def test_a_province_may_leave_out_all_weak_points_or_none(rule: str, out: bool) -> None:
    found = screen(
        ScreenParams(low_confidence=rule), Evidence(confidence=Confidence.LOW, daylight=True, hour=12)
    )
    assert (found.screen == Screen.LOW_CONFIDENCE) is out


def test_what_stood_before_decides_where_it_comes_first() -> None:
    reasons = [{"code": "not_cropland", "flag": False}, {"code": "fixed_heat_source", "flag": True}]
    assert decide("outside", reasons) == Screen.OUTSIDE
    assert decide("counted", reasons) == Screen.NOT_CROPLAND
    assert decide("planned_burn", reasons) == Screen.PLANNED_BURN


def test_a_plan_recorded_later_decides_nothing() -> None:
    assert decide("counted", [{"code": "planned_burn", "recorded_later": True}]) == Screen.COUNTED


@given(some.lists(some.sampled_from([str(code) for code in ORDER])), some.randoms())
def test_the_order_of_reasons_never_changes_the_decision(found: list[str], random: Any) -> None:
    reasons = [{"code": code} for code in found]
    decided = decide("counted", reasons)
    random.shuffle(reasons)
    assert decide("counted", reasons) == decided


def test_parameters_survive_the_store_as_plain_data() -> None:
    params = ScreenParams(version="2", heat_kinds=("fixed",), glint_hours=(9, 16))
    assert ScreenParams.of(json.loads(json.dumps(params.as_dict()))) == params


def test_the_report_counts_what_each_rule_removed_in_the_order_of_decision() -> None:
    screens = ["not_cropland", "outside", "not_cropland", "fixed_heat_source"]
    assert list(by_reason(screens).items()) == [("outside", 1), ("fixed_heat_source", 1), ("not_cropland", 2)]
