"""Flat tables of a fire list: CSV with its ``.meta.json``, and the terminal's table.

One flattening serves every table format: lists are joined by ``;``, a boundary case is the list of levels in doubt.
"""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING, Any

from gis.times import iso_beijing, to_beijing
from service.reports import words
from service.reports.model import COLUMNS, FireList, FireListRow
from service.store.types import canonical_json

if TYPE_CHECKING:
    from rich.table import Table

BOM = b"\xef\xbb\xbf"
LIST_SEPARATOR = ";"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for a formula; the full-width ones in East Asian locales."""

SCHEMA = "firelist"
META_SCHEMA = "firelist.meta"


def flat(row: FireListRow) -> dict[str, str | int | float | None]:
    """Return the cells of a row: numbers stay numbers, times are ISO 8601 with +08:00, lists are joined."""
    cells: dict[str, str | int | float | None] = {name: getattr(row, name) for name in COLUMNS}
    cells["first_seen"], cells["last_seen"] = iso_beijing(row.first_seen), iso_beijing(row.last_seen)
    cells["satellites"], cells["duty"] = LIST_SEPARATOR.join(row.satellites), LIST_SEPARATOR.join(row.duty)
    cells["boundary_case"] = LIST_SEPARATOR.join(row.in_doubt)
    return cells


def neutral(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula: a leading apostrophe where it could."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def csv_bytes(fire_list: FireList) -> bytes:
    """Return the list as CSV: UTF-8 with BOM, CRLF, a header line of column names and nothing before it.

    Texts that a spreadsheet could run get a leading apostrophe. Numbers are never touched; codes are digits as the
    register has them: a spreadsheet that opens CSV by itself may shorten them, which is what the XLSX is for.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in fire_list.rows:
        writer.writerow([_cell(value) for value in flat(row).values()])
    return BOM + out.getvalue().encode()


def meta(fire_list: FireList, table: bytes) -> dict[str, Any]:
    """Return the header data of a CSV as the document of its ``.meta.json``."""
    document = fire_list.as_dict()
    del document["rows"]
    return {
        "schema": META_SCHEMA,
        "as_of": as_of(fire_list),
        "data": {
            **document,
            "title": words.title(fire_list),
            "sha256": fire_list.sha256,
            "table": {"sha256": hashlib.sha256(table).hexdigest(), "rows": len(fire_list.rows)},
            "columns": {name: {"zh": said.zh, "en": said.en} for name, said in words.COLUMN_WORDS.items()},
            "codes": {
                column: {code: {"zh": said.zh, "en": said.en} for code, said in table_.items()}
                for column, table_ in words.VALUE_WORDS.items()
            },
        },
        "warnings": warnings(fire_list),
    }


def envelope(fire_list: FireList) -> dict[str, Any]:
    """Return the JSON document ``{schema, as_of, data, warnings}`` of a list."""
    return {
        "schema": SCHEMA,
        "as_of": as_of(fire_list),
        "data": fire_list.as_dict(),
        "warnings": warnings(fire_list),
    }


def json_bytes(fire_list: FireList) -> bytes:
    """Return the envelope as canonical JSON with a final newline."""
    return (canonical_json(envelope(fire_list)) + "\n").encode()


def meta_bytes(fire_list: FireList, table: bytes) -> bytes:
    """Return the ``.meta.json`` as canonical JSON with a final newline."""
    return (canonical_json(meta(fire_list, table)) + "\n").encode()


def as_of(fire_list: FireList) -> str | None:
    """Return when the last thing that the list knows of was recorded."""
    recorded = fire_list.header.recorded_at
    return None if recorded is None else iso_beijing(recorded)


def warnings(fire_list: FireList) -> list[str]:
    """Return what a reader of the list has to know, Chinese before English."""
    said = [f"{one.zh} {one.en}" for one in words.CAVEATS]
    if fire_list.informal:
        mark = words.DATA_WORDS[fire_list.status]
        said.insert(0, f"{mark.zh}。{mark.en}.")
    if not any(feed.state == "arrived" for feed in fire_list.feeds):
        said.insert(
            0,
            "当日没有任何数据源到达：清单为空不表示没有火点。"
            " No feed has arrived for this day: an empty list does not mean that nothing burnt.",
        )
    missing = [feed.satellite for feed in fire_list.feeds if feed.state != "arrived"]
    if missing:
        said.append(f"未到数据源：{'、'.join(missing)}。feeds missing: {', '.join(missing)}.")
    return said


def header_lines(fire_list: FireList) -> list[tuple[str, str]]:
    """Return the header data as pairs (label, value) for a sheet or a description, Chinese before English."""
    header = fire_list.header
    counts, feeds, day = (
        words.counts_line(fire_list),
        words.feeds_line(fire_list),
        words.interval_line(fire_list),
    )
    lines = [
        ("标题 title", words.title(fire_list)),
        ("单位 unit", f"{header.unit} {header.unit_code}".strip()),
        ("统计日 statistical day", day.zh),
        ("statistical day", day.en),
        ("截止时刻 cut-off", fire_list.cut),
        ("期号 issue", "未发布 not published" if fire_list.issue is None else str(fire_list.issue)),
        ("对比期号 compared with", "—" if header.since is None else str(header.since)),
        ("计数 counts", counts.zh),
        ("counts", counts.en),
        ("数据源 feeds", feeds.zh),
        ("feeds", feeds.en),
        ("数据状态 data status", f"{words.zh(words.DATA_WORDS, fire_list.status)} {fire_list.status}"),
        ("最后入库 last ingest", _moment(header.last_ingest)),
        ("截至 as of", f"{_moment(header.recorded_at)}（修订 revision {header.revision}）"),
        *(("图层 layer", f"{one.kind}: {one.name} {one.version} ({one.status})") for one in header.layers),
        *(("说明 note", one.zh) for one in words.CAVEATS),
        *(("note", one.en) for one in words.CAVEATS),
    ]
    if fire_list.sha256 is not None:
        lines.append(("文件校验 SHA-256", fire_list.sha256))
    if header.previous_sha256 is not None:
        lines.append(("上一期校验 previous SHA-256", header.previous_sha256))
    return lines


def terminal_table(fire_list: FireList) -> Table:
    """Return the list as a table for the terminal: what a dispatcher reads at a glance, in 80 columns."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        title=escape(words.title(fire_list)),
        caption=escape(words.counts_line(fire_list).zh),
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for label in ("编号", "北京", "地点", "坐标", "像元", "标记", "核查"):
        table.add_column(label, overflow="fold", no_wrap=label not in ("地点", "标记"))
    for row in fire_list.rows:
        cells = (
            row.fire_point_id,
            to_beijing(row.first_seen).strftime("%H:%M"),
            " ".join(part for part in (row.county, row.township, row.grid) if part) or "—",
            f"{row.lon:.4f} {row.lat:.4f}",
            str(row.pixels),
            _marks(row, fire_list),
            words.zh(words.STATUS_WORDS, row.status),
        )
        table.add_row(*(escape(_printable(text)) for text in cells))
    return table


def _marks(row: FireListRow, fire_list: FireList) -> str:
    marks = [words.zh(words.CHANGE_WORDS, row.change)]
    marks += ["交界"] if row.in_doubt else []
    marks += ["多发"] if row.fire_point_id in fire_list.header.recurring else []
    return " ".join(filter(None, marks))


def _printable(text: str) -> str:
    """Drop control characters: a name from a file must not steer the terminal."""
    return "".join(one for one in text if one.isprintable())


def _moment(moment: Any) -> str:
    return "—" if moment is None else to_beijing(moment).strftime("%Y-%m-%d %H:%M 北京时间")


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        # Part by part: where the locale's separator is a semicolon, a spreadsheet splits the joined list.
        return LIST_SEPARATOR.join(map(neutral, value.split(LIST_SEPARATOR)))
    return "" if value is None else value
