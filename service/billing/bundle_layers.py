"""The polygons that an attribution rests on, out of the very versions it used, as GeoJSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import shapely
import sqlalchemy as sa

from gis.times import iso_beijing
from gis.types import BBox
from service.billing.explain import Found
from service.store.bulk import within_bbox
from service.store.engine import Reader
from service.store.models import (
    BoundarySet,
    BoundaryUnit,
    GridCell,
    GridSet,
    PlannedBurn,
    Revision,
    Zone,
    ZoneSet,
)

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def layer_files(found: Found) -> dict[str, bytes]:
    """Return a GeoJSON file per layer used: the unit that answers, and whatever polygon holds the position.

    Coordinates are CGCS2000 (EPSG:4490) longitude and latitude, as stored. Borders of units are public; other units'
    fire points are not in them.
    """
    files: dict[str, bytes] = {}
    for layer, record in sorted(found.view.layers.items()):
        for one in record if isinstance(record, list) else [record]:
            if not isinstance(one, Mapping) or "set" not in one:
                continue
            features = _features(found, layer, one)
            name = _UNSAFE.sub("_", f"{layer}-{one['set']}-v{one['version']}")
            files[f"layers/{name}.geojson"] = _collection(layer, one, features)
    plans = sorted({one["plan"] for one in found.view.reasons if one.get("plan")})
    if plans:
        record = {"set": "planned-burns", "plans": plans}
        files["layers/planned-burns.geojson"] = _collection("plans", record, _plans(found.then, plans))
    files["layers/versions.json"] = (
        json.dumps(found.view.layers, ensure_ascii=False, sort_keys=True, indent=2) + "\n"
    ).encode()
    return files


def _features(found: Found, layer: str, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    state, reader = found.state, found.then
    if layer == "grid":
        set_id = _set_id(reader, GridSet, record)
        return _of(reader, GridCell, set_id, [state.grid_code], state.lon, state.lat)
    if layer == "zones":
        set_id = _set_id(reader, ZoneSet, record)
        return _of(reader, Zone, set_id, [state.zone_code], state.lon, state.lat)
    set_id = _set_id(reader, BoundarySet, record, level=layer)
    code = getattr(state, f"{layer}_code", None)
    beside = found.view.neighbours.get(layer, ())
    unit = getattr(state, f"{layer}_unit_id", None)
    return _of(reader, BoundaryUnit, set_id, [code, *beside], state.lon, state.lat, unit=unit)


def _set_id(reader: Reader, table: Any, record: Mapping[str, Any], level: str | None = None) -> int | None:
    conditions = [table.name == record["set"], table.version == record["version"]]
    if level is not None:
        conditions.append(table.level == level)
    found: int | None = reader.connection.execute(sa.select(table.id).where(*conditions)).scalar()
    return found


def _of(
    reader: Reader,
    table: Any,
    set_id: int | None,
    codes: Sequence[str | None],
    lon: float,
    lat: float,
    unit: int | None = None,
) -> list[dict[str, Any]]:
    if set_id is None:
        return []
    schema = table.__table__
    named = [code for code in codes if code is not None]
    box = BBox(lon, lat, lon, lat)
    wanted = [schema.c.code.in_(named), within_bbox(table, box, reader.connection.dialect.name)]
    if unit is not None:
        wanted.append(schema.c.unit_id == unit)
    rows = reader.rows(
        sa.select(schema)
        .where(schema.c.set_id == set_id, sa.or_(*wanted))
        .order_by(schema.c.code, schema.c.id)
    )
    point = shapely.Point(lon, lat)
    found = []
    for row in rows:
        holds = row.geom is not None and bool(shapely.intersects(row.geom, point))
        answers = row.code in named or (unit is not None and row.unit_id == unit)
        if not (holds or answers):
            continue
        geometry = None if row.geom is None else json.loads(shapely.to_geojson(row.geom))
        told = {"code": row.code, "name": row.name, "holds_the_position": holds}
        if hasattr(row, "kind"):
            told["kind"] = row.kind
        found.append({"type": "Feature", "properties": told, "geometry": geometry})
    return found


def _plans(reader: Reader, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Return every version of the plans that a reason names: what was known when is what decides."""
    table, revision = PlannedBurn.__table__, Revision.__table__
    rows = reader.rows(
        sa.select(table, revision.c.at)
        .join(revision, revision.c.id == table.c.rev)
        .where(table.c.code.in_(list(codes)), reader.known(PlannedBurn))
        .order_by(table.c.code, table.c.id)
    )
    return [
        {
            "type": "Feature",
            "properties": {
                "code": row.code,
                "unit": row.unit_code,
                "from": iso_beijing(row.starts_at),
                "to": iso_beijing(row.ends_at),
                "approved_at": None if row.approved_at is None else iso_beijing(row.approved_at),
                "recorded_at": iso_beijing(row.at),
                "state": row.state,
                "status": row.status,
            },
            "geometry": None if row.geom is None else json.loads(shapely.to_geojson(row.geom)),
        }
        for row in rows
    ]


def _collection(layer: str, record: Mapping[str, Any], features: list[dict[str, Any]]) -> bytes:
    document = {
        "type": "FeatureCollection",
        "layer": layer,
        "version": dict(record),
        "coordinates": "CGCS2000 (EPSG:4490), longitude and latitude in degrees",
        "features": features,
    }
    return (json.dumps(document, ensure_ascii=False, sort_keys=True) + "\n").encode()
