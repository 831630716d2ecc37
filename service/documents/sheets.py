"""Workbooks of a money paper: A4 landscape, codes as text, amounts as numbers with their text beside, no formula.

Every text goes through ``write_string`` into a cell formatted as text, so that nothing typed into a reason or a name
can run, neither on opening nor when somebody edits the cell.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.documents.lettering import DASH, amount, clean, money

_PAPER_A4 = 9
_CELL_LIMIT = 32_767
_HEADER_LIMIT = 255
_FONT = "宋体"
_EXACT_BELOW = Decimal(10) ** 13
"""Yuan up to which a cell's number (a double written with 16 digits) shows the fen as they are."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of yuan in a cell: a number where a number is exact, text beyond; None is a dash."""

    value: Any


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Chinese head, the English below it, its width in characters."""

    zh: str
    en: str
    width: float


class Book:
    """A workbook under construction, with the look of the papers."""

    def __init__(self, book: Any, heading: str, note: str) -> None:
        self._book, self._heading, self._note = book, heading, note
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def look(self, **properties: Any) -> Any:
        """Return a cell format, made once per set of properties."""
        base = {"font_name": _FONT, "font_size": 10, "valign": "vcenter", **properties}
        key = tuple(sorted(base.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(base)
        return self._formats[key]

    def text(self, **properties: Any) -> Any:
        """Return a format of a text cell."""
        return self.look(num_format="@", text_wrap=True, **properties)

    def sheet(self, name: str) -> Any:
        """Add a sheet set up for printing: A4 landscape, one page wide, heading above, page numbers below."""
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(_PAPER_A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.set_header(f"&C{_page_text(self._heading, 100)}"[:_HEADER_LIMIT])
        sheet.set_footer(f"&L{_page_text(self._note, 90)}&R第 &P 页，共 &N 页"[:_HEADER_LIMIT])
        return sheet

    def put(self, sheet: Any, row: int, column: int, value: Any, **properties: Any) -> None:
        """Write one cell: text as text, `Money` as a number where that is exact."""
        if isinstance(value, Money):
            self._put_money(sheet, row, column, value.value, properties)
        else:
            sheet.write_string(
                row, column, clean(value)[:_CELL_LIMIT] if value != "" else "", self.text(**properties)
            )

    def _put_money(self, sheet: Any, row: int, column: int, value: Any, properties: dict[str, Any]) -> None:
        if value is None:
            sheet.write_string(row, column, DASH, self.text(align="right", **properties))
            return
        number = amount(value)
        if abs(number) < _EXACT_BELOW and number == number.quantize(Decimal("0.01")):
            sheet.write_number(row, column, float(number), self.look(num_format="#,##0.00", **properties))
        else:
            sheet.write_string(row, column, money(value), self.text(align="right", **properties))

    def table(
        self,
        sheet: Any,
        top: int,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Any]],
        *,
        sum_row: Sequence[Any] | None = None,
    ) -> int:
        """Write a table with its head; return the row below it."""
        for index, one in enumerate(columns):
            head = self.text(bold=True, bg_color="#F2F2F2", border=1, align="center")
            sheet.write_string(top, index, f"{one.zh}\n{one.en}", head)
        sheet.set_row(top, 32)
        for at, row in enumerate(rows, start=top + 1):
            for index, value in enumerate(row):
                self.put(sheet, at, index, value, border=1)
        below = top + 1 + len(rows)
        if sum_row is not None:
            for index, value in enumerate(sum_row):
                self.put(sheet, below, index, value, border=1, bold=True, bg_color="#F2F2F2")
            below += 1
        return below

    def list_sheet(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Any]],
        sum_row: Sequence[Any] | None = None,
        printed: int | None = None,
    ) -> None:
        """Add a sheet that is one table: head frozen and repeated on every printed page, with a filter.

        With `printed`, the first so many columns go to paper, two pages wide, the first three on both.
        """
        sheet = self.sheet(name)
        for index, one in enumerate(columns):
            sheet.set_column(index, index, one.width)
        self.table(sheet, 0, columns, rows, sum_row=sum_row)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        if printed:
            sheet.print_area(0, 0, len(rows) + (sum_row is not None), printed - 1)
            sheet.repeat_columns(0, 2)
            sheet.fit_to_pages(2, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)


@contextmanager
def workbook(heading: str, note: str, created: int) -> Iterator[tuple[Book, io.BytesIO]]:
    """Open a workbook in memory; its bytes stand in the buffer when the block ends.

    `created` is the second since 1970 that the file names as its making; the archive's own times are fixed.
    """
    import xlsxwriter

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        made = dt.datetime.fromtimestamp(created, dt.UTC).replace(tzinfo=None)
        book.set_properties({"title": heading, "created": made})
        yield Book(book, heading, note), out


def _page_text(text: str, limit: int) -> str:
    """Return text for a page header, where ``&`` starts a code."""
    return text[:limit].replace("&", "&&")
