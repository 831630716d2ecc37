"""The reader's scope: a set of dated members compiled into every query (DESIGN section 3, "Reader's scope").

Scope comes from the identity, never from a parameter. A unit's members are those of the *assessment* tree, so that a
reader of 通化 sees nothing of 梅河口, and a reader of 四平 sees 公主岭 only until the day it moved to 长春.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from gis.errors import ForbiddenError
from gis.types import Level
from grids.register import Register
from grids.units import Purpose, Unit
from service.store.engine import Reader

ROLES = ("admin", "province", "city", "county", "patrol", "inspector")
"""Who may be an identity; what a role may do is `service.users.PERMISSIONS`."""

_FIRST_DAY = dt.date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Members:
    """The units of a scope from `start` (included) to `end` (excluded; None is open), by integer id.

    Attributes
    ----------
    counties
        County-level units whose ground belongs to the scope, but for the `carved` townships.
    townships
        Townships of other counties that the scope answers for, or the scope's own where it is a township.
    cells
        Units below the township.
    carved
        Townships inside `counties` that another assessment unit answers for (长白山管委会 in 抚松).
    """

    start: dt.date
    end: dt.date | None
    counties: frozenset[int]
    townships: frozenset[int]
    cells: frozenset[int]
    carved: frozenset[int]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an identity may see.

    Attributes
    ----------
    actor
        Name of the identity, for revisions and logs.
    role
        One of `ROLES`, or ``local`` for the operator of the machine.
    unit_uid
        The unit the scope is made of; None sees everything.
    members
        Dated members; empty with a `unit_uid` sees nothing.
    """

    actor: str
    role: str
    unit_uid: str | None = None
    members: tuple[Members, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is hidden from this reader."""
        return self.unit_uid is None

    def condition(self, table: Any) -> sa.ColumnElement[bool]:
        """Return the condition on a table with ``county_unit_id, township_unit_id, fire_day`` columns."""
        if self.everything:
            return sa.true()
        return sa.or_(sa.false(), *(_within(table, members) for members in self.members))

    def key(self) -> str:
        """Return a cache key: two readers share cached answers only with equal keys.

        It names the members too: who belongs to a unit changes with the register, and an answer as of an older revision
        is read with the members of today.
        """
        return "*" if self.unit_uid is None else f"{self.unit_uid}:{_digest(self.members)}"

    def unit_ids(self, day: dt.date) -> frozenset[int] | None:
        """Return the ids of the scope's own members on `day`; None means every unit."""
        if self.everything:
            return None
        for members in self.members:
            if members.start <= day and (members.end is None or day < members.end):
                return members.counties | members.townships | members.cells
        return frozenset()


@lru_cache(maxsize=512)
def _digest(members: tuple[Members, ...]) -> str:
    told = [
        (one.start, one.end, *(sorted(ids) for ids in (one.counties, one.townships, one.cells, one.carved)))
        for one in members
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _within(table: Any, members: Members) -> sa.ColumnElement[bool]:
    days: list[sa.ColumnElement[bool]] = []
    if members.start > _FIRST_DAY:
        days.append(table.fire_day >= members.start)
    if members.end is not None:
        days.append(table.fire_day < members.end)
    places: list[sa.ColumnElement[bool]] = []
    if members.counties:
        inside = table.county_unit_id.in_(sorted(members.counties))
        if members.carved:
            inside = sa.and_(
                inside,
                sa.or_(
                    table.township_unit_id.is_(None), table.township_unit_id.not_in(sorted(members.carved))
                ),
            )
        places.append(inside)
    if members.townships:
        places.append(table.township_unit_id.in_(sorted(members.townships)))
    if members.cells and hasattr(table, "grid_unit_id"):
        places.append(table.grid_unit_id.in_(sorted(members.cells)))
    return sa.and_(*days, sa.or_(sa.false(), *places))


def whole(actor: str, role: str = "local") -> Scope:
    """Return the scope that sees everything."""
    return Scope(actor, role)


def scope_of(reader: Reader, actor: str, role: str, unit_uid: str | None) -> Scope:
    """Return the scope of an identity, with its members as the register knows them at the reader's revision.

    Raises
    ------
    ForbiddenError
        When the identity's unit is not in the register: an unknown unit sees nothing rather than everything.
    """
    if unit_uid is None:
        return Scope(actor, role)
    from service.pipeline.register_store import load_register

    stored = load_register(reader)
    register = stored.register
    if unit_uid not in register:
        raise ForbiddenError(
            "scope_unknown",
            f"用户 {actor} 的单位 {unit_uid} 不在单位登记册中，请联系管理员",
            f"the unit {unit_uid} of user {actor} is not in the unit register: ask the administrator",
            value=unit_uid,
        )
    ids = stored.ids
    return Scope(actor, role, unit_uid, tuple(_dated_members(register, unit_uid, ids)))


def _dated_members(register: Register, uid: str, ids: dict[str, int]) -> Iterable[Members]:
    """Yield the members between every two days on which something changed."""
    starts = [_FIRST_DAY, *_change_days(register)]
    for start, end in pairwise([*starts, None]):
        if start is None:
            continue
        yield _members_on(register, uid, ids, start, end)


def _change_days(register: Register) -> list[dt.date]:
    days: set[dt.date] = set()
    for unit in register:
        if unit.level not in (Level.CITY, Level.COUNTY) and not _own_assessment(unit):
            continue
        for validity in (unit.validity, *(link.validity for link in unit.parents)):
            if validity.start:
                days.add(validity.start)
            if validity.end:
                days.add(validity.end + dt.timedelta(days=1))
    return sorted(day for day in days if day > _FIRST_DAY)


def _own_assessment(unit: Unit) -> bool:
    return any(link.purpose is Purpose.ASSESSMENT for link in unit.parents)


def _members_on(
    register: Register, uid: str, ids: dict[str, int], start: dt.date, end: dt.date | None
) -> Members:
    counties: set[str] = set()
    townships: set[str] = set()
    cells: set[str] = set()
    carved: set[str] = set()
    for unit in register:
        narrow = unit.level in (Level.VILLAGE, Level.HAMLET)
        if (narrow and unit.uid != uid) or not unit.validity.holds(start):
            continue
        mine = uid in register.chain(unit.uid, Purpose.ASSESSMENT, start)
        if unit.level is Level.COUNTY and mine:
            counties.add(unit.uid)
        elif unit.level is Level.TOWNSHIP and (_own_assessment(unit) or unit.uid == uid):
            (townships if mine else carved).add(unit.uid)
        elif unit.level in (Level.VILLAGE, Level.HAMLET) and unit.uid == uid:
            cells.add(unit.uid)
    legal = {township for township in carved if register.parent(township, Purpose.LEGAL, start) in counties}

    def numbers(uids: set[str]) -> frozenset[int]:
        return frozenset(ids[one] for one in uids if one in ids)

    return Members(start, end, numbers(counties), numbers(townships), numbers(cells), numbers(legal))
