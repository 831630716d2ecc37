"""The web map with 20,000 fire points of one day: ``python -m bench.map_idle [--rounds N] [--busy]``.

A feed of single pixels, 3 km apart over all of Jilin, goes through ingest and assessment into an embedded store; the
service is started anew for each round; Chromium opens the day as somebody who was never there (nothing cached), and
then as another. Told are the seconds from navigation until the map is idle, all points drawn and the list shown.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from random import Random
from typing import Any

POINTS = 20_000
DAY = dt.date(2023, 10, 29)
SIZES = {"desktop 1280": (1280, 800), "phone 360": (360, 740)}
SPACING_KM = 3.0
_HEADER = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_ti5,"
    "frp,daynight"
)
_SHOWN = (
    "document.documentElement.dataset.ready === 'yes' && huodian.data.get().list !== null"
    " && document.querySelectorAll('#part-list .row').length > 0"
    " && huodian.map.map.isSourceLoaded('points') && huodian.map.map.loaded()"
)


def feed() -> bytes:
    """Return the day's detections: the same every time."""
    from boundaries.builtin import builtin
    from gis.types import Level
    from service.demo.grid import lattice

    random = Random(5)
    places = [
        place
        for unit in builtin(Level.COUNTY, province="220000").units
        for place in lattice(unit.geometry, SPACING_KM, random).tolist()
    ]
    if len(places) < POINTS:
        raise SystemExit(f"{len(places)} places only")
    lines = [
        f"{lat:.5f},{lon:.5f},330.1,0.41,0.37,{DAY},{500 + random.randrange(3)},N20,VIIRS,"
        f"{random.choice('nnnnhl')},2.0NRT,290.2,{random.gammavariate(2, 6):.2f},D"
        for lon, lat in random.sample(places, POINTS)
    ]
    return ("\n".join([_HEADER, *lines]) + "\n").encode()


def fill(url: str, folder: Path) -> None:
    """Make a store at `url` by the real pipeline."""
    from service.pipeline.archive import open_archive
    from service.pipeline.assess import assess
    from service.pipeline.ingest import ingest
    from service.pipeline.init import initialise
    from service.settings import Settings
    from service.store import open_store

    settings = Settings(db=url, archive=str(folder / "archive"))
    store = open_store(url, must_exist=False, archive=settings.archive)
    initialise(store, settings, actor="bench")
    path = folder / "fire_nrt_J1V-C2_bench.csv"
    path.write_bytes(feed())
    ingest(store, open_archive(settings), [path], actor="bench")
    assess(store, actor="bench")
    store.close()


@contextmanager
def served(url: str, folder: Path) -> Iterator[str]:
    """Run the service as an operator does; yield its address."""
    import socket
    import urllib.request

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = "from service.cli.app import main; main()"
    command = [sys.executable, "-c", start, "--db", url, "serve", "--port", str(port)]
    environment = {**os.environ, "HUODIAN_ARCHIVE": str(folder / "archive")}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=5).close()
                    break
                except OSError:
                    if process.poll() is not None:
                        raise SystemExit((folder / "server.log").read_text()) from None
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def busy() -> Iterator[None]:
    """Keep one core busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def visit(browser: Any, address: str, size: tuple[int, int], picture: Path | None) -> float:
    """Return the seconds of one first visit."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    try:
        page = context.new_page()
        began = time.perf_counter()
        page.goto(f"{address}/?date={DAY}", wait_until="commit")
        while not page.evaluate(f"window.huodian !== undefined && {_SHOWN}"):
            if time.perf_counter() - began > 60:
                raise SystemExit("the map did not come to rest within a minute")
            time.sleep(0.02)
        took = time.perf_counter() - began
        if picture is not None:
            page.screenshot(path=str(picture))
        return took
    finally:
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--busy", action="store_true", help="keep another core busy meanwhile")
    parser.add_argument("--pictures", type=Path, help="where to put a picture of each size")
    parser.add_argument("--store", type=Path, help="keep the store here and use it again")
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    from tests.components import chromium

    with tempfile.TemporaryDirectory(prefix="huodian-idle-") as name:
        folder = given.store or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{folder / 'idle.gpkg'}"
        if not (folder / "idle.gpkg").exists():
            fill(url, folder)
        lines = [
            "| 20,000 points, navigation to map idle and list shown | first visitor since the start, s | slowest "
            "| the next visitor, s | slowest |",
            "|---|---|---|---|---|",
        ]
        with sync_playwright() as player, busy() if given.busy else nullcontext():
            browser = player.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            for title, size in SIZES.items():
                picture = given.pictures and given.pictures / f"idle-{size[0]}.png"
                took: list[list[float]] = [[], []]
                for _ in range(given.rounds):
                    with served(url, folder) as address:
                        for times in took:
                            times.append(visit(browser, address, size, picture))
                told = (f"{worked(one):.2f}" for one in took for worked in (statistics.median, max))
                lines.append(f"| {title} px | {' | '.join(told)} |")
            browser.close()
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
