"""What a temporal predicate of CQL2 asks of a property that is an instant or a date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from pygeofilter import ast
from pygeofilter.values import Interval

TEMPORAL: dict[str, type[ast.TemporalPredicate]] = {
    "t_after": ast.TimeAfter,
    "t_before": ast.TimeBefore,
    "t_during": ast.TimeDuring,
    "t_equals": ast.TimeEquals,
    "t_intersects": ast.TimeOverlaps,
    "t_disjoint": ast.TimeDisjoint,
}
"""The predicates that make sense of an instant; for ``t_intersects``, which pygeofilter lacks, TimeOverlaps stands."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Comparisons that must all hold, or, negated, must not all hold."""

    all_of: tuple[tuple[str, dt.date], ...]
    negated: bool = False


def bounds_of(node: ast.TemporalPredicate) -> Bounds:
    """Return a temporal predicate as comparisons of its property; None in an interval is open.

    Source: OGC 21-065r2 (CQL2), clause 7.9: during excludes both ends, an intersection includes them.
    """
    low, high = _ends(node.rhs)
    kind = type(node)
    if kind is ast.TimeAfter:
        return Bounds(((">", high),)) if high is not None else Bounds((), negated=True)
    if kind is ast.TimeBefore:
        return Bounds((("<", low),)) if low is not None else Bounds((), negated=True)
    if kind is ast.TimeDuring:
        return Bounds(_both((">", low), ("<", high)))
    if kind is ast.TimeEquals:
        if low is None or high is None:
            return Bounds((), negated=True)
        return Bounds((("<=", low), (">=", high)))
    return Bounds(_both((">=", low), ("<=", high)), negated=kind is ast.TimeDisjoint)


def _both(*bounds: tuple[str, Any]) -> tuple[tuple[str, dt.date], ...]:
    return tuple((sign, value) for sign, value in bounds if value is not None)


def _ends(value: Any) -> tuple[Any, Any]:
    return (value.start, value.end) if isinstance(value, Interval) else (value, value)
