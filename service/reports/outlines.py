"""The county borders that a day's map draws: public, and never used to place a point."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from gis.types import Level
from service.reports.mappage import Outline
from service.store.engine import Reader
from service.store.models import BoundarySet, BoundaryUnit, BoundaryUse


@dataclass(frozen=True, slots=True)
class Borders:
    """Outlines with the words of their source, as short as a map's foot needs them."""

    outlines: tuple[Outline, ...]
    source: str


def county_borders(reader: Reader, day: dt.date) -> Borders:
    """Return the county polygons in force on a day; none where no set is."""
    use, head, table = BoundaryUse.__table__, BoundarySet.__table__, BoundaryUnit.__table__
    row = reader.connection.execute(
        sa.select(head.c.id, head.c.name, head.c.source)
        .join(use, use.c.set_id == head.c.id)
        .where(use.c.level == str(Level.COUNTY), use.c.from_date <= day, reader.known(BoundaryUse))
        .order_by(use.c.from_date.desc(), use.c.rev.desc(), use.c.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return Borders((), "")
    units = reader.rows(
        sa.select(table.c.code, table.c.name, table.c.geom)
        .where(table.c.set_id == row.id)
        .order_by(table.c.code)
    )
    return Borders(
        tuple(Outline(one.code, one.name, one.geom) for one in units), (row.source or row.name).split("；")[0]
    )
