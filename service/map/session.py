"""Who is looking, at what, and what has to be said on every map: the first thing the web map asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from gis.types import BBox, Level, Validity
from service.billing.layers_used import weakest
from service.layers.borders import grid_in_force, set_in_force
from service.map.places import box_of
from service.pipeline.register_store import load_register
from service.reports import words
from service.scope import Scope
from service.settings import Settings
from service.store.engine import Reader
from service.store.models import BoundarySet, FirePointState, GridSet, RulebookVersion, ZoneSet
from service.units import code_on
from service.users import PERMISSIONS
from service.verification.review import CONFIRMED, DENIED, UNREVIEWED, UNVERIFIED

LANGUAGES = ("zh", "en")
STATUSES = (UNVERIFIED, CONFIRMED, DENIED, UNREVIEWED, "unreachable")
"""Every status of a fire point, in the order of a legend."""

FIRES = "NASA FIRMS"
TIANDITU = "天地图 Tianditu"
DISCLAIMER = words.Words(
    "".join(one.zh for one in words.CAVEATS[:3]) + "界线仅作示意，不作为划界依据。",
    " ".join(one.en for one in words.CAVEATS[:3]) + " Borders are for orientation and settle no dispute.",
)
_VOCABULARIES = {
    "screen": words.SCREEN_WORDS,
    "regime": words.REGIME_WORDS,
    "finding": words.FINDING_WORDS,
    "level": words.VERIFICATION_LEVEL_WORDS,
    "source_kind": words.SOURCE_WORDS,
    "confidence": words.CONFIDENCE_WORDS,
    "role": words.ROLE_WORDS,
}


def session(
    reader: Reader, scope: Scope, settings: Settings, *, today: dt.date, fire_today: dt.date
) -> dict[str, Any]:
    """Return who the reader is, what it may do, where its ground lies and what every map of it must say.

    Parameters
    ----------
    today
        Civil date in Beijing, on which register and borders are read.
    fire_today
        The current fire day.
    """
    stored = load_register(reader)
    own = None if scope.unit_uid is None else _unit(reader, scope.unit_uid, today)
    area = stored.register.find(settings.service_area, today)
    layers = _layers(reader, today)
    status = weakest([one["status"] for one in layers]) if layers else "reference"
    first, last = _days(reader, scope)
    sources = _attribution(reader, settings, today)
    return {
        "name": scope.actor,
        "role": scope.role,
        "unit": own,
        "area": own or (_unit(reader, area.uid, today) if area is not None else None),
        "permissions": sorted(PERMISSIONS.get(scope.role, frozenset())),
        "today": today.isoformat(),
        "fire_day": fire_today.isoformat(),
        "cut": settings.cut,
        "first_day": first,
        "last_day": last,
        "map_approval": settings.map_approval or None,
        "attribution": settings.map_attribution or sources.zh,
        "attribution_en": settings.map_attribution or sources.en,
        "statuses": _words(words.STATUS_WORDS, STATUSES),
        "words": {name: _words(table, table) for name, table in _VOCABULARIES.items()},
        "status": status,
        "informal": status != "official",
        "layers": layers,
        "tianditu": settings.tianditu_key is not None,
        "disclaimer_zh": DISCLAIMER.zh,
        "disclaimer_en": DISCLAIMER.en,
        "languages": list(LANGUAGES),
    }


def _unit(reader: Reader, uid: str, day: dt.date) -> dict[str, Any]:
    unit = load_register(reader).register[uid]
    return {
        "code": code_on(unit, day),
        "name": unit.name(day),
        "level": unit.level.value,
        "bbox": box_list(box_of(reader, uid, day)),
    }


def box_list(box: BBox | None) -> list[float] | None:
    """Return a box as JSON has it: min_lon, min_lat, max_lon, max_lat."""
    return None if box is None else [box.min_lon, box.min_lat, box.max_lon, box.max_lat]


def _words(table: dict[str, words.Words], codes: Iterable[str]) -> list[dict[str, str]]:
    return [{"code": code, "zh": table[code].zh, "en": table[code].en} for code in codes]


def _days(reader: Reader, scope: Scope) -> tuple[str | None, str | None]:
    """Return the first and last fire day on which the reader has a fire point."""
    table = FirePointState.__table__
    row = reader.rows(
        sa.select(sa.func.min(table.c.fire_day), sa.func.max(table.c.fire_day)).where(
            reader.live(FirePointState), scope.condition(FirePointState)
        )
    )[0]
    return tuple(None if one is None else one.isoformat() for one in row)  # type: ignore[return-value]


def _attribution(reader: Reader, settings: Settings, day: dt.date) -> words.Words:
    set_id = set_in_force(reader, Level.COUNTY, day)
    parts = [words.Words(f"火点 {FIRES}", f"fire points {FIRES}")]
    if set_id is not None:
        head = BoundarySet.__table__
        row = reader.rows(sa.select(head.c.name, head.c.source).where(head.c.id == set_id))[0]
        source = (row.source or row.name).split("；")[0]
        parts.append(words.Words(f"县界 {source}", f"county borders {source}"))
    if settings.tianditu_key is not None:
        parts.append(words.Words(f"底图 {TIANDITU}", f"base map {TIANDITU}"))
    return words.Words("；".join(one.zh for one in parts), "; ".join(one.en for one in parts))


def _layers(reader: Reader, day: dt.date) -> list[dict[str, Any]]:
    """Return what the map draws and counts with on a day, each with its standing: official or not."""
    found = []
    for level in (Level.COUNTY, Level.TOWNSHIP):
        set_id = set_in_force(reader, level, day)
        if set_id is not None:
            found += _heads(reader, level.value, BoundarySet, set_id)
    grid = grid_in_force(reader, day)
    if grid is not None:
        found += _heads(reader, "grid", GridSet, grid)
    zones = reader.rows(
        sa.select(ZoneSet.id, ZoneSet.name, ZoneSet.valid_from, ZoneSet.valid_to)
        .where(reader.known(ZoneSet))
        .order_by(ZoneSet.name, ZoneSet.version)
    )
    newest = {row.name: row.id for row in zones if Validity(row.valid_from, row.valid_to).holds(day)}
    for name in sorted(newest):
        found += _heads(reader, "zone", ZoneSet, newest[name])
    books = reader.rows(
        sa.select(RulebookVersion.book_id, RulebookVersion.status, RulebookVersion.id)
        .where(
            reader.known(RulebookVersion),
            sa.or_(RulebookVersion.withdrawn_rev.is_(None), RulebookVersion.withdrawn_rev > reader.horizon),
        )
        .order_by(RulebookVersion.book_id, RulebookVersion.id)
    )
    for row in {one.book_id: one for one in books}.values():
        found.append(_layer("rulebook", row.book_id, None, row.status))
    return found


def _heads(reader: Reader, layer: str, table: Any, set_id: int) -> list[dict[str, Any]]:
    rows = reader.rows(sa.select(table.name, table.version, table.status).where(table.id == set_id))
    return [_layer(layer, row.name, row.version, row.status) for row in rows]


def _layer(layer: str, name: str, version: int | None, status: str) -> dict[str, Any]:
    said = words.DATA_WORDS.get(status, words.Words(status, status))
    return {
        "layer": layer,
        "name": name,
        "version": version,
        "status": status,
        "zh": said.zh,
        "en": said.en,
    }
