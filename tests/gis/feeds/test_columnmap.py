"""Maps for tables that are no FIRMS feed: ministry lists, degrees-minutes-seconds, Beijing time, other sources."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import RefusedInputError
from gis.feeds import builtin_map, builtin_map_names, load_column_map
from gis.feeds.dms import join_dms, parse_dms, split_instant
from gis.times import instant_of
from gis.types import SourceKind
from tests.gis.feeds.samples import column, read, text_of

MINISTRY = text_of(
    "省,地区,县,中心纬度,中心经度,火点像素数,禁烧区（是/否）,明火面积（公顷）",
    "吉林省,四平市,公主岭市,43.5047,124.8228,3,是,1.20",
    "吉林省,长春市,农安县,44.4332,125.1847,1,否,0.35",
)
PATROL = """
name: patrol
source_kind: patrol
coordinates: decimal
datum: gcj02
time_zone: Beijing
columns: {longitude: 经度, latitude: 纬度, acq_datetime: 发现时间, satellite: 上报人, confidence: 可信度}
drop: [电话]
"""
DMS_MAP = """
name: weekly
source_kind: satellite
coordinates: dms
datum: wgs84
time_zone: Beijing
columns: {longitude: 经度, latitude: 纬度, acq_date: 日期, acq_time: 时间}
constants: {satellite: Terra}
"""


def minute(feed: object) -> dt.datetime:
    return instant_of(column(feed, "acq_minute")[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_the_ministry_list_once_its_gaps_are_stated(encoding: str) -> None:
    stated = builtin_map("ministry_list").with_constants(
        acq_date="2016-10-16", acq_time="13:05", satellite="Aqua"
    )
    feed = read(MINISTRY.encode(encoding), columns=stated)
    assert (feed.feed, feed.source_kind, feed.rejected) == ("ministry_list", SourceKind.SATELLITE, ())
    assert column(feed, "lon") == [124.8228, 125.1847]
    assert minute(feed) == dt.datetime(2016, 10, 16, 5, 5, tzinfo=dt.UTC)  # 13:05 in Beijing
    assert column(feed, "extra")[0] == (
        '{"ban_zone":"是","city":"四平市","county":"公主岭市","open_flame_ha":"1.20","pixels":"3","province":"吉林省",'
        '"time_assumed":"true"}'
    )


def test_the_ministry_list_is_not_completed_by_guessing() -> None:
    for options in ({"columns": builtin_map("ministry_list")}, {"feed": "ministry_list"}):
        with pytest.raises(RefusedInputError) as refused:
            read(MINISTRY, **options)
        assert refused.value.code == "map_incomplete"
        assert refused.value.context["fields"] == ["acq_date", "acq_time", "satellite"]


def test_the_weekly_table_of_jiangxi() -> None:
    table = text_of(
        "设区市,县（市、区）,乡镇,中心经度,中心纬度,过境日期",
        "南昌市,进贤县,三里乡,116°18′21.456″,28°34′7.800″,2019年11月21日",
    )
    stated = builtin_map("jiangxi_weekly").with_constants(acq_time="10:50", satellite="Terra")
    feed = read(table, columns=stated)
    assert column(feed, "lon") == [116.30596]
    assert column(feed, "lat") == [float(Fraction(28) + Fraction(34, 60) + Fraction("7.8") / 3600)]
    assert minute(feed) == dt.datetime(2019, 11, 21, 2, 50, tzinfo=dt.UTC)


def test_maps_of_the_package_load() -> None:
    assert builtin_map_names() == ["jiangxi_weekly", "ministry_list"]
    with pytest.raises(RefusedInputError) as refused:
        builtin_map("nowhere")
    assert refused.value.code == "unknown_map"


def test_people_and_cameras_are_sources_too() -> None:
    table = text_of(
        "上报人,电话,经度,纬度,发现时间,可信度,备注", "无人机-07,139,125.5,43.5,2023/10/29 00:30:15,高,秸秆"
    )
    feed = read(table, columns=load_column_map(PATROL))
    row = feed.rows.to_pylist()[0]
    assert feed.source_kind is SourceKind.PATROL
    assert (row["satellite"], row["confidence_class"], row["extra"]) == (
        "无人机-07",
        "high",
        '{"备注":"秸秆"}',
    )
    assert minute(feed) == dt.datetime(2023, 10, 28, 16, 30, tzinfo=dt.UTC)
    # GCJ-02 was declared: the stored position is some 600 m away from the written one.
    assert 0.002 < abs(row["lon"] - 125.5) + abs(row["lat"] - 43.5) < 0.02


def test_the_area_is_asked_about_stored_positions() -> None:
    asked: list[float] = []

    def outside(lon: object, _lat: object) -> object:
        asked.extend(lon.tolist())  # type: ignore[attr-defined]
        return lon == lon  # type: ignore[comparison-overlap] # noqa: PLR0124

    table = text_of("上报人,经度,纬度,发现时间,可信度", "甲,125.5,43.5,2023/10/29 00:30,")
    feed = read(table, columns=load_column_map(PATROL), outside=outside)
    assert (feed.outside, feed.rows.num_rows) == (1, 0)
    assert asked != [125.5]


def test_titles_above_the_header_and_separate_parts() -> None:
    text = """
name: parts
source_kind: drone
coordinates: dms
datum: cgcs2000
time_zone: UTC
header_row: 3
separator: ";"
columns:
  longitude: {degrees: 经度, minutes: 经分, seconds: 经秒}
  latitude: {degrees: 纬度, minutes: 纬分, seconds: 纬秒}
  acq_date: 日期
  acq_time: 时间
constants: {satellite: drone-1}
"""
    table = text_of(
        "2023年秋季巡查",
        "",
        "经度;经分;经秒;纬度;纬分;纬秒;日期;时间",
        "125;19;30;43;30;0;2023-10-29;8时05分",
        "125;60;0;43;1;1;2023-10-29;805",
    )
    feed = read(table, columns=load_column_map(text))
    assert (column(feed, "lon"), column(feed, "lat"), column(feed, "line")) == ([125.325], [43.5], [4])
    assert minute(feed) == dt.datetime(2023, 10, 29, 8, 5, tzinfo=dt.UTC)
    assert [(bad.line, bad.column, bad.reason) for bad in feed.rejected] == [(5, "经度", "bad_number")]


def test_a_table_without_header() -> None:
    text = DMS_MAP.replace("dms", "decimal") + "header_row: 0\nnames: [经度, 纬度, 日期, 时间]\n"
    feed = read("125.5,43.5,2023-10-29,1251\n125.5,43.5,2023-10-29,1251\n", columns=load_column_map(text))
    assert column(feed, "line") == [1, 2]


@pytest.mark.parametrize(
    ("text", "axis", "value"),
    [
        ("125°19′23.456″", "lon", 125.32318222222223), ("125 19 23.456", "lon", 125.32318222222223),
        ("125:19:23.456", "lon", 125.32318222222223), ("125°19'23.456''", "lon", 125.32318222222223),
        ("125°19'23.456\"E", "lon", 125.32318222222223), ("东经125度19分23.456秒", "lon", 125.32318222222223),
        ("125°30′", "lon", 125.5), ("125°30.5′", "lon", 125.50833333333334), ("-43°30′0″", "lat", -43.5),
        ("43°30′0″S", "lat", -43.5), ("北纬43°30′", "lat", 43.5), ("0°0′36″", "lat", 0.01),
        ("125.3232", "lon", None), ("125°60′0″", "lon", None), ("125°19′60″", "lon", None), ("43°30′N", "lon", None),
        ("125°30.5′10″", "lon", None), ("", "lon", None), ("°′″", "lon", None), ("1" * 500, "lon", None),
        (" " * 90 + "x", "lon", None),
    ],
)  # fmt: skip
def test_degrees_minutes_seconds(text: str, axis: str, value: float | None) -> None:
    assert parse_dms(text, axis) == value


@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 59_999))
def test_degrees_minutes_seconds_lose_nothing(degrees: int, minutes: int, milliseconds: int) -> None:
    seconds = f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
    value = parse_dms(f"{degrees}°{minutes}′{seconds}″", "lon")
    assert value == join_dms(str(degrees), str(minutes), seconds)
    assert value is not None
    assert round(value * 3_600_000) == (degrees * 60 + minutes) * 60_000 + milliseconds


@pytest.mark.parametrize(
    ("text", "halves"),
    [
        ("2016-10-16 13:05", ("2016-10-16", "13:05")), ("2016/10/16T13:05:00+08:00", ("2016/10/16", "13:05:00")),
        ("2016年10月16日13时05分", ("2016-10-16", "13:05")), ("20161016 1305", ("20161016", "1305")),
        ("2016-10-16T05:05:00Z", None), ("2016-10-16", None), ("", None),
    ],
)  # fmt: skip
def test_date_and_time_of_one_cell(text: str, halves: tuple[str, str] | None) -> None:
    assert split_instant(text, 480) == halves


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        (("coordinates: dms", "coordinates: polar"), 4, "polar"), (("datum: wgs84\n", ""), 2, "GCJ-02"),
        (("time_zone: Beijing\n", ""), 2, "missing"), (("longitude: 经度, ", ""), 7, "longitude"),
        (("satellite: Terra", "satellite: Sputnik"), 8, "Sputnik"), (("name: weekly", "nam: weekly"), 2, "unknown key"),
        (("source_kind: satellite", "source_kind: ufo"), 3, "ufo"), (("datum: wgs84", "datum: epsg:4526"), 5, "metres"),
        (("经度, ", "[], "), 7, "no column name"),
    ],
)  # fmt: skip
def test_errors_of_a_map_are_reported_with_their_line(
    change: tuple[str, str], line: int, reason: str
) -> None:
    with pytest.raises(RefusedInputError) as refused:
        load_column_map(DMS_MAP.replace(*change))
    assert refused.value.code == "bad_map"
    assert any(item["line"] == line and reason in item["reason"] for item in refused.value.context["errors"])


@pytest.mark.parametrize(
    "text", ["", "[]", "x", "- 1", "{", "a: &b 1", "columns: 3\nextra: 4\nconstants: 5\ndrop: {a: 1}"]
)
def test_what_is_no_map_is_refused(text: str) -> None:
    with pytest.raises(RefusedInputError):
        load_column_map(text)


@given(st.text("abcdef:{}[]-\n \"'&*!?1,columnstime_", max_size=200))
def test_any_text_is_a_map_or_refused(text: str) -> None:
    codes = set()
    for whole in (text, DMS_MAP + text):
        try:
            load_column_map(whole)
            codes.add("loaded")
        except RefusedInputError as refused:
            codes.add(refused.code)
    assert codes <= {"loaded", "bad_map", "bad_yaml"}


def test_a_column_the_table_lacks_is_named() -> None:
    with pytest.raises(RefusedInputError) as refused:
        read("a,b\n1,2\n", columns=load_column_map(DMS_MAP))
    assert refused.value.code == "map_mismatch"
    assert "经度" in refused.value.zh


def test_a_source_that_is_no_satellite_need_not_name_one() -> None:
    plain = PATROL.replace(", satellite: 上报人", "")
    text = text_of("经度,纬度,发现时间,可信度", "125.1,44.4,2023-10-29 12:30,高")
    feed = read(text, columns=load_column_map(plain))
    assert column(feed, "satellite") == ["patrol"]
    with pytest.raises(RefusedInputError, match="satellite"):
        load_column_map(plain.replace("source_kind: patrol", "source_kind: satellite"))


def test_confidence_in_chinese_words() -> None:
    text = text_of(
        "经度,纬度,日期,时间,卫星,可信度",
        *(f"125.1,44.{n},2023-10-29,1236,NOAA-20,{word}" for n, word in enumerate("低中高")),
    )
    known = load_column_map(
        "name: push\nsource_kind: satellite\ncoordinates: decimal\ndatum: wgs84\ntime_zone: Beijing\n"
        "columns: {longitude: 经度, latitude: 纬度, acq_date: 日期, acq_time: 时间, satellite: 卫星, "
        "confidence: 可信度}\n"
    )
    feed = read(text, columns=known)
    assert column(feed, "confidence_class") == ["low", "nominal", "high"]


def test_the_documented_map_loads() -> None:
    page = (Path(__file__).parents[3] / "docs" / "inputs.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    known = load_column_map(example)
    assert known.source_kind is SourceKind.PATROL
    assert known.constants == {"satellite": known.name}
