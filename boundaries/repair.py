"""Repairs of a boundary set: proposed with what they change, applied only when a named person accepts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon

from boundaries.formats import REPAIRED_NOTES
from boundaries.model import BoundarySet
from boundaries.plane import as_objects
from boundaries.topology import Ground, mended, unit_label
from gis.errors import RefusedInputError
from gis.reasons import ring_reason

MAKE_VALID = "make_valid"


@dataclass(frozen=True, slots=True)
class Repair:
    """One change to a set that a person has to accept.

    Parameters
    ----------
    code
        Code of the unit (name where it has none; file and feature number for what reading did).
    kind
        ``make_valid``, or the kind of a reader's note (``closed_ring``, ``dropped_ring``, ``empty_geometry``).
    zh, en
        What is done.
    area_change_m2
        Area after less area before.
    """

    code: str
    kind: str
    zh: str
    en: str
    area_change_m2: float

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-representable data."""
        return {
            "code": self.code,
            "kind": self.kind,
            "zh": self.zh,
            "en": self.en,
            "area_change_m2": round(self.area_change_m2, 1),
        }


def propose_repairs(ground: Ground) -> tuple[Repair, ...]:
    """Return the repairs a set needs before it can be loaded, what reading already did included.

    Notes
    -----
    Gaps and overlaps between units are never mended by machine: whose ground it is, is not geometry.
    """
    boundary_set = ground.set
    repairs = [
        Repair(note.unit, note.kind, note.zh, note.en, 0.0)
        for note in boundary_set.notes
        if note.kind in REPAIRED_NOTES
    ]
    valid = shapely.is_valid(boundary_set.geometries)
    for unit, good, shape in zip(boundary_set.units, valid, ground.shapes, strict=True):
        if not good:
            en, zh = ring_reason(str(shapely.is_valid_reason(unit.geometry)).partition("[")[0].strip())
            was, now = ground.areas_m2(as_objects([unit.geometry, shape])).tolist()
            change = now - was
            repairs.append(
                Repair(
                    unit_label(unit),
                    MAKE_VALID,
                    f"{unit.name} 的环有误（{zh}），按环的结构重建，面积变化 {change:+.1f} 平方米。",
                    f"{unit.name} has broken rings ({en}); rebuilt by their structure, area changes by "
                    f"{change:+.1f} m2.",
                    change,
                )
            )
    return tuple(repairs)


def apply_repairs(
    boundary_set: BoundarySet, repairs: Sequence[Repair], *, accepted_by: str, version: str | None = None
) -> BoundarySet:
    """Return a new version of a set with accepted repairs made.

    Parameters
    ----------
    boundary_set
        The set as read.
    repairs
        Those of `propose_repairs` that a person accepts.
    accepted_by
        That person's name; blank is refused.
    version
        Name of the new version; by default the old one, ``repaired`` and the start of the new hash.

    Raises
    ------
    RefusedInputError
        ``repair_not_accepted``; ``repair_failed`` when a unit is no area after it.
    """
    if not accepted_by.strip():
        raise RefusedInputError(
            "repair_not_accepted",
            f"有 {len(repairs)} 处修复需要有人确认。请核对后用 --accept-repairs-by 姓名 载入。",
            f"{len(repairs)} repairs need a person's consent. Check them, then load with --accept-repairs-by NAME.",
            repairs=[each.as_dict() for each in repairs][:50],
        )
    wanted = {each.code for each in repairs if each.kind == MAKE_VALID}
    if not wanted:
        return boundary_set
    shapes = mended(boundary_set.geometries)
    units = []
    for unit, shape in zip(boundary_set.units, shapes, strict=True):
        if unit_label(unit) not in wanted:
            units.append(unit)
            continue
        if not isinstance(shape, Polygon | MultiPolygon) or shape.is_empty:
            raise RefusedInputError(
                "repair_failed",
                f"{unit.name} 修复后不成面，请在 GIS 软件中改正。",
                f"{unit.name} is no area after the repair. Correct it in a GIS.",
                unit=unit_label(unit),
            )
        units.append(replace(unit, geometry=shape))
    made = replace(boundary_set, units=tuple(units))
    return replace(made, version=version or f"{boundary_set.version}+repaired.{made.content_hash[:8]}")
