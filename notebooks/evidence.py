"""What one looks at when a decision of the service is judged by hand, and the pictures of the season."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gis.plane import distance_m
from gis.times import iso_beijing, to_beijing
from service.pipeline.area import current_area
from service.pipeline.live import live_detections
from service.pipeline.load_heat_sources import HeatSource
from service.pipeline.screens import nights
from service.reads import FirePointView
from service.store.engine import Reader

VERDICTS = Path(__file__).with_name("verdicts.csv")
"""What one reader said of each decision that was drawn."""

NEAR_M, AROUND_M = 1_000, 5_000
_EPOCH = dt.date(1970, 1, 1)
_FOREVER = (0, 10**9)


def live_pixels(reader: Reader) -> pd.DataFrame:
    """Return every live pixel: Beijing day (days since 1970), position, FRP in MW, whether at night."""
    area = current_area(reader)
    if area is None:
        raise LookupError("no service area: run huodian init")
    live = live_detections(reader, area, [_FOREVER])
    return pd.DataFrame(
        {
            "day": (live.minute + 480) // 1440,
            "lon": live.lon,
            "lat": live.lat,
            "frp": live.frp,
            "night": nights(live, np.arange(len(live.ids))),
        }
    )


def plant_table(plants: pd.DataFrame) -> bytes:
    """Return the WRI list as a table of ``huodian load heat-sources``."""
    table = pd.DataFrame(
        {
            "code": "WRI" + plants["Power Plant ID"].astype(str),
            "name": plants["Name"],
            "kind": plants["Fuel"],
            "lon": plants["Longitude"],
            "lat": plants["Latitude"],
        }
    )
    return table.to_csv(index=False).encode()


def metres(lon: Any, lat: Any, at: Any) -> Any:
    """Return the distance in metres of positions from something that has `lon` and `lat`."""
    return distance_m(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float), at.lon, at.lat)


def evidence(
    views: Sequence[FirePointView], pixels: pd.DataFrame, plants: Sequence[HeatSource]
) -> pd.DataFrame:
    """Return one row per fire point: when, how strong, how often hot nearby, which ground, what stands there."""
    plant_lon, plant_lat = [one.lon for one in plants], [one.lat for one in plants]
    rows = []
    for view in views:
        day = (view.fire_day - _EPOCH).days
        away = metres(pixels.lon, pixels.lat, view)
        others = pixels[(away <= NEAR_M) & (pixels.day != day)]
        plant_away = metres(plant_lon, plant_lat, view)
        nearest = int(np.argmin(plant_away))
        rows.append(
            {
                "fire_point_id": view.fire_point_id,
                "seen": f"{to_beijing(view.first_at):%m-%d %H:%M}",
                "county": view.county,
                "pixels": view.pixels,
                "MW": view.frp_mw,
                "class": view.confidence,
                f"other hot days {NEAR_M} m": int(others.day.nunique()),
                "of them at night": round(float(others.night.mean()), 2) if len(others) else None,
                f"pixels that day {AROUND_M} m": int(((away <= AROUND_M) & (pixels.day == day)).sum()),
                "cropland": None if view.cropland_share is None else round(view.cropland_share, 2),
                "listed plant": f"{plants[nearest].name}, {plant_away[nearest] / 1000:.1f} km"
                if plant_away[nearest] <= AROUND_M
                else "",
                "service": view.screen,
                "flags": ", ".join(sorted({one["code"] for one in view.reasons if one.get("flag")})),
            }
        )
    return pd.DataFrame(rows)


def shares_of(view: FirePointView) -> dict[str, Any]:
    """Return a doubtful case as a row: how much of the pixels lies in the unit named, and who else is touched."""
    return {
        "fire_point_id": view.fire_point_id,
        "seen": iso_beijing(view.first_at)[:16],
        "county": view.county,
        "share there": view.county_share,
        "touches": ", ".join(view.neighbours.get("county", [])) or "outside Jilin",
        "metres to the border": view.border_distance_m,
        "pixels": view.pixels,
    }


def said(reasons: Sequence[Mapping[str, Any]]) -> str:
    """Return reasons as one line: what the evidence is, and whether it decided."""
    return "; ".join(_said(one) for one in reasons)


def _said(reason: Mapping[str, Any]) -> str:
    names = (
        "by",
        "name",
        "kind",
        "hot_days",
        "night_share",
        "distance_m",
        "cropland",
        "vegetation",
        "coarse",
        "glint",
    )
    facts = ", ".join(f"{name} {reason[name]}" for name in names if name in reason)
    return f"{reason['code']} {'flags' if reason.get('flag') else 'decides'} ({facts})"


# --- pictures --------------------------------------------------------------------------------------------------------


def draw_days(before: pd.Series, after: pd.Series) -> Any:
    """Draw fire points per day, all and counted."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 2.6), dpi=80)
    axes.bar(before.index, before, color="#c9c9c9", label="seen in Jilin")
    axes.bar(after.index, after, color="#c0392b", label="counted after screening", width=0.5)
    axes.set_ylabel("fire points")
    axes.tick_params(axis="x", labelrotation=30, labelsize=8)
    axes.legend(frameon=False)
    figure.tight_layout()
    return figure


def draw_map(views: Sequence[FirePointView], outlines: Sequence[Any], title: str) -> Any:
    """Draw the fire points of a day over the county lines."""
    import geopandas as gpd
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5.4), dpi=80)
    counties = gpd.GeoSeries([one.geometry for one in outlines], crs=4490)
    counties.boundary.plot(ax=axes, color="#999999", linewidth=0.4)
    for kind, colour in (("counted", "#c0392b"), ("outside", "#bbbbbb"), ("removed", "#2455a4")):
        mine = [one for one in views if _kind(one) == kind]
        axes.scatter(
            [one.lon for one in mine],
            [one.lat for one in mine],
            s=[(18 if kind == "removed" else 4) + 2 * one.pixels for one in mine],
            c=colour,
            label=f"{kind} ({len(mine)})",
            linewidths=0,
        )
    axes.set_aspect(1 / np.cos(np.radians(43.5)))
    axes.set_title(title, fontsize=10)
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    return figure


def _kind(view: FirePointView) -> str:
    return view.screen if view.screen in ("counted", "outside") else "removed"
