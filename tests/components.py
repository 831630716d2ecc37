"""The components that tests need from the machine: a throw-away PostGIS cluster and Chromium.

A missing component is a failure that names the command which installs it, never a skip. One cluster serves a
whole pytest run, its xdist workers included: the first test that asks for PostGIS starts it, the controlling
process stops it, and a watchdog stops it when that process was killed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest

from service.store.engine import open_store
from service.store.migrate import upgrade

INSTALL_POSTGIS = "apt-get install -y --no-install-recommends postgresql-15-postgis-3"
INSTALL_CHROMIUM = "apt-get install -y --no-install-recommends chromium fonts-noto-cjk libatomic1"
RUN_DIRECTORY = "HUODIAN_TEST_RUN"
"""Environment variable by which xdist workers learn the directory of the run."""

_NUMBERS = count()

_SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "max_parallel_workers_per_gather=0",
    "log_min_messages=fatal",
)


def open_run() -> Path:
    """Make the directory of this pytest run; short, because a socket's path has 107 bytes."""
    base = tempfile.gettempdir()
    directory = Path(tempfile.mkdtemp(prefix="hd-", dir=base if len(base) < 60 else "/tmp"))  # noqa: S108
    directory.chmod(0o755)
    os.environ[RUN_DIRECTORY] = str(directory)
    return directory


def close_run(directory: Path) -> None:
    """Stop the cluster of this run, if a test started one, and remove the directory."""
    data = directory / "pg"
    if (data / "postmaster.pid").exists():
        subprocess.run(
            _as_owner([str(postgres_bin() / "pg_ctl"), "-D", str(data), "stop", "-m", "immediate", "-w"]),
            cwd=directory,
            check=False,
            capture_output=True,
        )
    watchdog = directory / "watchdog.pid"
    if watchdog.exists():
        with suppress(ProcessLookupError):
            os.killpg(int(watchdog.read_text()), signal.SIGKILL)
    shutil.rmtree(directory, ignore_errors=True)
    os.environ.pop(RUN_DIRECTORY, None)


def postgres_bin() -> Path:
    """Return the directory of a PostgreSQL that has PostGIS."""
    for control in sorted(Path("/usr/share/postgresql").glob("*/extension/postgis.control"), reverse=True):
        binaries = Path("/usr/lib/postgresql") / control.parents[1].name / "bin"
        if (binaries / "initdb").exists():
            return binaries
    pytest.fail(f"PostGIS is missing. Install it with: {INSTALL_POSTGIS}", pytrace=False)


def chromium() -> str:
    """Return the path of a Chromium that Playwright can drive."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.fail(f"Chromium is missing. Install it with: {INSTALL_CHROMIUM}", pytrace=False)


class Cluster:
    """A running throw-away PostgreSQL with PostGIS, reached through a socket in the run's directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql://postgres@/{database}?host={self.directory}"

    def name(self) -> str:
        """Return a fresh database name; the process id keeps workers apart."""
        return f"t{os.getpid()}_{next(_NUMBERS)}"

    def run(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        with psycopg.connect(
            host=str(self.directory), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def clone(self, source: str) -> str:
        """Create a database as a copy of `source` and return its name."""
        name = self.name()
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY FILE_COPY')
        return name

    def drop(self, name: str) -> None:
        """Drop a database and whoever is still connected to it."""
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def cluster() -> Cluster:
    """Return the run's cluster, started by whoever asks first."""
    directory = Path(os.environ[RUN_DIRECTORY])
    found = Cluster(directory)
    with _locked(directory / "cluster.lock"):
        failed = directory / "cluster.failed"
        if failed.exists():
            pytest.fail(failed.read_text(), pytrace=False)
        if not (directory / "cluster.ready").exists():
            try:
                _start(directory)
                _make_templates(found)
            except BaseException as error:
                failed.write_text(f"The PostGIS cluster of this run did not start: {error}")
                raise
            (directory / "cluster.ready").touch()
    return found


def embedded_template() -> Path:
    """Return a migrated GeoPackage that tests copy, made by whoever asks first."""
    directory = Path(os.environ[RUN_DIRECTORY])
    template = directory / "template.gpkg"
    with _locked(directory / "embedded.lock"):
        if not template.exists():
            partial = directory / "partial.gpkg"
            migrate(f"sqlite:///{partial}")
            partial.rename(template)
    return template


def migrate(url: str) -> None:
    """Bring the store at `url` to the current schema and leave no connection or journal behind."""
    store = open_store(url, must_exist=False)
    try:
        upgrade(store)
        if store.dialect == "sqlite":
            with store.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        store.close()


def _start(directory: Path) -> None:
    binaries = postgres_bin()
    data = directory / "pg"
    if os.geteuid() == 0:
        shutil.chown(directory, "postgres")
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"]
    _call([*initdb, "--encoding=UTF8", "--locale=C.UTF-8"], directory)
    settings = [*_SETTINGS, f"unix_socket_directories={directory}"]
    options = " ".join(f"-c {setting}" for setting in settings)
    _call(
        [str(binaries / "pg_ctl"), "-D", str(data), "-l", str(data / "log"), "-o", options, "-w", "start"],
        directory,
    )
    _watch(directory, binaries, data)


def _make_templates(found: Cluster) -> None:
    """Make one empty database with PostGIS and one that is migrated as well."""
    found.run('CREATE DATABASE "empty"')
    with psycopg.connect(
        host=str(found.directory), user="postgres", dbname="empty", autocommit=True
    ) as connection:
        connection.execute("CREATE EXTENSION postgis")
    found.run('CREATE DATABASE "migrated" TEMPLATE "empty" STRATEGY FILE_COPY')
    migrate(found.url("migrated"))


def _watch(directory: Path, binaries: Path, data: Path) -> None:
    """Leave a process that ends the cluster when the run's controlling process was killed."""
    stop = " ".join(_as_owner([str(binaries / "pg_ctl"), "-D", str(data), "stop", "-m", "immediate"]))
    controller = int((directory / "controller.pid").read_text())
    script = f"while kill -0 {controller}; do sleep 1; done; {stop}; rm -rf {directory}"
    watchdog = subprocess.Popen(
        ["sh", "-c", script],
        cwd="/",
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (directory / "watchdog.pid").write_text(str(watchdog.pid))


def _as_owner(command: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root: root hands the command to the postgres user."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


def _call(command: Sequence[str], directory: Path) -> None:
    # pg_ctl's server keeps its parent's output open: a pipe would never end, so the words go to a file.
    words = directory / "words.txt"
    with words.open("wb") as sink:
        done = subprocess.run(
            _as_owner(command), cwd=directory, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, check=False
        )
    if done.returncode:
        pytest.fail(f"{command[0]} failed: {words.read_text(errors='replace')[-2000:]}", pytrace=False)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
