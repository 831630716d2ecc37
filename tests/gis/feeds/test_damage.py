"""Damaged files: each bad line is named with its reason, and every good line still passes."""

from __future__ import annotations

import pytest

from gis.errors import RefusedInputError
from gis.feeds import Limits, open_container, read_feed
from tests.gis.feeds.samples import MODIS, MODIS_ROW, VIIRS, VIIRS_ROW, column, read, text_of

CELLS = VIIRS_ROW.split(",")


def changed(name: str, value: str) -> str:
    cells = list(CELLS)
    cells[VIIRS.split(",").index(name)] = value
    return ",".join(cells)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("latitude", "north", "bad_number"), ("latitude", "", "missing_value"), ("latitude", "90.01", "out_of_range"),
        ("longitude", "-180.5", "out_of_range"), ("longitude", "1_0", "bad_number"), ("longitude", "inf", "bad_number"),
        ("longitude", "1e999", "bad_number"), ("longitude", "NaN", "missing_value"),
        ("frp", "4,5", "wrong_column_count"),
        ("frp", "4.5.1", "bad_number"), ("frp", "-1", "out_of_range"), ("scan", "-0.1", "out_of_range"),
        ("bright_ti4", "warm", "bad_number"), ("acq_date", "2023-13-01", "bad_date"), ("acq_date", "", "missing_value"),
        ("acq_date", "1023-10-29", "implausible_date"), ("acq_date", "x" * 500, "bad_date"),
        ("acq_time", "2460", "bad_time"),
        ("satellite", "Sputnik", "unknown_satellite"), ("satellite", "", "missing_value"),
        ("confidence", "87", "unknown_confidence"), ("daynight", "X", "unknown_daynight"),
    ],
)  # fmt: skip
def test_a_bad_cell_rejects_its_row_with_line_column_and_value(name: str, value: str, reason: str) -> None:
    feed = read(text_of(VIIRS, VIIRS_ROW, changed(name, value), VIIRS_ROW))
    (bad,) = feed.rejected
    assert (bad.line, bad.reason, column(feed, "line")) == (3, reason, [2, 4])
    if reason != "wrong_column_count":
        assert bad.column == name
        assert value.startswith(bad.value.rstrip("…"))
    assert "3" in bad.zh
    assert bad.en.startswith("line 3")
    assert bad.raw.startswith("43.12345" if name != "latitude" else value)


@pytest.mark.parametrize("text", ["", "nan", "NA", "NaN", "null"])
def test_no_power_is_null_and_no_reason_to_reject(text: str) -> None:
    feed = read(text_of(VIIRS, changed("frp", text)))
    assert column(feed, "frp_mw") == [None]


def test_a_folded_pixel_is_real() -> None:
    assert column(read(text_of(VIIRS, changed("bright_ti4", "207.93"))), "bright_1") == [207.93]


def test_a_second_header_rejects_itself_only() -> None:
    feed = read(text_of(MODIS, MODIS_ROW, MODIS, MODIS_ROW))
    assert [(bad.line, bad.reason) for bad in feed.rejected] == [(3, "repeated_header")]
    assert column(feed, "line") == [2, 4]


def test_a_header_glued_to_a_row_rejects_that_line_only() -> None:
    feed = read(text_of(MODIS, MODIS_ROW, MODIS_ROW + MODIS, MODIS_ROW))
    assert [(bad.line, bad.reason) for bad in feed.rejected] == [(3, "repeated_header")]
    assert column(feed, "line") == [2, 4]


@pytest.mark.parametrize("keep", [1, 20, 40, 60, len(VIIRS_ROW) - 2])
def test_a_cut_last_line_is_called_truncated(keep: int) -> None:
    feed = read(text_of(VIIRS, VIIRS_ROW) + VIIRS_ROW[:keep])
    assert [(bad.line, bad.reason) for bad in feed.rejected] == [(3, "truncated")]


def test_a_last_line_without_line_end_counts() -> None:
    assert read(text_of(VIIRS, VIIRS_ROW) + VIIRS_ROW).rows.num_rows == 2


def test_blank_lines_and_leftovers_of_excel_are_no_records() -> None:
    feed = read(f"\n{VIIRS}\r\n\r\n{VIIRS_ROW}\r\n,,,,,,,,,,,,\r\n{VIIRS_ROW}\r\n   \r\n")
    assert (feed.read, column(feed, "line")) == (2, [4, 6])


def test_line_ends_of_old_macs() -> None:
    feed = read(text_of(VIIRS, VIIRS_ROW, VIIRS_ROW).replace("\n", "\r"))
    assert column(feed, "line") == [2, 3]


def test_a_quoted_line_end_does_not_break_line_numbers() -> None:
    header = f"{VIIRS},note"
    feed = read(text_of(header, f'{VIIRS_ROW},"straw\nheap"', f"{VIIRS_ROW},plain", f'{VIIRS_ROW},"a ""b"""'))
    assert column(feed, "line") == [2, 4, 5]
    assert column(feed, "extra") == ['{"note":"straw\\nheap"}', '{"note":"plain"}', '{"note":"a \\"b\\""}']


def test_one_stray_quote_swallows_one_line_at_most() -> None:
    rows = [VIIRS_ROW] * 40
    rows[10] = changed("confidence", '"nominal')
    feed = read(text_of(VIIRS, *rows))
    assert [(bad.line, bad.reason) for bad in feed.rejected] == [(12, "bad_quotes")]
    assert feed.rows.num_rows == 39


def test_undecodable_bytes_reject_their_row_only() -> None:
    data = text_of(VIIRS, VIIRS_ROW, VIIRS_ROW, VIIRS_ROW).encode()
    at = data.index(b"nominal")
    broken = data[:at] + b"\xff\xfe\xfa" + data[at + 3 :]
    feed = read(broken)
    assert [bad.reason for bad in feed.rejected] == ["bad_bytes"]
    assert feed.rows.num_rows == 2


def test_byte_order_mark() -> None:
    assert read(b"\xef\xbb\xbf" + text_of(VIIRS, VIIRS_ROW).encode()).rows.num_rows == 1


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_chinese_text_in_either_encoding(encoding: str) -> None:
    feed = read(text_of(f"{VIIRS},乡镇", f"{VIIRS_ROW},怀德镇", f"{VIIRS_ROW},㐂镇").encode(encoding))
    assert column(feed, "extra") == ['{"乡镇":"怀德镇"}', '{"乡镇":"㐂镇"}']
    assert feed.encoding == encoding


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf16_is_refused_with_the_way_out(encoding: str) -> None:
    mark = b"\xff\xfe" if encoding.endswith("le") else b""
    with pytest.raises(RefusedInputError) as refused:
        read(mark + text_of(VIIRS, VIIRS_ROW).encode(encoding))
    assert refused.value.code == "bad_encoding"
    assert "CSV UTF-8" in refused.value.zh


def test_formulas_stay_the_text_they_are() -> None:
    feed = read(
        text_of(f"{VIIRS},note", f'{VIIRS_ROW},"=HYPERLINK(""http://x"",""y"")"', f"{VIIRS_ROW},@SUM(A1)")
    )
    assert column(feed, "extra")[1] == '{"note":"@SUM(A1)"}'
    assert "=HYPERLINK" in column(feed, "extra")[0]


def test_hostile_text_cannot_break_a_message() -> None:
    feed = read(text_of(VIIRS, changed("satellite", "\x1b[31m" + "A" * 3000)))
    (bad,) = feed.rejected
    assert "\x1b" not in bad.zh + bad.en + bad.value + bad.raw
    assert (len(bad.value), len(bad.raw)) == (200, 1000)


def test_a_file_of_rubbish_is_refused_instead_of_filling_memory() -> None:
    data = (VIIRS + "\n" + "x\n" * 2000).encode()
    (member,) = open_container(data, limits=Limits(max_rejected=1000))
    with pytest.raises(RefusedInputError) as refused:
        read_feed(member)
    assert refused.value.code == "too_many_rejected"


def test_an_endless_line_is_refused() -> None:
    (member,) = open_container(b"x" * 3_000_000)
    with pytest.raises(RefusedInputError) as refused:
        read_feed(member)
    assert refused.value.code == "line_too_long"


@pytest.mark.parametrize("text", ["", "\n\n", "   \n"])
def test_nothing_is_no_feed(text: str) -> None:
    with pytest.raises(RefusedInputError) as refused:
        read(text)
    assert refused.value.code in {"empty_file", "unknown_feed"}


def test_a_header_alone_is_a_feed_without_rows() -> None:
    assert (read(f"{VIIRS}\n").read, read(VIIRS).read) == (0, 0)
