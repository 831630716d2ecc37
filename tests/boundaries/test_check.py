"""The dry run on real sets: what matches, what is broken, what would move, and who accepts the repairs."""

from __future__ import annotations

import csv
import dataclasses
import json

import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box

from boundaries.check import dry_run, moved_points
from boundaries.matching import match_units, name_score
from boundaries.model import BoundarySet, BoundaryUnit, Note
from boundaries.repair import apply_repairs, propose_repairs
from boundaries.topology import Ground, find_escapes, find_gaps, find_invalid, find_overlaps
from gis.errors import RefusedInputError
from gis.types import DataStatus, Level
from tests.boundaries.real import amap, amap_wgs84, cities, counties, dirty
from tests.shared import DATA


def make(*units: BoundaryUnit, level: Level = Level.COUNTY, notes: tuple[Note, ...] = ()) -> BoundarySet:
    return BoundarySet("test", "1", level, DataStatus.SYNTHETIC, 10.0, "", "cgcs2000", units, notes=notes)


def unit(code: str, geometry: object, name: str = "") -> BoundaryUnit:
    return BoundaryUnit(code, name or f"第{code}", geometry)


def north_east_fires() -> tuple[np.ndarray, np.ndarray]:
    with (DATA / "fires" / "ne_china_subset_shared.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = [(float(row["longitude"]), float(row["latitude"])) for row in csv.DictReader(lines)]
    lon, lat = np.array(rows).T
    return lon, lat


def test_the_built_in_set_is_clean() -> None:
    report = dry_run(counties(), reference=counties(), parents=cities(), points=north_east_fires())
    assert report.blocking == ()
    assert len(report.matching.matched) == 60
    assert (report.matching.unmatched, report.matching.missing) == ((), ())
    assert report.invalid + report.overlaps + report.gaps + report.escapes + report.repairs == ()
    assert report.moves is not None
    assert report.moves.indices == ()
    assert report.area_m2 / 1e6 == pytest.approx(191_041, abs=1)


def test_the_2015_set_is_dirty_and_every_defect_is_placed() -> None:
    report = dry_run(dirty(), reference=counties(), parents=cities(), points=north_east_fires())
    data = json.loads(json.dumps(report.as_dict(), ensure_ascii=False))
    assert data["blocking"] == ["repairs"]
    assert data["invalid"]["count"] == 4
    assert {each["detail"] for each in data["invalid"]["listed"]} == {"Ring Self-intersection"}
    # All 60 counties have 12 holes of 18.2 km2; 10 of them lie between the 42 shared here.
    assert data["gaps"]["count"] == 10
    assert data["gaps"]["area_m2"] / 1e6 == pytest.approx(14.5, abs=0.1)
    assert data["overlaps"]["count"] == 0
    largest = data["gaps"]["listed"][0]
    assert largest["units"] == ["220281", "220283"]
    assert 121 < largest["lon"] < 132
    # 公主岭 kept its name and changed its code; 九台 became a district and is only proposed.
    renamed = [each for each in data["matched"] if each["renamed"]]
    assert [(each["code"], each["roster_code"]) for each in renamed] == [("220381", "220184")]
    (jiutai,) = data["unmatched"]
    assert jiutai["proposals"][0]["roster_code"] == "220113"
    assert jiutai["proposals"][0]["ground_share"] > 0.8
    assert {"code": "220781", "name": "扶余市"} in data["missing"]
    assert data["escapes"]["count"] == 36
    assert data["moves"]["points"] == 10_478
    assert 0 < data["moves"]["moved"] < 1000


def test_the_declared_gcj02_set_passes_and_names_the_points_that_move() -> None:
    report = dry_run(amap("gcj02"), reference=counties(), parents=cities(), points=north_east_fires())
    assert report.blocking == ()
    assert report.shift is not None
    assert report.shift.verdict == "agrees"
    assert report.moves is not None
    inside = [pair for pair in report.moves.pairs if pair[0] and pair[1]]
    assert 0 < sum(count for *_, count in inside) < 300
    assert sum(count for *_, count in report.moves.pairs) == len(report.moves.indices)


def test_the_wrong_declaration_blocks() -> None:
    assert dry_run(amap("wgs84"), reference=counties()).blocking == ("wrong_datum",)


def test_without_a_reference_the_rest_is_still_told() -> None:
    report = dry_run(dirty(), roster={"220181": "九台市"})
    assert report.shift is None
    assert report.moves is None
    assert [each.roster_code for each in report.matching.matched] == ["220181"]
    assert len(report.matching.unmatched) == 41
    assert len(report.invalid) == 4


def test_overlap_gap_and_sliver_are_measured() -> None:
    left, right = box(125.0, 43.0, 125.5, 43.5), box(125.49, 43.0, 126.0, 43.5)
    (overlap,) = find_overlaps(Ground(make(unit("220101", left), unit("220102", right))))
    assert overlap.units == ("220101", "220102")
    assert overlap.area_m2 == pytest.approx(
        0.01 * 0.5 * 111_100 * 111_320 * np.cos(np.radians(43.25)), rel=0.01
    )
    assert not overlap.sliver
    assert 125.49 <= overlap.lon <= 125.5
    thin = box(125.4999, 43.0, 126.0, 43.5)
    (sliver,) = find_overlaps(Ground(make(unit("220101", left), unit("220102", thin))))
    assert sliver.sliver
    frame = Polygon(box(125, 43, 126, 44).exterior, [box(125.4, 43.4, 125.6, 43.6).exterior])
    plug = box(125.4, 43.4, 125.6, 43.59)
    (gap,) = find_gaps(Ground(make(unit("220101", frame), unit("220102", plug))))
    assert gap.units == ("220101", "220102")
    assert 43.59 <= gap.lat <= 43.6


def test_neighbours_that_share_a_border_do_not_overlap() -> None:
    ground = Ground(counties())
    assert find_overlaps(ground) == ()
    assert find_gaps(ground) == ()


def test_escape_uses_the_told_parent_then_the_ground_never_the_prefix() -> None:
    parents = make(
        unit("220100", box(125, 43, 126, 44)), unit("220300", box(124, 43, 125, 44)), level=Level.CITY
    )
    # 220381 is spelled under 220300 and lies in 220100.
    gongzhuling = unit("220381", box(125.0, 43.2, 125.3, 43.4))
    ground = Ground(make(gongzhuling))
    assert find_escapes(ground, parents) == ()
    (told,) = find_escapes(ground, parents, {"220381": "220300"})
    assert told.detail == "220300"
    assert told.area_m2 == pytest.approx(ground.area_m2(), rel=1e-3)
    (lost,) = find_escapes(Ground(make(unit("220999", box(130, 43, 130.1, 43.1)))), parents)
    assert lost.kind == "no_parent"
    (part,) = find_escapes(Ground(make(unit("220101", box(125.9, 43.2, 126.1, 43.4)))), parents)
    assert part.area_m2 == pytest.approx(0.1 * 0.2 * 111_100 * 111_320 * np.cos(np.radians(43.3)), rel=0.01)


def test_a_corner_on_a_long_edge_opens_no_gap() -> None:
    # The long edge of the first has no vertex where the corners of the others touch it; a projection would bend it
    # away.
    west = Polygon([(124, 43), (125, 43), (126, 45), (124, 45)])
    south = Polygon([(125, 43), (127, 43), (127, 44), (125.5, 44)])
    north = Polygon([(125.5, 44), (127, 44), (127, 45), (126, 45)])
    ground = Ground(make(unit("220101", west), unit("220102", south), unit("220103", north)))
    assert find_gaps(ground) == ()
    assert find_overlaps(ground) == ()


BOWTIE = Polygon([(125, 43), (126, 44), (126, 43), (125, 44)])


def test_a_broken_ring_is_placed_and_its_repair_proposed() -> None:
    broken = make(unit("220101", BOWTIE, "结"), unit("220102", box(127, 43, 128, 44)))
    (finding,) = find_invalid(broken)
    assert finding.detail == "Self-intersection"
    assert (finding.lon, finding.lat) == pytest.approx((125.5, 43.5))
    (repair,) = propose_repairs(Ground(broken))
    assert (repair.code, repair.kind) == ("220101", "make_valid")
    assert repair.area_change_m2 > 1e9
    with pytest.raises(RefusedInputError) as caught:
        apply_repairs(broken, [repair], accepted_by="  ")
    assert caught.value.code == "repair_not_accepted"
    mended = apply_repairs(broken, [repair], accepted_by="王工")
    assert shapely.is_valid(mended.geometries).all()
    assert isinstance(mended.by_code["220101"].geometry, MultiPolygon)
    assert mended.version.startswith("1+repaired.")
    assert mended.by_code["220102"] == broken.by_code["220102"]
    assert not shapely.is_valid(broken.by_code["220101"].geometry)
    assert apply_repairs(mended, [], accepted_by="王工") is mended


def test_the_real_repairs_change_no_area() -> None:
    repairs = propose_repairs(Ground(dirty()))
    assert sorted(each.code for each in repairs) == sorted(find.units[0] for find in find_invalid(dirty()))
    assert all(abs(each.area_change_m2) < 1.0 for each in repairs)
    mended = apply_repairs(dirty(), repairs, accepted_by="王工")
    assert dry_run(mended, reference=counties()).blocking == ()


def test_what_reading_repaired_needs_consent_too() -> None:
    notes = (
        Note("closed_ring", "a#1：环未闭合。", "a#1: open ring.", "a#1"),
        Note("merged_rows", "x", "x", "y"),
    )
    report = dry_run(make(unit("220101", box(125, 43, 126, 44)), notes=notes))
    assert [each.kind for each in report.repairs] == ["closed_ring"]
    assert report.blocking == ("repairs",)


def test_units_without_codes_match_by_unique_name_or_are_proposed() -> None:
    nameless = dataclasses.replace(
        amap_wgs84(), units=tuple(dataclasses.replace(each, code="") for each in amap_wgs84().units)
    )
    roster = {each.code: each.name for each in counties().units}
    matching = match_units(Ground(nameless), roster, counties())
    assert all(each.by == "name" for each in matching.matched)
    assert "铁西区" in {each.name for each in matching.matched}
    # A unit nobody coded blocks loading; its ground says which it is.
    changed = dataclasses.replace(
        nameless, units=(dataclasses.replace(nameless.units[0], name="不知名"), *nameless.units[1:])
    )
    report = dry_run(changed, reference=counties())
    assert "uncoded_units" in report.blocking
    (unmatched,) = report.matching.unmatched
    assert unmatched.proposals[0].roster_name == nameless.units[0].name
    assert (unmatched.proposals[0].ground_share or 0) > 0.5


def test_a_name_that_occurs_twice_is_never_matched_by_name() -> None:
    roster = {"220302": "铁西区", "220122": "农安县"}
    two = make(
        BoundaryUnit("", "铁西区", box(124, 43, 125, 44)), BoundaryUnit("", "铁西区", box(126, 43, 127, 44))
    )
    matching = match_units(Ground(two), roster, None)
    assert matching.matched == ()
    assert [each.proposals[0].roster_code for each in matching.unmatched] == ["220302", "220302"]


def test_likeness_of_names() -> None:
    assert name_score("扶余县", "扶余市") > 0.9
    assert name_score("九台市", "九台区") > 0.9
    assert name_score("前郭县", "前郭尔罗斯蒙古族自治县") < name_score("扶余县", "扶余市")
    assert name_score("东昌区", "梨树县") < 0.5


def test_moved_points_know_a_unit_under_its_other_code() -> None:
    old = make(
        unit("220381", box(124, 43, 125, 44), "公主岭市"), unit("220322", box(125, 43, 126, 44), "梨树县")
    )
    new = make(
        unit("220184", box(124, 43, 124.9, 44), "公主岭市"),
        unit("220322", box(124.9, 43, 125.5, 44), "梨树县"),
    )
    points = (np.array([124.5, 124.95, 125.7]), np.array([43.5, 43.5, 43.5]))
    report = dry_run(new, reference=old, points=points)
    assert report.moves is not None
    assert report.moves.indices == (1, 2)
    assert set(report.moves.pairs) == {("220381", "220322", 1), ("220322", "", 1)}
    assert moved_points(old, new, points).indices == (0, 1, 2)
