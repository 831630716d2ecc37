"""A named lease in the store: one assessment at a time computes, the others wait their turn."""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa

from gis.errors import BusyError
from service.store.engine import BUSY_TIMEOUT_S, Store, busy
from service.store.models import Lease

_POLL_S = 0.2

_held: set[str] = set()
"""Leases this process holds now. One that names this process without being here is left over: a release that found
the store busy, or a container whose every start has the same host name and process id."""


@contextmanager
def lease(
    store: Store, name: str, *, ttl: dt.timedelta = dt.timedelta(minutes=10), wait_s: float = BUSY_TIMEOUT_S
) -> Iterator[None]:
    """Hold the lease `name`; a holder that died on this machine or outlived its `ttl` is replaced.

    Raises
    ------
    BusyError
        When somebody else holds it for longer than `wait_s`.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{time.monotonic_ns()}"
    deadline = time.monotonic() + wait_s
    _held.add(holder)
    try:
        while not _take(store, name, holder, ttl):
            if time.monotonic() > deadline:
                raise busy()
            time.sleep(_POLL_S)
        try:
            yield
        finally:
            # What was done under the lease is done: a store that is busy now must not turn it into a failure.
            with suppress(BusyError):
                _release(store, name, holder)
    finally:
        _held.discard(holder)


def _release(store: Store, name: str, holder: str) -> None:
    table = Lease.__table__
    with store.writer("system", "lease") as writer:
        writer.connection.execute(sa.delete(table).where(table.c.name == name, table.c.holder == holder))


def _take(store: Store, name: str, holder: str, ttl: dt.timedelta) -> bool:
    table = Lease.__table__
    with store.writer("system", "lease") as writer:
        row = writer.connection.execute(sa.select(table).where(table.c.name == name)).first()
        if row is not None and row.expires_at > writer.now and not _dead(row.holder):
            return False
        writer.connection.execute(sa.delete(table).where(table.c.name == name))
        writer.connection.execute(
            sa.insert(table).values(name=name, holder=holder, expires_at=writer.now + ttl)
        )
    return True


def _dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that is gone."""
    host, pid, _ = holder.rsplit(":", 2)
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return holder not in _held
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
