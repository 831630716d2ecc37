"""Text, money and time as the papers show them. Whatever stands in a document, only letters come out."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Any

from gis.errors import RefusedInputError
from gis.times import to_beijing

DASH = "—"
_LONG_WORD = re.compile(r"[!-~\u00a1-\u02ff]{25,}")
_BREAK_EVERY = 12
_BREAK = "\u200b"
_LETTERLESS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(value: Any) -> str:
    """Return text on one line; what could reorder or hide letters is named instead, such as ``〔U+202E〕``.

    None is a dash. A character outside Unicode's letters, marks, numbers, signs and spaces never reaches the paper as
    itself: white space of any kind becomes a space, the rest its code point.
    """
    if value is None or value == "":
        return DASH
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_letter(one) for one in unicodedata.normalize("NFC", text))


def _letter(one: str) -> str:
    if one in "\t\n\v\f\r\x85\u2028\u2029":
        return " "
    return named(one) if unicodedata.category(one) in _LETTERLESS else one


def named(one: str) -> str:
    """Return how a character is named that cannot be shown."""
    return f"〔U+{ord(one):04X}〕"


class Whole(str):
    """Text that stays in one piece, to be copied from the paper; it has a line of its own."""

    __slots__ = ()


def breakable(text: str) -> str:
    """Return text in which a word longer than a column may be broken; the breaks are invisible."""

    def cut(found: re.Match[str]) -> str:
        long = found.group()
        return _BREAK.join(long[at : at + _BREAK_EVERY] for at in range(0, len(long), _BREAK_EVERY))

    return _LONG_WORD.sub(cut, text)


def clip(text: str, limit: int) -> str:
    """Return text of at most `limit` half widths (a Chinese character has two), with an ellipsis where it was cut."""
    widths = (1 if unicodedata.east_asian_width(one) in ("Na", "H", "N") else 2 for one in text)
    for at, taken in enumerate(accumulate(widths)):
        if taken > limit:
            return f"{text[: max(at - 1, 0)]}…"
    return text


def amount(value: Any) -> Decimal:
    """Return an amount of a document, which is text, as a number.

    Raises
    ------
    RefusedInputError
        ``document_amount`` when it is none.
    """
    try:
        found = Decimal(value) if isinstance(value, str | int | Decimal) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite():
        raise RefusedInputError(
            "document_amount",
            f"单据中的金额 {value!r} 不是数字文本：请核对来源文件，或用 statement verify 检查",
            f"the amount {value!r} in the document is not a number as text: check the file with `statement verify`",
            value=str(value),
        )
    return found


def money(value: Any) -> str:
    """Return an amount of yuan with separators and two decimals, such as ``800,000.00``; None is a dash."""
    return DASH if value is None else f"{amount(value):,.2f}"


def instant(value: Any) -> str:
    """Return an ISO 8601 instant as ``2023-10-29 12:51`` Beijing time; a civil date stays one, None is a dash."""
    if not value:
        return DASH
    text = str(value)
    try:
        if len(text) == len("2023-10-29"):
            return dt.date.fromisoformat(text).isoformat()
        return f"{to_beijing(dt.datetime.fromisoformat(text)):%Y-%m-%d %H:%M}"
    except ValueError:
        return clean(text)


def day_words(value: Any) -> str:
    """Return an instant or a date as ``2024年5月15日`` or ``2024年5月15日 17:00``, Beijing time."""
    shown = instant(value)
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)( \d\d:\d\d)?", shown)
    if not found:
        return shown
    year, month, day, clock = found.groups()
    return f"{year}年{int(month)}月{int(day)}日{clock or ''}"


def stamp(document: Mapping[str, Any]) -> int:
    """Return the second since 1970 a paper carries as its making: when it was issued, else computed, else 0."""
    for name in ("issued_at", "computed_at"):
        try:
            moment = dt.datetime.fromisoformat(str(document.get(name) or ""))
        except ValueError:
            continue
        if moment.tzinfo is not None:
            return max(int(moment.timestamp()), 0)
    return 0


def metres(value: Any) -> str:
    """Return a distance, given as text of metres, in metres or kilometres; None is unknown."""
    if value is None or value == "":
        return "未知"
    found = amount(value)
    return f"{found / 1000:.1f} 千米" if found >= 1000 else f"{found:.0f} 米"


def percent(value: Any) -> str:
    """Return a share between 0 and 1, given as text, in percent with one decimal."""
    return DASH if value is None else f"{amount(value) * 100:.1f}%"


def joined(parts: Iterator[str]) -> str:
    """Return clauses as one sentence's worth of text."""
    return "；".join(part for part in parts if part)
