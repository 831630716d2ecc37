"""The parameter ``datetime``: an instant, a day or a closed interval of them, either end open.

A day is a civil day in Beijing and stands for all of it. Source: OGC API Features Part 1, 7.15.4; ends are included.

GDAL writes a comparison of any date property of a layer as ``datetime=2023-10-29T`` and does not test it again: that is
refused here as what it is, no instant, because the property meant may be another than the layer's time.
"""

from __future__ import annotations

import datetime as dt
import re

from gis.errors import UsageError
from gis.times import BEIJING

Ends = tuple[dt.datetime | None, dt.datetime | None]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)
_OPEN = frozenset(("", ".."))
_YEARS = (1900, 2999)
"""Years of a question; an end beyond them has no zone that every calendar can hold."""


def ends_of(text: str) -> Ends:
    """Return both ends of an interval, both included; one instant is both.

    Raises
    ------
    UsageError
        ``bad_datetime``.
    """
    parts = text.split("/")
    if len(parts) > 2 or all(one in _OPEN for one in parts):
        raise _bad(text)
    start = None if parts[0] in _OPEN else _instant(parts[0], text, last=False)
    end = None if parts[-1] in _OPEN else _instant(parts[-1], text, last=True)
    if start is not None and end is not None and end < start:
        raise _bad(text)
    return start, end


def _instant(part: str, text: str, *, last: bool) -> dt.datetime:
    # An unencoded "+08:00" arrives as a space; nothing else in a time of day is followed by one.
    part = part.replace(" ", "+")
    try:
        if _DAY.fullmatch(part):
            moment = dt.datetime.combine(dt.date.fromisoformat(part), dt.time(), BEIJING)
            if last:
                moment += dt.timedelta(days=1, milliseconds=-1)
        elif _MOMENT.fullmatch(part):
            moment = dt.datetime.fromisoformat(part.upper())
        else:
            raise _bad(text)
    except (ValueError, OverflowError) as error:
        raise _bad(text) from error
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise _bad(text)
    return moment


def _bad(text: str) -> UsageError:
    example = "2023-10-29T00:00:00Z/2023-10-30T00:00:00Z"
    return UsageError(
        "bad_datetime",
        f"时间 {text[:80]!r} 不可用：请写作 {example}，开放端用 ..，或写一天 2023-10-29（北京时间）",
        f"the time {text[:80]!r} is not usable: write {example}, an open end as .., "
        "or a day 2023-10-29 (Beijing time)",
        value=text[:80],
    )
