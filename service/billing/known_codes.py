"""Whether a ruling names something that anything loaded knows: a slip of the pen moves no money and says so."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from service.billing.books import stored_books
from service.billing.zones import ZONE_WORDS
from service.pipeline.ruling_checks import NONE
from service.store.engine import Reader
from service.store.models import Zone


@dataclass(frozen=True, slots=True)
class KnownCodes:
    """The codes that rulings may usefully name, by kind of ruling.

    Attributes
    ----------
    zone
        Zones of loaded layers, and the words of kinds: ``ban``, ``restricted``, ``belt``, ….
    exempt, payer
        Reason codes and special payers of loaded rulebooks.
    """

    zone: frozenset[str]
    exempt: frozenset[str]
    payer: frozenset[str]

    def has(self, kind: str, value: str) -> bool:
        """Whether a ruling's value is known; kinds that name no code always are."""
        if kind not in self.__slots__ or value == NONE:
            return True
        return value.partition("|")[0] in getattr(self, kind)


def known_codes(reader: Reader) -> KnownCodes:
    """Return the codes known at the reader's revision."""
    books = stored_books(reader)
    zones = {row.code for row in reader.rows(sa.select(Zone.code).distinct())}
    return KnownCodes(
        zone=frozenset(zones | ZONE_WORDS.keys()),
        exempt=frozenset(one.reason for book in books for one in book.exemptions),
        payer=frozenset(one.code for book in books for one in (book.payer.special if book.payer else ())),
    )
