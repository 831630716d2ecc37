"""Burnt area as people write it: exact, with its unit, or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import UsageError
from service.verification.area import MAX_MU, checked_mu, parse_area


@pytest.mark.parametrize(
    ("text", "mu"),
    [
        ("12.5亩", "12.5"),
        ("12.50 亩", "12.5"),
        ("8000m2", "12"),
        ("8,000 平方米", "12"),
        ("8000㎡", "12"),
        ("8000 m²", "12"),
        ("８０００平米", "12"),
        ("0.8公顷", "12"),
        ("0.8 ha", "12"),
        ("2 hm²", "30"),
        ("1m2", "0.0015"),
        ("0.000001平方米", "0.0000000015"),
        ("0亩", "0"),
        ("1,000,000亩", "1000000"),
        ("3 mu", "3"),
    ],
)
def test_an_area_is_exact_in_mu(text: str, mu: str) -> None:
    assert str(parse_area(text)) == str(Decimal(mu))
    assert "E" not in format(parse_area(text), "f")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "亩",
        "12",
        "-1亩",
        "+1亩",
        "12.亩",
        ".5亩",
        "1e5亩",
        "1,00亩",
        "12斤",
        "12.5亩左右",
        "nan亩",
        "٣亩",
    ],
)
def test_what_is_no_area_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_area(text)
    assert caught.value.code == "bad_area"
    assert caught.value.context["field"] == "area"


def test_an_area_beyond_any_county_is_a_mistaken_unit() -> None:
    with pytest.raises(UsageError, match="单位"):
        parse_area("1000001亩")
    for bad in (Decimal("-1"), Decimal("NaN"), Decimal("Infinity"), MAX_MU + 1):
        with pytest.raises(UsageError):
            checked_mu(bad)


def test_a_bare_number_takes_the_unit_of_its_column_and_no_other() -> None:
    assert parse_area("8000", unit="平方米") == Decimal(12)
    assert parse_area("8000平米", unit="平方米") == Decimal(12)
    with pytest.raises(UsageError, match="统一"):
        parse_area("8000平方米", unit="亩")


@given(st.decimals(min_value=0, max_value=MAX_MU, places=6))
def test_mu_and_square_metres_agree_exactly(mu: Decimal) -> None:
    assert parse_area(f"{mu:f}亩") == mu
    metres = (mu * 2000).to_integral_value()
    assert parse_area(f"{min(metres, Decimal(10**8)):f}m2") * 2000 == min(metres, Decimal(10**8)) * 3


@given(st.text(max_size=40))
def test_any_text_is_an_area_or_a_refusal(text: str) -> None:
    try:
        area = parse_area(text)
    except UsageError:
        return
    assert 0 <= area <= MAX_MU
