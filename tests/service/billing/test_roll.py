"""The finance list: its sum is the sum of all statements, whatever happened between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.service.billing.desk import BOOK, SEASON, SHUANGLIAO, YUSHU, Desk, desk
from tests.service.billing.house import Fire

SUMMED = ("previous", "new", "adjustments", "net", "total", "suspended", "due")


@pytest.fixture
def office(
    store_home: str, new_store_url: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    with desk(store_home, new_store_url, tmp_path / "desk", monkeypatch) as opened:
        yield opened


def _roll(office: Desk) -> dict[str, Any]:
    found: dict[str, Any] = office.house.data("charge", "--season", SEASON, "--roll")
    for name in SUMMED:
        assert Decimal(found["totals"][name]) == sum(Decimal(one[name]) for one in found["rows"])
    for one in found["rows"]:
        parts = [Decimal(one[name]) for name in ("previous", "new", "adjustments")]
        assert sum(parts) == Decimal(one["total"])
        assert Decimal(one["previous"]) + Decimal(one["net"]) == Decimal(one["total"])
        assert sum(Decimal(made["net"]) for made in one["statements"]) == Decimal(one["total"])
        assert Decimal(one["total"]) - Decimal(one["suspended"]) == Decimal(one["due"])
    return found


def test_the_sum_of_the_list_is_the_sum_of_all_statements(office: Desk) -> None:
    empty = _roll(office)
    assert (empty["rows"], empty["totals"]["total"], empty["mark"]) == ([], "0.00", "")
    office.issue()
    office.issue(SHUANGLIAO)
    assert _roll(office)["totals"]["total"] == "1600000.00"
    office.house.burn([Fire(YUSHU, 6, "2023-10-30T11:00")], "more.csv")
    office.house.verify("more-results.csv")
    office.deny(office.yushu[0])
    office.issue()
    found = _roll(office)
    yushu = found["rows"][0]
    assert yushu["payer"] == {"code": YUSHU, "name": "榆树市"}
    assert (yushu["previous"], yushu["new"], yushu["adjustments"]) == ("800000.00", "300000.00", "-300000.00")
    assert [made["number"] for made in yushu["statements"]] == [1, 2]
    listed = office.house.data("statement", "list")
    assert {made["sha256"] for one in found["rows"] for made in one["statements"]} == {
        one["sha256"] for one in listed
    }
    assert Decimal(found["totals"]["total"]) == sum(Decimal(one["net"]) for one in listed)
    assert (found["mark"], found["status"], found["totals"]["statements"]) == ("非正式", "sample", 3)
    charged = office.house.charge(SEASON, *BOOK)
    assert charged["total"] == found["totals"]["total"], "every account was issued as it stands"


def test_the_list_is_read_as_a_table_a_workbook_and_a_paper(office: Desk) -> None:
    office.issue()
    result = office.house.run("charge", "--season", SEASON, "--roll")
    assert "扣拨清单" in result.output
    assert "800,000.00" in result.output
    for form in ("xlsx", "pdf", "json"):
        path = office.house.folder / f"roll.{form}"
        words = ("statement", "roll", "--season", SEASON, "--format", form, "-o", str(path))
        assert office.house.run(*words).exit_code == 0
        first = path.read_bytes()
        again = ("charge", "--season", SEASON, "--roll", "-o", str(path))
        assert office.house.run(*again).exit_code == 0, "the name of the file says the format"
        assert path.read_bytes() == first
        if form == "xlsx":
            sheet = openpyxl.load_workbook(BytesIO(first)).worksheets[0]
            cells = {str(cell.value) for row in sheet.iter_rows() for cell in row}
            assert "榆树市" in cells
            assert {"800000"} & {cell.partition(".")[0] for cell in cells}
    assert office.refused("statement", "roll", "--season", SEASON, "--format", "docx", code=2) == "bad_format"


def test_an_objection_to_an_earlier_number_marks_the_payer_while_it_suspends_money(office: Desk) -> None:
    office.issue()
    words = ("--payer", YUSHU, "--season", SEASON, "--number", "1", "--grounds", "现场没有火情")
    office.house.data("objection", "file", office.id_of(office.yushu[0]), *words)
    office.deny(office.yushu[1])
    office.issue()
    (row,) = _roll(office)["rows"]
    assert [one["state"] for one in row["statements"]] == ["objected", "issued"]
    assert (row["number"], row["state"], row["suspended"]) == (2, "objected", "500000.00")
    office.house.data("objection", "answer", "1", "--outcome", "rejected", "--reason", "经核查如此")
    (row,) = _roll(office)["rows"]
    assert (row["state"], row["suspended"]) == ("issued", "0.00")


def test_a_list_of_then_is_the_list_as_it_was(office: Desk) -> None:
    office.issue()
    then, before = office.house.revision, _roll(office)
    office.deny(office.yushu[0])
    office.issue()
    assert _roll(office)["totals"]["total"] == "500000.00"
    again = office.house.data("--as-of", str(then), "charge", "--season", SEASON, "--roll")
    assert again == before


def test_a_file_of_charges_is_the_list_alone(office: Desk) -> None:
    path = office.house.folder / "trial.pdf"
    asked = ("charge", "--season", SEASON, *BOOK)
    assert office.refused(*asked, "-o", str(path), code=2) == "only_with_roll"
    assert office.refused(*asked, "--format", "pdf", code=2) == "only_with_roll"
    assert office.refused(*asked, "--roll", "--format", "doc", code=2) == "bad_format"
    assert not path.exists()


def test_a_paper_of_the_list_is_dated_by_its_revision(office: Desk) -> None:
    office.issue()
    path = office.house.folder / "roll.xlsx"
    assert office.house.run("charge", "--season", SEASON, "--roll", "-o", str(path)).exit_code == 0
    made = openpyxl.load_workbook(path).properties.created
    assert made is not None
    assert made.replace(tzinfo=office.clock.tzinfo) == office.clock.replace(microsecond=0)
