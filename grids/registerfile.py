"""Reading the authored register (``grids/data/jilin.yaml``); every error has its line and field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from gis.reasons import MISSING, NO_LIST, NO_MAPPING, ON_ONE_DAY, Reason, not_one_of, one_of
from gis.types import LEVELS, Level, Validity
from gis.yamldoc import Complaints, Path_, YamlDoc, read_yaml
from grids.register import Register
from grids.units import (
    CONFIDENCES,
    Purpose,
    Succession,
    SuccessionKind,
    Unit,
    UnitCode,
    UnitName,
    UnitParent,
    canonical,
)

_TOP = {"format", "jurisdiction", "default_source", "sources", "units", "successions", "disputes"}
_DATED = {"from", "to", "source", "confidence"}
_UNIT = _DATED | {
    *("uid", "level", "kind", "name", "names", "aliases", "code", "codes", "parent", "parents"),
    "note",
}
_STEP = {"kind", "before", "after", "day", "note", "source", "confidence"}


@dataclass(frozen=True, slots=True)
class Dispute:
    """A fact that sources contradict: shown, not applied."""

    about: str
    said: str
    against: str
    source: str


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """The register as authored, with its sources and the disputes left open."""

    jurisdiction: str
    units: tuple[Unit, ...]
    successions: tuple[Succession, ...]
    sources: dict[str, dict[str, str]]
    disputes: tuple[Dispute, ...]

    def register(self) -> Register:
        """Return the register of these facts alone."""
        return Register(self.units, self.successions)


def builtin_register_file() -> RegisterFile:
    """Return the register shipped here: province, 9 cities, 60 counties, 9 development zones, 长白山."""
    text = resources.files("grids").joinpath("data/jilin.yaml").read_text(encoding="utf-8")
    return read_register_file(text, name="grids/data/jilin.yaml")


def read_register_file(source: Path | str, /, *, name: str = "") -> RegisterFile:
    """Read an authored register.

    Parameters
    ----------
    source
        A path, or the text itself.
    name
        What to call the file in messages.

    Raises
    ------
    RefusedInputError
        ``bad_yaml`` or ``bad_register``; the context lists every error with line, field and reason.
    """
    doc = read_yaml(source, name=name)
    return _Reader(doc).read()


def _undescribed(source: str) -> Reason:
    return f"the source {source!r} is not described under sources", f"来源“{source}”未在 sources 之下说明"


def _no_unit(uid: object) -> Reason:
    return f"{uid!r} is not a unit", f"没有单位 {uid}"


class _Reader:
    def __init__(self, doc: YamlDoc) -> None:
        self.doc = doc
        self.wrong = Complaints(doc, "bad_register")
        self.data: dict[str, Any] = doc.data if isinstance(doc.data, dict) else {}
        self.sources: dict[str, dict[str, str]] = {}
        self.default = ""

    def read(self) -> RegisterFile:
        self.wrong.known(self.doc.data, (), _TOP)
        given = self.data.get("format")
        if given != 1:
            self.wrong.add(
                ("format",), f"format {given!r} is not known; 1 is", f"不认识的格式 {given}，应为 1"
            )
        self._read_sources()
        units = [self._unit(entry, ("units", i)) for i, entry in self._entries("units")]
        steps = [self._step(entry, ("successions", i)) for i, entry in self._entries("successions")]
        disputes = [self._dispute(entry, ("disputes", i)) for i, entry in self._entries("disputes")]
        jurisdiction = self.wrong.text(self.data, (), "jurisdiction")
        self._check_references(units)
        self.wrong.refuse()
        return RegisterFile(
            jurisdiction,
            tuple(units),
            tuple(step for step in steps if step is not None),
            self.sources,
            tuple(disputes),
        )

    def _entries(self, key: str) -> Iterable[tuple[int, dict[str, Any]]]:
        value = self.data.get(key) or []
        if not isinstance(value, list):
            self.wrong.add((key,), *NO_LIST)
            return
        for index, entry in enumerate(value):
            if isinstance(entry, dict):
                yield index, entry
            else:
                self.wrong.add((key, index), *NO_MAPPING)

    def _listed(self, entry: dict[str, Any], path: Path_, key: str) -> list[Any]:
        value = entry.get(key) or []
        if isinstance(value, list):
            return value
        self.wrong.add((*path, key), *NO_LIST)
        return []

    def _read_sources(self) -> None:
        raw = self.data.get("sources") or {}
        for key, entry in raw.items() if isinstance(raw, dict) else ():
            path = ("sources", str(key))
            self.wrong.known(entry, path, {"title", "url", "confidence"})
            self.wrong.text(entry, path, "title")
            if self.wrong.text(entry, path, "confidence") not in CONFIDENCES:
                self.wrong.add((*path, "confidence"), *one_of(CONFIDENCES))
            if isinstance(entry, dict):
                self.sources[str(key)] = {str(k): str(v) for k, v in entry.items()}
        self.default = self.wrong.text(self.data, (), "default_source", "")
        if self.default and self.default not in self.sources:
            self.wrong.add(("default_source",), *_undescribed(self.default))

    def _proof(self, entry: dict[str, Any], path: Path_, inherited: str = "") -> tuple[str, str]:
        source = self.wrong.text(entry, path, "source", inherited or self.default)
        if source not in self.sources:
            self.wrong.add((*path, "source"), *_undescribed(source))
        own = self.sources.get(source, {}).get("confidence", "R")
        confidence = self.wrong.text(entry, path, "confidence", own)
        if confidence not in CONFIDENCES:
            self.wrong.add((*path, "confidence"), *not_one_of(confidence, CONFIDENCES))
        return source, confidence

    def _unit(self, entry: dict[str, Any], path: Path_) -> Unit:
        self.wrong.known(entry, path, _UNIT)
        source, confidence = self._proof(entry, path)
        level = self._level(entry, path)
        names = self._names(entry, path, source)
        if not any(not name.alias for name in names):
            self.wrong.add((*path, "name"), *MISSING)
        return Unit(
            uid=self.wrong.text(entry, path, "uid"),
            level=level,
            kind=self.wrong.text(entry, path, "kind"),
            names=names,
            codes=self._codes(entry, path, source),
            parents=self._parents(entry, path, source),
            validity=self.wrong.validity(entry, path),
            source=source,
            confidence=confidence,
            note=self.wrong.text(entry, path, "note", ""),
        )

    def _level(self, entry: dict[str, Any], path: Path_) -> Level:
        word = self.wrong.text(entry, path, "level")
        if word not in set(LEVELS):
            self.wrong.add((*path, "level"), *not_one_of(word, LEVELS))
            return Level.HAMLET
        return Level(word)

    def _several(
        self, entry: dict[str, Any], path: Path_, key: str, allowed: set[str]
    ) -> Iterable[tuple[Path_, dict[str, Any]]]:
        for index, item in enumerate(self._listed(entry, path, key)):
            self.wrong.known(item, (*path, key, index), allowed | _DATED)
            if isinstance(item, dict):
                yield (*path, key, index), item

    def _names(self, entry: dict[str, Any], path: Path_, source: str) -> tuple[UnitName, ...]:
        found: list[UnitName] = []
        whole = self.wrong.validity(entry, path)
        if "name" in entry:
            found.append(self._name(entry, path, "name", whole, source))
        for where, item in self._several(entry, path, "names", {"text"}):
            found.append(self._name(item, where, "text", self.wrong.validity(item, where), source))
        self._apart(found, (*path, "names"))
        aliases = self._listed(entry, path, "aliases")
        return (*found, *(UnitName(str(text), whole, alias=True, source=source) for text in aliases))

    def _name(self, entry: dict[str, Any], path: Path_, key: str, held: Validity, source: str) -> UnitName:
        proof, confidence = self._proof(entry, path, source)
        return UnitName(self.wrong.text(entry, path, key), held, source=proof, confidence=confidence)

    def _codes(self, entry: dict[str, Any], path: Path_, source: str) -> tuple[UnitCode, ...]:
        found: list[UnitCode] = []
        if "code" in entry:
            code = canonical(self.wrong.text(entry, path, "code"))
            found.append(UnitCode(code, self.wrong.validity(entry, path), source=source))
        for where, item in self._several(entry, path, "codes", {"code", "scheme", "list", "vintage"}):
            proof, confidence = self._proof(item, where, source)
            found.append(
                UnitCode(
                    canonical(self.wrong.text(item, where, "code")),
                    self.wrong.validity(item, where),
                    self.wrong.text(item, where, "scheme", "stats"),
                    self.wrong.text(item, where, "list", ""),
                    self.wrong.text(item, where, "vintage", ""),
                    proof,
                    confidence,
                )
            )
        self._apart([code for code in found if code.scheme == "stats"], (*path, "codes"))
        return tuple(found)

    def _parents(self, entry: dict[str, Any], path: Path_, source: str) -> tuple[UnitParent, ...]:
        found: list[UnitParent] = []
        whole = self.wrong.validity(entry, path)
        if "parent" in entry:
            parent = self.wrong.text(entry, path, "parent")
            found.append(UnitParent(parent, Purpose.LEGAL, self.wrong.validity(entry, path), source))
        for where, item in self._several(entry, path, "parents", {"parent", "purpose"}):
            proof, confidence = self._proof(item, where, source)
            word = self.wrong.text(item, where, "purpose", "legal")
            if word not in set(Purpose):
                self.wrong.add((*where, "purpose"), *not_one_of(word, Purpose))
                continue
            parent = self.wrong.text(item, where, "parent")
            held = self._within(self.wrong.validity(item, where), whole)
            found.append(UnitParent(parent, Purpose(word), held, proof, confidence))
        for purpose in Purpose:
            self._apart([link for link in found if link.purpose is purpose], (*path, "parents"))
        return tuple(found)

    @staticmethod
    def _within(held: Validity, whole: Validity) -> Validity:
        """Return a fact's days cut to the days of its unit, so that no parent outlives its child."""
        return Validity(held.start or whole.start, held.end or whole.end)

    def _apart(self, facts: Iterable[UnitName | UnitCode | UnitParent], path: Path_) -> None:
        """Note two facts of one kind that hold on the same day."""
        held = [fact.validity for fact in facts]
        for i, one in enumerate(held):
            if any(one.overlaps(other) for other in held[i + 1 :]):
                self.wrong.add(path, *ON_ONE_DAY)
                return

    def _step(self, entry: dict[str, Any], path: Path_) -> Succession | None:
        self.wrong.known(entry, path, _STEP)
        source, confidence = self._proof(entry, path)
        word = self.wrong.text(entry, path, "kind")
        day = self.wrong.date(entry, path, "day")
        if word not in set(SuccessionKind):
            self.wrong.add((*path, "kind"), *not_one_of(word, SuccessionKind))
        if day is None:
            self.wrong.add((*path, "day"), *MISSING)
        if word not in set(SuccessionKind) or day is None:
            return None
        before = tuple(str(uid) for uid in self._listed(entry, path, "before"))
        after = tuple(str(uid) for uid in self._listed(entry, path, "after"))
        note = self.wrong.text(entry, path, "note", "")
        return Succession(SuccessionKind(word), before, after, day, note, source, confidence)

    def _dispute(self, entry: dict[str, Any], path: Path_) -> Dispute:
        self.wrong.known(entry, path, {"about", "said", "against", "source"})
        source, _ = self._proof(entry, path)
        about, said, against = (self.wrong.text(entry, path, key) for key in ("about", "said", "against"))
        return Dispute(about, said, against, source)

    def _check_references(self, units: list[Unit]) -> None:
        known = {unit.uid for unit in units}
        seen: set[str] = set()
        for index, unit in enumerate(units):
            if unit.uid in seen:
                self.wrong.add(("units", index, "uid"), f"{unit.uid} stands twice", f"{unit.uid} 出现两次")
            seen.add(unit.uid)
            for link in unit.parents:
                if link.parent not in known:
                    self.wrong.add(("units", index, "parents"), *_no_unit(link.parent))
        for index, entry in self._entries("successions"):
            for key in ("before", "after"):
                for uid in self._listed(entry, ("successions", index), key):
                    if str(uid) not in known:
                        self.wrong.add(("successions", index, key), *_no_unit(uid))
