"""The dry run: everything a person should know before a boundary set is loaded, and nothing changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from boundaries.matching import Match, Matching, match_units
from boundaries.model import BoundarySet
from boundaries.repair import Repair, propose_repairs
from boundaries.shift import Shift, measure_shift
from boundaries.topology import Finding, Ground, find_escapes, find_gaps, find_invalid, find_overlaps
from gis.locate import NOWHERE, Layer

Array = npt.NDArray[np.float64]
Points = tuple[Array, Array]

MAX_LISTED = 200
"""Findings of one kind that a report lists; the counts and areas are always of all."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Fire points whose unit would change.

    Parameters
    ----------
    points
        Points compared.
    indices
        Positions of those that would move.
    pairs
        (from, to, count), most first; an empty code means no unit.
    """

    points: int
    indices: tuple[int, ...]
    pairs: tuple[tuple[str, str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-representable data."""
        return {
            "points": self.points,
            "moved": len(self.indices),
            "indices": list(self.indices),
            "pairs": [{"from": old, "to": new, "count": count} for old, new, count in self.pairs],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What a dry run found.

    Parameters
    ----------
    described
        The set, without geometry.
    area_m2
        Sum of its units.
    matching
        Units matched and unmatched, both ways.
    shift
        How it lies to the reference, None without one.
    invalid, overlaps, gaps, escapes
        Defects, largest first.
    repairs
        What a person must accept before loading.
    moves
        Fire points that would change unit, None without points or reference.
    notes
        What reading did.
    """

    described: Mapping[str, Any]
    area_m2: float
    matching: Matching
    shift: Shift | None
    invalid: tuple[Finding, ...]
    overlaps: tuple[Finding, ...]
    gaps: tuple[Finding, ...]
    escapes: tuple[Finding, ...]
    repairs: tuple[Repair, ...]
    moves: Moves | None
    notes: tuple[dict[str, str], ...]

    @property
    def blocking(self) -> tuple[str, ...]:
        """Machine words of what refuses the set: a shift, missing codes, repairs nobody accepted."""
        words: list[str] = []
        if self.shift is not None and self.shift.verdict in ("wrong_datum", "misplaced"):
            words.append(self.shift.verdict)
        if any(not each.code for each in self.matching.unmatched):
            words.append("uncoded_units")
        if self.repairs:
            words.append("repairs")
        return tuple(words)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-representable data."""
        return {
            "set": dict(self.described),
            "area_m2": round(self.area_m2, 1),
            "blocking": list(self.blocking),
            "matched": [each.as_dict() for each in self.matching.matched],
            "renamed": sum(each.renamed for each in self.matching.matched),
            "unmatched": [each.as_dict() for each in self.matching.unmatched],
            "missing": [{"code": code, "name": name} for code, name in self.matching.missing],
            "shift": self.shift.as_dict() if self.shift else None,
            "invalid": _summary(self.invalid),
            "overlaps": _summary(self.overlaps),
            "gaps": _summary(self.gaps),
            "escapes": _summary(self.escapes),
            "repairs": [each.as_dict() for each in self.repairs],
            "moves": self.moves.as_dict() if self.moves else None,
            "notes": list(self.notes),
        }


def dry_run(
    new: BoundarySet,
    *,
    reference: BoundarySet | None = None,
    parents: BoundarySet | None = None,
    roster: Mapping[str, str] | None = None,
    parent_of: Mapping[str, str] | None = None,
    points: Points | None = None,
) -> Report:
    """Return what loading `new` would mean.

    Parameters
    ----------
    new
        The set as read.
    reference
        A set already loaded, of the same level where there is one: for the shift, proposals and moved points.
    parents
        A set of a wider level, for escape.
    roster
        Name by code of the units that should be there; by default those of the reference.
    parent_of
        Parent code by unit code from the dated register.
    points
        (lon, lat) of fire points, degrees.
    """
    ground = Ground(new)
    same_level = reference is not None and reference.level is new.level
    if roster is None:
        roster = (
            {unit.code: unit.name for unit in reference.units if unit.code}
            if reference and same_level
            else {}
        )
    matching = match_units(ground, roster, reference)
    return Report(
        described=new.describe(),
        area_m2=ground.area_m2(),
        matching=matching,
        shift=measure_shift(new, reference) if reference is not None else None,
        invalid=find_invalid(new),
        overlaps=find_overlaps(ground),
        gaps=find_gaps(ground),
        escapes=find_escapes(ground, parents, parent_of) if parents is not None else (),
        repairs=propose_repairs(ground),
        moves=moved_points(reference, new, points, matching.matched)
        if reference and same_level and points
        else None,
        notes=tuple(note.as_dict() for note in new.notes),
    )


def moved_points(
    old: BoundarySet, new: BoundarySet, points: Points, matched: tuple[Match, ...] = ()
) -> Moves:
    """Return the points whose unit differs between two sets.

    Parameters
    ----------
    old, new
        Sets of one level.
    points
        (lon, lat), degrees.
    matched
        Matches of `new`: a unit known under another code (220381, 220184) has not moved.
    """
    lon, lat = (np.asarray(each, dtype=np.float64) for each in points)
    alias = {each.code or each.name: each.roster_code for each in matched}
    before = _codes_at(old, lon, lat, {})
    after = _codes_at(new, lon, lat, alias)
    moved = np.flatnonzero(before != after)
    pairs = Counter(zip(before[moved].tolist(), after[moved].tolist(), strict=True))
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return Moves(len(lon), tuple(moved.tolist()), tuple((one, two, count) for (one, two), count in ordered))


def _codes_at(
    boundary_set: BoundarySet, lon: Array, lat: Array, alias: Mapping[str, str]
) -> npt.NDArray[np.object_]:
    """Return the code of the unit that holds each point, empty where none does."""
    keys = [unit.code or unit.name for unit in boundary_set.units]
    layer = Layer(keys, shapely.make_valid(boundary_set.geometries))
    index = np.asarray(layer.locate(lon, lat), dtype=np.int64)
    codes = np.array([*(alias.get(key, key) for key in layer.codes), ""], dtype=object)
    found: npt.NDArray[np.object_] = codes[np.where(index == NOWHERE, len(codes) - 1, index)]
    return found


def _summary(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Return count, area and the largest of some findings."""
    return {
        "count": len(findings),
        "slivers": sum(each.sliver for each in findings),
        "area_m2": round(sum(each.area_m2 for each in findings), 1),
        "listed": [each.as_dict() for each in findings[:MAX_LISTED]],
    }
