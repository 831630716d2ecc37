"""What one reader may see of the charges of a season (DESIGN section 3, "Reader's scope").

A payer sees what it pays; a unit that does not pay itself, such as a district of a city that pays, sees the lines of
its own fires. Nothing else is shown or counted: no total, escalation or reward of another unit.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from gis.errors import NotFoundError
from gis.times import beijing_date, iso_beijing, iso_utc
from grids.units import Purpose
from service.accountability.findings import Charge, Held, LeftOut, Raised
from service.billing.books import head_of
from service.billing.charges import ChargeRun
from service.billing.payers import Payer
from service.pipeline.register_store import load_register
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FirePointState

_WAN = Decimal(10_000)
_NONE = Decimal("0.00")


def view_of(run: ChargeRun, scope: Scope, reader: Reader, payer: str | None = None) -> dict[str, Any]:
    """Return the charges of a season within a scope, as plain data; every amount is a text in yuan.

    Equal facts give equal data whatever the order in which they came in; ``as_of`` alone says which revision was read.

    Parameters
    ----------
    payer
        Only what this payer pays, or would.

    Raises
    ------
    NotFoundError
        ``unknown_payer``: nothing of it is to be seen; one outside the scope looks the same.
    """
    eyes = _Eyes(run, scope, reader)
    of_point = _payer_of_points(run)
    charges = [one for one in run.charges if eyes.line(one) and payer in (None, one.payer)]
    if payer is not None:
        eyes.points &= {name for name, code in of_point.items() if code == payer}
        if not charges and not eyes.points:
            raise _unknown_payer(run, payer)
    held = [one for one in run.held if one.fire_point_id in eyes.points]
    left = [one for one in run.left_out if one.fire_point_id in eyes.points]
    screened = {reason: sum(one in eyes.points for one in ids) for reason, ids in run.facts.screened.items()}
    total = sum((one.amount for one in charges), _NONE)
    return {
        "season": run.season,
        "at": iso_utc(run.at),
        "as_of": {"revision": run.as_of_rev, "recorded_at": iso_utc(run.recorded_at)},
        "status": run.status,
        "mark": "非正式" if run.informal else "",
        "informal": run.informal,
        "rulebooks": [head_of(book) for book in run.books],
        "counts": {
            "fire_points": sum(one in eyes.points for one in run.facts.states),
            "facts": sum(one in eyes.points for one in run.facts.season_ids),
            "billed": len(charges),
            "held": len({one.fire_point_id for one in held} - {one.fire_point_id for one in charges}),
            "left_out": len(left),
            "linked": sum(one.id in eyes.points for one in run.facts.links),
            "screened": {reason: count for reason, count in screened.items() if count},
        },
        "total": str(total),
        "total_wan": wan(total),
        "payers": _payers(run, eyes, of_point, charges, held, left),
        "charges": [_charge(run, one) for one in charges],
        "held": [_held(one) for one in held],
        "left_out": [
            {"fire_point_id": one.fire_point_id, "reason": one.reason, "zh": one.zh, "en": one.en}
            for one in left
        ],
        "links": [
            {"id": one.id, "of": one.of, "version": one.version}
            for one in run.facts.links
            if {one.id, one.of} <= eyes.points
        ],
        "unclear": [
            {"id": one.id, "candidates": [name for name in one.candidates if name in eyes.points]}
            for one in run.facts.unclear
            if one.id in eyes.points
        ],
        "escalations": [_raised(one) for one in _escalations(run) if eyes.raised(one)],
        "rewards": [
            {
                **{
                    name: getattr(one, name) for name in ("id", "clause", "level", "unit", "season", "reason")
                },
                "amount": None if one.amount is None else str(one.amount),
                "zh": one.zh,
                "en": one.en,
            }
            for found in run.findings
            for one in found.rewards
            if one.season == run.season and eyes.unit(one.unit)
        ],
        "scores": [
            {
                **{
                    name: getattr(one, name)
                    for name in ("id", "clause", "level", "unit", "season", "count", "reason", "zh", "en")
                },
                "points": None if one.points is None else str(one.points),
                "items": dict(one.items),
            }
            for found in run.findings
            for one in found.scores
            if one.season == run.season and eyes.unit(one.unit)
        ],
        "deposits": [
            {
                "payer": one.payer,
                **{name: str(getattr(one, name)) for name in ("paid", "used", "balance", "beyond")},
            }
            for found in run.findings
            for one in found.deposits
            if one.season == run.season and eyes.unit(one.payer)
        ],
    }


def wan(amount: Decimal) -> str:
    """Return an amount of yuan in 万元, exact and without trailing zeros."""
    text = format(amount / _WAN, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class _Eyes:
    """What a reader may see: fire points of its ground, and payers that are it or lie under it."""

    def __init__(self, run: ChargeRun, scope: Scope, reader: Reader) -> None:
        self._scope = scope
        self.points = _visible(run, scope, reader)
        self._run = run
        self._register = load_register(reader).register
        burnt = [row.fire_day for row in run.facts.states.values()] or [beijing_date(run.at)]
        self._days = (min(burnt), max(burnt))

    def line(self, charge: Charge) -> bool:
        """Whether the reader may see a charge: a fire of its ground, or of a payer that was its own on that day."""
        if self._scope.everything or charge.fire_point_id in self.points:
            return True
        payer = self._run.facts.payers.get(charge.payer)
        day = beijing_date(charge.fact.overpass)
        return payer is not None and payer.uid is not None and self._under(payer.uid, day)

    def owns(self, payer: Payer | None) -> bool:
        """Whether a payer is the reader's unit or lay under it in the assessment tree all season long."""
        if self._scope.everything:
            return True
        return payer is not None and payer.uid is not None and self._always_under(payer.uid)

    def unit(self, code: str) -> bool:
        """Whether the unit that pays under a code is the reader's or lies under it."""
        if self._scope.everything:
            return True
        found = self._register.find(code, self._days[-1])
        return found is not None and self._always_under(found.uid)

    def raised(self, one: Raised) -> bool:
        """Whether the reader may know of an escalation: all its fire points are its own to see."""
        return self._scope.everything or (
            bool(one.fire_point_ids) and self.points.issuperset(one.fire_point_ids)
        )

    def _always_under(self, uid: str) -> bool:
        return all(self._under(uid, day) for day in self._days)

    def _under(self, uid: str, day: dt.date) -> bool:
        return self._scope.unit_uid in self._register.chain(uid, Purpose.ASSESSMENT, day)


def _visible(run: ChargeRun, scope: Scope, reader: Reader) -> frozenset[str]:
    """Return the ids of the season's fire points within the scope: the store decides, by the dated members."""
    if scope.everything:
        return frozenset(run.facts.states)
    days = [row.fire_day for row in run.facts.states.values()]
    if not days:
        return frozenset()
    table = FirePointState.__table__
    rows = reader.rows(
        sa.select(table.c.fire_point_id).where(
            reader.live(FirePointState),
            scope.condition(FirePointState),
            table.c.fire_day.between(min(days), max(days)),
        )
    )
    return frozenset(row.fire_point_id for row in rows) & run.facts.states.keys()


def _payers(
    run: ChargeRun,
    eyes: _Eyes,
    of_point: Mapping[str, str],
    charges: Iterable[Charge],
    held: Iterable[Held],
    left: Iterable[LeftOut],
) -> list[dict[str, Any]]:
    """Return per payer how many fire points are facts, billed, held and left out, and what is charged."""
    amounts: dict[str, Decimal] = {}
    billed: Counter[str] = Counter()
    for one in charges:
        amounts[one.payer] = amounts.get(one.payer, _NONE) + one.amount
        billed[one.payer] += 1
    charged = {one.fire_point_id for one in charges}
    waiting = Counter(of_point.get(name, "") for name in {one.fire_point_id for one in held} - charged)
    passed = Counter(of_point.get(one.fire_point_id, "") for one in left)
    codes = sorted({*amounts, *waiting, *passed})
    return [
        {
            "code": code,
            "name": _name(run, code),
            "listed": billed[code] + waiting[code] + passed[code],
            "billed": billed[code],
            "held": waiting[code],
            "left_out": passed[code],
            "amount": str(amounts.get(code, _NONE)),
            "amount_wan": wan(amounts.get(code, _NONE)),
            "whole": eyes.owns(run.facts.payers.get(code)),
        }
        for code in codes
    ]


def _payer_of_points(run: ChargeRun) -> dict[str, str]:
    """Return the code that pays, or would, for each fact of the season; empty where nobody is known."""
    levels = {book.id: book.payer.level for book in run.books if book.payer is not None}
    found: dict[str, str] = {}
    for fact in run.facts.facts:
        if fact.fire_point_id in run.facts.season_ids:
            unit = fact.unit(levels.get(run.facts.book_of.get(fact.fire_point_id, ""), ""))
            found[fact.fire_point_id] = unit.payer if unit else ""
    found.update({one.fire_point_id: one.payer for one in run.charges})
    return found


def _unknown_payer(run: ChargeRun, code: str) -> NotFoundError:
    return NotFoundError(
        "unknown_payer",
        f"{run.season} 没有代码为 {code} 的付款方，或不在您的范围内：请核对代码",
        f"{run.season} has no payer {code} within your scope: check the code",
        value=code,
    )


def _name(run: ChargeRun, code: str) -> str:
    payer = run.facts.payers.get(code)
    return payer.name if payer else ""


def _charge(run: ChargeRun, one: Charge) -> dict[str, Any]:
    row = run.facts.states.get(one.fire_point_id)
    return {
        "fire_point_id": one.fire_point_id,
        "payer": one.payer,
        "payer_name": _name(run, one.payer),
        "collector": one.collector,
        "overpass": iso_beijing(one.fact.overpass),
        "county_code": None if row is None else row.county_code,
        "county": None if row is None else row.county,
        "clause": one.clause,
        "ordinal": one.basis.get("ordinal"),
        "amount": str(one.amount),
        "trace": one.trace,
    }


def _held(one: Held) -> dict[str, Any]:
    return {
        "fire_point_id": one.fire_point_id,
        "reason": one.reason,
        "zh": one.zh,
        "en": one.en,
        "at_stake": None if one.at_stake is None else str(one.at_stake),
        "among": one.among,
    }


def _escalations(run: ChargeRun) -> Iterable[Raised]:
    """Return what was raised by fires of the season."""
    own = run.facts.season_ids
    return (one for found in run.findings for one in found.escalations if own & set(one.fire_point_ids))


def _raised(one: Raised) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in ("id", "clause", "kind", "level", "unit", "period", "count")},
        "zh": one.zh,
        "en": one.en,
        "detail": dict(one.detail),
        "fire_point_ids": list(one.fire_point_ids),
    }
