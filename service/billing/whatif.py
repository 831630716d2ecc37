"""Whose charges would change, and by how much, if one thing were otherwise; nothing is written (DESIGN section 6).

A denial and a move change the facts before they are adjudicated. Other borders and another clustering are assessed in a
transaction that is taken back (`service.billing.trial`). A reader sees its own charges only, before and after: what a
change does to somebody else's bill is not told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from gis.errors import NotFoundError, RefusedInputError, UsageError
from gis.times import beijing_date
from service.accountability.facts import Fact, UnitAt
from service.accountability.words import LEVELS
from service.billing.books import books_for
from service.billing.causes import screened_words
from service.billing.charges import MATCH_WORDS, ChargeRun, charges_of, run_charges
from service.billing.explain import read_at
from service.billing.facts import SeasonFacts
from service.billing.payers import Payers
from service.billing.seasons import calendar_of
from service.billing.trial import by_boundaries, by_clustering, tried
from service.pipeline.assess import Plan
from service.pipeline.register_store import load_register
from service.reads import fire_points, resolve_id, unknown_fire_point
from service.scope import Scope
from service.store.engine import Reader, Store
from service.users import Permission, require

_NONE = Decimal("0.00")
ELSEWHERE = ("由他方承担，不在您的范围内", "for somebody else to pay, which is not yours to see")
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Change:
    """The one thing that is otherwise.

    Attributes
    ----------
    deny
        A fire point that is denied, the denial reviewed.
    move
        A fire point and the code of the unit it would lie in.
    rulebook
        The rulebook that would be in force instead.
    boundaries
        The loaded boundary set that would be in force on every day of the season.
    clustering
        The clustering record, or parameters, the season would be pinned to.
    """

    deny: str | None = None
    move: tuple[str, str] | None = None
    rulebook: str | None = None
    boundaries: str | None = None
    clustering: str | None = None

    def __post_init__(self) -> None:
        given = [
            one for one in (self.deny, self.move, self.rulebook, self.boundaries, self.clustering) if one
        ]
        if len(given) != 1:
            raise UsageError(
                "one_change",
                "一次只问一件事：--deny、--move、--rulebook、--boundaries、--clustering 选一",
                "ask one thing at a time: --deny, --move, --rulebook, --boundaries or --clustering",
            )

    @property
    def reassesses(self) -> bool:
        """Whether fire points themselves would be others."""
        return self.boundaries is not None or self.clustering is not None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-representable data."""
        kinds = ("deny", "move", "rulebook", "boundaries", "clustering")
        kind = next(name for name in kinds if getattr(self, name))
        value = getattr(self, kind)
        return {"kind": kind, "value": list(value) if isinstance(value, tuple) else value}


def whatif(
    store: Store,
    scope: Scope,
    season: str,
    change: Change,
    *,
    rulebook: str | None = None,
    at: dt.datetime | None = None,
    as_of: int | dt.datetime | None = None,
) -> dict[str, Any]:
    """Return what a change would do to the charges that the reader may see; the store is as before.

    Parameters
    ----------
    rulebook
        The rulebook to compare under; without it all that are loaded.
    at
        The instant at which deadlines are read; now when None, or that of `as_of`.
    as_of
        Ask it of the past; not where fire points are assessed anew.

    Returns
    -------
    dict
        ``season, change, rulebooks, status, informal, fire_points {before, after}, total {before, after, delta}``,
        ``payers [{code, name, before, after, delta}]`` and ``points [{fire_point_id, before, after, delta}]``, those
        alone that would change.

    Raises
    ------
    ForbiddenError
        ``may_not_see_money``.
    NotFoundError
        The fire point, unit, rulebook, set or record does not exist or is outside the scope.
    RefusedInputError
        ``no_rulebook`` and the like; ``not_charged``: the fire point is none that a rulebook is asked about.
    UsageError
        ``bad_season``; ``whatif_past``: fire points of the past are not assessed anew.
    """
    require(scope, Permission.MONEY)
    if change.reassesses and as_of is not None:
        raise UsageError(
            "whatif_past",
            "--boundaries 与 --clustering 须重新评估，只能以当前所知为准：请去掉 --as-of",
            "--boundaries and --clustering assess anew, which is done for what is known now: drop --as-of",
        )
    with store.reader(as_of) as reader:
        instant = read_at(reader, as_of, at) or dt.datetime.now(dt.UTC)
        run = run_charges(reader, season, rulebook=rulebook, at=instant)
        before = _side(run, scope, reader)
        if not change.reassesses:
            after = _side(_amended(reader, scope, run, change, rulebook, instant), scope, reader)
            return _compared(season, change, before, after)
        calendar = calendar_of(books_for(reader, rulebook), season)
        start, end = calendar.start, calendar.end

    def ask(there: Reader, _found: Plan) -> _Side:
        return _side(run_charges(there, season, rulebook=rulebook, at=instant), scope, there)

    return _compared(season, change, before, tried(store, _planning(change, start, end), ask))


def _planning(change: Change, start: dt.date, end: dt.date) -> Callable[[Reader], Plan]:
    if change.clustering is not None:
        return by_clustering(change.clustering, start, end)
    # A fire day may begin on the evening before its date.
    return by_boundaries(change.boundaries or "", start - _DAY, end + _DAY)


# --- changing facts ------------------------------------------------------------------------------------------------


def _amended(
    reader: Reader, scope: Scope, run: ChargeRun, change: Change, rulebook: str | None, at: dt.datetime
) -> ChargeRun:
    if change.rulebook is not None:
        return run_charges(reader, run.season, rulebook=change.rulebook, at=at)
    wanted = change.deny or (change.move or ("",))[0]
    fact = _fact(reader, scope, run.facts, wanted)
    facts = _denied(run.facts, fact) if change.move is None else _moved(reader, run, fact, change.move[1])
    return run_charges(reader, run.season, rulebook=rulebook, at=at, facts=facts)


def _fact(reader: Reader, scope: Scope, facts: SeasonFacts, wanted: str) -> Fact:
    """Return the fact that a fire point is, or the one that stands for it."""
    live = resolve_id(reader, wanted)
    if live is None or not fire_points(reader, scope, ids=[live]):
        raise unknown_fire_point(wanted)
    of = next((one.of for one in facts.links if one.id == live), live)
    for fact in facts.facts:
        if fact.fire_point_id == of and of in facts.season_ids:
            return fact
    raise _not_charged(facts, wanted, live)


def _not_charged(facts: SeasonFacts, wanted: str, live: str) -> RefusedInputError:
    """Return the refusal of a fire point that no rulebook is asked about, with what has to come first."""
    why = next((reason for reason, ids in facts.screened.items() if live in ids), "other_season")
    zh = f"不属于 {facts.season} 考核季，或其日期没有适用的规则：huodian explain {live} 列出它的考核季与规则"
    en = (
        f"is not of season {facts.season}, or no rulebook covers its day: `huodian explain {live}` names its season "
        "and rulebooks"
    )
    if any(one.id == live for one in facts.unclear):
        why, (zh, en) = "match_unclear", MATCH_WORDS
    elif why != "other_season":
        zh, en = screened_words(why)
        zh = f"不计（{zh}），不是计费事实：须先用 huodian rule 裁定"
        en = f"is left out ({en}) and no fact: a ruling (`huodian rule`) has to come first"
    return RefusedInputError(
        "not_charged", f"火点 {wanted} {zh}", f"fire point {wanted}: {en}", value=wanted, reason=why
    )


def _denied(facts: SeasonFacts, fact: Fact) -> SeasonFacts:
    denied = replace(
        fact,
        state="denied",
        finding="nothing_found",
        confirmed_at=None,
        published_at=None,
        denial_reviewed_by="province",
    )
    return _with(facts, denied)


def _moved(reader: Reader, run: ChargeRun, fact: Fact, code: str) -> SeasonFacts:
    """Return the facts with a fire point on the ground of another county or township, as a ruling would put it."""
    day = beijing_date(fact.overpass)
    books = [book for book in run.books if book.id == run.facts.book_of.get(fact.fire_point_id)] or run.books
    payers = Payers(load_register(reader), calendar_of(tuple(books), run.season).start)
    uid = payers.uid_of(code, day)
    if uid is None or payers.register[uid].level.value not in ("county", "township"):
        raise NotFoundError(
            "unknown_unit",
            f"单位登记册在 {day} 没有代码为 {code} 的县或乡镇",
            f"the unit register has no county or township with the code {code} on {day}",
            value=code,
        )
    line = payers.lineage(uid, day)
    units = {level.value: UnitAt(level.value, one, pays) for level, (_, one, pays) in line.units.items()}  # type: ignore[arg-type]
    moved = replace(
        fact,
        units=tuple(units[level] for level in LEVELS if level in units),
        doubts=tuple(one for one in fact.doubts if one == "zone"),
        candidates=(),
    )
    known = {
        unit.payer: payers.payer(owner)
        for unit in moved.units
        if (owner := payers.uid_of(unit.payer, payers.season_day)) is not None
    }
    return replace(_with(run.facts, moved), payers={**known, **run.facts.payers})


def _with(facts: SeasonFacts, changed: Fact) -> SeasonFacts:
    return replace(
        facts,
        facts=tuple(changed if one.fire_point_id == changed.fire_point_id else one for one in facts.facts),
    )


# --- comparing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Side:
    """What the reader may see of one run: amounts and words by fire point, names of payers, counts."""

    view: Mapping[str, Any]
    charges: Mapping[str, list[dict[str, Any]]]
    waits: Mapping[str, list[dict[str, Any]]]
    names: Mapping[str, str]
    pixels: int


def _side(run: ChargeRun, scope: Scope, reader: Reader) -> _Side:
    view = charges_of(run, scope, reader)
    charges: dict[str, list[dict[str, Any]]] = {}
    for one in view["charges"]:
        charges.setdefault(one["fire_point_id"], []).append(one)
    waits: dict[str, list[dict[str, Any]]] = {}
    for part in ("held", "left_out"):
        for one in view[part]:
            waits.setdefault(one["fire_point_id"], []).append(one)
    days = [row.fire_day for row in run.facts.states.values()]
    seen = (
        fire_points(reader, scope, start=min(days), end=max(days)) if days and not scope.everything else None
    )
    pixels = (
        sum(row.pixels for row in run.facts.states.values())
        if seen is None
        else sum(one.pixels for one in seen if one.fire_point_id in run.facts.states)
    )
    return _Side(view, charges, waits, {code: payer.name for code, payer in run.facts.payers.items()}, pixels)


def _veiled(before: _Side, after: _Side) -> _Side:
    """Return the after-side without what it would cost somebody else: an ordinal there would count its fires."""
    own = {one["code"] for one in before.view["payers"]}
    own |= {one["code"] for one in after.view["payers"] if one["whole"]}
    charges: dict[str, list[dict[str, Any]]] = {}
    waits = {name: list(found) for name, found in after.waits.items()}
    for name, found in after.charges.items():
        kept = [one for one in found if one["payer"] in own]
        if kept:
            charges[name] = kept
        if len(kept) < len(found):
            waits.setdefault(name, []).append({"reason": "elsewhere", "zh": ELSEWHERE[0], "en": ELSEWHERE[1]})
    return replace(after, charges=charges, waits=waits)


def _sum(side: _Side, payer: str | None = None) -> Decimal:
    return sum(
        (
            Decimal(one["amount"])
            for found in side.charges.values()
            for one in found
            if payer is None or one["payer"] == payer
        ),
        _NONE,
    )


def _compared(season: str, change: Change, before: _Side, after: _Side) -> dict[str, Any]:
    after = _veiled(before, after)
    points = [
        told
        for name in sorted({*before.charges, *after.charges, *before.waits, *after.waits})
        if (told := _point(name, before, after)) is not None
    ]
    payers = _payers(before, after)
    statuses = [before.view["status"], after.view["status"]]
    return {
        "season": season,
        "change": change.as_dict(),
        "rulebooks": {
            "before": [one["id"] for one in before.view["rulebooks"]],
            "after": [one["id"] for one in after.view["rulebooks"]],
        },
        "status": {"before": statuses[0], "after": statuses[1]},
        "informal": bool(before.view["informal"] or after.view["informal"]),
        "as_of": before.view["as_of"],
        "at": before.view["at"],
        "fire_points": {
            "before": before.view["counts"]["fire_points"],
            "after": after.view["counts"]["fire_points"],
        },
        "pixels": {"before": before.pixels, "after": after.pixels},
        "billed": {
            "before": sum(map(len, before.charges.values())),
            "after": sum(map(len, after.charges.values())),
        },
        "total": _amounts(_sum(before), _sum(after)),
        "payers": payers,
        "points": points,
    }


def _amounts(before: Decimal, after: Decimal) -> dict[str, str]:
    return {"before": str(before), "after": str(after), "delta": str(after - before)}


def _payers(before: _Side, after: _Side) -> list[dict[str, Any]]:
    """Return the payers whose visible sum changes; one that both sides see whole says so."""
    one = {row["code"]: row for row in before.view["payers"]}
    two = {row["code"]: row for row in after.view["payers"]}
    found = []
    for code in sorted({*one, *two}):
        was, now = _sum(before, code), _sum(after, code)
        if was != now:
            found.append(
                {
                    "code": code,
                    "name": after.names.get(code) or before.names.get(code) or code,
                    "whole": all(row[code]["whole"] for row in (one, two) if code in row),
                    **_amounts(was, now),
                }
            )
    return found


def _point(name: str, before: _Side, after: _Side) -> dict[str, Any] | None:
    was, now = before.charges.get(name, []), after.charges.get(name, [])
    waited, waits = _reasons(before, name), _reasons(after, name)
    sums = [sum((Decimal(one["amount"]) for one in side), _NONE) for side in (was, now)]
    payers = [[one["payer"] for one in side] for side in (was, now)]
    ordinals = [[one["ordinal"] for one in side] for side in (was, now)]
    if sums[0] == sums[1] and payers[0] == payers[1] and waited == waits:
        return None
    zh_before, en_before = _said(before, name)
    zh_after, en_after = _said(after, name)
    return {
        "fire_point_id": name,
        **_amounts(sums[0], sums[1]),
        "payer_before": payers[0][0] if payers[0] else None,
        "payer_after": payers[1][0] if payers[1] else None,
        "ordinal_before": ordinals[0][0] if ordinals[0] else None,
        "ordinal_after": ordinals[1][0] if ordinals[1] else None,
        "zh": f"{zh_before} → {zh_after}",
        "en": f"{en_before} → {en_after}",
    }


def _reasons(side: _Side, name: str) -> list[str]:
    return sorted(one["reason"] for one in side.waits.get(name, ()))


def _said(side: _Side, name: str) -> tuple[str, str]:
    """Return in words how a fire point stands on one side."""
    charges, waits = side.charges.get(name, []), side.waits.get(name, [])
    zh: list[str] = []
    en: list[str] = []
    for one in charges:
        ordinal = one["ordinal"]
        who = side.names.get(one["payer"], one["payer"])
        yuan = f"{Decimal(one['amount']):,}"
        zh.append(f"{who} 第 {ordinal} 个 {yuan} 元" if ordinal else f"{who} {yuan} 元")
        en.append(f"{who} no. {ordinal}: {yuan} yuan" if ordinal else f"{who}: {yuan} yuan")
    zh += [one["zh"] for one in waits]
    en += [one["en"] for one in waits]
    return "、".join(zh) or "不在计费之列", ", ".join(en) or "not among those charged"
