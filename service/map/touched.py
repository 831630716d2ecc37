"""Whether something that a reader may see changed between two revisions, and never what or where.

A change of another unit is no change: its revision is passed over. What belongs to nobody (feeds, borders, zones,
rulebooks) concerns everybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from grids.units import Purpose
from service.billing.carried import may_see_payer
from service.pipeline import identity
from service.pipeline.register_store import load_register
from service.reports.issues import may_read
from service.scope import Scope
from service.store import models
from service.store.engine import Reader
from service.store.models import FirePointState, Revision
from service.users import Permission, may

_PART = 20_000
_COMMON = (
    *(models.FeedFile, models.ServiceArea, models.Clustering, models.ScreeningVersion, models.LandCoverSet),
    *(models.BoundarySet, models.BoundaryUse, models.GridSet, models.ZoneSet, models.SpecialPeriod),
    *(models.RegimeRule, models.HeatTable, models.HeatSource, models.RulebookVersion),
)
_OF_A_POINT = (models.Verification, models.Ruling, models.Publication)
_OF_A_UNIT = (
    (models.Duty, "target_code"),
    (models.PlannedBurn, "unit_code"),
    (models.Indicator, "unit_code"),
)
_REGISTER = (models.Unit, models.UnitName, models.UnitCode, models.UnitParent, models.UnitSuccession)


@dataclass(frozen=True, slots=True)
class Touched:
    """What happened, for one reader.

    Attributes
    ----------
    changed
        Something within the reader's scope is not as it was.
    identities
        Who may see what was changed: whoever listens has to say again who it is.
    """

    changed: bool
    identities: bool


def touched(reader: Reader, scope: Scope, since: int) -> Touched:
    """Return what happened after revision `since`, up to the reader's own."""
    span = _Span(reader, since)
    if span.empty:
        return Touched(False, False)
    if span.identities():
        return Touched(True, True)
    mine = _Mine(reader, scope)
    changed = (
        any(span.has(table) for table in _COMMON)
        or _points(reader, scope, span)
        or _told_of_points(reader, scope, span)
        or any(mine.code(code) for table, column in _OF_A_UNIT for code in span.values(table, column))
        or _lists(reader, scope, span)
        or _papers(reader, scope, span)
    )
    return Touched(changed, False)


class _Span:
    """The revisions after one and up to the reader's."""

    def __init__(self, reader: Reader, since: int) -> None:
        self._reader = reader
        self.since = since

    @property
    def empty(self) -> bool:
        return self._reader.rev <= self.since

    def holds(self, column: Any) -> sa.ColumnElement[bool]:
        return sa.and_(column > self.since, column <= self._reader.rev)

    def rows_of(self, table: Any) -> sa.ColumnElement[bool]:
        """Return the condition of rows that came, or were withdrawn."""
        came = self.holds(table.rev)
        return sa.or_(came, self.holds(table.withdrawn_rev)) if hasattr(table, "withdrawn_rev") else came

    def has(self, table: Any) -> bool:
        return self.exists(sa.select(table.id).where(self.rows_of(table)))

    def exists(self, query: sa.Select[Any]) -> bool:
        return self._reader.connection.execute(query.limit(1)).first() is not None

    def values(self, table: Any, column: str) -> Iterable[Any]:
        query = sa.select(getattr(table, column)).where(self.rows_of(table)).distinct()
        return [row[0] for row in self._reader.rows(query)]

    def identities(self) -> bool:
        """Whether accounts changed, or the tree that scopes are made of."""
        of_users = sa.and_(self.holds(Revision.id), Revision.command.startswith("users.", autoescape=True))
        return self.exists(sa.select(Revision.id).where(of_users)) or any(map(self.has, _REGISTER))


class _Mine:
    """Whether a code is that of the reader's unit, or of one under it."""

    def __init__(self, reader: Reader, scope: Scope) -> None:
        self._scope = scope
        self._register = load_register(reader).register
        found = reader.rows(sa.select(Revision.at).where(Revision.id == reader.rev))
        self._day: dt.date = found[0].at.date()

    def code(self, code: str | None) -> bool:
        if self._scope.everything or code is None:
            return True
        unit = self._register.find(code, self._day)
        if unit is None:
            return False
        return self._scope.unit_uid in self._register.chain(unit.uid, Purpose.ASSESSMENT, self._day)


def _points(reader: Reader, scope: Scope, span: _Span) -> bool:
    """Whether a fire point of the reader's came, changed, left or was given away."""
    moved = sa.or_(span.holds(FirePointState.rev_from), span.holds(FirePointState.rev_to))
    return span.exists(sa.select(FirePointState.id).where(moved, scope.condition(FirePointState)))


def _told_of_points(reader: Reader, scope: Scope, span: _Span) -> bool:
    """Whether somebody found, ruled or made public something about a fire point of the reader's."""
    names = {name for table in _OF_A_POINT for name in span.values(table, "fire_point_id")}
    if not names or scope.everything:
        return bool(names)
    resolved = identity.aliases(reader)
    live = sorted({end for name in names if (end := resolved.get(name, name)) is not None})
    return any(
        span.exists(
            sa.select(FirePointState.id).where(
                reader.live(FirePointState),
                scope.condition(FirePointState),
                FirePointState.fire_point_id.in_(live[start : start + _PART]),
            )
        )
        for start in range(0, len(live), _PART)
    )


def _lists(reader: Reader, scope: Scope, span: _Span) -> bool:
    issue = models.FireListIssue
    rows = reader.rows(sa.select(issue.unit_code, issue.fire_day).where(span.rows_of(issue)).distinct())
    return any(may_read(reader, scope, row.unit_code, row.fire_day) for row in rows)


def _papers(reader: Reader, scope: Scope, span: _Span) -> bool:
    """Whether a statement or an objection of a payer that the reader may see is new, or has moved on."""
    if not may(scope, Permission.MONEY):
        return False
    statement, objection = models.Statement, models.Objection
    to_statement = sa.select(statement.payer_uid, Revision.at)
    to_objection = to_statement.join(objection, objection.statement_id == statement.id)
    event = models.StatementEvent
    objection_event = models.ObjectionEvent
    asked = (
        (to_statement, statement),
        (to_statement.join(event, event.statement_id == statement.id), event),
        (to_objection, objection),
        (to_objection.join(objection_event, objection_event.objection_id == objection.id), objection_event),
    )
    rows = [
        row
        for query, table in asked
        for row in reader.rows(query.join(Revision, Revision.id == table.rev).where(span.rows_of(table)))
    ]
    return any(may_see_payer(reader, scope, row.payer_uid, row.at.date()) for row in rows)
