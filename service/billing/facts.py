"""The facts of a season as adjudication is told them: one per fire, whatever the number of sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.accountability.facts import Fact, SeasonUnit
from service.accountability.rulebook import Rulebook
from service.billing.matching import Link, Unclear
from service.billing.payers import Payer
from service.store.engine import Reader


@dataclass(frozen=True, slots=True)
class SeasonFacts:
    """Everything that the charges of a season rest on.

    Attributes
    ----------
    facts
        Each fire once, by id; those of other seasons too where an order runs on across seasons.
    season_ids
        Ids of the facts of the season itself.
    units
        The units of the season with their loaded indicators.
    screened
        Reason code to ids: fire points of the season that are no facts.
    links, unclear
        What cross-source matching found; an unclear report is held, never charged beside the fire it may tell of.
    payers
        By the code they pay as.
    states
        Live id to its `FirePointState` row, of every fire point of the season.
    standings, publications
        What verification says, by live id.
    rulings
        Live id to the rulings in force on it, the newest of each kind.
    statuses
        Statuses of the layers used.
    """

    season: str
    facts: tuple[Fact, ...]
    season_ids: frozenset[str]
    units: tuple[SeasonUnit, ...] = ()
    screened: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    payers: Mapping[str, Payer] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=dict)
    standings: Mapping[str, Any] = field(default_factory=dict)
    publications: Mapping[str, dt.datetime] = field(default_factory=dict)
    rulings: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    statuses: frozenset[str] = frozenset()


def season_facts(reader: Reader, books: Sequence[Rulebook], season: str, at: dt.datetime) -> SeasonFacts:
    """Return the facts of a season under the rulebooks, with deadlines read at `at`."""
    raise NotImplementedError
