"""Statements and objections over HTTP: issued once, read within scope, objected to and answered by those who may."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.store import open_store
from tests.service.accountability.test_rulebooks import BOOKS
from tests.service.api.client import client, problem_of
from tests.service.billing.desk import SEASON, SHUANGLIAO, YUSHU, Desk, desk

API = "/api/v1"
ONE = {"payer": YUSHU, "season": SEASON}


@pytest.fixture
def office(
    store_home: str, new_store_url: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    with desk(store_home, new_store_url, tmp_path / "desk", monkeypatch) as opened:
        yield opened


@pytest.fixture
def webs(office: Desk) -> Iterator[dict[str, TestClient]]:
    """A client for each of four readers."""
    people = (
        ("jilin", "province", "220000"),
        ("changchun", "city", "220100"),
        ("yushu", "county", YUSHU),
        ("shuangliao", "county", SHUANGLIAO),
    )
    store = open_store(office.house.url)
    found = {name: client(store, office.user(name, role, unit)) for name, role, unit in people}
    yield found
    for one in found.values():
        one.close()
    store.close()


def _send(web: TestClient, path: str, key: str, **body: Any) -> Any:
    return web.post(f"{API}/{path}", json=body, headers={"Idempotency-Key": key})


def _issue(web: TestClient, key: str = "k", **more: Any) -> Any:
    return _send(web, "statements", key, **{**ONE, "rulebook": "JL-1", "sample": True, **more})


def test_a_statement_is_issued_once_and_read_by_those_it_concerns(
    office: Desk, webs: dict[str, TestClient]
) -> None:
    assert problem_of(_issue(webs["yushu"]), 403)["code"] == "role_may_not"
    assert problem_of(_issue(webs["jilin"], sample=False), 422)["code"] == "informal"
    first = _issue(webs["jilin"])
    assert first.status_code == 201, first.text
    again = _issue(webs["jilin"])
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert problem_of(_issue(webs["jilin"], "other"), 409)["code"] == "nothing_changed"
    sha = first.json()["data"]["sha256"]
    for name, seen in (("jilin", 1), ("changchun", 1), ("yushu", 1), ("shuangliao", 0)):
        assert len(webs[name].get(f"{API}/statements").json()["data"]) == seen, name
    document = webs["yushu"].get(f"{API}/statements/one", params={**ONE, "format": "document"})
    assert hashlib.sha256(document.content).hexdigest() == sha
    assert document.headers["content-disposition"].endswith(f'statement-{YUSHU}-{SEASON}-1.json"')
    for form, start in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        answer = webs["yushu"].get(f"{API}/statements/one", params={**ONE, "format": form})
        assert answer.content.startswith(start)
    foreign = problem_of(webs["shuangliao"].get(f"{API}/statements/one", params=ONE), 404)
    assert foreign["code"] == "unknown_statement"
    held = webs["yushu"].get(f"{API}/statements/verified", params={"sha256": sha}).json()["data"]
    assert (held["ok"], held["recomputed"]) == (True, True)
    hidden = webs["shuangliao"].get(f"{API}/statements/verified", params={"sha256": sha}).json()["data"]
    assert (hidden["ok"], hidden["statement"]) == (False, None)
    roll = webs["yushu"].get(f"{API}/roll", params={"season": SEASON}).json()["data"]
    assert [(one["payer"]["code"], one["net"]) for one in roll["rows"]] == [(YUSHU, "800000.00")]
    assert webs["shuangliao"].get(f"{API}/roll", params={"season": SEASON}).json()["data"]["rows"] == []
    assert webs["jilin"].get(f"{API}/roll", params={"season": SEASON, "format": "pdf"}).content[:4] == b"%PDF"
    assert json.loads(document.content)["amounts"]["total"] == "800000.00"


def test_an_objection_is_filed_answered_appealed_and_the_statement_closed(
    office: Desk, webs: dict[str, TestClient]
) -> None:
    _issue(webs["jilin"])
    point = office.id_of(office.yushu[0])
    said = {**ONE, "fire_point_id": point, "grounds": "现场没有火情"}
    assert (
        problem_of(_send(webs["shuangliao"], "objections", "a", **said), 404)["code"] == "unknown_statement"
    )
    assert problem_of(_send(webs["changchun"], "objections", "a", **said), 403)["code"] == "not_the_payer"
    filed = _send(webs["yushu"], "objections", "a", **said)
    assert filed.status_code == 201, filed.text
    assert _send(webs["yushu"], "objections", "a", **said).json() == filed.json()
    reply = {"outcome": "rejected", "reason": "现场照片可见火痕"}
    assert (
        problem_of(_send(webs["yushu"], "objections/1/answer", "b", **reply), 403)["code"] == "own_objection"
    )
    assert problem_of(_send(webs["shuangliao"], "objections/1/answer", "b", **reply), 404)
    assert _send(webs["changchun"], "objections/1/answer", "b", **reply).status_code == 201
    assert problem_of(_send(webs["changchun"], "objections/1/answer", "c", **reply), 409)
    appealed = _send(webs["yushu"], "objections/1/appeal", "d", grounds="照片不是该地块")
    assert appealed.json()["data"]["instance"] == 2
    final = problem_of(_send(webs["jilin"], "statements/final", "e", **ONE), 409)
    assert final["code"] == "deadline_open"
    office.later(days=8)
    assert problem_of(_send(webs["jilin"], "statements/final", "e", **ONE), 409)["code"] == "objections_open"
    assert _send(webs["yushu"], "objections/2/withdraw", "f", reason="撤回").status_code == 201
    states = {one["state"] for one in webs["jilin"].get(f"{API}/objections").json()["data"]}
    assert states == {"rejected", "withdrawn"}
    assert webs["shuangliao"].get(f"{API}/objections").json()["data"] == []
    office.later(days=9)
    done = _send(webs["jilin"], "statements/final", "e", **ONE)
    assert done.json()["data"]["state"] == "final"
    assert _send(webs["jilin"], "statements/final", "e", **ONE).json() == done.json()


def test_a_special_payer_is_named_by_its_code_over_http_too(
    office: Desk, webs: dict[str, TestClient]
) -> None:
    book = office.house.folder / "book.yaml"
    text = (
        (BOOKS / "jl-1.yaml")
        .read_text(encoding="utf-8")
        .replace("  collector: 省财政", "  collector: 省财政\n  special: [{code: JL-FARM.1, name: 省属农场}]")
    )
    book.write_text(text.replace("id: JL-1", "id: JL-F"), encoding="utf-8")
    office.house.data("rulebooks", "load", str(book))
    office.house.rule(office.yushu[0], "--payer", "JL-FARM.1")
    farm = {"payer": "JL-FARM.1", "season": SEASON}
    made = _send(webs["jilin"], "statements", "farm", **farm, rulebook="JL-F", sample=True)
    assert made.status_code == 201, made.text
    document = made.json()["data"]["document"]
    assert (document["payer"]["name"], document["amounts"]["total"]) == ("省属农场", "500000.00")
    assert webs["jilin"].get(f"{API}/statements/one", params=farm).json()["data"]["payer"] == "JL-FARM.1"
    point = document["lines"][0]["fire_point_id"]
    filed = _send(webs["jilin"], "objections", "o", **farm, fire_point_id=point, grounds="该地块不属农场")
    assert problem_of(filed, 403)["code"] == "not_the_payer", "the farm's own, or the operator for it"
    foreign = webs["yushu"].get(f"{API}/statements/one", params=farm)
    assert problem_of(foreign, 404)["code"] == "unknown_statement"


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_an_instant_that_no_calendar_tells_is_a_bad_request(
    webs: dict[str, TestClient], instant: str
) -> None:
    for path, name in (
        *(("statements", "as_of"), ("roll", "as_of"), ("pending", "as_of"), ("objections", "as_of")),
        *(("charges", "at"), ("charges", "as_of"), ("standing", "at")),
    ):
        asked = {name: instant} | ({"season": SEASON} if path in ("roll", "charges", "standing") else {})
        problem_of(webs["jilin"].get(f"{API}/{path}", params=asked), 400)


def test_words_that_no_page_can_show_are_a_bad_request(webs: dict[str, TestClient]) -> None:
    assert problem_of(_issue(webs["jilin"], preparer="张\u0000三"), 400)["code"] == "bad_text"
    point = _issue(webs["jilin"], "again").json()["data"]["document"]["lines"][0]["fire_point_id"]
    filed = _send(webs["yushu"], "objections", "o", **ONE, fire_point_id=point, grounds="不是\u0000秸秆")
    assert problem_of(filed, 400)["code"] == "bad_text"
    assert (
        problem_of(_send(webs["jilin"], "statements/final", "f", **ONE, note="\u0007"), 400)["code"]
        == "bad_text"
    )
