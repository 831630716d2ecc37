"""Burnt area as people write it, to exact 亩. One 亩 is 2000/3 m², so a square metre is 0.0015 亩 exactly."""

from __future__ import annotations

import re
import unicodedata
from decimal import Context, Decimal, Inexact

from gis.errors import UsageError

MU_PER_UNIT: dict[str, Decimal] = {
    **dict.fromkeys(("亩", "市亩", "mu"), Decimal(1)),
    **dict.fromkeys(("平方米", "平米", "m2", "sqm"), Decimal("0.0015")),
    **dict.fromkeys(("公顷", "ha", "hm2"), Decimal(15)),
}
"""亩 per unit, every factor exact. ``㎡`` and ``m²`` read as ``m2``."""

MAX_MU = Decimal(1_000_000)
"""More than any county burns in a season: beyond it somebody mixed up the unit."""

_AREA = re.compile(r"(\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(\.\d{1,6})?\s*([^\d\s.,].*)?", re.ASCII)
_EXACT = Context(prec=40, traps=[Inexact])


def parse_area(text: str, *, unit: str | None = None) -> Decimal:
    """Return the area in 亩 that `text` says.

    Parameters
    ----------
    text
        A number with its unit: ``12.5亩``, ``8000m2``, ``8,000 平方米``, ``0.8公顷``.
    unit
        The unit of a bare number, where a column's heading names it; another unit beside the number is then refused.

    Raises
    ------
    UsageError
        ``bad_area``: no number, no unit or an unknown one, finer than a millionth, or beyond `MAX_MU`.
    """
    clean = unicodedata.normalize("NFKC", text).strip()
    found = _AREA.fullmatch(clean)
    if found is None:
        raise _bad(
            text, "应为数字加单位，例如 12.5亩 或 8000平方米", "write a number and its unit: 12.5亩, 8000m2"
        )
    said = re.sub(r"\s+", "", found[3] or "").casefold()
    if said and said not in MU_PER_UNIT:
        raise _bad(
            text,
            f"没有面积单位 {said}：可用 亩、平方米、公顷",
            f"no unit of area {said!r}: use 亩 (mu), m2 or ha",
        )
    if not said and unit is None:
        raise _bad(text, "没有写面积单位：亩、平方米还是公顷", "the unit is missing: 亩 (mu), m2 or ha")
    if said and unit is not None and MU_PER_UNIT[said] != MU_PER_UNIT[unit]:
        raise _bad(
            text,
            f"列标题的单位是{unit}，单元格写的是{said}：请统一",
            f"the column is in {unit}, the cell says {said}: make them agree",
        )
    number = Decimal(found[1].replace(",", "") + (found[2] or ""))
    return checked_mu(_EXACT.multiply(number, MU_PER_UNIT[said or unit or ""]), text)


def checked_mu(area: Decimal, said: object = None) -> Decimal:
    """Return an area in 亩 without trailing zeros, refused when it is none.

    Raises
    ------
    UsageError
        ``bad_area``: negative, not a number, or beyond `MAX_MU`.
    """
    if not area.is_finite() or area < 0 or area > MAX_MU:
        raise _bad(
            str(area if said is None else said),
            f"面积应在 0 至 {MAX_MU} 亩之间：请核对单位",
            f"an area lies between 0 and {MAX_MU} mu: check the unit",
        )
    plain = format(area, "f")
    return Decimal(plain.rstrip("0").rstrip(".") if "." in plain else plain)


def _bad(value: str, zh: str, en: str) -> UsageError:
    shown = value[:80]
    return UsageError("bad_area", f"面积 {shown!r}：{zh}", f"area {shown!r}: {en}", field="area", value=shown)
