"""What was done about statements, held to the revisions that did it: finals, objections, answers, withdrawals.

They are kept beside the documents, so no hash of a document covers them. Each was written by a revision that says when,
by whom and, as a hash, in which words; a row that says otherwise, has no revision, or is gone is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gis.times import iso_beijing
from service.billing.chain import Difference, difference, digest, named
from service.store.engine import Reader
from service.store.models import Objection, ObjectionEvent, Revision, StatementEvent

FINAL_COMMAND = "statement.final"
FILE, APPEAL, ANSWER, WITHDRAW = (
    "objection.file",
    "objection.appeal",
    "objection.answer",
    "objection.withdraw",
)
_NAMES_ZH = {
    "command": "命令",
    "said": "文字",
    "late": "逾期受理理由",
    "at": "时间",
    "actor": "操作人",
    "outcome": "结果",
    "id": "编号",
    "sha256": "通知单校验值",
}
_COMMAND_OF = {"answered": ANSWER, "withdrawn": WITHDRAW, "late_accepted": FILE}


def said(text: str) -> str:
    """Return the hash by which a revision remembers the words of an objection or its answer."""
    return digest(text.strip().encode())


def event_differences(reader: Reader, chain: Sequence[Any]) -> list[Difference]:
    """Return what stands beside the statements of a chain and is not what was recorded.

    Parameters
    ----------
    chain
        The statements of one payer and season.
    """
    by_id = {row.id: row for row in chain}
    finals = _rows(reader, StatementEvent, StatementEvent.statement_id, by_id)
    objections = _rows(reader, Objection, Objection.statement_id, by_id)
    cases = {row.id: row for row in objections}
    events = _rows(reader, ObjectionEvent, ObjectionEvent.objection_id, cases)
    commands = (FINAL_COMMAND, FILE, APPEAL, ANSWER, WITHDRAW)
    revisions = {
        row.id: row
        for row in reader.rows(sa.select(Revision.__table__).where(Revision.command.in_(commands)))
    }
    found: list[Difference] = []
    told: tuple[Any, ...]
    for row in finals:
        where = f"{named(by_id[row.statement_id])}: {row.kind}"
        told = (FINAL_COMMAND, by_id[row.statement_id].sha256, iso_beijing(row.at), row.actor)
        found += _against(where, told, revisions.get(row.rev), "sha256")
    for row in objections:
        command = FILE if row.appeals_id is None else APPEAL
        where = f"{named(by_id[row.statement_id])}: objection {row.id}"
        told = (command, said(row.grounds), iso_beijing(row.filed_at), row.filed_by, row.id)
        found += _against(where, told, revisions.get(row.rev), "said", "id")
    for row in events:
        command = _COMMAND_OF.get(row.kind, "")
        where = (
            f"{named(by_id[cases[row.objection_id].statement_id])}: objection {row.objection_id} {row.kind}"
        )
        key = "late" if command == FILE else "said"
        told = (command, said(row.reason), iso_beijing(row.at), row.actor, row.outcome)
        found += _against(where, told, revisions.get(row.rev), key, "outcome")
    written = {row.rev for row in (*finals, *objections, *events)}
    return found + list(_removed(chain, revisions, written))


def _rows(reader: Reader, model: Any, column: Any, wanted: Mapping[int, Any]) -> list[Any]:
    table = model.__table__
    rows = reader.rows(sa.select(table).where(reader.known(model)).order_by(table.c.id))
    return [row for row in rows if getattr(row, column.key) in wanted]


def _against(where: str, told: tuple[Any, ...], revision: Any | None, *keys: str) -> list[Difference]:
    """Compare command, words, instant, actor and what else a row says with the revision that wrote it."""
    command, words, at, actor, *more = told
    first, *others = keys
    stored = {
        "command": command,
        first: words,
        "at": at,
        "actor": actor,
        **dict(zip(others, more, strict=True)),
    }
    if revision is None:
        recorded: dict[str, Any] = dict.fromkeys(stored)
    else:
        recorded = {
            "command": revision.command,
            "at": iso_beijing(revision.at),
            "actor": revision.actor,
            # Words were not remembered by the first revisions: what they do not say they do not contradict.
            **{key: revision.params.get(key, stored[key]) for key in keys},
        }
    return [
        difference(
            "event",
            f"{where}: {name}",
            recorded[name],
            stored[name],
            f"{where} 的{_NAMES_ZH[name]}与写入它的修订所记不符：该记录被改动或添加",
            f"{name} of {where} is not what the revision that wrote it recorded: it was altered or added",
        )
        for name in stored
        if stored[name] != recorded[name]
    ]


def _removed(chain: Sequence[Any], revisions: Mapping[int, Any], written: set[int]) -> Iterator[Difference]:
    """Yield what a revision recorded about a statement of the chain and the store has no more."""
    hashes = {row.sha256: row for row in chain}
    for number in sorted(revisions.keys() - written):
        one = revisions[number]
        row = hashes.get(one.params.get("sha256", ""))
        if row is None:
            continue
        yield difference(
            "event",
            f"{named(row)}: {one.command}",
            f"revision {number}",
            None,
            f"第 {number} 号修订（{one.command}）所记的事项已不在存储中：记录被删除",
            f"what revision {number} ({one.command}) recorded is not in the store: a row was removed",
        )
