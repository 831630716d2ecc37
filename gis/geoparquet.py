"""What a GeoParquet file says of itself: which column holds its geometry, how it is written, and in what datum.

GeoParquet specification 1.1: metadata under the key ``geo``, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gis.datum import Datum, datum_of
from gis.errors import HuodianError


@dataclass(frozen=True, slots=True)
class GeometryColumn:
    """The primary geometry column of a file.

    Attributes
    ----------
    about
        What the metadata say of it.
    """

    name: str
    about: Mapping[str, Any]

    @property
    def stated(self) -> Datum | None:
        """The datum of its CRS, None where that is none we know. Without one GeoParquet means OGC:CRS84."""
        if "crs" not in self.about:
            return datum_of("wgs84")
        crs = self.about["crs"]
        ident = crs.get("id") if isinstance(crs, dict) else None
        if not isinstance(ident, dict):
            return None
        if ident.get("authority") == "OGC" and ident.get("code") == "CRS84":
            return datum_of("wgs84")
        try:
            return datum_of(f"{ident.get('authority')}:{ident.get('code')}")
        except HuodianError:
            return None


def geometry_column(schema: Any) -> GeometryColumn | None:
    """Return the primary geometry column of a `pyarrow.Schema`; None where it names none that is there, in WKB."""
    try:
        told = json.loads((schema.metadata or {}).get(b"geo") or b"{}")
    except ValueError:
        return None
    if not isinstance(told, dict) or not isinstance(name := told.get("primary_column"), str):
        return None
    columns = told.get("columns")
    about = columns.get(name) if isinstance(columns, dict) else None
    if not isinstance(about, dict) or about.get("encoding") != "WKB" or name not in schema.names:
        return None
    return GeometryColumn(name, about)
