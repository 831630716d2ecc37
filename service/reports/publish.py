"""Publishing a fire list: issue no. N of a unit (第N期), frozen and chained to the issue before it."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace

import sqlalchemy as sa

from gis.errors import ForbiddenError, RefusedInputError
from service.reports.build import build
from service.reports.issues import list_unit, thawed
from service.reports.model import FireList
from service.scope import Scope
from service.store.engine import Store, Writer
from service.store.models import FireListIssue
from service.store.types import canonical_json

PUBLISHERS = frozenset({"local", "admin", "province"})
"""Roles that may publish, each within its scope: a list that went out sends people into the field."""


@dataclass(frozen=True, slots=True)
class Published:
    """An issue, and whether it stood already with the same content."""

    fire_list: FireList
    unchanged: bool


def publish(
    store: Store,
    scope: Scope,
    day: dt.date,
    *,
    actor: str,
    unit: str | None = None,
    since: int | None = None,
) -> Published:
    """Freeze the list of a day and unit under the next number of the unit.

    The list is made from a read before the write; the issue states the revision it knew. A list that says the same
    as the newest issue of its day is that issue: nothing is written.

    Parameters
    ----------
    unit
        Code of the unit; without it the reader's own, or the service area's.

    Raises
    ------
    ForbiddenError
        When the role may not publish.
    """
    if scope.role not in PUBLISHERS:
        raise ForbiddenError(
            "role_may_not",
            f"角色 {scope.role} 不能发布火点清单；可由 admin、province 发布",
            f"role {scope.role} may not publish a fire list; admin and province may",
            value=scope.role,
        )
    with store.reader() as reader:
        of = list_unit(reader, scope, day, unit)
        if not of.code:
            raise RefusedInputError(
                "no_list_unit",
                "没有服务区域，无法确定清单所属单位：请先运行 huodian init，或用 --unit 指定",
                "there is no service area, so nobody to publish for: run `huodian init`, or name --unit",
            )
        # Of the unit only: every reader of the unit may read the issue, and nothing beyond its border.
        made = build(reader, scope, day, unit=of.code, since=since)
    params = {"date": day.isoformat(), "unit": of.code, "since": since}
    with store.writer(actor, "firelist.publish", params) as writer:
        return _freeze(writer, made)


def _freeze(writer: Writer, made: FireList) -> Published:
    table = FireListIssue.__table__
    unit = made.header.unit_code
    series = sa.select(table).where(table.c.unit_code == unit).order_by(table.c.number.desc()).limit(1)
    last = writer.connection.execute(series).first()
    same_day = writer.connection.execute(series.where(table.c.fire_day == made.fire_day)).first()
    if same_day is not None:
        before = thawed(same_day.document, same_day.sha256, unit, same_day.number)
        if before.content_hash() == made.content_hash():
            return Published(before, unchanged=True)
    previous = None if last is None else last.sha256
    number = 1 if last is None else last.number + 1
    made = replace(made, issue=number, header=replace(made.header, previous_sha256=previous))
    document = canonical_json(made.as_dict())
    sha256 = hashlib.sha256(document.encode()).hexdigest()
    writer.insert(
        FireListIssue,
        number=number,
        fire_day=made.fire_day,
        unit_code=unit,
        as_of_rev=made.header.revision,
        document=document,
        sha256=sha256,
        previous_sha256=previous,
    )
    return Published(replace(made, sha256=sha256), unchanged=False)
