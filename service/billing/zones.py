"""The zone that money goes by: as it was known at the overpass (DESIGN section 3, "What was known when").

A zone layer that was recorded after the overpass changes no charge by itself: it is asked for what it says today only
where a person has ruled. So the zone of a fire is that of the sets that were recorded by then; where none was, it is
``unknown``, and a rule that asks for it holds the money.

Where no zone of the kinds that the regime speaks of lies in a county, nothing is known there either: a belt layer says
nothing about ban and restricted areas, and a layer of one county nothing about the next. The same holds under a
whole-area regime: ``unknown`` is no obstacle to a rule that bills any zone there, and a rule that prices by zone must
not take the absence of a layer for the cheaper ground.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from gis.times import beijing_date
from gis.types import Level, Validity
from service.billing.payers import Payers
from service.pipeline.attribute import Names
from service.pipeline.footprints import pixels_of
from service.pipeline.layers_store import Layers, SetLayer, ZoneEntry, zone_rank
from service.pipeline.ruling_checks import NO_ZONE
from service.pipeline.zoning import Asked, Zoned, zones_at
from service.store.engine import Reader
from service.store.models import Revision, ZoneSet

ZONE_WORDS = {
    "ban": "ban",
    "restricted": "restricted",
    "belt_1km": "belt",
    "forest_edge": "belt",
    "belt": "belt",
    "other": "none",
    NO_ZONE: "none",
}
"""Kind of a loaded zone to the word of a rulebook."""

_TWO_ZONE = frozenset({"ban", "restricted"})


@dataclass(frozen=True, slots=True)
class ZoneFound:
    """The zone of a fire point as a fact: the word, whether it is in doubt, and the areas that a rule may name."""

    zone: str = "unknown"
    doubt: bool = False
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Set:
    id: int
    name: str
    version: int
    validity: Validity
    recorded_at: dt.datetime


class Zones:
    """The zone layers at one revision, asked for many fire points."""

    def __init__(self, reader: Reader, payers: Payers) -> None:
        self._reader = reader
        self._payers = payers
        self._layers = Layers(reader)
        self._sets = _sets(reader)
        self._names = Names(payers.register, {uid: number for number, uid in payers.uids.items()})
        self._kinds: dict[str, str] = {}
        self._by_name: dict[tuple[int, ...], dict[tuple[str, str], list[ZoneEntry]]] = {}
        self._covered: dict[tuple[Any, ...], frozenset[str]] = {}

    def found(self, rows: Sequence[Any], rulings: Mapping[str, Sequence[Any]]) -> dict[str, ZoneFound]:
        """Return the zone of every state row, by fire point."""
        answers: dict[str, ZoneFound] = {}
        late: dict[tuple[int, ...], list[Any]] = defaultdict(list)
        for row in rows:
            ruled = next((one for one in rulings.get(row.fire_point_id, ()) if one.kind == "zone"), None)
            if ruled is not None:
                answers[row.fire_point_id] = self._ruled(ruled.value)
                continue
            now, then = self._in_force(row.fire_day), self._in_force(row.fire_day, row.first_at)
            if not then:
                # A layer recorded since is for a person to bring to bear, who rules on the zone.
                answers[row.fire_point_id] = ZoneFound(doubt=bool(now))
            elif then == now:
                answers[row.fire_point_id] = self._stated(row, then)
            else:
                late[then].append(row)
        for ids, members in late.items():
            answers.update(self._located(ids, members))
        return answers

    def _in_force(self, day: dt.date, moment: dt.datetime | None = None) -> tuple[int, ...]:
        """Return the ids of the sets in force on a day, of those recorded by `moment` where one is given."""
        newest = {
            one.name: one.id
            for one in self._sets
            if one.validity.holds(day) and (moment is None or one.recorded_at <= moment)
        }
        return tuple(sorted(newest.values()))

    def _ruled(self, value: str) -> ZoneFound:
        """Return what a ruling says; its value names a zone, or is the word of a kind."""
        code = value.partition("|")[0]
        kind = ZONE_WORDS.get(code) or ZONE_WORDS.get(self._kind_of(code), "unknown")
        return ZoneFound(kind, areas=() if code == NO_ZONE else (code,))

    def _kind_of(self, code: str) -> str:
        if not self._kinds and self._sets:
            for one in sorted(self._sets, key=lambda found: found.id):
                entries = self._layers.zones_of((one.id,)).entries
                self._kinds.update({entry.code: entry.kind for entry in entries})
        return self._kinds.get(code, "")

    def _stated(self, row: Any, ids: tuple[int, ...]) -> ZoneFound:
        """Return the zone that attribution found, under sets that were all known at the overpass."""
        doubt = bool(row.boundary_case.get("zone"))
        if row.zone_code is None:
            return ZoneFound("none" if self._covers(row, ids) else "unknown", doubt)
        alike = self._named(ids).get((row.zone_code, row.zone), ())
        day = beijing_date(row.first_at)
        entry = next((one for one in alike if one.validity.holds(day)), next(iter(alike), None))
        return ZoneFound(doubt=doubt) if entry is None else _of(entry, doubt)

    def _named(self, ids: tuple[int, ...]) -> dict[tuple[str, str], list[ZoneEntry]]:
        """Return the zones of some sets by code and name, the strictest of those alike first: sets may share a code."""
        if ids not in self._by_name:
            found: dict[tuple[str, str], list[ZoneEntry]] = defaultdict(list)
            for entry in sorted(self._layers.zones_of(ids).entries, key=zone_rank):
                found[entry.code, entry.name].append(entry)
            self._by_name[ids] = found
        return self._by_name[ids]

    def _located(self, ids: tuple[int, ...], rows: Sequence[Any]) -> dict[str, ZoneFound]:
        """Return the zones of fire points under the sets of their own time, located anew with their footprints."""
        lon, lat = np.array([row.lon for row in rows]), np.array([row.lat for row in rows])
        asked = [
            Asked(
                tuple(code for code in (row.township_code, row.county_code) if code),
                row.fire_day,
                beijing_date(row.first_at),
                row.neighbours,
            )
            for row in rows
        ]
        pixels = pixels_of(self._reader, rows)
        found = zones_at(self._layers.zones_of(ids), self._names, lon, lat, pixels, asked)
        return {row.fire_point_id: self._told(row, ids, one) for row, one in zip(rows, found, strict=True)}

    def _told(self, row: Any, ids: tuple[int, ...], found: Zoned) -> ZoneFound:
        if found.zone is not None:
            return _of(found.zone, found.doubt)
        return ZoneFound("none" if self._covers(row, ids) else "unknown", found.doubt)

    def _covers(self, row: Any, ids: tuple[int, ...]) -> bool:
        """Whether the sets speak of the county at all, in the terms of its regime."""
        county = self._layers.on(row.fire_day).boundaries.get(Level.COUNTY)
        key = (ids, row.regime == "two_zone", None if county is None else county.set_id)
        if key not in self._covered:
            entries = self._layers.zones_of(ids).entries
            if row.regime == "two_zone":
                entries = tuple(one for one in entries if one.kind in _TWO_ZONE)
            self._covered[key] = self._touched(entries, county)
        return self._payers.uids.get(row.county_unit_id) in self._covered[key]

    def _touched(self, entries: Iterable[ZoneEntry], county: SetLayer | None) -> frozenset[str]:
        """Return the counties in which some of these zones lie, drawn or listed."""
        day = self._payers.season_day
        uids = {self._payers.uid_of(code, day) for entry in entries for code in entry.unit_codes}
        lines = [self._payers.lineage(uid, day) for uid in uids if uid is not None]
        found = {line.units[Level.COUNTY][0] for line in lines if Level.COUNTY in line.units}
        shapes = [entry.geometry for entry in entries if entry.geometry is not None]
        if county is not None and shapes:
            _, units = county.layer.touched(shapes)
            codes = {county.layer.codes[unit] for unit in units.tolist()}
            found |= {uid for code in codes if (uid := self._payers.uid_of(code, day)) is not None}
        return frozenset(found)


def _of(entry: ZoneEntry, doubt: bool) -> ZoneFound:
    areas = dict.fromkeys((entry.code, entry.name, entry.kind))
    return ZoneFound(ZONE_WORDS.get(entry.kind, "none"), doubt, tuple(areas))


def _sets(reader: Reader) -> list[_Set]:
    table, revision = ZoneSet.__table__, Revision.__table__
    rows = reader.rows(
        sa.select(
            table.c.id, table.c.name, table.c.version, table.c.valid_from, table.c.valid_to, revision.c.at
        )
        .join(revision, revision.c.id == table.c.rev)
        .where(reader.known(ZoneSet))
        .order_by(table.c.rev, table.c.id)
    )
    return [
        _Set(row.id, row.name, row.version, Validity(row.valid_from, row.valid_to), row.at) for row in rows
    ]
