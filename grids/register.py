"""The dated unit register in memory: codes, names, parents and members, each on a day and for a purpose.

Pure and immutable: built once from records, indices included. The fallback rule: a unit without a parent
of its own for supervision, payment or assessment on a day has its legal parent there. A unit with no
legal parent at all (a commission such as 长白山管委会, which governs townships that lie in the legal
counties of two cities) stands only in the trees that name it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from gis.errors import NotFoundError, RefusedInputError
from gis.types import Level
from grids.units import ALONE, RANK, Purpose, Succession, Unit, canonical, plain_name, stem

ROOT_LEVEL = Level.PROVINCE


@dataclass(frozen=True, slots=True)
class Match:
    """A unit found by name, and how: ``official``, ``other_day`` (a former name), ``alias``, ``stem``."""

    unit: Unit
    how: str
    name: str


@dataclass(frozen=True, slots=True)
class RosterCheck:
    """Whether a roster adds up: every leaf unit of the province under exactly one member.

    Parameters
    ----------
    units
        uids of the roster, in code order.
    leaves
        How many leaf units were walked.
    missing, twice
        uids of leaves under no member and under several.
    """

    purpose: Purpose
    level: Level
    day: dt.date
    units: tuple[str, ...]
    leaves: int
    missing: tuple[str, ...]
    twice: tuple[str, ...]

    @property
    def once(self) -> bool:
        """Whether each leaf is counted exactly once."""
        return not self.missing and not self.twice and self.leaves > 0


class Register:
    """The unit register.

    Parameters
    ----------
    units
        The records; uids are unique, parents exist, no tree has a cycle on any day.
    successions
        Dated renames, upgrades, transfers, merges and splits.

    Raises
    ------
    RefusedInputError
        ``bad_register`` when the records contradict each other.
    """

    def __init__(self, units: Iterable[Unit], successions: Iterable[Succession] = ()) -> None:
        self._units: dict[str, Unit] = {}
        for unit in units:
            if unit.uid in self._units:
                raise _bad(f"{unit.uid} stands twice", f"{unit.uid} 出现两次", unit.uid)
            self._units[unit.uid] = unit
        self.successions = tuple(sorted(successions, key=lambda s: (s.day, s.before, s.after)))
        self._by_code: dict[str, list[str]] = defaultdict(list)
        self._kids: dict[Purpose, dict[str, list[str]]] = {p: defaultdict(list) for p in Purpose}
        self._above: dict[str, frozenset[str]] = {}
        for unit in self._units.values():
            self._index(unit)
        self._check()

    def _index(self, unit: Unit) -> None:
        for code in unit.codes:
            if unit.uid not in self._by_code[code.code]:
                self._by_code[code.code].append(unit.uid)
        for link in unit.parents:
            if unit.uid not in self._kids[link.purpose][link.parent]:
                self._kids[link.purpose][link.parent].append(unit.uid)

    @cached_property
    def _name_index(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Units by plain name and by stem, built when a name is first asked for: most runs ask for codes only."""
        by_name: dict[str, list[str]] = defaultdict(list)
        by_stem: dict[str, list[str]] = defaultdict(list)
        for unit in self._units.values():
            for name in unit.names:
                for index, key in ((by_name, plain_name(name.text)), (by_stem, stem(name.text))):
                    if unit.uid not in index[key]:
                        index[key].append(unit.uid)
        return dict(by_name), dict(by_stem)

    def _check(self) -> None:
        for unit in self._units.values():
            for link in unit.parents:
                if link.parent not in self._units:
                    raise _bad(
                        f"{unit.uid} has the unknown parent {link.parent}",
                        f"{unit.uid} 的上级 {link.parent} 不存在",
                        unit.uid,
                    )
            for purpose in Purpose:
                own = [link for link in unit.parents if link.purpose is purpose]
                for i, link in enumerate(own):
                    for other in own[i + 1 :]:
                        if link.validity.overlaps(other.validity):
                            raise _bad(
                                f"{unit.uid} has two {purpose} parents at one time",
                                f"{unit.uid} 在同一天有两个上级（用途 {purpose}）",
                                unit.uid,
                            )
        for step in self.successions:
            for uid in chain(step.before, step.after):
                if uid not in self._units:
                    raise _bad(
                        f"a succession of {step.day} names the unknown unit {uid}",
                        f"{step.day} 的沿革提到不存在的单位 {uid}",
                        uid,
                    )
        self._check_codes()
        self._check_cycles()

    def _check_codes(self) -> None:
        for code, uids in self._by_code.items():
            held = [
                (uid, own.validity)
                for uid in uids
                for own in self._units[uid].codes
                if own.code == code and own.scheme == "stats"
            ]
            for i, (uid, days) in enumerate(held):
                if any(other != uid and days.overlaps(their) for other, their in held[i + 1 :]):
                    raise _bad(
                        f"two units hold the code {code} on one day", f"两个单位在同一天使用代码 {code}", uid
                    )

    def _check_cycles(self) -> None:
        # A level may only rise on the way up. That is stricter than having no cycle, and needs no walk
        # over all days.
        for unit in self._units.values():
            for link in unit.parents:
                if self._units[link.parent].rank >= unit.rank:
                    raise _bad(
                        f"{unit.uid} ({unit.level}) cannot lie under {link.parent}",
                        f"{unit.uid} 不能在 {link.parent} 之下：下级的级别须低于上级",
                        unit.uid,
                    )

    # -- single units ------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._units)

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units.values())

    def __contains__(self, uid: object) -> bool:
        return uid in self._units

    def __getitem__(self, uid: str) -> Unit:
        try:
            return self._units[uid]
        except KeyError:
            raise NotFoundError(
                "unknown_unit",
                f"单位登记册中没有 {uid}。请核对代码，或先加载代码表。",
                f"The unit register has no {uid}. Check the code, or load the code lists first.",
                uid=uid,
            ) from None

    def alive(self, uid: str, day: dt.date) -> bool:
        """Whether the unit exists on `day`."""
        return self[uid].validity.holds(day)

    def find(self, code: str, day: dt.date | None = None, *, scheme: str | None = None) -> Unit | None:
        """Return the unit that holds `code` on `day`.

        When nobody holds it that day, the unit that held it nearest to `day` is returned: boundary sets
        and lists of another vintage carry such codes (220184 on a point of 2016). Without a `scheme`
        the statistics codes are asked, then our local ones, never those of another scheme (`UnitCode`).
        """
        if scheme is None:
            return self.find(code, day, scheme="stats") or self.find(code, day, scheme="local")
        best: tuple[int, str] | None = None
        for uid in self._by_code.get(canonical(code), ()):
            for held in self._units[uid].codes:
                if held.code != canonical(code) or held.scheme != scheme:
                    continue
                key = (_distance(held.validity.start, held.validity.end, day), uid)
                best = key if best is None or key < best else best
        return self._units[best[1]] if best else None

    def holders(self, code: str) -> tuple[Unit, ...]:
        """Return every unit that ever held `code` in any scheme."""
        return tuple(self._units[uid] for uid in self._by_code.get(canonical(code), ()))

    def resolve(
        self,
        name: str,
        within: str | None = None,
        day: dt.date | None = None,
        *,
        level: Level | None = None,
    ) -> Match | None:
        """Return the unit called `name`, or None.

        Parameters
        ----------
        name
            As written by people: line breaks, brackets and former names are understood.
        within
            uid, code or name of a unit above it, in any tree and on any day; narrows the search.
        day
            The day whose official names come first; a name of another day follows (扶余县 in a list of 2016).
        level
            Only units of this level.

        Raises
        ------
        RefusedInputError
            ``ambiguous_name`` when several units answer equally well.
        """
        above = self._above_uid(within, day) if within else None
        if within and above is None:
            return None
        for how, uids in self._name_steps(name, day):
            found = [
                uid
                for uid in uids
                if (level is None or self._units[uid].level is level)
                and (above is None or above == uid or above in self.ancestors(uid))
            ]
            if len(found) > 1 and day is not None:
                found = [uid for uid in found if self.alive(uid, day)] or found
            if len(found) > 1:
                raise RefusedInputError(
                    "ambiguous_name",
                    f"“{name}”可指 {len(found)} 个单位，请写明上级单位或代码。",
                    f"{name!r} may mean {len(found)} units; name the unit above it, or give the code.",
                    name=name,
                    candidates=found,
                )
            if found:
                unit = self._units[found[0]]
                return Match(unit, how, unit.name(day))
        return None

    def _above_uid(self, within: str, day: dt.date | None) -> str | None:
        if within in self._units:
            return within
        if unit := self.find(within, day):
            return unit.uid
        for level in (Level.CITY, Level.COUNTY, Level.PROVINCE, Level.TOWNSHIP):
            if match := self.resolve(within, None, day, level=level):
                return match.unit.uid
        return None

    def _name_steps(self, name: str, day: dt.date | None) -> Iterator[tuple[str, list[str]]]:
        by_name, by_stem = self._name_index
        key = plain_name(name)
        today, other, alias = [], [], []
        for uid in by_name.get(key, ()):
            texts = [held for held in self._units[uid].names if plain_name(held.text) == key]
            official = [held for held in texts if not held.alias]
            if any(day is None or held.validity.holds(day) for held in official):
                today.append(uid)
            elif official:
                other.append(uid)
            else:
                alias.append(uid)
        yield "official", today
        yield "other_day", other
        yield "alias", alias
        yield "stem", by_stem.get(stem(name), [])

    # -- trees -------------------------------------------------------------------------------------

    def parent(self, uid: str, purpose: Purpose = Purpose.LEGAL, day: dt.date | None = None) -> str | None:
        """Return the parent's uid for `purpose` on `day` (the latest one when None), by the fallback rule."""
        unit = self[uid]
        if day is not None and not unit.validity.holds(day):
            return None
        own = self._own_parent(unit, purpose, day)
        if own is None and purpose is not Purpose.LEGAL:
            return self._own_parent(unit, Purpose.LEGAL, day)
        return own

    @staticmethod
    def _own_parent(unit: Unit, purpose: Purpose, day: dt.date | None) -> str | None:
        links = [link for link in unit.parents if link.purpose is purpose]
        if day is None:
            return links[-1].parent if links else None
        return next((link.parent for link in links if link.validity.holds(day)), None)

    def chain(
        self, uid: str, purpose: Purpose = Purpose.LEGAL, day: dt.date | None = None
    ) -> tuple[str, ...]:
        """Return the unit and everything above it, narrow to wide."""
        line = [uid]
        while (up := self.parent(line[-1], purpose, day)) is not None:
            line.append(up)
        return tuple(line)

    def ancestors(self, uid: str) -> frozenset[str]:
        """Return every unit that was ever above this one, in any tree."""
        if uid not in self._above:
            found: set[str] = set()
            for link in self._units[uid].parents:
                found.add(link.parent)
                found |= self.ancestors(link.parent)
            self._above[uid] = frozenset(found)
        return self._above[uid]

    def children(self, uid: str, purpose: Purpose, day: dt.date) -> tuple[str, ...]:
        """Return the direct children for `purpose` on `day`, in uid order."""
        pool = chain(self._kids[purpose].get(uid, ()), self._kids[Purpose.LEGAL].get(uid, ()))
        return tuple(sorted({kid for kid in pool if self.parent(kid, purpose, day) == uid}))

    def members(
        self, uid: str, purpose: Purpose, day: dt.date, level: Level | None = None
    ) -> tuple[str, ...]:
        """Return the members of a unit: direct children, or all units of `level` beneath it."""
        if level is None:
            return self.children(uid, purpose, day)
        found: list[str] = []
        todo = list(self.children(uid, purpose, day))
        while todo:
            kid = self._units[todo.pop()]
            if kid.level is level:
                found.append(kid.uid)
            elif kid.rank < RANK[level]:
                todo.extend(self.children(kid.uid, purpose, day))
        return tuple(sorted(found))

    def payer(self, uid: str, day: dt.date) -> str | None:
        """Return the unit that pays for `uid`: its county, or whoever a dated fact names instead.

        The rule of 2018 charges the county. A city that pays for its districts, or a commission that pays
        for its townships, is a dated parent for payment; without such a fact the walk stops at the
        county.
        """
        here = uid
        while True:
            unit = self[here]
            if not unit.validity.holds(day):
                return None
            own = self._own_parent(unit, Purpose.PAYER, day)
            up = own or (self.parent(here, Purpose.PAYER, day) if unit.rank > RANK[Level.COUNTY] else None)
            if up is None or self[up].level is ROOT_LEVEL:  # the province collects, it never pays itself
                return here
            here = up

    def history(self, uid: str) -> tuple[Succession, ...]:
        """Return the successions a unit took part in, by date."""
        return tuple(step for step in self.successions if uid in step.before or uid in step.after)

    # -- rosters -----------------------------------------------------------------------------------

    def roots(self, day: dt.date) -> tuple[str, ...]:
        """Return the provinces."""
        return tuple(u.uid for u in self._units.values() if u.level is ROOT_LEVEL and u.validity.holds(day))

    def roster(self, purpose: Purpose, level: Level, day: dt.date) -> tuple[str, ...]:
        """Return the units that make up the province at `level` for `purpose` on `day`, in code order.

        A cut through the tree: from the province downwards, the first unit that is at `level` or
        narrower, so a county assessed directly by the province stands in the roster of cities. A unit
        whose parts are all narrower than `level`, or not all known, stands for them.
        """
        found: list[str] = []
        todo = list(self.roots(day))
        while todo:
            unit = self._units[todo.pop()]
            kids = self.children(unit.uid, purpose, day)
            if self._stands(unit, kids, level):
                found.append(unit.uid)
            else:
                todo.extend(kids)
        return tuple(sorted(found, key=lambda uid: (self._units[uid].code(day) or uid, uid)))

    def _stands(self, unit: Unit, kids: tuple[str, ...], level: Level) -> bool:
        if unit.rank >= RANK[level] or not kids or not self.detailed(unit.uid):
            return True
        return all(self._units[kid].rank > RANK[level] for kid in kids)

    def detailed(self, uid: str) -> bool:
        """Whether the registered children make up the whole unit.

        A county of which only the townships of a commission are known is not detailed: what remains of it
        still counts as a leaf.
        """
        if self[uid].rank <= RANK[Level.CITY]:
            return True
        return any(self._units[kid].kind != ALONE for kid in self._kids[Purpose.LEGAL].get(uid, ()))

    def leaves(self, day: dt.date) -> tuple[str, ...]:
        """Return the units that make up the ground: those without parts, and what is left of the others."""
        return tuple(
            unit.uid
            for unit in self._units.values()
            if unit.validity.holds(day)
            and (self.parent(unit.uid, Purpose.LEGAL, day) or unit.level is ROOT_LEVEL)
            and (not self.detailed(unit.uid) or not self.children(unit.uid, Purpose.LEGAL, day))
        )

    def check_roster(self, purpose: Purpose, level: Level, day: dt.date) -> RosterCheck:
        """Return whether the roster adds up to the province once."""
        units = self.roster(purpose, level, day)
        inside = set(units)
        leaves = self.leaves(day)
        missing: list[str] = []
        twice: list[str] = []
        for leaf in leaves:
            hits = sum(uid in inside for uid in self.chain(leaf, purpose, day))
            if hits == 0:
                missing.append(leaf)
            elif hits > 1:
                twice.append(leaf)
        return RosterCheck(purpose, level, day, units, len(leaves), tuple(missing), tuple(twice))


def merged(base: Register, units: Mapping[str, Unit], successions: Iterable[Succession] = ()) -> Register:
    """Return a register in which `units` replace or join those of `base`."""
    kept = [units.get(unit.uid, unit) for unit in base]
    added = [unit for uid, unit in units.items() if uid not in base]
    return Register([*kept, *added], [*base.successions, *successions])


def _distance(start: dt.date | None, end: dt.date | None, day: dt.date | None) -> int:
    """Return how many days `day` lies outside the interval; without a day, later starts come first."""
    if day is None:
        return -(start or dt.date.min).toordinal()
    if start is not None and day < start:
        return (start - day).days
    if end is not None and day > end:
        return (day - end).days
    return 0


def _bad(reason: str, zh: str, uid: str) -> RefusedInputError:
    return RefusedInputError(
        "bad_register",
        f"单位登记册自相矛盾：{zh}。请改正数据文件。",
        f"The unit register contradicts itself: {reason}. Correct the data file.",
        uid=uid,
        reason=reason,
        reason_zh=zh,
    )
