"""The tables of the store: one set of models for both homes (DESIGN sections 3 and 4).

Three kinds of rows:

* *facts* carry the revision that recorded them (``rev``) and, where they hold for a time, ``valid_from``/``valid_to``
  (civil dates, both included). A fact is never changed; a later one supersedes it.
* *derived rows* carry ``rev_from``/``rev_to``: what was known when. ``rev_to`` is the revision that ended the row,
  exclusive; NULL means live.
* *issued documents* are frozen bytes with their hash.

Integer keys are allocated by the single writer (see `service.store.engine.Writer.allocate`), never random.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.store.types import CanonicalJson, CivilDate, Geometry, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base; text is `sa.Text` because GDAL drops VARCHAR columns of a GeoPackage."""

    __table__: ClassVar[sa.Table]
    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        str: sa.Text,
        dt.datetime: UtcDateTime,
        dt.date: CivilDate,
        dict[str, Any]: CanonicalJson,
        list[Any]: CanonicalJson,
        float: sa.Double,
        bytes: sa.LargeBinary,
    }


class Key:
    """An integer key allocated by the writer."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Recorded:
    """A fact: recorded once, by one revision."""

    rev: Mapped[int] = mapped_column(sa.ForeignKey("revision.id"), index=True)


class Valid:
    """A fact that holds between two civil dates, both included; NULL is open."""

    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]


class Derived:
    """A derived row: live from `rev_from` until `rev_to` (exclusive; NULL while live)."""

    rev_from: Mapped[int] = mapped_column(sa.ForeignKey("revision.id"))
    rev_to: Mapped[int | None] = mapped_column(sa.ForeignKey("revision.id"))


class Revision(Base):
    """One writing transaction: who did what with which parameters, and when."""

    __tablename__ = "revision"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime]
    actor: Mapped[str]
    command: Mapped[str]
    params: Mapped[dict[str, Any]]


# --- feeds -----------------------------------------------------------------------------------------------------------


class ServiceArea(Key, Recorded, Base):
    """A service area version: detections beyond it plus the buffer are outside. The newest one is in force."""

    __tablename__ = "service_area"
    key: Mapped[str] = mapped_column(unique=True)
    unit_code: Mapped[str]
    buffer_m: Mapped[int]
    set_hash: Mapped[str]
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON"))


class FeedFile(Key, Recorded, Base):
    """One ingested file: its bytes by hash, the area it was cut by, and the conservation law's numbers."""

    __tablename__ = "feed_file"
    sha256: Mapped[str]
    member: Mapped[int]
    area_key: Mapped[str]
    map_key: Mapped[str]
    name: Mapped[str]
    feed: Mapped[str]
    source_kind: Mapped[str]
    size: Mapped[int]
    read: Mapped[int]
    accepted: Mapped[int]
    duplicate: Mapped[int]
    outside: Mapped[int]
    superseded: Mapped[int]
    rejected: Mapped[int]
    __table_args__ = (sa.UniqueConstraint("sha256", "member", "area_key", "map_key"),)


class FeedCoverage(Key, Base):
    """Which satellite a file reports and from when to when, rows outside included: tells which feeds arrived."""

    __tablename__ = "feed_coverage"
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("feed_file.id"), index=True)
    satellite: Mapped[str]
    first_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]
    rows: Mapped[int]


class RejectedRow(Key, Base):
    """A quarantined row: file, line, column, value and reason; the archive keeps the bytes."""

    __tablename__ = "rejected_row"
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("feed_file.id"), index=True)
    line: Mapped[int]
    column_name: Mapped[str]
    value: Mapped[str]
    reason: Mapped[str]
    message_zh: Mapped[str]
    message_en: Mapped[str]
    raw: Mapped[str]


class Detection(Key, Recorded, Base):
    """One satellite pixel (火点像元). Identity = satellite + acquisition minute + lon + lat; immutable."""

    __tablename__ = "detection"
    satellite: Mapped[str]
    acq_at: Mapped[dt.datetime]
    lon: Mapped[float]
    lat: Mapped[float]
    source_kind: Mapped[str]
    geom: Mapped[Any] = mapped_column(Geometry("POINT"))
    __table_args__ = (sa.UniqueConstraint("acq_at", "satellite", "lon", "lat"),)


class Observation(Key, Recorded, Base):
    """A detection as one product reported it: every attribute that may differ between products."""

    __tablename__ = "observation"
    detection_id: Mapped[int] = mapped_column(sa.ForeignKey("detection.id"), index=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("feed_file.id"))
    line: Mapped[int]
    instrument: Mapped[str | None]
    version: Mapped[str | None]
    rank: Mapped[int]
    confidence_raw: Mapped[str | None]
    confidence_class: Mapped[str]
    frp_mw: Mapped[float | None]
    scan_km: Mapped[float | None]
    track_km: Mapped[float | None]
    daynight: Mapped[str | None]
    fire_type: Mapped[int | None]
    bright_1: Mapped[float | None]
    bright_2: Mapped[float | None]
    extra: Mapped[str | None]


class Sighting(Key, Recorded, Base):
    """The same observation met again in another file, or again in the same one (a duplicate row)."""

    __tablename__ = "sighting"
    observation_id: Mapped[int] = mapped_column(sa.ForeignKey("observation.id"), index=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("feed_file.id"))
    line: Mapped[int]


class Supersession(Key, Derived, Base):
    """A detection of lower product rank replaced by one of higher rank (DESIGN section 3, "Detection")."""

    __tablename__ = "supersession"
    older_id: Mapped[int] = mapped_column(sa.ForeignKey("detection.id"), index=True)
    newer_id: Mapped[int] = mapped_column(sa.ForeignKey("detection.id"), index=True)


# --- unit register ---------------------------------------------------------------------------------------------------


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


# --- boundaries, grid, zones -----------------------------------------------------------------------------------------


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


# --- fire points -----------------------------------------------------------------------------------------------------


class Clustering(Key, Recorded, Base):
    """A versioned parameter record of clustering, in force for fire days from `from_date` (pinned per season)."""

    __tablename__ = "clustering"
    version: Mapped[str]
    from_date: Mapped[dt.date]
    params: Mapped[dict[str, Any]]
    reason: Mapped[str]


class FirePoint(Key, Recorded, Base):
    """The registry of fire points ever issued: the id is a stored fact, whatever happens to the cluster."""

    __tablename__ = "fire_point"
    fire_point_id: Mapped[str] = mapped_column(unique=True)
    founder_id: Mapped[int] = mapped_column(sa.ForeignKey("detection.id"), index=True)


class FirePointAlias(Key, Recorded, Base):
    """A merged or withdrawn id and what it resolves to for ever (NULL: nothing is left of it)."""

    __tablename__ = "fire_point_alias"
    old_id: Mapped[str] = mapped_column(index=True)
    new_id: Mapped[str | None]
    cause: Mapped[str]


class LayerStack(Key, Recorded, Base):
    """The layer versions one attribution used, with name, version, status and content hash."""

    __tablename__ = "layer_stack"
    stack_hash: Mapped[str] = mapped_column(unique=True)
    layers: Mapped[dict[str, Any]]


class FirePointState(Key, Derived, Base):
    """A fire point as assessed: everything a list, a layer or a charge reads. Unit ids scope every read."""

    __tablename__ = "fire_point_state"
    fire_point_id: Mapped[str] = mapped_column(index=True)
    fire_day: Mapped[dt.date] = mapped_column(index=True)
    cut: Mapped[str]
    clustering: Mapped[str]
    representative_id: Mapped[int] = mapped_column(sa.ForeignKey("detection.id"))
    first_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]
    lon: Mapped[float]
    lat: Mapped[float]
    pixels: Mapped[int]
    satellites: Mapped[list[Any]]
    sources: Mapped[list[Any]]
    frp_mw: Mapped[float | None]
    confidence: Mapped[str]
    city_unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"))
    county_unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    township_unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    grid_unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"))
    city_code: Mapped[str | None]
    city: Mapped[str | None]
    county_code: Mapped[str | None]
    county: Mapped[str | None]
    township_code: Mapped[str | None]
    township: Mapped[str | None]
    grid_code: Mapped[str | None]
    grid: Mapped[str | None]
    zone_code: Mapped[str | None]
    zone: Mapped[str | None]
    regime: Mapped[str]
    regime_zh: Mapped[str]
    regime_en: Mapped[str]
    boundary_case: Mapped[dict[str, Any]]
    neighbours: Mapped[dict[str, Any]]
    county_share: Mapped[float | None]
    border_distance_m: Mapped[float | None]
    cropland_share: Mapped[float | None]
    screen: Mapped[str]
    reasons: Mapped[list[Any]]
    layer_stack_id: Mapped[int] = mapped_column(sa.ForeignKey("layer_stack.id"))
    informal: Mapped[bool]
    ruling_ids: Mapped[list[Any]]
    geom: Mapped[Any] = mapped_column(Geometry("POINT"))


class DetectionState(Key, Derived, Base):
    """The fire point and units of one live detection near the service area."""

    __tablename__ = "detection_state"
    detection_id: Mapped[int] = mapped_column(sa.ForeignKey("detection.id"), index=True)
    fire_point_id: Mapped[str] = mapped_column(index=True)
    fire_day: Mapped[dt.date] = mapped_column(index=True)
    county_unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"))
    township_unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"))


class AssessedDay(Key, Derived, Base):
    """The fingerprint of everything one fire day's assessment depended on: equal fingerprint, nothing to do."""

    __tablename__ = "assessed_day"
    fire_day: Mapped[dt.date] = mapped_column(index=True)
    fingerprint: Mapped[str]


class Ruling(Key, Recorded, Base):
    """A person's decision on unit, zone, screening or duplicate; a later one supersedes, none is overwritten."""

    __tablename__ = "ruling"
    fire_point_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    value: Mapped[str]
    reason: Mapped[str]
    evidence_sha256: Mapped[str | None]
    actor: Mapped[str]
    supersedes_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ruling.id"))


class Verification(Key, Recorded, Base):
    """What people found on the ground; later ones supersede and all are kept."""

    __tablename__ = "verification"
    fire_point_id: Mapped[str] = mapped_column(index=True)
    level: Mapped[str]
    finding: Mapped[str]
    found_at: Mapped[dt.datetime]
    person: Mapped[str]
    note: Mapped[str | None]
    evidence_sha256: Mapped[str | None]
    area_mu: Mapped[float | None]
    lon: Mapped[float | None]
    lat: Mapped[float | None]


class FireListIssue(Key, Recorded, Base):
    """A published fire list (第N期): frozen canonical bytes with their hash, chained per unit."""

    __tablename__ = "fire_list_issue"
    number: Mapped[int]
    fire_day: Mapped[dt.date]
    unit_code: Mapped[str]
    as_of_rev: Mapped[int]
    document: Mapped[str]
    sha256: Mapped[str]
    previous_sha256: Mapped[str | None]
    __table_args__ = (sa.UniqueConstraint("unit_code", "number"),)


# --- people, concurrency ---------------------------------------------------------------------------------------------


class User(Key, Recorded, Base):
    """An identity; only the hash of its token is kept. Scope is a unit of the register (NULL: all)."""

    __tablename__ = "account"
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    unit_uid: Mapped[str | None]
    token_hash: Mapped[str]
    disabled_rev: Mapped[int | None] = mapped_column(sa.ForeignKey("revision.id"))


class IdempotentWrite(Key, Recorded, Base):
    """The answer once given to an idempotency key of an actor, so that a repeated request writes once."""

    __tablename__ = "idempotent_write"
    actor: Mapped[str]
    key: Mapped[str]
    request_hash: Mapped[str]
    status_code: Mapped[int]
    answer: Mapped[dict[str, Any]]
    __table_args__ = (sa.UniqueConstraint("actor", "key"),)


class Lease(Base):
    """A named lease, such as the one an assessment holds; it expires by itself."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    expires_at: Mapped[dt.datetime]


INDEXED_GEOMETRY = ("detection", "boundary_unit", "grid_cell", "zone", "fire_point_state")
"""Tables whose geometry has an R*Tree (SQLite) or GiST (PostGIS) index."""

Index = sa.Index
Index("ix_fire_point_state_live", FirePointState.rev_to, FirePointState.fire_day)
Index("ix_detection_state_live", DetectionState.rev_to, DetectionState.fire_day)
