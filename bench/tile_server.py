"""The servers that `bench.tiles` asks: ``python -m bench.tile_server ours|tipg URL PORT [cold|warm]``."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvicorn

PROPERTIES = (
    *("fire_point_id", "fire_day", "first_at", "pixels", "frp_mw", "confidence", "county_code", "county"),
    *("township", "regime", "screen", "informal"),
)
"""What our tiles of fire points have (but for the status, which tipg could not know), asked of tipg too."""


def ours(url: str, *, cold: bool) -> Any:
    """Return our application; cold keeps no tile."""
    from gis.tiles import warm
    from service.api.app import create_app
    from service.layers import tile_cache
    from service.settings import Settings

    if cold:
        tile_cache.TileCache.put = lambda *_: None  # type: ignore[method-assign]
    warm()
    return create_app(Settings(db=url), log_stream=Path(os.devnull).open("w"))


def tipg(url: str) -> Any:
    """Return tipg's application as it comes, on the same database."""
    parts = urlsplit(url)
    os.environ["DATABASE_URL"] = f"postgresql://postgres@localhost{parts.path}"
    os.environ["TIPG_MAX_FEATURES_PER_TILE"] = "40000"
    os.environ["TIPG_DB_SPATIAL_EXTENT"] = os.environ["TIPG_DB_DATETIME_EXTENT"] = "false"
    import tipg.main

    connect = functools.partial(tipg.main.connect_to_db, host=parse_qs(parts.query)["host"][0])
    tipg.main.connect_to_db = connect
    return tipg.main.app


def main() -> None:
    side, url, port, *rest = sys.argv[1:]
    app = tipg(url) if side == "tipg" else ours(url, cold=rest != ["warm"])
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
