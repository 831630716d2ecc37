"""XLSX of a fire list: the sheet that is printed and carried, and the header data on a second one.

Cells hold the same codes as every other format; number formats show their Chinese words, so that people read 未核查
where a program reads ``unverified``. No cell can run as a formula, and equal lists give equal bytes.
"""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from gis.times import to_beijing
from service.reports import tables, words
from service.reports.model import COLUMNS, FireList, FireListRow

LIST_SHEET, HEADER_SHEET, LEFT_OUT_SHEET = "火点清单", "清单信息", "未列入"
_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a property of the file, fixed so that equal lists are equal bytes
_WIDTHS = {
    "fire_point_id": 20,
    "change": 6,
    "first_seen": 16,
    "last_seen": 16,
    "satellites": 14,
    "pixels": 6,
    "lon": 10,
    "lat": 9,
    "county_code": 8,
    "county": 12,
    "township_code": 11,
    "township": 14,
    "grid_code": 14,
    "grid": 16,
    "duty": 24,
    "zone": 12,
    "regime": 12,
    "boundary_case": 11,
    "county_share": 8,
    "cropland_share": 8,
    "confidence": 8,
    "frp_mw": 9,
    "screen": 9,
    "status": 9,
}
_PERCENT = frozenset({"county_share", "cropland_share"})
_DECIMALS = {"lon": "0.00000", "lat": "0.00000", "frp_mw": "0.0"}
_PAPER_A4 = 9
_HEADER_LIMIT = 255
_CELL_LIMIT = 32_767


def xlsx_bytes(fire_list: FireList) -> bytes:
    """Return the list as a workbook of A4 landscape sheets."""
    import xlsxwriter

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": words.title(fire_list), "created": _CREATED})
        styles = _Styles(book)
        _write_rows(book.add_worksheet(LIST_SHEET), styles, fire_list, fire_list.rows)
        _write_header(book.add_worksheet(HEADER_SHEET), styles, fire_list)
        if fire_list.left_out:
            _write_rows(book.add_worksheet(LEFT_OUT_SHEET), styles, fire_list, fire_list.left_out)
    return out.getvalue()


class _Styles:
    """Cell formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def get(self, **properties: Any) -> Any:
        base = {"font_name": "宋体", "font_size": 10, "valign": "vcenter", **properties}
        key = tuple(sorted(base.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(base)
        return self._made[key]

    def shown_as(self, word: str, **properties: Any) -> Any:
        """Return a format under which a text cell shows `word` on screen and paper."""
        return self.get(num_format=f';;;"{word}"', **properties)


def _write_rows(sheet: Any, styles: _Styles, fire_list: FireList, rows: tuple[FireListRow, ...]) -> None:
    for index, name in enumerate(COLUMNS):
        head = styles.shown_as(
            words.COLUMN_WORDS[name].zh,
            bold=True,
            text_wrap=True,
            bottom=2,
            bg_color="#F2F2F2",
            align="center",
        )
        sheet.write_string(0, index, name, head)
        sheet.set_column(index, index, _WIDTHS[name])
    for line, row in enumerate(rows, start=1):
        cells = tables.flat(row)
        for index, name in enumerate(COLUMNS):
            _write_cell(sheet, styles, (line, index), name, cells[name], row)
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(rows), 1), len(COLUMNS) - 1)
    _set_page(sheet, fire_list)
    sheet.repeat_rows(0)


def _write_cell(
    sheet: Any, styles: _Styles, at: tuple[int, int], name: str, value: Any, row: FireListRow
) -> None:
    look: dict[str, Any] = {"font_strikeout": True, "font_color": "#6B7280"} if row.withdrawn else {}
    if name in ("first_seen", "last_seen"):
        moment = to_beijing(getattr(row, name)).replace(tzinfo=None)
        sheet.write_datetime(*at, moment, styles.get(num_format="yyyy-mm-dd hh:mm", **look))
    elif value is None or value == "":
        sheet.write_blank(*at, None, styles.get(**look))
    elif isinstance(value, str):
        word = words.VALUE_WORDS.get(name, {}).get(value)
        style = styles.shown_as(word.zh, **look) if word else styles.get(num_format="@", **look)
        sheet.write_string(*at, value[:_CELL_LIMIT], style)
    elif name in _PERCENT:
        sheet.write_number(*at, value, styles.get(num_format="0%", **look))
    else:
        sheet.write_number(*at, value, styles.get(num_format=_DECIMALS.get(name, "0"), **look))


def _write_header(sheet: Any, styles: _Styles, fire_list: FireList) -> None:
    label, text = styles.get(bold=True, num_format="@"), styles.get(text_wrap=True, num_format="@")
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 110)
    for line, (name, value) in enumerate(tables.header_lines(fire_list)):
        sheet.write_string(line, 0, name, label)
        sheet.write_string(line, 1, value[:_CELL_LIMIT], text)
    _set_page(sheet, fire_list)


def _set_page(sheet: Any, fire_list: FireList) -> None:
    sheet.set_landscape()
    sheet.set_paper(_PAPER_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    heading = _page_text(words.title(fire_list), 120)
    counts = _page_text(words.counts_line(fire_list).zh, 110)
    sheet.set_header(f"&C{heading}\n{counts}"[:_HEADER_LIMIT])
    sheet.set_footer("&L疑似火点，未经现场核实&R第 &P 页，共 &N 页")


def _page_text(text: str, limit: int) -> str:
    """Return text for a page header, where ``&`` starts a code and 255 characters are all there is."""
    return text[:limit].replace("&", "&&")
