"""Findings over HTTP: within scope, by role, once, and the whole record to read."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.pipeline.archive import Archive
from service.store.models import IdempotentWrite, Verification
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import RealStore
from tests.service.api.test_firepoints import POINTS, rows_of

AT = "2023-10-29T20:00:00+08:00"


def submit(web: TestClient, point: str, key: str = "k1", **body: Any) -> Any:
    filled = {"finding": "straw", "level": "local", "found_at": AT, **body}
    return web.post(f"{POINTS}/{point}/verifications", json=filled, headers={"Idempotency-Key": key})


def count(real: RealStore, table: Any = Verification) -> int:
    with real.store.reader() as reader:
        return int(reader.rows(sa.select(sa.func.count()).select_from(table))[0][0])


def first_point(web: TestClient, **filters: str) -> str:
    return str(rows_of(web, **filters)[0]["fire_point_id"])


def test_a_finding_is_recorded_read_back_and_shown_as_a_status(real: RealStore) -> None:
    photo = Archive(real.archive).put(b"photo")
    with client(real.store, real.tokens["inspector"], settings={"archive": str(real.archive)}) as web:
        point = first_point(web)
        answer = submit(
            web,
            point,
            person="王某",
            area="8000m2",
            source_kind="drone",
            evidence_sha256=photo,
            lon=126.5,
            lat=44.8,
            note="已灭",
        )
        assert answer.status_code == 201, answer.text
        done = answer.json()["data"]
        assert (done["status"], done["evidence_archived"], done["area_mu"]) == ("confirmed", True, "12")
        told = web.get(f"{POINTS}/{point}/verifications").json()
        assert told["schema"] == "verifications"
        story = told["data"]
        assert (story["status"], story["area_mu"], story["sources"]) == ("confirmed", "12", ["drone"])
        (record,) = story["records"]
        assert (record["person"], record["found_at"], record["actor"]) == ("王某", AT, "inspector")
        assert story["deciding"] == record["id"]
        assert web.get(f"{POINTS}/{point}").json()["data"]["verifications"] == [record]
        assert web.get(f"{POINTS}/{point}").json()["data"]["status"] == "confirmed"
        before = web.get(f"{POINTS}/{point}/verifications?as_of={told['revision'] - 1}").json()["data"]
        assert (before["status"], before["records"]) == ("unverified", [])
        unknown = submit(web, point, "k2", evidence_sha256="0" * 64).json()["data"]
        assert unknown["evidence_archived"] is False


def test_a_denial_of_the_payer_waits_and_a_contradiction_is_said(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        point = first_point(web)
        assert submit(web, point, finding="nothing_found").json()["data"]["status"] == "denial_unreviewed"
    with client(real.store, real.tokens["jilin"]) as web:
        assert submit(web, point, level="province").json()["data"]["status"] == "confirmed"
    with client(real.store, real.tokens["yushu"]) as web:
        done = submit(web, point, "k2", finding="industrial").json()["data"]
        assert (done["status"], done["contradicted"]) == ("confirmed", True)
        story = web.get(f"{POINTS}/{point}/verifications").json()["data"]
        assert story["contradicted"]
        assert [one["finding"] for one in story["records"]] == ["nothing_found", "straw", "industrial"]


def test_the_same_request_again_writes_once_and_answers_the_same(real: RealStore) -> None:
    with client(real.store, real.tokens["patrol"]) as web:
        point = first_point(web)
        first, again = submit(web, point), submit(web, point)
        assert (again.status_code, again.text) == (201, first.text)
        assert again.headers["idempotency-replayed"] == "true"
        assert count(real) == 1
        assert problem_of(submit(web, point, finding="weeds"), 409)["code"] == "key_reused"
        assert submit(web, point, "k2", finding="weeds").status_code == 201
    assert count(real) == 2


def test_the_same_request_twice_at_once_writes_once(real: RealStore) -> None:
    answers: list[Any] = []
    with client(real.store, real.tokens["patrol"]) as web:
        point = first_point(web)
        threads = [threading.Thread(target=lambda: answers.append(submit(web, point))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [one.status_code for one in answers] == [201] * 4
    assert len({one.text for one in answers}) == 1
    assert (count(real), count(real, IdempotentWrite)) == (1, 1)


@pytest.mark.parametrize(
    ("name", "highest"),
    [("patrol", 0), ("inspector", 0), ("yushu", 0), ("tonghua", 1), ("jilin", 2), ("admin", 2)],
)
def test_the_role_decides_the_highest_level(real: RealStore, name: str, highest: int) -> None:
    with client(real.store, real.tokens[name]) as web:
        point = first_point(web)
        for number, level in enumerate(("local", "city", "province")):
            answer = submit(web, point, level, level=level)
            if number <= highest:
                assert answer.status_code == 201, answer.text
            else:
                assert problem_of(answer, 403)["code"] == "level_too_high"
    assert count(real) == highest + 1


@pytest.mark.parametrize(
    ("reader", "other"), [("yushu", "shulan"), ("tonghua", "meihekou"), ("patrol", "shulan")]
)
def test_nobody_sees_or_writes_anothers(real: RealStore, reader: str, other: str) -> None:
    with client(real.store, real.tokens[other]) as web:
        theirs = first_point(web)
        assert submit(web, theirs, person="他县某人").status_code == 201
    with client(real.store, real.tokens[reader]) as web:
        never = "20231029-000000000000"
        for point in (theirs, never):
            assert problem_of(submit(web, point, "x"), 404)["code"] == "unknown_fire_point"
            answer = web.get(f"{POINTS}/{point}/verifications")
            assert problem_of(answer, 404)["code"] == "unknown_fire_point"
            assert "他县某人" not in answer.text
    assert count(real) == 1


def test_a_write_needs_a_token(real: RealStore) -> None:
    with client(real.store, real.tokens["admin"]) as web:
        point = first_point(web)
    with client(real.store) as web:
        problem_of(submit(web, point), 401)
    assert count(real) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"finding": "fire"}, 400),
        ({"level": "county"}, 400),
        ({"found_at": "2023-10-29T20:00:00"}, 400),
        ({"found_at": "2023-10-29T04:00:00+08:00"}, 422),
        ({"found_at": "2023-10-31T04:00:00+08:00"}, 422),
        ({"found_at": "0001-01-01T00:00:00+08:00"}, 400),
        ({"area": "12"}, 400),
        ({"source_kind": "satellite"}, 400),
        ({"evidence_sha256": "abc"}, 400),
        ({"lon": 126.5}, 400),
        ({"lon": 190, "lat": 44}, 400),
        ({"note": "坏\u0007"}, 400),
        ({"surprise": 1}, 400),
    ],
)
def test_a_finding_that_makes_no_sense_is_refused(real: RealStore, body: dict[str, Any], status: int) -> None:
    with client(real.store, real.tokens["jilin"]) as web:
        point = first_point(web, unit="220182")
        problem_of(submit(web, point, **body), status)
    assert count(real) == count(real, IdempotentWrite) == 0, "a refusal is not an answer to keep"


def test_a_phone_whose_clock_runs_ahead_a_little_is_believed(real: RealStore) -> None:
    now = dt.datetime(2023, 10, 30, 2, 0, tzinfo=dt.UTC)
    with client(real.store, real.tokens["patrol"], now=now) as web:
        point = first_point(web)
        ahead = (now + dt.timedelta(minutes=4)).isoformat()
        assert submit(web, point, found_at=ahead).status_code == 201
