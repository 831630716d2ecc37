"""The whole main job on a store of its own: from an empty directory to the day's fire list and its changes."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from boundaries.builtin import builtin
from gis.errors import RefusedInputError
from gis.times import BEIJING
from gis.types import DataStatus, Level
from service.demo.feed import synthetic_feeds
from service.demo.layers import ROAD_BELT_M, Layers, road, synthetic_layers
from service.pipeline.archive import open_archive
from service.pipeline.assess import assess
from service.pipeline.ingest import IngestReport, ingest
from service.pipeline.init import initialise
from service.pipeline.load_duties import load_duty_file
from service.pipeline.load_grid import load_grid_file
from service.pipeline.load_zones import load_zone_file
from service.reports.firelist import build_list
from service.reports.render import FORMATS, render
from service.scope import whole
from service.settings import Settings
from service.store import Store, open_store
from service.store.models import FirePointState

STORE = "huodian.gpkg"
LISTS = "firelist"
INPUT = "input"
GRID_SET = "合成网格"
ZONE_SET = "合成区划"

Say = Callable[[str, str], None]
"""Tells the reader what is being done: Chinese, English."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demonstration did."""

    directory: str
    store: str
    fire_day: str
    synthetic_feed: bool
    cells: int
    duties: int
    ingested: dict[str, int]
    fire_points: int
    pixels: int
    files: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the data of the answer."""
        return asdict(self)


def demo_settings(directory: Path, settings: Settings) -> Settings:
    """Return the settings of the demonstration: its own store and archive under `directory`."""
    return settings.model_copy(
        update={"db": f"sqlite:///{directory / STORE}", "archive": str(directory / "archive")}
    )


def run_demo(
    directory: Path, settings: Settings, *, day: dt.date | None, feed: Path | None, actor: str, say: Say
) -> DemoReport:
    """Make everything anew under `directory` and run the main job.

    Parameters
    ----------
    directory
        Taken for the demonstration; what an earlier one left there is removed.
    day
        Fire day; None for today, or with a feed of one's own for its busiest day.
    feed
        A real feed file instead of the synthetic one.

    Raises
    ------
    RefusedInputError
        When the feed is refused, or holds no fire point in the service area.
    """
    clear(directory)
    own = demo_settings(directory, settings)
    store = open_store(own.db, must_exist=False)
    try:
        say("建库，载入天地图县界与吉林省单位登记册", "store, Tianditu counties, the unit register of Jilin")
        initialise(store, own, actor=actor)
        layers = _load_layers(store, directory, actor, say)
        totals, fire_day = _take_in(store, own, directory, day, feed, actor, say)
        files = _write_lists(store, directory, fire_day, actor)
        points, pixels = _counts(store, fire_day)
    finally:
        store.close()
    return DemoReport(
        str(directory),
        own.db,
        fire_day.isoformat(),
        feed is None,
        layers["cells"],
        layers["duties"],
        totals,
        points,
        pixels,
        tuple(files),
    )


def clear(directory: Path) -> None:
    """Remove what an earlier demonstration made, and nothing else."""
    for name in (STORE, f"{STORE}-wal", f"{STORE}-shm"):
        (directory / name).unlink(missing_ok=True)
    for name in ("archive", LISTS, INPUT):
        shutil.rmtree(directory / name, ignore_errors=True)
    (directory / INPUT).mkdir(parents=True)
    (directory / LISTS).mkdir()


def _load_layers(store: Store, directory: Path, actor: str, say: Say) -> dict[str, int]:
    """Write the synthetic layers as files and load them as anybody's files are loaded."""
    say(
        "合成乡镇与村网格、责任人、公路一公里带", "synthetic townships, villages, duty-holders, a road's belt"
    )
    layers: Layers = synthetic_layers(builtin(Level.COUNTY, province="220000").units)
    for name, data in (layers.grid, layers.duties, layers.road):
        (directory / INPUT / name).write_bytes(data)
    synthetic = DataStatus.SYNTHETIC.value
    grid = load_grid_file(
        store,
        layers.grid[1],
        file=layers.grid[0],
        name=GRID_SET,
        status=synthetic,
        datum="cgcs2000",
        actor=actor,
    )
    duties = load_duty_file(store, layers.duties[1], name=layers.duties[0], actor=actor)
    load_zone_file(
        store,
        layers.road[1],
        file=layers.road[0],
        name=ZONE_SET,
        status=synthetic,
        kind="belt_1km",
        width_m=ROAD_BELT_M,
        datum="cgcs2000",
        actor=actor,
    )
    return {"cells": int(grid["cells"]), "duties": int(duties["duties"])}


def _take_in(
    store: Store,
    settings: Settings,
    directory: Path,
    day: dt.date | None,
    feed: Path | None,
    actor: str,
    say: Say,
) -> tuple[dict[str, int], dt.date]:
    """Read the feed into fire points; return the totals of the files and the fire day to show."""
    archive = open_archive(settings)
    if feed is not None:
        say(f"读入 {feed.name}", f"reading {feed.name}")
        report = ingest(store, archive, [feed], actor=actor)
        _refuse(report)
        say("归并火点，判定归属", "fire points and whose ground they are on")
        assess(store, actor=actor)
        return _totals(report), day or _busiest(store)
    chosen = day or dt.datetime.now(BEIJING).date()
    units = builtin(Level.COUNTY, province="220000").units
    counties = {unit.code: unit.geometry for unit in units}
    totals: dict[str, int] = {}
    for number, one in enumerate(synthetic_feeds(counties, chosen, along=[road(units)])):
        path = directory / INPUT / one.name
        path.write_bytes(one.content)
        say(
            f"读入合成火点文件 {one.name}" + ("（晚到的过境）" if number else ""),
            f"reading the synthetic feed {one.name}" + (" (a late pass)" if number else ""),
        )
        report = ingest(store, archive, [path], actor=actor)
        _refuse(report)
        assess(store, actor=actor)
        for name, value in _totals(report).items():
            totals[name] = totals.get(name, 0) + value
    return totals, chosen


def _refuse(report: IngestReport) -> None:
    for file in report.files:
        if file.refused:
            raise RefusedInputError(
                file.refused,
                file.message_zh or file.refused,
                file.message_en or file.refused,
                value=file.path,
            )


def _totals(report: IngestReport) -> dict[str, int]:
    totals: dict[str, int] = report.as_dict()["totals"]
    return totals


def _busiest(store: Store) -> dt.date:
    """Return the day with the most fire points."""
    count = sa.func.count()
    with store.reader() as reader:
        row = reader.connection.execute(
            sa.select(FirePointState.fire_day, count)
            .where(reader.live(FirePointState))
            .group_by(FirePointState.fire_day)
            .order_by(count.desc(), FirePointState.fire_day.desc())
            .limit(1)
        ).first()
    if row is None:
        raise RefusedInputError(
            "no_fire_points",
            "文件里没有吉林省及周边 20 公里内的火点：请换一个文件，或用 huodian ingest --area none 全部入库",
            "the file has no detection within 20 km of Jilin: take another file, or keep all rows with "
            "huodian ingest --area none",
        )
    found: dt.date = row.fire_day
    return found


def _counts(store: Store, day: dt.date) -> tuple[int, int]:
    with store.reader() as reader:
        row = reader.connection.execute(
            sa.select(sa.func.count(), sa.func.sum(FirePointState.pixels)).where(
                reader.live(FirePointState), FirePointState.fire_day == day
            )
        ).one()
    return int(row[0]), int(row[1] or 0)


def _write_lists(store: Store, directory: Path, day: dt.date, actor: str) -> list[str]:
    """Write the day's fire list in every format."""
    written: list[str] = []
    with store.reader() as reader:
        fire_list = build_list(reader, whole(actor), day)
    for form in FORMATS:
        rendered = render(fire_list, form)
        for suffix, data in ((rendered.suffix, rendered.data), *rendered.beside.items()):
            path = directory / LISTS / f"firelist-{day.isoformat()}{suffix}"
            path.write_bytes(data)
            written.append(str(path))
    return written
