from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box, mapping

from boundaries.zones import Zone, ZoneKind, ZoneSet, read_zones, unit_zones
from gis.errors import RefusedInputError, UnknownDatumError
from gis.types import DataStatus, Validity

DAY = dt.date(2019, 4, 1)
BOX = box(125.0, 43.0, 125.2, 43.2)

CSV = """乡镇代码,名称,类别,起始日期,截止日期
220381100,二十家子镇,禁烧区,2019-02-15,2021-09-26
220381101000,黑林子镇,限烧区,2019-02-15,2021-09-26
"""

YAML = """
# 禁烧乡镇名单
zones:
  - {name: 公主岭禁烧乡镇, kind: ban, unit_codes: ["220381100", "220381101"], from: 2019-02-15}
  - {name: 限烧, kind: 限烧区, unit_codes: "220381102"}
"""


def zones(source: bytes, **more: Any) -> ZoneSet:
    return read_zones(source, name="两区", version="1", status="sample", **more)


def collection(*features: tuple[dict[str, Any], Any]) -> bytes:
    items = [{"type": "Feature", "properties": p, "geometry": mapping(g)} for p, g in features]
    return json.dumps({"type": "FeatureCollection", "features": items}).encode()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_published_list_of_townships_is_a_zone_layer(encoding: str) -> None:
    layer = zones(CSV.encode(encoding))
    assert [(z.kind, z.unit_codes) for z in layer.zones] == [
        (ZoneKind.BAN, ("220381100",)),
        (ZoneKind.RESTRICTED, ("220381101",)),
    ]
    (found,) = layer.of_units(["220381100201", "220381100", "220381", "220300", "220000"], DAY)
    assert found.name == "二十家子镇"


def test_zones_hold_on_their_days_both_included() -> None:
    layer = zones(CSV.encode())
    assert not layer.active(dt.date(2019, 2, 14))
    assert len(layer.active(dt.date(2019, 2, 15))) == 2
    assert len(layer.active(dt.date(2021, 9, 26))) == 2
    assert not layer.active(dt.date(2021, 9, 27))
    whole = ZoneSet("z", "1", DataStatus.SAMPLE, layer.zones, validity=Validity(None, dt.date(2019, 12, 31)))
    assert not whole.active(dt.date(2020, 1, 1))


def test_yaml_lists_read_too() -> None:
    layer = zones(YAML.encode())
    assert layer.zones[0].unit_codes == ("220381100", "220381101")
    assert layer.zones[0].validity.start == dt.date(2019, 2, 15)
    assert layer.zones[1].kind is ZoneKind.RESTRICTED


def test_polygons_need_a_datum_and_a_kind() -> None:
    raw = collection(({"name": "禁烧区一"}, BOX))
    with pytest.raises(UnknownDatumError):
        zones(raw, kind="ban")
    with pytest.raises(RefusedInputError) as caught:
        zones(raw, datum="cgcs2000")
    assert caught.value.context["errors"][0]["column"] == "kind"
    layer = zones(raw, datum="cgcs2000", kind="ban")
    assert isinstance(layer.zones[0].geometry, MultiPolygon)
    assert layer.zones[0].code == "ban-1"


def test_the_strictest_zone_of_a_place_is_named_first() -> None:
    raw = collection(
        *(({"code": k, "kind": k}, BOX) for k in ("restricted", "forest_edge", "ban", "belt_1km"))
    )
    layer = zones(raw, datum="cgcs2000")
    assert [z.code for z in layer.active(DAY)] == ["ban", "belt_1km", "forest_edge", "restricted"]


def test_what_was_recorded_after_the_overpass_is_not_known_before_it() -> None:
    layer = zones(CSV.encode())
    overpass = dt.datetime(2019, 4, 1, 5, 12, tzinfo=dt.UTC)
    assert not layer.active(DAY, known_before=overpass)  # no time of recording is no proof
    early = layer.recorded(overpass - dt.timedelta(minutes=1))
    late = layer.recorded(overpass)
    assert len(early.active(DAY, known_before=overpass)) == 2
    assert not late.active(DAY, known_before=overpass)
    assert len(late.active(DAY)) == 2


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("禁烧区", "红区", "kind"),
        ("220381100,", "2203x,", "unit_codes"),
        ("220381100,", ",", "unit_codes"),
        ("2021-09-26", "2018-01-01", "start/end"),
    ],
)
def test_wrong_rows_are_refused_with_line_and_column(old: str, new: str, column: str) -> None:
    with pytest.raises(RefusedInputError) as caught:
        zones(CSV.replace(old, new, 1).encode())
    error = caught.value.context["errors"][0]
    assert (error["line"], error["column"]) == (2, column)


@pytest.mark.parametrize("raw", ["zones:\n  x: 1\n", "zones:\n", "zone:\n  - {}\n"])
def test_yaml_of_another_shape_is_refused(raw: str) -> None:
    with pytest.raises(RefusedInputError):
        zones(raw.encode())


def test_a_code_twice_and_a_zone_of_nothing_are_refused() -> None:
    zone = Zone("a", "a", ZoneKind.BAN, unit_codes=("220381",))
    for bad in ((zone, zone), (Zone("b", "b", ZoneKind.BAN),)):
        with pytest.raises(RefusedInputError) as caught:
            ZoneSet("z", "1", DataStatus.SAMPLE, bad)
        assert caught.value.code == "bad_zones"


def test_the_hash_is_the_content() -> None:
    one = ZoneSet(
        "z",
        "1",
        DataStatus.SAMPLE,
        unit_zones(ZoneKind.BAN, ["220381", "220182"], status=DataStatus.SAMPLE, source="s"),
    )
    two = ZoneSet("y", "2", DataStatus.SAMPLE, tuple(reversed(one.zones)))
    assert one.content_hash == two.content_hash
    other = ZoneSet("z", "1", DataStatus.SAMPLE, one.zones[:1])
    assert other.content_hash != one.content_hash


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        zones(raw, kind="ban", datum="cgcs2000")
    except RefusedInputError as error:
        assert error.zh  # noqa: PT017 - a refusal in both languages is an answer
