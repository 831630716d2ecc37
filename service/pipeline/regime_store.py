"""Regime rules and special periods between files and the store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from boundaries.plans import SpecialPeriod
from boundaries.regime import Regime, RegimeBook, RegimeRule
from gis.types import DataStatus, Validity
from service.store.engine import Reader, Writer
from service.store.models import RegimeRule as RuleRow
from service.store.models import SpecialPeriod as PeriodRow
from service.store.types import canonical_json


def load_regimes(reader: Reader) -> tuple[RegimeBook, dict[str, Any]]:
    """Return the regimes known at the reader's revision, and what an attribution states about them.

    The rules of a unit come from one load: a later load for the same unit replaces them all.
    """
    rules = RuleRow.__table__
    newest = (
        sa.select(rules.c.unit_code, sa.func.max(rules.c.rev).label("rev"))
        .where(rules.c.rev <= reader.horizon)
        .group_by(rules.c.unit_code)
        .subquery()
    )
    rows = reader.rows(
        sa.select(rules)
        .join(newest, sa.and_(newest.c.unit_code == rules.c.unit_code, newest.c.rev == rules.c.rev))
        .order_by(rules.c.unit_code, rules.c.valid_from)
    )
    known = [
        RegimeRule(
            row.unit_code,
            Regime(row.regime),
            Validity(row.valid_from, row.valid_to),
            row.source,
            row.confidence,
            DataStatus(row.status),
        )
        for row in rows
    ]
    periods = _periods(reader)
    if not known and not periods:
        return RegimeBook(), {}
    parts = [[rule.unit_code, rule.regime, str(rule.validity)] for rule in known]
    parts += [[period.name, *period.unit_codes, str(period.start), str(period.end)] for period in periods]
    digest = hashlib.sha256(canonical_json(parts).encode()).hexdigest()
    statuses = sorted({str(rule.status) for rule in known} | {str(period.status) for period in periods})
    return RegimeBook(known, periods), {
        "rules": len(known),
        "periods": len(periods),
        "statuses": statuses,
        "hash": digest,
    }


def _periods(reader: Reader) -> list[SpecialPeriod]:
    """Return special periods; of one name and start the newest row decides."""
    table = PeriodRow.__table__
    rows = reader.rows(
        sa.select(table).where(table.c.rev <= reader.horizon).order_by(table.c.rev, table.c.id)
    )
    newest = {(row.name, row.starts_on): row for row in rows}
    return [
        SpecialPeriod(
            row.name,
            tuple(row.unit_codes),
            row.starts_on,
            row.ends_on,
            row.source,
            row.confidence,
            DataStatus(row.status),
            row.effect,
        )
        for row in newest.values()
    ]


def store_regimes(writer: Writer, rules: Sequence[RegimeRule]) -> bool:
    """Record regime rules; return whether they differ from what is known of their units."""
    units = {rule.unit_code for rule in rules}
    known = {rule for rule in load_regimes(writer)[0].rules if rule.unit_code in units}
    if known == set(rules):
        return False
    for rule in rules:
        writer.insert(
            RuleRow,
            unit_code=rule.unit_code,
            regime=str(rule.regime),
            valid_from=rule.validity.start,
            valid_to=rule.validity.end,
            source=rule.source,
            confidence=rule.confidence,
            status=str(rule.status),
        )
    return True
