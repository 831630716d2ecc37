"""Vector tiles beside their peers: ``python -m bench.tiles [--rounds N] [--seconds S]``.

One dense tile (10,000 fire points, 1,000 polygons of 73 corners), one machine, one run. First the encoder against the
ST_AsMVT query of the same rows. Then over HTTP: our service on PostGIS, on the embedded store and from its cache, and
tipg's own collection on the same PostGIS with the same attributes, in turns, as many requests as go into the time.
tipg comes with the dependency group ``bench``. Ratios travel, times do not.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench import tile_data
from bench.tile_server import PROPERTIES

CLIENTS = 4
LAYERS = {"fire_points": "public.fire_point_state", "grid_cells": "public.grid_cell"}
CELL_PROPERTIES = ("code", "name", "level", "parent_code", "unit_code")


# --- the encoder ------------------------------------------------------------------------------------

_POINTS = "id AS fid, fire_point_id, fire_day::text, pixels, frp_mw, confidence, county_code, county, screen"
_QUERY = """
SELECT ST_AsMVT(t, '{layer}', 4096, 'g', 'fid') FROM (
  SELECT ST_AsMVTGeom({shape}, ST_TileEnvelope({z}, {x}, {y})::box2d, 4096, 128, true) AS g, {columns}
  FROM {table} WHERE geom && ST_Transform(ST_TileEnvelope({z}, {x}, {y}, margin => 0.03), 4490)) t
"""


def encoder_inputs() -> Callable[[], bytes]:
    """Return our side: geometries and columns in memory to bytes."""
    import shapely

    from gis.tiles import TileLayer, encode

    told = tile_data.attributes()
    points = np.asarray(shapely.points(*tile_data.points()), dtype=object)
    names = ("fire_point_id", "fire_day", "pixels", "frp_mw", "confidence", "county_code", "county", "screen")
    cells = np.asarray(tile_data.cells(), dtype=object)
    numbers = np.arange(len(cells))
    texts = {"code": [f"2299{one:08d}" for one in numbers], "name": [f"第{one}格" for one in numbers]}
    fire_points = TileLayer(
        "fire_points", points, {name: told[name] for name in names}, np.arange(len(points))
    )
    grid_cells = TileLayer("grid_cells", cells, texts, numbers)
    return lambda: encode([fire_points, grid_cells], *tile_data.TILE)


def queries(url: str) -> dict[str, Callable[[], bytes]]:
    """Return PostGIS's side: from the geometry as stored, and from a copy stored in Web Mercator."""
    import psycopg

    connection = psycopg.connect(url, autocommit=True)
    connection.execute("SET jit = off")  # 10 ms of compiling that no query this short earns back
    z, x, y = tile_data.TILE

    def ask(shape: str) -> bytes:
        data = b""
        for table, columns in (("fire_point_state", _POINTS), ("grid_cell", "id AS fid, code, name")):
            text = _QUERY.format(shape=shape, z=z, x=x, y=y, columns=columns, table=table, layer=table)
            row = connection.execute(text).fetchone()  # type: ignore[call-overload]
            data += row[0]
        return data

    for table, kind in (("fire_point_state", "Point"), ("grid_cell", "MultiPolygon")):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN mercator geometry({kind}, 3857)")
        connection.execute(f"UPDATE {table} SET mercator = ST_Transform(geom, 3857)")
        connection.execute(f"VACUUM ANALYZE {table}")
    return {
        "ST_AsMVT, stored in 4490": lambda: ask("ST_Transform(geom, 3857)"),
        "ST_AsMVT, a copy stored in 3857": lambda: ask("mercator"),
    }


def encoder(url: str, rounds: int) -> list[str]:
    """Return the table's lines: our encoder and the queries in turns."""
    from gis.tiles import warm

    warm()
    sides = {"ours": encoder_inputs(), **queries(url)}
    took: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds + 2):
        for name, work in sides.items():
            start = time.perf_counter()
            data = work()
            if number > 1:
                took[name].append(time.perf_counter() - start)
            elif number == 1:
                sys.stderr.write(f"{name}: {len(data):,} bytes\n")
    middle = {name: statistics.median(one) for name, one in took.items()}
    lines = ["| dense tile, rows to bytes | ms | theirs / ours |", "|---|---|---|"]
    for name, one in middle.items():
        lines.append(f"| {name} | {one * 1e3:.1f} | {one / middle['ours']:.2f} |")
    return lines


# --- over HTTP --------------------------------------------------------------------------------------


def addresses(side: str, layer: str) -> str:
    """Return the path of the tile."""
    z, x, y = tile_data.TILE
    if side != "tipg":
        return f"/ogc/collections/{layer}/tiles/WebMercatorQuad/{z}/{y}/{x}?f=mvt&day={tile_data.DAY}"
    names = PROPERTIES if layer == "fire_points" else CELL_PROPERTIES
    return f"/collections/{LAYERS[layer]}/tiles/WebMercatorQuad/{z}/{x}/{y}?limit=40000&properties={','.join(names)}"


@contextmanager
def server(side: str, url: str, *, warm: bool = False) -> Iterator[int]:
    """Run one server and yield its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.tile_server", side, url, str(port), "warm" if warm else "cold"]
    with subprocess.Popen(command) as process:
        try:
            for _ in range(300):
                time.sleep(0.1)
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
            yield port
        finally:
            process.terminate()


def rate(port: int, path: str, seconds: float) -> tuple[float, int]:
    """Return requests per second of some clients that each ask again at once, and the bytes of an answer."""
    counts, sizes = [0] * CLIENTS, [0] * CLIENTS
    until = time.perf_counter() + seconds

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.perf_counter() < until:
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{answer.status} {path} {body[:500]!r}")
            counts[number] += 1
            sizes[number] = len(body)

    start = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sum(counts) / (time.perf_counter() - start), max(sizes)


def over_http(postgis: str, embedded: str, rounds: int, seconds: float) -> list[str]:
    """Return the table's lines: requests per second of every side, in turns."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    sizes: dict[tuple[str, str], int] = {}
    with (
        server("tipg", postgis) as tipg,
        server("ours", postgis) as on_postgis,
        server("ours", embedded) as on_file,
        server("ours", embedded, warm=True) as from_cache,
    ):
        sides = {"tipg": tipg, "PostGIS": on_postgis, "embedded": on_file, "cache": from_cache}
        for number in range(rounds + 1):
            for side, port in sides.items():
                for layer in LAYERS:
                    speed, size = rate(port, addresses(side, layer), seconds if number else 1.0)
                    if number:
                        found[side, layer].append(speed)
                        sizes[side, layer] = size
    lines = [
        "| cold, over HTTP | layer | requests/s | × tipg | must be | bytes |",
        "|---|---|---|---|---|---|",
    ]
    must = {"tipg": "", "PostGIS": "≥ 1.5", "embedded": "≥ 1", "cache": "≥ 10"}
    speed = {key: statistics.median(all_) for key, all_ in found.items()}
    for side in sides:  # the whole dense tile: one request for each of its layers
        speed[side, "both"] = 1 / sum(1 / speed[side, layer] for layer in LAYERS)
        sizes[side, "both"] = sum(sizes[side, layer] for layer in LAYERS)
    for (side, layer), one in speed.items():
        wanted = must[side] if layer == "both" else ""
        lines.append(
            f"| {side} | {layer} | {one:.1f} | {one / speed['tipg', layer]:.2f} | {wanted} "
            f"| {sizes[side, layer]:,} |"
        )
    return lines


@contextmanager
def stores() -> Iterator[tuple[str, str]]:
    """Yield the URLs of a PostGIS store and an embedded one with the same rows, for as long as they are needed."""
    from tests import components

    directory = components.open_run()
    (directory / "controller.pid").write_text(str(os.getpid()))
    try:
        cluster = components.cluster()
        urls = (cluster.url(cluster.clone("migrated")), f"sqlite:///{directory / 'tiles.gpkg'}")
        for url in urls:
            tile_data.fill(url, Path(directory))
        yield urls
    finally:
        components.close_run(directory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each side, layer and round over HTTP")
    options = parser.parse_args()
    with stores() as (postgis, embedded):
        lines = over_http(postgis, embedded, options.rounds, options.seconds)
        lines += ["", *encoder(postgis, options.rounds * 3)]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
