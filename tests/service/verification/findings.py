"""Findings for tests: two fires, their readers, and one short way to record."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gis.times import BEIJING
from service.reads import FirePointView
from service.scope import Scope, scope_of, whole
from service.store.models import Revision
from service.verification import Standing, standings, verify
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.world import World

YUSHU = Row(at("2023-10-29 04:30"), "126.55000", "44.85000", scan="0.8", track="0.8")
SHULAN = Row(at("2023-10-29 04:30"), "126.95271", "44.40385", scan="0.8", track="0.8")
OVERPASS = dt.datetime(2023, 10, 29, 12, 30, tzinfo=BEIJING)
LATER = dt.datetime(2023, 10, 29, 15, 0, tzinfo=BEIJING)
NOW = dt.datetime(2023, 10, 31, 9, 0, tzinfo=BEIJING)
OPERATOR = whole("operator")
PHOTO = "ab" * 32


def point_in(world: World, county: str = "220182") -> FirePointView:
    """Return the fire point of a county."""
    return next(point for point in world.points() if point.county_code == county)


def identity(world: World, role: str, uid: str) -> Scope:
    """Return the scope of an identity."""
    with world.store.reader() as reader:
        return scope_of(reader, f"{role}-{uid}", role, uid)


def found(
    world: World, point: str, finding: str, level: str = "local", scope: Scope = OPERATOR, **more: Any
) -> dict[str, Any]:
    """Record a finding with everything that does not matter filled in."""
    said: dict[str, Any] = {"found_at": LATER, "person": "王某", "now": NOW, **more}
    return verify(world.store, point, finding=finding, level=level, actor=scope.actor, scope=scope, **said)


def standing(world: World, point: str, as_of: int | None = None) -> Standing | None:
    """Return what stands for a live fire point."""
    with world.store.reader(as_of) as reader:
        return standings(reader).get(point)


def last_command(world: World) -> tuple[str, str]:
    """Return actor and command of the newest revision."""
    import sqlalchemy as sa

    with world.store.reader() as reader:
        row = reader.rows(sa.select(Revision.actor, Revision.command).order_by(Revision.id.desc()).limit(1))[
            0
        ]
    return row.actor, row.command
