"""Reading the unit register for a reader: by code, by parent, by name, on a date, within the scope.

A reader sees its own unit, what lies under it in the assessment tree, and the units its own unit lies under; a unit
under a member that another unit answers for (the townships of 长白山管委会 in 抚松) is not shown, nor is a parent
outside the scope named.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from gis.errors import NotFoundError, UsageError
from grids.register import Register
from grids.units import Purpose, Unit
from service.scope import Scope
from service.store import Reader


def find_units(
    reader: Reader,
    scope: Scope,
    day: dt.date,
    *,
    code: str | None = None,
    parent: str | None = None,
    name: str | None = None,
    purpose: Purpose = Purpose.LEGAL,
    limit: int = 200,
) -> dict[str, Any]:
    """Return units that stand on `day`, by code.

    Parameters
    ----------
    code, parent, name
        One of them: the unit that holds a code, the children of the unit that holds it, or units whose name on the
        day contains a text. None of them gives the reader's own unit, or the roots.
    purpose
        The tree of children and parents.
    limit
        How many to return at most; ``more`` says whether there are others.

    Raises
    ------
    UsageError
        When more than one of code, parent and name is given.
    NotFoundError
        When no unit in the scope has the code on the day.
    """
    if sum(one is not None for one in (code, parent, name)) > 1:
        raise UsageError(
            "one_filter",
            "code、parent、q 只能用一个",
            "use one of code, parent and q",
        )
    from service.pipeline.register_store import load_register

    register = load_register(reader).register
    view = UnitView(register, scope, day, purpose)
    if code is not None:
        found = [view.must(code)]
    elif parent is not None:
        found = view.those(register.children(view.must(parent).uid, purpose, day))
    elif name is not None:
        found = [unit for unit in view.all() if name in unit.name(day)]
    else:
        found = [register[scope.unit_uid]] if scope.unit_uid else view.those(register.roots(day))
    found.sort(key=lambda unit: (code_on(unit, day) or "~", unit.uid))
    return {
        "date": day.isoformat(),
        "purpose": purpose.value,
        "units": [view.as_dict(unit) for unit in found[:limit]],
        "more": len(found) > limit,
    }


class UnitView:
    """The register as one reader may see it on one day."""

    def __init__(self, register: Register, scope: Scope, day: dt.date, purpose: Purpose) -> None:
        self.register = register
        self.day = day
        self.purpose = purpose
        self.own = scope.unit_uid
        self.above = (
            frozenset(register.chain(scope.unit_uid, Purpose.ASSESSMENT, day))
            if scope.unit_uid
            else frozenset()
        )

    def shows(self, uid: str) -> bool:
        """Whether the reader may see the unit."""
        if not self.register.alive(uid, self.day):
            return False
        if self.own is None or uid in self.above:
            return True
        return self.own in self.register.chain(uid, Purpose.ASSESSMENT, self.day)

    def all(self) -> list[Unit]:
        """Return every unit the reader may see."""
        return self.those(unit.uid for unit in self.register)

    def those(self, uids: Any) -> list[Unit]:
        """Return the units among `uids` that the reader may see."""
        return [self.register[uid] for uid in uids if self.shows(uid)]

    def must(self, code: str) -> Unit:
        """Return the unit that holds `code` on the day, or refuse as if there were none."""
        unit = self.register.find(code, self.day)
        if unit is None or not self.shows(unit.uid):
            raise NotFoundError(
                "unknown_unit",
                f"{self.day} 没有代码为 {code} 的单位，或不在您的范围内：请核对代码与日期",
                f"no unit has the code {code} on {self.day}, or it is outside your scope: check code and date",
                value=code,
            )
        return unit

    def as_dict(self, unit: Unit) -> dict[str, Any]:
        """Return one unit as JSON-representable data."""
        parent = self.register.parent(unit.uid, self.purpose, self.day)
        shown = parent is not None and self.shows(parent)
        return {
            "code": code_on(unit, self.day),
            "name": unit.name(self.day),
            "level": unit.level.value,
            "kind": unit.kind,
            "source": unit.source,
            "parent_code": code_on(self.register[parent], self.day) if shown and parent else None,
            "parent": self.register[parent].name(self.day) if shown and parent else None,
        }


def code_on(unit: Unit, day: dt.date) -> str | None:
    """Return the unit's statistics code on a day, or our local one where it has none."""
    return unit.code(day) or unit.code(day, "local")
