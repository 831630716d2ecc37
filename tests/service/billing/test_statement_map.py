"""``huodian map --payer --season``: the map of an issued statement for who may see its money, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service.billing.desk import SEASON, SHUANGLIAO, YUSHU, Desk, desk


@pytest.fixture
def office(
    new_store_url: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A season of which statements are issued; what is tested ends above the stores."""
    with desk("sqlite", new_store_url, tmp_path, monkeypatch) as opened:
        yield opened


def asked(office: Desk, payer: str = YUSHU, *words: str) -> tuple[str, ...]:
    return ("map", "--payer", payer, "--season", SEASON, "-o", str(office.house.folder / "map.html"), *words)


def test_the_map_is_that_of_the_statement(office: Desk) -> None:
    document = office.issue(YUSHU)
    token = office.user("yushu", "county", YUSHU)
    made = office.house.data(*asked(office), token=token)
    assert (made["sha256"], made["number"], made["lines"]) == (document["sha256"], 1, 2)
    assert made["mark"] == "非正式"
    page = (office.house.folder / "map.html").read_text(encoding="utf-8")
    assert all(office.id_of(fire) in page for fire in office.yushu)
    assert not [fire for fire in office.shuangliao if office.id_of(fire) in page]
    assert document["sha256"] in page


def test_who_may_not_see_it_gets_no_map(office: Desk) -> None:
    office.issue(YUSHU)
    office.issue(SHUANGLIAO)
    tokens = {"yushu": office.user("yushu", "county", YUSHU), "patrol": office.user("p", "inspector", YUSHU)}
    assert office.refused(*asked(office, SHUANGLIAO), token=tokens["yushu"]) == "unknown_statement"
    assert office.refused(*asked(office), token=tokens["patrol"]) == "may_not_see_money"
    assert office.refused(*asked(office, YUSHU, "--number", "2")) == "unknown_statement"
    assert not (office.house.folder / "map.html").exists()


def test_a_map_is_of_a_day_or_of_a_statement(office: Desk) -> None:
    for words in (("--date", "2023-10-29"), ("--unit", YUSHU)):
        assert office.refused(*asked(office, YUSHU, *words), code=2) == "day_or_statement"
    assert office.refused("map", "--payer", YUSHU, code=2) == "day_or_statement"
    assert office.refused("map", "--season", SEASON, code=2) == "day_or_statement"
