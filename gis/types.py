"""Value objects with explicit axis order and the closed word lists of the data model (DESIGN section 3).

Axis order is always (lon, lat), degrees, CGCS2000 (EPSG:4490). WGS84 input is taken as equal: the two ellipsoids and
realisations agree at the centimetre level, far below any pixel. Any other datum goes through `gis.datum` first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gis.reasons import WrongValueError

STORED_EPSG = 4490
"""The one CRS in which geometry is stored: CGCS2000 geographic, (lon, lat)."""


class DataStatus(StrEnum):
    """How far a set, a grid or a rulebook can be relied on; anything but official marks what used it (非正式)."""

    OFFICIAL = "official"
    REFERENCE = "reference"
    SAMPLE = "sample"
    SYNTHETIC = "synthetic"

    @property
    def informal(self) -> bool:
        """Whether a document that used this must say 非正式."""
        return self is not DataStatus.OFFICIAL


class Level(StrEnum):
    """Levels of units, boundary sets and grid cells, from wide to narrow."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"
    HAMLET = "hamlet"


LEVELS = tuple(Level)


class Screen(StrEnum):
    """Screening reason codes, a closed list (DESIGN section 3). The first that applies decides; all are kept."""

    COUNTED = "counted"
    OUTSIDE = "outside"
    NOT_CROPLAND = "not_cropland"
    FIXED_HEAT_SOURCE = "fixed_heat_source"
    LOW_CONFIDENCE = "low_confidence"
    DUPLICATE = "duplicate"
    PLANNED_BURN = "planned_burn"
    OUT_OF_SEASON = "out_of_season"
    RESTRICTED_WITHIN_PLAN = "restricted_within_plan"
    ZONE_UNKNOWN = "zone_unknown"
    DENIED = "denied"
    OTHER = "other"


class SourceKind(StrEnum):
    """What saw the fire; the feed says which."""

    SATELLITE = "satellite"
    DRONE = "drone"
    CAMERA = "camera"
    PATROL = "patrol"
    PUBLIC_REPORT = "public_report"


class Confidence(StrEnum):
    """Typed class of a product's own confidence; never averaged across products."""

    LOW = "low"
    NOMINAL = "nominal"
    HIGH = "high"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class LonLat:
    """A position, degrees, (lon, lat), CGCS2000."""

    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class BBox:
    """A box in degrees, edges included."""

    min_lon: float
    min_lat: float
    max_lon: float
    max_lat: float

    def grown(self, lon: float, lat: float) -> BBox:
        """Return the box widened by `lon` and `lat` degrees on each side."""
        return BBox(self.min_lon - lon, self.min_lat - lat, self.max_lon + lon, self.max_lat + lat)


@dataclass(frozen=True, slots=True)
class Validity:
    """Dates in which a fact holds, both ends included (the usage of the rules); None is open."""

    start: dt.date | None = None
    end: dt.date | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.end < self.start:
            raise WrongValueError(
                f"validity ends ({self.end}) before it starts ({self.start})",
                f"截止日期 {self.end} 早于起始日期 {self.start}",
            )

    def holds(self, day: dt.date) -> bool:
        """Whether the fact holds on `day`."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def overlaps(self, other: Validity) -> bool:
        """Whether some day belongs to both."""
        return (self.end is None or other.start is None or other.start <= self.end) and (
            other.end is None or self.start is None or self.start <= other.end
        )


def any_informal(statuses: Iterable[DataStatus | str]) -> bool:
    """Whether one of the layers used is not official, so that the result must say 非正式."""
    return any(DataStatus(status).informal for status in statuses)
