"""What is known of the passes of a season: which satellites' files cover which Beijing days.

A file covers the days from its first row to its last, rows outside the service area included. That a satellite saw
every place on such a day is not known here: cloud and the edge of the swath are in no feed.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gis.times import beijing_date, fire_day_bounds
from service.store.engine import Reader
from service.store.models import FeedCoverage, FeedFile

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The days of a season and the satellites that reported on them.

    Attributes
    ----------
    days
        How many days were to be observed.
    satellites
        Name to the days of the season on which nothing of it arrived; one that never arrived is not known of.
    without_any
        Days on which no satellite arrived.
    """

    days: int
    satellites: dict[str, tuple[dt.date, ...]]
    without_any: tuple[dt.date, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-representable data; days in stretches."""
        return {
            "days": self.days,
            "satellites": [
                {"satellite": name, "days": self.days - len(missing), "missing": stretches(missing)}
                for name, missing in sorted(self.satellites.items())
            ],
            "without_any": stretches(self.without_any),
            "days_without_any": len(self.without_any),
            "cloud": "unknown",
        }


def coverage_of(reader: Reader, days: Sequence[dt.date]) -> Coverage:
    """Return which satellites' files cover which of some Beijing days, as known at the reader's revision."""
    if not days:
        return Coverage(0, {}, ())
    table, file = FeedCoverage.__table__, FeedFile.__table__
    start, end = fire_day_bounds(days[0])[0], fire_day_bounds(days[-1])[1]
    rows = reader.rows(
        sa.select(table.c.satellite, table.c.first_at, table.c.last_at)
        .join(file, file.c.id == table.c.file_id)
        .where(reader.known(FeedFile), table.c.last_at >= start, table.c.first_at < end)
        .distinct()
    )
    seen: dict[str, set[dt.date]] = defaultdict(set)
    for row in rows:
        day, last = max(beijing_date(row.first_at), days[0]), min(beijing_date(row.last_at), days[-1])
        while day <= last:
            seen[row.satellite].add(day)
            day += _DAY
    wanted = set(days)
    arrived = {name: found & wanted for name, found in seen.items() if found & wanted}
    anything = set().union(*arrived.values()) if arrived else set()
    return Coverage(
        len(days),
        {name: tuple(sorted(wanted - found)) for name, found in arrived.items()},
        tuple(sorted(wanted - anything)),
    )


def stretches(days: Sequence[dt.date]) -> list[str]:
    """Return sorted days as ``2023-10-05`` or, where they follow each other, ``2023-10-05/2023-10-09``."""
    runs: list[list[dt.date]] = []
    for day in days:
        if runs and day == runs[-1][1] + _DAY:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return [first.isoformat() if first == last else f"{first}/{last}" for first, last in runs]
