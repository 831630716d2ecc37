"""Opening the store, reading at a revision, and the one way to write.

Every write goes through `Store.writer`: one transaction, one writer at a time (``BEGIN IMMEDIATE`` on SQLite, an
advisory lock on PostgreSQL), one revision, allocated only when something is really written, so that a command that
changes nothing leaves no trace.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from gis.errors import BusyError, NotFoundError, RefusedInputError
from gis.times import iso_beijing, iso_utc, require_aware
from service import failpoints
from service.store.bulk import bulk_insert, index_points
from service.store.models import Base, Revision
from service.store.seals import seal

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another before the caller is told to come back (DESIGN section 4)."""

WRITE_LOCK = 0x48554F44
"""Key of PostgreSQL's advisory lock ('HUOD'): one writer at a time, so revision numbers grow in commit order."""

DEFAULT_ARCHIVE = Path("var/archive")


class Reader:
    """A consistent read of the store as it was at one revision.

    Attributes
    ----------
    connection
        An open transaction.
    rev
        The revision the reads are taken at: live rows are those with ``rev_from <= rev < rev_to``.
    archive
        Directory of the original files that rows of the store name by their hash (a land-cover raster).
    """

    def __init__(self, connection: Connection, rev: int, archive: Path = DEFAULT_ARCHIVE) -> None:
        self.connection = connection
        self.rev = rev
        self.archive = archive

    @property
    def horizon(self) -> int:
        """The newest revision this read sees: its own, and in a writing transaction what it has written itself."""
        return self.rev

    def live(self, derived: Any) -> sa.ColumnElement[bool]:
        """Return the condition under which rows of a derived table were live at this revision."""
        return sa.and_(
            derived.rev_from <= self.rev, sa.or_(derived.rev_to.is_(None), derived.rev_to > self.rev)
        )

    def known(self, fact: Any) -> sa.ColumnElement[bool]:
        """Return the condition under which a fact was recorded at this revision."""
        condition: sa.ColumnElement[bool] = fact.rev <= self.horizon
        return condition

    def rows(self, query: sa.Executable) -> Sequence[Any]:
        """Run a select and return all rows, whose columns are attributes."""
        return self.connection.execute(query).all()


@dataclass(frozen=True, slots=True)
class Intent:
    """Who writes, with which command and parameters: what a revision records."""

    actor: str
    command: str
    params: Mapping[str, Any]


class Writer(Reader):
    """The single writer's transaction."""

    def __init__(
        self,
        connection: Connection,
        rev: int,
        intent: Intent,
        now: dt.datetime,
        archive: Path = DEFAULT_ARCHIVE,
    ) -> None:
        super().__init__(connection, rev, archive)
        self._intent = intent
        self.now = now
        self._revision: int | None = None
        self._next: dict[str, int] = {}
        self._first: dict[str, int] = {}

    @property
    def horizon(self) -> int:
        """Include this transaction's own rows: under the lock nobody else can hold the next number."""
        return self.rev + 1

    @property
    def revision(self) -> int:
        """The number of this transaction's revision; asking for it records it."""
        if self._revision is None:
            self._revision = self.rev + 1
            self.connection.execute(
                sa.insert(Revision).values(
                    id=self._revision,
                    at=self.now,
                    actor=self._intent.actor,
                    command=self._intent.command,
                    params=dict(self._intent.params),
                )
            )
        return self._revision

    @property
    def wrote(self) -> bool:
        """Whether anything was recorded."""
        return self._revision is not None

    def seal(self) -> None:
        """Seal the revision, once everything of it is written (see `service.store.seals`)."""
        if self._revision is not None:
            seal(self.connection, self._revision, self._first)

    def allocate(self, table: type[Base], count: int) -> int:
        """Return the first of `count` fresh keys of `table`."""
        name = table.__tablename__
        if name not in self._next:
            identity = table.__table__.c.id
            self._next[name] = (self.connection.execute(sa.select(sa.func.max(identity))).scalar() or 0) + 1
        first = self._next[name]
        self._first.setdefault(name, first)
        self._next[name] = first + count
        return first

    def insert(self, table: type[Base], **values: Any) -> int:
        """Insert one row under a fresh key and return the key; `rev` is filled in where the table has it."""
        key = self.allocate(table, 1)
        if "rev" in table.__table__.c and "rev" not in values:
            values["rev"] = self.revision
        bulk_insert(
            self.connection, table, {"id": [key], **{name: [value] for name, value in values.items()}}
        )
        return key

    def bulk(self, table: type[Base], columns: Mapping[str, Any], *, index: Any = True) -> None:
        """Insert many rows at once, around the ORM (see `service.store.bulk.bulk_insert`)."""
        bulk_insert(self.connection, table, columns, index=index)

    def index_points(self, table: type[Base], ids: Any, lon: Any, lat: Any) -> None:
        """Enter points inserted with ``index=False`` into the spatial index, all at once."""
        index_points(self.connection, table, ids, lon, lat)


class Store:
    """The store behind one URL.

    Parameters
    ----------
    engine
        An SQLAlchemy engine made by `open_store`.
    archive
        Directory of the original files; the embedded store has it beside it.
    """

    def __init__(self, engine: Engine, archive: Path | None = None) -> None:
        self.engine = engine
        self.archive = archive or default_archive(engine.url)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def reader(self, as_of: int | dt.datetime | None = None) -> Iterator[Reader]:
        """Open a consistent read, of now or of an earlier revision or instant."""
        with self._connect() as connection, connection.begin():
            yield Reader(connection, _resolve_as_of(connection, as_of), self.archive)

    @contextmanager
    def writer(
        self,
        actor: str,
        command: str,
        params: Mapping[str, Any] | None = None,
        *,
        now: dt.datetime | None = None,
    ) -> Iterator[Writer]:
        """Open the writing transaction: all of it is committed, or nothing is.

        Raises
        ------
        BusyError
            When another writer holds the store for longer than the busy timeout.
        """
        with self._connect() as connection:
            transaction = self.begin_write(connection)
            try:
                intent = Intent(actor, command, params or {})
                writer = Writer(
                    connection,
                    _latest(connection),
                    intent,
                    _whole_milliseconds(now or dt.datetime.now(dt.UTC)),
                    self.archive,
                )
                yield writer
                writer.seal()
                failpoints.reach(f"{command}.before_commit")
                transaction.commit()
            except BaseException:
                transaction.rollback()
                raise
            failpoints.reach(f"{command}.after_commit")

    def begin_write(self, connection: Connection) -> sa.RootTransaction:
        """Begin the one writing transaction on a connection that has none yet.

        On PostgreSQL it runs READ COMMITTED: a repeatable snapshot would be taken by the statement that waits for the
        lock, before it is granted, and would miss what the writer before us committed. Under the lock nobody else
        writes, so every statement sees one state all the same.

        Raises
        ------
        BusyError
            When another writer holds the store for longer than the busy timeout.
        """
        options: dict[str, Any] = {"huodian_write": True}
        if self.dialect == "postgresql":
            options["isolation_level"] = "READ COMMITTED"
        connection = connection.execution_options(**options)
        try:
            transaction = connection.begin()
            if self.dialect == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITE_LOCK)))
        except sa.exc.OperationalError as error:
            if _is_busy(error.orig):
                raise busy() from error
            raise
        return transaction

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close pooled connections."""
        self.engine.dispose()


def _is_busy(error: BaseException | None) -> bool:
    """Whether a driver's error means "another one holds it", and not a full disk or a file that is read-only."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return getattr(error, "sqlstate", None) == "55P03"  # lock_not_available


def busy() -> BusyError:
    """Return the error of a store that another writer holds."""
    return BusyError(
        "store_busy",
        f"存储正被另一写入者占用超过 {BUSY_TIMEOUT_S:.0f} 秒，请稍后重试",
        f"another writer has held the store for more than {BUSY_TIMEOUT_S:.0f} s: try again later",
        retry_after_s=int(BUSY_TIMEOUT_S),
    )


def default_archive(url: sa.URL) -> Path:
    """Return where original files are kept when nobody says it: beside an embedded store, else ``./var/archive``."""
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database + ".archive")
    return DEFAULT_ARCHIVE


def open_store(url: str, *, must_exist: bool = True, archive: str | None = None) -> Store:
    """Open the store at an SQLAlchemy `url` (``sqlite:///huodian.gpkg``, ``postgresql://...``).

    Parameters
    ----------
    archive
        Directory of the original files; `default_archive` without it.

    Raises
    ------
    NotFoundError
        When an embedded file does not exist and `must_exist` is set; the next step is ``huodian init``.
    RefusedInputError
        When the URL names a home the service does not know.
    """
    parsed = sa.make_url(url)
    kept = Path(archive) if archive else None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        engine = sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"), isolation_level="REPEATABLE READ", pool_pre_ping=True
        )
        sa.event.listen(engine, "connect", _prepare_postgresql)
        return Store(engine.execution_options(), kept)
    if backend != "sqlite":
        raise RefusedInputError(
            "unknown_store",
            f"不支持的数据库地址 {backend}：请用 sqlite:///文件.gpkg 或 postgresql://…",
            f"store {backend!r} is not supported: use sqlite:///FILE.gpkg or postgresql://...",
            value=backend,
        )
    path = Path(parsed.database or "")
    if must_exist and not path.is_file():
        raise NotFoundError(
            "no_store",
            f"存储文件 {path} 不存在：请先运行 huodian init",
            f"store {path} does not exist: run `huodian init` first",
            value=str(path),
        )
    engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return Store(engine, kept)


def _prepare_sqlite(raw: sqlite3.Connection, _record: object) -> None:
    """Take transactions over from the driver, which would commit DDL on its own.

    Foreign keys are PostgreSQL's duty: every key written here was allocated by the writer, and the same suite runs on
    both homes; checking a million bulk rows again costs a third of the ingest.
    """
    raw.isolation_level = None
    _use_wal(raw)
    raw.execute("PRAGMA synchronous=NORMAL")
    raw.execute("PRAGMA cache_size=-65536")


def _use_wal(raw: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log; SQLite's busy timeout does not cover this step of a new file."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
            if time.monotonic() > deadline:
                raise busy() from error
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("huodian_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _prepare_postgresql(raw: Any, _record: object) -> None:
    with raw.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    raw.commit()


def _whole_milliseconds(instant: dt.datetime) -> dt.datetime:
    moment = require_aware(instant)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _latest(connection: Connection) -> int:
    return int(connection.execute(sa.select(sa.func.max(Revision.id))).scalar() or 0)


def _resolve_as_of(connection: Connection, as_of: int | dt.datetime | None) -> int:
    """Return the revision number an `as_of` stands for: the last one recorded at or before it."""
    if as_of is None:
        return _latest(connection)
    if isinstance(as_of, int):
        if as_of > _latest(connection) or as_of < 0:
            raise NotFoundError(
                "unknown_revision",
                f"没有第 {as_of} 号修订：现有第 0 至 {_latest(connection)} 号",
                f"revision {as_of} does not exist: there are 0 to {_latest(connection)}",
                value=as_of,
            )
        return as_of
    moment = _whole_milliseconds(as_of)  # as revisions are stored: SQLite compares instants as text
    found = connection.execute(sa.select(sa.func.max(Revision.id)).where(Revision.at <= moment)).scalar()
    if found is None:
        raise NotFoundError(
            "before_first_revision",
            f"{iso_beijing(moment)} 早于本存储的第一次记录：请给出更晚的时刻或修订号",
            f"{iso_utc(moment)} is before the first record of this store: give a later moment or a revision number",
            value=iso_utc(moment),
        )
    return int(found)
