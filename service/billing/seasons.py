"""Which days a season has under a rulebook, and which rulebook is in force on which of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gis.errors import RefusedInputError, UsageError
from service.accountability.adjudicate import choose
from service.accountability.findings import UncoveredError
from service.accountability.rulebook import Rulebook

_LABEL = re.compile(r"([0-9]{4})(?:-([0-9]{4}))?")
_EVER = (dt.date(1900, 1, 1), dt.date(2999, 12, 31))


@dataclass(frozen=True, slots=True)
class Calendar:
    """A season under the rulebooks that a command means.

    Attributes
    ----------
    start, end
        Its first and last Beijing day, both included.
    loaded_from, loaded_to
        The days whose fire points an order may need: those of the season, or more where it runs on.
    """

    season: str
    books: tuple[Rulebook, ...]
    start: dt.date
    end: dt.date
    loaded_from: dt.date
    loaded_to: dt.date

    def holds(self, book: Rulebook, day: dt.date) -> bool:
        """Whether a day belongs to the season under a rulebook."""
        return book.season(day) == self.season

    def concerns(self, book: Rulebook, day: dt.date) -> bool:
        """Whether a fire of this day may move an ordinal of the season: its own days, and the stretch of a reset."""
        resets = _resets(book)
        return (
            self.holds(book, day)
            or "never" in resets
            or ("year" in resets and self.start.year <= day.year <= self.end.year)
        )

    def book_on(self, day: dt.date, codes: Collection[str]) -> Rulebook | None:
        """Return the rulebook in force on a day in a place, None where none of them concerns the season there.

        Parameters
        ----------
        codes
            Codes of the units the place lies in; a rulebook holds in its jurisdiction.

        Raises
        ------
        RefusedInputError
            ``no_rulebook`` or ``several_rulebooks``: no number can be given for a day of the season.
        """
        local = [book for book in self.books if book.jurisdiction.code in codes]
        covering = [book for book in local if book.validity.holds(day)]
        if len(covering) == 1:
            return covering[0] if self.concerns(covering[0], day) else None
        if any(self.holds(book, day) for book in covering or local):
            try:
                choose(covering, day)
            except UncoveredError as error:
                raise refused(error) from error
        return None


def refused(error: UncoveredError) -> RefusedInputError:
    """Return the refusal of a day that no rulebook, or more than one, covers; the next step is said."""
    if error.code == "several_rulebooks":
        return RefusedInputError(
            error.code, f"{error.zh}：用 --rulebook ID", f"{error.en}: --rulebook ID", value=error.en
        )
    return RefusedInputError(
        error.code,
        f"{error.zh}：huodian rulebooks load FILE",
        f"{error.en}: huodian rulebooks load FILE",
        value=error.en,
    )


def other_jurisdiction(books: Sequence[Rulebook]) -> RefusedInputError:
    """Return the refusal of rulebooks that hold nowhere in a store."""
    named = "、".join(f"{book.id}（{book.jurisdiction.code} {book.jurisdiction.name}）" for book in books)
    codes = ", ".join(f"{book.id}: {book.jurisdiction.code}" for book in books)
    return RefusedInputError(
        "other_jurisdiction",
        f"规则 {named} 的适用地区不含本存储的任何单位：请换用本地区的规则，"
        "或用 huodian load units 载入该地区的单位登记册",
        f"no unit of this store lies where these rulebooks hold ({codes}): use the rule of this area, or load that "
        "area's register with `huodian load units`",
        value=", ".join(book.id for book in books),
    )


def calendar_of(books: Sequence[Rulebook], season: str) -> Calendar:
    """Return the days of a season.

    Raises
    ------
    UsageError
        ``bad_season``: the label is none of these rulebooks'.
    RefusedInputError
        ``no_rulebook``: none of them is in force on any day of it.
    """
    spans = [(book, span) for book in books if (span := _span(book, season)) is not None]
    if not spans:
        example = books[0].season(dt.date(2023, 10, 29))
        raise UsageError(
            "bad_season",
            f"考核季 {season!r} 不是这些规则的写法；例：{example}",
            f"{season!r} is no season of these rulebooks; they are written like {example}",
            value=season,
        )
    held = [(book, span) for book, span in spans if _overlaps(book, span)]
    if not held:
        names = "、".join(f"{book.id}（{book.validity.from_} 起）" for book, _ in spans)
        raise RefusedInputError(
            "no_rulebook",
            f"{season} 没有任何规则生效（{names}），不能计算金额；请载入该季有效的规则",
            f"no rulebook is in force in {season} ({', '.join(book.id for book, _ in spans)} are not), so no amount "
            "can be given; load the rule of that season",
            value=season,
        )
    start, end = min(span[0] for _, span in held), max(span[1] for _, span in held)
    resets = {reset for book, _ in held for reset in _resets(book)}
    if "never" in resets:
        loaded = _EVER
    elif "year" in resets:
        loaded = (dt.date(start.year, 1, 1), dt.date(end.year, 12, 31))
    else:
        loaded = (start, end)
    return Calendar(season, tuple(books), start, end, *loaded)


def _resets(book: Rulebook) -> set[str]:
    found = {clause.order.reset for clause in book.charges if clause.kind in ("ordinal", "ladder")}
    return found | {one.reset for one in book.escalations if one.kind == "count"}


def _span(book: Rulebook, season: str) -> tuple[dt.date, dt.date] | None:
    label = _LABEL.fullmatch(season)
    if label is None:
        return None
    year = int(label[1])
    month, day = (int(part) for part in book.season_begins.split("-"))
    try:
        start = dt.date(year, month, day)
        end = dt.date(year + 1, month, day) - dt.timedelta(days=1)
    except ValueError:
        return None
    return (start, end) if book.season(start) == season else None


def _overlaps(book: Rulebook, span: tuple[dt.date, dt.date]) -> bool:
    last = book.validity.to
    return book.validity.from_ <= span[1] and (last is None or last >= span[0])
