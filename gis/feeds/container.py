"""Containers of feeds: plain text, gzip, zip. Told apart by magic bytes, expanded under caps, names never used.

Nothing is written to disk and no name from inside an archive ever becomes a path: a name is only a label for people.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload

from isal import igzip, isal_zlib

from gis.errors import RefusedInputError
from gis.feeds.model import printable
from gis.reasons import Reason

IsalError: Any = isal_zlib.error
BLOCK = 1 << 21
_SLICE = 1 << 18
_PEEK = 1 << 16
_RATIO_FROM = 16 * 2**20

_ARCHIVES: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on what an input may grow to; real FIRMS feeds expand 5 to 10 times, gzip can reach 1,028 times.

    `max_ratio` counts only beyond 16 MiB of expanded text, for a small file of equal rows compresses well honestly.
    `max_rejected` bounds the list of rejected rows: a file with more is refused whole, it is not this feed.
    """

    max_expanded_bytes: int = 2 * 2**30
    max_ratio: float = 100.0
    max_members: int = 1000
    max_line_bytes: int = 2**20
    max_rejected: int = 250_000


@dataclass(frozen=True, slots=True)
class Member:
    """One readable file of a container. `label` is sanitised text for people, never a path."""

    label: str
    index: int
    kind: Literal["plain", "gzip", "deflated", "stored"] = field(repr=False)
    data: bytes = field(repr=False)
    limits: Limits = field(repr=False)
    start: int = field(default=0, repr=False)
    stop: int = field(default=0, repr=False)
    declared: int = field(default=-1, repr=False)
    crc: int = field(default=-1, repr=False)

    @property
    def packed(self) -> int:
        """Bytes this member takes in the container; the total that `blocks` counts up to."""
        return self.stop - self.start

    def blocks(self, size: int = BLOCK) -> Iterator[tuple[bytes, int]]:
        """Yield expanded bytes with the number of container bytes they took; caps hold on the way.

        Raises
        ------
        RefusedInputError
            ``archive_bomb``, ``damaged_archive``.
        """
        expanded = taken = 0
        for block, consumed in self._raw_blocks(size):
            expanded += len(block)
            taken += consumed
            self._check_growth(expanded, taken)
            yield block, consumed

    def _check_growth(self, expanded: int, taken: int) -> None:
        caps = self.limits
        ratio = expanded / max(taken, 1)
        if expanded > caps.max_expanded_bytes:
            raise _bomb(self.label, f"{expanded} > {caps.max_expanded_bytes}", "bytes", "字节")
        if self.kind != "plain" and expanded > _RATIO_FROM and ratio > caps.max_ratio:
            raise _bomb(
                self.label, f"{ratio:.0f} > {caps.max_ratio:.0f}", "times the packed size", "倍压缩比"
            )

    def _raw_blocks(self, size: int) -> Iterator[tuple[bytes, int]]:
        if self.kind == "gzip":
            yield from self._gzip_blocks(size)
        elif self.kind == "deflated":
            yield from self._deflated_blocks(size)
        else:
            for position in range(self.start, self.stop, size):
                block = self.data[position : min(position + size, self.stop)]
                yield block, len(block)

    def _gzip_blocks(self, size: int) -> Iterator[tuple[bytes, int]]:
        raw = io.BytesIO(self.data)
        before = 0
        try:
            with igzip.IGzipFile(fileobj=raw) as stream:  # type: ignore[no-untyped-call]
                while block := stream.read(size):
                    position = raw.tell()
                    yield block, position - before
                    before = position
        except (OSError, EOFError, IsalError, struct.error) as error:
            raise _damaged(self.label, str(error)) from error

    def _deflated_blocks(self, size: int) -> Iterator[tuple[bytes, int]]:
        stream = isal_zlib.decompressobj(-15)
        at, tail = self.start, b""
        crc = total = 0
        try:
            while not stream.eof:
                packed = tail or self.data[at : min(at + _SLICE, self.stop)]
                at += 0 if tail else len(packed)
                block = stream.decompress(packed, size)
                tail = stream.unconsumed_tail
                if not packed and not block and not stream.eof:
                    raise _damaged(self.label, "compressed data end early")
                crc = isal_zlib.crc32(block, crc)
                total += len(block)
                if block:
                    yield block, len(packed) - len(tail)
        except IsalError as error:
            raise _damaged(self.label, str(error)) from error
        if total != self.declared or crc != self.crc:
            raise _damaged(self.label, "length or checksum differs from the directory")


@dataclass(frozen=True, slots=True)
class Container(Sequence[Member]):
    """The readable members of an input, in order, and a note on every other file it holds."""

    members: tuple[Member, ...]
    notes: tuple[str, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Member: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Member]: ...
    def __getitem__(self, index: int | slice) -> Member | Sequence[Member]:
        """Return one member, or some."""
        return self.members[index]

    def __len__(self) -> int:
        """Return the number of readable members."""
        return len(self.members)


def open_container(data: bytes, /, *, name: str = "", limits: Limits = Limits()) -> Container:
    """Return the readable members of an input, recognised by magic bytes (never by name).

    A member of a zip that is a document rather than a table (FIRMS puts a Readme.txt in its downloads; macOS adds its
    own files) is left out and named in `Container.notes`. An archive within an archive is refused, and so is a zip
    that holds no table.

    Raises
    ------
    RefusedInputError
        ``empty_file``, ``archive_bomb``, ``damaged_archive``, ``nested_archive``, ``unsupported_container``,
        ``encrypted_archive``, ``no_table``.
    """
    if not data:
        raise RefusedInputError(
            "empty_file", "文件为空。请重新下载。", "The file is empty. Download it again."
        )
    label = safe_label(name) or "feed"
    kind = _archive_kind(data[:8])
    if kind == "zip":
        return _open_zip(data, limits)
    if kind == "gzip":
        member = Member(label, 0, "gzip", data, limits, 0, len(data))
        head, _ = next(member.blocks(_PEEK), (b"", 0))
        _refuse_nested(label, head)
        return Container((member,))
    if kind is not None:
        raise _unsupported(label, kind)
    return Container((Member(label, 0, "plain", data, limits, 0, len(data)),))


def safe_label(name: str) -> str:
    """Return the last part of a name, printable and short: text to show, useless as a path."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    clean = printable(last, 120).strip().lstrip(".~")
    return "".join("_" if char in '<>:"|?*' else char for char in clean)


def _archive_kind(head: bytes) -> str | None:
    for magic, kind in _ARCHIVES:
        if head.startswith(magic):
            return kind
    return None


def _refuse_nested(label: str, head: bytes) -> None:
    kind = _archive_kind(head[:8]) or ("tar" if head[257:262] == b"ustar" else None)
    if kind:
        raise RefusedInputError(
            "nested_archive",
            f"“{label}”里面还是压缩包（{kind}），不予读取。请解开一层后重新导入。",
            f"'{label}' holds another archive ({kind}), which is not read. Unpack one layer and ingest again.",
            file=label,
        )


def _open_zip(data: bytes, limits: Limits) -> Container:
    entries = _directory(data, limits)
    members: list[Member] = []
    notes: list[str] = []
    notes_zh: list[str] = []
    for info in entries:
        label = safe_label(_decoded_name(info)) or f"member-{info.header_offset}"
        if info.is_dir() or info.file_size == 0:
            continue
        member = _member(data, info, label, len(members), limits)
        head, _ = next(member.blocks(_PEEK), (b"", 0))
        _refuse_nested(label, head)
        why = _not_a_table(head)
        if why:
            notes.append(f"{label}: {why[0]}")
            notes_zh.append(f"{label}：{why[1]}")
        else:
            members.append(member)
    if not members:
        shown, shown_zh = "; ".join(notes[:10]) or "empty", "；".join(notes_zh[:10]) or "空"
        raise RefusedInputError(
            "no_table",
            f"压缩包里没有可读的表格（{shown_zh}）。请放入 CSV 后重新导入（Excel 请另存为 CSV UTF-8）。",
            f"The archive holds no readable table ({shown}). Put the CSV in (save a workbook as CSV UTF-8).",
            notes=notes,
        )
    return Container(tuple(members), tuple(notes))


def _directory(data: bytes, limits: Limits) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError, EOFError) as error:
        # What zipfile raises for a broken directory; NotImplementedError where it names a later version of the format.
        raise _damaged("zip", str(error)) from error
    if len(entries) > limits.max_members:
        raise _bomb("zip", f"{len(entries)} > {limits.max_members}", "members", "个成员")
    declared = sum(info.file_size for info in entries)
    if declared > limits.max_expanded_bytes:
        raise _bomb("zip", f"{declared} > {limits.max_expanded_bytes}", "bytes", "字节")
    # Members that share compressed bytes are how a small zip declares petabytes.
    end = -1
    for info in sorted(entries, key=lambda entry: entry.header_offset):
        if info.header_offset < end:
            raise _bomb("zip", "", "members overlap", "成员相互重叠")
        end = info.header_offset + 30 + info.compress_size
    return entries


def _member(data: bytes, info: zipfile.ZipInfo, label: str, index: int, limits: Limits) -> Member:
    if info.flag_bits & 0x1:
        raise RefusedInputError(
            "encrypted_archive",
            f"“{label}”已加密，无法读取。请解密后重新导入。",
            f"'{label}' is encrypted. Ingest it without a password.",
            file=label,
        )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _unsupported(label, f"zip method {info.compress_type}")
    head = data[info.header_offset : info.header_offset + 30]
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise _damaged(label, "local header missing")
    name_length, extra_length = struct.unpack("<HH", head[26:30])
    start = info.header_offset + 30 + name_length + extra_length
    stop = start + info.compress_size
    if stop > len(data):
        raise _damaged(label, "data end early")
    kind: Any = "deflated" if info.compress_type == zipfile.ZIP_DEFLATED else "stored"
    return Member(label, index, kind, data, limits, start, stop, info.file_size, info.CRC)


def _decoded_name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _not_a_table(head: bytes) -> Reason | None:
    """Return why a zip member is no table, judged by its first 64 KiB; None when it may be one."""
    if head.count(0) > len(head) // 100 and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "binary, not read", "二进制，未读"
    if head.startswith(b"%PDF"):
        return "PDF, not read", "PDF，未读"
    text = head.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith((b"{", b"[")) or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    widths = [_width(line) for line in text.splitlines()[:40] if line.strip()]
    if min(widths[:2], default=0) >= 2 or sum(width >= 4 for width in widths) >= 2:
        return None  # the second: a title may stand above the header of a mapped table
    return "text without columns, not read", "没有列的文本，未读"


def _width(line: bytes) -> int:
    return max(line.count(mark) for mark in (b",", b";", b"\t"))


def _bomb(label: str, size: str, en: str, zh: str) -> RefusedInputError:
    what = f"{size} {en}".strip()
    return RefusedInputError(
        "archive_bomb",
        f"“{label}”展开后超出限额（{f'{size} {zh}'.strip()}），已停止读取。请核对来源；确需导入时请拆分文件。",
        f"'{label}' expands beyond the caps ({what}); reading stopped. Check its origin, or split it.",
        file=label,
        detail=what,
    )


def _damaged(label: str, what: str) -> RefusedInputError:
    return RefusedInputError(
        "damaged_archive",
        f"“{label}”压缩数据损坏或不完整。请重新下载。",
        f"'{label}' is damaged or incomplete ({what}). Download it again.",
        file=label,
        detail=what,
    )


def _unsupported(label: str, what: str) -> RefusedInputError:
    return RefusedInputError(
        "unsupported_container",
        f"“{label}”是不支持的压缩格式（{what}）。请改用 .zip、.gz 或不压缩。",
        f"'{label}' is packed in a way that is not read ({what}). Use .zip, .gz or plain text.",
        file=label,
        detail=what,
    )
