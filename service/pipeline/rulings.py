"""Rulings: a person's decision on unit, zone, screening or duplicate (DESIGN section 3, "Verification").

A ruling is a fact tied to a fire point id; it supersedes, never overwrites, and survives every recomputation: the
assessment applies it after everything it computed. After a merge it belongs to the id that lives; of several of one
kind the newest decides. Rulings about money alone (the order of a tie, an exemption, a special payer, two fires that
are not the same) change no assessed state: adjudication reads them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from gis.errors import UsageError
from gis.types import Level, Screen
from service.pipeline import identity
from service.pipeline.attribute import Names
from service.pipeline.ruling_checks import NO_ZONE, NONE, PAIRS, Checks
from service.scope import Scope
from service.store.engine import Reader, Store, Writer
from service.store.models import FirePointState, Ruling
from service.users import require_ruling
from service.wording import LEAST_WORDS, MOST_WORDS, require_shown

STATE_KINDS = ("unit", "zone", "screen", "duplicate")
"""Kinds that the assessment applies to a state."""

MONEY_KINDS = ("order", "exempt", "payer", "distinct")
"""Kinds that only adjudication reads: rank among candidates of one minute, reason code, code of a special payer, the
fire point that this one is not."""

KINDS = (*STATE_KINDS, *MONEY_KINDS)
APPLIED_KINDS = (*STATE_KINDS, "distinct")
"""Kinds after which a day is assessed again: "is not A" lifts "repeats A"."""

COMMAND = "rule"
_TAKEN_BACK = ("exempt", "payer")


@dataclass(frozen=True, slots=True)
class Rulings:
    """Rulings known, oldest first, and the live fire points they belong to.

    Attributes
    ----------
    steps
        Every ended id with the id that took its place, as `identity.alias_steps` tells.
    """

    rows: Sequence[Any] = ()
    steps: Mapping[str, str | None] = field(default_factory=dict)
    by_point: Mapping[str, list[Any]] = field(default_factory=dict)
    by_day: Mapping[dt.date, list[int]] = field(default_factory=dict)

    def after(self, ended: Iterable[tuple[str, str | None]]) -> Rulings:
        """Return the rulings once more ids have ended: those of a merged id go to the id that lives."""
        if not self.rows:
            return self
        steps = identity.extended(self.steps, ended)
        return Rulings(self.rows, steps, _by_point(self.rows, steps), self.by_day)

    def of(self, fire_point_id: str) -> Sequence[Any]:
        """Return the newest ruling of each kind for a fire point; `distinct` stands once for each other point.

        Of "repeats A" and "is not A" the later one stands; an exemption or a payer ruled to be ``none`` is none.
        """
        newest: dict[tuple[str, str], Any] = {}
        for row in self.by_point.get(fire_point_id, ()):
            other = self._live(row.value) if row.kind in PAIRS else ""
            if row.kind == "distinct":
                repeated = newest.get(("duplicate", ""))
                if repeated is not None and self._live(repeated.value) == other:
                    del newest["duplicate", ""]
            elif row.kind == "duplicate":
                newest.pop(("distinct", other), None)
                other = ""
            newest[row.kind, other] = row
        standing = (row for row in newest.values() if row.kind not in _TAKEN_BACK or row.value != NONE)
        return sorted(standing, key=lambda row: row.id)

    def _live(self, name: str) -> str:
        """Return what an id resolves to, the id itself when nothing is left of it."""
        end, hops = name, 0
        while hops < identity.MAX_HOPS * 1024 and (following := self.steps.get(end)) is not None:
            end, hops = following, hops + 1
        return end

    def mark(self, day: dt.date) -> list[int]:
        """Return what changes when a ruling on a point of this day is added."""
        return self.by_day.get(day, [])


def rulings_in_force(reader: Reader) -> Rulings:
    """Return the rulings known at the reader's revision, moved to the ids that live."""
    rows = reader.rows(sa.select(Ruling.__table__).where(reader.known(Ruling)).order_by(Ruling.id))
    if not rows:
        return Rulings()
    steps = identity.alias_steps(reader)
    resolved = identity.followed(steps)
    state = FirePointState.__table__
    named = sorted({row.fire_point_id for row in rows} | {v for v in resolved.values() if v})
    days: dict[str, set[dt.date]] = defaultdict(set)
    for start in range(0, len(named), 20_000):
        for row in reader.rows(
            sa.select(state.c.fire_point_id, state.c.fire_day)
            .where(state.c.fire_point_id.in_(named[start : start + 20_000]))
            .distinct()
        ):
            days[row.fire_point_id].add(row.fire_day)
    by_day: dict[dt.date, list[int]] = defaultdict(list)
    repeating = {
        resolved.get(row.fire_point_id, row.fire_point_id) for row in rows if row.kind == "duplicate"
    }
    for row in rows:
        live = resolved.get(row.fire_point_id, row.fire_point_id)
        if row.kind not in APPLIED_KINDS or (row.kind == "distinct" and live not in repeating):
            continue
        for day in days.get(row.fire_point_id, set()) | days.get(live or "", set()):
            by_day[day].append(row.id)
    return Rulings(rows, steps, _by_point(rows, steps), by_day)


def _by_point(rows: Sequence[Any], steps: Mapping[str, str | None]) -> dict[str, list[Any]]:
    resolved = identity.followed(steps)
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        live = resolved.get(row.fire_point_id, row.fire_point_id)
        # A fire point that has merged with the one it named is that one now: it neither repeats it nor differs.
        if live is not None and not (row.kind in PAIRS and resolved.get(row.value, row.value) == live):
            found[live].append(row)
    return found


def apply_rulings(state: dict[str, Any], rulings: Sequence[Any], names: Names) -> None:
    """Change a computed state by the rulings on it; those about money alone leave no mark on it."""
    for row in rulings:
        if row.kind not in STATE_KINDS:
            continue
        state["ruling_ids"] = [*state["ruling_ids"], row.id]
        if row.kind == "unit":
            _move(state, row, names)
        elif row.kind == "zone" and row.value == NO_ZONE:
            state["zone_code"] = state["zone"] = None
        elif row.kind == "zone":
            state["zone_code"], _, label = row.value.partition("|")
            state["zone"] = label or state["zone_code"]
        elif row.kind == "screen":
            state["screen"] = row.value
        elif row.kind == "duplicate":
            state["screen"] = str(Screen.DUPLICATE)
            state["reasons"] = [*state["reasons"], {"code": "duplicate", "of": row.value, "ruling": row.id}]


def _move(state: dict[str, Any], row: Any, names: Names) -> None:
    """Give the fire point to the ruled unit; the measured doubt stays on record beside the decision."""
    day = state["fire_day"]
    found = names.find(row.value, day)
    if found is None:
        return
    unit_id, level = found
    if level is Level.TOWNSHIP:
        if unit_id != state["township_unit_id"]:
            state.update(dict.fromkeys(("grid_unit_id", "grid_code", "grid")))
        state["township_unit_id"] = unit_id
        state["township_code"], state["township"] = names.of(unit_id, day)
        county = names.above(unit_id, Level.COUNTY, day)
    else:
        if unit_id != state["county_unit_id"]:
            state.update(dict.fromkeys(("township_unit_id", "township_code", "township")))
            state.update(dict.fromkeys(("grid_unit_id", "grid_code", "grid")))
        county = unit_id
    if county is None:
        return
    if county != state["county_unit_id"]:
        state["county_share"] = None
    state["county_unit_id"] = county
    state["county_code"], state["county"] = names.of(county, day)
    city = names.above(county, Level.CITY, day)
    state["city_unit_id"] = city
    state["city_code"], state["city"] = names.of(city, day) if city is not None else (None, None)
    if state["screen"] == Screen.OUTSIDE:
        state["screen"] = str(Screen.COUNTED)


def rule(
    store: Store,
    fire_point_id: str,
    *,
    kind: str,
    value: str,
    reason: str,
    evidence_sha256: str | None,
    actor: str,
    scope: Scope,
    also: Callable[[Writer, dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Record a ruling; the next assessment of its day applies it.

    Parameters
    ----------
    kind
        ``unit``, ``zone``, ``screen``, ``duplicate``, ``order``, ``exempt``, ``payer`` or ``distinct``.
    value
        A unit code; a zone code (``none`` for a fire in no zone); ``counted`` or a screening reason; the fire point
        this one repeats; the place among candidates of one minute, from 1; a reason code of the rulebook's
        exemptions; the code of one of its special payers (``none`` takes either back); the fire point this one is not.
    reason
        Why, in words: a ruling without a reason cannot be explained to whom it costs.
    evidence_sha256
        Hash of the archived evidence, when there is some.
    also
        Writes what has to stand or fall with the ruling, such as the answer to a request, in the same transaction.

    Returns
    -------
    dict
        ``ruling_id, fire_point_id, kind, value, revision, supersedes``.

    Raises
    ------
    UsageError
        When the kind or value is not one of the closed list, or the reason is missing.
    NotFoundError
        When the fire point or unit does not exist or is outside the scope.
    ForbiddenError
        When the role may not make this ruling, or it gives the fire point to a unit outside the scope.
    ConflictError
        When a fire point is ruled a duplicate of itself, or not to be itself.
    """
    require_form(kind, reason)
    require_ruling(scope, kind, value, evidence_sha256)
    with store.writer(
        actor, COMMAND, {"fire_point_id": fire_point_id, "kind": kind, "value": value}
    ) as writer:
        checks = Checks(writer, scope)
        state = checks.state(fire_point_id)
        value = checks.value(state, kind, value)
        table = Ruling.__table__
        same = table.c.value == value if kind == "distinct" else sa.true()
        before = writer.connection.execute(
            sa.select(table.c.id)
            .where(table.c.fire_point_id == state.fire_point_id, table.c.kind == kind, same)
            .order_by(table.c.id.desc())
            .limit(1)
        ).scalar()
        key = writer.insert(
            Ruling,
            fire_point_id=state.fire_point_id,
            kind=kind,
            value=value,
            reason=reason.strip(),
            evidence_sha256=evidence_sha256,
            actor=actor,
            supersedes_id=before,
        )
        done = {
            "ruling_id": key,
            "fire_point_id": state.fire_point_id,
            "kind": kind,
            "value": value,
            "revision": writer.revision,
            "supersedes": before,
            "fire_day": state.fire_day.isoformat(),
        }
        if also is not None:
            also(writer, done)
        return done


def require_form(kind: str, reason: str) -> None:
    """Refuse a kind that is in no list, and a ruling without a reason.

    Raises
    ------
    UsageError
        ``bad_ruling``, ``reason_missing``, ``bad_text``.
    """
    if kind not in KINDS:
        raise UsageError(
            "bad_ruling",
            f"裁定类别 {kind!r} 不在 {'、'.join(KINDS)} 之中",
            f"ruling kind {kind!r} is not one of {', '.join(KINDS)}",
            value=kind,
        )
    if len(reason.strip()) < LEAST_WORDS:
        raise UsageError(
            "reason_missing",
            f"裁定须写明理由（至少 {LEAST_WORDS} 个字）",
            f"a ruling needs a reason of at least {LEAST_WORDS} characters",
            value=reason,
        )
    require_shown(reason, MOST_WORDS, "理由", "the reason", field="reason")
