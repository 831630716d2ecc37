"""The archive of original bytes: every file that entered the service, under its own SHA-256.

Names from outside are never used as paths. A file is written beside its final name and renamed, so a crash leaves a
whole file or none; a file without its store rows is harmless, for the next ingest of the same bytes finds it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import sqlalchemy as sa

from gis.errors import NotFoundError
from service.settings import Settings
from service.store.engine import default_archive

_BLOCK = 1 << 20


class Archive:
    """A directory of files named by their hash.

    Parameters
    ----------
    root
        Created on the first write.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, data: bytes, sha256: str | None = None) -> str:
        """Keep `data` and return its SHA-256; known bytes are left alone, damaged ones written again."""
        digest = sha256 or hashlib.sha256(data).hexdigest()
        target = self._path(digest)
        if target.is_file() and target.stat().st_size == len(data) and target.read_bytes() == data:
            return digest
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return digest

    def put_file(self, source: Path) -> str:
        """Keep a file that may be larger than memory and return its SHA-256."""
        self.root.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.root, prefix=".part-")
        try:
            digest = hashlib.sha256()
            with os.fdopen(handle, "wb") as file, source.open("rb") as data:
                while block := data.read(_BLOCK):
                    digest.update(block)
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            target = self._path(digest.hexdigest())
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return digest.hexdigest()

    def get(self, sha256: str) -> bytes:
        """Return archived bytes, checked against their name.

        Raises
        ------
        NotFoundError
            When they are missing or no longer what their name says.
        """
        path = self._path(sha256)
        data = path.read_bytes() if path.is_file() else None
        if data is None or hashlib.sha256(data).hexdigest() != sha256:
            raise NotFoundError(
                "archive_missing",
                f"归档中没有完好的原始文件 {sha256}：请从备份恢复 {self.root}",
                f"the archive holds no intact file {sha256}: restore {self.root} from backup",
                value=sha256,
            )
        return data

    def holds(self, sha256: str) -> bool:
        """Whether a file of this name is there; `get` tells whether it is intact."""
        return self._path(sha256).is_file()

    def _path(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256


def open_archive(settings: Settings) -> Archive:
    """Return the archive of the settings: named, or beside the embedded store, or under ``./var/archive``."""
    if settings.archive:
        return Archive(Path(settings.archive))
    return Archive(default_archive(sa.make_url(settings.db)))
