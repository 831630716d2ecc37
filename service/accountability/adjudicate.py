"""Adjudication: facts and a rulebook in, charges, escalations and rewards out (DESIGN section 3, "Charge").

Pure and exact: `Decimal` only, one total order, no clock. The same facts in any order give the same bytes. A date that
the rulebook does not cover is refused; money that a person has to decide about first is held, and says how much.
"""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Context, localcontext
from operator import attrgetter

from service.accountability.facts import Fact, SeasonUnit
from service.accountability.findings import Adjudication, UncoveredError
from service.accountability.rulebook import Rulebook
from service.accountability.run import Run

_DIGITS = 60
"""Far beyond any sum of money; the caller's own precision must not reach a bill."""


def choose(books: Sequence[Rulebook], day: dt.date) -> Rulebook:
    """Return the one rulebook that is in force on `day`.

    Raises
    ------
    UncoveredError
        ``no_rulebook`` or ``several_rulebooks``: no number can be given.
    """
    found = sorted((book for book in books if book.validity.holds(day)), key=lambda book: book.id)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UncoveredError(
            "no_rulebook",
            f"{day} 没有任何规则生效，不能计算金额；请提供该日有效的规则",
            f"no rulebook is in force on {day}, so no amount can be given; supply the rule of that date",
        )
    names = ", ".join(book.id for book in found)
    raise UncoveredError(
        "several_rulebooks",
        f"{day} 有多份规则同时生效（{names}）；请指定一份",
        f"several rulebooks are in force on {day} ({names}); name one",
    )


def adjudicate(book: Rulebook, facts: Iterable[Fact], units: Iterable[SeasonUnit] = ()) -> Adjudication:
    """Return what `book` makes of the facts.

    Parameters
    ----------
    book
        The rule.
    facts
        Every fire point of the seasons in question, each once; an order of "first" needs them all. They may come from a
        generator: one copy is held, and the answer's charges refer to it.
    units
        The units of those seasons: for rewards, densities, shares, bases and deposits.

    Raises
    ------
    UncoveredError
        ``no_rulebook``: a fact's date is outside the rulebook's validity.
    ValueError
        When a fire point or a unit is given twice with different facts.
    """
    with exact_and_uncollected():
        known = units_once(units)
        return Run(book, facts_once(facts), known).answer(known)


@contextmanager
def exact_and_uncollected() -> Iterator[None]:
    """Work with digits enough for any bill, and without the cycle collector.

    It would walk millions of new objects, none of which is in a cycle, again and again.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        with localcontext(Context(prec=_DIGITS)):
            yield
    finally:
        if collects:
            if not gc.get_freeze_count():  # else somebody else has frozen objects, which must stay so
                # In and out of the permanent generation: all is in the oldest one now, without being walked.
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def facts_once(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts by id, each once: everything that follows keeps that order."""
    known = sorted(facts, key=attrgetter("fire_point_id"))
    found: list[Fact] = []
    last: Fact | None = None
    for fact in known:
        if last is None or fact.fire_point_id != last.fire_point_id:
            found.append(fact)
            last = fact
        elif fact != last:
            raise ValueError(f"{fact.fire_point_id} is given twice with different facts")
    return found


def units_once(units: Iterable[SeasonUnit]) -> list[SeasonUnit]:
    """Return the units by season, level and code, each once."""
    known = sorted(units, key=attrgetter("season", "level", "code"))
    found: list[SeasonUnit] = []
    last: SeasonUnit | None = None
    for unit in known:
        if last is None or unit.code != last.code or unit.level != last.level or unit.season != last.season:
            found.append(unit)
            last = unit
        elif unit != last:
            raise ValueError(f"{unit.code} is given twice for {unit.season}")
    return found
