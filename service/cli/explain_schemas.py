"""The shape of what `explain`, `whatif` and `cluster --sensitivity` answer; see `service.cli.schemas`."""

from __future__ import annotations

from typing import Any, Literal

from service.cli.shapes import Closed, Open


class Known(Closed):
    """What the story was read at; `deadlines_at` where an instant was named."""

    revision: int
    recorded_at: str | None
    deadlines_at: str | None


class Row(Closed):
    """One row of a feed that reported a pixel."""

    file: str
    sha256: str
    member: int
    line: int
    feed: str
    product: str | None
    rank: int
    instrument: str | None
    confidence: str
    confidence_raw: str | None
    frp_mw: float | None
    scan_km: float | None
    track_km: float | None
    daynight: str | None
    fire_type: int | None
    recorded_at: str
    revision: int
    decides: bool
    seen_again: list[dict[str, Any]]


class OldPixel(Closed):
    """A pixel that a better product replaced."""

    satellite: str
    seen_at: str
    lon: float
    lat: float
    source_kind: str
    observations: list[Row]
    was_founder: bool


class Pixel(Closed):
    """A pixel of the fire point, in order of time."""

    satellite: str
    seen_at: str
    lon: float
    lat: float
    source_kind: str
    observations: list[Row]
    representative: bool
    founder: bool
    metres_from_first: float
    superseded: list[OldPixel]


class Place(Open):
    """Where it is and whose ground that is, with the layers that say so."""

    city: dict[str, str | None] | None
    county: dict[str, str | None] | None
    township: dict[str, str | None] | None
    grid: dict[str, str | None] | None
    zone: dict[str, str | None] | None
    regime: dict[str, str]
    boundary_case: dict[str, bool]
    neighbours: dict[str, list[str]]
    county_share: float | None
    border_distance_m: float | None
    cropland_share: float | None
    layers: list[dict[str, Any]]
    context: dict[str, Any] | None


class Verdict(Open):
    """What one rulebook says."""

    rulebook: dict[str, Any] | None
    season: str | None
    state: Literal[
        "charged", "charged_in_part", "held", "left_out", "screened", "linked", "not_told", "no_rulebook",
        "other_season", "refused",
    ]  # fmt: skip
    zh: str
    en: str


class Doubt(Closed):
    """One thing that is uncertain."""

    code: str
    zh: str
    en: str


class Untold(Closed):
    """What stands for money, statements and objections where the reader's role sees none of them."""

    zh: str
    en: str
    verification_due: str | None


class Explain(Open):
    """Answer of `explain`; with ``--bundle`` also the members of the file."""

    asked: str
    fire_point_id: str
    resolves_to: str | None
    withdrawn: bool
    ids: list[str]
    known: Known
    point: dict[str, Any]
    pixels: list[Pixel]
    clustering: dict[str, Any]
    history: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    place: Place
    screening: dict[str, Any]
    rulings: list[dict[str, Any]]
    verification: dict[str, Any]
    money: list[Verdict]
    statements: list[dict[str, Any]]
    objections: list[dict[str, Any]]
    lists: list[dict[str, Any]]
    pending: list[dict[str, str]]
    uncertain: list[Doubt]
    untold: Untold | None = None


class Amounts(Closed):
    """Yuan as text."""

    before: str
    after: str
    delta: str


class Counts(Closed):
    """How many before and after."""

    before: int
    after: int


class ChangedPayer(Amounts):
    """A payer whose sum would change; not `whole` where the reader sees some of its lines only."""

    code: str
    name: str
    whole: bool


class ChangedPoint(Amounts):
    """A fire point that would stand otherwise."""

    fire_point_id: str
    payer_before: str | None
    payer_after: str | None
    ordinal_before: int | None
    ordinal_after: int | None
    zh: str
    en: str


class WhatIf(Closed):
    """Answer of `whatif`."""

    season: str
    change: dict[str, Any]
    rulebooks: dict[str, list[str]]
    status: dict[str, str]
    informal: bool
    as_of: dict[str, Any]
    at: str
    fire_points: Counts
    pixels: Counts
    billed: Counts
    total: Amounts
    payers: list[ChangedPayer]
    points: list[ChangedPoint]


class Tried(Closed):
    """One set of clustering parameters; no money where no rulebook is loaded or named."""

    clustering: str
    params: dict[str, Any]
    pixels: int
    fire_points: int
    counted: int
    charged: int | None
    amount: str | None
    amount_if_confirmed: str | None


class Sensitivity(Closed):
    """Answer of `cluster --sensitivity`; the record in force comes first."""

    season: str
    rulebooks: list[str]
    informal: bool
    rows: list[Tried]


ANSWERS: dict[str, Any] = {
    "explain": Explain,
    "whatif": WhatIf,
    "cluster.sensitivity": Sensitivity,
}
