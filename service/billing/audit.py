"""`statement verify`: an exported document, or a chain's head, against the store; every difference named.

Five questions, in this order: is the file what was issued; are the stored rows what their documents say; does the
chain hold; are revisions, and what people said in them, as they were sealed; does the account come out the same when
it is computed again from what was known then. The last one finds an edited verification, ruling or fire point: a line
states a hash of every row it rests on. Sentences that the program makes of amounts, facts and reasons are held apart:
a newer one may word them otherwise, and nobody altered a thing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gis.errors import HuodianError
from gis.times import iso_beijing
from service.billing.audit_events import event_differences
from service.billing.chain import (
    Difference,
    canonical_bytes,
    chain_differences,
    compare,
    difference,
    digest,
    named,
    read_document,
    row_differences,
)
from service.billing.issue import COMMAND, program, rebuild
from service.billing.issued import document_of, rows_of, seen_rows, with_document
from service.scope import Scope
from service.store.engine import Store
from service.store.models import Revision
from service.store.seals import Sealed, check

WORDING = "wording"
"""Code of a sentence that this program words otherwise."""

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading a row raises that was edited to a word, number or JSON that the program never writes."""

_SHOWN = 200
"""Differences listed; the rest is counted."""

_SENTENCES = re.compile(
    r"lines\[[^]]*\]\.(reason_zh|reason_en|finding_zh|context\.threshold_note_(zh|en))"
    r"|(adjustments|held|left_out)\[[^]]*\]\.(zh|en)"
    r"|objection(\.rules\[[^]]*\])?\.(zh|en)"
)
"""Places of a document where the program puts into words what stands beside them as data."""

_BASIS = {
    "states": ("火点状态记录", "row of fire_point_state"),
    "verifications": ("核实记录", "row of verification"),
    "rulings": ("裁定记录", "row of ruling"),
    "pixels": ("像元或观测记录", "row of detection or observation"),
}


def verify(
    store: Store,
    scope: Scope,
    *,
    data: bytes | None = None,
    name: str = "",
    head: str | None = None,
    sha: str | None = None,
) -> dict[str, Any]:
    """Check an exported statement, the head of a chain, or a printed hash, against the store.

    Parameters
    ----------
    data, name
        Bytes and name of an exported JSON statement.
    head
        SHA-256 of the newest statement that somebody knew, or of the newest revision: the chain must still hold it.
    sha
        SHA-256 as printed on a statement: says whether the store issued it.

    Returns
    -------
    dict
        ``{ok, issued, statement: {payer, season, number, sha256} or null, statements, recomputed, programs: {issued,
        now}, differences, more, reworded, wording, revisions: {first, last, sha256}}``, the last of them the seals. A
        newer program may compute otherwise: it says which versions
        they are. `wording` names the sentences that this program words otherwise, `reworded` counts them: with amounts,
        facts and basis alike they are no difference.

    Raises
    ------
    RefusedInputError
        ``not_a_statement``.
    """
    found: list[Difference] = []
    document = None if data is None else read_document(data, name)
    with store.reader() as reader:
        rows, _ = seen_rows(reader, scope)
        row = None
        if data is not None and document is not None:
            row = _of_document(rows, document)
            row = row and with_document(reader, row)
            found += _file_differences(data, document, row, name)
        wanted = sha or head
        named_row = next((one for one in rows if one.sha256 == wanted), None) if wanted else None
        sealed = _sealed(reader.connection, found)
        if wanted and named_row is None and head not in sealed.seals:
            found.append(_unknown_hash(wanted, head is not None))
        elif row is not None and named_row is not None and _key(named_row) != _key(row):
            found.append(_other_chain(row, named_row))
        row = row or (named_row and with_document(reader, named_row))
        chain = [] if row is None else rows_of(reader, row.season, row.payer_code)
        try:
            found += _chain(reader, chain)
        except UNREADABLE as error:
            found.append(_unreadable("statement", error))
        found += _seal_differences(sealed)
    recomputed, wording = False, []
    if row is not None and not row_differences(row):
        again, recomputed = _recomputed(store, row, chain)
        wording = [one for one in again if one.code == WORDING]
        found += [one for one in again if one.code != WORDING]
    return {
        "ok": not found,
        "issued": row is not None,
        "statement": None if row is None else _told(row),
        "statements": len(chain),
        "recomputed": recomputed,
        "programs": None if row is None else _programs(row),
        "differences": [one.as_dict() for one in found[:_SHOWN]],
        "more": max(0, len(found) - _SHOWN),
        "reworded": len(wording),
        "wording": [one.as_dict() for one in wording[:_SHOWN]],
        "revisions": sealed.as_dict(),
    }


def _sealed(connection: Connection, found: list[Difference]) -> Sealed:
    """Return the seals; where a row cannot even be read, say so and return none."""
    try:
        return check(connection)
    except UNREADABLE as error:
        found.append(_unreadable("revision", error))
        return Sealed(0, 0, "", frozenset(), ())


def _unreadable(where: str, error: Exception) -> Difference:
    return difference(
        "unreadable",
        where,
        "a record as the program writes it",
        f"{type(error).__name__}: {error}",
        "存储中有记录无法读取：其内容被改成了程序不会写入的值",
        "a record of the store cannot be read: it was altered to what the program never writes",
    )


def _key(row: Any) -> tuple[str, str]:
    return row.payer_code, row.season


def _programs(row: Any) -> dict[str, str]:
    """Return by which version of the program it was issued, and which one computes it again now."""
    try:
        issued = document_of(row)["program"]["version"]
    except HuodianError:
        issued = ""
    return {"issued": str(issued), "now": program()["version"]}


def _told(row: Any) -> dict[str, Any]:
    return {
        "payer": row.payer_code,
        "payer_name": row.payer_name,
        "season": row.season,
        "number": row.number,
        "status": row.status,
        "total": str(row.total),
        "sha256": row.sha256,
    }


# --- the file ------------------------------------------------------------------------------------------------


def _of_document(rows: Sequence[Any], document: Mapping[str, Any]) -> Any | None:
    """Return the stored statement a file claims to be, found by what it says, else by what it links to."""
    payer = document.get("payer")
    code = payer.get("code") if isinstance(payer, dict) else None
    wanted = (code, document.get("season"), document.get("number"))
    return next((row for row in rows if (row.payer_code, row.season, row.number) == wanted), None)


def _file_differences(
    data: bytes, document: Mapping[str, Any], row: Any | None, name: str
) -> list[Difference]:
    if row is None:
        return [
            difference(
                "file",
                name,
                "a statement of this store",
                digest(data),
                "存储中没有这份通知单（付款单位、考核季或编号对不上），或不在您的管辖范围内",
                "the store has no such statement (payer, season or number), or not within your scope",
            )
        ]
    if data == row.document.encode():
        return []
    try:
        stored = document_of(row)
    except HuodianError:
        return []  # told by the row's own check
    found = [
        difference(
            "file",
            f"{name}: {path}",
            expected,
            said,
            f"文件与所签发的第 {row.number} 号通知单不同：{path}",
            f"the file is not statement {row.number} as issued: {path}",
        )
        for path, expected, said in compare(stored, document)
    ]
    return found or [
        difference(
            "file",
            name,
            row.sha256,
            digest(data),
            "文件内容相同而字节不同：不是原件（被重新排版或另存）",
            "the file says the same in other bytes: it is not the original (formatted anew, or saved by a program)",
        )
    ]


def _unknown_hash(sha256: str, is_head: bool) -> Difference:
    zh = "存储中没有校验值为此的通知单，或不在您的管辖范围内"
    en = "the store holds no statement of this hash, or not within your scope"
    if is_head:
        zh += "：链尾被删除或改动"
        en += ": the end of the chain was removed or altered"
    return difference("head" if is_head else "sha", "sha256", sha256, None, zh, en)


def _other_chain(row: Any, other: Any) -> Difference:
    return difference(
        "head",
        "head",
        named(row),
        named(other),
        "所给链尾属于另一付款单位或考核季",
        "the head that was given belongs to another payer or season",
    )


# --- revisions -----------------------------------------------------------------------------------------------

_BROKEN = {
    "altered": ("改动", "altered"),
    "unsealed": ("加入而未封存", "added without a seal"),
    "missing": ("删除", "removed"),
}


def _seal_differences(sealed: Sealed) -> list[Difference]:
    """Name the revisions that are not as they were sealed."""
    return [
        difference(
            "seal",
            f"revision {one.rev}",
            one.expected,
            one.found,
            f"第 {one.rev} 号修订（操作人、命令、参数，或当时的裁定、核实、公示、异议、定案）被{_BROKEN[one.what][0]}",
            f"revision {one.rev} (actor, command, parameters, or a ruling, finding, notice, objection or final of "
            f"it) was {_BROKEN[one.what][1]}",
        )
        for one in sealed.broken
    ]


# --- rows and chain ------------------------------------------------------------------------------------------


def _chain(reader: Any, chain: Sequence[Any]) -> list[Difference]:
    found = [one for row in chain for one in row_differences(row)]
    found += chain_differences(chain)
    revisions = {
        row.id: row
        for row in reader.rows(
            sa.select(Revision.__table__).where(Revision.id.in_(sorted({row.rev for row in chain})))
        )
    }
    for row in chain:
        found += _revision_differences(row, revisions.get(row.rev))
    return found + event_differences(reader, chain)


def _revision_differences(row: Any, revision: Any | None) -> list[Difference]:
    """Compare a row with the revision that wrote it: it names payer, season, number, hash and key."""
    params = {} if revision is None or revision.command != COMMAND else revision.params
    said = {name: params.get(name) for name in ("payer", "season", "number", "sha256", "id")}
    said["issued_at"] = None if revision is None else iso_beijing(revision.at)
    stored = {
        "payer": row.payer_code,
        "season": row.season,
        "number": row.number,
        "sha256": row.sha256,
        "id": row.id,
        "issued_at": _issued_at(row) or said["issued_at"],
    }
    return [
        difference(
            "column",
            f"{named(row)}: {'rev' if not params else name}",
            said[name],
            stored[name],
            f"第 {row.number} 号通知单的 {name} 与写入它的第 {row.rev} 号修订所记不符",
            f"{name} of statement {row.number} is not what revision {row.rev}, which wrote it, recorded",
        )
        for name in stored
        if said[name] != stored[name]
    ]


def _issued_at(row: Any) -> str | None:
    """Return when a statement says it was issued; None where its document is damaged, which is told elsewhere."""
    try:
        return str(document_of(row)["issued_at"])
    except HuodianError:
        return None


# --- computed again ------------------------------------------------------------------------------------------


def _recomputed(store: Store, row: Any, chain: Sequence[Any]) -> tuple[list[Difference], bool]:
    document = document_of(row)
    try:
        with store.reader(row.as_of_rev) as reader:
            again = _as_then(rebuild(reader, document, chain), document)
    except HuodianError as error:
        return [_cannot_compute(row, error)], False
    except UNREADABLE as error:
        return [_unreadable(named(row), error)], False
    if canonical_bytes(again) == row.document.encode():
        return [], True
    return _computed_differences(row, document, again), True


def _is_sentence(path: str, issued: Any, now: Any) -> bool:
    """Whether only words differ: a sentence that is missing or empty on one side is a difference."""
    said = isinstance(issued, str) and isinstance(now, str) and bool(issued) and bool(now)
    return said and _SENTENCES.fullmatch(path) is not None


def _worded(row: Any, path: str, issued: Any, now: Any) -> Difference:
    return difference(
        WORDING,
        f"{named(row)}: {path}",
        issued,
        now,
        f"程序措辞变化：{path}；金额、事实与依据另行比对",
        f"worded otherwise by this program: {path}; amounts, facts and basis are compared apart from it",
    )


def _as_then(again: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account without hashes that were not stated yet when it was issued: of pixels, of points uncharged."""
    told = {line["fire_point_id"]: line["basis"].keys() for line in document["lines"]}
    lines = [
        {
            **line,
            "basis": {
                part: hashes
                for part, hashes in line["basis"].items()
                if part in told.get(line["fire_point_id"], line["basis"])
            },
        }
        for line in again["lines"]
    ]
    kept = {key: value for key, value in again.items() if key != "basis" or key in document}
    return {**kept, "lines": lines}


def _cannot_compute(row: Any, error: HuodianError) -> Difference:
    return difference(
        "computed",
        named(row),
        "an account",
        error.code,
        f"按当时所知无法重新计算：{error.zh}",
        f"it cannot be computed again from what was known then: {error.en}",
    )


def _computed_differences(
    row: Any, document: Mapping[str, Any], again: Mapping[str, Any]
) -> list[Difference]:
    """Name edited rows first, then what comes out differently."""
    found: list[Difference] = []
    lines = {line["fire_point_id"]: line for line in again["lines"]}
    for line in document["lines"]:
        other = lines.get(line["fire_point_id"])
        if other is not None:
            found += _basis_differences(row, line, other)
    for path, issued, now in compare(_without_basis(document), _without_basis(again)):
        if _is_sentence(path, issued, now):
            found.append(_worded(row, path, issued, now))
            continue
        found.append(
            difference(
                "computed",
                f"{named(row)}: {path}",
                issued,
                now,
                f"按当时所知重新计算，{path} 与所签发的不同：其依据的记录被改动",
                f"computed again from what was known then, {path} differs: a record behind it was altered",
            )
        )
    return found


def _basis_differences(row: Any, line: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    found = []
    for part, (zh, en) in _BASIS.items():
        issued, now = line["basis"].get(part, ()), other["basis"].get(part, ())
        for place in range(max(len(issued), len(now))):
            one = issued[place] if place < len(issued) else None
            two = now[place] if place < len(now) else None
            if one != two:
                found.append(
                    difference(
                        "basis",
                        f"{named(row)}: {line['fire_point_id']} {part}[{place}]",
                        one,
                        two,
                        f"火点 {line['fire_point_id']} 所依据的第 {place + 1} 条{zh}被改动、删除或增加",
                        f"{en} {place + 1} behind fire point {line['fire_point_id']} was altered, removed or added",
                    )
                )
    return found


def _without_basis(document: Mapping[str, Any]) -> dict[str, Any]:
    lines = [{key: value for key, value in line.items() if key != "basis"} for line in document["lines"]]
    return {**document, "lines": lines}
