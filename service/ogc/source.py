"""A request's way to the seam: one reader, one `FeatureSource`, and counts and extents kept by the seam's own keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from gis.errors import NotFoundError
from gis.types import BBox
from service.kept import Kept
from service.layers.filters import parse_cql2_json, parse_cql2_text
from service.layers.model import LayerInfo, Query
from service.layers.source import FeatureSource
from service.ogc.crs import CRS84, box_of
from service.ogc.operation import Asked
from service.store.engine import Reader

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    # The draft's name of the class before: QGIS up to 3.42 pushes spatial filters down only where it finds it.
    "http://www.opengis.net/spec/cql2/0.0/conf/basic-spatial-operators",
)
"""QGIS sends a filter only where the first three, a text language and ``basic-cql2`` all stand here."""

_kept: Kept[Any] = Kept(4_096)
"""Under the seam's own keys, which name home, scope and revision: equal keys have equal answers."""


@contextmanager
def seam(asked: Asked) -> Iterator[tuple[FeatureSource, Reader]]:
    """Open the seam for a request, at the revision or instant it names."""
    context = asked.context
    with context.open_store().reader(asked.values.get("as_of")) as reader:
        yield _source(asked, reader), reader


def layer_of(asked: Asked, source: FeatureSource) -> LayerInfo:
    """Return the layer that the address names.

    Raises
    ------
    NotFoundError
        ``unknown_layer``.
    """
    return source.describe(asked.path["collectionId"])


def query_of(asked: Asked, info: LayerInfo) -> Query:
    """Return what the parameters ask of a layer.

    Raises
    ------
    UsageError
        A filter, box or property that is not usable.
    """
    values = asked.values
    box = values.get("bbox")
    return Query(
        bbox=None if box is None else box_of(box, values.get("bbox-crs", CRS84)),
        time=values.get("datetime"),
        filter=_filter(asked, info),
        day=values.get("day"),
        sort=values.get("sortby", ()),
        limit=values.get("limit", 1000),
        after=values.get("cursor"),
        properties=values.get("properties"),
    )


def matched(asked: Asked, source: FeatureSource, reader: Reader, rev: int, query: Query) -> int:
    """Return how many features match at a revision, whatever the page."""
    if rev != reader.rev:
        source = _source(asked, Reader(reader.connection, rev, reader.archive))
    layer = asked.path["collectionId"]
    query = replace(query, after=None, limit=1, sort=(), properties=(), geometry=False)
    return int(_kept.get(f"n:{source.key(layer, query)}", lambda: source.count(layer, query)))


def extent_of(source: FeatureSource, info: LayerInfo) -> BBox | None:
    """Return the box around the features of a layer that the reader may see."""
    query = Query(limit=1, properties=(), geometry=False)
    found: BBox | None = _kept.get(f"b:{source.key(info.id, query)}", lambda: source.extent(info.id, query))
    return found


def times_of(source: FeatureSource, info: LayerInfo) -> tuple[Any, Any] | None:
    """Return the first and last time of a layer's features, None where they have none."""
    name = info.time_property
    if name is None:
        return None
    ends = [_end(source, info, name, descending) for descending in (False, True)]
    return (ends[0][0], ends[1][0]) if ends[0] and ends[0][0] is not None else None


def _end(source: FeatureSource, info: LayerInfo, name: str, descending: bool) -> list[Any]:
    query = Query(sort=((name, descending),), limit=1, properties=(name,), geometry=False)
    found: list[Any] = _kept.get(
        f"t:{source.key(info.id, query)}", lambda: source.query(info.id, query).columns[name]
    )
    return found


def settled(asked: Asked, reader: Reader) -> FeatureSource:
    """Return a source whose deadlines are read once a day: for what only describes a layer."""
    now = asked.context.clock().replace(hour=0, minute=0)
    return FeatureSource(reader, asked.scope, today=asked.context.civil_today(), now=now)


def no_such_feature(info: LayerInfo, wanted: str) -> NotFoundError:
    """Return the error of a feature that is not there for this reader."""
    return NotFoundError(
        "unknown_feature",
        f"图层 {info.id} 中没有 {wanted[:80]!r}，或不在您的范围内",
        f"there is no {wanted[:80]!r} in the layer {info.id}, or it is not within your scope",
        value=wanted[:80],
    )


def _source(asked: Asked, reader: Reader) -> FeatureSource:
    return FeatureSource(reader, asked.scope, today=asked.context.civil_today(), now=asked.context.clock())


def _filter(asked: Asked, info: LayerInfo) -> Any | None:
    text = asked.values.get("filter")
    if text is None:
        return None
    lat_first = asked.values.get("filter-crs", CRS84).lat_first
    parse = parse_cql2_json if asked.values.get("filter-lang") == "cql2-json" else parse_cql2_text
    return parse(text, info, lat_first=lat_first)


def beijing_day(asked: Asked) -> dt.date:
    """Return the day that counts for a request."""
    day: dt.date | None = asked.values.get("day")
    return day or asked.context.civil_today()
