"""Tables of what costs money: rulebooks, publications, indicators, heat sources, statements and objections."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, Key, Recorded, Valid
from service.store.types import Fen, Geometry


class RulebookVersion(Key, Recorded, Base):
    """A loaded rulebook: the canonical form and its hash; a corrected text of the same id is a later row."""

    __tablename__ = "rulebook"
    book_id: Mapped[str] = mapped_column(index=True)
    content_hash: Mapped[str]
    status: Mapped[str]
    source_name: Mapped[str]
    document: Mapped[dict[str, Any]]
    withdrawn_rev: Mapped[int | None] = mapped_column(sa.ForeignKey("revision.id"))


class Publication(Key, Recorded, Base):
    """A fire point named in a public notice (公示): the state that some rulebooks bill; a later row supersedes."""

    __tablename__ = "publication"
    fire_point_id: Mapped[str] = mapped_column(index=True)
    published_at: Mapped[dt.datetime]
    notice: Mapped[str]
    actor: Mapped[str]


class Indicator(Key, Recorded, Base):
    """A figure of a unit that a rule or a table divides by: cropland, fiscal revenue, straw yield; never derived.

    Attributes
    ----------
    season
        Season or year it holds for; empty for any.
    value
        A decimal number as text: exact.
    """

    __tablename__ = "indicator"
    unit_code: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    season: Mapped[str]
    value: Mapped[str]
    status: Mapped[str]
    source: Mapped[str]


class HeatSource(Key, Recorded, Valid, Base):
    """A listed fixed heat source with the radius in which it explains a detection (metres)."""

    __tablename__ = "heat_source"
    code: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    kind: Mapped[str]
    lon: Mapped[float]
    lat: Mapped[float]
    radius_m: Mapped[float]
    status: Mapped[str]
    source: Mapped[str]
    withdrawn_rev: Mapped[int | None] = mapped_column(sa.ForeignKey("revision.id"))
    geom: Mapped[Any] = mapped_column(Geometry("POINT"))


class Statement(Key, Recorded, Base):
    """An issued statement (扣款通知单): frozen canonical bytes with their hash, chained per payer and season.

    Attributes
    ----------
    payer_uid
        The payer's unit in the register; NULL for a special payer that no unit stands for.
    as_of_rev, computed_at
        What was known, and the instant at which deadlines were read: with them it is computed again, byte for byte.
    previous, total, net
        What the issue before said, what this one says, and the difference; yuan.
    """

    __tablename__ = "statement"
    payer_code: Mapped[str] = mapped_column(index=True)
    payer_uid: Mapped[str | None]
    payer_name: Mapped[str]
    season: Mapped[str]
    number: Mapped[int]
    status: Mapped[str]
    as_of_rev: Mapped[int]
    computed_at: Mapped[dt.datetime]
    previous: Mapped[Decimal] = mapped_column(Fen)
    total: Mapped[Decimal] = mapped_column(Fen)
    net: Mapped[Decimal] = mapped_column(Fen)
    document: Mapped[str]
    sha256: Mapped[str]
    previous_sha256: Mapped[str | None]
    __table_args__ = (sa.UniqueConstraint("payer_code", "season", "number"),)


class StatementEvent(Key, Recorded, Base):
    """The state of a statement kept beside it: ``final`` and whatever else happened to it after its issue."""

    __tablename__ = "statement_event"
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), index=True)
    kind: Mapped[str]
    at: Mapped[dt.datetime]
    actor: Mapped[str]
    note: Mapped[str | None]


class Objection(Key, Recorded, Base):
    """An objection of a payer to one line of an issued statement; a second instance is a row of its own.

    Attributes
    ----------
    instance
        1 for the first, 2 for the appeal against its answer.
    appeals_id
        The objection whose answer this one goes against.
    answer_due
        Until when it is to be answered, by the rulebook's days; NULL where the rulebook says none.
    """

    __tablename__ = "objection"
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), index=True)
    fire_point_id: Mapped[str] = mapped_column(index=True)
    instance: Mapped[int]
    appeals_id: Mapped[int | None] = mapped_column(sa.ForeignKey("objection.id"))
    grounds: Mapped[str]
    filed_at: Mapped[dt.datetime]
    filed_by: Mapped[str]
    unit_uid: Mapped[str | None]
    evidence_sha256: Mapped[str | None]
    answer_due: Mapped[dt.date | None]


class ObjectionEvent(Key, Recorded, Base):
    """What became of an objection: ``answered`` (with its outcome) or ``withdrawn``."""

    __tablename__ = "objection_event"
    objection_id: Mapped[int] = mapped_column(sa.ForeignKey("objection.id"), index=True)
    kind: Mapped[str]
    outcome: Mapped[str | None]
    reason: Mapped[str]
    at: Mapped[dt.datetime]
    actor: Mapped[str]
    unit_uid: Mapped[str | None]
    evidence_sha256: Mapped[str | None]
