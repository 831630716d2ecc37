"""Quarantined rows, exported: nothing that came in is lost, and everybody can see why it was not read."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gis.errors import ForbiddenError
from service.reports.tables import neutral
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FeedFile, RejectedRow

COLUMNS = ("file", "sha256", "line", "column", "value", "reason", "message_zh", "message_en", "raw")


def rejected_rows(reader: Reader, scope: Scope) -> list[dict[str, Any]]:
    """Return every rejected row known at the reader's revision, by file and line.

    Raises
    ------
    ForbiddenError
        When the scope is not the whole province: a row that could not be read has no place that could be checked.
    """
    if not scope.everything:
        raise ForbiddenError(
            "scope_too_narrow",
            "拒收行没有可核对的位置，只有省级可以查看",
            "a rejected row has no place to check, so only an identity with the whole scope may read it",
        )
    row, file = RejectedRow.__table__, FeedFile.__table__
    found = reader.rows(
        sa.select(file.c.name, file.c.sha256, row)
        .join(file, file.c.id == row.c.file_id)
        .where(file.c.rev <= reader.horizon)
        .order_by(file.c.id, row.c.line, row.c.id)
    )
    return [
        {
            "file": one.name,
            "sha256": one.sha256,
            "line": one.line,
            "column": one.column_name,
            "value": one.value,
            "reason": one.reason,
            "message_zh": one.message_zh,
            "message_en": one.message_en,
            "raw": one.raw,
        }
        for one in found
    ]


def rejected_csv(rows: Sequence[dict[str, Any]]) -> bytes:
    """Return the rows as CSV (UTF-8 with BOM); a cell that a spreadsheet would run gets a leading apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_inert(row[name]) for name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def _inert(value: Any) -> Any:
    return neutral(value) if isinstance(value, str) else value
