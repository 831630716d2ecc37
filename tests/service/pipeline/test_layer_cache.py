"""Large layers are kept indexed on disk: the same answers, never required, checked before they are used."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from gis.types import DataStatus, Level
from grids.cells import GridCell, GridSet
from service.pipeline import layer_cache, layers_store
from service.pipeline.layers_store import Layers
from service.pipeline.load_grid import write_grid
from tests.service.pipeline.test_histories import AREA, products
from tests.service.pipeline.world import World, picture

DAY = dt.date(2023, 10, 29)


def load_cells(world: World, columns: int, rows: int) -> None:
    """Load a village grid over the area of the fires; every seventh cell is known by name only."""
    from bench.coverage import bricks

    shapes = bricks(columns, rows, 4, 3, AREA, stray=0.1)
    cells = tuple(
        GridCell(
            f"G{n:06d}", Level.VILLAGE, f"村{n}", geometry=shapely.MultiPolygon([shape]) if n % 7 else None
        )
        for n, shape in enumerate(shapes)
    )
    write_grid(world.store, GridSet("villages", "", DataStatus.SAMPLE, cells), file="v", actor="test")


def files(world: World) -> list[Path]:
    folder = layer_cache.directory(Path(world.store.archive))
    return sorted(folder.iterdir()) if folder.exists() else []


def grid(world: World) -> Any:
    """Return the village layer as a fresh process would read it."""
    layers_store._built.clear()
    with world.store.reader() as reader:
        return Layers(reader).on(DAY).grid["village"]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers_store, "LEAST_UNITS", 100)


def test_a_large_layer_is_read_from_disk_the_second_time(world: World, small: None) -> None:
    load_cells(world, 12, 10)
    first = grid(world)
    (kept,) = files(world)
    stamp = kept.stat().st_mtime_ns
    second = grid(world)
    assert [path.stat().st_mtime_ns for path in files(world)] == [stamp]
    assert second.layer.codes == first.layer.codes
    assert len(second.layer) == 120 - 18
    assert len(second.names) == 120
    dice = np.random.default_rng(2)
    lon, lat = dice.uniform(AREA[0], AREA[2], 300), dice.uniform(AREA[1], AREA[3], 300)
    assert np.array_equal(first.layer.locate(lon, lat), second.layer.locate(lon, lat))


def test_a_small_layer_needs_no_file(world: World) -> None:
    load_cells(world, 3, 3)
    assert len(grid(world).layer) == 7
    assert files(world) == []


@pytest.mark.parametrize("harm", ["cut", "changed", "renamed", "gone"])
def test_a_file_that_is_not_what_it_says_is_made_again(world: World, small: None, harm: str) -> None:
    load_cells(world, 12, 10)
    codes = grid(world).layer.codes
    (kept,) = files(world)
    data = bytearray(kept.read_bytes())
    if harm == "cut":
        kept.write_bytes(data[: len(data) // 2])
    elif harm == "changed":
        data[-5000] ^= 1
        kept.write_bytes(data)
    elif harm == "renamed":
        kept.rename(kept.with_name(kept.name[:33] + "0" * 64 + ".layer"))
    else:
        kept.unlink()
    assert grid(world).layer.codes == codes
    (again,) = files(world)
    assert again.name == kept.name


def test_a_home_that_cannot_be_written_to_is_no_obstacle(world: World, small: None) -> None:
    load_cells(world, 12, 10)
    layer_cache.directory(Path(world.store.archive)).write_text("in the way")
    assert len(grid(world).layer) == 102


def test_fire_points_are_the_same_with_and_without_the_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_cells(world, 30, 30)
    world.ingest(world.feed("nrt.csv", products()["nrt"]))
    world.assess()
    wanted = picture(world.store)["points"]
    assert any(state["boundary_case"].get("village") for state in wanted.values())
    monkeypatch.setattr(layers_store, "LEAST_UNITS", 100)
    layers_store._built.clear()
    with world.store.writer("test", "again") as writer:
        from service.store.models import AssessedDay

        writer.connection.execute(AssessedDay.__table__.update().values(fingerprint="-"))
    assert world.assess().redone
    assert files(world)
    assert picture(world.store)["points"] == wanted


@pytest.mark.soak
def test_six_hundred_thousand_cells_load_index_and_answer(world: World) -> None:
    load_cells(world, 775, 775)
    first = grid(world)
    assert len(first.layer) == 600_625 - -(-600_625 // 7)
    again = grid(world)
    lon, lat = np.array([125.7]), np.array([42.7])
    assert again.layer.locate(lon, lat) == first.layer.locate(lon, lat)
