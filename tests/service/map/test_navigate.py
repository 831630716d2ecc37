"""Links to the maps on a phone: the right datum for each, the right order of the numbers, nothing unescaped."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.gcj02 import gcj02_to_wgs84
from service.map.navigate import links

LON, LAT = 126.55669, 44.85764
NAME = "火点 20231029-6516652892bc"


def uri(of: str, platform: str, begins: str = "") -> str:
    found = [
        one["uri"]
        for one in links(LON, LAT, NAME)["links"]
        if (one["map"], one["platform"]) == (of, platform) and one["uri"].startswith(begins)
    ]
    assert len(found) == 1
    return str(found[0])


def asked(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(text).query).items()}


def test_the_maps_of_china_get_gcj02_and_the_rest_wgs84() -> None:
    told = links(LON, LAT, NAME)
    x, y = told["gcj02"]["lon"], told["gcj02"]["lat"]
    assert 0.003 < abs(x - LON) < 0.01
    assert 0.001 < abs(y - LAT) < 0.01
    assert told["geo"] == "geo:44.85764,126.55669"
    assert {(one["map"], one["datum"]) for one in told["links"]} == {
        *(("geo", "wgs84"), ("amap", "gcj02"), ("tencent", "gcj02"), ("baidu", "gcj02")),
    }
    for platform, begins in (("android", "amapuri://"), ("ios", "iosamap://")):
        route = asked(uri("amap", platform, begins))
        assert (float(route["dlon"]), float(route["dlat"]), route["dev"]) == (x, y, "0")
        assert route["dname"] == NAME
    navi = asked(uri("amap", "android", "androidamap://navi"))
    assert (float(navi["lon"]), float(navi["lat"]), navi["dev"]) == (x, y, "0")
    assert asked(uri("amap", "web"))["to"] == f"{x},{y},{NAME}"
    assert asked(uri("amap", "web"))["coordinate"] == "gaode"
    for platform in ("app", "web"):
        assert asked(uri("tencent", platform))["tocoord"] == f"{y},{x}"
    assert asked(uri("baidu", "app"))["destination"] == f"latlng:{y},{x}|name:{NAME}"
    assert asked(uri("baidu", "app"))["coord_type"] == "gcj02"
    assert asked(uri("baidu", "web"))["location"] == f"{y},{x}"


@pytest.mark.parametrize("name", ["a&b=c", "火点?#", '"><script>'])
def test_a_name_stays_a_name(name: str) -> None:
    for one in links(LON, LAT, name)["links"]:
        assert one["uri"].isascii()
        assert not set(one["uri"]) & set(' "<>#')
        if one["map"] == "tencent":
            assert asked(one["uri"])["to"] == name


@given(st.floats(121, 132), st.floats(40, 47))
def test_the_way_back_ends_within_a_step_of_the_fire(lon: float, lat: float) -> None:
    there = links(lon, lat, "x")["gcj02"]
    back_lon, back_lat = gcj02_to_wgs84(there["lon"], there["lat"])
    assert abs(float(back_lon) - lon) < 2e-6
    assert abs(float(back_lat) - lat) < 2e-6
