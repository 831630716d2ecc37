"""The engine in the processes it lives in: threads, forks, no OpenMP, no cache directory that can be written."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from bench.coverage import bricks
from gis.footprint import measure
from gis.locate import Layer
from gis.shares import polygon_shares
from tests.gis import jilin

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


def _blobs() -> tuple[list[str], Any]:
    codes, shapes = jilin.counties("tianditu")
    return codes, shapely.to_wkb(np.array(shapes, dtype=object))


def _verbs(codes: list[str]) -> dict[str, Callable[[Layer], Any]]:
    """Every question that a layer answers, of real counties and pixels that reach over their borders."""
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(124, 129, 400), rng.uniform(42, 45, 400)
    boxes = np.column_stack([lon - 0.03, lat - 0.03, lon + 0.03, lat + 0.03])
    pixels, wide = shapely.box(*boxes.T), np.full(400, 3_000.0)
    unit = rng.integers(0, len(codes), 400)

    def measured(layer: Layer) -> Any:
        found = measure(layer, lon, lat, layer.locate(lon, lat), wide, wide, 100.0)
        return [found.share, found.boundary_case, found.distance_m]

    return {
        "hits": lambda layer: layer.hits(lon, lat),
        "locate": lambda layer: [layer.locate(lon, lat)],
        "touched": lambda layer: layer.touched(pixels),
        "border": lambda layer: [layer.border_distance_m(lon, lat, unit)],
        "areas": lambda layer: layer.box_areas(boxes)[:3],
        "covers": lambda layer: [layer.covers(unit, pixels)],
        "some": lambda layer: [shapely.area(layer.some(unit))],
        "geometries": lambda layer: [shapely.area(layer.geometries)],
        # A hint: no is always right, and comes where finding out is dearer than asking.
        "overlaps": lambda layer: [layer.overlaps_not(1_000_000) in (True, False)],
        "hash": lambda layer: [layer.content_hash],
        "measure": measured,
        "shares": lambda layer: [polygon_shares(layer, pixels[:40]).share],
    }


@pytest.mark.parametrize("opened", [False, True])
def test_threads_that_ask_a_fresh_layer_everything_at_once_hear_what_one_hears(
    opened: bool, tmp_path: Path
) -> None:
    """GEOS builds the index of a prepared polygon at its first question: two at once have ended the process."""
    codes, blobs = _blobs()
    saved = tmp_path / "layer.idx"
    Layer(codes, shapely.from_wkb(blobs)).save(saved)

    def fresh() -> Layer:
        return Layer.open(saved) if opened else Layer(codes, shapely.from_wkb(blobs))

    verbs = _verbs(codes)
    expected = {name: ask(fresh()) for name, ask in verbs.items()}
    names = [*verbs, "areas", "measure", "hits", "covers"]
    for turn in range(6):
        layer, gate = fresh(), threading.Barrier(len(names))

        def asked(name: str, layer: Layer = layer, gate: threading.Barrier = gate) -> Any:
            gate.wait()
            return verbs[name](layer)

        with ThreadPoolExecutor(len(names)) as pool:
            order = names[turn:] + names[:turn]
            for name, answer in zip(order, pool.map(asked, order), strict=True):
                for one, right in zip(answer, expected[name], strict=True):
                    np.testing.assert_array_equal(one, right, err_msg=name)


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
