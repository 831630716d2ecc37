"""Small feeds in every variant, and helpers that read them."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

from gis.feeds import ParsedFeed, open_container, read_feed

MODIS = (
    "latitude,longitude,brightness,scan,track,acq_date,acq_time,satellite,confidence,version,"
    "bright_t31,frp,daynight"
)
VIIRS = MODIS.replace("brightness", "bright_ti4").replace("bright_t31", "bright_ti5")
VIIRS_DOWNLOAD = VIIRS.replace("satellite,", "satellite,instrument,")
R_VIIRS = '"",' + ",".join(f'"{name}"' for name in VIIRS.split(","))
LANDSAT = "latitude,longitude,path,row,scan,track,acq_date,acq_time,satellite,confidence,daynight"

VIIRS_ROW = "43.12345,125.54321,330.1,0.39,0.36,2023-10-29,0451,1,nominal,2.0NRT,285.2,4.5,D"
MODIS_ROW = "43.123,125.543,310.1,1.2,1.1,2023-10-29,0251,T,71,6.1NRT,285.2,14.5,D"


def read(data: bytes | str, **options: Any) -> ParsedFeed:
    """Read the only member of an input; the conservation law is checked on the way."""
    raw = data.encode() if isinstance(data, str) else data
    (member,) = open_container(raw)
    feed = read_feed(member, **options)
    assert feed.read == feed.rows.num_rows + feed.outside + len(feed.rejected)
    return feed


def text_of(header: str, *rows: str) -> str:
    return "\n".join((header, *rows)) + "\n"


def column(feed: ParsedFeed, name: str) -> list[Any]:
    return feed.rows.column(name).to_pylist()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)
