"""A layer whose features are made in Python: the same filter, order and pages as a select, over columns in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gis.types import BBox
from service.layers.cursor import Cursor
from service.layers.logic import TRUE, truth
from service.layers.model import LayerInfo, Page, Query
from service.layers.relation import wanted_names
from service.layers.spatial import parts, shape_of
from service.layers.timespan import span_of
from service.store.engine import Reader

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """All features of a layer that one reader may see on one day.

    Attributes
    ----------
    columns
        Property name to the values of every feature.
    geometry
        Shape (n,), None where a feature has none.
    timed
        Whether `Query.time` is asked of each feature; False where it chose the features already.
    """

    info: LayerInfo
    columns: Mapping[str, Sequence[Any]]
    geometry: npt.NDArray[np.object_]
    timed: bool = True

    def count(self, _reader: Reader, query: Query) -> int:
        """Return how many features match."""
        return len(self._matching(query))

    def extent(self, _reader: Reader, query: Query) -> BBox | None:
        """Return the box around everything that matches, None around nothing."""
        shapes = self.geometry[self._matching(query)]
        found = shapely.total_bounds(shapes) if len(shapes) else np.full(4, np.nan)
        return None if np.isnan(found).any() else BBox(*(float(one) for one in found))

    def page(self, reader: Reader, query: Query, keys: Sequence[tuple[str, bool]], cursor: Cursor) -> Page:
        """Return one page in the order of `keys`, which ends with the id."""
        matching = self._matching(query)
        order = self._ordered(matching, keys)
        start = 0 if cursor.values is None else self._after(order, keys, cursor.values)
        picked = order[start : start + query.limit]
        more = start + query.limit < len(order)
        count = len(picked)
        geometry = self.geometry[picked] if query.geometry else np.full(count, None, dtype=object)
        last = [self.columns[name][picked[-1]] for name, _ in keys] if more else None
        return Page(
            self.info,
            {name: [self.columns[name][row] for row in picked] for name in wanted_names(self.info, query)},
            geometry,
            len(matching),
            None if last is None else cursor.following(last),
            reader.rev,
        )

    def _matching(self, query: Query) -> Ints:
        keep = np.ones(len(self.geometry), dtype=bool)
        if query.ids:
            wanted = set(query.ids)
            keep &= np.array([str(one) in wanted for one in self.columns[self.info.id_property]], dtype=bool)
        if query.time is not None:
            span = span_of(query.time, self.info)
            if self.timed and span.name is not None:
                keep &= np.array(
                    [_within(one, span.start, span.end) for one in self.columns[span.name]], bool
                )
        if query.bbox is not None:
            keep &= self._meets(query.bbox)
        rows = np.flatnonzero(keep)
        if query.filter is None:
            return rows
        passing: Ints = rows[truth(query.filter, self.columns, self.geometry, rows) == TRUE]
        return passing

    def _meets(self, bbox: BBox) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(self.geometry), dtype=bool)
        for one in parts(bbox):
            box = shape_of(one)
            shapely.prepare(box)
            found |= shapely.intersects(box, self.geometry)
        return found

    def _ordered(self, rows: Ints, keys: Sequence[tuple[str, bool]]) -> list[int]:
        """Return rows in order: stable sorts from the last key to the first, NULL last in each."""
        order: list[int] = rows.tolist()
        for name, descending in reversed(keys):
            values = self.columns[name]
            known = [row for row in order if values[row] is not None]
            unknown = [row for row in order if values[row] is None]
            known.sort(key=lambda row, of=values: of[row], reverse=descending)  # type: ignore[misc]
            order = known + unknown
        return order

    def _after(self, order: Sequence[int], keys: Sequence[tuple[str, bool]], values: Sequence[Any]) -> int:
        """Return the place of the first row after the key values."""
        low, high = 0, len(order)
        while low < high:
            middle = (low + high) // 2
            row = order[middle]
            if _compare([self.columns[name][row] for name, _ in keys], values, keys) <= 0:
                low = middle + 1
            else:
                high = middle
        return low


def _compare(a: Sequence[Any], b: Sequence[Any], keys: Sequence[tuple[str, bool]]) -> int:
    for mine, other, (_, descending) in zip(a, b, keys, strict=True):
        if mine == other:
            continue
        if mine is None or other is None:
            return 1 if mine is None else -1
        return -1 if (mine < other) is not descending else 1
    return 0


def _within(value: Any, start: Any, end: Any) -> bool:
    return value is not None and (start is None or start <= value) and (end is None or value <= end)
