"""Rulebook files: what is refused, by line; the shipped samples; no traceback whatever is in a file."""

from __future__ import annotations

import ast
import copy
import json
import random
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.accountability.checking import Problem, check
from service.accountability.rulebook import Rulebook, canonical, json_schema
from service.rulebooks import check_rulebook, shipped_rulebooks

BOOKS = Path(str(resources.files("service.accountability").joinpath("books")))
JILIN = (BOOKS / "jl-1.yaml").read_text(encoding="utf-8")
AREA = (BOOKS / "ha-6.yaml").read_text(encoding="utf-8")
KINDS = {
    *("ordinal", "flat", "ladder", "area", "percent"),
    *("count", "window_count", "density", "child_share", "zero", "pool"),
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
        part.kind for book in books for part in (*book.charges, *book.escalations, *book.rewards)
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
