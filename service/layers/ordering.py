"""A total order and the place after a feature in it, the same in both homes: NULL last, strings by code point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.layers.model import LayerInfo, Property
from service.layers.sql import binary, bound

Keys = Sequence[tuple[str, bool]]
"""Property names with descending; the id is the last."""


def by(columns: Mapping[str, Any], info: LayerInfo, keys: Keys, sorts: str) -> list[Any]:
    """Return the ORDER BY terms."""
    terms: list[Any] = []
    for name, descending in keys:
        column = binary(columns[name], _kind(info, name), sorts)
        ordered = column.desc() if descending else column.asc()
        terms.append(ordered if name == info.id_property else ordered.nulls_last())
    return terms


def after(
    columns: Mapping[str, Any], info: LayerInfo, keys: Keys, values: Sequence[Any], sorts: str
) -> sa.ColumnElement[bool]:
    """Return the condition that a row comes after the one with these key values."""
    found: list[sa.ColumnElement[bool]] = []
    same: list[sa.ColumnElement[bool]] = []
    for (name, descending), value in zip(keys, values, strict=True):
        prop = _kind(info, name)
        column = columns[name]
        if value is None:  # NULL is last: nothing of this key comes after it
            same.append(column.is_(None))
            continue
        ordered, literal = binary(column, prop, sorts), bound(value, prop)
        later = ordered < literal if descending else ordered > literal
        if name != info.id_property:
            later = sa.or_(later, column.is_(None))
        found.append(sa.and_(*same, later))
        same.append(column == literal)
    return sa.or_(sa.false(), *found)


def _kind(info: LayerInfo, name: str) -> Property:
    prop = info.get(name)
    if prop is None:
        raise KeyError(name)
    return prop
