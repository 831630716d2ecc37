"""Tables of fire points: registry, states, rulings, verifications, published lists, people and leases."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, Derived, Key, Recorded
from service.store.types import Geometry


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
    """What people found on the ground; later ones supersede and all are kept.

    Attributes
    ----------
    area_mu, area_exact
        Burnt area in 亩 for maps, and the same as an exact decimal text for money.
    actor, unit_uid
        Who recorded it, and the unit of that identity; NULL for the operator of the machine.
    source_kind
        What looked: patrol, drone, camera, public report; NULL where it is not said.
    row_key
        Hash of the row of a table it came from: the same row read twice changes nothing.
    """

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
    area_exact: Mapped[str | None]
    actor: Mapped[str | None]
    unit_uid: Mapped[str | None]
    source_kind: Mapped[str | None]
    row_key: Mapped[str | None] = mapped_column(index=True)


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


sa.Index("ix_fire_point_state_live", FirePointState.rev_to, FirePointState.fire_day)
sa.Index("ix_detection_state_live", DetectionState.rev_to, DetectionState.fire_day)


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
