"""Reading published fire lists (第N期): frozen bytes, checked against their hash, within the reader's scope."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gis.errors import HuodianError, NotFoundError
from grids.units import Purpose, Unit
from service.reports.model import FireList
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FireListIssue, ServiceArea


@dataclass(frozen=True, slots=True)
class ListUnit:
    """The unit a list is of, under its code on the fire day."""

    code: str
    name: str


def list_unit(reader: Reader, scope: Scope, day: dt.date, code: str | None = None) -> ListUnit:
    """Return the unit a list is of: the one named, else the reader's own, else the service area's.

    Raises
    ------
    NotFoundError
        When the unit is not in the register on that day, or not within the scope: the two look the same.
    """
    from service.pipeline.register_store import load_register
    from service.units import code_on

    register = load_register(reader).register
    unit: Unit | None
    if code is None and scope.unit_uid is not None:
        unit = register[scope.unit_uid]
    else:
        wanted = code or _service_area(reader)
        if wanted is None:
            return ListUnit("", "")
        unit = register.find(wanted, day)
        if unit is not None and not _within(register, scope, unit.uid, day):
            unit = None
    if unit is None:
        raise _unknown_unit(code or scope.unit_uid or "", day)
    return ListUnit(code_on(unit, day) or code or unit.uid, unit.name(day))


def issues(reader: Reader, scope: Scope, unit: str, *, day: dt.date | None = None) -> list[dict[str, Any]]:
    """Return number, fire day, hash and time of the issues of a unit that the reader may read, oldest first."""
    from service.store.models import Revision

    table = FireListIssue.__table__
    conditions = [table.c.unit_code == unit, reader.known(FireListIssue)]
    if day is not None:
        conditions.append(table.c.fire_day == day)
    rows = reader.rows(
        sa.select(table.c.number, table.c.fire_day, table.c.sha256, Revision.at)
        .join(Revision, Revision.id == table.c.rev)
        .where(*conditions)
        .order_by(table.c.number)
    )
    return [
        {"number": row.number, "fire_day": row.fire_day, "sha256": row.sha256, "published_at": row.at}
        for row in rows
        if may_read(reader, scope, unit, row.fire_day)
    ]


def read_issue(reader: Reader, scope: Scope, unit: str, number: int) -> FireList:
    """Return a published issue; rendering it gives the bytes it was published with.

    Parameters
    ----------
    unit
        Code of the unit whose series the number counts.

    Raises
    ------
    NotFoundError
        When there is no such issue, or the reader may not see the whole of it.
    HuodianError
        ``issue_damaged``: the stored document is not what its hash says.
    """
    table = FireListIssue.__table__
    row = reader.connection.execute(
        sa.select(table.c.fire_day, table.c.document, table.c.sha256).where(
            table.c.unit_code == unit, table.c.number == number, reader.known(FireListIssue)
        )
    ).first()
    if row is None or not may_read(reader, scope, unit, row.fire_day):
        raise NotFoundError(
            "unknown_issue",
            f"单位 {unit} 没有第 {number} 期火点清单，或不在您的管辖范围内：请核对期号",
            f"there is no issue {number} of the fire list of {unit} within your scope: check the number",
            value=number,
        )
    return thawed(row.document, row.sha256, unit, number)


def thawed(document: str, sha256: str, unit: str, number: int) -> FireList:
    """Return the list a frozen document holds, after checking its hash.

    Raises
    ------
    HuodianError
        When the document is not what its hash says.
    """
    if hashlib.sha256(document.encode()).hexdigest() != sha256:
        raise HuodianError(
            "issue_damaged",
            f"单位 {unit} 第 {number} 期的内容与其校验值不符：存储已损坏或被改动，请从备份恢复",
            f"issue {number} of {unit} does not match its hash: the store was damaged or altered; restore a backup",
            value=number,
        )
    return FireList.from_dict(json.loads(document), sha256=sha256)


def may_read(reader: Reader, scope: Scope, code: str, day: dt.date) -> bool:
    """Whether all of an issue lies within the scope: its unit is the reader's own or under it."""
    if scope.everything:
        return True
    from service.pipeline.register_store import load_register

    register = load_register(reader).register
    unit = register.find(code, day)
    return unit is not None and _within(register, scope, unit.uid, day)


def _within(register: Any, scope: Scope, uid: str, day: dt.date) -> bool:
    return scope.everything or scope.unit_uid in register.chain(uid, Purpose.ASSESSMENT, day)


def _service_area(reader: Reader) -> str | None:
    table = ServiceArea.__table__
    found: str | None = reader.connection.execute(
        sa.select(table.c.unit_code)
        .where(reader.known(ServiceArea))
        .order_by(table.c.rev.desc(), table.c.id.desc())
        .limit(1)
    ).scalar()
    return found


def _unknown_unit(code: str, day: dt.date) -> NotFoundError:
    return NotFoundError(
        "unknown_unit",
        f"{day} 没有代码为 {code} 的单位，或不在您的管辖范围内：请核对代码与日期",
        f"no unit has the code {code} on {day}, or it is outside your scope: check code and date",
        value=code,
    )
