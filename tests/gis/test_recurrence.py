"""Learned heat sources: what recurs is found, what burns once is not, and real plants stand out."""

from __future__ import annotations

import csv
import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from gis.feeds import open_container, read_feed
from gis.plane import distance_m
from gis.recurrence import CLASSES, RecurrenceParams, learn
from tests.shared import DATA

BEFORE = dt.date(2023, 12, 1)
EPOCH = dt.date(1970, 1, 1)
NOON = 4 * 60  # 12:00 Beijing in UTC minutes
MIDNIGHT = 17 * 60  # 01:00 Beijing of the next day


def minutes(days: list[int], clock: int = MIDNIGHT) -> Any:
    return np.array([((BEFORE - EPOCH).days - back) * 1440 + clock for back in days], dtype=np.int64)


def cells(days: list[int], lon: float, lat: float, *, night: bool, jitter: float = 0.0) -> Any:
    random = np.random.default_rng(1)
    count = len(days)
    return learn(
        minutes(days),
        lon + random.uniform(-jitter, jitter, count),
        lat + random.uniform(-jitter, jitter, count),
        np.full(count, night),
        before=BEFORE,
    )


def kind_at(found: Any, lon: float, lat: float) -> str | None:
    cell = int(found.at(np.array([lon]), np.array([lat]))[0])
    return None if cell < 0 else CLASSES[int(found.kind[cell])]


@pytest.mark.parametrize(
    ("hot", "night", "kind"),
    [
        (40, True, "fixed"),
        (40, False, "likely"),
        (12, False, "likely"),
        (5, True, "leaning"),
        (5, False, None),
        (3, True, None),
    ],
)
def test_days_and_nights_make_the_class(hot: int, night: bool, kind: str | None) -> None:
    days = list(range(2, 2 + 3 * hot, 3))  # spread over months
    assert kind_at(cells(days, 125.333, 43.777, night=night), 125.333, 43.777) == kind


def test_a_source_on_the_edge_of_a_cell_is_not_split() -> None:
    days = list(range(2, 92, 3))
    found = cells(days, 125.33, 43.77, night=True, jitter=0.002)
    assert kind_at(found, 125.33, 43.77) == "fixed"


def test_ten_hot_days_of_one_month_are_a_season_not_a_source() -> None:
    found = learn(
        np.concatenate([minutes(list(range(35, 47))), minutes([100, 200])]),
        np.array([125.333] * 12 + [120.0, 121.0]),
        np.array([43.777] * 12 + [40.0, 41.0]),
        np.zeros(14, dtype=bool),
        before=BEFORE,
    )
    assert kind_at(found, 125.333, 43.777) is None


def test_ten_hot_nights_of_one_month_are_a_source_whatever_else_the_window_holds() -> None:
    found = learn(
        np.concatenate([minutes(list(range(35, 47))), minutes([100, 200])]),
        np.array([125.333] * 12 + [120.0, 121.0]),
        np.array([43.777] * 12 + [40.0, 41.0]),
        np.ones(14, dtype=bool),
        before=BEFORE,
    )
    assert kind_at(found, 125.333, 43.777) == "likely"


def test_the_day_asked_about_and_what_lies_before_the_window_are_not_used() -> None:
    assert len(cells([0, -1, -2, -3, -4], 125.3, 43.7, night=True)) == 0
    assert len(cells(list(range(366, 400)), 125.3, 43.7, night=True)) == 0


def test_a_beijing_day_counts_once_whatever_the_number_of_passes() -> None:
    many = cells([5] * 50, 125.3, 43.7, night=True)
    assert len(many) == 0


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 10_000))
def test_the_order_of_detections_changes_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = 300
    when = minutes(random.integers(1, 90, count).tolist())
    lon, lat = random.choice([125.3, 125.305, 125.4], count), random.choice([43.7, 43.71], count)
    night = random.random(count) < 0.7
    shuffled = random.permutation(count)
    one = learn(when, lon, lat, night, before=BEFORE)
    two = learn(when[shuffled], lon[shuffled], lat[shuffled], night[shuffled], before=BEFORE)
    for name in one.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    centre = one.centres()
    if len(one):
        assert (one.at(*centre) >= 0).all()


def test_nothing_learned_answers_nothing() -> None:
    found = learn(
        np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), np.empty(0, dtype=bool), before=BEFORE
    )
    assert len(found) == 0
    assert found.at(np.array([125.0]), np.array([43.0])).tolist() == [-1]


@pytest.fixture(scope="module")
def autumn() -> dict[str, Any]:
    """Every distinct NOAA-20 detection of October and November 2023 in the north-east box."""
    parts: dict[str, list[Any]] = {name: [] for name in ("acq_minute", "lon", "lat", "daynight")}
    for path in sorted((DATA / "fires" / "viirs_noaa20_nrt_c2_russia_asia_24h").iterdir()):
        for member in open_container(path.read_bytes(), name=path.name):
            rows = read_feed(
                member, outside=lambda lon, lat: ~((lon > 121) & (lon < 132) & (lat > 40) & (lat < 47))
            ).rows
            for name, found in parts.items():
                found.extend(rows[name].to_pylist())
    distinct = sorted(set(zip(*parts.values(), strict=True)))
    minute, lon, lat, daynight = (np.array(column) for column in zip(*distinct, strict=True))
    return {"minute": minute, "lon": lon, "lat": lat, "night": daynight == "N"}


def test_listed_plants_with_ten_hot_days_are_found_without_the_list(autumn: dict[str, Any]) -> None:
    table = learn(**autumn, before=BEFORE)
    day = (autumn["minute"] + 480) // 1440
    hot = []
    with (DATA / "heat_sources" / "wri_gppd_china_ne.csv").open(encoding="utf-8", newline="") as lines:
        for plant in csv.DictReader(lines):
            near = (
                distance_m(autumn["lon"], autumn["lat"], float(plant["Longitude"]), float(plant["Latitude"]))
                <= 1000
            )
            if len(np.unique(day[near])) >= 10:
                flagged = table.at(autumn["lon"][near], autumn["lat"][near]) >= 0
                hot.append((plant["Name"], float(flagged.mean())))
    # The data hold two months only, so few of the 284 plants were seen on ten days.
    assert len(hot) == 3
    assert all(part == 1.0 for _, part in hot)


def test_the_burning_days_survive_what_was_learned_before_them(autumn: dict[str, Any]) -> None:
    table = learn(**autumn, before=dt.date(2023, 10, 28))
    day = (autumn["minute"] + 480) // 1440
    for date in (dt.date(2023, 10, 28), dt.date(2023, 10, 29)):
        rows = day == (date - EPOCH).days
        flagged = table.at(autumn["lon"][rows], autumn["lat"][rows]) >= 0
        assert rows.sum() > 700
        assert flagged.mean() < 0.12


def test_parameters_are_plain_data() -> None:
    assert RecurrenceParams().as_dict()["cell_deg"] == 0.01
