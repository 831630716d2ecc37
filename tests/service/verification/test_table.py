"""A table of findings: every row recorded, known already, or rejected alone with line, column, value and reason."""

from __future__ import annotations

import csv
import io
import random
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis.errors import ForbiddenError, RefusedInputError
from service.scope import Scope
from service.verification import standings, verify_table
from service.verification.table import TableReport
from service.verification.words import finding_of, level_of_word, source_of
from tests.service.pipeline.world import World
from tests.service.verification.findings import NOW, OPERATOR, PHOTO, identity, point_in, standing

CHINESE = (
    *("火点编号", "核实结论", "级别", "核实时间", "核实人", "备注", "面积(亩)", "面积(平方米)", "来源"),
    *("经度", "纬度", "照片哈希"),
)
ENGLISH = (
    *("fire_point_id", "finding", "level", "found_at", "person", "note", "area_mu", "area_m2", "source"),
    *("lon", "lat", "photo_sha256"),
)


def sheet(*rows: tuple[str, ...], header: tuple[str, ...] = CHINESE) -> str:
    """Return the text of a table; a row may be shorter than the header."""
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def load(
    world: World, table: str | bytes, scope: Scope = OPERATOR, encoding: str = "utf-8-sig"
) -> TableReport:
    """Record a table and hold it to its law."""
    data = table if isinstance(table, bytes) else table.encode(encoding)
    report = verify_table(world.store, data, actor=scope.actor, scope=scope, archive=world.archive, now=NOW)
    assert report.read == report.accepted + report.repeated + len(report.rejected)
    return report


def row(point: str, **said: str) -> tuple[str, ...]:
    """Return a row that is right, with some cells said otherwise."""
    cells = {
        **dict.fromkeys(ENGLISH, ""),
        "fire_point_id": point,
        "finding": "秸秆焚烧",
        "level": "属地",
        "found_at": "2023-10-29 15:00",
        "person": "王某",
        **said,
    }
    return tuple(cells[name] for name in ENGLISH)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_in_chinese_is_recorded_in_either_encoding(world: World, encoding: str) -> None:
    point = point_in(world).fire_point_id
    full = row(
        point,
        note="地块西侧,已灭",
        area_mu="12.5",
        area_m2="8333.33",
        source="无人机",
        lon="126.5501",
        lat="44.8502",
        photo_sha256=PHOTO.upper(),
    )
    report = load(world, sheet(full), encoding=encoding)
    assert (report.read, report.accepted, report.fire_points) == (1, 1, (point,))
    kept = standing(world, point)
    assert kept is not None
    (record,) = kept.records
    assert (record.finding, record.level, record.source_kind) == ("straw", "local", "drone")
    assert (record.note, record.area_mu, record.evidence_sha256) == ("地块西侧,已灭", Decimal("12.5"), PHOTO)
    assert (record.lon, record.lat) == (126.5501, 44.8502)
    assert world.archive.get(report.sha256)


def test_a_table_in_english_with_columns_in_any_order(world: World) -> None:
    point = point_in(world).fire_point_id
    cells = dict(zip(ENGLISH, row(point, finding="nothing found", level="City", area_m2="8000"), strict=True))
    shuffled = list(cells)
    random.Random(3).shuffle(shuffled)  # noqa: S311
    table = sheet(
        tuple(cells[name] for name in shuffled),
        header=tuple(name.replace("_", " ").upper() for name in shuffled),
    )
    assert load(world, table).accepted == 1
    kept = standing(world, point)
    assert kept is not None
    assert (kept.records[0].finding, kept.records[0].level, kept.area_mu) == (
        "nothing_found",
        "city",
        Decimal(12),
    )


def test_the_same_table_twice_changes_nothing(world: World) -> None:
    point = point_in(world).fire_point_id
    table = sheet(row(point), row(point, finding="杂草", found_at="2023-10-29T15:30:00+08:00"), row(point))
    first = load(world, table)
    assert (first.accepted, first.repeated) == (2, 1), "a row pasted twice is one finding"
    before = world.revision
    again = load(world, table, encoding="gb18030")
    assert (again.accepted, again.repeated, again.revision) == (0, 3, None)
    assert world.revision == before
    assert load(world, sheet(row(point, found_at="2023-10-29 07:00:00Z"))).repeated == 1, "the same instant"


def test_the_same_words_of_another_unit_are_another_record(world: World) -> None:
    point = point_in(world).fire_point_id
    table = sheet(row(point))
    for scope in (identity(world, "county", "u220182"), identity(world, "province", "u220000")):
        assert load(world, table, scope).accepted == 1
        assert load(world, table, scope).repeated == 1
    kept = standing(world, point)
    assert kept is not None
    assert [one.unit_uid for one in kept.records] == ["u220182", "u220000"]


def test_rows_stand_in_the_order_in_which_people_looked(world: World) -> None:
    point = point_in(world).fire_point_id
    rows = [row(point, finding="杂草", found_at="2023-10-29 18:00"), row(point, found_at="2023-10-29 15:00")]
    load(world, sheet(*rows))
    kept = standing(world, point)
    assert kept is not None
    assert kept.deciding is not None
    assert kept.deciding.finding == "weeds"


BAD: list[tuple[dict[str, str], str, str]] = [
    ({"fire_point_id": ""}, "fire_point_id", "missing"),
    ({"fire_point_id": "20231029-000000000000"}, "fire_point_id", "unknown_fire_point"),
    ({"finding": "查实"}, "finding", "bad_finding"),
    ({"finding": ""}, "finding", "missing"),
    ({"level": "国家级"}, "level", "bad_level"),
    ({"level": ""}, "level", "missing"),
    ({"found_at": "2023-10-29"}, "found_at", "bad_found_at"),
    ({"found_at": "29/10/2023 15:00"}, "found_at", "bad_found_at"),
    ({"found_at": "0001-01-01 00:00"}, "found_at", "bad_found_at"),
    ({"found_at": "2023-10-29 25:00"}, "found_at", "bad_found_at"),
    ({"found_at": "2023-10-29 12:29"}, "found_at", "found_before_overpass"),
    ({"found_at": "2024-10-29 12:31"}, "found_at", "found_in_future"),
    ({"person": ""}, "person", "bad_person"),
    ({"area_mu": "很多"}, "area_mu", "bad_area"),
    ({"area_m2": "-5"}, "area_m2", "bad_area"),
    ({"area_mu": "8000平方米"}, "area_mu", "bad_area"),
    ({"area_mu": "12", "area_m2": "9000"}, "area_m2", "area_twice"),
    ({"source": "卫星"}, "source", "bad_source_kind"),
    ({"lon": "126.5"}, "lon", "bad_place"),
    ({"lon": "东经126", "lat": "44"}, "lon", "bad_place"),
    ({"lon": "44.85", "lat": "126.55"}, "lon", "bad_place"),
    ({"photo_sha256": "照片1"}, "photo_sha256", "bad_evidence"),
    ({"note": "字" * 2001}, "note", "bad_note"),
]


def test_one_bad_row_rejects_itself_alone(world: World) -> None:
    point = point_in(world).fire_point_id
    good = [row(point), row(point, finding="根茬"), row(point, area_mu="10", area_m2="6667")]
    report = load(world, sheet(good[0], *(row(point, **said) for said, _, _ in BAD), *good[1:]))
    assert report.accepted == len(good)
    assert [(one.column, one.reason) for one in report.rejected] == [
        (column, code) for _, column, code in BAD
    ]
    for problem, (said, column, _) in zip(report.rejected, BAD, strict=True):
        assert problem.value == said[column][:200]
        assert any("一" <= one <= "鿿" for one in problem.message_zh)
        assert problem.message_en
    assert [one.line for one in report.rejected] == list(range(3, 3 + len(BAD)))
    told = report.as_dict()
    assert (told["rejected"], len(told["problems"])) == (len(BAD), len(BAD))


def test_a_line_is_the_first_of_its_row_even_after_a_note_of_two(world: World) -> None:
    point = point_in(world).fire_point_id
    report = load(world, sheet(row(point, note="第一行\n第二行"), row(point, finding="?")))
    assert [one.line for one in report.rejected] == [4]


def test_a_county_neither_writes_on_anothers_point_nor_above_its_level(world: World) -> None:
    mine, other = point_in(world).fire_point_id, point_in(world, "220283").fire_point_id
    table = sheet(row(mine), row(other), row(mine, level="市级"))
    report = load(world, table, identity(world, "county", "u220182"))
    assert report.fire_points == (mine,)
    assert [one.reason for one in report.rejected] == ["unknown_fire_point", "level_too_high"]
    assert standing(world, other) is None


@pytest.mark.parametrize(
    "data",
    [b"", b"a,b\n1,2\n", "火点编号,核实结论\n1,秸秆\n".encode(), b"\x00\xff\xfe", b"\xff" * 40],
)
def test_what_is_no_such_table_is_refused_whole(world: World, data: bytes) -> None:
    before = world.revision
    with pytest.raises(RefusedInputError) as caught:
        load(world, data)
    assert caught.value.code == "bad_table"
    assert world.revision == before


def test_a_table_without_rows_changes_nothing(world: World) -> None:
    before = world.revision
    report = load(world, sheet())
    assert (report.read, report.revision, world.revision) == (0, None, before)


def test_who_may_not_report_loads_no_table(world: World) -> None:
    with pytest.raises(ForbiddenError):
        load(world, sheet(), Scope("guest", "guest", "u220182"))


def test_a_large_table_is_one_revision(world: World) -> None:
    point = point_in(world).fire_point_id
    rows = [row(point, note=f"第{number}次") for number in range(3000)]
    before = world.revision
    report = load(world, sheet(*rows))
    assert (report.accepted, world.revision) == (3000, before + 1)
    with world.store.reader() as reader:
        assert len(standings(reader)[point].records) == 3000


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_table_is_read_refused_or_rejected_by_row(world: World, data: st.DataObject) -> None:
    point = point_in(world).fire_point_id
    table = sheet(row(point, note="备注", area_mu="3"), row(point, finding="垃圾", source="巡查"))
    raw = bytearray(table.encode(data.draw(st.sampled_from(["utf-8", "gb18030"]))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        change = data.draw(st.binary(max_size=6))
        raw[at : at + data.draw(st.integers(0, 6))] = change
    _read_or_refused(world, bytes(raw))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cells=st.fixed_dictionaries({name: st.text(max_size=30) for name in ENGLISH}))
def test_any_text_in_any_cell_is_taken_or_rejected(world: World, cells: dict[str, str]) -> None:
    try:
        raw = sheet(tuple(cells[name] for name in ENGLISH)).encode()
    except UnicodeEncodeError:
        return
    _read_or_refused(world, raw)


def _read_or_refused(world: World, raw: bytes) -> None:
    try:
        report = load(world, raw)
    except RefusedInputError as error:
        refused = error.code
    else:
        refused = "bad_table"
        assert all(one.message_zh and one.line > 1 for one in report.rejected)
    assert refused == "bad_table"


@pytest.mark.parametrize(
    ("word", "finding"),
    [
        ("秸秆", "straw"),
        (" 秸秆焚烧 ", "straw"),
        ("STRAW", "straw"),
        ("杂草焚烧", "weeds"),
        ("未发现", "nothing_found"),
    ],
)
def test_words_of_findings(word: str, finding: str) -> None:
    assert finding_of(word) == finding


def test_words_of_levels_and_sources() -> None:
    assert [level_of_word(word) for word in ("县级", "乡镇", "市", "省级", "province")] == [
        *("local", "local", "city", "province", "province")
    ]
    assert [source_of(word) for word in ("巡查", "无人机", "视频监控", "群众举报", "public report")] == [
        *("patrol", "drone", "camera", "public_report", "public_report")
    ]
