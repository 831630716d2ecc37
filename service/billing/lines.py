"""A line of a statement: one charge with what it rests on and, beside it, what disputes are about."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from gis.times import iso_beijing
from service.accountability.findings import Charge
from service.documents.amount_words import wan
from service.store.types import canonical_json

FINDINGS_ZH: Mapping[str, str] = {
    "straw": "秸秆",
    "stubble": "根茬",
    "weeds": "杂草",
    "rubbish": "垃圾",
    "grave_paper": "祭祀用火",
    "forest_grass": "林草",
    "industrial": "工业热源",
    "planned": "计划烧除",
    "nothing_found": "未发现火情",
    "unreachable": "未能到达",
    "duplicate": "重复",
    "outside": "不在辖区",
}
ZONES_ZH: Mapping[str, str] = {
    "ban": "禁烧区",
    "restricted": "限烧区",
    "belt": "管控带",
    "none": "区划之外",
    "unknown": "分区未知",
}
_SCOPES: Mapping[str, tuple[str, str]] = {
    "province": ("全省", "of the province"),
    "city": ("全市", "of the city"),
    "county": ("全县（市、区）", "of the county"),
    "township": ("全乡镇", "of the township"),
    "village": ("全村", "of the village"),
}
_PERIODS: Mapping[str, tuple[str, str]] = {
    "season": ("本考核期", "in the season"),
    "year": ("{period} 年", "in {period}"),  # a season that crosses New Year has a first in each
    "never": ("累计", "ever"),
}
_NAMES_POINTS = frozenset({"duplicate", "distinct"})
"""Kinds of rulings whose value is a fire point, which may be another payer's."""
_UNSEEN = frozenset(
    {"id", "rev", "rev_from", "rev_to", "representative_id", "layer_stack_id", "ruling_ids", "geom"}
)
_STORE_KEYS = frozenset({"city_unit_id", "county_unit_id", "township_unit_id", "grid_unit_id"})


def line_of(
    charge: Charge,
    *,
    state: Any,
    standings: Sequence[Any],
    rulings: Sequence[Any],
    context: Mapping[str, Any] | None,
    objection: Mapping[str, Any] | None,
    linked: Sequence[tuple[str, Any]],
    own: frozenset[str],
    mark: str,
    pixels: Sequence[str] = (),
    waits: tuple[str, str] | None = None,
    eased: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """Return the line of a charge, without its number and its change against the statement before.

    Parameters
    ----------
    state
        Row of `FirePointState`, or None for a fire point that no satellite saw.
    standings
        What verification says of it and of other sources of the same fire, its own first.
    rulings
        Those in force on it.
    context
        What disputes are about (`service.billing.context.context_of`).
    objection
        State and instance of the objection to it, if there is one.
    linked
        Ids and states of other sources of the same fire: they cost nothing of their own.
    own
        Fire points of this payer: no other is named.
    pixels
        Hashes of the pixels behind it (`service.billing.pixels`).
    waits
        Chinese and English sentence of a denial that nobody has reviewed yet.
    eased
        What the rulebook calls the mitigation that lowers it; its reason code where it is not told.
    """
    fact, trace = charge.fact, plain(charge.trace)
    deciding = next((one.deciding for one in standings if one.deciding is not None), None)
    reason_zh, reason_en = _reason(trace, charge, eased or (trace["eased_by"],) * 2)
    if waits is not None:
        deciding = _standing_found(standings, fact.finding) or deciding
        reason_zh, reason_en = f"{reason_zh}；{waits[0]}", f"{reason_en}; {waits[1]}"
    units = {one.level: one.code for one in fact.units}
    return {
        "fire_point_id": charge.fire_point_id,
        "mark": mark,
        "overpass": iso_beijing(fact.overpass),
        "satellite": fact.satellite,
        "lon": _degrees(state, "lon"),
        "lat": _degrees(state, "lat"),
        "county_code": _of(state, "county_code") or units.get("county"),
        "county": _of(state, "county"),
        "township_code": _of(state, "township_code") or units.get("township"),
        "township": _of(state, "township"),
        "grid": _of(state, "grid"),
        "zone": _of(state, "zone") or _zone(fact.zone, fact.regime),
        "regime_zh": _of(state, "regime_zh"),
        "regime_en": _of(state, "regime_en"),
        "finding": fact.finding,
        "finding_zh": None if fact.finding is None else FINDINGS_ZH.get(fact.finding, fact.finding),
        "verified_level": None if deciding is None else deciding.level,
        "verified_at": None if deciding is None else iso_beijing(deciding.found_at),
        "area_mu": trace["facts"]["area_mu"],
        "clause": charge.clause,
        "ordinal": trace.get("ordinal"),
        "amount": str(charge.amount),
        "reason_zh": reason_zh,
        "reason_en": reason_en,
        "trace": trace,
        "context": None if context is None else plain(context),
        "rulings": told_rulings(rulings, own),
        "objection": None if objection is None else dict(objection),
        "linked": [name for name, _ in linked],
        "basis": {
            **basis_of([state, *(other for _, other in linked)], standings, rulings),
            "pixels": list(pixels),
        },
    }


def _standing_found(standings: Sequence[Any], finding: str | None) -> Any:
    """Return the record of what was found before a denial that waits for its review."""
    same = [one for standing in standings for one in standing.records if one.finding == finding]
    return max(same, key=lambda one: (one.rank, one.id), default=None)


def told_rulings(rulings: Sequence[Any], own: frozenset[str]) -> list[dict[str, str]]:
    """Return kind, value and reason of rulings; a fire point of another payer is not named."""
    return [
        {
            "kind": one.kind,
            "value": one.value if one.kind not in _NAMES_POINTS or one.value in own else "",
            "reason": one.reason,
        }
        for one in rulings
    ]


def basis_of(states: Sequence[Any], standings: Sequence[Any], rulings: Sequence[Any]) -> dict[str, Any]:
    """Return a hash of each stored row the line rests on, all columns of it, so that an edited one is found by name.

    Keys of the store stay out: they count in which order rows came, not what they say.
    """
    records = [one for standing in standings for one in standing.records]
    return {
        "states": [_row_hash(one._mapping, _UNSEEN | _STORE_KEYS) for one in states if one is not None],
        "verifications": [_row_hash(one.as_dict(), _UNSEEN) for one in records],
        "rulings": [_row_hash(one._mapping, _UNSEEN | {"supersedes_id"}) for one in rulings],
    }


def digest_of(basis: Mapping[str, Any]) -> str:
    """Return one hash of all that a basis names."""
    return hashlib.sha256(canonical_json(basis).encode()).hexdigest()


def _row_hash(row: Mapping[str, Any], without: frozenset[str] | set[str]) -> str:
    told = {str(key): _text(value) for key, value in row.items() if str(key) not in without}
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def _text(value: Any) -> Any:
    """Return any column as data with one spelling on both homes; a float keeps every digit."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(key): _text(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    return plain(value)


def plain(value: Any) -> Any:
    """Return plain data for canonical JSON: decimals as text, tuples as lists.

    Raises
    ------
    TypeError
        When it holds a float: whoever made it has to say how many digits it is good for.
    """
    if isinstance(value, float):
        raise TypeError(f"a statement holds no floats: {value!r}")
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dt.datetime):
        return iso_beijing(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value


def _of(state: Any, name: str) -> Any:
    return None if state is None else getattr(state, name)


def _degrees(state: Any, name: str) -> str | None:
    value = _of(state, name)
    return None if value is None else f"{value:.5f}"


def _zone(zone: str, regime: str) -> str:
    return "不分区" if zone == "unknown" and regime == "whole_area" else ZONES_ZH.get(zone, zone)


def _reason(trace: Mapping[str, Any], charge: Charge, eased: tuple[str, str]) -> tuple[str, str]:
    """Return in a sentence why it is this much."""
    zh, en = _priced(trace, charge.payer)
    if trace["weight"] != "1":
        zh, en = f"{zh}，权重 {trace['weight']}", f"{en}, weight {trace['weight']}"
    if trace["kept_percent"] != "100":
        zh = f"{zh}，减轻后保留 {trace['kept_percent']}%（{eased[0]}）"
        en = f"{en}, {trace['kept_percent']} % kept ({eased[1]})"
    return f"{trace['clause']}：{zh}，计 {wan(charge.amount)} 万元", f"{en}: {charge.amount} yuan"


def _priced(trace: Mapping[str, Any], payer: str) -> tuple[str, str]:
    if "scope" in trace:
        return _ordered(trace, payer)
    if trace.get("area_mu") is not None:
        return f"过火面积 {trace['area_mu']} 亩", f"burnt area {trace['area_mu']} mu"
    if "percent" in trace:
        return (
            f"基数 {trace['base_amount']} 元的 {trace['percent']}%",
            f"{trace['percent']} % of {trace['base_amount']} yuan",
        )
    return "每个火点定额", "a fixed amount for each fire point"


def _ordered(trace: Mapping[str, Any], payer: str) -> tuple[str, str]:
    if trace.get("ordinal") is None:
        return "时段之外，按后续火点计", "outside the windows, charged as a later one"
    own = trace["scope_unit"] == payer
    scope_zh, scope_en = ("本单位", "of this payer") if own else _SCOPES[trace["scope"]]
    period_zh, period_en = (one.format(period=trace["period"]) for one in _PERIODS[trace["reset"]])
    number, places = trace["ordinal"], trace["places"]
    which = f"第 {number} 个" if places == 1 else f"第 {number} 至 {number + places - 1} 个"
    which_en = f"number {number}" if places == 1 else f"numbers {number} to {number + places - 1}"
    zh, en = f"{period_zh}{scope_zh}{which}", f"{which_en} {scope_en} {period_en}"
    if trace.get("as_first_by_area"):
        zh, en = f"{zh}，面积 {trace['as_first_by_area']} 亩按首个计", f"{en}, charged as a first by its area"
    if trace.get("tied"):
        ruled = trace.get("tie") == "ruling"
        zh += f"，同一分钟 {trace['tied']} 个候选" + ("，首个待裁定" if ruled else "分摊首个差额")
        en += f", {trace['tied']} candidates of one minute" + (
            ", the first waits for a ruling" if ruled else " share the first's surcharge"
        )
    return zh, en
