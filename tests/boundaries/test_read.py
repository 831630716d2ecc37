"""Every format to one set: real GBK shapefiles, GeoPackages and KML made by GDAL, and hostile ones made here."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from boundaries.read import DEFAULT_ACCURACY_M, read_boundaries
from boundaries.sniff import Caps
from gis.datum import datum_of, from_stored
from gis.errors import RefusedInputError, UnknownDatumError, UsageError
from gis.types import DataStatus
from tests.boundaries.real import AMAP_GCJ02, TIANDITU, counties

FIVE = ("220112", "220122", "220182", "220183", "220184")


def frame() -> geopandas.GeoDataFrame:
    units = [counties().by_code[code] for code in FIVE]
    return geopandas.GeoDataFrame(
        {"县名": [unit.name for unit in units], "代码": [unit.code for unit in units]},
        geometry=[unit.geometry for unit in units],
    )


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def square(west: float = 125.0, south: float = 43.0) -> dict[str, Any]:
    return json.loads(shapely.to_geojson(box(west, south, west + 0.5, south + 0.5)))


def document(*features: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(
        {"type": "FeatureCollection", "features": list(features), **more}, ensure_ascii=False
    ).encode()


def read(source: Any, **said: Any) -> Any:
    return read_boundaries(source, **({"level": "county", "name": "x", "datum": "cgcs2000"} | said))


def refused(source: Any, kind: type[RefusedInputError] = RefusedInputError, **said: Any) -> RefusedInputError:
    with pytest.raises(kind) as caught:
        read(source, **said)
    return caught.value


def assert_five(got: Any) -> None:
    assert tuple(unit.code for unit in got.units) == FIVE
    for unit in got.units:
        expected = counties().by_code[unit.code]
        assert unit.name == expected.name
        assert shapely.equals_exact(
            shapely.normalize(unit.geometry), shapely.normalize(expected.geometry), 1e-8
        )


# Formats --------------------------------------------------------------------------------------------------------


def test_a_gbk_shapefile_without_prj(tmp_path: Path) -> None:
    pyogrio.write_dataframe(frame(), tmp_path / "县界.shp", encoding="GBK")
    for suffix in (".prj", ".cpg"):
        (tmp_path / f"县界{suffix}").unlink(missing_ok=True)
    # GDAL marks the encoding in the header; ArcMap of a Chinese Windows often does not.
    dbf = bytearray((tmp_path / "县界.dbf").read_bytes())
    dbf[29] = 0
    (tmp_path / "县界.dbf").write_bytes(dbf)
    assert (
        refused(tmp_path / "县界.shp", UnknownDatumError, datum=None, encoding="GBK").code
        == "undeclared_datum"
    )
    error = refused(tmp_path / "县界.shp")
    assert error.code == "bad_encoding"
    assert "--encoding GB18030" in error.zh
    assert_five(read(tmp_path / "县界.shp", encoding="GBK", name_field="县名"))
    dbf[29] = 0x4D
    (tmp_path / "县界.dbf").write_bytes(dbf)
    assert_five(read(tmp_path / "县界.shp", name_field="县名"))


def test_a_zipped_shapefile_with_its_prj_and_without_its_index(tmp_path: Path) -> None:
    pyogrio.write_dataframe(frame().set_crs(4490), tmp_path / "a.shp", encoding="UTF-8")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for suffix in (".shp", ".dbf", ".prj", ".cpg"):
            archive.write(tmp_path / f"a{suffix}", f"吉林/a{suffix}")
    got = read(tmp_path / "a.zip", datum=None, name_field="县名")
    assert_five(got)
    assert got.datum == "cgcs2000"


@pytest.mark.parametrize("epsg", [4490, 4530, 4551, 4529])
def test_gauss_krueger_shapefiles_come_back_within_a_millimetre(tmp_path: Path, epsg: int) -> None:
    datum = datum_of(f"EPSG:{epsg}")
    moved = frame()
    moved["geometry"] = [
        shapely.transform(shape, lambda xy: np.column_stack(from_stored(xy[:, 0], xy[:, 1], datum)))
        for shape in moved.geometry
    ]
    pyogrio.write_dataframe(moved.set_crs(epsg), tmp_path / "a.shp", encoding="UTF-8")
    assert_five(read(tmp_path / "a.shp", datum=None, name_field="县名"))
    error = refused(tmp_path / "a.shp", UnknownDatumError, datum="xian80")
    assert error.code == "datum_contradicted"


def test_a_geopackage(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(frame().set_crs(4490), path, layer="县")
    assert_five(read(path, datum=None, name_field="县名"))
    assert refused(path, UnknownDatumError, datum="beijing54").code == "datum_contradicted"
    pyogrio.write_dataframe(frame().set_crs(4490), path, layer="别的")
    assert refused(path).code == "which_layer"
    assert_five(read(path, layer="县", name_field="县名"))


def test_a_geopackage_without_a_reference_system_must_be_declared(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(frame(), path)
    assert refused(path, UnknownDatumError, datum=None).code in ("undeclared_datum", "unknown_datum")


def test_views_and_virtual_tables_of_a_geopackage_are_not_run(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(frame().set_crs(4490), path, layer="real")
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE VIEW trap AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT n AS geom FROM r"
        )
        connection.execute("UPDATE gpkg_contents SET table_name = 'trap', identifier = 'trap'")
        connection.execute("UPDATE gpkg_geometry_columns SET table_name = 'trap'")
    assert refused(path).code == "bad_geopackage"


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40])
def test_a_damaged_geopackage(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(frame().set_crs(4490), path)
    data = path.read_bytes()
    assert refused(data[:200] + damage).code == "bad_geopackage"


def test_kml_written_by_gdal(tmp_path: Path) -> None:
    path = tmp_path / "a.kml"
    pyogrio.write_dataframe(frame().rename(columns={"县名": "name"}).set_crs(4326), path, driver="LIBKML")
    got = read(path, datum=None)
    assert_five(got)
    assert got.datum == "wgs84"
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.write(path, "doc.kml")
    assert_five(read(tmp_path / "a.kmz"))


def test_geojson_plain_gzipped_and_one_file_per_county(tmp_path: Path) -> None:
    whole = json.loads((TIANDITU / "jilin_district.geojson").read_text(encoding="utf-8"))
    assert (
        read(TIANDITU / "jilin_district.geojson").content_hash
        == read(gzip.compress(json.dumps(whole).encode())).content_hash
    )
    for each in whole["features"]:
        name = each["properties"]["district_name"] + str(each["properties"]["district_adcode"])
        single = {"type": "FeatureCollection", "features": [each]}
        (tmp_path / f"{name}.geojson").write_text(json.dumps(single, ensure_ascii=False), encoding="utf-8")
    got = read(tmp_path)
    assert got.content_hash == read(TIANDITU / "jilin_district.geojson").content_hash
    assert len(got.units) == 60
    assert {unit.code: unit.name for unit in got.units} == {unit.code: unit.name for unit in counties().units}


def test_a_file_name_names_the_only_unit(tmp_path: Path) -> None:
    (tmp_path / "扶余市.geojson").write_bytes(document(feature(square())))
    (tmp_path / "220184.geojson").write_bytes(document(feature(square(126.0))))
    got = read(tmp_path)
    assert [(unit.code, unit.name) for unit in got.units] == [("", "扶余市"), ("220184", "220184")]


# Declarations ---------------------------------------------------------------------------------------------------


def test_gcj02_comes_back_to_the_ground() -> None:
    raw = shapely.get_coordinates(read(AMAP_GCJ02, datum="wgs84").geometries)
    got = shapely.get_coordinates(read(AMAP_GCJ02, datum="gcj02").geometries)
    again = np.column_stack(from_stored(got[:, 0], got[:, 1], datum_of("gcj02")))
    # Kept to 1e-9 degrees, 0.1 mm.
    assert np.abs(again - raw).max() * 111_320 < 1e-3


def test_the_crs_member_of_geojson_counts() -> None:
    said = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}}
    data = document(feature(square(), adcode=220101, name="区"), **said)
    assert read(data, datum=None).datum == "cgcs2000"
    assert refused(data, UnknownDatumError, datum="xian80").code == "datum_contradicted"
    overridden = read(data, datum="gcj02")
    assert overridden.datum == "gcj02"
    assert "label_overridden" in [note.kind for note in overridden.notes]
    for other in (
        {"crs": {"type": "name", "properties": {"name": "EPSG:27700"}}},
        {"crs": {"type": "link"}},
        {"crs": 5},
    ):
        assert refused(document(feature(square(), adcode=220101), **other)).code == "bad_geojson"


@pytest.mark.parametrize("said", [{}, {"datum": ""}, {"crs": None}])
def test_geojson_without_a_declaration_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(UnknownDatumError) as caught:
        read_boundaries(document(feature(square(), adcode=220101)), level="county", name="x", **said)
    assert caught.value.code == "undeclared_datum"


def test_two_declarations_must_agree() -> None:
    with pytest.raises(UsageError):
        read(document(feature(square(), adcode=220101)), crs="EPSG:4326", datum="gcj02")
    assert read(document(feature(square(), adcode=220101)), crs="EPSG:4490", datum="cgcs2000").units


def test_coordinates_outside_china_and_swapped_axes_are_refused() -> None:
    abroad = document(feature(square(10.0), adcode=220101))
    assert refused(abroad, UnknownDatumError).code == "outside_china"
    ring = [[lat, lon] for lon, lat in square()["coordinates"][0]]
    swapped = document(feature({"type": "Polygon", "coordinates": [ring]}, adcode=220101))
    assert refused(swapped, UnknownDatumError).code == "datum_mismatch"


def test_accuracy_adds_up_and_an_assumed_one_is_said() -> None:
    data = document(feature(square(), adcode=220101, name="区"))
    assert read(data, datum="gcj02", accuracy_m=5.0).accuracy_m == 15.0
    assumed = read(data)
    assert assumed.accuracy_m == DEFAULT_ACCURACY_M
    assert "accuracy_assumed" in [note.kind for note in assumed.notes]
    assert read(data, datum="xian80", accuracy_m=1.0).accuracy_m >= 200.0
    assert read(data).status is DataStatus.REFERENCE


# Codes and names ------------------------------------------------------------------------------------------------


def test_codes_in_any_spelling_and_bad_ones_are_noted() -> None:
    data = document(
        feature(square(125.0), adcode="220101000", name="一"),
        feature(square(126.0), adcode=220102.0, name="二"),
        feature(square(127.0), adcode="２２０１０３", name="三"),
        feature(square(128.0), adcode="2.20104E+11", name="四"),
        feature(square(129.0), adcode="无", name="五"),
    )
    got = read(data, code_field="adcode")
    assert [unit.code for unit in got.units] == ["", "", "220101", "220102", "220103"]
    kinds = [note.kind for note in got.notes]
    assert "lossy_code" in kinds
    assert "bad_code" in kinds


def test_columns_are_recognised_by_level_and_must_exist_when_named() -> None:
    data = document(
        feature(square(), province_adcode=220000, city_adcode=220100, gb="156220101", x="220101", name="区")
    )
    assert read(data).units[0].code == "220101"
    assert read(data, level="city").units[0].code == "220100"
    error = refused(data, code_field="adcode")
    assert error.code == "no_such_field"
    assert "city_adcode" in error.zh
    assert refused(document(feature(square()), feature(square(126.0)))).code == "nameless_unit"


def test_a_code_of_another_level_is_noted_and_a_parent_taken() -> None:
    data = document(feature(square(), dm="220101100", sj="220100", name="镇"))
    got = read(data, code_field="dm", parent_field="sj")
    assert got.units[0].parent_code == "220100"
    assert "other_level" in [note.kind for note in got.notes]


def test_rows_of_one_unit_are_merged_and_two_names_of_one_code_refused() -> None:
    same = document(
        feature(square(), adcode=220101, name="区"), feature(square(126.0), adcode=220101, name="区")
    )
    got = read(same, code_field="adcode")
    assert len(got.units) == 1
    assert got.units[0].geometry.geom_type == "MultiPolygon"
    two = document(
        feature(square(), adcode=220101, name="甲"), feature(square(126.0), adcode=220101, name="乙")
    )
    assert refused(two, code_field="adcode").code == "duplicate_code"


# Dirty and hostile ----------------------------------------------------------------------------------------------


def test_open_rings_and_empty_features_are_noted_not_hidden() -> None:
    ring = square()["coordinates"][0]
    data = document(
        feature({"type": "Polygon", "coordinates": [ring[:-1]]}, adcode=220101, name="开"),
        feature(None, adcode=220102, name="空"),
        feature({"type": "Polygon", "coordinates": [ring, ring[:2]]}, adcode=220103, name="断"),
    )
    got = read(data)
    assert [unit.code for unit in got.units] == ["220101", "220103"]
    assert [note.kind for note in got.notes if note.unit] == ["closed_ring", "empty_geometry", "dropped_ring"]
    assert shapely.is_valid(got.geometries).all()


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "FeatureCollection"}',
        '{"type": "Topology", "objects": {}}',
        '{"type": "FeatureCollection", "features": [1]}',
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": 5, "geometry": null}]}',
        '{"type": "Point", "coordinates": [125, 43]}',
        '{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [125, 43]}}',
        '{"type": "Polygon", "coordinates": [[[125, 43], [126, NaN], [126, 44], [125, 43]]]}',
        '{"type": "Polygon", "coordinates": [[[125, 43], [126, 1e999], [126, 44], [125, 43]]]}',
        '{"type": "Polygon", "coordinates": [[[125, 43], [126, "x"], [126, 44], [125, 43]]]}',
        '{"type": "Polygon", "coordinates": [[[125], [126], [127], [125]]]}',
        '{"type": "Polygon", "coordinates": "x"}',
        '{"type": "MultiPolygon", "coordinates": [5]}',
        '{"type": "Polygon"}',
        "{" * 100_000,
        '{"a":' + "[" * 200_000,
        "{}",
        "{]",
    ],
)
def test_broken_geojson_is_refused_in_words(text: str) -> None:
    assert refused(text.encode()).code == "bad_geojson"


def test_encodings_are_strict() -> None:
    data = document(feature(square(), adcode=220101, name="扶余")).decode().encode("gbk")
    assert refused(data).code == "bad_encoding"
    assert read(data, encoding="GBK").units[0].name == "扶余"
    assert refused(data, encoding="EBCDIC").code == "unknown_encoding"


KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
RING = "125,43,0 125.5,43,0 125.5,43.5,0 125,43,0"
PLACEMARK = (
    "<Placemark><name>扶余市</name><ExtendedData><Data "
    "name='code'><value>220781</value></Data></ExtendedData><MultiGeometry>"
    f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{RING}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
    "</MultiGeometry></Placemark>"
)
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "' + "A" * 1000 + '"><!ENTITY b "' + "&a;" * 1000 + '">'
    '<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Document><name>&b;&x;</name></Document></kml>'
)


def test_kml_by_hand_and_in_gbk() -> None:
    got = read(KML.format(PLACEMARK).encode(), datum=None)
    assert [(unit.code, unit.name) for unit in got.units] == [("220781", "扶余市")]
    declared = '<?xml version="1.0" encoding="GBK"?>' + KML.format(PLACEMARK)
    assert read(declared.encode("gbk"), datum=None).units[0].name == "扶余市"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "unsafe_xml"),
        ('<!DOCTYPE kml SYSTEM "http://localhost/x.dtd"><kml/>', "unsafe_xml"),
        (KML.format("<a>" * 200 + "</a>" * 200), "unsafe_xml"),
        (KML.format("<Placemark>"), "bad_kml"),
        (KML.format(PLACEMARK.replace("125.5,43,0", "125.5;43")), "bad_kml"),
        (KML.format(PLACEMARK.replace("125.5,43,0", "nan,43")), "bad_kml"),
        (KML.format(PLACEMARK.replace("outerBoundaryIs", "other")), "bad_kml"),
        (KML.format("<Placemark><Point><coordinates>1,2</coordinates></Point></Placemark>"), "no_units"),
        (KML.format("<NetworkLink><href>http://localhost/x.kml</href></NetworkLink>"), "no_units"),
        ('<?xml version="1.0" encoding="utf-7"?><kml/>', "unknown_encoding"),
    ],
)
def test_hostile_kml(text: str, code: str) -> None:
    assert refused(text.encode(), datum=None).code == code


def test_a_vrt_never_reaches_gdal_though_pyogrio_was_imported_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyogrio.write_dataframe(frame().set_crs(4490), tmp_path / "secret.gpkg")
    target = f"<SrcDataSource>{tmp_path}/secret.gpkg</SrcDataSource>"
    vrt = f"<OGRVRTDataSource><OGRVRTLayer name='secret'>{target}</OGRVRTLayer></OGRVRTDataSource>"
    path = tmp_path / "county.geojson"
    path.write_text(vrt)
    monkeypatch.setattr("pyogrio.raw.read", lambda *_, **__: pytest.fail("GDAL was asked"))
    assert refused(path).code == "disguised_file"
    # Beside a .shp that is something else, in a zip, and as bytes.
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.shp", vrt)
        archive.writestr("a.dbf", b"x")
    assert refused(tmp_path / "a.zip").code == "unknown_boundary_format"
    assert refused(vrt.encode()).code == "disguised_file"


def test_a_shapefile_that_lies_about_itself(tmp_path: Path) -> None:
    pyogrio.write_dataframe(frame(), tmp_path / "a.shp", encoding="UTF-8")
    whole = (tmp_path / "a.shp").read_bytes()
    (tmp_path / "a.shp").write_bytes(whole[:-100])
    assert refused(tmp_path / "a.shp").code == "bad_shapefile"
    points = bytearray(whole)
    points[32] = 1
    (tmp_path / "a.shp").write_bytes(points)
    assert refused(tmp_path / "a.shp").code == "bad_shapefile"
    (tmp_path / "a.shp").write_bytes(whole)
    dbf = (tmp_path / "a.dbf").read_bytes()
    (tmp_path / "a.dbf").write_bytes(dbf[:60])
    assert refused(tmp_path / "a.shp").code == "bad_shapefile"
    (tmp_path / "a.dbf").unlink()
    assert refused(tmp_path / "a.shp").code == "bad_shapefile"


def test_a_prj_nobody_knows_is_refused(tmp_path: Path) -> None:
    pyogrio.write_dataframe(frame().set_crs(27700, allow_override=True), tmp_path / "a.shp", encoding="UTF-8")
    error = refused(tmp_path / "a.shp", UnknownDatumError)
    assert error.code == "unknown_datum"
    assert "EPSG:4490" in error.zh


@pytest.mark.parametrize("caps", [{"max_features": 3}, {"max_vertices": 50}])
def test_caps_hold_in_every_format(tmp_path: Path, caps: dict[str, int]) -> None:
    pyogrio.write_dataframe(frame().set_crs(4490), tmp_path / "a.gpkg")
    pyogrio.write_dataframe(frame().set_crs(4490), tmp_path / "a.shp", encoding="UTF-8")
    pyogrio.write_dataframe(frame().set_crs(4326), tmp_path / "a.kml", driver="LIBKML")
    pyogrio.write_dataframe(frame().set_crs(4490), tmp_path / "a.geojson", driver="GeoJSON")
    for suffix in ("gpkg", "shp", "kml", "geojson"):
        assert refused(tmp_path / f"a.{suffix}", caps=Caps(**caps)).code == "boundary_too_large", suffix


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 4000), st.binary(min_size=1, max_size=4))
def test_mutated_geojson_is_read_or_refused(position: int, patch: bytes) -> None:
    data = bytearray(
        document(
            feature(square(), adcode=220101, name="区"), feature(square(126.0), adcode=220102, name="乙")
        )
    )
    start = position % len(data)
    data[start : start + len(patch)] = patch
    try:
        got = read(bytes(data))
    except RefusedInputError as error:
        assert error.zh  # noqa: PT017 - a refusal in words is one of the two right outcomes
        return
    assert 1 <= len(got.units) <= 2


def test_mutated_shapefiles_and_geopackages_are_read_or_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(20231029)
    small = geopandas.GeoDataFrame(
        {"name": ["甲"], "code": ["220101"]}, geometry=[box(125, 43, 126, 44)], crs=4490
    )
    pyogrio.write_dataframe(small, tmp_path / "a.shp", encoding="UTF-8")
    pyogrio.write_dataframe(small, tmp_path / "a.gpkg")
    for number in range(60):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in ("a.shp", "a.dbf", "a.gpkg"):
            shutil.copy(tmp_path / name, folder / name)
        victim = folder / ("a.shp", "a.dbf", "a.gpkg")[number % 3]
        data = bytearray(victim.read_bytes())
        for place in rng.integers(0, min(len(data), 4096), 3):
            data[place] = rng.integers(0, 256)
        victim.write_bytes(data)
        for target in ("a.shp", "a.gpkg"):
            try:
                got = read(folder / target)
            except RefusedInputError:
                continue
            assert len(got.units) == 1
