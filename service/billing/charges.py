"""The charges of a season: facts of the store under the rulebooks that cover their days, and who may see what of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from gis.errors import HuodianError
from service.accountability.adjudicate import adjudicate
from service.accountability.findings import Adjudication, Charge, Held, LeftOut, UncoveredError
from service.accountability.rulebook import Rulebook
from service.accountability.successive import adjudicate_all
from service.billing.books import books_for
from service.billing.facts import SeasonFacts, season_facts
from service.billing.layers_used import weakest
from service.billing.matching import Unclear
from service.billing.seasons import calendar_of, refused
from service.store.engine import Reader
from service.store.models import Revision
from service.users import Permission, require

if TYPE_CHECKING:
    from service.scope import Scope

MATCH_UNCLEAR = "match_unclear"
MATCH_WORDS = (
    "可能与另一火点为同一起火，待裁定",
    "it may tell of the same fire as another point: a person rules duplicate or distinct",
)

DENIAL_UNREVIEWED = "denial_unreviewed"
DENIAL_WORDS = (
    "付款方事后否定，尚待上级复核；原认定及金额不变",
    "the payer denied it afterwards: what was found before stands, with its money, until somebody else reviews it",
)


@dataclass(frozen=True, slots=True)
class ChargeRun:
    """What adjudication makes of a season; unscoped: hand a reader `charges_of` it, never the run itself.

    Attributes
    ----------
    at
        The instant at which deadlines were read.
    as_of_rev, recorded_at
        The revision that was read, and when it was recorded.
    findings
        One answer per rulebook, facts of other seasons included where an order runs on.
    charges, held, left_out
        Of the season alone; charges by payer, then fire point.
    status
        The weakest of the statuses of rulebooks and layers.
    """

    season: str
    at: dt.datetime
    as_of_rev: int
    recorded_at: dt.datetime
    books: tuple[Rulebook, ...]
    findings: tuple[Adjudication, ...]
    facts: SeasonFacts
    charges: tuple[Charge, ...]
    held: tuple[Held, ...]
    left_out: tuple[LeftOut, ...]
    status: str

    @property
    def by_payer(self) -> dict[str, Decimal]:
        """The sum of charges per payer code, yuan."""
        found: dict[str, Decimal] = {}
        for one in self.charges:
            found[one.payer] = found.get(one.payer, Decimal("0.00")) + one.amount
        return dict(sorted(found.items()))

    @property
    def total(self) -> Decimal:
        """The sum of all charges, yuan."""
        return sum((one.amount for one in self.charges), Decimal("0.00"))

    @property
    def informal(self) -> bool:
        """Whether whatever uses it must say 非正式."""
        return self.status != "official"


def run_charges(
    reader: Reader,
    season: str,
    *,
    rulebook: str | None = None,
    at: dt.datetime | None = None,
    facts: SeasonFacts | None = None,
) -> ChargeRun:
    """Return the charges of a season.

    Parameters
    ----------
    rulebook
        Id of a loaded rulebook, or of a shipped sample; without it all that are loaded.
    at
        The instant at which deadlines are read. Without it now, or when the revision that is read was recorded: what
        was overdue since is not told of the past.
    facts
        The season's facts where they are known, changed as a what-if changes them; read from the store when None.

    Raises
    ------
    RefusedInputError
        ``no_rulebook``, ``several_rulebooks`` or ``other_jurisdiction``: no number can be given.
    UsageError
        ``bad_season``.
    """
    books = books_for(reader, rulebook)
    recorded_at = _recorded_at(reader)
    instant = at or (dt.datetime.now(dt.UTC) if _latest(reader) else recorded_at)
    if facts is None:
        facts = season_facts(reader, books, season, instant)
    used = _adjudicated(books, facts)
    own = facts.season_ids
    charges = sorted(
        (one for _, found in used for one in found.charges if one.season == season),
        key=lambda one: (one.payer, one.fire_point_id, one.clause),
    )
    held = [one for _, found in used for one in found.held if one.fire_point_id in own]
    # Only where there is money to deny: what does not count for another reason needs no review.
    with_money = {one.fire_point_id for one in charges} | {one.fire_point_id for one in held}
    held += [Held(name, DENIAL_UNREVIEWED, *DENIAL_WORDS) for name in sorted(facts.denials & with_money)]
    left = [one for _, found in used for one in found.left_out if one.fire_point_id in own]
    return ChargeRun(
        season=season,
        at=instant,
        as_of_rev=reader.rev,
        recorded_at=recorded_at,
        books=tuple(book for book, _ in used),
        findings=tuple(found for _, found in used),
        facts=facts,
        charges=tuple(charges),
        held=tuple(sorted([*held, *map(_unclear, facts.unclear)], key=_by_point)),
        left_out=tuple(sorted(left, key=_by_point)),
        status=weakest({*(book.status for book, _ in used), *facts.statuses}),
    )


def _adjudicated(books: Sequence[Rulebook], facts: SeasonFacts) -> list[tuple[Rulebook, Adjudication]]:
    """Return the rulebooks that have to do with the season, each with what it makes of the facts on its days.

    Those of one jurisdiction that follow each other are adjudicated together: a reward for no fire is for none under
    any of them.
    """
    groups: dict[str, list[Rulebook]] = defaultdict(list)
    fallen = set(facts.book_of.values())
    for book in books:
        if book.id in fallen or (book.id in facts.units_of and _in_force(book, facts.season)):
            groups[book.jurisdiction.code].append(book)
    found: dict[str, Adjudication] = {}
    try:
        for group in groups.values():
            names = {book.id for book in group}
            own = [fact for fact in facts.facts if facts.book_of.get(fact.fire_point_id) in names]
            if len(group) == 1:
                units = facts.units_of.get(group[0].id, facts.units)
                found[group[0].id] = adjudicate(group[0], own, units)
                continue
            every = {(one.level, one.code): one for name in names for one in facts.units_of.get(name, ())}
            answers = {one.rulebook: one for one in adjudicate_all(group, own, every.values())}
            found |= {book.id: answers.get(book.id) or adjudicate(book, ()) for book in group}
    except UncoveredError as error:
        raise refused(error) from error
    return [(book, found[book.id]) for book in books if book.id in found]


def _in_force(book: Rulebook, season: str) -> bool:
    try:
        calendar_of((book,), season)
    except HuodianError:
        return False
    return True


def _recorded_at(reader: Reader) -> dt.datetime:
    """Return when the revision that is read was recorded; a store without any was recorded at the epoch."""
    found = reader.connection.execute(sa.select(Revision.at).where(Revision.id == reader.rev)).scalar()
    return found or dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _latest(reader: Reader) -> bool:
    newest = reader.connection.execute(sa.select(sa.func.max(Revision.id))).scalar()
    return newest is None or newest <= reader.horizon


def _unclear(one: Unclear) -> Held:
    return Held(one.id, MATCH_UNCLEAR, *MATCH_WORDS, None, len(one.candidates))


def _by_point(one: Held | LeftOut) -> tuple[str, str]:
    return one.fire_point_id, one.reason


def charges_of(run: ChargeRun, scope: Scope, reader: Reader, *, payer: str | None = None) -> dict[str, Any]:
    """Return what one reader may see of a run, of one payer where it is named.

    See `service.billing.charge_view`.

    Raises
    ------
    ForbiddenError
        ``may_not_see_money``.
    """
    from service.billing.charge_view import view_of

    require(scope, Permission.MONEY)
    return view_of(run, scope, reader, payer)
