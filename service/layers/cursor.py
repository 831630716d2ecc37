"""Where a page ended: the keys of its last feature and the revision it was read at.

A cursor belongs to one question. It says the revision, so that rows written between two pages neither repeat nor skip
a feature, and it carries a digest of itself and of the question: one that was changed, or is used for another
question, is refused.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gis.errors import UsageError
from service.layers.literals import storable
from service.layers.model import Property
from service.store.types import canonical_json

_DIGEST = 16
_LONGEST = 4096
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an answer.

    Attributes
    ----------
    question
        What the cursor belongs to, as text.
    values
        The sort keys of the last feature that was read; None before the first page.
    """

    question: str
    rev: int
    values: tuple[Any, ...] | None = None

    def following(self, values: Sequence[Any]) -> str:
        """Return the opaque text of the place after these keys."""
        body = canonical_json({"r": self.rev, "k": [_packed(one) for one in values]}).encode()
        return base64.urlsafe_b64encode(_digest(body, self.question) + body).decode().rstrip("=")


def read_cursor(text: str, question: str, newest: int) -> Cursor:
    """Return the place that a cursor of this question stands for.

    Raises
    ------
    UsageError
        ``bad_cursor``: not one of ours, changed, or of another question.
    """
    try:
        if len(text) > _LONGEST:
            raise ValueError("too long")
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        mark, body = raw[:_DIGEST], raw[_DIGEST:]
        if mark != _digest(body, question):
            raise ValueError("digest")
        document = json.loads(body)
        rev, values = int(document["r"]), tuple(_unpacked(one) for one in document["k"])
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise _bad() from error
    if not 0 <= rev <= newest:
        raise _bad()
    return Cursor(question, rev, values)


def require_kinds(cursor: Cursor, keys: Sequence[Property | None]) -> None:
    """Refuse a cursor whose values are not of its sort keys' types: the digest keeps out accidents, not forgers.

    Raises
    ------
    UsageError
        ``bad_cursor``.
    """
    values = cursor.values or ()
    if len(values) != len(keys) or not all(map(_fits, values, keys)):
        raise _bad()


def _fits(value: Any, prop: Property | None) -> bool:
    if value is None or prop is None:
        return prop is not None
    if prop.kind == "string":
        return isinstance(value, str) and storable(value)
    if prop.kind in ("integer", "number") and not isinstance(value, bool):
        return (isinstance(value, int) and abs(value) < _LARGEST) or (
            isinstance(value, float) and math.isfinite(value)
        )
    if prop.kind == "datetime":
        return isinstance(value, dt.datetime) and value.utcoffset() is not None
    if prop.kind == "date":
        return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    return prop.kind == "boolean" and isinstance(value, bool)


def _digest(body: bytes, question: str) -> bytes:
    return hashlib.sha256(body + b"\0" + question.encode()).digest()[:_DIGEST]


def _packed(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return {"t": value.isoformat()}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    return value


def _unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "t" in value:
        return dt.datetime.fromisoformat(value["t"])
    return dt.date.fromisoformat(value["d"])


def _bad() -> UsageError:
    return UsageError(
        "bad_cursor",
        "翻页标记无效，或属于另一个查询：请从第一页重新开始",
        "the cursor is not valid or belongs to another query: start again from the first page",
    )
