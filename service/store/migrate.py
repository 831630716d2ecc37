"""Bringing a store to the current schema, in one transaction, killed or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from gis.errors import ConflictError
from service import failpoints
from service.store.engine import Store

_FOREIGN_PREFIXES = ("gpkg_", "rtree_", "sqlite_")
_FOREIGN_TABLES = {"geometry_columns", "spatial_ref_sys", "alembic_version"}


def is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Whether Alembic should look at a schema item: GeoPackage's and PostGIS's own tables are not ours."""
    if kind == "index" and name is not None and name.startswith("gist_"):
        return False
    return not (
        kind == "table"
        and name is not None
        and (name.startswith(_FOREIGN_PREFIXES) or name in _FOREIGN_TABLES)
    )


def configuration() -> Config:
    """Return Alembic's configuration; nothing is read from the working directory."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def current(store: Store) -> str | None:
    """Return the schema revision of the store, None for an empty one."""
    with store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Return the schema revision of this program."""
    found = ScriptDirectory.from_config(configuration()).get_current_head()
    if found is None:
        raise RuntimeError("the package ships no migration")
    return found


def upgrade(store: Store) -> bool:
    """Bring the store to this program's schema; return whether anything changed.

    All steps share one transaction, so a crash leaves the old schema or the new one; a second program that upgrades
    at the same time waits for the first and finds nothing to do.

    Raises
    ------
    BusyError
        When another writer holds the store for longer than the busy timeout.
    ConflictError
        ``schema_newer``: a newer program made the store.
    """
    with store.engine.connect() as connection, store.begin_write(connection):
        before = MigrationContext.configure(connection).get_current_revision()
        if before == head():
            return False
        if before not in (None, *_known()):
            raise _newer(before)
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        failpoints.reach("migrate.before_commit")
    failpoints.reach("migrate.after_commit")
    return True


def require_current(store: Store) -> None:
    """Refuse to work on a store of another schema.

    Raises
    ------
    ConflictError
        ``schema_mismatch``: the store is empty or older; ``schema_newer``: a newer program made it.
    """
    found = current(store)
    if found not in (None, *_known()):
        raise _newer(found)
    if found != head():
        raise ConflictError(
            "schema_mismatch",
            f"存储的结构版本为 {found or '空'}，本程序需要 {head()}：请运行 huodian init",
            f"the store's schema is {found or 'empty'}, this program needs {head()}: run `huodian init`",
            value=found,
        )


def _known() -> list[str]:
    """Return every schema revision that this program can start from."""
    scripts = ScriptDirectory.from_config(configuration())
    return [str(script.revision) for script in scripts.walk_revisions()]


def _newer(found: str | None) -> ConflictError:
    return ConflictError(
        "schema_newer",
        f"存储的结构版本 {found} 由更新的程序建立，本程序只到 {head()}：请升级本程序，或换用旧的备份",
        f"the store's schema {found} was made by a newer program, this one knows up to {head()}: upgrade the program, "
        "or use an older backup",
        value=found,
    )
