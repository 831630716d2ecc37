"""Fire points over HTTP: filters, pages, one by id, the scope of each reader."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service.pipeline.assess import assess
from service.store.models import FirePointAlias, FirePointState
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import RealStore

DAY = "2023-10-29"
POINTS = "/api/v1/firepoints"


def rows_of(web: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = web.get(POINTS, params={"date": DAY, "limit": 1000, **query})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]["rows"]
    return rows


def test_each_reader_sees_its_own_ground_and_all_of_it(real: RealStore) -> None:
    with client(real.store, real.tokens["admin"]) as web:
        everything = Counter(row["county_code"] for row in rows_of(web))
    assert sum(everything.values()) == 782
    assert everything["220581"] == 59
    expected = {
        "yushu": {"220182"},
        "shulan": {"220283"},
        "meihekou": {"220581"},
        "tonghua": {"220503", "220521", "220523", "220524", "220582"},
    }
    for name, codes in expected.items():
        with client(real.store, real.tokens[name]) as web:
            seen = Counter(row["county_code"] for row in rows_of(web))
        assert seen == {code: everything[code] for code in codes}


def test_filters_narrow_and_never_widen(real: RealStore) -> None:
    with client(real.store, real.tokens["admin"]) as web:
        every = rows_of(web)
        assert {row["county_code"] for row in rows_of(web, unit="220182")} == {"220182"}
        box = rows_of(web, bbox="126,44,127,45")
        assert box == [row for row in every if 126 <= row["lon"] <= 127 and 44 <= row["lat"] <= 45]
        assert {row["screen"] for row in rows_of(web, screen="outside")} == {"outside"}
        assert rows_of(web, date="2023-10-01") == []
        span = web.get(POINTS, params={"start": "2023-10-20", "end": "2023-10-31", "limit": 1000}).json()
        assert len(span["data"]["rows"]) >= len(every)
        today = web.get(POINTS, params={"limit": 1}).json()["data"]
        assert (today["start"], today["end"], today["rows"][0]["fire_day"]) == ("2023-10-30",) * 3
    with client(real.store, real.tokens["yushu"]) as web:
        assert rows_of(web, unit="220283") == []
        assert rows_of(web, bbox="120,40,132,47") == rows_of(web)


def test_pages_give_every_row_once_although_the_store_changes_between(real: RealStore) -> None:
    with client(real.store, real.tokens["admin"]) as web:
        every = [row["fire_point_id"] for row in rows_of(web)]
        first = web.get(POINTS, params={"date": DAY, "limit": 300}).json()
        victim = first["data"]["rows"][-1]["fire_point_id"]
        with real.store.writer("test", "test") as writer:
            table = FirePointState.__table__
            writer.connection.execute(
                sa.update(table)
                .where(table.c.fire_point_id != victim, table.c.rev_to.is_(None))
                .values(rev_to=writer.revision)
            )
        found = [row["fire_point_id"] for row in first["data"]["rows"]]
        cursor = first["data"]["next"]
        while cursor:
            page = web.get(POINTS, params={"date": DAY, "limit": 300, "cursor": cursor}).json()
            assert page["revision"] == first["revision"]
            found += [row["fire_point_id"] for row in page["data"]["rows"]]
            cursor = page["data"]["next"]
        assert found == every
        other = web.get(POINTS, params={"date": DAY, "screen": "counted", "cursor": first["data"]["next"]})
        assert problem_of(other, 400)["code"] == "bad_cursor"


def test_an_instant_is_given_in_beijing_time(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        row = rows_of(web)[0]
    assert row["first_at"].endswith("+08:00")
    assert row["fire_day"] == DAY
    assert isinstance(row["county_code"], str)
    assert "county_unit_id" not in row


def test_one_fire_point_by_its_id(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        row = rows_of(web)[0]
        one = web.get(f"{POINTS}/{row['fire_point_id']}").json()["data"]
        assert one["resolves_to"] is None
        assert {name: one[name] for name in row} == row
        assert one["duties"][0]["phone"] == "13802201820"


def test_an_id_outside_the_scope_is_as_unknown_as_one_never_issued(real: RealStore) -> None:
    with client(real.store, real.tokens["shulan"]) as web:
        theirs = rows_of(web)[0]["fire_point_id"]
    with client(real.store, real.tokens["yushu"]) as web:
        refused = problem_of(web.get(f"{POINTS}/{theirs}"), 404)
        never = problem_of(web.get(f"{POINTS}/F000"), 404)
    refused["instance"] = never["instance"] = ""
    assert str(refused).replace(theirs, "X") == str(never).replace("F000", "X")


def test_a_merged_id_resolves_for_ever(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        old, new = (row["fire_point_id"] for row in rows_of(web)[:2])
        with real.store.writer("test", "test") as writer:
            table = FirePointState.__table__
            writer.connection.execute(
                sa.update(table).where(table.c.fire_point_id == old).values(rev_to=writer.revision)
            )
            writer.insert(FirePointAlias, old_id=old, new_id=new, cause="merged")
        one = web.get(f"{POINTS}/{old}").json()["data"]
        assert (one["asked"], one["resolves_to"], one["fire_point_id"]) == (old, new, new)
    with client(real.store, real.tokens["shulan"]) as web:
        problem_of(web.get(f"{POINTS}/{old}"), 404)


def test_reading_as_of_an_earlier_revision(real: RealStore) -> None:
    with client(real.store, real.tokens["admin"]) as web:
        before = web.get(POINTS, params={"date": DAY, "as_of": 1}).json()
        assert (before["as_of"], before["revision"], before["data"]["rows"]) == (1, 1, [])
        now = dt.datetime.now(dt.UTC).isoformat()
        assert rows_of(web, as_of=now) == rows_of(web)
        assert web.get(f"{POINTS}?date={DAY}&as_of=2035-01-01T08:00+08:00").status_code == 200, (
            "a plus sign as typed"
        )
        problem_of(web.get(POINTS, params={"as_of": 10_000}), 404)


def test_a_shared_fire_point_does_not_name_the_neighbour(real: RealStore) -> None:
    with client(real.store, real.tokens["admin"]) as web:
        shared = [row for row in rows_of(web, unit="220182") if row["boundary_case"].get("county")]
        assert shared
        assert any(row["neighbours"].get("county") for row in shared)
    with client(real.store, real.tokens["yushu"]) as web:
        mine = [row for row in rows_of(web) if row["boundary_case"].get("county")]
        assert [row["fire_point_id"] for row in mine] == [row["fire_point_id"] for row in shared]
        assert [row["county_share"] for row in mine] == [row["county_share"] for row in shared]
        assert not any(row["neighbours"].get("county") for row in mine)


@pytest.mark.parametrize("name", ["yushu", "tonghua", "meihekou"])
def test_pending_is_the_readers_own_queue(real: RealStore, name: str) -> None:
    with client(real.store, real.tokens[name]) as web:
        span = web.get(POINTS, params={"start": "2023-10-01", "end": "2023-10-31", "limit": 1000}).json()
        mine = {row["fire_point_id"] for row in span["data"]["rows"]}
        cases = web.get("/api/v1/pending").json()["data"]
        assert {case["fire_point_id"] for case in cases} <= mine
        assert any(case["what"] == "boundary_county" for case in cases)


def test_an_assessment_in_between_changes_nothing_that_is_read(real: RealStore) -> None:
    with client(real.store, real.tokens["admin"]) as web:
        before = rows_of(web)
        assess(real.store, actor="test")
        assert rows_of(web) == before
