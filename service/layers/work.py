"""What waits for a person, and how counties stand: made of the same reads as the queue and the fire points."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from gis.errors import RefusedInputError, UsageError
from gis.times import beijing_date
from gis.types import Level, Screen
from service.billing.books import stored_books
from service.billing.pending_money import queue
from service.billing.seasons import calendar_of
from service.layers.borders import set_in_force
from service.layers.catalogue import CATALOGUE
from service.layers.fires import verified
from service.layers.model import Query
from service.layers.rows import Rows
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import BoundaryUnit, FirePointState

_SEASON_MONTH = 10
_STATUSES = ("confirmed", "denied", "denial_unreviewed")


def days_of(reader: Reader, query: Query, day: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """Return the fire days a query is about: its interval in Beijing dates, or the season of `day`."""
    if query.time is None:
        return season_of(reader, day)
    start, end = query.time
    return (None if start is None else beijing_date(start), None if end is None else beijing_date(end))


def season_of(reader: Reader, day: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and last day of the season of `day`: of the rulebooks loaded, else October to September."""
    books = stored_books(reader)
    for book in books:
        if book.validity.holds(day):
            try:
                calendar = calendar_of(books, book.season(day))
            except (RefusedInputError, UsageError):
                continue
            if calendar.start <= day <= calendar.end:
                return calendar.start, calendar.end
    year = day.year if day.month >= _SEASON_MONTH else day.year - 1
    return dt.date(year, _SEASON_MONTH, 1), dt.date(year + 1, _SEASON_MONTH - 1, 30)


def pending_cases(reader: Reader, scope: Scope, query: Query, day: dt.date, at: dt.datetime) -> Rows:
    """Return the queue of the reader's scope at the instant `at`, one feature per case."""
    start, end = days_of(reader, query, day)
    cases = queue(reader, scope, start=start, end=end, at=at)
    seen: Counter[str] = Counter()
    names = []
    for case in cases:
        name = f"{case.fire_point_id}.{case.what}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    columns: dict[str, list[Any]] = {
        "case_id": names,
        **{
            name: [getattr(case, name) for case in cases]
            for name in ("fire_point_id", "what", "zh", "en", "county_code", "county", "township", "due")
        },
        "fire_day": [dt.date.fromisoformat(case.fire_day) for case in cases],
        "first_seen": [dt.datetime.fromisoformat(case.first_seen).astimezone(dt.UTC) for case in cases],
    }
    lon, lat = np.array([case.lon for case in cases], float), np.array([case.lat for case in cases], float)
    geometry = np.empty(len(cases), dtype=object)
    geometry[:] = list(shapely.points(lon, lat))
    return Rows(CATALOGUE["pending"], columns, geometry)


def standing_counts(reader: Reader, scope: Scope, query: Query, day: dt.date) -> Rows:
    """Return the counties of the reader's scope with the fire points of some days and what became of them."""
    start, end = days_of(reader, query, day)
    shapes = _counties(reader, scope, day)
    tallies = _tallies(reader, scope, start, end)
    # A polygon that no unit of the register answers for has no fire points of its own.
    counts = [Counter() if row.unit_id is None else tallies.get(row.unit_id, Counter()) for row in shapes]
    columns: dict[str, list[Any]] = {
        "code": [row.code for row in shapes],
        "name": [row.name for row in shapes],
        **{
            name: [int(one[name]) for one in counts]
            for name in ("listed", "pixels", *_STATUSES, "unverified", "left_out")
        },
        "from_day": [start] * len(shapes),
        "to_day": [end] * len(shapes),
    }
    geometry = np.empty(len(shapes), dtype=object)
    geometry[:] = [row.geom for row in shapes]
    return Rows(CATALOGUE["standing"], columns, geometry, timed=False)


def _counties(reader: Reader, scope: Scope, day: dt.date) -> list[Any]:
    table = BoundaryUnit.__table__
    set_id = set_in_force(reader, Level.COUNTY, day)
    rows = reader.rows(
        sa.select(table.c.code, table.c.name, table.c.unit_id, table.c.geom)
        .where(table.c.set_id == (-1 if set_id is None else set_id))
        .order_by(table.c.code)
    )
    mine = scope.unit_ids(day)
    return [row for row in rows if mine is None or row.unit_id in mine]


def _tallies(
    reader: Reader, scope: Scope, start: dt.date | None, end: dt.date | None
) -> dict[int | None, Counter[str]]:
    table = FirePointState.__table__
    days = [table.c.fire_day >= start] if start is not None else []
    days += [table.c.fire_day <= end] if end is not None else []
    rows = reader.rows(
        sa.select(table.c.fire_point_id, table.c.county_unit_id, table.c.pixels, table.c.screen).where(
            reader.live(FirePointState), scope.condition(FirePointState), *days
        )
    )
    words = {name: word for word, names in verified(reader, scope).items() for name in names}
    found: dict[int | None, Counter[str]] = defaultdict(Counter)
    for row in rows:
        tally = found[row.county_unit_id]
        if row.screen != Screen.COUNTED:
            tally["left_out"] += 1
            continue
        tally["listed"] += 1
        tally["pixels"] += row.pixels
        word = words.get(row.fire_point_id, "unverified")
        tally[word if word in _STATUSES else "unverified"] += 1
    return found
