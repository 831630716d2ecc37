"""What a client of Features notices: formats, reference systems, time, pages, caching, refusals."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyogrio
import pytest
import shapely
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from gis.errors import UsageError
from gis.times import BEIJING
from service.ogc.crs import CRS84, EPSG4326, EPSG4490, box_of, crs_of
from service.ogc.instants import ends_of
from service.ogc.links import links_under
from service.store.models import FirePointState
from tests.service.api.client import problem_of
from tests.service.ogc.conftest import LAYERS, Made

FIRES = "/ogc/collections/fire_points/items"


def page_of(web: TestClient, path: str = FIRES, **params: Any) -> dict[str, Any]:
    answer = web.get(
        path,
        params={
            name.replace("_", "-") if "crs" in name or "lang" in name else name: value
            for name, value in params.items()
        },
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids_of(page: dict[str, Any]) -> list[str]:
    return [one["id"] for one in page["features"]]


def link_of(page: dict[str, Any], rel: str) -> str | None:
    return next((one["href"] for one in page["links"] if one["rel"] == rel), None)


# --- formats -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", LAYERS)
def test_every_format_of_every_layer_says_the_same(web: TestClient, layer: str) -> None:
    path = f"/ogc/collections/{layer}/items"
    asked = {"limit": 40, "day": "2023-10-29"}
    wanted = page_of(web, path, **asked)
    assert wanted["numberReturned"] == len(wanted["features"]) > 0
    answer = web.get(path, params={**asked, "f": "fgb"})
    assert answer.headers["content-type"] == "application/vnd.flatgeobuf"
    frame = pyogrio.read_dataframe(answer.content)
    rows = list(
        csv.DictReader(io.StringIO(web.get(path, params={**asked, "f": "csv"}).content.decode("utf-8-sig")))
    )
    name = next(iter(wanted["features"][0]["properties"]))
    assert len(frame) == len(rows) == wanted["numberReturned"]
    for feature, row, shape in zip(wanted["features"], rows, frame.geometry, strict=True):
        assert row[name] == str(feature["properties"][name])
        if feature["geometry"] is None:
            assert shape is None
            assert row["WKT"] == ""
            continue
        drawn = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert drawn.equals_exact(shape, 1e-12)
        assert drawn.equals_exact(shapely.from_wkt(row["WKT"]), 1e-9)


def test_accept_chooses_the_format_and_f_overrules_it(embedded: TestClient) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    for accept, media in (
        (browser["Accept"], "text/html; charset=utf-8"),
        ("application/geo+json", "application/geo+json"),
        ("application/json", "application/geo+json"),
        ("text/csv;q=0.9, text/html;q=0.1", "text/csv; charset=utf-8"),
        ("image/png", "application/geo+json"),
        ("*/*", "application/geo+json"),
    ):
        answer = embedded.get(FIRES, params={"limit": 1}, headers={"Accept": accept})
        assert answer.headers["content-type"] == media, accept
    assert (
        embedded.get(FIRES, params={"limit": 1, "f": "json"}, headers=browser).json()["numberReturned"] == 1
    )


def test_a_spreadsheet_runs_nothing_from_the_csv(embedded: TestClient) -> None:
    answer = embedded.get("/ogc/collections/heat_sources/items", params={"f": "csv"})
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert 'filename="heat_sources.csv"' in answer.headers["content-disposition"]


def test_pages_for_people_escape_what_they_show_and_load_nothing(embedded: TestClient) -> None:
    for path in (
        *("/ogc/", "/ogc/conformance", "/ogc/api", "/ogc/collections", "/ogc/collections/fire_points"),
        *(
            "/ogc/collections/fire_points/queryables",
            FIRES,
            f"{FIRES}/{ids_of(page_of(embedded, limit=1))[0]}",
        ),
    ):
        answer = embedded.get(path, headers={"Accept": "text/html"})
        assert answer.headers["content-type"] == "text/html; charset=utf-8", path
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "<script" not in answer.text
        assert 'lang="zh-CN"' in answer.text
    shown = embedded.get(FIRES, params={"f": "html", "filter": "county<>'<b>'"}).text
    assert "<b>" not in shown
    assert "%3Cb%3E" in shown
    assert shown.count("<tr>") == 51


# --- reference systems ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["fire_points", "counties"])
def test_the_same_place_in_every_reference_system(web: TestClient, layer: str) -> None:
    path = f"/ogc/collections/{layer}/items"
    plain = web.get(path, params={"limit": 5})
    assert plain.headers["content-crs"] == f"<{CRS84.uri}>"
    shapes = [shapely.from_geojson(json.dumps(one["geometry"])) for one in plain.json()["features"]]
    for crs in (EPSG4326, EPSG4490):
        answer = web.get(path, params={"limit": 5, "crs": crs.uri})
        assert answer.headers["content-crs"] == f"<{crs.uri}>"
        turned = [shapely.from_geojson(json.dumps(one["geometry"])) for one in answer.json()["features"]]
        for mine, theirs in zip(shapes, turned, strict=True):
            lon_lat, lat_lon = shapely.get_coordinates(mine), shapely.get_coordinates(theirs)
            assert np.array_equal(lon_lat, lat_lon[:, ::-1])
            assert lon_lat[:, 0].min() > 100 > lat_lon[:, 0].max()
    one = plain.json()["features"][0]["id"]
    answer = web.get(f"{path}/{one}", params={"crs": EPSG4490.uri})
    assert answer.headers["content-crs"] == f"<{EPSG4490.uri}>"
    assert np.array_equal(
        shapely.get_coordinates(shapely.from_geojson(json.dumps(answer.json()["geometry"])))[:, ::-1],
        shapely.get_coordinates(shapes[0]),
    )


def test_a_box_and_a_filter_are_read_in_the_order_of_their_own_reference_system(web: TestClient) -> None:
    wanted = ids_of(page_of(web, bbox="126,44,127,45", limit=5000))
    assert wanted
    assert ids_of(page_of(web, bbox="44,126,45,127", bbox_crs=EPSG4490.uri, limit=5000)) == wanted
    assert ids_of(page_of(web, bbox="126,44,-5,127,45,9000", limit=5000)) == wanted
    lon_first = "S_INTERSECTS(geometry, POLYGON((126 44,127 44,127 45,126 45,126 44)))"
    lat_first = "S_INTERSECTS(geometry, POLYGON((44 126,44 127,45 127,45 126,44 126)))"
    assert ids_of(page_of(web, filter=lon_first, limit=5000)) == wanted
    assert ids_of(page_of(web, filter=lat_first, filter_crs=EPSG4326.uri, limit=5000)) == wanted
    document = {
        "op": "s_intersects",
        "args": [{"property": "geometry"}, {"bbox": [44, 126, 45, 127]}],
    }
    found = page_of(
        web, filter=json.dumps(document), filter_lang="cql2-json", filter_crs=EPSG4490.uri, limit=5000
    )
    assert ids_of(found) == wanted


def test_a_window_wider_than_the_world_is_the_world() -> None:
    assert box_of("-200,-95,400,95") == box_of("-180,-90,180,90")
    assert box_of("170,-10,-170,10").min_lon == 170
    for text in ("1,2,3", "a,b,c,d", "nan,0,1,1", "0,5,1,4", "14000000,5000000,14100000,5100000", ""):
        with pytest.raises(UsageError, match=r"box") as caught:
            box_of(text)
        assert caught.value.code == "bad_bbox"


def test_reference_systems_by_every_name_clients_use() -> None:
    for text in (
        *(EPSG4490.uri, "EPSG:4490", "urn:ogc:def:crs:EPSG::4490", "[EPSG:4490]"),
        *("https://www.opengis.net/def/crs/EPSG/0/4490", "http://www.opengis.net/def/crs/EPSG/9.9.1/4490"),
    ):
        assert crs_of(text) is EPSG4490
    assert crs_of("OGC:CRS84") is crs_of("urn:ogc:def:crs:OGC:1.3:CRS84") is CRS84
    for text in ("EPSG:3857", "CRS84h", "", "http://evil/def/crs/EPSG/0/4490", "EPSG:4490 "):
        with pytest.raises(UsageError):
            crs_of(text)


# --- time ----------------------------------------------------------------------------------------------------------


def test_a_day_is_a_whole_day_in_beijing_and_both_ends_belong_to_it() -> None:
    start, end = ends_of("2023-10-29")
    assert start == dt.datetime(2023, 10, 29, tzinfo=BEIJING)
    assert end == dt.datetime(2023, 10, 29, 23, 59, 59, 999000, BEIJING)
    assert ends_of("../2023-10-29")[0] is None
    assert ends_of("2023-10-29T00:00:00Z/")[1] is None
    assert ends_of("2023-10-29T08:00:00 08:00") == ends_of("2023-10-29T00:00:00z")
    for text in (
        "",
        "../..",
        "/",
        "2023-13-01",
        "2023-10-29T00:00:00",
        "b/a",
        "2023-10-30/2023-10-29",
        "1/2/3",
    ):
        with pytest.raises(UsageError):
            ends_of(text)


@given(
    st.integers(-631_152_000, 29_000_000_000).map(lambda second: dt.datetime.fromtimestamp(second, dt.UTC))
)
def test_an_instant_is_read_as_it_was_written(moment: dt.datetime) -> None:
    assert ends_of(moment.isoformat()) == (moment, moment)


def test_both_ends_of_an_interval_belong_to_it(web: TestClient) -> None:
    features = page_of(web, limit=10_000)["features"]
    moment = dt.datetime.fromisoformat(features[7]["properties"]["first_seen"])
    then = {one["id"] for one in features if one["properties"]["first_seen"] == moment.isoformat()}
    before = (moment - dt.timedelta(milliseconds=1)).isoformat(timespec="milliseconds")
    for interval in (moment.isoformat(), f"{moment.isoformat()}/..", f"../{moment.isoformat()}"):
        assert then <= set(ids_of(page_of(web, datetime=interval, limit=10_000))), interval
    assert not then & set(ids_of(page_of(web, datetime=f"../{before}", limit=10_000)))


def test_what_was_seen_at_midnight_is_in_the_day_it_begins_and_in_the_interval_it_ends(peopled: Made) -> None:
    table = FirePointState.__table__
    with peopled.web("admin") as web:
        name = ids_of(page_of(web, limit=1))[0]
        with peopled.store.engine.begin() as connection:
            midnight = dt.datetime(2023, 10, 29, tzinfo=BEIJING)
            connection.execute(
                sa.update(table).where(table.c.fire_point_id == name).values(first_at=midnight)
            )
        for interval, inside in (
            ("2023-10-29", True),
            ("2023-10-28", False),
            ("2023-10-28T00:00:00+08:00/2023-10-29T00:00:00+08:00", True),
            ("2023-10-28T00:00:00+08:00/2023-10-28T16:00:00Z", True),
            ("2023-10-28/2023-10-28", False),
            ("2023-10-29/..", True),
            ("2023-10-28T16:00:00.001Z/..", False),
        ):
            found = ids_of(page_of(web, datetime=interval, limit=10_000))
            assert (name in found) is inside, interval
        seen = {
            one["id"]: one["properties"]["first_seen"][:10] for one in page_of(web, limit=10_000)["features"]
        }
        day = ids_of(page_of(web, datetime="2023-10-29", limit=10_000))
        assert set(day) == {one for one, of in seen.items() if of == "2023-10-29"}


# --- pages, order, columns -----------------------------------------------------------------------------------------


def test_pages_follow_next_to_the_end_in_the_order_asked_for(web: TestClient) -> None:
    asked = {"sortby": "-frp_mw,fire_point_id", "filter": "pixels >= 1", "properties": "frp_mw"}
    page = page_of(web, limit=400, **asked)
    total, found = page["numberMatched"], list(page["features"])
    while (following := link_of(page, "next")) is not None:
        place = urlsplit(following)
        page = web.get(f"{place.path}?{place.query}").json()
        assert page["numberMatched"] == total
        found += page["features"]
    assert len(found) == total == len({one["id"] for one in found})
    assert all(list(one["properties"]) == ["fire_point_id", "frp_mw"] for one in found)
    values = [one["properties"]["frp_mw"] for one in found]
    known = [one for one in values if one is not None]
    assert values == sorted(known, reverse=True) + [None] * (len(values) - len(known))
    assert ids_of(page_of(web, limit=3, sortby="fire_point_id"))[:3] == sorted(one["id"] for one in found)[:3]


def test_the_next_page_goes_on_at_the_same_day_when_midnight_passes(homes: dict[str, Made]) -> None:
    made = homes["sqlite"]
    with made.web(now=dt.datetime(2023, 10, 29, 15, 59, tzinfo=dt.UTC)) as web:
        following = link_of(page_of(web, limit=5), "next")
    with made.web(now=dt.datetime(2023, 10, 29, 16, 1, tzinfo=dt.UTC)) as web:
        place = urlsplit(str(following))
        assert web.get(f"{place.path}?{place.query}").json()["numberReturned"] == 5


def test_more_than_the_most_is_the_most_and_nothing_is_a_mistake(embedded: TestClient) -> None:
    assert page_of(embedded, limit=999_999_999)["numberReturned"] == page_of(embedded)["numberMatched"]
    for limit in ("0", "-1", "unlimited", "1.5", "٣", ""):
        problem_of(embedded.get(FIRES, params={"limit": limit}), 400)


def test_one_feature_is_the_one_of_the_list(web: TestClient) -> None:
    for layer in LAYERS:
        listed = page_of(web, f"/ogc/collections/{layer}/items", limit=3, day="2023-10-29")["features"][-1]
        answer = web.get(f"/ogc/collections/{layer}/items/{listed['id']}", params={"day": "2023-10-29"})
        one = answer.json()
        assert {name: one[name] for name in listed} == listed
        assert link_of(one, "collection").endswith(f"/ogc/collections/{layer}")  # type: ignore[union-attr]
    problem_of(web.get(f"{FIRES}/nothing/of%00this"), 404)
    problem_of(web.get("/ogc/collections/nothing/items"), 404)


# --- caching -------------------------------------------------------------------------------------------------------


def test_a_client_that_holds_the_answer_is_told_so_without_asking_the_database(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    with made.web() as web:
        for path in (
            FIRES,
            "/ogc/collections",
            "/ogc/api",
            "/ogc/collections/counties/tiles/WebMercatorQuad/5/11/26",
        ):
            first = web.get(path)
            assert first.headers["etag"].startswith('W/"')
            assert first.headers["cache-control"].startswith("private")
            vary = first.headers["vary"]
            assert all(one in vary for one in ("Authorization", "Cookie", "Accept", "Accept-Encoding")), vary
            again = web.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert again.status_code == 304, path
            assert again.content == b""
            assert again.headers["etag"] == first.headers["etag"]
        tag = web.get(FIRES).headers["etag"]
        monkeypatch.setattr("service.layers.source.FeatureSource.query", None)
        assert web.get(FIRES, headers={"If-None-Match": f'"other", {tag}'}).status_code == 304
        monkeypatch.undo()
        for params in ({"limit": 2}, {"crs": EPSG4490.uri}, {"f": "csv"}, {"day": "2023-10-01"}):
            assert web.get(FIRES, params=params).headers["etag"] != tag


def test_what_changes_the_answer_changes_its_tag(peopled: Made) -> None:
    with peopled.web("admin") as web:
        before = web.get(FIRES).headers["etag"]
        counties = web.get("/ogc/collections/counties/items").headers["etag"]
        with peopled.store.writer("test", "note", {}) as writer:
            assert writer.revision > 0
        assert web.get(FIRES).headers["etag"] != before
        assert web.get("/ogc/collections/counties/items").headers["etag"] == counties


def test_answers_are_compressed_for_those_who_can_read_it(embedded: TestClient) -> None:
    packed = embedded.get(FIRES, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    bare = embedded.get(FIRES, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in bare.headers
    assert packed.json()["features"] == bare.json()["features"]
    tile = "/ogc/collections/counties/tiles/WebMercatorQuad/5/11/26"
    assert embedded.get(tile, headers={"Accept-Encoding": "identity"}).content == embedded.get(tile).content
    assert gzip.compress(b"")  # the client unpacks by itself


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"ooga": "booga"}, "unknown_parameter"),
        ({"dateTime": "2023-10-29"}, "unknown_parameter"),
        ({"filter": "county_code = "}, "bad_filter"),
        ({"filter": "countycode = '1'"}, "unknown_property"),
        ({"filter": "pixels = 'many'"}, "filter_type"),
        ({"filter": "soundex(county) = 'x'"}, "unknown_function"),
        ({"filter": "county = '" + "x" * 9000 + "'"}, "filter_too_large"),
        ({"filter": "(" * 40 + "pixels=1" + ")" * 40}, "filter_too_large"),
        ({"filter": "{}", "filter-lang": "cql2-json"}, "bad_filter"),
        ({"filter": "pixels=1", "filter-lang": "sql"}, "bad_parameter"),
        ({"crs": "EPSG:3857"}, "unknown_crs"),
        ({"bbox": "1,2,3"}, "bad_parameter"),
        ({"bbox": "126,95,127,94"}, "bad_bbox"),
        ({"datetime": "yesterday"}, "bad_datetime"),
        ({"sortby": "nothing"}, "unknown_property"),
        ({"properties": "nothing"}, "unknown_property"),
        ({"cursor": "abc"}, "bad_cursor"),
        ({"f": "xml"}, "bad_parameter"),
        ({"day": "0001-01-01"}, "bad_parameter"),
        ({"as_of": "0001-01-01T00:00:00+08:00"}, "bad_parameter"),
    ],
)
def test_what_is_wrong_is_said_in_both_languages(web: TestClient, params: dict[str, str], code: str) -> None:
    assert problem_of(web.get(FIRES, params=params), 400)["code"] == code


def test_a_parameter_twice_is_refused(embedded: TestClient) -> None:
    assert problem_of(embedded.get(f"{FIRES}?limit=1&limit=2"), 400)["code"] == "repeated_parameter"


def test_only_reading_is_possible(embedded: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert embedded.request(method, FIRES).status_code in (403, 405)
    assert embedded.head(FIRES).status_code == 200


# --- addresses -----------------------------------------------------------------------------------------------------


def test_every_link_is_under_the_published_address_whatever_the_request_says(homes: dict[str, Made]) -> None:
    public = "https://maps.example.cn/huodian/"
    settings = {"public_url": public}
    with homes["sqlite"].web(settings=settings) as web:
        for path in (
            *(
                "/ogc",
                "/ogc/",
                "/ogc/collections",
                "/ogc/collections/zones",
                f"{FIRES}?limit=1",
                "/ogc/styles",
            ),
            *(
                "/ogc/collections/zones/tiles",
                "/ogc/collections/zones/tiles/WebMercatorQuad",
                "/ogc/tileMatrixSets",
            ),
        ):
            document = web.get(path, headers={"X-Forwarded-Prefix": "/evil"}).json()
            for one in links_in(document):
                assert one["href"].startswith(f"{public}ogc/"), path
                assert one["rel"]
                assert one["type"]
        assert web.get("/ogc/api").json()["servers"] == [{"url": f"{public}ogc"}]
        style = web.get("/ogc/styles/map.json").json()
        assert all(one.startswith(f"{public}ogc/") for of in style["sources"].values() for one in of["tiles"])


def test_ids_are_escaped_in_addresses() -> None:
    links = links_under("http://a/b")
    assert links.to("collections", "x", "items", "甲/乙 ?#") == (
        "http://a/b/ogc/collections/x/items/%E7%94%B2%2F%E4%B9%99%20%3F%23"
    )


def links_in(document: Any) -> list[dict[str, Any]]:
    """Return every link object anywhere in a document."""
    if isinstance(document, dict):
        own = [document] if "href" in document else []
        return own + [one for value in document.values() for one in links_in(value)]
    return [one for value in document for one in links_in(value)] if isinstance(document, list) else []
