"""Helpers over pygeofilter's nodes: walking chains without deep recursion, boxes a filter needs, a canonical text.

A filter that `service.layers.filters` let through has plain Python values and shapely geometries as its leaves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import shapely
from pygeofilter import ast
from pygeofilter.values import Interval
from shapely.geometry.base import BaseGeometry

from gis.types import BBox

SPATIAL: dict[type[ast.SpatialComparisonPredicate], str] = {
    ast.GeometryIntersects: "intersects",
    ast.GeometryDisjoint: "disjoint",
    ast.GeometryContains: "contains",
    ast.GeometryWithin: "within",
    ast.GeometryTouches: "touches",
    ast.GeometryCrosses: "crosses",
    ast.GeometryOverlaps: "overlaps",
    ast.GeometryEquals: "equals",
}
"""Spatial predicates; after checking, the property is always on the left."""


def chain(node: Any, kind: type[ast.Combination]) -> list[Any]:
    """Return the operands of a chain of one combination, left to right: ``a AND b AND c`` is one list."""
    found: list[Any] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, kind):
            waiting += [one.rhs, one.lhs]
        else:
            found.append(one)
    return found


def both(*filters: Any | None) -> Any | None:
    """Return the filter that all of `filters` make together; None where there is none."""
    given = [one for one in filters if one is not None]
    return ast.And.from_items(*given) if given else None


def equal(name: str, value: Any) -> Any:
    """Return the filter that a property has a value of its own type."""
    return ast.Equal(ast.Attribute(name), value)


def necessary_boxes(node: Any) -> Iterator[BBox]:
    """Yield boxes that every feature which passes must meet: an index narrows the question with them."""
    for part in chain(node, ast.And):
        if isinstance(part, ast.SpatialComparisonPredicate) and not isinstance(part, ast.GeometryDisjoint):
            yield BBox(*(float(one) for one in shapely.bounds(part.rhs)))


def properties_of(node: Any) -> frozenset[str]:
    """Return the names of the properties a filter asks for."""
    found: set[str] = set()
    waiting: list[Any] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Attribute):
            found.add(one.name)
        waiting += list(parts_of(one))
    return frozenset(found)


def parts_of(node: Any) -> Iterable[Any]:  # noqa: PLR0911 - one for each kind of node
    """Return the parts of a node, leaves included."""
    if isinstance(node, ast.In):
        return [node.lhs, *node.sub_nodes]
    if isinstance(node, ast.Like):
        return [node.lhs, node.pattern]
    if isinstance(node, ast.Between):
        return [node.lhs, node.low, node.high]
    if isinstance(node, ast.Not):
        return [node.sub_node]
    if isinstance(node, ast.IsNull):
        return [node.lhs]
    if isinstance(
        node, (ast.Combination, ast.Comparison, ast.TemporalPredicate, ast.SpatialComparisonPredicate)
    ):
        return [node.lhs, node.rhs]
    if isinstance(node, Interval):
        return [node.start, node.end]
    return ()


def canonical(node: Any) -> str:
    """Return a text that is equal for equal filters and differs for others."""
    if node is None:
        return "-"
    if isinstance(node, BaseGeometry):
        return f"wkb:{shapely.to_wkb(node, hex=True)}"
    if isinstance(node, ast.Attribute):
        return f"@{node.name!r}"
    if isinstance(node, (ast.And, ast.Or)):
        parts: list[Any] = chain(node, type(node))
    elif isinstance(node, (dt.date, str, int, float)):
        return f"{type(node).__name__}:{node!r}"
    else:
        parts = list(parts_of(node))
    negated = getattr(node, "not_", False)
    return f"{type(node).__name__}{'!' if negated else ''}({','.join(map(canonical, parts))})"
