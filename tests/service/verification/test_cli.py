"""`huodian verify` and `huodian publicise` as people and scripts call them: answers, exit codes, a kill in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli import app as entry
from service.cli import schemas
from service.users import add_user
from tests.service.cli_calls import START
from tests.service.pipeline.world import World
from tests.service.verification.findings import point_in, standing
from tests.service.verification.test_table import row, sheet

Run = Callable[..., Any]


@pytest.fixture
def run(world: World) -> Run:
    def call(*arguments: str, token: str = "") -> Any:
        environment = {"HUODIAN_DB": world.url, "HUODIAN_ARCHIVE": str(world.archive.root)}
        if token:
            environment["HUODIAN_TOKEN"] = token
        return CliRunner().invoke(entry.application(), entry.global_first(list(arguments)), env=environment)

    return call


def answer(result: Any, schema: str) -> dict[str, Any]:
    """Return `data` of an answer that is what its schema says."""
    said = json.loads(result.stdout)
    schemas.envelope(schema).model_validate(said)
    data: dict[str, Any] = said["data"]
    return data


def code(result: Any) -> tuple[int, str]:
    return result.exit_code, json.loads(result.stdout)["error"]["code"]


def test_a_finding_with_its_photo_is_recorded_and_shown_on_the_list(
    world: World, run: Run, tmp_path: Path
) -> None:
    point = point_in(world).fire_point_id
    photo = tmp_path / "现场.jpg"
    photo.write_bytes(b"\xff\xd8photo")
    words = ["verify", point, "--finding", "straw", "--level", "local", "--at", "2023-10-29 15:00"]
    more = [
        "--person",
        "王某",
        "--evidence",
        str(photo),
        "--area",
        "12亩",
        "--source",
        "patrol",
        "--note",
        "已灭",
    ]
    place = ["--lon", "126.5501", "--lat", "44.8502"]
    result = run("--json", *words, *more, *place)
    assert result.exit_code == 0, result.output
    data = answer(result, "verify")
    assert (data["status"], data["area_mu"], data["evidence_archived"]) == ("confirmed", "12", True)
    assert world.archive.get(data["evidence_sha256"]) == b"\xff\xd8photo"
    listed = json.loads(run("firelist", "--date", "2023-10-29", "--json").stdout)["data"]["rows"]
    assert {one["fire_point_id"]: one["status"] for one in listed}[point] == "confirmed"
    spoken = run(*words)
    assert "秸秆焚烧" in spoken.stdout
    assert "已核实" in spoken.stdout
    assert "it stands as confirmed" in run(*words, "--lang", "en").stdout
    upper = run("verify", point, "--finding", "weeds", "--level", "province", "--at", "2023-10-29 16:00")
    assert upper.exit_code == 0
    assert "与上级结论不一致" in run(*words).stderr


def test_who_looked_and_when_default_to_the_caller_and_now(world: World, run: Run) -> None:
    point = point_in(world).fire_point_id
    _, token = add_user(world.store, "yushu", "inspector", "220182", actor="test")
    data = answer(
        run("--json", "verify", point, "--finding", "stubble", "--level", "local", token=token), "verify"
    )
    assert data["person"] == "yushu"
    kept = standing(world, point)
    assert kept is not None
    assert (kept.records[0].actor, kept.records[0].unit_uid) == ("yushu", "u220182")
    assert abs((kept.records[0].recorded_at - kept.records[0].found_at).total_seconds()) < 60


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (["verify"], 2, "one_or_table"),
        (["verify", "{id}", "--file", "x.csv"], 2, "one_or_table"),
        (["verify", "{id}", "--level", "local"], 2, "option_missing"),
        (["verify", "{id}", "--finding", "straw"], 2, "option_missing"),
        (["verify", "--finding", "straw", "--level", "local"], 2, "option_missing"),
        (["verify", "{id}", "--finding", "fire", "--level", "local"], 2, "bad_finding"),
        (["verify", "{id}", "--finding", "straw", "--level", "local", "--at", "gestern"], 2, "bad_time"),
        (["verify", "{id}", "--finding", "straw", "--level", "local", "--area", "12"], 2, "bad_area"),
        (
            ["verify", "{id}", "--finding", "straw", "--level", "local", "--evidence", "no.jpg"],
            1,
            "no_such_file",
        ),
        (["verify", "{id}", "--finding", "straw", "--level", "local", "--at", "2023-10-29 01:00"], 1, None),
        (["verify", "20231029-0", "--finding", "straw", "--level", "local"], 1, "unknown_fire_point"),
        (["verify", "--file", "no.csv"], 1, "no_such_file"),
        (["verify", "{id}", "--finding", "straw", "--level", "local", "--as-of", "1"], 2, "write_as_of"),
        (["publicise", "{id}", "--at", "2023-11-01 09:00", "--notice", "一号"], 1, "not_confirmed"),
        (["publicise", "{id}", "--at", "morgen", "--notice", "一号"], 2, "bad_time"),
        (["publicise", "{id}", "--at", "0001-01-01 00:00", "--notice", "一号"], 1, "bad_published_at"),
    ],
)
def test_a_refusal_is_exit_one_and_a_wrong_call_exit_two(
    world: World, run: Run, words: list[str], exit_code: int, said: str | None
) -> None:
    before = world.revision
    point = point_in(world).fire_point_id
    result = run("--json", *(word.format(id=point) for word in words))
    assert code(result) == (exit_code, said or "found_before_overpass")
    assert world.revision == before


def test_a_table_answers_with_its_law_and_exits_one_when_a_row_was_rejected(
    world: World, run: Run, tmp_path: Path
) -> None:
    point = point_in(world).fire_point_id
    file = tmp_path / "核实结果.csv"
    file.write_text(sheet(row(point), row(point, finding="查实"), row(point)), encoding="gb18030")
    result = run("--json", "verify", "--file", str(file))
    assert result.exit_code == 1
    data = answer(result, "verify.file")
    assert (data["read"], data["accepted"], data["repeated"], data["rejected"]) == (3, 1, 1, 1)
    assert (data["problems"][0]["line"], data["problems"][0]["column"]) == (3, "finding")
    again = run("verify", "--file", str(file))
    assert again.exit_code == 1
    assert "读入 3 行，登记 0，此前已登记 2，拒收 1" in again.stdout
    assert "第 3 行" in again.stderr
    file.write_text(sheet(row(point)), encoding="utf-8")
    clean = run("--json", "verify", "--file", str(file))
    assert (clean.exit_code, answer(clean, "verify.file")["unchanged"]) == (0, True)
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    assert code(run("--json", "verify", "--file", str(file))) == (1, "bad_table")


def test_a_public_notice_is_recorded(world: World, run: Run) -> None:
    point = point_in(world).fire_point_id
    assert run("verify", point, "--finding", "straw", "--level", "province").exit_code == 0
    words = ("publicise", point, "--at", "2023-11-01 09:00", "--notice", "公示〔2023〕1号")
    data = answer(run("--json", *words), "publicise")
    assert (data["published"], data["published_at"]) == ([point], "2023-11-01T09:00:00+08:00")
    assert answer(run("--json", *words), "publicise")["repeated"] == [point]
    assert "1 个此前已登记" in run(*words).stdout


def test_a_role_that_may_not_leaves_no_evidence_behind(world: World, run: Run, tmp_path: Path) -> None:
    point = point_in(world).fire_point_id
    _, token = add_user(world.store, "watch", "patrol", "220182", actor="test")
    refused = run("--json", "publicise", point, "--at", "2023-11-01 09:00", "--notice", "一号", token=token)
    assert code(refused) == (1, "role_may_not")
    high = run("--json", "verify", point, "--finding", "straw", "--level", "city", token=token)
    assert code(high) == (1, "level_too_high")


@pytest.mark.parametrize(
    ("kind", "option", "value"),
    [("order", "--order", "2"), ("exempt", "--exempt", "storm"), ("payer", "--payer", "FARM-7")],
)
def test_rulings_about_money_from_the_command_line(
    world: World, run: Run, kind: str, option: str, value: str
) -> None:
    point, other = point_in(world).fire_point_id, point_in(world, "220283").fire_point_id
    said = run("--json", "rule", point, option, value, "--reason", "现场核实")
    assert said.exit_code == 0, said.output
    assert (answer(said, "rule")["kind"], answer(said, "rule")["value"]) == (kind, value)
    both = run("--json", "rule", point, option, value, "--distinct-from", other, "--reason", "现场核实")
    assert code(both) == (2, "one_ruling")
    distinct = run("--json", "rule", point, "--distinct-from", other, "--reason", "现场核实")
    assert answer(distinct, "rule")["value"] == other


@pytest.mark.parametrize("table", [False, True])
def test_a_kill_before_the_commit_leaves_nothing_and_one_after_it_everything(
    world: World, tmp_path: Path, table: bool
) -> None:
    point = point_in(world).fire_point_id
    file = tmp_path / "results.csv"
    file.write_text(sheet(row(point), row(point, finding="杂草")), encoding="utf-8")
    words = (
        ["verify", "--file", str(file)]
        if table
        else ["verify", point, "--finding", "straw", "--level", "local", "--at", "2023-10-29 15:00"]
    )
    before = world.revision
    assert _killed_at("verify.before_commit", world, words) == 137
    assert world.revision == before
    assert standing(world, point) is None
    assert _killed_at("verify.after_commit", world, words) == 137
    kept = standing(world, point)
    assert kept is not None
    assert len(kept.records) == (2 if table else 1)
    assert world.revision == before + 1


def _killed_at(failpoint: str, world: World, words: list[str]) -> int:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HUODIAN_")},
        "HUODIAN_DB": world.url,
        "HUODIAN_ARCHIVE": str(world.archive.root),
        "HUODIAN_FAILPOINT": failpoint,
    }
    command = [sys.executable, "-c", START, *words]
    return subprocess.run(command, capture_output=True, check=False, env=environment).returncode
