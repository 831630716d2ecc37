"""What is no straw fire is left out with its evidence, and nothing recorded after the overpass removes anything."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from gis.cluster import ClusterParams
from gis.errors import ConflictError, NotFoundError, RefusedInputError, UsageError
from service.pipeline.load_heat_sources import load_heat_source_file
from service.pipeline.rulings import rule
from service.pipeline.screen_store import ScreenBook
from service.pipeline.screening_records import (
    load_landcover,
    publish_heat_table,
    read_class_list,
    set_screening,
)
from service.reads import FirePointView
from service.reports.screening import forestry_csv, screening_report
from service.scope import whole
from service.store.models import Clustering, ScreeningVersion
from tests.gis.test_landcover import written
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.world import World

SOON = at("2090-10-29 04:30")
"""After everything a test loads: the service knows of it before the satellite passes."""
PAST = at("2023-10-29 04:30")
LON, LAT = 126.55, 44.85
"""In 榆树 (220182), far from every county line."""
TREES, FIELDS = 10, 40


def fire(minute: int = SOON, lon: float = LON, lat: float = LAT, **how: str) -> Row:
    return Row(minute, f"{lon:.5f}", f"{lat:.5f}", **how)


def seen(world: World, *rows: Row) -> list[FirePointView]:
    if rows:
        world.ingest(world.feed(f"{len(list(world.folder.iterdir()))}.csv", rows))
    world.assess()
    return world.points()


def only(views: list[FirePointView]) -> FirePointView:
    assert len(views) == 1
    return views[0]


def ground(world: World, cells: Any, **how: Any) -> dict[str, Any]:
    path = written(world.folder / "cover.tif", cells, west=LON - 0.05, north=LAT + 0.05, cell=0.001)
    said = {
        "name": "cover",
        "classes": "worldcover",
        "crs": None,
        "status": "official",
        "source": "测试",
        "valid_from": None,
        "valid_to": None,
        "actor": "test",
        **how,
    }
    return load_landcover(world.store, world.archive, path, **said)


def everywhere(number: int) -> Any:
    return np.full((100, 100), number, dtype=np.uint8)


def plant(world: World, **how: Any) -> None:
    table = f"编号,名称,类别,经度,纬度,半径,来源\nP1,热电厂,煤电,{LON},{LAT},800,名录\n"
    load_heat_source_file(
        world.store, table.encode(), file="p.csv", datum="cgcs2000", status="official", actor="test", **how
    )


def reasons(view: FirePointView) -> list[tuple[str, bool, bool]]:
    return [
        (one["code"], one["flag"], one.get("recorded_later", False)) for one in view.reasons if "flag" in one
    ]


def test_a_fire_in_the_woods_is_left_out_and_handed_to_forestry(world: World) -> None:
    ground(world, everywhere(TREES))
    view = only(seen(world, fire()))
    assert view.screen == "not_cropland"
    assert view.cropland_share == 0.0
    assert reasons(view) == [("not_cropland", False, False)]
    with world.store.reader() as reader:
        report = screening_report(reader, whole("test"))
    assert report["removed"] == {"not_cropland": 1}
    assert [one["fire_point_id"] for one in report["forestry"]] == [view.fire_point_id]
    assert view.fire_point_id in forestry_csv(report).decode("utf-8-sig")


def test_a_fire_on_fields_counts_with_its_share(world: World) -> None:
    cells = everywhere(FIELDS)
    cells[:, 50:] = TREES
    ground(world, cells)
    view = only(seen(world, fire()))
    assert view.screen == "counted"
    assert view.cropland_share == pytest.approx(0.5, abs=0.07)
    assert reasons(view) == []


def test_ground_the_raster_does_not_know_removes_nothing(world: World) -> None:
    ground(world, everywhere(TREES))
    view = only(seen(world, fire(lon=LON + 0.3)))
    assert view.screen == "counted"
    assert view.cropland_share is None


def test_a_listed_heat_source_known_before_the_overpass_decides(world: World) -> None:
    plant(world)
    near, far = sorted(seen(world, fire(), fire(lat=LAT + 0.05)), key=lambda view: view.lat)
    assert (near.screen, far.screen) == ("fixed_heat_source", "counted")
    assert near.reasons[-1]["name"] == "热电厂"
    assert near.reasons[-1]["distance_m"] == 0.0


def test_what_was_recorded_after_the_overpass_flags_and_removes_nothing(world: World) -> None:
    assert only(seen(world, fire(PAST))).screen == "counted"
    plant(world)
    ground(world, everywhere(TREES))
    view = only(seen(world))
    assert view.screen == "counted"
    assert reasons(view) == [("not_cropland", True, True), ("fixed_heat_source", True, True)]
    with world.store.reader() as reader:
        report = screening_report(reader, whole("test"))
    assert report["removed"] == {}
    assert report["recorded_later"] == {"fixed_heat_source": 1, "not_cropland": 1}


def test_a_look_back_may_say_that_it_decides(world: World) -> None:
    seen(world, fire(PAST))
    plant(world)
    set_screening(
        world.store,
        {"retrospective": "decide"},
        version="2",
        from_date=dt.date(2023, 1, 1),
        reason="回看 2023 年",
        status="reference",
        actor="test",
    )
    assert only(seen(world)).screen == "fixed_heat_source"


def test_a_ruling_stands_above_screening(world: World) -> None:
    plant(world)
    view = only(seen(world, fire()))
    rule(
        world.store,
        view.fire_point_id,
        kind="screen",
        value="counted",
        reason="现场确认为秸秆",
        evidence_sha256=None,
        actor="test",
        scope=whole("test"),
    )
    ruled = only(seen(world))
    assert ruled.screen == "counted"
    assert ruled.reasons[-1]["code"] == "fixed_heat_source"


def test_a_lone_weak_pixel_at_noon_is_glint(world: World) -> None:
    glint, real = sorted(seen(world, fire(confidence="low"), fire(lat=LAT + 0.05)), key=lambda view: view.lat)
    assert glint.screen == "low_confidence"
    assert glint.reasons[-1]["glint"]
    assert real.screen == "counted"


def test_a_weak_pixel_at_noon_with_company_in_its_pass_is_no_glint(world: World) -> None:
    weak, _ = sorted(
        seen(world, fire(confidence="low"), fire(SOON + 1, lat=LAT + 0.012)), key=lambda view: view.lat
    )
    assert weak.screen == "counted"
    assert [(one["code"], one["flag"], one["glint"]) for one in weak.reasons if "glint" in one] == [
        ("low_confidence", True, False)
    ]


def test_how_near_and_how_long_ago_company_may_be_is_a_threshold(world: World) -> None:
    rows = fire(confidence="low"), fire(SOON + 8, lat=LAT + 0.012)
    assert {view.screen for view in seen(world, *rows)} == {"counted"}
    said = (
        ("2", {"company_m": "1000"}, ["counted", "low_confidence"]),
        ("3", {"company_m": "2000"}, ["counted", "counted"]),
        ("4", {"pass_minutes": "7"}, ["counted", "low_confidence"]),
    )
    for version, change, screens in said:
        set_screening(
            world.store,
            change,
            version=version,
            from_date=dt.date(2090, 1, 1),
            reason="测试参数",
            status="reference",
            actor="test",
        )
        assert sorted(view.screen for view in seen(world)) == screens


@pytest.mark.parametrize("together", [True, False])
def test_a_day_is_screened_by_itself_whichever_others_are_done_with_it(world: World, together: bool) -> None:
    """Eleven o'clock ends the day here, between a weak pixel and its neighbour in the same pass."""
    with world.store.writer("test", "cluster") as writer:
        writer.insert(
            Clustering,
            version="v2",
            from_date=dt.date(2090, 1, 1),
            params=ClusterParams(cut="11:00").as_dict(),
            reason="test",
        )
    before, after = at("2090-10-29 02:58"), at("2090-10-29 03:01")
    rows = [fire(before, confidence="low"), fire(after, lat=LAT + 0.005)]
    views = seen(world, *rows) if together else [seen(world, row) for row in rows][-1]
    assert sorted((view.fire_day.day, view.screen) for view in views) == [
        (29, "low_confidence"),
        (30, "counted"),
    ]


def test_a_record_from_before_a_threshold_had_a_name_is_read_with_its_first_value(world: World) -> None:
    with world.store.reader() as reader:
        named = ScreenBook(reader).on(dt.date(2090, 10, 29))
    with world.store.writer("test", "old") as writer:
        old = dict(writer.rows(sa.select(ScreeningVersion.params))[0].params)
        del old["company_m"], old["pass_minutes"]
        writer.connection.execute(sa.update(ScreeningVersion).values(params=old))
    with world.store.reader() as reader:
        read = ScreenBook(reader).on(dt.date(2090, 10, 29))
    assert (read.params, read.key) == (named.params, named.key), (
        "the fingerprint of a day is of what was asked"
    )


def hot_nights(count: int) -> list[Row]:
    """A source that is seen every other night before SOON, under its own pixel."""
    return [fire(SOON - days * 2880 + 780, frp="1.5") for days in range(2, 2 + count)]


def test_recurrence_is_learned_from_before_and_published_as_a_dated_table(world: World) -> None:
    seen(world, *hot_nights(40), fire(SOON))
    data = publish_heat_table(world.store, dt.date(2090, 10, 29), actor="test")
    assert data["cells"]["fixed"] > 0
    assert data["detections"] == 40
    again = publish_heat_table(world.store, dt.date(2090, 10, 29), actor="test")
    assert again["unchanged"]
    views = seen(world)
    asked = [view for view in views if view.fire_day == dt.date(2090, 10, 29)]
    assert [view.screen for view in asked] == ["fixed_heat_source"]
    evidence = asked[0].reasons[-1]
    assert (evidence["by"], evidence["kind"], evidence["hot_days"]) == ("recurrence", "fixed", 40)
    assert {view.screen for view in views if view.fire_day < dt.date(2090, 10, 29)} == {"counted"}


def test_a_table_is_not_learned_from_the_fires_it_is_asked_about(world: World) -> None:
    seen(world, *hot_nights(40))
    data = publish_heat_table(world.store, dt.date(2090, 6, 1), actor="test")
    assert data["detections"] == 0
    assert sum(data["cells"].values()) == 0


@pytest.mark.parametrize("order", [0, 1, 2])
def test_any_order_of_arrival_gives_the_same_screens(world: World, order: int) -> None:
    ground(world, everywhere(TREES))
    plant(world)
    rows = [fire(), fire(SOON + 1, lat=LAT + 0.05), fire(SOON + 2, lat=LAT + 0.3)]
    for row in rows[order:] + rows[:order]:
        seen(world, row)
    screens = [
        (view.lat, view.screen, view.cropland_share) for view in sorted(world.points(), key=lambda v: v.lat)
    ]
    assert screens == [
        (LAT, "fixed_heat_source", 0.0),
        (LAT + 0.05, "not_cropland", 0.0),
        (LAT + 0.3, "counted", None),
    ]


def test_an_earlier_revision_is_read_as_it_was(world: World) -> None:
    seen(world, fire())
    before = world.revision
    ground(world, everywhere(TREES))
    seen(world)
    assert only(world.points()).screen == "not_cropland"
    with world.store.reader(before) as reader:
        assert screening_report(reader, whole("test"))["removed"] == {}


def test_the_same_raster_twice_changes_nothing_and_another_is_a_version(world: World) -> None:
    first = ground(world, everywhere(TREES))
    assert (first["version"], first["unchanged"]) == (1, False)
    assert ground(world, everywhere(TREES))["unchanged"]
    second = ground(world, everywhere(FIELDS))
    assert (second["version"], second["unchanged"]) == (2, False)
    assert only(seen(world, fire())).screen == "counted"


def test_a_lost_raster_is_an_error_and_never_a_share_of_zero(world: World) -> None:
    data = ground(world, everywhere(TREES))
    kept = world.archive.root / data["sha256"][:2] / data["sha256"]
    kept.rename(kept.with_suffix(".gone"))
    world.ingest(world.feed("f.csv", [fire()]))
    with pytest.raises(NotFoundError) as caught:
        world.assess()
    assert caught.value.code == "archive_missing"
    assert world.points() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cropland": "0.1"}, "bad_threshold"),
        ({"cropland_least": "much"}, "bad_threshold"),
        ({"cropland_least": "1.5"}, "bad_threshold"),
        ({"heat_kinds": "fixed,warm"}, "bad_threshold"),
        ({"glint_hours": "15,10"}, "bad_threshold"),
        ({"retrospective": "perhaps"}, "bad_threshold"),
        ({"low_confidence": "yes"}, "bad_threshold"),
        ({"pass_minutes": "2.5"}, "bad_threshold"),
        ({"pass_minutes": "61"}, "bad_threshold"),
        ({"company_m": "-1"}, "bad_threshold"),
        ({"company_m": "nan"}, "bad_threshold"),
    ],
)
def test_thresholds_that_mean_nothing_are_refused(world: World, changes: dict[str, str], code: str) -> None:
    before = world.revision
    with pytest.raises(UsageError) as caught:
        set_screening(
            world.store,
            changes,
            version="9",
            from_date=dt.date(2023, 1, 1),
            reason="测试参数",
            status="reference",
            actor="test",
        )
    assert caught.value.code == code
    assert world.revision == before


def test_a_version_says_one_thing_for_ever(world: World) -> None:
    def said(least: str) -> dict[str, Any]:
        return set_screening(
            world.store,
            {"cropland_least": least},
            version="2",
            from_date=dt.date(2023, 1, 1),
            reason="更严",
            status="official",
            actor="test",
        )

    assert said("0.3")["params"]["cropland_least"] == 0.3
    assert said("0.3")["revision"] is None
    with pytest.raises(ConflictError):
        said("0.4")


def test_a_class_list_of_ones_own_is_checked(tmp_path: Path) -> None:
    text = "name: own\nsource: 说明书\nnodata: [0]\ngroups:\n  cropland: [1, 2]\n  vegetation: [3]\n"
    assert read_class_list(text.encode(), file="c.yaml").groups == {
        1: "cropland",
        2: "cropland",
        3: "vegetation",
    }
    for bad in ("name: own\n", text.replace("cropland", "fields"), text.replace("[3]", "[300]")):
        with pytest.raises(RefusedInputError) as caught:
            read_class_list(bad.encode(), file="c.yaml")
        assert caught.value.code == "bad_class_list"
