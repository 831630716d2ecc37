from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from shapely.geometry import LineString, MultiPolygon, box, mapping

from boundaries.plans import PlanState
from boundaries.regime import Regime
from gis.errors import RefusedInputError
from gis.times import BEIJING
from service.pipeline.archive import Archive
from service.pipeline.load_duties import load_duty_file, stored_duties
from service.pipeline.load_grid import load_grid_file
from service.pipeline.load_periods import load_builtin_regimes, load_period_file, load_regime_file
from service.pipeline.load_plans import load_plan_file, stored_plans
from service.pipeline.load_units import load_units
from service.pipeline.load_zones import load_zone_file
from service.pipeline.regime_store import load_regimes
from service.pipeline.register_store import load_register
from service.store.engine import Store
from service.store.models import BoundarySet, BoundaryUnit, BoundaryUse, Duty, GridCell, Zone

GRID = (
    "code,level,name,parent\n220184,county,公主岭市,\n"
    "220184100,township,二十家子镇,220184\nX-1,village,一组,220184100\n"
)
ME = {"actor": "tester"}


@pytest.fixture
def ready(store: Store, tmp_path: Path) -> Store:
    load_units(store, archive=Archive(tmp_path / "archive"), actor="tester")
    return store


def geojson(*features: tuple[dict[str, str], object]) -> bytes:
    items = [{"type": "Feature", "properties": p, "geometry": mapping(g)} for p, g in features]
    return json.dumps({"type": "FeatureCollection", "features": items}).encode()


def test_a_grid_is_a_version_and_its_cells_know_their_units(ready: Store) -> None:
    first = load_grid_file(ready, GRID.encode(), file="g.csv", name="网格", status="sample", **ME)
    assert (first["version"], first["cells"], first["unchanged"]) == (1, 3, False)
    again = load_grid_file(ready, GRID.encode("gb18030"), file="h.csv", name="网格", status="sample", **ME)
    assert again["unchanged"]
    assert again["version"] == 1
    more = GRID + "X-2,village,二组,220184100\n"
    assert (
        load_grid_file(ready, more.encode(), file="g.csv", name="网格", status="sample", **ME)["version"] == 2
    )
    official = load_grid_file(ready, more.encode(), file="g.csv", name="网格", status="official", **ME)
    assert official["version"] == 3  # the same cells with another standing are another version
    with ready.reader() as reader:
        ids = load_register(reader).ids
        rows = {
            row.code: row for row in reader.rows(sa.select(GridCell.__table__).where(GridCell.set_id == 1))
        }
    assert rows["220184"].unit_id == ids["u220381"]
    assert rows["X-1"].unit_id is None
    assert rows["X-1"].parent_code == "220184100"


def test_cell_geometry_survives_and_cells_without_one_are_kept(ready: Store) -> None:
    place = box(124.8, 43.5, 124.9, 43.6)
    raw = geojson(({"code": "t", "level": "乡", "name": "甲乡"}, place))
    document = json.loads(raw)
    document["features"].append(
        {"properties": {"code": "u", "level": "乡", "name": "乙乡"}, "geometry": None}
    )
    result = load_grid_file(
        ready,
        json.dumps(document).encode(),
        file="g.geojson",
        name="g",
        status="sample",
        datum="cgcs2000",
        **ME,
    )
    assert (result["cells"], result["with_geometry"]) == (2, 1)
    with ready.reader() as reader:
        shapes = dict(reader.rows(sa.select(GridCell.code, GridCell.geom)))
    assert shapes["t"].equals(place)
    assert shapes["u"] is None


def test_zones_belts_and_township_lists_are_versions_of_a_layer(ready: Store) -> None:
    towns = "乡镇代码,类别,起始日期\n220184,禁烧区,2021-09-27\n229999,限烧区,\n".encode()
    result = load_zone_file(ready, towns, file="z.csv", name="两区", status="sample", **ME)
    assert result["kinds"] == {"ban": 1, "restricted": 1}
    assert result["unknown_units"] == ["229999"]
    road = geojson(({"name": "G1"}, LineString([(125.0, 43.5), (125.3, 43.6)])))
    belts = load_zone_file(
        ready, road, file="r.geojson", name="一公里", status="sample", kind="belt_1km", width_m=1000.0,
        datum="cgcs2000", **ME,
    )  # fmt: skip
    assert belts["kinds"] == {"belt_1km": 1}
    same = load_zone_file(
        ready, road, file="r.geojson", name="一公里", status="sample", kind="belt_1km", width_m=1000.0,
        datum="cgcs2000", **ME,
    )  # fmt: skip
    assert same["unchanged"]
    with ready.reader() as reader:
        rows = {row.name: row for row in reader.rows(sa.select(Zone.__table__))}
    assert rows["G1"].geom.area > 0
    assert rows["ban-220184"].unit_codes == ["220184"]
    assert rows["ban-220184"].valid_from == dt.date(2021, 9, 27)


PLANS = (
    "编号,村代码,开始时间,结束时间,责任人,审批单位\nP1,{unit},2024-03-05 08:30,2024-03-05 17:00,张三,指挥部\n"
)
PERIODS = (
    "名称,单位代码,起始日期,截止日期,来源,置信度\n2024年全国两会,{unit},2024-03-04,2024-03-11,新华社,S\n"
)


def plan(store: Store, unit: str = "220184") -> dict[str, object]:
    return load_plan_file(
        store, PLANS.format(unit=unit).encode(), name="p.csv", status="sample", datum=None, **ME
    )


def period(store: Store, unit: str) -> dict[str, object]:
    return load_period_file(store, PERIODS.format(unit=unit).encode(), name="s.csv", status="reference", **ME)


def test_a_plan_in_a_loaded_period_is_refused_by_the_dated_tree(ready: Store) -> None:
    period(ready, "220100")  # 长春: 公主岭 lies in it since 2020, whatever its old code spells
    with pytest.raises(RefusedInputError) as caught:
        plan(ready, "220381")
    assert caught.value.code == "plan_in_special_period"
    with ready.reader() as reader:
        assert not stored_plans(reader)
    plan(ready, "220382")
    with ready.reader() as reader:
        (kept,) = stored_plans(reader)
    assert kept.state is PlanState.APPROVED
    assert kept.starts_at == dt.datetime(2024, 3, 5, 0, 30, tzinfo=dt.UTC)


def test_a_period_loaded_later_names_the_plans_it_catches(ready: Store) -> None:
    assert plan(ready)["written"] == 1
    assert plan(ready)["unchanged"]
    result = period(ready, "220000")
    assert [item["plan"] for item in result["plans_inside"]] == ["P1"]  # type: ignore[attr-defined]
    assert period(ready, "220000")["unchanged"]


def test_a_plan_loaded_again_is_superseded_and_stays_readable(ready: Store) -> None:
    plan(ready)
    with ready.reader() as reader:
        before = reader.rev
    changed = PLANS.format(unit="220184").replace("张三", "李四").encode()
    load_plan_file(ready, changed, name="p.csv", status="sample", datum=None, **ME)
    with ready.reader() as reader:
        assert [p.person for p in stored_plans(reader)] == ["李四"]
    with ready.reader(as_of=before) as reader:
        assert [p.person for p in stored_plans(reader)] == ["张三"]


def test_regimes_and_periods_come_back_as_a_book(ready: Store) -> None:
    assert load_builtin_regimes(ready, **ME)["written"] == 3
    assert load_builtin_regimes(ready, **ME)["unchanged"]
    period(ready, "220000")
    with ready.reader() as reader:
        book, record = load_regimes(reader)
    place = ["220184", "220100", "220000"]
    assert book.at(place, dt.datetime(2023, 10, 29, 12, tzinfo=BEIJING)).regime is Regime.WHOLE_AREA
    inside = book.at(place, dt.datetime(2024, 3, 11, 23, 59, tzinfo=BEIJING))
    assert inside.period == "2024年全国两会"
    assert record["rules"] == 3
    own = 'regimes:\n  - {unit: "220184", regime: two_zone, source: s, confidence: R}\n'
    load_regime_file(ready, own.encode(), name="own.yaml", **ME)
    with ready.reader() as reader:
        book, changed = load_regimes(reader)
    assert book.at(place, dt.datetime(2023, 10, 29, 12, tzinfo=BEIJING)).regime is Regime.TWO_ZONE
    assert changed["hash"] != record["hash"]


DUTIES = "网格编码,角色,姓名,电话\n220184,网格长,张三,13800138000\n220184,网格员,李四,\nX-1,网格员,王五,110\n"


def test_a_duty_file_speaks_for_the_cells_it_names(ready: Store) -> None:
    first = load_duty_file(ready, DUTIES.encode(), name="d.csv", **ME)
    assert (first["added"], first["withdrawn"]) == (3, 0)
    assert first["unknown_targets"] == ["X-1"]
    assert "张三" not in json.dumps(first, ensure_ascii=False)
    assert load_duty_file(ready, DUTIES.encode(), name="d.csv", **ME)["unchanged"]
    with ready.reader() as reader:
        before = reader.rev
    change = load_duty_file(ready, "网格编码,角色,姓名\n220184,网格长,赵六\n".encode(), name="e.csv", **ME)
    assert (change["added"], change["withdrawn"]) == (1, 2)
    with ready.reader() as reader:
        assert sorted(d.person for d in stored_duties(reader).values()) == ["王五", "赵六"]
        assert len(reader.rows(sa.select(Duty.id))) == 4  # nothing is deleted
    with ready.reader(as_of=before) as reader:
        assert sorted(d.person for d in stored_duties(reader).values()) == ["张三", "李四", "王五"]


def test_a_refused_table_leaves_no_revision(ready: Store) -> None:
    with ready.reader() as reader:
        before = reader.rev
    bad = b"code,level,name\n1,x,y\n"
    for attempt in (
        lambda: load_grid_file(ready, bad, file="f", name="g", status="sample", **ME),
        lambda: load_zone_file(ready, bad, file="f", name="z", status="sample", **ME),
        lambda: load_duty_file(ready, bad, name="f", **ME),
        lambda: load_plan_file(ready, bad, name="f", status="sample", datum=None, **ME),
        lambda: load_period_file(ready, bad, name="f", status="sample", **ME),
        lambda: load_regime_file(ready, bad, name="f", **ME),
    ):
        with pytest.raises(RefusedInputError):
            attempt()
    with ready.reader() as reader:
        assert reader.rev == before


def test_the_blind_area_of_a_county_is_told_with_its_fire_points(ready: Store) -> None:
    county = box(124.0, 43.0, 124.4, 43.2)
    west = box(124.0, 43.0, 124.2, 43.2)
    with ready.writer("tester", "test.boundaries") as writer:
        set_id = writer.insert(
            BoundarySet, name="b", version=1, level="county", status="reference", accuracy_m=0.0, datum="cgcs2000",
            source="t", content_hash="h", source_sha256=None, replaces_id=None, valid_from=None, valid_to=None,
        )  # fmt: skip
        for code, name, shape in (
            ("220184", "公主岭市", county),
            ("220122", "农安县", box(126, 44, 127, 45)),
        ):
            writer.insert(
                BoundaryUnit, set_id=set_id, code=code, name=name, parent_code=None, unit_id=None,
                geom=MultiPolygon([shape]),
            )  # fmt: skip
        writer.insert(BoundaryUse, set_id=set_id, level="county", from_date=dt.date(2000, 1, 1))
    raw = geojson(({"code": "v1", "level": "村", "name": "一村"}, west))
    result = load_grid_file(ready, raw, file="g.geojson", name="g", status="sample", datum="cgcs2000", **ME)
    (entry,) = result["coverage"]
    assert entry["county"] == "公主岭市"
    assert entry["uncovered_km2"] == pytest.approx(entry["area_km2"] / 2, rel=1e-3)
    assert entry["blind_points"] == []
