"""The whole main job on a store of its own: from an empty directory to the day's fire list, its changes and a bill."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from boundaries.builtin import builtin
from gis.errors import RefusedInputError
from gis.times import BEIJING
from gis.types import DataStatus, Level
from service.demo.feed import Feed, synthetic_feeds
from service.demo.layers import ROAD_BELT_M, Layers, road, synthetic_layers
from service.demo.money import STATEMENTS, Sample, show_money
from service.pipeline.archive import open_archive
from service.pipeline.assess import assess
from service.pipeline.ingest import IngestReport, ingest
from service.pipeline.init import initialise
from service.pipeline.load_duties import load_duty_file
from service.pipeline.load_grid import load_grid_file
from service.pipeline.load_zones import load_zone_file
from service.reports.publish import publish
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
    changes: dict[str, int]
    files: tuple[str, ...]
    money: Sample | None

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
    store = open_store(own.db, must_exist=False, archive=own.archive)
    try:
        say("建库，载入天地图县界与吉林省单位登记册", "store, Tianditu counties, the unit register of Jilin")
        initialise(store, own, actor=actor)
        layers = _load_layers(store, directory, actor, say)
        work = _Work(store, own, directory, actor, say)
        fire_day = work.real(feed, day) if feed else work.synthetic(day)
        # Nobody's real fires are given invented findings.
        money = None if feed else show_money(store, directory, fire_day, actor=actor, say=say)
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
        work.totals,
        points,
        pixels,
        work.changes,
        tuple(work.files),
        money,
    )


def clear(directory: Path) -> None:
    """Remove what an earlier demonstration made, and nothing else."""
    for name in (STORE, f"{STORE}-wal", f"{STORE}-shm"):
        (directory / name).unlink(missing_ok=True)
    for name in ("archive", LISTS, INPUT, STATEMENTS):
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


@dataclass(slots=True)
class _Work:
    """The daily work on the demonstration's store: a feed in, an issue of the fire list out."""

    store: Store
    settings: Settings
    directory: Path
    actor: str
    say: Say
    totals: dict[str, int] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    def real(self, feed: Path, day: dt.date | None) -> dt.date:
        """Take in a feed of somebody's own; return the fire day to show."""
        self.say(f"读入 {feed.name}", f"reading {feed.name}")
        self._take_in(feed)
        chosen = day or _busiest(self.store)
        self._issue(chosen, None)
        return chosen

    def synthetic(self, day: dt.date | None) -> dt.date:
        """Take in the synthetic day: a list goes out, then a late pass changes it."""
        chosen = day or dt.datetime.now(BEIJING).date()
        units = builtin(Level.COUNTY, province="220000").units
        counties = {unit.code: unit.geometry for unit in units}
        first, late = synthetic_feeds(counties, chosen, along=[road(units)])
        self.say(f"读入合成火点文件 {first.name}", f"reading the synthetic feed {first.name}")
        self._take_in(self._keep(first))
        issue = self._issue(chosen, None)
        self.say(f"读入晚到的过境 {late.name}", f"a late pass arrives: {late.name}")
        self._take_in(self._keep(late))
        self._issue(chosen, issue)
        return chosen

    def _keep(self, feed: Feed) -> Path:
        path = self.directory / INPUT / feed.name
        path.write_bytes(feed.content)
        return path

    def _take_in(self, path: Path) -> None:
        report = ingest(self.store, open_archive(self.settings), [path], actor=self.actor)
        _refuse(report)
        for name, value in report.as_dict()["totals"].items():
            self.totals[name] = self.totals.get(name, 0) + value
        assess(self.store, actor=self.actor)

    def _issue(self, day: dt.date, since: int | None) -> int | None:
        """Publish the day's list, marked against an earlier issue, and write it in every format."""
        made = publish(self.store, whole(self.actor), day, actor=self.actor, since=since).fire_list
        self.say(f"发布火点清单第 {made.issue} 期", f"fire list, issue no. {made.issue}")
        for form in FORMATS:
            rendered = render(made, form)
            stem = f"firelist-{day.isoformat()}-issue{made.issue}"
            for suffix, data in ((rendered.suffix, rendered.data), *rendered.beside.items()):
                path = self.directory / LISTS / f"{stem}{suffix}"
                path.write_bytes(data)
                self.files.append(str(path))
        if since is not None:
            self.changes = dict(Counter(row.change for row in made.rows if row.change))
        return made.issue


def _refuse(report: IngestReport) -> None:
    for file in report.files:
        if file.refused:
            raise RefusedInputError(
                file.refused,
                file.message_zh or file.refused,
                file.message_en or file.refused,
                value=file.path,
            )


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
