"""The compiled kernels are ready before anybody waits for them: a map without borders is never shown.

Numba compiles them once per installation, in about 25 s of one core, and keeps them in the first of these directories
that can be written: that of ``NUMBA_CACHE_DIR``, ``__pycache__`` beside the source, the user's own cache directory.
Where none can be written every process compiles for itself. ``python -m service.kernels`` fills the directory, as the
build of the container's image does.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

TILES = ("gis.mvt_kernels", "gis.mvt_hash")
LOCATION = ("gis.location.building", "gis.location.kernels", "gis.location.areas")
"""Modules whose import compiles."""

_PATIENCE_S = 2.5
"""Loading what is kept takes less; compiling takes longer, and is said."""


def compile_kept(modules: Sequence[str] = (*LOCATION, *TILES)) -> None:
    """Compile what is not yet kept on disk."""
    for name in modules:
        import_module(name)


@contextmanager
def compiled_meanwhile(say: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Compile in processes of their own while the caller is at other work; yields what waits for their end.

    Processes, because compiling holds the interpreter's lock; whatever becomes of them, `made_ready` has the last word.

    Parameters
    ----------
    say
        Called when there is something to wait for.
    """
    started = [_compiling(modules) for modules in (LOCATION, TILES)]

    def wait() -> None:
        if any(one.poll() is None for one in started):
            say()
        for one in started:
            one.wait()

    try:
        yield wait
    finally:
        for one in started:
            if one.poll() is None:
                one.terminate()
            one.wait()


def _compiling(modules: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", __name__, *modules]
    return subprocess.Popen(  # noqa: S603 - this very module
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@contextmanager
def made_ready(say: Callable[[], object]) -> Iterator[None]:
    """Load the tile kernels beside the caller's own start, and go on when they are there.

    Parameters
    ----------
    say
        Called when it takes so long that somebody would wonder: nothing was kept, so it is compiled now.
    """
    failed: list[BaseException] = []

    def load() -> None:
        from gis.tiles import warm

        try:
            for name in TILES:
                import_module(name)
            warm()
        except BaseException as error:  # told by the thread that waits
            failed.append(error)

    loading = threading.Thread(target=load, name="warm-tiles", daemon=True)
    loading.start()
    yield
    loading.join(_PATIENCE_S)
    if loading.is_alive():
        say()
        loading.join()
    if failed:
        raise failed[0]


if __name__ == "__main__":
    compile_kept(sys.argv[1:] or (*LOCATION, *TILES))
