"""Absolute addresses of what is served, from the configured public address and never from what a request says.

QGIS does not follow relative links, and a request's own Host header is whatever a proxy or a caller wrote there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

MOUNT = "/ogc"


@dataclass(frozen=True, slots=True)
class Links:
    """Builds addresses.

    Attributes
    ----------
    root
        Address of the landing page, without the slash at its end.
    """

    root: str

    def to(self, *parts: Any, query: Mapping[str, Any] | None = None) -> str:
        """Return the address of a path under the landing page; parts and query values are escaped."""
        path = "".join(f"/{quote(str(part), safe='')}" for part in parts) or "/"
        asked = {name: str(value) for name, value in (query or {}).items() if value is not None}
        return f"{self.root}{path}?{urlencode(asked)}" if asked else f"{self.root}{path}"


def links_under(public_url: str) -> Links:
    """Return the links of a service whose clients reach it under `public_url`, path prefix included."""
    return Links(public_url.rstrip("/") + MOUNT)


def link(href: str, rel: str, media: str, title: str | None = None, **more: Any) -> dict[str, Any]:
    """Return one link object; ``rel`` and ``type`` always stand in it."""
    found: dict[str, Any] = {"href": href, "rel": rel, "type": media}
    if title:
        found["title"] = title
    return {**found, **more}
