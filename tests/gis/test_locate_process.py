"""The engine in the processes it lives in: threads, forks, no OpenMP, no cache directory that can be written."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.coverage import bricks
from gis.locate import Layer

ROOT = Path(__file__).resolve().parents[2]
COUNT = 200_000


def question() -> tuple[Any, Any]:
    rng = np.random.default_rng(3)
    return rng.uniform(121, 123, COUNT), rng.uniform(40, 42, COUNT)


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Layer:
    """A layer whose index is on disk and whose kernels run on the pool."""
    shapes = bricks(20, 20, 9, 3, (121.0, 40.0, 123.0, 42.0))
    path = tmp_path_factory.mktemp("index") / "layer.idx"
    Layer([f"{n:04d}" for n in range(len(shapes))], list(shapes)).save(path)
    return Layer.open(path)


def test_many_threads_ask_at_once(layer: Layer) -> None:
    lon, lat = question()
    expected = layer.locate(lon, lat)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: layer.locate(lon, lat), range(16)))
    assert all(np.array_equal(each, expected) for each in answers)


def test_threads_that_meet_at_the_building_of_the_index() -> None:
    shapes = list(bricks(20, 20, 9, 3, (121.0, 40.0, 123.0, 42.0)))
    layer = Layer([f"{n:04d}" for n in range(len(shapes))], shapes)
    lon, lat = (each[:20_000] for each in question())
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: layer.locate(lon, lat), range(12)))
    assert all(np.array_equal(each, answers[0]) for each in answers)


def _ask(layer: Layer, sink: Any) -> None:
    lon, lat = question()
    unit = layer.locate(lon, lat)
    sink.put((unit.tobytes(), layer.border_distance_m(lon[:999], lat[:999], unit[:999]).tobytes()))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_asks_on_after_its_parent_used_the_pool(layer: Layer) -> None:
    lon, lat = question()
    expected = layer.locate(lon, lat)
    metres = layer.border_distance_m(lon[:999], lat[:999], expected[:999])
    context = multiprocessing.get_context("fork")
    sink = context.Queue()
    children = [context.Process(target=_ask, args=(layer, sink)) for _ in range(2)]
    for child in children:
        child.start()
    answers = [sink.get(timeout=60) for _ in children]
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    assert answers == [(expected.tobytes(), metres.tobytes())] * 2
    assert np.array_equal(layer.locate(lon, lat), expected)


PROGRAM = """
import numpy as np
from bench.coverage import bricks
from gis.locate import Layer
shapes = list(bricks(20, 20, 9, 3, (121.0, 40.0, 123.0, 42.0)))
layer = Layer([f"{n:04d}" for n in range(len(shapes))], shapes)
rng = np.random.default_rng(3)
unit = layer.locate(rng.uniform(121, 123, 400_000), rng.uniform(40, 42, 400_000))
maps = open("/proc/self/maps").read()
print(int(unit.sum()), "gis.location.kernels" in __import__("sys").modules, "libgomp" in maps or "libomp" in maps)
"""


def test_no_openmp_library_is_ever_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=ROOT
    )
    total, compiled, openmp = done.stdout.split()
    assert (compiled, openmp) == ("True", "False")
    assert int(total) > 0


def test_a_process_that_may_write_no_cache_compiles_for_itself(tmp_path: Path) -> None:
    """A container with a read-only tree: numba finds no place for its cache."""
    code = (
        "import numba.core.caching as caching\n"
        "caching.CacheImpl._locator_classes = []\n"
        "from gis.location import jit\n"
        "@jit.kernel('int64(int64)')\n"
        "def double(n):\n    return 2 * n\n"
        "print(double(21))\n"
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    assert done.stdout.strip() == "42"
