"""Which layer versions a charge rests on, and how far they can be relied on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.accountability.rulebook import Rulebook

_BOUNDARIES = ("county", "township")
"""Levels whose lines decide units; provinces, cities and neighbours are drawn and named, but decide nothing."""

STATUS_ORDER = ("official", "reference", "sample", "synthetic")
"""From what can be relied on to what cannot."""


def weakest(statuses: Iterable[str]) -> str:
    """Return the status that everything made of these has."""
    return max(statuses, key=STATUS_ORDER.index, default="official")


def layers_of(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return (layer, version) of every layer of a stack that a charge may rest on."""
    found = [(level, _version(record[level])) for level in (*_BOUNDARIES, "grid") if level in record]
    found += [("zone", _version(one)) for one in record.get("zones", ())]
    if regime := record.get("regime"):
        found.append(("regime", regime["hash"][:12]))
    return tuple(sorted(found))


def statuses_of(books: Sequence[Rulebook], records: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the statuses of the layers that these rulebooks make use of."""
    places = [place for book in books for place in book.counts.places]
    asks_regime = any(place.regime != "any" for place in places)
    asks_zone = any("any" not in place.zones for place in places) or any(
        clause.when is not None and clause.when.zones for book in books for clause in book.charges
    )
    found: set[str] = set()
    for record in records:
        found |= {record[level]["status"] for level in (*_BOUNDARIES, "grid") if level in record}
        if asks_zone:
            found |= {one["status"] for one in record.get("zones", ())}
        if asks_regime:
            found |= set(record.get("regime", {}).get("statuses", ()))
    return frozenset(found)


def _version(one: Mapping[str, Any]) -> str:
    return f"{one['set']}@{one['version']}"
