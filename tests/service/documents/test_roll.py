"""The finance list: every payer, sums that are the list's own, both papers agreeing."""

from __future__ import annotations

from decimal import Decimal

from service.documents.roll_pdf import roll_pdf
from service.documents.roll_view import AMOUNTS
from service.documents.roll_xlsx import ABOUT, LIST, roll_xlsx
from tests.service.documents import sample
from tests.service.documents.pages import cells, pages, sheets


def test_the_pdf_shows_sums_in_words_and_every_payer() -> None:
    (page,) = pages(roll_pdf(sample.roll()))
    for said in (
        "秸秆禁烧扣拨清单",
        "累计合计10,000,000.00元（1000万元），人民币壹仟万元整",
        "本期净额合计9,200,000.00元（920万元），人民币玖佰贰拾万元整",
        "220382双辽市800,000.000.00-300,000.00-300,000.00500,000.00500,000.000.00",
        "第2期efefefefefefefef有异议",
        "数据修订号：21",
        "非正式",
    ):
        assert said in page, said


def test_the_workbook_has_the_same_figures_as_numbers() -> None:
    roll = sample.roll()
    found = sheets(roll_xlsx(roll))
    _head, *rows, total = found[LIST]
    assert [row[0] for row in rows] == ["220200", "220382"]
    for row, one in zip(rows, roll["rows"], strict=True):
        assert row[2 : 2 + len(AMOUNTS)] == [Decimal(one[name]) for name in AMOUNTS]
    assert total[2 : 2 + len(AMOUNTS)] == [Decimal(roll["totals"][name]) for name in AMOUNTS]
    said = [value for row in found[ABOUT] for value in row]
    assert f"JSON SHA-256 {'ef' * 32}" in said


def test_a_hundred_payers_run_over_pages_with_the_head_on_each() -> None:
    one = sample.roll()["rows"][1]
    rows = [{**one, "payer": {"code": f"{220000 + no}", "name": f"第{no}县"}} for no in range(100)]
    found = pages(roll_pdf(sample.roll(rows=rows)))
    assert len(found) > 2
    assert all("付款单位payer" in page for page in found[:-1])
    said = "".join(found)
    assert all(f"第{no}县" in said for no in range(100))


def test_an_empty_list_is_a_paper_too() -> None:
    nothing = dict.fromkeys(AMOUNTS, "0.00") | {"payers": 0, "statements": 0}
    empty = sample.roll(rows=[], totals=nothing, mark="", status="")
    (page,) = pages(roll_pdf(empty))
    assert "人民币零元整" in page
    assert "非正式" not in page
    assert sheets(roll_xlsx(empty))[LIST][1][2] == 0


def test_a_name_cannot_run() -> None:
    text = '=HYPERLINK("x") #panic("x") *b*'
    rows = [{**sample.roll()["rows"][0], "payer": {"code": "=1", "name": text}}]
    made = sample.roll(rows=rows)
    assert '=HYPERLINK("x")#panic("x")*b*' in pages(roll_pdf(made))[0]
    assert {cell.data_type for cell in cells(roll_xlsx(made))} <= {"s", "n"}
