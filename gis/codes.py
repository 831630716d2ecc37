"""Administrative codes (行政区划代码 and 统计用区划代码) as people and spreadsheets write them.

Canonical form: six digits for province, city and county (``220000``, ``220100``, ``220381``), nine for a
township, twelve for a village, and twelve digits, a hyphen and two or three digits for a hamlet
(``220381100201-03``; the hamlet number is a local convention, no national code exists). Codes name a level;
who belongs to whom is dated data (公主岭 220381 belongs to Changchun since 2020), so a prefix is never used
as the tree: see `ancestors`.
"""

from __future__ import annotations

import math
import numbers
import re
import unicodedata

from gis.errors import RefusedInputError
from gis.types import Level

PROVINCES = frozenset(
    str(number)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
    for number in range(first, last + 1)
)
"""The two digits a code can begin with (GB/T 2260)."""

_PLAIN = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}")
_HAMLET = re.compile(r"(\d{12})-(\d{2,3})")
_DECIMAL = re.compile(r"(\d+)\.0*")
_SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?E\+?(\d{1,2})")
_LEVEL_BY_LENGTH = {9: Level.TOWNSHIP, 12: Level.VILLAGE}


def parse_code(value: object) -> str:
    """Return the canonical code of a cell, however a spreadsheet wrote it.

    Parameters
    ----------
    value
        ``"220381"``, ``220381``, ``220381.0``, ``"220381000000"``, ``"2.20381E5"``, full-width digits, a
        leading apostrophe, blanks around or between.

    Raises
    ------
    RefusedInputError
        ``bad_code``: not a code; ``lossy_code``: scientific notation that lost digits (``2.20381E+11``).
    """
    text = _text(value)
    hamlet = _HAMLET.fullmatch(text)
    if hamlet:
        if hamlet[1].endswith("000"):
            raise _bad(value, "组号前面必须是村代码", "a hamlet number must follow a village code")
        return f"{_checked(hamlet[1], value)}-{hamlet[2]}"
    if not _PLAIN.fullmatch(text):
        raise _bad(value, "代码应为2、4、6、9或12位数字", "a code has 2, 4, 6, 9 or 12 digits")
    return _canonical(_checked(text, value))


def level_of_code(code: str) -> Level | None:
    """Return the level a canonical code names, None for text that is not canonical.

    Notes
    -----
    County-level cities under a province directly (429004, 469001) are counties; 441900 is a city without
    counties.
    """
    if _HAMLET.fullmatch(code):
        return Level.HAMLET
    if not code.isascii() or not code.isdigit():
        return None
    if len(code) == 6:
        if code.endswith("0000"):
            return Level.PROVINCE
        return Level.CITY if code.endswith("00") else Level.COUNTY
    return _LEVEL_BY_LENGTH.get(len(code))


def ancestors(code: str) -> tuple[str, ...]:
    """Return the codes that `code` is spelled under, narrow to wide: a hint for matching, never the tree."""
    parts = []
    if _HAMLET.fullmatch(code):
        parts.append(code[:12])
    digits = code[:12]
    if len(digits) == 12:
        parts.append(digits[:9])
    if len(digits) >= 9:
        parts.append(digits[:6])
    parts += [digits[:4] + "00", digits[:2] + "0000"]
    return tuple(dict.fromkeys(part for part in parts if part != code))


def _text(value: object) -> str:
    """Return a cell as plain half-width digits, or refuse it."""
    if isinstance(value, bool) or value is None:
        raise _bad(value, "单元格没有代码", "the cell holds no code")
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        number = float(value)
        if not math.isfinite(number) or number != int(number) or not 0 <= number < 1e12:
            raise _bad(value, "数值不是整数代码", "the number is not a whole code")
        return str(int(number))
    if not isinstance(value, str):
        raise _bad(value, "单元格不是文本或数字", "the cell is neither text nor a number")
    text = unicodedata.normalize("NFKC", value).strip().strip("'’\"`\ufeff").upper()
    text = re.sub(r"\s+", "", text)
    decimal = _DECIMAL.fullmatch(text)
    if decimal:
        return decimal[1]
    scientific = _SCIENTIFIC.fullmatch(text)
    return _expand(scientific, value) if scientific else text


def _expand(match: re.Match[str], value: object) -> str:
    """Write out scientific notation whose digits are all there; refuse it when some were dropped."""
    digits = match[1] + (match[2] or "")
    if len(digits) != int(match[3]) + 1:
        raise RefusedInputError(
            "lossy_code",
            f"代码“{value}”是科学计数法，后面的数字已经丢失。请把该列改为文本格式后重新导出。",
            f"Code {str(value)!r} is in scientific notation and has lost digits. Format the column as text "
            "and export "
            "again.",
            value=str(value)[:80],
        )
    return digits


def _checked(digits: str, value: object) -> str:
    """Refuse digits that no province of China begins with."""
    if digits[:2] not in PROVINCES:
        raise _bad(value, f"没有以{digits[:2]}开头的省级代码", f"no province code begins with {digits[:2]}")
    return digits


def _canonical(digits: str) -> str:
    """Drop the zeros that pad a code to nine or twelve digits, and pad a short one to six."""
    if len(digits) == 12 and digits.endswith("000"):
        digits = digits[:9]
    if len(digits) == 9 and digits.endswith("000"):
        digits = digits[:6]
    return digits.ljust(6, "0")


def _bad(value: object, zh: str, en: str) -> RefusedInputError:
    """Return the refusal of a cell that holds no code."""
    shown = str(value)[:80]
    return RefusedInputError(
        "bad_code",
        f"“{shown}”不是行政区划代码：{zh}。请检查代码列（--code-field）。",
        f"{shown!r} is not an administrative code: {en}. Check the code column (--code-field).",
        value=shown,
    )
