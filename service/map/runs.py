"""Seasons already adjudicated: a card asks for one fire point, its ordinal takes all of them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from service.kept import Kept
from service.store.engine import Reader

if TYPE_CHECKING:
    from service.billing.charges import ChargeRun

STEP = dt.timedelta(minutes=10)
"""Deadlines are read to ten minutes: so long is an answer of one revision kept."""

_runs: Kept[ChargeRun] = Kept(3)


def kept_run(reader: Reader, season: str, *, rulebook: str | None = None, at: dt.datetime) -> ChargeRun:
    """Return `run_charges` of a season, worked out once per revision, rulebook and ten minutes.

    Whoever asks while it is being worked out waits for it. The answer is everybody's: hand a reader only what its scope
    covers.
    """
    from service.billing.charges import run_charges

    at = at - (at - dt.datetime.min.replace(tzinfo=dt.UTC)) % STEP
    key = (str(reader.connection.engine.url), reader.rev, season, rulebook, at)
    return _runs.get(key, lambda: run_charges(reader, season, rulebook=rulebook, at=at))
