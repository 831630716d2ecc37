"""Layers in force on a date, read back from the store and ready to be asked.

Sets are immutable, so what was built from one is kept by its id for the life of the process, and what is large also on
disk (`service.pipeline.layer_cache`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from boundaries.regime import RegimeBook
from gis.locate import Layer
from gis.types import LEVELS, DataStatus, Level, Validity
from service.pipeline.layer_cache import LEAST_UNITS, layer_of
from service.pipeline.plans_match import PlanBook, PlanLayer
from service.pipeline.screen_store import ScreenBook, ScreenLayer
from service.store.engine import Reader
from service.store.models import (
    BoundarySet,
    BoundaryUnit,
    BoundaryUse,
    GridCell,
    GridSet,
    Revision,
    Zone,
    ZoneSet,
)
from service.store.types import canonical_json

NEIGHBOUR = "neighbour"
"""Pseudo-level of the counties around the province, which name who is on the other side of the line."""

BOUNDARY_LEVELS = (Level.PROVINCE, Level.CITY, Level.COUNTY, Level.TOWNSHIP, NEIGHBOUR)

ZONE_ORDER = ("ban", "belt_1km", "forest_edge", "restricted", "other")
"""Which kind of zone speaks for a place that lies in several: the strictest."""


@dataclass(frozen=True)
class SetLayer:
    """One set in force and its polygons.

    Attributes
    ----------
    names, unit_ids, parents
        By code; a unit without an entry in the register has no id.
    """

    set_id: int
    name: str
    version: int
    level: str
    status: str
    accuracy_m: float
    content_hash: str
    recorded_at: dt.datetime
    layer: Layer = field(repr=False)
    names: dict[str, str] = field(repr=False)
    unit_ids: dict[str, int | None] = field(repr=False)
    parents: dict[str, str | None] = field(repr=False)

    def record(self) -> dict[str, Any]:
        """Return what an attribution states about the version it used."""
        return {
            "set": self.name,
            "version": self.version,
            "status": self.status,
            "accuracy_m": self.accuracy_m,
            "hash": self.content_hash,
        }


@dataclass(frozen=True, slots=True)
class ZoneEntry:
    """One zone of a set in force."""

    code: str
    name: str
    kind: str
    validity: Validity
    unit_codes: tuple[str, ...]
    geometry: Any
    recorded_at: dt.datetime
    set_name: str


@dataclass(frozen=True)
class ZoneLayer:
    """The zone sets in force on a date."""

    sets: tuple[dict[str, Any], ...]
    entries: tuple[ZoneEntry, ...] = field(repr=False)
    accuracy_m: float = 0.0

    @cached_property
    def polygons(self) -> tuple[Layer, list[ZoneEntry]]:
        """The zones with geometry, strictest kind first."""
        shaped = sorted((e for e in self.entries if e.geometry is not None), key=_strictness)
        keys = [f"{_strictness(e)[0]:02d}|{e.set_name}|{e.code}" for e in shaped]
        layer = Layer(keys, [e.geometry for e in shaped])
        return layer, [shaped[i] for i in layer.source_index]

    @cached_property
    def by_unit(self) -> dict[str, tuple[ZoneEntry, ...]]:
        """The zones given as lists of units, by unit code; strictest kind first, whatever the day they hold on.

        A drawn zone that names units too lies in them: its ground is what was drawn, not the whole of a township.
        """
        found: dict[str, list[ZoneEntry]] = {}
        for entry in sorted((e for e in self.entries if e.geometry is None), key=_strictness):
            for code in entry.unit_codes:
                found.setdefault(code, []).append(entry)
        return {code: tuple(entries) for code, entries in found.items()}

    def speaking(self, drawn: Iterable[ZoneEntry], codes: Iterable[str], day: dt.date) -> ZoneEntry | None:
        """Return the zone that speaks for a place: the strictest that holds on a Beijing day, drawn or listed.

        Parameters
        ----------
        drawn
            The zones with geometry that hold the place.
        codes
            Codes of the units that the place lies in.
        """
        listed = (entry for code in codes for entry in self.by_unit.get(code, ()))
        held = (entry for entry in (*drawn, *listed) if entry.validity.holds(day))
        return min(held, key=_strictness, default=None)


@dataclass(frozen=True)
class Stack:
    """Every layer in force on one date."""

    boundaries: dict[str, SetLayer]
    grid: dict[str, SetLayer]
    grid_record: dict[str, Any] | None
    zones: ZoneLayer
    regimes: RegimeBook = field(repr=False)
    regime_record: dict[str, Any] = field(default_factory=dict)
    plans: PlanLayer = field(default_factory=PlanLayer)
    screens: ScreenLayer = field(default_factory=ScreenLayer)

    @cached_property
    def record(self) -> dict[str, Any]:
        """The versions used, as kept beside every attribution."""
        found: dict[str, Any] = {level: one.record() for level, one in self.boundaries.items()}
        if self.grid_record:
            found["grid"] = self.grid_record
        if self.zones.sets:
            found["zones"] = list(self.zones.sets)
        if self.regime_record:
            found["regime"] = self.regime_record
        if self.plans.plans:
            found["plans"] = self.plans.record
        found.update(self.screens.record)
        return found

    @cached_property
    def hash(self) -> str:
        """Hash of the record: equal stacks give equal answers."""
        return hashlib.sha256(canonical_json(self.record).encode()).hexdigest()

    @property
    def informal(self) -> bool:
        """Whether a layer used is not official (非正式)."""
        used = [one.status for one in self.boundaries.values()]
        used += [self.grid_record["status"]] if self.grid_record else []
        used += [one["status"] for one in self.zones.sets]
        return any(DataStatus(status).informal for status in used)


_built: dict[tuple[str, int], Any] = {}


class Layers:
    """Stacks of layers at one revision.

    Parameters
    ----------
    reader
        The read whose revision decides what is known.
    instead
        Ids of boundary sets by level that stand, on every day, in place of those in force: what if.
    """

    def __init__(self, reader: Reader, *, instead: Mapping[str, int] | None = None) -> None:
        from service.pipeline.regime_store import load_regimes

        self._reader = reader
        self._instead = dict(instead or {})
        self._home = str(reader.connection.engine.url)
        self._regimes, self._regime_record = load_regimes(reader)
        self._uses = reader.rows(
            sa.select(BoundaryUse.level, BoundaryUse.from_date, BoundaryUse.set_id)
            .where(reader.known(BoundaryUse))
            .order_by(BoundaryUse.from_date, BoundaryUse.rev, BoundaryUse.id)
        )
        self._grids = reader.rows(
            sa.select(GridSet.id, GridSet.valid_from, GridSet.valid_to)
            .where(reader.known(GridSet))
            .order_by(GridSet.rev, GridSet.id)
        )
        self._zone_sets = reader.rows(
            sa.select(ZoneSet.id, ZoneSet.name, ZoneSet.valid_from, ZoneSet.valid_to)
            .where(reader.known(ZoneSet))
            .order_by(ZoneSet.rev, ZoneSet.id)
        )
        self._stacks: dict[tuple[Any, ...], Stack] = {}
        self._by_day: dict[dt.date, Stack] = {}

    @cached_property
    def _plans(self) -> PlanBook:
        return PlanBook(self._reader)

    @cached_property
    def _screens(self) -> ScreenBook:
        return ScreenBook(self._reader)

    def on(self, day: dt.date) -> Stack:
        """Return the layers in force on `day`."""
        if day not in self._by_day:
            self._by_day[day] = self._build(day)
        return self._by_day[day]

    def zones_of(self, set_ids: Iterable[int]) -> ZoneLayer:
        """Return the zones of some sets: those known at an overpass, where others have been recorded since."""
        return self._zones(set_ids)

    def _build(self, day: dt.date) -> Stack:
        uses, grid, zones = self._ids(day)
        plans = self._plans.on(day)
        screens = self._screens.on(day)
        key = (uses, grid, zones, plans.key, screens.key)
        if key not in self._stacks:
            boundaries = {level: self._boundary_layer(set_id) for level, set_id in uses}
            layers, record = self._grid_layers(grid) if grid is not None else ({}, None)
            self._stacks[key] = Stack(
                boundaries,
                layers,
                record,
                self._zones(zones),
                self._regimes,
                self._regime_record,
                plans,
                screens,
            )
        return self._stacks[key]

    def _ids(self, day: dt.date) -> tuple[tuple[tuple[str, int], ...], int | None, tuple[int, ...]]:
        uses = {level: set_id for level, from_date, set_id in self._uses if from_date <= day} | self._instead
        grid = None
        for set_id, start, end in self._grids:
            if Validity(start, end).holds(day):
                grid = set_id
        zones = {
            name: set_id for set_id, name, start, end in self._zone_sets if Validity(start, end).holds(day)
        }
        return tuple(sorted(uses.items())), grid, tuple(sorted(zones.values()))

    def _boundary_layer(self, set_id: int) -> SetLayer:
        layer: SetLayer = self._cached("boundary", set_id, self._read_boundary)
        return layer

    def _cached(self, kind: str, set_id: int, read: Any) -> Any:
        key = (f"{kind}@{self._home}", set_id)
        found = _built.get(key)
        if found is None:  # two threads may both read it: equal sets, the later one stays
            found = _built[key] = read(set_id)
        return found

    def _read_boundary(self, set_id: int) -> SetLayer:
        head = self._reader.rows(
            sa.select(BoundarySet, Revision.at)
            .join(Revision, Revision.id == BoundarySet.rev)
            .with_only_columns(
                BoundarySet.name,
                BoundarySet.version,
                BoundarySet.level,
                BoundarySet.status,
                BoundarySet.accuracy_m,
                BoundarySet.content_hash,
                Revision.at,
            )
            .where(BoundarySet.id == set_id)
        )[0]
        return self._set_layer(BoundaryUnit, set_id, head, BoundaryUnit.set_id == set_id)

    def _grid_layers(self, set_id: int) -> tuple[dict[str, SetLayer], dict[str, Any]]:
        found: tuple[dict[str, SetLayer], dict[str, Any]] = self._cached("grid", set_id, self._read_grid)
        return found

    def _read_grid(self, set_id: int) -> tuple[dict[str, SetLayer], dict[str, Any]]:
        """Return the cells of one grid set by level, narrowest first; cells without geometry have no polygon."""
        name, version, status, accuracy, content_hash, at = self._reader.rows(
            sa.select(
                GridSet.name,
                GridSet.version,
                GridSet.status,
                GridSet.accuracy_m,
                GridSet.content_hash,
                Revision.at,
            )
            .join(Revision, Revision.id == GridSet.rev)
            .where(GridSet.id == set_id)
        )[0]
        held = self._reader.rows(sa.select(GridCell.level).where(GridCell.set_id == set_id).distinct())
        present = {row.level for row in held}
        layers: dict[str, SetLayer] = {}
        for level in (str(one) for one in reversed(LEVELS) if str(one) in present):
            head = (name, version, level, status, accuracy, content_hash, at)
            layers[level] = self._set_layer(
                GridCell, set_id, head, sa.and_(GridCell.set_id == set_id, GridCell.level == level)
            )
        record = {
            "set": name,
            "version": version,
            "status": status,
            "accuracy_m": accuracy,
            "hash": content_hash,
        }
        return layers, record

    def _set_layer(self, table: Any, set_id: int, head: Any, own: Any) -> SetLayer:
        """Return one level of a set: its polygons from disk where they are many and have been read before."""
        name, version, level, status, accuracy, content_hash, at = head
        rows = self._reader.rows(
            sa.select(
                table.code, table.name, table.unit_id, table.parent_code, table.geom.is_(None).label("bare")
            ).where(own)
        )

        def read() -> Layer:
            shaped = self._reader.rows(sa.select(table.code, table.geom).where(own, table.geom.is_not(None)))
            return Layer([row.code for row in shaped], [row.geom for row in shaped])

        large = sum(not row.bare for row in rows) >= LEAST_UNITS
        layer = layer_of(self._reader.archive, content_hash, str(level), read) if large else read()
        return SetLayer(
            set_id,
            name,
            version,
            level,
            status,
            accuracy,
            content_hash,
            at,
            layer,
            {row.code: row.name for row in rows},
            {row.code: row.unit_id for row in rows},
            {row.code: row.parent_code for row in rows},
        )

    def _zones(self, set_ids: Iterable[int]) -> ZoneLayer:
        parts: list[tuple[dict[str, Any], tuple[ZoneEntry, ...]]] = [
            self._cached("zones", set_id, self._read_zones) for set_id in set_ids
        ]
        accuracy = max((part[0]["accuracy_m"] for part in parts), default=0.0)
        return ZoneLayer(
            tuple(part[0] for part in parts), tuple(entry for part in parts for entry in part[1]), accuracy
        )

    def _read_zones(self, set_id: int) -> tuple[dict[str, Any], tuple[ZoneEntry, ...]]:
        name, version, status, accuracy, content_hash, at = self._reader.rows(
            sa.select(
                ZoneSet.name,
                ZoneSet.version,
                ZoneSet.status,
                ZoneSet.accuracy_m,
                ZoneSet.content_hash,
                Revision.at,
            )
            .join(Revision, Revision.id == ZoneSet.rev)
            .where(ZoneSet.id == set_id)
        )[0]
        rows = self._reader.rows(sa.select(Zone.__table__).where(Zone.set_id == set_id))
        entries = tuple(
            ZoneEntry(
                row.code,
                row.name,
                row.kind,
                Validity(row.valid_from, row.valid_to),
                tuple(row.unit_codes or ()),
                row.geom,
                at,
                name,
            )
            for row in rows
        )
        record = {
            "set": name,
            "version": version,
            "status": status,
            "accuracy_m": accuracy,
            "hash": content_hash,
        }
        return record, entries


def zone_rank(entry: ZoneEntry) -> int:
    """Return how strict a zone is, the strictest kind first."""
    return ZONE_ORDER.index(entry.kind) if entry.kind in ZONE_ORDER else len(ZONE_ORDER)


def _strictness(entry: ZoneEntry) -> tuple[int, str, str]:
    return zone_rank(entry), entry.set_name, entry.code
