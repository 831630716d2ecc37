"""What the list, the map page and the phone list share: the day's fire list within a reader's scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from service.scope import Scope
from service.settings import Settings
from service.store import Reader

if TYPE_CHECKING:
    from service.reports.mappage import Outline


def day_page(reader: Reader, scope: Scope, settings: Settings, day: dt.date) -> str:
    """Return the HTML of the day's map."""
    from service.reports.build import build
    from service.reports.daymap import day_map
    from service.reports.outlines import county_borders

    made = build(reader, scope, day)
    borders = county_borders(reader, day)
    shown = own_outlines(reader, scope, day, borders.outlines)
    return day_map(made, shown, source=borders.source, approval=settings.map_approval)


def own_outlines(
    reader: Reader, scope: Scope, day: dt.date, outlines: Sequence[Outline]
) -> tuple[Outline, ...]:
    """Return the outlines of the reader's own counties.

    Borders are public, but a page on which nothing of another unit stands can be checked without exceptions.
    """
    mine = scope.unit_ids(day)
    if mine is None:
        return tuple(outlines)
    from service.pipeline.register_store import load_register

    stored = load_register(reader)
    units = ((one, stored.register.find(one.code, day)) for one in outlines)
    return tuple(one for one, unit in units if unit is not None and stored.ids.get(unit.uid) in mine)
