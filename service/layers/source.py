"""The one seam: every map, tile, list and API asks a `FeatureSource`, and nothing else touches tables."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from dataclasses import replace
from typing import Protocol

from gis.errors import NotFoundError, UsageError
from gis.types import BBox
from service.layers import borders, fires, sites, spatial, work, zones
from service.layers.catalogue import CATALOGUE
from service.layers.cursor import Cursor, read_cursor, require_kinds
from service.layers.model import MAX_LIMIT, LayerInfo, Page, Query
from service.layers.relation import Relation
from service.layers.rows import Rows
from service.layers.syntax import canonical, properties_of
from service.scope import Scope
from service.store.engine import Reader
from service.store.types import canonical_json
from service.users import Permission, may

Keys = tuple[tuple[str, bool], ...]


_TIMELESS = frozenset(("fire_points", "detections", "footprints"))
"""Layers that are the same whatever `Query.day` says: their days are properties."""


_KEPT = 24
_made: dict[tuple[object, ...], Rows] = {}
"""Layers lately made in Python, by everything they depend on; the oldest go first."""


class _Features(Protocol):
    """What answers for one layer: a select or rows in memory."""

    def count(self, reader: Reader, query: Query) -> int: ...
    def extent(self, reader: Reader, query: Query) -> BBox | None: ...
    def page(self, reader: Reader, query: Query, keys: Keys, cursor: Cursor) -> Page: ...


class FeatureSource:
    """The layers as one reader may see them at one revision.

    Parameters
    ----------
    reader
        The read; an ``as_of`` reader shows the layers as they were known then.
    scope
        The reader's scope: it is compiled into every question, and there is no way around it.
    today
        The day that counts where a query names none (Beijing).
    now
        The instant at which deadlines of pending cases are read; the clock's when None.
    """

    def __init__(
        self, reader: Reader, scope: Scope, *, today: dt.date, now: dt.datetime | None = None
    ) -> None:
        self._reader, self._scope, self._today = reader, scope, today
        self._now = (now or dt.datetime.now(dt.UTC)).replace(second=0, microsecond=0)
        spatial.prepare(reader)

    @property
    def reader(self) -> Reader:
        """The read the layers come from."""
        return self._reader

    @property
    def rev(self) -> int:
        """The revision the layers are read at."""
        return self._reader.rev

    @property
    def today(self) -> dt.date:
        """The day that counts where a query names none."""
        return self._today

    def layers(self) -> tuple[LayerInfo, ...]:
        """Return every layer, in the order of a legend."""
        return tuple(CATALOGUE.values())

    def describe(self, layer: str) -> LayerInfo:
        """Return one layer.

        Raises
        ------
        NotFoundError
            ``unknown_layer``.
        """
        found = CATALOGUE.get(layer)
        if found is None:
            raise NotFoundError(
                "unknown_layer",
                f"没有图层 {layer!r}：可用 {'、'.join(CATALOGUE)}",
                f"there is no layer {layer!r}: there are {', '.join(CATALOGUE)}",
                value=layer[:80],
            )
        return found

    def count(self, layer: str, query: Query) -> int:
        """Return how many features match, whatever the page.

        Raises
        ------
        NotFoundError
            ``unknown_layer``.
        UsageError
            A property the layer does not have, or a wrong interval.
        TooSlowError
            ``query_too_slow``.
        """
        info = self.describe(layer)
        _check(info, query)
        return self._features(self._reader, info, query, ()).count(self._reader, query)

    def extent(self, layer: str, query: Query) -> BBox | None:
        """Return the box around the features that match, degrees; None around nothing. Raises as `count` does."""
        info = self.describe(layer)
        _check(info, query)
        return self._features(self._reader, info, query, ()).extent(self._reader, query)

    def query(self, layer: str, query: Query) -> Page:
        """Return one page of features.

        Pages hold together: `Page.next` goes on at the revision of the first page, in one total order.

        Raises
        ------
        UsageError
            Also ``bad_cursor`` and ``bad_limit``.
        """
        info = self.describe(layer)
        _check(info, query)
        if query.limit < 1:
            raise UsageError(
                "bad_limit",
                f"每页条数 {query.limit} 应在 1 至 {MAX_LIMIT} 之间",
                f"a page has 1 to {MAX_LIMIT} features, not {query.limit}",
                value=query.limit,
            )
        query = replace(query, limit=min(query.limit, MAX_LIMIT))
        question = self._question(info, query)
        reader, cursor = self._reader, Cursor(question, self._reader.rev)
        if query.after is not None:
            cursor = read_cursor(query.after, question, self._reader.rev)
            require_kinds(cursor, [info.get(name) for name, _ in _keys(info, query)])
            if cursor.rev != reader.rev:
                reader = Reader(reader.connection, cursor.rev, reader.archive)
        keys = _keys(info, query)
        names = tuple(name for name, _ in keys)
        return self._features(reader, info, query, names).page(reader, query, keys, cursor)

    def relation(self, layer: str, query: Query) -> Relation | None:
        """Return the select behind a layer, the scope in it, for what the database makes itself (vector tiles).

        None where the features are made in Python. Raises as `count` does.
        """
        info = self.describe(layer)
        _check(info, query)
        names = tuple(name for name, _ in _keys(info, query))
        found = self._features(self._reader, info, query, names)
        return found if isinstance(found, Relation) else None

    def key(self, layer: str, query: Query) -> str:
        """Return a cache key: two questions with equal keys have equal answers, of whichever reader of the scope."""
        info = self.describe(layer)
        parts = [
            self._question(info, query),
            "-" if query.properties is None else ",".join(sorted(query.properties)),
            str(query.geometry),
            str(query.limit),
            query.after or "",
            str(self._reader.connection.engine.url),
            self._version(info, query),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _whose(self, info: LayerInfo) -> str:
        """Return what of the reader decides an answer: its scope, and of cases whether its role sees those of money."""
        if not info.private:
            return ""
        blind = info.id == "pending" and not may(self._scope, Permission.MONEY)
        return f"{self._scope.key()} without money" if blind else self._scope.key()

    def _day(self, query: Query) -> dt.date:
        return query.day or self._today

    def _version(self, info: LayerInfo, query: Query) -> str:
        """Return what the store adds to a key: the sets themselves where they decide, else the revision."""
        if info.id in ("counties", "townships"):
            return borders.borders(self._reader, info.id, self._day(query))[1]
        if info.id == "grid_cells":
            return borders.grid_cells(self._reader, self._day(query))[1]
        minute = self._now.isoformat() if info.id == "pending" else ""
        return f"rev:{self._reader.rev}{minute}"

    def _question(self, info: LayerInfo, query: Query) -> str:
        """Return what is asked, without the page and the columns, as canonical text."""
        box, time = query.bbox, query.time
        return canonical_json(
            {
                "layer": info.id,
                "scope": self._whose(info),
                "bbox": None if box is None else [box.min_lon, box.min_lat, box.max_lon, box.max_lat],
                "ids": list(query.ids),
                "time": None if time is None else [None if one is None else one.isoformat() for one in time],
                "filter": canonical(query.filter),
                "day": "" if info.id in _TIMELESS else self._day(query).isoformat(),
                "sort": [[name, descending] for name, descending in _keys(info, query)],
            }
        )

    def _features(
        self, reader: Reader, info: LayerInfo, query: Query, sorted_by: tuple[str, ...]
    ) -> _Features:
        scope, day = self._scope, self._day(query)
        if info.id == "fire_points":
            asked = {*sorted_by, *properties_of(query.filter)}
            columns = query.properties is None or "status" in query.properties
            paged = bool(sorted_by)
            return fires.fire_points(reader, scope, with_status=(paged and columns) or "status" in asked)
        if info.id == "detections":
            asked = {*sorted_by, *properties_of(query.filter)}
            if sorted_by:
                asked |= set(info.names() if query.properties is None else query.properties)
            return fires.detections(reader, scope, with_product=bool(asked & fires.OF_PRODUCT))
        if info.id == "footprints":
            return fires.footprints(reader, scope)
        if info.id in ("counties", "townships"):
            return borders.borders(reader, info.id, day)[0]
        if info.id == "grid_cells":
            return borders.grid_cells(reader, day)[0]
        return self._made(reader, info, query, day)

    def _made(self, reader: Reader, info: LayerInfo, query: Query, day: dt.date) -> Rows:
        """Return the features of a layer that is made in Python, kept for the next question: a map asks many tiles."""
        key = (
            str(reader.connection.engine.url),
            self._whose(info),
            *(
                reader.horizon,
                info.id,
                day,
                query.time if info.time_property or info.id == "standing" else None,
            ),
            self._now if info.id == "pending" else None,
        )
        found = _made.get(key)
        if found is None:
            found = _made[key] = self._make(reader, info, query, day)
            for old in list(_made)[:-_KEPT]:
                _made.pop(old, None)
        return found

    def _make(self, reader: Reader, info: LayerInfo, query: Query, day: dt.date) -> Rows:
        scope = self._scope
        if info.id == "zones":
            return zones.zones(reader, day)
        if info.id == "planned_burns":
            return sites.planned_burns(reader, scope, day, whole=query.time is not None)
        if info.id == "heat_sources":
            return sites.heat_sources(reader, scope, day)
        if info.id == "heat_cells":
            return sites.heat_cells(reader, scope, day)
        if info.id == "pending":
            return work.pending_cases(reader, scope, query, day, self._now)
        return work.standing_counts(reader, scope, query, day)


def _keys(info: LayerInfo, query: Query) -> Keys:
    """Return the sort keys, each property once, ending with the id."""
    given = query.sort or tuple((name.removeprefix("-"), name.startswith("-")) for name in info.sort_default)
    found = dict(reversed(given))
    ordered = tuple((name, found[name]) for name in dict.fromkeys(name for name, _ in given))
    names = [name for name, _ in ordered]
    if info.id_property in names:
        return ordered[: names.index(info.id_property) + 1]
    return (*ordered, (info.id_property, False))


def _check(info: LayerInfo, query: Query) -> None:
    """Refuse a property the layer does not have, and a box that is none."""
    for name in (*(name for name, _ in query.sort), *(query.properties or ())):
        if info.get(name) is None:
            raise unknown_property(info, name)
    box = query.bbox
    if box is not None:
        sides = (box.min_lon, box.min_lat, box.max_lon, box.max_lat)
        if not all(math.isfinite(one) for one in sides) or box.min_lat > box.max_lat:
            raise UsageError(
                "bad_bbox",
                f"范围框 {sides} 有误：应为 西,南,东,北，单位度",
                f"the box {sides} is wrong: write west,south,east,north in degrees",
            )


def unknown_property(info: LayerInfo, name: str) -> UsageError:
    """Return the error of a name that is no property of a layer."""
    return UsageError(
        "unknown_property",
        f"图层 {info.id} 没有属性 {name[:80]!r}：可用 {'、'.join(info.names())}",
        f"layer {info.id} has no property {name[:80]!r}: there are {', '.join(info.names())}",
        value=name[:80],
    )
