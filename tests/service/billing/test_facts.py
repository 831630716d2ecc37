"""Facts as they reach money: who pays, what is in doubt, what was known when, and one fact per fire."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa

from boundaries.builtin import builtin
from gis.plane import distance_m
from gis.times import BEIJING
from service.billing.payers import Payers
from service.pipeline.footprints import extents_m
from service.pipeline.register_store import load_register
from service.store import open_store
from service.store.models import Detection
from tests.service.api.client import client
from tests.service.billing.house import Fire, House, amounts, fires, house
from tests.service.pipeline import feeds

BOOK = ("--rulebook", "JL-1")
YUSHU = "220182"
LONG_AGO = dt.datetime(2017, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def opened(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[House]:
    with house(store_home, new_store_url, tmp_path / "house") as made:
        yield made


def _file(store: House, name: str, text: str) -> str:
    path = store.folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def _reasons(data: Any, part: str = "held") -> list[str]:
    return sorted(one["reason"] for one in data[part])


# --- known when -------------------------------------------------------------------------------------

ZONES = "乡镇代码,类别,起始日期\n{county},{kind},2018-09-21\n"


def _zones(store: House, kind: str, name: str = "z.csv", county: str = YUSHU) -> None:
    text = ZONES.format(county=county, kind=kind)
    store.data("load", "zones", _file(store, name, text), "--name", "两区", "--status", "official")


def test_a_zone_recorded_after_the_overpass_changes_no_charge_by_itself(opened: House) -> None:
    _zones(opened, "禁烧区")
    opened.recorded(LONG_AGO)
    opened.burn(fires(YUSHU, 2, "2020-11-11T12:00"))
    opened.verify()
    before = opened.charge("2020-2021", *BOOK)
    assert amounts(before) == {YUSHU: "800000.00"}
    assert {one["trace"]["facts"]["zone"] for one in before["charges"]} == {"ban"}
    _zones(opened, "其他", "later.csv")
    opened.data("assess")
    after = opened.charge("2020-2021", *BOOK)
    assert amounts(after) == amounts(before)
    assert {one["trace"]["facts"]["zone"] for one in after["charges"]} == {"ban"}
    opened.rule(opened.fires[0], "--zone", "none")
    ruled = opened.charge("2020-2021", *BOOK)
    assert amounts(ruled) == {YUSHU: "500000.00"}, "a person may bring it to bear"
    assert _reasons(ruled, "left_out") == ["zone_not_counted"]


def test_a_zone_recorded_only_afterwards_bills_nothing_until_a_person_rules(opened: House) -> None:
    opened.burn(fires(YUSHU, 1, "2020-11-11T12:00"))
    opened.verify()
    assert _reasons(opened.charge("2020-2021", *BOOK)) == ["zone_unknown"]
    _zones(opened, "禁烧区")
    opened.data("assess")
    late = opened.charge("2020-2021", *BOOK)
    assert (late["total"], _reasons(late)) == ("0.00", ["zone_in_doubt"])
    code = f"ban-{YUSHU}"
    opened.rule(opened.fires[0], "--zone", code)
    assert amounts(opened.charge("2020-2021", *BOOK)) == {YUSHU: "500000.00"}


def test_a_layer_of_one_county_says_nothing_about_the_next(opened: House) -> None:
    _zones(opened, "限烧区")
    opened.recorded(LONG_AGO)
    opened.burn([*fires(YUSHU, 1, "2020-11-11T12:00"), *fires("220283", 1, "2020-11-11T12:10")])
    opened.verify()
    data = opened.charge("2020-2021", *BOOK)
    assert amounts(data) == {YUSHU: "500000.00"}, "restricted and not within a plan"
    assert _reasons(data) == ["zone_unknown"]


def test_no_zone_is_asked_for_under_a_whole_area_ban(opened: House) -> None:
    opened.burn(fires(YUSHU, 1, "2023-10-29T12:00"))
    opened.verify()
    _zones(opened, "限烧区")
    opened.data("assess")
    assert amounts(opened.charge("2023-2024", *BOOK)) == {YUSHU: "500000.00"}


PLAN = (
    "编号,村代码,开始时间,结束时间,责任人,审批单位,审批时间\n"
    "P1,{unit},2024-04-10 08:30,2024-04-10 17:00,张三,指挥部,2024-04-01 08:00\n"
)


def test_a_planned_burn_exempts_where_it_was_on_record_and_never_afterwards(opened: House) -> None:
    opened.data("load", "plans", _file(opened, "p.csv", PLAN.format(unit=YUSHU)))
    opened.recorded(LONG_AGO)
    opened.burn([*fires(YUSHU, 1, "2024-04-10T12:00"), *fires("220283", 1, "2024-04-10T12:10")])
    opened.verify()
    before = opened.charge("2023-2024", *BOOK)
    assert amounts(before) == {"220283": "500000.00"}
    assert _reasons(before, "left_out") == ["planned_burn"]
    later = PLAN.format(unit="220283").replace("P1", "P2")
    opened.data("load", "plans", _file(opened, "q.csv", later))
    opened.data("assess")
    after = opened.charge("2023-2024", *BOOK)
    assert amounts(after) == amounts(before)
    assert after["charges"][0]["trace"]["facts"] == before["charges"][0]["trace"]["facts"]


def test_a_heat_source_recorded_after_the_overpass_changes_no_charge(opened: House) -> None:
    opened.burn(fires(YUSHU, 2, "2023-10-29T12:00"))
    opened.verify()
    before = opened.charge("2023-2024", *BOOK)
    lon, lat = opened.fires[0].spot
    table = f"编号,名称,类别,经度,纬度,半径\nH1,砖厂,砖厂,{lon},{lat},1500\n"
    opened.data(
        "load", "heat-sources", _file(opened, "h.csv", table), "--datum", "cgcs2000", "--source", "名录"
    )
    opened.data("assess")
    after = opened.charge("2023-2024", *BOOK)
    assert [(one["fire_point_id"], one["amount"]) for one in after["charges"]] == [
        (one["fire_point_id"], one["amount"]) for one in before["charges"]
    ]


def test_the_past_is_charged_as_it_was_known_and_overdue_as_it_was(opened: House) -> None:
    opened.burn(fires(YUSHU, 2, "2023-10-29T12:00"))
    listed = opened.revision
    opened.verify()
    assert opened.charge("2023-2024", *BOOK)["total"] == "800000.00"
    then = opened.charge("2023-2024", *BOOK, "--as-of", str(listed))
    assert (then["total"], set(_reasons(then))) == ("0.00", {"not_verified"})


# --- who pays, and doubt ----------------------------------------------------------------------------


@cache
def _between(one: str, two: str) -> tuple[str, str]:
    """Return a place on the ground of the first, some 60 m from the line to the second."""
    shapes = {unit.code: unit.geometry for unit in builtin("county", province="220000").units}
    line = shapes[one].boundary.intersection(shapes[two].buffer(0.0003))
    middle = max(getattr(line, "geoms", [line]), key=lambda part: part.length).interpolate(
        0.5, normalized=True
    )
    near = middle.buffer(0.0012).intersection(shapes[one]).representative_point()
    return f"{near.x:.5f}", f"{near.y:.5f}"


def _edge(store: House, one: str, two: str, when: str = "2023-10-29T04:30") -> str:
    """Burn something on the line between two counties and return its id."""
    lon, lat = _between(one, two)
    row = feeds.Row(feeds.at(when.replace("T", " ")), lon, lat)
    store.data("ingest", str(feeds.write(store.folder / "edge.csv", [row])))
    store.data("assess")
    (name,) = store.ids().values()
    store.data("verify", name, "--finding", "straw", "--level", "city")
    return name


def test_a_fire_on_the_line_of_two_payers_waits_for_a_ruling(opened: House) -> None:
    name = _edge(opened, YUSHU, "220283")
    assert _reasons(opened.charge("2023-2024", *BOOK)) == ["payer_in_doubt"]
    opened.data("rule", name, "--unit", "220283", "--reason", "现场定位在舒兰")
    assert amounts(opened.charge("2023-2024", *BOOK)) == {"220283": "500000.00"}


def test_a_fire_between_two_districts_that_pay_as_one_city_waits_for_nobody(opened: House) -> None:
    from tests.service.billing.test_vectors_cli import _districts_pay_as_the_city

    _edge(opened, "220202", "220203")
    assert _reasons(opened.charge("2023-2024", *BOOK)) == ["payer_in_doubt"]
    _districts_pay_as_the_city(opened)
    assert amounts(opened.charge("2023-2024", *BOOK)) == {"220200": "500000.00"}


def test_a_commission_pays_for_its_townships_where_the_ground_is_known(opened: House) -> None:
    from tests.service.test_scope import PLACES, TOWNSHIPS

    lon, lat = PLACES["池北"]
    x, y = float(lon), float(lat)
    ring = [[x - 0.05, y - 0.05], [x + 0.05, y - 0.05], [x + 0.05, y + 0.05], [x - 0.05, y + 0.05]]
    feature = {
        "type": "Feature",
        "properties": {"code": TOWNSHIPS["池北"], "name": "池北", "level": "township"},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    opened.data("load", "grid", _file(opened, "g.geojson", text), "--datum", "cgcs2000")
    row = feeds.Row(feeds.at("2023-10-29 04:30"), lon, lat)
    opened.data("ingest", str(feeds.write(opened.folder / "f.csv", [row])))
    opened.data("assess")
    (name,) = opened.ids().values()
    opened.data("verify", name, "--finding", "straw", "--level", "city")
    data = opened.charge("2023-2024", *BOOK)
    assert amounts(data) == {"CBS": "500000.00"}
    assert data["payers"][0]["name"] == "长白山保护开发区管理委员会"


def test_a_payer_keeps_one_code_through_a_season_in_which_it_moved(opened: House) -> None:
    store = open_store(opened.url)
    with store.reader() as reader:
        stored = load_register(reader)
    store.close()
    season = Payers(stored, dt.date(2019, 10, 1))
    uid = season.uid_of("220381", dt.date(2019, 10, 1))
    assert uid is not None
    before, after = (season.payer_of(uid, day) for day in (dt.date(2020, 6, 18), dt.date(2020, 6, 19)))
    assert before == after == ("220381", uid)
    assert season.named("220381", "county").name == "公主岭市"
    assert Payers(stored, dt.date(2020, 10, 1)).payer_of(uid, dt.date(2020, 11, 1))[0] == "220184"
    assert season.payer_of("999999", dt.date(2020, 1, 1)) == ("999999", None)


# --- rulings of money -------------------------------------------------------------------------------


def test_a_tie_of_two_payers_is_ruled_and_an_exemption_needs_a_clause(opened: House) -> None:
    rule = ("--rulebook", "JL-1-PROVINCE")
    same = [Fire(YUSHU, 0, "2023-10-29T12:00"), Fire("220283", 0, "2023-10-29T12:00")]
    opened.burn(same)
    opened.verify()
    tied = opened.charge("2023-2024", *rule)
    assert amounts(tied) == {YUSHU: "300000.00", "220283": "300000.00"}
    assert {(one["reason"], one["at_stake"]) for one in tied["held"]} == {("tie", "200000.00")}
    assert tied["counts"]["held"] == 0, "each is charged what is certain"
    opened.rule(same[1], "--order", "1")
    assert amounts(opened.charge("2023-2024", *rule)) == {YUSHU: "300000.00", "220283": "500000.00"}
    said = opened.run("rule", opened.id_of(same[0]), "--exempt", "arson", "--reason", "现场核实裁定")
    assert "arson，此裁定不影响金额" in "".join(said.output.split())
    assert len(opened.charge("2023-2024", *rule)["charges"]) == 2, "JL-1 names no exemption"


def test_a_payers_own_denial_is_held_until_somebody_else_agrees_with_evidence(opened: House) -> None:
    opened.burn(fires(YUSHU, 2, "2023-10-29T12:00"))
    opened.fires[:] = opened.fires[1:]
    opened.verify()
    first = Fire(YUSHU, 0, "2023-10-29T12:00")
    name = opened.id_of(first)
    photo = _file(opened, "photo.jpg", "jpeg")
    opened.data("verify", name, "--finding", "nothing_found", "--level", "local", "--evidence", photo)
    held = opened.charge("2023-2024", *BOOK)
    assert (_reasons(held), amounts(held)) == (["denial_unreviewed"], {YUSHU: "500000.00"})
    opened.data("verify", name, "--finding", "nothing_found", "--level", "city")
    agreed = opened.charge("2023-2024", *BOOK)
    assert (_reasons(agreed), _reasons(agreed, "left_out")) == ([], ["denied"])


def test_a_county_that_found_a_fire_cannot_deny_it_away_alone(opened: House) -> None:
    (fire,) = fires(YUSHU, 1, "2023-10-29T12:00", finding="straw", level="local")
    opened.burn([fire])
    opened.verify()
    name = opened.id_of(fire)
    opened.data("verify", name, "--finding", "nothing_found", "--level", "local", "--at", "2023-10-29T20:00")
    charged = opened.charge("2023-2024", *BOOK)
    assert (_reasons(charged), amounts(charged)) == (["denial_unreviewed"], {YUSHU: "500000.00"})
    assert charged["counts"]["held"] == 0, "nothing of it waits to be charged"
    (verdict,) = opened.data("explain", name, *BOOK)["money"]
    assert (verdict["state"], "尚待上级复核" in verdict["zh"]) == ("charged", True)
    drafted = opened.data("statement", "draft", "--payer", YUSHU, "--season", "2023-2024", *BOOK)["document"]
    (line,) = drafted["lines"]
    assert "尚待上级复核" in line["reason_zh"]
    assert "until somebody else reviews" in line["reason_en"]
    assert line["finding"] == "straw"
    photo = _file(opened, "photo.jpg", "jpeg")
    opened.data("verify", name, "--finding", "nothing_found", "--level", "city", "--evidence", photo)
    agreed = opened.charge("2023-2024", *BOOK)
    assert (_reasons(agreed), _reasons(agreed, "left_out"), amounts(agreed)) == ([], ["denied"], {})


def test_a_ruling_is_confirmed_in_words(opened: House) -> None:
    (fire,) = fires(YUSHU, 1, "2023-10-29T12:00")
    opened.burn([fire])
    name = opened.id_of(fire)
    said = opened.run("rule", name, "--zone", "none", "--reason", "不在禁烧区内")
    assert f"已记录：{name} 分区 → 不在任何分区" in said.output
    screened = opened.run("rule", name, "--screen", "not_cropland", "--reason", "图上为林地")
    assert "筛查 → " in screened.output
    assert "not_cropland" not in screened.output
    english = opened.run("--lang", "en", "rule", name, "--zone", "ban", "--reason", "在禁烧区内")
    assert f"recorded: {name} zone → ban" in english.output


# --- one fire, one fact -----------------------------------------------------------------------------

PATROL = """\
name: patrol_app
source_kind: patrol
encoding: auto
coordinates: decimal
datum: cgcs2000
time_zone: Beijing
columns: {longitude: 经度, latitude: 纬度, acq_datetime: 时间}
"""


def _patrol(store: House, lon: float, lat: float, when: str, name: str = "patrol") -> None:
    mapped = _file(store, "patrol.yaml", PATROL)
    table = _file(store, f"{name}.csv", f"经度,纬度,时间\n{lon:.5f},{lat:.5f},{when}\n")
    store.data("ingest", table, "--map", mapped)
    store.data("assess")


def test_a_patrol_and_a_satellite_of_one_fire_are_charged_once(opened: House) -> None:
    fire = Fire(YUSHU, 3, "2023-10-29T12:30")
    lon, lat = (float(value) for value in fire.spot)
    opened.burn([fire])
    _patrol(opened, lon + 900 / 80_000, lat, "2023-10-29 12:10")
    assert len(opened.ids()) == 2, "clustering keeps them apart"
    for name in opened.ids().values():
        opened.data("verify", name, "--finding", "straw", "--level", "city")
    data = opened.charge("2023-2024", *BOOK)
    assert amounts(data) == {YUSHU: "500000.00"}
    assert data["links"] == [
        {"id": opened.id_of(fire), "of": data["charges"][0]["fire_point_id"], "version": "m1"}
    ]
    told = data["charges"][0]["trace"]["facts"]
    assert told["sources"] == ["patrol", "satellite"]
    assert told["overpass"] == "2023-10-29T04:10:00+00:00", "the earlier one stands for both"
    counts = data["counts"]
    assert (counts["fire_points"], counts["facts"], counts["linked"]) == (2, 1, 1)
    opened.rule(fire, "--distinct-from", data["charges"][0]["fire_point_id"])
    assert amounts(opened.charge("2023-2024", *BOOK)) == {YUSHU: "800000.00"}


def test_a_report_covers_the_place_somebody_stood_at_and_no_square_kilometre(opened: House) -> None:
    fire = Fire(YUSHU, 3, "2023-10-29T12:30")
    lon, lat = (float(value) for value in fire.spot)
    opened.burn([fire])
    _patrol(opened, lon + 300 / 80_000, lat, "2023-10-29 13:10")
    with closing(open_store(opened.url)) as store:
        with store.reader() as reader:
            ids = sorted(row.id for row in reader.rows(sa.select(Detection.id)))
            assert [side.tolist() for side in extents_m(reader, ids)] == [[400.0, 50.0], [400.0, 50.0]]
        drawn = client(store).get("/ogc/collections/footprints/items").json()["features"]
    heights = [shapely.from_geojson(json.dumps(one["geometry"])).bounds for one in drawn]
    metres = sorted(round(float(distance_m(126, south, 126, north))) for _, south, _, north in heights)
    assert metres == [50, 400]


def test_an_unclear_report_is_held_and_a_ruled_duplicate_lends_its_finding(opened: House) -> None:
    fire = Fire(YUSHU, 3, "2023-10-29T12:30")
    lon, lat = (float(value) for value in fire.spot)
    opened.burn([fire])
    _patrol(opened, lon + 1800 / 80_000, lat, "2023-10-29 13:00")
    report = next(name for name in opened.ids().values() if name != opened.id_of(fire))
    opened.data("verify", report, "--finding", "straw", "--level", "city")
    data = opened.charge("2023-2024", *BOOK)
    assert (data["total"], _reasons(data)) == ("0.00", ["match_unclear", "not_verified"])
    assert data["unclear"] == [{"id": report, "candidates": [opened.id_of(fire)]}]
    opened.data("rule", report, "--duplicate-of", opened.id_of(fire), "--reason", "同一起火")
    settled = opened.charge("2023-2024", *BOOK)
    assert (amounts(settled), settled["held"]) == ({YUSHU: "500000.00"}, [])
    assert settled["charges"][0]["trace"]["facts"]["sources"] == ["patrol", "satellite"]
    assert settled["counts"]["screened"] == {"duplicate": 1}


MINISTRY = """\
name: ministry_list
source_kind: satellite
encoding: auto
coordinates: decimal
datum: wgs84
time_zone: Beijing
columns: {latitude: 中心纬度, longitude: 中心经度}
constants: {acq_date: "2023-10-29", acq_time: "12:30", satellite: NOAA-20}
"""


def test_what_the_ministry_listed_is_known_by_its_list_even_where_the_pixel_was_known(
    opened: House, tmp_path: Path
) -> None:
    from importlib import resources

    text = resources.files("service.accountability").joinpath("books/jl-1.yaml").read_text("utf-8")
    evidence = "evidence: [ministry_satellite, provincial_satellite, satellite, patrol, drone, camera]"
    assert evidence in text
    strict = text.replace(evidence, "evidence: [ministry_satellite]")
    opened.data("rulebooks", "load", _file(opened, "strict.yaml", strict))
    opened.burn([Fire(YUSHU, 0, "2023-10-29T12:30"), Fire(YUSHU, 1, "2023-10-29T12:30")])
    opened.verify()
    data = opened.charge("2023-2024")
    assert (data["total"], set(_reasons(data, "left_out"))) == ("0.00", {"source_not_accepted"})
    lon, lat = opened.fires[0].spot
    mapped = _file(opened, "ministry.yaml", MINISTRY)
    listed = _file(opened, "list.csv", f"中心纬度,中心经度\n{lat},{lon}\n")
    report = opened.data("ingest", listed, "--map", mapped)
    assert report["totals"]["read"] == 1
    opened.data("assess")
    found = opened.charge("2023-2024")
    assert amounts(found) == {YUSHU: "500000.00"}
    assert found["charges"][0]["trace"]["facts"]["sources"] == ["ministry_satellite", "satellite"]


def test_when_is_written_in_beijing_time(opened: House) -> None:
    opened.burn(fires(YUSHU, 1, "2023-10-29T23:50"))
    opened.verify()
    line = opened.charge("2023-2024", *BOOK)["charges"][0]
    assert line["overpass"] == dt.datetime(2023, 10, 29, 23, 50, tzinfo=BEIJING).isoformat()


def test_a_rule_of_elsewhere_that_is_loaded_too_has_no_say(opened: House) -> None:
    opened.data("rulebooks", "load", "JL-1")
    opened.data("rulebooks", "load", "HL-1")
    opened.burn(fires(YUSHU, 1, "2023-10-29T12:00"))
    opened.verify()
    data = opened.charge("2023-2024")
    assert ([one["id"] for one in data["rulebooks"]], data["total"]) == (["JL-1"], "500000.00")


def test_a_county_right_under_its_province_stands_beside_the_cities(
    store_home: str, new_store_url: Callable[..., str], tmp_path: Path
) -> None:
    with house(store_home, new_store_url, tmp_path / "ha", "410000") as made:
        store = open_store(made.url)
        with store.reader() as reader:
            payers = Payers(load_register(reader), dt.date(2017, 1, 1))
        store.close()
    uid = payers.uid_of("419001", dt.date(2017, 6, 1))
    assert uid is not None
    units = payers.lineage(uid, dt.date(2017, 6, 1)).units
    assert {str(level): code for level, (_, code, _) in units.items()} == {
        "county": "419001",
        "city": "419001",
        "province": "410000",
    }


def _drawn(store: House, name: str, kind: str, spot: tuple[str, str], half: float) -> None:
    """Load one drawn zone around a place as the next version of a layer."""
    x, y = (float(value) for value in spot)
    ring = [[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half]]
    feature = {
        "type": "Feature",
        "properties": {"code": "Z1", "name": "甲区", "kind": kind},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    words = ("--name", name, "--datum", "cgcs2000", "--valid-from", "2018-09-21")
    store.data("load", "zones", _file(store, f"{name}.geojson", text), *words)


def test_a_drawn_zone_speaks_of_its_county_and_stays_as_it_was_known(opened: House) -> None:
    found = [*fires(YUSHU, 2, "2020-11-11T12:00"), *fires("220283", 1, "2020-11-11T12:10")]
    _drawn(opened, "zones", "ban", found[0].spot, 0.008)
    opened.recorded(LONG_AGO)
    opened.burn(found)
    opened.verify()
    before = opened.charge("2020-2021", *BOOK)
    assert amounts(before) == {YUSHU: "500000.00"}
    assert _reasons(before, "left_out") == ["zone_not_counted"], (
        "the layer of that county names no zone there"
    )
    assert _reasons(before) == ["zone_unknown"], "and says nothing about the next county"
    _drawn(opened, "zones", "ban", found[2].spot, 0.008)
    opened.data("assess")
    after = opened.charge("2020-2021", *BOOK)
    told = [
        {name: data[name] for name in ("total", "held", "left_out", "screened") if name in data}
        for data in (before, after)
    ]
    assert told[0] == told[1], "located anew under the layer of its own time"
    facts = [one["charges"][0]["trace"]["facts"] for one in (before, after)]
    assert facts[0] == facts[1]
    assert facts[0]["areas"] == ["Z1", "ban", "甲区"]


def test_a_belt_layer_says_nothing_about_ban_and_restricted_areas(opened: House) -> None:
    found = fires(YUSHU, 2, "2020-11-11T12:00")
    _drawn(opened, "belts", "belt_1km", found[1].spot, 0.008)
    opened.recorded(LONG_AGO)
    opened.burn(found[:1])
    opened.verify()
    assert _reasons(opened.charge("2020-2021", *BOOK)) == ["zone_unknown"]


def test_a_fire_on_the_edge_of_a_zone_waits_where_the_zone_is_asked_for(opened: House) -> None:
    found = fires(YUSHU, 1, "2020-11-11T12:00")
    _drawn(opened, "zones", "ban", found[0].spot, 0.001)
    opened.recorded(LONG_AGO)
    opened.burn(found)
    opened.verify()
    assert _reasons(opened.charge("2020-2021", *BOOK)) == ["zone_in_doubt"]
    opened.rule(found[0], "--zone", "Z1")
    assert amounts(opened.charge("2020-2021", *BOOK)) == {YUSHU: "500000.00"}
