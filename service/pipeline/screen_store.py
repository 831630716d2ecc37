"""What screening rests on, read back for a day: thresholds, land cover, learned and listed heat sources."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from gis.errors import NotFoundError
from gis.landclasses import ClassList, class_list
from gis.recurrence import CLASSES, HeatCells, RecurrenceParams
from gis.screening import ScreenParams
from gis.times import iso_utc
from gis.types import Validity
from service.pipeline.load_heat_sources import HeatSources
from service.store.engine import Reader
from service.store.models import HeatCell, HeatTable, LandCoverSet, Revision, ScreeningVersion
from service.store.types import canonical_json

if TYPE_CHECKING:
    from gis.landcover import LandCover

_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class CoverInForce:
    """The land cover of a day, and when it became known."""

    raster: LandCover
    record: Mapping[str, Any]
    recorded_at: dt.datetime

    @property
    def label(self) -> str:
        """Its name and version, as a reason states them."""
        return f"{self.record['set']} v{self.record['version']}"


@dataclass(frozen=True, slots=True)
class TableInForce:
    """The published table of learned heat sources of a day, and when it became known."""

    cells: HeatCells
    record: Mapping[str, Any]
    recorded_at: dt.datetime

    @property
    def label(self) -> str:
        """The day it was published for."""
        return str(self.record["before"])


@dataclass(frozen=True)
class ScreenLayer:
    """Everything screening may ask on one fire day; empty before ``huodian init`` made a record of thresholds."""

    params: ScreenParams | None = None
    cover: CoverInForce | None = None
    table: TableInForce | None = None
    listed: HeatSources | None = field(default=None, repr=False)
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Equal keys, equal answers."""
        return hashlib.sha256(canonical_json(self.record).encode()).hexdigest() if self.record else ""


class ScreenBook:
    """Every record of screening known at a reader's revision."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._versions = reader.rows(
            sa.select(ScreeningVersion.from_date, ScreeningVersion.version, ScreeningVersion.params)
            .where(reader.known(ScreeningVersion))
            .order_by(ScreeningVersion.from_date, ScreeningVersion.rev, ScreeningVersion.id)
        )
        self._covers = reader.rows(
            sa.select(LandCoverSet.__table__, Revision.at.label("recorded_at"))
            .join(Revision, Revision.id == LandCoverSet.rev)
            .where(reader.known(LandCoverSet))
            .order_by(LandCoverSet.rev, LandCoverSet.id)
        )
        self._tables = reader.rows(
            sa.select(HeatTable.__table__, Revision.at.label("recorded_at"))
            .join(Revision, Revision.id == HeatTable.rev)
            .where(reader.known(HeatTable))
            .order_by(HeatTable.before, HeatTable.rev, HeatTable.id)
        )
        self._listed = HeatSources(reader) if self._versions else None
        self._opened: dict[tuple[str, int], Any] = {}

    def on(self, day: dt.date) -> ScreenLayer:
        """Return what is asked about a fire day."""
        version = None
        for row in self._versions:
            if version is None or row.from_date <= day:
                version = row
        if version is None:
            return ScreenLayer()
        cover = next((row for row in reversed(self._covers) if _valid(row, day)), None)
        table = next((row for row in reversed(self._tables) if row.before <= day), None)
        record: dict[str, Any] = {"screening": _version_record(version)}
        if cover is not None:
            record["landcover"] = _cover_record(cover)
        if table is not None:
            record["heat_table"] = _table_record(table)
        if self._listed is not None and len(self._listed):
            record["heat_sources"] = self._listed.record
        return ScreenLayer(
            ScreenParams.of(version.params),
            None if cover is None else self._cover(cover),
            None if table is None else self._table(table),
            self._listed,
            record,
        )

    def _cover(self, row: Any) -> CoverInForce:
        key = ("cover", row.id)
        if key not in self._opened:
            raster = open_stored(self._reader.archive, row)
            self._opened[key] = CoverInForce(raster, _cover_record(row), row.recorded_at)
        found: CoverInForce = self._opened[key]
        return found

    def _table(self, row: Any) -> TableInForce:
        key = ("table", row.id)
        if key not in self._opened:
            cells = stored_cells(self._reader, row.id, row.params)
            self._opened[key] = TableInForce(cells, _table_record(row), row.recorded_at)
        found: TableInForce = self._opened[key]
        return found


def open_stored(archive: Path, row: Any) -> LandCover:
    """Return the raster of a stored set.

    Raises
    ------
    NotFoundError
        ``archive_missing``: its bytes are not in the archive.
    """
    from gis.landcover import open_landcover

    path = archive / row.sha256[:2] / row.sha256
    if not path.is_file():
        raise NotFoundError(
            "archive_missing",
            f"归档中没有土地覆盖 {row.name} 的栅格 {row.sha256}：请从备份恢复 {archive}，或设置 HUODIAN_ARCHIVE",
            f"the archive holds no raster {row.sha256} of the land cover {row.name}: restore {archive} from backup, or "
            "set HUODIAN_ARCHIVE",
            value=row.sha256,
        )
    return open_landcover(path, classes_of(row.classes), crs=row.crs)


def classes_of(record: Mapping[str, Any]) -> ClassList:
    """Return the class list of a stored set: a shipped one by its name, or its own."""
    if "groups" not in record:
        return class_list(str(record["name"]))
    return ClassList(
        str(record["name"]),
        {int(number): str(group) for number, group in record["groups"].items()},
        frozenset(int(number) for number in record["nodata"]),
        str(record["source"]),
    )


def stored_cells(reader: Reader, table_id: int, params: Mapping[str, Any]) -> HeatCells:
    """Return the cells of a published table."""
    rows = reader.rows(
        sa.select(HeatCell.__table__)
        .where(HeatCell.table_id == table_id)
        .order_by(HeatCell.cell_row, HeatCell.cell_column)
    )

    def column(name: str) -> Any:
        return np.array([getattr(row, name) for row in rows], dtype=np.int64)

    return HeatCells(
        RecurrenceParams(**params),
        column("cell_column"),
        column("cell_row"),
        np.array([CLASSES.index(row.kind) for row in rows], dtype=np.int64),
        column("hot_days"),
        column("detections"),
        column("months"),
        np.array([row.night_share for row in rows], dtype=np.float64),
        np.array([(row.first_day - _EPOCH).days for row in rows], dtype=np.int64),
        np.array([(row.last_day - _EPOCH).days for row in rows], dtype=np.int64),
    )


def _valid(row: Any, day: dt.date) -> bool:
    return Validity(row.valid_from, row.valid_to).holds(day)


def _version_record(row: Any) -> dict[str, Any]:
    # Of all thresholds, named in the record or not: days screened before one had a name are done again.
    thresholds = row.params | ScreenParams.of(row.params).as_dict()
    digest = hashlib.sha256(canonical_json(thresholds).encode()).hexdigest()
    status = row.params.get("status", "reference")
    return {"name": "screening", "version": row.version, "status": status, "hash": digest}


def _cover_record(row: Any) -> dict[str, Any]:
    return {
        "set": row.name,
        "version": row.version,
        "status": row.status,
        "classes": row.classes["name"],
        "hash": row.sha256,
        "recorded_at": iso_utc(row.recorded_at),
    }


def _table_record(row: Any) -> dict[str, Any]:
    return {
        "name": "heat_table",
        "version": row.before.isoformat(),
        "before": row.before.isoformat(),
        "status": "reference",
        "cells": row.cells,
        "hash": row.content_hash,
        "recorded_at": iso_utc(row.recorded_at),
    }
