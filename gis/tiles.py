"""Vector tiles: arrays of geometries and attributes to Mapbox Vector Tile 2.1 bytes on the WebMercatorQuad grid.

One public verb, `encode`. Importing this module costs nothing; the compiled kernels are loaded at the first tile or by
`warm`, which a server calls from a thread of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gis.errors import UsageError
from gis.types import BBox

EXTENT = 4096
"""Units of the grid across a tile."""

BUFFER = 128
"""Units beyond the tile that are drawn too, so that symbols and outlines do not end at its edge."""

MAX_ZOOM = 22
_GZIP_LEVEL = 1


@dataclass(frozen=True, slots=True)
class TileLayer:
    """Features of one layer of a tile.

    Attributes
    ----------
    geometry
        Shapely geometries in degrees (lon, lat), shape (n,), of any kinds; or a pair of float arrays lon, lat.
    columns
        Property name to n values of one type: str, int, float, bool, date, aware datetime; None where there is none.
    ids
        Whole numbers of 53 bits (`feature_ids`), None for features without.
    """

    name: str
    geometry: npt.NDArray[np.object_] | tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
    columns: Mapping[str, Any]
    ids: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.geometry[0]) if isinstance(self.geometry, tuple) else len(self.geometry)


def encode(
    layers: Sequence[TileLayer], z: int, x: int, y: int, *, extent: int = EXTENT, buffer: int = BUFFER
) -> bytes:
    """Return the tile with these layers; a layer of which nothing is drawn is left out.

    Geometries are clipped to the tile and its buffer. Points are rounded to the grid and never thinned or merged;
    polygons are simplified to the grid, vertex by vertex, so that neighbours keep one border, and are valid; one that
    has no area on the grid is not drawn. Equal input gives equal bytes.

    Raises
    ------
    UsageError
        ``bad_tile``: there is no such tile.
    """
    require_tile(z, x, y)
    from gis import mvt

    found = []
    for layer in layers:
        if isinstance(layer.geometry, tuple):
            grid = mvt.on_grid(np.column_stack(layer.geometry), z, x, y, extent)
            drawn = mvt.point_commands(grid, -buffer, extent + buffer)
            parts = [(np.arange(len(layer)), mvt.POINT, drawn)]
        else:
            parts = mvt.commands_of(layer.geometry, z, x, y, extent, buffer)
        found.append(mvt.layer_bytes(layer.name, parts, layer.ids, layer.columns, len(layer), extent))
    return b"".join(found)


def require_tile(z: int, x: int, y: int) -> None:
    """Refuse a tile that is not in the tile matrix set.

    Raises
    ------
    UsageError
        ``bad_tile``.
    """
    if not 0 <= z <= MAX_ZOOM or not 0 <= x < 1 << z or not 0 <= y < 1 << z:
        raise UsageError(
            "bad_tile",
            f"没有瓦片 {z}/{x}/{y}：层级为 0 至 {MAX_ZOOM}，行列号小于 2 的层级次方",
            f"there is no tile {z}/{x}/{y}: zooms are 0 to {MAX_ZOOM}, column and row are less than 2^zoom",
            value=f"{z}/{x}/{y}",
        )


def tile_bounds(z: int, x: int, y: int, *, extent: int = EXTENT, buffer: int = 0) -> BBox:
    """Return the box of a tile in degrees, with `buffer` units of its grid on each side, within the world."""
    count, over = 1 << z, buffer / extent
    west, east = ((x + part) / count * 360.0 - 180.0 for part in (-over, 1 + over))
    north, south = (
        math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (y + part) / count))))
        for part in (-over, 1 + over)
    )
    return BBox(max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0))


def tiles_over(box: BBox, z: int) -> tuple[range, range]:
    """Return the columns and rows of the tiles of a zoom that a box meets."""
    count = 1 << z

    def place(lon: float, lat: float) -> tuple[int, int]:
        sine = min(max(math.sin(math.radians(lat)), -0.9999999999), 0.9999999999)
        down = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
        return (
            min(max(int((lon / 360 + 0.5) * count), 0), count - 1),
            min(max(int(down * count), 0), count - 1),
        )

    left, top = place(box.min_lon, box.max_lat)
    right, bottom = place(box.max_lon, box.min_lat)
    return range(left, right + 1), range(top, bottom + 1)


def feature_ids(ids: Sequence[Any]) -> npt.NDArray[np.int64]:
    """Return the numbers that stand for features: whole numbers themselves, of texts 53 bits of a hash.

    The same in PostgreSQL: ``hashtextextended(id, 0) & 9007199254740991``.
    """
    from gis import mvt, mvt_hash

    if len(ids) and not isinstance(ids[0], str):
        return np.asarray(ids, dtype=np.int64)
    numbers: npt.NDArray[np.int64] = mvt_hash.hashes(*mvt.end_to_end(ids))
    return numbers


def compress(data: bytes) -> bytes:
    """Return gzip bytes, the same for the same input."""
    from isal import igzip

    packed: bytes = igzip.compress(data, _GZIP_LEVEL, mtime=0)
    return packed


def warm() -> None:
    """Load the compiled kernels, or compile them where that was never done."""
    import shapely

    square = shapely.box(0.0, 0.0, 1.0, 1.0)
    shapes = np.array([square, shapely.Point(0, 0), square.exterior], dtype=object)
    encode([TileLayer("warm", shapes, {"text": ["a", "b", "c"], "number": [1, 2, 3]})], 0, 0, 0)
