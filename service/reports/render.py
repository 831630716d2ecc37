"""One door to every format of a fire list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gis.errors import UsageError
from service.reports.model import FireList


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered list.

    Attributes
    ----------
    media_type
        For an HTTP answer.
    suffix
        Of the file name, with its dot.
    beside
        Further files to write beside it, by the suffix that takes the place of `suffix`.
    """

    data: bytes
    media_type: str
    suffix: str
    beside: dict[str, bytes]


def render(fire_list: FireList, form: str) -> Rendered:
    """Return a list in one of `FORMATS`; equal lists give equal bytes.

    Raises
    ------
    UsageError
        When the format is not one of them.
    """
    if form not in _RENDERERS:
        raise UsageError(
            "unknown_format",
            f"没有格式 {form!r}：可选 {'、'.join(FORMATS)}",
            f"there is no format {form!r}: choose one of {', '.join(FORMATS)}",
            value=form,
        )
    return _RENDERERS[form](fire_list)


def _csv(fire_list: FireList) -> Rendered:
    from service.reports.tables import csv_bytes, meta_bytes

    data = csv_bytes(fire_list)
    return Rendered(data, "text/csv; charset=utf-8", ".csv", {".meta.json": meta_bytes(fire_list, data)})


def _json(fire_list: FireList) -> Rendered:
    from service.reports.tables import json_bytes

    return Rendered(json_bytes(fire_list), "application/json", ".json", {})


def _geojson(fire_list: FireList) -> Rendered:
    from service.reports.geo import geojson_bytes

    return Rendered(geojson_bytes(fire_list), "application/geo+json", ".geojson", {})


def _kml(fire_list: FireList) -> Rendered:
    from service.reports.geo import kml_bytes

    return Rendered(kml_bytes(fire_list), "application/vnd.google-earth.kml+xml", ".kml", {})


def _xlsx(fire_list: FireList) -> Rendered:
    from service.reports.workbook import xlsx_bytes

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Rendered(xlsx_bytes(fire_list), media_type, ".xlsx", {})


_RENDERERS: dict[str, Callable[[FireList], Rendered]] = {
    "csv": _csv,
    "json": _json,
    "geojson": _geojson,
    "kml": _kml,
    "xlsx": _xlsx,
}
FORMATS = tuple(_RENDERERS)
"""Names of the formats."""
