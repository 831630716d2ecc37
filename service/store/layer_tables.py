"""Tables of the unit register, boundaries, grid, zones and regimes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, Key, Recorded, Valid
from service.store.types import Geometry


class Unit(Key, Recorded, Valid, Base):
    """An accountable unit with its own id; codes, names and parents are dated rows beside it."""

    __tablename__ = "unit"
    uid: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    level: Mapped[str]
    name: Mapped[str]
    detailed: Mapped[bool]
    note: Mapped[str]
    status: Mapped[str]
    source: Mapped[str]
    confidence: Mapped[str]


class UnitName(Key, Recorded, Valid, Base):
    """A name or alias of a unit in its time (扶余县 until 2013, 扶余市 since)."""

    __tablename__ = "unit_name"
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    name: Mapped[str] = mapped_column(index=True)
    alias: Mapped[bool]
    source: Mapped[str]
    confidence: Mapped[str]


class UnitCode(Key, Recorded, Valid, Base):
    """A code of a unit with the list and vintage that states it (220381 until 2020, 220184 since)."""

    __tablename__ = "unit_code"
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    code: Mapped[str] = mapped_column(index=True)
    scheme: Mapped[str]
    list_name: Mapped[str]
    vintage: Mapped[str]
    source: Mapped[str]
    confidence: Mapped[str]


class UnitParent(Key, Recorded, Valid, Base):
    """A dated parent for one purpose: legal, supervision, payer or assessment."""

    __tablename__ = "unit_parent"
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    parent_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    purpose: Mapped[str]
    source: Mapped[str]
    confidence: Mapped[str]


class UnitSuccession(Key, Recorded, Base):
    """A predecessor and its successor on a date (rename, merge, split, transfer, upgrade)."""

    __tablename__ = "unit_succession"
    predecessor_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    successor_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    kind: Mapped[str]
    on_date: Mapped[dt.date]
    source: Mapped[str]
    confidence: Mapped[str]


class BoundarySet(Key, Recorded, Valid, Base):
    """A version of boundaries of one level; several live side by side, `BoundaryUse` says which is in force."""

    __tablename__ = "boundary_set"
    name: Mapped[str]
    version: Mapped[int]
    level: Mapped[str]
    status: Mapped[str]
    accuracy_m: Mapped[float]
    datum: Mapped[str]
    source: Mapped[str]
    content_hash: Mapped[str]
    source_sha256: Mapped[str | None]
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("boundary_set.id"))
    __table_args__ = (sa.UniqueConstraint("name", "level", "version"),)


class BoundaryUnit(Key, Base):
    """One polygon of a boundary set; `unit_id` is its entry in the register when it has one."""

    __tablename__ = "boundary_unit"
    set_id: Mapped[int] = mapped_column(sa.ForeignKey("boundary_set.id"), index=True)
    code: Mapped[str]
    name: Mapped[str]
    parent_code: Mapped[str | None]
    unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"))
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON"))


class BoundaryUse(Key, Recorded, Base):
    """From `from_date` on this set is in force for its level, until a later date or, on the same date, a later row."""

    __tablename__ = "boundary_use"
    set_id: Mapped[int] = mapped_column(sa.ForeignKey("boundary_set.id"))
    level: Mapped[str]
    from_date: Mapped[dt.date]


class BoundaryRepair(Key, Recorded, Base):
    """A repair made to a loaded geometry, and the person who accepted it."""

    __tablename__ = "boundary_repair"
    set_id: Mapped[int] = mapped_column(sa.ForeignKey("boundary_set.id"), index=True)
    code: Mapped[str]
    kind: Mapped[str]
    detail: Mapped[str]
    area_change_m2: Mapped[float]
    accepted_by: Mapped[str]


class GridSet(Key, Recorded, Valid, Base):
    """A version of the supervision grid; the newest one valid on a date is in force."""

    __tablename__ = "grid_set"
    name: Mapped[str]
    version: Mapped[int]
    status: Mapped[str]
    accuracy_m: Mapped[float]
    source: Mapped[str]
    content_hash: Mapped[str]
    __table_args__ = (sa.UniqueConstraint("name", "version"),)


class GridCell(Key, Base):
    """A cell of the grid at any level, with or without geometry."""

    __tablename__ = "grid_cell"
    set_id: Mapped[int] = mapped_column(sa.ForeignKey("grid_set.id"), index=True)
    code: Mapped[str]
    level: Mapped[str]
    name: Mapped[str]
    parent_code: Mapped[str | None]
    unit_code: Mapped[str | None]
    unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"))
    geom: Mapped[Any | None] = mapped_column(Geometry("MULTIPOLYGON"))


class Duty(Key, Recorded, Valid, Base):
    """A named duty-holder of a cell or unit in a role; personal data, shown within scope only."""

    __tablename__ = "duty"
    target_code: Mapped[str] = mapped_column(index=True)
    role: Mapped[str]
    person: Mapped[str]
    phone: Mapped[str | None]
    title: Mapped[str | None]
    source: Mapped[str]
    withdrawn_rev: Mapped[int | None] = mapped_column(sa.ForeignKey("revision.id"))


class ZoneSet(Key, Recorded, Valid, Base):
    """A version of a zone layer (ban, restricted, belts)."""

    __tablename__ = "zone_set"
    name: Mapped[str]
    version: Mapped[int]
    status: Mapped[str]
    accuracy_m: Mapped[float]
    source: Mapped[str]
    content_hash: Mapped[str]
    __table_args__ = (sa.UniqueConstraint("name", "version"),)


class Zone(Key, Valid, Base):
    """A zone: a polygon, or a list of township codes."""

    __tablename__ = "zone"
    set_id: Mapped[int] = mapped_column(sa.ForeignKey("zone_set.id"), index=True)
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    unit_codes: Mapped[list[Any] | None]
    geom: Mapped[Any | None] = mapped_column(Geometry("MULTIPOLYGON"))


class PlannedBurn(Key, Recorded, Base):
    """An approved burn with place and time (计划烧除)."""

    __tablename__ = "planned_burn"
    code: Mapped[str]
    unit_code: Mapped[str | None]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    area_mu: Mapped[float | None]
    person: Mapped[str]
    approver: Mapped[str]
    approved_at: Mapped[dt.datetime | None]
    state: Mapped[str]
    status: Mapped[str]
    source: Mapped[str]
    geom: Mapped[Any | None] = mapped_column(Geometry("MULTIPOLYGON"))


class SpecialPeriod(Key, Recorded, Base):
    """A dated period (Spring Festival, 两会) that overrides the regime; end date included, Beijing."""

    __tablename__ = "special_period"
    name: Mapped[str]
    unit_codes: Mapped[list[Any]]
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    effect: Mapped[str]
    status: Mapped[str]
    source: Mapped[str]
    confidence: Mapped[str]


class RegimeRule(Key, Recorded, Valid, Base):
    """The zone regime of a unit in its time (two_zone, whole_area, whole_area_belts)."""

    __tablename__ = "regime_rule"
    unit_code: Mapped[str]
    regime: Mapped[str]
    status: Mapped[str]
    source: Mapped[str]
    confidence: Mapped[str]
