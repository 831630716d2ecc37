"""Objections (异议): filed by the payer within the deadline, answered by the instance above, appealed once, withdrawn.

An answer changes no money by itself: where it upholds an objection, somebody rules or verifies, and the next issue
adjusts. Nothing is overwritten; what became of an objection is an event beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from gis.errors import ConflictError, ForbiddenError, NotFoundError, RefusedInputError, UsageError
from gis.times import beijing_date
from service.billing import deadlines
from service.billing.audit_events import ANSWER, APPEAL, FILE, WITHDRAW, said
from service.billing.cases import (
    ANSWERED,
    LAPSED,
    LATE,
    OPEN,
    OUTCOMES,
    STATES,
    UNANSWERED,
    WITHDRAWN,
    Case,
    Rule,
    appeal_until,
    authorities,
    cases_of,
    find_case,
    is_silent,
    list_cases,
    of_statement,
    rule_of,
    states_by_point,
    undecided,
)
from service.billing.issued import Sight, document_of, rows_of, unknown_statement
from service.scope import Scope
from service.store.engine import Reader, Store, Writer
from service.store.models import Objection, ObjectionEvent
from service.users import Permission, require
from service.wording import LEAST_WORDS, MOST_WORDS, require_shown

__all__ = [
    "answer",
    "appeal",
    "file",
    "list_cases",
    "of_statement",
    "states_by_point",
    "undecided",
    "withdraw",
]

MIN_WITHDRAWAL = 1
Also = Callable[[Writer, dict[str, Any]], None]


def file(
    store: Store,
    scope: Scope,
    *,
    payer: str,
    season: str,
    number: int | None,
    fire_point_id: str,
    grounds: str,
    actor: str,
    evidence_sha256: str | None = None,
    late: str | None = None,
    also: Also | None = None,
) -> dict[str, Any]:
    """Record an objection of the payer to one line of an issued statement.

    The term runs from the issue that brought the line or changed it: repeating an unchanged line opens no new one.

    Parameters
    ----------
    number
        The statement; the newest one when None.
    late
        Why it is admitted after the deadline; only somebody above the payer may say so.

    Raises
    ------
    ForbiddenError
        When the reader is not the payer (or, for a late one, not above it).
    NotFoundError
        ``unknown_statement``, ``unknown_line``.
    RefusedInputError
        ``no_objection_rule``.
    ConflictError
        ``deadline_passed``, ``not_late``, ``objection_open``, ``objection_decided``.
    """
    _require_words(grounds, "异议理由", "the grounds")
    if late is not None:
        _require_words(late, "逾期受理的理由", "the reason to admit a late one")
    moment = deadlines.now()
    params: dict[str, Any] = {
        "payer": payer,
        "season": season,
        "number": number,
        "fire_point_id": fire_point_id,
        "said": said(grounds),
        **({} if late is None else {"late": said(late)}),
    }
    with store.writer(actor, FILE, params, now=moment) as writer:
        sight = Sight(writer, scope)
        chain = _chain(writer, scope, sight, payer, season, fire_point_id)
        row = next((one for one in chain if one.number == number), None) if number is not None else chain[-1]
        if row is None:
            raise unknown_statement(payer, season, number)
        point, begun = _line(writer, chain, row, fire_point_id)
        rule = _rule(row, point)
        _require_filer(scope, sight, row, moment, late=late is not None)
        _require_room(writer, chain, begun, point)
        _require_in_time(begun, point, rule, moment, late)
        params |= {"sha256": row.sha256, "id": writer.allocate(Objection, 0)}
        key = _insert(writer, scope, row, point, 1, None, grounds, evidence_sha256, rule, moment, actor)
        if late is not None:
            _event(writer, scope, key, LATE, None, late, moment, actor, None)
        return _told(writer, key, also)


def answer(
    store: Store,
    scope: Scope,
    objection_id: int,
    *,
    outcome: str,
    reason: str,
    actor: str,
    evidence_sha256: str | None = None,
    also: Also | None = None,
) -> dict[str, Any]:
    """Record the answer of the instance to an open objection; money changes only by what is ruled or verified then.

    Raises
    ------
    UsageError
        ``bad_outcome``, ``words_missing``.
    ForbiddenError
        ``own_objection``: the payer and whoever is under it never answer; ``not_the_instance``.
    ConflictError
        ``objection_closed``.
    """
    if outcome not in OUTCOMES:
        raise UsageError(
            "bad_outcome",
            f"答复结果 {outcome!r} 须为 {'、'.join(OUTCOMES)} 之一（成立、驳回、部分成立）",
            f"the outcome {outcome!r} is not one of {', '.join(OUTCOMES)}",
            value=outcome,
        )
    _require_words(reason, "答复理由", "the reason of the answer")
    params: dict[str, Any] = {"outcome": outcome, "said": said(reason)}
    with _stepping(store, scope, objection_id, actor, ANSWER, params) as (writer, case, sight, moment):
        _require_instance(scope, sight, case, moment)
        _require_open(case)
        _event(writer, scope, objection_id, ANSWERED, outcome, reason, moment, actor, evidence_sha256)
        return _told(writer, objection_id, also)


def withdraw(
    store: Store,
    scope: Scope,
    objection_id: int,
    *,
    actor: str,
    reason: str = "撤回",
    also: Also | None = None,
) -> dict[str, Any]:
    """Withdraw an open objection; only whoever filed it may.

    Raises
    ------
    UsageError
        ``words_missing``, ``bad_text``.
    ForbiddenError
        ``not_the_filer``.
    ConflictError
        ``objection_closed``.
    """
    _require_words(reason, "撤回理由", "the reason to withdraw", MIN_WITHDRAWAL)
    params: dict[str, Any] = {"said": said(reason)}
    with _stepping(store, scope, objection_id, actor, WITHDRAW, params) as (writer, case, _, moment):
        same_unit = scope.unit_uid is not None and scope.unit_uid == case.row.unit_uid
        if actor != case.row.filed_by and not (same_unit and Permission.OBJECT in _granted(scope)):
            raise ForbiddenError(
                "not_the_filer",
                f"第 {objection_id} 号异议只能由提出人撤回",
                f"objection {objection_id} can be withdrawn by whoever filed it only",
                value=objection_id,
            )
        _require_open(case)
        _event(writer, scope, objection_id, WITHDRAWN, None, reason, moment, actor, None)
        return _told(writer, objection_id, also)


def appeal(
    store: Store,
    scope: Scope,
    objection_id: int,
    *,
    grounds: str,
    actor: str,
    evidence_sha256: str | None = None,
    also: Also | None = None,
) -> dict[str, Any]:
    """Take an objection to the next instance (复核), within the days of the rule from its answer.

    Where nobody has answered by the day it was due, the silence may be taken there, within as many days from that day.

    Raises
    ------
    ForbiddenError
        When the reader is not the payer.
    ConflictError
        ``not_answered``, ``upheld_already``, ``last_instance``, ``deadline_passed``, ``objection_open``.
    """
    _require_words(grounds, "异议理由", "the grounds")
    params: dict[str, Any] = {"said": said(grounds)}
    with _stepping(store, scope, objection_id, actor, APPEAL, params) as (writer, case, sight, moment):
        params["id"] = writer.allocate(Objection, 0)
        _require_filer(scope, sight, case.statement, moment, late=False)
        rule = _rule(case.statement, case.row.fire_point_id)
        _require_appealable(writer, case, rule, moment)
        row, instance = case.row, case.row.instance + 1
        key = _insert(
            writer,
            scope,
            case.statement,
            row.fire_point_id,
            instance,
            row.id,
            grounds,
            evidence_sha256,
            rule,
            moment,
            actor,
        )
        return _told(writer, key, also)


@contextmanager
def _stepping(
    store: Store, scope: Scope, objection_id: int, actor: str, command: str, params: dict[str, Any]
) -> Iterator[tuple[Writer, Case, Sight, dt.datetime]]:
    """Open the write that takes an objection a step further; what it did is told by `params` when it ends."""
    moment = deadlines.now()
    params["objection"] = objection_id
    with store.writer(actor, command, params, now=moment) as writer:
        case, sight = find_case(writer, scope, objection_id)
        params["sha256"] = case.statement.sha256
        yield writer, case, sight, moment


# --- who may -------------------------------------------------------------------------------------------------


def _granted(scope: Scope) -> frozenset[Permission]:
    from service.users import PERMISSIONS

    return PERMISSIONS.get(scope.role, frozenset())


def _is_under(scope: Scope, sight: Sight, payer_uid: str | None, day: dt.date) -> bool:
    """Whether the reader's unit is the payer or under it."""
    return (
        scope.unit_uid is not None and payer_uid is not None and sight.above(scope.unit_uid, payer_uid, day)
    )


def _require_filer(scope: Scope, sight: Sight, row: Any, moment: dt.datetime, *, late: bool) -> None:
    """Refuse whoever is not the payer; the operator at the machine and an administrator of the whole file for it."""
    own = _is_under(scope, sight, row.payer_uid, beijing_date(moment))
    if late:
        require(scope, Permission.RULE)
        if own:
            raise ForbiddenError(
                "own_late",
                "逾期异议是否受理由上级决定：不能自行受理",
                "whether a late objection is admitted is for the level above: the payer cannot admit its own",
                value=row.payer_code,
            )
        return
    require(scope, Permission.OBJECT)
    if not own and not scope.everything:
        raise ForbiddenError(
            "not_the_payer",
            f"异议由付款单位 {row.payer_code} 或其下属提出",
            f"an objection is filed by the payer {row.payer_code} or a unit under it",
            value=row.payer_code,
        )


def _require_instance(scope: Scope, sight: Sight, case: Case, moment: dt.datetime) -> None:
    day = beijing_date(moment)
    payer_uid = case.statement.payer_uid
    if _is_under(scope, sight, payer_uid, day) or _is_under(scope, sight, case.row.unit_uid, day):
        raise ForbiddenError(
            "own_objection",
            "提出异议的单位、付款单位及其下属不能答复该异议：由受理机关答复",
            "the unit that objects, the payer and units under them never answer: the instance above does",
            value=case.row.id,
        )
    require(scope, Permission.RULE)
    if scope.everything:
        return
    rule = _rule(case.statement, case.row.fire_point_id)
    answering = authorities(sight, payer_uid, rule, day)[case.row.instance - 1]
    if answering is None:
        if scope.role in ("admin", "province"):
            return
    elif scope.unit_uid == answering:
        return
    name = "" if answering is None else sight.register[answering].name(day)
    raise ForbiddenError(
        "not_the_instance",
        f"第 {case.row.id} 号异议（第 {case.row.instance} 级）由 {name or '省级'} 答复",
        f"objection {case.row.id} (instance {case.row.instance}) is answered by {name or 'the province'}",
        value=case.row.id,
    )


# --- what must hold ------------------------------------------------------------------------------------------


def _chain(
    reader: Reader, scope: Scope, sight: Sight, payer: str, season: str, fire_point_id: str
) -> Sequence[Any]:
    """Return the payer's statements; to a unit under the payer they are there for its own fire points only."""
    from service.reads import fire_points

    rows = rows_of(reader, season)
    code = sight.code_of(payer, rows)
    chain = rows_of(reader, season, code)
    if not chain:
        raise unknown_statement(payer, season, None)
    day = beijing_date(chain[-1].computed_at)
    uid = chain[-1].payer_uid
    if sight.sees(uid, day):
        return chain
    if _is_under(scope, sight, uid, day) and fire_points(reader, scope, ids=[fire_point_id]):
        return chain
    raise unknown_statement(payer, season, None)


def _line(reader: Reader, chain: Sequence[Any], row: Any, fire_point_id: str) -> tuple[str, Any]:
    """Return the fire point as the line names it, and the statement that brought the line or changed it last."""
    from service.pipeline import identity

    resolved = identity.aliases(reader)
    names = {fire_point_id, resolved.get(fire_point_id)}
    found: tuple[str, Any] | None = None
    for one in chain:
        if one.number > row.number:
            break
        for line in document_of(one)["lines"]:
            if line["fire_point_id"] not in names:
                continue
            if line["change"] is not None:
                found = (line["fire_point_id"], one)
    standing = {line["fire_point_id"] for line in document_of(row)["lines"]}
    if found is None or found[0] not in standing:
        raise NotFoundError(
            "unknown_line",
            f"第 {row.number} 号通知单没有火点 {fire_point_id} 的扣款：请核对编号",
            f"statement {row.number} has no line for fire point {fire_point_id}: check the number",
            value=fire_point_id,
        )
    return found


def _rule(row: Any, fire_point_id: str) -> Rule:
    rule = rule_of(document_of(row), fire_point_id)
    if rule is None:
        raise RefusedInputError(
            "no_objection_rule",
            f"第 {row.number} 号通知单所依据的规则没有规定异议：请向签发机关书面反映",
            f"the rulebook behind statement {row.number} says nothing of objections: write to whoever issued it",
            value=row.number,
        )
    return rule


def _require_room(reader: Reader, chain: Sequence[Any], begun: Any, point: str) -> None:
    """Refuse a second objection to a line: it waits, or was decided since the line last changed."""
    numbers = {row.id: row.number for row in chain}
    for case in cases_of(reader, chain):
        if case.row.fire_point_id != point or case.state in (WITHDRAWN, UNANSWERED):
            continue
        if case.state == OPEN:
            raise ConflictError(
                "objection_open",
                f"火点 {point} 的第 {case.row.id} 号异议尚未答复",
                f"objection {case.row.id} to fire point {point} is open",
                value=case.row.id,
            )
        if numbers[case.row.statement_id] >= begun.number:
            raise ConflictError(
                "objection_decided",
                f"火点 {point} 的第 {case.row.id} 号异议已答复：不服可用 objection appeal 申请复核",
                f"objection {case.row.id} to fire point {point} was answered: go against it with `objection appeal`",
                value=case.row.id,
            )


def _require_in_time(begun: Any, point: str, rule: Rule, moment: dt.datetime, late: str | None) -> None:
    """Hold the payer to the day printed on the line: a rule with other days that came since does not move it."""
    last = _printed_until(document_of(begun), point, rule)
    over = deadlines.is_over(last, moment)
    if over and late is None:
        raise ConflictError(
            "deadline_passed",
            f"异议期限已于 {last}（北京时间）届满，自第 {begun.number} 号通知单起算；逾期须由上级以 --late 说明理由",
            f"the term to object ended with {last} (Beijing), counted from statement {begun.number}; a late one is "
            "admitted by the level above with --late REASON",
            value=last.isoformat(),
        )
    if not over and late is not None:
        raise ConflictError(
            "not_late",
            f"异议期限到 {last} 为止，尚未届满：由付款单位提出，不用 --late",
            f"the term to object runs until the end of {last}: the payer files it, without --late",
            value=last.isoformat(),
        )


def _printed_until(document: Mapping[str, Any], point: str, rule: Rule) -> dt.date:
    printed = [line["objection_until"] for line in document["lines"] if line["fire_point_id"] == point]
    told = max((one for one in printed if one is not None), default=None)
    if told is not None:
        return dt.date.fromisoformat(told)
    return deadlines.until(dt.datetime.fromisoformat(document["issued_at"]), rule.days)


def _require_open(case: Case) -> None:
    if case.state == OPEN:
        return
    raise ConflictError(
        "objection_closed",
        f"第 {case.row.id} 号异议已结束（{STATES[case.state][0]}）",
        f"objection {case.row.id} is closed ({STATES[case.state][1]})",
        value=case.row.id,
    )


def _require_appealable(reader: Reader, case: Case, rule: Rule, moment: dt.datetime) -> None:
    row = case.row
    if case.state == WITHDRAWN:
        _no_appeal("not_answered", "已撤回", "was withdrawn", row.id)
    if case.state == OPEN and not is_silent(case, moment):
        due = row.answer_due
        _no_appeal(
            "not_answered",
            f"尚无答复（答复期限至 {due}，期满仍未答复即可申请复核）",
            f"has no answer yet (due by the end of {due}: after that its silence may be appealed)",
            row.id,
        )
    if case.state == "upheld":
        _no_appeal("upheld_already", "已成立", "was upheld", row.id)
    if row.instance >= len(rule.instances):
        _no_appeal("last_instance", "已在最后一级", "is at the last instance", row.id)
    if case.state == LAPSED:
        _no_appeal("deadline_passed", "已随定案终结", "ended with the final statement", row.id)
    if case.state == UNANSWERED or any(
        one.row.appeals_id == row.id and one.state != WITHDRAWN for one in cases_of(reader, [case.statement])
    ):
        _no_appeal("objection_open", "已申请复核", "was appealed already", row.id)
    last = appeal_until(case)
    if last is None or deadlines.is_over(last, moment):
        _no_appeal(
            "deadline_passed",
            f"的复核期限已于 {last} 届满",
            f"could be appealed until the end of {last}",
            row.id,
        )


def _no_appeal(code: str, zh: str, en: str, objection_id: int) -> NoReturn:
    raise ConflictError(
        code,
        f"第 {objection_id} 号异议{zh}，不能申请复核",
        f"objection {objection_id} {en}: no appeal lies",
        value=objection_id,
    )


def _require_words(text: str, zh: str, en: str, least: int = LEAST_WORDS) -> None:
    if len(text.strip()) < least:
        raise UsageError(
            "words_missing",
            f"{zh}须写明（至少 {least} 个字）",
            f"{en} needs at least {least} characters",
            value=text,
        )
    require_shown(text, MOST_WORDS, zh, en)


# --- writing -------------------------------------------------------------------------------------------------


def _insert(
    writer: Writer,
    scope: Scope,
    statement: Any,
    point: str,
    instance: int,
    appeals_id: int | None,
    grounds: str,
    evidence_sha256: str | None,
    rule: Rule,
    moment: dt.datetime,
    actor: str,
) -> int:
    filed_for = scope.unit_uid
    if filed_for is None or not _is_under(
        scope, Sight(writer, scope), statement.payer_uid, beijing_date(moment)
    ):
        filed_for = statement.payer_uid
    return writer.insert(
        Objection,
        statement_id=statement.id,
        fire_point_id=point,
        instance=instance,
        appeals_id=appeals_id,
        grounds=grounds.strip(),
        filed_at=moment,
        filed_by=actor,
        unit_uid=filed_for,
        evidence_sha256=evidence_sha256,
        answer_due=deadlines.until(moment, rule.instances[instance - 1][1]),
    )


def _event(
    writer: Writer,
    scope: Scope,
    objection_id: int,
    kind: str,
    outcome: str | None,
    reason: str,
    moment: dt.datetime,
    actor: str,
    evidence_sha256: str | None,
) -> None:
    writer.insert(
        ObjectionEvent,
        objection_id=objection_id,
        kind=kind,
        outcome=outcome,
        reason=reason.strip(),
        at=moment,
        actor=actor,
        unit_uid=scope.unit_uid,
        evidence_sha256=evidence_sha256,
    )


def _told(writer: Writer, objection_id: int, also: Also | None) -> dict[str, Any]:
    case = next(one for one in cases_of(writer, rows_of(writer)) if one.row.id == objection_id)
    told = {**case.as_dict(), **_next_step(case), "revision": writer.revision}
    if also is not None:
        also(writer, told)
    return told


def _next_step(case: Case) -> dict[str, str | None]:
    """Say what has to be done now: an answer moves no money."""
    point = case.row.fire_point_id
    if case.state in ("upheld", "partly"):
        return {
            "next_zh": f"答复不直接改变金额：请据此裁定（huodian rule {point} …）"
            f"或补录核实（huodian verify {point} …），下一期通知单随之调整",
            "next_en": f"the answer changes no money by itself: rule (huodian rule {point} ...) or verify (huodian "
            f"verify {point} ...), and the next issue adjusts",
        }
    return {"next_zh": None, "next_en": None}
