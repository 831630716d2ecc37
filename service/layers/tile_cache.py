"""Tiles that were made before: in memory by bytes, and in a directory if one is given.

A tile is kept under what `FeatureSource.key` says of its question (home, scope, layer, filter, day, revision), its
place and `tiles.STYLE`: equal keys have equal answers, and readers of different scopes never meet in one entry of a
layer that depends on the reader. A writer changes the revision, so nothing is ever thrown away for being old; what was
not asked for longest goes first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path

from service.kept import Once
from service.layers.model import Query
from service.layers.source import FeatureSource
from service.layers.tiles import CAP, STYLE, TileAnswer, tile

_OVERHEAD = 512
"""Bytes an entry costs besides its tile."""


class TileCache:
    """Answers by key; safe for threads, and for processes that share a directory.

    Parameters
    ----------
    most_bytes
        What may be kept in memory.
    directory
        Where tiles are kept too, readable by the owner only; None keeps none.
    most_disk_bytes
        What the directory may hold.
    """

    def __init__(
        self,
        most_bytes: int = 64 << 20,
        directory: Path | None = None,
        most_disk_bytes: int = 1 << 30,
    ) -> None:
        self._most, self._directory, self._most_disk = most_bytes, directory, most_disk_bytes
        self._kept: OrderedDict[str, TileAnswer] = OrderedDict()
        self._size = 0
        self._written = 0
        self._lock = threading.Lock()
        self._making: Once[TileAnswer] = Once()
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def get(self, key: str) -> TileAnswer | None:
        """Return the answer of a key, None where there is none or the file of it was damaged."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        found = self._read(key)
        if found is not None:
            self._keep(key, found)
        return found

    def put(self, key: str, answer: TileAnswer) -> None:
        """Keep an answer."""
        self._keep(key, answer)
        self._write(key, answer)

    def tile(
        self,
        source: FeatureSource,
        layer: str,
        z: int,
        x: int,
        y: int,
        query: Query | None = None,
        *,
        cap: int = CAP,
    ) -> TileAnswer:
        """Return a tile, kept or made now; of many who ask for one that is not kept, one makes it and all get it.

        Raises what `service.layers.tiles.tile` raises.
        """
        key = tile_key(source, layer, z, x, y, query, cap=cap)

        def made() -> TileAnswer:
            found = self.get(key)  # by whoever was at it when this was asked
            if found is None:
                found = tile(source, layer, z, x, y, query, cap=cap)
                self.put(key, found)
            return found

        held = self.get(key)
        return self._making.do(key, made) if held is None else held

    @property
    def size(self) -> int:
        """Bytes kept in memory."""
        return self._size

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, key: str, answer: TileAnswer) -> None:
        cost = len(answer.data) + _OVERHEAD
        if cost > self._most:
            return
        with self._lock:
            before = self._kept.pop(key, None)
            self._size += cost - (0 if before is None else len(before.data) + _OVERHEAD)
            self._kept[key] = answer
            while self._size > self._most:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone.data) + _OVERHEAD

    # --- directory: one file per tile, a line of JSON and the bytes ---------------------------------

    def _path(self, key: str) -> Path | None:
        return None if self._directory is None else self._directory / key[:2] / key

    def _read(self, key: str) -> TileAnswer | None:
        path = self._path(key)
        if path is None:
            return None
        try:
            head, _, data = path.read_bytes().partition(b"\n")
            told = json.loads(head)
            if told.pop("sha256") != hashlib.sha256(data).hexdigest():
                return None
            with contextlib.suppress(OSError):
                os.utime(path)
            return TileAnswer(data=data, **told)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write(self, key: str, answer: TileAnswer) -> None:
        path = self._path(key)
        if path is None:
            return
        told = asdict(answer)
        data = told.pop("data")
        told["sha256"] = hashlib.sha256(data).hexdigest()
        whole = json.dumps(told).encode() + b"\n" + data
        partial = path.with_name(f"{key}.{os.getpid()}.{threading.get_ident()}.part")
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            partial.touch(mode=0o600)
            partial.write_bytes(whole)
            partial.replace(path)
        except OSError:  # a full disk costs speed, never an answer
            with contextlib.suppress(OSError):
                partial.unlink()
            return
        with self._lock:
            self._written += len(whole)
            full = self._written > self._most_disk // 8
            if full:
                self._written = 0
        if full:
            self._prune()

    def _prune(self) -> None:
        """Remove the files used longest ago until the directory is within its size."""
        if self._directory is None:
            return
        found = []
        for path in self._directory.glob("??/*"):
            with contextlib.suppress(OSError):
                told = path.stat()
                found.append((told.st_mtime, told.st_size, path))
        size = sum(one[1] for one in found)
        for _, bytes_, path in sorted(found):
            if size <= self._most_disk:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            size -= bytes_


def tile_key(
    source: FeatureSource, layer: str, z: int, x: int, y: int, query: Query | None = None, *, cap: int = CAP
) -> str:
    """Return the key of a tile: scope, layer, filter, day, revision, place, cap and style."""
    text = f"{source.key(layer, query or Query())}/{z}/{x}/{y}/{cap}/{STYLE}"
    return hashlib.sha256(text.encode()).hexdigest()
