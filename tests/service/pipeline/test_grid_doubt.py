"""What the grid says beside the boundaries: doubt where no boundary speaks, in the codes that payers have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
from shapely.geometry import box

from boundaries.regime import RegimeBook
from gis.locate import Layer
from gis.times import minutes_of
from grids.registerfile import builtin_register_file
from service.pipeline.attribute import Names, Place, Positions, attribute
from service.pipeline.layers_store import SetLayer, Stack, ZoneLayer

DAY = dt.date(2023, 10, 29)
MADE = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)
NORTH, SOUTH = "222426120", "220621120"
"""Two townships of the register that lie in two cities: 池北区 and 池西区."""


def ids() -> dict[str, int]:
    return {unit.uid: number for number, unit in enumerate(builtin_register_file().units, 1)}


def names() -> Names:
    return Names(builtin_register_file().register(), ids())


def layer(level: str, ground: Mapping[str, Any], units: Mapping[str, str] | None = None) -> SetLayer:
    """Return a layer; `units` gives the code of the unit that a cell is."""
    known = {cell: names().id_of(code, DAY) for cell, code in (units or {}).items()}
    shaped = {code: geometry for code, geometry in ground.items() if geometry is not None}
    return SetLayer(
        *(1, "set", 1, level, "sample", 0.0, "hash", MADE),
        Layer(list(shaped), list(shaped.values())),
        {code: code for code in ground},
        {code: known.get(code) for code in ground},
        dict.fromkeys(ground),
    )


def place(boundaries: Mapping[str, SetLayer], grid: Mapping[str, SetLayer], lat: float = 44.0) -> Place:
    """Return what is known of one pixel of 400 m at 126° E."""
    at = Positions(
        np.array([126.0]),
        np.array([lat]),
        np.array([minutes_of(dt.datetime(2023, 10, 29, 4, 30, tzinfo=dt.UTC))]),
        np.array([400.0]),
        np.array([400.0]),
    )
    stack = Stack(dict(boundaries), dict(grid), None, ZoneLayer((), ()), RegimeBook())
    (found,) = attribute(stack, names(), at, [DAY])
    return found


def halves(north: str, south: str, line: float = 44.001) -> dict[str, Any]:
    """Return two townships whose line runs about 110 m north of the pixel's centre."""
    return {north: box(125.5, line, 126.5, 44.5), south: box(125.5, 43.5, 126.5, line)}


COUNTY = layer("county", {"220621": box(125.0, 43.0, 127.0, 45.0)})
ELSEWHERE = layer("township", {"220582100": box(126.6, 43.0, 127.0, 43.4)})


def test_townships_loaded_for_another_county_take_no_doubt_of_the_grid_away() -> None:
    grid = {"township": layer("township", halves(NORTH, SOUTH))}
    alone = place({"county": COUNTY}, grid)
    assert (alone.township_code, alone.boundary_case["township"]) == (SOUTH, True)
    beside = place({"county": COUNTY, "township": ELSEWHERE}, grid)
    assert (beside.township_code, beside.boundary_case["township"]) == (SOUTH, True)
    assert beside.neighbours["township"] == [NORTH]
    deep = place({"county": COUNTY, "township": ELSEWHERE}, grid, lat=43.9)
    assert not deep.boundary_case["township"]


def test_where_boundaries_hold_the_point_the_grids_copy_of_the_line_says_nothing() -> None:
    drawn = layer("township", halves(NORTH, SOUTH, line=44.2))
    found = place({"county": COUNTY, "township": drawn}, {"township": layer("township", halves("g1", "g2"))})
    assert not found.boundary_case["township"]
    assert "township" not in found.neighbours


def test_a_township_that_the_grid_calls_otherwise_is_named_as_the_register_does() -> None:
    """Who pays on the other side is asked of the register, which knows no codes of cells."""
    grid = layer("township", halves("WG-1", "WG-2"), {"WG-1": NORTH, "WG-2": SOUTH})
    found = place({"county": COUNTY}, {"township": grid})
    assert (found.grid_code, found.township_code) == ("WG-2", SOUTH)
    assert found.neighbours["township"] == [NORTH]


def test_a_village_and_a_cell_that_is_no_unit_keep_their_codes() -> None:
    grid = {
        "village": layer("village", halves("v1", "v2"), {"v1": NORTH, "v2": SOUTH}),
        "township": layer("township", halves("WG-1", "WG-2")),
    }
    found = place({"county": COUNTY}, grid)
    assert found.neighbours == {"village": ["v1"], "township": ["WG-1"]}


def test_a_point_in_no_polygon_has_the_cell_listed_for_its_township_before_that_of_its_county() -> None:
    cells = {"far": box(126.8, 43.0, 126.9, 43.1), "T": None, "C": None, "C2": None}
    units = {"far": SOUTH, "T": SOUTH, "C": "220621", "C2": "220621"}
    grid = {"township": layer("township", cells, units)}
    drawn = layer("township", {SOUTH: box(125.9, 43.9, 126.1, 44.1)})
    assert place({"county": COUNTY, "township": drawn}, grid).grid_code == "T"
    assert place({"county": COUNTY, "township": drawn}, grid, lat=43.5).grid_code == "C"
