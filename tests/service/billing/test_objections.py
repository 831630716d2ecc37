"""Objections: who may file, until when, who answers, appeals, and what the statement and the finance list say."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gis.times import BEIJING, beijing_date
from service.billing.deadlines import is_over, until
from tests.service.billing.desk import BOOK, SEASON, SHUANGLIAO, YUSHU, Desk, desk
from tests.service.billing.house import Fire

FILE = ("objection", "file", "--payer", YUSHU, "--season", SEASON, "--grounds", "现场没有火情")


@pytest.fixture
def office(
    store_home: str, new_store_url: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """An issued statement of 榆树, and who is concerned with it."""
    with desk(store_home, new_store_url, tmp_path / "desk", monkeypatch) as opened:
        opened.issue()
        yield opened


@pytest.fixture
def tokens(office: Desk) -> dict[str, str]:
    people = (
        ("yushu", "county", YUSHU),
        ("shuangliao", "county", SHUANGLIAO),
        ("changchun", "city", "220100"),
        ("siping", "city", "220300"),
        ("jilin", "province", "220000"),
        ("patrol", "patrol", YUSHU),
    )
    return {name: office.user(name, role, unit) for name, role, unit in people}


def _file(office: Desk, token: str = "", *words: str) -> dict[str, Any]:
    found: dict[str, Any] = office.house.data(*FILE, office.id_of(office.yushu[0]), *words, token=token)
    return found


def _answer(office: Desk, number: int, outcome: str, token: str = "") -> dict[str, Any]:
    words = ("objection", "answer", str(number), "--outcome", outcome, "--reason", "经核查如此")
    found: dict[str, Any] = office.house.data(*words, token=token)
    return found


def _answer_refused(office: Desk, number: int, token: str) -> str:
    words = ("objection", "answer", str(number), "--outcome", "rejected", "--reason", "经核查如此")
    return office.refused(*words, token=token)


def _state(office: Desk, number: int = 1) -> str:
    listed = office.house.data("statement", "list", "--payer", YUSHU)
    return str(next(one["state"] for one in listed if one["number"] == number))


# --- days --------------------------------------------------------------------------------------------


def test_days_are_those_of_beijing_and_the_last_one_is_included() -> None:
    issued = dt.datetime(2023, 11, 1, 23, 59, tzinfo=BEIJING)
    assert until(issued, 7) == dt.date(2023, 11, 8)
    assert until(issued + dt.timedelta(minutes=1), 7) == dt.date(2023, 11, 9)
    last = until(issued, 7)
    assert not is_over(last, dt.datetime(2023, 11, 8, 15, 59, tzinfo=dt.UTC))
    assert is_over(last, dt.datetime(2023, 11, 8, 16, 0, tzinfo=dt.UTC)), "midnight in Beijing"


# --- the whole way ----------------------------------------------------------------------------------


def test_an_objection_goes_its_way_and_the_next_issue_adjusts(office: Desk, tokens: dict[str, str]) -> None:
    photo = office.house.folder / "field.jpg"
    photo.write_bytes(b"no fire here")
    filed = _file(office, tokens["yushu"], "--evidence", str(photo))
    assert (filed["objection_id"], filed["state"], filed["instance"], filed["number"]) == (1, "open", 1, 1)
    assert filed["evidence_sha256"] == hashlib.sha256(b"no fire here").hexdigest()
    assert filed["filed_by"] == "yushu"
    assert filed["answer_due"] == (beijing_date(office.clock) + dt.timedelta(days=15)).isoformat()
    assert _state(office) == "objected"
    assert office.refused(*FILE, office.id_of(office.yushu[0]), token=tokens["yushu"]) == "objection_open"
    roll = office.house.data("charge", "--season", SEASON, "--roll")
    assert (roll["rows"][0]["suspended"], roll["rows"][0]["due"]) == ("500000.00", "300000.00")
    answered = _answer(office, 1, "upheld", tokens["changchun"])
    assert (answered["state"], answered["closed_by"]) == ("upheld", "changchun")
    assert f"huodian verify {filed['fire_point_id']}" in answered["next_zh"]
    assert _state(office) == "issued"
    assert office.issue_refused(YUSHU, *BOOK, "--sample") == "nothing_changed", "an answer moves no money"
    office.deny(office.yushu[0])
    after = office.issue()
    assert after["amounts"]["net"] == "-300000.00"
    shown = office.house.data("statement", "show", "--payer", YUSHU, "--season", SEASON, "--number", "1")
    assert [one["state"] for one in shown["objections"]] == ["upheld"]
    assert office.verify(str(office.export("1.json", YUSHU, "--number", "1")))["ok"]


def test_an_open_objection_stands_on_the_line_of_the_next_issue_with_what_it_suspends(office: Desk) -> None:
    filed = _file(office)
    office.deny(office.yushu[1])
    after = office.issue()
    line = next(one for one in after["lines"] if one["fire_point_id"] == filed["fire_point_id"])
    assert line["objection"] == {"state": "open", "instance": 1, "answer_due": filed["answer_due"]}
    assert (after["objection"]["suspends_payment"], after["objection"]["suspended"]) == (True, "500000.00")
    assert "500000.00" in after["objection"]["zh"]
    _answer(office, 1, "rejected")
    assert line["objection"]["state"] == "open"
    shown = office.house.data("statement", "show", "--payer", YUSHU, "--season", SEASON)
    assert shown["document"]["lines"][0]["objection"]["state"] == "open", "what was issued stays as it was"
    roll = office.house.data("charge", "--season", SEASON, "--roll")
    assert roll["rows"][0]["suspended"] == "0.00"


# --- who may ----------------------------------------------------------------------------------------


def test_only_the_payer_files_and_only_the_instance_answers(office: Desk, tokens: dict[str, str]) -> None:
    point = office.id_of(office.yushu[0])
    assert office.refused(*FILE, point, token=tokens["shuangliao"]) == "unknown_statement"
    assert office.refused(*FILE, point, token=tokens["siping"]) == "unknown_statement"
    assert office.refused(*FILE, point, token=tokens["patrol"]) == "may_not_see_money"
    assert office.refused(*FILE, point, token=tokens["changchun"]) == "not_the_payer"
    assert office.refused(*FILE, point, token=tokens["jilin"]) == "not_the_payer"
    _file(office, tokens["yushu"])
    assert _answer_refused(office, 1, tokens["yushu"]) == "own_objection"
    assert _answer_refused(office, 1, tokens["shuangliao"]) == "unknown_objection"
    assert _answer_refused(office, 1, tokens["siping"]) == "unknown_objection"
    assert _answer_refused(office, 1, tokens["jilin"]) == "not_the_instance", "the city answers first"
    assert _answer_refused(office, 9, tokens["jilin"]) == "unknown_objection"
    withdraw = ("objection", "withdraw", "1")
    assert office.refused(*withdraw, token=tokens["changchun"]) == "not_the_filer"
    assert office.refused(*withdraw, token=tokens["shuangliao"]) == "unknown_objection"
    assert office.refused("objection", "list", token=tokens.pop("patrol")) == "may_not_see_money"
    lists = {name: office.house.data("objection", "list", token=token) for name, token in tokens.items()}
    assert {name: len(cases) for name, cases in lists.items()} == {
        "yushu": 1,
        "shuangliao": 0,
        "changchun": 1,
        "siping": 0,
        "jilin": 1,
    }
    assert office.house.data(*withdraw, token=tokens["yushu"])["state"] == "withdrawn"
    assert _state(office) == "issued"
    assert _answer_refused(office, 1, tokens["changchun"]) == "objection_closed"
    assert _file(office, tokens["yushu"])["objection_id"] == 2, "within the term it may be filed again"


def test_a_unit_under_the_payer_objects_to_its_own_fires_only(office: Desk) -> None:
    town = {"uid": "u220182101", "level": "township", "kind": "town", "name": "五棵树镇", "code": "220182101"}
    county = {"uid": "u220182", "level": "county", "kind": "county_city", "name": "榆树市", "code": YUSHU}
    city = {"uid": "u220100", "level": "city", "kind": "prefecture_city", "name": "长春市", "code": "220100"}
    province = {"uid": "u220000", "level": "province", "kind": "province", "name": "吉林省", "code": "220000"}
    units = [
        province,
        {**city, "parent": "u220000"},
        {**county, "parent": "u220100"},
        {**town, "parent": "u220182"},
    ]
    lines = [f"  - {json.dumps(one, ensure_ascii=False)}" for one in units]
    head = ["format: 1", 'jurisdiction: "220000"', "default_source: notice"]
    sources = ["sources: {notice: {title: 乡镇名录, confidence: S}}", "units:"]
    path = office.house.folder / "towns.yaml"
    path.write_text("\n".join([*head, *sources, *lines, ""]), encoding="utf-8")
    office.house.data("load", "units", str(path))
    office.house.rule(office.yushu[0], "--unit", "220182101")
    token = office.user("town", "county", "220182101")
    theirs, other = (office.id_of(fire) for fire in office.yushu)
    assert office.refused(*FILE, other, token=token) == "unknown_statement"
    filed = office.house.data(*FILE, theirs, token=token)
    assert filed["filed_by"] == "town"
    assert _answer_refused(office, 1, token) == "own_objection"
    assert office.house.data("objection", "withdraw", "1", token=token)["state"] == "withdrawn"


def test_what_is_asked_wrongly_is_refused(office: Desk) -> None:
    point = office.id_of(office.yushu[0])
    assert office.refused(*FILE, office.id_of(office.shuangliao[0])) == "unknown_line"
    assert office.refused(*FILE, "nonsense") == "unknown_line"
    assert office.refused(*FILE, point, "--number", "7") == "unknown_statement"
    assert office.refused(*FILE[:-1], "短", point, code=2) == "words_missing"
    assert office.refused(*FILE[:-1], "不是\x1b[31m秸秆", point, code=2) == "bad_text"
    assert office.refused(*FILE[:-1], "很" * 2001, point, code=2) == "bad_text"
    assert (
        office.refused("objection", "file", point, "--grounds", "现场没有火情", code=2) == "which_statement"
    )
    assert office.refused(*FILE, point, "--evidence", "nowhere.jpg") == "no_such_file"
    assert office.refused("--as-of", "1", *FILE, point, code=2) == "write_as_of"
    _file(office)
    words = ("objection", "answer", "1", "--reason", "经核查如此", "--outcome")
    assert office.refused(*words, "maybe", code=2) == "bad_outcome"
    assert office.refused("objection", "withdraw", "1", "--reason", " ", code=2) == "words_missing"
    assert office.house.data("objection", "list", "--state", "open", "--payer", YUSHU)[0]["objection_id"] == 1
    assert office.house.data("objection", "list", "--payer", SHUANGLIAO) == []


def test_words_may_have_wide_spaces_and_lines(office: Desk) -> None:
    words = "现场　无火情。\n经办人：张　三"
    done = office.house.data(*FILE[:-1], words, office.id_of(office.yushu[0]))
    assert done["grounds"] == words


def test_what_is_closed_says_how_in_the_readers_language(office: Desk) -> None:
    _file(office)
    _answer(office, 1, "rejected")
    closed = office.house.run("objection", "withdraw", "1", "--reason", "撤回异议")
    assert "第 1 号异议已结束（驳回）" in closed.output
    waiting = office.house.data("objection", "appeal", "1", "--grounds", "照片清楚可见")
    assert waiting["instance"] == 2
    assert "第 1 号通知单，第 2 级" in "".join(office.house.run("pending").output.split("\n"))


def test_a_statement_is_named_by_payer_season_and_number_or_by_its_hash(office: Desk) -> None:
    sha = office.house.data("statement", "list")[0]["sha256"]
    first, second = (office.id_of(fire) for fire in office.yushu)
    words = ("--grounds", "现场没有火情")
    assert office.house.data("objection", "file", f"{YUSHU}/{SEASON}/1", first, *words)["number"] == 1
    assert office.house.data("objection", "file", sha[:16], second, *words)["number"] == 1
    assert office.refused("objection", "file", "0" * 16, second, *words) == "unknown_statement"


# --- deadlines --------------------------------------------------------------------------------------


def test_a_late_one_is_refused_unless_the_level_above_admits_it(office: Desk, tokens: dict[str, str]) -> None:
    point = office.id_of(office.yushu[0])
    late = (*FILE, point, "--late", "道路中断，未能按时提出")
    assert office.refused(*late, token=tokens["changchun"]) == "not_late"
    last = until(office.clock, 7)
    office.clock = dt.datetime.combine(last, dt.time(23, 59), BEIJING).astimezone(dt.UTC)
    filed = office.house.data(*FILE, office.id_of(office.yushu[1]), token=tokens["yushu"])
    assert filed["late_reason"] is None
    office.later(minutes=1)
    assert office.refused(*FILE, point, token=tokens["yushu"]) == "deadline_passed"
    assert office.refused(*late, token=tokens["yushu"]) == "role_may_not"
    admitted = office.house.data(*late, token=tokens["changchun"])
    assert (admitted["late_reason"], admitted["filed_by"]) == ("道路中断，未能按时提出", "changchun")


def test_repeating_an_unchanged_line_opens_no_new_term(office: Desk) -> None:
    first, second = (office.id_of(fire) for fire in office.yushu)
    office.later(days=20)
    office.house.rule(office.shuangliao[0], "--unit", YUSHU)
    office.issue()
    assert office.refused(*FILE, first) == "deadline_passed", "its line was issued twenty days before"
    shown = office.house.data("statement", "show", "--payer", YUSHU, "--season", SEASON)["document"]
    until_of = {line["fire_point_id"]: line["objection_until"] for line in shown["lines"]}
    changed = {line["fire_point_id"] for line in shown["lines"] if line["change"]}
    assert first not in changed
    assert until_of[first] == (beijing_date(office.clock) - dt.timedelta(days=13)).isoformat()
    assert {until_of[name] for name in changed} == {shown["objection"]["until"]}
    assert office.id_of(office.shuangliao[0]) in changed
    assert office.house.data(*FILE, office.id_of(office.shuangliao[0]))["number"] == 2
    assert second not in changed or office.house.data(*FILE, second)["number"] == 2


def test_a_rule_with_other_days_does_not_move_what_a_line_says(office: Desk) -> None:
    from tests.service.accountability.test_rulebooks import BOOKS

    text = (BOOKS / "jl-1.yaml").read_text(encoding="utf-8")
    book = office.house.folder / "book.yaml"
    for days, payer in (("objection: {days: 7,", SHUANGLIAO), ("objection: {days: 2,", None)):
        book.write_text(text.replace("objection: {days: 7,", days), encoding="utf-8")
        office.house.data("rulebooks", "load", str(book))
        if payer is None:
            office.deny(office.shuangliao[1])
        office.later(minutes=1)
        words = ("statement", "issue", "--payer", SHUANGLIAO, "--season", SEASON, "--sample")
        document = office.house.data(*words)["document"]
    (line,) = document["lines"]
    assert (line["change"], document["objection"]["days"]) == (None, 2)
    asked = ("objection", "file", "--payer", SHUANGLIAO, "--season", SEASON, "--grounds", "现场没有火情")
    office.later(days=7)
    assert line["objection_until"] == beijing_date(office.clock).isoformat()
    assert office.house.data(*asked, line["fire_point_id"])["state"] == "open"


def test_an_appeal_goes_to_the_next_instance_once_and_in_time(office: Desk, tokens: dict[str, str]) -> None:
    appeal = ("objection", "appeal", "1", "--grounds", "答复未附证据")
    _file(office, tokens["yushu"])
    assert office.refused(*appeal, token=tokens["yushu"]) == "not_answered"
    _answer(office, 1, "rejected", tokens["changchun"])
    assert office.refused(*FILE, office.id_of(office.yushu[0]), token=tokens["yushu"]) == "objection_decided"
    assert office.refused(*appeal, token=tokens["changchun"]) == "not_the_payer"
    second = office.house.data(*appeal, token=tokens["yushu"])
    assert (second["objection_id"], second["instance"], second["appeals"]) == (2, 2, 1)
    assert second["answer_due"] == (beijing_date(office.clock) + dt.timedelta(days=30)).isoformat()
    assert office.refused(*appeal, token=tokens["yushu"]) == "objection_open"
    assert _answer_refused(office, 2, tokens["changchun"]) == "not_the_instance"
    assert _answer(office, 2, "rejected", tokens["jilin"])["state"] == "rejected"
    again = ("objection", "appeal", "2", "--grounds", "答复未附证据")
    assert office.refused(*again, token=tokens["yushu"]) == "last_instance"


def test_an_appeal_too_late_or_against_a_success_is_refused(office: Desk, tokens: dict[str, str]) -> None:
    other = (*FILE, office.id_of(office.yushu[1]))
    _file(office, tokens["yushu"])
    office.house.data(*other, token=tokens["yushu"])
    _answer(office, 1, "partly", tokens["changchun"])
    _answer(office, 2, "upheld", tokens["changchun"])
    asked = ("--grounds", "答复未附证据")
    assert office.refused("objection", "appeal", "2", *asked, token=tokens["yushu"]) == "upheld_already"
    office.later(days=8)
    assert office.refused("objection", "appeal", "1", *asked, token=tokens["yushu"]) == "deadline_passed"


def _at_the_end_of(office: Desk, day: str) -> None:
    last = dt.date.fromisoformat(day)
    office.clock = dt.datetime.combine(last, dt.time(23, 59), BEIJING).astimezone(dt.UTC)


def test_silence_may_be_taken_to_the_next_instance_once_the_answer_is_overdue(
    office: Desk, tokens: dict[str, str]
) -> None:
    appeal = ("objection", "appeal", "1", "--grounds", "逾期未予答复")
    filed = _file(office, tokens["yushu"])
    _at_the_end_of(office, filed["answer_due"])
    assert office.refused(*appeal, token=tokens["yushu"]) == "not_answered", "the last day is included"
    office.later(minutes=1)
    second = office.house.data(*appeal, token=tokens["yushu"])
    assert (second["instance"], second["appeals"], second["state"]) == (2, 1, "open")
    assert second["answer_due"] == (beijing_date(office.clock) + dt.timedelta(days=30)).isoformat()
    states = {one["objection_id"]: one["state"] for one in office.house.data("objection", "list")}
    assert states == {1: "unanswered", 2: "open"}
    assert _answer_refused(office, 1, tokens["changchun"]) == "objection_closed"
    assert office.refused(*appeal, token=tokens["yushu"]) == "objection_open"
    assert office.refused(*FILE, filed["fire_point_id"], token=tokens["yushu"]) == "objection_open"
    assert "逾期未答复" in "".join(office.house.run("objection", "list").stdout.split())
    assert _answer(office, 2, "rejected", tokens["jilin"])["state"] == "rejected"
    assert _state(office) == "issued", "nothing of it is open any more"
    roll = office.house.data("charge", "--season", SEASON, "--roll")
    assert roll["rows"][0]["suspended"] == "0.00"
    done = office.house.data("statement", "final", "--payer", YUSHU, "--season", SEASON)
    assert done["state"] == "final"
    assert office.verify(str(office.export("1.json")))["ok"]


def test_an_appeal_of_silence_that_is_withdrawn_leaves_it_open(office: Desk, tokens: dict[str, str]) -> None:
    filed = _file(office, tokens["yushu"])
    _at_the_end_of(office, filed["answer_due"])
    office.later(minutes=1)
    office.house.data("objection", "appeal", "1", "--grounds", "逾期未予答复", token=tokens["yushu"])
    office.house.data("objection", "withdraw", "2", token=tokens["yushu"])
    assert _answer(office, 1, "upheld", tokens["changchun"])["state"] == "upheld"


def test_an_objection_that_nobody_answers_does_not_keep_a_statement_open_for_ever(
    office: Desk, tokens: dict[str, str]
) -> None:
    final = ("statement", "final", "--payer", YUSHU, "--season", SEASON)
    filed = _file(office, tokens["yushu"])
    _at_the_end_of(office, filed["answer_due"])
    assert office.refused(*final) == "objections_open"
    office.later(minutes=1)
    assert office.refused(*final) == "appeal_open"
    last = dt.date.fromisoformat(filed["answer_due"]) + dt.timedelta(days=7)
    _at_the_end_of(office, last.isoformat())
    assert office.refused(*final) == "appeal_open", "the last day is included"
    office.later(minutes=1)
    late = office.refused("objection", "appeal", "1", "--grounds", "逾期未予答复", token=tokens["yushu"])
    assert late == "deadline_passed"
    assert office.house.data(*final)["state"] == "final"
    assert office.house.data("objection", "list")[0]["state"] == "lapsed"
    assert _answer_refused(office, 1, tokens["changchun"]) == "objection_closed"
    roll = office.house.data("charge", "--season", SEASON, "--roll")
    assert (roll["rows"][0]["state"], roll["rows"][0]["suspended"]) == ("final", "0.00")


def test_the_last_instance_cannot_keep_a_statement_open_by_silence_either(
    office: Desk, tokens: dict[str, str]
) -> None:
    _file(office, tokens["yushu"])
    _answer(office, 1, "rejected", tokens["changchun"])
    asked = ("--grounds", "答复未附证据")
    second = office.house.data("objection", "appeal", "1", *asked, token=tokens["yushu"])
    _at_the_end_of(office, second["answer_due"])
    final = ("statement", "final", "--payer", YUSHU, "--season", SEASON)
    assert office.refused(*final) == "objections_open"
    office.later(minutes=1)
    assert office.refused("objection", "appeal", "2", *asked, token=tokens["yushu"]) == "last_instance"
    assert office.house.data(*final)["state"] == "final"


# --- final ------------------------------------------------------------------------------------------


def test_final_waits_for_the_deadline_for_answers_and_for_appeals(office: Desk) -> None:
    final = ("statement", "final", "--payer", YUSHU, "--season", SEASON)
    assert office.refused(*final) == "deadline_open"
    office.later(days=6)
    _file(office)
    office.later(days=3)
    assert office.refused(*final) == "objections_open"
    _answer(office, 1, "rejected")
    assert office.refused(*final) == "appeal_open"
    office.later(days=9)
    done = office.house.data(*final, "--note", "无异议")
    assert (done["state"], done["number"]) == ("final", 1)
    assert _state(office) == "final"
    assert office.refused(*final) == "already_final"
    story = office.house.run("explain", office.id_of(office.yushu[0]), *BOOK).output
    assert "定案：无异议" in story, "the whole story of a fire point has the end of its statement"
    assert (
        office.refused("statement", "final", "--payer", SHUANGLIAO, "--season", SEASON) == "unknown_statement"
    )
    assert office.verify(str(office.export("1.json")))["ok"], "final is said beside it, not in it"
    office.deny(office.yushu[0])
    assert office.issue()["number"] == 2, "a later fact adjusts in the next issue, final or not"


# --- several rulebooks ------------------------------------------------------------------------------


def test_each_line_is_objected_to_by_the_rule_of_its_own_rulebook(
    office: Desk, tokens: dict[str, str]
) -> None:
    from tests.service.accountability.test_rulebooks import BOOKS

    text = (BOOKS / "jl-1.yaml").read_text(encoding="utf-8")
    old = text.replace("id: JL-1", "id: OLD").replace("to: null}\nwindows", "to: 2023-10-28}\nwindows")
    new = text.replace("id: JL-1", "id: NEW").replace("from: 2018-09-21", "from: 2023-10-29")
    new = new.replace(
        "objection: {days: 7, suspends_payment: true, instances: [{level: city, days: 15}, ",
        "objection: {days: 3, suspends_payment: false, instances: [",
    )
    for name, said in (("old", old), ("new", new)):
        path = office.house.folder / f"{name}.yaml"
        path.write_text(said, encoding="utf-8")
        office.house.data("rulebooks", "load", str(path))
    early = Fire(YUSHU, 6, "2023-10-20T11:00")
    office.house.burn([early], "early.csv")
    office.house.verify("early-results.csv")
    office.later(minutes=1)
    words = ("statement", "issue", "--payer", YUSHU, "--season", SEASON, "--sample")
    document = office.house.data(*words)["document"]
    day = beijing_date(office.clock)
    until_of = {line["fire_point_id"]: line["objection_until"] for line in document["lines"]}
    first, late = office.id_of(early), office.id_of(office.yushu[0])
    assert until_of[first] == (day + dt.timedelta(days=7)).isoformat()
    assert until_of[late] == (day + dt.timedelta(days=3)).isoformat()
    told = document["objection"]
    assert {one["rulebook"]: (one["days"], one["suspends_payment"]) for one in told["rules"]} == {
        "NEW": (3, False),
        "OLD": (7, True),
    }
    assert (told["until"], told["suspends_payment"]) == (until_of[first], True)
    office.later(days=4)
    assert office.refused(*FILE, late, token=tokens["yushu"]) == "deadline_passed"
    filed = office.house.data(*FILE, first, token=tokens["yushu"])
    assert filed["answer_due"] == (beijing_date(office.clock) + dt.timedelta(days=15)).isoformat()
    admitted = office.house.data(*FILE, late, "--late", "道路中断，未能按时提出", token=tokens["changchun"])
    assert admitted["answer_due"] == (beijing_date(office.clock) + dt.timedelta(days=30)).isoformat()
    (row,) = office.house.data("charge", "--season", SEASON, "--roll")["rows"]
    line = next(one for one in document["lines"] if one["fire_point_id"] == first)
    assert row["suspended"] == line["amount"], "the newer rule suspends nothing"
    assert _answer_refused(office, filed["objection_id"], tokens["jilin"]) == "not_the_instance"
    assert _answer(office, admitted["objection_id"], "rejected", tokens["jilin"])["state"] == "rejected"
    assert office.verify(str(office.export("two.json")))["ok"]
