"""Who is let in, from where, and what every answer carries."""

from __future__ import annotations

import io
import json

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from gis.errors import BusyError, ConflictError, ForbiddenError, NotFoundError, RefusedInputError, UsageError
from service.api.middleware import OPEN_PATHS
from service.api.problems import STATUS, TITLES, problem, status_of
from service.settings import Settings
from service.store import Store
from service.users import add_user, disable_user
from tests.service.api.client import client, problem_of

API = "/api/v1"


@pytest.fixture
def token(store: Store) -> str:
    return add_user(store, "zhang", "admin", actor="test")[1]


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


def test_without_users_this_machine_reads_and_nobody_writes(store: Store) -> None:
    with client(store) as web:
        assert web.get(f"{API}/units").status_code != 401
        body = problem_of(web.post(f"{API}/rulings", json={}), 403)
        assert body["code"] == "no_users"


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("10.0.0.7", {}),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.7"}),
        ("127.0.0.1", {"Host": "fire.example.cn"}),
    ],
)
def test_without_users_nobody_else_is_answered(store: Store, address: str, headers: dict[str, str]) -> None:
    """A proxy on this machine is not this machine's operator, and neither is a page that rebinds a name to it."""
    with client(store, address=address, settings={"allowed_hosts": ["fire.example.cn", "127.0.0.1"]}) as web:
        assert problem_of(web.get(f"{API}/units", headers=headers), 403)["code"] == "no_users"


def test_with_users_every_path_but_the_open_ones_needs_a_token(store: Store, token: str) -> None:
    with client(store) as web:
        for path in (
            "/",
            "/m",
            f"{API}/openapi.json",
            "/static/vendor/leaflet/leaflet.js",
            "/nowhere",
            f"{API}/units",
        ):
            answer = web.get(path)
            problem_of(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
        for path in OPEN_PATHS:
            assert web.get(path).status_code == 200
    with client(store, token) as web:
        assert web.get(f"{API}/openapi.json").status_code == 200


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic emhhbmc6", "Bearer hd_wrong", "hd_wrong"])
def test_a_bad_authorization_is_401_and_not_anonymous(store: Store, token: str, header: str) -> None:
    with client(store) as web:
        assert (
            problem_of(web.get(f"{API}/units", headers={"Authorization": header}), 401)["code"] == "bad_token"
        )


def test_a_disabled_user_is_out_at_the_next_request(store: Store, token: str) -> None:
    with client(store, token) as web:
        assert web.get(f"{API}/openapi.json").status_code == 200
        disable_user(store, "zhang", actor="test")
        problem_of(web.get(f"{API}/openapi.json"), 401)


def test_an_unknown_host_is_refused(store: Store, token: str) -> None:
    with client(store, token) as web:
        for host in ("evil.example", "127.0.0.1.evil.example", "", "[bad"):
            assert problem_of(web.get(f"{API}/health", headers={"Host": host}), 400)["code"] == "unknown_host"
    with client(store, token, settings={"public_url": "https://fire.example.cn"}) as web:
        assert web.get(f"{API}/health", headers={"Host": "fire.example.cn:443"}).status_code == 200


def test_a_browser_without_token_is_sent_to_sign_in(store: Store, token: str) -> None:
    with client(store) as web:
        answer = web.get("/m", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_signing_in_sets_a_cookie_that_only_reads(store: Store, token: str) -> None:
    with client(store) as web:
        answer = web.post("/login", data={"token": token})
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"]
        for word in ("HttpOnly", "SameSite=strict", "Path=/"):
            assert word.lower() in cookie.lower()
        assert "secure" not in cookie.lower()
        assert web.get(f"{API}/openapi.json").status_code == 200, "the cookie reads"
        problem_of(web.post(f"{API}/rulings", json={}), 401)
        out = web.post("/login", data={"leave": "1"})
        assert out.status_code == 303
        problem_of(web.get(f"{API}/openapi.json"), 401)


def test_the_cookie_is_secure_where_the_service_is_reached_by_https(store: Store, token: str) -> None:
    with client(store, settings={"public_url": "https://fire.example.cn"}) as web:
        answer = web.post("/login", data={"token": token})
        assert "secure" in answer.headers["set-cookie"].lower()
        assert answer.headers["strict-transport-security"]


def test_a_wrong_token_stays_on_the_sign_in_page(store: Store, token: str) -> None:
    with client(store) as web:
        answer = web.post("/login", data={"token": "hd_wrong"})
        assert answer.status_code == 401
        assert "令牌无效" in answer.text
        assert "hd_wrong" not in answer.text
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_cannot_sign_a_reader_in(store: Store, token: str, headers: dict[str, str]) -> None:
    with client(store) as web:
        assert (
            problem_of(web.post("/login", data={"token": token}, headers=headers), 403)["code"]
            == "foreign_form"
        )
        assert (
            web.post("/login", data={"token": token}, headers={"Origin": "http://127.0.0.1"}).status_code
            == 303
        )


def test_every_answer_carries_the_headers(store: Store, token: str) -> None:
    with client(store, token) as web:
        answers = [
            web.get(path)
            for path in (f"{API}/health", "/login", "/nowhere", "/static/vendor/leaflet/leaflet.css")
        ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"].startswith("private")
        assert {"Authorization", "Cookie"} <= set(answer.headers["vary"].split(", "))
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-request-id"]
        assert "server" not in answer.headers


def test_unknown_parameters_are_refused_everywhere(store: Store, token: str) -> None:
    with client(store, token) as web:
        for path, methods in _routes(web):
            if "GET" in methods:
                answer = web.get(path.replace("{fire_point_id}", "F1"), params={"dat": "2023-10-29"})
                assert problem_of(answer, 400)["code"] == "unknown_parameter", path


@pytest.mark.parametrize(
    "query",
    ["date=29.10.2023", "bbox=1,2,3", "bbox=126,44,125,45", "limit=0", "limit=100000", "screen=no", "as_of=yesterday",
     "unit=22%27", "date=2023-10-29&start=2023-10-01", "start=2023-10-29&end=2023-10-01", "start=2000-01-01",
     "cursor=abc", "cursor=MTowOng="],
)  # fmt: skip
def test_bad_parameters_are_400(store: Store, token: str, query: str) -> None:
    with client(store, token) as web:
        problem_of(web.get(f"{API}/firepoints?{query}"), 400)


def test_a_faulty_body_is_400_and_does_not_come_back(store: Store, token: str) -> None:
    with client(store, token) as web:
        headers = {"Idempotency-Key": "k"}
        body = {"fire_point_id": "F1", "kind": "unit", "value": "1", "reason": "", "secret": "s3cret-value"}
        answer = web.post(f"{API}/rulings", json=body, headers=headers)
        problem_of(answer, 400)
        assert "s3cret-value" not in answer.text
        problem_of(web.post(f"{API}/rulings", content=b"{", headers=headers), 400)
        problem_of(web.post(f"{API}/rulings", content=b"x" * 70_000, headers=headers), 413)


def test_a_write_needs_an_idempotency_key(store: Store, token: str) -> None:
    with client(store, token) as web:
        body = {"fire_point_id": "F1", "kind": "unit", "value": "220122", "reason": "实地核查"}
        found = problem_of(web.post(f"{API}/rulings", json=body), 400)
        assert "idempotency-key" in json.dumps(found)


def test_the_wrong_method_says_which_are_right(store: Store, token: str) -> None:
    with client(store, token) as web:
        answer = web.post(f"{API}/health")
        problem_of(answer, 405)
        assert answer.headers["allow"] == "GET"


def test_an_unforeseen_failure_tells_nothing_and_is_logged(
    store: Store, token: str, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.api.routes import health

    def fail(_store: object) -> None:
        raise RuntimeError("secret /srv/path 张三 13800001234")

    monkeypatch.setattr(health, "require_current", fail)
    with client(store, token, log=log) as web:
        answer = web.get(f"{API}/health", headers={"X-Request-ID": "abc-1"})
        body = problem_of(answer, 500)
    assert body["code"] == "internal_error"
    assert body["instance"].endswith("abc-1")
    for text in (answer.text, log.getvalue()):
        assert "13800001234" not in text
        assert "/srv/path" not in text
    failed = [json.loads(line) for line in log.getvalue().splitlines() if '"failed"' in line]
    assert [(one["kind"], one["request_id"]) for one in failed] == [("RuntimeError", "abc-1")]


def test_the_log_has_one_json_line_per_request_without_people(
    store: Store, token: str, log: io.StringIO
) -> None:
    with client(store, token, log=log) as web:
        web.get(f"{API}/firepoints/F123?as_of=5")
        web.post("/login", data={"token": token})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    asked = [line for line in lines if line["event"] == "request"]
    assert [line["path"] for line in asked] == [f"{API}/firepoints/{{fire_point_id}}", "/login"]
    for word in (token, "zhang", "F123", "as_of", "127.0.0.1:50000"):
        assert word not in log.getvalue()


def test_a_missing_store_is_503_without_its_path(tmp_path: object, log: io.StringIO) -> None:
    from service.api.app import create_app

    settings = Settings(db=f"sqlite:///{tmp_path}/none.gpkg")
    app = create_app(settings, log_stream=log)
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 1)) as web:
        answer = web.get(f"{API}/health")
        problem_of(answer, 503)
        assert answer.headers["retry-after"]
        assert "none.gpkg" not in answer.text


@pytest.mark.parametrize(
    ("kind", "status"),
    [(UsageError, 400), (ForbiddenError, 403), (NotFoundError, 404), (ConflictError, 409), (RefusedInputError, 422),
     (BusyError, 503)],
)  # fmt: skip
def test_the_table_of_errors(kind: type[UsageError], status: int) -> None:
    answer = problem(kind("code", "中文", "English", value="v"))
    assert answer.status_code == status
    assert json.loads(answer.body)["values"] == {"value": "v"}
    assert ("retry-after" in answer.headers) == (status == 503)


def test_every_status_of_the_table_has_a_title() -> None:
    assert {status for _, status in STATUS} <= set(TITLES)
    assert status_of(NotFoundError("no_store", "", "")) == 503


def test_the_description_is_local_and_names_problems(store: Store, token: str) -> None:
    with client(store, token) as web:
        described = web.get(f"{API}/openapi.json").json()
        problem_of(web.get("/docs"), 404)
    assert "://" not in json.dumps(described["paths"])
    for operations in described["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def _routes(web: TestClient) -> list[tuple[str, set[str]]]:
    routes = [(str(route.path), set(route.methods or ())) for route in iter_route_contexts(web.app.routes)]  # type: ignore[attr-defined]
    found = [(path, methods) for path, methods in routes if methods and not path.endswith("openapi.json")]
    assert len(found) >= 8
    return found
