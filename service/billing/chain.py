"""Canonical bytes of a statement, and the chain of a payer's statements: re-hashed, re-linked, compared.

Everything here is pure: rows and documents come in, differences come out, each naming the place and both values. The
bytes are RFC 8785 (JSON Canonicalization Scheme); amounts, shares and coordinates stand in them as text.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from gis.errors import RefusedInputError

SCHEMA = "huodian.statement/1"
_SHOWN = 120
"""How much of a value a difference prints; the rest is in the documents."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was issued.

    Attributes
    ----------
    code
        ``file``, ``bytes``, ``column``, ``document``, ``chain``, ``head``, ``basis``, ``seal``, ``computed``.
    where
        What differs: ``statement 3 (220182, 2023-2024): total``, or a path in the document.
    expected, found
        Both values as text.
    """

    code: str
    where: str
    expected: str
    found: str
    zh: str
    en: str

    def as_dict(self) -> dict[str, str]:
        """Return it as JSON-representable data."""
        return asdict(self)


def difference(code: str, where: str, expected: Any, found: Any, zh: str, en: str) -> Difference:
    """Return a difference with its values as short text."""
    return Difference(code, where, _short(expected), _short(found), zh, en)


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of a document.

    Raises
    ------
    ValueError
        When it holds a float: no amount may depend on how a machine prints one.
    """
    import rfc8785

    _refuse_floats(document, "")
    return bytes(rfc8785.dumps(document))


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_document(data: bytes, name: str) -> dict[str, Any]:
    """Return the statement that a file holds.

    Raises
    ------
    RefusedInputError
        ``not_a_statement``: it is no JSON, or not a statement's.
    """
    try:
        document = json.loads(data)
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise RefusedInputError(
            "not_a_statement",
            f"{name} 不是扣款通知单的 JSON 文件：请用 statement show --format json -o FILE 导出的文件",
            f"{name} is no statement as JSON: give a file exported by statement show --format json -o FILE",
            value=name,
        )
    return document


def named(row: Any) -> str:
    """Return how a stored statement is called in a difference."""
    return f"statement {row.number} ({row.payer_code}, {row.season})"


def compare(expected: Any, found: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield path and both values of everything that differs between two documents."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in sorted(expected.keys() | found.keys()):
            inner = f"{path}.{key}" if path else key
            if key not in expected or key not in found:
                yield inner, expected.get(key), found.get(key)
            else:
                yield from compare(expected[key], found[key], inner)
    elif isinstance(expected, Sequence) and isinstance(found, Sequence) and not isinstance(expected, str):
        for number, (one, other) in enumerate(zip(expected, found, strict=False)):
            yield from compare(one, other, f"{path}[{_label(one, number)}]")
        if len(expected) != len(found):
            yield f"{path}.length", len(expected), len(found)
    elif expected != found or type(expected) is not type(found):
        yield path, expected, found


def row_differences(row: Any) -> list[Difference]:
    """Return where the columns of a stored statement and its document contradict each other.

    Parameters
    ----------
    row
        Columns of the table `statement`.
    """
    data = row.document.encode()
    if digest(data) != row.sha256:
        return [_bytes_differ(row, digest(data))]
    try:
        document = read_document(data, named(row))
    except RefusedInputError as error:
        return [difference("document", named(row), SCHEMA, row.document, error.zh, error.en)]
    found = []
    for column, value in columns_of(document).items():
        stored = getattr(row, column)
        if stored != value:
            found.append(
                difference(
                    "column",
                    f"{named(row)}: {column}",
                    _told(value),
                    _told(stored),
                    f"第 {row.number} 号通知单的 {column} 列与所签发的内容不符",
                    f"column {column} of statement {row.number} is not what was issued",
                )
            )
    return found


def columns_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of the table `statement` that a document implies; the row and its document must agree."""
    amounts, payer, previous = document["amounts"], document["payer"], document["previous"]
    return {
        "payer_code": payer["code"],
        "payer_uid": payer["uid"],
        "payer_name": payer["name"],
        "season": document["season"],
        "number": document["number"],
        "status": document["status"],
        "as_of_rev": document["as_of"]["revision"],
        "computed_at": dt.datetime.fromisoformat(document["computed_at"]),
        "previous": Decimal(amounts["previous"]),
        "total": Decimal(amounts["total"]),
        "net": Decimal(amounts["net"]),
        "previous_sha256": None if previous is None else previous["sha256"],
    }


def chain_differences(rows: Sequence[Any]) -> list[Difference]:
    """Return what breaks the chain of one payer and season: numbers, links, and sums carried over.

    Parameters
    ----------
    rows
        All statements of the payer and season, by number.
    """
    found: list[Difference] = []
    for place, row in enumerate(rows, start=1):
        if row.number != place:
            found.append(
                difference(
                    "chain",
                    f"{named(row)}: number",
                    place,
                    row.number,
                    f"编号应为 {place}，存储中为 {row.number}：有通知单被删除、增加或改号",
                    f"number {place} was expected where the store has {row.number}: one is missing or renumbered",
                )
            )
            break
    found += [_link(before, row) for before, row in pairwise(rows) if row.previous_sha256 != before.sha256]
    if rows and rows[0].number == 1 and rows[0].previous_sha256 is not None:
        found.append(_link(None, rows[0]))
    totals: dict[bool, Decimal] = {}
    for row in rows:
        formal = row.status == "official"
        carried = totals.get(formal, Decimal(0))
        if row.previous != carried or row.net != row.total - row.previous:
            found.append(
                difference(
                    "chain",
                    f"{named(row)}: previous, net",
                    f"{carried}, {row.total - carried}",
                    f"{row.previous}, {row.net}",
                    f"第 {row.number} 号通知单的上期金额或本期增减与前一号的合计不符",
                    f"previous or net of statement {row.number} does not follow from the total before it",
                )
            )
        totals[formal] = row.total
    return found


def _link(before: Any, row: Any) -> Difference:
    return difference(
        "chain",
        f"{named(row)}: previous_sha256",
        None if before is None else before.sha256,
        row.previous_sha256,
        f"第 {row.number} 号通知单所记前一号的校验值与存储中的前一号不符",
        f"statement {row.number} does not link to the statement before it in the store",
    )


def _bytes_differ(row: Any, found: str) -> Difference:
    return difference(
        "bytes",
        f"{named(row)}: document, sha256",
        row.sha256,
        found,
        f"第 {row.number} 号通知单的正文与其校验值不符：正文或校验值被改动",
        f"document and hash of statement {row.number} do not agree: one of them was altered",
    )


def _refuse_floats(value: Any, path: str) -> None:
    if isinstance(value, float):
        raise ValueError(f"a statement holds no floats: {path} = {value!r}")
    if isinstance(value, Mapping):
        for key, one in value.items():
            _refuse_floats(one, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            _refuse_floats(one, f"{path}[{number}]")


def _label(value: Any, number: int) -> str:
    name = value.get("fire_point_id") if isinstance(value, Mapping) else None
    return str(name) if name else str(number)


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value


def _short(value: Any) -> str:
    if isinstance(value, Mapping | list | tuple):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    text = str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
