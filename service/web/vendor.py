"""Where a page finds a vendored third-party file on this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gis.errors import NotFoundError

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor"
MANIFEST = "manifest.json"
VENDOR_URL = "/static/vendor"
"""Under which the server offers the vendored files."""


def vendor_path(name: str) -> Path:
    """Return the local path of a vendored file such as ``leaflet/leaflet.js``.

    Raises
    ------
    NotFoundError
        When the assets were not built, or no such file is vendored; the next step is ``make assets``.
    """
    path = VENDOR / name
    inside = path.resolve().is_relative_to(VENDOR.resolve())
    if not inside or not path.is_file():
        raise NotFoundError(
            "no_assets",
            f"缺少前端文件 {name}：请运行 make assets（python -m service.web.build）",
            f"web asset {name} is missing: run `make assets` (python -m service.web.build)",
            value=name,
        )
    return path


def lock_hash(sources: Path) -> str:
    """Return the SHA-256 of the lock file the assets are built from."""
    return hashlib.sha256((sources / "package-lock.json").read_bytes()).hexdigest()
