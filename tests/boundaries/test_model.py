"""Sets are frozen, named by their content, and changed only into new versions."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box

from boundaries.model import BoundarySet, BoundaryUnit, Note, assign_codes, merge_parts, replace_unit
from gis.errors import NotFoundError, RefusedInputError
from gis.types import DataStatus, Level
from tests.boundaries.real import counties


def make(*units: BoundaryUnit, version: str = "1") -> BoundarySet:
    return BoundarySet(
        "test", version, Level.COUNTY, DataStatus.SYNTHETIC, 10.0, "made here", "cgcs2000", units
    )


UNITS = tuple(BoundaryUnit(f"22010{n}", f"第{n}区", box(125 + n, 43, 126 + n, 44)) for n in range(1, 6))


@given(st.permutations(UNITS))
def test_the_order_of_units_does_not_matter(units: list[BoundaryUnit]) -> None:
    assert make(*units) == make(*UNITS)
    assert make(*units).content_hash == make(*UNITS).content_hash


def test_neither_does_where_a_ring_begins() -> None:
    ring = list(UNITS[0].geometry.exterior.coords)[:-1]
    turned = dataclasses.replace(UNITS[0], geometry=Polygon(ring[2:] + ring[:2]))
    reversed_ = dataclasses.replace(UNITS[0], geometry=Polygon(ring[::-1]))
    assert make(turned).content_hash == make(UNITS[0]).content_hash == make(reversed_).content_hash


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(UNITS[0], name="别名"),
        dataclasses.replace(UNITS[0], code="220109"),
        dataclasses.replace(UNITS[0], parent_code="220100"),
        dataclasses.replace(UNITS[0], geometry=box(126, 43, 127.0000001, 44)),
    ],
)
def test_whatever_is_content_changes_the_hash(other: BoundaryUnit) -> None:
    assert make(other).content_hash != make(UNITS[0]).content_hash


def test_names_and_notes_of_the_set_are_not_content() -> None:
    noted = dataclasses.replace(
        make(*UNITS), notes=(Note("x", "注", "note"),), valid_from=dt.date(2024, 1, 1), name="y"
    )
    assert noted.content_hash == make(*UNITS).content_hash


def test_parts_of_a_hash_do_not_run_together() -> None:
    one = make(BoundaryUnit("", "ab", UNITS[0].geometry), BoundaryUnit("", "c", UNITS[1].geometry))
    two = make(BoundaryUnit("", "a", UNITS[0].geometry), BoundaryUnit("", "bc", UNITS[1].geometry))
    assert one.content_hash != two.content_hash


def test_replacing_a_unit_makes_a_version_and_keeps_the_old() -> None:
    old = make(*UNITS)
    before = old.content_hash
    new = replace_unit(old, dataclasses.replace(UNITS[0], geometry=box(126, 43, 127, 44.5)))
    assert new.version.startswith("1+220101.")
    assert new.content_hash != before == old.content_hash
    assert [unit.geometry for unit in new.units[1:]] == [unit.geometry for unit in old.units[1:]]
    assert replace_unit(old, UNITS[0], version="1b").version == "1b"
    with pytest.raises(NotFoundError) as caught:
        replace_unit(old, BoundaryUnit("220199", "无", box(1, 1, 2, 2)))
    assert "220199" in caught.value.zh


def test_a_set_refuses_two_units_of_one_code_and_no_units() -> None:
    with pytest.raises(RefusedInputError) as caught:
        make(UNITS[0], dataclasses.replace(UNITS[1], code="220101"))
    assert caught.value.code == "duplicate_code"
    with pytest.raises(RefusedInputError) as caught:
        make()
    assert caught.value.code == "no_units"


@pytest.mark.parametrize("geometry", [Point(1, 1), Polygon(), shapely.linestrings([[0, 0], [1, 1]])])
def test_a_unit_is_an_area(geometry: object) -> None:
    with pytest.raises(RefusedInputError) as caught:
        BoundaryUnit("220101", "区", geometry)
    assert caught.value.code == "not_a_polygon"


def test_rows_of_one_unit_become_its_parts_with_a_note() -> None:
    enclave = dataclasses.replace(UNITS[0], geometry=box(130, 43, 130.1, 43.1))
    merged, notes = merge_parts([UNITS[0], UNITS[1], enclave])
    assert [unit.code for unit in merged] == ["220101", "220102"]
    assert isinstance(merged[0].geometry, MultiPolygon)
    assert [note.kind for note in notes] == ["merged_rows"]
    assert "2 行" in notes[0].zh


def test_codes_are_given_by_name() -> None:
    nameless = make(*(dataclasses.replace(unit, code="") for unit in UNITS))
    coded = assign_codes(nameless, {"第1区": "220101", "第9区": "220109"})
    assert [unit.code for unit in coded.units if unit.code] == ["220101"]
    assert len(coded.units) == 5


def test_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        counties().name = "other"  # type: ignore[misc]


def test_bounds_are_lon_lat() -> None:
    box_ = counties().bounds
    assert (box_.min_lon, box_.min_lat) == pytest.approx((121.6, 40.9), abs=0.1)
    assert (box_.max_lon, box_.max_lat) == pytest.approx((131.3, 46.3), abs=0.1)
