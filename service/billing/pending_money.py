"""What waits for a person because of money and of findings, joined with what waits because of the place.

Under the rulebooks that are loaded:

* ``overdue``: nobody has verified it within the rule's hours; silence is a state, not an acquittal;
* ``denial_unreviewed``: the payer's own denial, which nobody above has confirmed with evidence;
* ``tie``: candidates of one minute for the dearer place in the order; the surcharge waits;
* ``match_unclear``: a report that may tell of one of several fires;
* ``payer_in_doubt``, ``payer_unknown``, ``scope_in_doubt``, ``zone_in_doubt``, ``zone_unknown``, ``area_unknown``,
  ``base_unknown``, ``finding_unknown``, ``instant_unknown``: a fact the rule asks for is not certain.

With or without one:

* ``contradicted``: a later finding of a lower level says something else than the one that stands;
* ``objection``: an objection that nobody has answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from gis.errors import RefusedInputError
from gis.times import iso_beijing
from service import untold
from service.accountability.findings import Held
from service.billing.books import stored_books
from service.billing.cases import OPEN, list_cases
from service.billing.charges import ChargeRun, run_charges
from service.pipeline import identity
from service.pipeline.pending import PendingCase, case_of, pending
from service.reads import FirePointView, fire_points, unit_condition
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FirePoint, FirePointState, Revision
from service.users import Permission, may
from service.verification.standing import Standing, standings

_VERIFY = "huodian verify {id} --finding F --level city|province"
COMMANDS = {
    "overdue": "huodian verify {id} --finding F --level L",
    "denial_unreviewed": f"{_VERIFY} --evidence FILE",
    "contradicted": f"{_VERIFY} --evidence FILE",
    "tie": "huodian rule {id} --order N --reason TEXT",
    "match_unclear": "huodian rule {id} --duplicate-of ID|--distinct-from ID --reason TEXT",
    "payer_in_doubt": "huodian rule {id} --unit CODE --reason TEXT",
    "payer_unknown": "huodian rule {id} --unit CODE --reason TEXT",
    "scope_in_doubt": "huodian rule {id} --unit CODE --reason TEXT",
    "zone_in_doubt": "huodian rule {id} --zone CODE --reason TEXT",
    "zone_unknown": "huodian rule {id} --zone CODE --reason TEXT",
    "area_unknown": "huodian verify {id} --finding F --level L --area 12亩",
    "base_unknown": "huodian load indicators FILE",
    "finding_unknown": "huodian verify {id} --finding F --level L",
    "instant_unknown": "huodian verify {id} --finding F --level L --at TIME",
}
"""The command that settles a case; what is not here, such as a finding that is not due yet, is nobody's case."""

_SAME_QUESTION = {
    "payer_in_doubt": ("boundary_county", "outside_register"),
    "payer_unknown": ("outside_register", "across_province"),
    "zone_in_doubt": ("boundary_zone",),
}
"""Money that waits for what the place has already put into the queue: one case, not two."""

_CONTRADICTED = (
    "较低层级后来的核实结论与现行结论不一致，请复核",
    "a later finding of a lower level says something else than the one that stands: check it",
)
_OBJECTION = ("异议待答复", "an objection waits for an answer")
_PART = 10_000
_DAY = dt.timedelta(days=1)


def queue(
    reader: Reader,
    scope: Scope,
    *,
    unit: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    at: dt.datetime | None = None,
) -> list[PendingCase]:
    """Return everything that waits for a person within the scope, oldest fire day first.

    A role that may not see money is told what waits for the place and for findings, without amounts.

    Parameters
    ----------
    unit
        Only this unit's cases.
    start, end
        Fire days, both included.
    at
        The instant at which deadlines are read; now when None.

    Raises
    ------
    NotFoundError
        When `unit` is not in the register.
    """
    place = pending(reader, scope, unit=unit, start=start, end=end)
    asked = _Asked(reader, scope, unit, start, end)
    money = [
        case
        for run in _runs(reader, asked.days(), at or dt.datetime.now(dt.UTC))
        for case in _of_run(reader, run, asked)
    ]
    kept = _joined(place, money)
    kept += _contradicted(reader, asked)
    if may(scope, Permission.MONEY):
        kept += _objections(reader, scope, asked)
    kept = untold.cases(scope, kept)
    return sorted(set(kept), key=lambda case: (case.fire_day, case.fire_point_id, case.what, case.settled_by))


class _Asked:
    """The fire points that a question is about: those of the scope, the unit and the days."""

    def __init__(
        self, reader: Reader, scope: Scope, unit: str | None, start: dt.date | None, end: dt.date | None
    ) -> None:
        self._reader, self._scope, self._unit = reader, scope, unit
        self._start, self._end = start, end

    def days(self) -> list[dt.date]:
        """Return the Beijing days on which there are fire points."""
        table = FirePointState.__table__
        conditions = [self._reader.live(FirePointState), self._scope.condition(FirePointState)]
        if self._start is not None:
            conditions.append(table.c.fire_day >= self._start)
        if self._end is not None:
            conditions.append(table.c.fire_day <= self._end)
        if self._unit is not None:
            conditions.append(unit_condition(self._reader, self._scope, self._unit, self._end))
        rows = self._reader.rows(sa.select(table.c.fire_day).where(*conditions).distinct())
        return sorted({day for (fire_day,) in rows for day in (fire_day - _DAY, fire_day)})

    def views(self, ids: Iterable[str]) -> dict[str, FirePointView]:
        """Return those of some fire points that the question is about, as the reader may see them."""
        names = sorted(set(ids))
        found: dict[str, FirePointView] = {}
        for first in range(0, len(names), _PART):
            for view in fire_points(
                self._reader,
                self._scope,
                ids=names[first : first + _PART],
                unit=self._unit,
                start=self._start,
                end=self._end,
            ):
                found[view.fire_point_id] = view
        return found


# --- money ---------------------------------------------------------------------------------------------------------


def _runs(reader: Reader, days: Sequence[dt.date], at: dt.datetime) -> Iterable[ChargeRun]:
    """Yield the charges of every season of the days; where rulebooks contradict each other, of each by itself."""
    books = stored_books(reader)
    covered = {(book.season(day), book.id) for book in books for day in days if book.validity.holds(day)}
    for season in sorted({season for season, _ in covered}):
        try:
            yield run_charges(reader, season, at=at)
        except RefusedInputError:
            yield from _each(reader, season, [book for one, book in sorted(covered) if one == season], at)


def _each(reader: Reader, season: str, books: Sequence[str], at: dt.datetime) -> Iterable[ChargeRun]:
    for book in books:
        try:
            yield run_charges(reader, season, rulebook=book, at=at)
        except RefusedInputError:
            continue  # a rule of another jurisdiction: it has no money here


def _of_run(reader: Reader, run: ChargeRun, asked: _Asked) -> list[PendingCase]:
    held = [one for one in run.held if one.reason in COMMANDS]
    views = asked.views(one.fire_point_id for one in held)
    due = _deadlines(reader, run, [one.fire_point_id for one in held if one.reason == "overdue"])
    unclear = {one.id: one.candidates for one in run.facts.unclear}
    others = asked.views(name for names in unclear.values() for name in names)
    return [
        case_of(
            views[one.fire_point_id],
            one.reason,
            words=(one.zh, one.en),
            candidates=_between(one, unclear, others),
            settled_by=COMMANDS[one.reason],
            due=due.get(one.fire_point_id),
            at_stake=_stake(one.at_stake),
        )
        for one in held
        if one.fire_point_id in views
    ]


def _between(
    one: Held, unclear: Mapping[str, Sequence[str]], others: Mapping[str, FirePointView]
) -> tuple[str, ...] | None:
    """Return the fire points that an unclear report may tell of, those the reader may see."""
    if one.fire_point_id not in unclear:
        return None
    return tuple(name for name in unclear[one.fire_point_id] if name in others)


def _stake(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _deadlines(reader: Reader, run: ChargeRun, ids: Sequence[str]) -> dict[str, str]:
    """Return when the hours of the rule were over for each fire point."""
    hours = {book.id: book.counts.verification.deadline_hours for book in run.books}
    found: dict[str, str] = {}
    for first in range(0, len(ids), _PART):
        rows: Any = reader.rows(
            sa.select(FirePoint.fire_point_id, Revision.at)
            .join(Revision, Revision.id == FirePoint.rev)
            .where(FirePoint.fire_point_id.in_(list(ids[first : first + _PART])))
        )
        for name, issued in rows:
            term = hours.get(run.facts.book_of.get(name, ""))
            if term is not None:
                found[name] = iso_beijing(issued + dt.timedelta(hours=term))
    return found


def _joined(place: Sequence[PendingCase], money: Sequence[PendingCase]) -> list[PendingCase]:
    """Return the cases of the place with the money that waits for them, and the other cases of money."""
    found = {(case.fire_point_id, case.what): case for case in place}
    more: list[PendingCase] = []
    for case in money:
        same = [
            key for what in _SAME_QUESTION.get(case.what, ()) if (key := (case.fire_point_id, what)) in found
        ]
        if same:
            found[same[0]] = replace(found[same[0]], at_stake=case.at_stake or found[same[0]].at_stake)
        else:
            more.append(case)
    return [*found.values(), *more]


# --- findings and objections ---------------------------------------------------------------------------------------


def _contradicted(reader: Reader, asked: _Asked) -> list[PendingCase]:
    told: Mapping[str, Standing] = standings(reader)
    views = asked.views(name for name, one in told.items() if one.contradicted)
    return [
        case_of(
            view,
            "contradicted",
            words=_CONTRADICTED,
            candidates=tuple(dict.fromkeys(one.finding for one in told[name].contradictions)),
            settled_by=COMMANDS["contradicted"],
        )
        for name, view in views.items()
    ]


def _objections(reader: Reader, scope: Scope, asked: _Asked) -> list[PendingCase]:
    """Return the open objections; one about a fire point that has ended belongs to the one that lives."""
    listed = list_cases(reader, scope, state=OPEN)
    if not listed:
        return []
    resolved = identity.aliases(reader)
    live = {one["objection_id"]: resolved.get(one["fire_point_id"], one["fire_point_id"]) for one in listed}
    views = asked.views(name for name in live.values() if name is not None)
    found = []
    for one in listed:
        view = views.get(live[one["objection_id"]] or "")
        if view is None:
            continue
        what = f"{_OBJECTION[0]}：{one['payer_name']} 第 {one['number']} 号通知单，第 {one['instance']} 级"
        said = f"{_OBJECTION[1]}: {one['payer_name']}, statement {one['number']}, instance {one['instance']}"
        found.append(
            case_of(
                view,
                "objection",
                words=(what, said),
                candidates=(),
                settled_by=f"huodian objection answer {one['objection_id']} --outcome upheld|rejected|partly "
                "--reason TEXT",
                due=one["answer_due"],
            )
        )
    return found
