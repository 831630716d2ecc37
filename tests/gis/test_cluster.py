"""Detections to fire points: pure function, limits honoured, fire days apart, real counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.cluster import ClusterParams, canonical_order, cluster, representative
from gis.errors import RefusedInputError
from gis.plane import distance_m
from gis.times import fire_day_numbers, minutes_of
from tests.gis import jilin
from tests.gis.test_times import beijing

LAT = 43.9
PER_METRE = 1 / float(distance_m(126, LAT, 127, LAT))
DEFAULT = ClusterParams()

Row = tuple[int, str, float, float, float]


def labels_of(rows: list[Row], params: ClusterParams = DEFAULT) -> Any:
    minute = np.array([row[0] for row in rows], dtype=np.int64)
    lon = np.array([row[2] for row in rows])
    lat = np.array([row[3] for row in rows])
    return cluster(minute, [row[1] for row in rows], lon, lat, params)


def at(moment: str, east_m: float, satellite: str = "NOAA-20") -> Row:
    return (minutes_of(beijing(moment)), satellite, 126 + east_m * PER_METRE, LAT, 1.0)


def parts(rows: list[Row], labels: Any) -> set[frozenset[Row]]:
    groups: dict[int, set[Row]] = {}
    for row, label in zip(rows, labels.tolist(), strict=True):
        groups.setdefault(label, set()).add(row)
    return {frozenset(group) for group in groups.values()}


def test_neighbours_make_one_fire_point_and_strangers_two() -> None:
    rows = [at("2023-10-29T12:00", 0), at("2023-10-29T12:00", 700), at("2023-10-29T12:00", 3000)]
    assert labels_of(rows).tolist() == [0, 0, 1]


@pytest.mark.parametrize(("metres", "points"), [(749, 1), (751, 2)])
def test_the_distance_decides(metres: float, points: int) -> None:
    assert len(set(labels_of([at("2023-10-29T12:00", 0), at("2023-10-29T12:00", metres)]).tolist())) == points


@pytest.mark.parametrize(("moment", "points"), [("2023-10-29T13:30", 1), ("2023-10-29T13:31", 2)])
def test_the_gap_decides(moment: str, points: int) -> None:
    rows = [at("2023-10-29T01:30", 0), at(moment, 10)]
    assert len(set(labels_of(rows).tolist())) == points


def test_a_chain_is_cut_at_the_greatest_extent() -> None:
    rows = [at("2023-10-29T12:00", 500 * step) for step in range(21)]
    labels = labels_of(rows)
    assert labels.max() + 1 == 6, "10 km of pixels are not one fire point"
    assert labels.tolist() == sorted(labels.tolist())


def test_midnight_separates_fire_days_and_17_does_where_it_is_the_cut() -> None:
    evening = [at("2023-10-29T16:59", 0), at("2023-10-29T17:00", 10)]
    night = [at("2023-10-29T23:59", 0), at("2023-10-30T00:00", 10)]
    assert labels_of(evening).tolist() == [0, 0]
    assert labels_of(night).tolist() == [0, 1]
    at_17 = ClusterParams(cut="17:00")
    assert labels_of(evening, at_17).tolist() == [0, 1]
    assert labels_of(night, at_17).tolist() == [0, 0]


def test_numbers_follow_the_founders() -> None:
    rows = [at("2023-10-29T14:00", 9000), at("2023-10-29T12:00", 0), at("2023-10-29T13:00", 5000)]
    assert labels_of(rows).tolist() == [2, 0, 1]


LATTICE = st.tuples(
    st.integers(0, 14 * 60).map(lambda n: n * 3 + minutes_of(beijing("2023-10-28T10:00"))),
    st.sampled_from(["Aqua", "NOAA-20", "SNPP"]),
    st.integers(0, 30).map(lambda n: round(126 + n * 0.0025, 5)),
    st.integers(0, 12).map(lambda n: round(43.9 + n * 0.0025, 5)),
    st.floats(0.1, 500) | st.just(float("nan")),
)
ROWS = st.lists(LATTICE, max_size=60, unique_by=lambda row: row[:4])
PARAMS = st.builds(
    ClusterParams,
    distance_m=st.sampled_from([375, 750, 1000]),
    gap_minutes=st.sampled_from([0, 100, 720]),
    max_extent_m=st.sampled_from([1000, 1500, 3000]),
    cut=st.sampled_from(["00:00", "17:00"]),
)


@settings(max_examples=200, deadline=None)
@given(ROWS, PARAMS, st.data())
def test_no_order_of_arrival_changes_the_partition(
    rows: list[Row], params: ClusterParams, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    straight, turned = labels_of(rows, params), labels_of([rows[i] for i in order], params)
    assert [straight[i] for i in order] == turned.tolist()


@settings(max_examples=200, deadline=None)
@given(ROWS, PARAMS)
def test_distance_gap_extent_and_day_are_honoured(rows: list[Row], params: ClusterParams) -> None:
    labels = labels_of(rows, params)
    days = fire_day_numbers(np.array([row[0] for row in rows], dtype=np.int64), params.cut)
    for label in set(labels.tolist()):
        members = np.flatnonzero(labels == label)
        assert len(set(days[members].tolist())) == 1
        for i in members:
            others = [j for j in members if j != i]
            metres = [float(distance_m(*rows[i][2:4], *rows[j][2:4])) for j in others]
            assert max(metres, default=0) <= params.max_extent_m
            linked = [
                m <= params.distance_m and abs(rows[i][0] - rows[j][0]) <= params.gap_minutes
                for m, j in zip(metres, others, strict=True)
            ]
            assert len(members) == 1 or any(linked), "no member hangs in the air"


@settings(max_examples=150, deadline=None)
@given(ROWS, PARAMS)
def test_no_point_is_left_alone_that_fits_an_earlier_neighbour(
    rows: list[Row], params: ClusterParams
) -> None:
    labels = labels_of(rows, params)
    days = fire_day_numbers(np.array([row[0] for row in rows], dtype=np.int64), params.cut)
    order = canonical_order(
        np.array([r[0] for r in rows], dtype=np.int64),
        [r[1] for r in rows],
        np.array([r[2] for r in rows]),
        np.array([r[3] for r in rows]),
    )
    for place, i in enumerate(order):
        before = order[:place]
        if any(labels[j] == labels[i] for j in before):
            continue
        for j in before:
            near = (
                days[i] == days[j]
                and rows[i][0] - rows[j][0] <= params.gap_minutes
                and distance_m(*rows[i][2:4], *rows[j][2:4]) <= params.distance_m
            )
            mates = [k for k in before if labels[k] == labels[j]]
            wide = max(float(distance_m(*rows[i][2:4], *rows[k][2:4])) for k in mates)
            assert not near or wide > params.max_extent_m


@settings(max_examples=150, deadline=None)
@given(ROWS, st.data())
def test_the_representative_is_a_real_pixel_chosen_by_a_total_order(
    rows: list[Row], data: st.DataObject
) -> None:
    def chosen(given_rows: list[Row]) -> list[tuple[Any, ...]]:
        labels = labels_of(given_rows)
        columns = list(zip(*given_rows, strict=True)) or [()] * 5
        index = representative(
            np.array(columns[0], dtype=np.int64),
            list(columns[1]),
            np.array(columns[2], dtype=float),
            np.array(columns[3], dtype=float),
            np.array(columns[4], dtype=float),
            labels,
        )
        assert labels[index].tolist() == list(range(len(index)))
        for label, one in enumerate(index):
            members = [given_rows[m] for m in np.flatnonzero(labels == label)]
            first = [m for m in members if m[0] == min(row[0] for row in members)]
            assert given_rows[one] in first
            strongest = max((m[4] for m in first if m[4] == m[4]), default=None)
            if strongest is not None:
                assert given_rows[one][4] == strongest
        return [given_rows[one][:4] for one in index]

    assert chosen(rows) == chosen(data.draw(st.permutations(rows)))


def test_the_real_autumn_of_2023_in_jilin() -> None:
    points = jilin.noaa20_autumn_2023()
    assert len(points) == 2666
    assert (fire_day_numbers(points.minute) == 19_659).sum() == 1113, "Beijing day 2023-10-29"
    labels = cluster(points.minute, points.satellite.tolist(), points.lon, points.lat, DEFAULT)
    assert 1118 <= labels.max() + 1 <= 2262
    for label in np.flatnonzero(np.bincount(labels) > 1):
        rows = np.flatnonzero(labels == label)
        lon, lat = points.lon[rows], points.lat[rows]
        assert distance_m(lon[:, None], lat[:, None], lon, lat).max() <= DEFAULT.max_extent_m
    shuffled = np.random.default_rng(5).permutation(len(points))
    turned = points.take(shuffled)
    again = cluster(turned.minute, turned.satellite.tolist(), turned.lon, turned.lat, DEFAULT)
    assert np.array_equal(again, labels[shuffled])


def test_a_longer_reach_never_splits_the_real_autumn_further() -> None:
    points = jilin.noaa20_autumn_2023()
    counts = [
        cluster(
            points.minute,
            points.satellite.tolist(),
            points.lon,
            points.lat,
            ClusterParams(distance_m=d, max_extent_m=e),
        ).max()
        + 1
        for d, e in ((375, 1500), (750, 1500), (1500, 4000))
    ]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    "values",
    [
        {"distance_m": -1},
        {"gap_minutes": -1},
        {"max_extent_m": 100},
        {"cut": "25:00"},
        {"cut": "afternoon"},
    ],
)
def test_unreasonable_parameters_are_refused_with_a_reason(values: dict[str, Any]) -> None:
    with pytest.raises(RefusedInputError, match="clustering") as caught:
        ClusterParams(**values)
    assert caught.value.code == "bad_clustering"


def test_the_record_survives_storage() -> None:
    params = ClusterParams(distance_m=500, gap_minutes=60, max_extent_m=900, cut="17:00")
    assert ClusterParams.of(params.as_dict()) == params
