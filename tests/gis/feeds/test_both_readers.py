"""The vectorised reader and the one that goes line by line must say the same about any file."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import gis.feeds.columns
import gis.feeds.lines
import gis.feeds.read
from gis.errors import HuodianError, RefusedInputError
from gis.feeds import ColumnMap, ParsedFeed, builtin_map, load_column_map, open_container, read_feed
from tests.gis.feeds.samples import MODIS, MODIS_ROW, R_VIIRS, VIIRS, VIIRS_ROW, gzipped, text_of, zipped
from tests.shared import DATA

EXAMPLES = int(os.environ.get("HUODIAN_FUZZ_EXAMPLES", "200"))
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
REAL = (
    "fires/viirs_noaa20_nrt_c2_russia_asia_24h/2023-10-29.csv.gz",
    "fires/modis_archive_c6/DZoli00_fire_archive_M6_96619.csv.gz",
    "fires/modis_nrt_c61_global/deibygranda_MODIS_C6_1_Global_24h.csv.gz",
    "fires/download_nrt_with_instrument/fire_nrt_V1_157511.csv.gz",
    "fires/viirs_snpp_nrt_c2_global/SUOMI_VIIRS_C2_Global_VNP14IMGTDL_NRT_2023313.txt.gz",
    "fires/modis_archive_country/modis_2024_Colombia.csv.gz",
    "fires/transcribed_excerpts/VIIRS_NOAA20_SP_2026-04-04_chunk.20rows.csv",
    "fires/ne_china_subset_shared.csv",
)
GEOJSON = "fires/country_api/fireData-2023-12-30_NPL.geojson"
MAP = load_column_map(
    """
name: fuzzed
source_kind: satellite
coordinates: dms
datum: gcj02
time_zone: Beijing
columns: {longitude: lon, latitude: lat, acq_datetime: time, satellite: sat}
"""
)
MAPPED = 'lon,lat,time,sat,note\n125°19′23.456″,43 19 23.4,2016-10-16 13:05,Terra,"a\nb"\n'.encode()


@cache
def sample(name: str, rows: int = 120) -> bytes:
    """Return the header and some rows of a real file, from its middle."""
    (member,) = open_container((DATA / name).read_bytes())
    text = b"".join(block for block, _ in member.blocks())
    if name.endswith("geojson"):
        return text[:6000] + text[-2500:]
    lines = text.splitlines(keepends=True)
    middle = len(lines) // 2
    return b"".join([lines[0], *lines[middle : middle + rows]])


def outcome(data: bytes, columns: ColumnMap | None = None) -> object:
    """Read an input; whatever happens is a feed that obeys the law, or a refusal in two languages."""
    try:
        opened = open_container(data)
        feeds = [read_feed(member, columns=columns) for member in opened]
    except HuodianError as error:
        if not (error.zh and error.en):
            raise AssertionError(error.code) from error
        return error.code
    for feed in feeds:
        assert feed.read == feed.rows.num_rows + feed.outside + len(feed.rejected)
        lines = feed.rows["line"].to_pylist()
        assert lines == sorted(lines)
        assert len(set(lines) | {bad.line for bad in feed.rejected}) <= feed.read
        assert sum(one.rows for one in feed.coverage) == feed.rows.num_rows + feed.outside
        feed.rows.validate(full=True)
    return [
        (feed.feed, feed.dates, feed.read, feed.rejected, feed.coverage, feed.rows.to_pylist())
        for feed in feeds
    ]


def never_clean(*_args: object) -> None:
    return None


def both(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = outcome(data)
    with monkeypatch.context() as patch:
        patch.setattr(gis.feeds.read, "parse_clean", never_clean)
        slow = outcome(data)
    with monkeypatch.context() as patch:
        blocks, detect = gis.feeds.container.Member.blocks, gis.feeds.lines.detect_encoding
        old_mac, head = gis.feeds.lines.old_mac, data[: gis.feeds.lines.HEAD]
        patch.setattr(
            gis.feeds.container.Member, "blocks", lambda self, size=2000: blocks(self, min(size, 2000))
        )
        patch.setattr(gis.feeds.lines, "HEAD", 1)
        patch.setattr(gis.feeds.lines, "detect_encoding", lambda _head, declared=None: detect(head, declared))
        patch.setattr(gis.feeds.lines, "old_mac", lambda _head: old_mac(head))
        patch.setattr(gis.feeds.read, "_SMALL_LINES", 2)
        small = outcome(data)
    assert usual == slow
    assert usual == small


Change = Callable[[bytes, random.Random], bytes]


def _flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _drop(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.randrange(1, 40) :]


def _insert(data: bytes, rng: random.Random) -> bytes:
    pieces = [b'"', b"\n", b"\r", b"\r\n", b",", b"\x00", b",,", b'""', b"NA", b"nan", b"-", b"1e400", b" ", b"\xff",
              "火".encode("gb18030"), "火".encode(), b"=1+1", b"6/3/2022", b"25/3/2022", b"\n\n", b',"a\nb"', b"-0.0",
              VIIRS.encode(), b"+1", b"1_0", b"\t", b";", b"\xef\xbb\xbf", b"9" * 500]  # fmt: skip
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(pieces) + data[at:]


def _cell(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    row = rng.randrange(len(lines))
    cells = lines[row].split(b",")
    words = [b"", b"NaN", b"2023-02-30", b"6/3/2022", b"13/13/2022", b"2400", b"1", b"G18FRP", b"L8", b"high", b"h",
             b"0.5", b"101", b"-91", b"181", b"x", b'"', b'" "', b" 12 ", b"inf",
             b"N20", b"20220603", b"12:34:56"]  # fmt: skip
    cells[rng.randrange(len(cells))] = rng.choice(words)
    lines[row] = b",".join(cells)
    return b"\n".join(lines)


def _repeat_header(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    lines.insert(rng.randrange(1, len(lines) + 1), lines[0])
    return b"\n".join(lines)


def _glue(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = rng.randrange(len(lines) - 1) if len(lines) > 1 else 0
    return b"\n".join([*lines[:at], b"".join(lines[at : at + 2]), *lines[at + 2 :]])


CHANGES: tuple[Change, ...] = (
    _flip,
    _cut,
    _drop,
    _insert,
    _insert,
    _cell,
    _cell,
    _cell,
    _repeat_header,
    _glue,
)


def mutated(name: str, seed: int, count: int) -> bytes:
    rng = random.Random(seed)  # noqa: S311
    data = sample(name)
    for _ in range(count):
        data = rng.choice(CHANGES)(data, rng) if data else data
    return data


@FUZZ
@given(st.sampled_from(REAL), st.integers(0, 2**32), st.integers(0, 6))
def test_both_readers_agree_on_damaged_real_files(name: str, seed: int, count: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        both(mutated(name, seed, count), patch)


@pytest.mark.parametrize(
    ("rest", "rows"),
    [
        ("\r" + MODIS_ROW, 1),
        ("\r" + MODIS_ROW[:40], 1),
        ("\r" + MODIS_ROW + "\r" + MODIS_ROW[:60], 2),
        ("\r\n" + MODIS_ROW, 1),
        ("\r", 0),
    ],
    ids=["whole", "cut", "two", "dos", "none"],
)
def test_the_line_end_of_the_header_is_one_however_little_is_seen_at_once(
    rest: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = MODIS + ",type"
    data = (header + rest.replace(",D", ",D,0")).encode()
    both(data, monkeypatch)
    found = outcome(data)
    assert isinstance(found, list)
    assert (found[0][0], found[0][2]) == ("modis_archive", rows)


@FUZZ
@given(
    st.sampled_from((*REAL, GEOJSON)),
    st.integers(0, 2**32),
    st.integers(1, 30),
    st.sampled_from(["", "gz", "zip"]),
)
def test_damaged_real_files_never_end_in_a_traceback(
    name: str, seed: int, count: int, container: str
) -> None:
    data = mutated(name, seed, count)
    if container:
        packed = gzipped(data) if container == "gz" else zipped({"a.csv": data})
        data = _flip(packed, random.Random(seed)) if seed % 2 else packed  # noqa: S311
    outcome(data)


@FUZZ
@given(
    st.binary(max_size=3000),
    st.sampled_from(["", MODIS, VIIRS, R_VIIRS, '{"features": [', "\x1f\x8b\x08", "PK\x03\x04"]),
)
@example(b"", '{"features": [')
@example(b'{"type":"Feature","properties":{"a":' + b"[" * 100_000, '{"features": [')
@example(b'{"type":"Feature","properties":{"latitude":"\\ud800"}}]}', '{"features": [')
def test_any_bytes_are_read_or_refused(data: bytes, start: str) -> None:
    outcome(start.encode("latin-1") + b"\n" * bool(start) + data)


@FUZZ
@given(st.lists(st.text("0123456789.,-+eE\"'NnADT/: \t\r\n火=l"), max_size=20))
def test_text_near_the_grammar(parts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        both(text_of(VIIRS, VIIRS_ROW, *parts, VIIRS_ROW).encode(), patch)


@FUZZ
@given(st.integers(0, 2**32), st.integers(0, 12))
def test_mapped_tables_never_end_in_a_traceback(seed: int, count: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    data = MAPPED + MAPPED.split(b"\n", 1)[1] * 3
    for _ in range(count):
        data = rng.choice(CHANGES)(data, rng) if data else data
    outcome(data, MAP)


def test_a_bad_line_far_inside_a_large_file_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [MODIS_ROW] * 30_000
    rows[17_000] = MODIS_ROW.replace("T,71", "T,high")
    rows[17_001] = MODIS_ROW.replace("310.1", "31O.1")
    rows[29_999] = '"' + MODIS_ROW
    both(text_of(MODIS, *rows).encode(), monkeypatch)
    (member,) = open_container(text_of(MODIS, *rows).encode())
    feed: ParsedFeed = read_feed(member)
    assert [(bad.line, bad.reason) for bad in feed.rejected] == [
        (17_002, "unknown_confidence"), (17_003, "bad_number"), (30_001, "bad_quotes"),
    ]  # fmt: skip
    assert feed.rows.num_rows == 29_997


def test_the_outside_question_is_asked_of_valid_rows_only() -> None:
    data = text_of(
        VIIRS, VIIRS_ROW, VIIRS_ROW.replace("125.54321", "10.5"), VIIRS_ROW.replace("nominal", "?")
    ).encode()
    (member,) = open_container(data)
    feed = read_feed(member, outside=lambda lon, _lat: lon < 100)
    assert (feed.read, feed.rows.num_rows, feed.outside, len(feed.rejected)) == (3, 1, 1, 1)
    assert feed.coverage[0].rows == 2


def test_a_failing_question_is_not_swallowed() -> None:
    def broken(_lon: object, _lat: object) -> object:
        raise RefusedInputError("no_area", "无区域", "no area")

    (member,) = open_container(text_of(VIIRS, *[VIIRS_ROW] * 100_000).encode())
    with pytest.raises(RefusedInputError):
        read_feed(member, outside=broken)  # type: ignore[arg-type]


def test_maps_of_the_package_are_there() -> None:
    assert builtin_map("ministry_list").title == "环保部信息列表"


def test_the_last_line_counts_for_the_encoding_though_no_line_end_follows() -> None:
    found = outcome(f"{VIIRS}\n{VIIRS_ROW}\n{VIIRS_ROW}火".encode("gb18030"))
    assert isinstance(found, list)
    (rejected,) = found[0][3]
    assert rejected.reason != "bad_bytes"


def test_a_mark_inside_the_file_is_rejected_wherever_chunks_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [VIIRS_ROW.encode()] * 60
    rows[30] = b"\xef\xbb\xbf" + rows[30]
    data = b"\n".join([VIIRS.encode(), *rows, b""])
    blocks = gis.feeds.container.Member.blocks
    begin = data.index(rows[30])
    for size in range(begin - 9, begin + 2 * len(rows[0]), 7):
        with monkeypatch.context() as patch:
            patch.setattr(gis.feeds.container.Member, "blocks", lambda self, _size=0, n=size: blocks(self, n))
            patch.setattr(gis.feeds.lines, "HEAD", 1)
            found = outcome(data)
        assert isinstance(found, list)
        assert [one.line for one in found[0][3]] == [32]
