"""The first thing the web map asks: who is looking, where its ground lies, what every map must say."""

from __future__ import annotations

from typing import Any

import pytest

from service.verification.closed import FINDINGS
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import READERS, RealStore


def session(real: RealStore, reader: str, **settings: Any) -> dict[str, Any]:
    with client(real.store, real.tokens[reader], settings=settings) as web:
        answer = web.get("/api/v1/session")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(answer.headers["vary"].replace(" ", "").split(","))
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_county_opens_on_its_own_ground_and_learns_what_it_may_do(real: RealStore) -> None:
    told = session(real, "yushu")
    assert (told["name"], told["role"], told["unit"]["code"]) == ("yushu", "county", "220182")
    west, south, east, north = told["unit"]["bbox"]
    assert (west < 126.55 < east, south < 44.85 < north) == (True, True)
    assert (east - west) < 2
    assert told["area"] == told["unit"]
    assert told["permissions"] == ["money", "object", "read", "verify"]
    assert (told["today"], told["fire_day"]) == ("2023-10-30", "2023-10-30")
    assert told["first_day"] <= "2023-10-29" <= told["last_day"]
    assert (told["languages"], told["tianditu"], told["map_approval"]) == (["zh", "en"], False, None)


def test_the_operator_sees_everything_and_opens_on_the_service_area(real: RealStore) -> None:
    told = session(real, "admin")
    assert told["unit"] is None
    assert told["area"]["code"] == "220000"
    west, south, east, north = told["area"]["bbox"]
    assert (west < 122, south < 41.2, east > 131, north > 46) == (True, True, True, True)


def test_a_city_opens_without_what_is_assessed_apart(real: RealStore) -> None:
    with_meihekou = session(real, "meihekou")["unit"]["bbox"]
    tonghua = session(real, "tonghua")["unit"]["bbox"]
    assert tonghua[3] < with_meihekou[3], "梅河口 is the north of what was once 通化"


def test_every_map_is_told_what_it_stands_on_and_what_it_is_not(real: RealStore) -> None:
    told = session(real, "patrol", map_approval="吉S(2024)001号", map_attribution="图：某某")
    assert (told["map_approval"], told["attribution"]) == ("吉S(2024)001号", "图：某某")
    assert told["attribution_en"] == "图：某某", "a setting is shown as it was set"
    assert told["informal"]
    assert {one["layer"] for one in told["layers"]} >= {"county"}
    assert all(one["zh"].startswith("非正式") for one in told["layers"] if one["status"] != "official")
    assert "未经现场核实" in told["disclaimer_zh"]
    assert told["disclaimer_en"].isascii()
    assert told["statuses"][0] == {"code": "unverified", "zh": "未核查", "en": "unverified"}
    assert {one["code"] for one in told["words"]["finding"]} == set(FINDINGS)
    assert "money" not in told["permissions"]


def test_without_a_setting_the_attribution_names_feeds_and_borders(real: RealStore) -> None:
    told = session(real, "yushu")
    said = told["attribution"]
    assert "NASA FIRMS" in said
    assert told["attribution_en"].startswith("fire points NASA FIRMS; county borders ")
    assert "县界" in said
    assert "底图" not in said
    keyed = session(real, "yushu", tianditu_key="k" * 32)
    assert keyed["tianditu"]
    assert "天地图" in keyed["attribution"]
    assert "kkkk" not in str(keyed)


@pytest.mark.parametrize("reader", sorted(READERS))
def test_money_is_for_those_who_pay_and_collect(real: RealStore, reader: str) -> None:
    role = READERS[reader][0]
    assert ("money" in session(real, reader)["permissions"]) == (role not in ("patrol", "inspector"))


def test_what_is_not_known_is_refused(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        assert problem_of(web.get("/api/v1/session?unit=220283"), 400)["code"] == "unknown_parameter"
    with client(real.store) as web:
        problem_of(web.get("/api/v1/session"), 401)
