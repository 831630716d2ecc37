"""The story of a fire point as people ask for it, in both homes."""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.billing.explain_page import page
from service.cli import schemas
from service.pipeline.area import refresh_area
from tests.service.accountability.test_rulebooks import BOOKS
from tests.service.billing.house import spots
from tests.service.billing.story import AT, BEGAN, NOON, SEASON, YUSHU, A, B, C, Scene, scene
from tests.service.billing.test_facts import _patrol
from tests.service.pipeline.feeds import Row, at
from tests.test_punctuation import wrong

BOOK = ("--rulebook", "JL-1")
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def told(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[Scene]:
    with scene(store_home, new_store_url, tmp_path / "scene") as opened:
        yield opened


def test_it_names_the_rows_that_said_it_and_what_they_replaced(told: Scene) -> None:
    story = told.explained(told.main)
    assert [one["satellite"] for one in story["pixels"]] == ["NOAA-20", "NOAA-20", "SNPP"]
    rows = {(row["file"], row["line"]) for one in story["pixels"] for row in one["observations"]}
    assert rows == {("standard.csv", 2), ("nrt.csv", 3), ("nrt.csv", 4)}
    (moved,) = [one for one in story["pixels"] if one["superseded"]]
    assert moved["founder"], "what replaced the founder carries its number on"
    assert moved["observations"][0]["product"] == "2"
    (old,) = moved["superseded"]
    assert (old["observations"][0]["file"], old["observations"][0]["line"]) == ("nrt.csv", 2)
    assert old["was_founder"]
    data = (told.house.folder / "nrt.csv").read_bytes()
    assert old["observations"][0]["sha256"] == hashlib.sha256(data).hexdigest()
    strongest = next(one for one in story["pixels"] if one["representative"])
    assert strongest["observations"][0]["frp_mw"] == 9.5
    assert story["clustering"]["params"]["distance_m"] == 750
    assert 0 < story["clustering"]["extent_m"] <= 1500
    assert story["clustering"]["minutes"] == 50
    assert (story["point"]["lon"], story["point"]["lat"]) == (strongest["lon"], strongest["lat"])


def test_the_same_row_in_another_file_is_a_repetition(told: Scene) -> None:
    again = told.house.folder / "again.csv"
    again.write_text((told.house.folder / "nrt.csv").read_text().rstrip("\n") + "\n\n")
    told.house.data("ingest", str(again))
    story = told.explained(told.main)
    (old,) = [old for one in story["pixels"] for old in one["superseded"]]
    (row,) = old["observations"]
    assert [(one["file"], one["line"]) for one in row["seen_again"]] == [("again.csv", 2)]


def test_it_says_where_it_is_and_by_which_layers(told: Scene) -> None:
    place = told.explained(told.main)["place"]
    assert place["county"] == {"code": YUSHU, "name": "榆树市"}
    assert place["city"] == {"code": "220100", "name": "长春市"}
    assert place["county_share"] == 1.0
    layers = {one["layer"]: one for one in place["layers"]}
    assert (layers["county"]["set"], layers["county"]["status"]) == ("tianditu", "reference")
    assert [one["code"] for one in place["context"]["shares"]] == [YUSHU]
    assert place["context"]["hot_days_365"] == 0
    assert "禁烧" in place["regime"]["zh"]


def test_a_merged_number_answers_with_the_fire_it_became(told: Scene) -> None:
    apart = Row(NOON + 60, *B)
    told.ingest("far.csv", apart.moved(1200, 0, 1))
    ids = set(told.house.ids().values())
    told.ingest("between.csv", apart.moved(600, 0, 0))
    (gone,) = ids - set(told.house.ids().values())
    story = told.explained(gone)
    assert story["asked"] == gone
    assert story["resolves_to"] == story["fire_point_id"] == told.at(B)
    assert gone in story["ids"]
    assert [(one["id"], one["became"], one["cause"]) for one in story["history"]] == [
        (gone, story["fire_point_id"], "merged")
    ]
    assert f"{gone} 已并入 {story['fire_point_id']}" in page(story, "zh")
    assert f"{gone} was merged into {story['fire_point_id']}" in page(story, "en")
    assert told.explained(story["fire_point_id"])["resolves_to"] is None


def test_a_number_of_which_nothing_is_left_tells_how_it_stood(told: Scene) -> None:
    name = told.main
    with told.store() as store, store.writer("test", "area") as writer:
        assert refresh_area(writer, "222400", 5)
    told.house.data("assess")
    story = told.explained(name, *BOOK)
    assert story["withdrawn"]
    assert story["resolves_to"] is None
    assert story["place"]["county"]["code"] == YUSHU
    assert len(story["pixels"]) == 3
    assert [one["cause"] for one in story["history"]] == ["withdrawn"]
    assert story["money"] == []
    assert f"{name} 已撤销" in page(story, "zh")
    assert f"{name} was withdrawn" in page(story, "en")
    bundle = told.house.folder / "gone.zip"
    told.explained(name, "--bundle", str(bundle))
    assert bundle.stat().st_size > 0


def test_two_sources_of_one_fire_name_each_other(told: Scene) -> None:
    lon, lat = float(B[0]) + 900 / 80_000, float(B[1])
    _patrol(told.house, lon, lat, "2023-10-29 13:40")
    report = told.at((f"{lon:.5f}", f"{lat:.5f}"))
    told.verify(report)
    (first,) = told.explained(told.at(B), *BOOK)["money"]
    (second,) = told.explained(report, *BOOK)["money"]
    linked, carrying = sorted((first, second), key=lambda one: one["state"] != "linked")
    assert carrying["state"] == "charged"
    ids = {told.at(B), report}
    assert {linked["linked_to"], *carrying["linked_from"]} == ids
    assert "不重复计" in linked["zh"]
    assert sorted(carrying["fact"]["sources"]) == ["patrol", "satellite"]


def test_a_ruling_and_its_reason_stand_in_it_and_a_later_one_supersedes(told: Scene) -> None:
    told.house.data("rule", told.main, "--zone", "ban", "--reason", "现场在禁烧区内")
    told.house.data("rule", told.main, "--zone", "none", "--reason", "重新核对图件")
    rulings = told.explained(told.main)["rulings"]
    assert [(one["value"], one["reason"], one["in_force"]) for one in rulings] == [
        ("ban", "现场在禁烧区内", False),
        ("none", "重新核对图件", True),
    ]
    text = page(told.explained(told.main), "zh")
    assert "裁定分区：不在任何分区；理由：重新核对图件" in text
    assert "裁定分区：ban（已被取代）；理由：现场在禁烧区内" in text


def test_as_of_tells_it_as_it_was_known(told: Scene) -> None:
    before = told.house.revision
    early = told.explained(told.main, "--at", AT, *BOOK)
    told.house.data("rule", told.main, "--zone", "ban", "--reason", "现场在禁烧区内")
    told.verify(told.main)
    told.ingest("later.csv", Row(NOON, *A).moved(300, 0, 70))
    told.on_fixed_instants()
    late = told.explained(told.main, "--at", AT, *BOOK)
    assert len(late["pixels"]) == len(early["pixels"]) + 1
    assert late["rulings"]
    assert late["verification"]["deciding"] is not None
    then = told.explained(told.main, "--as-of", str(before), "--at", AT, *BOOK)
    for part in ("pixels", "rulings", "verification", "history", "place", "screening", "clustering"):
        assert _undated(then[part]) == _undated(early[part]), part
    assert [one["state"] for one in then["money"]] == [one["state"] for one in early["money"]]
    moment = BEGAN + dt.timedelta(minutes=before)
    by_time = told.explained(told.main, "--as-of", moment.isoformat(), *BOOK)
    assert by_time["known"] == {
        "revision": before,
        "recorded_at": then["known"]["recorded_at"],
        "deadlines_at": then["known"]["recorded_at"],
    }


def _undated(value: object) -> object:
    """Return data without the instants of revisions, which the test moved."""
    if isinstance(value, dict):
        return {key: _undated(one) for key, one in value.items() if key not in ("recorded_at", "at")}
    return [_undated(one) for one in value] if isinstance(value, list) else value


def test_a_number_that_was_not_issued_then_is_unknown(told: Scene) -> None:
    with told.store() as store, store.reader() as reader:
        first = reader.rev
    told.ingest("new.csv", Row(NOON, *A).moved(9000, 9000, 5))
    (new,) = set(told.house.ids().values()) - {told.at(spot) for spot in (A, B, C)}
    assert told.house.refused("explain", new, "--as-of", str(first)) == "unknown_fire_point"
    assert told.house.refused("explain", "20231029-000000000000") == "unknown_fire_point"


# --- money ---------------------------------------------------------------------------------------------------------


def test_without_a_rulebook_it_gives_no_number_and_says_so(told: Scene) -> None:
    (verdict,) = told.explained(told.main)["money"]
    assert (verdict["state"], verdict["rulebook"]) == ("no_rulebook", None)
    assert told.house.refused("explain", told.main, "--rulebook", "NO-SUCH") == "no_such_rulebook"


def test_it_says_which_clause_which_place_and_how_much(told: Scene) -> None:
    told.verify(told.main, "--area", "12.5亩")
    told.verify(told.at(B))
    (verdict,) = told.explained(told.main, *BOOK)["money"]
    assert verdict["state"] == "charged"
    assert {name: verdict["charge"][name] for name in ("payer", "payer_name", "ordinal", "amount")} == {
        "payer": YUSHU,
        "payer_name": "榆树市",
        "ordinal": 1,
        "amount": "500000.00",
    }
    assert verdict["season"] == SEASON
    assert "第 1 个，扣 500,000.00 元" in verdict["zh"]
    (second,) = told.explained(told.at(B), *BOOK)["money"]
    assert (second["charge"]["ordinal"], second["charge"]["amount"]) == (2, "300000.00")


def test_what_is_not_verified_waits_and_is_overdue_when_its_time_is_over(told: Scene) -> None:
    told.on_fixed_instants()
    (early,) = told.explained(told.main, *BOOK, "--at", "2023-10-29T20:00+08:00")["money"]
    assert (early["state"], [one["reason"] for one in early["held"]]) == ("held", ["not_verified"])
    due = dt.datetime.fromisoformat(early["verification_due"])
    late = told.explained(told.main, *BOOK, "--at", (due + dt.timedelta(hours=1)).isoformat())
    assert [one["reason"] for one in late["money"][0]["held"]] == ["overdue"]
    assert f"核查期限：{due:%Y-%m-%d %H:%M}" in page(late, "zh")


def test_a_denial_and_a_screen_say_why_it_costs_nothing(told: Scene) -> None:
    evidence = told.house.folder / "photo.jpg"
    evidence.write_bytes(b"a photograph")
    told.verify(told.main, "--evidence", str(evidence), finding="nothing_found", level="province")
    (denied,) = told.explained(told.main, *BOOK)["money"]
    assert (denied["state"], denied["left_out"]["reason"]) == ("left_out", "denied")
    told.house.data("rule", told.at(B), "--screen", "not_cropland", "--reason", "位于村镇建成区")
    (screened,) = told.explained(told.at(B), *BOOK)["money"]
    assert (screened["state"], screened["screened"]) == ("screened", "not_cropland")
    assert "非耕地" in screened["zh"]


def test_every_loaded_rulebook_of_the_place_speaks_and_no_other(told: Scene) -> None:
    told.verify(told.main)
    for name in ("JL-1", "JL-1-PROVINCE", "HL-1"):
        told.house.data("rulebooks", "load", name)
    assert [one["rulebook"]["id"] for one in told.explained(told.main)["money"]] == ["JL-1", "JL-1-PROVINCE"]
    (other,) = told.explained(told.main, "--season", "2019-2020", *BOOK)["money"]
    assert other["state"] == "other_season"


def test_a_rule_replaced_mid_season_charges_as_the_statement_does(told: Scene) -> None:
    text = (BOOKS / "jl-1.yaml").read_text(encoding="utf-8")
    for name, span in (
        ("JL-1", "{from: 2018-09-21, to: 2023-10-28}"),
        ("JL-2", "{from: 2023-10-29, to: null}"),
    ):
        path = told.house.folder / f"{name}.yaml"
        book = text.replace("id: JL-1", f"id: {name}").replace("{from: 2018-09-21, to: null}", span)
        path.write_text(book.replace('wan_yuan: "50"', 'wan_yuan: "60"'), encoding="utf-8")
        told.house.data("rulebooks", "load", str(path))
    told.ingest("before.csv", Row(at("2023-10-28 04:30"), *spots(YUSHU)[5]))
    told.verify(told.main)
    payer = ("--payer", YUSHU, "--season", SEASON)
    (line,) = told.house.data("statement", "draft", *payer)["document"]["lines"]
    (verdict,) = told.explained(told.main)["money"]
    assert (verdict["rulebook"]["id"], verdict["state"]) == ("JL-2", "charged")
    assert verdict["charge"]["amount"] == line["amount"] == "600000.00"
    alone = told.explained(told.main, "--rulebook", "JL-2")["money"][0]
    assert alone["state"] == "refused", "alone it does not cover the season"


def test_a_later_contradiction_is_kept_and_told(told: Scene) -> None:
    told.verify(told.main, level="province")
    told.verify(told.main, "--note", "到场未见明火", finding="nothing_found", level="local")
    story = told.explained(told.main, *BOOK)
    records = story["verification"]["records"]
    assert [(one["level"], one["finding"]) for one in records] == [
        ("province", "straw"),
        ("local", "nothing_found"),
    ]
    assert story["verification"]["deciding"] == records[0]["id"]
    assert story["verification"]["contradicted"]
    assert "contradicted" in {one["code"] for one in story["uncertain"]}
    text = page(story, "zh")
    assert "省级核查，王某：秸秆焚烧　← 采信" in text
    assert "到场未见明火" in text


def test_lists_statements_and_objections_that_carry_it_are_named(told: Scene) -> None:
    told.verify(told.main)
    issued = told.house.data("firelist", "--date", "2023-10-29", "--publish")
    payer = ("--payer", YUSHU, "--season", SEASON)
    made = told.house.data("statement", "issue", *payer, *BOOK, "--sample")
    told.house.data(
        "objection", "file", told.main, *payer, "--number", "1", "--grounds", "秸秆已离田，系祭祀用火"
    )
    story = told.explained(told.main, *BOOK)
    (named,) = [one for one in story["lists"] if one["listed"]]
    assert named["number"] == issued["issue"]
    (paper,) = story["statements"]
    assert (paper["number"], paper["sha256"]) == (1, made["sha256"])
    assert [line["fire_point_id"] for line in paper["lines"]] == [told.main]
    (objection,) = story["objections"]
    assert objection["grounds"] == "秸秆已离田，系祭祀用火"
    text = page(story, "zh")
    assert "第 1 行：500,000.00 元" in text
    assert "秸秆已离田，系祭祀用火" in text
    (waiting,) = told.explained(told.at(B), *BOOK)["statements"]
    assert waiting["lines"] == []
    assert [one["reason"] for one in waiting["held"]] == ["not_verified"]


# --- form ----------------------------------------------------------------------------------------------------------


def test_the_page_is_plain_when_piped_and_of_the_asked_language(told: Scene) -> None:
    zh = told.house.run("explain", told.main, *BOOK).stdout
    en = told.house.run("--lang", "en", "explain", told.main, *BOOK).stdout
    assert "\x1b[" not in zh + en
    assert zh.startswith(f"火点 {told.main}（非正式）")
    assert en.startswith(f"Fire point {told.main} (not official)")
    for number in range(1, 12):
        assert f"\n{number} " in en


def test_the_answer_fits_its_schema_also_for_what_says_little(told: Scene) -> None:
    for words in ((told.main,), (told.at(C), *BOOK)):
        result = told.house.run("--json", "explain", *words)
        schemas.envelope("explain").model_validate(json.loads(result.stdout))


_NAMES = re.compile(
    r"[\w.-]+\.csv|viirs_\w+|tianditu[\w-]*|NOAA-20|SNPP|VIIRS|[\d.]+NRT|CGCS2000|(?:SHA-256|证据) [0-9a-f]{12}"
    r"|20\d{6}-[0-9a-f]{12}|JL-1"
)
"""What has no Chinese name: files, data sets, satellites, hashes, numbers."""


def test_the_chinese_page_has_no_code_nor_english_word_in_it(told: Scene) -> None:
    told.house.data("rule", told.main, "--unit", "220283", "--reason", "现场核实", "--evidence", __file__)
    told.house.data("rule", told.at(B), "--screen", "not_cropland", "--reason", "现场为林地")
    told.house.data("rule", told.at(C), "--order", "1", "--reason", "现场核实最早")
    told.verify(told.at(C), "--area", "12.5亩", "--source", "patrol", "--note", "见灰烬")
    told.house.data("assess")
    for point in (told.main, told.at(B), told.at(C)):
        text = told.house.run("explain", point, *BOOK).stdout
        left = _NAMES.sub("", text.replace(f"操作员 {getpass.getuser()}", ""))
        assert re.findall("[A-Za-z_]{2,}", left) == [], text
        assert wrong(text) == []
    assert (
        "裁定归属：舒兰市 220283；理由：现场核实（证据" in told.house.run("explain", told.main, *BOOK).stdout
    )


def test_a_layer_without_a_set_is_counted_in_words(told: Scene) -> None:
    assert (
        "管控规则与特殊时段：管控规则 3 条，特殊时段 0 个，参考"
        in told.house.run("explain", told.main).stdout
    )
    english = told.house.run("--lang", "en", "explain", told.main).stdout
    assert "regimes and special periods: 3 rules, 0 special periods, reference" in english


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_golden(told: Scene, lang: str) -> None:
    text = golden_page(told, lang)
    if os.environ.get("HUODIAN_WRITE_GOLDEN"):  # then read `git diff`
        (GOLDEN / f"explain.{lang}.txt").write_text(text, encoding="utf-8")
    assert text == (GOLDEN / f"explain.{lang}.txt").read_text(encoding="utf-8")


def golden_page(told: Scene, lang: str) -> str:
    """Return the page of the scene after people have had their say, without what counts revisions."""
    told.house.data("rule", told.main, "--zone", "none", "--reason", "现场核实无区划")
    told.verify(told.main, "--area", "12.5亩", "--source", "patrol")
    told.verify(told.at(B))
    told.on_fixed_instants()
    result = told.house.run("--lang", lang, "explain", told.main, *BOOK, "--at", AT)
    assert result.exit_code == 0, result.output
    return _without_machine(result.stdout)


def _without_machine(text: str) -> str:
    """Replace who ran the test and how many revisions a fresh store begins with."""
    text = text.replace(f"命令行操作员 {getpass.getuser()}", "命令行操作员 USER")
    text = text.replace(f"operator {getpass.getuser()}", "operator USER")
    text = re.sub(r"第 \d+ 号修订（[^，]*，", "第 N 号修订（T，", text)
    text = re.sub(r"revision \d+ \([^,]*,", "revision N (T,", text)
    return re.sub(r"2023-10-29 \d\d:\d\d (?=评估|assessment|命令行|operator)", "T ", text)
