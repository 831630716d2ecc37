"""Capital words of money: the annex's own examples, and every amount read back by a parser of its own."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gis.errors import UsageError
from service.documents.amount_words import upper, wan

ANNEX = {
    "1409.50": "人民币壹仟肆佰零玖元伍角整",
    "6007.14": "人民币陆仟零柒元壹角肆分",
    "1680.32": "人民币壹仟陆佰捌拾元零叁角贰分",
    "107000.53": "人民币壹拾万柒仟元零伍角叁分",
    "16409.02": "人民币壹万陆仟肆佰零玖元零贰分",
    "325.04": "人民币叁佰贰拾伍元零肆分",
}
OTHERS = {
    "800000": "人民币捌拾万元整",
    "600000.00": "人民币陆拾万元整",
    "9500000": "人民币玖佰伍拾万元整",
    "40700000": "人民币肆仟零柒拾万元整",
    "0": "人民币零元整",
    "0.00": "人民币零元整",
    "-0.00": "人民币零元整",
    "1005.30": "人民币壹仟零伍元叁角整",
    "0.05": "人民币伍分",
    "0.30": "人民币叁角整",
    "0.35": "人民币叁角伍分",
    "10": "人民币壹拾元整",
    "100000000": "人民币壹亿元整",
    "100010001": "人民币壹亿零壹万零壹元整",
    "20000005": "人民币贰仟万零伍元整",
    "1000000000000": "人民币壹万亿元整",
    "8E+5": "人民币捌拾万元整",
    "-300000": "人民币负叁拾万元整",
}
FEN = st.integers(min_value=-(10**18) + 1, max_value=10**18 - 1)
_DIGIT = {one: value for value, one in enumerate("零壹贰叁肆伍陆柒捌玖")}
_PLACE = {"拾": 10, "佰": 100, "仟": 1000}


def read(words: str) -> Decimal:
    """Read capital words left to right: digits wait for their place, groups for 万 and 亿."""
    text = words.removeprefix("人民币").removesuffix("整")
    sign = -1 if text.startswith("负") else 1
    total, section, digit, fen = 0, 0, 0, 0
    for one in text.removeprefix("负"):
        if one in _DIGIT:
            digit = _DIGIT[one]
        elif one in _PLACE:
            section, digit = section + digit * _PLACE[one], 0
        elif one == "万":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        elif one == "亿":
            total, section, digit = (total + section + digit) * 10**8, 0, 0
        elif one == "元":
            total, section, digit = total + section + digit, 0, 0
        elif one in "角分":
            fen, digit = fen + digit * (10 if one == "角" else 1), 0
    return Decimal(sign * (total * 100 + fen)).scaleb(-2)


@pytest.mark.parametrize(("amount", "words"), [*ANNEX.items(), *OTHERS.items()])
def test_known_amounts(amount: str, words: str) -> None:
    assert upper(Decimal(amount)) == words


@given(FEN)
@example(10**17)
@example(100_000_001_00)
@example(10_0000_0000_0001)
def test_every_amount_reads_back_and_keeps_the_rules(fen: int) -> None:
    words = upper(Decimal(fen).scaleb(-2))
    assert read(words) == Decimal(fen).scaleb(-2)
    assert words.startswith("人民币")
    assert "零零" not in words
    assert not any(f"零{place}" in words for place in "拾佰仟万亿")
    assert ("零元" in words) == (fen == 0)
    assert words.endswith("整") == (fen % 10 == 0)


@given(FEN)
def test_ten_thousands_are_exact_and_short(fen: int) -> None:
    text = wan(Decimal(fen).scaleb(-2))
    assert Decimal(text) * 1_000_000 == fen
    assert "E" not in text
    assert not text.startswith("-0") or Decimal(text) != 0
    assert "." not in text or text[-1] not in "0."


@pytest.mark.parametrize(
    ("amount", "text"),
    [("800000", "80"), ("9500000", "950"), ("1", "0.0001"), ("0", "0"), ("-95000", "-9.5")],
)
def test_known_ten_thousands(amount: str, text: str) -> None:
    assert wan(Decimal(amount)) == text


@pytest.mark.parametrize(
    "bad", ["0.001", "NaN", "Infinity", "1E+16", "-1E+16", "0.0100000000000000000000000001"]
)
@pytest.mark.parametrize("spell", [upper, wan])
def test_what_is_no_whole_fen_is_refused(bad: str, spell: object) -> None:
    with pytest.raises(UsageError) as caught:
        spell(Decimal(bad))  # type: ignore[operator]
    assert caught.value.code == "amount_not_fen"
    assert bad in caught.value.zh
