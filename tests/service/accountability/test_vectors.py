"""The demonstration vectors and arithmetic tests of domain section 16, under the shipped samples."""

from __future__ import annotations

from decimal import Decimal

import pytest

from service.accountability.adjudicate import adjudicate
from service.accountability.facts import Fact
from service.rulebooks import shipped_rulebook
from tests.service.accountability.facts import fire, fires

WAN = 10_000
CITY = ["220202", "220203", "220204"]
REGION = {"220281": 10, "220284": 9, "220283": 7}


def test_shuangliao_pays_800_000_with_a_first_of_its_own() -> None:
    found = adjudicate(shipped_rulebook("JL-1"), fires(2, "2018-10-15", "220382"))
    assert [str(one.amount) for one in found.charges] == ["500000.00", "300000.00"]
    assert found.by_payer() == {"220382": Decimal(800_000)}


def test_shuangliao_pays_600_000_where_the_first_of_the_province_is_used() -> None:
    before = fire("before", "2018-10-02T12:00", "220182")
    found = adjudicate(shipped_rulebook("JL-1-PROVINCE"), [*fires(2, "2018-10-15", "220382"), before])
    assert found.by_payer() == {"220182": Decimal(500_000), "220382": Decimal(600_000)}


def _region(*, districts_pay_alone: bool) -> list[Fact]:
    found: list[Fact] = []
    for minute, district in enumerate(CITY):
        payer = district if districts_pay_alone else "220200"
        found.append(fire(f"d{minute}", f"2020-11-11T10:0{minute}", district, payer=payer))
    for county, count in REGION.items():
        found += fires(count, "2020-11-11", county)
    return found


def test_jilin_region_pays_9_5_million_with_its_districts_as_one_payer() -> None:
    found = adjudicate(shipped_rulebook("JL-1"), _region(districts_pay_alone=False))
    assert found.by_payer() == {
        "220200": Decimal(1_100_000),
        "220281": Decimal(3_200_000),
        "220284": Decimal(2_900_000),
        "220283": Decimal(2_300_000),
    }
    assert found.total == Decimal(9_500_000)


def test_jilin_region_pays_9_9_million_when_three_districts_pay_alone() -> None:
    found = adjudicate(shipped_rulebook("JL-1"), _region(districts_pay_alone=True))
    assert found.total == Decimal(9_900_000)
    assert sum(found.by_payer()[district] for district in CITY) == 1_500_000


def test_jilin_region_pays_8_7_million_where_the_first_of_the_province_is_used() -> None:
    before = fire("before", "2020-10-02T12:00", "220182")
    found = adjudicate(shipped_rulebook("JL-1-PROVINCE"), [before, *_region(districts_pay_alone=False)])
    assert found.total - found.by_payer()["220182"] == Decimal(8_700_000)
    assert found.held == ()


def test_the_point_outside_the_plan_of_the_restricted_area_counts_and_the_one_within_does_not() -> None:
    off = fire("off", "2020-11-11T12:00", "220281", zone="restricted")
    within = fire("within", "2020-11-11T12:05", "220281", zone="restricted", within_plan=True)
    found = adjudicate(shipped_rulebook("JL-1"), [off, within])
    assert [one.fire_point_id for one in found.charges] == ["off"]
    assert [(one.fire_point_id, one.reason) for one in found.left_out] == [
        ("within", "restricted_within_plan")
    ]


def test_heilongjiang_4_070_wan_for_135_billed_of_147_listed() -> None:
    autumn = [one for county in range(5) for one in fires(20, f"2019-10-1{county}", f"23010{county}")]
    spring = fires(35, "2020-04-18", "230230", finding="stubble")
    unbilled = fires(12, "2020-04-20", "230231", state="listed", finding=None)
    found = adjudicate(shipped_rulebook("HL-1"), [*spring, *unbilled, *autumn])
    assert len(found.charges) == 135
    assert len(found.held) == 12
    assert found.total == 4_070 * WAN
    assert {one.season for one in found.charges} == {"2019-2020"}


def test_heilongjiang_1_940_wan_for_64() -> None:
    found = adjudicate(shipped_rulebook("HL-1"), fires(64, "2020-04-18", "230230"))
    assert found.total == 1_940 * WAN


def test_heilongjiang_reclamation_pays_in_place_of_the_county() -> None:
    found = adjudicate(shipped_rulebook("HL-1"), fires(2, "2019-10-10", "230230", special_payer="HLJ-BDH"))
    assert found.by_payer() == {"HLJ-BDH": Decimal(800_000)}


@pytest.mark.parametrize(("book", "third"), [("HA-2-DOUBLE", 4_000_000), ("HA-2-LINEAR", 3_000_000)])
def test_zhengzhou_ladder_under_both_readings(book: str, third: int) -> None:
    found = adjudicate(shipped_rulebook(book), fires(3, "2017-09-10", "410122"))
    assert [one.amount for one in found.charges] == [1_000_000, 2_000_000, third]
    assert [one.trace["ordinal"] for one in found.charges] == [1, 2, 3]


@pytest.mark.parametrize("book", ["HA-2-DOUBLE", "HA-2-LINEAR"])
def test_zhengzhou_2016_is_a_ladder_11_points_for_14_million(book: str) -> None:
    """中牟 6, 登封 3, 新郑 3, 新密 2: a township twice costs three, other townships one each."""
    townships = {"410122": "AABCD", "410185": "AA", "410184": "AA", "410183": "AB"}
    facts = [
        fire(f"{county}-{n}", f"2016-06-03T10:{n:02}", county, township=f"{county}-{town}")
        for county, towns in townships.items()
        for n, town in enumerate(towns)
    ]
    found = adjudicate(shipped_rulebook(book), facts)
    assert len(found.charges) == 11
    assert found.by_payer() == {
        "410122": Decimal(6_000_000),
        "410183": Decimal(2_000_000),
        "410184": Decimal(3_000_000),
        "410185": Decimal(3_000_000),
    }


def test_taikang_pays_20_million_for_40_points() -> None:
    found = adjudicate(shipped_rulebook("HA-1"), fires(40, "2015-10-01", "411627", state="publicised"))
    assert found.total == Decimal(20_000_000)
