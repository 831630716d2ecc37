"""A reason inside a Chinese sentence is Chinese, whoever found what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.parsers.expat import ParserCreate

import pytest
import shapely

from boundaries.plans import read_periods, read_plans
from boundaries.regime import builtin_regimes, read_regimes
from boundaries.zones import read_zones
from gis.errors import HuodianError
from gis.feeds.columnmap import load_column_map
from gis.reasons import WrongValueError, in_both, reason_of, ring_reason
from gis.tables import parse_date, parse_instant
from gis.types import Validity
from grids.cells import read_grid
from grids.duties import read_duties
from grids.registerfile import read_register_file

_SENTENCE = re.compile(r"[A-Za-z]+(?: [a-z]+){2,}")
"""Three English words in a row are a sentence; names of columns, kinds and formats are not."""


def chinese_only(error: HuodianError) -> None:
    assert not _SENTENCE.search(error.zh), error.zh
    for item in error.context.get("errors", ()):
        assert item["reason"]
        assert not _SENTENCE.search(item["reason_zh"]), item


PLANS = "code,unit_code,starts_at,ends_at,state,area_mu\n"
CELLS = "code,level,name,parent\n"
REGIMES = "regimes:\n  - unit: '2201'\n    regime: {}\n    from: {}\n    source: x\n    confidence: {}\n"
REGISTER = (
    'format: 1\njurisdiction: "220000"\ndefault_source: s\n'
    "sources: {{s: {{title: t, confidence: R}}}}\nunits:\n{}"
)
UNIT = '  - {{uid: a, level: {}, kind: k, name: n, code: "220000"{}}}\n'


@pytest.mark.parametrize(
    "read",
    [
        lambda: read_plans(f"{PLANS}P1,999,2023-10-28 08:00,2023-10-28 07:00,maybe,-3\n".encode()),
        lambda: read_plans(f"{PLANS},,2023-13-28 08:00,2023-10-28 27:00,,\n".encode()),
        lambda: read_periods("名称,起始日期,截止日期\n春节,2024-02-10,2024-02-01\n".encode()),
        lambda: read_periods("名称,起始日期,截止日期\n,2024-02-10,\n".encode()),
        lambda: read_periods("periods:\n  - 春节\n".encode()),
        lambda: read_periods("periods:\n  - name: 春节\n".encode("gb18030")),
        lambda: read_zones(
            b"code,kind,unit_codes\nA,purple,220103\n", name="z", version="1", status="sample"
        ),
        lambda: read_zones(
            b"code,kind,unit_codes\nA,ban,abc\nA,ban,\n", name="z", version="1", status="sample"
        ),
        lambda: read_zones(b"zones:\n  a: 1\n", name="z", version="1", status="sample"),
        lambda: read_grid(f"{CELLS}1,moon,,9\n".encode(), name="g", version="1", status="sample"),
        lambda: read_grid(
            f"{CELLS}2201,county,a,\n2202,city,b,2201\n2202,city,b,\n".encode(),
            name="g",
            version="1",
            status="sample",
        ),
        lambda: read_duties(b"target,person,phone,start,end\n,,12,2024-02-02,2024-01-01\n"),
        lambda: read_regimes(REGIMES.format("some", "2024-01-01", "Z")),
        lambda: read_regimes(REGIMES.format("two_zone", "later", "S")),
        lambda: read_regimes("regimes: 3\n"),
        lambda: read_regimes("regimes: [1\nb: 2"),
        lambda: read_register_file(REGISTER.format(UNIT.format("town", ", aliases: 3, codes: 4"))),
        lambda: read_register_file(REGISTER.format(UNIT.format("city", ", parent: b, source: q, from: now"))),
        lambda: read_register_file(REGISTER.format(UNIT.format("city", "")) + "successions: [{before: 3}]\n"),
        lambda: load_column_map("name: 巡查\n".encode("gb18030")),
        lambda: load_column_map("name: 3\ndatum: gcj\nheader_row: x\nrank: -1\nconstants: {satellite: X9}\n"),
    ],
)
def test_what_is_wrong_in_a_table_is_told_in_both_languages(read: object) -> None:
    with pytest.raises(HuodianError) as caught:
        read()  # type: ignore[operator]
    chinese_only(caught.value)


@pytest.mark.parametrize("text", ["2023-02-29", "gestern", "29.10.2023"])
def test_a_date_that_is_none_says_so_in_both_languages(text: str) -> None:
    with pytest.raises(WrongValueError) as caught:
        parse_date(text)
    assert repr(text) in str(caught.value)
    assert not _SENTENCE.search(caught.value.zh)
    for odd in (f"{text} 12:00", "2023-10-29 25:00"):
        with pytest.raises(WrongValueError):
            parse_instant(odd)


def test_errors_of_others_are_told_by_their_place_or_kind() -> None:
    with pytest.raises(json.JSONDecodeError) as broken:
        json.loads('{"a": 1,\n "b" 2}')
    assert reason_of(broken.value)[1] == "第 2 行第 6 列起有误"
    parser = ParserCreate()
    with pytest.raises(Exception, match="mismatched") as xml:
        parser.Parse("<a>\n</b>", True)
    assert reason_of(xml.value)[1].startswith("第 2 行")
    with pytest.raises(OSError, match="No such file") as missing:
        Path("/nowhere/at/all").read_bytes()
    assert reason_of(missing.value) == ("No such file or directory", "文件或目录不存在")
    with pytest.raises(ValueError, match="before it starts") as days:
        Validity(parse_date("2024-02-02"), parse_date("2024-01-01"))
    assert reason_of(days.value)[1] == "截止日期 2024-01-01 早于起始日期 2024-02-02"
    assert not _SENTENCE.search(reason_of(KeyError("no key of that name"))[1])


def test_broken_rings_are_told_with_their_place() -> None:
    bow = shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")
    en, zh = ring_reason(shapely.is_valid_reason(bow))
    assert (en, zh) == ("Self-intersection[1 1]", "环自相交，位置 1 1")


def test_the_shipped_regimes_name_their_source_in_both_languages() -> None:
    for rule in builtin_regimes():
        zh, en = in_both(rule.source)
        assert zh != en
        assert not _SENTENCE.search(zh)
        assert _SENTENCE.search(en)
    assert in_both("吉办发〔2018〕1号") == ("吉办发〔2018〕1号", "吉办发〔2018〕1号")
