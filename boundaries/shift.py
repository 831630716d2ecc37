"""Does a set lie where a set already loaded says it should? A wrong datum shows as one shift of all its borders.

The shift is stated as the move that brings the new borders onto the reference, (east, north) in metres: GCJ-02 taken
for WGS84 in Jilin gives about (-540, -260). A shift alone refuses nothing, for sources differ; it does when another
datum removes most of it.

Notes
-----
The move is fitted to points at equal steps along the borders: each pulls along the normal of the nearest reference
segment, the farther half is ignored in every round (districts redrawn since), and the best of several starts is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely

from boundaries.model import BoundarySet
from boundaries.plane import Borders, Plane, as_objects, finer, pair_units, sample_borders
from gis.datum import DATUMS, Datum, datum_of, epsg_datum, from_stored, to_stored
from gis.errors import UnknownDatumError

Array = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]
Verdict = Literal["agrees", "wrong_datum", "shifted", "misplaced", "not_comparable"]

SAMPLES = 3000
SIGNIFICANT_M = 150.0
"""Smaller shifts are the usual difference between two sources (AMap to Tianditu: 20 m; a 2015 set: 60 m)."""
EXPLAINED_SHARE = 0.7
"""Another datum explains a shift when it brings the median border distance below this share of the declared one's."""
MISPLACED_M = 5_000.0
"""Beyond this median distance a set does not lie where its own codes say."""

_ROUNDS = 25
_FIRST_STEP_M, _LAST_STEP_M = 40.0, 5.0
_WAYS = ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0))
_STARTS_M = ((0.0, 0.0), (600.0, 0.0), (-600.0, 0.0), (0.0, 600.0), (0.0, -600.0))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A datum tried instead of the declared one, and the median border distance it gives."""

    datum: str
    zh: str
    en: str
    median_m: float

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-representable data."""
        return {"datum": self.datum, "zh": self.zh, "en": self.en, "median_m": round(self.median_m, 1)}


@dataclass(frozen=True, slots=True)
class Shift:
    """How a set lies to a reference.

    Parameters
    ----------
    verdict
        ``agrees``; ``wrong_datum`` (refused); ``shifted`` (no known datum explains it: a person must look);
        ``misplaced`` (refused); ``not_comparable`` (no common unit or ground).
    declared
        Datum key of the declaration.
    reference
        Name and version of the set compared with.
    east_m, north_m
        The move that brings the new borders onto the reference.
    median_m, aligned_median_m
        Median border distance as declared, and after that move.
    units, samples
        Units compared and points used.
    candidates
        Other datums tried, best first.
    """

    verdict: Verdict
    declared: str
    reference: str
    east_m: float = 0.0
    north_m: float = 0.0
    median_m: float = float("nan")
    aligned_median_m: float = float("nan")
    units: int = 0
    samples: int = 0
    candidates: tuple[Candidate, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-representable data."""
        measured = self.verdict != "not_comparable"
        return {
            "verdict": self.verdict,
            "declared": self.declared,
            "reference": self.reference,
            "east_m": round(self.east_m, 1) if measured else None,
            "north_m": round(self.north_m, 1) if measured else None,
            "median_m": round(self.median_m, 1) if measured else None,
            "aligned_median_m": round(self.aligned_median_m, 1) if measured else None,
            "units": self.units,
            "samples": self.samples,
            "candidates": [each.as_dict() for each in self.candidates],
        }


def measure_shift(new: BoundarySet, reference: BoundarySet) -> Shift:
    """Return how the borders of `new` lie to those of `reference`, and which datum would explain a shift.

    Parameters
    ----------
    new
        A set as read, in stored coordinates; its `datum` is the declaration that is tested.
    reference
        A set that is trusted, of any level.
    """
    named = f"{reference.name} {reference.version}".strip()
    plane = Plane.around(new)
    mine, theirs, units = _comparable(new, reference)
    if not units:
        return Shift("not_comparable", new.datum, named)
    lonlat = sample_borders(mine, SAMPLES)
    borders = Borders(shapely.boundary(plane.shapes(theirs)))
    points = plane.points(lonlat[:, 0], lonlat[:, 1])
    median = float(np.median(borders.distances(points)))
    move, aligned = _best_move(points, borders)
    candidates = tuple(sorted(_try_others(lonlat, new.datum, plane, borders), key=lambda each: each.median_m))
    return Shift(
        _verdict(median, move, candidates),
        new.datum,
        named,
        float(move[0]),
        float(move[1]),
        median,
        aligned,
        units,
        len(points),
        candidates,
    )


def require_no_shift(shift: Shift) -> None:
    """Refuse a set whose declaration the reference contradicts.

    Raises
    ------
    UnknownDatumError
        ``datum_shift``: another datum explains the shift; ``misplaced``: kilometres off.
    """
    if shift.verdict not in ("wrong_datum", "misplaced"):
        return
    declared = _named(shift.declared)
    east, north = round(shift.east_m / 10) * 10, round(shift.north_m / 10) * 10
    if shift.verdict == "misplaced":
        hint_zh, hint_en = _hint(shift)
        raise UnknownDatumError(
            "misplaced",
            f"声明为{declared[0]}，但边界离 {shift.reference} 中同一单元的中位距离达 {shift.median_m / 1000:.0f} 公里。"
            f"{hint_zh}",
            f"Declared as {declared[1]}, but the borders lie {shift.median_m / 1000:.0f} km (median) from the same "
            "units "
            f"of {shift.reference}. {hint_en}",
            **shift.as_dict(),
        )
    best = shift.candidates[0]
    raise UnknownDatumError(
        "datum_shift",
        f"声明为{declared[0]}，但与 {shift.reference} 相比整体偏移：需移动（东 {east}，北 {north}）米才重合，"
        "边界中位距离 "
        f"{shift.median_m:.0f} 米；按{best.zh}换算只有 {best.median_m:.0f} 米。请改用 {_option(best.datum)}。",
        f"Declared as {declared[1]}, but shifted as a whole against {shift.reference}: a move of (east {east}, north "
        f"{north}) m brings it there; the median border distance is {shift.median_m:.0f} m, and only "
        f"{best.median_m:.0f} m when taken as {best.en}. Declare {_option(best.datum)}.",
        **shift.as_dict(),
    )


def _comparable(
    new: BoundarySet, reference: BoundarySet
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_], int]:
    """Return the polygons whose borders should coincide, new and reference, and how many units that is."""
    pairs = pair_units(new, reference)
    if pairs:
        mine = as_objects(pair.new.geometry for pair in pairs)
        return mine, as_objects(pair.reference.geometry for pair in pairs), len(pairs)
    box, other = new.bounds, reference.bounds
    apart = (
        box.min_lon > other.max_lon
        or other.min_lon > box.max_lon
        or box.min_lat > other.max_lat
        or other.min_lat > box.max_lat
    )
    if apart or new.level is reference.level:
        return as_objects(()), as_objects(()), 0
    mine = new.geometries
    if finer(new.level, reference.level):
        # Only the outline of townships can be expected on a county border.
        mine = as_objects([shapely.union_all(shapely.make_valid(mine))])
    return mine, reference.geometries, len(new.units)


def _best_move(points: Array, borders: Borders) -> tuple[Array, float]:
    """Return the move with the smallest median distance over several starts, and that distance."""
    # A third of the points finds the place; all of them settle it.
    found = [_fit(points[::3], borders, np.array(start)) for start in _STARTS_M]
    move, _ = min(found, key=lambda each: each[1])
    return _refine(points, borders, move, float(np.median(borders.distances(points + move))))


def _refine(points: Array, borders: Borders, move: Array, median: float) -> tuple[Array, float]:
    """Walk downhill on the median itself in ever smaller steps."""
    step = _FIRST_STEP_M
    while step >= _LAST_STEP_M:
        tries = [move + step * np.array(way) for way in _WAYS]
        medians = [float(np.median(borders.distances(points + each))) for each in tries]
        best = int(np.argmin(medians))
        if medians[best] < median:
            move, median = tries[best], medians[best]
        else:
            step /= 2.0
    return move, median


def _fit(points: Array, borders: Borders, move: Array) -> tuple[Array, float]:
    """Fit a move by pulling points onto the nearest segments, the nearer half of them in each round."""
    best, best_median = move, float("inf")
    for _ in range(_ROUNDS):
        moved = points + move
        closest, normal = borders.nearest(moved)
        gap = closest - moved
        distance = np.hypot(gap[:, 0], gap[:, 1])
        median = float(np.median(distance))
        if median < best_median:
            best, best_median = move, median
        near = distance <= median
        step, *_ = np.linalg.lstsq(normal[near], (normal[near] * gap[near]).sum(axis=1), rcond=None)
        if float(np.hypot(step[0], step[1])) < 0.1:
            break
        move = move + step
    return best, best_median


def _try_others(lonlat: Array, declared: str, plane: Plane, borders: Borders) -> Iterator[Candidate]:
    """Yield the median distance under every other datum the same numbers could have been written in."""
    if "+" in declared:  # Files of several datums: none can be blamed on one declaration.
        return
    datum = datum_of(declared)
    raw_x, raw_y = from_stored(lonlat[:, 0], lonlat[:, 1], datum)
    for other in _alternatives(datum):
        try:
            lon, lat = to_stored(raw_x, raw_y, other)
        except UnknownDatumError:
            continue
        if bool((np.abs(lon - lonlat[:, 0]).max() < 1e-7) and (np.abs(lat - lonlat[:, 1]).max() < 1e-7)):
            continue
        distances = borders.distances(plane.points(lon, lat))
        yield Candidate(other.key, other.zh, other.en, float(np.median(distances)))


def _alternatives(datum: Datum) -> Iterator[Datum]:
    """Yield the datums that look like `datum` in a file."""
    if not datum.metric:
        yield from (DATUMS[key] for key in ("cgcs2000", "gcj02", "bd09") if key != datum.key)
        return
    if datum.epsg is None:
        yield from (each for each in DATUMS.values() if each.kind == "zoned" and each.key != datum.key)
        return
    families = ((4534, 4554), (4513, 4533), (2370, 2390), (2349, 2369), (2422, 2442), (2401, 2421))
    for first, last in families:
        yield from (
            each for code in range(first, last + 1) if code != datum.epsg and (each := epsg_datum(code))
        )


def _verdict(median: float, move: Array, candidates: tuple[Candidate, ...]) -> Verdict:
    """Judge a measurement."""
    size = float(np.hypot(move[0], move[1]))
    explained = bool(candidates) and candidates[0].median_m <= EXPLAINED_SHARE * median
    if median > MISPLACED_M:
        return "misplaced"
    if size < SIGNIFICANT_M:
        return "agrees"
    return "wrong_datum" if explained else "shifted"


def _named(key: str) -> tuple[str, str]:
    """Return both names of a datum key; several are shown as they are."""
    if "+" in key:
        return key, key
    datum = datum_of(key)
    return datum.zh, datum.en


def _hint(shift: Shift) -> tuple[str, str]:
    """Return the next step for a set kilometres off."""
    best = shift.candidates[0] if shift.candidates else None
    if best is not None and best.median_m < min(MISPLACED_M, EXPLAINED_SHARE * shift.median_m):
        return f"按{best.zh}换算则为 {best.median_m:.0f} 米，请改用 {_option(best.datum)}。", (
            f"Taken as {best.en} it is {best.median_m:.0f} m: declare {_option(best.datum)}."
        )
    return "请检查坐标系声明和代码字段。", "Check the declared CRS and the code column."


def _option(key: str) -> str:
    """Return the command-line option that declares a datum."""
    return f"--crs {key.upper()}" if key.startswith("epsg:") else f"--datum {key}"
