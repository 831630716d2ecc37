from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from service.cli import load_tables
from service.cli.groups import load_app
from service.cli.session import Session
from service.settings import Settings
from tests.shared import DATA

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    app.add_typer(load_app, name="load")
    if not {"units", "duties"} <= {command.name for command in load_app.registered_commands}:
        load_tables.register(app)
    return app


@pytest.fixture
def run(app: typer.Typer, store_url: str, tmp_path: Path) -> Any:
    settings = Settings(db=store_url, archive=str(tmp_path / "archive"))

    def call(*words: str, lang: str = "zh", as_json: bool = True) -> Any:
        return RUNNER.invoke(app, ["load", *words], obj=Session(settings, json=as_json, lang=lang))

    return call


def test_load_units_answers_one_document_and_shows_the_disagreement(run: Any) -> None:
    path = DATA / "codes" / "china_division_2.7.0_stats2023_jilin_streets.csv"
    answer = run("units", str(path))
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert document["schema"] == "load.units"
    assert document["data"]["units"]["added"] > 1000
    text = run("units", str(path), as_json=False)
    assert "1075 乡级" in text.stdout
    assert "合计为全省一次" in text.stdout
    assert "add up to the province once" in run("units", str(path), as_json=False, lang="en").stdout


def test_a_missing_file_is_refused_with_a_reason(run: Any, tmp_path: Path) -> None:
    for kind in ("units", "grid", "zones", "plans", "periods", "regimes", "duties"):
        answer = run(kind, str(tmp_path / "nothing.csv"))
        assert answer.exit_code == 1
        assert json.loads(answer.stdout)["error"]["code"] == "no_file"


def test_a_wrong_status_is_wrong_usage(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text("code,level,name\n220184,county,公主岭市\n", encoding="utf-8")
    assert run("grid", str(path), "--status", "perfect").exit_code == 2
    assert run("grid", str(path), "--valid-from", "soon").exit_code == 2
    answer = run("grid", str(path), "--status", "sample", "--valid-from", "2023-10-01")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["data"]["version"] == 1
    assert "未变" in run("grid", str(path), "--valid-from", "2023-10-01", as_json=False).stdout
