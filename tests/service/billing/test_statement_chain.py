"""The chain of a payer's statements, without a store: whatever is altered, removed or moved is found."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import RefusedInputError
from service.billing.chain import (
    Difference,
    canonical_bytes,
    chain_differences,
    columns_of,
    compare,
    digest,
    read_document,
    row_differences,
)
from service.rulebooks import shipped_rulebook
from tests.service.accountability.facts import fires
from tests.service.billing.runs import issue, run_of

COUNT = 4


@cache
def _chain() -> tuple[dict[str, Any], ...]:
    """Rows of four statements, each of one fire more."""
    rows: list[dict[str, Any]] = []
    documents: list[dict[str, Any]] = []
    for number in range(1, COUNT + 1):
        run = run_of(fires(number, "2020-11-11", "220182"), shipped_rulebook("JL-1"), rev=number)
        document = issue(run, "220182", documents)
        document["previous"] = None if number == 1 else {"number": number - 1, "sha256": rows[-1]["sha256"]}
        data = canonical_bytes(document)
        documents.append(document)
        rows.append({**columns_of(document), "document": data.decode(), "sha256": digest(data), "id": number})
    return tuple(rows)


def _rows() -> list[SimpleNamespace]:
    return [SimpleNamespace(**row) for row in _chain()]


def _found(rows: list[Any], head: str | None = None) -> list[Difference]:
    """Return what a check of rows against a known head finds."""
    found = [one for row in rows for one in row_differences(row)] + chain_differences(rows)
    missing = head is not None and head not in {row.sha256 for row in rows}
    return found + [Difference("head", "head", head or "", "", "", "")] * missing


def test_a_chain_as_it_was_issued_holds() -> None:
    rows = _rows()
    assert _found(rows, rows[-1].sha256) == []
    assert [str(row.net) for row in rows] == ["500000.00", "300000.00", "300000.00", "300000.00"]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, COUNT - 1), st.integers(0, 10**6), st.integers(1, 127))
def test_any_byte_of_any_document_is_found(which: int, place: int, flip: int) -> None:
    rows = _rows()
    data = bytearray(rows[which].document.encode())
    data[place % len(data)] ^= flip
    rows[which].document = bytes(data).decode("utf-8", "replace")
    assert any(str(rows[which].number) in one.where for one in _found(rows))


_EDITS: dict[str, Any] = {
    "payer_code": "220183",
    "payer_uid": None,
    "payer_name": "别处",
    "season": "2019-2020",
    "status": "official",
    "as_of_rev": 99,
    "computed_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    "previous": Decimal("0.01"),
    "total": Decimal("1.00"),
    "net": Decimal("-5.00"),
    "previous_sha256": "ab",
    "sha256": "cd",
    "number": 17,
}


@pytest.mark.parametrize("column", _EDITS)
@pytest.mark.parametrize("which", range(COUNT))
def test_any_column_of_any_row_is_found(column: str, which: int) -> None:
    rows = _rows()
    setattr(rows[which], column, _EDITS[column])
    assert _found(rows)


@given(st.permutations(range(COUNT)))
def test_another_order_is_found(order: list[int]) -> None:
    rows = _rows()
    moved = [rows[place] for place in order]
    assert bool(_found(moved, rows[-1].sha256)) == (order != sorted(order))


@given(st.sets(st.integers(0, COUNT - 1), min_size=1))
def test_whatever_is_removed_is_found_by_whoever_kept_the_head(gone: set[int]) -> None:
    rows = _rows()
    left = [row for place, row in enumerate(rows) if place not in gone]
    assert _found(left, rows[-1].sha256)


def test_a_document_rewritten_with_its_hash_breaks_the_link_after_it() -> None:
    rows = _rows()
    document = read_document(rows[0].document.encode(), "1")
    document["people"]["approver"] = "别人"
    data = canonical_bytes(document)
    rows[0].document, rows[0].sha256 = data.decode(), digest(data)
    assert [one.code for one in _found(rows)] == ["chain"]


def test_two_documents_are_compared_by_path() -> None:
    one = {"a": [{"fire_point_id": "x", "n": 1}], "b": "1", "c": None}
    other = {"a": [{"fire_point_id": "x", "n": 2}, 5], "b": 1, "d": None}
    assert {path for path, _, _ in compare(one, other)} == {"a[x].n", "a.length", "b", "c", "d"}
    assert list(compare(one, one)) == []


@pytest.mark.parametrize("value", [1.5, [0.1], {"deep": [{"x": 2.0}]}, float("nan")])
def test_no_float_enters_a_statement(value: Any) -> None:
    with pytest.raises(ValueError, match="floats"):
        canonical_bytes({"value": value})


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'{"schema":"x"}', b"\xff", b"{" * 50])
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedInputError):
        read_document(data, "file")
