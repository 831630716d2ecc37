"""One queue: what holds money up or contradicts itself waits there, with what settles it and by when."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gis.times import BEIJING
from service.billing.pending_money import queue
from service.pipeline.load_heat_sources import load_heat_source_file
from service.scope import scope_of, whole
from service.store import open_store
from tests.service.billing.desk import SEASON, desk
from tests.service.billing.house import Fire, House, fires, house
from tests.service.pipeline.feeds import write
from tests.service.pipeline.test_histories import products

YUSHU, SHULAN, MEIHEKOU = "220182", "220283", "220581"
DAY = "2023-10-20"
AFTER = dt.datetime(2035, 1, 1, tzinfo=BEIJING)

Made = Callable[..., str]


@pytest.fixture
def jilin(store_home: str, new_store_url: Made, tmp_path: Path) -> House:
    with house(store_home, new_store_url, tmp_path / "jilin") as opened:
        return opened


def waiting(store: House, *, at: dt.datetime | None = AFTER, uid: str | None = None) -> list[dict[str, Any]]:
    opened = open_store(store.url)
    with opened.reader() as reader:
        scope = whole("test") if uid is None else scope_of(reader, "r", "city", uid)
        cases = [case.as_dict() for case in queue(reader, scope, at=at)]
    opened.close()
    return cases


def kinds(store: House, **more: Any) -> dict[str, str]:
    return {case["what"]: case["fire_point_id"] for case in waiting(store, **more)}


def test_without_a_rulebook_nothing_waits_for_money(jilin: House) -> None:
    jilin.burn(fires(YUSHU, 2, f"{DAY}T10:00"))
    assert waiting(jilin) == []
    assert jilin.data("pending") == []


def test_silence_becomes_a_case_with_its_deadline_and_a_finding_ends_it(jilin: House) -> None:
    (fire,) = fires(YUSHU, 1, f"{DAY}T10:00", finding="straw")
    jilin.burn([fire])
    jilin.data("rulebooks", "load", "JL-1")
    assert kinds(jilin, at=None) == {}, "the hours of the rule have just begun"
    (case,) = waiting(jilin)
    assert (case["what"], case["fire_point_id"]) == ("overdue", jilin.id_of(fire))
    assert case["settled_by"].startswith(f"huodian verify {case['fire_point_id']} ")
    assert case["due"].endswith("+08:00")
    assert case["zh"]
    assert case["en"]
    jilin.verify()
    assert waiting(jilin) == []


def test_a_denial_of_the_payer_waits_for_somebody_elses_word(jilin: House) -> None:
    (fire,) = fires(YUSHU, 1, f"{DAY}T10:00", finding="nothing_found", level="local")
    jilin.burn([fire])
    jilin.data("rulebooks", "load", "JL-1")
    jilin.verify()
    (case,) = waiting(jilin)
    assert case["what"] == "denial_unreviewed"
    assert "--evidence" in case["settled_by"]


def test_a_denial_of_what_the_payer_itself_had_found_is_a_case_although_the_money_stands(
    jilin: House,
) -> None:
    (fire,) = fires(YUSHU, 1, f"{DAY}T10:00", finding="straw", level="local")
    jilin.burn([fire])
    jilin.data("rulebooks", "load", "JL-1")
    jilin.verify()
    assert waiting(jilin) == []
    jilin.data(
        "verify", jilin.id_of(fire), "--finding", "outside", "--level", "local", "--at", f"{DAY}T18:00"
    )
    (case,) = waiting(jilin)
    assert (case["what"], case["at_stake"]) == ("denial_unreviewed", None)
    assert "原认定" in case["zh"]


def test_a_later_word_from_below_is_a_contradiction_with_or_without_a_rule(jilin: House) -> None:
    (fire,) = fires(YUSHU, 1, f"{DAY}T10:00")
    jilin.burn([fire])
    jilin.verify()
    name = jilin.id_of(fire)
    words = ("--finding", "nothing_found", "--level", "local", "--person", "乙", "--at", f"{DAY}T18:00")
    jilin.data("verify", name, *words)
    (case,) = waiting(jilin)
    assert (case["what"], case["candidates"]) == ("contradicted", ("nothing_found",))


def test_a_tie_waits_with_the_surcharge_at_stake_until_a_rank_is_ruled(jilin: House) -> None:
    one, other = Fire(YUSHU, 0, f"{DAY}T10:00"), Fire(SHULAN, 0, f"{DAY}T10:00")
    jilin.burn([one, other])
    jilin.data("rulebooks", "load", "JL-1-PROVINCE")
    jilin.verify()
    cases = [case for case in waiting(jilin) if case["what"] == "tie"]
    assert {case["fire_point_id"] for case in cases} == {jilin.id_of(one), jilin.id_of(other)}
    assert {case["at_stake"] for case in cases} == {"200000.00"}
    assert jilin.run("pending").output.count("200,000.00 │") == len(cases), "a table never breaks money"
    jilin.rule(one, "--order", "1")
    jilin.rule(other, "--order", "2")
    assert "tie" not in kinds(jilin)


def test_money_that_waits_for_the_payer_is_the_case_of_the_border_and_not_a_second_one(jilin: House) -> None:
    write(jilin.folder / "border.csv", products()["nrt"])
    jilin.data("ingest", str(jilin.folder / "border.csv"))
    jilin.data("assess")
    border = {case["fire_point_id"] for case in waiting(jilin) if case["what"] == "boundary_county"}
    assert border
    jilin.data("rulebooks", "load", "LN-3")
    jilin.data("rulebooks", "load", "JL-1")
    cases = waiting(jilin)
    assert {case["fire_point_id"] for case in cases if case["what"] == "boundary_county"} == border
    assert not border & {case["fire_point_id"] for case in cases if case["what"] == "payer_in_doubt"}


def test_a_heat_source_listed_after_the_overpass_goes_to_a_person(jilin: House) -> None:
    fire = Fire(YUSHU, 0, f"{DAY}T10:00")
    jilin.burn([fire])
    lon, lat = fire.spot
    store = open_store(jilin.url)
    table = f"编号,名称,经度,纬度,半径,来源\nH1,砖厂,{lon},{lat},500,台账\n"
    load_heat_source_file(store, table.encode(), file="h.csv", datum="cgcs2000", actor="test")
    store.close()
    jilin.data("assess")
    (case,) = waiting(jilin)
    assert case["what"] == "heat_source_recorded_later"
    jilin.rule(fire, "--screen", "counted")
    assert waiting(jilin) == []


def test_the_queue_shows_a_reader_its_own_cases_and_filters_by_unit_and_day(jilin: House) -> None:
    jilin.burn([*fires(YUSHU, 1, f"{DAY}T10:00"), *fires(MEIHEKOU, 1, "2023-10-22T10:00")])
    jilin.data("rulebooks", "load", "JL-1")
    both = waiting(jilin)
    assert [case["county_code"] for case in both] == [YUSHU, MEIHEKOU]
    assert [case["county_code"] for case in waiting(jilin, uid="u220581")] == [MEIHEKOU]
    assert waiting(jilin, uid="u220500") == []
    store = open_store(jilin.url)
    with store.reader() as reader:
        of_unit = queue(reader, whole("test"), unit=YUSHU, at=AFTER)
        of_day = queue(
            reader, whole("test"), start=dt.date(2023, 10, 22), end=dt.date(2023, 10, 22), at=AFTER
        )
        early = queue(reader, scope_of(reader, "r", "county", "u220182"), unit=MEIHEKOU, at=AFTER)
    store.close()
    assert [case.county_code for case in of_unit] == [YUSHU]
    assert [case.county_code for case in of_day] == [MEIHEKOU]
    assert early == []


def test_a_report_that_may_tell_of_two_fires_names_them_until_a_person_says_which(jilin: House) -> None:
    row = Fire(YUSHU, 3, f"{DAY}T10:00").row()
    write(jilin.folder / "sat.csv", [row.moved(-1000, 0, 0), row.moved(1000, 0, 0)])
    patrol, columns = jilin.folder / "patrol.csv", jilin.folder / "columns.yaml"
    patrol.write_text(f"经度,纬度,时间\n{row.lon},{row.lat},{DAY} 10:20\n", encoding="utf-8")
    columns.write_text(PATROL, encoding="utf-8")
    jilin.data("ingest", str(jilin.folder / "sat.csv"))
    jilin.data("ingest", str(patrol), "--map", str(columns))
    jilin.data("assess")
    jilin.data("rulebooks", "load", "JL-1")
    (case,) = [case for case in waiting(jilin) if case["what"] == "match_unclear"]
    names = set(jilin.ids().values())
    assert set(case["candidates"]) == names - {case["fire_point_id"]}
    assert len(names) == 3
    jilin.data("rule", case["fire_point_id"], "--duplicate-of", case["candidates"][0], "--reason", "同一火点")
    assert "match_unclear" not in kinds(jilin)


def test_an_open_objection_waits_with_its_day_until_it_is_answered(
    store_home: str, new_store_url: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(store_home, new_store_url, tmp_path / "desk", monkeypatch) as office:
        office.issue()
        name = office.id_of(office.yushu[0])
        words = ("--payer", YUSHU, "--season", SEASON, "--grounds", "现场没有火情")
        office.house.data("objection", "file", name, *words)
        (case,) = waiting(office.house)
        assert (case["what"], case["fire_point_id"]) == ("objection", name)
        assert case["settled_by"].startswith("huodian objection answer 1 ")
        assert case["due"] == office.house.data("objection", "list")[0]["answer_due"]
        assert "第 1 号通知单" in case["zh"]
        assert waiting(office.house, uid="u220300") == []
        office.house.data("objection", "answer", "1", "--outcome", "rejected", "--reason", "经核查属实")
        assert waiting(office.house) == []


def test_the_command_prints_what_settles_each_kind(jilin: House) -> None:
    (fire,) = fires(YUSHU, 1, f"{DAY}T10:00", finding="nothing_found", level="local")
    jilin.burn([fire])
    jilin.data("rulebooks", "load", "JL-1")
    jilin.verify()
    said = jilin.run("pending").output
    assert "否定意见尚未复核：huodian verify" in said
    (case,) = jilin.data("pending")
    assert json.dumps(case)


PATROL = """
name: patrol
source_kind: patrol
coordinates: decimal
datum: cgcs2000
time_zone: Beijing
columns: {longitude: 经度, latitude: 纬度, acq_datetime: 时间}
"""
