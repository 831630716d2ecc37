"""A wrong datum is measured and named; sources that merely differ are not accused."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import shapely

from boundaries.model import BoundarySet
from boundaries.plane import Plane
from boundaries.read import read_boundaries
from boundaries.shift import measure_shift, require_no_shift
from gis.datum import datum_of, from_stored
from gis.errors import UnknownDatumError
from tests.boundaries.real import AMAP_WGS84, TIANDITU, amap, amap_wgs84, cities, counties, dirty


def moved(boundary_set: BoundarySet, east: float, north: float, *, keep: slice = slice(None)) -> BoundarySet:
    """Return the set moved by metres."""

    def shift(xy: np.ndarray) -> np.ndarray:
        return xy + np.array([east / (111_320 * np.cos(np.radians(43.5))), north / 111_132])

    units = tuple(
        dataclasses.replace(unit, geometry=shapely.transform(unit.geometry, shift))
        for unit in boundary_set.units
    )
    return dataclasses.replace(boundary_set, units=units[keep])


def test_gcj02_declared_as_wgs84_is_refused_and_the_shift_named() -> None:
    shift = measure_shift(amap("wgs84"), counties())
    assert shift.verdict == "wrong_datum"
    assert shift.units == 42
    # GCJ-02 moves Jilin's borders by (502, 253) m on average; the way back is measured.
    assert shift.east_m == pytest.approx(-502, abs=60)
    assert shift.north_m == pytest.approx(-253, abs=40)
    assert shift.candidates[0].datum == "gcj02"
    with pytest.raises(UnknownDatumError) as caught:
        require_no_shift(shift)
    assert caught.value.code == "datum_shift"
    assert f"东 {round(shift.east_m / 10) * 10}" in caught.value.zh
    assert "--datum gcj02" in caught.value.zh
    assert "--datum gcj02" in caught.value.en
    assert caught.value.as_dict()["candidates"][0]["datum"] == "gcj02"


def test_gcj02_declared_as_such_lies_within_120_metres() -> None:
    shift = measure_shift(amap("gcj02"), counties())
    assert shift.verdict == "agrees"
    assert shift.median_m < 120.0
    require_no_shift(shift)


@pytest.mark.parametrize("said", ["gcj02", "bd09"])
def test_an_offset_declared_too_much_is_refused_as_well(said: str) -> None:
    over = read_boundaries(AMAP_WGS84, level="county", name="x", datum=said)
    with pytest.raises(UnknownDatumError) as caught:
        require_no_shift(measure_shift(over, counties()))
    assert caught.value.context["candidates"][0]["datum"] == "cgcs2000"


@pytest.mark.parametrize("source", [amap_wgs84, dirty])
def test_other_sources_in_the_right_datum_pass(source: object) -> None:
    shift = measure_shift(source(), counties())  # type: ignore[operator]
    assert shift.verdict == "agrees"
    assert np.hypot(shift.east_m, shift.north_m) < 80
    assert shift.median_m < 200
    require_no_shift(shift)


def test_the_reference_against_itself() -> None:
    shift = measure_shift(counties(), counties())
    assert (shift.verdict, shift.units) == ("agrees", 60)
    assert shift.median_m < 0.5


def test_a_coarser_reference_serves_too() -> None:
    assert measure_shift(amap("wgs84"), cities()).verdict == "wrong_datum"
    assert measure_shift(amap("gcj02"), cities()).verdict == "agrees"
    assert measure_shift(cities(), counties()).verdict == "agrees"


def test_a_known_move_is_measured_in_both_axes() -> None:
    shift = measure_shift(moved(counties(), 200.0, -100.0), counties())
    assert shift.east_m == pytest.approx(-200, abs=15)
    assert shift.north_m == pytest.approx(100, abs=15)
    # No datum explains it: a person must look, but nobody is accused of a wrong declaration.
    assert shift.verdict == "shifted"
    require_no_shift(shift)


def test_a_few_units_are_enough() -> None:
    few = dataclasses.replace(amap("wgs84"), units=amap("wgs84").units[5:8])
    assert measure_shift(few, counties()).verdict == "wrong_datum"


def test_a_wrong_central_meridian_is_misplaced_and_the_right_one_named() -> None:
    document = json.loads((TIANDITU / "jilin_district.geojson").read_text(encoding="utf-8"))
    right = datum_of("EPSG:4551")
    for feature in document["features"]:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        for rings in polygons:
            for number, ring in enumerate(rings):
                rings[number] = np.column_stack(from_stored(*np.array(ring).T, right)).tolist()
    data = json.dumps(document).encode()
    good = measure_shift(read_boundaries(data, level="county", name="x", crs="EPSG:4551"), counties())
    assert good.verdict == "agrees"
    assert good.median_m < 1.0
    bad = measure_shift(read_boundaries(data, level="county", name="x", crs="EPSG:4550"), counties())
    with pytest.raises(UnknownDatumError) as caught:
        require_no_shift(bad)
    assert caught.value.code == "misplaced"
    assert "EPSG:4551" in caught.value.en


def test_nothing_in_common_is_said_not_judged() -> None:
    far = moved(counties(), 3_000_000.0, 0.0)
    strangers = dataclasses.replace(
        far,
        units=tuple(dataclasses.replace(unit, code="", name=f"{unit.name}{unit.code}") for unit in far.units),
    )
    shift = measure_shift(strangers, counties())
    assert shift.verdict == "not_comparable"
    assert shift.as_dict()["median_m"] is None
    require_no_shift(shift)


def test_distances_of_the_plane_are_metres() -> None:
    plane = Plane.around(counties())
    one, two = plane.points(np.array([125.0, 125.0]), np.array([43.0, 44.0]))
    assert np.hypot(*(two - one)) == pytest.approx(111_100, rel=2e-3)
