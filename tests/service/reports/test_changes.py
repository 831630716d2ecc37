from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.reports.changes import compare
from service.reports.model import FireListRow
from tests.service.reports.lists import a_row

NAMES = [f"fp{n}" for n in range(5)]


def by_id(rows: list[FireListRow]) -> dict[str, str | None]:
    return {row.fire_point_id: row.change for row in rows}


def test_new_changed_and_unchanged() -> None:
    changes = compare(
        [a_row("a"), a_row("b")], [a_row("a"), a_row("b", pixels=9), a_row("c")], [], lambda _: None
    )
    assert by_id(changes.rows) == {"a": None, "b": "changed", "c": "new"}
    assert changes.fields == {"b": ["pixels"]}
    assert changes.withdrawn == {}


def test_the_mark_of_the_earlier_issue_is_no_difference() -> None:
    assert by_id(compare([a_row("a", change="new")], [a_row("a")], [], lambda _: None).rows) == {"a": None}


def test_a_point_that_left_keeps_its_last_known_data() -> None:
    changes = compare([a_row("a", pixels=4)], [], [], lambda _: None)
    assert changes.rows == [a_row("a", pixels=4, change="withdrawn")]
    assert changes.withdrawn == {"a": {"cause": "gone", "now": None}}


def test_a_point_screened_out_since_says_why() -> None:
    later = a_row("a", screen="planned_burn", pixels=6)
    changes = compare([a_row("a")], [], [later], lambda one: one)
    assert (changes.rows[0].change, changes.rows[0].screen, changes.rows[0].pixels) == (
        "withdrawn",
        "planned_burn",
        6,
    )
    assert changes.withdrawn["a"] == {"cause": "left_out", "now": None, "reason": "planned_burn"}


def test_a_point_merged_into_another_listed_one_is_withdrawn_into_it() -> None:
    changes = compare([a_row("a"), a_row("b")], [a_row("a", pixels=6)], [], {"b": "a"}.get)
    assert by_id(changes.rows) == {"a": "changed", "b": "withdrawn"}
    assert changes.withdrawn["b"] == {"cause": "merged", "now": "a"}


def test_a_point_that_lives_on_under_an_id_not_listed_then_is_changed_and_not_counted_twice() -> None:
    changes = compare([a_row("b")], [a_row("a")], [], {"b": "a"}.get)
    assert by_id(changes.rows) == {"a": "changed"}
    assert changes.fields == {"a": ["fire_point_id"]}


def test_two_merged_into_one_not_listed_then() -> None:
    changes = compare([a_row("b"), a_row("c")], [a_row("a")], [], {"b": "a", "c": "a"}.get)
    assert by_id(changes.rows) == {"a": "changed", "c": "withdrawn"}
    assert changes.withdrawn == {"c": {"cause": "merged", "now": "a"}}


def test_what_was_withdrawn_before_is_not_withdrawn_again_and_may_come_back() -> None:
    before = [a_row("a", change="withdrawn")]
    assert compare(before, [], [], lambda _: None).rows == []
    assert by_id(compare(before, [a_row("a")], [], lambda _: None).rows) == {"a": "new"}


@given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)), st.data())
def test_every_point_sent_before_is_accounted_for(
    before: set[str], listed: set[str], data: st.DataObject
) -> None:
    aim = {old: data.draw(st.sampled_from([None, *NAMES]), old) for old in sorted(before - listed)}
    changes = compare([a_row(n) for n in sorted(before)], [a_row(n) for n in sorted(listed)], [], aim.get)
    marks = by_id(changes.rows)
    assert len(marks) == len(changes.rows)
    assert {n for n, mark in marks.items() if mark != "withdrawn"} == listed
    followed = {aim[n] for n in before - listed if n not in marks}
    assert followed <= {n for n in listed - before if marks[n] == "changed"}
    assert set(changes.withdrawn) == {n for n, mark in marks.items() if mark == "withdrawn"} <= before


def test_a_layer_loaded_since_changes_no_row_that_it_leaves_without_doubt() -> None:
    before = [a_row("a", boundary_case={"county": True}), a_row("b", boundary_case={"county": True})]
    now = [
        a_row("a", boundary_case={"county": True, "zone": False}),
        a_row("b", boundary_case={"county": True, "zone": True}),
    ]
    changes = compare(before, now, [], lambda _: None)
    assert by_id(changes.rows) == {"a": None, "b": "changed"}
    assert changes.fields == {"b": ["boundary_case"]}
