"""One synthetic day of VIIRS detections, in the columns of FIRMS, from a fixed seed.

The day is made to show the work: fires in clusters on the plains, some astride a county border, a village border or
the province's edge, weak and low-confidence pixels, a row twice, a row that cannot be read, and a second satellite
whose pass arrives after the first list went out.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from gis.times import BEIJING

SEED = 20260220
PLAINS = ("2201", "2203", "2207", "2208")
"""Prefectures of the maize plain, where nearly all straw fires are."""

HEADER = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,"
    "confidence,version,bright_ti5,frp,daynight"
)
_NIGHT, _NOON, _LATE = dt.time(2, 6), dt.time(12, 48), dt.time(13, 36)
"""Beijing times of the passes."""
_PIXEL_KM = 0.375
_KM_PER_DEGREE = 111.2
_CLUSTERS = 46
_ON_BORDERS = 5
_ONLY_LATE = 6
_ALONG = (0.2, 0.45, 0.7)


@dataclass(frozen=True, slots=True)
class Feed:
    """One file of the synthetic feed, as it would arrive."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Pixel:
    lon: float
    lat: float
    at: dt.datetime
    satellite: str
    confidence: str
    frp: float


Counties = Mapping[str, Polygon | MultiPolygon]


def synthetic_feeds(
    counties: Counties, day: dt.date, *, along: Sequence[LineString] = (), seed: int = SEED
) -> tuple[Feed, Feed]:
    """Return the first file of `day` and the one that arrives late.

    Parameters
    ----------
    counties
        Six-digit code to geometry.
    day
        The fire day (Beijing).
    along
        Lines (roads) at which some fires stand.
    """
    random = Random(seed)  # noqa: S311 - a demonstration, not a secret
    plains = {code: shape for code, shape in sorted(counties.items()) if code.startswith(PLAINS)}
    if not plains:
        plains = dict(sorted(counties.items()))
    seats = [_somewhere(plains, random) for _ in range(_CLUSTERS)]
    seats += [point for line in _shared_borders(plains)[:_ON_BORDERS] for point in _astride(line)]
    seats += [
        shapely.line_interpolate_point(line, part, normalized=True) for line in along for part in _ALONG
    ]
    seats += list(_beyond(counties))
    night = _pass(seats[::5], day, _NIGHT, "N20", random)
    noon = _pass(seats, day, _NOON, "N20", random)
    unseen = [_somewhere(plains, random) for _ in range(_ONLY_LATE)]
    late = _pass([*seats[::3], *unseen], day, _LATE, "N", random)
    stem = f"SYNTHETIC_{day.isoformat()}_VIIRS"
    return (
        Feed(f"{stem}_NOAA20_NRT.csv", _file(_with_defects(_lines([*night, *noon])))),
        Feed(f"{stem}_SNPP_NRT_late.csv", _file(_lines(late))),
    )


def _somewhere(plains: Counties, random: Random) -> Point:
    """Return a place on the plains; a county's chance is its area."""
    shapes = list(plains.values())
    aim = random.random() * sum(shape.area for shape in shapes)
    for shape in shapes:
        aim -= shape.area
        if aim <= 0:
            break
    west, south, east, north = shape.bounds
    while True:
        point = Point(west + random.random() * (east - west), south + random.random() * (north - south))
        if shape.contains(point):
            return point


def _shared_borders(plains: Counties) -> list[LineString]:
    """Return the longest border lines that two counties of the plains share, longest first."""
    codes = list(plains)
    found: list[LineString] = []
    for number, code in enumerate(codes):
        for other in codes[number + 1 :]:
            shared = shapely.line_merge(shapely.intersection(plains[code].boundary, plains[other].boundary))
            lines = [part for part in shapely.get_parts(shared) if part.geom_type == "LineString"]
            if lines:
                found.append(max(lines, key=lambda line: line.length))
    return sorted(found, key=lambda line: (-line.length, line.wkb))


def _astride(line: LineString) -> tuple[Point, Point]:
    """Return two places at a border: about 40 m from it, on either side."""
    middle = shapely.line_interpolate_point(line, 0.5, normalized=True)
    shift = 0.04 / _KM_PER_DEGREE
    return Point(middle.x + shift, middle.y + shift), Point(middle.x - shift, middle.y - shift)


def _beyond(counties: Counties) -> Iterator[Point]:
    """Yield places outside: just over the edge, where a neighbour answers, and far away."""
    west, south, east, north = shapely.total_bounds(list(counties.values()))
    yield Point(west - 0.05, (south + north) / 2)
    yield Point((west + east) / 2, north + 3.0)
    yield Point(east + 5.0, (south + north) / 2)


def _pass(
    seats: Sequence[Point], day: dt.date, clock: dt.time, satellite: str, random: Random
) -> list[_Pixel]:
    """Return the pixels of one pass: one to five neighbours on the sensor's raster at each seat."""
    at = dt.datetime.combine(day, clock, BEIJING).astimezone(dt.UTC)
    pixels: list[_Pixel] = []
    for seat in seats:
        step_lat = _PIXEL_KM / _KM_PER_DEGREE
        step_lon = step_lat / math.cos(math.radians(seat.y))
        for number in range(1 + int(random.random() ** 2 * 5)):
            row, column = divmod(number, 2)
            draw = random.random()
            confidence = "low" if draw < 0.12 else "high" if draw > 0.9 else "nominal"
            frp = round(0.4 + 12 * random.random() ** 3, 2)
            pixels.append(
                _Pixel(seat.x + column * step_lon, seat.y - row * step_lat, at, satellite, confidence, frp)
            )
    return pixels


def _lines(pixels: Sequence[_Pixel]) -> list[str]:
    return [_line(pixel) for pixel in pixels]


def _with_defects(lines: list[str]) -> list[str]:
    """Return the lines with what real files have: a row twice, and one whose latitude is no number."""
    broken = ",".join(["4x.71302", *lines[11].split(",")[1:]])
    return [*lines[:7], lines[3], *lines[7:18], broken, *lines[18:]]


def _line(pixel: _Pixel) -> str:
    brightness = 300 + 4 * pixel.frp
    daynight = "D" if pixel.at.hour < 10 else "N"  # UTC: Jilin's daylight
    fields = (
        f"{pixel.lat:.5f}",
        f"{pixel.lon:.5f}",
        f"{brightness:.2f}",
        "0.41",
        "0.37",
        pixel.at.strftime("%Y-%m-%d"),
        pixel.at.strftime("%H%M"),
        pixel.satellite,
        pixel.confidence,
        "2.0NRT",
        f"{brightness - 25:.2f}",
        f"{pixel.frp:.2f}",
        daynight,
    )
    return ",".join(fields)


def _file(lines: Sequence[str]) -> bytes:
    return ("\n".join([HEADER, *lines]) + "\n").encode()
