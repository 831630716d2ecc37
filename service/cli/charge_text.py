"""What else a rulebook makes of a season, for people: short tables of ladders, rewards, scores and deposits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from service.cli.session import Session

_SHOWN = 12
"""Rows of one table on a terminal; all of them stand in ``--json``."""

_Cell = Callable[[Mapping[str, Any]], str]
_NOTHING = "—"


def tables(session: Session, data: Mapping[str, Any]) -> list[Table]:
    """Return a table of each part that says something.

    Parameters
    ----------
    data
        The answer of `charge`.
    """
    names = {one["county_code"]: one["county"] for one in data["charges"] if one["county_code"]}
    names |= {one["code"]: one["name"] for one in data["payers"]}

    def unit(one: Mapping[str, Any]) -> str:
        name = names.get(one["unit"])
        return f"{name} {one['unit']}" if name else str(one["unit"])

    def said(one: Mapping[str, Any]) -> str:
        return session.pick(one["zh"], one["en"])

    parts: list[tuple[str, str, Sequence[Mapping[str, Any]], list[tuple[str, _Cell]]]] = [
        (
            "逐级措施",
            "escalations",
            data["escalations"],
            [
                ("单位 unit", unit),
                ("期间 period", lambda one: one["period"]),
                ("数 count", lambda one: str(one["count"])),
                ("措施 measure", said),
                ("条款 clause", lambda one: one["clause"]),
            ],
        ),
        (
            "奖励",
            "rewards",
            data["rewards"],
            [
                ("单位 unit", unit),
                ("金额（元） yuan", lambda one: one["amount"] or _NOTHING),
                ("说明 why", said),
                ("条款 clause", lambda one: one["clause"]),
            ],
        ),
        (
            "计分",
            "scores",
            data["scores"],
            [
                ("单位 unit", unit),
                ("分 points", lambda one: one["points"] or _NOTHING),
                ("火点 fires", lambda one: str(one["count"])),
                ("说明 why", said),
                ("条款 clause", lambda one: one["clause"]),
            ],
        ),
        (
            "保证金",
            "deposits",
            data["deposits"],
            [
                ("付款方 payer", lambda one: f"{names.get(one['payer'], '')} {one['payer']}".strip()),
                ("缴存 paid", lambda one: one["paid"]),
                ("动用 used", lambda one: one["used"]),
                ("结余 balance", lambda one: one["balance"]),
                ("不足 beyond", lambda one: one["beyond"]),
            ],
        ),
    ]
    return [_table(session, zh, en, rows, columns) for zh, en, rows, columns in parts if rows]


def _table(
    session: Session,
    zh: str,
    en: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[tuple[str, _Cell]],
) -> Table:
    left = len(rows) - _SHOWN
    more = session.pick(f"，另有 {left} 行见 --json", f", {left} more in --json") if left > 0 else ""
    table = Table(title=session.pick(f"{zh} {len(rows)}{more}", f"{len(rows)} {en}{more}"))
    for title, _ in columns:
        table.add_column(session.pick(*title.split(" ", 1)), overflow="fold")
    for one in rows[:_SHOWN]:
        table.add_row(*(escape(cell(one)) for _, cell in columns))
    return table
