"""The workbook of a statement: the first sheet answers, amounts are exact, nothing in it can run."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.billing.chain import canonical_bytes
from service.documents import paper
from service.documents.statement_xlsx import ADJUSTED, BASIS, FRONT, KEPT_OUT, LINES, statement_xlsx
from tests.service.documents import sample
from tests.service.documents.pages import cells, sheets

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    '=HYPERLINK("http://example.org")',
    "\t=1",
    "{=1}",
    "=cmd|' /C calc'!A0",
]


def test_the_first_sheet_says_what_a_finance_officer_asks() -> None:
    document = sample.statement()
    rows = sheets(statement_xlsx(document))[FRONT]
    said = "\n".join(str(value) for row in rows for value in row if value is not None)
    for one in (
        "扣款通知单",
        "人民币捌拾万元整",
        "双辽市（220382，县级）",
        "2024年5月15日（含当日，北京时间）",
        "非正式",
    ):
        assert one in said
    assert document["lines"][0]["reason_zh"] in said
    (net,) = [row for row in rows if row[0] == "本期净额（应扣）"]
    assert net == ["本期净额（应扣）", 800000, "80", "人民币捌拾万元整", "800,000.00"]


def test_every_line_stands_in_the_details_with_codes_as_text_and_the_sum_below() -> None:
    document = sample.large(300)
    head, *rows, total = sheets(statement_xlsx(document))[LINES]
    at = {str(name).split("\n")[1]: index for index, name in enumerate(head)}
    assert [row[at["fire point id"]] for row in rows] == [one["fire_point_id"] for one in document["lines"]]
    for row, one in zip(rows, document["lines"], strict=True):
        assert row[at["yuan"]] == Decimal(one["amount"])
        assert row[at["township code"]] == "220382101"
        assert row[at["lon"]] == one["lon"]
        assert row[at["reason"]] == one["reason_zh"]
        assert row[at["trace, JSON"]] == canonical_bytes(one["trace"]).decode()
    assert total[at["yuan"]] == 90_200_000
    assert total[at["as text"]] == "90,200,000.00"


def test_adjustments_held_and_basis_have_their_sheets() -> None:
    found = sheets(statement_xlsx(sample.second_issue()))
    assert [row[3] for row in found[ADJUSTED][1:]] == [-500000, 200000, -300000]
    assert [row[0] for row in found[KEPT_OUT][1:]] == ["待定", "不计"]
    said = [value for row in found[BASIS] for value in row]
    assert "ab" * 32 in said
    assert "5d" * 32 in said


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_or_a_link(text: str) -> None:
    made = statement_xlsx(sample.said_everywhere(text))
    assert {cell.data_type for cell in cells(made)} <= {"s", "n"}
    assert all(cell.hyperlink is None for cell in cells(made))
    texts = [cell for cell in cells(made) if cell.data_type == "s"]
    assert any(cell.value == text.replace("\t", " ") for cell in texts)
    assert {cell.number_format for cell in texts} == {"@"}, "a text stays text when its cell is edited"


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
@settings(max_examples=25, deadline=None)
def test_any_text_makes_a_workbook_that_opens(text: str) -> None:
    made = statement_xlsx(sample.said_everywhere(text))
    assert {cell.data_type for cell in cells(made)} <= {"s", "n"}


@given(st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1))
@settings(max_examples=40, deadline=None)
def test_an_amount_reads_back_to_the_fen(fen: int) -> None:
    amount = f"{Decimal(fen).scaleb(-2):.2f}"
    rows = sheets(statement_xlsx(sample.statement(lines=[sample.line(1, amount)])))[LINES]
    assert round(Decimal(repr(rows[1][19])), 2) == Decimal(amount)


def test_an_amount_that_no_number_holds_is_text() -> None:
    rows = sheets(statement_xlsx(sample.statement(lines=[sample.line(1, "12345678901234.56")])))[LINES]
    assert rows[1][19] == "12,345,678,901,234.56"


def test_the_sheets_are_set_up_for_paper() -> None:
    book = openpyxl.load_workbook(io.BytesIO(statement_xlsx(sample.statement())))
    assert book.sheetnames == [FRONT, LINES, ADJUSTED, KEPT_OUT, BASIS]
    for sheet in book:
        assert (int(sheet.page_setup.paperSize), sheet.page_setup.orientation) == (9, "landscape")
    assert book[LINES].freeze_panes == "B2"
    assert book[LINES].print_title_rows == "$1:$1"
    assert book[LINES].auto_filter.ref == "A1:AB3"


def test_one_document_gives_one_file_without_a_clock() -> None:
    first, second = statement_xlsx(sample.statement()), statement_xlsx(sample.statement())
    assert first == second
    members = zipfile.ZipFile(io.BytesIO(first)).infolist()
    assert {one.date_time for one in members} == {(1980, 1, 1, 0, 0, 0)}
    created = openpyxl.load_workbook(io.BytesIO(first)).properties.created
    assert created.isoformat() == "2024-05-08T01:15:00"


def test_a_line_that_did_not_change_keeps_the_earlier_day_and_the_first_page_says_so() -> None:
    document = {
        "objection": {"until": "2024-05-15", "days": 7},
        "lines": [
            {"change": "new", "objection_until": "2024-05-15"},
            {"change": None, "objection_until": "2024-04-02"},
            {"change": None, "objection_until": "2024-04-01"},
        ],
    }
    said = "".join(paper.deadline(document).split())
    assert said.startswith("2024年5月15日")
    assert "2个未变动火点的期限较早，最早2024年4月1日" in said
    terms = ["".join(one.objection.split()) for one in paper.lines(document)]
    assert terms == ["", "异议截止2024年4月2日", "异议截止2024年4月1日"]
    assert "未变动" not in paper.deadline({**document, "lines": document["lines"][:1]})
