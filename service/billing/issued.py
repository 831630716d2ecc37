"""Issued statements as stored: rows and documents within the reader's scope, and the state kept beside them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gis.errors import HuodianError, NotFoundError
from gis.times import beijing_date, iso_beijing
from grids.units import Purpose
from service.billing.chain import digest
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import Revision, Statement, StatementEvent
from service.users import Permission, require

FINAL = "final"


def rows_of(reader: Reader, season: str | None = None, payer: str | None = None) -> Sequence[Any]:
    """Return stored statements, unscoped, by season, payer and number.

    Their documents come with those of one payer only: a season's together are many megabytes.
    """
    table = Statement.__table__
    conditions = [reader.known(Statement)]
    if season is not None:
        conditions.append(table.c.season == season)
    if payer is not None:
        conditions.append(table.c.payer_code == payer)
    columns = [one for one in table.c if payer is not None or one.name != "document"]
    query = sa.select(*columns).where(*conditions)
    return reader.rows(query.order_by(table.c.season, table.c.payer_code, table.c.number))


def with_document(reader: Reader, row: Any) -> Any:
    """Return a stored statement with its document."""
    chain = rows_of(reader, row.season, row.payer_code)
    return next(one for one in chain if one.id == row.id)


def is_formal(row: Any) -> bool:
    """Whether a stored statement was issued of official data."""
    return bool(row.status == "official")


def document_of(row: Any) -> dict[str, Any]:
    """Return the document of a stored statement, after checking its hash.

    Raises
    ------
    HuodianError
        ``statement_damaged``: it is not what its hash says.
    """
    if digest(row.document.encode()) != row.sha256:
        raise HuodianError(
            "statement_damaged",
            f"{row.payer_code} {row.season} 第 {row.number} 号通知单与其校验值不符：存储已损坏或被改动，"
            "请用 statement verify 查明，并从备份恢复",
            f"statement {row.number} of {row.payer_code} for {row.season} does not match its hash: the store was "
            "damaged or altered; see `statement verify`, and restore a backup",
            value=row.number,
        )
    document: dict[str, Any] = json.loads(row.document)
    return document


class Sight:
    """Whose statements a reader may see: those of its own unit and of the units under it in the assessment tree.

    Raises
    ------
    ForbiddenError
        ``may_not_see_money``: whatever leads to a statement or an objection passes here.
    """

    def __init__(self, reader: Reader, scope: Scope) -> None:
        require(scope, Permission.MONEY)
        self._scope = scope
        self._register: Any = None
        self._reader = reader

    def sees(self, payer_uid: str | None, day: dt.date) -> bool:
        """Whether the reader sees a payer's statements of a day; a payer without a unit is for the whole province."""
        if self._scope.everything:
            return True
        if payer_uid is None:
            return self._scope.role in ("admin", "province")
        return self.above(payer_uid, self._scope.unit_uid, day)

    def above(self, uid: str, other: str | None, day: dt.date) -> bool:
        """Whether `other` is a unit itself or above it in the assessment tree on a day."""
        register = self.register
        return other is not None and uid in register and other in register.chain(uid, Purpose.ASSESSMENT, day)

    @property
    def register(self) -> Any:
        """The unit register, read when it is first asked for."""
        if self._register is None:
            from service.pipeline.register_store import load_register

            self._register = load_register(self._reader).register
        return self._register

    def code_of(self, code: str, rows: Sequence[Any]) -> str:
        """Return the code under which statements name a payer, for any code its unit ever had."""
        if any(row.payer_code == code for row in rows):
            return code
        holders = {unit.uid for unit in self.register.holders(code)}
        return next((row.payer_code for row in rows if row.payer_uid in holders), code)


def seen_rows(
    reader: Reader, scope: Scope, season: str | None = None, payer: str | None = None
) -> tuple[Sequence[Any], Sight]:
    """Return the stored statements a reader may see, with documents where a payer is named, and its sight."""
    sight = Sight(reader, scope)
    rows = rows_of(reader, season)
    if payer is not None:
        seen = [row for row in rows if _sees(sight, row)]
        rows = rows_of(reader, season, sight.code_of(payer, seen))
    return [row for row in rows if _sees(sight, row)], sight


def _sees(sight: Sight, row: Any) -> bool:
    return sight.sees(row.payer_uid, beijing_date(row.computed_at))


def find_row(reader: Reader, scope: Scope, payer: str, season: str, number: int | None = None) -> Any:
    """Return one stored statement; the newest one without a number.

    Raises
    ------
    NotFoundError
        ``unknown_statement``: none was issued, or not within the scope; the two look the same.
    """
    rows, _ = seen_rows(reader, scope, season, payer)
    found = next((row for row in reversed(rows) if number in (None, row.number)), None)
    if found is None:
        raise unknown_statement(payer, season, number)
    return found


def unknown_statement(payer: str, season: str, number: int | None) -> NotFoundError:
    """Return the one error of a statement that was never issued and of one outside the scope."""
    which_zh, which_en = (f"第 {number} 号", f" {number}") if number is not None else ("", "")
    return NotFoundError(
        "unknown_statement",
        f"没有 {payer} {season} 的{which_zh}通知单，或不在您的管辖范围内：请用 statement list 查看",
        f"there is no statement{which_en} of {payer} for {season} within your scope: see `statement list`",
        value=f"{payer} {season}",
    )


def states_of(reader: Reader, rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
    """Return the state of statements by row id: ``issued``, ``objected`` or ``final``, and which objections are open.

    An open objection makes a statement objected until it is answered or withdrawn; final is recorded.
    """
    from service.billing.cases import OPEN, cases_of

    ids = {row.id for row in rows}
    event = StatementEvent.__table__
    open_ones: dict[int, list[int]] = {}
    for case in cases_of(reader, rows):
        if case.state == OPEN:
            open_ones.setdefault(case.statement.id, []).append(case.row.id)
    finals = {
        row.statement_id: row
        for row in reader.rows(
            sa.select(event).where(reader.known(StatementEvent), event.c.kind == FINAL).order_by(event.c.id)
        )
    }
    found = {}
    for key in ids:
        state = "final" if key in finals else "objected" if open_ones.get(key) else "issued"
        found[key] = {
            "state": state,
            "open_objections": open_ones.get(key, []),
            "final_at": iso_beijing(finals[key].at) if key in finals else None,
        }
    return found


def list_statements(
    reader: Reader, scope: Scope, *, season: str | None = None, payer: str | None = None
) -> list[dict[str, Any]]:
    """Return the statements a reader may see, oldest first within payer and season."""
    rows, _ = seen_rows(reader, scope, season, payer)
    states = states_of(reader, rows)
    issued = _recorded_at(reader, rows)
    return [summary(row, states[row.id], issued.get(row.rev)) for row in rows]


def summary(row: Any, state: dict[str, Any], issued_at: dt.datetime | None) -> dict[str, Any]:
    """Return what a list says of a statement."""
    return {
        "statement_id": row.id,
        "payer": row.payer_code,
        "payer_name": row.payer_name,
        "season": row.season,
        "number": row.number,
        "status": row.status,
        "mark": "" if is_formal(row) else "非正式",
        "previous": str(row.previous),
        "total": str(row.total),
        "net": str(row.net),
        "sha256": row.sha256,
        "previous_sha256": row.previous_sha256,
        "issued_at": None if issued_at is None else iso_beijing(issued_at),
        "as_of_revision": row.as_of_rev,
        **state,
    }


def show_statement(
    reader: Reader, scope: Scope, payer: str, season: str, number: int | None = None
) -> dict[str, Any]:
    """Return an issued statement: its document as frozen, its hash, and the state beside it."""
    from service.billing.objections import of_statement

    row = find_row(reader, scope, payer, season, number)
    state = states_of(reader, [row])[row.id]
    issued = _recorded_at(reader, [row])
    return {
        **summary(row, state, issued.get(row.rev)),
        "document": document_of(row),
        "objections": of_statement(reader, row),
    }


def _recorded_at(reader: Reader, rows: Sequence[Any]) -> dict[int, dt.datetime]:
    wanted = {row.rev for row in rows}
    if not wanted:
        return {}
    table = Revision.__table__
    query = sa.select(table.c.id, table.c.at).where(table.c.id.between(min(wanted), max(wanted)))
    return {row.id: row.at for row in reader.rows(query) if row.id in wanted}


def named_statement(reader: Reader, scope: Scope, name: str) -> tuple[str, str, int]:
    """Return payer, season and number of a statement named ``PAYER/SEASON/NUMBER`` or by (the start of) its SHA-256.

    Raises
    ------
    NotFoundError
        ``unknown_statement``.
    """
    parts = name.split("/")
    if len(parts) == 3 and parts[2].isascii() and parts[2].isdigit():
        return parts[0], parts[1], int(parts[2])
    wanted = name.strip().lower()
    rows, _ = seen_rows(reader, scope)
    found = [row for row in rows if row.sha256.startswith(wanted)] if len(wanted) >= 8 else []
    if len(found) != 1:
        raise unknown_statement(name, "", None)
    return found[0].payer_code, found[0].season, found[0].number
