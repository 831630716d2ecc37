"""Patrol order: where a team goes first (issue 2, item 9; domain section 13.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from shapely import STRtree, points

from service.reports.model import FireListRow

RECURRENCE_M = 500.0
RECURRENCE_DAYS = 30
"""A place is recurring when a fire point of one of the 30 fire days before lies within 500 m: about one VIIRS pixel
with its sampling, so that two visits to one field meet and two neighbouring villages do not."""

VISITED = frozenset({"confirmed", "denied"})
"""States of verification that need no visit any more; every other state comes first."""

_METRES_PER_DEGREE = 6_371_008.8 * np.pi / 180


@dataclass(frozen=True, slots=True)
class EarlierPlace:
    """A fire point of an earlier fire day."""

    fire_point_id: str
    fire_day: dt.date
    lon: float
    lat: float


def recurring_places(
    rows: Sequence[FireListRow], earlier: Sequence[EarlierPlace]
) -> dict[str, dict[str, Any]]:
    """Return, per fire point on a recurring place, the nearest earlier one: its id, day, distance and how many.

    Distances are on a sphere, on a local plane whose scale is that of the point's own latitude: right to
    millimetres over 500 m.
    """
    if not rows or not earlier:
        return {}
    lat_0 = float(np.mean([row.lat for row in rows]))
    past_lon, past_lat = (np.array([getattr(one, name) for one in earlier]) for name in ("lon", "lat"))
    tree = STRtree(points(*_plane(past_lon, past_lat, lat_0)))
    out: dict[str, dict[str, Any]] = {}
    # The common plane is only the sieve; a margin covers its change of scale over the list's extent.
    here = points(*_plane(np.array([row.lon for row in rows]), np.array([row.lat for row in rows]), lat_0))
    mine, theirs = tree.query(here, predicate="dwithin", distance=RECURRENCE_M * 1.5)
    for index in np.unique(mine):
        row, near = rows[int(index)], theirs[mine == index]
        east = (past_lon[near] - row.lon) * np.cos(np.radians((past_lat[near] + row.lat) / 2))
        distance = np.hypot(east, past_lat[near] - row.lat) * _METRES_PER_DEGREE
        inside = distance <= RECURRENCE_M
        if not inside.any():
            continue
        found = sorted(
            (round(float(metres), 1), earlier[int(one)].fire_point_id, earlier[int(one)].fire_day)
            for metres, one in zip(distance[inside], near[inside], strict=True)
        )
        metres, nearest, day = found[0]
        out[row.fire_point_id] = {
            "fire_point_id": nearest,
            "fire_day": day.isoformat(),
            "distance_m": metres,
            "days": len({one[2] for one in found}),
        }
    return out


def in_patrol_order(rows: Iterable[FireListRow], recurring: Mapping[str, Any]) -> tuple[FireListRow, ...]:
    """Return the rows in the order of a patrol, a total order.

    Unverified points first, then boundary cases, then recurring places; within each, by county and township (those
    without a unit last), by time and by id. Withdrawn rows stand at the end: nobody has to go there.
    """

    def key(row: FireListRow) -> tuple[Any, ...]:
        return (
            row.withdrawn,
            row.status in VISITED,
            not row.in_doubt,
            row.fire_point_id not in recurring,
            row.county_code or "~",
            row.county or "",
            row.township_code or "~",
            row.township or "",
            row.first_seen,
            row.fire_point_id,
        )

    return tuple(sorted(rows, key=key))


def _plane(lon: Any, lat: Any, lat_0: float) -> tuple[Any, Any]:
    scale = _METRES_PER_DEGREE
    return np.asarray(lon) * np.cos(np.radians(lat_0)) * scale, np.asarray(lat) * scale
