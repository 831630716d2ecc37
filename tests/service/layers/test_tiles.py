"""A layer's tile: the same features in both homes, within the scope, honest about what is left out, kept safely."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.errors import NotFoundError, UsageError
from gis.tiles import BUFFER, EXTENT, compress, feature_ids, tile_bounds, tiles_over
from gis.types import BBox
from service.layers import tile_cache
from service.layers.filters import parse_cql2_text
from service.layers.model import Page, Query
from service.layers.source import FeatureSource
from service.layers.tile_cache import TileCache, tile_key
from service.layers.tile_sql import polygons_of
from service.layers.tiles import CAPPED, TileAnswer, shown_properties, tile, vector_layer
from service.scope import whole
from service.store.engine import Store
from service.store.models import GridCell, GridSet
from tests.gis.mvt_decode import Feature, Layer, decode
from tests.service.layers.conftest import DAY, HOMES, SHULAN, YUSHU, Home

LAYERS = (
    *("fire_points", "detections", "footprints", "pending", "standing", "counties", "townships"),
    *("grid_cells", "zones", "planned_burns", "heat_sources", "heat_cells"),
)
YUSHU_TOWN = (126.65, 44.75)


def over(z: int, lon: float = YUSHU_TOWN[0], lat: float = YUSHU_TOWN[1]) -> tuple[int, int, int]:
    """Return the tile of a zoom that holds a place."""
    columns, rows = tiles_over(BBox(lon, lat, lon, lat), z)
    return z, columns[0], rows[0]


def features_of(answer: TileAnswer, layer: str) -> dict[int | None, Feature]:
    """Return the features by their number."""
    found = decode(answer.raw()).get(layer, Layer()).features
    by_id = {one.id: one for one in found}
    assert len(by_id) == len(found)
    return by_id


def numbers_of(page: Page) -> set[int]:
    """Return the numbers that stand for the features of a page in tiles."""
    return set(feature_ids(page.columns[page.info.id_property]).tolist())


def close(mine: Any, theirs: Any) -> bool:
    """Whether two areas differ by nothing wider than one unit of the grid."""
    return bool(shapely.symmetric_difference(mine, theirs).buffer(-0.501).is_empty)


# --- one contract, two homes ------------------------------------------------------------------------


def same(mine: dict[int | None, Feature], theirs: dict[int | None, Feature], layer: str) -> None:
    """Hold two tiles to the contract, feature by feature: ids, attributes, and geometry to one unit of the grid."""
    frame = shapely.box(1 - BUFFER, 1 - BUFFER, EXTENT + BUFFER - 1, EXTENT + BUFFER - 1)
    for number in mine.keys() ^ theirs.keys():  # at the edge of the buffer, or smaller than the grid
        one = (mine.get(number) or theirs[number]).shape
        assert not one.intersects(frame) or (one.area <= 4 and layer not in ("fire_points", "detections"))
    assert len(mine.keys() & theirs.keys()) >= 0.9 * len(mine)
    for number in mine.keys() & theirs.keys():
        ours, other = mine[number], theirs[number]
        assert ours.properties == other.properties
        assert ours.kind == other.kind
        if ours.kind == 1:
            assert shapely.distance(ours.shape, other.shape) <= 1
        else:
            assert ours.shape.is_valid
            assert other.shape.is_valid
            assert close(ours.shape, other.shape)


@pytest.mark.parametrize("z", [5, 8, 10])
@pytest.mark.parametrize("layer", LAYERS)
def test_both_homes_draw_the_same(homes: dict[str, Home], layer: str, z: int) -> None:
    answers = {}
    for name in HOMES:
        with homes[name].store.reader() as reader:
            answers[name] = tile(homes[name].source(reader), layer, *over(z))
    counts = {(one.shown, one.total, one.capped) for one in answers.values()}
    assert len(counts) == 1
    mine, theirs = (features_of(answers[name], layer) for name in HOMES)
    assert mine or z == 10
    same(mine, theirs, layer)


@pytest.mark.parametrize("z", [5, 8, 10])
@pytest.mark.parametrize("layer", ["counties", "townships", "grid_cells", "footprints"])
def test_our_polygons_are_those_of_st_asmvt(homes: dict[str, Home], layer: str, z: int) -> None:
    with homes["postgis"].store.reader() as reader:
        source = homes["postgis"].source(reader)
        answer = tile(source, layer, *over(z))
        query = Query(
            bbox=tile_bounds(*over(z), buffer=BUFFER),
            properties=shown_properties(source.describe(layer)),
            limit=10_000,
        )
        relation = source.relation(layer, query)
        assert relation is not None
        theirs = TileAnswer(compress(polygons_of(relation, reader, query, *over(z))), "", False, 0, 0)
    mine = features_of(answer, layer)
    assert mine or z == 10
    same(mine, features_of(theirs, layer), layer)


def test_pixels_of_one_place_are_all_there_in_both_homes(homes: dict[str, Home]) -> None:
    for layer in ("fire_points", "detections"):
        for name in HOMES:
            with homes[name].store.reader() as reader:
                answer = tile(homes[name].source(reader), layer, *over(3))
                assert len(features_of(answer, layer)) == answer.total == answer.shown > 50


def test_a_filter_a_day_and_a_time_cut_both_homes_alike(homes: dict[str, Home]) -> None:
    found = []
    for name in HOMES:
        with homes[name].store.reader() as reader:
            source = homes[name].source(reader)
            info = source.describe("fire_points")
            query = Query(filter=parse_cql2_text("screen = 'counted' AND pixels >= 2", info))
            numbers = features_of(tile(source, "fire_points", *over(6), query), "fire_points")
            everything = features_of(tile(source, "fire_points", *over(6)), "fire_points")
            assert 0 < len(numbers) < len(everything)
            page = source.query("fire_points", Query(filter=query.filter, limit=10_000))
            assert set(numbers) <= numbers_of(page)
            found.append(set(numbers))
    assert found[0] == found[1]


def test_attributes_are_those_that_styling_needs(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        got = features_of(tile(source, "fire_points", *over(6)), "fire_points")
        page = source.query("fire_points", Query(limit=10_000))
        rows = dict(zip(feature_ids(page.ids()).tolist(), range(len(page)), strict=True))
        for number, feature in got.items():
            assert number is not None
            row = rows[number]
            told = feature.properties
            assert told["fire_point_id"] == page.ids()[row]
            assert told["fire_day"] == page.columns["fire_day"][row].isoformat()
            assert told["first_seen"] == page.columns["first_seen"][row].strftime("%Y-%m-%dT%H:%M:%SZ")
            assert type(told["pixels"]) is int
            assert told["informal"] is page.columns["informal"][row]
            assert set(told) <= set(shown_properties(source.describe("fire_points")))
        only = tile(source, "fire_points", *over(6), Query(properties=("status",)))
        (layer,) = decode(only.raw()).values()
        assert layer.keys == ["fire_point_id", "status"]
        fields = vector_layer(source.describe("fire_points"))["fields"]
        assert isinstance(fields, dict)
        assert set(fields) >= {"status", "pixels"}


# --- scope ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", LAYERS)
def test_a_tile_shows_nothing_of_another_reader(home: Home, layer: str) -> None:
    with home.store.reader() as reader:
        mine, theirs = home.source(reader, YUSHU), home.source(reader, SHULAN)
        if not mine.describe(layer).private:
            assert tile(mine, layer, *over(6)) == tile(theirs, layer, *over(6))
            assert tile_key(mine, layer, *over(6)) == tile_key(theirs, layer, *over(6))
            return
        own, other = (features_of(tile(one, layer, *over(6)), layer) for one in (mine, theirs))
        assert not own.keys() & other.keys()
        assert set(own) <= numbers_of(mine.query(layer, Query(limit=10_000)))
        assert tile_key(mine, layer, *over(6)) != tile_key(theirs, layer, *over(6))
        cache = TileCache()
        for _ in range(2):
            assert features_of(cache.tile(mine, layer, *over(6)), layer).keys() == own.keys()
            assert features_of(cache.tile(theirs, layer, *over(6)), layer).keys() == other.keys()


# --- the cap ----------------------------------------------------------------------------------------


def test_a_full_tile_says_how_many_of_how_many(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        full = tile(source, "fire_points", *over(5))
        assert not full.capped
        assert full.shown == full.total == len(features_of(full, "fire_points"))
        assert CAPPED not in decode(full.raw())
        cut = tile(source, "fire_points", *over(5), cap=7)
        layers = decode(cut.raw())
        (notice,) = layers[CAPPED].features
        assert notice.properties == {"shown": 7, "total": full.total}
        assert notice.parts == [[(EXTENT // 2, EXTENT // 2)]]
        assert (cut.capped, cut.shown, cut.total) == (True, 7, full.total)
        names = sorted(one.properties["fire_point_id"] for one in layers["fire_points"].features)
        everyone = decode(full.raw())["fire_points"].features
        assert names == sorted(one.properties["fire_point_id"] for one in everyone)[:7]
        exact = tile(source, "fire_points", *over(5), cap=full.total)
        assert (exact.capped, exact.etag) == (False, full.etag)


# --- answers ----------------------------------------------------------------------------------------


def test_equal_questions_have_equal_bytes(home: Home) -> None:
    answers = []
    for _ in range(2):
        with home.store.reader() as reader:
            answers.append(tile(home.source(reader), "fire_points", *over(7)))
    assert answers[0] == answers[1]
    assert answers[0].data
    assert len(answers[0].etag) == 32


def test_what_is_elsewhere_is_empty_and_what_is_wrong_is_refused(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        assert tile(source, "fire_points", *over(8, -60.0, 10.0)).data == b""
        far = Query(bbox=BBox(10, 10, 11, 11))
        assert tile(source, "fire_points", *over(8), far).data == b""
        box = tile_bounds(*over(9))
        west = Query(bbox=BBox(box.min_lon, box.min_lat, (box.min_lon + box.max_lon) / 2, box.max_lat))
        half = features_of(tile(source, "fire_points", *over(9), west), "fire_points")
        assert all(one.parts[0][0][0] <= EXTENT // 2 + 1 for one in half.values())
        with pytest.raises(UsageError):
            tile(source, "fire_points", 3, 9, 0)
        with pytest.raises(NotFoundError):
            tile(source, "nothing", *over(8))
        with pytest.raises(UsageError):
            tile(source, "fire_points", *over(8), Query(properties=("person",)))


# --- cache ------------------------------------------------------------------------------------------


def _answer(text: str) -> TileAnswer:
    return TileAnswer(text.encode(), text, False, 1, 1)


def test_what_was_not_asked_for_longest_goes_first() -> None:
    cache = TileCache(most_bytes=3 * (512 + 4))
    for name in ("one_", "two_", "thre"):
        cache.put(name, _answer(name))
    assert cache.get("one_") == _answer("one_")
    cache.put("four", _answer("four"))
    assert cache.get("two_") is None
    assert cache.get("one_") is not None
    assert (len(cache), cache.size) == (3, 3 * 516)
    cache.put("four", _answer("4444"))
    assert (cache.get("four"), cache.size) == (_answer("4444"), 3 * 516)
    cache.put("huge", _answer("x" * 5000))
    assert cache.get("huge") is None


def test_a_directory_outlives_the_process_and_a_damaged_file_is_a_miss(tmp_path: Path) -> None:
    first = TileCache(directory=tmp_path / "tiles")
    first.put("abcd", TileAnswer(b"\x00\n\xff" * 50, "e", True, 3, 9))
    again = TileCache(directory=tmp_path / "tiles")
    assert again.get("abcd") == TileAnswer(b"\x00\n\xff" * 50, "e", True, 3, 9)
    (path,) = (tmp_path / "tiles").glob("*/*")
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(path.read_bytes()[:-1])
    assert TileCache(directory=tmp_path / "tiles").get("abcd") is None
    assert TileCache(directory=tmp_path / "tiles").get("none") is None


def test_a_directory_keeps_to_its_size(tmp_path: Path) -> None:
    cache = TileCache(most_bytes=0, directory=tmp_path, most_disk_bytes=40_000)
    for number in range(60):
        cache.put(f"{number:04d}", TileAnswer(bytes(2000), "e", False, 1, 1))
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) < 50_000


def test_a_write_makes_a_new_key_and_public_borders_keep_theirs(store: Store) -> None:
    def keys() -> tuple[str, str]:
        with store.reader() as reader:
            source = FeatureSource(reader, whole("test"), today=DAY)
            return tile_key(source, "fire_points", *over(7)), tile_key(source, "counties", *over(7))

    before = keys()
    assert keys() == before
    with store.writer("test", "note", {}) as writer:
        assert writer.revision
    after = keys()
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_of_many_who_ask_at_once_one_makes_the_tile(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def slow(*given: Any, **more: Any) -> TileAnswer:
        made.append(given[1])
        threading.Event().wait(0.3)
        return tile(*given, **more)

    monkeypatch.setattr(tile_cache, "tile", slow)
    cache = TileCache()
    found = []

    def ask() -> None:
        with home.store.reader() as reader:
            found.append(cache.tile(home.source(reader), "counties", *over(7)))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert made == ["counties"]
    assert len(found) == 4
    assert len(set(map(id, found))) == 1


def test_an_error_is_not_kept_and_the_next_one_tries_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> TileAnswer:
        raise UsageError("no", "不", "no")

    cache = TileCache()
    with home.store.reader() as reader:
        source = home.source(reader)
        with monkeypatch.context() as patched:
            patched.setattr(tile_cache, "tile", broken)
            with pytest.raises(UsageError):
                cache.tile(source, "counties", *over(7))
        assert cache.tile(source, "counties", *over(7)).shown


@pytest.mark.parametrize("names", [["a", "县,\n"], ["a\x1fb", "c"]])
def test_whatever_stands_in_a_name_comes_through(store: Store, names: list[str]) -> None:
    lon, lat = YUSHU_TOWN
    shape = shapely.multipolygons([shapely.box(lon, lat, lon + 0.1, lat + 0.1)])
    with store.writer("test", "fill", {}) as writer:
        grid = writer.insert(
            GridSet,
            name="grid",
            status="synthetic",
            accuracy_m=100.0,
            source="test",
            version=1,
            content_hash="grid",
            valid_from=None,
            valid_to=None,
        )
        for number, name in enumerate(names):
            own = {"code": f"g{number}", "name": name, "level": "village", "unit_code": None, "unit_id": None}
            writer.insert(GridCell, set_id=grid, parent_code=f"{number}", geom=shape, **own)
    with store.reader() as reader:
        source = FeatureSource(reader, whole("test"), today=DAY)
        assert source.relation("grid_cells", Query()) is not None
        found = features_of(tile(source, "grid_cells", *over(9)), "grid_cells")
    assert sorted(one.properties["name"] for one in found.values()) == sorted(names)
    assert all("unit_code" not in one.properties for one in found.values())
    assert all(one.shape.is_valid and one.shape.area > 10_000 for one in found.values())
