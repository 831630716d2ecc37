"""Records of the dated unit register: a unit keeps its id while codes, names and parents change."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

from gis.codes import parse_code
from gis.errors import RefusedInputError
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

ALONE = "special_township"
"""Kind of a township that is authored without its siblings, because a commission governs it."""

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
    """

    uid: str
    level: Level
    kind: str
    names: tuple[UnitName, ...]
    codes: tuple[UnitCode, ...] = ()
    parents: tuple[UnitParent, ...] = ()
    validity: Validity = ALWAYS
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

    ``"22"`` and ``"2201"`` are widened to six digits, ``"220381000000"`` is cut to ``"220381"``. A local
    code (长白山管委会 has no national one) is returned as it came, stripped.
    """
    try:
        return parse_code(code)
    except RefusedInputError:
        return unicodedata.normalize("NFKC", str(code)).strip()


_BRACKETS = re.compile(r"\([^()]*\)|【[^】]*】|\[[^\]]*\]")
_OFFICE = re.compile(r"(街道)(?:办事处|办)$")


def plain_name(name: str) -> str:
    """Return a name for comparison: one width, no white space or line break, no bracketed remark."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(name)))
    bare = _BRACKETS.sub("", text)
    return _OFFICE.sub(r"\1", bare or text)


_ETHNIC = "满族|朝鲜族|蒙古族|回族|锡伯族"
_TAIL = re.compile(rf"(?:(?:{_ETHNIC})+)?(?:自治州|自治县|地区|林区|新区|省|市|州|县|区|旗)$")


_REMARKS = re.compile(
    r"特殊(?:乡镇|街道|镇)$|管委会|管理委员会|^[^市]{2,3}市[^区]{1,3}区(?=.{3})"
    r"|(?:满族|朝鲜族|蒙古族|回族|锡伯族)+(?=[乡镇]$)"
)


def town_name(name: str) -> str:
    """Return a township's name for comparison within its county.

    Left out is what one list writes and another does not: 特殊乡镇, 管委会, the city and district in front, the
    nationality (乌拉街满族镇 and 乌拉街镇 are one town).
    """
    text = plain_name(name)
    return _REMARKS.sub("", text) or text


def stem(name: str) -> str:
    """Return the proper name without its rank word: 扶余县 and 扶余市 share 扶余.

    A stem of one character (沈 of 沈县) is too short to mean anything, so the whole name is kept then.
    """
    text = plain_name(name)
    short = _TAIL.sub("", text)
    return short if len(short) >= 2 else text
