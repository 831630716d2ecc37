"""Zone layers: ban and restricted areas, belts and forest edges, as polygons or as lists of townships.

The national rule publishes the ban area as a list of townships, the two-zone plans of 2018 to 2021 were
drawn; so a zone has a geometry or unit codes, or both, and then its ground is what was drawn. A zone
known only after the overpass never exempts by itself: `ZoneSet.active` can be asked for what was recorded
before an instant.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import MultiPolygon

from gis.codes import parse_code
from gis.errors import RefusedInputError
from gis.features import Feature, looks_like_json, polygons, read_features
from gis.reasons import CODE_TWICE, NO_GROUND, one_of, reason_of
from gis.tables import Problem, TableRow, parse_date, read_table, refuse_problems
from gis.times import require_aware
from gis.types import DataStatus, Validity
from gis.yamldoc import read_yaml

ALWAYS = Validity()


class ZoneKind(StrEnum):
    """What a zone is, a closed list."""

    BAN = "ban"
    RESTRICTED = "restricted"
    BELT_1KM = "belt_1km"
    FOREST_EDGE = "forest_edge"
    OTHER = "other"


STRICTEST = (ZoneKind.BAN, ZoneKind.BELT_1KM, ZoneKind.FOREST_EDGE, ZoneKind.RESTRICTED, ZoneKind.OTHER)
"""Order in which the zones of one place are named, the one that forbids most first."""

_KIND_WORDS = {
    **{kind.value: kind for kind in ZoneKind},
    **dict.fromkeys(("禁烧区", "禁止焚烧区", "禁烧", "禁"), ZoneKind.BAN),
    **dict.fromkeys(("限烧区", "限制焚烧区", "限烧", "限"), ZoneKind.RESTRICTED),
    **dict.fromkeys(("一公里", "一公里带", "1公里", "一公里范围"), ZoneKind.BELT_1KM),
    **dict.fromkeys(("林缘", "林草边缘", "林缘100米", "林缘带"), ZoneKind.FOREST_EDGE),
    **dict.fromkeys(("其他", "其它"), ZoneKind.OTHER),
}

COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("编码", "区编码", "zone_code", "id"),
    "name": ("名称", "区名", "区名称"),
    "kind": ("类别", "类型", "区类", "区域类型", "zone"),
    "unit_codes": (
        "乡镇代码",
        "区划代码",
        "行政区划代码",
        "单位代码",
        "unit_code",
        "township",
        "township_code",
    ),
    "start": ("起始日期", "开始日期", "from", "valid_from"),
    "end": ("截止日期", "结束日期", "to", "valid_to"),
}


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone.

    Parameters
    ----------
    code
        Key within the set.
    geometry
        CGCS2000 (lon, lat), or None when the zone is a list of units.
    unit_codes
        Townships or other units that the zone is made of; of a drawn one, those it lies in.
    recorded_at
        When the service learnt of it; None when that is not known here (the store knows the revision).
    """

    code: str
    name: str
    kind: ZoneKind
    geometry: MultiPolygon | None = None
    unit_codes: tuple[str, ...] = ()
    validity: Validity = ALWAYS
    status: DataStatus = DataStatus.SAMPLE
    source: str = ""
    recorded_at: dt.datetime | None = None

    def known_before(self, instant: dt.datetime) -> bool:
        """Whether the zone was recorded before `instant`; an unknown time of recording is no proof of it."""
        return self.recorded_at is not None and require_aware(self.recorded_at) < require_aware(instant)


@dataclass(frozen=True)
class ZoneSet:
    """A version of a zone layer.

    Raises
    ------
    RefusedInputError
        ``bad_zones``: a code twice, or a zone with neither geometry nor units.
    """

    name: str
    version: str
    status: DataStatus
    zones: tuple[Zone, ...]
    source: str = ""
    validity: Validity = ALWAYS
    accuracy_m: float = 0.0

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        seen: set[str] = set()
        for position, zone in enumerate(self.zones, 1):
            if zone.code in seen:
                problems.append(Problem(position, "code", zone.code, *CODE_TWICE))
            seen.add(zone.code)
            if zone.geometry is None and not zone.unit_codes:
                problems.append(Problem(position, "geometry", zone.code, *NO_GROUND))
        refuse_problems(self.name, problems, "bad_zones")

    @cached_property
    def content_hash(self) -> str:
        """Return SHA-256 over the zones in code order; equal content, equal hash."""
        digest = hashlib.sha256(b"huodian zone set 1\n")
        for zone in sorted(self.zones, key=lambda zone: zone.code):
            parts = (zone.code, zone.name, zone.kind, zone.status, *sorted(zone.unit_codes))
            days = f"{zone.validity.start}/{zone.validity.end}"
            digest.update("\x1f".join((*parts, days)).encode())
            digest.update(
                b"\x1e" if zone.geometry is None else shapely.to_wkb(shapely.normalize(zone.geometry))
            )
            digest.update(b"\n")
        return digest.hexdigest()

    def active(self, day: dt.date, known_before: dt.datetime | None = None) -> tuple[Zone, ...]:
        """Return the zones that hold on a Beijing day, the strictest first.

        Parameters
        ----------
        day
            The Beijing civil date; end dates are included.
        known_before
            Only zones recorded before this instant.
        """
        if not self.validity.holds(day):
            return ()
        order = {kind: rank for rank, kind in enumerate(STRICTEST)}
        found = [
            zone
            for zone in self.zones
            if zone.validity.holds(day) and (known_before is None or zone.known_before(known_before))
        ]
        return tuple(sorted(found, key=lambda zone: (order[zone.kind], zone.code)))

    def of_units(self, codes: Iterable[str], day: dt.date) -> tuple[Zone, ...]:
        """Return the zones made of units that name one of `codes` (the units a point lies in, any level)."""
        wanted = set(codes)
        return tuple(zone for zone in self.active(day) if wanted.intersection(zone.unit_codes))

    def recorded(self, instant: dt.datetime) -> ZoneSet:
        """Return the set with every zone recorded at `instant` (the store's revision)."""
        return replace(self, zones=tuple(replace(zone, recorded_at=instant) for zone in self.zones))


def read_zones(
    source: Path | bytes,
    /,
    *,
    name: str,
    version: str,
    status: DataStatus | str,
    kind: ZoneKind | str | None = None,
    datum: str | int | None = None,
    validity: Validity = ALWAYS,
    accuracy_m: float = 0.0,
) -> ZoneSet:
    """Read zones from GeoJSON (polygons), CSV or YAML (lists of township codes); the content tells which.

    Parameters
    ----------
    source
        The file or its bytes.
    kind
        What every zone of the file is, where the file itself does not say.
    datum
        What coordinates are given in; needed when there are any.

    Raises
    ------
    RefusedInputError
        ``bad_zones``, ``bad_table``, ``bad_geojson`` or ``bad_yaml``; every wrong row is listed.
    """
    raw, label = (source.read_bytes(), source.name) if isinstance(source, Path) else (source, name)
    problems: list[Problem] = []
    taken: list[tuple[TableRow, MultiPolygon | None]]
    if looks_like_json(raw):
        taken = [
            (_row_of(feature), polygons(feature, label))
            for feature in read_features(raw, datum=datum, name=label)
        ]
    elif _looks_like_yaml(raw):
        taken = [(row, None) for row in _yaml_rows(raw, label)]
    else:
        rows = read_table(raw, columns=COLUMNS, required=("unit_codes",), name=label)
        taken = [(row, None) for row in rows]
    default = kind_of(str(kind)) if kind is not None else None
    known = DataStatus(status)
    zones = [_zone(row, shape, default, known, label, problems) for row, shape in taken]
    refuse_problems(label, problems, "bad_zones")
    kept = tuple(zone for zone in zones if zone is not None)
    return ZoneSet(name, version, known, kept, label, validity, accuracy_m)


def kind_of(word: str) -> ZoneKind | None:
    """Return the kind of a word of ours or a Chinese one, None when it is neither."""
    return _KIND_WORDS.get(word.strip())


def _row_of(feature: Feature) -> TableRow:
    cells = {column: feature.text(column, *titles) for column, titles in COLUMNS.items()}
    return TableRow(feature.number, cells)


def _looks_like_yaml(raw: bytes) -> bool:
    first = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:4096]
    lines = [line for line in first.splitlines() if line.strip() and not line.lstrip().startswith(b"#")]
    return bool(lines) and lines[0].rstrip().endswith(b":") and b"," not in lines[0]


def _yaml_rows(raw: bytes, label: str) -> list[TableRow]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedInputError(
            "bad_yaml",
            f"{label} 不是 UTF-8。请另存为 UTF-8。",
            f"{label} is not UTF-8. Save it as UTF-8.",
            file=label,
        ) from error
    doc = read_yaml(text, name=label)
    entries: Any = doc.data.get("zones") if isinstance(doc.data, dict) else None
    if not isinstance(entries, list):
        entries = []
        refuse_problems(
            label,
            [Problem(1, "zones", "", "a list under the key zones is expected", "键 zones 之下应为列表")],
            "bad_zones",
        )
    rows: list[TableRow] = []
    for index, entry in enumerate(entries):
        line = doc.line(("zones", index))
        cells = entry if isinstance(entry, dict) else {}
        plain = {str(key): _text(value) for key, value in cells.items()}
        titles = {column: (column, *words) for column, words in COLUMNS.items()}
        found = {
            column: next((plain[w] for w in words if w in plain), "") for column, words in titles.items()
        }
        rows.append(TableRow(line, found))
    return rows


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    return "" if value is None else str(value)


def _zone(
    row: TableRow,
    shape: MultiPolygon | None,
    default: ZoneKind | None,
    status: DataStatus,
    source: str,
    problems: list[Problem],
) -> Zone | None:
    before = len(problems)
    kind = kind_of(row["kind"]) if row["kind"] else default
    if kind is None:
        known = one_of((*ZoneKind, "禁烧区", "限烧区", "一公里", "林缘"))
        problems.append(Problem(row.line, "kind", row["kind"], *known))
    codes = _codes(row, problems)
    if shape is None and not codes:
        problems.append(Problem(row.line, "unit_codes", "", *NO_GROUND))
    validity = read_validity(row, problems)
    if kind is None or len(problems) > before:
        return None
    code = row["code"] or (f"{kind.value}-{codes[0]}" if len(codes) == 1 else f"{kind.value}-{row.line}")
    return Zone(code, row["name"] or code, kind, shape, codes, validity, status, source)


def _codes(row: TableRow, problems: list[Problem]) -> tuple[str, ...]:
    found: list[str] = []
    for word in row["unit_codes"].replace(";", " ").replace(",", " ").replace("、", " ").split():
        try:
            found.append(parse_code(word))
        except RefusedInputError as error:
            problems.append(Problem(row.line, "unit_codes", word, *reason_of(error)))
    return tuple(dict.fromkeys(found))


def read_validity(row: TableRow, problems: list[Problem]) -> Validity:
    """Return the days of a row's ``start`` and ``end``, both included; what is wrong goes to `problems`."""
    try:
        start = parse_date(row["start"]) if row["start"] else None
        return Validity(start, parse_date(row["end"]) if row["end"] else None)
    except ValueError as error:
        problems.append(
            Problem(row.line, "start/end", f"{row['start']} {row['end']}".strip(), *reason_of(error))
        )
        return ALWAYS


def unit_zones(kind: ZoneKind, codes: Sequence[str], *, status: DataStatus, source: str) -> tuple[Zone, ...]:
    """Return one zone per unit code: the published list of ban townships."""
    return tuple(
        Zone(f"{kind.value}-{code}", code, kind, None, (parse_code(code),), status=status, source=source)
        for code in codes
    )
