"""Screening of clusters: evidence on every fire point, and what the thresholds in force make of it.

What was recorded after the overpass never exempts by itself (DESIGN section 3): such evidence is stated as a flag with
``recorded_later``, unless the record of thresholds says that history is being looked at (``retrospective: decide``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gis.footprint import extents_km
from gis.plane import distance_m
from gis.recurrence import CLASSES
from gis.screening import Evidence, Screened, ScreenParams, decide, screen
from gis.times import beijing_date, instant_of, to_beijing
from gis.types import Confidence, DataStatus, Screen
from service.pipeline.live import Ints, LiveDetections
from service.pipeline.load_heat_sources import Near
from service.pipeline.screen_store import ScreenLayer

_BEST_FIRST = (Confidence.HIGH, Confidence.NOMINAL, Confidence.UNKNOWN, Confidence.LOW)
_MAJORITY = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What screening says of one fire point.

    Attributes
    ----------
    cropland_share
        Part of the known ground of its pixels; None where nothing is known.
    informal
        Whether what decided is not official.
    """

    reasons: tuple[dict[str, Any], ...] = ()
    cropland_share: float | None = None
    informal: bool = False

    def apply(self, state: dict[str, Any]) -> None:
        """Add the reasons to a state and let the first decide; a point outside stays outside."""
        state["cropland_share"] = self.cropland_share
        if state["screen"] == Screen.OUTSIDE:
            return
        state["reasons"] = [*state["reasons"], *self.reasons]
        state["screen"] = str(decide(state["screen"], self.reasons))
        state["informal"] = state["informal"] or self.informal


@dataclass(frozen=True, slots=True)
class _Ground:
    cropland: float | None
    vegetation: float | None
    known: float
    coarse: bool


def screen_clusters(
    layer: ScreenLayer, live: LiveDetections, day: Ints, members: Sequence[Any], chosen: Sequence[int]
) -> list[Verdict]:
    """Return the verdict on each cluster.

    Parameters
    ----------
    layer
        What is asked on the fire day of these clusters.
    live
        Live detections as columns.
    day
        Fire day number of each detection.
    members
        Rows of each cluster.
    chosen
        Row of the representative of each cluster.
    """
    if layer.params is None or not members:
        return [Verdict()] * len(members)
    rows = np.concatenate([np.asarray(own) for own in members])
    ends = np.cumsum([len(own) for own in members])
    grounds = _grounds(layer, live, rows, ends)
    cells = _learned(layer, live, rows, ends)
    at = np.asarray(chosen, dtype=np.int64)
    instants = [instant_of(int(minute)) for minute in live.minute[at]]
    near, later = _listed(layer, live, at, instants)
    return [
        _verdict(
            layer, live, day, members[n], int(at[n]), instants[n], grounds[n], cells[n], near[n], later[n]
        )
        for n in range(len(members))
    ]


def _verdict(
    layer: ScreenLayer,
    live: LiveDetections,
    day: Ints,
    rows: Any,
    chosen: int,
    instant: dt.datetime,
    ground: _Ground,
    learned: Mapping[str, Any] | None,
    near: Near | None,
    later: Near | None,
) -> Verdict:
    if layer.params is None:
        return Verdict()
    types = live.fire_type[rows]
    best = _best(live.confidence[rows].tolist())
    evidence = Evidence(
        cropland=ground.cropland,
        vegetation=ground.vegetation,
        ground_known=ground.known,
        coarse=ground.coarse,
        raster=None if layer.cover is None else layer.cover.label,
        listed=None if near is None or not near.within else _told(near),
        learned=learned,
        fire_types=frozenset(types[~np.isnan(types)].astype(int).tolist()),
        confidence=best,
        daylight=_daylight(live, rows),
        hour=to_beijing(instant).hour,
        alone=best == Confidence.LOW and len(rows) == 1 and _alone(layer.params, live, day, chosen),
        pixels=len(rows),
    )
    found = screen(layer.params, evidence)
    reasons = [_dated(layer, instant, one) for one in found.reasons]
    if later is not None:
        reasons.append(
            {"code": str(Screen.FIXED_HEAT_SOURCE), "by": "list", "recorded_later": True, **_told(later)}
        )
        reasons[-1]["flag"] = layer.params.retrospective != "decide"
    decided = Screened(decide(Screen.COUNTED, reasons), tuple(reasons))
    share = None if ground.cropland is None else round(ground.cropland, 6)
    return Verdict(decided.reasons, share, _informal(layer, decided, near))


def _dated(layer: ScreenLayer, instant: dt.datetime, reason: dict[str, Any]) -> dict[str, Any]:
    """Mark evidence that was recorded after the overpass; it decides only where history is looked at."""
    recorded = None
    if reason["code"] == Screen.NOT_CROPLAND and layer.cover is not None:
        recorded = layer.cover.recorded_at
    elif reason.get("by") == "recurrence" and layer.table is not None:
        recorded = layer.table.recorded_at
    if recorded is None or recorded <= instant or layer.params is None:
        return reason
    weak = reason["flag"] or layer.params.retrospective != "decide"
    return {**reason, "flag": weak, "recorded_later": True}


def _informal(layer: ScreenLayer, found: Screened, near: Near | None) -> bool:
    if found.screen == Screen.NOT_CROPLAND and layer.cover is not None:
        return DataStatus(layer.cover.record["status"]).informal
    if found.screen == Screen.FIXED_HEAT_SOURCE and near is not None and near.within:
        return DataStatus(near.source.status).informal
    return found.screen == Screen.FIXED_HEAT_SOURCE


def _alone(params: ScreenParams, live: LiveDetections, day: Ints, row: int) -> bool:
    """Whether no other detection lies near one in the same pass: glint is a lone pixel, a burning field is not.

    Only those of its own fire day are asked: a day is assessed by itself, whichever others are done with it.
    """
    first, last = np.searchsorted(
        live.minute, [live.minute[row] - params.pass_minutes, live.minute[row] + params.pass_minutes + 1]
    )
    metres = distance_m(live.lon[first:last], live.lat[first:last], live.lon[row], live.lat[row])
    return int(((metres <= params.company_m) & (day[first:last] == day[row])).sum()) == 1


def _best(classes: Sequence[str]) -> str:
    return str(min(classes, key=lambda one: _BEST_FIRST.index(Confidence(one))))


def _daylight(live: LiveDetections, rows: Any) -> bool:
    return all(not night for night in nights(live, rows))


def nights(live: LiveDetections, rows: Any) -> list[bool]:
    """Return whether each detection was seen at night: as its feed says, else from 18 to 6 o'clock Beijing time."""
    found = []
    for said, minute in zip(live.daynight[rows].tolist(), live.minute[rows].tolist(), strict=True):
        hour = to_beijing(instant_of(minute)).hour
        found.append(said == "N" if said in ("D", "N") else not 6 <= hour < 18)
    return found


def _grounds(layer: ScreenLayer, live: LiveDetections, rows: Any, ends: Any) -> list[_Ground]:
    """Return the ground of each cluster: the mean over its pixels, weighted by their known area."""
    if layer.cover is None:
        return [_Ground(None, None, 0.0, False)] * len(ends)
    scan, track = extents_km(
        live.scan_km[rows],
        live.track_km[rows],
        live.instrument[rows].tolist(),
        live.source_kind[rows].tolist(),
    )
    cover = layer.cover.raster.cover(live.lon[rows], live.lat[rows], scan * 1000, track * 1000)
    area = scan * track
    found = []
    for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        own = slice(start, end)
        weight = area[own] * cover.known[own]
        total = float(weight.sum())
        if total == 0.0:
            found.append(_Ground(None, None, 0.0, bool(cover.coarse[own].any())))
            continue
        shares = np.nan_to_num(cover.share[own]) * weight[:, None]
        part = shares.sum(axis=0) / total
        known = total / float(area[own].sum())
        found.append(_Ground(float(part[0]), float(part[1]), known, bool(cover.coarse[own].any())))
    return found


def _learned(layer: ScreenLayer, live: LiveDetections, rows: Any, ends: Any) -> list[dict[str, Any] | None]:
    """Return the learned cell of each cluster: the most certain one, where most of its pixels lie in some."""
    if layer.table is None:
        return [None] * len(ends)
    cells = layer.table.cells
    at = cells.at(live.lon[rows], live.lat[rows])
    found: list[dict[str, Any] | None] = []
    for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        own = at[start:end]
        hot = own[own >= 0]
        if len(hot) <= _MAJORITY * (end - start):
            found.append(None)
            continue
        best = int(min(hot.tolist(), key=lambda cell: (cells.kind[cell], -cells.hot_days[cell], cell)))
        found.append(
            {
                "kind": CLASSES[int(cells.kind[best])],
                "hot_days": int(cells.hot_days[best]),
                "night_share": float(cells.night_share[best]),
                "months": int(cells.months[best]),
                "table": layer.table.label,
            }
        )
    return found


def _listed(
    layer: ScreenLayer, live: LiveDetections, at: Any, instants: list[dt.datetime]
) -> tuple[list[Near | None], list[Near | None]]:
    if layer.listed is None or not len(layer.listed):
        return [None] * len(at), [None] * len(at)
    days = [beijing_date(instant) for instant in instants]
    place = (live.lon[at], live.lat[at], instants, days)
    return layer.listed.nearest(*place), layer.listed.recorded_later(*place)


def _told(near: Near) -> dict[str, Any]:
    source = near.source
    return {
        "heat_source": source.code,
        "name": source.name,
        "kind": source.kind,
        "distance_m": round(near.distance_m, 1),
        "radius_m": source.radius_m,
        "status": source.status,
    }
