"""The synthetic layers are files like anybody's: read by the same readers, marked synthetic throughout."""

from __future__ import annotations

import datetime as dt

import pytest
from shapely import contains_xy

from boundaries.belts import belt_zones
from boundaries.builtin import builtin
from boundaries.model import BoundaryUnit
from gis.types import DataStatus, Level
from grids.cells import GridSet, read_grid
from grids.duties import Role, read_duties
from service.demo.feed import synthetic_feeds
from service.demo.layers import Layers, road, synthetic_layers


@pytest.fixture(scope="module")
def counties() -> list[BoundaryUnit]:
    units = builtin(Level.COUNTY, province="220000").units
    return [unit for unit in units if unit.code in ("220122", "220183", "220182")]


@pytest.fixture(scope="module")
def layers(counties: list[BoundaryUnit]) -> Layers:
    return synthetic_layers(counties)


@pytest.fixture(scope="module")
def grid(layers: Layers) -> GridSet:
    return read_grid(layers.grid[1], name="demo", version="1", status="synthetic", datum="cgcs2000")


def test_the_grid_has_counties_by_name_and_the_rest_with_ground(grid: GridSet) -> None:
    assert grid.status is DataStatus.SYNTHETIC
    assert [cell.name for cell in grid.at(Level.COUNTY)] == ["农安县", "榆树市", "德惠市"]
    assert all(cell.geometry is None for cell in grid.at(Level.COUNTY))
    assert all(cell.geometry is not None for cell in grid.at(Level.VILLAGE))
    assert not grid.findings()


def test_every_village_reaches_its_county(grid: GridSet) -> None:
    for village in grid.at(Level.VILLAGE):
        assert [cell.level for cell in grid.above(village.code)] == [
            Level.VILLAGE,
            Level.TOWNSHIP,
            Level.COUNTY,
        ]


def test_everyone_on_duty_is_invented_and_has_a_cell(layers: Layers, grid: GridSet) -> None:
    duties = read_duties(layers.duties[1])
    assert not duties.unknown_targets(cell.code for cell in grid.cells)
    assert {duty.role for duty in duties.duties} == {Role.HEAD, Role.WORKER}
    for duty in duties.duties:
        assert duty.person.startswith("合成")
        assert duty.phone is not None
        assert duty.phone.startswith("10")
        assert len(duty.phone) == 11
    village = grid.at(Level.VILLAGE)[0].code
    assert [duty.role for duty in duties.of(village)] == [Role.HEAD, Role.WORKER]


def test_the_road_makes_a_belt_that_some_fires_lie_in(layers: Layers, counties: list[BoundaryUnit]) -> None:
    (zone,) = belt_zones(
        layers.road[1], kind="belt_1km", width_m=1000.0, datum="cgcs2000", status="synthetic"
    )
    assert zone.name.startswith("合成")
    assert zone.geometry is not None
    shapes = {unit.code: unit.geometry for unit in counties}
    first, _ = synthetic_feeds(shapes, dt.date(2024, 10, 29), along=[road(counties)])
    lines = [line.split(",") for line in first.content.decode().splitlines()[1:]]
    inside = [contains_xy(zone.geometry, float(c[1]), float(c[0])) for c in lines if "x" not in c[0]]
    assert sum(inside) >= 3


def test_one_county_alone_has_a_road_too(counties: list[BoundaryUnit]) -> None:
    line = road(counties[:1])
    assert line.length > 0
