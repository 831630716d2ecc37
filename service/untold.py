"""What a role that may not see money is told of it: nothing, in whatever it reads (`service.users.Permission.MONEY`).

Charges, statements, objections, what-if and the finance list are refused as a whole where they begin. What is read for
other reasons and also says something of money passes here: an explanation, the rulings on a fire point, the standing
of units, the queue. Deadlines of verification are everybody's and stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.scope import Scope
from service.users import Permission, may

if TYPE_CHECKING:
    from service.pipeline.pending import PendingCase

NOT_TOLD = (
    "金额、扣款通知单与异议不向本角色显示",
    "money, statements and objections are not shown to this role",
)

OF_MONEY = frozenset({"order", "exempt", "payer"})
"""Rulings that only charges read."""

_CASES_OF_MONEY = frozenset(
    {
        *("tie", "match_unclear", "payer_in_doubt", "payer_unknown", "scope_in_doubt", "zone_in_doubt"),
        *("zone_unknown", "base_unknown", "objection"),
    }
)
"""Cases that wait because of a bill alone; what waits for a finding or for the place is for people on the ground."""

_COUNTS = ("charged", "amount", "held")


def rulings(scope: Scope, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rulings on a fire point, without those that only charges read where the role sees no money."""
    return found if may(scope, Permission.MONEY) else [one for one in found if one["kind"] not in OF_MONEY]


def story(scope: Scope, told: dict[str, Any], *, due: str | None = None) -> dict[str, Any]:
    """Return an explanation with ``untold``: None, or the sentence that stands for money, statements and objections.

    Parameters
    ----------
    due
        Until when a finding is expected, which rulebooks say and everybody may know.
    """
    if may(scope, Permission.MONEY):
        return {**told, "untold": None}
    return {
        **told,
        "rulings": rulings(scope, told["rulings"]),
        "money": [],
        "statements": [],
        "objections": [],
        "untold": {"zh": NOT_TOLD[0], "en": NOT_TOLD[1], "verification_due": due},
    }


def standing(scope: Scope, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the standing of units, without what was charged, is held or is to be paid where the role sees no money."""
    if may(scope, Permission.MONEY):
        return dict(document)
    blank = dict.fromkeys(_COUNTS)
    note = {"code": "money_not_told", "zh": NOT_TOLD[0], "en": NOT_TOLD[1]}
    return {
        **document,
        "rows": [{**row, **blank} for row in document["rows"]],
        "totals": {**document["totals"], **blank},
        "zero": [{**one, "rewards": []} for one in document["zero"]],
        "notes": [*document["notes"], note],
    }


def cases(scope: Scope, found: Sequence[PendingCase]) -> list[PendingCase]:
    """Return the queue, without cases of a bill and without what is at stake where the role sees no money."""
    if may(scope, Permission.MONEY):
        return list(found)
    return [replace(one, at_stake=None) for one in found if one.what not in _CASES_OF_MONEY]
