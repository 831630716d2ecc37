"""What the fire list says to people, in Chinese and English: columns, codes, caveats."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gis.times import to_beijing
from service.reports.model import FeedOfDay, FireList


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said in both languages."""

    zh: str
    en: str


COLUMN_WORDS: dict[str, Words] = {
    "fire_point_id": Words("火点编号", "fire point id"),
    "change": Words("变化", "change against the issue compared with"),
    "first_seen": Words("首次过境时间（北京）", "first overpass, Beijing time"),
    "last_seen": Words("末次过境时间（北京）", "last overpass, Beijing time"),
    "satellites": Words("卫星", "satellites"),
    "pixels": Words("像元数", "pixels"),
    "lon": Words("经度", "longitude, CGCS2000/WGS84 degrees"),
    "lat": Words("纬度", "latitude, CGCS2000/WGS84 degrees"),
    "county_code": Words("县代码", "county code"),
    "county": Words("县（市、区）", "county"),
    "township_code": Words("乡镇代码", "township code"),
    "township": Words("乡镇（街道）", "township"),
    "grid_code": Words("网格代码", "grid cell code"),
    "grid": Words("网格", "grid cell"),
    "duty": Words("网格责任人", "duty-holders"),
    "zone": Words("分区", "zone"),
    "regime": Words("管控方式", "zone regime"),
    "boundary_case": Words("交界（存疑层级）", "boundary case: levels in doubt"),
    "county_share": Words("县内占比", "share of the footprint inside the county"),
    "cropland_share": Words("耕地占比", "cropland share of the footprint"),
    "confidence": Words("可信度（最低）", "lowest confidence"),
    "frp_mw": Words("辐射功率合计 MW", "sum of fire radiative power, MW"),
    "screen": Words("筛查结果", "screening"),
    "status": Words("核查状态", "verification"),
}

CHANGE_WORDS = {
    "new": Words("新增", "new"),
    "changed": Words("变更", "changed"),
    "withdrawn": Words("撤销", "withdrawn"),
}

SCREEN_WORDS = {
    "counted": Words("计入", "counted"),
    "outside": Words("界外", "outside the unit"),
    "not_cropland": Words("非耕地", "not cropland"),
    "fixed_heat_source": Words("固定热源", "fixed heat source"),
    "low_confidence": Words("低可信度", "low confidence"),
    "duplicate": Words("重复", "duplicate"),
    "planned_burn": Words("计划烧除", "planned burn"),
    "out_of_season": Words("不在管控期", "out of season"),
    "restricted_within_plan": Words("限烧区计划内", "restricted zone, within the plan"),
    "zone_unknown": Words("分区未知（不计费，仍须核查）", "zone unknown: not billed, still to be checked"),
    "denied": Words("查否", "denied"),
    "other": Words("其他", "other"),
}

STATUS_WORDS = {
    "unverified": Words("未核查", "unverified"),
    "overdue": Words("逾期未核查", "overdue"),
    "pending": Words("待复核", "waiting for review"),
    "confirmed": Words("已核实", "confirmed"),
    "denied": Words("查否", "denied"),
    "denial_unreviewed": Words("查否待复核", "denied, waiting for review"),
    "unreachable": Words("未能到达", "not reachable"),
}

FINDING_WORDS = {
    "straw": Words("秸秆焚烧", "straw"),
    "stubble": Words("根茬焚烧", "stubble"),
    "weeds": Words("杂草焚烧", "weeds"),
    "rubbish": Words("垃圾焚烧", "rubbish"),
    "grave_paper": Words("祭祀用火", "grave paper"),
    "forest_grass": Words("森林草原火", "forest or grassland fire"),
    "industrial": Words("工业热源", "industrial heat source"),
    "planned": Words("计划烧除", "planned burn"),
    "nothing_found": Words("未发现火情", "nothing found"),
    "unreachable": Words("未能到达", "not reachable"),
    "duplicate": Words("重复火点", "duplicate"),
    "outside": Words("不在辖区", "outside the unit"),
}
"""Findings of a verification (domain reference, section 12)."""

VERIFICATION_LEVEL_WORDS = {
    "local": Words("属地（县、乡）", "local"),
    "city": Words("市级", "city"),
    "province": Words("省级", "province"),
}

SOURCE_WORDS = {
    "patrol": Words("巡查", "patrol"),
    "drone": Words("无人机", "drone"),
    "camera": Words("视频监控", "camera"),
    "public_report": Words("群众举报", "public report"),
}
"""What looked at a place; `gis.types.SourceKind` without the satellite."""

CONFIDENCE_WORDS = {
    "low": Words("低", "low"),
    "nominal": Words("中", "nominal"),
    "high": Words("高", "high"),
    "unknown": Words("未知", "unknown"),
}

ROLE_WORDS = {
    "head": Words("网格长", "grid head"),
    "worker": Words("网格员", "grid worker"),
    "guarantor": Words("包保人", "guarantor"),
    "township_head": Words("乡镇长", "township head"),
    "township_secretary": Words("乡镇书记", "township secretary"),
    "township_deputy": Words("乡镇分管领导", "township deputy"),
    "village_head": Words("村主任", "village head"),
    "village_secretary": Words("村书记", "village secretary"),
    "leader": Words("分管领导", "leader"),
    "duty_phone": Words("值班电话", "duty phone"),
    "other": Words("责任人", "duty-holder"),
}
"""Roles of duty-holders, as `grids.duties.Role`."""

REGIME_WORDS = {
    "two_zone": Words("两区（禁烧区、限烧区）", "two zones"),
    "whole_area": Words("全域禁烧", "whole-area ban"),
    "whole_area_belts": Words("全域禁烧（重点带＋计划烧除）", "whole-area ban with belts and planned burns"),
    "unknown": Words("未知", "unknown"),
}

LEVEL_WORDS = {
    "province": Words("省", "province"),
    "city": Words("市", "city"),
    "county": Words("县", "county"),
    "township": Words("乡镇", "township"),
    "village": Words("村", "village"),
    "hamlet": Words("屯", "hamlet"),
    "grid": Words("网格", "grid cell"),
    "zone": Words("分区", "zone"),
}

DATA_WORDS = {
    "official": Words("正式数据", "official data"),
    "reference": Words("非正式：参考数据", "informal: reference data"),
    "sample": Words("非正式：样例数据", "informal: sample data"),
    "synthetic": Words("非正式：合成数据", "informal: synthetic data"),
}

STATUS_OF_DATA = {
    "official": Words("正式", "official"),
    "reference": Words("参考", "reference"),
    "sample": Words("样例", "sample"),
    "synthetic": Words("合成", "synthetic"),
}
"""The status of data as one word, where DATA_WORDS is its mark."""

FEED_WORDS = {"arrived": Words("已到", "arrived"), "missing": Words("未到", "missing")}

WITHDRAWN_WORDS = {
    "merged": Words("并入", "merged into"),
    "left_out": Words("经筛查不再列入", "left out after screening"),
    "gone": Words("不再属于本清单", "no longer of this list"),
}

CAVEATS = (
    Words(
        "本清单所列为卫星监测疑似火点，未经现场核实；以核查结论为准。",
        "Suspected fire points seen by satellite, not verified on site; the finding of the verification decides.",
    ),
    Words(
        "卫星只在过境时刻成像，云下火点无法发现：未列出不等于没有焚烧。",
        "Satellites see only at their overpass and not through cloud: not listed does not mean not burnt.",
    ),
    Words(
        "位置为代表像元中心（VIIRS 约 375 米，MODIS 约 1 公里），实际火场可能在其周围。",
        "The position is the centre of the representative pixel (VIIRS about 375 m, MODIS about 1 km); the fire "
        "itself may lie around it.",
    ),
    Words(
        "时间均为北京时间；像元数与火点数并列，一处火点可含多个像元。",
        "All times are Beijing time; pixels stand beside fire points, and one fire point may have several pixels.",
    ),
)

VALUE_WORDS = {
    "change": CHANGE_WORDS,
    "screen": SCREEN_WORDS,
    "status": STATUS_WORDS,
    "confidence": CONFIDENCE_WORDS,
    "regime": REGIME_WORDS,
}
"""Columns whose values are codes, with the words of each code."""


def zh(table: dict[str, Words], code: str | None) -> str:
    """Return the Chinese word of `code`, or the code itself when it has none."""
    if code is None:
        return ""
    return table[code].zh if code in table else code


def en(table: dict[str, Words], code: str | None) -> str:
    """Return the English word of `code`, or the code itself when it has none."""
    if code is None:
        return ""
    return table[code].en if code in table else code


def title(fire_list: FireList) -> str:
    """Return the heading of a list: unit, day, number, data status."""
    number = "" if fire_list.issue is None else f" 第{fire_list.issue}期"
    mark = f"（{zh(DATA_WORDS, fire_list.status)}）" if fire_list.informal else ""
    return f"{fire_list.header.unit} {fire_list.fire_day.isoformat()} 疑似火点清单{number}{mark}"


def counts_line(fire_list: FireList) -> Words:
    """Return the sentence that puts pixels beside fire points and says what was left out."""
    counts = fire_list.counts
    left = counts["left_out"]
    zh_left = "、".join(f"{zh(SCREEN_WORDS, reason)} {n}" for reason, n in left.items()) or "无"
    en_left = ", ".join(f"{en(SCREEN_WORDS, reason)} {n}" for reason, n in left.items()) or "none"
    return Words(
        f"像元 {counts['pixels']} / 火点 {counts['fire_points']}；列入 {counts['listed']}；未列入：{zh_left}",
        f"pixels {counts['pixels']} / fire points {counts['fire_points']}; listed {counts['listed']}; "
        f"left out: {en_left}",
    )


def feeds_line(fire_list: FireList) -> Words:
    """Return the sentence that says which feeds arrived and which are missing."""
    arrived = [feed for feed in fire_list.feeds if feed.state == "arrived"]
    missing = [feed.satellite for feed in fire_list.feeds if feed.state != "arrived"]
    spans = [_span(feed, fire_list.header.interval[1]) for feed in arrived]
    return Words(
        f"已到：{'、'.join(spans) or '无'}；未到：{'、'.join(missing) or '无'}",
        f"arrived: {', '.join(spans) or 'none'}; missing: {', '.join(missing) or 'none'}",
    )


def interval_line(fire_list: FireList) -> Words:
    """Return the statistical day with its Beijing interval."""
    start, end = (to_beijing(moment).strftime("%Y-%m-%d %H:%M") for moment in fire_list.header.interval)
    return Words(
        f"{fire_list.fire_day.isoformat()}（北京时间 {start} 至 {end}，不含末时刻）",
        f"{fire_list.fire_day.isoformat()} (Beijing time from {start} to before {end})",
    )


def _span(feed: FeedOfDay, end: dt.datetime) -> str:
    if feed.first_seen is None or feed.last_seen is None:
        return feed.satellite
    first, last = (to_beijing(moment).strftime("%H:%M") for moment in (feed.first_seen, feed.last_seen))
    if feed.last_seen >= end and last == "00:00":
        last = "24:00"
    return f"{feed.satellite} {first}" if first == last else f"{feed.satellite} {first}–{last}"
