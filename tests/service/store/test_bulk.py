"""Bulk writing and the box query: the same rows in both homes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.types import BBox
from service.store.bulk import bulk_insert, within_bbox
from service.store.engine import Store, open_store
from service.store.models import BoundaryUnit, Detection, FeedFile, Observation, Verification
from service.store.types import Fen
from tests.gis import jilin
from tests.service.store import points


def ids_within(store: Store, box: BBox) -> list[int]:
    with store.reader() as reader:
        query = sa.select(Detection.id).where(within_bbox(Detection, box, store.dialect))
        return sorted(row.id for row in reader.rows(query))


def test_rows_given_as_columns_come_back_as_they_were(store: Store) -> None:
    lon, lat = points.scatter(200)
    points.add(store, lon, lat)
    with store.reader() as reader:
        rows = reader.rows(
            sa.select(Detection).order_by(Detection.id).with_only_columns(*Detection.__table__.c)
        )
    assert [row.lon for row in rows] == lon.tolist()
    assert [row.lat for row in rows] == lat.tolist()
    assert [(row.geom.x, row.geom.y) for row in rows] == list(zip(lon.tolist(), lat.tolist(), strict=True))
    start = dt.datetime(2023, 10, 29, 4, 51, tzinfo=dt.UTC)
    assert [row.acq_at for row in rows] == [start + dt.timedelta(minutes=n + 1) for n in range(200)]
    assert {(row.satellite, row.rev, row.source_kind) for row in rows} == {("NOAA-20", 1, "satellite")}


def test_instants_given_as_datetimes_and_as_minutes_are_equal(store: Store) -> None:
    lon, lat = np.array([126.0, 126.0]), np.array([43.0, 44.0])
    beijing = dt.timezone(dt.timedelta(hours=8))
    with store.writer("test", "points") as writer:
        given_columns = points.columns(writer, lon, lat) | {"acq_at": np.array([points.MINUTE] * 2)}
        writer.bulk(Detection, given_columns)
        given_columns = points.columns(writer, lon + 1, lat) | {
            "acq_at": [dt.datetime(2023, 10, 29, 12, 51, tzinfo=beijing)] * 2
        }
        writer.bulk(Detection, given_columns)
    with store.reader() as reader:
        assert len({row.acq_at for row in reader.rows(sa.select(Detection.acq_at))}) == 1
        same = sa.func.count(sa.distinct(Detection.acq_at))
        assert reader.rows(sa.select(same)) == [(1,)]


def test_a_number_that_is_missing_is_null_in_an_array_and_in_a_list(store: Store) -> None:
    with store.writer("test", "found") as writer:
        known: dict[str, Any] = {
            "rev": writer.revision,
            "fire_point_id": "fp",
            "level": "local",
            "finding": "straw",
            "found_at": writer.now,
            "person": "li",
        }
        writer.bulk(Verification, {"id": [1, 2], **known, "area_mu": np.array([1.5, np.nan])})
        writer.bulk(Verification, {"id": [3, 4], **known, "area_mu": [2.5, float("nan")]})
        writer.bulk(Verification, {"id": [5, 6], **known, "area_mu": [None, 3.5]})
    with store.reader() as reader:
        rows = reader.rows(sa.select(Verification.area_mu).order_by(Verification.id))
        nulls = reader.rows(sa.select(Verification.id).where(Verification.area_mu.is_(None)))
    assert [row.area_mu for row in rows] == [1.5, None, 2.5, None, None, 3.5]
    assert sorted(row.id for row in nulls) == [2, 4, 5]


@pytest.mark.parametrize(
    "short", [{"lon": np.array([1.0])}, {"satellite": ["Terra"]}, {"geom": (np.zeros(1), np.zeros(1))}]
)
def test_columns_of_different_lengths_are_refused_and_no_row_is_lost(
    store: Store, short: dict[str, Any]
) -> None:
    lon, lat = points.scatter(3)

    def write() -> None:
        with store.writer("test", "points") as writer:
            writer.bulk(Detection, points.columns(writer, lon, lat) | short)

    with pytest.raises(ValueError, match=r"rows, expected 3"):
        write()
    with store.reader() as reader:
        assert reader.rows(sa.select(Detection.id)) == []


def test_no_rows_and_no_columns(store: Store) -> None:
    with store.writer("test", "points") as writer:
        writer.bulk(Detection, {"id": [], "lon": np.empty(0)})
        assert not writer.wrote
        with pytest.raises(ValueError, match="at least one column"):
            writer.bulk(Detection, {"satellite": "NOAA-20"})


def test_text_is_text_whatever_it_holds(store: Store) -> None:
    nasty = ["'; DROP TABLE detection; --", "a\tb\nc\\N", "火点", "\\N", "", '"', "{}"]
    with store.writer("test", "files") as writer:
        count = len(nasty)
        start = writer.allocate(FeedFile, count)
        numbers = dict.fromkeys(
            ("size", "read", "accepted", "duplicate", "outside", "superseded", "rejected", "member"), 0
        )
        writer.bulk(
            FeedFile,
            {
                "id": np.arange(start, start + count),
                "rev": writer.revision,
                "sha256": [str(n) for n in range(count)],
                "name": nasty,
                **dict.fromkeys(("area_key", "map_key", "feed", "source_kind"), "x"),
                **numbers,
            },
        )
    with store.reader() as reader:
        assert [row.name for row in reader.rows(sa.select(FeedFile.name).order_by(FeedFile.id))] == nasty


def test_money_may_be_one_value_for_all_rows(store: Store) -> None:
    table = sa.Table(
        "charge_probe", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("amount", Fen)
    )
    charge: Any = SimpleNamespace(__table__=table)
    with store.engine.connect() as connection, connection.begin() as transaction:
        table.create(connection)
        bulk_insert(connection, charge, {"id": [1, 2], "amount": Decimal("500000.00")})
        bulk_insert(connection, charge, {"id": [3], "amount": [Decimal("0.01")]})
        found = connection.execute(sa.select(table.c.amount).order_by(table.c.id)).scalars().all()
        transaction.rollback()
    assert found == [Decimal("500000.00"), Decimal("500000.00"), Decimal("0.01")]


def boxes() -> Any:
    """Boxes on the same five decimals as the points, so that points lie on edges."""
    side = st.integers(0, 1_100_000).map(lambda n: round(121 + n / 100_000, 5))
    up = st.integers(0, 700_000).map(lambda n: round(40 + n / 100_000, 5))
    return st.builds(lambda a, b, c, d: BBox(min(a, b), min(c, d), max(a, b), max(c, d)), side, side, up, up)


@pytest.fixture
def filled(store: Store) -> tuple[Store, Any, Any]:
    """A store with every real detection of the north-east box."""
    real = jilin.north_east()
    points.add(store, real.lon, real.lat)
    return store, real.lon, real.lat


def inside(box: BBox, lon: Any, lat: Any) -> list[int]:
    hit = (lon >= box.min_lon) & (lon <= box.max_lon) & (lat >= box.min_lat) & (lat <= box.max_lat)
    return (np.flatnonzero(hit) + 1).tolist()  # type: ignore[no-any-return]


def test_a_box_finds_the_real_points_in_it_edges_included(filled: tuple[Store, Any, Any]) -> None:
    store, lon, lat = filled
    at_edges = [
        BBox(lon[n], lat[n], lon[n] + 0.5, lat[n] + 0.5) for n in range(0, len(lon), len(lon) // 40)
    ] + [BBox(lon[n] - 0.3, lat[n] - 0.3, lon[n], lat[n]) for n in range(0, len(lon), len(lon) // 40)]
    near_misses = [
        BBox(lon[n] + 1e-6, lat[n] - 1, lon[n] + 0.5, lat[n] + 1) for n in range(0, len(lon), len(lon) // 40)
    ]
    for box in [*at_edges, *near_misses, BBox(121, 40, 132, 47), BBox(0, 0, 1, 1)]:
        assert ids_within(store, box) == inside(box, lon, lat)


def test_any_box_finds_the_same_rows_as_numpy(filled: tuple[Store, Any, Any]) -> None:
    store, lon, lat = filled

    @settings(max_examples=60, deadline=None)
    @given(boxes())
    def check(box: BBox) -> None:
        assert ids_within(store, box) == inside(box, lon, lat)

    check()


def test_the_box_query_uses_the_index(filled: tuple[Store, Any, Any]) -> None:
    store, _, _ = filled
    query = sa.select(Detection.id).where(within_bbox(Detection, BBox(126, 43, 126.01, 43.01), store.dialect))
    text = str(query.compile(store.engine, compile_kwargs={"literal_binds": True}))
    with store.engine.connect() as connection:
        if store.dialect == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
            assert any("rtree_detection_geom VIRTUAL TABLE INDEX 2" in row[-1] for row in plan), plan
        else:
            connection.exec_driver_sql("ANALYZE detection")
            plan = connection.exec_driver_sql(f"EXPLAIN {text}").all()
            assert any("gist_detection_geom" in row[0] for row in plan), plan


def test_shapes_are_found_by_their_box(store: Store) -> None:
    codes, shapes = jilin.counties("tianditu")
    multi = [shapely.MultiPolygon([s]) if s.geom_type == "Polygon" else s for s in shapes]
    with store.writer("test", "counties") as writer:
        if store.dialect == "postgresql":
            writer.connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        writer.bulk(
            BoundaryUnit,
            {
                "id": np.arange(1, len(codes) + 1),
                "set_id": 1,
                "code": codes,
                "name": codes,
                "geom": multi,
            },
        )
        assert writer.wrote is False
    box = BBox(125.0, 43.5, 125.8, 44.2)
    with store.reader() as reader:
        rows = reader.rows(sa.select(BoundaryUnit.code).where(within_bbox(BoundaryUnit, box, store.dialect)))
        kept = reader.rows(sa.select(BoundaryUnit.geom).order_by(BoundaryUnit.id))
    bounds = shapely.bounds(np.array(multi, dtype=object))
    meets = (
        (bounds[:, 0] <= 125.8) & (bounds[:, 2] >= 125.0) & (bounds[:, 1] <= 44.2) & (bounds[:, 3] >= 43.5)
    )
    assert sorted(row.code for row in rows) == sorted(np.array(codes)[meets].tolist())
    assert all(shapely.equals_identical(row.geom, one) for row, one in zip(kept, multi, strict=True))


def test_rows_kept_out_of_the_index_can_enter_it_later(store: Store) -> None:
    lon, lat = points.scatter(40)
    with store.writer("test", "points") as writer:
        rows = points.columns(writer, lon, lat)
        writer.bulk(Detection, rows, index=False)
        writer.index_points(Detection, rows["id"], lon, lat)
    box = BBox(125, 43, 127, 44)
    assert ids_within(store, box) == inside(box, lon, lat)


def test_postgres_refuses_an_observation_of_nothing(new_store_url: Callable[..., str]) -> None:
    """Foreign keys are PostgreSQL's duty; the embedded store is written by the same code."""
    store = open_store(new_store_url("postgis"))

    def write() -> None:
        with store.writer("test", "orphan") as writer:
            writer.insert(Observation, detection_id=77, file_id=88, line=1, rank=1, confidence_class="low")

    with pytest.raises(Exception, match="foreign key"):
        write()
    store.close()


def test_a_store_is_read_by_another_process_as_it_was_written(store: Store, store_url: str) -> None:
    lon, lat = points.scatter(10)
    points.add(store, lon, lat)
    other = open_store(store_url)
    with other.reader() as reader:
        assert len(reader.rows(sa.select(Detection.id))) == 10
    other.close()
