"""What the clustering rule is worth: fire points and money of a season for a range of parameters (DESIGN section 3).

Splitting a fire makes parts that nobody verified, and only verified ones are billed; so two sums stand side by side:
what would be charged now, and what would be charged if every fire point that is not denied were confirmed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gis.cluster import ClusterParams
from gis.errors import HuodianError
from service.accountability.facts import Fact
from service.billing.books import books_for
from service.billing.charges import run_charges
from service.billing.facts import SeasonFacts
from service.billing.seasons import calendar_of
from service.billing.trial import pinned, tried
from service.pipeline.assess import Plan, plan
from service.pipeline.live import clustering_versions
from service.store.engine import Reader, Store

STEPS = (
    (375, 750),
    (500, 1000),
    (750, 1500),
    (1000, 2000),
    (1500, 3000),
    (2000, 4000),
)
"""Distance and greatest extent in metres that are tried where nobody says which."""


def sensitivity(
    store: Store,
    season: str,
    *,
    rulebook: str | None = None,
    tries: Sequence[str] = (),
    at: dt.datetime | None = None,
) -> dict[str, Any]:
    """Return fire points and money for a range of clustering parameters; nothing is written.

    Parameters
    ----------
    tries
        Names of records, or parameters as `trial.parameters` reads them; without any, `STEPS`.
    rulebook
        The rulebook to compute money under; without it all that are loaded, and none where none is.

    Returns
    -------
    dict
        ``season, rulebooks, rows``: the record in force first, each row with ``clustering, params, pixels,
        fire_points, counted, charged, amount, amount_if_confirmed``.

    Raises
    ------
    UsageError
        ``bad_season``, ``bad_parameters``.
    """
    instant = at or dt.datetime.now(dt.UTC)
    with store.reader() as reader:
        books, start, end = _season(reader, season, rulebook)
        in_force = clustering_versions(reader)
        index = in_force.index_on(start)
        base = ClusterParams.of(in_force.params[index])
        rows = [
            _row(
                reader, season, rulebook if books else None, instant, in_force.names[index], base, bool(books)
            )
        ]
    wanted = list(tries) or [
        f"distance_m={distance},extent_m={extent}"
        for distance, extent in STEPS
        if (distance, extent) != (base.distance_m, base.max_extent_m)
    ]
    rows += [_tried(store, season, rulebook, instant, one, start, end, bool(books)) for one in wanted]
    return {
        "season": season,
        "rulebooks": [book.id for book in books],
        "informal": any(book.informal for book in books),
        "rows": rows,
    }


def _season(reader: Reader, season: str, rulebook: str | None) -> tuple[Sequence[Any], dt.date, dt.date]:
    """Return the rulebooks and the days of the season; without a rulebook, a season from October on."""
    try:
        books = books_for(reader, rulebook)
    except HuodianError as error:
        if rulebook is not None or error.code != "no_rulebook":
            raise
        from service.rulebooks import shipped_rulebook

        calendar = calendar_of((shipped_rulebook("JL-1"),), season)
        return (), calendar.start, calendar.end
    calendar = calendar_of(books, season)
    return books, calendar.start, calendar.end


def _tried(
    store: Store,
    season: str,
    rulebook: str | None,
    at: dt.datetime,
    wanted: str,
    start: dt.date,
    end: dt.date,
    money: bool,
) -> dict[str, Any]:
    def planned(reader: Reader) -> Plan:
        return plan(reader, start, end, versions=pinned(reader, wanted, start, end))

    def ask(there: Reader, _found: Plan) -> dict[str, Any]:
        versions = pinned(there, wanted, start, end)
        params = ClusterParams.of(versions.params[versions.index_on(start)])
        return _row(there, season, rulebook, at, versions.names[versions.index_on(start)], params, money)

    return tried(store, planned, ask)


def _row(
    reader: Reader,
    season: str,
    rulebook: str | None,
    at: dt.datetime,
    name: str,
    params: ClusterParams,
    money: bool,
) -> dict[str, Any]:
    row: dict[str, Any] = {"clustering": name, "params": params.as_dict()}
    if not money:
        return {
            **row,
            **_counted(reader, season),
            "charged": None,
            "amount": None,
            "amount_if_confirmed": None,
        }
    run = run_charges(reader, season, rulebook=rulebook, at=at)
    likely = run_charges(reader, season, rulebook=rulebook, at=at, facts=all_confirmed(run.facts))
    states = run.facts.states.values()
    return {
        **row,
        "pixels": sum(one.pixels for one in states),
        "fire_points": len(states),
        "counted": len(run.facts.season_ids),
        "charged": len({one.fire_point_id for one in run.charges}),
        "amount": str(run.total),
        "amount_if_confirmed": str(likely.total),
    }


def _counted(reader: Reader, season: str) -> dict[str, int]:
    """Return the counts where no rulebook says what a season's money is."""
    import sqlalchemy as sa

    from gis.types import Screen
    from service.store.models import FirePointState

    _, start, end = _season(reader, season, None)
    table = FirePointState.__table__
    rows = reader.rows(
        sa.select(table.c.pixels, table.c.screen).where(
            reader.live(FirePointState), table.c.fire_day.between(start, end)
        )
    )
    return {
        "pixels": sum(row.pixels for row in rows),
        "fire_points": len(rows),
        "counted": sum(row.screen == Screen.COUNTED for row in rows),
    }


def all_confirmed(facts: SeasonFacts) -> SeasonFacts:
    """Return the facts with every one that is not denied confirmed as straw at its overpass."""
    return replace(facts, facts=tuple(_confirmed(one) for one in facts.facts))


def _confirmed(fact: Fact) -> Fact:
    if fact.state == "denied":
        return fact
    return replace(
        fact,
        state="publicised",
        finding=fact.finding or "straw",
        confirmed_at=fact.confirmed_at or fact.overpass,
        published_at=fact.published_at or fact.overpass,
    )
