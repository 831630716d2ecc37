"""On whose ground a fire lies: its units by level, the code each pays as, and which of them are in doubt.

Doubt between villages of one payer holds up nothing of the payer's; a neighbour that pays as the same payer leaves no
doubt about who pays. A ruling on the unit settles what it decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa

from gis.types import Level
from service.accountability.facts import UnitAt
from service.accountability.words import LEVELS
from service.billing.payers import Lineage, Payers
from service.store.engine import Reader
from service.store.models import GridCell, GridSet

_BEYOND = ("province", "city", "county")
"""What is in doubt where the footprint reaches over the line of the province: the fire may not be ours at all."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The units of one fire point, as `Fact` takes them.

    Attributes
    ----------
    codes
        Codes of the legal chain: what a jurisdiction is asked of.
    payer_uid
        The unit that pays for its county; None where the register does not know the place.
    """

    units: tuple[UnitAt, ...]
    doubts: tuple[str, ...]
    candidates: tuple[UnitAt, ...]
    codes: frozenset[str]
    payer_uid: str | None


class Grounds:
    """Answers for many state rows of one season; the register is asked once per unit and day."""

    def __init__(
        self, reader: Reader, payers: Payers, rows: Sequence[Any], stacks: Mapping[int, Any]
    ) -> None:
        self._payers = payers
        self._villages = _villages(reader, rows, stacks)
        self._known: dict[tuple[Any, ...], Ground] = {}

    def of(self, row: Any, rulings: Sequence[Any]) -> Ground:
        """Return the ground of a state row with the rulings in force on it."""
        ruled = self._ruled(row, rulings)
        case = frozenset(level for level, doubtful in row.boundary_case.items() if doubtful)
        near = tuple(
            sorted((level, tuple(codes)) for level, codes in row.neighbours.items() if level in case)
        )
        key = (
            *(row.county_unit_id, row.township_unit_id, row.township_code, row.grid_code, row.layer_stack_id),
            *(row.fire_day, ruled, case, near),
        )
        if key not in self._known:
            self._known[key] = self._ground(row, ruled, case, dict(near))
        return self._known[key]

    def _ruled(self, row: Any, rulings: Sequence[Any]) -> Level | None:
        """Return the level that a ruling on the unit decided, None without one."""
        value = next((one.value for one in rulings if one.kind == "unit"), None)
        uid = None if value is None else self._payers.uid_of(value, row.fire_day)
        return None if uid is None else self._payers.register[uid].level

    def _ground(
        self, row: Any, ruled: Level | None, case: frozenset[str], near: Mapping[str, Sequence[str]]
    ) -> Ground:
        county = self._payers.uids.get(row.county_unit_id)
        if county is None:
            return Ground((), (), (), frozenset(), None)
        line = self._line(row, county)
        units = {
            str(level): UnitAt(cast(Any, str(level)), code, pays)
            for level, (_, code, pays) in line.units.items()
        }
        if row.township_code and "township" not in units:
            units["township"] = UnitAt("township", row.township_code, row.township_code)
        if village := self._villages.get((row.layer_stack_id, row.grid_code)):
            units["village"] = UnitAt("village", village, village)
        doubts, candidates = self._doubts(row, ruled, case, near, units)
        return Ground(
            tuple(units[level] for level in LEVELS if level in units),
            tuple(level for level in LEVELS if level in doubts),
            tuple(sorted(candidates, key=lambda one: (LEVELS.index(one.level), one.code))),
            line.legal,
            line.payer,
        )

    def _line(self, row: Any, county: str) -> Lineage:
        """Return the lineage of the township where the register places it in that county, else of the county."""
        township = self._payers.uids.get(row.township_unit_id)
        if township is not None:
            line = self._payers.lineage(township, row.fire_day)
            if line.units.get(Level.COUNTY, ("",))[0] == county:
                return line
        return self._payers.lineage(county, row.fire_day)

    def _doubts(
        self,
        row: Any,
        ruled: Level | None,
        case: frozenset[str],
        near: Mapping[str, Sequence[str]],
        units: Mapping[str, UnitAt],
    ) -> tuple[set[str], set[UnitAt]]:
        doubts: set[str] = set()
        candidates: set[UnitAt] = set()
        if "county" in case and ruled is None:
            self._counties(row, near.get("county", ()), units, doubts, candidates)
        if "township" in case and ruled is not Level.TOWNSHIP:
            own = units.get("township")
            for other in self._lines(row, near.get("township", ())):
                found = other.units.get(Level.TOWNSHIP)
                if found is not None:
                    candidates.add(UnitAt("township", found[1], found[2]))
                if ruled is None:
                    self._compare(other, units, doubts, candidates)
            if own is not None:
                doubts.add("township")
        if "village" in case and "village" in units:
            doubts.add("village")
            candidates |= {UnitAt("village", code, code) for code in near.get("village", ())}
        return doubts, candidates

    def _counties(
        self,
        row: Any,
        codes: Sequence[str],
        units: Mapping[str, UnitAt],
        doubts: set[str],
        candidates: set[UnitAt],
    ) -> None:
        lines = list(self._lines(row, codes))
        if len(lines) < len(codes) or not codes:
            doubts.update(_BEYOND)
        for line in lines:
            self._compare(line, units, doubts, candidates)

    def _lines(self, row: Any, codes: Iterable[str]) -> Iterable[Lineage]:
        for code in codes:
            uid = self._payers.uid_of(code, row.fire_day)
            if uid is not None:
                yield self._payers.lineage(uid, row.fire_day)

    @staticmethod
    def _compare(
        line: Lineage, units: Mapping[str, UnitAt], doubts: set[str], candidates: set[UnitAt]
    ) -> None:
        """Put in doubt every level at which another unit would pay, and name that unit."""
        for level in (Level.PROVINCE, Level.CITY, Level.COUNTY):
            found, own = line.units.get(level), units.get(str(level))
            if found is None:
                continue
            if own is None or found[2] != own.payer:
                doubts.add(str(level))
                candidates.add(UnitAt(cast(Any, str(level)), found[1], found[2]))


def _villages(reader: Reader, rows: Sequence[Any], stacks: Mapping[int, Any]) -> dict[tuple[int, str], str]:
    """Return the village of a grid cell, by layer stack and cell code: the cell itself, or the one a hamlet lies in."""
    used = {(row.layer_stack_id, row.grid_code) for row in rows if row.grid_code}
    found: dict[tuple[int, str], str] = {}
    for stack_id in sorted({stack for stack, _ in used}):
        record = stacks[stack_id].get("grid")
        if record is None:
            continue
        cells = _cells(reader, record["set"], record["version"])
        for code in (code for stack, code in used if stack == stack_id):
            village = _village(cells, code)
            if village is not None:
                found[stack_id, code] = village
    return found


def _village(cells: Mapping[str, tuple[str, str | None]], code: str) -> str | None:
    at: str | None = code
    for _ in range(len(Level)):
        if at is None or at not in cells:
            return None
        level, parent = cells[at]
        if level == Level.VILLAGE:
            return at
        at = parent
    return None


def _cells(reader: Reader, name: str, version: int) -> dict[str, tuple[str, str | None]]:
    return {
        row.code: (row.level, row.parent_code)
        for row in reader.rows(
            sa.select(GridCell.code, GridCell.level, GridCell.parent_code)
            .join(GridSet, GridSet.id == GridCell.set_id)
            .where(GridSet.name == name, GridSet.version == version)
        )
    }
