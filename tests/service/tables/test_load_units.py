from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gis.errors import NotFoundError, RefusedInputError
from gis.types import Level
from grids.codelists import read_code_list
from grids.registerfile import builtin_register_file
from grids.townships import with_code_lists
from grids.units import Purpose
from service.pipeline.archive import Archive
from service.pipeline.load_units import load_units
from service.pipeline.register_store import load_register
from service.store.engine import Store
from service.store.models import Revision, Unit, UnitName, UnitParent
from tests.service.registers import paid_by_the_city
from tests.shared import DATA

CODES = DATA / "codes"
DAY = dt.date(2023, 10, 29)
OLD = CODES / "ruiduobao_stats_2018_jilin_villages.csv"
STREETS = CODES / "china_division_2.7.0_stats2023_jilin_streets.csv"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def load(store: Store, archive: Archive, *files: Path) -> dict[str, Any]:
    return load_units(store, files, archive=archive, actor="tester")


def revisions(store: Store) -> int:
    with store.reader() as reader:
        return reader.rev


def test_the_shipped_register_survives_the_store(store: Store, archive: Archive) -> None:
    result = load(store, archive)
    base = builtin_register_file().register()
    assert result["units"]["added"] == len(base)
    with store.reader() as reader:
        stored = load_register(reader)
    assert {u.uid: u for u in stored.register} == {u.uid: u for u in base}
    assert set(stored.ids) == {u.uid for u in base}
    known = {(s.kind, s.before, s.after, s.day) for s in stored.register.successions}
    assert known == {(s.kind, s.before, s.after, s.day) for s in base.successions}


def test_loading_the_same_again_writes_nothing(store: Store, archive: Archive) -> None:
    load(store, archive, OLD)
    before = revisions(store)
    result = load(store, archive, OLD)
    assert result["unchanged"]
    assert result["revision"] is None
    assert revisions(store) == before


def test_lists_loaded_one_by_one_give_the_register_of_all_at_once(store: Store, archive: Archive) -> None:
    load(store, archive)
    load(store, archive, STREETS)
    result = load(store, archive, OLD)
    whole = with_code_lists(
        builtin_register_file().register(), [read_code_list(OLD), read_code_list(STREETS)]
    ).register
    with store.reader() as reader:
        register = load_register(reader).register
    assert {u.uid: (u.names, u.codes, u.parents, u.validity) for u in register} == {
        u.uid: (u.names, u.codes, u.parents, u.validity) for u in whole
    }
    # 2018 alone would have let the towns of 2023 begin whenever; with both lists their first year is known.
    assert result["units"]["changed"] > 0
    assert {(r["purpose"], r["level"]): (r["units"], r["adds_up"]) for r in result["rosters"]} == {
        ("legal", "city"): (9, True),
        ("legal", "county"): (69, True),
        ("legal", "township"): (1075, True),
        ("assessment", "city"): (11, True),
        ("assessment", "county"): (70, True),
        ("assessment", "township"): (1075, True),
    }
    assert any("1038 乡级" in line for line in result["disagreement"]["lines"])


def test_what_was_known_earlier_stays_readable(store: Store, archive: Archive) -> None:
    load(store, archive)
    first = revisions(store)
    load(store, archive, STREETS)
    with store.reader(as_of=first) as reader:
        early = load_register(reader)
    with store.reader() as reader:
        late = load_register(reader)
    assert len(early.register) < len(late.register)
    assert not early.register.members("u220122", Purpose.LEGAL, DAY, Level.TOWNSHIP)
    assert late.register.members("u220122", Purpose.LEGAL, DAY, Level.TOWNSHIP)
    assert early.revision == first
    assert late.revision > first


def test_no_row_is_ever_changed_or_deleted(store: Store, archive: Archive) -> None:
    load(store, archive, STREETS)
    with store.reader() as reader:
        before = {
            table: set(reader.rows(sa.select(table.__table__))) for table in (Unit, UnitName, UnitParent)
        }
    load(store, archive, OLD)
    with store.reader() as reader:
        for table, rows in before.items():
            assert rows <= set(reader.rows(sa.select(table.__table__)))


AUTHORED = """
format: 1
jurisdiction: "220000"
default_source: notice
sources:
  notice: {title: a notice of the city, confidence: S}
units:
  - {uid: u22, level: province, kind: province, name: 吉林省, code: "220000"}
"""

PAYS = paid_by_the_city("220202", until="2021-05-01")


def test_an_authored_file_adds_dated_facts(store: Store, archive: Archive, tmp_path: Path) -> None:
    load(store, archive)
    path = tmp_path / "payers.yaml"
    path.write_text(PAYS, encoding="utf-8")
    result = load(store, archive, path)
    assert result["units"]["added"] == 0
    with store.reader() as reader:
        register = load_register(reader).register
    assert register.payer("u220202", dt.date(2020, 11, 11)) == "u220200"
    assert register.payer("u220202", dt.date(2022, 11, 11)) == "u220202"
    assert register.check_roster(Purpose.PAYER, Level.COUNTY, DAY).once


def test_a_bad_file_changes_nothing_and_names_its_line(
    store: Store, archive: Archive, tmp_path: Path
) -> None:
    load(store, archive)
    before = revisions(store)
    bad = tmp_path / "units.yaml"
    bad.write_text(PAYS.replace("level: city", "level: town"), encoding="utf-8")
    with pytest.raises(RefusedInputError) as caught:
        load(store, archive, STREETS, bad)
    assert caught.value.context["errors"][0]["line"] == 9
    with pytest.raises(RefusedInputError, match=r"other\.csv"):
        load(store, archive, tmp_path / "other.csv")
    assert revisions(store) == before
    load(store, archive)  # the refused files are not part of the next load either
    with store.reader() as reader:
        assert not load_register(reader).register.members("u220122", Purpose.LEGAL, DAY, Level.TOWNSHIP)


def test_a_folder_is_its_lists(store: Store, archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / STREETS.name).write_bytes(STREETS.read_bytes())
    (tmp_path / "lists" / "readme.txt").write_text("not a list", encoding="utf-8")
    assert load(store, archive, tmp_path / "lists")["files"] == [STREETS.name]


def test_the_revision_tells_which_files_were_loaded(store: Store, archive: Archive) -> None:
    load(store, archive, STREETS)
    with store.reader() as reader:
        ((actor, command, params),) = reader.rows(
            sa.select(Revision.actor, Revision.command, Revision.params)
        )
    assert (actor, command) == ("tester", "load.units")
    assert [entry["name"] for entry in params["files"]] == [STREETS.name]


def test_a_lost_archive_is_named(store: Store, archive: Archive, tmp_path: Path) -> None:
    load(store, archive, STREETS)
    with pytest.raises(NotFoundError) as caught:
        load(store, Archive(tmp_path / "empty"), OLD)
    assert caught.value.code == "archive_missing"
