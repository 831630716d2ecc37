"""Days of an objection: counted in Beijing civil days, the last one included."""

from __future__ import annotations

import datetime as dt

from gis.times import beijing_date


def now() -> dt.datetime:
    """Return the current instant in whole milliseconds, as the store keeps instants; tests put another in its place."""
    moment = dt.datetime.now(dt.UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def until(start: dt.datetime, days: int) -> dt.date:
    """Return the last Beijing civil day of a term of `days` that begins on the day after `start`.

    A statement of 2023-11-01 with 7 days may be objected to until the end of 2023-11-08 in Beijing.

    Parameters
    ----------
    start
        The aware instant of issue, filing or answer; its Beijing day is not counted.
    days
        Length of the term in civil days.
    """
    return beijing_date(start) + dt.timedelta(days=days)


def is_over(last: dt.date, at: dt.datetime) -> bool:
    """Whether the civil day `last` has ended in Beijing at the aware instant `at`."""
    return beijing_date(at) > last
