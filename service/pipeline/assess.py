"""Detections to fire points to units: incremental, with the same result as from scratch.

Each fire day has a fingerprint of everything its assessment depends on (live detections, layers in force, register,
clustering record, rulings). A day whose fingerprint has not changed is left alone; a changed day is computed anew from
nothing, compared with what is stored, and only the differences are written under a new revision.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from gis.cluster import ClusterParams, cluster, representative
from gis.errors import RefusedInputError
from gis.footprint import Pixels, extents_km
from gis.times import DAY_MINUTES, cut_minutes, day_number, day_of, fire_day_bounds, minutes_of
from service.pipeline import identity, states
from service.pipeline.area import Area, current_area, no_area
from service.pipeline.attribute import Names, Place, Positions, attribute
from service.pipeline.collecting import collector_paused
from service.pipeline.layers_store import Layers
from service.pipeline.live import LiveDetections, Versions, candidates, clustering_versions, live_detections
from service.pipeline.register_store import load_register
from service.pipeline.rulings import Rulings, rulings_in_force
from service.store.engine import Reader, Store, Writer
from service.store.lease import lease
from service.store.models import AssessedDay, Supersession
from service.store.types import canonical_json

COMMAND = "assess"
METHOD = "union, doubt at every level, reports by kind, plans and their units by pixel"
"""What the footprint of a fire point is and what it is held against; days assessed by another are done again."""
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class AssessReport:
    """What an assessment did: days looked at and redone, fire points now live in them, rows begun and ended."""

    days: int
    redone: tuple[str, ...]
    fire_points: int
    pixels: int
    begun: int
    ended: int
    merged: int
    withdrawn: int
    informal: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the data of the answer."""
        return asdict(self)


def assess(
    store: Store,
    *,
    actor: str,
    start: dt.date | None = None,
    end: dt.date | None = None,
    progress: Callable[[str], None] | None = None,
) -> AssessReport:
    """Bring fire points up to date.

    Parameters
    ----------
    start, end
        Fire days to look at, both included; all when None.

    Raises
    ------
    RefusedInputError
        When no service area or no clustering record is loaded.
    BusyError
        When another assessment holds the lease.
    """
    with lease(store, COMMAND), collector_paused():
        for _ in range(_ATTEMPTS):
            with store.reader() as reader:
                found = plan(reader, start, end, progress=progress)
            if not found.redone:
                return found.report()
            with store.writer(actor, COMMAND, {"from": str(start), "to": str(end)}) as writer:
                if writer.rev == found.rev:
                    return found.report(found.write(writer))
        # Others keep writing: compute inside the lock, once.
        with store.writer(actor, COMMAND, {"from": str(start), "to": str(end)}) as writer:
            found = plan(writer, start, end, progress=progress)
            if not found.redone:
                return found.report()
            return found.report(found.write(writer))


@dataclass(frozen=True, slots=True)
class Plan:
    """A computed assessment, and the revision it was computed at."""

    rev: int
    days: int
    redone: tuple[dt.date, ...]
    fingerprints: dict[dt.date, str]
    outcome: states.Outcome

    def write(self, writer: Writer) -> states.Written:
        """Write the differences to what is stored; the writer must stand at the revision it was computed at."""
        return states.write(writer, self.outcome, self.fingerprints)

    def report(self, written: states.Written | None = None) -> AssessReport:
        """Return what an assessment says of itself."""
        written = written or states.Written(0, 0, 0, 0)
        return AssessReport(
            self.days,
            tuple(day.isoformat() for day in self.redone),
            len(self.outcome.states),
            sum(state["pixels"] for state in self.outcome.states.values()),
            written.begun,
            written.ended,
            written.merged,
            written.withdrawn,
            any(state["informal"] for state in self.outcome.states.values()),
        )


def plan(
    reader: Reader,
    start: dt.date | None,
    end: dt.date | None,
    *,
    progress: Callable[[str], None] | None = None,
    versions: Versions | None = None,
    layers: Layers | None = None,
) -> Plan:
    """Compute the assessment of some fire days and write nothing.

    Parameters
    ----------
    versions, layers
        Clustering records and layers to assess by in place of those in force: what if they were others.
    """
    area = current_area(reader)
    if area is None:
        raise no_area()
    versions = versions or clustering_versions(reader)
    if not versions.names:
        raise RefusedInputError(
            "no_clustering",
            "没有聚类参数记录：请先运行 huodian init",
            "no clustering record is loaded: run `huodian init` first",
        )
    layers = layers or Layers(reader)
    rulings = rulings_in_force(reader)
    fingerprints = _fingerprints(reader, area, versions, layers, rulings, start, end)
    stored = _stored_fingerprints(reader, start, end)
    redone = tuple(
        sorted(day for day in fingerprints.keys() | stored.keys() if fingerprints.get(day) != stored.get(day))
    )
    if progress and redone:
        progress(f"{redone[0]} – {redone[-1]}: {len(redone)}")
    outcome = _compute(reader, area, versions, layers, rulings, redone) if redone else states.Outcome.empty()
    changed = {day: fingerprints.get(day, "") for day in redone}
    return Plan(reader.rev, len(fingerprints.keys() | stored.keys()), redone, changed, outcome)


def _fingerprints(
    reader: Reader,
    area: Area,
    versions: Versions,
    layers: Layers,
    rulings: Rulings,
    start: dt.date | None,
    end: dt.date | None,
) -> dict[dt.date, str]:
    """Return the fingerprint of every fire day that has live detections."""
    found = candidates(reader, area)
    if not len(found.minute):
        return {}
    day, version = versions.days(found.minute)
    order = np.argsort(day, kind="stable")
    starts = np.flatnonzero(np.diff(day[order], prepend=np.iinfo(np.int64).min))
    replaced = _replaced_by_day(reader, versions)
    register_rev = load_register(reader).revision
    prints: dict[dt.date, str] = {}
    for begin, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
        rows = order[begin:stop]
        number = int(day[rows[0]])
        date = day_of(number)
        if (start and date < start) or (end and date > end):
            continue
        parts = {
            "area": area.key,
            "detections": [len(rows), int(found.ids[rows].sum()), int(found.revision[rows].max())],
            "replaced": replaced.get(number, 0),
            "clustering": versions.names[int(version[rows[0]])],
            "params": versions.params[int(version[rows[0]])],
            "layers": layers.on(date).hash,
            "register": register_rev,
            "rulings": rulings.mark(date),
            "footprint": METHOD,
        }
        prints[date] = hashlib.sha256(canonical_json(parts).encode()).hexdigest()
    return prints


def _replaced_by_day(reader: Reader, versions: Versions) -> dict[int, int]:
    """Return the newest revision at which a supersession began or ended, by the fire day of the replaced pixel."""
    from service.pipeline.detections import minute_of
    from service.store.models import Detection

    rows = reader.rows(
        sa.select(minute_of(Detection.acq_at, reader), Supersession.rev_from, Supersession.rev_to).join(
            Detection, Detection.id == Supersession.older_id
        )
    )
    if not rows:
        return {}
    day, _ = versions.days(np.array([row[0] for row in rows], dtype=np.int64))
    newest: dict[int, int] = {}
    for number, row in zip(day.tolist(), rows, strict=True):
        newest[number] = max(newest.get(number, 0), row[1], row[2] or 0)
    return newest


def _stored_fingerprints(reader: Reader, start: dt.date | None, end: dt.date | None) -> dict[dt.date, str]:
    rows = reader.rows(
        sa.select(AssessedDay.fire_day, AssessedDay.fingerprint).where(AssessedDay.rev_to.is_(None))
    )
    return {
        row.fire_day: row.fingerprint
        for row in rows
        if not ((start and row.fire_day < start) or (end and row.fire_day > end))
    }


def _compute(
    reader: Reader, area: Area, versions: Versions, layers: Layers, rulings: Rulings, days: Sequence[dt.date]
) -> states.Outcome:
    """Compute the given fire days from nothing."""
    live = live_detections(reader, area, _spans(days, versions))
    day, version = versions.days(live.minute)
    wanted = np.isin(day, [day_number(one) for one in days])
    live, day, version = live.take(wanted), day[wanted], version[wanted]
    labels = _cluster(live, version, versions)
    count = int(labels.max()) + 1 if len(labels) else 0
    chosen = representative(live.minute, live.satellite.tolist(), live.lon, live.lat, live.frp, labels)
    members = _members(labels, count)
    founders = [_founding(live, rows[0]) for rows in members]
    naming = identity.name_clusters(
        [live.ids[rows].tolist() for rows in members],
        founders,
        [*identity.known_ids(reader, days), *identity.withdrawn_ids(reader)],
        identity.heirs_of(reader),
        identity.taken_ids(reader, founders),
    )
    stored_register = load_register(reader)
    names = Names(stored_register.register, stored_register.ids)
    places = _attribute(layers, names, live, chosen, members, day)
    return states.assemble(
        states.Computed(live, day, version, labels, members, chosen, places),
        versions,
        layers,
        naming,
        rulings,
        names,
        tuple(days),
    )


def _spans(days: Sequence[dt.date], versions: Versions) -> list[tuple[int, int]]:
    """Return stretches of minutes that cover the days under any cut, neighbouring days joined."""
    slack = max(cut_minutes(params["cut"]) for params in versions.params)
    spans: list[tuple[int, int]] = []
    for one in sorted(days):
        first = minutes_of(fire_day_bounds(one)[0]) - slack
        last = first + DAY_MINUTES + slack
        if spans and first <= spans[-1][1] + 30 * DAY_MINUTES:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _cluster(live: LiveDetections, version: Any, versions: Versions) -> Any:
    """Cluster per clustering record; numbers follow the canonical order of the founders."""
    labels = np.full(len(live.ids), -1, dtype=np.int64)
    base = 0
    for number in np.unique(version):
        rows = np.flatnonzero(version == number)
        params = ClusterParams.of(versions.params[int(number)])
        own = cluster(
            live.minute[rows], live.satellite[rows].tolist(), live.lon[rows], live.lat[rows], params
        )
        labels[rows] = own + base
        base += int(own.max()) + 1
    return labels


def _members(labels: Any, count: int) -> list[Any]:
    """Return the rows of each cluster in canonical order (the order of the live detections)."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.cumsum(np.bincount(labels, minlength=count))[:-1]) if count else []


def _founding(live: LiveDetections, row: int) -> identity.Founding:
    return identity.Founding(
        int(live.ids[row]),
        str(live.satellite[row]),
        int(live.minute[row]),
        float(live.lon[row]),
        float(live.lat[row]),
    )


def _attribute(
    layers: Layers, names: Names, live: LiveDetections, rows: Any, members: Sequence[Any], day: Any
) -> list[Place]:
    """Attribute fire points at their representatives `rows`, all that share their layers in one call."""
    scan, track = extents_km(live.scan_km, live.track_km, live.instrument.tolist(), live.source_kind.tolist())
    dates = [day_of(number) for number in day[rows].tolist()]
    by_stack: dict[str, list[int]] = defaultdict(list)
    for position, date in enumerate(dates):
        by_stack[layers.on(date).hash].append(position)
    places: list[Place] = [Place()] * len(rows)
    for positions in by_stack.values():
        at, of = rows[np.array(positions)], np.concatenate([members[position] for position in positions])
        point = np.repeat(np.arange(len(positions)), [len(members[position]) for position in positions])
        pixels = Pixels(live.lon[of], live.lat[of], scan[of] * 1000, track[of] * 1000, point)
        asked = Positions(
            live.lon[at], live.lat[at], live.minute[at], scan[at] * 1000, track[at] * 1000, pixels
        )
        own = [dates[position] for position in positions]
        for position, place in zip(positions, attribute(layers.on(own[0]), names, asked, own), strict=True):
            places[position] = place
    return places
