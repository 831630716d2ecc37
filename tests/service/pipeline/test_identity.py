"""Naming clusters: merges, splits, heirs, vanished and returning ids, without a store."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from service.pipeline.identity import Founding, Known, Naming, extended, followed, name_clusters


def _founding(detection: int) -> Founding:
    return Founding(detection, "NOAA-20", 28_000_000 + detection, 126.0 + detection / 1000, 44.0)


def _name(
    clusters: Sequence[Sequence[int]],
    known: Sequence[Known] = (),
    heirs: dict[int, int] | None = None,
    taken: Sequence[str] = (),
) -> Naming:
    founders = [_founding(min(members)) for members in clusters]
    return name_clusters(clusters, founders, known, heirs or {}, dict.fromkeys(taken, True))


def test_an_id_depends_on_the_founder_alone() -> None:
    assert _name([[1, 2], [3]]).ids == _name([[1], [3, 4, 5]]).ids


def test_on_a_merge_the_earliest_issued_lives() -> None:
    known = [Known("late", 9, 1, (1,)), Known("early", 2, 5, (5,))]
    naming = _name([[1, 5]], known)
    assert naming.ids == ("early",)
    assert naming.ended == (("late", "early", "merged"),)
    assert naming.new == ()


def test_on_a_split_the_id_follows_its_founder_and_the_rest_gets_a_new_one() -> None:
    plain = _name([[1]]).ids[0]
    naming = _name([[1, 2], [5, 6]], [Known("id", 1, 5, (1, 2, 5, 6))], taken=[plain])
    assert naming.ids[1] == "id"
    assert naming.ids[0] not in ("id", plain), "an id is never given twice"
    assert naming.new == ((naming.ids[0], 1),)


def test_a_replaced_founder_passes_its_id_on_and_a_lost_one_to_most_of_its_members() -> None:
    assert _name([[7], [8]], [Known("id", 1, 3, (3,))], heirs={3: 8}).ids[1] == "id"
    assert _name([[7], [8, 9]], [Known("id", 1, 3, (3, 7, 8, 9))]).ids[1] == "id"


def test_an_id_of_which_nothing_is_left_is_withdrawn_once_and_returns_with_its_founder() -> None:
    assert _name([[7]], [Known("id", 1, 3, (3,))]).ended == (("id", None, "withdrawn"),)
    gone = Known("id", 1, 3, (), live=False)
    assert _name([[7]], [gone]).ended == ()
    back = _name([[3, 7]], [gone])
    assert (back.ids, back.ended, back.new) == (("id",), (("id", "id", "restored"),), ())
    joined = _name([[3, 7]], [gone, Known("other", 5, 7, (7,))])
    assert (joined.ids, joined.ended) == (("other",), (("id", "other", "merged"),)), (
        "who lives is not displaced"
    )


links = st.lists(st.tuples(st.sampled_from("abcdef"), st.one_of(st.none(), st.sampled_from("abcdef"))))


@given(links)
def test_following_aliases_always_ends(pairs: list[tuple[str, str | None]]) -> None:
    steps = extended({}, pairs)
    assert all(old != new for old, new in steps.items())
    if not any(new is not None and new in steps for new in steps.values()):
        assert followed(steps) == steps
    assert followed(extended({"a": None}, [("a", "a")])) == {}
