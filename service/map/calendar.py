"""Fire points per day: the season calendar of the web map, with the same filters as its layers."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gis.errors import UsageError
from gis.times import fire_day, fire_day_bounds
from service.billing.books import stored_books
from service.layers import fires, spatial
from service.layers.limits import timed
from service.layers.relation import Relation
from service.layers.sql import condition
from service.map.session import STATUSES
from service.reads import unit_condition
from service.reports.model import COUNTED, LISTED_SCREENS
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FeedCoverage, FeedFile, FirePointState

MAX_DAYS = 400
_OCTOBER = "10-01"
"""Where no rulebook is loaded, a season begins with the harvest."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is counted; everything left out counts all.

    Attributes
    ----------
    unit
        Code of a unit: its members in the assessment tree.
    screen, status, confidence
        Codes of closed lists; a point that has one of them.
    satellite
        Names of satellites; a point that one of them saw.
    cql
        A filter of the layer ``fire_points`` as CQL2 text, the one its tiles take.
    """

    unit: str | None = None
    screen: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    confidence: tuple[str, ...] = ()
    satellite: tuple[str, ...] = ()
    cql: str | None = None


def calendar(
    reader: Reader,
    scope: Scope,
    start: dt.date,
    end: dt.date,
    filters: Filters,
    *,
    cut: str = "00:00",
) -> dict[str, Any]:
    """Return the counts of every fire day from `start` to `end`, both included, and the seasons there are.

    A day stands there when it has a fire point, or a satellite that reported: no fire and not looked are two things.

    Returns
    -------
    dict
        ``days`` with ``pixels, fire_points, listed, listed_pixels, left_out, counted`` and one count per status of
        verification (fire_points = listed + left_out; listed = the sum of the statuses; ``pixels`` are those of all
        fire points, ``listed_pixels`` those of the listed ones), ``satellites`` (how many reported), their ``totals``,
        and ``seasons``.

    Raises
    ------
    UsageError
        ``bad_span``; whatever is wrong with a filter.
    NotFoundError
        ``unknown_unit``.
    """
    if end < start or (end - start).days >= MAX_DAYS:
        raise UsageError(
            "bad_span",
            f"日期区间 {start} 至 {end} 不可用：to 不得早于 from，且不超过 {MAX_DAYS} 天",
            f"the span {start} to {end} is not usable: `to` not before `from`, at most {MAX_DAYS} days",
        )
    counted = {row["day"]: row for row in _counts(reader, scope, start, end, filters)}
    satellites = _satellites(reader, start, end, cut)
    days = [
        {**(counted.get(day) or _nothing(day)), "satellites": satellites.get(day, 0)}
        for day in sorted({*counted, *satellites})
    ]
    return {
        "from": start.isoformat(),
        "to": end.isoformat(),
        "unit": filters.unit,
        "days": [{**row, "day": row["day"].isoformat()} for row in days],
        "totals": {name: sum(row[name] for row in days) for name in _NAMES},
        "seasons": _seasons(reader, scope),
    }


_NAMES = ("pixels", "fire_points", "listed", "listed_pixels", "left_out", "counted", *STATUSES)


def _nothing(day: dt.date) -> dict[str, Any]:
    return {"day": day, **dict.fromkeys(_NAMES, 0)}


def _counts(
    reader: Reader, scope: Scope, start: dt.date, end: dt.date, filters: Filters
) -> Iterable[dict[str, Any]]:
    """Yield the counts of each day that has any: one question, whatever the period."""
    spatial.prepare(reader)
    relation = fires.fire_points(reader, scope)
    columns = relation.columns
    names = ("fire_day", "pixels", "screen", "status")
    where = [*relation.where, columns["fire_day"].between(start, end)]
    where += _chosen(reader, scope, relation, filters, end)
    points = (
        sa.select(*(columns[name].label(name) for name in names))
        .select_from(relation.source)
        .where(*where)
        .subquery()
    )
    listed = points.c.screen.in_(sorted(LISTED_SCREENS))
    query = (
        sa.select(
            points.c.fire_day,
            sa.func.sum(points.c.pixels),
            sa.func.count(),
            _number(listed),
            sa.func.sum(sa.case((listed, points.c.pixels), else_=0)),
            _number(sa.not_(listed)),
            _number(points.c.screen == COUNTED),
            *(_number(sa.and_(listed, points.c.status == word)) for word in STATUSES),
        )
        .group_by(points.c.fire_day)
        .order_by(points.c.fire_day)
    )
    for day, *numbers in timed(reader, query):
        yield {"day": day, **dict(zip(_NAMES, map(int, numbers), strict=True))}


def _number(of: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((of, 1), else_=0))


def _chosen(
    reader: Reader, scope: Scope, relation: Relation, filters: Filters, day: dt.date
) -> list[sa.ColumnElement[bool]]:
    columns: Mapping[str, Any] = relation.columns
    found = []
    if filters.unit is not None:
        found.append(unit_condition(reader, scope, filters.unit, day))
    for name in ("screen", "status", "confidence"):
        words = getattr(filters, name)
        if words:
            found.append(columns[name].in_(words))
    if filters.satellite:
        whole = sa.literal(";") + columns["satellites"] + sa.literal(";")
        found.append(sa.or_(*(whole.contains(f";{one};", autoescape=True) for one in filters.satellite)))
    if filters.cql is not None:
        from service.layers.filters import parse_cql2_text

        parsed = parse_cql2_text(filters.cql, relation.info)
        found.append(condition(parsed, columns, relation.info, relation.shape.value, reader))
    return found


def _satellites(reader: Reader, start: dt.date, end: dt.date, cut: str) -> dict[dt.date, int]:
    """Return how many satellites reported on each day; a feed is public, whatever it found where."""
    table, file = FeedCoverage.__table__, FeedFile.__table__
    first, _ = fire_day_bounds(start, cut)
    _, after = fire_day_bounds(end, cut)
    rows = reader.rows(
        sa.select(table.c.satellite, table.c.first_at, table.c.last_at)
        .join(file, file.c.id == table.c.file_id)
        .where(file.c.rev <= reader.horizon, table.c.last_at >= first, table.c.first_at < after)
    )
    seen: set[tuple[dt.date, str]] = set()
    for row in rows:
        day, last = max(start, fire_day(row.first_at, cut)), min(end, fire_day(row.last_at, cut))
        while day <= last:
            seen.add((day, row.satellite))
            day += dt.timedelta(days=1)
    return dict(Counter(day for day, _ in seen))


def _seasons(reader: Reader, scope: Scope) -> list[dict[str, str]]:
    """Return the seasons in which the reader has fire points, newest first, as the loaded rulebooks name them."""
    table = FirePointState.__table__
    first, last = reader.rows(
        sa.select(sa.func.min(table.c.fire_day), sa.func.max(table.c.fire_day)).where(
            reader.live(FirePointState), scope.condition(FirePointState)
        )
    )[0]
    if first is None:
        return []
    names = {book.season_begins: book for book in stored_books(reader)}
    found: dict[str, dict[str, str]] = {}
    for begins in sorted(names) or [_OCTOBER]:
        month, day = (int(part) for part in begins.split("-"))
        for year in range(first.year - 1, last.year + 1):
            start = dt.date(year, month, day)
            end = dt.date(year + 1, month, day) - dt.timedelta(days=1)
            if start <= last and first <= end:
                label = names[begins].season(start) if begins in names else f"{year}-{year + 1}"
                found.setdefault(label, {"season": label, "start": start.isoformat(), "end": end.isoformat()})
    return sorted(found.values(), key=lambda one: one["start"], reverse=True)
