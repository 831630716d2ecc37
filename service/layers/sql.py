"""A checked filter as a condition of SQL with bound values, three-valued and binary in both homes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pygeofilter import ast
from sqlalchemy.dialects import postgresql

from service.layers import spatial
from service.layers.model import LayerInfo, Property
from service.layers.syntax import SPATIAL, chain
from service.layers.temporal import bounds_of
from service.store.engine import Reader
from service.store.types import CivilDate, UtcDateTime

Condition = sa.ColumnElement[bool]

_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "string": sa.Text(),
    "integer": sa.BigInteger(),
    "number": sa.Double(),
    "boolean": sa.Boolean(),
    "date": CivilDate(),
    "datetime": UtcDateTime(),
}


_BYTEWISE = frozenset(("C", "POSIX", "C.UTF-8", "C.utf8"))
_sorting: dict[str, str] = {}


def sorting(reader: Reader) -> str:
    """Return how the home sorts texts by itself: ``binary``, or ``postgresql`` where it has to be told.

    A database whose own collation is that of code points is asked without ``COLLATE``, for its indexes serve then.
    """
    if reader.connection.dialect.name != "postgresql":
        return "binary"
    home = str(reader.connection.engine.url)
    if home not in _sorting:
        row = sa.literal_column("to_jsonb(d)", postgresql.JSONB())
        found: Any = reader.connection.execute(
            sa.select(row).select_from(sa.text("pg_database d WHERE d.datname = current_database()"))
        ).scalar_one()
        provider = found.get("datlocprovider", "c")  # before PostgreSQL 15 there is no other
        bytewise = provider == "b" or (provider == "c" and found["datcollate"] in _BYTEWISE)
        _sorting[home] = "binary" if bytewise else "postgresql"
    return _sorting[home]


def binary(column: Any, prop: Property, sorts: str) -> Any:
    """Return a column as it is compared and ordered: strings by code point (`sorting` says who does so already)."""
    return column.collate("C") if prop.kind == "string" and sorts == "postgresql" else column


def bound(value: Any, prop: Property) -> sa.ColumnElement[Any]:
    """Return a value as a bound parameter of the property's type; a fraction beside an integer stays one."""
    kind = prop.kind
    if kind == "integer" and isinstance(value, float):
        kind = "number"
    return sa.literal(value, _TYPES[kind])


def condition(
    node: Any, columns: Mapping[str, Any], info: LayerInfo, geometry: Any, reader: Reader
) -> Condition:
    """Return the condition of a filter that `service.layers.filters` let through.

    Parameters
    ----------
    columns
        Property name to its expression.
    geometry
        The geometry's expression.
    """
    return _Compiler(columns, info, geometry, reader).condition(node)


def listed(values: Sequence[str] | Sequence[int], reader: Reader) -> Any:
    """Return the select of a list bound as one value, whatever its length."""
    bound_list = sa.literal(json.dumps(values), sa.Text())
    if reader.connection.dialect.name != "postgresql":
        return sa.select(sa.func.json_each(bound_list).table_valued("value").c.value)
    each = sa.func.jsonb_array_elements_text(sa.cast(bound_list, postgresql.JSONB())).table_valued("value")
    if values and isinstance(values[0], int):
        return sa.select(sa.cast(each.c.value, sa.BigInteger()))
    return sa.select(each.c.value)


class _Compiler:
    """One filter under way."""

    def __init__(self, columns: Mapping[str, Any], info: LayerInfo, geometry: Any, reader: Reader) -> None:
        self._columns, self._info, self._geometry, self._reader = columns, info, geometry, reader
        self._dialect, self._sorts = reader.connection.dialect.name, sorting(reader)

    def condition(self, node: Any) -> Condition:
        if isinstance(node, (ast.And, ast.Or)):
            parts = [self.condition(one) for one in chain(node, type(node))]
            return sa.and_(*parts) if isinstance(node, ast.And) else sa.or_(*parts)
        if isinstance(node, ast.Not):
            return sa.not_(self.condition(node.sub_node))
        if isinstance(node, bool):
            return sa.true() if node else sa.false()
        if isinstance(node, ast.Attribute):
            flag: Condition = self._columns[node.name] == bound(True, self._prop(node))
            return flag
        return self._predicate(node)

    def _predicate(self, node: Any) -> Condition:
        if isinstance(node, ast.Comparison):
            return self._comparison(node)
        if isinstance(node, ast.SpatialComparisonPredicate):
            if self._geometry is None:
                return sa.literal(None, sa.Boolean())
            return spatial.relates(SPATIAL[type(node)], self._geometry, node.rhs, self._reader)
        if isinstance(node, ast.TemporalPredicate):
            return self._temporal(node)
        prop, column = self._prop(node.lhs), self._columns_of(node.lhs)
        found: Condition
        if isinstance(node, ast.IsNull):
            found = column.is_not(None) if node.not_ else column.is_(None)
            return found
        if isinstance(node, ast.Between):
            ordered = binary(column, prop, self._sorts)
            found = sa.and_(ordered >= bound(node.low, prop), ordered <= bound(node.high, prop))
        elif isinstance(node, ast.In):
            found = sa.or_(*(column == bound(one, prop) for one in node.sub_nodes))
        elif isinstance(node, ast.Like):
            found = self._like(column, node.pattern)
        else:  # pragma: no cover - the check lets nothing else through
            raise TypeError(type(node).__name__)
        return sa.not_(found) if node.not_ else found

    def _comparison(self, node: ast.Comparison) -> Condition:
        prop = self._prop(node.lhs)
        left = self._columns_of(node.lhs)
        right = self._columns_of(node.rhs) if isinstance(node.rhs, ast.Attribute) else bound(node.rhs, prop)
        found: Condition
        if isinstance(node, ast.Equal):
            found = left == right
        elif isinstance(node, ast.NotEqual):
            found = left != right
        else:
            left = binary(left, prop, self._sorts)
            if isinstance(node, ast.LessThan):
                found = left < right
            elif isinstance(node, ast.LessEqual):
                found = left <= right
            elif isinstance(node, ast.GreaterThan):
                found = left > right
            else:
                found = left >= right
        return found

    def _like(self, column: Any, pattern: str) -> Condition:
        """Match case by case: LIKE does on PostgreSQL, SQLite's ignores case and its GLOB does not."""
        if self._dialect == "postgresql":
            operator, text = "LIKE", pattern
        else:
            operator, text = "GLOB", glob_of(pattern)
        matches = column.op(operator, is_comparison=True, return_type=sa.Boolean())
        found: Condition = matches(sa.literal(text, sa.Text()))
        return found.self_group()

    def _temporal(self, node: ast.TemporalPredicate) -> Condition:
        prop, column = self._prop(node.lhs), self._columns_of(node.lhs)
        bounds = bounds_of(node)
        found: list[Condition] = [
            column.op(sign, is_comparison=True, return_type=sa.Boolean())(bound(value, prop))
            for sign, value in bounds.all_of
        ]
        # Without any bound the answer is still unknown where the property is.
        whole = sa.and_(*found) if found else column == column  # noqa: PLR0124
        return sa.not_(whole) if bounds.negated else whole

    def _prop(self, node: ast.Attribute) -> Property:
        prop = self._info.get(node.name)
        if prop is None:
            raise KeyError(node.name)
        return prop

    def _columns_of(self, node: ast.Attribute) -> Any:
        return self._columns[node.name]


def tokens_of(pattern: str) -> list[tuple[str, str]]:
    r"""Return a LIKE pattern as ``("any", "")``, ``("one", "")`` and ``("text", c)``; ``\\`` takes a sign as it is."""
    found: list[tuple[str, str]] = []
    signs = iter(pattern)
    for sign in signs:
        if sign == "\\":
            found.append(("text", next(signs, "\\")))
        elif sign == "%":
            if not found or found[-1][0] != "any":
                found.append(("any", ""))
        else:
            found.append(("one", "") if sign == "_" else ("text", sign))
    return found


def glob_of(pattern: str) -> str:
    """Return the GLOB pattern that matches what a LIKE pattern does, letter for letter."""
    signs = {"any": "*", "one": "?"}
    return "".join(
        signs.get(kind) or (f"[{text}]" if text in "*?[" else text) for kind, text in tokens_of(pattern)
    )
