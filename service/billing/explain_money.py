"""What one fire point costs under each rulebook, or why it costs nothing, or what its money waits for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from gis.errors import HuodianError
from gis.times import beijing_date, iso_beijing
from grids.units import Purpose
from service.accountability.facts import told
from service.billing.explain_words import yuan
from service.reports.words import SCREEN_WORDS, en, zh
from service.store.engine import Reader
from service.store.models import FirePoint, Revision
from service.units import code_on

if TYPE_CHECKING:
    from service.accountability.findings import Charge
    from service.accountability.rulebook import Rulebook
    from service.billing.charges import ChargeRun
    from service.reads import FirePointView

LEVEL_WORDS = {
    "province": ("全省", "the province"),
    "city": ("全市（州）", "the city"),
    "county": ("全县", "the county"),
    "township": ("全乡镇", "the township"),
    "village": ("全村", "the village"),
}
OF_PAYER = ("付款单位全部范围", "all that the payer pays for")
PERIOD_WORDS = {
    "year": ("{period} 年内", "in {period}"),
    "never": ("历年累计", "of all years"),
}
BASIS_WORDS = {
    "overpass": ("卫星过境时间", "time of the overpass"),
    "confirmation": ("核实时间", "time of confirmation"),
    "publication": ("公示时间", "time of the public notice"),
}


def verdicts(
    reader: Reader,
    fire_point_id: str,
    day: dt.date,
    *,
    season: str | None = None,
    rulebook: str | None = None,
    at: dt.datetime,
    run: Callable[..., ChargeRun] | None = None,
) -> list[dict[str, Any]]:
    """Return what every rulebook in force on the day of the overpass says of a live fire point.

    Parameters
    ----------
    day
        Beijing date of the overpass.
    season, rulebook
        Only this season, only this rulebook.
    at
        The instant at which deadlines are read.
    run
        `run_charges`, or what keeps its answers.

    Raises
    ------
    NotFoundError
        When a rulebook is named that there is not.
    """
    from service.billing.books import books_for
    from service.billing.charges import run_charges
    from service.billing.facts import OUTSIDE_JURISDICTION

    try:
        books = books_for(reader, rulebook)
    except HuodianError as error:
        if rulebook is not None or error.code != "no_rulebook":
            raise
        return [_none(day)]
    found: list[dict[str, Any]] = []
    for book in sorted(books, key=lambda one: one.id):
        label = book.season(day)
        if not book.validity.holds(day):
            continue
        if season is not None and label != season:
            found.append(
                _unbilled(
                    "other_season",
                    f"该火点属于 {label} 考核季，不属于 {season}",
                    f"the fire point belongs to season {label}, not to {season}",
                    book,
                    label,
                )
            )
            continue
        try:
            season_run = _season_run(run or run_charges, reader, label, book, at, alone=rulebook is not None)
        except HuodianError as error:
            if rulebook is not None or error.code != "other_jurisdiction":
                zh, en = f"不能计算金额：{error.zh}", f"no amount can be given: {error.en}"
                found.append(_unbilled("refused", zh, en, book, label))
            continue
        if rulebook is None and fire_point_id in season_run.facts.screened.get(OUTSIDE_JURISDICTION, ()):
            continue
        if season_run.facts.book_of.get(fire_point_id, book.id) != book.id:
            continue
        found.append(_verdict(reader, season_run, book, fire_point_id))
    return found or [_none(day)]


def _season_run(
    ask: Callable[..., ChargeRun],
    reader: Reader,
    label: str,
    book: Rulebook,
    at: dt.datetime,
    *,
    alone: bool,
) -> ChargeRun:
    """Return the season's charges under a rulebook; one that was replaced mid-season answers with those beside it.

    Raises
    ------
    HuodianError
        As `run_charges` of the rulebook alone.
    """
    try:
        return ask(reader, label, rulebook=book.id, at=at)
    except HuodianError as error:
        if alone or error.code != "no_rulebook":
            raise
        try:
            return ask(reader, label, rulebook=None, at=at)
        except HuodianError:
            raise error from None


def _none(day: dt.date) -> dict[str, Any]:
    return _unbilled(
        "no_rulebook",
        f"没有规则在 {day} 生效：不计算金额",
        f"no rulebook is in force on {day}: no amount is computed",
    )


def _unbilled(
    state: str, zh: str, en: str, book: Rulebook | None = None, label: str | None = None
) -> dict[str, Any]:
    """Return the verdict of a rulebook, or of none, that gives no amount."""
    return {
        "rulebook": None if book is None else book_of(book),
        "season": label,
        "state": state,
        "zh": zh,
        "en": en,
    }


def book_of(book: Rulebook) -> dict[str, Any]:
    """Return what a document says of the rulebook it used."""
    return {
        "id": book.id,
        "title": book.title,
        "number": book.number,
        "jurisdiction": book.jurisdiction.name,
        "status": book.status,
        "confidence": book.confidence,
        "informal": book.informal,
        "hash": book.content_hash,
    }


def _verdict(reader: Reader, run: ChargeRun, book: Rulebook, fire_point_id: str) -> dict[str, Any]:
    facts = run.facts
    fact = next((one for one in facts.facts if one.fire_point_id == fire_point_id), None)
    charge = next(
        (
            one
            for one in run.charges
            if one.fire_point_id == fire_point_id and one.line.terms.head["rulebook"] == book.id
        ),
        None,
    )
    held = [one for one in run.held if one.fire_point_id == fire_point_id]
    left = next((one for one in run.left_out if one.fire_point_id == fire_point_id), None)
    screened = next((reason for reason, ids in facts.screened.items() if fire_point_id in ids), None)
    of = next((one.of for one in facts.links if one.id == fire_point_id), None)
    told_fact = None if fact is None else _fact(fact)
    found: dict[str, Any] = {
        "rulebook": book_of(book),
        "season": run.season,
        "informal": bool(run.informal),
        "state": _state(charge, held, left, screened, of),
        "charge": None if charge is None else _charge(run, book, charge),
        "held": [
            {
                "reason": one.reason,
                "zh": one.zh,
                "en": one.en,
                "at_stake": None if one.at_stake is None else str(one.at_stake),
                "among": one.among,
            }
            for one in held
        ],
        "left_out": None if left is None else {"reason": left.reason, "zh": left.zh, "en": left.en},
        "screened": screened,
        "linked_to": of,
        "linked_from": sorted(one.id for one in facts.links if one.of == fire_point_id),
        "match_unclear": next((list(one.candidates) for one in facts.unclear if one.id == fire_point_id), []),
        "fact": told_fact,
        "verification_due": due_of(reader, book, fire_point_id),
    }
    found["zh"], found["en"] = _said(found)
    return found


def _state(charge: Any, held: list[Any], left: Any, screened: str | None, of: str | None) -> str:
    if charge is not None:
        from service.billing.charges import (
            DENIAL_UNREVIEWED,
        )  # late: what explains a place needs no adjudication

        return "charged_in_part" if any(one.reason != DENIAL_UNREVIEWED for one in held) else "charged"
    if held:
        return "held"
    if left is not None:
        return "left_out"
    if screened is not None:
        return "screened"
    return "linked" if of is not None else "not_told"


def _fact(fact: Any) -> dict[str, Any]:
    return {
        **told(fact),
        "doubts": sorted(fact.doubts),
        "exemptions": sorted(fact.exemptions),
        "denial_reviewed_by": fact.denial_reviewed_by,
    }


def _charge(run: ChargeRun, book: Rulebook, charge: Charge) -> dict[str, Any]:
    payer = run.facts.payers.get(charge.payer)
    special = {one.code: one.name for one in (book.payer.special if book.payer else ())}
    return {
        "payer": charge.payer,
        "payer_name": payer.name if payer is not None else special.get(charge.payer, charge.payer),
        "collector": charge.collector,
        "clause": charge.clause,
        "amount": str(charge.amount),
        "ordinal": charge.basis.get("ordinal"),
        "basis": charge.basis.get("basis"),
        "scope": charge.basis.get("scope"),
        "period": charge.basis.get("period"),
        "reset": charge.basis.get("reset"),
        "scope_is_payer": _of_payer(charge),
        "trace": charge.trace,
    }


def _of_payer(charge: Charge) -> bool:
    """Whether it is ordered among all that its payer pays, which is more than the unit around it."""
    scope = charge.basis.get("scope")
    unit = None if scope is None else charge.fact.unit(scope)
    around = None if unit is None else unit.code
    return charge.basis.get("scope_unit") == charge.payer != around


def due_of(reader: Reader, book: Rulebook, fire_point_id: str) -> str | None:
    """Return until when the verification is due in Beijing time: so many hours after the point was first assessed."""
    hours = book.counts.verification.deadline_hours
    if hours is None:
        return None
    issued = reader.connection.execute(
        sa.select(Revision.at)
        .join(FirePoint, FirePoint.rev == Revision.id)
        .where(FirePoint.fire_point_id == fire_point_id)
    ).scalar_one()
    return iso_beijing(issued + dt.timedelta(hours=hours))


def earliest_due(reader: Reader, fire_point_id: str, view: FirePointView) -> str | None:
    """Return the earliest deadline of verification that a rulebook in force there sets, in Beijing time."""
    from service.billing.books import stored_books
    from service.pipeline.register_store import load_register

    register = load_register(reader).register
    unit = None if view.county_code is None else register.find(view.county_code, view.fire_day)
    if unit is None:
        return None
    above = register.chain(unit.uid, Purpose.LEGAL, view.fire_day)
    codes = {code_on(register[uid], view.fire_day) for uid in above}
    day = beijing_date(view.first_at)
    return min(
        (
            due
            for book in stored_books(reader)
            if book.validity.holds(day)
            and book.jurisdiction.code in codes
            and (due := due_of(reader, book, fire_point_id)) is not None
        ),
        default=None,
    )


def _said(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return the one sentence of a verdict."""
    state = found["state"]
    if state in ("charged", "charged_in_part"):
        return _said_charged(found)
    if state == "held":
        reasons = found["held"]
        return (
            f"暂不扣款，待处理：{'、'.join(one['zh'] for one in reasons)}",
            f"not charged yet; it waits: {', '.join(one['en'] for one in reasons)}",
        )
    if state == "left_out":
        one = found["left_out"]
        return f"不计：{one['zh']}", f"does not count: {one['en']}"
    if state == "screened":
        code = found["screened"]
        return (
            f"不计：筛除（{zh(SCREEN_WORDS, code)}）",
            f"does not count: screened out ({en(SCREEN_WORDS, code)})",
        )
    if state == "linked":
        of = found["linked_to"]
        return (
            f"与火点 {of} 为同一处火，由该火点计费，不重复计",
            f"the same fire as {of}, which carries the charge; it is not charged twice",
        )
    return "不在本考核季的计费事实中", "not among the facts of this season"


def _said_charged(found: Mapping[str, Any]) -> tuple[str, str]:
    one = found["charge"]
    waits_zh = waits_en = ""
    if found["held"]:
        waits_zh = f"；另有待定：{'、'.join(h['zh'] for h in found['held'])}"
        waits_en = f"; part of it waits: {', '.join(h['en'] for h in found['held'])}"
    who = f"{one['payer_name']}（{one['payer']}）"
    if one["ordinal"] is None:
        return (
            f"计入：“{one['clause']}”，扣 {yuan(one['amount'])} 元，由{who}承担{waits_zh}",
            f"counts: clause “{one['clause']}”, {yuan(one['amount'])} yuan, paid by {one['payer_name']} "
            f"({one['payer']}){waits_en}",
        )
    level = OF_PAYER if one["scope_is_payer"] else LEVEL_WORDS.get(one["scope"], (one["scope"], one["scope"]))
    basis = BASIS_WORDS.get(one["basis"], (one["basis"], one["basis"]))
    zh, en = PERIOD_WORDS.get(one["reset"], ("{period} 内", "in {period}"))
    when_zh, when_en = zh.format(period=one["period"]), en.format(period=one["period"])
    return (
        f"计入：“{one['clause']}”，按{basis[0]}在{level[0]} {when_zh}第 {one['ordinal']} 个，"
        f"扣 {yuan(one['amount'])} 元，由{who}承担{waits_zh}",
        f"counts: clause “{one['clause']}”, number {one['ordinal']} in {level[1]} {when_en} by "
        f"{basis[1]}, {yuan(one['amount'])} yuan, paid by {one['payer_name']} ({one['payer']}){waits_en}",
    )
