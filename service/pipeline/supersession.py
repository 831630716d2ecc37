"""Keeping `supersession` equal to what `gis.supersede` says of the detections in a stretch of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import sqlalchemy as sa

from gis.footprint import extents_km
from gis.supersede import MAX_MINUTES, superseded_by
from gis.times import instant_of
from service.store.engine import Reader, Writer
from service.store.models import Detection, Observation, Sighting, Supersession

_REACH = 4 * MAX_MINUTES
"""How far in time a new detection can matter: three ranks (URT, NRT, standard) at most six minutes apart each."""


def beside(reader: Reader, first: int, last: int) -> bool:
    """Whether the store holds detections just before or after two minutes: another product may be off by minutes."""
    at = Detection.__table__.c.acq_at
    before = sa.and_(at >= instant_of(first - _REACH), at < instant_of(first))
    after = sa.and_(at > instant_of(last), at <= instant_of(last + _REACH))
    return bool(reader.connection.execute(sa.select(sa.or_(*map(_any, (before, after))))).scalar())


def _any(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists(sa.select(Detection.id).where(condition))


def refresh(writer: Writer, first: int, last: int, satellites: Sequence[str]) -> int:
    """Bring supersessions up to date after detections between two minutes came in.

    Returns
    -------
    int
        How many detections were newly replaced.
    """
    mixed = _mixed(writer, first - 2 * _REACH, last + 2 * _REACH, satellites)
    if not mixed:
        return 0
    computed = _compute(writer, first - 2 * _REACH, last + 2 * _REACH, mixed)
    affected = {
        older: by for older, (minute, by) in computed.items() if first - _REACH <= minute <= last + _REACH
    }
    stored = _stored(writer, list(affected))
    ended = [older for older in stored if affected[older] != stored[older]]
    fresh = {older: by for older, by in affected.items() if by is not None and stored.get(older) != by}
    if ended:
        table = Supersession.__table__
        _in_parts(
            writer, sa.update(table).values(rev_to=writer.revision).where(table.c.rev_to.is_(None)), ended
        )
    if fresh:
        start = writer.allocate(Supersession, len(fresh))
        writer.bulk(
            Supersession,
            {
                "id": np.arange(start, start + len(fresh)),
                "older_id": list(fresh),
                "newer_id": list(fresh.values()),
                "rev_from": writer.revision,
            },
        )
    return sum(1 for older in fresh if older not in stored)


def _mixed(reader: Reader, first: int, last: int, satellites: Sequence[str]) -> list[str]:
    """Return the satellites with products of several ranks: for all others nothing can be replaced."""
    d, o = Detection.__table__, Observation.__table__
    rows = reader.connection.execute(
        sa.select(d.c.satellite, sa.func.min(o.c.rank), sa.func.max(o.c.rank))
        .join(o, o.c.detection_id == d.c.id)
        .where(
            d.c.acq_at >= instant_of(first),
            d.c.acq_at <= instant_of(last),
            d.c.satellite.in_(list(satellites)),
        )
        .group_by(d.c.satellite)
    )
    return sorted(name for name, low, high in rows if low != high)


def _compute(
    reader: Reader, first: int, last: int, satellites: Sequence[str]
) -> dict[int, tuple[int, int | None]]:
    """Return for every detection in the window its minute and the detection that replaces it."""
    from service.pipeline.detections import minute_of

    d, o = Detection.__table__, Observation.__table__
    rows = reader.connection.execute(
        sa.select(
            d.c.id,
            d.c.satellite,
            minute_of(d.c.acq_at, reader),
            d.c.lon,
            d.c.lat,
            o.c.id,
            o.c.rank,
            o.c.scan_km,
            o.c.track_km,
            o.c.instrument,
            o.c.file_id,
            d.c.source_kind,
        )
        .join(o, o.c.detection_id == d.c.id)
        .where(
            d.c.acq_at >= instant_of(first),
            d.c.acq_at <= instant_of(last),
            d.c.satellite.in_(list(satellites)),
        )
        .order_by(
            d.c.id,
            o.c.rank.desc(),
            o.c.scan_km.is_(None),
            o.c.scan_km.desc(),
            sa.func.coalesce(o.c.track_km, -1.0).desc(),
            sa.func.coalesce(o.c.instrument, ""),
        )
    ).all()
    owner = {row[5]: row[0] for row in rows}
    files: dict[int, set[int]] = defaultdict(set)
    products: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        files[row[0]].add(row[10])
        products[row[0]].add(row[6])
    for observation, file_id in _sighted(reader, list(owner)):
        files[owner[observation]].add(file_id)
    best = {row[0]: row for row in reversed(rows)}  # of several observations the first in the order stays
    picked = [best[key] for key in sorted(best)]
    columns = list(zip(*picked, strict=True))
    ids = np.array(columns[0], dtype=np.int64)
    _, satellite = np.unique(np.array(columns[1], dtype=str), return_inverse=True)
    minute = np.array(columns[2], dtype=np.int64)
    scan, track = extents_km(
        np.array(columns[7], dtype=np.float64),
        np.array(columns[8], dtype=np.float64),
        columns[9],
        columns[11],
    )
    newer = superseded_by(
        satellite.astype(np.int64),
        minute,
        np.array(columns[3], dtype=np.float64),
        np.array(columns[4], dtype=np.float64),
        np.array(columns[6], dtype=np.int64),
        np.maximum(scan, track) * 1000,
        [frozenset(files[key]) for key in ids.tolist()],
        [frozenset(products[key]) for key in ids.tolist()],
    )
    by = [None if index < 0 else int(ids[index]) for index in newer.tolist()]
    return dict(zip(ids.tolist(), zip(minute.tolist(), by, strict=True), strict=True))


def _sighted(reader: Reader, observations: list[int]) -> Iterable[tuple[int, int]]:
    table = Sighting.__table__
    query = sa.select(table.c.observation_id, table.c.file_id).where(
        table.c.observation_id.in_(sa.bindparam("ids", expanding=True))
    )
    for start in range(0, len(observations), 20_000):
        for row in reader.connection.execute(query, {"ids": observations[start : start + 20_000]}):
            yield row[0], row[1]


def _stored(reader: Reader, older: list[int]) -> dict[int, int]:
    table = Supersession.__table__
    query = sa.select(table.c.older_id, table.c.newer_id).where(
        table.c.rev_to.is_(None), table.c.older_id.in_(sa.bindparam("ids", expanding=True))
    )
    found: dict[int, int] = {}
    for start in range(0, len(older), 20_000):
        rows = reader.connection.execute(query, {"ids": older[start : start + 20_000]})
        found.update((row[0], row[1]) for row in rows)
    return found


def _in_parts(writer: Writer, statement: sa.Update, older: list[int]) -> None:
    table = Supersession.__table__
    for start in range(0, len(older), 20_000):
        writer.connection.execute(statement.where(table.c.older_id.in_(older[start : start + 20_000])))
