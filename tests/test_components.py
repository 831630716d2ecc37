"""The store fixture itself: fresh, migrated, isolated, in both homes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from tests import components

ROOT = Path(__file__).resolve().parents[1]


def test_the_run_directory_leaves_room_for_a_socket() -> None:
    directory = Path(os.environ[components.RUN_DIRECTORY])
    assert directory.is_dir()
    assert len(str(directory / ".s.PGSQL.5432")) < 107


def test_clones_do_not_see_each_other() -> None:
    cluster = components.cluster()
    one, two = cluster.clone("empty"), cluster.clone("empty")
    try:
        assert one != two
        assert components.cluster().directory == cluster.directory
    finally:
        cluster.drop(one)
        cluster.drop(two)


def test_a_killed_run_leaves_no_server_behind() -> None:
    """A controlling process that is killed cannot stop its cluster: the watchdog does."""
    script = textwrap.dedent(
        """
        import os, signal
        from tests import components
        directory = components.open_run()
        (directory / "controller.pid").write_text(str(os.getpid()))
        components.cluster()
        print((directory / "pg" / "postmaster.pid").read_text().split()[0], directory, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    out = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    ).stdout.split()
    server, directory = int(out[0]), Path(out[1])
    deadline = time.monotonic() + 20
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not directory.exists()
    assert not _runs(server)


def _runs(process: int) -> bool:
    """Whether a process runs; one that ended and waits to be collected has no command line any more."""
    words = Path(f"/proc/{process}/cmdline")
    return words.exists() and bool(words.read_bytes())
