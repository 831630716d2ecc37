"""Instants, Beijing civil time, and the fire day (DESIGN section 3, "Time").

Stored instants are UTC. Law (windows, regimes, special periods) reads the Beijing civil instant. The *fire day* of a
list is separate from both: half-open, ``[D 00:00, D+1 00:00)``, or ``[D-1 17:00, D 17:00)`` where a province cuts
its statistical day at 17:00 (Hebei's bulletin does).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np
import numpy.typing as npt

BEIJING = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")
"""China has had one civil time, UTC+8, without summer time since 1991-09-15; every feed read here is later."""

BEIJING_MINUTES = 8 * 60
DAY_MINUTES = 24 * 60
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")

Minutes = npt.NDArray[np.int64]
"""Whole minutes since 1970-01-01T00:00Z."""


FIRST_YEAR, LAST_YEAR = 1900, 9000
"""Beyond these an instant is a slip of the pen, and the calendar ends before another zone's day does."""


def is_usable(instant: dt.datetime) -> bool:
    """Whether an instant can be told in every zone: `datetime` ends with the years 1 and 9999."""
    return FIRST_YEAR <= instant.year <= LAST_YEAR


def require_aware(instant: dt.datetime) -> dt.datetime:
    """Return `instant` in UTC; a naive datetime is refused, because it has no meaning here.

    Raises
    ------
    ValueError
        When `instant` carries no zone.
    """
    if instant.utcoffset() is None:
        raise ValueError(f"naive datetime refused: {instant!r}; give it a zone")
    return instant.astimezone(dt.UTC)


def to_beijing(instant: dt.datetime) -> dt.datetime:
    """Return the Beijing civil instant of an aware `instant`."""
    return require_aware(instant).astimezone(BEIJING)


def beijing_date(instant: dt.datetime) -> dt.date:
    """Return the Beijing calendar date of an aware `instant`."""
    return to_beijing(instant).date()


def minutes_of(instant: dt.datetime) -> int:
    """Return whole minutes since the epoch of an aware `instant` (seconds are dropped)."""
    return int(require_aware(instant).timestamp() // 60)


def instant_of(minutes: int) -> dt.datetime:
    """Return the aware UTC datetime of `minutes` since the epoch."""
    return dt.datetime.fromtimestamp(int(minutes) * 60, dt.UTC)


def cut_minutes(cut: str) -> int:
    """Return the minutes by which a statistical day starts before its own midnight.

    ``"00:00"`` gives 0; ``"17:00"`` gives 420, for the day D runs from D-1 17:00 to D 17:00.

    Raises
    ------
    ValueError
        When `cut` is not a clock time from ``"00:00"`` to ``"23:59"``.
    """
    found = _CLOCK.fullmatch(cut)
    if found is None:
        raise ValueError(f"not a clock time HH:MM: {cut!r}")
    total = int(found[1]) * 60 + int(found[2])
    return (DAY_MINUTES - total) % DAY_MINUTES


def fire_day_numbers(minutes: Minutes | Any, cut: str = "00:00") -> npt.NDArray[np.int64]:
    """Return the fire day of each instant as days since 1970-01-01 (Beijing).

    Parameters
    ----------
    minutes
        Minutes since the epoch, UTC, shape (n,).
    cut
        The Beijing clock time at which the statistical day ends, ``"00:00"`` or such as ``"17:00"``.
    """
    local = np.asarray(minutes, dtype=np.int64) + BEIJING_MINUTES + cut_minutes(cut)
    return np.floor_divide(local, DAY_MINUTES)


def fire_day(instant: dt.datetime, cut: str = "00:00") -> dt.date:
    """Return the fire day an aware `instant` belongs to."""
    return day_of(int(fire_day_numbers(np.array([minutes_of(instant)]), cut)[0]))


def fire_day_bounds(day: dt.date, cut: str = "00:00") -> tuple[dt.datetime, dt.datetime]:
    """Return the half-open UTC interval ``[start, end)`` of the fire day `day`."""
    midnight = dt.datetime.combine(day, dt.time(), BEIJING)
    start = midnight - dt.timedelta(minutes=cut_minutes(cut))
    return start.astimezone(dt.UTC), (start + dt.timedelta(days=1)).astimezone(dt.UTC)


def day_number(day: dt.date) -> int:
    """Return days since 1970-01-01."""
    return day.toordinal() - 719163


def day_of(number: int) -> dt.date:
    """Return the date that is `number` days after 1970-01-01."""
    return dt.date.fromordinal(int(number) + 719163)


def iso_utc(instant: dt.datetime) -> str:
    """Return ``2023-10-29T04:51:00Z``."""
    return require_aware(instant).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_beijing(instant: dt.datetime) -> str:
    """Return ``2023-10-29T12:51:00+08:00``."""
    return to_beijing(instant).isoformat(timespec="seconds")
