"""Denials: whose they are, whether somebody else reviewed them, and the one word a list shows.

A payer's own denial counts only with evidence and a review by somebody else (DESIGN section 3, "Verification"). Who
pays is the register's dated payer, so the word on a list needs no rulebook; which level has to review, and from when
silence is overdue, is the rulebook's, and adjudication asks it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from grids.register import Register
from grids.units import Purpose
from service.store.engine import Reader
from service.verification.closed import DENIALS, LEVELS, UNREACHABLE
from service.verification.standing import Record, Standing, standings

Own = Callable[[Record], bool]
"""Whether a record is the payer's own finding."""

UNVERIFIED, CONFIRMED, DENIED, UNREVIEWED = "unverified", "confirmed", "denied", "denial_unreviewed"


def own_finding(register: Register, payer_uid: str | None, day: dt.date) -> Own:
    """Return whether a record comes from the payer: of local level, or by an identity of the payer or under it.

    Parameters
    ----------
    payer_uid
        Unit of the payer on `day`; None where no unit pays, and then only the level tells.
    """

    def own(record: Record) -> bool:
        if record.level == LEVELS[0]:
            return True
        unit = record.unit_uid
        if unit is None or payer_uid is None:
            return False
        return unit == payer_uid or (
            unit in register and payer_uid in register.chain(unit, Purpose.ASSESSMENT, day)
        )

    return own


def review_of(standing: Standing, own: Own) -> Record | None:
    """Return the record by which a standing denial counts; None while it waits, or when nothing is denied.

    A denial that is nobody's own is its own review. Where the payer denied, it takes evidence in one of the denials,
    and what others said last at city or province level has to be a denial too.
    """
    deciding = standing.deciding
    if deciding is None or deciding.finding not in DENIALS:
        return None
    denials = [one for one in standing.records if one.finding in DENIALS]
    if not any(map(own, denials)):
        return deciding
    others = [
        one
        for one in standing.records
        if one.level != LEVELS[0] and one.finding != UNREACHABLE and not own(one)
    ]
    review = max(others, key=lambda one: (one.rank, one.id), default=None)
    proven = any(one.evidence_sha256 is not None for one in denials)
    return review if review is not None and review.finding in DENIALS and proven else None


def status_of(standing: Standing | None, own: Own) -> str:
    """Return ``unverified``, ``confirmed``, ``denied``, ``denial_unreviewed`` or ``unreachable``."""
    if standing is None:
        return UNVERIFIED
    deciding = standing.deciding
    if deciding is None:
        return UNREACHABLE
    if deciding.finding not in DENIALS:
        return CONFIRMED
    return UNREVIEWED if review_of(standing, own) is None else DENIED


def statuses(reader: Reader, states: Sequence[Any]) -> dict[str, str]:
    """Return the status of every state that has a record, by fire point.

    Parameters
    ----------
    states
        Rows of `FirePointState` (``fire_point_id, fire_day, county_unit_id, township_unit_id``).
    """
    found = standings(reader, [state.fire_point_id for state in states])
    if not found:
        return {}
    owner = payers_of(reader) if any(map(_denied, found.values())) else _local
    return {
        state.fire_point_id: status_of(found[state.fire_point_id], owner(state))
        for state in states
        if state.fire_point_id in found
    }


def payers_of(reader: Reader) -> Callable[[Any], Own]:
    """Return who, by the register's payer of the day, looks at a fire point as its payer."""
    from service.pipeline.register_store import load_register

    stored = load_register(reader)
    uids = {number: uid for uid, number in stored.ids.items()}

    def owner(state: Any) -> Own:
        register, day = stored.register, state.fire_day
        unit = uids.get(state.township_unit_id) or uids.get(state.county_unit_id)
        payer = register.payer(unit, day) if unit is not None and unit in register else None
        return own_finding(register, payer, day)

    return owner


def _denied(standing: Standing) -> bool:
    deciding = standing.deciding
    return deciding is not None and deciding.finding in DENIALS


def _local(_state: Any) -> Own:
    return lambda record: record.level == LEVELS[0]
