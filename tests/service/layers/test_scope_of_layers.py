"""Two readers, every layer: neither sees a feature, a count or a box of the other; borders are for all."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from service.layers.model import Page, Query
from service.layers.source import FeatureSource
from service.reads import fire_points
from tests.service.layers.conftest import SHULAN, YUSHU, Home

PRIVATE = (
    *("fire_points", "detections", "footprints", "pending", "standing"),
    *("planned_burns", "heat_sources", "heat_cells"),
)
PUBLIC = ("counties", "townships", "grid_cells", "zones")


def everything(source: FeatureSource, layer: str) -> Page:
    return source.query(layer, Query(limit=10_000))


@pytest.mark.parametrize("layer", PRIVATE)
def test_two_counties_share_nothing(home: Home, layer: str) -> None:
    with home.store.reader() as reader:
        mine, theirs, all_of = (home.source(reader, unit) for unit in (YUSHU, SHULAN, None))
        own, other, whole = (everything(one, layer) for one in (mine, theirs, all_of))
        assert min(len(own), len(other)) > 0
        assert not set(own.ids()) & set(other.ids())
        assert set(own.ids()) | set(other.ids()) <= set(whole.ids())
        assert mine.count(layer, Query()) == len(own) < len(whole)
        assert mine.count(layer, Query(ids=tuple(other.ids()))) == 0
        assert mine.query(layer, Query(ids=(other.ids()[0],))).ids() == []
        assert mine.key(layer, Query()) != theirs.key(layer, Query())
        assert all_of.describe(layer).private
        box, around = mine.extent(layer, Query()), shapely.total_bounds(own.geometry)
        assert box is not None
        assert [box.min_lon, box.min_lat, box.max_lon, box.max_lat] == pytest.approx(around)


@pytest.mark.parametrize("layer", PUBLIC)
def test_borders_are_the_same_for_all(home: Home, layer: str) -> None:
    with home.store.reader() as reader:
        mine, theirs = home.source(reader, YUSHU), home.source(reader, SHULAN)
        assert everything(mine, layer).columns == everything(theirs, layer).columns
        assert mine.key(layer, Query()) == theirs.key(layer, Query())
        assert not mine.describe(layer).private
        assert len(everything(mine, layer))


def test_the_layer_is_what_the_list_shows(home: Home) -> None:
    with home.store.reader() as reader:
        for unit in (YUSHU, None):
            page = everything(home.source(reader, unit), "fire_points")
            told = {one.fire_point_id: one for one in fire_points(reader, home.scope(reader, unit))}
            assert set(page.ids()) == told.keys()
            for name, row in zip(page.ids(), rows_of(page), strict=True):
                view = told[name]
                assert (row["status"], row["screen"], row["pixels"]) == (
                    view.status,
                    view.screen,
                    view.pixels,
                )
                assert row["satellites"] == ";".join(view.satellites)
                assert row["boundary_county"] == view.boundary_case.get("county")
                assert (row["first_seen"], row["zone"]) == (view.first_at, view.zone)
            assert {row["status"] for row in rows_of(page)} >= {"confirmed", "unverified"}


def test_a_neighbour_sees_its_pixels_and_not_whose_fire_it_is(home: Home) -> None:
    with home.store.reader() as reader:
        shared = 0
        for unit in (row["code"] for row in rows_of(everything(home.source(reader), "counties"))):
            source = home.source(reader, unit)
            own = set(everything(source, "fire_points").ids())
            told = everything(source, "detections").columns["fire_point_id"]
            assert {name for name in told if name is not None} <= own
            shared += told.count(None)
        assert shared, "the day has fires that cross a county border"


def test_no_layer_names_a_person(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        for info in source.layers():
            told = str(everything(source, info.id).columns)
            assert not any(name in told for name in ("张三", "李四", "王五"))


def test_a_carved_township_is_not_its_countys(home: Home) -> None:
    """长白山管委会 answers for three townships of other counties: 抚松 sees nothing on their ground."""
    with home.store.reader() as reader:
        fusong = everything(home.source(reader, "220621"), "fire_points")
        views = fire_points(reader, home.scope(reader, "220621"))
        assert set(fusong.ids()) == {one.fire_point_id for one in views}


def rows_of(page: Page) -> list[dict[str, Any]]:
    return [dict(zip(page.columns, one, strict=True)) for one in zip(*page.columns.values(), strict=True)]
