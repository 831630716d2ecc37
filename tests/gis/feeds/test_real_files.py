"""Every real file of the shared data: counts as its manifest states them, and what a user would look up."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from gis.errors import RefusedInputError
from gis.feeds import ParsedFeed, open_container, read_feed
from gis.times import instant_of
from tests.gis.feeds.samples import column
from tests.shared import DATA

FIRES = DATA / "fires"
MANIFEST = {row["file"]: row for row in csv.DictReader((FIRES / "MANIFEST.csv").open(encoding="utf-8"))}
NOAA20 = sorted((FIRES / "viirs_noaa20_nrt_c2_russia_asia_24h").glob("*.csv.gz"))
OTHERS = sorted(name for name in MANIFEST if "noaa20_nrt_c2" not in name)


def read_file(path: Path, **options: object) -> ParsedFeed:
    (member,) = open_container(path.read_bytes(), name=path.name)
    feed = read_feed(member, **options)  # type: ignore[arg-type]
    assert feed.read == feed.rows.num_rows + feed.outside + len(feed.rejected)
    return feed


@pytest.mark.parametrize("name", OTHERS)
def test_a_real_file_has_the_rows_its_manifest_states(name: str) -> None:
    feed = read_file(DATA / name)
    stated = MANIFEST[name]
    assert (feed.read, len(feed.rejected)) == (int(stated["rows"]), int(stated["bad_rows"]))
    lon, lat = column(feed, "lon"), column(feed, "lat")
    bounds = [float(part) for part in stated["bbox"].strip("[]").split(",")]
    assert [min(lon), min(lat), max(lon), max(lat)] == pytest.approx(bounds, abs=0.00051)
    if stated["version"] != "[]":
        assert set(column(feed, "version")) == set(stated["version"].strip("[]").replace("'", "").split(", "))


def test_the_noaa20_series_has_its_288066_distinct_detections() -> None:
    parts = []
    for path in NOAA20:
        feed = read_file(path)
        assert feed.feed == "viirs_regional"
        assert feed.read == int(MANIFEST[f"fires/{path.parent.name}/{path.name}"]["rows"])
        assert [one.satellite for one in feed.coverage] == ["NOAA-20"]
        rows = feed.rows
        parts.append(np.column_stack([rows[name].to_numpy() for name in ("acq_minute", "lon", "lat")]))
    everything = np.concatenate(parts)
    assert len(NOAA20) == 39
    assert len(everything) == 447_688
    assert len(np.unique(everything, axis=0)) == 288_066


def test_a_cut_last_line_rejects_that_line_and_nothing_else() -> None:
    feed = read_file(FIRES / "corrupt_real/world_fires_1_day_TRUNCATED_LAST_LINE.csv.gz")
    (bad,) = feed.rejected
    assert (bad.line, bad.reason, bad.column) == (23_144, "truncated", "acq_date")
    assert bad.raw == "-11.374,-51.402,322.4,2.6,1.5,2018-0"


def test_the_excel_copy_means_the_same_as_the_original() -> None:
    original = read_file(FIRES / "modis_archive_c6/fire_archive_M6_96619.csv.gz").rows
    edited = read_file(FIRES / "modis_archive_c6/DZoli00_fire_archive_M6_96619.csv.gz")
    assert edited.dates == "mdy"

    def keys(table: object) -> list[tuple[object, ...]]:
        names = ("acq_minute", "satellite", "lon", "lat", "frp_mw")
        return sorted(zip(*(table[name].to_pylist() for name in names), strict=True))  # type: ignore[index]

    assert keys(edited.rows) == keys(original)


def test_slashed_dates_without_calendar_proof_are_settled_by_the_sun() -> None:
    # 6/3/2022 and 6/4/2022 exist both ways; read day-first, fires flagged "day" burn at night in Siberia.
    feed = read_file(FIRES / "modis_nrt_c61_global/zixunn_0518_MODIS_C6_1_Global_24h.csv.gz")
    days = {instant_of(minute).date() for minute in column(feed, "acq_minute")}
    assert days == {dt.date(2022, 6, 3), dt.date(2022, 6, 4)}


def test_a_file_whose_dates_stay_open_is_refused_until_they_are_stated() -> None:
    path = (
        FIRES / "ne_china_subset_shared.csv"
    )  # 3 of its 10,478 rows say 6/3/2022, and nothing proves the order
    with pytest.raises(RefusedInputError) as refused:
        read_file(path)
    assert refused.value.code == "ambiguous_date"
    assert "--dates mdy" in refused.value.en
    assert "--dates dmy" in refused.value.zh
    feed = read_file(path, dates="mdy")
    assert (feed.read, feed.rows.num_rows) == (10_478, 10_478)


def test_the_big_mixed_file_is_read_whole_and_clipped_alike() -> None:
    path = FIRES / "big/all_shared_1.14M_mixed_formats.csv.gz"
    taken: list[int] = []

    def outside(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return ~((lon >= 121) & (lon <= 132) & (lat >= 40) & (lat <= 47))

    feed = read_file(path, outside=outside, progress=taken.append)
    assert (feed.read, feed.rows.num_rows, feed.outside) == (1_144_172, 10_478, 1_133_694)
    assert sum(taken) == path.stat().st_size
    assert {one.satellite: one.rows for one in feed.coverage} == {
        "Aqua": 396_806, "NOAA-20": 447_688, "SNPP": 79_714, "Terra": 219_964,
    }  # fmt: skip
    subset = read_file(FIRES / "ne_china_subset_shared.csv", dates="mdy").rows
    for name in (
        "lon",
        "lat",
        "acq_minute",
        "frp_mw",
        "satellite",
        "confidence_raw",
        "confidence_class",
        "rank",
    ):
        ours, theirs = feed.rows[name].to_pylist(), subset[name].to_pylist()
        assert sorted(map(str, ours)) == sorted(map(str, theirs)), name


def test_country_api_as_geojson() -> None:
    feed = read_file(FIRES / "country_api/fireData-2023-12-30_NPL.geojson")
    assert (feed.feed, feed.read, feed.dates) == ("viirs_country_geojson", 181, "mdy")
    first = feed.rows.slice(0, 1).to_pylist()[0]
    assert (first["lon"], first["lat"], first["extra"]) == (83.14868, 27.89951, '{"country_id":"NPL"}')
    assert instant_of(first["acq_minute"]) == dt.datetime(2023, 12, 30, 7, 41, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("name", "feed_name", "satellite", "rank"),
    [
        ("VIIRS_NOAA20_SP_2026-04-04_chunk.20rows.csv", "viirs_archive", "NOAA-20", 4_002_000),
        ("live_VIIRS_NOAA21_NRT_2026-10-02.first40.csv", "viirs_download", "NOAA-21", 3_002_000),
    ],
)
def test_excerpts_of_newer_products(name: str, feed_name: str, satellite: str, rank: int) -> None:
    feed = read_file(FIRES / "transcribed_excerpts" / name)
    assert feed.feed == feed_name
    assert set(column(feed, "satellite")) == {satellite}
    assert set(column(feed, "rank")) == {rank}
    assert not feed.rejected
