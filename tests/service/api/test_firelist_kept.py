"""The list that is kept for everybody of a unit: packed, never another unit's, never of another revision."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from service.scope import Members, Scope
from tests.service.api.client import client
from tests.service.api.conftest import RealStore

_DAY = dt.date(2020, 1, 1)
LIST = "/api/v1/firelist?date=2023-10-29"


def rows(real: RealStore, reader: str, query: str = "") -> list[dict[str, object]]:
    with client(real.store, real.tokens[reader]) as web:
        found: list[dict[str, object]] = web.get(LIST + query).json()["data"]["rows"]
        return found


def test_it_is_packed_for_those_who_take_it(real: RealStore) -> None:
    with client(real.store, real.tokens["admin"]) as web:
        small = web.get(LIST, headers={"Accept-Encoding": "gzip"})
        plain = web.get(LIST, headers={"Accept-Encoding": "identity"})
    assert small.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(small.headers["content-length"]) * 5 < int(plain.headers["content-length"])
    assert small.json() == plain.json()
    assert {"Accept-Encoding", "Authorization", "Cookie"} <= set(small.headers["vary"].split(", "))


def test_each_reader_gets_the_list_of_its_own_ground(real: RealStore) -> None:
    for _ in range(2):  # made, then kept
        everything = {one["fire_point_id"] for one in rows(real, "admin")}
        own = rows(real, "yushu")
        assert {one["county_code"] for one in own} == {"220182"}
        assert {one["fire_point_id"] for one in own} < everything


def test_what_is_recorded_later_is_in_the_next_answer_and_not_in_the_one_as_of_then(real: RealStore) -> None:
    before = rows(real, "yushu")
    assert {one["status"] for one in before} == {"unverified"}
    with client(real.store, real.tokens["jilin"]) as web:
        revision = web.get(LIST).json()["revision"]
        written = web.post(
            f"/api/v1/firepoints/{before[0]['fire_point_id']}/verifications",
            json={"finding": "straw", "level": "province", "found_at": "2023-10-29T15:00:00+08:00"},
            headers={"Idempotency-Key": "kept-1"},
        )
        assert written.status_code in (200, 201), written.text
    after = {one["fire_point_id"]: one["status"] for one in rows(real, "yushu")}
    assert after[before[0]["fire_point_id"]] == "confirmed"
    assert rows(real, "yushu", f"&as_of={revision}") == before


def test_a_unit_that_lost_ground_shares_no_answer_with_what_it_was() -> None:
    now = Members(
        start=_DAY,
        end=None,
        counties=frozenset({1, 2}),
        townships=frozenset(),
        cells=frozenset(),
        carved=frozenset(),
    )
    scope = Scope("a", "county", "u1", (now,))
    less = replace(scope, members=(replace(now, counties=frozenset({1})),))
    assert scope.key() == replace(scope, actor="b").key()
    assert scope.key() != less.key()
    assert Scope("a", "admin").key() == "*"
