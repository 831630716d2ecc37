"""The footprints of stored fire points: their live pixels, and how the union of those lies across units.

What an assessment states of a footprint, what an explanation shows and what stands beside a line of a statement are
the same ground: the union of the pixels that belong to the fire point at the reader's revision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from gis.footprint import Pixels, Shares, extents_km, union_shares
from gis.locate import Layer
from gis.types import Screen
from service.pipeline.layers_store import NEIGHBOUR, SetLayer, Stack
from service.pipeline.live import best_first
from service.store.engine import Reader
from service.store.models import Detection, DetectionState, Observation

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Part = dict[str, Any]

OUTSIDE = str(Screen.OUTSIDE)
_OUTSIDE_NAME = "界外"
_LEAST = 0.00005
"""Parts that four digits show as zero are not told."""
_AT_ONCE = 20_000


def extents_m(reader: Reader, detections: Sequence[int]) -> tuple[Floats, Floats]:
    """Return full pixel extents in metres, scan and track, by the best observation known at the reader's revision."""
    table, detection = Observation.__table__, Detection.__table__
    best: dict[int, Any] = {}
    for start in range(0, len(detections), _AT_ONCE):
        some = list(detections[start : start + _AT_ONCE])
        for row in reader.rows(
            sa.select(
                table.c.detection_id,
                table.c.scan_km,
                table.c.track_km,
                table.c.instrument,
                detection.c.source_kind,
            )
            .join_from(table, detection, table.c.detection_id == detection.c.id)
            .where(table.c.detection_id.in_(some), reader.known(Observation))
            .order_by(table.c.detection_id, *best_first(table))
        ):
            best.setdefault(row.detection_id, row)
    chosen = [best[one] for one in detections]
    scan, track = extents_km(
        np.array([row.scan_km for row in chosen], dtype=np.float64),
        np.array([row.track_km for row in chosen], dtype=np.float64),
        [row.instrument for row in chosen],
        [row.source_kind for row in chosen],
    )
    return scan * 1000, track * 1000


def pixels_of(reader: Reader, rows: Sequence[Any]) -> Pixels:
    """Return the live pixels of fire points, given by rows with `fire_point_id` and `representative_id`.

    A fire point without live pixels at the reader's revision (its id was withdrawn or merged) has its representative.
    """
    number = {row.fire_point_id: at for at, row in enumerate(rows)}
    found: list[tuple[int, int]] = []
    names = list(number)
    state = DetectionState.__table__
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        found += [
            (number[row.fire_point_id], row.detection_id)
            for row in reader.rows(
                sa.select(state.c.fire_point_id, state.c.detection_id).where(
                    state.c.fire_point_id.in_(some), reader.live(DetectionState)
                )
            )
        ]
    held = {point for point, _ in found}
    found += [(at, row.representative_id) for at, row in enumerate(rows) if at not in held]
    found.sort()
    ids = [detection for _, detection in found]
    place = _places(reader, ids)
    lon, lat = (np.array([place[one][axis] for one in ids], dtype=np.float64) for axis in (0, 1))
    return Pixels(lon, lat, *extents_m(reader, ids), np.array([point for point, _ in found], dtype=np.int64))


def _places(reader: Reader, ids: Sequence[int]) -> dict[int, tuple[float, float]]:
    table = Detection.__table__
    found: dict[int, tuple[float, float]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = list(ids[start : start + _AT_ONCE])
        rows = reader.rows(sa.select(table.c.id, table.c.lon, table.c.lat).where(table.c.id.in_(some)))
        found.update({row.id: (row.lon, row.lat) for row in rows})
    return found


class Parts:
    """How footprints lie across the units of each kind of layer, told by code, name and share.

    Parameters
    ----------
    stacks
        The layers in force on the day of each footprint.
    name
        Code and name of a polygon of a boundary set on a day: ``name(layer, index, day)``.
    """

    def __init__(
        self,
        pixels: Pixels,
        stacks: Sequence[Stack],
        days: Sequence[dt.date],
        name: Callable[[SetLayer, int, dt.date], tuple[str, str]],
    ) -> None:
        self._pixels, self._stacks, self._days, self._name = pixels, stacks, days, name

    def of_boundaries(self, level: str) -> list[list[Part]]:
        """Return the parts in the units of a boundary set; what lies in none is named by the neighbour's set."""
        return self._told(
            {at: stack.boundaries.get(level) for at, stack in enumerate(self._stacks)}, abroad=True
        )

    def of_grid(self) -> dict[str, list[list[Part]]]:
        """Return the parts in grid cells, by level, narrow first."""
        levels = list(dict.fromkeys(level for stack in self._stacks for level in stack.grid))
        return {
            level: self._told({at: stack.grid.get(level) for at, stack in enumerate(self._stacks)})
            for level in levels
        }

    def of_zones(self) -> list[list[Part]]:
        """Return the parts in drawn zones, which may overlap."""
        found: list[list[Part]] = [[] for _ in self._stacks]
        groups: dict[tuple[str, ...], list[int]] = {}
        for at, stack in enumerate(self._stacks):
            groups.setdefault(tuple(str(one["hash"]) for one in stack.zones.sets), []).append(at)
        for rows in groups.values():
            layer, entries = self._stacks[rows[0]].zones.polygons
            if not len(layer):
                continue
            for at, parts, rest in self._shares(layer, rows):
                told = [_part(entries[unit].code, entries[unit].name, share) for share, unit in parts]
                found[at] = _sorted([*told, *_remainder(rest)])
        return found

    def _told(self, layers: Mapping[int, SetLayer | None], *, abroad: bool = False) -> list[list[Part]]:
        found: list[list[Part]] = [[] for _ in self._stacks]
        groups: dict[int, list[int]] = {}
        for at, one in layers.items():
            if one is not None and len(one.layer):
                groups.setdefault(id(one), []).append(at)
        for rows in groups.values():
            used = layers[rows[0]]
            assert used is not None  # noqa: S101 - only these were grouped
            beyond: list[int] = []
            for at, parts, rest in self._shares(used.layer, rows):
                told = [_part(*self._name(used, unit, self._days[at]), share) for share, unit in parts]
                found[at] = _sorted([*told, *_remainder(rest)])
                if abroad and rest >= _LEAST:
                    beyond.append(at)
            self._name_beyond(beyond, found)
        return found

    def _name_beyond(self, rows: Sequence[int], found: list[list[Part]]) -> None:
        """Name who has what lies in no county of ours, where the neighbours' set knows."""
        groups: dict[int, list[int]] = {}
        for at in rows:
            neighbour = self._stacks[at].boundaries.get(NEIGHBOUR)
            if neighbour is not None:
                groups.setdefault(id(neighbour), []).append(at)
        for own in groups.values():
            neighbour = self._stacks[own[0]].boundaries[NEIGHBOUR]
            for at, parts, _ in self._shares(neighbour.layer, own):
                whole = sum(share for share, _ in parts)
                rest = next((float(one["exact"]) for one in found[at] if one["code"] == OUTSIDE), 0.0)
                codes = neighbour.layer.codes
                told = [
                    {**_part(codes[u], neighbour.names[codes[u]], share), "outside": True}
                    for share, u in parts
                ]
                inside = [one for one in found[at] if one["code"] != OUTSIDE]
                # Neighbours drawn by another hand may overlap ours by metres: no more than what is left is theirs.
                found[at] = _sorted([*inside, *told, *_remainder(max(rest - whole, 0.0))])

    def _shares(self, layer: Layer, rows: Sequence[int]) -> list[tuple[int, list[tuple[float, int]], float]]:
        """Return (footprint, parts as (share, unit), remainder) of some footprints, given in ascending order."""
        picked = np.array(rows, dtype=np.int64)
        shares: Shares = union_shares(layer, self._pixels.take(picked, len(self._stacks)))
        parts: list[list[tuple[float, int]]] = [[] for _ in rows]
        for at, unit, share in zip(
            shares.point.tolist(), shares.unit.tolist(), shares.share.tolist(), strict=True
        ):
            if share >= _LEAST:
                parts[at].append((share, unit))
        return list(zip(rows, parts, shares.outside.tolist(), strict=True))


def _part(code: str, name: str, share: float) -> Part:
    return {"code": code, "name": name, "share": f"{share:.4f}", "exact": share}


def _remainder(share: float) -> list[Part]:
    return [{**_part(OUTSIDE, _OUTSIDE_NAME, share), "outside": True}] if share >= _LEAST else []


def _sorted(parts: list[Part]) -> list[Part]:
    """Return parts largest first, ours before what lies outside."""
    return sorted(parts, key=lambda one: (bool(one.get("outside")), -float(one["share"]), one["code"]))


def plain(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Return parts as documents show them."""
    return [{name: value for name, value in one.items() if name != "exact"} for one in parts]
