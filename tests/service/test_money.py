"""Who may not see money meets none: every GET route and every reading command, beside the county that pays."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from service import untold
from service.pipeline.pending import PendingCase
from service.scope import ROLES, Scope
from service.store import open_store
from service.untold import NOT_TOLD
from service.users import PERMISSIONS, Permission, add_user, may
from tests.service.api.client import client, problem_of
from tests.service.api.test_scope import QUERIES, asked, texts
from tests.service.billing.house import Fire, House, house
from tests.service.test_scope import READS

YUSHU, SHULAN, SEASON = "220182", "220283", "2023-2024"
LATER = dt.datetime(2035, 1, 1, tzinfo=dt.UTC)
EXEMPTED, OBJECTED = "免责理由甲甲", "异议理由乙乙"
AMOUNT = re.compile(r"(?<![\d.])[1-9][0-9,]*(00000\.00|00,000)(?!\d)")
"""What the season's amounts look like: 300000.00 or 1,400,000, and nothing else that is answered."""
KEYS = {"amount", "amount_wan", "at_stake", "charge", "charges", "net", "net_wan", "total_wan", "rewards"}
SILENT = "may_not_see_money"

ROUTES_OF_MONEY = {
    *(
        "/api/v1/charges",
        "/api/v1/statements",
        "/api/v1/statements/one",
        "/api/v1/roll",
        "/api/v1/objections",
    ),
    *("/api/v1/whatif", "/api/v1/standing"),
    *(f"/api/v1/firepoints/{{fire_point_id}}{part}" for part in ("", "/card", "/explanation")),
}
COMMANDS_OF_MONEY = {
    *(("charge",), ("whatif",), ("explain",), ("standing",), ("objection", "list")),
    *(("statement", verb) for verb in ("draft", "list", "show", "roll")),
}
REFUSED_ROUTES = {
    *(
        f"/api/v1/{name}"
        for name in ("charges", "statements", "statements/one", "statements/verified", "roll")
    ),
    *("/api/v1/objections", "/api/v1/whatif"),
}
REFUSED_COMMANDS = {
    *(("charge",), ("whatif",), ("objection", "list")),
    *(("statement", verb) for verb in ("draft", "list", "show", "roll", "verify")),
}


@dataclass
class Season:
    """A season of 榆树 with all that money does: charges, a ruling on who is spared, a statement, an objection."""

    house: House
    own: str
    foreign: str
    exempted: str
    tokens: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def season(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[Season]:
    tied = [Fire(YUSHU, place, "2023-10-29T12:00") for place in (0, 1)]
    later = [Fire(YUSHU, 2, "2023-10-29T12:05"), Fire(YUSHU, 3, "2023-10-29T12:10", finding=None)]
    spared, other = Fire(YUSHU, 4, "2023-10-29T12:20"), Fire(SHULAN, 0, "2023-10-29T12:30")
    with house(store_home, new_store_url, tmp_path / "house") as made:
        made.burn([*tied, *later, spared, other])
        made.verify()
        made.data("rulebooks", "load", "JL-1")
        made.data("rule", made.id_of(spared), "--exempt", "other", "--reason", EXEMPTED)
        made.recorded(dt.datetime(2023, 10, 29, 13, tzinfo=dt.UTC))
        issued = ("--payer", YUSHU, "--season", SEASON)
        made.data("statement", "issue", *issued, "--rulebook", "JL-1", "--sample")
        made.data("objection", "file", made.id_of(tied[0]), *issued, "--grounds", OBJECTED)
        found = Season(made, made.id_of(tied[0]), made.id_of(other), made.id_of(spared))
        store = open_store(made.url)
        for role in ("patrol", "inspector", "county"):
            found.tokens[role] = add_user(store, role, role, YUSHU, actor="test")[1]
        store.close()
        yield found


def money_in(text: str) -> set[str]:
    """Return what of the season's money a text says."""
    found = {hit[0] for hit in AMOUNT.finditer(text)}
    return found | {word for word in (EXEMPTED, OBJECTED) if word in text}


def told_keys(value: Any) -> set[str]:
    """Return the keys of money that have something under them, wherever they stand."""
    if isinstance(value, dict):
        own = {key for key, one in value.items() if key in KEYS and one not in (None, [])}
        return own.union(*(told_keys(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(told_keys(one) for one in value))
    return set()


def test_roles_that_see_money_are_those_that_pay_collect_or_run_the_service() -> None:
    seeing = {
        role for role in (*ROLES, "local", "unheard-of") if may(Scope("a", role, "u1"), Permission.MONEY)
    }
    assert seeing == {"admin", "province", "city", "county", "local"}
    for role in ROLES:
        beyond = PERMISSIONS[role] & {Permission.OBJECT, Permission.ISSUE, Permission.RULE}
        assert role in seeing or not beyond, "nobody decides on money unseen"


# --- over HTTP -----------------------------------------------------------------------------------------------------


def walked(season: Season, role: str) -> Iterator[tuple[str, Any]]:
    store = open_store(season.house.url)
    archive = {"archive": str(season.house.folder / "archive")}
    with client(store, season.tokens[role], settings=archive, now=LATER) as web:
        for path in QUERIES:
            if path.endswith(("openapi.json", "/vendor", "/map")):
                continue  # the program's own text, the same for everybody
            for address, _ in asked(path, YUSHU, "榆树", [season.own, season.exempted]):
                yield path, web.get(address)
        for query in (f"deny={season.own}", f"move={season.own}&to={SHULAN}"):
            yield "/api/v1/whatif", web.get(f"/api/v1/whatif?season={SEASON}&rulebook=JL-1&{query}")
    store.close()


@pytest.mark.parametrize("role", ["patrol", "inspector"])
def test_no_route_tells_of_money(season: Season, role: str) -> None:
    refused, seen = set(), 0
    for path, answer in walked(season, role):
        assert answer.status_code in (200, 403, 404), f"{path}: {answer.status_code} {answer.text[:300]}"
        if answer.status_code == 403:
            assert answer.json()["code"] == SILENT
            refused.add(path)
            continue
        text = texts(answer)
        assert not money_in(text), f"{answer.url}: {money_in(text)}"
        if answer.headers["content-type"].startswith("application/json"):
            assert not told_keys(answer.json()), answer.url
        seen += season.own in text
    assert refused == REFUSED_ROUTES
    assert seen >= 8, "the fire points themselves are shown"


def test_the_county_meets_its_money_on_the_same_routes(season: Season) -> None:
    found = {path for path, answer in walked(season, "county") if money_in(texts(answer))}
    assert found == ROUTES_OF_MONEY


def test_a_map_made_for_the_county_is_not_what_a_patrol_gets(season: Season) -> None:
    """The layer of cases is kept between requests, and both readers have the same unit."""
    asked_for = (
        "/ogc/collections/pending/items?f=json&limit=100&datetime=2023-10-01T00:00:00Z/2023-11-30T00:00:00Z"
    )
    store = open_store(season.house.url)
    kinds = {}
    for role in ("county", "patrol", "county"):
        with client(store, season.tokens[role], now=LATER) as web:
            answer = web.get(asked_for)
            assert answer.status_code == 200, answer.text
            kinds[role] = {one["properties"]["what"] for one in answer.json()["features"]}
    store.close()
    assert kinds == {"county": {"overdue", "objection"}, "patrol": {"overdue"}}


def test_nobody_without_it_objects_or_issues_over_http(season: Season) -> None:
    store = open_store(season.house.url)
    revision = season.house.revision
    of = {"payer": YUSHU, "season": SEASON}
    bodies = {
        "/api/v1/objections": {**of, "fire_point_id": season.own, "grounds": "不应成功的异议"},
        "/api/v1/objections/1/answer": {"outcome": "rejected", "reason": "不应成功的答复"},
        "/api/v1/objections/1/withdraw": {},
        "/api/v1/objections/1/appeal": {"grounds": "不应成功的复核"},
        "/api/v1/statements": {**of, "rulebook": "JL-1", "sample": True},
        "/api/v1/statements/final": of,
    }
    with client(store, season.tokens["patrol"], now=LATER) as web:
        for number, (path, body) in enumerate(bodies.items()):
            answer = web.post(path, json=body, headers={"Idempotency-Key": str(number)})
            assert problem_of(answer, 403)["code"] in (SILENT, "role_may_not"), path
            assert not money_in(answer.text)
    store.close()
    assert season.house.revision == revision


# --- on the command line -------------------------------------------------------------------------------------------


def ran(season: Season, role: str, folder: Path) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Yield each reading command with what it said, files included, and its JSON document."""
    more = [
        *READS.items(),
        (("statement", "show"), [["statement", "show", "--payer", "{mine}", "--season", SEASON]]),
    ]
    for number, (name, lines) in enumerate(more):
        for at, words in enumerate(lines):
            out = folder / f"{role}{number}-{at}"
            filled = [
                word.format(own=season.own, foreign=season.foreign, mine=YUSHU, other=YUSHU, out=out)
                for word in words
            ]
            plain = season.house.run(*filled, token=season.tokens[role])
            result = season.house.run("--json", *filled, token=season.tokens[role])
            files = out.read_bytes().decode("utf-8", "replace") if out.exists() else ""
            document = json.loads(result.stdout) if result.stdout.startswith("{") else None
            yield name, plain.output + result.output + files, document


def test_no_command_tells_a_patrol_of_money(season: Season, tmp_path: Path) -> None:
    refused = set()
    for name, text, document in ran(season, "patrol", tmp_path):
        assert not money_in(text), (name, money_in(text))
        if document is not None:
            assert not told_keys(document), name
            refused |= {name} if document.get("error", {}).get("code") == SILENT else set()
    assert refused >= REFUSED_COMMANDS
    trial = ("cluster", "--sensitivity", "--season", SEASON)
    assert season.house.refused(*trial, token=season.tokens["patrol"]) == "operator_only"


def test_the_county_meets_its_money_in_the_same_commands(season: Season, tmp_path: Path) -> None:
    found = {name for name, text, _ in ran(season, "county", tmp_path) if money_in(text)}
    assert found >= COMMANDS_OF_MONEY


def test_a_case_of_the_place_is_told_without_what_is_at_stake() -> None:
    place = (
        "f",
        "2023-10-29",
        "2023-10-29T12:30:00+08:00",
        "zh",
        "en",
        126.5,
        44.8,
        YUSHU,
        "榆树市",
        None,
        0.6,
        90.0,
    )
    waiting = [
        PendingCase(*place[:3], what, *place[3:], (), at_stake="500000.00")
        for what in ("boundary_county", "overdue", "tie", "payer_in_doubt", "objection")
    ]
    told = untold.cases(Scope("p", "patrol", "u1"), waiting)
    assert [(one.what, one.at_stake) for one in told] == [("boundary_county", None), ("overdue", None)]
    assert untold.cases(Scope("c", "county", "u1"), waiting) == waiting


def test_what_is_read_for_other_reasons_says_that_money_is_not_shown(season: Season, tmp_path: Path) -> None:
    made, token = season.house, season.tokens["inspector"]
    story = made.data("explain", season.own, token=token)
    assert (story["untold"]["zh"], story["untold"]["en"]) == NOT_TOLD
    assert (story["money"], story["statements"], story["objections"]) == ([], [], [])
    assert made.data("explain", season.own)["untold"] is None
    page = made.run("explain", season.own, token=token).stdout
    assert page.count(NOT_TOLD[0]) == 2, "under money, and under statements and objections"
    standing = made.data("standing", "--season", SEASON, token=token)
    (row,) = standing["rows"]
    assert (row["verified"], row["charged"], row["amount"], row["held"]) == (4, None, None, None)
    assert NOT_TOLD[0] in {one["zh"] for one in standing["notes"]}
    whole = made.data("standing", "--season", SEASON, token=season.tokens["county"])["rows"][0]
    assert AMOUNT.fullmatch(whole["amount"])
    assert {case["what"] for case in made.data("pending")} == {"overdue", "objection"}
    waiting = {case["what"]: case for case in made.data("pending", token=token)}
    assert set(waiting) == {"overdue"}, "what waits for a finding is for people on the ground"
    assert waiting["overdue"]["at_stake"] is None
    silent = made.data("explain", waiting["overdue"]["fire_point_id"], token=token)
    assert silent["untold"]["verification_due"] == waiting["overdue"]["due"]
