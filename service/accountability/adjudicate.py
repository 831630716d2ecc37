"""Adjudication: facts and a rulebook in, charges, escalations and rewards out (DESIGN section 3, "Charge").

Pure and exact: `Decimal` only, one total order, no clock. The same facts in any order give the same bytes. A date that
the rulebook does not cover is refused; money that a person has to decide about first is held, and says how much.
"""

from __future__ import annotations

import datetime as dt
import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Context, localcontext
from operator import attrgetter

from service.accountability.clauses import Clause, LadderCharge, Order, OrdinalCharge
from service.accountability.eligibility import Judge, Judged, held, left_out
from service.accountability.escalate import escalate
from service.accountability.facts import Fact, SeasonUnit
from service.accountability.findings import Adjudication, Charge, Held, LeftOut, UncoveredError
from service.accountability.ordering import Candidate, instant_of
from service.accountability.pricing import Pricer, Waiting
from service.accountability.reward import deposits, reward
from service.accountability.rulebook import Rulebook

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
        f"{day} 有多份规则同时生效({names});请指定一份",
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
    with _no_collecting(), localcontext(Context(prec=_DIGITS)):
        return _adjudicate(book, _once(facts), _units(units))


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Keep the cycle collector from walking millions of new objects, none of which is in a cycle, again and again."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            if not gc.get_freeze_count():  # else somebody else has frozen objects, which must stay so
                # In and out of the permanent generation: all is in the oldest one now, without being walked.
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _adjudicate(book: Rulebook, known: list[Fact], units: list[SeasonUnit]) -> Adjudication:
    run = _Run(book, units)
    for fact in known:
        run.take(fact)
    run.require_covered()
    charges = run.charge()
    return Adjudication(
        rulebook=book.id,
        rulebook_hash=book.content_hash,
        status=book.status,
        charges=charges,
        held=tuple(sorted(run.held, key=attrgetter("fire_point_id", "reason"))),
        left_out=tuple(run.left_out),
        escalations=escalate(book, run.counted, units),
        rewards=reward(book, [*run.counted, *run.lifted], run.waiting, units),
        deposits=deposits(book, charges, units),
    )


def _once(facts: Iterable[Fact]) -> list[Fact]:
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


def _units(units: Iterable[SeasonUnit]) -> list[SeasonUnit]:
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


class _Run:
    """One adjudication under way: facts sorted into counted, held and left out, then priced clause by clause."""

    def __init__(self, book: Rulebook, units: Sequence[SeasonUnit]) -> None:
        self.book = book
        self.units = units
        self.counted: list[Judged] = []
        self.lifted: list[Judged] = []
        self.waiting: list[Judged] = []
        self.held: list[Held] = []
        self.left_out: list[LeftOut] = []
        self._judge = Judge(book)
        self._by_clause: list[list[Judged]] = [[] for _ in book.charges]
        self._payer_level = book.payer.level if book.payer else ""
        self._special = {one.code for one in book.payer.special} if book.payer else set()

    def take(self, fact: Fact) -> None:
        """Sort one fact: counted under a clause, held, or left out with its reason."""
        one = self._judge(fact)
        verdict = one.verdict
        if verdict.counts:
            self.counted.append(one)
            if verdict.clause is not None:
                self._by_clause[verdict.clause].append(one)
                return
        elif verdict.lifted:
            self.lifted.append(one)
        if verdict.waits:
            self._hold(one, verdict.reason)
        elif verdict.reason:
            self.left_out.append(left_out(fact, verdict.reason))

    def require_covered(self) -> None:
        """Refuse the first day that the rulebook does not cover."""
        book = self.book
        for day in sorted(self._judge.days):
            if not book.validity.holds(day):
                raise UncoveredError(
                    "no_rulebook",
                    f"规则 {book.id} 不适用于 {day}(有效期自 {book.validity.from_} 起),"
                    "不能计算金额；请换用该日有效的规则",
                    f"rulebook {book.id} does not cover {day} (in force from {book.validity.from_}), "
                    "so no amount can be given; use the rule of that date",
                )

    def charge(self) -> tuple[Charge, ...]:
        """Price every counted fact under its clause; by payer, season and id."""
        found: defaultdict[tuple[str, str], list[Charge]] = defaultdict(list)
        for index, clause in enumerate(self.book.charges):
            pricer = Pricer(self.book, clause, self.units)
            stretches = self._stretches(clause, self._by_clause[index])
            self._by_clause[index] = []  # a million of them need not outlive their charges
            while stretches:
                stretch, members = stretches.popitem()
                for one in pricer.price(stretch, members):
                    if isinstance(one, Waiting):
                        self._wait(one)
                    else:
                        found[one.payer, one.season].append(one)
        by_id = attrgetter("fact.fire_point_id")
        return tuple(one for key in sorted(found) for one in sorted(found[key], key=by_id))

    def _wait(self, one: Waiting) -> None:
        if one.at_stake is None:
            self._hold(one.judged, one.reason)
        else:  # a tie: it is charged what is certain, so that nothing else waits
            known = held(one.judged.fact, one.reason)
            self.held.append(
                Held(known.fire_point_id, known.reason, known.zh, known.en, one.at_stake, one.among)
            )

    def _hold(self, one: Judged, reason: str) -> None:
        self.held.append(held(one.fact, reason))
        if self.book.rewards:
            self.waiting.append(one)

    def _stretches(self, clause: Clause, judged: list[Judged]) -> dict[tuple[str, str], list[Candidate]]:
        """Return who pays for each, by the unit and stretch that order it; held while that is not certain."""
        found: defaultdict[tuple[str, str], list[Candidate]] = defaultdict(list)
        order = clause.order if isinstance(clause, OrdinalCharge | LadderCharge) else None
        by_pixel = self.book.counts.unit == "pixel"
        for one in judged:
            fact = one.fact
            payer, reason = self._payer(fact)
            unit = payer
            if order and not reason:
                unit, reason = self._unit(fact, order, payer)
            if reason:
                self._hold(one, reason)
                continue
            key = (unit, one.when.period(order.reset)) if order else ("", "")
            found[key].append(Candidate(one, payer, fact.pixels if by_pixel else 1))
        return found

    def _payer(self, fact: Fact) -> tuple[str, str]:
        """Return who pays, or why that is not certain."""
        level = self._payer_level
        if fact.special_payer is not None and fact.special_payer in self._special:
            return fact.special_payer, ""
        if level in fact.doubts:
            return "", "payer_in_doubt"
        found = fact.unit(level)
        return (found.payer, "") if found else ("", "payer_unknown")

    def _unit(self, fact: Fact, order: Order, payer: str) -> tuple[str, str]:
        """Return the unit that orders it, or why that, or its instant, is not certain."""
        unit = fact.unit(order.scope)
        if unit is None:
            return "", "payer_unknown"
        if order.scope != self._payer_level and order.scope in fact.doubts:
            return "", "scope_in_doubt"
        if order.basis != "overpass" and instant_of(fact, order) is None:
            return "", "instant_unknown"
        # The scope at the payer's level is the payer: districts that pay as their city have one first.
        return (payer if order.scope == self._payer_level else unit.payer), ""
