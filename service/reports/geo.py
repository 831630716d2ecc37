"""GeoJSON and KML of a fire list: the same rows with their places."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from gis.times import iso_beijing
from service.reports import tables, words
from service.reports.model import COLUMNS, FireList, FireListRow
from service.store.types import canonical_json

KML = "http://www.opengis.net/kml/2.2"
_NUMBERS = {
    "pixels": "int",
    **dict.fromkeys(("lon", "lat", "county_share", "cropland_share", "frp_mw"), "double"),
}
STATUS_COLOURS = {
    "unverified": "#d7301f",
    "overdue": "#7a0177",
    "pending": "#e08214",
    "denial_unreviewed": "#e08214",
    "unreachable": "#e08214",
    "confirmed": "#1b7837",
    "denied": "#6b7280",
    "withdrawn": "#9ca3af",
}
"""Colours of the states of verification, in every map we make; each also differs in lightness or in its line."""


def colour(row: FireListRow) -> str:
    """Return the colour of a row's place as ``#rrggbb``."""
    state = "withdrawn" if row.withdrawn else row.status
    return STATUS_COLOURS.get(state, STATUS_COLOURS["pending"])


def geojson(fire_list: FireList) -> dict[str, Any]:
    """Return the list as a FeatureCollection (RFC 7946): flat properties, header data in the member ``firelist``.

    RFC 7946 prescribes WGS84; the stored CGCS2000 agrees with it at the centimetre level.
    """
    document = fire_list.as_dict()
    del document["rows"]
    return {
        "type": "FeatureCollection",
        "firelist": {
            **document,
            "title": words.title(fire_list),
            "sha256": fire_list.sha256,
            "as_of": tables.as_of(fire_list),
            "warnings": tables.warnings(fire_list),
        },
        "features": [_feature(row) for row in fire_list.rows],
    }


def geojson_bytes(fire_list: FireList) -> bytes:
    """Return the FeatureCollection as canonical JSON with a final newline."""
    return (canonical_json(geojson(fire_list)) + "\n").encode()


def kml_bytes(fire_list: FireList) -> bytes:
    """Return the list as KML 2.2: one styled placemark per row with typed data, no icon fetched from anywhere."""
    ET.register_namespace("", KML)
    root = ET.Element(f"{{{KML}}}kml")
    document = _add(root, "Document")
    _add(document, "name", words.title(fire_list))
    _add(document, "open", "1")
    _add(
        document,
        "description",
        "\n".join(f"{label}: {value}" for label, value in tables.header_lines(fire_list)),
    )
    for name in sorted({_style(row) for row in fire_list.rows}):
        _add_style(document, name)
    schema = _add(document, "Schema", name="firelist", id="firelist")
    for column in COLUMNS:
        field = _add(schema, "SimpleField", name=column, type=_NUMBERS.get(column, "string"))
        _add(field, "displayName", words.COLUMN_WORDS[column].zh)
    # A folder is a layer to GDAL even while it is empty; a document alone is none.
    folder = _add(document, "Folder")
    _add(folder, "name", "firelist")
    for row in fire_list.rows:
        _add_placemark(folder, row)
    ET.indent(root, " ")
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def place_name(row: FireListRow) -> str:
    """Return the name of a row's place: county, township, grid cell, or the id where none is known."""
    return " ".join(part for part in (row.county, row.township, row.grid) if part) or row.fire_point_id


def _feature(row: FireListRow) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": row.fire_point_id,
        "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
        "properties": tables.flat(row),
    }


def _style(row: FireListRow) -> str:
    return colour(row)[1:]


def _add_style(document: ET.Element, name: str) -> None:
    # KML writes aabbggrr. The viewer's own pushpin takes the colour; an icon of ours would be a file to fetch.
    style = _add(document, "Style", id=f"c{name}")
    icon = _add(style, "IconStyle")
    _add(icon, "color", f"ff{name[4:6]}{name[2:4]}{name[0:2]}")
    _add(_add(style, "LabelStyle"), "scale", "0.8")


def _add_placemark(document: ET.Element, row: FireListRow) -> None:
    mark = _add(document, "Placemark", id=f"fp-{row.fire_point_id}")
    change = words.zh(words.CHANGE_WORDS, row.change)
    _add(mark, "name", (f"【{change}】" if change else "") + place_name(row))
    span = _add(mark, "TimeSpan")
    _add(span, "begin", iso_beijing(row.first_seen))
    _add(span, "end", iso_beijing(row.last_seen))
    _add(mark, "styleUrl", f"#c{_style(row)}")
    data = _add(_add(mark, "ExtendedData"), "SchemaData", schemaUrl="#firelist")
    for column, value in tables.flat(row).items():
        if value is not None and value != "":
            _add(data, "SimpleData", _number(value), name=column)
    _add(_add(mark, "Point"), "coordinates", f"{row.lon!r},{row.lat!r}")


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(
        parent, f"{{{KML}}}{tag}", {name: _xml(value) for name, value in attributes.items()}
    )
    if text is not None:
        element.text = _xml(text)
    return element


def _number(value: str | int | float) -> str:
    return value if isinstance(value, str) else repr(value)


def _xml(text: str) -> str:
    """Drop what XML 1.0 cannot carry."""
    return "".join(
        one
        for one in text
        if one in "\t\n\r" or "\x20" <= one <= "\ud7ff" or "\ue000" <= one <= "\ufffd" or one >= "\U00010000"
    )
