"""Loading boundary files into either home: refusals write nothing, versions stay side by side, one is in force."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
import typer
from shapely.geometry import box
from typer.testing import CliRunner

from gis.errors import NotFoundError, RefusedInputError, UnknownDatumError
from gis.types import DataStatus, Level
from service.cli import load_boundaries as commands
from service.cli.groups import boundaries_app, load_app
from service.cli.session import Session
from service.pipeline import load_boundaries as module
from service.pipeline.archive import Archive
from service.pipeline.init import load_builtin
from service.pipeline.load_boundaries import (
    Declaration,
    list_boundaries,
    load_boundary_files,
    read_set,
    set_in_force,
    use_boundaries,
)
from service.scope import whole
from service.settings import Settings
from service.store import models
from service.store.engine import Store
from tests.boundaries.real import AMAP_GCJ02, AMAP_WGS84, DIRTY, TIANDITU, counties

SETTINGS = Settings()
ME = "tester"
TODAY = dt.date(2026, 1, 1)


@pytest.fixture
def ready(store: Store) -> Store:
    load_builtin(store, SETTINGS, actor=ME)
    return store


@pytest.fixture
def load(ready: Store, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def call(path: Path, /, **said: Any) -> dict[str, Any]:
        how = {
            key: said.pop(key) for key in ("preview", "replace_units", "repairs_accepted_by") if key in said
        }
        declared = Declaration(**({"name": "amap", "level": Level.COUNTY, "datum": "gcj02"} | said))
        archive = Archive(tmp_path / "archive")
        return load_boundary_files(
            ready,
            [path],
            declared=declared,
            settings=SETTINGS,
            actor=ME,
            scope=whole(ME),
            archive=archive,
            **how,
        )

    return call


def names(store: Store) -> list[tuple[str, int]]:
    with store.reader() as reader:
        return [(row["set"], row["version"]) for row in list_boundaries(reader) if row["level"] == "county"]


def test_gcj02_declared_as_wgs84_is_refused_and_nothing_written(
    ready: Store, load: Any, tmp_path: Path
) -> None:
    with ready.reader() as reader:
        before = reader.rev
    with pytest.raises(UnknownDatumError) as caught:
        load(AMAP_GCJ02, datum="wgs84")
    assert caught.value.code == "datum_shift"
    assert "gcj02" in caught.value.zh
    assert caught.value.context["east_m"] == pytest.approx(-502, abs=60)
    with ready.reader() as reader:
        assert reader.rev == before
    assert names(ready) == [("tianditu", 1)]
    assert not (tmp_path / "archive").exists()


def test_declared_rightly_it_is_a_version_and_the_same_again_writes_nothing(
    ready: Store, load: Any, tmp_path: Path
) -> None:
    first = load(AMAP_GCJ02)
    assert first["shift"]["median_m"] < 120
    assert first["loaded"]["version"] == 1
    assert (len(first["matched"]), len(first["missing"])) == (42, 18)
    again = load(AMAP_GCJ02)
    assert again["loaded"]["unchanged"]
    assert again["loaded"]["revision"] is None
    assert again["loaded"]["content_hash"] == first["loaded"]["content_hash"]
    assert names(ready) == [("amap", 1), ("tianditu", 1)]
    with ready.reader() as reader:
        row = reader.rows(sa.select(models.BoundarySet.__table__).where(models.BoundarySet.name == "amap"))[0]
    assert Archive(tmp_path / "archive").get(row.source_sha256) == AMAP_GCJ02.read_bytes()
    assert (row.datum, row.status, row.accuracy_m) == ("gcj02", "reference", 110.0)


def test_a_stored_set_reads_back_as_it_was(ready: Store) -> None:
    with ready.reader() as reader:
        stored = set_in_force(reader, Level.COUNTY, TODAY)
    assert stored is not None
    assert stored.content_hash == counties().content_hash
    assert stored.by_code["220184"].parent_code == "220100"
    assert stored.status is DataStatus.REFERENCE


def test_a_dry_run_writes_nothing_and_reports_everything(ready: Store, load: Any) -> None:
    data = load(DIRTY, name="2015", datum="wgs84", preview=True)
    assert json.loads(json.dumps(data, ensure_ascii=False)) == data
    assert data["dry_run"]
    assert data["loaded"] is None
    assert data["blocking"] == ["repairs"]
    assert (data["invalid"]["count"], data["gaps"]["count"]) == (4, 10)
    assert data["compared_with"]["set"] == "tianditu"
    assert names(ready) == [("tianditu", 1)]


def test_a_dry_run_may_be_of_a_wrong_datum(load: Any) -> None:
    data = load(AMAP_GCJ02, datum="wgs84", preview=True)
    assert data["blocking"] == ["wrong_datum"]
    assert data["shift"]["candidates"][0]["datum"] == "gcj02"


def test_repairs_need_a_name_and_are_recorded_under_it(ready: Store, load: Any) -> None:
    with pytest.raises(RefusedInputError) as caught:
        load(DIRTY, name="2015", datum="wgs84")
    assert caught.value.code == "repair_not_accepted"
    assert names(ready) == [("tianditu", 1)]
    load(DIRTY, name="2015", datum="wgs84", repairs_accepted_by="王工")
    with ready.reader() as reader:
        rows = reader.rows(sa.select(models.BoundaryRepair.__table__).order_by(models.BoundaryRepair.code))
        geometry = reader.rows(
            sa.select(models.BoundaryUnit.geom).where(models.BoundaryUnit.code == "220182")
        )
    assert [row.code for row in rows] == ["220182", "220283", "220582", "220621"]
    assert {row.accepted_by for row in rows} == {"王工"}
    assert all(shapely.is_valid(row.geom) for row in geometry)


def test_one_set_is_in_force_on_a_date(ready: Store, load: Any) -> None:
    load(AMAP_WGS84, datum="wgs84")
    with pytest.raises(RefusedInputError) as refused:  # eighteen counties would have no ground
        use_boundaries(
            ready, "amap", level="county", from_date=dt.date(2024, 1, 1), settings=SETTINGS, actor=ME
        )
    assert refused.value.code == "partial_set"
    assert len(refused.value.context["missing"]) == 18
    done = use_boundaries(
        ready,
        "amap",
        level="county",
        from_date=dt.date(2024, 1, 1),
        partial=True,
        settings=SETTINGS,
        actor=ME,
    )
    assert not done["unchanged"]
    # Eighteen counties are not in this set: said, for their fires would have no county.
    assert len(done["missing"]) == 18
    again = use_boundaries(
        ready,
        "amap",
        level="county",
        from_date=dt.date(2024, 1, 1),
        partial=True,
        settings=SETTINGS,
        actor=ME,
    )
    assert again["unchanged"]
    assert again["revision"] is None
    with ready.reader() as reader:
        by_day = [set_in_force(reader, Level.COUNTY, dt.date(year, 6, 1)) for year in (2023, 2024)]
        listed = {
            row["set"]: row["in_force_from"] for row in list_boundaries(reader) if row["level"] == "county"
        }
    assert [found.name for found in by_day if found] == ["tianditu", "amap"]
    assert listed == {"amap": ["2024-01-01"], "tianditu": ["2000-01-01"]}
    with pytest.raises(NotFoundError):
        use_boundaries(ready, "amap", level="city", from_date=TODAY, settings=SETTINGS, actor=ME)
    with pytest.raises(NotFoundError):
        use_boundaries(ready, "amap", level="county", from_date=TODAY, version=7, settings=SETTINGS, actor=ME)


def test_one_unit_is_replaced_in_a_new_version(ready: Store, load: Any, tmp_path: Path) -> None:
    document = json.loads((TIANDITU / "jilin_district.geojson").read_text(encoding="utf-8"))
    (one,) = [each for each in document["features"] if each["properties"]["district_adcode"] == 220184]
    shape = shapely.from_geojson(json.dumps(one["geometry"]))
    one["geometry"] = json.loads(shapely.to_geojson(shapely.union(shape, box(124.5, 43.4, 124.52, 43.42))))
    path = tmp_path / "gzl.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [one]}, ensure_ascii=False), encoding="utf-8"
    )
    data = load(path, name="tianditu", datum="cgcs2000", replace_units=True)
    assert data["loaded"]["version"] == 2
    with ready.reader() as reader:
        table = models.BoundarySet
        rows = reader.rows(
            sa.select(table.id, table.version, table.replaces_id)
            .where(table.name == "tianditu", table.level == "county")
            .order_by(table.version)
        )
        old, new = (read_set(reader, row.id) for row in rows)
    assert rows[1].replaces_id == rows[0].id
    assert old.content_hash == counties().content_hash
    differing = [
        code for code in old.by_code if not old.by_code[code].geometry.equals(new.by_code[code].geometry)
    ]
    assert set(differing) <= {"220184"}
    assert len(new.units) == 60


def test_units_known_by_name_only_get_their_code_or_are_refused(load: Any, tmp_path: Path) -> None:
    whole_set = json.loads((TIANDITU / "jilin_district.geojson").read_text(encoding="utf-8"))
    for each in whole_set["features"]:
        each["properties"] = {"name": each["properties"]["district_name"]}
    path = tmp_path / "names.geojson"
    path.write_text(json.dumps(whole_set, ensure_ascii=False), encoding="utf-8")
    data = load(path, name="names", datum="cgcs2000")
    assert {each["code"] for each in data["matched"]} == set(counties().by_code)
    whole_set["features"][0]["properties"]["name"] = "无名区"
    path.write_text(json.dumps(whole_set, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(RefusedInputError) as caught:
        load(path, name="names2", datum="cgcs2000")
    assert caught.value.code == "uncoded_units"
    assert "无名区" in caught.value.zh


def test_fire_points_that_would_move_are_named(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lon = np.array([125.3, 126.5, 124.8])
    monkeypatch.setattr(
        module, "_fire_points", lambda *_: (("f1", "f2", "f3"), lon, np.array([43.9, 43.8, 45.1]))
    )
    moves = load(AMAP_GCJ02, preview=True)["moves"]
    assert moves["points"] == 3
    # The third lies in Songyuan, of which the 42 counties have none.
    assert moves["fire_points"] == ["f3"]
    assert moves["pairs"][0]["to"] == ""


def test_a_township_set_is_compared_with_the_counties(ready: Store, load: Any, tmp_path: Path) -> None:
    # Two halves of every county, as townships: the finest level nobody publishes.
    features = []
    for unit in counties().units:
        west, south, east, north = unit.geometry.bounds
        middle = (west + east) / 2
        for number, half in enumerate(
            (box(west, south, middle, north), box(middle, south, east, north)), start=1
        ):
            part = shapely.intersection(unit.geometry, half)
            features.append(
                {
                    "type": "Feature",
                    "properties": {"code": f"{unit.code}10{number}", "name": f"{unit.name}{number}"},
                    "geometry": json.loads(shapely.to_geojson(part)),
                }
            )
    path = tmp_path / "towns.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), encoding="utf-8"
    )
    data = load(path, name="towns", level=Level.TOWNSHIP, datum="cgcs2000", preview=True)
    assert data["shift"]["verdict"] == "agrees"
    assert data["compared_with"]["level"] == "county"
    assert (data["overlaps"]["count"], data["gaps"]["count"]) == (0, 0)
    assert data["escapes"]["area_m2"] < 1e6
    wrong = load(path, name="towns", level=Level.TOWNSHIP, datum="gcj02", preview=True)
    assert wrong["blocking"][0] == "wrong_datum"


# The command ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    root = typer.Typer()
    if "boundaries" not in {command.name for command in load_app.registered_commands}:
        commands.register(root)
    root.add_typer(load_app, name="load")
    root.add_typer(boundaries_app, name="boundaries")
    return root


@pytest.fixture
def run(app: typer.Typer, ready: Store, store_url: str, tmp_path: Path) -> Callable[..., Any]:
    settings = Settings(db=store_url, archive=str(tmp_path / "archive"))

    def call(*words: str, as_json: bool = True, lang: str = "zh") -> Any:
        return CliRunner().invoke(app, list(words), obj=Session(settings, json=as_json, lang=lang))

    return call


def test_the_command_refuses_accepts_and_puts_in_force(run: Any) -> None:
    wrong = run("load", "boundaries", str(AMAP_GCJ02), "--set", "amap", "--datum", "wgs84")
    assert wrong.exit_code == 1
    error = json.loads(wrong.stdout)["error"]
    assert error["code"] == "datum_shift"
    assert error["north_m"] == pytest.approx(-253, abs=40)
    assert run("load", "boundaries", str(AMAP_GCJ02), "--set", "amap").exit_code == 1
    right = run("load", "boundaries", str(AMAP_GCJ02), "--set", "amap", "--datum", "gcj02", as_json=False)
    assert right.exit_code == 0, right.output
    assert "已载入" in right.stdout
    assert "42" in right.stdout
    use = ("boundaries", "use", "amap", "--level", "county", "--from", "2024-01-01")
    assert run(*use).exit_code == 1
    used = run(*use, "--partial", as_json=False, lang="en")
    assert used.exit_code == 0
    assert "in force from 2024-01-01" in used.stdout
    assert "18 units" in used.output
    listed = json.loads(run("boundaries", "list").stdout)["data"]["sets"]
    assert ["2024-01-01"] in [row["in_force_from"] for row in listed if row["set"] == "amap"]


def test_the_dry_run_reads_like_a_report(run: Any) -> None:
    answer = run("load", "boundaries", str(DIRTY), "--datum", "wgs84", "--dry-run", as_json=False, lang="en")
    assert answer.exit_code == 0, answer.output
    assert "gaps: 10, 14.49" in answer.stdout
    assert "Ring Self-intersection: 220182" in answer.stdout
    assert "九台区 220113" in answer.output
    assert "in the way: repairs" in answer.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("https://example.org/x.geojson", "--datum", "wgs84"), 1),
        (("/vsicurl/http://localhost/x", "--datum", "wgs84"), 1),
        ((str(DIRTY), "--datum", "nad27"), 1),
        ((str(DIRTY), "--datum", "wgs84", "--level", "parish"), 2),
        ((str(DIRTY), "--datum", "wgs84", "--crs", "EPSG:4214"), 2),
        ((str(DIRTY), "--datum", "wgs84", "--status", "fine"), 2),
        ((str(DIRTY), "--datum", "wgs84", "--valid-from", "soon"), 2),
    ],
)
def test_wrong_commands_and_refused_files_have_their_exit_codes(
    run: Any, words: tuple[str, ...], code: int
) -> None:
    answer = run("load", "boundaries", *words)
    assert answer.exit_code == code, answer.output
    assert json.loads(answer.stdout)["error"]["en"]


def test_builtin_by_command_changes_nothing_the_second_time(run: Any) -> None:
    answer = run("load", "boundaries", "builtin")
    assert answer.exit_code == 0, answer.output
    data = json.loads(answer.stdout)["data"]
    assert not data["changed"]
    assert {one["level"]: one["units"] for one in data["sets"] if one["set"] == "tianditu"} == {
        "province": 1,
        "city": 9,
        "county": 60,
    }
