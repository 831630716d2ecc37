"""Geometry in the queries of both homes: PostGIS's own predicates, and shapely behind a few functions of SQLite."""

from __future__ import annotations

import functools
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import shapely
import sqlalchemy as sa
from shapely.geometry.base import BaseGeometry

from gis.footprint import FALLBACK_KM, NOMINAL_KM, REPORTED_KM, rectangles
from gis.plane import FLATTENING, SEMI_MAJOR_M, degrees_of
from gis.types import STORED_EPSG, BBox
from service.store.base import Base
from service.store.bulk import within_bbox
from service.store.engine import Reader
from service.store.types import ENVELOPE_BYTES, encode_gpkg

RELATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "intersects": shapely.intersects,
    "disjoint": shapely.disjoint,
    "contains": lambda mine, given: shapely.within(given, mine),
    "within": lambda mine, given: shapely.contains(given, mine),
    "touches": shapely.touches,
    "crosses": shapely.crosses,
    "overlaps": shapely.overlaps,
    "equals": shapely.equals,
}
"""Relations of a feature's geometry to a given one; GEOS decides in both homes."""

_POSTGIS = {name: f"ST_{name.capitalize()}" for name in RELATIONS}
_HALF_REACH_DEG = (0.2, 0.1)
"""A pixel of 20 km reaches no farther from its centre anywhere in China (half of it in degrees, lon and lat)."""


def prepare(reader: Reader) -> None:
    """Give the reader's SQLite connection the functions that queries use; PostGIS has its own."""
    if reader.connection.dialect.name != "sqlite":
        return
    raw: Any = reader.connection.connection.driver_connection
    raw.create_function("hd_relate", 3, _relate, deterministic=True)
    raw.create_function("hd_bound", 2, _bound, deterministic=True)
    raw.create_function("hd_half", 3, _half, deterministic=True)
    raw.create_function("hd_box", 4, _box, deterministic=True)


def parts(box: BBox) -> tuple[BBox, ...]:
    """Return a box as one, or as two where it crosses the date line (its west edge lies east of its east edge)."""
    if box.min_lon <= box.max_lon:
        return (box,)
    return (
        BBox(box.min_lon, box.min_lat, 180.0, box.max_lat),
        BBox(-180.0, box.min_lat, box.max_lon, box.max_lat),
    )


def shape_of(box: BBox) -> BaseGeometry:
    """Return the geometry of a box; one without width or height is a line or a point, which GEOS takes."""
    wide, high = box.min_lon < box.max_lon, box.min_lat < box.max_lat
    if wide and high:
        return shapely.box(box.min_lon, box.min_lat, box.max_lon, box.max_lat)
    if not wide and not high:
        return shapely.Point(box.min_lon, box.min_lat)
    return shapely.LineString([(box.min_lon, box.min_lat), (box.max_lon, box.max_lat)])


def relates(
    relation: str, value: sa.ColumnElement[Any], geometry: BaseGeometry, reader: Reader
) -> sa.ColumnElement[bool]:
    """Return the condition that a feature's geometry has a relation to a given one; unknown where it has none."""
    wkb = shapely.to_wkb(geometry, output_dimension=2, byte_order=1)
    if reader.connection.dialect.name == "postgresql":
        given = sa.func.ST_GeomFromWKB(sa.literal(wkb, sa.LargeBinary()), STORED_EPSG)
        return getattr(sa.func, _POSTGIS[relation])(value, given, type_=sa.Boolean())  # type: ignore[no-any-return]
    return sa.func.hd_relate(relation, value, sa.literal(wkb, sa.LargeBinary()), type_=sa.Boolean())


def readable(value: sa.ColumnElement[Any], reader: Reader) -> sa.ColumnElement[Any]:
    """Return the expression by which geometries are read as bytes, all at once."""
    if reader.connection.dialect.name == "postgresql":
        return sa.func.ST_AsBinary(value, type_=sa.LargeBinary())
    return sa.type_coerce(value, sa.LargeBinary())


class Shape(Protocol):
    """How a select knows the geometry of its rows.

    Attributes
    ----------
    value
        The geometry as the home's predicates take it. It is also what geometries are read from, unless the shape is a
        `MadeShape`.
    """

    value: sa.ColumnElement[Any]

    def near(self, box: BBox) -> sa.ColumnElement[bool]:
        """Return an indexed condition that holds wherever the geometry may meet `box`."""

    def bounds(self) -> tuple[sa.ColumnElement[float], ...]:
        """Return min lon, min lat, max lon, max lat of a row."""

    def exact(self, box: BBox) -> sa.ColumnElement[bool] | None:
        """Return the exact condition that the geometry meets `box`, None where `near` is exact already."""


@runtime_checkable
class MadeShape(Shape, Protocol):
    """A shape whose geometries are made of columns rather than read.

    Attributes
    ----------
    needs
        The columns of which `build` makes them.
    """

    needs: tuple[str, ...]

    def build(self, columns: Mapping[str, Sequence[Any]]) -> Any:
        """Return the geometries of rows, made of the columns in `needs`."""


def needed_for(shape: Shape) -> tuple[str, ...]:
    """Return the columns of which a shape's geometries are made; none where they are read."""
    return shape.needs if isinstance(shape, MadeShape) else ()


class PointShape:
    """Points that stand in columns ``lon`` and ``lat`` and in an indexed geometry."""

    needs: tuple[str, ...] = ("lon", "lat")

    def __init__(self, table: type[Base], reader: Reader) -> None:
        self._table, self._reader = table, reader
        self.value = raw_geometry(table)

    def near(self, box: BBox) -> sa.ColumnElement[bool]:
        """Return the indexed condition, made exact by the position's own columns."""
        return sa.or_(
            *(within_bbox(self._table, one, self._reader.connection.dialect.name) for one in parts(box))
        )

    def exact(self, _box: BBox) -> sa.ColumnElement[bool] | None:
        """Return None: `near` is exact."""
        return None

    def bounds(self) -> tuple[sa.ColumnElement[float], ...]:
        """Return the position twice."""
        lon, lat = self._table.__table__.c.lon, self._table.__table__.c.lat
        return lon, lat, lon, lat

    def build(self, columns: Mapping[str, Sequence[Any]]) -> Any:
        """Return the points."""
        return shapely.points(np.asarray(columns["lon"], float), np.asarray(columns["lat"], float))


class PolygonShape:
    """Polygons of a table with an index: read as they are stored."""

    def __init__(self, table: type[Base], reader: Reader) -> None:
        self._table, self._reader = table, reader
        self.value = raw_geometry(table)

    def near(self, box: BBox) -> sa.ColumnElement[bool]:
        """Return the index's condition: boxes that meet."""
        return sa.or_(
            *(within_bbox(self._table, one, self._reader.connection.dialect.name) for one in parts(box))
        )

    def exact(self, box: BBox) -> sa.ColumnElement[bool] | None:
        """Return the condition that the polygon itself meets the box."""
        return relates("intersects", self.value, shape_of(box), self._reader)

    def bounds(self) -> tuple[sa.ColumnElement[float], ...]:
        """Return the box of a polygon; on SQLite it stands in the geometry's own header."""
        if self._reader.connection.dialect.name == "postgresql":
            return tuple(
                getattr(sa.func, name)(sa.func.Box3D(self.value), type_=sa.Double())
                for name in ("ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax")
            )
        return tuple(sa.func.hd_bound(self.value, place, type_=sa.Double()) for place in range(4))


class FootprintShape:
    """The rectangles of pixels, made of position and extents (see `gis.footprint`)."""

    needs: tuple[str, ...] = ("lon", "lat", "scan_km", "track_km", "instrument", "source_kind")

    def __init__(self, table: type[Base], columns: Mapping[str, Any], reader: Reader) -> None:
        self._table, self._reader = table, reader
        lon, lat = columns["lon"], columns["lat"]
        nominal = sa.case(
            *((columns["instrument"] == name, km) for name, km in NOMINAL_KM.items()),
            *((columns["source_kind"] == str(kind), km) for kind, km in REPORTED_KM.items()),
            else_=FALLBACK_KM,
        )
        width, height = (
            sa.case((columns[name] > 0, columns[name]), else_=nominal) * 1000.0
            for name in ("scan_km", "track_km")
        )
        half_lon, half_lat = self._halves(width, height, lat)
        self._bounds = (lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat)
        if reader.connection.dialect.name == "postgresql":
            self.value: sa.ColumnElement[Any] = sa.func.ST_MakeEnvelope(*self._bounds, STORED_EPSG)
        else:
            self.value = sa.func.hd_box(*self._bounds)

    def _halves(self, width: Any, height: Any, lat: Any) -> tuple[Any, Any]:
        """Return half the extents in degrees: `gis.plane.degrees_of`, in SQL on PostGIS."""
        if self._reader.connection.dialect.name != "postgresql":
            half = functools.partial(sa.func.hd_half, type_=sa.Double())
            return half(width, lat, 0), half(height, lat, 1)
        eccentricity = FLATTENING * (2 - FLATTENING)
        phi = sa.func.radians(lat)
        w2 = 1 - eccentricity * sa.func.power(sa.func.sin(phi), 2)
        per_lon: Any = sa.func.radians(SEMI_MAJOR_M / sa.func.sqrt(w2) * sa.func.cos(phi), type_=sa.Double())
        per_lat: Any = sa.func.radians(
            SEMI_MAJOR_M * (1 - eccentricity) / sa.func.power(w2, 1.5), type_=sa.Double()
        )
        return width / 2 / per_lon, height / 2 / per_lat

    def near(self, box: BBox) -> sa.ColumnElement[bool]:
        """Return the indexed condition on centres that lie within a pixel's reach of the box."""
        grown = (one.grown(*_HALF_REACH_DEG) for one in parts(box))
        return sa.or_(*(within_bbox(self._table, one, self._reader.connection.dialect.name) for one in grown))

    def exact(self, box: BBox) -> sa.ColumnElement[bool] | None:
        """Return the condition that the rectangle meets the box."""
        min_lon, min_lat, max_lon, max_lat = self._bounds
        return sa.and_(
            min_lon <= box.max_lon, max_lon >= box.min_lon, min_lat <= box.max_lat, max_lat >= box.min_lat
        )

    def bounds(self) -> tuple[sa.ColumnElement[float], ...]:
        """Return the rectangle."""
        return self._bounds

    def build(self, columns: Mapping[str, Sequence[Any]]) -> Any:
        """Return the rectangles, as screening and attribution lay them."""
        from gis.footprint import extents_km

        lon, lat, scan, track = (
            np.asarray([np.nan if one is None else one for one in columns[name]], float)
            for name in ("lon", "lat", "scan_km", "track_km")
        )
        width, height = extents_km(scan, track, columns["instrument"], columns["source_kind"])
        return rectangles(lon, lat, width * 1000.0, height * 1000.0)


def raw_geometry(table: type[Base]) -> sa.ColumnElement[Any]:
    """Return the geometry column as the home's functions take it, without any conversion."""
    return sa.type_coerce(table.__table__.c.geom, sa.types.NullType())


# --- functions of SQLite -------------------------------------------------------------------------------------------


def _relate(relation: str, blob: bytes | None, wkb: bytes) -> int | None:
    if blob is None:
        return None
    return int(bool(RELATIONS[relation](_geometry(blob), _given(wkb, threading.get_ident()))))


@functools.lru_cache(maxsize=64)
def _given(wkb: bytes, thread: int) -> BaseGeometry:
    """Return the geometry of a question, prepared, for one thread: GEOS builds its index at the first question.

    Two threads that ask one prepared geometry first at once corrupt the heap.
    """
    geometry: BaseGeometry = shapely.from_wkb(wkb)
    shapely.prepare(geometry)
    return geometry


def _geometry(blob: bytes) -> BaseGeometry:
    found: BaseGeometry = shapely.from_wkb(blob[8 + ENVELOPE_BYTES[(blob[3] >> 1) & 7] :])
    return found


def _bound(blob: bytes | None, place: int) -> float | None:
    """Return min lon, min lat, max lon or max lat (0 to 3) of a GeoPackage geometry."""
    if blob is None:
        return None
    if (blob[3] >> 1) & 7:
        min_x, max_x, min_y, max_y = struct.unpack_from("<4d", blob, 8)
        return (min_x, min_y, max_x, max_y)[place]  # type: ignore[no-any-return]
    return float(shapely.bounds(_geometry(blob))[place])


def _half(metres: float | None, lat: float | None, axis: int) -> float | None:
    if metres is None or lat is None:
        return None
    return float(degrees_of(metres / 2, np.float64(lat))[axis])


def _box(min_lon: float, min_lat: float, max_lon: float, max_lat: float) -> bytes | None:
    if None in (min_lon, min_lat, max_lon, max_lat):
        return None
    return encode_gpkg([shapely.box(min_lon, min_lat, max_lon, max_lat)])[0]
