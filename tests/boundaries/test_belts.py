from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box, mapping

from boundaries.belts import WIDTHS_M, belt, belt_zones, edge_belt, merge_belts
from boundaries.zones import ZoneKind
from gis.errors import RefusedInputError
from gis.types import DataStatus

GEOD = Geod(ellps="GRS80")
JILIN_LON, JILIN_LAT = st.floats(121.7, 131.3), st.floats(40.9, 46.3)


def off(lon: float, lat: float, azimuth: float, metres: float) -> Point:
    x, y, _ = GEOD.fwd(lon, lat, azimuth, metres)
    return Point(x, y)


@settings(max_examples=60)
@given(
    lon=JILIN_LON, lat=JILIN_LAT, azimuth=st.floats(0, 360), width=st.sampled_from([100.0, 1000.0, 15_000.0])
)
def test_a_point_belt_reaches_its_width_in_every_direction(
    lon: float, lat: float, azimuth: float, width: float
) -> None:
    drawn = belt(Point(lon, lat), width)
    assert drawn.covers(off(lon, lat, azimuth, width * 0.9985))
    assert not drawn.covers(off(lon, lat, azimuth, width * 1.0005))


@settings(max_examples=30)
@given(
    lon=st.floats(122, 128),
    lat=st.floats(41, 45.5),
    azimuth=st.floats(0, 360),
    length=st.floats(5_000, 250_000),
    share=st.floats(0.02, 0.98),
)
def test_a_line_belt_is_as_wide_far_along_a_long_road(
    lon: float, lat: float, azimuth: float, length: float, share: float
) -> None:
    end_lon, end_lat, _ = GEOD.fwd(lon, lat, azimuth, length)
    drawn = belt(LineString([(lon, lat), (end_lon, end_lat)]), 1000.0)
    x, y = lon + share * (end_lon - lon), lat + share * (end_lat - lat)  # on the line as the map draws it
    ahead, _, _ = GEOD.inv(x, y, end_lon + (end_lon - lon), end_lat + (end_lat - lat))
    step = 1e-4
    ahead, _, _ = GEOD.inv(x, y, x + step * (end_lon - lon), y + step * (end_lat - lat))
    for side in (-90, 90):
        assert drawn.covers(off(x, y, ahead + side, 997))
        assert not drawn.covers(off(x, y, ahead + side, 1003))


def test_a_forest_edge_leaves_the_inside_alone() -> None:
    forest = box(126.0, 43.0, 126.1, 43.1)
    edge = edge_belt(forest, WIDTHS_M["forest_edge"])
    assert not edge.covers(Point(126.05, 43.05))
    assert edge.covers(off(126.05, 43.1, 0, 99))
    assert edge.covers(off(126.05, 43.1, 180, 99))
    assert not edge.covers(off(126.05, 43.1, 0, 101))
    assert belt(forest, 100.0).covers(Point(126.05, 43.05))


def test_belts_of_a_file_are_zones() -> None:
    road = LineString([(125.0, 43.0), (125.5, 43.2), (126.0, 43.1)])
    features = [
        {"type": "Feature", "properties": {"name": "长深高速", "code": "G25"}, "geometry": mapping(road)},
        {
            "type": "Feature",
            "properties": {},
            "geometry": mapping(MultiPoint([(125.2, 43.9), (125.4, 43.8)])),
        },
        {"type": "Feature", "properties": {}, "geometry": None},
    ]
    raw = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    zones = belt_zones(
        raw, kind="一公里", width_m=1000, datum="cgcs2000", status="sample", name="roads.geojson"
    )
    assert [(z.code, z.kind, z.status) for z in zones] == [
        ("G25", ZoneKind.BELT_1KM, DataStatus.SAMPLE),
        ("belt_1km-2", ZoneKind.BELT_1KM, DataStatus.SAMPLE),
    ]
    assert zones[0].name == "长深高速"
    assert zones[0].source == "roads.geojson, 1000 m"
    merged = merge_belts(zones, code="all", name="全部")
    assert merged is not None
    assert merged.geometry is not None
    assert merged.geometry.is_valid
    assert merge_belts([], code="all", name="全部") is None


@pytest.mark.parametrize("width", [0, -1, float("nan"), float("inf"), 60_000])
def test_a_width_that_is_none_is_refused(width: float) -> None:
    with pytest.raises(RefusedInputError) as caught:
        belt(Point(125, 43), width)
    assert caught.value.code == "bad_belt"


def test_nothing_has_no_belt_and_an_unknown_kind_is_refused() -> None:
    with pytest.raises(RefusedInputError):
        belt(Polygon(), 100)
    with pytest.raises(RefusedInputError):
        belt_zones(
            b'{"type":"FeatureCollection","features":[]}', kind="x", width_m=1, datum=None, status="sample"
        )


def test_the_same_road_gives_the_same_belt() -> None:
    road = LineString(np.column_stack([np.linspace(122, 131, 40), np.linspace(41, 46, 40)]))
    one, two = belt(road, 1000), belt(road, 1000)
    assert shapely.to_wkb(one) == shapely.to_wkb(two)
    assert one.is_valid
