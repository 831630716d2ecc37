"""The base map's proxy against a source that behaves in every way; nothing leaves this machine."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gis.errors import NotFoundError
from service.map import tianditu as module
from service.map.tianditu import HOSTS, MAX_BYTES, BaseMapError, Fetched, Tianditu, directory
from service.settings import Settings

KEY = "0123456789abcdef0123456789abcdef"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 200
JPEG = b"\xff\xd8\xff\xe0" + b"1" * 200


class Source:
    """What stands for 天地图: answers as told, remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answer: Callable[[], Fetched] = lambda: Fetched(200, "image/png", PNG)

    def __call__(self, host: str, path: str) -> Fetched:
        self.asked.append((host, path))
        return self.answer()

    def says(self, status: int = 200, kind: str = "image/png", body: bytes = PNG) -> None:
        self.answer = lambda: Fetched(status, kind, body)

    def fails(self, error: Exception) -> None:
        def answer() -> Fetched:
            raise error

        self.answer = answer


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def proxy(tmp_path: Path, source: Source, clock: Clock | None = None, **settings: Any) -> Tianditu:
    given = {"tianditu_key": KEY, "tianditu_cache": str(tmp_path / "tiles"), **settings}
    return Tianditu(Settings(**given), fetch=source, clock=clock or Clock())


def test_a_tile_is_asked_of_the_fixed_host_and_kept(tmp_path: Path) -> None:
    source, clock = Source(), Clock()
    base = proxy(tmp_path, source, clock)
    tile = base.tile("vec", 8, 215, 92)
    assert (tile.media_type, tile.data) == ("image/png", PNG)
    (host, path), *_ = source.asked
    assert host in HOSTS
    assert all(one.endswith(".tianditu.gov.cn") for one in HOSTS)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    assert urlsplit(path).path == "/vec_w/wmts"
    assert (asked["TILEMATRIX"], asked["TILECOL"], asked["TILEROW"]) == ("8", "215", "92")
    assert (asked["LAYER"], asked["tk"]) == ("vec", KEY)
    assert base.tile("vec", 8, 215, 92) == tile
    assert len(source.asked) == 1
    source.says(kind="image/jpeg; charset=binary", body=JPEG)
    assert base.tile("img", 8, 215, 92).media_type == "image/jpeg"
    assert proxy(tmp_path, Source(), clock).tile("img", 8, 215, 92).data == JPEG, "kept beyond a restart"


def test_a_tile_grows_old_and_serves_while_the_source_is_away(tmp_path: Path) -> None:
    source, clock = Source(), Clock()
    base = proxy(tmp_path, source, clock, tianditu_days=2)
    base.tile("vec", 3, 6, 2)
    clock.now += 2 * 86_400 - 1
    base.tile("vec", 3, 6, 2)
    assert len(source.asked) == 1
    clock.now += 2
    newer = PNG + b"new"
    source.says(body=newer)
    assert base.tile("vec", 3, 6, 2).data == newer
    clock.now += 3 * 86_400
    source.fails(TimeoutError())
    assert base.tile("vec", 3, 6, 2).data == newer
    asked = len(source.asked)
    with pytest.raises(BaseMapError):
        base.tile("vec", 3, 6, 3)
    assert len(source.asked) == asked, "after a failure the source is left alone for a while"
    clock.now += module.PAUSE_S + 1
    source.says()
    assert base.tile("vec", 3, 6, 3).data == PNG


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (302, "image/png", PNG),
        (403, "application/json", b'{"msg":"key"}'),
        (500, "image/png", PNG),
        (200, "text/html", b"<html>"),
        (200, "image/png", b"<html>"),
        (200, "image/svg+xml", b"<svg/>"),
        (200, "image/png", b""),
        (200, "image/png", PNG + b"0" * MAX_BYTES),
        (404, "image/png", PNG),
    ],
)
def test_only_an_image_of_a_sane_size_is_taken(tmp_path: Path, status: int, kind: str, body: bytes) -> None:
    source = Source()
    base = proxy(tmp_path, source)
    source.says(status, kind, body)
    with pytest.raises(BaseMapError) as refused:
        base.tile("vec", 3, 6, 2)
    assert refused.value.code == "base_map_unavailable"
    assert not list((tmp_path / "tiles").rglob("*.*"))


def test_no_error_says_the_key(tmp_path: Path) -> None:
    source = Source()
    source.fails(OSError(f"could not connect to https://t0.tianditu.gov.cn/?tk={KEY}"))
    with pytest.raises(BaseMapError) as refused:
        proxy(tmp_path, source).tile("vec", 3, 6, 2)
    assert KEY not in f"{refused.value!r} {refused.value.zh} {refused.value.en} {refused.value.__cause__!r}"
    assert KEY not in repr(Settings(tianditu_key=KEY))


@pytest.mark.parametrize(
    ("layer", "z", "x", "y"),
    [
        *(("ter", 3, 1, 1), ("vec/../img", 3, 1, 1), ("", 3, 1, 1), ("vec", 0, 0, 0), ("vec", 19, 0, 0)),
        *(("vec", 3, 8, 0), ("vec", 3, 0, 8), ("vec", 3, -1, 0), ("vec", 3, 0, -1), ("vec", -1, 0, 0)),
        ("vec", 10**6, 0, 0),
    ],
)
def test_what_is_no_tile_is_never_asked_for(tmp_path: Path, layer: str, z: int, x: int, y: int) -> None:
    source = Source()
    with pytest.raises(NotFoundError):
        proxy(tmp_path, source).tile(layer, z, x, y)
    assert source.asked == []


@pytest.mark.parametrize("key", [None, "", "  "])
def test_without_a_key_there_is_no_base_map(tmp_path: Path, key: str | None) -> None:
    source = Source()
    with pytest.raises(NotFoundError) as refused:
        proxy(tmp_path, source, tianditu_key=key).tile("vec", 3, 6, 2)
    assert refused.value.code == "no_base_map"
    assert source.asked == []


def test_what_is_kept_stays_under_the_cap_and_the_oldest_goes_first(tmp_path: Path) -> None:
    source, clock = Source(), Clock()
    source.says(body=PNG + b"0" * 100_000)
    base = proxy(tmp_path, source, clock, tianditu_cache_mb=1)
    for x in range(30):
        clock.now += 1
        base.tile("vec", 8, x, 0)
    files = list((tmp_path / "tiles").rglob("*.png"))
    assert 0 < sum(one.stat().st_size for one in files) <= 1_000_000
    names = {one.parent.name for one in files}
    assert "29" in names
    assert "0" not in names


def test_a_disk_that_takes_nothing_costs_only_the_keeping(tmp_path: Path) -> None:
    (tmp_path / "tiles").write_text("a file where the directory should be")
    source = Source()
    base = proxy(tmp_path, source)
    assert base.tile("vec", 3, 6, 2).data == base.tile("vec", 3, 6, 2).data == PNG
    assert len(source.asked) == 2


def test_one_tile_is_fetched_once_for_many(tmp_path: Path) -> None:
    source = Source()
    base = proxy(tmp_path, source)
    gate = threading.Event()

    def slow() -> Fetched:
        gate.wait(5)
        return Fetched(200, "image/png", PNG)

    source.answer = slow
    threads = [threading.Thread(target=base.tile, args=("vec", 3, 6, 2)) for _ in range(8)]
    for one in threads:
        one.start()
    gate.set()
    for one in threads:
        one.join()
    assert len(source.asked) == 1


def test_tiles_are_kept_beside_the_archive_where_nobody_says(tmp_path: Path) -> None:
    assert directory(Settings(archive=str(tmp_path / "a"))) == tmp_path / "a.tianditu"
    embedded = directory(Settings(db=f"sqlite:///{tmp_path / 's.gpkg'}"))
    assert embedded == tmp_path / "s.gpkg.archive.tianditu"
    assert directory(Settings(tianditu_cache=str(tmp_path / "t"))) == tmp_path / "t"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/there")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(PNG if self.path != "/endless" else PNG + os.urandom(MAX_BYTES * 3))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server of this machine in place of the source; https is spoken plainly to it."""
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    from http.client import HTTPConnection

    def plain(_host: str, *, timeout: float, context: Any) -> HTTPConnection:
        assert context.check_hostname
        return HTTPConnection("127.0.0.1", server.server_port, timeout=timeout)

    monkeypatch.setattr("http.client.HTTPSConnection", plain)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("local")
def test_the_first_answer_is_taken_as_it_is() -> None:
    found = module.fetch_https(HOSTS[0], "/tile")
    assert (found.status, found.content_type, found.body) == (200, "image/png", PNG)
    assert module.fetch_https(HOSTS[0], "/moved").status == 302
    assert len(module.fetch_https(HOSTS[0], "/endless").body) == MAX_BYTES + 1


def test_a_source_that_is_not_there_is_an_error_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refused)
    with pytest.raises(ConnectionRefusedError):
        module.fetch_https(HOSTS[0], "/tile")
