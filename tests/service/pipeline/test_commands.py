"""init, ingest, assess, rule, pending and rejected as a person types them."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from service.cli import app as cli
from service.store.models import Revision
from service.users import add_user
from tests.service.pipeline import feeds
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.test_histories import products
from tests.service.pipeline.world import World

FIRE = Row(at("2023-10-29 04:30"), "126.55000", "44.85000")


def _run(world: World, *arguments: str, token: str | None = None) -> Result:
    environment = {
        "HUODIAN_DB": world.url,
        "HUODIAN_ARCHIVE": str(world.archive.root),
        "HUODIAN_TOKEN": token,
    }
    result = CliRunner().invoke(cli.application(), list(arguments), env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def _data(result: Result, schema: str) -> Any:
    document = json.loads(result.stdout)
    assert set(document) >= {"schema", "as_of", "data", "warnings"}
    assert document["schema"] == schema
    return document["data"]


def test_the_main_path_in_documents(world: World) -> None:
    assert _data(_run(world, "--json", "init"), "init")["changed"] is False
    path = world.feed("day.csv", products()["nrt"], ["not,a,row"])
    report = _data(_run(world, "--json", "ingest", str(path)), "ingest")
    assert report["files"][0]["path"] == "day.csv"
    assert (report["totals"]["accepted"], report["totals"]["rejected"]) == (len(products()["nrt"]), 1)
    assessed = _data(_run(world, "--json", "assess"), "assess")
    assert assessed["fire_points"] == len(world.points())
    cases = _data(_run(world, "--json", "pending"), "pending")
    case = next(one for one in cases if one["what"] == "boundary_county")
    known = world.revision
    ruled = _run(
        world, "--json", "rule", case["fire_point_id"], "--unit", case["county_code"], "--reason", "现场核实"
    )
    assert _data(ruled, "rule")["fire_point_id"] == case["fire_point_id"]
    left = _data(_run(world, "--json", "pending"), "pending")
    assert case not in left
    assert len(left) < len(cases)
    assert _data(_run(world, "--json", "--as-of", str(known), "pending"), "pending") == cases
    (row,) = _data(_run(world, "--json", "rejected"), "rejected")
    assert (row["file"], row["line"], row["raw"]) == ("day.csv", len(products()["nrt"]) + 2, "not,a,row")


def test_the_main_path_in_words(world: World) -> None:
    path = world.feed("day.csv", products()["nrt"], ["not,a,row"])
    assert "没有变化" in _run(world, "init").stdout
    assert "day.csv" in _run(world, "ingest", str(path)).stdout
    assert "fire points" in _run(world, "--lang", "en", "assess").stdout
    assert "待裁定" in _run(world, "pending").stdout
    out = world.folder / "rejected.csv"
    assert "1" in _run(world, "rejected", "-o", str(out)).stdout
    with out.open(encoding="utf-8-sig", newline="") as text:
        assert [row["raw"] for row in csv.DictReader(text)] == ["not,a,row"]


def test_refusals_are_told_in_both_languages_with_the_exit_code(world: World) -> None:
    refused = _run(world, "ingest", str(world.folder / "gone.csv"))
    assert refused.exit_code == 1
    assert "找不到" in refused.stderr
    assert "no such file" in refused.stderr
    for arguments in (
        ["ingest", "x.csv", "--dates", "ymd"],
        ["assess", "--from", "tomorrow"],
        ["--as-of", "then", "pending"],
        ["rule", "x", "--reason", "现场核实"],
        ["rule", "x", "--reason", "现场核实", "--zone", "A", "--screen", "other"],
    ):
        assert _run(world, *arguments).exit_code == 2, arguments
    broken = world.folder / "broken.csv"
    broken.write_text("a,b\n1,2\n")
    result = _run(world, "--json", "ingest", str(broken))
    assert result.exit_code == 1
    assert _data(result, "ingest")["files"][0]["refused"] == "unknown_feed"
    assert json.loads(result.stdout)["warnings"]


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_names_with_markup_or_odd_bytes_do_not_break_the_answer(world: World, option: list[str]) -> None:
    folder = world.folder / "inbox"
    folder.mkdir()
    text = feeds.write(world.folder / "plain.csv", [FIRE]).read_bytes()
    for name in (b"[", b"[bold]x[", b"[/red]".replace(b"/", b"\xe2\x88\x95") + b".csv", b"\xff\xfe.csv"):
        Path(os.fsdecode(os.path.join(os.fsencode(folder), name))).write_bytes(text)  # noqa: PTH118
    result = _run(world, *option, "ingest", str(folder))
    assert result.exit_code == 0
    assert "[bold]x[" in result.stdout
    missing = _run(world, *option, "ingest", os.fsdecode(b"/gone\xff"))
    assert missing.exit_code == 1


def test_a_missing_evidence_file_is_refused_before_anything_is_written(world: World) -> None:
    world.ingest(world.feed("day.csv", [FIRE]))
    world.assess()
    before = world.revision
    (point,) = world.points()
    words = ["rule", point.fire_point_id, "--screen", "other", "--reason", "现场核实", "--evidence"]
    refused = _run(world, *words, str(world.folder / "gone.jpg"))
    assert refused.exit_code == 1
    assert "gone.jpg" in refused.stderr
    assert world.revision == before
    photo = world.folder / "photo.jpg"
    photo.write_bytes(b"\xff\xd8photo")
    assert _run(world, *words, str(photo)).exit_code == 0
    assert world.points()[0].screen == "other"


def test_a_ruling_names_whoever_holds_the_token(world: World) -> None:
    world.ingest(world.feed("day.csv", [FIRE]))
    world.assess()
    (point,) = world.points()
    _, token = add_user(world.store, "裁定员", "province", "220000", actor="test")
    words = ["rule", point.fire_point_id, "--screen", "other", "--reason", "现场核实"]
    assert _run(world, *words, token=token).exit_code == 0
    with world.store.reader() as reader:
        rows = reader.rows(sa.select(Revision.actor).where(Revision.command == "rule"))
    assert [row.actor for row in rows] == ["裁定员"]
    _, county = add_user(world.store, "县里", "county", "220182", actor="test")
    assert _run(world, *words, token=county).exit_code == 1


def test_what_would_be_ignored_is_refused(world: World) -> None:
    for arguments in (
        ["--as-of", "1", "assess"],
        ["--as-of", "1", "rule", "x", "--screen", "other", "--reason", "现场核实"],
        ["assess", "--from", "2023-11-02", "--to", "2023-11-01"],
        ["load", "boundaries", "builtin", "--dry-run"],
    ):
        assert _run(world, *arguments).exit_code == 2, arguments


def test_a_zone_that_no_layer_knows_is_ruled_with_a_warning(world: World) -> None:
    world.ingest(world.feed("day.csv", [FIRE]))
    world.assess()
    (point,) = world.points()
    done = _run(world, "--json", "rule", point.fire_point_id, "--zone", "Z9", "--reason", "现场核实")
    assert done.exit_code == 0
    assert "Z9" in json.loads(done.stdout)["warnings"][0]
    assert world.points()[0].zone_code == "Z9"


def test_rejected_rows_are_pointed_at(world: World) -> None:
    result = _run(world, "ingest", str(world.feed("day.csv", [FIRE], ["not,a,row"])))
    assert result.exit_code == 0
    assert "huodian rejected" in result.stderr
