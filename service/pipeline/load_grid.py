"""``huodian load grid``: a version of the supervision grid, with its link to the unit register."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gis.types import Validity
from grids.cells import GridCell, GridSet, read_grid
from grids.register import Register
from service.pipeline.grid_coverage import grid_coverage
from service.pipeline.register_store import load_register
from service.pipeline.versions import latest_version, says_the_same
from service.store import models
from service.store.engine import Store


def load_grid_file(
    store: Store,
    data: bytes,
    *,
    file: str,
    name: str,
    status: str,
    datum: str | None = None,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
    accuracy_m: float = 0.0,
    actor: str,
) -> dict[str, Any]:
    """Load a grid from CSV or GeoJSON bytes as the next version of the set `name`.

    Raises
    ------
    RefusedInputError
        ``bad_grid``, ``bad_table``, ``bad_geojson``; nothing is loaded then.
    """
    with store.reader() as reader:
        register = load_register(reader).register
    # Every code a unit ever had: a village list of an earlier year names its township by the code of then.
    units = {held.code: unit.level for unit in register for held in unit.codes}
    grid = read_grid(
        data,
        name=name,
        version="",
        status=status,
        datum=datum,
        validity=Validity(valid_from, valid_to),
        accuracy_m=accuracy_m,
        units=units,
    )
    return write_grid(store, grid, file=file, actor=actor)


def write_grid(store: Store, grid: GridSet, *, file: str, actor: str) -> dict[str, Any]:
    """Write a grid as the next version of its name; identical content in force already writes nothing."""
    findings = [
        {"kind": f.kind, "code": f.code, "detail": f.detail, "area_km2": round(f.area_km2, 3)}
        for f in grid.findings()
    ]
    with store.writer(actor, "load.grid", {"file": file, "name": grid.name}) as writer:
        latest = latest_version(writer, models.GridSet, grid.name)
        same = latest is not None and says_the_same(latest, grid)
        version = latest.version if latest is not None else 0
        set_id = latest.id if same and latest is not None else None
        if set_id is None:
            version += 1
            set_id = _write(writer, grid, version, file, load_register(writer))
        day = max(writer.now.date(), grid.validity.start or dt.date.min)
        revision = writer.revision if writer.wrote else None
    with store.reader() as reader:  # read after the commit: an overlay must not hold other writers up
        blind = grid_coverage(reader, set_id, day)
    levels: dict[str, int] = {}
    for cell in grid.cells:
        levels[cell.level.value] = levels.get(cell.level.value, 0) + 1
    return {
        "file": file,
        "set": grid.name,
        "version": version,
        "status": grid.status.value,
        "cells": len(grid.cells),
        "levels": levels,
        "with_geometry": sum(cell.geometry is not None for cell in grid.cells),
        "content_hash": grid.content_hash,
        "findings": findings,
        "coverage": blind,
        "unchanged": revision is None,
        "revision": revision,
    }


def _write(writer: Any, grid: GridSet, version: int, file: str, stored: Any) -> int:
    set_id: int = writer.insert(
        models.GridSet,
        name=grid.name,
        version=version,
        status=grid.status.value,
        accuracy_m=grid.accuracy_m,
        source=file,
        content_hash=grid.content_hash,
        valid_from=grid.validity.start,
        valid_to=grid.validity.end,
    )
    day = grid.validity.start or writer.now.date()
    cells = sorted(grid.cells, key=lambda cell: cell.code)
    if not cells:
        return set_id
    first = writer.allocate(models.GridCell, len(cells))
    writer.bulk(
        models.GridCell,
        {
            "id": list(range(first, first + len(cells))),
            "set_id": set_id,
            "code": [cell.code for cell in cells],
            "level": [cell.level.value for cell in cells],
            "name": [cell.name for cell in cells],
            "parent_code": [cell.parent for cell in cells],
            "unit_code": [cell.unit_code for cell in cells],
            "unit_id": [_unit_id(cell, stored.register, stored.ids, day) for cell in cells],
            "geom": [cell.geometry for cell in cells],
        },
    )
    return set_id


def _unit_id(cell: GridCell, register: Register, ids: dict[str, int], day: dt.date) -> int | None:
    unit = register.find(cell.unit_code or cell.code, day)
    return ids.get(unit.uid) if unit else None
