"""Where positions lie: county, township, grid cell, zone and regime, with share and doubt.

One call answers for many positions under one stack of layers; the centre of the representative pixel decides, the
footprint, which is the union of the fire point's pixels, says how sure that is (DESIGN section 3, "Attribution").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.footprint import Footprints, Pixels, measure
from gis.locate import NOWHERE
from gis.times import beijing_date, instant_of
from gis.types import Level
from grids.register import Register
from grids.units import Purpose
from service.pipeline.layers_store import NEIGHBOUR, SetLayer, Stack, ZoneEntry
from service.pipeline.plans_match import match_plans
from service.pipeline.zoning import Asked, zones_at

GRID_DISAGREES = "grid_boundary_disagree"

_UNIT_LEVELS = frozenset({Level.PROVINCE, Level.CITY, Level.COUNTY, Level.TOWNSHIP})
"""Levels whose cells are units of the register; below them a cell is its own name."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Place:
    """What is known of one position."""

    county_unit_id: int | None = None
    county_code: str | None = None
    county: str | None = None
    city_unit_id: int | None = None
    city_code: str | None = None
    city: str | None = None
    township_unit_id: int | None = None
    township_code: str | None = None
    township: str | None = None
    grid_unit_id: int | None = None
    grid_code: str | None = None
    grid: str | None = None
    zone_code: str | None = None
    zone: str | None = None
    regime: str = "unknown"
    regime_zh: str = ""
    regime_en: str = ""
    outside: dict[str, Any] | None = None
    boundary_case: dict[str, bool] = field(default_factory=dict)
    neighbours: dict[str, list[str]] = field(default_factory=dict)
    county_share: float | None = None
    border_distance_m: float | None = None
    reasons: list[dict[str, Any]] = field(default_factory=list)
    zone_kind: str | None = None
    period: str | None = None
    screen: str | None = None
    informal: bool = False


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions to attribute, all under one stack; shape (n,) each.

    Attributes
    ----------
    pixels
        The pixels whose union is the footprint of each; by default the one at the position.
    """

    lon: Floats
    lat: Floats
    minute: Ints
    scan_m: Floats
    track_m: Floats
    pixels: Pixels | None = None

    def footprints(self) -> Pixels:
        """Return the pixels of every footprint."""
        if self.pixels is not None:
            return self.pixels
        return Pixels(self.lon, self.lat, self.scan_m, self.track_m, np.arange(len(self.lon)))

    def measure(self, layer: SetLayer, index: npt.NDArray[Any], rows: Ints | None = None) -> Footprints:
        """Measure the footprints of some positions, whose units are known, against a layer; rows in ascending order."""
        own = slice(None) if rows is None else rows
        pixels = self.pixels if self.pixels is None or rows is None else self.pixels.take(rows, len(self.lon))
        at = (self.lon[own], self.lat[own], index, self.scan_m[own], self.track_m[own])
        return measure(layer.layer, *at, layer.accuracy_m, pixels)


class Names:
    """Codes, names and parents of units on a date, from the register where it knows the unit, else from the set."""

    def __init__(self, register: Register, ids: dict[str, int]) -> None:
        self._register = register
        self._ids = ids
        self._uids = {number: uid for uid, number in ids.items()}
        self._cache: dict[tuple[int, dt.date], tuple[str | None, str]] = {}
        self._chains: dict[tuple[int, dt.date], tuple[str, ...]] = {}
        self._above: dict[tuple[int, Level, dt.date], int | None] = {}

    def of(self, unit_id: int, day: dt.date) -> tuple[str | None, str]:
        """Return code and name of a unit on a day (公主岭 has code 220381 before its move)."""
        key = (unit_id, day)
        if key not in self._cache:
            unit = self._register[self._uids[unit_id]]
            self._cache[key] = (unit.code(day), unit.name(day))
        return self._cache[key]

    def find(self, code: str, day: dt.date) -> tuple[int, Level] | None:
        """Return the id and level of the unit that holds a code on a day."""
        unit = self._register.find(code, day)
        return None if unit is None or unit.uid not in self._ids else (self._ids[unit.uid], unit.level)

    def id_of(self, code: str, day: dt.date) -> int | None:
        """Return the id of the unit that holds a code on a day: a set may be older than its units' registration."""
        found = self.find(code, day)
        return None if found is None else found[0]

    def above(self, unit_id: int, level: Level, day: dt.date) -> int | None:
        """Return the legal ancestor of a unit at a level on a day."""
        key = (unit_id, level, day)
        if key not in self._above:
            chain = self._register.chain(self._uids[unit_id], Purpose.LEGAL, day)[1:]
            found = next((uid for uid in chain if self._register[uid].level is level), None)
            self._above[key] = None if found is None else self._ids.get(found)
        return self._above[key]

    def level(self, unit_id: int) -> Level:
        """Return the level of a unit."""
        return self._register[self._uids[unit_id]].level

    def county(self, unit_id: int, day: dt.date) -> int | None:
        """Return the county that a unit is or lies in on a day."""
        own = self.level(unit_id) is Level.COUNTY
        return unit_id if own else self.above(unit_id, Level.COUNTY, day)

    def with_county(self, code: str, counties: Sequence[str], day: dt.date) -> list[tuple[str, ...]]:
        """Return the codes of a unit and of its county on a day: one answer where the register knows it.

        Parameters
        ----------
        counties
            Codes of the counties that a unit may lie in which the register does not know: an answer for each.
        """
        unit_id = self.id_of(code, day)
        if unit_id is None:
            return [(code, county) for county in counties] or [(code,)]
        both = (unit_id, self.county(unit_id, day))
        found = (self.of(one, day)[0] for one in both if one is not None)
        return [tuple(dict.fromkeys(one for one in found if one is not None))]

    def chain_codes(self, unit_id: int, day: dt.date) -> tuple[str, ...]:
        """Return the codes of a unit and everything above it, narrow to wide."""
        key = (unit_id, day)
        if key not in self._chains:
            uids = self._register.chain(self._uids[unit_id], Purpose.LEGAL, day)
            self._chains[key] = tuple(code for uid in uids if (code := self._register[uid].code(day)))
        return self._chains[key]


def attribute(stack: Stack, names: Names, at: Positions, days: Sequence[dt.date]) -> list[Place]:
    """Return a `Place` for each position.

    Parameters
    ----------
    stack
        Layers in force on all of the fire days.
    names
        The register.
    days
        Fire day of each position; names and codes are those of its date.
    """
    places = [Place() for _ in range(len(at.lon))]
    county = stack.boundaries.get(Level.COUNTY)
    if county is not None:
        _counties(county, names, at, days, places)
    _outsiders(stack, at, places)
    township = stack.boundaries.get(Level.TOWNSHIP)
    if township is not None:
        _townships(township, names, at, days, places)
    _cells(stack, at, places, names, days)
    _zones(stack, names, at, days, places)
    match_plans(stack, names, at, days, places)
    return places


def _note(places: list[Place], level: str, found: Footprints) -> None:
    for row, place in enumerate(places):
        place.boundary_case[level] = bool(found.boundary_case[row])
        if found.neighbours[row]:
            place.neighbours[level] = list(found.neighbours[row])


def _number(value: float, digits: int) -> float | None:
    """Return a rounded float: equal on every machine, and honest about what a pixel can tell."""
    return None if np.isnan(value) else round(float(value), digits)


def _counties(
    county: SetLayer, names: Names, at: Positions, days: Sequence[dt.date], places: list[Place]
) -> None:
    index = county.layer.locate(at.lon, at.lat)
    found = at.measure(county, index)
    _note(places, "county", found)
    for row, place in enumerate(places):
        place.border_distance_m = _number(found.distance_m[row], 1)
        if index[row] == NOWHERE:
            continue
        code = county.layer.codes[index[row]]
        place.county_share = _number(found.share[row], 6)
        place.county_code, place.county = code, county.names[code]
        place.county_unit_id = county.unit_ids[code] or names.id_of(code, days[row])
        if place.county_unit_id is None:
            continue
        place.county_code, place.county = names.of(place.county_unit_id, days[row])
        place.city_unit_id = names.above(place.county_unit_id, Level.CITY, days[row])
        if place.city_unit_id is not None:
            place.city_code, place.city = names.of(place.city_unit_id, days[row])


def _outsiders(stack: Stack, at: Positions, places: list[Place]) -> None:
    """Name the neighbour of what lies in no county of ours: another province, or abroad."""
    rows = np.array([row for row, place in enumerate(places) if place.county_code is None], dtype=np.int64)
    if not len(rows):
        return
    neighbour = stack.boundaries.get(NEIGHBOUR)
    index = neighbour.layer.locate(at.lon[rows], at.lat[rows]) if neighbour else np.full(len(rows), NOWHERE)
    for row, found in zip(rows.tolist(), index.tolist(), strict=True):
        if neighbour is None or found == NOWHERE:
            places[row].outside = {"code": "outside", "neighbour": None}
            continue
        code = neighbour.layer.codes[found]
        places[row].outside = {"code": "outside", "neighbour": code, "name": neighbour.names[code]}


def _townships(
    layer: SetLayer, names: Names, at: Positions, days: Sequence[dt.date], places: list[Place]
) -> None:
    index = layer.layer.locate(at.lon, at.lat)
    _note(places, "township", at.measure(layer, index))
    for row, place in enumerate(places):
        if index[row] == NOWHERE:
            continue
        code = layer.layer.codes[index[row]]
        place.township_code, place.township = code, layer.names[code]
        place.township_unit_id = layer.unit_ids[code] or names.id_of(code, days[row])
        if place.township_unit_id is not None:
            place.township_code, place.township = names.of(place.township_unit_id, days[row])


def _cells(stack: Stack, at: Positions, places: list[Place], names: Names, days: Sequence[dt.date]) -> None:
    """Find the narrowest cell that holds each point; a township without boundaries of its own is read off the grid.

    Doubt is stated at every level of the grid, for the payer may follow from the township as well. Where boundaries of
    a level hold the point theirs stands: the grid's copy of a line takes no doubt away.
    """
    open_rows = np.arange(len(places))
    for level, layer in stack.grid.items():
        if not len(layer.layer):
            continue
        index = layer.layer.locate(at.lon, at.lat)
        _note_cells(stack, layer, at, index, places, names, days)
        for row in open_rows[index[open_rows] != NOWHERE].tolist():
            code = layer.layer.codes[index[row]]
            place = places[row]
            place.grid_code, place.grid, place.grid_unit_id = code, layer.names[code], layer.unit_ids[code]
            if place.township_code is None:
                _township_of_cell(stack, level, code, place, names, days[row])
            _compare_counties(stack, code, place, names, days[row])
        open_rows = open_rows[index[open_rows] == NOWHERE]
    listed = _cells_without_polygon(stack)
    for row in open_rows.tolist():
        _listed_cell(listed, places[row])


def _note_cells(
    stack: Stack,
    layer: SetLayer,
    at: Positions,
    index: npt.NDArray[Any],
    places: list[Place],
    names: Names,
    days: Sequence[dt.date],
) -> None:
    """State the doubt of one level of the grid where no boundary of that level holds the point."""
    level, held = layer.level, stack.boundaries.get(layer.level)
    own = index != NOWHERE
    if held is not None:
        own &= held.layer.locate(at.lon, at.lat) == NOWHERE
    rows = np.flatnonzero(own)
    if not len(rows):
        return
    found = at.measure(layer, index[rows], rows)
    for number, row in enumerate(rows.tolist()):
        place = places[row]
        place.boundary_case[level] = place.boundary_case.get(level, False) or bool(
            found.boundary_case[number]
        )
        beside = [_code_of_cell(layer, code, names, days[row]) for code in found.neighbours[number]]
        if beside:
            place.neighbours[level] = list(dict.fromkeys([*place.neighbours.get(level, ()), *beside]))


def _code_of_cell(layer: SetLayer, code: str, names: Names, day: dt.date) -> str:
    """Return the code of the unit that a cell is, from townships up: payers and lists of zones go by units.

    A cell that is not the whole unit (a hamlet's, with the code of its village) and villages keep their own code.
    """
    unit_id = layer.unit_ids[code]
    if unit_id is None or layer.level not in _UNIT_LEVELS or names.level(unit_id) != layer.level:
        return code
    return names.of(unit_id, day)[0] or code


def _township_of_cell(stack: Stack, level: str, code: str, place: Place, names: Names, day: dt.date) -> None:
    """Walk the cell's own tree up to its township."""
    parent: str | None = code
    at_level: str | None = level
    while parent is not None and at_level is not None:
        layer = stack.grid[at_level]
        if at_level == Level.TOWNSHIP:
            place.township_code, place.township = parent, layer.names[parent]
            place.township_unit_id = layer.unit_ids[parent] or names.id_of(parent, day)
            if place.township_unit_id is not None:
                place.township_code, place.township = names.of(place.township_unit_id, day)
            return
        parent = layer.parents.get(parent)
        at_level = next((name for name, one in stack.grid.items() if parent in one.names), None)
    unit = None if parent is None else names.find(parent, day)
    if unit is not None and unit[1] is Level.TOWNSHIP:  # a cell may name a unit of the register as its parent
        place.township_unit_id = unit[0]
        place.township_code, place.township = names.of(unit[0], day)


def _compare_counties(stack: Stack, code: str, place: Place, names: Names, day: dt.date) -> None:
    """State where the grid and the boundaries disagree about the county: who answers is not whose ground it is."""
    county = _county_of_cell(stack, code, names, day)
    if county is None or place.county_unit_id in (None, county):
        return
    # Named as `counties`, of which a reader sees its own.
    reason = {"code": GRID_DISAGREES, "grid": code, "counties": [names.of(county, day)[0]]}
    place.reasons.append(reason)


def _county_of_cell(stack: Stack, code: str, names: Names, day: dt.date) -> int | None:
    """Return the county of a cell: of its unit, or of the first cell above it that has one."""
    at: str | None = code
    for _ in range(len(Level)):
        if at is None:
            return None
        layer = next((one for one in stack.grid.values() if at in one.names), None)
        unit = (None if layer is None else layer.unit_ids[at]) or names.id_of(at, day)
        if unit is not None:
            return names.county(unit, day)
        at = None if layer is None else layer.parents.get(at)
    return None


def _cells_without_polygon(stack: Stack) -> dict[int, tuple[str, str]]:
    """Return code and name of the first cell listed without geometry for each unit, of the narrowest level."""
    found: dict[int, tuple[str, str]] = {}
    for layer in stack.grid.values():
        shaped = set(layer.layer.codes)
        for code, unit_id in layer.unit_ids.items():
            if unit_id is not None and code not in shaped:
                found.setdefault(unit_id, (code, layer.names[code]))
    return found


def _listed_cell(listed: Mapping[int, tuple[str, str]], place: Place) -> None:
    """Give a point in no polygon of the grid the cell listed without geometry for its township or county."""
    for unit_id in (place.township_unit_id, place.county_unit_id):
        if unit_id is not None and unit_id in listed:
            place.grid_code, place.grid = listed[unit_id]
            place.grid_unit_id = unit_id
            return


def _zones(stack: Stack, names: Names, at: Positions, days: Sequence[dt.date], places: list[Place]) -> None:
    instants = [instant_of(int(minute)) for minute in at.minute]
    asked = [
        Asked(_codes(place), day, beijing_date(instant), place.neighbours)
        for place, day, instant in zip(places, days, instants, strict=True)
    ]
    found = zones_at(stack.zones, names, at.lon, at.lat, at.footprints(), asked)
    for place, day, instant, zoned in zip(places, days, instants, found, strict=True):
        if stack.zones.entries:
            place.boundary_case["zone"] = zoned.doubt
        if place.outside is None:
            _zone_of(stack, names, instant, day, place, zoned.zone)


def _codes(place: Place) -> tuple[str, ...]:
    return tuple(code for code in (place.township_code, place.county_code) if code)


def _zone_of(
    stack: Stack, names: Names, instant: dt.datetime, day: dt.date, place: Place, zone: ZoneEntry | None
) -> None:
    if zone is not None:
        place.zone_code, place.zone, place.zone_kind = zone.code, zone.name, zone.kind
        if zone.recorded_at > instant:
            # What was recorded after the overpass never exempts by itself: it goes to a person.
            place.reasons.append(
                {"code": "recorded_later", "what": "zone", "zone": zone.code, "set": zone.set_name}
            )
    narrowest = place.township_unit_id or place.county_unit_id
    codes = names.chain_codes(narrowest, day) if narrowest is not None else _codes(place)
    answer = stack.regimes.at(codes, instant)
    place.regime, place.regime_zh, place.regime_en = str(answer.regime), answer.zh, answer.en
    place.period = answer.period


def units_of(
    stack: Stack, names: Names, lon: Floats, lat: Floats, days: Sequence[dt.date]
) -> tuple[list[int | None], list[int | None]]:
    """Return the county and township unit ids of many positions: what scopes a detection.

    As for a fire point, a unit that was registered after its polygon was loaded is found by its code on the day.
    """

    def ids(layer: SetLayer | None) -> list[int | None]:
        if layer is None:
            return [None] * len(lon)
        codes = layer.layer.codes
        return [
            None if index == NOWHERE else layer.unit_ids[codes[index]] or names.id_of(codes[index], day)
            for index, day in zip(layer.layer.locate(lon, lat).tolist(), days, strict=True)
        ]

    township = stack.boundaries.get(Level.TOWNSHIP) or stack.grid.get(Level.TOWNSHIP)
    return ids(stack.boundaries.get(Level.COUNTY)), ids(township)
