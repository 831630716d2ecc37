"""The whole story of one fire point: which row said it, whose ground it is, what people found, what it costs and why.

Everything is read at the reader's revision and within the scope. A point of somebody else is never named: whatever a
reason, a ruling or an adjustment says of another fire point is shown only where the reader may see that one too.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gis.times import beijing_date, iso_beijing
from service import untold
from service.billing import explain_money, origin
from service.billing.carried import lists_of, objections_of, statements_of
from service.billing.doubts import doubts_of
from service.pipeline import identity
from service.reads import FirePointView, fire_points, resolve_id, unknown_fire_point
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import FirePointState, Revision, Ruling
from service.users import Permission, may

POINT_ID = re.compile(r"\b[0-9]{8}-[0-9a-f]{12}\b")
"""What an id of a fire point looks like, wherever it stands in a text."""

Verdicts = Callable[..., list[dict[str, Any]]]
"""`explain_money.verdicts`, or what stands for it."""

HIDDEN = "(…)"
"""What stands in place of the number of a fire point that is not the reader's."""


@dataclass(frozen=True, slots=True)
class Found:
    """A fire point as the reader may see it, and the read at which it was last live.

    Attributes
    ----------
    live
        The id it lives under; None when nothing is left of it.
    then
        The reader itself, or for a withdrawn id a read at the last revision it lived at.
    state
        Its row at that read.
    """

    asked: str
    live: str | None
    then: Reader
    view: FirePointView
    state: Any

    @property
    def fire_point_id(self) -> str:
        """The id its rows stand under."""
        return self.view.fire_point_id


def find(reader: Reader, scope: Scope, fire_point_id: str) -> Found:
    """Return the fire point of any id ever issued.

    Raises
    ------
    NotFoundError
        ``unknown_fire_point``: never issued as far as was known then, or not within the scope.
    """
    live = resolve_id(reader, fire_point_id)
    then = reader if live is not None else _last_read(reader, fire_point_id)
    wanted = live or fire_point_id
    views = [] if then is None else fire_points(then, scope, ids=[wanted])
    if then is None or not views:
        raise unknown_fire_point(fire_point_id)
    state = then.rows(
        sa.select(FirePointState.__table__).where(
            FirePointState.fire_point_id == wanted, then.live(FirePointState)
        )
    )[0]
    return Found(fire_point_id, live, then, views[0], state)


def _last_read(reader: Reader, fire_point_id: str) -> Reader | None:
    """Return a read at the last revision at which a withdrawn id was live."""
    table = FirePointState.__table__
    end = reader.connection.execute(
        sa.select(sa.func.max(table.c.rev_to)).where(
            table.c.fire_point_id == fire_point_id, table.c.rev_to <= reader.rev
        )
    ).scalar()
    return None if end is None else Reader(reader.connection, int(end) - 1)


def explain(
    reader: Reader,
    scope: Scope,
    fire_point_id: str,
    *,
    season: str | None = None,
    rulebook: str | None = None,
    at: dt.datetime | None = None,
    now: dt.datetime | None = None,
    verdicts: Verdicts = explain_money.verdicts,
) -> dict[str, Any]:
    """Return everything that is known of a fire point, as JSON-representable data with sentences in both languages.

    Parameters
    ----------
    fire_point_id
        Any id ever issued; a merged one answers with the point it became.
    season, rulebook
        Money of this season and rule only; without, of every rulebook in force on the day of the overpass.
    at
        The instant at which deadlines are read; now without one. The answer says it only where it was given, so that
        what nothing has changed in is told in the same bytes.
    now
        What now is, for tests and services with a clock of their own.
    verdicts
        What tells the money: a map's card keeps seasons it has adjudicated. A role that may not see money is told
        none, whatever stands here: ``untold`` says so.

    Raises
    ------
    NotFoundError
        ``unknown_fire_point``: never issued, or not within the scope: the two look the same.
    """
    found = find(reader, scope, fire_point_id)
    ids = origin.ids_of(reader, found.fire_point_id)
    pixels = origin.pixels_of(found.then, found.state)
    verification = _verification(reader, found.live)
    instant = at or now or dt.datetime.now(dt.UTC)
    sees = may(scope, Permission.MONEY)
    money = _money(verdicts, reader, found, season, rulebook, instant) if sees else []
    told: dict[str, Any] = {
        "asked": fire_point_id,
        "fire_point_id": found.fire_point_id,
        "resolves_to": found.live if found.live != fire_point_id else None,
        "withdrawn": found.live is None,
        "ids": list(ids),
        "known": _known(reader, at),
        "point": _point(found),
        "pixels": pixels,
        "clustering": origin.clustering_of(found.then, found.state, pixels),
        "history": origin.history_of(reader, ids),
        "changes": origin.changes_of(reader, found.fire_point_id),
        "place": _place(found, _context(reader, scope, found)),
        "screening": {
            "screen": found.view.screen,
            "reasons": _reasons(reader, scope, found.view),
        },
        "rulings": _rulings(reader, ids),
        "verification": verification,
        "money": money,
        "statements": statements_of(reader, scope, ids, found.view.fire_day),
        "objections": objections_of(reader, scope, ids, found.view.fire_day),
        "lists": lists_of(reader, scope, ids, found.view.fire_day),
        "pending": _pending(reader, scope, found),
    }
    due = None
    if not sees and found.live is not None and not verification["records"]:
        due = explain_money.earliest_due(reader, found.live, found.view)
    told = untold.story(scope, told, due=due)
    told["uncertain"] = doubts_of(told)
    shown: dict[str, Any] = _Veil(reader, scope, {*ids, fire_point_id}).over(told)
    return shown


def read_at(reader: Reader, as_of: int | dt.datetime | None, at: dt.datetime | None) -> dt.datetime | None:
    """Return the instant at which deadlines are read: the one named, else that of the past asked for, else None."""
    if at is not None or as_of is None:
        return at
    if isinstance(as_of, dt.datetime):
        return as_of
    found: dt.datetime | None = reader.connection.execute(
        sa.select(Revision.at).where(Revision.id == reader.rev)
    ).scalar()
    return found


def _known(reader: Reader, at: dt.datetime | None) -> dict[str, Any]:
    recorded = reader.connection.execute(sa.select(Revision.at).where(Revision.id == reader.rev)).scalar()
    return {
        "revision": reader.rev,
        "recorded_at": None if recorded is None else iso_beijing(recorded),
        "deadlines_at": None if at is None else iso_beijing(at),
    }


def _point(found: Found) -> dict[str, Any]:
    view = found.view
    return {
        "fire_day": view.fire_day.isoformat(),
        "cut": view.cut,
        "first_seen": iso_beijing(view.first_at),
        "last_seen": iso_beijing(view.last_at),
        "lon": view.lon,
        "lat": view.lat,
        "pixels": view.pixels,
        "satellites": list(view.satellites),
        "sources": list(view.sources),
        "frp_mw": view.frp_mw,
        "confidence": view.confidence,
        "status": view.status,
        "informal": view.informal,
    }


def _place(found: Found, context: Mapping[str, Any] | None) -> dict[str, Any]:
    view = found.view
    pairs = ("city", "county", "township", "grid", "zone")
    place: dict[str, Any] = {
        name: {"code": getattr(view, f"{name}_code"), "name": getattr(view, name)}
        if getattr(view, f"{name}_code") is not None
        else None
        for name in pairs
    }
    place["regime"] = {"code": view.regime, "zh": view.regime_zh, "en": view.regime_en}
    place["boundary_case"] = dict(view.boundary_case)
    place["neighbours"] = {level: list(codes) for level, codes in view.neighbours.items() if codes}
    place["county_share"] = view.county_share
    place["border_distance_m"] = view.border_distance_m
    place["cropland_share"] = view.cropland_share
    place["layers"] = list(_layers(view.layers))
    place["context"] = dict(context) if context else None
    return place


def _layers(stack: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for name in sorted(stack):
        record = stack[name]
        for one in record if isinstance(record, list) else [record]:
            yield {"layer": name, **(one if isinstance(one, Mapping) else {"version": one})}


def _reasons(reader: Reader, scope: Scope, view: FirePointView) -> list[dict[str, Any]]:
    """Return the screening reasons with their evidence; of the counties they name, a reader sees its own."""
    own = _own(reader, scope, view.fire_day)
    return [
        {**one, "counties": [code for code in one["counties"] if own(code)]}
        if "counties" in one
        else dict(one)
        for one in view.reasons
    ]


def _rulings(reader: Reader, ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rulings on the fire point, oldest first; `in_force` says which of a kind decides."""
    table = Ruling.__table__
    rows = reader.rows(
        sa.select(table, Revision.at)
        .join(Revision, Revision.id == table.c.rev)
        .where(table.c.fire_point_id.in_(list(ids)), reader.known(Ruling))
        .order_by(table.c.id)
    )
    newest = {row.kind: row.id for row in rows}
    return [
        {
            "ruling_id": row.id,
            "recorded_for": row.fire_point_id,
            "kind": row.kind,
            "value": row.value,
            "reason": row.reason,
            "actor": row.actor,
            "at": iso_beijing(row.at),
            "revision": row.rev,
            "evidence_sha256": row.evidence_sha256,
            "supersedes": row.supersedes_id,
            "in_force": newest[row.kind] == row.id,
        }
        for row in rows
    ]


def _verification(reader: Reader, live: str | None) -> dict[str, Any]:
    from service.verification import publications, standings

    standing = standings(reader, [live]).get(live) if live is not None else None
    published = publications(reader).get(live) if live is not None else None
    if standing is None:
        return {
            "records": [],
            "deciding": None,
            "contradicted": False,
            "area_mu": None,
            "published_at": None if published is None else iso_beijing(published),
        }
    return {
        "records": [one.as_dict() for one in standing.records],
        "deciding": None if standing.deciding is None else standing.deciding.id,
        "contradicted": standing.contradicted,
        "area_mu": None if standing.area_mu is None else format(standing.area_mu, "f"),
        "published_at": None if published is None else iso_beijing(published),
    }


def _context(reader: Reader, scope: Scope, found: Found) -> dict[str, Any]:
    """Return what disputes are about; of other units a reader learns that there is one, not which."""
    from service.billing.context import contexts

    context = contexts(found.then, {found.fire_point_id: found.state})[found.fire_point_id]
    own = _own(reader, scope, found.view.fire_day)

    def shown(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            one if one.get("outside") or own(one["code"]) else {**one, "code": None, "name": None}
            for one in parts
        ]

    parts = {level: found if level == "zone" else shown(found) for level, found in context["parts"].items()}
    others = [
        one if own(one["county_code"]) else {**one, "county_code": None, "county": None}
        for one in context["other_sets"]
    ]
    return {**context, "shares": shown(context["shares"]), "parts": parts, "other_sets": others}


def _own(reader: Reader, scope: Scope, day: dt.date) -> Callable[[str | None], bool]:
    """Return whether a code is that of a unit of the reader's on a day."""
    if scope.everything:
        return lambda _code: True
    from service.pipeline.register_store import load_register

    stored = load_register(reader)
    mine = scope.unit_ids(day) or frozenset()

    def own(code: str | None) -> bool:
        unit = None if code is None else stored.register.find(code, day)
        return unit is not None and stored.ids.get(unit.uid) in mine

    return own


def _money(
    verdicts: Verdicts,
    reader: Reader,
    found: Found,
    season: str | None,
    rulebook: str | None,
    at: dt.datetime,
) -> list[dict[str, Any]]:
    if found.live is None:
        return []
    day = beijing_date(found.view.first_at)
    return verdicts(reader, found.live, day, season=season, rulebook=rulebook, at=at)


def _pending(reader: Reader, scope: Scope, found: Found) -> list[dict[str, Any]]:
    if found.live is None:
        return []
    from service.pipeline.pending import pending

    day = found.view.fire_day
    cases = pending(reader, scope, start=day, end=day)
    return [
        {"what": one.what, "zh": one.zh, "en": one.en} for one in cases if one.fire_point_id == found.live
    ]


class _Veil:
    """Leaves the numbers of fire points that the reader may see, and covers all others, wherever they stand."""

    def __init__(self, reader: Reader, scope: Scope, own: set[str]) -> None:
        self._reader = reader
        self._scope = scope
        self._shown = own

    def over(self, told: dict[str, Any]) -> Any:
        """Return the same data with the ids of other people's points covered."""
        if self._scope.everything:
            return told
        others = {one for text in _texts(told) for one in POINT_ID.findall(text)} - self._shown
        if others:
            resolved = identity.aliases(self._reader)
            live = {one: resolved.get(one, one) for one in others}
            wanted = sorted({one for one in live.values() if one is not None})
            seen = {view.fire_point_id for view in fire_points(self._reader, self._scope, ids=wanted)}
            self._shown = self._shown | {one for one, end in live.items() if end in seen}
        return self._covered(told)

    def _covered(self, value: Any) -> Any:
        if isinstance(value, str):
            return POINT_ID.sub(lambda hit: hit[0] if hit[0] in self._shown else HIDDEN, value)
        if isinstance(value, dict):
            return {key: self._covered(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._covered(one) for one in value]
        return value


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
