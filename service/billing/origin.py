"""Where a fire point comes from: the rows that said it, what they replaced, and why these pixels are one fire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gis.plane import distance_m
from gis.times import iso_beijing
from service.pipeline import identity
from service.pipeline.live import best_first
from service.store.engine import Reader
from service.store.models import (
    Clustering,
    Detection,
    DetectionState,
    FeedFile,
    FirePoint,
    FirePointAlias,
    FirePointState,
    Observation,
    Revision,
    Sighting,
    Supersession,
)

_PART = 10_000


def pixels_of(reader: Reader, state: Any) -> list[dict[str, Any]]:
    """Return the pixels that make a fire point, in order of time, each with the rows that reported it.

    Parameters
    ----------
    reader
        A read at which `state` was live.
    state
        A row of `FirePointState`.

    Returns
    -------
    list of dict
        ``satellite, seen_at, lon, lat, source_kind, representative, founder, metres_from_first, observations,
        superseded``; each observation with ``file, sha256, member, line, feed`` and what the row said, and
        ``decides`` for the one that speaks for the pixel.
    """
    members = [
        row.detection_id
        for row in reader.rows(
            sa.select(DetectionState.detection_id).where(
                DetectionState.fire_point_id == state.fire_point_id, reader.live(DetectionState)
            )
        )
    ]
    replaced = _replaced(reader, members)
    everything = sorted({*members, *replaced})
    detections = _detections(reader, everything)
    observations = _observations(reader, everything)
    founder = _founder(reader, state.fire_point_id)
    heir = founder
    while heir in replaced:
        heir = replaced[heir]
    older: dict[int, list[int]] = defaultdict(list)
    for old in sorted(replaced):
        end = old
        while end in replaced:
            end = replaced[end]
        older[end].append(old)
    order = sorted(members, key=lambda key: _canonical(detections[key]))
    if not order:
        return []
    first = detections[order[0]]
    return [
        {
            **_pixel(detections[key], observations[key]),
            "representative": key == state.representative_id,
            "founder": key == heir,
            "metres_from_first": round(
                float(distance_m(detections[key].lon, detections[key].lat, first.lon, first.lat)), 1
            ),
            "superseded": [
                {**_pixel(detections[old], observations[old]), "was_founder": old == founder}
                for old in sorted(older[key], key=lambda old: _canonical(detections[old]))
            ],
        }
        for key in order
    ]


def _canonical(row: Any) -> tuple[Any, ...]:
    return row.acq_at, row.satellite, row.lon, row.lat


def _pixel(row: Any, observations: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "satellite": row.satellite,
        "seen_at": iso_beijing(row.acq_at),
        "lon": row.lon,
        "lat": row.lat,
        "source_kind": row.source_kind,
        "observations": list(observations),
    }


def _replaced(reader: Reader, newer: Sequence[int]) -> dict[int, int]:
    """Return what the given detections replaced, step by step: older to newer."""
    table = Supersession.__table__
    found: dict[int, int] = {}
    front = list(newer)
    while front:
        rows = reader.rows(
            sa.select(table.c.older_id, table.c.newer_id).where(
                table.c.newer_id.in_(front[:_PART]), reader.live(Supersession)
            )
        )
        front = front[_PART:] + [row.older_id for row in rows if row.older_id not in found]
        found.update((row.older_id, row.newer_id) for row in rows)
    return found


def _detections(reader: Reader, ids: Sequence[int]) -> dict[int, Any]:
    table = Detection.__table__
    columns = [table.c[name] for name in ("id", "satellite", "acq_at", "lon", "lat", "source_kind")]
    found: dict[int, Any] = {}
    for start in range(0, len(ids), _PART):
        rows = reader.rows(sa.select(*columns).where(table.c.id.in_(ids[start : start + _PART])))
        found.update((row.id, row) for row in rows)
    return found


def _observations(reader: Reader, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the observations of each detection, the one that decides first."""
    table, file = Observation.__table__, FeedFile.__table__
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for start in range(0, len(ids), _PART):
        rows = reader.rows(
            sa.select(
                table,
                file.c.name.label("file"),
                file.c.sha256,
                file.c.member,
                file.c.feed,
                Revision.at.label("recorded_at"),
            )
            .join(file, file.c.id == table.c.file_id)
            .join(Revision, Revision.id == table.c.rev)
            .where(table.c.detection_id.in_(ids[start : start + _PART]), reader.known(Observation))
            .order_by(table.c.detection_id, *best_first(table), table.c.id)
        )
        again = _seen_again(reader, [row.id for row in rows])
        for row in rows:
            found[row.detection_id].append(
                {
                    "file": row.file,
                    "sha256": row.sha256,
                    "member": row.member,
                    "line": row.line,
                    "feed": row.feed,
                    "product": row.version,
                    "rank": row.rank,
                    "instrument": row.instrument,
                    "confidence": row.confidence_class,
                    "confidence_raw": row.confidence_raw,
                    "frp_mw": row.frp_mw,
                    "scan_km": row.scan_km,
                    "track_km": row.track_km,
                    "daynight": row.daynight,
                    "fire_type": row.fire_type,
                    "recorded_at": iso_beijing(row.recorded_at),
                    "revision": row.rev,
                    "decides": not found[row.detection_id],
                    "seen_again": again.get(row.id, []),
                }
            )
    return found


def _seen_again(reader: Reader, observations: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the other rows, of other files or the same, that said just the same."""
    table, file = Sighting.__table__, FeedFile.__table__
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for start in range(0, len(observations), _PART):
        rows = reader.rows(
            sa.select(
                table.c.observation_id,
                table.c.line,
                file.c.name.label("file"),
                file.c.sha256,
                file.c.member,
                file.c.feed,
            )
            .join(file, file.c.id == table.c.file_id)
            .where(
                table.c.observation_id.in_(observations[start : start + _PART]),
                reader.known(Sighting),
                file.c.rev <= reader.horizon,
            )
            .order_by(table.c.id)
        )
        for row in rows:
            told = {"file": row.file, "sha256": row.sha256, "member": row.member, "line": row.line}
            found[row.observation_id].append({**told, "feed": row.feed})
    return found


def _founder(reader: Reader, fire_point_id: str) -> int:
    table = FirePoint.__table__
    found: int = reader.connection.execute(
        sa.select(table.c.founder_id).where(table.c.fire_point_id == fire_point_id)
    ).scalar_one()
    return found


def clustering_of(reader: Reader, state: Any, pixels: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the clustering record that made the fire point, and how far its pixels lie apart."""
    table = Clustering.__table__
    row = reader.connection.execute(
        sa.select(table)
        .where(table.c.version == state.clustering, reader.known(Clustering))
        .order_by(table.c.rev.desc(), table.c.id.desc())
        .limit(1)
    ).first()
    widest = max(
        (
            float(distance_m(one["lon"], one["lat"], other["lon"], other["lat"]))
            for index, one in enumerate(pixels)
            for other in pixels[:index]
        ),
        default=0.0,
    )
    return {
        "version": state.clustering,
        "from": None if row is None else row.from_date.isoformat(),
        "params": {} if row is None else dict(row.params),
        "reason": None if row is None else row.reason,
        "pixels": len(pixels),
        "extent_m": round(widest, 1),
        "minutes": int((state.last_at - state.first_at).total_seconds() // 60),
    }


def ids_of(reader: Reader, live: str) -> tuple[str, ...]:
    """Return every id that stands for the fire point: its own, and those that merged into it."""
    resolved = identity.aliases(reader)
    return (live, *sorted(old for old, new in resolved.items() if new == live and old != live))


def history_of(reader: Reader, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return what became of the ids: merged, withdrawn, restored, with the revision that did it."""
    table = FirePointAlias.__table__
    rows = reader.rows(
        sa.select(table, Revision.at, Revision.command)
        .join(Revision, Revision.id == table.c.rev)
        .where(table.c.old_id.in_(list(ids)), reader.known(FirePointAlias))
        .order_by(table.c.id)
    )
    return [
        {
            "id": row.old_id,
            "became": row.new_id,
            "cause": row.cause,
            "at": iso_beijing(row.at),
            "revision": row.rev,
            "command": row.command,
        }
        for row in rows
    ]


_NOT_TOLD = frozenset(
    {"id", "rev_from", "rev_to", "geom", "layer_stack_id", "city_unit_id", "county_unit_id"}
    | {"township_unit_id", "grid_unit_id", "representative_id", "regime_zh", "regime_en", "ruling_ids"}
)


def changes_of(reader: Reader, fire_point_id: str) -> list[dict[str, Any]]:
    """Return when the fire point was assessed anew and which of its fields changed, oldest first."""
    table = FirePointState.__table__
    rows = reader.rows(
        sa.select(table, Revision.at, Revision.command)
        .join(Revision, Revision.id == table.c.rev_from)
        .where(table.c.fire_point_id == fire_point_id, table.c.rev_from <= reader.rev)
        .order_by(table.c.rev_from, table.c.id)
    )
    told = [name for name in table.c.keys() if name not in _NOT_TOLD]  # noqa: SIM118 - a column collection
    found: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        before = rows[index - 1] if index else None
        fields = [name for name in told if before is not None and getattr(before, name) != getattr(row, name)]
        if before is None or fields:
            found.append(
                {
                    "at": iso_beijing(row.at),
                    "revision": row.rev_from,
                    "command": row.command,
                    "changed": fields,
                }
            )
    return found
