"""Indexed layers kept on disk beside the archive: a cache, never required, safe to delete.

A large set is read from the store and indexed once; after that its index is mapped from a file, pages shared between
processes. A file is named by the content hash of its set, the level, and the content hash of its polygons, and is
verified whole when it is opened: one that is damaged, cut or about something else is passed over and written again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gis.errors import RefusedInputError
from gis.locate import Layer
from gis.location.file import VERSION

LEAST_UNITS = 5_000
"""From how many polygons on a file pays: below, a layer is read and indexed sooner than its kernels are loaded."""

_SUFFIX = ".layer"


def directory(archive: Path) -> Path:
    """Return where the files are kept."""
    return archive.parent / f"{archive.name}.layers"


def layer_of(archive: Path, set_hash: str, level: str, read: Callable[[], Layer]) -> Layer:
    """Return a layer from its file, or read and, where that can be done, keep it for the next time.

    Parameters
    ----------
    set_hash
        Content hash of the set the layer is a level of.
    read
        Reads the layer from the store.
    """
    folder = directory(archive)
    key = hashlib.sha256(f"{VERSION}|{set_hash}|{level}".encode()).hexdigest()[:32]
    for path in sorted(folder.glob(f"{key}-*{_SUFFIX}")):
        with suppress(OSError, RefusedInputError):
            return Layer.open(path, content_hash=path.name[len(key) + 1 : -len(_SUFFIX)], verify=True)
        with suppress(OSError):  # what cannot be used only stands in the way
            path.unlink()
    layer = read()
    with suppress(OSError, RefusedInputError):  # a full disk, a read-only home, a layer of more than polygons
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{key}-{layer.content_hash}{_SUFFIX}"
        layer.save(path)
        return Layer.open(path, content_hash=layer.content_hash)  # the polygons read for it may go
    return layer
