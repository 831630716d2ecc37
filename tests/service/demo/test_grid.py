"""The synthetic grid covers its counties exactly, and nobody can take it for a real one."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box

from boundaries.builtin import builtin
from gis.locate import Layer
from gis.types import Level
from service.demo.grid import FIRST_TOWNSHIP, SyntheticCell, synthetic_cells

Counties = dict[str, Polygon | MultiPolygon]


@pytest.fixture(scope="module")
def counties() -> Counties:
    """Four real neighbours, the small districts of a city among them."""
    units = builtin(Level.COUNTY, province="220000").units
    return {unit.code: unit.geometry for unit in units if unit.code.startswith("2203")}


@pytest.fixture(scope="module")
def cells(counties: Counties) -> tuple[SyntheticCell, ...]:
    return synthetic_cells(counties)


def _shapes(cells: tuple[SyntheticCell, ...], level: Level) -> list[Polygon | MultiPolygon]:
    return [cell.geometry for cell in cells if cell.level is level]


@pytest.mark.parametrize("level", [Level.TOWNSHIP, Level.VILLAGE])
def test_cells_are_one_clean_coverage(cells: tuple[SyntheticCell, ...], level: Level) -> None:
    shapes = _shapes(cells, level)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)


def test_cells_fill_their_county_and_stay_in_it(cells: tuple[SyntheticCell, ...], counties: Counties) -> None:
    for code, county in counties.items():
        whole = shapely.union_all(
            [c.geometry for c in cells if c.level is Level.VILLAGE and c.code.startswith(code)]
        )
        # A centimetre lattice moves a border by half a centimetre at most.
        assert shapely.symmetric_difference(whole, county).area < 1e-6 * county.area


def test_every_place_has_the_village_of_its_township_and_county(
    cells: tuple[SyntheticCell, ...], counties: Counties
) -> None:
    west, south, east, north = shapely.total_bounds(list(counties.values()))
    lon, lat = np.random.default_rng(7).uniform((west, south), (east, north), (4000, 2)).T
    found = {}
    for level in (Level.TOWNSHIP, Level.VILLAGE):
        codes = [cell.code for cell in cells if cell.level is level]
        at = Layer(codes, _shapes(cells, level)).locate(lon, lat)
        found[level] = [codes[i] if i >= 0 else "" for i in at.tolist()]
    county_codes = list(counties)
    county_at = Layer(county_codes, list(counties.values())).locate(lon, lat).tolist()
    inside = [i >= 0 for i in county_at]
    assert sum(inside) > 1000
    for i, where in enumerate(county_at):
        assert bool(found[Level.VILLAGE][i]) == (where >= 0)
        if where >= 0:
            assert found[Level.VILLAGE][i].startswith(found[Level.TOWNSHIP][i])
            assert found[Level.TOWNSHIP][i].startswith(county_codes[where])


def test_codes_and_names_say_synthetic(cells: tuple[SyntheticCell, ...]) -> None:
    assert len({cell.code for cell in cells}) == len(cells)
    for cell in cells:
        assert cell.name.startswith("合成")
        assert cell.code.startswith(cell.parent_code)
        assert len(cell.code) == (9 if cell.level is Level.TOWNSHIP else 12)
        assert int(cell.code[6:9]) > FIRST_TOWNSHIP


def test_the_same_seed_makes_the_same_grid(counties: Counties, cells: tuple[SyntheticCell, ...]) -> None:
    again = synthetic_cells(dict(reversed(counties.items())))
    assert again == cells
    assert synthetic_cells(counties, seed=1) != cells


def test_even_a_tiny_county_has_townships_and_villages() -> None:
    cells = synthetic_cells({"229901": box(125.0, 43.0, 125.01, 43.01)})
    assert sum(cell.level is Level.TOWNSHIP for cell in cells) >= 2
    assert sum(cell.level is Level.VILLAGE for cell in cells) >= 6
