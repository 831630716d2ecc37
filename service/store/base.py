"""What every table shares: the declarative base, keys, and the columns of facts and derived rows."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.store.types import CanonicalJson, CivilDate, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base; text is `sa.Text` because GDAL drops VARCHAR columns of a GeoPackage."""

    __table__: ClassVar[sa.Table]
    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        str: sa.Text,
        dt.datetime: UtcDateTime,
        dt.date: CivilDate,
        dict[str, Any]: CanonicalJson,
        list[Any]: CanonicalJson,
        float: sa.Double,
        bytes: sa.LargeBinary,
    }


class Key:
    """An integer key allocated by the writer."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Recorded:
    """A fact: recorded once, by one revision."""

    rev: Mapped[int] = mapped_column(sa.ForeignKey("revision.id"))


class Valid:
    """A fact that holds between two civil dates, both included; NULL is open."""

    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]


class Derived:
    """A derived row: live from `rev_from` until `rev_to` (exclusive; NULL while live)."""

    rev_from: Mapped[int] = mapped_column(sa.ForeignKey("revision.id"))
    rev_to: Mapped[int | None] = mapped_column(sa.ForeignKey("revision.id"))


class Revision(Base):
    """One writing transaction: who did what with which parameters, and when."""

    __tablename__ = "revision"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime]
    actor: Mapped[str]
    command: Mapped[str]
    params: Mapped[dict[str, Any]]


class RevisionSeal(Base):
    """The hash of a revision, of what people said in it, and of the seal before (`service.store.seals`)."""

    __tablename__ = "revision_seal"
    rev: Mapped[int] = mapped_column(sa.ForeignKey("revision.id"), primary_key=True, autoincrement=False)
    sha256: Mapped[str]
