"""Shapefiles and GeoPackages to raw layers.

A GeoPackage is read with the standard library's SQLite, in memory, from plain tables only: no views, no
virtual tables, no triggers, no extensions, so nothing in the file can run. Of a shapefile GDAL sees the
geometry alone, as bytes that begin with the shapefile magic, copied under a name of ours; attributes are
decoded here, strictly.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import MultiPolygon, Polygon

from boundaries.formats import FEATURES, VERTICES, RawLayer, Shape, above, python_codec
from boundaries.model import Note
from boundaries.sniff import Blob, Caps
from gis import gdal_env
from gis.datum import Datum, datum_of_wkt, epsg_datum
from gis.errors import RefusedInputError, UnknownDatumError

_ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_POLYGON_TYPES = frozenset({0, 5, 15, 25})
_LANGUAGE_DRIVERS = {0x4D: "gb18030", 0x7A: "gb18030"}
_SQLITE_STEPS = 200_000_000
_BROKEN = object()
"""Stands for a geometry that cannot be decoded at all."""


# Shapefile
# -----------------------------------------------------------------------------------------------------


def read_shapefile(blob: Blob, *, encoding: str | None, caps: Caps) -> RawLayer:
    """Return the polygons of a shapefile.

    Parameters
    ----------
    blob
        The ``.shp`` with its sidecars; ``.dbf`` is needed.
    encoding
        Declared encoding of the ``.dbf``; else its ``.cpg``, else its language byte, else strict UTF-8.
    caps
        Limits.

    Raises
    ------
    RefusedInputError
        ``bad_shapefile``, ``bad_encoding``, ``boundary_too_large``.
    UnknownDatumError
        A ``.prj`` that names no known CRS.
    """
    if ".dbf" not in blob.sidecars:
        raise _bad_shp(blob.label, "缺少 .dbf", "its .dbf is missing")
    _check_shp(blob)
    table = _read_dbf(blob.sidecars[".dbf"], blob.label, encoding, blob.sidecars.get(".cpg"))
    geometries = _read_shp_geometry(blob)
    if len(geometries) != len(table.rows):
        raise _bad_shp(
            blob.label,
            f".shp 有 {len(geometries)} 条，.dbf 有 {len(table.rows)} 条",
            f".shp has {len(geometries)} records, .dbf {len(table.rows)}",
        )
    stated, stated_as = _prj_datum(blob)
    layer = RawLayer(blob.label, [], [], stated, stated_as, table.notes)
    for number, (row, geometry) in enumerate(zip(table.rows, geometries, strict=True), start=1):
        if row is not None:
            shape = _from_wkb(geometry, f"{blob.label}#{number}", layer.notes)
            if shape is _BROKEN:
                raise _bad_shp(
                    blob.label, f"第 {number} 条几何损坏", f"record {number} has a damaged geometry"
                )
            _append(layer, row, shape, number)
    _check_counts(layer, caps)
    return layer


def _check_shp(blob: Blob) -> None:
    """Refuse a .shp of another geometry type, or one whose header does not fit its length."""
    if len(blob.data) < 100:
        raise _bad_shp(blob.label, "文件头不完整", "its header is cut")
    stated = struct.unpack(">i", blob.data[24:28])[0] * 2
    kind = struct.unpack("<i", blob.data[32:36])[0]
    if stated != len(blob.data):
        raise _bad_shp(
            blob.label, f"应有 {stated} 字节，实有 {len(blob.data)}", f"it should have {stated} bytes"
        )
    if kind not in _POLYGON_TYPES:
        raise _bad_shp(blob.label, f"类型 {kind} 不是面", f"shape type {kind} is no polygon")


def _read_shp_geometry(blob: Blob) -> list[bytes | None]:
    """Return WKB by record: GDAL groups the rings (and mends directions); the index is rebuilt, not trusted."""
    gdal_env.restrict()
    import pyogrio
    from pyogrio.raw import read

    with tempfile.TemporaryDirectory(prefix="huodian-") as folder:
        path = Path(folder) / "a.shp"
        path.write_bytes(blob.data)
        pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": "YES"})
        try:
            _, _, wkb, _ = read(os.fspath(path), columns=[])
        except (
            pyogrio.errors.DataSourceError,
            pyogrio.errors.DataLayerError,
            pyogrio.errors.GeometryError,
        ) as error:
            raise _bad_shp(blob.label, "无法读取", f"it cannot be read ({error})") from error
        finally:
            pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": None})
    return list(wkb)


def _prj_datum(blob: Blob) -> tuple[Datum | None, str]:
    """Return what the ``.prj`` states."""
    text = blob.sidecars.get(".prj", b"").decode("utf-8", "replace").strip("\x00\ufeff \r\n\t")
    return _wkt_datum(text, f"{blob.label} .prj") if text else (None, "")


def _wkt_datum(text: str, where: str) -> tuple[Datum, str]:
    """Return the datum of a WKT definition; one that is not in the catalogue is refused."""
    datum = datum_of_wkt(text)
    if datum is None:
        raise UnknownDatumError(
            "unknown_datum",
            f"{where} 里的坐标系不认识（{text[:60]}…）。请先转换为 CGCS2000（EPSG:4490）。",
            f"The CRS in {where} is not known ({text[:60]}…). Convert to CGCS2000 (EPSG:4490) first.",
            value=text[:200],
        )
    return datum, f"{where}: {text[:60]}"


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of a ``.dbf``; None stands for a deleted one, which keeps its place."""

    rows: list[dict[str, Any] | None]
    notes: list[Note]


def _read_dbf(data: bytes, label: str, encoding: str | None, cpg: bytes | None) -> _Table:
    """Decode a dBase table strictly."""
    if len(data) < 33:
        raise _bad_shp(label, ".dbf 不完整", "its .dbf is cut")
    count, header, width = struct.unpack("<IHH", data[4:12])
    codec = _dbf_codec(data[29], encoding, cpg)
    fields = _dbf_fields(data, header, codec, label)
    if width < 1 + sum(size for _, size in fields) or len(data) < header + count * width:
        raise _bad_shp(label, ".dbf 长度与表头不符", "its .dbf does not fit its header")
    table = _Table([], [])
    for number in range(count):
        record = data[header + number * width : header + (number + 1) * width]
        if record[:1] == b"*":
            table.rows.append(None)
            continue
        row, position = {}, 1
        for name, size in fields:
            row[name] = _dbf_value(
                record[position : position + size], codec, f"{label}#{number + 1}", table.notes
            )
            position += size
        table.rows.append(row)
    return table


def _dbf_codec(language: int, encoding: str | None, cpg: bytes | None) -> str:
    """Return the codec of a ``.dbf``: the declaration, the ``.cpg``, the language byte, or UTF-8."""
    if encoding:
        return python_codec(encoding)
    named = (cpg or b"").decode("ascii", "ignore").strip()
    return python_codec(named) if named else _LANGUAGE_DRIVERS.get(language, "utf-8")


def _dbf_fields(data: bytes, header: int, codec: str, label: str) -> list[tuple[str, int]]:
    """Return names and widths of the columns."""
    fields = []
    for start in range(32, min(header, len(data)) - 31, 32):
        if data[start : start + 1] == b"\r":
            break
        name = data[start : start + 11].split(b"\x00")[0].decode(codec, "replace")
        fields.append((name, data[start + 16]))
    if not fields:
        raise _bad_shp(label, ".dbf 没有字段", "its .dbf has no column")
    return fields


def _dbf_value(raw: bytes, codec: str, where: str, notes: list[Note]) -> str:
    """Decode one cell; a character cut by the column width is dropped with a note, any other error refused."""
    text = raw.split(b"\x00")[0].strip()
    try:
        return text.decode(codec)
    except UnicodeDecodeError as error:
        if len(text) == len(raw) and len(text) - error.start < 4 and error.start > 0:
            kept = text[: error.start].decode(codec)
            said = f"{where}：“{kept}”被字段宽度截断。"
            notes.append(Note("cut_text", said, f"{where}: {kept!r} is cut by its column."))
            return kept
        raise RefusedInputError(
            "bad_encoding",
            f"{where} 的 .dbf 不是 {codec} 编码。若来自中文 Windows，请加 --encoding GB18030。",
            f"The .dbf at {where} is not {codec}. If it comes from a Chinese Windows, add --encoding "
            "GB18030.",
            encoding=codec,
            where=where,
        ) from error


# GeoPackage
# ----------------------------------------------------------------------------------------------------


def read_geopackage(blob: Blob, *, layer: str | None, caps: Caps) -> RawLayer:
    """Return the polygons of one feature table of a GeoPackage.

    Parameters
    ----------
    blob
        The file.
    layer
        Table name; may be left out when there is one.
    caps
        Limits.

    Raises
    ------
    RefusedInputError
        ``bad_geopackage``, ``which_layer``, ``boundary_too_large``.
    """
    # WAL mode cannot be opened from memory; the two header bytes only say how the next writer should work.
    data = bytearray(blob.data)
    data[18:20] = b"\x01\x01"
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(bytes(data))
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        steps = iter(range(_SQLITE_STEPS // 1_000_000))
        connection.set_progress_handler(lambda: next(steps, None) is None, 1_000_000)
        return _read_table(connection, blob.label, layer, caps)
    except (sqlite3.Error, OverflowError) as error:
        raise _bad_gpkg(blob.label, "无法读取", f"cannot be read ({error})") from error
    finally:
        connection.close()


def _read_table(connection: sqlite3.Connection, label: str, layer: str | None, caps: Caps) -> RawLayer:
    """Read one plain feature table."""
    table, column, srs = _choose_table(connection, label, layer)
    stated, stated_as = _srs_datum(connection, srs, label)
    raw = RawLayer(f"{label}:{table}", [], [], stated, stated_as)
    cursor = connection.execute(f"SELECT * FROM {_quoted(table)}")  # noqa: S608 - quoted, and checked to be a table
    names = [entry[0] for entry in cursor.description]
    place = names.index(column)
    for number, record in enumerate(cursor, start=1):
        if number > caps.max_features:
            raise above(label, number, caps.max_features, FEATURES)
        row = {name: value for name, value in zip(names, record, strict=True) if name != column}
        shape = _from_wkb(_gpkg_geometry(record[place], label, number), f"{label}#{number}", raw.notes)
        if shape is _BROKEN:
            raise _bad_gpkg(label, f"第 {number} 行几何损坏", f"row {number} has a damaged geometry")
        _append(raw, row, shape, number)
    _check_counts(raw, caps)
    return raw


def _choose_table(connection: sqlite3.Connection, label: str, layer: str | None) -> tuple[str, str, int]:
    """Return table, geometry column and srs_id of the layer to read; it must be a real table."""
    found = connection.execute(
        "SELECT c.table_name, g.column_name, g.srs_id FROM gpkg_contents c "
        "JOIN gpkg_geometry_columns g USING (table_name) WHERE c.data_type = 'features' ORDER BY 1"
    ).fetchall()
    chosen = [entry for entry in found if layer in (None, entry[0])]
    if len(chosen) != 1:
        names = [str(entry[0]) for entry in found]
        raise RefusedInputError(
            "which_layer",
            f"“{label}”有 {len(names)} 个面图层（{'、'.join(names[:10])}），请用 --layer 指明一个。",
            f"{label!r} has {len(names)} feature layers ({', '.join(names[:10])}); name one with --layer.",
            layers=names[:50],
        )
    table, column, srs = chosen[0]
    master = connection.execute(
        "SELECT type, sql FROM sqlite_master WHERE lower(name) = lower(?) AND type IN ('table', 'view')",
        (table,),
    ).fetchall()
    if (
        len(master) != 1
        or master[0][0] != "table"
        or str(master[0][1]).upper().lstrip().startswith("CREATE VIRTUAL")
    ):
        raise _bad_gpkg(label, f"图层 {table} 不是普通表", f"layer {table} is no plain table")
    return str(table), str(column), int(srs)


def _srs_datum(connection: sqlite3.Connection, srs: int, label: str) -> tuple[Datum | None, str]:
    """Return what the spatial reference of a layer states; -1 and 0 mean undefined."""
    if srs in (-1, 0):
        return None, ""
    row = connection.execute(
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (srs,),
    ).fetchone()
    if row is None:
        return None, ""
    datum = epsg_datum(int(row[1])) if str(row[0]).upper() == "EPSG" else None
    return (datum, f"{label} srs EPSG:{row[1]}") if datum else _wkt_datum(str(row[2]), f"{label} srs {srs}")


def _gpkg_geometry(value: Any, label: str, number: int) -> Any:
    """Return the WKB inside a GeoPackage geometry, None when it is null or empty."""
    if value is None:
        return None
    if not isinstance(value, bytes) or value[:2] != b"GP" or len(value) < 8:
        raise _bad_gpkg(label, f"第 {number} 行几何头有误", f"row {number} has a broken geometry header")
    flags = value[3]
    envelope = _ENVELOPES.get((flags >> 1) & 0b111)
    if envelope is None or flags & 0b100000:
        raise _bad_gpkg(label, f"第 {number} 行几何类型不支持", f"row {number} has an unsupported geometry")
    return None if flags & 0b10000 else value[8 + envelope :]


# Both
# ----------------------------------------------------------------------------------------------------------


def _from_wkb(wkb: Any, where: str, notes: list[Note]) -> Any:
    """Decode a geometry; open rings are closed with a note, anything else that is broken gives `_BROKEN`."""
    if wkb is None:
        return None
    try:
        return shapely.from_wkb(wkb)
    except ShapelyError:
        pass
    try:
        mended = shapely.from_wkb(wkb, on_invalid="fix")
    except ShapelyError:
        return _BROKEN
    if mended is None:
        return _BROKEN
    said = f"{where}：环未闭合或过短，读取时已闭合。"
    notes.append(Note("closed_ring", said, f"{where}: a ring was not closed; reading closed it.", where))
    return mended


def _append(layer: RawLayer, row: dict[str, Any], geometry: Any, number: int) -> None:
    """Add a feature, refusing what is no area and noting what is empty."""
    if geometry is None or shapely.is_empty(geometry):
        where = f"{layer.label}#{number}"
        layer.notes.append(
            Note(
                "empty_geometry",
                f"{where}：没有几何，已略去。",
                f"{where}: has no geometry and was left out.",
                where,
            )
        )
        return
    if not isinstance(geometry, Polygon | MultiPolygon):
        raise RefusedInputError(
            "not_a_polygon",
            f"“{layer.label}”第 {number} 个要素是 {geometry.geom_type}，不是面。请选择行政区面图层。",
            f"Feature {number} of {layer.label!r} is a {geometry.geom_type}, no area. Choose the layer of "
            "areas.",
            file=layer.label,
            feature=number,
        )
    layer.rows.append(row)
    layer.shapes.append(_flat(geometry))


def _flat(geometry: Shape) -> Shape:
    """Return the geometry without heights and measures, a multipolygon of one part as a polygon."""
    flat = shapely.force_2d(geometry)
    parts = list(_parts(flat))
    return parts[0] if len(parts) == 1 else flat


def _parts(geometry: Shape) -> Iterator[Polygon]:
    """Yield the polygons of a geometry."""
    yield from ([geometry] if isinstance(geometry, Polygon) else geometry.geoms)


def _check_counts(layer: RawLayer, caps: Caps) -> None:
    """Refuse a layer above the caps, or with coordinates that are no numbers."""
    if len(layer.shapes) > caps.max_features:
        raise above(layer.label, len(layer.shapes), caps.max_features, FEATURES)
    coordinates = shapely.get_coordinates(layer.shapes)
    if len(coordinates) > caps.max_vertices:
        raise above(layer.label, len(coordinates), caps.max_vertices, VERTICES)
    if not bool(np.isfinite(coordinates).all()):
        raise RefusedInputError(
            "bad_coordinates",
            f"“{layer.label}”的坐标有 NaN 或无穷大。请在 GIS 软件中修复后重新导出。",
            f"{layer.label!r} has NaN or infinite coordinates. Mend it in a GIS and export again.",
            file=layer.label,
        )


def _quoted(name: str) -> str:
    """Quote an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _bad_shp(label: str, zh: str, en: str) -> RefusedInputError:
    """Return the refusal of a shapefile."""
    return RefusedInputError(
        "bad_shapefile",
        f"Shapefile“{label}”{zh}。请重新导出，并连同 .dbf、.shx、.prj 打成 .zip。",
        f"Shapefile {label!r}: {en}. Export it again and zip it with .dbf, .shx and .prj.",
        file=label,
    )


def _bad_gpkg(label: str, zh: str, en: str) -> RefusedInputError:
    """Return the refusal of a GeoPackage."""
    return RefusedInputError(
        "bad_geopackage",
        f"GeoPackage“{label}”{zh}。请重新导出一个普通面图层。",
        f"GeoPackage {label!r}: {en}. Export one plain layer of areas again.",
        file=label,
    )
