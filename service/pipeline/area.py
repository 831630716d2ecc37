"""The service area: the unit the service answers for, and the line beyond which a detection is outside."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import sqlalchemy as sa

from gis.codes import parse_code
from gis.errors import RefusedInputError
from gis.plane import metres_per_degree
from service.store.engine import Reader, Writer
from service.store.models import BoundarySet, BoundaryUnit, BoundaryUse, ServiceArea

Floats = npt.NDArray[np.float64]

NO_AREA = "none"


_ONE_AT_A_TIME = threading.Lock()
"""GEOS builds the index of a prepared polygon at its first question: two threads that ask first corrupt the heap."""


@dataclass(frozen=True, slots=True)
class Area:
    """A version of the service area.

    Attributes
    ----------
    key
        Names unit, boundary content and buffer; part of the key of an ingested file. ``none`` keeps every row.
    geometry
        The area with its buffer, EPSG:4490; None keeps every row.
    """

    key: str
    geometry: Any = None

    def outside(self, lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
        """Return which points lie beyond the area and its buffer."""
        if self.geometry is None:
            return np.zeros(len(lon), dtype=bool)
        west, south, east, north = self.geometry.bounds
        beyond: npt.NDArray[np.bool_] = ~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
        near = np.flatnonzero(~beyond)
        if len(near):
            with _ONE_AT_A_TIME:
                shapely.prepare(self.geometry)
                beyond[near] = ~shapely.intersects_xy(self.geometry, lon[near], lat[near])
        return beyond


EVERYWHERE = Area(NO_AREA)


def current_area(reader: Reader) -> Area | None:
    """Return the newest service area recorded at the reader's revision, None when there is none."""
    row = reader.connection.execute(
        sa.select(ServiceArea.key, ServiceArea.geom)
        .where(reader.known(ServiceArea))
        .order_by(ServiceArea.rev.desc(), ServiceArea.id.desc())
        .limit(1)
    ).first()
    return None if row is None else Area(row.key, row.geom)


def area_of_unit(reader: Reader, code: str, buffer_km: int) -> Area:
    """Return the area of one unit under the boundaries in force.

    Raises
    ------
    RefusedInputError
        When no boundary in force has the unit.
    """
    code = _canonical(code)
    found = _unit_geometry(reader, code)
    if found is None:
        raise no_area(code)
    set_hash, geometry = found
    return Area(_key(code, set_hash, buffer_km), buffered(geometry, buffer_km * 1000.0))


def _canonical(code: str) -> str:
    """Return 220100 for 2201, as every other command takes it; what is no code stays as it is."""
    try:
        return parse_code(code)
    except RefusedInputError:
        return code


def no_area(code: str | None = None) -> RefusedInputError:
    """Return the refusal of an ingest that does not know where outside begins."""
    return RefusedInputError(
        "no_service_area",
        f"没有{f'单位 {code} 的' if code else '已生效的'}界线，无法判定范围内外：请先 huodian load boundaries builtin，"
        "或用 --area none 保存全部行",
        f"no boundary in force {f'has the unit {code}' if code else 'defines the service area'}: run "
        "`huodian load boundaries builtin`, or keep every row with `--area none`",
        value=code,
    )


def refresh_area(writer: Writer, code: str, buffer_km: int) -> bool:
    """Record the service area anew where the boundaries in force have changed it; return whether they have."""
    found = _unit_geometry(writer, code)
    if found is None:
        return False
    set_hash, geometry = found
    key = _key(code, set_hash, buffer_km)
    known = current_area(writer)
    if known is not None and known.key == key:
        return False
    exists = writer.connection.execute(sa.select(ServiceArea.id).where(ServiceArea.key == key)).first()
    if exists is not None:
        # The same area came back into force; the newest row decides, so it is recorded under a dated key.
        key = f"{key}@{writer.revision}"
    writer.insert(
        ServiceArea,
        key=key,
        unit_code=code,
        buffer_m=buffer_km * 1000,
        set_hash=set_hash,
        geom=_multi(buffered(geometry, buffer_km * 1000.0)),
    )
    return True


def buffered(geometry: Any, metres: float) -> Any:
    """Return a geometry widened by `metres`, in a plane scaled at its mean latitude.

    The scale is off by up to 4 % at the ends of Jilin (5.5 degrees of latitude), that is 0.8 km of the 20: this line
    only decides which rows the store keeps, never whose fire it is.
    """
    _, south, _, north = geometry.bounds
    scale = np.array(metres_per_degree((south + north) / 2))
    flat = shapely.transform(shapely.simplify(geometry, 0.002), lambda xy: xy * scale)
    return shapely.transform(shapely.buffer(flat, metres, quad_segs=8), lambda xy: xy / scale)


def _unit_geometry(reader: Reader, code: str) -> tuple[str, Any] | None:
    """Return the content hash and geometry of a unit in the newest set in force that has it."""
    row = reader.connection.execute(
        sa.select(BoundarySet.content_hash, BoundaryUnit.geom)
        .join(BoundaryUnit, BoundaryUnit.set_id == BoundarySet.id)
        .join(BoundaryUse, BoundaryUse.set_id == BoundarySet.id)
        .where(BoundaryUnit.code == code, reader.known(BoundaryUse))
        .order_by(BoundaryUse.from_date.desc(), BoundaryUse.rev.desc())
        .limit(1)
    ).first()
    return None if row is None else (row.content_hash, row.geom)


def _key(code: str, set_hash: str, buffer_km: int) -> str:
    return hashlib.sha256(f"{code}|{set_hash}|{buffer_km * 1000}".encode()).hexdigest()[:16]


def _multi(geometry: Any) -> Any:
    return geometry if geometry.geom_type == "MultiPolygon" else shapely.MultiPolygon([geometry])
