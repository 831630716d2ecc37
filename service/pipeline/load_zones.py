"""``huodian load zones``: a version of a zone layer: polygons, township lists, belts around lines and points."""

from __future__ import annotations

import datetime as dt
from typing import Any

from boundaries.belts import belt_zones
from boundaries.zones import ZoneSet, read_zones
from gis.types import DataStatus, Validity
from service.pipeline.register_store import load_register
from service.pipeline.versions import latest_version, says_the_same
from service.store import models
from service.store.engine import Store


def load_zone_file(
    store: Store,
    data: bytes,
    *,
    file: str,
    name: str,
    status: str,
    kind: str | None = None,
    width_m: float | None = None,
    edge: bool = False,
    datum: str | None = None,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
    accuracy_m: float = 0.0,
    actor: str,
) -> dict[str, Any]:
    """Load zones from GeoJSON, CSV or YAML bytes as the next version of the set `name`.

    Parameters
    ----------
    width_m
        Draw a belt this wide to each side of every feature; `kind` says what it is then.
    edge
        With a width: only along the edge of areas (forest edge).

    Raises
    ------
    RefusedInputError
        ``bad_zones``, ``bad_belt``, ``bad_table``, ``bad_geojson`` or ``bad_yaml``; nothing is loaded then.
    """
    validity = Validity(valid_from, valid_to)
    if width_m is None:
        zones = read_zones(
            data,
            name=name,
            version="",
            status=status,
            kind=kind,
            datum=datum,
            validity=validity,
            accuracy_m=accuracy_m,
        )
    else:
        drawn = belt_zones(
            data, kind=kind or "", width_m=width_m, datum=datum, status=status, name=file, edge=edge
        )
        zones = ZoneSet(name, "", DataStatus(status), drawn, file, validity, accuracy_m)
    return _write_set(store, zones, file, actor)


def _write_set(store: Store, zones: ZoneSet, file: str, actor: str) -> dict[str, Any]:
    with store.writer(actor, "load.zones", {"file": file, "name": zones.name}) as writer:
        latest = latest_version(writer, models.ZoneSet, zones.name)
        same = latest is not None and says_the_same(latest, zones)
        version = latest.version if latest is not None else 0
        if not same:
            version += 1
            _write(writer, zones, version, file)
        register = load_register(writer).register
        revision = writer.revision if writer.wrote else None
    kinds: dict[str, int] = {}
    for zone in zones.zones:
        kinds[zone.kind.value] = kinds.get(zone.kind.value, 0) + 1
    named = {code for zone in zones.zones for code in zone.unit_codes}
    return {
        "file": file,
        "set": zones.name,
        "version": version,
        "status": zones.status.value,
        "zones": len(zones.zones),
        "kinds": kinds,
        "content_hash": zones.content_hash,
        "unknown_units": sorted(code for code in named if register.find(code) is None),
        "unchanged": revision is None,
        "revision": revision,
    }


def _write(writer: Any, zones: ZoneSet, version: int, file: str) -> None:
    set_id = writer.insert(
        models.ZoneSet,
        name=zones.name,
        version=version,
        status=zones.status.value,
        accuracy_m=zones.accuracy_m,
        source=file,
        content_hash=zones.content_hash,
        valid_from=zones.validity.start,
        valid_to=zones.validity.end,
    )
    rows = sorted(zones.zones, key=lambda zone: zone.code)
    if not rows:
        return
    first = writer.allocate(models.Zone, len(rows))
    writer.bulk(
        models.Zone,
        {
            "id": list(range(first, first + len(rows))),
            "set_id": set_id,
            "code": [zone.code for zone in rows],
            "name": [zone.name for zone in rows],
            "kind": [zone.kind.value for zone in rows],
            "unit_codes": [list(zone.unit_codes) or None for zone in rows],
            "valid_from": [zone.validity.start for zone in rows],
            "valid_to": [zone.validity.end for zone in rows],
            "geom": [zone.geometry for zone in rows],
        },
    )
