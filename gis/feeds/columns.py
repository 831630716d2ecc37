"""Vectorised: a chunk of clean text straight into typed columns, then checked by its few distinct words.

A chunk is taken only when nothing about it is doubtful; whatever is doubtful goes to `gis.feeds.screen`, line by
line. So this path never has to know why a line is bad, and never rejects anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute  # `Table.take` would import it first in whichever worker comes first, and that has crashed
import pyarrow.csv

from gis.feeds import words
from gis.feeds.arrays import coded, numbers, one_array, strings, values_of
from gis.feeds.dates import SunSample
from gis.feeds.layout import JUDGED, NUMBER_RANGES, REQUIRED, Layout
from gis.feeds.model import SCHEMA, WORD
from gis.feeds.words import DateOrder
from gis.types import SourceKind

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Outside = Callable[[Floats, Floats], Mask]


@dataclass(slots=True)
class Batch:
    """Accepted records of a piece of the file: columns named as `Layout.names`, and their lines."""

    table: pa.Table
    lines: Ints | int
    """Line of each record, or the line of the first where they follow each other."""

    @property
    def count(self) -> int:
        """Number of records."""
        return int(self.table.num_rows)

    def lines_at(self, at: npt.NDArray[np.intp]) -> Ints:
        """Return the lines of some records."""
        return self.lines + at if isinstance(self.lines, int) else self.lines[at]


def parse_clean(
    data: bytes, first_line: int, count: int, layout: Layout, order: DateOrder | None
) -> Batch | None:
    """Return a chunk of whole lines as a batch, or None when any line of it is doubtful.

    Parameters
    ----------
    data
        UTF-8 lines, each with its line end.
    first_line
        Physical line of the first.
    count
        How many lines there are.
    layout
        What the columns are.
    order
        Order of dates, None while it is not settled.
    """
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    try:
        table = _read(data, layout)
    except pa.ArrowException:
        return None
    # Rows must be lines, else the line numbers lie (a blank line, a quote that swallowed a line end).
    if table.num_rows != count:
        return None
    sound = _numbers_sound(table) and _words_sound(table, layout, order)
    return Batch(table, first_line) if sound else None


def _read(data: bytes, layout: Layout) -> pa.Table:
    places = [*layout.columns.values(), *(at for _, at in layout.extras)]
    names = [f"#{at}" for at in range(layout.width)]
    kinds = {names[at]: _kind(name) for name, at in zip(layout.names, places, strict=True)}
    table = pyarrow.csv.read_csv(
        pa.BufferReader(data),
        read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=names, block_size=len(data) + 1),
        parse_options=pyarrow.csv.ParseOptions(delimiter=layout.separator, ignore_empty_lines=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=kinds,
            include_columns=[names[at] for at in places],
            null_values=list(words.NULL_SPELLINGS),
            strings_can_be_null=False,
        ),
    )
    return table.rename_columns(list(layout.names))


def _kind(name: str) -> pa.DataType:
    """Return how a column is parsed: words that are judged as codes, words that are only carried along as text."""
    if name in NUMBER_RANGES:
        return pa.float64()
    return WORD if name in JUDGED else pa.string()


def _numbers_sound(table: pa.Table) -> bool:
    for name in set(table.column_names) & set(NUMBER_RANGES):
        values, missing = _numbers(table, name)
        low, high = NUMBER_RANGES[name]
        if missing is not None:
            if name in REQUIRED:
                return False
            values = values[~missing]
        # NaN fails both comparisons, so that a text such as nan or inf goes to the line reader.
        if len(values) and not (values.min() >= low and values.max() <= high):
            return False
    return True


def _numbers(table: pa.Table, name: str) -> tuple[Floats, Mask | None]:
    return values_of(one_array(table.column(name)))


def _words_sound(table: pa.Table, layout: Layout, order: DateOrder | None) -> bool:
    if layout.source_kind is not SourceKind.SATELLITE:
        return False
    tests: dict[str, Callable[[str], bool]] = {
        "acq_date": lambda text: words.date_problem(text, order) is None,
        "acq_time": lambda text: words.minute_of_day(text) is not None,
        "satellite": lambda text: words.satellite(text) is not None,
        "daynight": lambda text: words.daynight(text) is not None,
        "type": lambda text: words.fire_type(text) is not None,
    }
    for name in set(table.column_names) & JUDGED:
        written = _words(table, name)[1]
        if max(map(len, written), default=0) > words.MAX_CELL:
            return False
        if name in tests and not all(map(tests[name], written)):
            return False
    return "confidence" not in table.column_names or _confidence_sound(table)


def _confidence_sound(table: pa.Table) -> bool:
    codes, written = _words(table, "confidence")
    sats, satellites = _words(table, "satellite")
    for pair in _pairs(sats, codes, len(satellites), len(written)):
        known = words.satellite(satellites[pair // len(written)])
        if known is None or words.confidence(known[1], written[pair % len(written)])[1]:
            return False
    return True


def _pairs(left: npt.NDArray[np.int32], right: npt.NDArray[np.int32], n_left: int, n_right: int) -> list[int]:
    """Return the distinct pairs of codes that occur, as ``left * n_right + right``."""
    if n_left == 1 or n_left * n_right > 1_000_000:
        pairs = np.unique(left.astype(np.int64) * n_right + right) if n_left > 1 else np.unique(right)
        return [int(pair) for pair in pairs]
    counts = np.bincount(left.astype(np.int64) * n_right + right, minlength=n_left * n_right)
    return [int(pair) for pair in np.flatnonzero(counts)]


def _words(table: pa.Table, name: str) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Return the codes of a column of words and its distinct words."""
    column = table.column(name)
    if name not in JUDGED:
        column = column.dictionary_encode()
    array = one_array(column)
    return values_of(array.indices)[0], array.dictionary.to_pylist()


def open_dates(batch: Batch) -> set[str]:
    """Return the dates of a batch that can be read in two ways."""
    if not batch.count:
        return set()
    return {text for text in _words(batch.table, "acq_date")[1] if words.day_readings(text)[2]}


def sun_sample(batch: Batch, layout: Layout) -> SunSample | None:
    """Return the rows of a batch that can prove the order of dates, or None when it has none."""
    if "daynight" not in layout.names or layout.source_kind is not SourceKind.SATELLITE or not batch.count:
        return None
    table = batch.table
    codes, texts = _words(table, "acq_date")
    readings = [words.day_readings(text) for text in texts]
    usable = np.array([r[2] and r[0] is not None and r[1] is not None for r in readings], bool)
    flags, flag_texts = _words(table, "daynight")
    is_day = np.array([words.daynight(text) == "D" for text in flag_texts], bool)
    at = np.flatnonzero(usable[codes] & is_day[flags])
    times, time_texts = _words(table, "acq_time")
    minutes = (
        np.array([words.minute_of_day(text) or 0 for text in time_texts], np.int64) - layout.minutes_east
    )
    first = np.array([r[0] or 0 for r in readings], np.int64)
    second = np.array([r[1] or 0 for r in readings], np.int64)
    return SunSample(
        lon=_numbers(table, "longitude")[0][at],
        lat=_numbers(table, "latitude")[0][at],
        minute=minutes[times[at]],
        month_first=first[codes[at]],
        day_first=second[codes[at]],
    )


@dataclass(slots=True)
class Finished:
    """What a batch became once the order of dates was known."""

    rows: pa.Table | None
    outside: int
    coverage: dict[str, tuple[int, int, int]]


class Finisher:
    """Turns batches into rows of `SCHEMA`, leaving out what lies outside."""

    def __init__(self, layout: Layout, order: DateOrder | None, outside: Outside | None) -> None:
        self._layout = layout
        self._order = order
        self._outside = outside
        self._free = layout.source_kind is not SourceKind.SATELLITE

    def finish(self, batch: Batch) -> Finished:
        """Return the rows of a batch that are kept, the number that is not, and the coverage of all."""
        if not batch.count:
            return Finished(None, 0, {})
        table = batch.table
        lon, lat = self._stored(_numbers(table, "longitude")[0], _numbers(table, "latitude")[0])
        minute = self._minutes(table)
        coverage = self._coverage(table, minute)
        at = np.arange(batch.count)
        if self._outside is not None:
            at = np.flatnonzero(~np.asarray(self._outside(lon, lat), dtype=np.bool_))
            if not len(at):
                return Finished(None, batch.count, coverage)
        rows = self._rows(batch, at, lon[at], lat[at], minute[at])
        return Finished(rows, batch.count - len(at), coverage)

    def _stored(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        if self._layout.datum in ("cgcs2000", "wgs84"):
            return lon, lat
        from gis.datum import datum_of, to_stored

        return to_stored(lon, lat, datum_of(self._layout.datum))

    def _minutes(self, table: pa.Table) -> Ints:
        dates, texts = _words(table, "acq_date")
        which = 1 if self._order == "dmy" else 0
        days = np.array([words.day_readings(text)[which] or 0 for text in texts], np.int64)
        times, clock = _words(table, "acq_time")
        minutes = np.array([words.minute_of_day(text) or 0 for text in clock], np.int64)
        total: Ints = (days * 1440 - self._layout.minutes_east)[dates] + minutes[times]
        return total

    def _satellites(self, table: pa.Table) -> tuple[npt.NDArray[np.int32], list[str], list[str], list[str]]:
        """Return codes per row, and per code the unified name, the confidence family and the text as written."""
        codes, texts = _words(table, "satellite")
        if self._free:
            return codes, [text.strip() for text in texts], ["free"] * len(texts), texts
        known = [words.satellite(text) or ("", "any") for text in texts]
        return codes, [name for name, _ in known], [family for _, family in known], texts

    def _coverage(self, table: pa.Table, minute: Ints) -> dict[str, tuple[int, int, int]]:
        codes, names, _, _ = self._satellites(table)
        found: dict[str, tuple[int, int, int]] = {}
        for code, name in enumerate(names):
            mine = minute if len(names) == 1 else minute[codes == code]
            if len(mine):
                merge_coverage(found, {name: (int(mine.min()), int(mine.max()), len(mine))})
        return found

    def _rows(
        self, batch: Batch, at: npt.NDArray[np.intp], lon: Floats, lat: Floats, minute: Ints
    ) -> pa.Table:
        kept = batch.table.take(numbers(at)) if len(at) < batch.count else batch.table
        codes, names, families, written = self._satellites(kept)
        archived = self._types(kept)
        columns: dict[str, Any] = {
            "line": batch.lines_at(at),
            "lon": lon,
            "lat": lat,
            "acq_minute": minute,
            "satellite": coded(codes, names),
            "instrument": self._instruments(kept, codes, names, families),
            "version": _plain_words(kept, "version"),
            "rank": self._ranks(kept, archived),
            "confidence_raw": _plain_words(kept, "confidence"),
            "confidence_class": self._classes(kept, codes, families),
            "daynight": self._daynight(kept),
            "fire_type": numbers(archived, archived < 0),
            "extra": self._extras(kept, codes, written),
        }
        for name, field in (("frp_mw", "frp"), ("bright_1", "bright_1"), ("bright_2", "bright_2")):
            columns[name] = _floats(kept, field, zero_is_null=name != "frp_mw")
        columns["scan_km"] = _floats(kept, "scan", zero_is_null=True)
        columns["track_km"] = _floats(kept, "track", zero_is_null=True)
        arrays = [columns[name] for name in SCHEMA.names]
        arrays = [numbers(array) if isinstance(array, np.ndarray) else array for array in arrays]
        return pa.Table.from_arrays(arrays, schema=SCHEMA)

    def _types(self, kept: pa.Table) -> npt.NDArray[np.int8]:
        if "type" not in kept.column_names:
            return np.full(kept.num_rows, -1, np.int8)
        codes, texts = _words(kept, "type")
        values = [words.fire_type(text) for text in texts]
        return np.array([-1 if value is None else value for value in values], np.int8)[codes]

    def _instruments(
        self, kept: pa.Table, codes: npt.NDArray[np.int32], names: Sequence[str], families: Sequence[str]
    ) -> pa.Array:
        written, texts = ("", [""]) if "instrument" not in kept.column_names else _words(kept, "instrument")
        other = np.zeros(kept.num_rows, np.int32) if isinstance(written, str) else written
        pairs, inverse = np.unique(codes.astype(np.int64) * len(texts) + other, return_inverse=True)
        found = []
        for pair in pairs:
            sat, text = divmod(int(pair), len(texts))
            found.append(words.instrument(texts[text], names[sat], families[sat]))
        return coded(inverse, found)

    def _classes(self, kept: pa.Table, codes: npt.NDArray[np.int32], families: Sequence[str]) -> pa.Array:
        if "confidence" not in kept.column_names:
            return coded(np.zeros(kept.num_rows, np.int32), ["unknown"])
        written, texts = _words(kept, "confidence")
        pairs, inverse = np.unique(codes.astype(np.int64) * len(texts) + written, return_inverse=True)
        found = []
        for pair in pairs:
            sat, text = divmod(int(pair), len(texts))
            found.append(str(words.confidence(families[sat], texts[text])[0] or "unknown"))
        return coded(inverse, found)

    def _ranks(self, kept: pa.Table, types: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
        if self._layout.rank is not None:
            return np.full(kept.num_rows, self._layout.rank, np.int32)
        if "version" not in kept.column_names:
            return np.where(types >= 0, words.version_rank("", True), 0).astype(np.int32)
        codes, texts = _words(kept, "version")
        with_type = np.array([words.version_rank(text, True) for text in texts], np.int32)
        without = np.array([words.version_rank(text, False) for text in texts], np.int32)
        return np.where(types >= 0, with_type[codes], without[codes]).astype(np.int32)

    def _daynight(self, kept: pa.Table) -> pa.Array:
        if "daynight" not in kept.column_names:
            return pa.nulls(kept.num_rows, WORD)
        codes, texts = _words(kept, "daynight")
        return coded(codes, [words.daynight(text) or None for text in texts])

    def _extras(self, kept: pa.Table, codes: npt.NDArray[np.int32], written: Sequence[str]) -> pa.Array:
        """Return columns without a field of their own as canonical JSON of texts; null where all are empty.

        FIRMS has a second product of the same geostationary satellite (``G18FRP``): its name is a fact too.
        """
        products = [text.strip() if text.strip().upper().endswith("FRP") else "" for text in written]
        names = [name for name in kept.column_names if name.startswith("+")]
        if not names and not any(products):
            return pa.nulls(kept.num_rows, pa.string())
        texts = [kept.column(name).to_pylist() for name in names]
        keys = [name[1:] for name in names]
        out: list[str | None] = []
        for row in range(kept.num_rows):
            facts = {key: column[row].strip() for key, column in zip(keys, texts, strict=True)}
            facts = {key: text for key, text in facts.items() if not words.is_null(text)}
            if products[codes[row]]:
                facts["product"] = products[codes[row]]
            out.append(
                json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
                if facts
                else None
            )
        return strings(out)


def _plain_words(kept: pa.Table, name: str) -> pa.Array:
    if name not in kept.column_names:
        return pa.nulls(kept.num_rows, WORD)
    codes, texts = _words(kept, name)
    return coded(codes, [None if words.is_null(text) else text.strip() for text in texts])


def _floats(kept: pa.Table, name: str, *, zero_is_null: bool) -> pa.Array:
    """Return a column of numbers; geostationary feeds write 0 where scan, track or brightness is unknown."""
    if name not in kept.column_names:
        return pa.nulls(kept.num_rows, pa.float64())
    values, missing = _numbers(kept, name)
    absent = np.isnan(values) if missing is None else missing | np.isnan(values)
    return numbers(values, absent | (values == 0.0) if zero_is_null else absent)


def merge_coverage(into: dict[str, tuple[int, int, int]], more: dict[str, tuple[int, int, int]]) -> None:
    """Add the coverage of one batch to that of the file."""
    for name, (first, last, rows) in more.items():
        old = into.get(name, (first, last, 0))
        into[name] = (min(old[0], first), max(old[1], last), old[2] + rows)
