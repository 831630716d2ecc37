"""Media types of the files that routes answer with, and how a route declares them."""

from __future__ import annotations

from typing import Any

CSV = "text/csv"
GEOJSON = "application/geo+json"
KML = "application/vnd.google-earth.kml+xml"
PDF = "application/pdf"
TEXT = "text/plain"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"


def also_files(*media: str) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses`` of a route that answers files of these types beside its JSON."""
    content = {one: {"schema": {"type": "string", "format": "binary"}} for one in media}
    return {200: {"description": "JSON, or the file of the format asked for", "content": content}}
