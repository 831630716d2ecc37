"""The location engine beside its peers: ``python -m bench.location [--rounds N] [--only NAME ...]``.

1,000,000 seeded points in a seeded coverage of 9,300 polygons with about one million vertices; every side runs in a
process of its own, in turns, with its data in memory before the clock starts. A peer that is not installed is named
and left out. Ratios travel, times do not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

POINTS = 1_000_000
LOOKUPS = 10_000
BOX = (121.0, 40.0, 132.0, 47.0)
NATIONAL = (775, 775, 8)
"""Columns, rows and pieces of 600,625 polygons of 48 vertices."""

Result = dict[str, float]


def layer_input() -> tuple[list[str], Any]:
    """Return the codes and the 9,300 polygons."""
    from bench.coverage import bricks

    shapes = bricks(100, 93, 19, 7, BOX)
    return [f"22{number:010d}" for number in range(len(shapes))], shapes


def points() -> tuple[Any, Any]:
    """Return the points' longitudes and latitudes."""
    rng = np.random.default_rng(11)
    return rng.uniform(BOX[0], BOX[2], POINTS), rng.uniform(BOX[1], BOX[3], POINTS)


def clock(work: Callable[[], Any], times: int = 1) -> tuple[float, float, Any]:
    """Return the median seconds of some runs, of the processors too (all threads together), and the last answer."""
    took, used = [], []
    for _ in range(times):
        start, start_used = time.perf_counter(), time.process_time()
        answer = work()
        took.append(time.perf_counter() - start)
        used.append(time.process_time() - start_used)
    return statistics.median(took), statistics.median(used), answer


def ours() -> Result:
    """Build the index and locate."""
    from gis.location import building, index, kernels  # noqa: F401 - loaded before the clock starts
    from gis.location.rings import rings_of

    _, shapes = layer_input()
    lon, lat = points()
    index.build(rings_of(shapes[:50])).locate(lon[:50_000], lat[:50_000])
    build, build_used, found = clock(lambda: index.build(rings_of(shapes)))
    first, _, _ = clock(lambda: found.locate(lon, lat))
    again, used, unit = clock(lambda: found.locate(lon, lat), 15)
    scale = np.full(POINTS, 80_000.0), np.full(POINTS, 111_000.0)
    inside = unit >= 0
    border, _, _ = clock(
        lambda: found.border_distance_m(
            lon[inside], lat[inside], unit[inside].astype(np.int64), scale[0][inside], scale[1][inside]
        )
    )
    return {
        "seconds": again,
        "used": used,
        "build_used": build_used,
        "first": first,
        "build": build,
        "border": border,
        "held": float(inside.sum()),
        "memory": found.nbytes / found.source.xy.nbytes,
    }


def geopandas_sjoin() -> Result:
    """Run one geopandas.sjoin."""
    import geopandas as gpd

    codes, shapes = layer_input()
    lon, lat = points()
    left = gpd.GeoDataFrame({"point": np.arange(POINTS)}, geometry=gpd.points_from_xy(lon, lat), crs=4490)
    right = gpd.GeoDataFrame({"code": codes}, geometry=shapes, crs=4490)
    gpd.sjoin(left[:1000], right[:1000], predicate="intersects")
    seconds, used, joined = clock(lambda: gpd.sjoin(left, right, predicate="intersects"))
    return {"seconds": seconds, "used": used, "held": float(joined.point.nunique())}


def sedonadb() -> Result:
    """Run one SedonaDB join; the better of counting and fetching the pairs, after one run to warm up."""
    import geopandas as gpd
    import sedonadb as sedona

    codes, shapes = layer_input()
    lon, lat = points()
    session = sedona.connect()
    left = gpd.GeoDataFrame({"point": np.arange(POINTS)}, geometry=gpd.points_from_xy(lon, lat), crs=4326)
    right = gpd.GeoDataFrame({"code": codes}, geometry=shapes, crs=4326)
    session.create_data_frame(left).to_view("points")
    session.create_data_frame(right).to_view("units")
    join = "FROM points AS p JOIN units AS u ON ST_Intersects(p.geometry, u.geometry)"

    def count() -> Any:
        return session.sql(f"SELECT count(*) AS n {join}").to_pandas()

    def pairs() -> Any:
        return session.sql(f"SELECT p.point, u.code {join}").to_arrow_table()

    count()
    counting, counting_used, _ = clock(count)
    fetching, fetching_used, table = clock(pairs)
    used = min(counting_used, fetching_used)
    return {"seconds": min(counting, fetching), "used": used, "held": float(table.num_rows)}


def postgis() -> Result:
    """Run the join in the tests' PostGIS: units with a GiST index, points as they arrive; then with theirs too."""
    import psycopg
    import shapely

    from tests import components

    directory = components.open_run()
    (directory / "controller.pid").write_text(str(os.getpid()))
    try:
        name = components.cluster().clone("empty")
        with psycopg.connect(
            host=str(directory), user="postgres", dbname=name, autocommit=True
        ) as connection:
            _fill(connection, shapely)
            join = "SELECT count(*) FROM points p JOIN units u ON ST_Intersects(u.geom, p.geom)"
            seconds, _, row = clock(lambda: connection.execute(join).fetchone())
            indexing, _, _ = clock(lambda: connection.execute("CREATE INDEX ON points USING gist (geom)"))
            connection.execute("VACUUM ANALYZE points")
            both, _, _ = clock(lambda: connection.execute(join).fetchone())
        return {
            "seconds": seconds,
            "indexing": indexing,
            "both_indexed": both,
            "held": float(row[0] if row else 0),
        }
    finally:
        components.close_run(directory)


def _fill(connection: Any, shapely: Any) -> None:
    codes, shapes = layer_input()
    lon, lat = points()
    connection.execute("CREATE TABLE units (code text, geom geometry(Polygon, 4490))")
    connection.execute("CREATE TABLE points (id int, geom geometry(Point, 4490))")
    cursor = connection.cursor()
    with cursor.copy("COPY units FROM STDIN") as copy:
        wkb = shapely.to_wkb(shapely.set_srid(shapes, 4490), hex=True, include_srid=True)
        for row in zip(codes, wkb, strict=True):
            copy.write_row(row)
    with cursor.copy("COPY points FROM STDIN") as copy:
        located = shapely.set_srid(shapely.points(lon, lat), 4490)
        for row in enumerate(shapely.to_wkb(located, hex=True, include_srid=True)):
            copy.write_row(row)
    connection.execute("CREATE INDEX ON units USING gist (geom)")
    for table in ("units", "points"):
        connection.execute(f"VACUUM ANALYZE {table}")


def opening() -> Result:
    """Save in one process; in this one open the file and look up 10,000 points, the compiler never loaded."""
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "layer.idx"
        subprocess.run([sys.executable, "-m", "bench.location", "--save", str(path)], check=True)
        from gis.locate import Layer

        lon, lat = (each[:LOOKUPS].copy() for each in points())
        seconds, _, layer = clock(lambda: Layer.open(path))
        look, _, unit = clock(lambda: layer.locate(lon, lat))
        return {
            "seconds": seconds + look,
            "open": seconds,
            "held": float((unit >= 0).sum()),
            "numba": float("numba" in sys.modules),
        }


def save(path: Path) -> None:
    """Save the layer of the opening job."""
    from gis.locate import Layer

    Layer(*layer_input()).save(path)


def national() -> Result:
    """Stream 600,625 polygons from GeoParquet, index them and locate a million points."""
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "national.parquet"
        subprocess.run([sys.executable, "-m", "bench.location", "--parquet", str(path)], check=True)
        from gis.location import building, kernels  # noqa: F401
        from gis.location.stream import read_layer

        seconds, used, layer = clock(lambda: read_layer(path))
        lon, lat = points()
        look, _, unit = clock(lambda: layer.locate(lon, lat), 3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "used": used, "look": look, "held": float((unit >= 0).sum()), "peak_mb": peak}


def write_parquet(path: Path) -> None:
    """Write the national layer."""
    import geopandas as gpd

    from bench.coverage import bricks

    shapes = bricks(*NATIONAL, 5, BOX)
    codes = [f"{number:012d}" for number in range(len(shapes))]
    gpd.GeoDataFrame({"code": codes}, geometry=shapes, crs=4490).to_parquet(path)


JOBS: dict[str, Callable[[], Result]] = {
    "ours": ours,
    "geopandas": geopandas_sjoin,
    "sedonadb": sedonadb,
    "postgis": postgis,
    "opening": opening,
    "national": national,
}
ONCE = {"postgis", "national"}
"""Long jobs run in the first round only."""
AT_LEAST = {"sedonadb": 40, "geopandas": 80, "postgis": 500}


def measure(names: list[str], rounds: int) -> dict[str, list[Result]]:
    """Run the jobs in turns, each in a process of its own."""
    runs: dict[str, list[Result]] = defaultdict(list)
    for number in range(rounds):
        for name in names:
            if number and name in ONCE:
                continue
            done = subprocess.run(
                [sys.executable, "-m", "bench.location", "--job", name],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                sys.stderr.write(f"{name} left out: {done.stderr.strip().splitlines()[-1:]}\n")
            else:
                runs[name].append(json.loads(done.stdout.splitlines()[-1]))
                sys.stderr.write(f"round {number + 1} of {rounds}: {name} {runs[name][-1]}\n")
    return runs


def lines(runs: dict[str, list[Result]]) -> tuple[list[str], bool]:
    """Return the table and whether everything that was measured holds."""

    def median(name: str, key: str = "seconds") -> float:
        return statistics.median(run[key] for run in runs[name])

    rows: list[tuple[str, str, str, bool]] = []
    if "ours" in runs:
        mine = median("ours")
        rows.append(("locate", f"{mine * 1000:.1f} ms, {POINTS / mine / 1e6:.1f} million points/s", "", True))
        for peer, least in AT_LEAST.items():
            if peer in runs:
                ratio = median(peer) / mine
                whole = median(peer) / (mine + median("ours", "build"))
                told = f"{ratio:.0f} × (index build included {whole:.1f} ×)"
                if "used" in runs[peer][0]:
                    told += f"; processor time {median(peer, 'used') / median('ours', 'used'):.0f} ×"
                rows.append((f"{peer}, {median(peer):.2f} s", told, f"≥ {least} ×", ratio >= least))
        if "postgis" in runs:
            indexing, both = median("postgis", "indexing"), median("postgis", "both_indexed")
            told = (
                f"{both / mine:.0f} × (with the {indexing:.1f} s that takes {(indexing + both) / mine:.0f} ×)"
            )
            rows.append((f"postgis, the points indexed first, {both:.2f} s", told, "", True))
        if "geopandas" in runs:
            part = median("ours", "build") / median("geopandas")
            rows.append(("index build / one sjoin", f"{part:.3f}", "< 0.5", part < 0.5))
        memory = median("ours", "memory")
        rows.append(("index, coordinates included / coordinates", f"{memory:.2f}", "< 3", memory < 3))
        rows.append(
            ("border distances", f"{POINTS / median('ours', 'border') / 1e6:.1f} million/s", "", True)
        )
    if "opening" in runs:
        took = median("opening") * 1000
        rows.append((f"open and {LOOKUPS:,} lookups", f"{took:.1f} ms", "< 50 ms", took < 50))
    if "national" in runs:
        took, peak = median("national"), median("national", "peak_mb")
        rows.append(("600,625 polygons streamed", f"{took:.1f} s", "< 60 s", took < 60))
        rows.append(("peak of that process", f"{peak:,.0f} MiB", "< 4096 MiB", peak < 4096))
    table = ["| location engine | measured | must be |", "|---|---|---|"]
    table += [
        f"| {name}{'' if good else ' **MISSED**'} | {told} | {must} |" for name, told, must, good in rows
    ]
    held = {name: run["held"] for name in ("ours", *AT_LEAST) if name in runs for run in runs[name]}
    table += ["", f"Points in a unit: {held}"]
    return table, all(row[3] for row in rows) and len(set(held.values())) <= 1


def main() -> int:
    """Measure and print; the exit code says whether every ratio holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=list(JOBS), default=list(JOBS))
    parser.add_argument("--job", choices=list(JOBS))
    parser.add_argument("--save", type=Path)
    parser.add_argument("--parquet", type=Path)
    options = parser.parse_args()
    if options.save:
        save(options.save)
    elif options.parquet:
        write_parquet(options.parquet)
    elif options.job:
        sys.stdout.write(json.dumps(JOBS[options.job]()) + "\n")
    else:
        table, holds = lines(measure(options.only, options.rounds))
        sys.stdout.write("\n".join(table) + "\n")
        return 0 if holds else 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
