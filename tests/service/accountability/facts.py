"""Fire points for tests, said in a line each."""

from __future__ import annotations

import datetime as dt
from typing import Any

from service.accountability.facts import Fact, UnitAt
from service.accountability.windows import BEIJING


def beijing(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def units(
    county: str, *, payer: str | None = None, township: str = "", village: str = ""
) -> tuple[UnitAt, ...]:
    """The units of a point: a county of a province, which may pay as another."""
    own = payer or county
    city = county[:4] + "00"
    town = township or county + "101"
    place = village or town + "201"
    return (
        UnitAt("province", county[:2] + "0000", county[:2] + "0000"),
        UnitAt("city", city, city),
        UnitAt("county", county, own),
        UnitAt("township", town, town),
        UnitAt("village", place, place),
    )


def fire(name: str, when: str, county: str, **more: Any) -> Fact:
    """A confirmed straw fire in a ban area under two zones, unless said otherwise."""
    place = {key: more.pop(key) for key in ("payer", "township", "village") if key in more}
    told: dict[str, Any] = {
        "satellite": "NOAA-20",
        "state": "confirmed",
        "sources": ("satellite", "ministry_satellite"),
        "finding": "straw",
        "zone": "ban",
        "regime": "two_zone",
        "confirmed_at": beijing(when) + dt.timedelta(hours=3),
        "published_at": beijing(when) + dt.timedelta(hours=20),
        "layers": (("county", "v1"), ("zone", "v3")),
    }
    told.update(more)
    return Fact(fire_point_id=name, overpass=beijing(when), units=units(county, **place), **told)


def fires(count: int, day: str, county: str, **more: Any) -> list[Fact]:
    """So many fires of a county, a minute apart."""
    start = dt.datetime.fromisoformat(f"{day}T10:00")
    return [
        fire(
            f"{county}-{day}-{number:03}", (start + dt.timedelta(minutes=number)).isoformat(), county, **more
        )
        for number in range(count)
    ]
