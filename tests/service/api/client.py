"""A client of the service as a browser or a script on this machine would be one."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from starlette.testclient import TestClient

from service.api.app import create_app
from service.settings import Settings
from service.store import Store

NOW = dt.datetime(2023, 10, 30, 2, 0, tzinfo=dt.UTC)


def client(
    store: Store,
    token: str | None = None,
    *,
    address: str = "127.0.0.1",
    settings: dict[str, Any] | None = None,
    log: io.StringIO | None = None,
    now: dt.datetime = NOW,
    **options: Any,
) -> TestClient:
    """Return a client over `store`; with a `token` it sends it."""
    effective = Settings(**{"public_url": "http://127.0.0.1:8080", **(settings or {})})
    app = create_app(effective, store, clock=lambda: now, log_stream=log or io.StringIO())
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return TestClient(
        app,
        base_url="http://127.0.0.1",
        client=(address, 50000),
        headers=headers,
        follow_redirects=False,
        **options,
    )


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    """Return the problem document of an answer, after checking that it is a whole one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["type"] == f"urn:huodian:problem:{body['code']}"
    assert any("一" <= one <= "鿿" for one in body["title"] + body["detail"])
    assert body["title_en"].isascii()
    assert body["detail_en"]
    assert body["instance"].startswith("urn:huodian:request:")
    return body
