"""Features of a page as GeoJSON, CSV and FlatGeobuf bytes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from gis.times import iso_beijing
from service.layers.model import LayerInfo, Page, Property
from service.ogc.crs import Crs
from service.ogc.operation import dumped

_ARROW = {"string": "string", "integer": "int64", "number": "float64", "boolean": "bool_", "date": "date32"}


def plain(value: Any) -> Any:
    """Return a property's value as JSON has it; instants in Beijing time with their offset."""
    if isinstance(value, dt.datetime):
        return iso_beijing(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def feature_id(info: LayerInfo, value: Any) -> str | int:
    """Return the id of a feature as GeoJSON has it: a number where the layer's own id is one."""
    prop = info.get(info.id_property)
    return int(value) if prop is not None and prop.kind == "integer" else str(value)


def features(page: Page, crs: Crs, links: Sequence[Sequence[Mapping[str, Any]]] = ()) -> Iterable[str]:
    """Yield each feature as the text of GeoJSON.

    Parameters
    ----------
    links
        Links of each feature; none without it.
    """
    info = page.info
    shapes = shapely.to_geojson(crs.written(page.geometry))
    names = list(page.columns)
    columns = [
        [plain(one) for one in values] if _written(info.get(name)) else values
        for name, values in page.columns.items()
    ]
    ids = [feature_id(info, one) for one in page.columns[info.id_property]]
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
    for row, shape in enumerate(shapes):
        properties = dict(zip(names, (values[row] for values in columns), strict=True))
        more = f',"links":{encode(links[row])}' if links else ""
        yield (
            f'{{"type":"Feature","id":{encode(ids[row])},"geometry":{shape or "null"},'
            f'"properties":{encode(properties)}{more}}}'
        )


def feature_collection(page: Page, crs: Crs, head: Mapping[str, Any]) -> bytes:
    """Return a page as a GeoJSON FeatureCollection; `head` are its other members."""
    members = dumped(head)[1:-1].decode()
    body = ",".join(features(page, crs))
    return f'{{"type":"FeatureCollection",{members},"features":[{body}]}}'.encode()


def csv_bytes(page: Page, crs: Crs) -> bytes:
    """Return a page as CSV: UTF-8 with BOM, CRLF, the geometry last, as WKT in the axis order of `crs`.

    Texts that a spreadsheet could run get a leading apostrophe.
    """
    from service.reports.tables import BOM, neutral

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    shapes = shapely.to_wkt(crs.written(page.geometry), rounding_precision=-1)
    writer.writerow([*page.columns, "WKT"])
    for *values, shape in zip(*page.columns.values(), shapes, strict=True):
        cells = [neutral(one) if isinstance(one, str) else _cell(one) for one in values]
        writer.writerow([*cells, shape or ""])
    return BOM + out.getvalue().encode()


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else plain(value)


def flatgeobuf(page: Page, crs: Crs) -> bytes:
    """Return a page as FlatGeobuf; the format knows (lon, lat) only, its header names the reference system."""
    import pyarrow as pa
    from pyogrio.raw import write_arrow

    info = page.info
    columns: dict[str, Any] = {
        name: pa.array(values, _arrow_type(pa, info.get(name))) for name, values in page.columns.items()
    }
    wkb = shapely.to_wkb(np.asarray(page.geometry, dtype=object))
    columns["geometry"] = pa.array(list(wkb), pa.binary())
    sink = io.BytesIO()
    write_arrow(
        pa.table(columns),
        sink,
        driver="FlatGeobuf",
        layer=info.id,
        geometry_name="geometry",
        geometry_type=info.geometry or "Unknown",
        crs=crs.code,
        SPATIAL_INDEX="NO",  # keeps the order that was asked for, and a feature without a geometry
    )
    return sink.getvalue()


def _arrow_type(pa: Any, prop: Property | None) -> Any:
    if prop is not None and prop.kind == "datetime":
        return pa.timestamp("ms", "UTC")
    return getattr(pa, _ARROW[prop.kind if prop else "string"])()


def _written(prop: Property | None) -> bool:
    return prop is not None and prop.kind in ("date", "datetime")
