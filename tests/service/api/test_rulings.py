"""Rulings over HTTP: who may, once, with a reason, and seen afterwards."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.store.models import IdempotentWrite, Revision, Ruling
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import RealStore
from tests.service.api.test_firepoints import POINTS, rows_of

RULINGS = "/api/v1/rulings"


def submit(web: TestClient, key: str = "k1", **body: Any) -> Any:
    return web.post(RULINGS, json={"reason": "现场核查确认", **body}, headers={"Idempotency-Key": key})


def count(real: RealStore, table: Any) -> int:
    with real.store.reader() as reader:
        return int(reader.rows(sa.select(sa.func.count()).select_from(table))[0][0])


def test_a_ruling_is_recorded_with_its_actor_and_applied(real: RealStore) -> None:
    with client(real.store, real.tokens["jilin"]) as web:
        row = rows_of(web, unit="220182")[0]
        point = row["fire_point_id"]
        answer = submit(web, fire_point_id=point, kind="unit", value="220283")
        assert answer.status_code == 201, answer.text
        after = web.get(f"{POINTS}/{point}").json()["data"]
        assert (after["county_code"], after["county"]) == ("220283", "舒兰市")
        assert [(one["actor"], one["reason"]) for one in after["rulings"]] == [("jilin", "现场核查确认")]
    with client(real.store, real.tokens["yushu"]) as web:
        problem_of(web.get(f"{POINTS}/{point}"), 404)
    with client(real.store, real.tokens["shulan"]) as web:
        assert web.get(f"{POINTS}/{point}").status_code == 200
    with real.store.reader() as reader:
        actors = {
            row.actor for row in reader.rows(sa.select(Revision.actor).where(Revision.command == "rule"))
        }
    assert actors == {"jilin"}


def test_the_same_request_again_writes_once_and_answers_the_same(real: RealStore) -> None:
    with client(real.store, real.tokens["jilin"]) as web:
        point = rows_of(web, unit="220182")[0]["fire_point_id"]
        first = submit(web, fire_point_id=point, kind="screen", value="not_cropland")
        again = submit(web, fire_point_id=point, kind="screen", value="not_cropland")
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        assert count(real, Ruling) == 1
        other = submit(web, fire_point_id=point, kind="screen", value="other")
        assert problem_of(other, 409)["code"] == "key_reused"
        assert submit(web, "k2", fire_point_id=point, kind="screen", value="counted").status_code == 201
    assert count(real, Ruling) == 2
    with client(real.store, real.tokens["admin"]) as web:
        assert submit(web, fire_point_id=point, kind="screen", value="other").status_code == 201, (
            "keys are personal"
        )


def test_the_same_request_twice_at_once_writes_once(real: RealStore) -> None:
    answers: list[Any] = []
    with client(real.store, real.tokens["jilin"]) as web:
        point = rows_of(web, unit="220182")[0]["fire_point_id"]

        def send() -> None:
            answers.append(submit(web, fire_point_id=point, kind="screen", value="other"))

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.text for answer in answers}) == 1
    assert count(real, Ruling) == 1
    assert count(real, IdempotentWrite) == 1


@pytest.mark.parametrize("name", ["yushu", "inspector", "patrol"])
def test_who_pays_or_reports_does_not_rule(real: RealStore, name: str) -> None:
    with client(real.store, real.tokens[name]) as web:
        point = rows_of(web)[0]["fire_point_id"]
        found = problem_of(submit(web, fire_point_id=point, kind="screen", value="other"), 403)
        assert found["code"] == "role_may_not"
    assert count(real, Ruling) == 0


def test_a_city_rules_within_limits(real: RealStore) -> None:
    with client(real.store, real.tokens["tonghua"]) as web:
        point = rows_of(web)[0]["fire_point_id"]

        def code(key: str, **body: Any) -> str:
            return str(problem_of(submit(web, key, fire_point_id=point, **body), 403)["code"])

        assert code("a", kind="unit", value="220581") == "unit_outside_scope"
        assert code("b", kind="screen", value="denied", evidence_sha256="0" * 64) == "own_denial"
        assert code("c", kind="screen", value="not_cropland") == "evidence_required"
        assert submit(web, "d", fire_point_id=point, kind="unit", value="220524").status_code == 201
        done = submit(
            web, "e", fire_point_id=point, kind="screen", value="not_cropland", evidence_sha256="0" * 64
        )
        assert done.status_code == 201
    assert count(real, Ruling) == 2


def test_nobody_rules_on_what_is_not_theirs(real: RealStore) -> None:
    with client(real.store, real.tokens["meihekou"]) as web:
        theirs = rows_of(web)[0]["fire_point_id"]
    with client(real.store, real.tokens["tonghua"]) as web:
        found = problem_of(submit(web, fire_point_id=theirs, kind="screen", value="counted"), 404)
        assert found["code"] == "unknown_fire_point"
    assert count(real, Ruling) == 0


def test_rulings_about_money_are_the_provinces(real: RealStore) -> None:
    with client(real.store, real.tokens["tonghua"]) as web:
        point, other = (row["fire_point_id"] for row in rows_of(web)[:2])
        for kind, value in (("order", "1"), ("exempt", "storm"), ("payer", "FARM-7")):
            found = problem_of(submit(web, kind, fire_point_id=point, kind=kind, value=value), 403)
            assert found["code"] == "own_bill"
        assert submit(web, "d", fire_point_id=point, kind="distinct", value=other).status_code == 201
    with client(real.store, real.tokens["jilin"]) as web:
        before = web.get(f"{POINTS}/{point}").json()["data"]
        for kind, value in (("order", "1"), ("exempt", "storm"), ("payer", "FARM-7")):
            assert submit(web, kind, fire_point_id=point, kind=kind, value=value).status_code == 201
        after = web.get(f"{POINTS}/{point}").json()["data"]
    assert [one["kind"] for one in after.pop("rulings")] == ["distinct", "order", "exempt", "payer"]
    del before["rulings"]
    assert after == before, "they change no assessed state"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "unit", "value": "999999"}, 404),
        ({"kind": "order", "value": "0"}, 400),
        ({"kind": "unit", "value": "220100"}, 422),
        ({"kind": "screen", "value": "nonsense"}, 400),
        ({"kind": "colour", "value": "red"}, 400),
        ({"kind": "screen", "value": "other", "reason": " "}, 400),
    ],
)
def test_a_ruling_that_makes_no_sense_is_refused(real: RealStore, body: dict[str, Any], status: int) -> None:
    with client(real.store, real.tokens["jilin"]) as web:
        point = rows_of(web, unit="220182")[0]["fire_point_id"]
        problem_of(submit(web, fire_point_id=point, **body), status)
        assert count(real, Ruling) == 0
        assert count(real, IdempotentWrite) == 0, "a refusal is not an answer to keep"
