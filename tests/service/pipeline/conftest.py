"""A world per test: a fresh copy of an initialised store, once per home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service.pipeline.world import World, ready


@pytest.fixture
def world(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[World]:
    """A store with the built-in boundaries and register, without a feed."""
    with ready(store_home, new_store_url, tmp_path / "world") as opened:
        yield opened
