"""What a boundary file really is, told from its bytes before any reader sees it.

Names decide nothing: a VRT called ``county.geojson`` would make GDAL read local files and fetch URLs. A
source is a regular local file, a folder of such files, or bytes; never a URL, a connection string or a
``/vsi`` path. Archives are read in memory under caps, and names inside them are only ever shown, never used
as paths.
"""

from __future__ import annotations

import io
import lzma
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

from gis.errors import RefusedInputError
from gis.reasons import Reason


class FileKind(StrEnum):
    """The formats that are read."""

    GEOJSON = "geojson"
    KML = "kml"
    SHAPEFILE = "shapefile"
    GEOPACKAGE = "geopackage"


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits on what a boundary file may cost; a province's villages stay far below them."""

    max_bytes: int = 1 << 30
    max_text_bytes: int = 256 << 20
    max_ratio: int = 200
    max_members: int = 4000
    max_features: int = 700_000
    max_vertices: int = 40_000_000
    max_depth: int = 64


@dataclass(frozen=True, slots=True)
class Blob:
    """One file whose format is known.

    Parameters
    ----------
    kind
        Its format.
    data
        Its bytes; of a shapefile the ``.shp`` part.
    label
        Cleaned name for messages, never a path.
    sidecars
        Parts of a shapefile by suffix (``.dbf``, ``.prj``, ``.cpg``).
    """

    kind: FileKind
    data: bytes
    label: str
    sidecars: Mapping[str, bytes] = field(default_factory=dict)


Source = Path | str | bytes

_GZIP, _ZIP, _SHP, _SQLITE = b"\x1f\x8b", b"PK\x03\x04", b"\x00\x00\x27\x0a", b"SQLite format 3\x00"
_SIDECARS = (".dbf", ".prj", ".cpg")
_IGNORED = (
    ".shx",
    ".sbn",
    ".sbx",
    ".qix",
    ".qpj",
    ".qmd",
    ".fix",
    ".xml",
    ".txt",
    ".md",
    ".pdf",
    ".csv",
    ".html",
)
_READABLE = (".geojson", ".json", ".kml", ".kmz", ".shp", ".gpkg", ".zip", ".gz")
_REMOTE = re.compile(r"/vsi|://|^[A-Za-z][A-Za-z0-9_]+:(?![\\/])|[<>|\n\r\x00]", re.IGNORECASE)
_CHUNK = 1 << 20
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    ValueError, IndexError, OverflowError, RuntimeError, EOFError, OSError,
)  # fmt: skip
"""Whatever zipfile raises on damaged bytes; it validates little before it seeks and unpacks."""


def open_source(source: Source | Sequence[Source], *, caps: Caps | None = None) -> list[Blob]:
    """Return every boundary file in a source, each with its true format.

    Parameters
    ----------
    source
        A path, a folder (its files, not deeper), bytes, or several of these (one file per county).
    caps
        Limits; the defaults suit a province.

    Raises
    ------
    RefusedInputError
        ``not_a_local_file``, ``unknown_boundary_format``, ``disguised_file``, ``boundary_too_large``,
        ``archive_bomb``, ``unsafe_archive``.
    """
    limits = caps or Caps()
    sources = [source] if isinstance(source, str | bytes | Path) else list(source)
    blobs = [blob for each in sources for blob in _open_one(each, limits)]
    if not blobs:
        raise RefusedInputError(
            "no_boundary_file",
            "没有找到可读的边界文件（GeoJSON、Shapefile、GeoPackage、KML 或其 .zip/.gz）。",
            "No readable boundary file was found (GeoJSON, Shapefile, GeoPackage, KML, or these in .zip or "
            ".gz).",
        )
    return blobs


def clean_label(name: str) -> str:
    """Return a name fit for showing: its last part, without control characters, at most 120 long."""
    last = re.split(r"[\\/]", name)[-1]
    return "".join(char for char in last if unicodedata.category(char)[0] != "C")[:120] or "?"


def _open_one(source: Source, caps: Caps) -> Iterator[Blob]:
    """Open one path, folder or byte string."""
    if isinstance(source, bytes):
        yield from _open_bytes(source, "upload", caps)
        return
    path = local_path(source)
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.suffix.lower() in _READABLE and each.is_file())
        if len(files) > caps.max_members:
            raise _too_large(path.name, len(files), caps.max_members, ("files", "个文件"))
        for each in files:
            yield from _open_path(each, caps)
        return
    yield from _open_path(path, caps)


def local_path(source: Path | str) -> Path:
    """Return the path of a regular local file or folder; anything GDAL would resolve otherwise is refused."""
    text = str(source)
    path = Path(source)
    if _REMOTE.search(text) or not path.exists() or not (path.is_dir() or stat.S_ISREG(path.stat().st_mode)):
        raise RefusedInputError(
            "not_a_local_file",
            f"“{text[:120]}”不是本机文件。不接受网址、连接串和 /vsi 路径；请先下载，再给出文件路径。",
            f"{text[:120]!r} is no local file. URLs, connection strings and /vsi paths are not taken: "
            "download first, "
            "then give the path.",
            source=text[:200],
        )
    return path


def _open_path(path: Path, caps: Caps) -> Iterator[Blob]:
    """Open one regular file; a shapefile brings the parts beside it."""
    size = path.stat().st_size
    if size > caps.max_bytes:
        raise _too_large(path.name, size, caps.max_bytes, ("bytes", "字节"))
    data = path.read_bytes()
    if data[:4] == _SHP:
        beside = {each.suffix.lower(): each for each in path.parent.iterdir() if each.stem == path.stem}
        sidecars = {suffix: _read_capped(beside[suffix], caps) for suffix in _SIDECARS if suffix in beside}
        yield Blob(FileKind.SHAPEFILE, data, clean_label(path.name), sidecars)
        return
    wal = path.with_name(path.name + "-wal")
    if data[:16] == _SQLITE and wal.exists() and wal.stat().st_size:
        raise RefusedInputError(
            "file_in_use",
            f"“{clean_label(path.name)}”还有未写入的改动（-wal）。请先关闭正在编辑它的软件。",
            f"{clean_label(path.name)!r} has unwritten changes beside it (-wal). Close the program that "
            "edits it first.",
        )
    yield from _open_bytes(data, clean_label(path.name), caps)


def _read_capped(path: Path, caps: Caps) -> bytes:
    """Read a sidecar under the same cap."""
    if path.stat().st_size > caps.max_bytes:
        raise _too_large(path.name, path.stat().st_size, caps.max_bytes, ("bytes", "字节"))
    return path.read_bytes()


def _open_bytes(data: bytes, label: str, caps: Caps, *, nested: bool = False) -> Iterator[Blob]:
    """Tell the format of bytes, opening one layer of compression."""
    if len(data) > caps.max_bytes:
        raise _too_large(label, len(data), caps.max_bytes, ("bytes", "字节"))
    if data[:2] == _GZIP or data[:4] == _ZIP:
        if nested:
            raise _unsafe(label, "压缩包里还有压缩包", "an archive inside an archive")
        if data[:2] == _GZIP:
            yield from _open_bytes(_gunzip(data, label, caps), label.removesuffix(".gz"), caps, nested=True)
        else:
            yield from _open_zip(data, label, caps)
        return
    yield Blob(_sniff(data, label, caps), data, label)


def _sniff(data: bytes, label: str, caps: Caps) -> FileKind:
    """Return the format of plain bytes, or refuse them."""
    if data[:16] == _SQLITE:
        if data[68:72] in (b"GPKG", b"GP10", b"GP11"):
            return FileKind.GEOPACKAGE
        raise _unknown(label, "SQLite 数据库，但不是 GeoPackage", "an SQLite database, but no GeoPackage")
    if data[:4] == _SHP:
        raise _unknown(
            label, "单独的 .shp；请连同 .dbf 打成 .zip", "a lone .shp; put it in a .zip with its .dbf"
        )
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] in (b"{", b"<") and len(data) > caps.max_text_bytes:
        raise _too_large(
            label,
            len(data),
            caps.max_text_bytes,
            ("bytes of text; use a GeoPackage", "字节文本，请改用 GeoPackage"),
        )
    if head[:1] == b"{":
        return FileKind.GEOJSON
    if head[:1] == b"<":
        root = re.search(rb"<(?![?!])(?:[\w.-]+:)?([\w.-]+)", head)
        if root and root[1] == b"kml":
            return FileKind.KML
        if root is None and b"<!DOCTYPE" in head.upper():
            raise RefusedInputError(
                "unsafe_xml",
                f"“{label}”含有 DOCTYPE 或实体定义，已拒绝。请去掉后重试。",
                f"{label!r} has a DOCTYPE or entity definitions and is refused. Remove that and try again.",
                file=label,
            )
        word = root[1].decode("ascii", "replace")[:40] if root else "?"
        raise RefusedInputError(
            "disguised_file",
            f"“{label}”是 XML <{word}>，不是边界数据，已拒绝打开。请提供 GeoJSON、Shapefile、GeoPackage 或 "
            "KML。",
            f"{label!r} is XML <{word}>, not boundary data, and was not opened. Give GeoJSON, a shapefile, a "
            "GeoPackage or KML.",
            file=label,
            root=word,
        )
    raise _unknown(label, "不认识的格式", "of no known format")


def _gunzip(data: bytes, label: str, caps: Caps) -> bytes:
    """Expand gzip in pieces and stop at the caps."""
    inflater = zlib.decompressobj(31)
    out, total, rest = [], 0, data
    allowed = min(caps.max_bytes, max(len(data), _CHUNK // 16) * caps.max_ratio)
    try:
        while rest and not inflater.eof:
            piece = inflater.decompress(rest, _CHUNK)
            total += len(piece)
            if total > allowed:
                raise _bomb(label, total, len(data))
            out.append(piece)
            rest = inflater.unconsumed_tail
    except zlib.error as error:
        raise _unknown(label, "gzip 损坏", f"damaged gzip ({error})") from error
    if not inflater.eof:
        raise _unknown(label, "gzip 不完整", "a gzip that ends early")
    return b"".join(out)


def _open_zip(data: bytes, label: str, caps: Caps) -> Iterator[Blob]:
    """Read the members of a zip under caps; group the parts of a shapefile by their stem."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _ZIP_ERRORS as error:
        raise _unknown(label, "zip 损坏", f"a damaged zip ({error})") from error
    with archive:
        # A damaged directory can hold a member without a name, which zipfile itself trips over.
        members = [each for each in archive.infolist() if not each.filename or not each.is_dir()]
        _check_members(members, label, caps, len(data))
        content, total = {}, 0
        for each in members:
            name = _member_name(each)
            if PurePosixPath(name).suffix.lower() in _IGNORED or name.startswith("__MACOSX/"):
                continue
            content[name] = _read_member(archive, each, caps, len(data), total)
            total += len(content[name])
    yield from _group_members(content, caps)


def _check_members(members: Sequence[zipfile.ZipInfo], label: str, caps: Caps, size: int) -> None:
    """Refuse what the directory of a zip already gives away."""
    if len(members) > caps.max_members:
        raise _too_large(label, len(members), caps.max_members, ("members", "个成员"))
    if sum(each.file_size for each in members) > max(size, _CHUNK // 16) * caps.max_ratio:
        raise _bomb(label, sum(each.file_size for each in members), size)
    names = [_member_name(each) for each in members]
    if len(set(names)) != len(names):
        raise _unsafe(label, "有重名成员", "two members of one name")
    for each, name in zip(members, names, strict=True):
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not name or ".." in parts or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
            shown = clean_label(name)
            raise _unsafe(label, f"成员名指向包外（{shown}）", f"a member name that leaves it ({shown!r})")
        if each.flag_bits & 1:
            raise _unsafe(label, "有加密成员", "an encrypted member")
        if stat.S_ISLNK(each.external_attr >> 16):
            raise _unsafe(label, "有符号链接", "a symbolic link")


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, caps: Caps, size: int, before: int
) -> bytes:
    """Read one member in pieces; the sizes its header states are not believed."""
    allowed = min(caps.max_bytes, max(size, _CHUNK // 16) * caps.max_ratio) - before
    out, total = [], 0
    try:
        with archive.open(member) as stream:
            while piece := stream.read(_CHUNK):
                total += len(piece)
                if total > allowed:
                    raise _bomb(clean_label(member.filename), before + total, size)
                out.append(piece)
    except _ZIP_ERRORS as error:
        label = clean_label(member.filename)
        raise _unknown(label, "压缩成员损坏", f"a damaged member ({error})") from error
    return b"".join(out)


def _group_members(content: Mapping[str, bytes], caps: Caps) -> Iterator[Blob]:
    """Yield a shapefile per ``.shp`` with its parts, and every other file on its own."""
    stems = {name[:-4].lower() for name in content if name.lower().endswith(".shp")}
    for name, data in sorted(content.items()):
        stem, suffix = name[: -len(PurePosixPath(name).suffix) or None], PurePosixPath(name).suffix.lower()
        if suffix == ".shp":
            parts = {
                PurePosixPath(other).suffix.lower(): body
                for other, body in content.items()
                if other[: -len(PurePosixPath(other).suffix) or None].lower() == stem.lower()
            }
            if data[:4] != _SHP:
                raise _unknown(clean_label(name), "扩展名是 .shp，内容不是", "named .shp, but something else")
            sidecars = {key: parts[key] for key in _SIDECARS if key in parts}
            yield Blob(FileKind.SHAPEFILE, data, clean_label(name), sidecars)
        elif not (suffix in _SIDECARS and stem.lower() in stems):
            yield from _open_bytes(data, clean_label(name), caps, nested=True)


def _member_name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; Chinese Windows writes GBK without the UTF-8 flag, which zipfile takes for cp437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def labels_of(blobs: Iterable[Blob]) -> str:
    """Return the labels of several files for a message."""
    names = [blob.label for blob in blobs]
    return ", ".join(names[:5]) + (f" … ({len(names)})" if len(names) > 5 else "")


def _unknown(label: str, zh: str, en: str) -> RefusedInputError:
    """Return the refusal of a format that is not read."""
    return RefusedInputError(
        "unknown_boundary_format",
        f"“{label}”{zh}。请提供 GeoJSON、Shapefile（.zip）、GeoPackage 或 KML。",
        f"{label!r} is {en}. Give GeoJSON, a shapefile (.zip), a GeoPackage or KML.",
        file=label,
    )


def _too_large(label: str, value: int, limit: int, what: Reason) -> RefusedInputError:
    """Return the refusal of a file above a cap."""
    return RefusedInputError(
        "boundary_too_large",
        f"“{clean_label(label)}”超出上限（{value} > {limit} {what[1]}）。请分省分级提供。",
        f"{clean_label(label)!r} is above the limit ({value} > {limit} {what[0]}). Split it by province or "
        "level.",
        file=clean_label(label),
        value=value,
        limit=limit,
    )


def _bomb(label: str, expanded: int, packed: int) -> RefusedInputError:
    """Return the refusal of an archive that grows beyond reason."""
    return RefusedInputError(
        "archive_bomb",
        f"“{label}”解压后过大（{packed} 字节展开到 {expanded} 字节以上），疑为压缩炸弹。请提供未压缩的文件。",
        f"{label!r} grows beyond the caps ({packed} bytes to more than {expanded}). Give the file "
        "uncompressed.",
        file=label,
        expanded=expanded,
        packed=packed,
    )


def _unsafe(label: str, zh: str, en: str) -> RefusedInputError:
    """Return the refusal of an archive built to mislead."""
    return RefusedInputError(
        "unsafe_archive",
        f"压缩包“{label}”{zh}，已拒绝。请重新打包。",
        f"Archive {label!r} has {en} and is refused. Pack it again.",
        file=label,
    )
