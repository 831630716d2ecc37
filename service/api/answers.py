"""Shapes of what the web map is answered, as the description of the interface declares them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Data = TypeVar("Data")
Box = Annotated[list[float], Field(min_length=4, max_length=4)]
"""min_lon, min_lat, max_lon, max_lat, degrees."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Answer(_Closed, Generic[Data]):
    """The envelope of every JSON answer."""

    schema_: Annotated[str, Field(alias="schema")]
    as_of: int | str | None
    revision: int
    data: Data
    warnings: list[Any]


class Words(_Closed):
    """A code of a closed list, in both languages."""

    code: str
    zh: str
    en: str


class PlaceOfUnit(_Closed):
    """A unit of the register with the box a map opens on."""

    code: str | None
    name: str
    level: str
    bbox: Box | None


class LayerStatus(_Closed):
    """A set of data in force today; anything but official marks what was made with it 非正式."""

    layer: str
    name: str
    version: int | None
    status: str
    zh: str
    en: str


class Session(_Closed):
    """Who is looking, and what every map must say."""

    name: str
    role: str
    unit: Annotated[PlaceOfUnit | None, Field(description="null sees everything")]
    area: Annotated[PlaceOfUnit | None, Field(description="where a map opens: the unit, or the service area")]
    permissions: list[str]
    today: Annotated[dt.date, Field(description="civil date in Beijing")]
    fire_day: Annotated[dt.date, Field(description="the current fire day")]
    cut: str
    first_day: Annotated[dt.date | None, Field(description="first fire day with a fire point in scope")]
    last_day: dt.date | None
    map_approval: Annotated[str | None, Field(description="审图号; null says that none is set")]
    attribution: str
    attribution_en: str
    statuses: Annotated[list[Words], Field(description="states of verification, in the order of a legend")]
    words: Annotated[dict[str, list[Words]], Field(description="the other closed lists")]
    status: str
    informal: bool
    layers: list[LayerStatus]
    tianditu: Annotated[bool, Field(description="whether /base/tianditu answers")]
    disclaimer_zh: str
    disclaimer_en: str
    languages: list[Literal["zh", "en"]]


class Counts(_Closed):
    """Fire points beside their pixels; fire_points = listed + left_out, listed = the sum of the five statuses."""

    pixels: int
    fire_points: int
    listed: Annotated[int, Field(description="sent out: counted, or in a zone nobody knows")]
    listed_pixels: Annotated[
        int, Field(description="pixels of the listed fire points; `pixels` are those of all")
    ]
    left_out: int
    counted: int
    unverified: int
    confirmed: int
    denied: int
    denial_unreviewed: int
    unreachable: int


class CalendarDay(Counts):
    """One fire day that has a fire point, or a satellite that reported."""

    day: dt.date
    satellites: Annotated[int, Field(description="how many reported; 0 says that nobody looked")]


class SeasonSpan(_Closed):
    """A season by its label, first and last day included."""

    season: str
    start: dt.date
    end: dt.date


class Calendar(_Closed):
    """The counts of a period by day."""

    from_: Annotated[dt.date, Field(alias="from")]
    to: dt.date
    unit: str | None
    days: list[CalendarDay]
    totals: Counts
    seasons: list[SeasonSpan]


class UnitOfPoint(_Closed):
    """One link of the chain from province to grid cell."""

    level: str
    code: str
    name: str | None
    level_zh: str
    level_en: str


class NamedPlace(_Closed):
    """A code with its name."""

    code: str
    name: str | None


class ZoneOfPoint(NamedPlace):
    """The zone that speaks for the place."""

    kind: Annotated[
        str | None, Field(description="ban, restricted, belt_1km, forest_edge, other; null: not told")
    ]


class ShareOfUnit(_Closed):
    """How much of the pixel a county has; one that is not the reader's has no name."""

    code: str | None
    name: str | None
    share: float


class Shares(_Closed):
    """Where the pixel lies beside the border and on which ground."""

    county_share: float | None
    border_distance_m: float | None
    cropland_share: float | None
    counties: list[ShareOfUnit]


class RegimeInWords(_Closed):
    """What the zone means on that day."""

    code: str
    title_zh: str
    title_en: str
    zh: str
    en: str


class Marks(_Closed):
    """Whether what is shown is official, and if not, on what it rests."""

    informal: bool
    zh: str
    en: str
    statuses: list[Words]


class Boundary(_Closed):
    """Levels at which the footprint leaves doubt about the unit."""

    doubtful: bool
    levels: list[Words]


class ScreeningReason(_Closed):
    """A reason with its evidence in words; a flag removes nothing."""

    code: str | None
    flag: bool
    zh: str
    en: str


class Screening(Words):
    """What screening says, and why."""

    reasons: list[ScreeningReason]


class FindingRecord(_Closed):
    """What somebody found."""

    finding: str
    level: str
    found_at: str
    recorded_at: str
    person: str
    note: str | None
    area_mu: str | None
    source_kind: str | None
    evidence: bool
    decides: bool


class VerificationOfPoint(Words):
    """How the point stands, and at which levels the reader may record."""

    contradicted: bool
    area_mu: str | None
    published_at: str | None
    due: Annotated[str | None, Field(description="until when nobody's silence is overdue")]
    levels: Annotated[list[str], Field(description="where the reader may record; empty: not at all")]
    records: list[FindingRecord]


class RulingOfPoint(_Closed):
    """A person's decision."""

    kind: str
    value: str
    reason: str
    actor: str
    at: str
    in_force: bool


class PendingOfPoint(_Closed):
    """What waits for a person."""

    what: str
    zh: str
    en: str


class BookOfMoney(_Closed):
    """The rulebook money is told under."""

    id: str
    title: str
    status: str
    informal: bool


class HeldMoney(_Closed):
    """Why a charge waits; amounts are text in yuan."""

    reason: str
    zh: str
    en: str
    at_stake: str | None


class MoneyOfPoint(_Closed):
    """What one rulebook says of the fire point; amounts are text in yuan."""

    rulebook: BookOfMoney | None
    season: str | None
    state: str
    zh: str
    en: str
    clause: str | None
    amount: str | None
    ordinal: int | None
    payer: str | None
    payer_name: str | None
    held: list[HeldMoney]


class DutyOfPoint(_Closed):
    """Who answers on the ground."""

    role: str
    role_zh: str
    role_en: str
    title: str | None
    person: str
    phone: str | None


class ListOfPoint(_Closed):
    """A published list that names the fire point."""

    unit: str
    unit_name: str
    number: int
    fire_day: dt.date
    published_at: str
    listed: bool
    change: str | None


class LayerOfPoint(_Closed):
    """A layer the assessment used."""

    layer: str
    name: str | None
    version: str | None
    statuses: list[Words]
    informal: bool


class Position(_Closed):
    """Degrees."""

    lon: float
    lat: float


class MapLink(_Closed):
    """How one map finds the way; it opens when a person taps it."""

    map: Literal["geo", "amap", "tencent", "baidu"]
    platform: Literal["app", "android", "ios", "web"]
    zh: str
    en: str
    datum: Literal["wgs84", "gcj02"]
    uri: str


class Navigate(_Closed):
    """The position in the two datums that maps take."""

    wgs84: Position
    gcj02: Position
    geo: str
    links: list[MapLink]


class CardWords(_Closed):
    """The sentences of the explanation, section by section."""

    short: list[str]
    place: list[str]
    screening: list[str]
    rulings: list[str]
    verification: list[str]
    money: list[str]
    doubts: list[str]


class CardLanguages(_Closed):
    """The same in both languages."""

    zh: CardWords
    en: CardWords


class Card(_Closed):
    """A fire point as the map shows it."""

    asked: str
    fire_point_id: str
    resolves_to: str | None
    withdrawn: bool
    recorded_at: str | None
    fire_day: dt.date
    first_seen: str
    last_seen: str
    lon: float
    lat: float
    pixels: int
    satellites: list[str]
    sources: list[str]
    frp_mw: float | None
    confidence: str
    marks: Marks
    units: list[UnitOfPoint]
    shares: Shares
    zone: ZoneOfPoint | None
    regime: RegimeInWords
    boundary: Boundary
    screening: Screening
    verification: VerificationOfPoint
    rulings: list[RulingOfPoint]
    pending: list[PendingOfPoint]
    money: Annotated[list[MoneyOfPoint] | None, Field(description="null: the role may not see money")]
    duties: list[DutyOfPoint]
    lists: list[ListOfPoint]
    layers: list[LayerOfPoint]
    navigate: Navigate
    words: CardLanguages


class UnitFound(_Closed):
    """A unit whose name or code fits."""

    code: str | None
    name: str
    level: str
    parent: str | None
    parent_code: str | None
    bbox: Box | None


class PointFound(_Closed):
    """A fire point whose number fits; `asked` is the number that was merged into it."""

    fire_point_id: str
    asked: str
    fire_day: dt.date
    first_seen: str
    lon: float
    lat: float
    county: str | None
    township: str | None
    screen: str
    status: str


class Found(_Closed):
    """What a text may mean, the best first."""

    q: str
    units: list[UnitFound]
    fire_points: list[PointFound]
    more: bool
