"""Degrees, minutes and seconds, and dates with times, as Chinese lists write them."""

from __future__ import annotations

import re
from fractions import Fraction

from gis.feeds.words import MAX_CELL

_HEMISPHERES = {
    "N": "lat",
    "S": "lat",
    "北": "lat",
    "南": "lat",
    "E": "lon",
    "W": "lon",
    "东": "lon",
    "西": "lon",
}
_SIGNS = {"S": -1, "W": -1, "南": -1, "西": -1}
_DMS = re.compile(
    r"(?P<before>[NSEW]|[东西]经|[北南]纬)?\s*"
    r"(?P<sign>[+-])?(?P<degrees>\d{1,3})\s*(?:[°º˚度:]|\s)\s*"
    r"(?P<minutes>\d{1,2}(?:\.\d{1,12})?)\s*"
    r"(?:(?:['′’＇`分:]|\s)\s*(?:(?P<seconds>\d{1,2}(?:\.\d{1,12})?)\s*(?:[\"″”＂秒]|''|′′|’’)?)?)?\s*"
    r"(?P<after>[NSEWnsew])?",
    re.ASCII,
)


def parse_dms(text: str, axis: str) -> float | None:
    """Return the degrees of a text such as ``125°19′23.456″``, ``125 19 23.456`` or ``东经125度19分23.456秒``.

    A plain decimal number is None: 125.1923 may be degrees or ``DD.MMSS``, and that is not guessed.

    Parameters
    ----------
    text
        The cell.
    axis
        ``lon`` or ``lat``; a hemisphere of the other axis is None.
    """
    match = _DMS.fullmatch(text.strip()) if len(text) <= MAX_CELL else None
    if match is None:
        return None
    marks = {mark[:1].upper() for mark in (match["before"], match["after"]) if mark}
    if len(marks) > 1 or any(_HEMISPHERES[mark] != axis for mark in marks):
        return None
    sign = -1 if match["sign"] == "-" else 1
    for mark in marks:
        sign *= _SIGNS.get(mark, 1)
    return join_dms(match["degrees"], match["minutes"], match["seconds"] or "0", sign)


_WHOLE = re.compile(r"[+-]?\d{1,3}(?:\.0+)?", re.ASCII)
_PART = re.compile(r"\d{1,2}(?:\.\d{1,12})?", re.ASCII)


def join_dms(degrees: str, minutes: str, seconds: str, sign: int = 1) -> float | None:
    """Return degrees from three cells, correctly rounded; None when a part is no number or not below 60."""
    if max(len(degrees), len(minutes), len(seconds)) > MAX_CELL:
        return None
    whole, part, rest = degrees.strip(), minutes.strip(), seconds.strip()
    if not (_WHOLE.fullmatch(whole) and _PART.fullmatch(part) and _PART.fullmatch(rest)):
        return None
    if whole.startswith("-"):
        sign = -sign
    m, s = Fraction(part), Fraction(rest)
    if m >= 60 or s >= 60 or (m.denominator != 1 and s):
        return None
    return float(sign * (abs(Fraction(whole)) + m / 60 + s / 3600))


_CHINESE = str.maketrans("年月日号时点分秒：", "--  ::: :")
_SPLIT = re.compile(r"(\S+?)(?:T|\s+)(\d\S*)", re.ASCII)
_OFFSET = re.compile(r"(.*?)(Z|[+-]\d{2}:?\d{2})", re.ASCII)


def plain_clock(text: str) -> str:
    """Return a date or time with Chinese unit words turned into marks."""
    return text.translate(_CHINESE).strip().rstrip(":-")


def split_instant(text: str, minutes_east: int) -> tuple[str, str] | None:
    """Return date and time of one cell; None when it is not both, or states another offset than the file's."""
    match = _SPLIT.fullmatch(plain_clock(text)) if len(text) <= MAX_CELL else None
    if match is None:
        return None
    date, time = match[1], match[2]
    if offset := _OFFSET.fullmatch(time):
        if _east(offset[2]) != minutes_east:
            return None
        time = offset[1]
    return date, time


def _east(offset: str) -> int:
    if offset == "Z":
        return 0
    digits = offset[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if offset[0] == "-" else minutes
