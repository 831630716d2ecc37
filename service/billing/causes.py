"""Why an amount changed: the closed list of causes, each with its sentence in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

from service.reports.words import SCREEN_WORDS, en, zh

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "new": ("新计入的火点", "a fire point charged for the first time"),
    "denied": ("核实否定，不再计入", "denied: it is no longer charged"),
    "finding_changed": ("核实结论变更", "the finding of its verification changed"),
    "unit_ruled": ("归属单位经裁定变更", "a ruling gave it to another unit"),
    "moved": ("归属单位变更", "it belongs to another unit now"),
    "zone_ruled": ("所在分区经裁定变更", "a ruling changed its zone"),
    "merged": ("与另一火点合并", "merged with another fire point"),
    "split": ("由另一火点拆分而来，或因拆分而变化", "a fire point was split"),
    "withdrawn": ("卫星产品更新后该火点不复存在", "a newer satellite product leaves nothing of it"),
    "screened": ("筛查结果变更", "its screening changed"),
    "exempted": ("免责或减轻情形变更", "an exemption or mitigation changed"),
    "linked": ("与另一来源认定为同一火", "found to be the same fire as one from another source"),
    "reordered": ("序次变更", "its place in the order changed"),
    "tie_ruled": ("同一分钟的先后经裁定", "a ruling ranked the candidates of one minute"),
    "new_layers": ("界线、网格或分区图层更新", "a newer boundary, grid or zone layer"),
    "rulebook_changed": ("适用规则变更", "another rulebook applies"),
    "overdue_now": ("逾期未核实，按规则计入", "verification is overdue, which the rule counts"),
    "area_changed": ("过火面积变更", "the burnt area changed"),
    "publicised": ("公示后计入", "it was named in a public notice"),
    "waiting": ("转为待裁定，暂不计入", "it waits for a person now and is not charged meanwhile"),
    "other": ("计算依据的其他变化", "something else that the amount rests on changed"),
}

_NOT_ASKED: Mapping[str, tuple[str, str]] = {
    "outside_jurisdiction": ("不在所用规则的适用地区", "outside the jurisdiction of the rulebooks"),
    "outside_register": ("所在地不在单位登记册内", "on ground that the register of units does not know"),
}
"""Reasons of `service.billing.facts` for which no rulebook is asked."""

CAUSES = frozenset(_SENTENCES)
"""Every cause an adjustment can have; exactly one stands on each."""


def screened_words(reason: str) -> tuple[str, str]:
    """Return in Chinese and English why a fire point is no fact for a rulebook."""
    return _NOT_ASKED.get(reason) or (zh(SCREEN_WORDS, reason), en(SCREEN_WORDS, reason))


def sentence(cause: str, case_zh: str = "", case_en: str = "") -> tuple[str, str]:
    """Return the sentence of a cause, with what is particular to the case after it."""
    base_zh, base_en = _SENTENCES[cause]
    return (
        f"{base_zh}：{case_zh}" if case_zh else base_zh,
        f"{base_en}: {case_en}" if case_en else base_en,
    )
