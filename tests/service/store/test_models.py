"""What holds of every table, so that no later one forgets it."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from service import failpoints
from service.store.models import INDEXED_GEOMETRY, Base
from service.store.types import CivilDate, Geometry, UtcDateTime

TABLES = sorted(Base.metadata.tables.items())
WITHOUT_REVISION = {
    "revision": "is the revision",
    "lease": "is no fact",
    "feed_coverage": "belongs to its file",
    "rejected_row": "belongs to its file",
    "boundary_unit": "belongs to its set",
    "grid_cell": "belongs to its set",
    "zone": "belongs to its set",
    "heat_cell": "belongs to its table",
}


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_every_row_says_which_revision_recorded_it(name: str, table: sa.Table) -> None:
    columns = set(table.c.keys())
    assert "rev" in columns or {"rev_from", "rev_to"} <= columns or name in WITHOUT_REVISION
    for column in columns & {"rev", "rev_from", "rev_to"}:
        assert {key.target_fullname for key in table.c[column].foreign_keys} == {"revision.id"}


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_types_mean_the_same_in_both_homes(name: str, table: sa.Table) -> None:
    for column in table.columns:
        kind = column.type
        assert not isinstance(kind, sa.Numeric) or isinstance(kind, sa.Double), f"{name}.{column.name}"
        assert not isinstance(kind, sa.String) or isinstance(kind, sa.Text), "GDAL drops VARCHAR"
        assert not (isinstance(kind, sa.DateTime) and not isinstance(kind, UtcDateTime))
        assert not (isinstance(kind, sa.Date) and not isinstance(kind, CivilDate))
        if column.name.endswith("_at"):
            assert isinstance(kind, UtcDateTime)


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_money_is_never_a_float(name: str, table: sa.Table) -> None:
    words = ("yuan", "fen", "amount", "money", "price", "deduct")
    floats = [c.name for c in table.columns if isinstance(c.type, sa.Float)]
    assert not [column for column in floats if any(word in column for word in words)], name


def test_validity_comes_in_pairs_of_dates() -> None:
    for _, table in TABLES:
        assert ("valid_from" in table.c) == ("valid_to" in table.c)


def test_indexed_layers_are_layers_with_a_key() -> None:
    for name in INDEXED_GEOMETRY:
        table = Base.metadata.tables[name]
        assert isinstance(table.c.geom.type, Geometry)
        assert [column.name for column in table.primary_key] == ["id"]


def test_keys_are_given_never_drawn() -> None:
    for name, table in TABLES:
        if "id" in table.c:
            assert table.c.id.autoincrement is False, name
        assert all(column.default is None for column in table.columns), "no value appears by itself"


def test_a_failpoint_counts_and_dies_at_the_wanted_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    deaths: list[int] = []
    monkeypatch.setattr(failpoints, "_counts", {})
    monkeypatch.setattr(failpoints.os, "_exit", deaths.append)
    failpoints.reach("ingest.before_commit")
    monkeypatch.setenv("HUODIAN_FAILPOINT", "ingest.before_commit:2")
    failpoints.reach("assess.before_commit")
    failpoints.reach("ingest.before_commit")
    assert deaths == []
    failpoints.reach("ingest.before_commit")
    assert deaths == [137]


def test_the_revision_is_stamped_in_utc() -> None:
    kind = Base.metadata.tables["revision"].c.at.type
    beijing = dt.timezone(dt.timedelta(hours=8))
    moment = dt.datetime(2023, 10, 29, 12, 51, tzinfo=beijing)
    dialect = sa.create_engine("sqlite://").dialect
    assert kind.process_bind_param(moment, dialect) == "2023-10-29T04:51:00.000Z"  # type: ignore[attr-defined]
