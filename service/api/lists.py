"""What the list, the map page and the phone list share: the day's fire list within a reader's scope."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from service.scope import Scope
from service.settings import Settings
from service.store import Reader

if TYPE_CHECKING:
    from service.reports.model import FireList


def day_list(
    reader: Reader,
    scope: Scope,
    settings: Settings,
    day: dt.date,
    *,
    unit: str | None = None,
    since: int | None = None,
) -> FireList:
    """Return the fire list of a day."""
    from service.reports.firelist import build_list

    return build_list(reader, scope, day, unit=unit, since=since)


def day_page(reader: Reader, scope: Scope, settings: Settings, day: dt.date) -> str:
    """Return the HTML of the day's map."""
    from service.reports.daymap import day_map

    return day_map(day_list(reader, scope, settings, day), approval=settings.map_approval)
