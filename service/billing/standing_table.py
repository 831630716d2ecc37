"""The standing as a flat table: CSV that a spreadsheet opens, one row per unit, what is known of zero fires beside."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from service.reports.tables import BOM, LIST_SEPARATOR, neutral

COUNTED = (
    ("rank", "名次"),
    ("listed", "列入"),
    ("pushed", "推送"),
    ("verified", "查实"),
    ("denied", "查否"),
    ("denial_unreviewed", "查否待复核"),
    ("other", "其他火情"),
    ("overdue", "逾期"),
    ("unverified", "未核实"),
    ("out_of_season", "时段外"),
    ("verification_rate", "查实率%"),
    ("charged", "扣款火点"),
    ("amount", "扣款金额元"),
    ("held", "待定"),
    ("cropland_ha", "耕地公顷"),
    ("intensity", "每千公顷火点"),
)
"""Columns that stand in a row as they are, with their Chinese headers."""

HEADERS = (
    ("season", "考核季"),
    ("level", "级别"),
    ("code", "代码"),
    ("name", "名称"),
    *COUNTED,
    ("listed_before", "上年同期列入"),
    ("listed_change", "列入同比%"),
    ("verified_before", "上年同期查实"),
    ("verified_change", "查实同比%"),
    ("escalations", "追责梯次"),
    ("zero", "零火点情况"),
    ("observed", "观测证明"),
    ("cloud_days", "有云日数"),
    ("days", "应观测日数"),
    ("days_without_feed", "无数据源日数"),
    ("reward", "奖励元"),
    ("mark", "标记"),
)


def csv_bytes(document: Mapping[str, Any], *, lang: str = "zh") -> bytes:
    """Return a standing as CSV: UTF-8 with BOM, CRLF, one header line; unknown is empty, never 0."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([zh if lang == "zh" else name for name, zh in HEADERS])
    zero = {one["code"]: one for one in document["zero"]}
    for row in document["rows"]:
        cells = flat(row, zero.get(row["code"]), document)
        writer.writerow([_cell(cells[name]) for name, _ in HEADERS])
    return BOM + out.getvalue().encode()


def flat(
    row: Mapping[str, Any], zero: Mapping[str, Any] | None, document: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the cells of one unit by column."""
    change = row["change"]
    cells: dict[str, Any] = {name: row[name] for name, _ in COUNTED}
    cells |= {
        "season": document["season"],
        "level": row["level"],
        "code": row["code"],
        "name": row["name"],
        "mark": document["mark"],
        "listed_before": change["listed"]["before"],
        "listed_change": change["listed"]["percent"],
        "verified_before": change["verified"]["before"],
        "verified_change": change["verified"]["percent"],
        "escalations": LIST_SEPARATOR.join(neutral(one["zh"]) for one in row["escalations"]),
    }
    told = zero or {}
    cells |= {name: told.get(name) for name in ("observed", "cloud_days", "days", "days_without_feed")}
    cells["zero"] = told.get("state")
    cells["reward"] = _rewards(told.get("rewards", ()))
    return cells


def _rewards(rewards: Sequence[Mapping[str, Any]]) -> str | None:
    return LIST_SEPARATOR.join(one["amount"] or one["reason"] for one in rewards) or None


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith("-") and value[1:2].isdigit():
        return value  # a fall, not a formula
    return neutral(value) if isinstance(value, str) else value
