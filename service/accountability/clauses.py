"""What a fire point costs: the kinds of charge, the order that makes a "first", and who pays."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from service.accountability.words import (
    Band,
    Count,
    Ident,
    Level,
    Match,
    Money,
    Number,
    Part,
    Word,
    require_bands_meet,
    wrong,
)


class Order(Part):
    """What makes a first: which instant, among whom, until when, and what if several share the minute."""

    basis: Literal["overpass", "confirmation", "publication"]
    scope: Level
    reset: Literal["season", "year", "never"]
    tie: Literal["ruling", "shared"]


class SpecialPayer(Part):
    """One that pays in place of the unit around it: a reclamation, forestry or prison bureau."""

    code: Ident
    name: Word


class Payer(Part):
    """Who pays and who collects."""

    level: Level
    collector: Word
    special: tuple[SpecialPayer, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> Payer:
        seen: set[str] = set()
        for index, one in enumerate(self.special):
            if one.code in seen:
                wrong("twice", f"{one.code} 出现两次", f"{one.code} stands twice", "special", index, "code")
            seen.add(one.code)
        return self


class _Clause(Part):
    clause: Word
    when: Match | None = None


class OrdinalTier(Part):
    """The amount of each fire point from one ordinal to another; both included, `to` null is open."""

    from_: Count = Field(alias="from")
    to: Count | None
    each: Money


class OrdinalCharge(_Clause):
    """Shape 1, and tiers by count: the first costs this, the rest that."""

    kind: Literal["ordinal"]
    order: Order
    tiers: Annotated[tuple[OrdinalTier, ...], Field(min_length=1)]
    area_as_first: Band | None = None

    @model_validator(mode="after")
    def _tiers_meet(self) -> OrdinalCharge:
        expected = 1
        for index, tier in enumerate(self.tiers):
            at = ("tiers", index, "from")
            if index and self.tiers[index - 1].to is None:
                wrong(
                    "tier_overlap",
                    "上一档没有上限，与本档重叠",
                    "the tier before it is open and overlaps it",
                    *at,
                )
            if tier.from_ < expected:
                wrong(
                    "tier_overlap",
                    f"与上一档重叠：应从 {expected} 开始",
                    f"overlaps; begin at {expected}",
                    *at,
                )
            if tier.from_ > expected:
                wrong("tier_gap", f"有空档：应从 {expected} 开始", f"leaves a gap; begin at {expected}", *at)
            if tier.to is not None and tier.to < tier.from_:
                wrong("bad_band", "上限小于下限", "ends before it begins", "tiers", index, "to")
            expected = (tier.to or tier.from_) + 1
        if self.tiers[-1].to is not None:
            wrong(
                "tier_gap",
                "最后一档必须没有上限（to: null）",
                "the last tier must be open (to: null)",
                "tiers",
                len(self.tiers) - 1,
                "to",
            )
        return self


class FlatCharge(_Clause):
    """Shape 2: each costs the same."""

    kind: Literal["flat"]
    each: Money


class LadderCharge(_Clause):
    """Shape 3: the nth in the same scope costs base × 2^(n-1) (double) or base × n (linear)."""

    kind: Literal["ladder"]
    order: Order
    base: Money
    growth: Literal["double", "linear"]
    ceiling: Money | None = None


class AreaTier(Band):
    """The amount of a fire of this burnt area, in 亩."""

    each: Money


class AreaCharge(_Clause):
    """Shape 4: by burnt area."""

    kind: Literal["area"]
    tiers: Annotated[tuple[AreaTier, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _tiers_meet(self) -> AreaCharge:
        require_bands_meet(self.tiers, "tiers")
        return self


class Rate(Part):
    """A percentage of the base for the fire points it is about; the last of a list is about all others."""

    percent: Number
    when: Match | None = None


class PercentCharge(_Clause):
    """Shape 5: a percentage of a base amount that an indicator of the payer gives, in yuan."""

    kind: Literal["percent"]
    base: Ident
    rates: Annotated[tuple[Rate, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _last_is_for_all_others(self) -> PercentCharge:
        for index, rate in enumerate(self.rates):
            last = index == len(self.rates) - 1
            if rate.percent > 100:
                wrong("bad_percent", "百分比大于 100", "more than 100 percent", "rates", index, "percent")
            if last and rate.when is not None:
                wrong(
                    "tier_gap", "最后一档不能带条件", "the last rate must be for all others", "rates", index
                )
            if not last and rate.when is None:
                wrong(
                    "tier_overlap",
                    "只有最后一档可以不带条件",
                    "only the last may have no condition",
                    "rates",
                    index,
                )
        return self


Clause = Annotated[
    OrdinalCharge | FlatCharge | LadderCharge | AreaCharge | PercentCharge, Field(discriminator="kind")
]
