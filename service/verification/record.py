"""Recording one finding: who may, at which level, on the point that lives, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from gis.times import iso_beijing
from gis.types import Level
from service.pipeline.archive import Archive
from service.scope import Scope
from service.store.engine import Reader, Store, Writer
from service.store.models import Verification
from service.users import Permission, require
from service.verification.entry import Entry, entry_of, highest_level, require_level, require_possible_time
from service.verification.review import statuses
from service.verification.standing import standings
from service.verification.targets import visible_states

COMMAND = "verify"
_PART = 20_000


def verify(
    store: Store,
    fire_point_id: str,
    *,
    finding: str,
    level: str,
    found_at: dt.datetime,
    person: str,
    note: str | None = None,
    evidence_sha256: str | None = None,
    area: str | Decimal | None = None,
    source_kind: str | None = None,
    lon: float | None = None,
    lat: float | None = None,
    actor: str,
    scope: Scope,
    row_key: str | None = None,
    also: Callable[[Writer, dict[str, Any]], None] | None = None,
    archive: Archive | None = None,
    now: dt.datetime | None = None,
) -> dict[str, Any]:
    """Record what somebody found at a fire point; earlier findings are kept, `standings` says which stands.

    Parameters
    ----------
    fire_point_id
        Any id ever issued: a merged one lands on the point it became.
    found_at
        When somebody looked; aware, not before the overpass, not in the future.
    area
        Burnt area with its unit (``12.5亩``, ``8000m2``), or a `Decimal` of 亩.
    lon, lat
        Where, degrees of CGCS2000 or WGS84; both or none.
    row_key
        A key of the submission: one that is known already changes nothing.
    also
        Writes what has to stand or fall with the finding, in the same transaction.
    archive
        Where evidence is kept, to say whether it holds what the hash names.
    now
        Now, for tests.

    Returns
    -------
    dict
        ``verification_id, fire_point_id, fire_day, finding, level, found_at, person, area_mu, source_kind,
        evidence_sha256, evidence_archived (None without evidence or archive), repeated, status, contradicted,
        revision``.

    Raises
    ------
    UsageError
        As `entry_of`.
    ForbiddenError
        When the role may not record, or not at this level.
    NotFoundError
        When the fire point does not exist or is outside the scope.
    RefusedInputError
        When the time is impossible.
    """
    require(scope, Permission.VERIFY)
    entry = entry_of(
        fire_point_id,
        finding=finding,
        level=level,
        found_at=found_at,
        person=person,
        note=note,
        evidence_sha256=evidence_sha256,
        area=area,
        source_kind=source_kind,
        lon=lon,
        lat=lat,
    )
    params = {"fire_point_id": entry.fire_point_id, "finding": finding, "level": level}
    with store.writer(actor, COMMAND, params) as writer:
        state = visible_states(writer, scope, [entry.fire_point_id]).require(entry.fire_point_id)
        require_level(scope, entry.level, level_of(writer, scope))
        require_possible_time(entry, state.first_at, now or dt.datetime.now(dt.UTC))
        before = known_keys(writer, [row_key]).get(row_key) if row_key is not None else None
        key = insert(writer, [(entry, state, row_key)], actor, scope) if before is None else before
        done = {
            "verification_id": key,
            "fire_point_id": state.fire_point_id,
            "fire_day": state.fire_day.isoformat(),
            "finding": entry.finding,
            "level": entry.level,
            "found_at": iso_beijing(entry.found_at),
            "person": entry.person,
            "area_mu": None if entry.area_mu is None else format(entry.area_mu, "f"),
            "source_kind": entry.source_kind,
            "evidence_sha256": entry.evidence_sha256,
            "evidence_archived": _archived(archive, entry.evidence_sha256),
            "repeated": before is not None,
            **_standing(writer, state),
            "revision": None if before is not None else writer.revision,
        }
        if also is not None:
            also(writer, done)
        return done


def level_of(reader: Reader, scope: Scope) -> str:
    """Return the highest level at which this identity may record."""
    if scope.unit_uid is None:
        return highest_level(scope, None)
    from service.pipeline.register_store import load_register

    register = load_register(reader).register
    level = register[scope.unit_uid].level if scope.unit_uid in register else None
    return highest_level(scope, None if level is None else Level(level))


def known_keys(reader: Reader, keys: Sequence[str]) -> dict[str, int]:
    """Return the verification that each known row key stands for."""
    table = Verification.__table__
    found: dict[str, int] = {}
    for start in range(0, len(keys), _PART):
        rows = reader.rows(
            sa.select(table.c.row_key, table.c.id)
            .where(table.c.row_key.in_(keys[start : start + _PART]))
            .order_by(table.c.id.desc())
        )
        found.update({row.row_key: row.id for row in rows})
    return found


def insert(writer: Writer, entries: Sequence[tuple[Entry, Any, str | None]], actor: str, scope: Scope) -> int:
    """Write findings, each with the live state it lands on and its row key; return the first key."""
    first = writer.allocate(Verification, len(entries))
    mine = [entry for entry, _, _ in entries]
    writer.bulk(
        Verification,
        {
            "id": list(range(first, first + len(entries))),
            "rev": writer.revision,
            "fire_point_id": [state.fire_point_id for _, state, _ in entries],
            **{name: [getattr(one, name) for one in mine] for name in _COPIED},
            "area_mu": [None if one.area_mu is None else float(one.area_mu) for one in mine],
            "area_exact": [None if one.area_mu is None else format(one.area_mu, "f") for one in mine],
            "actor": actor,
            "unit_uid": scope.unit_uid,
            "row_key": [key for _, _, key in entries],
        },
    )
    return first


_COPIED = ("level", "finding", "found_at", "person", "note", "evidence_sha256", "lon", "lat", "source_kind")


def _archived(archive: Archive | None, sha256: str | None) -> bool | None:
    return None if archive is None or sha256 is None else archive.holds(sha256)


def _standing(reader: Reader, state: Any) -> dict[str, Any]:
    """Return how the point stands with the finding recorded."""
    live = state.fire_point_id
    return {
        "status": statuses(reader, [state])[live],
        "contradicted": standings(reader, [live])[live].contradicted,
    }
