"""Detections to fire points: clusters of neighbouring pixels inside one fire day (DESIGN section 3).

Plain single linkage chains over 10 km on a burning day, so a cluster has a maximum extent. Detections are taken in
their own total order (time, satellite, lon, lat); each joins the cluster with the nearest member within `distance_m`
and `gap_minutes`, provided no two members then lie farther apart than `max_extent_m`; else it founds a cluster. The
partition is a pure function of the detections and the parameters: the order of arrival cannot matter. A cluster may
cross a county line; its unit is that of its representative, a real pixel, and the line makes it a boundary case.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.errors import RefusedInputError
from gis.plane import distance_m, metres_per_degree
from gis.times import cut_minutes, fire_day_numbers

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClusterParams:
    """A version of the clustering rule.

    Attributes
    ----------
    distance_m
        Two pixels closer than this are neighbours.
    gap_minutes
        Two neighbours at most this far apart in time belong together.
    max_extent_m
        Greatest distance between two members of one cluster.
    cut
        Beijing clock time at which the fire day ends.
    """

    distance_m: int = 750
    gap_minutes: int = 720
    max_extent_m: int = 1500
    cut: str = "00:00"

    def __post_init__(self) -> None:
        if (
            min(self.distance_m, self.gap_minutes, self.max_extent_m) < 0
            or self.max_extent_m < self.distance_m
        ):
            raise RefusedInputError(
                "bad_clustering",
                f"聚类参数不合理：{self}；最大范围不得小于邻近距离",
                f"unreasonable clustering parameters {self}: max_extent_m must not be below distance_m",
            )
        try:
            cut_minutes(self.cut)
        except ValueError as error:
            raise RefusedInputError(
                "bad_clustering",
                f"聚类参数不合理：统计日截止时刻 {self.cut!r} 不是 00:00 至 23:59 的时刻",
                f"unreasonable clustering parameters: the cut {self.cut!r} is no clock time from 00:00 to 23:59",
                value=self.cut,
            ) from error

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ClusterParams:
        """Return the parameters of a stored record."""
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Return the record to store."""
        return asdict(self)


def canonical_order(minute: Ints, satellite: Sequence[str], lon: Floats, lat: Floats) -> Ints:
    """Return the order (time, satellite, lon, lat) that belongs to the detections themselves."""
    _, code = np.unique(np.asarray(satellite, dtype=str), return_inverse=True)
    return np.lexsort((lat, lon, code, minute))


def cluster(minute: Ints, satellite: Sequence[str], lon: Floats, lat: Floats, params: ClusterParams) -> Ints:
    """Return a cluster number per detection; numbers follow the canonical order of the founders.

    Parameters
    ----------
    minute
        Acquisition minutes since the epoch, UTC, shape (n,).
    satellite
        Satellite of each detection; only its order matters.
    lon, lat
        Degrees.
    """
    order = canonical_order(minute, satellite, lon, lat)
    minute, lon, lat = minute[order], lon[order], lat[order]
    day = fire_day_numbers(minute, params.cut)
    earlier = _earlier_neighbours(minute, day, lon, lat, params)
    labels = _grow(earlier, lon.tolist(), lat.tolist(), params.max_extent_m)
    result = np.empty(len(order), dtype=np.int64)
    result[order] = labels
    return result


def _earlier_neighbours(
    minute: Ints, day: Ints, lon: Floats, lat: Floats, params: ClusterParams
) -> list[list[tuple[float, int]]]:
    """Return for each detection its neighbours earlier in the order, as (metres, index)."""
    neighbours: list[list[tuple[float, int]]] = [[] for _ in range(len(minute))]
    if not len(minute):
        return neighbours
    per_lon, per_lat = metres_per_degree(lat)
    half_lon, half_lat = (
        1.01 * params.distance_m / np.maximum(per_lon, 1.0),
        1.01 * params.distance_m / per_lat,
    )
    tree = shapely.STRtree(shapely.points(lon, lat))
    later, near = tree.query(shapely.box(lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat))
    keep = (near < later) & (day[near] == day[later]) & (minute[later] - minute[near] <= params.gap_minutes)
    later, near = later[keep], near[keep]
    metres = distance_m(lon[later], lat[later], lon[near], lat[near])
    close = metres <= params.distance_m
    for i, j, d in zip(later[close].tolist(), near[close].tolist(), metres[close].tolist(), strict=True):
        neighbours[i].append((d, j))
    return neighbours


def _grow(
    earlier: list[list[tuple[float, int]]], lon: list[float], lat: list[float], max_extent_m: float
) -> list[int]:
    labels: list[int] = []
    members: list[list[int]] = []
    for index, near in enumerate(earlier):
        chosen = -1
        refused: set[int] = set()
        for _, other in sorted(near):
            label = labels[other]
            if label in refused:
                continue
            if _fits(index, members[label], lon, lat, max_extent_m):
                chosen = label
                break
            refused.add(label)
        if chosen < 0:
            chosen = len(members)
            members.append([])
        members[chosen].append(index)
        labels.append(chosen)
    return labels


def _fits(index: int, members: list[int], lon: list[float], lat: list[float], max_extent_m: float) -> bool:
    for other in members:
        per_lon, per_lat = _scale((lat[index] + lat[other]) / 2)
        if (
            math.hypot((lon[index] - lon[other]) * per_lon, (lat[index] - lat[other]) * per_lat)
            > max_extent_m
        ):
            return False
    return True


def _scale(lat: float) -> tuple[float, float]:
    """Return `metres_per_degree` for one latitude without the cost of array calls."""
    per_lon, per_lat = metres_per_degree(lat)
    return float(per_lon), float(per_lat)


def representative(
    minute: Ints, satellite: Sequence[str], lon: Floats, lat: Floats, frp: Floats, labels: Ints
) -> Ints:
    """Return the index of each cluster's representative: of its first minute the strongest pixel, a real one.

    The total order is (minute, FRP descending with unknown last, satellite, lon, lat), so that ties cannot depend on
    arrival. Shape (clusters,).
    """
    _, code = np.unique(np.asarray(satellite, dtype=str), return_inverse=True)
    power = np.where(np.isnan(frp), -np.inf, frp)
    order = np.lexsort((lat, lon, code, -power, minute, labels))
    _, first = np.unique(labels[order], return_index=True)
    return order[first]
