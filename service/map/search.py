"""One box to search in: units by name or code, fire points by number, within what the reader may see.

What lies outside the scope is not found, exactly as what does not exist: an unknown name and a neighbour's number give
the same empty answer.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Any

import sqlalchemy as sa

from gis.errors import NotFoundError
from gis.times import iso_beijing
from grids.units import Purpose, Unit
from service.map.places import box_of
from service.map.session import box_list
from service.pipeline.register_store import load_register
from service.reads import FirePointView, fire_points, resolve_id
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FirePointState
from service.units import UnitView, code_on

_NUMBER = re.compile(r"[0-9]{4,8}(-[0-9a-f]{0,12})?|[0-9a-f]{4,12}")
"""A number as people type it: from its front, or the part after the dash."""


def search(reader: Reader, scope: Scope, text: str, day: dt.date, *, limit: int = 20) -> dict[str, Any]:
    """Return units and fire points that a text may mean, the best first.

    Parameters
    ----------
    text
        Part of a name (aliases and earlier names included), the front of a code, or of the number of a fire point.
    day
        Day of the register.
    limit
        How many of each kind at most; ``more`` says that there were others.

    Returns
    -------
    dict
        ``q``, ``units`` with ``code, name, level, parent, parent_code, bbox``, ``fire_points`` with where and how they
        stand, and ``more``.
    """
    wanted = " ".join(unicodedata.normalize("NFKC", text).split())
    units = _units(reader, scope, wanted, day)
    points = _points(reader, scope, wanted.lower(), limit)
    return {
        "q": wanted,
        "units": [_unit(reader, view, one, day) for one, view in units[:limit]],
        "fire_points": [_point(point, asked) for point, asked in points[:limit]],
        "more": len(units) > limit or len(points) > limit,
    }


def _units(reader: Reader, scope: Scope, text: str, day: dt.date) -> list[tuple[Unit, UnitView]]:
    register = load_register(reader).register
    view = UnitView(register, scope, day, Purpose.LEGAL)
    plain = text.replace(" ", "")
    if not plain:
        return []
    found = [
        (rank, unit)
        for unit in register
        if (rank := _fits(unit, plain, day)) is not None and view.shows(unit.uid)
    ]
    found.sort(key=lambda one: (one[0], one[1].rank, code_on(one[1], day) or "~", one[1].uid))
    return [(unit, view) for _, unit in found]


def _fits(unit: Unit, text: str, day: dt.date) -> int | None:
    """Return how well a text names a unit, the least best; None where it does not."""
    name, code = unit.name(day), code_on(unit, day) or ""
    if text in (name, code):
        return 0
    if name.startswith(text) or code.startswith(text):
        return 1
    if text in name:
        return 2
    return 3 if any(text in one.text for one in unit.names) else None


def _unit(reader: Reader, view: UnitView, unit: Unit, day: dt.date) -> dict[str, Any]:
    told = view.as_dict(unit)
    names = ("code", "name", "level", "parent", "parent_code")
    return {**{name: told[name] for name in names}, "bbox": box_list(box_of(reader, unit.uid, day))}


def _points(reader: Reader, scope: Scope, text: str, limit: int) -> list[tuple[FirePointView, str]]:
    if _NUMBER.fullmatch(text) is None:
        return []
    table = FirePointState.__table__
    fits = [table.c.fire_point_id.startswith(text, autoescape=True)]
    if "-" not in text:
        fits.append(table.c.fire_point_id.contains(f"-{text}", autoescape=True))
    rows = reader.rows(
        sa.select(table.c.fire_point_id)
        .where(reader.live(FirePointState), scope.condition(FirePointState), sa.or_(*fits))
        .order_by(table.c.fire_point_id)
        .limit(limit + 1)
    )
    names = {row.fire_point_id: row.fire_point_id for row in rows}
    merged = _became(reader, text)
    if merged is not None:
        names.setdefault(merged, text)
    found = fire_points(reader, scope, ids=list(names)) if names else []
    return [(point, names[point.fire_point_id]) for point in found]


def _became(reader: Reader, text: str) -> str | None:
    """Return what an id that was merged lives under: it stands on paper somewhere."""
    try:
        live = resolve_id(reader, text)
    except NotFoundError:
        return None
    return live


def _point(point: FirePointView, asked: str) -> dict[str, Any]:
    return {
        "fire_point_id": point.fire_point_id,
        "asked": asked,
        "fire_day": point.fire_day.isoformat(),
        "first_seen": iso_beijing(point.first_at),
        "lon": point.lon,
        "lat": point.lat,
        "county": point.county,
        "township": point.township,
        "screen": point.screen,
        "status": point.status,
    }
