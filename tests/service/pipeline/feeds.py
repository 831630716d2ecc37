"""Feed files for tests: real NOAA-20 rows around Jilin, and the products a second processing would make of them."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gis.times import instant_of, minutes_of
from tests.shared import DATA

SERIES = DATA / "fires" / "viirs_noaa20_nrt_c2_russia_asia_24h"
AROUND_JILIN = (121.0, 40.5, 131.5, 46.5)
HEADER = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,"
    "bright_ti5,frp,daynight"
)
NRT, STANDARD, LATER_STANDARD = "2.0NRT", "2", "2.1"


@dataclass(frozen=True, order=True)
class Row:
    """One row of a VIIRS feed; `minute` counts from the epoch."""

    minute: int
    lon: str
    lat: str
    scan: str = "0.4"
    track: str = "0.4"
    frp: str = "5.0"
    confidence: str = "nominal"
    version: str = NRT
    satellite: str = "N20"
    bright: str = "330.0"

    @property
    def standard(self) -> bool:
        """Whether it is a row of the standard product, which tells the fire type."""
        return not self.version.endswith("NRT")

    def moved(self, east_m: float, north_m: float, minutes: int, **changes: str) -> Row:
        """Return the row a few metres and minutes away, as another processing would place it."""
        lon, lat = float(self.lon) + east_m / 80_000, float(self.lat) + north_m / 111_000
        return replace(self, minute=self.minute + minutes, lon=f"{lon:.5f}", lat=f"{lat:.5f}", **changes)

    def line(self) -> str:
        """Return the row as text."""
        when = instant_of(self.minute)
        text = (
            f"{self.lat},{self.lon},{self.bright},{self.scan},{self.track},{when:%Y-%m-%d},{when:%H%M},"
            f"{self.satellite},VIIRS,{self.confidence},{self.version},290.0,{self.frp},{'D' if when.hour < 12 else 'N'}"
        )
        return text + ",0" if self.standard else text


def at(text: str) -> int:
    """Return the minute of a UTC time such as ``2023-10-29 04:30``."""
    return minutes_of(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC))


def write(path: Path, rows: Sequence[Row], extra: Iterable[str] = ()) -> Path:
    """Write rows of one product as a feed file."""
    assert len({row.standard for row in rows}) <= 1, "a real file holds one product"
    header = HEADER + ",type" if rows and rows[0].standard else HEADER
    path.write_text("\n".join([header, *(row.line() for row in rows), *extra, ""]), encoding="utf-8")
    return path


@cache
def real_rows(*days: str) -> tuple[Row, ...]:
    """Return the distinct rows of some files of the series around Jilin, in canonical order."""
    west, south, east, north = AROUND_JILIN
    found: set[Row] = set()
    for day in days:
        with gzip.open(SERIES / f"{day}.csv.gz", "rt", encoding="utf-8") as text:
            for one in csv.DictReader(text):
                if west <= float(one["longitude"]) <= east and south <= float(one["latitude"]) <= north:
                    found.add(_row(one))
    return tuple(sorted(found))


def _row(one: dict[str, str]) -> Row:
    clock = one["acq_time"].zfill(4)
    return Row(
        minute=at(f"{one['acq_date']} {clock[:2]}:{clock[2:]}"),
        lon=one["longitude"],
        lat=one["latitude"],
        scan=one["scan"],
        track=one["track"],
        frp=one["frp"],
        confidence=one["confidence"],
        version=one["version"],
        bright=one["bright_ti4"],
    )
