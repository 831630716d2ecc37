"""Standing and the queue over HTTP: the shapes of the command line, within each reader's scope."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest

from service.billing.books import load_rulebook
from service.cli.schemas import ANSWERS
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import RealStore

STANDING = "/api/v1/standing?season=2023-2024"
LATER = dt.datetime(2035, 1, 1, tzinfo=dt.UTC)


def standing(real: RealStore, reader: str, more: str = "") -> dict[str, Any]:
    with client(real.store, real.tokens[reader], now=LATER) as web:
        answer = web.get(f"{STANDING}{more}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["schema"] == "standing"
    data: dict[str, Any] = found["data"]
    ANSWERS["standing"].model_validate(data)
    return data


def test_the_real_day_stands_by_unit_and_each_reader_sees_its_part(real: RealStore) -> None:
    whole = standing(real, "admin")
    rows = {row["code"]: row for row in whole["rows"]}
    span = "/api/v1/firepoints?start=2023-10-01&end=2023-11-01&screen=counted&limit=1000"
    with client(real.store, real.tokens["meihekou"]) as web:
        listed = len(web.get(span).json()["data"]["rows"])
    assert listed > 50
    assert rows["220581"]["listed"] == listed
    assert whole["totals"]["listed"] == sum(row["listed"] for row in whole["rows"])
    assert all(row["charged"] is None for row in whole["rows"])
    own = standing(real, "meihekou")
    assert [(row["code"], row["listed"]) for row in own["rows"]] == [("220581", listed)]
    assert own["totals"]["listed"] == listed
    cities = {row["code"]: row["listed"] for row in standing(real, "jilin", "&level=city")["rows"]}
    assert sum(cities.values()) == whole["totals"]["listed"]
    assert cities["220581"] == listed


def test_with_a_rulebook_silence_is_overdue_and_waits_in_the_queue_of_its_unit(real: RealStore) -> None:
    load_rulebook(real.store, "JL-1", actor="test")
    row = standing(real, "yushu")["rows"][0]
    assert (row["code"], row["overdue"], row["unverified"]) == ("220182", row["listed"], 0)
    with client(real.store, real.tokens["yushu"], now=LATER) as web:
        cases = web.get("/api/v1/pending").json()["data"]
    overdue = [case for case in cases if case["what"] == "overdue"]
    assert len(overdue) == row["listed"]
    assert {case["county_code"] for case in cases} == {"220182"}
    assert all(case["settled_by"] and case["due"] for case in overdue)


def test_the_table_comes_as_a_file_and_what_is_not_known_is_refused(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"], now=LATER) as web:
        answer = web.get(f"{STANDING}&format=csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert row["代码"] == "220182"
        problem_of(web.get(f"{STANDING}&level=village"), 400)
        problem_of(web.get("/api/v1/standing?season=soon"), 400)
        problem_of(web.get(f"{STANDING}&rulebook=NOPE"), 404)


@pytest.mark.parametrize("reader", ["patrol", "inspector"])
def test_who_reads_a_county_reads_its_standing(real: RealStore, reader: str) -> None:
    assert [row["code"] for row in standing(real, reader)["rows"]] == ["220182"]
