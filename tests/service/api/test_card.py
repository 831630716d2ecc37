"""The card of a fire point: the explanation's own words, money for those who may see it, nothing of a neighbour."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from service.billing.books import load_rulebook
from service.billing.charges import run_charges
from service.kept import Kept
from service.map import runs
from service.pipeline.assess import assess
from service.pipeline.load_zones import load_zone_file
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import RealStore

DAY = "2023-10-29"
LATER = dt.datetime(2023, 11, 2, 2, 0, tzinfo=dt.UTC)


def first_of(real: RealStore, reader: str, *, doubtful: bool = False) -> str:
    with client(real.store, real.tokens[reader], now=LATER) as web:
        rows = web.get(f"/api/v1/firelist?date={DAY}").json()["data"]["rows"]
    return str(next(row["fire_point_id"] for row in rows if any(row["boundary_case"].values()) == doubtful))


def card(real: RealStore, reader: str, fire_point_id: str, query: str = "") -> dict[str, Any]:
    with client(real.store, real.tokens[reader], now=LATER) as web:
        answer = web.get(f"/api/v1/firepoints/{fire_point_id}/card{query}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "private, no-cache"
    data: dict[str, Any] = answer.json()["data"]
    return data


def verify(real: RealStore, reader: str, fire_point_id: str, finding: str, level: str) -> None:
    with client(real.store, real.tokens[reader], now=LATER) as web:
        answer = web.post(
            f"/api/v1/firepoints/{fire_point_id}/verifications",
            json={
                "finding": finding,
                "level": level,
                "found_at": "2023-10-30T12:00:00+08:00",
                "note": "地头一处",
                "area": "2亩",
            },
            headers={"Idempotency-Key": f"{reader}{finding}{fire_point_id}"},
        )
    assert answer.status_code == 201, answer.text


def test_a_card_says_where_whose_why_and_who_answers(real: RealStore) -> None:
    name = first_of(real, "yushu")
    told = card(real, "yushu", name)
    assert (told["fire_point_id"], told["fire_day"], told["resolves_to"]) == (name, DAY, None)
    assert [one["name"] for one in told["units"]][:3] == ["吉林省", "长春市", "榆树市"]
    assert told["regime"]["code"] == "whole_area"
    assert told["regime"]["zh"].startswith("全域禁烧")
    assert (told["screening"]["code"], told["verification"]["code"]) == ("counted", "unverified")
    assert told["verification"]["levels"] == ["local"]
    assert [(one["person"], one["phone"], one["role_zh"]) for one in told["duties"]] == [
        ("榆树值班员", "13802201820", "值班电话")
    ]
    assert told["marks"]["zh"] == "非正式"
    assert any(one["informal"] for one in told["layers"])
    assert 0 < told["shares"]["county_share"] <= 1
    assert abs(told["navigate"]["gcj02"]["lon"] - told["lon"]) > 0.001


def test_its_sentences_are_those_of_the_explanation(real: RealStore) -> None:
    load_rulebook(real.store, "JL-1", actor="test")
    name = first_of(real, "yushu", doubtful=True)
    told = card(real, "yushu", name)
    assert told["boundary"]["doubtful"]
    assert "boundary_county" in {one["what"] for one in told["pending"]}
    for lang in ("zh", "en"):
        with client(real.store, real.tokens["yushu"], now=LATER) as web:
            page = web.get(f"/api/v1/firepoints/{name}/explanation?format=text&lang={lang}").text
        for section, lines in told["words"][lang].items():
            for line in lines:
                assert line in page, (section, line)
    assert told["words"]["zh"]["place"]
    assert told["words"]["en"]["doubts"]


@pytest.mark.parametrize(
    ("reader", "sees"),
    [("yushu", True), ("jilin", True), ("admin", True), ("patrol", False), ("inspector", False)],
)
def test_money_is_told_to_those_who_may_see_it(real: RealStore, reader: str, sees: bool) -> None:
    load_rulebook(real.store, "JL-1", actor="test")
    name = first_of(real, "yushu")
    verify(real, "jilin", name, "straw", "province")
    told = card(real, reader, name)
    assert told["verification"]["code"] == "confirmed"
    (record,) = told["verification"]["records"]
    assert (record["finding"], record["decides"], record["area_mu"]) == ("straw", True, "2")
    text = json.dumps(told, ensure_ascii=False)
    if not sees:
        assert told["money"] is None
        assert told["words"]["zh"]["money"] == []
        (paid,) = card(real, "jilin", name)["money"]
        assert float(paid["amount"]) > 0
        for word in (paid["clause"], paid["amount"], paid["zh"], "JL-1", " 元", "yuan"):
            assert word not in text, word
        return
    (money,) = told["money"]
    with client(real.store, real.tokens[reader], now=LATER) as web:
        story = web.get(f"/api/v1/firepoints/{name}/explanation").json()["data"]
    assert money["zh"] == story["money"][0]["zh"]
    assert money["state"] == "charged"
    assert money["amount"] == story["money"][0]["charge"]["amount"]
    assert money["clause"] in money["zh"]
    assert money["rulebook"]["informal"]
    assert "sample" in {one["code"] for one in told["marks"]["statuses"]}


def test_who_asks_for_silence_is_told_until_when(real: RealStore) -> None:
    name = first_of(real, "patrol")
    assert card(real, "patrol", name)["verification"]["due"] is None
    load_rulebook(real.store, "JL-1", actor="test")
    due = card(real, "patrol", name)["verification"]["due"]
    with client(real.store, real.tokens["yushu"], now=LATER) as web:
        story = web.get(f"/api/v1/firepoints/{name}/explanation").json()["data"]
    assert due == story["money"][0]["verification_due"]
    verify(real, "patrol", name, "straw", "local")
    assert card(real, "patrol", name)["verification"]["due"] is None


def test_who_pays_is_ruled_behind_a_patrols_back(real: RealStore) -> None:
    name = first_of(real, "yushu")
    with client(real.store, real.tokens["jilin"], now=LATER) as web:
        for kind, value, reason in (("exempt", "other", "免责理由甲"), ("screen", "counted", "现场核实计入")):
            answer = web.post(
                "/api/v1/rulings",
                json={"fire_point_id": name, "kind": kind, "value": value, "reason": reason},
                headers={"Idempotency-Key": kind},
            )
            assert answer.status_code == 201, answer.text
    assert {one["kind"] for one in card(real, "yushu", name)["rulings"]} == {"exempt", "screen"}
    told = card(real, "patrol", name)
    assert [one["kind"] for one in told["rulings"]] == ["screen"]
    assert "免责理由甲" not in json.dumps(told, ensure_ascii=False)


def test_a_neighbours_card_is_as_unknown_as_one_never_issued(real: RealStore) -> None:
    foreign = first_of(real, "shulan")
    with client(real.store, real.tokens["yushu"], now=LATER) as web:
        answers = [
            problem_of(web.get(f"/api/v1/firepoints/{name}/card"), 404)
            for name in (foreign, "20231029-000000000000", "x")
        ]
        assert {one["code"] for one in answers} == {"unknown_fire_point"}
        problem_of(web.get(f"/api/v1/firepoints/{foreign}/card?unit=1"), 400)


def test_a_season_is_worked_out_once_for_all_cards_of_a_revision(
    real: RealStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_rulebook(real.store, "JL-1", actor="test")
    worked: list[int] = []

    def counted(reader: Any, *args: Any, **more: Any) -> Any:
        worked.append(reader.rev)
        return run_charges(reader, *args, **more)

    monkeypatch.setattr("service.billing.charges.run_charges", counted)
    monkeypatch.setattr(runs, "_runs", Kept(3))
    name = first_of(real, "yushu")
    for reader in ("yushu", "jilin", "patrol", "yushu"):
        card(real, reader, name)
    assert len(worked) == 1
    verify(real, "jilin", name, "straw", "province")
    assert card(real, "yushu", name)["money"][0]["state"] == "charged"
    assert len(set(worked)) == 2
    assert card(real, "yushu", name, f"?as_of={worked[0]}")["money"][0]["state"] == "held"


def test_a_zone_is_told_with_its_kind(real: RealStore) -> None:
    table = "编码,名称,类别,乡镇代码\nA1,城郊片,限烧区,220182\n".encode()
    load_zone_file(real.store, table, file="z.csv", name="z", status="sample", actor="test")
    assess(real.store, actor="test")
    name = first_of(real, "yushu")
    assert card(real, "yushu", name)["zone"] == {"code": "A1", "name": "城郊片", "kind": "restricted"}
    assert card(real, "yushu", name)["lists"] == []
