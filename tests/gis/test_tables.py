from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import RefusedInputError
from gis.tables import parse_date, parse_instant, read_table

COLUMNS = {"code": ("编码",), "name": ("名称",)}


def table(text: str | bytes) -> list[tuple[int, str, str]]:
    raw = text.encode() if isinstance(text, str) else text
    return [
        (row.line, row["code"], row["name"]) for row in read_table(raw, columns=COLUMNS, required=("code",))
    ]


def test_columns_are_found_whatever_their_width_case_or_order() -> None:
    assert table("名 称,ＣＯＤＥ,别的\n甲,1,x\n") == [(2, "1", "甲")]


def test_lines_count_physically_through_quoted_breaks_and_blank_rows() -> None:
    assert table('code,name\n1,"甲\n乙"\n\n2,丙\n') == [(2, "1", "甲\n乙"), (5, "2", "丙")]


def test_short_rows_are_filled_and_cells_stay_text() -> None:
    assert table("code,name\n=1+1\n") == [(2, "=1+1", "")]


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "empty"),
        ("名称\n甲\n".encode(), "missing"),
        ("编码,code\n1,2\n".encode(), "twice"),
        (b"code\n\x00\n", "neither"),
        (b"code\n\xff\xff\n", "neither"),
    ],
)
def test_what_is_no_table_is_refused(raw: bytes, word: str) -> None:
    with pytest.raises(RefusedInputError, match=word):
        table(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        table(b"code,name\n" + raw)
    except RefusedInputError as error:
        assert error.code == "bad_table"  # noqa: PT017 - any other code is the failure


@pytest.mark.parametrize("text", ["2023-10-29", "2023/10/29", "2023.10.29", "2023年10月29日", "20231029"])
def test_dates(text: str) -> None:
    assert parse_date(text) == dt.date(2023, 10, 29)


@pytest.mark.parametrize("text", ["29/10/2023", "2023-13-01", "", "2023-02-30", "10-29"])
def test_dates_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2023-10-29 14:00", "2023-10-29T06:00:00+00:00"),
        ("2023年10月29日 14时05分", "2023-10-29T06:05:00+00:00"),
        ("2023-10-29T14:00:30", "2023-10-29T06:00:30+00:00"),
        ("2023-10-29T06:00Z", "2023-10-29T06:00:00+00:00"),
        ("2023-10-29T06:00+00:00", "2023-10-29T06:00:00+00:00"),
    ],
)
def test_clock_times_without_a_zone_are_beijing_time(text: str, utc: str) -> None:
    assert parse_instant(text).astimezone(dt.UTC).isoformat() == utc


@pytest.mark.parametrize("text", ["2023-10-29", "14:00", "2023-10-29 25:00", "soon"])
def test_an_instant_needs_a_day_and_a_clock_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)


@given(st.integers(946_684_800, 4_102_444_800))
def test_an_instant_survives_the_round_trip(seconds: int) -> None:
    aware = dt.datetime.fromtimestamp(seconds, dt.UTC)
    assert parse_instant(aware.isoformat()) == aware
