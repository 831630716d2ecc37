"""Any boundary file of a user to a boundary set: sniffed, declared, converted, coded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import shapely

from boundaries.formats import RawLayer, Shape, read_geojson, read_kml
from boundaries.gisfiles import read_geopackage, read_shapefile
from boundaries.model import BoundarySet, BoundaryUnit, Note, merge_parts
from boundaries.sniff import Blob, Caps, FileKind, Source, clean_label, open_source
from gis.codes import level_of_code, parse_code
from gis.datum import Datum, contradicts, datum_of, to_stored
from gis.errors import HuodianError, RefusedInputError, UnknownDatumError, UsageError
from gis.types import DataStatus, Level

DEFAULT_ACCURACY_M = 100.0
"""Assumed, and noted, when nobody states the accuracy of a file: that of the built-in set."""

_DECIMALS = 9
"""Converted coordinates are kept to 0.1 mm, so that the last bit of a sine does not change a content hash."""

_CHINA = (73.0, 3.0, 136.0, 54.5)
_CODE_NAMES = (
    "code", "adcode", "district_adcode", "county_adcode", "city_adcode", "province_adcode", "xzqdm", "xzqhdm",
    "pac", "gb", "dm", "代码", "行政区划代码", "区划代码", "行政区代码", "编码", "id",
)  # fmt: skip
_NAME_NAMES = (
    "name", "xzqmc", "district_name", "county_name", "city_name", "province_name", "mc", "名称", "行政区名称",
    "区划名称", "单位名称", "乡镇", "村", "县", "district", "county", "town", "city", "province",
)  # fmt: skip
_LEVEL_WORDS = {
    Level.PROVINCE: ("province", "省"),
    Level.CITY: ("city", "市"),
    Level.COUNTY: ("district", "county", "县"),
    Level.TOWNSHIP: ("township", "town", "street", "乡", "镇"),
    Level.VILLAGE: ("village", "村"),
    Level.HAMLET: ("hamlet", "组", "屯"),
}


@dataclass(frozen=True, slots=True)
class Fields:
    """The columns that hold code, name and the parent's code; None where there is none."""

    code: str | None
    name: str | None
    parent: str | None


def read_boundaries(
    source: Source | Sequence[Source],
    /,
    *,
    level: Level | str,
    name: str,
    crs: str | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    code_field: str | None = None,
    name_field: str | None = None,
    parent_field: str | None = None,
    layer: str | None = None,
    accuracy_m: float | None = None,
    status: DataStatus | str = DataStatus.REFERENCE,
    origin: str = "",
    version: str | None = None,
    valid_from: dt.date | None = None,
    caps: Caps | None = None,
) -> BoundarySet:
    """Return the boundary set a source holds.

    Parameters
    ----------
    source
        A path, a folder, bytes, or several (one file per county).
    level
        Level of its units.
    name
        Name of the set.
    crs, datum
        The declaration, one of them: ``EPSG:4490``, ``gcj02``. A ``.prj``, a GeoPackage reference or a
        GeoJSON ``crs`` member declares too; a contradiction is refused.
    encoding
        Of text and ``.dbf``; strict UTF-8 (or the ``.cpg``) when left out.
    code_field, name_field, parent_field
        Columns; recognised by name and content when left out.
    layer
        Table of a GeoPackage.
    accuracy_m
        Positional accuracy the owner states; the datum's own is added.
    status
        How far the set can be relied on.
    origin
        Attribution.
    version
        Defaults to the start of the content hash.
    valid_from
        First day the borders hold.
    caps
        Limits.

    Raises
    ------
    UnknownDatumError
        Undeclared, unknown or contradicted.
    RefusedInputError
        Not a safe, readable boundary file.
    """
    limits = caps or Caps()
    declared = _declared(crs, datum)
    blobs = open_source(source, caps=limits)
    notes: list[Note] = []
    units: list[BoundaryUnit] = []
    used: dict[str, Datum] = {}
    for raw in (_read_blob(blob, encoding, layer, limits) for blob in blobs):
        chosen = _settle_datum(declared, raw, notes)
        used[chosen.key] = chosen
        notes += raw.notes
        fields = _choose_fields(raw, Level(level), Fields(code_field, name_field, parent_field))
        units += _units_of(raw, _convert(raw.shapes, chosen, raw.label), fields, Level(level), notes)
        if sum(len(shapely.get_coordinates(unit.geometry)) for unit in units) > limits.max_vertices:
            raise RefusedInputError(
                "boundary_too_large",
                f"顶点超过上限 {limits.max_vertices}。请分省分级提供。",
                f"More than {limits.max_vertices} vertices. Split it by province or level.",
            )
    merged, merge_notes = merge_parts(units)
    stated = DEFAULT_ACCURACY_M if accuracy_m is None else accuracy_m
    if accuracy_m is None:
        notes.append(
            Note(
                "accuracy_assumed",
                f"没有声明精度，按 {DEFAULT_ACCURACY_M:g} 米计。可用 --accuracy 声明。",
                f"No accuracy is stated; {DEFAULT_ACCURACY_M:g} m is assumed. State it with --accuracy.",
            )
        )
    made = BoundarySet(
        name=name,
        version=version or "",
        level=Level(level),
        status=DataStatus(status),
        accuracy_m=stated + max(each.accuracy_m for each in used.values()),
        source=origin,
        datum="+".join(sorted(used)),
        units=merged,
        valid_from=valid_from,
        notes=(*notes, *merge_notes),
    )
    return made if version else replace(made, version=made.content_hash[:12])


def _declared(crs: str | None, datum: str | None) -> Datum | None:
    """Return the declaration of the caller; two that differ are a wrong command."""
    named = [datum_of(text) for text in (crs, datum) if text]
    if len(named) == 2 and named[0].key != named[1].key:
        raise UsageError(
            "two_declarations",
            f"--crs（{named[0].zh}）与 --datum（{named[1].zh}）不一致，请只给一个。",
            f"--crs ({named[0].en}) and --datum ({named[1].en}) differ; give one.",
        )
    return named[0] if named else None


def _read_blob(blob: Blob, encoding: str | None, layer: str | None, caps: Caps) -> RawLayer:
    """Send a file to the reader of its format."""
    if blob.kind is FileKind.GEOJSON:
        return read_geojson(blob.data, blob.label, encoding=encoding, caps=caps)
    if blob.kind is FileKind.KML:
        return read_kml(blob.data, blob.label, caps=caps)
    if blob.kind is FileKind.SHAPEFILE:
        return read_shapefile(blob, encoding=encoding, caps=caps)
    return read_geopackage(blob, layer=layer, caps=caps)


def _settle_datum(declared: Datum | None, raw: RawLayer, notes: list[Note]) -> Datum:
    """Return the datum to use: declared by the caller or stated by the file, never guessed."""
    if declared is None:
        return raw.stated or datum_of(None)
    if raw.stated is None or raw.stated.key == declared.key:
        return declared
    if contradicts(declared, raw.stated):
        raise UnknownDatumError(
            "datum_contradicted",
            f"声明为{declared.zh}，但“{raw.label}”自己写的是{raw.stated.zh}（{raw.stated_as}）。"
            "请核实后改正其中之一。",
            f"Declared as {declared.en}, but {raw.label!r} itself states {raw.stated.en} ({raw.stated_as}). "
            "Find out "
            "which is right and correct the other.",
            declared=declared.key,
            stated=raw.stated.key,
        )
    notes.append(
        Note(
            "label_overridden",
            f"“{raw.label}”标注为{raw.stated.zh}，按声明作{declared.zh}处理。",
            f"{raw.label!r} is labelled {raw.stated.en}; it is taken as {declared.en}, as declared.",
        )
    )
    return declared


def _convert(shapes: Sequence[Shape], datum: Datum, label: str) -> list[Shape]:
    """Return shapes in stored coordinates; those that then lie outside China are refused."""
    array = np.array(shapes, dtype=object) if shapes else np.empty(0, dtype=object)
    flat = shapely.get_coordinates(array)
    lon, lat = to_stored(flat[:, 0], flat[:, 1], datum)
    stored = np.column_stack([lon, lat])
    if datum.metric or datum.kind == "offset":
        stored = np.round(stored, _DECIMALS)
    west, south, east, north = _CHINA
    outside = ~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
    if bool(outside.any()):
        first = int(np.flatnonzero(outside)[0])
        raise UnknownDatumError(
            "outside_china",
            f"“{label}”按{datum.zh}换算后落在中国以外（{lon[first]:.4f}, {lat[first]:.4f}）。"
            "请检查声明和经纬度顺序。",
            f"{label!r}, taken as {datum.en}, lies outside China ({lon[first]:.4f}, {lat[first]:.4f}). Check "
            "the "
            "declaration and the order of the axes.",
            declared=datum.key,
            lon=float(lon[first]),
            lat=float(lat[first]),
        )
    return list(shapely.set_coordinates(array.copy(), stored))


def _choose_fields(raw: RawLayer, level: Level, asked: Fields) -> Fields:
    """Return the columns to use; a column asked for must exist."""
    columns = list(dict.fromkeys(key for row in raw.rows for key in row))
    for column in (asked.code, asked.name, asked.parent):
        if column is not None and column not in columns:
            raise RefusedInputError(
                "no_such_field",
                f"“{raw.label}”没有字段“{column}”。现有字段：{'、'.join(columns[:30])}。",
                f"{raw.label!r} has no column {column!r}. It has: {', '.join(columns[:30])}.",
                columns=columns[:100],
            )
    return Fields(
        asked.code or _find_code_field(raw, columns, level),
        asked.name or _find_name_field(raw, columns, level),
        asked.parent,
    )


def _find_code_field(raw: RawLayer, columns: Iterable[str], level: Level) -> str | None:
    """Return the column whose cells are codes of the level, each once; known names go first."""
    found = []
    for column in columns:
        codes = [_code_or_none(row.get(column)) for row in raw.rows]
        good = [code for code in codes if code and level_of_code(code) is level]
        if good and len(good) >= 0.8 * len(codes) and len(set(good)) >= 0.8 * len(good):
            found.append(column)
    ranks = {name: rank for rank, name in enumerate(_CODE_NAMES)}
    return min(found, key=lambda column: ranks.get(column.casefold(), len(ranks)), default=None)


def _find_name_field(raw: RawLayer, columns: Iterable[str], level: Level) -> str | None:
    """Return the column that names the units: a known name, that of the level first, with text that differs by row."""
    words = _LEVEL_WORDS[level]
    found = []
    for column in columns:
        values = [row.get(column) for row in raw.rows]
        texts = {value.strip() for value in values if isinstance(value, str) and value.strip()}
        if column.casefold() in _NAME_NAMES and len(texts) >= 0.8 * len(values):
            found.append(column)
    return min(
        found,
        key=lambda column: (not column.casefold().startswith(words), _NAME_NAMES.index(column.casefold())),
        default=None,
    )


def _units_of(
    raw: RawLayer, shapes: Sequence[Shape], fields: Fields, level: Level, notes: list[Note]
) -> Iterable[BoundaryUnit]:
    """Yield units; a cell that holds no code is noted and its unit left uncoded."""
    # One file per county often carries its name nowhere but in the file name.
    stem = PurePosixPath(raw.label).name.split(".")[0] if len(raw.rows) == 1 else ""
    for number, (row, shape) in enumerate(zip(raw.rows, shapes, strict=True), start=1):
        where = f"{raw.label}#{number}"
        code = (
            _code_of(row.get(fields.code), level, where, notes) if fields.code else _code_or_none(stem) or ""
        )
        name = str(row.get(fields.name) or "").strip() if fields.name else ""
        parent = _code_or_none(row.get(fields.parent)) if fields.parent else None
        if not code and not name and not stem:
            raise RefusedInputError(
                "nameless_unit",
                f"“{raw.label}”第 {number} 个要素既没有代码也没有名称。请用 --code-field 或 --name-field "
                "指明字段。",
                f"Feature {number} of {raw.label!r} has neither code nor name. Name the column with "
                "--code-field or "
                "--name-field.",
                file=raw.label,
                feature=number,
            )
        yield BoundaryUnit(code, clean_label(name or stem or code), shape, parent)


def _code_of(value: Any, level: Level, where: str, notes: list[Note]) -> str:
    """Return the code of a cell, empty with a note when it holds none or one of another level."""
    try:
        code = parse_code(value)
    except HuodianError as error:
        notes.append(Note(error.code, f"{where}：{error.zh}", f"{where}: {error.en}", where))
        return ""
    found = level_of_code(code)
    if found is not level:
        notes.append(
            Note(
                "other_level",
                f"{where}：代码 {code} 是{found}级，文件声明为{level}级。",
                f"{where}: code {code} is of level {found}, the file was declared {level}.",
                where,
            )
        )
    return code


def _code_or_none(value: Any) -> str | None:
    """Return the code of a cell, None when it holds none."""
    try:
        return parse_code(value)
    except HuodianError:
        return None
