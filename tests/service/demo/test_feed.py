"""The synthetic feed is a feed like any other: read by the same reader, with the defects it promises."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from shapely.geometry import MultiPolygon, Polygon

from boundaries.builtin import builtin
from gis.feeds import ParsedFeed, open_container, read_feed
from gis.locate import Layer
from gis.times import day_number, fire_day_numbers
from gis.types import Level
from service.demo.feed import Feed, synthetic_feeds

DAY = dt.date(2024, 10, 29)
Counties = dict[str, Polygon | MultiPolygon]


@pytest.fixture(scope="module")
def counties() -> Counties:
    return {unit.code: unit.geometry for unit in builtin(Level.COUNTY, province="220000").units}


@pytest.fixture(scope="module")
def feeds(counties: Counties) -> tuple[Feed, Feed]:
    return synthetic_feeds(counties, DAY)


@pytest.fixture(scope="module")
def parsed(feeds: tuple[Feed, Feed]) -> list[ParsedFeed]:
    return [read_feed(next(iter(open_container(feed.content, name=feed.name)))) for feed in feeds]


def test_the_reader_takes_it_for_viirs(parsed: list[ParsedFeed]) -> None:
    assert [feed.feed for feed in parsed] == ["viirs_regional", "viirs_regional"]
    assert [feed.coverage[0].satellite for feed in parsed] == ["NOAA-20", "SNPP"]
    assert all(feed.read == feed.rows.num_rows + feed.outside + len(feed.rejected) for feed in parsed)


def test_it_holds_one_bad_row_and_one_row_twice(parsed: list[ParsedFeed]) -> None:
    first, late = parsed
    assert [(bad.column, bad.value) for bad in first.rejected] == [("latitude", "4x.71302")]
    assert not late.rejected
    rows = first.rows.to_pandas()
    assert rows.duplicated(["satellite", "acq_minute", "lon", "lat"]).sum() == 1
    assert set(rows["confidence_class"]) == {"low", "nominal", "high"}


def test_every_row_belongs_to_the_day_and_the_late_pass_comes_last(parsed: list[ParsedFeed]) -> None:
    minutes = [np.asarray(feed.rows["acq_minute"]) for feed in parsed]
    assert set(fire_day_numbers(np.concatenate(minutes)).tolist()) == {day_number(DAY)}
    assert minutes[1].min() > minutes[0].max()


def test_fires_stand_in_the_counties_at_their_borders_and_beyond(
    parsed: list[ParsedFeed], counties: Counties
) -> None:
    lon, lat = (np.asarray(parsed[0].rows[name]) for name in ("lon", "lat"))
    layer = Layer(list(counties), list(counties.values()))
    at = layer.locate(lon, lat)
    assert (at < 0).sum() >= 3
    assert len(set(at[at >= 0].tolist())) >= 12
    near = layer.border_distance_m(lon[at >= 0], lat[at >= 0], at[at >= 0]) < 190
    assert near.sum() >= 8


def test_the_same_day_makes_the_same_bytes(counties: Counties, feeds: tuple[Feed, Feed]) -> None:
    assert synthetic_feeds(counties, DAY) == feeds
    assert synthetic_feeds(counties, DAY + dt.timedelta(days=1)) != feeds


def test_the_file_names_say_synthetic(feeds: tuple[Feed, Feed]) -> None:
    assert all(feed.name.startswith("SYNTHETIC_") for feed in feeds)
