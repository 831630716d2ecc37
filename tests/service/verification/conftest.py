"""A world per test with two fires: one in 榆树 of 长春, one in 舒兰 of 吉林市."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service.pipeline.world import World, ready
from tests.service.verification.findings import SHULAN, YUSHU


@pytest.fixture
def world(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[World]:
    """A store with the built-in register and two assessed fire points."""
    with ready(store_home, new_store_url, tmp_path / "world") as opened:
        opened.ingest(opened.feed("day.csv", [YUSHU, SHULAN]))
        opened.assess()
        yield opened
