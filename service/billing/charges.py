"""The charges of a season: facts of the store under the rulebooks that cover their days, and who may see what of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.accountability.findings import Adjudication, Charge, Held, LeftOut
from service.accountability.rulebook import Rulebook
from service.billing.facts import SeasonFacts
from service.scope import Scope
from service.store.engine import Reader


@dataclass(frozen=True, slots=True)
class ChargeRun:
    """What adjudication makes of a season; unscoped: hand a reader `charges_of` it, never the run itself.

    Attributes
    ----------
    at
        The instant at which deadlines were read.
    as_of_rev, recorded_at
        The revision that was read, and when it was recorded.
    findings
        One answer per rulebook, facts of other seasons included where an order runs on.
    charges, held, left_out
        Of the season alone; charges by payer, then fire point.
    status
        The weakest of the statuses of rulebooks and layers.
    """

    season: str
    at: dt.datetime
    as_of_rev: int
    recorded_at: dt.datetime
    books: tuple[Rulebook, ...]
    findings: tuple[Adjudication, ...]
    facts: SeasonFacts
    charges: tuple[Charge, ...]
    held: tuple[Held, ...]
    left_out: tuple[LeftOut, ...]
    status: str

    @property
    def by_payer(self) -> dict[str, Decimal]:
        """The sum of charges per payer code, yuan."""
        found: dict[str, Decimal] = {}
        for one in self.charges:
            found[one.payer] = found.get(one.payer, Decimal("0.00")) + one.amount
        return dict(sorted(found.items()))

    @property
    def total(self) -> Decimal:
        """The sum of all charges, yuan."""
        return sum((one.amount for one in self.charges), Decimal("0.00"))

    @property
    def informal(self) -> bool:
        """Whether whatever uses it must say 非正式."""
        return self.status != "official"


def run_charges(
    reader: Reader,
    season: str,
    *,
    rulebook: str | None = None,
    at: dt.datetime | None = None,
    amend: Callable[[SeasonFacts], SeasonFacts] | None = None,
) -> ChargeRun:
    """Return the charges of a season.

    Parameters
    ----------
    rulebook
        Id of a loaded rulebook, or of a shipped sample; without it all that are loaded.
    at
        The instant at which deadlines are read; now when None.
    amend
        Changes the facts before they are adjudicated: what-if.
    """
    raise NotImplementedError


def charges_of(run: ChargeRun, scope: Scope, reader: Reader) -> dict[str, Any]:
    """Return what one reader may see of a run."""
    raise NotImplementedError
