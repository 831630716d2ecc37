"""``huodian load heat-sources``: fixed sources of heat with the radius in which each explains a detection.

A source that is given again with other facts replaces the earlier row from that revision on. What a fire point is held
against is what was recorded before its overpass: `HeatSources.nearest` asks for that, so a correction made afterwards
changes nothing by itself.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from shapely.geometry import Point

from gis.datum import Datum, datum_of, to_stored
from gis.errors import UnknownDatumError
from gis.features import looks_like_json, read_features
from gis.feeds.dms import parse_dms
from gis.plane import degrees_of, distance_m
from gis.tables import TableRow, parse_date, read_table
from gis.times import iso_utc
from gis.types import DataStatus, Validity
from service.pipeline.row_report import BadCellError, RowReport, source_cell, status_cell
from service.store import models
from service.store.engine import Reader, Store, Writer
from service.store.types import canonical_json

MAX_RADIUS_M = 10_000.0
SEARCH_M = 50_000.0
"""A source farther away than this is not named: it explains nothing."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("编号", "编码", "代码", "id"),
    "name": ("名称", "企业名称", "热源名称"),
    "kind": ("类别", "类型", "行业"),
    "lon": ("经度", "longitude", "lng", "x"),
    "lat": ("纬度", "latitude", "y"),
    "radius_m": ("半径", "半径(米)", "半径米", "影响半径", "radius"),
    "start": ("起始日期", "开始日期", "投产日期", "from", "valid_from"),
    "end": ("截止日期", "结束日期", "停产日期", "to", "valid_to"),
    "status": ("数据状态", "状态"),
    "source": ("来源", "依据", "出处"),
}
_METRES = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(?:米|m)?", re.ASCII)
_DEGREES = re.compile(r"[+-]?\d{1,8}(?:\.\d{1,20})?", re.ASCII)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeatSource:
    """A listed source; lon and lat in degrees, CGCS2000, rounded to 1e-7."""

    code: str
    name: str
    kind: str
    lon: float
    lat: float
    radius_m: float
    status: str
    source: str
    validity: Validity


def load_heat_source_file(
    store: Store,
    data: bytes,
    *,
    file: str,
    datum: str | int | None,
    status: str = "sample",
    source: str | None = None,
    radius_m: float | None = None,
    actor: str,
) -> dict[str, Any]:
    """Load heat sources from CSV (decimal degrees or degrees, minutes, seconds) or GeoJSON points.

    Parameters
    ----------
    datum
        What the coordinates are given in; without a declaration the file is refused, because degrees do not tell
        WGS84 from GCJ-02.
    status, source, radius_m
        Of the rows that do not say their own.

    Returns
    -------
    dict
        ``file, datum, read, accepted, repeated, rejected, problems, unchanged, revision``;
        read = accepted + repeated + rejected.

    Raises
    ------
    UnknownDatumError
        The datum is not declared or not known.
    RefusedInputError
        ``bad_table`` or ``bad_geojson``.
    """
    declared = datum_of(datum)
    rows = _rows(data, datum, file)
    report = RowReport(read=len(rows))
    wanted = _read(rows, declared, (DataStatus(status).value, source, radius_m), report)
    with store.writer(actor, "load.heat-sources", {"file": file, "rows": len(rows)}) as writer:
        known = {one.code: (number, one) for number, one in stored_heat_sources(writer).items()}
        new = [one for one in wanted if one.code not in known or known[one.code][1] != one]
        _withdraw(writer, [known[one.code][0] for one in new if one.code in known])
        _write(writer, new)
        revision = writer.revision if writer.wrote else None
    report.accepted = len(new)
    report.repeated += len(wanted) - len(new)
    return {
        "file": file,
        "datum": declared.key,
        **report.as_dict(),
        "unchanged": revision is None,
        "revision": revision,
    }


def stored_heat_sources(reader: Reader) -> dict[int, HeatSource]:
    """Return the sources known and not replaced at the reader's revision, by id."""
    return {row.id: _source(row) for row in _known(reader) if row.withdrawn_rev is None}


def _known(reader: Reader) -> list[Any]:
    """Return every row known, with when it was recorded and when it was replaced (None: still holds)."""
    table = models.HeatSource.__table__
    made, ended = models.Revision.__table__.alias("made"), models.Revision.__table__.alias("ended")
    columns = [column for column in table.c if column.name not in ("geom", "withdrawn_rev")]
    gone = sa.and_(ended.c.id == table.c.withdrawn_rev, ended.c.id <= reader.horizon)
    return list(
        reader.rows(
            sa.select(
                *columns,
                ended.c.id.label("withdrawn_rev"),
                made.c.at.label("recorded_at"),
                ended.c.at.label("withdrawn_at"),
            )
            .join(made, made.c.id == table.c.rev)
            .join(ended, gone, isouter=True)
            .where(reader.known(models.HeatSource))
            .order_by(table.c.id)
        )
    )


def _source(row: Any) -> HeatSource:
    return HeatSource(
        row.code,
        row.name,
        row.kind,
        row.lon,
        row.lat,
        row.radius_m,
        row.status,
        row.source,
        Validity(row.valid_from, row.valid_to),
    )


@dataclass(frozen=True, slots=True)
class Near:
    """A source beside a position, and how far it is (metres)."""

    source: HeatSource
    distance_m: float

    @property
    def within(self) -> bool:
        """Whether the position lies in the radius in which the source explains a detection."""
        return self.distance_m <= self.source.radius_m


class HeatSources:
    """Every row known at the reader's revision, with the time in which it was what the service knew."""

    def __init__(self, reader: Reader) -> None:
        rows = _known(reader)
        self._sources = [_source(row) for row in rows]
        self._recorded = [row.recorded_at for row in rows]
        self._withdrawn = [row.withdrawn_at for row in rows]
        self._lon = np.array([one.lon for one in self._sources], dtype=np.float64)
        self._lat = np.array([one.lat for one in self._sources], dtype=np.float64)

    def __len__(self) -> int:
        return len(self._sources)

    @cached_property
    def record(self) -> dict[str, Any]:
        """What an attribution states about the sources it asked, and since when it knew them."""
        said = [
            [
                asdict(one) | {"validity": str(one.validity)},
                iso_utc(at),
                None if end is None else iso_utc(end),
            ]
            for one, at, end in zip(self._sources, self._recorded, self._withdrawn, strict=True)
        ]
        digest = hashlib.sha256(canonical_json(said).encode()).hexdigest()
        statuses = sorted({one.status for one in self._sources})
        return {"name": "heat_sources", "sources": len(said), "statuses": statuses, "hash": digest}

    def nearest(
        self, lon: Floats, lat: Floats, instants: list[dt.datetime], days: list[dt.date]
    ) -> list[Near | None]:
        """Return the nearest source of each position that was valid on its day and on record before its overpass.

        Parameters
        ----------
        lon, lat
            Degrees, shape (n,).
        instants, days
            Overpass and Beijing day of each.
        """
        return [
            self._first(self._around(lon, lat, row), instants[row], days[row], known=True)
            for row in range(len(lon))
        ]

    def recorded_later(
        self, lon: Floats, lat: Floats, instants: list[dt.datetime], days: list[dt.date]
    ) -> list[Near | None]:
        """Return for each position the source that now explains it and did not yet when the satellite passed.

        None where nothing does, or where one that was on record explained it already.
        """
        found: list[Near | None] = []
        for row in range(len(lon)):
            around = self._around(lon, lat, row)
            before = self._first(around, instants[row], days[row], known=True, inside=True)
            now = self._first(around, instants[row], days[row], known=False, inside=True)
            found.append(now if before is None else None)
        return found

    def _around(self, lon: Floats, lat: Floats, row: int) -> list[tuple[float, int]]:
        """Return (distance, index) of the sources within reach, near to far."""
        if not len(self._sources):
            return []
        wide, high = degrees_of(SEARCH_M, lat[row])
        box = (np.abs(self._lon - lon[row]) <= wide) & (np.abs(self._lat - lat[row]) <= high)
        close = np.flatnonzero(box)
        metres = distance_m(self._lon[close], self._lat[close], lon[row], lat[row])
        pairs = zip(metres.tolist(), close.tolist(), strict=True)
        return sorted(pairs, key=lambda pair: (pair[0], self._sources[pair[1]].code, pair[1]))

    def _first(
        self,
        around: list[tuple[float, int]],
        instant: dt.datetime,
        day: dt.date,
        *,
        known: bool,
        inside: bool = False,
    ) -> Near | None:
        for metres, number in around:
            one = self._sources[number]
            recorded, withdrawn = self._recorded[number], self._withdrawn[number]
            stands = (
                recorded < instant and (withdrawn is None or withdrawn >= instant)
                if known
                else withdrawn is None
            )
            if stands and one.validity.holds(day) and (not inside or metres <= one.radius_m):
                return Near(one, metres)
        return None


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Given:
    """A row and where its own position came from: text, or stored coordinates of a feature."""

    row: TableRow
    point: Any = None


def _rows(data: bytes, datum: str | int | None, file: str) -> list[_Given]:
    if not looks_like_json(data):
        needed = ("code", "name", "lon", "lat")
        return [_Given(row) for row in read_table(data, columns=COLUMNS, required=needed, name=file)]
    return [
        _Given(
            TableRow(feature.number, {c: feature.text(c, *titles) for c, titles in COLUMNS.items()}),
            feature.geometry,
        )
        for feature in read_features(data, datum=datum, name=file)
    ]


def _read(
    rows: list[_Given], datum: Datum, defaults: tuple[str, str | None, float | None], report: RowReport
) -> list[HeatSource]:
    found: dict[str, HeatSource] = {}
    for given in rows:
        try:
            one = _heat_source(given, datum, *defaults)
            before = found.setdefault(one.code, one)
            if before is one:
                continue
            if before != one:
                raise BadCellError(
                    "code",
                    one.code,
                    "said_twice",
                    "同一文件中该编号已给出另一内容",
                    "the file gives other facts under this code already",
                )
            report.repeated += 1
        except BadCellError as error:
            report.rejected.append(error.at(given.row.line))
    return list(found.values())


def _heat_source(
    given: _Given, datum: Datum, status: str, source: str | None, radius: float | None
) -> HeatSource:
    row = given.row
    for column in ("code", "name"):
        if not row[column]:
            raise BadCellError(column, "", "missing", "不能为空", "it must not be empty")
    lon, lat = _position(given, datum)
    return HeatSource(
        code=row["code"],
        name=row["name"],
        kind=row["kind"] or "other",
        lon=round(lon, 7),
        lat=round(lat, 7),
        radius_m=_radius(row["radius_m"], radius),
        status=status_cell(row["status"], status),
        source=source_cell(row["source"], source),
        validity=_validity(row),
    )


def _position(given: _Given, datum: Datum) -> tuple[float, float]:
    if given.point is not None:
        if not isinstance(given.point, Point):
            raise BadCellError(
                "geometry", given.point.geom_type, "not_a_point", "应为点", "a point is expected"
            )
        return float(given.point.x), float(given.point.y)
    cells = [_coordinate(given.row, column) for column in ("lon", "lat")]
    try:
        lon, lat = to_stored(np.array([cells[0]]), np.array([cells[1]]), datum)
    except UnknownDatumError as error:
        raise BadCellError(
            "lon", f"{given.row['lon']} {given.row['lat']}", error.code, error.zh, error.en
        ) from error
    return float(lon[0]), float(lat[0])


def _coordinate(row: TableRow, column: str) -> float:
    text = row[column]
    found = float(text) if _DEGREES.fullmatch(text) else parse_dms(text, column)
    if found is None:
        raise BadCellError(
            column,
            text,
            "bad_coordinate",
            "应为坐标，例如 125.3192 或 125°19′09″",
            "expected a coordinate such as 125.3192 or 125°19′09″",
        )
    return found


def _radius(text: str, default: float | None) -> float:
    found = _METRES.fullmatch(text) if text else None
    value = float(found[1]) if found else default if not text else None
    if value is None or not 0 < value <= MAX_RADIUS_M:
        raise BadCellError(
            "radius_m",
            text,
            "bad_radius",
            f"半径（米）应大于 0、不超过 {MAX_RADIUS_M:.0f}；可用 --radius 给出默认值",
            f"the radius in metres is above 0 and at most {MAX_RADIUS_M:.0f}; --radius gives a default",
        )
    return value


def _validity(row: TableRow) -> Validity:
    try:
        start = parse_date(row["start"]) if row["start"] else None
        return Validity(start, parse_date(row["end"]) if row["end"] else None)
    except ValueError as error:
        raise BadCellError(
            "start/end",
            f"{row['start']} {row['end']}".strip(),
            "bad_date",
            "日期应写作 2023-10-29,且截止不早于起始",
            str(error),
        ) from error


def _withdraw(writer: Writer, numbers: list[int]) -> None:
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        writer.connection.execute(
            sa.update(models.HeatSource)
            .where(models.HeatSource.id.in_(part))
            .values(withdrawn_rev=writer.revision)
        )


def _write(writer: Writer, sources: list[HeatSource]) -> None:
    if not sources:
        return
    rows = sorted(sources, key=lambda one: one.code)
    first = writer.allocate(models.HeatSource, len(rows))
    writer.bulk(
        models.HeatSource,
        {
            "id": list(range(first, first + len(rows))),
            "rev": writer.revision,
            "code": [one.code for one in rows],
            "name": [one.name for one in rows],
            "kind": [one.kind for one in rows],
            "lon": [one.lon for one in rows],
            "lat": [one.lat for one in rows],
            "radius_m": [one.radius_m for one in rows],
            "status": [one.status for one in rows],
            "source": [one.source for one in rows],
            "valid_from": [one.validity.start for one in rows],
            "valid_to": [one.validity.end for one in rows],
            "geom": [Point(one.lon, one.lat) for one in rows],
        },
    )
