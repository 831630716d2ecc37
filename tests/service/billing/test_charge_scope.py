"""Who sees what of the charges: a payer its own, a district its own fires' lines, the province all of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.store import open_store
from service.users import add_user
from tests.service.api.client import client
from tests.service.billing.house import Fire, House, amounts, fires, house
from tests.service.billing.test_vectors_cli import _districts_pay_as_the_city

BOOK = ("--rulebook", "JL-1")
SEASON = "2023-2024"
WHEN = dt.datetime(2023, 12, 1, tzinfo=dt.UTC)


@pytest.fixture
def region(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[House]:
    """Fires of three districts that pay as their city, of a county of that city, and of another city's county."""
    with house(store_home, new_store_url, tmp_path / "house") as made:
        _districts_pay_as_the_city(made)
        made.burn(
            [
                Fire("220202", 0, "2023-10-29T12:00"),
                Fire("220203", 0, "2023-10-29T12:05"),
                *fires("220283", 2, "2023-10-29T12:10"),
                Fire("220283", 5, "2023-10-29T13:10", finding=None),
                *fires("220182", 3, "2023-10-29T12:20"),
            ]
        )
        made.verify()
        yield made


def _token(made: House, role: str, unit: str | None) -> str:
    store = open_store(made.url)
    _, token = add_user(store, f"{role}{unit}", role, unit, actor="t")
    store.close()
    return token


def test_the_whole_store_reader_sees_all(region: House) -> None:
    data = region.charge(SEASON, *BOOK)
    assert amounts(data) == {"220200": "800000.00", "220283": "800000.00", "220182": "1100000.00"}
    assert (data["total"], data["counts"]["held"]) == ("2700000.00", 1)
    province = region.charge(SEASON, *BOOK, token=_token(region, "province", "220000"))
    assert amounts(province) == amounts(data)


def test_a_county_sees_what_it_pays_and_nothing_of_another(region: House) -> None:
    token = _token(region, "county", "220283")
    data = region.charge(SEASON, *BOOK, token=token)
    assert (amounts(data), data["total"]) == ({"220283": "800000.00"}, "800000.00")
    assert (data["counts"]["fire_points"], data["counts"]["held"]) == (3, 1)
    assert '2202"' not in json.dumps(data).replace("220283", "")
    assert data["payers"][0]["whole"] is True
    assert (
        region.refused("charge", "--season", SEASON, *BOOK, "--payer", "220182", token=token)
        == "unknown_payer"
    )
    assert (
        region.refused("charge", "--season", SEASON, *BOOK, "--payer", "229999", token=token)
        == "unknown_payer"
    )


def test_a_district_sees_the_lines_of_its_own_fires_and_not_the_citys_total(region: House) -> None:
    data = region.charge(SEASON, *BOOK, token=_token(region, "county", "220203"))
    assert [(one["payer"], one["county_code"], one["ordinal"]) for one in data["charges"]] == [
        ("220200", "220203", 2)
    ]
    assert (data["total"], data["payers"][0]["whole"]) == ("300000.00", False)


def test_a_city_sees_its_districts_and_its_counties(region: House) -> None:
    data = region.charge(SEASON, *BOOK, token=_token(region, "city", "220200"))
    assert amounts(data) == {"220200": "800000.00", "220283": "800000.00"}
    assert all(one["whole"] for one in data["payers"])


def test_one_payer_is_counted_by_itself(region: House) -> None:
    data = region.charge(SEASON, *BOOK, "--payer", "220283")
    assert (data["total"], data["counts"]["facts"], data["counts"]["held"]) == ("800000.00", 3, 1)
    assert [one["reason"] for one in data["held"]] == ["not_verified"]


def test_the_same_over_http(region: House) -> None:
    token = _token(region, "county", "220283")
    store = open_store(region.url)
    web = client(store, token, now=WHEN)
    answer = web.get("/api/v1/charges", params={"season": SEASON, "rulebook": "JL-1"})
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["total"], data["mark"]) == ("800000.00", "非正式")
    assert {one["payer"] for one in data["charges"]} == {"220283"}
    for params, status in (
        ({"season": SEASON}, 422),
        ({"season": "2010-2011", "rulebook": "JL-1"}, 422),
        ({"season": "soon", "rulebook": "JL-1"}, 400),
        ({"season": SEASON, "rulebook": "NONE"}, 404),
        ({"season": SEASON, "rulebook": "JL-1", "payer": "220182"}, 404),
        ({"season": SEASON, "rulebook": "JL-1", "scope": "220000"}, 400),
    ):
        refused = web.get("/api/v1/charges", params=params)
        assert refused.status_code == status, (params, refused.status_code, refused.text)
    store.close()


def test_a_reader_loads_no_rulebook(region: House) -> None:
    token = _token(region, "county", "220283")
    assert region.refused("rulebooks", "load", "JL-1", token=token) == "operator_only"
    assert (
        region.refused("rulebooks", "withdraw", "JL-1", "--reason", "不应成功", token=token)
        == "operator_only"
    )
