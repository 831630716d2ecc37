"""Every payer of a season in one run: the same statements as one by one, whole or resumed, refused as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from service.billing import issue_all as room
from service.billing.issue import Wanted, issue
from service.billing.issue_all import Outcome, issue_all
from service.scope import whole
from service.store import open_store
from tests.service.billing.desk import BOOK, SEASON, SHUANGLIAO, YUSHU, Desk, desk
from tests.service.billing.house import Fire

ALL = ("--all", "--season", SEASON, *BOOK)
WANTED = Wanted("", SEASON, "JL-1", None, True)


@pytest.fixture
def office(
    store_home: str, new_store_url: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    with desk(store_home, new_store_url, tmp_path / "desk", monkeypatch) as opened:
        opened.later(minutes=1)
        yield opened


def _issue_all(office: Desk, *words: str, token: str = "") -> dict[str, Any]:
    office.later(minutes=1)
    data: dict[str, Any] = office.house.data("statement", "issue", *ALL, "--sample", *words, token=token)
    assert data["totals"]["statements"] == len(data["statements"])
    for name in ("net", "total"):
        assert Decimal(data["totals"][name]) == sum(Decimal(one[name]) for one in data["statements"])
    return data


def _reasons(data: dict[str, Any]) -> dict[str, str]:
    return {one["payer"]["code"]: one["reason"] for one in data["left"]}


def test_one_run_issues_what_single_issues_would(office: Desk) -> None:
    drafted = {
        payer: office.house.data("statement", "draft", "--payer", payer, "--season", SEASON, *BOOK)
        for payer in (YUSHU, SHUANGLIAO)
    }
    data = _issue_all(office)
    assert [one["payer"]["code"] for one in data["statements"]] == [YUSHU, SHUANGLIAO]
    assert (data["mark"], data["status"], data["left"], data["folder"]) == ("非正式", "sample", [], None)
    for one in data["statements"]:
        shown = office.house.data("statement", "show", "--payer", one["payer"]["code"], "--season", SEASON)
        assert (shown["sha256"], shown["statement_id"]) == (one["sha256"], one["statement_id"])
        lines = drafted[one["payer"]["code"]]["document"]["lines"]
        assert [line["amount"] for line in shown["document"]["lines"]] == [line["amount"] for line in lines]
        assert shown["document"]["as_of"]["revision"] == data["as_of_revision"], "one snapshot for all"
        path = office.export(f"{one['payer']['code']}.json", one["payer"]["code"])
        assert office.verify(str(path))["recomputed"]


def test_the_folder_has_a_paper_of_each_form_and_the_list(office: Desk) -> None:
    folder = office.house.folder / "扣款" / "2023"
    data = _issue_all(office, "-o", str(folder))
    stems = [f"{YUSHU}-2023-2024-001", f"{SHUANGLIAO}-2023-2024-001", "roll-2023-2024"]
    assert {path.name for path in folder.iterdir()} == {
        f"{stem}.{form}" for stem in stems for form in ("json", "xlsx", "pdf")
    }
    assert data["statements"][0]["files"] == [f"{stems[0]}.{form}" for form in ("json", "xlsx", "pdf")]
    assert office.verify(str(folder / f"{stems[0]}.json"))["ok"]
    assert "榆树市" in PdfReader(folder / f"{stems[0]}.pdf").pages[0].extract_text()
    openpyxl.load_workbook(BytesIO((folder / f"{stems[1]}.xlsx").read_bytes()))
    roll = json.loads((folder / "roll-2023-2024.json").read_bytes())
    assert roll["totals"]["total"] == data["totals"]["total"]
    text = office.house.run("statement", "draft", *ALL).output
    assert "1,600,000.00" in text


def test_again_issues_only_what_changed_and_keeps_the_papers_there(office: Desk) -> None:
    folder = office.house.folder / "out"
    _issue_all(office, "-o", str(folder), "--format", "json")
    assert _reasons(_issue_all(office)) == dict.fromkeys((YUSHU, SHUANGLIAO), "nothing_changed")
    kept = (folder / f"{SHUANGLIAO}-2023-2024-001.json").read_bytes()
    (folder / f"{SHUANGLIAO}-2023-2024-001.json").unlink()
    office.deny(office.yushu[0])
    data = _issue_all(office, "-o", str(folder), "--format", "json")
    assert [(one["payer"]["code"], one["number"], one["net"]) for one in data["statements"]] == [
        (YUSHU, 2, "-300000.00")
    ]
    assert _reasons(data) == {SHUANGLIAO: "nothing_changed"}
    assert (folder / f"{SHUANGLIAO}-2023-2024-001.json").read_bytes() == kept, "a lost paper is made up for"
    assert {path.name for path in folder.iterdir()} == {
        *(f"{YUSHU}-2023-2024-00{number}.json" for number in (1, 2)),
        f"{SHUANGLIAO}-2023-2024-001.json",
        "roll-2023-2024.json",
    }
    text = office.house.run("statement", "issue", *ALL, "--sample").output
    assert "没有变化，未签发 2 个" in text


def test_a_run_cut_short_is_run_again(office: Desk) -> None:
    class CutError(Exception):
        pass

    def stop(outcome: Outcome, place: int, among: int) -> None:
        assert (outcome.payer["code"], place, among) == (YUSHU, 1, 2)
        raise CutError

    store = open_store(office.house.url)
    with pytest.raises(CutError):
        issue_all(store, whole("operator"), WANTED, actor="operator", each=stop)
    store.close()
    assert [one["payer"] for one in office.house.data("statement", "list")] == [YUSHU]
    data = _issue_all(office, "-o", str(office.house.folder / "out"), "--format", "pdf")
    assert [one["payer"]["code"] for one in data["statements"]] == [SHUANGLIAO]
    names = {path.name for path in (office.house.folder / "out").iterdir()}
    assert f"{YUSHU}-2023-2024-001.pdf" in names, "the papers of what the first run issued are there too"


def test_an_issue_that_went_in_meanwhile_is_not_issued_twice(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(office.house.url)
    drawn_up, seen = room.drawn_up, []

    def slowly(reader: Any, run: Any, payer: Any, wanted: Any, rows: Any, **more: Any) -> Any:
        made = drawn_up(reader, run, payer, wanted, rows, **more)
        if payer["code"] == YUSHU:
            issue(store, whole("other"), Wanted(YUSHU, SEASON, "JL-1", None, True), actor="other")
        return made

    monkeypatch.setattr(room, "drawn_up", slowly)
    issue_all(store, whole("operator"), WANTED, actor="operator", each=lambda one, *_: seen.append(one))
    store.close()
    assert [(one.payer["code"], one.why and one.why.code) for one in seen] == [
        (YUSHU, "nothing_changed"),
        (SHUANGLIAO, None),
    ]
    assert [one["number"] for one in office.house.data("statement", "list")] == [1, 1]


def test_what_may_not_be_issued_is_refused_before_anything_is(office: Desk) -> None:
    folder = office.house.folder / "out"
    asked = ("statement", "issue", *ALL)
    assert office.refused(*asked) == "informal"
    assert office.refused(*asked, "--sample", "--payer", YUSHU, code=2) == "one_or_all"
    assert office.refused("statement", "issue", "--season", SEASON, "--sample", code=2) == "one_or_all"
    assert office.refused(*asked, "--sample", "--format", "pdf", code=2) == "folder_needed"
    assert office.refused(*asked, "--sample", "--format", "doc", "-o", str(folder), code=2) == "bad_format"
    (office.house.folder / "file").write_text("x")
    assert office.refused(*asked, "--sample", "-o", str(office.house.folder / "file")) == "cannot_write"
    assert office.refused("statement", "issue", "--all", "--season", SEASON, "--sample") == "no_rulebook"
    assert office.house.data("statement", "list") == []


def test_drafts_of_all_store_nothing_and_carry_their_name(office: Desk) -> None:
    before, folder = office.house.revision, office.house.folder / "drafts"
    data = office.house.data("statement", "draft", *ALL, "-o", str(folder), "--format", "json")
    assert (data["kind"], data["roll_files"], office.house.revision) == ("draft", [], before)
    assert {path.name for path in folder.iterdir()} == {
        f"{code}-2023-2024-001-draft.json" for code in (YUSHU, SHUANGLIAO)
    }


def test_each_reader_gets_its_own_payers(office: Desk) -> None:
    county = office.user("yushu", "county", YUSHU)
    data = office.house.data("statement", "draft", *ALL, token=county)
    assert [one["payer"]["code"] for one in data["statements"]] == [YUSHU]
    assert office.refused("statement", "issue", *ALL, "--sample", token=county) == "role_may_not"
    province = office.user("province", "province", "220000")
    assert [one["payer"]["code"] for one in _issue_all(office, token=province)["statements"]] == [
        YUSHU,
        SHUANGLIAO,
    ]


def test_whoever_owes_nothing_more_is_told_so(office: Desk) -> None:
    _issue_all(office)
    for fire in office.shuangliao:
        office.deny(fire)
    office.house.burn([Fire("220283", 0, "2023-10-30T12:30")], "more.csv")
    office.house.verify("more-results.csv")
    data = _issue_all(office)
    told = {one["payer"]["code"]: (one["number"], one["net"], one["total"]) for one in data["statements"]}
    assert told[SHUANGLIAO] == (2, "-800000.00", "0.00")
    assert told["220283"] == (1, "500000.00", "500000.00")
