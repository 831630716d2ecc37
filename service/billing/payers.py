"""Who pays for which ground on which day: the register's payer tree (DESIGN section 3, "Unit register").

A county pays for itself, unless a dated fact names a city that pays for its districts or a commission for its
townships. A payer is called by one code for a whole season, the one it had when the season began: 公主岭 must not turn
into a second payer, with a first fire of its own, because its code changed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gis.types import Level
from grids.register import Register
from grids.units import Purpose, Unit
from service.pipeline.register_store import StoredRegister
from service.units import code_on


@dataclass(frozen=True, slots=True)
class Payer:
    """One payer of a season; `uid` is None for a special payer of a rulebook that no unit stands for."""

    code: str
    uid: str | None
    name: str
    level: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """The units that one place lies in on one day, by level, with who pays for them.

    Attributes
    ----------
    units
        Level to (uid, code on the day, code it pays as).
    codes
        Codes of the legal chain, narrow to wide.
    """

    units: dict[Level, tuple[str, str, str]]
    legal: frozenset[str]
    payer: str | None


class Payers:
    """The payer tree at one revision.

    Parameters
    ----------
    stored
        The register as the reader knows it.
    season_day
        The first day of the season: payers are called by their codes of that day.
    """

    def __init__(self, stored: StoredRegister, season_day: dt.date) -> None:
        self.register: Register = stored.register
        self.season_day = season_day
        self.uids = {number: uid for uid, number in stored.ids.items()}
        self._payer: dict[tuple[str, dt.date], tuple[str, str | None]] = {}
        self._lineage: dict[tuple[str, dt.date], Lineage] = {}
        self._code: dict[str, str] = {}
        self._uid: dict[str, str] = {}

    def payer_of(self, unit: str, day: dt.date) -> tuple[str, str | None]:
        """Return code and uid of whoever pays for a unit, named by uid or code; the code itself where it is unknown."""
        uid = unit if unit in self.register else self.uid_of(unit, day)
        if uid is None:
            return unit, None
        key = (uid, day)
        if key not in self._payer:
            found = self.register.payer(uid, day) or uid
            self._payer[key] = (self.code(found), found)
        return self._payer[key]

    def uid_of(self, code: str, day: dt.date) -> str | None:
        """Return the unit that holds a code on a day."""
        found = self.register.find(code, day)
        return None if found is None else found.uid

    def code(self, uid: str) -> str:
        """Return the code a unit pays as in this season."""
        if uid not in self._code:
            self._code[uid] = code_on(self.register[uid], self.season_day) or uid
            self._uid[self._code[uid]] = uid
        return self._code[uid]

    def payer(self, uid: str) -> Payer:
        """Return a unit as a payer of this season."""
        unit: Unit = self.register[uid]
        return Payer(self.code(uid), uid, unit.name(self.season_day), unit.level.value)

    def named(self, code: str, level: str) -> Payer:
        """Return who pays under a code in this season; a code of no unit stands for itself."""
        uid = self._uid.get(code) or self.uid_of(code, self.season_day)
        return Payer(code, None, code, level) if uid is None else self.payer(uid)

    def lineage(self, uid: str, day: dt.date) -> Lineage:
        """Return the units above (and with) one unit on a day, with who pays; asked once per unit and day."""
        key = (uid, day)
        if key not in self._lineage:
            self._lineage[key] = self._trace(uid, day)
        return self._lineage[key]

    def _trace(self, uid: str, day: dt.date) -> Lineage:
        legal = self.register.chain(uid, Purpose.LEGAL, day)
        paying = self.register.chain(uid, Purpose.PAYER, day)
        payer_code, payer_uid = self.payer_of(uid, day)
        units: dict[Level, tuple[str, str, str]] = {}
        for one in legal:
            unit = self.register[one]
            code = code_on(unit, day) or one
            units[unit.level] = (one, code, self._pays_as(unit, paying, payer_code))
        if Level.CITY not in units and Level.COUNTY in units:
            # A county right under its province stands beside the cities: it is ordered, and pays, as one of them.
            own, code, pays = units[Level.COUNTY]
            units[Level.CITY] = (own, code, pays)
        codes = frozenset(named for one in legal if (named := code_on(self.register[one], day)))
        return Lineage(units, codes, payer_uid)

    def _pays_as(self, unit: Unit, paying: tuple[str, ...], payer_code: str) -> str:
        """Return the code under which a unit of a level pays: at the county it is the payer itself."""
        if unit.level is Level.COUNTY:
            return payer_code
        if unit.level is Level.CITY:
            city = next((one for one in paying if self.register[one].level is Level.CITY), None)
            return self.code(city) if city else payer_code
        return self.code(unit.uid)

    def under(self, uid: str | None, above: str, day: dt.date) -> bool:
        """Whether a unit is `above` or one of its members in the assessment tree."""
        return (
            uid is not None
            and uid in self.register
            and above in self.register.chain(uid, Purpose.ASSESSMENT, day)
        )
