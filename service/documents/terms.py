"""What codes of a statement are called on paper, in Chinese with the English beside it."""

from __future__ import annotations

from typing import Any

LEVELS = {
    "local": ("县（本级）", "local"),
    "village": ("村级", "village"),
    "township": ("乡镇级", "township"),
    "county": ("县级", "county"),
    "city": ("市级", "city"),
    "province": ("省级", "province"),
}
STATUSES = {
    "official": ("正式", "official"),
    "reference": ("参考", "reference"),
    "sample": ("样例", "sample"),
    "synthetic": ("合成", "synthetic"),
}
CONFIDENCES = {
    "quoted": ("引自原文", "quoted"),
    "secondary": ("二手来源", "secondary"),
    "inferred": ("推定", "inferred"),
    "none": ("无来源", "none"),
}
ZONES = {
    "ban": ("禁烧区", "ban"),
    "restricted": ("限烧区", "restricted"),
    "belt": ("管控带", "belt"),
    "none": ("区划之外", "none"),
    "unknown": ("分区未知", "unknown"),
}
CHANGES = {"new": ("新增", "new"), "changed": ("变更", "changed")}
RULINGS = {
    "unit": ("归属裁定", "unit"),
    "zone": ("分区裁定", "zone"),
    "screen": ("筛查裁定", "screen"),
    "duplicate": ("重复裁定", "duplicate"),
    "distinct": ("非同一火点裁定", "distinct"),
    "order": ("先后裁定", "order"),
    "exempt": ("免责裁定", "exempt"),
    "payer": ("付款单位裁定", "payer"),
}
OBJECTIONS = {
    "open": ("异议处理中", "open"),
    "upheld": ("异议成立", "upheld"),
    "rejected": ("异议不成立", "rejected"),
    "partly": ("异议部分成立", "partly"),
    "unanswered": ("异议逾期未答复，已申请复核", "not answered in time, appealed"),
    "lapsed": ("异议逾期未答复，已定案", "not answered in time, final"),
    "withdrawn": ("异议已撤回", "withdrawn"),
}
STATES = {
    "issued": ("已下达", "issued"),
    "objected": ("有异议", "objected"),
    "final": ("已定案", "final"),
}
LAYERS = {
    "boundaries": ("行政区界", "boundaries"),
    "province": ("省界", "province"),
    "city": ("市界", "city"),
    "neighbour": ("邻区界", "neighbours"),
    "county": ("县界", "county"),
    "township": ("乡镇界", "township"),
    "grid": ("监管网格", "grid"),
    "zone": ("禁限烧分区", "zone"),
    "zones": ("禁限烧分区", "zones"),
    "regime": ("管控方式", "regime"),
    "units": ("单位名录", "units"),
    "periods": ("特别管控期", "periods"),
    "plans": ("计划烧除", "plans"),
    "screening": ("筛查参数", "parameters of screening"),
    "heat_table": ("热点统计表", "table of recurrence"),
    "landcover": ("土地覆盖", "land cover"),
    "heat_sources": ("固定热源", "heat sources"),
    "clustering": ("聚类参数", "clustering"),
    "rulebook": ("办法", "rulebook"),
    "indicators": ("指标", "indicators"),
}
DEPOSIT = {
    "paid": ("已缴保证金", "paid"),
    "used": ("先行抵扣", "used"),
    "balance": ("余额", "balance"),
    "beyond": ("抵扣后尚应扣缴", "beyond the deposit"),
}


def word(table: dict[str, tuple[str, str]], code: Any) -> str:
    """Return the Chinese word of a code; a code without one stands for itself, an absent one is a dash."""
    if code is None or code == "":
        return "—"
    return table[code][0] if code in table else str(code)
