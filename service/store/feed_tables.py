"""Tables of what came in: service areas, files, detections, observations."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, Derived, Key, Recorded
from service.store.types import Geometry


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
    file_id: Mapped[int] = mapped_column(
        sa.ForeignKey("feed_file.id", deferrable=True, initially="DEFERRED"), index=True
    )
    satellite: Mapped[str]
    first_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]
    rows: Mapped[int]


class RejectedRow(Key, Base):
    """A quarantined row: file, line, column, value and reason; the archive keeps the bytes."""

    __tablename__ = "rejected_row"
    file_id: Mapped[int] = mapped_column(
        sa.ForeignKey("feed_file.id", deferrable=True, initially="DEFERRED"), index=True
    )
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
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("feed_file.id", deferrable=True, initially="DEFERRED"))
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
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("feed_file.id", deferrable=True, initially="DEFERRED"))
    line: Mapped[int]


class Supersession(Key, Derived, Base):
    """A detection of lower product rank replaced by one of higher rank (DESIGN section 3, "Detection")."""

    __tablename__ = "supersession"
    older_id: Mapped[int] = mapped_column(sa.ForeignKey("detection.id"), index=True)
    newer_id: Mapped[int] = mapped_column(sa.ForeignKey("detection.id"), index=True)
