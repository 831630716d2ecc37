"""What became of every row of a table whose good rows are kept: read = accepted + repeated + rejected, always."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why one row was rejected: where it stands, the value, and a sentence in both languages."""

    line: int
    column: str
    value: str
    reason: str
    zh: str
    en: str

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as JSON-representable data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class RowReport:
    """The rows of one file.

    Attributes
    ----------
    accepted
        Rows that say something the store did not know.
    repeated
        Rows that say what the store, or an earlier row of the file, says already.
    rejected
        Rows that are wrong; each says why, the first thing wrong with it.
    """

    read: int = 0
    accepted: int = 0
    repeated: int = 0
    rejected: list[RowProblem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts and the rejected rows, in the order of the file."""
        return {
            "read": self.read,
            "accepted": self.accepted,
            "repeated": self.repeated,
            "rejected": len(self.rejected),
            "problems": [one.as_dict() for one in sorted(self.rejected, key=lambda one: one.line)],
        }


class BadCellError(Exception):
    """A cell that cannot be taken; the reader of a row turns it into its problem."""

    def __init__(self, column: str, value: str, reason: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.column = column
        self.value = value
        self.reason = reason
        self.zh = zh
        self.en = en

    def at(self, line: int) -> RowProblem:
        """Return the problem of a row."""
        return RowProblem(line, self.column, self.value[:80], self.reason, self.zh, self.en)


_STATUS_WORDS = {
    **dict.fromkeys(("official", "正式", "官方"), "official"),
    **dict.fromkeys(("reference", "参考"), "reference"),
    **dict.fromkeys(("sample", "样例", "示例"), "sample"),
    **dict.fromkeys(("synthetic", "合成", "虚构"), "synthetic"),
}


def status_cell(text: str, default: str) -> str:
    """Return the data status of a cell; an empty one has that of the file."""
    found = _STATUS_WORDS.get(text.strip().casefold()) if text else default
    if found is None:
        raise BadCellError(
            "status",
            text,
            "unknown_status",
            "数据状态应为 正式、参考、样例、合成 之一",
            "the status is one of official, reference, sample, synthetic",
        )
    return found


def source_cell(text: str, default: str | None) -> str:
    """Return where a figure comes from; without one it could not be defended."""
    found = text or (default or "").strip()
    if not found:
        raise BadCellError(
            "source",
            text,
            "no_source",
            "缺少来源：请填写“来源”列，或用 --source 说明",
            "it names no source: fill the column source, or say --source",
        )
    return found
