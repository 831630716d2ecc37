"""Charge runs made of facts alone, and payers: what the pure parts of a statement are tested with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.accountability.adjudicate import adjudicate
from service.accountability.facts import Fact
from service.accountability.rulebook import Rulebook
from service.billing.charges import ChargeRun
from service.billing.facts import SeasonFacts
from service.billing.statement import Heading, Material, build

AT = dt.datetime(2021, 6, 1, tzinfo=dt.UTC)
PROGRAM = {"name": "huodian", "version": "test"}


def run_of(
    facts: Iterable[Fact], *books: Rulebook, season: str = "2020-2021", rev: int = 1, **more: Any
) -> ChargeRun:
    """Adjudicate facts of one season under rulebooks."""
    told = tuple(sorted(facts, key=lambda fact: fact.fire_point_id))
    findings = tuple(adjudicate(book, told) for book in books)
    return ChargeRun(
        season=season,
        at=AT,
        as_of_rev=rev,
        recorded_at=AT,
        books=books,
        findings=findings,
        facts=SeasonFacts(season, told, frozenset(fact.fire_point_id for fact in told), **more),
        charges=tuple(one for finding in findings for one in finding.charges),
        held=tuple(one for finding in findings for one in finding.held),
        left_out=tuple(one for finding in findings for one in finding.left_out),
        status="sample",
    )


def payer(code: str) -> dict[str, Any]:
    return {"code": code, "name": code, "level": "county", "uid": f"u{code}"}


def issue(
    run: ChargeRun, code: str, before: Sequence[Mapping[str, Any]] = (), material: Material | None = None
) -> dict[str, Any]:
    """Return the document of the next issue of a payer after those before."""
    heading = Heading(
        kind="issue",
        number=len(before) + 1,
        issued_at=AT,
        account=before[-1] if before else None,
        program=PROGRAM,
    )
    return build(run, payer(code), heading, material or Material())
