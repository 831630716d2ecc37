"""``huodian demo``: the whole main job on a fresh directory, synthetic or with a real feed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from gis.errors import RefusedInputError
from service.billing.pending_money import queue as pending_queue
from service.cli.demo import _text
from service.demo.run import DemoReport, clear, demo_settings, run_demo
from service.reports.geo import STATUS_COLOURS
from service.reports.words import STATUS_WORDS
from service.scope import whole
from service.settings import Settings
from service.store import open_store
from service.store.models import FireListIssue, GridSet, Statement, ZoneSet
from service.verification import standings
from tests.service.cli_calls import huodian
from tests.shared import DATA

DAY = dt.date(2024, 10, 29)
REAL = DATA / "fires" / "viirs_noaa20_nrt_c2_russia_asia_24h" / "2023-10-29.csv.gz"
ROOT = Path(__file__).resolve().parents[3]


def _quiet(_zh: str, _en: str) -> None:
    return


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def report(directory: Path) -> DemoReport:
    return run_demo(directory, Settings(), day=DAY, feed=None, actor="test", say=_quiet)


def _rows(report: DemoReport, issue: int) -> list[dict[str, str]]:
    name = next(name for name in report.files if name.endswith(f"issue{issue}.csv"))
    data = Path(name).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_every_row_of_the_feed_is_accounted_for(report: DemoReport) -> None:
    read = report.ingested
    assert read["read"] == read["accepted"] + read["duplicate"] + read["outside"] + read["rejected"]
    assert read["duplicate"] == read["rejected"] == 1
    assert read["outside"] > 0
    assert report.pixels > report.fire_points > 40


def test_the_list_names_real_counties_and_synthetic_ground(report: DemoReport) -> None:
    rows = _rows(report, 1)
    assert len(rows) > 40
    assert {row["county_code"][:2] for row in rows} == {"22"}
    assert all(row["township"].startswith("合成乡") for row in rows)
    assert all(
        row["grid"].startswith("合成村") and row["grid_code"].startswith(row["county_code"]) for row in rows
    )
    assert all("合成网格" in row["duty"] for row in rows)
    assert any(row["zone"].startswith("合成公路") for row in rows)


def test_whatever_used_the_synthetic_layers_says_so(report: DemoReport) -> None:
    name = next(name for name in report.files if name.endswith("issue2.json"))
    assert "synthetic" in json.dumps(json.loads(Path(name).read_text(encoding="utf-8")))
    store = open_store(report.store)
    try:
        with store.reader() as reader:
            statuses = {
                row[0] for model in (GridSet, ZoneSet) for row in reader.rows(sa.select(model.status))
            }
    finally:
        store.close()
    assert statuses == {"synthetic"}


def test_a_late_pass_changes_the_list_that_went_out(report: DemoReport) -> None:
    assert report.changes["new"] >= 3
    assert report.changes["changed"] >= 3
    marked = [row["change"] for row in _rows(report, 2)]
    assert marked.count("new") == report.changes["new"]
    store = open_store(report.store)
    try:
        with store.reader() as reader:
            numbers = [row.number for row in reader.rows(sa.select(FireListIssue.number))]
    finally:
        store.close()
    assert numbers == [1, 2]


def test_every_format_is_written_twice(report: DemoReport) -> None:
    suffixes = sorted(Path(name).suffix for name in report.files if "issue1" in name)
    assert suffixes == [".csv", ".geojson", ".json", ".json", ".kml", ".xlsx"]
    assert all(Path(name).stat().st_size > 0 for name in report.files)


def test_synthetic_findings_are_charged_as_a_sample_and_say_so(report: DemoReport) -> None:
    money = report.money
    assert money is not None
    assert (money.rulebook, money.season, money.why_not) == ("JL-1", "2024-2025", "")
    assert len(money.confirmed) >= 2
    assert len(money.waiting) == 1
    assert money.charged[0]["amount"] == "800000.00"
    assert Decimal(money.total) == sum(Decimal(one["amount"]) for one in money.charged)
    store = open_store(report.store)
    try:
        with store.reader() as reader:
            found = standings(reader)
            queue = pending_queue(reader, whole("test"))
            (stored,) = reader.rows(sa.select(Statement.payer_code, Statement.status, Statement.sha256))
    finally:
        store.close()
    people = {one.person for point in found.values() for one in point.records}
    assert people == {"合成核查员"}
    assert set(found) == {*money.confirmed, *money.waiting}
    assert [one.fire_point_id for one in queue if one.what == "denial_unreviewed"] == list(money.waiting)
    assert (stored.payer_code, stored.sha256) == (money.charged[0]["payer"], money.sha256)
    assert stored.status != "official"


def test_the_sample_statement_stands_beside_the_store_in_every_form(
    report: DemoReport, directory: Path
) -> None:
    assert report.money is not None
    names = {Path(name).name for name in report.money.files}
    payer = report.money.charged[0]["payer"]
    assert names == {f"SAMPLE-{payer}-2024-2025-001.{form}" for form in ("json", "xlsx", "pdf")}
    folder = directory / "statement"
    assert {path.name for path in folder.iterdir()} == names
    document = json.loads(next(folder.glob("*.json")).read_bytes())
    assert document["mark"] == "非正式"
    assert {line["mark"] for line in document["lines"]} == {"非正式"}
    page = PdfReader(next(folder.glob("*.pdf"))).pages[0].extract_text()
    assert "非正式" in page


def test_a_day_out_of_season_is_found_on_and_not_charged(tmp_path: Path) -> None:
    day = dt.date(2024, 7, 15)
    money = run_demo(tmp_path, Settings(), day=day, feed=None, actor="test", say=_quiet).money
    assert money is not None
    assert money.confirmed
    assert (money.charged, money.total, money.files) == ((), "0.00", ())
    assert "考核期" in money.why_not


def test_the_summary_names_commands_that_run(report: DemoReport) -> None:
    said = _text(report)
    assert "非正式 not official" in said
    assert "合成核查" in said
    words = [line.split()[1:] for line in said.splitlines() if " --db " in line]
    assert {one[2] for one in words} == {"explain", "pending", "charge", "statement"}
    for one in words:
        told = huodian(*one)
        assert told.returncode == 0, told.stderr
        assert told.stdout


def test_a_real_feed_shows_its_busiest_day(tmp_path: Path) -> None:
    report = run_demo(tmp_path, Settings(), day=None, feed=REAL, actor="test", say=_quiet)
    assert not report.synthetic_feed
    assert report.money is None, "nobody's real fires are given invented findings"
    assert report.fire_day == "2023-10-29"
    rows = _rows(report, 1)
    assert 300 < len(rows) <= report.fire_points
    assert {row["county_code"][:2] for row in rows} == {"22"}


def test_a_feed_that_is_none_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n")
    with pytest.raises(RefusedInputError) as refused:
        run_demo(tmp_path / "demo", Settings(), day=None, feed=wrong, actor="test", say=_quiet)
    assert refused.value.code == "unknown_feed"


def test_a_new_run_removes_only_what_a_run_made(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "old.csv").write_text("old")
    (tmp_path / "statement").mkdir()
    clear(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep"
    assert not (tmp_path / "input" / "old.csv").exists()
    assert not (tmp_path / "statement").exists()
    assert str(tmp_path) in demo_settings(tmp_path, Settings(db="sqlite:///other.gpkg")).db


@pytest.fixture
def served(tmp_path: Path) -> Iterator[int]:
    """The command as a user starts it, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = "from service.cli.app import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", start, "demo", "--dir", str(tmp_path / "demo"), "--port", str(port)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
        return str(answer.read().decode())


def test_the_command_serves_the_map_and_the_phone_list(served: int) -> None:
    base = f"http://127.0.0.1:{served}"
    deadline = time.monotonic() + 90
    while True:
        try:
            page = _get(f"{base}/day")
            break
        except OSError:
            assert time.monotonic() < deadline, "the demo did not come up"
            time.sleep(0.5)
    phone = _get(f"{base}/m")
    assert "合成" in page
    assert "合成村" in phone
    assert "非正式" in page
    assert "非正式" in phone
    assert re.search(r"tel:10\d{9}", phone)


def test_every_status_has_its_words_and_a_colour_on_the_map() -> None:
    assert set(STATUS_WORDS) <= set(STATUS_COLOURS), "a status without one would cost the whole page"
