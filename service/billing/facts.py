"""The facts of a season as adjudication is told them: one per fire, whatever the number of sources."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from gis.times import beijing_date, require_aware
from gis.types import Screen
from service.accountability.facts import Fact, SeasonUnit
from service.accountability.rulebook import Rulebook
from service.billing.evidence import listed_by
from service.billing.figures import season_units
from service.billing.ground import Ground, Grounds
from service.billing.layers_used import layers_of, statuses_of
from service.billing.matching import Link, Matches, Unclear
from service.billing.payers import Payer, Payers
from service.billing.sameness import matched, same_fires
from service.billing.seasons import Calendar, calendar_of, other_jurisdiction
from service.billing.verdicts import Verdict, verdict_of
from service.billing.zones import ZoneFound, Zones
from service.pipeline.register_store import load_register
from service.pipeline.rulings import Rulings, rulings_in_force
from service.store.engine import Reader
from service.store.models import Detection, FirePoint, FirePointState, LayerStack, Revision

if TYPE_CHECKING:
    from service.verification.standing import Record, Standing

BILLABLE = (Screen.COUNTED, Screen.PLANNED_BURN, Screen.RESTRICTED_WITHIN_PLAN)
"""Screens that are facts for a rulebook: what a plan means is the rule's to say."""

OUTSIDE_JURISDICTION, OUTSIDE_REGISTER = "outside_jurisdiction", "outside_register"
"""Why a fire point is no fact although it counts: no rulebook that was asked for holds on its ground, or no unit of the
register stands for it and several rulebooks might."""


@dataclass(frozen=True, slots=True)
class SeasonFacts:
    """Everything that the charges of a season rest on.

    Attributes
    ----------
    facts
        Each fire once, by id; those of other seasons too where an order runs on across seasons.
    season_ids
        Ids of the facts of the season itself.
    units
        The units of the season with their loaded indicators, of every jurisdiction.
    screened
        Reason code to ids: fire points of the season that are no facts.
    links, unclear
        What cross-source matching found; an unclear report is held, never charged beside the fire it may tell of.
    payers
        By the code they pay as.
    states
        Live id to its `FirePointState` row, of every fire point of the season.
    standings, publications
        What verification says, by live id.
    rulings
        Live id to the rulings in force on it, the newest of each kind.
    statuses
        Statuses of the layers used.
    denials
        Facts that the payer denied after they had been found: what was found stands until somebody else reviews it.
    book_of
        Id of the rulebook that covers each fact.
    units_of
        Id of each rulebook that holds on ground of this store, to the units of its jurisdiction.
    """

    season: str
    facts: tuple[Fact, ...]
    season_ids: frozenset[str]
    units: tuple[SeasonUnit, ...] = ()
    screened: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    payers: Mapping[str, Payer] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=dict)
    standings: Mapping[str, Any] = field(default_factory=dict)
    publications: Mapping[str, dt.datetime] = field(default_factory=dict)
    rulings: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    statuses: frozenset[str] = frozenset()
    denials: frozenset[str] = frozenset()
    book_of: Mapping[str, str] = field(default_factory=dict)
    units_of: Mapping[str, tuple[SeasonUnit, ...]] = field(default_factory=dict)


def season_facts(reader: Reader, books: Sequence[Rulebook], season: str, at: dt.datetime) -> SeasonFacts:
    """Return the facts of a season under the rulebooks, with deadlines read at `at`.

    Parameters
    ----------
    books
        Those a command means (`books.books_for`).
    season
        As the rulebooks write it: ``2023-2024``, or ``2017``.

    Raises
    ------
    UsageError
        ``bad_season``.
    RefusedInputError
        ``no_rulebook``, ``several_rulebooks``, ``other_jurisdiction``: no number can be given.
    """
    return _Season(reader, calendar_of(books, season), require_aware(at)).facts()


class _Season:
    """One season under way: bulk reads first, then one fact per fire."""

    def __init__(self, reader: Reader, calendar: Calendar, at: dt.datetime) -> None:
        self.reader = reader
        self.calendar = calendar
        self.at = at
        self.payers = Payers(load_register(reader), calendar.start)
        if all(self.payers.uid_of(book.jurisdiction.code, calendar.start) is None for book in calendar.books):
            raise other_jurisdiction(calendar.books)
        self.rulings: Rulings = rulings_in_force(reader)
        self.stacks = {row.id: row.layers for row in reader.rows(sa.select(LayerStack.id, LayerStack.layers))}
        self.rows = self._rows()
        self.grounds = Grounds(reader, self.payers, self.rows, self.stacks)
        self.everywhere = frozenset(book.jurisdiction.code for book in calendar.books)
        self.here: frozenset[str] = frozenset()
        self.screened: dict[str, list[str]] = defaultdict(list)
        self.denials: set[str] = set()
        self.standings: Mapping[str, Standing] = {}
        self.publications: Mapping[str, dt.datetime] = {}

    def facts(self) -> SeasonFacts:
        from service.verification.publicise import publications
        from service.verification.standing import standings

        self.standings, self.publications = standings(self.reader), publications(self.reader)
        chosen = self._chosen()
        matches = matched(reader=self.reader, rows=[row for row, _, _ in chosen], rulings=self.rulings)
        told = self._told(chosen, matches)
        season_ids = frozenset(
            fact.fire_point_id
            for fact, book in told
            if self.calendar.holds(book, beijing_date(fact.overpass))
        )
        days = {row.fire_point_id: beijing_date(row.first_at) for row in self.rows}
        states = {
            row.fire_point_id: row
            for row in self.rows
            if any(self.calendar.holds(book, days[row.fire_point_id]) for book in self.calendar.books)
        }
        here = [
            book
            for book in self.calendar.books
            if book.jurisdiction.code in (self.here or self.everywhere)
            and self.payers.uid_of(book.jurisdiction.code, self.calendar.start) is not None
        ]
        units = season_units(self.reader, here, self.payers, self.calendar.season, self.calendar.start)
        return SeasonFacts(
            season=self.calendar.season,
            facts=tuple(fact for fact, _ in told),
            season_ids=season_ids,
            units=tuple({(one.level, one.code): one for each in units.values() for one in each}.values()),
            units_of=units,
            screened={
                reason: tuple(sorted(one for one in ids if one in states))
                for reason, ids in sorted(self.screened.items())
                if any(one in states for one in ids)
            },
            links=tuple(link for link in matches.links if link.id in states or link.of in states),
            unclear=tuple(one for one in matches.unclear if one.id in states),
            payers=self._payers(told),
            states=states,
            standings={name: one for name, one in self.standings.items() if name in states},
            publications={name: one for name, one in self.publications.items() if name in states},
            rulings={name: found for name in states if (found := self.rulings.of(name))},
            statuses=statuses_of(
                self.calendar.books,
                [self.stacks[one] for one in {row.layer_stack_id for row, _, _ in chosen}],
            ),
            denials=season_ids & self.denials,
            book_of={fact.fire_point_id: book.id for fact, book in told},
        )

    # -- reading -------------------------------------------------------------------------------------------------

    def _rows(self) -> list[Any]:
        """Return the live states of the days that matter; a fire day may begin on the evening before its date."""
        table, pixel = FirePointState.__table__, Detection.__table__
        day = dt.timedelta(days=1)
        return list(
            self.reader.rows(
                sa.select(table, pixel.c.satellite)
                .join(pixel, pixel.c.id == table.c.representative_id)
                .where(
                    self.reader.live(FirePointState),
                    table.c.fire_day.between(self.calendar.loaded_from - day, self.calendar.loaded_to + day),
                )
                .order_by(table.c.fire_point_id)
            )
        )

    def _issued(self) -> dict[str, dt.datetime]:
        """Return when each fire point was first recorded: what a deadline runs from."""
        state = FirePointState.__table__
        rows = self.reader.rows(
            sa.select(FirePoint.fire_point_id, Revision.at)
            .join(Revision, Revision.id == FirePoint.rev)
            .join(state, state.c.fire_point_id == FirePoint.fire_point_id)
            .where(
                self.reader.live(FirePointState),
                state.c.fire_day.between(
                    self.calendar.loaded_from - dt.timedelta(days=1),
                    self.calendar.loaded_to + dt.timedelta(days=1),
                ),
            )
        )
        return dict(tuple(row) for row in rows)

    # -- choosing ------------------------------------------------------------------------------------------------

    def _chosen(self) -> list[tuple[Any, Rulebook, Ground]]:
        """Return the rows that are facts, each with the rulebook that covers its day and with its ground."""
        found: list[tuple[Any, Rulebook, Ground]] = []
        for row in self.rows:
            if row.screen not in BILLABLE:
                self.screened[row.screen].append(row.fire_point_id)
                continue
            ground = self.grounds.of(row, self.rulings.of(row.fire_point_id))
            # Ground that the register does not know lies somewhere in the area: under the one rule there is, its money
            # is held for want of a payer; among several nobody can say which.
            codes = ground.codes or (self.everywhere if len(self.everywhere) == 1 else frozenset())
            if not self.everywhere & codes:
                reason = OUTSIDE_JURISDICTION if ground.codes else OUTSIDE_REGISTER
                self.screened[reason].append(row.fire_point_id)
                continue
            self.here |= self.everywhere & codes
            book = self.calendar.book_on(beijing_date(row.first_at), codes)
            if book is not None:
                found.append((row, book, ground))
        if not self.here and self.screened.get(OUTSIDE_JURISDICTION):
            raise other_jurisdiction(self.calendar.books)
        return found

    # -- telling -------------------------------------------------------------------------------------------------

    def _told(
        self, chosen: Sequence[tuple[Any, Rulebook, Ground]], matches: Matches
    ) -> list[tuple[Fact, Rulebook]]:
        gone = {link.id for link in matches.links} | {one.id for one in matches.unclear}
        same = same_fires(matches, self.rows, self.rulings)
        rows = [row for row, _, _ in chosen]
        known = {row.fire_point_id: row for row in self.rows}
        listed = listed_by(
            self.reader,
            self.calendar.loaded_from - dt.timedelta(days=1),
            self.calendar.loaded_to + dt.timedelta(days=1),
        )
        issued = self._issued()
        ruled = {row.fire_point_id: self.rulings.of(row.fire_point_id) for row in rows}
        zones = Zones(self.reader, self.payers).found(rows, ruled)
        layers = {one: layers_of(self.stacks[one]) for one in {row.layer_stack_id for row in rows}}
        found: list[tuple[Fact, Rulebook]] = []
        for row, book, ground in chosen:
            name = row.fire_point_id
            if name in gone:
                continue
            names = (name, *same.get(name, ()))
            verdict = self._verdict(book, row, ground, names, issued)
            if verdict.denial_waits:
                self.denials.add(name)
            fact = _fact(
                row,
                ground,
                zones[name],
                verdict,
                sources=self._sources(names, known, listed),
                pixels=max(known[one].pixels for one in names),
                said={
                    ruling.kind: ruling.value for one in reversed(names) for ruling in self.rulings.of(one)
                },
                layers=layers[row.layer_stack_id],
            )
            found.append((fact, book))
        return found

    def _records(self, names: Sequence[str]) -> list[Record]:
        """Return what people recorded of one fire: that one of its points repeats another does not put it out."""
        return [
            record
            for name in names
            if name in self.standings
            for record in self.standings[name].records
            if len(names) == 1 or record.finding != "duplicate"
        ]

    def _sources(
        self, names: Sequence[str], rows: Mapping[str, Any], listed: Mapping[str, frozenset[str]]
    ) -> tuple[str, ...]:
        """Return what saw the fire: the sources of every point that tells of it, lists, and who went there."""
        found: set[str] = set()
        for name in names:
            found |= {*rows[name].sources, *listed.get(name, ())}
        found |= {one.source_kind for one in self._records(names) if one.source_kind is not None}
        return tuple(sorted(found))

    def _verdict(
        self,
        book: Rulebook,
        row: Any,
        ground: Ground,
        names: Sequence[str],
        issued: Mapping[str, dt.datetime],
    ) -> Verdict:
        day = row.fire_day

        def is_payers(record: Record) -> bool:
            return record.level == "local" or (
                ground.payer_uid is not None and self.payers.under(record.unit_uid, ground.payer_uid, day)
            )

        public = [self.publications[name] for name in names if name in self.publications]
        return verdict_of(
            book,
            self._records(names),
            published_at=min(public, default=None),
            issued_at=min((issued[name] for name in names if name in issued), default=None),
            at=self.at,
            is_payers=is_payers,
        )

    def _payers(self, told: Sequence[tuple[Fact, Rulebook]]) -> dict[str, Payer]:
        """Return every payer there may be a charge for, by code."""
        found: dict[str, Payer] = {}
        for fact, book in told:
            unit = fact.unit(book.payer.level) if book.payer else None
            if unit is None or unit.payer in found:
                continue
            found[unit.payer] = self.payers.named(unit.payer, unit.level)
        for book in self.calendar.books:
            for one in book.payer.special if book.payer else ():
                found.setdefault(one.code, Payer(one.code, None, one.name, "special"))
        return dict(sorted(found.items()))


def _fact(
    row: Any,
    ground: Ground,
    zone: ZoneFound,
    verdict: Verdict,
    *,
    sources: tuple[str, ...],
    pixels: int,
    said: Mapping[str, str],
    layers: tuple[tuple[str, str], ...],
) -> Fact:
    exempt = said.get("exempt")
    return Fact(
        fire_point_id=row.fire_point_id,
        overpass=row.first_at,
        satellite=row.satellite,
        units=ground.units,
        state=verdict.state,
        sources=sources,
        finding=verdict.finding,
        zone=zone.zone,
        regime=row.regime,
        areas=zone.areas,
        within_plan=_within_plan(row, said),
        pixels=pixels,
        confirmed_at=verdict.confirmed_at,
        published_at=verdict.published_at,
        area_mu=verdict.area_mu,
        special_payer=said.get("payer"),
        exemptions=() if exempt is None else (exempt,),
        doubts=(*ground.doubts, "zone") if zone.doubt else ground.doubts,
        candidates=ground.candidates,
        tie_rank=int(said["order"]) if "order" in said else None,
        denial_reviewed_by=verdict.denial_reviewed_by,
        layers=layers,
    )


def _within_plan(row: Any, said: Mapping[str, str]) -> bool:
    """Whether an approved burn covers it: one known before the overpass, or one that a person accepted since."""
    if said.get("screen") == Screen.COUNTED:
        return False
    return row.screen in (Screen.PLANNED_BURN, Screen.RESTRICTED_WITHIN_PLAN) or any(
        reason.get("code") == "planned_burn" and not reason.get("recorded_later") for reason in row.reasons
    )
