"""What screening found, in words: every reason it can give, every key and code of its evidence."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gis.recurrence import CLASSES
from gis.screening import STATIC_TYPES, Evidence, ScreenParams, screen
from service.billing.explain_reasons import EVIDENCE_WORDS, REASON_WORDS, reason

_LISTED = {
    "heat_source": "HS-1",
    "name": "某水泥厂",
    "kind": "other",
    "distance_m": 120.5,
    "radius_m": 600.0,
    "status": "sample",
}
_LEARNED = {"hot_days": 61, "night_share": 0.52, "months": 9, "table": "2023-10-28"}
_ALL = Evidence(
    cropland=0.1,
    vegetation=0.8,
    ground_known=0.95,
    coarse=True,
    raster="地类图",
    listed=_LISTED,
    learned={"kind": CLASSES[0], **_LEARNED},
    fire_types=frozenset({0, *STATIC_TYPES}),
    confidence="low",
    daylight=True,
    hour=12,
    alone=True,
    pixels=1,
)
_OTHERS: list[dict[str, Any]] = [
    {"code": "recorded_later", "what": "zone", "zone": "Z1", "set": "两区"},
    {"code": "planned_burn", "plan": "P1", "recorded_later": True},
    {"code": "plan_in_special_period", "plan": "P1", "period": "两会"},
    {"code": "grid_boundary_disagree", "grid": "220182001", "counties": ["榆树市"]},
    {"code": "pixels_inside", "counties": ["220182", "220283"]},
    {"code": "duplicate", "of": "20231029-01360c7225c0", "ruling": 3},
]


def _reasons() -> list[dict[str, Any]]:
    found = [dict(one) for one in screen(ScreenParams(), _ALL).reasons]
    more = [{**found[1], "kind": kind} for kind in CLASSES]
    return [*found, *more, *_OTHERS]


def test_every_reason_and_key_has_words() -> None:
    told = _reasons()
    assert {one["code"] for one in told} <= set(REASON_WORDS)
    assert {key for one in told for key in one} - {"code", "flag", "recorded_later"} <= set(EVIDENCE_WORDS)


@pytest.mark.parametrize("one", _reasons(), ids=lambda one: str(one["code"]))
def test_no_code_is_left_in_the_chinese(one: dict[str, Any]) -> None:
    text = reason(one, "zh")
    assert re.findall("[a-z_]{3,}", text) == []
    assert ": " not in text
    assert ", " not in text


def test_how_it_reads() -> None:
    first = reason(
        {"code": "fixed_heat_source", "flag": True, "by": "recurrence", "kind": "likely", **_LEARNED}, "zh"
    )
    assert first == (
        "固定热源（依据 同一处反复出现热点，热点日数 61，类别 疑似固定热源，月数 9，夜间占比 52.0%，"
        "热点统计表 2023-10-28，仅提示，不作筛除）"
    )
    outside = {"code": "outside", "name": "新宾满族自治县", "neighbour": "210422"}
    assert reason(outside, "zh") == "界外：在新宾满族自治县（210422）境内"
    assert reason(outside, "en") == "outside the unit: on the ground of 新宾满族自治县 (210422)"
    assert reason({"code": "outside", "neighbour": None}, "zh") == "界外"
    later = {"code": "recorded_later", "what": "zone", "zone": "Z1", "set": "两区"}
    assert reason(later, "zh") == "过境之后才登记，须由人裁定（图层 两区，内容 区划，分区 Z1）"
    assert (
        reason(later, "en")
        == "recorded after the overpass: a person rules (set 两区, what zone layer, zone Z1)"
    )
