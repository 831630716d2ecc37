"""Statements through the command line, on both homes: issued once, adjusted, refused, read within scope."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from gis.errors import HuodianError
from service.billing.charges import run_charges
from service.billing.issue import Wanted, issue
from service.scope import whole
from service.store import open_store
from tests.service.billing.desk import BOOK, SEASON, SHUANGLIAO, WHEN, YUSHU, Desk, desk
from tests.service.billing.house import Fire
from tests.service.pipeline import feeds
from tests.service.pipeline.feeds import at


@pytest.fixture
def office(
    store_home: str, new_store_url: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    with desk(store_home, new_store_url, tmp_path / "desk", monkeypatch) as opened:
        yield opened


def _adjusted(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["fire_point_id"]: (one["delta"], one["cause"]) for one in document["adjustments"]}


def test_an_issue_is_frozen_canonical_bytes_with_everything_a_dispute_asks(office: Desk) -> None:
    document = office.issue(YUSHU, "--preparer", "甲", "--reviewer", "乙", "--approver", "丙")
    path = office.export("one.json")
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == document["sha256"]
    assert rfc8785.dumps(json.loads(data)) == data
    assert document["amounts"]["total_upper"] == "人民币捌拾万元整"
    assert (document["number"], document["mark"], document["status"]) == (1, "非正式", "sample")
    assert document["people"] == {"preparer": "甲", "reviewer": "乙", "approver": "丙"}
    assert document["previous"] is None
    assert document["adjustments"] == []
    assert document["map"]["outlines"][0]["code"] == YUSHU
    first, second = document["lines"]
    assert (first["ordinal"], first["amount"], second["amount"]) == (1, "500000.00", "300000.00")
    assert {line["mark"] for line in document["lines"]} == {"非正式"}
    assert first["reason_zh"] == "首个与后续火点：本考核期本单位第 1 个，计 50 万元"
    assert first["context"]["shares"][0]["code"] == YUSHU
    assert (first["verified_level"], first["change"], first["objection"]) == ("city", "new", None)
    assert (
        "." not in json.dumps(json.loads(data), default=str).replace('"', "").split("lines")[0].split("{")[0]
    )


def test_a_draft_stores_nothing_and_names_the_number_it_would_have(office: Desk) -> None:
    before = office.house.revision
    made = office.house.data("statement", "draft", "--payer", YUSHU, "--season", SEASON, *BOOK)
    assert (made["statement_id"], made["document"]["kind"], made["document"]["number"]) == (None, "draft", 1)
    assert "issued_at" not in made["document"] or made["document"]["issued_at"] is None
    assert office.house.revision == before
    assert office.house.data("statement", "list") == []
    result = office.house.run("statement", "draft", "--payer", YUSHU, "--season", SEASON, *BOOK)
    assert "800,000.00" in result.output
    assert "人民币捌拾万元整" in result.output
    assert "非正式" in result.output


def test_what_may_not_be_issued_is_refused_with_its_reason(office: Desk) -> None:
    assert office.issue_refused(YUSHU) == "no_rulebook"
    assert office.issue_refused(YUSHU, *BOOK) == "informal"
    assert office.issue_refused("220183", *BOOK, "--sample") == "unknown_payer"
    assert office.issue_refused("999999", *BOOK, "--sample") == "unknown_payer"
    asked = ("statement", "issue", "--payer", YUSHU, *BOOK, "--sample")
    assert office.refused(*asked, "--season", "2023", code=2) == "bad_season"
    assert office.refused(*asked, "--season", "1999-2000") == "no_rulebook"
    assert office.refused(*asked, "--season", SEASON, "--at", "2023-12-01", code=2) == "issue_in_the_past"
    assert office.refused(*asked, "--season", SEASON, "--at", "2099-12-01", code=2) == "issue_in_the_future"
    assert office.refused("--as-of", "1", *asked, "--season", SEASON, code=2) == "write_as_of"
    office.issue()
    assert office.issue_refused(YUSHU, *BOOK, "--sample") == "nothing_changed"
    assert [one["number"] for one in office.house.data("statement", "list")] == [1]


def test_a_denied_first_re_orders_and_the_next_issue_says_so(office: Desk) -> None:
    before = office.issue()
    office.issue(SHUANGLIAO)
    office.deny(office.yushu[0])
    denied, other = (office.id_of(fire) for fire in office.yushu)
    after = office.issue()
    assert _adjusted(after) == {denied: ("-500000.00", "denied"), other: ("200000.00", "reordered")}
    moved = next(one for one in after["adjustments"] if one["fire_point_id"] == other)
    assert moved["caused_by"] == [denied]
    assert denied in moved["zh"]
    assert "核实否定" in moved["zh"]
    assert (after["amounts"]["previous"], after["amounts"]["net"]) == ("800000.00", "-300000.00")
    assert after["amounts"]["net_upper"].startswith("人民币负")
    assert after["previous"] == {"number": 1, "sha256": before["sha256"]}
    assert [(line["fire_point_id"], line["change"]) for line in after["lines"]] == [(other, "changed")]
    assert [(one["fire_point_id"], one["reason"]) for one in after["left_out"]] == [(denied, "denied")]
    assert office.issue_refused(SHUANGLIAO, *BOOK, "--sample") == "nothing_changed", (
        "nobody else is concerned"
    )


def test_a_fire_moved_by_a_ruling_leaves_one_account_and_enters_the_other(office: Desk) -> None:
    office.issue()
    office.issue(SHUANGLIAO)
    point = office.id_of(office.yushu[1])
    office.house.rule(office.yushu[1], "--unit", SHUANGLIAO)
    left, entered = office.issue(), office.issue(SHUANGLIAO)
    assert _adjusted(left) == {point: ("-300000.00", "unit_ruled")}
    assert _adjusted(entered)[point] == ("300000.00", "unit_ruled")
    assert SHUANGLIAO not in json.dumps(left["adjustments"]), "who pays now is not said"
    line = next(one for one in entered["lines"] if one["fire_point_id"] == point)
    assert line["rulings"] == [{"kind": "unit", "value": SHUANGLIAO, "reason": "现场核实裁定"}]


def _feed(office: Desk, name: str, *rows: feeds.Row) -> None:
    office.house.data("ingest", str(feeds.write(office.house.folder / name, rows)))
    office.house.data("assess")


def _confirm(office: Desk, *points: str) -> None:
    for point in points:
        office.house.data("verify", point, "--finding", "straw", "--level", "city", "--person", "丁")
    office.house.data("assess")


def _here(office: Desk, fire: Fire) -> set[str]:
    """Return the live fire points near a fire."""
    lon = float(fire.spot[0])
    return {name for (x, _, _), name in office.house.ids().items() if abs(float(x) - lon) < 0.02}


def test_a_merge_of_two_billed_points_is_adjusted(office: Desk) -> None:
    west = office.yushu[1].row()
    _feed(office, "east.csv", west.moved(1000, 0, 0))
    pair = sorted(_here(office, office.yushu[1]))
    assert len(pair) == 2
    _confirm(office, *pair)
    before = office.issue()
    assert before["amounts"]["total"] == "1100000.00"
    _feed(office, "bridge.csv", west.moved(500, 0, -10))
    (kept,) = _here(office, office.yushu[1])
    (gone,) = set(pair) - {kept}
    asked = ("--payer", "220182", "--season", SEASON, "--grounds", "现场没有火情")
    office.house.data("objection", "file", gone, *asked)
    roll = ("charge", "--season", SEASON, "--roll")
    assert office.house.data(*roll)["totals"]["suspended"] == "300000.00", (
        "its own line, not the one it joined too"
    )
    after = office.issue()
    (became,) = (line["amount"] for line in after["lines"] if line["fire_point_id"] == kept)
    assert office.house.data(*roll)["totals"]["suspended"] == became
    told = next(one for one in after["adjustments"] if one["fire_point_id"] == gone)
    assert (told["cause"], told["caused_by"], told["after"]) == ("merged", [kept], "0.00")
    assert kept in told["zh"]
    deltas = sum(Decimal(one["delta"]) for one in after["adjustments"])
    assert deltas == Decimal(after["amounts"]["net"]) == Decimal(-300_000)
    assert gone not in {line["fire_point_id"] for line in after["lines"]}


def test_a_point_that_splits_off_is_charged_as_such_once_it_is_verified(office: Desk) -> None:
    founder = feeds.Row(at("2023-10-29 02:00"), "126.55000", "44.85000", scan="0.8", track="0.8")
    _feed(office, "one.csv", founder, founder.moved(-500, 0, 10), founder.moved(500, 0, 10))
    ids = set(office.house.ids().values())
    (whole_point,) = ids - {office.id_of(fire) for fire in (*office.yushu, *office.shuangliao)}
    _confirm(office, whole_point)
    office.issue()
    _feed(office, "standard.csv", founder.moved(390, 0, 0, version=feeds.STANDARD))
    (part,) = set(office.house.ids().values()) - ids
    _confirm(office, part)
    after = office.issue()
    told = next(one for one in after["adjustments"] if one["fire_point_id"] == part)
    assert (told["cause"], told["caused_by"]) == ("split", [whole_point])


def test_a_payer_that_owes_nothing_any_more_gets_it_back(office: Desk) -> None:
    office.issue()
    for fire in office.yushu:
        office.deny(fire)
    after = office.issue()
    assert after["lines"] == []
    assert (after["amounts"]["total"], after["amounts"]["net"]) == ("0.00", "-800000.00")
    assert office.issue_refused(YUSHU, *BOOK, "--sample") == "nothing_changed"


def test_another_rulebook_is_the_cause_where_it_changes_the_price(office: Desk) -> None:
    office.issue()
    office.issue(SHUANGLIAO)
    office.later(minutes=1)
    words = ("statement", "issue", "--payer", SHUANGLIAO, "--season", SEASON, "--rulebook", "JL-1-PROVINCE")
    draft = ("statement", "draft", *words[2:])
    assert "只按 JL-1-PROVINCE 计算" in office.house.run(*draft).output
    after = office.house.data(*words, "--sample")["document"]
    causes = {one["cause"] for one in after["adjustments"]}
    assert causes == {"rulebook_changed"}
    assert after["rulebooks"][0]["id"] == "JL-1-PROVINCE"


def test_the_sum_of_all_nets_is_the_adjudication_of_the_facts_as_they_are(office: Desk) -> None:
    office.issue()
    office.issue(SHUANGLIAO)
    office.house.burn([Fire(YUSHU, 5, "2023-10-28T11:00")], "more.csv")
    office.house.verify("more-results.csv")
    office.issue()
    office.deny(office.shuangliao[1])
    office.issue(SHUANGLIAO)
    office.house.rule(office.yushu[0], "--unit", SHUANGLIAO)
    office.issue()
    office.issue(SHUANGLIAO)
    store = open_store(office.house.url)
    with store.reader() as reader:
        run = run_charges(reader, SEASON, rulebook="JL-1")
    store.close()
    nets: dict[str, Decimal] = {}
    for one in office.house.data("statement", "list"):
        nets[one["payer"]] = nets.get(one["payer"], Decimal(0)) + Decimal(one["net"])
    assert nets == run.by_payer


def test_official_statements_continue_official_ones_and_never_a_sample(office: Desk) -> None:
    sample = office.issue()
    path = office.house.folder / "official.yaml"
    from tests.service.accountability.test_rulebooks import BOOKS

    text = (BOOKS / "jl-1.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("status: sample", "status: official"), encoding="utf-8")
    office.house.data("rulebooks", "load", str(path))
    assert office.issue_refused(YUSHU) == "informal", "the boundaries are no official ones either"
    office.sql("""UPDATE layer_stack SET layers = replace(layers, '"reference"', '"official"')""")
    office.later(minutes=1)
    made = office.house.data("statement", "issue", "--payer", YUSHU, "--season", SEASON)["document"]
    assert (made["mark"], made["status"], made["number"]) == ("", "official", 2)
    assert made["previous"] == {"number": 1, "sha256": sample["sha256"]}
    assert (made["amounts"]["previous"], made["amounts"]["net"]) == ("0.00", "800000.00")
    assert made["amounts"]["previous_number"] is None
    roll = office.house.data("charge", "--season", SEASON, "--roll")
    assert (roll["mark"], roll["samples_left_out"], roll["totals"]["net"]) == ("", 1, "800000.00")


def test_only_the_province_issues_and_nobody_to_itself(office: Desk) -> None:
    tokens = {
        name: office.user(name, role, unit)
        for name, role, unit in (
            ("chief", "admin", None),
            ("jilin", "province", "220000"),
            ("changchun", "city", "220100"),
            ("yushu", "county", YUSHU),
        )
    }
    assert office.issue_refused(YUSHU, *BOOK, "--sample", token=tokens["yushu"]) == "role_may_not"
    assert office.issue_refused(YUSHU, *BOOK, "--sample", token=tokens["changchun"]) == "role_may_not"
    document = office.issue(YUSHU, token=tokens["jilin"])
    office.issue(SHUANGLIAO, token=tokens["chief"])
    final = ("statement", "final", "--payer", YUSHU, "--season", SEASON)
    assert office.refused(*final, token=tokens["yushu"]) == "role_may_not"
    seen = {
        name: [one["payer"] for one in office.house.data("statement", "list", token=token)]
        for name, token in tokens.items()
    }
    assert seen == {
        "chief": [YUSHU, SHUANGLIAO],
        "jilin": [YUSHU, SHUANGLIAO],
        "changchun": [YUSHU],
        "yushu": [YUSHU],
    }
    asked = ("statement", "show", "--season", SEASON, "--payer")
    assert office.refused(*asked, SHUANGLIAO, token=tokens["yushu"]) == "unknown_statement"
    assert office.refused(*asked, "220183", token=tokens["yushu"]) == "unknown_statement"
    draft = ("statement", "draft", "--season", SEASON, *BOOK, "--payer")
    assert office.refused(*draft, SHUANGLIAO, token=tokens["yushu"]) == "unknown_payer"
    own = office.house.data(*asked, YUSHU, token=tokens["yushu"])
    assert own["sha256"] == document["sha256"]
    roll = office.house.data("charge", "--season", SEASON, "--roll", token=tokens["yushu"])
    assert [one["payer"]["code"] for one in roll["rows"]] == [YUSHU]
    text = json.dumps(own, ensure_ascii=False) + json.dumps(roll, ensure_ascii=False)
    assert not [fire for fire in office.shuangliao if office.id_of(fire) in text]


def test_two_writers_at_once_issue_one_number_each_once(office: Desk) -> None:
    outcomes: list[str] = []

    def send() -> None:
        store = open_store(office.house.url)
        try:
            made = issue(store, whole("t"), Wanted(YUSHU, SEASON, "JL-1", sample=True), actor="t")
            outcomes.append(str(made.document["number"]))
        except HuodianError as error:
            outcomes.append(error.code)
        finally:
            store.close()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["1", "nothing_changed", "nothing_changed"]
    assert [one["number"] for one in office.house.data("statement", "list")] == [1]


def test_a_statement_names_its_payer_by_any_code_of_the_unit(office: Desk) -> None:
    office.house.burn([Fire("220184", 0, WHEN)], "gzl.csv")
    office.house.verify("gzl-results.csv")
    document = office.issue("220381")
    assert document["payer"]["code"] == "220184"
    shown = office.house.data("statement", "show", "--payer", "220381", "--season", SEASON)
    assert shown["sha256"] == document["sha256"]
    tokens = [office.user(name, "city", code) for name, code in (("new", "220100"), ("old", "220300"))]
    seen = [len(office.house.data("statement", "list", token=token)) for token in tokens]
    assert seen == [1, 0], "公主岭 left 四平 in 2020: its statements are read where it is assessed now"


def test_an_issue_that_could_not_be_written_to_its_file_is_not_issued(office: Desk) -> None:
    out = str(office.house.folder / "nowhere" / "a.pdf")
    assert office.issue_refused(YUSHU, *BOOK, "--sample", "-o", out) == "no_such_folder"
    assert office.house.data("statement", "list") == []


def test_a_draft_as_of_then_is_what_was_known_then(office: Desk) -> None:
    then = office.house.revision
    office.deny(office.yushu[0])
    words = ("statement", "draft", "--payer", YUSHU, "--season", SEASON, *BOOK)
    assert office.house.data(*words)["document"]["amounts"]["total"] == "500000.00"
    before = office.house.data("--as-of", str(then), *words)["document"]
    assert (before["amounts"]["total"], before["as_of"]["revision"]) == ("800000.00", then)


def test_the_approval_number_of_the_map_is_that_of_the_day_of_issue(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = office.issue()
    assert "approval" not in first["map"]
    monkeypatch.setenv("HUODIAN_MAP_APPROVAL", "吉S(2024)001号")
    assert office.issue(SHUANGLIAO)["map"]["approval"] == "吉S(2024)001号"
    drafted = office.house.data("statement", "draft", "--payer", YUSHU, "--season", SEASON, *BOOK)
    assert drafted["document"]["map"]["approval"] == "吉S(2024)001号"
    assert office.issue_refused(YUSHU, *BOOK, "--sample") == "nothing_changed", "a new number is no news"
    monkeypatch.delenv("HUODIAN_MAP_APPROVAL")
    for payer in (YUSHU, SHUANGLIAO):
        assert office.verify(str(office.export(f"{payer}.json", payer)))["recomputed"], "each with its own"


def test_a_terminal_lists_twenty_points_that_wait_and_says_where_the_rest_is(
    office: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    from types import SimpleNamespace

    from service.cli.statement_text import print_statement

    document = {
        **office.issue(),
        "held": [
            {
                "fire_point_id": f"P{number:02}",
                "reason": "overdue",
                "zh": "逾期未核实",
                "en": "overdue",
                "at_stake": None,
            }
            for number in range(23)
        ],
    }
    session: Any = SimpleNamespace(pick=lambda zh, _en: zh, lang="zh")
    print_statement(session, {"sha256": document["sha256"]}, document)
    shown = capsys.readouterr().out
    assert shown.count("待定 P") == 20
    assert "另有待定 3 处" in shown
    assert "huodian pending" in shown
    print_statement(session, {"sha256": ""}, {**document, "held": document["held"][:20]})
    assert "另有待定" not in capsys.readouterr().out
