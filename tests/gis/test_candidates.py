"""The pure function that engines run per partition: its rows, and that parts joined are the whole."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.candidates import candidates
from gis.errors import RefusedInputError
from gis.footprint import shares
from gis.locate import Layer
from tests.gis import jilin

COLUMNS = ["point_id", "unit_id", "layer_version", "share", "border_distance_m"]


def units(version: str, codes: list[str], shapes: list[Any], **more: list[Any]) -> pa.Table:
    return pa.table(
        {
            "unit_id": codes,
            "layer_version": [version] * len(codes),
            "geometry": shapely.to_wkb(shapes),
            **more,
        }
    )


def points(count: int, seed: int = 3) -> pa.Table:
    dice = np.random.default_rng(seed)
    real = jilin.noaa20_autumn_2023()
    rows = dice.integers(0, len(real), count)
    return pa.table(
        {
            "point_id": [f"p{number:05d}" for number in range(count)],
            "lon": real.lon[rows] + dice.normal(0, 0.02, count),
            "lat": real.lat[rows] + dice.normal(0, 0.02, count),
            "scan_m": dice.uniform(380, 800, count),
            "track_m": dice.uniform(380, 780, count),
        }
    )


@pytest.fixture(scope="module")
def counties() -> pa.Table:
    return pa.concat_tables([units(name, *jilin.counties(name)) for name in ("tianditu", "amap_wgs84")])


def test_every_layer_answers_with_shares_that_sum_to_one(counties: pa.Table) -> None:
    asked = points(1500)
    found = candidates(asked, counties)
    assert found.column_names == COLUMNS
    frame = found.to_pandas()
    assert set(frame.layer_version) == {"tianditu", "amap_wgs84"}
    total = frame[frame.layer_version == "tianditu"].groupby("point_id").share.sum()
    assert len(total) == 1500
    assert total.to_numpy() == pytest.approx(1, abs=1e-9)
    assert frame.unit_id.isna().any(), "what lies in no county has no unit"
    codes, shapes = jilin.counties("tianditu")
    layer = Layer(codes, shapes)
    at = [asked[name].to_numpy() for name in ("lon", "lat", "scan_m", "track_m")]
    told = shares(layer, *at)
    mine = frame[(frame.layer_version == "tianditu") & frame.unit_id.notna()]
    wanted = {
        (f"p{a:05d}", layer.codes[b]): c for a, b, c in zip(told.point, told.unit, told.share, strict=True)
    }
    assert dict(zip(zip(mine.point_id, mine.unit_id, strict=True), mine.share, strict=True)) == wanted
    centre = layer.locate(at[0], at[1])
    distance = layer.border_distance_m(at[0], at[1], centre)
    near = mine[mine.border_distance_m.notna()]
    for name, code, metres in zip(near.point_id, near.unit_id, near.border_distance_m, strict=True):
        row = int(name[1:])
        assert (layer.codes[centre[row]], distance[row]) == (code, metres)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 400), max_size=6), chunked=st.booleans())
def test_partitions_joined_are_the_whole(counties: pa.Table, cuts: list[int], chunked: bool) -> None:
    asked = points(400)
    whole = candidates(asked, counties)
    ends = [0, *sorted(cuts), 400]
    parts = [asked.slice(a, b - a) for a, b in itertools.pairwise(ends)]
    if chunked:  # one table of many chunks, as engines hand it over
        assert candidates(pa.concat_tables(parts), counties).equals(whole)
    joined = pa.concat_tables([candidates(part, counties) for part in parts])
    assert joined.combine_chunks().equals(whole.combine_chunks())


def test_only_units_of_the_day_are_candidates() -> None:
    box = shapely.box(126, 43, 127, 44)
    told = units(
        "v1",
        ["old", "new", "ever"],
        [box, box, shapely.box(127, 43, 128, 44)],
        valid_from=[None, dt.date(2020, 6, 19), None],
        valid_to=[dt.date(2020, 6, 18), None, None],
    )
    asked = pa.table({"point_id": [7], "lon": [126.5], "lat": [43.5]})
    for day, code in ((dt.date(2020, 6, 18), "old"), (dt.date(2020, 6, 19), "new")):
        found = candidates(asked, told, day)
        assert (found["point_id"].to_pylist(), found["unit_id"].to_pylist()) == ([7], [code])
        assert found["share"].to_pylist() == [1.0]
    both = candidates(asked, told)
    assert both["unit_id"].to_pylist() == ["old", "new"], "overlapping units are all candidates"


def test_a_missing_column_is_named_and_no_rows_are_no_candidates(counties: pa.Table) -> None:
    with pytest.raises(RefusedInputError) as refused:
        candidates(pa.table({"point_id": [1], "lon": [126.0]}), counties)
    assert "lat" in refused.value.en
    none = candidates(points(5).slice(0, 0), counties)
    assert (none.column_names, len(none)) == (COLUMNS, 0)
    empty = candidates(points(5), counties.slice(0, 0))
    assert (empty.column_names, len(empty)) == (COLUMNS, 0)
