"""The units of a season with their loaded figures: what rewards, densities, shares, bases and deposits divide by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from gis.types import Level
from grids.units import RANK, Purpose
from service.accountability.facts import SeasonUnit
from service.accountability.rulebook import Rulebook
from service.accountability.words import LEVELS
from service.billing.payers import Payers
from service.pipeline.load_indicators import OBSERVED, figures_of_season
from service.store.engine import Reader


def season_units(
    reader: Reader, books: Sequence[Rulebook], payers: Payers, season: str, day: dt.date
) -> dict[str, tuple[SeasonUnit, ...]]:
    """Return, by rulebook, the units of its jurisdiction that it asks for, as they stood when the season began.

    `observed` is never said here: that the passes of a season were enough to see nothing is proven by nobody yet, and
    what is not proven earns no reward.
    """
    figures = indicators(reader, season)
    found: dict[str, tuple[SeasonUnit, ...]] = {}
    for book in books:
        wanted = _levels(book)
        root = payers.uid_of(book.jurisdiction.code, day)
        units: dict[tuple[str, str], SeasonUnit] = {}
        for uid in _beneath(payers, root, wanted, day) if wanted and root is not None else ():
            unit = _unit(payers, uid, season, day, figures)
            units.setdefault((unit.level, unit.code), unit)
        found[book.id] = tuple(units[key] for key in sorted(units))
    return found


def indicators(reader: Reader, season: str) -> dict[str, dict[str, Decimal]]:
    """Return the figures of each unit by uid, whatever vintage of its code the file named."""
    return {
        unit: {name: one.value for name, one in known.items()}
        for unit, known in figures_of_season(reader, season).items()
    }


def _levels(book: Rulebook) -> frozenset[str]:
    """Return the levels of which the rule needs to know every unit, those without a fire included."""
    levels: set[str] = {one.level for one in (*book.rewards, *book.scores)}
    for rule in book.escalations:
        if rule.kind == "density":
            levels |= {at.level for at in rule.at}
        elif rule.kind == "parent_share":
            levels.add(rule.level)
        elif rule.kind == "child_share":
            levels |= {rule.level, LEVELS[LEVELS.index(rule.level) + 1]}
            levels |= {one.level for one in book.escalations if one.id == rule.of and one.kind != "density"}
    if book.deposit is not None:
        levels.add(book.deposit.level)
    if book.payer is not None and any(clause.kind == "percent" for clause in book.charges):
        levels.add(book.payer.level)
    return frozenset(levels)


def _beneath(payers: Payers, root: str, wanted: frozenset[str], day: dt.date) -> list[str]:
    deepest = max(RANK[Level(level)] for level in wanted)
    found: list[str] = []
    todo = [root]
    while todo:
        uid = todo.pop()
        unit = payers.register[uid]
        if unit.level.value in wanted:
            found.append(uid)
        if unit.rank < deepest:
            todo.extend(payers.register.children(uid, Purpose.ASSESSMENT, day))
    return sorted(found)


def _unit(
    payers: Payers, uid: str, season: str, day: dt.date, figures: dict[str, dict[str, Decimal]]
) -> SeasonUnit:
    """Return a unit under the code it pays as: districts that pay as their city are one unit."""
    register = payers.register
    level = register[uid].level
    payer = uid
    if level is Level.COUNTY:
        payer = payers.payer_of(uid, day)[1] or uid
    parent = register.parent(payer, Purpose.ASSESSMENT, day)
    own = figures.get(payer, {})
    return SeasonUnit(
        season,
        cast(Any, level.value),
        payers.code(payer),
        register[payer].kind,
        None if parent is None else payers.code(parent),
        dict(sorted(own.items())),
        observed=own.get(OBSERVED) == 1,
    )
