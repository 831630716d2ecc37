"""Whose ground, which regime, may one burn there: the answer for a place and an instant, in words."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from shapely.geometry import box, mapping

from gis.errors import RefusedInputError
from gis.times import BEIJING
from service.pipeline.load_periods import load_period_file
from service.pipeline.load_zones import load_zone_file
from service.pipeline.place import place_at
from tests.service.pipeline.test_plans_match import plan
from tests.service.pipeline.world import World

LON, LAT = 126.55, 44.85
"""In 榆树, far from every county line."""


def asked(world: World, when: str, lon: float = LON, lat: float = LAT) -> dict[str, object]:
    moment = dt.datetime.fromisoformat(when).replace(tzinfo=BEIJING)
    with world.store.reader() as reader:
        return place_at(reader, lon, lat, moment)


def zones(world: World, kind: str) -> None:
    feature = {
        "type": "Feature",
        "properties": {"code": "Z1", "name": "试验区", "kind": kind},
        "geometry": mapping(box(LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1)),
    }
    raw = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    load_zone_file(
        world.store, raw, file="z.geojson", name="zones", status="official", datum="cgcs2000", actor="test"
    )


def test_under_the_whole_area_ban_nobody_burns(world: World) -> None:
    found = asked(world, "2023-10-29T12:00")
    assert (found["county_code"], found["county"]) == ("220182", "榆树市")
    assert found["burning"] == "banned"
    assert "全域禁烧" in str(found["zh"])
    assert found["regime_confidence"] == "S"
    assert found["informal"]


@pytest.mark.parametrize(
    ("when", "regime"), [("2021-09-26T23:59", "two_zone"), ("2021-09-27T00:00", "whole_area")]
)
def test_a_regime_ends_with_its_last_day_in_beijing(world: World, when: str, regime: str) -> None:
    assert asked(world, when)["regime"] == regime


def test_two_zones_without_a_layer_are_not_known(world: World) -> None:
    found = asked(world, "2019-10-29T12:00")
    assert found["burning"] == "unknown"
    assert "载入区划" in str(found["zh"])


@pytest.mark.parametrize(("kind", "answer"), [("ban", "banned"), ("restricted", "by_plan")])
def test_two_zones_say_what_each_means(world: World, kind: str, answer: str) -> None:
    zones(world, kind)
    found = asked(world, "2019-10-29T12:00")
    assert (found["zone_kind"], found["burning"]) == (kind, answer)


def test_a_planned_burn_on_record_allows_and_a_special_period_stops_it(world: World) -> None:
    plan(world)
    during = asked(world, "2090-10-29T12:30")
    assert (during["burning"], asked(world, "2090-10-29T18:00")["burning"]) == ("within_plan", "banned")
    table = "名称,单位,开始日期,结束日期,来源,可信度\n两会,220000,2090-10-29,2090-10-29,通告,Q\n"
    load_period_file(world.store, table.encode(), name="p.csv", status="official", actor="test")
    stopped = asked(world, "2090-10-29T12:30")
    assert stopped["burning"] == "banned"
    assert stopped["period"] == "两会"


def test_outside_the_province_it_does_not_answer(world: World) -> None:
    found = asked(world, "2023-10-29T12:00", 123.43, 41.80)
    assert found["burning"] == "unknown"
    assert found["county_code"] is None


def test_no_position_is_refused(world: World) -> None:
    with pytest.raises(RefusedInputError) as caught:
        asked(world, "2023-10-29T12:00", 44.85, 126.55)
    assert caught.value.code == "bad_position"
