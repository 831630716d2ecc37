"""Versions of a named layer: the newest one known, and whether a new one says anything else."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from boundaries.zones import ZoneSet
from grids.cells import GridSet
from service.store import models
from service.store.engine import Reader

Layer = type[models.GridSet] | type[models.ZoneSet]


def latest_version(reader: Reader, layer: Layer, name: str) -> Any:
    """Return the newest version of a grid or zone set known at the reader's revision, None when there is none."""
    rows = reader.rows(
        sa.select(layer.__table__)
        .where(layer.name == name, reader.known(layer))
        .order_by(layer.version.desc())
        .limit(1)
    )
    return rows[0] if rows else None


def says_the_same(stored: Any, new: GridSet | ZoneSet) -> bool:
    """Whether a stored version has the content, standing, days and accuracy of a new one."""
    return (stored.content_hash, stored.status, stored.valid_from, stored.valid_to, stored.accuracy_m) == (
        new.content_hash,
        new.status.value,
        new.validity.start,
        new.validity.end,
        new.accuracy_m,
    )
