"""A table of rulings: every row recorded, known already, or rejected alone; the same table again changes nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from gis.errors import ForbiddenError, RefusedInputError
from service.cli import app as entry
from service.cli import schemas
from service.pipeline.rulings import rule, rulings_in_force
from service.pipeline.rulings_table import TableReport, rule_table
from service.scope import Scope, scope_of, whole
from service.store.models import Ruling
from service.users import add_user
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.world import World, ready

OPERATOR = whole("operator")
CHINESE = ("火点编号", "裁定类别", "裁定值", "理由", "证据哈希")
ENGLISH = ("fire_point_id", "kind", "value", "reason", "evidence_sha256")
PROOF = "ab" * 32
NOON = at("2023-10-29 04:30")
FIRES = [
    Row(NOON, "126.55000", "44.85000", scan="0.8", track="0.8"),  # 榆树 of 长春
    Row(NOON, "126.60000", "44.90000", scan="0.8", track="0.8"),
    Row(
        at("2023-10-31 04:30"), "126.95271", "44.40385", scan="0.8", track="0.8"
    ),  # 舒兰 of 吉林市, two days later
]


@pytest.fixture
def world(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[World]:
    with ready(store_home, new_store_url, tmp_path / "world") as opened:
        opened.ingest(opened.feed("day.csv", FIRES))
        opened.assess()
        yield opened


def sheet(*rows: tuple[str, ...], header: tuple[str, ...] = CHINESE) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def load(
    world: World, table: str | bytes, scope: Scope = OPERATOR, encoding: str = "utf-8-sig"
) -> TableReport:
    """Record a table and hold it to its law."""
    data = table if isinstance(table, bytes) else table.encode(encoding)
    report = rule_table(world.store, data, actor=scope.actor, scope=scope, archive=world.archive)
    rows = report.rows
    assert rows.read == rows.accepted + rows.repeated + len(rows.rejected)
    return report


def counts(report: TableReport) -> tuple[int, int, int]:
    return report.rows.accepted, report.rows.repeated, len(report.rows.rejected)


def ids(world: World) -> list[str]:
    """The fire points, the two of 榆树 first."""
    return [
        one.fire_point_id for one in sorted(world.points(), key=lambda one: (one.county_code or "", one.lon))
    ]


def standing(world: World, point: str) -> dict[str, str]:
    with world.store.reader() as reader:
        return {row.kind: row.value for row in rulings_in_force(reader).of(point)}


def single(world: World, point: str, kind: str, value: str, reason: str = "现场核实") -> None:
    rule(
        world.store,
        point,
        kind=kind,
        value=value,
        reason=reason,
        evidence_sha256=None,
        actor="judge",
        scope=whole("judge"),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_every_kind_in_chinese_words_is_ruled_in_one_revision(world: World, encoding: str) -> None:
    first, second, third = ids(world)
    table = sheet(
        (first, "归属单位", "220183", "现场在德惠一侧", PROOF.upper()),
        (first, "分区", "无", "不在禁烧区内"),
        (first, "免责", "CROSS_BORDER", "外省飞火"),
        (second, "筛除", "固定热源", "砖厂烟囱"),
        (second, "排序", "２", "同一分钟，后到"),
        (second, "特别付费单位", "farm", "农场地块"),
        (third, "不是同一火点", first, "相距三十公里"),
        (third, "SCREEN", "计入", "核实为秸秆"),
    )
    before = world.revision
    report = load(world, table, encoding=encoding)
    assert counts(report) == (8, 0, 0)
    assert report.revision == world.revision == before + 1
    assert standing(world, first) == {"unit": "220183", "zone": "none", "exempt": "CROSS_BORDER"}
    assert standing(world, second) == {"screen": "fixed_heat_source", "order": "2", "payer": "farm"}
    assert standing(world, third) == {"distinct": first, "screen": "counted"}
    assert world.archive.get(report.sha256)
    with world.store.reader() as reader:
        row = reader.rows(sa.select(Ruling.__table__).order_by(Ruling.id).limit(1))[0]
    assert (row.actor, row.evidence_sha256, row.reason) == ("operator", PROOF, "现场在德惠一侧")


def test_english_headings_in_any_order_and_two_days_assessed_at_once(world: World) -> None:
    first, _, third = ids(world)
    table = sheet(
        ("220183", "in the field", first, "Unit"),
        ("other", "in the field", third, "screen"),
        header=("Value", "Reason", "Fire Point ID", "Kind"),
    )
    report = load(world, table)
    assert [day.isoformat() for day in report.days] == ["2023-10-29", "2023-10-31"]
    world.assess()
    shown = {one.fire_point_id: (one.county_code, one.screen) for one in world.points()}
    assert shown[first] == ("220183", "counted")
    assert shown[third][1] == "other"


def test_the_same_table_twice_changes_nothing_and_never_takes_a_later_ruling_back(world: World) -> None:
    first, second, _ = ids(world)
    table = sheet(
        (first, "unit", "220183", "现场核实"),
        (second, "duplicate", first, "同一地块"),
        (first, "unit", "220183", "又写一遍"),
    )
    assert counts(load(world, table)) == (2, 1, 0)
    world.assess()
    before = world.revision
    again = load(world, table, encoding="gb18030")
    assert (counts(again), again.revision, again.days, again.overruled) == ((0, 3, 0), None, [], [])
    assert world.revision == before
    single(world, first, "unit", "220182", "复核后改回")
    single(world, second, "distinct", first, "两处地块")
    stale = load(world, table)
    assert (counts(stale), stale.overruled) == ((0, 3, 0), [2, 3, 4])
    assert standing(world, first) == {"unit": "220182"}
    assert standing(world, second) == {"distinct": first}


def test_what_the_newest_single_ruling_says_already_is_repeated(world: World) -> None:
    first, second, third = ids(world)
    single(world, first, "screen", "other")
    single(world, second, "order", "3")
    single(world, third, "zone", "none")
    rows = [
        (first, "screen", "其他", "另有理由"),
        (second, "order", "03", "另有理由"),
        (third, "zone", "none", "另有理由"),
    ]
    assert counts(load(world, sheet(*rows))) == (0, 3, 0)
    single(world, first, "screen", "counted")
    assert counts(load(world, sheet(*rows))) == (1, 2, 0), (
        "a new reason for what was overruled is a new ruling"
    )
    with world.store.reader() as reader:
        newest = reader.rows(sa.select(Ruling.__table__).order_by(Ruling.id.desc()).limit(1))[0]
        chained = reader.rows(
            sa.select(Ruling.id).where(Ruling.id == newest.supersedes_id, Ruling.value == "counted")
        )
    assert chained, "it supersedes the newest of its kind"


BAD: list[tuple[dict[str, str], str, str]] = [
    ({"fire_point_id": ""}, "fire_point_id", "missing"),
    ({"fire_point_id": "20231029-000000000000"}, "fire_point_id", "unknown_fire_point"),
    ({"fire_point_id": "' OR 1=1 --"}, "fire_point_id", "unknown_fire_point"),
    ({"fire_point_id": "9" * 300}, "fire_point_id", "bad_text"),
    ({"kind": ""}, "kind", "missing"),
    ({"kind": "罚款"}, "kind", "bad_ruling"),
    ({"value": ""}, "value", "missing"),
    ({"value": "=HYPERLINK(1)"}, "value", "bad_screen"),
    ({"value": "coun\x01ted"}, "value", "bad_text"),
    ({"kind": "unit", "value": "999999"}, "value", "unknown_unit"),
    ({"kind": "unit", "value": "220100"}, "value", "ruling_level"),
    ({"kind": "zone", "value": " | "}, "value", "bad_zone"),
    ({"kind": "order", "value": "0"}, "value", "bad_order"),
    ({"kind": "order", "value": "1.5"}, "value", "bad_order"),
    ({"kind": "order", "value": "9" * 150}, "value", "bad_order"),
    ({"kind": "exempt", "value": "代码"}, "value", "bad_exempt"),
    ({"kind": "payer", "value": "a b"}, "value", "bad_payer"),
    ({"kind": "duplicate", "value": "{self}"}, "value", "duplicate_of_itself"),
    ({"kind": "distinct", "value": "20231029-000000000000"}, "value", "unknown_fire_point"),
    ({"reason": ""}, "reason", "missing"),
    ({"reason": "同意"}, "reason", "reason_missing"),
    ({"reason": "长" * 2001}, "reason", "bad_text"),
    ({"reason": "有\x1b[2J控制"}, "reason", "bad_text"),
    ({"evidence_sha256": "ab12"}, "evidence_sha256", "bad_evidence"),
    ({"evidence_sha256": "见附件"}, "evidence_sha256", "bad_evidence"),
]


def test_a_wrong_row_rejects_itself_alone_with_where_and_why(world: World) -> None:
    first, second, _ = ids(world)
    right = {
        "fire_point_id": first,
        "kind": "screen",
        "value": "other",
        "reason": "现场核实",
        "evidence_sha256": "",
    }
    rows = [tuple({**right, **bad}[name].replace("{self}", first) for name in ENGLISH) for bad, _, _ in BAD]
    report = load(world, sheet((second, "screen", "other", "现场核实", ""), *rows))
    assert report.rows.accepted == 1
    assert report.fire_points == [second]
    assert [
        (one.line, one.column, one.reason) for one in sorted(report.rows.rejected, key=lambda one: one.line)
    ] == [(line, column, reason) for line, (_, column, reason) in enumerate(BAD, start=3)]
    for one in report.rows.rejected:
        assert one.zh
        assert one.en
        assert len(one.value) <= 80
    assert standing(world, first) == {}


def test_rows_that_contradict_each_other_are_both_left_to_a_person(world: World) -> None:
    first, second, third = ids(world)
    report = load(
        world,
        sheet(
            (first, "unit", "220183", "在德惠一侧"),
            (first, "unit", "220182", "在榆树一侧"),
            (second, "duplicate", first, "同一地块"),
            (second, "distinct", first, "两处地块"),
            (third, "screen", "other", "砖厂烟囱"),
        ),
    )
    assert counts(report) == (1, 0, 4)
    assert {(one.line, one.reason) for one in report.rows.rejected} == {
        (line, "contradicts_line") for line in (2, 3, 4, 5)
    }
    assert standing(world, first) == standing(world, second) == {}


def test_permissions_are_those_of_single_rulings(world: World) -> None:
    first, _, third = ids(world)
    with world.store.reader() as reader:
        city = scope_of(reader, "city", "city", "u220100")
        patrol = scope_of(reader, "patrol", "patrol", "u220182")
    with pytest.raises(ForbiddenError):
        load(world, sheet((first, "screen", "other", "现场核实")), patrol)
    rows = [
        (first, "screen", "other", "现场核实", ""),
        (first, "screen", "denied", "现场核实", PROOF),
        (first, "exempt", "CODE", "现场核实", PROOF),
        (first, "unit", "220281", "现场核实", PROOF),
        (third, "screen", "counted", "现场核实", PROOF),
        (first, "unit", "220183", "现场核实", ""),
    ]
    report = load(world, sheet(*rows), city)
    assert [(one.line, one.column, one.reason) for one in report.rows.rejected] == [
        (2, "evidence_sha256", "evidence_required"),
        (3, "value", "own_denial"),
        (4, "kind", "own_bill"),
        (5, "value", "unit_outside_scope"),
        (6, "fire_point_id", "unknown_fire_point"),
    ]
    assert standing(world, first) == {"unit": "220183"}


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"\x00", "火点编号,火点编号\n".encode()]
)
def test_what_is_no_table_is_refused_whole(world: World, data: bytes) -> None:
    before = world.revision
    with pytest.raises(RefusedInputError):
        load(world, data)
    assert world.revision == before


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["{0}", "{1}", "{2}", "nowhere", ""]),
            st.sampled_from(["unit", "screen", "重复", "distinct", "order", "payer", "豁免", "x"]),
            st.one_of(
                st.sampled_from(["220182", "220183", "other", "counted", "{0}", "{1}", "7", "farm", "无"]),
                st.text(max_size=6),
            ),
            st.sampled_from(["现场核实", "另一理由", "短"]),
        ),
        max_size=9,
    )
)
def test_any_table_is_conserved_and_the_second_time_says_nothing(
    world: World, rows: list[tuple[str, ...]]
) -> None:
    points = ids(world)
    filled = [
        tuple(
            cell.replace("{0}", points[0]).replace("{1}", points[1]).replace("{2}", points[2]) for cell in row
        )
        for row in rows
    ]
    data = sheet(*filled).encode("utf-8", "replace")
    try:
        first = load(world, data)
    except RefusedInputError as refused:
        assert refused.code == "bad_table"  # noqa: PT017 - a NUL or a stray quote spoils the whole file
        return
    before = world.revision
    again = load(world, data)
    assert again.rows.accepted == 0
    assert again.rows.repeated == first.rows.accepted + first.rows.repeated
    assert world.revision == before


@pytest.fixture
def run(world: World) -> Callable[..., Any]:
    def call(*arguments: str, token: str = "") -> Any:
        environment = {"HUODIAN_DB": world.url, "HUODIAN_ARCHIVE": str(world.archive.root)}
        if token:
            environment["HUODIAN_TOKEN"] = token
        return CliRunner().invoke(
            entry.application(), entry.global_first(["--json", *arguments]), env=environment
        )

    return call


def test_the_command_rules_assesses_once_and_says_what_it_rejected(
    world: World, run: Callable[..., Any], tmp_path: Path
) -> None:
    first, _, third = ids(world)
    path = tmp_path / "裁定.csv"
    path.write_text(
        sheet(
            (first, "单位", "220183", "现场核实"),
            (third, "筛除", "其他", "现场核实"),
            ("x", "unit", "1", "现场核实"),
        ),
        "utf-8",
    )
    before = world.revision
    result = run("rule", "--file", str(path))
    assert result.exit_code == 1, result.output
    assert result.stdout, result.exception
    said = json.loads(result.stdout)
    schemas.envelope("rule.file").model_validate(said)
    data = said["data"]
    assert (data["accepted"], data["rejected"], data["days"]) == (2, 1, ["2023-10-29", "2023-10-31"])
    assert "第 4 行" in said["warnings"][0] or "line 4" in said["warnings"][0]
    assert world.revision == before + 2, "the rulings, and one assessment of both days"
    shown = {one.fire_point_id: (one.county_code, one.screen) for one in world.points()}
    assert shown[first][0] == "220183"
    assert shown[third][1] == "other"
    assert run("rule", "--file", str(path)).exit_code == 1
    assert world.revision == before + 2
    assert run("rule", "--file", str(tmp_path / "none.csv")).exit_code == 1
    assert run("rule", "--file", str(path), first).exit_code == 2
    assert run("rule").exit_code == 2
    assert run("rule", first, "--unit", "220183").exit_code == 2
    assert run("rule", "--unit", "220183", "--reason", "现场核实").exit_code == 2
    _, token = add_user(world.store, "county", "county", "220182", actor="test")
    assert run("rule", "--file", str(path), token=token).exit_code == 1
    assert world.revision == before + 3, "the account alone"


def test_codes_that_nothing_loaded_knows_are_recorded_and_named(
    world: World, run: Callable[..., Any], tmp_path: Path
) -> None:
    first, second, third = ids(world)
    path = tmp_path / "codes.csv"
    rows = [
        (first, "zone", "JN-1"),
        (second, "zone", "ban"),
        (third, "zone", "none"),
        (first, "exempt", "NOBODYS"),
    ]
    rows += [(second, "payer", "none"), (third, "screen", "other")]
    path.write_text(sheet(*((*row, "现场核实") for row in rows)), "utf-8")
    result = run("rule", "--file", str(path))
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["data"]["accepted"], said["data"]["unknown_codes"]) == (6, [2, 5])
    assert any("2、5" in one for one in said["warnings"])
    single = json.loads(run("rule", first, "--zone", "ban", "--reason", "现场核实").stdout)
    assert single["warnings"] == []
