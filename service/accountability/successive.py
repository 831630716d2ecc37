"""Facts of seasons whose days are covered by several rulebooks in turn: a rule that is replaced mid-season."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from service.accountability.adjudicate import choose, exact_and_uncollected, facts_once, units_once
from service.accountability.eligibility import Judged
from service.accountability.facts import Fact, SeasonUnit
from service.accountability.findings import Adjudication, UncoveredError
from service.accountability.rulebook import Rulebook
from service.accountability.run import Elsewhere, Run
from service.accountability.windows import civil_day, season_days


def adjudicate_all(
    books: Sequence[Rulebook], facts: Iterable[Fact], units: Iterable[SeasonUnit] = ()
) -> tuple[Adjudication, ...]:
    """Return what the rulebooks make of the facts: one answer of each that something falls to, by first day in force.

    A fact is judged by the rulebook that is in force on its Beijing day; each rulebook orders its own facts, so that
    its "first" and its counts begin anew. Rewards, scores, densities, shares and deposits of a season are stated by the
    rulebook in force on the season's last day: the last one that a window of theirs holds. A unit earns a reward for
    no fire only if it had none under the earlier rulebooks either, the fire points that counted there lower its score,
    and their charges of the season are taken from its deposit. An indicator is the base of a percentage under each.

    Parameters
    ----------
    books
        Rulebooks of one jurisdiction, of which exactly one must be in force on each day that is asked about.
    facts, units
        As for `adjudicate`.

    Raises
    ------
    UncoveredError
        ``no_rulebook`` or ``several_rulebooks``, naming the day; ``unknown_season``, naming a unit's season that none
        of them has.
    ValueError
        When a fire point or a unit is given twice with different facts.
    """
    with exact_and_uncollected():
        return _adjudicate_all(books, facts_once(facts), units_once(units))


def _adjudicate_all(
    books: Sequence[Rulebook], facts: list[Fact], units: list[SeasonUnit]
) -> tuple[Adjudication, ...]:
    shares: dict[str, list[Fact]] = {}
    owned: dict[str, list[SeasonUnit]] = {}
    of_day = {day: choose(books, day) for day in sorted({civil_day(fact.overpass) for fact in facts})}
    of_season = {season: _owner(books, season) for season in sorted({unit.season for unit in units})}
    for fact in facts:
        shares.setdefault(of_day[civil_day(fact.overpass)].content_hash, []).append(fact)
    for unit in units:
        owned.setdefault(of_season[unit.season].content_hash, []).append(unit)
    known = {book.content_hash: book for book in (*of_day.values(), *of_season.values())}
    runs = [
        Run(book, shares.get(book.content_hash, ()), units)
        for book in sorted(known.values(), key=lambda book: (book.validity.from_, book.id))
    ]
    return tuple(run.answer(owned.get(run.book.content_hash, []), _elsewhere(run, runs)) for run in runs)


def _owner(books: Sequence[Rulebook], season: str) -> Rulebook:
    """Return the rulebook that is in force on the season's last day."""
    spans = [(book, days) for book in books if (days := season_days(season, book.season_begins)) is not None]
    if not spans:
        names = ", ".join(sorted(book.id for book in books))
        raise UncoveredError(
            "unknown_season",
            f"没有任何规则有 {season} 考核季（{names}）；请按规则的写法给出考核季，例如 2019-2020 或 2019",
            f"no rulebook has a season {season} ({names}); name the season as the rulebook does: 2019-2020, or 2019",
        )
    in_force = [(book, days) for book, days in spans if _meets(book, *days)]
    # With none in force the refusal still names the day that a rule is wanted for.
    return choose(books, max(_last_day(book, *days) for book, days in in_force or spans))


def _meets(book: Rulebook, first: dt.date, last: dt.date) -> bool:
    return book.validity.from_ <= last and (book.validity.to is None or book.validity.to >= first)


def _last_day(book: Rulebook, first: dt.date, last: dt.date) -> dt.date:
    """Return the last day that a window holds; the last of all where none holds any."""
    day = last
    while not any(window.holds(day) for window in book.windows):
        if day == first:
            return last
        day -= dt.timedelta(days=1)
    return day


def _elsewhere(run: Run, runs: Sequence[Run]) -> Elsewhere:
    """Return what the other rulebooks made of these seasons, where this one states rewards, deposits or scores."""
    book = run.book
    others = [one for one in runs if one is not run]
    if not others or not (book.rewards or book.deposit or book.scores):
        return Elsewhere()

    def here(one: Judged) -> Judged:
        return Judged(one.fact, run.judge.when(one.when.day), one.verdict)

    return Elsewhere(
        counted=[here(one) for other in others for one in other.counted],
        lifted=[here(one) for other in others for one in other.lifted],
        waiting=[here(one) for other in others for one in other.waiting],
        charges=[
            (book.season(civil_day(one.fact.overpass)), one) for other in others for one in other.charges
        ],
    )
