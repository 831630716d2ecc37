"""Records of the dated unit register: a unit keeps its id while codes, names and parents change."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

from gis.types import LEVELS, Level, Validity

RANK = {level: rank for rank, level in enumerate(LEVELS)}
"""Position of a level from wide (0) to narrow."""


class Purpose(StrEnum):
    """What a parent is for. The four trees differ: 梅河口 lies in 通化 but is assessed beside it."""

    LEGAL = "legal"
    SUPERVISION = "supervision"
    PAYER = "payer"
    ASSESSMENT = "assessment"


class SuccessionKind(StrEnum):
    """How a unit came out of others."""

    RENAME = "rename"
    UPGRADE = "upgrade"
    TRANSFER = "transfer"
    MERGE = "merge"
    SPLIT = "split"


ALWAYS = Validity()
"""Open at both ends: no date is known, or none is needed."""

CONFIDENCES = ("Q", "S", "I", "R")
"""Quoted official text, secondary report, inferred, general knowledge (the tags of the domain reference)."""


@dataclass(frozen=True, slots=True)
class UnitName:
    """A name and the days on which it holds; an alias is a spelling people use, never the official name."""

    text: str
    validity: Validity = ALWAYS
    alias: bool = False
    source: str = ""
    confidence: str = "R"


@dataclass(frozen=True, slots=True)
class UnitCode:
    """A code, its numbering scheme, and the list and vintage that carry it.

    The same nine digits name different townships in different schemes (237 of 775 shared ones between the
    statistics list and the civil-affairs list of Jilin), so a code without its scheme is not a key.
    """

    code: str
    validity: Validity = ALWAYS
    scheme: str = "stats"
    list_name: str = ""
    vintage: str = ""
    source: str = ""
    confidence: str = "R"


@dataclass(frozen=True, slots=True)
class UnitParent:
    """The parent of a unit for one purpose, in the days on which it holds."""

    parent: str
    purpose: Purpose = Purpose.LEGAL
    validity: Validity = ALWAYS
    source: str = ""
    confidence: str = "R"


@dataclass(frozen=True, slots=True)
class Succession:
    """A dated change: which units went in, which came out; a rename has the same unit on both sides."""

    kind: SuccessionKind
    before: tuple[str, ...]
    after: tuple[str, ...]
    day: dt.date
    note: str = ""
    source: str = ""
    confidence: str = "R"


@dataclass(frozen=True, slots=True)
class Unit:
    """One accountable unit.

    Parameters
    ----------
    uid
        Stable id made of the founding code (``u220381``); never changes and never means another unit.
    level
        The level at which the unit stands for every purpose.
    kind
        What it is today: ``district``, ``county_city``, ``development_zone``, ``commission``, ``town``, ...
    validity
        The days on which the unit exists.
    detailed
        Whether the children registered make up the whole unit. A county of which only one township is
        known is not detailed: what remains of it still counts as a leaf.
    """

    uid: str
    level: Level
    kind: str
    names: tuple[UnitName, ...]
    codes: tuple[UnitCode, ...] = ()
    parents: tuple[UnitParent, ...] = ()
    validity: Validity = ALWAYS
    detailed: bool = False
    source: str = ""
    confidence: str = "R"
    note: str = field(default="", compare=False)

    def name(self, day: dt.date | None = None) -> str:
        """Return the official name on `day` (the latest one when None)."""
        official = [name for name in self.names if not name.alias]
        if day is not None:
            for name in official:
                if name.validity.holds(day):
                    return name.text
        return official[-1].text if official else self.uid

    def code(self, day: dt.date | None = None, scheme: str = "stats") -> str | None:
        """Return the code in `scheme` on `day`, else the latest one of the scheme, else None."""
        own = [code for code in self.codes if code.scheme == scheme]
        if day is not None:
            for code in own:
                if code.validity.holds(day):
                    return code.code
        return own[-1].code if own else None

    @property
    def rank(self) -> int:
        """Position of its level from wide to narrow."""
        return RANK[self.level]


def canonical(code: str) -> str:
    """Return digits in the length of their level: 6 for province, city and county, 9 township, 12 village.

    ``"22"`` and ``"2201"`` are widened to six digits, ``"220381000000"`` is cut to ``"220381"``. Anything
    that is not a code of 2, 4, 6, 9 or 12 digits is returned as it came, stripped (a hamlet carries a
    local suffix).
    """
    text = unicodedata.normalize("NFKC", str(code)).strip()
    if not re.fullmatch(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}", text):
        return text
    text = text.ljust(6, "0")
    while len(text) > 6 and text.endswith("000"):
        text = text[:-3]
    return text


_BRACKETS = re.compile(r"\([^()]*\)|【[^】]*】|\[[^\]]*\]")
_OFFICE = re.compile(r"(街道)(?:办事处|办)$")


def plain_name(name: str) -> str:
    """Return a name for comparison: one width, no white space or line break, no bracketed remark."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(name)))
    bare = _BRACKETS.sub("", text)
    return _OFFICE.sub(r"\1", bare or text)


_ETHNIC = "满族|朝鲜族|蒙古族|回族|锡伯族"
_TAIL = re.compile(rf"(?:(?:{_ETHNIC})+)?(?:自治州|自治县|地区|林区|新区|省|市|州|县|区|旗)$")


def stem(name: str) -> str:
    """Return the proper name without its rank word: 扶余县 and 扶余市 share 扶余.

    A stem of one character (沈 of 沈县) is too short to mean anything, so the whole name is kept then.
    """
    text = plain_name(name)
    short = _TAIL.sub("", text)
    return short if len(short) >= 2 else text
