"""The words of what screening found: reasons and the evidence of each, every key and code said as people say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.billing.explain_words import percent, pick
from service.reports.words import SCREEN_WORDS, STATUS_OF_DATA, Words

REASON_WORDS = {
    **SCREEN_WORDS,
    "pixels_inside": Words("起火像元在界外，部分像元在界内", "it began outside, some pixels lie inside"),
    "grid_boundary_disagree": Words(
        "网格所属县与界线所在县不一致", "the grid cell belongs to another county than the ground"
    ),
    "recorded_later": Words("过境之后才登记，须由人裁定", "recorded after the overpass: a person rules"),
    "duplicate": Words("裁定为重复", "ruled a duplicate"),
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
    "grid": Words("网格", "grid cell"),
    "what": Words("内容", "what"),
    "zone": Words("分区", "zone"),
    "set": Words("图层", "set"),
    "of": Words("重复于", "repeats"),
    "ruling": Words("裁定编号", "ruling"),
    "plan": Words("计划", "plan"),
    "period": Words("特殊时段", "period"),
    "by": Words("依据", "by"),
    "kind": Words("类别", "kind"),
    "heat_source": Words("热源编号", "heat source"),
    "status": Words("数据性质", "status"),
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

KIND_OF_HEAT = {
    "fixed": Words("固定热源", "fixed"),
    "likely": Words("疑似固定热源", "likely"),
    "leaning": Words("偏向固定热源", "leaning"),
    "other": Words("未分类", "of no stated kind"),
}
"""Classes of recurrence (`gis.recurrence.CLASSES`), and the kind of a listed source that states none."""

_VALUES = {
    "by": {
        "list": Words("在册热源清单", "list of heat sources"),
        "recurrence": Words("同一处反复出现热点", "recurrence at one place"),
        "product_type": Words("卫星产品标明的类型", "type given by the satellite product"),
    },
    "kind": KIND_OF_HEAT,
    "status": STATUS_OF_DATA,
    "what": {"zone": Words("区划", "zone layer")},
    "types": {
        "volcano": Words("火山", "volcano"),
        "static_land_source": Words("其他陆上静态热源", "other static land source"),
        "offshore": Words("海上", "offshore"),
    },
}
_SHARES = frozenset({"night_share", "cropland", "vegetation", "known"})
_SILENT = frozenset({"code", "flag", "recorded_later"})


def reason(one: Mapping[str, Any], lang: str) -> str:
    """Return one reason of the screening with its evidence."""
    zh = lang == "zh"
    label = pick(REASON_WORDS, one.get("code"), lang)
    if one.get("code") == "outside":
        if not one.get("name"):
            return label
        where = f"{one['name']}（{one['neighbour']}）" if zh else f"{one['name']} ({one['neighbour']})"
        return f"{label}：在{where}境内" if zh else f"{label}: on the ground of {where}"
    told = [
        f"{pick(EVIDENCE_WORDS, key, lang)} {said(key, value, lang)}"
        for key, value in sorted(one.items())
        if key not in _SILENT and value is not None
    ]
    if one.get("recorded_later") and one.get("code") != "recorded_later":
        told.append(
            "过境之后才登记，不自动生效"
            if zh
            else "recorded after the overpass: it decides nothing by itself"
        )
    elif one.get("flag"):
        told.append("仅提示，不作筛除" if zh else "a flag only: it removes nothing")
    if not told:
        return label
    return f"{label}（{'，'.join(told)}）" if zh else f"{label} ({', '.join(told)})"


def said(key: str, value: Any, lang: str) -> str:
    """Return the value of one piece of evidence as text."""
    zh = lang == "zh"
    if isinstance(value, list | tuple):
        return ("、" if zh else "/").join(said(key, one, lang) for one in value)
    if isinstance(value, bool):
        return ("是" if value else "否") if zh else ("yes" if value else "no")
    if key in _SHARES:
        return percent(value)
    return pick(_VALUES[key], str(value), lang) if key in _VALUES else str(value)
