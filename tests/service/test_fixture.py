"""Every test that takes `store` meets both homes, fresh and migrated."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from service.store import migrate
from service.store.engine import Store, open_store
from service.store.models import Revision


@pytest.mark.parametrize("round_", [1, 2])
def test_the_store_is_fresh_and_current(store: Store, round_: int) -> None:
    migrate.require_current(store)
    with store.reader() as reader:
        assert reader.rev == 0
    with store.writer("test", f"round {round_}") as writer:
        assert writer.revision == 1


def test_an_empty_store_has_no_schema(empty_store_url: str) -> None:
    empty = open_store(empty_store_url, must_exist=False)
    assert migrate.current(empty) is None
    empty.close()


def test_a_copy_holds_what_its_original_held(
    store: Store, store_url: str, store_home: str, new_store_url: Callable[..., str]
) -> None:
    with store.writer("test", "before the copy") as writer:
        assert writer.revision == 1
    store.close()
    copied = open_store(new_store_url(store_home, like=store_url))
    with copied.reader() as reader:
        assert reader.rows(sa.select(Revision.command)) == [("before the copy",)]
    copied.close()
