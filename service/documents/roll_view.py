"""What the finance list (扣拨清单) says, put into words once, for the PDF and the XLSX alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.documents import terms
from service.documents.amount_words import upper, wan
from service.documents.lettering import amount, clean, instant, money

TITLE, TITLE_EN = "秸秆禁烧扣拨清单", "Finance list of deductions"
AMOUNTS = ("previous", "adjustments", "net", "total")


@dataclass(frozen=True, slots=True)
class Payer:
    """One payer's row; every field is text."""

    code: str
    name: str
    previous: str
    adjustments: str
    net: str
    total: str
    suspended: str
    statements: tuple[str, ...]


def title(roll: Mapping[str, Any]) -> str:
    """Return the title for file properties and page footers."""
    mark = f"（{clean(roll['mark'])}）" if roll.get("mark") else ""
    return f"{clean(roll.get('season'))} 考核期{TITLE}{mark}"


def payers(roll: Mapping[str, Any]) -> list[Payer]:
    """Return the payers in the order of the list."""
    return [
        Payer(
            code=clean(one.get("code")),
            name=clean(one.get("name")),
            previous=money(one.get("previous")),
            adjustments=money(one.get("adjustments")),
            net=money(one.get("net")),
            total=money(one.get("total")),
            suspended=suspended(one.get("suspended")),
            statements=tuple(
                f"第 {clean(made.get('number'))} 期 {clean(made.get('sha256'))[:16]}"
                for made in one.get("statements") or ()
            ),
        )
        for one in roll.get("payers") or ()
    ]


def suspended(value: Any) -> str:
    """Return what of a payment waits for an objection: an amount, or whether."""
    if isinstance(value, bool) or value is None:
        return "暂停缴款" if value else "无"
    return money(value) if amount(value) else "无"


def sums(roll: Mapping[str, Any]) -> dict[str, str]:
    """Return the sums of the list as text of yuan: the list's own, else those of its rows."""
    given = roll.get("sums") or {}
    rows = roll.get("payers") or ()
    return {
        name: str(given[name])
        if given.get(name) is not None
        else str(sum((amount(one.get(name) or "0") for one in rows), Decimal(0)))
        for name in AMOUNTS
    }


def head(roll: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what stands above the list: the sum to act on in three spellings, when it was computed, its standing."""
    net = amount(sums(roll)["net"])
    return [
        ("净额合计", f"{money(net)} 元（{wan(net)} 万元）"),
        ("大写", upper(net)),
        ("付款单位", f"{len(roll.get('payers') or ())} 个"),
        ("计算时间", f"{instant(roll.get('computed_at'))} 北京时间"),
        ("资料状态", terms.word(terms.STATUSES, roll.get("status"))),
    ]
