"""What a fire point's verification is to money: the state that is billed, and who reviewed a denial.

A payer's own word that would take a fire out of its bill counts with evidence and with a review by somebody else of the
city or the province. Until then what was found before stands, with its money, and the denial waits; where nothing had
confirmed the fire before, the money is held. Silence past the deadline is a state of its own, not an acquittal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from service.accountability.facts import FactState, narrower
from service.accountability.rulebook import Rulebook
from service.accountability.words import Level

if TYPE_CHECKING:
    from service.verification.standing import Record

_RANK = {"local": 0, "city": 1, "province": 2}
_UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a fire point under a rulebook, as `Fact` takes it.

    Attributes
    ----------
    denial_waits
        Whether the payer denied afterwards what stands, and nobody else has reviewed that.
    """

    state: FactState
    finding: str | None = None
    confirmed_at: dt.datetime | None = None
    published_at: dt.datetime | None = None
    area_mu: Decimal | None = None
    denial_reviewed_by: Level | None = None
    denial_waits: bool = False


def verdict_of(
    book: Rulebook,
    records: Sequence[Record],
    *,
    published_at: dt.datetime | None,
    issued_at: dt.datetime | None,
    at: dt.datetime,
    is_payers: Callable[[Record], bool],
) -> Verdict:
    """Return what the records of one fire say under a rulebook.

    Parameters
    ----------
    records
        Of every id that is this fire, in any order.
    issued_at
        When the fire point was first listed: its deadline runs from there.
    at
        The instant at which the deadline is read.
    is_payers
        Whether the recorder is the payer itself, or one of its own people.
    """
    spoken = [one for one in records if one.finding != _UNREACHABLE]
    area = _newest([one for one in records if one.area_mu is not None])
    area_mu = None if area is None else area.area_mu
    deciding = _newest(spoken)
    if deciding is None:
        return Verdict(_silence(book, issued_at, at), area_mu=area_mu, published_at=published_at)
    waits = False
    if _frees(book, deciding.finding) and is_payers(deciding) and not _reviewed(book, spoken, is_payers):
        before = _newest([one for one in spoken if not (_frees(book, one.finding) and is_payers(one))])
        if before is not None and not _denies(before.finding):
            deciding, waits = before, True
    finding = deciding.finding
    if _frees(book, finding) and not waits:
        own = [one for one in spoken if is_payers(one) and _frees(book, one.finding)]
        if own or is_payers(deciding):
            reviewer = _reviewer(book, spoken, is_payers)
            return Verdict(
                "denied", finding, published_at=published_at, area_mu=area_mu, denial_reviewed_by=reviewer
            )
        if _denies(finding):
            level = cast(Level, deciding.level)
            return Verdict(
                "denied", finding, published_at=published_at, area_mu=area_mu, denial_reviewed_by=level
            )
    state: FactState = "confirmed" if published_at is None else "publicised"
    return Verdict(
        state, finding, _first_confirmed(book, spoken, finding), published_at, area_mu, denial_waits=waits
    )


def _newest(records: Sequence[Any]) -> Any:
    """Return the newest record of the highest level that has spoken, by order of recording."""
    return max(records, key=lambda one: (_RANK[one.level], one.id)) if records else None


def _silence(book: Rulebook, issued_at: dt.datetime | None, at: dt.datetime) -> FactState:
    hours = book.counts.verification.deadline_hours
    if hours is None or issued_at is None or at <= issued_at + dt.timedelta(hours=hours):
        return "listed"
    return "overdue"


def _frees(book: Rulebook, finding: str) -> bool:
    """Whether a finding takes a fire out of the bill."""
    return finding not in book.counts.findings


def _denies(finding: str) -> bool:
    from service.verification.closed import DENIALS

    return finding in DENIALS


def _reviewer(book: Rulebook, spoken: Sequence[Record], is_payers: Callable[[Record], bool]) -> Level | None:
    """Return the level of whoever else agrees with a payer's own denial, None without that or without evidence."""
    others = [one for one in spoken if not is_payers(one) and one.level != "local"]
    review = _newest(others)
    if review is None or not _frees(book, review.finding):
        return None
    proven = any(one.evidence_sha256 is not None for one in spoken if _frees(book, one.finding))
    return cast(Level, review.level) if proven else None


def _reviewed(book: Rulebook, spoken: Sequence[Record], is_payers: Callable[[Record], bool]) -> bool:
    """Whether somebody else, of a level that the rule accepts, agrees with a payer's own denial that has evidence."""
    reviewer = _reviewer(book, spoken, is_payers)
    return reviewer is not None and not narrower(reviewer, book.counts.verification.denial_review)


def _first_confirmed(book: Rulebook, spoken: Sequence[Record], finding: str) -> dt.datetime | None:
    """Return when somebody first found what stands: an order by confirmation must not move with every later visit.

    Where what stands is billed, a finding that is not (rubbish, before it turned out to be straw) confirmed nothing.
    """
    billed = not _frees(book, finding)
    found = [
        one.found_at
        for one in spoken
        if not _denies(one.finding) and not (billed and _frees(book, one.finding))
    ]
    return min(found, default=None)
