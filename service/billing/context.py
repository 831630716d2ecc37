"""What disputes are about, beside every line of a statement, even where it decides nothing (domain, section 12).

How often the place was hot in the year before, the nearest listed source of heat, how the footprint (the union of the
fire point's pixels) lies across the lines of counties, townships, grid cells and zones, how near the county's line is,
and what every other loaded set of boundaries says. None of it moves money by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely
import sqlalchemy as sa

from gis.footprint import Pixels
from gis.footprint import shares as pixel_shares
from gis.locate import NOWHERE, Layer
from gis.plane import degrees_of, distance_m
from gis.times import beijing_date, day_number, fire_day_bounds, fire_day_numbers
from gis.types import Level
from service.pipeline.attribute import Names
from service.pipeline.detections import minute_of
from service.pipeline.footprints import Parts, extents_m, pixels_of, plain
from service.pipeline.layers_store import Layers, SetLayer
from service.pipeline.load_heat_sources import HeatSources, Near
from service.pipeline.register_store import load_register
from service.store.engine import Reader
from service.store.models import BoundarySet, Detection, Supersession

if TYPE_CHECKING:
    from service.billing.charges import ChargeRun

HOT_DAYS = 365
HOT_RADIUS_M = 500.0
"""The same place: within this of the pixel's centre, beside half the diagonal of the pixel itself."""

USUAL_FIXED = 30
"""Hot days a year from which an analysis of Henan calls a cell a fixed source (domain reference, section 12)."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Points:
    """The fire points asked for, as columns; shape (n,) each."""

    rows: Sequence[Any]
    lon: Floats
    lat: Floats
    scan_m: Floats
    track_m: Floats
    pixels: Pixels

    @property
    def radius_m(self) -> Floats:
        """How far from its centre each place reaches."""
        return HOT_RADIUS_M + np.hypot(self.scan_m, self.track_m) / 2


def context_of(
    reader: Reader, run: ChargeRun, ids: Sequence[str], at: dt.datetime | None = None
) -> dict[str, dict[str, Any]]:
    """Return what stands beside the line of each fire point, numbers but for counts as text.

    Parameters
    ----------
    run
        The season's charges: their fire points as they stand.
    ids
        Live ids; one that is no fire point of the season has no context.
    at
        The instant the document is computed for; nothing here depends on it, what counts is the overpass.

    Returns
    -------
    dict
        By id: ``hot_days_365`` (distinct Beijing days before the fire day with a live detection within
        ``hot_radius_m``), ``heat_source`` (the nearest one valid and on record before the overpass), ``shares`` (of
        the footprint per county; what lies in none is named with ``outside``), ``parts`` (the same per township, level
        of the grid and zone), ``border_distance_m``, ``other_sets`` (the county by every loaded set that is not
        the one in force), ``threshold_note_zh``, ``threshold_note_en``.
    """
    del at
    return contexts(reader, {name: run.facts.states[name] for name in ids if name in run.facts.states})


def contexts(reader: Reader, states: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the context of fire points by id, from their live `FirePointState` rows: see `context_of`."""
    if not states:
        return {}
    points = _points(reader, [states[name] for name in sorted(states)])
    hot = _hot_days(reader, points)
    overpasses = [row.first_at for row in points.rows]
    days = [beijing_date(instant) for instant in overpasses]
    sources = HeatSources(reader).nearest(points.lon, points.lat, overpasses, days)
    shares, parts, others = _Counties(reader).of(points)
    radii = points.radius_m.tolist()
    found: dict[str, dict[str, Any]] = {}
    for at, row in enumerate(points.rows):
        radius = f"{radii[at]:.0f}"
        zh, en = _note(int(hot[at]), radius)
        found[row.fire_point_id] = {
            "hot_days_365": int(hot[at]),
            "hot_radius_m": radius,
            "heat_source": _told(sources[at]),
            "shares": shares[at],
            "parts": parts[at],
            "border_distance_m": None if row.border_distance_m is None else f"{row.border_distance_m:.1f}",
            "other_sets": others[at],
            "threshold_note_zh": zh,
            "threshold_note_en": en,
        }
    return found


def _note(count: int, radius: str) -> tuple[str, str]:
    return (
        f"以卫星探测计，该点周围 {radius} 米内火点日之前 {HOT_DAYS} 天中有 {count} 天出现热点；"
        f"通常以 {USUAL_FIXED} 天以上疑为固定热源，此数仅供参考，不自动影响扣款",
        f"within {radius} m there were hot pixels on {count} of the {HOT_DAYS} days before the fire day; a fixed "
        f"source is usually suspected from {USUAL_FIXED} days on; for reference: it moves no money by itself",
    )


def _told(near: Near | None) -> dict[str, Any] | None:
    if near is None:
        return None
    one = near.source
    return {
        "code": one.code,
        "name": one.name,
        "kind": one.kind,
        "distance_m": f"{near.distance_m:.0f}",
        "within": near.within,
    }


def _points(reader: Reader, rows: Sequence[Any]) -> _Points:
    scan, track = extents_m(reader, [row.representative_id for row in rows])
    return _Points(
        rows,
        np.array([row.lon for row in rows], dtype=np.float64),
        np.array([row.lat for row in rows], dtype=np.float64),
        scan,
        track,
        pixels_of(reader, rows),
    )


# --- hot days ------------------------------------------------------------------------------------------------------


def _hot_days(reader: Reader, points: _Points) -> Ints:
    """Return on how many distinct Beijing days of the year before each fire day something was hot at its place."""
    reach = points.radius_m
    days = np.array([day_number(row.fire_day) for row in points.rows], dtype=np.int64)
    wide, high = degrees_of(reach, points.lat)
    minute, lon, lat = _detections(reader, points, float(wide.max()), float(high.max()))
    if not len(minute):
        return np.zeros(len(days), dtype=np.int64)
    boxes = shapely.box(points.lon - wide, points.lat - high, points.lon + wide, points.lat + high)
    at, pixel = shapely.STRtree(shapely.points(lon, lat)).query(boxes)
    close = distance_m(points.lon[at], points.lat[at], lon[pixel], lat[pixel]) <= reach[at]
    at, hot = at[close], fire_day_numbers(minute)[pixel[close]]
    before = (hot < days[at]) & (hot >= days[at] - HOT_DAYS)
    pairs = np.unique(np.stack([at[before], hot[before]]), axis=1)
    return np.bincount(pairs[0], minlength=len(days)).astype(np.int64)


def _detections(reader: Reader, points: _Points, wide: float, high: float) -> tuple[Ints, Floats, Floats]:
    """Return minute, lon and lat of the live detections around the points in the years before them."""
    d = Detection.__table__
    first, last = min(row.fire_day for row in points.rows), max(row.fire_day for row in points.rows)
    rows = reader.rows(
        sa.select(minute_of(d.c.acq_at, reader), d.c.lon, d.c.lat).where(
            reader.known(Detection),
            d.c.acq_at >= fire_day_bounds(first - dt.timedelta(days=HOT_DAYS))[0],
            d.c.acq_at < fire_day_bounds(last)[0],
            d.c.lon.between(float(points.lon.min()) - wide, float(points.lon.max()) + wide),
            d.c.lat.between(float(points.lat.min()) - high, float(points.lat.max()) + high),
            ~sa.exists().where(Supersession.older_id == d.c.id, reader.live(Supersession)),
        )
    )
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    return (
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.float64),
        np.array(columns[2], dtype=np.float64),
    )


# --- counties ------------------------------------------------------------------------------------------------------


class _Counties:
    """The county sets of a revision: the one in force on each day, and all the others."""

    def __init__(self, reader: Reader) -> None:
        stored = load_register(reader)
        self._reader = reader
        self._names = Names(stored.register, stored.ids)
        self._layers = Layers(reader)
        table = BoundarySet.__table__
        self._sets = reader.rows(
            sa.select(table.c.id)
            .where(reader.known(BoundarySet), table.c.level == str(Level.COUNTY))
            .order_by(table.c.name, table.c.version)
        )

    def of(
        self, points: _Points
    ) -> tuple[list[list[dict[str, Any]]], list[dict[str, list[dict[str, Any]]]], list[list[dict[str, Any]]]]:
        """Return the shares per county, the parts per other layer, and the other sets' answers of each point."""
        days = [row.fire_day for row in points.rows]
        stacks = [self._layers.on(day) for day in days]
        parts = Parts(points.pixels, stacks, days, self._unit)
        told: list[dict[str, list[dict[str, Any]]]] = [{} for _ in points.rows]
        layers = {str(Level.TOWNSHIP): parts.of_boundaries(Level.TOWNSHIP), "zone": parts.of_zones()}
        layers |= {f"grid_{level}": found for level, found in parts.of_grid().items()}
        for name, lists in layers.items():
            for at, one in enumerate(lists):
                if one:
                    told[at][name] = plain(one)
        others: list[list[dict[str, Any]]] = [[] for _ in points.rows]
        for one in self._sets:
            layer = self._set(one.id, days[0])
            index = layer.layer.locate(points.lon, points.lat)
            for at, day in enumerate(days):
                used_now = stacks[at].boundaries.get(Level.COUNTY)
                if used_now is None or used_now.set_id != layer.set_id:
                    others[at].append(self._answer(layer, int(index[at]), day))
        return [plain(one) for one in parts.of_boundaries(Level.COUNTY)], told, others

    def _set(self, set_id: int, day: dt.date) -> SetLayer:
        return Layers(self._reader, instead={str(Level.COUNTY): set_id}).on(day).boundaries[Level.COUNTY]

    def _answer(self, layer: SetLayer, index: int, day: dt.date) -> dict[str, Any]:
        code, name = self._unit(layer, index, day) if index != NOWHERE else (None, None)
        return {
            "set": layer.name,
            "version": str(layer.version),
            "status": layer.status,
            "county_code": code,
            "county": name,
        }

    def _unit(self, layer: SetLayer, index: int, day: dt.date) -> tuple[str, str]:
        """Return code and name of a polygon on a day, by the register where it knows the unit."""
        code = layer.layer.codes[index]
        unit_id = layer.unit_ids[code] or self._names.id_of(code, day)
        if unit_id is None:
            return code, layer.names[code]
        known, name = self._names.of(unit_id, day)
        return known or code, name


def footprint_shares(
    layer: Layer, lon: Floats, lat: Floats, scan_m: Floats, track_m: Floats
) -> list[list[tuple[float, int]]]:
    """Return for each pixel (share of its area, index of the unit), the largest first; what lies in none is missing.

    Parameters
    ----------
    lon, lat, scan_m, track_m
        Centres in degrees and full extents in metres, shape (n,) each.
    """
    found: list[list[tuple[float, int]]] = [[] for _ in lon]
    told = pixel_shares(layer, lon, lat, scan_m, track_m)
    for at, index, part in zip(told.point.tolist(), told.unit.tolist(), told.share.tolist(), strict=True):
        found[at].append((part, index))
    for pairs in found:
        pairs.sort(key=lambda pair: (-round(pair[0], 4), layer.codes[pair[1]]))
    return found
