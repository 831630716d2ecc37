"""The shape of what `screen` and `load landcover` answer; see `service.cli.schemas`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from service.cli.shapes import Closed


class ScreenGroup(Closed):
    """A month or a county; `removed` and `flagged` count fire points by reason code."""

    key: str
    name: str
    fire_points: int
    counted: int
    removed: dict[str, int]
    flagged: dict[str, int]


class ScreenPeak(Closed):
    """One of the days with most fire points, before and after screening."""

    fire_day: str
    fire_points: int
    counted: int


class ScreenExample(Closed):
    """A fire point that stands for a reason, with the evidence."""

    fire_point_id: str
    fire_day: str
    first_seen: str
    lon: float
    lat: float
    county_code: str | None
    county: str | None
    screen: str
    reasons: list[dict[str, Any]]


class ScreenReport(BaseModel):
    """Answer of `screen --report`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    fire_points: int
    counted: int
    removed: dict[str, int]
    flagged: dict[str, int]
    recorded_later: dict[str, int]
    peak: list[ScreenPeak]
    months: list[ScreenGroup]
    units: list[ScreenGroup]
    examples: dict[str, list[ScreenExample]]
    forestry: list[ScreenExample]
    first: str | None
    last: str | None


class ScreenPublish(Closed):
    """Answer of `screen --publish`: cells by class, learned from so many detections."""

    before: str
    window_days: int
    detections: int
    cells: dict[str, int]
    content_hash: str
    unchanged: bool
    revision: int | None


class ScreenSet(Closed):
    """Answer of `screen --set`: the whole record now in force."""

    version: str
    first: str
    params: dict[str, Any]
    revision: int | None


class LoadLandcover(Closed):
    """Answer of `load landcover`; `coverage` is the part of the box of the service area that the raster reaches."""

    name: str
    version: int
    classes: str
    status: str
    sha256: str
    resolution_m: list[float]
    coverage: float
    has_nodata: bool
    classes_found: dict[str, float]
    unchanged: bool
    revision: int | None


class Where(Closed):
    """Answer of `where`: what holds at a place and an instant; `burning` is banned, by_plan, within_plan or unknown."""

    lon: float
    lat: float
    at: str
    fire_day: str
    outside: dict[str, Any] | None
    county_code: str | None
    county: str | None
    city_code: str | None
    city: str | None
    township_code: str | None
    township: str | None
    grid_code: str | None
    grid: str | None
    border_distance_m: float | None
    doubt: list[str]
    zone_code: str | None
    zone: str | None
    zone_kind: str | None
    zone_kind_zh: str | None
    zone_kind_en: str | None
    regime: str
    regime_zh: str
    regime_en: str
    regime_source: str
    regime_source_en: str
    regime_confidence: str
    regime_status: str
    period: str | None
    plans: list[dict[str, Any]]
    burning: str
    zh: str
    en: str
    informal: bool
    layers: dict[str, Any]


ANSWERS: dict[str, Any] = {
    "where": Where,
    "screen.report": ScreenReport,
    "screen.publish": ScreenPublish,
    "screen.set": ScreenSet,
    "load.landcover": LoadLandcover,
}
"""Model of `data` by the name of the answer's schema."""
