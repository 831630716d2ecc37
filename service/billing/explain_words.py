"""The words of an explanation: codes of closed lists in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from service.pipeline.ruling_checks import NO_ZONE
from service.reports import words
from service.reports.words import Words

SOURCE_WORDS = {
    "satellite": Words("卫星", "satellite"),
    "ministry_satellite": Words("部级卫星清单", "ministry list"),
    "provincial_satellite": Words("省级卫星清单", "provincial list"),
    **words.SOURCE_WORDS,
}
OBJECTION_WORDS = {
    "upheld": Words("成立", "upheld"),
    "rejected": Words("驳回", "rejected"),
    "partly": Words("部分成立", "upheld in part"),
    "withdrawn": Words("撤回", "withdrawn"),
    "late_accepted": Words("逾期受理", "admitted late"),
}
STATEMENT_EVENT_WORDS = {"final": Words("定案", "made final")}
RULING_WORDS = {
    "unit": Words("归属", "unit"),
    "zone": Words("分区", "zone"),
    "screen": Words("筛查", "screening"),
    "duplicate": Words("重复", "duplicate"),
    "order": Words("同一分钟的次序", "order within one minute"),
    "exempt": Words("免责", "exemption"),
    "payer": Words("付款方", "payer"),
    "distinct": Words("不是同一处火", "not the same fire"),
}
CAUSE_WORDS = {
    "merged": Words("并入", "merged into"),
    "withdrawn": Words("撤销", "withdrawn"),
    "restored": Words("恢复", "restored"),
}
LAYER_WORDS = {
    "province": Words("省界", "province borders"),
    "city": Words("市界", "city borders"),
    "county": Words("县界", "county borders"),
    "township": Words("乡镇界", "township borders"),
    "neighbour": Words("省外县界", "counties around the province"),
    "grid": Words("网格", "grid"),
    "zones": Words("区划", "zones"),
    "regime": Words("管控规则与特殊时段", "regimes and special periods"),
    "screening": Words("筛查参数", "parameters of screening"),
    "landcover": Words("地类底图", "land cover"),
    "heat_table": Words("热点统计表", "table of recurrence"),
    "heat_sources": Words("在册热源", "listed heat sources"),
    "plans": Words("计划烧除", "planned burns"),
}
STATE_OF_FACT = {
    "listed": Words("已列出，未核实", "listed, not verified"),
    "overdue": Words("逾期未核实", "overdue"),
    "confirmed": Words("已核实", "confirmed"),
    "publicised": Words("已公示", "publicised"),
    "denied": Words("查否", "denied"),
}
FIELD_WORDS = {
    "fire_day": Words("火点日", "fire day"),
    "cut": Words("日界", "cut of the day"),
    "clustering": Words("聚类版本", "clustering version"),
    "first_at": Words("首次过境", "first overpass"),
    "last_at": Words("末次过境", "last overpass"),
    "lon": Words("经度", "longitude"),
    "lat": Words("纬度", "latitude"),
    "pixels": Words("像元数", "pixels"),
    "satellites": Words("卫星", "satellites"),
    "sources": Words("来源", "sources"),
    "frp_mw": Words("辐射功率", "radiative power"),
    "confidence": Words("可信度", "confidence"),
    "city_code": Words("市代码", "city code"),
    "city": Words("市", "city"),
    "county_code": Words("县代码", "county code"),
    "county": Words("县", "county"),
    "township_code": Words("乡镇代码", "township code"),
    "township": Words("乡镇", "township"),
    "grid_code": Words("网格代码", "cell code"),
    "grid": Words("网格", "cell"),
    "zone_code": Words("分区代码", "zone code"),
    "zone": Words("分区", "zone"),
    "regime": Words("管控方式", "regime"),
    "boundary_case": Words("交界判定", "boundary case"),
    "neighbours": Words("相邻单位", "neighbours"),
    "county_share": Words("县内占比", "share in the county"),
    "border_distance_m": Words("距界距离", "distance to the border"),
    "cropland_share": Words("耕地占比", "cropland share"),
    "screen": Words("筛查结果", "screening"),
    "reasons": Words("筛查依据", "evidence of the screening"),
    "informal": Words("是否非正式", "whether informal"),
}
COMMAND_WORDS = {
    "assess": Words("评估", "assessment"),
    "ingest": Words("导入", "ingest"),
    "rule": Words("裁定", "ruling"),
    "verify": Words("核查", "verification"),
}


def pick(table: dict[str, Words], code: str | None, lang: str) -> str:
    """Return the word of a code in one language, or the code itself where it has none."""
    return words.zh(table, code) if lang == "zh" else words.en(table, code)


_BORDERS = frozenset({"province", "city", "county", "township"})


def layer_name(layer: Mapping[str, Any], lang: str) -> str:
    """Return what a layer is called: sets of borders by their name, whatever level they were asked at."""
    name = layer.get("set") or layer.get("name")
    if layer["layer"] in _BORDERS:
        return f"界线 {name}" if lang == "zh" else f"borders {name}"
    label = pick(LAYER_WORDS, layer["layer"], lang)
    return label if name in (None, layer["layer"]) else f"{label} {name}"


def clock(text: str | None) -> str:
    """Return Beijing time to the minute, as people write it."""
    return "—" if text is None else text[:16].replace("T", " ")


def degrees(lon: float, lat: float, lang: str) -> str:
    """Return a position as people write it."""
    if lang == "zh":
        return f"东经 {lon:.5f}° 北纬 {lat:.5f}°"
    return f"{lon:.5f}°E {lat:.5f}°N"


def percent(share: float | str) -> str:
    """Return a share as a percentage."""
    return f"{Decimal(str(share)) * 100:.1f}%"


def yuan(amount: str) -> str:
    """Return an amount with its thousands apart."""
    return f"{Decimal(amount):,.2f}"


def number(value: Any) -> str:
    """Return a length without fractions."""
    return f"{Decimal(str(value)):.0f}" if value is not None else "—"


def listed(parts: Sequence[str], lang: str) -> str:
    """Return names one after another."""
    return ("、" if lang == "zh" else ", ").join(parts)


def person(actor: str, lang: str) -> str:
    """Return who acted: a name, or the account of the machine a command was run on."""
    account = actor.removeprefix("cli:")
    if account == actor:
        return actor
    return f"命令行操作员 {account}" if lang == "zh" else f"operator {account}"


def ruled(kind: str, value: str, names: Mapping[str, str], lang: str) -> str:
    """Return what a ruling says, its code with the name where one is known."""
    zh = lang == "zh"
    if kind == "screen":
        return pick(words.SCREEN_WORDS, value, lang)
    if kind == "order":
        return f"第 {value} 个" if zh else f"number {value}"
    if kind == "zone" and value.partition("|")[0] == NO_ZONE:
        return "不在任何分区" if zh else "in no zone"
    told = value.replace("|", " ")
    return f"{names[told]} {told}" if told in names else told


def counted(count: int, what: str) -> str:
    """Return a number of things in English."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def named(place: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of every unit and cell that the place, or a part of its footprint, lies in."""
    context = place["context"] or {}
    parts = [
        *context.get("shares", ()),
        *(one for part in (context.get("parts") or {}).values() for one in part),
    ]
    told = [*(place[level] for level in ("city", "county", "township", "grid", "zone")), *parts]
    return {one["code"]: one["name"] for one in told if one and one.get("code") and one.get("name")}


def mark(verdict: Mapping[str, Any], lang: str) -> str:
    """Return the rulebook of a verdict and whether it is official, in brackets."""
    book = verdict.get("rulebook")
    if book is None:
        return ""
    if lang == "zh":
        return f"［规则 {book['id']}{'，非正式' if book['informal'] else ''}］"
    return f" [rulebook {book['id']}{', not official' if book['informal'] else ''}]"


def evidence(one: Mapping[str, Any], lang: str) -> str:
    """Return the start of the hash of archived evidence, in brackets."""
    sha = one.get("evidence_sha256")
    if not sha:
        return ""
    return f"（证据 {sha[:12]}…）" if lang == "zh" else f" (evidence {sha[:12]}…)"
