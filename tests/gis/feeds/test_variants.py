"""Small feeds in each variant: recognised from the header, every attribute where it belongs."""

from __future__ import annotations

import datetime as dt

import pytest

from gis.errors import RefusedInputError
from gis.feeds import SCHEMA
from gis.feeds.words import confidence, day_readings, minute_of_day, satellite, version_rank
from gis.times import minutes_of
from gis.types import Confidence, SourceKind
from tests.gis.feeds.samples import (
    LANDSAT,
    MODIS,
    MODIS_ROW,
    R_VIIRS,
    VIIRS,
    VIIRS_DOWNLOAD,
    VIIRS_ROW,
    column,
    read,
    text_of,
)

GEO_ROW = "43.1,125.5,310.1,0,0,2023-10-29,0451,{sat},,{conf},2.0NRT,285.2,4.5,D"


def test_a_viirs_row_keeps_every_attribute() -> None:
    feed = read(text_of(VIIRS, VIIRS_ROW))
    assert feed.rows.schema == SCHEMA
    assert feed.source_kind is SourceKind.SATELLITE
    assert feed.rows.to_pylist() == [
        {
            "line": 2, "lon": 125.54321, "lat": 43.12345,
            "acq_minute": minutes_of(dt.datetime(2023, 10, 29, 4, 51, tzinfo=dt.UTC)),
            "satellite": "NOAA-20", "instrument": "VIIRS", "version": "2.0NRT", "rank": 3_002_000,
            "confidence_raw": "nominal", "confidence_class": "nominal", "frp_mw": 4.5, "scan_km": 0.39,
            "track_km": 0.36, "daynight": "D", "fire_type": None, "bright_1": 330.1, "bright_2": 285.2, "extra": None,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "row", "name"),
    [
        (VIIRS, VIIRS_ROW, "viirs_regional"),
        (R_VIIRS, '"17",43.12345,125.54321,330.1,0.39,0.36,"2023-10-29",451,1,"nominal","2.0NRT",285.2,4.5,"D"',
         "viirs_regional"),
        (MODIS, MODIS_ROW, "modis_regional"),
        (MODIS.upper(), MODIS_ROW, "modis_regional"),
        (f"{MODIS},type", f"{MODIS_ROW},2", "modis_archive"),
        (VIIRS_DOWNLOAD, "1,2,330,0.4,0.4,2024-01-02,0930,N21,VIIRS,h,2.0NRT,280,1,D", "viirs_download"),
        (f"country_id,{VIIRS_DOWNLOAD}", "CHN,1,2,330,0.4,0.4,2024-01-02,930,N,VIIRS,h,2.0NRT,280,1,D",
         "viirs_country"),
        (LANDSAT, "43.1,125.5,118,30,30,30,2023-10-29,0210,L8,H,D", "landsat"),
        ("acq_date,longitude,latitude,satellite,acq_time", "2024-01-02,2,1,Aqua,15:20:00", "reduced"),
        (f"{VIIRS},instrument", f"{VIIRS_ROW.replace('0451', '04:51:33')},VIIRS", "viirs_download"),
    ],
)  # fmt: skip
def test_the_header_says_what_a_feed_is(header: str, row: str, name: str) -> None:
    feed = read(text_of(header, row))
    assert (feed.feed, feed.rows.num_rows, feed.rejected) == (name, 1, ())


def test_column_order_does_not_matter() -> None:
    names, cells = VIIRS.split(","), VIIRS_ROW.split(",")
    turned = read(text_of(",".join(reversed(names)), ",".join(reversed(cells))))
    assert turned.rows.equals(read(text_of(VIIRS, VIIRS_ROW)).rows)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators(separator: str) -> None:
    feed = read(text_of(VIIRS, VIIRS_ROW).replace(",", separator))
    assert feed.rows.equals(read(text_of(VIIRS, VIIRS_ROW)).rows)


def test_landsat_has_no_power_but_a_scene() -> None:
    row = read(text_of(LANDSAT, "43.1,125.5,118,30,30,30,2023-10-29,0210,L8,M,D")).rows.to_pylist()[0]
    assert (row["satellite"], row["confidence_class"], row["frp_mw"]) == ("Landsat-8", "nominal", None)
    assert row["extra"] == '{"path":"118","row":"30"}'


@pytest.mark.parametrize(
    ("sat", "conf", "unified"),
    [
        ("G18", "87", "GOES-18"),
        ("Him9", "100", "Himawari-9"),
        ("Met9", "0", "Meteosat-9"),
        ("Met12", "0.62", "Meteosat-12"),
    ],
)
def test_geostationary_feeds(sat: str, conf: str, unified: str) -> None:
    feed = read(text_of(VIIRS_DOWNLOAD, GEO_ROW.format(sat=sat, conf=conf)))
    row = feed.rows.to_pylist()[0]
    assert (feed.feed, row["satellite"], row["confidence_raw"]) == ("geostationary", unified, conf)
    assert (row["scan_km"], row["track_km"], row["confidence_class"]) == (None, None, "unknown")


def test_a_fraction_is_not_a_percentage() -> None:
    feed = read(text_of(VIIRS_DOWNLOAD, GEO_ROW.format(sat="Met12", conf="62")))
    assert [bad.reason for bad in feed.rejected] == ["out_of_range"]


def test_the_fire_power_product_of_goes_keeps_its_name() -> None:
    row = read(text_of(VIIRS_DOWNLOAD, GEO_ROW.format(sat="G19FRP", conf="70"))).rows.to_pylist()[0]
    assert (row["satellite"], row["extra"]) == ("GOES-19", '{"product":"G19FRP"}')


@pytest.mark.parametrize(
    ("text", "name"),
    [("T", "Terra"), ("Aqua", "Aqua"), ("N", "SNPP"), ("Suomi-NPP", "SNPP"), ("1", "NOAA-20"), ("N20", "NOAA-20"),
     ("noaa 20", "NOAA-20"), ("J2", "NOAA-21"), ("L9", "Landsat-9"), ("FY-3D", "FY-3D"), ("Met10", "Meteosat-10")],
)  # fmt: skip
def test_one_name_per_satellite(text: str, name: str) -> None:
    known = satellite(text)
    assert known is not None
    assert known[0] == name


def test_versions_rank_urt_below_nrt_below_standard() -> None:
    ladder = ["", "2.0URT", "2.0RT", "1.0NRT", "2.0NRT", "6.0NRT", "6.1NRT", "2", "6.2", "6.03", "61.03"]
    ranks = [version_rank(text, archived=False) for text in ladder]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)
    assert version_rank("6.3", archived=False) == version_rank("6.03", archived=False)
    assert version_rank("", archived=True) > version_rank("6.1NRT", archived=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("29", "low"), ("30", "nominal"), ("79", "nominal"), ("80", "high"), ("100", "high"), ("0", "low")],
)
def test_modis_confidence_by_the_firms_convention(text: str, expected: str) -> None:
    assert confidence("modis", text) == (Confidence(expected), None)


def test_confidence_is_read_in_the_way_of_its_product_only() -> None:
    assert confidence("viirs", "l")[0] is Confidence.LOW
    assert confidence("viirs", "80")[1] == "unknown_confidence"
    assert confidence("modis", "high")[1] == "unknown_confidence"
    assert confidence("modis", "101")[1] == "out_of_range"
    assert confidence("modis", "")[0] is Confidence.UNKNOWN


@pytest.mark.parametrize(
    ("text", "minute"),
    [("1", 1), ("56", 56), ("818", 498), ("0043", 43), ("2358", 1438), ("00:34", 34), ("4:51", 291), ("15:20:00", 920),
     ("818.0", 498), ("0", 0), ("2400", None), ("60", None), ("1261", None), ("12:60", None), ("", None), ("١٢", None)],
)  # fmt: skip
def test_times_with_lost_zeros(text: str, minute: int | None) -> None:
    assert minute_of_day(text) == minute


def test_dates_in_every_spelling() -> None:
    assert day_readings("2022-06-03") == day_readings("2022/6/3") == day_readings("20220603")
    assert day_readings("2022-06-03 00:00:00") == day_readings("2022-06-03")
    month_first, day_first, open_spelling = day_readings("6/3/2022")
    assert open_spelling
    assert month_first == day_readings("2022-06-03")[0]
    assert day_first == day_readings("2022-03-06")[0]
    assert day_readings("2022-02-30") == (None, None, False)
    assert day_readings("25/6/2022")[0] is None


def rows_on(*days: str) -> str:
    return text_of(VIIRS, *(VIIRS_ROW.replace("2023-10-29", day) for day in days))


@pytest.mark.parametrize(
    ("days", "order"),
    [(("6/3/2022", "6/25/2022"), "mdy"), (("3/6/2022", "25/06/2022"), "dmy"), (("6/6/2022",), "mdy"),
     (("2022-06-03", "6/25/2022"), "mdy")],
)  # fmt: skip
def test_one_proof_settles_the_whole_file(days: tuple[str, ...], order: str) -> None:
    feed = read(rows_on(*days))
    assert (feed.dates, feed.rows.num_rows) == (order, len(days))


@pytest.mark.parametrize("days", [("6/3/2022", "6/4/2022"), ("6/25/2022", "25/6/2022")])
def test_no_proof_and_contradicting_proofs_are_refused(days: tuple[str, ...]) -> None:
    with pytest.raises(RefusedInputError) as refused:
        read(rows_on(*days))
    assert refused.value.code == "ambiguous_date"


def test_a_stated_order_decides_and_rejects_what_contradicts_it() -> None:
    feed = read(rows_on("6/3/2022", "6/25/2022"), dates="dmy")
    assert [(bad.line, bad.reason) for bad in feed.rejected] == [(3, "bad_date")]
    assert column(feed, "acq_minute") == [minutes_of(dt.datetime(2022, 3, 6, 4, 51, tzinfo=dt.UTC))]


def test_what_is_no_feed_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(RefusedInputError) as refused:
        read("name,latitude,longitude\nx,1,2\n")
    assert refused.value.code == "unknown_feed"
    assert refused.value.context["missing"] == ["acq_date", "acq_time", "satellite"]


def test_two_columns_of_one_meaning_are_refused() -> None:
    with pytest.raises(RefusedInputError) as refused:
        read(text_of(f"{VIIRS},lat", f"{VIIRS_ROW},43"))
    assert refused.value.code == "duplicate_column"


def test_a_declared_feed_must_be_the_one_in_the_header() -> None:
    assert read(text_of(VIIRS, VIIRS_ROW), feed="viirs").feed == "viirs_regional"
    with pytest.raises(RefusedInputError) as refused:
        read(text_of(VIIRS, VIIRS_ROW), feed="modis")
    assert refused.value.code == "feed_mismatch"
