"""The built web map: its page, the policy it is sent under, and its files with hashed names."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from service.packing import takes_gzip
from service.web.vendor import STATIC

MAP = STATIC / "map"
MAP_URL = "/map"
"""Under which the files of the page lie; the page itself is ``/``."""

_SERVICES_META = '<meta name="huodian-services" content="'

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline and nothing from elsewhere; MapLibre's worker is a file of ours, so no ``blob:`` script either."""


def map_page(services: Iterable[str], *, folder: Path = MAP) -> str | None:
    """Return the page of the web map, or None where it was not built.

    Parameters
    ----------
    services
        What this service offers the page (``session``, ``tiles`` ...): the page asks for nothing else, so that no
        request has to fail for it to find out.
    """
    page = folder / "index.html"
    try:
        text = _read(page, page.stat().st_mtime_ns)
    except FileNotFoundError:
        return None
    said = html.escape(" ".join(sorted(services)), quote=True)
    return text.replace(_SERVICES_META, _SERVICES_META + said, 1)


@lru_cache(maxsize=2)
def _read(page: Path, _changed: int) -> str:
    return page.read_text(encoding="utf-8")


class MapFiles(StaticFiles):
    """The built files: compressed where the client takes it, and kept for good under their hashed names."""

    def __init__(self, folder: Path = MAP) -> None:
        super().__init__(directory=folder, check_dir=False)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answer a file, or its ``.gz`` beside it."""
        packed = Path(f"{os.fspath(full_path)}.gz")
        accepts = takes_gzip(Headers(scope=scope).get("accept-encoding", ""))
        if accepts and packed.is_file():
            answer: Response = FileResponse(
                packed,
                status_code,
                media_type=FileResponse(full_path).media_type,
                headers={"Content-Encoding": "gzip"},
            )
        else:
            answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["Vary"] = "Accept-Encoding"
        # A worker lives under the policy its own script came with, not under the page's: it fetches the tiles.
        answer.headers["Content-Security-Policy"] = POLICY
        if "/assets/" in scope["path"]:
            answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return answer
