"""Issues: numbered, frozen, chained, compared with what came later, and read within a scope."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pytest
import sqlalchemy as sa

from gis.errors import ForbiddenError, HuodianError, NotFoundError, RefusedInputError
from service.pipeline.assess import assess
from service.pipeline.rulings import rule
from service.reports.build import build
from service.reports.issues import issues, read_issue
from service.reports.model import FireList
from service.reports.publish import publish
from service.reports.render import FORMATS, render
from service.scope import whole
from service.store import Store
from service.store.models import FireListIssue
from tests.service.reports.conftest import arrive
from tests.service.reports.lists import DAY
from tests.service.reports.test_build import EVERYONE, reader_of

EARLIER = dt.date(2023, 10, 28)


def published(store: Store, day: dt.date = DAY, **options: object) -> FireList:
    return publish(store, EVERYONE, day, actor="test", **options).fire_list  # type: ignore[arg-type]


def marks(made: FireList) -> dict[str, str | None]:
    return {row.fire_point_id: row.change for row in made.rows}


def ruled_out(store: Store, fire_point_id: str) -> None:
    rule(
        store,
        fire_point_id,
        kind="screen",
        value="other",
        reason="not a field fire",
        evidence_sha256=None,
        actor="test",
        scope=EVERYONE,
    )
    assess(store, actor="test")


def test_issues_are_numbered_per_unit_and_chained(full: Store) -> None:
    first, second, county = published(full, EARLIER), published(full), published(full, unit="220182")
    assert [(one.issue, one.header.unit_code) for one in (first, second, county)] == [
        (1, "220000"),
        (2, "220000"),
        (1, "220182"),
    ]
    assert first.header.previous_sha256 is county.header.previous_sha256 is None
    assert second.header.previous_sha256 == first.sha256
    with full.reader() as reader:
        row = reader.rows(sa.select(FireListIssue.__table__).order_by(FireListIssue.id))[1]
        listed = issues(reader, EVERYONE, "220000")
        assert [one["number"] for one in issues(reader, EVERYONE, "220000", day=DAY)] == [2]
    assert [one["sha256"] for one in listed] == [first.sha256, second.sha256]
    assert (row.as_of_rev, row.previous_sha256) == (second.header.revision, first.sha256)
    assert hashlib.sha256(row.document.encode()).hexdigest() == row.sha256 == second.sha256


def test_identical_content_is_the_same_issue_and_writes_nothing(full: Store) -> None:
    first = publish(full, EVERYONE, DAY, actor="test")
    with full.reader() as reader:
        revision = reader.rev
    again = publish(full, EVERYONE, DAY, actor="somebody else", since=1)
    assert (first.unchanged, again.unchanged) == (False, True)
    assert again.fire_list == first.fire_list
    with full.reader() as reader:
        assert reader.rev == revision


def test_an_issue_renders_the_same_bytes_whatever_came_later(early: Store, tmp_path: Path) -> None:
    made = published(early, EARLIER)
    sent = {form: render(made, form) for form in FORMATS}
    arrive(early, tmp_path / "archive", "2023-10-28")
    with early.reader() as reader:
        again = read_issue(reader, EVERYONE, "220000", 1)
        assert build(reader, EVERYONE, EARLIER, unit="220000").content_hash() != made.content_hash()
    assert {form: render(again, form) for form in FORMATS} == sent


def test_a_late_pass_is_marked_against_the_issue_sent_before(early: Store, tmp_path: Path) -> None:
    before = published(early, EARLIER)
    arrive(early, tmp_path / "archive", "2023-10-28")
    later = published(early, EARLIER, since=1)
    assert later.issue == 2
    assert (later.header.since, later.header.since_sha256) == (1, before.sha256)
    found = marks(later)
    old = set(marks(before))
    assert {one for one, mark in found.items() if mark == "new"} == set(found) - old != set()
    assert set(found) >= old
    changed = {one for one, mark in found.items() if mark == "changed"}
    assert set(later.header.changes) == changed
    assert before.counts["fire_points"] < later.counts["fire_points"]


def test_a_point_ruled_out_between_issues_is_withdrawn_with_its_reason(full: Store) -> None:
    before = published(full)
    gone = before.rows[3].fire_point_id
    ruled_out(full, gone)
    with full.reader() as reader:
        later = build(reader, EVERYONE, DAY, unit="220000", since=1)
    assert marks(later)[gone] == "withdrawn"
    assert set(marks(later).values()) == {None, "withdrawn"}
    assert later.rows[-1].fire_point_id == gone
    assert later.header.withdrawn == {gone: {"cause": "left_out", "now": None, "reason": "other"}}
    assert later.counts["listed"] == before.counts["listed"] - 1
    assert later.counts["left_out"] == {"other": 1}
    assert published(full, since=1).issue == 2
    third = published(full, since=2)
    assert (third.issue, set(marks(third).values())) == (2, {None, "withdrawn"})


def test_an_id_that_was_merged_since_is_followed(full: Store) -> None:
    from service.store.models import FirePointAlias, FirePointState

    before = published(full)
    old, now = before.rows[0].fire_point_id, before.rows[1].fire_point_id
    with full.writer("test", "assess", {}) as writer:
        writer.connection.execute(
            sa.update(FirePointState.__table__)
            .where(FirePointState.fire_point_id == old)
            .values(rev_to=writer.revision)
        )
        writer.insert(FirePointAlias, old_id=old, new_id=now, cause="merged")
    with full.reader() as reader:
        later = build(reader, EVERYONE, DAY, since=1)
    assert marks(later)[old] == "withdrawn"
    assert later.header.withdrawn == {old: {"cause": "merged", "now": now}}


def test_an_issue_of_another_day_or_none_cannot_be_compared_with(full: Store) -> None:
    published(full, EARLIER)
    with full.reader() as reader:
        with pytest.raises(RefusedInputError) as other:
            build(reader, EVERYONE, DAY, since=1)
        with pytest.raises(NotFoundError) as none:
            build(reader, EVERYONE, DAY, since=7)
    assert (other.value.code, none.value.code) == ("since_other_day", "unknown_issue")


def test_an_issue_holds_only_its_unit_and_is_read_by_it_and_those_above(full: Store) -> None:
    published(full)
    made = published(full, unit="220182")
    assert {row.county_code for row in (*made.rows, *made.left_out)} == {"220182"}
    with full.reader() as reader:
        for code, role in (("220182", "county"), ("220100", "city"), ("220000", "province")):
            assert read_issue(reader, reader_of(reader, code, role), "220182", 1) == made
        for code, unit in (("220283", "220182"), ("220182", "220000")):
            stranger = reader_of(reader, code)
            assert issues(reader, stranger, unit) == []
            with pytest.raises(NotFoundError) as caught:
                read_issue(reader, stranger, unit, 1)
            assert caught.value.code == "unknown_issue"


def test_only_some_roles_publish_and_only_within_their_scope(full: Store) -> None:
    with full.reader() as reader:
        county, city = reader_of(reader, "220182"), reader_of(reader, "220100", "city")
        province = reader_of(reader, "220000", "province")
        admin = reader_of(reader, "220100", "admin")
    for scope in (county, city, whole("x", "patrol"), whole("x", "inspector")):
        with pytest.raises(ForbiddenError, match="role"):
            publish(full, scope, DAY, actor=scope.actor)
    assert publish(full, province, DAY, actor="p").fire_list.header.unit_code == "220000"
    assert publish(full, admin, DAY, actor="a").fire_list.header.unit_code == "220100"
    with pytest.raises(NotFoundError, match="220000"):
        publish(full, admin, DAY, actor="a", unit="220000")


def test_an_altered_issue_is_not_shown_as_if_it_were_the_one_sent(full: Store) -> None:
    published(full)
    with full.writer("test", "tamper", {}) as writer:
        table = FireListIssue.__table__
        document = writer.connection.execute(sa.select(table.c.document)).scalar()
        assert document is not None
        writer.connection.execute(
            sa.update(table).values(document=document.replace('"pixels":1', '"pixels":9', 1))
        )
    with full.reader() as reader, pytest.raises(HuodianError) as caught:
        read_issue(reader, EVERYONE, "220000", 1)
    assert caught.value.code == "issue_damaged"
