"""`statement verify`: a file, a row, a chain or a record behind a line that was touched is found and named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.store import open_store
from tests.service.billing.desk import SEASON, SHUANGLIAO, YUSHU, Desk, desk

ONE = "payer_code = '220182' AND number = 1"


@pytest.fixture
def office(
    store_home: str, new_store_url: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """Two issues of one account, the second after a denial and a ruling."""
    with desk(store_home, new_store_url, tmp_path / "desk", monkeypatch) as opened:
        opened.house.rule(opened.yushu[1], "--zone", "none")
        opened.issue()
        opened.deny(opened.yushu[0])
        opened.issue()
        yield opened


def _named(office: Desk, *words: str) -> list[str]:
    """Return where `statement verify` finds differences; there must be some, and a sentence for each."""
    found = office.verify(*words, code=1)
    assert not found["ok"]
    for one in found["differences"]:
        assert one["zh"]
        assert one["en"]
        assert one["expected"] != one["found"]
    return [one["where"] for one in found["differences"]]


def test_what_was_issued_holds_with_later_issues_and_later_facts(office: Desk) -> None:
    first, second = office.export("1.json", YUSHU, "--number", "1"), office.export("2.json")
    head = office.house.data("statement", "list", "--payer", YUSHU)[-1]["sha256"]
    office.house.data("verify", office.id_of(office.yushu[1]), "--finding", "stubble", "--level", "province")
    office.house.data("assess")
    office.issue()
    for path in (first, second):
        found = office.verify(str(path), "--head", head)
        assert (found["ok"], found["recomputed"], found["statements"]) == (True, True, 3)
    said = office.verify("--sha", head.upper())
    assert (said["ok"], said["statement"]["number"]) == (True, 2)
    result = office.house.run("statement", "verify", str(first))
    assert "相符" in result.output


def test_a_statement_of_before_pixels_were_stated_still_holds(office: Desk) -> None:
    """Its bytes are as issued; whoever kept them is not told that they were altered."""
    from service.billing.audit import _as_then

    document = json.loads(office.export("2.json").read_bytes())
    older = {key: value for key, value in document.items() if key != "basis"}
    parts = ("states", "verifications", "rulings")
    older["lines"] = [
        {**line, "basis": {part: line["basis"][part] for part in parts}} for line in document["lines"]
    ]
    assert document["basis"]
    assert document["lines"][0]["basis"]["pixels"]
    assert _as_then(document, older) == older
    assert _as_then(document, document) == document


def test_what_a_newer_program_words_otherwise_accuses_nobody(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.accountability import eligibility
    from service.billing import causes, context, lines

    path = office.export("2.json")
    monkeypatch.setattr(lines, "_priced", lambda _trace, _payer: ("按新的说法", "in other words"))
    monkeypatch.setattr(context, "_note", lambda _count, _radius: ("新的提示", "another note"))
    monkeypatch.setitem(causes._SENTENCES, "denied", ("否定", "denied"))  # type: ignore[index]
    monkeypatch.setitem(eligibility._SAID, "denied", ("已否定", "denied"))
    found = office.verify(str(path))
    assert (found["ok"], found["differences"], found["recomputed"]) == (True, [], True)
    places = {one["where"].rpartition(".")[2] for one in found["wording"]}
    assert {"reason_zh", "reason_en", "threshold_note_zh", "zh", "en"} <= places
    assert found["reworded"] == len(found["wording"])
    shown = office.house.run("statement", "verify", str(path))
    assert shown.exit_code == 0
    for said in ("相符", f"程序措辞变化 {found['reworded']} 处", "按新的说法"):
        assert said in shown.output, said
    assert "被改动" not in shown.output
    assert (
        "worded otherwise by this program"
        in office.house.run("--lang", "en", "statement", "verify", str(path)).output
    )


def test_words_do_not_hide_an_amount_or_a_record(office: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.billing import lines

    path = office.export("2.json")
    monkeypatch.setattr(lines, "_priced", lambda _trace, _payer: ("按新的说法", "in other words"))
    office.sql("UPDATE verification SET finding = 'weeds' WHERE finding = 'straw'")
    found = office.verify(str(path), code=1)
    assert found["reworded"] > 0
    assert any("verifications" in one["where"] for one in found["differences"])
    assert not any(one["where"].endswith("reason_zh") for one in found["differences"])


def test_a_file_edited_by_any_byte_is_named_with_the_place(office: Desk) -> None:
    path = office.export("one.json", YUSHU, "--number", "1")
    data = path.read_bytes()
    edits = {
        "amounts.total": (b'"total":"800000.00"', b'"total":"800000.01"'),
        "payer.name": ('"name":"榆树市","uid"'.encode(), '"name":"榆村市","uid"'.encode()),
        ".amount": (b'"amount":"500000.00"', b'"amount":"400000.00"'),
        "people.preparer": (b'"preparer":null', b'"preparer":"x"'),
    }
    for place, (before, after) in edits.items():
        assert before in data, place
        path.write_bytes(data.replace(before, after, 1))
        assert any(place in where for where in _named(office, str(path))), place
    path.write_bytes(data + b"\n")
    assert _named(office, str(path)) == ["one.json"]
    path.write_bytes(json.dumps(json.loads(data), indent=1, ensure_ascii=False).encode())
    assert _named(office, str(path)) == ["one.json"]
    path.write_bytes(data.replace(b'"number":1,', b'"number":7,', 1))
    _named(office, str(path))
    for broken in (b"", data[:-1], b"[]", b'{"schema":"other"}', b"\xff\xfe"):
        path.write_bytes(broken)
        assert office.refused("statement", "verify", str(path)) == "not_a_statement"
    assert office.refused("statement", "verify", "nowhere.json") == "no_such_file"
    assert office.refused("statement", "verify", code=2) == "nothing_to_verify"
    assert _named(office, "--sha", "0" * 64) == ["sha256"]


@pytest.mark.parametrize(
    ("column", "value", "named"),
    [
        ("payer_name", "'别处'", "payer_name"),
        ("payer_uid", "'u220183'", "payer_uid"),
        ("status", "'official'", "status"),
        ("as_of_rev", "1", "as_of_rev"),
        ("computed_at", "'2026-01-01T00:00:00.000Z'", "computed_at"),
        ("previous", "100", "previous"),
        ("total", "79999900", "total"),
        ("net", "1", "net"),
        ("previous_sha256", "'ab'", "previous_sha256"),
        ("sha256", "'ab'", "sha256"),
        ("document", "replace(document, '500000.00', '400000.00')", "document"),
        ("rev", "2", "rev"),
        ("season", "'2022-2023'", "number"),
        ("number", "5", "number"),
        ("payer_code", "'220183'", "number"),
        ("id", "77", "id"),
    ],
)
def test_a_hand_edited_column_of_a_statement_is_named(
    office: Desk, column: str, value: str, named: str
) -> None:
    head = office.house.data("statement", "list", "--payer", YUSHU)[-1]["sha256"]
    office.sql(f"UPDATE statement SET {column} = {value} WHERE {ONE}")
    wheres = _named(office, "--head", head)
    assert any(named in where.partition(": ")[2] or named in where for where in wheres), wheres


def test_a_chain_that_lost_its_end_or_its_middle_is_named(office: Desk) -> None:
    first, second = office.export("1.json", YUSHU, "--number", "1"), office.export("2.json")
    head = office.house.data("statement", "list", "--payer", YUSHU)[-1]["sha256"]
    office.sql("DELETE FROM statement WHERE payer_code = '220182' AND number = 2")
    assert office.verify(str(first))["ok"], "without a head nobody can know"
    assert _named(office, str(first), "--head", head) == ["sha256"]
    assert _named(office, str(second)) == ["2.json"]


def test_a_chain_in_another_order_is_named(office: Desk) -> None:
    path = office.export("2.json")
    for before, after in ((1, 9), (2, 1), (9, 2)):
        office.sql(f"UPDATE statement SET number = {after} WHERE payer_code = '220182' AND number = {before}")
    assert any("number" in where for where in _named(office, str(path)))


def test_the_head_of_another_chain_is_no_head_of_this_one(office: Desk) -> None:
    other = office.issue(SHUANGLIAO)["sha256"]
    path = office.export("1.json", YUSHU, "--number", "1")
    assert _named(office, str(path), "--head", other) == ["head"]


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        ("UPDATE verification SET finding = 'nothing_found' WHERE id = {verification}", "computed"),
        ("UPDATE verification SET level = 'local' WHERE id = {verification}", "verifications[0]"),
        ("UPDATE verification SET note = 'x' WHERE id = {verification}", "verifications[0]"),
        ("UPDATE verification SET person = '别人' WHERE id = {verification}", "verifications[0]"),
        ("DELETE FROM verification WHERE id = {verification}", "computed"),
        ("UPDATE ruling SET reason = '另有理由' WHERE kind = 'zone'", "rulings[0]"),
        ("UPDATE ruling SET value = 'BAN-9' WHERE kind = 'zone'", "rulings[0]"),
        ("UPDATE fire_point_state SET county_share = 0.5 WHERE fire_point_id = '{point}'", "states[0]"),
        ("UPDATE fire_point_state SET lon = 126.1 WHERE fire_point_id = '{point}'", "states[0]"),
        ("UPDATE fire_point_state SET county_code = '220183' WHERE fire_point_id = '{point}'", "states[0]"),
        ("UPDATE fire_point_state SET screen = 'other' WHERE fire_point_id = '{point}'", "computed"),
        ("UPDATE detection SET lon = 126.1 WHERE id = {pixel}", "pixels[0]"),
        ("UPDATE observation SET frp_mw = 99.5 WHERE detection_id = {pixel}", "pixels[0]"),
    ],
)
def test_an_edited_record_behind_a_line_is_named(office: Desk, edit: str, named: str) -> None:
    path = office.export("1.json", YUSHU, "--number", "1")
    point = office.id_of(office.yushu[1])
    words = {
        "point": point,
        "pixel": f"(SELECT min(detection_id) FROM detection_state WHERE fire_point_id = '{point}')",
        "verification": f"(SELECT min(id) FROM verification WHERE fire_point_id = '{point}')",
    }
    if "fire_point_state" in edit:
        edit += " AND rev_to IS NULL" if "screen" not in edit else ""
    office.sql(edit.format(**words))
    found = office.verify(str(path), code=1)
    told = [(one["code"], one["where"]) for one in found["differences"]]
    assert any(named in (code, *where.split()) for code, where in told), told
    assert any(point in where or code == "computed" for code, where in told), told


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE verification SET actor = 'x' WHERE finding = 'nothing_found'",
        "UPDATE verification SET note = 'x' WHERE finding = 'nothing_found'",
        "UPDATE verification SET evidence_sha256 = NULL WHERE finding = 'nothing_found'",
        "UPDATE fire_point_state SET lat = 44.5 WHERE fire_point_id = '{point}' AND rev_to IS NULL",
    ],
)
def test_an_edited_record_behind_a_point_that_costs_nothing_is_named(office: Desk, edit: str) -> None:
    path, point = office.export("2.json"), office.id_of(office.yushu[0])
    office.sql(edit.format(point=point))
    assert any(point in where for where in _named(office, str(path)))


def test_what_was_done_about_a_statement_cannot_be_edited_unseen(office: Desk) -> None:
    path, point = office.export("1.json", YUSHU, "--number", "1"), office.id_of(office.yushu[1])
    asked = ("--payer", YUSHU, "--season", SEASON)
    filed = ("objection", "file", point, *asked, "--grounds", "现场没有火情")
    office.house.data(*filed)
    office.later(days=1)
    office.house.data("objection", "answer", "1", "--outcome", "rejected", "--reason", "经核查如此")
    office.later(days=1)
    office.house.data("objection", "appeal", "1", "--grounds", "答复没有证据")
    office.later(days=1)
    office.house.data("objection", "withdraw", "2")
    office.later(days=30)
    office.house.data("statement", "final", *asked, "--number", "1")
    assert office.verify(str(path))["ok"]
    edits = (
        ("UPDATE objection SET grounds = {} WHERE id = 1", "'另有理由'", "'现场没有火情'", "said"),
        (
            "UPDATE objection_event SET outcome = {} WHERE objection_id = 1",
            "'upheld'",
            "'rejected'",
            "outcome",
        ),
        (
            "UPDATE objection_event SET reason = {} WHERE objection_id = 1",
            "'错了错了'",
            "'经核查如此'",
            "said",
        ),
    )
    for edit, wrong, right, named in edits:
        office.sql(edit.format(wrong))
        assert any(where.endswith(named) for where in _named(office, str(path))), edit
        office.sql(edit.format(right))
    for table, column in (
        ("objection", "answer_due = '2030-01-01'"),
        ("objection", "evidence_sha256 = 'ab'"),
        ("objection_event", "evidence_sha256 = 'ab'"),
        ("statement_event", "note = '另有说明'"),
    ):
        name = column.partition(" ")[0]
        kept, rev = _value(office, table, name), _value(office, table, "rev").strip("'")
        office.sql(f"UPDATE {table} SET {column} WHERE id = 1")
        assert f"revision {rev}" in _named(office, str(path)), column
        office.sql(f"UPDATE {table} SET {name} = {kept} WHERE id = 1")
    assert office.verify(str(path))["ok"]
    office.sql("UPDATE objection SET filed_by = 'x' WHERE id = 2")
    assert "actor" in [where.rpartition(" ")[2] for where in _named(office, str(path))]
    for command, row in (("statement.final", "statement_event"), ("objection.withdraw", "objection_event")):
        office.sql(f"DELETE FROM {row} WHERE id = (SELECT max(id) FROM {row})")
        assert any(where.endswith(command) for where in _named(office, str(path)))


def _value(office: Desk, table: str, column: str) -> str:
    store = open_store(office.house.url)
    with store.engine.connect() as connection:
        found = connection.execute(sa.text(f"SELECT {column} FROM {table} WHERE id = 1")).scalar()
    store.close()
    return "NULL" if found is None else f"'{found}'"


def test_a_public_notice_whose_date_is_edited_is_named(office: Desk) -> None:
    path, point = office.export("1.json", YUSHU, "--number", "1"), office.id_of(office.yushu[1])
    office.house.data("publicise", point, "--at", "2023-11-03 10:00", "--notice", "第1期公示")
    assert office.verify(str(path))["ok"]
    office.sql("UPDATE publication SET notice = '第2期公示'")
    assert [where.partition(" ")[0] for where in _named(office, str(path))] == ["revision"]


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE verification SET level = 'nobody' WHERE finding = 'straw'",
        "UPDATE verification SET area_exact = 'much' WHERE finding = 'straw'",
        "UPDATE rulebook SET document = substr(document, 1, 99)",
    ],
)
def test_a_row_that_cannot_be_read_any_more_is_a_difference_and_no_traceback(office: Desk, edit: str) -> None:
    office.house.data("rulebooks", "load", "JL-1")
    office.later(minutes=1)
    office.house.data(
        *("statement", "issue", "--payer", SHUANGLIAO, "--season", SEASON, "--sample"),
    )
    path = office.export("s.json", SHUANGLIAO)
    assert office.verify(str(path))["ok"]
    office.sql(edit)
    found = office.verify(str(path), code=1)
    assert {"unreadable", "computed"} & {one["code"] for one in found["differences"]}


def test_an_edited_rulebook_is_named(office: Desk) -> None:
    made = office.house.folder / "book.yaml"
    from tests.service.accountability.test_rulebooks import BOOKS

    made.write_text((BOOKS / "jl-1.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    office.house.data("rulebooks", "load", str(made))
    office.later(minutes=1)
    words = ("statement", "issue", "--payer", SHUANGLIAO, "--season", SEASON, "--sample")
    document = office.house.data(*words)["document"]
    assert document["selection"] == {"rulebook": None}
    path = office.export("s.json", SHUANGLIAO)
    assert office.verify(str(path))["ok"]
    office.sql("""UPDATE rulebook SET document = replace(document, '"300000"', '"200000"')""")
    assert any("rulebook" in where for where in _named(office, str(path)))


def test_a_reader_of_elsewhere_verifies_as_if_nothing_were_there(office: Desk) -> None:
    path = office.export("1.json", YUSHU, "--number", "1")
    token = office.user("shuangliao", "county", SHUANGLIAO)
    result = office.house.run("--json", "statement", "verify", str(path), token=token)
    assert result.exit_code == 1
    found = json.loads(result.stdout)["data"]
    assert (found["issued"], found["statement"], found["statements"]) == (False, None, 0)
    assert [one["where"] for one in found["differences"]] == ["1.json"]


def test_who_ruled_and_why_long_ago_is_sealed_and_its_revision_named(office: Desk) -> None:
    path = office.export("2.json")
    before = office.verify(str(path))
    newest = before["revisions"]["sha256"]
    assert office.verify("--head", newest)["ok"]
    result = office.house.run("statement", "verify", str(path))
    assert f"号修订的封存相符，末号封存 SHA-256 {newest}" in result.output.replace("\n", "")
    away = office.house.ids()
    office.house.data("rule", next(iter(away.values())), "--exempt", "storm", "--reason", "现场核实大风")
    rev = office.verify(str(path))["revisions"]["last"]
    for edit in (
        f"UPDATE ruling SET reason = '无风' WHERE rev = {rev}",
        f"UPDATE revision SET actor = '别人' WHERE id = {rev}",
    ):
        office.sql(edit)
        assert f"revision {rev}" in _named(office, str(path))
    assert office.verify("--head", newest, code=1)["issued"] is False
