"""Cross-source matching: patrol, drone, camera, public report and satellite of one fire are one fire.

Clustering has joined what lies within its own distance; here a report of people that lies a little farther away is
linked to the fire it tells of, by place and time. Pure: the answer does not depend on the order of its input.

* A satellite fire point is never linked to another one: that is for clustering, whose parameters decide money.
* A report with one satellite fire point in its inner ring is linked to it. With several there, or with none there and
  some in the outer ring, it is unclear: a person says which (`duplicate`) or that it is none of them (`distinct`).
* Reports without any satellite fire point around them are compared with each other in the same way; they are linked
  where each is the other's only candidate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from shapely import STRtree, box, points

from gis.plane import distance_m, metres_per_degree

Floats = npt.NDArray[np.float64]

VERSION = "m1"
SATELLITES = frozenset({"satellite", "ministry_satellite", "provincial_satellite"})


@dataclass(frozen=True, slots=True)
class MatchParams:
    """A version of the matching rule; assumed, no text gives one.

    Attributes
    ----------
    distance_m, hours
        The inner ring, beyond the positional tolerances of the two, and the time between their nearest instants.
    report_distance_m, report_hours
        The same for a public report, whose place and time are what somebody said.
    outer
        The outer ring is so many times as far and as long.
    """

    version: str = VERSION
    distance_m: float = 1000.0
    hours: float = 6.0
    report_distance_m: float = 2000.0
    report_hours: float = 12.0
    outer: float = 2.0


DEFAULT = MatchParams()


@dataclass(frozen=True, slots=True)
class Spot:
    """One fire point to be matched.

    Parameters
    ----------
    lon, lat
        Degrees, CGCS2000.
    first, last
        UTC minutes since the epoch.
    tolerance_m
        How far the true place may lie from it: half a pixel for a satellite, nothing for a patrol with a receiver.
    """

    id: str
    lon: float
    lat: float
    first: int
    last: int
    sources: frozenset[str]
    tolerance_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Link:
    """`id` tells of the same fire as `of`, which stands for both."""

    id: str
    of: str
    version: str = VERSION


@dataclass(frozen=True, slots=True)
class Unclear:
    """A report that may tell of one of several fires, or of one that is rather far: a person decides."""

    id: str
    candidates: tuple[str, ...]
    version: str = VERSION


@dataclass(frozen=True, slots=True)
class Matches:
    """Links and what is unclear, in id order."""

    links: tuple[Link, ...] = ()
    unclear: tuple[Unclear, ...] = ()


@dataclass(slots=True)
class _Near:
    """Who stands in the rings of each spot, by index."""

    inner: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    outer: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


def match(
    spots: Sequence[Spot],
    *,
    distinct: Collection[frozenset[str]] = (),
    params: MatchParams = DEFAULT,
) -> Matches:
    """Return which fire points tell of one fire.

    Parameters
    ----------
    spots
        Each id once, in any order.
    distinct
        Pairs of ids that a person said are two fires.
    """
    ordered = sorted(spots, key=lambda spot: spot.id)
    if all(spot.sources & SATELLITES for spot in ordered):
        return Matches()
    near = _near(ordered, frozenset(distinct), params)
    chosen: dict[int, int] = {}
    unclear: dict[int, set[int]] = {}
    for at, spot in enumerate(ordered):
        if spot.sources & SATELLITES:
            continue
        inner = {one for one in near.inner[at] if ordered[one].sources & SATELLITES}
        outer = {one for one in near.outer[at] if ordered[one].sources & SATELLITES}
        if len(inner) == 1:
            chosen[at] = next(iter(inner))
        elif inner or outer:
            unclear[at] = inner or outer
    _among_reports(ordered, near, chosen, unclear)
    return Matches(
        _links(ordered, chosen, params.version),
        tuple(
            Unclear(ordered[at].id, tuple(sorted(ordered[one].id for one in unclear[at])), params.version)
            for at in sorted(unclear)
        ),
    )


def _among_reports(
    spots: Sequence[Spot], near: _Near, chosen: dict[int, int], unclear: dict[int, set[int]]
) -> None:
    """Link the reports that no satellite fire point is near to, where two are each other's only candidate."""
    open_ = {
        at
        for at, spot in enumerate(spots)
        if not spot.sources & SATELLITES and at not in chosen and at not in unclear
    }
    inner = {at: near.inner[at] & open_ for at in open_}
    outer = {at: near.outer[at] & open_ for at in open_}
    for at in sorted(open_):
        if len(inner[at]) == 1:
            other = next(iter(inner[at]))
            if len(inner[other]) == 1:
                if at > other:
                    chosen[at] = other
                continue
        if inner[at] or outer[at]:
            unclear[at] = inner[at] or outer[at]


def _links(spots: Sequence[Spot], chosen: Mapping[int, int], version: str) -> tuple[Link, ...]:
    """Return the links of each group to its earliest member, who stands for all."""
    groups: dict[int, set[int]] = defaultdict(set)
    for at, target in chosen.items():
        groups[target] |= {target, at}
    found: list[Link] = []
    for members in groups.values():
        head = min(members, key=lambda at: (spots[at].first, spots[at].id))
        found += [Link(spots[at].id, spots[head].id, version) for at in members if at != head]
    return tuple(sorted(found, key=lambda link: link.id))


def _near(spots: Sequence[Spot], distinct: frozenset[frozenset[str]], params: MatchParams) -> _Near:
    near = _Near()
    for at, other, metres, minutes in _pairs(spots, params):
        one, two = spots[at], spots[other]
        if frozenset((one.id, two.id)) in distinct or one.sources == two.sources:
            continue
        report = "public_report" in one.sources or "public_report" in two.sources
        reach = params.report_distance_m if report else params.distance_m
        within = (params.report_hours if report else params.hours) * 60
        slack = one.tolerance_m + two.tolerance_m
        if metres <= reach + slack and minutes <= within:
            ring = near.inner
        elif metres <= reach * params.outer + slack and minutes <= within * params.outer:
            ring = near.outer
        else:
            continue
        ring[at].add(other)
        ring[other].add(at)
    return near


def _pairs(spots: Sequence[Spot], params: MatchParams) -> Iterator[tuple[int, int, float, int]]:
    """Yield every pair that may lie in a ring, each once, with its distance in metres and its gap in minutes."""
    lon = np.array([spot.lon for spot in spots])
    lat = np.array([spot.lat for spot in spots])
    slack = np.array([spot.tolerance_m for spot in spots])
    farthest = max(params.distance_m, params.report_distance_m) * params.outer + 2 * float(slack.max())
    longest = max(params.hours, params.report_hours) * params.outer * 60
    reports = np.array([at for at, spot in enumerate(spots) if not spot.sources & SATELLITES], dtype=np.int64)
    per_lon, per_lat = metres_per_degree(lat[reports])
    tree = STRtree(points(lon, lat))
    for at, wide, high in zip(
        reports.tolist(), (farthest / per_lon).tolist(), (farthest / per_lat).tolist(), strict=True
    ):
        hits = tree.query(box(lon[at] - wide, lat[at] - high, lon[at] + wide, lat[at] + high))
        for other in sorted(hits.tolist()):
            both = not spots[other].sources & SATELLITES
            if other == at or (both and other < at):
                continue
            gap = max(0, spots[other].first - spots[at].last, spots[at].first - spots[other].last)
            if gap <= longest:
                metres = float(distance_m(lon[at], lat[at], lon[other], lat[other]))
                yield at, other, metres, gap
