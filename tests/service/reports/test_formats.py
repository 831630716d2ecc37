"""Every format, opened in the reader that people use for it, has the same rows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from openpyxl import load_workbook

from gis.errors import UsageError
from service.reports.model import COLUMNS, FireList
from service.reports.render import FORMATS, render
from service.reports.tables import BOM, flat
from tests.service.reports.lists import a_list, a_row, small
from tests.service.reports.readers import rows_of_csv, rows_of_gdal, rows_of_gdal_table, rows_of_sheet

GOLDEN = Path(__file__).parent / "golden"
RUNS = ('=HYPERLINK("http://evil")', "+1+2", "-2+3", "@SUM(A1)", "\tx", "\rx", "＝1+1", "=cmd|' /C calc'!A0")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[FireList, str], Path]:
    def write(fire_list: FireList, form: str) -> Path:
        rendered = render(fire_list, form)
        path = tmp_path / f"list{rendered.suffix}"
        path.write_bytes(rendered.data)
        return path

    return write


@pytest.mark.parametrize("form", [*FORMATS, ".meta.json"])
def test_the_small_list_is_the_golden_file(form: str) -> None:
    """Regenerate with ``python -m tests.service.reports.regenerate`` and read the difference."""
    if form == ".meta.json":
        assert render(small(), "csv").beside[form] == (GOLDEN / "small.meta.json").read_bytes()
    else:
        rendered = render(small(), form)
        assert rendered.data == (GOLDEN / f"small{rendered.suffix}").read_bytes()


@pytest.mark.parametrize("form", FORMATS)
def test_a_list_read_back_from_its_frozen_document_gives_the_same_bytes(form: str) -> None:
    again = FireList.from_dict(json.loads(json.dumps(small().as_dict())), sha256=small().sha256)
    assert render(again, form) == render(small(), form)


def test_csv_has_a_bom_no_preamble_and_lists_joined_by_semicolons() -> None:
    data = render(small(), "csv").data
    assert data.startswith(BOM + b"fire_point_id,change,")
    assert data.count(b"\r\n") == 5
    rows = rows_of_csv(data)
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["satellites"] == "NOAA-20;SNPP"
    assert rows[1]["boundary_case"] == "county;township"
    assert rows[0]["grid_code"] == "220122101203"
    assert rows[2]["county_code"] == ""


@pytest.mark.parametrize("text", RUNS)
def test_no_cell_of_a_csv_can_run(text: str) -> None:
    rows = rows_of_csv(render(a_list(a_row(county=text, duty=("张三", text))), "csv").data)
    assert rows[0]["county"] == "'" + text
    assert rows[0]["duty"] == f"张三;'{text}"


def test_meta_beside_the_csv_names_table_columns_and_header() -> None:
    meta = json.loads(render(small(), "csv").beside[".meta.json"])
    assert meta["schema"] == "firelist.meta"
    assert meta["as_of"] == "2023-10-29T15:02:00+08:00"
    assert meta["data"]["table"]["rows"] == 4
    assert set(meta["data"]["columns"]) == set(COLUMNS)
    assert meta["data"]["counts"]["left_out"] == {"fixed_heat_source": 1, "low_confidence": 1}
    assert meta["data"]["header"]["interval"] == ["2023-10-29T00:00:00+08:00", "2023-10-30T00:00:00+08:00"]
    assert "rows" not in meta["data"]


def test_json_is_the_envelope_with_the_whole_list_and_what_a_reader_must_know() -> None:
    document = json.loads(render(small(), "json").data)
    assert set(document) == {"schema", "as_of", "data", "warnings"}
    assert document["data"] == json.loads(json.dumps(small().as_dict()))
    said = " ".join(document["warnings"])
    for word in ("非正式", "云", "未经现场核实", "not verified on site", "SNPP"):
        assert word in said


@pytest.mark.parametrize("form", ["geojson", "kml"])
def test_gdal_reads_the_same_rows(form: str, written: Callable[[FireList, str], Path]) -> None:
    rows = rows_of_gdal(written(small(), form))
    for row, read in zip(small().rows, rows, strict=True):
        expected = flat(row)
        assert read["at"] == (row.lon, row.lat)
        for name in COLUMNS:
            if name in ("first_seen", "last_seen"):
                assert pd.Timestamp(read[name]) == pd.Timestamp(str(expected[name]))
            else:
                assert (read[name] or None) == (expected[name] or None), name


def test_gdal_reads_the_csv(written: Callable[[FireList, str], Path]) -> None:
    rows = rows_of_gdal_table(written(small(), "csv"))
    assert [row["fire_point_id"] for row in rows] == ["fp1", "fp2", "fp3", "fp4"]
    assert rows[0]["county"] == "农安县"


def test_geojson_has_string_codes_ids_and_the_header_in_a_member_of_its_own() -> None:
    document = json.loads(render(small(), "geojson").data)
    assert document["type"] == "FeatureCollection"
    assert document["firelist"]["counts"]["pixels"] == 13
    assert "rows" not in document["firelist"]
    first = document["features"][0]
    assert first["id"] == "fp1"
    assert first["properties"]["county_code"] == "220122"
    assert first["geometry"] == {"type": "Point", "coordinates": [124.82213, 44.51987]}


def test_kml_fetches_nothing_and_survives_hostile_text() -> None:
    data = render(a_list(a_row(county="a\x00\x0b<b>&]]>", duty=("\ud800",))), "kml").data
    root = ET.fromstring(data)  # noqa: S314 - our own document
    assert "http" not in data.decode().replace("http://www.opengis.net/kml/2.2", "")
    names = [one.text for one in root.iter("{http://www.opengis.net/kml/2.2}name")]
    assert names[-1] == "a<b>&]]> 合隆镇 陈家店村"
    assert "未经现场核实" in (root.findtext(".//{http://www.opengis.net/kml/2.2}description") or "")


def test_a_workbook_has_the_same_rows_with_text_codes_and_beijing_times() -> None:
    rows = rows_of_sheet(render(small(), "xlsx").data)
    for row, read in zip(small().rows, rows, strict=True):
        expected = flat(row)
        assert read["first_seen"] == row.first_seen.replace(tzinfo=None)
        assert str(read["first_seen"]) == "2023-10-29 12:51:00"
        for name in set(COLUMNS) - {"first_seen", "last_seen"}:
            assert read[name] == (None if expected[name] == "" else expected[name]), name
    assert isinstance(rows[0]["grid_code"], str)


def test_a_workbook_shows_words_where_it_keeps_codes() -> None:
    sheet = load_workbook(io.BytesIO(render(small(), "xlsx").data))["火点清单"]
    shown = {cell.value: cell.number_format for cell in (*sheet[1], *sheet[2])}
    assert shown["county"] == ';;;"县（市、区）"'
    assert shown["unverified"] == ';;;"未核查"'
    assert shown["220122101203"] == "@"


@pytest.mark.parametrize("text", RUNS)
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(text: str) -> None:
    book = load_workbook(
        io.BytesIO(render(a_list(a_row(county=text, township="http://x", zone=text)), "xlsx").data)
    )
    for sheet in book:
        for line in sheet.iter_rows():
            for cell in line:
                assert cell.data_type != "f"
                assert cell.hyperlink is None


def test_a_workbook_is_ready_to_print_and_has_its_header_and_left_out_sheets() -> None:
    book = load_workbook(io.BytesIO(render(small(), "xlsx").data))
    sheet = book["火点清单"]
    assert book.sheetnames == ["火点清单", "清单信息", "未列入"]
    assert sheet.freeze_panes == "B2"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.page_setup.orientation == "landscape"
    # A missing width is one page (ECMA-376); openpyxl does not fill in the default.
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert "第2期（非正式：参考数据）" in (sheet.oddHeader.center.text or "")
    info = {str(label): str(value) for label, value in book["清单信息"].iter_rows(values_only=True)}
    assert (
        info["统计日 statistical day"]
        == "2023-10-29（北京时间 2023-10-29 00:00 至 2023-10-30 00:00，不含末时刻）"
    )
    assert info["计数 counts"] == "像元 13 / 火点 5；列入 3；未列入：固定热源 1、低可信度 1"
    assert info["数据源 feeds"] == "已到：NOAA-20 02:03–13:39；未到：SNPP"
    assert [row["screen"] for row in rows_of_sheet(render(small(), "xlsx").data, "未列入")] == [
        "fixed_heat_source",
        "low_confidence",
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_a_day_without_fire_is_a_list_all_the_same(
    form: str, written: Callable[[FireList, str], Path]
) -> None:
    path = written(a_list(), form)
    if form == "xlsx":
        assert rows_of_sheet(path.read_bytes()) == []
    elif form in ("geojson", "kml"):
        assert rows_of_gdal(path) == []
    elif form == "csv":
        assert path.read_bytes() == BOM + ",".join(COLUMNS).encode() + b"\r\n"


def test_texts_with_an_ampersand_do_not_break_the_page_header() -> None:
    odd = a_list(a_row(), header=replace(small().header, unit="A&B 县" * 60))
    sheet = load_workbook(io.BytesIO(render(odd, "xlsx").data))["火点清单"]
    assert sheet["A2"].value == "fp1"


def test_an_unknown_format_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="csv"):
        render(small(), "docx")
