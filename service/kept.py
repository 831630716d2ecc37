"""Answers kept in memory under everything they depend on: each made once, however many ask, the least asked go first.

A key has to name the home, the scope and the revision wherever the answer depends on them; nothing is ever thrown away
for being old.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

V = TypeVar("V")


class Once(Generic[V]):
    """Work that several threads ask for at one time: the first does it, the others wait for its answer or its error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[V]] = {}

    def do(self, key: Hashable, work: Callable[[], V]) -> V:
        """Return what `work` returns, done now or by whoever is at it already; raises what it raises."""
        with self._lock:
            theirs = self._under_way.get(key)
            if theirs is None:
                mine: Future[V] = Future()
                self._under_way[key] = mine
        if theirs is not None:
            return theirs.result()
        try:
            found = work()
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(found)
            return found
        finally:
            with self._lock:
                del self._under_way[key]


class Kept(Generic[V]):
    """At most `most` answers by key; safe for threads.

    Parameters
    ----------
    most
        Answers that are kept; what was not asked for longest makes room.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, V] = OrderedDict()
        self._making: Once[V] = Once()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the answer of a key, kept or made now; an error is raised to everybody who waits, and not kept."""
        held = self._held(key)
        return self._making.do(key, lambda: self._made(key, make)) if held is None else held[0]

    def __len__(self) -> int:
        return len(self._answers)

    def _held(self, key: Hashable) -> tuple[V] | None:
        with self._lock:
            if key not in self._answers:
                return None
            self._answers.move_to_end(key)
            return (self._answers[key],)

    def _made(self, key: Hashable, make: Callable[[], V]) -> V:
        held = self._held(key)  # by whoever was at it when this was asked
        if held is not None:
            return held[0]
        found = make()
        with self._lock:
            self._answers[key] = found
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return found
