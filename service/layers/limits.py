"""How long one question may take: a statement timeout on PostgreSQL, a progress handler on SQLite."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from gis.errors import BusyError
from service.store.engine import Reader

STATEMENT_S = 20.0
"""A question that takes longer is stopped: whoever asked is told to ask for less."""

_STEPS = 2_000
"""Instructions of SQLite's machine between two looks at the clock."""

_CANCELLED = "57014"


class TooSlowError(BusyError):
    """A question was stopped because it took too long."""


def timed(reader: Reader, statement: sa.Executable, *, seconds: float | None = None) -> Sequence[Any]:
    """Run a select within the time limit and return its rows.

    Raises
    ------
    TooSlowError
        ``query_too_slow``: it was stopped.
    """
    with limited(reader, STATEMENT_S if seconds is None else seconds):
        return reader.rows(statement)


@contextmanager
def limited(reader: Reader, seconds: float) -> Iterator[None]:
    """Stop what the reader's connection runs when it takes longer than `seconds`."""
    if reader.connection.dialect.name == "postgresql":
        with _postgresql(reader, seconds):
            yield
    else:
        with _sqlite(reader, seconds):
            yield


@contextmanager
def _postgresql(reader: Reader, seconds: float) -> Iterator[None]:
    before = reader.connection.execute(sa.text("SELECT current_setting('statement_timeout')")).scalar()
    _set_timeout(reader, f"{max(1, int(seconds * 1000))}ms")
    try:
        yield
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _CANCELLED:
            raise too_slow(seconds) from error
        raise
    _set_timeout(reader, str(before))  # after an error the transaction is over, and the setting with it


def _set_timeout(reader: Reader, value: str) -> None:
    reader.connection.execute(sa.select(sa.func.set_config("statement_timeout", value, True)))


@contextmanager
def _sqlite(reader: Reader, seconds: float) -> Iterator[None]:
    raw: Any = reader.connection.connection.driver_connection
    deadline = time.monotonic() + seconds
    raw.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
    try:
        yield
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            raise too_slow(seconds) from error
        raise
    finally:
        raw.set_progress_handler(None, 0)


def too_slow(seconds: float) -> TooSlowError:
    """Return the error of a question that was stopped after `seconds`."""
    return TooSlowError(
        "query_too_slow",
        f"查询超过 {seconds:g} 秒，已停止：请缩小范围框、日期或过滤条件后重试",
        f"the query took more than {seconds:g} s and was stopped: narrow the box, the days or the filter",
        retry_after_s=10,
    )
