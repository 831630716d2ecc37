"""Any order of one assessment's input gives byte-identical statements, on both stores; a crash leaves one or none."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.billing import deadlines
from service.store import open_store
from service.store.models import Revision
from tests.service.billing.desk import SEASON, YUSHU, desk
from tests.service.billing.house import House, fires, house
from tests.service.cli_calls import START
from tests.service.pipeline import feeds

THEN = dt.datetime(2023, 11, 1, tzinfo=dt.UTC)
NOW = dt.datetime(2023, 12, 1, tzinfo=dt.UTC)
ORDERS = ((0, 1, 2), (2, 0, 1), (1, 2, 0))


def _statement(home: str, new_store_url: Callable[..., str], folder: Path, order: tuple[int, ...]) -> bytes:
    """Build one season from rows and files in an order, and return the bytes of its statement."""
    with house(home, new_store_url, folder) as opened:
        rows = [
            one.row()
            for one in (*fires(YUSHU, 4, "2023-10-29T12:00"), *fires("220382", 2, "2023-10-29T12:00"))
        ]
        parts = [rows[:2], rows[2:3], rows[3:]]
        paths = [
            str(feeds.write(folder / f"part{number}.csv", list(reversed(parts[number])))) for number in order
        ]
        opened.data("ingest", *paths)
        opened.data("assess")
        ids = sorted(opened.ids().values(), reverse=order[0] == 2)
        table = folder / "results.csv"
        lines = [f"{name},straw,city,2023-10-29T15:00,甲" for name in ids]
        table.write_text(
            "\n".join(["火点编号,核实结论,级别,核实时间,核实人", *lines]) + "\n", encoding="utf-8"
        )
        opened.data("verify", "--file", str(table))
        _dated(opened)
        out = folder / "statement.json"
        words = ("statement", "issue", "--payer", YUSHU, "--season", SEASON, "--rulebook", "JL-1", "--sample")
        result = opened.run(*words, "-o", str(out))
        assert result.exit_code == 0, result.output
        return out.read_bytes()


def _dated(opened: House) -> None:
    """Give revisions the instants they would have on a clock that both stores share."""
    store = open_store(opened.url)
    with store.engine.begin() as connection:
        table = Revision.__table__
        for key in connection.execute(sa.select(table.c.id)).scalars().all():
            at = THEN + dt.timedelta(minutes=key)
            connection.execute(sa.update(table).where(table.c.id == key).values(at=at))
    store.close()


def test_any_order_of_the_input_gives_the_same_bytes_on_both_stores(
    new_store_url: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "now", lambda: NOW)
    made = {
        (home, order): _statement(home, new_store_url, tmp_path / f"{home}{number}", order)
        for home in ("sqlite", "postgis")
        for number, order in enumerate(ORDERS)
    }
    assert len(set(made.values())) == 1
    assert all(data.count(b'"amount":') == 4 for data in made.values())


@pytest.mark.parametrize(("point", "issued"), [("before", 0), ("after", 1)])
def test_a_killed_issue_leaves_the_statement_whole_or_not_at_all(
    store_home: str,
    new_store_url: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    issued: int,
) -> None:
    with desk(store_home, new_store_url, tmp_path / "desk", monkeypatch) as office:
        words = ("statement", "issue", "--payer", YUSHU, "--season", SEASON, "--rulebook", "JL-1", "--sample")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HUODIAN_")}
        environment |= {
            "HUODIAN_DB": office.house.url,
            "HUODIAN_FAILPOINT": f"statement.issue.{point}_commit",
        }
        killed = subprocess.run(
            [sys.executable, "-c", START, *words], env=environment, capture_output=True, check=False
        )
        assert killed.returncode == 137, killed.stderr
        assert len(office.house.data("statement", "list")) == issued
        if issued:
            assert office.issue_refused(YUSHU, "--rulebook", "JL-1", "--sample") == "nothing_changed"
            assert office.verify(str(office.export("one.json")))["ok"]
        else:
            assert office.issue()["number"] == 1
