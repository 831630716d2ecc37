"""What a layer is, what can be asked of it and what comes back.

Geometry is EPSG:4490, (lon, lat), degrees. Instants are aware; a layer's columns hold plain Python values: ``str``,
``int``, ``float``, ``bool``, ``datetime.date``, aware ``datetime.datetime``, or None.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gis.types import BBox

Kind = Literal["string", "integer", "number", "boolean", "date", "datetime"]

GEOMETRY = "geometry"
"""Name of the geometry in filters and queryables; ``geom`` is understood too."""

MAX_LIMIT = 50_000
"""Features of one page, whatever a caller asks for; tiles and exports page on."""


@dataclass(frozen=True, slots=True)
class Property:
    """One attribute of a layer.

    Attributes
    ----------
    filterable
        Whether it may stand in a filter or a sort: what is read only for display does not.
    unit
        Unit of a number (``m``, ``MW``), None where it has none.
    """

    name: str
    kind: Kind
    title_zh: str
    title_en: str
    filterable: bool = True
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """A layer as its readers see it.

    Attributes
    ----------
    geometry
        Type of every geometry, or None for a layer without any.
    id_property
        The property that names a feature; unique within the layer at one revision and day.
    time_property
        The property that `Query.time` asks; None where features have no time of their own.
    sort_default
        Property names, ``-`` before one for descending; ties are always decided by the id.
    private
        Whether rows depend on the reader: caches must then keep them per scope.
    """

    id: str
    title_zh: str
    title_en: str
    description_zh: str
    description_en: str
    geometry: Literal["Point", "Polygon", "MultiPolygon"] | None
    properties: tuple[Property, ...]
    id_property: str
    time_property: str | None
    sort_default: tuple[str, ...]
    private: bool

    def get(self, name: str) -> Property | None:
        """Return the property of this name, None where there is none."""
        return next((one for one in self.properties if one.name == name), None)

    def names(self) -> tuple[str, ...]:
        """Names of the properties, in order."""
        return tuple(one.name for one in self.properties)


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a layer; everything left out asks for all.

    Attributes
    ----------
    bbox
        Features whose geometry meets this box, edges included; ``min_lon > max_lon`` crosses the date line.
    ids
        Features of these ids, as text.
    time
        Closed interval of aware instants, either end None for open: an instant on an end is inside. A layer whose
        time is a date compares Beijing civil dates.
    filter
        What `service.layers.filters` parsed for this layer.
    day
        The day whose sets, zones, regimes, tables or season count; the source's ``today`` when None.
    sort
        Pairs of property name and descending; NULL comes last either way, ties are decided by the id.
    limit
        Features of a page, at most `MAX_LIMIT`.
    after
        `Page.next` of the page before: the same query goes on at the same revision.
    properties
        Only these columns; None is all. The id column always comes.
    geometry
        Whether geometries are read.
    """

    bbox: BBox | None = None
    ids: tuple[str, ...] = ()
    time: tuple[dt.datetime | None, dt.datetime | None] | None = None
    filter: Any | None = None
    day: dt.date | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    limit: int = 1000
    after: str | None = None
    properties: tuple[str, ...] | None = None
    geometry: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """Features that came back, column by column.

    Attributes
    ----------
    columns
        Property name to the values of all features of the page.
    geometry
        Shapely geometries, shape (n,), None where a feature has none; all None when geometry was not asked.
    matched
        How many features match in all, where that is known without counting; `FeatureSource.count` counts.
    next
        Cursor of the next page, None on the last.
    rev
        The revision the page was read at.
    """

    info: LayerInfo
    columns: dict[str, list[Any]]
    geometry: npt.NDArray[np.object_] = field(repr=False)
    matched: int | None
    next: str | None
    rev: int = 0

    def __len__(self) -> int:
        return len(self.geometry)

    def ids(self) -> list[str]:
        """Return the ids of the features, as text."""
        return [str(one) for one in self.columns[self.info.id_property]]
