"""What an ingest answers and keeps: conservation, supersession, refusals, the archive."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from gis.errors import NotFoundError, RefusedInputError
from service.pipeline.archive import Archive
from service.pipeline.area import area_of_unit
from service.pipeline.ingest import IngestReport, Options, ingest
from service.pipeline.quarantine import rejected_csv, rejected_rows
from service.scope import whole
from service.store.models import Detection, FeedFile, Observation, RejectedRow, Sighting
from tests.service.pipeline import feeds
from tests.service.pipeline.feeds import STANDARD, Row, at
from tests.service.pipeline.world import World, conserved, picture

FIRE = Row(at("2023-10-29 04:30"), "125.32000", "43.90000")
ABROAD = Row(at("2023-10-29 04:30"), "110.00000", "30.00000")


def _counts(report: IngestReport) -> dict[str, int]:
    conserved(report)
    totals: dict[str, int] = report.as_dict()["totals"]
    return {name: count for name, count in totals.items() if count}


def _rows(world: World, table: type) -> int:
    with world.store.reader() as reader:
        return int(reader.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0)


def test_the_same_file_twice_changes_nothing(world: World) -> None:
    path = world.feed("day.csv", feeds.real_rows("2023-10-29")[:50])
    first = world.ingest(path)
    revision = world.revision
    again = world.ingest(path)
    conserved(again)
    assert again.files[0].known
    assert again.files[0].accepted == again.files[0].superseded == 0
    assert again.files[0].outside == first.files[0].outside
    assert world.revision == revision


def test_the_same_bytes_under_another_name_are_known(world: World) -> None:
    path = world.feed("day.csv", [FIRE])
    world.ingest(path)
    copy = path.with_name("copy.csv")
    copy.write_bytes(path.read_bytes())
    assert world.ingest(copy).files[0].known


def test_each_row_is_tested_in_order(world: World) -> None:
    path = world.feed("day.csv", [FIRE, ABROAD, FIRE, ABROAD], ["no,row", "91.0,200.0,x"])
    assert _counts(world.ingest(path)) == {
        "read": 6,
        "accepted": 1,
        "duplicate": 1,
        "outside": 2,
        "rejected": 2,
    }
    assert _rows(world, Detection) == _rows(world, Sighting) == 1


def test_a_rolling_file_adds_only_what_is_new(world: World) -> None:
    later = FIRE.moved(2000, 0, 90)
    world.ingest(world.feed("first.csv", [FIRE]))
    assert _counts(world.ingest(world.feed("second.csv", [FIRE, later]))) == {
        "read": 2,
        "accepted": 1,
        "duplicate": 1,
    }


def test_a_standard_product_supersedes_and_a_late_lower_rank_is_superseded_at_once(world: World) -> None:
    better = FIRE.moved(100, 50, 3, version=STANDARD)
    world.ingest(world.feed("standard.csv", [better]))
    assert _counts(world.ingest(world.feed("late.csv", [FIRE]))) == {
        "read": 1,
        "accepted": 1,
        "superseded": 1,
    }
    world.assess()
    (point,) = world.points()
    assert (point.lon, point.lat, point.pixels) == (float(better.lon), float(better.lat), 1)


def test_the_same_pixel_in_a_better_product_is_one_detection_with_two_observations(world: World) -> None:
    world.ingest(world.feed("nrt.csv", [FIRE]))
    better = FIRE.moved(0, 0, 0, version=STANDARD, frp="9.25")
    assert _counts(world.ingest(world.feed("standard.csv", [better]))) == {
        "read": 1,
        "accepted": 1,
        "superseded": 1,
    }
    world.assess()
    (point,) = world.points()
    assert (point.frp_mw, point.pixels) == (9.25, 1)
    assert (_rows(world, Detection), _rows(world, Observation)) == (1, 2)


def test_two_pixels_of_one_product_never_replace_each_other(world: World) -> None:
    """They overlap at the edge of the swath; one of them has its standard counterpart, the other has none."""
    neighbour = FIRE.moved(110, 30, 0)
    world.ingest(world.feed("a.csv", [FIRE]), world.feed("b.csv", [neighbour]))
    world.ingest(world.feed("standard.csv", [FIRE.moved(0, 0, 0, version=STANDARD)]))
    assert picture(world.store)["replaced"] == {}
    world.assess()
    (point,) = world.points()
    assert point.pixels == 2


def test_the_identity_is_the_decimal_number_not_its_spelling(world: World) -> None:
    spelled = feeds.Row(FIRE.minute, "125.320", "43.9")
    world.ingest(world.feed("a.csv", [FIRE]))
    assert _counts(world.ingest(world.feed("b.csv", [spelled]))) == {"read": 1, "duplicate": 1}


def test_area_none_keeps_every_row_and_is_another_file(world: World) -> None:
    path = world.feed("day.csv", [FIRE, ABROAD])
    assert _counts(world.ingest(path))["outside"] == 1
    assert _counts(world.ingest(path, area="none")) == {"read": 2, "accepted": 1, "duplicate": 1}
    world.assess()
    assert len(world.points()) == 1, "what lies beyond the service area is stored, and makes no fire point"


def test_an_area_can_be_one_unit(world: World) -> None:
    far = Row(FIRE.minute, "129.50000", "42.90000")
    report = ingest(
        world.store,
        world.archive,
        [world.feed("day.csv", [FIRE, far])],
        actor="test",
        options=Options(area="220100", buffer_km=5),
    )
    assert _counts(report) == {"read": 2, "accepted": 1, "outside": 1}


def test_an_unknown_area_is_refused(world: World) -> None:
    with pytest.raises(RefusedInputError) as refused:
        world.ingest(world.feed("day.csv", [FIRE]), area="999999")
    assert refused.value.code == "no_service_area"


def test_without_an_area_nothing_is_read(store: object, tmp_path: Path) -> None:
    path = feeds.write(tmp_path / "day.csv", [FIRE])
    archive = Archive(tmp_path / "archive")
    with pytest.raises(RefusedInputError) as refused:
        ingest(store, archive, [path], actor="test")  # type: ignore[arg-type]
    assert refused.value.code == "no_service_area"
    assert not archive.root.exists()
    report = ingest(store, archive, [path], actor="test", options=Options(area="none"))  # type: ignore[arg-type]
    assert _counts(report) == {"read": 1, "accepted": 1}


def test_a_missing_path_is_named_and_nothing_is_read(world: World) -> None:
    good = world.feed("day.csv", [FIRE])
    with pytest.raises(NotFoundError, match="gone"):
        world.ingest(good, world.folder / "gone.csv")
    assert _rows(world, FeedFile) == 0


def test_a_refused_file_does_not_stop_the_others(world: World) -> None:
    folder = world.folder / "inbox"
    folder.mkdir()
    (folder / "a.txt").write_text("just,some\n1,2\n")
    feeds.write(folder / "b.csv", [FIRE])
    (folder / "c.csv").write_bytes(b"")
    report = world.ingest(folder)
    assert [file.refused is not None for file in report.files] == [True, False, True]
    assert report.refused
    assert report.files[0].refused == "unknown_feed"
    assert report.files[0].message_zh
    assert _counts(report) == {"read": 1, "accepted": 1, "refused": 2}
    assert [path for path in world.archive.root.rglob("*") if path.is_file()] == [
        world.archive.root / name[:2] / name
        for name in [hashlib.sha256((folder / "b.csv").read_bytes()).hexdigest()]
    ]


# --- the archive ----------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_read_does_not_stop_the_others(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "feeds"
    folder.mkdir()
    (folder / "a.csv").symlink_to("/proc/self/mem")  # a file whose first byte the system refuses to everybody
    feeds.write(folder / "b.csv", [FIRE])
    report = world.ingest(folder)
    conserved(report)
    bad, good = report.files
    assert (bad.refused, good.accepted) == ("unreadable_file", 1)
    assert "重新导入" in str(bad.message_zh)


def test_the_archive_holds_the_very_bytes(world: World) -> None:
    path = world.feed("day.csv", [FIRE])
    packed = path.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    world.ingest(packed)
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    assert world.archive.get(digest) == packed.read_bytes()


def test_a_damaged_archive_is_noticed_and_repaired_by_the_same_file(world: World) -> None:
    path = world.feed("day.csv", [FIRE])
    world.ingest(path)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    kept = world.archive.root / digest[:2] / digest
    kept.write_bytes(data[:-5])
    with pytest.raises(NotFoundError):
        world.archive.get(digest)
    world.archive.put(data)
    assert world.archive.get(digest) == data
    kept.write_bytes(b"#" + data[1:])
    with pytest.raises(NotFoundError):
        world.archive.get(digest)
    world.archive.put(data)
    assert world.archive.get(digest) == data


# --- hostile input --------------------------------------------------------------------------------------------------


def test_names_from_outside_are_never_paths(world: World) -> None:
    text = world.feed("day.csv", [FIRE]).read_bytes()
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("../../evil.csv", text)
        archive.writestr("/etc/passwd.csv", text.replace(b"125.32", b"125.42"))
    (world.folder / "bundle.zip").write_bytes(bundle.getvalue())

    def outside_archive() -> set[Path]:
        return {path for path in world.folder.rglob("*") if "archive" not in path.parts}

    before = outside_archive()
    report = world.ingest(world.folder / "bundle.zip")
    assert _counts(report) == {"read": 2, "accepted": 2}
    assert outside_archive() == before
    assert not any("evil" in path.name for path in world.folder.parent.rglob("*"))
    assert all(set(path.name) <= set("0123456789abcdef") for path in world.archive.root.rglob("*"))


@pytest.mark.parametrize("kind", ["zip", "gzip"])
def test_a_bomb_is_refused_and_leaves_nothing(world: World, kind: str) -> None:
    bomb = (feeds.HEADER + "\n").encode() + (FIRE.line() + "\n").encode() * 1_000_000
    path = world.folder / f"bomb.{kind}"
    if kind == "gzip":
        path.write_bytes(gzip.compress(bomb))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("day.csv", bomb)
    report = world.ingest(path)
    assert report.files[0].refused == "archive_bomb"
    assert _rows(world, FeedFile) == 0
    assert not world.archive.root.exists()


def test_odd_file_names_are_read_and_shown_clean(world: World) -> None:
    folder = world.folder / "inbox"
    folder.mkdir()
    names = [
        b"\xff\xfe\xe9.csv",
        b"[red]=1+1[].csv",
        "火点\n二.csv".encode(),
        b"a\x1b[2J.csv",
        b"x" * 251 + b".csv",
    ]
    for number, name in enumerate(names):
        path = os.path.join(os.fsencode(folder), name)  # noqa: PTH118
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(
                feeds.write(world.folder / "plain.csv", [FIRE.moved(2000 * number, 0, 0)]).read_bytes()
            )
    report = world.ingest(folder)
    assert _counts(report) == {"read": 5, "accepted": 5}
    for file in report.files:
        assert file.path.isprintable()
        file.path.encode()
        assert len(file.path) <= 200
    with world.store.reader() as reader:
        assert len(reader.rows(sa.select(FeedFile.name))) == 5


def test_a_folder_is_read_to_its_depth_and_hidden_files_are_left_alone(world: World) -> None:
    deep = world.folder / "inbox" / "2023" / "10"
    deep.mkdir(parents=True)
    feeds.write(deep / "a.csv", [FIRE])
    feeds.write(world.folder / "inbox" / ".part.csv", [FIRE.moved(5000, 0, 0)])
    assert _counts(world.ingest(world.folder / "inbox")) == {"read": 1, "accepted": 1}


def test_rejected_rows_are_kept_with_their_place_and_exported_without_formulas(world: World) -> None:
    bad = FIRE.line().replace("125.32000", '=HYPERLINK("http://evil")')
    damaged = "43.9,125.3,\x00\x07,+cmd|' /C calc'!A0"
    path = world.feed("day.csv", [FIRE], [f'"{bad}', damaged, bad.replace('"', ""), "＝1+1,2"])
    report = world.ingest(path)
    assert report.files[0].rejected >= 2
    with world.store.reader() as reader:
        rows = rejected_rows(reader, whole("test"))
    assert len(rows) == report.files[0].rejected
    assert all(row["file"] == "day.csv" and row["line"] > 1 and row["reason"] for row in rows)
    table = list(csv.DictReader(io.StringIO(rejected_csv(rows).decode("utf-8-sig"))))
    assert len(table) == len(rows)
    for row in table:
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")), cell
    assert _rows(world, RejectedRow) == len(rows)


def test_an_area_may_be_named_by_the_short_code(world: World) -> None:
    with world.store.reader() as reader:
        assert area_of_unit(reader, "2201", 20).key == area_of_unit(reader, "220100", 20).key
