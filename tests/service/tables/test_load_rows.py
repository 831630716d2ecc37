"""Figures and heat sources: every row is accepted, repeated or rejected, and the same file twice changes nothing."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import functools
import io
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, mapping
from typer.testing import CliRunner

from gis.errors import RefusedInputError, UnknownDatumError
from service.cli import load_tables
from service.cli.groups import load_app
from service.cli.session import Session
from service.pipeline.archive import Archive
from service.pipeline.load_heat_sources import (
    HeatSources,
    load_heat_source_file,
    stored_heat_sources,
)
from service.pipeline.load_indicators import (
    exact_value,
    figures_of_season,
    indicator_name,
    load_indicator_file,
    stored_figures,
)
from service.pipeline.load_units import load_units
from service.pipeline.row_report import BadCellError
from service.settings import Settings
from service.store.engine import Store, open_store
from tests import components

ME = {"actor": "tester"}
FIGURES = """行政区划代码,指标,数值,计量单位,年度,数据状态,来源
220184,耕地面积(公顷),"12,345.6",公顷,,正式,统计年鉴2022
220122,耕地面积,30.5万亩,,,参考,统计年鉴2022
220122,奖补资金,12.5,万元,2023-2024,样例,县财政
220122,观测充分,是,,2023-2024,样例,值班记录
220182,耕地面积,100,,,正式,统计年鉴2022
220182,耕地面积,-5,亩,,正式,统计年鉴2022
220182,耕地面积,1.5e3,亩,,正式,统计年鉴2022
220182,气温,12,度,,正式,气象局
22x,耕地面积,1,亩,,正式,统计年鉴2022
220182,耕地面积,7,亩,2023-2025,正式,统计年鉴2022
220182,耕地面积,7,亩,,很正式,统计年鉴2022
220182,耕地面积,7,亩,,正式,
220182,耕地面积,7公顷,亩,,正式,统计年鉴2022
220122,耕地面积,305000,亩,,参考,统计年鉴2022
220122,耕地面积,1,亩,,参考,统计年鉴2022
"""


def conserved(report: dict[str, Any]) -> None:
    assert report["read"] == report["accepted"] + report["repeated"] + report["rejected"]
    assert report["rejected"] == len(report["problems"])


@pytest.fixture
def ready(store: Store, tmp_path: Path) -> Store:
    load_units(store, archive=Archive(tmp_path / "archive"), actor="tester")
    return store


# --- indicators ---------------------------------------------------------------------------------------


def test_every_row_of_figures_is_accounted_for_and_the_good_ones_are_kept(ready: Store) -> None:
    report = load_indicator_file(ready, FIGURES.encode(), file="f.csv", **ME)
    conserved(report)
    assert (report["read"], report["accepted"], report["repeated"]) == (15, 4, 1)
    assert [(one["line"], one["column"], one["reason"]) for one in report["problems"]] == [
        (6, "measure", "no_unit"),
        (7, "value", "bad_number"),
        (8, "value", "bad_number"),
        (9, "name", "unknown_indicator"),
        (10, "unit_code", "bad_code"),
        (11, "season", "bad_season"),
        (12, "status", "unknown_status"),
        (13, "source", "no_source"),
        (14, "value", "two_units"),
        (16, "value", "said_twice"),
    ]
    assert all(one["zh"] and one["en"] for one in report["problems"])
    with ready.reader() as reader:
        known = {(key[0], key[1]): one.value for key, one in stored_figures(reader).items()}
        season = figures_of_season(reader, "2023-2024")
        other = figures_of_season(reader, "2022-2023")
    assert known["220184", "cropland_mu"] == Decimal("185184")
    assert known["220122", "cropland_mu"] == Decimal("305000")
    assert known["220122", "award_yuan"] == Decimal("125000")
    assert {name: one.value for name, one in season["u220122"].items()} == {
        "cropland_mu": 305000,
        "award_yuan": 125000,
        "observed": 1,
    }
    assert set(season["u220381"]) == {"cropland_mu"}, "a code of any vintage means its unit"
    assert set(other["u220122"]) == {"cropland_mu"}, "a figure of a season holds for no other"


def test_the_same_figures_twice_change_nothing_and_a_new_one_keeps_the_old_readable(ready: Store) -> None:
    first = load_indicator_file(ready, FIGURES.encode(), file="f.csv", **ME)
    again = load_indicator_file(ready, FIGURES.encode("gb18030"), file="g.csv", **ME)
    conserved(again)
    assert (again["accepted"], again["repeated"], again["unchanged"]) == (0, 5, True)
    fresh = b"unit_code,indicator,value\n220122,cropland_mu,300000\n"
    changed = load_indicator_file(ready, fresh, file="h.csv", source="yearbook", **ME)
    assert changed["accepted"] == 1
    key = ("220122", "cropland_mu", "")
    with ready.reader() as reader:
        assert stored_figures(reader)[key].value == 300000
    with ready.reader(first["revision"]) as reader:
        assert stored_figures(reader)[key].value == 305000
    unknown = b"unit_code,indicator,value\n229988,cropland_mu,1\n"
    assert load_indicator_file(ready, unknown, file="i.csv", source="s", **ME)["unknown_units"] == ["229988"]


def test_a_table_without_the_needed_columns_is_refused_whole(ready: Store) -> None:
    with pytest.raises(RefusedInputError):
        load_indicator_file(ready, "代码,数值\n220122,1\n".encode(), file="f.csv", **ME)


@given(whole=st.integers(0, 10**9), part=st.integers(0, 999_999), unit=st.sampled_from(["亩", "公顷", "m2"]))
def test_areas_convert_exactly(whole: int, part: int, unit: str) -> None:
    factor = {"亩": Decimal(1), "公顷": Decimal(15), "m2": Decimal("0.0015")}[unit]
    text = f"{whole}.{part:06}"
    expected = Decimal(text) * factor
    assert exact_value("cropland_mu", text, unit) == expected
    assert exact_value("cropland_mu", f"{whole:,}.{part:06} {unit}") == expected


@given(st.text(max_size=40), st.text(max_size=8), st.sampled_from(["cropland_mu", "award_yuan", "observed"]))
def test_any_cell_is_a_number_or_a_reason(value: str, measure: str, name: str) -> None:
    with contextlib.suppress(BadCellError):
        found = exact_value(name, value, measure)
        assert found >= 0
        assert found.is_finite()


@given(st.text(max_size=40))
def test_any_name_has_a_stored_unit_or_a_reason(text: str) -> None:
    with contextlib.suppress(BadCellError):
        assert indicator_name(text).isascii()


# --- heat sources -------------------------------------------------------------------------------------

SOURCES = """编号,名称,类别,经度,纬度,半径(米),起始日期,截止日期,来源
H1,一号热电厂,电厂,125.3192,43.8868,500米,2010-01-01,,排污许可
H2,二号水泥厂,水泥,125°19′09″,43°53′12″,800,,,排污许可
H3,三号,砖窑,43.8868,125.3192,500,,,排污许可
H4,四号,砖窑,125.3,43.9,0,,,排污许可
H5,,砖窑,125.3,43.9,500,,,排污许可
H6,六号,砖窑,约125,43.9,500,,,排污许可
H7,七号,砖窑,125.3,43.9,500,2023-05-01,2023-01-01,排污许可
H1,一号热电厂,电厂,125.3192,43.8868,500,2010-01-01,,排污许可
"""


def load(store: Store, text: str, **more: Any) -> dict[str, Any]:
    return load_heat_source_file(store, text.encode(), file="h.csv", **{"datum": "cgcs2000", **ME, **more})


def test_every_row_of_heat_sources_is_accounted_for(store: Store) -> None:
    report = load(store, SOURCES)
    conserved(report)
    assert (report["read"], report["accepted"], report["repeated"]) == (8, 2, 1)
    assert [(one["line"], one["column"]) for one in report["problems"]] == [
        (4, "lon"),
        (5, "radius_m"),
        (6, "name"),
        (7, "lon"),
        (8, "start/end"),
    ]
    again = load(store, SOURCES)
    assert (again["accepted"], again["unchanged"]) == (0, True)
    with store.reader() as reader:
        found = {one.code: one for one in stored_heat_sources(reader).values()}
    assert (found["H1"].lon, found["H1"].lat, found["H1"].radius_m) == (125.3192, 43.8868, 500.0)
    assert found["H2"].lon == pytest.approx(125.319167, abs=1e-6)


def test_degrees_without_a_datum_are_refused_and_gcj02_is_moved(store: Store) -> None:
    with pytest.raises(UnknownDatumError):
        load(store, SOURCES, datum=None)
    with pytest.raises(UnknownDatumError):
        load(store, SOURCES, datum="moon")
    load(store, SOURCES, datum="gcj02")
    with store.reader() as reader:
        (one,) = [one for one in stored_heat_sources(reader).values() if one.code == "H1"]
    assert 300 < abs(one.lon - 125.3192) * 80_000 < 900


def test_points_of_geojson_are_read_too(store: Store) -> None:
    features = [
        {"type": "Feature", "properties": {"code": "A", "name": "甲", "source": "s"}, "geometry": mapping(g)}
        for g in (Point(125.3, 43.9), Point(125.3, 43.9).buffer(0.01))
    ]
    raw = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    report = load_heat_source_file(store, raw, file="h.geojson", datum="wgs84", radius_m=300.0, **ME)
    assert (report["accepted"], report["problems"][0]["reason"]) == (1, "not_a_point")


def test_what_a_fire_is_held_against_is_what_was_on_record_before_its_overpass(store: Store) -> None:
    row = "编号,名称,经度,纬度,半径,来源\nH1,厂,125.3,43.9,{radius},s\n"
    load(store, row.format(radius=500))
    with store.reader() as reader:
        recorded = HeatSources(reader)._recorded[0]
    before, after = recorded - dt.timedelta(minutes=1), recorded + dt.timedelta(minutes=1)
    lon, lat = np.array([125.305, 125.305]), np.array([43.9, 43.9])
    days = [before.date(), after.date()]
    with store.reader() as reader:
        early, late = HeatSources(reader).nearest(lon, lat, [before, after], days)
        later = HeatSources(reader).recorded_later(lon, lat, [before, after], days)
    assert early is None
    assert late is not None
    assert 395 < late.distance_m < 406
    assert late.within
    assert (later[0] is not None, later[1]) == (True, None), "only the earlier fire waits for a person"
    load(store, row.format(radius=100))
    with store.reader() as reader:
        sources = HeatSources(reader)
        _, unchanged = sources.nearest(lon, lat, [before, after], days)
    assert unchanged is not None
    assert unchanged.source.radius_m in (100.0, 500.0)
    with store.reader() as reader:
        assert [one.radius_m for one in stored_heat_sources(reader).values()] == [100.0]


# --- command line -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    app.add_typer(load_app, name="load")
    if "indicators" not in {command.name for command in load_app.registered_commands}:
        load_tables.register(app)
    return app


def test_the_commands_answer_and_a_table_without_a_good_row_is_a_refusal(
    app: typer.Typer, store_url: str, tmp_path: Path
) -> None:
    def run(*words: str, as_json: bool = True) -> Any:
        session = Session(Settings(db=store_url), json=as_json)
        return CliRunner().invoke(app, ["load", *words], obj=session)

    figures, sources = tmp_path / "f.csv", tmp_path / "h.csv"
    figures.write_text(FIGURES, encoding="utf-8")
    sources.write_text(SOURCES, encoding="utf-8")
    answer = run("indicators", str(figures))
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout)["data"]["accepted"] == 4
    assert "拒收 10" in run("indicators", str(figures), as_json=False).stdout
    assert run("heat-sources", str(sources)).exit_code == 1
    answer = run("heat-sources", str(sources), "--datum", "wgs84")
    assert json.loads(answer.stdout)["data"]["datum"] == "wgs84"
    figures.write_text("代码,指标,数值\n1,耕地,x\n", encoding="utf-8")
    assert run("indicators", str(figures)).exit_code == 1


# --- any table ----------------------------------------------------------------------------------------

cells = st.sampled_from(
    [
        "",
        "220122",
        "22x",
        "耕地",
        "award_yuan",
        "12.5",
        "-1",
        "1e9",
        "亩",
        "万元",
        "125.3",
        "43.9",
        "是",
        "正式",
        "=",
    ]
) | st.text(max_size=12)
tables = st.lists(st.lists(cells, min_size=7, max_size=7), max_size=12)


def written(header: str, rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header.split(","), *rows])
    return out.getvalue().encode("utf-8", "replace")


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("rows") / "store.gpkg"
    shutil.copyfile(components.embedded_template(), path)
    opened = open_store(f"sqlite:///{path}")
    yield opened
    opened.close()


@settings(max_examples=60, deadline=None)
@given(rows=tables)
def test_any_table_is_conserved_and_changes_nothing_the_second_time(
    one_store: Store, rows: list[list[str]]
) -> None:
    for header, read in (
        ("行政区划代码,指标,数值,计量单位,年度,数据状态,来源", load_indicator_file),
        (
            "编号,名称,经度,纬度,半径,起始日期,来源",
            functools.partial(load_heat_source_file, datum="cgcs2000", radius_m=100.0),
        ),
    ):
        try:
            report = read(one_store, written(header, rows), file="any.csv", source="s", **ME)
        except RefusedInputError as error:
            assert error.code == "bad_table"  # noqa: PT017 - a null byte makes it no table at all
            continue
        conserved(report)
        again = read(one_store, written(header, rows), file="any.csv", source="s", **ME)
        conserved(again)
        assert again["unchanged"]
