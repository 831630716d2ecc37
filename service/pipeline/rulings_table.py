"""Rulings by the table: each row is recorded, known already, or rejected alone with line, column, value and reason.

A row is checked as a single ruling is, by the same code, and all rows are one transaction. A row is known where the
newest ruling of its kind says the same, or where this very row (point, kind, value, reason, evidence) was recorded
before: a table handed in again takes back nothing that was ruled since, and the report names such rows.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gis.errors import HuodianError, UsageError
from gis.tables import TableRow, read_table
from service.pipeline.archive import Archive
from service.pipeline.row_report import BadCellError, RowProblem, RowReport
from service.pipeline.ruling_checks import NONE, PAIRS, Checks
from service.pipeline.rulings import APPLIED_KINDS, COMMAND, KINDS, require_form
from service.reports.words import SCREEN_WORDS
from service.scope import Scope
from service.store.engine import Store, Writer
from service.store.models import Ruling
from service.users import Permission, require, require_ruling
from service.wording import MOST_WORDS, is_shown

COLUMNS: dict[str, tuple[str, ...]] = {
    "fire_point_id": ("火点编号", "火点ID", "编号"),
    "kind": ("裁定类别", "类别"),
    "value": ("裁定值", "裁定结果", "值"),
    "reason": ("理由", "裁定理由"),
    "evidence_sha256": ("证据哈希", "照片哈希", "evidence"),
}
REQUIRED = ("fire_point_id", "kind", "value", "reason")

KIND_WORDS: Mapping[str, tuple[str, ...]] = {
    "unit": ("单位", "归属", "归属单位", "属地"),
    "zone": ("分区", "区划"),
    "screen": ("筛除", "筛查", "计入或筛除"),
    "duplicate": ("重复", "重复火点", "duplicate of"),
    "order": ("排序", "次序", "顺序"),
    "exempt": ("免责", "豁免"),
    "payer": ("付款单位", "付费单位", "特别付费单位", "付款方"),
    "distinct": ("非同一火", "非同一火点", "不是同一火点", "不同火点", "distinct from"),
}
"""What people write in the column of kinds, beside our words."""

MAX_VALUE = 200
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_COLUMN_OF = {"evidence_required": "evidence_sha256", "own_denial": "value", "own_bill": "kind"}
_NONE_WORDS = ("无", "不在区划内", "撤销")


@dataclass(frozen=True, slots=True)
class Row:
    """One row in our words, its form checked, its ground not yet."""

    line: int
    fire_point_id: str
    kind: str
    value: str
    reason: str
    evidence_sha256: str | None


@dataclass(slots=True)
class TableReport:
    """What became of a table; ``read = accepted + repeated + rejected``, always.

    Attributes
    ----------
    overruled
        Lines of repeated rows that do not stand: somebody ruled otherwise since.
    recorded
        Line, kind and value of each row that was accepted.
    fire_points
        Live ids that got a ruling, in order.
    days
        Fire days that have to be assessed again.
    revision
        None when nothing was written.
    """

    file: str
    sha256: str
    rows: RowReport = field(default_factory=RowReport)
    overruled: list[int] = field(default_factory=list)
    recorded: list[tuple[int, str, str]] = field(default_factory=list)
    fire_points: list[str] = field(default_factory=list)
    days: list[dt.date] = field(default_factory=list)
    revision: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-representable data."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            **self.rows.as_dict(),
            "overruled": self.overruled,
            "fire_points": self.fire_points,
            "days": [day.isoformat() for day in self.days],
            "revision": self.revision,
            "unchanged": self.revision is None,
        }


@dataclass(frozen=True, slots=True)
class _Ready:
    """A row that may be recorded: the live state it lands on and its value as stored."""

    row: Row
    state: Any
    value: str
    said: str
    """The value by which two rulings are compared."""


def rule_table(
    store: Store,
    source: Path | bytes,
    *,
    actor: str,
    scope: Scope,
    name: str = "rulings.csv",
    archive: Archive | None = None,
) -> TableReport:
    """Record the rulings of a CSV in one transaction; the same table again changes nothing.

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
        When the role may not rule.
    """
    require(scope, Permission.RULE)
    data, label = (source.read_bytes(), source.name) if isinstance(source, Path) else (source, name)
    rows = read_table(data, columns=COLUMNS, required=REQUIRED, name=label)
    digest = hashlib.sha256(data).hexdigest()
    report = TableReport(label, digest, RowReport(read=len(rows)))
    problems = report.rows.rejected
    entries = [entry for row in rows if (entry := _entry(row, problems)) is not None]
    with store.writer(actor, COMMAND, {"file": label, "sha256": digest, "rows": len(rows)}) as writer:
        checks = Checks(writer, scope)
        ready = _without_contradictions(_ready(checks, scope, entries, problems), problems)
        ledger = _Ledger(writer, checks)
        new = [one for one in ready if not _known(ledger, one, report)]
        if new:
            if archive is not None:
                archive.put(data, digest)
            for one in new:
                ledger.record(writer, one, actor)
            report.revision = writer.revision
    report.rows.accepted = len(new)
    report.fire_points = list(dict.fromkeys(one.state.fire_point_id for one in new))
    report.recorded = [(one.row.line, one.row.kind, one.value) for one in new]
    report.days = sorted({one.state.fire_day for one in new if one.row.kind in APPLIED_KINDS})
    return report


def _known(ledger: _Ledger, one: _Ready, report: TableReport) -> bool:
    """Whether a row says nothing new; it then counts as repeated, and as overruled where it does not stand."""
    stands = ledger.stands(one)
    if not stands and not ledger.recorded(one):
        ledger.expect(one)
        return False
    ledger.expect_again(one)
    report.rows.repeated += 1
    if not stands:
        report.overruled.append(one.row.line)
    return True


# --- the form of a row ---------------------------------------------------------------------------------------


def _entry(row: TableRow, problems: list[RowProblem]) -> Row | None:
    try:
        for column in REQUIRED:
            if not row[column]:
                title = COLUMNS[column][0]
                raise BadCellError(column, "", "missing", f"{title}为空", f"{column} is empty")
        kind = _kind(row["kind"])
        return Row(
            row.line,
            _text(row, "fire_point_id", MAX_VALUE),
            kind,
            _value(kind, _text(row, "value", MAX_VALUE)),
            _reason(kind, _text(row, "reason", MOST_WORDS)),
            _evidence(row["evidence_sha256"]),
        )
    except BadCellError as error:
        problems.append(error.at(row.line))
        return None


def _text(row: TableRow, column: str, longest: int) -> str:
    found = row[column]
    # What cannot be shown reaches neither store nor page; a reason may have lines.
    if len(found) > longest or not is_shown(found, lines=column == "reason"):
        title = COLUMNS[column][0]
        raise BadCellError(
            column,
            ascii(found[:40]),
            "bad_text",
            f"{title}超过 {longest} 个字或含控制字符",
            f"{column} is longer than {longest} characters or has control characters",
        )
    return found


def _plain(text: str) -> str:
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", text)).casefold()


_KINDS = {_plain(word): kind for kind in KINDS for word in (kind, *KIND_WORDS[kind])}
_SCREENS = {_plain(word): code for code, said in SCREEN_WORDS.items() for word in (code, said.zh, said.en)}
_NONES = {_plain(word) for word in (NONE, *_NONE_WORDS)}


def _kind(word: str) -> str:
    found = _KINDS.get(_plain(word))
    if found is None:
        raise BadCellError(
            "kind",
            word,
            "bad_ruling",
            f"裁定类别 {word[:40]!r} 不在清单内：{'、'.join(f'{KIND_WORDS[one][0]}（{one}）' for one in KINDS)}",
            f"kind {word[:40]!r} is not one of {', '.join(KINDS)}",
        )
    return found


def _value(kind: str, word: str) -> str:
    """Return a value in our words; a code or an id stays as it stands."""
    plain = _plain(word)
    if kind == "screen":
        return _SCREENS.get(plain, word)
    if kind in ("zone", "exempt", "payer") and plain in _NONES:
        return NONE
    return unicodedata.normalize("NFKC", word) if kind == "order" else word


def _reason(kind: str, reason: str) -> str:
    try:
        require_form(kind, reason)
    except UsageError as error:
        raise BadCellError("reason", reason, error.code, error.zh, error.en) from error
    return reason


def _evidence(text: str) -> str | None:
    clean = text.strip().lower()
    if clean and not _SHA256.fullmatch(clean):
        raise BadCellError(
            "evidence_sha256",
            text,
            "bad_evidence",
            f"证据哈希 {text[:80]!r} 不是 64 位十六进制 SHA-256",
            f"evidence {text[:80]!r} is not a SHA-256 of 64 hexadecimal digits",
        )
    return clean or None


# --- the ground of a row -------------------------------------------------------------------------------------


def _ready(checks: Checks, scope: Scope, rows: Sequence[Row], problems: list[RowProblem]) -> list[_Ready]:
    """Return the rows that may be recorded, in the order of the file."""
    checks.expect([*(row.fire_point_id for row in rows), *(row.value for row in rows if row.kind in PAIRS)])
    found = []
    for row in rows:
        column = "fire_point_id"
        try:
            state = checks.state(row.fire_point_id)
            column = "kind"
            require_ruling(scope, row.kind, row.value, row.evidence_sha256)
            column = "value"
            value = checks.value(state, row.kind, row.value)
        except HuodianError as error:
            column = _COLUMN_OF.get(error.code, column)
            cell = str(getattr(row, column) or "")
            problems.append(RowProblem(row.line, column, cell[:80], error.code, error.zh, error.en))
        else:
            found.append(_Ready(row, state, value, _said(checks, row.kind, value)))
    return found


def _said(checks: Checks, kind: str, value: str) -> str:
    """Return a value by which rulings are compared: a zone by its code, a fire point by what it is now."""
    if kind == "zone":
        return value.partition("|")[0]
    return checks.live(value) or value if kind in PAIRS else value


def _without_contradictions(ready: Sequence[_Ready], problems: list[RowProblem]) -> list[_Ready]:
    """Reject rows of one table that contradict each other: nobody can tell which is meant."""
    groups: dict[tuple[str, str], list[_Ready]] = defaultdict(list)
    for one in ready:
        for key in _questions(one):
            groups[key].append(one)
    bad: dict[int, int] = {}
    for group in groups.values():
        answers = {(one.row.kind, one.said) for one in group}
        if len(answers) > 1:
            lines = [one.row.line for one in group]
            bad.update((line, next(other for other in lines if other != line)) for line in lines)
    for one in ready:
        if one.row.line in bad:
            other = bad[one.row.line]
            problems.append(
                RowProblem(
                    one.row.line,
                    "value",
                    one.row.value[:80],
                    "contradicts_line",
                    f"与第 {other} 行对同一火点的裁定相矛盾：只留一行，两行均未登记",
                    f"it contradicts line {other} on the same fire point: keep one of them, neither was recorded",
                )
            )
    return [one for one in ready if one.row.line not in bad]


def _questions(one: _Ready) -> Iterable[tuple[str, str]]:
    """Yield what a row answers: its kind on its fire point; "repeats A" and "is not A" answer one question."""
    point, kind = one.state.fire_point_id, one.row.kind
    if kind != "distinct":
        yield point, kind
    if kind in PAIRS:
        yield point, f"same {one.said}"


class _Ledger:
    """The rulings recorded so far, of the whole store: what stands, what was once said, what a row supersedes."""

    def __init__(self, writer: Writer, checks: Checks) -> None:
        self._newest: dict[tuple[str, str], tuple[str, str]] = {}
        self._rows: set[tuple[str, ...]] = set()
        self._decided: set[tuple[str, ...]] = set()
        self._ids: dict[tuple[str, ...], int] = {}
        table = Ruling.__table__
        query = sa.select(table).where(writer.known(Ruling)).order_by(table.c.id)
        for row in writer.rows(query):
            point = checks.live(row.fire_point_id) or row.fire_point_id
            said = _said(checks, row.kind, row.value)
            self._say(point, row.kind, said)
            self._rows.add((point, row.kind, said, row.reason, row.evidence_sha256 or ""))
            self._ids[self._superseded(row.fire_point_id, row.kind, row.value)] = row.id

    def stands(self, one: _Ready) -> bool:
        """Whether the newest ruling on the question says the same."""
        point, kind = one.state.fire_point_id, one.row.kind
        return all(self._newest.get((point, key)) == (kind, one.said) for key in self._keys(kind, one.said))

    def recorded(self, one: _Ready) -> bool:
        """Whether this very row was recorded before, in whatever way, or a row of this table decides the same."""
        return self._key(one) in self._rows or self._key(one)[:3] in self._decided

    def expect(self, one: _Ready) -> None:
        """Take a row as said: the same one further down the table is known."""
        self._say(one.state.fire_point_id, one.row.kind, one.said)
        self._rows.add(self._key(one))

    def expect_again(self, one: _Ready) -> None:
        """Take what a known row decides as known, whatever reason another row of the table gives for it."""
        self._decided.add(self._key(one)[:3])

    def record(self, writer: Writer, one: _Ready, actor: str) -> None:
        """Write a row; it supersedes the newest of its kind on its fire point, as a single ruling does."""
        point, kind = one.state.fire_point_id, one.row.kind
        replaced = self._superseded(point, kind, one.value)
        self._ids[replaced] = writer.insert(
            Ruling,
            fire_point_id=point,
            kind=kind,
            value=one.value,
            reason=one.row.reason.strip(),
            evidence_sha256=one.row.evidence_sha256,
            actor=actor,
            supersedes_id=self._ids.get(replaced),
        )

    def _say(self, point: str, kind: str, said: str) -> None:
        for key in self._keys(kind, said):
            self._newest[point, key] = (kind, said)

    @staticmethod
    def _keys(kind: str, said: str) -> list[str]:
        if kind == "distinct":
            return [f"same {said}"]
        return [kind, f"same {said}"] if kind == "duplicate" else [kind]

    @staticmethod
    def _superseded(point: str, kind: str, value: str) -> tuple[str, ...]:
        return (point, kind, value) if kind == "distinct" else (point, kind)

    @staticmethod
    def _key(one: _Ready) -> tuple[str, ...]:
        row = one.row
        return one.state.fire_point_id, row.kind, one.said, row.reason.strip(), row.evidence_sha256 or ""
