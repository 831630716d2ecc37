"""CQL2 JSON into pygeofilter's nodes, as the standard has it (pygeofilter 0.4 reads an earlier draft of BETWEEN).

Source: OGC 21-065r2 (CQL2), clause 10 and schema ``cql2.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pygeofilter import ast

from gis.errors import UsageError
from service.layers.complaints import bad_filter, shown, too_large, unknown_function
from service.layers.cql2_text import COMPARISONS, SPATIAL_NAMES
from service.layers.literals import (
    MAX_DEPTH,
    MAX_TERMS,
    Instant,
    box_of,
    checked_number,
    geometry_of_json,
    interval_of,
)
from service.layers.temporal import TEMPORAL

_ARITHMETIC = frozenset(("+", "-", "*", "/", "^", "%", "div"))


def parse_json(document: Any, *, lat_first: bool = False) -> Any:
    """Return the tree of a CQL2 JSON document, its literals typed, its properties not yet checked.

    Raises
    ------
    UsageError
        ``bad_filter``, ``unknown_function``, ``filter_too_large``.
    """
    return _Reader(lat_first).condition(document, 0)


class _Reader:
    def __init__(self, lat_first: bool) -> None:
        self._lat_first = lat_first
        self._terms = 0

    def condition(self, node: Any, depth: int) -> Any:
        if isinstance(node, bool):
            return node
        if not isinstance(node, dict):
            raise bad_filter(f"{shown(node)!r} 不是条件", f"{shown(node)!r} is no condition", shown(node))
        if "property" in node and "op" not in node:
            return _property(node)
        if depth > MAX_DEPTH:
            raise too_large(f"嵌套深于 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH}")
        op, args = _operation(node)
        if op in ("and", "or"):
            if len(args) < 2:
                raise _count(op, "至少两个", "at least two")
            kind: Any = ast.And if op == "and" else ast.Or
            return kind.from_items(*(self.condition(one, depth + 1) for one in args))
        if op == "not":
            return ast.Not(self.condition(_exactly(op, args, 1)[0], depth + 1))
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise too_large(f"条件多于 {MAX_TERMS} 个", f"more than {MAX_TERMS} conditions")
        return self._predicate(op, args)

    def _predicate(self, op: str, args: Sequence[Any]) -> Any:
        kind: Any = COMPARISONS.get(op) or SPATIAL_NAMES.get(op) or TEMPORAL.get(op)
        if kind is not None:
            left, right = _exactly(op, args, 2)
            return kind(self._operand(left), self._operand(right))
        test: Callable[[Sequence[Any]], Any] | None = {
            "isNull": self._is_null,
            "like": self._like,
            "between": self._between,
            "in": self._in,
        }.get(op)
        if test is not None:
            return test(args)
        if op in _ARITHMETIC:
            raise bad_filter(f"算术运算 {op!r} 不支持", f"arithmetic ({op!r}) is not supported", op)
        raise unknown_function(op)

    def _is_null(self, args: Sequence[Any]) -> Any:
        return ast.IsNull(self._operand(_exactly("isNull", args, 1)[0]), False)

    def _like(self, args: Sequence[Any]) -> Any:
        left, pattern = _exactly("like", args, 2)
        return ast.Like(self._operand(left), self._operand(pattern), False, "%", "_", "\\", False)

    def _between(self, args: Sequence[Any]) -> Any:
        if len(args) == 2 and isinstance(args[1], list):  # the draft's form, which clients still write
            args = [args[0], *args[1]]
        left, low, high = _exactly("between", args, 3)
        return ast.Between(self._operand(left), self._operand(low), self._operand(high), False)

    def _in(self, args: Sequence[Any]) -> Any:
        left, items = _exactly("in", args, 2)
        if not isinstance(items, list) or not items:
            raise bad_filter(
                "in 的第二个参数应为非空列表", "the second argument of `in` is a list that is not empty"
            )
        return ast.In(self._operand(left), [self._operand(one) for one in items], False)

    def _operand(self, node: Any) -> Any:
        if isinstance(node, (bool, str)):
            return node
        if isinstance(node, (int, float)):
            return checked_number(node)
        if not isinstance(node, dict):
            raise bad_filter(
                f"{shown(node)!r} 不是属性或常量", f"{shown(node)!r} is no property or literal", shown(node)
            )
        if "property" in node:
            return _property(node)
        if "op" in node:
            raise _nested(node)
        return self._literal(node)

    def _literal(self, node: dict[str, Any]) -> Any:
        if "date" in node:
            return Instant(_text(node["date"])).date()
        if "timestamp" in node:
            return Instant(_text(node["timestamp"])).datetime()
        if "interval" in node:
            ends = node["interval"] if isinstance(node["interval"], list) else []
            return interval_of([self._end(one) for one in ends])
        if "bbox" in node:
            numbers = node["bbox"] if isinstance(node["bbox"], list) else []
            if not all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in numbers):
                raise bad_filter("bbox 应为数字", "a bbox is made of numbers")
            return box_of([checked_number(one) for one in numbers], lat_first=self._lat_first)
        if "type" in node:
            return geometry_of_json(node, lat_first=self._lat_first)
        raise bad_filter(
            f"{shown(node)!r} 不是属性或常量", f"{shown(node)!r} is no property or literal", shown(node)
        )

    def _end(self, node: Any) -> Any:
        return Instant(node) if isinstance(node, str) else self._operand(node)


def _operation(node: dict[str, Any]) -> tuple[str, Sequence[Any]]:
    op, args = node.get("op"), node.get("args")
    if not isinstance(op, str):
        raise bad_filter(f"{shown(node)!r} 没有 op", f"{shown(node)!r} has no op", shown(node))
    if isinstance(args, dict) and op in ("not", "isNull"):
        args = [args]  # the draft's form
    if not isinstance(args, list):
        raise bad_filter(f"{shown(op)} 的 args 应为列表", f"args of {shown(op)} is a list", op)
    return op, args


def _exactly(op: str, args: Sequence[Any], count: int) -> Sequence[Any]:
    if len(args) != count:
        raise _count(op, f"{count} 个", str(count))
    return args


def _count(op: str, zh: str, en: str) -> UsageError:
    return bad_filter(f"{shown(op)} 要有{zh}参数", f"{shown(op)} takes {en} arguments", op)


def _nested(node: dict[str, Any]) -> UsageError:
    op = node["op"]
    if isinstance(op, str) and op in _ARITHMETIC:
        return bad_filter(f"算术运算 {op!r} 不支持", f"arithmetic ({op!r}) is not supported", op)
    return unknown_function(shown(op))


def _property(node: dict[str, Any]) -> ast.Attribute:
    return ast.Attribute(_text(node["property"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise bad_filter(f"{shown(value)!r} 应为文字", f"{shown(value)!r} should be a text", shown(value))
    return value
