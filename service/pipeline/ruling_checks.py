"""What a ruling is checked against: the fire points within the scope, the unit register, the loaded zones.

One `Checks` serves one transaction; what it has read once it does not read again, so that a table of rulings costs
little more than one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from gis.errors import ConflictError, ForbiddenError, NotFoundError, RefusedInputError, UsageError
from gis.types import Level, Screen
from grids.units import Purpose
from service.pipeline import identity
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FirePointState, Zone

PAIRS = ("duplicate", "distinct")
"""Kinds whose value is another fire point."""

NO_ZONE = NONE = "none"
"""Value of a zone ruling that says the fire lies in no zone, and of one that takes an exemption or a payer back."""

MAX_ORDER = 100_000
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""As a rulebook names its reason codes and special payers."""
_PART = 20_000


class Checks:
    """The ground rulings stand on, as one reader sees it.

    Parameters
    ----------
    reader
        The open transaction.
    scope
        Whose rulings they are.
    """

    def __init__(self, reader: Reader, scope: Scope) -> None:
        self._reader = reader
        self._scope = scope
        self._states: dict[str, Any] = {}
        self._zones: dict[str, str | None] = {}

    def expect(self, names: Iterable[str]) -> None:
        """Read the states of these fire points at once."""
        live = sorted({one for name in names if (one := self.live(name)) is not None} - self._states.keys())
        table = FirePointState.__table__
        for start in range(0, len(live), _PART):
            part = live[start : start + _PART]
            self._states.update(dict.fromkeys(part))
            rows = self._reader.rows(
                sa.select(table).where(
                    table.c.fire_point_id.in_(part),
                    self._reader.live(FirePointState),
                    self._scope.condition(FirePointState),
                )
            )
            self._states.update({row.fire_point_id: row for row in rows})

    def live(self, name: str) -> str | None:
        """Return what an id resolves to; None when nothing is left of it."""
        return self._aliases.get(name, name)

    def state(self, name: str) -> Any:
        """Return the live state of an id.

        Raises
        ------
        NotFoundError
            When it was never issued, nothing is left of it, or it is outside the scope: the three look the same.
        """
        live = self.live(name)
        if live is not None and live not in self._states:
            self.expect([name])
        found = None if live is None else self._states[live]
        if found is None:
            from service.reads import unknown_fire_point

            raise unknown_fire_point(name)
        return found

    def value(self, state: Any, kind: str, value: str) -> str:
        """Return the value of a ruling as it is stored, once it is one that may be ruled on this fire point.

        Raises
        ------
        UsageError
            A screening code, order or code that is none.
        NotFoundError, RefusedInputError, ForbiddenError
            A unit or fire point that does not exist, is of another level or lies outside the scope; ``own_bill``: the
            reader pays for the fire.
        ConflictError
            A fire point compared with itself.
        """
        checked = self._checked(state, kind, value)
        self._require_other_bill(state, kind, checked)
        return checked

    def _checked(self, state: Any, kind: str, value: str) -> str:
        if kind == "screen" and value not in set(Screen):
            raise UsageError(
                "bad_screen",
                f"筛除代码 {value!r} 不在清单内：{'、'.join(Screen)}",
                f"screening code {value!r} is not in the closed list: {', '.join(Screen)}",
                value=value,
            )
        if kind == "unit":
            self._check_unit(state, value)
        if kind in PAIRS:
            self._check_other(state, kind, value)
        if kind in ("exempt", "payer") and not _CODE.fullmatch(value):
            raise UsageError(
                f"bad_{kind}",
                f"代码 {value!r} 不可用：请用规则文件中的代码（字母、数字、. _ -）",
                f"code {value!r} is not usable: take the rulebook's (letters, digits, . _ -)",
                value=value,
            )
        if kind == "order":
            return _order(value)
        return self._zone(value) if kind == "zone" else value

    @cached_property
    def _aliases(self) -> dict[str, str | None]:
        return identity.aliases(self._reader)

    @cached_property
    def _register(self) -> Any:
        from service.pipeline.register_store import load_register

        return load_register(self._reader)

    def _require_other_bill(self, state: Any, kind: str, value: str) -> None:
        """Refuse whoever pays for a fire, a city for its districts among them, a ruling that may lower its own bill."""
        if self._scope.unit_uid is None or kind == "distinct" or (kind, value) == ("screen", Screen.COUNTED):
            return
        register, day = self._register.register, state.fire_day
        payer = self._payer(state)
        if payer is None or payer not in register.chain(self._scope.unit_uid, Purpose.ASSESSMENT, day):
            return
        if kind == "unit" and register.payer(register.find(value, day).uid, day) == payer:
            return
        name = register[payer].name(day)
        raise ForbiddenError(
            "own_bill",
            f"火点 {state.fire_point_id} 由 {name} 付费，付费方及其下属不能作此裁定：请由上级裁定",
            f"{name} pays for fire point {state.fire_point_id}, so neither it nor a unit under it makes this ruling: "
            "the level above does",
            value=value,
        )

    def _payer(self, state: Any) -> str | None:
        """Return who pays for the ground of a state by the register; None where the register does not know it."""
        register = self._register.register
        uids = self._uids
        unit = uids.get(state.township_unit_id) or uids.get(state.county_unit_id)
        return register.payer(unit, state.fire_day) if unit is not None and unit in register else None

    @cached_property
    def _uids(self) -> dict[int, str]:
        return {number: uid for uid, number in self._register.ids.items()}

    def _check_other(self, state: Any, kind: str, value: str) -> None:
        if self.state(value).fire_point_id == state.fire_point_id:
            raise ConflictError(
                f"{kind}_of_itself",
                f"火点 {value} 与自身相比没有意义：请给出另一个火点",
                f"fire point {value} is itself: name another one",
                value=value,
            )

    def _zone(self, value: str) -> str:
        """Return ``CODE|name`` for the code of a loaded zone, so that lists print its name; else the value itself."""
        if not value.strip("| "):
            raise UsageError("bad_zone", "请给出区划代码", "name the zone by its code", value=value)
        if "|" in value or value == NO_ZONE:
            return value
        if value not in self._zones:
            table = Zone.__table__
            self._zones[value] = self._reader.connection.execute(
                sa.select(table.c.name).where(table.c.code == value).order_by(table.c.set_id.desc()).limit(1)
            ).scalar()
        name = self._zones[value]
        return value if name is None else f"{value}|{name}"

    def _check_unit(self, state: Any, code: str) -> None:
        stored, day = self._register, state.fire_day
        unit = stored.register.find(code, day)
        if unit is None or unit.uid not in stored.ids:
            raise NotFoundError(
                "unknown_unit",
                f"单位登记册在 {day} 没有代码 {code}",
                f"the unit register has no code {code} on {day}",
                value=code,
            )
        if unit.level not in (Level.COUNTY, Level.TOWNSHIP):
            raise RefusedInputError(
                "ruling_level",
                f"{unit.name(day)} 是 {unit.level}：归属裁定须落到县或乡镇",
                f"{unit.name(day)} is a {unit.level}: rule for a county or a township",
                value=code,
            )
        uid = self._scope.unit_uid
        if uid is not None and uid not in stored.register.chain(unit.uid, Purpose.ASSESSMENT, day):
            raise ForbiddenError(
                "unit_outside_scope",
                f"{code} 不在您的管辖范围内：把火点划给他人须由上级裁定",
                f"{code} is outside your scope: giving a fire point to somebody else is for the level above to rule",
                value=code,
            )


def _order(value: str) -> str:
    if not (value.isascii() and value.isdigit() and 0 < int(value[:9]) <= MAX_ORDER):
        raise UsageError(
            "bad_order",
            f"排序 {value!r} 不是 1 至 {MAX_ORDER} 的整数",
            f"order {value!r} is not a whole number from 1 to {MAX_ORDER}",
            value=value,
        )
    return str(int(value))
