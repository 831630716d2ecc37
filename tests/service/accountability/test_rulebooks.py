"""Rulebook files: what is refused, by line; the shipped samples; no traceback whatever is in a file."""

from __future__ import annotations

import ast
import copy
import datetime as dt
import json
import random
import re
import sys
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis.errors import NotFoundError
from service.accountability.adjudicate import adjudicate
from service.accountability.checking import Problem, check
from service.accountability.facts import SeasonUnit
from service.accountability.findings import UncoveredError
from service.accountability.rulebook import Rulebook, canonical, json_schema
from service.rulebooks import check_rulebook, shipped_rulebooks
from tests.service.accountability.facts import fire

BOOKS = Path(str(resources.files("service.accountability").joinpath("books")))
JILIN = (BOOKS / "jl-1.yaml").read_text(encoding="utf-8")
AREA = (BOOKS / "ha-6.yaml").read_text(encoding="utf-8")
KINDS = {
    *("ordinal", "flat", "ladder", "area", "percent"),
    *(
        "count",
        "window_count",
        "density",
        "child_share",
        "parent_share",
        "zero",
        "pool",
        "fires",
        "indicator",
    ),
}


def _problems(text: str) -> tuple[Problem, ...]:
    found = check_rulebook(text)
    assert isinstance(found, tuple), "expected a refusal"
    return found


def _line_with(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


@pytest.mark.parametrize(
    ("before", "after", "code", "field", "said"),
    [
        ("scope: county", "scope: district", "unknown_word", "charges.0.order.scope", "'county'"),
        ('wan_yuan: "30"', "wan_yuan: 30.5", "float_number", "charges.0.tiers.1.each.wan_yuan", "not exact"),
        ('{wan_yuan: "30"}', '"300000"', "money_without_unit", "charges.0.tiers.1.each", "unit"),
        (
            '{wan_yuan: "30"}',
            '{yuan: "1", wan_yuan: "30"}',
            "money_without_unit",
            "charges.0.tiers.1.each",
            "one",
        ),
        ('wan_yuan: "30"', 'yuan: "0.001"', "part_of_a_fen", "charges.0.tiers.1.each", "fen"),
        ("{from: 2, to: null", "{from: 1, to: null", "tier_overlap", "charges.0.tiers.1.from", "overlaps"),
        ("{from: 2, to: null", "{from: 3, to: null", "tier_gap", "charges.0.tiers.1.from", "gap"),
        ("{from: 2, to: null", "{from: 2, to: 9", "tier_gap", "charges.0.tiers.1.to", "open"),
        ("validity: {from: 2018-09-21, to: null}\n", "", "missing", "validity", "missing"),
        ("{from: 2018-09-21, to: null}", "{from: 2018-09-21}", "missing", "validity.to", "missing"),
        (', end: "05-01"', "", "missing", "windows.0.end", "missing"),
        ('end: "05-01"', "end: null", "bad_month_day", "windows.0.end", "calendar"),
        ("{from: 2, to: null, each", "{from: 2, each", "missing", "charges.0.tiers.1.to", "missing"),
        ('end: "05-01"', 'end: "02-30"', "bad_month_day", "windows.0.end", "calendar"),
        ("collector: 省财政", "colector: 省财政", "unknown_key", "payer.colector", "unknown"),
        ("status: sample", "status: formal", "unknown_word", "status", "official"),
        ("to: 2020-02-08", "to: 2020-01-08", "ends_before_it_starts", "windows.1.dates.0.to", "before"),
        ("kind: ordinal", "kind: lottery", "unknown_kind", "charges.0", "ladder"),
        ("basis: overpass", "basis: publication", "bad_basis", "charges.0.order.basis", "publicised"),
    ],
)
def test_a_bad_rulebook_is_refused_with_line_field_and_reason(
    before: str, after: str, code: str, field: str, said: str
) -> None:
    assert JILIN.count(before) == 1
    text = JILIN.replace(before, after)
    found = [one for one in _problems(text) if one.code == code]
    assert [one.field for one in found] == [field]
    assert said in found[0].en
    assert any("一" <= letter <= "鿿" for letter in found[0].zh)
    if after:
        assert found[0].line == _line_with(text, after) or field == "charges.0"


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ('wan_yuan: "30"', "wan_yuan: 030", "charges.0.tiers.1.each.wan_yuan"),  # YAML reads 24
        ('wan_yuan: "30"', "wan_yuan: 1:30", "charges.0.tiers.1.each.wan_yuan"),  # 90
        ('wan_yuan: "30"', "wan_yuan: 0x30", "charges.0.tiers.1.each.wan_yuan"),  # 48
        ('wan_yuan: "30"', "wan_yuan: 3_0", "charges.0.tiers.1.each.wan_yuan"),
        ("objection: {days: 7", "objection: {days: 010", "objection.days"),
        ("validity: {from: 2018-09-21", "validity: {from: 2018-09-31", "validity.from"),
        ("number: null", "number: null\nnumber: 五号", "number"),
        ("number: null", "<<: {number: 五号}", "(file)"),
    ],
)
def test_what_yaml_would_read_otherwise_than_people_is_refused_by_line(
    before: str, after: str, field: str
) -> None:
    assert JILIN.count(before) == 1
    text = JILIN.replace(before, after)
    (found,) = _problems(text)
    assert (found.code, found.field) == ("bad_yaml", field)
    assert found.line == _line_with(text, after.splitlines()[-1])
    assert any("一" <= letter <= "鿿" for letter in found.zh)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "scope: county",
            "scope: district",
            "应为以下之一：'province'、'city'、'county'、'township'、'village'",
        ),
        ("objection: {days: 7", "objection: {days: 0", "不能小于 1"),
        ("deadline_hours: 24", "deadline_hours: 9999999", "不能大于 1000000"),
        ("id: JL-1", "id: ../x", "写法不符，须符合 ^[A-Za-z0-9]"),
        ("number: null", "number: &a x", "不允许锚点、别名和标签"),
        ("number: null", "number: " + "[" * 3000 + "]" * 3000, "嵌套过深"),
    ],
)
def test_a_chinese_reason_is_a_chinese_sentence(before: str, after: str, said: str) -> None:
    (found,) = _problems(JILIN.replace(before, after))
    assert found.zh.startswith(said)
    assert " or " not in found.zh
    assert "should" not in found.zh


def test_a_file_that_cannot_be_opened_is_named_without_the_words_of_the_machine(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        check_rulebook(tmp_path / "nowhere.yaml")
    assert caught.value.zh == f"无法打开 {tmp_path / 'nowhere.yaml'}：请检查路径"


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ('{from: "30", upto', '{from: "29", upto', "tier_overlap"),
        ('{from: "30", upto', '{from: "31", upto', "tier_gap"),
        ('{from: "30", upto', '{above: "30", upto', "tier_gap"),
        ('{above: "100", each', '{from: "100", each', "tier_overlap"),
        ('{above: "100", each', '{above: "100", upto: "200", each', "tier_gap"),
    ],
)
def test_area_tiers_must_meet_to_the_last_mu(before: str, after: str, code: str) -> None:
    text = AREA.replace(before, after)
    (found,) = _problems(text)
    assert (found.code, found.line) == (code, _line_with(text, after))


@pytest.mark.parametrize(
    ("before", "after", "code", "field"),
    [
        ('full: "100"', 'full: "90"', "bad_score", "scores.0.full"),
        ('floor: "10"', 'floor: "60"', "bad_score", "scores.0.items.0.floor"),
        ('each: "5"', 'each: "0"', "bad_score", "scores.0.items.0.each"),
        ('each: "5"', "each: 2.5", "float_number", "scores.0.items.0.each"),
        ('points: "20"', 'points: "21"', "bad_score", "scores.0.items.2.tiers.2.points"),
        ('{from: "80", below', '{from: "79", below', "tier_overlap", "scores.0.items.2.tiers.1"),
        ("id: key_area, clause: 重", "id: straw, clause: 重", "twice", "scores.0.items.1.id"),
        (
            "when: {areas: [key]}",
            "when: {windows: [秋]}",
            "unknown_window",
            "scores.0.items.1.when.windows.0",
        ),
        ("kind: indicator", "kind: average", "unknown_kind", "scores.0.items.2"),
    ],
)
def test_a_bad_score_is_refused_with_line_and_field(before: str, after: str, code: str, field: str) -> None:
    text = (BOOKS / "score-100.yaml").read_text(encoding="utf-8")
    assert text.count(before) == 1
    text = text.replace(before, after)
    found = [(one.code, one.field, one.line) for one in _problems(text)]
    assert found == [(code, field, _line_with(text, after))]


def test_a_province_has_no_part_of_anything() -> None:
    text = (BOOKS / "ha-1-share.yaml").read_text(encoding="utf-8").replace("level: county", "level: province")
    assert [(one.code, one.field) for one in _problems(text)] == [("no_parent", "escalations.0.level")]


def test_a_part_that_the_format_gained_later_changes_no_hash() -> None:
    """What is billed names its rulebook by hash: those of the first format must last."""
    found = check_rulebook(JILIN)
    assert isinstance(found, Rulebook)
    assert "scores" not in found.canonical()
    assert found.content_hash == "3af2f20bf763d5d0c3832ffe5f8a0a91cc4f5e4c5012a54376c3dde358b14e59"


def test_every_mistake_is_told_at_once() -> None:
    text = JILIN.replace("scope: county", "scope: district").replace("status: sample", "status: formal")
    assert [one.field for one in _problems(text)] == ["status", "charges.0.order.scope"]


def test_a_file_that_is_no_yaml_is_one_problem_with_its_line() -> None:
    (found,) = _problems("format: 1\nid: [\n")
    assert (found.code, found.field) == ("bad_yaml", "(file)")
    assert found.line >= 2
    assert _problems("- 1\n")[0].code == "not_a_mapping"
    assert _problems("")[0].line == 1


# --- the shipped samples ----------------------------------------------------------------------------


def test_every_kind_is_shipped_as_a_sample_that_names_its_sources() -> None:
    books = shipped_rulebooks()
    assert {
        part.kind
        for book in books
        for part in (
            *(*book.charges, *book.escalations, *book.rewards),
            *(item for score in book.scores for item in score.items),
        )
    } == KINDS
    for book in books:
        assert book.status in {"sample", "synthetic"}
        assert book.informal
        assert book.confidence in {"secondary", "none"}
    assert len({book.content_hash for book in books}) == len(books)
    assert any(book.deposit for book in books)
    assert any(book.exemptions for book in books)
    assert any(book.counts.weights for book in books)
    assert any(book.payer and book.payer.special for book in books)
    assert {window.kind for book in books for window in book.windows} == {"yearly", "calendar", "declared"}


def test_the_canonical_form_reads_back_to_the_same_hash() -> None:
    for book in shipped_rulebooks():
        again = check(json.loads(canonical(book.canonical())), lambda _path: 1)
        assert isinstance(again, Rulebook), again
        assert again.content_hash == book.content_hash


def test_the_hash_is_of_the_content_not_of_its_writing() -> None:
    one = check_rulebook(JILIN)
    two = check_rulebook("# a comment\n" + JILIN.replace('wan_yuan: "50"', 'yuan: "500000"'))
    other = check_rulebook(JILIN.replace('wan_yuan: "50"', 'wan_yuan: "51"'))
    assert isinstance(one, Rulebook)
    assert isinstance(two, Rulebook)
    assert isinstance(other, Rulebook)
    assert one.content_hash == two.content_hash != other.content_hash


def test_the_schema_knows_money_and_kinds() -> None:
    schema = json_schema()
    assert set(schema["$defs"]["Money"]["properties"]) == {"yuan", "wan_yuan"}
    assert "ordinal" in schema["properties"]["charges"]["items"]["discriminator"]["mapping"]
    json.dumps(schema)


def test_the_room_imports_only_the_standard_library_and_pydantic_and_has_no_clock_or_file() -> None:
    room = BOOKS.parent
    allowed = sys.stdlib_module_names | {"pydantic", "pydantic_core"}
    for path in room.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.partition(".")[0] in allowed or name.startswith("service.accountability"), path
                assert name.partition(".")[0] not in {"os", "io", "pathlib", "time", "random"}, path
        assert ".now(" not in text
        assert ".today(" not in text
        assert "float(" not in text


# --- mutated files ----------------------------------------------------------------------------------

STRANGE: list[Any] = [
    *(None, True, -1, 0, 1.5, float("nan"), 10**30, "", "x", "-5", "1e9", "٣", [], {}, [[]], {"from": 1}),
    *("2018-13-01", {"yuan": -1}, {"yuan": True}, {1: 2}, "30" * 400, "\ud800", b"bytes"),
]


def _mutate(node: Any, dice: random.Random) -> Any:
    """Return the data with one place removed, doubled, renamed, moved or replaced by something strange."""
    spots: list[tuple[Any, Any]] = []

    def walk(one: Any) -> None:
        pairs = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, value in list(pairs):
            spots.append((one, key))
            walk(value)

    walk(node)
    holder, key = dice.choice(spots)
    act = dice.randrange(4)
    if act == 0:
        del holder[key]
    elif act == 1:
        holder[key] = dice.choice(STRANGE)
    elif act == 2 and isinstance(holder, dict):
        holder[dice.choice(["kind", "from", 7, None, "xx"])] = holder.pop(key)
    else:
        other, name = dice.choice(spots)
        holder[key] = copy.deepcopy(other.get(name) if isinstance(other, dict) else None)
    return node


def test_300_mutated_rulebooks_give_a_rulebook_or_problems_and_never_a_traceback() -> None:
    dice = random.Random(20_181_015)  # noqa: S311
    texts = [path.read_text(encoding="utf-8") for path in sorted(BOOKS.glob("*.yaml"))]
    refused = 0
    for _ in range(300):
        data = yaml.safe_load(dice.choice(texts))
        for _ in range(dice.randint(1, 3)):
            data = _mutate(data, dice)
        found = check(data, lambda _path: 1)
        if isinstance(found, tuple):
            refused += 1
            assert found
            assert all(one.line and one.field and one.zh and one.en for one in found)
        else:
            assert len(found.content_hash) == 64
    assert refused > 200


MUTANTS_OF_A_FILE = 63
"""Of each of the shipped files: more than a thousand together."""
VALUES = [
    *(
        "null",
        "~",
        "[]",
        "{}",
        "1.5",
        "-1",
        ".nan",
        "1e3",
        "0x10",
        "''",
        "yes",
        "2018-13-01",
        "2018-09-21T00:00:00",
    ),
    *(
        "{yuan: 5.5}",
        "{yuan: '-1'}",
        "{wan_yuan: '0.0000001'}",
        "{from: 1}",
        "[1, [2, {a: b}]]",
        "? x",
        "!!python/x y",
    ),
    *(
        "'\\0'",
        '"\\ud800"',
        "９",
        "county",
        "99999999999999999999",
        "&a [*a]",
        "|",
        "> x",
        "0o7",
        "1:30",
        "=",
        "<<",
    ),
]


def _byte_flipped(text: bytes, dice: random.Random) -> bytes:
    raw = bytearray(text)
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    return bytes(raw)


def _line_changed(text: bytes, dice: random.Random) -> bytes:
    lines = text.splitlines(keepends=True)
    at = dice.randrange(len(lines))
    act = dice.randrange(4)
    if act == 0:
        del lines[at]
    elif act == 1:
        lines.insert(at, lines[at])
    elif act == 2:
        lines.insert(dice.randrange(len(lines)), lines.pop(at))
    else:
        lines[at] = dice.choice(
            [b" " + lines[at], lines[at].lstrip(), lines[at].rstrip() + b" :\n", b"\t" + lines[at]]
        )
    return b"".join(lines)


def _value_replaced(text: bytes, dice: random.Random) -> bytes:
    word = text.decode("utf-8", "surrogateescape")
    spots = list(re.finditer(r"(?<=: )[^,{}\[\]\n#]+", word))
    if not spots:
        return text
    spot = dice.choice(spots)
    value = dice.choice([*VALUES, dice.choice(spots)[0]])
    return (word[: spot.start()] + value + word[spot.end() :]).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("name", [path.name for path in sorted(BOOKS.glob("*.yaml"))])
def test_mutated_files_give_a_rulebook_that_works_or_problems_and_never_a_traceback(
    name: str, tmp_path: Path
) -> None:
    dice = random.Random(name)  # noqa: S311
    file = tmp_path / "mutant.yaml"
    source = (BOOKS / name).read_bytes()
    refused = 0
    for _ in range(MUTANTS_OF_A_FILE):
        text = source
        for _ in range(dice.choice([1, 1, 2, 3])):
            text = dice.choice([_byte_flipped, _line_changed, _value_replaced])(text, dice)
        file.write_bytes(text)
        found = check_rulebook(file)
        if isinstance(found, Rulebook):
            _works(found)
            continue
        refused += 1
        lines = text.count(b"\n") + 2
        for one in found:
            assert 1 <= one.line <= lines, text.decode(errors="replace")
            assert one.field
            assert one.zh
            assert one.en
    assert refused > MUTANTS_OF_A_FILE // 4


def _works(book: Rulebook) -> None:
    """Whatever is accepted adjudicates: a date that it does not cover is the only refusal."""
    area = Decimal(40)
    facts = [fire(f"f{n}", f"2019-10-1{n}T12:00", "220281", areas=("key",), area_mu=area) for n in range(4)]
    season = book.season(dt.date(2019, 10, 10))
    figures = {"award_yuan": Decimal(100), "cropland_mu": Decimal(1000)}
    counties = [SeasonUnit(season, "county", code, indicators=figures) for code in ("220281", "220382")]
    if all(book.validity.holds(dt.date(2019, 10, day)) for day in range(10, 14)):
        found = adjudicate(book, facts, counties)
        assert json.loads(found.to_bytes())["rulebook"] == book.id
    else:
        with pytest.raises(UncoveredError, match="no amount"):
            adjudicate(book, facts, counties)
    again = check(json.loads(canonical(book.canonical())), lambda _path: 1)
    assert isinstance(again, Rulebook)
    assert again.content_hash == book.content_hash


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_text_gives_a_rulebook_or_problems_with_lines_of_the_file(data: st.DataObject) -> None:
    lines = JILIN.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        lines[number] = data.draw(
            st.sampled_from(
                ["", lines[number][1:], lines[number] * 2, "  x: 1", "- [", lines[number] + " :", "&a b"]
            )
        )
    found = check_rulebook("\n".join(lines))
    if isinstance(found, tuple):
        assert all(1 <= one.line <= len(lines) + 1 and one.field for one in found)


# --- the documentation ------------------------------------------------------------------------------


def test_the_documented_file_is_a_rulebook_and_every_sample_is_named() -> None:
    page = (Path(__file__).parents[3] / "docs" / "rulebooks.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert isinstance(check_rulebook(example), Rulebook), check_rulebook(example)
    for book in shipped_rulebooks():
        assert f"`{book.id}`" in page or f"`{book.id.rpartition('-')[0]}-*`" in page, book.id
    for kind in KINDS:
        assert f"`{kind}`" in page, kind
