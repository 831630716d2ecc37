"""What the finance list (扣拨清单) says, put into words once, for the PDF and the XLSX alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.documents import terms
from service.documents.amount_words import upper, wan
from service.documents.lettering import amount, clean, instant, money

TITLE, TITLE_EN = "秸秆禁烧扣拨清单", "Finance list of deductions"
AMOUNTS = ("previous", "new", "adjustments", "net", "total", "suspended", "due")
"""The columns of money: `previous` + `new` + `adjustments` = `total`, and `total` − `suspended` = `due`."""
AMOUNT_WORDS = {
    "previous": ("以前各期（元）", "previous"),
    "new": ("新增（元）", "new"),
    "adjustments": ("调整（元）", "adjustments"),
    "net": ("本期净额（元）", "net"),
    "total": ("累计（元）", "total"),
    "suspended": ("异议暂缓（元）", "suspended"),
    "due": ("现应扣（元）", "due"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One payer's row; every field is text, `amounts` in the order of `AMOUNTS`."""

    code: str
    name: str
    amounts: tuple[str, ...]
    statements: tuple[str, ...]


def title(roll: Mapping[str, Any]) -> str:
    """Return the title for file properties and page footers."""
    mark = f"（{clean(roll['mark'])}）" if roll.get("mark") else ""
    return f"{clean(roll.get('season'))} 考核期{TITLE}{mark}"


def rows(roll: Mapping[str, Any]) -> list[Row]:
    """Return the payers in the order of the list."""
    return [
        Row(
            code=clean((one.get("payer") or {}).get("code")),
            name=clean((one.get("payer") or {}).get("name")),
            amounts=tuple(money(one.get(name)) for name in AMOUNTS),
            statements=tuple(
                f"第 {clean(made.get('number'))} 期 {clean(made.get('sha256'))[:16]} "
                f"{terms.word(terms.STATES, made.get('state'))}"
                for made in one.get("statements") or ()
            ),
        )
        for one in roll.get("rows") or ()
    ]


def totals(roll: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sums of the list, as text of yuan, in the order of `AMOUNTS`."""
    found = roll.get("totals") or {}
    return tuple(str(amount(found.get(name) or "0")) for name in AMOUNTS)


def _revision(roll: Mapping[str, Any]) -> str:
    told = clean(roll.get("as_of_revision"))
    return f"{told}（记录于 {instant(roll['computed_at'])}）" if roll.get("computed_at") else told


def head(roll: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what stands above the list: the sum of all statements and of this round in words, and its standing."""
    sums = {name: amount(value) for name, value in zip(AMOUNTS, totals(roll), strict=True)}
    found = roll.get("totals") or {}
    said = [
        (zh, f"{money(str(sums[name]))} 元（{wan(sums[name])} 万元），{upper(sums[name])}")
        for name, zh in (("total", "累计合计"), ("net", "本期净额合计"), ("due", "现应扣合计"))
    ]
    said += [
        ("付款单位", f"{clean(found.get('payers'))} 个"),
        ("通知单", f"{clean(found.get('statements'))} 份"),
        ("数据修订号", _revision(roll)),
        (
            "资料状态",
            "、".join(terms.word(terms.STATUSES, one) for one in str(roll.get("status") or "").split("、")),
        ),
    ]
    if roll.get("samples_left_out"):
        said.append(("未计入的样例通知单", f"{clean(roll['samples_left_out'])} 份"))
    return said
