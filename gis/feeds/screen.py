"""Line by line: the exact reason why a record is rejected. The reference that the vectorised reader must equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from gis.feeds.arrays import numbers, strings
from gis.feeds.layout import JUDGED, NUMBER_RANGES, REQUIRED, Layout, normalise
from gis.feeds.lines import Record, tokens
from gis.feeds.model import MAX_RAW, Rejected, rejection
from gis.feeds.words import (
    MAX_CELL,
    DateOrder,
    confidence,
    date_problem,
    daynight,
    fire_type,
    is_null,
    minute_of_day,
    number,
    satellite,
)
from gis.types import SourceKind

Accepted = tuple[int, list[str]]
BLANK = b' \t\r\n,;"'
_BLANK = BLANK.decode()
_NEVER_EMPTY = frozenset({"daynight", "type", "frp", "version"})
FREE_NAME_CHARS = 64
_TOO_LONG = {
    "acq_date": "bad_date",
    "acq_time": "bad_time",
    "satellite": "unknown_satellite",
    "daynight": "unknown_daynight",
    "type": "out_of_range",
}


class FieldError(Exception):
    """One cell is wrong: column, value, reason code. Never leaves this package."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


@dataclass(slots=True)
class Screened:
    """What became of some records: good ones with the values of `Layout.names`, and the rejected."""

    accepted: list[Accepted] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class Screener:
    """Judges records of one file."""

    def __init__(self, layout: Layout, encoding: str, order: DateOrder | None) -> None:
        self.layout = layout
        self._encoding = encoding
        checks = [(at, name, _check_of(name, layout, order)) for at, name in enumerate(layout.names)]
        self._checks = [(at, name, verdict) for at, name, verdict in checks if verdict is not None]
        self._places = [*layout.columns.values(), *(at for _, at in layout.extras)]
        self._satellite = layout.names.index("satellite")
        self._confidence = layout.names.index("confidence") if "confidence" in layout.names else -1
        self._header = [normalise(name) for name in layout.header]
        self._free = layout.source_kind is not SourceKind.SATELLITE

    def fits(self, data: bytes) -> bool:
        """Whether a record has the columns of the header and closed quotes."""
        fields, broken = tokens(data.decode(self._encoding, "replace"), self.layout.separator)
        return not broken and len(fields) == self.layout.width

    def lines(self, records: list[Record] | tuple[Record, ...], into: Screened) -> None:
        """Judge records of a delimited text; blank ones are none."""
        for record in records:
            raw = ""
            try:
                raw = record.data.decode(self._encoding)
                if not raw.strip(_BLANK):
                    continue
                values = self._split(raw, record.cut)
                self.check(values)
                into.accepted.append((record.line, values))
            except UnicodeDecodeError as error:
                if not record.data.strip(BLANK):
                    continue
                raw = record.data[: MAX_RAW * 4].decode(self._encoding, "replace")
                bad = record.data[error.start : error.start + 8].hex()
                into.rejected.append(rejection(record.line, "", bad, "bad_bytes", raw))
            except FieldError as error:
                into.rejected.append(rejection(record.line, error.column, error.value, error.reason, raw))

    def _split(self, raw: str, cut: bool) -> list[str]:
        layout = self.layout
        parts, broken = tokens(raw, layout.separator)
        if len(parts) == layout.width and not broken:
            if layout.has_header and [normalise(part) for part in parts] == self._header:
                raise FieldError("", parts[0], "repeated_header")
            if cut:
                self._check_last(parts)
            return layout.canonical(parts) if layout.canonical else [parts[at] for at in self._places]
        if cut and len(parts) <= layout.width:
            raise FieldError(layout.header[len(parts) - 1], parts[-1], "truncated")
        if broken:
            raise FieldError("", raw, "bad_quotes")
        lowered = raw.lower()
        if layout.has_header and all(name in lowered for name in self._header if name):
            raise FieldError("", raw, "repeated_header")
        raise FieldError("", f"{len(parts)} / {layout.width}", "wrong_column_count")

    def _check_last(self, parts: list[str]) -> None:
        """Refuse a last line without line end whose last column, never empty in a feed, is empty."""
        layout = self.layout
        last = [name for name, at in layout.columns.items() if at == layout.width - 1]
        if last and last[0] in _NEVER_EMPTY and not parts[-1].strip():
            raise FieldError(layout.header[-1], parts[-1], "truncated")

    def check(self, values: list[str]) -> None:
        """Judge the values of `Layout.names`; raise `FieldError` on the first that is wrong."""
        layout = self.layout
        for at, name, verdict in self._checks:
            text = values[at]
            reason = verdict(text) if len(text) <= MAX_CELL or name not in JUDGED else _TOO_LONG[name]
            if reason:
                raise FieldError(layout.column_name(name), values[at], reason)
        if self._confidence >= 0:
            if len(values[self._confidence]) > MAX_CELL:
                raise FieldError(
                    layout.column_name("confidence"), values[self._confidence], "unknown_confidence"
                )
            known = None if self._free else satellite(values[self._satellite])
            _, reason = confidence(known[1] if known else "free", values[self._confidence])
            if reason:
                raise FieldError(layout.column_name("confidence"), values[self._confidence], reason)


Verdict = Callable[[str], str | None]


def _check_of(name: str, layout: Layout, order: DateOrder | None) -> Verdict | None:
    if name in NUMBER_RANGES:
        return _number_check(*NUMBER_RANGES[name], required=name in REQUIRED)
    if name == "acq_date":
        return lambda text: "missing_value" if is_null(text) else date_problem(text, order)
    if name == "satellite" and layout.source_kind is not SourceKind.SATELLITE:
        return _source_name
    simple: dict[str, Verdict] = {
        "acq_time": lambda text: (
            "missing_value" if is_null(text) else "bad_time" if minute_of_day(text) is None else None
        ),
        "satellite": lambda text: (
            "missing_value" if not text.strip() else "unknown_satellite" if satellite(text) is None else None
        ),
        "daynight": lambda text: "unknown_daynight" if daynight(text) is None else None,
        "type": lambda text: "out_of_range" if fire_type(text) is None else None,
    }
    return simple.get(name)


def _source_name(text: str) -> str | None:
    stripped = text.strip()
    if not stripped:
        return "missing_value"
    return None if len(stripped) <= FREE_NAME_CHARS and stripped.isprintable() else "unknown_satellite"


def _number_check(low: float, high: float, *, required: bool) -> Verdict:
    def verdict(text: str) -> str | None:
        value = number(text)
        if value is None:
            if is_null(text):
                return "missing_value" if required else None
            return "bad_number"
        return None if low <= value <= high else "out_of_range"

    return verdict


def table_of(accepted: list[Accepted], layout: Layout) -> pa.Table:
    """Return accepted records as the columns that the vectorised reader gives."""
    arrays = []
    for at, name in enumerate(layout.names):
        cells = [values[at] for _, values in accepted]
        if name in NUMBER_RANGES:
            found = [number(cell) for cell in cells]
            missing = np.array([value is None for value in found], np.bool_)
            arrays.append(
                numbers(np.array([0.0 if value is None else value for value in found], np.float64), missing)
            )
        else:
            column = strings(cells)
            arrays.append(column.dictionary_encode() if name in JUDGED else column)
    return pa.Table.from_arrays(arrays, names=list(layout.names))
