"""One box to search in: what the reader may see, the best first; the rest is not found."""

from __future__ import annotations

from typing import Any

import pytest

from service.pipeline.assess import assess
from service.pipeline.rulings import rule
from service.scope import whole
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import RealStore
from tests.service.api.test_firepoints import rows_of


def search(real: RealStore, reader: str, text: str, **more: Any) -> dict[str, Any]:
    with client(real.store, real.tokens[reader]) as web:
        answer = web.get("/api/v1/search", params={"q": text, **more})
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_units_are_found_by_name_code_and_earlier_name_with_the_box_to_go_to(real: RealStore) -> None:
    (yushu,) = search(real, "admin", "榆树市")["units"]
    assert (yushu["code"], yushu["parent"], yushu["level"]) == ("220182", "长春市", "county")
    assert yushu["bbox"][0] < 126.55 < yushu["bbox"][2]
    assert [one["name"] for one in search(real, "admin", "榆")["units"]] == ["榆树市", "通榆县"]
    assert search(real, "admin", " 2201 82 ")["q"] == "2201 82"
    assert search(real, "admin", "220182")["units"][0] == yushu
    codes = [one["code"] for one in search(real, "admin", "2201", limit=50)["units"]]
    assert codes[0] == "220100"
    assert {"220182", "220184"} <= set(codes)
    moved = search(real, "admin", "公主岭")["units"]
    assert moved[0]["parent"] == "长春市"
    assert search(real, "admin", "扶余县")["units"][0]["name"] == "扶余市"


@pytest.mark.parametrize(
    ("reader", "text"), [("yushu", "舒兰"), ("yushu", "220283"), ("tonghua", "梅河口"), ("meihekou", "柳河")]
)
def test_units_of_others_are_not_found(real: RealStore, reader: str, text: str) -> None:
    assert search(real, reader, text) == {"q": text, "units": [], "fire_points": [], "more": False}
    assert search(real, "admin", text)["units"]


def test_fire_points_are_found_by_any_end_of_their_number(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        rows = rows_of(web)
    row = rows[0]
    name = row["fire_point_id"]
    for text in (name, name[:14], name.split("-")[1], name.split("-")[1][:8].upper()):
        (found,) = search(real, "yushu", text)["fire_points"]
        assert (found["fire_point_id"], found["lon"], found["lat"]) == (name, row["lon"], row["lat"])
        assert found["status"] == "unverified"
    day = search(real, "yushu", "20231029", limit=5)
    assert (len(day["fire_points"]), day["more"]) == (5, True)
    assert {one["county"] for one in day["fire_points"]} == {"榆树市"}
    assert search(real, "shulan", name)["fire_points"] == []
    assert search(real, "shulan", "20231029-0")["q"] == "20231029-0"


def test_a_point_that_left_the_scope_is_no_longer_found(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        name = rows_of(web)[0]["fire_point_id"]
    rule(
        real.store,
        name,
        kind="unit",
        value="220283",
        reason="现场核实属舒兰",
        evidence_sha256=None,
        actor="judge",
        scope=whole("judge"),
    )
    assess(real.store, actor="test")
    assert search(real, "yushu", name)["fire_points"] == []
    assert search(real, "shulan", name)["fire_points"][0]["county"] == "舒兰市"


@pytest.mark.parametrize("text", ["%", "_", "'", "\\", "火点", "a" * 64, "\u200b", "-", "0x00"])
def test_odd_texts_find_nothing_and_break_nothing(real: RealStore, text: str) -> None:
    assert search(real, "yushu", text)["fire_points"] == []


def test_what_is_wrong_in_form_is_refused(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        for query in ("", "q=", f"q={'a' * 65}", "q=a&limit=0", "q=a&limit=51", "q=a&scope=all"):
            problem_of(web.get(f"/api/v1/search?{query}"), 400)
