"""FIRMS country API as GeoJSON: features walked one by one, numbers kept as the text they were written in.

A feature that cannot be read is one rejected record; reading goes on at the next feature.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from gis.errors import RefusedInputError
from gis.feeds.layout import Layout, normalise
from gis.feeds.model import MAX_RAW, Rejected, printable, rejection
from gis.feeds.screen import FieldError, Screened, Screener
from gis.feeds.words import number

MAX_BYTES = 256 * 2**20
MAX_BROKEN = 1000
SAME_PLACE = 1e-4
"""Degrees by which geometry and attributes of one feature may differ (a rounded attribute)."""

_SPACE = re.compile(r"[ \t\r\n]*")
_NEXT = re.compile(r"\{\s*\"type\"\s*:\s*\"Feature\"\s*[,}]")
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, strict=False)


@dataclass(slots=True)
class Feature:
    """One feature: where it starts, its properties as text, and the text of its point if it has one."""

    line: int
    raw: str
    values: dict[str, str]
    point: tuple[str, str] | None


@dataclass(slots=True)
class Features:
    """The features of a collection, the names of their properties, and what could not be read."""

    names: list[str] = field(default_factory=list)
    items: list[Feature] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def screen(self, layout: Layout, screener: Screener, into: Screened) -> None:
        """Judge every feature like the record of a table."""
        wanted = [*layout.columns.values(), *(at for _, at in layout.extras)]
        keys = [normalise(name) for name in self.names]
        lon, lat = layout.columns["longitude"], layout.columns["latitude"]
        for feature in self.items:
            values = {normalise(key): text for key, text in feature.values.items()}
            try:
                if feature.point is not None:
                    for at, text in zip((lon, lat), feature.point, strict=True):
                        _same_place(self.names[at], values.get(keys[at], ""), text)
                        values[keys[at]] = text
                row = [values.get(keys[at], "") for at in wanted]
                screener.check(row)
                into.accepted.append((feature.line, row))
            except FieldError as error:
                into.rejected.append(
                    rejection(feature.line, error.column, error.value, error.reason, feature.raw)
                )


def _same_place(column: str, attribute: str, geometry: str) -> None:
    one, two = number(attribute), number(geometry)
    if one is not None and two is not None and abs(one - two) > SAME_PLACE:
        raise FieldError(column, f"{attribute} / {geometry}", "contradiction")


def read_features(data: bytes, first_line: int, encoding: str) -> Features:
    """Return the features of a GeoJSON text.

    Parameters
    ----------
    data
        The text from its first brace on.
    first_line
        Physical line of that brace.
    encoding
        Of the text.

    Raises
    ------
    RefusedInputError
        ``bad_geojson``.
    """
    if len(data) > MAX_BYTES:
        raise _bad(f"{len(data)} > {MAX_BYTES} bytes")
    try:
        text = data.decode(encoding)
        start = _features_start(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _bad(str(error)) from error
    found = Features()
    seen: dict[str, None] = {}
    line, counted, at = first_line, 0, start
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        line += text.count("\n", counted, at)
        counted = at
        if text[at : at + 1] in ("]", ""):
            break
        at = _one(found, text, at, line, seen)
    _name_columns(found, seen)
    return found


def _one(found: Features, text: str, at: int, line: int, seen: dict[str, None]) -> int:
    """Take the feature at `at`, or reject it; return where the next one starts."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        following = _NEXT.search(text, at + 1)
        end = following.start() if following else len(text)
        _reject(found, line, text[at : min(end, at + MAX_RAW)], "bad_feature" if following else "truncated")
        return end
    raw = text[at : min(end, at + MAX_RAW)]
    feature = _feature(value, line, raw, seen)
    if feature is None:
        _reject(found, line, raw, "bad_feature")
    else:
        found.items.append(feature)
    return end


def _reject(found: Features, line: int, raw: str, reason: str) -> None:
    found.rejected.append(rejection(line, "", raw[:80], reason, raw))
    if len(found.rejected) > MAX_BROKEN:
        raise _bad(f"more than {MAX_BROKEN} features cannot be read")


def _features_start(text: str) -> int:
    """Return the position behind the bracket of the top object's ``features``."""
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError("not an object with features")
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            break
        at = _skip(text, at + 1)
        if key == "features" and text[at : at + 1] == "[":
            return at + 1
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            break
        at = _skip(text, at + 1)
    raise ValueError("no list of features")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _feature(value: Any, line: int, raw: str, seen: dict[str, None]) -> Feature | None:
    properties = value.get("properties") if isinstance(value, dict) else None
    if not isinstance(properties, dict):
        return None
    seen.update(dict.fromkeys(properties))
    geometry = value.get("geometry")
    point = None
    if isinstance(geometry, dict):
        place = geometry.get("coordinates")
        if geometry.get("type") != "Point" or not isinstance(place, list) or len(place) < 2:
            return None
        point = (_text(place[0]), _text(place[1]))
    return Feature(line, raw, {key: _text(item) for key, item in properties.items()}, point)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _name_columns(found: Features, seen: dict[str, None]) -> None:
    found.names = list(seen)
    lowered = {normalise(name) for name in found.names}
    if any(feature.point for feature in found.items):
        found.names += [name for name in ("longitude", "latitude") if name not in lowered]


def _bad(why: str) -> RefusedInputError:
    shown = printable(why, 200)
    return RefusedInputError(
        "bad_geojson",
        f"GeoJSON 无法读取：{shown}。需要一个由点要素组成的 FeatureCollection。",
        f"The GeoJSON cannot be read: {shown}. A FeatureCollection of points is needed.",
        detail=shown,
    )
