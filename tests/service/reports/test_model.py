from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gis.times import BEIJING
from service.reports.model import COLUMNS, FireList, FireListRow, weakest
from service.store.types import canonical_json
from tests.service.reports.lists import a_list, a_row, small

CONTRACT = (
    "fire_point_id change first_seen last_seen satellites pixels lon lat county_code county township_code township "
    "grid_code grid duty zone regime boundary_case county_share cropland_share confidence frp_mw screen status"
)

texts = st.none() | st.text(st.characters(codec="utf-8"), max_size=12)
shares = st.none() | st.floats(0, 1)
rows = st.builds(
    FireListRow,
    fire_point_id=st.text("0123456789abcdef", min_size=1, max_size=12),
    change=st.sampled_from([None, "new", "changed", "withdrawn"]),
    first_seen=st.integers(946_684_800, 1_893_456_000).map(
        lambda second: dt.datetime.fromtimestamp(second, BEIJING)
    ),
    last_seen=st.just(dt.datetime(2030, 1, 1, tzinfo=BEIJING)),
    satellites=st.lists(st.sampled_from(["Aqua", "NOAA-20"]), unique=True).map(tuple),
    pixels=st.integers(1, 99),
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    county_code=texts,
    county=texts,
    township_code=texts,
    township=texts,
    grid_code=texts,
    grid=texts,
    duty=st.lists(st.text(st.characters(codec="utf-8"), max_size=8), max_size=3).map(tuple),
    zone=texts,
    regime=st.sampled_from(["two_zone", "unknown"]),
    boundary_case=st.dictionaries(st.sampled_from(["county", "township"]), st.booleans()),
    county_share=shares,
    cropland_share=shares,
    confidence=st.sampled_from(["low", "high"]),
    frp_mw=st.none() | st.floats(0, 9e3),
    screen=st.just("counted"),
    status=st.sampled_from(["unverified", "confirmed"]),
)


def test_rows_have_exactly_the_columns_of_the_contract() -> None:
    assert tuple(CONTRACT.split()) == COLUMNS
    assert tuple(a_row().as_dict()) == COLUMNS


def test_the_document_has_the_members_of_the_contract() -> None:
    document = small().as_dict()
    assert list(document)[:7] == ["fire_day", "cut", "issue", "feeds", "counts", "status", "rows"]
    assert document["rows"][0]["first_seen"] == "2023-10-29T12:51:00+08:00"


def test_counts_put_pixels_beside_fire_points_and_nothing_is_lost() -> None:
    counts = small().counts
    assert counts == {
        "pixels": 13,
        "fire_points": 5,
        "listed": 3,
        "listed_pixels": 9,
        "left_out": {"fixed_heat_source": 1, "low_confidence": 1},
    }
    assert counts["fire_points"] == counts["listed"] + sum(counts["left_out"].values())


@given(st.lists(rows, max_size=3))
def test_a_frozen_document_reads_back_as_the_same_list(some: list[FireListRow]) -> None:
    made = a_list(*some)
    frozen = canonical_json(made.as_dict())
    again = FireList.from_dict(json.loads(frozen))
    assert again == made
    assert canonical_json(again.as_dict()) == frozen


def test_what_a_list_says_does_not_depend_on_its_number_or_on_when_it_was_made() -> None:
    one = a_list(a_row())
    header = replace(one.header, revision=99, recorded_at=None, since=1, previous_sha256="x")
    other = replace(
        one, issue=4, header=header, rows=(a_row(change="new"), a_row("gone", change="withdrawn"))
    )
    assert other.content_hash() == one.content_hash()


def test_what_a_list_says_depends_on_rows_order_status_feeds_and_what_was_left_out() -> None:
    base = a_list(a_row(), a_row("fp2"))
    others = [
        a_list(a_row("fp2"), a_row()),
        a_list(a_row(status="confirmed"), a_row("fp2")),
        replace(base, status="official"),
        replace(base, feeds=base.feeds[:1]),
        replace(base, left_out=(a_row("fp3", screen="denied"),)),
    ]
    assert len({one.content_hash() for one in (base, *others)}) == len(others) + 1


def test_the_weakest_status_marks_the_list() -> None:
    assert weakest(["official", "synthetic", "reference"]) == "synthetic"
    assert weakest(["official", "official"]) == "official"
    assert weakest([]) == "official"
    assert a_list(status="sample").informal
    assert not a_list(status="official").informal
