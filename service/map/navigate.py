"""Links by which a phone finds the way to a fire point: one for every map people have.

The maps of China take GCJ-02 coordinates; given WGS84 they would lead 300 to 700 m astray. Each link says which datum
its numbers are of. Parameters are those of the makers' published URI interfaces (AMap, Tencent and Baidu Maps URI API;
RFC 5870). No link is followed by the service: it opens when a person taps it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from gis.gcj02 import wgs84_to_gcj02

SOURCE = "huodian"
_DECIMALS = 6
"""A tenth of a metre."""


def links(lon: float, lat: float, name: str) -> dict[str, Any]:
    """Return the position in both datums and the links of each map.

    Parameters
    ----------
    lon, lat
        WGS84 or CGCS2000 degrees: the two agree to decimetres.
    name
        What the map calls the destination.

    Returns
    -------
    dict
        ``wgs84`` and ``gcj02`` with ``lon`` and ``lat``, ``geo`` (RFC 5870), and ``links`` with ``map, platform
        (android, ios, app, web), zh, en, datum, uri``.
    """
    x, y = wgs84_to_gcj02(lon, lat)
    east, north = round(float(x), _DECIMALS), round(float(y), _DECIMALS)
    lon, lat = round(lon, _DECIMALS), round(lat, _DECIMALS)
    geo = f"geo:{lat},{lon}"
    point = f"{north},{east}"
    amap = {"sourceApplication": SOURCE, "dev": "0"}
    return {
        "wgs84": {"lon": lon, "lat": lat},
        "gcj02": {"lon": east, "lat": north},
        "geo": geo,
        "links": [
            _link(
                "geo", "app", "手机默认地图", "default map", "wgs84", f"{geo}?q={lat},{lon}({quote(name)})"
            ),
            _amap(
                "android",
                "amapuri://route/plan/",
                {**amap, "dlat": north, "dlon": east, "dname": name, "t": "0"},
            ),
            _amap("ios", "iosamap://path", {**amap, "dlat": north, "dlon": east, "dname": name, "t": "0"}),
            _amap(
                "android",
                "androidamap://navi",
                {**amap, "poiname": name, "lat": north, "lon": east, "style": "2"},
            ),
            _amap(
                "web",
                "https://uri.amap.com/navigation",
                {
                    "to": f"{east},{north},{name}",
                    "mode": "car",
                    "src": SOURCE,
                    "coordinate": "gaode",
                    "callnative": "1",
                },
            ),
            *(
                _link("tencent", platform, "腾讯地图", "Tencent Maps", "gcj02", f"{address}?{_query(asked)}")
                for platform, address in (
                    ("app", "qqmap://map/routeplan"),
                    ("web", "https://apis.map.qq.com/uri/v1/routeplan"),
                )
                for asked in ({"type": "drive", "to": name, "tocoord": point, "referer": SOURCE},)
            ),
            _baidu(
                "app",
                "baidumap://map/direction",
                {
                    "destination": f"latlng:{point}|name:{name}",
                    "coord_type": "gcj02",
                    "mode": "driving",
                    "src": SOURCE,
                },
            ),
            _baidu(
                "web",
                "https://api.map.baidu.com/marker",
                {
                    "location": point,
                    "title": name,
                    "content": name,
                    "coord_type": "gcj02",
                    "output": "html",
                    "src": SOURCE,
                },
            ),
        ],
    }


def _amap(platform: str, address: str, asked: dict[str, Any]) -> dict[str, str]:
    return _link("amap", platform, "高德地图", "AMap", "gcj02", f"{address}?{_query(asked)}")


def _baidu(platform: str, address: str, asked: dict[str, Any]) -> dict[str, str]:
    return _link("baidu", platform, "百度地图", "Baidu Maps", "gcj02", f"{address}?{_query(asked)}")


def _link(of: str, platform: str, zh: str, en: str, datum: str, uri: str) -> dict[str, str]:
    return {"map": of, "platform": platform, "zh": zh, "en": en, "datum": datum, "uri": uri}


def _query(asked: dict[str, Any]) -> str:
    return urlencode(asked, quote_via=quote, safe=",:|")
