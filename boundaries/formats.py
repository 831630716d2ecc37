"""GeoJSON and KML to raw layers, without GDAL: both are small languages, and both are favourite disguises."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np
import numpy.typing as npt
from shapely.geometry import MultiPolygon, Polygon

from boundaries.model import Note
from boundaries.sniff import Caps
from gis.datum import Datum, datum_of
from gis.errors import HuodianError, RefusedInputError
from gis.reasons import Reason, reason_of

Shape: TypeAlias = Polygon | MultiPolygon
Ring = npt.NDArray[np.float64]

REPAIRED_NOTES = frozenset({"closed_ring", "dropped_ring", "empty_geometry"})
"""Kinds of notes by which reading already changed or dropped geometry: a person must accept them."""


@dataclass(frozen=True)
class RawLayer:
    """What a file says, before datum and codes are settled.

    Parameters
    ----------
    label
        Name for messages.
    rows
        Attributes of each feature.
    shapes
        Its geometry in the file's own coordinates, two-dimensional.
    stated
        Datum the file itself states, None when it does not.
    stated_as
        How it states it.
    notes
        What reading did.
    """

    label: str
    rows: list[dict[str, Any]]
    shapes: list[Shape]
    stated: Datum | None = None
    stated_as: str = ""
    notes: list[Note] = field(default_factory=list)


def decode_text(data: bytes, label: str, encoding: str | None) -> str:
    """Return text in the declared encoding, or strictly UTF-8; GB names all mean GB18030.

    Raises
    ------
    RefusedInputError
        ``bad_encoding``, ``unknown_encoding``.
    """
    codec = python_codec(encoding) if encoding else "utf-8"
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode(codec)
    except UnicodeDecodeError as error:
        raise RefusedInputError(
            "bad_encoding",
            f"“{label}”第 {error.start} 字节起不是 {codec} 编码。若来自中文 Windows，请加 --encoding "
            "GB18030。",
            f"{label!r} is not {codec} from byte {error.start} on. If it comes from a Chinese Windows, add "
            "--encoding "
            "GB18030.",
            file=label,
            encoding=codec,
            byte=error.start,
        ) from error


def python_codec(name: str) -> str:
    """Return the codec for an encoding as people and ``.cpg`` files write it."""
    word = re.sub(r"[\s_-]", "", name.strip().casefold()).removeprefix("ansi").removeprefix("cp")
    if word in {"936", "54936", "gbk", "gb2312", "gb18030", "euccn", "windows936"}:
        return "gb18030"
    if word in {"utf8", "65001", "utf8sig"}:
        return "utf-8"
    if word in {"iso88591", "latin1", "88591", "1252", "windows1252"}:
        return "latin-1"
    raise RefusedInputError(
        "unknown_encoding",
        f"不认识的编码“{name[:40]}”。请用 --encoding UTF-8 或 GB18030。",
        f"Unknown encoding {name[:40]!r}. Use --encoding UTF-8 or GB18030.",
        encoding=name[:40],
    )


def read_geojson(data: bytes, label: str, *, encoding: str | None, caps: Caps) -> RawLayer:
    """Return the polygons of a GeoJSON document.

    Raises
    ------
    RefusedInputError
        ``bad_geojson`` (not a FeatureCollection, broken numbers, another geometry), ``boundary_too_large``.
    """
    try:
        document = json.loads(decode_text(data, label, encoding), parse_constant=_no_constant)
    except RecursionError as error:
        raise _bad(label, "嵌套过深", "nested too deep") from error
    except ValueError as error:
        raise _bad(label, f"不是合法的 JSON（{reason_of(error)[1]}）", f"not valid JSON ({error})") from error
    features = _features(document, label)
    if len(features) > caps.max_features:
        raise above(label, len(features), caps.max_features, FEATURES)
    stated, stated_as = _geojson_crs(document, label)
    layer = RawLayer(label, [], [], stated, stated_as)
    builder = ShapeBuilder(layer, caps)
    for number, feature in enumerate(features, start=1):
        properties, geometry = _feature_parts(feature, label, number)
        shape = _geojson_shape(geometry, builder, number)
        if shape is not None:
            layer.rows.append(properties)
            layer.shapes.append(shape)
    return layer


class ShapeBuilder:
    """Builds polygons from untrusted rings, counting vertices and noting every repair."""

    def __init__(self, layer: RawLayer, caps: Caps) -> None:
        self.layer = layer
        self.caps = caps
        self.vertices = 0

    def ring(self, points: Any, number: int) -> Ring | None:
        """Return a closed ring of at least four points; None, with a note, when fewer are left."""
        try:
            ring = np.array([(point[0], point[1]) for point in points], dtype=np.float64)
        except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
            raise _bad(
                self.layer.label,
                f"第 {number} 个要素的坐标不是数字对",
                f"feature {number} has coordinates that are no pairs of numbers",
            ) from error
        self.vertices += len(ring)
        if self.vertices > self.caps.max_vertices:
            raise above(self.layer.label, self.vertices, self.caps.max_vertices, VERTICES)
        if ring.size and not bool(np.isfinite(ring).all()):
            raise _bad(
                self.layer.label,
                f"第 {number} 个要素的坐标有 NaN 或无穷大",
                f"feature {number} has NaN or infinite coordinates",
            )
        if len(ring) >= 3 and not bool((ring[0] == ring[-1]).all()):
            ring = np.vstack([ring, ring[:1]])
            self.note(
                "closed_ring", number, "环未闭合，读取时已闭合", "a ring was not closed; reading closed it"
            )
        if len(ring) < 4:
            self.note(
                "dropped_ring",
                number,
                "环不足三个点，已略去",
                "a ring of fewer than three points was left out",
            )
            return None
        return ring

    def polygon(self, rings: Any, number: int) -> Polygon | None:
        """Return shell and holes as a polygon, None when the shell is degenerate."""
        if not isinstance(rings, list):
            raise _bad(
                self.layer.label,
                f"第 {number} 个要素的环不是数组",
                f"feature {number} has rings that are no arrays",
            )
        built = [self.ring(ring, number) for ring in rings]
        if not built or built[0] is None:
            return None
        return Polygon(built[0], [ring for ring in built[1:] if ring is not None])

    def collect(self, polygons: Iterator[Polygon | None], number: int) -> Shape | None:
        """Return one polygon or a multipolygon of those that are left; None, with a note, when none is."""
        kept = [polygon for polygon in polygons if polygon is not None]
        if not kept:
            self.note("empty_geometry", number, "没有几何，已略去", "has no geometry and was left out")
            return None
        return kept[0] if len(kept) == 1 else MultiPolygon(kept)

    def note(self, kind: str, number: int, zh: str, en: str) -> None:
        """Record what reading did to a feature."""
        where = f"{self.layer.label}#{number}"
        self.layer.notes.append(Note(kind, f"{where}：{zh}。", f"{where}: {en}.", where))


def _no_constant(word: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python's JSON would accept."""
    raise ValueError(f"{word} is no JSON number")


def _features(document: Any, label: str) -> list[Any]:
    """Return the features of a document; a single feature or geometry counts as one."""
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Topology":
        raise _bad(label, "是 TopoJSON，请先转换为 GeoJSON", "TopoJSON; convert it to GeoJSON first")
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        return list(document["features"])
    if kind == "Feature":
        return [document]
    if kind in ("Polygon", "MultiPolygon"):
        return [{"type": "Feature", "properties": {}, "geometry": document}]
    raise _bad(label, "不是 FeatureCollection", "not a FeatureCollection")


def _feature_parts(feature: Any, label: str, number: int) -> tuple[dict[str, Any], Any]:
    """Return attributes and geometry of a feature."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(feature, dict) or not isinstance(properties, dict | None):
        raise _bad(label, f"第 {number} 个要素不是 Feature", f"feature {number} is no Feature")
    row = dict(properties or {})
    if "id" in feature:
        row.setdefault("id", feature["id"])
    return row, feature.get("geometry")


def _geojson_shape(geometry: Any, builder: ShapeBuilder, number: int) -> Shape | None:
    """Return the polygon of a GeoJSON geometry, None with a note when it is null or empty."""
    if geometry is None:
        return builder.collect(iter(()), number)
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise _bad(
            builder.layer.label,
            f"第 {number} 个要素是 {kind}，不是面",
            f"feature {number} is {kind!r}, no area",
        )
    parts = geometry.get("coordinates")
    parts = [parts] if kind == "Polygon" else parts
    if not isinstance(parts, list):
        raise _bad(
            builder.layer.label,
            f"第 {number} 个要素没有坐标数组",
            f"feature {number} has no coordinate array",
        )
    return builder.collect((builder.polygon(rings, number) for rings in parts), number)


def _geojson_crs(document: Mapping[str, Any], label: str) -> tuple[Datum | None, str]:
    """Return what an (obsolete, but common) ``crs`` member states; one that names nothing known is refused."""
    member = document.get("crs")
    if member is None:
        return None, ""
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    try:
        return datum_of(name if isinstance(name, str) else json.dumps(member)[:80]), f"crs {name}"
    except HuodianError as error:
        raise _bad(
            label,
            f"crs 成员不可识别（{str(name)[:60]}）",
            f"a crs member that is not known ({str(name)[:60]})",
        ) from error


# KML
# -----------------------------------------------------------------------------------------------------------


def read_kml(data: bytes, label: str, *, caps: Caps) -> RawLayer:
    """Return the polygons of the placemarks of a KML document; nothing it links to is followed.

    Raises
    ------
    RefusedInputError
        ``unsafe_xml`` (DOCTYPE, entities, depth), ``bad_kml``.
    """
    root = _parse_xml(data, label, caps)
    layer = RawLayer(label, [], [], datum_of("wgs84"), "KML is WGS84 by definition")
    builder = ShapeBuilder(layer, caps)
    for number, placemark in enumerate(root.iter("Placemark"), start=1):
        if number > caps.max_features:
            raise above(label, number, caps.max_features, ("placemarks", "个地标"))
        polygons = list(placemark.iter("Polygon"))
        if not polygons:
            builder.note(
                "not_an_area", number, "地标不是面，未读取", "a placemark that is no area was not read"
            )
            continue
        shape = builder.collect((_kml_polygon(polygon, builder, number) for polygon in polygons), number)
        if shape is not None:
            layer.rows.append(_kml_attributes(placemark))
            layer.shapes.append(shape)
    return layer


def _parse_xml(data: bytes, label: str, caps: Caps) -> Element:
    """Return the tree of an XML document without DOCTYPE, entities or namespaces, at most `caps.max_depth` deep."""
    declared = re.match(rb"\s*<\?xml[^>]*encoding=[\"']([\w.-]+)", data[:200])
    codec = python_codec(declared[1].decode("ascii")) if declared else "utf-8"
    text = decode_text(data, label, codec)
    tree, depth = TreeBuilder(), 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > caps.max_depth:
            raise _unsafe(label, "嵌套过深", "nested too deep")
        tree.start(
            tag.rpartition("}")[2], {key.rpartition("}")[2]: value for key, value in attributes.items()}
        )

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        tree.end(tag.rpartition("}")[2])

    def doctype(*_: object) -> None:
        raise _unsafe(label, "含有 DOCTYPE 或实体定义", "a DOCTYPE or entity definitions")

    # The text was decoded above, so the parser is told UTF-8 whatever the declaration says.
    parser = expat.ParserCreate("utf-8", namespace_separator="}")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = tree.data
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    parser.buffer_text = True
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise _bad_kml(label, f"XML 有误（{reason_of(error)[1]}）", f"broken XML ({error})") from error
    return tree.close()


def _kml_polygon(polygon: Element, builder: ShapeBuilder, number: int) -> Polygon | None:
    """Return one polygon of a placemark."""
    shells = [node.text or "" for node in polygon.findall("outerBoundaryIs/LinearRing/coordinates")]
    holes = [node.text or "" for node in polygon.findall("innerBoundaryIs/LinearRing/coordinates")]
    if len(shells) != 1:
        raise _bad_kml(
            builder.layer.label, f"第 {number} 个地标没有外环", f"placemark {number} has no outer ring"
        )
    return builder.polygon(
        [_kml_points(text, builder.layer.label, number) for text in shells + holes], number
    )


def _kml_points(text: str, label: str, number: int) -> list[list[float]]:
    """Return the points of a ``coordinates`` element; altitudes are dropped."""
    try:
        points = [[float(value) for value in point.split(",")[:2]] for point in text.split()]
    except ValueError as error:
        raise _bad_kml(
            label, f"第 {number} 个地标坐标有误", f"placemark {number} has broken coordinates"
        ) from error
    if any(len(point) != 2 or not all(map(math.isfinite, point)) for point in points):
        raise _bad_kml(label, f"第 {number} 个地标坐标有误", f"placemark {number} has broken coordinates")
    return points


def _kml_attributes(placemark: Element) -> dict[str, Any]:
    """Return name and extended data of a placemark."""
    row: dict[str, Any] = {}
    for node in placemark.iter("Data"):
        row[node.get("name", "")] = (node.findtext("value") or "").strip()
    for node in placemark.iter("SimpleData"):
        row[node.get("name", "")] = (node.text or "").strip()
    row.setdefault("name", (placemark.findtext("name") or "").strip())
    return row


def _bad(label: str, zh: str, en: str) -> RefusedInputError:
    """Return the refusal of a GeoJSON document."""
    return RefusedInputError(
        "bad_geojson",
        f"“{label}”{zh}。请重新导出为 GeoJSON 面要素。",
        f"{label!r}: {en}. Export it again as GeoJSON polygons.",
        file=label,
    )


def _bad_kml(label: str, zh: str, en: str) -> RefusedInputError:
    """Return the refusal of a KML document."""
    return RefusedInputError(
        "bad_kml", f"“{label}”{zh}。请重新导出 KML。", f"{label!r}: {en}. Export the KML again.", file=label
    )


def _unsafe(label: str, zh: str, en: str) -> RefusedInputError:
    """Return the refusal of XML that could expand or fetch."""
    return RefusedInputError(
        "unsafe_xml",
        f"“{label}”{zh}，已拒绝。请去掉后重试。",
        f"{label!r} has {en} and is refused. Remove that and try again.",
        file=label,
    )


FEATURES: Reason = ("features", "个要素")
VERTICES: Reason = ("vertices", "个顶点")


def above(label: str, value: int, limit: int, what: Reason) -> RefusedInputError:
    """Return the refusal of a document above a cap."""
    return RefusedInputError(
        "boundary_too_large",
        f"“{label}”超出上限（{value} > {limit} {what[1]}）。请分省分级提供。",
        f"{label!r} is above the limit ({value} > {limit} {what[0]}). Split it by province or level.",
        file=label,
        value=value,
        limit=limit,
    )
