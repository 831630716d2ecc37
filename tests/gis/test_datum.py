"""Datums: declared by many names, converted exactly, refused when the numbers contradict them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis import gcj02
from gis.datum import DATUMS, contradicts, datum_of, datum_of_wkt, epsg_datum, from_stored, gk_epsg, to_stored
from gis.errors import UnknownDatumError

METRES_PER_DEGREE = 111_320.0
JILIN = (np.array([121.7, 125.3, 131.2]), np.array([45.9, 43.9, 42.6]))

inside_lon = st.floats(72.1, 137.7)
inside_lat = st.floats(0.9, 55.7)


def test_gcj02_of_a_known_place() -> None:
    # The pair every public implementation quotes.
    lon, lat = gcj02.wgs84_to_gcj02(116.404, 39.915)
    assert (float(lon), float(lat)) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-12)


@given(inside_lon, inside_lat)
def test_gcj02_inverse_is_better_than_a_millimetre(lon: float, lat: float) -> None:
    back = gcj02.gcj02_to_wgs84(*gcj02.wgs84_to_gcj02(lon, lat))
    assert abs(float(back[0]) - lon) * METRES_PER_DEGREE < 1e-6
    assert abs(float(back[1]) - lat) * METRES_PER_DEGREE < 1e-6


@given(inside_lon, inside_lat)
def test_bd09_inverse_is_better_than_a_millimetre(lon: float, lat: float) -> None:
    back = gcj02.bd09_to_gcj02(*gcj02.gcj02_to_bd09(lon, lat))
    assert abs(float(back[0]) - lon) * METRES_PER_DEGREE < 1e-6
    assert abs(float(back[1]) - lat) * METRES_PER_DEGREE < 1e-6


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_outside_the_rectangle_gcj02_changes_nothing(lon: float, lat: float) -> None:
    if bool(gcj02.in_rectangle(lon, lat)):
        return
    there = gcj02.wgs84_to_gcj02(lon, lat)
    assert (float(there[0]), float(there[1])) == (lon, lat)


@given(st.floats(-180, 180), st.floats(-89, 89))
def test_what_the_inverse_gives_maps_back_to_the_given_position(lon: float, lat: float) -> None:
    there = gcj02.wgs84_to_gcj02(*gcj02.gcj02_to_wgs84(lon, lat))
    if bool(gcj02.in_rectangle(lon, lat)) and bool(gcj02.in_rectangle(*gcj02.gcj02_to_wgs84(lon, lat))):
        assert float(there[0]) == pytest.approx(lon, abs=1e-9)
        assert float(there[1]) == pytest.approx(lat, abs=1e-9)


def test_gcj02_in_jilin_is_some_six_hundred_metres_off() -> None:
    lon, lat = gcj02.wgs84_to_gcj02(*JILIN)
    off = np.hypot((lon - JILIN[0]) * np.cos(np.radians(JILIN[1])), lat - JILIN[1]) * METRES_PER_DEGREE
    assert ((off > 450) & (off < 700)).all()


@pytest.mark.parametrize("key", sorted(DATUMS))
def test_every_datum_goes_there_and_back(key: str) -> None:
    datum = DATUMS[key]
    lon, lat = to_stored(*from_stored(*JILIN, datum), datum)
    assert np.abs(lon - JILIN[0]).max() < 1e-9
    assert np.abs(lat - JILIN[1]).max() < 1e-9
    assert datum.accuracy_note
    assert datum.zh
    assert datum.en


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("wgs84", "wgs84"),
        ("WGS 84", "wgs84"),
        ("EPSG:4326", "wgs84"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "wgs84"),
        ("urn:ogc:def:crs:EPSG::4490", "cgcs2000"),
        (4490, "cgcs2000"),
        ("CGCS2000", "cgcs2000"),
        ("GCJ-02", "gcj02"),
        ("火星坐标", "gcj02"),
        ("bd-09", "bd09"),
        ("北京54", "beijing54"),
        ("Xi'an 80", "xian80"),
        ("EPSG:4610", "xian80"),
        ("epsg:4526", "epsg:4526"),
        ("CGCS2000_GK3", "cgcs2000_gk3"),
    ],
)
def test_a_datum_has_many_names(said: str | int, key: str) -> None:
    assert datum_of(said).key == key


@pytest.mark.parametrize("nothing", [None, "", "   "])
def test_undeclared_is_refused_with_the_option_to_use(nothing: str | None) -> None:
    with pytest.raises(UnknownDatumError) as caught:
        datum_of(nothing)
    assert caught.value.code == "undeclared_datum"
    assert "--datum gcj02" in caught.value.zh
    assert "--crs EPSG:4490" in caught.value.en


@pytest.mark.parametrize("said", ["EPSG:27700", "nad27", "EPSG:999999", "PROJCS[oops]", "/vsicurl/x"])
def test_unknown_names_are_refused_with_the_list(said: str) -> None:
    with pytest.raises(UnknownDatumError) as caught:
        datum_of(said)
    assert caught.value.code == "unknown_datum"
    assert "gcj02" in caught.value.context["known"]


def test_the_two_families_of_cgcs2000_gauss_krueger() -> None:
    names = [epsg_datum(code) for code in range(4513, 4555)]
    assert all(datum is not None and datum.base == "cgcs2000" and datum.accuracy_m == 0.0 for datum in names)
    assert gk_epsg("cgcs2000", meridian=126, prefixed=True) == 4530
    assert gk_epsg("cgcs2000", meridian=126, prefixed=False) == 4551
    assert gk_epsg("cgcs2000", meridian=125, prefixed=False) is None
    # Changchun in zone 42 (CM 126) and, the same ground, without the prefix.
    east, north = from_stored(125.3, 43.9, datum_of("EPSG:4530"))
    assert float(east) == pytest.approx(42_443_797, abs=100)
    assert float(from_stored(125.3, 43.9, datum_of("EPSG:4551"))[0]) == pytest.approx(
        float(east) - 42e6, abs=1e-3
    )
    assert 4.8e6 < float(north) < 4.9e6


def test_zone_prefix_is_read_per_point() -> None:
    lon, lat = np.array([121.7, 125.3]), np.array([45.9, 43.9])
    east, north = from_stored(lon, lat, datum_of("cgcs2000_gk3"))
    assert (east // 1e6).tolist() == [41.0, 42.0]
    back = to_stored(east, north, datum_of("cgcs2000_gk3"))
    assert np.allclose(back, (lon, lat), atol=1e-9)


@pytest.mark.parametrize(
    ("x", "y", "said", "hint"),
    [
        (42_443_797.0, 4_862_000.0, "wgs84", "EPSG:4530"),
        (443_797.0, 4_862_000.0, "wgs84", "metres"),
        (43.9, 125.3, "wgs84", "swapped"),
        (125.3, 43.9, "EPSG:4530", "degrees"),
        (443_797.0, 4_862_000.0, "cgcs2000_gk3", "4551"),
        (443_797.0, 4_862_000.0, "EPSG:4530", "4551"),
        (42_443_797.0, 4_862_000.0, "EPSG:4551", "EPSG:4530"),
        (41_443_797.0, 4_862_000.0, "EPSG:4530", "EPSG:4529"),
        (4_862_000.0, 42_443_797.0, "EPSG:4530", "swapped"),
        (4_862_000.0, 42_443_797.0, "cgcs2000_gk3", "swapped"),
        (42_443_797.0, -5.0, "EPSG:4530", "northings"),
    ],
)
def test_numbers_that_contradict_the_declaration_are_refused(
    x: float, y: float, said: str, hint: str
) -> None:
    with pytest.raises(UnknownDatumError) as caught:
        to_stored([x, x], [y, y], datum_of(said))
    assert caught.value.code == "datum_mismatch"
    assert hint in caught.value.en


def test_old_datums_never_claim_more_than_proj_knows() -> None:
    from pyproj.transformer import TransformerGroup

    for key, epsg in (("beijing54", 4214), ("xian80", 4610)):
        offered = TransformerGroup(epsg, 4490, always_xy=True).transformers
        assert all(each.accuracy < 0 for each in offered), "PROJ knows an accuracy now: use that operation"
        assert DATUMS[key].accuracy_m >= 100.0
        assert "-1" in DATUMS[key].accuracy_note
        lon, lat = to_stored(*JILIN, DATUMS[key])
        assert (lon == JILIN[0]).all()
        assert (lat == JILIN[1]).all()
        gauss = datum_of(f"{key}_gk3")
        assert gauss.accuracy_m == DATUMS[key].accuracy_m


def test_empty_input_stays_empty() -> None:
    lon, lat = to_stored(np.empty(0), np.empty(0), datum_of("gcj02"))
    assert lon.size == lat.size == 0


@pytest.mark.parametrize(
    "epsg", [4490, 4326, 4214, 4610, 4530, 4551, 2366, 2387, 2418, 2439, 4497, 32651, 3857]
)
def test_definitions_of_prj_files_are_recognised_in_both_spellings(epsg: int) -> None:
    from pyproj import CRS

    expected = epsg_datum(epsg)
    assert expected is not None
    for spelling in ("WKT1_ESRI", "WKT1_GDAL", "WKT2_2019"):
        found = datum_of_wkt(CRS.from_epsg(epsg).to_wkt(spelling))
        assert found is not None, spelling
        assert found.key == expected.key, spelling


def test_a_prj_of_arcmap_with_a_chinese_grid() -> None:
    text = (
        'PROJCS["CGCS2000_3_Degree_GK_Zone_42",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
        'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
        'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",42500000.0],'
        'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",126.0],PARAMETER["Scale_Factor",1.0],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )
    found = datum_of_wkt(text)
    assert found is not None
    assert found.key == "epsg:4530"


@pytest.mark.parametrize("text", ["", "junk", 'GEOGCS["NAD27"]', "EPSG:27700"])
def test_definitions_of_other_countries_are_not_recognised(text: str) -> None:
    assert datum_of_wkt(text) is None


def test_a_label_without_a_code_for_gcj02_does_not_contradict_it() -> None:
    assert not contradicts(datum_of("gcj02"), datum_of("wgs84"))
    assert not contradicts(datum_of("wgs84"), datum_of("cgcs2000"))
    assert not contradicts(datum_of("cgcs2000_gk3"), datum_of("EPSG:4530"))
    assert contradicts(datum_of("wgs84"), datum_of("beijing54"))
    assert contradicts(datum_of("gcj02"), datum_of("EPSG:4530"))
    assert contradicts(datum_of("EPSG:4551"), datum_of("EPSG:4530"))
    assert contradicts(datum_of("xian80_gk3"), datum_of("EPSG:4530"))
