"""Which unit of a file is which unit of the roster: by code, else by name, else a proposal for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import shapely

from boundaries.model import BoundarySet, BoundaryUnit
from boundaries.topology import Ground, mended, unit_label

MAX_PROPOSALS = 3
MIN_SCORE = 0.5
"""Proposals below this likeness would only tire the reader."""

_SUFFIXES = tuple("特别行政区 自治县 自治旗 自治州 地区 林区 街道 省 市 区 县 旗 镇 乡 村".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Match:
    """A unit found in the roster; `renamed` when code and name disagree."""

    code: str
    name: str
    roster_code: str
    roster_name: str
    by: str

    @property
    def renamed(self) -> bool:
        """Whether the names, or the codes, of both sides differ (扶余县 → 扶余市)."""
        return self.name != self.roster_name or (bool(self.code) and self.code != self.roster_code)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-representable data."""
        return {
            "code": self.code,
            "name": self.name,
            "roster_code": self.roster_code,
            "roster_name": self.roster_name,
            "by": self.by,
            "renamed": self.renamed,
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """A roster unit that an unmatched unit may be."""

    roster_code: str
    roster_name: str
    name_score: float
    ground_share: float | None

    @property
    def score(self) -> float:
        """The better of both likenesses: a rename keeps the ground, a redrawing keeps the name."""
        return max(self.name_score, self.ground_share or 0.0)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-representable data."""
        return {
            "roster_code": self.roster_code,
            "roster_name": self.roster_name,
            "name_score": round(self.name_score, 3),
            "ground_share": None if self.ground_share is None else round(self.ground_share, 3),
        }


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A unit of the file that the roster does not have, with what it may be."""

    code: str
    name: str
    proposals: tuple[Proposal, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-representable data."""
        return {
            "code": self.code,
            "name": self.name,
            "proposals": [each.as_dict() for each in self.proposals],
        }


@dataclass(frozen=True, slots=True)
class Matching:
    """Both sides of the comparison; `missing` are roster units (code, name) that the file does not have."""

    matched: tuple[Match, ...]
    unmatched: tuple[Unmatched, ...]
    missing: tuple[tuple[str, str], ...]


def match_units(ground: Ground, roster: Mapping[str, str], reference: BoundarySet | None) -> Matching:
    """Match the units of a set with a roster.

    Parameters
    ----------
    ground
        The set under test.
    roster
        Name by canonical code: what should be there.
    reference
        A set of the same level, for proposals by common ground.
    """
    units = ground.set.units
    matched = {
        id(unit): Match(unit.code, unit.name, unit.code, roster[unit.code], "code")
        for unit in units
        if unit.code in roster
    }
    taken = {each.roster_code for each in matched.values()}
    free = _unique_names({code: name for code, name in roster.items() if code not in taken})
    rest = [unit for unit in units if id(unit) not in matched]
    counts: dict[str, int] = {}
    for unit in rest:
        counts[unit.name] = counts.get(unit.name, 0) + 1
    for unit in rest:
        if counts[unit.name] == 1 and unit.name in free:
            matched[id(unit)] = Match(unit.code, unit.name, free[unit.name], unit.name, "name")
    taken = {each.roster_code for each in matched.values()}
    missing = {code: name for code, name in roster.items() if code not in taken}
    shares = _GroundShares(ground, reference)
    unmatched = tuple(
        Unmatched(unit.code, unit.name, _propose(unit, index, missing, shares))
        for index, unit in enumerate(units)
        if id(unit) not in matched
    )
    found = tuple(matched[id(unit)] for unit in units if id(unit) in matched)
    return Matching(found, unmatched, tuple(sorted(missing.items())))


def name_score(name: str, other: str) -> float:
    """Return the likeness of two names, 0 to 1; the word for the kind of unit counts little."""
    whole = SequenceMatcher(None, name, other, autojunk=False).ratio()
    core = SequenceMatcher(None, _core(name), _core(other), autojunk=False).ratio()
    return max(whole, 0.95 * core)


def _propose(
    unit: BoundaryUnit, index: int, missing: Mapping[str, str], shares: _GroundShares
) -> tuple[Proposal, ...]:
    """Return the likeliest roster units, best first."""
    ground = shares.of(index)
    found = [
        Proposal(code, name, name_score(unit.name, name), ground.get(code) if ground is not None else None)
        for code, name in missing.items()
    ]
    good = [each for each in found if each.score >= MIN_SCORE]
    return tuple(sorted(good, key=lambda each: (-each.score, each.roster_code))[:MAX_PROPOSALS])


class _GroundShares:
    """Common ground of units with those of a reference, as intersection over union."""

    def __init__(self, ground: Ground, reference: BoundarySet | None) -> None:
        self.ground = ground
        self.reference = reference if reference is not None and reference.level is ground.set.level else None
        if self.reference is not None:
            self.shapes = mended(self.reference.geometries)
            self.tree = shapely.STRtree(self.shapes)

    def of(self, index: int) -> dict[str, float] | None:
        """Return shares by reference code, None without a reference."""
        if self.reference is None:
            return None
        shape = self.ground.shapes[index]
        near = self.tree.query(shape, predicate="intersects")
        common = shapely.area(shapely.intersection(shape, self.shapes[near]))
        whole = shapely.area(shape) + shapely.area(self.shapes[near]) - common
        shares = np.divide(common, whole, out=np.zeros_like(common), where=whole > 0)
        return {
            unit_label(self.reference.units[i]): float(share)
            for i, share in zip(near.tolist(), shares, strict=True)
        }


def _unique_names(roster: Mapping[str, str]) -> dict[str, str]:
    """Return code by name for names that occur once."""
    codes: dict[str, list[str]] = {}
    for code, name in roster.items():
        codes.setdefault(name, []).append(code)
    return {name: group[0] for name, group in codes.items() if len(group) == 1}


def _core(name: str) -> str:
    """Return a name without the word for its kind."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name[: -len(suffix)]
    return name
