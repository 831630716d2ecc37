"""``huodian users`` and ``huodian serve`` as an operator runs them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from gis.errors import ForbiddenError, RefusedInputError
from service.cli.serve import bind, check_exposure
from service.settings import Settings
from service.store import Store, open_store
from service.users import add_user, authenticate, list_users
from tests.service.cli_calls import START, huodian


def data_of(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"]


def test_users_are_added_listed_rotated_and_disabled(store_url: str) -> None:
    made = data_of(huodian("--db", store_url, "--json", "users", "add", "张三", "--role", "admin"))
    store = open_store(store_url)
    with store.reader() as reader:
        assert authenticate(reader, made["token"]).actor == "张三"
    listed = huodian("--db", store_url, "--json", "users", "list")
    assert [one["name"] for one in data_of(listed)] == ["张三"]
    assert made["token"] not in listed.stdout
    fresh = data_of(huodian("--db", store_url, "--json", "users", "rotate", "张三"))["token"]
    assert fresh != made["token"]
    assert data_of(huodian("--db", store_url, "--json", "users", "disable", "张三"))["disabled"]
    store.close()


def test_the_token_can_go_to_a_file_only_the_operator_reads(store_url: str, tmp_path: Path) -> None:
    target = tmp_path / "token"
    done = huodian("--db", store_url, "users", "add", "a", "--role", "admin", "--token-file", str(target))
    assert done.returncode == 0, done.stderr
    token = target.read_text(encoding="utf-8").strip()
    assert token.startswith("hd_")
    assert token not in done.stdout + done.stderr
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_token_holder_does_not_manage_users(store: Store, store_url: str) -> None:
    _, token = add_user(store, "a", "admin", actor="test")
    done = huodian("--db", store_url, "--json", "--token", token, "users", "add", "b", "--role", "admin")
    assert done.returncode == 1
    assert "operator_only" in done.stdout
    with store.reader() as reader:
        assert len(list_users(reader)) == 1


@pytest.mark.parametrize(
    ("arguments", "code"), [(["users", "add", "a", "--role", "king"], 2), (["users", "disable", "nobody"], 1)]
)
def test_refusals_have_the_exit_codes_of_the_design(store_url: str, arguments: list[str], code: int) -> None:
    done = huodian("--db", store_url, *arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_other_addresses_are_refused_until_somebody_has_a_token(store: Store) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1"):  # noqa: S104 - what is refused here
        with pytest.raises(ForbiddenError, match="users add"):
            check_exposure(store, host)
    for host in ("127.0.0.1", "localhost", "::1"):
        check_exposure(store, host)
    add_user(store, "a", "admin", actor="test")
    check_exposure(store, "0.0.0.0")  # noqa: S104


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RefusedInputError, match="--port"):
            bind("127.0.0.1", taken.getsockname()[1])


def test_serve_answers_and_stops_on_a_signal(store_url: str) -> None:
    port = _free_port()
    command = [sys.executable, "-c", START, "--db", store_url, "serve", "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"})
    try:
        body = _wait_for(f"http://127.0.0.1:{port}/api/v1/health", server)
        assert body["status"] == "ok"
    finally:
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=30)
    assert "Traceback" not in errors
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    assert lines[0]["event"] == "start"
    assert lines[0]["public_url"] == f"http://127.0.0.1:{port}"
    assert lines[-1]["event"] == "stop"


def test_links_name_the_port_in_use_unless_an_address_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().served_at(8099).public_url == "http://127.0.0.1:8099"
    monkeypatch.setenv("HUODIAN_PUBLIC_URL", "https://fire.example.cn")
    assert Settings().served_at(8099).public_url == "https://fire.example.cn"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: subprocess.Popen[str]) -> Any:
    for _ in range(150):
        assert server.poll() is None, server.communicate()[1]
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
                return json.load(answer)
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer")
