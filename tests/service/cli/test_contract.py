"""The command line as scripts use it: exit codes, one JSON document, global options anywhere, schemas that hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli import app as entry
from service.cli import schemas
from tests.shared import DATA

FEED = DATA / "fires" / "viirs_noaa20_nrt_c2_russia_asia_24h" / "2023-10-29.csv.gz"
BROKEN = DATA / "fires" / "corrupt_real" / "world_fires_1_day_TRUNCATED_LAST_LINE.csv.gz"

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def commands() -> Any:
    return entry.application()


@pytest.fixture
def run(commands: Any, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("HUODIAN_ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setenv("HUODIAN_DB", store_url)

    def call(*arguments: str) -> Any:
        return CliRunner().invoke(commands, entry.global_first(list(arguments)))

    return call


def document(result: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_every_answer_of_the_main_path_is_what_its_schema_says(run: Run) -> None:
    answers = {
        "init": run("init", "--json"),
        "ingest": run("ingest", str(FEED), str(BROKEN), "--json"),
        "assess": run("--json", "assess"),
        "firelist": run("firelist", "--date", "2023-10-29", "--json"),
        "pending": run("pending", "--json"),
        "rejected": run("rejected", "--json"),
    }
    case = document(answers["pending"])["data"][0]
    answers["rule"] = run(
        *("rule", case["fire_point_id"], "--unit", case["county_code"], "--reason", "现场核实", "--json")
    )
    for name, result in answers.items():
        assert result.exit_code == 0, (name, result.output)
        said = document(result)
        assert set(said) == {"schema", "as_of", "data", "warnings"}
        schemas.envelope(name).model_validate(said)
    totals = document(answers["ingest"])["data"]["totals"]
    assert totals["rejected"] == 1
    counts = document(answers["firelist"])["data"]["counts"]
    assert counts["fire_points"] == counts["listed"] + sum(counts["left_out"].values())


def test_a_refusal_is_exit_one_with_its_code_and_a_wrong_call_exit_two(run: Run, tmp_path: Path) -> None:
    run("init")
    strange = tmp_path / "strange.csv"
    strange.write_text("a,b\n1,2\n", encoding="utf-8")
    refused = run("ingest", str(strange), "--json")
    assert refused.exit_code == 1
    assert document(refused)["data"]["files"][0]["refused"] == "unknown_feed"
    missing = run("ingest", str(tmp_path / "nowhere.csv"), "--json")
    assert missing.exit_code == 1
    schemas.Error.model_validate(document(missing)["error"])
    assert run("ingest", str(FEED), "--dates", "ymd").exit_code == 2
    assert run("nonsense").exit_code == 2
    assert run("firelist", "--date", "29.10.2023").exit_code == 2


def test_a_store_that_is_not_there_names_the_next_step(commands: Any, tmp_path: Path) -> None:
    result = CliRunner().invoke(commands, ["--db", f"sqlite:///{tmp_path / 'no.gpkg'}", "pending"])
    assert result.exit_code == 1
    assert "huodian init" in result.output


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["pending", "--json"], ["--json", "pending"]),
        (["pending", "--db", "x", "--unit", "1"], ["--db", "x", "pending", "--unit", "1"]),
        (["rule", "--", "--json"], ["rule", "--", "--json"]),
        (["ingest", "a", "--as-of=3"], ["--as-of=3", "ingest", "a"]),
        (["pending", "--db"], ["--db", "pending"]),
    ],
)
def test_global_options_stand_anywhere(given: list[str], wanted: list[str]) -> None:
    assert entry.global_first(given) == wanted


def test_schemas_are_exported_one_file_each(commands: Any, tmp_path: Path) -> None:
    result = CliRunner().invoke(commands, ["schemas", "-o", str(tmp_path)])
    assert result.exit_code == 0
    names = {path.name.removesuffix(".schema.json") for path in tmp_path.iterdir()}
    assert names == {*schemas.ANSWERS, "error"}
    firelist = json.loads((tmp_path / "firelist.schema.json").read_text(encoding="utf-8"))
    assert "fire_point_id" in firelist["$defs"]["FireListRow"]["properties"]
