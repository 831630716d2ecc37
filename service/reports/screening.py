"""What screening removed and why, per month and unit, with examples; and what forestry is to know of."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from gis.screening import by_reason
from gis.times import iso_beijing
from gis.types import Screen
from service.reads import FirePointView, fire_points
from service.scope import Scope
from service.store.engine import Reader

EXAMPLES = 3
"""How many fire points stand for a reason in the report."""

_SCREENING = frozenset({"fixed_heat_source", "not_cropland", "low_confidence"})


def screening_report(
    reader: Reader,
    scope: Scope,
    *,
    start: dt.date | None = None,
    end: dt.date | None = None,
    unit: str | None = None,
) -> dict[str, Any]:
    """Return what each rule removed or flagged.

    Parameters
    ----------
    start, end
        Fire days, both included; all when None.
    unit
        Only this unit's fire points.

    Returns
    -------
    dict
        ``first, last, fire_points, counted, removed{code: n}, flagged{code: n}, recorded_later{code: n}, peak[],
        months[], units[], examples{code: []}, forestry[]``.
    """
    views = fire_points(reader, scope, start=start, end=end, unit=unit)
    months = _table(views, lambda view: f"{view.fire_day:%Y-%m}", lambda view: "")
    units = _table(views, lambda view: view.county_code or "", lambda view: view.county or "")
    return {
        "first": None if start is None else start.isoformat(),
        "last": None if end is None else end.isoformat(),
        "fire_points": len(views),
        "counted": sum(view.screen == Screen.COUNTED for view in views),
        "removed": by_reason(view.screen for view in views if view.screen != Screen.COUNTED),
        "flagged": by_reason(code for view in views for code in _flags(view)),
        "recorded_later": by_reason(code for view in views for code in _later(view)),
        "peak": _peak(views),
        "months": months,
        "units": units,
        "examples": _examples(views),
        "forestry": [_example(view) for view in views if _for_forestry(view)],
    }


def forestry_csv(report: Mapping[str, Any]) -> bytes:
    """Return the hand-over list as CSV (UTF-8 BOM) that a spreadsheet cannot run."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(
        ("fire_point_id", "fire_day", "first_seen", "lon", "lat", "county_code", "county", "vegetation")
    )
    for row in report["forestry"]:
        writer.writerow(
            (
                row["fire_point_id"],
                row["fire_day"],
                row["first_seen"],
                row["lon"],
                row["lat"],
                row["county_code"],
                row["county"],
                next((one["vegetation"] for one in row["reasons"] if one["code"] == "not_cropland"), ""),
            )
        )
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8")


def _table(views: Sequence[FirePointView], key: Any, name: Any) -> list[dict[str, Any]]:
    groups: dict[str, list[FirePointView]] = defaultdict(list)
    for view in views:
        groups[key(view)].append(view)
    return [
        {
            "key": group,
            "name": name(members[0]),
            "fire_points": len(members),
            "counted": sum(view.screen == Screen.COUNTED for view in members),
            "removed": by_reason(view.screen for view in members if view.screen != Screen.COUNTED),
            "flagged": by_reason(code for view in members for code in _flags(view)),
        }
        for group, members in sorted(groups.items())
    ]


def _flags(view: FirePointView) -> set[str]:
    """Return the codes that flag a point which counts all the same."""
    if view.screen != Screen.COUNTED:
        return set()
    return {one["code"] for one in view.reasons if one.get("flag") and one["code"] in _SCREENING}


def _later(view: FirePointView) -> set[str]:
    return {one["code"] for one in view.reasons if one.get("recorded_later") and one["code"] in _SCREENING}


def _for_forestry(view: FirePointView) -> bool:
    return view.screen == Screen.NOT_CROPLAND and any(one.get("forestry") for one in view.reasons)


def _peak(views: Sequence[FirePointView]) -> list[dict[str, Any]]:
    """Return the five days with most fire points, before and after screening."""
    days: dict[dt.date, list[FirePointView]] = defaultdict(list)
    for view in views:
        if view.screen != Screen.OUTSIDE:
            days[view.fire_day].append(view)
    ranked = sorted(days.items(), key=lambda item: (-len(item[1]), item[0]))[:5]
    return [
        {
            "fire_day": day.isoformat(),
            "fire_points": len(members),
            "counted": sum(view.screen == Screen.COUNTED for view in members),
        }
        for day, members in ranked
    ]


def _examples(views: Sequence[FirePointView]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for view in views:
        for code in sorted({view.screen, *_flags(view)} - {Screen.COUNTED, Screen.OUTSIDE}):
            if len(found[code]) < EXAMPLES:
                found[code].append(_example(view))
    return dict(sorted(found.items()))


def _example(view: FirePointView) -> dict[str, Any]:
    return {
        "fire_point_id": view.fire_point_id,
        "fire_day": view.fire_day.isoformat(),
        "first_seen": iso_beijing(view.first_at),
        "lon": view.lon,
        "lat": view.lat,
        "county_code": view.county_code,
        "county": view.county,
        "screen": view.screen,
        "reasons": [dict(one) for one in view.reasons if one["code"] in _SCREENING],
    }
