"""Query parameters, each declared once: its reader, and its place in the description of the interface.

A parameter that is unknown, repeated or unreadable is refused: a misspelt filter must not widen an answer unnoticed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from gis.errors import UsageError
from service.api.queries import parse_instant
from service.ogc.crs import SUPPORTED, crs_of
from service.ogc.instants import ends_of

MAX_ITEMS = 10_000
DEFAULT_ITEMS = 1_000
_URI = {"type": "string", "format": "uri", "enum": [one.uri for one in SUPPORTED]}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter.

    Attributes
    ----------
    schema
        OpenAPI 3.0 schema.
    text
        What it means, in English for the description of the interface.
    read
        Turns its text into a value; raises `ValueError` or `UsageError`.
    """

    name: str
    schema: Mapping[str, Any]
    text: str
    read: Callable[[str], Any]
    required: bool = False

    def described(self) -> dict[str, Any]:
        """Return the parameter as OpenAPI has it."""
        return {
            "name": self.name,
            "in": "query",
            "description": self.text,
            "required": self.required,
            "schema": dict(self.schema),
            "style": "form",
            "explode": False,
        }


def read_parameters(request: Request, known: Iterable[Parameter]) -> dict[str, Any]:
    """Return the values of the parameters that were given.

    Raises
    ------
    UsageError
        ``unknown_parameter``, ``repeated_parameter``, ``bad_parameter`` and what the parameters' own readers raise.
    """
    declared = {one.name: one for one in known}
    found: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        if name not in declared:
            raise UsageError(
                "unknown_parameter",
                f"此地址没有参数 {name[:80]!r}：可用 {'、'.join(declared) or '无'}",
                f"this address has no parameter {name[:80]!r}: there are {', '.join(declared) or 'none'}",
                value=name[:80],
            )
        if name in found:
            raise UsageError(
                "repeated_parameter",
                f"参数 {name} 出现多次：请只写一次",
                f"the parameter {name} stands there more than once: write it once",
                value=name,
            )
        found[name] = _value(declared[name], text)
    missing = [one.name for one in declared.values() if one.required and one.name not in found]
    if missing:
        raise UsageError(
            "missing_parameter",
            f"缺少参数 {missing[0]}",
            f"the parameter {missing[0]} is missing",
            value=missing[0],
        )
    return found


def _value(parameter: Parameter, text: str) -> Any:
    try:
        if "\0" in text:
            raise ValueError("NUL")
        return parameter.read(text)
    except (ValueError, OverflowError) as error:
        allowed = parameter.schema.get("enum")
        zh = f"可用 {'、'.join(allowed)}" if allowed else "请对照 /ogc/api"
        en = f"use {', '.join(allowed)}" if allowed else "compare it with /ogc/api"
        raise UsageError(
            "bad_parameter",
            f"参数 {parameter.name} 的值 {text[:80]!r} 不可用：{zh}",
            f"the value {text[:80]!r} of the parameter {parameter.name} is not usable: {en}",
            parameter=parameter.name,
            value=text[:80],
        ) from error


def choice(name: str, values: Iterable[str], text: str) -> Parameter:
    """Return a parameter that takes one of some words."""
    allowed = tuple(values)

    def read(given: str) -> str:
        if given not in allowed:
            raise ValueError(given)
        return given

    return Parameter(name, {"type": "string", "enum": list(allowed)}, text, read)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise ValueError(text)
    return min(int(text), MAX_ITEMS)  # more than the most is no error: Part 1, /req/core/fc-limit-response-1


def _names(text: str) -> tuple[str, ...]:
    names = tuple(one.strip() for one in text.split(",")) if text.strip() else ()
    if not all(names) and names:
        raise ValueError(text)
    return names


def _sort(text: str) -> tuple[tuple[str, bool], ...]:
    found: list[tuple[str, bool]] = []
    for one in text.split(","):
        name = one.strip()  # "+name" that was not encoded arrives as " name"
        descending = name.startswith("-")
        name = name[1:] if name[:1] in ("+", "-") else name
        if not name or len(found) >= _MAX_KEYS:
            raise ValueError(text)
        found.append((name, descending))
    return tuple(found)


def _day(text: str) -> dt.date:
    day = dt.date.fromisoformat(text)
    if len(text) != len("2023-10-29") or not 1900 <= day.year <= 2999:
        raise ValueError(text)
    return day


def _box(text: str) -> str:
    """Return the box as written: only beside ``bbox-crs`` is it known what its numbers are."""
    if len([float(one) for one in text.split(",")]) not in (4, 6):
        raise ValueError(text)
    return text


def _cursor(text: str) -> str:
    if not 0 < len(text) <= 4096:
        raise ValueError(text)
    return text


def _as_of(text: str) -> int | dt.datetime | None:
    found = parse_instant(text)
    if isinstance(found, dt.datetime) and not 1900 <= found.year <= 2999:
        raise ValueError(text)  # too near the ends of the calendar to be moved to another zone
    return found


_MAX_KEYS = 8

BBOX = Parameter(
    "bbox",
    {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
    "features whose geometry meets this box: west, south, east, north in degrees (in the order of bbox-crs); "
    "a west edge east of the east edge crosses the date line",
    _box,
)
BBOX_CRS = Parameter("bbox-crs", _URI, "reference system of bbox; CRS84 without it", crs_of)
CRS = Parameter("crs", _URI, "reference system of the answer; CRS84 without it", crs_of)
DATETIME = Parameter(
    "datetime",
    {"type": "string"},
    "an instant, a Beijing day (2023-10-29) or an interval with / between its ends, both included; .. is open",
    ends_of,
)
LIMIT = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MAX_ITEMS, "default": DEFAULT_ITEMS},
    f"features of one page; more than {MAX_ITEMS} is {MAX_ITEMS}",
    _limit,
)
CURSOR = Parameter(
    "cursor",
    {"type": "string", "minLength": 1, "maxLength": 4096},
    "where the page before ended: taken from its link `next`, never made up",
    _cursor,
)
PROPERTIES = Parameter(
    "properties",
    {"type": "array", "items": {"type": "string"}},
    "only these properties; the id always comes",
    _names,
)
SORTBY = Parameter(
    "sortby",
    {"type": "array", "minItems": 1, "maxItems": _MAX_KEYS, "items": {"type": "string"}},
    "properties, the first decides; - before one for descending; features without a value come last",
    _sort,
)
FILTER = Parameter("filter", {"type": "string", "minLength": 1}, "CQL2; see the collection's queryables", str)
FILTER_LANG = choice("filter-lang", ("cql2-text", "cql2-json"), "language of filter; cql2-text without it")
FILTER_CRS = Parameter(
    "filter-crs", _URI, "reference system of geometries in filter; CRS84 without it", crs_of
)
DAY = Parameter(
    "day",
    {"type": "string", "format": "date"},
    "the day whose borders, zones, regimes and season count; today in Beijing without it",
    _day,
)
AS_OF = Parameter(
    "as_of",
    {"type": "string"},
    "revision number or instant: the answer as it was known then",
    _as_of,
)
