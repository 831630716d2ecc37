"""The base map over HTTP: for readers only, numbers only, and a plain answer where it is not configured."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from service.map.tianditu import Fetched, Tianditu
from service.settings import Settings
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import RealStore
from tests.service.map.test_tianditu import KEY, PNG

TILE = "/base/tianditu/vec/8/215/92"


def test_without_a_key_it_is_not_there(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        found = problem_of(web.get(TILE), 404)
    assert found["code"] == "no_base_map"
    assert "HUODIAN_TIANDITU_KEY" in found["detail"]


def test_a_reader_gets_an_image_and_nobody_the_key(real: RealStore, tmp_path: Path) -> None:
    log = io.StringIO()
    settings = {"tianditu_key": KEY, "tianditu_cache": str(tmp_path)}
    asked: list[str] = []

    def fetch(_host: str, path: str) -> Fetched:
        asked.append(path)
        if len(asked) > 1:
            raise OSError(path)
        return Fetched(200, "image/png", PNG)

    with client(real.store, real.tokens["yushu"], settings=settings, log=log) as web:
        web.app.state.tianditu = Tianditu(Settings(**settings), fetch=fetch)  # type: ignore[attr-defined]
        answer = web.get(TILE)
        assert (answer.status_code, answer.content) == (200, PNG)
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "private, max-age=86400"
        assert {"Authorization", "Cookie"} <= set(answer.headers["vary"].replace(" ", "").split(","))
        down = web.get("/base/tianditu/vec/8/215/93")
        assert problem_of(down, 503)["code"] == "base_map_unavailable"
        assert down.headers["retry-after"]
        description = web.get("/api/v1/openapi.json").text
        assert KEY not in f"{answer.headers} {down.text} {description} {log.getvalue()}"
    assert "/base/tianditu/{layer}/{z}/{x}/{y}" in log.getvalue()
    with client(real.store, settings=settings) as web:
        problem_of(web.get(TILE), 401)


@pytest.mark.parametrize(
    ("place", "status"),
    [
        *(("ter/8/1/1", 400), ("vec/a/1/1", 400), ("vec/8/1.5/1", 400), ("vec/8/1/1?tk=other", 400)),
        *(("vec/8/256/1", 404), ("vec/8/1/-1", 404), ("vec/99/1/1", 404)),
        (f"vec/8/{10**30}/1", 404),
    ],
)
def test_only_whole_numbers_in_range_are_a_tile(real: RealStore, place: str, status: int) -> None:
    with client(real.store, real.tokens["yushu"], settings={"tianditu_key": KEY}) as web:
        problem_of(web.get(f"/base/tianditu/{place}"), status)
