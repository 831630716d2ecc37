"""Area shares of pixels beside ``geopandas.overlay``: ``python -m bench.shares [--rounds N] [--pixels N]``.

100,000 real (scan, track) pairs, re-placed by seed inside Jilin, in the 60 real counties and in a seeded coverage of
9,300 polygons (`bench.coverage`) over the same ground. Both sides have the pixels as arrays and the layer as
geometries before the clock starts. Ours is timed with the index ready, as a layer in service has it, and with the
index built under the clock; theirs makes its rectangles from the same corners. The local plane is the same: the
ellipsoid's scale at each pixel's centre, in which a rectangle along the axes is one in degrees and a ratio of areas is
the same in both. Sides take turns; ratios travel, times do not.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable
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


def clock(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return seconds, seconds of the processors (all threads together), and the answer."""
    start, used = time.perf_counter(), time.process_time()
    answer = work()
    return time.perf_counter() - start, time.process_time() - used, answer


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


def ours(codes: list[str], shapes: Any, at: tuple[Any, ...]) -> tuple[dict[str, float], pd.Series, Any]:
    """Return seconds with and without the index, shares by (pixel, unit), and what lies outside."""
    from gis.footprint import shares
    from gis.locate import Layer

    layer = Layer(codes, shapes)
    whole, _, _ = clock(lambda: shares(layer, *at))
    seconds, used, found = clock(lambda: shares(layer, *at))
    unit = np.array(layer.source_index)[found.unit]
    told = pd.Series(found.share, index=pd.MultiIndex.from_arrays([found.point, unit]))
    return {"seconds": seconds, "used": used, "whole": whole}, told, found.outside


def theirs(shapes: Any, at: tuple[Any, ...]) -> tuple[dict[str, float], pd.Series]:
    """Return seconds and shares by (pixel, unit) of one geopandas.overlay."""
    import geopandas as gpd
    import shapely

    from gis.footprint import rectangles

    corners = shapely.bounds(rectangles(*at))
    units = gpd.GeoDataFrame({"unit": np.arange(len(shapes))}, geometry=shapes, crs=4490)

    def overlay() -> Any:
        boxes = shapely.box(*corners.T)
        pixel = {"pixel": np.arange(len(boxes)), "whole": shapely.area(boxes)}
        left = gpd.GeoDataFrame(pixel, geometry=boxes, crs=4490)
        parts = gpd.overlay(left, units, how="intersection", keep_geom_type=True)
        return parts.pixel, parts.unit, parts.geometry.area / parts.whole

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # areas are taken in degrees on purpose
        seconds, used, (pixel, unit, share) = clock(overlay)
    return {"seconds": seconds, "used": used}, share.groupby([pixel, unit]).sum()


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
        "| 100,000 pixels in | Huodian s | overlay s | ratio | of processor time | with index | differ | sum to 1 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    holds = True
    for name, (codes, shapes) in layers().items():
        runs: list[tuple[dict[str, float], dict[str, float]]] = []
        for number in range(options.rounds):
            sys.stderr.write(f"round {number + 1} of {options.rounds}: {name}\n")
            other_ran, other = theirs(shapes, at)
            ran, mine, outside = ours(codes, shapes, at)
            runs.append((ran, other_ran))
        total = mine.groupby(level=0).sum().reindex(range(len(outside)), fill_value=0.0).to_numpy() + outside
        apart, one = compare(mine, other), float(np.abs(total - 1).max())
        seconds, used, whole = (
            statistics.median(ran[key] for ran, _ in runs) for key in ("seconds", "used", "whole")
        )
        other_s, other_used = (statistics.median(ran[key] for _, ran in runs) for key in ("seconds", "used"))
        good = other_s / seconds >= AT_LEAST and max(apart, one) <= TOLERANCE
        holds &= good
        ratios = [other_s / seconds, other_used / used, other_s / whole]
        cells = [
            f"{seconds:.3f}",
            f"{other_s:.2f}",
            *(f"{each:.0f} ×" for each in ratios),
            f"{apart:.1e}",
            f"{one:.1e}",
        ]
        out.append(f"| {name}{'' if good else ' **MISSED**'} | {' | '.join(cells)} |")
    out += ["", f"Must be: ratio ≥ {AT_LEAST} ×, differences within {TOLERANCE:g}."]
    sys.stdout.write("\n".join(out) + "\n")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
