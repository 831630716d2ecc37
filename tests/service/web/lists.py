"""Fire lists made up for page tests: what a page does with a value, not where the value comes from."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gis.times import fire_day_bounds, to_beijing
from service.reports.model import FeedOfDay, FireList, FireListHeader, FireListRow

DAY = dt.date(2023, 10, 29)


def row(number: int = 1, **changed: Any) -> FireListRow:
    """Return a row like those of the busiest real day."""
    seen = to_beijing(dt.datetime(2023, 10, 29, 4, 51, tzinfo=dt.UTC))
    values: dict[str, Any] = {
        "fire_point_id": f"F{number:015d}",
        "change": None,
        "first_seen": seen,
        "last_seen": seen,
        "satellites": ("NOAA-20",),
        "pixels": 3,
        "lon": 125.123456,
        "lat": 44.654321,
        "county_code": "220122",
        "county": "农安县",
        "township_code": "220122100",
        "township": "农安镇",
        "grid_code": None,
        "grid": None,
        "duty": ("网格长 张三 13800001234",),
        "zone": None,
        "regime": "two_zone",
        "boundary_case": {},
        "county_share": 1.0,
        "cropland_share": None,
        "confidence": "nominal",
        "frp_mw": 12.34,
        "screen": "counted",
        "status": "unverified",
    }
    return FireListRow(**{**values, **changed})


def fire_list(*rows: FireListRow, **changed: Any) -> FireList:
    """Return a list of these rows."""
    header = FireListHeader(
        unit_code="220000",
        unit="吉林省",
        interval=fire_day_bounds(DAY),
        revision=7,
        recorded_at=None,
        last_ingest=None,
    )
    values: dict[str, Any] = {
        "fire_day": DAY,
        "cut": "00:00",
        "issue": None,
        "feeds": (FeedOfDay("NOAA-20", "arrived"), FeedOfDay("Aqua", "missing")),
        "status": "reference",
        "rows": rows,
        "left_out": (),
        "header": header,
    }
    return FireList(**{**values, **changed})
