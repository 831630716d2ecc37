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
    *(Column(zh, en, 16) for zh, en in roll_view.AMOUNT_WORDS.values()),
    Column("现应扣（文本）", "due as text", 16),
    Column("通知单", "statements", 36),
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
        found = list(zip(roll.get("rows") or (), roll_view.rows(roll), strict=True))
        rows = [
            (
                one.code,
                one.name,
                *(Money(raw.get(name)) for name in roll_view.AMOUNTS),
                one.amounts[-1],
                "\n".join(one.statements),
            )
            for raw, one in found
        ]
        sums = roll_view.totals(roll)
        sum_row = ("合计", "", *(Money(one) for one in sums), money(sums[-1]), "")
        book.list_sheet(LIST, _COLUMNS, rows, sum_row)
        _about(book, roll)
    return out.getvalue()


def _about(book: Book, roll: Mapping[str, Any]) -> None:
    sheet = book.sheet(ABOUT)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 110)
    said = [("标记", f"{roll['mark']}　{INFORMAL[0]}")] if roll.get("mark") else []
    said += [("考核期", str(roll.get("season") or "")), *roll_view.head(roll)]
    for one in roll.get("rows") or ():
        said += [
            (
                f"{(one.get('payer') or {}).get('name')} 第 {made.get('number')} 期",
                f"JSON SHA-256 {made.get('sha256')}",
            )
            for made in one.get("statements") or ()
        ]
    for row, (name, value) in enumerate(said):
        book.put(sheet, row, 0, name, bold=True)
        book.put(sheet, row, 1, value)
