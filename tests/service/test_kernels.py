"""Whoever is told that the service answers gets a map with borders, also on a machine that never compiled them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from service import kernels


def test_what_one_process_compiled_the_next_one_takes_from_the_directory(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    command = [sys.executable, "-m", "service.kernels", "gis.mvt_hash"]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(kept), "NUMBA_CPU_NAME": "generic"}
    assert subprocess.run(command, env=environment, check=False).returncode == 0
    written = {path: path.stat().st_mtime_ns for path in kept.rglob("*.nbc")}
    assert any("hashes" in path.name for path in written)
    again = [
        *(sys.executable, "-c"),
        "from gis import mvt_hash; assert sum(mvt_hash.hashes.stats.cache_hits.values()) == 1",
    ]
    assert subprocess.run(again, env=environment, check=False).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in kept.rglob("*.nbc")} == written


def test_compiling_goes_on_beside_other_work_and_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LOCATION", ("json",))
    monkeypatch.setattr(kernels, "TILES", ("no.such.module",))  # what fails there is compiled here later
    said: list[str] = []
    with kernels.compiled_meanwhile(lambda: said.append("wait")) as wait:
        wait()
        wait()
    assert said == ["wait"]


def test_work_that_fails_leaves_no_compiler_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "LOCATION", ("this",))
    started: list[subprocess.Popen[bytes]] = []
    begin = kernels._compiling

    def noted(names: Sequence[str]) -> subprocess.Popen[bytes]:
        started.append(begin(names))
        return started[-1]

    monkeypatch.setattr(kernels, "_compiling", noted)
    with pytest.raises(RuntimeError, match="refused"), kernels.compiled_meanwhile(lambda: None):
        raise RuntimeError("refused")
    assert len(started) == 2
    assert all(one.returncode is not None for one in started)


def test_the_service_goes_on_when_the_kernels_are_there_and_says_what_it_waits_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told, loaded = threading.Event(), []

    def slow() -> None:
        assert told.wait(60)
        loaded.append("loaded")

    monkeypatch.setattr(kernels, "_PATIENCE_S", 0.01)
    monkeypatch.setattr("gis.tiles.warm", slow)
    with kernels.made_ready(told.set):
        pass
    assert loaded == ["loaded"]


def test_kernels_that_cannot_be_loaded_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("no compiler")

    monkeypatch.setattr("gis.tiles.warm", broken)
    with pytest.raises(OSError, match="no compiler"), kernels.made_ready(lambda: None):
        pass
