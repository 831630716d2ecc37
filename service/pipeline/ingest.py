"""Feed files into detections: one transaction per file, nothing lost, the same bytes never twice.

The conservation law (DESIGN section 6): each row is tested in the order rejected, outside, duplicate, accepted, so
read = accepted + duplicate + outside + rejected, always.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gis.errors import HuodianError, NotFoundError, RefusedInputError
from gis.feeds import ColumnMap, Limits, Member, ParsedFeed, open_container, read_feed
from gis.reasons import reason_of
from gis.times import instant_of
from service.pipeline import detections
from service.pipeline.archive import Archive
from service.pipeline.area import EVERYWHERE, NO_AREA, Area, area_of_unit, current_area, no_area
from service.pipeline.collecting import collector_paused
from service.store.engine import Reader, Store, Writer
from service.store.models import FeedCoverage, FeedFile, RejectedRow

COMMAND = "ingest"


@dataclass(frozen=True, slots=True)
class Options:
    """How files are to be read.

    Attributes
    ----------
    feed
        Name of a feed variant, or None to recognise it from the header.
    columns
        Map of an unknown table's columns.
    dates
        ``mdy`` or ``dmy`` where a file cannot settle it.
    area
        None for the service area in force, ``none`` to keep every row, or a unit code.
    buffer_km
        Buffer of an `area` given by code.
    """

    feed: str | None = None
    columns: ColumnMap | None = None
    dates: str | None = None
    area: str | None = None
    buffer_km: int = 20
    limits: Limits = field(default_factory=Limits)

    @property
    def map_key(self) -> str:
        """What else than bytes and area decides the reading, so that another reading is another file."""
        parts = [self.feed or "", self.dates or "", repr(self.columns) if self.columns else ""]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16] if any(parts) else ""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file; `refused` holds the error code of a file that was not read at all."""

    path: str
    feed: str | None = None
    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    outside: int = 0
    superseded: int = 0
    rejected: int = 0
    refused: str | None = None
    message_zh: str | None = None
    message_en: str | None = None
    known: bool = False


@dataclass(frozen=True, slots=True)
class IngestReport:
    """The `ingest` answer: one report per file and the totals."""

    files: tuple[FileReport, ...]

    @property
    def refused(self) -> bool:
        """Whether a file was refused (exit code 1)."""
        return any(file.refused for file in self.files)

    def as_dict(self) -> dict[str, Any]:
        """Return the data of the answer."""
        names = ("read", "accepted", "duplicate", "outside", "superseded", "rejected")
        totals = {name: sum(getattr(file, name) for file in self.files) for name in names}
        totals["refused"] = sum(1 for file in self.files if file.refused)
        return {"files": [asdict(file) for file in self.files], "totals": totals}


def ingest(
    store: Store,
    archive: Archive,
    paths: Sequence[Path],
    *,
    actor: str,
    options: Options | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> IngestReport:
    """Read files and directories into the store.

    Parameters
    ----------
    paths
        Files, or directories whose files are taken in name order.
    progress
        Called with the file's label, its number and the number of files, before each file.

    Raises
    ------
    NotFoundError
        When a path does not exist; nothing is read then.
    RefusedInputError
        ``no_service_area`` when neither an area is loaded nor ``none`` asked for.
    """
    options = options or Options()
    files = list(_files(paths))
    with store.reader() as reader:
        area = _area(reader, options)
    reports: list[FileReport] = []
    for number, path in enumerate(files):
        if progress:
            progress(path.name, number, len(files))
        reports.extend(_ingest_file(store, archive, path, area, actor, options))
    return IngestReport(tuple(reports))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        elif path.is_file():
            yield path
        else:
            raise NotFoundError(
                "no_such_file",
                f"找不到文件 {path}：请核对路径",
                f"no such file {path}: check the path",
                value=str(path),
            )


def _area(reader: Reader, options: Options) -> Area:
    if options.area == NO_AREA:
        return EVERYWHERE
    if options.area is not None:
        return area_of_unit(reader, options.area, options.buffer_km)
    area = current_area(reader)
    if area is None:
        raise no_area()
    return area


def _ingest_file(
    store: Store, archive: Archive, path: Path, area: Area, actor: str, options: Options
) -> Iterator[FileReport]:
    label = _label(path.name)
    try:
        if path.stat().st_size > options.limits.max_expanded_bytes:
            raise _too_large(path)
        data = path.read_bytes()
        members = open_container(data, name=label, limits=options.limits)
    except HuodianError as error:
        yield _refusal(label, error)
        return
    except OSError as error:
        yield _refusal(label, _unreadable(label, error))
        return
    sha256 = hashlib.sha256(data).hexdigest()
    for member in members:
        name = member.label or label
        try:
            with collector_paused():
                report = _ingest_member(store, archive, data, sha256, member, name, area, actor, options)
            yield report
        except HuodianError as error:
            if error.code == "store_busy":
                raise
            yield _refusal(name, error)


def _ingest_member(
    store: Store,
    archive: Archive,
    data: bytes,
    sha256: str,
    member: Member,
    name: str,
    area: Area,
    actor: str,
    options: Options,
) -> FileReport:
    key = {"sha256": sha256, "member": member.index, "area_key": area.key, "map_key": options.map_key}
    with store.reader() as reader:
        known = _known(reader, key)
    if known is not None:
        return _again(known, name)
    parsed = read_feed(
        member,
        feed=options.feed,
        dates=options.dates,  # type: ignore[arg-type]
        columns=options.columns,
        outside=None if area.geometry is None else area.outside,
    )
    batch = detections.prepare(parsed.rows)
    archive.put(data, sha256)
    with store.writer(actor, COMMAND, {"file": name, **key}) as writer:
        known = _known(writer, key)  # another writer may have come first
        if known is not None:
            return _again(known, name)
        return _write(writer, key, name, len(data), parsed, batch)


def _write(
    writer: Writer, key: dict[str, Any], name: str, size: int, parsed: ParsedFeed, batch: detections.Batch
) -> FileReport:
    file_id = writer.allocate(FeedFile, 1)
    outcome = detections.write(writer, file_id, parsed, batch)
    writer.bulk(
        FeedFile,
        {
            "id": [file_id],
            "rev": writer.revision,
            **key,
            "name": name,
            "feed": parsed.feed,
            "source_kind": str(parsed.source_kind),
            "size": size,
            "read": parsed.read,
            "accepted": outcome.accepted,
            "duplicate": outcome.duplicate,
            "outside": parsed.outside,
            "superseded": outcome.superseded,
            "rejected": len(parsed.rejected),
        },
    )
    _write_details(writer, file_id, parsed)
    return FileReport(
        name,
        parsed.feed,
        read=parsed.read,
        accepted=outcome.accepted,
        duplicate=outcome.duplicate,
        outside=parsed.outside,
        superseded=outcome.superseded,
        rejected=len(parsed.rejected),
    )


def _write_details(writer: Writer, file_id: int, parsed: ParsedFeed) -> None:
    if parsed.coverage:
        first = writer.allocate(FeedCoverage, len(parsed.coverage))
        writer.bulk(
            FeedCoverage,
            {
                "id": list(range(first, first + len(parsed.coverage))),
                "file_id": file_id,
                "satellite": [c.satellite for c in parsed.coverage],
                "first_at": [instant_of(c.first_minute) for c in parsed.coverage],
                "last_at": [instant_of(c.last_minute) for c in parsed.coverage],
                "rows": [c.rows for c in parsed.coverage],
            },
        )
    if parsed.rejected:
        first = writer.allocate(RejectedRow, len(parsed.rejected))
        writer.bulk(
            RejectedRow,
            {
                "id": list(range(first, first + len(parsed.rejected))),
                "file_id": file_id,
                "line": [row.line for row in parsed.rejected],
                "column_name": [_storable(row.column) for row in parsed.rejected],
                "value": [_storable(row.value) for row in parsed.rejected],
                "reason": [row.reason for row in parsed.rejected],
                "message_zh": [_storable(row.zh) for row in parsed.rejected],
                "message_en": [_storable(row.en) for row in parsed.rejected],
                "raw": [_storable(row.raw) for row in parsed.rejected],
            },
        )


def _storable(text: str) -> str:
    """Return text both homes can store: PostgreSQL takes no NUL, neither takes lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _known(reader: Reader, key: dict[str, Any]) -> Any | None:
    table = FeedFile.__table__
    return reader.connection.execute(
        sa.select(table).where(*(table.c[column] == value for column, value in key.items()))
    ).first()


def _again(row: Any, name: str) -> FileReport:
    """Report a file met before: everything it had to say is known."""
    return FileReport(
        name,
        row.feed,
        read=row.read,
        duplicate=row.accepted + row.duplicate,
        outside=row.outside,
        rejected=row.rejected,
        known=True,
    )


def _refusal(name: str, error: HuodianError) -> FileReport:
    return FileReport(name, refused=error.code, message_zh=error.zh, message_en=error.en)


def _label(name: str) -> str:
    """Return a file name fit to be shown: printable and short; it is never used as a path."""
    clean = "".join(char if char.isprintable() else "\ufffd" for char in name)
    return clean.encode("utf-8", "replace").decode()[:200]


def _too_large(path: Path) -> RefusedInputError:
    return RefusedInputError(
        "file_too_large",
        f"文件 {_label(path.name)} 超过大小上限：请拆分后再导入",
        f"file {_label(path.name)} exceeds the size limit: split it",
        value=path.stat().st_size,
    )


def _unreadable(label: str, error: OSError) -> RefusedInputError:
    en, zh = reason_of(error)
    return RefusedInputError(
        "unreadable_file",
        f"文件 {label} 无法读取（{zh}）：请检查权限与磁盘后重新导入",
        f"file {label} cannot be read ({en}): check its permissions and the disk, and ingest it again",
        value=label,
    )
