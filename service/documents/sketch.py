"""The map of a statement as plain vectors in millimetres: outlines, numbered points, a graticule and a scale bar.

Equirectangular about the middle, north up. All lengths are rounded to 0.01 mm, so that no machine's last digit shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH_MM, HEIGHT_MM, LEAST_HEIGHT_MM = 178.0, 106.0, 60.0
_KM_PER_DEGREE = 111.32
_MARGIN = 0.04
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_BARS_KM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
_LEAST_SPAN = 0.05
"""Degrees: a single point without an outline still gets some country around it."""
_LABEL_HEIGHT, _LABEL_DIGIT, _DOT = 2.6, 1.5, 1.1
_CELL = 6.0

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Frame:
    west: float
    north: float
    cos: float
    scale: float
    width: float
    height: float

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        return (
            round((lon - self.west) * self.cos * self.scale, 2),
            round((self.north - lat) * self.scale, 2),
        )


def sketch(document: Mapping[str, Any], payer_codes: Iterable[str] = ()) -> dict[str, Any] | None:
    """Return the map of a statement, or None when nothing has a place.

    Returns
    -------
    dict
        ``{width, height, outlines: [{name, rings, at, own}], points: [{no, x, y, label}], meridians, parallels: [{at,
        label}], bar: {length, label}, unlabelled}``, lengths in mm from the upper left corner.
    """
    units = list((document.get("map") or {}).get("outlines") or ())
    points = [
        (str(one.get("no")), float(one["lon"]), float(one["lat"]))
        for one in document.get("lines") or ()
        if one.get("lon") is not None and one.get("lat") is not None
    ]
    rings = {index: _numbers(unit.get("rings") or ()) for index, unit in enumerate(units)}
    corners = [pair for one in rings.values() for ring in one for pair in ring] + [
        (lon, lat) for _no, lon, lat in points
    ]
    if not corners:
        return None
    frame = _frame(corners)
    own = set(payer_codes)
    spots, unlabelled = _labelled([(no, *frame.place(lon, lat)) for no, lon, lat in points], frame)
    return {
        "width": frame.width,
        "height": frame.height,
        "outlines": [
            {
                "name": str(unit.get("name") or ""),
                "own": not own or str(unit.get("code")) in own,
                "rings": [[list(frame.place(*pair)) for pair in ring] for ring in rings[index]],
                "at": _middle([frame.place(*pair) for pair in max(rings[index], key=len)]),
            }
            for index, unit in enumerate(units)
            if rings[index]
        ],
        "points": spots,
        "unlabelled": unlabelled,
        **_graticule(frame),
        "bar": _bar(frame),
    }


def _numbers(rings: Sequence[Any]) -> list[list[tuple[float, float]]]:
    found = [[(float(lon), float(lat)) for lon, lat in ring] for ring in rings]
    return [ring for ring in found if len(ring) > 2]


def _frame(corners: Sequence[tuple[float, float]]) -> _Frame:
    lons, lats = [lon for lon, _ in corners], [lat for _, lat in corners]
    middle = ((min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2)
    cos = round(math.cos(math.radians(middle[1])), 6)
    wide = max((max(lons) - min(lons)) * (1 + 2 * _MARGIN), _LEAST_SPAN)
    high = max((max(lats) - min(lats)) * (1 + 2 * _MARGIN), _LEAST_SPAN)
    scale = min(WIDTH_MM / (wide * cos), HEIGHT_MM / high)
    # The frame fills the column: what one direction leaves over is shown as country around.
    wide, high = WIDTH_MM / (scale * cos), max(high, LEAST_HEIGHT_MM / scale)
    return _Frame(
        middle[0] - wide / 2,
        middle[1] + high / 2,
        cos,
        scale,
        WIDTH_MM,
        round(min(high * scale, HEIGHT_MM), 2),
    )


def _middle(ring: Sequence[tuple[float, float]]) -> list[float]:
    """Return the middle of the longest stretch a horizontal line at half height runs inside a ring."""
    y = (min(at for _, at in ring) + max(at for _, at in ring)) / 2 + 1e-4
    cuts = sorted(
        a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)
        if (a[1] > y) != (b[1] > y)
    )
    spans = [(right - left, left, right) for left, right in zip(cuts[::2], cuts[1::2], strict=False)]
    if not spans:
        return [ring[0][0], ring[0][1]]
    _length, left, right = max(spans)
    return [round((left + right) / 2, 2), round(y, 2)]


def _labelled(spots: Sequence[tuple[str, float, float]], frame: _Frame) -> tuple[list[dict[str, Any]], int]:
    """Give each dot its number where there is room beside it: right, left, above, below; else it stays a dot."""
    taken: dict[tuple[int, int], list[Box]] = {}
    for _no, x, y in spots:
        _take(taken, (x - _DOT, y - _DOT, x + _DOT, y + _DOT))
    found, missed = [], 0
    for no, x, y in spots:
        width = _LABEL_DIGIT * len(no) + 0.4
        tries: list[Box] = [
            (x + _DOT, y - _LABEL_HEIGHT / 2, x + _DOT + width, y + _LABEL_HEIGHT / 2),
            (x - _DOT - width, y - _LABEL_HEIGHT / 2, x - _DOT, y + _LABEL_HEIGHT / 2),
            (x - width / 2, y - _DOT - _LABEL_HEIGHT, x + width / 2, y - _DOT),
            (x - width / 2, y + _DOT, x + width / 2, y + _DOT + _LABEL_HEIGHT),
        ]
        free = next((box for box in tries if _inside(box, frame) and not _hits(taken, box)), None)
        if free:
            _take(taken, free)
        else:
            missed += 1
        label = [round(free[0], 2), round(free[1], 2)] if free else None
        found.append({"no": no, "x": x, "y": y, "label": label, "wide": round(width, 2)})
    return found, missed


def _cells(box: Box) -> Iterable[tuple[int, int]]:
    return (
        (column, row)
        for column in range(int(box[0] // _CELL), int(box[2] // _CELL) + 1)
        for row in range(int(box[1] // _CELL), int(box[3] // _CELL) + 1)
    )


def _take(taken: dict[tuple[int, int], list[Box]], box: Box) -> None:
    for cell in _cells(box):
        taken.setdefault(cell, []).append(box)


def _hits(taken: Mapping[tuple[int, int], list[Box]], box: Box) -> bool:
    return any(
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
        for cell in _cells(box)
        for other in taken.get(cell, ())
    )


def _inside(box: Box, frame: _Frame) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= frame.width and box[3] <= frame.height


def _graticule(frame: _Frame) -> dict[str, Any]:
    wide, high = frame.width / (frame.scale * frame.cos), frame.height / frame.scale
    step = max((one for one in _STEPS if min(wide, high) / one >= 2), default=_STEPS[0])

    def ticks(start: float, length: float, letter: str) -> list[tuple[float, str]]:
        first = math.ceil(round(start / step, 6))
        last = math.floor(round((start + length) / step, 6))
        return [(number * step, f"{number * step:.2f}°{letter}") for number in range(first, last + 1)]

    return {
        "meridians": [
            {"at": frame.place(lon, frame.north)[0], "label": label}
            for lon, label in ticks(frame.west, wide, "E")
        ],
        "parallels": [
            {"at": frame.place(frame.west, lat)[1], "label": label}
            for lat, label in ticks(frame.north - high, high, "N")
        ],
    }


def _bar(frame: _Frame) -> dict[str, Any]:
    per_km = frame.scale / _KM_PER_DEGREE
    length = max((one for one in _BARS_KM if one * per_km <= WIDTH_MM / 4), default=_BARS_KM[0])
    return {"length": round(length * per_km, 2), "label": f"{length:g} 千米 km"}
