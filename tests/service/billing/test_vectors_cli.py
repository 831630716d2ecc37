"""The demonstration vectors of domain section 16 as people get them: through the command line, on a real store."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.service.billing.house import Fire, House, amounts, fires, house, spots

CITY = ("220202", "220203", "220204")
NAMES = {"220202": "昌邑区", "220203": "龙潭区", "220204": "船营区"}
REGION = {"220281": 10, "220284": 9, "220283": 7}
DAY = "2020-11-11T10:00"

Made = Callable[..., str]


@pytest.fixture
def jilin(store_home: str, new_store_url: Made, tmp_path: Path) -> House:
    with house(store_home, new_store_url, tmp_path / "jilin") as opened:
        return opened


def _in_ban_areas(store: House) -> None:
    """Rule that every fire lies in a ban area: no zone layer of those years was recorded in those years."""
    for one in store.fires:
        store.rule(one, "--zone", "ban")
    store.data("assess")


def test_shuangliao_pays_800_000_or_600_000_by_the_scope_of_its_first(jilin: House) -> None:
    jilin.burn([Fire("220182", 0, "2018-10-02T12:00"), *fires("220382", 2, "2018-10-15T12:00")])
    jilin.verify()
    unknown = jilin.charge("2018-2019", "--rulebook", "JL-1")
    assert (unknown["total"], {one["reason"] for one in unknown["held"]}) == ("0.00", {"zone_unknown"})
    _in_ban_areas(jilin)
    per_county = jilin.charge("2018-2019", "--rulebook", "JL-1")
    assert amounts(per_county) == {"220182": "500000.00", "220382": "800000.00"}
    province = jilin.charge("2018-2019", "--rulebook", "JL-1-PROVINCE")
    assert amounts(province) == {"220182": "500000.00", "220382": "600000.00"}
    assert (province["mark"], province["status"]) == ("非正式", "sample")
    ordinals = [one["trace"]["ordinal"] for one in province["charges"] if one["payer"] == "220382"]
    assert sorted(ordinals) == [2, 3]


def _region(store: House) -> None:
    found = [Fire("220182", 0, "2020-10-02T12:00")]
    for minute, district in enumerate(CITY):
        found.append(Fire(district, 0, f"2020-11-11T09:0{minute}"))
    for county, count in REGION.items():
        found += fires(county, count, DAY)
    store.burn(found)
    store.verify()
    _in_ban_areas(store)


def _districts_pay_as_the_city(store: House) -> None:
    """Load the dated fact that the urban districts pay as 220200."""
    units = [
        {
            "uid": f"u{code}",
            "level": "county",
            "kind": "district",
            "name": name,
            "code": code,
            "parents": [
                {"parent": "u220200"},
                {"parent": "u220200", "purpose": "payer", "from": "2018-09-21"},
            ],
        }
        for code, name in NAMES.items()
    ]
    above = {
        "level": "city",
        "kind": "prefecture_city",
        "name": "吉林市",
        "code": "220200",
        "parent": "u220000",
    }
    province = {"level": "province", "kind": "province", "name": "吉林省", "code": "220000"}
    entries = [{"uid": "u220000", **province}, {"uid": "u220200", **above}, *units]
    text = "\n".join(
        [
            "format: 1",
            'jurisdiction: "220000"',
            "default_source: notice",
            "sources: {notice: {title: 市区统一扣拨, confidence: S}}",
            "units:",
            *(f"  - {json.dumps(entry, ensure_ascii=False)}" for entry in entries),
        ]
    ).replace('"2018-09-21"', "2018-09-21")
    path = store.folder / "payers.yaml"
    path.write_text(text + "\n", encoding="utf-8")
    store.data("load", "units", str(path))
    store.data("assess")


def test_the_jilin_region_pays_9_9_then_9_5_or_8_7_million(jilin: House) -> None:
    _region(jilin)
    alone = jilin.charge("2020-2021", "--rulebook", "JL-1")
    assert sum(float(one["amount"]) for one in alone["payers"] if one["code"] in CITY) == 1_500_000
    assert _region_total(alone) == 9_900_000
    _districts_pay_as_the_city(jilin)
    together = jilin.charge("2020-2021", "--rulebook", "JL-1")
    assert amounts(together) == {
        "220182": "500000.00",
        "220200": "1100000.00",
        "220281": "3200000.00",
        "220284": "2900000.00",
        "220283": "2300000.00",
    }
    assert _region_total(together) == 9_500_000
    assert _region_total(jilin.charge("2020-2021", "--rulebook", "JL-1-PROVINCE")) == 8_700_000
    city = jilin.charge("2020-2021", "--rulebook", "JL-1", "--payer", "220200")
    assert (city["total"], city["total_wan"], len(city["charges"])) == ("1100000.00", "110", 3)
    assert [one["name"] for one in city["payers"]] == ["吉林市"]
    second = next(one for one in city["charges"] if one["trace"]["ordinal"] == 2)
    told = jilin.data("explain", second["fire_point_id"], "--rulebook", "JL-1")["money"][0]
    assert "在付款单位全部范围 2020-2021 内第 2 个" in told["zh"], "the districts have one first between them"
    assert "number 2 in all that the payer pays for in 2020-2021" in told["en"]


def _region_total(data: dict[str, list[dict[str, str]]]) -> float:
    return sum(float(one["amount"]) for one in data["payers"] if one["code"] != "220182")


def test_heilongjiang_pays_4_070_wan_for_135_of_147(
    store_home: str, new_store_url: Made, tmp_path: Path
) -> None:
    with house(store_home, new_store_url, tmp_path / "hl", "230000") as store:
        counties = ("230123", "230124", "230125", "230126", "230127")
        autumn = [one for n, code in enumerate(counties) for one in fires(code, 20, f"2019-10-1{n}T12:00")]
        spring = fires("230221", 35, "2020-04-18T12:00", finding="stubble")
        silent = fires("230223", 12, "2020-04-20T12:00", finding=None)
        store.burn([*autumn, *spring, *silent])
        store.verify()
        store.data("rulebooks", "load", "HL-1")
        data = store.charge("2019-2020")
        later = store.charge("2019-2020", "--at", "2090-01-01T00:00")
    assert (data["total_wan"], data["counts"]["billed"], data["counts"]["held"]) == ("4070", 135, 12)
    assert data["counts"]["fire_points"] == 147
    assert {one["reason"] for one in data["held"]} == {"not_verified"}
    assert {one["reason"] for one in later["held"]} == {"overdue"}, "the deadline runs from the listing"
    assert later["total"] == data["total"], "silence is a state, and no more"
    assert sum(float(one["amount"]) for one in data["payers"]) == 40_700_000


def test_heilongjiang_pays_1_940_wan_for_64(store_home: str, new_store_url: Made, tmp_path: Path) -> None:
    with house(store_home, new_store_url, tmp_path / "hl", "230000") as store:
        store.burn(fires("230221", 64, "2020-04-18T12:00"))
        store.verify()
        data = store.charge("2019-2020", "--rulebook", "HL-1")
    assert (data["total_wan"], data["counts"]["billed"]) == ("1940", 64)


TOWNSHIPS = {"410122": "AABCD", "410185": "AA", "410184": "AA", "410183": "AB"}
"""中牟 5, 登封 2, 新郑 2, 新密 2 fires of 2016, by township: a township twice costs three million."""


def _load_townships(store: House) -> None:
    """Load a synthetic township cell around each place that burns."""
    features = []
    numbers = iter(range(101, 999))
    for county, towns in TOWNSHIPS.items():
        for town in sorted(set(towns)):
            parts = []
            for place, name in enumerate(towns):
                if name == town:
                    lon, lat = (float(value) for value in spots(county)[place])
                    ring = [
                        [lon + x, lat + y]
                        for x, y in ((-0.008, -0.008), (0.008, -0.008), (0.008, 0.008), (-0.008, 0.008))
                    ]
                    parts.append([[*ring, ring[0]]])
            features.append(
                {
                    "type": "Feature",
                    "properties": {
                        "code": f"{county}{next(numbers)}",
                        "name": f"{county}{town}镇",
                        "level": "township",
                    },
                    "geometry": {"type": "MultiPolygon", "coordinates": parts},
                }
            )
    path = store.folder / "townships.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    store.data("load", "grid", str(path), "--status", "synthetic", "--datum", "cgcs2000")


@pytest.mark.parametrize(("book", "third"), [("HA-2-DOUBLE", "4000000.00"), ("HA-2-LINEAR", "3000000.00")])
def test_zhengzhou_climbs_its_ladder_under_both_readings(
    store_home: str, new_store_url: Made, tmp_path: Path, book: str, third: str
) -> None:
    with house(store_home, new_store_url, tmp_path / "ha", "410000") as store:
        _load_townships(store)
        of_2016 = [
            Fire(county, place, f"2016-06-03T12:{number * 10 + place:02}")
            for number, (county, towns) in enumerate(TOWNSHIPS.items())
            for place in range(len(towns))
        ]
        # Three in one township in another year, on two passes of one place and one of the other.
        of_2017 = [
            Fire("410122", 0, "2017-06-03T12:00"),
            Fire("410122", 1, "2017-06-03T12:05"),
            Fire("410122", 0, "2017-09-10T12:00"),
        ]
        elsewhere = Fire("410203", 0, "2016-06-03T12:00")
        store.burn([*of_2016, *of_2017, elsewhere])
        store.verify()
        ladder = store.charge("2017", "--rulebook", book)
        assert [one["amount"] for one in sorted(ladder["charges"], key=lambda one: one["overpass"])] == [
            "1000000.00",
            "2000000.00",
            third,
        ]
        assert sorted(one["ordinal"] for one in ladder["charges"]) == [1, 2, 3]
        year = store.charge("2016", "--rulebook", book)
    assert amounts(year) == {
        "410122": "6000000.00",
        "410183": "2000000.00",
        "410184": "3000000.00",
        "410185": "3000000.00",
    }
    assert year["total_wan"] == "1400"
    assert year["counts"]["screened"] == {"outside_jurisdiction": 1}, "开封 is not under 郑州's rule"
