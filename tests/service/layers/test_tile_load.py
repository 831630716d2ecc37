"""Fifty readers of tiles for a minute against a real server: `make soak` runs it, `make test` does not."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from gis.tiles import tiles_over
from gis.types import BBox
from service.users import add_user
from tests.service.layers.conftest import SHULAN, YUSHU, Home

READERS, SECONDS = 50, 60.0
JILIN = BBox(121.6, 40.8, 131.3, 46.3)
LAYERS = ("fire_points", "detections", "counties", "townships", "grid_cells", "zones", "standing", "pending")


def paths() -> list[str]:
    """Return the tiles that people ask for who open the map and zoom in."""
    found = []
    for z in (4, 6, 8):
        across, down = tiles_over(JILIN, z)
        for layer in LAYERS:
            found += [
                f"/ogc/collections/{layer}/tiles/WebMercatorQuad/{z}/{y}/{x}?day=2023-10-29"
                for x in across
                for y in down
            ]
    return found


@contextmanager
def serving(url: str, log: Path) -> Iterator[int]:
    """Run the service as an operator does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "from service.cli.app import main; main()"
    command = [sys.executable, "-c", code, "--db", url, "serve", "--port", str(port)]
    with log.open("wb") as errors, subprocess.Popen(command, stdout=errors, stderr=errors) as process:
        try:
            for _ in range(600):
                time.sleep(0.1)
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()


@pytest.mark.soak
def test_fifty_readers_for_a_minute(home: Home, tmp_path: Path) -> None:
    """Readers of two counties and of the whole: no error, and nobody gets another's tile."""
    tokens = [
        add_user(home.store, f"reader{code}", role, code, actor="test")[1]
        for role, code in (("county", YUSHU), ("county", SHULAN), ("admin", None))
    ]
    url = home.store.engine.url.render_as_string(hide_password=False)
    asked, seconds = paths(), float(os.environ.get("HUODIAN_SOAK_SECONDS", SECONDS))
    statuses: Counter[int] = Counter()
    waits: list[float] = []
    wrong: list[str] = []
    seen: dict[tuple[int, str], bytes] = {}
    lock = threading.Lock()
    with serving(url, tmp_path / "server.log") as port:
        until = time.perf_counter() + seconds

        def read(number: int) -> None:
            who = number % len(tokens)
            headers = {"Authorization": f"Bearer {tokens[who]}", "Accept-Encoding": "gzip"}
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            turn = number * 7
            while time.perf_counter() < until:
                path = asked[turn % len(asked)]
                turn += 1
                start = time.perf_counter()
                try:
                    connection.request("GET", path, headers=headers)
                    answer = connection.getresponse()
                    body = answer.read()
                except (OSError, http.client.HTTPException) as error:
                    with lock:
                        wrong.append(f"{path}: {error!r}")
                    connection.close()
                    continue
                took = time.perf_counter() - start
                with lock:
                    statuses[answer.status] += 1
                    waits.append(took)
                    if "no-store" not in str(answer.headers) and "private" not in str(answer.headers):
                        wrong.append(f"{path}: not private")
                    if seen.setdefault((who, path), body) != body and "/pending/" not in path:
                        wrong.append(f"{path}: another tile than before")

        threads = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    cuts = statistics.quantiles(waits, n=100)
    sys.stdout.write(
        f"\n{home.name}: {len(waits):,} tiles by {READERS} readers in {seconds:.0f} s, "
        f"p50 {cuts[49] * 1e3:.0f} ms, p99 {cuts[98] * 1e3:.0f} ms, {dict(statuses)}\n"
    )
    assert not wrong, wrong[:5]
    assert set(statuses) <= {200, 204}
    mine = {path: body for (who, path), body in seen.items() if who == 0 and "/fire_points/" in path and body}
    theirs = {
        path: body for (who, path), body in seen.items() if who == 1 and "/fire_points/" in path and body
    }
    assert mine
    assert not any(mine[path] == theirs[path] for path in mine.keys() & theirs.keys())
