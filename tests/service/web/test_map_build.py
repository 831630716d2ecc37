"""The web map's build: exact packages, types checked, the same bytes each time, small enough, nothing half done."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from gis.errors import HuodianError
from service.web import build_map as builder
from service.web.build import npm_command
from service.web.build_map import MAX_SCRIPT, SOURCES, build_map, source_files
from service.web.mapfiles import MAP, POLICY, MapFiles, map_page
from service.web.vendor import MANIFEST


def manifest_of(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return found


def test_the_lock_pins_by_hash_and_names_no_registry() -> None:
    text = (SOURCES / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    assert "resolved" not in text
    for name, package in json.loads(text)["packages"].items():
        assert not name or package["integrity"].startswith("sha512-"), name
    about = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))
    wanted = {**about["dependencies"], **about["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), "exact versions"
    assert about["dependencies"]["maplibre-gl"].startswith("5.24.")


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    build_map()
    target = tmp_path / "static" / "map"
    assert build_map(target=target)
    assert manifest_of(target) == manifest_of(MAP)
    assert not build_map(target=target), "a current build is left alone"
    size = manifest_of(target)["script_gzip_bytes"]
    assert isinstance(size, int)
    assert 0 < size < MAX_SCRIPT
    for packed in target.rglob("*.gz"):
        assert gzip.decompress(packed.read_bytes()) == packed.with_suffix("").read_bytes()
    assert "BSD" in (target / "licenses" / "maplibre-gl.txt").read_text(encoding="utf-8") or (
        "Redistribution" in (target / "licenses" / "maplibre-gl.txt").read_text(encoding="utf-8")
    )
    assert not list((target / "licenses").glob("vite*")), "tools are no part of the page"
    (target / "index.html").write_text("changed", encoding="utf-8")
    assert build_map(target=target), "a changed file is built again"
    assert [one.name for one in target.parent.iterdir()] == ["map"], "no leftovers"


def test_a_type_error_fails_the_build_and_keeps_the_old_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "sources"
    for name in source_files():
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOURCES / name, sources / name)
    (sources / "src/core/days.ts").write_text("export const nothing: number = 'text';\n", encoding="utf-8")
    monkeypatch.setattr(builder, "SOURCES", sources)
    target = tmp_path / "map"
    target.mkdir()
    (target / "index.html").write_text("old", encoding="utf-8")
    with pytest.raises(HuodianError, match=r"days\.ts"):
        build_map(target=target)
    assert (target / "index.html").read_text(encoding="utf-8") == "old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["map", "sources"]


class Page(HTMLParser):
    """What a page loads, and what stands in it as script or style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self._in: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag if tag in ("script", "style") else None
        for name, value in attrs:
            if name in ("src", "href") and value and not value.startswith("#"):
                self.loads.append(value)
            if name == "style" or name.startswith("on"):
                self.inline.append(f"{name}={value}")

    def handle_data(self, data: str) -> None:
        if self._in and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in = None


def test_the_page_loads_local_files_and_has_nothing_inline() -> None:
    build_map()
    text = map_page({"tiles", "session"})
    assert text is not None
    assert '<meta name="huodian-services" content="session tiles"' in text
    page = Page(text)
    assert page.inline == []
    assert page.loads
    for address in page.loads:
        assert address.startswith("/map/"), address
        assert (MAP / address.removeprefix("/map/")).is_file()
    assert "unsafe" not in POLICY
    assert "blob:" not in POLICY.partition("script-src")[2].partition(";")[0]


def test_without_a_build_there_is_no_page(tmp_path: Path) -> None:
    assert map_page(set(), folder=tmp_path) is None


def test_files_come_compressed_under_their_policy_and_stay() -> None:
    build_map()
    worker = next((MAP / "assets").glob("*worker*.js"))
    with TestClient(Starlette(routes=[Mount("/map", MapFiles())])) as web:
        packed = web.get(f"/map/assets/{worker.name}")
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == worker.read_bytes()
        assert "immutable" in packed.headers["cache-control"]
        assert "connect-src 'self'" in packed.headers["content-security-policy"], (
            "the worker fetches the tiles"
        )
        assert "javascript" in packed.headers["content-type"]
        plain = web.get(f"/map/assets/{worker.name}", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == worker.read_bytes()
        assert plain.headers["vary"] == "Accept-Encoding"
        assert "immutable" not in web.get("/map/index.html").headers.get("cache-control", "")
        for outside in ("/map/../vendor.py", "/map/assets/../../vendor/manifest.json", "/map/nothing.js"):
            assert web.get(outside).status_code == 404


def test_the_pure_parts_of_the_page(tmp_path: Path) -> None:
    """View in the address, words in both languages, the outbox, filters: tested where they run, in node."""
    command = npm_command()
    node = command[0] if len(command) > 1 else "node"
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", *map(str, sorted((SOURCES / "test").glob("*.test.ts")))],
        cwd=SOURCES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    found = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert found is not None
    assert int(found.group(1)) >= 16
