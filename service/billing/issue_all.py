"""Statements of every payer of a season in one run: the charges are computed once, the statements made one by one.

An issue is one transaction per payer, since each statement is named by the revision that wrote it; all of them rest on
one revision read. A run that was interrupted is run again: what was issued has not changed and is left alone, the rest
is issued.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gis.errors import ConflictError, ForbiddenError, HuodianError, NotFoundError
from service.billing import deadlines
from service.billing.charges import ChargeRun, run_charges
from service.billing.issue import (
    Made,
    Wanted,
    drawn_up,
    freeze,
    informal_refusal,
    issue,
    issue_instant,
    named_payer,
    require_named,
    require_news,
    require_other,
    whole_seconds,
)
from service.billing.issued import Sight, rows_of
from service.scope import Scope
from service.store.engine import Reader, Store
from service.users import Permission, require


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one payer.

    Attributes
    ----------
    payer
        ``{code, name, level, uid}``.
    made
        Its statement, or None when nothing was issued.
    why
        Why not: ``nothing_changed``, ``nothing_to_issue`` or ``own_statement``.
    last
        The newest statement of the payer before this run, if there is one.
    """

    payer: dict[str, Any]
    made: Made | None
    why: HuodianError | None = None
    last: Any = None


@dataclass(frozen=True, slots=True)
class Round:
    """The run as a whole: what was read, and by which status whatever came of it goes."""

    season: str
    at: dt.datetime
    as_of_rev: int
    status: str
    informal: bool


Each = Callable[[Outcome, int, int], None]
"""Handed each payer's outcome as it is done, with its place and how many there are; documents are not kept beyond."""


def draft_all(reader: Reader, scope: Scope, wanted: Wanted, *, each: Each) -> Round:
    """Draw up the statement of every payer the reader may see, as it would be issued now; nothing is stored.

    Parameters
    ----------
    wanted
        Its `payer` is not read.

    Raises
    ------
    ForbiddenError
        ``may_not_see_money``.
    """
    require(scope, Permission.MONEY)
    run = run_charges(
        reader, wanted.season, rulebook=wanted.rulebook, at=whole_seconds(wanted.at or deadlines.now())
    )

    def drafted(payer: dict[str, Any], rows: Sequence[Any]) -> Outcome:
        made = drawn_up(reader, run, payer, replace(wanted, payer=payer["code"]), rows, issued_at=None)
        return Outcome(payer, made, last=rows[-1] if rows else None)

    return _each_payer(reader, scope, run, wanted, drafted, each)


def issue_all(store: Store, scope: Scope, wanted: Wanted, *, actor: str, each: Each) -> Round:
    """Issue the next statement of every payer of a season that has something new.

    Parameters
    ----------
    wanted
        Its `payer` is not read.

    Raises
    ------
    ForbiddenError
        When the role may not issue.
    RefusedInputError
        ``informal``: not everything is official and no sample was asked for; nothing is issued then.
    UsageError
        ``issue_in_the_past``, ``issue_in_the_future``, ``bad_text``.
    """
    require(scope, Permission.ISSUE)
    require_named(wanted.people)
    with store.reader() as reader:
        at = issue_instant(reader, wanted.at, deadlines.now())
        run = run_charges(reader, wanted.season, rulebook=wanted.rulebook, at=at)
        if run.informal and not wanted.sample:
            raise informal_refusal(run)

        def issued(payer: dict[str, Any], rows: Sequence[Any]) -> Outcome:
            asked = replace(wanted, payer=payer["code"])
            last = rows[-1] if rows else None
            try:
                require_other(scope, payer)
                moment = deadlines.now()
                made = drawn_up(reader, run, payer, asked, rows, issued_at=moment)
                require_news(made.document, rows)
                # When somebody else issued to this payer meanwhile, its account is computed anew on its own.
                done = freeze(store, made, moment, actor) or issue(store, scope, asked, actor=actor)
            except (ConflictError, ForbiddenError) as why:
                return Outcome(payer, None, why, last)
            return Outcome(payer, done, last=last)

        return _each_payer(reader, scope, run, wanted, issued, each)


def _each_payer(
    reader: Reader,
    scope: Scope,
    run: ChargeRun,
    wanted: Wanted,
    make: Callable[[dict[str, Any], Sequence[Any]], Outcome],
    each: Each,
) -> Round:
    payers = _payers(reader, scope, run, wanted)
    for place, payer in enumerate(payers, start=1):
        each(make(payer, rows_of(reader, run.season, payer["code"])), place, len(payers))
    return Round(run.season, run.at, run.as_of_rev, run.status, run.informal)


def _payers(reader: Reader, scope: Scope, run: ChargeRun, wanted: Wanted) -> list[dict[str, Any]]:
    """Return whoever pays now or was issued a statement before, as far as the reader sees it, by code."""
    sight = Sight(reader, scope)
    found: dict[str, dict[str, Any]] = {}
    for code in {*run.by_payer, *(row.payer_code for row in rows_of(reader, run.season))}:
        try:
            payer = named_payer(reader, scope, run, replace(wanted, payer=code), sight)
        except NotFoundError:
            continue
        found[payer["code"]] = payer
    return [found[code] for code in sorted(found)]
