"""A store or a setting that cannot be used is a sentence with the next step, never a traceback."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.store.trouble import trouble_of


def refused(*arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
    """Run a command as a user would; return the exit code and the error."""
    done = subprocess.run(
        [sys.executable, "-c", "from service.cli.app import main; main()", "--json", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    error: dict[str, Any] = json.loads(done.stdout)["error"]
    return done.returncode, error


def garbage(folder: Path) -> str:
    path = folder / "notes.gpkg"
    path.write_text("not a database at all, but long enough to look at\n" * 40)
    return f"sqlite:///{path}"


def newer(folder: Path) -> str:
    path = folder / "newer.gpkg"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE alembic_version (version_num TEXT NOT NULL)")
        made.execute("INSERT INTO alembic_version VALUES ('0999')")
    made.close()
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    ("store", "code", "step"),
    [
        (garbage, "store_damaged", "--db"),
        (newer, "schema_newer", "升级"),
        (lambda folder: f"sqlite:///{folder}/nowhere/a.gpkg", "store_unreachable", "目录"),
        (lambda _: "postgresql://fire:secret@127.0.0.1:1/fires", "store_unreachable", "端口"),
    ],
)
def test_a_store_that_cannot_be_used_names_the_next_step(
    tmp_path: Path, store: Any, code: str, step: str
) -> None:
    status, error = refused("--db", store(tmp_path), "init")
    assert (status, error["code"]) == (1, code)
    assert step in error["zh"]
    assert "secret" not in json.dumps(error)


def test_a_newer_store_is_not_sent_to_init(tmp_path: Path) -> None:
    _, error = refused("--db", newer(tmp_path), "pending")
    assert error["code"] == "schema_newer"
    assert "huodian init" not in error["zh"] + error["en"]


@pytest.mark.parametrize(
    ("name", "value"), [("HUODIAN_CUT", "25:00"), ("HUODIAN_BUFFER_KM", "twenty"), ("HUODIAN_CUT", "noon")]
)
def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path, name: str, value: str) -> None:
    status, error = refused("--db", f"sqlite:///{tmp_path / 'a.gpkg'}", "init", **{name: value})
    assert (status, error["code"]) == (2, "bad_setting")
    assert name in error["zh"]
    assert value in error["zh"]


def driver(kind: type[Exception], state: str | None) -> sa.exc.DBAPIError:
    cause = kind("words of the driver")
    cause.sqlstate = state  # type: ignore[attr-defined]
    found: type[sa.exc.DBAPIError] = sa.exc.OperationalError
    return found("SELECT 1", {}, cause)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (None, "store_unreachable"),
        ("28P01", "store_unreachable"),
        ("3D000", "store_unreachable"),
        ("57P01", "store_unreachable"),
        ("53100", "store_full"),
    ],
)
def test_postgresql_says_what_is_wrong_with_it(state: str | None, code: str) -> None:
    told = trouble_of(driver(Exception, state))
    assert told is not None
    assert told.code == code


def test_a_fault_of_the_program_stays_one() -> None:
    assert trouble_of(driver(Exception, "42601")) is None
    assert trouble_of(ValueError("no store at all")) is None


def test_a_file_that_may_only_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    sqlite3.connect(path).close()
    engine = sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    with engine.connect() as connection, pytest.raises(sa.exc.OperationalError) as caught:
        connection.exec_driver_sql("CREATE TABLE a (b)")
    engine.dispose()
    told = trouble_of(caught.value)
    assert told is not None
    assert told.code == "store_read_only"
