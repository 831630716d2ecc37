"""What changed since an issue: 新增, 变更, 撤销, so that a late pass reaches a team that already left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from service.reports.model import CHANGED, COLUMNS, NEW, WITHDRAWN, FireListRow

Resolve = Callable[[str], str | None]
"""From an id ever issued to the live id it stands for now, or None."""


@dataclass(slots=True)
class Changes:
    """Rows with their marks, and why.

    Attributes
    ----------
    rows
        The listed rows, marked, then the withdrawn ones with the last data known of them.
    fields
        Per changed fire point, the names of the fields that differ.
    withdrawn
        Per withdrawn fire point: ``cause`` (``merged``, ``left_out``, ``gone``), ``now`` (the id it resolves to in
        this list, or None) and the screening ``reason`` where there is one.
    """

    rows: list[FireListRow] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)
    withdrawn: dict[str, dict[str, Any]] = field(default_factory=dict)


def compare(
    before: Iterable[FireListRow],
    listed: Iterable[FireListRow],
    left_out: Iterable[FireListRow],
    resolve: Resolve,
) -> Changes:
    """Mark the rows of a list against the rows of an earlier issue.

    An id of the earlier issue that was merged is followed: where the point it became was not in that issue itself, it
    is the same fire under a new id and ``changed``; where it was, the merged id is ``withdrawn`` into it. A point that
    left the list for another unit or day is only ``gone``: where it went is not this reader's business.
    """
    sent = {row.fire_point_id: row for row in before if not row.withdrawn}
    now = {row.fire_point_id: row for row in listed}
    apart = {row.fire_point_id: row for row in left_out}
    live = {old: old if old in now else resolve(old) for old in sent}
    baseline = {
        new: sent[old] for old, new in sorted(live.items(), reverse=True) if new in now and new not in sent
    }
    result = Changes()
    for name, row in now.items():
        was = sent.get(name) or baseline.get(name)
        result.rows.append(_marked(row, was, result.fields))
    for old, row in sent.items():
        new = live[old]
        if new in now and (new == old or baseline.get(new) is row):
            continue
        gone, why = _withdrawal(row, new, now, apart)
        result.rows.append(gone)
        result.withdrawn[old] = why
    return result


def _marked(row: FireListRow, was: FireListRow | None, changed: dict[str, list[str]]) -> FireListRow:
    if was is None:
        return replace(row, change=NEW)
    differing = [name for name in COLUMNS if name != "change" and _said(row, name) != _said(was, name)]
    if not differing:
        return replace(row, change=None)
    changed[row.fire_point_id] = differing
    return replace(row, change=CHANGED)


def _said(row: FireListRow, name: str) -> Any:
    """Return what a field tells: a level without doubt tells nothing, so a layer loaded since changes no other row."""
    value = getattr(row, name)
    return {level for level, doubt in value.items() if doubt} if name == "boundary_case" else value


def _withdrawal(
    row: FireListRow, new: str | None, now: Mapping[str, FireListRow], apart: Mapping[str, FireListRow]
) -> tuple[FireListRow, dict[str, Any]]:
    if new is not None and new in now:
        return replace(row, change=WITHDRAWN), {"cause": "merged", "now": new}
    if new is not None and new in apart:
        latest = apart[new]
        why = {"cause": "left_out", "now": None if new == row.fire_point_id else new, "reason": latest.screen}
        if new == row.fire_point_id:
            return replace(latest, change=WITHDRAWN), why
        return replace(row, change=WITHDRAWN, screen=latest.screen), why
    return replace(row, change=WITHDRAWN), {"cause": "gone", "now": None}
