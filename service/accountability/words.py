"""The small types of a rulebook: money that names its unit, exact numbers, civil dates, words of closed lists.

Every complaint carries a stable code and a sentence in Chinese and in English; none of them is a traceback.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Context, Decimal
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal, NoReturn

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

Level = Literal["province", "city", "county", "township", "village"]
LEVELS: tuple[Level, ...] = ("province", "city", "county", "township", "village")
Status = Literal["official", "reference", "sample", "synthetic"]
Confidence = Literal["quoted", "secondary", "inferred", "none"]
# fmt: off
Finding = Literal[
    "straw", "stubble", "weeds", "rubbish", "grave_paper", "forest_grass", "industrial", "planned",
    "nothing_found", "unreachable", "duplicate", "outside",
]
Evidence = Literal[
    "ministry_satellite", "provincial_satellite", "satellite", "patrol", "drone", "camera", "public_report",
]
# fmt: on
Zone = Literal["ban", "restricted", "belt", "none"]
Regime = Literal["two_zone", "whole_area", "whole_area_belts"]
State = Literal["listed", "confirmed", "publicised"]

NUMBER = r"[0-9]{1,15}(\.[0-9]{1,6})?"
MONTH_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEN = Decimal("0.01")
_EXACT = Context(prec=60)


def wrong(code: str, zh: str, en: str, *at: str | int) -> NoReturn:
    """Refuse a value with its sentences; `at` leads from the model that complains to the node that is wrong."""
    raise PydanticCustomError(code, "{en}", {"zh": zh, "en": en, "at": at})


def _number(value: Any) -> Decimal:
    if isinstance(value, float):
        wrong(
            "float_number",
            "浮点数不精确，请写成带引号的十进制数",
            "a float is not exact; write a decimal in quotes",
        )
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
        return Decimal(value)
    if isinstance(value, str) and re.fullmatch(NUMBER, value, re.ASCII):
        return Decimal(value)
    return wrong(
        "bad_number",
        '应为非负十进制数，例如 "500000"',
        'expected a decimal number that is not negative, such as "500000"',
    )


def plain(value: Decimal) -> str:
    """Return the one way a number is written here: no exponent, no trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        wrong(
            "bad_date", "应为日期而不是时刻，例如 2018-09-21", "expected a date, not an instant: 2018-09-21"
        )
    if isinstance(value, dt.date):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    return wrong("bad_date", "应为日期，例如 2018-09-21", "expected a date such as 2018-09-21")


def _month_day(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(MONTH_DAY, value, re.ASCII):
        month, day = int(value[:2]), int(value[3:])
        if day <= _LONGEST[month - 1]:
            return value
    return wrong(
        "bad_month_day",
        '应为月-日，例如 "10-01"',
        'expected a month and day of the calendar, such as "10-01"',
    )


Number = Annotated[
    Decimal,
    BeforeValidator(_number),
    PlainSerializer(plain, return_type=str),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": f"^{NUMBER}$"}, {"type": "integer", "minimum": 0}]}
    ),
]
"""An exact number, in quotes or whole; a float is refused."""

Day = Annotated[dt.date, BeforeValidator(_day)]
"""A Beijing civil date."""

MonthDay = Annotated[
    str, BeforeValidator(_month_day), WithJsonSchema({"type": "string", "pattern": f"^{MONTH_DAY}$"})
]
"""A day of every year, ``10-01``; a window that ends on 02-29 ends on the last of February."""

Word = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500)]
"""A text that says something."""

Ident = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A name that references use."""

Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Flag = Annotated[bool, Field(strict=True)]


class Part(BaseModel):
    """A part of a rulebook: frozen, and with no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Part):
    """A sentence for people in both languages."""

    zh: Word
    en: Word


class Money(Part):
    """An amount that names its unit: ``{yuan: "500000"}`` or ``{wan_yuan: "50"}``; kept as yuan."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["yuan"]}, {"required": ["wan_yuan"]}]},
    )

    yuan: Number | None = None
    wan_yuan: Number | None = None

    @model_validator(mode="before")
    @classmethod
    def _has_a_unit(cls, value: Any) -> Any:
        if isinstance(value, Money):
            return value
        if not isinstance(value, dict):
            wrong(
                "money_without_unit",
                '金额必须写明单位：{yuan: "500000"} 或 {wan_yuan: "50"}',
                'money must name its unit: {yuan: "500000"} or {wan_yuan: "50"}',
            )
        if sum(value.get(key) is not None for key in ("yuan", "wan_yuan")) != 1:
            wrong(
                "money_without_unit",
                "金额必须且只能写一个单位：yuan（元）或 wan_yuan（万元）",
                "money must name exactly one unit: yuan or wan_yuan (ten thousand yuan)",
            )
        return value

    @model_validator(mode="after")
    def _whole_fen(self) -> Money:
        if self.value % _FEN:
            wrong("part_of_a_fen", "金额不能小于一分", "an amount cannot hold a part of a fen")
        return self

    @model_serializer
    def _as_yuan(self) -> dict[str, str]:
        return {"yuan": plain(self.value)}

    @cached_property
    def value(self) -> Decimal:
        """The amount in yuan; exact whatever precision the caller works with, since it is worked out once."""
        if self.yuan is not None:
            return self.yuan
        return _EXACT.multiply(self.wan_yuan or Decimal(0), Decimal(10_000))


class Match(Part):
    """Which fire points something is about; what is not named does not matter."""

    findings: tuple[Finding, ...] | None = None
    zones: tuple[Zone, ...] | None = None
    areas: tuple[Word, ...] | None = None
    windows: tuple[Word, ...] | None = None


class Band(Part):
    """A stretch of a quantity; each end says whether it is included: from/above, below/upto."""

    from_: Number | None = Field(default=None, alias="from")
    above: Number | None = None
    below: Number | None = None
    upto: Number | None = None

    @model_validator(mode="after")
    def _ends(self) -> Band:
        if (self.from_ is None) == (self.above is None):
            wrong("bad_band", "from 与 above 必须写且只写一个", "exactly one of from and above must be said")
        if self.below is not None and self.upto is not None:
            wrong("bad_band", "below 与 upto 只能写一个", "only one of below and upto may be said", "upto")
        low, high = self.low, self.high
        if high is not None and (high < low or (high == low and self.from_ != self.upto)):
            wrong("bad_band", "区间为空：上限不大于下限", "the band is empty: it ends before it begins")
        return self

    @property
    def low(self) -> Decimal:
        """Where it begins."""
        return self.from_ if self.from_ is not None else self.above or Decimal(0)

    @property
    def high(self) -> Decimal | None:
        """Where it ends; None is open."""
        return self.below if self.below is not None else self.upto

    def holds(self, value: Decimal) -> bool:
        """Whether `value` lies in it."""
        after = value >= self.low if self.from_ is not None else value > self.low
        if self.high is None:
            return after
        return after and (value < self.high if self.below is not None else value <= self.high)


def require_bands_meet(bands: tuple[Band, ...], *at: str) -> None:
    """Refuse bands that overlap, leave a gap, do not begin at nothing, or end."""
    first = bands[0]
    if first.from_ != 0:
        wrong("tier_gap", "第一档应从 0 开始", "the first tier must begin at 0", *at, 0)
    for index, (one, two) in enumerate(pairwise(bands), start=1):
        high = one.high
        if (
            high is None
            or two.low < high
            or (two.low == high and one.upto is not None and two.from_ is not None)
        ):
            wrong("tier_overlap", "与上一档重叠", "overlaps the tier before it", *at, index)
        if two.low > high or (one.below is not None and two.above is not None):
            wrong("tier_gap", "与上一档之间有空档", "leaves a gap after the tier before it", *at, index)
    if bands[-1].high is not None:
        wrong("tier_gap", "最后一档必须没有上限", "the last tier must be open", *at, len(bands) - 1)
