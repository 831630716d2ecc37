"""`huodian init`: the schema, the built-in boundaries, the shipped register and regimes, the first clustering record.

Every step writes only what is missing or has changed, so a second run changes nothing and a crash is repaired by
running it again.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import shapely
import sqlalchemy as sa

from boundaries.builtin import builtin
from boundaries.model import BoundarySet
from boundaries.regime import builtin_regimes
from gis.cluster import ClusterParams
from gis.types import Level
from service import failpoints
from service.pipeline.archive import Archive
from service.pipeline.area import buffered, refresh_area
from service.pipeline.boundary_store import store_set, use_set
from service.pipeline.layers_store import NEIGHBOUR
from service.pipeline.load_units import load_units
from service.pipeline.province_register import province_register
from service.pipeline.regime_store import store_regimes
from service.pipeline.register_store import load_register
from service.pipeline.screening_records import first_screening
from service.settings import Settings
from service.store import migrate, models
from service.store.engine import Reader, Store, Writer
from service.store.models import Clustering

FIRST_DAY = dt.date(2000, 1, 1)
"""From when the built-in boundaries serve: of one vintage, they stand in for earlier years for want of others."""

CLUSTERING_V1 = "v1"
NEIGHBOUR_KM = 60


def initialise(store: Store, settings: Settings, *, actor: str) -> dict[str, Any]:
    """Make a store ready for the first feed; return what was done.

    Raises
    ------
    RefusedInputError
        When the built-in boundary package is missing or has no such province.
    """
    migrated = migrate.upgrade(store)
    units = _register(store, settings, actor)
    failpoints.reach("init.between")
    boundaries = load_builtin(store, settings, actor=actor, only_missing=True)
    with store.writer(actor, "init", {"cut": settings.cut}) as writer:
        regimes = store_regimes(writer, builtin_regimes())
        clustering = _first_clustering(writer, settings)
        screening = first_screening(writer)
        changed = writer.wrote
    return {
        "schema": migrate.head(),
        "migrated": migrated,
        "units": units,
        "boundaries": boundaries,
        "regimes_changed": regimes,
        "clustering": clustering,
        "screening": screening,
        "changed": bool(migrated or boundaries["changed"] or changed),
    }


def _register(store: Store, settings: Settings, actor: str) -> dict[str, Any]:
    """Load the shipped register, and a first one for a province that it does not know."""
    archive = _archive(settings)
    done = load_units(store, actor=actor, archive=archive)
    code = settings.service_area
    with store.reader() as reader:
        known = load_register(reader).register.find(code) is not None
    if known:
        return done
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"register-{code}.yaml"
        file.write_text(province_register(code), encoding="utf-8")
        return load_units(store, [file], actor=actor, archive=archive)


def _archive(settings: Settings) -> Archive:
    from service.pipeline.archive import open_archive

    return open_archive(settings)


def load_builtin(
    store: Store, settings: Settings, *, actor: str, only_missing: bool = False
) -> dict[str, Any]:
    """Load the built-in province, cities and counties, and the counties around the province, and put them in force.

    The counties around are a set of their own: they only name who is on the other side of the line.

    Parameters
    ----------
    only_missing
        Leave a level alone where any set is in force already: setting a store up again must not take back the set
        that somebody put in force, or the county they replaced.
    """
    code = settings.service_area
    sets = [builtin(level, province=code) for level in (Level.PROVINCE, Level.CITY, Level.COUNTY)]
    around = _neighbours(builtin(Level.COUNTY), sets[0].units[0].geometry, code)
    loaded: list[dict[str, Any]] = []
    with store.writer(actor, "load.boundaries", {"source": "builtin", "unit": code}) as writer:
        for boundaries, level in [*((one, str(one.level)) for one in sets), (around, NEIGHBOUR)]:
            kept = _in_force(writer, level) if only_missing else None
            if kept is not None:
                loaded.append(kept)
                continue
            stored = store_set(writer, boundaries, level=level)
            use_set(writer, stored.set_id, level, FIRST_DAY)
            loaded.append(
                {
                    "set": stored.name,
                    "level": level,
                    "version": stored.version,
                    "status": str(boundaries.status),
                    "units": len(boundaries.units),
                    "content_hash": boundaries.content_hash,
                    "unchanged": stored.unchanged,
                }
            )
        refresh_area(writer, code, settings.buffer_km)
        return {"sets": loaded, "changed": writer.wrote}


def _in_force(reader: Reader, level: str) -> dict[str, Any] | None:
    """Return the set put in force last for a level, as `load_builtin` reports one."""
    row = reader.connection.execute(
        sa.select(models.BoundarySet.__table__)
        .join(models.BoundaryUse, models.BoundaryUse.set_id == models.BoundarySet.id)
        .where(models.BoundaryUse.level == level)
        .order_by(models.BoundaryUse.from_date.desc(), models.BoundaryUse.rev.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    units = sa.select(sa.func.count()).where(models.BoundaryUnit.set_id == row.id)
    return {
        "set": row.name,
        "level": level,
        "version": row.version,
        "status": row.status,
        "units": reader.connection.execute(units).scalar(),
        "content_hash": row.content_hash,
        "unchanged": True,
    }


def _neighbours(country: BoundarySet, province: Any, code: str) -> BoundarySet:
    """Return the counties of other provinces within reach of the buffered service area."""
    reach = buffered(province, NEIGHBOUR_KM * 1000.0)
    shapely.prepare(reach)
    units = tuple(
        unit
        for unit in country.units
        if not unit.code.startswith(code[:2]) and shapely.intersects(reach, unit.geometry)
    )
    return BoundarySet(
        name=f"{country.name}-around-{code}",
        version=country.version,
        level=country.level,
        status=country.status,
        accuracy_m=country.accuracy_m,
        source=country.source,
        datum=country.datum,
        units=units,
    )


def _first_clustering(writer: Writer, settings: Settings) -> str:
    """Record the first clustering parameters where none are."""
    table = Clustering.__table__
    known = writer.connection.execute(
        sa.select(table.c.version).order_by(table.c.rev.desc()).limit(1)
    ).scalar()
    if known is not None:
        return str(known)
    writer.insert(
        Clustering,
        version=CLUSTERING_V1,
        from_date=FIRST_DAY,
        params=ClusterParams(cut=settings.cut).as_dict(),
        reason="first parameters; no official rule is known for Jilin",
    )
    return CLUSTERING_V1
