"""Drafting, issuing and closing statements.

A draft stores nothing. An issue is frozen under the next number of its payer and season, chained by hash to the one
before it, in one transaction; what was issued is never edited. Final is an event kept beside the statement.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gis.errors import ConflictError, ForbiddenError, NotFoundError, RefusedInputError, UsageError
from gis.times import beijing_date, iso_beijing
from service.billing import deadlines
from service.billing.audit_events import FINAL_COMMAND
from service.billing.chain import canonical_bytes, digest
from service.billing.charges import ChargeRun, run_charges
from service.billing.gather import gather
from service.billing.issued import (
    FINAL,
    Sight,
    document_of,
    find_row,
    is_formal,
    rows_of,
    states_of,
    with_document,
)
from service.billing.statement import Heading, build, own_points
from service.reports.words import STATUS_OF_DATA, zh
from service.scope import Scope
from service.store.engine import Reader, Store, Writer
from service.store.models import Statement, StatementEvent
from service.users import Permission, require
from service.wording import MOST_NAME, MOST_WORDS, require_shown

COMMAND = "statement.issue"
_PEOPLE = {
    "preparer": ("制表人", "the preparer"),
    "reviewer": ("复核人", "the reviewer"),
    "approver": ("批准人", "the approver"),
}
_ATTEMPTS = 4
"""How often an issue is computed again when another one went in between."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which statement is asked for.

    Attributes
    ----------
    payer
        Code of the payer; any code its unit ever had.
    rulebook
        Id of a rulebook; None means all that are loaded.
    at
        The instant at which deadlines are read; now when None.
    sample
        Says that it is known not to be official.
    people
        ``preparer``, ``reviewer``, ``approver``.
    map_approval
        Approval number (审图号) that the map prints; empty where none is set.
    """

    payer: str
    season: str
    rulebook: str | None = None
    at: dt.datetime | None = None
    sample: bool = False
    people: Mapping[str, str | None] = field(default_factory=dict)
    map_approval: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A document with its canonical bytes and their hash; `statement_id` only once it is issued."""

    document: dict[str, Any]
    data: bytes
    sha256: str
    statement_id: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-representable data."""
        return {"statement_id": self.statement_id, "sha256": self.sha256, "document": self.document}


def program() -> dict[str, str]:
    """Return name and version of the program, as a statement states them; run from its sources it says so."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return {"name": "huodian", "version": version("huodian")}
    except PackageNotFoundError:
        return {"name": "huodian", "version": "source"}


def draft(reader: Reader, scope: Scope, wanted: Wanted) -> Made:
    """Return the statement as it would be issued now, for comment (征求意见); nothing is stored.

    Raises
    ------
    ForbiddenError
        ``may_not_see_money``.
    NotFoundError
        ``unknown_payer``: nobody of this code pays or was charged in the season, or not within the scope.
    """
    require(scope, Permission.MONEY)
    run = _run(reader, wanted, whole_seconds(wanted.at or deadlines.now()))
    payer = named_payer(reader, scope, run, wanted)
    rows = rows_of(reader, run.season, payer["code"])
    return drawn_up(reader, run, payer, wanted, rows, issued_at=None)


def issue(
    store: Store,
    scope: Scope,
    wanted: Wanted,
    *,
    actor: str,
    also: Callable[[Writer, Made], None] | None = None,
) -> Made:
    """Issue a statement under the next number of its payer and season.

    It is computed from a read, and written when no other issue of the same account went in between; the document says
    which revision it knew.

    Parameters
    ----------
    also
        Writes what has to stand or fall with the issue, such as the answer to a request, in the same transaction.

    Raises
    ------
    ForbiddenError
        When the role may not issue, or the payer is the reader's own unit.
    NotFoundError
        ``unknown_payer``.
    RefusedInputError
        ``informal``: not everything is official and no sample was asked for.
    ConflictError
        ``nothing_changed`` since the last issue, or ``nothing_to_issue``.
    UsageError
        ``issue_in_the_past``, ``issue_in_the_future``, ``bad_text``.
    """
    require(scope, Permission.ISSUE)
    require_named(wanted.people)
    for _ in range(_ATTEMPTS):
        moment = deadlines.now()
        made = _compute(store, scope, wanted, moment)
        done = freeze(store, made, moment, actor, also)
        if done is not None:
            return done
    raise ConflictError(
        "issued_meanwhile",
        "计算期间该单位又签发了新的通知单：请重试",
        "other statements of this payer were issued meanwhile: try again",
    )


def _compute(store: Store, scope: Scope, wanted: Wanted, moment: dt.datetime) -> Made:
    with store.reader() as reader:
        at = issue_instant(reader, wanted.at, moment)
        run = _run(reader, wanted, at)
        payer = named_payer(reader, scope, run, wanted)
        require_other(scope, payer)
        if run.informal and not wanted.sample:
            raise informal_refusal(run)
        rows = rows_of(reader, run.season, payer["code"])
        made = drawn_up(reader, run, payer, wanted, rows, issued_at=moment)
        require_news(made.document, rows)
        return made


def require_named(people: Mapping[str, str | None]) -> None:
    """Refuse names that no paper can carry.

    Raises
    ------
    UsageError
        ``bad_text``.
    """
    for role, name in people.items():
        require_shown(name or "", MOST_NAME, *_PEOPLE[role], field=role)


def require_other(scope: Scope, payer: Mapping[str, Any]) -> None:
    """Refuse an issue to the issuer's own unit.

    Raises
    ------
    ForbiddenError
        ``own_statement``.
    """
    if scope.unit_uid is not None and payer["uid"] == scope.unit_uid:
        raise ForbiddenError(
            "own_statement",
            "不能向本单位签发扣款通知单：由上级签发",
            "nobody issues a statement to the own unit: the level above does",
            value=payer["code"],
        )


def freeze(
    store: Store,
    made: Made,
    moment: dt.datetime,
    actor: str,
    also: Callable[[Writer, Made], None] | None = None,
) -> Made | None:
    """Write the issue; None when another issue of the account went in since it was computed."""
    document, amounts = made.document, made.document["amounts"]
    payer, season, previous = document["payer"], document["season"], document["previous"]
    params: dict[str, Any] = {
        "payer": payer["code"],
        "season": season,
        "number": document["number"],
        "sha256": made.sha256,
    }
    with store.writer(actor, COMMAND, params, now=moment) as writer:
        rows = rows_of(writer, season, payer["code"])
        if (rows[-1].sha256 if rows else None) != (previous["sha256"] if previous else None):
            return None
        params["id"] = writer.allocate(
            Statement, 0
        )  # the key that `insert` takes next: the revision names it
        key = writer.insert(
            Statement,
            payer_code=payer["code"],
            payer_uid=payer["uid"],
            payer_name=payer["name"],
            season=season,
            number=document["number"],
            status=document["status"],
            as_of_rev=document["as_of"]["revision"],
            computed_at=dt.datetime.fromisoformat(document["computed_at"]),
            previous=Decimal(amounts["previous"]),
            total=Decimal(amounts["total"]),
            net=Decimal(amounts["net"]),
            document=made.data.decode(),
            sha256=made.sha256,
            previous_sha256=previous["sha256"] if previous else None,
        )
        done = Made(document, made.data, made.sha256, key)
        if also is not None:
            also(writer, done)
    return done


def finalise(
    store: Store,
    scope: Scope,
    payer: str,
    season: str,
    *,
    actor: str,
    number: int | None = None,
    note: str | None = None,
    also: Callable[[Writer, dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Declare an issued statement final: its objection deadline has passed and nothing about it is open.

    Raises
    ------
    ForbiddenError
        When the role may not issue.
    NotFoundError
        ``unknown_statement``.
    ConflictError
        ``already_final``, ``deadline_open``, ``objections_open`` or ``appeal_open``, naming what is open.
    """
    from service.billing.objections import undecided

    require(scope, Permission.ISSUE)
    if note is not None:
        note = require_shown(note, MOST_WORDS, "说明", "the note", field="note") or None
    moment = deadlines.now()
    params: dict[str, Any] = {"payer": payer, "season": season, "number": number}
    with store.writer(actor, FINAL_COMMAND, params, now=moment) as writer:
        row = find_row(writer, scope, payer, season, number)
        if states_of(writer, [row])[row.id]["state"] == FINAL:
            raise ConflictError(
                "already_final",
                f"第 {row.number} 号通知单已定案",
                f"statement {row.number} is final already",
                value=row.number,
            )
        until = document_of(row)["objection"]["until"]
        if until is not None and not deadlines.is_over(dt.date.fromisoformat(until), moment):
            raise ConflictError(
                "deadline_open",
                f"第 {row.number} 号通知单的异议期限到 {until} 为止，尚未届满：期满后再定案",
                f"statement {row.number} may be objected to until the end of {until}: make it final after that",
                value=until,
            )
        undecided(writer, row, moment)
        params |= {"payer": row.payer_code, "number": row.number, "sha256": row.sha256}
        writer.insert(StatementEvent, statement_id=row.id, kind=FINAL, at=moment, actor=actor, note=note)
        done = {
            "statement_id": row.id,
            "payer": row.payer_code,
            "season": row.season,
            "number": row.number,
            "sha256": row.sha256,
            "state": FINAL,
            "final_at": iso_beijing(moment),
        }
        if also is not None:
            also(writer, done)
        return done


def rebuild(reader: Reader, document: Mapping[str, Any], rows: Sequence[Any]) -> dict[str, Any]:
    """Return a stored statement's document computed anew, from a reader at the revision it was computed at.

    Parameters
    ----------
    document
        As issued: it says number, instants, people, program and what was selected.
    rows
        The statements of the payer and season, by number.
    """
    run = run_charges(
        reader,
        document["season"],
        rulebook=document["selection"]["rulebook"],
        at=dt.datetime.fromisoformat(document["computed_at"]),
    )
    wanted = Wanted(
        payer=document["payer"]["code"],
        season=document["season"],
        rulebook=document["selection"]["rulebook"],
        sample=document["status"] == "sample",
        people=document["people"],
        map_approval=document["map"].get("approval", ""),
    )
    earlier = [row for row in rows if row.number < document["number"]]
    issued_at = dt.datetime.fromisoformat(document["issued_at"])
    payer = _payer_now(run, document["payer"])
    return drawn_up(
        reader, run, payer, wanted, earlier, issued_at=issued_at, told_by=document["program"]
    ).document


def _payer_now(run: ChargeRun, told: Mapping[str, Any]) -> dict[str, Any]:
    found = run.facts.payers.get(told["code"])
    if found is None:
        return dict(told)
    return {"code": found.code, "name": found.name, "level": found.level, "uid": found.uid}


def drawn_up(
    reader: Reader,
    run: ChargeRun,
    payer: Mapping[str, Any],
    wanted: Wanted,
    rows: Sequence[Any],
    *,
    issued_at: dt.datetime | None,
    told_by: Mapping[str, str] | None = None,
) -> Made:
    """Return the document of a payer's account, a draft where no instant of issue is given.

    Parameters
    ----------
    rows
        The statements of the payer and season there are, by number.
    told_by
        Program of a document that is computed again; ours without it.
    """
    formal = not run.informal and not wanted.sample
    account = next((document_of(row) for row in reversed(rows) if is_formal(row) == formal), None)
    last = rows[-1] if rows else None
    heading = Heading(
        kind="draft" if issued_at is None else "issue",
        number=1 if last is None else last.number + 1,
        issued_at=issued_at,
        sample=wanted.sample,
        rulebook=wanted.rulebook,
        chain=None if last is None else {"number": last.number, "sha256": last.sha256},
        account=account,
        people=wanted.people,
        program=told_by or program(),
        map_approval=wanted.map_approval,
    )
    document = build(run, payer, heading, gather(reader, run, payer["code"], account))
    data = canonical_bytes(document)
    return Made(document, data, digest(data))


def _run(reader: Reader, wanted: Wanted, at: dt.datetime) -> ChargeRun:
    return run_charges(reader, wanted.season, rulebook=wanted.rulebook, at=at)


def named_payer(
    reader: Reader, scope: Scope, run: ChargeRun, wanted: Wanted, sight: Sight | None = None
) -> dict[str, Any]:
    """Return who pays, by any code of the unit; a payer outside the scope looks like none.

    Parameters
    ----------
    sight
        What the scope sees, where the caller asks for many payers.

    Raises
    ------
    NotFoundError
        ``unknown_payer``.
    """
    sight = sight or Sight(reader, scope)
    day = beijing_date(run.at)
    found = run.facts.payers.get(wanted.payer)
    if found is None:
        holders = {unit.uid for unit in sight.register.holders(wanted.payer)}
        found = next((one for one in run.facts.payers.values() if one.uid in holders), None)
    rows = rows_of(reader, run.season)
    code = found.code if found is not None else sight.code_of(wanted.payer, rows)
    before = next((row for row in rows if row.payer_code == code), None)
    owes = code in run.by_payer or before is not None
    if found is not None and (owes or own_points(run, code)) and sight.sees(found.uid, day):
        return {"code": found.code, "name": found.name, "level": found.level, "uid": found.uid}
    if found is None and before is not None and sight.sees(before.payer_uid, day):
        told = document_of(with_document(reader, before))["payer"]
        return dict(told)
    raise NotFoundError(
        "unknown_payer",
        f"{wanted.season} 没有付款单位 {wanted.payer} 的火点，也没有签发过通知单，或不在您的管辖范围内：请核对代码",
        f"no fire point of {wanted.season} is charged to {wanted.payer} and no statement was issued to it, or it is "
        "outside your scope: check the code",
        value=wanted.payer,
    )


def require_news(document: Mapping[str, Any], rows: Sequence[Any]) -> None:
    """Refuse an issue that would say nothing: no line and none before, or the same account as the last one."""
    formal = document["mark"] == ""
    last = next((row for row in reversed(rows) if is_formal(row) == formal), None)
    if last is None:
        if not document["lines"]:
            raise ConflictError(
                "nothing_to_issue",
                f"{document['payer']['code']} 在 {document['season']} 没有扣款，无需签发",
                f"{document['payer']['code']} owes nothing in {document['season']}: there is nothing to issue",
                value=document["payer"]["code"],
            )
        return
    if _account(document_of(last)) == _account(document):
        raise ConflictError(
            "nothing_changed",
            f"与第 {last.number} 号通知单相比没有变化，无需签发",
            f"nothing changed since statement {last.number}: there is nothing to issue",
            value=last.number,
        )


def _account(document: Mapping[str, Any]) -> Any:
    """Return what two issues of one account are compared by: who owes what for which fire, on what grounds."""
    lines = [
        {
            **{
                name: line[name]
                for name in ("fire_point_id", "amount", "ordinal", "clause", "finding", "zone")
            },
            "rulebook": line["trace"]["rulebook_hash"],
            "scope": line["trace"].get("scope_unit"),
        }
        for line in document["lines"]
    ]
    return document["amounts"]["total"], lines


def issue_instant(reader: Reader, at: dt.datetime | None, moment: dt.datetime) -> dt.datetime:
    """Return the instant at which an issue reads deadlines: now, or one between the newest record and now."""
    if at is None:
        return whole_seconds(moment)
    import sqlalchemy as sa

    from service.store.models import Revision

    newest = reader.connection.execute(sa.select(Revision.at).where(Revision.id == reader.rev)).scalar()
    if newest is not None and whole_seconds(at) < whole_seconds(newest):
        raise UsageError(
            "issue_in_the_past",
            f"--at {iso_beijing(at)} 早于最近一次记录（{iso_beijing(newest)}）：签发须以当前所知为准",
            f"--at {iso_beijing(at)} is before the newest record ({iso_beijing(newest)}): an issue rests on what is "
            "known now",
            value=iso_beijing(at),
        )
    if at > moment:
        raise UsageError(
            "issue_in_the_future",
            f"--at {iso_beijing(at)} 晚于现在：未到期的核实不能按逾期计",
            f"--at {iso_beijing(at)} is later than now: a verification that is not due yet is not overdue",
            value=iso_beijing(at),
        )
    return whole_seconds(at)


def whole_seconds(moment: dt.datetime) -> dt.datetime:
    """Return an instant in whole seconds, as documents write it: computed again from its text it is the same."""
    return moment.astimezone(dt.UTC).replace(microsecond=0)


def informal_refusal(run: ChargeRun) -> RefusedInputError:
    """Return the refusal of a formal issue of what is not official, naming rulebooks and layers."""
    books = "、".join(
        f"{book.id}（{zh(STATUS_OF_DATA, book.status)}）" for book in run.books if book.informal
    )
    weak = sorted(one for one in run.facts.statuses if one != "official")
    layers = "、".join(zh(STATUS_OF_DATA, one) for one in weak)
    what = "；".join(part for part in (books and f"规则 {books}", layers and f"图层 {layers}") if part)
    what_en = "; ".join(
        part
        for part in (
            books and f"rulebooks {', '.join(book.id for book in run.books if book.informal)}",
            weak and f"layers of status {', '.join(weak)}",
        )
        if part
    )
    return RefusedInputError(
        "informal",
        f"所用数据不全是正式的（{what}），不能正式签发：请载入正式文本与图层，或用 --sample 签发标明非正式的样例",
        f"not everything used is official ({what_en}), so it cannot be issued: load the official texts and layers, or "
        "say --sample for an issue marked 非正式",
        value=run.status,
    )
