"""Containers: what is inside decides, caps hold, names are only text."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile

import pytest

from gis.errors import RefusedInputError
from gis.feeds import Limits, open_container, read_feed
from gis.feeds.container import safe_label
from tests.gis.feeds.samples import MODIS, MODIS_ROW, VIIRS, VIIRS_ROW, column, gzipped, read, text_of, zipped

DEFAULT = Limits()
FEED = text_of(VIIRS, VIIRS_ROW).encode()


def refusal(data: bytes, limits: Limits = DEFAULT) -> str:
    with pytest.raises(RefusedInputError) as refused:
        [read_feed(member) for member in open_container(data, limits=limits)]
    assert refused.value.zh
    assert refused.value.en
    return refused.value.code


@pytest.mark.parametrize(
    "data",
    [FEED, gzipped(FEED), zipped({"a.csv": FEED}), zipped({"a.bin": FEED}, zipfile.ZIP_STORED)],
)
def test_the_same_feed_in_every_container(data: bytes) -> None:
    assert read(data).rows.equals(read(FEED).rows)


def test_a_gzip_of_several_members_is_one_text() -> None:
    head, tail = FEED[:100], FEED[100:] + f"{VIIRS_ROW}\n".encode()
    assert column(read(gzipped(head) + gzipped(tail)), "line") == [2, 3]


def test_names_do_not_decide() -> None:
    (member,) = open_container(gzipped(FEED), name="picture.png")
    assert read_feed(member).rows.num_rows == 1


def test_a_firms_download_with_its_readme() -> None:
    readme = b"Thank you for using FIRMS.\nPlease cite, acknowledge, and tell us, if you can.\n"
    opened = open_container(
        zipped(
            {
                "Readme.txt": readme,
                "fire_nrt.csv": FEED,
                "x/m.csv": text_of(MODIS, MODIS_ROW).encode(),
                "p.pdf": b"%PDF-1.7\n",
            }
        )
    )
    assert [member.label for member in opened] == ["fire_nrt.csv", "m.csv"]
    assert [note.partition(":")[0] for note in opened.notes] == ["Readme.txt", "p.pdf"]
    assert [read_feed(member).feed for member in opened] == ["viirs_regional", "modis_regional"]


@pytest.mark.parametrize(
    ("name", "label"),
    [("../../etc/passwd", "passwd"), ("C:\\fires\\a.csv", "a.csv"), ("a\x00\n.csv", "a��.csv"),
     ("/abs/../..", ""), ("x" * 300, "x" * 119 + "…"), ("a<b>.csv", "a_b_.csv")],
)  # fmt: skip
def test_labels_are_useless_as_paths(name: str, label: str) -> None:
    assert safe_label(name) == label


def test_chinese_names_of_windows_archives() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a.csv")
        archive.writestr(info, FEED)
    data = out.getvalue().replace(b"a.csv", "火点.".encode("gb18030"))
    assert open_container(data)[0].label == "火点."


def test_gzip_bomb() -> None:
    assert refusal(gzip.compress(FEED + b"\n" * 40_000_000, 9)) == "archive_bomb"


def test_expanded_bytes_are_capped_in_every_container() -> None:
    big = FEED + VIIRS_ROW.encode() * 10
    for data in (big, gzipped(big), zipped({"a.csv": big})):
        assert refusal(data, Limits(max_expanded_bytes=200)) == "archive_bomb"


def test_zip_bombs() -> None:
    assert refusal(zipped({"a.csv": FEED + b"\n" * 40_000_000})) == "archive_bomb"
    assert refusal(zipped({f"{at}.csv": FEED for at in range(5)}), Limits(max_members=4)) == "archive_bomb"


def test_overlapping_members() -> None:
    data = bytearray(zipped({"a.csv": FEED, "b.csv": FEED}))
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 0)  # the second entry points at the bytes of the first
    assert refusal(bytes(data)) == "archive_bomb"


def test_a_lying_directory() -> None:
    data = bytearray(zipped({"a.csv": FEED}))
    entry = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, entry + 24, 3)
    assert refusal(bytes(data)) == "damaged_archive"


@pytest.mark.parametrize("inner", [gzipped(FEED), zipped({"a.csv": FEED})])
def test_archives_within_archives(inner: bytes) -> None:
    assert refusal(gzipped(inner)) == "nested_archive"
    assert refusal(zipped({"inner": inner})) == "nested_archive"


def test_a_tar_in_a_gzip() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo("../../a.csv")
        info.size = len(FEED)
        archive.addfile(info, io.BytesIO(FEED))
    assert refusal(out.getvalue()) == "nested_archive"


def test_damaged_and_foreign_containers() -> None:
    packed = gzipped(FEED * 50)
    assert refusal(packed[:-20]) == "damaged_archive"
    assert refusal(packed[:40] + b"\x00\x01\x02" + packed[43:]) == "damaged_archive"
    assert refusal(zipped({"a.csv": FEED})[:-30]) == "damaged_archive"
    assert refusal(b"BZh91AY&SY" + bytes(50)) == "unsupported_container"
    assert refusal(zipped({"a.csv": FEED}, zipfile.ZIP_LZMA)) == "unsupported_container"
    assert refusal(b"") == "empty_file"


def test_an_encrypted_member() -> None:
    data = bytearray(zipped({"a.csv": FEED}))
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 8] |= 1
    assert refusal(bytes(data)) == "encrypted_archive"


def test_a_workbook_is_no_table() -> None:
    assert refusal(zipped({"[Content_Types].xml": b"<?xml version='1.0'?><Types/>"})) == "no_table"


def test_progress_counts_the_bytes_of_the_container() -> None:
    for data in (FEED, gzipped(FEED), zipped({"a.csv": FEED})):
        taken: list[int] = []
        (member,) = open_container(data)
        read_feed(member, progress=taken.append)
        assert sum(taken) == member.packed
