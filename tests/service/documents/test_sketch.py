"""The map: everything inside its frame, true to scale, labels apart."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.documents.sketch import HEIGHT_MM, WIDTH_MM, sketch
from tests.service.documents import sample

DEGREES = st.tuples(st.floats(121.7, 131.3), st.floats(40.9, 46.3))


def drawn(document: dict[str, Any]) -> dict[str, Any]:
    found = sketch(document, {"220382"})
    assert found is not None
    return found


def with_points(points: list[tuple[float, float]], outlines: bool = False) -> dict[str, Any]:
    lines = [
        {"no": no, "lon": f"{lon:.5f}", "lat": f"{lat:.5f}"} for no, (lon, lat) in enumerate(points, start=1)
    ]
    return {"lines": lines, "map": sample.statement()["map"] if outlines else {"outlines": []}}


@given(st.lists(DEGREES, min_size=1, max_size=60), st.booleans())
@settings(deadline=None)
def test_everything_is_inside_the_frame_and_labels_do_not_overlap(
    points: list[tuple[float, float]], outlines: bool
) -> None:
    found = drawn(with_points(points, outlines))
    assert found["width"] == WIDTH_MM
    assert 0 < found["height"] <= HEIGHT_MM
    spots = [(one["x"], one["y"]) for one in found["points"]]
    spots += [tuple(at) for one in found["outlines"] for ring in one["rings"] for at in ring]
    assert all(-0.01 <= x <= found["width"] + 0.01 and -0.01 <= y <= found["height"] + 0.01 for x, y in spots)
    boxes = [(*one["label"], one["wide"]) for one in found["points"] if one["label"]]
    for (ax, ay, aw), (bx, by, bw) in combinations(boxes, 2):
        assert ax + aw <= bx + 0.02 or bx + bw <= ax + 0.02 or abs(ay - by) >= 2.58
    assert found["unlabelled"] == len(points) - len(boxes)


def test_north_is_up_and_east_is_right() -> None:
    south_west, north_east = drawn(with_points([(123.5, 43.5), (124.0, 43.9)]))["points"]
    assert south_west["x"] < north_east["x"]
    assert south_west["y"] > north_east["y"]


@pytest.mark.parametrize("span", [0.02, 0.3, 2.0])
def test_the_bar_is_true_to_the_ellipsoid(span: float) -> None:
    west, east = (124.0, 43.7), (124.0 + span, 43.7)
    found = drawn(with_points([west, east]))
    _, _, metres = pyproj.Geod(ellps="GRS80").inv(*west, *east)
    on_paper = found["points"][1]["x"] - found["points"][0]["x"]
    kilometres = float(found["bar"]["label"].split()[0])
    assert found["bar"]["length"] / kilometres == pytest.approx(on_paper / (metres / 1000), rel=0.01)
    assert 5 < found["bar"]["length"] <= WIDTH_MM / 4


def test_the_graticule_says_where_it_lies() -> None:
    found = drawn(sample.statement())
    point = sample.statement()["lines"][0]
    for axis, ticks, coordinate in (("x", "meridians", "lon"), ("y", "parallels", "lat")):
        a, b = found[ticks][0], found[ticks][1]
        first, second = (float(one["label"][:-2]) for one in (a, b))
        at = found["points"][0][axis]
        read = first + (at - a["at"]) / (b["at"] - a["at"]) * (second - first)
        assert read == pytest.approx(float(point[coordinate]), abs=2e-4)


def test_the_payers_own_ground_stands_out() -> None:
    own = {one["name"]: one["own"] for one in drawn(sample.statement())["outlines"]}
    assert own == {"双辽市": True, "梨树县": False}


def test_without_a_place_there_is_no_map() -> None:
    assert sketch({"lines": [{"no": 1, "lon": None, "lat": None}], "map": {"outlines": []}}) is None
    assert sketch({}) is None
