"""The evidence of a fire point in one file: whole, exact, the same every time, and nobody else's."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis.errors import NotFoundError
from service.accountability.rulebook import canonical
from service.billing.bundle import MANIFEST
from service.billing.rawrows import header_and_rows
from service.pipeline.archive import Archive
from service.rulebooks import shipped_rulebook
from service.store import open_store
from service.store.models import Duty
from tests.service.billing.story import AT, NOON, YUSHU, A, C, Scene, scene
from tests.service.pipeline.feeds import HEADER, Row

BOOK = ("--rulebook", "JL-1")


@pytest.fixture
def told(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[Scene]:
    with scene(store_home, new_store_url, tmp_path / "scene") as opened:
        yield opened


def packed(told: Scene, *words: str, name: str = "bundle.zip", asked: str = "") -> dict[str, bytes]:
    """Write a bundle and return its members."""
    path = told.house.folder / name
    told.explained(asked or told.main, *BOOK, "--bundle", str(path), *words)
    with zipfile.ZipFile(path) as bundle:
        return {one: bundle.read(one) for one in bundle.namelist()}


def test_the_manifest_vouches_for_every_member(told: Scene) -> None:
    members = packed(told)
    lines = [line.split("  ") for line in members.pop(MANIFEST).decode().splitlines()]
    assert {name: digest for digest, name in lines} == {
        name: hashlib.sha256(data).hexdigest() for name, data in members.items()
    }
    assert [name for _, name in lines] == sorted(members)


def test_the_same_knowledge_gives_the_same_bytes(told: Scene) -> None:
    told.verify(told.main)
    packed(told, name="one.zip")
    packed(told, name="two.zip")
    one, two = ((told.house.folder / name).read_bytes() for name in ("one.zip", "two.zip"))
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as bundle:
        assert {info.date_time for info in bundle.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    told.house.data("rule", told.main, "--zone", "ban", "--reason", "现场在禁烧区内")
    assert packed(told, name="three.zip")["rulings.json"] != b"[]\n"


def test_raw_rows_are_those_of_the_file_byte_for_byte_and_no_others(told: Scene) -> None:
    members = packed(told)
    lines = (told.house.folder / "nrt.csv").read_bytes().splitlines(keepends=True)
    sha = hashlib.sha256((told.house.folder / "nrt.csv").read_bytes()).hexdigest()
    for number in (2, 3, 4):
        assert members[f"rows/{sha}-0/line-{number:08d}.txt"] == lines[number - 1]
    assert members[f"rows/{sha}-0/header.txt"] == lines[0]
    everything = b"".join(members.values())
    assert lines[4].strip() not in everything, "another fire's row"
    assert C[0].encode() not in b"".join(data for name, data in members.items() if name.startswith("rows"))
    index = json.loads(members["rows/index.json"])
    assert {(one["line"], one["superseded"]) for one in index if one["sha256"] == sha} == {
        (2, True),
        (3, False),
        (4, False),
    }
    for one in index:
        assert hashlib.sha256(members[one["stored_as"]]).hexdigest() == one["row_sha256"]


def test_layers_are_polygons_that_hold_the_position(told: Scene) -> None:
    members = packed(told)
    point = shapely.Point(float(A[0]), float(A[1]))
    county = json.loads(members["layers/county-tianditu-v1.geojson"])
    (feature,) = county["features"]
    assert feature["properties"]["code"] == YUSHU
    assert shapely.intersects(shapely.from_geojson(json.dumps(feature["geometry"])), point)
    assert county["version"]["status"] == "reference"
    assert len(json.loads(members["layers/province-tianditu-v1.geojson"])["features"]) == 1
    assert json.loads(members["layers/neighbour-tianditu-around-220000-v1.geojson"])["features"] == []


def test_a_plan_that_came_too_late_is_shown_with_its_ground_and_without_names(told: Scene) -> None:
    ground = shapely.Point(float(A[0]), float(A[1])).buffer(0.05, quad_segs=2)
    feature = {
        "type": "Feature",
        "geometry": json.loads(shapely.to_geojson(ground)),
        "properties": {
            "code": "P1",
            "starts_at": "2023-10-29T10:00+08:00",
            "ends_at": "2023-10-29T16:00+08:00",
            "person": "孙烧除",
            "approver": "县办",
            "approved_at": "2023-10-28T10:00+08:00",
            "state": "approved",
        },
    }
    path = told.house.folder / "plans.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    told.house.data("load", "plans", str(path), "--datum", "cgcs2000", "--status", "official")
    told.house.data("assess")
    members = packed(told)
    plans = json.loads(members["layers/planned-burns.geojson"])
    (version,) = plans["features"]
    assert version["properties"]["code"] == "P1"
    assert shapely.from_geojson(json.dumps(version["geometry"])).equals(ground)
    assert "孙烧除" not in b"".join(members.values()).decode("utf-8", "replace")
    text = members["explanation.zh.txt"].decode()
    assert "计划烧除（计划 P1，过境之后才登记，不自动生效）" in text
    assert "planned burn (plan P1, recorded after the overpass" in members["explanation.en.txt"].decode()


def test_the_rule_is_its_canonical_form_and_the_explanation_stands_in_both_languages(told: Scene) -> None:
    members = packed(told, "--at", AT)
    book = shipped_rulebook("JL-1")
    assert members["rulebooks/JL-1.json"] == canonical(book.canonical())
    assert hashlib.sha256(members["rulebooks/JL-1.json"]).hexdigest() == book.content_hash
    story = json.loads(members["explanation.json"])
    assert story["money"][0]["rulebook"]["hash"] == book.content_hash
    assert story["known"]["deadlines_at"] == "2023-11-05T08:00:00+08:00"
    assert members["explanation.zh.txt"].decode().startswith(f"火点 {told.main}")
    assert members["explanation.en.txt"].decode().startswith(f"Fire point {told.main}")


def test_verifications_with_the_hash_of_their_evidence(told: Scene) -> None:
    evidence = told.house.folder / "photo.jpg"
    evidence.write_bytes(b"a photograph")
    told.verify(told.main, "--evidence", str(evidence))
    members = packed(told)
    (record,) = json.loads(members["verifications.json"])["records"]
    assert record["evidence_sha256"] == hashlib.sha256(b"a photograph").hexdigest()
    assert b"a photograph" not in b"".join(members.values())


def test_names_and_telephones_of_duty_holders_stay_out(told: Scene) -> None:
    store = open_store(told.house.url)
    with store.writer("test", "load.duties") as writer:
        writer.insert(
            Duty,
            target_code=YUSHU,
            role="worker",
            person="赵守田",
            phone="13900001111",
            title=None,
            source="test",
            valid_from=None,
            valid_to=None,
            withdrawn_rev=None,
        )
    store.close()
    told.verify(told.main, "--note", "由赵守田（13900001111）带路到场")
    members = packed(told)
    text = b"".join(members.values()).decode("utf-8", "replace")
    assert "赵守田" not in text
    assert "13900001111" not in text
    assert "由〔网格员〕（〔网格员〕）带路到场" in text
    assert "赵守田" in told.house.run("explain", told.main).stdout, "within scope the note is read as written"


def test_what_the_archive_lost_is_said_and_the_rest_is_packed(told: Scene) -> None:
    sha = hashlib.sha256((told.house.folder / "nrt.csv").read_bytes()).hexdigest()
    shutil.rmtree(told.house.folder / "archive" / sha[:2])
    path = told.house.folder / "lost.zip"
    result = told.house.run("--json", "explain", told.main, "--bundle", str(path))
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert len(said["warnings"]) == 3
    assert {one["sha256"] for one in said["data"]["bundle"]["missing"]} == {sha}
    with zipfile.ZipFile(path) as bundle:
        index = json.loads(bundle.read("rows/index.json"))
    assert {one["stored_as"] for one in index if one["sha256"] == sha} == {None}


def test_nothing_is_written_for_a_point_that_is_none(told: Scene) -> None:
    path = told.house.folder / "none.zip"
    assert (
        told.house.refused("explain", "20231029-000000000000", "--bundle", str(path)) == "unknown_fire_point"
    )
    assert not path.exists()


# --- rows of every kind of file ------------------------------------------------------------------------------------


def archived(tmp_path: Path, data: bytes) -> tuple[Archive, str]:
    archive = Archive(tmp_path / "archive")
    return archive, archive.put(data)


def lines_of(*rows: Row, end: str = "\n") -> bytes:
    return (end.join([HEADER, *(row.line() for row in rows)]) + end).encode()


ONE, TWO = Row(NOON, "126.55000", "44.85000"), Row(NOON, "126.65000", "44.85000")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_are_kept_as_they_are(tmp_path: Path, end: str) -> None:
    data = lines_of(ONE, TWO, end=end)
    archive, sha = archived(tmp_path, data)
    header, rows = header_and_rows(archive, sha, 0, [(3, 126.65, 44.85)])
    assert header == (HEADER + end).encode()
    assert rows == {(3, 126.65, 44.85): (TWO.line() + end).encode()}


def test_rows_of_packed_files(tmp_path: Path) -> None:
    plain = lines_of(ONE, TWO)
    archive, sha = archived(tmp_path, gzip.compress(plain))
    assert header_and_rows(archive, sha, 0, [(2, 0, 0)])[1][2, 0, 0] == plain.splitlines(keepends=True)[1]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("Readme.txt", "no table here")
        bundle.writestr("a.csv", lines_of(TWO))
        bundle.writestr("b.csv", plain)
    archive, sha = archived(tmp_path, out.getvalue())
    assert header_and_rows(archive, sha, 1, [(3, 0, 0)])[1][3, 0, 0] == plain.splitlines(keepends=True)[2]


def test_a_last_line_without_an_end_and_one_beyond_it(tmp_path: Path) -> None:
    data = lines_of(ONE, TWO).rstrip(b"\n")
    archive, sha = archived(tmp_path, data)
    assert header_and_rows(archive, sha, 0, [(3, 0, 0)])[1][3, 0, 0] == TWO.line().encode()
    with pytest.raises(NotFoundError):
        header_and_rows(archive, sha, 0, [(4, 0, 0)])
    with pytest.raises(NotFoundError):
        header_and_rows(archive, sha, 1, [(2, 0, 0)])


def test_the_first_line_of_a_table_without_a_header_is_somebodys_row(tmp_path: Path) -> None:
    archive, sha = archived(tmp_path, f"{ONE.line()}\n{TWO.line()}\n".encode())
    header, rows = header_and_rows(archive, sha, 0, [(2, 0, 0)])
    assert header is None
    assert rows[2, 0, 0] == f"{TWO.line()}\n".encode()


FIELDS = st.lists(
    st.one_of(
        st.text("0123456789.", min_size=1, max_size=6),
        st.sampled_from(['"a\nb"', '"x,y"', '"""q"""', "长岭", ""]),
    ),
    min_size=2,
    max_size=2,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(FIELDS, min_size=1, max_size=6), end=st.sampled_from(["\n", "\r\n"]))
def test_every_record_is_given_whole_and_alone(tmp_path: Path, rows: list[list[str]], end: str) -> None:
    records = [(",".join(["44.85", "126.55", *fields]) + end).encode() for fields in rows]
    data = b"a,b,c,d" + end.encode() + b"".join(records)
    archive, sha = archived(tmp_path, data)
    line = 2
    for record in records:
        _, found = header_and_rows(archive, sha, 0, [(line, 126.55, 44.85)])
        assert list(found.values()) == [record]
        line += record.count(b"\n")


def test_a_stray_quote_takes_nobody_elses_row_with_it(tmp_path: Path) -> None:
    lines = [b"a,b,c,d\n", b'44.85,126.55,0,"\n', b"44.85,126.65,0,1\n", b"44.85,126.75,0,2\n"]
    archive, sha = archived(tmp_path, b"".join(lines))
    for number, line in enumerate(lines[1:], 2):
        assert header_and_rows(archive, sha, 0, [(number, 0, 0)])[1][number, 0, 0] == line


def test_features_of_one_line_are_told_apart_by_their_place(tmp_path: Path) -> None:
    def feature(lon: float) -> dict[str, Any]:
        return {
            "type": "Feature",
            "properties": {"latitude": 44.85, "longitude": lon, "note": "长" * 600},
            "geometry": {"type": "Point", "coordinates": [lon, 44.85]},
        }

    data = json.dumps({"type": "FeatureCollection", "features": [feature(126.55), feature(126.65)]}).encode()
    archive, sha = archived(tmp_path, data)
    header, rows = header_and_rows(archive, sha, 0, [(1, 126.65, 44.85)])
    assert header is None
    (row,) = rows.values()
    assert json.loads(row) == feature(126.65)
    assert row in data
