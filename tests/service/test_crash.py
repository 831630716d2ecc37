"""Killed anywhere and run again to the end, the store is what it would have been undisturbed."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.cli.app import MODULES, main
from service.store.engine import open_store
from tests.service.pipeline import feeds
from tests.service.pipeline.test_histories import products
from tests.service.pipeline.world import contents

KILLS = int(os.environ.get("HUODIAN_KILLS", "10"))
"""Seeded kills per home; `make soak` asks for 50."""

KILLED = 137

_SERVER = multiprocessing.get_context("forkserver")
"""Starts processes from one that has the imports done: the same command, without a second of imports each."""
_SERVER.set_forkserver_preload(
    [
        "service.cli.app",
        *(f"service.cli.{name}" for name in MODULES),
        "service.pipeline.init",
        "service.pipeline.ingest",
        "service.pipeline.assess",
        "service.pipeline.load_grid",
    ]
)


def _huodian(command: list[str], settings: dict[str, str], words: str) -> None:
    """Be the command ``huodian``."""
    for name in [name for name in os.environ if name.startswith("HUODIAN_")]:
        del os.environ[name]
    os.environ.update(settings)
    sink = os.open(words, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    sys.argv = ["huodian", "--json", *command]
    main()


@dataclass(frozen=True)
class Run:
    """A sequence of commands on one store, each of which may be killed and given again."""

    url: str
    folder: Path

    def commands(self) -> list[list[str]]:
        """Return the whole path: schema, layers, feeds in two steps, fire points."""
        return [
            ["init"],
            [
                "load",
                "grid",
                str(self.folder / "grid.geojson"),
                "--datum",
                "cgcs2000",
                "--status",
                "synthetic",
            ],
            ["ingest", str(self.folder / "nrt.csv")],
            ["assess"],
            ["ingest", str(self.folder / "standard.csv"), str(self.folder / "later.csv")],
            ["assess"],
        ]

    def start(self, command: Sequence[str], failpoint: str | None = None) -> Any:
        """Start a command in a process of its own."""
        settings = {"HUODIAN_DB": self.url, "HUODIAN_ARCHIVE": str(self.folder / "archive")}
        if failpoint:
            settings["HUODIAN_FAILPOINT"] = failpoint
        process = _SERVER.Process(target=_huodian, args=(list(command), settings, str(self.words)))
        process.start()
        return process

    def finish(self, command: Sequence[str], failpoint: str | None = None) -> int:
        """Run a command to its end and return its exit code."""
        process = self.start(command, failpoint)
        process.join(120)
        assert process.exitcode in (0, KILLED), self.words.read_text(encoding="utf-8")
        return int(process.exitcode)

    @property
    def words(self) -> Path:
        """What the last command said."""
        return self.folder / "words.txt"

    def contents(self) -> dict[str, Any]:
        """Return what the store holds in the end."""
        store = open_store(self.url)
        try:
            return contents(store)
        finally:
            store.close()


def _prepare(folder: Path, url: str) -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in products().items():
        feeds.write(folder / f"{name}.csv", sorted(rows)[::2])
    ring = [[125.4, 42.4], [126.0, 42.4], [126.0, 43.0], [125.4, 43.0], [125.4, 42.4]]
    cell = {
        "type": "Feature",
        "properties": {"code": "220421100", "name": "某镇", "level": "township"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    grid = {"type": "FeatureCollection", "features": [cell]}
    (folder / "grid.geojson").write_text(json.dumps(grid), encoding="utf-8")
    return Run(url, folder)


_undisturbed: dict[str, dict[str, Any]] = {}


@pytest.fixture
def run(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Run:
    """A run on an empty store; its undisturbed twin was made once."""
    if store_home not in _undisturbed:
        twin = _prepare(tmp_path / "twin", new_store_url(store_home, empty=True))
        for command in twin.commands():
            assert twin.finish(command) == 0
        _undisturbed[store_home] = twin.contents()
    return _prepare(tmp_path / "run", new_store_url(store_home, empty=True))


FAILPOINTS = [
    (0, "migrate.before_commit"),
    (0, "migrate.after_commit"),
    (0, "load.units.before_commit"),
    (0, "load.units.after_commit"),
    (0, "init.between"),
    (0, "load.boundaries.before_commit"),
    (0, "load.boundaries.after_commit"),
    (0, "init.before_commit"),
    (0, "init.after_commit"),
    (1, "load.grid.before_commit"),
    (1, "load.grid.after_commit"),
    (2, "ingest.before_commit"),
    (2, "ingest.after_commit"),
    (3, "lease.before_commit"),
    (3, "lease.after_commit"),
    (3, "assess.before_commit"),
    (3, "assess.after_commit"),
    (3, "lease.before_commit:2"),
    (4, "ingest.before_commit:2"),
    (4, "ingest.after_commit:1"),
    (5, "assess.before_commit"),
    (5, "assess.after_commit"),
]
"""Every boundary between two commits of the path: number of the command, and where it dies."""


def test_a_death_at_every_commit_boundary_changes_nothing(run: Run, store_home: str) -> None:
    """Each command dies at each of its boundaries in turn, every time given again on what the last death left."""
    for number, command in enumerate(run.commands()):
        for at, failpoint in FAILPOINTS:
            if at == number:
                assert run.finish(command, failpoint) == KILLED, f"{failpoint} is not reached"
        assert run.finish(command) == 0
    assert run.contents() == _undisturbed[store_home]


@pytest.mark.parametrize("seed", [1])
def test_kills_at_any_moment_change_nothing(run: Run, store_home: str, seed: int) -> None:
    """A kill -9 at a seeded moment, again and again, until the path is through."""
    dice = random.Random(seed)  # noqa: S311
    left = KILLS
    for number, command in enumerate(run.commands()):
        for _ in range(left if number == 5 else min(left, -(-KILLS // 6))):
            process = run.start(command)
            process.join(dice.uniform(0.05, 0.8))
            process.kill()
            process.join()
            assert process.exitcode in (0, -signal.SIGKILL), run.words.read_text(encoding="utf-8")
            left -= 1
        assert run.finish(command) == 0
    assert left == 0
    assert run.contents() == _undisturbed[store_home]
