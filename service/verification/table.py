"""Findings by the table: each row is recorded, known already, or rejected alone with line, column, value and reason.

Rows are written in the order in which people looked, whatever their order in the file; two of one time in that of
their lines.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from gis.errors import HuodianError, UsageError
from gis.tables import TableRow, parse_instant, read_table
from service.pipeline.archive import Archive
from service.scope import Scope
from service.store.engine import Store, Writer
from service.users import Permission, require
from service.verification.area import parse_area
from service.verification.entry import Entry, bad_time, entry_of, require_level, require_possible_time
from service.verification.record import COMMAND, insert, known_keys, level_of
from service.verification.targets import Targets, visible_states
from service.verification.words import finding_of, level_of_word, source_of

COLUMNS: dict[str, tuple[str, ...]] = {
    "fire_point_id": ("火点编号", "火点ID", "编号"),
    "finding": ("核实结论", "核查结论", "核实结果"),
    "level": ("级别", "核实级别", "核查级别"),
    "found_at": ("核实时间", "核查时间"),
    "person": ("核实人", "核查人", "核实人员"),
    "note": ("备注", "说明"),
    "area_mu": ("面积(亩)", "过火面积(亩)", "面积亩"),
    "area_m2": ("面积(平方米)", "过火面积(平方米)", "面积(㎡)", "面积平方米"),
    "source": ("来源", "核实方式", "source_kind"),
    "lon": ("经度", "longitude"),
    "lat": ("纬度", "latitude"),
    "photo_sha256": ("照片哈希", "证据哈希", "evidence_sha256"),
}
REQUIRED = ("fire_point_id", "finding", "level", "found_at", "person")

_FIELD_COLUMN = {
    "evidence_sha256": "photo_sha256",
    "source_kind": "source",
    "area": "area_mu",
    "value": "fire_point_id",
}
_NUMBER = re.compile(r"[+-]?\d{1,3}(\.\d{1,12})?", re.ASCII)
_TOLERANCE = Decimal("0.001")
"""How far 亩 and square metres of one row may differ: each was rounded by whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that was not taken, for people."""

    line: int
    column: str
    value: str
    reason: str
    message_zh: str
    message_en: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-representable data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class TableReport:
    """What became of a table; ``read = accepted + repeated + rejected``, always.

    Attributes
    ----------
    fire_points
        Live ids that got a finding, in order.
    revision
        None when nothing was written.
    """

    file: str
    sha256: str
    read: int
    accepted: int
    repeated: int
    rejected: tuple[Rejected, ...]
    fire_points: tuple[str, ...]
    revision: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-representable data."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "read": self.read,
            "accepted": self.accepted,
            "repeated": self.repeated,
            "rejected": len(self.rejected),
            "problems": [one.as_dict() for one in self.rejected],
            "fire_points": list(self.fire_points),
            "revision": self.revision,
            "unchanged": self.revision is None,
        }


def verify_table(
    store: Store,
    source: Path | bytes,
    *,
    actor: str,
    scope: Scope,
    name: str = "results.csv",
    archive: Archive | None = None,
    now: dt.datetime | None = None,
) -> TableReport:
    """Record the findings of a CSV in one transaction; the same table again changes nothing.

    Parameters
    ----------
    source
        The file or its bytes: UTF-8 or GB18030, headings in Chinese or English (docs/inputs.md).
    archive
        Where the table itself is kept, when it brought something new.

    Raises
    ------
    RefusedInputError
        ``bad_table``: the file as a whole is no such table.
    ForbiddenError
        When the role may not record findings.
    """
    require(scope, Permission.VERIFY)
    data, label = (source.read_bytes(), source.name) if isinstance(source, Path) else (source, name)
    rows = read_table(data, columns=COLUMNS, required=REQUIRED, name=label)
    rejected: list[Rejected] = []
    entries = [(row, entry) for row in rows if (entry := _entry(row, rejected)) is not None]
    digest = hashlib.sha256(data).hexdigest()
    with store.writer(actor, COMMAND, {"file": label, "sha256": digest, "rows": len(rows)}) as writer:
        possible = _possible(writer, scope, entries, now or dt.datetime.now(dt.UTC), rejected)
        new, repeated = _split(writer, scope, possible)
        if new:
            if archive is not None:
                archive.put(data, digest)
            insert(writer, new, actor, scope)
        revision = writer.revision if new else None
    return TableReport(
        file=label,
        sha256=digest,
        read=len(rows),
        accepted=len(new),
        repeated=repeated,
        rejected=tuple(sorted(rejected, key=lambda one: one.line)),
        fire_points=tuple(dict.fromkeys(state.fire_point_id for _, state, _ in new)),
        revision=revision,
    )


def _entry(row: TableRow, rejected: list[Rejected]) -> Entry | None:
    try:
        return entry_of(
            _required(row, "fire_point_id"),
            finding=finding_of(_required(row, "finding")),
            level=level_of_word(_required(row, "level")),
            found_at=_instant(_required(row, "found_at")),
            person=row["person"],
            note=row["note"],
            evidence_sha256=row["photo_sha256"] or None,
            area=_area(row),
            source_kind=source_of(row["source"]) if row["source"] else None,
            lon=_degrees(row, "lon"),
            lat=_degrees(row, "lat"),
        )
    except HuodianError as error:
        rejected.append(_rejected(row, error))
        return None


def _possible(
    writer: Writer,
    scope: Scope,
    entries: Sequence[tuple[TableRow, Entry]],
    now: dt.datetime,
    rejected: list[Rejected],
) -> list[tuple[TableRow, Entry, Any]]:
    """Return the rows that may be recorded, each with the live state it lands on."""
    if not entries:
        return []
    targets: Targets = visible_states(writer, scope, (entry.fire_point_id for _, entry in entries))
    highest = level_of(writer, scope)
    found = []
    for row, entry in entries:
        try:
            state = targets.require(entry.fire_point_id)
            require_level(scope, entry.level, highest)
            require_possible_time(entry, state.first_at, now)
        except HuodianError as error:
            rejected.append(_rejected(row, error))
        else:
            found.append((row, entry, state))
    return found


def _split(
    writer: Writer, scope: Scope, possible: Sequence[tuple[TableRow, Entry, Any]]
) -> tuple[list[tuple[Entry, Any, str | None]], int]:
    """Return the rows to write, oldest finding first, and how many are known already."""
    keyed = [(row, entry, state, entry.key(scope.unit_uid)) for row, entry, state in possible]
    seen = set(known_keys(writer, [key for *_, key in keyed]))
    new: list[tuple[Entry, Any, str | None]] = []
    for _row, entry, state, key in sorted(keyed, key=lambda one: (one[1].found_at, one[0].line)):
        if key not in seen:
            seen.add(key)
            new.append((entry, state, key))
    return new, len(possible) - len(new)


def _rejected(row: TableRow, error: HuodianError) -> Rejected:
    named = str(error.context.get("field", "fire_point_id"))
    column = _FIELD_COLUMN.get(named, named)
    value = row[column] or str(error.context.get("value", ""))
    # A lone surrogate of a damaged file is not to break the report of it.
    shown = value[:200].encode("utf-8", "backslashreplace").decode()
    return Rejected(row.line, column, shown, error.code, _plain(error.zh), _plain(error.en))


def _plain(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _required(row: TableRow, column: str) -> str:
    if not row[column]:
        title = COLUMNS[column][0]
        raise UsageError("missing", f"{title}为空", f"{column} is empty", field=column, value="")
    return row[column]


def _instant(text: str) -> dt.datetime:
    try:
        return parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise bad_time(text) from error


def _area(row: TableRow) -> Decimal | None:
    """Return the area in 亩 of either column; given in both, they have to agree."""
    said: Mapping[str, Decimal] = {
        column: _in_column(row, column, unit)
        for column, unit in (("area_mu", "亩"), ("area_m2", "平方米"))
        if row[column]
    }
    if len(said) == 2 and abs(said["area_mu"] - said["area_m2"]) > max(
        Decimal("0.01"), said["area_mu"] * _TOLERANCE
    ):
        raise UsageError(
            "area_twice",
            f"面积(亩) {row['area_mu'][:40]} 与 面积(平方米) {row['area_m2'][:40]} 不一致",
            f"area_mu {row['area_mu'][:40]} and area_m2 {row['area_m2'][:40]} contradict each other",
            field="area_m2",
        )
    return next(iter(said.values()), None)


def _in_column(row: TableRow, column: str, unit: str) -> Decimal:
    try:
        return parse_area(row[column], unit=unit)
    except UsageError as error:
        error.context["field"] = column
        raise


def _degrees(row: TableRow, column: str) -> float | None:
    text = unicodedata.normalize("NFKC", row[column])
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise UsageError(
            "bad_place",
            f"{COLUMNS[column][0]} {text[:40]!r} 不是十进制度数",
            f"{column} {text[:40]!r} is not a number of degrees",
            field=column,
        )
    return float(text)
