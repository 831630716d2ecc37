"""A checked filter over columns in memory, in three-valued logic: true, false, unknown."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pygeofilter import ast

from service.layers.spatial import RELATIONS
from service.layers.sql import tokens_of
from service.layers.syntax import SPATIAL, chain
from service.layers.temporal import bounds_of

Truth = npt.NDArray[np.int8]

TRUE, FALSE, UNKNOWN = np.int8(1), np.int8(0), np.int8(-1)

_COMPARE: dict[type[ast.Comparison], Callable[[Any, Any], bool]] = {
    ast.Equal: operator.eq,
    ast.NotEqual: operator.ne,
    ast.LessThan: operator.lt,
    ast.LessEqual: operator.le,
    ast.GreaterThan: operator.gt,
    ast.GreaterEqual: operator.ge,
}
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def truth(
    node: Any,
    columns: Mapping[str, Sequence[Any]],
    geometry: npt.NDArray[np.object_],
    rows: npt.NDArray[np.int64],
) -> Truth:
    """Return what a filter says of some rows; shape (len(rows),)."""
    return _Evaluator(columns, geometry, rows).of(node)


class _Evaluator:
    def __init__(
        self,
        columns: Mapping[str, Sequence[Any]],
        geometry: npt.NDArray[np.object_],
        rows: npt.NDArray[np.int64],
    ) -> None:
        self._columns, self._geometry, self._rows = columns, geometry, rows

    def of(self, node: Any) -> Truth:  # noqa: PLR0911 - one for each kind of node
        if isinstance(node, ast.And):
            return _all([self.of(one) for one in chain(node, ast.And)])
        if isinstance(node, ast.Or):
            return _negated(_all([_negated(self.of(one)) for one in chain(node, ast.Or)]))
        if isinstance(node, ast.Not):
            return _negated(self.of(node.sub_node))
        if isinstance(node, bool):
            return np.full(len(self._rows), TRUE if node else FALSE)
        if isinstance(node, ast.Attribute):
            return self._each(node, bool)
        if isinstance(node, ast.Comparison):
            return self._comparison(node)
        if isinstance(node, ast.SpatialComparisonPredicate):
            return self._spatial(node)
        if isinstance(node, ast.TemporalPredicate):
            bounds = bounds_of(node)
            found = self._each(
                node.lhs, lambda value: all(_SIGNS[sign](value, limit) for sign, limit in bounds.all_of)
            )
            return _negated(found) if bounds.negated else found
        found = self._test(node)
        return _negated(found) if node.not_ else found

    def _test(self, node: Any) -> Truth:
        if isinstance(node, ast.IsNull):
            return np.array([value is None for value in self._values(node.lhs)], dtype=np.int8)
        if isinstance(node, ast.Between):
            return self._each(node.lhs, lambda value: bool(node.low <= value <= node.high))
        if isinstance(node, ast.In):
            wanted = list(node.sub_nodes)
            return self._each(node.lhs, lambda value: value in wanted)
        if isinstance(node, ast.Like):
            matches = regex_of(node.pattern).fullmatch
            return self._each(node.lhs, lambda value: matches(value) is not None)
        raise TypeError(type(node).__name__)  # pragma: no cover - the check lets nothing else through

    def _comparison(self, node: ast.Comparison) -> Truth:
        compare = _COMPARE[type(node)]
        if not isinstance(node.rhs, ast.Attribute):
            return self._each(node.lhs, lambda value: compare(value, node.rhs))
        pairs = zip(self._values(node.lhs), self._values(node.rhs), strict=True)
        return np.array(
            [UNKNOWN if a is None or b is None else compare(a, b) for a, b in pairs], dtype=np.int8
        )

    def _spatial(self, node: ast.SpatialComparisonPredicate) -> Truth:
        mine = self._geometry[self._rows]
        shapely.prepare(node.rhs)
        found = np.asarray(RELATIONS[SPATIAL[type(node)]](mine, node.rhs)).astype(np.int8)
        found[shapely.is_missing(mine)] = UNKNOWN
        return found

    def _values(self, node: ast.Attribute) -> list[Any]:
        column = self._columns[node.name]
        return [column[row] for row in self._rows]

    def _each(self, node: ast.Attribute, test: Callable[[Any], bool]) -> Truth:
        return np.array(
            [UNKNOWN if value is None else test(value) for value in self._values(node)], dtype=np.int8
        )


def regex_of(pattern: str) -> re.Pattern[str]:
    """Return the expression that matches what a LIKE pattern does."""
    signs = {"any": ".*", "one": "."}
    parts = (signs.get(kind) or re.escape(text) for kind, text in tokens_of(pattern))
    return re.compile("".join(parts), re.DOTALL)


def _all(parts: Sequence[Truth]) -> Truth:
    stacked = np.stack(parts)
    false, unknown = (stacked == FALSE).any(axis=0), (stacked == UNKNOWN).any(axis=0)
    return np.where(false, FALSE, np.where(unknown, UNKNOWN, TRUE)).astype(np.int8)


def _negated(truth: Truth) -> Truth:
    return np.where(truth == UNKNOWN, UNKNOWN, 1 - truth).astype(np.int8)
