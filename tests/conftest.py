"""One run directory per pytest run, shared by its xdist workers and cleared by the controlling process.

`make test` draws the same cases every time, so that a submission fails for what it changed; `make fuzz` draws others.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests import components

settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("fuzz", derandomize=False, print_blob=True)
settings.load_profile("fuzz" if os.environ.get("HUODIAN_FUZZ_EXAMPLES") else "same")

_OURS = pytest.StashKey[object]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's directory in the controlling process; workers inherit it through the environment."""
    if not hasattr(config, "workerinput"):
        directory = components.open_run()
        (directory / "controller.pid").write_text(str(os.getpid()))
        config.stash[_OURS] = directory


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the run started; pytest calls this after Ctrl-C too."""
    directory = config.stash.get(_OURS, None)
    if directory is not None:
        components.close_run(directory)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of the Chromium that Playwright drives (``launch(executable_path=...)``)."""
    return components.chromium()
