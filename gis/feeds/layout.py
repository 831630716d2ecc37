"""Which feed this is, from its header alone: the columns it has say it, the file's name never does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gis.errors import RefusedInputError
from gis.feeds.model import printable
from gis.types import SourceKind

NUMBER_RANGES: Mapping[str, tuple[float, float]] = {
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 180.0),
    "frp": (0.0, 1e6),
    "scan": (0.0, 100.0),
    "track": (0.0, 100.0),
    "bright_1": (0.0, 3000.0),
    "bright_2": (0.0, 3000.0),
}
"""Fields that are numbers and what is possible. Folded VIIRS pixels go down to 208 K: low is no error."""

WORDS = ("acq_date", "acq_time", "satellite", "instrument", "confidence", "version", "daynight", "type")
JUDGED = frozenset({"acq_date", "acq_time", "satellite", "confidence", "daynight", "type"})
"""Words that can make a row invalid. Coding a column costs three times its parsing, so no other is coded early."""
REQUIRED = ("latitude", "longitude", "acq_date", "acq_time", "satellite")

_NAMES: Mapping[str, str] = {
    "lat": "latitude", "lon": "longitude", "long": "longitude", "lng": "longitude", "sensor": "instrument",
    "brightness": "bright_1", "bright_ti4": "bright_1", "bright_t31": "bright_2", "bright_ti5": "bright_2",
}  # fmt: skip
_FIELDS = frozenset(NUMBER_RANGES) | frozenset(WORDS)
_EMPTY_WORDS = frozenset(
    {"", "source", "index", "unnamed: 0", "x.1", "rownames", "fid", "ogc_fid", "objectid"}
)
"""Columns without a fact of the fire: row numbers of R, pandas and GIS tools, and the file a row was copied from."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns of one file become fields.

    `columns` gives for each field its position in the record, `extras` the name and position of columns kept as they
    are. A mapped file has `canonical`, which turns the fields of a record into the values of `names` itself.
    """

    feed: str
    header: tuple[str, ...]
    columns: Mapping[str, int]
    extras: tuple[tuple[str, int], ...] = ()
    separator: str = ","
    source_kind: SourceKind = SourceKind.SATELLITE
    minutes_east: int = 0
    datum: str = "cgcs2000"
    rank: int | None = None
    canonical: Callable[[list[str]], list[str]] | None = None
    has_header: bool = True
    names: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", (*self.columns, *(f"+{name}" for name, _ in self.extras)))

    @property
    def width(self) -> int:
        """Number of columns of a record."""
        return len(self.header)

    def column_name(self, name: str) -> str:
        """Return the header's own name of a field, for messages."""
        at = self.columns.get(name, -1)
        return self.header[at] if 0 <= at < len(self.header) and self.header[at] else name


def normalise(name: str) -> str:
    """Return a column name without case, quotes and surrounding space."""
    return name.strip().strip('"').strip().lower()


def recognise(
    header: Sequence[str], *, feed: str | None = None, separator: str = ",", geojson: bool = False
) -> Layout:
    """Return the layout of a FIRMS-like header, columns in any order and any case.

    Parameters
    ----------
    header
        The names as written.
    feed
        What the caller says it is; a header that is something else is refused.
    separator
        What stood between the names.
    geojson
        Whether the names are properties of GeoJSON features.

    Raises
    ------
    RefusedInputError
        ``unknown_feed``, ``duplicate_column``, ``feed_mismatch``.
    """
    names = [normalise(name) for name in header]
    columns: dict[str, int] = {}
    extras: list[tuple[str, int]] = []
    for at, name in enumerate(names):
        known = _NAMES.get(name, name)
        if known in _FIELDS and not (known == "instrument" and known in columns):
            if known in columns:
                raise _duplicate(header[columns[known]], header[at])
            columns[known] = at
        elif name not in _EMPTY_WORDS and name not in {extra for extra, _ in extras}:
            extras.append((name, at))
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise unknown_feed(header, missing)
    found = _variant(frozenset(names), geojson)
    if feed is not None and feed not in (found, found.partition("_")[0]):
        raise _mismatch(feed, found)
    return Layout(found, tuple(header), columns, tuple(extras), separator)


def _variant(names: frozenset[str], geojson: bool) -> str:
    if "brightness" in names:
        family = "modis"
    elif "bright_ti4" in names:
        family = "viirs"
    elif {"path", "row"} <= names:
        family = "landsat"
    else:
        family = "reduced"
    if family in ("modis", "viirs"):
        forms = (("country_id", "country"), ("type", "archive"), ("instrument", "download"))
        family += "_" + next((form for column, form in forms if column in names), "regional")
    return family + ("_geojson" if geojson else "")


def unknown_feed(header: Sequence[str], missing: Sequence[str]) -> RefusedInputError:
    """Return the refusal of a header that is no feed known here."""
    shown = printable(",".join(header), 200)
    lack = ", ".join(missing)
    return RefusedInputError(
        "unknown_feed",
        f"表头无法识别为火点数据，缺少列：{lack}。首行为“{shown}”。其他表格请用 --map columns.yaml 说明各列含义。",
        f"The header is no known fire feed; missing columns: {lack}. First line: '{shown}'. "
        "For another table say what its columns mean with --map columns.yaml.",
        header=shown,
        missing=list(missing),
    )


def _duplicate(first: str, second: str) -> RefusedInputError:
    one, two = printable(first, 80), printable(second, 80)
    return RefusedInputError(
        "duplicate_column",
        f"表头有两列含义相同：“{one}”和“{two}”。请删去一列，或用 --map columns.yaml 指明。",
        f"Two columns mean the same: '{one}' and '{two}'. Remove one, or name the right one with --map.",
        columns=[one, two],
    )


def _mismatch(feed: str, found: str) -> RefusedInputError:
    return RefusedInputError(
        "feed_mismatch",
        f"指定的数据类型是 {feed}，表头却是 {found}。请改用 --feed {found} 或 --feed auto。",
        f"The file was declared as {feed}, but its header is {found}. Use --feed {found} or --feed auto.",
        feed=feed,
        found=found,
    )
