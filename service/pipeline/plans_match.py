"""Fire points within planned burns (计划烧除): who had leave to burn there, then, and since when the service knew.

A plan exempts where the overpass falls into its window and every pixel of the fire reaches its ground, or that of
another that exempts, its approval is dated before the overpass, and the service had it on record before the overpass.
What was recorded or approved later changes nothing by itself: it is stated and goes to a person, and so does a later
version that takes a plan back, and a fire that burnt beyond the ground or the window. Inside a special period no plan
exempts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
import sqlalchemy as sa

from boundaries.plans import PlannedBurn, PlanState
from gis.locate import Layer
from gis.times import instant_of, iso_utc
from gis.types import DataStatus, Screen
from service.store.engine import Reader
from service.store.models import PlannedBurn as PlanRow
from service.store.models import Revision
from service.store.types import canonical_json

if TYPE_CHECKING:
    from service.pipeline.attribute import Names, Place, Positions
    from service.pipeline.layers_store import SetLayer, Stack

PLANNED = "planned_burn"
EDGE = "plan_edge"
EXCEEDED = "plan_exceeded"
IN_PERIOD = "plan_in_special_period"
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Version:
    """A plan as one revision recorded it."""

    plan: PlannedBurn
    recorded_at: dt.datetime

    def covers(self, instant: dt.datetime) -> bool:
        """Whether it allowed burning at an instant, wherever its ground is; a cancelled plan allows nothing."""
        return self.plan.state is not PlanState.CANCELLED and self.plan.in_window(instant)

    def key(self) -> list[Any]:
        """Return what it says, as plain data: names of people are no part of it."""
        plan = self.plan
        ground = None if plan.geometry is None else hashlib.sha256(plan.geometry.wkb).hexdigest()
        approved = None if plan.approved_at is None else iso_utc(plan.approved_at)
        return [
            *(plan.code, plan.unit_code, iso_utc(plan.starts_at), iso_utc(plan.ends_at), approved),
            *(plan.state.value, plan.status.value, ground, self.recorded_at.isoformat()),
        ]


@dataclass(frozen=True)
class PlanLayer:
    """The plans of which some version touches a fire day, with every version, oldest first."""

    plans: tuple[tuple[Version, ...], ...] = field(default=(), repr=False)

    @cached_property
    def record(self) -> dict[str, Any]:
        """What an attribution states about the plans it asked."""
        keys = [version.key() for versions in self.plans for version in versions]
        statuses = sorted({version.plan.status.value for versions in self.plans for version in versions})
        digest = hashlib.sha256(canonical_json(keys).encode()).hexdigest()
        return {"plans": len(self.plans), "statuses": statuses, "hash": digest}

    @property
    def key(self) -> str:
        """Equal keys, equal plans; empty without any."""
        return self.record["hash"] if self.plans else ""

    @cached_property
    def ground(self) -> tuple[Layer, list[tuple[int, int]]]:
        """The polygons of all versions, and of each the number of its plan and of its version."""
        shaped = [
            (f"{number:06d}|{at:04d}", version.plan.geometry, (number, at))
            for number, versions in enumerate(self.plans)
            for at, version in enumerate(versions)
            if version.plan.geometry is not None
        ]
        layer = Layer([one[0] for one in shaped], [one[1] for one in shaped])
        return layer, [shaped[index][2] for index in layer.source_index]

    @cached_property
    def listed(self) -> tuple[tuple[int, int, str], ...]:
        """The versions whose ground is a unit: number of plan, of version, and the unit's code."""
        return tuple(
            (number, at, version.plan.unit_code)
            for number, versions in enumerate(self.plans)
            for at, version in enumerate(versions)
            if version.plan.geometry is None and version.plan.unit_code is not None
        )


class PlanBook:
    """Every version of every plan known at a reader's revision, by the fire days it touches."""

    def __init__(self, reader: Reader) -> None:
        table, revision = PlanRow.__table__, Revision.__table__
        rows = reader.rows(
            sa.select(table, revision.c.at.label("recorded_at"))
            .join(revision, revision.c.id == table.c.rev)
            .where(reader.known(PlanRow))
            .order_by(table.c.rev, table.c.id)
        )
        self._plans: dict[str, list[Version]] = defaultdict(list)
        self._days: dict[dt.date, set[str]] = defaultdict(set)
        for row in rows:
            version = Version(plan_of(row), row.recorded_at)
            self._plans[row.code].append(version)
            first, last = version.plan.days
            day = first
            while day <= last + _DAY:  # with a cut in the evening the window reaches into the next fire day
                self._days[day].add(row.code)
                day += _DAY

    def on(self, day: dt.date) -> PlanLayer:
        """Return the plans that touch a fire day under any cut."""
        codes = sorted(self._days.get(day, ()))
        return PlanLayer(tuple(tuple(self._plans[code]) for code in codes))


def plan_of(row: Any) -> PlannedBurn:
    """Return the plan that a stored row records."""
    return PlannedBurn(
        code=row.code,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        person=row.person,
        approver=row.approver,
        state=PlanState(row.state),
        unit_code=row.unit_code,
        geometry=row.geom,
        area_mu=row.area_mu,
        approved_at=row.approved_at,
        status=DataStatus(row.status),
        source=row.source,
    )


def match_plans(
    stack: Stack, names: Names, at: Positions, days: Sequence[dt.date], places: Sequence[Place]
) -> None:
    """State on each place the plans it lies in: the reason, the screening where one exempts, the doubt where not.

    Parameters
    ----------
    stack
        The layers of the fire days, plans included.
    at, days
        Positions and their fire days, as for `service.pipeline.attribute.attribute`.
    places
        Changed in place; the unit, the zone and the special period stand already.
    """
    plans = stack.plans
    if not plans.plans:
        return
    inside = _inside(plans, stack, names, at, days, places)
    drawn = _drawn_reach(plans, at)
    listed = _listed_reach(plans, stack, names, at, days, inside)
    beside: dict[tuple[int, int], set[int]] = defaultdict(set)
    reach: dict[int, dict[tuple[int, int], set[int]]] = defaultdict(dict)
    for row, number, version in drawn:
        beside[row, number].add(version)
    for (row, number, version), pixels in (*drawn.items(), *listed.items()):
        reach[row][number, version] = pixels
    count = np.bincount(at.footprints().point)
    for key in sorted(inside.keys() | beside.keys()):
        row, number = key
        if places[row].outside is None:
            within = inside.get(key, frozenset())
            instant = instant_of(int(at.minute[row]))
            allowed = _allowed(plans, reach[row], instant) >= count[row]
            near = frozenset(beside.get(key, ())) - within
            _judge(places[row], plans.plans[number], within, near, instant, whole=allowed)


def _allowed(plans: PlanLayer, reach: Mapping[tuple[int, int], set[int]], instant: dt.datetime) -> int:
    """Return how many pixels of a fire reach the ground of some plan that exempts: parcels lie beside one another."""
    found: set[int] = set()
    for (number, version), pixels in reach.items():
        versions = plans.plans[number]
        one = versions[version]
        if version == _known(versions, instant) and one.covers(instant) and one.plan.approved_before(instant):
            found |= pixels
    return len(found)


def _known(versions: Sequence[Version], instant: dt.datetime) -> int | None:
    """Return the number of the version on record before an instant, None without one."""
    return max((n for n, one in enumerate(versions) if one.recorded_at < instant), default=None)


def _inside(
    plans: PlanLayer,
    stack: Stack,
    names: Names,
    at: Positions,
    days: Sequence[dt.date],
    places: Sequence[Place],
) -> dict[tuple[int, int], frozenset[int]]:
    """Return the versions whose ground holds each position, by (position, plan)."""
    found: dict[tuple[int, int], set[int]] = defaultdict(set)
    layer, entries = plans.ground
    for row, polygon in zip(*(part.tolist() for part in layer.hits(at.lon, at.lat)), strict=True):
        number, version = entries[polygon]
        found[row, number].add(version)
    if plans.listed:
        parents = {code: parent for one in stack.grid.values() for code, parent in one.parents.items()}
        by_code = {day: _listed_on(plans, names, day) for day in set(days)}
        for row, place in enumerate(places):
            listed = by_code[days[row]]
            for code in _codes(parents, names, place, days[row]) & listed.keys():
                for number, version in listed[code]:
                    found[row, number].add(version)
    return {key: frozenset(versions) for key, versions in found.items()}


_Reach = dict[tuple[int, int, int], set[int]]
"""Numbers of the pixels that touch a ground, by (position, plan, version)."""


def _drawn_reach(plans: PlanLayer, at: Positions) -> _Reach:
    """Return the pixels that touch each drawn version."""
    layer, entries = plans.ground
    found: _Reach = defaultdict(set)
    if not len(layer):
        return found
    pixels = at.footprints()
    pixel, polygon = layer.touched(shapely.box(*pixels.boxes().T))
    for one, ground in zip(pixel.tolist(), polygon.tolist(), strict=True):
        found[int(pixels.point[one]), *entries[ground]].add(one)
    return found


def _listed_reach(
    plans: PlanLayer,
    stack: Stack,
    names: Names,
    at: Positions,
    days: Sequence[dt.date],
    inside: Mapping[tuple[int, int], frozenset[int]],
) -> _Reach:
    """Return the pixels that touch the unit of each listed version; all of them where the unit has no polygon.

    Asked are the fires that some plan holds: no other is exempted.
    """
    found: _Reach = defaultdict(set)
    if not plans.listed:
        return found
    pixels, layers = at.footprints(), [*stack.boundaries.values(), *stack.grid.values()]
    rows = np.unique([row for row, _ in inside]).astype(np.int64)
    own = np.flatnonzero(np.isin(pixels.point, rows))
    polygon_of = _polygons(layers, names)
    by_polygon: dict[dt.date, dict[tuple[int, int], list[tuple[int, int]]]] = {}
    bare: dict[dt.date, set[tuple[int, int]]] = {}
    for day in {days[row] for row in rows.tolist()}:
        by_polygon[day], bare[day] = defaultdict(list), set()
        for number, version, code in plans.listed:
            polygon = polygon_of(code, day)
            if polygon is None:
                bare[day].add((number, version))
            else:
                by_polygon[day][polygon].append((number, version))
    for which in {which for asked in by_polygon.values() for which, _ in asked}:
        pixel, unit = layers[which].layer.touched(shapely.box(*pixels.boxes(own).T))
        for one, ground in zip(own[pixel].tolist(), unit.tolist(), strict=True):
            row = int(pixels.point[one])
            for number, version in by_polygon[days[row]].get((which, ground), ()):
                found[row, number, version].add(one)
    ends = np.cumsum(np.bincount(pixels.point)).tolist()
    for (row, number), versions in inside.items():
        whole = range(ends[row - 1] if row else 0, ends[row])
        for version in versions:
            if (number, version) in bare[days[row]] or len(whole) == 1:
                found[row, number, version].update(whole)
    return found


def _polygons(layers: Sequence[SetLayer], names: Names) -> Callable[[str, dt.date], tuple[int, int] | None]:
    """Return a function that finds layer and polygon of the unit with a code on a day, boundaries before the grid."""
    by_code: dict[str, tuple[int, int]] = {}
    by_unit: dict[tuple[int, str], tuple[int, int]] = {}
    for which, layer in enumerate(layers):
        for index, code in enumerate(layer.layer.codes):
            by_code.setdefault(code, (which, index))
            unit_id = layer.unit_ids[code]
            if unit_id is not None:
                by_unit.setdefault((unit_id, layer.level), (which, index))

    def polygon_of(code: str, day: dt.date) -> tuple[int, int] | None:
        unit = names.find(code, day)
        if unit is not None and (unit[0], str(unit[1])) in by_unit:
            return by_unit[unit[0], str(unit[1])]
        return by_code.get(code) or by_code.get(_current(names, code, day) or code)

    return polygon_of


def _codes(parents: Mapping[str, str | None], names: Names, place: Place, day: dt.date) -> set[str]:
    """Return every code of the ground a place lies on: its units and those above, its cell and the cells above."""
    codes = {code for code in (place.grid_code, place.township_code, place.county_code) if code}
    for unit_id in (place.grid_unit_id, place.township_unit_id, place.county_unit_id):
        if unit_id is not None:
            codes.update(names.chain_codes(unit_id, day))
    cell = place.grid_code
    while cell is not None and (cell := parents.get(cell)) is not None and cell not in codes:
        codes.add(cell)
    return codes


def _listed_on(plans: PlanLayer, names: Names, day: dt.date) -> dict[str, list[tuple[int, int]]]:
    """Return the versions whose ground is a unit by its code, as written and as it is on a day."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, version, code in plans.listed:
        found[code].append((number, version))
        now = _current(names, code, day)
        if now is not None and now != code:
            found[now].append((number, version))
    return found


def _current(names: Names, code: str, day: dt.date) -> str | None:
    """Return the code that a unit has on a day, for a plan that names it by another: 220381 for 220184."""
    found = names.find(code, day)
    return None if found is None else names.of(found[0], day)[0]


def _judge(
    place: Place,
    versions: Sequence[Version],
    within: frozenset[int],
    near: frozenset[int],
    instant: dt.datetime,
    *,
    whole: bool,
) -> None:
    """State what one plan means for one place: a fire of which a pixel lies wholly off all such ground exceeds it."""
    newest = len(versions) - 1
    known = _known(versions, instant)
    holds = {n for n in within if versions[n].covers(instant)}
    code = versions[newest].plan.code
    if place.period is not None:
        if holds & {known, newest}:
            place.reasons.append({"code": IN_PERIOD, "plan": code, "period": place.period})
        return
    if known in holds and known is not None and versions[known].plan.approved_before(instant):
        if not whole:
            place.reasons.append({"code": EXCEEDED, "plan": code})
        else:
            _exempt(place, versions[known], code)
        if newest not in holds:
            place.reasons.append({"code": PLANNED, "plan": code, "recorded_later": True})
    elif newest in holds:
        place.reasons.append({"code": PLANNED, "plan": code, "recorded_later": True})
    elif newest in near and versions[newest].covers(instant):
        place.reasons.append({"code": EDGE, "plan": code})


def _exempt(place: Place, version: Version, code: str) -> None:
    restricted = place.regime == "two_zone" and place.zone_kind == "restricted"
    place.reasons.append({"code": PLANNED, "plan": code, "recorded_later": False})
    place.screen = str(Screen.RESTRICTED_WITHIN_PLAN if restricted else Screen.PLANNED_BURN)
    place.informal = place.informal or version.plan.status.informal


def require_whole_fire(state: dict[str, Any], plans: PlanLayer) -> None:
    """Take back the exemption of a fire that was seen outside the plan's window too: a person decides about it.

    Its time runs from its first pixel to its last; its ground was asked of every pixel before (`match_plans`).
    """
    exempting = [one for one in state["reasons"] if one.get("code") == PLANNED and not one["recorded_later"]]
    if not exempting:
        return
    first, last = state["first_at"], state["last_at"]
    of_code = {versions[0].plan.code: versions for versions in plans.plans}
    if any(_whole(of_code[one["plan"]], first, last) for one in exempting):
        return
    kept = [one for one in state["reasons"] if one not in exempting]
    state["reasons"] = [*kept, *({"code": EXCEEDED, "plan": one["plan"]} for one in exempting)]
    state["screen"] = str(Screen.COUNTED)


def _whole(versions: Sequence[Version], first: dt.datetime, last: dt.datetime) -> bool:
    known = [one for one in versions if one.recorded_at < first]
    return (
        bool(known)
        and known[-1].covers(first)
        and known[-1].covers(last)
        and (known[-1].plan.approved_before(first))
    )


def later_plans(reasons: Iterable[dict[str, Any]]) -> list[str]:
    """Return the plans among a fire point's reasons that were recorded or approved after its overpass."""
    return [one["plan"] for one in reasons if one.get("code") == PLANNED and one.get("recorded_later")]
