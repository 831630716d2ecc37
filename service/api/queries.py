"""Parameters of the routes.

Each is a model that refuses what it does not know, so that a misspelt filter cannot widen an answer unnoticed.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)

from gis.errors import UsageError
from gis.times import BEIJING, FIRST_YEAR, LAST_YEAR, is_usable
from gis.types import BBox, Screen
from grids.units import Purpose
from service.reports.render import FORMATS

MAX_LIMIT = 1000
_DIGITS = 19
"""A revision number has fewer."""
MAX_DAYS = 400
"""Longest span of one query: a season and its neighbours, not the whole archive at once."""


def parse_instant(value: object) -> int | dt.datetime | None:
    """Return the revision number or instant of an ``as_of``; a time without zone is Beijing time."""
    if value is None or isinstance(value, int | dt.datetime):
        return value
    text = str(value).strip()
    if text.isascii() and text.isdigit() and len(text) < _DIGITS:
        return int(text)
    # An unencoded "+08:00" arrives as a space; nothing else in a time of day is followed by one.
    moment = dt.datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    return _usable(moment if moment.tzinfo else moment.replace(tzinfo=BEIJING))


def _usable(moment: dt.datetime) -> dt.datetime:
    if not is_usable(moment):
        raise ValueError(f"an instant of the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _box(value: object) -> BBox:
    parts = [float(part) for part in str(value).split(",")]
    if len(parts) != 4:
        raise ValueError("four numbers: min_lon,min_lat,max_lon,max_lat")
    box = BBox(*parts)
    if not (-180 <= box.min_lon <= box.max_lon <= 180 and -90 <= box.min_lat <= box.max_lat <= 90):
        raise ValueError("min_lon,min_lat,max_lon,max_lat in degrees, the smaller first")
    return box


def _code(value: str) -> str:
    if not value.isascii() or not value.isalnum():
        raise ValueError("a code has letters and digits only")
    return value


AsOf = Annotated[
    int | dt.datetime | None,
    BeforeValidator(parse_instant),
    Field(description="revision number or instant: the answer as it was known then"),
]
Instant = Annotated[AwareDatetime, AfterValidator(_usable)]
"""An instant with its zone, of a year that every zone can tell."""
Day = Annotated[dt.date, Field(ge=dt.date(FIRST_YEAR, 1, 1), le=dt.date(LAST_YEAR, 12, 31))]
"""A date whose bounds every zone can tell."""
Code = Annotated[str, Field(min_length=1, max_length=32), AfterValidator(_code)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""The id of a rulebook, or the code of a payer (a farm's is no code of the register)."""
Key = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")]


class Parameters(BaseModel):
    """Base of all parameter models."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoParameters(Parameters):
    """A route without parameters."""


class ReadParameters(Parameters):
    """What every read takes."""

    as_of: AsOf = None


class FirePointParameters(ReadParameters):
    """Filters of the fire points."""

    date: Day | None = None
    start: Day | None = None
    end: Day | None = Field(default=None, description="last fire day, included")
    unit: Code | None = None
    screen: Screen | None = None
    bbox: Annotated[str, Field(description="min_lon,min_lat,max_lon,max_lat")] | None = None
    limit: int = Field(default=200, ge=1, le=MAX_LIMIT)
    cursor: Annotated[str, Field(max_length=200)] | None = None

    @field_validator("bbox")
    @classmethod
    def _checked(cls, value: str | None) -> str | None:
        if value is not None:
            _box(value)
        return value

    @property
    def box(self) -> BBox | None:
        """The bounding box asked for."""
        return None if self.bbox is None else _box(self.bbox)

    def days(self, today: dt.date) -> tuple[dt.date, dt.date]:
        """Return first and last fire day asked for; `today` when none is named.

        Raises
        ------
        UsageError
            When the days contradict each other or span more than `MAX_DAYS`.
        """
        if self.date is not None and (self.start or self.end):
            raise UsageError(
                "date_and_span",
                "date 与 start、end 不能同时使用",
                "use either date, or start and end",
            )
        if self.date is not None:
            return self.date, self.date
        first = self.start or self.end or today
        last = self.end or max(first, today)
        if last < first or (last - first).days > MAX_DAYS:
            raise UsageError(
                "bad_span",
                f"日期区间 {first} 至 {last} 不可用：end 不得早于 start，且不超过 {MAX_DAYS} 天",
                f"the span {first} to {last} is not usable: end not before start, at most {MAX_DAYS} days",
            )
        return first, last


class FireListParameters(ReadParameters):
    """The list of a day."""

    date: Day | None = None
    unit: Code | None = None
    since: int | None = Field(default=None, ge=1, description="number of the issue to compare with")
    format: Literal[FORMATS] = "json"  # type: ignore[valid-type]


class UnitParameters(ReadParameters):
    """The register: one unit by code, the children of one, or a search by name."""

    code: Code | None = None
    parent: Code | None = None
    q: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    purpose: Purpose = Purpose.LEGAL
    date: Day | None = None
    limit: int = Field(default=200, ge=1, le=MAX_LIMIT)


class PendingParameters(ReadParameters):
    """What waits for a person."""

    unit: Code | None = None


class ChargeParameters(ReadParameters):
    """A season's charges."""

    season: Annotated[str, Field(pattern=r"^[12][0-9]{3}(-[12][0-9]{3})?$")]
    rulebook: Name | None = None
    payer: Name | None = None
    at: Annotated[
        Instant | None, Field(description="the instant at which deadlines are read; now without it")
    ] = None


Season = Annotated[str, Field(pattern=r"^[12][0-9]{3}(-[12][0-9]{3})?$")]
PointId = Annotated[str, Field(min_length=1, max_length=64)]


class ExplainParameters(ReadParameters):
    """The story of a fire point."""

    season: Season | None = None
    rulebook: Name | None = None
    at: Instant | None = None
    format: Literal["json", "text", "zip"] = "json"
    lang: Literal["zh", "en"] = "zh"


class WhatIfParameters(ReadParameters):
    """One change: a denial, a move (with `to`), or another rulebook."""

    season: Season
    rulebook: Annotated[Name | None, Field(description="the rulebook to compare under")] = None
    deny: PointId | None = None
    move: PointId | None = None
    to: Annotated[Code | None, Field(description="code of the unit it would lie in")] = None
    instead: Annotated[Name | None, Field(description="the rulebook that would be in force instead")] = None
    at: Instant | None = None


class StandingParameters(ReadParameters):
    """How units stand in a season."""

    season: Annotated[str, Field(pattern=r"^[12][0-9]{3}(-[12][0-9]{3})?$")]
    rulebook: Name | None = None
    level: Literal["city", "county", "township"] = "county"
    at: Annotated[
        Instant | None, Field(description="the instant at which deadlines are read; now without it")
    ] = None
    format: Literal["json", "csv"] = "json"


class ListPageParameters(Parameters):
    """The phone list."""

    date: Day | None = None
    unit: Code | None = None
    lang: Literal["zh", "en"] = "zh"
    page: int = Field(default=1, ge=1, le=10_000)


class MapPageParameters(Parameters):
    """The day's map."""

    date: Day | None = None
    lang: Literal["zh", "en"] = "zh"


_Shown = Annotated[str, Field(max_length=400, pattern=r"^[A-Za-z0-9 .,_-]*$")]


class WebMapParameters(MapPageParameters):
    """The view of the web map as its address keeps it; the page reads it, the service only checks its form."""

    county: _Shown = ""
    status: _Shown = ""
    screen: _Shown = ""
    confidence: _Shown = ""
    satellite: _Shown = ""
    layers: _Shown = ""
    at: _Shown = ""
    point: _Shown = ""
    panel: _Shown = ""
    base: _Shown = ""


class RulingBody(BaseModel):
    """A ruling as submitted."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    fire_point_id: Annotated[str, Field(min_length=1, max_length=64)]
    kind: Literal["unit", "zone", "screen", "duplicate", "order", "exempt", "payer", "distinct"]
    value: Annotated[str, Field(min_length=1, max_length=64)]
    reason: Annotated[str, Field(min_length=2, max_length=2000)]
    evidence_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class VerificationBody(BaseModel):
    """A finding as submitted; closed lists and times are checked where every way of recording checks them."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    finding: Annotated[str, Field(min_length=1, max_length=40)]
    level: Annotated[str, Field(min_length=1, max_length=20)]
    found_at: Annotated[Instant, Field(description="with its zone")]
    person: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None
    evidence_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    area: Annotated[str, Field(max_length=40, description="12.5亩, 8000m2")] | None = None
    source_kind: Annotated[str, Field(max_length=20)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
