"""The base map of 天地图 through our own server: the key stays here, the browser asks nobody else.

One fixed set of hosts over https, whole numbers for a tile, four layers. A redirect is an error and no place to go; an
answer is kept only when it is an image of a sane size. Kept tiles serve while the source is away.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa

from gis.errors import BusyError, NotFoundError
from service.settings import Settings
from service.store.engine import default_archive

LAYERS = ("vec", "cva", "img", "cia")
"""Roads and land with their labels, imagery with its labels; Web Mercator."""

HOSTS = tuple(f"t{number}.tianditu.gov.cn" for number in range(8))
MAX_ZOOM = 18
MAX_BYTES = 512 * 1024
TIMEOUT_S = 6.0
AT_ONCE = 6
"""Requests to the source at one time; more wait, so that a slow source cannot hold every thread."""

PAUSE_S = 30.0
"""After a failure the source is left alone for so long."""

BROWSER_S = 86_400
_SIGNS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg"}
_DAY_S = 86_400


class BaseMapError(BusyError):
    """The source of the base map did not give a tile."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of the source; `body` may be cut after `MAX_BYTES` + 1."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Tile:
    """An image."""

    media_type: str
    data: bytes


Fetch = Callable[[str, str], Fetched]
"""Asks a host for a path; raises `OSError` when nothing comes back."""


class Tianditu:
    """The caching proxy; every method may be called from any thread.

    Parameters
    ----------
    settings
        Key, directory, cap and age of what is kept.
    fetch
        Asks the source; `fetch_https` without one.
    clock
        Seconds since the epoch, for tests.
    """

    def __init__(
        self, settings: Settings, *, fetch: Fetch | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = settings.tianditu_key
        self._fetch = fetch or fetch_https
        self._clock = clock
        self._kept = _Kept(
            directory(settings),
            settings.tianditu_cache_mb * 1_000_000,
            settings.tianditu_days * _DAY_S,
            clock,
        )
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._locks = tuple(threading.Lock() for _ in range(64))
        self._away_until = float("-inf")

    def tile(self, layer: str, z: int, x: int, y: int) -> Tile:
        """Return a tile of the Web Mercator pyramid, from disk while it is fresh.

        Raises
        ------
        NotFoundError
            ``no_base_map`` where no key is configured, ``no_such_tile`` outside the pyramid.
        BaseMapError
            ``base_map_unavailable``: the source does not answer, and nothing is kept.
        """
        if self._key is None:
            raise NotFoundError(
                "no_base_map",
                "未配置天地图密钥，不提供底图：由管理员设置 HUODIAN_TIANDITU_KEY",
                "no key of Tianditu is configured, so there is no base map: HUODIAN_TIANDITU_KEY sets it",
            )
        if layer not in LAYERS or not 1 <= z <= MAX_ZOOM or not (0 <= x < 1 << z and 0 <= y < 1 << z):
            raise NotFoundError(
                "no_such_tile",
                f"没有这个瓦片：图层为 {'、'.join(LAYERS)}，级别 1 至 {MAX_ZOOM}，行列号在该级范围内",
                f"there is no such tile: layers {', '.join(LAYERS)}, zoom 1 to {MAX_ZOOM}, row and column within it",
            )
        name = f"{layer}/{z}/{x}/{y}"
        with self._locks[hash(name) % len(self._locks)]:
            fresh = self._kept.get(name)
            if fresh is not None:
                return fresh
            try:
                tile = self._fetched(layer, z, x, y)
            except BaseMapError:
                old = self._kept.get(name, stale=True)
                if old is None:
                    raise
                return old
            self._kept.put(name, tile)
            return tile

    def _fetched(self, layer: str, z: int, x: int, y: int) -> Tile:
        if self._clock() < self._away_until:
            raise _unavailable()
        if not self._places.acquire(timeout=TIMEOUT_S):
            raise _unavailable()
        try:
            answer = self._fetch(HOSTS[(x + y) % len(HOSTS)], self._path(layer, z, x, y))
        except OSError:
            self._away_until = self._clock() + PAUSE_S
            raise _unavailable() from None  # what failed may name the address, and with it the key
        finally:
            self._places.release()
        kind = answer.content_type.partition(";")[0].strip().lower()
        sign = _SIGNS.get(kind)
        if answer.status == 200 and sign is not None and answer.body.startswith(sign):
            if len(answer.body) <= MAX_BYTES:
                return Tile(kind, answer.body)
        elif answer.status != 404:
            self._away_until = self._clock() + PAUSE_S
        raise _unavailable()

    def _path(self, layer: str, z: int, x: int, y: int) -> str:
        secret = "" if self._key is None else self._key.get_secret_value()
        asked = {
            "SERVICE": "WMTS",
            "REQUEST": "GetTile",
            "VERSION": "1.0.0",
            "LAYER": layer,
            "STYLE": "default",
            "TILEMATRIXSET": "w",
            "FORMAT": "tiles",
            "TILEMATRIX": z,
            "TILEROW": y,
            "TILECOL": x,
            "tk": secret,
        }
        return f"/{layer}_w/wmts?{urlencode(asked)}"


def directory(settings: Settings) -> Path:
    """Return where tiles are kept: as set, else beside the archive of the original files."""
    if settings.tianditu_cache:
        return Path(settings.tianditu_cache)
    archive = Path(settings.archive) if settings.archive else default_archive(sa.make_url(settings.db))
    return archive.with_name(f"{archive.name}.tianditu")


def fetch_https(host: str, path: str) -> Fetched:
    """Ask a host over https and return its first answer: no redirect is followed, no proxy of the environment asked.

    Raises
    ------
    OSError
        Nothing usable came back in time.
    """
    import ssl
    from http.client import HTTPException, HTTPSConnection

    connection = HTTPSConnection(host, timeout=TIMEOUT_S, context=ssl.create_default_context())
    try:
        connection.request("GET", path, headers={"User-Agent": "huodian", "Accept": "image/png,image/jpeg"})
        answer = connection.getresponse()
        return Fetched(answer.status, answer.headers.get("Content-Type", ""), answer.read(MAX_BYTES + 1))
    except HTTPException:
        raise OSError("no HTTP answer") from None
    finally:
        connection.close()


def _unavailable() -> BaseMapError:
    return BaseMapError(
        "base_map_unavailable",
        "天地图暂时没有返回该瓦片：不影响火点与界线，可稍后重试；持续出现时请管理员检查密钥与外网",
        "Tianditu gave no tile just now: fire points and borders are not affected, try later; if it lasts, check the "
        "key and the way out of the network",
        retry_after_s=int(PAUSE_S),
    )


class _Kept:
    """Tiles on disk, the oldest dropped when they are more than the cap."""

    def __init__(self, root: Path, cap: int, age_s: float, clock: Callable[[], float]) -> None:
        self._root, self._cap, self._age_s, self._clock = root, cap, age_s, clock
        self._lock = threading.Lock()
        self._size: int | None = None

    def get(self, name: str, *, stale: bool = False) -> Tile | None:
        """Return a kept tile; one that is too old only when `stale`."""
        for kind, suffix in _SUFFIXES.items():
            path = self._root / f"{name}{suffix}"
            try:
                if stale or self._clock() - path.stat().st_mtime < self._age_s:
                    return Tile(kind, path.read_bytes())
            except OSError:
                continue
        return None

    def put(self, name: str, tile: Tile) -> None:
        """Keep a tile; a full or read-only disk costs the keeping, not the answer."""
        path = self._root / f"{name}{_SUFFIXES[tile.media_type]}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(tile.data)
            now = self._clock()
            os.utime(draft, (now, now))
            Path(draft).replace(path)
        except OSError:
            return
        with self._lock:
            if self._size is None:
                self._size = sum(size for _, size, _ in self._files())
            else:
                self._size += len(tile.data)
            if self._size > self._cap:
                self._size = self._drop()

    def _drop(self) -> int:
        """Drop the oldest until nine tenths of the cap are left; return what is kept then."""
        files = sorted(self._files())
        size = sum(one for _, one, _ in files)
        for _, one, path in files:
            if size <= self._cap * 9 // 10:
                break
            path.unlink(missing_ok=True)
            size -= one
        return size

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self._root.rglob("*"):
            try:
                if path.is_file():
                    seen = path.stat()
                    found.append((seen.st_mtime, seen.st_size, path))
            except OSError:
                continue
        return found
