"""Fire points of a season counted by unit: what became of each, whether it was pushed, what it costs."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from gis.times import beijing_date
from gis.types import Screen
from service.accountability.facts import Fact, narrower
from service.accountability.rulebook import Rulebook
from service.billing.layers_used import statuses_of
from service.pipeline import identity
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FireListIssue, FirePointState, LayerStack
from service.verification.closed import CONFIRMATIONS, DENIALS
from service.verification.standing import Standing, standings

if TYPE_CHECKING:
    from service.billing.charges import ChargeRun
    from service.billing.standing import Span

OUTCOMES = ("verified", "denied", "denial_unreviewed", "other", "overdue", "unverified")
"""What became of a listed fire point; each is exactly one of them. ``other`` is a fire that the rule does not count."""

STRAW = frozenset({"straw", "stubble", "weeds"})
"""What is verified as straw burning where no rulebook says which findings count."""

_ASKED = (str(Screen.COUNTED), str(Screen.PLANNED_BURN), str(Screen.RESTRICTED_WITHIN_PLAN))
_DAY = dt.timedelta(days=1)
_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Point:
    """One fire point of a season.

    Attributes
    ----------
    day
        Beijing day of its first overpass.
    listed
        False where the day lies outside the windows of the rule.
    special
        Code of the special payer whose ground it is.
    amount
        Sum of its charges in yuan; None where it has none.
    """

    fire_point_id: str
    day: dt.date
    county_unit_id: int | None
    township_unit_id: int | None
    outcome: str
    listed: bool
    pushed: bool
    special: str | None = None
    amount: Decimal | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """Fire points, and what "pushed" means for them: ``published_lists``, or ``listed`` where no list came out."""

    points: tuple[Point, ...]
    pushed_by: Literal["published_lists", "listed"]


@dataclass(slots=True)
class Tally:
    """The numbers of one unit."""

    outcomes: Counter[str] = field(default_factory=Counter)
    pushed: int = 0
    confirmed_pushed: int = 0
    out_of_season: int = 0
    charged: int = 0
    held: int = 0
    amount: Decimal = _NOTHING

    def __getitem__(self, outcome: str) -> int:
        return self.outcomes[outcome]

    @property
    def listed(self) -> int:
        """Fire points on the list of the season."""
        return self.outcomes.total()

    def add(self, point: Point) -> None:
        """Count one fire point."""
        if not point.listed:
            self.out_of_season += 1
            return
        self.outcomes[point.outcome] += 1
        self.pushed += point.pushed
        self.confirmed_pushed += point.pushed and point.outcome == "verified"
        self.held += point.held
        if point.amount is not None:
            self.charged += 1
            self.amount += point.amount

    @classmethod
    def by_unit(
        cls, points: Iterable[Point], unit_of: Callable[[Point], str | None]
    ) -> dict[str | None, Tally]:
        """Return a tally per unit."""
        found: dict[str | None, Tally] = {}
        for point in points:
            found.setdefault(unit_of(point), cls()).add(point)
        return found

    @classmethod
    def sum(cls, tallies: Iterable[Tally]) -> Tally:
        """Return the sum of tallies."""
        total = cls()
        for one in tallies:
            total.outcomes.update(one.outcomes)
            for name in ("pushed", "confirmed_pushed", "out_of_season", "charged", "held", "amount"):
                setattr(total, name, getattr(total, name) + getattr(one, name))
        return total


def points_of(reader: Reader, scope: Scope, span: Span, run: ChargeRun | None) -> Points:
    """Return the listed fire points of some days that a reader may see.

    A fire told by several sources is one. What a person or a rule has screened is not listed.

    Parameters
    ----------
    run
        The charges of the season: they know deadlines, reviews and money. Without them a finding alone decides.
    """
    rows = _rows(reader, scope, span)
    repeated = {link.id for link in run.facts.links} if run else set()
    pushed = _pushed(reader, span)
    money = _Money(run)
    told = standings(reader) if rows else {}
    findings = frozenset(one for book in span.books for one in book.counts.findings) or STRAW
    counted: dict[dt.date, bool] = {}
    found = []
    for row in rows:
        day, name = beijing_date(row.first_at), row.fire_point_id
        if not span.start <= day <= span.through or name in repeated:
            continue
        if row.screen != Screen.COUNTED and money.of(name)[1] is None:
            continue  # within a plan, and the rule does not charge what a plan allows
        if day not in counted:
            counted[day] = span.in_window(day)
        found.append(
            Point(
                name,
                day,
                row.county_unit_id,
                row.township_unit_id,
                money.outcome(name) or outcome_of(told.get(name), findings),
                counted[day],
                pushed is None or name in pushed,
                *money.of(name),
            )
        )
    return Points(tuple(found), "listed" if pushed is None else "published_lists")


def outcome_of(standing: Standing | None, findings: frozenset[str]) -> str:
    """Return what findings alone make of a fire point; a local denial waits for somebody else's word."""
    deciding = None if standing is None else standing.deciding
    if deciding is None:
        return "unverified"
    if deciding.finding in DENIALS:
        return "denial_unreviewed" if deciding.level == "local" else "denied"
    if deciding.finding in findings:
        return "verified"
    return "other" if deciding.finding in CONFIRMATIONS else "unverified"


class _Money:
    """What the charges of the season say of single fire points."""

    def __init__(self, run: ChargeRun | None) -> None:
        self._facts: dict[str, Fact] = {}
        self._books: dict[str, Rulebook] = {}
        self._amounts: dict[str, Decimal] = {}
        self._held: frozenset[str] = frozenset()
        if run is None:
            return
        books = {book.id: book for book in run.books}
        for fact in run.facts.facts:
            book = books.get(run.facts.book_of.get(fact.fire_point_id, ""))
            if fact.fire_point_id in run.facts.season_ids and book is not None:
                self._facts[fact.fire_point_id] = fact
                self._books[fact.fire_point_id] = book
        for charge in run.charges:
            before = self._amounts.get(charge.fire_point_id, _NOTHING)
            self._amounts[charge.fire_point_id] = before + charge.amount
        self._held = frozenset(one.fire_point_id for one in run.held)

    def outcome(self, name: str) -> str | None:
        fact = self._facts.get(name)
        if fact is None:
            return None
        counts = self._books[name].counts
        if fact.state == "denied":
            reviewer = fact.denial_reviewed_by
            waits = reviewer is None or narrower(reviewer, counts.verification.denial_review)
            return "denial_unreviewed" if waits else "denied"
        if fact.state in ("confirmed", "publicised"):
            return "verified" if fact.finding in counts.findings else "other"
        return "overdue" if fact.state == "overdue" else "unverified"

    def of(self, name: str) -> tuple[str | None, Decimal | None, bool]:
        """Return the special payer, the sum of charges and whether money is held."""
        fact, book = self._facts.get(name), self._books.get(name)
        special = None
        if fact is not None and book is not None and book.payer is not None:
            known = {one.code for one in book.payer.special}
            special = fact.special_payer if fact.special_payer in known else None
        return special, self._amounts.get(name), name in self._held


def _rows(reader: Reader, scope: Scope, span: Span) -> Sequence[Any]:
    table = FirePointState.__table__
    names = ("fire_point_id", "first_at", "county_unit_id", "township_unit_id", "layer_stack_id", "screen")
    return reader.rows(
        sa.select(*(table.c[name] for name in names))
        .where(
            reader.live(FirePointState),
            scope.condition(FirePointState),
            table.c.screen.in_(_ASKED),
            table.c.fire_day.between(span.start - _DAY, span.through + _DAY),
        )
        .order_by(table.c.fire_point_id)
    )


def _pushed(reader: Reader, span: Span) -> frozenset[str] | None:
    """Return the live ids that a published list of these days named; None where none was published."""
    table = FireListIssue.__table__
    rows = reader.rows(
        sa.select(table.c.document).where(
            reader.known(FireListIssue),
            table.c.fire_day.between(span.start - _DAY, span.through + _DAY),
        )
    )
    if not rows:
        return None
    resolved: Mapping[str, str | None] = identity.aliases(reader)
    names = (one["fire_point_id"] for row in rows for one in json.loads(row.document)["rows"])
    return frozenset(live for name in names if (live := resolved.get(name, name)) is not None)


def statuses_used(reader: Reader, scope: Scope, span: Span) -> frozenset[str]:
    """Return the statuses of the layers that placed the fire points of some days."""
    used = {row.layer_stack_id for row in _rows(reader, scope, span)}
    stacks = {row.id: row.layers for row in reader.rows(sa.select(LayerStack.id, LayerStack.layers))}
    return statuses_of((), [stacks[one] for one in used])
