"""Which zone speaks for a place, and whether its footprint reaches ground for which another one speaks.

Zones are drawn or given as lists of units, and they overlap: a belt runs through the ban area, a town's ban area is
drawn on top of its county's restricted one. So doubt is no matter of the border of one polygon. A footprint is in doubt
where it reaches a stricter zone than the one that speaks at its position, leaves that zone, or reaches a unit that the
lists put in a zone of another kind. Zones that do not hold on the Beijing day of the overpass say nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from gis.footprint import Pixels
from gis.types import Level
from service.pipeline.layers_store import ZoneEntry, ZoneLayer, zone_rank

if TYPE_CHECKING:
    from service.pipeline.attribute import Names

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A position whose zone is asked.

    Attributes
    ----------
    codes
        Codes of the units that it lies in.
    neighbours
        Codes of the other units that its footprint touches, by level.
    day, civil
        Fire day, and the Beijing day of the overpass: zones are law and read the latter.
    """

    codes: tuple[str, ...]
    day: dt.date
    civil: dt.date
    neighbours: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Zoned:
    """The zone that speaks for a position, None where none does, and whether that is in doubt."""

    zone: ZoneEntry | None
    doubt: bool


def zones_at(
    zones: ZoneLayer, names: Names, lon: Floats, lat: Floats, pixels: Pixels, asked: Sequence[Asked]
) -> list[Zoned]:
    """Return the zone of each position with its doubt.

    Parameters
    ----------
    lon, lat
        Degrees, shape (n,).
    pixels
        The pixels of the n footprints; they are widened by the accuracy of the layer.
    """
    layer, entries = zones.polygons
    drawn: dict[int, list[int]] = defaultdict(list)
    for point, zone in zip(*(part.tolist() for part in layer.hits(lon, lat)), strict=True):
        drawn[point].append(zone)
    listed = {day: _listed_codes(zones, names, day) for day in {one.day for one in asked}}
    spoken = [
        zones.speaking(
            (entries[zone] for zone in drawn[at]), _as_listed(one.codes, listed[one.day]), one.civil
        )
        for at, one in enumerate(asked)
    ]
    doubt = _drawn_doubt(zones, pixels, asked, drawn, spoken)
    return [
        Zoned(
            zone,
            doubt[at]
            or _listed_doubt(
                zones, names, asked[at], [entries[one] for one in drawn[at]], zone, listed[asked[at].day]
            ),
        )
        for at, zone in enumerate(spoken)
    ]


def _listed_codes(zones: ZoneLayer, names: Names, day: dt.date) -> dict[str, list[str]]:
    """Return the codes by which lists name units that have another code on a day: a list of 220381 for 220184."""
    found: dict[str, list[str]] = defaultdict(list)
    for code in zones.by_unit:
        unit_id = names.id_of(code, day)
        now = None if unit_id is None else names.of(unit_id, day)[0]
        if now is not None and now != code:
            found[now].append(code)
    return found


def _as_listed(codes: Sequence[str], listed: Mapping[str, Sequence[str]]) -> list[str]:
    return [*codes, *(other for code in codes for other in listed.get(code, ()))]


def _drawn_doubt(
    zones: ZoneLayer,
    pixels: Pixels,
    asked: Sequence[Asked],
    drawn: Mapping[int, Sequence[int]],
    spoken: Sequence[ZoneEntry | None],
) -> list[bool]:
    """Return whether each footprint reaches a stricter drawn zone, or leaves the drawn zone that speaks."""
    layer, entries = zones.polygons
    found = [False] * len(asked)
    if not len(layer):
        return found
    wide = shapely.box(*pixels.boxes(wider_m=zones.accuracy_m).T)
    at, touched = layer.touched(wide)
    for point, zone in np.unique(np.stack([pixels.point[at], touched]), axis=1).T.tolist():
        other, here = entries[zone], spoken[point]
        if zone in drawn[point] or not other.validity.holds(asked[point].civil):
            continue
        if here is None or zone_rank(other) < zone_rank(here):
            found[point] = True
        elif zone_rank(other) == zone_rank(here) and here.geometry is not None:
            found[point] = True  # the next zone of the same kind, which a rule may call by another name
    number = {id(entry): index for index, entry in enumerate(entries)}
    own = np.array([-1 if zone is None else number.get(id(zone), -1) for zone in spoken], dtype=np.int64)
    inside = np.flatnonzero(own[pixels.point] >= 0)
    for point in pixels.point[inside[~layer.covers(own[pixels.point[inside]], wide[inside])]].tolist():
        found[point] = True
    return found


def _listed_doubt(
    zones: ZoneLayer,
    names: Names,
    asked: Asked,
    drawn: Sequence[ZoneEntry],
    here: ZoneEntry | None,
    listed: Mapping[str, Sequence[str]],
) -> bool:
    """Return whether a footprint reaches a unit that the lists put in a zone of another kind."""
    if not zones.by_unit:
        return False
    spoken = (
        zones.speaking(drawn, _as_listed(codes, listed), asked.civil) for codes in _beside(names, asked)
    )
    return any((here and here.kind) != (there and there.kind) for there in spoken)


def _beside(names: Names, asked: Asked) -> list[tuple[str, ...]]:
    """Return the codes of each unit that the footprint touches: townships, and counties where none of theirs is known.

    Townships may be loaded for one county alone, so those that are touched need not tell of every county that is.
    """
    counties = asked.neighbours.get(Level.COUNTY, ())
    found = [
        codes
        for code in asked.neighbours.get(Level.TOWNSHIP, ())
        for codes in names.with_county(code, (*asked.codes[-1:], *counties), asked.day)
    ]
    told = {code for codes in found for code in codes}
    alone = (
        codes for code in counties if code not in told for codes in names.with_county(code, (), asked.day)
    )
    return [*found, *(codes for codes in alone if not told.issuperset(codes))]
