"""What a feed becomes: valid rows as Arrow, rejected lines with their reason, and which satellites arrived."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from gis.types import SourceKind

WORD = pa.dictionary(pa.int32(), pa.string())

SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("acq_minute", pa.int64()),
        ("satellite", WORD),
        ("instrument", WORD),
        ("version", WORD),
        ("rank", pa.int32()),
        ("confidence_raw", WORD),
        ("confidence_class", WORD),
        ("frp_mw", pa.float64()),
        ("scan_km", pa.float64()),
        ("track_km", pa.float64()),
        ("daynight", WORD),
        ("fire_type", pa.int8()),
        ("bright_1", pa.float64()),
        ("bright_2", pa.float64()),
        ("extra", pa.string()),
    ]
)
"""Columns of `ParsedFeed.rows`. Units stand in the names; brightness is kelvin; minutes are UTC since 1970."""

MAX_VALUE = 200
MAX_RAW = 1000

REASONS: dict[str, tuple[str, str]] = {
    "wrong_column_count": ("列数与表头不符", "the number of columns differs from the header"),
    "repeated_header": ("数据中间又出现表头", "a second header stands among the data"),
    "truncated": ("文件末行不完整", "the last line of the file is cut off"),
    "bad_quotes": ("引号不成对", "quotes do not pair up"),
    "bad_bytes": ("含有无法按文件编码解读的字节", "bytes that the encoding of the file cannot decode"),
    "bad_number": ("不是数字", "not a number"),
    "out_of_range": ("数值超出可能的范围", "a number outside what is possible"),
    "bad_date": ("不是有效日期", "not a valid date"),
    "implausible_date": ("日期早于2000年或晚于2099年", "a date before 2000 or after 2099"),
    "bad_time": ("不是有效时刻", "not a valid time of day"),
    "unknown_satellite": ("不认识的卫星代号", "a satellite name nobody here knows"),
    "unknown_confidence": ("置信度写法与该卫星不符", "a confidence this satellite's product does not use"),
    "unknown_daynight": ("昼夜标志不是 D 或 N", "the day/night flag is neither D nor N"),
    "missing_value": ("缺少必填值", "a required value is missing"),
    "bad_feature": ("GeoJSON 要素不是火点", "a GeoJSON feature that is not a fire point"),
    "contradiction": ("同一火点的两处坐标不一致", "two positions of one fire contradict each other"),
}
"""Closed list of reasons for which one row is rejected: Chinese, English."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line of the feed that could not be read, with where, what and why.

    `line` is the physical line of the expanded text, from 1 (of a record spread over lines, the first).
    """

    line: int
    column: str
    value: str
    reason: str
    zh: str
    en: str
    raw: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """First and last acquisition of one satellite over all valid rows, rows outside the area included."""

    satellite: str
    first_minute: int
    last_minute: int
    rows: int


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed that was read: ``read == rows.num_rows + outside + len(rejected)``, always.

    `read` counts records, that is lines that hold something; a blank line, or one of separators only (Excel leaves
    them at the end), is not a record. `encoding` and `dates` say how the text was understood.
    """

    feed: str
    source_kind: SourceKind
    read: int
    outside: int
    rejected: tuple[Rejected, ...]
    rows: pa.Table
    coverage: tuple[Coverage, ...]
    encoding: str = "utf-8"
    dates: str = "iso"


def printable(text: str, limit: int) -> str:
    """Return `text` on one line without control characters, cut to `limit` characters."""
    short = text[: limit + 1]
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def rejection(line: int, column: str, value: str, reason: str, raw: str) -> Rejected:
    """Return the rejection of one line with its sentence in both languages."""
    zh, en = REASONS[reason]
    shown, name = printable(value, MAX_VALUE), printable(column, MAX_VALUE)
    where_zh = f"，列 {name}，值“{shown}”" if name else ""
    where_en = f", column {name}, value '{shown}'" if name else ""
    return Rejected(
        line=line,
        column=name,
        value=shown,
        reason=reason,
        zh=f"第 {line} 行{where_zh}：{zh}。请改正原文件后重新导入，或在导出的拒收清单中处理。",
        en=f"line {line}{where_en}: {en}. Correct the file and ingest it again, or settle it in the exported list.",
        raw=printable(raw, MAX_RAW),
    )
