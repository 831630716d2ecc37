"""The schema: equal to the models, upgraded once, whole or not at all."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from gis.errors import ConflictError
from service.store import migrate
from service.store.bulk import bulk_insert
from service.store.engine import Store, open_store
from service.store.models import Base, Detection, Revision
from service.store.types import Geometry

ROOT = Path(__file__).parents[3]
UPGRADE = """
import sys
from service.store.engine import open_store
from service.store.migrate import upgrade
print(upgrade(open_store(sys.argv[1], must_exist=False)))
"""


def upgrade_in_a_process(url: str, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HUODIAN_FAILPOINT": failpoint}
    return subprocess.run(
        [sys.executable, "-c", UPGRADE, url],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def schema(store: Store) -> dict[str, list[str]]:
    """Return tables and their columns as the database states them."""
    inspector = sa.inspect(store.engine)
    return {
        table: [str(column["name"]) for column in inspector.get_columns(table)]
        for table in sorted(inspector.get_table_names())
        if table in Base.metadata.tables
    }


def same_type(context: Any, _stored: Any, _column: Any, _found: Any, wanted: Any) -> bool | None:
    """SQLite has no catalogue of geometry kinds; what `gpkg_*` says of them is tested with GDAL."""
    return False if isinstance(wanted, Geometry) and context.dialect.name == "sqlite" else None


def differences(store: Store, metadata: sa.MetaData) -> list[object]:
    """Return what Alembic would change to make the database equal to `metadata`."""
    with store.engine.connect() as connection:
        if store.dialect == "sqlite":  # GeoAlchemy2 takes every SQLite for SpatiaLite and asks its catalogue
            connection.exec_driver_sql("CREATE TEMP TABLE geometry_columns (f_table_name, f_geometry_column)")
        context = MigrationContext.configure(
            connection, opts={"include_object": migrate.is_ours, "compare_type": same_type}
        )
        return list(compare_metadata(context, metadata))


def test_migrations_make_what_the_models_say(store: Store) -> None:
    assert differences(store, Base.metadata) == []
    assert set(schema(store)) == set(Base.metadata.tables)


def test_a_model_that_no_migration_made_would_be_noticed(store: Store) -> None:
    changed = sa.MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.tables.values():
        table.to_metadata(changed)
    changed.tables["ruling"].append_column(sa.Column("forgotten", sa.Text))
    sa.Index("ix_user_role", changed.tables["account"].c.role)
    assert len(differences(store, changed)) == 2


def test_a_second_upgrade_changes_nothing(empty_store_url: str) -> None:
    store = open_store(empty_store_url, must_exist=False)
    assert migrate.current(store) is None
    assert migrate.upgrade(store) is True
    assert migrate.current(store) == migrate.head()
    before = schema(store)
    with store.writer("test", "note") as writer:
        assert writer.revision == 1
    assert migrate.upgrade(store) is False
    assert schema(store) == before
    with store.reader() as reader:
        assert reader.rows(sa.select(Revision.command)) == [("note",)]
    store.close()


def test_there_is_one_line_of_migrations() -> None:
    scripts = ScriptDirectory.from_config(migrate.configuration())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


def test_programs_that_upgrade_at_once_wait_for_the_first(empty_store_url: str) -> None:
    """Two containers that start together on one new store."""
    answers: list[object] = []

    def start() -> None:
        store = open_store(empty_store_url, must_exist=False)
        try:
            answers.append(migrate.upgrade(store))
        except BaseException as error:
            answers.append(repr(error))
        finally:
            store.close()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers)) == ["False", "False", "True"]


def test_a_program_killed_before_the_commit_leaves_an_empty_store(empty_store_url: str) -> None:
    died = upgrade_in_a_process(empty_store_url, "migrate.before_commit")
    assert died.returncode == 137, died.stderr
    store = open_store(empty_store_url, must_exist=False)
    assert migrate.current(store) is None
    assert schema(store) == {}
    with pytest.raises(ConflictError, match="huodian init"):
        migrate.require_current(store)
    store.close()
    again = upgrade_in_a_process(empty_store_url)
    assert (again.returncode, again.stdout.strip()) == (0, "True"), again.stderr
    store = open_store(empty_store_url)
    migrate.require_current(store)
    assert set(schema(store)) == set(Base.metadata.tables)
    store.close()


def test_a_program_killed_after_the_commit_leaves_the_new_schema(empty_store_url: str) -> None:
    died = upgrade_in_a_process(empty_store_url, "migrate.after_commit")
    assert died.returncode == 137, died.stderr
    store = open_store(empty_store_url)
    migrate.require_current(store)
    assert migrate.upgrade(store) is False
    store.close()


@pytest.mark.parametrize(("version", "code"), [("0005", "schema_mismatch"), ("9999", "schema_newer")])
def test_another_schema_is_refused_by_name(store: Store, version: str, code: str) -> None:
    with store.engine.connect() as connection, connection.begin():
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{version}'"))
    with pytest.raises(ConflictError) as refused:
        migrate.require_current(store)
    assert refused.value.code == code
    assert version in refused.value.zh
    assert version in refused.value.en


def test_a_newer_store_is_left_as_it_is(store: Store) -> None:
    with store.engine.connect() as connection, connection.begin():
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    before = schema(store)
    with pytest.raises(ConflictError, match="upgrade the program"):
        migrate.upgrade(store)
    assert schema(store) == before


@pytest.mark.parametrize("start", ["0001", "0003", "0005"])
def test_what_an_older_store_holds_is_there_after_the_upgrade(empty_store_url: str, start: str) -> None:
    """A store of each age, with a revision and a detection in it, becomes this program's and keeps them."""
    store = open_store(empty_store_url, must_exist=False)
    with store.engine.connect() as connection, store.begin_write(connection):
        config = migrate.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, start)
    at = dt.datetime(2023, 10, 29, 4, 30, tzinfo=dt.UTC)
    with store.engine.connect() as connection, store.begin_write(connection):
        connection.execute(sa.insert(Revision).values(id=1, at=at, actor="old", command="ingest", params={}))
        bulk_insert(
            connection,
            Detection,
            {
                "id": [1],
                "rev": 1,
                "satellite": ["NOAA-20"],
                "acq_at": [at],
                "lon": [126.55],
                "lat": [44.85],
                "source_kind": "satellite",
                "geom": (np.array([126.55]), np.array([44.85])),
            },
        )
    assert migrate.current(store) == start
    assert migrate.upgrade(store) is True
    assert differences(store, Base.metadata) == []
    with store.writer("new", "note") as writer:
        assert writer.revision == 2
    with store.reader() as reader:
        (kept,) = reader.rows(sa.select(Detection.satellite, Detection.acq_at, Detection.lon, Detection.lat))
    assert tuple(kept) == ("NOAA-20", at, 126.55, 44.85)
    store.close()
