"""Rows of archived feed files, byte for byte, and no row beside them: the neighbours' rows are not ours to hand out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from gis.errors import HuodianError, NotFoundError, RefusedInputError
from gis.feeds import Member, open_container
from gis.feeds.geojson import read_features
from gis.feeds.layout import recognise
from gis.feeds.lines import MAX_JOIN, UTF8_BOM, detect_encoding, tokens
from service.pipeline.archive import Archive

_SEPARATORS = (",", ";", "\t")
_HEAD = 1 << 16


def header_and_rows(
    archive: Archive, sha256: str, member: int, rows: Sequence[tuple[int, float, float]]
) -> tuple[bytes | None, dict[tuple[int, float, float], bytes]]:
    """Return the header of a table (None where it has none that is known) and the bytes of some of its rows.

    Parameters
    ----------
    sha256, member
        The archived file and which table of it.
    rows
        ``(line, lon, lat)`` of each row; the position tells features of one line of GeoJSON apart.

    Raises
    ------
    NotFoundError
        ``archive_missing``: the archive does not hold the file intact, or the file has no such row.
    """
    members = open_container(archive.get(sha256))
    if member >= len(members):
        raise _missing(sha256, member)
    table = members[member]
    first = next(table.blocks(), (b"", 0))[0].removeprefix(UTF8_BOM)
    if first.lstrip()[:1] in (b"{", b"["):
        return None, _features(table, sha256, rows)
    return _lines(table, sha256, rows, mac=b"\r" in first[:_HEAD] and b"\n" not in first[:_HEAD])


def _missing(sha256: str, line: int) -> NotFoundError:
    return NotFoundError(
        "archive_missing",
        f"归档文件 {sha256} 中没有第 {line} 行：请从备份恢复归档",
        f"the archived file {sha256} has no line {line}: restore the archive from backup",
        value=sha256,
    )


def _lines(
    table: Member, sha256: str, rows: Sequence[tuple[int, float, float]], *, mac: bool
) -> tuple[bytes | None, dict[tuple[int, float, float], bytes]]:
    wanted = {line for line, _, _ in rows}
    kept: dict[int, bytes] = {}
    last = max(wanted, default=0) + MAX_JOIN
    for number, data in enumerate(_physical(table, b"\r" if mac else b"\n"), 1):
        if number > last:
            break
        if number == 1 or any(number - MAX_JOIN < line <= number for line in wanted):
            kept[number] = data
    head = kept.get(1, b"").removeprefix(UTF8_BOM)
    width = max(len(tokens(head.decode("utf-8", "replace"), one)[0]) for one in _SEPARATORS)
    found: dict[tuple[int, float, float], bytes] = {}
    for row in rows:
        if row[0] not in kept:
            raise _missing(sha256, row[0])
        found[row] = _record(kept, row[0], width)
    header = kept.get(1, b"")
    return (header if _is_header(header) else None), found


def _record(kept: dict[int, bytes], line: int, width: int) -> bytes:
    """Return one record as the feed reader joins it: its line, or the lines that an open quote runs on over."""
    data = joined = kept[line]
    if data.count(b'"') % 2 == 0 or _fits(data, width):
        return data
    for more in range(1, MAX_JOIN):
        if line + more not in kept:
            break
        joined += kept[line + more]
        if joined.count(b'"') % 2 == 0 and _fits(joined, width):
            return joined
    return data


def _fits(record: bytes, width: int) -> bool:
    text = record.decode("utf-8", "replace").rstrip("\r\n")
    split = (tokens(text, one) for one in _SEPARATORS)
    return any(not broken and len(fields) == width for fields, broken in split)


def _is_header(line: bytes) -> bool:
    """Whether a first line is the header of a known feed; any other might be somebody's row."""
    text = line.removeprefix(UTF8_BOM).decode(detect_encoding(line.removeprefix(UTF8_BOM)), "replace").strip()
    for separator in _SEPARATORS:
        names, broken = tokens(text, separator)
        if broken or len(names) < 3:
            continue
        try:
            recognise(names, separator=separator)
        except HuodianError:
            continue
        return True
    return False


def _physical(table: Member, end: bytes) -> Iterator[bytes]:
    """Yield the physical lines with their line ends."""
    carry = b""
    for block, _ in table.blocks():
        parts = (carry + block).split(end)
        carry = parts.pop()
        for part in parts:
            yield part + end
    if carry:
        yield carry


def _features(
    table: Member, sha256: str, rows: Sequence[tuple[int, float, float]]
) -> dict[tuple[int, float, float], bytes]:
    data = b"".join(block for block, _ in table.blocks()).removeprefix(UTF8_BOM)
    encoding = detect_encoding(data)
    start = len(data) - len(data.lstrip())
    text = data[start:].decode(encoding)
    found: dict[tuple[int, float, float], bytes] = {}
    try:
        items = read_features(data[start:], 1 + data[:start].count(b"\n"), encoding).items
    except RefusedInputError as error:
        raise _missing(sha256, rows[0][0]) from error
    for row in rows:
        line, lon, lat = row
        for one in items:
            values = {key.lower(): value for key, value in one.values.items()}
            place = one.point or (values.get("longitude", ""), values.get("latitude", ""))
            if one.line == line and _same(place, lon, lat):
                at = text.index(one.raw)
                end = json.JSONDecoder(strict=False).raw_decode(text, at)[1]
                found[row] = text[at:end].encode(encoding)
                break
        else:
            raise _missing(sha256, line)
    return found


def _same(place: tuple[str, str], lon: float, lat: float) -> bool:
    try:
        return (float(place[0]), float(place[1])) == (lon, lat)
    except ValueError:
        return False
