"""The first and last days of the calendar, in every parameter of every read: answered or refused, never a failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from gis.errors import UsageError
from service.cli.charge import instant
from service.cli.session import parse_as_of, parse_date
from service.store import Store
from tests.service.api.client import client

EDGES = (
    *("0001-01-01", "0001-01-02", "1899-12-31", "9999-12-30", "9999-12-31"),
    *(
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
    ),
)
PAGES = ("/", "/m", "/day", "/login")
IN_PATH = {
    "collectionId": "fire_points",
    "tileMatrixSetId": "WebMercatorQuad",
    "tileMatrix": "6",
    "tileRow": "22",
    "tileCol": "54",
    "styleId": "map",
}


def questions(document: dict[str, Any], prefix: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield address, parameter and what else must be said, for every parameter of every read."""
    for path, operations in document["paths"].items():
        if "get" not in operations:
            continue
        known = document["components"].get("parameters", {})
        parameters = [
            known[one["$ref"].rsplit("/", 1)[-1]] if "$ref" in one else one
            for one in operations["get"].get("parameters", [])
        ]
        address = prefix + path
        for one in parameters:
            if one["in"] == "path":
                address = address.replace(f"{{{one['name']}}}", IN_PATH.get(one["name"], "x"))
        asked = [one for one in parameters if one["in"] == "query"]
        needed = {
            one["name"]: "2023-2024" if one["name"] == "season" else "220182"
            for one in asked
            if one.get("required")
        }
        for one in asked:
            yield address, one["name"], needed


def answered(web: TestClient, address: str, parameters: dict[str, str]) -> int:
    if address.endswith("/events"):
        return 200  # a stream without end; its one parameter is a number
    return web.get(address, params=parameters).status_code


def test_no_day_of_the_calendar_makes_a_read_fail(store: Store) -> None:
    web = client(store, raise_server_exceptions=False)
    failed = [
        (address, name, edge)
        for document, prefix in (("/api/v1/openapi.json", ""), ("/ogc/api", "/ogc"))
        for address, name, needed in questions(web.get(document).json(), prefix)
        for edge in EDGES
        if answered(web, address, {**needed, name: edge}) >= 500
    ]
    failed += [
        (page, "date", edge)
        for page in PAGES
        for edge in EDGES
        if web.get(page, params={"date": edge}).status_code >= 500
    ]
    assert not failed


@pytest.mark.parametrize("edge", [one for one in EDGES if "T" not in one])
def test_the_list_of_a_day_beyond_the_calendar_is_refused(store: Store, edge: str) -> None:
    assert client(store).get("/api/v1/firelist", params={"date": edge}).status_code == 400


@pytest.mark.parametrize("edge", EDGES)
def test_the_command_line_refuses_them_too(edge: str) -> None:
    with pytest.raises(UsageError, match="2023-10-29"):
        parse_date(edge, "--date")
    with pytest.raises(UsageError, match="2023-10-29"):
        parse_as_of(edge)
    with pytest.raises(UsageError, match="--at"):
        instant(edge)
