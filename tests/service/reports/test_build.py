"""The list of the busiest real day, from the store, in both homes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from gis.errors import NotFoundError
from gis.times import BEIJING
from service.reads import fire_points
from service.reports import words
from service.reports.build import build
from service.reports.render import FORMATS, render
from service.reports.tables import flat
from service.scope import Scope, scope_of, whole
from service.store import Reader, Store
from service.store.models import Detection, DetectionState, Duty, Verification
from tests.service.reports.lists import DAY
from tests.service.reports.readers import rows_of

EVERYONE = whole("test")
NEXT_DAYS = dt.date(2023, 10, 31)


def reader_of(reader: Reader, code: str, role: str = "county") -> Scope:
    from service.pipeline.register_store import load_register

    unit = load_register(reader).register.find(code, DAY)
    assert unit is not None
    return scope_of(reader, f"of {code}", role, unit.uid)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_opens_in_its_reader_with_the_same_rows(full: Store, form: str, tmp_path: Path) -> None:
    with full.reader() as reader:
        made = build(reader, EVERYONE, DAY)
    rendered = render(made, form)
    path = tmp_path / f"list{rendered.suffix}"
    path.write_bytes(rendered.data)
    read = rows_of(path)
    assert len(read) == len(made.rows) > 600
    for row, one in zip(made.rows, read, strict=True):
        wanted = flat(row)
        assert one["fire_point_id"] == row.fire_point_id
        assert one["county_code"] == row.county_code
        assert one["county"] == wanted["county"]
        assert (float(one["lon"]), float(one["lat"])) == (row.lon, row.lat)
        assert int(one["pixels"]) == row.pixels


def test_every_fire_point_of_the_day_is_listed_or_left_out_with_its_reason(full: Store) -> None:
    with full.reader() as reader:
        made = build(reader, EVERYONE, DAY)
        points = fire_points(reader, EVERYONE, day=DAY)
        state = DetectionState.__table__
        in_jilin = reader.connection.execute(
            sa.select(sa.func.count())
            .select_from(state.join(Detection.__table__, Detection.id == state.c.detection_id))
            .where(reader.live(DetectionState), state.c.fire_day == DAY, state.c.county_unit_id.is_not(None))
        ).scalar()
    counts = made.counts
    assert in_jilin == 1113
    assert counts["fire_points"] == len(points) == counts["listed"] + sum(counts["left_out"].values())
    assert counts["pixels"] == sum(point.pixels for point in points)
    assert set(counts["left_out"]) == {"outside"}
    assert all(row.county_code is None for row in made.left_out)
    assert all(str(row.county_code).startswith("22") for row in made.rows)


def test_the_header_says_day_cut_feeds_layers_and_that_nothing_here_is_official(full: Store) -> None:
    with full.reader() as reader:
        made = build(reader, EVERYONE, DAY)
    assert (made.header.unit_code, made.header.unit, made.cut) == ("220000", "吉林省", "00:00")
    assert [one.isoformat() for one in made.header.interval] == [
        "2023-10-29T00:00:00+08:00",
        "2023-10-30T00:00:00+08:00",
    ]
    assert [(feed.satellite, feed.state) for feed in made.feeds] == [("NOAA-20", "arrived")]
    assert made.status == "reference"
    assert made.informal
    assert "非正式" in words.title(made)
    assert {"province", "city", "county", "regime"} <= {layer.kind for layer in made.header.layers}
    assert made.header.last_ingest is not None
    assert made.header.recorded_at is not None


def test_a_feed_of_the_week_before_that_has_not_come_is_missing(full: Store) -> None:
    with full.reader() as reader:
        made = build(reader, EVERYONE, NEXT_DAYS)
    assert made.rows == ()
    assert [(feed.satellite, feed.state) for feed in made.feeds] == [("NOAA-20", "missing")]
    assert made.status == "reference"
    assert words.feeds_line(made).en == "arrived: none; missing: NOAA-20"


def test_a_place_that_burnt_the_days_before_is_recurring_and_goes_first(full: Store) -> None:
    with full.reader() as reader:
        made = build(reader, EVERYONE, DAY)
        earlier = {
            point.fire_point_id
            for point in fire_points(reader, EVERYONE, end=DAY - dt.timedelta(days=1))
            if point.screen == "counted"
        }
    found = made.header.recurring
    assert found
    assert {one["fire_point_id"] for one in found.values()} <= earlier
    plain = [row.fire_point_id in found for row in made.rows if not row.in_doubt]
    assert plain == sorted(plain, reverse=True)


def test_a_county_sees_its_own_rows_and_nothing_of_another(full: Store) -> None:
    with full.reader() as reader:
        everything = build(reader, EVERYONE, DAY)
        made = build(reader, reader_of(reader, "220182"), DAY)
        same = build(reader, EVERYONE, DAY, unit="220182")
    own = {row.fire_point_id for row in everything.rows if row.county_code == "220182"}
    assert {row.fire_point_id for row in made.rows} == own != set()
    assert made.rows == same.rows
    assert made.left_out == ()
    assert made.header.unit == "榆树市"
    text = render(made, "json").data.decode()
    others = {row.fire_point_id for row in everything.rows} - own
    assert not [one for one in others if one in text]


def test_tonghua_does_not_list_meihekou(full: Store) -> None:
    with full.reader() as reader:
        tonghua = build(reader, reader_of(reader, "220500", "city"), DAY)
        meihekou = build(reader, reader_of(reader, "220581", "city"), DAY)
    assert {row.county_code for row in meihekou.rows} == {"220581"}
    assert "220581" not in {row.county_code for row in tonghua.rows}


@pytest.mark.parametrize("code", ["220283", "220000", "999999"])
def test_a_unit_outside_the_scope_looks_as_if_there_were_none(full: Store, code: str) -> None:
    with full.reader() as reader, pytest.raises(NotFoundError) as caught:
        build(reader, reader_of(reader, "220182"), DAY, unit=code)
    assert caught.value.code == "unknown_unit"


def test_duty_holders_stand_in_the_row_and_findings_move_it_to_the_end(full: Store) -> None:
    with full.reader() as reader:
        first = build(reader, EVERYONE, DAY, unit="220182").rows[0].fire_point_id
    with full.writer("test", "load.duties", {}) as writer:
        writer.insert(
            Duty,
            target_code="220182",
            role="duty_phone",
            person="榆树值班员",
            phone="13800001820",
            title=None,
            source="test",
            valid_from=None,
            valid_to=None,
            withdrawn_rev=None,
        )
        writer.insert(
            Verification,
            fire_point_id=first,
            level="city",
            finding="straw",
            found_at=dt.datetime(2023, 10, 29, 15, tzinfo=BEIJING),
            person="test",
            note=None,
            evidence_sha256=None,
            area_mu=None,
            lon=None,
            lat=None,
        )
    with full.reader() as reader:
        made = build(reader, EVERYONE, DAY, unit="220182")
    assert {row.duty for row in made.rows} == {("值班电话 榆树值班员 13800001820",)}
    assert (made.rows[-1].fire_point_id, made.rows[-1].status) == (first, "confirmed")
    assert {row.status for row in made.rows[:-1]} == {"unverified"}


def test_a_list_of_an_earlier_revision_is_what_was_known_then(early: Store, tmp_path: Path) -> None:
    from tests.service.reports.conftest import arrive

    day = dt.date(2023, 10, 28)
    with early.reader() as reader:
        before, revision = build(reader, EVERYONE, day), reader.rev
    arrive(early, tmp_path / "archive", "2023-10-28")
    with early.reader() as reader:
        assert build(reader, EVERYONE, day).content_hash() != before.content_hash()
    with early.reader(revision) as reader:
        assert build(reader, EVERYONE, day) == before
