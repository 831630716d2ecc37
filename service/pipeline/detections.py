"""Rows of a feed into detections, observations and sightings.

Identity of a detection is satellite, acquisition minute, longitude and latitude, equal as decimal numbers. A row adds a
detection, or an observation to a known one (another product or other attributes), or nothing new: then it is a
duplicate and only its sighting is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from gis.feeds import ParsedFeed
from gis.feeds.arrays import one_array, values_of
from gis.times import instant_of
from service.pipeline import supersession
from service.store.engine import Reader, Writer
from service.store.models import Detection, Observation, Sighting

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

WORDS = ("instrument", "version", "confidence_raw", "daynight", "extra")
NUMBERS = ("frp_mw", "scan_km", "track_km", "bright_1", "bright_2", "fire_type")
SIGNATURE = (*WORDS, *NUMBERS)
"""The attributes that make an observation; rank and confidence class follow from them."""

CHUNK = 100_000
"""Rows handed to the driver at once: bounds the memory of a bulk load."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one file in canonical order (time, satellite, lon, lat), which is also the order of their keys.

    Attributes
    ----------
    satellites
        Names, sorted; `satellite` indexes them.
    first
        Whether a row is the first with its identity.
    group
        Number of the identity of each row.
    words, numbers
        Attribute columns by name: object arrays with None, float arrays with NaN.
    """

    line: Ints
    minute: Ints
    satellite: Ints
    satellites: tuple[str, ...]
    lon: Floats
    lat: Floats
    rank: Ints
    confidence_class: npt.NDArray[Any]
    words: dict[str, npt.NDArray[Any]]
    numbers: dict[str, Floats]
    first: Mask
    group: Ints

    def signatures(self, rows: Ints) -> dict[int, tuple[Any, ...]]:
        """Return the attributes of some rows by row number, None where the feed gave none."""
        columns = [self.words[name][rows].tolist() for name in WORDS]
        columns += [[None if x != x else x for x in self.numbers[name][rows].tolist()] for name in NUMBERS]  # noqa: PLR0124
        return dict(zip(rows.tolist(), zip(*columns, strict=True), strict=True))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many rows were new, known, and how many older rows they replaced."""

    accepted: int
    duplicate: int
    superseded: int


def prepare(rows: pa.Table) -> Batch:
    """Bring the valid rows of a file into canonical order and find repeated identities; no store is needed."""
    names, satellite = _coded(rows["satellite"])
    minute, lon, lat = (_numbers(rows[name]) for name in ("acq_minute", "lon", "lat"))
    order = np.lexsort((lat, lon, satellite, minute))
    minute, satellite, lon, lat = minute[order], satellite[order], lon[order], lat[order]
    first = np.ones(len(order), dtype=bool)
    if len(order):
        first[1:] = ~(
            (minute[1:] == minute[:-1])
            & (satellite[1:] == satellite[:-1])
            & (lon[1:] == lon[:-1])
            & (lat[1:] == lat[:-1])
        )
    return Batch(
        line=_numbers(rows["line"])[order],
        minute=minute,
        satellite=satellite,
        satellites=names,
        lon=lon,
        lat=lat,
        rank=_numbers(rows["rank"]).astype(np.int64)[order],
        confidence_class=_texts(rows["confidence_class"])[order],
        words={name: _texts(rows[name])[order] for name in WORDS},
        numbers={name: _floats(rows[name])[order] for name in NUMBERS},
        first=first,
        group=np.cumsum(first) - 1,
    )


def write(writer: Writer, file_id: int, parsed: ParsedFeed, batch: Batch) -> Outcome:
    """Store what a file adds; the caller's transaction holds the lock."""
    if not len(batch.minute):
        return Outcome(0, 0, 0)
    known = _known_in(writer, int(batch.minute[0]), int(batch.minute[-1]))
    matched = _match(batch, known)
    detection_ids = _insert_detections(writer, parsed, batch, matched)
    observations, sightings, replaced = _judge(writer, batch, matched, detection_ids)
    added = _insert_observations(writer, file_id, batch, detection_ids, observations)
    _insert_sightings(writer, file_id, batch, sightings, added)
    first, last = int(batch.minute[0]), int(batch.minute[-1])
    # A file all alone in its time replaces nothing: its own rows are pixels beside each other.
    if len(known.ids) or supersession.beside(writer, first, last):
        satellites = [batch.satellites[i] for i in np.unique(batch.satellite)]
        replaced += supersession.refresh(writer, first, last, satellites)
    return Outcome(len(observations), len(sightings), replaced)


@dataclass(frozen=True, slots=True)
class _Known:
    """Identities the store already holds in the time of a file."""

    ids: Ints
    minute: Ints
    satellite: npt.NDArray[Any]
    lon: Floats
    lat: Floats


def _known_in(reader: Reader, first: int, last: int) -> _Known:
    table = Detection.__table__
    rows = reader.connection.execute(
        sa.select(
            table.c.id, minute_of(table.c.acq_at, reader), table.c.satellite, table.c.lon, table.c.lat
        ).where(table.c.acq_at >= instant_of(first), table.c.acq_at <= instant_of(last))
    ).all()
    ids, minute, satellite, lon, lat = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return _Known(
        np.array(ids, dtype=np.int64),
        np.array(minute, dtype=np.int64),
        np.array(satellite, dtype=object),
        np.array(lon, dtype=np.float64),
        np.array(lat, dtype=np.float64),
    )


def minute_of(column: Any, reader: Reader) -> sa.ColumnElement[Any]:
    """Return the SQL expression of an instant column in minutes since the epoch."""
    if reader.connection.dialect.name == "postgresql":
        seconds = sa.func.extract("epoch", column)
        return sa.cast(sa.func.floor(seconds / 60), sa.BigInteger)
    return sa.cast(sa.func.unixepoch(sa.cast(column, sa.Text)), sa.Integer) // 60


def _match(batch: Batch, known: _Known) -> Ints:
    """Return the store's id of each identity of the batch, -1 where it is new."""
    firsts = np.flatnonzero(batch.first)
    found = np.full(len(firsts), -1, dtype=np.int64)
    if not len(known.ids):
        return found
    code = {name: i for i, name in enumerate(batch.satellites)}
    known_satellite = np.array([code.get(name, -1) for name in known.satellite], dtype=np.int64)
    minute = np.concatenate([known.minute, batch.minute[firsts]])
    satellite = np.concatenate([known_satellite, batch.satellite[firsts]])
    lon = np.concatenate([known.lon, batch.lon[firsts]])
    lat = np.concatenate([known.lat, batch.lat[firsts]])
    fresh = np.arange(len(minute)) >= len(known.ids)
    order = np.lexsort((fresh, lat, lon, satellite, minute))
    a, b = order[:-1], order[1:]
    same = (minute[a] == minute[b]) & (satellite[a] == satellite[b]) & (lon[a] == lon[b]) & (lat[a] == lat[b])
    pairs = same & ~fresh[a] & fresh[b]
    found[b[pairs] - len(known.ids)] = known.ids[a[pairs]]
    return found


def _insert_detections(writer: Writer, parsed: ParsedFeed, batch: Batch, matched: Ints) -> Ints:
    """Insert new identities in canonical order; return the detection id of every row."""
    firsts = np.flatnonzero(batch.first)
    new = np.flatnonzero(matched < 0)
    ids = matched.copy()
    if len(new):
        start = writer.allocate(Detection, len(new))
        ids[new] = np.arange(start, start + len(new))
        names = np.array(batch.satellites, dtype=object)
        for part in _chunks(new):
            rows = firsts[part]
            writer.bulk(
                Detection,
                {
                    "id": ids[part],
                    "rev": writer.revision,
                    "satellite": names[batch.satellite[rows]],
                    "acq_at": batch.minute[rows],
                    "lon": batch.lon[rows],
                    "lat": batch.lat[rows],
                    "source_kind": str(parsed.source_kind),
                    "geom": (batch.lon[rows], batch.lat[rows]),
                },
                index=False,
            )
        writer.index_points(Detection, ids[new], batch.lon[firsts[new]], batch.lat[firsts[new]])
    return ids[batch.group]


def _judge(
    writer: Writer, batch: Batch, matched: Ints, detection_ids: Ints
) -> tuple[list[int], list[tuple[int, int | None, int]], int]:
    """Decide for every row whether it is an observation or a sighting.

    Returns
    -------
    observations
        Rows that add an observation, in order.
    sightings
        (row, id of a stored observation or None, row of the batch's own observation).
    replaced
        How many older observations of the same identity a higher rank replaced.
    """
    fresh = matched[batch.group] < 0
    plain = batch.first & fresh
    founder = np.flatnonzero(batch.first)[batch.group]
    repeats = fresh & ~batch.first & _equal_rows(batch, founder, fresh & ~batch.first)
    observations = np.flatnonzero(plain).tolist()
    sightings: list[tuple[int, int | None, int]] = [
        (row, None, first)
        for row, first in zip(np.flatnonzero(repeats).tolist(), founder[repeats].tolist(), strict=True)
    ]
    others = np.flatnonzero(~plain & ~repeats)
    if not len(others):
        return observations, sightings, 0
    stored = _stored_signatures(writer, np.unique(detection_ids[others][~fresh[others]]))
    signatures = batch.signatures(np.unique(np.concatenate([others, founder[others]])))
    added: list[int] = []
    own: dict[int, dict[tuple[Any, ...], int]] = {}
    best: dict[int, int] = {}
    replaced = 0
    for row in others.tolist():
        detection = int(detection_ids[row])
        if detection not in own:
            own[detection] = {}
            if fresh[row]:
                first = int(founder[row])
                own[detection][signatures[first]] = first
                best[detection] = int(batch.rank[first])
            else:
                best[detection] = max(rank for _, rank in stored[detection].values())
        signature = signatures[row]
        if signature in stored.get(detection, {}):
            sightings.append((row, stored[detection][signature][0], -1))
        elif signature in own[detection]:
            sightings.append((row, None, own[detection][signature]))
        else:
            own[detection][signature] = row
            added.append(row)
            replaced += int(batch.rank[row]) != best[detection]
            best[detection] = max(best[detection], int(batch.rank[row]))
    return sorted(observations + added), sightings, replaced


def _equal_rows(batch: Batch, other: Ints, wanted: Mask) -> Mask:
    """Return which of the wanted rows carry the same attributes as the row `other` names, unknown equal to unknown."""
    rows = np.flatnonzero(wanted)
    same = np.ones(len(rows), dtype=bool)
    for word in batch.words.values():
        same &= (word[rows] == word[other[rows]]).astype(bool)
    for number in batch.numbers.values():
        a, b = number[rows], number[other[rows]]
        same &= (a == b) | (np.isnan(a) & np.isnan(b))
    found = np.zeros(len(wanted), dtype=bool)
    found[rows] = same
    return found


def _stored_signatures(reader: Reader, detections: Ints) -> dict[int, dict[tuple[Any, ...], tuple[int, int]]]:
    """Return the known observations of some detections: signature to (id, rank)."""
    table = Observation.__table__
    found: dict[int, dict[tuple[Any, ...], tuple[int, int]]] = {}
    columns = [table.c.detection_id, table.c.id, table.c.rank, *(table.c[name] for name in SIGNATURE)]
    for part in _chunks(detections, 20_000):
        query = sa.select(*columns).where(table.c.detection_id.in_(sa.bindparam("ids", expanding=True)))
        for detection, key, rank, *values in reader.connection.execute(query, {"ids": part.tolist()}):
            numbers = (None if v is None else float(v) for v in values[len(WORDS) :])
            found.setdefault(detection, {})[(*values[: len(WORDS)], *numbers)] = (key, rank)
    return found


def _insert_observations(
    writer: Writer, file_id: int, batch: Batch, detection_ids: Ints, rows: list[int]
) -> tuple[int, Ints]:
    """Insert observations; return the first id and the rows, whose ids follow in order."""
    start = writer.allocate(Observation, len(rows))
    picked = np.array(rows, dtype=np.int64)
    for part in _chunks(np.arange(len(rows))):
        at = picked[part]
        writer.bulk(
            Observation,
            {
                "id": start + part,
                "rev": writer.revision,
                "detection_id": detection_ids[at],
                "file_id": file_id,
                "line": batch.line[at],
                "rank": batch.rank[at],
                "confidence_class": batch.confidence_class[at],
                **{name: batch.words[name][at] for name in WORDS},
                **{name: batch.numbers[name][at] for name in NUMBERS if name != "fire_type"},
                "fire_type": [None if x != x else int(x) for x in batch.numbers["fire_type"][at].tolist()],  # noqa: PLR0124
            },
        )
    return start, picked


def _insert_sightings(
    writer: Writer,
    file_id: int,
    batch: Batch,
    sightings: list[tuple[int, int | None, int]],
    added: tuple[int, Ints],
) -> None:
    if not sightings:
        return
    rows, keys, own = (
        np.array(part) for part in zip(*((r, k or 0, o) for r, k, o in sightings), strict=True)
    )
    first, picked = added
    own_ids = first + np.searchsorted(picked, own) if len(picked) else np.zeros(len(own), dtype=np.int64)
    start = writer.allocate(Sighting, len(sightings))
    writer.bulk(
        Sighting,
        {
            "id": np.arange(start, start + len(sightings)),
            "rev": writer.revision,
            "observation_id": np.where(keys > 0, keys, own_ids),
            "file_id": file_id,
            "line": batch.line[rows],
        },
    )


def _chunks(rows: Ints, size: int = CHUNK) -> Iterator[Ints]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _coded(column: pa.ChunkedArray) -> tuple[tuple[str, ...], Ints]:
    """Return the sorted names of a word column and the index of each row's."""
    whole = one_array(column)
    names = whole.dictionary.to_pylist()
    rank = {name: place for place, name in enumerate(sorted(names))}
    codes, _ = values_of(whole.indices)
    return tuple(sorted(names)), np.array([rank[name] for name in names], dtype=np.int64)[codes]


def _texts(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return a word or text column as an object array; null is None."""
    whole = one_array(column)
    if not pa.types.is_dictionary(whole.type):
        if whole.null_count == len(whole):
            return np.full(len(whole), None, dtype=object)
        return np.array([*whole.to_pylist(), None], dtype=object)[:-1]
    names: npt.NDArray[Any] = np.array([*whole.dictionary.to_pylist(), None], dtype=object)
    codes, missing = values_of(whole.indices)
    found: npt.NDArray[Any] = names[codes if missing is None else np.where(missing, len(names) - 1, codes)]
    return found


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return a column without nulls in its own type."""
    return values_of(one_array(column))[0]


def _floats(column: pa.ChunkedArray) -> Floats:
    """Return a numeric column as doubles; null is NaN."""
    found, missing = values_of(one_array(column))
    values = found.astype(np.float64)
    if missing is not None:
        values[missing] = np.nan
    return values
