"""Synthetic townships and villages: each real county divided into cells that share their edges exactly.

Sites stand on a jittered lattice; a village is the part of its county that is nearest to its site, a township is the
villages nearest to its own site. All borders, those of the counties included, are noded together once, so that the
villages of the province form one coverage: no gap, no overlap, every vertex of an edge known to both sides.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree
from shapely.geometry import MultiPolygon, Polygon

from gis.types import Level

SEED = 20260220
VILLAGE_KM = 4.5
TOWNSHIP_KM = 14.0
_FEWEST_VILLAGES = 6
_KM_PER_DEGREE = 111.2
_GRID_DEGREES = 1e-7
"""Borders are noded on a lattice of one centimetre."""
FIRST_TOWNSHIP = 900
"""Real townships have smaller numbers, so that no synthetic code can be taken for a real one."""

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SyntheticCell:
    """A synthetic cell; its code is its county's with 3 digits more per level.

    Attributes
    ----------
    geometry
        CGCS2000 (lon, lat) degrees.
    """

    code: str
    level: Level
    name: str
    parent_code: str
    geometry: Polygon | MultiPolygon


def synthetic_cells(
    counties: Mapping[str, Polygon | MultiPolygon], *, seed: int = SEED
) -> tuple[SyntheticCell, ...]:
    """Return townships and villages of every county, in code order.

    Parameters
    ----------
    counties
        Code to geometry; their borders must agree with each other.
    """
    counties = {code: counties[code] for code in sorted(counties)}
    sites = {
        code: _village_sites(shape, Random(f"{seed}:{code}"))  # noqa: S311 - a demonstration, not a secret
        for code, shape in counties.items()
    }
    pieces = _pieces(counties, sites)
    cells: list[SyntheticCell] = []
    for code in counties:
        cells.extend(_cells_of_county(code, counties[code], sites[code], pieces[code], seed))
    return tuple(sorted(cells, key=lambda cell: cell.code))


def _village_sites(county: Polygon | MultiPolygon, random: Random) -> Points:
    spacing = VILLAGE_KM
    while len(found := lattice(county, spacing, random)) < _FEWEST_VILLAGES:
        spacing /= 1.5
    return found


def lattice(area: Polygon | MultiPolygon, spacing_km: float, random: Random) -> Points:
    """Return the points of a jittered lattice that lie in `area`, from north to south, then west to east."""
    west, south, east, north = area.bounds
    step_lat = spacing_km / _KM_PER_DEGREE
    step_lon = step_lat / math.cos(math.radians((south + north) / 2))
    rows = range(math.ceil((north - south) / step_lat))
    columns = range(math.ceil((east - west) / step_lon))
    points = np.array(
        [
            (
                west + (column + 0.5 + 0.7 * (random.random() - 0.5)) * step_lon,
                north - (row + 0.5 + 0.7 * (random.random() - 0.5)) * step_lat,
            )
            for row in rows
            for column in columns
        ]
    )
    inside: Points = points[shapely.contains_xy(area, points[:, 0], points[:, 1])]
    return inside


def _pieces(
    counties: Mapping[str, Polygon | MultiPolygon], sites: Mapping[str, Points]
) -> dict[str, dict[int, list[Polygon]]]:
    """Node all borders together and return each face under its county and the number of its site."""
    lines = [shapely.boundary(county) for county in counties.values()]
    for code, points in sites.items():
        edges = shapely.voronoi_polygons(
            shapely.MultiPoint(points), extend_to=counties[code].buffer(0.2), only_edges=True
        )
        lines.append(shapely.intersection(edges, counties[code]))
    noded = shapely.unary_union(lines, grid_size=_GRID_DEGREES)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inside = shapely.point_on_surface(faces)
    codes = list(counties)
    face_numbers, owners = STRtree([counties[code] for code in codes]).query(inside, predicate="within").T.T
    pieces: dict[str, dict[int, list[Polygon]]] = {code: defaultdict(list) for code in codes}
    for face, owner in zip(face_numbers.tolist(), owners.tolist(), strict=True):
        code = codes[owner]
        pieces[code][_nearest(sites[code], inside[face])].append(faces[face])
    return pieces


def _nearest(sites: Points, point: shapely.Point) -> int:
    """Return the number of the nearest site, measured in degrees as the Voronoi edges are."""
    return int(np.argmin((sites[:, 0] - point.x) ** 2 + (sites[:, 1] - point.y) ** 2))


def _cells_of_county(
    code: str,
    county: Polygon | MultiPolygon,
    sites: Points,
    pieces: Mapping[int, Sequence[Polygon]],
    seed: int,
) -> Iterator[SyntheticCell]:
    centres = _township_sites(county, Random(f"{seed}:{code}:townships"))  # noqa: S311
    distance = np.hypot(*(sites[:, None, :] - centres[None, :, :]).transpose(2, 0, 1))
    owner = np.argmin(distance, axis=1)
    used = [number for number in range(len(centres)) if any(owner[site] == number for site in pieces)]
    for order, number in enumerate(used, start=1):
        township = f"{code}{FIRST_TOWNSHIP + order:03d}"
        villages = [site for site in sorted(pieces) if owner[site] == number]
        whole = shapely.coverage_union_all([piece for site in villages for piece in pieces[site]])
        yield SyntheticCell(township, Level.TOWNSHIP, f"合成乡{order:02d}", code, whole)
        for rank, site in enumerate(villages, start=1):
            shape = pieces[site][0] if len(pieces[site]) == 1 else MultiPolygon(list(pieces[site]))
            yield SyntheticCell(
                f"{township}{rank:03d}", Level.VILLAGE, f"合成村{order:02d}{rank:03d}", township, shape
            )


def _township_sites(county: Polygon | MultiPolygon, random: Random) -> Points:
    spacing = TOWNSHIP_KM
    while len(found := lattice(county, spacing, random)) < 2:
        spacing /= 1.5
    return found
