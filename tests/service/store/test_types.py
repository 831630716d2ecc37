"""Values come back as they went in, from both homes: money, instants, dates, JSON, geometry."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.store.engine import Store
from service.store.models import ServiceArea
from service.store.types import (
    CanonicalJson,
    CivilDate,
    Fen,
    Geometry,
    UtcDateTime,
    canonical_json,
    decode_gpkg,
    encode_gpkg,
    encode_gpkg_points,
    utc_text,
    utc_texts,
)

PROBE = sa.Table(
    "probe",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("money", Fen),
    sa.Column("at", UtcDateTime),
    sa.Column("day", CivilDate),
    sa.Column("facts", CanonicalJson),
)
SHARED_STORE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def connection(store: Store) -> Iterator[sa.Connection]:
    """A transaction with the probe table, undone at the end."""
    with store.engine.connect() as opened, opened.begin() as transaction:
        PROBE.create(opened)
        yield opened
        transaction.rollback()


def there_and_back(connection: sa.Connection, column: str, value: Any) -> Any:
    connection.execute(sa.delete(PROBE))
    connection.execute(sa.insert(PROBE).values(id=1, **{column: value}))
    return connection.execute(sa.select(PROBE.c[column])).scalar_one()


MONEY = st.integers(-(10**15), 10**15).map(lambda fen: Decimal(fen).scaleb(-2))
INSTANTS = st.datetimes(
    dt.datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    dt.datetime(2099, 12, 31),  # noqa: DTZ001
    timezones=st.timezones(),
)


@SHARED_STORE
@given(MONEY)
def test_money_comes_back_to_the_fen(connection: sa.Connection, yuan: Decimal) -> None:
    back = there_and_back(connection, "money", yuan)
    assert back == yuan
    assert str(back) == str(yuan), "two places, no exponent, no float dust"


def test_a_sum_of_money_is_exact_in_the_store_too(connection: sa.Connection) -> None:
    amounts = [Decimal("0.10"), Decimal("0.20"), Decimal("1000000.33"), Decimal("-0.03")] * 50
    rows = [{"id": n, "money": yuan} for n, yuan in enumerate(amounts)]
    connection.execute(sa.insert(PROBE), rows)
    total = connection.execute(sa.select(sa.type_coerce(sa.func.sum(PROBE.c.money), Fen))).scalar_one()
    assert total == sum(amounts)
    stored = connection.execute(sa.text("SELECT money FROM probe WHERE id = 2")).scalar_one()
    assert (stored, type(stored)) == (100000033, int)


@pytest.mark.parametrize("value", [0.1, 5, "5.00", np.float64(1)])
def test_money_that_is_not_decimal_is_refused(connection: sa.Connection, value: Any) -> None:
    with pytest.raises((TypeError, sa.exc.StatementError), match="Decimal"):
        there_and_back(connection, "money", value)


@pytest.mark.parametrize("value", ["0.001", "12.345", "1E-3"])
def test_a_fraction_of_a_fen_is_refused_not_rounded(connection: sa.Connection, value: str) -> None:
    with pytest.raises((ValueError, sa.exc.StatementError), match="fen"):
        there_and_back(connection, "money", Decimal(value))


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_money_without_a_number_is_refused(connection: sa.Connection, value: str) -> None:
    with pytest.raises(Exception, match=r"."):
        there_and_back(connection, "money", Decimal(value))


@SHARED_STORE
@given(INSTANTS)
def test_an_instant_of_any_zone_comes_back_in_utc(connection: sa.Connection, instant: dt.datetime) -> None:
    back = there_and_back(connection, "at", instant)
    assert back == instant.astimezone(dt.UTC)
    assert back.utcoffset() == dt.timedelta(0)


def test_microseconds_and_zone_survive(connection: sa.Connection) -> None:
    beijing = dt.timezone(dt.timedelta(hours=8))
    instant = dt.datetime(2023, 10, 29, 12, 51, 7, 123456, tzinfo=beijing)
    assert there_and_back(connection, "at", instant).isoformat() == "2023-10-29T04:51:07.123456+00:00"


def test_a_naive_instant_is_refused(connection: sa.Connection) -> None:
    with pytest.raises((ValueError, sa.exc.StatementError), match="naive"):
        there_and_back(connection, "at", dt.datetime(2023, 10, 29))  # noqa: DTZ001


@SHARED_STORE
@given(INSTANTS, INSTANTS)
def test_instants_compare_as_time_does(connection: sa.Connection, a: dt.datetime, b: dt.datetime) -> None:
    a, b = (one.replace(microsecond=one.microsecond // 1000 * 1000) for one in (a, b))
    there_and_back(connection, "at", a)
    earlier = connection.execute(sa.select(sa.func.count()).where(PROBE.c.at <= b)).scalar_one()
    assert bool(earlier) == (a <= b)


@SHARED_STORE
@given(st.dates(dt.date(1949, 10, 1), dt.date(2099, 12, 31)))
def test_a_civil_date_comes_back(connection: sa.Connection, day: dt.date) -> None:
    back = there_and_back(connection, "day", day)
    assert back == day
    assert type(back) is dt.date


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=5),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@SHARED_STORE
@given(JSON)
def test_json_comes_back(connection: sa.Connection, value: Any) -> None:
    assert there_and_back(connection, "facts", value) == value


def test_equal_json_is_equal_bytes(connection: sa.Connection) -> None:
    there_and_back(connection, "facts", {"市": "长春", "a": [1, 2]})
    stored = connection.execute(sa.text("SELECT facts FROM probe")).scalar_one()
    assert stored == '{"a":[1,2],"市":"长春"}'
    assert canonical_json({"b": 1, "a": 2}) == canonical_json(json.loads('{ "a":2,\n"b": 1}'))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_json_has_no_nan(connection: sa.Connection, number: float) -> None:
    with pytest.raises((ValueError, sa.exc.StatementError)):
        there_and_back(connection, "facts", {"x": number})


@pytest.mark.parametrize("column", ["money", "at", "day", "facts"])
def test_nothing_stays_nothing(connection: sa.Connection, column: str) -> None:
    assert there_and_back(connection, column, None) is None


SHAPES = [
    shapely.MultiPolygon([shapely.box(126, 43, 127, 44)]),
    shapely.MultiPolygon(
        [
            shapely.box(126, 43, 127, 44).difference(shapely.box(126.2, 43.2, 126.4, 43.4)),
            shapely.box(1, 2, 3, 4),
        ]
    ),
    shapely.MultiPolygon([shapely.Polygon([(126.1234567890123, 43.9), (126.2, 43.9), (126.15, 43.95)])]),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_comes_back_to_the_last_bit(store: Store, shape: Any) -> None:
    with store.writer("test", "shape") as writer:
        writer.insert(ServiceArea, key="k", unit_code="220000", buffer_m=20_000, set_hash="h", geom=shape)
    with store.reader() as reader:
        (found,) = reader.rows(sa.select(ServiceArea.geom))
        (same,) = reader.rows(sa.select(ServiceArea.geom).where(ServiceArea.set_hash == "h"))
    assert shapely.equals_identical(found.geom, shape)
    assert shapely.equals_identical(same.geom, shape)


def test_heights_are_left_out_rather_than_stored_in_a_flat_layer(store: Store) -> None:
    flat = SHAPES[0]
    tall = shapely.force_3d(flat, 250.0)
    with store.writer("test", "shape") as writer:
        for n in range(2):
            writer.insert(ServiceArea, key=f"k{n}", unit_code="", buffer_m=0, set_hash="h", geom=tall)
        writer.connection.execute(
            sa.insert(ServiceArea).values(
                id=9, key="orm", unit_code="", buffer_m=0, set_hash="h", geom=tall, rev=writer.revision
            )
        )
    with store.reader() as reader:
        found = [row.geom for row in reader.rows(sa.select(ServiceArea.geom))]
    assert len(found) == 3
    assert all(shapely.equals_identical(one, flat) for one in found)


COORDINATE = st.floats(-180, 180, allow_nan=False)


@given(st.lists(st.tuples(COORDINATE, COORDINATE), max_size=20))
def test_points_written_as_arrays_and_as_geometries_are_the_same_bytes(
    pairs: list[tuple[float, float]],
) -> None:
    lon, lat = np.array([p[0] for p in pairs], dtype=float), np.array([p[1] for p in pairs], dtype=float)
    blobs = encode_gpkg_points(lon, lat)
    assert blobs == encode_gpkg(list(shapely.points(lon, lat)))
    assert [(one.x, one.y) for one in decode_gpkg(blobs)] == [(p[0], p[1]) for p in pairs]  # type: ignore[union-attr]


def test_a_blob_says_its_system_and_its_box() -> None:
    blob = encode_gpkg([SHAPES[0]])[0]
    assert blob[:4] == b"GP\x00\x03"
    assert int.from_bytes(blob[4:8], "little") == 4490
    assert np.frombuffer(blob[8:40], "<f8").tolist() == [126, 127, 43, 44]


def test_what_is_no_geopackage_blob_is_refused() -> None:
    with pytest.raises(ValueError, match="not a GeoPackage"):
        decode_gpkg([shapely.to_wkb(shapely.Point(1, 2))])
    assert decode_gpkg([None]) == [None]


@given(st.lists(st.integers(0, 60_000_000), max_size=20))
def test_many_instants_are_spelled_as_one_is(minutes: list[int]) -> None:
    one_by_one = [utc_text(dt.datetime.fromtimestamp(m * 60, dt.UTC)) for m in minutes]
    assert utc_texts(np.array(minutes, dtype=np.int64)) == one_by_one


def test_the_column_is_ours_whatever_geoalchemy_asks() -> None:
    assert Geometry("POINT").load_dialect_impl(None) is not None
