"""A layer that is a select: scope, sets in force and filter in the query, pages by key, in both homes.

Strings are compared byte by byte: SQLite's BINARY and PostgreSQL's ``COLLATE "C"``, both the order of code points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import sqlalchemy as sa

from gis.types import BBox
from service.layers import ordering, spatial
from service.layers.cursor import Cursor
from service.layers.limits import timed
from service.layers.literals import storable
from service.layers.model import LayerInfo, Page, Query
from service.layers.spatial import Shape
from service.layers.sql import condition, listed, sorting
from service.layers.syntax import necessary_boxes
from service.layers.timespan import Span, span_of
from service.store.engine import Reader
from service.store.types import decode_gpkg

_FEW = 500
"""Ids bound one by one; more are bound as one value, for SQLite limits the number of parameters."""

_DIGITS = 19
"""Digits of an integer that overflows."""


@dataclass(frozen=True)
class Relation:
    """One layer, for one reader, scope and day.

    Attributes
    ----------
    source
        What is selected from.
    columns
        Property name to its typed expression.
    where
        Scope, liveness and sets in force.
    """

    info: LayerInfo
    source: sa.FromClause
    columns: Mapping[str, sa.ColumnElement[Any]]
    where: tuple[sa.ColumnElement[bool], ...]
    shape: Shape

    def count(self, reader: Reader, query: Query) -> int:
        """Return how many features match; the page is no part of the question."""
        statement = sa.select(sa.func.count()).select_from(self.source).where(*self.conditions(reader, query))
        return int(timed(reader, statement)[0][0])

    def extent(self, reader: Reader, query: Query) -> BBox | None:
        """Return the box around everything that matches, None around nothing."""
        low_x, low_y, high_x, high_y = self.shape.bounds()
        statement = (
            sa.select(sa.func.min(low_x), sa.func.min(low_y), sa.func.max(high_x), sa.func.max(high_y))
            .select_from(self.source)
            .where(*self.conditions(reader, query))
        )
        found = timed(reader, statement)[0]
        return None if found[0] is None else BBox(*(float(one) for one in found))

    def page(self, reader: Reader, query: Query, keys: Sequence[tuple[str, bool]], cursor: Cursor) -> Page:
        """Return one page in the order of `keys`, which ends with the id."""
        names = wanted_names(self.info, query)
        needs = dict.fromkeys((*names, *(name for name, _ in keys)))
        if query.geometry:
            needs.update(dict.fromkeys(spatial.needed_for(self.shape)))
        selected = [self.columns[name].label(name) for name in needs]
        reads = query.geometry and not isinstance(self.shape, spatial.MadeShape)
        if reads:
            selected.append(spatial.readable(self.shape.value, reader).label("shape_"))
        sorts = sorting(reader)
        statement = sa.select(*selected).select_from(self.source).where(*self.conditions(reader, query))
        if cursor.values is not None:
            statement = statement.where(ordering.after(self.columns, self.info, keys, cursor.values, sorts))
        statement = statement.order_by(*ordering.by(self.columns, self.info, keys, sorts)).limit(
            query.limit + 1
        )
        rows = timed(reader, statement)
        more = len(rows) > query.limit
        rows = rows[: query.limit]
        values = [list(one) for one in zip(*rows, strict=True)] if rows else [[] for _ in selected]
        columns = dict(zip(needs, values, strict=False))
        geometry = self._geometry(query, columns, values[-1] if reads else None, reader, len(rows))
        last = [columns[name][-1] for name, _ in keys] if more else None
        return Page(
            self.info,
            {name: columns[name] for name in names},
            geometry,
            len(rows) if not more and cursor.values is None else None,
            None if last is None else cursor.following(last),
            reader.rev,
        )

    def _geometry(
        self, query: Query, columns: Mapping[str, Sequence[Any]], raw: Any, reader: Reader, count: int
    ) -> npt.NDArray[np.object_]:
        if not query.geometry or not count:
            return np.full(count, None, dtype=object)
        if isinstance(self.shape, spatial.MadeShape):
            return np.asarray(self.shape.build(columns), dtype=object)
        if reader.connection.dialect.name == "postgresql":
            return np.asarray(shapely.from_wkb(np.array(raw, dtype=object)), dtype=object)
        found = np.empty(count, dtype=object)
        found[:] = decode_gpkg(raw)
        return found

    def conditions(self, reader: Reader, query: Query) -> list[sa.ColumnElement[bool]]:
        """Return what holds of the features that match: scope, liveness, sets in force and the query."""
        found = list(self.where)
        if query.bbox is not None:
            found.append(sa.or_(*(self._meets(box) for box in spatial.parts(query.bbox))))
        if query.ids:
            found.append(self._named(query.ids, reader))
        if query.time is not None:
            found += self._within(span_of(query.time, self.info))
        if query.filter is not None:
            found += [self.shape.near(box) for box in necessary_boxes(query.filter)]
            found.append(condition(query.filter, self.columns, self.info, self.shape.value, reader))
        return found

    def _meets(self, box: BBox) -> sa.ColumnElement[bool]:
        exact = self.shape.exact(box)
        near = self.shape.near(box)
        return near if exact is None else sa.and_(near, exact)

    def _named(self, ids: Sequence[str], reader: Reader) -> sa.ColumnElement[bool]:
        column = self.columns[self.info.id_property]
        prop = self.info.get(self.info.id_property)
        if prop is not None and prop.kind == "integer":
            numbers = [int(one) for one in ids if one.isascii() and one.isdecimal() and len(one) < _DIGITS]
            return column.in_(numbers) if len(numbers) < _FEW else column.in_(listed(numbers, reader))
        known = [one for one in ids if storable(one)]
        return column.in_(known) if len(known) < _FEW else column.in_(listed(known, reader))

    def _within(self, span: Span) -> list[sa.ColumnElement[bool]]:
        if span.name is None:
            return []
        column = self.columns[span.name]
        found: list[sa.ColumnElement[bool]] = []
        if span.start is not None:
            found.append(column >= span.start)
        if span.end is not None:
            found.append(column <= span.end)
        return found


def wanted_names(info: LayerInfo, query: Query) -> tuple[str, ...]:
    """Return the columns a page has: those asked for, in the layer's order, and always the id."""
    if query.properties is None:
        return info.names()
    asked = {*query.properties, info.id_property}
    return tuple(name for name in info.names() if name in asked)
