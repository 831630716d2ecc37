"""Filters as people and machines write them: read as the standard says, refused with a name where they are wrong."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from typing import Any

import pygeofilter.parsers.cql2_text as drafts
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pygeofilter import ast
from pygeofilter.values import Interval

from gis.errors import UsageError
from service.layers.catalogue import CATALOGUE
from service.layers.filters import parse_cql2_json, parse_cql2_text
from service.layers.literals import MAX_BYTES, MAX_DEPTH, MAX_TERMS, MAX_VERTICES
from service.layers.model import Query
from service.layers.sql import glob_of
from service.layers.syntax import canonical, necessary_boxes, properties_of
from tests.service.layers.conftest import Home

INFO = CATALOGUE["fire_points"]
BURNS = CATALOGUE["planned_burns"]
UTC = dt.UTC


def text(given: str) -> Any:
    return parse_cql2_text(given, INFO)


def same(a: Any, b: Any) -> bool:
    return canonical(a) == canonical(b)


@pytest.mark.parametrize(
    "given",
    [
        "pixels = 2",
        "county <> '榆树市' AND pixels >= 3",
        "(pixels < 2 OR pixels > 9) AND NOT (county = 'x')",
        "pixels BETWEEN 2 AND 5",
        "pixels NOT BETWEEN 2 AND 5",
        "county IN ('a', 'b')",
        "county NOT IN ('a')",
        "township IS NULL",
        "township IS NOT NULL",
        '"frp_mw" <= 5.5',
    ],
)
def test_reads_what_pygeofilter_reads(given: str) -> None:
    assert same(text(given), drafts.parse(given))


def test_reads_what_the_standard_adds() -> None:
    assert text("county = 'O''Neill'").rhs == text("county = 'O\\'Neill'").rhs == "O'Neill"
    assert same(text("pixels\n >\t1\r\nand\n(informal)"), text("pixels>1 AND informal"))
    assert isinstance(text("informal"), ast.Attribute)
    assert text("NOT informal") == ast.Not(ast.Attribute("informal"))
    assert same(text("3 < pixels"), text("pixels > 3"))
    assert same(text("pixels = -3"), parse_cql2_json({"op": "=", "args": [{"property": "pixels"}, -3]}, INFO))
    assert text("frp_mw > 1.5e1").rhs == 15.0
    assert text("TRUE") is True
    box = text("s_intersects(geometry, BBOX(126,44,127,45))")
    assert box.rhs.equals(shapely.box(126, 44, 127, 45))
    assert isinstance(text("S_CONTAINS(POLYGON((126 44,127 44,127 45,126 44)), geom)"), ast.GeometryWithin)
    assert text("S_INTERSECTS(geometry, POINT Z (126 44 3))").rhs.wkt == "POINT (126 44)"
    crossing = text("S_INTERSECTS(geometry, BBOX(170,40,-170,50))").rhs
    assert crossing.geom_type == "MultiPolygon"


def test_times_are_of_their_property() -> None:
    instant = dt.datetime(2023, 10, 29, 4, 30, tzinfo=UTC)
    for written in (
        "first_seen = TIMESTAMP('2023-10-29T04:30:00Z')",
        "first_seen = '2023-10-29T04:30:00Z'",
        "first_seen = TIMESTAMP('2023-10-29T12:30:00+08:00')",
        "first_seen = TIMESTAMP('2023-10-29T04:30:00.000Z')",
    ):
        assert text(written).rhs == instant
    assert (
        text("fire_day >= DATE('2023-10-29')").rhs
        == text("fire_day >= '2023-10-29'").rhs
        == dt.date(2023, 10, 29)
    )
    open_end = text("T_DURING(first_seen, INTERVAL('2023-10-29T04:30:00Z', '..'))")
    assert open_end.rhs == Interval(instant, None)
    assert isinstance(text("T_AFTER(DATE('2023-10-29'), fire_day)"), ast.TimeBefore)


def test_json_says_what_text_says() -> None:
    pairs: list[tuple[str, Any]] = [
        ("pixels BETWEEN 2 AND 5", {"op": "between", "args": [{"property": "pixels"}, 2, 5]}),
        ("pixels BETWEEN 2 AND 5", {"op": "between", "args": [{"property": "pixels"}, [2, 5]]}),
        ("county LIKE '榆_市%'", {"op": "like", "args": [{"property": "county"}, "榆_市%"]}),
        ("township IS NULL", {"op": "isNull", "args": [{"property": "township"}]}),
        ("county IN ('a','b')", {"op": "in", "args": [{"property": "county"}, ["a", "b"]]}),
        ("NOT informal", {"op": "not", "args": [{"property": "informal"}]}),
        (
            "S_WITHIN(geometry, BBOX(126,44,127,45))",
            {"op": "s_within", "args": [{"property": "geometry"}, {"bbox": [126, 44, 127, 45]}]},
        ),
        (
            "T_AFTER(first_seen, TIMESTAMP('2023-10-29T04:30:00Z'))",
            {"op": "t_after", "args": [{"property": "first_seen"}, {"timestamp": "2023-10-29T04:30:00Z"}]},
        ),
        (
            "fire_day = DATE('2023-10-29') OR pixels = 1",
            {
                "op": "or",
                "args": [
                    {"op": "=", "args": [{"property": "fire_day"}, {"date": "2023-10-29"}]},
                    {"op": "=", "args": [{"property": "pixels"}, 1]},
                ],
            },
        ),
    ]
    for written, document in pairs:
        assert same(text(written), parse_cql2_json(document, INFO)), written
        assert same(text(written), parse_cql2_json(json.dumps(document), INFO)), written


def test_latitude_first_where_the_crs_says_so() -> None:
    plain = text("S_INTERSECTS(geometry, POLYGON((126 44,127 44,127 45,126 44)))")
    turned = parse_cql2_text(
        "S_INTERSECTS(geometry, POLYGON((44 126,44 127,45 127,44 126)))", INFO, lat_first=True
    )
    assert same(plain, turned)
    box = parse_cql2_text("S_INTERSECTS(geometry, BBOX(44,126,45,127))", INFO, lat_first=True)
    assert box.rhs.equals(shapely.box(126, 44, 127, 45))


NESTED = "(" * (MAX_DEPTH + 1) + "pixels = 1" + ")" * (MAX_DEPTH + 1)
RING = ", ".join(f"{120 + number / 10_000:.4f} 44" for number in range(MAX_VERTICES))
REFUSED = {
    "": "bad_filter",
    "pixels": "filter_type",
    "pixels =": "bad_filter",
    "pixels = 1 AND": "bad_filter",
    "pixels = 1 pixels = 2": "bad_filter",
    "pixels = 'one'": "filter_type",
    "county = 3": "filter_type",
    "county = DATE('2023-10-29')": "filter_type",
    "first_seen = DATE('2023-10-29')": "filter_type",
    "first_seen = '2023-10-29'": "bad_filter",
    "first_seen = TIMESTAMP('2023-10-29T04:30:00')": "bad_filter",
    "first_seen = TIMESTAMP('2023-10-29T04:30:00.123456Z')": "bad_filter",
    "first_seen = TIMESTAMP('0001-01-01T00:00:00+14:00')": "bad_filter",
    "fire_day = DATE('2023-02-30')": "bad_filter",
    "informal > TRUE": "filter_type",
    "pixels LIKE '1%'": "filter_type",
    "county LIKE 'a\\'": "bad_filter",
    "county LIKE '%a%b%c%d%e%f%g'": "filter_too_large",
    "phone = '1'": "unknown_property",
    "person = '张三'": "unknown_property",
    "geom_ = 1": "unknown_property",
    "geometry = 1": "bad_filter",
    "S_INTERSECTS(county, POINT(1 1))": "unknown_property",
    "S_INTERSECTS(geometry, 'POINT(1 1)')": "filter_type",
    "S_INTERSECTS(geometry, POINT(1 1": "bad_filter",
    "S_INTERSECTS(geometry, POINT(1 nan))": "bad_filter",
    "S_INTERSECTS(geometry, POINT(500 44))": "bad_filter",
    "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 1, 1 0, 0 0)))": "bad_filter",
    "S_INTERSECTS(geometry, POLYGON EMPTY)": "bad_filter",
    "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(1 1)))": "bad_filter",
    f"S_INTERSECTS(geometry, LINESTRING({RING}, 120 45))": "filter_too_large",
    "S_NEAR(geometry, POINT(1 1))": "unknown_function",
    "pg_sleep(10) = 1": "unknown_function",
    "CASEI(county) = 'a'": "unknown_function",
    "pixels + 1 = 2": "bad_filter",
    "pixels = 1 + 1": "bad_filter",
    "1 = 1": "bad_filter",
    "pixels = 99999999999999999999": "bad_filter",
    "frp_mw < 1e999": "bad_filter",
    "pixels = " + "9" * 5000: "filter_too_large",
    "county = 'a\0b'": "bad_filter",
    "county = 'a'; DROP TABLE detection": "bad_filter",
    "county = 'a' -- x": "bad_filter",
    "county = 'a": "bad_filter",
    "county = $$a$$": "bad_filter",
    "county = '" + "a" * MAX_BYTES + "'": "filter_too_large",
    NESTED: "filter_too_large",
    "NOT " * (MAX_DEPTH + 1) + "informal": "filter_too_large",
    "informal" + " OR informal" * MAX_TERMS: "filter_too_large",
    "T_DURING(first_seen, INTERVAL('2023-10-29T04:30:00Z','2023-10-28T04:30:00Z'))": "bad_filter",
    "T_MEETS(first_seen, INTERVAL('..','..'))": "unknown_function",
    "T_AFTER(county, DATE('2023-10-29'))": "filter_type",
    "INTERVAL('..','..') IS NULL": "bad_filter",
}


@pytest.mark.parametrize("given", REFUSED, ids=lambda given: given[:40].encode("unicode_escape").decode())
def test_hostile_and_wrong_texts_are_refused_by_name(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        text(given)
    assert caught.value.code == REFUSED[given]
    assert len(caught.value.en) < 1500
    assert caught.value.zh


def deep(levels: int) -> Any:
    node: Any = {"property": "informal"}
    for _ in range(levels):
        node = {"op": "not", "args": [node]}
    return node


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {},
        "not json",
        "[" * 100_000,
        {"op": "not"},
        {"op": "and", "args": [True]},
        {"op": ["and"], "args": []},
        {"op": "=", "args": [{"property": ["pixels"]}, 1]},
        {"op": "=", "args": [{"property": "pixels"}, None]},
        {"op": "=", "args": [{"property": "pixels"}, float("nan")]},
        {"op": "=", "args": [{"property": "pixels"}, 10**400]},
        {"op": "=", "args": [{"property": "county"}, "\ud800"]},
        {"op": "=", "args": [{"op": "+", "args": [{"property": "pixels"}, 1]}, 1]},
        {"op": "=", "args": [{"op": "version", "args": []}, 1]},
        {"op": "in", "args": [{"property": "pixels"}, []]},
        {"op": "between", "args": [{"property": "pixels"}, 1]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": "x"}]},
        {
            "op": "s_intersects",
            "args": [{"property": "geometry"}, {"type": "Point", "coordinates": [[[[[1]]]]]}],
        },
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Feature", "geometry": {}}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [1, 2, 3]}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [1, 5, 3, 2]}]},
        {
            "op": "s_intersects",
            "args": [
                {"property": "geometry"},
                {"type": "MultiPoint", "coordinates": [[1, 2]] * (MAX_VERTICES + 1)},
            ],
        },
        {"op": "like", "args": [{"property": "county"}, 3]},
        {"op": "t_after", "args": [{"property": "first_seen"}, {"interval": ["2023"]}]},
        {"op": "t_after", "args": [{"property": "first_seen"}, {"interval": ["..", {"x": 1}]}]},
        deep(MAX_DEPTH + 2),
        deep(5_000),
        {"op": "or", "args": [{"property": "informal"}] * 5_000},
    ],
    ids=lambda given: repr(given)[:40] if not isinstance(given, dict) or given.get("op") != "not" else "deep",
)
def test_hostile_json_is_refused(given: Any) -> None:
    with pytest.raises(UsageError):
        parse_cql2_json(given, INFO)


def test_what_is_just_allowed(home: Home) -> None:
    """The largest filters that pass are answered, not only read."""
    deepest = "(" * MAX_DEPTH + "pixels >= 1" + ")" * MAX_DEPTH
    widest = " OR ".join(["pixels=1"] * MAX_TERMS)
    ring = ", ".join(
        f"{126 + number / 20_000:.5f} {44 + (number % 2) / 10_000:.4f}" for number in range(9_990)
    )
    many = f"S_INTERSECTS(geometry, POLYGON(({ring}, 127 45, 126 45, 126 44)))"
    with home.store.reader() as reader:
        source = home.source(reader)
        for written in (deepest, widest, many, "county LIKE '%榆%_%\\%%a%b%c'"):
            assert source.count("fire_points", Query(filter=text(written))) >= 0


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("()'\",=<>.%_\\- \n0159eEabTORNDpixelscountyAS榆\ud800\0"), max_size=60))
def test_any_text_is_read_or_refused(written: str) -> None:
    with suppress(UsageError):
        text(written)


_LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(INFO.names())
)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        _LEAF,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.fixed_dictionaries(
                {
                    "op": st.sampled_from(
                        ["and", "not", "=", "in", "between", "like", "isNull", "s_within", "t_after"]
                    ),
                    "args": st.lists(inner, max_size=3),
                }
            ),
            st.dictionaries(
                st.sampled_from(
                    ["property", "date", "timestamp", "interval", "bbox", "type", "coordinates", "op"]
                ),
                inner,
                max_size=2,
            ),
        ),
        max_leaves=12,
    )
)
@example({"op": "=", "args": [{"type": []}, {"type": {}}]})
def test_any_json_is_read_or_refused(document: Any) -> None:
    with suppress(UsageError):
        parse_cql2_json(document, INFO)


def test_what_a_filter_needs() -> None:
    tree = text(
        "pixels > 1 AND S_WITHIN(geometry, BBOX(126,44,127,45)) AND NOT S_WITHIN(geometry, BBOX(1,1,2,2))"
    )
    assert [(one.min_lon, one.max_lat) for one in necessary_boxes(tree)] == [(126.0, 45.0)]
    assert properties_of(tree) == {"pixels", "geometry"}
    assert not list(necessary_boxes(text("informal OR S_WITHIN(geometry, BBOX(126,44,127,45))")))


def test_patterns_of_sqlite() -> None:
    assert glob_of("a%b_c") == "a*b?c"
    assert glob_of("100\\%[x]*?\\_") == "100%[[]x][*][?]_"


def test_a_filter_is_of_one_layer() -> None:
    assert parse_cql2_text("area_mu > 3", BURNS).rhs == 3
    with pytest.raises(UsageError, match="area_mu"):
        text("area_mu > 3")
