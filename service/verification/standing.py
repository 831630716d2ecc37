"""What stands for a fire point of all that people recorded about it.

The deciding record is the newest among those of the highest level that has spoken, by order of recording, as rulings
are: a county cannot overturn the province by writing later. The contradiction is kept, shown, and goes to a person.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from gis.times import iso_beijing
from service.pipeline import identity
from service.store.engine import Reader
from service.store.models import Revision, Verification
from service.verification.closed import LEVELS, UNREACHABLE

_PART = 20_000
"""Ids in one query: SQLite limits the number of parameters."""


@dataclass(frozen=True, slots=True)
class Record:
    """One verification as recorded.

    Attributes
    ----------
    fire_point_id
        The id that lived when it was recorded.
    found_at, recorded_at
        When somebody looked, and when the store was told; aware.
    rev
        The revision it was recorded in.
    person
        Who looked; kept out of the representation.
    area_mu
        Burnt area in 亩, exact.
    lon, lat
        Where it was found, degrees; both or none.
    actor, unit_uid
        Who recorded it and the unit of that identity; no unit for the operator of the machine.
    source_kind
        ``patrol``, ``drone``, ``camera``, ``public_report``, or None where it was not said.
    """

    id: int
    fire_point_id: str
    level: str
    finding: str
    found_at: dt.datetime
    recorded_at: dt.datetime
    rev: int
    person: str = field(repr=False)
    note: str | None = field(repr=False)
    evidence_sha256: str | None
    area_mu: Decimal | None
    lon: float | None
    lat: float | None
    actor: str | None
    unit_uid: str | None
    source_kind: str | None

    @property
    def rank(self) -> int:
        """The place of its level, from narrow to wide."""
        return LEVELS.index(self.level)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-representable data; instants in Beijing time, the area as text."""
        return {
            **asdict(self),
            "found_at": iso_beijing(self.found_at),
            "recorded_at": iso_beijing(self.recorded_at),
            "area_mu": None if self.area_mu is None else format(self.area_mu, "f"),
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for one live fire point.

    Attributes
    ----------
    records
        All of them, oldest first, those on merged ids included.
    """

    fire_point_id: str
    records: tuple[Record, ...]

    @property
    def deciding(self) -> Record | None:
        """The newest record of the highest level that has spoken; one that got nowhere decides nothing."""
        spoken = [one for one in self.records if one.finding != UNREACHABLE]
        return max(spoken, key=lambda one: (one.rank, one.id)) if spoken else None

    @property
    def contradictions(self) -> tuple[Record, ...]:
        """What lower levels said last, where that came after the deciding record and differs from it."""
        deciding = self.deciding
        if deciding is None:
            return ()
        last = {one.level: one for one in self.records if one.id > deciding.id and one.finding != UNREACHABLE}
        return tuple(one for one in last.values() if one.finding != deciding.finding)

    @property
    def contradicted(self) -> bool:
        """Whether a later record of a lower level says otherwise: a person has to look."""
        return bool(self.contradictions)

    @property
    def area_mu(self) -> Decimal | None:
        """The burnt area: the newest of the highest level that measured one, as the finding is decided."""
        measured = [one for one in self.records if one.area_mu is not None]
        return max(measured, key=lambda one: (one.rank, one.id)).area_mu if measured else None

    @property
    def sources(self) -> tuple[str, ...]:
        """What looked at the place, each kind once."""
        return tuple(sorted({one.source_kind for one in self.records if one.source_kind is not None}))


def standings(reader: Reader, ids: Sequence[str] | None = None) -> dict[str, Standing]:
    """Return what stands for every fire point that has a record, keyed by live id.

    Parameters
    ----------
    ids
        Only these live ids; without them, all.
    """
    resolved = identity.aliases(reader)
    found: dict[str, list[Record]] = defaultdict(list)
    wanted = None if ids is None else set(ids)
    rows = list(_rows(reader, None if wanted is None else _names_of(wanted, resolved)))
    instants = _instants(reader, rows)
    for row in rows:
        live = resolved.get(row.fire_point_id, row.fire_point_id)
        if live is not None and (wanted is None or live in wanted):
            found[live].append(_record(row, instants[row.rev]))
    return {
        live: Standing(live, tuple(sorted(records, key=lambda one: one.id)))
        for live, records in found.items()
    }


def _names_of(live: set[str], resolved: dict[str, str | None]) -> list[str]:
    """Return the live ids with those that merged into them."""
    return sorted(live | {old for old, new in resolved.items() if new in live})


def _rows(reader: Reader, names: list[str] | None) -> Iterable[Any]:
    table = Verification.__table__
    query = (
        sa.select(*(table.c[name] for name in _COLUMNS))
        .where(reader.known(Verification))
        .order_by(table.c.id)
    )
    if names is None:
        yield from reader.rows(query)
        return
    for start in range(0, len(names), _PART):
        yield from reader.rows(query.where(table.c.fire_point_id.in_(names[start : start + _PART])))


def _instants(reader: Reader, rows: Sequence[Any]) -> dict[int, dt.datetime]:
    """Return when each revision that recorded something was made: a season's table is one of them."""
    revisions = sorted({row.rev for row in rows})
    table = Revision.__table__
    found: dict[int, dt.datetime] = {}
    for start in range(0, len(revisions), _PART):
        known = reader.rows(
            sa.select(table.c.id, table.c.at).where(table.c.id.in_(revisions[start : start + _PART]))
        )
        found.update({row.id: row.at for row in known})
    return found


_COLUMNS = (
    *("id", "fire_point_id", "level", "finding", "found_at", "rev", "person", "note", "evidence_sha256"),
    *("area_mu", "area_exact", "lon", "lat", "actor", "unit_uid", "source_kind"),
)


def _record(row: Any, recorded_at: dt.datetime) -> Record:
    (
        key,
        name,
        level,
        finding,
        found_at,
        rev,
        person,
        note,
        evidence,
        area,
        exact,
        *place,
        actor,
        unit,
        kind,
    ) = row
    return Record(
        *(key, name, level, finding, found_at, recorded_at, rev, person, note, evidence, _exact(area, exact)),
        *(*place, actor, unit, kind),
    )


def _exact(area: float | None, exact: str | None) -> Decimal | None:
    if exact is not None:
        return Decimal(exact)
    return None if area is None else Decimal(repr(area))
