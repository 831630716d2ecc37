"""A first register for a province that none is shipped for: its built-in province, cities and counties.

Of one vintage, without townships or who pays for whom; names that units had before are aliases. Enough for a fire
point to have an accountable county from the first day; what is known better is loaded over it with
``huodian load units``.
"""

from __future__ import annotations

import json
from typing import Any

from boundaries.builtin import BUILTIN_SET, builtin
from boundaries.renames import shipped_renames
from gis.types import Level

_KINDS = (("区", "district"), ("市", "county_city"), ("旗", "banner"), ("县", "county"))


def province_register(province: str) -> str:
    """Return an authored register file (YAML) of a province, the same bytes at every call.

    Parameters
    ----------
    province
        Six-digit code.

    Raises
    ------
    RefusedInputError
        ``builtin_province`` or ``builtin_missing``.
    """
    root = builtin(Level.PROVINCE, province=province).units[0]
    counties = builtin(Level.COUNTY, province=province).units
    # A county right under the province stands in the city layer too, under the same code: it is one unit.
    own = {unit.code for unit in counties} | {root.code}
    cities = [unit for unit in builtin(Level.CITY, province=province).units if unit.code not in own]
    known = {root.code, *(unit.code for unit in cities)}
    entries = [_entry(root.code, Level.PROVINCE, "province", root.name, None)]
    entries += [
        _entry(unit.code, Level.CITY, "prefecture_city", unit.name, root.code)
        for unit in sorted(cities, key=lambda unit: unit.code)
    ]
    entries += [
        _entry(
            unit.code,
            Level.COUNTY,
            next((kind for end, kind in _KINDS if unit.name.endswith(end)), "county"),
            unit.name,
            unit.parent_code if unit.parent_code in known else root.code,
        )
        for unit in sorted(counties, key=lambda unit: unit.code)
    ]
    lines = [
        "format: 1",
        f'jurisdiction: "{province}"',
        "default_source: builtin",
        f"sources: {{builtin: {{title: {BUILTIN_SET} boundary set shipped with the package, confidence: R}}}}",
        "units:",
        *(f"  - {json.dumps(entry, ensure_ascii=False)}" for entry in entries),
    ]
    return "\n".join(lines) + "\n"


def _entry(code: str, level: Level, kind: str, name: str, parent: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "uid": f"u{code}",
        "level": level.value,
        "kind": kind,
        "name": name,
        "code": code,
    }
    former = shipped_renames().former_names(code)
    if former:
        entry["aliases"] = list(former)
    return entry if parent is None else {**entry, "parent": f"u{parent}"}
