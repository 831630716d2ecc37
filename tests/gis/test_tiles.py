"""Vector tiles decode to what went in, by a decoder of our own and by GDAL, for drawn shapes and for real ones."""

from __future__ import annotations

import datetime as dt
import gzip
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from gis.errors import UsageError
from gis.tiles import BUFFER, EXTENT, TileLayer, compress, encode, feature_ids, tile_bounds, tiles_over
from tests.gis import jilin
from tests.gis.mvt_decode import Layer, decode

Z, X, Y = 8, 215, 93
LOW, HIGH = -BUFFER, EXTENT + BUFFER
FRAME = shapely.box(LOW, LOW, HIGH, HIGH)

patient = settings(deadline=None)
"""The first example of a process compiles the kernels or loads them."""


def counties() -> Any:
    """Return the real counties of Jilin."""
    return np.array(jilin.counties("tianditu")[1], dtype=object)


def on_earth(shape: Any, z: int = Z, x: int = X, y: int = Y) -> Any:
    """Return a geometry given in units of a tile's grid, in degrees."""

    def degrees(xy: Any) -> Any:
        column, row = (xy[:, 0] / EXTENT + x) / 2**z, (xy[:, 1] / EXTENT + y) / 2**z
        return np.column_stack([column * 360 - 180, np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * row))))])

    return shapely.transform(shape, degrees)


def drawn(*shapes: Any, **columns: Any) -> Layer:
    """Return the layer a tile has of shapes in units of its grid; empty without any."""
    geometry = np.array([on_earth(one) for one in shapes], dtype=object)
    columns = columns or {"number": list(range(len(shapes)))}
    return decode(encode([TileLayer("it", geometry, columns)], Z, X, Y)).get("it", Layer())


# --- points -----------------------------------------------------------------------------------------


@patient
@given(st.lists(st.tuples(st.integers(-300, 4400), st.integers(-300, 4400)), max_size=40))
def test_points_stand_where_they_were_and_none_is_lost(places: list[tuple[int, int]]) -> None:
    layer = drawn(*(shapely.Point(place) for place in places))
    inside = {
        number: place for number, place in enumerate(places) if all(LOW <= one <= HIGH for one in place)
    }
    assert {one.properties["number"]: one.parts[0][0] for one in layer.features} == inside


def test_ten_thousand_points_on_one_place_are_ten_thousand_features() -> None:
    lon, lat = np.full(10_000, 123.5), np.full(10_000, 43.5)
    ids = np.arange(10_000)
    data = encode([TileLayer("p", (lon, lat), {"number": ids}, ids)], Z, X, Y)
    assert sorted(one.id for one in decode(data)["p"].features) == list(range(10_000))
    shapes = np.asarray(shapely.points(lon, lat), dtype=object)
    assert encode([TileLayer("p", shapes, {"number": ids}, ids)], Z, X, Y) == data


def test_a_multipoint_keeps_the_points_inside() -> None:
    layer = drawn(shapely.MultiPoint([(1, 2), (9000, 1), (7, 8)]), shapely.Point(5, 5))
    assert [one.parts for one in layer.features] == [[[(1, 2)], [(7, 8)]], [[(5, 5)]]]


# --- lines ------------------------------------------------------------------------------------------

_place = st.tuples(st.integers(-9000, 13000), st.integers(-9000, 13000))


@patient
@given(st.lists(st.lists(_place, min_size=2, max_size=12, unique=True), min_size=1, max_size=4))
def test_lines_are_what_the_frame_leaves_of_them(lines: list[list[tuple[int, int]]]) -> None:
    shape = shapely.MultiLineString(lines)
    layer = drawn(shape)
    left = shape.intersection(FRAME)
    if not layer.features:
        assert left.length < 4 * len(lines) * 12
        return
    got = layer.features[0].shape
    assert shapely.within(got, FRAME)
    for place in shapely.points(shapely.get_coordinates(got)):
        assert shapely.distance(place, shape) < 1.0
    if left.length > 4:
        kept = [one for one in shapely.get_parts(left) if one.length > 4]
        assert all(shapely.hausdorff_distance(one, got.intersection(one.buffer(2))) < 3 for one in kept)


def test_a_line_that_leaves_and_returns_is_two() -> None:
    layer = drawn(shapely.LineString([(100, 100), (100, 9000), (200, 9000), (200, 100)]))
    assert layer.features[0].parts == [[(100, 100), (100, HIGH)], [(200, HIGH), (200, 100)]]
    assert drawn(shapely.LinearRing([(0, 0), (9, 0), (9, 9)])).features[0].parts[0][-1] == (0, 0)


# --- polygons ---------------------------------------------------------------------------------------


@st.composite
def stars(draw: Any) -> Any:
    """Draw a ring around a centre, near or across the frame, often spiky and often smaller than the grid."""
    count = draw(st.integers(3, 40))
    scale = draw(st.sampled_from([0.4, 1.5, 6.0, 60.0, 900.0, 9000.0]))
    centre = draw(st.tuples(st.floats(-400, 4500), st.floats(-400, 4500)))
    radii = np.array(draw(st.lists(st.floats(0.05, 1.0), min_size=count, max_size=count)))
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    ring = np.column_stack(
        [centre[0] + scale * radii * np.cos(angles), centre[1] + scale * radii * np.sin(angles)]
    )
    shell = shapely.Polygon(ring)
    if draw(st.booleans()):
        inner = affinity.scale(shell, 0.9, 0.9)
        shell = shell.difference(inner) if inner.is_valid else shell
    return shell


@settings(max_examples=300, deadline=None)
@given(st.lists(stars(), min_size=1, max_size=5))
def test_polygons_are_valid_and_where_they_were(shapes: list[Any]) -> None:
    layer = drawn(*shapes)
    found = {one.properties["number"]: one.shape for one in layer.features}
    for number, shape in enumerate(shapes):
        if not shape.is_valid:
            continue
        left = shape.intersection(FRAME)
        slack = 1.5 * left.length + 4
        if number not in found:
            assert left.area <= slack
            continue
        got = found[number]
        assert got.is_valid, shapely.is_valid_reason(got)
        assert FRAME.covers(got)
        assert abs(got.area - left.area) <= slack
        assert got.difference(left.buffer(1.5)).area < 1e-6


def _comb(teeth: int) -> Any:
    """Return a comb that crosses the frame's right edge tooth by tooth, its back outside of the frame."""
    low = HIGH - 50
    ring: list[tuple[float, float]] = [(HIGH + 50, 0)]
    for tooth in range(teeth):
        ring += [(low, tooth * 20 + 1), (low, tooth * 20 + 10), (HIGH + 20, tooth * 20 + 10)]
        ring += [(HIGH + 20, tooth * 20 + 15)]
    return shapely.Polygon([*ring, (HIGH + 50, teeth * 20)])


@pytest.mark.parametrize(
    "shape",
    [
        _comb(8),
        shapely.Polygon([(0, 0), (100, 0.3), (200, 0), (200, 100), (100, 0.31), (0, 100)]),
        shapely.box(0, 0, 100, 100).difference(shapely.box(0.2, 0.2, 99.7, 50)),
        shapely.box(0, 0, 100, 100).difference(shapely.box(40, 0.2, 60, 99.9)),
        shapely.MultiPolygon([shapely.box(0, 0, 50.4, 50), shapely.box(50.45, 0, 100, 50)]),
        shapely.Polygon([(0, 0), (50, 50), (100, 0), (100, 100), (50.2, 50.2), (0, 100)]),
        shapely.box(-9000, -9000, 12000, 12000),
    ],
)
def test_shapes_that_rounding_and_clipping_break_are_mended(shape: Any) -> None:
    got = drawn(shape).features[0].shape
    left = shape.intersection(FRAME)
    assert got.is_valid
    assert abs(got.area - left.area) < left.length
    assert got.symmetric_difference(left).buffer(-1.5).is_empty


def test_a_hole_stays_a_hole_and_what_has_no_area_is_not_drawn() -> None:
    ring = shapely.box(0, 0, 100, 100).difference(shapely.box(10, 10, 20, 20))
    sliver = shapely.box(0, 0, 500, 0.2)
    layer = drawn(ring, sliver, shapely.Polygon(), shapely.box(9000, 0, 9100, 10))
    assert [one.properties["number"] for one in layer.features] == [0]
    assert layer.features[0].shape.area == 100 * 100 - 10 * 10
    pinhole = shapely.box(0, 0, 100, 100).difference(shapely.box(10, 10, 10.2, 10.2))
    assert len(drawn(pinhole).features[0].parts) == 1


def test_neighbours_keep_one_border_on_every_zoom() -> None:
    shapes = counties()
    for z in (4, 6, 8, 10):
        box = tile_bounds(z, *_tile_of(126.2, 43.6, z))
        near = np.array([one for one in shapes if one.intersects(shapely.box(*_edges(box)))], dtype=object)
        data = encode([TileLayer("c", near, {"n": list(range(len(near)))})], z, *_tile_of(126.2, 43.6, z))
        got = [one.shape for one in decode(data)["c"].features]
        assert all(one.is_valid for one in got)
        tree = shapely.STRtree(got)
        over = sum(
            shapely.intersection(got[a], got[b]).area for a, b in tree.query(got, "overlaps").T if a < b
        )
        assert over <= 40, "only what was mended may overlap, by a few units of the grid"
        inside = shapely.box(0, 0, EXTENT, EXTENT)
        want = shapely.union_all(near).intersection(shapely.box(*_edges(box)))
        have = shapely.union_all([one.intersection(inside) for one in got])
        gaps = sum(len(one.interiors) for one in shapely.get_parts(have))
        assert gaps <= sum(len(one.interiors) for one in shapely.get_parts(want)) + 12


def _edges(box: Any) -> tuple[float, float, float, float]:
    return box.min_lon, box.min_lat, box.max_lon, box.max_lat


def _tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    from gis.types import BBox

    columns, rows = tiles_over(BBox(lon, lat, lon, lat), z)
    return columns[0], rows[0]


def test_a_collection_is_drawn_by_its_highest_parts() -> None:
    mixed = shapely.GeometryCollection([shapely.Point(1, 1), shapely.box(0, 0, 9, 9)])
    layer = drawn(mixed, shapely.Point(3, 3), shapely.LineString([(0, 0), (5, 5)]))
    assert [one.kind for one in layer.features] == [3, 1, 2]
    assert [one.properties["number"] for one in layer.features] == [0, 1, 2]


# --- attributes -------------------------------------------------------------------------------------

_COLUMNS = {
    "text": st.one_of(st.none(), st.text(max_size=9)),
    "whole": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    "number": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    "flag": st.one_of(st.none(), st.booleans()),
}


@patient
@given(st.data())
def test_attributes_come_back_as_they_were(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    columns = {
        name: data.draw(st.lists(one, min_size=count, max_size=count)) for name, one in _COLUMNS.items()
    }
    places = data.draw(st.lists(st.integers(-500, 4600), min_size=count, max_size=count))
    layer = drawn(*(shapely.Point(place, 7) for place in places), **columns)
    rows = [row for row, place in enumerate(places) if LOW <= place <= HIGH]
    assert len(layer.features) == len(rows)
    for feature, row in zip(layer.features, rows, strict=True):
        want = {name: values[row] for name, values in columns.items() if values[row] is not None}
        assert feature.properties == want
        assert {type(one) for one in feature.properties.values()} == {type(one) for one in want.values()}
    assert len({(type(one), one) for one in layer.values}) == len(layer.values), "each value once"


def test_days_and_instants_are_iso_text_and_nan_is_no_value() -> None:
    at = dt.datetime(2023, 10, 29, 12, 51, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    layer = drawn(
        shapely.Point(1, 1),
        shapely.Point(2, 2),
        day=[at.date(), None],
        at=[None, at],
        frp=np.array([np.nan, 3.5]),
        zeros=[0.0, -0.0],
    )
    assert [one.properties for one in layer.features] == [
        {"day": "2023-10-29", "zeros": 0.0},
        {"at": "2023-10-29T04:51:00Z", "frp": 3.5, "zeros": 0.0},
    ]


def test_ids_are_stable_numbers() -> None:
    assert feature_ids([7, 2**53 - 1]).tolist() == [7, 2**53 - 1]
    words = [
        "",
        "县",
        "2023-10-29-0123456789ab",
        *("abcdefghijklmnopqrstuvwxyz"[:size] for size in (1, 8, 11, 12, 13)),
    ]
    ids = feature_ids(words)
    assert ids.tolist() == HASHES
    assert (feature_ids(words[3:4]) == ids[3]).all()
    assert feature_ids([]).shape == (0,)


HASHES = [
    *(4986721840809581, 2393190971018114, 8450368142551808, 7120876463157425),
    *(7914437354626099, 5425701852214227, 402986605361876, 8540104787281616),
]
"""What PostgreSQL 15 answers: select hashtextextended(word, 0) & 9007199254740991."""


# --- tiles ------------------------------------------------------------------------------------------


def test_gdal_reads_what_we_wrote(tmp_path: Path) -> None:
    shapes = counties()[:20]
    z, (x, y) = 7, _tile_of(*shapes[0].representative_point().coords[0], 7)
    points = np.array([one.representative_point() for one in shapes], dtype=object)
    names = [f"县{number}" for number in range(len(shapes))]
    ids = np.arange(len(shapes)) + 1
    layers = [
        TileLayer("counties", shapes, {"name": names, "n": ids}, ids),
        TileLayer("places", points, {"share": np.linspace(0, 1, len(shapes))}),
    ]
    path = tmp_path / str(z) / str(x) / f"{y}.mvt"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.decompress(compress(encode(layers, z, x, y))))
    assert {name for name, _ in pyogrio.list_layers(path)} == {"counties", "places"}
    frame = pyogrio.read_dataframe(path, layer="counties", CLIP="NO").to_crs(4326)
    assert frame.geometry.is_valid.all()
    unit = 360 / 2**z / EXTENT
    frame_box = shapely.box(*_edges(tile_bounds(z, x, y, buffer=BUFFER)))
    for name, shape in zip(frame["name"], frame.geometry, strict=True):
        want = shapes[names.index(name)].intersection(frame_box)
        assert shapely.hausdorff_distance(shape, want) < 2 * unit
    assert set(frame["mvt_id"]) <= set(ids.tolist())


def test_equal_input_gives_equal_bytes_and_a_tile_of_nothing_is_empty() -> None:
    shapes = counties()[:9]
    tile = _tile_of(126.2, 43.6, 6)
    made = [encode([TileLayer("c", shapes, {"n": [1.5] * 9})], 6, *tile) for _ in range(2)]
    assert made[0] == made[1]
    assert compress(made[0]) == compress(made[1])
    assert encode([TileLayer("c", shapes, {"n": [1] * 9})], 6, 0, 0) == b""
    assert encode([TileLayer("c", np.empty(0, dtype=object), {"n": []})], 6, 0, 0) == b""


@pytest.mark.parametrize("tile", [(-1, 0, 0), (0, 1, 0), (3, 8, 0), (3, 0, -1), (23, 0, 0)])
def test_a_tile_that_is_not_in_the_matrix_is_refused(tile: tuple[int, int, int]) -> None:
    with pytest.raises(UsageError, match="no tile") as error:
        encode([], *tile)
    assert error.value.code == "bad_tile"


@patient
@given(st.integers(0, 16), st.floats(-179.9, 179.9), st.floats(-84, 84))
def test_the_box_of_a_tile_holds_its_places(z: int, lon: float, lat: float) -> None:
    x, y = _tile_of(lon, lat, z)
    box, wide = tile_bounds(z, x, y), tile_bounds(z, x, y, buffer=64)
    assert box.min_lon - 1e-9 <= lon <= box.max_lon + 1e-9
    assert box.min_lat - 1e-9 <= lat <= box.max_lat + 1e-9
    assert wide.min_lon <= box.min_lon
    assert wide.max_lat >= box.max_lat


def test_importing_the_module_loads_no_kernels() -> None:
    script = "import sys, gis.tiles; sys.exit(int('numba' in sys.modules or 'pandas' in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
