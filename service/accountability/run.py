"""One adjudication under way: facts sorted into counted, held and left out, then priced clause by clause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
from service.accountability.scoring import score


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other rulebooks made of the same seasons, labelled as this rulebook labels them.

    Attributes
    ----------
    counted, lifted
        Fire points that counted there, or would have without an exemption: no unit of theirs was without fire.
    waiting
        Fire points that wait for a person there.
    charges
        Season and charge: a deposit pays for them too.
    """

    counted: Sequence[Judged] = ()
    lifted: Sequence[Judged] = ()
    waiting: Sequence[Judged] = ()
    charges: Sequence[tuple[str, Charge]] = ()


class Run:
    """An adjudication of facts, each once and in order of id, under one rulebook.

    Parameters
    ----------
    units
        Each once; their indicators are the bases of percentages.

    Raises
    ------
    UncoveredError
        ``no_rulebook``: a fact's date is outside the rulebook's validity.
    """

    def __init__(self, book: Rulebook, facts: Iterable[Fact], units: Sequence[SeasonUnit]) -> None:
        self.book = book
        self.units = units
        self.counted: list[Judged] = []
        self.lifted: list[Judged] = []
        self.waiting: list[Judged] = []
        self.held: list[Held] = []
        self.left_out: list[LeftOut] = []
        self.judge = Judge(book)
        self._by_clause: list[list[Judged]] = [[] for _ in book.charges]
        self._payer_level = book.payer.level if book.payer else ""
        self._special = {one.code for one in book.payer.special} if book.payer else set()
        for fact in facts:
            self._take(fact)
        self._require_covered()
        self.charges = self._charge()

    def answer(self, units: Sequence[SeasonUnit], elsewhere: Elsewhere = Elsewhere()) -> Adjudication:
        """Return the whole answer; `units` are those whose rewards, densities, shares and deposits it states."""
        book = self.book
        counted = [*self.counted, *elsewhere.counted] if elsewhere.counted else self.counted
        waiting = [*self.waiting, *elsewhere.waiting]
        burnt = [*counted, *self.lifted, *elsewhere.lifted] if book.rewards else []
        due = [*((one.season, one) for one in self.charges), *elsewhere.charges] if book.deposit else []
        return Adjudication(
            rulebook=book.id,
            rulebook_hash=book.content_hash,
            status=book.status,
            charges=self.charges,
            held=tuple(sorted(self.held, key=attrgetter("fire_point_id", "reason"))),
            left_out=tuple(self.left_out),
            escalations=escalate(book, self.counted, units),
            rewards=reward(book, burnt, waiting, units),
            deposits=deposits(book, due, units),
            scores=score(book, counted, waiting, units),
        )

    def _take(self, fact: Fact) -> None:
        """Sort one fact: counted under a clause, held, or left out with its reason."""
        one = self.judge(fact)
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

    def _require_covered(self) -> None:
        """Refuse the first day that the rulebook does not cover."""
        book = self.book
        for day in sorted(self.judge.days):
            if not book.validity.holds(day):
                start, end = book.validity.from_, book.validity.to
                span = f"有效期自 {start} 起" if end is None else f"有效期 {start} 至 {end}"
                span_en = f"in force from {start}" if end is None else f"in force from {start} to {end}"
                raise UncoveredError(
                    "no_rulebook",
                    f"规则 {book.id} 不适用于 {day}（{span}），不能计算金额；请换用该日有效的规则",
                    f"rulebook {book.id} does not cover {day} ({span_en}), so no amount can be given; use the rule of "
                    "that date",
                )

    def _charge(self) -> tuple[Charge, ...]:
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
