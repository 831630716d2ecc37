"""What holds at a place and an instant, in words: whose ground, which zone, which regime, may one burn there.

Boundaries, zones and regimes are public; no fire, no duty-holder and no person is told here, so any reader may ask.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from gis.errors import RefusedInputError
from gis.reasons import in_both
from gis.times import beijing_date, fire_day, iso_beijing, minutes_of
from service.pipeline.attribute import Names, Place, Positions, attribute
from service.pipeline.layers_store import Layers, Stack
from service.pipeline.live import clustering_versions
from service.pipeline.plans_match import EDGE, IN_PERIOD, PLANNED
from service.pipeline.register_store import load_register
from service.store.engine import Reader

_POINT_M = 1.0
"""A place is a point, not a pixel: doubt beside it comes from the accuracy of the layers alone."""

_KIND_WORDS = {
    "ban": ("禁烧区", "ban area"),
    "restricted": ("限烧区", "restricted area"),
    "belt_1km": ("一公里重点带", "one-kilometre belt"),
    "forest_edge": ("林缘 100 米", "forest edge, 100 m"),
    "other": ("其他分区", "another zone"),
}

_STRICT = ("ban", "belt_1km", "forest_edge")
_NOT_KNOWN = (
    "unknown",
    "没有可用的分区图层或管控规定：不能判断，请载入区划或询问主管部门",
    "no zone layer or no regime is loaded for it: not known; load the zones or ask the department",
)


def place_at(reader: Reader, lon: float, lat: float, instant: dt.datetime) -> dict[str, Any]:
    """Return what holds at a place and an aware instant.

    Parameters
    ----------
    lon, lat
        Degrees, CGCS2000.

    Returns
    -------
    dict
        Units with codes, zone and its kind, regime in words with its source, period, planned burns in force there,
        doubt at lines, layers used, and the answer in a sentence: ``burning`` is ``banned``, ``by_plan``,
        ``within_plan`` or ``unknown``.

    Raises
    ------
    RefusedInputError
        ``bad_position``: no position on the globe.
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise RefusedInputError(
            "bad_position",
            f"经度 {lon}、纬度 {lat} 不是有效位置：请按“经度 纬度”给出十进制度数",
            f"longitude {lon}, latitude {lat} is no position: give decimal degrees, longitude first",
            value=[lon, lat],
        )
    versions = clustering_versions(reader)
    civil = beijing_date(instant)
    cut = versions.params[versions.index_on(civil)]["cut"] if versions.names else "00:00"
    day = fire_day(instant, cut)
    stack = Layers(reader).on(day)
    stored = load_register(reader)
    names = Names(stored.register, stored.ids)
    one = np.array([_POINT_M])
    at = Positions(np.array([lon]), np.array([lat]), np.array([minutes_of(instant)]), one, one)
    place = attribute(stack, names, at, [day])[0]
    return _told(stack, names, place, lon, lat, instant, day)


def _told(
    stack: Stack, names: Names, place: Place, lon: float, lat: float, instant: dt.datetime, day: dt.date
) -> dict[str, Any]:
    narrowest = place.township_unit_id or place.county_unit_id
    codes = names.chain_codes(narrowest, day) if narrowest is not None else ()
    answer = stack.regimes.at(codes, instant)
    burning, zh, en = _burning(place)
    source_zh, source_en = in_both(answer.source)
    kind = _KIND_WORDS.get(place.zone_kind or "", _KIND_WORDS["other"])
    return {
        "lon": lon,
        "lat": lat,
        "at": iso_beijing(instant),
        "fire_day": day.isoformat(),
        "outside": place.outside,
        "county_code": place.county_code,
        "county": place.county,
        "city_code": place.city_code,
        "city": place.city,
        "township_code": place.township_code,
        "township": place.township,
        "grid_code": place.grid_code,
        "grid": place.grid,
        "border_distance_m": place.border_distance_m,
        "doubt": sorted(level for level, doubtful in place.boundary_case.items() if doubtful),
        "zone_code": place.zone_code,
        "zone": place.zone,
        "zone_kind": place.zone_kind,
        "zone_kind_zh": kind[0] if place.zone_code else None,
        "zone_kind_en": kind[1] if place.zone_code else None,
        "regime": place.regime,
        "regime_zh": place.regime_zh,
        "regime_en": place.regime_en,
        "regime_source": source_zh,
        "regime_source_en": source_en,
        "regime_confidence": answer.confidence,
        "regime_status": str(answer.status),
        "period": place.period,
        "plans": [one for one in place.reasons if one["code"] in (PLANNED, EDGE, IN_PERIOD)],
        "burning": burning,
        "zh": zh,
        "en": en,
        "informal": stack.informal or place.informal,
        "layers": stack.record,
    }


def _burning(place: Place) -> tuple[str, str, str]:
    """Return whether one may burn there and then, with the sentence; the first that holds speaks."""
    planned = [one for one in place.reasons if one["code"] == PLANNED and not one["recorded_later"]]
    plan = planned[0]["plan"] if planned else ""
    two_zone = place.regime == "two_zone"
    answers = (
        (
            place.outside is not None,
            ("unknown", "不在服务范围内，本系统不能回答", "outside the service area: not answered here"),
        ),
        (
            place.period is not None,
            (
                "banned",
                f"特殊时段“{place.period}”：任何地方不得露天焚烧，计划烧除一律停止",
                f"special period {place.period}: no open burning anywhere, planned burning stops",
            ),
        ),
        (
            bool(planned),
            (
                "within_plan",
                f"在批准的计划烧除 {plan} 的时段与地块内：可按计划烧除",
                f"within the approved planned burn {plan}, its time and its ground: burning by plan",
            ),
        ),
        (
            place.regime in ("whole_area", "whole_area_belts"),
            (
                "banned",
                "全域禁烧：未经批准的计划不得露天焚烧",
                "whole-area ban: no open burning but by an approved plan",
            ),
        ),
        (
            two_zone and place.zone_kind in _STRICT,
            ("banned", "禁烧区：不得露天焚烧", "ban area: no open burning"),
        ),
        (
            two_zone and place.zone_kind == "restricted",
            (
                "by_plan",
                "限烧区：只可在批准的计划时段内烧除",
                "restricted area: burning only within an approved plan",
            ),
        ),
    )
    return next((answer for holds, answer in answers if holds), _NOT_KNOWN)
