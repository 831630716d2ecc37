"""Shapes of what the web map is answered, as the description of the interface declares them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Data = TypeVar("Data")
Box = Annotated[list[float], Field(min_length=4, max_length=4)]
"""min_lon, min_lat, max_lon, max_lat, degrees."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Answer(_Closed, Generic[Data]):
    """The envelope of every JSON answer."""

    schema_: Annotated[str, Field(alias="schema")]
    as_of: int | str | None
    revision: int
    data: Data
    warnings: list[Any]


class Words(_Closed):
    """A code of a closed list, in both languages."""

    code: str
    zh: str
    en: str


class PlaceOfUnit(_Closed):
    """A unit of the register with the box a map opens on."""

    code: str | None
    name: str
    level: str
    bbox: Box | None


class LayerStatus(_Closed):
    """A set of data in force today; anything but official marks what was made with it 非正式."""

    layer: str
    name: str
    version: int | None
    status: str
    zh: str
    en: str


class Session(_Closed):
    """Who is looking, and what every map must say."""

    name: str
    role: str
    unit: Annotated[PlaceOfUnit | None, Field(description="null sees everything")]
    area: Annotated[PlaceOfUnit | None, Field(description="where a map opens: the unit, or the service area")]
    permissions: list[str]
    today: Annotated[dt.date, Field(description="civil date in Beijing")]
    fire_day: Annotated[dt.date, Field(description="the current fire day")]
    cut: str
    first_day: Annotated[dt.date | None, Field(description="first fire day with a fire point in scope")]
    last_day: dt.date | None
    map_approval: Annotated[str | None, Field(description="审图号; null says that none is set")]
    attribution: str
    statuses: Annotated[list[Words], Field(description="states of verification, in the order of a legend")]
    words: Annotated[dict[str, list[Words]], Field(description="the other closed lists")]
    status: str
    informal: bool
    layers: list[LayerStatus]
    tianditu: Annotated[bool, Field(description="whether /base/tianditu answers")]
    disclaimer_zh: str
    disclaimer_en: str
    languages: list[Literal["zh", "en"]]


class Counts(_Closed):
    """Fire points beside their pixels; fire_points = listed + left_out, listed = the sum of the five statuses."""

    pixels: int
    fire_points: int
    listed: Annotated[int, Field(description="sent out: counted, or in a zone nobody knows")]
    left_out: int
    counted: int
    unverified: int
    confirmed: int
    denied: int
    denial_unreviewed: int
    unreachable: int


class CalendarDay(Counts):
    """One fire day that has a fire point, or a satellite that reported."""

    day: dt.date
    satellites: Annotated[int, Field(description="how many reported; 0 says that nobody looked")]


class SeasonSpan(_Closed):
    """A season by its label, first and last day included."""

    season: str
    start: dt.date
    end: dt.date


class Calendar(_Closed):
    """The counts of a period by day."""

    from_: Annotated[dt.date, Field(alias="from")]
    to: dt.date
    unit: str | None
    days: list[CalendarDay]
    totals: Counts
    seasons: list[SeasonSpan]
