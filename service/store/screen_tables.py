"""Tables of screening: thresholds, land cover, and the published tables of learned heat sources."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, Key, Recorded, Valid


class ScreeningVersion(Key, Recorded, Base):
    """A versioned record of screening thresholds, in force for fire days from `from_date` (pinned per season)."""

    __tablename__ = "screening"
    version: Mapped[str]
    from_date: Mapped[dt.date]
    params: Mapped[dict[str, Any]]
    reason: Mapped[str]


class LandCoverSet(Key, Recorded, Valid, Base):
    """A categorical raster with its class list; the file stands in the archive under its hash.

    Attributes
    ----------
    classes
        Name of a shipped class list, or a list of its own as plain data.
    facts
        What was found on opening: CRS, cell size in metres, coverage of the service area, classes, nodata.
    """

    __tablename__ = "landcover"
    name: Mapped[str]
    version: Mapped[int]
    status: Mapped[str]
    source: Mapped[str]
    sha256: Mapped[str]
    crs: Mapped[str | None]
    classes: Mapped[dict[str, Any]]
    facts: Mapped[dict[str, Any]]
    __table_args__ = (sa.UniqueConstraint("name", "version"),)


class HeatTable(Key, Recorded, Base):
    """A published table of learned heat sources: from detections before `before`, for fire days from it on."""

    __tablename__ = "heat_table"
    before: Mapped[dt.date] = mapped_column(index=True)
    params: Mapped[dict[str, Any]]
    detections: Mapped[int]
    cells: Mapped[int]
    content_hash: Mapped[str]


class HeatCell(Key, Base):
    """One learned cell of a table; `cell_column` and `cell_row` are half-cell steps from 180 W, 90 S."""

    __tablename__ = "heat_cell"
    table_id: Mapped[int] = mapped_column(sa.ForeignKey("heat_table.id"), index=True)
    cell_column: Mapped[int]
    cell_row: Mapped[int]
    kind: Mapped[str]
    hot_days: Mapped[int]
    detections: Mapped[int]
    months: Mapped[int]
    night_share: Mapped[float]
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    lon: Mapped[float]
    lat: Mapped[float]
