"""A closed interval of instants as a layer's own time reads it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gis.errors import UsageError
from gis.times import beijing_date, require_aware
from service.layers.model import LayerInfo


@dataclass(frozen=True, slots=True)
class Span:
    """The property that is asked and the values between which it lies, both included; None is open."""

    name: str | None
    start: dt.datetime | dt.date | None
    end: dt.datetime | dt.date | None


def span_of(time: tuple[dt.datetime | None, dt.datetime | None], info: LayerInfo) -> Span:
    """Return what an interval asks of a layer; features without a time of their own are in every interval.

    Raises
    ------
    UsageError
        ``bad_interval``: an end without a zone, or one before the start.
    """
    start, end = time
    for one in (start, end):
        if one is not None and one.utcoffset() is None:
            raise _bad(f"{one.isoformat()} 没有时区", f"{one.isoformat()} has no time zone")
    if start is not None and end is not None and end < start:
        raise _bad("结束早于开始", "the end is before the start")
    start = None if start is None else _kept(start, up=True)
    end = None if end is None else _kept(end, up=False)
    prop = info.get(info.time_property) if info.time_property else None
    if prop is None:
        return Span(None, None, None)
    if prop.kind == "date":
        return Span(
            prop.name,
            None if start is None else beijing_date(start),
            None if end is None else beijing_date(end),
        )
    return Span(prop.name, start, end)


def _kept(instant: dt.datetime, *, up: bool) -> dt.datetime:
    """Return an end at the store's precision of a millisecond, moved inwards: no stored instant changes sides."""
    utc = require_aware(instant)
    over = utc.microsecond % 1000
    if not over:
        return utc
    try:
        return utc + dt.timedelta(microseconds=1000 - over if up else -over)
    except OverflowError:
        return utc - dt.timedelta(microseconds=over)


def _bad(zh: str, en: str) -> UsageError:
    return UsageError(
        "bad_interval",
        f"时间范围有误：{zh}。请写作 2023-10-29T00:00:00Z/2023-10-30T00:00:00Z",
        f"the interval is wrong: {en}. Write 2023-10-29T00:00:00Z/2023-10-30T00:00:00Z",
    )
