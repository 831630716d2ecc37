"""`huodian charge` as people read it: a table with totals, warnings that say what is missing, the finance list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import cast

import pytest

from service.cli.charge_text import tables
from service.cli.session import Session
from tests.service.billing.house import Fire, House, fires, house

ASKED = ("charge", "--season", "2023-2024", "--rulebook", "JL-1")


@pytest.fixture
def opened(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[House]:
    with house(store_home, new_store_url, tmp_path / "house") as made:
        made.burn(
            [*fires("220182", 3, "2023-10-29T12:00"), Fire("220283", 0, "2023-10-29T12:30", finding=None)]
        )
        made.verify()
        yield made


def test_the_table_has_each_payer_its_counts_and_both_units_of_money(opened: House) -> None:
    answer = opened.run(*ASKED)
    assert answer.exit_code == 0
    yushu = next(line for line in answer.stdout.splitlines() if "220182" in line)
    assert [word.strip() for word in yushu.strip("│ ").split("│")] == [
        *("220182", "榆树市", "3", "3", "0", "0", "1,100,000.00", "110"),
    ]
    shulan = next(line for line in answer.stdout.splitlines() if "220283" in line)
    assert [word.strip() for word in shulan.strip("│ ").split("│")][2:] == ["1", "0", "1", "0", "0.00", "0"]
    assert "合计" in answer.stdout
    assert "1 个火点待核实或待裁定" in answer.stderr
    assert "不得据此扣款" in answer.stderr
    assert "payer" in opened.run("--lang", "en", *ASKED).stdout


def test_a_line_carries_its_trace_and_nobody_elses_fires(opened: House) -> None:
    data = opened.charge("2023-2024", "--rulebook", "JL-1")
    names = set(opened.ids().values())
    for line in data["charges"]:
        trace = line["trace"]
        assert trace["rulebook"] == "JL-1"
        assert (trace["ordinal"], trace["scope"], trace["scope_unit"]) == (
            line["ordinal"],
            "county",
            "220182",
        )
        assert [layer for layer, _ in trace["layers"]] == ["county", "regime"]
        assert not (names - {line["fire_point_id"]}) & set(str(trace).split("'"))
    assert data["held"][0]["zh"] == "尚未核实"


def test_the_finance_list_is_of_issued_statements_alone(opened: House) -> None:
    assert opened.data("charge", "--season", "2023-2024", "--roll")["rows"] == []
    words = ("--payer", "220182", "--season", "2023-2024", "--rulebook", "JL-1", "--sample")
    opened.data("statement", "issue", *words)
    roll = opened.data("charge", "--season", "2023-2024", "--roll")
    assert [(one["payer"]["code"], one["total"]) for one in roll["rows"]] == [("220182", "1100000.00")]
    text = opened.run(*ASKED, "--roll")
    assert text.exit_code == 0
    assert "--rulebook" in text.stderr, "it says what it does not use"


def test_a_season_without_a_fire_costs_nothing(opened: House) -> None:
    data = opened.charge("2021-2022", "--rulebook", "JL-1")
    assert (data["total"], data["payers"], data["counts"]["fire_points"]) == ("0.00", [], 0)


def test_what_a_rulebook_says_besides_money_stands_in_short_tables(opened: House) -> None:
    text = (resources.files("service.accountability") / "books" / "jl-1.yaml").read_text("utf-8")
    path = opened.folder / "ladder.yaml"
    ladder = text.replace("id: JL-1", "id: JL-LADDER").replace("level: village", "level: county")
    path.write_text(ladder, "utf-8")
    opened.data("rulebooks", "load", str(path))
    asked = ("charge", "--season", "2023-2024", "--rulebook", "JL-LADDER")
    (reached,) = opened.data(*asked)["escalations"]
    shown = opened.run(*asked).stdout
    for said in ("逐级措施 1", "榆树市", "220182", str(reached["count"]), "约谈乡镇党委书记"):
        assert said in shown, said
    assert "1 escalations" in opened.run("--lang", "en", *asked).stdout
    assert "逐级措施" not in opened.run(*ASKED).stdout, (
        "the shipped ladder counts villages; none is known here"
    )


def test_a_long_table_says_how_many_rows_it_leaves_to_json() -> None:
    class Zh:
        @staticmethod
        def pick(zh: str, _en: str) -> str:
            return zh

    score = {
        "id": "s",
        "clause": "第四条",
        "level": "county",
        "unit": "220182",
        "season": "2023",
        "count": 1,
        "reason": "x",
        "zh": "扣分 [b]",
        "en": "x",
        "points": "-0.5",
        "items": {},
    }
    empty = {"payers": [], "charges": [], "escalations": [], "rewards": [], "deposits": []}
    (table,) = tables(cast(Session, Zh()), {**empty, "scores": [score] * 30})
    assert table.row_count == 12
    assert table.title == "计分 30，另有 18 行见 --json"
    assert tables(cast(Session, Zh()), {**empty, "scores": []}) == []


def test_a_list_of_no_season_is_refused_and_one_without_statements_says_so(opened: House) -> None:
    for season in ("2023-24", "2023-2025", "banana", "２０２３-２０２４"):
        assert opened.refused("charge", "--season", season, "--roll", code=2) == "bad_season"
    empty = opened.run("charge", "--season", "2023-2024", "--roll")
    assert empty.exit_code == 0
    assert "没有已签发的通知单" in empty.stdout
    assert opened.data("charge", "--season", "2017", "--roll")["rows"] == []


@pytest.mark.parametrize("at", ["0001-01-01", "9999-12-31T23:59-08:00", "yesterday", ""])
def test_an_instant_that_no_calendar_tells_is_refused(opened: House, at: str) -> None:
    assert opened.refused(*ASKED, "--at", at, code=2) == "bad_at"
    assert opened.refused("--as-of", at, *ASKED, code=2) == "bad_as_of"


def test_digits_of_another_script_are_no_revision(opened: House) -> None:
    for text in ("²", "２", "9" * 5000):
        assert opened.refused("--as-of", text, *ASKED, code=2) == "bad_as_of"
