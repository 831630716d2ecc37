"""Which papers carry a fire point: statements and their lines, objections, published fire lists."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gis.times import iso_beijing
from grids.units import Purpose
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import (
    FireListIssue,
    Objection,
    ObjectionEvent,
    Revision,
    Statement,
    StatementEvent,
)
from service.users import Permission, may

_PARTS = ("lines", "held", "left_out", "adjustments")


def statements_of(reader: Reader, scope: Scope, ids: Sequence[str], day: dt.date) -> list[dict[str, Any]]:
    """Return the issued statements that say something of the fire point, each with its own entries only.

    Parameters
    ----------
    ids
        Every id that stands for the fire point.
    day
        Its fire day.
    """
    table = Statement.__table__
    rows = reader.rows(
        sa.select(table, Revision.at)
        .join(Revision, Revision.id == table.c.rev)
        .where(reader.known(Statement), sa.or_(*(table.c.document.contains(one) for one in ids)))
        .order_by(table.c.season, table.c.payer_code, table.c.number)
    )
    found = []
    for row in rows:
        if not may_see_payer(reader, scope, row.payer_uid, day):
            continue
        entries = _entries(json.loads(row.document), set(ids))
        if any(entries.values()):
            found.append(
                {
                    "statement_id": row.id,
                    "season": row.season,
                    "payer": row.payer_code,
                    "payer_name": row.payer_name,
                    "number": row.number,
                    "status": row.status,
                    "issued_at": iso_beijing(row.at),
                    "sha256": row.sha256,
                    "events": _events(reader, row.id),
                    **entries,
                }
            )
    return found


def _entries(document: Mapping[str, Any], ids: set[str]) -> dict[str, list[dict[str, Any]]]:
    return {
        part: [dict(one) for one in document.get(part, ()) if one.get("fire_point_id") in ids]
        for part in _PARTS
    }


def _events(reader: Reader, statement_id: int) -> list[dict[str, Any]]:
    rows = reader.rows(
        sa.select(StatementEvent.__table__)
        .where(StatementEvent.statement_id == statement_id, reader.known(StatementEvent))
        .order_by(StatementEvent.id)
    )
    return [{"kind": row.kind, "at": iso_beijing(row.at), "note": row.note} for row in rows]


def may_see_payer(reader: Reader, scope: Scope, payer_uid: str | None, day: dt.date) -> bool:
    """Whether a payer is the reader's own: within its scope, or the one that pays for the reader's unit.

    A special payer that no unit of the register stands for is seen by those who see everything, and no payer by a role
    that may not see money.
    """
    if not may(scope, Permission.MONEY):
        return False
    if scope.everything:
        return True
    if payer_uid is None or scope.unit_uid is None:
        return False
    from service.pipeline.register_store import load_register

    register = load_register(reader).register
    if payer_uid not in register:
        return False
    return scope.unit_uid in register.chain(payer_uid, Purpose.ASSESSMENT, day) or payer_uid == (
        register.payer(scope.unit_uid, day)
    )


def objections_of(reader: Reader, scope: Scope, ids: Sequence[str], day: dt.date) -> list[dict[str, Any]]:
    """Return the objections to lines of the fire point, oldest first, with what became of each."""
    table, paper = Objection.__table__, Statement.__table__
    rows = reader.rows(
        sa.select(table, paper.c.payer_uid, paper.c.payer_code, paper.c.season, paper.c.number)
        .join(paper, paper.c.id == table.c.statement_id)
        .where(table.c.fire_point_id.in_(list(ids)), reader.known(Objection))
        .order_by(table.c.id)
    )
    return [
        {
            "objection_id": row.id,
            "season": row.season,
            "payer": row.payer_code,
            "statement": row.number,
            "instance": row.instance,
            "appeals": row.appeals_id,
            "grounds": row.grounds,
            "filed_at": iso_beijing(row.filed_at),
            "filed_by": row.filed_by,
            "evidence_sha256": row.evidence_sha256,
            "answer_due": None if row.answer_due is None else row.answer_due.isoformat(),
            "events": _objection_events(reader, row.id),
        }
        for row in rows
        if may_see_payer(reader, scope, row.payer_uid, day)
    ]


def _objection_events(reader: Reader, objection_id: int) -> list[dict[str, Any]]:
    rows = reader.rows(
        sa.select(ObjectionEvent.__table__)
        .where(ObjectionEvent.objection_id == objection_id, reader.known(ObjectionEvent))
        .order_by(ObjectionEvent.id)
    )
    return [
        {
            "kind": row.kind,
            "outcome": row.outcome,
            "reason": row.reason,
            "at": iso_beijing(row.at),
            "actor": row.actor,
            "evidence_sha256": row.evidence_sha256,
        }
        for row in rows
    ]


def lists_of(reader: Reader, scope: Scope, ids: Sequence[str], day: dt.date) -> list[dict[str, Any]]:
    """Return the published fire lists that named the fire point, those that the reader may read in whole."""
    from service.reports.issues import may_read

    table = FireListIssue.__table__
    rows = reader.rows(
        sa.select(table, Revision.at)
        .join(Revision, Revision.id == table.c.rev)
        .where(reader.known(FireListIssue), sa.or_(*(table.c.document.contains(one) for one in ids)))
        .order_by(table.c.unit_code, table.c.number)
    )
    found = []
    for row in rows:
        if not may_read(reader, scope, row.unit_code, row.fire_day):
            continue
        document = json.loads(row.document)
        for part in ("rows", "left_out"):
            for one in document.get(part, ()):
                if one.get("fire_point_id") in ids:
                    found.append(  # noqa: PERF401 - two conditions and a document per row read better so
                        {
                            "unit": row.unit_code,
                            "unit_name": document["header"]["unit"],
                            "number": row.number,
                            "fire_day": row.fire_day.isoformat(),
                            "published_at": iso_beijing(row.at),
                            "sha256": row.sha256,
                            "fire_point_id": one["fire_point_id"],
                            "listed": part == "rows",
                            "change": one.get("change"),
                            "screen": one.get("screen"),
                            "status": one.get("status"),
                        }
                    )
    return found
