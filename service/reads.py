"""Reading fire points and what stands around them, always within a scope (DESIGN section 3, "Reader's scope")."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from gis.errors import NotFoundError
from gis.times import fire_day_bounds
from gis.types import BBox
from service.pipeline import identity
from service.scope import Scope
from service.store.bulk import within_bbox
from service.store.engine import Reader
from service.store.models import (
    Duty,
    FeedCoverage,
    FeedFile,
    FirePointState,
    LayerStack,
    Ruling,
)
from service.verification import statuses
from service.verification.review import UNVERIFIED

_PEERS_DAYS = 7
"""A satellite seen in the week before a fire day is expected on it."""


@dataclass(frozen=True, slots=True)
class DutyHolder:
    """A named duty-holder, shown within scope only; the telephone stays out of its repr."""

    role: str
    person: str
    phone: str | None
    title: str | None

    def __repr__(self) -> str:
        return f"DutyHolder({self.role})"


@dataclass(frozen=True, slots=True)
class FirePointView:
    """A fire point as one reader may see it; columns as in `FirePointState`, plus verification and duty-holders."""

    fire_point_id: str
    fire_day: dt.date
    cut: str
    clustering: str
    first_at: dt.datetime
    last_at: dt.datetime
    lon: float
    lat: float
    pixels: int
    satellites: tuple[str, ...]
    sources: tuple[str, ...]
    frp_mw: float | None
    confidence: str
    city_code: str | None
    city: str | None
    county_unit_id: int | None
    county_code: str | None
    county: str | None
    township_code: str | None
    township: str | None
    grid_code: str | None
    grid: str | None
    zone_code: str | None
    zone: str | None
    regime: str
    regime_zh: str
    regime_en: str
    boundary_case: dict[str, bool]
    neighbours: dict[str, list[str]]
    county_share: float | None
    border_distance_m: float | None
    cropland_share: float | None
    screen: str
    reasons: tuple[dict[str, Any], ...]
    layers: dict[str, Any]
    informal: bool
    ruling_ids: tuple[int, ...]
    status: str
    duties: tuple[DutyHolder, ...]


_AS_STORED = tuple(
    name
    for name in FirePointView.__slots__
    if name
    not in {"satellites", "sources", "neighbours", "reasons", "layers", "ruling_ids", "status", "duties"}
)


def fire_points(
    reader: Reader,
    scope: Scope,
    *,
    day: dt.date | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    unit: str | None = None,
    ids: Sequence[str] | None = None,
    screen: Iterable[str] | None = None,
    bbox: BBox | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[FirePointView]:
    """Return the fire points a reader may see, in id order.

    Parameters
    ----------
    day
        One fire day; `start` and `end` (both included) give a stretch.
    unit
        Code of a unit; its members in the assessment tree on each day.
    ids
        Only these live ids.
    screen
        Only these screening codes.
    bbox
        Only points in this box, degrees.
    after, limit
        For paging: ids after this one, and how many.

    Raises
    ------
    NotFoundError
        When `unit` is not in the register.
    """
    table = FirePointState.__table__
    conditions = [reader.live(FirePointState), scope.condition(FirePointState)]
    if day is not None:
        conditions.append(table.c.fire_day == day)
    if start is not None:
        conditions.append(table.c.fire_day >= start)
    if end is not None:
        conditions.append(table.c.fire_day <= end)
    if unit is not None:
        conditions.append(unit_condition(reader, scope, unit, day or end))
    if ids is not None:
        conditions.append(table.c.fire_point_id.in_(list(ids)))
    if screen is not None:
        conditions.append(table.c.screen.in_(list(screen)))
    if bbox is not None:
        conditions.append(within_bbox(FirePointState, bbox, reader.connection.dialect.name))
    if after is not None:
        conditions.append(table.c.fire_point_id > after)
    told = [column for column in table.c if column.name != "geom"]  # the position stands in lon and lat
    query = sa.select(*told).where(*conditions).order_by(table.c.fire_point_id)
    rows = reader.rows(query if limit is None else query.limit(limit))
    return _views(reader, scope, rows)


def unit_condition(reader: Reader, scope: Scope, code: str, day: dt.date | None) -> sa.ColumnElement[bool]:
    """Return the condition "belongs to this unit", by the same dated members as a scope."""
    from service.pipeline.register_store import load_register
    from service.scope import scope_of

    register = load_register(reader).register
    unit = register.find(code, day)
    if unit is None:
        raise NotFoundError(
            "unknown_unit",
            f"单位登记册没有代码 {code}",
            f"the unit register has no code {code}",
            value=code,
        )
    return scope_of(reader, scope.actor, scope.role, unit.uid).condition(FirePointState)


def unknown_fire_point(fire_point_id: str) -> NotFoundError:
    """Return the one error of an id that was never issued and of one outside the scope: the two look the same."""
    return NotFoundError(
        "unknown_fire_point",
        f"没有火点 {fire_point_id}，或不在您的管辖范围内：请核对编号",
        f"there is no fire point {fire_point_id} within your scope: check the number",
        value=fire_point_id,
    )


def resolve_id(reader: Reader, fire_point_id: str) -> str | None:
    """Return the id that lives for any id ever issued; None when nothing is left of it.

    Raises
    ------
    NotFoundError
        When the id was never issued.
    """
    from service.store.models import FirePoint

    table = FirePoint.__table__
    issued = reader.connection.execute(
        sa.select(table.c.id).where(table.c.fire_point_id == fire_point_id, reader.known(FirePoint))
    ).first()
    if issued is None:
        raise unknown_fire_point(fire_point_id)
    return identity.aliases(reader).get(fire_point_id, fire_point_id)


def _shown_neighbours(reader: Reader, scope: Scope) -> Callable[[Any], dict[str, list[str]]]:
    """Return what a reader may know of the units beside a fire point: those of its own scope, nobody else's."""
    if scope.everything:
        return lambda row: dict(row.neighbours)
    from service.pipeline.register_store import load_register

    stored = load_register(reader)

    def own(row: Any) -> dict[str, list[str]]:
        mine = scope.unit_ids(row.fire_day) or frozenset()
        shown = {}
        for level, codes in row.neighbours.items():
            units = ((code, stored.register.find(code, row.fire_day)) for code in codes)
            shown[level] = [
                code for code, unit in units if unit is not None and stored.ids.get(unit.uid) in mine
            ]
        return shown

    return own


def _views(reader: Reader, scope: Scope, rows: Sequence[Any]) -> list[FirePointView]:
    if not rows:
        return []
    neighbours = _shown_neighbours(reader, scope)
    stacks = {row.id: row.layers for row in reader.rows(sa.select(LayerStack.id, LayerStack.layers))}
    known = statuses(reader, rows)
    duties = duty_holders(reader, rows)
    read = attrgetter(*_AS_STORED)
    return [
        FirePointView(
            **dict(zip(_AS_STORED, read(row), strict=True)),
            satellites=tuple(row.satellites),
            sources=tuple(row.sources),
            neighbours=neighbours(row),
            reasons=tuple(row.reasons),
            layers=stacks[row.layer_stack_id],
            ruling_ids=tuple(row.ruling_ids),
            status=known.get(row.fire_point_id, UNVERIFIED),
            duties=duties.get(row.fire_point_id, ()),
        )
        for row in rows
    ]


def duty_holders(reader: Reader, rows: Sequence[Any]) -> dict[str, tuple[DutyHolder, ...]]:
    """Return the duty-holders of the narrowest of cell, township and county that names some, per fire point."""
    codes = {code for row in rows for code in (row.grid_code, row.township_code, row.county_code) if code}
    table = Duty.__table__
    holders: dict[str, list[tuple[Any, DutyHolder]]] = defaultdict(list)
    listed = sorted(codes)
    for start in range(0, len(listed), 20_000):
        found = reader.rows(
            sa.select(table)
            .where(
                reader.known(Duty),
                sa.or_(table.c.withdrawn_rev.is_(None), table.c.withdrawn_rev > reader.horizon),
                table.c.target_code.in_(listed[start : start + 20_000]),
            )
            .order_by(table.c.role, table.c.id)
        )
        for row in found:
            holders[row.target_code].append((row, DutyHolder(row.role, row.person, row.phone, row.title)))
    answer: dict[str, tuple[DutyHolder, ...]] = {}
    for row in rows:
        for code in (row.grid_code, row.township_code, row.county_code):
            own = tuple(
                holder
                for duty, holder in holders.get(code or "", ())
                if (duty.valid_from is None or duty.valid_from <= row.fire_day)
                and (duty.valid_to is None or row.fire_day <= duty.valid_to)
            )
            if own:
                answer[row.fire_point_id] = own
                break
    return answer


@dataclass(frozen=True, slots=True)
class FeedsOfDay:
    """Which satellites reported on a fire day, and which of the week before did not."""

    arrived: tuple[dict[str, Any], ...]
    missing: tuple[str, ...]
    last_ingest: dt.datetime | None


def feeds_of_day(reader: Reader, day: dt.date, cut: str = "00:00") -> FeedsOfDay:
    """Return the feeds that arrived for a fire day; a feed is what it covers, not whether it found a fire here."""
    start, end = fire_day_bounds(day, cut)
    table, file = FeedCoverage.__table__, FeedFile.__table__
    rows = reader.rows(
        sa.select(table.c.satellite, table.c.first_at, table.c.last_at, table.c.rows)
        .join(file, file.c.id == table.c.file_id)
        .where(
            file.c.rev <= reader.rev,
            table.c.last_at >= start - dt.timedelta(days=_PEERS_DAYS),
            table.c.first_at < end,
        )
    )
    arrived: dict[str, list[Any]] = defaultdict(list)
    expected: set[str] = set()
    for row in rows:
        expected.add(row.satellite)
        if row.last_at >= start:
            arrived[row.satellite].append(row)
    from service.store.models import Revision

    last = reader.connection.execute(
        sa.select(sa.func.max(Revision.at))
        .join(file, file.c.rev == Revision.id)
        .where(file.c.rev <= reader.horizon)
    ).scalar()
    return FeedsOfDay(
        tuple(
            {
                "satellite": name,
                "files": len(parts),
                "first_at": max(start, min(part.first_at for part in parts)),
                "last_at": min(end, max(part.last_at for part in parts)),
            }
            for name, parts in sorted(arrived.items())
        ),
        tuple(sorted(expected - arrived.keys())),
        last,
    )


def rulings_of(reader: Reader, scope: Scope, fire_point_id: str) -> list[dict[str, Any]]:
    """Return the rulings on a fire point the reader may see, oldest first."""
    live = resolve_id(reader, fire_point_id)
    if live is None or not fire_points(reader, scope, ids=[live]):
        return []
    resolved = identity.aliases(reader)
    table = Ruling.__table__
    rows = reader.rows(sa.select(table).where(reader.known(Ruling)).order_by(table.c.id))
    return [
        {
            "ruling_id": row.id,
            "kind": row.kind,
            "value": row.value,
            "reason": row.reason,
            "evidence_sha256": row.evidence_sha256,
            "actor": row.actor,
            "revision": row.rev,
            "supersedes": row.supersedes_id,
        }
        for row in rows
        if resolved.get(row.fire_point_id, row.fire_point_id) == live
    ]
