"""Codes as spreadsheets write them."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.codes import PROVINCES, ancestors, level_of_code, parse_code
from gis.errors import RefusedInputError
from gis.types import Level
from tests.shared import DATA


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("220381", "220381"),
        (220381, "220381"),
        (220381.0, "220381"),
        (np.int64(220381), "220381"),
        (np.float64(220381), "220381"),
        ("220381.0", "220381"),
        ("220381.000", "220381"),
        ("2.20381e5", "220381"),
        ("2.20381E+05", "220381"),
        ("2.20381100201E+11", "220381100201"),
        ("220381000", "220381"),
        ("220381000000", "220381"),
        (220381000000.0, "220381"),
        ("220381100", "220381100"),
        ("220381100000", "220381100"),
        ("220381100201", "220381100201"),
        ("220381100201-03", "220381100201-03"),
        ("22", "220000"),
        ("2203", "220300"),
        ("220000", "220000"),
        (" 220381 ", "220381"),
        ("22 03 81", "220381"),
        ("２２０３８１", "220381"),
        ("'220381", "220381"),
        ("\ufeff220381", "220381"),
        ("\u3000220381", "220381"),
    ],
)
def test_every_spelling_of_a_code(cell: object, code: str) -> None:
    assert parse_code(cell) == code


@pytest.mark.parametrize(
    "cell",
    [
        None, True, "", "abc", "2203811", "22038", "990381", "000000", "-220381", "22-03-81", "220381.5", 220381.5,
        float("nan"), float("inf"), -220381, 1e300, "220381000000-01", "220381-01", b"220381", [], "吉林省", "２",
    ],
)  # fmt: skip
def test_junk_is_refused_with_the_cell(cell: object) -> None:
    with pytest.raises(RefusedInputError) as caught:
        parse_code(cell)
    assert caught.value.code == "bad_code"
    assert "--code-field" in caught.value.zh


@pytest.mark.parametrize("cell", ["2.20381E+11", "2.2E5", "2E11"])
def test_scientific_notation_that_lost_digits_is_refused_not_padded(cell: str) -> None:
    # 2.20381E+11 is how Excel shows the village 220381100201; padding would make it a county.
    with pytest.raises(RefusedInputError) as caught:
        parse_code(cell)
    assert caught.value.code == "lossy_code"


@given(st.text(max_size=20) | st.floats() | st.integers() | st.binary(max_size=5))
def test_any_cell_gives_a_canonical_code_or_a_refusal(cell: object) -> None:
    try:
        code = parse_code(cell)
    except RefusedInputError:
        return
    assert level_of_code(code) is not None
    assert parse_code(code) == code
    assert code[:2] in PROVINCES


@given(st.sampled_from(sorted(PROVINCES)), st.integers(0, 9_999_999_999))
def test_a_number_and_its_text_are_one_code(province: str, rest: int) -> None:
    text = f"{province}{rest:010d}"
    assert parse_code(text) == parse_code(float(text)) == parse_code(int(text)) == parse_code(f"{text}.0")


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("220000", Level.PROVINCE),
        ("220300", Level.CITY),
        ("220381", Level.COUNTY),
        ("429004", Level.COUNTY),
        ("220381100", Level.TOWNSHIP),
        ("220381100201", Level.VILLAGE),
        ("220381100201-03", Level.HAMLET),
        ("22", None),
        ("", None),
        ("公主岭", None),
        ("２２０３８１", None),
    ],
)
def test_level_by_length_and_zeros(code: str, level: Level | None) -> None:
    assert level_of_code(code) is level


def test_ancestors_are_spelled_not_legal() -> None:
    assert ancestors("220381100201-03") == ("220381100201", "220381100", "220381", "220300", "220000")
    assert ancestors("220381") == ("220300", "220000")
    assert ancestors("220000") == ()


def test_every_code_of_the_real_lists_parses() -> None:
    seen: dict[Level | None, int] = {}
    for name in ("areas", "streets", "villages"):
        path = DATA / "codes" / f"china_division_2.7.0_stats2023_jilin_{name}.csv"
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                code = parse_code(row["code12"])
                seen[level_of_code(code)] = seen.get(level_of_code(code), 0) + 1
    assert seen == {Level.COUNTY: 69, Level.TOWNSHIP: 1075, Level.VILLAGE: 11860}
