"""One writer, one revision, reads as of: what the store promises to every command."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from gis.errors import BusyError, NotFoundError, RefusedInputError
from service.store import engine
from service.store.engine import Store, open_store
from service.store.models import FeedCoverage, FirePointAlias, Revision, Supersession, User

T0 = dt.datetime(2023, 10, 29, 4, 51, tzinfo=dt.UTC)


def note(store: Store, name: str, now: dt.datetime | None = None) -> int:
    """Write one fact and return the revision that recorded it."""
    with store.writer("zhang", "note", {"name": name}, now=now) as writer:
        writer.insert(FirePointAlias, old_id=name, new_id=None, cause="test")
        return writer.revision


def names(store: Store, as_of: int | dt.datetime | None = None) -> list[str]:
    with store.reader(as_of) as reader:
        query = sa.select(FirePointAlias.old_id).where(reader.known(FirePointAlias))
        return [row.old_id for row in reader.rows(query.order_by(FirePointAlias.id))]


def test_a_write_is_one_revision_that_says_who_what_and_when(store: Store) -> None:
    with store.writer("zhang", "load.units", {"file": "a.csv"}, now=T0) as writer:
        assert not writer.wrote
        first = writer.revision
        assert (writer.revision, writer.wrote) == (first, True)
    with store.reader() as reader:
        (row,) = reader.rows(sa.select(Revision))
    assert (row.id, row.at, row.actor, row.command, row.params) == (
        1,
        T0,
        "zhang",
        "load.units",
        {"file": "a.csv"},
    )


def test_who_writes_nothing_leaves_no_revision(store: Store) -> None:
    with store.writer("zhang", "load.units") as writer:
        writer.rows(sa.select(Revision))
    with store.reader() as reader:
        assert reader.rev == 0
    assert note(store, "a") == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_nothing(store: Store, error: type[BaseException]) -> None:
    def fail() -> None:
        with store.writer("zhang", "note") as writer:
            writer.insert(FirePointAlias, old_id="x", new_id=None, cause="test")
            raise error

    with pytest.raises(error):
        fail()
    assert names(store) == []
    assert note(store, "a") == 1, "the number of what was undone is used again"


def test_a_constraint_undoes_the_whole_command(store: Store) -> None:
    li = {"name": "li", "role": "reader", "unit_uid": None, "token_hash": "", "disabled_rev": None}

    def twice() -> None:
        with store.writer("zhang", "users") as writer:
            for _ in range(2):
                writer.insert(User, **li)

    with pytest.raises(Exception, match=r"(?i)unique"):
        twice()
    with store.reader() as reader:
        assert reader.rows(sa.select(User.name)) == []
        assert reader.rev == 0


def test_what_the_commit_itself_refuses_leaves_nothing(new_store_url: Callable[..., str]) -> None:
    """PostgreSQL checks files of rows at the commit, because rows may come before their file."""
    store = open_store(new_store_url("postgis"))

    def orphan() -> None:
        with store.writer("zhang", "ingest", now=T0) as writer:
            first = writer.revision
            writer.insert(FeedCoverage, file_id=77, satellite="Terra", first_at=T0, last_at=T0, rows=first)

    with pytest.raises(sa.exc.IntegrityError, match="foreign key"):
        orphan()
    with store.reader() as reader:
        assert reader.rev == 0
    assert note(store, "a") == 1
    store.close()


def test_keys_are_handed_out_without_gaps(store: Store) -> None:
    with store.writer("zhang", "note") as writer:
        assert writer.allocate(FirePointAlias, 3) == 1
        assert writer.allocate(FirePointAlias, 2) == 4
    assert note(store, "a") == 1
    with store.writer("zhang", "note") as writer:
        assert writer.insert(FirePointAlias, old_id="b", new_id=None, cause="test") == 2


def test_reads_go_back_to_a_revision_and_to_an_instant(store: Store) -> None:
    hour = dt.timedelta(hours=1)
    for step, name in enumerate("abc"):
        assert note(store, name, T0 + step * hour) == step + 1
    assert names(store) == ["a", "b", "c"]
    assert names(store, 2) == ["a", "b"]
    assert names(store, 0) == []
    assert names(store, T0) == ["a"]
    assert names(store, T0 + hour - dt.timedelta(milliseconds=1)) == ["a"]
    beijing = dt.timezone(dt.timedelta(hours=8))
    assert names(store, (T0 + hour).astimezone(beijing)) == ["a", "b"]
    assert names(store, T0 + 9 * hour) == ["a", "b", "c"]


def test_an_instant_within_the_millisecond_of_a_write_sees_it(store: Store) -> None:
    """Revisions are stored in whole milliseconds; a caller's clock is finer, and text sorts otherwise."""
    now = T0.replace(microsecond=123_456)
    note(store, "a", now)
    assert names(store, now) == ["a"]
    assert names(store, now + dt.timedelta(microseconds=10)) == ["a"]


def test_as_of_before_the_first_and_after_the_last_is_said(store: Store) -> None:
    note(store, "a", T0)
    with pytest.raises(NotFoundError) as early, store.reader(T0 - dt.timedelta(days=1)):
        pass
    assert early.value.code == "before_first_revision"
    for number in (2, -1):
        with pytest.raises(NotFoundError) as late, store.reader(number):
            pass
        assert late.value.code == "unknown_revision"
    with pytest.raises(ValueError, match="naive"), store.reader(T0.replace(tzinfo=None)):
        pass


def test_derived_rows_live_from_one_revision_until_another(store: Store) -> None:
    note(store, "before")
    with store.writer("zhang", "assess") as writer:
        begun = writer.revision
        table = Supersession.__table__
        replica(writer.connection)
        writer.bulk(Supersession, {"id": [1, 2], "older_id": [1, 2], "newer_id": 9, "rev_from": begun})
        assert writer.rows(sa.select(table.c.id).where(writer.live(Supersession))) == []
    with store.writer("zhang", "assess") as writer:
        replica(writer.connection)
        ended = writer.revision
        writer.connection.execute(sa.update(table).where(table.c.id == 1).values(rev_to=ended))
        alive = writer.rows(sa.select(table.c.id).where(writer.live(Supersession)).order_by(table.c.id))
        assert [row.id for row in alive] == [1, 2], "a writer reads what was live before it"
    expected = {0: [], begun - 1: [], begun: [1, 2], ended: [2], None: [2]}
    for as_of, ids in expected.items():
        with store.reader(as_of) as reader:
            query = sa.select(table.c.id).where(reader.live(Supersession)).order_by(table.c.id)
            assert [row.id for row in reader.rows(query)] == ids


def replica(connection: sa.Connection) -> None:
    """Let PostgreSQL accept rows whose neighbours this test does not make."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))


def test_a_writer_sees_its_own_facts_and_a_reader_beside_it_does_not(store: Store) -> None:
    note(store, "a")
    with store.writer("zhang", "note") as writer:
        writer.insert(FirePointAlias, old_id="b", new_id=None, cause="test")
        seen = writer.rows(sa.select(FirePointAlias.old_id).where(writer.known(FirePointAlias)))
        assert sorted(row.old_id for row in seen) == ["a", "b"]
        assert names(store) == ["a"], "readers are answered while a writer works"
    assert names(store) == ["a", "b"]


def test_a_read_is_of_one_moment(store: Store) -> None:
    note(store, "a")
    with store.reader() as reader:
        query = sa.select(sa.func.count()).select_from(FirePointAlias)
        before = reader.rows(query)
        note(store, "b")
        assert reader.rows(query) == before
        assert reader.rev == 1


def test_writers_wait_for_each_other_and_see_what_went_before(store_url: str) -> None:
    failures: list[BaseException] = []
    inside = threading.Lock()

    def work(number: int) -> None:
        own = open_store(store_url)
        try:
            for step in range(3):
                with own.writer(f"w{number}", "note") as writer:
                    assert inside.acquire(blocking=False), "two writers at once"
                    count = len(writer.rows(sa.select(FirePointAlias.id)))
                    assert writer.insert(
                        FirePointAlias, old_id=f"{number}.{step}", new_id=None, cause="test"
                    ) == (count + 1)
                    assert writer.revision == count + 1
                    time.sleep(0.02)
                    inside.release()
        except BaseException as error:
            failures.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = open_store(store_url)
    assert sorted(names(store)) == sorted(f"{n}.{s}" for n in range(4) for s in range(3))
    with store.reader() as reader:
        assert [row.id for row in reader.rows(sa.select(Revision.id).order_by(Revision.id))] == list(
            range(1, 13)
        )
    store.close()


def test_a_store_held_too_long_is_busy_and_works_again_after(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.3)
    holder, other = open_store(store_url), open_store(store_url)
    with holder.writer("zhang", "long"):
        for _ in range(2):
            with pytest.raises(BusyError) as busy, other.writer("li", "note"):
                pass
            assert busy.value.code == "store_busy"
            assert "retry_after_s" in busy.value.context
        assert names(other) == []
    assert note(other, "a") == 1
    assert names(holder) == ["a"]
    holder.close()
    other.close()


def test_a_file_that_cannot_be_written_is_not_called_busy(
    new_store_url: Callable[..., str],
) -> None:
    path = str(sa.make_url(new_store_url("sqlite")).database)
    store = open_store(f"sqlite:///file:{path}?mode=ro&uri=true", must_exist=False)

    def write() -> None:
        note(store, "a")

    with pytest.raises(sa.exc.OperationalError, match="readonly"):
        write()
    store.close()


def test_what_is_not_there_or_not_known_is_said_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="huodian init"):
        open_store(f"sqlite:///{tmp_path / 'none.gpkg'}")
    with pytest.raises(RefusedInputError, match="mysql"):
        open_store("mysql://root@localhost/fires")


def test_the_embedded_store_keeps_an_earlier_commit_after_a_crash(new_store_url: Callable[..., str]) -> None:
    """A connection dropped in the middle of a transaction, as a killed process drops it."""
    url = new_store_url("sqlite")
    store = open_store(url)
    note(store, "a")
    raw = store.engine.raw_connection()
    raw.cursor().execute("BEGIN IMMEDIATE")
    raw.cursor().execute("DELETE FROM fire_point_alias")
    raw.driver_connection.close()  # type: ignore[union-attr]
    again = open_store(url)
    assert names(again) == ["a"]
    again.close()
