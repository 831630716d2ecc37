"""Area shares of pixels beside ``geopandas.overlay``: ``python -m bench.shares [--rounds N] [--pixels N]``.

100,000 real (scan, track) pairs, re-placed by seed inside Jilin, in the 60 real counties and in a seeded coverage of
9,300 polygons (`bench.coverage`) over the same ground. Both sides have the pixels as arrays and the layer as geometries
before the clock starts; ours builds its index under the clock, theirs makes its rectangles from the same corners. The
local plane is the same: the ellipsoid's scale at each pixel's centre, in which a rectangle along the axes is one in
degrees and a ratio of areas is the same in both. Sides take turns; ratios travel, times do not.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd

from tests.shared import DATA

PIXELS = 100_000
SEED = 2023
TOLERANCE = 1e-9
AT_LEAST = 10
FEEDS = DATA / "fires"
BOX = (121.6, 40.8, 131.4, 46.4)


def pixels(count: int) -> tuple[Any, Any, Any, Any]:
    """Return centres inside Jilin and real extents in metres."""
    import shapely

    from tests.gis.jilin import province

    files = [
        *sorted(FEEDS.glob("viirs_noaa20*/*.csv.gz")),
        *sorted(FEEDS.glob("modis_nrt_c61_global/*.csv.gz")),
    ]
    table = pd.concat([pd.read_csv(path, usecols=["scan", "track"]) for path in files], ignore_index=True)
    dice = np.random.default_rng(SEED)
    rows = dice.choice(len(table), count, replace=False)
    outline = province()
    shapely.prepare(outline)
    lon, lat = np.empty(0), np.empty(0)
    while len(lon) < count:
        x, y = dice.uniform(BOX[0], BOX[2], count), dice.uniform(BOX[1], BOX[3], count)
        inside = shapely.intersects_xy(outline, x, y)
        lon, lat = np.append(lon, x[inside]), np.append(lat, y[inside])
    return (
        *(lon[:count], lat[:count]),
        *(1000 * table[name].to_numpy(np.float64)[rows] for name in ("scan", "track")),
    )


def layers() -> dict[str, tuple[list[str], Any]]:
    """Return codes and geometries of the two layers."""
    from bench.coverage import bricks
    from tests.gis.jilin import counties

    codes, shapes = counties("tianditu")
    many = bricks(100, 93, 19, 7, BOX, stray=0.1)  # a clean coverage, as shares must sum to 1
    return {
        "60 counties": (codes, np.array(shapes, dtype=object)),
        "9,300 polygons": ([f"{number:05d}" for number in range(len(many))], many),
    }


def ours(codes: list[str], shapes: Any, at: tuple[Any, ...]) -> tuple[float, pd.Series, Any]:
    """Return seconds, shares by (pixel, unit), and what lies outside; the index is built anew."""
    from gis.footprint import shares
    from gis.locate import Layer

    start = time.perf_counter()
    layer = Layer(codes, shapes)
    found = shares(layer, *at)
    seconds = time.perf_counter() - start
    unit = np.array(layer.source_index)[found.unit]
    return (
        seconds,
        pd.Series(found.share, index=pd.MultiIndex.from_arrays([found.point, unit])),
        found.outside,
    )


def theirs(shapes: Any, at: tuple[Any, ...]) -> tuple[float, pd.Series]:
    """Return seconds and shares by (pixel, unit) of one geopandas.overlay."""
    import geopandas as gpd
    import shapely

    from gis.footprint import rectangles

    corners = shapely.bounds(rectangles(*at))
    units = gpd.GeoDataFrame({"unit": np.arange(len(shapes))}, geometry=shapes, crs=4490)
    start = time.perf_counter()
    boxes = shapely.box(*corners.T)
    left = gpd.GeoDataFrame(
        {"pixel": np.arange(len(boxes)), "whole": shapely.area(boxes)}, geometry=boxes, crs=4490
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # areas are taken in degrees on purpose
        parts = gpd.overlay(left, units, how="intersection", keep_geom_type=True)
        share = parts.geometry.area / parts.whole
    seconds = time.perf_counter() - start
    return seconds, share.groupby([parts.pixel, parts.unit]).sum()


def compare(mine: pd.Series, other: pd.Series) -> float:
    """Return the greatest difference; a part that one side does not name is zero there."""
    return float(mine.sub(other, fill_value=0.0).abs().max())


def main() -> int:
    """Measure and print; the exit code says whether every ratio and the equality hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pixels", type=int, default=PIXELS)
    options = parser.parse_args()
    from gis.location import areas, building  # noqa: F401 - loaded before the clock starts

    at = pixels(options.pixels)
    out = [
        "| shares | Huodian s | geopandas.overlay s | ratio | must be | differ by at most |",
        "|---|---|---|---|---|---|",
    ]
    holds = True
    for name, (codes, shapes) in layers().items():
        took: list[tuple[float, float]] = []
        for number in range(options.rounds):
            sys.stderr.write(f"round {number + 1} of {options.rounds}: {name}\n")
            other_s, other = theirs(shapes, at)
            mine_s, mine, outside = ours(codes, shapes, at)
            took.append((mine_s, other_s))
        apart = compare(mine, other)
        total = mine.groupby(level=0).sum().reindex(range(len(outside)), fill_value=0.0).to_numpy() + outside
        one = float(np.abs(total - 1).max())
        mine_s, other_s = (statistics.median(each) for each in zip(*took, strict=True))
        good = other_s / mine_s >= AT_LEAST and max(apart, one) <= TOLERANCE
        holds &= good
        cells = [
            f"{mine_s:.3f}",
            f"{other_s:.2f}",
            f"{other_s / mine_s:.0f} ×",
            f"≥ {AT_LEAST} ×",
            f"{apart:.1e}",
        ]
        out.append(
            f"| {len(outside):,} pixels in {name}{'' if good else ' **MISSED**'} | {' | '.join(cells)} |"
        )
        out.append(f"| — shares and outside sum to 1 within | {one:.1e} | | | ≤ {TOLERANCE:g} | |")
    sys.stdout.write("\n".join(out) + "\n")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
