"""Trying an assessment that nobody asked the store to keep: written into a transaction that is rolled back.

The days are computed outside the lock, by other boundary sets or another clustering record. The differences are then
written, so that ids, merges, rulings, verifications and charges are those an assessment would really give; what is
asked is read off, and everything is taken back. No revision is left, no row, no entry of a spatial index. What is kept
in memory is kept by set or by the register's revision, neither of which a trial makes anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy as sa

from gis.cluster import ClusterParams
from gis.errors import NotFoundError, UsageError
from service.pipeline.assess import Plan, plan
from service.pipeline.collecting import collector_paused
from service.pipeline.layers_store import BOUNDARY_LEVELS, Layers
from service.pipeline.live import Versions, clustering_versions
from service.store.engine import Reader, Store, Writer
from service.store.models import BoundarySet, Clustering

COMMAND = "whatif"
TRIED = "whatif"
"""Name of a clustering record that stands only for the occasion."""

_ATTEMPTS = 2

Answer = TypeVar("Answer")


class _TakenBackError(Exception):
    """Ends a trial: the transaction it leaves is rolled back."""


@contextmanager
def taken_back(store: Store) -> Iterator[Writer]:
    """Open a writing transaction that is rolled back whatever happens in it."""
    try:
        with store.writer(COMMAND, COMMAND) as writer:
            yield writer
            raise _TakenBackError
    except _TakenBackError:
        return


def tried(store: Store, planned: Callable[[Reader], Plan], ask: Callable[[Reader, Plan], Answer]) -> Answer:
    """Return what `ask` reads from the store as it would be after an assessment.

    Parameters
    ----------
    planned
        Computes the assessment at a read, as `whatever` makes one.
    ask
        Reads the store with the assessment in it; what it returns must not hold on to the read.
    """
    with collector_paused():
        for _ in range(_ATTEMPTS):
            with store.reader() as reader:
                found = planned(reader)
            with taken_back(store) as writer:
                if writer.rev == found.rev:
                    return ask(_after(writer, found), found)
        with taken_back(store) as writer:  # others keep writing: compute inside the lock, once
            found = planned(writer)
            return ask(_after(writer, found), found)
    raise AssertionError("unreachable")


def _after(writer: Writer, found: Plan) -> Reader:
    """Write the assessment and return a read that sees it as recorded."""
    if found.redone:
        found.write(writer)
    return Reader(writer.connection, writer.horizon if writer.wrote else writer.rev)


def by_boundaries(name: str, start: dt.date, end: dt.date) -> Callable[[Reader], Plan]:
    """Return the planning of some fire days by another loaded boundary set.

    Parameters
    ----------
    name
        Name of the set, its newest version at every level it has; ``name@2`` for a version.
    start, end
        Fire days, both included.
    """

    def planned(reader: Reader) -> Plan:
        instead = boundary_sets(reader, name)
        return plan(reader, start, end, layers=Layers(reader, instead=instead))

    return planned


def boundary_sets(reader: Reader, name: str) -> dict[str, int]:
    """Return the set ids that a name stands for, by level.

    Raises
    ------
    NotFoundError
        ``unknown_set``, naming those there are.
    """
    wanted, _, version = name.partition("@")
    table = BoundarySet.__table__
    rows = reader.rows(
        sa.select(table.c.id, table.c.name, table.c.level, table.c.version)
        .where(reader.known(BoundarySet), table.c.level.in_([str(level) for level in BOUNDARY_LEVELS]))
        .order_by(table.c.version)
    )
    found = {
        row.level: row.id
        for row in rows
        if row.name == wanted and (not version or str(row.version) == version)
    }
    if not found:
        known = ", ".join(sorted({f"{row.name}@{row.version}" for row in rows}))
        raise NotFoundError(
            "unknown_set",
            f"没有载入名为 {name!r} 的界线；现有：{known}",
            f"no boundary set {name!r} is loaded; there are {known}",
            value=name,
        )
    return found


def by_clustering(wanted: str, start: dt.date, end: dt.date) -> Callable[[Reader], Plan]:
    """Return the planning of some fire days by another clustering record.

    Parameters
    ----------
    wanted
        Name of a stored record, or parameters for the occasion (`parameters`).
    """

    def planned(reader: Reader) -> Plan:
        return plan(reader, start, end, versions=pinned(reader, wanted, start, end))

    return planned


def pinned(reader: Reader, wanted: str, start: dt.date, end: dt.date) -> Versions:
    """Return the clustering records with another one in force between two fire days, both included."""
    stored = clustering_versions(reader)
    name, params = _record(reader, wanted, stored, start)
    after = end + dt.timedelta(days=1)
    resumed = stored.index_on(after)
    parts = [
        (one, stored.names[index], stored.params[index])
        for index, one in enumerate(stored.starts)
        if one < start or one > after
    ]
    parts += [
        (start, name, params.as_dict()),
        (after, stored.names[resumed], stored.params[resumed]),
    ]
    parts.sort(key=lambda part: part[0])
    return Versions(
        tuple(part[0] for part in parts), tuple(part[1] for part in parts), tuple(part[2] for part in parts)
    )


def _record(reader: Reader, wanted: str, stored: Versions, start: dt.date) -> tuple[str, ClusterParams]:
    if "=" in wanted:
        return TRIED, parameters(wanted, ClusterParams.of(stored.params[stored.index_on(start)]))
    table = Clustering.__table__
    rows = reader.rows(
        sa.select(table.c.version, table.c.params).where(reader.known(Clustering)).order_by(table.c.id)
    )
    found = {row.version: row.params for row in rows}
    if wanted not in found:
        known = ", ".join(sorted(found))
        raise NotFoundError(
            "unknown_clustering",
            f"没有聚类参数记录 {wanted!r}；现有：{known}；也可写 distance_m=750,gap_min=720,extent_m=1500",
            f"there is no clustering record {wanted!r}; there are {known}; or write "
            "distance_m=750,gap_min=720,extent_m=1500",
            value=wanted,
        )
    return wanted, ClusterParams.of(found[wanted])


_NAMES = {
    "distance_m": "distance_m",
    "gap_min": "gap_minutes",
    "gap_minutes": "gap_minutes",
    "extent_m": "max_extent_m",
    "max_extent_m": "max_extent_m",
}


def parameters(text: str, base: ClusterParams) -> ClusterParams:
    """Return clustering parameters written as ``distance_m=500,gap_min=720,extent_m=1500``; the rest as in `base`.

    Raises
    ------
    UsageError
        ``bad_parameters``.
    RefusedInputError
        ``bad_clustering``: the values do not go together.
    """
    values: dict[str, int] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name not in _NAMES or not (value.isascii() and value.isdigit()):
            raise UsageError(
                "bad_parameters",
                f"聚类参数 {part.strip()!r} 看不懂；例：distance_m=750,gap_min=720,extent_m=1500",
                f"clustering parameter {part.strip()!r} is not understood; example: "
                "distance_m=750,gap_min=720,extent_m=1500",
                value=part.strip(),
            )
        values[_NAMES[name]] = int(value)
    return ClusterParams.of({**base.as_dict(), **values})
