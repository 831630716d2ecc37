"""Saved layers: one file, arrays at aligned places, mapped into memory when it is opened.

Format, version 1: magic (8 bytes), version (u32), byte-order mark (u32), length of the header (u64), SHA-256 of the
header, the header (JSON: content hash, size and digest of the rest, type, shape and place of each array), then the
arrays, each at a multiple of 64. Arrays are little-endian; a machine of the other order refuses the file.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from gis.errors import RefusedInputError
from gis.location.index import Index
from gis.location.rings import Rings

MAGIC = b"HUODIANX"
VERSION = 1
_ORDER_MARK = 0x01020304
_HEAD = struct.Struct("<8sIIQ32s")
_ALIGN = 64
_POPULATE_READ = 22  # MADV_POPULATE_READ, which Python 3.11 does not name
_FETCH_BYTES = 1 << 27
"""Files up to this size are mapped at once: 10,000 scattered look-ups would fault nearly every page by itself."""
_RINGS = ("xy", "rings", "parts", "units", "single")
_GRID = ("geo", "shape", "cells", "heads", "entries", "own", "list_start", "list_owner")
_NAMES = {"codes", "code_ends", "source_index", *_RINGS, *_GRID}


@dataclass(frozen=True, slots=True)
class Saved:
    """What a file holds."""

    codes: tuple[str, ...]
    source_index: tuple[int, ...]
    index: Index
    content_hash: str


def store(path: Path, codes: tuple[str, ...], source_index: tuple[int, ...], index: Index) -> str:
    """Write a file beside `path` and put it in its place; return the content hash."""
    words = [code.encode() for code in codes]
    arrays: dict[str, npt.NDArray[Any]] = {
        "codes": np.frombuffer(b"".join(words), dtype=np.uint8),
        "code_ends": np.cumsum([len(word) for word in words], dtype=np.int64),
        "source_index": np.array(source_index, dtype=np.int64),
        **{name: getattr(index.source, name) for name in _RINGS},
        **{name: getattr(index, name) for name in _GRID},
    }
    content_hash = index.source.content_hash(codes)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as sink:
            _write(sink, arrays, content_hash)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return content_hash


def _write(sink: Any, arrays: dict[str, npt.NDArray[Any]], content_hash: str) -> None:
    table, at, digest = {}, 0, hashlib.sha256()
    for name, array in arrays.items():
        plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        arrays[name] = plain
        table[name] = {"type": plain.dtype.str, "shape": plain.shape, "at": at}
        padded = -plain.nbytes % _ALIGN
        digest.update(_bytes(plain))
        digest.update(bytes(padded))
        at += plain.nbytes + padded
    header = json.dumps(
        {"content_hash": content_hash, "size": at, "digest": digest.hexdigest(), "arrays": table}
    ).encode()
    header += b" " * (-(_HEAD.size + len(header)) % _ALIGN)
    sink.write(_HEAD.pack(MAGIC, VERSION, _ORDER_MARK, len(header), hashlib.sha256(header).digest()))
    sink.write(header)
    for plain in arrays.values():
        sink.write(_bytes(plain))
        sink.write(bytes(-plain.nbytes % _ALIGN))
    sink.flush()
    os.fsync(sink.fileno())


def _bytes(array: npt.NDArray[Any]) -> Any:
    return array.reshape(-1).view(np.uint8).data


def load(path: Path, *, content_hash: str | None, verify: bool) -> Saved:
    """Map a file; see `gis.locate.Layer.open`."""
    with path.open("rb") as source:
        size = os.fstat(source.fileno()).st_size
        if size < _HEAD.size:
            _refuse(path, "索引文件被截断", "the file is cut short")
        # A private mapping: pages are shared between processes, and kernels take no read-only arrays.
        mapped = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_COPY)
    if size <= _FETCH_BYTES:
        with suppress(OSError, ValueError):  # an older kernel: the pages come one by one
            mapped.madvise(_POPULATE_READ)
    header, body = _header(path, mapped, size)
    if verify and hashlib.sha256(memoryview(mapped)[body:]).hexdigest() != header["digest"]:
        _refuse(path, "索引文件内容已损坏", "the file's content is damaged")
    if content_hash is not None and header["content_hash"] != content_hash:
        _refuse(path, "索引与图层的几何不一致", "the index is about other geometry than the layer's")
    arrays = {
        name: np.frombuffer(
            mapped, dtype=one["type"], count=int(np.prod(one["shape"])), offset=body + one["at"]
        ).reshape(one["shape"])
        for name, one in header["arrays"].items()
    }
    text = arrays["codes"].tobytes()
    ends = arrays["code_ends"].tolist()
    codes = tuple(text[a:b].decode() for a, b in zip([0, *ends], ends, strict=False))
    rings = Rings(**{name: arrays[name] for name in _RINGS})
    index = Index(rings, **{name: arrays[name] for name in _GRID})
    return Saved(codes, tuple(arrays["source_index"].tolist()), index, header["content_hash"])


def _header(path: Path, mapped: mmap.mmap, size: int) -> tuple[dict[str, Any], int]:
    """Return the checked header and where the arrays begin."""
    magic, version, mark, length, digest = _HEAD.unpack_from(mapped)
    if magic != MAGIC:
        _refuse(path, "不是位置索引文件", "it is not a location index")
    if version != VERSION or mark != _ORDER_MARK or np.array(1, "<u4").view("=u4") != 1:
        _refuse(path, "索引文件的版本或字节序不同", "its version or byte order is another one")
    body = _HEAD.size + length
    raw = bytes(mapped[_HEAD.size : body])
    if hashlib.sha256(raw).digest() != digest:
        _refuse(path, "索引文件头已损坏", "the file's header is damaged")
    header: dict[str, Any] = json.loads(raw)
    if size != body + header["size"] or set(header["arrays"]) != _NAMES:
        _refuse(path, "索引文件被截断", "the file is cut short")
    return header, body


def _refuse(path: Path, zh: str, en: str) -> NoReturn:
    raise RefusedInputError(
        "location_index_refused",
        f"{zh}（{path.name}）；请由图层重新生成索引。",
        f"The location index {path.name} is refused: {en}. Build it again from the layer.",
        path=str(path),
    )
