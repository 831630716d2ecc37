"""Places that are hot again and again: fixed heat sources learned from the detections themselves.

The method follows a published analysis of two years of VIIRS points in Henan (domain section 12): cells of 0.01
degree; 30 hot days and 70 % at night is a fixed source, 10 a likely one, 4 to 9 with 60 % at night a leaning one.
Straw is burnt on few days of few months. Our cells stand at half-cell steps, four grids in one, so that a source on
the edge of one cell lies well inside another and its days are not split.

A table is learned from a trailing window that ends before the day it is published for: it never uses the fires it is
asked about.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.times import BEIJING

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MINUTES_PER_DAY = 1440
_BEIJING_MINUTES = int((BEIJING.utcoffset(None) or dt.timedelta(0)).total_seconds()) // 60
_EPOCH = dt.date(1970, 1, 1)
_STEPS_PER_CELL = 2

CLASSES = ("fixed", "likely", "leaning")
"""From certain to doubtful; what is none of them is not in the table."""


@dataclass(frozen=True, slots=True)
class RecurrenceParams:
    """A versioned record of thresholds.

    Attributes
    ----------
    cell_deg
        Width and height of a cell, degrees.
    window_days
        Length of the trailing window.
    fixed_days, fixed_night, likely_days, leaning_days, leaning_night
        Hot days, and the share of detections at night, from which a cell is `fixed`, `likely` or `leaning`.
    likely_months
        A likely source is hot in at least so many months, or at night (`leaning_night`).
    """

    version: str = "1"
    cell_deg: float = 0.01
    window_days: int = 365
    fixed_days: int = 30
    fixed_night: float = 0.7
    likely_days: int = 10
    likely_months: int = 2
    leaning_days: int = 4
    leaning_night: float = 0.6

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class HeatCells:
    """The cells of a table, in the order of their numbers; arrays of shape (n,).

    Attributes
    ----------
    column, row
        Half-cell steps of the west and south edge from 180 W, 90 S.
    kind
        Index into `CLASSES`.
    hot_days, detections, months
        Distinct Beijing days, detections and calendar months.
    night_share
        Part of the detections at night, 0 to 1.
    first_day, last_day
        Days since 1970-01-01, Beijing.
    """

    params: RecurrenceParams
    column: Ints
    row: Ints
    kind: Ints
    hot_days: Ints
    detections: Ints
    months: Ints
    night_share: Floats
    first_day: Ints
    last_day: Ints

    def __len__(self) -> int:
        return len(self.column)

    def centres(self) -> tuple[Floats, Floats]:
        """Return the middles of the cells, degrees."""
        step = self.params.cell_deg / _STEPS_PER_CELL
        return (
            np.round((self.column + 1) * step - 180.0, 9),
            np.round((self.row + 1) * step - 90.0, 9),
        )

    def at(self, lon: Floats, lat: Floats) -> npt.NDArray[np.int64]:
        """Return for each position the number of the most certain cell that holds it, -1 where none does.

        Among equals the cell with more hot days, then the first by its number.
        """
        best = np.full(len(np.asarray(lon)), -1, dtype=np.int64)
        if not len(self):
            return best
        rank = np.lexsort((np.arange(len(self)), -self.hot_days, self.kind)).argsort()
        keys = _key(self.column, self.row)
        order = np.argsort(keys)
        for column, row in _holding(lon, lat, self.params.cell_deg):
            place = np.searchsorted(keys[order], _key(column, row))
            cell = order[np.minimum(place, len(keys) - 1)]
            cell = np.where(keys[cell] == _key(column, row), cell, -1)
            better = (cell >= 0) & ((best < 0) | (rank[cell] < rank[best]))
            best = np.where(better, cell, best)
        return best


def learn(
    minute: Ints,
    lon: Floats,
    lat: Floats,
    night: npt.NDArray[np.bool_],
    *,
    before: dt.date,
    params: RecurrenceParams | None = None,
) -> HeatCells:
    """Return the recurring cells of the window that ends on the day before `before`.

    Parameters
    ----------
    minute
        Minutes since the epoch, UTC, of live detections; shape (n,). Those outside the window are ignored.
    lon, lat
        Degrees, CGCS2000.
    night
        Whether each was seen at night, by the feed or else by the sun.
    before
        Beijing date the table is published for.
    """
    params = params or RecurrenceParams()
    day = (np.asarray(minute, dtype=np.int64) + _BEIJING_MINUTES) // MINUTES_PER_DAY
    end = (before - _EPOCH).days
    inside = (day < end) & (day >= end - params.window_days)
    day, lon, lat = day[inside], np.asarray(lon)[inside], np.asarray(lat)[inside]
    night = np.asarray(night, dtype=bool)[inside]
    if not len(day):
        return _none(params)
    columns, rows = zip(*_holding(lon, lat, params.cell_deg), strict=True)
    keys = _key(np.concatenate(columns), np.concatenate(rows))
    days, nights = np.tile(day, len(columns)), np.tile(night, len(columns))
    found, of = np.unique(keys, return_inverse=True)
    hot_days = _distinct(of, days, len(found))
    candidates = hot_days >= params.leaning_days
    if not candidates.any():
        return _none(params)
    months = _distinct(of, _month(days), len(found))
    detections = np.bincount(of, minlength=len(found))
    night_share = np.bincount(of, weights=nights, minlength=len(found)) / detections
    first = np.full(len(found), np.iinfo(np.int64).max)
    last = np.zeros(len(found), dtype=np.int64)
    np.minimum.at(first, of, days)
    np.maximum.at(last, of, days)
    kind = _kinds(params, hot_days, night_share, months)
    kept = np.flatnonzero(kind >= 0)
    return HeatCells(
        params,
        found[kept] % _COLUMNS,
        found[kept] // _COLUMNS,
        kind[kept],
        hot_days[kept],
        detections[kept],
        months[kept],
        np.round(night_share[kept], 4),
        first[kept],
        last[kept],
    )


_COLUMNS = 1 << 32


def _none(params: RecurrenceParams) -> HeatCells:
    ints = np.empty(0, dtype=np.int64)
    return HeatCells(params, ints, ints, ints, ints, ints, ints, np.empty(0), ints, ints)


def _key(column: Ints, row: Ints) -> Ints:
    return row * _COLUMNS + column


def _holding(lon: Floats, lat: Floats, cell_deg: float) -> Sequence[tuple[Ints, Ints]]:
    """Return the four cells, at half-cell steps, that hold each position: their west and south steps."""
    step = cell_deg / _STEPS_PER_CELL
    # Rounding first: 125.335 must not fall below its own edge because 305.335 / 0.005 is 61066.999….
    column = np.floor(np.round((np.asarray(lon) + 180.0) / step, 6)).astype(np.int64)
    row = np.floor(np.round((np.asarray(lat) + 90.0) / step, 6)).astype(np.int64)
    return [(column - west, row - south) for south in (0, 1) for west in (0, 1)]


def _distinct(of: Ints, value: Ints, cells: int) -> Ints:
    pairs = np.unique(np.stack([of, value], axis=1), axis=0)
    return np.bincount(pairs[:, 0], minlength=cells)


def _month(day: Ints) -> Ints:
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _kinds(params: RecurrenceParams, days: Ints, night: Floats, months: Ints) -> Ints:
    # Ten days of one month may be a season of burning; where they are nights they are a source.
    enough_months = (months >= params.likely_months) | (night >= params.leaning_night)
    fixed = (days >= params.fixed_days) & (night >= params.fixed_night)
    likely = (days >= params.likely_days) & enough_months
    leaning = (days >= params.leaning_days) & (night >= params.leaning_night)
    return np.select([fixed, likely, leaning], [0, 1, 2], default=-1).astype(np.int64)
