"""The jobs that `bench.run` measures, one process per run: ``python -m bench.sides JOB``.

A run imports what it needs, does the job once on a small file so that caches and compiled kernels are warm, then does
it on the real file under the clock, and prints one line of JSON. Peak memory is the process's own, imports included.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from tests.shared import DATA

BIG = DATA / "fires" / "big" / "all_shared_1.14M_mixed_formats.csv.gz"
REGIONAL = DATA / "fires" / "ne_china_subset_shared.csv"
REGIONAL_ROWS = 10_000
BUSY_DAY = dt.date(2023, 10, 29)
SMALL_ROWS = 2_000
JOINS = ("county", "township", "grid")

Job = Callable[[Path, Path], int]
"""A job takes a file and a scratch directory and returns how many rows it stored."""


def counties() -> Any:
    """Return Jilin's counties as a GeoDataFrame: the same polygons for both sides."""
    import geopandas as gpd

    from boundaries.builtin import builtin

    units = builtin("county", province="220000").units
    return gpd.GeoDataFrame(
        {"code": [unit.code for unit in units]}, geometry=[unit.geometry for unit in units], crs=4490
    )


def baseline_job(*, clip: bool) -> Job:
    """Return pandas.read_csv, three geopandas.sjoin and a GeoPackage write; clipped to the area first, or not."""
    import geopandas as gpd
    import pandas as pd

    areas = counties()
    west, south, east, north = areas.total_bounds

    def run(source: Path, work: Path) -> int:
        rows = pd.read_csv(source, low_memory=False)
        if clip:  # the same 20 km around the province, as a box: the cheapest way to write it
            rows = rows[
                rows.longitude.between(west - 0.25, east + 0.25)
                & rows.latitude.between(south - 0.18, north + 0.18)
            ]
        points = gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(rows.longitude, rows.latitude), crs=4490)
        for name in JOINS:
            layer = areas.rename(columns={"code": name})
            points = gpd.sjoin(points, layer, how="left", predicate="within").drop(columns="index_right")
        points.to_file(work / "points.gpkg")
        return len(points)

    return run


def huodian_job(*, area: str | None, assess: bool) -> Job:
    """Return ingest into the embedded store, every row accounted for and indexed; then the assessment."""
    from service.pipeline.archive import Archive
    from service.pipeline.assess import assess as assess_days
    from service.pipeline.ingest import Options, ingest

    def run(source: Path, work: Path) -> int:
        store = STORES.pop()
        archive = Archive(work / "archive")
        report = ingest(store, archive, [source], actor="bench", options=Options(area=area))
        if report.refused:
            raise SystemExit(f"refused: {report.files}")
        if assess:
            assess_days(store, actor="bench")
        store.close()
        return int(report.as_dict()["totals"]["accepted"])

    return run


def huodian_list_job() -> Job:
    """Return the whole way of a regional file: ingest, assess, fire list of the busiest day to a CSV file."""
    from service.reports.build import build
    from service.reports.render import render
    from service.scope import whole

    ingest_and_assess = huodian_job(area=None, assess=True)

    def run(source: Path, work: Path) -> int:
        store = STORES[-1]  # the one that is taken next
        count = ingest_and_assess(source, work)
        with store.reader() as reader:
            fire_list = build(reader, whole("bench"), BUSY_DAY)
        (work / "list.csv").write_bytes(render(fire_list, "csv").data)
        return count

    return run


STORES: list[Any] = []
"""Stores made ready before the clock starts, one per run of a job."""


def prepare_store(work: Path) -> None:
    """Make a store as ``huodian init`` leaves it."""
    from service.pipeline.init import initialise
    from service.settings import Settings
    from service.store import open_store

    url = f"sqlite:///{work / 'store.gpkg'}"
    store = open_store(url, must_exist=False)
    initialise(store, Settings(db=url), actor="bench")
    STORES.append(store)


JOBS: dict[str, tuple[Callable[[], Job], bool]] = {
    "baseline-clip": (lambda: baseline_job(clip=True), False),
    "baseline-all": (lambda: baseline_job(clip=False), False),
    "huodian-clip": (lambda: huodian_job(area=None, assess=True), True),
    "huodian-all": (lambda: huodian_job(area="none", assess=False), True),
    "huodian-list": (huodian_list_job, True),
}


def head(source: Path, rows: int, target: Path) -> Path:
    """Copy the header and the first `rows` rows; the derived file's few day/month dates cannot be settled in a part."""
    with source.open("rb") as lines, target.open("wb") as out:
        plain = (line for line in lines if b"/" not in line.split(b",", 4)[3])
        out.writelines(islice(plain, rows + 1))
    return target


def measure(name: str) -> dict[str, Any]:
    """Run one job, warm, and return its time, rows and memory."""
    begin = time.perf_counter()
    make, needs_store = JOBS[name]
    job = make()
    imports = time.perf_counter() - begin
    with tempfile.TemporaryDirectory(prefix="huodian-bench-") as scratch:
        runs = []
        for label in ("small", "real"):
            work = Path(scratch) / label
            work.mkdir()
            runs.append(work)
            if needs_store:
                prepare_store(work)
        STORES.reverse()
        regional = head(REGIONAL, REGIONAL_ROWS, Path(scratch) / "regional.csv")
        real = regional if name == "huodian-list" else BIG
        job(head(REGIONAL, SMALL_ROWS, Path(scratch) / "small.csv"), runs[0])
        begin = time.perf_counter()
        rows = job(real, runs[1])
        seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"job": name, "seconds": seconds, "rows": rows, "peak_mb": peak, "imports": imports}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1])) + "\n")
