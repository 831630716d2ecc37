"""Counties that lists and maps of other years name otherwise, and ground that changed hands: dated, with sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from gis.yamldoc import read_yaml


@dataclass(frozen=True, slots=True)
class Rename:
    """A unit that kept its ground under a new name; `code` is the one of the new name."""

    was: str
    now: str
    code: str
    year: int
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Ground that went from one unit to another; without a year no decision was found."""

    giver: str
    taker: str
    code: str
    year: int | None
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Renames:
    """What the shipped file says."""

    renamed: tuple[Rename, ...]
    redrawn: tuple[Redrawn, ...]

    def former_names(self, code: str) -> tuple[str, ...]:
        """Return the names that the unit of a code had before."""
        return tuple(one.was for one in self.renamed if one.code == code)

    def same(self, said: str, name: str, code: str) -> bool:
        """Whether an older list's name means the unit with this name and code."""
        return said == name or said in self.former_names(code)

    def ground_of(self, said: str, code: str) -> Redrawn | None:
        """Return the change by which ground of `said` came to the unit of `code`."""
        return next((one for one in self.redrawn if one.giver == said and one.code == code), None)


@cache
def shipped_renames() -> Renames:
    """Return the shipped facts, read once."""
    text = resources.files("boundaries").joinpath("data/renames_cn.yaml").read_text(encoding="utf-8")
    record: dict[str, Any] = read_yaml(text, name="renames_cn.yaml").data
    return Renames(
        tuple(
            Rename(one["was"], one["is"], one["code"], one["year"], one["source"], one["confidence"])
            for one in record["renamed"]
        ),
        tuple(
            Redrawn(one["from"], one["to"], one["code"], one["year"], one["source"], one["confidence"])
            for one in record["redrawn"]
        ),
    )
