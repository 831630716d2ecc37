"""The whole path on the real files: what the main job must hold."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from gis.times import minutes_of
from service.pipeline.attribute import Names, Positions, attribute
from service.pipeline.layers_store import Layers
from service.pipeline.register_store import load_register
from service.store.models import Detection, DetectionState, FirePointState
from tests.service.pipeline.feeds import SERIES
from tests.service.pipeline.world import World, conserved, ready
from tests.shared import DATA

FIRES = DATA / "fires"
REFUSED = {"MANIFEST.csv": "unknown_feed", "ne_china_subset_shared.csv": "ambiguous_date"}
"""Files of the folder that are no feed: a list of files, and a table whose dates are written both ways."""

BUSY_DAY = dt.date(2023, 10, 29)


@pytest.fixture
def world(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[World]:
    with ready(store_home, new_store_url, tmp_path / "world") as opened:
        yield opened


def _count(world: World, *conditions: Any) -> int:
    query = sa.select(sa.func.count()).select_from(DetectionState)
    with world.store.reader() as reader:
        found = reader.connection.execute(query.where(reader.live(DetectionState), *conditions))
        return int(found.scalar() or 0)


def test_the_noaa20_series_has_its_measured_numbers(world: World) -> None:
    report = world.ingest(SERIES, area="none")
    conserved(report)
    totals = report.as_dict()["totals"]
    assert totals["read"] == 447_688
    assert totals["accepted"] == 288_066
    assert totals["duplicate"] == 447_688 - 288_066
    with world.store.reader() as reader:
        query = sa.select(sa.func.count()).select_from(Detection)
        assert reader.connection.execute(query).scalar() == 288_066
    world.assess()
    in_jilin = DetectionState.county_unit_id.is_not(None)
    assert _count(world, in_jilin) == 2_666
    assert _count(world, in_jilin, DetectionState.fire_day == BUSY_DAY) == 1_113
    with world.store.reader() as reader:
        pixels = reader.rows(
            sa.select(FirePointState.pixels).where(
                reader.live(FirePointState),
                FirePointState.screen == "counted",
                FirePointState.fire_day == BUSY_DAY,
            )
        )
    assert 0 < len(pixels) < sum(row.pixels for row in pixels), "pixels and fire points are two numbers"
    before = world.revision
    again = world.ingest(SERIES, area="none")
    conserved(again)
    assert again.as_dict()["totals"]["accepted"] == 0
    assert not world.assess().redone
    assert world.revision == before


def test_the_series_cut_to_the_service_area_has_the_same_pixels_in_jilin(world: World) -> None:
    conserved(world.ingest(SERIES))
    world.assess()
    assert _count(world, DetectionState.county_unit_id.is_not(None)) == 2_666


def _huodian(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command on an embedded store in `folder`, as a user would."""
    done = subprocess.run(
        [sys.executable, "-c", "from service.cli.app import main; main()", "--json", *arguments],
        env={**os.environ, "HUODIAN_DB": f"sqlite:///{folder / 'huodian.gpkg'}"},
        capture_output=True,
        check=False,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


def test_every_real_file_in_one_run_of_the_command(tmp_path: Path) -> None:
    assert _huodian(tmp_path, "init")[0] == 0
    code, document = _huodian(tmp_path, "ingest", str(FIRES))
    assert code == 1, "refused files are told by the exit code"
    assert document["schema"] == "ingest"
    files = document["data"]["files"]
    assert {file["path"]: file["refused"] for file in files if file["refused"]} == REFUSED
    assert len(files) == sum(1 for path in FIRES.rglob("*") if path.is_file())
    for file in files:
        assert file["read"] == file["accepted"] + file["duplicate"] + file["outside"] + file["rejected"], file
        assert file["refused"] or file["read"], file
    totals = document["data"]["totals"]
    assert totals["accepted"] > 2_666
    assert totals["rejected"] >= 1
    assert len(document["warnings"]) == 3, "the two refused files, and where the rejected rows are"
    assert "huodian rejected" in document["warnings"][-1]
    assert _huodian(tmp_path, "assess")[0] == 0
    code, document = _huodian(tmp_path, "ingest", str(FIRES))
    again = document["data"]["totals"]
    assert (code, again["accepted"], again["superseded"]) == (1, 0, 0)
    assert again["read"] == totals["read"]
    code, document = _huodian(tmp_path, "assess")
    assert (code, document["data"]["redone"], document["data"]["begun"]) == (0, [], 0)


def _official() -> list[dict[str, str]]:
    """Return the rows an agency attributed to counties of Jilin."""
    path = DATA / "groundtruth" / "fengyun_straw_points_2016_2017.csv"
    with path.open(encoding="utf-8", newline="") as text:
        return [row for row in csv.DictReader(text) if row["province"] == "吉林"]


def test_the_officially_attributed_points_lie_in_the_same_county(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _official()
    assert len(rows) == 84
    days = [dt.date.fromisoformat(row["date"]) for row in rows]
    noon = [minutes_of(dt.datetime(day.year, day.month, day.day, 4, tzinfo=dt.UTC)) for day in days]
    at = Positions(
        np.array([float(row["lon"]) for row in rows]),
        np.array([float(row["lat"]) for row in rows]),
        np.array(noon, dtype=np.int64),
        np.full(len(rows), 1000.0),
        np.full(len(rows), 1000.0),
    )
    with world.store.reader() as reader:
        stored = load_register(reader)
        names = Names(stored.register, stored.ids)
        places = attribute(Layers(reader).on(days[0]), names, at, days)
    misses = []
    for row, day, place in zip(rows, days, places, strict=True):
        said = "".join(row["county"].split())
        match = stored.register.resolve(said, within=row["city"], day=day)
        if match is None or stored.ids[match.unit.uid] != place.county_unit_id:
            misses.append(
                f"{row['date']} {said} -> {place.county}, {place.border_distance_m} m from the border"
            )
    with capsys.disabled():
        print(f"\n{len(rows) - len(misses)} of {len(rows)} in the official county; misses: {misses}")  # noqa: T201
    assert len(rows) - len(misses) >= 0.97 * len(rows)
