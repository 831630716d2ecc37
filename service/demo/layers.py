"""The synthetic layers as files: what a county would hand in, in the formats that `load` reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon

from boundaries.model import BoundaryUnit
from gis.types import Level
from service.demo.grid import SEED, SyntheticCell, synthetic_cells

ROAD_PREFECTURE = "2201"
ROAD_NAME = "合成公路一公里带"
ROAD_BELT_M = 1000.0
FIRST_PHONE = 10000000000
"""Eleven digits that begin with 10 are nobody's number."""


@dataclass(frozen=True, slots=True)
class Layers:
    """File name to bytes, for the grid, the duty-holders and the belt along a synthetic road."""

    grid: tuple[str, bytes]
    duties: tuple[str, bytes]
    road: tuple[str, bytes]


def synthetic_layers(counties: Sequence[BoundaryUnit], *, seed: int = SEED) -> Layers:
    """Return the layers of the demo.

    Parameters
    ----------
    counties
        The real counties that are divided.
    """
    cells = synthetic_cells({unit.code: unit.geometry for unit in counties}, seed=seed)
    return Layers(
        ("synthetic_grid.geojson", grid_geojson(counties, cells)),
        ("synthetic_duties.csv", duties_csv(cells)),
        ("synthetic_road.geojson", road_geojson(road(counties))),
    )


def grid_geojson(counties: Sequence[BoundaryUnit], cells: Sequence[SyntheticCell]) -> bytes:
    """Return the grid: counties by name only, townships and villages with their ground."""
    features = [
        _feature({"code": unit.code, "level": Level.COUNTY.value, "name": unit.name, "unit_code": unit.code})
        for unit in sorted(counties, key=lambda unit: unit.code)
    ]
    features += [
        _feature(
            {"code": cell.code, "level": cell.level.value, "name": cell.name, "parent": cell.parent_code},
            cell.geometry,
        )
        for cell in cells
    ]
    return _collection(features)


def duties_csv(cells: Iterable[SyntheticCell]) -> bytes:
    """Return a head for every township and village, and a worker for every village, under made-up names."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["code", "role", "person", "phone"])
    number = 0
    for cell in cells:
        roles = ("网格长",) if cell.level is Level.TOWNSHIP else ("网格长", "网格员")
        for role in roles:
            number += 1
            rows.writerow([cell.code, role, f"合成{role}{number:05d}", str(FIRST_PHONE + number)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def road(counties: Sequence[BoundaryUnit]) -> LineString:
    """Return a road that never was: from county to county of one prefecture, west to east."""
    own = [unit for unit in counties if unit.code.startswith(ROAD_PREFECTURE)] or list(counties)
    stops = sorted((point.x, point.y) for point in (shapely.point_on_surface(u.geometry) for u in own))
    if len(stops) == 1:
        west, _, east, _ = own[0].geometry.bounds
        stops = [(west, stops[0][1]), (east, stops[0][1])]
    return LineString(stops)


def road_geojson(line: LineString) -> bytes:
    """Return the road as the line that a belt is drawn along."""
    return _collection([_feature({"code": "SYN-ROAD", "name": ROAD_NAME, "kind": "belt_1km"}, line)])


def _feature(
    properties: dict[str, str], geometry: Polygon | MultiPolygon | LineString | None = None
) -> dict[str, Any]:
    shape = None if geometry is None else json.loads(shapely.to_geojson(geometry))
    return {"type": "Feature", "properties": properties, "geometry": shape}


def _collection(features: Sequence[dict[str, Any]]) -> bytes:
    document = {"type": "FeatureCollection", "features": list(features)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
