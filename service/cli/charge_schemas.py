"""The shape of what `charge` and `rulebooks load|withdraw` answer; see `service.cli.schemas`."""

from __future__ import annotations

from typing import Any, Literal

from service.cli.shapes import Closed, Escalation, Status


class RulebookLoaded(Closed):
    """Answer of `rulebooks load`; `revision` is null where the same content was loaded before."""

    id: str
    version: int
    status: Status
    hash: str
    informal: bool
    unchanged: bool
    revision: int | None


class RulebookWithdrawn(Closed):
    """Answer of `rulebooks withdraw`."""

    id: str
    reason: str
    revision: int


class ChargeAsOf(Closed):
    """The revision that was read: the one part that says how facts came in, not what they are."""

    revision: int
    recorded_at: str


class ChargeBook(Closed):
    """A rulebook that the charges were computed by."""

    id: str
    title: str
    number: str | None
    status: Status
    confidence: str
    hash: str
    valid_from: str
    valid_to: str | None


class ChargeCounts(Closed):
    """Fire points of the season = facts + linked + screened + unclear, and facts are billed, held or left out."""

    fire_points: int
    facts: int
    billed: int
    held: int
    left_out: int
    linked: int
    screened: dict[str, int]


class ChargePayer(Closed):
    """One payer; `whole` says whether the reader sees all of its lines, or those of its own ground."""

    code: str
    name: str
    listed: int
    billed: int
    held: int
    left_out: int
    amount: str
    amount_wan: str
    whole: bool


class ChargeLine(Closed):
    """One line of money with its trace."""

    fire_point_id: str
    payer: str
    payer_name: str
    collector: str
    overpass: str
    county_code: str | None
    county: str | None
    clause: str
    ordinal: int | None
    amount: str
    trace: dict[str, Any]


class ChargeHeld(Closed):
    """What waits for a person."""

    fire_point_id: str
    reason: str
    zh: str
    en: str
    at_stake: str | None
    among: int


class ChargeLeftOut(Closed):
    """What does not count under the rule, and why."""

    fire_point_id: str
    reason: str
    zh: str
    en: str


class ChargeLink(Closed):
    """A fire point that tells of the same fire as another one."""

    id: str
    of: str
    version: str


class ChargeUnclear(Closed):
    """A report that may tell of one of several fires."""

    id: str
    candidates: list[str]


class ChargeRaised(Escalation):
    """An escalation that was reached."""

    detail: dict[str, str]
    fire_point_ids: list[str]


class ChargeReward(Closed):
    """A reward, or what is lacking for it."""

    id: str
    clause: str
    level: str
    unit: str
    season: str
    reason: str
    amount: str | None
    zh: str
    en: str


class ChargeScore(Closed):
    """The points of a unit."""

    id: str
    clause: str
    level: str
    unit: str
    season: str
    count: int
    reason: str
    zh: str
    en: str
    points: str | None
    items: dict[str, str]


class ChargeDeposit(Closed):
    """What became of a deposit."""

    payer: str
    paid: str
    used: str
    balance: str
    beyond: str


class Charges(Closed):
    """Answer of `charge`; amounts are texts in yuan."""

    season: str
    at: str
    as_of: ChargeAsOf
    status: Status
    mark: Literal["", "非正式"]
    informal: bool
    rulebooks: list[ChargeBook]
    counts: ChargeCounts
    total: str
    total_wan: str
    payers: list[ChargePayer]
    charges: list[ChargeLine]
    held: list[ChargeHeld]
    left_out: list[ChargeLeftOut]
    links: list[ChargeLink]
    unclear: list[ChargeUnclear]
    escalations: list[ChargeRaised]
    rewards: list[ChargeReward]
    scores: list[ChargeScore]
    deposits: list[ChargeDeposit]


ANSWERS: dict[str, Any] = {
    "charge": Charges,
    "rulebooks.load": RulebookLoaded,
    "rulebooks.withdraw": RulebookWithdrawn,
}
"""Model of `data` by the name of the answer's schema."""
