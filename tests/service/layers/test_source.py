"""What a layer answers: the same in both homes, as it was known, on a day, in an interval, in a box."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa

from gis.types import BBox
from service.billing.pending_money import queue
from service.layers import limits
from service.layers.catalogue import CATALOGUE
from service.layers.filters import parse_cql2_text
from service.layers.limits import TooSlowError, timed
from service.layers.model import Query
from service.layers.source import FeatureSource
from service.layers.syntax import both, equal
from service.store.models import Verification
from tests.service.layers.conftest import DAY, NOON, YUSHU, Home

LAYERS = tuple(CATALOGUE)
NOW = dt.datetime(2023, 10, 30, 4, tzinfo=dt.UTC)


@pytest.mark.parametrize("layer", LAYERS)
def test_both_homes_say_the_same(homes: dict[str, Home], layer: str) -> None:
    told = []
    for home in homes.values():
        with home.store.reader() as reader:
            source = home.source(reader, now=NOW)
            page = source.query(layer, Query(limit=20_000))
            told.append((page.columns, shapely.to_wkb(page.geometry).tolist(), page.matched))
            assert page.matched == source.count(layer, Query()) == len(page)
            box = source.extent(layer, Query())
            assert (box is None) == (not len(page))
    assert told[0] == told[1]


@pytest.mark.parametrize("layer", LAYERS)
def test_columns_are_what_the_catalogue_says(home: Home, layer: str) -> None:
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "date": dt.date,
        "datetime": dt.datetime,
    }
    with home.store.reader() as reader:
        source = home.source(reader)
        page = source.query(layer, Query())
        info = page.info
        assert len(page)
        assert tuple(page.columns) == info.names()
        for prop in info.properties:
            values = [one for one in page.columns[prop.name] if one is not None]
            assert all(isinstance(one, kinds[prop.kind]) for one in values), prop
            if prop.kind == "datetime":
                assert all(one.tzinfo is dt.UTC for one in values), prop
        assert {one.geom_type for one in page.geometry if one is not None} <= {info.geometry}
        assert len(set(page.ids())) == len(page)
        less = source.query(layer, Query(properties=(info.names()[1],), geometry=False))
        assert set(less.columns) == {info.id_property, info.names()[1]}
        assert not any(one is not None for one in less.geometry)
        one = source.query(layer, Query(ids=(page.ids()[0], "unheard of", "9" * 30, "\0")))
        assert one.ids() == page.ids()[:1]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_box_is_exact(home: Home, layer: str) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        page = source.query(layer, Query(limit=20_000))
        boxes = [BBox(126.5, 44.3, 126.9, 44.75), BBox(126.55, 44.75, 126.55, 44.75), BBox(170, 40, -170, 50)]
        boxes.append(BBox(126, 44.75, 127, 44.75))
        for box in boxes:
            if box.min_lon > box.max_lon:
                shape = shapely.box(box.min_lon, box.min_lat, 180, box.max_lat)
            elif box.min_lon == box.max_lon:
                shape = shapely.Point(box.min_lon, box.min_lat)
            elif box.min_lat == box.max_lat:
                shape = shapely.LineString([(box.min_lon, box.min_lat), (box.max_lon, box.max_lat)])
            else:
                shape = shapely.box(box.min_lon, box.min_lat, box.max_lon, box.max_lat)
            wanted = np.array(page.ids())[shapely.intersects(page.geometry, shape)]
            assert source.query(layer, Query(limit=20_000, bbox=box)).ids() == wanted.tolist()
            assert source.count(layer, Query(bbox=box)) == len(wanted)


def test_an_instant_on_an_end_is_in_both_intervals(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        seen = source.query("fire_points", Query(limit=20_000)).columns["first_seen"]
        middle = sorted(seen)[len(seen) // 2]
        before = source.count("fire_points", Query(time=(None, middle)))
        after = source.count("fire_points", Query(time=(middle, None)))
        here = source.count("fire_points", Query(time=(middle, middle)))
        assert here == seen.count(middle) > 0
        assert before + after - here == len(seen)
        finer = middle + dt.timedelta(microseconds=1)
        assert source.count("fire_points", Query(time=(finer, None))) == after - here
        assert (
            source.count("fire_points", Query(time=(None, middle - dt.timedelta(microseconds=1))))
            == before - here
        )
        assert source.count("fire_points", Query(time=(middle, finer))) == here


def test_midnight_belongs_to_both_days(home: Home) -> None:
    """A plan that begins at midnight in Beijing is in the closed interval of either day."""
    midnight = dt.datetime(2023, 10, 29, 4, tzinfo=dt.UTC)
    with home.store.reader() as reader:
        source = home.source(reader)
        for ends in (
            (midnight - dt.timedelta(days=1), midnight),
            (midnight, midnight + dt.timedelta(days=1)),
        ):
            assert source.count("planned_burns", Query(time=ends)) == 4


def test_layers_as_they_were_known(home: Home) -> None:
    with home.store.reader() as reader:
        newest = reader.rev
        first = reader.connection.execute(sa.select(sa.func.min(Verification.rev))).scalar_one()
    with home.store.reader(as_of=first - 1) as reader:
        page = home.source(reader).query("fire_points", Query(limit=20_000))
        assert set(page.columns["status"]) == {"unverified"}
        assert page.rev == first - 1
    with home.store.reader(as_of=0) as reader:
        source = home.source(reader)
        assert [source.count(layer, Query()) for layer in LAYERS] == [0] * len(LAYERS)
        assert source.extent("fire_points", Query()) is None
    with home.store.reader() as reader:
        page = home.source(reader).query("fire_points", Query(limit=20_000))
        assert page.rev == newest
        assert len(set(page.columns["status"])) > 3


def test_zones_and_regimes_of_a_day(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        now = source.query("zones", Query())
        assert now.columns["code"] == ["J1", "J2"]
        assert all(now.columns["regime_zh"])
        then = source.query("zones", Query(day=dt.date(2021, 5, 1)))
        assert then.columns["code"] == ["J1", "J2", "J3"]
        assert then.columns["regime"] != now.columns["regime"][:1] * 3
        listed = now.geometry[now.columns["code"].index("J2")]
        assert listed.equals(shapely.box(126.7, 44.6, 127.0, 44.9)), (
            "a listed zone has the ground of its units"
        )


def test_a_table_of_heat_is_that_of_the_day(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        assert source.count("heat_cells", Query()) == 2
        assert source.count("heat_cells", Query(day=dt.date(2022, 12, 31))) == 0
        square = source.query("heat_cells", Query()).geometry[0]
        assert np.ptp(shapely.get_coordinates(square), axis=0) == pytest.approx([0.01, 0.01])


def test_burns_of_a_day(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        assert source.count("planned_burns", Query()) == 4
        assert source.count("planned_burns", Query(day=DAY + dt.timedelta(days=1))) == 0


def test_standing_counts_what_the_fire_points_say(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        info = source.describe("fire_points")
        page = source.query("standing", Query())
        row = page.columns["code"].index(YUSHU)
        for name, word in (("confirmed", "confirmed"), ("denied", "denied")):
            text = f"county_code = '{YUSHU}' AND screen = 'counted' AND status = '{word}'"
            found = source.count("fire_points", Query(filter=parse_cql2_text(text, info)))
            assert page.columns[name][row] == found > 0
        text = f"county_code = '{YUSHU}' AND screen = 'counted'"
        assert page.columns["listed"][row] == source.count(
            "fire_points", Query(filter=parse_cql2_text(text, info))
        )
        assert (page.columns["from_day"][row], page.columns["to_day"][row]) == (
            dt.date(2023, 10, 1),
            dt.date(2024, 9, 30),
        )
        start = dt.datetime(2023, 10, 29, 8, tzinfo=dt.timezone(dt.timedelta(hours=8)))
        day = source.query("standing", Query(time=(start, start)))
        both_ways = both(parse_cql2_text(text, info), equal("fire_day", DAY))
        assert day.columns["listed"][row] == source.count("fire_points", Query(filter=both_ways))


def test_pending_is_the_queue(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader, YUSHU, now=NOW)
        page = source.query("pending", Query())
        told = queue(reader, home.scope(reader, YUSHU), at=NOW)
        assert sorted(zip(page.columns["fire_point_id"], page.columns["what"], strict=True)) == sorted(
            (one.fire_point_id, one.what) for one in told
        )


def test_equal_keys_are_equal_questions(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        info = source.describe("fire_points")
        first = parse_cql2_text("pixels > 2 AND county = '榆树市'", info)
        again = parse_cql2_text("pixels>2  AND  county='榆树市'", info)
        base = Query(filter=first)
        keys = [
            source.key("fire_points", one)
            for one in (
                base,
                Query(filter=parse_cql2_text("pixels > 2 AND county <> '榆树市'", info)),
                Query(filter=parse_cql2_text("NOT (pixels > 2 AND county = '榆树市')", info)),
                Query(filter=parse_cql2_text("pixels NOT IN (2)", info)),
                Query(filter=parse_cql2_text("pixels IN (2)", info)),
                replace(base, bbox=BBox(125, 43, 126, 44)),
                replace(base, time=(NOON, None)),
                replace(base, sort=(("pixels", True),)),
                replace(base, limit=7),
                replace(base, properties=("pixels",)),
                replace(base, geometry=False),
                replace(base, ids=("x",)),
            )
        ]
        assert len(set(keys)) == len(keys)
        assert source.key("fire_points", Query(filter=again)) == keys[0]
        other_day = DAY + dt.timedelta(days=1)
        assert source.key("fire_points", replace(base, day=other_day)) == keys[0], "its days are properties"
        assert source.key("zones", Query(day=other_day)) != source.key("zones", Query())
        assert source.key("detections", Query()) != source.key("footprints", Query())
        older = FeatureSource(reader, home.scope(reader, None), today=DAY)
        assert older.key("fire_points", base) == keys[0]
    with home.store.reader(as_of=reader.rev - 1) as earlier:
        source = home.source(earlier)
        assert source.key("fire_points", base) != keys[0]
        with home.store.reader() as reader:
            assert source.key("counties", Query()) == home.source(reader).key("counties", Query())


def test_a_slow_question_is_stopped(home: Home) -> None:
    slow: Any = sa.select(sa.func.pg_sleep(20))
    if home.name == "sqlite":
        slow = sa.text(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000000000) SELECT max(x) FROM n"
        )
    with home.store.reader() as reader, pytest.raises(TooSlowError) as caught:
        timed(reader, slow, seconds=0.2)
    assert caught.value.code == "query_too_slow"
    assert "narrow" in caught.value.en
    with home.store.reader() as reader:
        assert home.source(reader).count("counties", Query()) == 60
        assert limits.STATEMENT_S >= 1
        if home.name == "postgis":
            left = reader.connection.execute(sa.text("SELECT current_setting('statement_timeout')")).scalar()
            assert left == "0"
