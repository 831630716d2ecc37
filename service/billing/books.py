"""Rulebooks in the store: kept in canonical form, versioned by content, withdrawn with a reason.

The text a rulebook was read from is not kept: its canonical form is what money was computed by, and reads back to the
same rulebook with the same hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gis.errors import NotFoundError, RefusedInputError, UsageError
from service.accountability.rulebook import Rulebook
from service.rulebooks import read_rulebook, shipped_rulebook, shipped_rulebooks
from service.store.engine import Reader, Store
from service.store.models import RulebookVersion
from service.wording import LEAST_WORDS, MOST_WORDS, require_shown

LOAD, WITHDRAW = "rulebooks.load", "rulebooks.withdraw"


@dataclass(frozen=True, slots=True)
class StoredBook:
    """One loaded version of a rulebook, numbered from 1 among those of its id."""

    book: Rulebook
    version: int
    revision: int
    source_name: str
    withdrawn: bool


def load_rulebook(store: Store, source: Path | str, *, actor: str) -> dict[str, Any]:
    """Load a rulebook; the same content twice changes nothing, other content is the next version of its id.

    Parameters
    ----------
    source
        A file (`Path`), or the id of a shipped sample (`str`).

    Returns
    -------
    dict
        ``id, version, status, hash, unchanged, informal, revision`` (None where nothing was written).

    Raises
    ------
    RefusedInputError
        ``bad_rulebook``, with every error by line.
    NotFoundError
        ``no_such_file`` or ``no_such_rulebook``.
    """
    book = read_rulebook(source) if isinstance(source, Path) else shipped_rulebook(source)
    name = source.name if isinstance(source, Path) else f"shipped:{source}"
    with store.writer(actor, LOAD, {"id": book.id, "hash": book.content_hash, "source": name}) as writer:
        versions = [one for one in book_versions(writer) if one.book.id == book.id]
        newest = versions[-1] if versions else None
        unchanged = (
            newest is not None and not newest.withdrawn and newest.book.content_hash == book.content_hash
        )
        if not unchanged:
            writer.insert(
                RulebookVersion,
                book_id=book.id,
                content_hash=book.content_hash,
                status=book.status,
                source_name=name,
                document=book.canonical(),
                withdrawn_rev=None,
            )
        return {
            "id": book.id,
            "version": len(versions) + (not unchanged),
            "status": book.status,
            "hash": book.content_hash,
            "informal": book.informal,
            "unchanged": unchanged,
            "revision": writer.revision if writer.wrote else None,
        }


def withdraw_rulebook(store: Store, name: str, *, reason: str, actor: str) -> dict[str, Any]:
    """Withdraw a rulebook with all its versions from now on; what was read before stays readable as of then.

    Raises
    ------
    UsageError
        ``reason_missing``.
    NotFoundError
        ``no_such_rulebook``: none of that id is loaded.
    """
    if len(reason.strip()) < LEAST_WORDS:
        raise UsageError(
            "reason_missing",
            f"撤回规则须写明理由（至少 {LEAST_WORDS} 个字）",
            f"withdrawing a rulebook needs a reason of at least {LEAST_WORDS} characters",
            value=reason,
        )
    require_shown(reason, MOST_WORDS, "理由", "the reason", field="reason")
    table = RulebookVersion.__table__
    with store.writer(actor, WITHDRAW, {"id": name, "reason": reason.strip()}) as writer:
        if name not in {book.id for book in stored_books(writer)}:
            raise _not_loaded(writer, name)
        writer.connection.execute(
            sa.update(table)
            .where(table.c.book_id == name, table.c.withdrawn_rev.is_(None))
            .values(withdrawn_rev=writer.revision)
        )
        return {"id": name, "reason": reason.strip(), "revision": writer.revision}


def book_versions(reader: Reader) -> tuple[StoredBook, ...]:
    """Return every version known at the reader's revision, by id and order of loading."""
    table = RulebookVersion.__table__
    rows = reader.rows(
        sa.select(table).where(reader.known(RulebookVersion)).order_by(table.c.book_id, table.c.id)
    )
    found: list[StoredBook] = []
    for row in rows:
        number = found[-1].version + 1 if found and found[-1].book.id == row.book_id else 1
        withdrawn = row.withdrawn_rev is not None and row.withdrawn_rev <= reader.horizon
        book = Rulebook.model_validate(row.document)
        found.append(StoredBook(book, number, row.rev, row.source_name, withdrawn))
    return tuple(found)


def stored_books(reader: Reader) -> tuple[Rulebook, ...]:
    """Return the newest version of each loaded rulebook that is not withdrawn, by id."""
    newest = {one.book.id: one for one in book_versions(reader)}
    return tuple(one.book for one in newest.values() if not one.withdrawn)


def head_of(book: Rulebook) -> dict[str, Any]:
    """Return what every answer about money says of a rulebook it rests on."""
    return {
        "id": book.id,
        "title": book.title,
        "number": book.number,
        "status": book.status,
        "confidence": book.confidence,
        "hash": book.content_hash,
        "valid_from": book.validity.from_.isoformat(),
        "valid_to": None if book.validity.to is None else book.validity.to.isoformat(),
    }


def books_for(reader: Reader, rulebook: str | None) -> tuple[Rulebook, ...]:
    """Return the rulebooks that a command means.

    Parameters
    ----------
    rulebook
        Id of a loaded rulebook, or of a shipped sample; None means all that are loaded.

    Raises
    ------
    RefusedInputError
        ``no_rulebook``: none is loaded and none was named.
    NotFoundError
        ``no_such_rulebook``.
    """
    loaded = stored_books(reader)
    if rulebook is None:
        if not loaded:
            raise RefusedInputError(
                "no_rulebook",
                "没有载入任何规则，不能计算金额：请先用 huodian rulebooks load FILE 载入有效的规则文本，"
                "或用 --rulebook 指定一份样例（结果为非正式）",
                "no rulebook is loaded, so no amount can be given: load the rule in force with `huodian rulebooks "
                "load FILE`, or name a sample with --rulebook (the result is not official)",
            )
        return loaded
    for book in (*loaded, *shipped_rulebooks()):
        if book.id == rulebook:
            return (book,)
    raise _no_such(loaded, rulebook)


def _no_such(loaded: Sequence[Rulebook], name: str) -> NotFoundError:
    known = ", ".join(sorted({book.id for book in (*loaded, *shipped_rulebooks())}))
    return NotFoundError(
        "no_such_rulebook",
        f"没有规则 {name!r}；现有：{known}",
        f"there is no rulebook {name!r}; there are {known}",
        value=name,
    )


def _not_loaded(reader: Reader, name: str) -> NotFoundError:
    known = ", ".join(book.id for book in stored_books(reader))
    return NotFoundError(
        "no_such_rulebook",
        f"没有载入规则 {name!r}；已载入：{known or '无'}",
        f"no rulebook {name!r} is loaded; loaded are: {known or 'none'}",
        value=name,
    )
