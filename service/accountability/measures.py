"""What follows besides charges: escalations, rewards, scores, the deposit, exemptions, objections."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from service.accountability.words import (
    LEVELS,
    Band,
    Count,
    Flag,
    Ident,
    Level,
    Match,
    Money,
    Number,
    Part,
    Text,
    Word,
    plain,
    require_bands_meet,
    wrong,
)


class _Escalation(Part):
    id: Ident
    clause: Word
    when: Match | None = None


class CountStep(Part):
    """What happens from this count on, until the next step."""

    from_: Count = Field(alias="from")
    measure: Text


class CountEscalation(_Escalation):
    """A ladder of measures by the count of a unit in a season or year."""

    kind: Literal["count"]
    level: Level
    reset: Literal["season", "year", "never"]
    steps: Annotated[tuple[CountStep, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rises(self) -> CountEscalation:
        for index, (one, two) in enumerate(pairwise(self.steps), start=1):
            if two.from_ <= one.from_:
                wrong(
                    "tier_overlap", "应大于上一级", "must be above the step before it", "steps", index, "from"
                )
        return self


class WindowEscalation(_Escalation):
    """Shape 6: at least so many within N successive Beijing days in a unit."""

    kind: Literal["window_count"]
    level: Level
    days: Count
    at_least: Count
    measure: Text


class RankAt(Part):
    """A level the measure is for, and how many of the worst ranks it takes (null: any rank)."""

    level: Level
    worst: Count | None


class DensityEscalation(_Escalation):
    """Shape 7: fire points per quantity of an indicator (cropland), with a condition on rank."""

    kind: Literal["density"]
    indicator: Ident
    per: Number
    above: Number
    at: Annotated[tuple[RankAt, ...], Field(min_length=1)]
    measure: Text

    @model_validator(mode="after")
    def _divides(self) -> DensityEscalation:
        if self.per == 0:
            wrong("bad_number", "不能为 0", "must not be 0", "per")
        return self


class ShareEscalation(_Escalation):
    """Shape 8: more than a percentage of a unit's children reached another escalation."""

    kind: Literal["child_share"]
    level: Level
    of: Ident
    above_percent: Number
    measure: Text


class ParentShareEscalation(_Escalation):
    """Shape 17: a unit with so many whose part of its parent's exceeds its due part.

    The due part is that of the indicator where one is named, else the same for each of the parent's units.
    """

    kind: Literal["parent_share"]
    level: Level
    at_least: Count
    indicator: Ident | None = None
    measure: Text

    @model_validator(mode="after")
    def _has_a_parent(self) -> ParentShareEscalation:
        if self.level == LEVELS[0]:
            wrong("no_parent", "省级没有上级", "a province has nothing above it to have a part of", "level")
        return self


Escalation = Annotated[
    CountEscalation | WindowEscalation | DensityEscalation | ShareEscalation | ParentShareEscalation,
    Field(discriminator="kind"),
]


class RewardTier(Band):
    """The reward of a unit whose indicator lies here."""

    amount: Money


class _Reward(Part):
    id: Ident
    clause: Word
    level: Level
    unit_kinds: tuple[Word, ...] | None = None


class ZeroReward(_Reward):
    """Shape 9: for no fire point in the season; a fixed amount, or tiers by an indicator."""

    kind: Literal["zero"]
    amount: Money | None = None
    indicator: Ident | None = None
    tiers: tuple[RewardTier, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> ZeroReward:
        if (self.amount is None) == (not self.tiers) or bool(self.tiers) != (self.indicator is not None):
            wrong(
                "bad_reward",
                "写明固定金额（amount），或指标与分档（indicator、tiers），二者取一",
                "say either a fixed amount, or an indicator with tiers",
            )
        if self.tiers:
            require_bands_meet(self.tiers, "tiers")
        return self


class PoolReward(_Reward):
    """A pool that the units without a fire point share equally, to the fen."""

    kind: Literal["pool"]
    pool: Money


Reward = Annotated[ZeroReward | PoolReward, Field(discriminator="kind")]


class _ScoreItem(Part):
    id: Ident
    clause: Word
    cap: Number

    @model_validator(mode="after")
    def _worth_something(self) -> _ScoreItem:
        if self.cap == 0:
            wrong("bad_score", "满分应大于 0", "an item of no points says nothing", "cap")
        return self


class FireItem(_ScoreItem):
    """Begins at `cap`, loses `each` per fire point, and never falls below `floor`."""

    kind: Literal["fires"]
    each: Number
    floor: Number = Decimal(0)
    when: Match | None = None

    @model_validator(mode="after")
    def _falls(self) -> FireItem:
        if self.each == 0:
            wrong("bad_score", "每个火点扣分应大于 0", "a fire point that costs nothing is no item", "each")
        if self.floor >= self.cap:
            wrong("bad_score", "下限应低于满分", "the floor must be below the cap", "floor")
        return self


class PointTier(Band):
    """The points of a unit whose indicator lies here."""

    points: Number


class IndicatorItem(_ScoreItem):
    """Points by an indicator of the unit (a handling rate, a mean of PM2.5)."""

    kind: Literal["indicator"]
    indicator: Ident
    tiers: Annotated[tuple[PointTier, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _tiers_meet(self) -> IndicatorItem:
        require_bands_meet(self.tiers, "tiers")
        for index, tier in enumerate(self.tiers):
            if tier.points > self.cap:
                wrong("bad_score", "超过本项满分", "more than the item's cap", "tiers", index, "points")
        return self


class Score(Part):
    """Shape 18: the points of each unit in a season: items that sum to `full`, the sum not below `floor`."""

    id: Ident
    clause: Word
    level: Level
    unit_kinds: tuple[Word, ...] | None = None
    full: Number
    floor: Number = Decimal(0)
    items: Annotated[
        tuple[Annotated[FireItem | IndicatorItem, Field(discriminator="kind")], ...], Field(min_length=1)
    ]

    @model_validator(mode="after")
    def _adds_up(self) -> Score:
        seen: set[str] = set()
        for index, one in enumerate(self.items):
            if one.id in seen:
                wrong("twice", f"{one.id} 出现两次", f"{one.id} stands twice", "items", index, "id")
            seen.add(one.id)
        caps = sum((one.cap for one in self.items), Decimal(0))
        if caps != self.full:
            wrong(
                "bad_score",
                f"各项满分之和为 {plain(caps)}，应等于 full",
                f"the caps of the items sum to {plain(caps)}; full must be that",
                "full",
            )
        if self.floor >= self.full:
            wrong("bad_score", "下限应低于满分", "the floor must be below the full score", "floor")
        return self


class Deposit(Part):
    """Shape 10: paid before the season; charges are taken from it first."""

    clause: Word
    level: Level
    amount: Money


class Exemption(Part):
    """Shape 15: a reason, found by a person, that lifts a charge or lowers it."""

    reason: Ident
    clause: Word
    keeps_percent: Number
    text: Text

    @model_validator(mode="after")
    def _lowers(self) -> Exemption:
        if self.keeps_percent >= 100:
            wrong(
                "bad_percent",
                "应小于 100；0 为全部免除",
                "must be below 100; 0 lifts it all",
                "keeps_percent",
            )
        return self


class Instance(Part):
    """Who answers an objection, and within how many days."""

    level: Level
    days: Count


class Objection(Part):
    """How a payer objects."""

    days: Count
    suspends_payment: Flag
    instances: Annotated[tuple[Instance, ...], Field(min_length=1)]
