"""docs/api.md against the application: each route stands in its table with what it takes, and each row exists."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

from service.api.app import create_app
from service.settings import Settings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "api.md"
_ROW = re.compile(r"^\| (?P<routes>`(?:GET|POST) [^|]*) \|(?P<takes>[^|]*)\|[^|]*\|$", re.M)
_ELSEWHERE = {"GET /api/v1/openapi.json", "GET /login", "POST /login"}
"""What the page tells of in its text; mounts and their files are no routes."""


@pytest.fixture(scope="module")
def app() -> Any:
    return create_app(Settings(db="sqlite:///unused.gpkg"), None, log_stream=io.StringIO())


def _plain(route: str) -> str:
    """Return a route with its path parameters without names."""
    return re.sub(r"\{[^}]*\}", "{}", route)


def rows() -> dict[str, str]:
    """Return what each route of the table takes; a row may name a second route by its end."""
    found: dict[str, str] = {}
    for row in _ROW.finditer(PAGE.read_text(encoding="utf-8")):
        first, *others = re.findall("`([^`]*)`", row["routes"])
        found[_plain(first)] = row["takes"]
        for other in others:
            found[_plain(first.rpartition("/")[0] + other.removeprefix("…"))] = row["takes"]
    return found


def routes(app: Any) -> set[str]:
    """Return the routes of the application, and the mounts that answer under a path."""
    from fastapi.routing import iter_route_contexts

    return {
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
        if method != "HEAD"
    }


def test_every_route_has_its_row_and_every_row_its_route(app: Any) -> None:
    told = {route for route in rows() if route != "GET /ogc/…"}
    there = {_plain(route) for route in routes(app) - _ELSEWHERE}
    assert told == there
    text = PAGE.read_text(encoding="utf-8")
    assert all(route.split()[1] in text for route in _ELSEWHERE)


def test_every_parameter_and_field_stands_in_its_row(app: Any) -> None:
    description = app.openapi()
    table = rows()
    lacking = []
    for path, methods in description["paths"].items():
        for method, one in methods.items():
            route = f"{method.upper()} {path}"
            takes = set(re.findall(r"[A-Za-z][\w-]*", table[_plain(route)]))
            names = {
                part["name"].lower()
                for part in one.get("parameters", ())
                if part["in"] in ("query", "header")
            }
            body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" in body:
                names |= set(
                    description["components"]["schemas"][body["$ref"].rpartition("/")[2]]["properties"]
                )
            lacking += [f"{route}: {name}" for name in sorted(names - {one.lower() for one in takes})]
    assert lacking == []


def test_no_row_names_a_parameter_that_its_route_has_not(app: Any) -> None:
    description = app.openapi()
    table = rows()
    unknown = []
    for path, methods in description["paths"].items():
        if "get" not in methods:
            continue
        names = {part["name"].lower() for part in methods["get"].get("parameters", ())}
        # What stands in code outside brackets is a parameter; in brackets are its values.
        shown = re.sub(r"\([^)]*\)", "", table[_plain(f"GET {path}")])
        said = {one.partition("=")[0].lower() for one in re.findall("`([^`]*)`", shown)}
        unknown += [f"GET {path}: {name}" for name in sorted(said - names)]
    assert unknown == []
