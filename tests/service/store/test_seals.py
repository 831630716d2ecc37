"""Seals of revisions: whole after every write, in both homes, and broken by any edit."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading

import pytest
import sqlalchemy as sa

from service.store.engine import Store
from service.store.models import Publication, Ruling
from service.store.seals import Sealed, check

NOW = dt.datetime(2023, 10, 29, 4, 30, tzinfo=dt.UTC)


def ruled(store: Store, reason: str, actor: str = "甲") -> int:
    with store.writer(actor, "rule", {"point": "P"}, now=NOW) as writer:
        writer.insert(
            Ruling,
            fire_point_id="P",
            kind="unit",
            value="220182",
            reason=reason,
            evidence_sha256=None,
            actor=actor,
            supersedes_id=None,
        )
        return writer.revision


def sealed(store: Store) -> Sealed:
    with store.reader() as reader:
        return check(reader.connection)


def sql(store: Store, text: str) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql(text)


@pytest.fixture
def filled(store: Store) -> Store:
    for place in range(4):
        ruled(store, f"理由 {place}")
    return store


def test_every_revision_is_sealed_and_holds(filled: Store) -> None:
    before = sealed(filled)
    assert before.broken == ()
    assert before.last == ruled(filled, "再一次") - 1
    after = sealed(filled)
    assert (after.broken, after.last, after.first) == ((), before.last + 1, before.first)
    assert before.sha256 in after.seals
    assert after.sha256 != before.sha256


def test_what_writes_nothing_seals_nothing(filled: Store) -> None:
    before = sealed(filled)
    with filled.writer("甲", "look"):
        pass
    with contextlib.suppress(RuntimeError), filled.writer("甲", "rule") as writer:
        assert writer.revision
        raise RuntimeError
    assert sealed(filled) == before


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        ("UPDATE revision SET actor = '乙' WHERE id = {rev}", "altered"),
        ("UPDATE revision SET command = 'verify' WHERE id = {rev}", "altered"),
        ("UPDATE revision SET params = '{{}}' WHERE id = {rev}", "altered"),
        ("UPDATE ruling SET reason = '别的' WHERE rev = {rev}", "altered"),
        ("UPDATE ruling SET actor = '乙' WHERE rev = {rev}", "altered"),
        ("DELETE FROM ruling WHERE rev = {rev}", "altered"),
        ("DELETE FROM revision_seal WHERE rev = {rev}", "unsealed"),
    ],
)
def test_an_edit_is_named_with_its_revision(filled: Store, edit: str, what: str) -> None:
    rev = sealed(filled).last - 1
    sql(filled, edit.format(rev=rev))
    first = sealed(filled).broken[0]
    assert (first.rev, first.what) == (rev, what)


def test_a_past_that_was_sealed_anew_no_longer_has_the_seal_that_somebody_kept(filled: Store) -> None:
    from service.store.models import RevisionSeal
    from service.store.seals import seal

    kept, rev = sealed(filled).sha256, sealed(filled).last - 1
    table = RevisionSeal.__table__
    with filled.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE revision SET actor = '乙' WHERE id = {rev}")
        connection.execute(sa.delete(table).where(table.c.rev >= rev))
        for one in (rev, rev + 1):
            seal(connection, one)
    again = sealed(filled)
    assert again.broken == ()
    assert kept not in again.seals


def test_a_notice_is_neither_altered_nor_slipped_into_the_past(store: Store) -> None:
    early = ruled(store, "先有裁定")
    with store.writer("甲", "publicise", now=NOW) as writer:
        writer.insert(Publication, fire_point_id="P", published_at=NOW, notice="第1期公示", actor="甲")
        late = writer.revision
    assert sealed(store).broken == ()
    sql(store, f"UPDATE publication SET notice = '别的' WHERE rev = {late}")
    assert [(one.rev, one.what) for one in sealed(store).broken] == [(late, "altered")]
    sql(store, f"UPDATE publication SET notice = '第1期公示', rev = {early} WHERE rev = {late}")
    assert [one.rev for one in sealed(store).broken][:2] == [early, late]


def test_a_store_of_before_is_sealed_from_its_next_write_on(filled: Store) -> None:
    sql(filled, "DELETE FROM revision_seal")
    assert sealed(filled) == Sealed(0, 0, "", frozenset(), ())
    rev = ruled(filled, "升级之后")
    assert (sealed(filled).first, sealed(filled).last, sealed(filled).broken) == (rev, rev, ())


def test_writers_at_once_make_one_chain(store: Store) -> None:
    threads = [threading.Thread(target=ruled, args=(store, f"理由 {place}")) for place in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    found = sealed(store)
    assert found.broken == ()
    assert found.last - found.first >= 7
