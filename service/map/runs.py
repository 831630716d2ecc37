"""Seasons already adjudicated: a card asks for one fire point, its ordinal takes all of them."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from service.store.engine import Reader

if TYPE_CHECKING:
    from service.billing.charges import ChargeRun

KEPT = 3
STEP = dt.timedelta(minutes=10)
"""Deadlines are read to ten minutes: so long is an answer of one revision kept."""

_Key = tuple[str, int, str, str | None, dt.datetime]
_runs: OrderedDict[_Key, ChargeRun] = OrderedDict()
_known = threading.Lock()
_working: dict[_Key, threading.Lock] = {}


def kept_run(reader: Reader, season: str, *, rulebook: str | None = None, at: dt.datetime) -> ChargeRun:
    """Return `run_charges` of a season, worked out once per revision, rulebook and ten minutes.

    Whoever asks while it is being worked out waits for it. The answer is everybody's: hand a reader only what its scope
    covers.
    """
    from service.billing.charges import run_charges

    at = at - (at - dt.datetime.min.replace(tzinfo=dt.UTC)) % STEP
    key = (str(reader.connection.engine.url), reader.rev, season, rulebook, at)
    with _known:
        found = _runs.get(key)
        if found is not None:
            _runs.move_to_end(key)
            return found
        working = _working.setdefault(key, threading.Lock())
    with working:
        with _known:
            found = _runs.get(key)
        if found is None:
            try:
                found = run_charges(reader, season, rulebook=rulebook, at=at)
            finally:
                with _known:
                    _working.pop(key, None)
            with _known:
                _runs[key] = found
                while len(_runs) > KEPT:
                    _runs.popitem(last=False)
    return found
