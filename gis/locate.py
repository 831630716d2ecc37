"""Points to polygons: which unit holds a point, by one stated rule on edges, and how far its border is.

Rule: polygons are closed; a point on an edge or vertex belongs to the touching unit whose code sorts first. In a clean
coverage no point is therefore in zero or two units. Inside is where a ray crosses the unit's rings an odd number of
times; for valid polygons that is GEOS's answer, and the predicate is exact.

Small questions to a layer that was just read are put to GEOS, larger ones to the index of `gis.location`, which is
built when it pays; an opened layer has its index. Whoever answers, the answer is the same.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely

from gis.errors import RefusedInputError
from gis.location import areas_plain, borders, file, index, plain
from gis.location.rings import MULTIPOLYGON, POLYGON, Rings, ground_of, rings_of
from gis.plane import metres_per_degree

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]
Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

NOWHERE = -1
_BAND_DEGREES = 0.25
"""Latitude bands in which one local scale serves; the scale error inside a band is below 0.3 %."""

_GEOS_S = 4e-6
"""Seconds GEOS takes per point; with the next two it decides when an index pays, never what the answer is."""
_BUILD_S = 0.3e-6
"""Seconds per vertex to build the index."""
_BOX_S = 15e-6
"""Seconds numpy and GEOS take per box."""
_MAPPED_BOX_S = 300e-6
"""The same for an opened layer, which has to make the polygons first."""
_UNION_S, _COVERAGE_S = 300e-6, 2e-6
"""Seconds GEOS takes to join the units in one box, and per vertex to find that a layer is a coverage."""
_LOAD_S = 0.7
"""Seconds to load the compiled kernels into a process that has none yet."""
_OPEN = -2
"""Unit in an answer of `Index.areas` that is left open."""


class Layer:
    """An immutable layer of polygons, ready to answer.

    Parameters
    ----------
    codes
        One code per polygon; the layer keeps them in sorted order, which is the order of precedence on edges.
    geometries
        Polygons or multipolygons, EPSG:4490, (lon, lat). Of a collection only the polygons count.

    Attributes
    ----------
    codes
        Sorted codes.
    source_index
        For each unit, its place in what was given.
    bounds
        West, south, east, north in degrees; NaN for an empty layer.
    """

    def __init__(self, codes: Sequence[str], geometries: Sequence[Any]) -> None:
        order = sorted(range(len(codes)), key=lambda i: codes[i])
        shapes = np.empty(len(order), dtype=object)
        shapes[:] = [geometries[i] for i in order]
        shapely.prepare(ground_of(shapes))
        bounds = shapely.total_bounds(shapes) if order else np.full(4, np.nan)
        self._begin(tuple(codes[i] for i in order), tuple(order), bounds, shapes)

    def _begin(
        self,
        codes: tuple[str, ...],
        source_index: tuple[int, ...],
        bounds: Floats,
        shapes: npt.NDArray[np.object_] | None,
    ) -> None:
        self.codes = codes
        self.source_index = source_index
        self.bounds = bounds
        self._shapes = shapes
        self._rings: Rings | None = None
        self._index: index.Index | None = None
        self._flat = True
        """Whether the layer can be taken apart into rings; False once that was tried in vain."""
        self._tree: Any = None
        self._reach: Any = None
        self._told: Any = None
        self._clean: bool | None = None
        self._valid = np.full(len(codes), -1, dtype=np.int8)
        self._spent = 0.0
        self._building = threading.Lock()
        self._asking = threading.Lock()
        """GEOS builds the index of a prepared polygon at its first question: threads must not ask first together.

        Held wherever a prepared geometry of the layer stands first in a predicate; the second is only read.
        """

    @classmethod
    def from_rings(cls, codes: Sequence[str], source: Rings) -> Self:
        """Return an indexed layer of rings read elsewhere (`gis.location.stream`), its codes sorted already."""
        layer = cls.__new__(cls)
        bounds = np.concatenate([source.xy.min(axis=0), source.xy.max(axis=0)])
        layer._begin(tuple(codes), tuple(range(len(codes))), bounds, None)
        layer._rings = source
        layer._build()
        return layer

    @classmethod
    def open(cls, path: Path, *, content_hash: str | None = None, verify: bool = False) -> Self:
        """Open a saved layer; its arrays stay on disk until they are read.

        Parameters
        ----------
        content_hash
            What the file must be about (`content_hash` of the layer that was saved).
        verify
            Read the whole file and compare its digest too.

        Raises
        ------
        RefusedInputError
            The file is no saved layer, of another version or byte order, cut, changed, or about other geometry.
        """
        saved = file.load(path, content_hash=content_hash, verify=verify)
        layer = cls.__new__(cls)
        layer._begin(saved.codes, saved.source_index, saved.index.geo[[0, 1, 8, 9]], None)
        layer._rings, layer._index = saved.index.source, saved.index
        return layer

    def save(self, path: Path) -> str:
        """Write the layer with its index to a file, whole or not at all; return its content hash.

        Raises
        ------
        RefusedInputError
            The layer cannot be indexed: it is empty or holds more than polygons.
        """
        if self._index is None and self._source() is not None:
            self._build()
        if self._index is None:
            raise RefusedInputError(
                "layer_not_indexable",
                "图层为空，或含有多边形以外的几何，无法保存索引；请先修复边界数据。",
                "The layer is empty or holds geometries other than polygons, so no index can be saved; "
                "repair the boundaries first.",
                path=str(path),
            )
        return file.store(path, self.codes, self.source_index, self._index)

    @property
    def content_hash(self) -> str | None:
        """SHA-256 of codes and coordinates, None for a layer that cannot be indexed."""
        source = self._source()
        return None if source is None else source.content_hash(self.codes)

    @property
    def geometries(self) -> npt.NDArray[np.object_]:
        """The geometries in the order of `codes`; an opened layer makes them when they are first asked for.

        They are prepared, and another thread may ask the layer now: put them second in a predicate, or ask the layer.
        """
        if self._shapes is None:
            assert self._rings is not None  # noqa: S101 - a layer has one or the other
            shapes = self._rings.shapes(range(len(self)))
            shapely.prepare(shapes)
            self._shapes = shapes
        return self._shapes

    def __len__(self) -> int:
        return len(self.codes)

    def hits(self, lon: Floats, lat: Floats) -> Pairs:
        """Return every (point index, unit index) pair, sorted by point and unit; overlaps give several.

        Parameters
        ----------
        lon, lat
            Degrees, shape (n,).
        """
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        found = self._indexed(_GEOS_S * len(lon))
        return self._ask_geos(lon, lat) if found is None else found.hits(lon, lat)

    def locate(self, lon: Floats, lat: Floats) -> Indices:
        """Return the index of the unit that holds each point, `NOWHERE` for none; shape (n,)."""
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        by_index = self._indexed(_GEOS_S * len(lon))
        if by_index is not None:
            return by_index.locate(lon, lat)
        found = np.full(len(lon), NOWHERE, dtype=np.int32)
        point, unit = self._ask_geos(lon, lat)
        found[point[::-1]] = unit[::-1]
        return found

    def touched(self, shapes: Any) -> Pairs:
        """Return every (shape index, unit index) pair whose interiors or edges meet."""
        if not len(self):
            empty = np.empty(0, dtype=np.int64)
            return empty, empty
        if self._shapes is not None:
            shape, unit = self._boxes().query(shapes, predicate="intersects")
        else:
            shape, unit = self._near().query(shapes)
            known, place = np.unique(unit, return_inverse=True)
            meets = shapely.intersects(np.asarray(shapes, dtype=object)[shape], self.some(known)[place])
            shape, unit = shape[meets], unit[meets]
        order = np.lexsort((unit, shape))
        return shape[order], unit[order]

    def border_distance_m(self, lon: Floats, lat: Floats, unit: npt.NDArray[Any]) -> Floats:
        """Return the distance in metres from each point to the border of its unit; NaN where it has none.

        The plane is scaled at the middle of the point's latitude band (0.25 degrees).
        """
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        distance = np.full(len(lon), np.nan)
        known = np.flatnonzero(np.asarray(unit) != NOWHERE)
        if not len(known):
            return distance
        per_lon, per_lat = metres_per_degree((np.floor(lat[known] / _BAND_DEGREES) + 0.5) * _BAND_DEGREES)
        asked = lon[known], lat[known], np.asarray(unit)[known].astype(np.int64), per_lon, per_lat
        source = self._source()
        if source is None:
            distance[known] = borders.by_geos(self.geometries, *asked)
            return distance
        work = borders.seconds(source, asked[2])
        by_index = self._indexed(work)
        if by_index is not None and (index.kernels_loaded() or work > _LOAD_S):
            distance[known] = by_index.border_distance_m(*asked)
        else:
            distance[known] = borders.plain(source, *asked)
        return distance

    def box_areas(
        self, boxes: Floats
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
        """Return (box index, unit index, area in squared degrees) where they meet, sorted by box and unit.

        The answer for a box is the same to the last bit however many boxes are asked about, and whoever answers.
        Last come the boxes on whose ground units may overlap: nobody has looked there, or they do.

        Parameters
        ----------
        boxes
            West, south, east, north in degrees; shape (n, 4).
        """
        boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
        work = len(boxes) * (_BOX_S if self._shapes is not None else _MAPPED_BOX_S)
        by_index = self._indexed(work)
        if by_index is None or not (index.kernels_loaded() or work > _LOAD_S):
            rows = np.arange(len(boxes))
            return *self._plain_areas(boxes, rows), rows
        if self._told is None:
            self._told = by_index.blank()
        box, unit, area = by_index.areas(boxes, self._told)
        left = unit == _OPEN
        rows = box[left]
        if left.any():
            again, unit_again, area_again = self._plain_areas(boxes, rows)
            box = np.concatenate([box[~left], again])
            unit = np.concatenate([unit[~left], unit_again.astype(np.int32)])
            area = np.concatenate([area[~left], area_again])
        order = np.lexsort((unit, box))
        return box[order], unit[order].astype(np.int64), area[order], rows

    def overlaps_not(self, asked: int) -> bool:
        """Return whether no two units overlap; False too where finding out is dearer than asking so often."""
        if self._clean is None:
            source = self._source() if self._shapes is not None else None
            if source is None or asked * _UNION_S < _COVERAGE_S * len(source.xy):
                return False
            shapes = self.geometries
            self._clean = bool(shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes))
        return self._clean

    def _plain_areas(
        self, boxes: Floats, rows: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
        """Return what `box_areas` returns for some of the boxes, without compiled kernels."""
        if not len(rows) or not len(self):
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        asked = boxes[rows]
        pixels = shapely.box(*asked.T)
        at, unit = self._near().query(pixels).astype(np.int64)
        known = np.unique(unit)
        shapes, place = self.some(known), np.searchsorted(known, unit)
        broken = np.isin(unit, self._broken(known))
        with self._asking:
            meets = broken | shapely.intersects(shapes[place], pixels[at])
        at, unit, place, broken = at[meets], unit[meets], place[meets], broken[meets]
        area = ((asked[:, 2] - asked[:, 0]) * (asked[:, 3] - asked[:, 1]))[at]
        with self._asking:
            hard = broken | ~shapely.contains_properly(shapes[place], pixels[at])
        by_geos, by_edges = hard & broken, np.flatnonzero(hard & ~broken)
        source = self._source()
        if source is None:
            by_geos = hard
        else:
            area[by_edges], cornered = areas_plain.areas(source, asked, at[by_edges], unit[by_edges])
            by_geos |= hard & np.isin(at, at[by_edges[cornered]])
        area[by_geos] = shapely.area(shapely.intersection(pixels[at[by_geos]], self.sound(unit[by_geos])))
        order = np.lexsort((unit, at))
        return rows[at[order]], unit[order], area[order]

    def covers(self, units: npt.NDArray[Any], shapes: Any) -> npt.NDArray[np.bool_]:
        """Return whether each unit covers the shape at its place, by GEOS; both of shape (n,)."""
        asked, place = np.unique(units, return_inverse=True)
        polygons = self.some(asked)[place]
        with self._asking:
            found: npt.NDArray[np.bool_] = shapely.covers(polygons, shapes)
        return found

    def _near(self) -> Any:
        """Return a tree of the units' boxes, over all of their rings (a broken unit's holes may lie outside)."""
        if self._reach is None:
            source = self._source()
            self._reach = shapely.STRtree(self.geometries if source is None else source.boxes())
        return self._reach

    def some(self, units: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
        """Return the geometries of some units; an opened layer makes no others for it."""
        if self._shapes is None:
            assert self._rings is not None  # noqa: S101 - a layer has one or the other
            return self._rings.shapes(units)
        found: npt.NDArray[np.object_] = self._shapes[units]
        return found

    def sound(self, units: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
        """Return the ground of some units as valid polygons: of rings that cross themselves by even and odd."""
        asked, place = np.unique(units, return_inverse=True)
        shapes = self.some(asked)
        source = self._source()
        if source is None:
            made: npt.NDArray[np.object_] = shapely.make_valid(shapes)
            return made[place]
        for one in np.flatnonzero(np.isin(asked, self._broken(asked))).tolist():
            shapes[one] = areas_plain.even_odd(source, int(asked[one]))
        return shapes[place]

    def _source(self) -> Rings | None:
        """Return the layer's rings, None if it is not of polygons alone."""
        if self._rings is None and self._flat:
            self._rings = rings_of(self.geometries)
            self._flat = self._rings is not None
        return self._rings

    def _indexed(self, seconds: float) -> index.Index | None:
        """Return the index if there is one or work of so many seconds makes it pay: rent until buying was cheaper."""
        if self._index is None and self._flat and len(self):
            self._spent += seconds
            if self._spent > (0 if index.kernels_loaded() else _LOAD_S):
                source = self._source()
                load = 0.0 if index.kernels_loaded() else _LOAD_S
                if source is not None and self._spent > load + _BUILD_S * len(source.xy):
                    self._build()
        return self._index

    def _build(self) -> None:
        """Build the index; whoever comes while another thread builds it goes on without."""
        if self._rings is not None and self._building.acquire(blocking=False):
            try:
                self._index = index.build(self._rings)
                self._flat = self._index is not None
            finally:
                self._building.release()

    def _boxes(self) -> Any:
        if self._tree is None:
            self._tree = shapely.STRtree(self.geometries)
        return self._tree

    def _ask_geos(self, lon: Floats, lat: Floats) -> Pairs:
        """Return what `hits` returns, from GEOS; rings that cross themselves are answered by even and odd."""
        empty = np.empty(0, dtype=np.int64)
        if not len(self):
            return empty, empty
        source = self._source()
        tree = self._near()
        west, south, east, north = shapely.total_bounds(tree.geometries)
        near = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
        if not len(near):
            return empty, empty
        points = shapely.points(lon[near], lat[near])
        at, unit = tree.query(points)
        broken = np.isin(unit, self._broken(np.unique(unit)))
        held = np.zeros(len(at), dtype=bool)
        with self._asking:
            held[~broken] = shapely.intersects(self.geometries[unit[~broken]], points[at[~broken]])
        if source is not None and broken.any():
            p = np.column_stack([lon[near], lat[near]])[at[broken]]
            held[broken] = plain.parities(source, unit[broken], p)
        order = np.lexsort((unit[held], at[held]))
        return near[at[held][order]].astype(np.int64), unit[held][order].astype(np.int64)

    def _broken(self, units: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return which of some units are polygons that GEOS calls invalid."""
        if self._source() is None:
            return np.empty(0, dtype=np.int64)
        new = units[self._valid[units] < 0]
        shapes = self.some(new)
        whole = ~np.isin(shapely.get_type_id(shapes), (POLYGON, MULTIPOLYGON))
        self._valid[new] = shapely.is_valid(shapes) | whole
        broken: npt.NDArray[np.int64] = units[self._valid[units] == 0].astype(np.int64)
        return broken
