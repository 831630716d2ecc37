"""What is wrong with the ground a set covers: broken rings, gaps, overlaps, slivers, escape from the parent.

Set operations run on stored degrees and their results are measured there, where a corner on a neighbour's long edge
lies on it. A finding is thin (``sliver``) when it is on average narrower than 50 m: usually two tracings of one line,
while a broad one is a disputed or a forgotten piece of ground.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon

from boundaries.model import BoundarySet, BoundaryUnit
from boundaries.plane import Plane, as_objects
from gis.plane import metres_per_degree

Shapes = npt.NDArray[np.object_]
FindingKind = Literal["invalid_ring", "gap", "overlap", "escape", "no_parent"]

MIN_AREA_M2 = 1.0
"""Smaller pieces are rounding of coordinates in steps of 0.1 to 0.2 m."""
SLIVER_WIDTH_M = 50.0
_TOUCH_DEG = 5e-6
"""Half a metre: units this near to a hole are its neighbours."""

_PLACE = re.compile(r"\[(-?[\d.]+(?:e[+-]?\d+)?) (-?[\d.]+(?:e[+-]?\d+)?)\]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect of a set.

    Parameters
    ----------
    kind
        What it is.
    units
        Codes (names where there is no code) of the units concerned.
    area_m2
        Its area, 0 for a broken ring.
    lon, lat
        A point of it.
    sliver
        Whether it is thinner than `SLIVER_WIDTH_M`.
    detail
        GEOS's reason for a broken ring; the parent for an escape.
    """

    kind: FindingKind
    units: tuple[str, ...]
    area_m2: float
    lon: float
    lat: float
    sliver: bool = False
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-representable data."""
        return {
            "kind": self.kind,
            "units": list(self.units),
            "area_m2": round(self.area_m2, 1),
            "lon": round(self.lon, 6),
            "lat": round(self.lat, 6),
            "sliver": self.sliver,
            "detail": self.detail,
        }


class Ground:
    """A set ready for measuring: rings mended (in degrees, for measuring only), a search tree, a plane for areas."""

    def __init__(self, boundary_set: BoundarySet) -> None:
        self.set = boundary_set
        self.plane = Plane.around(boundary_set)
        self.labels = tuple(unit_label(unit) for unit in boundary_set.units)
        self.shapes: Shapes = mended(boundary_set.geometries)
        self.tree = shapely.STRtree(self.shapes)

    def areas_m2(self, shapes: Shapes) -> npt.NDArray[np.float64]:
        """Return the areas of pieces of ground given in degrees.

        Each part is scaled at its own latitude, which keeps straight edges straight: a map projection would bend a
        long edge away from the corner that lies on it, and see ground between them.
        """
        parts, owner = shapely.get_parts(shapes, return_index=True)
        solid = ~shapely.is_empty(parts)
        parts, owner = parts[solid], owner[solid]
        east, north = metres_per_degree(shapely.get_y(shapely.centroid(parts)))
        sizes = np.asarray(shapely.area(parts) * east * north, dtype=np.float64)
        return np.asarray(np.bincount(owner, weights=sizes, minlength=len(shapes)), dtype=np.float64)

    def area_m2(self) -> float:
        """Return the sum of the areas of all units."""
        return float(shapely.area(self.plane.shapes(self.shapes)).sum())


def unit_label(unit: BoundaryUnit) -> str:
    """Return the code of a unit, its name where it has none."""
    return unit.code or unit.name


def mended(shapes: Shapes) -> Shapes:
    """Return polygons as valid ones, the interior kept by structure; valid ones are untouched."""
    bad = ~shapely.is_valid(shapes)
    if not bool(bad.any()):
        return shapes
    out = shapes.copy()
    out[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    return out


def find_invalid(boundary_set: BoundarySet) -> tuple[Finding, ...]:
    """Return one finding per unit whose rings break the rules, with GEOS's reason and place."""
    shapes = boundary_set.geometries
    found = []
    for index in np.flatnonzero(~shapely.is_valid(shapes)).tolist():
        reason = str(shapely.is_valid_reason(shapes[index]))
        place = _PLACE.search(reason)
        point = shapely.get_coordinates(shapes[index])[0]
        lon, lat = (float(place[1]), float(place[2])) if place else (float(point[0]), float(point[1]))
        words = reason.partition("[")[0].strip()
        found.append(
            Finding("invalid_ring", (unit_label(boundary_set.units[index]),), 0.0, lon, lat, detail=words)
        )
    return tuple(found)


def find_overlaps(ground: Ground) -> tuple[Finding, ...]:
    """Return the ground that two units claim, one finding per pair, largest first."""
    left, right = ground.tree.query(ground.shapes, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    # Neighbours that only touch are the rule: let the cheap predicate take them out.
    real = ~shapely.touches(ground.shapes[left], ground.shapes[right])
    left, right = left[real], right[real]
    common = shapely.intersection(ground.shapes[left], ground.shapes[right])
    areas = ground.areas_m2(common)
    found = [
        _finding("overlap", (ground.labels[i], ground.labels[j]), piece, float(area))
        for i, j, piece, area in zip(left.tolist(), right.tolist(), common, areas, strict=True)
        if area >= MIN_AREA_M2
    ]
    return _largest_first(found)


def find_gaps(ground: Ground) -> tuple[Finding, ...]:
    """Return holes between units, with the units around them, largest first.

    Notes
    -----
    A hole that no two units border (an enclave of another province, or of a unit missing from a partial set) is a
    gap as well: its one neighbour is named, and a person knows.
    """
    union = shapely.union_all(ground.shapes)
    holes = as_objects(
        Polygon(ring)
        for part in shapely.get_parts(union)
        for ring in (shapely.get_rings(part)[1:] if part.area else ())
    )
    found = []
    for hole, area in zip(holes, ground.areas_m2(holes), strict=True):
        if area >= MIN_AREA_M2:
            near = ground.tree.query(hole.buffer(_TOUCH_DEG), predicate="intersects")
            around = sorted(ground.labels[i] for i in near)
            found.append(_finding("gap", tuple(around), hole, float(area)))
    return _largest_first(found)


def find_escapes(
    ground: Ground, parents: BoundarySet, parent_of: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Return the ground of units that lies outside their parent, largest first.

    Parameters
    ----------
    ground
        The set under test.
    parents
        A set of a wider level.
    parent_of
        Code of the parent by code of the unit, from the dated register. Without it the file's own parent code
        counts; else the parent that holds the largest share. The prefix of a code is never used.
    """
    wide = mended(parents.geometries)
    index_of = {unit.code: index for index, unit in enumerate(parents.units)}
    tree = shapely.STRtree(wide)
    found = []
    for number, (unit, shape) in enumerate(zip(ground.set.units, ground.shapes, strict=True)):
        told = (parent_of or {}).get(unit.code) or unit.parent_code or ""
        parent = index_of[told] if told in index_of else _best_parent(shape, wide, tree)
        if parent is None:
            area = float(ground.areas_m2(as_objects([shape]))[0])
            found.append(_finding("no_parent", (ground.labels[number],), shape, area))
            continue
        outside = shapely.difference(shape, wide[parent])
        area = float(ground.areas_m2(as_objects([outside]))[0])
        if area >= MIN_AREA_M2:
            detail = unit_label(parents.units[parent])
            found.append(_finding("escape", (ground.labels[number],), outside, area, detail))
    return _largest_first(found)


def _best_parent(shape: Any, wide: Shapes, tree: Any) -> int | None:
    """Return the parent that holds the largest share of a unit."""
    near = tree.query(shape, predicate="intersects")
    if not len(near):
        return None
    shares = shapely.area(shapely.intersection(shape, wide[near]))
    return int(near[int(np.argmax(shares))]) if float(shares.max()) > 0 else None


def _finding(kind: FindingKind, units: tuple[str, ...], piece: Any, area: float, detail: str = "") -> Finding:
    """Return a finding about a piece of ground (degrees), placed inside its largest part."""
    parts = shapely.get_parts(piece)
    areas = shapely.area(parts)
    point = shapely.point_on_surface(parts[int(np.argmax(areas))])
    scale = np.array(metres_per_degree(float(point.y)))
    perimeter = float(shapely.length(shapely.transform(parts[areas > 0], lambda xy: xy * scale)).sum())
    # For a thin strip the width is twice the area over the perimeter.
    width = 2.0 * area / perimeter if perimeter else 0.0
    return Finding(kind, units, area, float(point.x), float(point.y), width < SLIVER_WIDTH_M, detail)


def _largest_first(found: list[Finding]) -> tuple[Finding, ...]:
    """Sort by area, then by units, so that reports compare."""
    return tuple(sorted(found, key=lambda each: (-each.area_m2, each.units)))
