"""A store with one dense tile, the same rows in either home: 10,000 fire points and 1,000 grid cells."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from gis.tiles import tile_bounds

TILE = (8, 217, 92)
"""Zoom, column and row of the tile that holds everything."""

POINTS, ROWS, COLUMNS = 10_000, 25, 40
DAY = dt.date(2023, 10, 29)
STATES = ("counted", "outside", "not_cropland", "low_confidence")


def points() -> tuple[Any, Any]:
    """Return longitudes and latitudes inside the tile."""
    box = tile_bounds(*TILE)
    rng = np.random.default_rng(5)
    return (
        rng.uniform(box.min_lon, box.max_lon, POINTS).round(5),
        rng.uniform(box.min_lat, box.max_lat, POINTS).round(5),
    )


def cells() -> list[Any]:
    """Return a coverage of 1,000 polygons with crooked shared borders that fills the tile and reaches beyond it."""
    from bench.coverage import bricks

    box = tile_bounds(*TILE)
    around = (box.min_lon - 0.05, box.min_lat - 0.05, box.max_lon + 0.05, box.max_lat + 0.05)
    return [
        shapely.multipolygons([one]) if one.geom_type == "Polygon" else one
        for one in bricks(COLUMNS, ROWS, 12, 7, around)
    ]


def attributes() -> dict[str, list[Any]]:
    """Return what tiles tell of the points, column by column, under the names of the table."""
    rng = np.random.default_rng(6)
    start = dt.datetime(2023, 10, 28, 16, tzinfo=dt.UTC)
    minutes = rng.integers(0, 1440, POINTS).tolist()
    county = rng.integers(0, 20, POINTS).tolist()
    return {
        "fire_point_id": [
            f"{DAY}-{number * 0x9E3779B97F4A & 0xFFFFFFFFFFFF:012x}" for number in range(POINTS)
        ],
        "fire_day": [DAY] * POINTS,
        "first_at": [start + dt.timedelta(minutes=one) for one in minutes],
        "last_at": [start + dt.timedelta(minutes=one + 6) for one in minutes],
        "pixels": rng.integers(1, 40, POINTS).tolist(),
        "frp_mw": rng.gamma(2, 6, POINTS).round(2).tolist(),
        "confidence": rng.choice(["low", "nominal", "high"], POINTS).tolist(),
        "county_code": [f"2201{one:02d}" for one in county],
        "county": [f"第{one}县" for one in county],
        "township_code": [f"2201{one:02d}100" for one in county],
        "township": [f"第{one}县某镇" for one in county],
        "screen": rng.choice(STATES, POINTS, p=[0.85, 0.05, 0.05, 0.05]).tolist(),
    }


def fill(url: str, folder: Path) -> None:
    """Make a store at `url` and write the rows."""
    from service.pipeline.init import initialise
    from service.settings import Settings
    from service.store import open_store
    from service.store.models import Detection, FirePointState, GridCell, GridSet, LayerStack

    store = open_store(url, must_exist=False)
    initialise(store, Settings(db=url, archive=str(folder / "archive")), actor="bench")
    told = attributes()
    lon, lat = points()
    shapes = cells()
    with store.writer("bench", "fill", {}) as writer:
        stack = writer.insert(LayerStack, stack_hash="bench", layers={})
        pixel = writer.insert(
            Detection,
            source_kind="viirs",
            satellite="NOAA-20",
            acq_at=told["first_at"][0],
            lon=float(lon[0]),
            lat=float(lat[0]),
            geom=shapely.Point(lon[0], lat[0]),
        )
        writer.bulk(
            FirePointState,
            {
                "id": list(range(1, POINTS + 1)),
                **told,
                "cut": "00:00",
                "clustering": "1",
                "representative_id": pixel,
                "rev_from": writer.revision,
                "rev_to": None,
                "lon": lon,
                "lat": lat,
                "geom": (lon, lat),
                "satellites": [["NOAA-20"]] * POINTS,
                "sources": [["viirs"]] * POINTS,
                **dict.fromkeys(("city_unit_id", "county_unit_id", "township_unit_id", "grid_unit_id")),
                **dict.fromkeys(("city_code", "city", "grid_code", "grid", "zone_code", "zone")),
                "regime": "ban",
                "regime_zh": "禁烧",
                "regime_en": "ban",
                "boundary_case": [{"county": False}] * POINTS,
                "neighbours": [{}] * POINTS,
                "county_share": 1.0,
                "border_distance_m": 900.0,
                "cropland_share": 0.8,
                "reasons": [[]] * POINTS,
                "layer_stack_id": stack,
                "informal": False,
                "ruling_ids": [[]] * POINTS,
            },
        )
        grid = writer.insert(
            GridSet,
            name="bench",
            status="synthetic",
            accuracy_m=100.0,
            source="bench",
            version=1,
            content_hash="bench",
            valid_from=None,
            valid_to=None,
        )
        writer.bulk(
            GridCell,
            {
                "id": list(range(1, len(shapes) + 1)),
                "set_id": [grid] * len(shapes),
                "code": [f"2299{number:08d}" for number in range(len(shapes))],
                "name": [f"第{number}格" for number in range(len(shapes))],
                "level": "village",
                "parent_code": None,
                "unit_code": None,
                "unit_id": None,
                "geom": shapes,
            },
        )
    if store.dialect == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    store.close()
