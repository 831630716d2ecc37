"""The words of an explanation: codes of closed lists in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from service.reports.words import Words

FINDING_WORDS = {
    "straw": Words("秸秆", "straw"),
    "stubble": Words("根茬", "stubble"),
    "weeds": Words("杂草", "weeds"),
    "rubbish": Words("垃圾", "rubbish"),
    "grave_paper": Words("祭祀烧纸", "grave paper"),
    "forest_grass": Words("林草火", "forest or grass fire"),
    "industrial": Words("工业热源", "industrial heat"),
    "planned": Words("计划烧除", "planned burn"),
    "nothing_found": Words("未发现焚烧", "nothing found"),
    "unreachable": Words("未能到达", "not reachable"),
    "duplicate": Words("与已列火点重复", "listed already"),
    "outside": Words("不在辖区", "outside the unit"),
}
LEVEL_OF_FINDING = {
    "local": Words("属地", "local"),
    "city": Words("市级", "city"),
    "province": Words("省级", "province"),
}
SOURCE_WORDS = {
    "satellite": Words("卫星", "satellite"),
    "ministry_satellite": Words("部级卫星清单", "ministry list"),
    "provincial_satellite": Words("省级卫星清单", "provincial list"),
    "patrol": Words("巡查", "patrol"),
    "drone": Words("无人机", "drone"),
    "camera": Words("视频监控", "camera"),
    "public_report": Words("群众举报", "public report"),
}
OBJECTION_WORDS = {
    "upheld": Words("成立", "upheld"),
    "rejected": Words("驳回", "rejected"),
    "partly": Words("部分成立", "upheld in part"),
    "withdrawn": Words("撤回", "withdrawn"),
    "late_accepted": Words("逾期受理", "admitted late"),
}
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
STATUS_OF_DATA = {
    "official": Words("正式", "official"),
    "reference": Words("参考", "reference"),
    "sample": Words("样例", "sample"),
    "synthetic": Words("合成", "synthetic"),
}
REASON_WORDS = {
    "outside": Words("界外", "outside"),
    "pixels_inside": Words("起火像元在界外，部分像元在界内", "it began outside, some pixels lie inside"),
    "grid_boundary_disagree": Words(
        "网格所属县与界线所在县不一致", "the grid cell belongs to another county than the ground"
    ),
    "recorded_later": Words("过境之后才登记，须由人裁定", "recorded after the overpass: a person rules"),
    "duplicate": Words("裁定为重复", "ruled a duplicate"),
    "planned_burn": Words("计划烧除", "planned burn"),
    "not_cropland": Words("非耕地", "not cropland"),
    "fixed_heat_source": Words("固定热源", "fixed heat source"),
    "low_confidence": Words("低可信度", "low confidence"),
    "restricted_within_plan": Words("限烧区计划内", "restricted zone, within the plan"),
    "zone_unknown": Words("分区未知", "zone unknown"),
    "out_of_season": Words("不在管控期", "out of season"),
    "plan_edge": Words(
        "像元只有一部分在计划烧除地块内", "only a part of the pixel lies on the ground of a plan"
    ),
    "plan_exceeded": Words("计划烧除范围之外仍有像元", "pixels outside what the plan allowed"),
    "plan_in_special_period": Words(
        "特殊时段内，计划烧除不生效", "within a special period, in which no plan exempts"
    ),
}
EVIDENCE_WORDS = {
    "neighbour": Words("邻省单位", "neighbour"),
    "name": Words("名称", "name"),
    "counties": Words("县", "counties"),
    "what": Words("内容", "what"),
    "zone": Words("分区", "zone"),
    "set": Words("图层", "set"),
    "of": Words("重复于", "repeats"),
    "ruling": Words("裁定", "ruling"),
    "plan": Words("计划", "plan"),
    "period": Words("特殊时段", "period"),
    "by": Words("依据", "by"),
    "kind": Words("类别", "kind"),
    "source": Words("热源", "source"),
    "distance_m": Words("距离（米）", "distance in m"),
    "radius_m": Words("半径（米）", "radius in m"),
    "hot_days": Words("热点日数", "hot days"),
    "night_share": Words("夜间占比", "share at night"),
    "months": Words("月数", "months"),
    "table": Words("热点统计表", "table"),
    "types": Words("产品类型", "product types"),
    "cropland": Words("耕地占比", "cropland"),
    "vegetation": Words("植被占比", "vegetation"),
    "known": Words("地类已知比例", "known ground"),
    "coarse": Words("底图粗于像元", "raster coarser than the pixel"),
    "raster": Words("地类底图", "raster"),
    "forestry": Words("移交林草部门", "handed to forestry"),
    "glint": Words("疑似太阳反光", "suspected sun glint"),
    "pixels": Words("像元数", "pixels"),
}
"""Keys of what a screening reason rests on."""
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
    if code is None:
        return ""
    if code not in table:
        return code
    return table[code].zh if lang == "zh" else table[code].en


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


def plain(value: Any, lang: str = "en") -> str:
    """Return evidence of any shape as text."""
    if isinstance(value, list | tuple):
        return "/".join(plain(one, lang) for one in value)
    if isinstance(value, bool):
        return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
    return "—" if value is None else str(value)


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
