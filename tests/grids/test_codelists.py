from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import RefusedInputError
from gis.types import Level
from grids.codelists import CodeList, Disagreement, disagreement, joined, read_code_list
from grids.register import Register
from tests.shared import DATA

CODES = DATA / "codes"


@pytest.fixture(scope="module")
def report(lists: tuple[CodeList, ...], base: Register) -> Disagreement:
    return disagreement(lists, base)


def test_the_counts_are_those_stated_with_the_data(report: Disagreement) -> None:
    counts = {
        (c.name, c.vintage): (c.counties, c.development_zones, c.townships, c.villages) for c in report.counts
    }
    assert counts == {
        ("areacity", "2023"): (60, 0, 918, 0),
        ("china_division", "2023"): (69, 9, 1075, 11860),
        ("ruiduobao", "2010"): (60, 0, 1036, 11616),
        ("ruiduobao", "2018"): (69, 9, 1038, 11618),
        ("ruiduobao", "2023"): (69, 9, 1063, 11812),
    }


def test_the_development_zones_are_listed(report: Disagreement) -> None:
    assert len(report.zone_counties) == 9
    assert "220273 吉林中国新加坡食品区" in report.zone_counties


def test_two_lists_of_one_year_differ_by_22_and_10_townships(report: Disagreement) -> None:
    pair = next(
        d for d in report.differences if (d.one, d.other) == ("china_division 2023", "ruiduobao 2023")
    )
    assert len(pair.only_one) == 22
    assert len(pair.only_other) == 10
    assert ("220402070", "辽源高新技术产业开发区特殊街道", "辽源经济开发区特殊街道") in pair.code_other_name


def test_the_other_numbering_uses_the_same_digits_for_other_towns(report: Disagreement) -> None:
    pair = next(d for d in report.differences if (d.one, d.other) == ("areacity 2023", "china_division 2023"))
    assert len(pair.code_other_name) > 200
    assert ("220184103", "黑林子镇", "范家屯镇") in pair.code_other_name
    assert any(name == "范家屯镇" and one != other for name, one, other in pair.name_other_code)


def test_a_county_that_changed_code_is_not_a_difference(report: Disagreement) -> None:
    pair = next(d for d in report.differences if (d.one, d.other) == ("ruiduobao 2018", "ruiduobao 2023"))
    assert not any("二十家子镇" in text for text in (*pair.only_one, *pair.only_other))
    assert ("二十家子镇", "220381100", "220184100") in pair.name_other_code


def test_the_report_is_text_for_people(report: Disagreement) -> None:
    text = "\n".join(report.lines())
    for number in ("918", "1063", "1075", "69 县级 (含开发区 9)", "同码异名"):
        assert number in text


def test_no_row_of_the_real_lists_is_lost(lists: tuple[CodeList, ...]) -> None:
    for each in lists:
        assert not each.problems
    whole = next(each for each in joined(lists) if each.name == "china_division")
    assert [len(whole.at(level)) for level in (Level.COUNTY, Level.TOWNSHIP, Level.VILLAGE)] == [
        69,
        1075,
        11860,
    ]
    town = next(r for r in whole.at(Level.TOWNSHIP) if r.code == "222426120")
    assert (town.parent, town.name) == ("222426", "长白山保护开发区池北区特殊乡镇")


def test_a_list_with_a_byte_order_mark_and_crlf_reads_the_same() -> None:
    path = CODES / "china_division_2.7.0_stats2023_jilin_areas.csv"
    raw = b"\xef\xbb\xbf" + path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\n", b"\r\n")
    assert read_code_list(raw, name=path.name).records == read_code_list(path).records


@pytest.mark.parametrize(
    ("raw", "name", "code"),
    [
        (b"a,b,c\n1,2,3\n", "x_2023.csv", "unknown_code_list"),
        (b"", "x_2023.csv", "unknown_code_list"),
        (b"\xff\xfe\x00", "x_2023.csv", "bad_encoding"),
        (b"code,name,cityCode,provinceCode,code12\n", "areas.csv", "unknown_vintage"),
    ],
)
def test_what_is_no_code_list_is_refused(raw: bytes, name: str, code: str) -> None:
    with pytest.raises(RefusedInputError) as caught:
        read_code_list(raw, name=name)
    assert caught.value.code == code


def test_a_file_that_is_no_code_list_of_units_is_refused() -> None:
    with pytest.raises(RefusedInputError, match="geonames"):
        read_code_list(CODES / "geonames_cities500_jilin_seats.csv")


def test_bad_rows_are_kept_with_their_line() -> None:
    raw = (
        "code,name,cityCode,provinceCode,code12\n"
        "220102,南关区,2201,22,220102000000\n"
        "x,坏区,2201,22,nonsense\n"
        "220102,另一个,2201,22,220102000000\n"
        "220103\n"
    ).encode()
    rows = [raw, raw[:-1]]
    for each in rows:
        result = read_code_list(each, name="areas_2023.csv")
        assert [record.name for record in result.records] == ["南关区"]
        assert [line for line, _ in result.problems] == [3, 4, 5]


HEADER = "city_code,city,county_code,county,town_code12,town,village\n"


@given(st.lists(st.lists(st.text(max_size=12), min_size=0, max_size=9), max_size=8))
def test_any_rows_under_a_known_header_are_read_or_noted(rows: list[list[str]]) -> None:
    text = HEADER + "\n".join(",".join(cell.replace("\n", " ") for cell in row) for row in rows)
    try:
        result = read_code_list(text.encode("utf-8", "replace"), name="list_2018.csv")
    except RefusedInputError as error:
        assert error.code  # noqa: PT017 - a refusal with a reason is an answer
    else:
        assert all(record.code.isdigit() for record in result.records)


def test_reading_does_not_depend_on_where_the_file_lies(tmp_path: Path) -> None:
    source = CODES / "ruiduobao_stats_2010_jilin_villages.csv"
    copy = tmp_path / source.name
    copy.write_bytes(source.read_bytes())
    assert read_code_list(copy) == read_code_list(source)
