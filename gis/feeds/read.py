"""The public verb: a member of a container in, a `ParsedFeed` out.

The text is never held whole: blocks are expanded, cut into whole lines and parsed on a few threads while the next
block expands (isal and Arrow let go of the interpreter lock); of each chunk only the rows inside stay.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from gis.errors import RefusedInputError
from gis.feeds.columnmap import ColumnMap, builtin_map, builtin_map_names
from gis.feeds.columns import (
    Batch,
    Finished,
    Finisher,
    Outside,
    merge_coverage,
    open_dates,
    parse_clean,
    sun_sample,
)
from gis.feeds.container import Limits, Member
from gis.feeds.dates import settle
from gis.feeds.geojson import read_features
from gis.feeds.layout import REQUIRED, Layout, normalise, recognise, unknown_feed
from gis.feeds.lines import UTF8_BOM, Chunk, LineReader, Record, tokens
from gis.feeds.model import SCHEMA, Coverage, ParsedFeed, Rejected
from gis.feeds.screen import BLANK, Screened, Screener, table_of
from gis.feeds.words import DateOrder, is_geostationary

_SEPARATORS = (",", ";", "\t")
_MAX_BLANK = 1000
_SMALL_LINES = 256
_PIECES = 8
_WORKERS = min(4, os.cpu_count() or 1)


def read_feed(
    member: Member,
    /,
    *,
    feed: str | None = None,
    dates: DateOrder | None = None,
    columns: ColumnMap | None = None,
    outside: Outside | None = None,
    progress: Callable[[int], None] | None = None,
) -> ParsedFeed:
    """Read one feed: every record becomes a row, lies outside, or is rejected with its reason.

    Parameters
    ----------
    member
        From `open_container`.
    feed
        What the caller says it is: a variant such as ``viirs_archive``, its family ``viirs``, or a map that comes with
        the package; None: recognise.
    dates
        Order of dates such as 6/3/2022; None: settled from the whole file.
    columns
        The meaning of the columns of a table that is no FIRMS feed.
    outside
        Which positions lie outside the service area. Called from several threads at once with arrays of a chunk.
    progress
        Called, from this thread, with the container bytes taken since the last call.

    Raises
    ------
    RefusedInputError
        The file as a whole cannot be read: ``unknown_feed``, ``ambiguous_date``, ``bad_encoding``, ``archive_bomb``,
        ``damaged_archive``, ``line_too_long``, ``too_many_rejected``, ``feed_mismatch``, ``map_incomplete``, ...
    """
    if columns is None and feed is not None and feed in builtin_map_names():
        columns = builtin_map(feed)
    reader = LineReader(member, columns.encoding if columns else None, progress)
    run = _Run(member.limits, dates, outside)
    if columns is None:
        first = _first_line(reader)
        if first.data.lstrip()[:1] in (b"{", b"["):
            text = first.data + (b"" if first.cut else b"\n") + reader.whole()
            return _read_geojson(run, text, first.line, reader.encoding, feed)
        layout = _layout_of(first, reader.encoding, feed)
    else:
        layout = _mapped_layout(columns, reader)
        run.order = dates or columns.dates
    run.start(layout, reader)
    run.consume(reader.chunks())
    return run.result()


def _first_line(reader: LineReader) -> Record:
    for _ in range(_MAX_BLANK):
        record = reader.next_line()
        if record is None:
            break
        if record.data.strip(b" \t\r"):
            return record
    raise unknown_feed([""], REQUIRED)


def _layout_of(first: Record, encoding: str, feed: str | None) -> Layout:
    text = first.data.decode(encoding, "replace")
    best: list[str] = [text]
    for separator in _SEPARATORS:
        header, broken = tokens(text, separator)
        if not broken and set(REQUIRED[3:]) <= {normalise(name) for name in header}:
            return recognise(header, feed=feed, separator=separator)
        best = max(best, header, key=len)
    return recognise(best, feed=feed)


def _mapped_layout(columns: ColumnMap, reader: LineReader) -> Layout:
    columns.require_complete()
    header: list[str] | None = None
    for _ in range(columns.header_row):
        record = reader.next_line()
        if record is None:
            raise unknown_feed([""], sorted(columns.sources()))
        header, _ = tokens(record.data.decode(reader.encoding, "replace"), columns.separator)
    return columns.layout(header)


def _read_geojson(run: _Run, text: bytes, line: int, encoding: str, feed: str | None) -> ParsedFeed:
    features = read_features(text, line, encoding)
    if not features.items and not features.rejected:
        run.layout = Layout("empty_geojson", (), {})
        return run.result()
    layout = recognise(features.names, feed=feed, geojson=True)
    screener = Screener(layout, "utf-8", run.order)
    screened = Screened(rejected=list(features.rejected))
    features.screen(layout, screener, screened)
    run.layout, run.encoding = layout, encoding
    run.take(_Piece([Batch(table_of(screened.accepted, layout), _lines_of(screened))], screened.rejected))
    return run.result()


@dataclass(slots=True)
class _Piece:
    """A chunk after parsing: batches in line order and the rejected lines."""

    batches: list[Batch] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    finished: list[Finished | None] = field(default_factory=list)


class _Run:
    """The state of reading one file."""

    def __init__(self, limits: Limits, order: DateOrder | None, outside: Outside | None) -> None:
        self._limits = limits
        self.order = order
        self._outside = outside
        self.layout: Layout = Layout("", (), {})
        self.encoding = "utf-8"
        self._pieces: list[_Piece] = []
        self._rejected = 0

    def start(self, layout: Layout, reader: LineReader) -> None:
        """Set what is known once the header is read."""
        self.layout, self.encoding = layout, reader.encoding
        self._screener = Screener(layout, reader.encoding, self.order)
        self._finisher = Finisher(layout, self.order, self._outside)
        reader.fits = self._screener.fits

    def consume(self, chunks: Iterator[Chunk]) -> None:
        """Parse all chunks, on threads when there is more than one; results stay in line order."""
        first = next(chunks, None)
        second = next(chunks, None)
        if first is None:
            return
        if second is None:
            self.take(self._parse(first))
            return
        waiting: deque[Future[_Piece]] = deque()
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="feed") as pool:
            try:
                for chunk in _chain(first, second, chunks):
                    waiting.append(pool.submit(self._parse, chunk))
                    if len(waiting) > 2 * _WORKERS:
                        self.take(waiting.popleft().result())
                while waiting:
                    self.take(waiting.popleft().result())
            finally:
                for future in waiting:
                    future.cancel()

    def take(self, piece: _Piece) -> None:
        """Keep the result of one chunk."""
        self._pieces.append(piece)
        self._rejected += len(piece.rejected)
        if self._rejected > self._limits.max_rejected:
            raise RefusedInputError(
                "too_many_rejected",
                f"超过 {self._limits.max_rejected} 行无法读取，不像此类数据（{self.layout.feed}）。请核对来源。",
                f"More than {self._limits.max_rejected} lines cannot be read: this is no such feed "
                f"({self.layout.feed}). Check its origin and separator.",
                feed=self.layout.feed,
            )

    def _parse(self, chunk: Chunk) -> _Piece:
        piece = _Piece()
        if chunk.records is not None:
            self._screen(chunk.records, piece)
        else:
            self._lines(chunk.data, chunk.first_line, chunk.lines, piece)
        for at, batch in enumerate(piece.batches):
            # Without an open date the order does not matter, so that nothing has to be kept back.
            ready = self.order is not None or not open_dates(batch)
            piece.finished.append(self._finisher.finish(batch) if ready else None)
            if ready:
                piece.batches[at] = _NO_BATCH
        return piece

    def _lines(self, data: bytes, line: int, count: int, piece: _Piece) -> None:
        """Take clean lines by the chunk; narrow doubtful ones down until few are left to read one by one."""
        if not data.endswith(b"\n"):
            cut = data.rfind(b"\n") + 1
            if cut:
                self._lines(data[:cut], line, count, piece)
            self._screen([Record(line + count, data[cut:].removesuffix(b"\r"), cut=True)], piece)
            return
        if not data.strip(BLANK):
            return
        clean = self._clean(data)
        batch = parse_clean(clean, line, count, self.layout, self.order) if clean is not None else None
        if batch is not None:
            piece.batches.append(batch)
            return
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
        if len(ends) <= _SMALL_LINES:
            lines = data.split(b"\n")[:-1]
            self._screen(
                [Record(line + at, text.removesuffix(b"\r")) for at, text in enumerate(lines)], piece
            )
            return
        step = -(-len(ends) // _PIECES)
        start = 0
        for at in range(0, len(ends), step):
            below = min(at + step, len(ends))
            stop = int(ends[below - 1]) + 1
            self._lines(data[start:stop], line + at, below - at, piece)
            start = stop

    def _clean(self, data: bytes) -> bytes | None:
        """Return the chunk as UTF-8, or None when it is not for the vectorised reader."""
        if self.layout.canonical is not None or data.startswith(UTF8_BOM):
            # Arrow would drop a byte order mark that happens to begin a chunk, and keep the same one elsewhere.
            return None
        if data.isascii():
            return data
        try:
            text = data.decode(self.encoding)
        except UnicodeDecodeError:
            return None
        return data if self.encoding == "utf-8" else text.encode()

    def _screen(self, records: list[Record] | tuple[Record, ...], piece: _Piece) -> None:
        screened = Screened()
        self._screener.lines(records, screened)
        piece.rejected.extend(screened.rejected)
        if screened.accepted:
            piece.batches.append(Batch(table_of(screened.accepted, self.layout), _lines_of(screened)))

    def result(self) -> ParsedFeed:
        """Settle the order of dates, finish what waited for it, and put everything together."""
        spelling = self._settle()
        tables: list[pa.Table] = []
        coverage: dict[str, tuple[int, int, int]] = {}
        outside = 0
        finisher = Finisher(self.layout, self.order, self._outside)
        for piece in self._pieces:
            done = piece.finished or [None] * len(piece.batches)
            for batch, early in zip(piece.batches, done, strict=True):
                late = early or finisher.finish(batch)
                outside += late.outside
                merge_coverage(coverage, late.coverage)
                if late.rows is not None:
                    tables.append(late.rows)
            piece.batches, piece.finished = [], []
        rows = (
            pa.concat_tables(tables).unify_dictionaries().combine_chunks() if tables else SCHEMA.empty_table()
        )
        rejected = sorted((one for piece in self._pieces for one in piece.rejected), key=lambda one: one.line)
        return ParsedFeed(
            feed=self._feed_name(coverage),
            source_kind=self.layout.source_kind,
            read=rows.num_rows + outside + len(rejected),
            outside=outside,
            rejected=tuple(rejected),
            rows=rows,
            coverage=tuple(Coverage(name, *coverage[name]) for name in sorted(coverage)),
            encoding=self.encoding,
            dates=spelling,
        )

    def _settle(self) -> str:
        waiting = [batch for piece in self._pieces for batch in piece.batches if batch.count]
        texts = set().union(*(open_dates(batch) for batch in waiting))
        if not texts:
            return "iso" if self.order is None else self.order
        if self.order is None:
            samples = (sun_sample(batch, self.layout) for batch in waiting)
            self.order = settle(texts, (sample for sample in samples if sample is not None))
        return self.order

    def _feed_name(self, coverage: Iterable[str]) -> str:
        """Return the variant; geostationary feeds have the header of a VIIRS download and only satellites tell."""
        names = list(coverage)
        if self.layout.feed.startswith("viirs_") and names and all(map(is_geostationary, names)):
            return "geostationary"
        return self.layout.feed


_NO_BATCH = Batch(pa.Table.from_arrays([], names=[]), 0)


def _chain(first: Chunk, second: Chunk, rest: Iterator[Chunk]) -> Iterator[Chunk]:
    yield first
    yield second
    yield from rest


def _lines_of(screened: Screened) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([line for line, _ in screened.accepted], np.int64)
