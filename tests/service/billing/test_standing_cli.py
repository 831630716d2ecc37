"""How units stand in a season, as people get it: through the command line, on a real store."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.service.billing.house import Fire, House, fires, house

SEASON = "2023-2024"
AT = "2024-10-05T00:00"
MEIHEKOU, YUSHU, SHULAN, NONGAN, LISHU, PANSHI = "220581", "220182", "220283", "220122", "220322", "220284"
HEBEI = {
    YUSHU: (38, 44, "86.36"),
    SHULAN: (33, 37, "89.19"),
    NONGAN: (178, 213, "83.57"),
    LISHU: (17, 19, "89.47"),
    PANSHI: (119, 123, "96.75"),
    MEIHEKOU: (8, 9, "88.89"),
}
"""Confirmed of pushed, and the rate of the Hebei bulletin, its two slips corrected (domain section 16.3)."""

Made = Callable[..., str]


@pytest.fixture
def jilin(store_home: str, new_store_url: Made, tmp_path: Path) -> House:
    with house(store_home, new_store_url, tmp_path / "jilin") as opened:
        return opened


def stand(store: House, *words: str, season: str = SEASON, at: str = AT, token: str = "") -> dict[str, Any]:
    data: dict[str, Any] = store.data("standing", "--season", season, "--at", at, *words, token=token)
    return data


def by_code(data: dict[str, Any], part: str = "rows") -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in data[part]}


def figures(store: House, *rows: str) -> None:
    path = store.folder / "figures.csv"
    path.write_text(
        "\n".join(["行政区划代码,指标,数值,计量单位,年度,数据状态,来源", *rows, ""]), encoding="utf-8"
    )
    store.data("load", "indicators", str(path))


def test_verification_rates_are_hebeis_rounded_right_and_ties_share_a_rank(jilin: House) -> None:
    found: list[Fire] = []
    for county, (confirmed, pushed, _) in HEBEI.items():
        found += fires(county, confirmed, "2023-10-20T10:00")
        found += fires(
            county, pushed - confirmed, "2023-10-20T16:00", first=confirmed, finding="nothing_found"
        )
    found += fires("220382", 8, "2023-10-21T10:00")
    jilin.burn(found)
    jilin.verify()
    data = stand(jilin)
    rows = by_code(data)
    for county, (confirmed, pushed, expected) in HEBEI.items():
        row = rows[county]
        assert (row["verified"], row["pushed"], row["verification_rate"]) == (confirmed, pushed, expected)
        assert row["denied"] == pushed - confirmed
    order = sorted(HEBEI, key=lambda county: -HEBEI[county][0])
    assert [rows[county]["rank"] for county in order] == [1, 2, 3, 4, 5, 6]
    assert rows["220382"]["rank"] == rows[MEIHEKOU]["rank"] == 6
    assert rows["220381" if "220381" in rows else "220184"]["rank"] == 8
    assert data["totals"]["pushed"] == 44 + 37 + 213 + 19 + 123 + 9 + 8
    assert data["pushed_by"] == "listed"
    assert {one["code"] for one in data["notes"]} == {"no_rulebook", "pushed_is_listed"}
    assert (rows[YUSHU]["charged"], rows[YUSHU]["amount"], rows[YUSHU]["overdue"]) == (None, None, None)
    text = jilin.run("standing", "--season", SEASON, "--at", AT).output
    assert "83.57" in text
    assert "农安县" in text


def test_every_listed_fire_point_is_one_thing_and_the_sums_are_those_of_the_charges(jilin: House) -> None:
    jilin.burn(
        [
            *fires(YUSHU, 3, "2023-10-20T10:00"),
            *fires(YUSHU, 1, "2023-10-20T11:00", first=3, finding="nothing_found"),
            *fires(YUSHU, 1, "2023-10-20T12:00", first=4, finding="nothing_found", level="local"),
            *fires(YUSHU, 1, "2023-10-20T13:00", first=5, finding="rubbish"),
            *fires(YUSHU, 1, "2023-10-20T14:00", first=6, finding=None),
            *fires(SHULAN, 2, "2023-10-20T10:00", first=0),
            *fires(SHULAN, 1, "2024-06-20T10:00", first=9),
        ]
    )
    jilin.verify()
    jilin.data("rulebooks", "load", "JL-1")
    data = stand(jilin, at="2030-01-01T00:00")
    rows = by_code(data)
    yushu = rows[YUSHU]
    parts = ("verified", "denied", "denial_unreviewed", "other", "overdue", "unverified")
    assert [yushu[name] for name in parts] == [3, 1, 1, 1, 1, 0]
    for row in [*data["rows"], data["totals"]]:
        assert row["listed"] == sum(row[name] for name in parts)
    assert (rows[SHULAN]["listed"], rows[SHULAN]["out_of_season"]) == (2, 1)
    charged = jilin.charge(SEASON, "--at", "2030-01-01T00:00")
    assert data["totals"]["amount"] == charged["total"]
    assert data["totals"]["charged"] == charged["counts"]["billed"]
    assert (yushu["charged"], yushu["amount"]) == (3, "1100000.00")
    assert data["mark"] == "非正式"
    early = by_code(stand(jilin, at="2023-10-20T15:00"))[YUSHU]
    assert early["listed"] == 7
    waiting = by_code(stand(jilin), "zero")
    assert waiting["220122"]["state"] == "no_fire_point"


def test_units_stand_in_the_tree_they_are_assessed_in(jilin: House) -> None:
    jilin.burn([*fires(MEIHEKOU, 2, "2023-10-20T10:00"), *fires("220524", 1, "2023-10-20T10:00")])
    cities = by_code(stand(jilin, "--level", "city"))
    assert (cities[MEIHEKOU]["listed"], cities["220500"]["listed"]) == (2, 1)
    assert len(cities) == 11
    assert jilin.refused("standing", "--season", SEASON, "--level", "village", code=2) == "bad_level"
    assert jilin.refused("standing", "--season", "soon", code=2) == "bad_season"


def test_intensity_is_of_loaded_cropland_and_unknown_without(jilin: House) -> None:
    jilin.burn([*fires(YUSHU, 23, "2023-10-20T10:00"), *fires(SHULAN, 1, "2023-10-20T10:00")])
    figures(jilin, f"{YUSHU},耕地面积,7700,千公顷,,参考,统计年鉴", f"{SHULAN},奖补资金,10,万元,,参考,县财政")
    rows = by_code(stand(jilin))
    assert (rows[YUSHU]["intensity"], rows[YUSHU]["cropland_ha"]) == ("0.0030", "7700000")
    assert (rows[SHULAN]["intensity"], rows[SHULAN]["cropland_ha"]) == (None, None)


def test_a_change_is_on_the_season_before_and_none_without_a_base(jilin: House) -> None:
    jilin.burn(
        [
            *fires(YUSHU, 49, "2022-10-20T10:00"),
            *fires(YUSHU, 3, "2023-10-20T10:00"),
            *fires(SHULAN, 2, "2023-10-20T10:00"),
            *fires(NONGAN, 4, "2023-02-20T10:00"),
        ]
    )
    jilin.verify()
    rows = by_code(stand(jilin))
    assert rows[YUSHU]["change"]["listed"] == {"before": 49, "now": 3, "percent": "-93.88"}
    assert rows[YUSHU]["change"]["verified"]["percent"] == "-93.88"
    assert rows[SHULAN]["change"]["listed"] == {"before": 0, "now": 2, "percent": None}
    assert rows[NONGAN]["change"]["listed"]["percent"] == "-100.00"
    running = stand(jilin, at="2023-12-01T12:00")
    assert by_code(running)[NONGAN]["change"]["listed"] == {"before": 0, "now": 0, "percent": None}
    assert (running["through"], running["to"]) == ("2023-12-01", "2024-09-30")
    assert "season_runs" in {one["code"] for one in running["notes"]}


def test_pushed_is_what_a_published_list_named_and_the_rate_is_of_that(jilin: House) -> None:
    jilin.burn(fires(YUSHU, 4, "2023-10-20T10:00"))
    jilin.data("firelist", "--date", "2023-10-20", "--publish")
    jilin.burn(fires(YUSHU, 2, "2023-10-21T10:00", first=10), name="later.csv")
    jilin.verify()
    data = stand(jilin)
    row = by_code(data)[YUSHU]
    assert (data["pushed_by"], row["listed"], row["pushed"], row["verified"]) == ("published_lists", 6, 4, 6)
    assert row["verification_rate"] == "100.00"


def test_no_fire_is_said_with_what_is_known_of_passes_and_earns_nothing_unproven(jilin: House) -> None:
    jilin.burn([*fires(YUSHU, 2, "2023-10-20T10:00"), *fires(SHULAN, 1, "2023-10-23T10:00")])
    jilin.verify()
    book = (jilin.folder / "reward.yaml").resolve()
    book.write_text(REWARD, encoding="utf-8")
    jilin.data("rulebooks", "load", str(book))
    data = stand(jilin)
    days = data["coverage"]["days"]
    assert days == 30 + 31, "the days of the window, not of the year"
    assert data["coverage"]["satellites"] == [
        {"satellite": "NOAA-20", "days": 4, "missing": ["2023-10-01/2023-10-19", "2023-10-24/2023-11-30"]}
    ]
    assert (data["coverage"]["days_without_any"], data["coverage"]["cloud"]) == (days - 4, "unknown")
    nongan = by_code(data, "zero")[NONGAN]
    assert (nongan["state"], nongan["observed"], nongan["cloud_days"]) == (
        "no_fire_point",
        "not_proven",
        None,
    )
    assert [(one["reason"], one["amount"]) for one in nongan["rewards"]] == [("not_observed", None)]
    assert "云况未知" in nongan["zh"]
    figures(
        jilin,
        f"{NONGAN},观测充分,是,,{SEASON},参考,卫星过境记录",
        f"{NONGAN},有云日数,12,天,{SEASON},参考,气象局",
        f"{LISHU},观测充分,否,,{SEASON},参考,卫星过境记录",
    )
    zero = by_code(stand(jilin), "zero")
    assert (zero[NONGAN]["observed"], zero[NONGAN]["cloud_days"]) == ("proven", "12")
    assert [(one["reason"], one["amount"]) for one in zero[NONGAN]["rewards"]] == [("earned", "1000.00")]
    assert zero[LISHU]["observed"] == "disproven"
    assert zero[LISHU]["rewards"][0]["amount"] is None
    assert YUSHU not in zero


def test_the_ladder_of_the_rulebook_says_the_step(jilin: House) -> None:
    jilin.burn([*fires(YUSHU, 3, "2023-10-20T10:00"), *fires(SHULAN, 1, "2023-10-20T10:00")])
    jilin.verify()
    book = jilin.folder / "reward.yaml"
    book.write_text(REWARD, encoding="utf-8")
    jilin.data("rulebooks", "load", str(book))
    rows = by_code(stand(jilin))
    (step,) = rows[YUSHU]["escalations"]
    assert (step["step"], step["zh"], step["count"]) == ("2", "约谈", 3)
    assert [one["zh"] for one in rows[SHULAN]["escalations"]] == ["通报"]
    assert rows[NONGAN]["escalations"] == []


def test_the_table_for_spreadsheets_has_a_row_per_unit_and_unknown_is_empty(jilin: House) -> None:
    jilin.burn([*fires(YUSHU, 1, "2023-10-20T10:00"), *fires(YUSHU, 2, "2022-10-20T10:00")])
    path = jilin.folder / "standing.csv"
    data = stand(jilin, "-o", str(path))
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(rows) == len(data["rows"])
    yushu = next(row for row in rows if row["代码"] == YUSHU)
    assert (yushu["列入"], yushu["列入同比%"], yushu["每千公顷火点"]) == ("1", "-50.00", "")
    assert yushu["扣款金额元"] == ""
    printed = jilin.run("standing", "--season", SEASON, "--at", AT, "--format", "csv", "--lang", "en")
    assert printed.exit_code == 0, printed.output
    assert printed.stdout.lstrip("\ufeff").startswith("season,level,code,name,rank")


def test_a_reader_sees_its_own_units_and_is_ranked_among_them(jilin: House) -> None:
    jilin.burn([*fires(YUSHU, 1, "2023-10-20T10:00"), *fires(SHULAN, 3, "2023-10-20T10:00")])
    jilin.verify()
    jilin.data("rulebooks", "load", "JL-1")
    token = jilin.run("users", "add", "changchun", "--role", "city", "--unit", "220100", "--json").stdout
    import json

    token = json.loads(token)["data"]["token"]
    own = stand(jilin, token=token)
    assert YUSHU in by_code(own)
    assert SHULAN not in by_code(own)
    assert own["totals"]["listed"] == 1
    assert own["rank_rule"]["among"] == len(own["rows"])
    assert by_code(own)[YUSHU]["rank"] == 1
    assert by_code(stand(jilin))[YUSHU]["rank"] == 2
    assert "ranked_within_scope" in {one["code"] for one in own["notes"]}
    text = json.dumps(own, ensure_ascii=False)
    assert "舒兰" not in text
    assert SHULAN not in text
    assert by_code(stand(jilin, "--level", "city", token=token)).keys() == {"220100"}


REWARD = """
format: 1
id: T-1
jurisdiction: {code: "220000", level: province, name: 吉林省}
title: 零火点奖励与追责
number: null
status: synthetic
confidence: none
sources: [{title: 测试, confidence: none}]
validity: {from: 2020-01-01, to: null}
windows:
  - {kind: yearly, name: 秋季, start: "10-01", end: "11-30"}
counts:
  findings: [straw]
  evidence: [satellite]
  places: [{regime: any, zones: [any], within_plan: counts}]
  unit: fire_point
  border_tie: centre
  state: confirmed
  verification: {deadline_hours: 24, overdue: waits, denial_review: city}
escalations:
  - kind: count
    id: ladder
    clause: 按火点数
    level: county
    reset: season
    steps:
      - {from: 1, measure: {zh: 通报, en: notice}}
      - {from: 3, measure: {zh: 约谈, en: interview}}
rewards:
  - {kind: zero, id: zero, clause: 零火点, level: county, amount: {yuan: "1000"}}
"""
