"""Fire point states: assembled from what was computed, compared with what is stored, written where they differ."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from gis.times import day_of, instant_of
from gis.types import Confidence, Screen
from service.pipeline.attribute import Names, Place, units_of
from service.pipeline.identity import Naming
from service.pipeline.layers_store import Layers, Stack
from service.pipeline.live import LiveDetections, Versions
from service.pipeline.plans_match import require_whole_fire
from service.pipeline.rulings import Rulings, apply_rulings
from service.pipeline.screens import Verdict, screen_clusters
from service.store.engine import Reader, Writer
from service.store.models import (
    AssessedDay,
    DetectionState,
    FirePoint,
    FirePointAlias,
    FirePointState,
    LayerStack,
)

_CONFIDENCE_ORDER = {Confidence.LOW: 0, Confidence.NOMINAL: 1, Confidence.HIGH: 2, Confidence.UNKNOWN: 3}

PLACE_COLUMNS = (
    "city_unit_id",
    "county_unit_id",
    "township_unit_id",
    "grid_unit_id",
    "city_code",
    "city",
    "county_code",
    "county",
    "township_code",
    "township",
    "grid_code",
    "grid",
    "zone_code",
    "zone",
    "regime",
    "regime_zh",
    "regime_en",
    "boundary_case",
    "neighbours",
    "county_share",
    "border_distance_m",
)

STATE_COLUMNS = tuple(
    column.name
    for column in FirePointState.__table__.columns
    if column.name not in ("id", "rev_from", "rev_to", "geom")
)


Membership = tuple[str, dt.date, int | None, int | None]
"""Fire point, fire day, county unit and township unit of one detection."""


@dataclass(frozen=True, slots=True)
class Computed:
    """Clusters and places of some fire days: rows index the live detections."""

    live: LiveDetections
    day: Any
    version: Any
    labels: Any
    members: list[Any]
    chosen: Any
    places: list[Place]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the store should hold for the days: states by id, memberships, naming, layer stacks by hash."""

    days: tuple[dt.date, ...]
    states: dict[str, dict[str, Any]]
    memberships: dict[int, Membership]
    naming: Naming
    stacks: dict[str, dict[str, Any]]

    @classmethod
    def empty(cls) -> Outcome:
        """Return an outcome that says nothing."""
        return cls((), {}, {}, Naming((), (), ()), {})


@dataclass(frozen=True, slots=True)
class Written:
    """How many state rows began and ended, and how many ids merged or were withdrawn."""

    begun: int
    ended: int
    merged: int
    withdrawn: int


def assemble(
    computed: Computed,
    versions: Versions,
    layers: Layers,
    naming: Naming,
    rulings: Rulings,
    names: Names,
    days: tuple[dt.date, ...],
) -> Outcome:
    """Return the states of the computed clusters, rulings applied."""
    states: dict[str, dict[str, Any]] = {}
    stacks: dict[str, dict[str, Any]] = {}
    owner = {
        detection: fire_point_id
        for number, fire_point_id in enumerate(naming.ids)
        for detection in computed.live.ids[computed.members[number]].tolist()
    }
    memberships = _memberships(computed, layers, names, owner)
    rulings = rulings.after((old, new) for old, new, _ in naming.ended)
    verdicts = _verdicts(computed, layers)
    for number, fire_point_id in enumerate(naming.ids):
        rows = computed.members[number]
        date = day_of(int(computed.day[rows[0]]))
        stack = layers.on(date)
        stacks[stack.hash] = stack.record
        state = _state(computed, number, rows, date, stack, versions)
        state["fire_point_id"] = fire_point_id
        require_whole_fire(state, stack.plans)
        verdicts[number].apply(state)
        if state["screen"] == Screen.OUTSIDE:
            _note_pixels_inside(state, [memberships[key] for key in computed.live.ids[rows].tolist()], names)
        apply_rulings(state, rulings.of(fire_point_id), names)
        states[fire_point_id] = state
    return Outcome(days, states, memberships, naming, stacks)


def _verdicts(computed: Computed, layers: Layers) -> dict[int, Verdict]:
    """Return what screening says of every cluster, those of one stack of layers in one call."""
    by_stack: dict[str, list[int]] = defaultdict(list)
    for number, rows in enumerate(computed.members):
        by_stack[layers.on(day_of(int(computed.day[rows[0]]))).hash].append(number)
    found: dict[int, Verdict] = {}
    for numbers in by_stack.values():
        stack = layers.on(day_of(int(computed.day[computed.members[numbers[0]][0]])))
        members = [computed.members[number] for number in numbers]
        chosen = [int(computed.chosen[number]) for number in numbers]
        found.update(
            zip(
                numbers,
                screen_clusters(stack.screens, computed.live, computed.day, members, chosen),
                strict=True,
            )
        )
    return found


def _note_pixels_inside(state: dict[str, Any], members: Sequence[Membership], names: Names) -> None:
    """Say which counties of ours hold pixels of a fire that began outside: a person decides whose it is."""
    inside = sorted({county for _, _, county, _ in members if county is not None})
    if inside:
        codes = [names.of(county, state["fire_day"])[0] for county in inside]
        state["reasons"] = [*state["reasons"], {"code": "pixels_inside", "counties": codes}]


def _state(
    computed: Computed, number: int, rows: Any, date: dt.date, stack: Stack, versions: Versions
) -> dict[str, Any]:
    live, chosen, place = computed.live, int(computed.chosen[number]), computed.places[number]
    version = int(computed.version[rows[0]])
    power = [value for value in live.frp[rows].tolist() if value == value]  # noqa: PLR0124 - NaN is unknown
    reasons = list(place.reasons)
    if place.outside is not None:
        reasons.insert(0, place.outside)
    state: dict[str, Any] = {
        "fire_day": date,
        "cut": versions.params[version]["cut"],
        "clustering": versions.names[version],
        "representative_id": int(live.ids[chosen]),
        "first_at": instant_of(int(live.minute[rows[0]])),  # members stand in the order of time
        "last_at": instant_of(int(live.minute[rows[-1]])),
        "lon": float(live.lon[chosen]),
        "lat": float(live.lat[chosen]),
        "pixels": len(rows),
        "satellites": sorted(set(live.satellite[rows].tolist())),
        "sources": sorted(set(live.source_kind[rows].tolist())),
        "frp_mw": round(math.fsum(power), 2) if power else None,
        "confidence": min(live.confidence[rows].tolist(), key=lambda c: _CONFIDENCE_ORDER[Confidence(c)]),
        "cropland_share": None,
        "screen": str(Screen.OUTSIDE if place.outside is not None else place.screen or Screen.COUNTED),
        "reasons": reasons,
        "layer_stack": stack.hash,
        "informal": stack.informal or place.informal,
        "ruling_ids": [],
    }
    state.update((column, getattr(place, column)) for column in PLACE_COLUMNS)
    return state


def _memberships(
    computed: Computed, layers: Layers, names: Names, owner: Mapping[int, str]
) -> dict[int, Membership]:
    """Return for every detection its fire point, fire day, county and township."""
    live = computed.live
    by_stack: dict[str, list[int]] = defaultdict(list)
    for row, number in enumerate(computed.day.tolist()):
        by_stack[layers.on(day_of(number)).hash].append(row)
    found: dict[int, Membership] = {}
    for rows in by_stack.values():
        stack = layers.on(day_of(int(computed.day[rows[0]])))
        picked = np.array(rows)
        dates = [day_of(number) for number in computed.day[picked].tolist()]
        counties, townships = units_of(stack, names, live.lon[picked], live.lat[picked], dates)
        for row, county, township in zip(rows, counties, townships, strict=True):
            detection = int(live.ids[row])
            found[detection] = (owner[detection], day_of(int(computed.day[row])), county, township)
    return found


# --- writing -------------------------------------------------------------------------------------------------------


def write(writer: Writer, outcome: Outcome, fingerprints: Mapping[dt.date, str]) -> Written:
    """Write the differences between an outcome and the store, under the writer's revision."""
    _register_ids(writer, outcome.naming)
    stack_ids = _register_stacks(writer, outcome.stacks)
    for state in outcome.states.values():
        state["layer_stack_id"] = stack_ids[state.pop("layer_stack")]
    begun, ended = _write_states(writer, outcome)
    _write_memberships(writer, outcome)
    _write_days(writer, fingerprints)
    causes = Counter(cause for _, _, cause in outcome.naming.ended)
    return Written(begun, ended, causes["merged"], causes["withdrawn"])


def _register_ids(writer: Writer, naming: Naming) -> None:
    if naming.new:
        first = writer.allocate(FirePoint, len(naming.new))
        writer.bulk(
            FirePoint,
            {
                "id": list(range(first, first + len(naming.new))),
                "rev": writer.revision,
                "fire_point_id": [name for name, _ in naming.new],
                "founder_id": [founder for _, founder in naming.new],
            },
        )
    if naming.ended:
        first = writer.allocate(FirePointAlias, len(naming.ended))
        writer.bulk(
            FirePointAlias,
            {
                "id": list(range(first, first + len(naming.ended))),
                "rev": writer.revision,
                "old_id": [old for old, _, _ in naming.ended],
                "new_id": [new for _, new, _ in naming.ended],
                "cause": [cause for _, _, cause in naming.ended],
            },
        )


def _register_stacks(writer: Writer, stacks: Mapping[str, dict[str, Any]]) -> dict[str, int]:
    table = LayerStack.__table__
    known = {row.stack_hash: row.id for row in writer.rows(sa.select(table.c.stack_hash, table.c.id))}
    for stack_hash in sorted(stacks.keys() - known.keys()):
        known[stack_hash] = writer.insert(LayerStack, stack_hash=stack_hash, layers=stacks[stack_hash])
    return known


def _days_filter(column: Any, days: Sequence[dt.date]) -> sa.ColumnElement[bool]:
    """Restrict by days, or by their span where they are too many for one statement."""
    if len(days) <= 500:
        return column.in_(list(days))  # type: ignore[no-any-return]
    return column.between(days[0], days[-1])  # type: ignore[no-any-return]


def _write_states(writer: Writer, outcome: Outcome) -> tuple[int, int]:
    table = FirePointState.__table__
    rows = writer.rows(
        sa.select(table.c.id, *(table.c[name] for name in STATE_COLUMNS)).where(
            table.c.rev_to.is_(None), _days_filter(table.c.fire_day, outcome.days)
        )
    )
    wanted_days = set(outcome.days)
    stored = {row.fire_point_id: row for row in rows if row.fire_day in wanted_days}
    ended: list[int] = []
    fresh: list[dict[str, Any]] = []
    for fire_point_id, state in outcome.states.items():
        old = stored.get(fire_point_id)
        if old is None:
            fresh.append(state)
        elif any(getattr(old, name) != state[name] for name in STATE_COLUMNS):
            ended.append(old.id)
            fresh.append(state)
    ended.extend(row.id for name, row in stored.items() if name not in outcome.states)
    # An id may have come from another day (the cut moved): its old row ends too.
    ended.extend(_elsewhere(writer, outcome, fresh, stored))
    _end(writer, table, ended)
    if fresh:
        first = writer.allocate(FirePointState, len(fresh))
        writer.bulk(
            FirePointState,
            {
                "id": np.arange(first, first + len(fresh)),
                "rev_from": writer.revision,
                **{name: [state[name] for state in fresh] for name in STATE_COLUMNS},
                "geom": (np.array([s["lon"] for s in fresh]), np.array([s["lat"] for s in fresh])),
            },
        )
    return len(fresh), len(ended)


def _elsewhere(
    writer: Writer, outcome: Outcome, fresh: Sequence[Mapping[str, Any]], stored: Mapping[str, Any]
) -> list[int]:
    new = {name for name, _ in outcome.naming.new}
    moved = [
        s["fire_point_id"]
        for s in fresh
        if s["fire_point_id"] not in stored and s["fire_point_id"] not in new
    ]
    table = FirePointState.__table__
    found: list[int] = []
    for start in range(0, len(moved), 20_000):
        rows = writer.rows(
            sa.select(table.c.id).where(
                table.c.rev_to.is_(None), table.c.fire_point_id.in_(moved[start : start + 20_000])
            )
        )
        found.extend(row.id for row in rows)
    return found


def _write_memberships(writer: Writer, outcome: Outcome) -> None:
    table = DetectionState.__table__
    rows = writer.rows(
        sa.select(table).where(table.c.rev_to.is_(None), _days_filter(table.c.fire_day, outcome.days))
    )
    wanted_days = set(outcome.days)
    stored = {
        row.detection_id: (
            row.id,
            (row.fire_point_id, row.fire_day, row.county_unit_id, row.township_unit_id),
        )
        for row in rows
        if row.fire_day in wanted_days
    }
    ended = [key for detection, (key, old) in stored.items() if outcome.memberships.get(detection) != old]
    fresh = {
        detection: new
        for detection, new in outcome.memberships.items()
        if detection not in stored or stored[detection][1] != new
    }
    _end(writer, table, ended)
    if fresh:
        first = writer.allocate(DetectionState, len(fresh))
        points, days, counties, townships = zip(*fresh.values(), strict=True)
        writer.bulk(
            DetectionState,
            {
                "id": np.arange(first, first + len(fresh)),
                "rev_from": writer.revision,
                "detection_id": list(fresh),
                "fire_point_id": points,
                "fire_day": days,
                "county_unit_id": counties,
                "township_unit_id": townships,
            },
        )


def _write_days(writer: Writer, fingerprints: Mapping[dt.date, str]) -> None:
    table = AssessedDay.__table__
    days = sorted(fingerprints)
    rows = writer.rows(
        sa.select(table.c.id, table.c.fire_day).where(
            table.c.rev_to.is_(None), _days_filter(table.c.fire_day, days)
        )
    )
    _end(writer, table, [row.id for row in rows if row.fire_day in fingerprints])
    live = [day for day in days if fingerprints[day]]
    if live:
        first = writer.allocate(AssessedDay, len(live))
        writer.bulk(
            AssessedDay,
            {
                "id": list(range(first, first + len(live))),
                "rev_from": writer.revision,
                "fire_day": live,
                "fingerprint": [fingerprints[day] for day in live],
            },
        )


def _end(writer: Writer, table: Any, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), 20_000):
        part = list(ids[start : start + 20_000])
        writer.connection.execute(sa.update(table).where(table.c.id.in_(part)).values(rev_to=writer.revision))


def live_states(reader: Reader) -> list[Any]:
    """Return every live state at the reader's revision, in id order: what tests compare histories by."""
    table = FirePointState.__table__
    return list(
        reader.rows(sa.select(table).where(reader.live(FirePointState)).order_by(table.c.fire_point_id))
    )
