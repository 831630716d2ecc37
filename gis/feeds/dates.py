"""Month-first or day-first: settled once for a whole file, by proof, or not at all.

Two proofs count. The calendar: a date that exists in one reading only (``6/25/2022``). The sun: MODIS and VIIRS flag
each row day or night, and a row flagged *day* cannot lie where the sun stands far below the horizon at that minute
(over the 1.1 million real rows at hand none does under the right reading; the opposite, flagged night under a high
sun, does occur and is no proof). Nothing else counts: not the span of the file, not today's date, not its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gis.errors import RefusedInputError
from gis.feeds.words import DateOrder, day_readings

Array = npt.NDArray[np.float64]

NIGHT_ELEVATION = -6.0
"""Below civil twilight no product flags day: MODIS and VIIRS switch at solar zenith 85 to 90 degrees."""
MIN_ROWS, MIN_OVERPASSES = 5, 3
"""A reading is disproved only by several rows of several overpasses, so that no single odd granule decides."""


@dataclass(frozen=True, slots=True)
class SunSample:
    """Rows with a date in slashes that are flagged day: position, minute of day (UTC), and the date's two readings."""

    lon: Array
    lat: Array
    minute: npt.NDArray[np.int64]
    month_first: npt.NDArray[np.int64]
    day_first: npt.NDArray[np.int64]


def settle(texts: Iterable[str], samples: Iterable[SunSample]) -> DateOrder:
    """Return the order of the dates of a file.

    Parameters
    ----------
    texts
        Every distinct date of the file that can be read in two ways.
    samples
        Rows for the proof by the sun; asked only when the calendar does not prove anything.

    Raises
    ------
    RefusedInputError
        ``ambiguous_date``: no proof, or proofs of both.
    """
    proof: dict[DateOrder, str] = {}
    same = True
    example = ""
    for text in sorted(texts):
        month_first, day_first, _ = day_readings(text)
        example = example or text
        if day_first is None:
            proof.setdefault("mdy", text)
        elif month_first is None:
            proof.setdefault("dmy", text)
        same = same and month_first == day_first
    if len(proof) == 2:
        raise _ambiguous(f"{proof['mdy']} / {proof['dmy']}", both=True)
    if proof:
        return next(iter(proof))
    if same:
        return "mdy"
    by_sun = _by_sun(list(samples))
    if by_sun is None:
        raise _ambiguous(example, both=False)
    return by_sun


def _by_sun(samples: list[SunSample]) -> DateOrder | None:
    if not samples:
        return None
    dark = {
        "mdy": _dark_rows([(s.lon, s.lat, s.minute, s.month_first) for s in samples]),
        "dmy": _dark_rows([(s.lon, s.lat, s.minute, s.day_first) for s in samples]),
    }
    disproved = {
        order: rows >= MIN_ROWS and passes >= MIN_OVERPASSES for order, (rows, passes) in dark.items()
    }
    if disproved["dmy"] and dark["mdy"][0] == 0:
        return "mdy"
    if disproved["mdy"] and dark["dmy"][0] == 0:
        return "dmy"
    return None


def _dark_rows(
    parts: list[tuple[Array, Array, npt.NDArray[np.int64], npt.NDArray[np.int64]]],
) -> tuple[int, int]:
    """Return how many rows flagged day lie in the dark, and in how many distinct minutes."""
    instants = []
    for lon, lat, minute, day in parts:
        dark = sun_elevation(lon, lat, day * 1440 + minute) < NIGHT_ELEVATION
        instants.append((day * 1440 + minute)[dark])
    found = np.concatenate(instants)
    return len(found), len(np.unique(found))


def sun_elevation(lon: Array, lat: Array, minute: npt.NDArray[np.int64]) -> Array:
    """Return the sun's elevation in degrees, right to 0.1 degree in this century.

    Low-precision solar position of the Astronomical Almanac.

    Parameters
    ----------
    lon, lat
        Degrees.
    minute
        Minutes since 1970-01-01T00:00Z.
    """
    days = minute / 1440.0 - 10957.5
    anomaly = np.radians(357.528 + 0.9856003 * days)
    mean = np.radians(280.460 + 0.9856474 * days)
    ecliptic = mean + np.radians(1.915) * np.sin(anomaly) + np.radians(0.020) * np.sin(2 * anomaly)
    tilt = np.radians(23.439)
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    ascension = np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic))
    hour = np.radians(280.46062 + 360.98564737 * days + lon) - ascension
    phi = np.radians(lat)
    height = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour)
    elevation: Array = np.degrees(np.arcsin(np.clip(height, -1.0, 1.0)))
    return elevation


def _ambiguous(example: str, *, both: bool) -> RefusedInputError:
    zh = "同一文件里既有只能月前、又有只能日前的日期" if both else "无法判断是月/日还是日/月"
    en = (
        "some dates can only be month-first and others only day-first"
        if both
        else "month-first or day-first?"
    )
    return RefusedInputError(
        "ambiguous_date",
        f"日期“{example}”：{zh}。核对来源后用 --dates mdy（月/日/年）或 --dates dmy（日/月/年）重新导入。",
        f"Date '{example}': {en} Check the source and ingest again with --dates mdy or --dates dmy.",
        value=example,
    )
