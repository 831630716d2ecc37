"""What a statement shows beside the charges, read from the store at the run's revision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gis.times import beijing_date
from service.accountability.facts import Fact, told
from service.billing.adjust import Known
from service.billing.causes import screened_words
from service.billing.charges import ChargeRun
from service.billing.layers_used import weakest
from service.billing.pixels import pixel_hashes
from service.billing.statement import Material, grounds_of, own_charges, own_points
from service.pipeline import identity
from service.store.engine import Reader
from service.store.models import DetectionState, FirePoint, LayerStack

_PART = 20_000
_DRAWN_ONLY = frozenset({"province", "city", "neighbour"})
"""Layers that name and draw, but decide nothing."""


def gather(reader: Reader, run: ChargeRun, payer: str, account: Mapping[str, Any] | None) -> Material:
    """Return what stands beside a payer's charges.

    Parameters
    ----------
    reader
        At the run's revision: everything is as it was known then.
    account
        The document that the amounts continue, if there is one.
    """
    from service.billing.context import context_of
    from service.billing.objections import states_by_point
    from service.documents.outline import outlines

    ids = {one.fire_point_id for one in own_charges(run, payer)}
    own = own_points(run, payer)
    return Material(
        known=_known(reader, run, own, account),
        contexts=context_of(reader, run, sorted(ids), run.at) if ids else {},
        layers=_layers(reader, run, own),
        outlines=outlines(reader, _counties(run, payer, sorted(ids)), beijing_date(run.at)),
        objections=states_by_point(reader, payer, run.season),
        screened=_screened(run, payer, own, account),
        pixels=pixel_hashes(reader, sorted({*ids, *(one.id for one in run.facts.links if one.of in ids)})),
    )


def _known(reader: Reader, run: ChargeRun, own: frozenset[str], account: Mapping[str, Any] | None) -> Known:
    if account is None:
        return Known()
    before = _named_before(account)
    resolved = identity.aliases(reader)
    facts = {fact.fire_point_id: fact for fact in run.facts.facts}
    rev = int(account["as_of"]["revision"])
    return Known(
        resolved=resolved,
        linked={link.id: link.of for link in run.facts.links},
        screened={name: reason for reason, names in run.facts.screened.items() for name in names},
        facts={name: _told(facts[name]) for name in sorted((own | before) & facts.keys())},
        rulings={
            name: [
                {"kind": one.kind, "value": one.value, "reason": one.reason}
                for one in run.facts.rulings[name]
            ]
            for name in sorted(own | before)
            if name in run.facts.rulings
        },
        origins=_origins(reader, run, rev),
        older=_older(reader, own, rev),
        ranked=frozenset(told(fact)["overpass"] for fact in run.facts.facts if fact.tie_rank is not None),
    )


def _told(fact: Fact) -> dict[str, Any]:
    return {**told(fact), "layers": [list(pair) for pair in sorted(fact.layers)]}


def _named_before(account: Mapping[str, Any]) -> set[str]:
    parts = ("lines", "held", "left_out")
    return {one["fire_point_id"] for part in parts for one in account[part]}


def _origins(reader: Reader, run: ChargeRun, rev: int) -> dict[str, str]:
    """Return for fire points that began after a revision the id their representative pixel was in at that revision."""
    table = FirePoint.__table__
    begun = {
        row.fire_point_id
        for row in reader.rows(
            sa.select(table.c.fire_point_id).where(table.c.rev > rev, reader.known(FirePoint))
        )
    }
    pixels = {
        run.facts.states[name].representative_id: name for name in sorted(begun) if name in run.facts.states
    }
    member = DetectionState.__table__
    found: dict[str, str] = {}
    listed = sorted(pixels)
    for start in range(0, len(listed), _PART):
        rows = reader.rows(
            sa.select(member.c.detection_id, member.c.fire_point_id).where(
                member.c.detection_id.in_(listed[start : start + _PART]),
                member.c.rev_from <= rev,
                sa.or_(member.c.rev_to.is_(None), member.c.rev_to > rev),
            )
        )
        found.update((pixels[row.detection_id], row.fire_point_id) for row in rows)
    return found


def _older(reader: Reader, own: frozenset[str], rev: int) -> frozenset[str]:
    table = FirePoint.__table__
    listed = sorted(own)
    found: set[str] = set()
    for start in range(0, len(listed), _PART):
        query = sa.select(table.c.fire_point_id).where(
            table.c.fire_point_id.in_(listed[start : start + _PART]), table.c.rev <= rev
        )
        found.update(row.fire_point_id for row in reader.rows(query))
    return frozenset(found)


def _layers(reader: Reader, run: ChargeRun, own: frozenset[str]) -> list[dict[str, Any]]:
    """Return the layer versions that decided about the payer's fire points, each once."""
    stacks = {run.facts.states[name].layer_stack_id for name in own if name in run.facts.states}
    if not stacks:
        return []
    table = LayerStack.__table__
    rows = reader.rows(sa.select(table.c.layers).where(table.c.id.in_(sorted(stacks))))
    found = {}
    for row in rows:
        for layer, records in row.layers.items():
            if layer in _DRAWN_ONLY:
                continue
            for one in records if isinstance(records, list) else [records]:
                told_of = _layer(layer, one)
                found[tuple(told_of.values())] = told_of
    return [found[key] for key in sorted(found)]


def _layer(layer: str, record: Mapping[str, Any]) -> dict[str, str]:
    status = record.get("status") or weakest(record.get("statuses", ()))
    return {
        "layer": layer,
        "name": str(record.get("set") or record.get("name") or layer),
        "version": str(record.get("version") or record.get("hash", "")[:12]),
        "status": str(status),
    }


def _counties(run: ChargeRun, payer: str, ids: Sequence[str]) -> list[str]:
    states = run.facts.states
    codes = {states[name].county_code for name in ids if name in states and states[name].county_code}
    return sorted(codes | {payer})


def _screened(
    run: ChargeRun, payer: str, own: frozenset[str], account: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Return screened fire points on the payer's ground: those it was told of before, and those in its counties."""
    before = _named_before(account) if account is not None else set()
    grounds = grounds_of(run, own, payer)
    found = []
    for reason, names in run.facts.screened.items():
        zh, en = screened_words(reason)
        for name in names:
            state = run.facts.states.get(name)
            if name in before or (state is not None and state.county_code in grounds):
                found.append({"fire_point_id": name, "reason": reason, "zh": zh, "en": en})
    return sorted(found, key=lambda one: (one["fire_point_id"], one["reason"]))
