"""How kernels are compiled: ahead, cached on disk, without the interpreter's lock, never with a parallel backend.

Parallel numba ends a threaded server when libgomp is missing and a forked child after OpenMP; a small pool of ordinary
threads over `nogil` kernels does neither.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

BLOCK = 1 << 15
"""Points per task: long enough that handing over costs nothing, short enough that cores finish together."""
_MOST_THREADS = 8

_pool: ThreadPoolExecutor | None = None


_SOURCES = ("robust.py", "building.py", "kernels.py")
_STAMP = zlib.crc32(b"".join(Path(__file__).with_name(name).read_bytes() for name in _SOURCES))
"""Part of the names in numba's cache, which by itself watches only the file of the kernel and not of its helpers."""

_njit: Any = numba.njit  # its stubs lose the signatures of what it compiles


def helper(function: F) -> F:
    """Compile a function that only kernels call."""
    compiled: F = _njit(nogil=True, error_model="numpy")(function)
    return compiled


def kernel(signature: str) -> Callable[[F], F]:
    """Compile a kernel when its module is imported: from numba's cache on disk where that can be written."""

    def compile_it(function: F) -> F:
        function.__qualname__ = f"{function.__qualname__}_{_STAMP:08x}"
        options = {"nogil": True, "error_model": "numpy"}
        try:
            compiled: F = _njit(signature, cache=True, **options)(function)
        except RuntimeError:  # numba finds no directory that it may write to
            compiled = _njit(signature, **options)(function)
        return compiled

    return compile_it


def threads() -> int:
    """Return how many threads a large batch is cut for: the processors this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(_MOST_THREADS, usable))


def in_blocks(work: Callable[[int, int], Any], count: int) -> list[Any]:
    """Call ``work(start, stop)`` for blocks of `count` rows, on the pool if there are several; keep their order."""
    starts = range(0, count, BLOCK)
    if len(starts) <= 1 or threads() == 1:
        return [work(start, min(start + BLOCK, count)) for start in starts]
    return list(_executor().map(lambda start: work(start, min(start + BLOCK, count)), starts))


def _executor() -> ThreadPoolExecutor:
    global _pool  # noqa: PLW0603 - one pool for the process
    if _pool is None:
        _pool = ThreadPoolExecutor(threads(), thread_name_prefix="locate")
    return _pool


def _forget() -> None:
    """Drop the pool in a forked child, which has its object but none of its threads."""
    global _pool  # noqa: PLW0603
    _pool = None


os.register_at_fork(after_in_child=_forget)
