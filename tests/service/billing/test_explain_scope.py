"""Whoever asks learns what is his: other people's fire points are never named, by the command line or over HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.billing.explain import HIDDEN
from service.store import open_store
from service.users import add_user
from tests.service.api.client import client, problem_of
from tests.service.billing.house import spots
from tests.service.billing.story import AT, NOON, SEASON, SHULAN, YUSHU, A, B, C, Scene, scene
from tests.service.pipeline.feeds import Row
from tests.service.pipeline.test_histories import products

BOOK = ("--rulebook", "JL-1")
POINTS = "/api/v1/firepoints"


@pytest.fixture
def told(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[Scene]:
    with scene(store_home, new_store_url, tmp_path / "scene") as opened:
        yield opened


def reader_of(told: Scene, unit: str | None, role: str = "county") -> str:
    store = open_store(told.house.url)
    _, token = add_user(store, f"{role}{unit}", role, unit, actor="test")
    store.close()
    return token


def test_somebody_elses_point_looks_like_none(told: Scene) -> None:
    token = reader_of(told, YUSHU)
    other, none = told.at(C), "20231029-000000000000"
    for words in ((), ("--bundle", str(told.house.folder / "x.zip")), ("--as-of", "9999999999")):
        codes = {told.house.refused("explain", one, *words, token=token) for one in (other, none)}
        assert len(codes) == 1
    sentences = [
        told.house.run("explain", one, token=token).output.replace(one, "ID") for one in (other, none)
    ]
    assert sentences[0] == sentences[1]
    assert told.explained(told.main, token=token)["fire_point_id"] == told.main


def test_a_ruling_that_names_somebody_elses_point_hides_its_number(told: Scene) -> None:
    own, other = told.main, told.at(C)
    told.house.data("rule", own, "--duplicate-of", other, "--reason", f"与 {other} 为同一处火")
    token = reader_of(told, YUSHU)
    whole, seen = told.explained(own), told.explained(own, token=token)
    assert other in json.dumps(whole)
    text = json.dumps(seen, ensure_ascii=False)
    assert other not in text
    assert [one["value"] for one in seen["rulings"]] == [HIDDEN]
    assert seen["rulings"][0]["reason"] == f"与 {HIDDEN} 为同一处火"
    told.house.data("rule", told.at(B), "--duplicate-of", own, "--reason", f"与 {own} 为同一处火")
    near = told.explained(told.at(B), token=token)
    assert near["rulings"][0]["value"] == own, "both are the reader's"


def test_beside_a_border_a_reader_learns_its_own_share(told: Scene) -> None:
    told.house.data("ingest", str(told.house.folder / "nrt.csv"))
    told.ingest("border.csv", *products()["nrt"])
    with told.store() as store, store.reader() as reader:
        from service.reads import fire_points
        from service.scope import whole

        doubtful = [
            view
            for view in fire_points(reader, whole("test"))
            if view.county_code and view.neighbours.get("county") and (view.county_share or 1) < 1
        ]
    assert doubtful
    view = doubtful[0]
    story = told.explained(view.fire_point_id)
    named = {one["code"] for one in story["place"]["context"]["shares"]}
    seen = told.explained(view.fire_point_id, token=reader_of(told, view.county_code))
    shares = seen["place"]["context"]["shares"]
    assert {one["code"] for one in shares} <= {view.county_code, None}
    assert len(shares) == len(named)
    assert seen["place"]["neighbours"] == {}
    text = told.house.run("explain", view.fire_point_id, token=reader_of(told, "220000", "province")).stdout
    assert "交界" in text


def test_papers_of_another_payer_are_not_shown(told: Scene) -> None:
    told.verify(told.main)
    told.house.data("statement", "issue", "--payer", YUSHU, "--season", SEASON, *BOOK, "--sample")
    told.house.data("rule", told.main, "--unit", SHULAN, "--reason", "图上属舒兰")
    own, other = reader_of(told, YUSHU), reader_of(told, SHULAN)
    moved = told.explained(told.main, *BOOK, token=other)
    assert moved["statements"] == [], "issued to 榆树, and not 舒兰's to read"
    assert moved["money"][0]["charge"]["payer"] == SHULAN
    assert told.house.refused("explain", told.main, token=own) == "unknown_fire_point"
    assert [one["payer"] for one in told.explained(told.main)["statements"]] == [YUSHU]


def test_a_district_reads_the_line_that_its_city_pays(
    store_home: str, new_store_url: Callable[..., str], tmp_path: Path
) -> None:
    from tests.service.billing.test_vectors_cli import _districts_pay_as_the_city

    with scene(store_home, new_store_url, tmp_path / "city") as told:
        _districts_pay_as_the_city(told.house)
        district = Row(NOON + 90, *spots("220202")[0])
        told.ingest("city.csv", district)
        name = told.at((district.lon, district.lat))
        told.verify(name)
        told.house.data("statement", "issue", "--payer", "220200", "--season", SEASON, *BOOK, "--sample")
        story = told.explained(name, *BOOK, token=reader_of(told, "220202"))
        assert story["money"][0]["charge"]["payer"] == "220200"
        assert [one["payer"] for one in story["statements"]] == ["220200"]


# --- over HTTP -----------------------------------------------------------------------------------------------------


def test_the_same_story_over_http(told: Scene) -> None:
    told.verify(told.main)
    token = reader_of(told, YUSHU)
    asked = {"rulebook": "JL-1", "at": AT}
    with (
        told.store() as store,
        client(store, token, settings={"archive": str(told.house.folder / "archive")}) as web,
    ):
        answer = web.get(f"{POINTS}/{told.main}/explanation", params=asked)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert said["schema"] == "explain"
        assert said["data"] == told.explained(told.main, *BOOK, "--at", AT, token=token)
        text = web.get(f"{POINTS}/{told.main}/explanation", params={**asked, "format": "text", "lang": "en"})
        assert text.headers["content-type"] == "text/plain; charset=utf-8"
        assert text.text.startswith(f"Fire point {told.main} (not official)")
        packed = web.get(f"{POINTS}/{told.main}/explanation", params={**asked, "format": "zip"})
        assert packed.headers["content-disposition"] == f'attachment; filename="{told.main}.zip"'
        path = told.house.folder / "same.zip"
        told.explained(told.main, *BOOK, "--at", AT, "--bundle", str(path), token=token)
        assert packed.content == path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(packed.content)) as bundle:
            assert bundle.testzip() is None
        for one in (told.at(C), "20231029-000000000000"):
            assert problem_of(web.get(f"{POINTS}/{one}/explanation"), 404)["code"] == "unknown_fire_point"


def test_what_if_over_http(told: Scene) -> None:
    for spot in (A, B, C):
        told.verify(told.at(spot))
    revision = told.house.revision
    asked = {"season": SEASON, "rulebook": "JL-1", "at": AT}
    with told.store() as store, client(store, reader_of(told, YUSHU)) as web:
        base = told.house.revision
        data = web.get("/api/v1/whatif", params={**asked, "deny": told.main}).json()["data"]
        assert [(one["code"], one["delta"]) for one in data["payers"]] == [(YUSHU, "-300000.00")]
        moved = web.get("/api/v1/whatif", params={**asked, "move": told.main, "to": SHULAN}).json()["data"]
        assert {one["code"] for one in moved["payers"]} == {YUSHU}
        assert problem_of(web.get("/api/v1/whatif", params=asked), 400)["code"] == "one_change"
        assert web.get("/api/v1/whatif", params={**asked, "boundaries": "tianditu"}).status_code == 400
        gone = web.get("/api/v1/whatif", params={**asked, "deny": told.at(C)})
        assert problem_of(gone, 404)["code"] == "unknown_fire_point"
        assert told.house.revision == base == revision + 1
