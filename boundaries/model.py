"""Boundary sets: the polygons of one level from one source, frozen, with a hash that says what they hold.

Several sets live side by side; which one is in force on a date is the store's business. A set may hold
invalid rings as they were delivered: `boundaries.check` reports them and `boundaries.repair` mends what a
named person accepts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon

from gis.errors import NotFoundError, RefusedInputError
from gis.types import BBox, DataStatus, Level

_HASH_HEADER = b"huodian boundary set 1\n"


@dataclass(frozen=True, slots=True)
class BoundaryUnit:
    """One unit's ground.

    Parameters
    ----------
    code
        Canonical code (`gis.codes.parse_code`); empty while the file gave none.
    name
        Name as the source spells it.
    geometry
        Polygon or MultiPolygon, CGCS2000 (lon, lat) degrees.
    parent_code
        What the source says it belongs to; the dated tree of the register decides.
    """

    code: str
    name: str
    geometry: Polygon | MultiPolygon
    parent_code: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.geometry, Polygon | MultiPolygon) or self.geometry.is_empty:
            raise RefusedInputError(
                "not_a_polygon",
                f"{self.code} {self.name} 的几何不是面（{self.geometry.geom_type}）。请只导出行政区面。",
                f"{self.code} {self.name} is no polygon ({self.geometry.geom_type}). Export the areas of "
                "units only.",
                unit=self.code,
                name=self.name,
            )


@dataclass(frozen=True, slots=True)
class Note:
    """Something reading did or saw that a person should know; never silent, never part of the hash."""

    kind: str
    zh: str
    en: str
    unit: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the note as JSON-representable data."""
        return {"kind": self.kind, "unit": self.unit, "zh": self.zh, "en": self.en}


@dataclass(frozen=True)
class BoundarySet:
    """The units of one level from one source.

    Parameters
    ----------
    name, version
        Together they name the set; loading other content under the same two is a conflict.
    level
        Level of its units.
    status
        How far it can be relied on.
    accuracy_m
        Positional accuracy of its borders in metres; widens every boundary case.
    source
        Attribution, with the reason for `accuracy_m`.
    datum
        Key of the datum the file was declared in (`gis.datum`); geometry here is always CGCS2000.
    units
        Sorted by code, then name; codes are unique unless empty.
    valid_from
        First day the borders hold, None when not stated.
    notes
        What reading did (see `Note`).
    """

    name: str
    version: str
    level: Level
    status: DataStatus
    accuracy_m: float
    source: str
    datum: str
    units: tuple[BoundaryUnit, ...]
    valid_from: dt.date | None = None
    notes: tuple[Note, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", Level(self.level))
        object.__setattr__(self, "status", DataStatus(self.status))
        ordered = tuple(sorted(self.units, key=lambda unit: (unit.code, unit.name)))
        object.__setattr__(self, "units", ordered)
        if not ordered:
            raise RefusedInputError(
                "no_units",
                f"边界集“{self.name}”没有任何单元。请检查文件和图层。",
                f"Boundary set {self.name!r} holds no unit. Check the file and its layer.",
                set=self.name,
            )
        seen: set[str] = set()
        for unit in ordered:
            if unit.code and unit.code in seen:
                raise _duplicate(unit, self.name)
            seen.add(unit.code)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over level, codes, names, parents and canonical WKB; the order of rings is immaterial."""
        digest = hashlib.sha256(_HASH_HEADER + self.level.encode())
        # Stores promote polygons to multipolygons of one part; both are the same ground.
        multi = [
            each if each.geom_type == "MultiPolygon" else MultiPolygon([each]) for each in self.geometries
        ]
        shapes = shapely.to_wkb(
            shapely.normalize(shapely.force_2d(multi)), byte_order=1, include_srid=False, flavor="iso"
        )
        for unit, shape in zip(self.units, shapes, strict=True):
            for part in (unit.code.encode(), unit.name.encode(), (unit.parent_code or "").encode(), shape):
                digest.update(len(part).to_bytes(8, "little") + part)
        return digest.hexdigest()

    @cached_property
    def geometries(self) -> npt.NDArray[np.object_]:
        """Geometries in the order of `units`."""
        array = np.empty(len(self.units), dtype=object)
        array[:] = [unit.geometry for unit in self.units]
        return array

    @cached_property
    def by_code(self) -> Mapping[str, BoundaryUnit]:
        """Units by code; those without one are left out."""
        return {unit.code: unit for unit in self.units if unit.code}

    @property
    def bounds(self) -> BBox:
        """The box around all units."""
        return BBox(*(float(value) for value in shapely.total_bounds(self.geometries)))

    def describe(self) -> dict[str, Any]:
        """Return everything but the geometry as JSON-representable data."""
        return {
            "set": self.name,
            "version": self.version,
            "level": self.level.value,
            "status": self.status.value,
            "accuracy_m": self.accuracy_m,
            "source": self.source,
            "datum": self.datum,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "units": len(self.units),
            "content_hash": self.content_hash,
        }


def replace_unit(old: BoundarySet, unit: BoundaryUnit, *, version: str | None = None) -> BoundarySet:
    """Return a new version of `old` in which one unit has other borders.

    Parameters
    ----------
    old
        The set to start from; it stays as it is.
    unit
        Must have the code of a unit of `old`.
    version
        Name of the new version; by default the old one, the code and the start of the new content hash.
    """
    if unit.code not in old.by_code:
        raise NotFoundError(
            "unknown_unit",
            f"边界集“{old.name}”里没有代码 {unit.code}。替换单元要求代码已存在。",
            f"Boundary set {old.name!r} has no unit {unit.code}. A replaced unit must exist in the set.",
            set=old.name,
            unit=unit.code,
        )
    units = tuple(unit if each.code == unit.code else each for each in old.units)
    return _as_version(replace(old, units=units), version, unit.code)


def assign_codes(old: BoundarySet, codes: Mapping[str, str], *, version: str | None = None) -> BoundarySet:
    """Return `old` with codes given to units that had none, by their name.

    Parameters
    ----------
    old
        A set whose file carried names only.
    codes
        Name to canonical code, as accepted by a person (`boundaries.check` proposes them).
    version
        Name of the new version; by default the old one, for coding changes no border.
    """
    units = tuple(
        replace(unit, code=codes[unit.name]) if not unit.code and unit.name in codes else unit
        for unit in old.units
    )
    return replace(old, units=units, version=version or old.version)


def merge_parts(units: Iterable[BoundaryUnit]) -> tuple[tuple[BoundaryUnit, ...], tuple[Note, ...]]:
    """Return units with the rows of one code and name collected into one, and a note for each that was.

    Notes
    -----
    Files store an enclave as a second row. Rows of one code under different names are refused, for one of
    them is wrong.
    """
    groups: dict[tuple[str, str], list[BoundaryUnit]] = {}
    for unit in units:
        groups.setdefault((unit.code, unit.name), []).append(unit)
    merged, notes = [], []
    for (code, name), rows in groups.items():
        if len(rows) == 1:
            merged.append(rows[0])
            continue
        parts = [part for row in rows for part in shapely.get_parts(row.geometry)]
        merged.append(replace(rows[0], geometry=MultiPolygon(parts)))
        notes.append(
            Note(
                "merged_rows",
                f"{name} 在文件中有 {len(rows)} 行，已合为一个多部分面。",
                f"{name} stands in {len(rows)} rows of the file; they became the parts of one unit.",
                code or name,
            )
        )
    return tuple(merged), tuple(notes)


def _as_version(new: BoundarySet, version: str | None, mark: str) -> BoundarySet:
    """Return `new` under `version`, or under a version derived from its content."""
    return replace(new, version=version or f"{new.version}+{mark}.{new.content_hash[:8]}")


def _duplicate(unit: BoundaryUnit, name: str) -> RefusedInputError:
    """Return the refusal of a code that two units claim."""
    return RefusedInputError(
        "duplicate_code",
        f"边界集“{name}”里代码 {unit.code}（{unit.name}）出现多次且名称不同。请改正代码列。",
        f"Code {unit.code} ({unit.name}) stands on several units of {name!r}. Correct the code column.",
        set=name,
        unit=unit.code,
    )
