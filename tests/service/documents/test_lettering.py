"""Text, money and time on paper: nothing hidden, nothing reordered, nothing lost."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import RefusedInputError
from service.documents import lettering as our


@given(st.text())
def test_clean_text_is_one_line_without_invisible_letters(text: str) -> None:
    shown = our.clean(text)
    assert shown
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for one in shown)
    assert our.clean(shown) == shown


def test_a_character_that_reorders_is_named() -> None:
    assert our.clean("800\u202e000\x07\n元") == "800〔U+202E〕000〔U+0007〕 元"
    assert our.clean(None) == our.clean("") == "—"


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_breaks_change_no_letter(text: str) -> None:
    assert our.breakable(text).replace("\u200b", "") == text.replace("\u200b", "")


def test_a_long_word_can_be_broken_and_a_short_one_is_left_alone() -> None:
    pieces = our.breakable("a" * 500).split("\u200b")
    assert max(map(len, pieces)) <= 12
    assert our.breakable("fp0123456789abcdef 双辽市") == "fp0123456789abcdef 双辽市"


def test_clipping_counts_widths_and_says_that_it_cut() -> None:
    assert our.clip("双辽市", 6) == "双辽市"
    assert our.clip("双辽市人民", 6) == "双辽…"
    assert our.clip("abcdef", 5) == "abcd…"


@given(st.integers(min_value=-(10**17), max_value=10**17))
def test_money_keeps_every_fen(fen: int) -> None:
    text = our.money(str(Decimal(fen).scaleb(-2)))
    assert Decimal(text.replace(",", "")) * 100 == fen
    assert text[-3] == "."


@pytest.mark.parametrize("bad", ["", "八十万", "NaN", "inf", 1.5, [], None])
def test_an_amount_that_is_no_number_is_refused(bad: object) -> None:
    with pytest.raises(RefusedInputError) as caught:
        our.amount(bad)
    assert caught.value.code == "document_amount"
    assert "statement verify" in caught.value.en


def test_times_are_beijings() -> None:
    assert our.instant("2023-10-29T16:51:00Z") == "2023-10-30 00:51"
    assert our.instant("2023-10-29T12:51:00+08:00") == "2023-10-29 12:51"
    assert our.instant("2023-10-29") == "2023-10-29"
    assert our.instant(None) == "—"
    assert our.instant("昨天") == "昨天"
    assert our.day_words("2024-05-15") == "2024年5月15日"
    assert our.day_words("2024-05-15T09:00:00Z") == "2024年5月15日 17:00"


def test_the_papers_own_time_is_its_issue_else_its_computation() -> None:
    both = {"issued_at": "1970-01-01T08:01:00+08:00", "computed_at": "1970-01-01T00:00:05Z"}
    assert our.stamp(both) == 60
    assert our.stamp({**both, "issued_at": None}) == 5
    assert our.stamp({"computed_at": "soon"}) == our.stamp({}) == 0


def test_distances_and_shares() -> None:
    assert [our.metres(one) for one in ("0", "312.4", "4210", None)] == ["0 米", "312 米", "4.2 千米", "未知"]
    assert our.percent("0.935") == "93.5%"
