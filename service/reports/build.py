"""From the store to a fire list: what a reader may see of one fire day, in patrol order, with its header."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from gis.times import fire_day_bounds, to_beijing
from gis.types import DataStatus
from service.pipeline import identity
from service.pipeline.live import clustering_versions
from service.reads import DutyHolder, FirePointView, feeds_of_day, fire_points, unit_condition
from service.reports.changes import Changes, compare
from service.reports.issues import ListUnit, list_unit, read_issue
from service.reports.model import (
    LISTED_SCREENS,
    FeedOfDay,
    FireList,
    FireListHeader,
    FireListRow,
    LayerUsed,
    weakest,
)
from service.reports.order import RECURRENCE_DAYS, EarlierPlace, in_patrol_order, recurring_places
from service.reports.words import ROLE_WORDS, zh
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FirePointState, Revision

DEFAULT_CUT = "00:00"
_SHORT_HASH = 12


def build(
    reader: Reader, scope: Scope, day: dt.date, *, unit: str | None = None, since: int | None = None
) -> FireList:
    """Return the fire list of a fire day.

    Parameters
    ----------
    unit
        Code of the unit the list is of. Without it, everything the reader may see: for a reader of the whole store
        that includes the points outside the service area, left out with their reason.
    since
        Number of an issue of the same unit and day to compare with.

    Raises
    ------
    NotFoundError
        When the unit or the issue does not exist within the scope.
    RefusedInputError
        When the issue is of another day.
    """
    of = list_unit(reader, scope, day, unit)
    views = fire_points(reader, scope, day=day, unit=unit)
    listed = [_row(view) for view in views if view.screen in LISTED_SCREENS]
    left_out = [_row(view) for view in views if view.screen not in LISTED_SCREENS]
    recurring = recurring_places(listed, _earlier(reader, scope, day, unit)) if listed else {}
    cut = cut_on(reader, day)
    layers = _layers(reader, views, day)
    made = FireList(
        fire_day=day,
        cut=cut,
        issue=None,
        feeds=_feeds(reader, day, cut),
        status=weakest([layer.status for layer in layers] or [DataStatus.REFERENCE]),
        rows=in_patrol_order(listed, recurring),
        left_out=tuple(sorted(left_out, key=lambda row: (row.screen, row.first_seen, row.fire_point_id))),
        header=_header(reader, of, day, cut, layers, recurring),
    )
    return made if since is None else _compared(reader, scope, made, since)


def cut_on(reader: Reader, day: dt.date) -> str:
    """Return the Beijing clock time at which a fire day ends, by the clustering record in force on it."""
    versions = clustering_versions(reader)
    if not versions.params:
        return DEFAULT_CUT
    return str(versions.params[versions.index_on(day)]["cut"])


def _row(view: FirePointView) -> FireListRow:
    return FireListRow(
        fire_point_id=view.fire_point_id,
        change=None,
        first_seen=to_beijing(view.first_at),
        last_seen=to_beijing(view.last_at),
        satellites=view.satellites,
        pixels=view.pixels,
        lon=view.lon,
        lat=view.lat,
        county_code=view.county_code,
        county=view.county,
        township_code=view.township_code,
        township=view.township,
        grid_code=view.grid_code,
        grid=view.grid,
        duty=tuple(map(_duty, view.duties)),
        zone=view.zone or view.zone_code,
        regime=view.regime,
        boundary_case=view.boundary_case,
        county_share=view.county_share,
        cropland_share=view.cropland_share,
        confidence=view.confidence,
        frp_mw=view.frp_mw,
        screen=view.screen,
        status=view.status,
    )


def _duty(holder: DutyHolder) -> str:
    return " ".join(
        part for part in (holder.title or zh(ROLE_WORDS, holder.role), holder.person, holder.phone) if part
    )


def _earlier(reader: Reader, scope: Scope, day: dt.date, unit: str | None) -> list[EarlierPlace]:
    """Return where fires were listed in the days before, as far as this reader may see."""
    table = FirePointState.__table__
    conditions = [
        reader.live(FirePointState),
        scope.condition(FirePointState),
        table.c.fire_day >= day - dt.timedelta(days=RECURRENCE_DAYS),
        table.c.fire_day < day,
        table.c.screen.in_(sorted(LISTED_SCREENS)),
    ]
    if unit is not None:
        conditions.append(unit_condition(reader, scope, unit, day))
    rows = reader.rows(
        sa.select(table.c.fire_point_id, table.c.fire_day, table.c.lon, table.c.lat).where(*conditions)
    )
    return [EarlierPlace(row.fire_point_id, row.fire_day, row.lon, row.lat) for row in rows]


def _feeds(reader: Reader, day: dt.date, cut: str) -> tuple[FeedOfDay, ...]:
    feeds = feeds_of_day(reader, day, cut)
    arrived = [
        FeedOfDay(
            one["satellite"],
            "arrived",
            to_beijing(one["first_at"]),
            to_beijing(one["last_at"]),
            one["files"],
        )
        for one in feeds.arrived
    ]
    return (*arrived, *(FeedOfDay(satellite, "missing") for satellite in feeds.missing))


def _layers(reader: Reader, views: Sequence[FirePointView], day: dt.date) -> tuple[LayerUsed, ...]:
    """Return the layer versions that placed the points; for a day without any, those in force on it."""
    stacks = list({id(view.layers): view.layers for view in views}.values())
    if not views:
        from service.pipeline.layers_store import Layers

        stacks = [Layers(reader).on(day).record]
    used = {layer for stack in stacks for layer in _layers_of(stack)}
    return tuple(sorted(used, key=lambda layer: (layer.kind, layer.name, layer.version)))


def _layers_of(stack: Mapping[str, Any]) -> Iterable[LayerUsed]:
    for kind, record in stack.items():
        for one in record if isinstance(record, list) else [record]:
            # Regimes are no set: their rules have no name, and a status each.
            status = one["status"] if "status" in one else weakest(one["statuses"])
            version = one.get("version") or one["hash"][:_SHORT_HASH]
            yield LayerUsed(kind, str(one.get("set") or one.get("name") or kind), str(version), str(status))


def _header(
    reader: Reader,
    of: ListUnit,
    day: dt.date,
    cut: str,
    layers: tuple[LayerUsed, ...],
    recurring: Mapping[str, Mapping[str, Any]],
) -> FireListHeader:
    recorded = reader.connection.execute(sa.select(Revision.at).where(Revision.id == reader.rev)).scalar()
    last = feeds_of_day(reader, day, cut).last_ingest
    start, end = fire_day_bounds(day, cut)
    return FireListHeader(
        unit_code=of.code,
        unit=of.name,
        interval=(to_beijing(start), to_beijing(end)),
        revision=reader.rev,
        recorded_at=recorded and _to_the_second(recorded),
        last_ingest=last and _to_the_second(last),
        layers=layers,
        recurring=recurring,
    )


def _to_the_second(moment: dt.datetime) -> dt.datetime:
    """Return Beijing time as documents write it, so that a list read back is equal."""
    return to_beijing(moment).replace(microsecond=0)


def _compared(reader: Reader, scope: Scope, made: FireList, since: int) -> FireList:
    from gis.errors import RefusedInputError

    before = read_issue(reader, scope, made.header.unit_code, since)
    if before.fire_day != made.fire_day:
        raise RefusedInputError(
            "since_other_day",
            f"第 {since} 期是 {before.fire_day} 的清单，不能与 {made.fire_day} 比较：请用同一天的期号",
            f"issue {since} is the list of {before.fire_day} and cannot be compared with {made.fire_day}: name an "
            "issue of the same day",
            value=since,
        )
    merged = identity.aliases(reader)
    changes: Changes = compare(before.rows, made.rows, made.left_out, lambda old: merged.get(old, old))
    header = replace(
        made.header,
        since=since,
        since_sha256=before.sha256,
        changes=changes.fields,
        withdrawn=changes.withdrawn,
    )
    return replace(made, rows=in_patrol_order(changes.rows, made.header.recurring), header=header)
