"""Small CSV tables that people write (cells, duties, plans, township lists): columns by name in two languages.

Every cell is plain text here, formulas included: what begins with ``=`` is somebody's data until an exporter writes it,
and neutralising it is the exporter's duty.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gis.errors import RefusedInputError
from gis.reasons import WrongValueError
from gis.times import BEIJING

MAX_BYTES = 64 * 2**20
MAX_CELL = 20_000


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its first physical line, and the cells of the columns asked for (empty text when absent)."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row or feature, for people."""

    line: int
    column: str
    value: str
    reason: str
    reason_zh: str

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as JSON-representable data."""
        return asdict(self)


def read_table(
    raw: bytes, /, *, columns: Mapping[str, Sequence[str]], required: Sequence[str], name: str = "table"
) -> list[TableRow]:
    """Read a CSV with a header, UTF-8 (with or without byte order mark) or GB18030.

    Parameters
    ----------
    raw
        The bytes.
    columns
        For each column of ours the headers it may have; compared without case, width or white space.
    required
        Columns of ours that must be there.
    name
        What to call the file in a message.

    Raises
    ------
    RefusedInputError
        ``bad_table``: too large, not text, no header, a required column missing or standing twice.
    """
    if len(raw) > MAX_BYTES:
        raise bad_table(name, f"文件超过 {MAX_BYTES} 字节", f"more than {MAX_BYTES} bytes")
    reader = csv.reader(io.StringIO(_decode(raw, name), newline=""), strict=False)
    try:
        header = next(reader, None)
        if not header:
            raise bad_table(name, "文件为空", "the file is empty")
        places = _places(header, columns, name)
        for column in required:
            if column not in places:
                known = " / ".join(columns[column])
                raise bad_table(name, f"缺少列 {known}", f"the column {known} is missing", column=column)
        return list(_rows(reader, places, len(header)))
    except csv.Error as error:
        raise bad_table(
            name,
            f"第 {reader.line_num} 行不符合 CSV 格式（引号未闭合、单元格过长或含空字符）",
            f"line {reader.line_num}: {error}",
        ) from error


def _rows(reader: Any, places: Mapping[str, int], width: int) -> list[TableRow]:
    found: list[TableRow] = []
    before = reader.line_num
    for cells in reader:
        line, before = before + 1, reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        padded = [*cells, *[""] * (width - len(cells))]
        found.append(TableRow(line, {key: padded[at].strip()[:MAX_CELL] for key, at in places.items()}))
    return found


def _decode(raw: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise bad_table(name, "不是 UTF-8 或 GB18030 文本", "the text is neither UTF-8 nor GB18030")


def _plain(text: str) -> str:
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _places(header: Sequence[str], columns: Mapping[str, Sequence[str]], name: str) -> dict[str, int]:
    wanted = {_plain(title): column for column, titles in columns.items() for title in (column, *titles)}
    places: dict[str, int] = {}
    for at, cell in enumerate(header):
        column = wanted.get(_plain(cell))
        if column is None:
            continue
        if column in places:
            raise bad_table(name, f"列 {cell} 出现两次", f"the column {cell} stands twice", column=column)
        places[column] = at
    return places


def bad_table(name: str, zh: str, en: str, **context: Any) -> RefusedInputError:
    """Return the refusal of a table; the caller raises it."""
    return RefusedInputError(
        "bad_table",
        f"表 {name} 无法读取：{zh}。请改正后重新加载。",
        f"The table {name} cannot be read: {en}. Correct it and load it again.",
        file=name,
        **context,
    )


def refuse_problems(name: str, problems: Sequence[Problem], code: str = "bad_table") -> None:
    """Raise when there are problems; the message names the first, the context lists all."""
    if not problems:
        return
    first = problems[0]
    raise RefusedInputError(
        code,
        f"{name} 有 {len(problems)} 处错误，第一处在第 {first.line} 行 {first.column} 列"
        f"（值“{first.value[:80]}”）：{first.reason_zh}。请改正后重新加载。",
        f"{name} has {len(problems)} error(s), the first in line {first.line}, column {first.column} "
        f"(value {first.value[:80]!r}): {first.reason}. Correct it and load it again.",
        file=name,
        errors=[problem.as_dict() for problem in problems],
    )


def parse_date(text: str) -> dt.date:
    """Return the date of ``2023-10-29``, ``2023/10/29``, ``2023年10月29日`` or ``20231029``.

    Raises
    ------
    ValueError
        Anything else, a day and month in another order included.
    """
    clean = unicodedata.normalize("NFKC", text).strip()
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", clean) or re.fullmatch(
        r"(\d{4})(\d{2})(\d{2})", clean
    )
    if not found:
        raise WrongValueError(f"{text!r} is not a date such as 2023-10-29", "不是日期，例如 2023-10-29")
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise WrongValueError(f"{text!r} is no day of the calendar: {error}", "日历中没有这一天") from error


def parse_instant(text: str) -> dt.datetime:
    """Return an aware instant; a clock time without a zone is Beijing time, the only civil time of these files.

    Raises
    ------
    ValueError
        Not a date with a clock time.
    """
    clean = unicodedata.normalize("NFKC", text).strip()
    found = re.fullmatch(
        r"(.+?)[ T]*(\d{1,2})[:时](\d{2})(?:分)?(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?", clean
    )
    if not found:
        raise WrongValueError(
            f"{text!r} is not a date and time such as 2023-10-29 14:00",
            "不是日期加时刻，例如 2023-10-29 14:00",
        )
    day = parse_date(found[1].strip())
    zone: dt.tzinfo = BEIJING
    if found[5] == "Z":
        zone = dt.UTC
    elif found[5]:
        sign = 1 if found[5][0] == "+" else -1
        zone = dt.timezone(sign * dt.timedelta(hours=int(found[5][1:3]), minutes=int(found[5][-2:])))
    try:
        clock = dt.time(int(found[2]), int(found[3]), int(found[4] or 0), tzinfo=zone)
    except ValueError as error:
        raise WrongValueError(f"{text!r} has no time of day: {error}", "不是有效的时刻") from error
    return dt.datetime.combine(day, clock)
