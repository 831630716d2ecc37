"""``huodian firelist`` and ``huodian map`` as people run them."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from gis.errors import RefusedInputError
from service.cli import core, firelist
from service.cli import map as map_command
from service.cli.app import _globals
from service.cli.output import write_atomically
from service.reports.render import FORMATS
from service.store import open_store
from service.users import add_user
from tests.service.cli_calls import huodian as huodian_process
from tests.service.reports.readers import rows_of

ON = ("--date", "2023-10-29")
MEMBERS = ["fire_day", "cut", "issue", "feeds", "counts", "status", "rows"]


def huodian(*arguments: str) -> Result:
    """Run the command in this process: another one would spend most of the time on starting."""
    app = typer.Typer()
    app.callback()(_globals)
    for module in (core, firelist, map_command):
        module.register(app)
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def db(full_url: str) -> tuple[str, str]:
    return ("--db", full_url)


def test_json_is_one_document_with_the_members_of_the_contract(db: tuple[str, str]) -> None:
    done = huodian(*db, "--json", "firelist", *ON)
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert list(document) == ["schema", "as_of", "data", "warnings"]
    assert document["schema"] == "firelist"
    assert list(document["data"])[:7] == MEMBERS
    assert document["data"]["fire_day"] == "2023-10-29"
    assert any("非正式" in one for one in document["warnings"])


def test_the_screen_shows_a_table_with_counts_and_feeds(db: tuple[str, str]) -> None:
    done = huodian_process(*db, "firelist", *ON, "--unit", "220182")
    assert done.returncode == 0, done.stderr
    for word in ("榆树市 2023-10-29", "非正式", "像元", "未核查", "已到：NOAA-20"):
        assert word in done.stdout
    assert "未经现场核实" in done.stderr


def test_every_format_goes_to_a_file_named_by_its_suffix(db: tuple[str, str], tmp_path: Path) -> None:
    document = json.loads(huodian(*db, "--json", "firelist", *ON).stdout)
    wanted = [row["fire_point_id"] for row in document["data"]["rows"]]
    for form in FORMATS:
        file = tmp_path / f"list.{form}"
        done = huodian(*db, "firelist", *ON, "-o", str(file))
        assert (done.exit_code, done.stdout) == (0, ""), done.stderr
        assert [row["fire_point_id"] for row in rows_of(file)] == wanted
    meta = json.loads((tmp_path / "list.meta.json").read_bytes())
    assert meta["data"]["table"]["sha256"] == hashlib.sha256((tmp_path / "list.csv").read_bytes()).hexdigest()
    assert sorted(one.name for one in tmp_path.glob("list.*")) == sorted(
        ["list.meta.json", *(f"list.{form}" for form in FORMATS)]
    )


def test_publish_compare_and_publish_again(db: tuple[str, str]) -> None:
    first = json.loads(huodian(*db, "--json", "firelist", *ON, "--publish").stdout)
    again = huodian(*db, "--json", "firelist", *ON, "--publish")
    assert first["data"]["issue"] == 1
    assert json.loads(again.stdout)["data"] == first["data"]
    assert "内容与第 1 期相同" in json.loads(again.stdout)["warnings"][0]
    gone = first["data"]["rows"][0]["fire_point_id"]
    ruled = huodian(*db, "rule", gone, "--screen", "other", "--reason", "不是农田火")
    assert ruled.exit_code == 0, ruled.stderr
    assert huodian(*db, "assess").exit_code == 0
    later = json.loads(huodian(*db, "--json", "firelist", *ON, "--since", "1").stdout)["data"]
    assert (later["rows"][-1]["fire_point_id"], later["rows"][-1]["change"]) == (gone, "withdrawn")
    assert later["issue"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("--date", "29.10.2023"), "bad_date", 2),
        ((*ON, "--format", "docx"), "unknown_format", 2),
        ((*ON, "--unit", "999999"), "unknown_unit", 1),
        ((*ON, "--since", "3"), "unknown_issue", 1),
        ((*ON, "-o", "/no/such/folder/x.csv"), "cannot_write", 1),
    ],
)
def test_refusals_say_why_in_both_languages(
    db: tuple[str, str], arguments: tuple[str, ...], code: str, status: int
) -> None:
    done = huodian(*db, "firelist", *arguments)
    assert done.exit_code == status
    assert done.stderr.startswith(f"{code}: ")
    assert len(done.stderr.splitlines()) == 2


def test_a_suffix_that_names_no_format_is_refused(db: tuple[str, str], tmp_path: Path) -> None:
    for name, code in (("list.pdf", 2), ("list", 0)):
        out = tmp_path / name
        assert huodian(*db, "firelist", *ON, "-o", str(out)).exit_code == code
        assert out.exists() == (code == 0)


def test_one_stdout_takes_one_document_and_the_past_is_not_published(db: tuple[str, str]) -> None:
    both = huodian(*db, "--json", "firelist", *ON, "--format", "csv")
    past = huodian(*db, "--as-of", "5", "firelist", *ON, "--publish")
    assert (both.exit_code, json.loads(both.stdout)["error"]["code"]) == (2, "two_documents")
    assert (past.exit_code, past.stderr.split(":")[0]) == (2, "publish_as_of")


def test_a_countys_token_lists_and_maps_its_county_and_publishes_nothing(
    db: tuple[str, str], tmp_path: Path
) -> None:
    store = open_store(db[1])
    _account, token = add_user(store, "yushu", "county", "220182", actor="test")
    store.close()
    mine = (*db, "--token", token)
    document = json.loads(huodian(*mine, "--json", "firelist", *ON).stdout)
    assert {row["county_code"] for row in document["data"]["rows"]} == {"220182"}
    assert huodian(*mine, "firelist", *ON, "--unit", "220283").exit_code == 1
    refused = huodian(*mine, "firelist", *ON, "--publish")
    assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "role_may_not")
    page = tmp_path / "map.html"
    assert huodian(*mine, "map", *ON, "-o", str(page)).exit_code == 0
    everyone = json.loads(huodian(*db, "--json", "firelist", *ON).stdout)["data"]["rows"]
    shown = page.read_text(encoding="utf-8")
    for row in everyone:
        assert (row["fire_point_id"] in shown) is (row["county_code"] == "220182")


def test_the_map_is_one_file_and_says_what_it_wrote(db: tuple[str, str], tmp_path: Path) -> None:
    page = tmp_path / "map.html"
    done = huodian(*db, "--json", "map", *ON, "-o", str(page))
    assert done.exit_code == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    assert data["bytes"] == page.stat().st_size
    assert "农安县" in page.read_text(encoding="utf-8")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    kept = tmp_path / "a.csv"
    kept.write_bytes(b"old")
    (tmp_path / "b.csv").mkdir()
    write_atomically({kept: b"new"})
    assert kept.read_bytes() == b"new"
    assert stat.S_IMODE(kept.stat().st_mode) & 0o600 == 0o600
    with pytest.raises(RefusedInputError):
        write_atomically({tmp_path / "b.csv": b"new"})
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.csv", "b.csv"]
