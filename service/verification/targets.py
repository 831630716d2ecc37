"""The live fire points that ids name, as far as a reader may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.pipeline import identity
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FirePointState

_PART = 20_000


@dataclass(frozen=True, slots=True)
class Targets:
    """Live states by the ids that were asked for."""

    by_name: Mapping[str, Any]

    def require(self, name: str) -> Any:
        """Return the live state of an id.

        Raises
        ------
        NotFoundError
            When it was never issued, nothing is left of it, or it is outside the scope: the three look the same.
        """
        state = self.by_name.get(name)
        if state is None:
            from service.reads import unknown_fire_point

            raise unknown_fire_point(name)
        return state


def visible_states(reader: Reader, scope: Scope, names: Iterable[str]) -> Targets:
    """Return the live states (fire point, day, first overpass, units) of some ids within the scope."""
    resolved = identity.aliases(reader)
    asked = {name: resolved.get(name, name) for name in names}
    live = sorted({name for name in asked.values() if name is not None})
    table = FirePointState.__table__
    columns = ("fire_point_id", "fire_day", "first_at", "county_unit_id", "township_unit_id")
    found: dict[str, Any] = {}
    for start in range(0, len(live), _PART):
        rows = reader.rows(
            sa.select(*(table.c[name] for name in columns)).where(
                table.c.fire_point_id.in_(live[start : start + _PART]),
                reader.live(FirePointState),
                scope.condition(FirePointState),
            )
        )
        found.update({row.fire_point_id: row for row in rows})
    return Targets({name: found[one] for name, one in asked.items() if one is not None and one in found})
