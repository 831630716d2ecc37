"""A public layer as one PMTiles file: GDAL opens it, every tile is the service's own, nothing private gets out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from gis.errors import ForbiddenError, NotFoundError, UsageError
from gis.mvt import varint
from gis.tiles import tiles_over
from service.cli import app as cli
from service.layers import pmtiles
from service.layers.model import Query
from service.layers.pmtiles import Entry, archive, tile_number
from service.layers.tiles import tile
from tests.gis.mvt_decode import decode
from tests.service.layers.conftest import DAY, YUSHU, Home


def read_varints(data: bytes) -> list[int]:
    found, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(value)
            value = shift = 0
    return found


def directory(data: bytes) -> list[Entry]:
    """Read a directory back, by the specification."""
    numbers = read_varints(gzip.decompress(data))
    count, rest = numbers[0], numbers[1:]
    assert len(rest) == 4 * count
    deltas, runs, lengths, offsets = (rest[part * count : (part + 1) * count] for part in range(4))
    found: list[Entry] = []
    tile_, behind = 0, 0
    for delta, run, length, offset in zip(deltas, runs, lengths, offsets, strict=True):
        tile_ += delta
        at = behind if offset == 0 else offset - 1
        behind = at + length
        found.append(Entry(tile_, at, length, run))
    return found


def tiles_of(data: bytes) -> dict[int, bytes]:
    """Return every tile of a file by its number, leaves included."""
    assert data[:8] == b"PMTiles\x03"
    places = [int.from_bytes(data[at : at + 8], "little") for at in range(8, 96, 8)]
    root_at, root_size, _, _, leaf_at, leaf_size, data_at, data_size, tiles, entries, distinct = places
    assert root_at + root_size <= 16_384
    assert data_at + data_size == len(data)
    found: dict[int, bytes] = {}
    stretches: list[Entry] = []
    for one in directory(data[root_at : root_at + root_size]):
        if one.run:
            stretches.append(one)
        else:
            assert one.offset + one.length <= leaf_size
            start = leaf_at + one.offset
            stretches += directory(data[start : start + one.length])
    assert len(stretches) == entries
    assert [one.tile for one in stretches] == sorted(one.tile for one in stretches)
    for one in stretches:
        start = data_at + one.offset
        for number in range(one.tile, one.tile + one.run):
            found[number] = data[start : start + one.length]
    assert len(found) == tiles
    assert len(set(found.values())) == distinct
    return found


def test_gdal_opens_the_file_and_every_tile_is_the_services_own(home: Home, tmp_path: Path) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        made = archive(source, "counties", max_zoom=7)
        again = archive(source, "counties", max_zoom=7)
        assert made.data == again.data
        stored = tiles_of(made.data)
        shown = 0
        for z in range(8):
            across, down = tiles_over(made.bounds, z)
            for x in across:
                for y in down:
                    want = tile(source, "counties", z, x, y).raw()
                    have = stored.pop(tile_number(z, x, y), None)
                    assert (want == b"") == (have is None)
                    if have is not None:
                        mine, served = (decode(one)["counties"] for one in (gzip.decompress(have), want))
                        assert {(one.id, str(one.properties), str(one.parts)) for one in mine.features} == {
                            (one.id, str(one.properties), str(one.parts)) for one in served.features
                        }
                        shown += 1
        assert not stored
        assert shown == made.tiles
        page = source.query("counties", Query(limit=100))
    path = tmp_path / "counties.pmtiles"
    path.write_bytes(made.data)
    info = pyogrio.read_info(path)
    assert info["driver"] == "PMTiles"
    frame = pyogrio.read_dataframe(path, ZOOM_LEVEL="6").to_crs(4490)
    assert set(frame["code"]) == set(page.columns["code"])
    shape = shapely.union_all(frame.geometry[frame["code"] == YUSHU])
    want = page.geometry[page.columns["code"].index(YUSHU)]
    assert shape.symmetric_difference(want).area < 0.01 * want.area


def test_numbers_of_tiles_are_those_of_the_specification() -> None:
    assert [tile_number(1, *place) for place in ((0, 0), (0, 1), (1, 1), (1, 0))] == [1, 2, 3, 4]
    assert tile_number(0, 0, 0) == 0
    assert tile_number(12, 3423, 1763) == 19078479
    everything = {tile_number(z, x, y) for z in range(6) for x in range(1 << z) for y in range(1 << z)}
    assert everything == set(range((4**6 - 1) // 3))


def test_many_tiles_have_leaves_and_equal_tiles_are_stored_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pmtiles, "_ROOT_BYTES", 60)
    monkeypatch.setattr(pmtiles, "_LEAF_ENTRIES", 8)
    with home.store.reader() as reader:
        made = archive(home.source(reader), "townships", min_zoom=6, max_zoom=12)
    stored = tiles_of(made.data)
    assert made.distinct < made.tiles == len(stored)
    assert int.from_bytes(made.data[48:56], "little") > 0, "leaves"
    assert varint(300) == b"\xac\x02"


def test_the_head_says_where_and_what(home: Home) -> None:
    with home.store.reader() as reader:
        made = archive(home.source(reader), "grid_cells", Query(day=DAY), min_zoom=3, max_zoom=5)
    at, size = (int.from_bytes(made.data[start : start + 8], "little") for start in (24, 32))
    told = json.loads(gzip.decompress(made.data[at : at + size]))
    (layer,) = told["vector_layers"]
    assert (layer["id"], layer["minzoom"], layer["maxzoom"]) == ("grid_cells", 3, 5)
    assert "code" in layer["fields"]
    assert tuple(made.data[100:102]) == (3, 5)
    assert made.features == 3, "cells without a shape are in no tile"


def test_what_depends_on_the_reader_is_never_written(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        for layer in ("fire_points", "detections", "heat_sources", "pending", "standing", "planned_burns"):
            with pytest.raises(ForbiddenError) as error:
                archive(source, layer)
            assert error.value.code == "private_layer"
        with pytest.raises(NotFoundError):
            archive(source, "nothing")
        for zooms in ((5, 4), (-1, 3), (0, 30)):
            with pytest.raises(UsageError):
                archive(source, "counties", min_zoom=zooms[0], max_zoom=zooms[1])


def _run(home: Home, *arguments: str) -> Any:
    url = home.store.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(cli.application(), list(arguments), env={"HUODIAN_DB": url})


def test_the_command_writes_the_file_and_says_what_is_in_it(home: Home, tmp_path: Path) -> None:
    out = tmp_path / "zones.pmtiles"
    result = _run(home, "--json", "tiles", "zones", "-o", str(out), "--day", str(DAY), "--max-zoom", "8")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)["data"]
    assert told["bytes"] == out.stat().st_size
    assert told["tiles"] == len(tiles_of(out.read_bytes()))
    assert told["features"] == 2, "the ring, and the township that a list names"
    refused = _run(home, "tiles", "fire_points", "-o", str(tmp_path / "no.pmtiles"))
    assert refused.exit_code == 1
    assert not (tmp_path / "no.pmtiles").exists()
    assert _run(home, "tiles", "counties", "-o", str(out), "--max-zoom", "40").exit_code == 2
