"""Generated filters: one description, written as CQL2 text and JSON, and evaluated by pandas without our code.

The evaluation uses pandas' nullable types, whose ``&``, ``|`` and ``~`` are three-valued by themselves.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
RELATIONS = ("intersects", "within", "disjoint", "contains", "touches", "equals", "overlaps", "crosses")


@dataclass(frozen=True)
class Node:
    """One part of a filter: an operator and its arguments."""

    op: str
    args: tuple[Any, ...]


# --- writing -------------------------------------------------------------------------------------------------------


def text_of(node: Node) -> str:  # noqa: PLR0911 - one for each operator
    """Return CQL2 text."""
    op, args = node.op, node.args
    if op in ("and", "or"):
        return "(" + f" {op.upper()} ".join(text_of(one) for one in args) + ")"
    if op == "not":
        return f"NOT ({text_of(args[0])})"
    if op == "null":
        return f"{args[0]} IS NULL"
    if op == "like":
        return f"{args[0]} LIKE {_text(args[1])}"
    if op == "between":
        return f'"{args[0]}" BETWEEN {_text(args[1])} AND {_text(args[2])}'
    if op == "in":
        return f"{args[0]} IN ({', '.join(map(_text, args[1]))})"
    if op == "columns":
        return f"{args[1]} {args[0]} {args[2]}"
    if op in RELATIONS:
        return f"S_{op.upper()}(geometry, {args[0].wkt})"
    if op.startswith("t_"):
        return f"{op.upper()}({args[0]}, {_text(args[1])})"
    return f"{args[0]} {op} {_text(args[1])}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, tuple):
        return f"INTERVAL({', '.join(_quoted('..' if one is None else _iso(one)) for one in value)})"
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP({_quoted(_iso(value))})"
    if isinstance(value, dt.date):
        return f"DATE({_quoted(_iso(value))})"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _iso(value: dt.date) -> str:
    return value.isoformat().replace("+00:00", "Z")


def json_of(node: Node) -> dict[str, Any]:
    """Return CQL2 JSON."""
    op, args = node.op, node.args
    if op in ("and", "or", "not"):
        return {"op": op, "args": [json_of(one) for one in args]}
    if op in RELATIONS:
        return {"op": f"s_{op}", "args": [{"property": "geometry"}, shapely.geometry.mapping(args[0])]}
    if op == "columns":
        return {"op": args[0], "args": [{"property": args[1]}, {"property": args[2]}]}
    named = {"null": "isNull"}.get(op, op)
    if op == "in":
        return {"op": "in", "args": [{"property": args[0]}, [_json(one) for one in args[1]]]}
    return {"op": named, "args": [{"property": args[0]}, *map(_json, args[1:])]}


def _json(value: Any) -> Any:
    if isinstance(value, tuple):
        return {"interval": [".." if one is None else _iso(one) for one in value]}
    if isinstance(value, dt.datetime):
        return {"timestamp": _iso(value)}
    return {"date": _iso(value)} if isinstance(value, dt.date) else value


# --- evaluating ----------------------------------------------------------------------------------------------------


def passing(node: Node, frame: gpd.GeoDataFrame, name: str) -> set[str]:
    """Return the ids of the rows for which a filter is true, neither false nor unknown."""
    kept = _truth(node, frame).fillna(False).astype(bool)
    return set(frame.loc[kept, name].astype(str))


def _truth(node: Node, frame: gpd.GeoDataFrame) -> Any:
    op, args = node.op, node.args
    if op in ("and", "or"):
        found = _truth(args[0], frame)
        for one in args[1:]:
            found = found & _truth(one, frame) if op == "and" else found | _truth(one, frame)
        return found
    if op == "not":
        return ~_truth(args[0], frame)
    if op in RELATIONS:
        return _spatial(op, args[0], frame)
    if op == "columns":
        left, right = frame[args[1]], frame[args[2]]
        return _compared(args[0], left, right).mask(left.isna() | right.isna())
    column = frame[args[0]]
    if op == "null":
        return column.isna().astype("boolean")
    if op == "like":
        found = pd.Series(
            [bool(_regex(args[1]).fullmatch(one)) if isinstance(one, str) else False for one in column]
        )
    elif op == "in":
        found = column.isin(list(args[1]))
    elif op == "between":
        found = (column >= args[1]).fillna(False) & (column <= args[2]).fillna(False)
    elif op.startswith("t_"):
        found = _temporal(op, column, args[1])
    else:
        found = _compared(op, column, args[1])
    return found.astype("boolean").mask(column.isna())


def _compared(op: str, left: Any, right: Any) -> Any:
    found = {
        "=": lambda: left == right,
        "<>": lambda: left != right,
        "<": lambda: left < right,
        "<=": lambda: left <= right,
        ">": lambda: left > right,
        ">=": lambda: left >= right,
    }[op]()
    return pd.Series(found).astype("boolean")


def _temporal(op: str, column: pd.Series[Any], value: Any) -> Any:
    low, high = value if isinstance(value, tuple) else (value, value)
    everywhere = pd.Series(True, index=column.index)
    after_low = column > low if low is not None else everywhere
    from_low = column >= low if low is not None else everywhere
    before_high = column < high if high is not None else everywhere
    to_high = column <= high if high is not None else everywhere
    return {
        "t_after": lambda: ~to_high,
        "t_before": lambda: ~from_low,
        "t_during": lambda: after_low & before_high,
        "t_intersects": lambda: from_low & to_high,
        "t_disjoint": lambda: ~(from_low & to_high),
        "t_equals": lambda: to_high & ~before_high & from_low & ~after_low,
    }[op]()


def _spatial(op: str, shape: BaseGeometry, frame: gpd.GeoDataFrame) -> Any:
    relation = {"equals": "geom_equals"}.get(op, op)
    found = getattr(frame.geometry, relation)(shape)
    return found.astype("boolean").mask(frame.geometry.isna())


def _regex(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a LIKE pattern, sign by sign."""
    found, escaped = "", False
    for sign in pattern:
        if escaped or sign not in "%_\\":
            found, escaped = found + re.escape(sign), False
        elif sign == "\\":
            escaped = True
        else:
            found += ".*" if sign == "%" else "."
    return re.compile(found, re.DOTALL)


# --- generating ----------------------------------------------------------------------------------------------------


def filters(frame: gpd.GeoDataFrame, kinds: dict[str, str]) -> st.SearchStrategy[Node]:
    """Return filters over the columns of a frame, their literals mostly values that occur in it."""
    leaves = [_null(kinds), _shapes(frame)]
    for kind, leaf in (
        ("string", _strings),
        ("integer", _numbers),
        ("number", _numbers),
        ("date", _times),
        ("datetime", _times),
    ):
        leaves += [leaf(name, frame) for name, one in kinds.items() if one == kind]
    leaves += [
        st.builds(lambda op, value, n=name: Node(op, (n, value)), st.sampled_from(("=", "<>")), st.booleans())
        for name, one in kinds.items()
        if one == "boolean"
    ]
    numbers = [name for name, one in kinds.items() if one == "number"]
    if len(numbers) > 1:
        two = st.tuples(st.sampled_from(COMPARISONS), *[st.sampled_from(numbers)] * 2)
        leaves.append(two.map(lambda args: Node("columns", args)))

    def grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(
            st.builds(Node, st.sampled_from(("and", "or")), several),
            st.builds(lambda one: Node("not", (one,)), inner),
        )

    return st.recursive(st.one_of(leaves), grown, max_leaves=5)


def _occurring(name: str, frame: gpd.GeoDataFrame) -> list[Any]:
    values = sorted(frame[name].dropna().unique())
    return values[:: max(1, len(values) // 25)]


def _null(kinds: dict[str, str]) -> st.SearchStrategy[Node]:
    return st.sampled_from(sorted(kinds)).map(lambda name: Node("null", (name,)))


def _strings(name: str, frame: gpd.GeoDataFrame) -> st.SearchStrategy[Node]:
    known = [str(one) for one in _occurring(name, frame)] or ["无"]
    odd = st.text(st.sampled_from("榆a%_*?[]\\'\"; A镇0"), max_size=4)
    value = st.one_of(st.sampled_from(known), odd)
    patterns = st.one_of(
        *(st.sampled_from(known).map(make) for make in (_first, _last, _middle, _upper)),
        odd.filter(lambda text: (len(text) - len(text.rstrip("\\"))) % 2 == 0),
    )
    return st.one_of(
        st.builds(lambda op, one: Node(op, (name, one)), st.sampled_from(COMPARISONS), value),
        patterns.map(lambda one: Node("like", (name, one))),
        st.lists(value, min_size=1, max_size=4).map(lambda many: Node("in", (name, tuple(many)))),
        st.tuples(value, value).map(lambda ends: Node("between", (name, *sorted(ends)))),
    )


def _first(text: str) -> str:
    return text[:2] + "%"


def _last(text: str) -> str:
    return "%" + text[-2:]


def _middle(text: str) -> str:
    return text[:1] + "_" + text[2:]


def _upper(text: str) -> str:
    return text.swapcase() + "%"


def _numbers(name: str, frame: gpd.GeoDataFrame) -> st.SearchStrategy[Node]:
    known = [one.item() if hasattr(one, "item") else one for one in _occurring(name, frame)] or [0]
    value = st.one_of(st.sampled_from(known), st.integers(-3, 300), st.floats(-10, 200, width=32))
    return st.one_of(
        st.builds(lambda op, one: Node(op, (name, one)), st.sampled_from(COMPARISONS), value),
        st.tuples(value, value).map(lambda ends: Node("between", (name, *sorted(ends)))),
        st.lists(value, min_size=1, max_size=4).map(lambda many: Node("in", (name, tuple(many)))),
    )


def _times(name: str, frame: gpd.GeoDataFrame) -> st.SearchStrategy[Node]:
    known = [one.to_pydatetime() if hasattr(one, "to_pydatetime") else one for one in _occurring(name, frame)]
    value = st.one_of(
        st.sampled_from(known), st.sampled_from(known).map(lambda one: one + dt.timedelta(days=1))
    )
    ends = st.tuples(value, value).map(lambda pair: tuple(sorted(pair)))
    opened = st.sampled_from([(0, 1), (0, None), (None, 1), (None, None)])
    interval = st.tuples(ends, opened).map(
        lambda both: tuple(None if place is None else both[0][place] for place in both[1])
    )
    names = ("t_after", "t_before", "t_intersects", "t_disjoint")
    return st.one_of(
        st.builds(lambda op, one: Node(op, (name, one)), st.sampled_from(COMPARISONS), value),
        st.builds(lambda op, one: Node(op, (name, one)), st.sampled_from((*names, "t_during")), interval),
        st.builds(lambda op, one: Node(op, (name, one)), st.sampled_from((*names, "t_equals")), value),
        ends.map(lambda pair: Node("between", (name, *pair))),
        st.lists(value, min_size=1, max_size=3).map(lambda many: Node("in", (name, tuple(many)))),
    )


def _shapes(frame: gpd.GeoDataFrame) -> st.SearchStrategy[Node]:
    """Return spatial predicates with boxes, triangles, and geometries that occur."""
    west, south, east, north = frame.total_bounds
    lon, lat = (
        st.integers(int(low * 50), int(high * 50)).map(lambda one: one / 50)
        for low, high in ((west, east), (south, north))
    )
    boxes = st.tuples(lon, lat, st.sampled_from((0.3, 1.0, 3.0))).map(
        lambda one: shapely.box(one[0], one[1], one[0] + one[2], one[1] + one[2])
    )
    triangles = (
        st.tuples(lon, lat, lon, lat, lon, lat)
        .map(lambda one: shapely.Polygon([one[:2], one[2:4], one[4:]]))
        .filter(lambda one: one.is_valid and one.area > 0)
    )
    own = st.sampled_from(list(frame.geometry.dropna())[:: max(1, len(frame) // 20)])
    return st.builds(
        lambda op, one: Node(op, (one,)), st.sampled_from(RELATIONS), st.one_of(boxes, triangles, own)
    )
