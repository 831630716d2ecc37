"""Objections as they stand: each with its statement, its state and what follows, within the reader's scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from gis.errors import ConflictError, NotFoundError
from gis.times import beijing_date, iso_beijing
from gis.types import Level
from grids.units import RANK, Purpose
from service.billing import deadlines
from service.billing.issued import FINAL, Sight, document_of, rows_of, with_document
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import Objection, ObjectionEvent, Statement, StatementEvent

ANSWERED = "answered"
WITHDRAWN = "withdrawn"
LATE = "late_accepted"
OPEN = "open"
UNANSWERED = "unanswered"
"""Nobody answered in time, and the silence was taken to the next instance: the objection goes on there."""

LAPSED = "lapsed"
"""Nobody answered, the term to take the silence further ran out, and the statement was made final since."""

OUTCOMES = ("upheld", "rejected", "partly")

STATES: Mapping[str, tuple[str, str]] = {
    OPEN: ("待答复", "open"),
    "upheld": ("成立", "upheld"),
    "rejected": ("驳回", "rejected"),
    "partly": ("部分成立", "partly"),
    UNANSWERED: ("逾期未答复，已申请复核", "not answered, appealed"),
    LAPSED: ("逾期未答复，已定案", "not answered, final"),
    WITHDRAWN: ("已撤回", "withdrawn"),
}
"""Each state of an objection in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Case:
    """One objection with everything that was done about it.

    Attributes
    ----------
    row, statement
        Columns of the tables `objection` and `statement`.
    closing
        The event that answered or withdrew it; None while it is open.
    late
        The event that admitted it after the deadline, if it was late.
    unanswered
        ``unanswered`` or ``lapsed`` where silence has ended it without an event, else None.
    """

    row: Any
    statement: Any
    closing: Any | None = None
    late: Any | None = None
    unanswered: str | None = None

    @property
    def state(self) -> str:
        """``open``, ``withdrawn``, ``unanswered``, ``lapsed``, or the outcome of its answer."""
        if self.closing is None:
            return self.unanswered or OPEN
        return str(self.closing.outcome if self.closing.kind == ANSWERED else WITHDRAWN)

    def as_dict(self, *, sees_people: bool = True) -> dict[str, Any]:
        """Return JSON-representable data."""
        row, closing = self.row, self.closing
        return {
            "objection_id": row.id,
            "payer": self.statement.payer_code,
            "payer_name": self.statement.payer_name,
            "season": self.statement.season,
            "number": self.statement.number,
            "fire_point_id": row.fire_point_id,
            "instance": row.instance,
            "appeals": row.appeals_id,
            "state": self.state,
            "grounds": row.grounds,
            "evidence_sha256": row.evidence_sha256,
            "filed_at": iso_beijing(row.filed_at),
            "filed_by": row.filed_by if sees_people else "",
            "late_reason": None if self.late is None else self.late.reason,
            "answer_due": None if row.answer_due is None else row.answer_due.isoformat(),
            "closed_at": None if closing is None else iso_beijing(closing.at),
            "closed_by": None if closing is None else closing.actor if sees_people else "",
            "reason": None if closing is None else closing.reason,
        }


def cases_of(reader: Reader, statements: Sequence[Any]) -> list[Case]:
    """Return the objections to some stored statements, oldest first."""
    by_id = {row.id: row for row in statements}
    table, event = Objection.__table__, ObjectionEvent.__table__
    events: dict[tuple[int, bool], Any] = {}
    for row in reader.rows(sa.select(event).where(reader.known(ObjectionEvent)).order_by(event.c.id)):
        events[row.objection_id, row.kind == LATE] = row
    rows = reader.rows(sa.select(table).where(reader.known(Objection)).order_by(table.c.id))
    found = [
        Case(row, by_id[row.statement_id], events.get((row.id, False)), events.get((row.id, True)))
        for row in rows
        if row.statement_id in by_id
    ]
    return _with_silence(reader, found)


def _with_silence(reader: Reader, cases: Sequence[Case]) -> list[Case]:
    """Say of objections without an answer whether the silence was appealed, or a final statement ended them."""
    if all(case.closing is not None for case in cases):
        return list(cases)
    appealed = {case.row.appeals_id for case in cases if case.state != WITHDRAWN}
    table, event = Statement.__table__, StatementEvent.__table__
    finals = reader.rows(
        sa.select(table.c.payer_code, table.c.season, table.c.number, event.c.at)
        .join(table, table.c.id == event.c.statement_id)
        .where(reader.known(StatementEvent), event.c.kind == FINAL)
    )
    found = []
    for case in cases:
        if case.closing is None and case.row.id in appealed:
            found.append(replace(case, unanswered=UNANSWERED))
        elif case.closing is None and any(_ends(case, one) for one in finals):
            found.append(replace(case, unanswered=LAPSED))
        else:
            found.append(case)
    return found


def _ends(case: Case, final: Any) -> bool:
    """Whether a statement was made final after an objection to it, or to one before, should have been answered."""
    paper = case.statement
    if (final.payer_code, final.season) != (paper.payer_code, paper.season) or final.number < paper.number:
        return False
    return is_silent(case, final.at)


def is_silent(case: Case, moment: dt.datetime) -> bool:
    """Whether the day by which an objection was to be answered has ended in Beijing without an answer."""
    due = case.row.answer_due
    return case.closing is None and due is not None and deadlines.is_over(due, moment)


def of_statement(reader: Reader, statement: Any) -> list[dict[str, Any]]:
    """Return the objections to one statement."""
    return [case.as_dict() for case in cases_of(reader, [statement])]


def states_by_point(reader: Reader, payer: str, season: str) -> dict[str, dict[str, Any]]:
    """Return the newest objection by live fire point, with its deadline; one that was withdrawn is none."""
    found: dict[str, dict[str, Any]] = {}
    cases = [case for case in cases_of(reader, rows_of(reader, season, payer)) if case.state != WITHDRAWN]
    for case, point in zip(cases, live_points(reader, cases), strict=True):
        due = case.row.answer_due if case.state == OPEN else None
        found[point] = {
            "state": case.state,
            "instance": case.row.instance,
            "answer_due": None if due is None else due.isoformat(),
        }
    return found


def live_points(reader: Reader, cases: Sequence[Case]) -> list[str]:
    """Return for each case the fire point that lives: an objection to a merged one is about what it became."""
    if not cases:
        return []
    from service.pipeline import identity

    resolved = identity.aliases(reader)
    names = (case.row.fire_point_id for case in cases)
    return [resolved.get(name, name) or name for name in names]


def list_cases(
    reader: Reader,
    scope: Scope,
    *,
    payer: str | None = None,
    season: str | None = None,
    state: str | None = None,
) -> list[dict[str, Any]]:
    """Return the objections a reader may see: to statements within its scope, and those its own unit filed."""
    sight = Sight(reader, scope)
    rows = rows_of(reader, season)
    code = None if payer is None else sight.code_of(payer, rows)
    cases = cases_of(reader, [row for row in rows if code in (None, row.payer_code)])
    return [case.as_dict() for case in cases if _visible(sight, scope, case) and state in (None, case.state)]


def find_case(reader: Reader, scope: Scope, objection_id: int) -> tuple[Case, Sight]:
    """Return one objection.

    Raises
    ------
    NotFoundError
        ``unknown_objection``: there is none, or not within the scope.
    """
    sight = Sight(reader, scope)
    for case in cases_of(reader, rows_of(reader)):
        if case.row.id == objection_id and _visible(sight, scope, case):
            return replace(case, statement=with_document(reader, case.statement)), sight
    raise NotFoundError(
        "unknown_objection",
        f"没有第 {objection_id} 号异议，或不在您的管辖范围内：请用 objection list 查看",
        f"there is no objection {objection_id} within your scope: see `objection list`",
        value=objection_id,
    )


def _visible(sight: Sight, scope: Scope, case: Case) -> bool:
    if sight.sees(case.statement.payer_uid, beijing_date(case.statement.computed_at)):
        return True
    return case.row.unit_uid is not None and case.row.unit_uid == scope.unit_uid


@dataclass(frozen=True, slots=True)
class Rule:
    """What the statement says of objections.

    Attributes
    ----------
    days
        Term from issue, and from an answer to an appeal.
    instances
        Level and days of each, first to last.
    """

    days: int
    suspends: bool
    instances: tuple[tuple[str, int], ...]


def rule_of(document: Mapping[str, Any], fire_point_id: str) -> Rule | None:
    """Return the rule of objections to a fire point's line: its rulebook's; None where that says nothing of them.

    Where two rulebooks charge one fire point, the one that leaves the payer more time.
    """
    books = {
        line["trace"]["rulebook"] for line in document["lines"] if line["fire_point_id"] == fire_point_id
    }
    found = [one for book in sorted(books) if (one := rule_under(document, book)) is not None]
    return max(found, key=lambda one: one.days, default=None)


def rule_under(document: Mapping[str, Any], rulebook: str) -> Rule | None:
    """Return the rule of objections that a statement states for lines under a rulebook, None where it states none."""
    whole = document["objection"]
    told = next((one for one in whole.get("rules", ()) if one["rulebook"] == rulebook), whole)
    if told["days"] is None:
        return None
    instances = tuple((one["level"], one["days"]) for one in told["instances"])
    return Rule(told["days"], told["suspends_payment"], instances)


def authorities(sight: Sight, payer_uid: str | None, rule: Rule, day: dt.date) -> list[str | None]:
    """Return the unit that answers in each instance: above the payer at the rule's level, or the next one above.

    None stands for whoever is above everybody: the payer has no unit, or nothing above it.
    """
    if payer_uid is None or payer_uid not in sight.register:
        return [None] * len(rule.instances)
    above = [sight.register[uid] for uid in sight.register.chain(payer_uid, Purpose.ASSESSMENT, day)[1:]]
    found: list[str | None] = []
    for level, _ in rule.instances:
        wanted = RANK[Level(level)]
        later = [unit for unit in above if unit.uid not in found] or above[-1:]
        fitting = [unit for unit in later if unit.rank <= wanted]
        found.append((fitting or later[-1:])[0].uid if later else None)
    return found


def undecided(reader: Reader, statement: Any, moment: dt.datetime) -> None:
    """Refuse to close a statement while anything about it is open.

    Raises
    ------
    ConflictError
        ``objections_open`` or ``appeal_open``, naming them.
    """
    chain = [
        row
        for row in rows_of(reader, statement.season, statement.payer_code)
        if row.number <= statement.number
    ]
    still_open, appealable = undecided_of(cases_of(reader, chain), moment)
    if still_open:
        names = "、".join(f"{case.row.id}（火点 {case.row.fire_point_id}）" for case in still_open)
        english = ", ".join(f"{case.row.id} (fire point {case.row.fire_point_id})" for case in still_open)
        raise ConflictError(
            "objections_open",
            f"有未答复的异议：{names}；答复或撤回后再定案",
            f"objections are open: {english}; answer them first",
            objections=[case.row.id for case in still_open],
        )
    if appealable:
        names = "、".join(f"{case.row.id}（至 {last}）" for case, last in appealable)
        english = ", ".join(f"{case.row.id} (until the end of {last})" for case, last in appealable)
        raise ConflictError(
            "appeal_open",
            f"已答复或逾期未答复的异议仍可申请复核：{names}；期满后再定案",
            f"objections that were answered, or not in time, may still be appealed: {english}; make it final after "
            "that",
            objections=[case.row.id for case, _ in appealable],
        )


def undecided_of(cases: Iterable[Case], moment: dt.datetime) -> tuple[list[Case], list[tuple[Case, dt.date]]]:
    """Return the open objections, and those that may still be taken further with the last day for it.

    One that nobody answered in time is among the latter until its days are over, and then among neither: silence closes
    nothing for ever.
    """
    listed = list(cases)
    appealed = {case.row.appeals_id for case in listed if case.state != WITHDRAWN}
    still_open = [case for case in listed if case.state == OPEN and not is_silent(case, moment)]
    appealable = []
    for case in listed:
        if case.state == OPEN and not is_silent(case, moment):
            continue
        last = appeal_until(case)
        if last is not None and case.row.id not in appealed and not deadlines.is_over(last, moment):
            appealable.append((case, last))
    return still_open, appealable


def appeal_until(case: Case) -> dt.date | None:
    """Return the last day on which an answer, or that there is none, may be appealed; None where no appeal lies.

    The term counts from the answer; from the day by which there had to be one where there is none.
    """
    if case.state not in (OPEN, "rejected", "partly"):
        return None
    rule = rule_of(document_of(case.statement), case.row.fire_point_id)
    if rule is None or case.row.instance >= len(rule.instances):
        return None
    if case.closing is not None:
        return deadlines.until(case.closing.at, rule.days)
    due: dt.date | None = case.row.answer_due
    return None if due is None else due + dt.timedelta(days=rule.days)
