from __future__ import annotations

import datetime as dt

import pytest

from gis.types import Level
from grids.codelists import CodeList, read_code_list
from grids.register import Register
from grids.townships import Grown, with_code_lists
from grids.units import Purpose

DAY = dt.date(2023, 10, 29)


def town_list(year: int, rows: str) -> CodeList:
    header = "code,name,areaCode,provinceCode,cityCode,code12\n"
    lines = [line.split() for line in rows.strip().splitlines()]
    body = "".join(f"{c},{n},{c[:6]},22,{c[:4]},{c}000\n" for c, n in lines)
    return read_code_list((header + body).encode(), name=f"streets_{year}.csv")


def test_the_roster_of_2023_is_the_fullest_list_of_2023(grown: Grown) -> None:
    assert len(grown.register.roster(Purpose.LEGAL, Level.TOWNSHIP, DAY)) == 1075
    assert len(grown.register.roster(Purpose.LEGAL, Level.VILLAGE, DAY)) == 11860
    assert grown.register.check_roster(Purpose.ASSESSMENT, Level.VILLAGE, DAY).once


def test_what_has_no_place_is_told(grown: Grown) -> None:
    text = "\n".join(grown.lost)
    assert "ruiduobao 2023: 220802407 白城市生态新区 is in this list alone" in text
    assert "areacity 2023: 220302100 十家堡镇 is in no statistics list" in text


def test_the_lists_may_come_in_any_order(base: Register, lists: tuple[CodeList, ...], grown: Grown) -> None:
    other = with_code_lists(base, tuple(reversed(lists)))
    assert {unit.uid: unit for unit in other.register} == {unit.uid: unit for unit in grown.register}


def test_a_township_of_gongzhuling_changes_its_code_on_the_day_of_its_county(grown: Grown) -> None:
    town = grown.register["u220381100"]
    assert town.name(DAY) == "二十家子镇"
    assert town.code(dt.date(2020, 6, 18)) == "220381100"
    assert town.code(dt.date(2020, 6, 19)) == "220184100"
    assert grown.register.find("220184100", DAY) is town
    assert grown.register.chain(town.uid, Purpose.LEGAL, dt.date(2019, 1, 1))[1:3] == ("u220381", "u220300")
    assert grown.register.chain(town.uid, Purpose.LEGAL, DAY)[1:3] == ("u220381", "u220100")


def test_the_same_digits_of_the_other_numbering_are_another_town(grown: Grown) -> None:
    stats = grown.register.find("220184103", DAY)
    other = grown.register.find("220184103", DAY, scheme="mca")
    assert stats is not None
    assert other is not None
    assert (stats.name(DAY), other.name(DAY)) == ("范家屯镇", "黑林子镇")
    assert len(grown.register.holders("220184103")) == 2


def test_development_zones_own_townships_and_villages(grown: Grown) -> None:
    assert len(grown.register.members("u220172", Purpose.LEGAL, DAY, Level.TOWNSHIP)) > 5
    assert grown.register.members("u220871", Purpose.LEGAL, DAY, Level.VILLAGE)


def test_the_commissions_townships_own_their_villages(grown: Grown) -> None:
    villages = grown.register.members("u2206cbs", Purpose.ASSESSMENT, DAY, Level.VILLAGE)
    assert len(villages) == 14 + 7 + 3
    assert grown.register.payer(villages[0], DAY) == "u2206cbs"


def test_a_rename_keeps_the_unit_and_a_reused_number_does_not(base: Register) -> None:
    lists = [
        town_list(2010, "220102001 甲街道\n220102002 乙街道\n220102003 丙街道"),
        town_list(2018, "220102001 甲新街道\n220102002 丙街道\n220102003 丁街道"),
    ]
    register = with_code_lists(base, lists).register
    first, third = register["u220102001"], register["u220102003"]
    assert [name.text for name in first.names] == ["甲街道", "甲新街道"]
    assert first.name(dt.date(2017, 12, 31)) == "甲街道"
    assert first.name(dt.date(2018, 1, 1)) == "甲新街道"
    # 丙 moved to number 002: it is still 丙; the new 003 is another unit with an id of its own.
    assert [code.code for code in third.codes] == ["220102003", "220102002"]
    other = register.find("220102003", DAY)
    assert other is not None
    assert other.uid == "u220102003-2018"
    assert register["u220102002"].validity.end == dt.date(2017, 12, 31)


def test_a_unit_gone_from_a_later_list_ends_before_its_year(base: Register) -> None:
    lists = [town_list(2010, "220102001 甲街道\n220102002 乙街道"), town_list(2023, "220102001 甲街道")]
    register = with_code_lists(base, lists).register
    assert register["u220102001"].validity.end is None
    assert register["u220102002"].validity.end == dt.date(2022, 12, 31)
    assert register.roster(Purpose.LEGAL, Level.TOWNSHIP, DAY).count("u220102001") == 1


def test_a_unit_of_an_unknown_county_is_told_and_left_out(base: Register) -> None:
    result = with_code_lists(base, [town_list(2023, "229999001 丙街道")])
    assert result.lost == ("china_division 2023: 229999001 丙街道 lies under the unknown 229999",)
    assert len(result.register) == len(base)


@pytest.mark.parametrize("year", [2010, 2018, 2023])
def test_every_township_of_a_vintage_is_found_by_its_code_in_its_year(
    grown: Grown, lists: tuple[CodeList, ...], year: int
) -> None:
    day = dt.date(year, 12, 31)
    lost = {text.split()[2] for text in grown.lost}
    for each in lists:
        if each.scheme != "stats" or each.vintage != str(year):
            continue
        for record in each.at(Level.TOWNSHIP):
            if record.code in lost:
                continue
            unit = grown.register.find(record.code, day)
            assert unit is not None, record
            county = grown.register.find(record.parent, day)
            assert county is not None
            assert grown.register.parent(unit.uid, Purpose.LEGAL, day) == county.uid
