"""What is recorded after the overpass changes no charge by itself; a plan known before it exempts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.service.billing.house import House, amounts, fires, house

YUSHU = "220182"
SEASON = ("2023-2024", "--at", "2035-01-01T00:00")
PLAN = (
    "编号,单位代码,开始时间,结束时间,责任人,审批单位,审批时间,状态\n"
    "P1,220182,2023-10-20 08:00,2023-10-20 16:00,张三,县办,2023-10-19 09:00,已批准\n"
)
ZONES = "乡镇代码,类别\n220182,限烧区\n"
REGIME = 'regimes:\n  - {unit: "220182", regime: two_zone, source: s, confidence: R}\n'

Made = Callable[..., str]


@pytest.fixture
def jilin(store_home: str, new_store_url: Made, tmp_path: Path) -> House:
    with house(store_home, new_store_url, tmp_path / "jilin") as opened:
        return opened


def load(store: House, kind: str, name: str, text: str, *words: str) -> None:
    path = store.folder / name
    path.write_text(text, encoding="utf-8")
    store.data("load", kind, str(path), *words)
    store.data("assess")


def money(store: House) -> dict[str, Any]:
    """Return everything of the charges that is money: who, which, how much, what is held or left out."""
    data = store.charge(*SEASON)
    lines = [(one["fire_point_id"], one["payer"], one["amount"], one["ordinal"]) for one in data["charges"]]
    return {"lines": lines, **{name: data[name] for name in ("total", "held", "left_out")}}


@pytest.mark.parametrize("kind", ["plans", "heat-sources"])
def test_what_was_recorded_after_the_overpass_changes_no_charge(jilin: House, kind: str) -> None:
    found = fires(YUSHU, 3, "2023-10-20T10:00")
    jilin.burn(found)
    jilin.verify()
    jilin.data("rulebooks", "load", "JL-1")
    before = money(jilin)
    assert before["total"] == "1100000.00"
    if kind == "plans":
        load(jilin, "plans", "plan.csv", PLAN)
    else:
        lon, lat = found[0].spot
        text = f"编号,名称,经度,纬度,半径,来源\nH1,砖厂,{lon},{lat},500,台账\n"
        load(jilin, "heat-sources", "heat.csv", text, "--datum", "cgcs2000")
    assert money(jilin) == before
    waiting = {case["what"] for case in jilin.data("pending")}
    assert waiting == {"plan_recorded_later" if kind == "plans" else "heat_source_recorded_later"}
    jilin.rule(found[0], "--screen", "planned_burn" if kind == "plans" else "fixed_heat_source")
    assert money(jilin)["total"] == "800000.00", "only the ruling moves money, and the next one is the first"


def test_a_plan_on_record_before_the_overpass_leaves_its_fires_out_of_the_bill(jilin: House) -> None:
    load(jilin, "plans", "plan.csv", PLAN)
    jilin.recorded(dt.datetime(2023, 10, 1, tzinfo=dt.UTC))
    inside = fires(YUSHU, 2, "2023-10-20T10:00")
    after = fires(YUSHU, 1, "2023-10-21T10:00", first=9)
    jilin.burn([*inside, *after])
    jilin.verify()
    jilin.data("rulebooks", "load", "JL-1")
    data = jilin.charge(*SEASON)
    assert amounts(data) == {YUSHU: "500000.00"}
    assert [one["fire_point_id"] for one in data["charges"]] == [jilin.id_of(after[0])]
    assert {one["reason"] for one in data["left_out"]} == {"planned_burn"}
    assert len(data["left_out"]) == 2


def test_a_zone_that_was_over_prices_no_fire_of_the_one_that_took_its_code(jilin: House) -> None:
    header = "编码,名称,类别,乡镇代码,起始日期,截止日期\n"
    load(jilin, "zones", "a.csv", f"{header}Z1,一区,禁烧区,220182,,2023-09-30\n", "--set", "a")
    load(jilin, "zones", "b.csv", f"{header}Z1,一区,限烧区,220182,2023-10-01,\n", "--set", "b")
    jilin.recorded(dt.datetime(2023, 10, 1, tzinfo=dt.UTC))
    jilin.burn(fires(YUSHU, 1, "2023-10-20T10:00"))
    jilin.verify()
    jilin.data("rulebooks", "load", "JL-1")
    (charge,) = jilin.charge(*SEASON)["charges"]
    assert charge["trace"]["facts"]["zone"] == "restricted"


def test_in_a_restricted_area_only_burning_by_plan_is_left_out(jilin: House) -> None:
    load(jilin, "regimes", "regime.yaml", REGIME)
    load(jilin, "zones", "zones.csv", ZONES)
    load(jilin, "plans", "plan.csv", PLAN)
    jilin.recorded(dt.datetime(2023, 10, 1, tzinfo=dt.UTC))
    jilin.burn([*fires(YUSHU, 1, "2023-10-20T10:00"), *fires(YUSHU, 1, "2023-10-20T18:00", first=5)])
    jilin.verify()
    jilin.data("rulebooks", "load", "JL-1")
    data = jilin.charge(*SEASON)
    assert amounts(data) == {YUSHU: "500000.00"}
    assert [one["reason"] for one in data["left_out"]] == ["restricted_within_plan"]


def test_a_list_and_a_story_of_a_day_with_plans_name_the_plans_they_asked(jilin: House) -> None:
    load(jilin, "plans", "plan.csv", PLAN)
    (fire,) = fires(YUSHU, 1, "2023-10-20T10:00")
    jilin.burn([fire])
    told = jilin.data("firelist", "--date", "2023-10-20")
    assert "plans" in {one["kind"] for one in told["header"]["layers"]}
    for form in ("csv", "xlsx", "geojson", "kml"):
        out = jilin.folder / f"list.{form}"
        words = ("firelist", "--date", "2023-10-20", "--format", form, "-o", str(out))
        assert jilin.run(*words).exit_code == 0
    assert jilin.run("map", "--date", "2023-10-20", "-o", str(jilin.folder / "map.html")).exit_code == 0
    story = jilin.run("explain", jilin.id_of(fire))
    assert story.exit_code == 0, story.output
    assert "P1" in story.output


def test_the_report_of_screening_says_its_evidence_as_explain_does(jilin: House) -> None:
    (fire,) = fires(YUSHU, 1, "2023-10-20T10:00")
    lon, lat = fire.spot
    text = f"编号,名称,经度,纬度,半径,来源\nH1,砖厂,{lon},{lat},500,台账\n"
    load(jilin, "heat-sources", "heat.csv", text, "--datum", "cgcs2000", "--status", "reference")
    jilin.recorded(dt.datetime(2023, 10, 1, tzinfo=dt.UTC))
    jilin.burn([fire])
    told = "".join(jilin.run("screen", "--report").output.split())
    assert "固定热源（依据在册热源清单，" in told
    assert "数据性质参考" in told
    assert "热源编号H1" in told
    assert "list" not in told
    assert "by list of heat sources" in " ".join(
        jilin.run("--lang", "en", "screen", "--report").output.split()
    )
