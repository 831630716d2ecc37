"""Small fire lists for tests, by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gis.times import BEIJING, fire_day_bounds
from service.reports.model import FeedOfDay, FireList, FireListHeader, FireListRow, LayerUsed

DAY = dt.date(2023, 10, 29)


def at(hour: int, minute: int = 0, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=BEIJING)


def a_row(name: str = "fp1", **values: Any) -> FireListRow:
    defaults: dict[str, Any] = {
        "fire_point_id": name,
        "change": None,
        "first_seen": at(12, 51),
        "last_seen": at(13, 39),
        "satellites": ("NOAA-20", "SNPP"),
        "pixels": 3,
        "lon": 124.82213,
        "lat": 44.51987,
        "county_code": "220122",
        "county": "农安县",
        "township_code": "220122101",
        "township": "合隆镇",
        "grid_code": "220122101203",
        "grid": "陈家店村",
        "duty": ("网格长 张三 13900000000",),
        "zone": "禁烧区",
        "regime": "two_zone",
        "boundary_case": {"county": False, "township": True},
        "county_share": 1.0,
        "cropland_share": None,
        "confidence": "nominal",
        "frp_mw": 12.5,
        "screen": "counted",
        "status": "unverified",
    }
    return FireListRow(**{**defaults, **values})


def a_list(*rows: FireListRow, left_out: tuple[FireListRow, ...] = (), **values: Any) -> FireList:
    header = FireListHeader(
        unit_code="220000",
        unit="吉林省",
        interval=fire_day_bounds(DAY),
        revision=7,
        recorded_at=at(15, 2),
        last_ingest=at(15),
        layers=(LayerUsed("county", "tianditu", "1", "reference"),),
        recurring={"fp1": {"fire_point_id": "old", "fire_day": "2023-10-20", "distance_m": 120.5, "days": 1}},
    )
    defaults: dict[str, Any] = {
        "fire_day": DAY,
        "cut": "00:00",
        "issue": None,
        "feeds": (FeedOfDay("NOAA-20", "arrived", at(2, 3), at(13, 39), 1), FeedOfDay("SNPP", "missing")),
        "status": "reference",
        "rows": tuple(rows),
        "left_out": left_out,
        "header": header,
    }
    return FireList(**{**defaults, **values})


def small() -> FireList:
    """The list of the golden files: every change, a text that would run, a row without units, a point left out."""
    return a_list(
        a_row(change="new"),
        a_row(
            "fp2",
            change="changed",
            county='=HYPERLINK("http://evil")',
            township="<b>合隆</b>&镇",
            duty=("+8613900000000", "-x"),
            boundary_case={"county": True, "township": True},
            cropland_share=0.25,
            confidence="low",
            status="confirmed",
        ),
        a_row(
            "fp3",
            satellites=("Aqua",),
            county_code=None,
            county=None,
            township_code=None,
            township=None,
            grid_code=None,
            grid=None,
            duty=(),
            zone=None,
            regime="unknown",
            boundary_case={},
            county_share=None,
            frp_mw=None,
            screen="zone_unknown",
        ),
        a_row("fp4", change="withdrawn", screen="fixed_heat_source"),
        left_out=(a_row("fp4", screen="fixed_heat_source"), a_row("fp5", screen="low_confidence", pixels=1)),
        issue=2,
        sha256="ab" * 32,
    )
