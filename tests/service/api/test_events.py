"""Events over HTTP: the headers of a stream, where a browser stands when it comes back, a server that can stop."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request

import uvicorn

from service.api.app import create_app
from service.settings import Settings
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import RealStore


def revision_of(real: RealStore) -> int:
    with real.store.reader() as reader:
        return reader.rev


def test_a_stream_is_private_and_begins_where_the_browser_stood(real: RealStore) -> None:
    newest = revision_of(real)
    with client(real.store, real.tokens["yushu"]) as web:
        answer = web.get("/api/v1/events?wait=0&since=1")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "private, no-cache"
        assert "Authorization" in answer.headers["vary"]
        assert f'data: {{"revision":{newest}}}' in answer.text
        again = web.get("/api/v1/events?wait=0&since=1", headers={"Last-Event-ID": str(newest)})
        assert "event" not in again.text
        odd = web.get("/api/v1/events?wait=0", headers={"Last-Event-ID": "x" * 20})
        assert (odd.status_code, odd.text) == (200, "retry: 3000\n\n")
        assert web.app.state.events.listeners == 0  # type: ignore[attr-defined]
        for query in ("since=-1", "wait=3601", "unit=220283"):
            problem_of(web.get(f"/api/v1/events?{query}"), 400)
    with client(real.store) as web:
        problem_of(web.get("/api/v1/events?wait=0"), 401)
        web.cookies.set("huodian_token", real.tokens["yushu"])
        assert web.get("/api/v1/events?wait=0").status_code == 200


def test_too_many_streams_are_a_problem_document(real: RealStore) -> None:
    with client(real.store, real.tokens["yushu"]) as web:
        events = web.app.state.events  # type: ignore[attr-defined]
        for _ in range(8):
            events._listeners["yushu"] += 1
        answer = web.get("/api/v1/events?wait=0")
        assert problem_of(answer, 503)["code"] == "too_many_listeners"
        assert answer.headers["retry-after"]


def test_a_closed_browser_gives_its_place_back_and_a_stop_ends_the_rest(real: RealStore) -> None:
    app = create_app(Settings(public_url="http://127.0.0.1:8080"), real.store)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=20))
    app.state.events.stops_when(lambda: server.should_exit)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/events"
    asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {real.tokens['yushu']}"})
    try:
        first, second = (urllib.request.urlopen(asked, timeout=10) for _ in range(2))  # noqa: S310 - http, just built
        assert first.readline() == second.readline() == b"retry: 3000\n"
        assert app.state.events.listeners == 2
        first.close()
        deadline = time.monotonic() + 10
        while app.state.events.listeners == 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert app.state.events.listeners == 1
    finally:
        server.should_exit = True
    assert second.read() == b"\n", "the stream ends whole, not cut"
    thread.join(15)
    assert not thread.is_alive()
    assert app.state.events.listeners == 0
