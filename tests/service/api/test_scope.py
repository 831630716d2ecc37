"""No reader sees anything of another: every GET route, every format, two counties and a city with a hole in it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from service.reports.render import FORMATS
from tests.service.api.client import client
from tests.service.api.conftest import RealStore
from tests.service.api.test_firepoints import rows_of

DAY = "date=2023-10-29"

NAMES: Mapping[str, tuple[str, ...]] = {
    "yushu": ("220182", "榆树"),
    "shulan": ("220283", "舒兰"),
    "meihekou": ("220581", "梅河口"),
    "tonghua": ("220503", "220521", "220523", "220524", "220582", "二道江", "辉南", "柳河", "集安"),
}
"""Codes and names of each reader's own ground, which the other must not meet."""

PAIRS = [
    ("yushu", "shulan"),
    ("shulan", "yushu"),
    ("tonghua", "meihekou"),
    ("meihekou", "tonghua"),
    ("patrol", "shulan"),
]

QUERIES: Mapping[str, tuple[str, ...]] = {
    "/api/v1/openapi.json": ("",),
    "/api/v1/health": ("",),
    "/api/v1/units": (
        "",
        "code={code}",
        "code=220000",
        "parent=220000",
        "parent=220100",
        "parent=220200",
        "parent=220500",
        "parent={code}",
        "q=市",
        "q=县",
        "q=区&date=2018-01-01",
        "q={name}",
        *(f"parent=220000&purpose={purpose}" for purpose in ("legal", "supervision", "payer", "assessment")),
        *(f"parent=220500&purpose={purpose}" for purpose in ("legal", "supervision", "payer", "assessment")),
    ),
    "/api/v1/firepoints": (
        "",
        f"{DAY}&limit=1000",
        f"{DAY}&unit={{code}}",
        f"{DAY}&unit=220000&limit=1000",
        f"{DAY}&bbox=120,40,132,47&limit=1000",
        "start=2023-10-01&end=2023-10-31&limit=1000",
        f"{DAY}&screen=outside",
        f"{DAY}&limit=1000&as_of=2035-01-01T00:00:00Z",
    ),
    "/api/v1/firepoints/{fire_point_id}": ("", "as_of=2035-01-01"),
    "/api/v1/firepoints/{fire_point_id}/verifications": ("", "as_of=2035-01-01"),
    "/api/v1/firepoints/{fire_point_id}/explanation": (
        *("", "rulebook=JL-1", "as_of=2035-01-01", "format=zip"),
        *("format=text", "format=text&lang=en"),
    ),
    "/api/v1/whatif": ("season=2023-2024&rulebook=JL-1&instead=JL-1-PROVINCE",),
    "/api/v1/firelist": tuple(
        f"{DAY}&format={form}{unit}" for form in FORMATS for unit in ("", "&unit={code}", "&unit=220000")
    ),
    "/api/v1/standing": (
        *(f"season=2023-2024&level={level}" for level in ("city", "county", "township")),
        "season=2023-2024&rulebook=JL-1",
        "season=2023-2024&format=csv",
    ),
    "/api/v1/charges": (
        "season=2023-2024&rulebook=JL-1",
        "season=2023-2024&rulebook=JL-1&payer={code}",
        "season=2023-2024&rulebook=JL-1&as_of=2035-01-01",
    ),
    "/api/v1/statements": ("", "payer={code}", "season=2023-2024"),
    "/api/v1/statements/one": (
        *("payer={code}&season=2023-2024", "payer=220000&season=2023-2024&number=1&format=document"),
    ),
    "/api/v1/statements/verified": (f"sha256={'0' * 64}",),
    "/api/v1/roll": ("season=2023-2024", "season=2023-2024&format=xlsx"),
    "/api/v1/objections": ("", "payer={code}", "state=open"),
    "/api/v1/pending": ("", "unit={code}", "unit=220000"),
    "/api/v1/firepoints/{fire_point_id}/card": ("",),
    "/api/v1/search": ("q={code}", "q={name}", "q=市", "q=20231029&limit=50", "q=202310"),
    "/api/v1/events": ("wait=0", "wait=0&since=0", "wait=0&since=3"),
    "/base/tianditu/{layer}/{z}/{x}/{y}": ("",),
    "/api/v1/session": ("",),
    "/api/v1/calendar": (
        *("", "from=2023-10-20&to=2023-10-31", "unit={code}", "unit=220000&status=unverified"),
        "screen=counted&satellite=N20&confidence=nominal,high",
    ),
    "/": ("", DAY),
    "/day": ("", DAY),
    "/m": ("", DAY, f"{DAY}&page=2", f"{DAY}&lang=en", f"{DAY}&unit={{code}}", f"{DAY}&unit=220000"),
    "/login": ("",),
    "/ogc": ("", "f=html"),
    "/static/vendor": ("",),
    "/map": ("",),
}
"""Every GET route, with what is asked of it; a new route fails the first test until it stands here."""


def get_routes(web: TestClient) -> set[str]:
    found = set()
    for route in iter_route_contexts(web.app.routes):  # type: ignore[attr-defined]
        methods = getattr(route, "methods", None)
        if methods is None or "GET" in methods:
            found.add(str(route.path))
    return found


def asked(
    path: str, other_code: str, other_name: str, ids: list[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield addresses, each with the words of the request that an answer may repeat."""
    for query in QUERIES[path]:
        filled = query.format(code=other_code, name=other_name)
        said = tuple(word for word in (other_code, other_name) if word in filled)
        for one in ids if "{" in path else [""]:
            place = path.replace("{fire_point_id}", one).replace("{layer}/{z}/{x}/{y}", "vec/8/215/92")
            if path == "/static/vendor":
                place += "/leaflet/leaflet.css"
            if path == "/map":
                place += "/index.html"
            yield (f"{place}?{filled}" if filled else place), (*said, *([one] if one else ()))


def texts(answer: Any) -> str:
    """Return everything an answer says, the members of an archive and the headers included."""
    parts = [str(dict(answer.headers))]
    if answer.content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            parts += [packed.read(name).decode("utf-8", "replace") for name in packed.namelist()]
    else:
        parts.append(answer.content.decode("utf-8", "replace"))
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), "\n".join(parts))


def sees_no_money(answer: Any) -> bool:
    return answer.status_code == 403 and answer.json()["code"] == "may_not_see_money"


def test_every_get_route_is_walked(real: RealStore) -> None:
    with client(real.store, real.tokens["admin"]) as web:
        assert get_routes(web) == set(QUERIES)


@pytest.mark.parametrize(("reader", "other"), PAIRS)
def test_nothing_of_another_unit_appears_anywhere(real: RealStore, reader: str, other: str) -> None:
    with client(real.store, real.tokens[other]) as web:
        theirs = rows_of(web)
        duty = {text for row in theirs for one in row["duties"] for text in (one["person"], one["phone"])}
    with client(real.store, real.tokens[reader]) as web:
        mine = rows_of(web)
    ids = [row["fire_point_id"] for row in theirs]
    assert ids
    assert mine
    assert not {row["fire_point_id"] for row in mine} & set(ids)
    forbidden = {*NAMES[other], *ids, *duty}
    code, name = NAMES[other][0], NAMES[other][-1]
    checked = 0
    with client(real.store, real.tokens[reader]) as web:
        for path in QUERIES:
            if path.endswith("openapi.json"):
                continue  # the program's own text, the same for everybody: see the test below
            for address, said in asked(path, code, name, ids[:2]):
                answer = web.get(address)
                fits = answer.status_code in (200, 404) or (reader == "patrol" and sees_no_money(answer))
                assert fits, f"{address}: {answer.status_code} {answer.text[:300]}"
                text = texts(answer)
                found = [word for word in forbidden - set(said) if word in text]
                assert not found, f"{address} shows {found}"
                if said and answer.status_code == 200:
                    rest = texts(web.get(address))
                    for word in said:
                        assert rest.count(word) <= 1, f"{address} tells about {word}"
                checked += 1
    assert checked > 50


@pytest.mark.parametrize("reader", ["yushu", "tonghua", "meihekou"])
def test_counts_are_the_readers_own(real: RealStore, reader: str) -> None:
    with client(real.store, real.tokens[reader]) as web:
        mine = rows_of(web)
        counts = web.get(f"/api/v1/firelist?{DAY}").json()["data"]["counts"]
        assert counts["fire_points"] == len(mine)
        assert counts["pixels"] == sum(row["pixels"] for row in mine)
        page = web.get(f"/m?{DAY}").text
        assert f"火点 {len(mine)}" in page


def test_the_walk_would_find_a_leak(real: RealStore) -> None:
    """The province sees both, so the same search must find them: the words searched for are really there."""
    with client(real.store, real.tokens["jilin"]) as web:
        text = texts(web.get(f"/api/v1/firelist?{DAY}&format=xlsx"))
        for words in NAMES.values():
            assert any(word in text for word in words)
        assert "榆树值班员" in text


def test_the_description_is_the_same_for_everybody(real: RealStore) -> None:
    said = set()
    for token in real.tokens.values():
        with client(real.store, token) as web:
            said.add(web.get("/api/v1/openapi.json").text)
    assert len(said) == 1


def test_roles_without_a_wider_unit_read_the_same(real: RealStore) -> None:
    seen = []
    for name in ("yushu", "patrol", "inspector"):
        with client(real.store, real.tokens[name]) as web:
            seen.append([row["fire_point_id"] for row in rows_of(web)])
    assert seen[0] == seen[1] == seen[2]
