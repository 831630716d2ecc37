"""What adjudication is told: fire points as they stand, and the units of a season."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, get_args

from service.accountability.words import LEVELS, Level, Regime, Zone, plain

FactState = Literal["listed", "overdue", "confirmed", "publicised", "denied"]

_STATES = frozenset(get_args(FactState))
_ZONES = frozenset((*get_args(Zone), "unknown"))
_REGIMES = frozenset((*get_args(Regime), "unknown"))
_DOUBTS = frozenset((*LEVELS, "zone"))
_USUAL: dict[str, int] = {level: place for place, level in enumerate(LEVELS)}
"""Where the unit of a level stands when all are known, from the province down: tried before searching."""
_FIXED = dt.timezone
"""An offset that is always known: a datetime of it need not be asked."""


@dataclass(frozen=True, slots=True)
class UnitAt:
    """The unit of one level that a fire point lies in, and the code it pays as (a district pays as its city)."""

    level: Level
    code: str
    payer: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fire point as it stands, with nothing left to look up.

    Parameters
    ----------
    overpass, confirmed_at, published_at
        Aware instants; the two later ones only where that state was reached.
    zone, regime
        As the regime of the instant and place says; ``unknown`` where no layer says it.
    doubts
        Levels at which the payer is not certain, and ``zone``; a ruling has emptied it.
    candidates
        Other units that it may lie in, while a level is in doubt: none of them earns a reward for no fire.
    tie_rank
        The place among candidates of the same minute that a ruling gave.
    denial_reviewed_by
        Level of whoever reviewed the payer's own denial; None while nobody has.
    special_payer
        Code of the farm or bureau whose ground it is.
    exemptions
        Reason codes that a person found.
    layers
        (layer, version) of every layer the facts come from.
    """

    fire_point_id: str
    overpass: dt.datetime
    satellite: str
    units: tuple[UnitAt, ...]
    state: FactState
    sources: tuple[str, ...]
    finding: str | None = None
    zone: str = "unknown"
    regime: str = "unknown"
    areas: tuple[str, ...] = ()
    within_plan: bool = False
    pixels: int = 1
    confirmed_at: dt.datetime | None = None
    published_at: dt.datetime | None = None
    area_mu: Decimal | None = None
    special_payer: str | None = None
    exemptions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    candidates: tuple[UnitAt, ...] = ()
    tie_rank: int | None = None
    denial_reviewed_by: Level | None = None
    layers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        # A nation's season makes a million of these: what is right is seen cheaply, only what is not is told.
        for instant in (self.overpass, self.confirmed_at, self.published_at):
            if instant is not None and type(instant.tzinfo) is not _FIXED and instant.utcoffset() is None:
                raise ValueError(f"naive datetime refused: {instant!r}")
        if self.doubts or self.state not in _STATES or self.zone not in _ZONES or self.regime not in _REGIMES:
            _require_known(self)
        if self.pixels < 1:
            raise ValueError("a fire point has a pixel at least")
        if len({unit.level for unit in self.units}) != len(self.units):
            raise ValueError(f"{self.fire_point_id} has two units of one level")

    def unit(self, level: str) -> UnitAt | None:
        """Return the unit of `level`, if one is known."""
        units = self.units
        usual = _USUAL.get(level, 0)
        if usual < len(units) and units[usual].level == level:
            return units[usual]
        for one in units:
            if one.level == level:
                return one
        return None


def _require_known(fact: Fact) -> None:
    """Refuse a word that is none: a misspelt doubt would let money pass that a person has to hold."""
    for name, words, allowed in (
        ("state", (fact.state,), _STATES),
        ("zone", (fact.zone,), _ZONES),
        ("regime", (fact.regime,), _REGIMES),
        ("doubts", fact.doubts, _DOUBTS),
    ):
        if not allowed.issuperset(words):
            raise ValueError(f"{fact.fire_point_id}: {name} {words!r} is not among {sorted(allowed)}")


@dataclass(frozen=True, slots=True)
class SeasonUnit:
    """A unit in a season, for what is not about one fire point: rewards, densities, shares, bases, deposits.

    Parameters
    ----------
    season
        Label as the rulebook gives it: ``2019-2020``, or ``2017``.
    code
        The code it pays as.
    parent
        Code of the unit above, for shares of children.
    indicators
        Loaded figures by name; one that is absent is unknown, never derived.
    observed
        Whether the passes of the season were enough to say that there was no fire.
    """

    season: str
    level: Level
    code: str
    kind: str = ""
    parent: str | None = None
    indicators: Mapping[str, Decimal] = field(default_factory=dict)
    observed: bool = False


def told(fact: Fact) -> dict[str, Any]:
    """Return what a charge rests on, as plain data in a fixed order: a trace shows it."""
    found: dict[str, Any] = {
        "overpass": fact.overpass.astimezone(dt.UTC).isoformat(),
        "satellite": fact.satellite,
        "state": fact.state,
        "finding": fact.finding,
        "zone": fact.zone,
        "regime": fact.regime,
        "areas": sorted(fact.areas),
        "within_plan": fact.within_plan,
        "pixels": fact.pixels,
        "sources": sorted(fact.sources),
        "area_mu": None if fact.area_mu is None else plain(fact.area_mu),
        "units": sorted([one.level, one.code, one.payer] for one in fact.units),
        "special_payer": fact.special_payer,
        "tie_rank": fact.tie_rank,
    }
    for name, instant in (("confirmed_at", fact.confirmed_at), ("published_at", fact.published_at)):
        found[name] = None if instant is None else instant.astimezone(dt.UTC).isoformat()
    return found


def narrower(one: str, two: str) -> bool:
    """Whether level `one` is below level `two`."""
    order: tuple[str, ...] = LEVELS
    return order.index(one) > order.index(two)
