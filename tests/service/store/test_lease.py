"""One holder at a time; who died, or forgot, is replaced."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa

from gis.errors import BusyError
from service.store import engine
from service.store.engine import Store, open_store
from service.store.lease import lease
from service.store.models import Lease


def holders(store: Store) -> list[str]:
    with store.reader() as reader:
        return [row.holder for row in reader.rows(sa.select(Lease.holder))]


def held_by(store: Store, holder: str, minutes: float = 10) -> None:
    """Leave a lease behind as `holder` would."""
    with store.writer("system", "lease") as writer:
        expires = writer.now + dt.timedelta(minutes=minutes)
        writer.connection.execute(sa.insert(Lease).values(name="assess", holder=holder, expires_at=expires))


def dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_a_lease_is_held_inside_and_free_after(store: Store) -> None:
    with lease(store, "assess"):
        assert len(holders(store)) == 1
    assert holders(store) == []
    with store.reader() as reader:
        assert reader.rev == 0, "a lease is no fact and makes no revision"


def test_an_error_frees_it(store: Store) -> None:
    def fail() -> None:
        with lease(store, "assess"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert holders(store) == []


def test_a_second_one_of_this_program_waits_and_then_gives_up(store: Store) -> None:
    with lease(store, "assess"):
        with pytest.raises(BusyError), lease(store, "assess", wait_s=0.3):
            pass
        assert len(holders(store)) == 1
        with lease(store, "another", wait_s=0.3):
            pass


def test_a_second_one_takes_its_turn(store: Store, store_url: str) -> None:
    order: list[str] = []
    started = threading.Event()

    def first() -> None:
        own = open_store(store_url)
        with lease(own, "assess"):
            started.set()
            time.sleep(0.4)
            order.append("first")
        own.close()

    thread = threading.Thread(target=first)
    thread.start()
    started.wait(5)
    with lease(store, "assess"):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_a_holder_that_died_on_this_machine_is_replaced_at_once(store: Store) -> None:
    held_by(store, f"{socket.gethostname()}:{dead_pid()}:1")
    with lease(store, "assess", wait_s=0):
        assert holders(store)[0].startswith(f"{socket.gethostname()}:{os.getpid()}:")


def test_a_living_process_of_this_machine_is_waited_for(store: Store) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        held_by(store, f"{socket.gethostname()}:{other.pid}:1")
        with pytest.raises(BusyError), lease(store, "assess", wait_s=0.3):
            pass
    finally:
        other.kill()
        other.wait()


def test_a_holder_on_another_machine_is_waited_for_until_it_expires(store: Store) -> None:
    held_by(store, f"elsewhere:{dead_pid()}:1")
    with pytest.raises(BusyError), lease(store, "assess", wait_s=0.3):
        pass


def test_an_expired_lease_is_taken_whoever_holds_it(store: Store) -> None:
    held_by(store, "elsewhere:1:1", minutes=-1)
    with lease(store, "assess", wait_s=0):
        pass


def test_a_container_that_restarts_with_the_same_name_and_number_is_not_locked_out(store: Store) -> None:
    """In a container every start is process 1 of the same host: what an earlier life left is not ours."""
    held_by(store, f"{socket.gethostname()}:{os.getpid()}:1")
    with lease(store, "assess", wait_s=0):
        pass


def test_an_overtaken_holder_does_not_free_its_successors_lease(store: Store) -> None:
    with lease(store, "assess", ttl=dt.timedelta(0)):
        held_by_other = "elsewhere:1:1"
        with store.writer("system", "lease") as writer:
            writer.connection.execute(sa.update(Lease).values(holder=held_by_other))
    assert holders(store) == [held_by_other]


def test_finished_work_stays_finished_when_the_store_is_busy_at_the_end(
    store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long ingest may hold the store when an assessment ends; its lease is then left over and taken next time."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.2)
    ours, other = open_store(store_url), open_store(store_url)
    with other.engine.connect() as connection:
        with lease(ours, "assess"):
            transaction = other.begin_write(connection)
        transaction.rollback()
    assert len(holders(store)) == 1
    with lease(ours, "assess", wait_s=0):
        assert len(holders(store)) == 1
    assert holders(store) == []
    ours.close()
    other.close()
