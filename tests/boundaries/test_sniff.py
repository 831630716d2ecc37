"""What a file is, is told from its bytes; what could hurt is refused before any reader sees it."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.sniff import Caps, FileKind, clean_label, open_source
from gis.errors import RefusedInputError

GEOJSON = b'{"type": "FeatureCollection", "features": []}'
KML = b'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>'
VRT = (
    b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'
    b"</OGRVRTDataSource>"
)


def zipped(members: dict[str, bytes], **info: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            for key, value in info.items():
                setattr(member, key, value)
            archive.writestr(member, data)
    return out.getvalue()


def refused(source: object, **caps: int) -> RefusedInputError:
    with pytest.raises(RefusedInputError) as caught:
        open_source(source, caps=Caps(**caps))  # type: ignore[arg-type]
    assert caught.value.zh
    assert caught.value.en
    return caught.value


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (GEOJSON, FileKind.GEOJSON),
        (b"\xef\xbb\xbf \n" + GEOJSON, FileKind.GEOJSON),
        (KML, FileKind.KML),
        (b"<!-- a comment --><kml/>", FileKind.KML),
        (b"SQLite format 3\x00" + b"\x00" * 52 + b"GPKG", FileKind.GEOPACKAGE),
        (gzip.compress(GEOJSON, mtime=0), FileKind.GEOJSON),
        (zipped({"doc.kml": KML}), FileKind.KML),
        (zipped({"a/b/county.geojson": GEOJSON}), FileKind.GEOJSON),
    ],
)
def test_formats_are_told_from_bytes(data: bytes, kind: FileKind) -> None:
    (blob,) = open_source(data)
    assert blob.kind is kind


def test_a_name_decides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "county.shp"
    path.write_bytes(GEOJSON)
    assert open_source(path)[0].kind is FileKind.GEOJSON


@pytest.mark.parametrize(
    "data",
    [
        VRT,
        b"<?xml version='1.0'?>\n" + VRT,
        b"<VRTDataset/>",
        b"<GDAL_WMS><Service name='TMS'/></GDAL_WMS>",
        b"<OGRWFSDataSource><URL>http://localhost</URL></OGRWFSDataSource>",
        b"<!DOCTYPE html><html></html>",
        gzip.compress(VRT, mtime=0),
        zipped({"county.geojson": VRT}),
    ],
)
def test_xml_in_disguise_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "county.geojson"
    path.write_bytes(data)
    assert refused(path).code == "disguised_file"


@pytest.mark.parametrize(
    "text",
    [
        "/vsicurl/http://localhost/x.geojson",
        "/vsizip/a.zip/x.shp",
        "http://localhost/x.geojson",
        "https://example.org/x.geojson",
        "file:///etc/passwd",
        "PG:dbname=huodian",
        "WFS:http://localhost",
        "MYSQL:db",
        '{"type": "FeatureCollection", "features": []}',
        "<OGRVRTDataSource/>",
        "no such file.geojson",
        "a\nb",
        "\x00",
    ],
)
def test_only_local_files_are_opened(text: str) -> None:
    assert refused(text).code == "not_a_local_file"


def test_a_vsi_path_that_exists_by_name_is_refused_too(tmp_path: Path) -> None:
    odd = tmp_path / "vsicurl"
    odd.mkdir()
    (odd / "x.geojson").write_bytes(GEOJSON)
    assert refused(f"{tmp_path}/vsicurl/x.geojson").code == "not_a_local_file"


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.geojson")
    assert refused(tmp_path / "pipe.geojson").code == "not_a_local_file"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06" + b"\x00" * 18,
        b"\x89PNG\r\n",
        b"a,b\n1,2\n",
        b"SQLite format 3\x00" + b"\x00" * 100,
    ],
)
def test_other_formats_are_refused_with_the_list(data: bytes) -> None:
    error = refused(data)
    assert error.code == "unknown_boundary_format"
    assert "GeoPackage" in error.en


def test_a_folder_and_a_list_give_one_file_each(tmp_path: Path) -> None:
    for name in ("b.geojson", "a.geojson", "readme.txt", "c.kml"):
        (tmp_path / name).write_bytes(KML if name.endswith("kml") else GEOJSON)
    assert [blob.label for blob in open_source(tmp_path)] == ["a.geojson", "b.geojson", "c.kml"]
    assert len(open_source([tmp_path / "a.geojson", GEOJSON])) == 2
    (tmp_path / "empty").mkdir()
    assert refused(tmp_path / "empty").code == "no_boundary_file"


def test_parts_of_a_shapefile_stay_together() -> None:
    shp = b"\x00\x00\x27\x0a" + b"\x00" * 96
    data = zipped(
        {"吉林/县.shp": shp, "吉林/县.DBF": b"d", "吉林/县.prj": b"p", "吉林/县.shx": b"x", "说明.txt": b"t"}
    )
    (blob,) = open_source(data)
    assert blob.kind is FileKind.SHAPEFILE
    assert blob.label == "县.shp"
    assert dict(blob.sidecars) == {".dbf": b"d", ".prj": b"p"}


def test_chinese_windows_names_in_a_zip_are_readable() -> None:
    # zipfile writes non-ASCII names with the UTF-8 flag; Windows writes GBK bytes without it.
    data = zipped({"XXXX.geojson": GEOJSON}).replace(b"XXXX", "扶余".encode("gbk"))
    assert open_source(data)[0].label == "扶余.geojson"


def test_gzip_bomb() -> None:
    error = refused(gzip.compress(b'{"a":"' + b"0" * (60 << 20) + b'"}'))
    assert error.code == "archive_bomb"


def test_zip_bomb_is_stopped_whatever_its_header_says() -> None:
    bomb = zipped({"a.geojson": b"{" + b"0" * (60 << 20)})
    assert refused(bomb).code == "archive_bomb"
    # A header that lies about the size is not believed either.
    size = (len(b"{") + (60 << 20)).to_bytes(4, "little")
    assert refused(bomb.replace(size, (100).to_bytes(4, "little"))).code in (
        "archive_bomb",
        "unknown_boundary_format",
    )


@pytest.mark.parametrize(
    "name", ["../../etc/x.geojson", "/etc/x.geojson", "..\\x.geojson", "C:/x.geojson", "a/../../x.geojson"]
)
def test_names_that_leave_the_archive_are_refused(name: str) -> None:
    assert refused(zipped({name: GEOJSON})).code == "unsafe_archive"


def test_other_traps_in_archives() -> None:
    inner = zipped({"a.geojson": GEOJSON})
    assert refused(zipped({"a.zip": inner})).code == "unsafe_archive"
    assert refused(gzip.compress(inner)).code == "unsafe_archive"
    assert refused(gzip.compress(gzip.compress(GEOJSON, mtime=0))).code == "unsafe_archive"
    link = (stat.S_IFLNK | 0o777) << 16
    assert refused(zipped({"a.geojson": b"/etc/passwd"}, external_attr=link)).code == "unsafe_archive"
    encrypted = bytearray(inner)
    at = inner.index(b"PK\x01\x02")
    encrypted[at + 8] |= 1
    assert refused(bytes(encrypted)).code == "unsafe_archive"


def test_caps() -> None:
    assert refused(GEOJSON, max_bytes=10).code == "boundary_too_large"
    assert refused(GEOJSON, max_text_bytes=10).code == "boundary_too_large"
    many = zipped({f"{n}.geojson": GEOJSON for n in range(5)})
    assert refused(many, max_members=4).code == "boundary_too_large"
    assert len(open_source(many, caps=Caps(max_members=5))) == 5


@pytest.mark.parametrize(
    "data", [gzip.compress(GEOJSON, mtime=0)[:-9], gzip.compress(GEOJSON, mtime=0)[:12] + b"junkjunkjunk"]
)
def test_damaged_gzip(data: bytes) -> None:
    assert refused(data).code == "unknown_boundary_format"


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"{", b"<", b"SQLite format 3\x00"]),
)
def test_any_bytes_are_named_or_refused(data: bytes, magic: bytes) -> None:
    try:
        blobs = open_source(magic + data)
    except RefusedInputError:
        return
    assert all(blob.kind in FileKind for blob in blobs)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_zip_is_refused_or_read(position: int, value: int) -> None:
    data = bytearray(
        zipped({"a.geojson": GEOJSON, "b.shp": b"\x00\x00\x27\x0a" + b"\x00" * 96, "b.dbf": b"x"})
    )
    data[position % len(data)] = value
    try:
        open_source(bytes(data))
    except RefusedInputError:
        return


def test_labels_are_for_showing_only() -> None:
    assert clean_label("../../x\x1b[31m\n.geojson") == "x[31m.geojson"
    assert clean_label("") == "?"
    assert len(clean_label("长" * 500)) == 120


def test_a_database_with_unwritten_changes_is_not_read_half(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    path.write_bytes(b"SQLite format 3\x00" + b"\x00" * 52 + b"GPKG")
    (tmp_path / "a.gpkg-wal").write_bytes(b"x")
    assert refused(path).code == "file_in_use"
