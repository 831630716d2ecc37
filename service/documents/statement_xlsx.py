"""A statement as XLSX: the first sheet says what is due, why and until when to object; the others hold every row."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from service.billing.chain import canonical_bytes
from service.documents import paper
from service.documents.lettering import DASH, amount, clean, clip, money, stamp
from service.documents.sheets import Book, Column, Money, workbook

FRONT, LINES, ADJUSTED, KEPT_OUT, BASIS = "首页", "明细", "调整", "待定与不计", "依据与版本"
_FRONT_LINES = 5
_LINE_COLUMNS = (
    Column("序号", "no.", 6),
    Column("变化", "change", 6),
    Column("火点编号", "fire point id", 19),
    Column("过境（北京时间）", "overpass", 16),
    Column("卫星", "satellite", 10),
    Column("经度", "lon", 10),
    Column("纬度", "lat", 9),
    Column("县代码", "county code", 9),
    Column("县（市、区）", "county", 12),
    Column("乡镇代码", "township code", 11),
    Column("乡镇（街道）", "township", 12),
    Column("网格", "grid cell", 14),
    Column("分区", "zone", 9),
    Column("管控方式", "regime", 14),
    Column("核查结论", "finding", 11),
    Column("核查级别与时间", "verified", 21),
    Column("过火面积", "area", 10),
    Column("条款", "clause", 20),
    Column("次序", "ordinal", 9),
    Column("金额（元）", "yuan", 15),
    Column("计费理由", "reason", 44),
    Column("争议要点", "what disputes are about", 48),
    Column("裁定", "rulings", 26),
    Column("同一火的其他来源", "other sources", 19),
    Column("异议", "objection", 14),
    Column("金额（文本）", "as text", 15),
    Column("理由（英文）", "reason in English", 40),
    Column("计算轨迹", "trace, JSON", 30),
)

_AMOUNT, _AMOUNT_TEXT = 19, 25
"""Columns of the amount and of its text, from which on a column is for programs and stays off the paper."""


def statement_xlsx(document: Mapping[str, Any]) -> bytes:
    """Return a statement document (``huodian.statement/1``) as a workbook; the same document gives the same bytes.

    Raises
    ------
    RefusedInputError
        ``document_amount`` when an amount of the document is no number.
    """
    note = f"JSON SHA-256 {paper.sha256(document)}"
    with workbook(clip(paper.file_title(document), 200), note, stamp(document)) as (book, out):
        _front(book, document)
        _lines(book, document)
        _adjusted(book, document)
        _kept_out(book, document)
        _basis(book, document)
    return out.getvalue()


def _front(book: Book, document: Mapping[str, Any]) -> None:
    sheet = book.sheet(FRONT)
    for index, width in enumerate((24, 20, 14, 40, 60)):
        sheet.set_column(index, index, width)
    row = 0
    said = [paper.INFORMAL[0]] if document.get("mark") else []
    for text in [*said, *([paper.DRAFT[0]] if paper.is_draft(document) else [])]:
        _wide(book, sheet, row, text, bold=True, font_color="#B42318")
        row += 1
    _wide(book, sheet, row, paper.title(document), bold=True, font_size=18, align="center")
    sheet.set_row(row, 30)
    _wide(book, sheet, row + 1, paper.subtitle(document), align="center")
    row += 2
    for name, value in paper.parties(document):
        row = _pair(book, sheet, row, name, value)
    columns = (
        Column("账目", "account", 0),
        Column("金额（元）", "yuan", 0),
        Column("万元", "10,000 yuan", 0),
        Column("大写", "in words", 0),
        Column("金额（文本）", "as text", 0),
    )
    found = document.get("amounts") or {}
    rows = [
        (one.label, Money(found.get(key) or "0"), one.wan, one.upper, one.yuan)
        for key, one in zip(("net", "total", "previous"), paper.sums(document), strict=True)
    ]
    row = book.table(sheet, row, columns, rows)
    if paper.deposit(document):
        row = _pair(book, sheet, row, "保证金", paper.deposit(document))
    row = _pair(book, sheet, row, "异议截止", paper.deadline(document), bold=True, font_color="#B42318")
    row = _pair(
        book, sheet, row, "如何提出异议", "\n".join(one for one in paper.objection_words(document) if one)
    )
    row = _front_lines(book, sheet, row, document)
    for role, name in paper.people(document):
        row = _pair(book, sheet, row, role, name or "（签字、日期）")
    sheet.fit_to_pages(1, 1)


def _front_lines(book: Book, sheet: Any, row: int, document: Mapping[str, Any]) -> int:
    """Write the first charges on the first sheet, those of this issue before the others."""
    found = list(zip(document.get("lines") or (), paper.lines(document), strict=True))
    picked = sorted(found, key=lambda pair: not pair[1].change)[:_FRONT_LINES]
    columns = (
        Column(f"计费火点（共 {len(found)} 个）", "charged fire points", 0),
        Column("金额（元）", "yuan", 0),
        Column("序号", "no.", 0),
        Column("条款、地点", "clause, place", 0),
        Column("计费理由", "reason", 0),
    )
    rows = [
        (
            f"{line.overpass} {line.fire_point_id}",
            Money(raw.get("amount")),
            line.no,
            f"{line.clause}，{line.ordinal}；{line.place}",
            clip(line.reason, 200),
        )
        for raw, line in picked
    ]
    after = book.table(sheet, row, columns, rows)
    for at, cells in enumerate(rows, after - len(rows)):
        # Not every program fits rows to wrapped text: the first cell has two lines, a reason 38 characters to the line.
        sheet.set_row(at, 15 * max(2, 1 + len(str(cells[-1])) // 38))
    return after


def _wide(book: Book, sheet: Any, row: int, value: str, **properties: Any) -> None:
    sheet.merge_range(row, 0, row, 4, "", book.text(**properties))
    book.put(sheet, row, 0, value, **properties)


def _pair(book: Book, sheet: Any, row: int, name: str, value: str, **properties: Any) -> int:
    book.put(sheet, row, 0, name, bold=True, valign="top")
    look = book.text(**properties)
    sheet.merge_range(row, 1, row, 4, "", look)
    lines = [one for one in value.split("\n") if one] or [""]
    sheet.write_string(row, 1, "\n".join(map(clean, lines)), look)
    height = sum(1 + len(one) // 70 for one in lines)
    sheet.set_row(row, 15 * height)
    return row + 1


def _lines(book: Book, document: Mapping[str, Any]) -> None:
    raw = list(document.get("lines") or ())
    rows = [_line(one, line) for one, line in zip(raw, paper.lines(document), strict=True)]
    total = sum((amount(one.get("amount")) for one in raw), Decimal(0))
    sums: list[Any] = [""] * len(_LINE_COLUMNS)
    sums[0], sums[_AMOUNT], sums[_AMOUNT_TEXT] = "合计", Money(str(total)), money(str(total))
    book.list_sheet(LINES, _LINE_COLUMNS, rows, sums, printed=_AMOUNT_TEXT)


def _line(one: Mapping[str, Any], line: paper.Line) -> tuple[Any, ...]:
    return (
        line.no,
        line.change,
        line.fire_point_id,
        line.overpass,
        line.satellite,
        one.get("lon"),
        one.get("lat"),
        line.county_code,
        line.county,
        line.township_code,
        line.township,
        line.grid,
        line.zone,
        line.regime,
        line.finding,
        line.verified,
        line.area,
        line.clause,
        line.ordinal,
        Money(one.get("amount")),
        line.reason,
        "；".join([*line.disputed, *([line.note] if line.note != DASH else [])]),
        line.rulings,
        line.linked,
        line.objection,
        line.amount,
        line.reason_en,
        canonical_bytes(one["trace"]).decode() if one.get("trace") else "",
    )


def _adjusted(book: Book, document: Mapping[str, Any]) -> None:
    columns = (
        Column("火点编号", "fire point id", 19),
        Column("原金额（元）", "before", 16),
        Column("现金额（元）", "after", 16),
        Column("增减（元）", "change", 16),
        Column("增减（文本）", "as text", 16),
        Column("原因", "cause", 50),
        Column("由哪些火点引起", "caused by", 40),
    )
    raw = list(document.get("adjustments") or ())
    rows = [
        (
            ident,
            Money(one.get("before") or "0"),
            Money(one.get("after") or "0"),
            Money(one.get("delta") or "0"),
            delta,
            cause,
            by,
        )
        for one, (ident, _before, _after, delta, cause, by) in zip(
            raw, paper.adjustments(document), strict=True
        )
    ]
    total = sum((amount(one.get("delta") or "0") for one in raw), Decimal(0))
    sums = ("合计", "", "", Money(str(total)), money(str(total)), "", "")
    book.list_sheet(ADJUSTED, columns, rows, sums)


def _kept_out(book: Book, document: Mapping[str, Any]) -> None:
    columns = (
        Column("类别", "kind", 8),
        Column("火点编号", "fire point id", 19),
        Column("原因", "reason", 80),
        Column("涉及金额（元）", "at stake", 18),
    )
    raw = document.get("held") or ()
    rows: list[tuple[Any, ...]] = [
        ("待定", ident, reason, Money(one.get("at_stake")))
        for one, (ident, reason, _stake) in zip(raw, paper.held(document), strict=True)
    ]
    rows += [("不计", ident, reason, Money(None)) for ident, reason in paper.left_out(document)]
    book.list_sheet(KEPT_OUT, columns, rows)


def _basis(book: Book, document: Mapping[str, Any]) -> None:
    sheet = book.sheet(BASIS)
    for index, width in enumerate((44, 30, 30, 76)):
        sheet.set_column(index, index, width)
    books = (
        Column("办法", "rulebook", 0),
        Column("状态、可信度", "status, confidence", 0),
        Column("有效期", "in force", 0),
        Column("来源", "sources", 0),
    )
    row = book.table(sheet, 0, books, paper.basis(document))
    used = (
        Column("图层", "layer", 0),
        Column("名称", "name", 0),
        Column("版本", "version", 0),
        Column("状态", "status", 0),
    )
    row = book.table(sheet, row + 1, used, paper.layers(document))
    checks = (Column("校验", "checking", 0), Column("值", "value", 0))
    top = row + 1
    book.table(sheet, top, checks, ())
    for at, (name, value) in enumerate(paper.provenance(document), start=top + 1):
        book.put(sheet, at, 0, name, border=1)
        sheet.merge_range(at, 1, at, 3, "", book.text(border=1))
        book.put(sheet, at, 1, value, border=1)
