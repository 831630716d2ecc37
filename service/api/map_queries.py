"""Parameters of the routes that the web map asks."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from gis.types import Screen
from service.api.queries import Code, Day, Parameters, ReadParameters
from service.map.calendar import MAX_DAYS
from service.map.session import STATUSES

Words = Annotated[str, Field(max_length=200)]
"""Codes of a closed list, commas between them."""


def words_of(text: str | None) -> tuple[str, ...]:
    """Return the codes of a list as it was asked."""
    return tuple(dict.fromkeys(one.strip() for one in text.split(","))) if text else ()


class CalendarParameters(ReadParameters):
    """A period and what is counted in it."""

    from_: Annotated[Day | None, Field(alias="from", description="first fire day; a year before `to`")] = None
    to: Annotated[Day | None, Field(description="last fire day, included; today without it")] = None
    unit: Code | None = None
    screen: Annotated[Words | None, Field(description="screening codes: counted,zone_unknown")] = None
    status: Annotated[Words | None, Field(description="verification: unverified,confirmed")] = None
    confidence: Annotated[Words | None, Field(description="low,nominal,high,unknown")] = None
    satellite: Annotated[
        str | None,
        Field(
            max_length=200,
            pattern=r"^[A-Za-z0-9._-]{1,20}(,[A-Za-z0-9._-]{1,20})*$",
            description="satellites that saw it: NOAA-20,SNPP",
        ),
    ] = None
    filter: Annotated[
        str | None, Field(min_length=1, max_length=8192, description="CQL2 text on the layer fire_points")
    ] = None

    @field_validator("screen", "status", "confidence")
    @classmethod
    def _known(cls, value: str | None, info: ValidationInfo) -> str | None:
        known = _LISTS[str(info.field_name)]
        if set(words_of(value)) - known:
            raise ValueError(f"one or more of {','.join(sorted(known))}")
        return value

    def days(self, today: dt.date) -> tuple[dt.date, dt.date]:
        """Return first and last fire day asked for: a year up to today, or as far as one question goes."""
        whole = dt.timedelta(days=MAX_DAYS - 1)
        if self.to is not None:
            return self.from_ or self.to - dt.timedelta(days=364), self.to
        if self.from_ is None:
            return today - dt.timedelta(days=364), today
        return self.from_, max(self.from_, min(today, self.from_ + whole))


_LISTS = {
    "screen": {str(one) for one in Screen},
    "status": set(STATUSES),
    "confidence": {"low", "nominal", "high", "unknown"},
}


class SearchParameters(ReadParameters):
    """What is looked for: a name, a code, or the number of a fire point."""

    q: Annotated[str, Field(min_length=1, max_length=64)]
    limit: int = Field(default=20, ge=1, le=50)


class EventParameters(Parameters):
    """Where the listener stands."""

    since: Annotated[int | None, Field(ge=0, le=2**53, description="the revision the page was read at")] = (
        None
    )
    wait: Annotated[
        int | None,
        Field(ge=0, le=3600, description="seconds until the stream ends; 0 tells what is known now"),
    ] = None
