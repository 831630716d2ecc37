"""The vocabulary of feeds: what one cell of text means. Every function here is pure, total and cached.

Both readers, the vectorised one and the one that goes line by line, ask these functions, so that they cannot disagree.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from functools import lru_cache
from typing import Literal

from gis.types import Confidence

DateOrder = Literal["mdy", "dmy"]

_EPOCH = 719163
_NULLS = frozenset({"", "na", "nan", "n/a", "null", "none", "-nan", "<na>"})
NULL_SPELLINGS = ("", "NA", "nan", "NaN", "N/A", "null", "NULL", "None")
"""Spellings of "no value" for Arrow, which compares exactly; a part of what `is_null` accepts."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?", re.ASCII)
_DIGITS = re.compile(r"(\d{1,4})(?:\.0)?", re.ASCII)
_VERSION = re.compile(r"(\d{1,3})?(?:\.(\d{1,3}))?\s*(URT|RT|NRT|SP)?", re.ASCII | re.IGNORECASE)

_MIDNIGHT = re.compile(r"[T ]00:00(?::00(?:\.0{1,9})?)?Z?\Z", re.ASCII)
MAX_CELL = 100
"""Cells that are judged by meaning are shorter; a longer one is wrong without being looked at (or cached)."""

FIRST_DAY = dt.date(2000, 1, 1).toordinal() - _EPOCH
LAST_DAY = dt.date(2099, 12, 31).toordinal() - _EPOCH


def is_null(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return text.strip().lower() in _NULLS


def number(text: str) -> float | None:
    """Return a finite decimal number, or None. No thousands marks, no hexadecimal, no infinity."""
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped) is None:
        return None
    value = float(stripped)
    return value if math.isfinite(value) else None


def _day(year: str, month: str, day: str) -> int | None:
    try:
        return dt.date(int(year), int(month), int(day)).toordinal() - _EPOCH
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def day_readings(text: str) -> tuple[int | None, int | None, bool]:
    """Return what a date means month-first, what it means day-first, and whether its spelling leaves that open.

    Year-first dates mean the same both ways. A midnight behind the date (pandas and Excel write it) says nothing. Days
    are counted from 1970-01-01; None is no calendar date.
    """
    stripped = text.strip()
    if len(stripped) > 10:
        stripped = _MIDNIGHT.sub("", stripped)
    if match := _YEAR_FIRST.fullmatch(stripped):
        value = _day(match[1], match[3], match[4])
        return value, value, False
    if match := _YEAR_LAST.fullmatch(stripped):
        return _day(match[4], match[1], match[3]), _day(match[4], match[3], match[1]), True
    if match := _COMPACT.fullmatch(stripped):
        value = _day(match[1], match[2], match[3])
        return value, value, False
    return None, None, False


def date_problem(text: str, order: DateOrder | None) -> str | None:
    """Return why a date is rejected under `order` (None: not settled yet), or None when it is good."""
    month_first, day_first, open_spelling = day_readings(text)
    if order is not None or not open_spelling:
        value = day_first if order == "dmy" else month_first
    else:
        value = month_first if month_first is not None else day_first
    if value is None:
        return "bad_date"
    return None if FIRST_DAY <= value <= LAST_DAY else "implausible_date"


@lru_cache(maxsize=8192)
def minute_of_day(text: str) -> int | None:
    """Return minutes after midnight of ``HHMM`` (zeros may be lost), ``HH:MM``, ``HH:MM:SS``; seconds drop."""
    stripped = text.strip()
    if match := _CLOCK.fullmatch(stripped):
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    elif match := _DIGITS.fullmatch(stripped):
        hour, minute, second = int(match[1]) // 100, int(match[1]) % 100, 0
    else:
        return None
    return hour * 60 + minute if hour < 24 and minute < 60 and second < 60 else None


# Families decide how a confidence is written. FIRMS writes satellites in at least four ways (N, 1, N20, NOAA-20).
_FAMILIES: dict[str, str] = {"Terra": "modis", "Aqua": "modis", "SNPP": "viirs"}
_INSTRUMENTS = {"modis": "MODIS", "viirs": "VIIRS", "landsat": "OLI"}
_SATELLITES: dict[str, str] = {
    "t": "Terra", "a": "Aqua", "n": "SNPP", "npp": "SNPP", "snpp": "SNPP", "suominpp": "SNPP", "suomi": "SNPP",
    "1": "NOAA-20", "j1": "NOAA-20", "jpss1": "NOAA-20", "j2": "NOAA-21", "jpss2": "NOAA-21",
    "2": "NOAA-21", "terra": "Terra", "aqua": "Aqua", "eosam1": "Terra", "eospm1": "Aqua",
}  # fmt: skip
_SERIES: tuple[tuple[str, str, str], ...] = (
    (r"(?:n|noaa)(2[01])", "NOAA-", "viirs"),
    (r"(?:l|landsat)0?([89])", "Landsat-", "landsat"),
    (r"(?:g|goes)(1[6-9])(?:frp)?", "GOES-", "percent"),
    (r"(?:him|h|himawari)0?([89])", "Himawari-", "percent"),
    (r"(?:met|meteosat|msg)0?(8|9|10|11)(?:frp)?", "Meteosat-", "percent"),
    (r"(?:met|meteosat|mtg)(12)(?:frp)?", "Meteosat-", "fraction"),
    (r"(?:fy|fengyun)(3[a-h]|4[ab])", "FY-", "any"),
    (r"(?:s|sentinel)(3[ab])", "Sentinel-", "any"),
    (r"(?:hj|huanjing)([12][ab])", "HJ-", "any"),
)
_GEO_INSTRUMENTS = {"GOES": "ABI", "Himawari": "AHI", "FY": "", "Sentinel": "SLSTR", "HJ": ""}


@lru_cache(maxsize=4096)
def satellite(text: str) -> tuple[str, str] | None:
    """Return the one name of a satellite and its confidence family, or None when nobody knows it."""
    key = re.sub(r"[\s_\-]", "", text.strip().lower())
    if name := _SATELLITES.get(key):
        return name, _FAMILIES.get(name, "viirs")
    for pattern, prefix, family in _SERIES:
        if match := re.fullmatch(pattern, key, re.ASCII):
            return prefix + match[1].upper(), family
    return None


def is_geostationary(name: str) -> bool:
    """Whether a unified satellite name belongs to a geostationary one."""
    return name.startswith(("GOES-", "Himawari-", "Meteosat-", "FY-4"))


def instrument(text: str, satellite_name: str, family: str) -> str | None:
    """Return the instrument as written, or the one this satellite detects fires with when the column is empty."""
    written = text.strip()
    if written and not is_null(written):
        return written.upper() if written.upper() in {"MODIS", "VIIRS", "OLI", "ABI", "AHI"} else written
    if known := _INSTRUMENTS.get(family):
        return known
    if satellite_name.startswith("Meteosat-"):
        return "FCI" if satellite_name == "Meteosat-12" else "SEVIRI"
    if satellite_name.startswith("FY-"):
        return "AGRI" if satellite_name.startswith("FY-4") else "MERSI"
    return _GEO_INSTRUMENTS.get(satellite_name.partition("-")[0]) or None


_WORDS = {
    "l": Confidence.LOW, "low": Confidence.LOW, "n": Confidence.NOMINAL, "nominal": Confidence.NOMINAL,
    "m": Confidence.NOMINAL, "medium": Confidence.NOMINAL, "h": Confidence.HIGH, "high": Confidence.HIGH,
    "低": Confidence.LOW, "中": Confidence.NOMINAL, "高": Confidence.HIGH,
}  # fmt: skip
_FAMILY_WORDS = {
    "viirs": {"l", "low", "n", "nominal", "h", "high", "低", "中", "高"},
    "landsat": {"l", "low", "m", "medium", "h", "high", "低", "中", "高"},
    "any": set(_WORDS),
}


def _number_class(family: str, value: float) -> Confidence | str | None:
    top = 1.0 if family == "fraction" else 100.0
    if not 0.0 <= value <= top:
        return "out_of_range"
    if family != "modis":
        # No producer publishes classes for these numbers; inventing them would decide money.
        return Confidence.UNKNOWN
    if value < 30:
        return Confidence.LOW
    return Confidence.NOMINAL if value < 80 else Confidence.HIGH


@lru_cache(maxsize=16384)
def confidence(family: str, text: str) -> tuple[Confidence | None, str | None]:
    """Return the class of a confidence in the way this family writes it, or None and the reason why it is not one.

    MODIS: FIRMS reads 0-100 as low below 30, nominal below 80, high from 80. VIIRS and Landsat: words or letters.
    Geostationary numbers have no published classes: unknown. `free` (people and cameras) takes anything.
    """
    word = text.strip().lower()
    if is_null(word):
        return Confidence.UNKNOWN, None
    if family == "free":
        return _WORDS.get(word, Confidence.UNKNOWN), None
    if word in _FAMILY_WORDS.get(family, ()):
        return _WORDS[word], None
    value = number(word)
    if value is None or family in ("viirs", "landsat"):
        return None, "unknown_confidence"
    found = _number_class(family, value)
    return (found, None) if isinstance(found, Confidence) else (None, found)


_RANK_CLASS = {"URT": 1, "RT": 2, "NRT": 3, "SP": 4}
_PER_CLASS = 1_000_000


@lru_cache(maxsize=4096)
def version_rank(text: str, archived: bool) -> int:
    """Return the rank of a product version; strictly higher supersedes.

    ``class x 1,000,000 + major x 1,000 + minor`` with URT 1, RT 2, NRT 3, standard 4 (no suffix). The minor part is a
    whole number: 6.03 and 6.3 are both version 3 of collection 6, and both are above 6.2. No version at all is 0,
    so that it never supersedes, except where `archived` (the `type` column is filled, which only standard products
    do): then standard without a number. A version of another form ranks like none.
    """
    stripped = text.strip()
    match = _VERSION.fullmatch(stripped)
    if is_null(stripped) or match is None or not any(match.groups()):
        return _RANK_CLASS["SP"] * _PER_CLASS if archived else 0
    level = _RANK_CLASS[(match[3] or "SP").upper()]
    return level * _PER_CLASS + int(match[1] or 0) * 1000 + int(match[2] or 0)


def daynight(text: str) -> str | None:
    """Return ``D`` or ``N``; empty is no flag; None is neither."""
    word = text.strip().upper()
    if is_null(word):
        return ""
    return {"D": "D", "N": "N", "DAY": "D", "NIGHT": "N"}.get(word)


def fire_type(text: str) -> int | None:
    """Return the FIRMS fire type 0 to 3, -1 when empty, None when it is no such number."""
    if is_null(text):
        return -1
    value = number(text)
    return int(value) if value in (0.0, 1.0, 2.0, 3.0) else None
