"""The season calendar: counts of each day, the same as the lists of those days, within the reader's scope."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from service.billing.books import load_rulebook
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import RealStore

PERIOD = "from=2023-10-20&to=2023-10-31"
DAY = "2023-10-29"
LATER = dt.datetime(2023, 11, 2, 2, 0, tzinfo=dt.UTC)
STATUSES = ("unverified", "confirmed", "denied", "denial_unreviewed", "unreachable")


def calendar(real: RealStore, reader: str, query: str = PERIOD) -> dict[str, Any]:
    with client(real.store, real.tokens[reader], now=LATER) as web:
        answer = web.get(f"/api/v1/calendar?{query}")
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    for row in [*data["days"], data["totals"]]:
        assert row["fire_points"] == row["listed"] + row["left_out"]
        assert row["listed"] == sum(row[name] for name in STATUSES)
    return data


def day_of(data: dict[str, Any], day: str = DAY) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in data["days"] if row["day"] == day)
    return found


@pytest.mark.parametrize("reader", ["admin", "tonghua", "yushu", "patrol"])
def test_a_day_counts_what_its_list_counts(real: RealStore, reader: str) -> None:
    row = day_of(calendar(real, reader))
    with client(real.store, real.tokens[reader]) as web:
        counts = web.get(f"/api/v1/firelist?date={DAY}").json()["data"]["counts"]
    assert (row["pixels"], row["fire_points"]) == (counts["pixels"], counts["fire_points"])
    assert (row["listed"], row["left_out"]) == (counts["listed"], sum(counts["left_out"].values()))
    assert row["listed_pixels"] == counts["listed_pixels"]
    assert row["satellites"] == 1


def test_neighbours_add_up_and_see_nothing_of_each_other(real: RealStore) -> None:
    whole = day_of(calendar(real, "jilin"))["fire_points"]
    own = {reader: day_of(calendar(real, reader))["fire_points"] for reader in ("yushu", "shulan")}
    as_whole = {
        code: day_of(calendar(real, "jilin", f"{PERIOD}&unit={code}"))["fire_points"]
        for code in ("220182", "220283")
    }
    assert (own["yushu"], own["shulan"]) == (as_whole["220182"], as_whole["220283"])
    assert sum(own.values()) < whole
    assert day_of(calendar(real, "yushu", f"{PERIOD}&unit=220283"))["fire_points"] == 0
    assert day_of(calendar(real, "yushu", f"{PERIOD}&unit=220000"))["fire_points"] == own["yushu"]


def test_what_people_found_moves_between_the_counts(real: RealStore) -> None:
    before = day_of(calendar(real, "yushu"))
    with client(real.store, real.tokens["yushu"], now=LATER) as web:
        rows = web.get(f"/api/v1/firelist?date={DAY}").json()["data"]["rows"]
        for number, finding in enumerate(("straw", "nothing_found", "unreachable")):
            answer = web.post(
                f"/api/v1/firepoints/{rows[number]['fire_point_id']}/verifications",
                json={"finding": finding, "level": "local", "found_at": "2023-10-30T12:00:00+08:00"},
                headers={"Idempotency-Key": f"k{number}"},
            )
            assert answer.status_code == 201, answer.text
    after = day_of(calendar(real, "yushu"))
    assert after["unverified"] == before["unverified"] - 3
    assert [after[name] for name in STATUSES[1:]] == [1, 0, 1, 1]
    for status, count in (("confirmed", 1), ("confirmed,unreachable", 2), ("denied", 0)):
        found = calendar(real, "yushu", f"{PERIOD}&status={status}")["totals"]
        assert found["fire_points"] == count


def test_filters_narrow_and_a_day_without_fire_says_whether_somebody_looked(real: RealStore) -> None:
    everything = calendar(real, "yushu")
    counted = calendar(real, "yushu", f"{PERIOD}&screen=counted")
    assert counted["totals"]["fire_points"] == everything["totals"]["counted"]
    parts = [
        calendar(real, "yushu", f"{PERIOD}&confidence={word}")["totals"]["pixels"]
        for word in ("low", "nominal", "high", "unknown")
    ]
    assert sum(parts) == everything["totals"]["pixels"]
    none = calendar(real, "yushu", f"{PERIOD}&satellite=Terra")
    assert none["totals"]["fire_points"] == 0
    assert day_of(none)["satellites"] == 1, "the day stays: a satellite looked and that filter found nothing"
    assert calendar(real, "yushu", "from=2022-01-01&to=2022-01-31")["days"] == []
    either = calendar(real, "yushu", f"{PERIOD}&satellite=Terra,NOAA-20")
    assert either["totals"] == everything["totals"], "one of several satellites saw it"
    assert calendar(real, "yushu", f"{PERIOD}&satellite=Terra,Aqua")["totals"]["fire_points"] == 0


def test_the_filter_of_the_tiles_counts_the_same(real: RealStore) -> None:
    def total(cql: str, reader: str = "yushu") -> int:
        with client(real.store, real.tokens[reader], now=LATER) as web:
            answer = web.get("/api/v1/calendar", params={"from": DAY, "to": DAY, "filter": cql})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["data"]["totals"]["fire_points"])

    whole = day_of(calendar(real, "yushu"))["fire_points"]
    one = total("pixels = 1")
    assert 0 < one < whole
    assert one + total("pixels > 1") == whole
    assert total("status = 'unverified' AND screen = 'counted'") == day_of(calendar(real, "yushu"))["counted"]
    assert total("county_code = '220283'") == 0
    assert total("county_code = '220283' OR pixels >= 1") == whole
    with client(real.store, real.tokens["yushu"]) as web:
        for cql in ("nonsense =", "colour = 'red'", "pixels = 'many'", "(" * 9000):
            problem_of(web.get("/api/v1/calendar", params={"filter": cql}), 400)


def test_seasons_are_those_of_the_rulebook_or_of_the_harvest(real: RealStore) -> None:
    (season,) = calendar(real, "yushu")["seasons"]
    assert season == {"season": "2023-2024", "start": "2023-10-01", "end": "2024-09-30"}
    load_rulebook(real.store, "JL-1", actor="test")
    (season,) = calendar(real, "yushu")["seasons"]
    assert season["season"] == "2023-2024"
    assert season["start"] <= DAY <= season["end"]


def test_a_period_ends_today_and_stays_within_a_season_and_its_neighbours(real: RealStore) -> None:
    found = calendar(real, "yushu", "")
    assert (found["from"], found["to"]) == ("2022-11-03", "2023-11-02")
    found = calendar(real, "yushu", "from=2020-01-01")
    assert (found["from"], found["to"]) == ("2020-01-01", "2021-02-03")
    assert calendar(real, "yushu", "from=2024-01-01")["to"] == "2024-01-01"
    with client(real.store, real.tokens["yushu"]) as web:
        for query, code in (
            ("from=2020-01-01&to=2023-10-31", "bad_span"),
            ("from=2023-10-31&to=2023-10-01", "bad_span"),
            ("to=0001-01-01", "bad_request"),
            ("status=perhaps", "bad_request"),
            ("colour=red", "unknown_parameter"),
        ):
            assert problem_of(web.get(f"/api/v1/calendar?{query}"), 400)["code"] == code, query
        problem_of(web.get("/api/v1/calendar?unit=999999"), 404)


def test_the_past_is_counted_as_it_was_known(real: RealStore) -> None:
    found = calendar(real, "yushu", f"{PERIOD}&as_of=1")
    assert found["totals"]["fire_points"] == 0
