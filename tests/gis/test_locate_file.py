"""Saved layers: what is opened answers as what was saved, and what is not a whole, right file is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from bench.coverage import bricks
from gis.errors import RefusedInputError
from gis.locate import Layer
from gis.location import file
from tests.gis import jilin
from tests.gis.coverages import pairs


@pytest.fixture
def layer() -> Layer:
    """Real counties: holes, multipolygons, and codes that are not in the order of the file."""
    codes, shapes = jilin.counties("tianditu")
    return Layer(codes[::-1], shapes[::-1])


def test_an_opened_layer_answers_as_the_one_that_was_saved(layer: Layer, tmp_path: Path) -> None:
    path = tmp_path / "counties.idx"
    told = layer.save(path)
    again = Layer.open(path, content_hash=told, verify=True)
    points = jilin.north_east()
    corners = shapely.get_coordinates(layer.geometries)
    lon, lat = np.append(points.lon, corners[:, 0]), np.append(points.lat, corners[:, 1])
    assert (again.codes, again.source_index, len(again)) == (layer.codes, layer.source_index, len(layer))
    assert again.bounds.tolist() == layer.bounds.tolist()
    assert again.content_hash == told == layer.content_hash
    assert pairs(again.hits(lon, lat)) == pairs(layer.hits(lon, lat))
    unit = layer.locate(lon, lat)
    assert np.array_equal(again.locate(lon, lat), unit)
    metres = layer.border_distance_m(lon, lat, unit)
    assert np.array_equal(again.border_distance_m(lon, lat, unit), metres, equal_nan=True)
    boxes = shapely.box(lon[:200] - 0.05, lat[:200] - 0.05, lon[:200] + 0.05, lat[:200] + 0.05)
    assert pairs(again.touched(boxes)) == pairs(layer.touched(boxes))


def test_the_shapes_of_an_opened_layer_are_those_that_were_saved(layer: Layer, tmp_path: Path) -> None:
    layer.save(tmp_path / "counties.idx")
    again = Layer.open(tmp_path / "counties.idx").geometries
    assert shapely.equals_exact(again, layer.geometries, 0).all()
    assert {shape.geom_type for shape in again} == {shape.geom_type for shape in layer.geometries}


def test_layers_with_units_that_overlap_or_are_empty_come_back(tmp_path: Path) -> None:
    shapes = [*bricks(3, 3, 4, 1, (0, 0, 3, 3)), shapely.box(0, 0, 3, 3), shapely.Polygon()]
    layer = Layer([f"甲{n}" for n in range(len(shapes))], shapes)
    layer.save(tmp_path / "overlaps.idx")
    again = Layer.open(tmp_path / "overlaps.idx")
    lon, lat = np.random.default_rng(1).uniform(-0.5, 3.5, (2, 500))
    assert again.codes == layer.codes
    assert pairs(again.hits(lon, lat)) == pairs(layer.hits(lon, lat))
    assert again.geometries[[again.codes.index("甲10")]][0].is_empty


def test_the_content_hash_tells_layers_apart_and_not_orders() -> None:
    codes, shapes = jilin.counties("tianditu")
    one = Layer(codes, shapes).content_hash
    assert Layer(codes[::-1], shapes[::-1]).content_hash == one
    moved = [shapely.transform(shapes[0], lambda xy: xy + 1e-13), *shapes[1:]]
    renamed = ["999999", *codes[1:]]
    parted = [
        shapely.MultiPolygon([shapes[0]]) if shapes[0].geom_type == "Polygon" else shapes[0],
        *shapes[1:],
    ]
    assert len({one, *(Layer(codes, each).content_hash for each in (moved, parted))}) == 3
    assert Layer(renamed, shapes).content_hash != one


def cut(data: bytearray) -> bytearray:
    return data[:-64]


def begun(data: bytearray) -> bytearray:
    return data[:20]


def of_something_else(data: bytearray) -> bytearray:
    return bytearray(b"SQLite format 3\0") + data[16:]


def of_the_future(data: bytearray) -> bytearray:
    data[8] += 1
    return data


def of_the_other_order(data: bytearray) -> bytearray:
    data[12:16] = data[12:16][::-1]
    return data


def with_a_changed_header(data: bytearray) -> bytearray:
    data[100] ^= 1
    return data


def with_a_changed_edge(data: bytearray) -> bytearray:
    data[-1000] ^= 1
    return data


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        begun,
        of_something_else,
        of_the_future,
        of_the_other_order,
        with_a_changed_header,
        with_a_changed_edge,
    ],
)
def test_a_damaged_file_is_refused_with_the_next_step(
    layer: Layer, tmp_path: Path, damage: Callable[[bytearray], bytearray]
) -> None:
    path = tmp_path / "counties.idx"
    layer.save(path)
    path.write_bytes(damage(bytearray(path.read_bytes())))
    with pytest.raises(RefusedInputError) as told:
        Layer.open(path, verify=True)
    assert "counties.idx" in told.value.en
    assert "重新生成" in told.value.zh


def test_an_index_of_other_geometry_is_refused(layer: Layer, tmp_path: Path) -> None:
    layer.save(tmp_path / "a.idx")
    with pytest.raises(RefusedInputError, match="other geometry"):
        Layer.open(tmp_path / "a.idx", content_hash="0" * 64)


@pytest.mark.parametrize("shapes", [[], [shapely.LineString([(0, 0), (1, 1)])], [shapely.Polygon()]])
def test_a_layer_without_ground_is_not_saved(tmp_path: Path, shapes: list[shapely.Geometry]) -> None:
    with pytest.raises(RefusedInputError) as told:
        Layer([str(n) for n in range(len(shapes))], shapes).save(tmp_path / "none.idx")
    assert told.value.code == "layer_not_indexable"
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file(
    layer: Layer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "counties.idx"
    told = layer.save(path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        Layer(["a"], [shapely.box(0, 0, 1, 1)]).save(path)
    assert Layer.open(path, verify=True).content_hash == told
    assert list(tmp_path.iterdir()) == [path]


def test_a_changed_answer_never_reaches_the_file(layer: Layer, tmp_path: Path) -> None:
    """The mapping is private: kernels may write to their arrays, the disk stays."""
    path = tmp_path / "counties.idx"
    layer.save(path)
    before = path.read_bytes()
    opened = file.load(path, content_hash=None, verify=False)
    opened.index.own[:] = 0
    assert path.read_bytes() == before


def test_a_short_command_opens_and_asks_without_loading_the_compiler(layer: Layer, tmp_path: Path) -> None:
    path = tmp_path / "counties.idx"
    layer.save(path)
    code = (
        "import sys; from pathlib import Path; import numpy as np; from gis.locate import Layer\n"
        f"layer = Layer.open(Path({str(path)!r}))\n"
        "lon, lat = np.full(100, 125.3), np.linspace(43, 44, 100)\n"
        "unit = layer.locate(lon, lat); layer.border_distance_m(lon, lat, unit)\n"
        "print((unit >= 0).sum(), 'numba' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["100", "False"]
