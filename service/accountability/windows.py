"""When a rulebook counts: windows of every year, of the calendar, declared ones; seasons and resets."""

from __future__ import annotations

import datetime as dt
import re
from calendar import isleap
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from service.accountability.words import Day, Flag, MonthDay, Part, Word, wrong

BEIJING = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")


def civil_day(instant: dt.datetime) -> dt.date:
    """Return the Beijing civil date of an aware instant: law reads this one."""
    return instant.astimezone(BEIJING).date()


def _month_day(day: dt.date) -> str:
    return f"{day.month:02}-{day.day:02}"


class Validity(Part):
    """When the rulebook is in force; both days included, `to` null while it is."""

    from_: Day = Field(alias="from")
    to: Day | None

    @model_validator(mode="after")
    def _forward(self) -> Validity:
        if self.to is not None and self.to < self.from_:
            wrong("ends_before_it_starts", "结束日早于开始日", "it ends before it starts", "to")
        return self

    def holds(self, day: dt.date) -> bool:
        """Whether it is in force on `day`."""
        return self.from_ <= day and (self.to is None or day <= self.to)


class Span(Part):
    """Dates of one year's occurrence; both included."""

    from_: Day = Field(alias="from")
    to: Day
    source: Word | None = None

    @model_validator(mode="after")
    def _forward(self) -> Span:
        if self.to < self.from_:
            wrong("ends_before_it_starts", "结束日早于开始日", "it ends before it starts", "to")
        return self


class YearlyWindow(Part):
    """From a month-day to a month-day, both included, every year; an end before its start crosses New Year."""

    kind: Literal["yearly"]
    name: Word
    start: MonthDay
    end: MonthDay
    everywhere: Flag = False

    @model_validator(mode="after")
    def _begins_every_year(self) -> YearlyWindow:
        if self.start == "02-29":
            wrong(
                "bad_month_day",
                "不能从 02-29 开始",
                "a window cannot start on 02-29: most years lack it",
                "start",
            )
        return self

    def holds(self, day: dt.date) -> bool:
        """Whether `day` lies in it."""
        text = _month_day(day)
        if self.start <= self.end:
            return self.start <= text <= self.end
        return text >= self.start or text <= self.end


class _Dated(Part):
    name: Word
    dates: tuple[Span, ...]
    everywhere: Flag = False

    def holds(self, day: dt.date) -> bool:
        """Whether `day` lies in one of its spans."""
        return any(span.from_ <= day <= span.to for span in self.dates)


class CalendarWindow(_Dated):
    """Named by the calendar, with no fixed month-day (Spring Festival, 两会): a table gives each year's dates."""

    kind: Literal["calendar"]
    calendar: Word

    @model_validator(mode="after")
    def _has_dates(self) -> CalendarWindow:
        if not self.dates:
            wrong("no_dates", "没有给出任何一年的起止日", "no year's dates are given", "dates")
        return self


class DeclaredWindow(_Dated):
    """Declared when needed (heavy pollution); an empty table says that none was."""

    kind: Literal["declared"]
    by: Word


Window = Annotated[YearlyWindow | CalendarWindow | DeclaredWindow, Field(discriminator="kind")]


def season_start(windows: tuple[Window, ...]) -> str:
    """Return the month-day on which a season begins: the start of the first yearly window, else New Year."""
    return next((one.start for one in windows if isinstance(one, YearlyWindow)), "01-01")


@lru_cache(maxsize=8192)
def season_of(day: dt.date, start: str) -> str:
    """Return the season's label: ``2019-2020``, or ``2017`` where it is the calendar year."""
    year = day.year if _month_day(day) >= start else day.year - 1
    return str(year) if start == "01-01" else f"{year:04}-{year + 1:04}"


def season_days(label: str, start: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of a season that begins on `start`; None where no such season is called so."""
    found = re.fullmatch(r"([0-9]{4})(-[0-9]{4})?", label, re.ASCII)
    year = int(found[1]) if found else 0
    if not dt.MINYEAR <= year < dt.MAXYEAR:
        return None
    first = _first_from(year, start)
    if season_of(first, start) != label:
        return None
    return first, _first_from(year + 1, start) - dt.timedelta(days=1)


def _first_from(year: int, month_day: str) -> dt.date:
    """Return the first day of a year from a month-day on; most years have no 02-29."""
    month, day = int(month_day[:2]), int(month_day[3:])
    if (month, day) == (2, 29) and not isleap(year):
        month, day = 3, 1
    return dt.date(year, month, day)
