"""What is no straw fire, and why: reason codes with their evidence, decided by versioned thresholds.

Every rule that applies leaves a reason; the first in the stated order decides, the others stay beside it. A rule
whose evidence is weak (a raster coarser than the pixel, a leaning heat source, glint in daylight) leaves a *flag*, a
reason that decides nothing and tells a person where to look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gis.types import Confidence, Screen

ORDER = (
    Screen.OUTSIDE,
    Screen.DUPLICATE,
    Screen.FIXED_HEAT_SOURCE,
    Screen.PLANNED_BURN,
    Screen.RESTRICTED_WITHIN_PLAN,
    Screen.NOT_CROPLAND,
    Screen.LOW_CONFIDENCE,
    Screen.OTHER,
)
"""Which reason decides when several apply: where it is, then whether it is a fire of its own, then what burns."""

STATIC_TYPES = {1: "volcano", 2: "static_land_source", 3: "offshore"}
"""FIRMS `type` of the standard products; 0 is a presumed vegetation fire."""


@dataclass(frozen=True, slots=True)
class ScreenParams:
    """A versioned record of thresholds.

    Attributes
    ----------
    cropland_least
        A footprint with less cropland than this part is `not_cropland`.
    vegetation_most
        From this part of vegetation on, what is not cropland is handed over to forestry.
    heat_kinds
        Kinds of learned cells (`gis.recurrence.CLASSES`) that decide; the others flag.
    low_confidence
        What of the fire points none of whose pixels is better than low confidence is left out: ``all``, ``glint`` (the
        lone pixel by day, which may be sun glint) or ``none``; the others are flagged.
    glint_hours
        Beijing hours, from and before, in which such a pixel may be sun glint.
    pass_minutes, company_m
        A pixel is lone where no other detection of its fire day lies within so many minutes and metres: glint is one
        pixel of its pass, a burning field seldom is.
    retrospective
        What evidence does that was recorded after the overpass: ``flag`` (it goes to a person) or ``decide``, for a
        look back at seasons from before the service knew anything.
    """

    version: str = "1"
    cropland_least: float = 0.1
    vegetation_most: float = 0.5
    heat_kinds: tuple[str, ...] = ("fixed", "likely")
    low_confidence: str = "glint"
    glint_hours: tuple[int, int] = (10, 15)
    pass_minutes: int = 10
    company_m: float = 2000.0
    retrospective: str = "flag"

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return asdict(self)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> ScreenParams:
        """Return the record of stored plain data."""
        known = {name: record[name] for name in cls.__slots__ if name in record}
        for name in ("heat_kinds", "glint_hours"):
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one fire point; None is unknown and screens nothing.

    Attributes
    ----------
    cropland, vegetation
        Parts of the known ground of the footprint.
    ground_known
        Part of the footprint the raster knows.
    coarse
        The raster is coarser than the footprint: it only flags.
    raster
        Name and version of the raster.
    listed
        The listed heat source in whose radius the point lies: code, name, kind, distance.
    learned
        The learned cell that holds it: kind, hot days, night share, table.
    fire_types
        FIRMS `type` of its pixels, where a product gives one.
    confidence
        The best class among its pixels.
    daylight
        Whether every pixel was seen by day.
    hour
        Beijing hour of the representative.
    alone
        Whether it is one pixel, and no other was seen near it in the same pass.
    pixels
        How many pixels it has.
    """

    cropland: float | None = None
    vegetation: float | None = None
    ground_known: float = 0.0
    coarse: bool = False
    raster: str | None = None
    listed: Mapping[str, Any] | None = None
    learned: Mapping[str, Any] | None = None
    fire_types: frozenset[int] = frozenset()
    confidence: str = Confidence.UNKNOWN
    daylight: bool = False
    hour: int = 0
    alone: bool = True
    pixels: int = 1


@dataclass(frozen=True, slots=True)
class Screened:
    """The decision and every reason, flags included, in the order of `ORDER`."""

    screen: Screen
    reasons: tuple[dict[str, Any], ...] = ()
    forestry: bool = False


@dataclass(slots=True)
class _Found:
    reasons: list[dict[str, Any]] = field(default_factory=list)

    def add(self, code: Screen, *, flag: bool, **evidence: Any) -> None:
        self.reasons.append({"code": str(code), "flag": flag, **evidence})


LEAST_KNOWN = 0.5
"""Below this part of known ground a share is no evidence: it only flags (`gis.landcover`)."""


def screen(params: ScreenParams, evidence: Evidence) -> Screened:
    """Return what the thresholds make of the evidence on one fire point."""
    found = _Found()
    _heat(params, evidence, found)
    forestry = _ground(params, evidence, found)
    _confidence(params, evidence, found)
    return Screened(decide(Screen.COUNTED, found.reasons), tuple(found.reasons), forestry)


def decide(before: str, reasons: Iterable[Mapping[str, Any]]) -> Screen:
    """Return the code that decides: the first of `ORDER` among `before` and the reasons that are no flags."""
    codes = {
        reason["code"] for reason in reasons if not reason.get("flag", reason.get("recorded_later", False))
    }
    codes.add(before)
    return next((code for code in ORDER if code in codes), Screen(before))


def _heat(params: ScreenParams, evidence: Evidence, found: _Found) -> None:
    if evidence.listed is not None:
        found.add(Screen.FIXED_HEAT_SOURCE, flag=False, by="list", **evidence.listed)
    if evidence.learned is not None:
        decides = evidence.learned["kind"] in params.heat_kinds
        found.add(Screen.FIXED_HEAT_SOURCE, flag=not decides, by="recurrence", **evidence.learned)
    named = sorted(evidence.fire_types & STATIC_TYPES.keys())
    if named:
        # A fire point with a vegetation pixel beside a static one is not decided by the product alone.
        found.add(
            Screen.FIXED_HEAT_SOURCE,
            flag=0 in evidence.fire_types,
            by="product_type",
            types=[STATIC_TYPES[one] for one in named],
        )


def _ground(params: ScreenParams, evidence: Evidence, found: _Found) -> bool:
    """Say whether the ground is no cropland; return whether forestry is to know of it."""
    if evidence.cropland is None or evidence.cropland >= params.cropland_least:
        return False
    weak = evidence.coarse or evidence.ground_known < LEAST_KNOWN
    forestry = evidence.vegetation is not None and evidence.vegetation >= params.vegetation_most
    found.add(
        Screen.NOT_CROPLAND,
        flag=weak,
        cropland=round(evidence.cropland, 4),
        vegetation=None if evidence.vegetation is None else round(evidence.vegetation, 4),
        known=round(evidence.ground_known, 4),
        coarse=evidence.coarse,
        raster=evidence.raster,
        forestry=forestry,
    )
    return forestry


def _confidence(params: ScreenParams, evidence: Evidence, found: _Found) -> None:
    if evidence.confidence != Confidence.LOW:
        return
    first, before = params.glint_hours
    glint = evidence.daylight and evidence.alone and first <= evidence.hour < before
    decides = params.low_confidence == "all" or (params.low_confidence == "glint" and glint)
    found.add(Screen.LOW_CONFIDENCE, flag=not decides, glint=glint, pixels=evidence.pixels)


def by_reason(codes: Iterable[str]) -> dict[str, int]:
    """Return how often each code stands among `codes`, in the order of `ORDER`."""
    order = {str(code): place for place, code in enumerate(ORDER)}
    counts = Counter(str(code) for code in codes)
    return dict(sorted(counts.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))
