"""The fire list as a value: rows, header and counts, and its one JSON shape (DESIGN section 6).

Every format and the map are rendered from a `FireList`, and a published issue is a `FireList` written down as
canonical JSON: reading it back gives an equal value, so every format of an issue can be made again byte for byte.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any

from gis.times import iso_beijing, to_beijing
from gis.types import DataStatus

NEW, CHANGED, WITHDRAWN = "new", "changed", "withdrawn"
COUNTED = "counted"

LISTED_SCREENS = frozenset({COUNTED, "zone_unknown"})
"""Screening results that are sent out. A fire whose zone is unknown is not billed, but somebody has to look."""

_GRAVITY = (DataStatus.OFFICIAL, DataStatus.REFERENCE, DataStatus.SAMPLE, DataStatus.SYNTHETIC)


@dataclass(frozen=True, slots=True)
class FireListRow:
    """One fire point of the list; the fields are the contract of DESIGN section 6, in its order.

    Attributes
    ----------
    change
        ``new``, ``changed`` or ``withdrawn`` against the issue compared with; None is unchanged, or not compared.
    duty
        Who answers on the ground, one text per person.
    boundary_case
        Per level, whether the footprint leaves doubt about the unit.
    status
        State of verification, such as ``unverified``.
    """

    fire_point_id: str
    change: str | None
    first_seen: dt.datetime
    last_seen: dt.datetime
    satellites: tuple[str, ...]
    pixels: int
    lon: float
    lat: float
    county_code: str | None
    county: str | None
    township_code: str | None
    township: str | None
    grid_code: str | None
    grid: str | None
    duty: tuple[str, ...]
    zone: str | None
    regime: str
    boundary_case: Mapping[str, bool]
    county_share: float | None
    cropland_share: float | None
    confidence: str
    frp_mw: float | None
    screen: str
    status: str

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON-representable data."""
        row = dict(zip(COLUMNS, _VALUES(self), strict=True))
        row["first_seen"], row["last_seen"] = iso_beijing(self.first_seen), iso_beijing(self.last_seen)
        row["satellites"], row["duty"] = list(self.satellites), list(self.duty)
        row["boundary_case"] = dict(sorted(self.boundary_case.items()))
        return row

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> FireListRow:
        """Return the row that `as_dict` wrote."""
        values = dict(row)
        for name in ("first_seen", "last_seen"):
            values[name] = to_beijing(dt.datetime.fromisoformat(values[name]))
        for name in ("satellites", "duty"):
            values[name] = tuple(values[name])
        return cls(**values)

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """The levels at which the unit is in doubt."""
        return tuple(level for level, doubt in sorted(self.boundary_case.items()) if doubt)

    @property
    def withdrawn(self) -> bool:
        """Whether the row only tells that an earlier issue no longer holds."""
        return self.change == WITHDRAWN


COLUMNS = tuple(one.name for one in fields(FireListRow))
"""Names of the row's fields, which are the columns of every table format."""

_VALUES = attrgetter(*COLUMNS)


@dataclass(frozen=True, slots=True)
class FeedOfDay:
    """One feed of the statistical day, arrived or missing.

    Attributes
    ----------
    state
        ``arrived`` or ``missing`` (expected, because it reported in the days before, but not here yet).
    files
        How many files report it for the interval.
    """

    satellite: str
    state: str
    first_seen: dt.datetime | None = None
    last_seen: dt.datetime | None = None
    files: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the feed as JSON-representable data."""
        return {
            "satellite": self.satellite,
            "state": self.state,
            "first_seen": self.first_seen and iso_beijing(self.first_seen),
            "last_seen": self.last_seen and iso_beijing(self.last_seen),
            "files": self.files,
        }

    @classmethod
    def from_dict(cls, feed: Mapping[str, Any]) -> FeedOfDay:
        """Return the feed that `as_dict` wrote."""
        return cls(
            feed["satellite"],
            feed["state"],
            _instant(feed["first_seen"]),
            _instant(feed["last_seen"]),
            feed["files"],
        )


@dataclass(frozen=True, slots=True)
class LayerUsed:
    """A layer version that placed the points of the list."""

    kind: str
    name: str
    version: str
    status: str

    def as_dict(self) -> dict[str, str]:
        """Return the layer as JSON-representable data."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class FireListHeader:
    """What stands over the rows: whose list, of which interval, known when, made from what.

    Attributes
    ----------
    interval
        Half-open interval of the statistical day.
    recorded_at
        When the last revision the list knows of was recorded; None before the first.
    last_ingest
        When the last feed file arrived; None when none did.
    recurring
        Per fire point on a recurring place: the nearest earlier fire point, its day and the distance in metres.
    changes
        Per changed fire point, the names of the fields that differ from the issue compared with.
    withdrawn
        Per withdrawn fire point, the cause and what it resolves to now.
    """

    unit_code: str
    unit: str
    interval: tuple[dt.datetime, dt.datetime]
    revision: int
    recorded_at: dt.datetime | None
    last_ingest: dt.datetime | None
    layers: tuple[LayerUsed, ...] = ()
    since: int | None = None
    since_sha256: str | None = None
    previous_sha256: str | None = None
    recurring: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    changes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    withdrawn: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the header as JSON-representable data."""
        return {
            "unit_code": self.unit_code,
            "unit": self.unit,
            "interval": [iso_beijing(moment) for moment in self.interval],
            "revision": self.revision,
            "recorded_at": self.recorded_at and iso_beijing(self.recorded_at),
            "last_ingest": self.last_ingest and iso_beijing(self.last_ingest),
            "layers": [layer.as_dict() for layer in self.layers],
            "since": self.since,
            "since_sha256": self.since_sha256,
            "previous_sha256": self.previous_sha256,
            "recurring": {key: dict(value) for key, value in self.recurring.items()},
            "changes": {key: list(value) for key, value in self.changes.items()},
            "withdrawn": {key: dict(value) for key, value in self.withdrawn.items()},
        }

    @classmethod
    def from_dict(cls, header: Mapping[str, Any]) -> FireListHeader:
        """Return the header that `as_dict` wrote."""
        values = dict(header)
        start, end = (to_beijing(dt.datetime.fromisoformat(text)) for text in values["interval"])
        values["interval"] = (start, end)
        for name in ("recorded_at", "last_ingest"):
            values[name] = _instant(values[name])
        values["layers"] = tuple(LayerUsed(**layer) for layer in values["layers"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class FireList:
    """The fire list of one statistical day and unit.

    Attributes
    ----------
    issue
        Number of the published issue (第N期), None for a working list.
    status
        The weakest data status among the layers and feeds used.
    rows
        Points to go to, in patrol order, then the withdrawn ones.
    left_out
        Points of the day that are not sent out, each with its reason in `screen`: kept, counted, shown apart.
    sha256
        Hash of the frozen document of a published issue; beside the document, never inside it.
    """

    fire_day: dt.date
    cut: str
    issue: int | None
    feeds: tuple[FeedOfDay, ...]
    status: str
    rows: tuple[FireListRow, ...]
    left_out: tuple[FireListRow, ...]
    header: FireListHeader
    sha256: str | None = None

    @property
    def listed(self) -> tuple[FireListRow, ...]:
        """The rows to go to: all but the withdrawn ones."""
        return tuple(row for row in self.rows if not row.withdrawn)

    @property
    def counts(self) -> dict[str, Any]:
        """Pixels beside fire points, always; ``fire_points = listed + sum(left_out)``."""
        listed = self.listed
        return {
            "pixels": sum(row.pixels for row in (*listed, *self.left_out)),
            "fire_points": len(listed) + len(self.left_out),
            "listed": len(listed),
            "listed_pixels": sum(row.pixels for row in listed),
            "left_out": dict(sorted(Counter(row.screen for row in self.left_out).items())),
        }

    @property
    def informal(self) -> bool:
        """Whether the list must say 非正式."""
        return DataStatus(self.status).informal

    def as_dict(self) -> dict[str, Any]:
        """Return the document: the contract's members, then the header and the points left out."""
        return {
            "fire_day": self.fire_day.isoformat(),
            "cut": self.cut,
            "issue": self.issue,
            "feeds": [feed.as_dict() for feed in self.feeds],
            "counts": self.counts,
            "status": self.status,
            "rows": [row.as_dict() for row in self.rows],
            "header": self.header.as_dict(),
            "left_out": [row.as_dict() for row in self.left_out],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, sha256: str | None = None) -> FireList:
        """Return the list that `as_dict` wrote."""
        return cls(
            fire_day=dt.date.fromisoformat(data["fire_day"]),
            cut=data["cut"],
            issue=data["issue"],
            feeds=tuple(FeedOfDay.from_dict(feed) for feed in data["feeds"]),
            status=data["status"],
            rows=tuple(FireListRow.from_dict(row) for row in data["rows"]),
            left_out=tuple(FireListRow.from_dict(row) for row in data["left_out"]),
            header=FireListHeader.from_dict(data["header"]),
            sha256=sha256,
        )

    def content_hash(self) -> str:
        """Return the hash of what the list says, apart from when it was made, its number and what it is compared with.

        Two lists with equal hashes send the same people to the same places: publishing the second is no new issue.
        """
        said = self.as_dict()
        for name in ("issue", "counts"):
            del said[name]
        header = said["header"]
        said["header"] = {name: header[name] for name in ("unit_code", "interval", "layers", "recurring")}
        said["rows"] = [replace(row, change=None).as_dict() for row in self.listed]
        text = json.dumps(said, sort_keys=True, ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def weakest(statuses: Sequence[str]) -> str:
    """Return the data status that marks a list made from data of these `statuses`; nothing used is official."""
    return max((DataStatus(one) for one in statuses), key=_GRAVITY.index, default=DataStatus.OFFICIAL).value


def _instant(text: str | None) -> dt.datetime | None:
    return None if text is None else to_beijing(dt.datetime.fromisoformat(text))
