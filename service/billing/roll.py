"""The finance list of a season (扣拨清单): per payer what was said before, what changed, what is due now.

It is made of issued statements alone; its sum is the sum of all statements. Where a season has official statements,
samples are counted and left out: nobody pays a sample.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from gis.errors import UsageError
from gis.times import iso_beijing
from service.billing.cases import OPEN, cases_of, live_points, rule_under
from service.billing.issued import document_of, is_formal, rows_of, seen_rows, states_of
from service.billing.layers_used import weakest
from service.billing.statement import MARK
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import Revision

OBJECTED = "objected"
"""State of a payer whose money an open objection suspends, whichever statement it was filed against."""

_NOTHING = Decimal("0.00")
_SUMMED = ("previous", "new", "adjustments", "net", "total", "suspended", "due")


def roll(reader: Reader, scope: Scope, season: str) -> dict[str, Any]:
    """Return the finance list of the statements a reader may see.

    Returns
    -------
    dict
        ``{season, mark, status, computed_at, as_of_revision, samples_left_out, rows, totals}``. Each row: ``{payer:
        {code, name}, previous, new, adjustments, net, total, suspended, due, number, sha256, state, statements:
        [{number, sha256, net, total, state}]}``; `previous`, `new` and `adjustments` sum to `total`; `due` is `total`
        without what an open objection suspends; `state` is that of the newest statement, or ``objected`` while an
        objection to any of them suspends money. `totals` adds up the columns and counts. Amounts as text, yuan.

    Raises
    ------
    UsageError
        ``bad_season``.
    """
    _require_season(season)
    rows, _ = seen_rows(reader, scope, season)
    formal = any(is_formal(row) for row in rows)
    counted = [row for row in rows if is_formal(row) == formal]
    states = states_of(reader, rows)
    entries = []
    seen = {row.id for row in counted}
    for code in sorted({row.payer_code for row in counted}):
        chain = [row for row in rows_of(reader, season, code) if row.id in seen]
        entries.append(_entry(chain, states, _suspended(reader, chain)))
    totals = {name: str(sum((Decimal(one[name]) for one in entries), _NOTHING)) for name in _SUMMED}
    return {
        "season": season,
        "mark": "" if formal or not counted else MARK,
        "status": weakest({row.status for row in counted}),
        "computed_at": iso_beijing(_recorded_at(reader)),
        "as_of_revision": reader.rev,
        "samples_left_out": len(rows) - len(counted),
        "rows": entries,
        "totals": {**totals, "payers": len(entries), "statements": len(counted)},
    }


def _require_season(season: str) -> None:
    """Refuse what no rulebook calls a season: an empty list would be read as nothing to deduct."""
    first, _, second = season.partition("-")
    if (
        re.fullmatch(r"[0-9]{4}(-[0-9]{4})?", season, re.ASCII)
        and int(second or int(first) + 1) == int(first) + 1
    ):
        return
    raise UsageError(
        "bad_season",
        f"考核季 {season!r} 看不懂：请写成 2023-2024，或 2017（按自然年考核时）",
        f"{season!r} is no season: write 2023-2024, or 2017 where it is the calendar year",
        value=season,
    )


def _recorded_at(reader: Reader) -> dt.datetime:
    found = reader.connection.execute(sa.select(Revision.at).where(Revision.id == reader.rev)).scalar()
    return found or dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _entry(
    chain: Sequence[Any], states: Mapping[int, Mapping[str, Any]], suspended: Decimal
) -> dict[str, Any]:
    last = chain[-1]
    document = document_of(last)
    deltas = (Decimal(one["delta"]) for one in document["adjustments"] if one["cause"] == "new")
    first = document["amounts"]["previous_number"] is None
    fresh = last.net if first else sum(deltas, _NOTHING)
    return {
        "payer": {"code": last.payer_code, "name": last.payer_name},
        "previous": str(last.previous),
        "new": str(fresh),
        "adjustments": str(last.net - fresh),
        "net": str(last.net),
        "total": str(last.total),
        "suspended": str(suspended),
        "due": str(last.total - suspended),
        "number": last.number,
        "sha256": last.sha256,
        "state": OBJECTED if suspended else states[last.id]["state"],
        "statements": [
            {
                "number": row.number,
                "sha256": row.sha256,
                "net": str(row.net),
                "total": str(row.total),
                "state": states[row.id]["state"],
            }
            for row in chain
        ],
    }


def _suspended(reader: Reader, chain: Sequence[Any]) -> Decimal:
    """Return what open objections to a payer's statements suspend: the amounts of the lines as they stand now."""
    waiting = [case for case in cases_of(reader, chain) if case.state == OPEN]
    if not waiting:
        return _NOTHING
    lines = document_of(chain[-1])["lines"]
    charged = {line["fire_point_id"] for line in lines}
    suspended: set[int] = set()
    for case, live in zip(waiting, live_points(reader, waiting), strict=True):
        document = document_of(case.statement)
        # What it was filed about, while that is charged; what it became, once a statement has said so.
        point = case.row.fire_point_id if case.row.fire_point_id in charged else live
        for place, line in enumerate(lines):
            rule = rule_under(document, line["trace"]["rulebook"])
            if line["fire_point_id"] == point and rule is not None and rule.suspends:
                suspended.add(place)
    return sum((Decimal(lines[place]["amount"]) for place in sorted(suspended)), _NOTHING)
