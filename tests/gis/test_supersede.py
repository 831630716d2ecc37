"""Which detections a product of higher rank replaces: a function of the set, one to one, within stated limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.plane import distance_m
from gis.supersede import MAX_MINUTES, superseded_by
from tests.gis import jilin

URT, NRT, STANDARD = 100, 200, 300
LAT = 43.9
PER_METRE = 1 / float(distance_m(126, LAT, 127, LAT))


@dataclass(frozen=True)
class Seen:
    minute: int
    east_m: float
    rank: int
    file: int
    north_m: float = 0.0
    satellite: int = 1
    pixel_m: float = 400.0
    also: tuple[int, ...] = ()

    @property
    def lon(self) -> float:
        return 126 + self.east_m * PER_METRE

    @property
    def lat(self) -> float:
        return LAT + self.north_m / 111_100


def replaced(*seen: Seen) -> list[int]:
    return superseded_by(
        np.array([one.satellite for one in seen], dtype=np.int64),
        np.array([one.minute for one in seen], dtype=np.int64),
        np.array([one.lon for one in seen]),
        np.array([one.lat for one in seen]),
        np.array([one.rank for one in seen], dtype=np.int64),
        np.array([one.pixel_m for one in seen]),
        [frozenset([one.file]) for one in seen],
        [frozenset([one.rank, *one.also]) for one in seen],
    ).tolist()


def test_the_standard_product_replaces_the_near_real_time_one() -> None:
    assert replaced(Seen(0, 0, NRT, 1), Seen(0, 50, STANDARD, 2)) == [1, -1]


def test_a_late_lower_rank_is_replaced_at_once() -> None:
    assert replaced(Seen(0, 50, STANDARD, 2), Seen(0, 0, NRT, 3)) == [-1, 0]


def test_what_finds_no_partner_stays_live() -> None:
    assert replaced(Seen(0, 0, NRT, 1), Seen(0, 900, STANDARD, 2)) == [-1, -1]


def test_equal_rank_replaces_nothing() -> None:
    assert replaced(Seen(0, 0, NRT, 1), Seen(0, 10, NRT, 2)) == [-1, -1]


def test_another_satellite_replaces_nothing() -> None:
    assert replaced(Seen(0, 0, NRT, 1), Seen(0, 0, STANDARD, 2, satellite=2)) == [-1, -1]


@pytest.mark.parametrize(("minutes", "by"), [(0, 1), (6, 1), (-6, 1), (7, -1), (-7, -1)])
def test_six_minutes_are_the_limit(minutes: int, by: int) -> None:
    assert replaced(Seen(100, 0, NRT, 1), Seen(100 + minutes, 0, STANDARD, 2)) == [by, -1]


@pytest.mark.parametrize(("metres", "by"), [(199, 1), (201, -1)])
def test_half_a_pixel_is_the_limit(metres: float, by: int) -> None:
    assert replaced(Seen(0, 0, NRT, 1), Seen(0, metres, STANDARD, 2)) == [by, -1]


def test_the_larger_of_the_two_pixels_gives_the_limit() -> None:
    assert replaced(Seen(0, 0, NRT, 1, pixel_m=1000), Seen(0, 450, STANDARD, 2)) == [1, -1]
    assert replaced(Seen(0, 0, NRT, 1), Seen(0, 450, STANDARD, 2, pixel_m=1000)) == [1, -1]


def test_two_rows_of_one_file_are_two_pixels() -> None:
    assert replaced(Seen(0, 0, NRT, 1), Seen(0, 0, STANDARD, 1)) == [-1, -1]


def test_two_pixels_of_one_product_stay_two_in_whatever_files_they_came() -> None:
    both = Seen(0, 100, STANDARD, 3, also=(NRT,))
    assert replaced(Seen(0, 0, NRT, 1), both) == [-1, -1]
    assert replaced(Seen(0, 0, URT, 1), both) == [1, -1]


def test_one_standard_pixel_replaces_one_pixel_the_nearest() -> None:
    assert replaced(Seen(0, -150, NRT, 1), Seen(0, 60, NRT, 1), Seen(0, 0, STANDARD, 2)) == [-1, 2, -1]


def test_two_pixels_are_replaced_by_two() -> None:
    seen = [Seen(0, 0, NRT, 1), Seen(0, 150, NRT, 1), Seen(0, 20, STANDARD, 2), Seen(0, 170, STANDARD, 2)]
    assert replaced(*seen) == [2, 3, -1, -1]


def test_a_chain_of_three_ranks_ends_at_the_highest() -> None:
    seen = [Seen(0, 0, URT, 1), Seen(3, 20, NRT, 2), Seen(5, 40, STANDARD, 3)]
    by = replaced(*seen)
    assert by[1:] == [2, -1]
    assert by[0] == 2, "the ultra real time row is not left live beside the standard one"


def test_a_middle_rank_without_successor_still_replaces_the_lowest() -> None:
    seen = [Seen(0, 0, URT, 1), Seen(0, 20, NRT, 2), Seen(0, 5000, STANDARD, 3)]
    assert replaced(*seen) == [1, -1, -1]


def test_a_later_version_of_the_same_product_replaces_the_earlier() -> None:
    assert replaced(Seen(0, 0, NRT, 1), Seen(0, 0.5, NRT + 1, 2)) == [1, -1]


def test_nothing_comes_of_nothing() -> None:
    assert replaced() == []
    assert replaced(Seen(0, 0, NRT, 1)) == [-1]


SEEN = st.builds(
    Seen,
    minute=st.integers(0, 12),
    east_m=st.integers(0, 8).map(lambda n: n * 75.0),
    north_m=st.integers(0, 4).map(lambda n: n * 75.0),
    rank=st.sampled_from([URT, NRT, NRT + 1, STANDARD]),
    file=st.integers(1, 5),
    satellite=st.integers(1, 2),
    pixel_m=st.sampled_from([375.0, 400.0, 800.0]),
    also=st.sampled_from([(), (), (URT,)]),
)
"""On a lattice, so that ties of distance and time are common."""

SETS = st.lists(SEEN, max_size=25, unique_by=lambda one: (one.satellite, one.minute, one.lon, one.lat))


@settings(max_examples=300, deadline=None)
@given(SETS, st.data())
def test_no_order_of_arrival_changes_the_answer(seen: list[Seen], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(seen))
    straight = dict(zip(seen, replaced(*seen), strict=True))
    turned = dict(zip(shuffled, replaced(*shuffled), strict=True))
    for one in seen:
        a, b = straight[one], turned[one]
        assert (None if a < 0 else seen[a]) == (None if b < 0 else shuffled[b])


@settings(max_examples=300, deadline=None)
@given(SETS)
def test_every_pair_keeps_every_limit(seen: list[Seen]) -> None:
    by = replaced(*seen)
    taken = set()
    for old, index in zip(seen, by, strict=True):
        if index < 0:
            continue
        new = seen[index]
        assert new.rank > old.rank
        assert new.satellite == old.satellite
        assert abs(new.minute - old.minute) <= MAX_MINUTES
        assert new.file != old.file
        assert not {new.rank, *new.also} & {old.rank, *old.also}
        assert distance_m(old.lon, old.lat, new.lon, new.lat) <= max(old.pixel_m, new.pixel_m) / 2
        assert by[index] == -1, "what replaces is live itself"
        assert (index, old.rank) not in taken, "one to one"
        taken.add((index, old.rank))


@settings(max_examples=150, deadline=None)
@given(SETS)
def test_nothing_that_could_be_replaced_is_left_over_alone(seen: list[Seen]) -> None:
    """A live row with a live partner of higher rank is left only when that partner took a nearer one."""
    by = replaced(*seen)
    for i, old in enumerate(seen):
        if by[i] >= 0:
            continue
        for j, new in enumerate(seen):
            apart = distance_m(old.lon, old.lat, new.lon, new.lat)
            fits = (
                by[j] < 0
                and new.rank > old.rank
                and new.satellite == old.satellite
                and new.file != old.file
                and not {new.rank, *new.also} & {old.rank, *old.also}
                and abs(new.minute - old.minute) <= MAX_MINUTES
                and apart <= max(old.pixel_m, new.pixel_m) / 2
            )
            if fits:
                rivals = [k for k, one in enumerate(seen) if one.rank == old.rank and by[k] >= 0]
                assert rivals, (old, new)


def test_a_real_day_sent_again_as_standard_product_replaces_itself_whole() -> None:
    """Real NOAA-20 pixels of Jilin; the second copy is moved by 30 m and its minutes rounded to five."""
    points = jilin.noaa20_autumn_2023()
    count = len(points)
    lon = np.concatenate([points.lon, points.lon + 30 * PER_METRE])
    newer = superseded_by(
        np.ones(2 * count, dtype=np.int64),
        np.concatenate([points.minute, points.minute // 5 * 5]),
        lon,
        np.concatenate([points.lat, points.lat]),
        np.repeat([NRT, STANDARD], count),
        np.full(2 * count, 400.0),
        [frozenset([1])] * count + [frozenset([2])] * count,
        [frozenset([NRT])] * count + [frozenset([STANDARD])] * count,
    )
    assert (newer[count:] == -1).all()
    assert (newer[:count] >= 0).mean() > 0.99
    matched = newer[newer >= 0]
    assert len(np.unique(matched)) == len(matched)


def test_files_that_overlap_keep_their_pixels_apart() -> None:
    one = Seen(0, 0, NRT, 1)
    two = replace(one, east_m=10, rank=STANDARD)
    newer = superseded_by(
        *(
            np.array(column)
            for column in ([1, 1], [0, 0], [one.lon, two.lon], [LAT, LAT], [NRT, STANDARD], [400.0, 400.0])
        ),
        [frozenset([1, 7]), frozenset([9, 7])],
        [frozenset([NRT]), frozenset([STANDARD])],
    )
    assert newer.tolist() == [-1, -1]
