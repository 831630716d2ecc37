"""Answers are packed for those who take gzip, and only what is worth it."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from service.packing import Packing, packed, packed_response, takes_gzip

LONG = {"rows": ["吉林"] * 1000}


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("*;q=0", False),
        ("gzip;q=x", False),
        ("GZIP", True),
    ],
)
def test_the_header_is_read_with_its_weights(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


@pytest.fixture
def web() -> TestClient:
    async def parts() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        yield b"data: 2\n\n"

    def answer(request: Request) -> Response:
        match request.path_params["kind"]:
            case "long":
                return JSONResponse(LONG)
            case "short":
                return JSONResponse({"a": 1})
            case "stream":
                return StreamingResponse(parts(), media_type="text/event-stream")
            case "pieces":
                return StreamingResponse(parts(), media_type="text/csv")
            case "kept":
                return packed_response(request, packed(b"x" * 5000), "application/json")
        return Response(b"%PDF" + b"0" * 5000, media_type="application/pdf")

    return TestClient(Packing(Starlette(routes=[Route("/{kind}", answer)])))


def test_a_long_text_is_packed_and_says_so(web: TestClient) -> None:
    answer = web.get("/long", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 200
    assert answer.json() == LONG
    plain = web.get("/long", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == LONG
    assert all("Accept-Encoding" in one.headers["vary"] for one in (answer, plain))


@pytest.mark.parametrize("kind", ["short", "stream", "pieces", "pdf"])
def test_what_is_short_streams_or_is_packed_already_stays(web: TestClient, kind: str) -> None:
    answer = web.get(f"/{kind}", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.content == web.get(f"/{kind}", headers={"Accept-Encoding": "identity"}).content


def test_an_answer_that_is_kept_packed_is_unpacked_for_others(web: TestClient) -> None:
    assert web.get("/kept", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    plain = web.get("/kept", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == b"x" * 5000


def test_the_same_body_gives_the_same_bytes() -> None:
    assert packed(b"a" * 2000) == packed(b"a" * 2000)
    assert gzip.decompress(packed(b"a" * 2000)) == b"a" * 2000
