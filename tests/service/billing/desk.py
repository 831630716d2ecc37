"""A season with fires verified in two counties, and a clock that tests can turn: what statements are issued of."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.billing import deadlines
from service.store import open_store
from service.users import add_user
from tests.service.billing.house import Fire, House, fires, house

SEASON = "2023-2024"
WHEN = "2023-10-29T12:00"
BOOK = ("--rulebook", "JL-1")
YUSHU, SHUANGLIAO = "220182", "220382"


@dataclass
class Desk:
    """A house whose clock stands still until it is turned."""

    house: House
    clock: dt.datetime
    yushu: list[Fire]
    shuangliao: list[Fire]

    def later(self, **span: float) -> None:
        """Turn the clock on."""
        self.clock += dt.timedelta(**span)

    def id_of(self, fire: Fire) -> str:
        return self.house.id_of(fire)

    def issue(self, payer: str = YUSHU, *words: str, token: str = "") -> dict[str, Any]:
        """Issue a sample and return its document, with the hash beside it."""
        self.later(minutes=1)
        made = self.house.data(
            *("statement", "issue", "--payer", payer, "--season", SEASON, *BOOK, "--sample", *words),
            token=token,
        )
        return {**made["document"], "sha256": made["sha256"], "id": made["statement_id"]}

    def refused(self, *words: str, token: str = "", code: int = 1) -> str:
        return self.house.refused(*words, token=token, code=code)

    def issue_refused(self, payer: str = YUSHU, *words: str, token: str = "") -> str:
        return self.refused("statement", "issue", "--payer", payer, "--season", SEASON, *words, token=token)

    def deny(self, fire: Fire, level: str = "province") -> None:
        """Record that there was nothing, and let the province say so."""
        evidence = self.house.folder / "photo.jpg"
        evidence.write_bytes(b"a photograph")
        self.house.data(
            *("verify", self.id_of(fire), "--finding", "nothing_found", "--level", level),
            *("--evidence", str(evidence), "--person", "乙"),
        )
        self.house.data("assess")

    def export(self, name: str, payer: str = YUSHU, *words: str) -> Path:
        """Export a statement as JSON."""
        path = self.house.folder / name
        asked = ("statement", "show", "--payer", payer, "--season", SEASON, *words)
        result = self.house.run(*asked, "--format", "json", "-o", str(path))
        assert result.exit_code == 0, result.output
        return path

    def verify(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run `statement verify`."""
        result = self.house.run("--json", "statement", "verify", *words)
        assert result.exit_code == code, result.output
        found: dict[str, Any] = json.loads(result.stdout)["data"]
        return found

    def sql(self, text: str, **values: Any) -> None:
        """Edit the store by hand."""
        store = open_store(self.house.url)
        with store.engine.begin() as connection:
            assert connection.execute(sa.text(text), values).rowcount > 0, text
        store.close()

    def user(self, name: str, role: str, unit: str | None) -> str:
        store = open_store(self.house.url)
        _, token = add_user(store, name, role, unit, actor="test")
        store.close()
        return token


@contextmanager
def desk(
    home: str,
    new_store_url: Callable[..., str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    """Open a season with two straw fires in each of two counties, in a ban area."""
    with house(home, new_store_url, folder) as opened:
        yushu, shuangliao = fires(YUSHU, 2, WHEN), fires(SHUANGLIAO, 2, WHEN, first=1)
        opened.burn([*yushu, *shuangliao])
        opened.verify()
        found = Desk(opened, deadlines.now(), yushu, shuangliao)
        monkeypatch.setattr(deadlines, "now", lambda: found.clock)
        yield found
