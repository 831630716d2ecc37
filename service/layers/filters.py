"""CQL2 filters of a layer: read, capped, and every property, type and literal checked before anything is asked.

What comes out is pygeofilter's tree in one shape: a property on the left, typed Python values and valid shapely
geometries (lon, lat) on the right. Errors are `UsageError` (HTTP 400) and name the part that is wrong.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import shapely
from pygeofilter import ast
from pygeofilter.values import Interval
from shapely.geometry.base import BaseGeometry

from gis.errors import UsageError
from service.layers.complaints import bad_filter, shown, too_large
from service.layers.cql2_json import parse_json
from service.layers.cql2_text import parse_text
from service.layers.literals import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_VERTICES,
    MAX_WILDCARDS,
    Instant,
    checked_text,
)
from service.layers.model import GEOMETRY, LayerInfo, Property
from service.layers.sql import tokens_of
from service.layers.syntax import SPATIAL, chain

_RAW_BYTES = 64 * MAX_VERTICES
"""No text longer than this is looked at: what the largest geometry allowed can take."""

_WKT_BODY = re.compile(r"(?:POINT|LINESTRING|POLYGON)\s*Z?\s*\([-+0-9.eE,\s()]*", re.IGNORECASE)

_MIRRORED: dict[type[Any], type[Any]] = {
    ast.Equal: ast.Equal,
    ast.NotEqual: ast.NotEqual,
    ast.LessThan: ast.GreaterThan,
    ast.LessEqual: ast.GreaterEqual,
    ast.GreaterThan: ast.LessThan,
    ast.GreaterEqual: ast.LessEqual,
    ast.GeometryContains: ast.GeometryWithin,
    ast.GeometryWithin: ast.GeometryContains,
    ast.TimeAfter: ast.TimeBefore,
    ast.TimeBefore: ast.TimeAfter,
    **{kind: kind for kind in (ast.TimeEquals, ast.TimeOverlaps, ast.TimeDisjoint)},
    **{kind: kind for kind in SPATIAL if kind not in (ast.GeometryContains, ast.GeometryWithin)},
}
"""What a predicate becomes when its operands change places."""


def parse_cql2_text(text: str, info: LayerInfo, *, lat_first: bool = False) -> Any:
    """Return the checked tree of a CQL2 text.

    Parameters
    ----------
    lat_first
        Whether geometries are written latitude first (``filter-crs`` EPSG:4326 or 4490); CRS84 is not.

    Raises
    ------
    UsageError
        ``bad_filter``, ``filter_too_large``, ``unknown_property``, ``unknown_function``, ``filter_type``.
    """
    if len(text) > _RAW_BYTES or len(_WKT_BODY.sub("", text).encode("utf-8", "replace")) > MAX_BYTES:
        raise _bytes()
    tree = parse_text(checked_text(text), lat_first=lat_first)
    return check(tree, info)


def parse_cql2_json(document: Any, info: LayerInfo, *, lat_first: bool = False) -> Any:
    """Return the checked tree of a CQL2 JSON document, given as text or as plain data.

    Raises
    ------
    UsageError
        As `parse_cql2_text`.
    """
    if isinstance(document, (str, bytes)):
        if len(document) > _RAW_BYTES:
            raise _bytes()
        try:
            document = json.loads(document)
        except (ValueError, RecursionError) as error:
            raise bad_filter("不是 JSON", f"it is no JSON ({str(error)[:80]})") from error
    _measure(document)
    return check(parse_json(document, lat_first=lat_first), info)


def check(tree: Any, info: LayerInfo) -> Any:
    """Return a tree with every property known to the layer, every literal of its type, properties on the left.

    Raises
    ------
    UsageError
        ``unknown_property``, ``filter_type``, ``bad_filter``.
    """
    return _Checker(info).condition(tree)


class _Checker:
    def __init__(self, info: LayerInfo) -> None:
        self._info = info
        self._vertices = 0

    def condition(self, node: Any) -> Any:  # noqa: PLR0911 - one for each kind of node
        if isinstance(node, bool):
            return node
        if isinstance(node, (ast.And, ast.Or)):
            kind = type(node)
            return kind.from_items(*(self.condition(one) for one in chain(node, kind)))
        if isinstance(node, ast.Not):
            return ast.Not(self.condition(node.sub_node))
        if isinstance(node, ast.Attribute):
            prop = self._property(node)
            if prop.kind != "boolean":
                raise _type(
                    prop, "TRUE", "单独使用的属性必须是布尔型", "a property by itself must be boolean"
                )
            return node
        if isinstance(node, ast.SpatialComparisonPredicate):
            return self._spatial(node)
        if isinstance(node, ast.TemporalPredicate):
            return self._temporal(node)
        if isinstance(node, ast.Comparison):
            return self._comparison(node)
        if isinstance(node, (ast.IsNull, ast.Between, ast.In, ast.Like)):
            return self._test(node)
        raise bad_filter("不支持的条件", f"{type(node).__name__} is not supported", type(node).__name__)

    def _test(self, node: Any) -> Any:
        if not isinstance(node.lhs, ast.Attribute):
            raise _no_property()
        prop = self._property(node.lhs)
        if isinstance(node, ast.IsNull):
            return ast.IsNull(node.lhs, node.not_)
        if isinstance(node, ast.Between):
            if prop.kind == "boolean":
                raise _type(prop, "BETWEEN", "布尔值没有大小", "booleans have no order")
            low, high = self._value(prop, node.low), self._value(prop, node.high)
            return ast.Between(node.lhs, low, high, node.not_)
        if isinstance(node, ast.In):
            return ast.In(node.lhs, [self._value(prop, one) for one in node.sub_nodes], node.not_)
        if prop.kind != "string":
            raise _type(prop, "LIKE", "LIKE 只用于文字", "LIKE is for texts")
        pattern = _pattern(self._value(prop, node.pattern))
        return ast.Like(node.lhs, pattern, False, "%", "_", "\\", node.not_)

    def _comparison(self, node: ast.Comparison) -> Any:
        kind, left, right = self._sides(node)
        prop = self._property(left)
        if prop.kind == "boolean" and kind not in (ast.Equal, ast.NotEqual):
            raise _type(prop, kind.__name__, "布尔值没有大小", "booleans have no order")
        if not isinstance(right, ast.Attribute):
            return kind(left, self._value(prop, right))
        other = self._property(right)
        numbers = ("integer", "number")
        if prop.kind != other.kind and not (prop.kind in numbers and other.kind in numbers):
            raise _type(prop, other.name, f"{other.name} 是 {other.kind}", f"{other.name} is {other.kind}")
        return kind(left, right)

    def _sides(self, node: Any) -> tuple[type[Any], ast.Attribute, Any]:
        if isinstance(node.lhs, ast.Attribute):
            return type(node), node.lhs, node.rhs
        if isinstance(node.rhs, ast.Attribute):
            mirrored = _MIRRORED.get(type(node))
            if mirrored is None:
                raise bad_filter("属性应写在前面", "write the property first")
            return mirrored, node.rhs, node.lhs
        raise _no_property()

    def _spatial(self, node: ast.SpatialComparisonPredicate) -> Any:
        kind, left, right = self._sides(node)
        if left.name not in (GEOMETRY, "geom"):
            raise bad_filter(
                f"空间谓词只用于 {GEOMETRY}，不是 {shown(left.name)!r}",
                f"spatial predicates are about {GEOMETRY}, not {shown(left.name)!r}",
                left.name,
                "unknown_property",
            )
        if not isinstance(right, BaseGeometry):
            raise bad_filter(
                f"{GEOMETRY} 要与几何比较，而不是 {shown(right)!r}",
                f"{GEOMETRY} is compared with a geometry, not {shown(right)!r}",
                shown(right),
                "filter_type",
            )
        self._vertices += int(shapely.get_num_coordinates(right))
        if self._vertices > MAX_VERTICES:
            raise too_large(
                f"几何多于 {MAX_VERTICES} 个顶点", f"geometries have more than {MAX_VERTICES:,} vertices"
            )
        return kind(ast.Attribute(GEOMETRY), right)

    def _temporal(self, node: ast.TemporalPredicate) -> Any:
        kind, left, right = self._sides(node)
        prop = self._property(left)
        if prop.kind not in ("date", "datetime"):
            raise _type(prop, kind.__name__, "时间谓词只用于时间", "temporal predicates are for times")
        if not isinstance(right, Interval):
            return kind(left, self._value(prop, right))
        ends = [None if one is None else self._value(prop, one) for one in (right.start, right.end)]
        if ends[0] is not None and ends[1] is not None and ends[1] < ends[0]:
            raise bad_filter("时间段的结束早于开始", "an interval ends before it starts")
        return kind(left, Interval(*ends))

    def _property(self, node: ast.Attribute) -> Property:
        prop = self._info.get(node.name)
        if prop is not None and prop.filterable:
            return prop
        if node.name in (GEOMETRY, "geom"):
            raise bad_filter(
                f"{GEOMETRY} 只用于空间谓词，例如 S_INTERSECTS",
                f"{GEOMETRY} stands in spatial predicates only",
            )
        names = [one.name for one in self._info.properties if one.filterable]
        raise UsageError(
            "unknown_property",
            f"图层 {self._info.id} 没有可过滤的属性 {shown(node.name)!r}：可用 {'、'.join(names)}",
            f"layer {self._info.id} has no property {shown(node.name)!r} to filter by: there are {', '.join(names)}",
            value=shown(node.name),
        )

    def _value(self, prop: Property, value: Any) -> Any:  # noqa: PLR0911 - one for each type
        """Return a literal of the property's own type; a date may stand as text."""
        if prop.kind == "string" and isinstance(value, str):
            return checked_text(value)
        if (
            prop.kind in ("integer", "number")
            and isinstance(value, (int, float))
            and not isinstance(value, bool)
        ):
            return value
        if prop.kind == "boolean" and isinstance(value, bool):
            return value
        if isinstance(value, str):
            value = Instant(value)
        if prop.kind == "datetime":
            if isinstance(value, Instant):
                return value.datetime()
            if isinstance(value, dt.datetime) and value.utcoffset() is not None:
                return Instant(value.isoformat()).datetime()
        if prop.kind == "date":
            if isinstance(value, Instant):
                return value.date()
            if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
                return value
        given = value.text if isinstance(value, Instant) else value
        kind = type(given).__name__
        raise _type(prop, given, f"{shown(given)!r} 是 {kind}", f"{shown(given)!r} is {kind}")


def _pattern(pattern: str) -> str:
    trailing = len(pattern) - len(pattern.rstrip("\\"))
    if trailing % 2:
        raise bad_filter("LIKE 的模式以单个 \\ 结尾", "a LIKE pattern ends with a single \\", pattern)
    if sum(kind == "any" for kind, _ in tokens_of(pattern)) > MAX_WILDCARDS:
        raise too_large(f"模式中的 % 多于 {MAX_WILDCARDS} 个", f"a pattern has more than {MAX_WILDCARDS} %")
    return pattern


def _measure(document: Any) -> None:
    """Refuse a document that is too deep or too long before anything walks it by recursion."""
    waiting: list[tuple[Any, int]] = [(document, 0)]
    size = 0
    while waiting:
        node, depth = waiting.pop()
        if depth > 3 * MAX_DEPTH:
            raise too_large(f"嵌套深于 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH}")
        size += 2
        if isinstance(node, dict):
            geometry = "coordinates" in node
            for name, value in node.items():
                size += len(str(name)) + 4
                if geometry and name == "coordinates":
                    _measure_coordinates(value)
                else:
                    waiting.append((value, depth + 1))
        elif isinstance(node, list):
            waiting += [(value, depth + 1) for value in node]
        else:
            size += len(str(node).encode("utf-8", "replace")) if not isinstance(node, int) else 8
        if size > MAX_BYTES:
            raise _bytes()


def _measure_coordinates(value: Any) -> None:
    waiting: list[tuple[Any, int]] = [(value, 0)]
    positions = 0
    while waiting:
        node, depth = waiting.pop()
        if not isinstance(node, list):
            continue
        if depth > 3:
            raise bad_filter("坐标嵌套过深", "coordinates are nested too deeply")
        if node and not isinstance(node[0], list):
            positions += 1
            if len(node) > 4:
                raise bad_filter("一个坐标的数字过多", "a position has too many numbers")
        if positions + len(waiting) > 4 * MAX_VERTICES:
            raise too_large(
                f"几何多于 {MAX_VERTICES} 个顶点", f"geometries have more than {MAX_VERTICES:,} vertices"
            )
        waiting += [(one, depth + 1) for one in node]


def _bytes() -> UsageError:
    return too_large(f"长于 {MAX_BYTES} 字节", f"longer than {MAX_BYTES:,} bytes")


def _no_property() -> UsageError:
    return bad_filter("每个比较都要有一个属性", "every comparison needs a property")


def _type(prop: Property, value: object, zh: str, en: str) -> UsageError:
    return UsageError(
        "filter_type",
        f"属性 {prop.name} 的类型是 {prop.kind}，不能这样比较：{zh}",
        f"property {prop.name} is of type {prop.kind} and cannot be compared so: {en}",
        property=prop.name,
        value=shown(value),
    )


__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_VERTICES", "check", "parse_cql2_json", "parse_cql2_text"]
