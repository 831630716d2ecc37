"""Column types that mean the same in both homes: geometry, UTC instants, civil dates, money, JSON.

SQLite stores NUMERIC as a double and drops time zones, and the GeoPackage blob is not PostGIS's EWKB; each type here
answers one of these (`stack.md`, "Embedded store").
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from geoalchemy2 import Geometry as PostGISGeometry
from shapely import from_wkb, to_wkb
from shapely.geometry.base import BaseGeometry
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from gis.times import require_aware
from gis.types import STORED_EPSG

GPKG_MAGIC = b"GP"
ENVELOPE_BYTES = (0, 32, 48, 48, 64)
"""Length of the envelope by its indicator (GeoPackage 1.4, clause 2.1.3)."""


class _GeoPackageBlob(UserDefinedType[bytes]):
    """DDL name of a geometry column in a GeoPackage, such as POINT or MULTIPOLYGON."""

    cache_ok = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_: Any) -> str:
        return self.kind


class Geometry(TypeDecorator[BaseGeometry]):
    """Geometry in EPSG:4490 (lon, lat): GeoAlchemy2's type on PostGIS, GeoPackage binary on SQLite.

    Parameters
    ----------
    kind
        ``POINT``, ``MULTIPOLYGON`` or ``GEOMETRY``.
    """

    impl = sa.LargeBinary
    cache_ok = True
    spatial_index = False
    """Read by GeoAlchemy2's DDL events; indexes are the migrations' business."""

    def __init__(self, kind: str = "GEOMETRY") -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: sa.Dialect | None) -> TypeEngine[Any]:
        """Choose the home's own column type; PostGIS is written and read as bytes."""
        if dialect is None:  # GeoAlchemy2 asks so when it looks for raster columns
            return self.impl_instance
        if dialect.name == "postgresql":
            return dialect.type_descriptor(_EwkbGeometry(self.kind, STORED_EPSG))
        return dialect.type_descriptor(_GeoPackageBlob(self.kind))

    def column_expression(self, column: Any) -> Any:
        """Read PostGIS as plain WKB, and as this type: a result of another type would stay bytes."""
        if isinstance(self.impl_instance, _EwkbGeometry):
            return sa.func.ST_AsBinary(column, type_=self)
        return column

    def process_bind_param(self, value: BaseGeometry | None, dialect: sa.Dialect) -> Any:
        """Turn a shapely geometry into what the home stores."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            return to_wkb(value, hex=True, output_dimension=2, include_srid=False)
        return encode_gpkg([value])[0]

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> BaseGeometry | None:
        """Turn a stored value into a shapely geometry."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            return from_wkb(value)
        return decode_gpkg([value])[0]


class _EwkbGeometry(PostGISGeometry):
    """GeoAlchemy2's geometry with the conversion left to us (it would convert row by row to WKBElement)."""

    cache_ok = True

    def __init__(self, kind: str = "GEOMETRY", srid: int = STORED_EPSG) -> None:
        super().__init__(geometry_type=kind, srid=srid, spatial_index=False)

    def bind_processor(self, dialect: sa.Dialect) -> None:
        return None

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:
        return None

    def bind_expression(self, bindvalue: Any) -> Any:
        return sa.func.ST_GeomFromWKB(sa.func.decode(sa.cast(bindvalue, sa.Text), "hex"), STORED_EPSG)


def encode_gpkg(geometries: Sequence[BaseGeometry]) -> list[bytes]:
    """Return GeoPackage blobs (no envelope for points, xy envelope otherwise) of `geometries`, EPSG:4490."""
    srs = STORED_EPSG.to_bytes(4, "little")
    out: list[bytes] = []
    for geometry, wkb in zip(geometries, _flat_wkb(geometries), strict=True):
        if geometry.geom_type == "Point":
            out.append(GPKG_MAGIC + b"\x00\x01" + srs + wkb)
        else:
            min_x, min_y, max_x, max_y = geometry.bounds
            envelope = np.array([min_x, max_x, min_y, max_y], dtype="<f8").tobytes()
            out.append(GPKG_MAGIC + b"\x00\x03" + srs + envelope + wkb)
    return out


def _flat_wkb(geometries: Sequence[BaseGeometry]) -> Any:
    """Return two-dimensional WKB: heights (KML has them) are no part of the model, and `gpkg_*` declares none."""
    return to_wkb(np.asarray(geometries, dtype=object), output_dimension=2)


def encode_gpkg_points(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> list[bytes]:
    """Return GeoPackage point blobs of two coordinate arrays, vectorised."""
    layout = np.dtype(
        [
            ("magic", "S2"),
            ("version", "u1"),
            ("flags", "u1"),
            ("srs", "<i4"),
            ("order", "u1"),
            ("type", "<u4"),
            ("x", "<f8"),
            ("y", "<f8"),
        ]
    )
    rows = np.zeros(len(lon), dtype=layout)
    rows["magic"], rows["flags"], rows["srs"], rows["order"], rows["type"] = GPKG_MAGIC, 1, STORED_EPSG, 1, 1
    rows["x"], rows["y"] = lon, lat
    data, size = rows.tobytes(), layout.itemsize
    return [data[start : start + size] for start in range(0, len(data), size)]


def decode_gpkg(blobs: Sequence[bytes | None]) -> list[BaseGeometry | None]:
    """Return shapely geometries of GeoPackage blobs (None stays None).

    Raises
    ------
    ValueError
        When a blob is not GeoPackage binary.
    """
    bodies: list[bytes | None] = []
    for blob in blobs:
        if blob is None:
            bodies.append(None)
            continue
        if blob[:2] != GPKG_MAGIC:
            raise ValueError(f"not a GeoPackage geometry: {blob[:8]!r}")
        bodies.append(blob[8 + ENVELOPE_BYTES[(blob[3] >> 1) & 7] :])
    return list(from_wkb(np.array(bodies, dtype=object)))


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware instant in UTC: TIMESTAMPTZ on PostgreSQL, sortable ISO 8601 text on SQLite."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """SQLite's own DateTime drops the zone; GeoPackage's DATETIME is text."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(_GpkgText("DATETIME"))

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> Any:
        """Refuse naive values and normalise to UTC."""
        if value is None:
            return None
        instant = require_aware(value)
        return instant if dialect.name == "postgresql" else utc_text(instant)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> dt.datetime | None:
        """Return an aware UTC datetime."""
        if value is None:
            return None
        if isinstance(value, str):
            return dt.datetime.fromisoformat(value).astimezone(dt.UTC)
        instant: dt.datetime = value
        return instant.astimezone(dt.UTC)


class CivilDate(TypeDecorator[dt.date]):
    """A calendar date (Beijing): DATE on both; GeoPackage keeps it as ISO text."""

    impl = sa.Date
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Use text on SQLite, so that GDAL reads a date."""
        return dialect.type_descriptor(sa.Date() if dialect.name == "postgresql" else _GpkgText("DATE"))

    def process_bind_param(self, value: dt.date | None, dialect: sa.Dialect) -> Any:
        """Store ISO text on SQLite."""
        return value if value is None or dialect.name == "postgresql" else value.isoformat()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> dt.date | None:
        """Return a date."""
        return dt.date.fromisoformat(value) if isinstance(value, str) else value


class _GpkgText(UserDefinedType[str]):
    """A text-affinity column with the type name that GeoPackage prescribes."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


class Fen(TypeDecorator[Decimal]):
    """Money: an exact number of fen (INTEGER) behind a `Decimal` of yuan with two places."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """SQLite's INTEGER holds 64 bits; GDAL knows no BIGINT."""
        return dialect.type_descriptor(sa.Integer() if dialect.name == "sqlite" else sa.BigInteger())

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> int | None:
        """Refuse floats and fractions of a fen: rounding is the rulebook's decision, not the store's."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"money must be Decimal yuan, not {type(value).__name__}: {value!r}")
        fen = value * 100
        if fen != fen.to_integral_value():
            raise ValueError(f"money finer than one fen refused: {value}")
        return int(fen)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Decimal | None:
        """Return yuan with two places."""
        return None if value is None else Decimal(value).scaleb(-2)


class CanonicalJson(TypeDecorator[Any]):
    """JSON as sorted, compact text, so that equal values are equal bytes in both homes."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Serialise."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """Parse."""
        if value is None:
            return None
        flat = _flat(value) if len(value) <= _SHORT else None
        return json.loads(value) if flat is None else flat.copy()


_SHORT = 100


@lru_cache(maxsize=4096)
def _flat(text: str) -> list[Any] | dict[str, Any] | None:
    """Return a list or object without another inside, None for anything else: the same few stand in most rows."""
    if text[:1] not in ("[", "{") or text.count("[") + text.count("{") != 1:
        return None
    found: list[Any] | dict[str, Any] = json.loads(text)
    return found


def canonical_json(value: Any) -> str:
    """Return compact JSON with sorted keys and no ASCII escapes; NaN is refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def utc_text(instant: dt.datetime) -> str:
    """Return the SQLite spelling of an instant, as GeoPackage's DATETIME prescribes: milliseconds and ``Z``.

    A finer instant keeps its microseconds (GDAL reads it with a warning); text then sorts as time does to the
    millisecond, which is why the service's own instants are whole milliseconds.
    """
    moment = require_aware(instant).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds" if moment.microsecond % 1000 else "milliseconds") + "Z"


def utc_texts(minutes: npt.NDArray[np.int64]) -> list[str]:
    """Return the SQLite spelling of many instants given in minutes since the epoch."""
    unique, inverse = np.unique(minutes, return_inverse=True)
    texts = np.datetime_as_string(unique.astype("datetime64[m]"), unit="ms", timezone="UTC").astype(object)
    return list(texts[inverse])
