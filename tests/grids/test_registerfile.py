from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from gis.errors import RefusedInputError
from grids.registerfile import builtin_register_file, read_register_file
from grids.units import CONFIDENCES, Purpose

GOOD = """
format: 1
jurisdiction: "220000"
default_source: gb
sources:
  gb: {title: a list, confidence: Q}
units:
  - {uid: u22, level: province, kind: province, name: 吉林省, code: "220000"}
  - {uid: u2203, level: city, kind: prefecture_city, name: 四平市, code: "220300", parent: u22}
successions:
  - {kind: rename, before: [u2203], after: [u2203], day: 2000-01-01}
"""


def refusal(text: str) -> list[dict[str, object]]:
    with pytest.raises(RefusedInputError) as caught:
        read_register_file(text, name="x.yaml")
    assert caught.value.code == "bad_register"
    return list(caught.value.context["errors"])


def test_every_shipped_fact_has_a_source_and_a_confidence() -> None:
    file = builtin_register_file()
    for unit in file.units:
        assert unit.source in file.sources
        assert unit.confidence in CONFIDENCES
        for link in unit.parents:
            assert link.source in file.sources
        assert [code for code in unit.codes if code.code] or unit.kind == "commission"
    for step in file.successions:
        assert step.source in file.sources
    assert file.jurisdiction == "220000"
    assert {step.day for step in file.successions} >= {dt.date(2013, 1, 24), dt.date(2020, 6, 19)}


def test_disputes_are_shown_and_not_applied() -> None:
    file = builtin_register_file()
    (dispute,) = file.disputes
    assert "十家堡镇" in dispute.about
    assert dispute.source == "lishu2016"


def test_the_example_reads(tmp_path: Path) -> None:
    path = tmp_path / "units.yaml"
    path.write_text(GOOD, encoding="utf-8")
    register = read_register_file(path).register()
    assert register.parent("u2203", Purpose.ASSESSMENT, dt.date(2020, 1, 1)) == "u22"


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "reason"),
    [
        ("level: city", "level: town", 9, "units.1.level", "not one of"),
        ("parent: u22}", "parent: u99}", 9, "units.1.parents", "not a unit"),
        ("parent: u22}", "parent: u22, from: soon}", 9, "units.1.from", "not a date"),
        ('code: "220300"', "code: 220300", 9, "units.1.code", "not a text"),
        ("parent: u22}", "parent: u22, parents: [{parent: u22}]}", 9, "units.1.parents", "same day"),
        ("parent: u22}", "mother: u22}", 9, "units.1.mother", "unknown key"),
        ("uid: u2203", "uid: u22", 9, "units.1.uid", "stands twice"),
        ("confidence: Q", "confidence: sure", 6, "sources.gb.confidence", "one of"),
        ("default_source: gb", "default_source: me", 4, "default_source", "not described"),
        ("kind: rename", "kind: born", 11, "successions.0.kind", "not one of"),
        ("format: 1", "format: 2", 2, "format", "not known"),
        ("from", "from", 0, "", ""),
    ],
)
def test_an_error_names_its_line_and_field(old: str, new: str, line: int, field: str, reason: str) -> None:
    if not field:
        read_register_file(GOOD)
        return
    errors = refusal(GOOD.replace(old, new, 1))
    assert [(e["line"], e["field"]) for e in errors if e["field"] == field] == [(line, field)]
    assert any(reason in str(e["reason"]) for e in errors)


def test_several_errors_are_told_at_once() -> None:
    text = GOOD.replace("level: city", "level: town").replace("kind: rename", "kind: born")
    assert len(refusal(text)) == 2


@pytest.mark.parametrize(
    "text", ["units: [", "a: &x 1\nb: *x", "a: !!python/object:os.system {}", "a: 1\na: 2", "\x00"]
)
def test_what_is_not_plain_yaml_is_refused(text: str) -> None:
    with pytest.raises(RefusedInputError) as caught:
        read_register_file(text)
    assert caught.value.code == "bad_yaml"
    assert caught.value.context["line"] >= 1


@pytest.mark.parametrize("text", ["", "[]", "units: 5", "units: [5]", "sources: []"])
def test_the_wrong_shape_is_refused_without_a_traceback(text: str) -> None:
    assert refusal(text)
