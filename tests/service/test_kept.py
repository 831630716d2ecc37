"""Answers that are kept: made once however many ask, bounded, errors told to everybody and kept for nobody."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.kept import Kept, Once

MANY = 6


def test_many_who_ask_at_once_have_it_made_once() -> None:
    kept: Kept[object] = Kept(2)
    all_here = threading.Barrier(MANY, timeout=10)
    made: list[object] = []

    def make() -> object:
        made.append(object())
        return made[-1]

    def ask(_: int) -> object:
        all_here.wait()
        return kept.get("a", make)

    with ThreadPoolExecutor(MANY) as threads:
        found = list(threads.map(ask, range(MANY)))
    assert len(made) == 1
    assert all(one is made[0] for one in found)


def test_another_question_does_not_wait() -> None:
    once: Once[str] = Once()
    began, goes_on = threading.Event(), threading.Event()

    def slow() -> str:
        began.set()
        assert goes_on.wait(10)
        return "slow"

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(once.do, "a", slow)
        assert began.wait(10)
        assert once.do("b", lambda: "another") == "another"
        goes_on.set()
        assert first.result(10) == "slow"
    assert once.do("a", lambda: "anew") == "anew"


def test_what_was_not_asked_for_longest_makes_room() -> None:
    kept: Kept[int] = Kept(2)
    assert [kept.get(name, lambda: 1) for name in "abac"] == [1] * 4
    assert len(kept) == 2
    assert kept.get("a", lambda: 2) == 1
    assert kept.get("b", lambda: 2) == 2


def test_none_is_an_answer_too() -> None:
    kept: Kept[int | None] = Kept(2)
    assert kept.get("a", lambda: None) is None
    assert kept.get("a", lambda: 5) is None


def test_an_error_is_raised_and_not_kept() -> None:
    kept: Kept[int] = Kept(2)

    def fails() -> int:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            kept.get("a", fails)
    assert kept.get("a", lambda: 3) == 3
