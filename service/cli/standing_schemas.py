"""The shape of what `standing` and the row-by-row loads answer; see `service.cli.schemas`."""

from __future__ import annotations

from typing import Any, Literal

from service.cli.shapes import Closed, Escalation, Status


class Change(Closed):
    """A count beside that of the same part of the season before; no percentage without a base."""

    before: int
    now: int
    percent: str | None


class Changes(Closed):
    """Year on year."""

    listed: Change
    verified: Change


class StandingEscalation(Escalation):
    """A step of a ladder that the unit reached; `unit` is who pays, a city for its districts."""

    step: str | None
    detail: dict[str, str]


class StandingCounts(Closed):
    """Numbers of a unit; listed = verified + denied + denial_unreviewed + other + overdue + unverified.

    Without a rulebook overdue, charged, amount and held are null, and silence counts as unverified.
    """

    listed: int
    pushed: int
    verified: int
    denied: int
    denial_unreviewed: int
    other: int
    overdue: int | None
    unverified: int
    out_of_season: int
    verification_rate: str | None
    charged: int | None
    amount: str | None
    held: int | None
    change: Changes


class StandingRow(StandingCounts):
    """One unit."""

    code: str | None
    name: str
    level: str
    rank: int | None
    intensity: str | None
    cropland_ha: str | None
    escalations: list[StandingEscalation]


class StandingReward(Closed):
    """A reward of a unit without fire, or what is lacking for it."""

    id: str
    clause: str
    unit: str
    reason: str
    zh: str
    en: str
    amount: str | None


class StandingZero(Closed):
    """A unit without a verified fire point, and what is known of how it was observed."""

    code: str
    name: str
    level: str
    state: Literal["no_fire_point", "none_verified", "waiting"]
    listed: int
    waiting: int
    observed: Literal["proven", "disproven", "not_proven"]
    observed_source: str | None
    cloud_days: str | None
    days: int
    days_without_feed: int
    rewards: list[StandingReward]
    zh: str
    en: str


class StandingSatellite(Closed):
    """A satellite that reported in the season, and the stretches of days on which it did not."""

    satellite: str
    days: int
    missing: list[str]


class StandingCoverage(Closed):
    """What arrived; cloud is in no feed."""

    days: int
    satellites: list[StandingSatellite]
    without_any: list[str]
    days_without_any: int
    cloud: Literal["unknown"]


class RankRule(Closed):
    """How ranks are given, and among how many units."""

    zh: str
    en: str
    among: int


class Note(Closed):
    """Something a reader has to know."""

    code: str
    zh: str
    en: str


class StandingAnswer(Closed):
    """Answer of `standing`."""

    season: str
    level: Literal["city", "county", "township"]
    to: str
    through: str
    at: str
    as_of: int
    status: Status
    informal: bool
    mark: Literal["", "非正式"]
    rulebooks: list[str]
    rank_rule: RankRule
    pushed_by: Literal["published_lists", "listed"]
    coverage: StandingCoverage
    rows: list[StandingRow]
    totals: StandingCounts
    zero: list[StandingZero]
    notes: list[Note]
    starts: str


class RowProblem(Closed):
    """Why a row was rejected."""

    line: int
    column: str
    value: str
    reason: str
    zh: str
    en: str


class LoadedRows(Closed):
    """Answer of a load that keeps its good rows; read = accepted + repeated + rejected."""

    file: str
    read: int
    accepted: int
    repeated: int
    rejected: int
    problems: list[RowProblem]
    unchanged: bool
    revision: int | None


class LoadedIndicators(LoadedRows):
    """Answer of `load indicators`."""

    unknown_units: list[str]


class LoadedHeatSources(LoadedRows):
    """Answer of `load heat-sources`."""

    datum: str


ANSWERS: dict[str, Any] = {
    "standing": StandingAnswer,
    "load.indicators": LoadedIndicators,
    "load.heat-sources": LoadedHeatSources,
}
"""Model of `data` by the name of the answer's schema."""
