"""Holding the cycle collector back while a step makes many objects that live for a moment."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause Python's cycle collector for one step.

    An assessment makes tens of thousands of small objects without cycles; looking through all of them again and again
    was a third of its time (`make bench`). Memory is still freed by reference count, and the collector goes on after.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
