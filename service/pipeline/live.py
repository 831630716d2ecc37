"""The live detections near the service area, each with its best observation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from gis.times import fire_day_numbers, instant_of
from service.pipeline.area import Area
from service.pipeline.detections import minute_of
from service.store.engine import Reader
from service.store.models import Clustering, Detection, Observation, Supersession

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Versions:
    """The clustering records in force, by the fire day they start on."""

    starts: tuple[dt.date, ...]
    names: tuple[str, ...]
    params: tuple[dict[str, Any], ...]

    def index_on(self, day: dt.date) -> int:
        """Return which record is in force on a fire day (the first one also serves earlier days)."""
        found = 0
        for index, start in enumerate(self.starts):
            if start <= day:
                found = index
        return found

    def days(self, minute: Ints) -> tuple[Ints, Ints]:
        """Return the fire day number of each instant and the record in force on it.

        A record may move the cut of the day, so each instant belongs to the day of the record in force on that day.
        """
        day = fire_day_numbers(minute, self.params[-1]["cut"])
        version = np.full(len(minute), len(self.starts) - 1, dtype=np.int64)
        for index in range(len(self.starts) - 1, -1, -1):
            own = fire_day_numbers(minute, self.params[index]["cut"])
            start = self.starts[index].toordinal() - 719163
            before = own < start
            if index == 0:
                break
            earlier = fire_day_numbers(minute, self.params[index - 1]["cut"])
            day = np.where(before & (version == index), earlier, day)
            version = np.where(before & (version == index), index - 1, version)
        return day, version


def clustering_versions(reader: Reader) -> Versions:
    """Return the clustering records known at the reader's revision; of one start date the newest decides."""
    rows = reader.rows(
        sa.select(Clustering.from_date, Clustering.version, Clustering.params)
        .where(reader.known(Clustering))
        .order_by(Clustering.from_date, Clustering.rev, Clustering.id)
    )
    latest = {row.from_date: row for row in rows}
    picked = [latest[start] for start in sorted(latest)]
    return Versions(
        tuple(row.from_date for row in picked),
        tuple(row.version for row in picked),
        tuple(row.params for row in picked),
    )


@dataclass(frozen=True, slots=True)
class Candidates:
    """Live detections in the area: what the fingerprint of a day is made of."""

    ids: Ints
    minute: Ints
    revision: Ints


def candidates(reader: Reader, area: Area) -> Candidates:
    """Return the live detections inside the area's bounding box with the newest revision of their observations."""
    d, o = Detection.__table__, Observation.__table__
    query = (
        sa.select(d.c.id, minute_of(d.c.acq_at, reader), sa.func.max(o.c.rev))
        .join(o, o.c.detection_id == d.c.id)
        .where(*_inside(d, area), _not_replaced(reader, d))
        .group_by(d.c.id, d.c.acq_at)
        .order_by(d.c.id)
    )
    rows = reader.connection.execute(query).all()
    # Column by column: numpy would ask every row object for the array protocols first.
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    ids, minute, revision = (np.array(column, dtype=np.int64) for column in columns)
    return Candidates(ids, minute, revision)


def _inside(detection: sa.Table, area: Area) -> list[sa.ColumnElement[bool]]:
    if area.geometry is None:
        return []
    west, south, east, north = area.geometry.bounds
    return [detection.c.lon.between(west, east), detection.c.lat.between(south, north)]


def _not_replaced(reader: Reader, detection: sa.Table) -> sa.ColumnElement[bool]:
    return ~sa.exists().where(Supersession.older_id == detection.c.id, reader.live(Supersession))


@dataclass(frozen=True, slots=True)
class LiveDetections:
    """Live detections as columns, in canonical order of time, satellite, lon, lat; shape (n,) each."""

    ids: Ints
    satellite: npt.NDArray[Any]
    source_kind: npt.NDArray[Any]
    minute: Ints
    lon: Floats
    lat: Floats
    frp: Floats
    confidence: npt.NDArray[Any]
    instrument: npt.NDArray[Any]
    scan_km: Floats
    track_km: Floats
    daynight: npt.NDArray[Any]
    fire_type: Floats

    def take(self, rows: Any) -> LiveDetections:
        """Return some of the rows."""
        return LiveDetections(*(getattr(self, name)[rows] for name in self.__slots__))


_COLUMNS = ("satellite", "source_kind", "lon", "lat")
_ATTRIBUTES = ("frp_mw", "confidence_class", "instrument", "scan_km", "track_km", "daynight", "fire_type")


def live_detections(reader: Reader, area: Area, spans: Sequence[tuple[int, int]]) -> LiveDetections:
    """Return the live detections of some stretches of time inside the area.

    Of several observations of one detection the best decides: highest rank, then the one that knows its pixel size,
    then by content in a total order, so that the order of arrival cannot matter.

    Parameters
    ----------
    spans
        Half-open ``(first, last)`` minutes.
    """
    found: list[Any] = []
    for first, last in spans:
        found.extend(_best_rows(reader, area, first, last))
    columns = list(zip(*found, strict=True)) if found else [()] * 10
    ids = np.array(columns[0], dtype=np.int64)
    satellite, minute = np.array(columns[1], dtype=object), np.array(columns[5], dtype=np.int64)
    lon, lat = np.array(columns[3], dtype=np.float64), np.array(columns[4], dtype=np.float64)
    everything = LiveDetections(
        ids=ids,
        satellite=satellite,
        source_kind=np.array(columns[2], dtype=object),
        minute=minute,
        lon=lon,
        lat=lat,
        frp=np.array(columns[6], dtype=np.float64),
        confidence=np.array(columns[7], dtype=object),
        instrument=np.array(columns[8], dtype=object),
        scan_km=np.array([row[0] for row in columns[9]], dtype=np.float64),
        track_km=np.array([row[1] for row in columns[9]], dtype=np.float64),
        daynight=np.array([row[2] for row in columns[9]], dtype=object),
        fire_type=np.array([row[3] for row in columns[9]], dtype=np.float64),
    )
    near = everything.take(np.flatnonzero(~area.outside(lon, lat)))
    _, code = np.unique(near.satellite.astype(str), return_inverse=True)
    return near.take(np.lexsort((near.lat, near.lon, code, near.minute)))


def best_first(o: Any) -> tuple[Any, ...]:
    """Return the total order of the observations of one detection by which the first decides."""
    return (
        o.c.rank.desc(),
        sa.case((o.c.scan_km.is_(None), 1), else_=0),
        sa.func.coalesce(o.c.frp_mw, -1.0).desc(),
        o.c.confidence_class,
        sa.func.coalesce(o.c.confidence_raw, ""),
        sa.func.coalesce(o.c.version, ""),
        sa.func.coalesce(o.c.instrument, ""),
        sa.func.coalesce(o.c.scan_km, -1.0).desc(),
        sa.func.coalesce(o.c.track_km, -1.0).desc(),
        sa.func.coalesce(o.c.daynight, ""),
        sa.func.coalesce(o.c.fire_type, -1),
        sa.func.coalesce(o.c.bright_1, -1.0),
        sa.func.coalesce(o.c.bright_2, -1.0),
        sa.func.coalesce(o.c.extra, ""),
    )


def _best_rows(reader: Reader, area: Area, first: int, last: int) -> list[Any]:
    d, o = Detection.__table__, Observation.__table__
    query = (
        sa.select(
            d.c.id,
            d.c.satellite,
            d.c.source_kind,
            d.c.lon,
            d.c.lat,
            minute_of(d.c.acq_at, reader).label("minute"),
            *(o.c[name] for name in _ATTRIBUTES),
        )
        .join(o, o.c.detection_id == d.c.id)
        .where(
            d.c.acq_at >= instant_of(first),
            d.c.acq_at < instant_of(last),
            *_inside(d, area),
            _not_replaced(reader, d),
        )
        .order_by(d.c.id, *best_first(o))
    )
    rows = reader.connection.execute(query).all()
    best: list[Any] = []
    for row in rows:
        if not best or best[-1][0] != row[0]:
            best.append((*row[:9], row[9:13]))
    return best
