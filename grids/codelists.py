"""The real code lists of Jilin, every vintage, read as they are, and where they disagree.

Two numbering schemes meet here. The statistics lists (``stats``) share one numbering and differ by
vintage. The civil-affairs style list (``mca``, xiangyuecn) reuses the same nine digits for other
townships of the same county, so it is compared by name within the county and never joined on its township
codes.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gis.errors import RefusedInputError
from gis.types import Level
from grids.register import Register
from grids.units import canonical, stem, town_name

MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """One unit as one list states it."""

    code: str
    name: str
    level: Level
    parent: str
    line: int


@dataclass(frozen=True, slots=True)
class CodeList:
    """One list of one vintage.

    Parameters
    ----------
    name
        Short name, from the columns and the file: ``china_division``, ``ruiduobao``, ``areacity``.
    scheme
        ``stats`` or ``mca``; township codes compare only within one scheme.
    vintage
        The year the list describes.
    records
        Units of all levels found, wide to narrow, in code order; each code once per level.
    uncoded
        Villages the list names without a code, as ``(township code, name)``.
    problems
        Rows that could not be taken, as ``(line, reason)``.
    """

    name: str
    scheme: str
    vintage: str
    records: tuple[CodeRecord, ...]
    uncoded: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[int, str], ...] = field(default=())

    def at(self, level: Level) -> tuple[CodeRecord, ...]:
        """Return the records of one level."""
        return tuple(record for record in self.records if record.level is level)


def read_code_list(source: Path | bytes, /, *, name: str = "") -> CodeList:
    """Read one code list, recognised by its header.

    Parameters
    ----------
    source
        A CSV file or its bytes, UTF-8 with or without a byte order mark.
    name
        The file name when bytes are given: the vintage is read from it where no column states it.

    Raises
    ------
    RefusedInputError
        ``unknown_code_list``: the header is none of the known ones; ``bad_encoding``; ``too_large``.
    """
    raw, label = (source.read_bytes(), source.name) if isinstance(source, Path) else (source, name)
    if len(raw) > MAX_BYTES:
        raise _refused("too_large", label, "文件过大", "the file is too large for a code list")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused("bad_encoding", label, "不是 UTF-8", f"not UTF-8 ({error.reason})") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    header = tuple(cell.strip() for cell in next(reader, []))
    for kind, columns in _HEADERS.items():
        if header[: len(columns)] == columns:
            rows = _rows(reader, header)
            return _READERS[kind](kind, rows, label)
    raise _refused(
        "unknown_code_list",
        label,
        f"表头无法识别：{','.join(header)[:200]}",
        f"the header is not that of a known code list: {','.join(header)[:200]}",
    )


def joined(lists: Iterable[CodeList]) -> tuple[CodeList, ...]:
    """Return the lists with the parts of one list (areas, streets, villages) put together."""
    parts: dict[tuple[str, str, str], list[CodeList]] = defaultdict(list)
    for each in lists:
        parts[(each.vintage, each.scheme, each.name)].append(each)
    return tuple(
        CodeList(
            name,
            scheme,
            vintage,
            _ordered(record for part in group for record in part.records),
            tuple(pair for part in group for pair in part.uncoded),
            tuple(problem for part in group for problem in part.problems),
        )
        for (vintage, scheme, name), group in sorted(parts.items())
    )


_HEADERS = {
    "ruiduobao": ("city_code", "city", "county_code", "county", "town_code12", "town", "village"),
    "areacity": ("id", "pid", "deep", "name", "pinyin_prefix", "pinyin", "ext_id", "ext_name"),
    "china_division_villages": (
        *("code", "name", "streetCode", "provinceCode", "cityCode", "areaCode", "code12"),
    ),
    "china_division_streets": ("code", "name", "areaCode", "provinceCode", "cityCode", "code12"),
    "china_division_areas": ("code", "name", "cityCode", "provinceCode", "code12"),
}

Row = tuple[int, dict[str, str]]


def _rows(reader: Any, header: tuple[str, ...]) -> Iterator[Row]:
    for cells in reader:
        if cells:
            padded = [*cells, *[""] * (len(header) - len(cells))]
            yield reader.line_num, dict(zip(header, (cell.strip() for cell in padded), strict=False))


class _Taker:
    """Collects records, refuses bad codes row by row, and notes a code that comes with two names."""

    def __init__(self) -> None:
        self.records: dict[tuple[Level, str], CodeRecord] = {}
        self.problems: list[tuple[int, str]] = []

    def take(self, line: int, code: str, name: str, level: Level, parent: str) -> str:
        clean = canonical(code)
        length = {Level.TOWNSHIP: 9, Level.VILLAGE: 12}.get(level, 6)
        if len(clean) != length or not clean.isdigit() or not name:
            self.problems.append((line, f"{code!r} {name!r} is not a {level} with its code"))
            return clean
        key = (level, clean)
        known = self.records.get(key)
        if known is None:
            self.records[key] = CodeRecord(clean, name, level, canonical(parent) if parent else "", line)
        elif known.name != name:
            self.problems.append((line, f"{clean} is {known.name!r} in line {known.line}, {name!r} here"))
        return clean


def _read_ruiduobao(name: str, rows: Iterable[Row], label: str) -> CodeList:
    taker = _Taker()
    uncoded: list[tuple[str, str]] = []
    for line, row in rows:
        city = taker.take(line, row["city_code"], row["city"], Level.CITY, row["city_code"][:2])
        county = taker.take(line, row["county_code"], row["county"], Level.COUNTY, city)
        town = taker.take(line, row["town_code12"], row["town"], Level.TOWNSHIP, county)
        if row.get("village"):
            uncoded.append((town, row["village"]))
    return _list(name, "stats", _year(label), taker, uncoded)


def _read_areacity(name: str, rows: Iterable[Row], label: str) -> CodeList:
    taker = _Taker()
    levels = {"0": Level.PROVINCE, "1": Level.CITY, "2": Level.COUNTY, "3": Level.TOWNSHIP}
    codes: dict[str, str] = {}
    for line, row in rows:
        level = levels.get(row["deep"])
        if level is None:
            taker.problems.append((line, f"deep {row['deep']!r} is not a level"))
            continue
        codes[row["id"]] = row["ext_id"]
        taker.take(line, row["ext_id"], row["ext_name"], level, codes.get(row["pid"], ""))
    return _list(name, "mca", _year(label), taker)


def _read_division(name: str, rows: Iterable[Row], label: str) -> CodeList:
    level, above = {
        "china_division_areas": (Level.COUNTY, "cityCode"),
        "china_division_streets": (Level.TOWNSHIP, "areaCode"),
        "china_division_villages": (Level.VILLAGE, "streetCode"),
    }[name]
    taker = _Taker()
    for line, row in rows:
        taker.take(line, row["code12"], row["name"], level, row[above])
    return _list("china_division", "stats", _year(label), taker)


def _list(
    name: str, scheme: str, vintage: str, taker: _Taker, uncoded: Iterable[tuple[str, str]] = ()
) -> CodeList:
    records = _ordered(taker.records.values())
    return CodeList(name, scheme, vintage, records, tuple(uncoded), tuple(taker.problems))


def _ordered(records: Iterable[CodeRecord]) -> tuple[CodeRecord, ...]:
    order = {level: rank for rank, level in enumerate(Level)}
    return tuple(sorted(records, key=lambda record: (order[record.level], record.code)))


def _year(label: str) -> str:
    found = re.search(r"(?<!\d)(?:stats_?)?(20[0-4]\d)(?!\d)", label)
    if not found:
        raise _refused(
            "unknown_vintage",
            label,
            "文件名中没有年份",
            "the file name states no year; a list without its vintage cannot be dated",
        )
    return found[1]


_READERS = {
    "ruiduobao": _read_ruiduobao,
    "areacity": _read_areacity,
    "china_division_villages": _read_division,
    "china_division_streets": _read_division,
    "china_division_areas": _read_division,
}


def _refused(code: str, label: str, zh: str, en: str) -> RefusedInputError:
    return RefusedInputError(
        code,
        f"代码表 {label} 无法读取：{zh}。请改用已知格式的代码表。",
        f"The code list {label} cannot be read: {en}. Give a list in one of the known formats.",
        file=label,
    )


# -- disagreement ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListCount:
    """How many units a list has at each level."""

    name: str
    vintage: str
    scheme: str
    counties: int
    development_zones: int
    townships: int
    villages: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two lists disagree on townships: by code within a scheme, always by name within the county."""

    one: str
    other: str
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]
    code_other_name: tuple[tuple[str, str, str], ...]
    name_other_code: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What the lists say differently; printed with every load, never hidden."""

    counts: tuple[ListCount, ...]
    differences: tuple[Difference, ...]
    zone_counties: tuple[str, ...]

    def lines(self, examples: int = 3) -> list[str]:
        """Return the report as text for people."""
        text = [
            f"{c.name} {c.vintage} ({c.scheme}): {c.counties} 县级 (含开发区 {c.development_zones}), "
            f"{c.townships} 乡级, {c.villages} 村级"
            for c in self.counts
        ]
        if self.zone_counties:
            text.append("有代码而无边界的开发区 " + ", ".join(self.zone_counties))
        for d in self.differences:
            text.append(
                f"{d.one} | {d.other}: 仅前者 {len(d.only_one)}, 仅后者 {len(d.only_other)}, "
                f"同码异名 {len(d.code_other_name)}, 同名异码 {len(d.name_other_code)}"
            )
            for code, one, other in d.code_other_name[:examples]:
                text.append(f"  {code}: {one} | {other}")
        return text


def disagreement(lists: Iterable[CodeList], register: Register | None = None) -> Disagreement:
    """Compare the lists pairwise at township level.

    Townships are compared by county and plain name, so that brackets and 办事处 do not count as
    differences. The register says which county is meant, for 公主岭 changed its code and 八道江 its name;
    without one the county's proper name is used.
    """
    whole = joined(lists)
    counts = tuple(_count(each) for each in whole)
    differences = tuple(
        _difference(one, other, register)
        for i, one in enumerate(whole)
        for other in whole[i + 1 :]
        if _has_towns(one, other)
    )
    zones = {r.code + " " + r.name for each in whole for r in each.at(Level.COUNTY) if _is_zone(r.code)}
    return Disagreement(counts, differences, tuple(sorted(zones)))


def _is_zone(code: str) -> bool:
    # Statistics codes give development zones the county numbers 71-79.
    return code[4] == "7"


def _has_towns(*lists: CodeList) -> bool:
    return all(each.at(Level.TOWNSHIP) for each in lists)


def _count(each: CodeList) -> ListCount:
    counties = each.at(Level.COUNTY)
    return ListCount(
        each.name,
        each.vintage,
        each.scheme,
        len(counties),
        sum(_is_zone(county.code) for county in counties),
        len(each.at(Level.TOWNSHIP)),
        len(each.at(Level.VILLAGE)) or len(each.uncoded),
    )


def _difference(one: CodeList, other: CodeList, register: Register | None) -> Difference:
    left, right = _by_place(one, register), _by_place(other, register)
    codes_left = {record.code: record for record in one.at(Level.TOWNSHIP)}
    codes_right = {record.code: record for record in other.at(Level.TOWNSHIP)}
    renamed = tuple(
        (code, codes_left[code].name, codes_right[code].name)
        for code in sorted(codes_left.keys() & codes_right.keys())
        if town_name(codes_left[code].name) != town_name(codes_right[code].name)
    )
    moved = tuple(
        (record.name, record.code, right[place].code)
        for place, record in sorted(left.items())
        if place in right and right[place].code != record.code
    )
    return Difference(
        f"{one.name} {one.vintage}",
        f"{other.name} {other.vintage}",
        tuple(_place_text(left[place]) for place in sorted(left.keys() - right.keys())),
        tuple(_place_text(right[place]) for place in sorted(right.keys() - left.keys())),
        renamed,
        moved,
    )


def _place_text(record: CodeRecord) -> str:
    return f"{record.code} {record.name}"


def _by_place(each: CodeList, register: Register | None) -> dict[tuple[str, str], CodeRecord]:
    counties = {record.code: stem(record.name) for record in each.at(Level.COUNTY)}
    for code in counties:
        if register and (unit := register.find(code)):
            counties[code] = unit.uid
    twice = Counter((record.parent, town_name(record.name)) for record in each.at(Level.TOWNSHIP))
    found: dict[tuple[str, str], CodeRecord] = {}
    for record in each.at(Level.TOWNSHIP):
        name = town_name(record.name)
        if twice[(record.parent, name)] > 1:
            name = f"{name}#{record.code}"
        found[(counties.get(record.parent, record.parent), name)] = record
    return found
