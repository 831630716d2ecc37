"""A store built through the command line, with fires in named counties, verified by a table."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from boundaries.builtin import builtin
from gis.times import BEIJING, minutes_of
from service.cli import app as entry
from service.cli import schemas
from service.pipeline.init import initialise
from service.settings import Settings
from service.store import open_store
from service.store.models import Revision, RevisionSeal
from service.store.seals import seal
from tests import components
from tests.service.pipeline import feeds

STEP_M, MARGIN_M = 3000.0, 1500.0
"""Fires stand so far apart that none is clustered with another, and so far from the line that nobody doubts them."""


@cache
def commands() -> Any:
    """The command line."""
    return entry.application()


@cache
def spots(county: str) -> tuple[tuple[str, str], ...]:
    """Return places inside a built-in county, as a feed writes them: a fixed lattice away from its line."""
    units = builtin("county", province=county[:2] + "0000").units
    shape = next(unit.geometry for unit in units if unit.code == county)
    inner = shape.buffer(-MARGIN_M / 80_000)
    west, south, east, north = inner.bounds
    lon, lat = np.meshgrid(np.arange(west, east, STEP_M / 70_000), np.arange(south, north, STEP_M / 111_000))
    inside = shapely.contains_xy(inner, lon.ravel(), lat.ravel())
    pairs = zip(lon.ravel()[inside].tolist(), lat.ravel()[inside].tolist(), strict=True)
    return tuple((f"{x:.5f}", f"{y:.5f}") for x, y in pairs)


@dataclass(frozen=True)
class Fire:
    """One fire of a county: the nth place of it, at a Beijing time."""

    county: str
    place: int
    when: str
    finding: str | None = "straw"
    level: str = "city"
    satellite: str = "N20"

    @property
    def spot(self) -> tuple[str, str]:
        return spots(self.county)[self.place]

    @property
    def minute(self) -> int:
        return minutes_of(dt.datetime.fromisoformat(self.when).replace(tzinfo=BEIJING))

    def row(self) -> feeds.Row:
        return feeds.Row(self.minute, *self.spot, satellite=self.satellite)


def fires(county: str, count: int, when: str, *, first: int = 0, **more: Any) -> list[Fire]:
    """So many fires of a county, a minute apart."""
    start = dt.datetime.fromisoformat(when)
    return [
        Fire(county, first + n, (start + dt.timedelta(minutes=n)).isoformat(timespec="minutes"), **more)
        for n in range(count)
    ]


@dataclass
class House:
    """The command line on one store."""

    url: str
    folder: Path
    area: str = "220000"
    fires: list[Fire] = field(default_factory=list)

    def run(self, *arguments: str, token: str = "") -> Result:
        """Run a command."""
        environment = {
            "HUODIAN_DB": self.url,
            "HUODIAN_ARCHIVE": str(self.folder / "archive"),
            "HUODIAN_SERVICE_AREA": self.area,
            "HUODIAN_TOKEN": token or None,
        }
        return CliRunner().invoke(commands(), entry.global_first(list(arguments)), env=environment)

    def data(self, *arguments: str, token: str = "") -> Any:
        """Run a command with ``--json`` and return its data, held to its schema where it has one."""
        result = self.run("--json", *arguments, token=token)
        assert result.exit_code == 0, result.output
        said = json.loads(result.stdout)
        if said["schema"] in schemas.ANSWERS:
            schemas.envelope(said["schema"]).model_validate(said)
        return said["data"]

    def refused(self, *arguments: str, token: str = "", code: int = 1) -> str:
        """Run a command that is refused and return the code of its error."""
        result = self.run("--json", *arguments, token=token)
        assert result.exit_code == code, result.output
        error = json.loads(result.stdout)["error"]
        schemas.Error.model_validate(error)
        return str(error["code"])

    def burn(self, found: Sequence[Fire], name: str = "feed.csv") -> None:
        """Ingest fires and assess."""
        self.fires += found
        self.data("ingest", str(feeds.write(self.folder / name, [one.row() for one in found])))
        self.data("assess")

    def ids(self) -> dict[tuple[str, str, str], str]:
        """Return the live fire points by position and time of the overpass."""
        from service.pipeline.states import live_states

        store = open_store(self.url)
        with store.reader() as reader:
            rows = live_states(reader)
        store.close()
        return {
            (f"{row.lon:.5f}", f"{row.lat:.5f}", f"{minutes_of(row.first_at)}"): row.fire_point_id
            for row in rows
        }

    def id_of(self, fire: Fire) -> str:
        """Return the id of a fire."""
        return self.ids()[(*fire.spot, str(fire.minute))]

    def verify(self, name: str = "results.csv") -> None:
        """Verify every fire by a table, three hours after its overpass."""
        ids = self.ids()
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as text:
            table = csv.writer(text)
            table.writerow(["火点编号", "核实结论", "级别", "核实时间", "核实人"])
            for one in self.fires:
                if one.finding is None:
                    continue
                seen = dt.datetime.fromisoformat(one.when) + dt.timedelta(hours=3)
                key = (*one.spot, str(one.minute))
                table.writerow([ids[key], one.finding, one.level, seen.isoformat(timespec="minutes"), "甲"])
        self.data("verify", "--file", str(path))

    def rule(self, fire: Fire, *words: str) -> None:
        """Rule on a fire."""
        self.data("rule", self.id_of(fire), *words, "--reason", "现场核实裁定")

    def charge(self, season: str, *words: str, token: str = "") -> Any:
        """Return the charges of a season."""
        data: Any = self.data("charge", "--season", season, *words, token=token)
        return data

    def recorded(self, moment: dt.datetime, *, since: int = 0) -> None:
        """Date revisions back: a store that has run since before the fires, which a test cannot wait for."""
        store = open_store(self.url)
        with store.engine.begin() as connection:
            connection.execute(
                sa.update(Revision.__table__).where(Revision.__table__.c.id > since).values(at=moment)
            )
            seals = RevisionSeal.__table__
            connection.execute(sa.delete(seals).where(seals.c.rev > since))
            for rev in connection.execute(
                sa.select(Revision.id).where(Revision.id > since).order_by(Revision.id)
            ):
                seal(connection, rev.id)
        store.close()

    @property
    def revision(self) -> int:
        store = open_store(self.url)
        with store.reader() as reader:
            found = reader.rev
        store.close()
        return found


def amounts(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the amount of each payer that is charged."""
    return {one["code"]: one["amount"] for one in data["payers"] if one["billed"]}


@cache
def _initialised(home: str, area: str) -> tuple[str, str]:
    """Return the URL and archive of an initialised store of a province, made once per process."""
    folder = Path(os.environ[components.RUN_DIRECTORY]) / f"house-{area}-{home}-{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    if home == "sqlite":
        url = f"sqlite:///{folder / 'ready.gpkg'}"
    else:
        cluster = components.cluster()
        url = cluster.url(cluster.clone("migrated"))
    store = open_store(url, must_exist=False)
    archive = str(folder / "archive")
    initialise(store, Settings(db=url, archive=archive, service_area=area), actor="test")
    store.close()
    return url, archive


@contextmanager
def house(
    home: str, new_store_url: Callable[..., str], folder: Path, area: str = "220000"
) -> Iterator[House]:
    """Open a fresh copy of an initialised store of a province."""
    url, archive = _initialised(home, area)
    folder.mkdir(parents=True, exist_ok=True)
    if Path(archive).is_dir():  # the shipped register of Jilin needs no file
        shutil.copytree(archive, folder / "archive", dirs_exist_ok=True)
    yield House(new_store_url(home, like=url), folder, area)
