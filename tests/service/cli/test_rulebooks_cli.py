"""`huodian rulebooks` as people and scripts use it: no store, errors by line, schemas that hold."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from service.cli import app as entry
from service.cli import schemas

BOOK = Path(str(resources.files("service.accountability").joinpath("books/jl-1.yaml")))


@pytest.fixture(scope="module")
def commands() -> Any:
    return entry.application()


def _run(commands: Any, tmp_path: Path, *arguments: str) -> Result:
    environment = {"HUODIAN_DB": f"sqlite:///{tmp_path / 'none.gpkg'}"}
    return CliRunner().invoke(commands, entry.global_first(["rulebooks", *arguments]), env=environment)


def _document(name: str, result: Result) -> Any:
    said = json.loads(result.stdout)
    schemas.envelope(name).model_validate(said)
    return said["data"]


def test_the_list_says_that_nothing_is_official(commands: Any, tmp_path: Path) -> None:
    data = _document("rulebooks", _run(commands, tmp_path, "--json"))
    assert {"JL-1", "HL-1", "LN-2"} <= {line["id"] for line in data}
    assert "official" not in {line["status"] for line in data}
    assert data == _document("rulebooks", _run(commands, tmp_path, "list", "--json"))
    assert "非正式" in _run(commands, tmp_path).stdout
    assert not (tmp_path / "none.gpkg").exists()


def test_a_good_file_is_told_with_its_hash(commands: Any, tmp_path: Path) -> None:
    result = _run(commands, tmp_path, "check", str(BOOK), "--json")
    data = _document("rulebooks.check", result)
    assert (result.exit_code, data["ok"], data["rulebook"]["id"]) == (0, True, "JL-1")
    shown = _document("rulebooks.show", _run(commands, tmp_path, "show", "JL-1", "--json"))
    assert shown["hash"] == data["rulebook"]["hash"]
    assert shown["informal"] is True


def test_a_bad_file_is_told_by_line_with_exit_one(commands: Any, tmp_path: Path) -> None:
    text = BOOK.read_text(encoding="utf-8").replace("scope: county", "scope: district")
    text = text.replace('wan_yuan: "30"', "wan_yuan: 30.5")
    bad = tmp_path / "bad.yaml"
    bad.write_text(text, encoding="utf-8")
    result = _run(commands, tmp_path, "check", str(bad))
    assert result.exit_code == 1
    for part in ("district", "30.5"):
        line = next(number for number, one in enumerate(text.splitlines(), start=1) if part in one)
        assert f"bad.yaml:{line}: charges.0" in result.stdout
    data = _document("rulebooks.check", _run(commands, tmp_path, "check", str(bad), "--json"))
    assert [one["code"] for one in data["problems"]] == ["unknown_word", "float_number"]


def test_a_missing_file_and_an_unknown_id_name_the_next_step(commands: Any, tmp_path: Path) -> None:
    missing = _run(commands, tmp_path, "check", str(tmp_path / "no.yaml"))
    assert (missing.exit_code, "no_such_file" in missing.output) == (1, True)
    unknown = _run(commands, tmp_path, "show", "JL-9")
    assert (unknown.exit_code, "JL-1" in unknown.output) == (1, True)


def test_the_schema_is_a_json_schema(commands: Any, tmp_path: Path) -> None:
    found = json.loads(_run(commands, tmp_path, "schema").stdout)
    assert found["title"] == "Rulebook"
    assert set(found["required"]) >= {"id", "jurisdiction", "validity", "windows", "counts", "sources"}
