"""The finance list (扣拨清单) as XLSX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.documents import roll_view
from service.documents.lettering import clip, money, stamp
from service.documents.paper import INFORMAL
from service.documents.sheets import Book, Column, Money, workbook

LIST, ABOUT = "扣拨清单", "说明"
_COLUMNS = (
    Column("付款单位代码", "payer code", 13),
    Column("付款单位", "payer", 22),
    Column("以前各期（元）", "previous", 18),
    Column("调整（元）", "adjustments", 18),
    Column("净额（元）", "net", 18),
    Column("累计（元）", "total", 18),
    Column("净额（文本）", "net as text", 18),
    Column("因异议暂停", "suspended", 16),
    Column("通知单", "statements", 34),
)


def roll_xlsx(roll: Mapping[str, Any]) -> bytes:
    """Return a finance list (`service.billing.roll`) as a workbook; the same list gives the same bytes.

    Raises
    ------
    RefusedInputError
        ``document_amount`` when an amount of the list is no number.
    """
    note = roll_view.head(roll)[0][1]
    with workbook(clip(roll_view.title(roll), 200), note, stamp(roll)) as (book, out):
        found = list(zip(roll.get("payers") or (), roll_view.payers(roll), strict=True))
        rows = [
            (
                one.code,
                one.name,
                *(Money(raw.get(name)) for name in roll_view.AMOUNTS),
                one.net,
                one.suspended,
                "；".join(one.statements),
            )
            for raw, one in found
        ]
        sums = roll_view.sums(roll)
        sum_row = ("合计", "", *(Money(sums[name]) for name in roll_view.AMOUNTS), money(sums["net"]), "", "")
        book.list_sheet(LIST, _COLUMNS, rows, sum_row)
        _about(book, roll)
    return out.getvalue()


def _about(book: Book, roll: Mapping[str, Any]) -> None:
    sheet = book.sheet(ABOUT)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 110)
    said = [("标记", f"{roll['mark']}　{INFORMAL[0]}")] if roll.get("mark") else []
    said += [("考核期", str(roll.get("season") or "")), *roll_view.head(roll)]
    for one in roll.get("payers") or ():
        said += [
            (f"{one.get('name')} 第 {made.get('number')} 期", f"JSON SHA-256 {made.get('sha256')}")
            for made in one.get("statements") or ()
        ]
    for row, (name, value) in enumerate(said):
        book.put(sheet, row, 0, name, bold=True)
        book.put(sheet, row, 1, value)
